/**
 * Invalidates the keys of a family: one key, the keys of a slice, or the entries with a tag.
 *
 * A method that returns a `Delivery` is one synchronous step: memory, running loads, remembered failures and the outbox
 * change together (law 3). The lower tiers follow: the `Delivery` holds the changes that are on their way to them.
 *
 * Not here: what depends on the keys (`spreading.ts`), and how marks judge entries (`internal/marks/familyMarks.ts`).
 */
import * as Effect from "effect/Effect"
import type { CacheError } from "../../CacheError.ts"
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { Slice } from "../../Explanation.ts"
import { end, everything } from "../../shared/slices.ts"
import { both, type Delivery, noDelivery } from "../below/delivery.ts"
import { type CacheContext, orStoreFailed } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import type { Loads } from "../loads/loads.ts"

export class FamilyInvalidation<V> {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly name: string
  /** Whether its keys have many lengths. Then the slice of one key has to say where the key ends. */
  private readonly hasRest: boolean
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>

  constructor(entries: Entries<V>, loads: Loads<V>) {
    this.cache = entries.cache
    this.spec = entries.spec
    this.name = entries.name
    this.hasRest = entries.spec.pattern.endsWith("*")
    this.entries = entries
    this.loads = loads
  }

  /** Drops keys, and everything that depends on them. */
  drop(keys: ReadonlyArray<string>, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    const refusal = this.refusal()
    if (refusal !== undefined) return Effect.fail(refusal)
    const stamp = this.cache.nextStamp()
    let work = noDelivery
    for (const key of keys) work = both(work, this.applyDrop(key, mode, stamp))
    return orStoreFailed(work)
  }

  private refusal(): CacheError | undefined {
    return this.cache.changes.refusal(this.spec.pattern)
  }

  /** Drops every key that has these segments, and everything that depends on them. */
  dropSlice(slice: Slice, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    const refusal = this.refusal()
    return refusal === undefined
      ? orStoreFailed(this.applyDropSlice(slice, mode, this.cache.nextStamp()))
      : Effect.fail(refusal)
  }

  /** Drops a slice with its dependents, in one synchronous step. */
  applyDropSlice(slice: Slice, mode: InvalidationMode, stamp: number): Delivery {
    return both(this.markSlice(slice, mode, stamp, this.name), this.cache.spread.ofSlice(this.name, slice, mode))
  }

  /** Drops one key without its dependents, in one synchronous step. */
  dropKey(key: string, mode: InvalidationMode, stamp: number, through: string): Delivery {
    if (mode === "markStale") {
      const values = key.split(":")
      if (this.hasRest) values.push(end)
      return this.markSlice({ positions: values.map((_, i) => i), values }, mode, stamp, through, key)
    }
    this.entries.invalidated(key, mode, stamp, through)
    return this.hasNothing ? noDelivery : this.remove(key)
  }

  /**
   * Whether an invalidation has nothing to change: no entry, load, failure or lease. A load that begins later has a
   * later stamp, so it needs no mark.
   */
  private get hasNothing(): boolean {
    return this.entries.areNone && this.loads.isShortWayOpen
  }

  private remove(key: string): Delivery {
    this.loads.overtake(key)
    this.loads.failures.forget(key)
    return this.entries.remove(key)
  }

  /** Invalidates a slice without its dependents, in one synchronous step. `key` is the slice if it is one key. */
  markSlice(slice: Slice, mode: InvalidationMode, stamp: number, through: string, key?: string): Delivery {
    this.entries.invalidated(key ?? slice, mode, stamp, through)
    if (this.hasNothing) return noDelivery
    return this.entries.marking.markKeys(slice, mode, stamp, this.cache.time.now())
  }

  /** Hides keys in this process alone. The lower tiers keep them for the next process. */
  hideHere(slice: Slice, stamp: number, through: string): void {
    this.entries.invalidated(slice, "hide", stamp, through)
    this.entries.before.hideHere(slice, stamp, this.cache.time.now())
  }

  /**
   * Invalidates every entry that has the tag, and everything that depends on the family, because the cache may not hold
   * an entry with the tag from which a value was made.
   */
  invalidateTag(tag: string, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    const refusal = this.refusal()
    return refusal === undefined
      ? orStoreFailed(this.applyDropTag(tag, mode, this.cache.nextStamp()))
      : Effect.fail(refusal)
  }

  /** Invalidates a tag with its dependents, in one synchronous step. */
  applyDropTag(tag: string, mode: InvalidationMode, stamp: number): Delivery {
    this.entries.invalidated({ tag }, mode, stamp, this.name)
    this.loads.flights.closeAll()
    const own = this.entries.marking.markTag(tag, mode, stamp, this.cache.time.now())
    return both(own, this.cache.spread.ofSlice(this.name, everything, mode))
  }

  /** Deletes keys, and drops everything that depends on them. */
  delete(keys: ReadonlyArray<string>): Effect.Effect<void, CacheError> {
    const refusal = this.refusal()
    return refusal === undefined ? orStoreFailed(this.deleteUnsafe(keys)) : Effect.fail(refusal)
  }

  /** Deletes keys, and drops everything that depends on them, in one synchronous step. */
  deleteUnsafe(keys: ReadonlyArray<string>): Delivery {
    const refusal = this.refusal()
    if (refusal !== undefined) throw refusal
    const stamp = this.cache.nextStamp()
    let work = noDelivery
    for (const key of keys) work = both(work, this.applyDelete(key, stamp))
    return work
  }

  /** Deletes one key, and drops its dependents, in one synchronous step. */
  applyDelete(key: string, stamp: number): Delivery {
    this.entries.deleted(key, stamp)
    return both(this.remove(key), this.spread(key, "hide"))
  }

  /** Drops one key with its dependents, in one synchronous step. */
  applyDrop(key: string, mode: InvalidationMode, stamp: number): Delivery {
    return both(this.dropKey(key, mode, stamp, this.name), this.spread(key, mode))
  }

  /** Drops everything that depends on a key. */
  spread(key: string, mode: InvalidationMode): Delivery {
    return this.spec.plan.isEmpty ? noDelivery : this.cache.spread.ofKey(this.name, key, mode)
  }
}
