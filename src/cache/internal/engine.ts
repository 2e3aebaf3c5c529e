/**
 * What a family needs of the cache that it belongs to.
 */
import * as Effect from "effect/Effect"
import type { CoarseClock } from "../../store/CoarseClock.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { CacheError, StoreFailed } from "../CacheError.ts"
import type { CacheEvent } from "../CacheEvent.ts"
import type { History } from "../Explanation.ts"
import type { Mode, Scope } from "../Invalidation.ts"

/** Work that the tiers below memory still have to do. What is in memory has been done before it is handed out. */
export type Below = Effect.Effect<void, StoreError>

export const nothing: Below = Effect.void

/** One after the other, and no Effect at all where there is nothing to do. */
export const inOrder = (first: Below, second: Below): Below =>
  first === nothing ? second : second === nothing ? first : Effect.andThen(first, second)

/** For operations that must not be lost. */
export const orStoreFailed = (work: Below): Effect.Effect<void, CacheError> =>
  work === nothing
    ? Effect.void
    : Effect.mapError(work, (error) => new CacheError({ reason: new StoreFailed({ error }) }))

export interface Engine {
  readonly time: CoarseClock
  readonly random: { nextDoubleUnsafe(): number }
  readonly history: History
  /** The stamp of the latest invalidation. */
  readonly stamp: number
  /** Somebody listens to events. */
  readonly observed: boolean
  nextStamp(): number
  nextVersion(nowMillis: number): number
  emit(event: CacheEvent): void
  /** Drops what depends on one key of a family. */
  spread(family: string, key: string, mode: Mode): Below
  /** Drops what depends on any key of a scope. */
  spreadScope(family: string, scope: Scope, mode: Mode): Below
  /** Has the store keep a mark on a family, which gives the scope its meaning. */
  recordMark(family: string, scope: string, stamp: number): Below
}
