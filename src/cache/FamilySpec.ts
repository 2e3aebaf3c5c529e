/**
 * What the engine is told of a family, and what it tells: plain data.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Partition } from "../store/Store.ts"
import type { Expiry } from "./Expiry.ts"
import type * as Lookup from "./Lookup.ts"

/**
 * What depends on a family: what `family` loses when a key changes. Positions count segments of keys within families.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dependent {
  readonly family: string
  /** Pairs of positions, in the dependent's key and in the changed one, whose segments are equal. */
  readonly bound: ReadonlyArray<readonly [target: number, source: number]>
  /** Positions in the dependent's key that have a fixed segment. */
  readonly constants: ReadonlyArray<readonly [target: number, text: string]>
  readonly guards: ReadonlyArray<Guard>
  /** Everything is bound or constant: one key is concerned. */
  readonly exact: boolean
}

/**
 * All that depends on a family. Along a chain of 1,000 families there are 500,000 of it, so it is compiled when the
 * first change asks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dependents {
  /** Whether nothing depends on the family; known without the rest. */
  readonly isEmpty: boolean
  /** The families that `all` concerns, where it narrows none of them by a text; known without the rest. */
  readonly whole: ReadonlyArray<string> | undefined
  /** What a change of the family drops, nearest first. */
  readonly all: ReadonlyArray<Dependent>
  /** The part of `all` that is in one family; known without the rest. */
  readonly in: (family: string) => ReadonlyArray<Dependent>
}

/**
 * Dependents that are known already.
 *
 * @category constructors
 * @since 0.1.0
 */
export const listed = (all: ReadonlyArray<Dependent>): Dependents => ({
  isEmpty: all.length === 0,
  whole: undefined,
  all,
  in: (family) => all.filter((dependent) => dependent.family === family)
})

/**
 * A condition on the changed key without which a dependent is not concerned.
 *
 * @category models
 * @since 0.1.0
 */
export type Guard =
  | { readonly _tag: "Equals"; readonly position: number; readonly text: string }
  | { readonly _tag: "Length"; readonly min: number; readonly max: number }

/**
 * A family as the engine sees it.
 *
 * @category models
 * @since 0.1.0
 */
export interface FamilySpec<V> {
  readonly name: string
  readonly pattern: string
  readonly render: (key: string) => string
  /** The full key as errors, events and explanations show it, and the same for a segment or a tag. */
  readonly show: (key: string) => string
  readonly hide: (text: string) => string
  /** No key and no value is shown. */
  readonly isSensitive: boolean
  readonly expiry: Expiry
  /** Whether memory may hold a value, where its type does not say so. */
  readonly admits?: ((value: V) => boolean) | undefined
  readonly dependents: Dependents
  readonly partition: Partition<V>
}

/**
 * How the owner of a family loads it: by decoded parameters, in its own context.
 *
 * @category models
 * @since 0.1.0
 */
export interface Loader<V> {
  readonly lookup:
    | ((key: string, context: Lookup.LookupContext<V>) => Effect.Effect<V | Lookup.Answer<V>, unknown, any>)
    | undefined
  /** Loads many keys at once, for `readMany`. One answer for each key, in their order. */
  readonly lookupMany:
    | ((
      keys: ReadonlyArray<string>,
      contexts: ReadonlyArray<Lookup.LookupContext<V>>
    ) => Effect.Effect<ReadonlyArray<V | Lookup.Answer<V>>, unknown, any>)
    | undefined
  readonly context: Context.Context<any>
}

/**
 * Options of a write.
 *
 * @category models
 * @since 0.1.0
 */
export interface SetOptions<out L = never> extends Lookup.LoadedOptions {
  /** The version that the key must have, or `null` for none: else `VersionConflict`. */
  readonly ifVersion?: number | null | undefined
  /** The lease under which the write is made: refused when it has ended, however late the write comes. */
  readonly lease?: L | undefined
}

/**
 * An entry that a lookup read, as it was then.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  readonly key: string
  /** Where it was: the name of a tier, or `lookup` where it was loaded for this. */
  readonly tier: string
  /** The invalidation counter up to which it was known to be valid; `undefined` when it was not stored. */
  readonly stamp: number | undefined
}

/**
 * What a value was made from, spelt out when a caller asks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sources {
  readonly spell: () => ReadonlyArray<Source>
  /** How many characters the keys have that are kept for it. */
  readonly characters: number
}

/**
 * Counts since the cache was made.
 *
 * @category models
 * @since 0.1.0
 */
export interface FamilyStats {
  /** Reads that memory answered with a fresh value. */
  readonly hits: number
  /** Reads that any tier answered at once with a stale value. */
  readonly staleHits: number
  /** Reads that it could not answer, nor a failure that is remembered. */
  readonly misses: number
  /**
   * Fresh values by the tier that had them: `hits` under its name, and of the misses, those that a lower tier answered,
   * once for all readers who waited for it together.
   */
  readonly hitsByTier: { readonly [tier: string]: number }
  readonly loads: number
  readonly loadFailures: number
  /** Readers who joined a load that somebody else had started. */
  readonly coalesced: number
  /** Values that were not stored, because their key was invalidated while they were loaded. */
  readonly refused: number
  /**
   * Entries that left the whole store for want of room, each once. Over tiers these are the ones that the lowest pushed
   * out: what memory pushes out is still below, so over a file without a bound there are none.
   */
  readonly evictions: number
  readonly expirations: number
  readonly invalidations: number
  /** Entries that memory, the fastest tier, holds now; those of the tiers below are not counted. */
  readonly entries: number
}
