/**
 * The loader of a family: the lookups of its owner, as the manifest gives them to the engine.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Lookup from "../Lookup.ts"

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
