/**
 * What is served past its time, to whom, for how long, and what renews it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import { after, type Answers, family, fork, reasonOf, times } from "./source.ts"

const broken = Effect.fail("broken")
/** The first run answers, those after it fail. */
const once: Answers = (run) => run === 1 ? Effect.succeed("old") : broken
const counted: Answers = (run) => Effect.succeed(run)

describe("a stale value", () => {
  it.effect("is held, but neither has nor getOption gives it", () =>
    Effect.gen(function*() {
      const { explain, get, has, held } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, once)
      yield* get
      yield* TestClock.adjust(100)
      assert.deepStrictEqual([yield* has, yield* held], [false, undefined])
      assert.strictEqual((yield* explain).held?.stale, true)
    }))

  it.effect("is not served where the lookup succeeds", () =>
    Effect.gen(function*() {
      const { answer, get } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, counted)
      yield* get
      yield* TestClock.adjust(100)
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], [2, false])
    }))

  it.effect("does not become fresh by being served for a failure", () =>
    Effect.gen(function*() {
      const { answer, get, held } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, once)
      yield* get
      yield* TestClock.adjust(150)
      assert.strictEqual(yield* get, "old")
      assert.isUndefined(yield* held)
      assert.strictEqual((yield* answer).staleMillis, 50)
    }))

  it.effect("is not given a longer life by failures", () =>
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

  it.effect("is not served for a lookup that says that there is no value: that is no error", () =>
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

  it.effect("is served for a lookup that dies", () =>
    Effect.gen(function*() {
      const { get } = yield* family(
        { timeToLive: 100, staleIfError: 1_000 },
        (run) => run === 1 ? Effect.succeed("old") : Effect.die("bug")
      )
      yield* get
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* get, "old")
    }))

  it.effect("is not served for what no lookup gave: what is not there, and was not held, is absent", () =>
    Effect.gen(function*() {
      const { get } = yield* family({ staleIfError: 1_000 }, () => Effect.succeed(Lookup.absent))
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "Absent")
    }))

  it.effect("is backed off for its own key alone", () =>
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

  it.effect("is waited for, and then served for a failure, once it may not be served at once any more", () =>
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

  it.effect("is served at once to all while one renewal runs", () =>
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

  it.effect("whose renewal hangs is renewed anew after five minutes, while readers get it at once", () =>
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

  it.effect("that a set replaces is gone at once, and the renewal behind it changes nothing", () =>
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
  it.effect("serves the value at once and renews it behind, where the family serves stale values so", () =>
    Effect.gen(function*() {
      const { answer, drop, get } = yield* family({ staleWhileRevalidate: 100 }, counted)
      yield* get
      yield* drop("markStale")
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], [1, true])
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("is the same as hide where the family serves nothing stale", () =>
    Effect.gen(function*() {
      const { drop, get, held } = yield* family({}, counted)
      yield* get
      yield* drop("markStale")
      assert.isUndefined(yield* held)
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("does not weaken a hide of before", () =>
    Effect.gen(function*() {
      const { drop, get } = yield* family({ staleIfError: 1_000 }, once)
      yield* get
      yield* drop("hide")
      yield* drop("markStale")
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("is followed by a hide that takes the value away altogether", () =>
    Effect.gen(function*() {
      const { drop, get } = yield* family({ staleIfError: 1_000 }, once)
      yield* get
      yield* drop("markStale")
      yield* drop("hide")
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("is over with the next set", () =>
    Effect.gen(function*() {
      const { answer, drop, get, set } = yield* family({ staleIfError: 1_000 }, counted)
      yield* get
      yield* drop("markStale")
      yield* set("new")
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], ["new", false])
    }))

  it.effect("of a key that is not there does nothing to the value that comes", () =>
    Effect.gen(function*() {
      const { answer, drop, get } = yield* family({ staleWhileRevalidate: 1_000 }, counted)
      yield* drop("markStale")
      yield* get
      assert.deepStrictEqual((yield* answer).stale, false)
    }))
})

describe("a refresh ahead", () => {
  const ahead = { timeToLive: 100, refreshAhead: 0.5 }

  it.effect("does not begin before its time", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(ahead, counted)
      yield* get
      yield* TestClock.adjust(49)
      assert.strictEqual(yield* get, 1)
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("runs once for many readers, who get the value that is there", () =>
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

  it.effect("that is still running when the life ends is what readers then wait for", () =>
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

  it.effect("that hangs does not hold a reader who comes after the end of the life longer than five minutes", () =>
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

  it.effect("that fails leaves the value fresh to its end", () =>
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

  it.effect("that fails is not tried again by each reader", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ ...ahead, retryAfterFailure: 1_000 }, once)
      yield* get
      yield* TestClock.adjust(60)
      yield* times(20, get)
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("gives the entry a whole new life, and is due again in it", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(ahead, counted)
      yield* get
      for (let i = 0; i < 5; i++) {
        yield* TestClock.adjust(60)
        yield* get
      }
      assert.strictEqual(source.runs, 6)
    }))

  it.effect("that brings the same value gives it a new life, too", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(ahead, () => Effect.succeed("same"))
      yield* get
      yield* TestClock.adjust(60)
      yield* get
      yield* TestClock.adjust(49)
      yield* get
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("is never due for an entry without an end", () =>
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
    it.effect(`does not overwrite what was ${name} while it ran`, () =>
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

  it.effect("is not begun by has, getOption of another key, or explain", () =>
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

describe("an explicit refresh", () => {
  it.effect("loads what is absent", () =>
    Effect.gen(function*() {
      const { held, refresh } = yield* family({}, counted)
      assert.strictEqual(yield* refresh, 1)
      assert.strictEqual(yield* held, 1)
    }))

  it.effect("leaves the old value to readers while it runs", () =>
    Effect.gen(function*() {
      const { get, refresh } = yield* family({}, (run) => run === 1 ? Effect.succeed(1) : after(10, Effect.succeed(2)))
      yield* get
      const running = yield* fork(refresh)
      assert.strictEqual(yield* get, 1)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(running), 2)
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("gives a whole new life", () =>
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

  it.effect("ends the memory of a failure", () =>
    Effect.gen(function*() {
      const { get, refresh } = yield* family(
        { negativeTimeToLive: 1_000 },
        (run) => run === 1 ? broken : Effect.succeed("value")
      )
      yield* Effect.flip(get)
      assert.strictEqual(yield* refresh, "value")
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("that was asked for later begins when the first has ended, and its value stays", () =>
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

describe("a conditional refresh", () => {
  const etag = (value: string, revision: string) => Lookup.loaded(value, { revision })

  it.effect("sees the value and the revision that it renews, and how old they are", () =>
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

  it.effect("that finds nothing modified keeps value, revision and tags, and begins a new life", () =>
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

  it.effect("may choose another life and another revision for what is not modified", () =>
    Effect.gen(function*() {
      const { get, held, source } = yield* family({ timeToLive: 100, staleIfError: 1_000 }, (run) =>
        Effect.succeed(run === 1 ? etag("value", "r1") : Lookup.notModified({ timeToLive: 500, revision: "r2" })))
      yield* get
      yield* TestClock.adjust(100)
      yield* get
      yield* TestClock.adjust(499)
      assert.strictEqual(yield* held, "value")
      yield* TestClock.adjust(1)
      yield* get
      assert.strictEqual(source.asked[2]!.previous?.revision, "r2")
    }))

  it.effect("that finds nothing modified where there is nothing is absent", () =>
    Effect.gen(function*() {
      const { get } = yield* family({}, () => Effect.succeed(Lookup.notModified()))
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "Absent")
    }))

  it.effect("does not renew what was deleted", () =>
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

describe("a reader who waits for the next load, which fails", () => {
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
    it.effect(`gets ${isHidden ? "no" : "a"} stale value after ${name}`, () =>
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
