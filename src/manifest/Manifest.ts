/**
 * A manifest: one class that declares every key pattern of a cache, who owns it, and what derives from what.
 *
 * ```ts
 * import * as Manifest from "effect-stateless/manifest/Manifest"
 *
 * class AppCache extends Manifest.Service<AppCache>()("AppCache", {
 *   families: {
 *     user: { pattern: "user:{id}", value: Manifest.type<{ readonly name: string }>() },
 *     profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
 *   }
 * }) {}
 * ```
 *
 * - The compiler checks the whole manifest, and reports each mistake on the property that makes it.
 * - Rights come from `owner`, `borrower`, `delegate` and `modules`, and from nowhere else.
 * - The class is the service of its engine: two manifests have two engines, even over one store.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { CacheError } from "../cache/CacheError.ts"
import type { CacheEvent } from "../cache/CacheEvent.ts"
import type { FamilyStats } from "../cache/FamilySpec.ts"
import type * as Capability from "../capability/Capability.ts"
import type * as KeyFindings from "../diagnostic/KeyFindings.ts"
import type * as Misfit from "../diagnostic/Misfit.ts"
import type * as Opaque from "../diagnostic/Opaque.ts"
import type * as RightFindings from "../diagnostic/RightFindings.ts"
import type { CheckedDeclared } from "../ownership/DeclarationChecks.ts"
import type { AnyDefinition, Anything, Declared, Definition, Typed, Undetermined } from "../ownership/Definition.ts"
import type { Checked } from "../ownership/DefinitionChecks.ts"
import type { CarvedPatterns, DeclaredPattern, isDeclared, Route, Touching } from "../ownership/DefinitionFacts.ts"
import type { helpWith, helpWithKey } from "../ownership/DefinitionHelp.ts"
import type { CheckedLayerName } from "../ownership/DefinitionLayers.ts"
import type {
  CodecsOf,
  DefinitionOf,
  ErrorOf,
  FamilyOf,
  IdOf,
  PatternOf,
  ValueOf
} from "../ownership/DefinitionParts.ts"
import type { Misshapen, Shaped } from "../ownership/DefinitionShape.ts"
import type { DependencyGraph } from "../ownership/DependencyGraph.ts"
import type { isUntyped } from "../ownership/TypeQuestions.ts"
import type { keyProblem, patternProblem } from "../pattern/KeyPattern.ts"
import type { Store } from "../store/Store.ts"
import type { AnyManifest, CheckedComposition } from "./Composition.ts"
import type { DeclaredFn, DeclaredMethod, InLayer, Provided } from "./Declared.ts"
import type { Family, InvalidateOptions, Value, Write, WriteOptions } from "./Family.ts"
import { compose as composeLayers } from "./internal/composition.ts"
import { make } from "./internal/manifest.ts"
import type { CheckedModules, LayerIn, NoModules } from "./Modules.ts"
import type {
  AnyFunction,
  CheckedName,
  CheckedOwner,
  CheckedOwners,
  DelegateOptions,
  isUnion,
  Open,
  OwnerOptions,
  requiredByOption
} from "./Owner.ts"

/**
 * This module by its own name, so that `import { Manifest } from "effect-stateless/manifest/Manifest"` is what
 * `import { Manifest } from "effect-stateless"` is. The compiler suggests the first where a default import was tried.
 *
 * @category models
 * @since 0.1.0
 */
export * as Manifest from "./Manifest.ts" // oxlint-disable-line import/no-self-import

/**
 * The right to read every key of a pattern that the manifest `Self` declares.
 *
 * @category models
 * @since 0.1.0
 */
export type Borrows<Pattern extends Declares<findCapabilityProblem<Self, Pattern>>, Self> = Capability.Borrows<
  Pattern & string,
  Self
>

/**
 * The right to write, and to read, every key of a pattern that the manifest `Self` declares.
 *
 * **Gotchas**
 *
 * Code that is generic in the pattern names `Capability.Owns`, which is the same type without the check.
 *
 * @category models
 * @since 0.1.0
 */
export type Owns<Pattern extends Declares<findCapabilityProblem<Self, Pattern>>, Self> = Capability.Owns<
  Pattern & string,
  Self
>

/**
 * The word of the manifest `Self` that the owner of a pattern may be built: what its layer requires. `modules`
 * gives it to the module of the family, and `layer` to all that is wired over it by hand.
 *
 * **When to use**
 *
 * In the annotation of an exported layer with an owner in it:
 * `Layer<Users, CacheError, Manifest.Appoints<"user:{id}", AppCache>>`.
 *
 * @category models
 * @since 0.1.0
 */
export type Appoints<Pattern extends Declares<findCapabilityProblem<Self, Pattern>>, Self> = Capability.Appoints<
  Pattern & string,
  Self
>

/**
 * The word of the manifest `Self` that a borrower of a pattern may be built: what the layer of a borrower requires.
 *
 * @category models
 * @since 0.1.0
 */
export type Admits<Pattern extends Declares<findCapabilityProblem<Self, Pattern>>, Self> = Capability.Admits<
  Pattern & string,
  Self
>

/**
 * What the pattern of a hand-written capability must be: `Message` is `number` for a declared one.
 *
 * **Details**
 *
 * A type parameter may not name itself in its constraint, unless within an object type. Every text has a `length`, so
 * that is where the message stands.
 *
 * @category type level
 * @since 0.1.0
 */
export interface Declares<Message> {
  readonly length: Message
}
type findCapabilityProblem<Self, Pattern> = Self extends Instance<infer Id, infer D>
  ? Pattern extends string ? isDeclared<D, Pattern> extends true ? number
    : RightFindings.capabilityUnknown<
      Id,
      Pattern,
      helpWith<D, Pattern, "name a declared pattern, or check its spelling">
    >
  : number
  : number

/**
 * What a manifest class is as a type; capabilities read it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instance<Id extends string, D extends Definition> {
  readonly key: Id
  readonly "~definition": D
  readonly "~carved": CarvedPatterns<D>
}

// Looked up rather than passed, so that an error does not print the whole manifest.
type FamilyAt<Self, K extends string> = Route<DefinitionOf<Self>, K> extends infer Name
  ? FamilyOf<DefinitionOf<Self>, Name>
  : never
// Closed as long as the name is open, so that a hover over `owner` does not print the manifest.
type PatternNamed<Self, K extends string> = K extends unknown ? PatternOf<FamilyOf<DefinitionOf<Self>, K>> : never
type TouchedBy<Self, P extends string> = Touching<DefinitionOf<Self>, P> extends infer Name
  ? PatternOf<FamilyOf<DefinitionOf<Self>, Name>>
  : never

/**
 * The engine of a manifest as a program finds it, `const cache = yield* AppCache`: its accessors and its operations,
 * which require the same rights as those of the class. Only `layer` and `modules` make one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Engine<Self> extends
  EngineOf<Self>,
  Pick<
    Service<Self, never>,
    "keys" | "get" | "getOption" | "set" | "delete" | "batch" | "transaction" | "invalidate" | "events" | "stats"
  >
{}

// No editor offers what is protected, and errors name it.
declare abstract class EngineOf<Self> {
  protected readonly "E0237: this is not an engine of the manifest; help: provide its layer or its modules": (
    _: Self
  ) => Self
}

/**
 * The class that {@link Service} makes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ManifestClass<Self, Id extends string, D extends Definition>
  extends Context.Key<Self, Engine<Self>>, Service<Self, Id>
{
  new(_: never): Instance<Id, D>
  readonly key: Id
  readonly definition: D
  readonly graph: DependencyGraph
}

/**
 * What a manifest class gives. The definition is looked up in `Self`: as a type argument all of it would be printed, in
 * hovers and in errors.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service<Self, Id extends string> {
  /** Typed access, by family. */
  readonly keys: Families<Self>

  /** Reads by a key that is a literal or a template; the family that decides about it gives type and requirement. */
  get<const K extends string>(key: CheckedKey<Self, K>): Effect.Effect<
    ValueOf<FamilyAt<Self, K>>,
    CacheError | ErrorOf<FamilyAt<Self, K>>,
    Capability.Borrows<PatternOf<FamilyAt<Self, K>>, Self>
  >
  getOption<const K extends string>(key: CheckedKey<Self, K>): Effect.Effect<
    Option.Option<ValueOf<FamilyAt<Self, K>>>,
    CacheError,
    Capability.Borrows<PatternOf<FamilyAt<Self, K>>, Self>
  >
  set<const K extends string>(
    key: CheckedKey<Self, K>,
    value: Value<PatternOf<FamilyAt<Self, K>>, ValueOf<FamilyAt<Self, K>>>,
    options?: WriteOptions<PatternOf<FamilyAt<Self, K>>>
  ): Effect.Effect<void, CacheError, Capability.Owns<PatternOf<FamilyAt<Self, K>>, Self>>
  delete<const K extends string>(key: CheckedKey<Self, K>): Effect.Effect<
    void,
    CacheError,
    Capability.Owns<PatternOf<FamilyAt<Self, K>>, Self>
  >

  /** The engine of a program that is wired by hand: owners may be built over it. It gives no right to any key. */
  readonly layer: Layer.Layer<Self | Capability.Appoints<string, Self>, CacheError, Store>
  /** The owner of a family and its parts, until the layer's scope closes. */
  owner<const K extends string, O extends (OwnerOptions<Self, K> & Open) | AnyFunction>(
    family: CheckedName<Self, Id, K, "own">,
    options?: [O] extends [infer X] ? CheckedOwner<Self, K, X> : O
  ): Layer.Layer<
    Capability.Owns<PatternNamed<Self, K>, Self>,
    CacheError,
    Capability.Appoints<PatternNamed<Self, K>, Self> | { [N in keyof O]-?: requiredByOption<N, O[N]> }[keyof O]
  >
  /** The right to read a family, until the layer's scope closes. */
  borrower<const K extends string>(
    family: CheckedName<Self, Id, K, "borrow">
  ): Layer.Layer<
    Capability.Borrows<PatternNamed<Self, K>, Self>,
    CacheError,
    Capability.Admits<PatternNamed<Self, K>, Self>
  >
  /**
   * Lends a part of a family (`partOf`) to another module: a layer that gives the right to write it, and whose lookup
   * makes its entries. The owner of the whole may still write the part. The right ends when the scope of the layer
   * closes, or when the owner that lent it leaves. A second delegate of one part fails with `OwnershipConflict`.
   */
  delegate<const K extends string, O extends (DelegateOptions<Self, K> & Open) | AnyFunction>(
    family: CheckedName<Self, Id, K, "delegate">,
    options?: [O] extends [infer X] ? CheckedOwner<Self, K, X> : O
  ): Layer.Layer<
    Capability.Owns<PatternNamed<Self, K>, Self>,
    CacheError,
    | Self
    | Capability.Owns<PatternNamed<Self, K>, Self>
    | { [N in keyof O]-?: requiredByOption<N, O[N]> }[keyof O]
  >
  /**
   * The application: a layer for each family or reader, over one engine, each given what its line of the manifest says,
   * or for several families, `{ owns: ["user", "follows"], layer }`. What one of them reads, another one must own.
   */
  modules<const M extends Open | NoModules>(
    modules: [M] extends [infer X] ? CheckedModules<Self, X> : M
  ): Layer.Layer<
    // Spelled out rather than named, so that hovers show the services.
    Self | { [K in keyof M]: LayerIn<M[K]> extends Layer.Layer<infer Out, any, any> ? Out : never }[keyof M],
    CacheError | { [K in keyof M]: LayerIn<M[K]> extends Layer.Layer<any, infer E, any> ? E : never }[keyof M],
    | Store
    | {
      [K in keyof M]: LayerIn<M[K]> extends Layer.Layer<any, any, infer R> ?
        Exclude<R, Self | Capability.OwnsCapability<any, any, any, Self> | Capability.Appoints<any, Self>>
        : never
    }[keyof M]
  >

  /**
   * Does all writes or none, visible at once; what depends on them is dropped in the same step. Of several writes of
   * one key the last one holds. Fails with `InvalidBatch` when a write belongs to another manifest.
   */
  batch<
    const Ws extends Misfit.Shape<
      Misfit.writes,
      ReadonlyArray<Write<Capability.OwnsCapability<any, any, any, Self>> | Misfit.Otherwise<Misfit.write<IdOf<Self>>>>
    >
  >(
    writes: Ws
  ): Effect.Effect<
    void,
    CacheError,
    [Ws[number]] extends [never] ? never : Ws[number] extends Write<infer R> ? R : never
  >
  /**
   * Runs a body in a transaction of a database, and lets what it writes to the cache take effect after the commit, and
   * never after a rollback. `within` is the database's combinator: `AppCache.transaction(sql.withTransaction)(body)`.
   *
   * **Details**
   *
   * - In the body, `set`, `delete`, `invalidate` and their like, `batch` and `refresh` of this manifest are collected
   *   and return at once. `update` and `patch` fail with `TransactionRefused`.
   * - Reads in the body see what it wrote. What it has to load runs on the connection of the transaction, and is not
   *   kept. All other readers get the value from before until the commit, and keep none from before after it.
   * - The last step of the body asks all that can refuse a write, `ifVersion` and leases among it, and removes from all
   *   tiers what the commit makes out of date. If that fails, the body fails, and the database rolls back.
   * - After the commit all of it takes effect in one step. A key that another transaction or another writer changed
   *   meanwhile is removed and not set, for the order of the commits is not known. The transaction does not fail any
   *   more then: a tier that fails is logged.
   * - Where `within` fails after the body has succeeded, the commit may have happened: the keys are removed, and for
   *   ten seconds what is loaded of them is not kept.
   * - A transaction in the body of another one is a savepoint. For two manifests write
   *   `One.transaction(Other.transaction(sql.withTransaction))`.
   *
   * **Gotchas**
   *
   * Open the outermost transaction by it: inside one that the cache does not know of, it fails (E0526). A body that
   * runs again, as with a retry in `within`, removes its keys instead of setting them where a commit before has failed.
   *
   * **Example** (A change of a row, and of what the cache holds of it)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * let row = 1
   * const ShopLive = Shop.modules({
   *   price: Shop.owner("price", { lookup: () => Effect.sync(() => row) })
   * }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * // In the place of `sql.withTransaction`: the row has its old value again where the body fails.
   * const withTransaction = <A, E, R>(body: Effect.Effect<A, E, R>) =>
   *   Effect.suspend(() => {
   *     const before = row
   *     return Effect.onError(body, () => Effect.sync(() => void (row = before)))
   *   })
   * const change = (to: number) =>
   *   Effect.suspend(() => {
   *     row = to
   *     return price.set({ item: "pen" }, to)
   *   })
   *
   * const program = Effect.gen(function*() {
   *   yield* Shop.transaction(withTransaction)(change(2))
   *   yield* price.get({ item: "pen" }) // => 2
   *   yield* Effect.exit(Shop.transaction(withTransaction)(Effect.andThen(change(3), Effect.fail("no"))))
   *   return yield* price.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 2
   * ```
   */
  transaction<A, E, R, A2, E2, R2>(
    // Not generic in itself: the compiler keeps the type parameters of `sql.withTransaction` for the result.
    within: (body: Effect.Effect<A, E, R>) => Effect.Effect<A2, E2, R2>
  ): (body: Effect.Effect<A, E, R>) => Effect.Effect<A2, E2 | CacheError, R2>
  /**
   * Invalidates every key that a pattern denotes, in all families that share a key with it: `"tenant:42:*"`. Each of
   * them must be owned. Of a family whose own last segment is `*`, keys of other lengths may go, too.
   */
  invalidate<const P extends string>(
    pattern: CheckedPattern<Self, P>,
    options?: InvalidateOptions
  ): Effect.Effect<void, CacheError, Capability.OwnsEach<TouchedBy<Self, P>, Self>>
  /** What happens in the cache, from the moment the stream is run until the layer of the cache closes. */
  readonly events: Stream.Stream<CacheEvent, never, Self>
  /** Counts by family, since the engine was built. */
  readonly stats: Effect.Effect<{ readonly [K in keyof DefinitionOf<Self>["families"]]: FamilyStats }, never, Self>

  /** Declares what a function does to the cache; its body may do no more. */
  fn<const C extends Declared & Open>(
    name: string,
    declared: [C] extends [infer X] ? CheckedDeclared<Self, X> : C
  ): DeclaredFn<Self, C>
  /** A standard method decorator that declares what a method does to the cache; its body may do no more. */
  method<const C extends Declared & Open>(
    declared: [C] extends [infer X] ? CheckedDeclared<Self, X> : C
  ): DeclaredMethod<Self, C>
  /** Marks an Effect as a program of one layer. */
  inLayer<const L extends string>(layer: CheckedLayerName<DefinitionOf<Self>, L>): InLayer<Self, L>
}

/**
 * Access to each family of a manifest, by name.
 *
 * @category models
 * @since 0.1.0
 */
export type Families<Self> = {
  readonly [
    // `-?` keeps the compiler from reading a generic `keys[K]` as a family of no pattern; it is one of several then.
    K in keyof DefinitionOf<Self>["families"]
  ]-?: DefinitionOf<Self>["families"][K] extends infer F
    ? Family<Self, PatternOf<F>, ValueOf<F>, ErrorOf<F>, CodecsOf<F>, K>
    : never
}

type CheckedPattern<Self, P extends string> = string extends P ? Misfit.Otherwise<Opaque.keyPattern>
  : P extends "" ? DeclaredPattern<DefinitionOf<Self>> | Misfit.Otherwise<patternProblem<P>>
  : [patternProblem<P>] extends [never] ? [Touching<DefinitionOf<Self>, P>] extends [never] ? KeyFindings.keyUnknown<
        IdOf<Self>,
        P,
        helpWith<DefinitionOf<Self>, P, "declare a pattern for it, or check its spelling", true>
      >
    : P
  : patternProblem<P>

// A union of keys is fine as long as one family decides about all of them; else neither value type nor right is sound.
type CheckedKey<Self, K extends string> = isUnion<Route<DefinitionOf<Self>, K>> extends true ? Opaque.keyChoice
  : CheckedOneKey<IdOf<Self>, DefinitionOf<Self>, K>
type CheckedOneKey<Id extends string, D extends Definition, K extends string> = K extends unknown
  ? [keyProblem<K>] extends [never]
    ? [Route<D, K>] extends [never] ? KeyFindings.keyUnknown<Id, K, helpWithKey<D, K>> : K
  : isUntyped<K> extends true ? Misfit.Otherwise<keyProblem<K>>
  : keyProblem<K>
  : never

/**
 * The class of a manifest.
 *
 * **Details**
 *
 * Where a definition has a mistake, and a function whose parameters have no types, the compiler gives up on the whole
 * of it. The class is {@link UncheckedClass} then, so that what uses it is not refused for the same mistake.
 *
 * @category type level
 * @since 0.1.0
 */
export type ServiceOf<Self, Id extends string, D> = typeof Undetermined extends keyof D
  // So have `never` and `any`, the types of manifests from data.
  ? string extends keyof D ? ManifestClass<Self, Id, D & Definition> : UncheckedClass
  : ManifestClass<Self, Id, Shaped<D>>

/**
 * The class of a definition of which the compiler knows nothing. Each member is `any`; those that take functions take
 * any, and give their parameters a type: a function that is given to `any` is refused for parameters without one.
 *
 * @category type level
 * @since 0.1.0
 */
export type UncheckedClass =
  & (new(_: never) => any)
  & {
    readonly [K in keyof ManifestClass<any, any, any>]: K extends "owner" | "delegate" | "fn" ? TakesFunctions : any
  }
type TakesFunctions = (name: any, options?: HoldsFunctions) => any
interface HoldsFunctions {
  readonly [option: string]: HoldsFunctions | ((...args: any) => any) | Anything
}

/**
 * Declares a manifest.
 *
 * **Gotchas**
 *
 * The definition must be a literal: computed families lose their types, and are checked when the layers are built.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service = <Self>() =>
<const Id extends string, const D extends AnyDefinition>(
  id: Id,
  definition: [D] extends [infer X extends Definition] ? Checked<X> : [D] extends [infer X] ? Misshapen<X> : D
  // The checks answer the definition itself, or the call does not compile; the run time gives the class its members.
): ServiceOf<Self, Id, D> => make(id, definition as never) as unknown as ServiceOf<Self, Id, D>

type RootOf<M> = M extends Context.Key<infer Self, any> ? Self | Capability.Appoints<string, Self> : never

/**
 * The engines of several manifests over one store. Two manifests that share a key, or a name, do not compile; built
 * from data, the layer fails with the same message.
 *
 * @category combinators
 * @since 0.1.0
 */
export const compose = <const Ms extends readonly [AnyManifest, AnyManifest, ...Array<AnyManifest>]>(
  ...manifests: [Ms] extends [infer X extends ReadonlyArray<unknown>] ? CheckedComposition<X> : Ms
): Layer.Layer<RootOf<Ms[number]>, CacheError, Store> =>
  // The checks answer the manifests themselves, or the call does not compile.
  composeLayers(manifests as unknown as ReadonlyArray<AnyManifest>)

const TypeId = "~effect-stateless/manifest/Manifest/TypeOnly"

/**
 * A type without a codec: its values stay in tiers that keep live objects.
 *
 * @category models
 * @since 0.1.0
 */
export interface TypeOnly<out A> extends Typed {
  readonly [TypeId]: typeof TypeId
  readonly Type: A
}

const typeOnly: TypeOnly<any> = { [TypeId]: TypeId, Type: undefined }

/**
 * Names a type for `value`, `error` or `params` of a family, without a codec.
 *
 * **Gotchas**
 *
 * Without a codec a parameter is a text, so its type must be one of texts, such as `Manifest.type<"day" | "night">()`.
 * For a number give `Schema.NumberFromString`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const type = <A>(): TypeOnly<A> => typeOnly

/**
 * Merges layers of owners. Two owners of one key do not compile; Effect's own `Layer.mergeAll` finds them when they
 * are built.
 *
 * @category combinators
 * @since 0.1.0
 */
export const mergeOwners = <
  const Ls extends readonly [Layer.Layer<never, any, any>, ...Array<Layer.Layer<never, any, any>>]
>(
  ...layers: [Ls] extends [infer X extends ReadonlyArray<unknown>] ? CheckedOwners<X> : Ls
): Layer.Layer<
  { [I in keyof Ls]: Ls[I] extends Layer.Layer<infer Out, any, any> ? Out : never }[number],
  { [I in keyof Ls]: Ls[I] extends Layer.Layer<any, infer E, any> ? E : never }[number],
  { [I in keyof Ls]: Ls[I] extends Layer.Layer<any, any, infer R> ? R : never }[number]
> =>
  // The checks answer the layers themselves, or the call does not compile.
  Layer.mergeAll(...(layers as unknown as [Layer.Layer<never>])) as never

/**
 * The program itself, if it requires no right to a cache. Put before the runner, it names the right that is missing and
 * who provides it, where the runner says `not assignable to type 'never'`.
 *
 * **Example** (A program that is ready to run)
 *
 * ```ts
 * import { Effect } from "effect"
 * import * as Manifest from "effect-stateless/manifest/Manifest"
 *
 * Effect.succeed(1).pipe(Manifest.provided, Effect.runSync) // => 1
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const provided: Provided = <A>(effect: A) => effect as never
