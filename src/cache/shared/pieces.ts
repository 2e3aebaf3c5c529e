/**
 * Does the work of long lists in pieces, so that no operation holds the event loop for long: timers, sockets and other
 * fibers get their turn after each piece.
 *
 * A list that is not long is worked in one step, as if this module did not exist. What has to be one step, such as the
 * writes of a batch, does not come here.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

// A list of so many items is worked in one step, of a few milliseconds.
const stepMax = 512

/**
 * The most items of a piece. The dearest item is a load that ends, of about ten microseconds.
 *
 * @category constants
 * @since 0.1.0
 */
export const pieceMax = 128

/**
 * Whether a list is too long for one step.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLong = (list: { readonly length: number }): boolean => list.length > stepMax

/**
 * Calls a function for the indices below `count`, in pieces: with the first index of each, and the one after its last.
 *
 * @category running
 * @since 0.1.0
 */
export const ranges = (count: number, step: (from: number, end: number) => void, from = 0): Effect.Effect<void> =>
  Effect.suspend(() => {
    const end = Math.min(count, from + pieceMax)
    step(from, end)
    return end === count ? Effect.void : Effect.flatMap(Effect.yieldNow, () => ranges(count, step, end))
  })

/**
 * Calls a function for each index below `count`, in pieces.
 *
 * @category running
 * @since 0.1.0
 */
export const each = (count: number, step: (at: number) => void): Effect.Effect<void> =>
  ranges(count, (from, end) => {
    for (let at = from; at < end; at++) step(at)
  })

/**
 * Runs an Effect for each index below `count` at the same time, and returns what they return, in their places. They
 * begin in pieces. The first failure interrupts the others.
 *
 * @category running
 * @since 0.1.0
 */
export const gather = <A, E>(
  count: number,
  begin: (at: number) => Effect.Effect<A, E>
): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.withFiber(({ context }) => {
    const answers = Array.from<A>({ length: count })
    const running = new Set<Fiber.Fiber<A, E>>()
    let failed: Exit.Exit<never, E> | undefined
    let hasBegun = false
    let goOn: (() => void) | undefined
    const fork = Effect.runForkWith(context)
    const note = (at: number, exit: Exit.Exit<A, E>): void => {
      if (Exit.isSuccess(exit)) answers[at] = exit.value
      else failed ??= exit as Exit.Exit<never, E>
    }
    const isOver = () => hasBegun && (running.size === 0 || failed !== undefined)
    const beginOne = (at: number): void => {
      if (failed !== undefined) return
      const work = begin(at)
      if (Exit.isExit(work)) return note(at, work as Exit.Exit<A, E>)
      const fiber = fork(work)
      running.add(fiber)
      fiber.addObserver((exit) => {
        running.delete(fiber)
        note(at, exit)
        if (isOver()) goOn?.()
      })
    }
    const over = Effect.callback<void>((resume) => {
      hasBegun = true
      if (isOver()) return resume(Effect.void)
      goOn = () => resume(Effect.void)
    })
    return Effect.onExit(
      Effect.flatMap(
        Effect.andThen(each(count, beginOne), over),
        (): Exit.Exit<ReadonlyArray<A>, E> => failed ?? Exit.succeed(answers)
      ),
      () => running.size === 0 ? Effect.void : interruptAll(Array.from(running))
    )
  })

const interruptAll = (fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>): Effect.Effect<void> =>
  Effect.andThen(each(fibers.length, (at) => fibers[at]!.interruptUnsafe()), Fiber.awaitAll(fibers))
