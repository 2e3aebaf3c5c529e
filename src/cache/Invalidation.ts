/**
 * What invalidation does to entries.
 *
 * @since 0.1.0
 */

/**
 * `hide` makes entries absent; `markStale` lets stale rules still serve them.
 *
 * @category models
 * @since 0.1.0
 */
export type Mode = "hide" | "markStale"
