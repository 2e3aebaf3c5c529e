/**
 * The time in which a tier, its driver or its codec could have answered.
 *
 * A deadline for them says that they hang. The clock alone does not show that: a process may be frozen for an hour (a
 * signal, a laptop that sleeps) or blocked by a computation, and a `TestClock` may jump by a day. None of that is time
 * in which anything could have answered. Then the timer ends before the answer, which may lie ready, is looked at.
 *
 * - With the live clock the time is slept in `slicesMax` parts, so a pause of the process counts as one part at most.
 * - At the end `GraceMillis` pass by the machine's own time, whatever clock the program has.
 *
 * It is not for the limits that a user gives to a lookup or a lease. Those are times of the program's clock.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { isLive, liveClock } from "./coarseClock.ts"

/** The parts of a time. More of them would be more timers for a call that takes long. */
const slicesMax = 10

/**
 * The time of the machine that passes at the end: long enough for an answer that was under way, on a busy machine.
 * Tests of tiers that hang shorten it; 0 leaves it out, for a test in which nothing may depend on the machine.
 */
export const GraceMillis = Context.Reference<number>("effect-stateless/store/shared/answerTime/GraceMillis", {
  defaultValue: () => 1_000
})

const grace = Effect.flatMap(
  GraceMillis,
  (millis) => millis === 0 ? Effect.void : Effect.provideService(Effect.sleep(millis), Clock.Clock, liveClock)
)

const slices = (left: number, millis: number): Effect.Effect<void> =>
  left === 0 ? Effect.void : Effect.andThen(Effect.sleep(millis), Effect.suspend(() => slices(left - 1, millis)))

/** Sleeps until an answer that takes `millis` would have come. */
export const sleep = (millis: number): Effect.Effect<void> =>
  Effect.andThen(
    Effect.clockWith((clock) => isLive(clock) ? slices(slicesMax, millis / slicesMax) : Effect.sleep(millis)),
    grace
  )

/** Like `Effect.timeoutOption`, for an answer. */
export const timeoutOption = <A, E, R>(
  answer: Effect.Effect<A, E, R>,
  millis: number
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.raceFirst(Effect.asSome(answer), Effect.as(sleep(millis), Option.none()))

/** How long a Scope that closes may wait for what is on its way. */
const closingMillisMax = 30_000

/** Waits for what is on its way when a Scope closes, and no longer for a tier that hangs. */
export const drained = <A>(idle: Effect.Effect<A>): Effect.Effect<Option.Option<A>> =>
  timeoutOption(idle, closingMillisMax)

/** Like `Effect.timeoutOrElse`, for an answer. */
export const timeoutOrElse = <A, E, R, A2, E2, R2>(
  answer: Effect.Effect<A, E, R>,
  options: { readonly duration: number; readonly orElse: () => Effect.Effect<A2, E2, R2> }
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.flatMap(
    timeoutOption(answer, options.duration),
    (answered): Effect.Effect<A | A2, E2, R2> =>
      Option.isSome(answered) ? Effect.succeed(answered.value) : options.orElse()
  )
