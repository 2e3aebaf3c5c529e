/**
 * Patterns that share keys, and `partOf` and `carvedFrom`, which say who owns the shared keys.
 */
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as OverlapFindings from "../../diagnostic/types/overlapFindings.ts"
import type { findWitness, normalizePattern } from "../../pattern/KeyPattern.ts"
import type { findCrossing, findNearest, isAlone } from "../../pattern/types/patternSet.ts"
import type { Definition } from "../Definition.ts"
import type { Index, Level, NameOf } from "./definitionFacts.ts"
import type { FamilyName, FamilyOf, PatternOf } from "./definitionParts.ts"
import type { Given } from "./given.ts"
import type { isChoice, isUntyped, orElse } from "./typeQuestions.ts"

export type findPatternProblem<D extends Definition, K extends string, F, P extends string> = isChoice<P> extends true
  ? Opaque.patternChoice
  : findOverlap<D, K, F, P>

// Most patterns share no key with another pattern, and one short walk shows it. A part shares its keys with the pattern
// around it.
type findOverlap<D extends Definition, K extends string, F, P extends string> = F extends
  { readonly partOf: string } | { readonly carvedFrom: string } ? findTwinOrCross<D, K, P>
  : [NameOf<D, normalizePattern<P>>] extends [K] ?
    isAlone<Level<D>, normalizePattern<P>> extends true ? never : findOuterToo<D, K, F, P>
  : findOuterToo<D, K, F, P>

type findOuterToo<D extends Definition, K extends string, F, P extends string> = orElse<
  findTwinOrCross<D, K, P>,
  findOuter<D, F, P, NameOf<D, findNearest<Index<D>, normalizePattern<P>, normalizePattern<P>>>>
>

// An encloser that may or may not be named is already refused, so the overlap is not reported as well.
type mayNameEncloser<F> = [Extract<F[keyof F & ("partOf" | "carvedFrom")], string>] extends [never] ? false : true

type findTwinOrCross<D extends Definition, K extends string, P extends string> = orElse<
  findTwin<D, P, Exclude<NameOf<D, normalizePattern<P>>, K>>,
  findCross<D, P, findCrossing<Index<D>, normalizePattern<P>>>
>

type findTwin<D extends Definition, P extends string, Other> = Other extends string
  ? OverlapFindings.patternRespelt<P, PatternOf<FamilyOf<D, Other>>, Other>
  : never

type findCross<D extends Definition, P extends string, Q> = Q extends string
  ? nameCross<D, P, findWitness<normalizePattern<P>, Q>, NameOf<D, Q>>
  : never

type nameCross<D extends Definition, P extends string, Key extends string, Other> = Other extends string
  ? OverlapFindings.patternsCross<P, PatternOf<FamilyOf<D, Other>>, Other, Key>
  : never

type findOuter<D extends Definition, F, P extends string, Other> = Other extends string
  ? mayNameEncloser<F> extends true ? never : OverlapFindings.patternOwned<P, PatternOf<FamilyOf<D, Other>>, Other>
  : never

export type CheckedEncloser<D extends Definition, K extends string, F, Option extends "partOf" | "carvedFrom"> =
  Option extends "carvedFrom" ?
    F extends { readonly partOf: string } ? Given<Option, F[Option & keyof F], OverlapFindings.enclosersBoth<K>>
    : findEncloser<D, F, Option>
    : findEncloser<D, F, Option>

type findEncloser<D extends Definition, F, Option extends string> = CheckedNearest<
  D,
  F,
  Option,
  F[Option & keyof F],
  NameOf<D, findNearest<Index<D>, normalizePattern<PatternOf<F>>, normalizePattern<PatternOf<F>>>>
>

// It looks for `any` itself, because it is asked for each part: with `isAny` a part costs 0.1 % more.
type CheckedNearest<D extends Definition, F, Option extends string, Named, Outer> = [Outer] extends [never]
  ? Given<Option, Named, offerNames<D, Named, OverlapFindings.encloserNone<PatternOf<F>, Option>>>
  : [Named] extends [Outer] ? 0 extends 1 & Named ? Outer : Named
  : undefined extends Named ? Given<Option, Named, never>
  : isUntyped<Named> extends true ? Outer
  : Named extends string ? findEncloserWrong<D, F, Named, Outer>
  : Outer

// While the name is typed, an editor offers the families, and not the message beside them.
type offerNames<D extends Definition, Named, Message> = isUntyped<Named> extends true
  ? FamilyName<D> | Misfit.Otherwise<Message>
  : Message

type findEncloserWrong<D extends Definition, F, Named extends string, Outer> = Outer extends string
  ? OverlapFindings.encloserWrong<PatternOf<F>, Named, PatternOf<FamilyOf<D, Outer>>, Outer>
  : never
