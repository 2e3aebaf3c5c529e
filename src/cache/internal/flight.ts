/**
 * One load of one key, and everyone who waits for it.
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
import type { FamilySpec, Sources } from "../FamilySpec.ts"
import type { LookupContext } from "../Lookup.ts"

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

/** The fiber behind a flight, or behind several that are loaded together; and what it has read of the cache. */
export class Load {
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
  /** Characters of the keys in `sources`, and of those that are loaded together. */
  private characters = 0
  /** When what it read ends, first of all; of several keys, those for which it was read. */
  private endsAt = Infinity
  private ends: Map<string, number> | undefined = undefined

  constructor(cache: Plan, spec: FamilySpec<any>, keys: ReadonlyArray<string>) {
    this.cache = cache
    this.spec = spec
    this.key = keys[0]!
    this.keys = keys.length === 1 ? undefined : new Set(keys)
    if (this.keys !== undefined) { for (const each of keys) this.characters += each.length }
    this.open = keys.length
  }

  /** Why the load may not read a key: no change of it would reach any of the keys that are loaded. */
  refusalOf(cache: Plan, source: FamilySpec<any>, key: string): CacheError | undefined {
    if (cache !== this.cache) return undefined
    if (this.keys === undefined) {
      if (cache.reaches(source.name, key, this.spec.name, this.key)) return undefined
    } else for (const _ of cache.reachedAmong(source.name, key, this.spec.name, this.keys)) return undefined
    return this.refused = new CacheError({
      reason: new UndeclaredRead({
        code: source.dependents.some(({ family }) => family === this.spec.name) ? "E0232" : "E0211",
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
    if (cache !== this.cache || this.keys === undefined) this.endsAt = Math.min(this.endsAt, end)
    else if (end < Infinity) {
      for (const own of cache.reachedAmong(source.name, key, this.spec.name, this.keys)) {
        const ends = this.ends ??= new Map()
        ends.set(own, Math.min(end, ends.get(own) ?? Infinity))
      }
    }
    if (cache !== this.cache) return
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
const Leave: new(flight: Flight<any>, waiter: Waiter<any>) => Effect.Effect<void> = function(
  this: { flight: Flight<unknown>; waiter: Waiter<unknown> },
  flight: Flight<unknown>,
  waiter: Waiter<unknown>
) {
  this.flight = flight
  this.waiter = waiter
} as any
Leave.prototype = Effectable.Prototype<
  Effect.Effect<void> & { readonly flight: Flight<unknown>; readonly waiter: Waiter<unknown> }
>({
  label: "effect-stateless/cache/internal/flight/Leave",
  evaluate() {
    this.flight.leave(this.waiter)
    return Exit.void
  }
})

/** Readers who wait for one load; those beyond are refused. */
export const waitersMax = 100_000

export class Flight<V> {
  readonly key: string
  readonly stamp: number
  /** Entries up to this version were there when it began. */
  readonly versionBefore: number
  readonly startedAt: number
  readonly cause: LookupContext<V>["cause"]
  /** What may be served should the lookup fail, and until when it is fresh. */
  readonly fallback: Entry<V> | undefined
  /** Runs to its end though nobody waits. */
  detached: boolean
  readonly load: Load
  voided = false
  /** Nothing may be served should the lookup fail: a mark that hid it may have been forgotten meanwhile. */
  barred = false
  /** Took the place of another load, whose waiters may have got an older value. */
  replaces = false
  /** Somebody is about to join. */
  held = false
  /** No reader asked for it: it takes no place in the queue of those who did. */
  quiet = false
  /** How many have joined, those who left again among them. */
  joined = 0
  timer: Fiber.Fiber<unknown, unknown> | undefined = undefined
  exit: Exit.Exit<Served<V>, unknown> | undefined = undefined
  private early: Exit.Exit<Served<V>, unknown> | undefined = undefined
  private waiters = new Set<Waiter<V>>()
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
    this.key = key
    this.stamp = stamp
    this.versionBefore = versionBefore
    this.startedAt = startedAt
    this.cause = cause
    this.fallback = fallback
    this.detached = detached
    this.load = load
    this.abandoned = abandoned
  }

  /**
   * Waits for the end; what it returns leaves again. The last one to leave abandons the flight, unless it is detached.
   */
  join(resume: Waiter<V>): Effect.Effect<void> | void {
    this.joined++
    if (this.exit !== undefined) return resume(this.exit)
    // A tier that answers at once does so before whoever started the load can wait for it.
    if (this.early !== undefined && (this.held || this.joined === 1)) return resume(this.early)
    this.waiters.add(resume)
    return new Leave(this, resume)
  }

  /** No more may wait. */
  get isFull(): boolean {
    return this.waiters.size >= waitersMax
  }

  letGo(): void {
    this.held = false
    this.abandonIfAlone()
  }

  leave(waiter: Waiter<V>): void {
    this.waiters.delete(waiter)
    this.abandonIfAlone()
  }

  private abandonIfAlone(): void {
    if (this.waiters.size === 0 && !this.held && !this.detached && this.exit === undefined) this.abandoned(this)
  }

  /** Ends the flight; false when it has ended already. */
  end(exit: Exit.Exit<Served<V>, unknown>): boolean {
    if (this.exit !== undefined) return false
    this.exit = exit
    this.load.open--
    this.timer?.interruptUnsafe()
    this.answer(exit)
    return true
  }

  /** Answers those who wait now, while the load goes on for those to come. */
  answerEarly(exit: Exit.Exit<Served<V>, unknown>): void {
    this.detached = true
    this.early = exit
    this.answer(exit)
  }

  private answer(exit: Exit.Exit<Served<V>, unknown>): void {
    const { waiters } = this
    this.waiters = new Set()
    for (const resume of waiters) resume(exit)
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
    signal?.addEventListener("abort", stop, { once: true })
  })
