/**
 * What an owner may say, as types: the family that it owns, and a lookup that reads nothing but what the family
 * derives from.
 *
 * The lookup is where an entry comes from, so whatever it reads of the same cache must be a declared source: else a
 * change there would not reach the entry. Its requirements show what it reads, and anything else is refused, on the
 * lookup.
 *
 * Not here: which *keys* of a source it reads. Types cannot tell `user:1` from `user:2`; the engine compares the
 * reads that it observes (E0232).
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { CacheError } from "../cache/CacheError.ts"
import type * as Lookup from "../cache/Lookup.ts"
import type {
  Admits,
  AnyBorrow,
  AnyCapability,
  Appoints,
  BorrowsCapability,
  BorrowsEach,
  exceeding,
  OwnsCapability
} from "../capability/Capability.ts"
import type * as LookupFindings from "../diagnostic/LookupFindings.ts"
import type * as ManifestFindings from "../diagnostic/ManifestFindings.ts"
import type * as Misfit from "../diagnostic/Misfit.ts"
import type * as Opaque from "../diagnostic/Opaque.ts"
import type * as OwnerFindings from "../diagnostic/OwnerFindings.ts"
import type * as Several from "../diagnostic/Several.ts"
import type { Definition, Undetermined } from "../ownership/Definition.ts"
import type { isDeclared, Readable, Route } from "../ownership/DefinitionFacts.ts"
import type { helpWithName } from "../ownership/DefinitionHelp.ts"
import type {
  CodecsOf,
  DefinitionOf,
  ErrorOf,
  FamilyName,
  FamilyOf,
  ListOf,
  PatternOf,
  ValueOf
} from "../ownership/DefinitionParts.ts"
import type { isAny } from "../ownership/TypeQuestions.ts"
import type { findWitness, normalizePattern, overlaps, ParsedParams } from "../pattern/KeyPattern.ts"
import type { KeyParams, Many } from "./Family.ts"

/**
 * What an owner of family `K` may be given. Without a lookup its entries come from writes alone.
 *
 * **Gotchas**
 *
 * An annotation with it forgets what the lookup requires, so `owner` refuses it (E0220). Write
 * `satisfies OwnerOptions<AppCache, "user">` after the object.
 *
 * @category models
 * @since 0.1.0
 */
export interface OwnerOptions<Self, K extends string> {
  /**
   * Loads the value of one key: from its parameters and what is known of the entry before, an Effect of the value, or
   * of `Lookup.loaded(value, options)`. Without it and without `lookupMany`, a read of an absent key fails with
   * `Absent`.
   */
  readonly lookup?: LookupOf<FamilyOf<DefinitionOf<Self>, K>> | Anything
  /** Loads many keys at once, for `getMany`; alone, it loads single keys, too. */
  readonly lookupMany?: LookupManyOf<FamilyOf<DefinitionOf<Self>, K>> | Anything
  /** Keys that are loaded before anybody asks. */
  readonly warm?: WarmOf<Self, K>
  /** Loads keys again before they are likely to be read, by when they were read before. */
  readonly predict?: PredictOptions
  /** Lookups of the parts, by family. */
  readonly parts?: { readonly [Part in PartName<DefinitionOf<Self>, K>]?: DelegateOptions<Self, Part> } & Open
}

/**
 * Lets options through that do not exist, for the check to name them.
 *
 * **Details**
 *
 * An index signature of `any` takes interfaces and classes, too: those have no index signature of their own. Lists and
 * functions are kept out by a member that both have and no editor offers.
 *
 * @category type level
 * @since 0.1.0
 */
export interface Open {
  // The constraint itself has it, and no type that is given: so the checks tell them apart.
  readonly [Undetermined]?: never
  readonly [Symbol.iterator]?: never
  readonly [Symbol.hasInstance]?: never
  readonly [option: string]: any
}

/**
 * A function in the place of options; for the check to say where it belongs.
 *
 * @category type level
 * @since 0.1.0
 */
export type AnyFunction = (...args: any) => unknown

/**
 * What the delegate of a part may be given.
 *
 * @category models
 * @since 0.1.0
 */
export interface DelegateOptions<Self, K extends string> {
  /** Loads the value of one key of the part, as an owner's `lookup` does. */
  readonly lookup?: LookupOf<FamilyOf<DefinitionOf<Self>, K>> | Anything
  /** Loads many keys at once, for `getMany`; alone, it loads single keys, too. */
  readonly lookupMany?: LookupManyOf<FamilyOf<DefinitionOf<Self>, K>> | Anything
  /** Keys that are loaded before anybody asks. */
  readonly warm?: WarmOf<Self, K>
  /** Loads keys again before they are likely to be read, by when they were read before. */
  readonly predict?: PredictOptions
}

/**
 * Keys that are loaded before anybody asks: when the owner's layer is built, and again on a schedule. A round loads
 * what is not held, and what would end before the next round.
 *
 * **Details**
 *
 * - The layer does not wait for the first round, unless `await` says so. The first round waits for the owners of what
 *   the lookup reads, ten seconds at most.
 * - What a lookup reads of other families is loaded anew before, where that would end before the next round.
 * - A key that fails is left to its readers and to the next round; `keys` that fails, or that names what is no key, is
 *   logged as a warning. Neither fails the layer.
 * - Readers come first: of the turns that `loadConcurrency` allows, these loads leave one, and they take no place in
 *   the queue. At most 16 run at a time, or 16 calls of `lookupMany` with at most 100 keys each.
 * - One fiber does it, until the owner's scope closes.
 *
 * **Example** (Loading what the front page needs, at start and every ten minutes)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>(), timeToLive: "15 minutes" } }
 * }) {}
 *
 * const ShopLive = Shop.modules({
 *   price: Shop.owner("price", {
 *     lookup: ({ item }) => Effect.succeed(item.length),
 *     warm: { keys: [{ item: "pen" }, { item: "ink" }], schedule: "10 minutes", await: true }
 *   })
 * }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * await Effect.runPromise(Effect.provide(Shop.keys.price.has({ item: "pen" }), ShopLive)) // => true
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface WarmOptions<out P> {
  /** The parameters of the keys, or an Effect that finds them at each round. */
  readonly keys: Many<P> | Effect.Effect<Many<P>, any, any>
  /** When there is another round, counted from the beginning of the last one: a time in between, or a `Schedule`. */
  readonly schedule?: Duration.Input | Schedule.Schedule<unknown, unknown, any, any> | undefined
  /** The layer is built when the first round is over. */
  readonly await?: boolean | undefined
}

/**
 * Loads what is likely to be read again, shortly before it ends, and soon after it was invalidated: so that the
 * reader of a hot key meets no miss although nobody refreshes it.
 *
 * **Details**
 *
 * - Forecast: reads of a key go on as in the last lifetime or two. A key is loaded anew when at least one more read is
 *   to be expected in its next life, and not when nobody read it in the one that ends.
 * - There is a round in each tenth of `timeToLive`, between a tenth of a second and ten seconds, unless `interval` says
 *   otherwise. A key that ends before the next round is loaded in this one; those read most come first, at most
 *   `keysMax`.
 * - Reads are counted in memory, for at most 8,192 keys of the family. When there are many, only some are looked at. A
 *   family that does not predict pays nothing for it, and one that is not in memory cannot.
 * - What a lookup reads is loaded anew before, readers come first, and a failure concerns nobody, as with
 *   {@link WarmOptions}.
 *
 * **Example** (A hot key is never a miss)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 * import { TestClock } from "effect/testing"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>(), timeToLive: "1 minute" } }
 * }) {}
 * const { price } = Shop.keys
 *
 * const ShopLive = Shop.modules({
 *   price: Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length), predict: { keysMax: 100 } })
 * }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   yield* price.get({ item: "ink" })
 *   for (let second = 0; second < 200; second += 10) {
 *     yield* price.get({ item: "pen" })
 *     yield* TestClock.adjust("10 seconds")
 *   }
 *   yield* price.has({ item: "ink" }) // => false
 *   const { misses } = (yield* Shop.stats).price
 *   return misses
 * }).pipe(Effect.provide(ShopLive), Effect.provide(TestClock.layer()))
 * await Effect.runPromise(program) // => 2
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface PredictOptions {
  /** The most keys that a round loads. */
  readonly keysMax: number
  /** The time between two rounds. */
  readonly interval?: Duration.Input | undefined
}

// By the name of the family, which errors print; the family itself would be printed whole.
type WarmOf<Self, K extends string> = WarmOptions<
  KeyParams<PatternOf<FamilyOf<DefinitionOf<Self>, K>>, CodecsOf<FamilyOf<DefinitionOf<Self>, K>>>
>

// All that a lookup answers is let through here: what is wrong about it is said by a message, not by a mismatch. The
// value's type is named all the same, so that literals in an answer keep their types.
type LookupOf<F> = (
  params: [F] extends [never] ? any : ParsedParams<PatternOf<F>, CodecsOf<F>>,
  context: Lookup.LookupContext<ValueOf<F>>
) => Effect.Effect<AnswerOf<ValueOf<F>>, any, any> | Anything
type LookupManyOf<F> = (
  params: ReadonlyArray<ParsedParams<PatternOf<F>, CodecsOf<F>>>,
  contexts: ReadonlyArray<Lookup.LookupContext<ValueOf<F>>>
) => Effect.Effect<ReadonlyArray<AnswerOf<ValueOf<F>>>, any, any> | Anything
type AnswerOf<V> = V | Lookup.Answer<V>
type Anything = {} | null | undefined

/**
 * The families that the owner of `K` owns as parts, at any depth.
 *
 * @category type level
 * @since 0.1.0
 */
export type PartName<D extends Definition, K extends string> = D extends unknown ? partsOf<D, K> : never
type partsOf<D extends Definition, K> = {
  [N in FamilyName<D>]: D["families"][N] extends { readonly partOf: infer Whole } ?
    Whole extends K ? N | partsOf<D, N> : never
    : never
}[FamilyName<D>]

/**
 * An owner's options with every lookup that does too much replaced by a message. Where none are given, `O` is its
 * constraint, and a hover shows the options. The function beside them gives types to the parameters of one that is
 * given by mistake, so that its message is the only one.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedOwner<Self, K extends string, O> = [AnyFunction] extends [O]
  ? CheckedOptions<Exclude<O, AnyFunction>> | AnyFunction
  : O extends AnyFunction ? Misfit.options<K>
  // Spelt out: an error would print the name of the type in the place of the message.
  : { readonly [N in keyof O]: CheckedOption<Self, K, N, O[N]> }
// While the compiler looks for the types of a lookup's parameters it asks with the constraint, which answers anything.
type CheckedOptions<O> = {
  readonly [N in keyof O]: N extends "warm" | "predict" ? CheckedWarming<N, O[N]> : O[N]
}
type CheckedOption<Self, K extends string, N, X> = N extends "lookup" | "lookupMany"
  ? CheckedLookup<Self, DefinitionOf<Self>, K, N, X>
  : N extends "parts" ? CheckedParts<Self, DefinitionOf<Self>, K, X>
  : N extends "warm" | "predict" ? CheckedWarming<N, X>
  : unknownOption<N, `the owner of family '${K}'`, keyof OwnerOptions<any, any>>
// A name that is no text is computed.
type unknownOption<N, Place extends string, Known extends string> = N extends string
  ? string extends N ? Opaque.names<"options"> : ManifestFindings.optionUnknown<N, Place, Known>
  : Opaque.names<"options">

type CheckedParts<Self, D extends Definition, K extends string, Ps> = {
  readonly [Part in keyof Ps]: Part extends PartName<D, K> ? CheckedPart<Self, D, Part, Ps[Part]>
    : string extends Part ? Opaque.names<"parts">
    : OwnerFindings.partUnknown<K, Part & string, PartName<D, K>>
}
type CheckedPart<Self, D extends Definition, Part extends string, O> = {
  readonly [N in keyof O]: N extends "lookup" | "lookupMany" ? CheckedLookup<Self, D, Part, N, O[N]>
    : N extends "warm" | "predict" ? CheckedWarming<N, O[N]>
    : unknownOption<N, `the part '${Part}'`, keyof DelegateOptions<any, any>>
}
// What has another shape is refused by the options that are expected: the compiler prints their name and its arguments.
type CheckedWarming<Option extends "warm" | "predict", W, _Message = Misfit.warming<Option>> = {
  readonly [N in keyof W]: N extends WarmingOption<Option> ? W[N]
    : unknownOption<N, `'${Option}'`, WarmingOption<Option>>
}

type WarmingOption<Option extends "warm" | "predict"> = Option extends "warm" ? keyof WarmOptions<any>
  : keyof PredictOptions

type CheckedLookup<Self, D extends Definition, K extends string, N, L> = [Anything] extends [L] ? Opaque.anyLookup<K>
  : L extends undefined ? L
  : L extends Answering<infer A, infer B, infer C, infer D4> ? isAny<A | B | C | D4> extends true ? L
    : [A | B | C | D4] extends [Effect.Effect<infer V, infer E, infer R>] ?
      L extends ParamsFit<Self, K, N> ? CheckedAnswer<Opaque.lookup, Self, K, N, L, V, E, R>
      : Misfit.lookupParameters<K, PatternOf<FamilyOf<D, K>>>
    : lookupUnfit<Self, K, N>
  : lookupUnfit<Self, K, N>
// A function with up to four signatures; one that has fewer answers with its first in place of the rest.
interface Answering<A, B, C, X> {
  (...args: any): A
  (...args: any): B
  (...args: any): C
  (...args: any): X
}
type ParamsFit<Self, K extends string, N> = N extends "lookup"
  ? (...args: Parameters<LookupOf<FamilyOf<DefinitionOf<Self>, K>>>) => unknown
  : (...args: Parameters<LookupManyOf<FamilyOf<DefinitionOf<Self>, K>>>) => unknown

// What comes from an accessor that does not exist is unknown, and was refused there. A type parameter leaves the check
// open, and the compiler then prints its name and its arguments: so the message is the first of them.
type CheckedAnswer<_Message extends string, Self, K extends string, N, L, A, E, R> = unknown extends R ? L
  // Of another manifest nothing may be read, either: its changes do not reach this one's entries.
  : exceeding<R, BorrowsEach<SourceOf<DefinitionOf<Self>, K>, Self>, any> extends infer X
    ? [X] extends [never] ? CheckedValue<Self, DefinitionOf<Self>, K, N, L, A, E>
    : [undeclared<DefinitionOf<Self>, K, Self, X>] extends [never] ?
      CheckedValue<Self, DefinitionOf<Self>, K, N, L, A, E>
    : Several.one<findLookupProblem<K, Self, undeclared<DefinitionOf<Self>, K, Self, X>>>
  : never
type CheckedValue<Self, D extends Definition, K extends string, N, L, A, E> =
  isAnswer<A, N, AnswerOf<ValueOf<FamilyOf<D, K>>>> extends false ? lookupUnfit<Self, K, N>
    : CheckedError<D, K, L, E | failedIn<N, A>>
type CheckedError<D extends Definition, K extends string, L, E> = isAny<E> extends true ? L
  : [Exclude<E, ErrorOf<FamilyOf<D, K>> | CacheError>] extends [never] ? L
  : LookupFindings.lookupFails<K>
// What a lookup answers for a key that failed, `Lookup.failed(error)`, fails the reads of that key.
type failedIn<N, A> = N extends "lookup" ? failedOf<A> : A extends ReadonlyArray<infer X> ? failedOf<X> : never
type failedOf<X> = isAny<X> extends true ? never : X extends Lookup.Failed<infer E> ? E : never
/**
 * What reads more than a family derives from, at any distance: a chain of sources carries a change, too.
 *
 * @category type level
 * @since 0.1.0
 */
export type undeclared<D extends Definition, K extends string, Self, R> = [R] extends [never] ? never
  : Exclude<R, BorrowsEach<PatternOf<FamilyOf<D, Readable<D, K>>>, Self>>

type isAnswer<A, N, Answer> = N extends "lookup" ? [A] extends [Answer] ? true : false
  : [A] extends [ReadonlyArray<Answer>] ? true
  : false
// With the type that is wanted beside the message, so that an answer completes while it is typed.
type lookupUnfit<Self, K extends string, N> = N extends "lookup" ?
  LookupFor<Self, K> | Misfit.Otherwise<Misfit.lookup<K>>
  : LookupManyFor<Self, K> | Misfit.Otherwise<Misfit.lookupMany<K>>
type LookupFor<Self, K extends string> = (
  ...args: Parameters<LookupOf<FamilyOf<DefinitionOf<Self>, K>>>
) => Effect.Effect<AnswerOf<ValueOf<FamilyOf<DefinitionOf<Self>, K>>>, any, any>
type LookupManyFor<Self, K extends string> = (
  ...args: Parameters<LookupManyOf<FamilyOf<DefinitionOf<Self>, K>>>
) => Effect.Effect<ReadonlyArray<AnswerOf<ValueOf<FamilyOf<DefinitionOf<Self>, K>>>>, any, any>

type findLookupProblem<K extends string, Self, R> = R extends BorrowsCapability<infer P, any, any, Self>
  ? nameRead<DefinitionOf<Self>, K, P>
  : R extends BorrowsCapability<infer P, any, any, any> ? LookupFindings.lookupReadsAbroad<K, P>
  : R extends OwnsCapability<infer P, any, any, any> ? LookupFindings.lookupWrites<K, P>
  : R extends Admits<infer P, any> ? LookupFindings.lookupReads<K, P>
  : R extends Appoints<infer P, any> ? LookupFindings.lookupWrites<K, P>
  : never
// To add to \`derives\` what derives from the family would be refused as a cycle.
type nameRead<D extends Definition, K extends string, P extends string> = Route<D, P> extends infer F
  ? F extends K ? LookupFindings.lookupReadsOwn<K, P>
  : K extends Readable<D, F> ? LookupFindings.lookupReadsBack<K, P>
  : LookupFindings.lookupReads<K, P>
  : never

/**
 * The patterns that the lookup of family `K` may read: those that it derives from, as far as they are declared.
 *
 * @category type level
 * @since 0.1.0
 */
export type SourceOf<D extends Definition, K> = onlyDeclared<D, ListOf<FamilyOf<D, K>, "derives">>
type onlyDeclared<D extends Definition, P> = P extends string ? isDeclared<D, P> extends true ? P : never : never

/**
 * What an owner requires: for its lookups, and for finding the keys that it warms.
 *
 * @category type level
 * @since 0.1.0
 */
export type RequiredBy<O> = O extends unknown ? { [N in keyof O]-?: requiredByOption<N, O[N]> }[keyof O] : never

/**
 * What one option of an owner requires. A union that has a name would be shown by it.
 *
 * @category type level
 * @since 0.1.0
 */
export type requiredByOption<N, X> = N extends "lookup" | "lookupMany" ? requiredByLookup<X>
  : N extends "warm" ? requiredByWarming<X>
  : N extends "parts" ? requiredByParts<X>
  : never
// Of each member of a choice: what may be undefined has no names in common with that.
type requiredByParts<X> = X extends unknown ? { [P in keyof X]-?: RequiredBy<X[P]> }[keyof X] : never
type requiredByWarming<X> = X extends unknown ? { [O in keyof X]-?: requiredByWarm<X[O]> }[keyof X] : never
type requiredByWarm<X> = X extends Effect.Effect<any, any, infer R> ? R
  : X extends Schedule.Schedule<any, any, any, infer R> ? R
  : never
type requiredByLookup<L> = L extends Answering<infer A, infer B, infer C, infer X> ? requiredByAnswer<A | B | C | X>
  : never
// A lookup that only throws answers nothing, and requires nothing. Each load has a Scope of its own.
type requiredByAnswer<X> = [X] extends [never] ? never
  : [X] extends [Effect.Effect<any, any, infer R>] ? Exclude<R, Scope.Scope>
  : never

// --- names -----------------------------------------------------------------------------------------------------------

/**
 * A family's name, or the message that says why it cannot be used there.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedName<
  Self,
  Id extends string,
  K extends string,
  How extends "own" | "borrow" | "delegate"
> = [Self] extends [{ readonly key: Id }] ? CheckedNameOf<Self, Id, K, How> : ManifestFindings.selfWrong<Id>
type CheckedNameOf<
  Self,
  Id extends string,
  K extends string,
  How extends "own" | "borrow" | "delegate"
> = isUnion<K> extends true ? OwnerFindings.familyChoice
  : [K] extends [FamilyName<DefinitionOf<Self>>] ? CheckedUse<DefinitionOf<Self>, K, How>
  : string extends K ? Misfit.Otherwise<Opaque.family>
  // What an editor asks while a name is being typed; it offers no message that stands beside the names.
  : K extends "" ? FamilyName<DefinitionOf<Self>> | Misfit.Otherwise<Opaque.family>
  : OwnerFindings.familyUnknown<Id, K, helpWithName<DefinitionOf<Self>, K>>

type CheckedUse<D extends Definition, K extends FamilyName<D>, How extends "own" | "borrow" | "delegate"> = How extends
  "borrow" ? K
  : D["families"][K] extends { readonly partOf: infer Whole extends string }
    ? How extends "delegate" ? K : OwnerFindings.familyIsPart<K, Whole>
  : How extends "own" ? K
  : OwnerFindings.familyIsWhole<K>

/**
 * Whether a type is a union of more than one member.
 *
 * @category type level
 * @since 0.1.0
 */
export type isUnion<T, U = T> = [T] extends [never] ? false : T extends unknown ? [U] extends [T] ? false : true : never

// --- owners merged by hand -------------------------------------------------------------------------------------------

/**
 * Layers of owners, each that owns a key of another one replaced by a message.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedOwners<Ls extends ReadonlyArray<unknown>> = {
  readonly [I in keyof Ls]: CheckedMerge<Ls[I], findClash<OwnedIn<Ls[I]>, OwnedIn<othersOf<Ls, I>>>>
}
type CheckedMerge<L, Problem> = [Problem] extends [never] ? L : Problem
type othersOf<Ls extends ReadonlyArray<unknown>, I> = { [J in keyof Ls]: J extends I ? never : Ls[J] }[number]
type OwnedIn<L> = L extends Layer.Layer<infer Out, any, any> ? Exclude<Extract<Out, AnyCapability>, AnyBorrow> : never

type findClash<A, B> = A extends OwnsCapability<infer PA, any, infer KA, infer S>
  ? B extends OwnsCapability<infer PB, any, infer KB, S>
    ? [realmOf<KA>, realmOf<KB>] extends [realmOf<KB>, realmOf<KA>]
      ? overlaps<PA, PB> extends true
        ? OwnerFindings.ownersMerged<PA, PB, findWitness<normalizePattern<PA>, normalizePattern<PB>>>
      : never
    : never
  : never
  : never
type realmOf<Keys> = Keys extends readonly [{ readonly carved: infer C }, ...infer _] ? C : "open"
