/**
 * What a family holds: entries in its partition, and the marks by which they are judged.
 *
 * Nothing here loads, and nothing decides what to serve.
 */
import * as Effect from "effect/Effect"
import type { Entry, Found } from "../../store/Entry.ts"
import type { HotPartition, Partition } from "../../store/Store.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { CacheEvent } from "../CacheEvent.ts"
import * as Expiry from "../Expiry.ts"
import type { Happening } from "../Explanation.ts"
import type { FamilySpec } from "../FamilySpec.ts"
import {
  FamilyMarks,
  type Mode,
  readScope,
  type Scope,
  TagMarks,
  type Verdict,
  writeScope,
  writeTag
} from "../Invalidation.ts"
import type { LoadedOptions } from "../Lookup.ts"
import { type Below, type Engine, inOrder, nothing } from "./engine.ts"
import { freezeDeep } from "./freeze.ts"

// The scope of a mark that invalidates nothing.
const written = "written"

export const noTags: ReadonlyArray<string> = []

export class Entries<V> {
  readonly cache: Engine
  readonly spec: FamilySpec<V>
  readonly name: string
  readonly expiry: Expiry.Expiry
  readonly hot: HotPartition<V> | undefined
  /** What lies below memory; `undefined` when memory is all there is. */
  readonly lower: Partition<V> | undefined
  readonly marks = new FamilyMarks()
  readonly tags = new TagMarks()
  /** Some entry may have a tag: one has had, or a tier keeps entries from before. */
  tagged: boolean
  /** What a tag's invalidation may concern is older than this. */
  tagMark = 0
  observed = false
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
    this.expiry = spec.expiry
    this.hot = spec.partition.hot
    this.lower = spec.partition === this.hot as unknown ? undefined : spec.partition
    this.tagged = this.lower !== undefined
    this.lookTwice()
  }

  /** The entry of a key, fresh or stale, unless it is invalid. */
  held(key: string): Entry<V> | undefined {
    const entry = this.hot?.peek(key)
    if (entry === undefined || this.isIdle(key, this.cache.time.now())) return undefined
    return this.judge(key, entry.stamp, entry.tags) === "hidden" ? undefined : entry
  }

  isFresh(key: string, entry: Entry<V>, now: number): boolean {
    return this.judge(key, entry.stamp, entry.tags) === "valid" && now < entry.freshUntil &&
      !this.isIdle(key, now)
  }

  judge(key: string, stamp: number, tags: ReadonlyArray<string>): Verdict {
    const own = stamp >= this.marks.latest ? "valid" : this.marks.judge(key, stamp)
    if (own === "hidden" || tags.length === 0) return own
    const byTag = this.tags.judge(tags, stamp)
    return byTag === "valid" ? own : byTag
  }

  /** When an entry that was marked stale ceased to be fresh: with the mark, or before by its own time. */
  staleSince(key: string, entry: Entry<V>, now: number): number {
    const marked = Math.min(
      this.marks.staleSince(key, entry.stamp),
      this.tags.staleSince(entry.tags, entry.stamp)
    )
    return Math.min(now, entry.freshUntil, marked)
  }

  /** An entry with an idle lifetime is due when that is over; each read puts it off. */
  isIdle(key: string, now: number): boolean {
    return this.expiry.idleTimeToLive !== undefined && (this.hot?.dueAt(key) ?? Infinity) <= now
  }

  promoted(key: string, entry: Entry<V>): void {
    if (entry.tags.length > 0) this.tagged = true
    if (this.expiry.refreshAhead === undefined && this.expiry.idleTimeToLive === undefined) return
    const madeAt = Expiry.madeAtMillis(entry)
    const { dueAt } = Expiry.timesOf(
      { ...this.expiry, jitter: 0 },
      madeAt,
      entry.freshUntil - madeAt,
      entry.costMillis,
      0
    )
    this.hot?.postpone(key, dueAt)
  }

  fromBelow(key: string): Effect.Effect<Found<V> | undefined> {
    return Effect.catch(this.lower!.get(key), (error) => Effect.as(this.tierFailed("get", error), undefined))
  }

  manyFromBelow(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>> {
    return Effect.catch(this.lower!.getMany(keys), (error) => Effect.as(this.tierFailed("get", error), []))
  }

  tierFailed(operation: string, error: StoreError): Effect.Effect<void> {
    return Effect.sync(() => this.cache.emit(CacheEvent.TierFailed({ family: this.name, operation, error })))
  }

  entryOf(value: V, options: LoadedOptions, stamp: number, now: number, costMillis: number): Entry<V> {
    const life = options.timeToLive === undefined ? this.expiry.timeToLive : Expiry.lifeMillis(options.timeToLive)
    const { expiresAt, freshUntil } = Expiry.timesOf(
      this.expiry,
      now,
      life,
      costMillis,
      this.expiry.jitter === 0 ? 0 : this.cache.random.nextDoubleUnsafe()
    )
    const tags = options.tags ?? noTags
    if (this.expiry.freeze) freezeDeep(value)
    if (tags.length > 0) this.tagged = true
    return {
      value,
      stamp,
      version: this.cache.nextVersion(now),
      freshUntil,
      expiresAt,
      costMillis,
      tags,
      revision: options.revision
    }
  }

  dueAt(entry: Entry<V>, now: number): number {
    if (this.expiry.refreshAhead === undefined && this.expiry.idleTimeToLive === undefined) return entry.freshUntil
    return Expiry.timesOf({ ...this.expiry, jitter: 0 }, now, entry.freshUntil - now, entry.costMillis, 0).dueAt
  }

  keep(key: string, entry: Entry<V>, now: number): void {
    if (entry.freshUntil <= now) this.hot!.drop(key)
    else this.hot!.put(key, entry, this.dueAt(entry, now))
  }

  /** What a write has left to do below. The mark says nothing; once it is kept, so is the value that was set before. */
  keepBelow(key: string, entry: Entry<V>, now: number): Below {
    if (this.lower === undefined) return nothing
    return inOrder(this.keepEverywhere(key, entry, now), this.cache.recordMark(this.name, written, entry.stamp))
  }

  keepEverywhere(key: string, entry: Entry<V>, now: number): Below {
    if (entry.freshUntil <= now) return this.spec.partition.remove([key])
    const set = this.spec.partition.set(key, entry)
    const dueAt = this.dueAt(entry, now)
    return dueAt === entry.freshUntil ? set : Effect.tap(set, () => {
      if (this.hot?.peek(key)?.version === entry.version) this.hot.postpone(key, dueAt)
      return Effect.void
    })
  }

  note(what: Happening["what"], scope: Happening["scope"], stamp: number, through?: string, mode?: Mode): void {
    this.cache.history.add({ what, family: this.name, scope, through, mode, stamp, atMillis: this.cache.time.now() })
  }

  /** Marks keys; what is left to do below is to keep the mark. */
  markKeys(scope: Scope, mode: Mode, stamp: number, atMillis: number): Below {
    this.marks.record(scope, mode, stamp, atMillis)
    this.lookTwice()
    return this.lower === undefined ? nothing : this.cache.recordMark(this.name, writeScope(scope, mode), stamp)
  }

  /** Marks a tag; what is left to do below is to keep the mark. */
  markTag(tag: string, mode: Mode, stamp: number, atMillis: number): Below {
    this.tags.record(tag, mode, stamp, atMillis)
    this.tagMark = stamp
    this.lookTwice()
    return this.lower === undefined ? nothing : this.cache.recordMark(this.name, writeTag(tag, mode), stamp)
  }

  /** Takes over a mark that a store kept. Nobody knows when it was set: what it marked stale, has been so for ever. */
  restoreMark(written: string, stamp: number): void {
    const read = readScope(written)
    if (read?._tag === "tag") this.tags.record(read.tag, read.mode, stamp, -Infinity)
    else if (read !== undefined) this.marks.record(read.scope, read.mode, stamp, -Infinity)
    this.lookTwice()
  }

  /**
   * Which reads need a second look: those of entries older than a mark; all of them while somebody listens, who is
   * told of hits, and where each read puts off the end of the entry.
   */
  lookTwice(): void {
    if (this.hot === undefined) return
    const always = this.observed || this.expiry.idleTimeToLive !== undefined
    this.hot.mark = always ? Infinity : Math.max(this.marks.latest, this.tagged ? this.tagMark : 0)
    this.hot.floor = this.marks.floor
  }
}
