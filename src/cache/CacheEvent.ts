/**
 * Events of a cache, published as they happen. Without a listener, no event is created.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Types from "effect/Types"
import type { StoreError } from "../store/StoreError.ts"

/**
 * Why an entry was removed: its lifetime was over, the store had no room for it, or its owner deleted the key. An owner
 * may delete a key that has no entry.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type RemovalCause = "Expired" | "Evicted" | "Deleted"

/**
 * What was invalidated, as data: one key, all keys that have these values, or all entries with a tag.
 *
 * **Details**
 *
 * A position is the index of a parameter in the pattern of the family: in `post:{user}:{id}`, 0 is `user`. No positions
 * mean every key of the family. In a family that ends in `*`, the last value may be `""`: the keys end before this
 * position; or `"*"`: they have any segment there. For a sensitive family, values and tags are hashes.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Target =
  | { readonly _tag: "Key"; readonly key: string }
  | { readonly _tag: "Keys"; readonly positions: ReadonlyArray<number>; readonly values: ReadonlyArray<string> }
  | { readonly _tag: "Tag"; readonly tag: string }

/**
 * What an invalidation does to an entry. `hide`: it is never served again. `markStale`: it is treated like an entry
 * past its lifetime, so the family's stale rules may still serve it.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type InvalidationMode = "hide" | "markStale"

/**
 * One event. It concerns one key, a set of keys, or a tier. Only `Lagged` is of no family.
 *
 * - `Hit`: `tier` had the value, and it was served. `stale` is true if the value was past its lifetime.
 * - `Miss`: memory had no value that may be served. If a lower tier has one, a `Hit` of that tier follows.
 * - `Load`: a lookup succeeded; it took `millis`, and `waiters` readers had joined it. `absent` is true if it returned
 *   that the key has no value. `LoadFailed`: a lookup failed.
 * - `Set`: a value was written. `Removed`: an entry was removed; `cause` says why.
 * - A batch, or a `setMany`, announces everything that it drops before its first `Set`. A transaction also announces
 *   its keys as invalidated just before the commit, and announces `Set` and `Removed` after it.
 * - `Invalidated`: keys were invalidated. `target` says which ones, and `scope` is the same as a text: a key, a pattern
 *   or a tag. `through` is the family whose change caused it.
 * - `Refused`: a load's value was not stored, because its key was invalidated while it ran.
 * - `Lagged`: the listener was too slow. `count` events are lost, in the place of this one. At most 16,384 events, or
 *   4,194,304 characters of keys, wait for a listener; beyond that, the oldest are lost. No operation waits for a
 *   listener.
 * - `TierFailed`: a tier failed. A read continues with the next tier; a failed write or invalidation fails its caller.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
// Spelt out in place of `Data.TaggedEnum`, because hovers then show the name.
export type CacheEvent = { [Tag in keyof Events]: Types.Simplify<{ readonly _tag: Tag } & Events[Tag]> }[keyof Events]

interface Events {
  readonly Hit: { readonly family: string; readonly key: string; readonly tier: string; readonly stale: boolean }
  readonly Miss: { readonly family: string; readonly key: string }
  readonly Load: {
    readonly family: string
    readonly key: string
    readonly millis: number
    readonly waiters: number
    readonly absent: boolean
  }
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
    readonly target: Target
    readonly through: string
    readonly mode: InvalidationMode
    readonly stamp: number
  }
  readonly Refused: { readonly family: string; readonly key: string }
  readonly Lagged: { readonly count: number }
  readonly TierFailed: { readonly family: string; readonly operation: string; readonly error: StoreError }
}

/**
 * The constructors of events, and `$match`, which handles each kind of event.
 *
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const CacheEvent = Data.taggedEnum<CacheEvent>()
