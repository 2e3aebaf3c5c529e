/**
 * Lets readers wait for the load of a key, join it and leave it.
 *
 * Each reader is called once. Readers who wait for one load can be moved to another one. The last reader to leave a
 * load ends it, so that no load runs for readers who have left.
 *
 * Not here: the load that runs (`flight.ts`), and the refusal of a reader who would wait for itself (`waits.ts`).
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { KeyLookup } from "../../shared/loader.ts"
import type { Served } from "../entries/served.ts"
import { shallow } from "./stack.ts"
import type { Awaited, Work } from "./waits.ts"

/** A reader who waits for a load. It is called once. */
export interface Waiter<V> {
  (exit: Exit.Exit<Served<V>, unknown>): void
  /** The load or the update that waits. */
  work?: Work
}

// The Effect by which a waiter leaves. A thousand readers may wait for one load, so this is a function and not a class:
// an object of a class would need more bytes.
const Leave: new(waited: Waited<any>, waiter: Waiter<any>) => Effect.Effect<void> = function(
  this: { waited: Waited<unknown>; waiter: Waiter<unknown> },
  waited: Waited<unknown>,
  waiter: Waiter<unknown>
) {
  this.waited = waited
  this.waiter = waiter
} as any
Leave.prototype = Effectable.Prototype<
  Effect.Effect<void> & { readonly waited: Waited<unknown>; readonly waiter: Waiter<unknown> }
>({
  label: "effect-stateless/cache/internal/waiters/Leave",
  evaluate() {
    this.waited.leave(this.waiter)
    return Exit.void
  }
})

/**
 * What a reader does not accept: nothing, what is stale, or also what is there already. The last is for those who wait
 * for a refresh.
 */
export type WantsFresh = boolean | "new"

/** The most readers who wait for one load. Further readers are refused. */
export const waitersMax = 100_000

export const isStale = (exit: Exit.Exit<Served<unknown>, unknown> | undefined): boolean =>
  exit?._tag === "Success" && exit.value.stale

/** What readers of one key wait for: the running load, or the next one. */
export abstract class Waited<V> {
  readonly key: string
  protected joinedCount = 0
  private sharedAt: number | undefined = undefined
  private behind = false
  /** Made for the first waiter: most loads answer before any reader has to wait. */
  protected waiters: Set<Waiter<V>> | undefined = undefined
  /** The waiters who accept no stale value. */
  protected strict: Set<Waiter<V>> | undefined = undefined
  /** The waiters who accept only what a load brings. */
  protected renewing: Set<Waiter<V>> | undefined = undefined
  /** How many callers are about to join it, or wait until its load is over. */
  private expectedCount = 0
  /** What its readers have been moved to. */
  protected movedTo: Waited<V> | undefined = undefined

  constructor(key: string) {
    this.key = key
  }

  /** The work or the queue that readers here wait for. */
  abstract get subject(): Awaited

  /** The number of readers who have joined a load that runs. Readers who left again count. */
  get joined(): number {
    return this.joinedCount
  }

  /** The time since which its duration is bounded, because more than one reader depends on it. */
  get sharedSince(): number | undefined {
    return this.sharedAt
  }

  /** Whether it renews an entry, and no reader has waited for it. */
  get isBehind(): boolean {
    return this.behind
  }

  /** Whether the next reader who joins is the first one that bounds its time. */
  get isNewlyShared(): boolean {
    return this.sharedAt === undefined ? this.joinedCount > 0 : this.behind
  }

  /** Says that it renews an entry behind its readers. */
  renewBehind(): void {
    this.behind = true
  }

  /** Says that a reader waits for it, so it is not behind its readers any more. */
  meetReader(): void {
    this.behind = false
  }

  /** Does not count a time for which the process was held up. */
  excuse(lateMillis: number, nowMillis: number): void {
    if (this.sharedAt !== undefined) this.sharedAt = Math.min(nowMillis, this.sharedAt + lateMillis)
  }

  /** Says that more than one reader depends on it from now on. */
  share(nowMillis: number): void {
    this.sharedAt ??= nowMillis
  }

  /** What readers wait for here now: itself, or what its readers have been moved to. */
  get last(): Waited<V> {
    return this.movedTo?.last ?? this
  }

  /** Notes that a caller is about to join the flight, or waits until its load is over. */
  expect(): void {
    this.expectedCount++
  }

  /** Takes back one `expect`: its caller does not need the flight any more. */
  letGo(): void {
    if (this.movedTo !== undefined) return this.movedTo.letGo()
    this.expectedCount--
    this.abandonIfAlone()
  }

  get isExpected(): boolean {
    return this.expectedCount > 0
  }

  /** Ends if no reader waits any more, and none is expected. */
  abstract abandonIfAlone(): void

  /** Whether it ended because no reader waited any more. A reader who comes later has to start a new load. */
  abstract get wasAbandoned(): boolean

  /** Waits for the answer. The returned Effect leaves again. */
  join(resume: Waiter<V>, nowMillis: number, wantsFresh: WantsFresh): Effect.Effect<void> | void {
    return this.movedTo === undefined ? this.add(resume, wantsFresh) : this.movedTo.join(resume, nowMillis, wantsFresh)
  }

  protected add(resume: Waiter<V>, wantsFresh: WantsFresh): Effect.Effect<void> {
    if (this.waiters === undefined) this.waiters = new Set()
    this.waiters.add(resume)
    if (wantsFresh !== false) (this.strict ??= new Set()).add(resume)
    if (wantsFresh === "new") (this.renewing ??= new Set()).add(resume)
    return new Leave(this, resume)
  }

  /** The stale value that a reader gets at once, while the load goes on. */
  earlyAt(nowMillis: number): Exit.Exit<Served<V>, never> | undefined {
    return this.movedTo?.earlyAt(nowMillis)
  }

  leave(waiter: Waiter<V>): void {
    if (this.movedTo !== undefined) return this.movedTo.leave(waiter)
    this.waiters?.delete(waiter)
    this.strict?.delete(waiter)
    this.renewing?.delete(waiter)
    this.abandonIfAlone()
  }

  /** Whether no further reader may wait. */
  get isFull(): boolean {
    return this.waiters !== undefined && this.waiters.size >= waitersMax
  }

  get isEmpty(): boolean {
    return this.waiters === undefined || this.waiters.size === 0
  }

  /** Whether no reader who waits accepts a stale value. */
  get areAllForFresh(): boolean {
    return (this.waiters?.size ?? 0) === (this.strict?.size ?? 0)
  }

  /** Whether no reader who waits accepts what is there already. */
  get areAllForNew(): boolean {
    return (this.waiters?.size ?? 0) === (this.renewing?.size ?? 0)
  }

  /** Moves all readers who wait here, and those who are expected, to another load. */
  moveTo(waited: Waited<V>): void {
    const { renewing, strict, waiters } = this
    this.clear()
    this.movedTo = waited
    waited.expectedCount += this.expectedCount
    if (waiters !== undefined) waited.receive(waiters, strict, renewing)
  }

  private clear(): void {
    this.waiters = undefined
    this.strict = undefined
    this.renewing = undefined
  }

  protected receive(
    waiters: ReadonlySet<Waiter<V>>,
    strict: ReadonlySet<Waiter<V>> | undefined,
    renewing: ReadonlySet<Waiter<V>> | undefined
  ): void {
    this.waiters = new Set([...this.waiters ?? [], ...waiters])
    if (strict !== undefined) this.strict = new Set([...this.strict ?? [], ...strict])
    if (renewing !== undefined) this.renewing = new Set([...this.renewing ?? [], ...renewing])
  }

  /** Answers the readers who accept a value that is there already. Returns whether no other reader waits. */
  protected answerBy(exit: Exit.Exit<Served<V>, never>): boolean {
    const left = isStale(exit) ? this.strict : this.renewing
    if (left === undefined) {
      this.answer(exit)
      return true
    }
    const others = Array.from(this.waiters ?? []).filter((waiter) => !left.has(waiter))
    this.waiters = new Set(left)
    if (left === this.renewing) this.strict = new Set(left)
    shallow(() => {
      for (const resume of others) resume(exit)
    })
    return false
  }

  /** Answers all readers who wait. Those who accept no stale value get `freshExit`. */
  protected answer(exit: Exit.Exit<Served<V>, unknown>, freshExit = exit): void {
    const { strict, waiters } = this
    if (waiters === undefined || waiters.size === 0) return
    this.clear()
    shallow(() => {
      if (strict === undefined) { for (const resume of waiters) resume(exit) }
      else for (const resume of waiters) resume(strict.has(resume) ? freshExit : exit)
    })
  }
}

/** What a caller asks of the next load of a key. */
export interface AskedNext<V> {
  readonly isRefresh?: boolean
  readonly isDetached?: boolean
  /** The load that a caller brings. */
  readonly lookup?: KeyLookup<V> | undefined
}

/** The readers who wait for the next load of a key, which has not begun. */
export class Queued<V> extends Waited<V> {
  private refresh = false
  private detached = false
  private brought: KeyLookup<V> | undefined = undefined
  private looks = false
  private looking: Fiber.Fiber<void> | undefined = undefined
  readonly subject: Awaited
  private exit: Exit.Exit<Served<V>, unknown> | undefined = undefined
  private readonly abandoned: (queued: Queued<V>) => void

  /** `before` gives the loads that must end before it begins. */
  constructor(key: string, before: () => Iterable<Awaited>, abandoned: (queued: Queued<V>) => void) {
    super(key)
    this.subject = { awaited: before }
    this.abandoned = abandoned
  }

  /** Whether the lookup must run even if an entry is there by then. */
  get isRefresh(): boolean {
    return this.refresh
  }

  /** Whether the load runs to its end even if no reader waits. */
  get isDetached(): boolean {
    return this.detached
  }

  /** The load that a caller brought. */
  get lookup(): KeyLookup<V> | undefined {
    return this.brought
  }

  /** One more caller asks for the load. */
  ask({ isDetached = false, isRefresh = false, lookup }: AskedNext<V>): void {
    this.refresh ||= isRefresh
    this.detached ||= isDetached
    this.brought ??= lookup
  }

  get wasAbandoned(): boolean {
    return this.movedTo?.wasAbandoned ?? this.exit !== undefined
  }

  /** Waits for the answer. Who comes after the end has it at once. */
  override join(resume: Waiter<V>, nowMillis: number, wantsFresh: WantsFresh): Effect.Effect<void> | void {
    return this.exit === undefined ? super.join(resume, nowMillis, wantsFresh) : resume(this.exit)
  }

  /** Whether a fiber looks for what its readers may be served meanwhile. */
  get isLooking(): boolean {
    return this.looks
  }

  /** A fiber that `look` starts looks for what its readers may be served, until the load begins. */
  lookBy(look: (whenOver: Effect.Effect<void>) => Fiber.Fiber<void>): void {
    this.looks = true
    const fiber = look(Effect.sync(() => {
      this.looks = false
      this.looking = undefined
    }))
    if (this.looks) this.looking = fiber
  }

  /** Answers the readers who accept what a tier holds. */
  serve(exit: Exit.Exit<Served<V>, never>): void {
    this.answerBy(exit)
    this.abandonIfAlone()
  }

  override moveTo(waited: Waited<V>): void {
    this.looking?.interruptUnsafe()
    super.moveTo(waited)
  }

  abandonIfAlone(): void {
    if (!this.isEmpty || this.isExpected || this.movedTo !== undefined) return
    this.exit = Exit.interrupt()
    this.looking?.interruptUnsafe()
    this.abandoned(this)
  }

  end(exit: Exit.Exit<Served<V>, unknown>): void {
    this.exit = exit
    this.looking?.interruptUnsafe()
    this.answer(exit)
  }
}

/** Waits as a Promise. It rejects like `Effect.runPromise`, or with the reason of the signal that aborts it. */
export const joinPromise = <V, To>(
  join: (to: To, waiter: Waiter<V>) => Effect.Effect<void> | void,
  to: To,
  signal: AbortSignal | undefined
): Promise<V> =>
  new Promise((resolve, reject) => {
    const settle: Waiter<V> = (exit) => {
      if (exit._tag === "Success") resolve(exit.value.value)
      else reject(Cause.squash(exit.cause))
    }
    // Without a signal, a waiter is one closure, because a thousand readers may wait for one load.
    if (signal === undefined) return void join(to, settle)
    const stop = (): void => {
      if (leave !== undefined) Effect.runSync(leave)
      reject(signal.reason)
    }
    const leave = join(to, (exit) => {
      signal.removeEventListener("abort", stop)
      settle(exit)
    }) ?? undefined
    // A reader who was answered at once does not wait for the signal.
    if (leave !== undefined) signal.addEventListener("abort", stop, { once: true })
  })
