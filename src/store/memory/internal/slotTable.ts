/**
 * Finds slots by key: the entries of one family in one shard.
 *
 * It begins as a `Map` from keys to slots. That takes 29 bytes per entry, and waits for memory twice when there are
 * more keys than the processor's cache holds. So a large table has chains instead: 4 to 8 bytes, and 8 in the record,
 * in the line that a hit reads anyway. While everything fits in the cache, the `Map` is faster by a third: V8 does not
 * expose the hash that it caches for a string, and making another takes a nanosecond per character.
 *
 * That other hash looks at only a few characters of a key. If these are too few (a chain has become longer than chance
 * would make it) the table returns to the `Map`, for good: such keys cost memory, and never time.
 */
import { BrokenInvariant, invariant } from "../../../eviction/shared/invariant.ts"
import { spreadHash } from "../../../eviction/shared/keyHash.ts"
import { noSlot, type SlotRecords } from "./slotRecords.ts"

// With this many entries, records and `Map` take 1 MB, half of what a core's cache holds.
const mapMax = 16_384

// With as many chains as entries, a good hash gives a chain of this length in a table of 2^24 once in 10^18 times.
const chainMax = 24

const noHeads = new Int32Array(0)

export class SlotTable {
  private map: Map<string, number> | undefined = new Map()
  private heads = noHeads
  private linked = 0
  private chainsWell = true
  declare private readonly records: SlotRecords

  constructor(records: SlotRecords) {
    this.records = records
  }

  /** The number of slots in the table. */
  get size(): number {
    return this.map === undefined ? this.linked : this.map.size
  }

  /** The slot of a key, -1 when there is none. `hash` is the `spreadHash` of the key, or 0 if it was not made. */
  find(key: string, hash: number): number {
    const { map } = this
    if (map === undefined) return this.findLinked(key, hash)
    const slot = map.get(key)
    return slot === undefined ? -1 : slot
  }

  /** Adds a slot whose key is not in the table. */
  add(slot: number, key: string, hash: number): void {
    if (this.map !== undefined) {
      this.map.set(key, slot)
      if (this.map.size > mapMax && this.chainsWell) this.becomeChains(this.map)
      return
    }
    if (this.linked === this.heads.length) this.grow()
    this.records.setHash(slot, hash === 0 ? spreadHash(key) : hash)
    this.link(slot)
    if (this.isLong(slot)) this.becomeMap()
  }

  /** Removes a slot that is in the table. */
  remove(slot: number, key: string): void {
    if (this.map !== undefined) {
      this.map.delete(key)
      return
    }
    const next = this.records.nextOf(slot)
    const at = this.headOf(slot)
    if (this.heads[at] === slot) this.heads[at] = next
    else this.records.setNext(this.before(slot, this.heads[at]!), next)
    this.linked--
  }

  /** Throws when the structure is broken. For tests: its cost grows with `size`. */
  checkInvariants(): void {
    let linked = 0
    for (let at = 0; at < this.heads.length; at++) {
      for (let slot = this.heads[at]!; slot !== noSlot; slot = this.records.nextOf(slot)) {
        invariant(this.headOf(slot) === at, "SlotTable", "a slot is in the chain of its hash", slot)
        invariant(++linked <= this.linked, "SlotTable", "the chains hold no more than was added", linked)
      }
    }
    invariant(linked === this.linked, "SlotTable", "the chains hold what was added", linked)
  }

  private findLinked(key: string, given: number): number {
    const { records } = this
    const hash = given === 0 ? spreadHash(key) : given
    const { cells } = records
    let slot = this.heads[hash & (this.heads.length - 1)]!
    while (slot !== noSlot && (records.hashOf(slot) !== hash || cells[slot << 1] !== key)) slot = records.nextOf(slot)
    return slot
  }

  private headOf(slot: number): number {
    return this.records.hashOf(slot) & (this.heads.length - 1)
  }

  private link(slot: number): void {
    const at = this.headOf(slot)
    this.records.setNext(slot, this.heads[at]!)
    this.heads[at] = slot
    this.linked++
  }

  /** The slot before another, in a chain that begins with `first`. */
  private before(slot: number, first: number): number {
    for (let at = first; at !== noSlot; at = this.records.nextOf(at)) if (this.records.nextOf(at) === slot) return at
    throw new BrokenInvariant("SlotTable", "a slot to remove is in its chain", slot)
  }

  private isLong(first: number): boolean {
    let length = 0
    for (let slot = first; slot !== noSlot && length <= chainMax; slot = this.records.nextOf(slot)) length++
    return length > chainMax
  }

  private becomeChains(map: Map<string, number>): void {
    this.map = undefined
    this.heads = new Int32Array(2 * mapMax).fill(noSlot)
    for (const [key, slot] of map) {
      this.records.setHash(slot, spreadHash(key))
      this.link(slot)
      if (this.isLong(slot)) return this.stayMap(map)
    }
  }

  private becomeMap(): void {
    const map = new Map<string, number>()
    for (const first of this.heads) {
      for (let slot = first; slot !== noSlot; slot = this.records.nextOf(slot)) map.set(this.records.keyAt(slot)!, slot)
    }
    this.stayMap(map)
  }

  private stayMap(map: Map<string, number>): void {
    this.map = map
    this.heads = noHeads
    this.linked = 0
    this.chainsWell = false
  }

  private grow(): void {
    const before = this.heads
    this.heads = new Int32Array(2 * before.length).fill(noSlot)
    this.linked = 0
    for (const first of before) {
      for (let slot = first; slot !== noSlot;) {
        const next = this.records.nextOf(slot)
        this.link(slot)
        slot = next
      }
    }
  }
}
