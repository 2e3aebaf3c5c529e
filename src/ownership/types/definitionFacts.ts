/**
 * Facts about a definition: the index of its patterns, and which families a pattern, a right or a change reaches.
 *
 * A fact is a conditional type on the bare parameter. It stays closed while the parameter is generic, and the compiler
 * computes it once for each definition. A plain alias would be unfolded into its users and computed in each of them.
 *
 * @since 0.1.0
 */
import type { covers, normalizePattern } from "../../pattern/KeyPattern.ts"
import type { literalProblem } from "../../pattern/types/literals.ts"
import type { findNearest, findTouched, Heads, Trie } from "../../pattern/types/patternSet.ts"
import type { Definition } from "../Definition.ts"
import type { At, FamilyName, FamilyOf, ListOf, PatternOf } from "./definitionParts.ts"

/**
 * Families with a malformed pattern. They take no part in the other facts.
 *
 * @category type level
 * @since 0.1.0
 */
export type Malformed<D extends Definition> = D extends unknown
  ? { [K in FamilyName<D>]: [literalProblem<PatternOf<D["families"][K]>>] extends [never] ? never : K }[FamilyName<D>]
  : never

type SoundName<D extends Definition> = D extends unknown ? Exclude<FamilyName<D>, Malformed<D>> : never

/**
 * Normal form of a pattern -> the names of its families.
 *
 * @category type level
 * @since 0.1.0
 */
export type Names<D extends Definition> = D extends unknown
  ? invert<{ readonly [K in SoundName<D>]: normalizePattern<PatternOf<D["families"][K]>> }>
  : never

/**
 * The names of the families whose pattern has this normal form.
 *
 * @category type level
 * @since 0.1.0
 */
export type NameOf<D extends Definition, Normal> = Names<D>[Normal & keyof Names<D>]

/**
 * The first segments of the patterns, with the rests behind each, for a short walk that finds most patterns alone.
 *
 * @category type level
 * @since 0.1.0
 */
export type Level<D extends Definition> = D extends unknown ? Heads<keyof Names<D> & string> : never

/**
 * The trie of the patterns.
 *
 * @category type level
 * @since 0.1.0
 */
export type Index<D extends Definition> = D extends unknown ? Trie<keyof Names<D> & string> : never

/**
 * The patterns of the families, without the malformed ones.
 *
 * @category type level
 * @since 0.1.0
 */
export type DeclaredPattern<D extends Definition> = D extends unknown ? PatternOf<D["families"][SoundName<D>]> : never

/**
 * The patterns of the families that are malformed.
 *
 * @category type level
 * @since 0.1.0
 */
export type MalformedPattern<D extends Definition> = D extends unknown ? PatternOf<D["families"][Malformed<D>]> : never

/**
 * The families with codecs for parameters.
 *
 * @category type level
 * @since 0.1.0
 */
export type Coded<D extends Definition> = D extends unknown
  ? { [K in FamilyName<D>]: D["families"][K] extends { readonly params: {} } ? K : never }[FamilyName<D>]
  : never

/**
 * The families that have others inside them.
 *
 * @category type level
 * @since 0.1.0
 */
export type Enclosing<D extends Definition> = D extends unknown ? {
    [K in FamilyName<D>]: D["families"][K] extends { readonly partOf: infer F } | { readonly carvedFrom: infer F } ? F
      : never
  }[FamilyName<D>]
  : never

/**
 * The families that are part of another one, so that they have its owner.
 *
 * @category type level
 * @since 0.1.0
 */
export type Part<D extends Definition> = D extends unknown
  ? { [K in FamilyName<D>]: D["families"][K] extends { readonly partOf: string } ? K : never }[FamilyName<D>]
  : never

/**
 * Whether a manifest declares a pattern; names of parameters may differ. Capabilities exist for declared patterns only.
 *
 * @category type level
 * @since 0.1.0
 */
export type isDeclared<D extends Definition, P extends string> = [NameOf<D, normalizePattern<P>>] extends [never] ?
  false
  : true

/**
 * The family that a key or a pattern belongs to: the most specific family that covers it.
 *
 * @category type level
 * @since 0.1.0
 */
export type Route<D extends Definition, P extends string> = findNearest<Index<D>, normalizePattern<P>> extends
  infer Normal ? NameOf<D, Normal>
  : never

/**
 * The families that have a key of a pattern. A key of an inner family is not one of the family around it.
 *
 * @category type level
 * @since 0.1.0
 */
export type Touching<D extends Definition, P extends string> = findTouched<Index<D>, normalizePattern<P>> extends
  infer Normal ? NameOf<D, Normal> : never

/**
 * The families that a right to a declared pattern covers: the pattern's own family, and its parts, at any depth.
 *
 * @category type level
 * @since 0.1.0
 */
export type Covered<D extends Definition, P> = P extends string
  ? findWithin<D, Touching<D, P>, NameOf<D, normalizePattern<P>>>
  : never

type findWithin<D extends Definition, K, Whole> = K extends Whole ? K
  : FamilyOf<D, K> extends { readonly partOf: infer Outer } ? [findWithin<D, Outer, Whole>] extends [never] ? never : K
  : never

/**
 * The normal forms of the carved-out patterns. `Owns` and `Borrows` use them.
 *
 * @category type level
 * @since 0.1.0
 */
export type CarvedPatterns<D extends Definition> = {
  readonly [K in keyof D["families"]]: D["families"][K] extends { readonly carvedFrom: string }
    ? normalizePattern<PatternOf<D["families"][K]>>
    : never
}[keyof D["families"]]

/**
 * The families whose keys are all in what a family derives from, at any distance. A reference contains a carved-out
 * family, too: each of its changes reaches the family.
 *
 * @category type level
 * @since 0.1.0
 */
export type WhollySourced<D extends Definition, K> = D extends unknown ? reached<ReadSources<D>, At<ReadSources<D>, K>>
  : never

// Family -> the families whose keys are all in its references.
type ReadSources<D extends Definition> = D extends unknown ? Flat<
    {
      readonly [
        K in SoundName<D> as [ListOf<D["families"][K], "derives">] extends [never] ? never : K
      ]: Inside<D, ListOf<D["families"][K], "derives">>
    }
  >
  : never

type Inside<D extends Definition, P> = P extends string
  ? findInside<D, P, Touching<D, P>, NameOf<D, normalizePattern<P>>>
  : never

type findInside<D extends Definition, P extends string, K, Whole> = K extends Whole ? K
  : covers<P, PatternOf<FamilyOf<D, K>>> extends true ? K
  : never

/**
 * Family -> the families that it derives from. A family without sources is left out.
 *
 * @category type level
 * @since 0.1.0
 */
export type Sources<D extends Definition> = D extends unknown ? Flat<
    {
      readonly [
        K in SoundName<D> as [ListOf<D["families"][K], "derives">] extends [never] ? never : K
      ]: Touching<D, ListOf<D["families"][K], "derives">>
    }
  >
  : never

/**
 * Each family that has dependents, with the families that derive from it directly.
 *
 * @category type level
 * @since 0.1.0
 */
export type Dependents<D extends Definition> = D extends unknown ? invert<Sources<D>> : never

/**
 * The families that the changes of a family reach, at any distance.
 *
 * @category type level
 * @since 0.1.0
 */
export type Downstream<D extends Definition, K> = D extends unknown ? reached<Dependents<D>, At<Dependents<D>, K>>
  : never

type reached<Graph, From, Seen = From> = [Exclude<At<Graph, From>, Seen>] extends [infer Next]
  ? [Next] extends [never] ? Seen : reached<Graph, Next, Seen | Next>
  : never

/**
 * Inverts an object of unions: each member of a union becomes a key, and each key a member.
 *
 * @category type level
 * @since 0.1.0
 */
export type invert<Graph> = Flat<{ readonly [K in keyof Graph as textAt<Graph, K>]: K }>

// At every use of one key, the compiler computes the names of all keys. A conditional type on the bare key remembers
// the result; otherwise the compiler would compute it again, from all keys.
type textAt<Graph, K extends keyof Graph> = K extends unknown ? Graph[K] & string : never

// `keyof` of a mapped type with an `as` clause is computed at every use; a plain mapped type remembers it.
type Flat<T> = { readonly [K in keyof T]: T[K] }
