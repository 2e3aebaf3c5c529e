/**
 * What happens in a cache, as it happens. Nothing is made when nobody listens.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { StoreError } from "../store/StoreError.ts"
import type { Mode } from "./Invalidation.ts"

/**
 * Why an entry left by itself.
 *
 * @category models
 * @since 0.1.0
 */
export type RemovalCause = "Expired" | "Evicted"

/**
 * One thing that happened to one key, a set of keys, or a tier.
 *
 * - `Hit`: a value was served from `tier`; `stale` where its time was over.
 * - `Miss`: memory had nothing that may be served. Should a lower tier have it, a `Hit` there follows.
 * - `Load`: a lookup ended well after `millis`; `waiters` readers had joined it. `LoadFailed`: it did not.
 * - `Set`: a value was written. `Removed`: an entry left for lack of room or time.
 * - `Invalidated`: keys were invalidated; `scope` is a key, a pattern or a tag, `through` the family whose change did
 *   it.
 * - `Refused`: a load's value was not stored, because its key was invalidated while it ran.
 * - `TierFailed`: a tier failed. Reads went on without it; of a write or an invalidation the caller was told.
 *
 * @category models
 * @since 0.1.0
 */
export type CacheEvent = Data.TaggedEnum<{
  readonly Hit: { readonly family: string; readonly key: string; readonly tier: string; readonly stale: boolean }
  readonly Miss: { readonly family: string; readonly key: string }
  readonly Load: { readonly family: string; readonly key: string; readonly millis: number; readonly waiters: number }
  readonly LoadFailed: {
    readonly family: string
    readonly key: string
    readonly millis: number
    readonly waiters: number
  }
  readonly Set: { readonly family: string; readonly key: string }
  readonly Removed: { readonly family: string; readonly key: string; readonly cause: RemovalCause }
  readonly Invalidated: {
    readonly family: string
    readonly scope: string
    readonly through: string
    readonly mode: Mode
    readonly stamp: number
  }
  readonly Refused: { readonly family: string; readonly key: string }
  readonly TierFailed: { readonly family: string; readonly operation: string; readonly error: StoreError }
}>

/**
 * Constructors of events, and `$match`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const CacheEvent = Data.taggedEnum<CacheEvent>()
