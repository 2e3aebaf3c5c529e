/**
 * A value, and what the cache knows about it.
 *
 * @since 0.1.0
 */
import { madeAtMillis } from "./Expiry.ts"
import type { Served } from "./internal/flight.ts"

/**
 * The answer to a read that asks for more than the value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer<out V> {
  readonly value: V
  /** Where it was: the name of a tier, or `lookup` for a value that was loaded for this read. */
  readonly tier: string
  /** How long ago it was made, in milliseconds. */
  readonly ageMillis: number
  /** Served although its time is over, or it was marked stale. */
  readonly stale: boolean
  /** How long ago its time was over, or it was marked stale, in milliseconds; 0 when it is fresh. */
  readonly staleMillis: number
  /** The invalidation counter up to which it is known to be valid; `undefined` when it was not stored. */
  readonly stamp: number | undefined
  /**
   * What a conditional write compares: `set(..., { ifVersion })`. It is 0 for a value that was not stored: no entry has
   * that version, so a write on that condition always fails with `VersionConflict`.
   */
  readonly version: number
  /** How long its load took, in milliseconds. */
  readonly costMillis: number
  readonly tags: ReadonlyArray<string>
}

/**
 * The answer for what was served, now, where its entry was fresh until `freshUntil`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <V>(
  { entry, stale, tags, tier, value }: Served<V>,
  nowMillis: number,
  freshUntil: number
): Answer<V> => ({
  value,
  tier,
  stale,
  ageMillis: entry === undefined ? 0 : Math.max(0, nowMillis - madeAtMillis(entry)),
  staleMillis: stale ? Math.max(0, nowMillis - freshUntil) : 0,
  stamp: entry?.stamp,
  version: entry?.version ?? 0,
  costMillis: entry?.costMillis ?? 0,
  tags: entry?.tags ?? tags ?? []
})
