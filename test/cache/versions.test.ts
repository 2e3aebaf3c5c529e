/**
 * Versions are exact whole numbers that only grow, whatever the clock shows.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { reasonOf } from "../support/effects.ts"
import { makePlace } from "../support/mapStore.ts"
import { family, tiers } from "../support/source.ts"

// The latest time that a Date can show, and the year in which microseconds cease to be exact.
const endOfDates = 8_640_000_000_000_000
const year2255 = 9_007_199_254_740
const soonBefore = year2255 - 1

/** A clock that shows what it is told, in no time at all, and under which no upkeep ever runs. */
class Shown {
  now: number
  readonly currentTimeMillis = Effect.sync(() => this.now)
  readonly currentTimeNanos = Effect.succeed(0n)
  readonly sleep = () => Effect.never

  constructor(now: number) {
    this.now = now
  }

  currentTimeMillisUnsafe(): number {
    return this.now
  }

  currentTimeNanosUnsafe(): bigint {
    return 0n
  }

  monotonicTimeNanosUnsafe(): bigint {
    return 0n
  }
}
const under = <A, E, R>(clock: Shown, program: Effect.Effect<A, E, R>) =>
  Effect.provideService(program, Clock.Clock, clock as unknown as Clock.Clock)

describe("version", () => {
  for (const [name, future] of Object.entries({ endOfDates, year2255, soonBefore })) {
    it.effect(`each value gets a new version, under a clock far in the future that is set back: ${name}`, () =>
      Effect.gen(function*() {
        const clock = new Shown(1_000)
        const { answer, set } = yield* under(clock, family({}, (run) => Effect.succeed(run)))
        const seen: Array<number> = []
        for (const time of [1_000, future, future, 1_000, 2_000, future, 3_000]) {
          clock.now = time
          for (let i = 0; i < 3; i++) {
            const before = seen.at(-1) ?? null
            yield* set(`value ${seen.length}`, { ifVersion: before })
            const { value, version } = yield* answer
            assert.strictEqual(value, `value ${seen.length}`)
            seen.push(version!)
            assert.strictEqual(reasonOf(yield* Effect.flip(set("late", { ifVersion: before }))), "VersionConflict")
          }
        }
        assert.deepStrictEqual(
          seen,
          [...new Set(seen)].toSorted((a, b) => a - b),
          "each is greater than the one before"
        )
        assert.isTrue(seen.every(Number.isSafeInteger))
      }))
  }

  it.effect("a version is the time in microseconds under a present-day clock", () =>
    Effect.gen(function*() {
      const clock = new Shown(1_800_000_000_000)
      const { answer, set } = yield* under(clock, family({}, (run) => Effect.succeed(run)))
      yield* set("value")
      assert.strictEqual((yield* answer).version, 1_800_000_000_000_000)
    }))

  it.effect("a version is exact even when a tier holds an entry with an inexact one", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const { options } = yield* tiers([], { place })
      const { answer, of, set } = yield* family({}, (run) => Effect.succeed(run), options)
      yield* of("2").set("stored")
      const stored = place.families.get("Test/user")!
      const entry = stored.get("2")!
      const again = yield* family({}, (run) => Effect.succeed(run), (yield* tiers([], { place })).options)
      stored.set("2", { ...entry, version: 2 ** 60 })
      yield* again.of("2").get
      for (const one of [{ answer, set }, again]) {
        yield* one.set("a")
        const first = (yield* one.answer).version!
        yield* one.set("b")
        assert.isAbove((yield* one.answer).version!, first)
      }
    }))
})
