/**
 * Checks the modules of an application, for the person who calls `AppCache.modules`: each layer may require and provide
 * what its line of the manifest says, and nothing else.
 *
 * - An object literal has one value for each name, so a family has one owner.
 * - A module that requires more than its borrows does not compile.
 * - A module that provides a right which it does not own does not compile.
 *
 * Not here: how modules are built, in `internal/`.
 */
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Admits, Appoints, BorrowsCapability, Owns, OwnsCapability } from "../../capability/Capability.ts"
import type { AnyBorrow, AnyCapability, BorrowsEach, describe, exceeding } from "../../capability/types/rights.ts"
import type * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as OwnerFindings from "../../diagnostic/types/ownerFindings.ts"
import type * as Several from "../../diagnostic/types/several.ts"
import type * as Wiring from "../../diagnostic/types/wiring.ts"
import type { Definition, Undetermined } from "../../ownership/Definition.ts"
import type { Enclosing, invert, Part, Route } from "../../ownership/types/definitionFacts.ts"
import type { helpWithName } from "../../ownership/types/definitionHelp.ts"
import type {
  At,
  DefinitionOf,
  FamilyName,
  FamilyOf,
  IdOf,
  joinQuoted,
  ListOf,
  OwnerOf,
  PatternOf,
  ReaderOf
} from "../../ownership/types/definitionParts.ts"
import type { isAny, isUnion } from "../../ownership/types/typeQuestions.ts"
import type { Store } from "../../store/Store.ts"
import type { SourceOf, undeclared } from "./lookupRights.ts"
import type { AnyFunction, PartName } from "./lookups.ts"

/** Any layer. Types match against it. */
export type AnyLayer = Layer.Layer<never, any, any>

/**
 * Arguments that are not an object of modules: a layer, a list, a function. `modules` also admits them, so that the
 * check can say what is expected.
 */
export type NoModules = AnyLayer | ReadonlyArray<unknown> | AnyFunction

/**
 * A module that owns several families: `{ owns: ["user", "follows"], layer }`.
 *
 * **When to use**
 *
 * For families that are written in one `batch`, and for owners whose services use each other.
 */
export interface Group extends GroupDocs {
  readonly owns: ReadonlyArray<string>
  readonly layer: AnyLayer
}

// An editor shows these comments where an option is written.
interface GroupDocs {
  /** The names of the families whose owners are in the layer. */
  readonly owns?: unknown
  /** The layer that has these owners, and the services beside them. */
  readonly layer?: unknown
}

type ModuleName<D extends Definition> = FamilyName<D> | (D extends { readonly readers: infer Rs } ? keyof Rs : never)

/** The layer of a module, or of a group. */
export type LayerIn<Wired> = Wired extends { readonly owns: unknown; readonly layer: infer Live } ? Live : Wired

/** Checks the modules of an application: returns them, with a message in place of each that does too much. */
export type CheckedModules<Self, Wired, All = Wired> = Wired extends NoModules ? Opaque.modules
  // The compiler asks with the constraint while it infers the types of the argument. With another answer than `object`,
  // it infers a wrong type for a layer that a generic function makes in place.
  : typeof Undetermined extends keyof Wired ? object
  : string extends keyof Wired ? Opaque.names<"modules">
  :
    & {
      readonly [K in keyof Wired]: isGiven<Wired, K, All> extends false ? Opaque.moduleOption<K & string>
        : Wired[K] extends { readonly owns: infer Fs; readonly layer: infer Live } ? orProblems<
            findMisnamed<DefinitionOf<Self>, K & string, Fs>,
            CheckedGroup<Self, DefinitionOf<Self>, Wired, K & string, Wired[K], Fs, Live>
          >
        : K extends FamilyName<DefinitionOf<Self>>
          ? DefinitionOf<Self>["families"][K] extends { readonly partOf: infer Whole extends string } ? partOf<K, Whole>
          : orProblems<
            findTwice<Wired, K, K>,
            CheckedModule<Self, DefinitionOf<Self>, Wired, K, K, ModuleReads<DefinitionOf<Self>, K>, Wired[K]>
          >
        : [ReaderOf<DefinitionOf<Self>, K>] extends [never]
          ? K extends string ?
            unfit<Wired[K], OwnerFindings.moduleUnknown<IdOf<Self>, K, ModuleName<DefinitionOf<Self>>>>
          : Opaque.names<"modules">
        : CheckedModule<
          Self,
          DefinitionOf<Self>,
          Wired,
          K & string,
          never,
          ListOf<ReaderOf<DefinitionOf<Self>, K>, "borrows">,
          Wired[K]
        >
    }
    & Offered<Self>

// A manifest that was cast to `never` has each family, with each option.
type partOf<Part extends string, Whole extends string> = string extends Whole ? Opaque.familiesCast
  : OwnerFindings.familyIsPart<Part, Whole>

// Returns `false` for a module that may be missing, or that is missing in one of several objects.
type isGiven<Wired, K extends keyof Wired, All> = K extends keyof All
  // In an object of a choice, the compiler makes an optional `undefined` of a module that only the others have.
  ? undefined extends All[K] ? [All[K]] extends [undefined] ? true : unknown extends All[K] ? true : false : true
  : false

// The names that an editor offers. They are looked up from `Self` and not passed, so that a hover does not print the
// whole manifest.
type Offered<Self> = { readonly [K in OfferedName<DefinitionOf<Self>>]?: unknown }
// A part has the module of its whole. A manifest without families inside others pays nothing for the question.
type OfferedName<D extends Definition> = [Enclosing<D>] extends [never] ? ModuleName<D>
  : Exclude<ModuleName<D>, Part<D>>

type CheckedGroup<Self, D extends Definition, Wired, K extends string, Grouped, Fs, Live> =
  & {
    readonly [Chosen in keyof Grouped]: Chosen extends "owns"
      ? [Fs] extends [ReadonlyArray<unknown>] ? CheckedList<Self, D, Wired, K, Fs> : Misfit.names
      : Chosen extends "layer" ?
        Fs extends ReadonlyArray<FamilyName<D>> ?
          CheckedModule<Self, D, Wired, K, Fs[number], ModuleReads<D, Fs[number]>, Live>
        : Live
      : ManifestFindings.optionUnknown<Chosen & string, `module '${K}'`, "owns" | "layer">
  }
  & GroupDocs
// A group may have the name of a family that it owns.
type findMisnamed<D extends Definition, K extends string, Fs> = K extends FamilyName<D>
  ? [Fs] extends [ReadonlyArray<infer F>] ? K extends F ? never : Wiring.moduleMisnamed<K, "family"> : never
  : [ReaderOf<D, K>] extends [never] ? never
  : Wiring.moduleMisnamed<K, "reader">
// In a list of unknown length, and in a union of lists, it is unknown which families are named.
type CheckedList<Self, D extends Definition, Wired, K extends string, Fs> = isUnion<Fs> extends true
  ? OwnerFindings.familyChoice
  : Fs extends { readonly length: infer Count } ?
    number extends Count ? Opaque.family : CheckedItems<Self, D, Wired, K, Fs>
  : CheckedItems<Self, D, Wired, K, Fs>
type CheckedItems<Self, D extends Definition, Wired, K extends string, Fs> = {
  readonly [Index in keyof Fs]: isUnion<Fs[Index]> extends true ? OwnerFindings.familyChoice
    : Index extends findRepeated<Fs> ? Wiring.moduleRepeats<K, Fs[Index] & string>
    : CheckedOwned<Self, D, Wired, K, Fs[Index]>
}
// The indexes at which a list names a family again.
type findRepeated<Fs, Before extends ReadonlyArray<unknown> = [], Found = never> = Fs extends
  readonly [infer F, ...infer Rest]
  // The answer is a parameter, so that the compiler counts one depth for the whole list.
  ? findRepeated<Rest, [...Before, F], Found | (F extends Before[number] ? `${Before["length"]}` : never)>
  : Found
type CheckedOwned<Self, D extends Definition, Wired, K extends string, F> = F extends FamilyName<D>
  ? D["families"][F] extends { readonly partOf: infer Whole extends string } ? partOf<F, Whole>
  : orProblems<findTwice<Wired, F, K>, F>
  : F extends string ? string extends F ? FamilyName<D>
    : F extends "" ? Exclude<FamilyName<D>, Part<D>>
    : OwnerFindings.familyUnknown<IdOf<Self>, F, helpWithName<D, F>>
  : FamilyName<D>

// The patterns that a module may read, by the line of its family, and for the lookups of its parts by theirs. No
// condition on `F` stands around the members: it would cost each module as much again.
type ModuleReads<D extends Definition, F> =
  | SourceOf<D, F>
  | ListOf<FamilyOf<D, F>, "borrows">
  | (F extends Enclosing<D> ? SourceOf<D, PartName<D, F & string>> : never)
type WithParts<D extends Definition, F> = F extends string ? F extends Enclosing<D> ? F | PartName<D, F> : F : never

// Finds another module of the same call that owns the family, too.
type findTwice<Wired, F extends string, K extends string> = Exclude<At<Holders<Wired>, F>, K> extends infer Other
  ? Other extends string ? Wiring.moduleTwice<F, K, Other> : never
  : never
// From each family to the modules that own it.
type Holders<Wired> = Wired extends unknown ? invert<
    { readonly [Other in keyof Wired]: Wired[Other] extends { readonly owns: ReadonlyArray<infer Fs> } ? Fs : Other }
  >
  : never

type CheckedModule<Self, D extends Definition, Wired, K extends string, F, Reads, Live> = isAny<Live> extends true ?
  Opaque.module
  : Live extends Layer.Layer<infer Out, any, infer R> ? object extends R ? Opaque.module
      // A module that builds an engine could appoint any owner. `Store extends R` would be true for a service whose
      // identifier has no members, too.
    : [Extract<R, Store>] extends [never] ? orProblems<
        // A borrow of the module's own family is refused, too: readers would take it for the owner.
        findProvidesProblem<K, Self, exceeding<Out, OwnsFamily<D, F, Self>, any> | Extract<Out, AnyBorrow>>,
        orProblems<
          findRequiresProblem<
            D,
            K,
            F,
            Reads,
            undeclaredIn<D, F, Self, exceeding<R, AppointsFamily<D, F, Self> | Granted<Reads, Self>, Self>>
          >,
          orProblems<findUnserved<D, Wired, K, Self, R>, Live>
        >
      >
    : Wiring.moduleBuilds<K>
  : Live extends OwnerOptionsAlone ? Wiring.moduleOptions<K>
  : unfit<Live, Wiring.moduleWrong<K>>
type undeclaredIn<D extends Definition, F, Self, R> = [R] extends [never] ? never
  : undeclared<D, WithParts<D, F>, Self, R>
// The options of an owner have no option of a group.
type OwnerOptionsAlone =
  & { readonly owns?: never; readonly layer?: never }
  & ({ readonly lookup: unknown } | { readonly lookupMany: unknown } | { readonly parts: unknown })
// An object that is not a layer may become a group. The type of a group stands beside the message, so that editors
// complete its options.
type unfit<Live, Message> = Live extends NoModules | Effect.Effect<any, any, any> ? Message
  : Live extends object ? Group & Misfit.Otherwise<Message>
  : Message
type OwnsFamily<D extends Definition, F, Self> = F extends string ? Owns<PatternOf<FamilyOf<D, F>>, Self> : never
type AppointsFamily<D extends Definition, F, Self> = F extends string ? Appoints<PatternOf<FamilyOf<D, F>>, Self>
  : never

// The patterns whose owners are among the modules.
type Served<Wired, Self> = Wired extends unknown ? {
    [K in keyof Wired]: LayerIn<Wired[K]> extends Layer.Layer<never, any, infer R> ? appointedIn<R, Self> : never
  }[keyof Wired]
  : never
type appointedIn<R, Self> = R extends Admits<any, any> ? never : R extends Appoints<infer P, Self> ? P : never
type findUnserved<D extends Definition, Wired, K extends string, Self, R> = R extends
  BorrowsCapability<infer P, any, any, Self>
  ? OwnerOf<D, Route<D, P>> extends infer F extends string
    ? PatternOf<FamilyOf<D, F>> extends Served<Wired, Self> ? never : Wiring.moduleUnserved<K, P, F>
  : never
  : never

type Granted<Ps, Self> = BorrowsEach<Ps, Self> | (Ps extends string ? Admits<Ps, Self> : never)
type orProblems<Problems, Live> = [Problems] extends [never] ? Live : Several.one<Problems>

// The permission of another manifest is not this module's own: it comes with the layer of that manifest.
type findProvidesProblem<K extends string, Self, Out> = Out extends BorrowsCapability<infer P, any, any, any>
  ? Wiring.moduleLends<K, P>
  : Out extends OwnsCapability<infer P, any, any, infer Owning>
    ? [Owning] extends [Self] ? Wiring.moduleProvides<K, P> : Wiring.moduleForeign<K, IdOf<Self>, P, IdOf<Owning>>
  : Out extends Admits<infer P, Self> ? Wiring.moduleAppoints<K, "a reader", P>
  : Out extends Appoints<infer P, Self> ? Wiring.moduleAppoints<K, "the owner", P>
  : never

type findRequiresProblem<D extends Definition, K extends string, F, Reads, R> = R extends AnyCapability
  ? [nameOwnerMissing<D, K, F, R>] extends [never] ? nameExceeding<D, K, Reads, R> : nameOwnerMissing<D, K, F, R>
  : nameExceeding<D, K, Reads, R>
type nameExceeding<D extends Definition, K extends string, Reads, R> = Wiring.moduleExceeds<
  K,
  describe<R>,
  describeBorrows<D, K, Reads>,
  describeBorrower<D, K>
>

// A right to a family that the module itself owns, or to a part of one: its layer lacks the owner.
type nameOwnerMissing<D extends Definition, K extends string, F, R> = OwnerOf<D, Route<D, patternOf<R>>> extends
  infer Owned extends string ? [Owned] extends [F] ? Wiring.moduleOwnerMissing<K, describe<R>, Owned> : never
  : never
type patternOf<R> = R extends BorrowsCapability<infer P, any, any, any> ? P
  : R extends OwnsCapability<infer P, any, any, any> ? P
  : never

// Lists the borrows in the order of the manifest if one line of it gives them.
type describeBorrows<D extends Definition, K extends string, Reads> = orNothing<
  [
    ...tupleOf<FamilyOf<D, K>, "derives">,
    ...tupleOf<FamilyOf<D, K>, "borrows">,
    ...tupleOf<ReaderOf<D, K>, "borrows">
  ] extends infer T ? T extends readonly [] ? Several.enumerate<quoted<Reads>> : joinQuoted<T> : never
>
// A group of families has no line of its own in the manifest, so its borrows stand at its families.
type describeBorrower<D extends Definition, K extends string> = [FamilyOf<D, K>] extends [never]
  ? [ReaderOf<D, K>] extends [never] ? `a family that '${K}' owns` : `'${K}'`
  : `'${K}'`
type quoted<Ps> = Ps extends string ? `'${Ps}'` : never
type orNothing<T> = T extends "" ? "nothing" : T & string
type tupleOf<F, Option extends string> = [F] extends [never] ? []
  : F extends { readonly [_ in Option]: infer T extends ReadonlyArray<unknown> } ? T
  : []
