/**
 * Lets one fiber yield once, at the question that has a given number: each step of it can be parted from the next one.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

export class YieldOnce extends Scheduler.MixedScheduler {
  private readonly at: number
  private target: Fiber.Fiber<any, any> | undefined = undefined
  private asked = 0

  constructor(at: number) {
    super()
    this.at = at
  }

  /** The fiber that runs this is the one that yields, from here on. */
  readonly begin = Effect.withFiber((fiber) =>
    Effect.sync(() => {
      this.target = fiber
    })
  )

  override shouldYield(fiber: Fiber.Fiber<any, any>): boolean {
    return fiber === this.target ? this.asked++ === this.at : super.shouldYield(fiber)
  }
}

/** How many steps are parted, one in each run. */
const steps = Array.from({ length: 40 }, (_, at) => at)

/** Runs a program for each of the steps at which the fiber that runs `begin` may yield. */
export const atEachStep = <E>(
  program: (begin: Effect.Effect<void>, at: number) => Effect.Effect<void, E>
): Effect.Effect<void, E> =>
  Effect.forEach(steps, (at) => {
    const scheduler = new YieldOnce(at)
    return Effect.provideService(program(scheduler.begin, at), Scheduler.Scheduler, scheduler)
  }, { discard: true })
