/**
 * What a tier keeps for one key: a value and what the engine must know to judge it.
 *
 * - All times are milliseconds since the epoch by the engine's Clock; `Infinity` means never.
 * - `stamp` orders an entry against invalidations and never against a clock.
 *
 * Not here: the key (a partition is asked by key) and the tier (a partition says where it found an entry).
 *
 * @since 0.1.0
 */

/**
 * How many tags an entry may have, in every arrangement of tiers.
 *
 * @category guards
 * @since 0.1.0
 */
export const tagsMax = 65_535

/**
 * One value in a tier, with its provenance.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry<out V> {
  readonly value: V
  /** The invalidation counter when the load of this value began, or later if it was checked since. */
  readonly stamp: number
  /**
   * Grows with each value of a key; what a compare-and-set compares. Microseconds of a hybrid logical clock, so
   * `version / 1000` is also when the value was made.
   */
  readonly version: number
  /** Until then the value may be served as fresh. */
  readonly freshUntil: number
  /**
   * The tier forgets the entry then. Where the family has no idle time, this is `freshUntil` and how much longer the
   * entry may be served stale; else it may be earlier, and each read moves it on.
   */
  readonly expiresAt: number
  /** How long the load took, in milliseconds; 0 for a value that was set. */
  readonly costMillis: number
  /** At most `tagsMax`. */
  readonly tags: ReadonlyArray<string>
  /** What the source calls this state of the value (an ETag), for conditional refresh. */
  readonly revision: string | undefined
}

/**
 * An entry and the name of the tier that held it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Found<out V> {
  readonly entry: Entry<V>
  readonly tier: string
}
