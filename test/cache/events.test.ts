/**
 * A listener receives an event for each thing that happens to an entry, in order. The statistics count the same things,
 * with and without a listener.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { CacheEvent } from "../../src/cache/CacheEvent.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Database } from "../support/database.ts"
import { after, fork, settle, times } from "../support/effects.ts"
import { type EngineOptions, start } from "../support/engine.ts"
import { makePlace } from "../support/mapStore.ts"
import { type Answers, counted, family, tiers, watch } from "../support/source.ts"
import { runningUsers, user } from "../support/users.ts"

const told = (event: CacheEvent): string => {
  switch (event._tag) {
    case "Hit":
      return `Hit ${event.key} in ${event.tier}${event.stale ? ", stale" : ""}`
    case "Load":
    case "LoadFailed":
      return `${event._tag} ${event.key} in ${event.millis}`
    case "Removed":
      return `Removed ${event.key}: ${event.cause}`
    case "Invalidated":
      return `Invalidated ${event.scope} through ${event.through}: ${event.mode}`
    case "TierFailed":
      return `TierFailed in ${event.operation}`
    case "Lagged":
      return `Lagged ${event.count}`
    default:
      return `${event._tag} ${event.key}`
  }
}

const heard = Effect.fnUntraced(function*(policy: FamilyPolicy, answers: Answers, options?: EngineOptions) {
  const cache = yield* family(policy, answers, options)
  const events = yield* watch(cache.running.cache.events)
  const since = Effect.map(settle, () => events.splice(0).map(told))
  return { ...cache, since, stats: Effect.sync(() => cache.running.cache.stats["user"]!) }
})

describe("events of a listener", () => {
  it.effect("a listener receives a miss, its load and the hits after it, in order", () =>
    Effect.gen(function*() {
      const { get, held, since } = yield* heard({}, counted)
      yield* get
      yield* get
      yield* held
      assert.deepStrictEqual((yield* since).slice(0, 3), [
        "Miss user:1",
        "Load user:1 in 0",
        "Hit user:1 in memory"
      ])
    }))

  it.effect("a listener receives one load for all callers that joined it, with its duration", () =>
    Effect.gen(function*() {
      const { get, running } = yield* family({}, () => after(30, Effect.succeed("value")))
      const events = yield* watch(running.cache.events)
      const callers = yield* times(5, fork(get))
      yield* TestClock.adjust(30)
      yield* Fiber.joinAll(callers)
      yield* settle
      const loads = events.flatMap((event) => event._tag === "Load" ? [[event.millis, event.waiters]] : [])
      assert.deepStrictEqual(loads, [[30, 5]])
    }))

  it.effect("a listener receives one failed load, and none for reads of the remembered failure", () =>
    Effect.gen(function*() {
      const { get, since } = yield* heard({}, () => Effect.fail("broken"))
      yield* times(3, Effect.flip(get))
      const events = yield* since
      assert.strictEqual(events.filter((event) => event.startsWith("LoadFailed user:1")).length, 1)
      assert.strictEqual(events.filter((event) => event.startsWith("Load ")).length, 0)
    }))

  it.effect("a listener receives a stale hit as stale", () =>
    Effect.gen(function*() {
      const { get, since } = yield* heard({ timeToLive: 100, staleWhileRevalidate: 1_000 }, counted)
      yield* get
      yield* TestClock.adjust(100)
      yield* since
      yield* get
      assert.include(yield* since, "Hit user:1 in memory, stale")
    }))

  it.effect("a listener receives a hit in a lower tier with the name of the tier", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const kept = yield* tiers([], { place })
      yield* Effect.scoped(Effect.flatMap(family({}, counted, kept.options), ({ get }) => get))
      const { options } = yield* tiers([], { place })
      const { get, since, stats } = yield* heard({}, counted, options)
      yield* get
      const events = yield* since
      assert.include(events, "Hit user:1 in cold")
      const { hitsByTier, loads, misses } = yield* stats
      assert.deepStrictEqual({ hitsByTier, loads, misses }, { hitsByTier: { memory: 0, cold: 1 }, loads: 0, misses: 1 })
      assert.isFalse(events.some((event) => event.startsWith("Load")))
    }))

  it.effect("a listener receives a stale hit in a lower tier with the name of the tier", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const policy = { timeToLive: 100, staleWhileRevalidate: 1_000 }
      const kept = yield* tiers([], { place })
      yield* Effect.scoped(Effect.flatMap(family(policy, counted, kept.options), ({ get }) => get))
      yield* TestClock.adjust(100)
      const { options } = yield* tiers([], { place })
      const { get, since } = yield* heard(policy, counted, options)
      yield* get
      assert.include(yield* since, "Hit user:1 in cold, stale")
    }))

  it.effect("a listener receives each kind of write and removal", () =>
    Effect.gen(function*() {
      const { drop, on, remove, set, since, user } = yield* heard({}, counted)
      yield* set("value")
      yield* remove
      yield* drop("markStale")
      yield* on(user.invalidateAll())
      yield* on(user.invalidateTag("tag"))
      assert.deepStrictEqual(
        (yield* since).filter((event) => !event.startsWith("Removed") || event.endsWith("Deleted")),
        [
          "Set user:1",
          "Removed user:1: Deleted",
          "Invalidated user:1 through user: markStale",
          "Invalidated user:{id} through user: hide",
          "Invalidated tag through user: hide"
        ]
      )
    }))

  it.effect("a listener receives each entry that a change removes, and the family through which", () =>
    Effect.gen(function*() {
      const { as, cache } = yield* runningUsers()
      const events = yield* watch(cache.events)
      yield* as(user.set({ id: "1" }, "new"))
      yield* settle
      assert.include(events.map(told), "Invalidated profile:1 through user: hide")
    }))

  it.effect("a listener receives a value that was loaded and refused", () =>
    Effect.gen(function*() {
      const { drop, get, since } = yield* heard({}, () => after(10, Effect.succeed("value")))
      const caller = yield* fork(get)
      yield* drop()
      yield* TestClock.adjust(10)
      yield* Fiber.join(caller)
      assert.include(yield* since, "Refused user:1")
    }))

  it.effect("a listener receives each entry that expires or is evicted", () =>
    Effect.gen(function*() {
      const { of, since } = yield* heard({ timeToLive: 100 }, counted, { capacity: 1, shards: 1 })
      yield* of("1").get
      yield* of("2").get
      assert.isTrue((yield* since).some((event) => /^Removed user:\d: Evicted$/.test(event)))
      yield* TestClock.adjust("1 minute")
      assert.isTrue((yield* since).some((event) => /^Removed user:\d: Expired$/.test(event)))
    }))

  it.effect("a listener receives only events between its start and its end", () =>
    Effect.gen(function*() {
      const { get, of, running } = yield* family({}, counted)
      yield* get
      yield* Effect.scoped(Effect.gen(function*() {
        const events = yield* watch(running.cache.events)
        assert.isTrue(running.cache.hasListeners)
        yield* of("2").get
        yield* settle
        assert.deepStrictEqual(events.map(told), ["Miss user:2", "Load user:2 in 0"])
      }))
      assert.isFalse(running.cache.hasListeners)
      yield* of("3").get
    }))

  it.effect("two listeners receive the same events, and one can fall behind without the other", () =>
    Effect.gen(function*() {
      const { get, of, running } = yield* family({}, counted)
      const first = yield* watch(running.cache.events)
      const [second] = [
        yield* Effect.scoped(Effect.tap(watch(running.cache.events), () => Effect.andThen(get, settle)))
      ]
      assert.deepStrictEqual(second!.map(told), first.map(told))
      yield* of("2").get
      yield* settle
      assert.isAbove(first.length, second.length)
    }))

  it.effect("a slow listener receives the latest events, and no caller waits for it", () =>
    Effect.gen(function*() {
      const { running, set } = yield* family({}, counted)
      const slow = yield* fork(Stream.runForEach(running.cache.events, () => Effect.never))
      for (let n = 0; n < 20_000; n++) yield* set(n)
      assert.isUndefined(slow.pollUnsafe())
      yield* Fiber.interrupt(slow)
    }))

  it.effect("a listener receives the number of events that it missed, in their place, and none where it keeps up", () =>
    Effect.gen(function*() {
      const { running, set } = yield* family({}, counted)
      const seen: Array<CacheEvent> = []
      const gate = yield* Latch.make(false)
      yield* fork(Stream.runForEach(running.cache.events, (event) => {
        seen.push(event)
        return gate.await
      }))
      yield* set(0)
      yield* settle
      const total = 40_000
      for (let n = 1; n < total; n++) yield* set(n)
      yield* gate.open
      yield* settle
      yield* set(total)
      yield* settle
      const missed = seen.flatMap((event) => event._tag === "Lagged" ? [event.count] : [])
      assert.strictEqual(missed.length, 1)
      assert.strictEqual(seen.length - 1 + missed[0]!, total + 1)
      assert.isAtLeast(seen.length, 16_384)
      assert.isAtMost(seen.findIndex(({ _tag }) => _tag === "Lagged"), total - missed[0]!)
    }))
})

class Batched extends Manifest.Service<Batched>()("Batched", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() },
    page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
  }
}) {}

describe("events of a batch", () => {
  const { page, user } = Batched.keys
  const [one, two] = [{ id: "1" }, { id: "2" }]
  const within = Batched.transaction(new Database(0).withTransaction())
  // Without options a batch over memory alone goes the short way.
  for (const [way, options] of [["short", {}], ["long", { tags: ["tag"] }]] as const) {
    for (const tier of ["memory", "memory over another tier"] as const) {
      const dropped = (...ids: ReadonlyArray<string>) => ids.map((id) => `Invalidated page:${id} through user: hide`)
      const both = [user.setting(one, "a", options), user.setting(two, "b", options)]
      const rows: Record<string, readonly [work: Effect.Effect<unknown, any, any>, events: ReadonlyArray<string>]> = {
        "a batch announces what it drops, and then its writes": [
          Batched.batch(both),
          [...dropped("1", "2"), "Set user:1", "Set user:2"]
        ],
        "setMany announces what a batch announces": [
          user.setMany([[one, "a"], [two, "b"]], options),
          [...dropped("1", "2"), "Set user:1", "Set user:2"]
        ],
        "a batch announces a dependent that it sets as dropped, and then as set": [
          Batched.batch([page.setting(one, "page", options), user.setting(one, "a", options)]),
          [...dropped("1"), "Set page:1", "Set user:1"]
        ],
        "a batch announces both writes of a key": [
          Batched.batch([user.setting(one, "a", options), user.setting(one, "b", options)]),
          [...dropped("1", "1"), "Set user:1", "Set user:1"]
        ],
        "a batch announces a deletion once, with what it drops": [
          Batched.batch([user.setting(one, "a", options), user.deleting(two)]),
          [...dropped("1"), "Removed user:2: Deleted", ...dropped("2"), "Set user:1"]
        ],
        "a batch that writes and deletes a key announces the deletion again at the end": [
          Batched.batch([user.setting(one, "a", options), user.deleting(one)]),
          [
            ...dropped("1"),
            "Removed user:1: Deleted",
            ...dropped("1"),
            "Set user:1",
            "Invalidated user:1 through user: hide"
          ]
        ],
        "a transaction announces its keys as dropped before the commit and after it, and then as set": [
          within(Effect.andThen(user.set(one, "a", options), user.delete(two))),
          [
            "Invalidated user:1 through user: hide",
            ...dropped("1"),
            "Invalidated user:2 through user: hide",
            ...dropped("2"),
            "Invalidated user:1 through user: hide",
            ...dropped("1"),
            "Removed user:2: Deleted",
            ...dropped("2"),
            "Set user:1"
          ]
        ]
      }
      for (const [name, [work, expected]] of Object.entries(rows)) {
        it.effect(`${name}, to listeners and in the history, the ${way} way in ${tier}`, () =>
          Effect.gen(function*() {
            const store = tier === "memory" ? MemoryStore.layer({ capacity: 100 }) : (yield* tiers([])).options.store
            const owners = Batched.modules({ user: Batched.owner("user"), page: Batched.owner("page") })
            const { as, cache } = yield* start(Batched, Layer.provide(owners, store!))
            const changes: Array<string> = []
            cache.onChange(({ family, target, what }) => void changes.push(`${what} ${family}:${target}`))
            const events = yield* watch(cache.events)
            yield* as(work)
            yield* settle
            assert.deepStrictEqual(events.map(told), expected)
            const asChanges = expected.map((event) =>
              event.replace(/^Removed (.*): Deleted$/, "Deleted $1").replace(/ through .*/, "")
            )
            assert.deepStrictEqual(changes, asChanges)
            const { happenings } = yield* as(user.explain(one))
            assert.deepStrictEqual(
              happenings.map(({ target, what }) => `${what} user:${target}`).toReversed(),
              asChanges.filter((change) => change.endsWith(" user:1"))
            )
          }))
      }
    }
  }
})

describe("listener outside the scope of the cache", () => {
  for (const tier of ["memory", "memory over another tier"]) {
    it.effect(`a listener receives all events in ${tier}, and ends when the cache closes`, () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const { options } = yield* tiers([])
        const { on, running, user } = yield* Scope.provide(
          family({}, counted, tier === "memory" ? {} : options),
          scope
        )
        const { events } = running.cache
        const all = yield* fork(Stream.runCollect(events))
        const waiting = [all, yield* fork(Stream.runCollect(Stream.take(events, 5)))]
        const slow: Array<string> = []
        const behind = yield* fork(
          Stream.runForEach(events, (event) => Effect.delay(Effect.sync(() => slow.push(told(event))), 1_000))
        )
        yield* settle
        yield* on(user.get({ id: "1" }))
        yield* Scope.close(scope, Exit.void)
        yield* settle
        assert.deepStrictEqual(waiting.map((fiber) => fiber.pollUnsafe()?._tag), ["Success", "Success"])
        assert.deepStrictEqual((yield* Fiber.join(all)).map(told), ["Miss user:1", "Load user:1 in 0"])
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(slow, ["Miss user:1", "Load user:1 in 0"])
        assert.strictEqual(behind.pollUnsafe()?._tag, "Success")
        assert.deepStrictEqual(yield* Stream.runCollect(events), [])
      }))
  }
})

describe("statistics", () => {
  it.effect("the statistics count hits, misses, loads and failures apart", () =>
    Effect.gen(function*() {
      const { get, of, stats } = yield* heard(
        {},
        (_, { key }) => key === "user:2" ? Effect.fail("broken") : Effect.succeed(key)
      )
      yield* get
      yield* get
      yield* get
      yield* Effect.flip(of("2").get)
      const { entries, hits, loadFailures, loads, misses } = yield* stats
      assert.deepStrictEqual({ entries, hits, loadFailures, loads, misses }, {
        entries: 1,
        hits: 2,
        loadFailures: 1,
        loads: 1,
        misses: 2
      })
    }))

  it.effect("the statistics are the same with and without a listener", () =>
    Effect.gen(function*() {
      const work = Effect.fnUntraced(function*(cache: Effect.Success<ReturnType<typeof family>>) {
        const { drop, get, of, running, set } = cache
        const steps: ReadonlyArray<Effect.Effect<unknown, unknown>> = [get, get, of("2").get, drop(), get, set(1), get]
        for (const step of steps) yield* step
        return running.cache.stats["user"]
      })
      const quiet = yield* work(yield* family({}, counted))
      assert.deepStrictEqual(yield* work(yield* heard({}, counted)), quiet)
    }))

  it.effect("the statistics count callers that joined a load apart from the one that began it", () =>
    Effect.gen(function*() {
      const { get, stats } = yield* heard({}, () => after(10, Effect.succeed("value")))
      const callers = yield* times(10, fork(get))
      yield* TestClock.adjust(10)
      yield* Fiber.joinAll(callers)
      const { coalesced, loads, misses } = yield* stats
      assert.deepStrictEqual({ coalesced, loads, misses }, { coalesced: 9, loads: 1, misses: 10 })
    }))

  it.effect("the statistics count each key of a bulk read", () =>
    Effect.gen(function*() {
      const { on, stats, user } = yield* heard({}, counted, { lookupMany: (keys) => Effect.succeed(keys) })
      yield* on(user.getMany([{ id: "1" }, { id: "2" }, { id: "3" }]))
      yield* on(user.getMany([{ id: "1" }, { id: "4" }]))
      const { coalesced, hits, loads, misses } = yield* stats
      assert.deepStrictEqual({ coalesced, hits, loads, misses }, { coalesced: 0, hits: 1, loads: 4, misses: 4 })
    }))

  it.effect("the statistics count stale hits, refused values and invalidations", () =>
    Effect.gen(function*() {
      const { drop, get, stats } = yield* heard(
        { timeToLive: 100, staleWhileRevalidate: 1_000 },
        (run) => run === 2 ? after(10, Effect.succeed(run)) : Effect.succeed(run)
      )
      yield* get
      yield* TestClock.adjust(100)
      yield* get
      yield* drop()
      yield* TestClock.adjust(10)
      const { invalidations, refused, staleHits } = yield* stats
      assert.deepStrictEqual({ invalidations, refused, staleHits }, { invalidations: 1, refused: 1, staleHits: 1 })
    }))

  it.effect("the statistics count evictions and expirations by what left the store", () =>
    Effect.gen(function*() {
      const { of, stats } = yield* heard({ timeToLive: 100 }, counted, { capacity: 10, shards: 1 })
      for (let id = 0; id < 30; id++) yield* of(`${id}`).get
      yield* TestClock.adjust("1 minute")
      const { entries, evictions, expirations } = yield* stats
      assert.deepStrictEqual([entries, evictions + expirations], [0, 30])
      assert.isAtLeast(evictions, 20)
    }))
})

describe("getAnswer and explain", () => {
  it.effect("getAnswer returns the cost, the age and the tags of a value", () =>
    Effect.gen(function*() {
      const { answer } = yield* family({}, () => after(25, Effect.succeed(Lookup.loaded("value", { tags: ["tag"] }))))
      const caller = yield* fork(answer)
      yield* TestClock.adjust(25)
      const first = yield* Fiber.join(caller)
      assert.deepStrictEqual(
        [first.tier, first.costMillis, first.ageMillis, first.tags],
        ["lookup", 25, 0, ["tag"]]
      )
      yield* TestClock.adjust(75)
      const second = yield* answer
      assert.deepStrictEqual(
        [second.tier, second.costMillis, second.ageMillis, second.version],
        ["memory", 25, 75, first.version]
      )
    }))

  it.effect("getAnswer of a value that was not stored has no version for a conditional write", () =>
    Effect.gen(function*() {
      const { answer } = yield* family({ timeToLive: "doNotStore" }, counted)
      const { stale, tier, value } = yield* answer
      assert.deepStrictEqual([value, tier, stale], [1, "lookup", false])
    }))

  it.effect("getAnswer returns a version that a conditional write takes once", () =>
    Effect.gen(function*() {
      const { answer, held, set } = yield* family({}, counted)
      const { version } = yield* answer
      yield* set("mine", { ifVersion: version })
      yield* Effect.flip(set("theirs", { ifVersion: version }))
      assert.strictEqual(yield* held, "mine")
    }))

  it.effect("explain returns the events of its key", () =>
    Effect.gen(function*() {
      const { drop, explain, get, set } = yield* family({}, counted)
      yield* get
      yield* drop()
      yield* set("value")
      const { happenings, held, outcome } = yield* explain
      assert.strictEqual(outcome, "hit")
      assert.strictEqual(held?.value, "value")
      assert.deepStrictEqual(happenings.map(({ what }) => what), ["Set", "Invalidated", "Loaded"])
    }))
})
