/**
 * One load of one key, and all readers who wait for it.
 *
 * A flight ends once: what comes later (a lookup that outlived its timeout) finds it ended and is dropped. A voided
 * flight still answers those who have joined it, but its value is not stored and nobody joins it any more.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Entry } from "../../store/Entry.ts"
import { CacheError, UndeclaredRead } from "../CacheError.ts"
import { endsAt } from "../Expiry.ts"
import type { FamilySpec, Loader, Sources } from "../FamilySpec.ts"
import { isWithin, type Scope } from "../Invalidation.ts"
import type { LookupContext } from "../Lookup.ts"
import type { Below } from "./below.ts"
import { shallow } from "./stack.ts"
import { type Awaited, CurrentUpdate, Work } from "./waits.ts"

/** A value as it is served: from where, and as what. */
export interface Served<out V> {
  readonly value: V
  /** The tier that held it; `lookup` for a value that was just loaded. */
  readonly tier: string
  /** Absent when the value was loaded and not stored. */
  readonly entry: Entry<V> | undefined
  /** Those of a value that was not stored. */
  readonly tags?: ReadonlyArray<string> | undefined
  readonly stale: boolean
  /** What the tiers below still have to take of the load that brought it. */
  readonly below?: Below
}

/** The cache of a load, as far as it matters here: what a change of one key drops. */
export interface Plan {
  /** Whether a change of a key of one family drops a key of another one. */
  reaches(family: string, key: string, target: string, targetKey: string): boolean
  /** The same for many keys at once: those that it drops. */
  reachedAmong(family: string, key: string, target: string, keys: ReadonlySet<string>): Iterable<string>
}

// How many keys a load is known to have read; beyond, it may have read any.
const readsMax = 65_536

// How many of the entries that an entry was made from are told to `explain`; those read first.
const sourcesMax = 32

/**
 * How many lookups, and bodies of transactions, run in this process: while there are none, a read outside of Effect
 * need not ask who reads, nor a write whether it is collected.
 */
export const lookups = { open: 0 }

/** The fiber behind a flight, or behind several that are loaded together; and what it has read of the cache. */
export class Load extends Work {
  /** The owner's, by which it runs. */
  readonly loader: Loader<any>
  fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  /** How many of its flights have not ended. */
  open: number
  /** It is made for later: what it reads must not end before then, or it would itself. */
  until = -Infinity
  /** It read a value that was served stale: what it makes of it is stale as well. */
  readStale = false
  /** It read a value that was not stored, since it was overtaken: what it makes of it is not to be stored either. */
  readRefused = false
  /** It read what it may not read, and so must not be stored, even if the lookup made light of it. */
  refused: CacheError | undefined = undefined
  private readonly cache: Plan
  private readonly spec: FamilySpec<any>
  private readonly key: string
  /** All of them, where they are several. */
  private readonly keys: ReadonlySet<string> | undefined
  private sources: Array<ReadSource> | undefined = undefined
  private listeners: Set<() => void> | undefined = undefined
  /** By family. */
  private reads: Map<string, Set<string>> | undefined = undefined
  private readCount = 0
  /** Characters of the keys in `sources`, and of those that are loaded together. */
  private characters = 0
  /** When what it read ends, first of all; of several keys, those for which it was read. */
  private endsAt = Infinity
  private ends: Map<string, number> | undefined = undefined

  constructor(cache: Plan, spec: FamilySpec<any>, keys: ReadonlyArray<string>, loader: Loader<any>) {
    super()
    this.loader = loader
    this.cache = cache
    this.spec = spec
    this.key = keys[0]!
    this.keys = keys.length === 1 ? undefined : new Set(keys)
    if (this.keys !== undefined) { for (const each of keys) this.characters += each.length }
    this.open = keys.length
    if (this.open > 0) lookups.open++
  }

  get name(): string {
    return `the lookup of \`${this.spec.show(this.key)}\``
  }

  get isOver(): boolean {
    return this.open === 0
  }

  /** One of its flights has ended. */
  close(): void {
    if (--this.open > 0) return
    lookups.open--
    if (this.listeners === undefined) return
    const { listeners } = this
    shallow(() => {
      for (const listener of listeners) listener()
    })
  }

  /** Waits until all its flights have ended. */
  whenOver(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (this.isOver) return resume(Effect.void)
      const listener = () => resume(Effect.void)
      const listeners = this.listeners ??= new Set()
      listeners.add(listener)
      return Effect.sync(() => listeners.delete(listener))
    })
  }

  /**
   * Why the load may not read a key: no change of it would reach any of the keys that are loaded. No change in another
   * cache does.
   */
  refusalOf(cache: Plan, source: FamilySpec<any>, key: string): CacheError | undefined {
    if (cache !== this.cache) return this.refuse(source, key, "E0211", "another engine")
    if (this.keys === undefined) {
      if (cache.reaches(source.name, key, this.spec.name, this.key)) return undefined
    } else for (const _ of cache.reachedAmong(source.name, key, this.spec.name, this.keys)) return undefined
    const isDeclared = source.dependents.in(this.spec.name).length > 0
    const from = source.name === this.spec.name ? "its own family" : "another family"
    return this.refuse(source, key, isDeclared ? "E0232" : "E0211", from)
  }

  private refuse(
    source: FamilySpec<any>,
    key: string,
    code: UndeclaredRead["code"],
    from: UndeclaredRead["from"]
  ): CacheError {
    return this.refused = new CacheError({
      reason: new UndeclaredRead({
        code,
        from,
        family: this.spec.name,
        key: this.spec.show(this.key),
        source: source.pattern,
        read: source.show(key)
      })
    })
  }

  /** Takes notice of what was read. */
  observe(cache: Plan, source: FamilySpec<any>, key: string, { entry, stale, tier }: Served<unknown>): void {
    if (stale) this.readStale = true
    if (entry === undefined && tier === "lookup") this.readRefused = true
    // An entry that nothing reads any more ends before its time.
    const end = entry === undefined ? Infinity : endsAt(entry)
    this.restOn(end)
    if (this.keys === undefined) this.endsAt = Math.min(this.endsAt, end)
    else if (end < Infinity) {
      for (const own of cache.reachedAmong(source.name, key, this.spec.name, this.keys)) {
        const ends = this.ends ??= new Map()
        ends.set(own, Math.min(end, ends.get(own) ?? Infinity))
      }
    }
    this.noteRead(source.name, key)
    const sources = this.sources ??= []
    if (sources.length < sourcesMax * (this.keys?.size ?? 1)) {
      sources.push({ of: source, key, tier, stamp: entry?.stamp })
      this.characters += key.length
    }
  }

  /** Takes notice of a key that was looked for, whether or not it was there. */
  noteRead(family: string, key: string): void {
    const reads = this.reads ??= new Map()
    if (this.readCount++ >= readsMax) return reads.clear()
    const keys = reads.get(family)
    if (keys === undefined) reads.set(family, new Set([key]))
    else keys.add(key)
  }

  /** Whether it has read a key, as far as that is known. */
  mayHaveRead(family: string, key: string): boolean {
    return this.readCount > readsMax || this.reads?.get(family)?.has(key) === true
  }

  /** The same of any key of a scope. */
  mayHaveReadOf(family: string, scope: Scope): boolean {
    if (this.readCount > readsMax) return true
    const keys = this.reads?.get(family)
    if (keys === undefined) return false
    for (const key of keys) if (isWithin(scope, key)) return true
    return false
  }

  /** When something that a key was made from ends: it is fresh no longer than that. */
  freshUntilMax(own: string): number {
    return Math.min(this.endsAt, this.ends?.get(own) ?? Infinity)
  }

  /** When it is too late to join the load of a key: what it has read, or what it waits for rests on, has ended. */
  joinableUntil(own: string): number {
    return Math.min(this.waitsUntil, this.freshUntilMax(own))
  }

  /** What one of the keys that are loaded was made from, as far as it was read in this cache; spelt out when asked. */
  sourcesOf(own: string): Sources {
    const { cache, keys, sources, spec } = this
    if (sources === undefined) return noSources
    return {
      // What is kept for all keys that were loaded together is kept once.
      characters: this.characters / (keys?.size ?? 1),
      spell: () => {
        const mine = sources.filter(({ key, of }) => keys === undefined || cache.reaches(of.name, key, spec.name, own))
        const spelt = mine.map(({ key, of, stamp, tier }) => ({ key: of.show(key), tier, stamp }))
        return [...new Map(spelt.map((source) => [source.key, source])).values()].slice(0, sourcesMax)
      }
    }
  }
}

const noSources: Sources = { characters: 0, spell: () => [] }

interface ReadSource {
  readonly of: FamilySpec<any>
  readonly key: string
  readonly tier: string
  readonly stamp: number | undefined
}

/** The load that a fiber works for, if it does. */
export const CurrentLoad = Context.Reference<Load | undefined>("effect-stateless/cache/internal/flight/CurrentLoad", {
  defaultValue: () => undefined
})

// The last Context that belongs to no work: fibers that start together have one.
let plain: Context.Context<never> | undefined

/** Lets go of the Context that was remembered. */
export const forgetPlain = (): void => {
  plain = undefined
}

/** The load or the update that the running fiber works for, unless that is over. */
export const currentWork = (): Work | undefined => {
  const context = Fiber.getCurrent()?.context
  if (context === undefined || context === plain) return undefined
  const work = Context.get(context, CurrentLoad) ?? Context.get(context, CurrentUpdate)
  if (work === undefined) plain = context
  return work?.isOver === false ? work : undefined
}

/** The value of what is served, to the running fiber; the load that it works for learns whether it was stale. */
export const valueOf = <V>(served: Served<V>): V => {
  if (served.stale) {
    const load = Fiber.getCurrent()?.getRef(CurrentLoad)
    if (load !== undefined) load.readStale = true
  }
  return served.value
}

/** The same of an exit, to a fiber that has waited for it. */
export const valueExit = <V>(exit: Exit.Exit<Served<V>, unknown>): Effect.Effect<V, unknown> =>
  exit._tag === "Failure"
    ? exit as Exit.Exit<never, unknown>
    : exit.value.stale
    ? Effect.sync(() => valueOf(exit.value))
    : Exit.succeed(exit.value.value)

/** Who waits for a flight, called once. */
export interface Waiter<V> {
  (exit: Exit.Exit<Served<V>, unknown>): void
  /** The load or the update that waits. */
  work?: Work
}

// As an Effect, a waiter leaves. One object each, since a thousand may wait.
const Leave: new(place: Waited<any>, waiter: Waiter<any>) => Effect.Effect<void> = function(
  this: { place: Waited<unknown>; waiter: Waiter<unknown> },
  place: Waited<unknown>,
  waiter: Waiter<unknown>
) {
  this.place = place
  this.waiter = waiter
} as any
Leave.prototype = Effectable.Prototype<
  Effect.Effect<void> & { readonly place: Waited<unknown>; readonly waiter: Waiter<unknown> }
>({
  label: "effect-stateless/cache/internal/flight/Leave",
  evaluate() {
    this.place.leave(this.waiter)
    return Exit.void
  }
})

/** Readers who wait for one load; those beyond are refused. */
export const waitersMax = 100_000

/** A place where readers wait for a load of one key: one that runs, or the next one. */
export abstract class Waited<V> {
  readonly key: string
  /** How many have joined a load that runs, those who left again among them. */
  joined = 0
  /** Since when others wait for it than the reader who started it. */
  sharedSince: number | undefined = undefined
  /** It renews an entry, and no reader has waited for it. */
  isBehind = false
  protected waiters = new Set<Waiter<V>>()
  /** Those of them who take nothing stale. */
  protected strict: Set<Waiter<V>> | undefined = undefined
  /** Where the readers who waited here wait now. */
  protected movedTo: Waited<V> | undefined = undefined

  constructor(key: string) {
    this.key = key
  }

  /** What those who wait here wait for. */
  abstract get subject(): Awaited

  /** Gives up if no reader waits any more. */
  abstract abandonIfAlone(): void

  /** It gave up, since no reader waited any more: who comes late has to begin anew. */
  abstract get wasAbandoned(): boolean

  /** Waits for the answer; what it returns leaves again. A waiter may take nothing stale. */
  join(resume: Waiter<V>, nowMillis: number, wantsFresh: boolean): Effect.Effect<void> | void {
    return this.movedTo === undefined ? this.add(resume, wantsFresh) : this.movedTo.join(resume, nowMillis, wantsFresh)
  }

  protected add(resume: Waiter<V>, wantsFresh: boolean): Effect.Effect<void> {
    this.waiters.add(resume)
    if (wantsFresh) (this.strict ??= new Set()).add(resume)
    return new Leave(this, resume)
  }

  /** What answers a reader at once, though the load goes on. */
  earlyAt(nowMillis: number): Exit.Exit<Served<V>, unknown> | undefined {
    return this.movedTo?.earlyAt(nowMillis)
  }

  leave(waiter: Waiter<V>): void {
    if (this.movedTo !== undefined) return this.movedTo.leave(waiter)
    this.waiters.delete(waiter)
    this.strict?.delete(waiter)
    this.abandonIfAlone()
  }

  /** As many wait as may. */
  get isFull(): boolean {
    return this.waiters.size >= waitersMax
  }

  get isEmpty(): boolean {
    return this.waiters.size === 0
  }

  /** All who wait here wait there instead. */
  moveTo(place: Waited<V>): void {
    const { strict, waiters } = this
    this.waiters = new Set()
    this.strict = undefined
    this.movedTo = place
    place.receive(waiters, strict)
  }

  protected receive(waiters: ReadonlySet<Waiter<V>>, strict: ReadonlySet<Waiter<V>> | undefined): void {
    for (const waiter of waiters) this.waiters.add(waiter)
    if (strict !== undefined) this.strict = new Set([...this.strict ?? [], ...strict])
  }

  /** Answers all who wait, those who take nothing stale with `freshExit`. */
  protected answer(exit: Exit.Exit<Served<V>, unknown>, freshExit = exit): void {
    const { strict, waiters } = this
    if (waiters.size === 0) return
    this.waiters = new Set()
    this.strict = undefined
    shallow(() => {
      if (strict === undefined) { for (const resume of waiters) resume(exit) }
      else for (const resume of waiters) resume(strict.has(resume) ? freshExit : exit)
    })
  }
}

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

/** Those who wait for the next load of a key, which has not begun. */
export class Queued<V> extends Waited<V> {
  /** It must run the lookup, though an entry should be there by then. */
  isRefresh = false
  /** It runs to its end though no reader waits. */
  detached = false
  readonly subject: Awaited
  private isOver = false
  private readonly abandoned: (queued: Queued<V>) => void

  /** It begins when those before it have ended. */
  constructor(key: string, before: () => Iterable<Load>, abandoned: (queued: Queued<V>) => void) {
    super(key)
    this.subject = { awaited: before }
    this.abandoned = abandoned
  }

  get wasAbandoned(): boolean {
    return this.movedTo?.wasAbandoned ?? this.isOver
  }

  abandonIfAlone(): void {
    if (!this.isEmpty || this.movedTo !== undefined) return
    this.isOver = true
    this.abandoned(this)
  }

  end(exit: Exit.Exit<Served<V>, unknown>): void {
    this.isOver = true
    this.answer(exit)
  }
}

/**
 * Waits as a Promise, which rejects with what `Effect.runPromise` would reject with, or with the reason of the signal
 * that aborts it.
 */
export const joinPromise = <V>(
  join: (to: Waited<V>, waiter: Waiter<V>) => Effect.Effect<void> | void,
  to: Waited<V>,
  signal: AbortSignal | undefined
): Promise<V> =>
  new Promise((resolve, reject) => {
    const settle: Waiter<V> = (exit) => {
      if (exit._tag === "Success") resolve(exit.value.value)
      else reject(Cause.squash(exit.cause))
    }
    // A thousand may wait for one load: without a signal, a waiter is one closure.
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
