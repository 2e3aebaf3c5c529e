/**
 * A scheduler that runs fibers in an order drawn from a seed, and interrupts their runs at random points.
 *
 * Effect's own scheduler runs fibers in the order of their arrival, and lets each fiber run for thousands of steps, so
 * most races never show in a test. This scheduler draws every possible order of the fibers sooner or later, and the
 * same seed draws the same order again.
 *
 * - It draws one of the waiting tasks with the lowest priority number; all of these are equally likely.
 * - Before each of its steps, a fiber yields with the chance `yields`.
 * - All fibers of one scheduler share one queue, so the order is drawn among all of them.
 * - A run can be repeated if the program takes its time from a `TestClock` and its randomness from a seed, and does not
 *   await a promise.
 *
 * Not here: faults, and the order of real I/O.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as TestClock from "effect/testing/TestClock"

/**
 * The seed of the order, and how often fibers yield.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly seed: number
  /**
   * The chance, from 0 to 0.4, that a fiber yields before a step; one in eight by default. A yield is two steps, before
   * each of which the fiber may yield again, so a fiber that yields more often does not get on.
   */
  readonly yields?: number | undefined
}

// A program of some hundred steps yields some dozen times. That is often enough to meet each race within a few seeds.
const yieldsByDefault = 1 / 8

const yieldsMax = 0.4

// Then I/O gets its turn, and with it a timeout that ends a program without end.
const tasksPerTurnMax = 10_000

interface Task {
  readonly run: () => void
  readonly priority: number
}

/**
 * A scheduler that draws the order of fibers from a seed. Use it through {@link run}, or provide it as
 * `Scheduler.Scheduler`.
 *
 * **When to use**
 *
 * Where a program needs a clock of its own. For a test, `run` is enough.
 *
 * **Example** (One of two fibers wins)
 *
 * ```ts
 * import { Effect, Scheduler } from "effect"
 * import { SeededScheduler } from "effect-stateless/testing"
 *
 * const scheduler = new SeededScheduler.SeededScheduler({ seed: 1, yields: 0.25 })
 * const race = Effect.race(Effect.succeed("a"), Effect.succeed("b"))
 * const winner = await Effect.runPromise(Effect.provideService(race, Scheduler.Scheduler, scheduler))
 * winner === "a" || winner === "b" // => true
 * ```
 *
 * @see {@link run}, which also sets the clock and the randomness
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export class SeededScheduler implements Scheduler.Scheduler {
  readonly executionMode = "async"
  readonly seed: number
  private readonly yields: number
  private readonly draw: () => number
  private readonly tasks: Array<Task> = []
  private readonly turns = new Scheduler.MixedScheduler().makeDispatcher()
  private awake = false
  private readonly turn = (): void => {
    this.awake = false
    for (let ran = 0; ran < tasksPerTurnMax && this.tasks.length > 0; ran++) this.next().run()
    if (this.tasks.length > 0) this.wake()
  }

  constructor({ seed, yields = yieldsByDefault }: Options) {
    if (!(yields >= 0 && yields <= yieldsMax)) {
      throw new RangeError(`\`yields\` of a SeededScheduler is from 0 to ${yieldsMax}, and not ${yields}`)
    }
    this.seed = seed
    this.yields = yields
    this.draw = sequence(seed)
  }

  shouldYield(_fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return this.draw() < this.yields
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return {
      scheduleTask: (run, priority) => {
        this.tasks.push({ run, priority })
        this.wake()
      },
      flush: () => {
        while (this.tasks.length > 0) this.next().run()
      }
    }
  }

  private wake(): void {
    if (this.awake) return
    this.awake = true
    this.turns.scheduleTask(this.turn, 0)
  }

  private next(): Task {
    const { tasks } = this
    const first = tasks.reduce((least, { priority }) => Math.min(least, priority), Infinity)
    let at = Math.floor(this.draw() * tasks.length)
    while (tasks[at]!.priority !== first) at = (at + 1) % tasks.length
    const [task] = tasks.splice(at, 1)
    return task!
  }
}

/**
 * Generates numbers from 0 to 1 from a seed: Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators (2014),
 * 32 bits.
 */
const sequence = (seed: number): () => number => {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32
  }
}

/**
 * Runs a program under a scheduler of its own, a `TestClock` that starts at 0, and a `Random` of the same seed.
 *
 * **When to use**
 *
 * In a test that looks for races: run the program under many seeds, and repeat the seed that fails.
 *
 * **Example** (Looking for a lost update)
 *
 * ```ts
 * import { Effect, Ref } from "effect"
 * import { SeededScheduler } from "effect-stateless/testing"
 *
 * const program = Effect.gen(function*() {
 *   const count = yield* Ref.make(0)
 *   const add = Effect.flatMap(Ref.get(count), (was) => Ref.set(count, was + 1))
 *   yield* Effect.all([add, add], { concurrency: "unbounded" })
 *   return yield* Ref.get(count)
 * })
 *
 * const results = await Promise.all(
 *   Array.from({ length: 100 }, (_, seed) => Effect.runPromise(SeededScheduler.run(program, { seed })))
 * )
 * results.includes(1) // => true
 * ```
 *
 * @see {@link Options} for how often fibers yield
 * @stability experimental
 * @category running
 * @since 0.1.0
 */
export const run = <A, E, R>(program: Effect.Effect<A, E, R>, options: Options): Effect.Effect<A, E, R> =>
  program.pipe(
    Effect.provide(TestClock.layer()),
    Random.withSeed(String(options.seed)),
    Effect.provideService(Scheduler.Scheduler, new SeededScheduler(options))
  ) as Effect.Effect<A, E, R>
