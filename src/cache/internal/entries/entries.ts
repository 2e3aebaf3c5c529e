/**
 * Keeps the entries of a family in its partition, and the marks that judge them. It also reads and promotes what the
 * tiers below hold, renews idle times (`touch`), counts hits, and calls those who watch keys.
 *
 * Not here: loads, and the decision what to serve.
 */
import * as Effect from "effect/Effect"
import type { Entry, Found } from "../../../store/Entry.ts"
import type { HotPartition, Mark, Prepared } from "../../../store/Store.ts"
import { StoreError, TierFailed } from "../../../store/StoreError.ts"
import { CacheEvent, type InvalidationMode } from "../../CacheEvent.ts"
import type { FamilyStats } from "../../CacheMetrics.ts"
import type { Happening, Scope } from "../../Explanation.ts"
import type { EngineFamilySpec } from "../../shared/familySpec.ts"
import { both, type Delivery, noDelivery } from "../below/delivery.ts"
import { entryOf, type Holding, triesMax, unknown, unlessLate, type Watch } from "../below/knowing.ts"
import { Lane } from "../below/outbox.ts"
import { distrusted, type OnFailure, type Pending } from "../below/parcels.ts"
import * as Expiry from "../family/expiry.ts"
import { freezeFound } from "../family/freeze.ts"
import { Judge, type Judged, memory, noTags } from "../family/judgement.ts"
import { type Limited, Limiter } from "../family/limits.ts"
import { familyName, markName } from "../family/names.ts"
import { sealed } from "../family/sensitive.ts"
import {
  everything,
  FamilyMarks,
  readScope,
  TagMarks,
  type Verdict,
  writeScope,
  writeTag
} from "../marks/invalidation.ts"
import { type Looked, SweepDue } from "../marks/sweepDue.ts"
import type { CacheContext } from "./cacheContext.ts"
import { Counts, statsOf } from "./counts.ts"
import { Holds } from "./holds.ts"
import { KeyWatch } from "./keyWatch.ts"
import { LeaseTerms } from "./leaseTerms.ts"
import { MadeEntry } from "./madeEntry.ts"
import { type Note, noteOf } from "./note.ts"
import { servableUntil } from "./servable.ts"
import type { Served } from "./served.ts"
import { Sources } from "./sources.ts"
import { Unkept } from "./unkept.ts"
import { Watches } from "./watches.ts"

// How often in one idle time the lower tiers learn that an entry is read. If memory has lost the entry, it may end
// early by at most this fraction of its idle time. With a larger number, reads would write more often.
const idleSteps = 16

// The answer of a read below for a key that was changed meanwhile, if neither memory nor the outbox has it any more.
const changed = Symbol("changed")

/** The entry in memory, in the form of a tier's answer. */
export const foundIn = <V>(entry: Entry<V> | undefined): Found<V> | undefined =>
  entry === undefined ? undefined : { entry, tier: memory }

export class Entries<V> {
  readonly cache: CacheContext
  readonly spec: EngineFamilySpec<V>
  readonly name: string
  readonly expiry: Expiry.Expiry
  readonly hot: HotPartition<V> | undefined
  /** The way to the lower tiers, through the outbox; `undefined` if there is only memory. */
  readonly lane: Lane<V> | undefined
  readonly judgement: Judge<V>
  /** The keys that open transactions change. */
  readonly holds = new Holds()
  /** What the leases on its keys know of them. */
  readonly terms: LeaseTerms
  readonly marks = new FamilyMarks()
  readonly tags = new TagMarks()
  /** Whether some entry may have a tag: one had a tag, or a tier keeps entries of earlier engines. */
  tagged: boolean
  /** An invalidation of a tag concerns only entries with an older stamp than this. */
  tagMark = 0
  hasListeners = false
  /** The name of the family in a store. */
  readonly storeName: string
  /** How long entries of earlier lives may live. */
  readonly limiter: Limiter
  /**
   * For a family from which others derive: the keys that lookups have read, and which of them have left the last tier
   * since.
   */
  readonly sources: Sources | undefined
  /**
   * An entry with a smaller stamp than the first, or without a greater version than the second, is from before the
   * engine was opened, from before it was hidden in this process alone, or from before another engine over the place
   * has left. The lower tiers may still hold it.
   */
  before = 0
  versionBefore = 0
  /** What has a lesser stamp may be hidden in this process alone. */
  private hiddenHere = 0
  /**
   * Entries with lesser stamps are dead for all engines. What is hidden in this process alone may still have to go
   * below.
   */
  private deadBefore = 0
  /** When the marks are swept. */
  readonly sweepDue = new SweepDue(this)
  /** Why nothing is served and stored any more: a tier has lost its place. */
  lost: StoreError | undefined = undefined
  /** Whether some tier may hold an entry that no mark on the whole family hides. */
  private mayHold: boolean
  private readonly watches = new Watches()
  /** The number of answers of each lower tier. */
  readonly hitsBelow = new Map<string, number>()
  private readonly told = new WeakSet<StoreError>()
  readonly counts = new Counts()
  /** Tells which values the lower tiers do not keep. */
  readonly unkept: Unkept

  /** Whether every entry that a write makes is in memory alone, and is fresh for the family's own lifetime. */
  readonly hasPlainEntries: boolean
  private readonly staleMillis: number
  /** Notes a change of the family. */
  readonly note: Note

  constructor(cache: CacheContext, spec: EngineFamilySpec<V>) {
    this.cache = cache
    this.spec = spec
    this.name = spec.name
    this.note = noteOf(cache, spec)
    this.unkept = new Unkept(cache, spec)
    this.storeName = familyName(cache.id, spec.name)
    this.expiry = spec.expiry
    this.limiter = new Limiter(spec.expiry)
    this.terms = new LeaseTerms(cache.leases, spec)
    this.hot = spec.partition.hot
    if (this.hot !== undefined) this.hot.servableUntil = servableUntil(this)
    const lower = this.hot === undefined ? spec.partition : spec.partition.below
    this.judgement = new Judge(spec, lower)
    this.lane = lower && new Lane(cache.outbox, {
      name: this.storeName,
      partition: lower,
      time: cache.time,
      isSensitive: spec.isSensitive,
      onFailure: this.tierFailed,
      onDistrust: this.distrustBelow,
      onAlone: (key, operation, error) => {
        this.sources?.isAlone(key)
        this.unkept.note(key, operation, error)
      }
    })
    this.staleMillis = Expiry.staleMillisMax(this.expiry)
    this.hasPlainEntries = this.hot !== undefined && this.lane === undefined && !this.hot.isRefusing &&
      !spec.isWeighed && Expiry.isPlain(this.expiry)
    this.sources = spec.plan.isEmpty ? undefined : new Sources()
    this.tagged = this.mayHold = this.lane !== undefined
    this.updateHotLimits()
  }

  get stats(): FamilyStats {
    return statsOf(this.counts, this.hot, this.hitsBelow)
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

  /** The time at which an entry stops being fresh. The entry may be hidden nevertheless. */
  freshUntil(key: string, entry: Entry<V>, now: number): number {
    return this.judge(key, entry.stamp, entry.tags) === "stale" ? this.staleSince(key, entry, now) : entry.freshUntil
  }

  /**
   * The time at which an entry that was marked stale stopped being fresh: the time of the mark, or its own time if that
   * is earlier.
   */
  private staleSince(key: string, entry: Entry<V>, now: number): number {
    const marked = Math.min(
      this.marks.staleSince(key, entry.stamp),
      this.tags.staleSince(entry.tags, entry.stamp)
    )
    return Math.min(now, entry.freshUntil, marked)
  }

  /** Moves the end of the idle time of an entry that is read now, in every tier. */
  touch(key: string, entry: Entry<V>, now: number): Entry<V> {
    const { idleTimeToLive } = this.expiry
    if (idleTimeToLive === undefined) return entry
    const expiresAt = Expiry.endOf(this.expiry, entry.freshUntil, now)
    if (expiresAt === entry.expiresAt) return entry
    this.hot?.postpone(key, expiresAt)
    // From now on its end is that of today's options, which its stamp says, unless a mark came since it was found.
    const isOfToday = entry.stamp < this.limiter.before && this.judge(key, entry.stamp, entry.tags) === "valid"
    const read = { ...entry, expiresAt, stamp: isOfToday ? this.limiter.before : entry.stamp }
    if (this.lane === undefined || this.cache.outbox.isFull) return read
    const step = idleTimeToLive / idleSteps
    const isNoted = Math.floor(now / step) === Math.floor((entry.expiresAt - idleTimeToLive) / step)
    if (!isNoted) this.lane.touch(key, read)
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

  /** Counts a stale value that was served, and emits the event. */
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

  /** Runs an Effect that must know whether the key is changed meanwhile. */
  watching<A, E, R>(key: string, use: (watch: Watch) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.watches.begin(key)),
      use,
      (watch) => Effect.sync(() => this.watches.end(key, watch))
    )
  }

  /** For `knowing`. */
  holding(key: string): Holding {
    return {
      watch: () => this.watches.begin(key),
      unwatch: (watch) => this.watches.end(key, watch),
      current: Effect.suspend(() => {
        const held = this.held(key)
        if (held !== undefined || this.lane === undefined) return Effect.succeed(held)
        return Effect.map(unlessLate(this.heldBelow(key)), entryOf)
      })
    }
  }

  /** The entry of a key in the lower tiers, fresh or stale, unless it is invalid. */
  heldBelow(key: string): Effect.Effect<Found<V> | typeof unknown | undefined> {
    return Effect.map(this.lookBelow(key), (found) => {
      if (found === unknown || found === undefined) return found
      const { expiresAt, stamp, tags } = found.entry
      this.cache.saw(found.entry)
      return expiresAt > this.cache.time.now() && this.judge(key, stamp, tags) !== "hidden" ? found : undefined
    })
  }

  /** Learns of each change of a key from now on, for a caller who is not in a step of the engine. */
  watchKey(key: string): KeyWatch {
    return new KeyWatch(this, key, this.watches.begin(key))
  }

  unwatchKey({ key, watch }: KeyWatch): void {
    this.watches.end(key, watch)
  }

  /**
   * Hides every entry of an owner that has left. Values on their way to memory count as out of date. The lower tiers
   * keep their entries for the next process, and entries that memory has not pushed down yet go below when the family
   * closes.
   */
  abandon(): void {
    this.watches.changedAll()
    this.hideHere(everything, this.cache.nextStamp(), this.cache.time.now())
    if (this.lane === undefined) this.hot?.dropAll()
  }

  /** A tier has lost its place. Another process may change what memory, or any other tier, holds of the family. */
  placeLost(error: StoreError): void {
    this.lost = error
    this.watches.changedAll()
    this.hot?.dropAll()
    this.tierFailed("get", error)
  }

  /** Reads a key from the lower tiers, without a copy to memory. */
  lookBelow(key: string): Effect.Effect<Limited<V> | typeof unknown | undefined> {
    return Effect.suspend((): Effect.Effect<Limited<V> | typeof unknown | undefined> => {
      if (this.lost !== undefined) return Effect.succeed(unknown)
      const pending = this.lane!.pending(key)
      if (pending !== undefined) return Effect.succeed(this.onItsWay(pending))
      return this.orUnknown(Effect.map(this.lane!.get(key), this.whole))
    })
  }

  /** An entry that a lower tier has found, in the form of an entry in memory. */
  readonly whole = (found: Found<V> | undefined): Limited<V> | undefined => {
    if (found !== undefined && this.expiry.freeze) freezeFound(found.entry.value)
    const limited = found && this.limiter.limited(found, this.cache.time.now(), this.cache)
    // What has ended does not come back with a later life, even if this one writes nothing else.
    if (limited !== found) void this.settleDebt()
    return limited
  }

  /** An entry that has not arrived in the lower tiers yet. Without memory, the store answers in their place. */
  onItsWay(pending: Pending<V>): Found<V> | typeof unknown | undefined {
    if (pending === distrusted) return unknown
    const { entry } = pending
    if (entry === undefined || entry.expiresAt <= this.cache.time.now()) return undefined
    return { entry, tier: this.hot === undefined ? this.cache.store.name : memory }
  }

  /** Answers `unknown` if the tier cannot be read. Listeners learn of the failure. */
  private orUnknown<A>(read: Effect.Effect<A, StoreError>): Effect.Effect<A | typeof unknown> {
    return Effect.catch(read, (error) => {
      this.tierFailed("get", error)
      return Effect.succeed(unknown)
    })
  }

  /** Reads a key from the lower tiers, and copies it to memory unless the key is changed meanwhile. */
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
    const lane = this.lane!
    if (this.lost !== undefined) return Effect.succeed(keys.map(() => unknown))
    const look = Effect.acquireUseRelease(
      Effect.sync(() => keys.map((key) => ({ key, watch: this.watches.begin(key), pending: lane.pending(key) }))),
      (reads) =>
        Effect.map(
          this.orUnknown(lane.getMany(keys)),
          (all) =>
            reads.map(({ key, pending, watch }, at) => {
              const found = all === unknown ? unknown : this.whole(all[at])
              return this.promote(key, pending === undefined ? found : this.onItsWay(pending), watch)
            })
        ),
      (reads) => Effect.sync(() => reads.forEach(({ key, watch }) => this.watches.end(key, watch)))
    )
    return Effect.flatMap(
      look,
      (all) => Effect.forEach(all, (found, at) => found === changed ? this.fromBelow(keys[at]!) : Effect.succeed(found))
    )
  }

  /** The entry that a read below has found; if it is out of date by now, the current one. */
  private promote(
    key: string,
    found: Limited<V> | typeof unknown | undefined,
    watch: Watch
  ): Found<V> | typeof unknown | typeof changed | undefined {
    // The weigher may throw, and may change the key.
    const weight = found === undefined || found === unknown ? undefined : this.weightOf(key, found.entry.value)
    if (watch.changed) return this.instead(key, watch)
    if (found === undefined || found === unknown) return found
    const { entry } = found
    // The next life believes it, too.
    if (found.wasAhead === true && !this.cache.outbox.isFull) this.lane!.touch(key, entry)
    this.cache.saw(entry)
    this.terms.seen(key, entry.tags)
    if (weight === undefined) return unknown
    if (entry.tags.length > 0) this.tagged = true
    if (this.hot === undefined || entry.expiresAt <= this.cache.time.now()) return found
    const isHidden = this.judge(key, entry.stamp, entry.tags) === "hidden"
    if (isHidden) return this.isHiddenHere(entry.stamp) ? unknown : undefined
    const inMemory = this.hot.peek(key)
    if (inMemory === undefined || inMemory.version < entry.version) {
      this.putHot(key, entry, this.dueAt(entry, Expiry.likelyMadeAtMillis(this.expiry, entry)), weight)
      // No caller waits for the tiers: a read promises nothing about entries that memory pushes out.
      void this.cache.spread.ofEvicted()
    }
    return found
  }

  /** The current entry of a key that was changed while it was read below. */
  private instead(key: string, { isGone }: Watch): Found<V> | typeof unknown | typeof changed | undefined {
    const inMemory = foundIn(this.hot?.peek(key))
    if (inMemory !== undefined) return inMemory
    const pending = this.lane!.pending(key)
    if (pending !== undefined) return this.onItsWay(pending)
    return isGone ? undefined : changed
  }

  /**
   * The weight in memory of a value from below. A value that cannot be weighed counts as not found, so it is loaded.
   */
  private weightOf(key: string, value: V): number | undefined {
    try {
      return this.judgement.weigh(key, value)
    } catch (cause) {
      const error = new StoreError({ reason: new TierFailed({ tier: memory, operation: "get", cause }) })
      this.tierFailed("get", this.spec.isSensitive ? sealed(error) : error)
      return undefined
    }
  }

  /** Reports a failure once, although both the store of several tiers and its failed operation report it. */
  readonly tierFailed: OnFailure = (operation, error) => {
    if (!this.cache.hasListeners || this.told.has(error)) return
    this.told.add(error)
    this.cache.emit(CacheEvent.TierFailed({ family: this.name, operation, error }))
  }

  /** Treats every key below as changed, with its dependents, because the entries there cannot be trusted. */
  private readonly distrustBelow = (): void => {
    this.hideHere(everything, this.cache.nextStamp(), this.cache.time.now())
    this.cache.spread.ofEnd(this.name)
  }

  /** Makes the entry of a judged value. */
  entryOf(judged: Judged<V>, stamp: number, now: number, costMillis: number): Entry<V> {
    const { lifeMillis, ownLifeMillis, revision, tags, value } = judged
    const random = this.expiry.jitter === 0 ? 0 : this.cache.random.nextDoubleUnsafe()
    const { expiresAt, freshUntil } = Expiry.timesOf(this.expiry, now, lifeMillis, costMillis, random)
    if (tags.length > 0) this.tagged = true
    return new MadeEntry(
      value,
      stamp,
      this.cache.nextVersion(now),
      freshUntil,
      expiresAt,
      costMillis,
      tags,
      revision,
      ownLifeMillis
    )
  }

  private dueAt(entry: Entry<V>, madeAt: number): number {
    const { idleTimeToLive, refreshAhead } = this.expiry
    if (idleTimeToLive !== undefined) return entry.expiresAt
    if (refreshAhead === undefined) return entry.freshUntil
    return Expiry.timesOf({ ...this.expiry, jitter: 0 }, madeAt, entry.freshUntil - madeAt, entry.costMillis, 0).dueAt
  }

  /** Stores an entry. `weight` and `prepared` are those of its judgement. */
  keep(key: string, entry: Entry<V>, now: number, weight: number, prepared: Prepared<V> | undefined): Delivery {
    if (entry.freshUntil <= now || entry.expiresAt <= now) return this.remove(key)
    if (this.holds.isWatching) {
      this.holds.touch(key)
      if (this.holds.closing(key, entry.tags, now) !== undefined) return this.remove(key)
    }
    this.cache.tell(this.name, { _tag: "Changed", key })
    return this.put(key, entry, now, weight, prepared)
  }

  /**
   * Stores the entry of a lookup. `isNews` says that there was no entry before. The entry is prepared on its way below;
   * if it does not fit there, it stays in memory alone. `others` are the keys that were kept of the same load.
   */
  keepLoaded(
    key: string,
    entry: Entry<V>,
    now: number,
    weight: number,
    isNews: boolean,
    others?: () => ReadonlySet<string>
  ): Delivery {
    this.cache.tell(this.name, { _tag: "Loaded", key, isNews, entry })
    if (entry.freshUntil <= now || entry.expiresAt <= now) return this.removeUntold(key)
    return this.put(key, entry, now, weight, undefined, isNews, others)
  }

  /**
   * Whether a write may take the short way into memory now (`putPlain`): only its entry changes, and no caller has to
   * learn of it.
   */
  get arePlain(): boolean {
    const { cache, holds } = this
    return !cache.hasListeners && !cache.changes.areHeard && !cache.hasPeers && this.watches.areNone &&
      !cache.outbox.owesRows && !holds.isWatching && holds.isEmpty
  }

  /** Stores a value with the family's own lifetime in memory, as `keep` does with an entry. `arePlain` allows it. */
  putPlain(key: string, value: V, stamp: number, now: number): Delivery {
    const { cache, hot, sources } = this
    const freshUntil = now + this.expiry.timeToLive
    this.note("Set", key, stamp)
    sources?.kept(key)
    this.mayHold = true
    cache.spread.beginPut()
    hot!.putPlain(key, value, stamp, cache.nextVersion(now), freshUntil, freshUntil + this.staleMillis)
    cache.spread.endPut()
    const before = cache.stamp
    const evicted = cache.spread.ofEvicted(this.name, key)
    if (before !== cache.stamp) hot!.confirm(key, cache.stamp)
    return both(evicted, cache.spread.ofForgotten())
  }

  private put(
    key: string,
    entry: Entry<V>,
    now: number,
    weight: number,
    prepared: Prepared<V> | undefined,
    isFill = false,
    others?: () => ReadonlySet<string>
  ): Delivery {
    this.watches.changed(key, false, isFill)
    this.sources?.kept(key)
    this.mayHold = true
    if (this.hot !== undefined) this.putHot(key, entry, this.dueAt(entry, now), weight)
    const before = this.cache.stamp
    const evicted = this.cache.spread.ofEvicted(this.name, key, others)
    const kept = before === this.cache.stamp ? entry : this.confirmed(key, entry)
    if (this.lane !== undefined) this.sweepDue.wrote()
    const delivery = both(evicted, this.lane === undefined ? this.settleDebt() : this.lane.set(key, kept, prepared))
    return both(delivery, this.cache.spread.ofForgotten())
  }

  /** Moves the end of an entry, in every tier. Its value and its weight are those of the entry that is held. */
  reschedule(key: string, entry: Entry<V>, now: number): Delivery {
    if (this.holds.isWatching) this.holds.touch(key)
    this.cache.tell(this.name, { _tag: "Changed", key })
    this.watches.changed(key)
    this.note("Rescheduled", key, entry.stamp)
    this.hot?.rewrite(key, entry, this.dueAt(entry, now))
    if (this.lane === undefined) return this.settleDebt()
    this.sweepDue.wrote()
    return this.lane.set(key, entry)
  }

  /** Puts an entry into memory. What follows from the entries that it pushes out waits for `ofEvicted`. */
  private putHot(key: string, entry: Entry<V>, dueAt: number, weight: number): void {
    this.cache.spread.beginPut()
    this.hot!.put(key, entry, dueAt, weight)
    this.cache.spread.endPut()
  }

  /** The entry with the latest stamp: the marks that were set while it was stored do not concern it. */
  private confirmed(key: string, entry: Entry<V>): Entry<V> {
    const { stamp } = this.cache
    this.hot?.confirm(key, stamp)
    return { ...entry, stamp }
  }

  /** Does so in every tier for an entry that was put in this step. */
  confirm(key: string): Delivery {
    const { stamp } = this.cache
    this.hot?.confirm(key, stamp)
    const pending = this.lane?.pending(key)
    return pending?.entry === undefined
      ? noDelivery
      : this.lane!.set(key, { ...pending.entry, stamp }, pending.prepared)
  }

  /** Whether no tier holds an entry, and nothing is known of what was made from one: memory alone keeps the family. */
  get areNone(): boolean {
    return this.lane === undefined && this.hot?.count === 0 && this.sources === undefined
  }

  /** Whether some tier may hold a key, or any key of a scope. */
  mayHave(scope: string | Scope): boolean {
    if (typeof scope !== "string") return this.mayHold
    return this.lane !== undefined || this.hot?.peek(scope) !== undefined
  }

  /** Whether some tier may hold such a key from before the engine was opened. */
  mayHaveBefore(scope: string | Scope): boolean {
    if (this.lane === undefined) return false
    if (typeof scope !== "string") return !this.marks.hidesAll(scope, this.before)
    const held = this.hot?.peek(scope)
    if (held !== undefined) return this.isFromBefore(held)
    const pending = this.lane.pending(scope)
    return pending === undefined || pending.entry !== undefined && this.isFromBefore(pending.entry)
  }

  /** Whether an entry is hidden in this process, and may be served by the next one. */
  isHiddenHere(stamp: number): boolean {
    return this.lane !== undefined && stamp < this.hiddenHere
  }

  /** Whether an entry is from before the engine was opened. The cache compares the version, too. */
  isFromBefore(entry: Entry<unknown>): boolean {
    return entry.stamp < this.before || entry.version <= this.versionBefore || this.cache.isFromBefore(entry)
  }

  /**
   * Whether a value made from the key may be fresh although the key has gone unseen: no tier reported the end of its
   * entry.
   */
  isGoneUnseen(key: string, now: number): boolean {
    const hasEnded = (stamp: number) => stamp < this.tagMark || this.judge(key, stamp, noTags) !== "valid"
    return this.lane !== undefined && this.sources?.isNeeded(key, now, hasEnded) === true
  }

  /**
   * Whether a transaction that is about to commit forbids to keep a value of a key that was loaded since a time.
   */
  isClosed(key: string, tags: ReadonlyArray<string>, since: number): boolean {
    if (this.holds.isEmpty) return false
    this.sweepHolds()
    return this.holds.isClosed(key, tags, since)
  }

  /** Ends the holds whose time is over, before a load begins that may be kept. */
  sweepHolds(): void {
    if (!this.holds.isEmpty) this.holds.sweep(this.cache.time.now())
  }

  /** Removes the entry of a key. */
  remove(key: string): Delivery {
    if (this.cache.hasPeers) this.cache.tell(this.name, { _tag: "Changed", key })
    return this.removeUntold(key)
  }

  /** A lookup has found that the key has no value. `isNews` says that a tier may hold one. */
  foundAbsent(key: string, isNews: boolean): Delivery {
    this.cache.tell(this.name, { _tag: "Absent", key, isNews })
    return isNews ? this.removeUntold(key) : noDelivery
  }

  private removeUntold(key: string): Delivery {
    this.ended(key, true)
    return this.lane === undefined ? this.settleDebt() : this.lane.remove(key)
  }

  /** Notes that another engine has changed or removed the value. The lower tiers are already up to date. */
  ended(key: string, isGone = false): void {
    this.sources?.forget(key)
    if (this.holds.isWatching) this.holds.touch(key)
    this.removeFromMemory(key, isGone)
  }

  /** Removes the entry of a key from memory alone. */
  removeFromMemory(key: string, isGone = false): void {
    this.watches.changed(key, isGone)
    this.hot?.drop(key)
  }

  /** Lets the store keep a mark on the family, which gives the scope its meaning. */
  private recordMark(scope: string, stamp: number): Delivery {
    if (this.lane === undefined) return this.settleDebt()
    return this.cache.outbox.mark(markName(this.storeName, scope), stamp, this.tierFailed, this.spec.isSensitive)
  }

  /** A change that no tier below gets: a release that keeps the family there has to learn that it missed some. */
  settleDebt(): Delivery {
    const { outbox } = this.cache
    return outbox.owesRows ? outbox.settleDebt(this.tierFailed, this.spec.isSensitive) : noDelivery
  }

  /** Counts and notes an invalidation. */
  invalidated(scope: Happening["scope"], mode: InvalidationMode, stamp: number, through: string): void {
    this.counts.invalidations++
    this.note("Invalidated", scope, stamp, through, mode)
  }

  /** Counts and notes that the owner has deleted a key. */
  deleted(key: string, stamp: number): void {
    this.counts.invalidations++
    this.note("Deleted", key, stamp, this.name, "hide")
  }

  /** Marks keys. The lower tiers still have to keep the mark. */
  markKeys(scope: Scope, mode: InvalidationMode, stamp: number, atMillis: number): Delivery {
    this.cache.tell(this.name, { _tag: "Marked", scope, mode, stamp })
    const marked = this.hearMark(scope, mode, stamp, atMillis)
    if (mode === "hide" && scope.positions.length === 0) this.mayHold = this.lane !== undefined
    // Memory alone needs no text of the mark.
    return this.lane === undefined ? this.settleDebt() : this.recordMark(writeScope(marked, mode), stamp)
  }

  /**
   * Marks keys in this process alone: the lower tiers keep them, for the next process, too. So the engine does not know
   * what a later load replaces there. To hide these keys for good, a later mark that the store keeps is needed.
   */
  hideHere(scope: Scope, stamp: number, atMillis: number): void {
    this.judgeBy(scope, "hide", stamp, atMillis)
    if (this.lane === undefined) return
    this.hiddenHere = stamp
    this.before = this.cache.nextStamp()
    this.versionBefore = this.cache.version
    this.sources?.unsettle()
  }

  /** Marks a tag. The lower tiers still have to keep the mark. */
  markTag(tag: string, mode: InvalidationMode, stamp: number, atMillis: number): Delivery {
    this.cache.tell(this.name, { _tag: "Tagged", tag, mode, stamp })
    if (!this.hearTag(tag, mode, stamp, atMillis)) return this.markKeys(everything, mode, stamp, atMillis)
    return this.recordMark(writeTag(tag, mode), stamp)
  }

  /**
   * Adds a mark that a store keeps, or is about to keep. Returns the keys that are marked, which are more if there is
   * no room for the mark.
   */
  hearMark(scope: Scope, mode: InvalidationMode, stamp: number, atMillis: number): Scope {
    const marked = this.judgeBy(scope, mode, stamp, atMillis)
    if (mode === "hide" && marked.positions.length === 0) {
      this.sources?.endAll()
      this.deadBefore = Math.max(this.deadBefore, stamp)
      this.updateHotLimits()
    }
    return marked
  }

  private judgeBy(scope: Scope, mode: InvalidationMode, stamp: number, atMillis: number): Scope {
    const marked = this.marks.record(scope, mode, stamp, atMillis)
    this.sweepDue.marked(stamp)
    this.updateHotLimits()
    if (this.holds.isWatching) this.holds.touchScope(scope)
    return marked
  }

  /**
   * Adds the mark of a tag that a store keeps, or is about to keep; `false` if there is no room for it, so that the
   * whole family has to be marked.
   */
  hearTag(tag: string, mode: InvalidationMode, stamp: number, atMillis: number): boolean {
    this.tagMark = Math.max(this.tagMark, stamp)
    if (this.holds.isWatching) this.holds.touchScope(everything)
    if (!this.tags.record(tag, mode, stamp, atMillis)) return false
    this.sweepDue.marked(stamp)
    this.updateHotLimits()
    return true
  }

  /** Hides the entries from before the engine was opened. Returns the marks that a store has to keep for this. */
  missed(stamp: number): ReadonlyArray<Mark> {
    if (this.lane === undefined) return []
    this.hearMark(everything, "hide", stamp, this.cache.time.now())
    return [{ scope: markName(this.storeName, writeScope(everything, "hide")), stamp }]
  }

  /** Restores a mark that a store has kept. */
  restoreMark(written: string, stamp: number): void {
    const read = readScope(written)
    if (read?._tag === "tag") this.tags.restore(read.tag, read.mode, stamp)
    else if (read !== undefined) {
      this.marks.restore(read.scope, read.mode, stamp)
      if (read.mode === "hide" && read.scope.positions.length === 0) this.deadBefore = Math.max(this.deadBefore, stamp)
    }
    this.updateHotLimits()
    this.sweepDue.restored(stamp)
  }

  // --- marks that nothing needs any more ---------------------------------------------------------

  get fullness(): number {
    return Math.max(this.marks.fullness, this.tags.fullness)
  }

  get isKept(): boolean {
    return this.lane !== undefined
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

  /** Forgets the marks up to a stamp, of which nothing is left that they hide. */
  forgetMarks(upTo: number, looked: Looked): void {
    // An entry that is being read may have any tags.
    this.watches.changedWhere((key) => this.tags.fullness !== 0 || this.judge(key, 0, noTags) !== "valid")
    this.marks.forget(upTo)
    this.tags.forget(upTo)
    this.sweepDue.ends(upTo, looked)
  }

  /**
   * Sets which reads need a second look: those of entries older than a mark. All reads need one while events have a
   * listener, which receives hits, and in a family in which each read moves the end of its entry.
   */
  updateHotLimits(): void {
    if (this.hot === undefined) return
    const always = this.hasListeners || this.expiry.idleTimeToLive !== undefined
    this.hot.validFrom = always ? Infinity : Math.max(this.marks.latest, this.tagged ? this.tagMark : 0)
    this.hot.floor = this.lane === undefined ? this.marks.floor : this.deadBefore
    this.hot.marked()
  }
}
