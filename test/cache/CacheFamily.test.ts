/**
 * The engine alone, without a manifest: one load for all callers, no stale fill, renewal behind a reader, and the hard
 * timeout.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { fork } from "../support/effects.ts"
import { type Lookup, make } from "../support/plainEngine.ts"

const family = (policy: FamilyPolicy, lookup: Lookup) =>
  Effect.map(make({ user: lookup }, policy), ({ families }) => families("user"))

describe("family of the engine", () => {
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
      const first = yield* fork(user.read("1"))
      yield* user.drop(["1"], "hide")
      assert.strictEqual(yield* user.read("1"), "new")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(first), "old")
      assert.strictEqual(yield* user.read("1"), "new")
    }))

  it.effect("a stale value is served at once and renewed behind the reader", () =>
    Effect.gen(function*() {
      let runs = 0
      const user = yield* family({ timeToLive: "1 minute", staleWhileRevalidate: "1 minute" }, () =>
        Effect.sync(() => ++runs))
      assert.strictEqual(yield* user.read("1"), 1)
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(yield* user.read("1"), 1)
      assert.strictEqual(yield* user.read("1"), 2)
    }))

  it.effect("the hard timeout interrupts a lookup that hangs", () =>
    Effect.gen(function*() {
      const user = yield* family({ hardTimeout: "1 second" }, () => Effect.never)
      const caller = yield* fork(Effect.flip(user.read("1")))
      yield* TestClock.adjust("1 second")
      const error = (yield* Fiber.join(caller)) as { reason: { _tag: string } }
      assert.strictEqual(error.reason._tag, "LoadTimeout")
    }))
})
