/**
 * How the keys of a family are invalidated: one key, the keys of a scope, the entries with a tag.
 *
 * A method that returns a `Below` is one synchronous step: memory, running loads, remembered failures and the outbox
 * change together (law 3). The lower tiers follow; the `Below` is what they still have to take.
 *
 * Not here: what depends on the keys (`spreading.ts`), and how marks judge entries (`Invalidation.ts`).
 */
import * as Effect from "effect/Effect"
import type { CacheError } from "../CacheError.ts"
import { CacheEvent } from "../CacheEvent.ts"
import type { FamilySpec } from "../FamilySpec.ts"
import { everything, type Mode, type Scope } from "../Invalidation.ts"
import { type Below, both, nothing } from "./below.ts"
import { type Engine, orStoreFailed } from "./engine.ts"
import type { Entries } from "./entries.ts"
import type { Loads } from "./loads.ts"

export class FamilyInvalidation<V> {
  private readonly cache: Engine
  private readonly spec: FamilySpec<V>
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

  /** Drops keys, and all that depends on them. */
  drop(keys: ReadonlyArray<string>, mode: Mode): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => {
      const stamp = this.cache.nextStamp()
      let work = nothing
      for (const key of keys) work = both(work, this.applyDelete(key, mode, stamp))
      return orStoreFailed(work)
    })
  }

  /** Drops every key that has these segments, and all that depends on them. */
  dropScope(scope: Scope, mode: Mode): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => orStoreFailed(this.applyDropScope(scope, mode, this.cache.nextStamp())))
  }

  /** The synchronous part of it; what is returned is left to do below. */
  applyDropScope(scope: Scope, mode: Mode, stamp: number): Below {
    return both(this.markScope(scope, mode, stamp, this.name), this.cache.spread.ofScope(this.name, scope, mode))
  }

  /** The synchronous part of dropping one key; the Effect is what is left to do below. */
  dropKey(key: string, mode: Mode, stamp: number, through: string): Below {
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

  /** The synchronous part of invalidating a scope; the Effect is what is left to do below. */
  markScope(scope: Scope, mode: Mode, stamp: number, through: string, key?: string): Below {
    this.entries.invalidated(scope, mode, stamp, through, key)
    return this.entries.markKeys(scope, mode, stamp, this.cache.time.now())
  }

  /** Drops keys in this process, and leaves them to what opens the tiers below next. */
  hideHere(scope: Scope, stamp: number, through: string): void {
    this.entries.invalidated(scope, "hide", stamp, through)
    this.entries.hideHere(scope, stamp, this.cache.time.now())
  }

  /**
   * Invalidates every entry that has the tag, and everything that depends on the family: what has the tag need not be
   * held.
   */
  invalidateTag(tag: string, mode: Mode): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => orStoreFailed(this.applyDropTag(tag, mode, this.cache.nextStamp())))
  }

  /** The synchronous part of invalidating a tag; what is returned is left to do below. */
  applyDropTag(tag: string, mode: Mode, stamp: number): Below {
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

  /** The synchronous part of a deletion, its dependents included. */
  applyDelete(key: string, mode: Mode, stamp: number): Below {
    return both(this.dropKey(key, mode, stamp, this.name), this.spread(key, mode))
  }

  /** Drops all that depends on a key. */
  spread(key: string, mode: Mode): Below {
    return this.spec.plan.isEmpty ? nothing : this.cache.spread.ofKey(this.name, key, mode)
  }
}
