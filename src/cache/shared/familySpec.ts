/**
 * Plain data between the manifest and the engine: the description of a family, and its loader.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Partition } from "../../store/Store.ts"
import type { Source } from "../Explanation.ts"
import type { Expiry } from "../internal/family/expiry.ts"
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
  /** Checks whether a loaded value is of the kind that the type names. */
  readonly admitsKind?: ((value: V) => boolean) | undefined
  /** Says where a value does not fit, without anything of the value. */
  readonly misfit?: ((value: V) => string | undefined) | undefined
  /** Which keys of which families a change drops. */
  readonly plan: InvalidationPlan
  /** Whether a function of the user weighs its values. */
  readonly isWeighed: boolean
  /** Whether it derives from another family. */
  readonly isDerived: boolean
  readonly partition: Partition<V>
}

/**
 * Loads one key: the lookup of an owner, or the load that a caller brings.
 *
 * @category models
 * @since 0.1.0
 */
export type KeyLookup<V> = (
  key: string,
  context: Lookup.LookupContext<V>
) => Effect.Effect<V | Lookup.Result<V>, unknown, any>

/**
 * The lookups of a family's owner, and the context in which they run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Loader<V> {
  readonly lookup: KeyLookup<V> | undefined
  /** Loads many keys at once, for `readMany`. Returns one answer for each key, in the order of the keys. */
  readonly lookupMany:
    | ((
      keys: ReadonlyArray<string>,
      contexts: ReadonlyArray<Lookup.LookupContext<V>>
    ) => Effect.Effect<ReadonlyArray<V | Lookup.Result<V>>, unknown, any>)
    | undefined
  /** The name of the user's function behind `lookup`, if it is another one. */
  readonly named?: "lookupMany"
  readonly context: Context.Context<any>
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
