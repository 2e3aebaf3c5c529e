/**
 * The engine of one family.
 *
 * @since 0.1.0
 */
import type * as Lookup from "./Lookup.ts"

/**
 * Options of a write.
 *
 * @category models
 * @since 0.1.0
 */
export interface SetOptions extends Lookup.LoadedOptions {
  /** The version that the key must have, or `null` for none: else `VersionConflict`. */
  readonly ifVersion?: number | null | undefined
}
