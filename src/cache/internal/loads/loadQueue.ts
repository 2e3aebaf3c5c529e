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

/** The right of one lookup to run, now or in its turn: it waits in a line until then. */
export class Ticket {
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
  private readonly readers = new Set<Ticket>()
  private readonly background = new Set<Ticket>()
  private running = 0
  private backgroundRunning = 0
  /** How many turns have been given. */
  turnsGiven = 0

  constructor({ loadConcurrency, loadQueueMax }: Expiry) {
    this.turns = loadConcurrency
    this.backgroundTurns = Math.max(1, loadConcurrency - 1)
    this.waitingMax = loadQueueMax
  }

  /** Whether each lookup begins at once: the family has no `loadConcurrency`. */
  get isOpen(): boolean {
    return this.turns === Infinity
  }

  /** How many lookups wait for a turn. */
  get waiting(): number {
    return this.readers.size + this.background.size
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
    onTicket: (ticket: Ticket) => void
  ): Effect.Effect<A, E | CacheError> {
    if (this.isOpen) return work
    return Effect.acquireUseRelease(
      Effect.suspend(() => {
        const ticket = new Ticket(this, isBackground)
        if (!this.enter(ticket)) return Exit.fail(full(isBackground ? backgroundMax : this.waitingMax))
        onTicket(ticket)
        return Exit.succeed(ticket)
      }),
      (ticket) => Effect.andThen(this.wait(ticket), work),
      (ticket) => Effect.sync(() => this.leave(ticket))
    )
  }

  /** Moves a background lookup to the readers. */
  advance(ticket: Ticket): void {
    ticket.isBackground = false
    if (ticket.isRunning) this.backgroundRunning--
    else {
      this.background.delete(ticket)
      this.readers.add(ticket)
    }
    this.begin()
  }

  /** Moves a lookup that waits to the background, if there is room. */
  putBack(ticket: Ticket): void {
    if (ticket.isRunning || this.isBackgroundFull) return
    ticket.isBackground = true
    this.readers.delete(ticket)
    this.background.add(ticket)
    this.begin()
  }

  private enter(ticket: Ticket): boolean {
    // The lookups in its line came before.
    if (this.lineOf(ticket).size === 0 && this.mayBegin(ticket)) {
      this.run(ticket)
      return true
    }
    if (ticket.isBackground ? this.isBackgroundFull : this.readers.size >= this.waitingMax) return false
    this.lineOf(ticket).add(ticket)
    return true
  }

  private lineOf({ isBackground }: Ticket): Set<Ticket> {
    return isBackground ? this.background : this.readers
  }

  private mayBegin({ isBackground }: Ticket): boolean {
    return this.running < this.turns &&
      (!isBackground || this.readers.size === 0 && this.backgroundRunning < this.backgroundTurns)
  }

  private run(ticket: Ticket): void {
    this.turnsGiven++
    ticket.isRunning = true
    this.running++
    if (ticket.isBackground) this.backgroundRunning++
  }

  private wait(ticket: Ticket): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (ticket.isRunning) return resume(Effect.void)
      ticket.resume = () => resume(Effect.void)
    })
  }

  private leave(ticket: Ticket): void {
    ticket.isOver = true
    if (ticket.isRunning) {
      this.running--
      if (ticket.isBackground) this.backgroundRunning--
    } else this.lineOf(ticket).delete(ticket)
    this.begin()
  }

  /** Begins the lookups whose turn it is. */
  private begin(): void {
    for (const line of [this.readers, this.background]) {
      for (const ticket of line) {
        if (!this.mayBegin(ticket)) break
        line.delete(ticket)
        this.run(ticket)
        const { resume } = ticket
        if (resume !== undefined) shallow(resume)
      }
    }
  }

  /** For tests. */
  checkInvariants(check: (holds: boolean, rule: string) => void, idle: boolean): void {
    const { waiting } = this
    check(waiting <= this.waitingMax + backgroundMax, "the queue of loads keeps its bound")
    check(this.background.size <= backgroundMax, "the queue of background loads keeps its bound")
    check(this.backgroundRunning >= 0 && this.backgroundRunning <= this.running, "background loads are counted")
    check(this.running <= this.turns, "no more lookups run than may")
    if (idle) check(waiting === 0 && this.running === 0, "no load without a reader waits for its turn")
  }
}
