/**
 * Both sides of an edge spell a parameter alike: E0416.
 */
import type * as ReferenceFindings from "../../diagnostic/ReferenceFindings.ts"
import type { ParamNames } from "../../pattern/KeyPattern.ts"
import type { Definition } from "../Definition.ts"
import type { Coded } from "../DefinitionFacts.ts"
import type { At, CodecsOf, FamilyOf, PatternOf } from "../DefinitionParts.ts"
import type { orElse } from "../TypeQuestions.ts"

// A change reaches its dependents by the texts of its parameters, so both sides of an edge must spell them alike. Most
// manifests have no codecs, and two questions show it.
export type findSpeltOtherwise<D extends Definition, K extends string, F, P extends string, Other> = Other extends
  string ? [Extract<K | Other, Coded<D>>] extends [never] ? never
  : nameSpelling<K, P, Other, F, CodecsOf<FamilyOf<D, Other>>, P, PatternOf<FamilyOf<D, Other>>>
  : never

type nameSpelling<K extends string, P extends string, Other extends string, Here, There, Ref, Q> = Ref extends
  `${infer N}:${infer Ns}` ? Q extends `${infer M}:${infer Ms}` ? orElse<
      nameOne<K, P, Other, Here, There, N, M>,
      nameSpelling<K, P, Other, Here, There, Ns, Ms>
    >
  : never
  : nameOne<K, P, Other, Here, There, Ref, Q>

type nameOne<K extends string, P extends string, Other extends string, Here, There, N, M> = [N, M] extends
  [`{${infer A}}`, `{${infer B}}`]
  ? A extends ParamNames<PatternOf<Here>> ?
    isSpeltAlike<coreOf<At<CodecsOf<Here>, A>>, coreOf<At<There, B>>> extends true ? never
    : ReferenceFindings.speltOtherwise<K, P, A, Other>
  : never
  : never

// A brand or a check does not change a text.
type coreOf<C> = [C] extends [never] ? "text"
  : C extends { readonly from: unknown; readonly to: unknown } ? C
  : C extends { readonly ast: unknown; readonly schema: infer S } ? coreOf<S>
  : C extends { readonly Encoded: infer E; readonly Type: infer A } ? [A] extends [E] ? "text" : C
  : "text"

type isSpeltAlike<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
