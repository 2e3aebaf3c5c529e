/**
 * Checks raw keys and patterns that are templates, such as `user:${id}`: which of their texts the compiler knows.
 */
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as Key from "../Key.ts"

/**
 * The message for a template that holds a text which may be more than one segment; `never` for a literal, and for a
 * template of numbers and of `Key.Segment`.
 */
export type templateProblem<P extends string> = findTextHole<P, P>
type findTextHole<Whole extends string, P extends string> = P extends `${infer First}:${infer Rest}`
  ? hasTextHole<First> extends true ? Opaque.keyTemplate<showTemplate<Whole>> : findTextHole<Whole, Rest>
  : hasTextHole<P> extends true ? Opaque.keyTemplate<showTemplate<Whole>>
  : never

/** A template as a pattern: each segment whose text is not known is a parameter. A literal stays as it is. */
export type openTemplate<P extends string> = P extends unknown
  ? {} extends { readonly [_ in P]: 1 } ? openSegments<P> : P
  : never
type openSegments<P extends string> = P extends `${infer First}:${infer Rest}`
  ? `${openSegment<First>}:${openSegments<Rest>}`
  : openSegment<P>
type openSegment<Text extends string> = {} extends { readonly [_ in Text]: 1 } ? "{}" : Text

// Only a type of many texts becomes an index signature, which an empty object fulfils.
export type hasTextHole<Text extends string> = {} extends { readonly [_ in Text]: 1 }
  ? Text extends Key.Segment | `${Key.Segment}` | `${number}` | `${bigint}` ? false
  : Text extends `${infer First}${infer Rest}` ?
    [Text] extends [First] ? true : isTrueOfEither<hasTextHole<First>, hasTextHole<Rest>>
  : true
  : false
type isTrueOfEither<A, B> = [A, B] extends [false, false] ? false : true

/**
 * Whether a key of the template `K`, which {@link keyProblem} accepts, may be a key of a pattern that it touches: a
 * number spells `12`, and never `me`.
 */
export type maySpell<K extends string, P extends string> = P extends `${infer FirstP}:${infer RestP}`
  ? K extends `${infer FirstK}:${infer RestK}` ? maySpellSegment<FirstK, FirstP> extends true ? maySpell<RestK, RestP>
    : false
  : true
  : maySpellSegment<K, P>
type maySpellSegment<K extends string, P extends string> = P extends K | Wildcard | UnlikeNumbers ? true : holdsText<K>
type Wildcard = `{${string}}` | "*"
// The compiler takes these texts for no numbers, and a number that is none or has no end spells them.
type UnlikeNumbers = `${string}NaN${string}` | `${string}Infinity${string}`
type holdsText<Text extends string> = {} extends { readonly [_ in Text]: 1 }
  ? Text extends `${number}` | `${bigint}` ? false
  : Text extends `${infer First}${infer Rest}` ? [Text] extends [First] ? true : holdsText<Rest>
  : true
  : false

// A message is one literal, so it shows holes by a name.
export type showTemplate<K extends string> = K extends `${infer First}:${infer Rest}` ?
  `${showSegment<First>}:${showTemplate<Rest>}`
  : showSegment<K>
type showSegment<Text extends string> = {} extends { readonly [_ in Text]: 1 } ? "${}" : Text
