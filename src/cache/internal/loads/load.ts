/**
 * A load: the fiber that runs a lookup, and what this lookup has read of the cache.
 *
 * - A lookup may read a key only if a change of that key would drop what is loaded. Otherwise the load is refused.
 * - The load knows when the first of the values that it has read ends, whether one of them was stale, and which keys it
 *   has read. The value that it makes lasts no longer, is as stale, and is dropped when one of these keys changes.
 *
 * The Context of a fiber says which load the fiber works for.
 *
 * Not here: the reads themselves (`trackedReads.ts`), and the readers who wait for a load (`flight.ts`).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { CacheError, UndeclaredRead } from "../../CacheError.ts"
import type { Slice } from "../../Explanation.ts"
import { reachedAmong, reaches } from "../../shared/invalidationPlan.ts"
import type { Loader } from "../../shared/loader.ts"
import { isWithin } from "../../shared/slices.ts"
import type { Served } from "../entries/served.ts"
import { endsAt } from "../family/expiry.ts"
import type { EngineFamilySpec, Sources } from "../family/familySpec.ts"
import type { Ticket } from "./loadQueue.ts"
import { shallow } from "./stack.ts"
import { type Awaited, CurrentUpdate, someAwaited, Work } from "./waits.ts"

// The most keys that a load records as read. A load that has read more counts as having read every key.
const readsMax = 65_536

// The most keys about which a load asks once more when its lookup has returned. A load with more of them stays
// uncertain.
const uncertainMax = 64

// What a load of several keys has brought stays when its later keys push out a source: so many of its latest keys. They
// are compared with what is held, for each source that is pushed out.
const keptMax = 256

// How many sources of an entry `explain` shows: those that were read first.
const sourcesMax = 32

/**
 * How many lookups and bodies of transactions run in this process. While none runs, a read outside of Effect need not
 * check whether a lookup reads, and a write need not check whether it is collected.
 */
export const openWork = { count: 0 }

/** One run of a lookup, for one flight or for several that are loaded together, and what it has read of the cache. */
export class Load extends Work {
  /** The lookups of its owner, and the Context in which they run. */
  readonly loader: Loader<any>
  private runningFiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  /** The ticket of the load, in a family with a `loadConcurrency`. */
  ticket: Ticket | undefined = undefined
  /** Since when it has waited for its turn; `undefined` if it does not wait. */
  private inLineSince: number | undefined = undefined
  /** How many turns had been given when it was last looked whether the line moves, and when that was. */
  private turnsSeen = 0
  private movedAt = 0
  /** When its turn came, for which it had to wait. */
  private turnAt: number | undefined = undefined
  /** How many of its flights have not ended. */
  open: number
  /** The time until which its value should last. A value that it reads must not end earlier. */
  readonly until: number
  /** Whether the lookup is among those that the family has counted. */
  isCounted = false
  /** Whether a caller of `getOr` has brought what the load runs, in the place of the owner's lookup. */
  isBrought = false
  /** Whether the load has read a stale value, so that the value that it makes is stale as well. */
  readStale = false
  /** Until when everything that it has read was complete: no change of another process is missing. */
  shownSince = Infinity
  /** Whether the load has read a value that was refused, so that its own value is not stored either. */
  readRefused = false
  /** Why a read was refused. Then its value is not stored, even if the lookup has caught the error. */
  refused: CacheError | undefined = undefined
  /** Whether the load has read a nothing that may be a value, and cannot ask about it again. */
  private staysUncertain = false
  /** By family and key: what asks again whether the key has no value. */
  private uncertain: Map<string, Effect.Effect<boolean>> | undefined = undefined
  private readonly cache: object
  private readonly spec: EngineFamilySpec<any>
  private key: string
  /** All keys, if there are several. */
  private readonly keys: ReadonlySet<string> | undefined
  /** The versions of the entries that were kept of it, by key, if there are several keys. */
  private readonly kept: Map<string, number> | undefined
  private sources: Array<ReadSource> | undefined = undefined
  private listeners: Set<() => void> | undefined = undefined
  /** By family. */
  private reads: Map<string, Set<string>> | undefined = undefined
  private readCount = 0
  /** The characters of the keys in `sources`, and of the keys that are loaded together. */
  private characters = 0
  /** When the first value that it has read ends; `ends` has that for each of several keys. */
  private endsAt = Infinity
  private ends: Map<string, number> | undefined = undefined

  constructor(
    cache: object,
    spec: EngineFamilySpec<any>,
    keys: ReadonlyArray<string>,
    loader: Loader<any>,
    until = -Infinity
  ) {
    super()
    this.loader = loader
    this.until = until
    this.cache = cache
    this.spec = spec
    this.key = keys[0] ?? ""
    this.keys = keys.length === 1 ? undefined : new Set(keys)
    this.kept = this.keys && new Map()
    if (this.keys !== undefined) { for (const each of keys) this.characters += each.length }
    this.open = keys.length
    if (this.open > 0) openWork.count++
  }

  /** Adds a key to a load that was made without keys, before it runs. */
  add(key: string): void {
    if (this.open++ === 0) openWork.count++
    if (this.characters === 0) this.key = key
    ;(this.keys as Set<string>).add(key)
    this.characters += key.length
  }

  get name(): string {
    return `the lookup of \`${this.spec.show(this.key)}\``
  }

  /** The family of which it loads a key. */
  get family(): string {
    return this.spec.name
  }

  get isOver(): boolean {
    return this.open === 0
  }

  get fiber(): Fiber.Fiber<unknown, unknown> | undefined {
    return this.runningFiber
  }

  /** Takes a ticket, with which the load may have to wait for its turn. */
  enterLine(ticket: Ticket, nowMillis: number): void {
    this.ticket = ticket
    if (!ticket.isRunning) this.inLineSince = this.movedAt = nowMillis
  }

  /** Notes that the turn of the load has come. Returns for how long it has waited. */
  leaveLine(nowMillis: number): number {
    const { inLineSince } = this
    if (inLineSince === undefined) return 0
    this.inLineSince = undefined
    this.turnAt = nowMillis
    return nowMillis - inLineSince
  }

  get isInLine(): boolean {
    return this.inLineSince !== undefined
  }

  /**
   * For how long the line has not moved since it was last looked at. A lookup that cannot be interrupted keeps its
   * turn, so the line may stand still for ever.
   */
  private standsFor(turnsGiven: number, nowMillis: number): number {
    if (turnsGiven !== this.turnsSeen) {
      this.turnsSeen = turnsGiven
      this.movedAt = nowMillis
    }
    return nowMillis - this.movedAt
  }

  /**
   * For how long it may wait on in the line. A lookup before it takes `timeoutMillis` at most, so a line that does not
   * move for twice that time stands still.
   */
  leftInLine(timeoutMillis: number, turnsGiven: number, nowMillis: number): number {
    return this.standsFor(turnsGiven, nowMillis) < 2 * timeoutMillis ? timeoutMillis : 0
  }

  /** How much is left of a time that began at `startedAt`, or when its turn came, if it had to wait for that. */
  timeLeft(timeoutMillis: number, startedAt: number, nowMillis: number): number {
    return timeoutMillis - (nowMillis - (this.turnAt ?? startedAt))
  }

  /** This fiber runs the lookup. */
  runBy(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.runningFiber = fiber
  }

  /** One of its flights has ended. */
  close(): void {
    if (--this.open > 0) return
    openWork.count--
    if (this.listeners === undefined) return
    const { listeners } = this
    shallow(() => {
      for (const listener of listeners) listener()
    })
  }

  /** Notes that the entry of a key is kept. Returns the versions of its entries by key, if it has several keys. */
  keep(key: string, version: number): ReadonlyMap<string, number> | undefined {
    const { kept } = this
    if (kept === undefined) return undefined
    kept.set(key, version)
    if (kept.size > keptMax) kept.delete(kept.keys().next().value!)
    return kept
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
   * Why the load may not read a key: a change of that key would not drop any of the loaded keys. A change in another
   * cache never does.
   */
  refusalOf(cache: object, source: EngineFamilySpec<any>, key: string): CacheError | undefined {
    if (cache !== this.cache) return this.refuse(source, key, "E0211", "another engine")
    if (this.keys === undefined) {
      if (reaches(source.plan, key, this.spec.name, this.key)) return undefined
    } else for (const _ of reachedAmong(source.plan, key, this.spec.name, this.keys)) return undefined
    const isDeclared = source.plan.in(this.spec.name).length > 0
    const from = source.name === this.spec.name ? "its own family" : "another family"
    return this.refuse(source, key, isDeclared ? "E0232" : "E0211", from)
  }

  private refuse(
    source: EngineFamilySpec<any>,
    key: string,
    code: UndeclaredRead["code"],
    from: UndeclaredRead["from"]
  ): CacheError {
    return this.refused = new CacheError({
      reason: new UndeclaredRead({
        code,
        from,
        by: this.isBrought ? "getOr" : "lookup",
        family: this.spec.name,
        key: this.spec.show(this.key),
        source: source.pattern,
        read: source.show(key)
      })
    })
  }

  /** Records a value that was read. */
  track(source: EngineFamilySpec<any>, key: string, { entry, isUncertain, stale, tier }: Served<unknown>): void {
    if (isUncertain === true) this.becomeUncertain()
    if (stale) this.readStale = true
    if (entry === undefined && tier === "lookup") this.readRefused = true
    // The end of an entry with an idle time counts as if no reader read the entry again.
    const end = entry === undefined ? Infinity : endsAt(entry)
    this.restOn(end)
    this.endBy(source, key, end)
    this.noteRead(source.name, key)
    const sources = this.sources ??= []
    if (sources.length < sourcesMax * (this.keys?.size ?? 1)) {
      sources.push({ of: source, key, tier, stamp: entry?.stamp })
      this.characters += key.length
    }
  }

  /** What it makes of a key is fresh no longer than this. */
  endBy(source: EngineFamilySpec<any>, key: string, end: number): void {
    if (this.keys === undefined) this.endsAt = Math.min(this.endsAt, end)
    else if (end < Infinity) {
      for (const own of reachedAmong(source.plan, key, this.spec.name, this.keys)) {
        const ends = this.ends ??= new Map()
        ends.set(own, Math.min(end, ends.get(own) ?? Infinity))
      }
    }
  }

  /** Whether it has read a nothing that may be a value. Then its value is not stored. */
  get isUncertain(): boolean {
    return this.staysUncertain || this.uncertain !== undefined && this.uncertain.size > 0
  }

  /** Notes that the load has read a nothing that may be a value, and that the cache cannot find out whether it is. */
  becomeUncertain(): void {
    this.staysUncertain = true
  }

  /** A read of a key has found nothing, although there may be a value. `isNothing` asks again. */
  askLater(family: string, key: string, isNothing: Effect.Effect<boolean>): void {
    const uncertain = this.uncertain ??= new Map()
    if (uncertain.size < uncertainMax) uncertain.set(`${family} ${key}`, isNothing)
    else this.becomeUncertain()
  }

  /**
   * Asks once more for each uncertain key, when the lookup has returned. What changes later is noticed, because the key
   * is noted as missed.
   */
  askAgain(): Effect.Effect<void> {
    const { uncertain } = this
    if (uncertain === undefined || this.staysUncertain) return Effect.void
    return Effect.forEach(Array.from(uncertain), ([name, isNothing]) =>
      Effect.map(isNothing, (is) => {
        if (is) uncertain.delete(name)
      }), { discard: true })
  }

  /** Records a key that the lookup has read, whether it was found or not. */
  noteRead(family: string, key: string): void {
    const reads = this.reads ??= new Map()
    if (this.readCount++ >= readsMax) return reads.clear()
    const keys = reads.get(family)
    if (keys === undefined) reads.set(family, new Set([key]))
    else keys.add(key)
  }

  /**
   * Whether its lookup has read what a key is made from: a key of each of these families. If it does not know, it says
   * that the lookup has not.
   */
  hasReadAll(families: ReadonlyArray<string>, own: string): boolean {
    const { keys, reads, sources, spec } = this
    if (keys === undefined) return families.every((family) => reads?.has(family) === true)
    return families.every((family) =>
      sources?.some(({ key, of }) => of.name === family && reaches(of.plan, key, spec.name, own)) === true
    )
  }

  /** Whether its value may be made from a key: it, or a load for which it waits, has read the key. */
  mayHaveRead(family: string, key: string): boolean {
    return this.mayRestOn((load) => load.reads?.get(family)?.has(key) === true)
  }

  /** Whether its value may be made from a key of a slice. */
  mayHaveReadOf(family: string, slice: Slice): boolean {
    return this.mayRestOn((load) => {
      for (const key of load.reads?.get(family) ?? none) if (isWithin(slice, key)) return true
      return false
    })
  }

  private mayRestOn(hasRead: (load: Load) => boolean): boolean {
    const isBehind = (one: Awaited) => one instanceof Load && (one.readCount > readsMax || hasRead(one))
    return someAwaited(this, isBehind, true)
  }

  /** When the first source of a key ends. The key is fresh no longer than that. */
  freshUntilMax(own: string): number {
    return Math.min(this.endsAt, this.ends?.get(own) ?? Infinity)
  }

  /**
   * The time until which a reader may join the load of a key: the first end of a value that the load has read or waits
   * for.
   */
  joinableUntil(own: string): number {
    return Math.min(this.waitsUntil, this.freshUntilMax(own))
  }

  /** The sources of one loaded key that were read in this cache. The list is made only when a caller asks for it. */
  sourcesOf(own: string): Sources {
    const { keys, sources, spec } = this
    if (sources === undefined) return noSources
    return {
      // Keys that were loaded together share one list of sources.
      characters: this.characters / (keys?.size ?? 1),
      spell: () => {
        const mine = sources.filter(({ key, of }) => keys === undefined || reaches(of.plan, key, spec.name, own))
        const spelt = mine.map(({ key, of, stamp, tier }) => ({ key: of.show(key), tier, stamp }))
        return [...new Map(spelt.map((source) => [source.key, source])).values()].slice(0, sourcesMax)
      }
    }
  }
}

const none: ReadonlyArray<never> = []

const noSources: Sources = { characters: 0, spell: () => [] }

interface ReadSource {
  readonly of: EngineFamilySpec<any>
  readonly key: string
  readonly tier: string
  readonly stamp: number | undefined
}

/** The load for which a fiber works; `undefined` if it works for none. */
export const CurrentLoad = Context.Reference<Load | undefined>("effect-stateless/cache/internal/load/CurrentLoad", {
  defaultValue: () => undefined
})

/**
 * The load that a Context belongs to; `undefined` if that load has ended. A fiber that outlives its load belongs to
 * none.
 */
export const loadOf = (context: Context.Context<never>): Load | undefined => {
  const load = Context.getOrUndefined(context, CurrentLoad)
  return load === undefined || load.open === 0 ? undefined : load
}

/** The Context of the lookup that is running now; `undefined` if none is. */
export const currentLookup = (): Context.Context<never> | undefined => {
  if (openWork.count === 0) return undefined
  const context = Fiber.getCurrent()?.context
  return context !== undefined && loadOf(context) !== undefined ? context : undefined
}

// The last Context that belongs to no work. It is remembered, because fibers that start together share one Context.
let idleContext: Context.Context<never> | undefined

/** Forgets the remembered Context. */
export const forgetIdleContext = (): void => {
  idleContext = undefined
}

/** The load or the update for which the running fiber works; `undefined` if that is over. */
export const currentWork = (): Work | undefined => {
  const context = Fiber.getCurrent()?.context
  if (context === undefined || context === idleContext) return undefined
  const work = Context.get(context, CurrentLoad) ?? Context.get(context, CurrentUpdate)
  if (work === undefined) idleContext = context
  return work?.isOver === false ? work : undefined
}

/** Takes the value of what is served to the running fiber. If the value is stale, the fiber's load notes that. */
export const valueOf = <V>(served: Served<V>): V => {
  if (served.stale) {
    const load = Fiber.getCurrent()?.getRef(CurrentLoad)
    if (load !== undefined) load.readStale = true
  }
  return served.value
}

/**
 * Takes the value of an exit, for a fiber that has waited for it. If the value is stale, the fiber's load notes that.
 */
export const valueExit = <V>(exit: Exit.Exit<Served<V>, unknown>): Effect.Effect<V, unknown> =>
  exit._tag === "Failure"
    ? exit as Exit.Exit<never, unknown>
    : exit.value.stale
    ? Effect.sync(() => valueOf(exit.value))
    : Exit.succeed(exit.value.value)
