/**
 * Checks what an owner is given: the name of its family, its options, and what its lookup reads, returns and requires.
 *
 * The checks of a lookup stand in its type, so the message stands at the lookup.
 */
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { CacheError } from "../../cache/CacheError.ts"
import type { OwnsCapability } from "../../capability/Capability.ts"
import type { AnyBorrow, AnyCapability, BorrowsEach, exceeding } from "../../capability/types/rights.ts"
import type * as LookupFindings from "../../diagnostic/types/lookupFindings.ts"
import type * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as OwnerFindings from "../../diagnostic/types/ownerFindings.ts"
import type * as Several from "../../diagnostic/types/several.ts"
import type { Definition, Undetermined } from "../../ownership/Definition.ts"
import type { Part } from "../../ownership/types/definitionFacts.ts"
import type { helpWithName } from "../../ownership/types/definitionHelp.ts"
import type {
  CodecsOf,
  DefinitionOf,
  ErrorOf,
  FamilyName,
  FamilyOf,
  IdOf,
  PatternOf,
  ValueOf
} from "../../ownership/types/definitionParts.ts"
import type { isAny, isUnion } from "../../ownership/types/typeQuestions.ts"
import type { findWitness, normalizePattern, overlaps } from "../../pattern/KeyPattern.ts"
import type { KeyParams } from "../Family.ts"
import type { DelegateOptions, OwnerOptions, PredictOptions, WarmOptions } from "../Owner.ts"
import type { findLookupProblem, SourceOf, undeclared } from "./lookupRights.ts"
import type { AnswerOf, AnyFunction, Anything, failedOf, LookupManyOf, LookupOf, PartName } from "./lookups.ts"
import type { OwnerDocs } from "./ownerDocs.ts"

/**
 * Checks the options of an owner: returns them, with a message in place of each lookup that does too much.
 *
 * **Details**
 *
 * A message takes the place of an object that lacks an option which another object of the choice has: the object that
 * has the option is assignable to the one without it, so nothing would check the option. In a choice that is written in
 * place, the compiler gives each object the options of the others, as `undefined`.
 */
export type CheckedOwner<Self, K extends string, Chosen, All = Chosen> = [AnyFunction] extends [Chosen]
  ? OpenOptions<Self, K, Exclude<Chosen, AnyFunction | undefined>>
  : Chosen extends AnyFunction | undefined ? Chosen extends undefined ? Chosen : Misfit.options<K>
  : [NamesOf<All>] extends [keyof Chosen]
  // Spelt out here, because an error would print the name of a named type, and not the message.
    ? { readonly [Name in keyof Chosen]: CheckedOption<Self, K, Name, Chosen[Name]> } & OwnerDocs
  : Opaque.ownerOption<K, Exclude<NamesOf<All>, keyof Chosen> & string>
type NamesOf<All> = All extends unknown ? keyof All : never
// A function is assignable to `{}`, so this gets the constraint and objects that may have no option. The compiler asks
// with the constraint while it infers the types of a lookup's parameters, so it admits any lookup. The function in it
// gives types to the parameters of a function that is given by mistake, so that only our message is reported.
type OpenOptions<Self, K extends string, Chosen> = string extends keyof Chosen ? Chosen | AnyFunction | undefined
  : [isUnion<Chosen>] extends [false] ? OwnerOptions<Self, K>
  : Opaque.ownerOption<K, NamesOf<Chosen> & string>
type CheckedOption<Self, K extends string, Name, Given> = Name extends "lookup" | "lookupMany"
  ? CheckedLookup<Self, DefinitionOf<Self>, K, Name, Given>
  : Name extends "parts" ? CheckedParts<Self, DefinitionOf<Self>, K, Given>
  : Name extends "warm" | "predict" ? CheckedWarming<Name, Given, WarmingOf<Self, K, Name>>
  : unknownOption<Name, `the owner of family '${K}'`, keyof OwnerOptions<any, any>>
// A name that is not a literal text is computed.
type unknownOption<Name, Place extends string, Known extends string> = Name extends string
  ? string extends Name ? Opaque.names<"options"> : ManifestFindings.optionUnknown<Name, Place, Known>
  : Opaque.names<"options">

type CheckedParts<Self, D extends Definition, K extends string, Ps> = {
  readonly [Part in keyof Ps]: Part extends PartName<D, K> ? CheckedPart<Self, D, Part, Ps[Part]>
    : string extends Part ? Opaque.names<"parts">
    : OwnerFindings.partUnknown<K, Part & string, PartName<D, K>>
}
type CheckedPart<Self, D extends Definition, Part extends string, Chosen> = {
  readonly [Name in keyof Chosen]: Name extends "lookup" | "lookupMany" ?
    CheckedLookup<Self, D, Part, Name, Chosen[Name]>
    : Name extends "warm" | "predict" ? CheckedWarming<Name, Chosen[Name], WarmingOf<Self, Part, Name>>
    : unknownOption<Name, `the part '${Part}'`, keyof DelegateOptions<any, any>>
}
// Options of another shape are refused at the part that is wrong, or as a whole.
type CheckedWarming<Option extends "warm" | "predict", Written, Expected> = Written extends undefined ? Written
  // Options that are annotated have the type of the option itself, and forget what they require.
  : isAny<requiredByWarming<Written>> extends true ? Opaque.anyRequired<`the option '${Option}'`>
  : Written extends WarmingBag ? Written extends Complete[Option] ? CheckedWarmingParts<Option, Written, Expected>
    : [Exclude<keyof Written, WarmingOption<Option>>] extends [never] ? Misfit.warming<Option>
    : CheckedWarmingParts<Option, Written, Expected>
  : Misfit.warming<Option>
type CheckedWarmingParts<Option extends "warm" | "predict", Written, Expected> = {
  readonly [Name in keyof Written]: Name extends WarmingOption<Option>
    ? Name extends keyof Expected ? Written[Name] extends Expected[Name] ? Written[Name]
      : Expected[Name] | Misfit.Otherwise<Misfit.warmingPart<Option, Name>>
    : Written[Name]
    : unknownOption<Name, `'${Option}'`, WarmingOption<Option>>
}
// The part that each of the two options must have.
interface Complete {
  readonly warm: { readonly keys: unknown }
  readonly predict: { readonly keysMax: unknown }
}
// An object with named properties: not a list, not a function and not an Effect.
type WarmingBag = object & { readonly [Symbol.iterator]?: never; readonly [Symbol.hasInstance]?: never }
type WarmingOf<Self, K extends string, Option extends "warm" | "predict"> = Option extends "warm" ?
  WarmOptions<KeyParams<PatternOf<FamilyOf<DefinitionOf<Self>, K>>, CodecsOf<FamilyOf<DefinitionOf<Self>, K>>>>
  : PredictOptions

type WarmingOption<Option extends "warm" | "predict"> = Option extends "warm" ? keyof WarmOptions<any>
  : keyof PredictOptions

type CheckedLookup<Self, D extends Definition, K extends string, Name, Loading> = [Anything] extends [Loading] ?
  Opaque.anyLookup<K>
  : Loading extends undefined ? Loading
  : Loading extends Answering<infer A, infer A, infer A, infer A> ?
    0 extends 1 & A ? Opaque.anyAnswer<`the lookup of family '${K}'`>
    : [A] extends [Effect.Effect<infer V, infer E, infer R>] ?
      Loading extends ParamsFit<Self, K, Name> ? CheckedAnswer<Opaque.lookup, Self, K, Name, Loading, V, E, R>
      : Misfit.lookupParameters<K, PatternOf<FamilyOf<D, K>>>
    : A extends PromiseLike<any> | AsyncGenerator<any, any, any> ? Misfit.lookupPromise<K, Name & LookupOption>
    : A extends Generator<any, any, any> ? Misfit.lookupGenerator<K, Name & LookupOption>
    : unknown extends A ? lookupUnfit<Self, K, Name>
    : [Extract<A, Effect.Effect<any, any, any>>] extends [never] ? Misfit.lookupPlain<K, Name & LookupOption>
    : lookupUnfit<Self, K, Name>
  : lookupUnfit<Self, K, Name>
type LookupOption = "lookup" | "lookupMany"
// A function with up to four signatures. Of a function with fewer, the compiler repeats the first one.
interface Answering<A, B, Third, Given> {
  (...args: any): A
  (...args: any): B
  (...args: any): Third
  (...args: any): Given
}
type ParamsFit<Self, K extends string, Name> = Name extends "lookup"
  ? (...args: Parameters<LookupOf<FamilyOf<DefinitionOf<Self>, K>>>) => unknown
  : (...args: Parameters<LookupManyOf<FamilyOf<DefinitionOf<Self>, K>>>) => unknown

// `R` is unknown if the lookup uses an accessor that does not exist. That was refused where the accessor is used. A
// type parameter leaves the check open, and the compiler then prints its name and its arguments: so the message is the
// first.
type CheckedAnswer<_Message extends string, Self, K extends string, Name, Loading, A, E, R> = object extends R ?
  isAny<R> extends true ? Opaque.anyRequired<`the lookup of family '${K}'`>
  : unknown extends R ? Loading
  : Opaque.objectRequired<`the lookup of family '${K}'`>
  // A read of another manifest is refused, too: its changes do not reach the entries of this one.
  : exceeding<R, BorrowsEach<SourceOf<DefinitionOf<Self>, K>, Self>, any> extends infer Given
    ? [Given] extends [never] ? CheckedValue<Self, DefinitionOf<Self>, K, Name, Loading, A, E>
    : [undeclared<DefinitionOf<Self>, K, Self, Given>] extends [never] ?
      CheckedValue<Self, DefinitionOf<Self>, K, Name, Loading, A, E>
    : Several.one<findLookupProblem<K, Self, undeclared<DefinitionOf<Self>, K, Self, Given>>>
  : never
type CheckedValue<Self, D extends Definition, K extends string, Name, Loading, A, E> =
  isAnswer<A, Name, AnswerOf<ValueOf<FamilyOf<D, K>>>> extends false ? lookupUnfit<Self, K, Name>
    : CheckedError<D, K, Loading, E | failedIn<Name, A>>
type CheckedError<D extends Definition, K extends string, Loading, E> = 0 extends 1 & E
  // A family that declares `any`, or a value that is not a Schema, makes the errors of its readers `any`.
  ? isAny<ErrorOf<FamilyOf<D, FamilyName<D>>>> extends true ? Loading : Opaque.anyFailure<`the lookup of family '${K}'`>
  : [Exclude<E, ErrorOf<FamilyOf<D, K>> | CacheError>] extends [never] ? Loading
  : LookupFindings.lookupFails<K, Exclude<E, ErrorOf<FamilyOf<D, K>> | CacheError>>
// `Lookup.failed(error)` in the answer of a lookup fails the reads of its key, so `error` counts as an error.
type failedIn<Name, A> = Name extends "lookup" ? failedOf<A>
  : A extends ReadonlyArray<infer Given> ? failedOf<Given>
  : never
type isAnswer<A, Name, Answer> = Name extends "lookup" ? [A] extends [Answer] ? true : false
  : [A] extends [ReadonlyArray<Answer>] ? true
  : false
// The expected type stands beside the message, so that editors complete an answer while it is typed.
type lookupUnfit<Self, K extends string, Name> = Name extends "lookup" ?
  LookupFor<Self, K> | Misfit.Otherwise<Misfit.lookup<K>>
  : LookupManyFor<Self, K> | Misfit.Otherwise<Misfit.lookupMany<K>>
type LookupFor<Self, K extends string> = (
  ...args: Parameters<LookupOf<FamilyOf<DefinitionOf<Self>, K>>>
) => Effect.Effect<AnswerOf<ValueOf<FamilyOf<DefinitionOf<Self>, K>>>, any, any>
type LookupManyFor<Self, K extends string> = (
  ...args: Parameters<LookupManyOf<FamilyOf<DefinitionOf<Self>, K>>>
) => Effect.Effect<ReadonlyArray<AnswerOf<ValueOf<FamilyOf<DefinitionOf<Self>, K>>>>, any, any>

/** The requirements of an owner's options: those of its lookups, and of the Effect and the schedule in `warm`. */
export type RequiredBy<Chosen> = Chosen extends unknown
  ? { [Name in keyof Chosen]-?: requiredByOption<Name, Chosen[Name]> }[keyof Chosen]
  : never

/**
 * The requirements of one option of an owner.
 *
 * **Details**
 *
 * `owner` joins them itself: a hover would show a named union by its name, and not by its members.
 */
export type requiredByOption<Name, Given> = Name extends "lookup" | "lookupMany" ? requiredByLookup<Given>
  : Name extends "warm" ? requiredByWarming<Given>
  : Name extends "parts" ? requiredByParts<Given>
  : never
// Distributes over a union: an object and `undefined` have no names in common.
type requiredByParts<Given> = Given extends unknown ? { [P in keyof Given]-?: RequiredBy<Given[P]> }[keyof Given]
  : never
type requiredByWarming<Given> = Given extends unknown
  ? { [Chosen in keyof Given]-?: requiredByWarm<Given[Chosen]> }[keyof Given]
  : never
type requiredByWarm<Given> = Given extends Effect.Effect<any, any, infer R> ? R
  : Given extends Schedule.Schedule<any, any, any, infer R> ? R
  : never
type requiredByLookup<Loading> = Loading extends Answering<infer Given, infer Given, infer Given, infer Given> ?
  requiredByAnswer<Given>
  : never
// A lookup that only throws has the answer `never`, and requires nothing. Each load has a Scope of its own.
type requiredByAnswer<Given> = [Given] extends [never] ? never
  : [Given] extends [Effect.Effect<any, any, infer R>] ? Exclude<R, Scope.Scope>
  : never

// --- names -----------------------------------------------------------------------------------------------------------

/** Checks the name of a family for `owner`, `borrower` or `delegate`: returns the name, or a message. */
export type CheckedName<
  Self,
  Id extends string,
  K extends string,
  How extends "own" | "borrow" | "delegate"
> = [Self] extends [{ readonly key: Id }]
  ? 0 extends 1 & Self ? ManifestFindings.selfUnknown<Id> : CheckedNameOf<Self, K, How>
  : ManifestFindings.selfWrong<Id>
type CheckedNameOf<
  Self,
  K extends string,
  How extends "own" | "borrow" | "delegate"
> = isUnion<K> extends true ? OwnerFindings.familyChoice
  : isFamily<DefinitionOf<Self>, K> extends true ? CheckedUse<DefinitionOf<Self>, K, How>
  : string extends K ? Misfit.Otherwise<Opaque.family>
  // An editor asks with an empty name while it is typed. It offers the names, and not the message beside them. `owner`
  // takes no part, but is offered them, too: the compiler would look for the parts in each manifest with an owner.
  : K extends "" ? NameFor<Self, How> | Misfit.Otherwise<Opaque.family>
  : OwnerFindings.familyUnknown<IdOf<Self>, K, helpWithName<DefinitionOf<Self>, K>>

type NameFor<Self, How> = How extends "delegate" ? Part<DefinitionOf<Self>> : FamilyName<DefinitionOf<Self>>

// A question of its own. A condition on `K` itself would make the compiler intersect all names with all names.
type isFamily<D extends Definition, K> = [K] extends [FamilyName<D>] ? true : false
type CheckedUse<D extends Definition, K extends string, How extends "own" | "borrow" | "delegate"> = How extends
  "borrow" ? K
  : FamilyOf<D, K> extends { readonly partOf: infer Whole extends string } ? How extends "delegate" ? K
      // A manifest that was cast to `never` has each family, with each option.
    : string extends Whole ? Opaque.familiesCast
    : OwnerFindings.familyIsPart<K, Whole>
  : How extends "delegate" ? OwnerFindings.familyIsWhole<K>
  : K

// --- owners merged by hand -------------------------------------------------------------------------------------------

/** Any layer that `mergeOwners` takes. */
export interface OwnerLayer extends Layer.Layer<never, any, any> {
  // Only the constraint itself has this member, so the check can tell it from the type of an argument.
  readonly [Undetermined]?: never
}

/** Checks the layers that `mergeOwners` gets: returns them, with a message in place of each that shares a key. */
export type CheckedOwners<Ls extends ReadonlyArray<unknown>> = {
  readonly [
    // The compiler asks with the constraint while it infers the types of the arguments, and once more if one of them is
    // not a layer. So that one is refused for its type.
    Index in keyof Ls
  ]: typeof Undetermined extends keyof Ls[Index] ? Layer.Layer<never, any, any>
    : number extends Ls["length"] ? Opaque.owners
    : CheckedMerge<Ls[Index], findClash<OwnedIn<Ls[Index]>, OwnedIn<othersOf<Ls, Index>>>>
}
type CheckedMerge<Loading, Problem> = [Problem] extends [never] ? Loading : Problem
type othersOf<Ls extends ReadonlyArray<unknown>, Index> = {
  [Other in keyof Ls]: Other extends Index ? never : Ls[Other]
}[number]
type OwnedIn<Loading> = Loading extends Layer.Layer<infer Out, any, any>
  ? Exclude<Extract<Out, AnyCapability>, AnyBorrow>
  : never

type findClash<A, B> = A extends OwnsCapability<infer PA, any, infer KA, infer Inner>
  ? B extends OwnsCapability<infer PB, any, infer KB, Inner>
    ? [carveOutOf<KA>, carveOutOf<KB>] extends [carveOutOf<KB>, carveOutOf<KA>]
      ? overlaps<PA, PB> extends true
        ? OwnerFindings.ownersMerged<PA, PB, findWitness<normalizePattern<PA>, normalizePattern<PB>>>
      : never
    : never
  : never
  : never
type carveOutOf<Keys> = Keys extends readonly [{ readonly carved: infer Third }, ...infer _] ? Third : "open"
