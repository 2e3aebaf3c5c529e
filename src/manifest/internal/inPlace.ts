/**
 * Makes the Effect of an operation that is done where it is evaluated, if it need not wait.
 *
 * - The step returns an Effect. An Exit is the answer of the operation; any other Effect runs as it would anywhere.
 * - In a generator, `yield*` asks the iterator of the operation, which runs the step inside the running fiber. An
 *   answer that succeeds comes out without a turn of Effect's run loop.
 * - Before the step, the iterator asks what the loop asks before each operation: whether the fiber is interrupted, and
 *   whether it has to let others run. The operation counts as one of the fiber's, and one on a list as one for each
 *   key. So a loop of operations lets others run as often as the run loop would let them.
 *
 * Iterators of operations on one key (`onKey.ts`) and of `set` (`set.ts`) are functions of their own, which end alike
 * (`ended`).
 *
 * Not here: reads that are hits, which are only counted by the partition (`read.ts`).
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

type Step = (context: Context.Context<never>) => Effect.Effect<unknown, unknown>

interface InPlace extends Effect.Effect<unknown, unknown> {
  readonly step: Step
}

const proto = Effectable.Prototype<InPlace>({
  label: "effect-stateless/manifest/inPlace",
  evaluate(fiber) {
    return this.step(fiber.context)
  }
})

/** The parts of a running fiber that the loop reads and counts. Without them, each operation goes through the loop. */
export interface Running extends Omit<Fiber.Fiber<unknown, unknown>, "currentOpCount"> {
  currentOpCount: number
  readonly _deferredInterrupt?: boolean
}

/** Counts an operation in place; `false` if the fiber has to go through the run loop first. */
export const mayGoOn = (fiber: Running): boolean => {
  fiber.currentOpCount++
  // oxlint-disable-next-line no-underscore-dangle -- the name is Effect's
  return fiber._deferredInterrupt === false && !fiber.cache.scheduler.shouldYield(fiber)
}

/**
 * Counts an operation on a list for as many as the list has keys. Otherwise a loop of writes of 500 keys would hold up
 * other fibers for a tenth of a second.
 */
export const countKeys = (count: number): void => {
  const fiber = Fiber.getCurrent() as Running | undefined
  if (fiber !== undefined) fiber.currentOpCount += count
}

// One object is the iterator and the result of all answers: `yield*` takes the value before any other code can run.
const answer = {
  done: true as const,
  value: undefined as unknown,
  next(): IteratorReturnResult<unknown> {
    return this
  }
}

/** The result of an operation that has succeeded in place. */
export const answered = (value: unknown): Generator<never, any> => {
  answer.value = value
  return answer as never
}

/** The result of an operation whose step has returned this: its value, or an iterator that runs the rest. */
export const ended = (left: Effect.Effect<any, any>): Generator<any, any> =>
  (left as Exit.Exit<unknown>)._tag === "Success"
    ? answered((left as Exit.Success<unknown>).value)
    : left[Symbol.iterator]() as Generator<any, any>

const iterate = proto[Symbol.iterator]

// A function and not a class, because an object of a class would need more bytes.
const InPlace: new(step: Step) => InPlace = function(this: { step: Step }, step: Step) {
  this.step = step
} as any

InPlace.prototype = Object.assign(Object.create(proto), {
  [Symbol.iterator](this: InPlace) {
    const fiber = Fiber.getCurrent()
    if (fiber === undefined || !mayGoOn(fiber as Running)) return iterate.call(this)
    let left: Effect.Effect<unknown, unknown>
    try {
      left = this.step(fiber.context)
    } catch (defect) {
      left = Exit.die(defect)
    }
    return ended(left)
  }
})

/** Makes the operation of a step, which gets the Context of the fiber that runs it. */
export const inPlace = <A, E, R>(
  step: (context: Context.Context<never>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => new InPlace(step as Step) as Effect.Effect<any, any>
