/**
 * Calls a function in this step of the engine. What it throws is a defect, as in an Effect.
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

export const atOnce = <A, E, R, Args extends ReadonlyArray<unknown>>(
  run: (...args: Args) => Effect.Effect<A, E, R>,
  ...args: Args
): Effect.Effect<A, E, R> => {
  try {
    return run(...args)
  } catch (defect) {
    return Exit.die(defect)
  }
}
