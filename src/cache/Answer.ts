/**
 * A value with its facts: the tier that had it, its age, whether it is stale, its version and its tags.
 *
 * @since 0.1.0
 */

/**
 * The answer of `getAnswer`: the value, and what the cache knows about it. Use it to see where a value came from, or to
 * write it later on the condition that its `version` has not changed.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Answer<out V> {
  readonly value: V
  /** The name of the tier that had the value, or `lookup` if it was loaded for this read. */
  readonly tier: string
  /** The age of the value, in milliseconds. */
  readonly ageMillis: number
  /** Whether the value was served after its lifetime, or after it was marked stale. */
  readonly stale: boolean
  /** For how long the value has been stale, in milliseconds; 0 for a fresh value. */
  readonly staleMillis: number
  /**
   * For how long the value will be fresh if nothing changes it, in milliseconds: a `max-age` for HTTP. 0 for a stale
   * value and for one that was not stored; `Infinity` if it does not expire.
   */
  readonly freshForMillis: number
  /**
   * After this time the cache does not serve the value any more if nothing changes it, in milliseconds:
   * `freshForMillis`, and the time for which it may be served stale, which begins when it is marked stale. 0 for a
   * value that was not stored; `Infinity` if it does not expire. In a family with an idle time, each later read moves
   * the end.
   */
  readonly expiresInMillis: number
  /**
   * The invalidation counter up to which the value is known to be valid; `undefined` for a value that was not stored.
   */
  readonly stamp: number | undefined
  /**
   * The version of the entry. A conditional write compares it: `set(..., { ifVersion })`. For a value that was not
   * stored it is 0. No entry has that version, so a write on that condition always fails with `VersionConflict`.
   */
  readonly version: number
  /** How long the load of the value took, in milliseconds. */
  readonly costMillis: number
  readonly tags: ReadonlyArray<string>
  /**
   * The name that the data source gives this state of the value, such as an ETag, if the lookup or the write gave one.
   */
  readonly revision: string | undefined
}
