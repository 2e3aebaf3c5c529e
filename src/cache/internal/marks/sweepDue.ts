/**
 * Decides when the marks of a family are swept (`sweep.ts`): while there are many of them, and while they hide much.
 *
 * 1. **Many marks.** They take a sixteenth of their room. If the last sweep had to look at many entries, they may take
 *    more, so that a mark costs a look at some sixteen entries; half of the room at the most.
 * 2. **Much that is hidden.** A lower tier keeps what a mark hides until a sweep removes it. So a sweep is due as well
 *    if a mark was set since the last sweep, and one of these holds since then:
 *    - At least half as many entries were written as the last sweep has left, and at least `writesMin`.
 *    - 10 seconds have passed, and 1 ms more for each entry that the last sweep has left.
 *
 * So while the family is written, a tier holds half as many hidden entries as others at the most, apart from
 * `writesMin`; and none some time after the last write. Sweeps by writes look at three entries at the most for each
 * entry that was written, and at as many more in the memory above. Sweeps by time look at one entry in a millisecond.
 *
 * A process does not know how long before its start the last sweep was. If the store has kept marks, the first sweep
 * comes after a random part of `writesMin` and of the 10 seconds. So processes that live for a short time sweep as
 * well: not each of them, and none of them more than once on account of what was before.
 *
 * Memory alone frees what is hidden by eviction, so it is swept by the first rule only.
 */

// Shares of the room for marks.
const fullMin = 1 / 16
const fullMax = 1 / 2
const fullPerEntry = 1 / 16 / 65_536

/** A sweep on account of writes follows so many of them at least. */
export const writesMin = 256
const writesPerKept = 1 / 2

/** A sweep on account of time follows the last one after so long at least. */
export const pauseMillisMin = 10_000
const pauseMillisPerKept = 1

// After a sweep that a tier has failed, the next one waits for so long.
const againMillis = 10_000

/** What a sweep has looked at, and how much of that it has left. */
export interface Looked {
  readonly looked: number
  readonly kept: number
  /** How much of that is hidden in this process alone, so that its marks are still needed. */
  readonly hiddenHere: number
}

/** What it needs of the family. */
interface Ground {
  /** The share of their room that the marks take. */
  readonly fullness: number
  /** Whether a tier keeps what is hidden. */
  readonly isKept: boolean
  now(): number
  random(): number
  /** Has the family swept now, or at a time. */
  sweepSoon(): void
  sweepAt(atMillis: number): void
}

export class SweepDue {
  private readonly ground: Ground
  private fullAt = fullMin
  private notBefore = -Infinity
  // The latest mark, and up to which one the family is swept.
  private markedUpTo = 0
  private sweptUpTo = 0
  // Since the last sweep; and what was written when the one that runs began.
  private writes = 0
  private writesBefore = 0
  private writesAt = writesMin
  private sweptAt = -Infinity
  private pauseMillis = pauseMillisMin

  constructor(ground: Ground) {
    this.ground = ground
  }

  /** An entry was written that lower tiers keep. */
  wrote(): void {
    if (++this.writes === this.writesAt) this.check()
  }

  /** A mark was set. */
  marked(stamp: number): void {
    if (this.sweptAt === -Infinity) this.sweptAt = this.ground.now()
    const wasPending = this.isPending
    this.markedUpTo = Math.max(this.markedUpTo, stamp)
    if (!wasPending && this.isPending) this.plan()
    this.check()
  }

  /** A store has kept a mark from before. */
  restored(stamp: number): void {
    if (this.markedUpTo === 0) {
      const share = this.ground.random()
      this.writes = Math.floor(share * writesMin)
      this.sweptAt = this.ground.now() - share * pauseMillisMin
    }
    this.marked(stamp)
  }

  /** A sweep begins. */
  begins(): void {
    this.writesBefore = this.writes
  }

  /** What the marks up to a stamp hide is gone. */
  ends(upTo: number, { kept, looked }: Looked): void {
    this.sweptUpTo = Math.max(this.sweptUpTo, upTo)
    this.writes -= this.writesBefore
    this.writesBefore = 0
    this.writesAt = Math.max(writesMin, Math.ceil(kept * writesPerKept))
    this.pauseMillis = pauseMillisMin + kept * pauseMillisPerKept
    this.sweptAt = this.ground.now()
    this.fullAt = Math.min(fullMax, Math.max(fullMin, looked * fullPerEntry, this.ground.fullness * 2))
    if (this.isPending) this.plan()
    this.check()
  }

  /** A sweep has failed, or could not be whole: the next one waits. */
  postpone(): void {
    this.notBefore = this.ground.now() + againMillis
    this.ground.sweepAt(this.notBefore)
  }

  /** A mark may hide something that a tier keeps. */
  private get isPending(): boolean {
    return this.ground.isKept && this.markedUpTo > this.sweptUpTo
  }

  private plan(): void {
    this.ground.sweepAt(Math.max(this.notBefore, this.sweptAt + this.pauseMillis, this.ground.now()))
  }

  private check(): void {
    if (this.isDue && this.ground.now() >= this.notBefore) this.ground.sweepSoon()
  }

  private get isDue(): boolean {
    return this.ground.fullness >= this.fullAt || this.isPending && this.writes >= this.writesAt
  }

  /** Whether a sweep that was asked for is still due: another engine over the same place may have swept meanwhile. */
  isStillDue(): boolean {
    if (this.isDue || this.isPending && this.ground.now() >= this.sweptAt + this.pauseMillis) return true
    if (this.isPending) this.plan()
    return false
  }
}
