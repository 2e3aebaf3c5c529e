/**
 * A share of a memory store: entries in columns, addressed by slot, with their own eviction queues and timer wheel.
 *
 * The fields that every entry has are in its record ({@link SlotRecords}). The fields that some entries have (tags, an
 * end that is later than the due time, a cost) are in columns that are made when the first entry needs them. The fields
 * that few entries have are in an object, `Extra`.
 *
 * - After `put`, the weight of the shard is at most `weightMax`.
 * - Expired entries leave before live ones.
 * - Under a policy that refuses, what no read may serve leaves before a value is refused. A mark lets the shard look at
 *   each entry once, and only when room is needed.
 */
import type { EvictionPolicy } from "../../../eviction/EvictionPolicy.ts"
import { invariant } from "../../../eviction/shared/invariant.ts"
import { type HashOf, keyHash } from "../../../eviction/shared/keyHash.ts"
import { Refuse } from "../../../eviction/shared/refuse.ts"
import { grownCells } from "../../../eviction/shared/slotCapacity.ts"
import type { Entry } from "../../Entry.ts"
import type { Room } from "../../Store.ts"
import { SlotRecords } from "./slotRecords.ts"
import { TimerWheel } from "./timerWheel.ts"

/**
 * Extra fields of an entry whose `freshUntil` differs from `dueAt`, that has a revision or a lifetime of its own, or
 * whose end does not fit 32 bits.
 */
interface Extra {
  readonly freshUntil: number
  readonly expiresAt: number
  readonly revision: string | undefined
  readonly ownLifetimeMillis: number | undefined
}

/** A family, as a shard sees it: the shard calls it for each of its entries that leaves. */
export interface ShardFamily {
  readonly wantsEvicted: boolean
  /** Called while the entry can still be read from its slot. */
  evicted(shard: MemoryShard, slot: number, cause: "Evicted" | "Expired"): void
  /** Called when the entry leaves the shard; its key can still be read from its slot. */
  forgotten(shard: MemoryShard, slot: number): void
  /** Until when the entry may be served; `Infinity` if it is scheduled to end by then. */
  servableUntilAt(shard: MemoryShard, slot: number): number
}

/** The alarm clock of upkeep. */
export interface Alarm {
  /** Upkeep sleeps until this time, in milliseconds since the epoch. */
  at: number
  /** Wakes upkeep, because an entry ends before `at`. */
  ring(): void
}

/** Makes a policy from the function by which it asks for the hash of a slot. */
export type MakePolicy = (hashOf: HashOf) => EvictionPolicy

const noTags: ReadonlyArray<string> = Object.freeze([])

// A slot names its family in 16 bits.
const familiesMax = 65_536

// The entries that a search looks at before it asks whether there is room.
const searchedPerStepMax = 16

// The entries that a search looks at for the value of a lookup, which may stay out: a millisecond's work.
const searchedPerPutMax = 1_024

// Bounds the dead entries that one `put` removes, so that a burst of expirations cannot hold up a writer.
const expiredPerPutMax = 16

export class MemoryShard implements Room {
  readonly index: number
  readonly weightMax: number
  readonly policy: EvictionPolicy
  readonly isRefusing: boolean
  readonly wheel: TimerWheel
  readonly records: SlotRecords
  private readonly families: Array<ShardFamily> = []
  private familyOf = new Uint16Array(0)
  /** By how many milliseconds an entry ends after it is due; `NaN` if 32 bits cannot hold that exactly. */
  private later: Float32Array | undefined = undefined
  private costs: Float32Array | undefined = undefined
  /** A single tag is kept without a list around it. */
  private tags: Array<string | ReadonlyArray<string> | undefined> | undefined = undefined
  private latestTags = noTags
  private extras: Array<Extra | undefined> | undefined = undefined
  private readonly expire: (slot: number) => void
  private readonly alarm: Alarm
  private readonly time: { now(): number }
  /** What is kept free for values that are about to be written. */
  private reserved = 0
  /** Where the search for entries that no read may serve goes on; -1 if it has looked at all. */
  private searchAt = -1
  searches = 0
  /** Whether a mark has come since the search began. */
  private searchAgain = false
  /** When the first of the entries that it has left may not be served any more. */
  private searchFrom = Infinity

  constructor(index: number, makePolicy: MakePolicy, time: { now(): number }, alarm: Alarm) {
    const policy = makePolicy((slot) => keyHash(this.records.keyAt(slot)!, this.familyOf[slot]!))
    // An entry weighs at least 1, and one entry is inserted before another leaves.
    const slotsExpected = policy.weightMax + 1
    this.index = index
    this.alarm = alarm
    this.time = time
    this.weightMax = policy.weightMax
    this.policy = policy
    this.isRefusing = policy instanceof Refuse
    this.records = new SlotRecords(slotsExpected)
    this.wheel = new TimerWheel(time.now(), (slot) => this.endsAt(slot), slotsExpected)
    this.expire = (slot) => this.pushOut(slot, "Expired")
  }

  get size(): number {
    return this.records.size
  }

  /** The weight of an entry under a policy that refuses. */
  weightAt(slot: number): number {
    return this.policy instanceof Refuse ? this.policy.weightOf(slot) : 0
  }

  /** Adds a family, and returns its number in this shard. */
  enroll(family: ShardFamily): number {
    invariant(
      this.families.length < familiesMax,
      "MemoryShard",
      "the number of a family has 16 bits",
      this.families.length
    )
    return this.families.push(family) - 1
  }

  /** Whether a slot holds an entry of this family. */
  isOf(slot: number, family: number): boolean {
    return this.familyOf[slot] === family && this.records.keyAt(slot) !== undefined
  }

  /** When the entry ends, in milliseconds since the epoch; until then it may be served, at last as a stale one. */
  endsAt(slot: number): number {
    const dueAt = this.records.dueAt(slot)
    if (this.later === undefined) return dueAt
    const later = this.later[slot]!
    return Number.isNaN(later) ? this.extras![slot]!.expiresAt : dueAt + later
  }

  freshUntilAt(slot: number): number {
    return this.extras?.[slot]?.freshUntil ?? this.records.dueAt(slot)
  }

  entryAt(slot: number): Entry<unknown> {
    const { records } = this
    const extra = this.extras?.[slot]
    const entry: Entry<unknown> = {
      value: records.valueAt(slot),
      stamp: records.stampOf(slot),
      version: records.versionOf(slot),
      freshUntil: this.freshUntilAt(slot),
      expiresAt: this.endsAt(slot),
      costMillis: this.costs === undefined ? 0 : this.costs[slot]!,
      tags: this.tagsAt(slot),
      revision: extra?.revision
    }
    return extra?.ownLifetimeMillis === undefined ? entry : { ...entry, ownLifetimeMillis: extra.ownLifetimeMillis }
  }

  /** Makes room for a new entry and returns its slot, or -1 when the entry alone outweighs the shard. */
  insert(family: number, key: string, weight: number, nowMillis: number): number {
    if (weight > this.weightMax) return -1
    if (this.policy.weight + weight > this.weightMax) this.wheel.advance(nowMillis, expiredPerPutMax, this.expire)
    const slot = this.records.take(key)
    if (slot >= this.familyOf.length) this.grow()
    this.familyOf[slot] = family
    this.policy.insert(slot, weight)
    return slot
  }

  fits(more: number): boolean {
    return this.policy.weight + this.reserved + more <= this.weightMax
  }

  makeRoom(more: number, max: number): boolean {
    const { size } = this
    const now = this.time.now()
    for (let some = true; some && !this.fits(more);) some = this.wheel.advance(now, expiredPerPutMax, this.expire)
    for (let left = max; left > 0 && !this.fits(more); left -= searchedPerStepMax) if (!this.search(now)) break
    return this.size < size
  }

  get mayMakeRoom(): boolean {
    return this.searchAt >= 0 || this.searchAgain || this.time.now() >= this.searchFrom
  }

  reserve(weight: number): void {
    this.reserved += weight
  }

  /** A mark may hide entries. */
  marked(): void {
    this.searchAgain = true
  }

  /** Frees entries that no read may serve, among the next ones. Returns whether there are more to look at. */
  private search(now: number): boolean {
    if (this.searchAt < 0) {
      if (!this.searchAgain && now < this.searchFrom) return false
      this.searchAt = 0
      this.searchAgain = false
      this.searchFrom = Infinity
    }
    const end = Math.min(this.records.used, this.searchAt + searchedPerStepMax)
    for (; this.searchAt < end; this.searchAt++) {
      const slot = this.searchAt
      if (this.records.keyAt(slot) === undefined) continue
      const until = this.families[this.familyOf[slot]!]!.servableUntilAt(this, slot)
      if (until <= now) this.remove(slot)
      else if (until < this.searchFrom) this.searchFrom = until
    }
    if (end === this.records.used) {
      this.searchAt = -1
      this.searches++
    }
    return true
  }

  /** Restores the bound after an insert or update. The newest entry may be the one that leaves. */
  restoreBound(): void {
    if (!this.fits(0)) this.pushOutMore()
  }

  private pushOutMore(): void {
    if (this.isRefusing) this.makeRoom(0, searchedPerPutMax)
    while (!this.fits(0)) {
      const victim = this.policy.evict()
      if (victim < 0) return
      this.release(victim, "Evicted")
    }
  }

  write(slot: number, entry: Entry<unknown>, dueAt: number): void {
    const { records } = this
    const { costMillis, expiresAt, freshUntil, ownLifetimeMillis, revision, tags } = entry
    const before = this.wheel.has(slot) ? this.endsAt(slot) : Infinity
    records.setValue(slot, entry.value)
    records.setStamp(slot, entry.stamp)
    records.setVersion(slot, entry.version)
    records.setDue(slot, dueAt)
    const isExact = this.setEnd(slot, dueAt, expiresAt)
    if (costMillis !== 0) this.costs ??= new Float32Array(records.capacity)
    if (this.costs !== undefined) this.costs[slot] = costMillis
    if (tags.length > 0) this.tags ??= grownCells([], records.capacity)
    if (this.tags !== undefined) this.tags[slot] = tags.length > 1 ? this.sharedTags(tags) : tags[0]
    const isPlain = isExact && freshUntil === dueAt && revision === undefined && ownLifetimeMillis === undefined
    if (!isPlain) this.extras ??= grownCells([], records.capacity)
    if (this.extras !== undefined) {
      this.extras[slot] = isPlain ? undefined : { freshUntil, expiresAt, revision, ownLifetimeMillis }
    }
    this.reschedule(slot, expiresAt, before)
  }

  /** Writes a value whose entry has no tags, cost and revision, and is fresh until it is due. */
  writeValue(slot: number, value: unknown, stamp: number, version: number, dueAt: number, expiresAt: number): void {
    const { records } = this
    const before = this.wheel.has(slot) ? this.endsAt(slot) : Infinity
    records.setValue(slot, value)
    records.setStamp(slot, stamp)
    records.setVersion(slot, version)
    records.setDue(slot, dueAt)
    const isExact = this.setEnd(slot, dueAt, expiresAt)
    if (this.costs !== undefined) this.costs[slot] = 0
    if (this.tags !== undefined) this.tags[slot] = undefined
    if (this.extras !== undefined || !isExact) this.writeValueExtra(slot, dueAt, expiresAt, isExact)
    this.reschedule(slot, expiresAt, before)
  }

  private writeValueExtra(slot: number, dueAt: number, expiresAt: number, isExact: boolean): void {
    const extras = this.extras ??= grownCells([], this.records.capacity)
    extras[slot] = isExact
      ? undefined
      : { freshUntil: dueAt, expiresAt, revision: undefined, ownLifetimeMillis: undefined }
  }

  /**
   * Schedules the end of an entry whose end was `before`, or that was not scheduled for `Infinity`. The wheel learns by
   * itself that an entry ends later than scheduled: a write does not pay for that.
   */
  private reschedule(slot: number, expiresAt: number, before: number): void {
    if (expiresAt === Infinity) this.wheel.cancel(slot)
    else if (expiresAt < before) this.schedule(slot, expiresAt)
  }

  private schedule(slot: number, expiresAt: number): void {
    this.wheel.schedule(slot)
    if (expiresAt < this.alarm.at) this.alarm.ring()
  }

  /** Moves the end and the due time of an entry to `expiresAt`, and changes nothing else. */
  postpone(slot: number, expiresAt: number): void {
    const before = this.endsAt(slot)
    if (before === expiresAt) return
    const extras = this.extras ??= grownCells([], this.records.capacity)
    const freshUntil = this.records.dueAt(slot)
    extras[slot] ??= { freshUntil, expiresAt, revision: undefined, ownLifetimeMillis: undefined }
    this.records.setDue(slot, expiresAt)
    if (this.later !== undefined) this.later[slot] = 0
    // The wheel learns by itself that an entry ends later than scheduled: a read does not pay for that.
    if (expiresAt === Infinity) this.wheel.cancel(slot)
    else if (expiresAt < before) this.schedule(slot, expiresAt)
  }

  /** Ends the freshness of an entry at `freshUntilMax` or earlier, and changes nothing else. */
  limit(slot: number, freshUntilMax: number): void {
    const { expiresAt, freshUntil, ownLifetimeMillis, revision } = this.entryAt(slot)
    if (freshUntil <= freshUntilMax) return
    const dueAt = Math.min(this.records.dueAt(slot), freshUntilMax)
    const extras = this.extras ??= grownCells([], this.records.capacity)
    extras[slot] = { freshUntil: freshUntilMax, expiresAt, revision, ownLifetimeMillis }
    this.records.setDue(slot, dueAt)
    this.setEnd(slot, dueAt, expiresAt)
  }

  /** Removes an entry for another reason than lack of room or time. */
  remove(slot: number): void {
    this.policy.remove(slot)
    this.clear(slot)
  }

  /** `advance` has nothing to do before this time. */
  get nextDueMillis(): number {
    return this.wheel.nextDueMillis()
  }

  /** Evicts expired entries, at most `max`; returns whether there are more. */
  advance(nowMillis: number, max: number): boolean {
    return this.wheel.advance(nowMillis, max, this.expire)
  }

  /** Throws when the structure is broken. For tests: its cost grows with `size`. */
  checkInvariants(): void {
    this.policy.checkInvariants()
    this.wheel.checkInvariants()
    this.records.checkInvariants()
    invariant(this.fits(0) && this.reserved >= 0, "MemoryShard", "the bound holds", this.policy.weight + this.reserved)
    invariant(this.policy.size === this.size, "MemoryShard", "the policy knows every entry", this.policy.size)
    let ends = 0
    for (let slot = 0; slot < this.records.used; slot++) {
      if (this.records.keyAt(slot) !== undefined && this.endsAt(slot) !== Infinity) ends++
    }
    invariant(this.wheel.size === ends, "MemoryShard", "what ends is scheduled", this.wheel.size)
  }

  private pushOut(slot: number, cause: "Evicted" | "Expired"): void {
    this.policy.remove(slot)
    this.release(slot, cause)
  }

  private release(slot: number, cause: "Evicted" | "Expired"): void {
    const family = this.families[this.familyOf[slot]!]!
    if (family.wantsEvicted) family.evicted(this, slot, cause)
    this.clear(slot)
  }

  private clear(slot: number): void {
    this.wheel.cancel(slot)
    this.families[this.familyOf[slot]!]!.forgotten(this, slot)
    this.records.free(slot)
    if (this.tags !== undefined) this.tags[slot] = undefined
    if (this.extras !== undefined) this.extras[slot] = undefined
  }

  /** One list for entries that are written in sequence with the same tags, as entries of one family often are. */
  private sharedTags(tags: ReadonlyArray<string>): ReadonlyArray<string> {
    const { latestTags } = this
    const isSame = latestTags.length === tags.length && latestTags.every((tag, i) => tag === tags[i])
    return isSame ? latestTags : this.latestTags = tags
  }

  tagsAt(slot: number): ReadonlyArray<string> {
    const tags = this.tags?.[slot]
    return tags === undefined ? noTags : typeof tags === "string" ? [tags] : tags
  }

  /** Stores the end of an entry. If it returns `false`, the end does not fit here and belongs in the {@link Extra}. */
  private setEnd(slot: number, dueAt: number, expiresAt: number): boolean {
    // Avoids `Infinity - Infinity`, which is NaN.
    const later = expiresAt === dueAt ? 0 : Math.fround(expiresAt - dueAt)
    const isExact = dueAt + later === expiresAt
    if (later !== 0) this.later ??= new Float32Array(this.records.capacity)
    if (this.later !== undefined) this.later[slot] = isExact ? later : NaN
    return isExact
  }

  private grow(): void {
    const { capacity } = this.records
    this.familyOf = copied(this.familyOf, new Uint16Array(capacity))
    if (this.later !== undefined) this.later = copied(this.later, new Float32Array(capacity))
    if (this.costs !== undefined) this.costs = copied(this.costs, new Float32Array(capacity))
    if (this.tags !== undefined) this.tags = grownCells(this.tags, capacity)
    if (this.extras !== undefined) this.extras = grownCells(this.extras, capacity)
  }
}

const copied = <A extends Uint16Array | Float32Array>(from: A, to: A): A => {
  to.set(from)
  return to
}
