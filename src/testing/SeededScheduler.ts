/**
 * A scheduler that runs fibers in an order drawn from a seed, and interrupts their runs at random points.
 *
 * Effect's own scheduler runs fibers first come, first served, and lets each run for thousands of steps: most races
 * never show in a test. Under this one every order that fibers may legally have is drawn sooner or later, and the
 * same seed draws the same order again.
 *
 * - Of the tasks that wait, one of the lowest priority number is drawn; all are equally likely.
 * - A fiber yields before any of its steps with the chance `yields`.
 * - All fibers that use one scheduler share one queue, so their order is drawn among all of them.
 * - Repeatable as long as a program takes its time from a `TestClock`, its chance from a seed, and awaits no promise.
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
 * What draws the order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly seed: number
  /** The chance, from 0 to 1, that a fiber yields before a step; by default one in eight. */
  readonly yields?: number | undefined
}

// Programs of some hundred steps are interrupted some dozen times: often enough to meet each race within a few seeds.
const yieldsByDefault = 1 / 8

// Then I/O gets its turn, and with it whoever watches over a program that never ends.
const tasksPerTurnMax = 10_000

interface Task {
  readonly run: () => void
  readonly priority: number
}

/**
 * The scheduler; use it through {@link run}, or provide it as `Scheduler.Scheduler`.
 *
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
 * Numbers from 0 to 1, by a seed: Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators (2014), 32 bits.
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
 * @category running
 * @since 0.1.0
 */
export const run = <A, E, R>(program: Effect.Effect<A, E, R>, options: Options): Effect.Effect<A, E, R> =>
  program.pipe(
    Effect.provide(TestClock.layer()),
    Random.withSeed(String(options.seed)),
    Effect.provideService(Scheduler.Scheduler, new SeededScheduler(options))
  ) as Effect.Effect<A, E, R>
