/**
 * Short words for what tests do with effects: start one, repeat it, delay it, let others run, drive the clock, name why
 * it failed.
 */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { CacheError } from "../../src/cache/CacheError.ts"
import { GraceMillis } from "../../src/store/shared/answerTime.ts"

/** Starts an effect on a fiber of its own, and runs it until it waits. */
export const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

export const times = <A, E, R>(n: number, effect: Effect.Effect<A, E, R>) =>
  Effect.forEach(Array.from({ length: n }), () => effect)

export const after = <A, E, R>(millis: number, effect: Effect.Effect<A, E, R>) =>
  Effect.andThen(Effect.sleep(millis), effect)

/** Lets every fiber run that does not wait. */
export const settle = Effect.repeat(Effect.yieldNow, { times: 20 })

/** Gives a tier that is late a millisecond of the machine's time more, and not a second. */
export const hasty = Effect.provideService(GraceMillis, 1)

/** Moves the clock of the test, and then lets the machine's time pass that `hasty` gives. */
export const outlast = (duration: Duration.Input) =>
  Effect.andThen(TestClock.adjust(duration), Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 25))))

/** The reason of a CacheError. Any other error fails the test. */
export const cacheReasonOf = (error: unknown): CacheError["reason"] => {
  assert.instanceOf(error, CacheError)
  return (error as CacheError).reason
}

/** The name of that reason. */
export const reasonOf = (error: unknown): string => cacheReasonOf(error)._tag

const stepsMax = 2_000

/**
 * Moves the clock of the test in small steps until the program has ended. A program that takes too many steps fails.
 */
export const drive = <A, E, R>(program: Effect.Effect<A, E, R>, stepMillis = 10): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(program)
    for (let step = 0; step < stepsMax && fiber.pollUnsafe() === undefined; step++) yield* TestClock.adjust(stepMillis)
    if (fiber.pollUnsafe() === undefined) {
      yield* Fiber.interrupt(fiber)
      return yield* Effect.die(new Error(`not ended after ${stepsMax} steps of ${stepMillis} ms`))
    }
    return yield* Fiber.join(fiber)
  })

/** A program on a machine whose clock is ahead of that of the caller, or behind. */
export const aheadBy = <A, E, R>(millis: number, program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const shifted: Clock.Clock = Object.defineProperties(Object.create(clock), {
      currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + millis },
      currentTimeMillis: { value: Effect.map(clock.currentTimeMillis, (now) => now + millis) }
    })
    return yield* Effect.provideService(program, Clock.Clock, shifted)
  })
