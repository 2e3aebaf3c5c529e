/**
 * Lookups: the functions by which the owner of a family loads its entries.
 *
 * A lookup is a function from the parameters of a key to an Effect of its value. It may return more than a value:
 * `loaded` adds a lifetime, tags or a revision, `notModified` renews the value that the cache has, and `absent` says
 * that the key has no value.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as KnownOptions from "../diagnostic/types/knownOptions.ts"
import type { DurationInput } from "../ownership/DurationInput.ts"

/**
 * The second argument of a lookup: the full key, the cause of the load, and the value that it will replace.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface LookupContext<out V> {
  /** The full key: `user:42`. */
  readonly key: string
  /**
   * Why the cache loads: the key is `absent`, its value is `stale`, a refresh runs `ahead` of the end of its lifetime,
   * or a caller asked for a `refresh`.
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
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Lookup<in P, V, out E, out R> = (
  params: P,
  context: LookupContext<V>
) => Effect.Effect<V | Result<V>, E, R>

/**
 * A function that loads many entries at once. It returns one answer for each key, in the order of the keys. A key with
 * the answer `Lookup.failed(error)` fails alone; a failure of the whole Effect fails all of its keys.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type LookupMany<in P, V, out E, out R> = (
  params: ReadonlyArray<P>,
  contexts: ReadonlyArray<LookupContext<V>>
) => Effect.Effect<ReadonlyArray<V | Result<V>>, E, R>

// A symbol, because editors do not offer symbols as properties of an answer.
const TypeId: unique symbol = Symbol.for("~effect-stateless/cache/Lookup/Answer")

/**
 * Options of one value, given by its lookup. They replace the family's own options.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface LoadedOptions {
  /**
   * How long the value is fresh: a duration; `never`, if it does not expire; `doNotStore`, if it is not kept. Without
   * it, the `timeToLive` of the family counts.
   */
  readonly timeToLive?: DurationInput | "never" | "doNotStore" | undefined
  /** Names of the entry. `invalidateTag` invalidates all entries of a family that have one of these names. */
  readonly tags?: ReadonlyArray<string> | undefined
  /**
   * The name that the data source gives this state of the value, such as an ETag or a version number. The next load of
   * the key sees it.
   */
  readonly revision?: string | undefined
}

/**
 * An answer with a value and options for it. `loaded` makes it.
 *
 * @stability stable
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
 * @stability stable
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
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface AbsentAnswer {
  readonly [TypeId]: "Absent"
}

/**
 * An answer for one key of a `lookupMany` that failed, while its other keys did not. `failed` makes it.
 *
 * @stability stable
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
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Result<V, E = unknown> = Loaded<V> | NotModified | AbsentAnswer | Failed<E>

/**
 * Makes an answer of a lookup: a value with a lifetime, tags or a revision. These replace the family's own options.
 *
 * **When to use**
 *
 * Where the data source says how long a value is right, which group it belongs to, or which revision it has. A lookup
 * without such options returns the plain value.
 *
 * **Example** (A lifetime and a tag from the data source)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Lookup, Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 * const { price } = Shop.keys
 * const PriceLive = Shop.owner("price", {
 *   lookup: () => Effect.succeed(Lookup.loaded(2, { timeToLive: "1 minute", tags: ["paper"] }))
 * })
 * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   yield* price.get({ item: "pen" })
 *   yield* price.invalidateTag("paper")
 *   return yield* price.has({ item: "pen" })
 * })
 * await Effect.runPromise(Effect.provide(program, ShopLive)) // => false
 * ```
 *
 * @see {@link notModified} for a value that has not changed
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const loaded = <V, const Given extends KnownOptions.Loose<LoadedOptions> = LoadedOptions>(
  value: V,
  options: [Given] extends [infer Written] ? KnownOptions.Checked<LoadedOptions, Written, "Lookup.loaded"> : Given
): Loaded<V> => ({ [TypeId]: "Loaded", value, options: options as LoadedOptions })

/**
 * Makes an answer of a lookup: "not modified". The cache keeps its value, and renews its lifetime.
 *
 * The value keeps its tags, its revision and the length of its lifetime, unless the options name others: it is fresh
 * for as long as its own `timeToLive` said, or else the family's, counted from now.
 *
 * **When to use**
 *
 * For a data source that answers a conditional request, such as HTTP with an ETag. The second argument of the lookup
 * has the revision of the value before.
 *
 * **Gotchas**
 *
 * - If the cache has no value, this does the same as `absent`.
 * - In a family that derives from others, a lookup that has read none of them does not know whether they have changed.
 *   So the value is fresh no longer than it was, and is not stored after that. Read the sources first.
 *
 * **Example** (A conditional request)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Lookup, Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 * const { price } = Shop.keys
 * const PriceLive = Shop.owner("price", {
 *   lookup: (_, { previous }) =>
 *     Effect.succeed(previous?.revision === "v1" ? Lookup.notModified() : Lookup.loaded(2, { revision: "v1" }))
 * })
 * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   yield* price.get({ item: "pen" })
 *   return yield* price.refresh({ item: "pen" })
 * })
 * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 2
 * ```
 *
 * @see {@link loaded} for the answer that gives a revision
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const notModified = <const Given extends KnownOptions.Loose<LoadedOptions> = LoadedOptions>(
  options?: [Given] extends [infer Written] ? KnownOptions.Checked<LoadedOptions, Written, "Lookup.notModified"> : Given
): NotModified => ({ [TypeId]: "NotModified", options: (options === undefined ? {} : options) as LoadedOptions })

/**
 * The answer of a lookup whose data source has no value for the key.
 *
 * **When to use**
 *
 * For a key that the data source does not have, where `get` should fail. To have `get` succeed, and to keep the absence
 * longer than `negativeTimeToLive`, let the value be an `Option`.
 *
 * **Details**
 *
 * - The value that the cache has is removed from every tier, with everything that derives from it. It is not served
 *   stale: stale rules are for errors and delays.
 * - Readers fail with `Absent`. The answer is remembered for `negativeTimeToLive`, until the key is written or
 *   invalidated.
 *
 * **Example** (A key that the data source does not have)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Lookup, Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 * const { price } = Shop.keys
 * const PriceLive = Shop.owner("price", { lookup: () => Effect.succeed(Lookup.absent) })
 * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   const failed = yield* Effect.flip(price.get({ item: "pen" }))
 *   return failed.reason._tag
 * })
 * await Effect.runPromise(Effect.provide(program, ShopLive)) // => "Absent"
 * ```
 *
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const absent: AbsentAnswer = { [TypeId]: "Absent" }

/**
 * Fails one key of a `lookupMany`. `error` is of the type that its family declares, or a `CacheError`.
 *
 * **When to use**
 *
 * In a `lookupMany` whose data source answered some of the keys. A failure of the whole Effect fails all of its keys.
 *
 * **Example** (One of two keys fails)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Lookup, Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: {
 *     price: { pattern: "price:{item}", value: Manifest.type<number>(), error: Manifest.type<"sold out">() }
 *   }
 * }) {}
 * const { price } = Shop.keys
 * const PriceLive = Shop.owner("price", {
 *   lookupMany: (all) =>
 *     Effect.succeed(all.map(({ item }) => item === "ink" ? Lookup.failed("sold out" as const) : item.length))
 * })
 * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   yield* price.get({ item: "pen" }) // => 3
 *   return yield* Effect.flip(price.get({ item: "ink" }))
 * })
 * await Effect.runPromise(Effect.provide(program, ShopLive)) // => "sold out"
 * ```
 *
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const failed = <E>(error: E): Failed<E> => ({ [TypeId]: "Failed", error })

/**
 * Whether a lookup's result is an answer such as `loaded` or `absent`, and not a plain value.
 *
 * **When to use**
 *
 * In code around a lookup, such as a test of it or a wrapper: a lookup may return a value or an answer.
 *
 * **Example** (Testing what a lookup returns)
 *
 * ```ts
 * import { Lookup } from "effect-stateless"
 *
 * Lookup.isAnswer(Lookup.absent) // => true
 * Lookup.isAnswer(7) // => false
 * ```
 *
 * @see {@link match} for what the answer says
 * @stability stable
 * @category guards
 * @since 0.1.0
 */
export const isAnswer = (u: unknown): u is Result<unknown> => {
  try {
    return typeof u === "object" && u !== null && TypeId in u
  } catch {
    // A Proxy that was revoked throws. It is not an answer.
    return false
  }
}

/**
 * Handles each kind of answer with a function of its own.
 *
 * **When to use**
 *
 * In code around a lookup that depends on what it returns.
 *
 * **Example** (Showing what a lookup returns)
 *
 * ```ts
 * import { Lookup } from "effect-stateless"
 *
 * const show = Lookup.match(Lookup.loaded(7, { tags: ["pens"] }), {
 *   Loaded: ({ value }) => `the value ${value}`,
 *   NotModified: () => "the value that is held",
 *   Absent: () => "no value",
 *   Failed: ({ error }) => `the error ${error}`
 * })
 * show // => "the value 7"
 * ```
 *
 * @see {@link isAnswer} for a result that may be a plain value
 * @stability stable
 * @category pattern matching
 * @since 0.1.0
 */
export const match = <V, E, OnLoaded, OnNotModified, OnAbsent, OnFailed>(answer: Result<V, E>, cases: {
  readonly Loaded: (answer: Loaded<V>) => OnLoaded
  readonly NotModified: (answer: NotModified) => OnNotModified
  readonly Absent: () => OnAbsent
  readonly Failed: (answer: Failed<E>) => OnFailed
}): OnLoaded | OnNotModified | OnAbsent | OnFailed => {
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
