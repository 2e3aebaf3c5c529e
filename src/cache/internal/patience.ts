/**
 * The deadline of loads in a family without a `hardTimeout`: a load that a second reader waits for may be one that
 * waits for itself where the engine cannot see it, so it ends `patienceMillis` after that reader joined. A load that
 * one reader waits for may take any time: every cycle of waits has a second reader somewhere.
 *
 * One fiber sleeps for all loads of the family, and none while no load is shared.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Flight, Waited } from "./flight.ts"
import { patienceMillis } from "./waits.ts"

/** What it needs of the loads that it watches. */
interface Ground {
  readonly running: ReadonlySet<Flight<any>>
  now(): number
  fork(work: Effect.Effect<void>): Fiber.Fiber<void>
  endLate(flight: Flight<any>, timeoutMillis: number): void
}

export class Patience {
  private readonly ground: Ground
  private fiber: Fiber.Fiber<void> | undefined = undefined
  private isOver = true

  constructor(ground: Ground) {
    this.ground = ground
  }

  get isAwake(): boolean {
    return this.fiber !== undefined
  }

  /** Others wait for a load than the reader who started it: from now on its time is bounded. */
  share(load: Waited<any>): void {
    if (load.sharedSince !== undefined) return
    load.sharedSince = this.ground.now()
    if (this.fiber !== undefined) return
    this.isOver = false
    const fiber = this.ground.fork(this.watch)
    // It is over at once where the load has ended by now, though its fiber may have a step left.
    if (!this.isOver) this.fiber = fiber
  }

  /** No load runs. */
  rest(): void {
    if (this.fiber === undefined) return
    this.fiber.interruptUnsafe()
    this.fiber = undefined
  }

  private readonly watch: Effect.Effect<void> = Effect.suspend(() => {
    const now = this.ground.now()
    let wait = Infinity
    for (const flight of Array.from(this.ground.running)) {
      const left = (flight.sharedSince ?? Infinity) + patienceMillis - now
      if (left > 0) wait = Math.min(wait, left)
      else this.ground.endLate(flight, patienceMillis)
    }
    if (wait < Infinity) return Effect.andThen(Effect.sleep(wait), this.watch)
    this.isOver = true
    this.fiber = undefined
    return Effect.void
  })
}
