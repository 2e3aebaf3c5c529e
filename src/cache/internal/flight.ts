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
import type { FamilySpec, Loader, Sources } from "../FamilySpec.ts"
import type { LookupContext } from "../Lookup.ts"
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
}

/** The cache of a load, as far as it matters here: what a change of one key drops. */
export interface Plan {
  /** Whether a change of a key of one family drops a key of another one. */
  reaches(family: string, key: string, target: string, targetKey: string): boolean
  /** The same for many keys at once: those that it drops. */
  reachedAmong(family: string, key: string, target: string, keys: ReadonlySet<string>): Iterable<string>
}

// How many of the entries that an entry was made from are told to `explain`; those read first.
const sourcesMax = 32

/** How many lookups run in this process: while there are none, a read outside of Effect need not ask who reads. */
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
  /** It read what it may not read, and so must not be stored, even if the lookup made light of it. */
  refused: CacheError | undefined = undefined
  private readonly cache: Plan
  private readonly spec: FamilySpec<any>
  private readonly key: string
  /** All of them, where they are several. */
  private readonly keys: ReadonlySet<string> | undefined
  private sources: Array<ReadSource> | undefined = undefined
  private listeners: Set<() => void> | undefined = undefined
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
    if (cache !== this.cache) return this.refuse(source, key, "E0211")
    if (this.keys === undefined) {
      if (cache.reaches(source.name, key, this.spec.name, this.key)) return undefined
    } else for (const _ of cache.reachedAmong(source.name, key, this.spec.name, this.keys)) return undefined
    const isDeclared = source.dependents.some(({ family }) => family === this.spec.name)
    return this.refuse(source, key, isDeclared ? "E0232" : "E0211")
  }

  private refuse(source: FamilySpec<any>, key: string, code: UndeclaredRead["code"]): CacheError {
    return this.refused = new CacheError({
      reason: new UndeclaredRead({
        code,
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
    const end = entry?.freshUntil ?? Infinity
    if (this.keys === undefined) this.endsAt = Math.min(this.endsAt, end)
    else if (end < Infinity) {
      for (const own of cache.reachedAmong(source.name, key, this.spec.name, this.keys)) {
        const ends = this.ends ??= new Map()
        ends.set(own, Math.min(end, ends.get(own) ?? Infinity))
      }
    }
    const sources = this.sources ??= []
    if (sources.length < sourcesMax * (this.keys?.size ?? 1)) {
      sources.push({ of: source, key, tier, stamp: entry?.stamp })
      this.characters += key.length
    }
  }

  /** When something that a key was made from ends: it is fresh no longer than that. */
  freshUntilMax(own: string): number {
    return Math.min(this.endsAt, this.ends?.get(own) ?? Infinity)
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
export type Waiter<V> = (exit: Exit.Exit<Served<V>, unknown>) => void

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
  protected waiters = new Set<Waiter<V>>()
  /** Where the readers who waited here wait now. */
  protected movedTo: Waited<V> | undefined = undefined

  constructor(key: string) {
    this.key = key
  }

  /** What those who wait here wait for. */
  abstract get subject(): Awaited

  /** Gives up if no reader waits any more. */
  abstract abandonIfAlone(): void

  /** Waits for the answer; what it returns leaves again. */
  join(resume: Waiter<V>): Effect.Effect<void> | void {
    if (this.movedTo !== undefined) return this.movedTo.join(resume)
    this.waiters.add(resume)
    return new Leave(this, resume)
  }

  leave(waiter: Waiter<V>): void {
    if (this.movedTo !== undefined) return this.movedTo.leave(waiter)
    this.waiters.delete(waiter)
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
    const { waiters } = this
    this.waiters = new Set()
    this.movedTo = place
    place.receive(waiters)
  }

  protected receive(waiters: ReadonlySet<Waiter<V>>): void {
    for (const waiter of waiters) this.waiters.add(waiter)
  }

  protected answer(exit: Exit.Exit<Served<V>, unknown>): void {
    const { waiters } = this
    if (waiters.size === 0) return
    this.waiters = new Set()
    shallow(() => {
      for (const resume of waiters) resume(exit)
    })
  }
}

/** One load of one key that runs, and those who wait for it. */
export class Flight<V> extends Waited<V> {
  readonly stamp: number
  /** Entries up to this version were there when it began. */
  readonly versionBefore: number
  readonly startedAt: number
  readonly cause: LookupContext<V>["cause"]
  /** What may be served should the lookup fail, and until when it is fresh. */
  readonly fallback: Entry<V> | undefined
  /** Runs to its end though no reader waits. */
  detached: boolean
  readonly load: Load
  voided = false
  /** Nothing may be served should the lookup fail: a mark that hid it may have been forgotten meanwhile. */
  barred = false
  /** A reader is about to join. */
  held = false
  /** No reader asked for it: it takes no place in the queue of those who did. */
  quiet = false
  timer: Fiber.Fiber<unknown, unknown> | undefined = undefined
  exit: Exit.Exit<Served<V>, unknown> | undefined = undefined
  private early: Exit.Exit<Served<V>, unknown> | undefined = undefined
  private readonly abandoned: (flight: Flight<V>) => void

  constructor(
    key: string,
    stamp: number,
    versionBefore: number,
    startedAt: number,
    cause: LookupContext<V>["cause"],
    fallback: Entry<V> | undefined,
    detached: boolean,
    load: Load,
    abandoned: (flight: Flight<V>) => void
  ) {
    super(key)
    this.stamp = stamp
    this.versionBefore = versionBefore
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
   */
  override join(resume: Waiter<V>): Effect.Effect<void> | void {
    if (this.movedTo !== undefined) return this.movedTo.join(resume)
    this.joined++
    if (this.exit !== undefined) return resume(this.exit)
    // A tier that answers at once does so before the reader who started the load can wait for it.
    if (this.early !== undefined && (this.held || this.joined === 1)) return resume(this.early)
    this.waiters.add(resume)
    return new Leave(this, resume)
  }

  protected override receive(waiters: ReadonlySet<Waiter<V>>): void {
    this.joined += waiters.size
    super.receive(waiters)
  }

  letGo(): void {
    this.held = false
    this.abandonIfAlone()
  }

  abandonIfAlone(): void {
    if (this.isEmpty && !this.held && !this.detached && this.exit === undefined) this.abandoned(this)
  }

  /** Ends the flight; false when it has ended already. */
  end(exit: Exit.Exit<Served<V>, unknown>): boolean {
    if (this.exit !== undefined) return false
    this.exit = exit
    this.load.close()
    this.timer?.interruptUnsafe()
    this.answer(exit)
    return true
  }

  /** Interrupts the fiber behind it, unless other flights need that. */
  stop(): void {
    const { fiber, open } = this.load
    if (open === 0 && fiber !== undefined) shallow(() => fiber.interruptUnsafe())
  }

  /** Answers those who wait now, while the load goes on for those to come. */
  answerEarly(exit: Exit.Exit<Served<V>, unknown>): void {
    this.detached = true
    this.early = exit
    this.answer(exit)
  }
}

/** Those who wait for the next load of a key, which has not begun. */
export class Queued<V> extends Waited<V> {
  /** It must run the lookup, though an entry should be there by then. */
  isRefresh = false
  /** It runs to its end though no reader waits. */
  detached = false
  /** What may be served should the lookup fail. */
  fallback: Entry<V> | undefined = undefined
  readonly subject: Awaited
  private readonly abandoned: (queued: Queued<V>) => void

  /** It begins when those before it have ended. */
  constructor(key: string, before: () => Iterable<Load>, abandoned: (queued: Queued<V>) => void) {
    super(key)
    this.subject = { awaited: before }
    this.abandoned = abandoned
  }

  abandonIfAlone(): void {
    if (this.isEmpty) this.abandoned(this)
  }

  end(exit: Exit.Exit<Served<V>, unknown>): void {
    this.answer(exit)
  }
}

/** Waits as a Promise, which rejects with what `Effect.runPromise` would reject with. */
export const joinPromise = <V>(
  join: (waiter: Waiter<V>) => Effect.Effect<void> | void,
  signal: AbortSignal | undefined
): Promise<V> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      if (leave !== undefined) Effect.runSync(leave)
      reject(Cause.squash(Cause.interrupt()))
    }
    const leave = join((exit) => {
      signal?.removeEventListener("abort", stop)
      if (exit._tag === "Success") resolve(exit.value.value)
      else reject(Cause.squash(exit.cause))
    }) ?? undefined
    // A reader who was answered at once does not wait for the signal.
    if (leave !== undefined) signal?.addEventListener("abort", stop, { once: true })
  })
