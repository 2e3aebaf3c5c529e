/**
 * A wall clock that is set back makes nothing live longer: no entry, failure, lease, deadline or round of warming. What
 * is written below memory carries wall-clock times.
 */
import { assert, describe, it, vi } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { parsePatternUnsafe } from "../../src/pattern/KeyPattern.ts"
import { CoarseClock } from "../../src/store/shared/coarseClock.ts"
import { after, fork, reasonOf, settle } from "../support/effects.ts"
import { makePlace } from "../support/mapStore.ts"
import { family, tiers } from "../support/source.ts"

const hour = 3_600_000
const counted = (run: number) => Effect.succeed(run)

/** The wall is set back by an hour; the time that passes is what `TestClock.adjust` says. */
const setBack = Effect.flatMap(
  TestClock.testClockWith((clock) => clock.currentTimeMillis),
  (now) => TestClock.setTime(now - hour)
)
const begin = TestClock.setTime(100 * hour)

type Key = ReturnType<Effect.Success<ReturnType<typeof family>>["of"]>

/** Sets a key before the step back, and another one after it. */
const setAround = Effect.fnUntraced(function*(one: Key, two: Key) {
  yield* one.set("before")
  yield* setBack
  // The engine reads the clock, and a millisecond later an entry is known to be from after the step.
  assert.strictEqual(yield* one.held, "before")
  yield* TestClock.adjust(1)
  yield* two.set("after")
})

describe("wall clock that is set back by an hour", () => {
  const cases: { readonly [name: string]: readonly [policy: FamilyPolicy, lifetime: number] } = {
    "an entry": [{ timeToLive: 1_000 }, 1_000],
    "an entry that is read no more": [{ idleTimeToLive: 1_000 }, 1_000],
    "an entry with jitter": [{ timeToLive: 1_000, jitter: 0.5 }, 1_000],
    "an entry that is renewed ahead": [{ timeToLive: 1_000, refreshAhead: 0.9 }, 1_000],
    "a stale entry": [{ timeToLive: 500, staleWhileRevalidate: 500 }, 1_000]
  }
  for (const [name, [policy, lifetime]] of Object.entries(cases)) {
    it.effect(`the step back does not make ${name} live longer`, () =>
      Effect.gen(function*() {
        yield* begin
        const { get, held, source } = yield* family(policy, counted)
        yield* get
        yield* TestClock.adjust(lifetime / 4)
        yield* setBack
        if (policy.idleTimeToLive !== undefined) yield* get
        yield* TestClock.adjust(lifetime)
        assert.isUndefined(yield* held)
        const before = source.runs
        assert.strictEqual(yield* get, before + 1)
      }))
  }

  it.effect("the step back does not end an entry early", () =>
    Effect.gen(function*() {
      yield* begin
      const { get, held } = yield* family({ timeToLive: 1_000 }, counted)
      yield* get
      yield* setBack
      yield* TestClock.adjust(999)
      assert.strictEqual(yield* held, 1)
    }))

  it.effect("the step back does not make a remembered failure last longer, nor one whose load was tried again", () =>
    Effect.gen(function*() {
      yield* begin
      const { get, source } = yield* family({ negativeTimeToLive: 1_000 }, () => Effect.fail("broken"))
      yield* Effect.flip(get)
      yield* setBack
      yield* TestClock.adjust(999)
      yield* Effect.flip(get)
      assert.strictEqual(source.runs, 1)
      yield* TestClock.adjust(1)
      yield* Effect.flip(get)
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("the step back does not make a lease last longer", () =>
    Effect.gen(function*() {
      yield* begin
      const { running } = yield* family({}, counted)
      const lease = yield* running.leases.acquire([parsePatternUnsafe("user:1")], { timeToLive: "1 minute" })
      yield* setBack
      const next = yield* fork(
        Effect.scoped(running.leases.acquire([parsePatternUnsafe("user:1")], { deadline: "1 hour" }))
      )
      yield* TestClock.adjust("1 minute")
      assert.isFalse(lease.isHeldUnsafe())
      yield* TestClock.adjust("10 seconds")
      assert.isDefined(next.pollUnsafe())
      yield* Fiber.interrupt(next)
    }))

  it.effect("the step back does not make an update wait longer for its turn", () =>
    Effect.gen(function*() {
      yield* begin
      const { on, user } = yield* family({ hardTimeout: 1_000 }, counted)
      const first = yield* fork(on(user.update({ id: "1" }, () => Effect.never)))
      const second = yield* fork(Effect.flip(on(user.update({ id: "1" }, () => 1))))
      yield* TestClock.adjust(500)
      yield* setBack
      // A timer that was set by the clock of the test fires when that clock says so; the turn counts what has passed.
      yield* TestClock.adjust(hour + 500)
      assert.strictEqual(reasonOf(yield* Fiber.join(second)), "UpdateTimeout")
      yield* Fiber.interrupt(first)
    }))

  it.effect("the step back does not make a stale value fresh, even after its mark is dropped", () =>
    Effect.gen(function*() {
      yield* begin
      const { options } = yield* tiers([], { capacity: 1 })
      const { answer, get, of, on, running, user } = yield* family(
        { staleWhileRevalidate: 60 },
        (run) => after(run > 3 ? 1_000 : 0, Effect.succeed(run)),
        options
      )
      yield* of("2").get
      yield* setBack
      yield* of("2").held
      yield* TestClock.adjust(1)
      yield* get
      yield* on(user.invalidateWhere({ id: "1" }, { mode: "markStale" }))
      yield* TestClock.adjust(30)
      yield* running.cache.families.get("user")!.sweepMarks
      yield* of("3").get
      const { stale, value } = yield* answer
      assert.deepStrictEqual({ stale, value }, { stale: true, value: 2 })
    }))

  it.effect("entries below memory keep wall-clock times, and do not live longer when they are read again", () =>
    Effect.gen(function*() {
      yield* begin
      const { options, place } = yield* tiers([], { capacity: 1 })
      const { of } = yield* family({ timeToLive: 1_000 }, counted, options)
      const [one, two, three] = [of("1"), of("2"), of("3")]
      yield* setAround(one, two)
      yield* three.set("pushes the others out of memory")
      const below = [...place.families.values()].flatMap((entries) => [...entries])
      assert.deepStrictEqual(
        below.map(([key, { freshUntil }]) => [key, freshUntil]).toSorted(),
        [["1", 100 * hour + 1_000], ["2", 99 * hour + 1_001], ["3", 99 * hour + 1_001]]
      )
      yield* TestClock.adjust(998)
      assert.deepStrictEqual([yield* one.held, yield* two.held], ["before", "after"])
      yield* three.set("pushes the others out of memory")
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([yield* one.held, yield* two.held], [undefined, "after"])
      yield* three.set("pushes the others out of memory")
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* two.held)
    }))

  it.effect("what memory pushes out, or leaves behind at the end, has wall-clock times below", () =>
    Effect.gen(function*() {
      yield* begin
      const { options, place } = yield* tiers([], { capacity: 1, set: "onEviction" })
      const below = () => [...place.families.values()].flatMap((entries) => [...entries]).toSorted()
      const ends = () => below().map(([key, { expiresAt, freshUntil }]) => [key, freshUntil, expiresAt])
      yield* Effect.scoped(Effect.gen(function*() {
        const { of } = yield* family({ timeToLive: 1_000, staleIfError: 500 }, counted, options)
        const [one, two, three] = [of("1"), of("2"), of("3")]
        yield* setAround(one, two)
        yield* three.set("pushes it out of memory")
        yield* settle
        const end = 99 * hour + 1_001
        assert.deepStrictEqual(ends(), [["1", 100 * hour + 1_000, 100 * hour + 1_500], ["2", end, end + 500]])
        yield* TestClock.adjust(998)
        assert.deepStrictEqual([yield* one.held, yield* two.held], ["before", "after"])
        yield* three.set("pushes them out of memory")
        yield* settle
        yield* TestClock.adjust(1)
        assert.deepStrictEqual([yield* one.held, yield* two.held], [undefined, "after"])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual([yield* one.held, yield* two.held, yield* three.held], [
          undefined,
          undefined,
          "pushes them out of memory"
        ])
      }))
      assert.include(ends().map(String), ["3", 99 * hour + 1_999, 99 * hour + 2_499].join())
    }))

  it.effect("another engine over the place finds what memory has pushed out, or holds, with the times of its own", () =>
    Effect.gen(function*() {
      yield* begin
      const place = makePlace()
      const make = Effect.fnUntraced(function*() {
        const { options } = yield* tiers([], { capacity: 1, place, set: "onEviction" })
        return yield* family({ timeToLive: 1_000 }, () => Effect.succeed("loaded"), options)
      })
      const first = yield* make()
      yield* first.of("0").set("before")
      yield* setBack
      assert.strictEqual(yield* first.of("0").held, "before")
      yield* TestClock.adjust(1)
      const second = yield* make()
      yield* first.of("1").set("held by the first")
      for (const millis of [500, 499]) {
        yield* TestClock.adjust(millis)
        assert.strictEqual(yield* second.of("1").held, "held by the first", `${millis}`)
      }
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* second.of("1").held)
    }))
})

describe("engine time", () => {
  const clockOf = (time: { wall: number; elapsed: number }): Clock.Clock => ({
    currentTimeMillisUnsafe: () => time.wall,
    currentTimeMillis: Effect.sync(() => time.wall),
    currentTimeNanosUnsafe: () => BigInt(time.wall) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(time.wall) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(Math.round(time.elapsed * 1_000_000)),
    monotonicTimeNanos: Effect.sync(() => BigInt(Math.round(time.elapsed * 1_000_000))),
    sleep: () => Effect.never
  })

  it("engine time moves on when the wall clock is set back between two readings that are far apart", () => {
    const time = { wall: 10 * hour, elapsed: 5 }
    const clock = new CoarseClock(clockOf(time))
    assert.strictEqual(clock.now(), 10 * hour)
    // Two hours pass, and the wall is set back by one of them: it shows more than before nevertheless.
    time.wall += hour
    time.elapsed += 2 * hour
    assert.strictEqual(clock.now(), 12 * hour)
    assert.strictEqual(clock.ahead, hour)
  })

  it("engine time is that of a wall clock that shows whole milliseconds only", () => {
    const time = { wall: 10 * hour, elapsed: 5 }
    const clock = new CoarseClock(clockOf(time))
    for (const part of [0.3, 0.6, 0.9, 1.7]) {
      for (let turn = 0; turn < 100; turn++) {
        time.elapsed += part
        time.wall = 10 * hour + Math.floor(time.elapsed - 5)
        assert.strictEqual(clock.now(), time.wall, `after ${time.elapsed} ms`)
      }
    }
    // A step back is noticed nevertheless, and is the only one.
    time.wall -= hour
    assert.strictEqual(clock.now(), time.wall + hour)
    assert.strictEqual(clock.aheadAt(time.wall + hour + 1), hour)
  })

  it("engine time follows a wall clock that steps forward", () => {
    const time = { wall: 10 * hour, elapsed: 5 }
    const clock = new CoarseClock(clockOf(time))
    time.wall += hour
    assert.strictEqual(clock.now(), 11 * hour)
    assert.strictEqual(clock.ahead, 0)
  })

  it("all readers of one clock see the same engine time", () => {
    const time = { wall: 10 * hour, elapsed: 5 }
    const clock = clockOf(time)
    const [one, other] = [new CoarseClock(clock), new CoarseClock(clock)]
    time.wall -= hour
    assert.strictEqual(one.now(), 10 * hour)
    assert.strictEqual(other.now(), 10 * hour)
  })

  it("engine time moves on when the clock of the system is set back", async () => {
    const real = Date.now
    try {
      const clock = new CoarseClock(Context.get(Context.empty(), Clock.Clock))
      // A busy machine may sleep for longer, so what is compared is what has passed.
      const begun = performance.now()
      const before = clock.now()
      await new Promise((resolve) => setTimeout(resolve, 150))
      vi.spyOn(Date, "now").mockImplementation(() => real() - hour)
      await new Promise((resolve) => setTimeout(resolve, 150))
      assert.closeTo(clock.now() - before, performance.now() - begun, 200)
      assert.closeTo(clock.ahead, hour, 1_000)
    } finally {
      vi.restoreAllMocks()
    }
  })
})
