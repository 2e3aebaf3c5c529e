/**
 * The turns of lookups in a family with a `loadConcurrency`: so many run at a time, and the others wait in one of two
 * lines.
 *
 * - **Readers** wait in the first line, `loadQueueMax` of them at most. Beyond that, a lookup is refused.
 * - **Background loads** have no reader who waits: renewals behind readers, warming, forecasts, and loads whose readers
 *   have left or got a stale value. They wait in the second line, `backgroundMax` of them at most. They begin when no
 *   reader waits, and hold all turns but one (if there is one turn, that one).
 *
 * A reader who joins a background load moves it to the end of the first line, even if that line is full. A load whose
 * last reader leaves it moves to the second line, if that has room. So both lines together never hold more than
 * `loadQueueMax` and `backgroundMax` loads.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CacheError } from "../../CacheError.ts"
import type { Expiry } from "../family/expiry.ts"
import { shallow } from "./stack.ts"

/** The background loads of a family that wait for a turn. Beyond this number, a renewal is left to the next reader. */
export const backgroundMax = 1_024

/** The place of one lookup: in a line, or among those that run. */
export class Place {
  private readonly queue: LoadQueue
  isBackground: boolean
  isRunning = false
  isOver = false
  /** Goes on with the lookup, whose turn it is. */
  resume: (() => void) | undefined = undefined

  constructor(queue: LoadQueue, isBackground: boolean) {
    this.queue = queue
    this.isBackground = isBackground
  }

  /** A reader waits for the lookup: it is in the background no longer. */
  meetReader(): void {
    if (this.isBackground && !this.isOver) this.queue.advance(this)
  }

  /** No reader waits for the lookup any more. */
  loseReaders(): void {
    if (!this.isBackground && !this.isOver) this.queue.putBack(this)
  }
}

export class LoadQueue {
  private readonly turns: number
  private readonly backgroundTurns: number
  private readonly waitingMax: number
  private readonly readers = new Set<Place>()
  private readonly background = new Set<Place>()
  private running = 0
  private backgroundRunning = 0

  constructor({ loadConcurrency, loadQueueMax }: Expiry) {
    this.turns = loadConcurrency
    this.backgroundTurns = Math.max(1, loadConcurrency - 1)
    this.waitingMax = loadQueueMax
  }

  /** Whether each lookup begins at once: the family has no `loadConcurrency`. */
  get isOpen(): boolean {
    return this.turns === Infinity
  }

  /**
   * Whether no further background load may wait. Loads that readers have moved to the first line beyond its bound count
   * here, because they came by the second line.
   */
  get isBackgroundFull(): boolean {
    const moved = Math.max(0, this.readers.size - this.waitingMax)
    return this.background.size + moved >= backgroundMax
  }

  /**
   * Runs a lookup as soon as it has a turn. Fails with `full` if too many lookups wait; `full` receives the number that
   * may wait.
   */
  inTurn<A, E>(
    isBackground: boolean,
    work: Effect.Effect<A, E>,
    full: (waitingMax: number) => CacheError,
    onPlace: (place: Place) => void
  ): Effect.Effect<A, E | CacheError> {
    if (this.isOpen) return work
    return Effect.acquireUseRelease(
      Effect.suspend(() => {
        const place = new Place(this, isBackground)
        if (!this.enter(place)) return Exit.fail(full(isBackground ? backgroundMax : this.waitingMax))
        onPlace(place)
        return Exit.succeed(place)
      }),
      (place) => Effect.andThen(this.wait(place), work),
      (place) => Effect.sync(() => this.leave(place))
    )
  }

  /** Moves a background lookup to the readers. */
  advance(place: Place): void {
    place.isBackground = false
    if (place.isRunning) this.backgroundRunning--
    else {
      this.background.delete(place)
      this.readers.add(place)
    }
    this.begin()
  }

  /** Moves a lookup that waits to the background, if there is room. */
  putBack(place: Place): void {
    if (place.isRunning || this.isBackgroundFull) return
    place.isBackground = true
    this.readers.delete(place)
    this.background.add(place)
    this.begin()
  }

  private enter(place: Place): boolean {
    // The lookups in its line came before.
    if (this.lineOf(place).size === 0 && this.mayBegin(place)) {
      this.run(place)
      return true
    }
    if (place.isBackground ? this.isBackgroundFull : this.readers.size >= this.waitingMax) return false
    this.lineOf(place).add(place)
    return true
  }

  private lineOf({ isBackground }: Place): Set<Place> {
    return isBackground ? this.background : this.readers
  }

  private mayBegin({ isBackground }: Place): boolean {
    return this.running < this.turns &&
      (!isBackground || this.readers.size === 0 && this.backgroundRunning < this.backgroundTurns)
  }

  private run(place: Place): void {
    place.isRunning = true
    this.running++
    if (place.isBackground) this.backgroundRunning++
  }

  private wait(place: Place): Effect.Effect<void> {
    return Effect.suspend(() =>
      place.isRunning ? Effect.void : Effect.callback<void>((resume) => {
        if (place.isRunning) return resume(Effect.void)
        place.resume = () => resume(Effect.void)
      })
    )
  }

  private leave(place: Place): void {
    place.isOver = true
    if (place.isRunning) {
      this.running--
      if (place.isBackground) this.backgroundRunning--
    } else this.lineOf(place).delete(place)
    this.begin()
  }

  /** Begins the lookups whose turn it is. */
  private begin(): void {
    for (const line of [this.readers, this.background]) {
      for (const place of line) {
        if (!this.mayBegin(place)) break
        line.delete(place)
        this.run(place)
        const { resume } = place
        if (resume !== undefined) shallow(resume)
      }
    }
  }

  /** For tests. */
  checkInvariants(check: (holds: boolean, rule: string) => void, idle: boolean): void {
    const waiting = this.readers.size + this.background.size
    check(waiting <= this.waitingMax + backgroundMax, "the queue of loads keeps its bound")
    check(this.background.size <= backgroundMax, "the queue of background loads keeps its bound")
    check(this.backgroundRunning >= 0 && this.backgroundRunning <= this.running, "background loads are counted")
    check(this.running <= this.turns, "no more lookups run than may")
    if (idle) check(waiting === 0 && this.running === 0, "no load without a reader waits for its turn")
  }
}
