/**
 * The turns of lookups in a family with a `loadConcurrency`: so many run at a time, and at most `loadQueueMax` wait.
 *
 * A lookup that no reader asked for waits as well, and takes no place of those that readers asked for.
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { CacheError } from "../CacheError.ts"
import type { Expiry } from "../Expiry.ts"

export class LoadQueue {
  private readonly permits: Semaphore.Semaphore | undefined
  private readonly waitingMax: number
  private waiting = 0

  constructor({ loadConcurrency, loadQueueMax }: Expiry) {
    this.permits = loadConcurrency === Infinity ? undefined : Semaphore.makeUnsafe(loadConcurrency)
    this.waitingMax = loadQueueMax
  }

  get isFull(): boolean {
    return this.permits !== undefined && this.waiting >= this.waitingMax
  }

  /** Runs a lookup once it may; or fails with `full`, which is told how many may wait. */
  inTurn<A, E>(
    isQuiet: boolean,
    work: Effect.Effect<A, E>,
    full: (waitingMax: number) => CacheError
  ): Effect.Effect<A, E | CacheError> {
    const { permits } = this
    if (permits === undefined) return work
    if (isQuiet) return permits.withPermit(work)
    return Effect.acquireUseRelease(
      Effect.suspend(() => {
        if (this.isFull) return Effect.fail(full(this.waitingMax))
        this.waiting++
        return Effect.succeed({ waits: true })
      }),
      (turn) =>
        permits.withPermit(Effect.suspend(() => {
          turn.waits = false
          this.waiting--
          return work
        })),
      (turn) =>
        Effect.sync(() => {
          if (turn.waits) this.waiting--
        })
    )
  }

  /** For tests. */
  checkInvariants(check: (holds: boolean, rule: string) => void, idle: boolean): void {
    check(this.waiting >= 0 && this.waiting <= this.waitingMax, "the queue of loads keeps its bound")
    if (idle) check(this.waiting === 0, "no load without a reader waits for its turn")
  }
}
