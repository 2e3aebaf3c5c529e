/**
 * Declares a cache for the people who write a program with it: one class that lists every family of keys, who owns it,
 * and what derives from what.
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
 * Not here: the operations of one family (`Family`), the options of an owner (`Owner`), and the run time, which is in
 * `internal/`.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { CacheError } from "../cache/CacheError.ts"
import type { CacheEvent } from "../cache/CacheEvent.ts"
import type { FamilyStats } from "../cache/CacheMetrics.ts"
import type * as Capability from "../capability/Capability.ts"
import type { OwnsEach } from "../capability/types/rights.ts"
import type * as KeyFindings from "../diagnostic/types/keyFindings.ts"
import type * as ManifestFindings from "../diagnostic/types/manifestFindings.ts"
import type * as Misfit from "../diagnostic/types/misfit.ts"
import type * as Opaque from "../diagnostic/types/opaque.ts"
import type * as RightFindings from "../diagnostic/types/rightFindings.ts"
import type { AnyDefinition, Anything, Declared, Definition, Typed, Undetermined } from "../ownership/Definition.ts"
import type { DependencyGraph } from "../ownership/DependencyGraph.ts"
import type { CheckedDeclared } from "../ownership/types/declarationChecks.ts"
import type { Checked } from "../ownership/types/definitionChecks.ts"
import type {
  CarvedPatterns,
  Coded,
  DeclaredPattern,
  Enclosing,
  isDeclared,
  Route,
  Touching
} from "../ownership/types/definitionFacts.ts"
import type { helpWith, helpWithKey } from "../ownership/types/definitionHelp.ts"
import type { CheckedLayerName } from "../ownership/types/definitionLayers.ts"
import type {
  CodecsOf,
  DefinitionOf,
  ErrorOf,
  FamilyOf,
  IdOf,
  PatternOf,
  ValueOf
} from "../ownership/types/definitionParts.ts"
import type { Misshapen, Shaped } from "../ownership/types/definitionShape.ts"
import type { findUndeclared } from "../ownership/types/references.ts"
import { TypeId } from "../ownership/types/typeOnly.ts"
import type { isUnion, isUntyped } from "../ownership/types/typeQuestions.ts"
import type { keyProblem, patternProblem } from "../pattern/KeyPattern.ts"
import type { literalRefused } from "../pattern/types/literals.ts"
import type { maySpell, openTemplate, templateProblem } from "../pattern/types/templates.ts"
import type { Store } from "../store/Store.ts"
import type { Family, InvalidateOptions, Value, Write, WriteOptions } from "./Family.ts"
import { compose as composeLayers, mergeOwners as mergeLayers } from "./internal/composition.ts"
import { make, makeForgotten } from "./internal/manifest.ts"
import type { DelegateOptions, OwnerOptions } from "./Owner.ts"
import type { AnyManifest, CheckedComposition } from "./types/composition.ts"
import type { DeclaredFn, DeclaredMethod, InLayer, Needed, Provided } from "./types/declared.ts"
import type { AnyFunction, Open } from "./types/lookups.ts"
import type { CheckedModules, LayerIn, NoModules } from "./types/modules.ts"
import type { CheckedName, CheckedOwner, CheckedOwners, OwnerLayer, requiredByOption } from "./types/ownerChecks.ts"
import type { Body, Combinator, Wrong } from "./types/transactions.ts"

/**
 * This module under its own name, so that `import { Manifest } from "effect-stateless/manifest/Manifest"` gives the
 * same as `import { Manifest } from "effect-stateless"`.
 *
 * **Details**
 *
 * No module has a default export. Where a program tries one, the compiler suggests this import.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export * as Manifest from "./Manifest.ts" // oxlint-disable-line import/no-self-import

/**
 * The right to read every key of a pattern that the manifest `Self` declares. It stands in the `R` of an effect.
 *
 * **When to use**
 *
 * In the annotation of an exported effect or layer that reads the cache. Where the type is inferred, the compiler
 * writes it.
 *
 * **Gotchas**
 *
 * A pattern that the manifest does not declare is refused where it is written (E0230). `Owns` includes this right.
 *
 * **Example** (The annotation of a function that reads)
 *
 * ```ts
 * import type { Effect } from "effect"
 * import { type CacheError, Manifest } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 *
 * type ReadsPrices = Manifest.Borrows<"price:{item}", Shop>
 * export const priceOf = (item: string): Effect.Effect<number, CacheError.CacheError, ReadsPrices> =>
 *   Shop.keys.price.get({ item })
 * ```
 *
 * @see {@link Owns} for the right to write
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Borrows<
  Pattern extends Declares<findCapabilityProblem<RightFindings.capabilityOpen, Self, Pattern>>,
  Self
> = Capability.Borrows<
  Pattern & string,
  Self
>

/**
 * The right to write and to read every key of a pattern that the manifest `Self` declares. It stands in the `R` of an
 * effect.
 *
 * **When to use**
 *
 * In the annotation of an exported effect that writes the cache, or of a layer that gives the right to do so.
 *
 * **Gotchas**
 *
 * - A pattern that the manifest does not declare is refused where it is written (E0230).
 * - Code that is generic in the pattern uses `Capability.Owns`: this type without the check.
 *
 * **Example** (The annotation of a function that writes)
 *
 * ```ts
 * import type { Effect } from "effect"
 * import { type CacheError, Manifest } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 *
 * type WritesPrices = Manifest.Owns<"price:{item}", Shop>
 * export const raise = (item: string): Effect.Effect<number, CacheError.CacheError, WritesPrices> =>
 *   Shop.keys.price.update({ item }, (was) => was + 1)
 * ```
 *
 * @see {@link Borrows} for the right to read
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Owns<Pattern extends Declares<findCapabilityProblem<RightFindings.capabilityOpen, Self, Pattern>>, Self> =
  Capability.Owns<
    Pattern & string,
    Self
  >

/**
 * The permission of the manifest `Self` to build the owner of a pattern. The layer of each owner requires it.
 *
 * **When to use**
 *
 * In the annotation of an exported layer that contains an owner:
 * `Layer<Users, CacheError, Manifest.Appoints<"user:{id}", AppCache>>`.
 *
 * **Details**
 *
 * `modules` gives it to the module of the family. `layer` gives it to everything that is wired over it by hand.
 *
 * @see {@link Admits} for the permission to build a borrower
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Appoints<
  Pattern extends Declares<findCapabilityProblem<RightFindings.capabilityOpen, Self, Pattern>>,
  Self
> = Capability.Appoints<
  Pattern & string,
  Self
>

/**
 * The permission of the manifest `Self` to build a borrower of a pattern. The layer of each borrower requires it.
 *
 * **When to use**
 *
 * In the annotation of an exported layer that contains a borrower.
 *
 * @see {@link Appoints} for the permission to build an owner
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Admits<Pattern extends Declares<findCapabilityProblem<RightFindings.capabilityOpen, Self, Pattern>>, Self> =
  Capability.Admits<
    Pattern & string,
    Self
  >

/**
 * Refuses a pattern in a hand-written capability that the manifest does not declare.
 *
 * **Details**
 *
 * `Message` is `number` for a declared pattern, and the text of the error for any other one. A type parameter may name
 * itself in its constraint only inside an object type. Every text has a `length`, so the message is the type of
 * `length`.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export interface Declares<Message> {
  readonly length: Message
}
// A type parameter leaves the question open, and the compiler then prints its name and its arguments: so the message is
// the first.
type findCapabilityProblem<Message extends string, Self, Pattern> = isUnion<Pattern> extends true ?
  RightFindings.capabilityChoice
  : string extends Pattern ? Message
  : Self extends Instance<infer Id, infer D>
    ? Pattern extends string ? isDeclared<D, Pattern> extends true ? number : findUndeclared<Id, D, Pattern>
    : number
  : number

/**
 * The instance type of a manifest class. No value has it; capabilities read the definition out of it.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Instance<Id extends string, D extends Definition> {
  readonly key: Id
  readonly "~definition": D
  readonly "~carved": CarvedPatterns<D>
}

// The family is looked up from `Self` and not passed, so that an error does not print the whole manifest.
type FamilyAt<Self, K extends string> = Route<DefinitionOf<Self>, K> extends infer Name
  ? FamilyOf<DefinitionOf<Self>, Name>
  : never
// Distributes over `K`, so that a hover over `owner` with an open name does not print the manifest.
type PatternNamed<Self, K extends string> = K extends unknown ? PatternOf<FamilyOf<DefinitionOf<Self>, K>> : never
type TouchedBy<Self, P extends string> = Touching<DefinitionOf<Self>, openTemplate<P>> extends infer Name
  ? PatternOf<FamilyOf<DefinitionOf<Self>, Name>>
  : never

/**
 * The value of `yield* AppCache`: the accessors and the operations of a manifest.
 *
 * **When to use**
 *
 * In code that takes its cache from the Context. The class itself has the same operations, and they require the same
 * rights.
 *
 * **Gotchas**
 *
 * Only `layer` and `modules` make one. Another value in its place does not compile (E0237).
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Engine<Self> extends
  EngineOf<Self>,
  Pick<
    Service<Self, never>,
    | "keys"
    | "get"
    | "getOption"
    | "set"
    | "delete"
    | "batch"
    | "transaction"
    | "invalidate"
    | "events"
    | "stats"
    | "watermark"
    | "reach"
  >
{}

// A protected member: editors do not offer it, and errors print its name.
declare abstract class EngineOf<Self> {
  protected readonly "E0237: this is not an engine of the manifest; help: provide its layer or its modules": (
    _: Self
  ) => Self
}

/**
 * The class that {@link Service} makes: the members of a manifest with its definition and its graph.
 *
 * **Details**
 *
 * It is also the key under which the engine lies in a Context.
 *
 * @stability stable
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

// A class that names another class as `Self` would give its rights in that one's name. The call of `Service` cannot say
// so, because there the class does not exist yet. An engine has the members of a class that was checked. `fn` and the
// other operations only name rights of `Self`, and give none.
type ofItself<Self, Id extends string, Member> = [Id] extends [never] ? Member
  : [Self] extends [{ readonly key: Id }]
  // With `any`, each right to this manifest would be a right to every other one.
    ? 0 extends 1 & Self ? Misfit.Otherwise<ManifestFindings.selfUnknown<Id>> : Member
  : Misfit.Otherwise<ManifestFindings.selfWrong<Id>>

/**
 * The static members of a manifest class: accessors, operations, and the layers of an application.
 *
 * **Details**
 *
 * The definition is looked up in `Self`. As a type argument all of it would be printed in hovers and in errors.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Service<Self, Id extends string> {
  /**
   * One accessor for each family, by its name: `const { user } = AppCache.keys`.
   *
   * @see `Family` for the operations of an accessor
   * @see `owner` for an example
   */
  readonly keys: ofItself<Self, Id, Families<Self>>

  /**
   * Returns the value of a raw key, such as `"user:42"`, and loads it when it is absent.
   *
   * **When to use**
   *
   * For a key that a program has as a text. Where it has the parameters, `keys.user.get` needs no parsing.
   *
   * **Details**
   *
   * The family of the key, found from the literal or the template, gives the type of the value and the required right.
   * Fails with `InvalidKey` where the text is not a key of the manifest, and otherwise as `Family.get` does.
   *
   * **Example** (A raw key)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * await Effect.runPromise(Effect.provide(Shop.get("price:pen"), ShopLive)) // => 3
   * ```
   */
  get<const K extends string>(key: CheckedKey<Self, K>): Effect.Effect<
    ValueOf<FamilyAt<Self, K>>,
    CacheError | ErrorOf<FamilyAt<Self, K>>,
    Capability.Borrows<PatternOf<FamilyAt<Self, K>>, Self>
  >
  /**
   * Returns the fresh value that a tier holds for a raw key, such as `"user:42"`, as an `Option`. Never runs a lookup.
   * Fails with `InvalidKey` where the text is not a key of the manifest.
   *
   * **Example** (A raw key)
   *
   * ```ts
   * import { Effect, Layer, Option } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* Shop.set("price:pen", 7)
   *   return yield* Shop.getOption("price:pen")
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => Option.some(7)
   * ```
   */
  getOption<const K extends string>(key: CheckedKey<Self, K>): Effect.Effect<
    Option.Option<ValueOf<FamilyAt<Self, K>>>,
    CacheError,
    Capability.Borrows<PatternOf<FamilyAt<Self, K>>, Self>
  >
  /**
   * Writes the value of a raw key, such as `"user:42"`, and drops all entries that derive from it before it returns.
   * Fails with `InvalidKey` where the text is not a key of the manifest, and otherwise as `Family.set` does.
   *
   * **Example** (A raw key)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* Shop.set("price:pen", 7)
   *   return yield* Shop.get("price:pen")
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 7
   * ```
   */
  set<const K extends string>(
    key: CheckedKey<Self, K>,
    value: Value<PatternOf<FamilyAt<Self, K>>, ValueOf<FamilyAt<Self, K>>>,
    options?: WriteOptions<PatternOf<FamilyAt<Self, K>>>
  ): Effect.Effect<void, CacheError, Capability.Owns<PatternOf<FamilyAt<Self, K>>, Self>>
  /**
   * Removes the entry of a raw key, such as `"user:42"`, and drops all entries that derive from it. Fails with
   * `InvalidKey` where the text is not a key of the manifest. To delete a key without an entry is not a failure.
   *
   * **Example** (A raw key)
   *
   * ```ts
   * import { Effect, Layer, Option } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* Shop.set("price:pen", 7)
   *   yield* Shop.delete("price:pen")
   *   return yield* Shop.getOption("price:pen")
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => Option.none()
   * ```
   */
  delete<const K extends string>(key: CheckedKey<Self, K>): Effect.Effect<
    void,
    CacheError,
    Capability.Owns<PatternOf<FamilyAt<Self, K>>, Self>
  >

  /**
   * Builds the engine of a program that is wired by hand: `Layer.provide` it to the layers of owners and borrowers.
   *
   * **When to use**
   *
   * Where `modules` does not fit, such as for an owner that is built and closed while the program runs.
   *
   * **Details**
   *
   * It gives permission to build owners (`Appoints`), and not the right to any key. It fails with `InvalidManifest` for
   * a manifest from data that has a mistake.
   *
   * **Example** (An owner that is wired by hand)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const ShopLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) }).pipe(
   *   Layer.provideMerge(Shop.layer),
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * await Effect.runPromise(Effect.provide(Shop.keys.price.get({ item: "pen" }), ShopLive)) // => 3
   * ```
   *
   * @see `modules` for an application that is wired by its manifest
   */
  readonly layer: ofItself<Self, Id, Layer.Layer<Self | Capability.Appoints<string, Self>, CacheError, Store>>
  /**
   * Makes the owner of a family whose entries come from writes alone: a layer that gives `Owns` of the family, and has
   * no lookup.
   *
   * **Example** (An owner without a lookup)
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
   * const program = Effect.andThen(price.set({ item: "pen" }, 3), price.get({ item: "pen" }))
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 3
   * ```
   *
   * @see `OwnerOptions` for the options with which an owner loads its entries
   */
  owner<const K extends string>(
    family: CheckedName<Self, Id, K, "own">
  ): Layer.Layer<
    Capability.Owns<PatternNamed<Self, K>, Self>,
    CacheError,
    Capability.Appoints<PatternNamed<Self, K>, Self>
  >
  /**
   * Makes the owner of a family and of its parts: a layer that gives `Owns` of the family, and runs its lookup.
   *
   * **When to use**
   *
   * Once for each family. Give the layer to `modules`, or build it over `layer`.
   *
   * **Details**
   *
   * - The owner has the family from the moment the layer is built until its Scope closes. While a family has no owner,
   *   nothing of it is served: reads fail with `Unowned`.
   * - A second owner at the same time fails with `OwnershipConflict`.
   * - A lookup may read only what the family derives from. Other reads do not compile (E0211).
   *
   * **Example** (An owner with a lookup)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: {
   *     price: { pattern: "price:{item}", value: Manifest.type<number>() },
   *     label: { pattern: "label:{item}", value: Manifest.type<string>(), derives: ["price:{item}"] }
   *   }
   * }) {}
   * const { label, price } = Shop.keys
   * const ShopLive = Shop.modules({
   *   price: Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) }),
   *   label: Shop.owner("label", { lookup: ({ item }) => Effect.map(price.get({ item }), (n) => `${item}: ${n}`) })
   * }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * const program = Effect.gen(function*() {
   *   yield* label.get({ item: "pen" }) // => "pen: 3"
   *   yield* price.set({ item: "pen" }, 5)
   *   return yield* label.get({ item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => "pen: 5"
   * ```
   *
   * @see `OwnerOptions` for the options
   */
  owner<const K extends string, Chosen extends (OwnerOptions<Self, K> & Open) | AnyFunction | undefined>(
    family: CheckedName<Self, Id, K, "own">,
    options: [Chosen] extends [infer Given] ? CheckedOwner<Self, K, Given> : Chosen
  ): Layer.Layer<
    Capability.Owns<PatternNamed<Self, K>, Self>,
    CacheError,
    | Capability.Appoints<PatternNamed<Self, K>, Self>
    | (Chosen extends unknown
      ? { [OptionName in keyof Chosen]-?: requiredByOption<OptionName, Chosen[OptionName]> }[keyof Chosen]
      : never)
  >
  /**
   * Makes a borrower of a family: a layer that gives `Borrows` of it until its Scope closes.
   *
   * **When to use**
   *
   * In a program that is wired by hand, for a part of it that reads and does not write. `modules` gives each module its
   * borrows without it.
   *
   * **Example** (A program that only reads)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
   * const ReaderLive = Shop.borrower("price").pipe(
   *   Layer.provideMerge(Layer.effectDiscard(Layer.build(PriceLive))),
   *   Layer.provide(Shop.layer),
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * await Effect.runPromise(Effect.provide(Shop.keys.price.get({ item: "pen" }), ReaderLive)) // => 3
   * ```
   */
  borrower<const K extends string>(
    family: CheckedName<Self, Id, K, "borrow">
  ): Layer.Layer<
    Capability.Borrows<PatternNamed<Self, K>, Self>,
    CacheError,
    Capability.Admits<PatternNamed<Self, K>, Self>
  >
  /**
   * Lends a part of a family (`partOf`) to another module, without a lookup: a layer that gives `Owns` of the part.
   *
   * **Example** (A part that another module writes)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Docs extends Manifest.Service<Docs>()("Docs", {
   *   families: {
   *     doc: { pattern: "doc:{id}:*", value: Manifest.type<string>() },
   *     draft: { pattern: "doc:{id}:draft", partOf: "doc", value: Manifest.type<string>() }
   *   }
   * }) {}
   * const { draft } = Docs.keys
   * const DocsLive = Docs.delegate("draft").pipe(
   *   Layer.provideMerge(Docs.owner("doc")),
   *   Layer.provideMerge(Docs.layer),
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.andThen(draft.set({ id: "1" }, "first"), draft.get({ id: "1" }))
   * await Effect.runPromise(Effect.provide(program, DocsLive)) // => "first"
   * ```
   *
   * @see `DelegateOptions` for the options with which a delegate loads entries
   */
  delegate<const K extends string>(
    family: CheckedName<Self, Id, K, "delegate">
  ): Layer.Layer<
    Capability.Owns<PatternNamed<Self, K>, Self>,
    CacheError,
    Self | Capability.Owns<PatternNamed<Self, K>, Self>
  >
  /**
   * Lends a part of a family (`partOf`) to another module: a layer that gives `Owns` of the part, and runs its lookup.
   *
   * **When to use**
   *
   * Where one module owns a family, and another one makes the entries of a part of it.
   *
   * **Details**
   *
   * - The layer requires `Owns` of the part, which the owner of the whole has. This owner may still write the part.
   * - The right ends when the Scope of the layer closes, or when the owner that lent it leaves. Then the part is
   *   emptied, also of what the owner of the whole has written: the cache does not note who has written a value.
   * - A second delegate of one part fails with `OwnershipConflict`.
   *
   * **Example** (A part that another module makes)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Docs extends Manifest.Service<Docs>()("Docs", {
   *   families: {
   *     doc: { pattern: "doc:{id}:*", value: Manifest.type<string>() },
   *     draft: { pattern: "doc:{id}:draft", partOf: "doc", value: Manifest.type<string>() }
   *   }
   * }) {}
   * const DraftLive = Docs.delegate("draft", { lookup: ({ id }) => Effect.succeed(`draft ${id}`) })
   * const DocsLive = DraftLive.pipe(
   *   Layer.provideMerge(Docs.owner("doc")),
   *   Layer.provideMerge(Docs.layer),
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * await Effect.runPromise(Effect.provide(Docs.keys.draft.get({ id: "1" }), DocsLive)) // => "draft 1"
   * ```
   *
   * @see `DelegateOptions` for the options
   */
  delegate<const K extends string, Chosen extends (DelegateOptions<Self, K> & Open) | AnyFunction | undefined>(
    family: CheckedName<Self, Id, K, "delegate">,
    options: [Chosen] extends [infer Given] ? CheckedOwner<Self, K, Given> : Chosen
  ): Layer.Layer<
    Capability.Owns<PatternNamed<Self, K>, Self>,
    CacheError,
    | Self
    | Capability.Owns<PatternNamed<Self, K>, Self>
    | (Chosen extends unknown
      ? { [OptionName in keyof Chosen]-?: requiredByOption<OptionName, Chosen[OptionName]> }[keyof Chosen]
      : never)
  >
  /**
   * Builds the application: one layer for each family or reader, over one engine. Each layer gets the rights that its
   * line of the manifest gives, and no others.
   *
   * **When to use**
   *
   * At the root of a program. A program that is wired by hand uses `layer` in its place.
   *
   * **Details**
   *
   * - A module that owns several families is a group: `{ owns: ["user", "follows"], layer }`.
   * - What one module reads, another module of the same call must own (E0234).
   * - A module that requires or provides more than its line of the manifest says does not compile.
   *
   * **Example** (Two modules)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } },
   *   readers: { page: { borrows: ["price:{item}"] } }
   * }) {}
   * const PageLive = Layer.effectDiscard(Shop.keys.price.warm([{ item: "pen" }]))
   * const ShopLive = Shop.modules({
   *   price: Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) }),
   *   page: PageLive
   * }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
   *
   * await Effect.runPromise(Effect.provide(Effect.map(Shop.stats, ({ price }) => price.loads), ShopLive))
   * ```
   */
  modules<const Wired extends Open | NoModules>(
    modules: [Wired] extends [infer Given] ? ofItself<Self, Id, CheckedModules<Self, Given>> : Wired
  ): Layer.Layer<
    // Spelt out here, because a hover would show a named type by its name and not by its services.
    | Self
    | { [K in keyof Wired]: LayerIn<Wired[K]> extends Layer.Layer<infer Out, any, any> ? Out : never }[keyof Wired],
    | CacheError
    | { [K in keyof Wired]: LayerIn<Wired[K]> extends Layer.Layer<never, infer E, any> ? E : never }[keyof Wired],
    | Store
    | {
      [K in keyof Wired]: LayerIn<Wired[K]> extends Layer.Layer<never, any, infer R> ?
        Exclude<R, Self | Capability.OwnsCapability<any, any, any, Self> | Capability.Appoints<any, Self>>
        : never
    }[keyof Wired]
  >

  /**
   * Does all of several writes or none of them. Readers see all of them at once.
   *
   * **When to use**
   *
   * For writes that belong together, in one family or in several. For values of one family without conditions,
   * `setMany` is shorter.
   *
   * **Details**
   *
   * - What depends on the written keys is dropped in the same step.
   * - If the list writes one key several times, the last write counts.
   * - It requires the rights of all its writes. It fails with `InvalidBatch` when a write belongs to another manifest.
   *
   * **Example** (Two families in one step)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: {
   *     price: { pattern: "price:{item}", value: Manifest.type<number>() },
   *     stock: { pattern: "stock:{item}", value: Manifest.type<number>() }
   *   }
   * }) {}
   * const { price, stock } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price"), stock: Shop.owner("stock") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* Shop.batch([price.setting({ item: "pen" }, 2), stock.setting({ item: "pen" }, 10)])
   *   return [yield* price.get({ item: "pen" }), yield* stock.get({ item: "pen" })]
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [2, 10]
   * ```
   *
   * @see `transaction` for writes that follow the commit of a database
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
   * Runs a body in a transaction of a database. The changes that the body makes to the cache take effect after the
   * commit, and never after a rollback.
   *
   * **When to use**
   *
   * Where a program changes a database and the cache together: `AppCache.transaction(sql.withTransaction)(body)`.
   * `within` is the database's combinator.
   *
   * **Details**
   *
   * - In the body, the operations of this manifest that write (`set`, `setMany`, `delete`, `deleteMany`, all forms of
   *   `invalidate`, `batch` and `refresh`) are collected and return at once. `update` and `patch` fail with
   *   `TransactionRefused`.
   * - Reads in the body see what it wrote. Lookups that the body starts run on the connection of the transaction, and
   *   their values are not kept. All other readers get the old value until the commit, and keep no old value after it.
   * - The last step of the body checks everything that can refuse a write, such as `ifVersion` and leases. It also
   *   removes from all tiers the entries that the commit makes out of date. If this step fails, the body fails, and the
   *   database rolls back.
   * - After the commit all changes take effect in one step. If another transaction or another writer changed a key
   *   meanwhile, the key is removed and not set, because the order of the commits is not known. From then on the
   *   transaction does not fail: if a tier fails, that is logged.
   * - If `within` fails after the body has succeeded, the commit may have happened. So the keys are removed, and for
   *   ten seconds no loaded value of them is kept.
   * - From the last step of the body to the outcome, and in those ten seconds, a write by others that the cache could
   *   not keep is refused (E0533) if no later read would see its value: it has a condition, or the family has no
   *   lookup.
   * - A transaction in the body of another one is a savepoint. For two manifests write
   *   `One.transaction(Other.transaction(sql.withTransaction))`.
   *
   * **Gotchas**
   *
   * - Open the outermost transaction with it. Inside a transaction that the cache does not know, it fails (E0526), and
   *   so does every write (E0528).
   * - `within` may run the body again, as a retry does. If the body of an earlier run succeeded, and its commit failed,
   *   the keys of all runs are removed and not set, as if an answer was lost. A retry around the whole Effect of the
   *   transaction sets them.
   * - What `sql.afterCommit` runs for the body comes before the changes take effect in the cache. Do what needs them
   *   after the Effect of the transaction.
   *
   * **Example** (Changing a row and its entry in the cache)
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
   * // Stands for `sql.withTransaction`: if the body fails, the row gets its old value back.
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
    // This parameter is not generic itself, so the compiler keeps the type parameters of `sql.withTransaction`.
    within: Combinator<Wrong<A, E, R, A2, E2, R2>, A, E, R, A2, E2, R2>
  ): (body: Body<A, E, R>) => Effect.Effect<A2, E2 | CacheError, R2>
  /**
   * Invalidates every key that a pattern denotes, such as `"tenant:42:*"`, in all families that have such a key.
   *
   * **When to use**
   *
   * For a change that concerns several families. For one family, `invalidateWhere` needs no parsing.
   *
   * **Details**
   *
   * - It requires `Owns` of each of these families.
   * - A template may hold numbers and `Key.Segment`s. Another text could name the keys of another family (E0111).
   * - The codec of a parameter spells its text, as for `get`: with `Schema.Number`, `user:007` is `user:7`.
   * - It fails with `InvalidKey` for a text that is not a pattern, that shares no key with a family, or that the codec
   *   of a parameter refuses in each of these families.
   *
   * **Gotchas**
   *
   * In a family whose pattern ends in `*`, keys of other lengths may be invalidated, too.
   *
   * **Example** (All entries of one tenant)
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
   *   yield* price.set({ id: "1", item: "pen" }, 2)
   *   yield* Shop.invalidate("shop:1:*")
   *   return yield* price.has({ id: "1", item: "pen" })
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => false
   * ```
   */
  invalidate<const P extends string>(
    pattern: CheckedPattern<Self, P>,
    options?: InvalidateOptions
  ): Effect.Effect<void, CacheError, OwnsEach<TouchedBy<Self, P>, Self>>
  /**
   * The events of the cache, as a stream: from the moment the stream runs until the layer of the cache closes.
   *
   * **When to use**
   *
   * For logs, traces and tests. For numbers alone, `stats` costs reads nothing.
   *
   * **Gotchas**
   *
   * While a listener exists, each hit is slower, because it makes an event. No reader waits for a listener: one that is
   * more than 16,384 events behind loses the oldest, and gets one event `Lagged` with their `count` in their place.
   *
   * **Example** (The first hit)
   *
   * ```ts
   * import { Effect, Fiber, Layer, Stream } from "effect"
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
   *   const listener = yield* Shop.events.pipe(
   *     Stream.map(({ _tag }) => _tag),
   *     Stream.takeUntil((tag) => tag === "Hit"),
   *     Stream.runCollect,
   *     Effect.forkChild({ startImmediately: true })
   *   )
   *   yield* price.set({ item: "pen" }, 2)
   *   yield* price.get({ item: "pen" })
   *   return yield* Fiber.join(listener)
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => ["Set", "Hit"]
   * ```
   */
  readonly events: Stream.Stream<CacheEvent, never, Self>
  /**
   * The counts of each family (hits, misses, loads, evictions and more) since the engine was built.
   *
   * **When to use**
   *
   * To look at a cache that runs. `CacheMetrics.publish` gives the same counts to Effect's metrics.
   *
   * **Example** (Hits and misses)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * const ShopLive = Shop.modules({ price: Shop.owner("price", { lookup: () => Effect.succeed(2) }) }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.gen(function*() {
   *   yield* price.get({ item: "pen" })
   *   yield* price.get({ item: "pen" })
   *   const { hits, misses } = (yield* Shop.stats).price
   *   return { hits, misses }
   * })
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => { hits: 1, misses: 1 }
   * ```
   */
  readonly stats: Effect.Effect<{ readonly [K in keyof DefinitionOf<Self>["families"]]: FamilyStats }, never, Self>
  /**
   * A text that names how much this process has heard of the changes in the tier that processes share. These are at
   * least its own writes that have returned.
   *
   * **When to use**
   *
   * For a caller who writes through one service and reads through another. Return it with the answer of the write, as a
   * header or a cookie, and give it to {@link reach} before the read.
   *
   * **Details**
   *
   * It has up to 35 characters, letters, digits and dots, and no key or value. Without a tier that processes share it
   * is the empty text. Processes over one namespace of one server understand each other's. It fails with `StoreFailed`
   * if the server cannot be asked.
   *
   * **Example** (Two services)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const { price } = Shop.keys
   * // Memory alone is enough to compile it; in services it is `TieredStore.layer` with a `RedisStore` below.
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const write = Effect.andThen(price.set({ item: "pen" }, 2), Shop.watermark)
   * const read = (watermark: string) => Effect.andThen(Shop.reach(watermark), price.get({ item: "pen" }))
   * await Effect.runPromise(Effect.provide(Effect.flatMap(write, read), ShopLive)) // => 2
   * ```
   *
   * @see {@link reach}
   */
  readonly watermark: Effect.Effect<string, CacheError, Self>
  /**
   * Waits until this process has heard everything that a {@link watermark} names. A read after it serves no value that
   * was replaced before the watermark was given.
   *
   * **When to use**
   *
   * Before the reads of a request that brings a watermark. It costs no question if the process has heard so much
   * already, as after some milliseconds.
   *
   * **Gotchas**
   *
   * It fails with `StoreFailed` if the server does not answer, and with `WatermarkRefused` for a text that is not a
   * watermark of such a place. A watermark from before the server lost its state counts as reached, since everything
   * from before that is out of date.
   *
   * **Example** (An empty watermark)
   *
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { Manifest, MemoryStore } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   * const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
   *   Layer.provide(MemoryStore.layer({ capacity: 100 }))
   * )
   *
   * const program = Effect.flatMap(Shop.watermark, (watermark) => Effect.as(Shop.reach(watermark), watermark))
   * await Effect.runPromise(Effect.provide(program, ShopLive)) // => ""
   * ```
   *
   * @see {@link watermark}
   */
  readonly reach: (watermark: string) => Effect.Effect<void, CacheError, Self>

  /**
   * Declares what a function does to the cache. A body that reads or writes anything else does not compile.
   *
   * **When to use**
   *
   * For functions whose effect on the cache is a promise to their callers. The name is also that of the function's
   * span.
   *
   * **Details**
   *
   * `invalidates` lists what the writes of the body may drop. The list does nothing by itself: each write drops what
   * derives from the key that it writes.
   *
   * **Example** (A function that may write prices, and nothing else)
   *
   * ```ts
   * import { Manifest } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   *
   * export const raise = Shop.fn("raise", { owns: ["price:{item}"] })(function*(item: string) {
   *   return yield* Shop.keys.price.update({ item }, (was) => was + 1)
   * })
   * ```
   *
   * @see `method` for methods of a class
   */
  fn<const Stated extends Declared & Open>(
    name: string,
    declared: [Stated] extends [infer Given] ? CheckedDeclared<Self, Given> : Stated
  ): DeclaredFn<Self, Stated>
  /**
   * Declares what a method does to the cache, as a standard decorator. A body that reads or writes anything else does
   * not compile.
   *
   * **Gotchas**
   *
   * - A decorator cannot change the type of a method. So callers see the rights that the body uses, not those that the
   *   declaration names.
   * - It is a standard decorator, and does not compile under the option `experimentalDecorators` (E0220). At run time
   *   it throws a `CacheError` there, and on a member that is not a method, where the class is defined.
   *
   * **Example** (A method that may read prices, and nothing else)
   *
   * ```ts no-run
   * import { Effect } from "effect"
   * import { Manifest } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
   * }) {}
   *
   * export class Prices {
   *   @Shop.method({ borrows: ["price:{item}"] })
   *   read(item: string) {
   *     return Shop.keys.price.get({ item })
   *   }
   * }
   * ```
   *
   * @see `fn` for functions
   */
  method<const Stated extends Declared & Open>(
    declared: [Stated] extends [infer Given] ? CheckedDeclared<Self, Given> : Stated
  ): DeclaredMethod<Self, Stated>
  /**
   * Marks an Effect as a program of one deployment layer, such as `"client"`. A program that reads or writes what this
   * deployment layer may not does not compile.
   *
   * **When to use**
   *
   * At the entry points of a program whose manifest declares `layers`.
   *
   * **Example** (A program of the client)
   *
   * ```ts
   * import { Manifest } from "effect-stateless"
   *
   * class Shop extends Manifest.Service<Shop>()("Shop", {
   *   layers: { client: {} },
   *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>(), layer: "client" } }
   * }) {}
   *
   * export const show = Shop.keys.price.get({ item: "pen" }).pipe(Shop.inLayer("client"))
   * ```
   */
  inLayer<const Live extends string>(layer: CheckedLayerName<DefinitionOf<Self>, Live>): InLayer<Self, Live>
}

/**
 * The accessors of a manifest, one for each family, by its name.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Families<Self> = {
  readonly [
    // With `-?` the compiler reads a generic `keys[K]` as one of several families, and not as a family without pattern.
    K in keyof DefinitionOf<Self>["families"]
  ]-?: DefinitionOf<Self>["families"][K] extends infer F
    ? Family<Self, PatternOf<F>, ValueOf<F>, ErrorOf<F>, CodecsOf<F>, K>
    : never
}

type CheckedPattern<Self, P extends string> = string extends P ? Misfit.Otherwise<Opaque.keyPattern>
  : P extends "" ? DeclaredPattern<DefinitionOf<Self>> | Misfit.Otherwise<patternProblem<P>>
  : [patternProblem<P>] extends [never]
    ? [templateProblem<P>] extends [never]
      ? [Touching<DefinitionOf<Self>, openTemplate<P>>] extends [never] ? KeyFindings.keyUnknown<
          IdOf<Self>,
          P,
          helpWith<DefinitionOf<Self>, P, "declare a pattern for it, or check its spelling", true>
        >
      : P
    : templateProblem<P>
  : patternProblem<P>

// A union of keys needs one family for all of them: otherwise neither the type of the value nor the right is sound. A
// number or a segment in a template may also spell the text of an inner family.
type CheckedKey<Self, K extends string> = isUnion<Route<DefinitionOf<Self>, K>> extends true ? Opaque.keyChoice
  : [Extract<Route<DefinitionOf<Self>, K>, Enclosing<DefinitionOf<Self>>>] extends [never]
    ? CheckedOneKey<IdOf<Self>, DefinitionOf<Self>, K>
  : [keyProblem<K>, isUnion<TemplateFamily<DefinitionOf<Self>, K>>] extends [never, true] ? Opaque.keyChoice
  : CheckedOneKey<IdOf<Self>, DefinitionOf<Self>, K>
type TemplateFamily<D extends Definition, K extends string> = K extends unknown
  ? {} extends { readonly [_ in K]: 1 } ? spelt<D, K, Touching<D, openTemplate<K>>> : never
  : never
type spelt<D extends Definition, K extends string, F> = F extends unknown
  ? maySpell<K, PatternOf<FamilyOf<D, F>>> extends true ? F : never
  : never
type refusedIn<F, K extends string> = literalRefused<PatternOf<F>, K, CodecsOf<F>>
type CheckedOneKey<Id extends string, D extends Definition, K extends string> = K extends unknown
  ? [keyProblem<K>] extends [never] ? [Route<D, K>] extends [never] ? KeyFindings.keyUnknown<Id, K, helpWithKey<D, K>>
    : [Coded<D>] extends [never] ? K
    : [refusedIn<FamilyOf<D, Route<D, K>>, K>] extends [never] ? K
    : refusedIn<FamilyOf<D, Route<D, K>>, K>
  : isUntyped<K> extends true ? Misfit.Otherwise<keyProblem<K>>
  : keyProblem<K>
  : never

/**
 * The type of the class that {@link Service} makes from a definition.
 *
 * **Details**
 *
 * If a definition has a mistake, and also a function whose parameters have no types, the compiler infers nothing of it.
 * Then the class is {@link UncheckedClass}, so that the code which uses it is not refused for the same mistake.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type ServiceOf<Self, Id extends string, D> = typeof Undetermined extends keyof D
  // `never` and `any`, the types of manifests from data, have this key, too.
  ? string extends keyof D ? ManifestClass<Self, Id, D & Definition> : UncheckedClass
  : ManifestClass<Self, Id, Shaped<D>>

/**
 * The class of a definition of which the compiler knows nothing.
 *
 * **Details**
 *
 * The mistake is reported at the definition, so nothing is reported where the class is used: each member takes any
 * arguments, returns values of any type, and requires nothing. Functions that are given to a member get types for their
 * parameters, because the compiler refuses a function without parameter types where it is given to `any`.
 *
 * **Gotchas**
 *
 * `keys` is `any`. The names of the families are not known, and under the option `noUncheckedIndexedAccess` each family
 * of an index of all names could be missing.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export interface UncheckedClass extends Context.Key<never, UncheckedEngine>, UncheckedEngine {
  new(_: never): object
  readonly definition: Definition
  readonly graph: DependencyGraph
  readonly layer: UncheckedLayer
  readonly owner: TakesFunctions<UncheckedLayer>
  readonly delegate: TakesFunctions<UncheckedLayer>
  readonly borrower: Returns<UncheckedLayer>
  readonly modules: Returns<UncheckedLayer>
  readonly fn: TakesFunctions<(body: (...args: any) => unknown) => Returns<UncheckedEffect>>
  readonly method: Returns<Returns<any>>
  readonly inLayer: Returns<Returns<any>>
}
interface UncheckedEngine {
  readonly keys: any
  readonly get: Returns<UncheckedEffect>
  readonly getOption: Returns<UncheckedEffect>
  readonly set: Returns<UncheckedEffect>
  readonly delete: Returns<UncheckedEffect>
  readonly batch: Returns<UncheckedEffect>
  readonly transaction: (within: (self: any) => unknown) => Returns<UncheckedEffect>
  readonly invalidate: Returns<UncheckedEffect>
  readonly events: Stream.Stream<CacheEvent>
  readonly stats: UncheckedEffect
  readonly watermark: UncheckedEffect
  readonly reach: Returns<UncheckedEffect>
}
type Returns<A> = (...args: any) => A
type UncheckedEffect = Effect.Effect<any, any>
type UncheckedLayer = Layer.Layer<any, any>
type TakesFunctions<A> = (name: any, options?: HoldsFunctions) => A
interface HoldsFunctions {
  readonly [option: string]: HoldsFunctions | ((...args: any) => any) | Anything
}

/**
 * Declares a manifest: makes the class that a program extends.
 *
 * **When to use**
 *
 * Once for each cache of a program: `class AppCache extends Manifest.Service<AppCache>()("AppCache", { families }) {}`.
 *
 * **Details**
 *
 * - The name, here `"AppCache"`, is the name of the cache in stores, messages and metrics. Two classes of one name over
 *   one store are refused (E0413).
 * - The compiler reports each mistake on the property that makes it. A definition from data is checked when its layers
 *   are built: they fail with `InvalidManifest`.
 *
 * **Gotchas**
 *
 * The definition must be a literal. Computed families lose their types, and only their layers report mistakes.
 *
 * **Example** (A family, and another one that derives from it)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: {
 *     price: { pattern: "price:{item}", value: Manifest.type<number>(), timeToLive: "5 minutes" },
 *     label: { pattern: "label:{item}", value: Manifest.type<string>(), derives: ["price:{item}"] }
 *   }
 * }) {}
 * const { label, price } = Shop.keys
 * const ShopLive = Shop.modules({
 *   price: Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) }),
 *   label: Shop.owner("label", { lookup: ({ item }) => Effect.map(price.get({ item }), (n) => `${item}: ${n}`) })
 * }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * await Effect.runPromise(Effect.provide(label.get({ item: "pen" }), ShopLive)) // => "pen: 3"
 * ```
 *
 * @see {@link type} for values without a codec
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const Service: Declaring = (...forgotten: ReadonlyArray<unknown>): any =>
  forgotten.length > 0
    ? makeForgotten(forgotten[0])
    : (id: string, definition: unknown) =>
      // If the call compiles, the checks gave back the definition itself. The run time gives the class its members.
      make(id, definition)

/**
 * The type of {@link Service}.
 *
 * **Details**
 *
 * The second signature is for a program that forgets the first of the two calls. It cannot be called, and names what is
 * missing; its result is a class, so that the compiler reports nothing else.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export interface Declaring {
  <Self>(): <const Id extends string, const D extends AnyDefinition>(
    id: Id,
    definition: [D] extends [infer Given extends Definition] ? Checked<Given>
      : [D] extends [infer Given] ? Misshapen<Given>
      : D
  ) => ServiceOf<Self, Id, D>
  <_Self>(forgotten: Misfit.Otherwise<ManifestFindings.callForgotten>, definition?: unknown): UncheckedClass
}

type RootOf<Wired> = Wired extends Context.Key<infer Self, any> ? Self | Capability.Appoints<string, Self> : never

/**
 * Builds the engines of several manifests over one store, as one layer.
 *
 * **When to use**
 *
 * In a program with several manifests that is wired by hand, over one store.
 *
 * **Details**
 *
 * Two manifests that share a key or a name do not compile. For manifests from data, the layer fails with the same
 * message.
 *
 * **Example** (Two manifests, one store)
 *
 * ```ts
 * import { Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 *
 * class Users extends Manifest.Service<Users>()("Users", {
 *   families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
 * }) {}
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 *
 * export const AppLive = Layer.mergeAll(Users.owner("user"), Shop.owner("price")).pipe(
 *   Layer.provide(Manifest.compose(Users, Shop)),
 *   Layer.provide(MemoryStore.layer({ capacity: 1_000 }))
 * )
 * ```
 *
 * @stability stable
 * @category combinators
 * @since 0.1.0
 */
export const compose = <const Ms extends readonly [AnyManifest, AnyManifest, ...Array<AnyManifest>]>(
  ...manifests: [Ms] extends [infer Given extends ReadonlyArray<unknown>] ? CheckedComposition<Given> : Ms
): Layer.Layer<RootOf<Ms[number]>, CacheError, Store> =>
  // If the call compiles, the checks gave back the manifests themselves.
  composeLayers(manifests as unknown as ReadonlyArray<AnyManifest>)

/**
 * The type of a value, an error or a parameter that has no codec. {@link type} makes it.
 *
 * **Details**
 *
 * Without a codec values cannot become bytes, so they stay in tiers that keep live objects, such as memory.
 *
 * @stability stable
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
 * **When to use**
 *
 * For values that stay in memory. For values that a tier writes to a file or sends, give a Schema.
 *
 * **Gotchas**
 *
 * - Nothing checks at run time that a value has this type.
 * - Without a codec a parameter is a text, so its type must be one of texts, such as
 *   `Manifest.type<"day" | "night">()`. For a number give `Schema.NumberFromString`.
 *
 * **Example** (A value in memory, and a parameter with two spellings)
 *
 * ```ts
 * import { Manifest } from "effect-stateless"
 *
 * export class Weather extends Manifest.Service<Weather>()("Weather", {
 *   families: {
 *     forecast: {
 *       pattern: "forecast:{half}",
 *       value: Manifest.type<{ readonly degrees: number }>(),
 *       params: { half: Manifest.type<"day" | "night">() }
 *     }
 *   }
 * }) {}
 * ```
 *
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const type = <A>(): TypeOnly<A> => typeOnly

/**
 * Merges the layers of owners, and refuses two owners of one key.
 *
 * **When to use**
 *
 * In a program that is wired by hand, in place of `Layer.mergeAll`: there two owners of one key fail only when the
 * layers are built, with `OwnershipConflict`. Here they do not compile.
 *
 * **Example** (Two owners)
 *
 * ```ts
 * import { Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: {
 *     price: { pattern: "price:{item}", value: Manifest.type<number>() },
 *     stock: { pattern: "stock:{item}", value: Manifest.type<number>() }
 *   }
 * }) {}
 *
 * export const ShopLive = Manifest.mergeOwners(Shop.owner("price"), Shop.owner("stock")).pipe(
 *   Layer.provideMerge(Shop.layer),
 *   Layer.provide(MemoryStore.layer({ capacity: 1_000 }))
 * )
 * ```
 *
 * @stability stable
 * @category combinators
 * @since 0.1.0
 */
export const mergeOwners = <
  const Ls extends readonly [OwnerLayer, ...Array<OwnerLayer>]
>(
  ...layers: [Ls] extends [infer Given extends ReadonlyArray<unknown>] ? CheckedOwners<Given> : Ls
): Layer.Layer<
  { [Index in keyof Ls]: Ls[Index] extends Layer.Layer<infer Out, any, any> ? Out : never }[number],
  { [Index in keyof Ls]: Ls[Index] extends Layer.Layer<never, infer E, any> ? E : never }[number],
  { [Index in keyof Ls]: Ls[Index] extends Layer.Layer<never, any, infer R> ? R : never }[number]
> =>
  // If the call compiles, the checks gave back the layers themselves.
  mergeLayers(layers) as never

/**
 * Returns the program that it is given, if this program requires no right to a cache, no engine and no store. Otherwise
 * the call does not compile, and the message names what is missing and who provides it.
 *
 * **When to use**
 *
 * Before the runner of a program, whose own message is `not assignable to type 'never'`.
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
 * @stability stable
 * @category combinators
 * @since 0.1.0
 */
export const provided: <A, E, R>(effect: Provided<A, E, R>) => Effect.Effect<A, E, Needed<R>> = <A>(effect: A) =>
  effect as never
