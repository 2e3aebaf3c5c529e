/**
 * The checks of what a function or a method declares.
 *
 * @since 0.1.0
 */
import type * as Declaring from "../diagnostic/Declaring.ts"
import type * as ManifestFindings from "../diagnostic/ManifestFindings.ts"
import type * as Opaque from "../diagnostic/Opaque.ts"
import type * as Several from "../diagnostic/Several.ts"
import type { literalProblem } from "../pattern/KeyPattern.ts"
import type { Declared, Definition } from "./Definition.ts"
import type { Covered, DeclaredPattern, Downstream, Route, Touching } from "./DefinitionFacts.ts"
import type { helpWith } from "./DefinitionHelp.ts"
import type { CheckedLayerName, findLayerProblem } from "./DefinitionLayers.ts"
import type { DefinitionOf, IdOf, joinQuoted, LayerOf, ListOf, PatternsOf } from "./DefinitionParts.ts"
import type { Given } from "./internal/given.ts"
import type { findTooNarrow } from "./internal/references.ts"
import type { isChoice, isKnown, isUntyped, orElse } from "./TypeQuestions.ts"

/**
 * A declaration with every wrong property replaced by a message.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedDeclared<Self, C> = isChoice<C> extends true ? Opaque.choice<"the declaration"> : {
  readonly [O in keyof C]: O extends "owns" | "borrows" ? Given<O, C[O], CheckedRights<Self, C, O, C[O]>>
    : O extends "invalidates" ? Given<O, C[O], CheckedInvalidates<Self, C, ListOf<C, "owns">, C[O]>>
    : O extends "layer" ? CheckedLayerName<DefinitionOf<Self>, C[O]>
    : O extends string ? string extends O ? Opaque.names<"options">
      : ManifestFindings.optionUnknown<O, "the declaration", keyof Declared>
    : Opaque.names<"options">
}

type CheckedRights<Self, C, Option extends "owns" | "borrows", T> = undefined extends T ? Given<Option, T, never>
  : isKnown<T> extends false ? Opaque.list<"E0103", "patterns">
  : {
    readonly [I in keyof T]: isUntyped<T[I]> extends true ? DeclaredPattern<DefinitionOf<Self>>
      : isChoice<T[I]> extends true ? Opaque.referenceChoice
      : T[I] extends string ? orElse<findRightProblem<IdOf<Self>, DefinitionOf<Self>, C, Option, T[I]>, T[I]>
      : string
  }

type findRightProblem<Id extends string, D extends Definition, C, Option extends "owns" | "borrows", P extends string> =
  [literalProblem<P>] extends [never] ?
    [Route<D, P>] extends [never] ? Declaring.rightUnknown<Id, Option, P, helpWith<D, P>>
    : orElse<findLayerProblem<D, LayerOf<C>, Option, P>, findTooNarrow<D, P>>
    : literalProblem<P>

type CheckedInvalidates<Self, C, Owned, T> = undefined extends T ? Given<"invalidates", T, never>
  : isKnown<T> extends false ? Opaque.list<"E0103", "patterns">
  : [findIncomplete<DefinitionOf<Self>, Owned, T>] extends [never]
    ? CheckedTargets<IdOf<Self>, DefinitionOf<Self>, C, Owned, T>
  : Several.one<findIncomplete<DefinitionOf<Self>, Owned, T>>

type CheckedTargets<Id extends string, D extends Definition, C, Owned, T> = {
  readonly [I in keyof T]: isUntyped<T[I]> extends true ? DeclaredPattern<D>
    : isChoice<T[I]> extends true ? Opaque.referenceChoice
    : T[I] extends string ? orElse<findInvalidatesProblem<Id, D, C, Owned, T[I]>, T[I]>
    : string
}

type DependentsOf<D extends Definition, Owned> = Downstream<D, Covered<D, Owned>>

type findIncomplete<D extends Definition, Owned, T> = Owned extends string
  ? T extends ReadonlyArray<infer L extends string>
    ? nameMissing<Exclude<PatternsOf<D, DependentsOf<D, Owned>>, PatternsOf<D, Touching<D, L>>>, Owned>
  : never
  : never

type nameMissing<P, Owned extends string> = P extends string ? Declaring.invalidatesIncomplete<P, Owned> : never

type findInvalidatesProblem<Id extends string, D extends Definition, C, Owned, P extends string> =
  [literalProblem<P>] extends [never]
    ? [Route<D, P>] extends [never] ? Declaring.invalidatesUnknown<Id, P, helpWith<D, P>>
    : [Extract<Touching<D, P>, DependentsOf<D, Owned>>] extends [never]
      ? [Extract<Touching<D, P>, Covered<D, Owned>>] extends [never]
        ? Declaring.invalidatesForeign<P, describeOwned<C>, PatternsOf<D, Route<D, P>>>
      : Declaring.invalidatesOwned<P>
    : never
    : literalProblem<P>

type describeOwned<C> = C extends { readonly owns: infer T }
  ? joinQuoted<T> extends infer J extends string ? J extends "" ? "nothing" : J : never
  : "nothing"
