/**
 * What the owner of a family says about how an entry comes to be.
 *
 * A lookup is a function from the parameters of a key to an Effect of its value. It may answer with more than a value:
 * `loaded` gives it a lifetime, tags or a revision of its own, `notModified` renews the value that is there, `skip`
 * says that there is none.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"

/**
 * What a lookup may know of the key beyond its parameters.
 *
 * @category models
 * @since 0.1.0
 */
export interface LookupContext<out V> {
  /** The full key: `user:42`. */
  readonly key: string
  /** Why there is a load: nothing was there, it has gone stale or is about to, or somebody asked for a new one. */
  readonly cause: "absent" | "stale" | "ahead" | "refresh"
  /**
   * The value that the load will replace, for conditional refresh; `revision` is what `loaded` said when it was made.
   */
  readonly previous:
    | { readonly value: V; readonly revision: string | undefined; readonly ageMillis: number }
    | undefined
}

/**
 * How the owner makes one entry.
 *
 * @category models
 * @since 0.1.0
 */
export type Lookup<in P, V, out E, out R> = (
  params: P,
  context: LookupContext<V>
) => Effect.Effect<V | Answer<V>, E, R>

/**
 * How the owner makes many entries at once: one answer for each of the parameters, in their order. A key whose answer
 * is `Lookup.failed(error)` fails alone; a failure of the whole Effect fails all of its keys.
 *
 * @category models
 * @since 0.1.0
 */
export type LookupMany<in P, V, out E, out R> = (
  params: ReadonlyArray<P>,
  contexts: ReadonlyArray<LookupContext<V>>
) => Effect.Effect<ReadonlyArray<V | Answer<V>>, E, R>

// A symbol, which no editor offers among the parts of an answer.
const TypeId: unique symbol = Symbol.for("~effect-stateless/cache/Lookup/Answer")

/**
 * What a lookup says of one value: options that win over the family's.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoadedOptions {
  readonly timeToLive?: Duration.Input | "never" | "doNotStore" | undefined
  /** Names by which the entry can be invalidated together with others. */
  readonly tags?: ReadonlyArray<string> | undefined
  /** What the source calls this state of the value: an ETag, a version number. The next load of the key sees it. */
  readonly revision?: string | undefined
}

/**
 * A value with options of its own.
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
 * The value that is there is still the right one.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotModified {
  readonly [TypeId]: "NotModified"
  readonly options: LoadedOptions
}

/**
 * There is no value, and nothing to store.
 *
 * @category models
 * @since 0.1.0
 */
export interface Skip {
  readonly [TypeId]: "Skip"
}

/**
 * This key's lookup failed, while others of the same `lookupMany` did not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failed<out E> {
  readonly [TypeId]: "Failed"
  readonly error: E
}

/**
 * An answer that is more than a value.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer<V, E = unknown> = Loaded<V> | NotModified | Skip | Failed<E>

/**
 * A value with a lifetime, tags or a revision of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const loaded = <V>(value: V, options: LoadedOptions): Loaded<V> => ({ [TypeId]: "Loaded", value, options })

/**
 * Renews the value that is there. Without one the same as `skip`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notModified = (options: LoadedOptions = {}): NotModified => ({ [TypeId]: "NotModified", options })

/**
 * Gives no value: callers get a stale one where the family allows it, and `Absent` otherwise.
 *
 * @category constructors
 * @since 0.1.0
 */
export const skip: Skip = { [TypeId]: "Skip" }

/**
 * Fails one key of a `lookupMany`, with the `error` that its family declares, or with `CacheError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const failed = <E>(error: E): Failed<E> => ({ [TypeId]: "Failed", error })

/**
 * Whether a lookup answered with more than a value.
 *
 * @category guards
 * @since 0.1.0
 */
export const isAnswer = (u: unknown): u is Answer<unknown> => typeof u === "object" && u !== null && TypeId in u

/**
 * Which answer it is.
 *
 * @category pattern matching
 * @since 0.1.0
 */
export const match = <V, E, A, B, C, D>(answer: Answer<V, E>, cases: {
  readonly Loaded: (answer: Loaded<V>) => A
  readonly NotModified: (answer: NotModified) => B
  readonly Skip: () => C
  readonly Failed: (answer: Failed<E>) => D
}): A | B | C | D => {
  switch (answer[TypeId]) {
    case "Loaded":
      return cases.Loaded(answer)
    case "NotModified":
      return cases.NotModified(answer)
    case "Skip":
      return cases.Skip()
    case "Failed":
      return cases.Failed(answer)
  }
}
