/**
 * The explanation of a key: what a read would do now, and what happened to the key before.
 *
 * @since 0.1.0
 */
import type { Answer } from "./Answer.ts"
import type { InvalidationMode } from "./CacheEvent.ts"

/**
 * What a read of the key would do now.
 *
 * - `hit`: serve the value. `staleHit`: serve the stale value, and renew it behind the reader.
 * - `join`: wait for the load that is already running. `load`: start a load. `fail`: fail with a remembered failure, or
 *   because a lookup has just returned that the key has no value.
 * - `refuse`: fail, because the family has no owner.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Outcome = "hit" | "staleHit" | "join" | "load" | "fail" | "refuse"

/**
 * Keys of a family that have some segments in common. `positions` are indexes of segments in the key, in ascending
 * order, and `values` are the segments there. In a family that ends in `*`, the last value may also be `""` or `"*"`.
 * With `""`, the keys end before this position. With `"*"`, they have any segment there.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Slice {
  readonly positions: ReadonlyArray<number>
  readonly values: ReadonlyArray<string>
}

/**
 * An entry that a lookup read, as it was at that time.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Source {
  readonly key: string
  /** The name of the tier that had the entry, or `lookup` if it was loaded for this read. */
  readonly tier: string
  /** The invalidation counter up to which the entry was known to be valid; `undefined` if it was not stored. */
  readonly stamp: number | undefined
}

/**
 * An event in the history of a key. It concerned that key alone, or a set of keys that contains it. `Absent`: a lookup
 * returned that the key has no value. `Deleted`: the owner deleted the key. `Rescheduled`: the lifetime of its entry
 * was changed. `Unkept`: no tier below memory took the value, so what memory does not hold is loaded again.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Happening {
  readonly what:
    | "Set"
    | "Rescheduled"
    | "Loaded"
    | "Absent"
    | "Refused"
    | "Unkept"
    | "Deleted"
    | "Invalidated"
    | "Evicted"
    | "Expired"
  readonly family: string
  /**
   * The key within the family, the segments that all keys of the set have in common, or the tag. Without positions, it
   * is the whole family.
   */
  readonly target: string | Slice | { readonly tag: string }
  /** For `Invalidated`: the family whose change caused it; the key's own family after a direct invalidation. */
  readonly through: string | undefined
  readonly mode: InvalidationMode | undefined
  readonly stamp: number
  readonly atMillis: number
  /** For `Loaded` and `Absent`: the entries of this cache that the lookup read, in that order; at most the first 32. */
  readonly from: ReadonlyArray<Source> | undefined
}

/**
 * The answer of `explain`: what a read of the key would do now, the entry, and the history. Print it to see why a value
 * is fresh, stale or absent.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Explanation<out V> {
  readonly family: string
  readonly key: string
  readonly outcome: Outcome
  /** The entry, fresh or stale; `undefined` if the cache has no entry that may ever be served. */
  readonly held: Answer<V> | undefined
  /** The history of the key, the latest first. The cache forgets older happenings. */
  readonly happenings: ReadonlyArray<Happening>
}
