/**
 * Finds the slots that are due: a hierarchical timer wheel.
 *
 * - No slot is early: `advance(now)` reports a slot only if its deadline is at most `now`.
 * - No slot is lost: when `advance(now)` returns that no more slots are due, it has reported every deadline up to
 *   `now`.
 * - Both hold however the clock moves, forwards or backwards, by any distance.
 * - `schedule` and `cancel` take constant time. A slot is inspected once when it is due and at most once per level
 *   before; beyond the highest level, once in 1115 years.
 *
 * Time is in whole milliseconds: deadlines are rounded up and the present is rounded down. A bucket of level k is 32^k
 * ms wide, and each level spans one bucket of the level above: 32 ms, 1 s, 33 s, 17 min, 9 h, 12 days, 1 year, 35
 * years, 1115 years. A deadline's digit k, in base 32, names its bucket on level k. A deadline is kept on the highest
 * level at which its digits differ from those of the present, so:
 *
 * - On each level only buckets after the bucket of the present are occupied, and all of them start after the present.
 * - When time passes from `a` to `b`, and k is the highest level at which these differ, the due slots lie below k or in
 *   the buckets of level k up to that of `b`. All other slots keep their place.
 * - When time goes back from `b` to `a`, everything below k belongs in one bucket: that of `b` on level k.
 *
 * So a jump moves whole lists and touches no slot, whatever its distance. The jump moves lists to the list `due`. The
 * slots of that list are then inspected one by one, and reported or kept on a lower level. Only this work grows with
 * the number of slots, and the caller bounds it per pass.
 *
 * Varghese, Lauck: Hashed and hierarchical timing wheels (SOSP 1987), scheme 7, with cascading by highest differing
 * digit.
 */
import { BrokenInvariant, invariant } from "../../../eviction/shared/invariant.ts"
import { SlotLists } from "../../../eviction/shared/slotLists.ts"

const digitBits = 5
const digitCount = 2 ** digitBits
const levelCount = 9

// A level of one bucket, for deadlines at any distance beyond all levels.
const beyond = levelCount
const beyondList = levelCount * digitCount
const dueList = beyondList + 1
const listCount = dueList + 1

const digitAt = (millis: number, level: number): number => Math.floor(millis / digitCount ** level) & (digitCount - 1)

/** The highest level at which two times differ, `beyond` when above all levels, -1 when they are equal. */
const highestDifference = (a: number, b: number): number => {
  let level = -1
  while (a !== b && level < beyond) {
    a = Math.floor(a / digitCount)
    b = Math.floor(b / digitCount)
    level++
  }
  return level
}

export class TimerWheel {
  /** The number of scheduled slots. */
  size = 0
  private nowMillis: number
  private readonly lists: SlotLists
  // One bit per bucket that is not empty, one number per level.
  private readonly occupied = new Int32Array(levelCount)

  private readonly deadlineOf: (slot: number) => number

  /**
   * `deadlineOf` returns the deadline of a scheduled slot, which is finite. The deadline may become later while the
   * slot is scheduled; a slot whose deadline becomes earlier must be scheduled again. `slotsExpected` is the largest
   * number of slots that the caller expects.
   */
  constructor(nowMillis: number, deadlineOf: (slot: number) => number, slotsExpected: number = Infinity) {
    this.nowMillis = Math.floor(nowMillis)
    this.deadlineOf = deadlineOf
    this.lists = new SlotLists(listCount, slotsExpected)
  }

  /**
   * Schedules a slot, or schedules it again, by its present deadline. It is finite; a slot that never ends is not
   * scheduled.
   */
  schedule(slot: number): void {
    const deadline = this.deadlineOf(slot)
    if (!Number.isFinite(deadline)) throw new BrokenInvariant("TimerWheel", "a deadline is finite", deadline)
    this.cancel(slot)
    this.place(slot)
    this.size++
  }

  /** Whether a slot is scheduled. */
  has(slot: number): boolean {
    return this.lists.has(slot)
  }

  /** Forgets the deadline of a slot, if it has one. */
  cancel(slot: number): void {
    if (!this.lists.has(slot)) return
    this.unlink(slot)
    this.size--
  }

  /**
   * Reports the slots that are due, in no stated order; each is forgotten just before it is reported.
   *
   * Inspects at most `max` slots, and returns whether there may be more to report. `onExpire` may schedule and cancel.
   */
  advance(nowMillis: number, max: number, onExpire: (slot: number) => void): boolean {
    if (!Number.isFinite(nowMillis)) throw new BrokenInvariant("TimerWheel", "the present is finite", nowMillis)
    const now = Math.floor(nowMillis)
    if (now > this.nowMillis) this.collect(now)
    else if (now < this.nowMillis) this.rewind(now)
    this.nowMillis = now
    for (let looked = 0; looked < max; looked++) {
      const slot = this.lists.first(dueList)
      if (slot === -1) return false
      this.unlink(slot)
      if (this.millisOf(slot) > now) this.place(slot)
      else {
        this.size--
        onExpire(slot)
      }
    }
    return !this.lists.isEmpty(dueList)
  }

  /**
   * When to call `advance` next. No deadline is earlier; possibly none is due then. Infinity when no slot is scheduled.
   */
  nextDueMillis(): number {
    if (!this.lists.isEmpty(dueList)) return this.nowMillis
    for (let level = 0; level < levelCount; level++) {
      const buckets = this.occupied[level]!
      if (buckets !== 0) {
        const start = this.spanStart(level + 1)
        return start + lowestBit(buckets) * digitCount ** level
      }
    }
    return this.lists.isEmpty(beyondList) ? Infinity : this.spanStart(beyond) + digitCount ** levelCount
  }

  /** Throws when the structure is broken. For tests: its cost grows with `size`. */
  checkInvariants(): void {
    let count = this.lists.toArray(dueList, this.size).length
    for (let list = 0; list <= beyondList; list++) {
      for (const slot of this.lists.toArray(list, this.size)) {
        invariant(this.startOf(list) <= this.millisOf(slot), "TimerWheel", "a slot is looked at by its deadline", slot)
        count++
      }
      if (list === beyondList) continue
      const bit = (this.occupied[list >> digitBits]! >>> (list & (digitCount - 1))) & 1
      invariant((bit === 1) !== this.lists.isEmpty(list), "TimerWheel", "a bit says that its bucket is occupied", list)
    }
    invariant(count === this.size, "TimerWheel", "size counts the scheduled slots", count)
  }

  /** Moves every bucket that starts between the present and `now` to the due list. */
  private collect(now: number): void {
    const top = highestDifference(this.nowMillis, now)
    for (let level = 0; level < top; level++) this.moveBuckets(level, -1, dueList)
    if (top === beyond) this.lists.moveAll(beyondList, dueList)
    else this.moveBuckets(top, upTo(digitAt(now, top)), dueList)
  }

  /**
   * Moves slots that are close to the present, but far from the earlier `now`, to the bucket that they now belong in.
   */
  private rewind(now: number): void {
    const top = highestDifference(this.nowMillis, now)
    const list = top === beyond ? beyondList : top * digitCount + digitAt(this.nowMillis, top)
    for (let level = 0; level < top; level++) this.moveBuckets(level, -1, list)
    if (top !== beyond && !this.lists.isEmpty(list)) this.markOccupied(list)
  }

  private moveBuckets(level: number, mask: number, list: number): void {
    let buckets = this.occupied[level]! & mask
    this.occupied[level] = this.occupied[level]! & ~mask
    while (buckets !== 0) {
      const digit = lowestBit(buckets)
      this.lists.moveAll(level * digitCount + digit, list)
      buckets &= buckets - 1
    }
  }

  private place(slot: number): void {
    const list = this.listOf(slot)
    this.lists.addLast(list, slot)
    if (list < beyondList) this.markOccupied(list)
  }

  private listOf(slot: number): number {
    const deadline = this.millisOf(slot)
    if (deadline <= this.nowMillis) return dueList
    const level = highestDifference(this.nowMillis, deadline)
    return level === beyond ? beyondList : level * digitCount + digitAt(deadline, level)
  }

  /** The time before which no slot of the list needs an inspection. */
  private startOf(list: number): number {
    if (list === dueList) return -Infinity
    if (list === beyondList) return this.spanStart(beyond) + digitCount ** levelCount
    const level = list >> digitBits
    return this.spanStart(level + 1) + (list & (digitCount - 1)) * digitCount ** level
  }

  private unlink(slot: number): void {
    const emptied = this.lists.remove(slot)
    if (emptied !== -1 && emptied < beyondList) this.occupied[emptied >> digitBits]! &= ~bitOf(emptied)
  }

  private markOccupied(list: number): void {
    this.occupied[list >> digitBits]! |= bitOf(list)
  }

  /** The start of the bucket of `level` that the present is in. */
  private spanStart(level: number): number {
    const width = digitCount ** level
    return Math.floor(this.nowMillis / width) * width
  }

  /** The deadline in whole milliseconds, rounded up, so never early. */
  private millisOf(slot: number): number {
    return Math.ceil(this.deadlineOf(slot))
  }
}

const bitOf = (list: number): number => 1 << (list & (digitCount - 1))

/** The bits 0 to `digit`. */
const upTo = (digit: number): number => -1 >>> (digitCount - 1 - digit)

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits)
