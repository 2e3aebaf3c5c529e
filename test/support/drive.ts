/**
 * Drives the clock of a test in small steps until a fiber has ended, within a bound.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"

const stepsMax = 2_000

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
