/**
 * The lifetime that a lookup or a write chose for one value: a lookup that confirms the value without options gives it
 * once more, in every arrangement of tiers, and whatever changed the value in between.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import type { Answer } from "../../src/cache/Answer.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import type { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { settle } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"
import { type Answers, family } from "../support/source.ts"

const memory = MemoryStore.layer({ capacity: 100 })
const stores: { readonly [store: string]: (path: string) => Layer.Layer<Store, any> } = {
  memory: () => memory,
  LMDB: (path) => LmdbStore.layer({ path, durability: "process" }),
  tiers: (path) => TieredStore.layer([memory, LmdbStore.layer({ path, durability: "process" })]),
  "push down on eviction": (path) =>
    TieredStore.layer([memory, LmdbStore.layer({ path, durability: "process" })], { set: "onEviction" })
}

// The first load answers `loaded`; each later one confirms what the cache has.
const confirming = (loaded: unknown, again: Lookup.LoadedOptions = {}): Answers => (_, { previous }) =>
  Effect.succeed(previous === undefined ? loaded : Lookup.notModified(again))

// A file needs a Schema.
const described = { value: Schema.String, timeToLive: "1 hour", staleIfError: "1 day" } as const
const policy: FamilyPolicy = described

describe("a value with a lifetime of its own that its lookup confirms", () => {
  for (const [store, layerOf] of Object.entries(stores)) {
    const opened = (answers: Answers, more: FamilyPolicy = {}) =>
      Effect.flatMap(temporaryFolder, (path) => family({ ...policy, ...more }, answers, { store: layerOf(path) }))
    const lifeOf = (cache: { readonly answer: Effect.Effect<Answer<unknown>, any> }) =>
      Effect.map(cache.answer, ({ freshForMillis, tags }) => [freshForMillis, tags])

    for (const timeToLive of ["5 seconds", "2 hours", "never"] as const) {
      const millis = { "5 seconds": 5_000, "2 hours": 7_200_000, never: Infinity }[timeToLive]
      it.effect(`a confirmed value is fresh for ${timeToLive} again, and keeps its tags: ${store}`, () =>
        Effect.gen(function*() {
          const cache = yield* opened(confirming(Lookup.loaded("a", { timeToLive, tags: ["t"] })))
          assert.deepStrictEqual(yield* lifeOf(cache), [millis, ["t"]])
          for (let i = 0; i < 3; i++) {
            yield* TestClock.adjust("1 second")
            yield* cache.refresh
            assert.deepStrictEqual(yield* lifeOf(cache), [millis, ["t"]])
          }
        }))
    }

    it.effect(`a confirmed value is fresh for as long after it was set, patched, rescheduled, and was stale: ${store}`, () =>
      Effect.gen(function*() {
        const { answer, on, refresh, set, user } = yield* opened(confirming("none"))
        yield* set("a", { timeToLive: "5 seconds" })
        yield* TestClock.adjust("4 seconds")
        yield* on(user.patch({ id: "1" }, () => "b"))
        yield* refresh
        assert.deepStrictEqual(yield* lifeOf({ answer }), [5_000, []])
        yield* on(user.reschedule({ id: "1" }, "9 seconds"))
        yield* refresh
        assert.deepStrictEqual(yield* lifeOf({ answer }), [5_000, []])
        yield* TestClock.adjust("6 seconds")
        yield* refresh
        assert.deepStrictEqual(yield* lifeOf({ answer }), [5_000, []])
        assert.strictEqual((yield* answer).value, "b")
      }))

    it.effect(`a confirmed value gets the lifetime that the confirmation names, from then on: ${store}`, () =>
      Effect.gen(function*() {
        const cache = yield* opened((run, { previous }) =>
          Effect.succeed(
            previous === undefined
              ? Lookup.loaded("a", { timeToLive: "5 seconds" })
              : Lookup.notModified(run === 2 ? { timeToLive: "7 seconds" } : {})
          )
        )
        yield* cache.get
        yield* cache.refresh
        yield* cache.refresh
        assert.deepStrictEqual(yield* lifeOf(cache), [7_000, []])
      }))

    it.effect(`a confirmed value without a lifetime of its own gets that of the family: ${store}`, () =>
      Effect.gen(function*() {
        const { answer, on, refresh, set, user } = yield* opened(confirming(Lookup.loaded("a", { revision: "1" })))
        yield* on(user.get({ id: "1" }))
        yield* on(user.reschedule({ id: "1" }, "5 seconds"))
        yield* refresh
        assert.deepStrictEqual(yield* lifeOf({ answer }), [3_600_000, []])
        yield* set("b", { timeToLive: "5 seconds" })
        yield* on(user.update({ id: "1" }, (was: string) => was))
        yield* refresh
        assert.deepStrictEqual(yield* lifeOf({ answer }), [3_600_000, []])
      }))

    it.effect(`a confirmed value keeps its lifetime through the ends of idle times: ${store}`, () =>
      Effect.gen(function*() {
        const cache = yield* opened(confirming(Lookup.loaded("a", { timeToLive: "5 seconds" })), {
          idleTimeToLive: "1 minute"
        })
        yield* cache.get
        yield* TestClock.adjust("1 second")
        yield* cache.get
        yield* settle
        yield* cache.refresh
        assert.deepStrictEqual(yield* lifeOf(cache), [5_000, []])
      }))
  }

  it.effect("a confirmed value loses no part of its lifetime to the jitter of each confirmation", () =>
    Effect.gen(function*() {
      const answers = confirming(Lookup.loaded("a", { timeToLive: "5 seconds" }))
      const cache = yield* family({ ...policy, jitter: 0.5 }, answers)
      yield* cache.get
      for (let i = 0; i < 50; i++) {
        yield* cache.refresh
        const { freshForMillis } = yield* cache.answer
        assert.isTrue(freshForMillis >= 2_500 && freshForMillis <= 5_000)
      }
    }))
})

describe("a value that an earlier process has kept", () => {
  it.effect("a kept value is confirmed with the lifetime that was chosen for it", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const answers = confirming(Lookup.loaded("a", { timeToLive: "5 seconds", tags: ["t"], revision: "1" }))
      const life = Effect.suspend(() =>
        Effect.scoped(Effect.gen(function*() {
          const cache = yield* family(policy, answers, { store: stores["LMDB"]!(path) })
          yield* cache.refresh
          return (yield* cache.answer).freshForMillis
        }))
      )
      assert.deepStrictEqual([yield* life, yield* life], [5_000, 5_000])
    }))
})
