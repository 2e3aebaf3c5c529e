/**
 * Counts the reads of a family by the tier that answered them, and emits their events while a listener exists.
 *
 * A hit that memory alone finds and serves is counted by the partition itself, so it does not come here.
 *
 * Not here: what else is counted (`counts.ts`), and the events of changes (`changeEvents.ts`).
 */
import type { HotPartition } from "../../../store/Store.ts"
import { CacheEvent } from "../../CacheEvent.ts"
import type { FamilyStats } from "../../CacheMetrics.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { memory } from "../family/judgement.ts"
import { type Counts, statsOf } from "./counts.ts"
import type { Served } from "./served.ts"

/** What it needs of the family. */
interface Ground {
  readonly cache: { emit(event: CacheEvent): void }
  readonly spec: EngineFamilySpec<any>
  readonly hot: HotPartition<any> | undefined
  readonly counts: Counts
  readonly hasListeners: boolean
}

export class Tally {
  private readonly ground: Ground
  /** The number of answers of each lower tier. */
  private readonly hitsBelow = new Map<string, number>()

  constructor(ground: Ground) {
    this.ground = ground
  }

  get stats(): FamilyStats {
    return statsOf(this.ground.counts, this.ground.hot, this.hitsBelow)
  }

  /** Counts a fresh value by the tier that had it. */
  countHit(key: string, tier: string): void {
    if (tier === memory) this.ground.counts.hits++
    else this.hitsBelow.set(tier, (this.hitsBelow.get(tier) ?? 0) + 1)
    this.tellHit(key, tier, false)
  }

  /** Counts a read that loads nothing. */
  countHeld<V>(key: string, served: Served<V> | undefined): Served<V> | undefined {
    if (served?.tier !== memory) this.countMiss(key)
    if (served === undefined) return undefined
    this.countHit(key, served.tier)
    this.ground.hot?.touch(key)
    return served
  }

  /** Counts a stale value that was served, and emits the event. */
  countStale(key: string, tier: string): void {
    this.ground.counts.staleHits++
    this.tellHit(key, tier, true)
  }

  /** Counts what a reader gets after it was counted as a miss. From memory, it does not count again. */
  countAfterMiss(key: string, tier: string, stale: boolean): void {
    if (tier === memory) this.tellHit(key, tier, stale)
    else if (stale) this.countStale(key, tier)
    else this.countHit(key, tier)
  }

  /** Counts a read that memory could not answer. */
  countMiss(key: string): void {
    const { ground } = this
    ground.counts.misses++
    if (!ground.hasListeners) return
    ground.cache.emit(CacheEvent.Miss({ family: ground.spec.name, key: ground.spec.show(key) }))
  }

  tellHit(key: string, tier: string, stale: boolean): void {
    const { ground } = this
    if (!ground.hasListeners) return
    ground.cache.emit(CacheEvent.Hit({ family: ground.spec.name, key: ground.spec.show(key), tier, stale }))
  }
}
