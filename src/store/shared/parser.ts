/**
 * Runs a parser of a schema without a fiber while its answers are synchronous. The first answer that waits makes it an
 * ordinary Effect for good.
 *
 * Not here: what a failure is called. A function of the schema may throw, also before Effect sees it: that is a defect
 * in the cause.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"

/** Makes one parser of its two forms in Effect's Schema. `failed` names the failure. */
export const parser = <A, E>(
  now: (input: unknown) => Exit.Exit<A, Schema.SchemaError>,
  later: (input: unknown) => Effect.Effect<A, Schema.SchemaError>,
  failed: (cause: Cause.Cause<Schema.SchemaError>) => Exit.Exit<never, E>
): (input: unknown) => Effect.Effect<A, E> => {
  let waits = false
  return (input) => {
    if (!waits) {
      const exit = exitOf(now, input)
      if (Exit.isSuccess(exit)) return exit as Exit.Exit<A, never>
      if (!exit.cause.reasons.some(isWaiting)) return failed(exit.cause)
      waits = true
    }
    return Effect.catchCause(later(input), failed)
  }
}

const exitOf = <A>(
  now: (input: unknown) => Exit.Exit<A, Schema.SchemaError>,
  input: unknown
): Exit.Exit<A, Schema.SchemaError> => {
  try {
    return now(input)
  } catch (error) {
    return Exit.die(error)
  }
}

const isWaiting = (reason: Cause.Reason<unknown>) => Cause.isDieReason(reason) && Cause.isAsyncFiberError(reason.defect)
