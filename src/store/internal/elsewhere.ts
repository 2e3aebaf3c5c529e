/**
 * Removes what a write changes from the tiers that other engines have for themselves.
 *
 * Engines over one place share their lowest tier. Above it, each may have tiers of its own, and the engine that writes
 * has no way to them but this one. The engine itself keeps its hottest tier in step, by what its peers tell it.
 *
 * Not here: entries that are on their way between tiers, and copies. The order of keys voids them (`keyOrder.ts`).
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Found } from "../Entry.ts"
import type { FreshUntilMax } from "../Store.ts"
import type { StoreError } from "../StoreError.ts"
import type { Tier } from "./tieredTier.ts"

/** The tiers of one open family that only its own engine writes. */
export class OwnTiers {
  /** What each tier of the engine shares with others, such as a folder. */
  private readonly places: ReadonlySet<object>
  private readonly own: ReadonlyArray<Tier<any>>

  /** `place` is what the engines share. */
  constructor(tiers: ReadonlyArray<Tier<any>>, place: object) {
    this.places = new Set([place, ...tiers.map(({ store }) => store.commons)])
    this.own = tiers.filter(({ partition, store }, at) =>
      store.commons !== place && (at > 0 || partition.hot === undefined)
    )
  }

  get isEmpty(): boolean {
    return this.own.length === 0
  }

  /** The tiers of other engines, which this one does not write. */
  private *others(all: ReadonlySet<OwnTiers>): Iterable<Tier<any>> {
    for (const one of all) {
      if (one !== this) { for (const tier of one.own) if (!this.places.has(tier.store.commons)) yield tier }
    }
  }

  /** Removes keys, or everything, from the tiers of other engines. Returns the failure of a tier that keeps them. */
  forget(
    all: ReadonlySet<OwnTiers>,
    keys: ReadonlyArray<string>,
    isCleared: boolean
  ): Effect.Effect<StoreError | undefined> {
    if (all.size === 0 || (keys.length === 0 && !isCleared)) return Effect.undefined
    const others = Array.from(this.others(all))
    if (others.length === 0) return Effect.undefined
    return Effect.map(
      Effect.forEach(others, (tier) => isCleared ? tier.clear : tier.remove(keys)),
      (results) => results.find(Result.isFailure)?.failure
    )
  }

  /** Sweeps the tiers of other engines. */
  sweep(all: ReadonlySet<OwnTiers>, freshUntilMax: FreshUntilMax): Effect.Effect<void> {
    return Effect.forEach(
      Array.from(this.others(all)),
      (tier) => tier.attempt("sweep", tier.partition.sweep(freshUntilMax)),
      { discard: true }
    )
  }

  /** What the tiers of other engines have of some keys, which may be nowhere else; `undefined` if it is nothing. */
  find(
    all: ReadonlySet<OwnTiers>,
    keys: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<Found<any> | undefined> | undefined> {
    const others = all.size === 0 ? [] : Array.from(this.others(all))
    if (others.length === 0) return Effect.undefined
    return Effect.map(Effect.forEach(others, (tier) => tier.getMany(keys)), (answers) => {
      const read = answers.filter(Result.isSuccess)
      const found = keys.map((_, at) => read.map(({ success }) => success[at]).find((one) => one !== undefined))
      return found.some((one) => one !== undefined) ? found : undefined
    })
  }
}
