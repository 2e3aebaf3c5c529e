/**
 * Checks what `derives` and `borrows` list.
 */
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import type * as RightFindings from "../../diagnostic/types/rightFindings.ts"
import type { ParamNames } from "../../pattern/KeyPattern.ts"
import type { literalProblem } from "../../pattern/types/literals.ts"
import type { Definition } from "../Definition.ts"
import type { Cyclic, findCycle } from "./cycles.ts"
import type { Coded, DeclaredPattern, isDeclared, MalformedPattern, Route, Touching } from "./definitionFacts.ts"
import type { helpOther, helpTouched, helpWith } from "./definitionHelp.ts"
import type { Reachable } from "./definitionLayers.ts"
import type { FamilyOf, HomeOf, PatternOf } from "./definitionParts.ts"
import type { findSpeltOtherwise } from "./spelling.ts"
import type { isChoice, isKnown, isUntyped, orElse } from "./typeQuestions.ts"

export type CheckedReferences<D extends Definition, K extends string, F, Verb extends "derives" | "borrows", T> =
  isKnown<T> extends true ? {
      readonly [Index in keyof T]: isUntyped<T[Index]> extends true ? DeclaredPattern<D>
        : isChoice<T[Index]> extends true ? Opaque.referenceChoice
        : T[Index] extends string ? orElse<findReferenceProblem<D, K, F, Verb, T[Index]>, T[Index]>
        : string
    }
    : Opaque.list<"E0103", "patterns">

type findReferenceProblem<
  D extends Definition,
  K extends string,
  F,
  Verb extends "derives" | "borrows",
  P extends string
> = [literalProblem<P>] extends [never] ? [Route<D, P>] extends [never]
    // A malformed pattern of a family is already refused, so a reference to it is not reported as well.
    ? P extends MalformedPattern<D> ? never
    : ReferenceFindings.referenceUnknown<
      K,
      Verb,
      P,
      helpOther<D, K, helpWith<D, P, helpTouched<PatternOf<FamilyOf<D, Exclude<Touching<D, P>, K>>>>>>
    >
  : orElse<
    findOutOfReach<D, K, F, P, Route<D, P>>,
    Verb extends "derives" ? K extends Cyclic<D> ? findSource<D, K, F, P, findCycle<D, K, F, P>>
      : orElse<findFanout<K, F, P>, [Coded<D>] extends [never] ? never : findSpeltOtherwise<D, K, F, P, Touching<D, P>>>
      : findTooNarrow<D, P>
  >
  : literalProblem<P>

// A reference on a circle is wrong, whatever else it is.
type findSource<D extends Definition, K extends string, F, P extends string, Cycle> = [Cycle] extends [never]
  ? orElse<findFanout<K, F, P>, [Coded<D>] extends [never] ? never : findSpeltOtherwise<D, K, F, P, Touching<D, P>>>
  : Cycle

export type findTooNarrow<D extends Definition, P extends string> = isDeclared<D, P> extends true ? never
  : ReferenceFindings.referenceTooNarrow<P, PatternOf<FamilyOf<D, Route<D, P>>>, Route<D, P> & string>

/** What is wrong with the pattern of a right that is written by hand, and that is not a declared pattern. */
export type findUndeclared<Id extends string, D extends Definition, P extends string> = [literalProblem<P>] extends
  [never] ? [Route<D, P>] extends [never] ? RightFindings.capabilityUnknown<
      Id,
      P,
      helpWith<
        D,
        P,
        helpTouched<PatternOf<FamilyOf<D, Touching<D, P>>>, "name a declared pattern, or check its spelling">
      >
    >
  : findTooNarrow<D, P>
  : literalProblem<P>

type findOutOfReach<D extends Definition, K extends string, F, P extends string, Owner> = D extends
  { readonly layers: {} } ? findBeyond<D, K, F, P, Owner> : never
// Most references stay in reach of a layer that both families name, and that is asked first, without `HomeOf`.
type findBeyond<D extends Definition, K extends string, F, P extends string, Owner> = F extends
  { readonly layer: infer Here extends string }
  ? FamilyOf<D, Owner> extends { readonly layer: Reachable<D, Here> } ? never : nameBeyond<D, K, F, P, Owner>
  : nameBeyond<D, K, F, P, Owner>
type nameBeyond<D extends Definition, K extends string, F, P extends string, Owner> = HomeOf<D, F> extends
  infer Here extends string ? HomeOf<D, FamilyOf<D, Owner>> extends infer Home extends string
    // A layer that does not exist was refused where it is named.
    ? Home extends Reachable<D, Here> ? never :
    [Here | Home] extends [keyof D["layers"]] ? ReferenceFindings.referenceOutOfReach<K, Here, P, Home>
    : never
  : never
  : never

// A reference fans out if it has a parameter that the dependent lacks, and the dependent has a parameter that the
// reference lacks. With only the first, many entries make one (a folder from its files). With only the second, one
// entry makes a few (its pages).
type findFanout<K extends string, F, P extends string> = F extends { readonly fanout: true } ? never
  : [Exclude<ParamNames<P>, carriedBy<PatternOf<F>>>] extends [infer Unbound] ? [Unbound] extends [never] ? never
    : [Exclude<ParamNames<PatternOf<F>>, carriedBy<P>>] extends [infer Free] ? [Free] extends [never] ? never
      : ReferenceFindings.fanoutUnsaid<K, P, firstParam<P, Unbound>, firstParam<PatternOf<F>, Free>>
    : never
  : never

// `*` carries nothing, because its number of segments is not known.
type carriedBy<P extends string> = Exclude<ParamNames<P>, "*">

type firstParam<P extends string, Names> = P extends `${infer First}:${infer Rest}`
  ? First extends `{${infer Name}}` ? Name extends Names ? Name : firstParam<Rest, Names> : firstParam<Rest, Names>
  : P extends `{${infer Name}}` ? Name
  : "*"
