/**
 * How long a value lives: the family, a set or a lookup may choose it. Also: which values may be stored, jitter, idle
 * time, and the memory of failures.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { reasonOf } from "../support/effects.ts"
import { makePlace } from "../support/mapStore.ts"
import { type Answers, counted, family, inTurn, tiers } from "../support/source.ts"

describe("lifetime of a value", () => {
  it.effect("a value is fresh to the last millisecond of its lifetime, and no longer", () =>
    Effect.gen(function*() {
      const { get, held } = yield* family({ timeToLive: 100 }, counted)
      yield* get
      yield* TestClock.adjust(99)
      assert.strictEqual(yield* held, 1)
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* held)
    }))

  it.effect("a lifetime may end within a millisecond", () =>
    Effect.gen(function*() {
      const { get, held } = yield* family({ timeToLive: Duration.micros(1_500n) }, counted)
      yield* get
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* held, 1)
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* held)
    }))

  it.effect("a read does not prolong a lifetime", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ timeToLive: 100 }, counted)
      for (let i = 0; i < 10; i++) {
        yield* get
        yield* TestClock.adjust(50)
      }
      assert.strictEqual(source.runs, 5)
    }))

  it.effect("each set begins a new lifetime", () =>
    Effect.gen(function*() {
      const { held, set } = yield* family({ timeToLive: 100 }, counted)
      for (let i = 0; i < 5; i++) {
        yield* set(i)
        yield* TestClock.adjust(80)
        assert.strictEqual(yield* held, i)
      }
    }))

  it.effect("a set chooses the lifetime of its own value, and the next value has the lifetime of the family", () =>
    Effect.gen(function*() {
      const { held, set } = yield* family({ timeToLive: 100 }, counted)
      yield* set("short", { timeToLive: 10 })
      yield* TestClock.adjust(10)
      assert.isUndefined(yield* held)
      yield* set("long", { timeToLive: "1 hour" })
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* held, "long")
      yield* set("plain")
      yield* TestClock.adjust(100)
      assert.isUndefined(yield* held)
    }))

  it.effect("a lookup chooses the lifetime of its value", () =>
    Effect.gen(function*() {
      const { get, held } = yield* family(
        { timeToLive: 100 },
        (run) => Effect.succeed(Lookup.loaded(run, { timeToLive: run * 10 }))
      )
      yield* get
      yield* TestClock.adjust(10)
      assert.isUndefined(yield* held)
      yield* get
      yield* TestClock.adjust(19)
      assert.strictEqual(yield* held, 2)
    }))

  it.effect("a value with `doNotStore` from its lookup is loaded for each reader, and replaces the old value", () =>
    Effect.gen(function*() {
      const { get, held, refresh, source } = yield* family(
        {},
        (run) => Effect.succeed(run === 1 ? 1 : Lookup.loaded(run, { timeToLive: "doNotStore" }))
      )
      yield* get
      assert.strictEqual(yield* refresh, 2)
      assert.isUndefined(yield* held)
      assert.deepStrictEqual([yield* get, yield* get, source.runs], [3, 4, 4])
    }))

  for (const timeToLive of [0, "doNotStore"] as const) {
    it.effect(`a set with a lifetime of ${timeToLive} stores nothing and removes the value before`, () =>
      Effect.gen(function*() {
        const { held, set } = yield* family({}, counted)
        yield* set("old")
        yield* set("new", { timeToLive })
        assert.isUndefined(yield* held)
      }))
  }

  it.effect("a lifetime may be longer than the longest timer", () =>
    Effect.gen(function*() {
      const { held, set } = yield* family({}, counted)
      // setTimeout takes at most 24.8 days, and fires at once beyond.
      yield* set("value", { timeToLive: "60 days" })
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* held, "value")
    }))

  it.effect("any value may be stored, and readers get the same object", () =>
    Effect.gen(function*() {
      const values = [undefined, null, 0, Number.NaN, "", false, [], {}, () => 1, new Map(), new Error("no failure")]
      for (const value of values) {
        const { get, held, running, set, source } = yield* family({}, () => Effect.succeed(value))
        assert.isTrue(Object.is(yield* get, value))
        assert.isTrue(Object.is(yield* get, value))
        yield* set(value)
        assert.isTrue(Object.is(yield* held, value))
        assert.deepStrictEqual([source.runs, running.cache.stats["user"]!.entries], [1, 1])
      }
    }))

  it.effect("an Effect, an Exit and a Promise are refused as values", () =>
    Effect.gen(function*() {
      for (const value of [Effect.fail("broken"), Promise.resolve(1)]) {
        const { get, held } = yield* family({}, () => Effect.succeed(value))
        assert.strictEqual(reasonOf(yield* Effect.flip(get)), "InvalidOption")
        assert.isUndefined(yield* held)
      }
    }))

  it.effect("a value whose lifetime is over leaves nothing behind", () =>
    Effect.gen(function*() {
      const { of, running } = yield* family({ timeToLive: 100 }, counted)
      for (let id = 0; id < 100; id++) yield* of(`${id}`).get
      assert.strictEqual(running.cache.stats["user"]!.entries, 100)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(running.cache.stats["user"]!.entries, 0)
    }))
})

describe("jitter", () => {
  it.effect("jitter shortens lifetimes by at most its share, each by another amount", () =>
    Effect.gen(function*() {
      const { of } = yield* family({ timeToLive: 1_000, jitter: 0.2 }, counted)
      const ids = Array.from({ length: 200 }, (_, n) => `${n}`)
      for (const id of ids) yield* of(id).get
      const alive = Effect.map(
        Effect.forEach(ids, (id) => of(id).has),
        (all) => all.filter((has) => has).length
      )
      yield* TestClock.adjust(799)
      assert.strictEqual(yield* alive, 200)
      yield* TestClock.adjust(101)
      const half = yield* alive
      assert.isTrue(half > 50 && half < 150, `${half} of 200 in the middle of the jitter`)
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* alive, 0)
    }).pipe(Effect.scoped, Random.withSeed("jitter")))

  it.effect("jitter does not touch a value without an end", () =>
    Effect.gen(function*() {
      const { get, has } = yield* family({ timeToLive: "never", jitter: 1 }, counted)
      yield* get
      yield* TestClock.adjust("1 hour")
      assert.isTrue(yield* has)
    }))
})

describe("idle time", () => {
  it.effect("each read of the value prolongs its idle time", () =>
    Effect.gen(function*() {
      const { answer, get, held, on, source, user } = yield* family({ idleTimeToLive: 100 }, counted)
      yield* get
      const reads = [get, held, answer, on(user.getMany([{ id: "1" }])), on(user.select({ id: "1" }, (n: any) => n))]
      for (const read of [...reads, ...reads]) {
        yield* TestClock.adjust(80)
        yield* read as Effect.Effect<unknown, unknown>
      }
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("`has` does not prolong an idle time", () =>
    Effect.gen(function*() {
      const { explain, get, has } = yield* family({ idleTimeToLive: 100 }, counted)
      yield* get
      yield* TestClock.adjust(80)
      assert.isTrue(yield* has)
      yield* explain
      yield* TestClock.adjust(20)
      assert.isFalse(yield* has)
    }))

  it.effect("an idle time does not outlast the lifetime of the value", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ idleTimeToLive: 100, timeToLive: 250 }, counted)
      for (let i = 0; i < 4; i++) {
        yield* get
        yield* TestClock.adjust(80)
      }
      yield* get
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a set begins a new idle time", () =>
    Effect.gen(function*() {
      const { has, set } = yield* family({ idleTimeToLive: 100 }, counted)
      yield* set("first")
      yield* TestClock.adjust(80)
      yield* set("second")
      yield* TestClock.adjust(80)
      assert.isTrue(yield* has)
    }))
})

describe("remembered failure", () => {
  it.effect("a failure is remembered for its window only", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ negativeTimeToLive: 100 }, () => Effect.fail("broken"))
      yield* Effect.flip(get)
      yield* TestClock.adjust(99)
      yield* Effect.flip(get)
      assert.strictEqual(source.runs, 1)
      yield* TestClock.adjust(1)
      yield* Effect.flip(get)
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a window of zero remembers no failure", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ negativeTimeToLive: 0 }, () => Effect.fail("broken"))
      yield* Effect.flip(get)
      yield* Effect.flip(get)
      assert.strictEqual(source.runs, 2)
    }))

  const changes = [
    ["set", ({ set }: any) => set("set"), "set"],
    ["delete", ({ remove }: any) => remove, 2],
    ["invalidate", ({ drop }: any) => drop(), 2],
    ["invalidateAll", ({ on, user }: any) => on(user.invalidateAll()), 2],
    ["invalidateWhere", ({ on, user }: any) => on(user.invalidateWhere({ id: "1" })), 2]
  ] as const
  for (const [name, change, expected] of changes) {
    it.effect(`${name} of the key ends the memory of its failure`, () =>
      Effect.gen(function*() {
        const cache = yield* family(
          { negativeTimeToLive: 1_000 },
          (run) => run === 1 ? Effect.fail("broken") : Effect.succeed(run)
        )
        yield* Effect.flip(cache.get)
        yield* change(cache) as Effect.Effect<void, unknown>
        assert.strictEqual(yield* cache.get, expected)
      }))
  }

  it.effect("a failure is remembered for its own key only", () =>
    Effect.gen(function*() {
      const { get, of } = yield* family(
        {},
        (_, { key }) => key === "user:1" ? Effect.fail("broken") : Effect.succeed(key)
      )
      yield* Effect.flip(get)
      assert.strictEqual(yield* of("2").get, "user:2")
    }))

  it.effect("getOption of a key with a remembered failure returns None", () =>
    Effect.gen(function*() {
      const { get, has, held } = yield* family({}, () => Effect.fail("broken"))
      yield* Effect.flip(get)
      assert.deepStrictEqual([yield* has, yield* held], [false, undefined])
    }))
})

describe("policy", () => {
  const wrong: ReadonlyArray<readonly [FamilyPolicy, string]> = [
    [{ timeToLive: -1 }, "timeToLive"],
    [{ timeToLive: Number.NaN }, "timeToLive"],
    [{ idleTimeToLive: -1 }, "idleTimeToLive"],
    [{ staleIfError: "5 parsecs" as any }, "staleIfError"],
    [{ hardTimeout: -1 }, "hardTimeout"],
    [{ jitter: 1.5 }, "jitter"],
    [{ refreshAhead: -0.1 }, "refreshAhead"],
    [{ loadConcurrency: 0 }, "loadConcurrency"],
    [{ loadQueueMax: 1.5 }, "loadQueueMax"]
  ]
  for (const [policy, option] of wrong) {
    it.effect(`a policy with ${option}: ${Object.values(policy)[0]} is refused when the layer is built`, () =>
      Effect.gen(function*() {
        const refused = yield* Effect.result(Effect.asVoid(family(policy, counted) as Effect.Effect<unknown, unknown>))
        assert.isTrue(refused._tag === "Failure" && reasonOf(refused.failure) === "InvalidOption")
        assert.include(String(refused._tag === "Failure" && refused.failure), option)
      }))
  }
})

describe("entry from a lower tier", () => {
  it.effect("an entry that is read from a lower tier keeps the end of its lifetime (in cache-manager it begins a new one)", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const life = Effect.flatMap(tiers([], { place }), ({ options }) => family({ timeToLive: 100 }, counted, options))
      yield* Effect.scoped(Effect.flatMap(life, ({ get }) => get))
      yield* TestClock.adjust(80)
      const { answer, held } = yield* life
      const { ageMillis, tier } = yield* answer
      assert.deepStrictEqual([tier, ageMillis], ["cold", 80])
      yield* TestClock.adjust(19)
      assert.strictEqual(yield* held, 1)
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* held)
    }))

  it.effect("every read operation finds the entry (nonBlocking reads of cache-manager return undefined)", () =>
    Effect.gen(function*() {
      for (const read of ["get", "held", "has", "answer", "many"] as const) {
        const place = makePlace()
        const life = Effect.flatMap(tiers([], { place }), ({ options }) => family({}, counted, options))
        yield* Effect.scoped(Effect.flatMap(life, ({ get }) => get))
        const { answer, get, has, held, on, source, user } = yield* life
        const found = yield* { get, held, has, answer, many: on(user.getMany([{ id: "1" }])) }[read] as Effect.Effect<
          any
        >
        const value = read === "answer" ? found.value : read === "many" ? found[0] : found
        assert.strictEqual(value, read === "has" ? true : 1, read)
        assert.strictEqual(source.runs, 0)
      }
    }))

  it.effect("a stale entry is served on failure, with its age", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const policy = { timeToLive: 100, staleIfError: 1_000 }
      const life = (answers: Answers) =>
        Effect.flatMap(tiers([], { place }), ({ options }) => family(policy, answers, options))
      yield* Effect.scoped(Effect.flatMap(life(counted), ({ get }) => get))
      yield* TestClock.adjust(150)
      const { answer } = yield* life(() => Effect.fail("broken"))
      const { stale, staleMillis, value } = yield* answer
      assert.deepStrictEqual([value, stale, staleMillis], [1, true, 50])
    }))

  it.effect("a stale entry is served at once and renewed when the family allows it", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const policy = { timeToLive: 100, staleWhileRevalidate: 1_000 }
      const life = (answers: Answers) =>
        Effect.flatMap(tiers([], { place }), ({ options }) => family(policy, answers, options))
      yield* Effect.scoped(Effect.flatMap(life(counted), ({ get }) => get))
      yield* TestClock.adjust(150)
      const { answer, get, source } = yield* life((run) => Effect.as(Effect.sleep(10), `new ${run}`))
      const { stale, tier, value } = yield* answer
      assert.deepStrictEqual([value, stale, tier], [1, true, "cold"])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual([yield* get, source.runs], ["new 1", 1])
    }))
})

describe("time to live of a set", () => {
  it.effect("zero does not store the value, and never keeps it for ever", () =>
    Effect.gen(function*() {
      const { held, set } = yield* family({}, inTurn(Effect.succeed("loaded")))
      yield* set("kept", { timeToLive: "never" })
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* held, "kept")
      yield* set("gone", { timeToLive: 0 })
      assert.isUndefined(yield* held)
      yield* set("gone", { timeToLive: "doNotStore" })
      assert.isUndefined(yield* held)
    }))
})

describe("idle time shorter than the refresh ahead", () => {
  it.effect("an entry that is not read ends, and an entry that is read lives on", () =>
    Effect.gen(function*() {
      const policy = { idleTimeToLive: 30, timeToLive: 200, refreshAhead: 0.5 }
      const { get, source } = yield* family(policy, inTurn(Effect.succeed("value")))
      yield* get
      for (let i = 0; i < 4; i++) {
        yield* TestClock.adjust(20)
        yield* get
      }
      assert.strictEqual(source.runs, 1)
      yield* TestClock.adjust(20)
      yield* get
      assert.strictEqual(source.runs, 2, "refreshed ahead, not dropped")
      yield* TestClock.adjust(30)
      yield* get
      assert.strictEqual(source.runs, 3, "dropped when idle")
    }))
})
