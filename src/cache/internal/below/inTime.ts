/**
 * Ends a wait for a tier that does not answer.
 *
 * A tier should end its own operations, and knows best how long they take. One that hangs must not hold up the start of
 * an engine, nor the writers of all engines over its place.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as AnswerTime from "../../../store/shared/answerTime.ts"
import type { Store } from "../../../store/Store.ts"
import { type Operation, StoreError, TierTimeout } from "../../../store/StoreError.ts"

/** How long a tier may take for a call that the engine cannot do without. */
export const tierMillisMax = 300_000

/** How long a tier may take for a call that the engine can do without. */
const optionalMillisMax = 30_000

/**
 * The answer of a tier, or `late` after `millis`. Then the call is interrupted, as it is if its caller gives up, and
 * nothing waits for it, because it may hang in a way that no interruption ends. An answer that comes at once costs no
 * timer.
 */
export const within = <A, E, R, E2 = never>(
  call: Effect.Effect<A, E, R>,
  millis: number,
  late: Effect.Effect<A, E2>
): Effect.Effect<A, E | E2, R> =>
  Effect.flatMap(Effect.forkDetach(call, { startImmediately: true }), (fiber): Effect.Effect<A, E | E2> => {
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return exit
    const ended = Effect.flatMap(
      AnswerTime.timeoutOption(Fiber.await(fiber), millis),
      Option.getOrElse((): Effect.Effect<A, E | E2> => {
        fiber.interruptUnsafe()
        return late
      })
    )
    return Effect.onInterrupt(ended, () => Effect.sync(() => fiber.interruptUnsafe()))
  })

/** The answer of a store, or `TierTimeout`. */
export const inTime = <A, R>(
  { name: tier }: Store["Service"],
  operation: Operation,
  call: Effect.Effect<A, StoreError, R>
): Effect.Effect<A, StoreError, R> =>
  within(
    call,
    tierMillisMax,
    Effect.suspend(() =>
      Effect.fail(new StoreError({ reason: new TierTimeout({ tier, operation, timeoutMillis: tierMillisMax }) }))
    )
  )

/** A call that the engine can do without: it goes on if the tier fails, or does not answer. */
export const ifItCan = <R>(call: Effect.Effect<void, StoreError, R>): Effect.Effect<void, never, R> =>
  within(Effect.ignore(call), optionalMillisMax, Effect.void)
