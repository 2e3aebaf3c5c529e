/**
 * The options of a write, as the engine takes them. A program sees them as `WriteOptions` of `manifest/Family.ts`.
 */
import type * as Lookup from "../Lookup.ts"

/**
 * A condition on the version that a key has. It is an interface of its own, because an editor shows no docs of a part
 * that `Pick` takes out of another one.
 *
 * @category models
 * @since 0.1.0
 */
export interface VersionCondition {
  /**
   * Writes only if the key has this version, or no value for `null`. Otherwise the write fails with `VersionConflict`.
   * A refresh of the key that runs does not refuse the write: the version that is held counts until the refresh ends,
   * and what the refresh brings is not stored after it.
   *
   * It must not be `undefined`: a version that was lost on its way would leave the write without its condition.
   */
  readonly ifVersion?: number | null
}

/**
 * Options of a write that has no condition on the version: a lifetime, tags and a revision for the value, and a lease.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeasedOptions<out Lease = never> extends Lookup.LoadedOptions {
  /**
   * The lease of the write, which must be exclusive. A write under a lease that has ended is refused, however late it
   * comes. While the key has a lease, a write without it is refused. It must not be `undefined`, as `ifVersion`.
   */
  readonly lease?: Lease
}

/**
 * Options of a write: a lifetime, tags and a revision for the value, a condition on the version, and a lease.
 *
 * @category models
 * @since 0.1.0
 */
export interface SetOptions<out Lease = never> extends LeasedOptions<Lease>, VersionCondition {}
