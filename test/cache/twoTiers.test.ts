/**
 * Memory over a lower tier that works: when the engine asks which tier, and which values both tiers hold afterwards.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { after, fork, reasonOf, settle } from "../support/effects.ts"
import { keptIn, makePlace, mapStore } from "../support/mapStore.ts"
import { type Answers, counted, family, tiers } from "../support/source.ts"

const over = Effect.fnUntraced(function*(policy: FamilyPolicy, answers: Answers, place = makePlace()) {
  const { faults, options } = yield* tiers([], { place })
  return { ...(yield* family(policy, answers, options)), place, calls: faults.calls }
})

/** What an earlier life of the same place did. */
const before = (policy: FamilyPolicy, answers: Answers) =>
  Effect.gen(function*() {
    const place = makePlace()
    yield* Effect.scoped(Effect.flatMap(over(policy, answers, place), ({ get }) => get))
    return place
  })

describe("lower tier", () => {
  it.effect("the lower tier is not asked for a key in memory", () =>
    Effect.gen(function*() {
      const { answer, calls, get, has, held, on, user } = yield* over({}, counted)
      yield* get
      const asked = yield* calls
      for (const read of [get, held, has, answer, on(user.getMany([{ id: "1" }]))]) {
        yield* read as Effect.Effect<unknown>
      }
      assert.strictEqual(yield* calls, asked)
    }))

  it.effect("the lower tier is asked once for a key, and memory answers from then on", () =>
    Effect.gen(function*() {
      const place = yield* before({}, counted)
      const { calls, get, source } = yield* over({}, counted, place)
      const asked = yield* calls
      assert.deepStrictEqual([yield* get, yield* get, yield* get], [1, 1, 1])
      assert.deepStrictEqual([(yield* calls) - asked, source.runs], [1, 0])
    }))

  it.effect("the lower tier gets loaded, set and updated values, and loses deleted ones", () =>
    Effect.gen(function*() {
      const { get, on, place, remove, set, user } = yield* over({}, counted)
      yield* get
      yield* settle
      assert.strictEqual(keptIn(place, "Test/user", "1"), 1)
      yield* set("set")
      assert.strictEqual(keptIn(place, "Test/user", "1"), "set")
      yield* on(user.update({ id: "1" }, () => "updated"))
      assert.strictEqual(keptIn(place, "Test/user", "1"), "updated")
      yield* on(user.patch({ id: "1" }, () => "patched"))
      assert.strictEqual(keptIn(place, "Test/user", "1"), "patched")
      yield* remove
      assert.isUndefined(keptIn(place, "Test/user", "1"))
    }))

  it.effect("the lower tier gets the value of a load behind a reader", () =>
    Effect.gen(function*() {
      const policies = [
        { timeToLive: 100, staleWhileRevalidate: 1_000 },
        { timeToLive: 100, staleIfError: 1_000, softTimeout: 5 },
        { timeToLive: 200, refreshAhead: 0.4 }
      ]
      for (const policy of policies) {
        const { get, place } = yield* over(policy, (run) =>
          run === 1 ? counted(1, null as never) : after(10, counted(2, null as never)))
        yield* get
        yield* TestClock.adjust(100)
        const reader = yield* fork(get)
        yield* TestClock.adjust(5)
        assert.strictEqual(yield* Fiber.join(reader), 1)
        yield* TestClock.adjust(5)
        assert.strictEqual(keptIn(place, "Test/user", "1"), 2)
      }
    }))

  it.effect("the lower tier does not get a value that is not stored, and loses the value before", () =>
    Effect.gen(function*() {
      const { place, set } = yield* over({}, counted)
      yield* set("kept")
      yield* set("not kept", { timeToLive: "doNotStore" })
      assert.isUndefined(keptIn(place, "Test/user", "1"))
    }))

  it.effect("the lower tier returns an entry with all its properties", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const loaded: Answers = () => after(7, Effect.succeed(Lookup.loaded("value", { tags: ["a", "b"] })))
      const first = yield* Effect.scoped(Effect.gen(function*() {
        const { answer, get } = yield* over({ timeToLive: 1_000 }, loaded, place)
        const caller = yield* fork(get)
        yield* TestClock.adjust(7)
        yield* Fiber.join(caller)
        return yield* answer
      }))
      const { answer } = yield* over({ timeToLive: 1_000 }, loaded, place)
      const second = yield* answer
      assert.deepStrictEqual({ ...second, tier: "memory", stamp: first.stamp }, first)
      assert.strictEqual((yield* answer).version, first.version)
    }))

  it.effect("a conditional refresh after a restart receives the value and the revision from before", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 1_000 }
      const place = yield* before(policy, () => Effect.succeed(Lookup.loaded("value", { revision: "r1" })))
      yield* TestClock.adjust(100)
      const { answer, source } = yield* over(policy, () => Effect.succeed(Lookup.notModified()), place)
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], ["value", false])
      assert.deepStrictEqual(source.asked[0]!.previous, { value: "value", revision: "r1", ageMillis: 100 })
    }))

  it.effect("a conditional write after a restart fails with a version from before", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const { version } = yield* Effect.scoped(Effect.flatMap(over({}, counted, place), ({ answer }) => answer))
      const { get, held, set } = yield* over({}, counted, place)
      yield* get
      yield* set("mine", { ifVersion: version })
      assert.strictEqual(reasonOf(yield* Effect.flip(set("theirs", { ifVersion: version }))), "VersionConflict")
      assert.strictEqual(yield* held, "mine")
    }))

  it.effect("explain finds an entry of the lower tier", () =>
    Effect.gen(function*() {
      const place = yield* before({}, counted)
      const { explain, source } = yield* over({}, counted, place)
      const { held, outcome } = yield* explain
      assert.deepStrictEqual([held?.value, held?.tier, outcome, source.runs], [1, "cold", "hit", 0])
    }))
})

describe("value that is too heavy for memory", () => {
  it.effect("the value is returned to its callers, and evicts no other entry", () =>
    Effect.gen(function*() {
      const policy = { weigher: (_: string, value: unknown) => String(value).length }
      const store = MemoryStore.layer({ weightMax: 100 })
      const { of, running } = yield* family(policy, (_, { key }) => Effect.succeed(key), { store })
      yield* of("1").get
      const heavy = "x".repeat(1_000)
      yield* of("2").set(heavy)
      assert.isUndefined(yield* of("2").held)
      assert.isTrue(yield* of("1").has)
      assert.strictEqual(yield* of("2").get, "user:2")
      running.cache.families.get("user")!.checkInvariants({ idle: true })
    }))

  it.effect("a value that is too heavy for memory is read from the lower tier", () =>
    Effect.gen(function*() {
      const policy = { weigher: (_: string, value: unknown) => String(value).length }
      const store: Layer.Layer<Store, any> = Layer.effect(
        Store,
        Effect.map(MemoryStore.make({ weightMax: 100 }), (memory) =>
          TieredStore.make([memory, mapStore({ name: "cold" })]))
      )
      const { answer, set, source } = yield* family(policy, counted, { store })
      const heavy = "x".repeat(1_000)
      yield* set(heavy)
      for (let i = 0; i < 2; i++) {
        assert.deepStrictEqual((({ tier, value }) => [value, tier])(yield* answer), [heavy, "cold"])
      }
      assert.strictEqual(source.runs, 0)
    }))
})

describe("tier that cannot load its marks", () => {
  it.effect("the layer fails to build, since the tier could serve invalidated values", () =>
    Effect.gen(function*() {
      for (const operation of ["loadMarks", "open"] as const) {
        const [faulty] = yield* FaultyStore.make(mapStore({ name: "cold" }), {
          rules: [{ fault: { kind: "fail" }, operations: [operation] }]
        })
        const store = Layer.effect(
          Store,
          Effect.map(MemoryStore.make({ capacity: 10 }), (memory) => TieredStore.make([memory, faulty]))
        )
        const built = yield* Effect.result(
          Effect.asVoid(family({}, counted, { store }) as Effect.Effect<unknown, unknown>)
        )
        assert.isTrue(built._tag === "Failure" && reasonOf(built.failure) === "StoreFailed", operation)
      }
    }))
})
