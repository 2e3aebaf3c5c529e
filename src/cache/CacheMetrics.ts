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
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Nearest from "../diagnostic/types/nearest.ts"
import { type DurationInput, millisOf } from "../ownership/DurationInput.ts"
import { isBag } from "../ownership/shared/validation.ts"
import * as BackgroundTimer from "../store/shared/backgroundTimer.ts"
import { CacheError, InvalidOption } from "./CacheError.ts"

/**
 * The counts of one family since its engine was built, as `AppCache.stats` answers them.
 *
 * @see {@link publish} for the same counts as metrics
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface FamilyStats {
  /** Reads that memory answered with a fresh value. */
  readonly hits: number
  /** Reads that any tier answered at once with a stale value. */
  readonly staleHits: number
  /** Reads that neither memory nor a remembered failure could answer. */
  readonly misses: number
  /**
   * Fresh values by the tier that had them: `hits` under the name of memory, and the misses that a lower tier answered.
   * Readers who waited for one answer together count once.
   */
  readonly hitsByTier: { readonly [tier: string]: number }
  /** Lookups that brought a value, or answered that the key has none. */
  readonly loads: number
  readonly loadFailures: number
  /** Readers who joined a load that another reader had started. */
  readonly coalesced: number
  /** Loaded values that were not stored, because their key was invalidated during the load. */
  readonly refused: number
  /**
   * Entries that the whole store evicted because it was full, each counted once. With several tiers, only the lowest
   * tier counts: an entry that memory pushes out is still in the tier below. A lowest tier without a bound, such as a
   * file, evicts no entry.
   */
  readonly evictions: number
  readonly expirations: number
  readonly invalidations: number
  /** Entries that memory, the fastest tier, has now. Entries of lower tiers are not counted. */
  readonly entries: number
}

const counters = {
  hits: "cache.hits",
  staleHits: "cache.hits.stale",
  misses: "cache.misses",
  loads: "cache.loads",
  loadFailures: "cache.loads.failed",
  coalesced: "cache.loads.coalesced",
  refused: "cache.loads.refused",
  evictions: "cache.evictions",
  expirations: "cache.expirations",
  invalidations: "cache.invalidations"
} as const satisfies { readonly [K in Exclude<keyof FamilyStats, "entries" | "hitsByTier">]: string }

type Counted = keyof typeof counters

/**
 * Options of `publish`: the name of the cache, and how often its counts are published.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The value of the attribute `cache`. */
  readonly cache: string
  /** The time between two publications, above zero. Ten seconds by default. */
  readonly interval?: DurationInput | undefined
}

const known: { readonly [Option in keyof Required<Options>]: true } = { cache: true, interval: true }

const intervalDefault: DurationInput = "10 seconds"

/**
 * Publishes the counts of `stats` (`AppCache.stats`) at once, and then once per interval, for as long as the effect
 * runs.
 *
 * **When to use**
 *
 * In a fiber behind the program, where an exporter of Effect's metrics runs. To look at the counts once, read
 * `AppCache.stats`.
 *
 * **Details**
 *
 * A pause between two publications does not keep the process alive. It fails with `InvalidOption` if `cache` is not a
 * text, or if the interval is not a duration above zero.
 *
 * **Example** (Publishing every minute)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { CacheMetrics, Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 * const { price } = Shop.keys
 * const PriceLive = Shop.owner("price", { lookup: () => Effect.succeed(2) })
 * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   yield* Effect.forkChild(CacheMetrics.publish(Shop.stats, { cache: "shop", interval: "1 minute" }))
 *   return yield* price.get({ item: "pen" })
 * })
 * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 2
 * ```
 *
 * @stability stable
 * @category combinators
 * @since 0.1.0
 */
export const publish = <E, R>(
  stats: Effect.Effect<{ readonly [family: string]: FamilyStats }, E, R>,
  options: Options
): Effect.Effect<never, E | CacheError, R> =>
  Effect.suspend((): Effect.Effect<never, E | CacheError, R> => {
    if (!isBag(options)) return invalid("options", "must be an object")
    const unknown = Nearest.unknownOption(options, known)
    if (unknown !== undefined) return invalid(unknown.option, unknown.why)
    const { cache, interval = intervalDefault } = options
    if (typeof cache !== "string") return invalid("cache", "must be a text")
    if (!(millisOf(interval) > 0)) return invalid("interval", "must be a duration above zero")
    if (!Effect.isEffect(stats)) return invalid("stats", "must be an Effect of the counts of a cache")
    const published = new Map<string, FamilyStats>()
    const once = Effect.flatMap(stats, (now) =>
      Effect.forEach(Object.entries(now), ([family, counts]) => {
        const before = published.get(family)
        published.set(family, counts)
        return publishFamily({ cache, family }, counts, before)
      }, { discard: true }))
    return Effect.forever(Effect.andThen(once, BackgroundTimer.sleep(millisOf(interval))))
  })

const invalid = (option: string, why: string) =>
  Effect.fail(new CacheError({ reason: new InvalidOption({ family: undefined, option, why }) }))

// A count only grows, and an exporter has to know that: OTLP calls such a count monotonic, and Prometheus calls it a
// counter.
const counter = (name: string, attributes: { readonly [attribute: string]: string }) =>
  Metric.counter(name, { attributes, incremental: true })

const publishFamily = (
  attributes: { readonly cache: string; readonly family: string },
  now: FamilyStats,
  before: FamilyStats | undefined
): Effect.Effect<void> => {
  const added = Object.entries(counters).map(([count, name]) =>
    Metric.update(counter(name, attributes), now[count as Counted] - (before?.[count as Counted] ?? 0))
  )
  const byTier = Object.entries(now.hitsByTier).map(([tier, hits]) =>
    Metric.update(
      counter("cache.tier.hits", { ...attributes, tier }),
      hits - (before !== undefined && Object.hasOwn(before.hitsByTier, tier) ? before.hitsByTier[tier]! : 0)
    )
  )
  return Effect.all([...added, ...byTier, Metric.update(Metric.gauge("cache.entries", { attributes }), now.entries)], {
    discard: true
  })
}
