/**
 * The entry of one key in a tier: a value, and the facts by which the engine decides whether it is valid.
 *
 * - All times are milliseconds since the epoch by the engine's Clock; `Infinity` means never.
 * - `stamp` orders an entry against invalidations and never against a clock.
 *
 * Not here: the key (a partition is asked by key) and the tier (a partition says where it found an entry).
 *
 * @since 0.1.0
 */

/**
 * The largest number of tags of an entry, in every arrangement of tiers.
 *
 * @stability experimental
 * @category guards
 * @since 0.1.0
 */
export const tagsMax = 65_535

/**
 * One value in a tier, with its stamp, version, times, cost, tags and revision.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Entry<out V> {
  readonly value: V
  /** The invalidation counter when the load of this value began, or at a later check of the value. */
  readonly stamp: number
  /**
   * Grows with each value of a key; a compare-and-set compares it. Microseconds of a hybrid logical clock, so
   * `version / 1000` is also the time when the value was made: over a server, the time of its clock.
   */
  readonly version: number
  /** The value may be served as fresh until then, in milliseconds since the epoch. */
  readonly freshUntil: number
  /**
   * The tier removes the entry at this time, in milliseconds since the epoch. In a family without idle time, it is
   * `freshUntil` plus the time for which the entry may be served stale. With idle time it may be earlier, and each read
   * moves it on.
   */
  readonly expiresAt: number
  /** The duration of the load, in milliseconds; 0 for a value that was set. */
  readonly costMillis: number
  /** The tags of the entry, at most `tagsMax`. */
  readonly tags: ReadonlyArray<string>
  /** The name that the data source gives this state of the value (an ETag), for conditional refresh. */
  readonly revision: string | undefined
  /**
   * The lifetime that a lookup or a write chose for this value, in milliseconds, as `Infinity` where it never ends.
   * Absent where it is the lifetime of the family. A confirmation of the value (`notModified`) gives it once more.
   */
  readonly ownLifetimeMillis?: number | undefined
}

/**
 * An entry and the name of the tier that held it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Found<out V> {
  readonly entry: Entry<V>
  readonly tier: string
}
