/**
 * Invalidates the keys of a family: one key, the keys of a scope, or the entries with a tag.
 *
 * A method that returns a `Delivery` is one synchronous step: memory, running loads, remembered failures and the outbox
 * change together (law 3). The lower tiers follow: the `Delivery` holds the changes that are on their way to them.
 *
 * Not here: what depends on the keys (`spreading.ts`), and how marks judge entries (`shared/invalidation.ts`).
 */
import type * as Effect from "effect/Effect"
import type { CacheError } from "../CacheError.ts"
import { CacheEvent } from "../CacheEvent.ts"
import type { EngineFamilySpec } from "../shared/familySpec.ts"
import { everything, type InvalidationMode, type Scope } from "../shared/invalidation.ts"
import { type CacheContext, orStoreFailed } from "./cacheContext.ts"
import { both, type Delivery, noDelivery } from "./delivery.ts"
import type { Entries } from "./entries.ts"
import type { Loads } from "./loads.ts"

export class FamilyInvalidation<V> {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly name: string
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>

  constructor(entries: Entries<V>, loads: Loads<V>) {
    this.cache = entries.cache
    this.spec = entries.spec
    this.name = entries.name
    this.entries = entries
    this.loads = loads
  }

  /** Drops keys, and everything that depends on them. */
  drop(keys: ReadonlyArray<string>, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    const stamp = this.cache.nextStamp()
    let work = noDelivery
    for (const key of keys) work = both(work, this.applyDelete(key, mode, stamp))
    return orStoreFailed(work)
  }

  /** Drops every key that has these segments, and everything that depends on them. */
  dropScope(scope: Scope, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    return orStoreFailed(this.applyDropScope(scope, mode, this.cache.nextStamp()))
  }

  /** Drops a scope with its dependents, in one synchronous step. */
  applyDropScope(scope: Scope, mode: InvalidationMode, stamp: number): Delivery {
    return both(this.markScope(scope, mode, stamp, this.name), this.cache.spread.ofScope(this.name, scope, mode))
  }

  /** Drops one key without its dependents, in one synchronous step. */
  dropKey(key: string, mode: InvalidationMode, stamp: number, through: string): Delivery {
    if (mode === "markStale") {
      const values = key.split(":")
      const name = this.cache.hasListeners ? this.spec.show(key) : undefined
      return this.markScope({ positions: values.map((_, i) => i), values }, mode, stamp, through, name)
    }
    this.entries.invalidated(key, mode, stamp, through)
    this.loads.overtake(key)
    this.loads.failures.forget(key)
    return this.entries.forget(key)
  }

  /** Invalidates a scope without its dependents, in one synchronous step. */
  markScope(scope: Scope, mode: InvalidationMode, stamp: number, through: string, key?: string): Delivery {
    this.entries.invalidated(scope, mode, stamp, through, key)
    return this.entries.markKeys(scope, mode, stamp, this.cache.time.now())
  }

  /** Hides keys in this process alone. The lower tiers keep them for the next process. */
  hideHere(scope: Scope, stamp: number, through: string): void {
    this.entries.invalidated(scope, "hide", stamp, through)
    this.entries.hideHere(scope, stamp, this.cache.time.now())
  }

  /**
   * Invalidates every entry that has the tag, and everything that depends on the family, because the cache may not hold
   * an entry with the tag from which a value was made.
   */
  invalidateTag(tag: string, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    return orStoreFailed(this.applyDropTag(tag, mode, this.cache.nextStamp()))
  }

  /** Invalidates a tag with its dependents, in one synchronous step. */
  applyDropTag(tag: string, mode: InvalidationMode, stamp: number): Delivery {
    this.entries.counts.invalidations++
    this.entries.note("Invalidated", { tag }, stamp, this.name, mode)
    this.loads.closeAll()
    if (this.cache.hasListeners) {
      const scope = this.spec.hide(tag)
      this.cache.emit(CacheEvent.Invalidated({ family: this.name, scope, through: this.name, mode, stamp }))
    }
    const own = this.entries.markTag(tag, mode, stamp, this.cache.time.now())
    return both(own, this.cache.spread.ofScope(this.name, everything, mode))
  }

  /** Drops one key with its dependents, in one synchronous step. */
  applyDelete(key: string, mode: InvalidationMode, stamp: number): Delivery {
    return both(this.dropKey(key, mode, stamp, this.name), this.spread(key, mode))
  }

  /** Drops everything that depends on a key. */
  spread(key: string, mode: InvalidationMode): Delivery {
    return this.spec.plan.isEmpty ? noDelivery : this.cache.spread.ofKey(this.name, key, mode)
  }
}
