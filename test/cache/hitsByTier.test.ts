/**
 * `hitsByTier` counts the hits of readers by the tier that had the value, in statistics, metrics and events.
 * `getAnswerOption` names that tier without a load.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as CacheMetrics from "../../src/cache/CacheMetrics.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { changed } from "../support/changed.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { user, Users, users } from "../support/users.ts"

// It answers a moment later, so that readers can wait for it together.
const below = (place: Place) =>
  Layer.sync(Store, () =>
    changed(mapStore({ name: "below", place }), ({ get }) => ({
      get: (key) => Effect.andThen(Effect.yieldNow, get(key))
    })))
const live = (store: Layer.Layer<Store, any>, warm: ReadonlyArray<{ readonly id: string }> = []) =>
  users({ name: Effect.succeed, warm }).pipe(Layer.provide(store))
const tiered = (place: Place) => TieredStore.layer([MemoryStore.layer({ capacity: 100 }), below(place)])

/** A process that has read these keys, and is gone. */
const earlier = (...ids: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const place = makePlace()
    yield* Effect.provide(user.getMany(ids.map((id) => ({ id }))), live(tiered(place)))
    return place
  })

describe("hitsByTier", () => {
  it.effect("hitsByTier counts a hit for the tier that had the value, once for all readers that waited together", () =>
    Effect.gen(function*() {
      const place = yield* earlier("a", "b", "c")
      yield* Effect.gen(function*() {
        yield* Effect.all([user.get({ id: "a" }), user.get({ id: "a" })], { concurrency: 2 })
        yield* user.get({ id: "a" })
        yield* user.getOption({ id: "a" })
        yield* user.getOption({ id: "b" })
        yield* user.getOption({ id: "none" })
        yield* user.getMany([{ id: "a" }, { id: "c" }, { id: "new" }])
        const { coalesced, hits, hitsByTier, loads, misses } = (yield* Users.stats).user
        assert.deepStrictEqual(hitsByTier, { memory: 3, below: 3 })
        assert.deepStrictEqual({ coalesced, hits, loads, misses }, { coalesced: 1, hits: 3, loads: 1, misses: 6 })
      }).pipe(Effect.provide(live(tiered(place))))
    }))

  it.effect("hitsByTier counts hits of readers, and not those of warming", () =>
    Effect.gen(function*() {
      const place = yield* earlier("a")
      const { hitsByTier } = (yield* Effect.provide(Users.stats, live(tiered(place), [{ id: "a" }]))).user
      assert.deepStrictEqual(hitsByTier, { memory: 0 })
    }))

  it.effect("hitsByTier has no memory tier when the store has none", () =>
    Effect.gen(function*() {
      const place = yield* earlier("a")
      yield* Effect.gen(function*() {
        yield* user.get({ id: "a" })
        yield* user.getOption({ id: "a" })
        const { hits, hitsByTier, misses } = (yield* Users.stats).user
        assert.deepStrictEqual({ hits, hitsByTier, misses }, { hits: 0, hitsByTier: { below: 2 }, misses: 2 })
      }).pipe(Effect.provide(live(below(place))))
    }))

  it.effect("a metric has the tier as an attribute", () =>
    Effect.gen(function*() {
      const place = yield* earlier("a")
      yield* Effect.gen(function*() {
        yield* user.get({ id: "a" })
        yield* Effect.forkChild(CacheMetrics.publish(Users.stats, { cache: "tiers-test" }), { startImmediately: true })
        yield* user.get({ id: "a" })
        yield* user.get({ id: "a" })
        yield* TestClock.adjust("10 seconds")
        for (const [tier, expected] of [["memory", 2], ["below", 1]] as const) {
          const of = { cache: "tiers-test", family: "user", tier }
          const found = (yield* Metric.snapshot).find(({ attributes, id }) =>
            id === "cache.tier.hits" && Object.entries(of).every(([name, value]) => attributes?.[name] === value)
          )
          assert.deepInclude(found?.state, { count: expected }, tier)
        }
      }).pipe(Effect.provide(live(tiered(place))))
    }))

  it.live("the publisher of metrics does not keep the process alive", () =>
    Effect.gen(function*() {
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length
      const before = timers()
      let published = 0
      const stats = Effect.sync(() => {
        published++
        return {}
      })
      yield* Effect.forkChild(CacheMetrics.publish(stats, { cache: "left", interval: "1 hour" }), {
        startImmediately: true
      })
      yield* Effect.yieldNow
      assert.strictEqual(published, 1)
      assert.strictEqual(timers(), before)
    }))

  it.effect("a listener receives the tier with each hit, by reads that load and by reads that do not", () =>
    Effect.gen(function*() {
      const place = yield* earlier("a", "b")
      yield* Effect.gen(function*() {
        const events = yield* Users.events.pipe(
          Stream.take(9),
          Stream.runCollect,
          Effect.forkChild({ startImmediately: true })
        )
        yield* user.get({ id: "a" })
        yield* user.getOption({ id: "a" })
        yield* user.getOption({ id: "b" })
        yield* user.getOption({ id: "none" })
        yield* user.get({ id: "a" })
        yield* user.get({ id: "new" })
        const told = (yield* Fiber.join(events)).map((event) =>
          `${event._tag} ${"key" in event ? event.key : ""}${"tier" in event ? ` ${event.tier}` : ""}`
        )
        assert.deepStrictEqual(told, [
          "Miss user:a",
          "Hit user:a below",
          "Hit user:a memory",
          "Miss user:b",
          "Hit user:b below",
          "Miss user:none",
          "Hit user:a memory",
          "Miss user:new",
          "Load user:new"
        ])
      }).pipe(Effect.provide(live(tiered(place))))
    }))
})

describe("getAnswerOption", () => {
  it.effect("getAnswerOption names the tier that had the value, and loads nothing", () =>
    Effect.gen(function*() {
      const place = yield* earlier("a")
      yield* Effect.gen(function*() {
        yield* TestClock.adjust("3 seconds")
        for (const tier of ["below", "memory"]) {
          const held = Option.getOrThrow(yield* user.getAnswerOption({ id: "a" }))
          assert.deepInclude(held, { value: "a", tier, stale: false, ageMillis: 3_000 })
        }
        assert.isTrue(Option.isNone(yield* user.getAnswerOption({ id: "b" })))
        const reader = yield* user.reader
        assert.strictEqual(Option.getOrThrow(yield* reader.getAnswerOption({ id: "a" })).tier, "memory")
        assert.strictEqual((yield* Users.stats).user.loads, 0)
      }).pipe(Effect.provide(live(tiered(place))))
    }))
})
