/**
 * Knows which entries of a family are older than this engine's knowledge: they were made before the engine was opened,
 * before the family was hidden in this process alone, or before another engine over the place has left. The lower tiers
 * may still hold them, and this engine does not know what was made from them (laws 4 and 8).
 *
 * - What is hidden in this process alone stays in all tiers, because the next process may serve it. To hide it for
 *   good, a later mark that the store keeps is needed.
 * - Memory alone has nothing from before.
 *
 * Not here: what is dropped on account of such an entry (`Spreading.ofBefore`), and marks that a store keeps
 * (`marking.ts`).
 */
import type { Entry } from "../../../store/Entry.ts"
import type { HotPartition } from "../../../store/Store.ts"
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { Slice } from "../../Explanation.ts"
import type { Lane } from "../below/lane.ts"
import type { FamilyMarks } from "../marks/familyMarks.ts"
import type { CacheContext } from "./cacheContext.ts"
import type { Sources } from "./sources.ts"

/** What it needs of the entries of the family. */
interface Ground {
  readonly cache: CacheContext
  readonly hot: HotPartition<any> | undefined
  readonly lane: Lane<any> | undefined
  readonly marks: FamilyMarks
  readonly marking: { judgeBy(slice: Slice, mode: InvalidationMode, stamp: number, atMillis: number): Slice }
  readonly sources: Sources | undefined
}

export class Before {
  private readonly ground: Ground
  /** An entry with a smaller stamp, or without a greater version, is from before. */
  private stamp = 0
  private version = 0
  /** What has a lesser stamp may be hidden in this process alone. */
  private hiddenHere = 0

  constructor(ground: Ground) {
    this.ground = ground
  }

  /** Whether nothing is from before. */
  get isEmpty(): boolean {
    return this.stamp === 0
  }

  /** The engine is open. Entries with smaller stamps are from earlier engines. */
  openedAt(stamp: number): void {
    this.stamp = stamp
  }

  /** What the lower tiers hold by now is from before. */
  endNow(): void {
    const { cache, sources } = this.ground
    this.stamp = cache.nextStamp()
    this.version = cache.version
    sources?.forgetSpread()
  }

  /**
   * Marks keys in this process alone: the lower tiers keep them, for the next process, too. So the engine does not know
   * what a later load replaces there.
   */
  hideHere(slice: Slice, stamp: number, atMillis: number): void {
    this.ground.marking.judgeBy(slice, "hide", stamp, atMillis)
    if (this.ground.lane === undefined) return
    this.hiddenHere = stamp
    this.endNow()
  }

  /** Whether an entry is hidden in this process, and may be served by the next one. */
  isHiddenHere(stamp: number): boolean {
    return this.ground.lane !== undefined && stamp < this.hiddenHere
  }

  /** Whether an entry is from before. */
  has(entry: Entry<unknown>): boolean {
    return entry.stamp < this.stamp || entry.version <= this.version || this.ground.cache.isFromBefore(entry)
  }

  /** Whether some tier may hold a key, or any key of a slice, from before. */
  mayHave(slice: string | Slice): boolean {
    const { hot, lane, marks } = this.ground
    if (lane === undefined) return false
    if (typeof slice !== "string") return !marks.hidesAll(slice, this.stamp)
    const held = hot?.peek(slice)
    if (held !== undefined) return this.has(held)
    const pending = lane.pending(slice)
    return pending === undefined || pending.entry !== undefined && this.has(pending.entry)
  }
}
