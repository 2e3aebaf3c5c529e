/**
 * Stale values: which reader gets one, for how long, and what renews it. Renewals are the refresh ahead, the explicit
 * refresh, the conditional refresh, and the load behind a reader.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import { after, fork, reasonOf, times } from "../support/effects.ts"
import { type Answers, counted, family, inTurn } from "../support/source.ts"

const broken = Effect.fail("broken")
/** The first run answers, those after it fail. */
const once: Answers = (run) => run === 1 ? Effect.succeed("old") : broken

describe("stale value", () => {
  it.effect("explain shows a stale value, and has and getOption do not", () =>
    Effect.gen(function*() {
      const { explain, get, has, held } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, once)
      yield* get
      yield* TestClock.adjust(100)
      assert.deepStrictEqual([yield* has, yield* held], [false, undefined])
      assert.strictEqual((yield* explain).held?.stale, true)
    }))

  it.effect("a stale value is not served when the lookup succeeds", () =>
    Effect.gen(function*() {
      const { answer, get } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, counted)
      yield* get
      yield* TestClock.adjust(100)
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], [2, false])
    }))

  it.effect("a stale value does not become fresh when it is served for a failure", () =>
    Effect.gen(function*() {
      const { answer, get, held } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, once)
      yield* get
      yield* TestClock.adjust(150)
      assert.strictEqual(yield* get, "old")
      assert.isUndefined(yield* held)
      assert.strictEqual((yield* answer).staleMillis, 50)
    }))

  it.effect("failures do not prolong the lifetime of a stale value", () =>
    Effect.gen(function*() {
      const { get } = yield* family({ timeToLive: 100, staleIfError: 100, retryAfterFailure: 10 }, once)
      yield* get
      yield* TestClock.adjust(100)
      for (let i = 0; i < 9; i++) {
        assert.strictEqual(yield* get, "old")
        yield* TestClock.adjust(10)
      }
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("a stale value is not served when the lookup says that there is no value", () =>
    Effect.gen(function*() {
      const { explain, get } = yield* family(
        { timeToLive: 100, staleIfError: 1_000 },
        (run) => Effect.succeed(run === 1 ? "old" : Lookup.absent)
      )
      yield* get
      yield* TestClock.adjust(100)
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "Absent")
      assert.isUndefined((yield* explain).held)
    }))

  it.effect("a stale value is served when the lookup dies", () =>
    Effect.gen(function*() {
      const { get } = yield* family(
        { timeToLive: 100, staleIfError: 1_000 },
        (run) => run === 1 ? Effect.succeed("old") : Effect.die("bug")
      )
      yield* get
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* get, "old")
    }))

  it.effect("a key without a held value is absent when the lookup says so", () =>
    Effect.gen(function*() {
      const { get } = yield* family({ staleIfError: 1_000 }, () => Effect.succeed(Lookup.absent))
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "Absent")
    }))

  it.effect("the back-off of one key does not touch another key", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 10_000, retryAfterFailure: 1_000 }
      const { of, source } = yield* family(policy, (run) => run <= 2 ? Effect.succeed("old") : broken)
      yield* of("1").get
      yield* of("2").get
      yield* TestClock.adjust(100)
      yield* of("1").get
      yield* of("1").get
      assert.strictEqual(source.runs, 3)
      yield* of("2").get
      assert.strictEqual(source.runs, 4)
    }))

  it.effect("a reader waits for the load and gets the stale value on failure when it may not be served at once any more", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleWhileRevalidate: 50, staleIfError: 1_000, retryAfterFailure: 0 }
      const { answer, get } = yield* family(policy, (run) => run === 1 ? Effect.succeed("old") : after(10, broken))
      yield* get
      yield* TestClock.adjust(160)
      const caller = yield* fork(answer)
      assert.isUndefined(caller.pollUnsafe())
      yield* TestClock.adjust(10)
      const { stale, value } = yield* Fiber.join(caller)
      assert.deepStrictEqual([value, stale], ["old", true])
    }))

  it.effect("all readers get the stale value at once while one renewal runs", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(
        { timeToLive: 100, staleWhileRevalidate: 1_000 },
        (run) => run === 1 ? Effect.succeed("old") : after(50, Effect.succeed("new"))
      )
      yield* get
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(new Set(yield* times(50, get)), new Set(["old"]))
      yield* TestClock.adjust(49)
      assert.strictEqual(yield* get, "old")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* get, "new")
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a renewal that hangs is replaced after five minutes, while readers get the stale value at once", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(
        { timeToLive: 100, staleWhileRevalidate: "30 days" },
        (run) => run === 1 ? Effect.succeed("old") : run === 2 ? Effect.never : Effect.succeed("new")
      )
      yield* get
      yield* TestClock.adjust(100)
      for (let minute = 0; minute < 5; minute++) {
        assert.strictEqual(yield* get, "old")
        yield* TestClock.adjust("1 minute")
      }
      assert.strictEqual(source.interrupted, 1)
      yield* TestClock.adjust("1 minute")
      yield* get
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([yield* get, source.runs], ["new", 3])
    }))

  it.effect("a set replaces the stale value at once, and the renewal behind it changes nothing", () =>
    Effect.gen(function*() {
      const { get, set } = yield* family(
        { timeToLive: 100, staleWhileRevalidate: 1_000 },
        (run) => run === 1 ? Effect.succeed("old") : after(50, Effect.succeed("renewed"))
      )
      yield* get
      yield* TestClock.adjust(100)
      yield* get
      yield* set("set")
      assert.strictEqual(yield* get, "set")
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* get, "set")
    }))
})

describe("markStale", () => {
  it.effect("markStale serves the value at once and renews it when the family has staleWhileRevalidate", () =>
    Effect.gen(function*() {
      const { answer, drop, get } = yield* family({ staleWhileRevalidate: 100 }, counted)
      yield* get
      yield* drop("markStale")
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], [1, true])
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("markStale hides the value when the family serves no stale values", () =>
    Effect.gen(function*() {
      const { drop, get, held } = yield* family({}, counted)
      yield* get
      yield* drop("markStale")
      assert.isUndefined(yield* held)
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("markStale does not weaken an earlier hide", () =>
    Effect.gen(function*() {
      const { drop, get } = yield* family({ staleIfError: 1_000 }, once)
      yield* get
      yield* drop("hide")
      yield* drop("markStale")
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("a hide after markStale takes the value away", () =>
    Effect.gen(function*() {
      const { drop, get } = yield* family({ staleIfError: 1_000 }, once)
      yield* get
      yield* drop("markStale")
      yield* drop("hide")
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("a set ends the effect of markStale", () =>
    Effect.gen(function*() {
      const { answer, drop, get, set } = yield* family({ staleIfError: 1_000 }, counted)
      yield* get
      yield* drop("markStale")
      yield* set("new")
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], ["new", false])
    }))

  it.effect("markStale of an absent key does not touch the value that comes", () =>
    Effect.gen(function*() {
      const { answer, drop, get } = yield* family({ staleWhileRevalidate: 1_000 }, counted)
      yield* drop("markStale")
      yield* get
      assert.deepStrictEqual((yield* answer).stale, false)
    }))
})

describe("refresh ahead", () => {
  const ahead = { timeToLive: 100, refreshAhead: 0.5 }

  it.effect("a refresh ahead does not begin before its time", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(ahead, counted)
      yield* get
      yield* TestClock.adjust(49)
      assert.strictEqual(yield* get, 1)
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("a refresh ahead runs once for many readers, and they get the held value", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(
        ahead,
        (run) => run === 1 ? Effect.succeed(1) : after(10, Effect.succeed(2))
      )
      yield* get
      yield* TestClock.adjust(60)
      assert.deepStrictEqual(new Set(yield* times(50, get)), new Set([1]))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* get, 2)
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("readers wait for a refresh ahead that runs when the lifetime of the value ends", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(
        ahead,
        (run) => run === 1 ? Effect.succeed(1) : after(100, Effect.succeed(2))
      )
      yield* get
      yield* TestClock.adjust(60)
      yield* get
      yield* TestClock.adjust(50)
      const reader = yield* fork(get)
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* Fiber.join(reader), 2)
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a reader after the end of the lifetime waits at most five minutes for a refresh ahead that hangs", () =>
    Effect.gen(function*() {
      const { get } = yield* family(
        { timeToLive: "2 minutes", refreshAhead: 0.5 },
        (run) => run === 1 ? Effect.succeed(1) : run === 2 ? Effect.never : Effect.succeed(run)
      )
      yield* get
      yield* TestClock.adjust("90 seconds")
      yield* get
      yield* TestClock.adjust("31 seconds")
      const reader = yield* fork(Effect.exit(get))
      yield* TestClock.adjust("269 seconds")
      const exit = yield* Fiber.join(reader)
      assert.strictEqual(Exit.isFailure(exit) && reasonOf(Cause.squash(exit.cause)), "LoadTimeout")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* get, 3)
    }))

  it.effect("a refresh ahead that fails leaves the value fresh to its end", () =>
    Effect.gen(function*() {
      const { answer, get } = yield* family(ahead, once)
      yield* get
      yield* TestClock.adjust(60)
      yield* get
      yield* TestClock.adjust(39)
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], ["old", false])
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("a refresh ahead that fails is not tried again by each reader", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ ...ahead, retryAfterFailure: 1_000 }, once)
      yield* get
      yield* TestClock.adjust(60)
      yield* times(20, get)
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a refresh ahead gives the entry a whole new lifetime, with a refresh ahead in it", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(ahead, counted)
      yield* get
      for (let i = 0; i < 5; i++) {
        yield* TestClock.adjust(60)
        yield* get
      }
      assert.strictEqual(source.runs, 6)
    }))

  it.effect("a refresh ahead that brings the same value gives it a new lifetime", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(ahead, () => Effect.succeed("same"))
      yield* get
      yield* TestClock.adjust(60)
      yield* get
      yield* TestClock.adjust(49)
      yield* get
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a refresh ahead never begins for an entry without an end", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ timeToLive: "never", refreshAhead: 0.1 }, counted)
      yield* get
      yield* TestClock.adjust("1 hour")
      yield* get
      assert.strictEqual(source.runs, 1)
    }))

  const changes = [
    ["set", ({ set }: any) => set("set"), "set"],
    ["deleted", ({ remove }: any) => remove, 3],
    ["marked stale", ({ drop }: any) => drop("markStale"), 3],
    ["invalidated with all", ({ on, user }: any) => on(user.invalidateAll()), 3]
  ] as const
  for (const [name, change, expected] of changes) {
    it.effect(`a refresh ahead does not overwrite a value that was ${name} while it ran`, () =>
      Effect.gen(function*() {
        const cache = yield* family(ahead, (run) => run === 2 ? after(10, Effect.succeed(run)) : Effect.succeed(run))
        yield* cache.get
        yield* TestClock.adjust(60)
        yield* cache.get
        yield* change(cache) as Effect.Effect<void, unknown>
        yield* TestClock.adjust(10)
        assert.strictEqual(yield* cache.get, expected)
      }))
  }

  it.effect("`has`, explain, and getOption of another key begin no refresh ahead", () =>
    Effect.gen(function*() {
      const { explain, get, has, of, source } = yield* family(ahead, counted)
      yield* get
      yield* TestClock.adjust(60)
      yield* has
      yield* explain
      yield* of("2").held
      assert.strictEqual(source.runs, 1)
    }))
})

describe("explicit refresh", () => {
  it.effect("an explicit refresh loads an absent key", () =>
    Effect.gen(function*() {
      const { held, refresh } = yield* family({}, counted)
      assert.strictEqual(yield* refresh, 1)
      assert.strictEqual(yield* held, 1)
    }))

  it.effect("readers get the old value while an explicit refresh runs", () =>
    Effect.gen(function*() {
      const { get, refresh } = yield* family({}, (run) => run === 1 ? Effect.succeed(1) : after(10, Effect.succeed(2)))
      yield* get
      const running = yield* fork(refresh)
      assert.strictEqual(yield* get, 1)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(running), 2)
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("an explicit refresh gives the entry a whole new lifetime", () =>
    Effect.gen(function*() {
      const { get, held, refresh } = yield* family({ timeToLive: 100 }, counted)
      yield* get
      yield* TestClock.adjust(80)
      yield* refresh
      yield* TestClock.adjust(99)
      assert.strictEqual(yield* held, 2)
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* held)
    }))

  it.effect("an explicit refresh ends the memory of a failure", () =>
    Effect.gen(function*() {
      const { get, refresh } = yield* family(
        { negativeTimeToLive: 1_000 },
        (run) => run === 1 ? broken : Effect.succeed("value")
      )
      yield* Effect.flip(get)
      assert.strictEqual(yield* refresh, "value")
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("a second explicit refresh begins when the first has ended, and its value stays", () =>
    Effect.gen(function*() {
      const { get, refresh, source } = yield* family(
        {},
        (run) => run === 1 ? Effect.succeed(1) : after(run === 2 ? 50 : 10, Effect.succeed(run))
      )
      yield* get
      const first = yield* fork(refresh)
      const second = yield* fork(refresh)
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* Fiber.join(first), 2)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(second), 3)
      assert.strictEqual(yield* get, 3)
      assert.deepStrictEqual([source.runs, source.atOnce], [3, 1])
    }))
})

describe("conditional refresh", () => {
  const etag = (value: string, revision: string) => Lookup.loaded(value, { revision })

  it.effect("a conditional refresh sees the value, its revision and its age", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, (run) =>
        Effect.succeed(etag(`v${run}`, `r${run}`)))
      yield* get
      yield* TestClock.adjust(130)
      yield* get
      assert.deepStrictEqual(
        source.asked.map(({ previous }) =>
          previous
        ),
        [
          undefined,
          { value: "v1", revision: "r1", ageMillis: 130 }
        ]
      )
    }))

  it.effect("a conditional refresh with NotModified keeps value, revision and tags, and begins a new lifetime", () =>
    Effect.gen(function*() {
      const { answer, get, source } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, (run) =>
        Effect.succeed(
          run === 1 ? Lookup.loaded("value", { revision: "r1", tags: ["tag"] }) : Lookup.notModified()
        ))
      yield* get
      yield* TestClock.adjust(100)
      const { stale, tags, value } = yield* answer
      assert.deepStrictEqual([value, stale, tags], ["value", false, ["tag"]])
      yield* TestClock.adjust(99)
      yield* get
      assert.strictEqual(source.runs, 2)
      yield* TestClock.adjust(1)
      yield* get
      assert.strictEqual(source.asked[2]!.previous?.revision, "r1")
    }))

  it.effect("a conditional refresh with NotModified may choose a time to live and a revision", () =>
    Effect.gen(function*() {
      const { get, held, source } = yield* family(
        { timeToLive: 100, staleIfError: 1_000 },
        (run) =>
          Effect.succeed(run === 1 ? etag("value", "r1") : Lookup.notModified({ timeToLive: 500, revision: "r2" }))
      )
      yield* get
      yield* TestClock.adjust(100)
      yield* get
      yield* TestClock.adjust(499)
      assert.strictEqual(yield* held, "value")
      yield* TestClock.adjust(1)
      yield* get
      assert.strictEqual(source.asked[2]!.previous?.revision, "r2")
    }))

  it.effect("a conditional refresh with NotModified and without a held value is absent", () =>
    Effect.gen(function*() {
      const { get } = yield* family({}, () => Effect.succeed(Lookup.notModified()))
      assert.include(String(yield* Effect.flip(get)), "`Lookup.notModified()`, and the cache has no value to renew")
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "Absent")
    }))

  it.effect("a conditional refresh does not renew a deleted entry", () =>
    Effect.gen(function*() {
      const { get, remove } = yield* family(
        { timeToLive: 100, staleIfError: 1_000 },
        (run) => Effect.succeed(run === 1 ? etag("value", "r1") : Lookup.notModified())
      )
      yield* get
      yield* remove
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "Absent")
    }))
})

describe("reader that waits for the next load, which fails", () => {
  /** Two lookups run that were overtaken, and a reader waits for the next one. */
  const crowded = Effect.fnUntraced(function*() {
    const cache = yield* family(
      { timeToLive: 100, staleIfError: "1 hour", retryAfterFailure: 0, negativeTimeToLive: 0 },
      (run) => run === 1 ? Effect.succeed("old") : after(10, broken)
    )
    yield* cache.get
    yield* TestClock.adjust(200)
    for (let i = 0; i < 2; i++) {
      yield* fork(Effect.exit(cache.get))
      yield* cache.drop("markStale")
    }
    const early = yield* fork(Effect.exit(cache.get))
    assert.strictEqual(cache.source.runs, 3)
    return { ...cache, early }
  })
  const hides: ReadonlyArray<readonly [name: string, isHidden: boolean, change: (on: any) => unknown]> = [
    ["nothing", false, () => Effect.void],
    ["a mark that it is stale", false, ({ drop }) => drop("markStale")],
    ["an invalidation of another key", false, ({ of }) => of("2").drop()],
    ["an invalidation", true, ({ drop }) => drop()],
    ["a deletion", true, ({ remove }) => remove],
    ["a set of a value that ends at once", true, ({ set }) => set("new", { timeToLive: "doNotStore" })],
    ["an invalidation of its id", true, ({ on, user }) => on(user.invalidateWhere({ id: "1" }))],
    ["an invalidation of all", true, ({ on, user }) => on(user.invalidateAll())],
    ["an invalidation of another tag", false, ({ on, user }) => on(user.invalidateTag("foreign"))]
  ]
  for (const [name, isHidden, change] of hides) {
    it.effect(`the reader gets ${isHidden ? "no" : "a"} stale value after ${name}`, () =>
      Effect.gen(function*() {
        const on = yield* crowded()
        yield* change(on) as Effect.Effect<void, unknown>
        const late = yield* fork(Effect.exit(on.get))
        yield* TestClock.adjust(10)
        yield* TestClock.adjust(10)
        for (const reader of [on.early, late]) {
          const exit = yield* Fiber.join(reader)
          assert.strictEqual(exit._tag === "Success" ? exit.value : undefined, isHidden ? undefined : "old")
        }
      }))
  }
})

describe("back-off after a failed load", () => {
  it.effect("readers that wait get the stale value without another load", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 10_000, retryAfterFailure: 1_000 }
      const { answer, get, source } = yield* family(policy, inTurn(Effect.succeed("old"), broken))
      yield* get
      yield* TestClock.adjust(100)
      for (let i = 0; i < 20; i++) {
        const { stale, staleMillis, value } = yield* answer
        assert.deepStrictEqual({ stale, staleMillis, value }, { stale: true, staleMillis: 0, value: "old" })
      }
      assert.strictEqual(source.runs, 2)
      yield* TestClock.adjust(1_000)
      assert.strictEqual((yield* answer).staleMillis, 1_000)
      assert.strictEqual(source.runs, 3)
    }))

  it.effect("readers of `staleWhileRevalidate` get the stale value without another load", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleWhileRevalidate: 10_000, retryAfterFailure: 1_000 }
      const { get, source } = yield* family(policy, inTurn(Effect.succeed("old"), broken))
      yield* get
      yield* TestClock.adjust(100)
      for (let i = 0; i < 20; i++) assert.strictEqual(yield* get, "old")
      assert.strictEqual(source.runs, 2)
    }))
})

describe("bound of staleness", () => {
  it.effect("a stale value is served up to its bound, with its age", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 50, retryAfterFailure: 0 }
      const { answer, get } = yield* family(policy, inTurn(Effect.succeed("old"), broken))
      yield* get
      yield* TestClock.adjust(149)
      const { ageMillis, stale, staleMillis } = yield* answer
      assert.deepStrictEqual({ ageMillis, stale, staleMillis }, { ageMillis: 149, stale: true, staleMillis: 49 })
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("the bound counts from the mark for a value that was marked stale", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: "never", staleIfError: 50, retryAfterFailure: 0 } as const
      const { drop, get } = yield* family(policy, inTurn(Effect.succeed("old"), broken))
      yield* get
      yield* drop("markStale")
      yield* TestClock.adjust(49)
      assert.strictEqual(yield* get, "old")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))
})
