/**
 * The checks of what a function or a method declares.
 *
 * @since 0.1.0
 */
import type * as Declaring from "../../diagnostic/types/declaring.ts"
import type * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as Several from "../../diagnostic/types/several.ts"
import type { literalProblem } from "../../pattern/types/literals.ts"
import type { Declared, DeclaredDocs, Definition } from "../Definition.ts"
import type { Covered, DeclaredPattern, Downstream, Route, Touching } from "./definitionFacts.ts"
import type { helpWith } from "./definitionHelp.ts"
import type { CheckedLayerName, findLayerProblem } from "./definitionLayers.ts"
import type { DefinitionOf, IdOf, joinQuoted, LayerOf, ListOf, OwnerOf, PatternsOf } from "./definitionParts.ts"
import type { Given } from "./given.ts"
import type { findTooNarrow } from "./references.ts"
import type { isChoice, isKnown, isUntyped, orElse } from "./typeQuestions.ts"

/**
 * A declaration with every wrong property replaced by a message.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedDeclared<Self, Declaration> = isChoice<Declaration> extends true ? Opaque.choice<"the declaration"> :
  {
    readonly [Option in keyof Declaration]: Option extends "owns" | "borrows" ?
      Given<Option, Declaration[Option], CheckedRights<Self, Declaration, Option, Declaration[Option]>>
      : Option extends "invalidates" ? Given<
          Option,
          Declaration[Option],
          CheckedInvalidates<Self, Declaration, ListOf<Declaration, "owns">, Declaration[Option]>
        >
      : Option extends "layer" ? CheckedLayerName<DefinitionOf<Self>, Declaration[Option]>
      : Option extends string ? string extends Option ? Opaque.names<"options">
        : ManifestFindings.optionUnknown<Option, "the declaration", keyof Declared>
      : Opaque.names<"options">
  } & DeclaredDocs

type CheckedRights<Self, Declaration, Option extends "owns" | "borrows", T> = undefined extends T ?
  Given<Option, T, never>
  : isKnown<T> extends false ? Opaque.list<"E0103", "patterns">
  : {
    readonly [Index in keyof T]: isUntyped<T[Index]> extends true ? DeclaredPattern<DefinitionOf<Self>>
      : isChoice<T[Index]> extends true ? Opaque.referenceChoice
      : T[Index] extends string ?
        orElse<findRightProblem<IdOf<Self>, DefinitionOf<Self>, Declaration, Option, T[Index]>, T[Index]>
      : string
  }

type findRightProblem<
  Id extends string,
  D extends Definition,
  Declaration,
  Option extends "owns" | "borrows",
  P extends string
> = [literalProblem<P>] extends [never] ?
  [Route<D, P>] extends [never] ? Declaring.rightUnknown<Id, Option, P, helpWith<D, P>>
  : orElse<findLayerProblem<D, LayerOf<Declaration>, Option, P>, findTooNarrow<D, P>>
  : literalProblem<P>

type CheckedInvalidates<Self, Declaration, Owned, T> = undefined extends T ? Given<"invalidates", T, never>
  : isKnown<T> extends false ? Opaque.list<"E0103", "patterns">
  : [findIncomplete<DefinitionOf<Self>, Owned, T>] extends [never]
    ? CheckedTargets<IdOf<Self>, DefinitionOf<Self>, Declaration, Owned, T>
  : Declaring.invalidatesIncomplete<Several.enumerate<findIncomplete<DefinitionOf<Self>, Owned, T>>>

type CheckedTargets<Id extends string, D extends Definition, Declaration, Owned, T> = {
  readonly [Index in keyof T]: isUntyped<T[Index]> extends true ? DeclaredPattern<D>
    : isChoice<T[Index]> extends true ? Opaque.referenceChoice
    : T[Index] extends string ? orElse<findInvalidatesProblem<Id, D, Declaration, Owned, T[Index]>, T[Index]>
    : string
}

type DependentsOf<D extends Definition, Owned> = Downstream<D, Covered<D, Owned>>

type findIncomplete<D extends Definition, Owned, T> = Owned extends string
  ? T extends ReadonlyArray<infer Listed extends string>
    ? quote<Exclude<PatternsOf<D, DependentsOf<D, Owned>>, PatternsOf<D, Touching<D, Listed>>>>
  : never
  : never

type quote<P> = P extends string ? `'${P}'` : never

type findInvalidatesProblem<Id extends string, D extends Definition, Declaration, Owned, P extends string> =
  [literalProblem<P>] extends [never]
    ? [Route<D, P>] extends [never] ? Declaring.invalidatesUnknown<Id, P, helpWith<D, P>>
    : [Extract<Touching<D, P>, DependentsOf<D, Owned>>] extends [never]
      ? [Extract<Touching<D, P>, Covered<D, Owned>>] extends [never] ? Declaring.invalidatesForeign<
          P,
          OwnerOf<D, Route<D, P>> & string,
          describeOwned<Declaration>,
          PatternsOf<D, Route<D, P>>
        >
      : Declaring.invalidatesOwned<P>
    : never
    : literalProblem<P>

type describeOwned<Declaration> = Declaration extends { readonly owns: infer T }
  ? joinQuoted<T> extends infer Joined extends string ? Joined extends "" ? "nothing" : Joined : never
  : "nothing"
