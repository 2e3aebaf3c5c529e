/**
 * Changes reach the tier below memory in their order, even when their callers have left.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import type { CacheEvent } from "../../src/cache/CacheEvent.ts"
import type { Entry } from "../../src/store/Entry.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { fork } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { keptIn, makePlace, mapStore } from "../support/mapStore.ts"

/** A cache over two tiers, and a look at the lower one. */
const tiers = Effect.fnUntraced(function*(
  rules: ReadonlyArray<FaultyStore.Rule> = [],
  options: { readonly set?: "through" | "onEviction"; readonly capacity?: number } = {}
) {
  const place = makePlace()
  const [lower, faults] = yield* FaultyStore.make(mapStore({ place, name: "lower" }), { rules })
  const memory = MemoryStore.layer({ capacity: options.capacity ?? 1_000, eviction: "lru" })
  const running = yield* engine(
    { families: { user: { pattern: "user:{id}" }, card: { pattern: "card:{id}", derives: ["user:{id}"] } } },
    ({ key }) => Effect.succeed(`loaded ${key}`),
    { store: TieredStore.layer([memory, Layer.succeed(Store, lower)], { set: options.set }) }
  )
  const { user } = running.app.keys
  const as = <A = unknown>(effect: unknown) => running.as(effect as Effect.Effect<A, CacheError>)
  return {
    running,
    faults,
    user,
    as,
    place,
    get: (id: string) => as(user.get({ id })),
    held: (id: string) => Effect.map(as<any>(user.getOption({ id })), (found) => found.value),
    set: (id: string, value: unknown, options?: object) => as<void>(user.set({ id }, value, options)),
    drop: (id: string) => as<void>(user.delete({ id })),
    below: (id: string) => keptIn(place, "Test/user", id),
    forget: Effect.sync(() => running.cache.families.get("user")!.hot!.dropAll())
  }
})

const slow = (operations: FaultyStore.Rule["operations"], kind: "slow" | "slowLate" = "slow"): FaultyStore.Rule => ({
  fault: { kind, delay: 100 },
  operations
})
const test = (name: string, body: Effect.Effect<void, unknown, Scope.Scope>) => it.effect(name, () => body)

describe("change", () => {
  test(
    "a change arrives below after its caller has left",
    Effect.gen(function*() {
      const { below, drop, held, set } = yield* tiers([slow(["set", "remove"])])
      yield* fork(Effect.timeoutOption(set("1", "a"), 10))
      yield* TestClock.adjust(10)
      assert.isUndefined(below("1"))
      yield* TestClock.adjust(90)
      assert.strictEqual(below("1"), "a")
      yield* fork(Effect.timeoutOption(drop("1"), 10))
      yield* TestClock.adjust(100)
      assert.isUndefined(below("1"))
      assert.isUndefined(yield* held("1"))
    })
  )

  test(
    "a change of a key arrives after the earlier ones",
    Effect.gen(function*() {
      const { below, drop, set } = yield* tiers([{ ...slow(["set"]), nth: 1 }])
      const first = yield* fork(set("1", "a"))
      const second = yield* fork(drop("1"))
      const third = yield* fork(set("1", "c"))
      yield* TestClock.adjust(100)
      yield* Fiber.joinAll([first, second, third])
      assert.strictEqual(below("1"), "c")
    })
  )

  test(
    "a reader gets a change that is on its way below",
    Effect.gen(function*() {
      const { below, drop, forget, get, held, set } = yield* tiers([{ ...slow(["remove"]), nth: 3 }])
      yield* set("1", "a")
      const removing = yield* fork(drop("1"))
      assert.strictEqual(below("1"), "a")
      assert.isUndefined(yield* held("1"))
      assert.strictEqual(yield* get("1"), "loaded user:1")
      yield* forget
      assert.strictEqual(yield* held("1"), "loaded user:1")
      yield* TestClock.adjust(100)
      yield* Fiber.join(removing)
      assert.strictEqual(below("1"), "loaded user:1")
    })
  )

  test(
    "a read below that began before a change does not undo it",
    Effect.gen(function*() {
      const { drop, forget, held, set } = yield* tiers([slow(["get"], "slowLate")])
      yield* set("1", "a")
      yield* forget
      const early = yield* fork(held("1"))
      yield* drop("1")
      yield* TestClock.adjust(100)
      yield* Fiber.join(early)
      const late = yield* fork(held("1"))
      yield* TestClock.adjust(100)
      assert.isUndefined(yield* Fiber.join(late))
    })
  )

  test(
    "a refused removal fails for each caller that it carries, and the removed keys are not read below again",
    Effect.gen(function*() {
      // Each set removes the card that is derived from it; the removals of the two users go together, and once more.
      const fails = { fault: { kind: "fail" }, operations: ["remove"], nth: 3 } as const
      const { drop, held, set } = yield* tiers([fails, { ...fails }])
      yield* set("1", "a")
      yield* set("2", "b")
      const [one, other] = yield* Effect.all([Effect.exit(drop("1")), Effect.exit(drop("2"))], {
        concurrency: "unbounded"
      })
      assert.strictEqual(one._tag, "Failure")
      assert.strictEqual(other._tag, "Failure")
      assert.isUndefined(yield* held("1"))
      assert.isUndefined(yield* held("2"))
    })
  )

  test(
    "all changes arrive before the cache is closed",
    Effect.gen(function*() {
      const closing = yield* fork(Effect.scoped(Effect.gen(function*() {
        const world = yield* tiers([slow(["set"])])
        yield* fork(world.set("1", "a"))
        return world
      })))
      yield* TestClock.adjust(100)
      const { below } = yield* Fiber.join(closing)
      assert.strictEqual(below("1"), "a")
    })
  )
})

describe("load", () => {
  test(
    "a load answers when no tier takes its value, and a listener receives an event",
    Effect.gen(function*() {
      const { get, running } = yield* tiers([{ fault: { kind: "fail" }, operations: ["get", "set", "remove"] }])
      const events: Array<CacheEvent> = []
      yield* fork(Stream.runForEach(running.cache.events, (event) => Effect.sync(() => events.push(event))))
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* get("1"), "loaded user:1")
      assert.strictEqual(yield* get("1"), "loaded user:1")
      yield* TestClock.adjust(0)
      const failures = events.filter(({ _tag }) => _tag === "TierFailed") as ReadonlyArray<{ operation: string }>
      assert.deepStrictEqual(failures.map(({ operation }) => operation), ["get", "write", "write"])
    })
  )
})

describe("entry with many tags", () => {
  test(
    "the entry is read once below, and an invalidation of any of its tags hides it",
    Effect.gen(function*() {
      const { as, faults, forget, held, set, user } = yield* tiers()
      const tags = Array.from({ length: 50 }, (_, i) => `t${i}`)
      yield* set("1", "a", { tags })
      yield* forget
      const before = yield* faults.calls
      assert.strictEqual(yield* held("1"), "a")
      assert.strictEqual((yield* faults.calls) - before, 1)
      yield* as(user.invalidateTag("t37"))
      assert.isUndefined(yield* held("1"))
    })
  )
})

describe("many keys", () => {
  test(
    "setMany of many keys is one write below",
    Effect.gen(function*() {
      const { as, faults, place, user } = yield* tiers()
      const before = yield* faults.calls
      yield* as(user.setMany(Array.from({ length: 100 }, (_, i) => [{ id: String(i) }, i])))
      assert.strictEqual(place.families.get("Test/user")!.size, 100)
      // The values, the mark that makes them durable, and what is derived from them.
      assert.isAtMost((yield* faults.calls) - before, 3)
    })
  )

  // Each key is known to the outbox until it has arrived; this many are its bound.
  const pendingMax = 65_536

  test(
    "setMany waits for room when there are too many keys, and all arrive",
    Effect.gen(function*() {
      const { as, place, set, user } = yield* tiers([{ ...slow(["set"]), nth: 1 }], { capacity: 100 })
      const first = yield* fork(set("first", 0))
      const all = Array.from({ length: pendingMax }, (_, i) => [{ id: String(i) }, i])
      const many = yield* fork(as(user.setMany(all)))
      const late = yield* fork(set("late", 1))
      assert.strictEqual(place.families.get("Test/user")!.size, 0)
      yield* TestClock.adjust(100)
      yield* Fiber.joinAll([first, many, late])
      assert.strictEqual(place.families.get("Test/user")!.size, pendingMax + 2)
    })
  )

  test(
    "deleteMany never waits: beyond the bound the whole family is cleared",
    Effect.gen(function*() {
      const { as, drop, held, place, set, user } = yield* tiers([{ ...slow(["set"]), nth: 2 }], { capacity: 100 })
      yield* set("kept", 0)
      const first = yield* fork(set("first", 0))
      yield* TestClock.adjust(0)
      const ids = Array.from({ length: pendingMax }, (_, i) => ({ id: String(i) }))
      const many = yield* fork(as(user.deleteMany(ids)))
      const late = yield* fork(drop("kept"))
      assert.isUndefined(yield* held("kept"))
      yield* TestClock.adjust(100)
      yield* Fiber.joinAll([first, many, late])
      assert.strictEqual(place.families.get("Test/user")!.size, 0)
    })
  )
})

describe("condition on the version", () => {
  const versionOf = (place: ReturnType<typeof makePlace>, id: string) =>
    (place.families.get("Test/user")!.get(id) as Entry<unknown>).version

  test(
    "the condition compares with the version in a lower tier",
    Effect.gen(function*() {
      const { below, forget, place, set } = yield* tiers()
      yield* set("1", "a")
      yield* forget
      const { reason } = yield* Effect.flip(set("1", "b", { ifVersion: null }))
      assert.strictEqual(reason._tag, "VersionConflict")
      assert.strictEqual(below("1"), "a")
      yield* set("1", "b", { ifVersion: versionOf(place, "1") })
      assert.strictEqual(below("1"), "b")
    })
  )

  test(
    "the condition is checked when the lower tier has answered",
    Effect.gen(function*() {
      const { below, forget, place, set } = yield* tiers([{ ...slow(["get"], "slowLate"), nth: 1 }])
      yield* set("1", "a")
      yield* forget
      const version = versionOf(place, "1")
      const early = yield* fork(Effect.flip(set("1", "mine", { ifVersion: version })))
      yield* set("1", "theirs")
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(early)).reason._tag, "VersionConflict")
      assert.strictEqual(below("1"), "theirs")
    })
  )

  test(
    "a batch writes everything or nothing when one of its conditions fails",
    Effect.gen(function*() {
      const { as, below, forget, place, running, set, user } = yield* tiers()
      yield* set("1", "a")
      yield* set("2", "b")
      yield* forget
      const batch = (version: number) =>
        as<void>(running.app.batch([
          user.setting({ id: "1" }, "new", { ifVersion: versionOf(place, "1") }),
          user.setting({ id: "2" }, "new", { ifVersion: version })
        ]))
      assert.strictEqual((yield* Effect.flip(batch(1))).reason._tag, "VersionConflict")
      assert.deepStrictEqual([below("1"), below("2")], ["a", "b"])
      yield* batch(versionOf(place, "2"))
      assert.deepStrictEqual([below("1"), below("2")], ["new", "new"])
    })
  )
})
