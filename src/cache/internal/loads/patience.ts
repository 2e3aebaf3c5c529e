/**
 * Ends loads that take too long in a family without a `hardTimeout`.
 *
 * - A load for which a second reader waits may be part of a circular wait that the engine cannot see. So it ends
 *   `hangTimeoutMillis` after that reader joined. A load with one reader may take any time: every cycle of waits has a
 *   second reader somewhere.
 * - Under `loadConcurrency`, a load for whose turn another one waits ends `hangTimeoutMillis` after that one began to
 *   wait, or after it got its turn.
 * - A renewal behind readers ends `hangTimeoutMillis` after it began. If it hung, readers would otherwise get the stale
 *   value until that value may not be served any more.
 *
 * The time for which the process was frozen or blocked does not count (`nap`), nor that for which a load waits for its
 * turn under `loadConcurrency`: the lookups before it have times of their own. If the line stands still for twice
 * `hangTimeoutMillis`, because a lookup cannot be interrupted, those who wait in it end.
 *
 * One fiber sleeps for all loads of the family. It runs only while a load has a deadline, and it lets the process end
 * while only renewals have one.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as BackgroundTimer from "../../../store/shared/backgroundTimer.ts"
import type { Flight } from "./flight.ts"
import type { Waited } from "./waiters.ts"
import { hangTimeoutMillis, nap } from "./waits.ts"

/** What it needs from the loads that it watches. */
interface Ground {
  readonly flights: { readonly running: ReadonlySet<Flight<any>> }
  readonly loadQueue: { readonly turnsGiven: number }
  readonly offers: { answerInLine(flight: Flight<any>): void }
  now(): number
  fork(work: Effect.Effect<void>): Fiber.Fiber<void>
  endLate(flight: Flight<any>, timeoutMillis: number): void
}

export class Patience {
  private readonly ground: Ground
  private fiber: Fiber.Fiber<void> | undefined = undefined
  private isOver = true
  /** Whether its fiber sleeps for renewals alone, so that the process may end. */
  private isBehind = false

  constructor(ground: Ground) {
    this.ground = ground
  }

  get isAwake(): boolean {
    return this.fiber !== undefined
  }

  /** Bounds the time of a load from now on, because more than one reader depends on it. */
  share(load: Waited<any>): void {
    load.share(this.ground.now())
    if (this.fiber !== undefined) {
      if (!this.isBehind || load.isBehind) return
      // The process must not end while a reader waits.
      this.fiber.interruptUnsafe()
      this.fiber = undefined
    }
    this.isOver = false
    const fiber = this.ground.fork(this.watch)
    // If the load has already ended, the watch is over at once, although its fiber may have a step left.
    if (!this.isOver) this.fiber = fiber
  }

  /** Stops the watch, because no load runs. */
  rest(): void {
    if (this.fiber === undefined) return
    this.fiber.interruptUnsafe()
    this.fiber = undefined
  }

  private readonly watch: Effect.Effect<void> = Effect.suspend(() => {
    const now = this.ground.now()
    let wait = Infinity
    let isBehind = true
    for (const flight of Array.from(this.ground.flights.running)) {
      const { load, sharedSince = Infinity } = flight
      // In the line it waits for others, also if one reader waits for it.
      const left = load.isInLine
        ? load.leftInLine(hangTimeoutMillis, this.ground.loadQueue.turnsGiven, now)
        : sharedSince + hangTimeoutMillis - now
      if (left > 0 && load.isInLine && sharedSince + hangTimeoutMillis <= now) this.ground.offers.answerInLine(flight)
      if (left <= 0) this.ground.endLate(flight, hangTimeoutMillis)
      else if (left < Infinity) {
        wait = Math.min(wait, left)
        isBehind &&= flight.isBehind
      }
    }
    this.isBehind = isBehind
    if (wait < Infinity) {
      const napped = nap(wait, () => this.ground.now(), isBehind ? BackgroundTimer.sleep : Effect.sleep)
      return Effect.flatMap(napped, (late) => {
        if (late > 0) { for (const flight of this.ground.flights.running) flight.excuse(late, this.ground.now()) }
        return this.watch
      })
    }
    this.isOver = true
    this.fiber = undefined
    return Effect.void
  })
}
