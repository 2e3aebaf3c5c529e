/**
 * Checks that both sides of an edge spell a parameter alike: E0416.
 */
import type * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import type { ParamNames } from "../../pattern/KeyPattern.ts"
import type { Definition } from "../Definition.ts"
import type { Coded } from "./definitionFacts.ts"
import type { At, CodecsOf, FamilyOf, PatternOf } from "./definitionParts.ts"
import type { orElse } from "./typeQuestions.ts"

// A change reaches its dependents by the texts of its parameters, so both sides of an edge must spell them alike. Most
// manifests have no codecs, and two questions show it.
export type findSpeltOtherwise<D extends Definition, K extends string, F, P extends string, Other> = Other extends
  string ? [Extract<K | Other, Coded<D>>] extends [never] ? never
  : nameSpelling<K, P, Other, F, CodecsOf<FamilyOf<D, Other>>, P, PatternOf<FamilyOf<D, Other>>>
  : never

type nameSpelling<K extends string, P extends string, Other extends string, Here, There, Ref, Q> = Ref extends
  `${infer First}:${infer Rest}` ? Q extends `${infer FirstQ}:${infer RestQ}` ? orElse<
      nameOne<K, P, Other, Here, There, First, FirstQ>,
      nameSpelling<K, P, Other, Here, There, Rest, RestQ>
    >
  : never
  : nameOne<K, P, Other, Here, There, Ref, Q>

type nameOne<K extends string, P extends string, Other extends string, Here, There, Segment, SegmentQ> =
  [Segment, SegmentQ] extends [`{${infer A}}`, `{${infer B}}`]
    ? A extends ParamNames<PatternOf<Here>> ?
      isSpeltAlike<coreOf<At<CodecsOf<Here>, A>>, coreOf<At<There, B>>> extends true ? never
      : ReferenceFindings.speltOtherwise<K, P, A, Other>
    : never
    : never

// A brand or a check does not change a text.
type coreOf<Codec> = [Codec] extends [never] ? "text"
  : Codec extends { readonly from: unknown; readonly to: unknown } ? Codec
  : Codec extends { readonly ast: unknown; readonly schema: infer Inner } ? coreOf<Inner>
  : Codec extends { readonly Encoded: infer Encoded; readonly Type: infer A } ? [A] extends [Encoded] ? "text" : Codec
  : "text"

type isSpeltAlike<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
