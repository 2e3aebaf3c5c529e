/**
 * A value with its facts: the tier that had it, its age, whether it is stale, its version and its tags.
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
 * One family of a cache: the façade of its reads, its writes and its invalidation.
 *
 * Keys here are keys *within* the family: the parameters of its pattern, joined by `:`.
 *
 * - One lookup per key and epoch runs at a time; an invalidation of the key starts a new epoch.
 * - A value whose load began before an invalidation of its key is returned to those who had joined the load, and is not
 *   stored.
 * - A change of an entry changes memory and supersedes the running loads of the key in one synchronous step. The tiers
 *   below follow before the operation returns.
 * - A load that brings another value than the one it replaces counts as a write: dependents are dropped.
 * - A value that is computed from a stale value is stale itself: it is returned, and not stored.
 *
 * Every verb that reads, and what it may do. `peek` and `hit` look at memory, `serve` and `read` may load.
 *
 * | verb | looks at | may load | may wait for a load | asks lower tiers |
 * | --- | --- | --- | --- | --- |
 * | `hot.hit`, `hot.peek` | memory, without a second look | no | no | no |
 * | `hitUnsafe` | memory, without a second look; tracked | no | no | no |
 * | `peekUnsafe`, `readUnsafe` | memory, with a second look | no | no | no |
 * | `find`, `held`, `readHeld`, `answerHeld` | memory, then the tiers | no | no | yes |
 * | `explain` | memory, then the tiers, and the history | no | no | yes |
 * | `readPromise` | memory, and the load that runs | no | yes | no |
 * | `read`, `serve`, `answer` | memory, then a load | yes | yes | in the load |
 * | `readMany`, `serveMany` | memory, then one load for all | yes | yes | in the load |
 * | `serveNothingStale` | as `serve`, without stale values | yes | yes | in the load |
 * | `refresh` | a load that begins after the call | yes | yes | for what the load replaces |
 * | `warm`, `renew`, `predict` | memory, then a load that no reader waits for | yes | yes | in the load |
 *
 * In `Entries`, the verbs `fromBelow`, `heldBelow` and `lookBelow` ask the lower tiers; `held` looks at memory alone.
 *
 * Not here: who may call (the manifest's accessors), and what depends on what (the plan, given as data).
 *
 * @since 0.1.0
 */
export * as CacheFamily from "./CacheFamily.ts"

/**
 * Publishes the counts of a cache as Effect metrics. Any exporter of Effect metrics can read them, such as Prometheus
 * or OTLP.
 *
 * - A hit costs nothing more: the cache counts anyway, and the increase is published once per interval.
 * - The attributes are `cache` and `family`; `cache.tier.hits` also has `tier`. A key is never an attribute.
 * - Names: `cache.hits`, `cache.hits.stale`, `cache.misses`, `cache.loads`, `cache.loads.failed`,
 *   `cache.loads.coalesced`, `cache.loads.refused`, `cache.evictions`, `cache.expirations`, `cache.invalidations`,
 *   `cache.tier.hits` (counters), `cache.entries` (a gauge).
 *
 * @since 0.1.0
 */
export * as CacheMetrics from "./CacheMetrics.ts"

/**
 * Computes the times of an entry: the time until which it is fresh, when a refresh is due, until when it may be served
 * stale, and when it ends. A family's policy is decoded once; the rest is arithmetic on it.
 *
 * An entry's life, on the time axis:
 *
 *     made ------ refreshAhead ------ freshUntil ------ staleWhileRevalidate / staleIfError ------ expiresAt a plain
 *     hit       a hit, and a           stale: served at once and renewed behind, renewal behind         or served only
 *     if the lookup fails
 *
 * @since 0.1.0
 */
export * as Expiry from "./Expiry.ts"

/**
 * The explanation of a key: what a read would do now, and what happened to the key before.
 *
 * @since 0.1.0
 */
export * as Explanation from "./Explanation.ts"

/**
 * Plain data between the manifest and the engine: the description of a family, its loader, the options of a write, and
 * the counts.
 *
 * @since 0.1.0
 */
export * as FamilySpec from "./FamilySpec.ts"

/**
 * Records invalidations as numbers, which each read compares with the number of its entry.
 *
 * Each invalidation takes the next number of one counter, a *stamp*. An entry carries the stamp at which its load
 * began. An invalidation of many keys is one *mark*: "in this scope, every entry older than this stamp is invalid". So
 * an invalidation costs the same for one entry and for a million, and their order needs no clock.
 *
 * The scope of a mark is a family and some of the segments of its keys: none (the whole family), the first
 * (`feed:42:*`), or any others. A scope of all segments is one key; it needs no mark if the entry itself can be
 * removed.
 *
 * - `judge` uses the marks alone, and no time.
 * - Of two stamps for one scope the greater one counts, so marks may be recorded twice, or in any order.
 * - A mark is forgotten when it no longer concerns any entry (`internal/sweep.ts`). The marks are bounded in number and
 *   in length nevertheless: if there is no room for a mark, it becomes a mark of the whole family. This may invalidate
 *   too much, and never too little.
 *
 * @since 0.1.0
 */
export * as Invalidation from "./Invalidation.ts"

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

/**
 * Collects the changes of the cache that are made within a database transaction, and applies them after the commit.
 *
 * - The body runs in a Context that names the transaction. Changes of the cache in that Context are collected, and
 *   reads in that Context see what the transaction has changed.
 * - The database decides: this module only learns how its combinator ended. A success is a commit, a failure of the
 *   body is a rollback, and everything else is a doubt.
 * - A combinator may run the body again. Each run collects on its own.
 *
 * @since 0.1.0
 */
export * as Transaction from "./Transaction.ts"
