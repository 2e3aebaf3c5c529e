/**
 * Plain data between the manifest and the engine: the description of a family, its loader, the options of a write, and
 * the counts.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Partition } from "../../store/Store.ts"
import type { Expiry } from "../internal/expiry.ts"
import type * as Lookup from "../Lookup.ts"
import type { InvalidationPlan } from "./invalidationPlan.ts"

/**
 * The engine's description of a family.
 *
 * @category models
 * @since 0.1.0
 */
export interface EngineFamilySpec<V> {
  readonly name: string
  readonly pattern: string
  readonly render: (key: string) => string
  /** The key within the family; `undefined` for a full key of another family. */
  readonly parse: (rendered: string) => string | undefined
  /** Spells the full key for errors, events and explanations; `hide` spells a segment or a tag for them. */
  readonly show: (key: string) => string
  readonly hide: (text: string) => string
  /** Whether errors, events and explanations hide keys and values. */
  readonly isSensitive: boolean
  readonly expiry: Expiry
  /** Whether its Schema says that a value may be an Exit. */
  readonly takesExits: boolean
  /** Checks whether memory may hold a value, for families whose type does not say so. */
  readonly admits?: ((value: V) => boolean) | undefined
  /** Which keys of which families a change drops. */
  readonly plan: InvalidationPlan
  readonly partition: Partition<V>
}

/**
 * The lookups of a family's owner, and the context in which they run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Loader<V> {
  readonly lookup:
    | ((key: string, context: Lookup.LookupContext<V>) => Effect.Effect<V | Lookup.Result<V>, unknown, any>)
    | undefined
  /** Loads many keys at once, for `readMany`. Returns one answer for each key, in the order of the keys. */
  readonly lookupMany:
    | ((
      keys: ReadonlyArray<string>,
      contexts: ReadonlyArray<Lookup.LookupContext<V>>
    ) => Effect.Effect<ReadonlyArray<V | Lookup.Result<V>>, unknown, any>)
    | undefined
  readonly context: Context.Context<any>
}

/**
 * Options of a write: a lifetime, tags and a revision for the value, a condition on the version, and a lease.
 *
 * @category models
 * @since 0.1.0
 */
export interface SetOptions<out Lease = never> extends Lookup.LoadedOptions {
  /**
   * Writes only if the key has this version, or no value for `null`. Otherwise the write fails with `VersionConflict`.
   * A refresh of the key that runs does not refuse the write: the version that is held counts until the refresh ends,
   * and what the refresh brings is not stored after it.
   */
  readonly ifVersion?: number | null | undefined
  /**
   * The lease of the write, which must be exclusive. A write under a lease that has ended is refused, however late it
   * comes. While the key has a lease, a write without it is refused.
   */
  readonly lease?: Lease | undefined
}

/**
 * An entry that a lookup read, as it was at that time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  readonly key: string
  /** The name of the tier that had the entry, or `lookup` if it was loaded for this read. */
  readonly tier: string
  /** The invalidation counter up to which the entry was known to be valid; `undefined` if it was not stored. */
  readonly stamp: number | undefined
}

/**
 * The entries from which a value was made. `spell` lists them; the list is made only when a caller asks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sources {
  readonly spell: () => ReadonlyArray<Source>
  /** The number of characters of the keys that are kept. */
  readonly characters: number
}

/**
 * The counts of one family since its cache was made, as `stats` returns them.
 *
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

/**
 * How a family is made: what its keys mean, beside its pattern, and from which others its values are made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Origin {
  /** The codecs of its parameters, the families inside it, and the patterns that it derives from, as a text. */
  readonly form: string
  /** The names of the families whose changes reach it, at any distance. */
  readonly sources: () => Iterable<string>
}
