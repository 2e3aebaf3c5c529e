/**
 * Checks texts that must be literals: the pattern of a family, and a raw key against the codecs of its parameters.
 */
import type * as KeyFindings from "../../diagnostic/types/keyFindings.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type { patternProblem } from "../KeyPattern.ts"

// An object type by a template with a hole has an index signature, which any object fulfils; a literal gives a
// property. The other problems are computed in an argument, not in a branch, because the compiler caches only the
// argument.
/** A message about the pattern of a family, which must be a literal; `never` if nothing is wrong. */
export type literalProblem<P extends string> = [patternProblem<P>] extends [never]
  ? {} extends { readonly [_ in P]: 1 } ? Opaque.pattern : never
  : patternProblem<P>

/**
 * The message for a literal key of the pattern `P` with a text that the codec of a parameter does not take, where that
 * codec takes literals as they are; `never` if there is none.
 */
export type literalRefused<P extends string, K extends string, Codecs> = {} extends { readonly [_ in K]: 1 } ? never
  : findRefused<P, P, K, Codecs>
type findRefused<Whole extends string, P extends string, K extends string, Codecs> = P extends
  `${infer FirstP}:${infer RestP}`
  ? K extends `${infer FirstK}:${infer RestK}`
    ? refuseSegment<Whole, FirstP, FirstK, Codecs> | findRefused<Whole, RestP, RestK, Codecs>
  : never
  : refuseSegment<Whole, P, K, Codecs>
type refuseSegment<Whole extends string, Text extends string, Given extends string, Codecs> = Text extends
  `{${infer Name}}`
  // In a template, because the text of an enum's member is not itself of the enum's type.
  ? Name extends keyof Codecs ? Given extends `${literalsOf<Codecs[Name]>}` ? never
    : KeyFindings.parameterRefused<Whole, Name>
  : never
  : never
// Any text, for a codec that does not take literals, or that spells them in another way.
type literalsOf<Codec> = Codec extends { readonly Type: infer A extends string }
  ? {} extends { readonly [_ in A]: 1 } ? string
  : Codec extends { readonly Encoded: infer E } ? [E, A] extends [A, E] ? A : string
  : A
  : string
