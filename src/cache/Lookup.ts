/**
 * Lookups: the functions by which the owner of a family loads its entries.
 *
 * A lookup is a function from the parameters of a key to an Effect of its value. It may answer with more than a value:
 * `loaded` adds a lifetime, tags or a revision, `notModified` renews the value that the cache has, and `absent` says
 * that the key has no value.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"

/**
 * The second argument of a lookup: the full key, the cause of the load, and the value that it will replace.
 *
 * @category models
 * @since 0.1.0
 */
export interface LookupContext<out V> {
  /** The full key: `user:42`. */
  readonly key: string
  /**
   * Why the cache loads: the key is `absent`, its value is `stale`, a refresh runs `ahead` of the end of its
   * lifetime, or a caller asked for a `refresh`.
   */
  readonly cause: "absent" | "stale" | "ahead" | "refresh"
  /**
   * The value that the load will replace, for a conditional refresh; `undefined` if the cache has none. `revision` is
   * the revision that `loaded` gave it.
   */
  readonly previous:
    | { readonly value: V; readonly revision: string | undefined; readonly ageMillis: number }
    | undefined
}

/**
 * A function that loads one entry from the parameters of its key. It returns the value, or an answer such as `loaded`,
 * `notModified` or `absent`.
 *
 * @category models
 * @since 0.1.0
 */
export type Lookup<in P, V, out E, out R> = (
  params: P,
  context: LookupContext<V>
) => Effect.Effect<V | Answer<V>, E, R>

/**
 * A function that loads many entries at once. It returns one answer for each key, in the order of the keys. A key with
 * the answer `Lookup.failed(error)` fails alone; a failure of the whole Effect fails all of its keys.
 *
 * @category models
 * @since 0.1.0
 */
export type LookupMany<in P, V, out E, out R> = (
  params: ReadonlyArray<P>,
  contexts: ReadonlyArray<LookupContext<V>>
) => Effect.Effect<ReadonlyArray<V | Answer<V>>, E, R>

// A symbol, because editors do not offer symbols as properties of an answer.
const TypeId: unique symbol = Symbol.for("~effect-stateless/cache/Lookup/Answer")

/**
 * Options of one value, given by its lookup. They replace the family's own options.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoadedOptions {
  readonly timeToLive?: Duration.Input | "never" | "doNotStore" | undefined
  /** Names of the entry. `invalidateTag` invalidates all entries of a family that have one of these names. */
  readonly tags?: ReadonlyArray<string> | undefined
  /**
   * The source's name for this state of the value, such as an ETag or a version number. The next load of the key sees
   * it.
   */
  readonly revision?: string | undefined
}

/**
 * An answer with a value and options for it. `loaded` makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Loaded<out V> {
  readonly [TypeId]: "Loaded"
  readonly value: V
  readonly options: LoadedOptions
}

/**
 * An answer without a value: the value that the cache has is still right. `notModified` makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotModified {
  readonly [TypeId]: "NotModified"
  readonly options: LoadedOptions
}

/**
 * An answer that says that the key has no value. It is the type of `absent`.
 *
 * @category models
 * @since 0.1.0
 */
export interface AbsentAnswer {
  readonly [TypeId]: "Absent"
}

/**
 * An answer for one key of a `lookupMany` that failed, while its other keys did not. `failed` makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failed<out E> {
  readonly [TypeId]: "Failed"
  readonly error: E
}

/**
 * An answer of a lookup that is more than a value: `loaded`, `notModified`, `absent` or `failed`.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer<V, E = unknown> = Loaded<V> | NotModified | AbsentAnswer | Failed<E>

/**
 * Answers a lookup with a value and with a lifetime, tags or a revision for it. These replace the family's own options.
 *
 * @category constructors
 * @since 0.1.0
 */
export const loaded = <V>(value: V, options: LoadedOptions): Loaded<V> => ({ [TypeId]: "Loaded", value, options })

/**
 * Answers a lookup with "not modified": the cache keeps its value and renews its lifetime. If the cache has no value,
 * this does the same as `absent`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notModified = (options: LoadedOptions = {}): NotModified => ({ [TypeId]: "NotModified", options })

/**
 * Answers a lookup with "the source has no value for this key".
 *
 * **Details**
 *
 * - The value that the cache has is removed from every tier, with everything that derives from it. It is not served
 *   stale: stale rules are for errors and delays.
 * - Readers fail with `Absent`. The answer is remembered for `negativeTimeToLive`, until the key is written or
 *   invalidated.
 *
 * @category constructors
 * @since 0.1.0
 */
export const absent: AbsentAnswer = { [TypeId]: "Absent" }

/**
 * Fails one key of a `lookupMany`. `error` is of the type that its family declares, or a `CacheError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const failed = <E>(error: E): Failed<E> => ({ [TypeId]: "Failed", error })

/**
 * Whether a lookup's result is an answer such as `loaded` or `absent`, and not a plain value.
 *
 * @category guards
 * @since 0.1.0
 */
export const isAnswer = (u: unknown): u is Answer<unknown> => typeof u === "object" && u !== null && TypeId in u

/**
 * Handles each kind of answer with a function of its own.
 *
 * @category pattern matching
 * @since 0.1.0
 */
export const match = <V, E, A, B, C, D>(answer: Answer<V, E>, cases: {
  readonly Loaded: (answer: Loaded<V>) => A
  readonly NotModified: (answer: NotModified) => B
  readonly Absent: () => C
  readonly Failed: (answer: Failed<E>) => D
}): A | B | C | D => {
  switch (answer[TypeId]) {
    case "Loaded":
      return cases.Loaded(answer)
    case "NotModified":
      return cases.NotModified(answer)
    case "Absent":
      return cases.Absent()
    case "Failed":
      return cases.Failed(answer)
  }
}
