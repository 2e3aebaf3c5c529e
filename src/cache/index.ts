/**
 * A value, and what the cache knows about it.
 *
 * @since 0.1.0
 */
export * as Answer from "./Answer.ts"

/**
 * What a cache operation can fail with, besides the error of the family's own lookup.
 *
 * @since 0.1.0
 */
export * as CacheError from "./CacheError.ts"

/**
 * The engine of one family.
 *
 * @since 0.1.0
 */
export * as CacheFamily from "./CacheFamily.ts"

/**
 * What invalidation does to entries.
 *
 * @since 0.1.0
 */
export * as Invalidation from "./Invalidation.ts"

/**
 * What the owner of a family says about how an entry comes to be.
 *
 * A lookup is a function from the parameters of a key to an Effect of its value. It may answer with more than a value:
 * `loaded` gives it a lifetime, tags or a revision of its own, `notModified` renews the value that is there, `skip` says
 * that there is none.
 *
 * @since 0.1.0
 */
export * as Lookup from "./Lookup.ts"
