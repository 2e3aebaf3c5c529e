/**
 * One family in memory: its entries in each shard, and a synchronous form of each operation.
 *
 * - `hit`, the synchronous read, allocates nothing: a table finds the slot, and the columns of the shard have the rest.
 * - An expired entry is invisible at once, whether or not upkeep has freed it.
 *
 * Not here: the bound that all families share and the shards themselves (`memoryShard.ts`), and when upkeep runs
 * (`memoryUpkeep.ts`).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type * as EvictionPolicy from "../../../eviction/EvictionPolicy.ts"
import { invariant } from "../../../eviction/shared/invariant.ts"
import { spreadHash } from "../../../eviction/shared/keyHash.ts"
import { entryWeightMax } from "../../../eviction/shared/slotWeights.ts"
import type { Entry, Found } from "../../Entry.ts"
import type { CoarseClock } from "../../shared/coarseClock.ts"
import { ignoreRejection } from "../../shared/ignoreRejection.ts"
import {
  type Change,
  type Content,
  type FreshUntilMax,
  type HotPartition,
  type Partition,
  type PartitionPage,
  type Prepared,
  type ReadWatcher,
  type Room,
  type ServableUntil,
  type StoreFamily
} from "../../Store.ts"
import { BookmarkLost, FunctionFailed, StoreError } from "../../StoreError.ts"
import type { MemoryShard } from "./memoryShard.ts"
import { type Alarm, type ShardFamily } from "./memoryShard.ts"
import type { SlotRecords } from "./slotRecords.ts"
import { SlotTable } from "./slotTable.ts"
import { TopKeys } from "./topKeys.ts"

/** The name of the tier in answers, events and errors. */
export const name = "memory"

// One hit in 256 is counted in the sketch of hot keys, on average: less than a nanosecond per hit. The distance between
// two of them is random: at regular distances, keys that are read in turns would hide each other.
const hotGap = 256

// Bounds the hits of a family for which time stands still in a synchronous run: a hit that is not due does not ask for
// the time. With 32, a hit took some 3 ns longer.
const hitsPerReadingMax = 256

// The slots that a new entry inspects while its family has dead entries, so that dead entries leave before live ones.
const collectedPerPutMax = 16

// The slots that a sweep inspects before it lets other work run: half a millisecond's work.
const sweptPerPassMax = 1_024

// The slots that one page inspects, most of which may belong to other families: a tenth of a millisecond's work.
const slotsPerPageMax = 10_000

// How many partitions this process has made. With the time, it tells the bookmarks of one partition from another's.
let partitionsMade = 0

/** The greatest stamp that a store has seen. */
export interface Ceiling {
  stamp: number
}

/** The progress of upkeep that inspects every slot. */
interface Sweep {
  view: number
  slot: number
}

/** A family's entries in one shard. */
interface ShardView {
  readonly shard: MemoryShard
  // The same object as `shard.records`, one step nearer for a hit.
  readonly records: SlotRecords
  readonly policy: EvictionPolicy.EvictionPolicy
  readonly table: SlotTable
  /** The number of the family in the shard. */
  readonly familyNumber: number
}

// The prepared form of a value in a memory tier.
interface Weighed<V> extends Prepared<V> {
  readonly weight: number
}

// The lower bits of a hash choose the chain in a table.
const shardBits = 20

/** One family in a memory store, with a synchronous form of each operation. */
export class MemoryPartition<V> implements Partition<V>, HotPartition<V>, ShardFamily {
  declare readonly family: StoreFamily<V>
  declare readonly wantsEvicted: boolean
  validFrom = 0
  servableUntil: ServableUntil | undefined = undefined
  private dead = 0
  declare private readonly weigher: StoreFamily<V>["weigher"]
  declare private readonly time: CoarseClock
  declare private readonly ceiling: Ceiling
  declare private readonly views: ReadonlyArray<ShardView>
  declare private readonly only: ShardView | undefined
  declare private readonly shardMask: number
  declare private readonly alarm: Alarm
  declare private readonly random: { nextDoubleUnsafe(): number }
  private readonly topKeys = new TopKeys()
  // The number of the next hit to note: for the sketch (`hotAt`), for the watcher (`watchAt`), or to read the time
  // again (`timeAt`). Each hit counts `untilNote` down.
  private noteAt = 0
  private untilNote = 0
  private hotAt = 0
  private timeAt = hitsPerReadingMax
  private watchAt = Infinity
  private watcher: ReadWatcher | undefined = undefined
  private collecting: Sweep | undefined = undefined
  private sweptFloor = 0
  left = 0
  leftUnread: number | undefined = undefined
  private leaveListeners: ReadonlyArray<(key: string) => void> = []
  /** Begins the bookmarks of its pages: a slot means nothing in another partition. */
  declare private readonly origin: string

  constructor(
    family: StoreFamily<V>,
    shards: ReadonlyArray<MemoryShard>,
    time: CoarseClock,
    ceiling: Ceiling,
    isWeighed: boolean,
    alarm: Alarm,
    random: { nextDoubleUnsafe(): number }
  ) {
    this.alarm = alarm
    this.random = random
    this.ceiling = ceiling
    this.family = family
    this.weigher = isWeighed ? family.weigher : undefined
    this.wantsEvicted = family.onEvict !== undefined
    this.time = time
    this.origin = `${time.now().toString(36)}-${(++partitionsMade).toString(36)}.`
    this.views = shards.map((shard): ShardView => ({
      shard,
      records: shard.records,
      policy: shard.policy,
      table: new SlotTable(shard.records),
      familyNumber: shard.enroll(this)
    }))
    this.only = this.views.length === 1 ? this.views[0] : undefined
    this.shardMask = shards.length - 1
    if (shards[0]!.policy.wasRead !== undefined) this.leftUnread = 0
    this.hotAt = this.hotDistance()
    this.setNoteAt(0)
  }

  get floor(): number {
    return this.dead
  }

  /** Entries with a smaller stamp are dead, and are freed soon. */
  set floor(floor: number) {
    if (floor === this.dead) return
    this.dead = floor
    this.marked()
    this.alarm.ring()
  }

  hit(key: string): V | undefined {
    const spread = this.spreadOf(key)
    const { policy, records, table } = this.only ?? this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot < 0 || records.stampOf(slot) < this.validFrom) return undefined
    const due = records.dueAt(slot)
    if (due < this.time.next && due <= this.time.now()) return undefined
    const value = records.valueAt(slot) as V | undefined
    if (value === undefined) return undefined
    policy.hit(slot)
    if (--this.untilNote === 0) this.note(key)
    return value
  }

  look(key: string): V | undefined {
    const spread = this.spreadOf(key)
    const { records, table } = this.only ?? this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot < 0 || records.stampOf(slot) < this.validFrom) return undefined
    const due = records.dueAt(slot)
    return due < this.time.next && due <= this.time.now() ? undefined : records.valueAt(slot) as V | undefined
  }

  peek(key: string): Entry<V> | undefined {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    return slot < 0 || shard.endsAt(slot) <= this.time.now() ? undefined : shard.entryAt(slot) as Entry<V>
  }

  dueAt(key: string): number | undefined {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    return slot < 0 ? undefined : shard.records.dueAt(slot)
  }

  touch(key: string): void {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot < 0) return
    shard.policy.hit(slot)
    this.watcher?.(key, 1)
  }

  confirm(key: string, stamp: number): void {
    const spread = this.spreadOf(key)
    const { shard: { records }, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot >= 0 && records.stampOf(slot) < stamp) records.setStamp(slot, stamp)
  }

  postpone(key: string, expiresAt: number): void {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot >= 0) shard.postpone(slot, expiresAt)
  }

  weigh(key: string, value: V): number {
    const { family, weigher } = this
    return weigher === undefined ? 1 : weightOf(weigher, family, key, value)
  }

  get isRefusing(): boolean {
    return this.views[0]!.shard.isRefusing
  }

  weightIn(key: string): number {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    return slot < 0 ? 0 : shard.weightAt(slot)
  }

  roomOf(key: string): Room | undefined {
    const { shard } = this.viewOf(this.spreadOf(key))
    return shard.isRefusing ? shard : undefined
  }

  marked(): void {
    if (this.isRefusing) { for (const { shard } of this.views) shard.marked() }
  }

  put(key: string, entry: Entry<V>, dueAt: number, weight: number): void {
    if (entry.stamp > this.ceiling.stamp) this.ceiling.stamp = entry.stamp
    const spread = this.spreadOf(key)
    const view = this.viewOf(spread)
    const { shard } = view
    if (weight > shard.weightMax) this.drop(key)
    const slot = this.slotFor(view, key, spread, weight)
    if (slot < 0) {
      this.family.onEvict?.(key, entry, "Evicted")
      return
    }
    shard.write(slot, entry, dueAt)
    shard.restoreBound()
  }

  /** The slot of a key, with its weight counted; a new one if it has none, or -1 if the weight fits into no shard. */
  private slotFor(view: ShardView, key: string, spread: number, weight: number): number {
    const slot = view.table.find(key, spread)
    if (slot < 0) return this.newSlotFor(view, key, spread, weight)
    view.policy.update(slot, weight)
    return slot
  }

  private newSlotFor({ familyNumber, shard, table }: ShardView, key: string, spread: number, weight: number): number {
    this.collect(collectedPerPutMax)
    const slot = shard.insert(familyNumber, key, weight, this.time.now())
    if (slot >= 0) table.add(slot, key, spread)
    return slot
  }

  putValue(key: string, value: V, stamp: number, version: number, dueAt: number, expiresAt: number): void {
    if (stamp > this.ceiling.stamp) this.ceiling.stamp = stamp
    const spread = this.spreadOf(key)
    const view = this.only ?? this.viewOf(spread)
    const { shard } = view
    const slot = this.slotFor(view, key, spread, 1)
    shard.writeValue(slot, value, stamp, version, dueAt, expiresAt)
    shard.restoreBound()
  }

  rewrite(key: string, entry: Entry<V>, dueAt: number): boolean {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot < 0) return false
    if (entry.stamp > this.ceiling.stamp) this.ceiling.stamp = entry.stamp
    shard.write(slot, entry, dueAt)
    return true
  }

  drop(key: string): boolean {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot < 0) return false
    shard.remove(slot)
    return true
  }

  dropAll(): void {
    for (const { familyNumber, shard } of this.views) {
      for (let slot = 0; slot < shard.records.used; slot++) if (shard.isOf(slot, familyNumber)) shard.remove(slot)
    }
    this.collecting = undefined
  }

  get count(): number {
    let count = 0
    for (const { table } of this.views) count += table.size
    return count
  }

  hottest(max: number): ReadonlyArray<{ readonly key: string; readonly share: number }> {
    return this.topKeys.top(max)
  }

  watch(watcher: ReadWatcher | undefined): void {
    this.watcher = watcher
    const { hits } = this
    this.watchAt = watcher === undefined ? Infinity : hits + 1
    this.setNoteAt(hits)
  }

  get hits(): number {
    return this.noteAt - this.untilNote
  }

  private note(key: string): void {
    const { hits } = this
    if (hits === this.hotAt) {
      this.topKeys.add(key)
      this.hotAt += this.hotDistance()
    }
    // Bounds the error of the time in a burst that never yields: a hit that is not due does not ask for it.
    if (hits === this.timeAt) {
      this.timeAt += hitsPerReadingMax
      this.time.expire()
    }
    if (hits === this.watchAt) this.watchAt += this.watcher!(key, 0)
    this.setNoteAt(hits)
  }

  private setNoteAt(hits: number): void {
    this.noteAt = Math.min(this.hotAt, this.timeAt, this.watchAt)
    this.untilNote = this.noteAt - hits
  }

  private hotDistance(): number {
    return 1 + Math.floor(this.random.nextDoubleUnsafe() * (2 * hotGap - 1))
  }

  /** Walks by slot, not by chain: so the table may change while the caller inspects a key. */
  *keys(): IterableIterator<string> {
    for (const { familyNumber, shard } of this.views) {
      for (let slot = 0; slot < shard.records.used; slot++) {
        if (shard.isOf(slot, familyNumber)) yield shard.records.keyAt(slot)!
      }
    }
  }

  /** Frees entries below `floor`. It inspects at most `max` slots, and returns whether there are more to inspect. */
  collect(max: number): boolean {
    if (this.sweptFloor === this.floor && this.collecting === undefined) return false
    if (this.collecting === undefined) {
      this.sweptFloor = this.floor
      this.collecting = { view: 0, slot: 0 }
    }
    const { collecting: sweep } = this
    for (let looked = 0; looked < max; looked++) {
      const { familyNumber, shard } = this.views[sweep.view]!
      if (sweep.slot < shard.records.used) {
        const slot = sweep.slot++
        if (shard.isOf(slot, familyNumber) && shard.records.stampOf(slot) < this.floor) shard.remove(slot)
      } else if (sweep.view + 1 < this.views.length) {
        sweep.view++
        sweep.slot = 0
      } else {
        this.collecting = undefined
        return this.sweptFloor !== this.floor
      }
    }
    return true
  }

  /** Passes an entry that a shard evicts to the family's `onEvict`. The shard calls it. */
  evicted(shard: MemoryShard, slot: number, cause: "Evicted" | "Expired"): void {
    this.family.onEvict!(shard.records.keyAt(slot)!, shard.entryAt(slot) as Entry<V>, cause)
  }

  /** Until when an entry may be served. The shard calls it. */
  servableUntilAt(shard: MemoryShard, slot: number): number {
    const { records } = shard
    const stamp = records.stampOf(slot)
    if (stamp < this.floor) return -Infinity
    if (this.servableUntil === undefined) return Infinity
    const until = this.servableUntil(records.keyAt(slot)!, stamp, shard.tagsAt(slot), shard.freshUntilAt(slot))
    return until < shard.endsAt(slot) ? until : Infinity
  }

  /** Removes the key of an entry that leaves. The shard calls it. */
  forgotten(shard: MemoryShard, slot: number): void {
    const key = shard.records.keyAt(slot)!
    this.left++
    if (this.leftUnread !== undefined && shard.policy.wasRead?.(slot) === false) this.leftUnread++
    this.views[shard.index]!.table.remove(slot, key)
    for (const listener of this.leaveListeners) listener(key)
  }

  onLeave(listener: (key: string) => void): () => void {
    this.leaveListeners = [...this.leaveListeners, listener]
    return () => {
      this.leaveListeners = this.leaveListeners.filter((other) => other !== listener)
    }
  }

  /** Draws a slot of all shards, so that each key has the same chance, however unevenly the shards are filled. */
  sample(random: () => number): string | undefined {
    let at = 0
    for (const { shard } of this.views) at += shard.records.used
    at = Math.floor(random() * at)
    for (const { familyNumber, shard } of this.views) {
      if (at < shard.records.used) return shard.isOf(at, familyNumber) ? shard.records.keyAt(at) : undefined
      at -= shard.records.used
    }
    return undefined
  }

  /** Throws when the structure is broken. For tests: its cost grows with the size of the store. */
  checkInvariants(): void {
    for (const { familyNumber, shard, table } of this.views) {
      shard.checkInvariants()
      table.checkInvariants()
      let count = 0
      for (let slot = 0; slot < shard.records.used; slot++) {
        if (!shard.isOf(slot, familyNumber)) continue
        const key = shard.records.keyAt(slot)!
        const found = table.find(key, this.spreadOf(key)) === slot
        invariant(found, "MemoryPartition", "an entry can be found by its key", slot)
        count++
      }
      invariant(count === table.size, "MemoryPartition", "a table finds its own entries only", count)
    }
  }

  private spreadOf(key: string): number {
    return this.only === undefined ? spreadHash(key) : 0
  }

  private viewOf(spread: number): ShardView {
    return this.views[(spread >>> shardBits) & this.shardMask]!
  }

  // --- the contract of a tier -------------------------------------------------------------------

  readonly get = (key: string): Effect.Effect<Found<V> | undefined> => Effect.sync(() => this.find(key))

  readonly getMany = (keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>> =>
    Effect.sync(() => keys.map((key) => this.find(key)))

  /** A live object needs no other form: only its weight is prepared. */
  readonly prepare = (key: string, { value }: Content<V>): Effect.Effect<Prepared<V>, StoreError> => {
    try {
      const weighed: Weighed<V> = { bytes: 0, weight: this.weigh(key, value) }
      return Exit.succeed(weighed)
    } catch (error) {
      if (error instanceof FunctionFailed) return Exit.fail(new StoreError({ reason: error }))
      throw error
    }
  }

  /** Applies the changes of a round to this family. */
  readonly apply = ({ cleared, removed, set }: Change<V>): void => {
    if (cleared) this.dropAll()
    for (const key of removed) this.drop(key)
    for (const { entry, key, prepared } of set) {
      this.put(key, entry, entry.freshUntil, (prepared as Weighed<V>).weight)
    }
  }

  readonly set = (key: string, entry: Entry<V>): Effect.Effect<void, StoreError> => this.setMany([[key, entry]])

  readonly setMany = (
    entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>
  ): Effect.Effect<void, StoreError> =>
    Effect.suspend(() => {
      let weights: ReadonlyArray<number>
      try {
        weights = entries.map(([key, { value }]) => this.weigh(key, value))
      } catch (error) {
        if (error instanceof FunctionFailed) return Effect.fail(new StoreError({ reason: error }))
        throw error
      }
      for (const [i, [key, entry]] of entries.entries()) this.put(key, entry, entry.freshUntil, weights[i]!)
      return Effect.void
    })

  readonly remove = (keys: ReadonlyArray<string>): Effect.Effect<void> =>
    Effect.sync(() => {
      for (const key of keys) this.drop(key)
    })

  readonly clear: Effect.Effect<void> = Effect.sync(() => this.dropAll())

  readonly entries: Stream.Stream<readonly [key: string, entry: Entry<V>]> = Stream.suspend(() =>
    Stream.fromIterable(this.live())
  )

  /**
   * A bookmark is a slot of a shard, as one number. An entry stays in its slot while it lives, also when the shard
   * grows, so no entry that stays is missed, whatever comes and goes in between.
   */
  readonly page = (after: string | undefined, max: number): Exit.Exit<PartitionPage<V>, StoreError> => {
    const { origin, views } = this
    const from = after === undefined ? 0 : after.startsWith(origin) ? bookmarkOf(after.slice(origin.length)) : undefined
    if (from === undefined) {
      const why = after !== undefined && wellFormed.test(after) ? "restarted" : "malformed"
      return Exit.fail(new StoreError({ reason: new BookmarkLost({ tier: name, why }) }))
    }
    const now = this.time.now()
    const entries: Array<readonly [key: string, entry: Entry<V>]> = []
    let view = from % views.length
    let slot = Math.floor(from / views.length)
    for (let looked = 0; looked < slotsPerPageMax && entries.length < max; looked++) {
      const { familyNumber, shard } = views[view]!
      if (slot >= shard.records.used) {
        slot = 0
        if (++view === views.length) return Exit.succeed({ entries, next: undefined })
      } else {
        if (shard.isOf(slot, familyNumber) && shard.endsAt(slot) > now) {
          entries.push([shard.records.keyAt(slot)!, shard.entryAt(slot) as Entry<V>])
        }
        slot++
      }
    }
    return Exit.succeed({ entries, next: origin + (slot * views.length + view).toString(36) })
  }

  readonly sweep = (freshUntilMax: FreshUntilMax): Effect.Effect<void> =>
    Effect.suspend(() => {
      // An entry stays in its slot while it lives, so changes between two passes do not matter.
      const progress: Sweep = { view: 0, slot: 0 }
      const pass: Effect.Effect<void> = Effect.suspend(() =>
        this.sweepSome(progress, freshUntilMax) ? Effect.andThen(Effect.yieldNow, pass) : Effect.void
      )
      return pass
    })

  private sweepSome(progress: Sweep, freshUntilMax: FreshUntilMax): boolean {
    for (let looked = 0; looked < sweptPerPassMax; looked++) {
      const view = this.views[progress.view]
      if (view === undefined) return false
      const { familyNumber, shard } = view
      if (progress.slot >= shard.records.used) {
        progress.view++
        progress.slot = 0
        continue
      }
      const slot = progress.slot++
      if (!shard.isOf(slot, familyNumber)) continue
      const max = freshUntilMax(shard.records.keyAt(slot)!, shard.records.stampOf(slot), shard.tagsAt(slot))
      if (max === -Infinity) shard.remove(slot)
      else if (max !== Infinity) shard.limit(slot, max)
    }
    return true
  }

  readonly size: Effect.Effect<number> = Effect.sync(() => {
    let size = 0
    for (const _ of this.live()) size++
    return size
  })

  readonly hot = this

  private find(key: string): Found<V> | undefined {
    const entry = this.peek(key)
    if (entry === undefined) return undefined
    this.touch(key)
    return { entry, tier: name }
  }

  private *live(): IterableIterator<readonly [key: string, entry: Entry<V>]> {
    for (const key of this.keys()) {
      const entry = this.peek(key)
      if (entry !== undefined) yield [key, entry]
    }
  }
}

const wellFormed = /^[\da-z]+-[\da-z]+\.[\da-z]+$/

/** The number that a bookmark spells, if it is one. */
const bookmarkOf = (text: string): number | undefined => {
  const bookmark = Number.parseInt(text, 36)
  return Number.isSafeInteger(bookmark) && bookmark.toString(36) === text ? bookmark : undefined
}

/** The result of a weigher as a weight. Throws if the weigher throws, or if its result is not a weight. */
const weightOf = <V>(
  weigher: (key: string, value: V) => unknown,
  { name: family, render }: StoreFamily<V>,
  key: string,
  value: V
): number => {
  const failed = (why: string, cause?: unknown) =>
    new FunctionFailed({ family, option: "weigher", key: render(key), why, cause })
  let answer: unknown
  try {
    answer = weigher(key, value)
  } catch (cause) {
    throw failed("threw an error", cause)
  }
  ignoreRejection(answer)
  if (typeof answer !== "number") throw failed(`returned ${typeof answer}, but a weight is a number`)
  if (!(answer >= 0)) throw failed(`returned ${answer}, but a weight is at least 0`)
  const weight = Math.max(1, Math.ceil(answer))
  return weight <= entryWeightMax ? weight : Infinity
}
