/**
 * One load of one key, and all readers who wait for it.
 *
 * A flight ends once: what comes later (a lookup that outlived its timeout) finds it ended and is dropped. A voided
 * flight still answers those who have joined it, but its value is not stored and nobody joins it any more.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Entry } from "../../store/Entry.ts"
import type { LookupContext } from "../Lookup.ts"
import type { Load } from "./load.ts"
import type { Served } from "./served.ts"
import { shallow } from "./stack.ts"
import { Waited, type Waiter } from "./waiters.ts"
import type { Awaited } from "./waits.ts"

/** One load of one key that runs, and those who wait for it. */
export class Flight<V> extends Waited<V> {
  /** Up to which invalidation what it reads is known to be true. */
  stamp: number
  readonly startedAt: number
  /** `absent` until a tier below is found to hold something stale. */
  cause: LookupContext<V>["cause"]
  /** What memory held when it began, and may be served should it fail. */
  readonly fallback: Entry<V> | undefined
  /** What the lookup was given of it. */
  given: Entry<V> | undefined = undefined
  /** What a tier below memory holds of the key, and its name: the load replaces it. */
  before: Entry<V> | undefined = undefined
  tierBefore: string | undefined = undefined
  /** The caller that started it takes nothing stale. */
  wantsFresh = false
  /** Runs to its end though no reader waits. */
  detached: boolean
  readonly load: Load
  /** Its value is out of date: it is not stored. */
  voided = false
  /** A tag was invalidated since it began, so no later reader joins it. Its value is stored if it has other tags. */
  isClosed = false
  /** The key was changed since it began, by a write or by a later load. */
  isReplaced = false
  /** What another engine over the same place has loaded meanwhile: nothing tells which of both is newer. */
  rival: Entry<V> | undefined = undefined
  /** Nothing may be served should the lookup fail: a mark that hid it may have been forgotten meanwhile. */
  barred = false
  /** A reader is about to join. */
  held = false
  /** No reader asked for it: it takes no place in the queue of those who did. */
  quiet = false
  timer: Fiber.Fiber<unknown, unknown> | undefined = undefined
  /** Answers with what is stale when it is over. */
  softTimer: Fiber.Fiber<unknown, unknown> | undefined = undefined
  exit: Exit.Exit<Served<V>, unknown> | undefined = undefined
  /** The same for those who take nothing stale. */
  private freshExit: Exit.Exit<Served<V>, unknown> | undefined = undefined
  private early: { readonly exit: Exit.Exit<Served<V>, unknown>; readonly untilMillis: number } | undefined = undefined
  private readonly abandoned: (flight: Flight<V>) => void

  constructor(
    key: string,
    stamp: number,
    startedAt: number,
    cause: LookupContext<V>["cause"],
    fallback: Entry<V> | undefined,
    detached: boolean,
    load: Load,
    abandoned: (flight: Flight<V>) => void
  ) {
    super(key)
    this.stamp = stamp
    this.startedAt = startedAt
    this.cause = cause
    this.fallback = fallback
    this.detached = detached
    this.load = load
    this.abandoned = abandoned
  }

  get subject(): Awaited {
    return this.load
  }

  /**
   * Waits for the end; what it returns leaves again. The last one to leave abandons the flight, unless it is detached.
   * A waiter that takes what is stale gets it at once, where it may be served at `nowMillis`.
   */
  override join(resume: Waiter<V>, nowMillis: number, wantsFresh: boolean): Effect.Effect<void> | void {
    if (this.movedTo !== undefined) return this.movedTo.join(resume, nowMillis, wantsFresh)
    this.joined++
    // A tier that answers at once does so before the reader who started the load can wait for it.
    const isFirst = this.held || this.joined === 1
    const early = wantsFresh ? undefined : this.earlyAt(nowMillis)
    const exit = wantsFresh ? this.freshExit : isFirst ? early ?? this.exit : this.exit ?? early
    return exit === undefined ? this.add(resume, wantsFresh) : resume(exit)
  }

  protected override receive(waiters: ReadonlySet<Waiter<V>>, strict: ReadonlySet<Waiter<V>> | undefined): void {
    this.joined += waiters.size
    for (const { work } of waiters) if (work !== undefined) this.load.lead(work)
    super.receive(waiters, strict)
  }

  override earlyAt(nowMillis: number): Exit.Exit<Served<V>, unknown> | undefined {
    if (this.movedTo !== undefined) return this.movedTo.earlyAt(nowMillis)
    return this.early !== undefined && !this.barred && nowMillis < this.early.untilMillis ? this.early.exit : undefined
  }

  get wasAbandoned(): boolean {
    if (this.movedTo !== undefined) return this.movedTo.wasAbandoned
    return this.exit?._tag === "Failure" && Cause.hasInterruptsOnly(this.exit.cause)
  }

  /** The caller that started it takes nothing stale, or one that waits does not. */
  get isForFresh(): boolean {
    return this.wantsFresh || this.strict !== undefined && this.strict.size > 0
  }

  /** All who wait take nothing stale. */
  get areAllForFresh(): boolean {
    return this.waiters.size === (this.strict?.size ?? 0)
  }

  /** What may be served should the load fail, and until when it is fresh. */
  get substitute(): Entry<V> | undefined {
    return this.fallback ?? (this.tierBefore === undefined ? undefined : this.before)
  }

  letGo(): void {
    this.held = false
    this.abandonIfAlone()
  }

  abandonIfAlone(): void {
    if (this.isEmpty && !this.held && !this.detached && this.exit === undefined) this.abandoned(this)
  }

  /** Ends the flight, for those who take nothing stale with `freshExit`; false when it has ended already. */
  end(exit: Exit.Exit<Served<V>, unknown>, freshExit = exit): boolean {
    if (this.exit !== undefined) return false
    this.exit = exit
    this.freshExit = freshExit
    this.load.close()
    this.timer?.interruptUnsafe()
    this.softTimer?.interruptUnsafe()
    this.answer(exit, freshExit)
    return true
  }

  /** Interrupts the fiber behind it, unless other flights need that. */
  stop(): void {
    const { fiber, open } = this.load
    if (open === 0 && fiber !== undefined) shallow(() => fiber.interruptUnsafe())
  }

  /** Answers those who wait now, and those who come before then, while the load goes on. */
  answerEarly(exit: Exit.Exit<Served<V>, unknown>, untilMillis: number): void {
    this.detached = true
    this.early = { exit, untilMillis }
    const { strict } = this
    if (strict === undefined) return this.answer(exit)
    const others = Array.from(this.waiters).filter((waiter) => !strict.has(waiter))
    this.waiters = new Set(strict)
    shallow(() => {
      for (const resume of others) resume(exit)
    })
  }
}
