/**
 * Reads and writes the keys of one family: the operations of `AppCache.keys.user`, of its readers and of its writers.
 *
 * - Operations require a right to the pattern of the family: `Owns` to write, `Borrows` to read.
 * - A reader or a writer has found its right once, so its operations require nothing.
 * - When a write returns, everything that derives from the written key is dropped, as the manifest says.
 *
 * Not here: operations on several families at once (`Manifest`), and how entries are made (`Owner`).
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Answer } from "../cache/Answer.ts"
import type { CacheError } from "../cache/CacheError.ts"
import type { Explanation } from "../cache/Explanation.ts"
import type { LeasedOptions, SetOptions, VersionCondition } from "../cache/types/setOptions.ts"
import type { Borrows, Owns } from "../capability/Capability.ts"
import type { Lease, LeaseMode, LeaseOptions, SharedLeaseOptions } from "../capability/Lease.ts"
import type * as Misfit from "../diagnostic/types/misfit.ts"
import type * as RightFindings from "../diagnostic/types/rightFindings.ts"
import type { isAny } from "../ownership/types/typeQuestions.ts"
import type { ParamNames, ParamOf, ParsedParams } from "../pattern/KeyPattern.ts"
import type { AnyLoad, CheckedLoad, requiredByLoad } from "./types/loads.ts"

/**
 * Options of an invalidation.
 *
 * **When to use**
 *
 * `markStale` where readers may get the old value while the new one is loaded. The default, `hide`, where they must
 * not: after a change of permissions, for example.
 *
 * **Details**
 *
 * `mode: "hide"`, the default, makes entries absent. `mode: "markStale"` makes them stale: reads may still get them
 * where the stale rules of the family allow that.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface InvalidateOptions {
  // Spelt out and not named, so that errors show the two values.
  /** `hide`, the default, makes the entries absent. `markStale` leaves them to the stale rules of the family. */
  readonly mode?: "hide" | "markStale" | undefined
}

/**
 * Options of a read.
 *
 * **When to use**
 *
 * `stale: "refuse"` where one reader needs a fresh value, and the stale rules are right for the others.
 *
 * **Details**
 *
 * `stale: "allow"`, the default, lets the stale rules of the family decide. `stale: "refuse"` makes the read wait for a
 * fresh value. It must not be `undefined`: a `"refuse"` that was lost on its way would let the read return a stale
 * value.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface ReadOptions {
  /** `allow`, the default, lets the stale rules of the family decide. `refuse` waits for a fresh value. */
  readonly stale?: "allow" | "refuse"
}

/**
 * What a write without an Effect still has to do: its changes that are on their way to the tiers below memory.
 *
 * @see `Writer.arrived`, which waits for them
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Below {
  /** How many changes are on their way; 0 if memory is the only tier. */
  readonly size: number
}

// --- what operations take --------------------------------------------------------------------------------------------

/**
 * The parameters of one key, as operations take them: for `user:{id}` an object with an `id`.
 *
 * **Details**
 *
 * For a pattern without parameters it is an object without properties. A wrong parameter is refused with the message of
 * the pattern.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type KeyParams<P extends string, Codecs = {}> =
  & NamedParams<P, Misfit.notParameters, Codecs>
  & Misfit.Anything

/**
 * The values of the parameters of a pattern, by their names. `_Message` is what errors print.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type NamedParams<P extends string, _Message extends string, Codecs> = {
  readonly [Param in NameIn<ParamNames<P>>]: CheckedParam<P, Param, Codecs>
}

/**
 * Some of the parameters of a family, as `invalidateWhere` takes them. A parameter that is left out means every value.
 *
 * **Gotchas**
 *
 * A parameter must not be `undefined`. Such a value was lost on its way, and to leave it out would mean every key.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type SomeParams<P extends string, Codecs = {}> = {
  readonly [Param in NameIn<ParamNames<P>>]?: CheckedParam<P, Param, Codecs>
}

// The parameters of a pattern that is not a literal are unknown. Such a pattern was refused where it is declared.
type NameIn<Names> = [Names] extends [never] ? string : Names
type CheckedParam<P extends string, Param, Codecs> = string extends Param
  ? string extends P ? unknown : Misfit.Otherwise<Misfit.parameters<P>>
  :
    | ParamOf<Param, Codecs>
    | Misfit.Otherwise<Misfit.parameter<P, Param & string, Param extends keyof Codecs ? true : false>>

/**
 * Options of a write: `timeToLive`, `tags` and `revision` of the value, and `ifVersion` and `lease` as conditions.
 *
 * **Details**
 *
 * A lease must be exclusive, and of the pattern of the family.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export interface WriteOptions<P extends string>
  extends SetOptions<Lease<P, "exclusive"> | Misfit.Otherwise<Misfit.lease<P>>>
{}

/**
 * Options of `setIfAbsent`: those of a write without `ifVersion`, since its condition is that the key has no value.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export interface ClaimOptions<P extends string>
  extends LeasedOptions<Lease<P, "exclusive"> | Misfit.Otherwise<Misfit.lease<P>>>
{}

/**
 * The options of a deletion in a batch.
 *
 * **Details**
 *
 * A lease must be exclusive, and of the pattern of the family.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export interface DeletionOptions<P extends string> extends VersionCondition {
  /** The lease of the deletion, which is made only while the lease lasts. It must not be `undefined`. */
  readonly lease?: Lease<P, "exclusive"> | Misfit.Otherwise<Misfit.lease<P>>
}

/**
 * The value of a family, as operations take it.
 *
 * **Details**
 *
 * Hovers print this name and its arguments. Each part of the value carries the message for a mistake in that part.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type Value<P extends string, V> = V | Misfit.OtherwiseEach<Misfit.value<P>, V>

/**
 * One entry, as `setMany` takes it: the parameters of its key, and its value.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type NewEntry<P extends string, V, Codecs> = readonly [
  params: KeyParams<P, Codecs>,
  value: Value<P, V>
]

/**
 * Several items, as a list or as any other iterable.
 *
 * **Details**
 *
 * Arrays are listed separately, because the compiler reports errors per element for arrays only.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type Many<A> = ReadonlyArray<A> | Iterable<A>

/**
 * What the function of `update` or `patch` returns: the new value, or an Effect of it.
 *
 * **Details**
 *
 * An Exit is itself an Effect, so it is run. A new value that is an Exit must be the value of an Effect.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type NewValue<P extends string, V> =
  | BareValue<V>
  | Misfit.OtherwiseLast<[hasNoExit<V>] extends [never] ? Misfit.changeExit<P> : Misfit.change<P>, V>
  | Effect.Effect<V | Misfit.OtherwiseEach<Misfit.change<P>, V>, any, any>
/**
 * What a function should return in place of `A`, which is not a {@link Change}. A Promise, an Option and nothing at all
 * have a message of their own.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type NoChange<P extends string, V, A> = [A] extends [PromiseLike<any>] ? Misfit.changePromise<P>
  : [A] extends [void] ? Misfit.changeNothing<P>
  : [A] extends [Option.Option<any>] ? Misfit.changeOption<P>
  : NewValue<P, V>
// Generic code may return a `V`: the compiler takes `hasNoExit` of any type for `true`, and skips the first branch.
type BareValue<V> = [hasNoExit<V>] extends [never] ? Exclude<V, Effect.Effect<any, any, any>> : V
type hasNoExit<V> = [isExit<V>] extends [false] ? true : never
type isExit<V> = V extends Effect.Effect<any, any, any> ? isAny<V> extends true ? false : true : false

/**
 * The errors of the Effect that a change returns.
 *
 * **Details**
 *
 * The answer itself is asked, and not matched against {@link Change}. A value of type `unknown` or `object` admits
 * every Effect, so its errors and requirements would be lost.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type failedBy<A> = isAny<A> extends true ? never : A extends Effect.Effect<any, infer E, any> ? E : never

/**
 * `R` of the Effect that the function of `update` or `patch` returns; `never` if it returns a plain value.
 *
 * @see {@link failedBy} for its errors
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type neededBy<A> = isAny<A> extends true ? never : A extends Effect.Effect<any, any, infer R> ? R : never

/**
 * The operations that read. `R` is the right that they require, or `never` for a reader or a writer.
 *
 * **When to use**
 *
 * As the parameter of a helper that an accessor and each handle may be passed to. A helper that reads outside of Effect
 * takes a {@link Readable}.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Reading<P extends string, V, E, Codecs, R = never> {
  readonly pattern: P

  /**
   * Returns the value of a key: from the nearest tier that holds it, or else from the owner's lookup.
   *
   * **When to use**
   *
   * For every normal read. `getOption` reads without loading, and `getMany` reads several keys.
   *
   * **Details**
   *
   * - Callers who ask for one key at the same time share one lookup.
   * - It fails with the family's `error` where the lookup fails, and with `CacheError`. The reason is `Absent` when no
   *   entry is held and the owner has no lookup.
   * - `Effect.forEach(all, user.get)` works: an index in the place of the options counts as no options.
   * - With `stale: "refuse"` the answer is never stale: the read waits for a load in its place. It fails with
   *   `StaleRefused` if that load read a stale value itself.
   *
   * **Gotchas**
   *
   * Where the stale rules of the family allow it, the value may be stale. `getAnswer` says whether it is.
   *
   * **Example** (A read that loads, and one that does not)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   yield* price.get({ item: "pen" }) // => 3
   *   return yield* price.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 3
   * ```
   *
   * @see `getAnswer` for the value with its tier, age and version
   */
  readonly get: (
    params: KeyParams<P, Codecs>,
    options?: ReadOptions | number
  ) => Effect.Effect<V, CacheError | E, R>
  /**
   * Returns the fresh value that a tier holds, as an `Option`. Never runs a lookup.
   *
   * **When to use**
   *
   * Where the caller can do without the value, or makes it in another way.
   *
   * **Gotchas**
   *
   * It returns `None` for a stale entry, which `get` may serve while it is renewed.
   *
   * **Example** (Nothing is held yet)
   *
   * ```ts
   * import { Effect, Layer, Option } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * await Effect.runPromise(Effect.provide(price.getOption({ item: "pen" }), ShopLive)) // => Option.none()
   * ```
   */
  readonly getOption: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Option.Option<V>, CacheError, R>
  /**
   * Returns the values of several keys, in the order of the parameters. Fails when one of them fails.
   *
   * **When to use**
   *
   * For lists, where one query for all keys is cheaper than one query for each.
   *
   * **Details**
   *
   * Keys whose values are absent, or too old to be served, are loaded together by the owner's `lookupMany`, or one by
   * one where the owner has only a `lookup`. Values that are renewed behind the reader are loaded together, too.
   *
   * **Example** (One query for two keys)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({
   *   price: Shop.owner("price", {
   *     lookupMany: (all) => Effect.succeed(all.map(({ item }) => item.length))
   *   })
   * }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * await Effect.runPromise(Effect.provide(price.getMany([{ item: "pen" }, { item: "paper" }]), ShopLive)) // => [3, 5]
   * ```
   */
  readonly getMany: (
    params: ReadonlyArray<KeyParams<P, Codecs>>
  ) => Effect.Effect<ReadonlyArray<V>, CacheError | E, R>
  /**
   * Reads several keys as `getMany` does, and returns an `Exit` for each key in its place. A key whose lookup fails, or
   * that is not a key of the family, does not fail the others.
   *
   * **When to use**
   *
   * Where each caller of a batch gets an answer of its own, such as in a `DataLoader`.
   *
   * **Example** (One of two keys has no value)
   *
   * ```ts
   * import { Effect, Exit, Layer } from "effect"
   * import { Lookup, Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", {
   *   lookup: ({ item }) => Effect.succeed(item === "pen" ? 3 : Lookup.absent)
   * })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const results = price.getManyResults([{ item: "pen" }, { item: "yacht" }])
   * const values = Effect.map(results, (exits) => exits.map((exit) => Exit.isSuccess(exit) ? exit.value : "none"))
   * await Effect.runPromise(Effect.provide(values, ShopLive)) // => [3, "none"]
   * ```
   */
  readonly getManyResults: (
    params: ReadonlyArray<KeyParams<P, Codecs>>
  ) => Effect.Effect<ReadonlyArray<Exit.Exit<V, CacheError | E>>, CacheError, R>
  /**
   * Returns the value of a key as `get` does, with its tier, age, staleness, version and tags.
   *
   * **When to use**
   *
   * Before a conditional write: `set` with `ifVersion` takes the `version` of this answer.
   *
   * **Example** (Compare and set)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   const { value, version } = yield* price.getAnswer({ item: "pen" })
   *   yield* price.set({ item: "pen" }, value + 1, { ifVersion: version })
   *   return yield* price.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 4
   * ```
   */
  readonly getAnswer: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Answer<V>, CacheError | E, R>
  /**
   * Returns the fresh value that a tier holds, with its tier, age and version, as an `Option`. Never runs a lookup.
   *
   * **When to use**
   *
   * To look at what the cache has, as it is: `getAnswer` loads what is absent.
   *
   * **Example** (The tier of a held value)
   *
   * ```ts
   * import { Effect, Layer, Option } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7)
   *   return Option.map(yield* price.getAnswerOption({ item: "pen" }), ({ tier, value }) => [tier, value])
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => Option.some(["memory", 7])
   * ```
   */
  readonly getAnswerOption: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Option.Option<Answer<V>>, CacheError, R>
  /**
   * Returns whether a tier holds a fresh value of a key. Never runs a lookup. Returns `false` for a stale entry.
   *
   * **Example** (Before a read and after it)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   yield* price.has({ item: "pen" }) // => false
   *   yield* price.get({ item: "pen" })
   *   return yield* price.has({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => true
   * ```
   */
  readonly has: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<boolean, CacheError, R>
  /**
   * Reads the value of a key as `get` does, and returns what `f` makes of it.
   *
   * **When to use**
   *
   * For a part of a large value. A hit makes no copy.
   *
   * **Example** (One property of a value)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { offer: { pattern: "offer:{item}", value: Manifest.type<{ cents: number; text: string }>() } }
   * }) {}
   * const { offer } = Shop.keys
   * const ShopLive = Shop.modules({ offer: Shop.owner("offer") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* offer.set({ item: "pen" }, { cents: 250, text: "A pen" })
   *   return yield* offer.select({ item: "pen" }, ({ cents }) => cents)
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 250
   * ```
   */
  readonly select: <A>(
    params: KeyParams<P, Codecs>,
    f: (value: V) => A
  ) => Effect.Effect<A, CacheError | E, R>
  /**
   * Loads those of the given keys of which no tier has a fresh value, and returns how many it loaded.
   *
   * **When to use**
   *
   * Before a rush of reads whose keys are known. An owner that warms its own keys has the option `warm`.
   *
   * **Details**
   *
   * It runs at most `concurrency` lookups at a time, sixteen by default. A stale value is loaded again, whatever stale
   * rule keeps it. A key whose lookup fails is left out, and so is one in the pause after a failure.
   *
   * **Gotchas**
   *
   * In the body of a transaction it loads nothing, because nothing that is loaded there is kept. In a lookup a key that
   * is warmed is not read: what the lookup makes may outlive it.
   *
   * **Example** (Two keys)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * await Effect.runPromise(Effect.provide(price.warm([{ item: "pen" }, { item: "ink" }]), ShopLive)) // => 2
   * ```
   */
  readonly warm: (
    params: Many<KeyParams<P, Codecs>>,
    options?: {
      /** The most lookups that run at a time. Sixteen by default. */
      readonly concurrency?: number | undefined
    }
  ) => Effect.Effect<number, CacheError, R>
  /**
   * Returns the keys that memory served most often, with their share of the reads: at most `max`, the most read first.
   *
   * **Gotchas**
   *
   * The shares are estimates from one hit in 256, which chance selects. They need some ten thousand hits to be near the
   * truth; before the first few hundred hits the list may be empty. A lookup cannot call it.
   */
  readonly hottest: (max: number) => Effect.Effect<ReadonlyArray<HotKey<P, Codecs>>, CacheError, R>
  /**
   * Streams the parameters of every key that has a fresh value in some tier: the keys of which `has` returns `true`.
   *
   * **When to use**
   *
   * For exports, clean-up and checks that concern all keys. `page` does the same for callers who come back later, such
   * as a server's.
   *
   * **Details**
   *
   * - A key that has a fresh value during the whole scan is in the stream, whatever is set, deleted, evicted or moved
   *   between the tiers meanwhile. A key that comes or goes meanwhile may be in it or not.
   * - With several tiers, a key that moves between them may be in the stream twice. Over memory alone, only one that is
   *   removed and set again meanwhile may be.
   * - It reads 256 entries at a time, and lets others run in between. It loads nothing, copies nothing between tiers,
   *   and does not count as a read.
   * - It fails with `NotIterable` in a sensitive family, in the body of a transaction, and where a tier cannot list its
   *   keys; with `CursorRefused` if a slow consumer was overtaken; and with `StoreFailed` if a tier cannot be read. A
   *   lookup cannot use it.
   *
   * **Example** (Every key)
   *
   * ```ts
   * import { Effect, Layer, Stream } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.setMany([[{ item: "pen" }, 7], [{ item: "ink" }, 9]])
   *   return yield* Stream.runCollect(Stream.map(price.keys(), ({ item }) => item))
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => ["pen", "ink"]
   * ```
   *
   * @see `entries` for the values, too
   */
  readonly keys: () => Stream.Stream<ParsedParams<P, Codecs>, CacheError, R>
  /**
   * Streams every key that has a fresh value in some tier, with the value and its version. It promises what `keys`
   * promises.
   *
   * **Example** (The sum of all prices)
   *
   * ```ts
   * import { Effect, Layer, Stream } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.setMany([[{ item: "pen" }, 7], [{ item: "ink" }, 9]])
   *   return yield* Stream.runFold(price.entries(), () => 0, (sum, { value }) => sum + value)
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 16
   * ```
   *
   * @see `keys` for what it promises
   */
  readonly entries: () => Stream.Stream<HeldEntry<P, V, Codecs>, CacheError, R>
  /**
   * Returns a part of the keys that have a fresh value, with their values, and the cursor of the next part. Nothing is
   * kept between two pages, so a caller may come back at any time, or not at all.
   *
   * **When to use**
   *
   * In a server that answers page by page. A program that reads all pages at once takes `entries`.
   *
   * **Details**
   *
   * - The first page has the cursor `undefined`. A page without `next` is the last one. A page has at most `max`
   *   entries, from 1 to 10,000, and may have fewer, or none, although others follow.
   * - The pages of a scan promise together what `keys` does.
   *
   * **Gotchas**
   *
   * A cursor is a text to keep, and not to read. It may contain a key. It fails with `CursorRefused` in another family,
   * after a restart, and if too much has moved between the tiers since: begin again then.
   *
   * **Example** (Two pages)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.setMany([[{ item: "pen" }, 7], [{ item: "ink" }, 9]])
   *   const first = yield* price.page(undefined, 1)
   *   const second = yield* price.page(first.next, 1)
   *   return [...first.entries, ...second.entries].map(({ value }) => value)
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [7, 9]
   * ```
   */
  readonly page: (
    cursor: string | undefined,
    max: number
  ) => Effect.Effect<Page<P, V, Codecs>, CacheError, R>
  /**
   * Returns the parameters of keys that chance selects among those that have a fresh value in memory: at most `max`,
   * and none twice. Each key has the same chance.
   *
   * **Details**
   *
   * - Chance is Effect's `Random` service.
   * - It draws at most 100 times for each key, and 10,000 times in all. So it may return fewer keys than there are, or
   *   none, where the family is a small part of what memory holds.
   * - It fails with `NotIterable` as `page` does, and where the store has no memory.
   *
   * **Example** (The only key)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.andThen(price.set({ item: "pen" }, 7), price.sample(3))
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [{ item: "pen" }]
   * ```
   */
  readonly sample: (max: number) => Effect.Effect<ReadonlyArray<ParsedParams<P, Codecs>>, CacheError, R>
  /**
   * Returns about how many entries the tiers hold.
   *
   * **Details**
   *
   * - Over memory alone it costs the same for any number of entries. It is exact while no entry is hidden, stale or
   *   ended; such an entry counts until it is freed.
   * - With a tier below, that tier counts its keys one by one: about half a microsecond each, in steps that let others
   *   run. It is the larger one of the tiers' counts, or with `set: "onEviction"` their sum, in which an entry that was
   *   read from below counts twice.
   * - The exact number is that of `keys`: `Stream.runCount(price.keys())`, which reads every entry.
   * - It fails with `NotIterable` over a tier that processes share.
   *
   * **Example** (Two entries)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const entries = [[{ item: "pen" }, 7], [{ item: "ink" }, 9]] as const
   * const program = Effect.andThen(price.setMany(entries), price.count())
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 2
   * ```
   */
  readonly count: () => Effect.Effect<number, CacheError, R>
  /**
   * Returns what a `get` of a key would do now (hit, load, join a load, fail, …), what is held of the key, and what
   * happened to it before. Changes nothing.
   *
   * **When to use**
   *
   * To find out why a value is stale or absent. Not in normal code: it costs far more than a read.
   *
   * **Gotchas**
   *
   * In the body of a transaction it returns what a `get` in this body would do.
   *
   * **Example** (Why the next read is a load)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   yield* price.get({ item: "pen" })
   *   yield* price.invalidate({ item: "pen" })
   *   const { happenings, outcome } = yield* price.explain({ item: "pen" })
   *   return [outcome, ...happenings.map(({ what }) => what)]
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => ["load", "Invalidated", "Loaded"]
   * ```
   */
  readonly explain: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Explanation<V>, CacheError, R>
}

/**
 * The operations that write. `R` is the right that they require, or `never` for a writer.
 *
 * **When to use**
 *
 * As the parameter of a helper that writes, with an accessor or with a writer. A helper that also reads takes a
 * {@link Writer}.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Writing<P extends string, V, E, Codecs, R = never> {
  readonly pattern: P

  /**
   * Writes the value of a key, and drops all entries that derive from it before it returns.
   *
   * **When to use**
   *
   * Where the new value is known. `update` makes the new value from the old one, and `invalidate` needs no value.
   *
   * **Details**
   *
   * - With `ifVersion` it fails with `VersionConflict` unless the key has that version. `null` stands for a key without
   *   a value.
   * - A lookup of the key that is running is overtaken: its value is not stored.
   * - If the write is refused before it begins, nothing has changed. This also holds if the value is too large or does
   *   not fit its schema (`StoreFailed`).
   * - If a tier fails to write the value, it fails with `StoreFailed`, and the key is absent.
   *
   * **Example** (A write, and a read of it)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7)
   *   return yield* price.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 7
   * ```
   *
   * @see `setMany` for several values
   */
  readonly set: (
    params: KeyParams<P, Codecs>,
    value: Value<P, V>,
    options?: WriteOptions<P>
  ) => Effect.Effect<void, CacheError, R>
  /**
   * Writes several values, and drops all entries that derive from them. Readers see all values at once.
   *
   * **Gotchas**
   *
   * All values are written in one step, which holds up other fibers: for some ten milliseconds with 10,000 values.
   * Write longer lists in several calls.
   *
   * **Details**
   *
   * The options count for each value. If it fails, nothing has changed.
   *
   * **Example** (Two values in one step)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.setMany([[{ item: "pen" }, 7], [{ item: "ink" }, 9]])
   *   return yield* price.getMany([{ item: "pen" }, { item: "ink" }])
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [7, 9]
   * ```
   *
   * @see `Manifest.Service.batch` for writes to several families
   */
  readonly setMany: (
    entries: Many<NewEntry<P, V, Codecs>>,
    options?: WriteOptions<P>
  ) => Effect.Effect<void, CacheError, R>
  /**
   * Replaces the value of a key by what `f` makes of it, and returns the new value. Loads the value first if it is
   * absent.
   *
   * **When to use**
   *
   * For a change that depends on the old value, such as a counter. Updates of one key take turns.
   *
   * **Details**
   *
   * - `f` returns the new value, or an Effect of it. If `f` fails, nothing changes.
   * - The entry keeps its tags. Its lifetime is that of the family and begins again, and it has no revision, since the
   *   data source gives the new state another one.
   * - `f` is called once. If the key changes in another way while it runs, also by `f` itself, and the owner has a
   *   lookup, the key is dropped, so that the next read asks the source. Where the owner has none, the update fails
   *   with `VersionConflict`.
   * - If the cache does not keep the value that `f` would get, the update fails with `UpdateRefused`, and `f` does not
   *   run. The lookup has read a stale value then, or a tier that failed may have what it did not find. Where a
   *   transaction is about to commit the key, it fails with `TransactionRefused`.
   *
   * **Gotchas**
   *
   * In the body of a transaction it fails with `TransactionRefused`.
   *
   * **Example** (Two updates at the same time)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   const raise = price.update({ item: "pen" }, (was) => was + 1)
   *   yield* Effect.all([raise, raise], { concurrency: 2 })
   *   return yield* price.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 5
   * ```
   *
   * @see `patch` for a change that never loads
   */
  readonly update: <A>(
    params: KeyParams<P, Codecs>,
    f: (was: V) => [A] extends [NewValue<P, V>] ? A : NoChange<P, V, A>
  ) => Effect.Effect<V, CacheError | E | failedBy<A>, R | neededBy<A>>
  /**
   * Replaces the value that is held by what `f` makes of it. The entry keeps its lifetime, tags and revision. Never
   * loads.
   *
   * **When to use**
   *
   * For a small change of a cached value that the data source has made, too.
   *
   * **Details**
   *
   * It returns `None` when nothing fresh is held, when the key changed while `f` ran, or when a `refresh` of the key
   * still runs at its end. Then nothing changes.
   *
   * **Example** (Nothing is held, and then a value is)
   *
   * ```ts
   * import { Effect, Layer, Option } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   const raise = price.patch({ item: "pen" }, (was) => was + 1)
   *   yield* raise // => Option.none()
   *   yield* price.set({ item: "pen" }, 7)
   *   return yield* raise
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => Option.some(8)
   * ```
   *
   * @see `update` for a change that loads an absent value
   */
  readonly patch: <A>(
    params: KeyParams<P, Codecs>,
    f: (was: V) => [A] extends [NewValue<P, V>] ? A : NoChange<P, V, A>
  ) => Effect.Effect<Option.Option<V>, CacheError | failedBy<A>, R | neededBy<A>>
  /**
   * Removes the entry of a key, and drops all entries that derive from it. To delete a key without an entry is not a
   * failure.
   *
   * **When to use**
   *
   * Where the data source has deleted the thing. The next `get` runs the lookup again.
   *
   * **Example** (The next read loads)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7)
   *   yield* price.delete({ item: "pen" })
   *   return yield* price.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 3
   * ```
   */
  readonly delete: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<void, CacheError, R>
  /**
   * Removes the entries of several keys in one step, and drops all entries that derive from them.
   *
   * **Gotchas**
   *
   * The step holds up other fibers, as that of `setMany` does.
   *
   * **Example** (Two keys in one step)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.setMany([[{ item: "pen" }, 7], [{ item: "ink" }, 9]])
   *   yield* price.deleteMany([{ item: "pen" }, { item: "ink" }])
   *   return [yield* price.has({ item: "pen" }), yield* price.has({ item: "ink" })]
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [false, false]
   * ```
   */
  readonly deleteMany: (
    params: ReadonlyArray<KeyParams<P, Codecs>>
  ) => Effect.Effect<void, CacheError, R>

  /**
   * Makes the entry of a key, and all entries that derive from it, absent or stale.
   *
   * **When to use**
   *
   * Where the data source has changed and the new value is not known. `refresh` loads the new value at once.
   *
   * **Details**
   *
   * - With `{ mode: "hide" }`, the default, the entries become absent. With `{ mode: "markStale" }` they become stale,
   *   and the stale rules of the families apply.
   * - The value of a lookup that began before is not stored.
   * - `Effect.forEach(all, user.invalidate)` works: an index in the place of the options counts as no options. So do
   *   `invalidateWhere`, `invalidateTag`, `lease` and, for a batch, `all.map(user.deleting)`.
   *
   * **Example** (The next read loads)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7)
   *   yield* price.invalidate({ item: "pen" })
   *   return yield* price.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 3
   * ```
   *
   * @see `invalidateWhere` for several keys
   */
  readonly invalidate: (
    params: KeyParams<P, Codecs>,
    options?: InvalidateOptions | number
  ) => Effect.Effect<void, CacheError, R>
  /**
   * Makes every entry of the family that has the given parameters absent or stale, and all entries that derive from
   * these.
   *
   * **When to use**
   *
   * For all keys of one tenant, one user or one page. It takes the same time for one entry and for a million.
   *
   * **Gotchas**
   *
   * - It fails with `InvalidKey` for a name that the pattern does not have, because to ignore the name would mean every
   *   key. `invalidateAll` is for every key.
   * - With all parameters it names one key, and fails with `InvalidKey` where that is a key of a part or of a
   *   carved-out family, as `invalidate` does. A value of `*` names every key that begins so, and is refused only where
   *   the other family has all of them.
   *
   * **Example** (All prices of one shop)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "shop:{id}:price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ id: "1", item: "pen" }, 7)
   *   yield* price.invalidateWhere({ id: "1" })
   *   return yield* price.has({ id: "1", item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => false
   * ```
   */
  readonly invalidateWhere: (
    params: SomeParams<P, Codecs>,
    options?: InvalidateOptions | number
  ) => Effect.Effect<void, CacheError, R>
  /**
   * Makes every entry of the family absent or stale, and all entries that derive from these.
   *
   * **Example** (All prices)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7)
   *   yield* price.invalidateAll()
   *   return yield* price.has({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => false
   * ```
   */
  readonly invalidateAll: (options?: InvalidateOptions) => Effect.Effect<void, CacheError, R>
  /**
   * Makes every entry of the family that was stored with a tag absent or stale.
   *
   * **When to use**
   *
   * For entries that belong together although their parameters do not say so. A write and `Lookup.loaded` give tags.
   *
   * **Details**
   *
   * The value of a lookup that began before is not stored if it has the tag, or if the value before it had the tag.
   *
   * **Gotchas**
   *
   * Everything that derives from the family is dropped, whatever the tag, because the engine does not know which keys
   * have had it.
   *
   * **Example** (The prices of one sale)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7, { tags: ["sale"] })
   *   yield* price.set({ item: "ink" }, 9)
   *   yield* price.invalidateTag("sale")
   *   return [yield* price.has({ item: "pen" }), yield* price.has({ item: "ink" })]
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [false, true]
   * ```
   */
  readonly invalidateTag: (tag: string, options?: InvalidateOptions | number) => Effect.Effect<void, CacheError, R>
  /**
   * Runs the owner's lookup of a key now, stores the new value, and returns it.
   *
   * **When to use**
   *
   * Where the data source has changed and the next reader must not wait for the lookup.
   *
   * **Details**
   *
   * - It returns when the tiers below memory have taken the new value, too.
   * - Callers who ask for one key while a refresh waits share this refresh.
   * - If the lookup fails, the old value stays.
   * - If a tier refuses the new value, it fails with `StoreFailed`, and memory keeps the new value.
   * - It may return a value that no tier keeps: if the key, or what its lookup has read, was changed while the lookup
   *   ran, if the lifetime of the value is `doNotStore`, or if memory has no room for it and is the only tier. The next
   *   read loads again.
   *
   * **Example** (A newer value)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7)
   *   return yield* price.refresh({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 3
   * ```
   *
   * @see `invalidate` for a change whose value is loaded by the next reader
   */
  readonly refresh: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<V, CacheError | E, R>
  /**
   * Returns the value of a key, or else runs the given load and stores what it brings. Callers who ask for one key at
   * the same time share one load.
   *
   * **When to use**
   *
   * Where the value depends on the caller, as in a response cache, so that the owner has no lookup for it.
   *
   * **Details**
   *
   * - The load follows the rules of a lookup: it may return `Lookup.loaded` or `Lookup.absent`, it may read what the
   *   family derives from, and it may not write. The lifetimes and stale rules of the family hold.
   * - It runs with the services of the caller who started it. Later callers get its value, and run no load of their
   *   own. So a load must bring the same value for all callers.
   * - It fails with the family's `error`, or with `CacheError`.
   *
   * **Gotchas**
   *
   * - In the body of a transaction what it brings is not stored.
   * - What a load of a type parameter requires is not known to the compiler. Its reads and writes are checked when it
   *   runs.
   *
   * **Example** (A response that is made once)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.getOr({ item: "pen" }, Effect.succeed(7))
   *   return yield* price.getOr({ item: "pen" }, Effect.succeed(8))
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 7
   * ```
   *
   * @see `get` for families whose owner has a lookup
   */
  readonly getOr: <Load extends AnyLoad<V>>(
    params: KeyParams<P, Codecs>,
    load: CheckedLoad<P, V, E, R, Load>
  ) => Effect.Effect<V, CacheError | E, R | requiredByLoad<Load>>
  /**
   * Writes a value if no tier holds one, and returns whether it wrote. A stale value that a read may still serve counts
   * as held.
   *
   * **When to use**
   *
   * To claim a key once, such as the key of a job. `set` with `ifVersion: null` fails instead of returning `false`.
   *
   * **Details**
   *
   * Where processes share a tier, one of them writes: the tier judges who was first. While the write is on its way, the
   * reads of its own process see its value, even if it turns out to be `false`.
   *
   * It fails as `set` does, and with `StoreFailed` if a tier does not say what it holds. While a transaction commits
   * the key, and for ten seconds after the answer to that was lost, it fails with `TransactionRefused` if the cache
   * could not keep the value.
   *
   * **Example** (The first caller wins)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   const first = yield* price.setIfAbsent({ item: "pen" }, 7)
   *   return [first, yield* price.setIfAbsent({ item: "pen" }, 8), yield* price.get({ item: "pen" })]
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [true, false, 7]
   * ```
   */
  readonly setIfAbsent: (
    params: KeyParams<P, Codecs>,
    value: Value<P, V>,
    options?: ClaimOptions<P>
  ) => Effect.Effect<boolean, CacheError, R>
  /**
   * Deletes a key, as `delete` does, and returns the fresh value that was held until then. Of several callers, one gets
   * the value.
   *
   * **When to use**
   *
   * For a value that is used once, such as a token of a sign-in.
   *
   * **Example** (A value that is used once)
   *
   * ```ts
   * import { Effect, Layer, Option } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7)
   *   const taken = yield* Effect.all([price.getAndDelete({ item: "pen" }), price.getAndDelete({ item: "pen" })])
   *   return taken.map(Option.getOrUndefined)
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [7, undefined]
   * ```
   */
  readonly getAndDelete: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Option.Option<V>, CacheError, R>
  /**
   * Gives the fresh value of a key another lifetime, counted from now, and returns whether there was one. The value
   * keeps its version, tags and revision.
   *
   * **Details**
   *
   * - What was made from the value may last as long as the value was to last. So it is dropped if the value ends
   *   earlier than before. With a lifetime of 0 the key is deleted.
   * - In a family that derives from others, the value never ends later than before: it lasts no longer than what it was
   *   made from.
   *
   * **Example** (A longer lifetime)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.set({ item: "pen" }, 7, { timeToLive: "1 minute" })
   *   yield* price.reschedule({ item: "pen" }, "1 hour")
   *   const { freshForMillis } = yield* price.getAnswer({ item: "pen" })
   *   return freshForMillis > 60_000
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => true
   * ```
   */
  readonly reschedule: (
    params: KeyParams<P, Codecs>,
    timeToLive: NonNullable<WriteOptions<P>["timeToLive"]>
  ) => Effect.Effect<boolean, CacheError, R>
}

/**
 * The accessor of one family, `AppCache.keys.user`: all its operations, with the right to them in `R`.
 *
 * **When to use**
 *
 * Everywhere in a program that runs Effects. Code outside of Effect takes a `reader` or a `writer`.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Family<Self, P extends string, V, E, Codecs, Name = string>
  extends Reading<P, V, E, Codecs, Borrows<P, Self>>, Writing<P, V, E, Codecs, Owns<P, Self>>
{
  // Repeated here as the first member, so that an accessor of another family is refused by its pattern, and not by its
  // parameters.
  readonly pattern: P
  readonly name: Name

  /**
   * Spells the full key of the parameters, such as `user:42`. Fails with `InvalidKey` for a value that a key cannot
   * hold, such as a text with a colon.
   *
   * **Example** (The key of a price)
   *
   * ```ts
   * import { Effect } from "effect"
   * import { Manifest } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   *
   * Effect.runSync(Shop.keys.price.key({ item: "pen" })) // => "price:pen"
   * ```
   */
  readonly key: (params: KeyParams<P, Codecs>) => Effect.Effect<string, CacheError>
  /**
   * Reads the parameters out of a full key, such as `user:42`. Returns `None` for a key of another family.
   *
   * **Example** (The parameters of a key, and a key of another family)
   *
   * ```ts
   * import { Option } from "effect"
   * import { Manifest } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   *
   * Shop.keys.price.parse("price:pen") // => Option.some({ item: "pen" })
   * Shop.keys.price.parse("stock:pen") // => Option.none()
   * ```
   */
  readonly parse: (key: string) => Option.Option<ParsedParams<P, Codecs>>

  /**
   * Describes one write of a value, as data for `batch`. Nothing happens until the batch runs.
   *
   * @see `Manifest.Service.batch` for an example
   */
  readonly setting: (
    params: KeyParams<P, Codecs>,
    value: Value<P, V>,
    options?: WriteOptions<P>
  ) => Write<Owns<P, Self>>
  /**
   * Describes the deletion of one key, as data for `batch`. Nothing happens until the batch runs.
   *
   * **Details**
   *
   * A deletion needs no lease, because it says that the data source has changed. With `lease` it is made only while the
   * lease lasts, and so is the whole batch.
   *
   * @see `Manifest.Service.batch` for an example
   */
  readonly deleting: (
    params: KeyParams<P, Codecs>,
    options?: DeletionOptions<P> | number
  ) => Write<Owns<P, Self>>
  /**
   * Takes a lease of one key, and holds it until the Scope closes or its `timeToLive` ends. A key has one exclusive
   * lease or many shared ones.
   *
   * **When to use**
   *
   * For work on one key that must not overlap, such as a write to an outside system.
   *
   * **Details**
   *
   * - It waits while another holder has the key, and fails with `LeaseRefused` when `deadline` has passed.
   * - A shared lease requires `Borrows`, an exclusive one `Owns`. Where the type of the options does not say which
   *   `mode` it is, the lease counts as exclusive.
   *
   * **Gotchas**
   *
   * - While a key has a lease, every write that does not carry an exclusive lease of it fails with `LeaseRefused`. Give
   *   the lease to `set`, `setMany` or `setting` as the option `lease`. `update` and `patch` take no lease.
   * - Deletions, invalidations, loads and `refresh` go through. The next write under the lease fails with
   *   `LeaseRefused` if one of them has changed the key since the grant, unless it has an `ifVersion`.
   *
   * **Example** (A write under a lease)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* Effect.scoped(Effect.flatMap(
   *     price.lease({ item: "pen" }, { timeToLive: "5 seconds" }),
   *     (lease) => price.set({ item: "pen" }, 7, { lease })
   *   ))
   *   return yield* price.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 7
   * ```
   */
  readonly lease: {
    /** Takes a shared lease of one key, until the `Scope` closes or its time is over. */
    (params: KeyParams<P, Codecs>, options: SharedLeaseOptions): Effect.Effect<
      Lease<P, "shared">,
      CacheError,
      Borrows<P, Self> | Scope.Scope
    >
    /** Takes a lease of one key, exclusive by default, until the `Scope` closes or its time is over. */
    <Mode extends LeaseMode = "exclusive">(
      params: KeyParams<P, Codecs>,
      options?: LeaseOptions<Mode> | number
    ): Effect.Effect<Lease<P, Mode | "exclusive">, CacheError, Owns<P, Self> | Scope.Scope>
  }

  /**
   * Makes a handle with the operations that read. It has found its right once, so they require nothing.
   *
   * **When to use**
   *
   * In code that calls the cache often, or outside of Effect: a handle has `getUnsafe` and `getPromise`.
   *
   * **Gotchas**
   *
   * When the right ends, the operations of the handle fail with `Revoked`.
   *
   * **Example** (A read by a Promise)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   const reader = yield* price.reader
   *   return yield* Effect.promise(() => reader.getPromise({ item: "pen" }))
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 3
   * ```
   */
  readonly reader: Effect.Effect<Reader<P, V, E, Codecs, Name>, CacheError, Borrows<P, Self>>
  /**
   * Makes a handle with the operations that read and write. It has found its right once, so they require nothing.
   *
   * **Gotchas**
   *
   * It has no `lease`, `setting` and `deleting`. When the right ends, its operations fail with `Revoked`.
   *
   * **Example** (A handle that writes)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   const writer = yield* price.writer
   *   yield* writer.set({ item: "pen" }, 7)
   *   return yield* writer.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 7
   * ```
   *
   * @see `reader` for a handle that only reads
   */
  readonly writer: Effect.Effect<Writer<P, V, E, Codecs>, CacheError, Owns<P, Self>>
}

/**
 * A key that is read often, as `hottest` returns it.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface HotKey<P extends string, Codecs> {
  readonly params: ParsedParams<P, Codecs>
  readonly key: string
  /** The key's share of the reads, from 0 to 1: an estimate from a sample of the hits. */
  readonly share: number
}

/**
 * A fresh entry that some tier holds, as `entries` and `page` returns it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface HeldEntry<P extends string, V, Codecs> {
  readonly params: ParsedParams<P, Codecs>
  readonly value: V
  /** For `set` with `ifVersion`. */
  readonly version: number
}

/**
 * A part of the fresh entries of a family, as `page` returns it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Page<P extends string, V, Codecs> {
  readonly entries: ReadonlyArray<HeldEntry<P, V, Codecs>>
  /** The cursor of the next page; `undefined` after the last one. */
  readonly next: string | undefined
}

/**
 * One write of a `batch`, as data. `setting` and `deleting` make it. `R` is the right that it requires.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Write<out R> {
  readonly _tag: "Write"
  readonly key: Effect.Effect<string, CacheError>
  readonly "~rights": R
}

/**
 * The operations that read, of a handle: they require nothing, and two of them work outside of Effect.
 *
 * **When to use**
 *
 * As the parameter of a helper that the handles of owners and of borrowers may be passed to, such as a resolver that
 * reads without an Effect.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Readable<P extends string, V, E, Codecs> extends Reading<P, V, E, Codecs> {
  /**
   * Returns the fresh value in memory synchronously, or `undefined`. Never loads.
   *
   * **When to use**
   *
   * In code that cannot wait, such as the rendering of a page.
   *
   * **Details**
   *
   * It counts as a read, as `get` does. It returns `undefined` when the right has ended, and always where the store has
   * no tier in memory.
   *
   * **Example** (Before a load and after it)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   const reader = yield* price.reader
   *   const before = reader.getUnsafe({ item: "pen" })
   *   yield* reader.get({ item: "pen" })
   *   return [before, reader.getUnsafe({ item: "pen" })]
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [undefined, 3]
   * ```
   */
  readonly getUnsafe: (params: KeyParams<P, Codecs>) => V | undefined
  /**
   * Returns the value of a key as a Promise, and loads it when it is absent.
   *
   * **When to use**
   *
   * In code that does not run Effects.
   *
   * **Details**
   *
   * - It rejects with the error of `get`. `signal` interrupts the read, and then it rejects with the reason of the
   *   signal.
   * - A hit, and a wait for a load that is running, start no fiber. Every other read is `Effect.runPromise` of `get`.
   * - `stale` is that of `get`.
   *
   * @see `Family.reader` for an example
   */
  readonly getPromise: (
    params: KeyParams<P, Codecs>,
    options?:
      | (ReadOptions & {
        /** Interrupts the read. The Promise then rejects with the reason of the signal. */
        readonly signal?: AbortSignal | undefined
      })
      | number
  ) => Promise<V>
}

/**
 * The handle of a borrower: the operations that read, which are those of `Family.Readable`.
 *
 * **When to use**
 *
 * To name what `reader` of an accessor returns. As a parameter, {@link Readable} also takes the handle of an owner.
 *
 * **Details**
 *
 * It also has the operations that write, but editors strike them out, and a call of one does not compile (E0203). So
 * the message says who owns the family.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Reader<P extends string, V, E, Codecs, Name = string>
  extends Readable<P, V, E, Codecs>, Refused<P, Name & string>
{}

/**
 * The operations that a reader cannot use. A call of one does not compile, and the message says why.
 *
 * **Details**
 *
 * Editors strike them out. Each of them returns an Effect with a requirement that no layer provides, so a reader is not
 * assignable to an interface that writes.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Refused<P extends string, Name extends string> {
  // These are methods, so that a handle of one family is assignable to a handle of any family. Function properties
  // would compare their parameters, which name the family.
  /** @deprecated A reader only reads. */
  set(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  setMany(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  update(
    params: CannotWrite<P, Name>,
    f?: (was: any) => unknown
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  patch(
    params: CannotWrite<P, Name>,
    f?: (was: any) => unknown
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  delete(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  deleteMany(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  invalidate(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  invalidateWhere(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  invalidateAll(
    this: CannotWrite<P, Name>,
    options?: unknown
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  invalidateTag(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  getOr(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  setIfAbsent(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  getAndDelete(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  reschedule(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  setUnsafe(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  deleteUnsafe(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  patchUnsafe(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  arrived(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  refresh(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
}
type CannotWrite<P extends string, Name extends string> = RightFindings.writeThroughBorrow<P, Name>

/**
 * The handle of an owner: the operations that read and write. They require nothing.
 *
 * **When to use**
 *
 * To name what `writer` of an accessor returns, such as for a helper of the owner that reads and writes.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Writer<P extends string, V, E, Codecs> extends Readable<P, V, E, Codecs>, Writing<P, V, E, Codecs> {
  /**
   * Writes the value of a key as `set` does, and returns when memory has it. Throws the `CacheError` that refuses the
   * write, and changes nothing then.
   *
   * **When to use**
   *
   * In code that does not run Effects, and where a write must cost no more than one to a `Map`.
   *
   * **Details**
   *
   * - With `ifVersion` it throws `WouldWait` over a tier that other processes change: that tier judges the condition.
   * - It throws `WouldWait` where `set` would wait: the tiers below memory have too much to write, or the codec of the
   *   family does not answer at once.
   * - `arrived` tells when the tiers below memory have the value. If one of them fails, the value is removed from
   *   memory, as for `set`.
   *
   * **Gotchas**
   *
   * In the body of a transaction it is refused, because it could not wait for the commit: yield `set`.
   *
   * **Example** (A write without an Effect)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   const writer = yield* price.writer
   *   writer.setUnsafe({ item: "pen" }, 7)
   *   return writer.getUnsafe({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 7
   * ```
   *
   * @see `set` for the Effect
   */
  readonly setUnsafe: (
    params: KeyParams<P, Codecs>,
    value: Value<P, V>,
    options?: WriteOptions<P>
  ) => Below
  /**
   * Deletes a key as `delete` does, and returns when memory has removed it. Throws the `CacheError` that refuses it.
   *
   * @see `setUnsafe` for an example, and for what such a write is
   */
  readonly deleteUnsafe: (params: KeyParams<P, Codecs>) => Below
  /**
   * Changes the fresh value that memory holds, as `patch` does: the new value keeps the lifetime, the tags and the
   * revision. Returns `undefined`, and does not call `f`, if memory holds no fresh value or a refresh of it runs.
   * Throws the `CacheError` that refuses it, such as `WouldWait` in a family without a lookup over a tier that other
   * processes change: that tier has to compare the values.
   *
   * **Example** (A counter)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   const writer = yield* price.writer
   *   writer.setUnsafe({ item: "pen" }, 7)
   *   writer.patchUnsafe({ item: "pen" }, (was) => was + 1)
   *   return writer.getUnsafe({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 8
   * ```
   *
   * @see `patch` for the Effect, which also looks in the tiers below memory
   */
  readonly patchUnsafe: (params: KeyParams<P, Codecs>, f: (was: V) => Value<P, V>) => Below | undefined
  /**
   * Waits until the changes of writes without an Effect are in the tiers below memory; `undefined` if they are there
   * already. The Promise rejects with `StoreFailed` if a tier did not take them.
   *
   * **Example** (Nothing to wait for in memory alone)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   const writer = yield* price.writer
   *   return writer.arrived(writer.setUnsafe({ item: "pen" }, 7))
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => undefined
   * ```
   */
  readonly arrived: (below: Below | undefined) => Promise<void> | undefined
}
