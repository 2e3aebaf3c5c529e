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
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Nearest from "../diagnostic/types/nearest.ts"
import { type DurationInput, millisOf } from "../ownership/DurationInput.ts"
import { unreadableOption, whyUnreadable } from "../ownership/shared/readable.ts"
import { isBag } from "../ownership/shared/validation.ts"
import * as BackgroundTimer from "../store/shared/backgroundTimer.ts"
import { CacheError, InvalidOption } from "./CacheError.ts"

/**
 * The counts of one family since its engine was built, as `AppCache.stats` returns them.
 *
 * **Details**
 *
 * Each read of a key by `get`, `getMany` (each occurrence of a key), `getAnswer`, `getOption`, `getUnsafe` and the like
 * counts once: in `hits`, in `staleHits` if memory answered, in `remembered`, or in `misses`. So these four are the
 * number of the reads, where no tier below memory answers with a stale value: that is a stale hit, and a miss as well.
 * A `getUnsafe` that returns `undefined` is a miss, unless it is refused. `has`, `explain`, `refresh`, `warm` and lists
 * do not count.
 *
 * @see {@link publish} for the same counts as metrics
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface FamilyStats {
  /** Reads that memory answered with a fresh value. */
  readonly hits: number
  /** Reads that any tier answered at once with a stale value. If that tier is below memory, they are misses as well. */
  readonly staleHits: number
  /** Reads that neither memory nor a remembered failure could answer. */
  readonly misses: number
  /** Reads that a remembered failure, or a remembered absence, answered at once. */
  readonly remembered: number
  /**
   * Fresh values by the tier that had them: `hits` under the name of memory, and the misses that a lower tier answered.
   * Readers who waited for one answer together count once.
   */
  readonly hitsByTier: { readonly [tier: string]: number }
  /** Lookups that returned a value, or that the key has none. */
  readonly loads: number
  readonly loadFailures: number
  /** Runs of a lookup that returned or failed. A `lookupMany` counts once, whatever the number of its keys. */
  readonly lookups: number
  /** How long these lookups took together, in milliseconds, with the look into lower tiers before them. */
  readonly lookupMillis: number
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
  /**
   * Entries that left memory: evicted or pushed down to a lower tier, expired, deleted or invalidated. An entry that
   * gets a new value does not leave. An entry that a mark hides leaves when it is freed.
   */
  readonly leftMemory: number
  /**
   * How many of them were never read in memory: if most were, memory is too small, or the values are loaded in vain.
   * `undefined` where the policy of eviction does not know: with `lru`, with `refuse`, and with a policy of your own
   * that has no `wasRead`.
   */
  readonly leftUnread: number | undefined
  /** Entries that memory, the fastest tier, has now. Entries of lower tiers are not counted. */
  readonly entries: number
}

/** A metric as exporters show it. */
interface Described {
  readonly id: string
  readonly description: string
}

const counters = {
  hits: { id: "cache.hits", description: "Reads that memory answered with a fresh value." },
  staleHits: { id: "cache.hits.stale", description: "Reads that a tier answered at once with a stale value." },
  misses: { id: "cache.misses", description: "Reads that neither memory nor a remembered failure could answer." },
  remembered: { id: "cache.remembered", description: "Reads that a remembered failure or absence answered." },
  loads: { id: "cache.loads", description: "Lookups that returned a value, or that the key has none." },
  loadFailures: { id: "cache.loads.failed", description: "Lookups that failed." },
  coalesced: { id: "cache.loads.coalesced", description: "Readers who joined a load of another reader." },
  refused: { id: "cache.loads.refused", description: "Loaded values that were out of date, and were not stored." },
  evictions: { id: "cache.evictions", description: "Entries that were evicted because the store was full." },
  expirations: { id: "cache.expirations", description: "Entries whose lifetime was over." },
  invalidations: {
    id: "cache.invalidations",
    description: "Keys, sets of keys and tags that were invalidated or deleted."
  },
  lookups: { id: "cache.lookups", description: "Runs of a lookup that returned or failed." },
  leftMemory: { id: "cache.memory.left", description: "Entries that left memory, for any reason." },
  leftUnread: { id: "cache.memory.left.unread", description: "Entries that left memory and were never read there." }
} as const satisfies {
  readonly [K in Exclude<keyof FamilyStats, "entries" | "hitsByTier" | "lookupMillis">]: Described
}

type Counted = keyof typeof counters

const lookupSeconds: Described = {
  id: "cache.lookups.seconds",
  description: "How long lookups took together, in seconds."
}
const tierHits: Described = { id: "cache.tier.hits", description: "Fresh values by the tier that had them." }
const entryCount: Described = { id: "cache.entries", description: "Entries that memory has now." }

const prometheusNames: ReadonlyMap<string, string> = new Map([
  ...[...Object.values(counters), lookupSeconds, tierHits].map(({ id }) => [id, `${toName(id)}_total`] as const),
  [entryCount.id, toName(entryCount.id)]
])

function toName(id: string): string {
  return `stateless_${id.replaceAll(".", "_")}`
}

/**
 * Returns the name of a metric by the conventions of Prometheus, such as `stateless_cache_hits_total` for `cache.hits`.
 * A metric that is not of this module keeps its name.
 *
 * **When to use**
 *
 * As the `metricNameMapper` of Effect's `PrometheusMetrics`. What it exports then passes `promtool check metrics`.
 *
 * **Example** (The name of a counter)
 *
 * ```ts
 * import { CacheMetrics } from "effect-stateless"
 *
 * CacheMetrics.prometheusName("cache.hits") // => "stateless_cache_hits_total"
 * CacheMetrics.prometheusName("cache.entries") // => "stateless_cache_entries"
 * CacheMetrics.prometheusName("http.requests") // => "http.requests"
 * ```
 *
 * @stability experimental
 * @category accessors
 * @since 0.1.0
 */
export const prometheusName = (id: string): string => prometheusNames.get(id) ?? id

/**
 * Options of `publish`: the name of the cache, and how often its counts are published.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The value of the attribute `cache`, not empty. */
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
 * text or is empty, or if the interval is not a duration above zero.
 *
 * **Gotchas**
 *
 * Run it once for each cache and name. Two that publish under one `cache` add their counts to the same counters: two
 * engines are then shown as one, and one engine that is published twice is counted twice.
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
    const unreadable = unreadableOption(options, known)
    if (unreadable !== undefined) return invalid(unreadable, `of \`CacheMetrics.publish\` ${whyUnreadable}`)
    if (!isBag(options)) return invalid("options", "must be an object")
    const unknown = Nearest.unknownOption(options, known)
    if (unknown !== undefined) return invalid(unknown.option, unknown.why)
    const { cache, interval = intervalDefault } = options
    if (typeof cache !== "string" || cache === "") return invalid("cache", "must be a string that is not empty")
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
const counter = ({ description, id }: Described, attributes: { readonly [attribute: string]: string }) =>
  Metric.counter(id, { description, attributes, incremental: true })

const publishFamily = (
  attributes: { readonly cache: string; readonly family: string },
  now: FamilyStats,
  before: FamilyStats | undefined
): Effect.Effect<void> => {
  const added = Object.entries(counters).flatMap(([count, described]) => {
    const value = now[count as Counted]
    // What is not known is not published as zero.
    if (value === undefined) return []
    return [Metric.update(counter(described, attributes), value - (before?.[count as Counted] ?? 0))]
  })
  const byTier = Object.entries(now.hitsByTier).map(([tier, hits]) =>
    Metric.update(
      counter(tierHits, { ...attributes, tier }),
      hits - (before !== undefined && Object.hasOwn(before.hitsByTier, tier) ? before.hitsByTier[tier]! : 0)
    )
  )
  const millis = now.lookupMillis - (before?.lookupMillis ?? 0)
  const seconds = Metric.update(counter(lookupSeconds, attributes), millis / 1_000)
  const { description, id } = entryCount
  const entries = Metric.update(Metric.gauge(id, { description, attributes }), now.entries)
  return Effect.all([...added, ...byTier, seconds, entries], { discard: true })
}
