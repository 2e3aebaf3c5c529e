/**
 * A value, and what the cache knows about it.
 *
 * @since 0.1.0
 */
export * as Answer from "./Answer.ts"

/**
 * The engine: families over one store, one counter of invalidations, one stream of events.
 *
 * - Every change takes the next stamp; what depends on the change is dropped in the same synchronous step.
 * - Marks that a store kept hold again from the first read on.
 *
 * Not here: who may call. An engine trusts its caller; grants are checked where a program meets it, in `manifest/`.
 *
 * @since 0.1.0
 */
export * as Cache from "./Cache.ts"

/**
 * What a cache operation can fail with, besides the error of the family's own lookup.
 *
 * One error, `CacheError`, with a `reason`, so that callers recover with `Effect.catchReason("CacheError", ...)`.
 * A program without casts never sees `NotOwner`: the types refuse it. A key appears in messages, a value never.
 *
 * @since 0.1.0
 */
export * as CacheError from "./CacheError.ts"

/**
 * What happens in a cache, as it happens. Nothing is made when nobody listens.
 *
 * @since 0.1.0
 */
export * as CacheEvent from "./CacheEvent.ts"

/**
 * The engine of one family: how its entries are served, loaded, written and dropped.
 *
 * Keys here are keys *within* the family: the parameters of its pattern, joined by `:`.
 *
 * - One lookup per key and epoch runs at a time; an invalidation of the key starts a new epoch.
 * - A value whose load began before an invalidation of its key is returned to those who had joined the load, and is not
 *   stored.
 * - Whatever changes an entry changes memory, and voids the loads under way, in one synchronous step; the tiers below
 *   follow before the operation returns.
 * - A load that brings another value than the one it replaces counts as a write: dependents are dropped.
 * - What is computed from a value that was served stale is stale itself: it is returned, and not stored.
 *
 * Not here: who may call (the manifest's accessors), and what depends on what (the plan, given as data).
 *
 * @since 0.1.0
 */
export * as CacheFamily from "./CacheFamily.ts"

/**
 * The counts of a cache as Effect metrics, for whatever exports those: Prometheus, OTLP, a test.
 *
 * - A hit costs nothing: counts are kept anyway, and what has been added since is published once per interval.
 * - Attributes are `cache` and `family`, and `tier` for `cache.tier.hits`; a key is never one.
 * - Names: `cache.hits`, `cache.hits.stale`, `cache.misses`, `cache.loads`, `cache.loads.failed`,
 *   `cache.loads.coalesced`, `cache.loads.refused`, `cache.evictions`, `cache.expirations`, `cache.invalidations`,
 *   `cache.tier.hits` (counters), `cache.entries` (a gauge).
 *
 * @since 0.1.0
 */
export * as CacheMetrics from "./CacheMetrics.ts"

/**
 * When an entry is fresh, stale, due for a refresh, and gone: a family's policy, decoded once, and the arithmetic on
 * it.
 *
 * An entry's life, on the time axis:
 *
 *     made ------ refreshAhead ------ freshUntil ------ staleWhileRevalidate / staleIfError ------ expiresAt
 *         a plain hit       a hit, and a           stale: served at once and renewed behind,
 *                           renewal behind         or served only if the lookup fails
 *
 * @since 0.1.0
 */
export * as Expiry from "./Expiry.ts"

/**
 * Why a key is a hit, a miss, or stale: what a read would do now, and what happened to the key before.
 *
 * @since 0.1.0
 */
export * as Explanation from "./Explanation.ts"

/**
 * What the engine is told of a family, and what it tells: plain data.
 *
 * @since 0.1.0
 */
export * as FamilySpec from "./FamilySpec.ts"

/**
 * What has been invalidated, in numbers that are compared on read.
 *
 * Each invalidation takes the next number of one counter, a *stamp*; an entry carries the stamp at which its load
 * began. An invalidation of many keys is one *mark*: "in this scope, whatever is older than this stamp is gone". So
 * it costs the same for one entry and for a million, and order needs no clock.
 *
 * The scope of a mark is a family and some of the segments of its keys: none (the whole family), the first
 * (`feed:42:*`), or any others. All segments is one key, and needs no mark where the entry itself can be removed.
 *
 * - `judge` answers from the marks alone; it knows nothing of time.
 * - Stamps combine by maximum, so marks may be recorded twice, or in any order.
 * - A mark is forgotten once no entry is left that it concerns (`internal/sweep.ts`). Marks are bounded in number and
 *   length nevertheless: one that finds no room marks the family as a whole. Too much is lost, never too little.
 *
 * @since 0.1.0
 */
export * as Invalidation from "./Invalidation.ts"

/**
 * What the owner of a family says about how an entry comes to be.
 *
 * A lookup is a function from the parameters of a key to an Effect of its value. It may answer with more than a value:
 * `loaded` gives it a lifetime, tags or a revision of its own, `notModified` renews the value that is there, `skip`
 * says that there is none.
 *
 * @since 0.1.0
 */
export * as Lookup from "./Lookup.ts"

/**
 * Changes of the cache within a transaction of a database.
 *
 * - The body runs in a Context that names the transaction. What changes the cache there is collected, and what reads it
 *   there sees what the transaction has done.
 * - The database decides: this module only learns how its combinator ended. A success is a commit, a failure of the
 *   body is a rollback, and everything else is a doubt.
 * - A combinator may run the body again. Each run collects on its own.
 *
 * @since 0.1.0
 */
export * as Transaction from "./Transaction.ts"
