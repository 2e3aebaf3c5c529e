/**
 * Keeps the entries of a family in its partition and in the outbox, judges them by the marks, and removes them.
 *
 * - An entry changes in memory, for those who watch its key, and in the outbox in one synchronous step (law 3).
 * - What leaves memory for a reader, a lookup or a condition is judged first (`held`, `judge`).
 * - A write of the short way (`putShort`) changes memory alone, and only while `isShortWayOpen`.
 *
 * What the family has beside its entries is a module each, and a field here: `watches.ts`, `marking.ts`, `before.ts`,
 * `lowerReads.ts`, `idleTime.ts`, `tally.ts`, `holds.ts`, `leaseTerms.ts`, `sources.ts`.
 *
 * Not here: loads, and the decision what to serve.
 */
import * as Effect from "effect/Effect"
import type { Entry } from "../../../store/Entry.ts"
import type { HotPartition, Prepared } from "../../../store/Store.ts"
import type { StoreError } from "../../../store/StoreError.ts"
import { CacheEvent, type InvalidationMode } from "../../CacheEvent.ts"
import type { Happening, Slice } from "../../Explanation.ts"
import { everything } from "../../shared/slices.ts"
import { both, type Delivery, noDelivery } from "../below/delivery.ts"
import { Lane } from "../below/lane.ts"
import type { OnFailure } from "../below/parcels.ts"
import { entryOf, type Holding, triesMax, unknown, unlessLate } from "../below/whenKnown.ts"
import * as Expiry from "../family/expiry.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { Judge, type Judged, noTags } from "../family/judgement.ts"
import { Limiter } from "../family/limits.ts"
import { familyName } from "../family/names.ts"
import { FamilyMarks, TagMarks, type Verdict } from "../marks/familyMarks.ts"
import { Before } from "./before.ts"
import type { CacheContext } from "./cacheContext.ts"
import { Counts } from "./counts.ts"
import { Holds } from "./holds.ts"
import { KeyWatch } from "./keyWatch.ts"
import { LeaseTerms } from "./leaseTerms.ts"
import { LowerReads } from "./lowerReads.ts"
import { MadeEntry } from "./madeEntry.ts"
import { Marking } from "./marking.ts"
import { type Note, noteOf } from "./note.ts"
import { servableUntil } from "./servable.ts"
import { Sources } from "./sources.ts"
import { Tally } from "./tally.ts"
import { Trust } from "./trust.ts"
import { Unkept } from "./unkept.ts"
import { Watches } from "./watches.ts"

/** What is known of a value that a lookup brought. */
interface KeptLoad {
  /** Whether there was no entry before. */
  readonly isNews: boolean
  /** Whether other processes may hold an older value. */
  readonly replaces: boolean
  /** When it began, or when what it has read was shown to miss no change, if that is earlier. */
  readonly shownSince: number
  /** The keys that were kept of the same load. */
  readonly others?: (() => ReadonlySet<string>) | undefined
}

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
  /** Why nothing is served and stored any more: a tier has lost its place. */
  lost: StoreError | undefined = undefined
  /** Whether some tier may hold an entry that no mark on the whole family hides. */
  private mayHold: boolean
  /** Who watches keys. */
  readonly watches = new Watches()
  private readonly told = new WeakSet<StoreError>()
  readonly counts = new Counts()
  /** Counts reads. */
  readonly tally = new Tally(this)
  /** Reads the tiers below memory. */
  readonly lowerReads = new LowerReads<V>(this)
  /** Sets marks. */
  readonly marking = new Marking(this)
  /** What is from before the engine was opened, or hidden in this process alone. */
  readonly before = new Before(this)
  /** Until when what memory holds may count as fresh; `undefined` if no other process can have changed it unheard. */
  readonly trust: Trust | undefined
  /** Tells which values the lower tiers do not keep. */
  readonly unkept: Unkept

  /** Whether every entry that a write makes is in memory alone, and is fresh for the family's own lifetime. */
  readonly hasShortWay: boolean
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
    this.limiter = new Limiter(spec.expiry, cache.versions)
    this.terms = new LeaseTerms(cache.leases, spec)
    this.hot = spec.partition.hot
    if (this.hot !== undefined) this.hot.servableUntil = servableUntil(this)
    const lower = this.hot === undefined ? spec.partition : spec.partition.below
    this.judgement = new Judge(spec, lower)
    this.lane = lower && new Lane(cache.outbox, {
      name: this.storeName,
      partition: lower,
      isShared: cache.isShared,
      isAlone: () => this.holds.isAlone,
      time: cache.time,
      versions: cache.versions,
      isSensitive: spec.isSensitive,
      onFailure: this.tierFailed,
      onDistrust: this.distrustBelow,
      validAt: (key, { stamp, tags }) => this.judge(key, stamp, tags) === "valid" ? cache.stamp : stamp,
      onLost: (key, version) => this.takeBack(key, version, false),
      onAlone: (key, operation, error) => {
        this.sources?.isAlone(key)
        this.unkept.note(key, operation, error)
      }
    })
    const { behindMillisMax } = this.expiry
    const { knowing } = cache.store
    this.trust = this.hot === undefined || knowing === undefined || behindMillisMax === Infinity
      ? undefined
      : new Trust(behindMillisMax, knowing)
    this.staleMillis = Expiry.staleMillisMax(this.expiry)
    this.hasShortWay = this.hot !== undefined && this.lane === undefined && !this.hot.isRefusing &&
      !spec.isWeighed && Expiry.hasPlainLifetime(this.expiry)
    this.sources = spec.plan.isEmpty ? undefined : new Sources()
    this.tagged = this.mayHold = this.lane !== undefined
    this.marking.updateHotLimits()
  }

  /** Whether other processes write the family, and the cache alone has its values. */
  get isRaced(): boolean {
    return this.cache.isShared && this.lane !== undefined && this.holds.isAlone
  }

  /** The entry of a key, fresh or stale, unless it is invalid. */
  held(key: string): Entry<V> | undefined {
    const entry = this.hot?.peek(key)
    if (entry === undefined) return undefined
    return this.judge(key, entry.stamp, entry.tags) === "hidden" ? undefined : entry
  }

  isFresh(key: string, entry: Entry<V>, now: number): boolean {
    return this.judge(key, entry.stamp, entry.tags) === "valid" && now < entry.freshUntil && now < entry.expiresAt &&
      now < this.trustedUntil(key, now)
  }

  /** Until when the entry of a key counts as fresh, by what is known of other processes. */
  private trustedUntil(key: string, now: number): number {
    if (this.trust === undefined) return Infinity
    const { until } = this.trust
    if (now < until) return until
    // What this process has made is due when it is not trusted any more. What a caller gave may have left memory since.
    const givenAt = this.lane?.pending(key)?.givenAt ?? -Infinity
    return Math.max(until, this.hot!.dueAt(key) ?? -Infinity, givenAt + this.trust.millis)
  }

  /** When it was shown that no change of a key is missing. */
  shownSince(key: string, now: number): number {
    return this.trust === undefined ? Infinity : this.trustedUntil(key, now) - this.trust.millis
  }

  /** An entry was found valid again: a hit serves it as long as it is trusted now. */
  trustAgain(key: string, entry: Entry<V>, now: number): void {
    if (this.trust === undefined || (this.hot!.dueAt(key) ?? Infinity) > now) return
    const dueAt = this.dueAt(entry, this.beganAt(entry), this.trust.dueAt)
    if (dueAt > now) this.hot!.rewrite(key, entry, dueAt)
  }

  judge(key: string, stamp: number, tags: ReadonlyArray<string>): Verdict {
    const own = stamp >= this.marks.latest ? "valid" : this.marks.judge(key, stamp)
    if (own === "hidden" || tags.length === 0) return own
    const byTag = this.tags.judge(tags, stamp)
    return byTag === "valid" ? own : byTag
  }

  /** The time at which an entry stops being fresh. The entry may be hidden nevertheless. */
  freshUntil(key: string, entry: Entry<V>, now: number): number {
    const own = this.judge(key, entry.stamp, entry.tags) === "stale"
      ? this.staleSince(key, entry, now)
      : entry.freshUntil
    const trustedUntil = this.trustedUntil(key, now)
    return now < trustedUntil ? own : Math.min(own, trustedUntil)
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

  /** For `whenKnown`. */
  holding(key: string): Holding {
    let met: number | undefined
    const tries = { left: triesMax }
    const current = Effect.suspend(() => {
      met = undefined
      const held = this.held(key)
      if (held !== undefined || this.lane === undefined) return Effect.succeed(held)
      return Effect.map(
        unlessLate(this.lowerReads.held(key, (version) => {
          met = version
        })),
        entryOf
      )
    })
    return {
      watch: () => this.watches.begin(key),
      unwatch: (watch) => this.watches.end(key, watch),
      current: this.cache.isShared
        ? Effect.flatMap(this.arrived(key, tries), (hasArrived) => hasArrived ? current : Effect.succeed(unknown))
        : current,
      met: () => met
    }
  }

  /**
   * Waits, where other processes change the lower tiers, too, until no change of a key is on its way below: only what
   * has arrived can be compared there. It is `false` if there always is one. A condition would not hold then, and the
   * write would take the place of a change that waits.
   */
  arrived(key: string, tries = { left: triesMax }): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      const { cache, lane } = this
      if (!cache.isShared || lane?.isUnderWay(key) !== true) return Effect.succeed(true)
      if (tries.left === 0) return Effect.succeed(false)
      tries.left--
      return Effect.andThen(cache.outbox.settledWhole, this.arrived(key, tries))
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
    this.before.hideHere(everything, this.cache.nextStamp(), this.cache.time.now())
    if (this.lane === undefined) this.hot?.dropAll()
  }

  /** A tier has lost its place. Another process may change what memory, or any other tier, holds of the family. */
  placeLost(error: StoreError): void {
    this.lost = error
    this.watches.changedAll()
    this.hot?.dropAll()
    this.tierFailed("get", error)
  }

  /** Reports a failure once, although both the store of several tiers and its failed operation report it. */
  readonly tierFailed: OnFailure = (operation, error) => {
    if (!this.cache.hasListeners || this.told.has(error)) return
    this.told.add(error)
    this.cache.emit(CacheEvent.TierFailed({ family: this.name, operation, error }))
  }

  /** Treats every key below as changed, with its dependents, because the entries there cannot be trusted. */
  private readonly distrustBelow = (): void => {
    this.before.hideHere(everything, this.cache.nextStamp(), this.cache.time.now())
    this.cache.spread.ofEnd(this.name)
  }

  /** Makes the entry of a judged value. */
  entryOf(judged: Judged<V>, stamp: number, now: number, costMillis: number): Entry<V> {
    const { lifetimeMillis, ownLifetimeMillis, revision, tags, value } = judged
    const random = this.expiry.jitter === 0 ? 0 : this.cache.random.nextDoubleUnsafe()
    const { expiresAt, freshUntil } = Expiry.timesOf(this.expiry, now, lifetimeMillis, costMillis, random)
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
      ownLifetimeMillis
    )
  }

  /** When a hit needs a second look at an entry: by its own times, or because it is trusted until then. */
  private dueAt(entry: Entry<V>, beganAt: number, trustedUntil: number): number {
    const { idleTimeToLive, refreshAhead } = this.expiry
    if (idleTimeToLive !== undefined) return Math.min(entry.expiresAt, trustedUntil)
    const { costMillis, freshUntil } = entry
    if (refreshAhead === undefined) return Math.min(freshUntil, trustedUntil)
    const { dueAt } = Expiry.timesOf({ ...this.expiry, jitter: 0 }, beganAt, freshUntil - beganAt, costMillis, 0)
    return Math.min(dueAt, trustedUntil)
  }

  /** When the lifetime of an entry began. */
  private beganAt(entry: Entry<V>): number {
    return Expiry.lifetimeBeganAt(this.expiry, entry, this.cache.versions.madeAt(entry))
  }

  /** When an entry is due that this process has made of what was complete at a time. */
  private ownDueAt(entry: Entry<V>, now: number, shownSince = now): number {
    return this.dueAt(entry, now, this.trust?.ownDueAt(shownSince) ?? Infinity)
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
   * Stores the entry of a lookup. It is prepared on its way below; if it does not fit there, it stays in memory alone.
   */
  keepLoaded(
    key: string,
    entry: Entry<V>,
    now: number,
    weight: number,
    kept: KeptLoad
  ): Delivery {
    this.cache.tell(this.name, { _tag: "Loaded", key, isNews: kept.isNews, entry })
    if (entry.freshUntil <= now || entry.expiresAt <= now) return this.removeUntold(key)
    return this.put(key, entry, now, weight, undefined, kept)
  }

  /**
   * Whether a write may take the short way into memory now (`putShort`): only its entry changes, and no caller has to
   * learn of it.
   */
  get isShortWayOpen(): boolean {
    const { cache, holds } = this
    return !cache.hasListeners && !cache.changes.areHeard && !cache.hasPeers && this.watches.areNone &&
      !cache.outbox.owesRows && !holds.isWatching && holds.isEmpty
  }

  /**
   * Stores a value with the family's own lifetime in memory, as `keep` does with an entry. `isShortWayOpen` allows it.
   */
  putShort(key: string, value: V, stamp: number, now: number): Delivery {
    const { cache, hot, sources } = this
    const freshUntil = now + this.expiry.timeToLive
    this.note("Set", key, stamp)
    sources?.kept(key)
    this.mayHold = true
    cache.spread.beginPut()
    hot!.putValue(key, value, stamp, cache.nextVersion(now), freshUntil, freshUntil + this.staleMillis)
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
    loaded?: KeptLoad
  ): Delivery {
    this.watches.changed(key, false, loaded?.isNews === true ? entry : undefined)
    this.sources?.kept(key)
    this.mayHold = true
    if (this.hot !== undefined) this.putHot(key, entry, this.ownDueAt(entry, now, loaded?.shownSince), weight)
    const before = this.cache.stamp
    const evicted = this.cache.spread.ofEvicted(this.name, key, loaded?.others)
    const kept = before === this.cache.stamp ? entry : this.confirmed(key, entry)
    if (this.lane !== undefined) this.marking.sweepDue.wrote()
    const delivery = both(evicted, this.send(key, kept, prepared, loaded))
    return both(delivery, this.cache.spread.ofForgotten())
  }

  /** Sends an entry below: one that a lookup has brought, or that a caller gave. */
  private send(
    key: string,
    entry: Entry<V>,
    prepared: Prepared<V> | undefined,
    loaded: KeptLoad | undefined
  ): Delivery {
    if (this.lane === undefined) return this.sendOwed()
    return loaded === undefined
      ? this.lane.give(key, entry, prepared)
      : this.lane.set(key, entry, prepared, loaded.replaces)
  }

  /** Moves the end of an entry, in every tier. Its value and its weight are those of the entry that is held. */
  reschedule(key: string, entry: Entry<V>, now: number, prepared: Prepared<V> | undefined): Delivery {
    if (this.holds.isWatching) this.holds.touch(key)
    this.cache.tell(this.name, { _tag: "Changed", key })
    this.watches.changed(key)
    this.note("Rescheduled", key, entry.stamp)
    this.hot?.rewrite(key, entry, this.ownDueAt(entry, now))
    if (this.lane === undefined) return this.sendOwed()
    this.marking.sweepDue.wrote()
    return this.lane.give(key, entry, prepared)
  }

  /** Puts an entry into memory. What follows from the entries that it pushes out waits for `ofEvicted`. */
  private putHot(key: string, entry: Entry<V>, dueAt: number, weight: number): void {
    this.cache.spread.beginPut()
    this.hot!.put(key, entry, dueAt, weight)
    this.cache.spread.endPut()
  }

  /** Puts an entry that a lower tier holds into memory. */
  putFound(key: string, entry: Entry<V>, weight: number): void {
    this.putHot(key, entry, this.dueAt(entry, this.beganAt(entry), this.trust?.dueAt ?? Infinity), weight)
    // No caller waits for the tiers: a read promises nothing about entries that memory pushes out.
    void this.cache.spread.ofEvicted()
  }

  /** The entry with the latest stamp: the marks that were set while it was stored do not concern it. */
  private confirmed(key: string, entry: Entry<V>): Entry<V> {
    const { stamp } = this.cache
    this.hot?.confirm(key, stamp)
    return { ...entry, stamp }
  }

  /** Gives an entry that was put in this step the latest stamp, in every tier. */
  confirm(key: string): Delivery {
    const { stamp } = this.cache
    this.hot?.confirm(key, stamp)
    const pending = this.lane?.pending(key)
    return pending?.entry === undefined
      ? noDelivery
      : this.lane!.confirm(key, { ...pending.entry, stamp }, pending)
  }

  /** Whether no tier holds an entry, and nothing is known of what was made from one: memory alone keeps the family. */
  get areNone(): boolean {
    return this.lane === undefined && this.hot?.count === 0 && this.sources === undefined
  }

  /** A mark hides the whole family, so memory has nothing more of it. */
  hidAll(): void {
    this.mayHold = this.lane !== undefined
  }

  /** Whether some tier may hold a key, or any key of a slice. */
  mayHave(slice: string | Slice): boolean {
    if (typeof slice !== "string") return this.mayHold
    return this.lane !== undefined || this.hot?.peek(slice) !== undefined
  }

  /**
   * Whether a value made from the key may be fresh although the key has gone unseen: no tier reported the end of its
   * entry.
   */
  isGoneUnseen(key: string, now: number): boolean {
    const hasEnded = (stamp: number) => stamp < this.marking.tagMark || this.judge(key, stamp, noTags) !== "valid"
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
    return this.lane === undefined ? this.sendOwed() : this.lane.remove(key)
  }

  /**
   * Drops a value that the lower tiers did not take, with what was made from it. They are up to date, unless the write
   * has failed in a family with a lookup: then its source may have changed, and the key is removed there, too. A later
   * value stays.
   */
  takeBack(key: string, version: number | undefined, hasFailed: boolean): Delivery {
    const { cache, lane } = this
    const held = this.hot?.peek(key) ?? lane?.pending(key)?.entry
    let removed = noDelivery
    if (held === undefined || held.version === version) {
      if (hasFailed && !this.isRaced) removed = this.remove(key)
      else this.ended(key)
    }
    cache.tell(this.name, { _tag: "Changed", key })
    cache.nextStamp()
    return both(removed, cache.spread.ofKey(this.name, key, "hide"))
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

  /** A change that no tier below gets: a release that keeps the family there has to learn that it missed some. */
  sendOwed(): Delivery {
    const { outbox } = this.cache
    return outbox.owesRows ? outbox.sendOwed(this.tierFailed, this.spec.isSensitive) : noDelivery
  }

  /** Counts and notes an invalidation. */
  invalidated(target: Happening["target"], mode: InvalidationMode, stamp: number, through: string): void {
    this.counts.invalidations++
    this.note("Invalidated", target, stamp, through, mode)
  }

  /** Counts and notes that the owner has deleted a key. */
  deleted(key: string, stamp: number): void {
    this.counts.invalidations++
    this.note("Deleted", key, stamp, this.name, "hide")
  }
}
