/**
 * The part of every entry that a shard keeps: a record of 32 bytes, with its key and its value beside it.
 *
 * A record is two views of one buffer, so that everything that a hit compares lies in one line of the processor's
 * cache:
 *
 *     bytes   0 due   8 stamp   16 hash   20 next   24 version
 *
 * Offsets are computed by shifts, since a shift cannot overflow; a product must be checked for overflow at each read.
 *
 * `next` is the following slot in the chain of its table ({@link SlotTable}), or in the chain of the free slots. A slot
 * is free exactly when its key is `undefined`.
 */
import { invariant } from "../../../eviction/shared/invariant.ts"
import { grownCells, slotCapacity } from "../../../eviction/shared/slotCapacity.ts"

export const noSlot = -1

const bytesPerSlot = 32

export class SlotRecords {
  /** Keys and values alternate: the two that a hit reads are neighbours. */
  cells: Array<unknown> = []
  floats = new Float64Array(0)
  ints = new Int32Array(0)
  /** The number of slots that there is room for. */
  capacity = 0
  /** Slots from here on have never been taken. */
  used = 0
  private firstFree = noSlot
  private freeCount = 0
  declare private readonly slotsExpected: number

  /** `slotsExpected` is the largest number of slots in use at a time, if known; at first there is no room for more. */
  constructor(slotsExpected: number) {
    this.slotsExpected = slotsExpected
  }

  /** The number of taken slots. */
  get size(): number {
    return this.used - this.freeCount
  }

  keyAt(slot: number): string | undefined {
    return this.cells[slot << 1] as string | undefined
  }

  valueAt(slot: number): unknown {
    return this.cells[slot << 1 | 1]
  }

  setValue(slot: number, value: unknown): void {
    this.cells[slot << 1 | 1] = value
  }

  /** Until this time a hit needs no further check: the entry is neither stale nor due for a refresh. */
  dueAt(slot: number): number {
    return this.floats[slot << 2]!
  }

  setDue(slot: number, dueAt: number): void {
    this.floats[slot << 2] = dueAt
  }

  /** The stamp at which the load began. */
  stampOf(slot: number): number {
    return this.floats[slot << 2 | 1]!
  }

  setStamp(slot: number, stamp: number): void {
    this.floats[slot << 2 | 1] = stamp
  }

  versionOf(slot: number): number {
    return this.floats[slot << 2 | 3]!
  }

  setVersion(slot: number, version: number): void {
    this.floats[slot << 2 | 3] = version
  }

  hashOf(slot: number): number {
    return this.ints[slot << 3 | 4]!
  }

  setHash(slot: number, hash: number): void {
    this.ints[slot << 3 | 4] = hash
  }

  nextOf(slot: number): number {
    return this.ints[slot << 3 | 5]!
  }

  setNext(slot: number, next: number): void {
    this.ints[slot << 3 | 5] = next
  }

  take(key: string): number {
    let slot = this.firstFree
    if (slot === noSlot) {
      if (this.used === this.capacity) this.grow()
      slot = this.used++
    } else {
      this.firstFree = this.nextOf(slot)
      this.freeCount--
    }
    this.cells[slot << 1] = key
    return slot
  }

  free(slot: number): void {
    this.cells[slot << 1] = undefined
    this.cells[slot << 1 | 1] = undefined
    this.setNext(slot, this.firstFree)
    this.firstFree = slot
    this.freeCount++
  }

  checkInvariants(): void {
    let free = 0
    for (let slot = this.firstFree; slot !== noSlot && free <= this.freeCount; slot = this.nextOf(slot)) {
      invariant(this.keyAt(slot) === undefined, "SlotRecords", "a free slot has no key", slot)
      free++
    }
    invariant(free === this.freeCount, "SlotRecords", "a slot is free once", free)
    let taken = 0
    for (let slot = 0; slot < this.used; slot++) if (this.keyAt(slot) !== undefined) taken++
    invariant(taken === this.size, "SlotRecords", "a slot has a key unless it is free", taken)
  }

  private grow(): void {
    this.capacity = slotCapacity(this.used, this.capacity, this.slotsExpected)
    const buffer = new ArrayBuffer(bytesPerSlot * this.capacity)
    const floats = new Float64Array(buffer)
    floats.set(this.floats)
    this.floats = floats
    this.ints = new Int32Array(buffer)
    this.cells = grownCells(this.cells, 2 * this.capacity)
  }
}
