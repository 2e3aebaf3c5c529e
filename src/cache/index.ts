/**
 * A value with its facts: the tier that had it, its age, whether it is stale, its version and its tags.
 *
 * @since 0.1.0
 */
export * as Answer from "./Answer.ts"

/**
 * The errors of cache operations. A lookup may also fail with an error of its own, which its family declares.
 *
 * There is one error, `CacheError`. Its `reason` says what happened, and callers recover from it with
 * `Effect.catchReason("CacheError", ...)`. A program without casts never meets `NotOwner`, because the types refuse it.
 * A message may show a key, and never shows a value.
 *
 * @since 0.1.0
 */
export * as CacheError from "./CacheError.ts"

/**
 * Events of a cache, published as they happen. Without a listener, no event is created.
 *
 * @since 0.1.0
 */
export * as CacheEvent from "./CacheEvent.ts"

/**
 * Publishes the counts of a cache as Effect metrics. Any exporter of Effect metrics can read them, such as Prometheus
 * or OTLP.
 *
 * - A hit costs nothing more: the cache counts anyway, and the increase is published once per interval.
 * - The attributes are `cache` and `family`; `cache.tier.hits` also has `tier`. A key is never an attribute.
 * - Names: `cache.hits`, `cache.hits.stale`, `cache.misses`, `cache.remembered`, `cache.loads`, `cache.loads.failed`,
 *   `cache.loads.coalesced`, `cache.loads.refused`, `cache.lookups`, `cache.lookups.seconds`, `cache.evictions`,
 *   `cache.expirations`, `cache.invalidations`, `cache.memory.left`, `cache.memory.left.unread`, `cache.tier.hits`
 *   (counters), `cache.entries` (a gauge). {@link prometheusName} gives the names that Prometheus asks for. Each metric
 *   has a description.
 *
 * @since 0.1.0
 */
export * as CacheMetrics from "./CacheMetrics.ts"

/**
 * The explanation of a key: what a read would do now, and what happened to the key before.
 *
 * @since 0.1.0
 */
export * as Explanation from "./Explanation.ts"

/**
 * Lookups: the functions by which the owner of a family loads its entries.
 *
 * A lookup is a function from the parameters of a key to an Effect of its value. It may answer with more than a value:
 * `loaded` adds a lifetime, tags or a revision, `notModified` renews the value that the cache has, and `absent` says
 * that the key has no value.
 *
 * @since 0.1.0
 */
export * as Lookup from "./Lookup.ts"
