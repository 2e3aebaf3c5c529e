/**
 * A share of a memory store: entries in columns, addressed by slot, with their own eviction queues and timer wheel.
 *
 * A slot is a small integer, handed out and taken back here. An entry's numbers live in typed arrays, which double;
 * only what most entries lack (tags, a revision, a time to be stale) is an object, `Extra`, made on demand.
 *
 * - After `put`, the weight of the shard is at most `weightMax`.
 * - What is past its time leaves before anything live does.
 * - `keys[slot]` is `undefined` exactly when the slot is free.
 */
import type { Entry } from "../Entry.ts"
import type { EvictionPolicy } from "../EvictionPolicy.ts"
import { invariant } from "./invariant.ts"
import type { TimerWheel } from "./timerWheel.ts"

/** What an entry has beyond its columns. Absent when it is fresh until it is due, has no tags and no revision. */
export interface Extra {
  readonly freshUntil: number
  readonly expiresAt: number
  readonly tags: ReadonlyArray<string>
  readonly revision: string | undefined
}

/** What a shard tells of the entries that it pushes out. */
export interface ShardOwner {
  readonly wantsEvicted: boolean
  /** Called while the entry can still be read from its slot. */
  evicted(shard: MemoryShard, slot: number, cause: "Evicted" | "Expired"): void
  /** The entry is gone from the shard. */
  forgotten(key: string): void
}

const slotsAtFirst = 64
const noTags: ReadonlyArray<string> = []

// Bounds the dead that one `put` clears away, so that a burst of expirations cannot hold up a writer.
const expiredPerPutMax = 16

export class MemoryShard {
  readonly keys: Array<string | undefined> = []
  readonly values: Array<unknown> = []
  readonly owners: Array<ShardOwner | undefined> = []
  extras: Array<Extra | undefined> | undefined = undefined
  // What every hit compares, side by side: one line of the processor's cache holds both. See `dueAt` and `stampOf`.
  private gates = new Float64Array(2 * slotsAtFirst)
  versions = new Float64Array(slotsAtFirst)
  costs = new Float32Array(slotsAtFirst)
  private free = new Int32Array(slotsAtFirst)
  private freeCount = 0
  private used = 0
  readonly weightMax: number
  readonly policy: EvictionPolicy
  readonly wheel: TimerWheel
  private readonly expire: (slot: number) => void

  constructor(weightMax: number, policy: EvictionPolicy, wheel: TimerWheel) {
    this.weightMax = weightMax
    this.policy = policy
    this.wheel = wheel
    this.expire = (slot) => this.pushOut(slot, "Expired")
  }

  get size(): number {
    return this.used - this.freeCount
  }

  /** Until then a hit needs no thought: neither stale nor due for a refresh. */
  dueAt(slot: number): number {
    return this.gates[2 * slot]!
  }

  /** When the entry ends, stale or not: as the wheel has it, which rounds up to the millisecond. */
  endsAt(slot: number): number {
    const extra = this.extras?.[slot]
    if (extra !== undefined) return extra.expiresAt
    const dueAt = this.dueAt(slot)
    const deadline = this.wheel.deadlineOf(slot)
    return deadline === Math.ceil(dueAt) ? dueAt : deadline
  }

  /** The stamp at which the load began. */
  stampOf(slot: number): number {
    return this.gates[2 * slot + 1]!
  }

  confirm(slot: number, stamp: number): void {
    this.gates[2 * slot + 1] = stamp
  }

  /** Makes room for a new entry and returns its slot, or -1 when the entry alone outweighs the shard. */
  insert(owner: ShardOwner, key: string, hash: number, weight: number, nowMillis: number): number {
    if (weight > this.weightMax) return -1
    if (this.policy.weight + weight > this.weightMax) this.wheel.advance(nowMillis, expiredPerPutMax, this.expire)
    const slot = this.take()
    this.keys[slot] = key
    this.owners[slot] = owner
    this.policy.insert(slot, hash, weight)
    return slot
  }

  /** Restores the bound after an insert or update. The newest entry may be the one that leaves. */
  settle(): void {
    while (this.policy.weight > this.weightMax) {
      const victim = this.policy.evict()
      if (victim < 0) return
      this.release(victim, "Evicted")
    }
  }

  write(slot: number, entry: Entry<unknown>, dueAt: number, extra: Extra | undefined): void {
    this.values[slot] = entry.value
    this.gates[2 * slot] = dueAt
    this.gates[2 * slot + 1] = entry.stamp
    this.versions[slot] = entry.version
    this.costs[slot] = entry.costMillis
    if (extra !== undefined) (this.extras ??= [])[slot] = extra
    else if (this.extras !== undefined) this.extras[slot] = undefined
    if (entry.expiresAt !== Infinity) this.wheel.schedule(slot, entry.expiresAt)
    else this.wheel.cancel(slot)
  }

  /** Moves the time at which an entry is due, and nothing else. */
  due(slot: number, dueAt: number): void {
    const extras = this.extras ??= []
    extras[slot] ??= {
      freshUntil: this.dueAt(slot),
      expiresAt: this.endsAt(slot),
      tags: noTags,
      revision: undefined
    }
    this.gates[2 * slot] = dueAt
  }

  /** Takes an entry out for another reason than room or time. */
  remove(slot: number): void {
    this.policy.remove(slot)
    this.clear(slot)
  }

  /** Whether `advance` may have something to do. */
  isDue(nowMillis: number): boolean {
    return this.wheel.nextDueMillis() <= nowMillis
  }

  /** Pushes out what is due, at most `max`; whether more is due. */
  advance(nowMillis: number, max: number): boolean {
    return this.wheel.advance(nowMillis, max, this.expire)
  }

  /** Throws when the structure is broken. For tests: its cost grows with `size`. */
  checkInvariants(): void {
    this.policy.checkInvariants()
    this.wheel.checkInvariants()
    invariant(this.policy.weight <= this.weightMax, "MemoryShard", "the bound holds", this.policy.weight)
    invariant(this.policy.size === this.size, "MemoryShard", "the policy knows every entry", this.policy.size)
    const free = new Set(this.free.subarray(0, this.freeCount))
    invariant(free.size === this.freeCount, "MemoryShard", "a slot is free once", this.freeCount)
    for (let slot = 0; slot < this.used; slot++) {
      const isFree = this.keys[slot] === undefined && this.owners[slot] === undefined
      invariant(isFree === free.has(slot), "MemoryShard", "a slot has a key unless it is free", slot)
    }
    let ends = 0
    for (let slot = 0; slot < this.used; slot++) {
      if (!free.has(slot) && this.endsAt(slot) !== Infinity) ends++
    }
    invariant(this.wheel.size === ends, "MemoryShard", "what ends is scheduled", this.wheel.size)
  }

  private pushOut(slot: number, cause: "Evicted" | "Expired"): void {
    this.policy.remove(slot)
    this.release(slot, cause)
  }

  private release(slot: number, cause: "Evicted" | "Expired"): void {
    const owner = this.owners[slot]!
    if (owner.wantsEvicted) owner.evicted(this, slot, cause)
    this.clear(slot)
  }

  private clear(slot: number): void {
    const owner = this.owners[slot]!
    const key = this.keys[slot]!
    this.wheel.cancel(slot)
    this.keys[slot] = undefined
    this.values[slot] = undefined
    this.owners[slot] = undefined
    if (this.extras !== undefined) this.extras[slot] = undefined
    if (this.freeCount === this.free.length) this.free = grown(this.free, Int32Array)
    this.free[this.freeCount++] = slot
    owner.forgotten(key)
  }

  private take(): number {
    if (this.freeCount > 0) return this.free[--this.freeCount]!
    if (this.used === this.versions.length) {
      this.gates = grown(this.gates, Float64Array)
      this.versions = grown(this.versions, Float64Array)
      this.costs = grown(this.costs, Float32Array)
    }
    return this.used++
  }
}

const grown = <A extends Int32Array | Float32Array | Float64Array>(
  array: A,
  Columns: new(length: number) => A
): A => {
  const larger = new Columns(array.length * 2)
  larger.set(array)
  return larger
}
