/**
 * Sets the marks of a family: marks on keys and marks on tags, those that this engine makes, those that other engines
 * have made, and those that a store has kept. It tells memory which entries a mark may concern, and says when the marks
 * are swept.
 *
 * - A mark judges from the step that sets it. The returned delivery arrives when the lower tiers keep the mark (law
 *   12).
 * - Where there is no room for a mark of a tag, the whole family is marked (law 11).
 *
 * Not here: what a mark says of an entry (`Entries.judge`, `familyMarks.ts`), which keys a change marks
 * (`familyInvalidation.ts`, `spreading.ts`), and the sweep (`sweep.ts`).
 */
import type { HotPartition, Mark } from "../../../store/Store.ts"
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { Slice } from "../../Explanation.ts"
import { everything } from "../../shared/slices.ts"
import type { Delivery } from "../below/delivery.ts"
import type { OnFailure } from "../below/parcels.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { noTags } from "../family/judgement.ts"
import { scopeOf } from "../family/names.ts"
import {
  type FamilyMarks,
  readMarked,
  type TagMarks,
  type Verdict,
  writeSlice,
  writeTag
} from "../marks/familyMarks.ts"
import { type Looked, SweepDue } from "../marks/sweepDue.ts"
import type { CacheContext } from "./cacheContext.ts"
import type { Holds } from "./holds.ts"
import type { Sources } from "./sources.ts"
import type { Watches } from "./watches.ts"

/** What it needs of the entries of the family. */
interface Ground {
  readonly cache: CacheContext
  readonly spec: EngineFamilySpec<any>
  readonly storeName: string
  readonly hot: HotPartition<any> | undefined
  /** The way to the lower tiers. */
  readonly lane: object | undefined
  readonly marks: FamilyMarks
  readonly tags: TagMarks
  readonly holds: Holds
  readonly sources: Sources | undefined
  readonly watches: Watches
  readonly tagged: boolean
  readonly hasListeners: boolean
  readonly tierFailed: OnFailure
  judge(key: string, stamp: number, tags: ReadonlyArray<string>): Verdict
  sendOwed(): Delivery
  /** A mark hides the whole family. */
  hidAll(): void
}

export class Marking {
  private readonly ground: Ground
  /** An invalidation of a tag concerns only entries with an older stamp than this. */
  tagMark = 0
  /**
   * Entries with lesser stamps are dead for all engines. What is hidden in this process alone may still have to go
   * below.
   */
  private deadBefore = 0
  /** When the marks are swept. */
  readonly sweepDue = new SweepDue(this)

  constructor(ground: Ground) {
    this.ground = ground
  }

  /** Marks keys. The lower tiers still have to keep the mark. */
  markKeys(slice: Slice, mode: InvalidationMode, stamp: number, atMillis: number): Delivery {
    const { cache, lane, spec } = this.ground
    cache.tell(spec.name, { _tag: "Marked", slice, mode, stamp })
    const marked = this.hearMark(slice, mode, stamp, atMillis)
    if (mode === "hide" && slice.positions.length === 0) this.ground.hidAll()
    // Memory alone needs no text of the mark.
    return lane === undefined ? this.ground.sendOwed() : this.recordMark(writeSlice(marked, mode), stamp)
  }

  /** Marks a tag. The lower tiers still have to keep the mark. */
  markTag(tag: string, mode: InvalidationMode, stamp: number, atMillis: number): Delivery {
    this.ground.cache.tell(this.ground.spec.name, { _tag: "Tagged", tag, mode, stamp })
    if (!this.hearTag(tag, mode, stamp, atMillis)) return this.markKeys(everything, mode, stamp, atMillis)
    return this.recordMark(writeTag(tag, mode), stamp)
  }

  /**
   * Adds a mark that a store keeps, or is about to keep. Returns the keys that are marked, which are more if there is
   * no room for the mark.
   */
  hearMark(slice: Slice, mode: InvalidationMode, stamp: number, atMillis: number): Slice {
    const marked = this.judgeBy(slice, mode, stamp, atMillis)
    if (mode === "hide" && marked.positions.length === 0) {
      this.ground.sources?.endAll()
      this.deadBefore = Math.max(this.deadBefore, stamp)
      // Earlier marks say nothing more. Where marks are swept, the sweep needs them, to remove them from the store.
      if (this.hasSharedMarks) this.forgetUpTo(stamp)
      this.updateHotLimits()
    }
    return marked
  }

  /** Adds a mark of which no store has to know. Returns the keys that are marked. */
  judgeBy(slice: Slice, mode: InvalidationMode, stamp: number, atMillis: number): Slice {
    const { holds, marks } = this.ground
    const marked = marks.record(slice, mode, stamp, atMillis)
    this.sweepDue.marked(stamp)
    this.updateHotLimits()
    if (holds.isWatching) holds.touchSlice(slice)
    return marked
  }

  /**
   * Adds the mark of a tag that a store keeps, or is about to keep; `false` if there is no room for it, so that the
   * whole family has to be marked.
   */
  hearTag(tag: string, mode: InvalidationMode, stamp: number, atMillis: number): boolean {
    const { holds, tags } = this.ground
    this.tagMark = Math.max(this.tagMark, stamp)
    if (holds.isWatching) holds.touchSlice(everything)
    if (!tags.record(tag, mode, stamp, atMillis)) return false
    this.sweepDue.marked(stamp)
    this.updateHotLimits()
    return true
  }

  /** Lets the store keep a mark on the family, which gives the text its meaning. */
  private recordMark(marked: string, stamp: number): Delivery {
    const { cache, lane, spec, storeName, tierFailed } = this.ground
    if (lane === undefined) return this.ground.sendOwed()
    return cache.outbox.mark(scopeOf(storeName, marked), stamp, tierFailed, spec.isSensitive)
  }

  /** Hides the entries from before the engine was opened. Returns the marks that a store has to keep for this. */
  missed(stamp: number): ReadonlyArray<Mark> {
    const { lane, storeName } = this.ground
    if (lane === undefined) return []
    this.hearMark(everything, "hide", stamp, this.now())
    return [{ scope: scopeOf(storeName, writeSlice(everything, "hide")), stamp }]
  }

  /** Restores a mark that a store has kept. */
  restore(written: string, stamp: number): void {
    const { marks, tags } = this.ground
    const read = readMarked(written)
    if (read?._tag === "tag") tags.restore(read.tag, read.mode, stamp)
    else if (read !== undefined) {
      marks.restore(read.slice, read.mode, stamp)
      if (read.mode === "hide" && read.slice.positions.length === 0) this.deadBefore = Math.max(this.deadBefore, stamp)
    }
    this.updateHotLimits()
    this.sweepDue.restored(stamp)
  }

  /**
   * Sets which reads need a second look: those of entries older than a mark. All reads need one while events have a
   * listener, which receives hits, and in a family in which each read moves the end of its entry.
   */
  updateHotLimits(): void {
    const { hasListeners, hot, lane, marks, spec, tagged } = this.ground
    if (hot === undefined) return
    const always = hasListeners || spec.expiry.idleTimeToLive !== undefined
    hot.validFrom = always ? Infinity : Math.max(marks.latest, tagged ? this.tagMark : 0)
    hot.floor = lane === undefined ? marks.floor : this.deadBefore
    hot.marked()
  }

  // --- marks that nothing needs any more ---------------------------------------------------------

  /** Forgets the marks up to a stamp, because nothing is left that they hide. */
  forget(upTo: number, looked: Looked): void {
    const { tags, watches } = this.ground
    watches.lookNow()
    // An entry that is being read may have any tags.
    watches.changedWhere((key) => tags.fullness > 0 || this.ground.judge(key, 0, noTags) !== "valid")
    this.forgetUpTo(upTo)
    this.sweepDue.ends(upTo, looked)
  }

  private forgetUpTo(upTo: number): void {
    this.ground.marks.forget(upTo)
    this.ground.tags.forget(upTo)
  }

  // A tier that processes share keeps its marks.
  private get hasSharedMarks(): boolean {
    return this.ground.lane !== undefined && this.ground.cache.isShared
  }

  // For `SweepDue`.

  get fullness(): number {
    if (this.hasSharedMarks) return 0
    return Math.max(this.ground.marks.fullness, this.ground.tags.fullness)
  }

  get isKept(): boolean {
    return this.ground.lane !== undefined && !this.hasSharedMarks
  }

  now(): number {
    return this.ground.cache.time.now()
  }

  random(): number {
    return this.ground.cache.random.nextDoubleUnsafe()
  }

  sweepSoon(): void {
    this.ground.cache.sweepSoon(this.ground.spec.name)
  }

  sweepAt(atMillis: number): void {
    this.ground.cache.sweepAt(this.ground.spec.name, atMillis)
  }
}
