/**
 * What a family holds: entries in its partition, and the marks by which they are judged.
 *
 * Nothing here loads, and nothing decides what to serve.
 */
import * as Effect from "effect/Effect"
import type { Entry, Found } from "../../store/Entry.ts"
import type { HotPartition, Mark, Prepared } from "../../store/Store.ts"
import { StoreError, TierFailed } from "../../store/StoreError.ts"
import { CacheEvent } from "../CacheEvent.ts"
import type { Happening, Noted } from "../Explanation.ts"
import type { FamilySpec, FamilyStats } from "../shared/familySpec.ts"
import {
  everything,
  FamilyMarks,
  type Mode,
  readScope,
  type Scope,
  TagMarks,
  type Verdict,
  writeScope,
  writeTag
} from "../shared/invalidation.ts"
import { type Below, both, nothing } from "./below.ts"
import type { Engine } from "./engine.ts"
import * as Expiry from "./expiry.ts"
import { freezeFound } from "./freeze.ts"
import { Holds } from "./holds.ts"
import { Judge, type Judged, memory, noTags } from "./judgement.ts"
import { type Holding, triesMax, unknown, type Watch } from "./knowing.ts"
import { Limiter } from "./limits.ts"
import { familyName, markName } from "./names.ts"
import { Lane } from "./outbox.ts"
import { distrusted, type OnFailure, type Pending } from "./parcels.ts"
import { sealed } from "./sensitive.ts"
import type { Served } from "./served.ts"
import { Sources } from "./sources.ts"
import { type Looked, SweepDue } from "./sweepDue.ts"

// How often in one idle time the tiers below learn that an entry is read. Without memory above them, an entry may so
// end earlier than its idle time, by a share of it of one in so many at most; with more, reads would write more.
const idleSteps = 16

/** An entry of that tier, as it is served. */
export const fromMemory = <V>(entry: Entry<V>, stale: boolean): Served<V> => ({
  value: entry.value,
  tier: memory,
  entry,
  stale
})

// What a read below says of a key that was changed meanwhile, where neither memory nor the outbox has it any more.
const changed = Symbol("changed")

/** What memory found, as a tier says it. */
export const foundIn = <V>(entry: Entry<V> | undefined): Found<V> | undefined =>
  entry === undefined ? undefined : { entry, tier: memory }

// A class, for V8 keeps what it learnt first of the fields of a literal: it made each entry with a small `stamp`, which
// was then converted at its first use, for 0.3 us of a write.
class MadeEntry<V> implements Entry<V> {
  declare readonly value: V
  declare readonly stamp: number
  declare readonly version: number
  declare readonly freshUntil: number
  declare readonly expiresAt: number
  declare readonly costMillis: number
  declare readonly tags: ReadonlyArray<string>
  declare readonly revision: string | undefined

  constructor(
    value: V,
    stamp: number,
    version: number,
    freshUntil: number,
    expiresAt: number,
    costMillis: number,
    tags: ReadonlyArray<string>,
    revision: string | undefined
  ) {
    this.value = value
    this.stamp = stamp
    this.version = version
    this.freshUntil = freshUntil
    this.expiresAt = expiresAt
    this.costMillis = costMillis
    this.tags = tags
    this.revision = revision
  }
}

export class Entries<V> {
  readonly cache: Engine
  readonly spec: FamilySpec<V>
  readonly name: string
  readonly expiry: Expiry.Expiry
  readonly hot: HotPartition<V> | undefined
  /** What lies below memory, by way of the outbox; `undefined` when memory is all there is. */
  readonly lower: Lane<V> | undefined
  readonly judgement: Judge<V>
  /** What open transactions change. */
  readonly holds = new Holds()
  readonly marks = new FamilyMarks()
  readonly tags = new TagMarks()
  /** Some entry may have a tag: one has had, or a tier keeps entries from before. */
  tagged: boolean
  /** What a tag's invalidation may concern is older than this. */
  tagMark = 0
  hasListeners = false
  /** How a store knows the family. */
  readonly storeName: string
  /** How long entries of earlier lives may live. */
  readonly limiter: Limiter
  /**
   * Of families from which others derive: which keys lookups have read, and which of them have been pushed out since.
   */
  readonly sources: Sources | undefined
  /**
   * What has a lesser stamp, or no greater version than the second, is from before the engine was opened, or before it
   * was hidden in this process alone: the tiers below may hold it all the same.
   */
  before = 0
  private versionBefore = 0
  /** What has a lesser stamp may be hidden in this process alone. */
  private hiddenHere = 0
  /** When the marks are swept. */
  readonly sweepDue = new SweepDue(this)
  /** Some tier may hold an entry that no mark on the whole family hides. */
  private mayHold: boolean
  private readonly watches = new Map<string, Set<Watch>>()
  /** How often each tier below memory answered. */
  readonly hitsBelow = new Map<string, number>()
  private readonly told = new WeakSet<StoreError>()
  readonly counts = {
    hits: 0,
    staleHits: 0,
    misses: 0,
    loads: 0,
    loadFailures: 0,
    coalesced: 0,
    refused: 0,
    evictions: 0,
    expirations: 0,
    invalidations: 0
  }

  constructor(cache: Engine, spec: FamilySpec<V>) {
    this.cache = cache
    this.spec = spec
    this.name = spec.name
    this.storeName = familyName(cache.id, spec.name)
    this.expiry = spec.expiry
    this.limiter = new Limiter(spec.expiry)
    this.hot = spec.partition.hot
    const lower = this.hot === undefined ? spec.partition : spec.partition.below
    this.judgement = new Judge(spec, lower)
    this.lower = lower && new Lane(cache.outbox, {
      name: this.storeName,
      partition: lower,
      time: cache.time,
      isSensitive: spec.isSensitive,
      onFailure: this.tierFailed,
      onDistrust: this.distrustBelow,
      onAlone: (key) => this.sources?.isAlone(key)
    })
    this.tagged = this.lower !== undefined
    this.sources = spec.plan.isEmpty ? undefined : new Sources()
    this.mayHold = this.lower !== undefined
    this.lookTwice()
  }

  get stats(): FamilyStats {
    const hits = this.counts.hits + (this.hot?.hits ?? 0)
    const hitsByTier = {
      ...(this.hot === undefined ? {} : { [memory]: hits }),
      ...Object.fromEntries(this.hitsBelow)
    }
    return { ...this.counts, hits, hitsByTier, entries: this.hot?.count ?? 0 }
  }

  /** The entry of a key, fresh or stale, unless it is invalid. */
  held(key: string): Entry<V> | undefined {
    const entry = this.hot?.peek(key)
    if (entry === undefined) return undefined
    return this.judge(key, entry.stamp, entry.tags) === "hidden" ? undefined : entry
  }

  isFresh(key: string, entry: Entry<V>, now: number): boolean {
    return this.judge(key, entry.stamp, entry.tags) === "valid" && now < entry.freshUntil && now < entry.expiresAt
  }

  judge(key: string, stamp: number, tags: ReadonlyArray<string>): Verdict {
    const own = stamp >= this.marks.latest ? "valid" : this.marks.judge(key, stamp)
    if (own === "hidden" || tags.length === 0) return own
    const byTag = this.tags.judge(tags, stamp)
    return byTag === "valid" ? own : byTag
  }

  /** Until when an entry is fresh, or since when it is not; it may be hidden all the same. */
  freshUntil(key: string, entry: Entry<V>, now: number): number {
    return this.judge(key, entry.stamp, entry.tags) === "stale" ? this.staleSince(key, entry, now) : entry.freshUntil
  }

  /** When an entry that was marked stale ceased to be fresh: with the mark, or before by its own time. */
  private staleSince(key: string, entry: Entry<V>, now: number): number {
    const marked = Math.min(
      this.marks.staleSince(key, entry.stamp),
      this.tags.staleSince(entry.tags, entry.stamp)
    )
    return Math.min(now, entry.freshUntil, marked)
  }

  /** An entry that is read now, which puts off the end of its idle time in every tier. */
  touch(key: string, entry: Entry<V>, now: number): Entry<V> {
    const { idleTimeToLive } = this.expiry
    if (idleTimeToLive === undefined) return entry
    const expiresAt = Expiry.endOf(this.expiry, entry.freshUntil, now)
    if (expiresAt === entry.expiresAt) return entry
    this.hot?.postpone(key, expiresAt)
    // From now on its end is that of today's options, which its stamp says, unless a mark came since it was found.
    const isOfToday = entry.stamp < this.limiter.before && this.judge(key, entry.stamp, entry.tags) === "valid"
    const read = { ...entry, expiresAt, stamp: isOfToday ? this.limiter.before : entry.stamp }
    if (this.lower === undefined || this.cache.outbox.isFull) return read
    const step = idleTimeToLive / idleSteps
    const isNoted = Math.floor(now / step) === Math.floor((entry.expiresAt - idleTimeToLive) / step)
    if (!isNoted) this.lower.touch(key, read)
    return read
  }

  // --- what was read ----------------------------------------------------------------------------

  /** Counts a fresh value by the tier that had it. */
  countHit(key: string, tier: string): void {
    if (tier === memory) this.counts.hits++
    else this.hitsBelow.set(tier, (this.hitsBelow.get(tier) ?? 0) + 1)
    this.tellHit(key, tier, false)
  }

  /** Counts a read that loads nothing. */
  countHeld(key: string, served: Served<V> | undefined): Served<V> | undefined {
    if (served?.tier !== memory) this.countMiss(key)
    if (served === undefined) return undefined
    this.countHit(key, served.tier)
    this.hot?.touch(key)
    return served
  }

  /** Counts a stale value that was served, and tells of it. */
  countStale(key: string, tier: string): void {
    this.counts.staleHits++
    this.tellHit(key, tier, true)
  }

  /** Counts a read that memory could not answer. */
  countMiss(key: string): void {
    this.counts.misses++
    if (this.hasListeners) this.cache.emit(CacheEvent.Miss({ family: this.name, key: this.spec.show(key) }))
  }

  tellHit(key: string, tier: string, stale: boolean): void {
    if (this.hasListeners) this.cache.emit(CacheEvent.Hit({ family: this.name, key: this.spec.show(key), tier, stale }))
  }

  // --- the tiers below --------------------------------------------------------------------------

  /** Runs what must know whether the key is changed meanwhile. */
  watching<A, E, R>(key: string, use: (watch: Watch) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.watch(key)),
      use,
      (watch) => Effect.sync(() => this.unwatch(key, watch))
    )
  }

  /** For `knowing`. */
  holding(key: string): Holding {
    return {
      watch: () => this.watch(key),
      unwatch: (watch) => this.unwatch(key, watch),
      current: Effect.suspend(() => {
        const held = this.held(key)
        return held !== undefined || this.lower === undefined ? Effect.succeed(held) : this.heldBelow(key)
      })
    }
  }

  /** The entry that the tiers below have of a key, fresh or stale, unless it is invalid. */
  heldBelow(key: string): Effect.Effect<Entry<V> | typeof unknown | undefined> {
    return Effect.map(this.lookBelow(key), (found) => {
      if (found === unknown) return unknown
      if (found !== undefined) this.cache.saw(found.entry)
      const isGone = found === undefined || found.entry.expiresAt <= this.cache.time.now() ||
        this.judge(key, found.entry.stamp, found.entry.tags) === "hidden"
      return isGone ? undefined : found.entry
    })
  }

  private watch(key: string): Watch {
    const watch: Watch = { changed: false, isGone: false }
    const known = this.watches.get(key)
    if (known === undefined) this.watches.set(key, new Set([watch]))
    else known.add(watch)
    return watch
  }

  private unwatch(key: string, watch: Watch): void {
    const known = this.watches.get(key)
    known?.delete(watch)
    if (known?.size === 0) this.watches.delete(key)
  }

  private changed(key: string, isGone = false): void {
    const known = this.watches.size === 0 ? undefined : this.watches.get(key)
    if (known === undefined) return
    for (const watch of known) {
      watch.changed = true
      watch.isGone = isGone
    }
  }

  /**
   * An owner has left: nothing that is held is served any more, and what is on its way to memory counts as out of date.
   * What lies below is kept for the next process, and what memory has yet to push down goes there when the family
   * closes.
   */
  abandon(): void {
    for (const watches of this.watches.values()) for (const watch of watches) watch.changed = true
    this.hideHere(everything, this.cache.nextStamp(), this.cache.time.now())
    if (this.lower === undefined) this.hot?.dropAll()
  }

  /** What the tiers below hold of a key; nothing is copied up. */
  lookBelow(key: string): Effect.Effect<Found<V> | typeof unknown | undefined> {
    return Effect.suspend((): Effect.Effect<Found<V> | typeof unknown | undefined> => {
      const pending = this.lower!.pending(key)
      if (pending !== undefined) return Effect.succeed(this.onItsWay(pending))
      return this.orUnknown(Effect.map(this.lower!.get(key), this.whole))
    })
  }

  /** What a tier below has found, as it would be found in memory. */
  private readonly whole = (found: Found<V> | undefined): Found<V> | undefined => {
    if (found === undefined) return undefined
    if (this.expiry.freeze) freezeFound(found.entry.value)
    return this.limiter.limited(found, this.cache.time.now())
  }

  /** An entry that the tiers below do not have yet; without memory, the store answers for it. */
  private onItsWay(pending: Pending<V>): Found<V> | typeof unknown | undefined {
    if (pending === distrusted) return unknown
    const { entry } = pending
    if (entry === undefined || entry.expiresAt <= this.cache.time.now()) return undefined
    return { entry, tier: this.hot === undefined ? this.cache.store.name : memory }
  }

  /** It is not known what a tier holds that cannot be read. Listeners hear of the failure. */
  private orUnknown<A>(read: Effect.Effect<A, StoreError>): Effect.Effect<A | typeof unknown> {
    return Effect.catch(read, (error) => {
      this.tierFailed("get", error)
      return Effect.succeed(unknown)
    })
  }

  /** What the tiers below hold of a key, which memory then holds, too, unless the key is changed meanwhile. */
  fromBelow(key: string, tries = triesMax): Effect.Effect<Found<V> | typeof unknown | undefined> {
    const look = this.watching(
      key,
      (watch) => Effect.map(this.lookBelow(key), (found) => this.promote(key, found, watch))
    )
    return Effect.flatMap(look, (found) =>
      found !== changed
        ? Effect.succeed(found)
        : tries > 0
        ? this.fromBelow(key, tries - 1)
        : Effect.succeed(unknown))
  }

  manyFromBelow(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | typeof unknown | undefined>> {
    const lower = this.lower!
    const look = Effect.acquireUseRelease(
      Effect.sync(() => keys.map((key) => ({ key, watch: this.watch(key), pending: lower.pending(key) }))),
      (reads) =>
        Effect.map(
          this.orUnknown(lower.getMany(keys)),
          (all) =>
            reads.map(({ key, pending, watch }, at) => {
              const found = all === unknown ? unknown : this.whole(all[at])
              return this.promote(key, pending === undefined ? found : this.onItsWay(pending), watch)
            })
        ),
      (reads) => Effect.sync(() => reads.forEach(({ key, watch }) => this.unwatch(key, watch)))
    )
    return Effect.flatMap(
      look,
      (all) => Effect.forEach(all, (found, at) => found === changed ? this.fromBelow(keys[at]!) : Effect.succeed(found))
    )
  }

  /** What a read below has found, unless it is out of date by now: then what holds instead. */
  private promote(
    key: string,
    found: Found<V> | typeof unknown | undefined,
    watch: Watch
  ): Found<V> | typeof unknown | typeof changed | undefined {
    // The weigher may throw, and may change the key.
    const weight = found === undefined || found === unknown ? undefined : this.weightOf(key, found.entry.value)
    if (watch.changed) return this.instead(key, watch)
    if (found === undefined || found === unknown) return found
    const { entry } = found
    this.cache.saw(entry, this.spec, key)
    if (weight === undefined) return unknown
    const now = this.cache.time.now()
    if (entry.tags.length > 0) this.tagged = true
    if (this.hot === undefined || entry.expiresAt <= now) return found
    if (this.judge(key, entry.stamp, entry.tags) === "hidden") return this.isHiddenHere(entry) ? unknown : undefined
    const inMemory = this.hot.peek(key)
    if (inMemory === undefined || inMemory.version < entry.version) {
      this.putHot(key, entry, this.dueAt(entry, Expiry.likelyMadeAtMillis(this.expiry, entry)), weight)
      // A reader promises nothing of what memory pushes out for what he has found.
      void this.cache.spread.ofEvicted()
    }
    return found
  }

  /** What holds of a key that was changed while it was read below. */
  private instead(key: string, { isGone }: Watch): Found<V> | typeof unknown | typeof changed | undefined {
    const inMemory = foundIn(this.hot?.peek(key))
    if (inMemory !== undefined) return inMemory
    const pending = this.lower!.pending(key)
    if (pending !== undefined) return this.onItsWay(pending)
    return isGone ? undefined : changed
  }

  /** What a value from below weighs in memory. One that cannot be weighed counts as not found there: it is loaded. */
  private weightOf(key: string, value: V): number | undefined {
    try {
      return this.judgement.weigh(key, value)
    } catch (cause) {
      const error = new StoreError({ reason: new TierFailed({ tier: memory, operation: "get", cause }) })
      this.tierFailed("get", this.spec.isSensitive ? sealed(error) : error)
      return undefined
    }
  }

  /** Tells of a failure once, though a store of several tiers and the operation that failed of it both report it. */
  readonly tierFailed: OnFailure = (operation, error) => {
    if (!this.cache.hasListeners || this.told.has(error)) return
    this.told.add(error)
    this.cache.emit(CacheEvent.TierFailed({ family: this.name, operation, error }))
  }

  /** Nobody knows what is below: whatever is there counts as changed now, and what was made from it. */
  private readonly distrustBelow = (): void => {
    this.hideHere(everything, this.cache.nextStamp(), this.cache.time.now())
    this.cache.spread.ofEnd(this.name)
  }

  /** The entry of what was judged, from now on. */
  entryOf({ lifeMillis, revision, tags, value }: Judged<V>, stamp: number, now: number, costMillis: number): Entry<V> {
    const { expiresAt, freshUntil } = Expiry.timesOf(
      this.expiry,
      now,
      lifeMillis,
      costMillis,
      this.expiry.jitter === 0 ? 0 : this.cache.random.nextDoubleUnsafe()
    )
    if (tags.length > 0) this.tagged = true
    return new MadeEntry(
      value,
      stamp,
      this.cache.nextVersion(now),
      freshUntil,
      expiresAt,
      costMillis,
      tags,
      revision
    )
  }

  private dueAt(entry: Entry<V>, madeAt: number): number {
    const { idleTimeToLive, refreshAhead } = this.expiry
    if (idleTimeToLive !== undefined) return entry.expiresAt
    if (refreshAhead === undefined) return entry.freshUntil
    return Expiry.timesOf({ ...this.expiry, jitter: 0 }, madeAt, entry.freshUntil - madeAt, entry.costMillis, 0).dueAt
  }

  /** The key has this entry from now on; `weight` and `prepared` are what its judgement said. */
  keep(key: string, entry: Entry<V>, now: number, weight: number, prepared: Prepared<V> | undefined): Below {
    if (entry.freshUntil <= now || entry.expiresAt <= now) return this.forget(key)
    if (this.holds.isWatching) {
      this.holds.touch(key)
      if (this.isClosed(key, entry.tags, now)) return this.forget(key)
    }
    this.cache.tell(this.name, { _tag: "Changed", key })
    return this.put(key, entry, now, weight, prepared)
  }

  /**
   * A lookup brought this entry, and `isNews` where nothing was there before. It is prepared on its way below: one that
   * does not fit stays in memory alone.
   */
  keepLoaded(key: string, entry: Entry<V>, now: number, weight: number, isNews: boolean): Below {
    this.cache.tell(this.name, { _tag: "Loaded", key, isNews, entry })
    if (entry.freshUntil <= now || entry.expiresAt <= now) return this.remove(key)
    return this.put(key, entry, now, weight, undefined)
  }

  private put(key: string, entry: Entry<V>, now: number, weight: number, prepared: Prepared<V> | undefined): Below {
    this.changed(key)
    this.sources?.kept(key)
    this.mayHold = true
    if (this.hot !== undefined) this.putHot(key, entry, this.dueAt(entry, now), weight)
    const before = this.cache.stamp
    const evicted = this.cache.spread.ofEvicted(this.name, key)
    const kept = before === this.cache.stamp ? entry : this.confirmed(key, entry)
    if (this.lower !== undefined) this.sweepDue.wrote()
    const below = this.lower === undefined ? this.settleDebt() : this.lower.set(key, kept, prepared)
    return both(both(evicted, below), this.cache.spread.ofForgotten())
  }

  private putHot(key: string, entry: Entry<V>, dueAt: number, weight: number): void {
    this.cache.spread.beginPut()
    this.hot!.put(key, entry, dueAt, weight)
    this.cache.spread.endPut()
  }

  /** An entry that is valid now, whatever it has pushed out. */
  private confirmed(key: string, entry: Entry<V>): Entry<V> {
    const { stamp } = this.cache
    this.hot?.confirm(key, stamp)
    return { ...entry, stamp }
  }

  /** Some tier may hold a key, or any of a scope. */
  mayHave(scope: string | Scope): boolean {
    if (typeof scope !== "string") return this.mayHold
    return this.lower !== undefined || this.hot?.peek(scope) !== undefined
  }

  /** The same of what is from before. */
  mayHaveBefore(scope: string | Scope): boolean {
    if (this.lower === undefined) return false
    if (typeof scope !== "string") return !this.marks.hidesAll(scope, this.before)
    const held = this.hot?.peek(scope)
    if (held !== undefined) return this.isFromBefore(held)
    const pending = this.lower.pending(scope)
    return pending === undefined || pending.entry !== undefined && this.isFromBefore(pending.entry)
  }

  /** Whether an entry is hidden in this process, and may be served by the next one. */
  isHiddenHere(entry: Entry<unknown>): boolean {
    return this.lower !== undefined && entry.stamp < this.hiddenHere
  }

  /** Of entries from before the engine was opened, the cache knows by their versions as well. */
  isFromBefore(entry: Entry<unknown>): boolean {
    return entry.stamp < this.before || entry.version <= this.versionBefore || this.cache.isFromBefore(entry)
  }

  /**
   * What is made from the key may be fresh, and nothing told when it went: what a tier below does not have any more has
   * left it unseen.
   */
  isGoneUnseen(key: string, now: number): boolean {
    const hasEnded = (stamp: number) => stamp < this.tagMark || this.judge(key, stamp, noTags) !== "valid"
    return this.lower !== undefined && this.sources?.isNeeded(key, now, hasEnded) === true
  }

  /** Whether a transaction that is about to commit forbids to keep what was loaded or written of a key since a time. */
  isClosed(key: string, tags: ReadonlyArray<string>, since: number): boolean {
    if (this.holds.isEmpty) return false
    this.sweepHolds()
    return this.holds.isClosed(key, tags, since)
  }

  /** Ends the holds whose time is over, before a load begins that may be kept. */
  sweepHolds(): void {
    if (!this.holds.isEmpty) this.holds.sweep(this.cache.time.now())
  }

  /** The key has no entry from now on. */
  forget(key: string): Below {
    this.cache.tell(this.name, { _tag: "Changed", key })
    return this.remove(key)
  }

  /** The source has no value for the key; lower tiers that are known to hold none are left alone. */
  gone(key: string, isHeldBelow: boolean): Below {
    if (isHeldBelow) return this.forget(key)
    this.cache.tell(this.name, { _tag: "Changed", key })
    this.ended(key, true)
    return this.lower === undefined ? this.settleDebt() : nothing
  }

  private remove(key: string): Below {
    this.ended(key, true)
    return this.lower === undefined ? this.settleDebt() : this.lower.remove(key)
  }

  /** The key has another value, or none; what lies below is as it is. */
  ended(key: string, isGone = false): void {
    this.sources?.forget(key)
    if (this.holds.isWatching) this.holds.touch(key)
    this.drop(key, isGone)
  }

  /** Memory has no entry of the key from now on; what lies below is as it is. */
  drop(key: string, isGone = false): void {
    this.changed(key, isGone)
    this.hot?.drop(key)
  }

  note(
    what: Happening["what"],
    scope: Happening["scope"],
    stamp: number,
    through?: string,
    mode?: Mode,
    from?: Noted["from"]
  ): void {
    const atMillis = this.cache.time.now()
    this.cache.history.add({ what, family: this.name, scope, through, mode, stamp, atMillis, from })
  }

  /** Has the store keep a mark on the family, which gives the scope its meaning. */
  private recordMark(scope: string, stamp: number): Below {
    if (this.lower === undefined) return this.settleDebt()
    return this.cache.outbox.mark(markName(this.storeName, scope), stamp, this.tierFailed, this.spec.isSensitive)
  }

  /** A change that no tier below gets: a release that keeps the family there has to learn that it missed some. */
  private readonly settleDebt = (): Below => this.cache.outbox.settleDebt(this.tierFailed, this.spec.isSensitive)

  /** Counts an invalidation, notes it, and tells of it. */
  invalidated(scope: string | Scope, mode: Mode, stamp: number, through: string, key?: string): void {
    this.counts.invalidations++
    this.note("Invalidated", scope, stamp, through, mode)
    if (!this.cache.hasListeners) return
    const name = typeof scope === "string"
      ? this.spec.show(scope)
      : key ?? (scope.positions.length === 0 ? this.spec.pattern : scope.values.map(this.spec.hide).join(":"))
    this.cache.emit(CacheEvent.Invalidated({ family: this.name, scope: name, through, mode, stamp }))
  }

  /** Marks keys; what is left to do below is to keep the mark. */
  markKeys(scope: Scope, mode: Mode, stamp: number, atMillis: number): Below {
    this.cache.tell(this.name, { _tag: "Marked", scope, mode, stamp })
    const marked = this.hearMark(scope, mode, stamp, atMillis)
    if (mode === "hide" && scope.positions.length === 0) this.mayHold = this.lower !== undefined
    return this.recordMark(writeScope(marked, mode), stamp)
  }

  /**
   * Marks keys in this process: the tiers below keep them, and so does what opens them next. So what a load replaces
   * there is not known, and a mark that the store keeps is needed where one is to hide it for good: it is greater.
   */
  hideHere(scope: Scope, stamp: number, atMillis: number): void {
    this.judgeBy(scope, "hide", stamp, atMillis)
    if (this.lower === undefined) return
    this.hiddenHere = stamp
    this.before = this.cache.nextStamp()
    this.versionBefore = this.cache.version
    this.sources?.unsettle()
  }

  /** Marks a tag; what is left to do below is to keep the mark. */
  markTag(tag: string, mode: Mode, stamp: number, atMillis: number): Below {
    this.cache.tell(this.name, { _tag: "Tagged", tag, mode, stamp })
    if (!this.hearTag(tag, mode, stamp, atMillis)) return this.markKeys(everything, mode, stamp, atMillis)
    return this.recordMark(writeTag(tag, mode), stamp)
  }

  /** Judges by a mark that a store keeps already, or is about to; which keys are marked for lack of room. */
  hearMark(scope: Scope, mode: Mode, stamp: number, atMillis: number): Scope {
    const marked = this.judgeBy(scope, mode, stamp, atMillis)
    if (mode === "hide" && marked.positions.length === 0) this.sources?.endAll()
    return marked
  }

  private judgeBy(scope: Scope, mode: Mode, stamp: number, atMillis: number): Scope {
    const marked = this.marks.record(scope, mode, stamp, atMillis)
    this.sweepDue.marked(stamp)
    this.lookTwice()
    if (this.holds.isWatching) this.holds.touchScope(scope)
    return marked
  }

  /** The same of the mark of a tag; false where there is no room for it, so that the whole family is to be marked. */
  hearTag(tag: string, mode: Mode, stamp: number, atMillis: number): boolean {
    this.tagMark = Math.max(this.tagMark, stamp)
    if (this.holds.isWatching) this.holds.touchScope(everything)
    if (!this.tags.record(tag, mode, stamp, atMillis)) return false
    this.sweepDue.marked(stamp)
    this.lookTwice()
    return true
  }

  /** Hides what is from before the engine was opened; the marks that a store has to keep for it. */
  missed(stamp: number): ReadonlyArray<Mark> {
    if (this.lower === undefined) return []
    this.hearMark(everything, "hide", stamp, this.cache.time.now())
    return [{ scope: markName(this.storeName, writeScope(everything, "hide")), stamp }]
  }

  /** Takes over a mark that a store kept. */
  restoreMark(written: string, stamp: number): void {
    const read = readScope(written)
    if (read?._tag === "tag") this.tags.restore(read.tag, read.mode, stamp)
    else if (read !== undefined) this.marks.restore(read.scope, read.mode, stamp)
    this.lookTwice()
    this.sweepDue.restored(stamp)
  }

  // --- marks that nothing needs any more ---------------------------------------------------------

  get fullness(): number {
    return Math.max(this.marks.fullness, this.tags.fullness)
  }

  get isKept(): boolean {
    return this.lower !== undefined
  }

  now(): number {
    return this.cache.time.now()
  }

  random(): number {
    return this.cache.random.nextDoubleUnsafe()
  }

  sweepSoon(): void {
    this.cache.sweepSoon(this.name)
  }

  sweepAt(atMillis: number): void {
    this.cache.sweepAt(this.name, atMillis)
  }

  /** Until when an entry may count as fresh on account of the marks: for ever, or never again. */
  freshUntilMax(key: string, stamp: number, tags: ReadonlyArray<string>): number {
    const verdict = this.judge(key, stamp, tags)
    if (verdict === "valid") return Infinity
    // Of an entry with an idle lifetime, memory cannot say both when that ends and since when it has been stale.
    if (verdict === "hidden" || this.expiry.idleTimeToLive !== undefined) return -Infinity
    const since = Math.min(this.marks.staleSince(key, stamp), this.tags.staleSince(tags, stamp))
    const age = this.cache.time.now() - since
    if (age >= Math.max(this.expiry.staleIfError, this.expiry.staleWhileRevalidate)) return -Infinity
    // A tier below is told times of the wall. Where that was set back, the entry counts as stale for longer than it is.
    return since - this.cache.time.ahead
  }

  /** The marks up to a stamp, as a store knows them. */
  *marksUpTo(upTo: number): Iterable<Mark> {
    for (const { mode, scope, stamp } of this.marks.upTo(upTo)) {
      yield { scope: markName(this.storeName, writeScope(scope, mode)), stamp }
    }
    for (const { mode, stamp, tag } of this.tags.upTo(upTo)) {
      yield { scope: markName(this.storeName, writeTag(tag, mode)), stamp }
    }
  }

  /** Forgets the marks up to a stamp, of which nothing is left that they hide. */
  forgetMarks(upTo: number, looked: Looked): void {
    for (const [key, watches] of this.watches) {
      // An entry that is being read may have any tags.
      if (this.tags.fullness === 0 && this.judge(key, 0, noTags) === "valid") continue
      for (const watch of watches) watch.changed = true
    }
    this.marks.forget(upTo)
    this.tags.forget(upTo)
    this.sweepDue.ends(upTo, looked)
  }

  /**
   * Which reads need a second look: those of entries older than a mark; all of them while somebody listens, who is
   * told of hits, and where each read puts off the end of the entry.
   */
  lookTwice(): void {
    if (this.hot === undefined) return
    const always = this.hasListeners || this.expiry.idleTimeToLive !== undefined
    this.hot.mark = always ? Infinity : Math.max(this.marks.latest, this.tagged ? this.tagMark : 0)
    this.hot.floor = this.marks.floor
  }
}
