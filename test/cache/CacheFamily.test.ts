import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Cache from "../../src/cache/Cache.ts"
import type * as Lookup from "../../src/cache/Lookup.ts"
import type { Step } from "../../src/cache/shared/invalidationPlan.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

const options = (
  name: string,
  policy: FamilyPolicy = {},
  plan: ReadonlyArray<Step> = []
): Cache.FamilyOptions => ({
  name,
  pattern: `${name}:{id}`,
  render: (key) => `${name}:${key}`,
  parse: (rendered) => rendered.slice(name.length + 1),
  codec: undefined,
  weigher: undefined,
  policy,
  plan
})

const family = Effect.fnUntraced(function*<V, E>(
  policy: FamilyPolicy,
  lookup: (key: string, context: Lookup.LookupContext<V>) => Effect.Effect<V | Lookup.Answer<V>, E>
) {
  const cache = yield* Effect.provide(
    Cache.make("test", [options("user", policy)]),
    MemoryStore.layer({ capacity: 100 })
  )
  const user = cache.families.get("user")!
  user.own({ lookup, lookupMany: undefined, context: yield* Effect.context<any>() })
  return user
})

describe("CacheFamily", () => {
  it.effect("a thousand callers of a missing key run one lookup", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let runs = 0
      const user = yield* family({}, (key) => Effect.as(Deferred.await(gate), `${key}${++runs}`))
      const callers = yield* Effect.forEach(Array.from({ length: 1000 }), () => Effect.forkChild(user.read("1")))
      yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      const values = yield* Fiber.joinAll(callers)
      assert.deepStrictEqual(new Set(values), new Set(["11"]))
      assert.strictEqual(runs, 1)
      assert.strictEqual(user.hot!.hit("1"), "11")
    }))

  it.effect("a value whose load began before an invalidation is returned and not stored", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let runs = 0
      const user = yield* family({}, () =>
        Effect.suspend(() => ++runs === 1 ? Effect.as(Deferred.await(gate), "old") : Effect.succeed("new")))
      const first = yield* Effect.forkChild(user.read("1"), { startImmediately: true })
      yield* user.drop(["1"], "hide")
      assert.strictEqual(yield* user.read("1"), "new")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(first), "old")
      assert.strictEqual(yield* user.read("1"), "new")
    }))

  it.effect("a stale value is served at once and renewed behind", () =>
    Effect.gen(function*() {
      let runs = 0
      const user = yield* family({ timeToLive: "1 minute", staleWhileRevalidate: "1 minute" }, () =>
        Effect.sync(() => ++runs))
      assert.strictEqual(yield* user.read("1"), 1)
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(yield* user.read("1"), 1)
      assert.strictEqual(yield* user.read("1"), 2)
    }))

  it.effect("a hung lookup is interrupted at its hard timeout", () =>
    Effect.gen(function*() {
      const user = yield* family({ hardTimeout: "1 second" }, () => Effect.never)
      const caller = yield* Effect.forkChild(Effect.flip(user.read("1")), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const error = (yield* Fiber.join(caller)) as { reason: { _tag: string } }
      assert.strictEqual(error.reason._tag, "LoadTimeout")
    }))
})
