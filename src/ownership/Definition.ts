/**
 * The definition of a manifest, and its checks, as types.
 *
 * {@link Checked} is a definition with every wrong property replaced by a string literal type that says what is
 * wrong, so that the compiler reports it there: `Type '"user:profile"' is not assignable to type '"E0102:
 * 'user:profile' is already owned through ..."'`. `Validation` finds the same mistakes, with the same words, in
 * manifests built from data.
 *
 * These rules keep the checks linear in the number of families:
 *
 * - A fact about a definition is a conditional type on the bare parameter. It stays closed while the parameter is
 *   generic and is computed once per definition afterwards; a plain alias would be unfolded into its users and
 *   computed in each.
 * - {@link At} asks for one property. `K extends keyof T` would list all keys of `T` at every use.
 * - A recursive result never meets a constraint, which would make the compiler enumerate the whole recursion.
 * - Messages are computed in the failing branch only.
 *
 * @since 0.1.0
 */
import type * as Declaring from "../diagnostic/Declaring.ts"
import type * as Diagnostic from "../diagnostic/Diagnostic.ts"
import type * as Misfit from "../diagnostic/Misfit.ts"
import type * as Nearest from "../diagnostic/Nearest.ts"
import type * as Opaque from "../diagnostic/Opaque.ts"
import type * as Several from "../diagnostic/Several.ts"
import type { findWitness, literalProblem, normalizePattern, ParamNames } from "../pattern/KeyPattern.ts"
import type { findCrossing, findNearest, findOverlapping, Heads, isAlone, Trie } from "../pattern/PatternSet.ts"
import type { FamilyPolicy } from "./FamilyPolicy.ts"

// --- models ----------------------------------------------------------------------------------------------------------

/**
 * A value that stands for a type: a Schema, or `Manifest.type<A>()`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Typed {
  readonly Type: unknown
}

/**
 * One line of a manifest: all keys of one pattern.
 *
 * @category models
 * @since 0.1.0
 */
export interface FamilySpec extends FamilyPolicy {
  /** The keys of the family: texts and parameters, joined by colons, such as `user:{id}` or `user:{id}:*`. */
  readonly pattern: string
  /** The layer in which the owner and the entries of the family live. */
  readonly layer?: string | undefined
  /** The nearest enclosing family, if its owner owns this family, too. */
  readonly partOf?: string | undefined
  /** The nearest enclosing family, if its owner does not own this family. */
  readonly carvedFrom?: string | undefined
  /**
   * Patterns whose change invalidates this family, written with this family's parameter names. The lookup may read
   * them.
   */
  readonly derives?: ReadonlyArray<string> | undefined
  /** Patterns that the module of this family may read. Its lookup may not read them. */
  readonly borrows?: ReadonlyArray<string> | undefined
  /** Confirms that one change of a source should invalidate many entries of this family. */
  readonly fanout?: true | undefined
  /**
   * Schemas of the parameters, by name. The encoded string is the segment of the key. A parameter without a schema is a
   * text or a number. `Manifest.type<A>()` can only stand for a type of texts here.
   */
  readonly params?: { readonly [name: string]: Typed } | undefined
  /** The schema of the values. If no tier has to encode them, `Manifest.type<A>()` is enough. */
  readonly value?: Typed | undefined
  /** The schema of the errors of the lookup. Every read that loads may then fail with these errors. */
  readonly error?: Typed | undefined
  /**
   * Hides keys, tags and values in errors, events, explanations, lists of hot keys, logs and metrics. The hash of
   * `SensitiveKey.hash` stands for each parameter and each tag. A family that derives from this one, directly or
   * through others, is sensitive, too, and so is a family that lies inside its pattern.
   */
  readonly sensitive?: boolean | undefined
}

/**
 * A module that owns no family, and may read the families that it lists.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReaderSpec {
  /** The layer in which the module runs. */
  readonly layer?: string | undefined
  /** The patterns of the families that the module may read. */
  readonly borrows: ReadonlyArray<string>
}

/**
 * A layer of a deployment, such as `client` or `server`, and the layers that its programs may read.
 *
 * @category models
 * @since 0.1.0
 */
export interface LayerSpec {
  readonly reads?: ReadonlyArray<string> | undefined
}

/**
 * The definition of a manifest: its families, readers, layers and version.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition {
  /** A version for all families at once. An entry that a tier keeps under another version is absent. */
  readonly version?: string | number | undefined
  /** The layers of a deployment, by name. */
  readonly layers?: { readonly [name: string]: LayerSpec } | undefined
  /** The families, each under the name of its accessor. */
  readonly families: { readonly [name: string]: FamilySpec }
  /** The modules that read and own no family, by name. */
  readonly readers?: { readonly [name: string]: ReaderSpec } | undefined
}

/**
 * Marks a definition that the compiler has not inferred yet. It is a symbol, because editors do not offer symbols, and
 * it exists only as a type.
 *
 * @category type level
 * @since 0.1.0
 */
export declare const Undetermined: unique symbol

/**
 * A definition that the compiler has not inferred yet. For a manifest with a function whose parameters have no types,
 * the compiler first uses the constraint of the definition's type parameter. That constraint is this type, and it
 * reports no mistakes.
 *
 * **Details**
 *
 * It accepts a definition of another shape, so that the definition is inferred as it was written. Otherwise one wrong
 * option would make all families unknown. {@link Misshapen} then reports the wrong option.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnyDefinition {
  readonly [Undetermined]?: never
  readonly version?: Definition["version"] | Anything
  readonly layers?: Definition["layers"] | Anything
  readonly families: { readonly [name: string]: AnyFamily | Anything } | Anything
  readonly readers?: Definition["readers"] | Anything
}

/**
 * One family of {@link AnyDefinition}. It names the types of the options, and accepts other types, too.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyFamily = { readonly [O in keyof FamilySpec]?: FamilySpec[O] | Anything }

/**
 * Any value. Unlike `unknown`, it leaves a union the functions that it has beside it.
 *
 * @category models
 * @since 0.1.0
 */
export type Anything = {} | null | undefined

// --- parts of a definition -------------------------------------------------------------------------------------------

/**
 * The type of one property of a type; `never` for a type without that property.
 *
 * @category type level
 * @since 0.1.0
 */
export type At<T, K> = K extends string ? T extends { readonly [_ in K]: infer X } ? X : never : never

/**
 * The definition of a manifest class. Types look it up and do not pass it, so that an error does not print the whole
 * definition.
 *
 * @category type level
 * @since 0.1.0
 */
export type DefinitionOf<Self> = Self extends { readonly "~definition": infer D extends Definition } ? D : never

/**
 * The name of a manifest class.
 *
 * @category type level
 * @since 0.1.0
 */
export type IdOf<Self> = Self extends { readonly key: infer Id extends string } ? Id : never

/**
 * The names of the families.
 *
 * @category type level
 * @since 0.1.0
 */
export type FamilyName<D extends Definition> = keyof D["families"] & string

/**
 * The declaration of one family in a definition.
 *
 * @category type level
 * @since 0.1.0
 */
export type FamilyOf<D extends Definition, K> = At<D["families"], K>

/**
 * The family whose owner owns the keys of a family: the family itself, or for a part, the family around it.
 *
 * @category type level
 * @since 0.1.0
 */
export type OwnerOf<D extends Definition, K> = D extends unknown ? wholeOf<D, K> : never
// The condition on `D` stops the compiler while the definition is generic; otherwise it would follow the recursion
// without end.
type wholeOf<D extends Definition, K> = FamilyOf<D, K> extends { readonly partOf: infer Whole extends string }
  ? wholeOf<D, Whole>
  : K

/**
 * The declaration of one reader in a definition.
 *
 * @category type level
 * @since 0.1.0
 */
export type ReaderOf<D extends Definition, K> = D extends { readonly readers: infer Rs } ? At<Rs, K> : never

/**
 * The pattern of a family; `string` for a family that may be missing.
 *
 * @category type level
 * @since 0.1.0
 */
export type PatternOf<F> = F extends { readonly pattern: infer P extends string } ? P : F extends undefined ? string
: never

/**
 * The patterns that a family or a declaration lists under an option.
 *
 * @category type level
 * @since 0.1.0
 */
export type ListOf<F, Option extends string> = F extends
  { readonly [_ in Option]: ReadonlyArray<infer P extends string> } ? P
  : never

/**
 * Joins a list of texts, in order, to one text for a message: `'a', 'b'`.
 *
 * @category type level
 * @since 0.1.0
 */
export type joinQuoted<T, Trail extends string = ""> = T extends readonly [infer H extends string, ...infer Rest]
  ? joinQuoted<Rest, Trail extends "" ? `'${H}'` : `${Trail}, '${H}'`>
  : Trail

/**
 * The layer of a family or reader.
 *
 * @category type level
 * @since 0.1.0
 */
export type LayerOf<F> = F extends { readonly layer: infer L extends string } ? L : never

/**
 * The type of a family's values; `unknown` for a family that does not declare one.
 *
 * @category type level
 * @since 0.1.0
 */
export type ValueOf<F> = F extends { readonly value: { readonly Type: infer A } } ? A : unknown

/**
 * The errors of a family's lookup; `never` for a family that does not declare any.
 *
 * @category type level
 * @since 0.1.0
 */
export type ErrorOf<F> = F extends { readonly error: { readonly Type: infer A } } ? A : never

/**
 * The codecs of a family's parameters.
 *
 * @category type level
 * @since 0.1.0
 */
export type CodecsOf<F> = F extends { readonly params: infer C extends {} } ? C : {}

// --- facts, each computed once per definition ------------------------------------------------------------------------

// Families with a malformed pattern. They take no part in the other facts.
type Malformed<D extends Definition> = D extends unknown
  ? { [K in FamilyName<D>]: [literalProblem<PatternOf<D["families"][K]>>] extends [never] ? never : K }[FamilyName<D>]
  : never
type SoundName<D extends Definition> = D extends unknown ? Exclude<FamilyName<D>, Malformed<D>> : never
// Normal form of a pattern -> the names of its families.
type Names<D extends Definition> = D extends unknown
  ? invert<{ readonly [K in SoundName<D>]: normalizePattern<PatternOf<D["families"][K]>> }>
  : never
type Level<D extends Definition> = D extends unknown ? Heads<keyof Names<D> & string> : never
type Index<D extends Definition> = D extends unknown ? Trie<keyof Names<D> & string> : never
/**
 * The patterns of the families, without the malformed ones.
 *
 * @category type level
 * @since 0.1.0
 */
export type DeclaredPattern<D extends Definition> = D extends unknown ? PatternOf<D["families"][SoundName<D>]> : never
type MalformedPattern<D extends Definition> = D extends unknown ? PatternOf<D["families"][Malformed<D>]> : never
type LayerNames<D extends Definition> = D extends { readonly layers: infer L extends {} } ? keyof L & string : never
type ReaderLayers<D extends Definition> = D extends { readonly readers: infer Rs } ? LayerOf<Rs[keyof Rs]> : never
type UsedLayers<D extends Definition> = D extends unknown
  ? Reachable<D, LayerOf<D["families"][FamilyName<D>]> | ReaderLayers<D>>
  : never
// The families with codecs for parameters.
type Coded<D extends Definition> = D extends unknown
  ? { [K in FamilyName<D>]: D["families"][K] extends { readonly params: {} } ? K : never }[FamilyName<D>]
  : never
/**
 * The families that a family may read because it derives from them, at any distance. A reference to only a part of a
 * declared pattern gives no right to read. A carved-out family is not reached through the family around it.
 *
 * @category type level
 * @since 0.1.0
 */
export type Readable<D extends Definition, K> = D extends unknown ? reached<ReadSources<D>, At<ReadSources<D>, K>>
  : never
// Family -> the families that rights to its sources cover.
type ReadSources<D extends Definition> = D extends unknown ? Flat<
    {
      readonly [
        K in SoundName<D> as [ListOf<D["families"][K], "derives">] extends [never] ? never : K
      ]: Covered<D, ListOf<D["families"][K], "derives">>
    }
  >
  : never
// The families that the changes of a family reach, at any distance.
type Downstream<D extends Definition, K> = D extends unknown ? reached<Dependents<D>, At<Dependents<D>, K>> : never
type reached<G, From, Seen = From> = [Exclude<At<G, From>, Seen>] extends [infer Next]
  ? [Next] extends [never] ? Seen : reached<G, Next, Seen | Next>
  : never
// Family -> the families that it derives from. A family without sources is left out.
type Sources<D extends Definition> = D extends unknown ? Flat<
    {
      readonly [
        K in SoundName<D> as [ListOf<D["families"][K], "derives">] extends [never] ? never : K
      ]: Touching<D, ListOf<D["families"][K], "derives">>
    }
  >
  : never
type Dependents<D extends Definition> = D extends unknown ? invert<Sources<D>> : never
/**
 * Inverts a record of unions: each member of a union becomes a key, and each key a member.
 *
 * @category type level
 * @since 0.1.0
 */
export type invert<G> = Flat<{ readonly [K in keyof G as textAt<G, K>]: K }>
// At every use of one key, the compiler computes the names of all keys. A conditional type on the bare key remembers
// the result; otherwise the compiler would compute it again, from all keys.
type textAt<G, K extends keyof G> = K extends unknown ? G[K] & string : never
// The families on, or above, an invalidation cycle.
type Cyclic<D extends Definition> = D extends unknown ? findCore<amongThemselves<Sources<D>>> : never
// The families on a cycle, and those between two cycles.
type Knot<D extends Definition> = D extends unknown ? Cyclic<D> & findCore<amongThemselves<Dependents<D>>> : never
// Whether each cycle is apart from the others: two cycles neither share a family nor are linked.
type isApart<D extends Definition> = D extends unknown
  ? true extends { [K in Knot<D>]: isChoice<Sources<D>[K & keyof Sources<D>] & Knot<D>> }[Knot<D>] ? false : true
  : never

// `keyof` of a mapped type with an `as` clause is computed at every use; a plain mapped type remembers it.
type Flat<T> = { readonly [K in keyof T]: T[K] }

type NameOf<D extends Definition, N> = Names<D>[N & keyof Names<D>]

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
export type Route<D extends Definition, P extends string> = findNearest<Index<D>, normalizePattern<P>> extends infer N
  ? NameOf<D, N>
  : never

/**
 * The families that have a key in common with a pattern.
 *
 * @category type level
 * @since 0.1.0
 */
export type Touching<D extends Definition, P extends string> = findOverlapping<Index<D>, normalizePattern<P>> extends
  infer N ? NameOf<D, N> : never

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

// --- checks ----------------------------------------------------------------------------------------------------------

/**
 * A definition with every wrong property replaced by a message.
 *
 * **Details**
 *
 * Use it as `definition: [D] extends [infer X extends Definition] ? Checked<X> : D`. The compiler infers `D` from the
 * branch that is never taken. `X` keeps the checks out of the contextual type, where they would run once more for each
 * literal.
 *
 * @category type level
 * @since 0.1.0
 */
export type Checked<D extends Definition> = typeof Undetermined extends keyof D ? D
  : isChoice<D> extends true ? Opaque.choice<"the definition">
  : string extends keyof D["families"] ? { readonly [S in keyof D]: S extends "families" ? Opaque.families : D[S] }
  : {
    readonly [S in keyof D]: S extends "families"
      ? { readonly [K in keyof D["families"]]: CheckedFamily<D, K & string, D["families"][K]> & Offered }
      : S extends "layers" ? Given<
          S,
          D[S],
          Named<S, D[S], { readonly [L in keyof D["layers"]]: CheckedLayer<D, L & string, D["layers"][L]> }>
        >
      : S extends "readers" ? Given<
          S,
          D[S],
          Named<S, D[S], { readonly [K in keyof D["readers"]]: CheckedReader<D, K & string, D["readers"][K]> }>
        >
      : S extends "version" ? D[S]
      : Diagnostic.optionUnknown<S & string, "the manifest", keyof Definition>
  }

/**
 * A definition that does not extend `Definition`, because a part of it is an interface or a class, or has another
 * shape. A part that is an interface or a class is checked by its properties. A part of another shape is replaced by a
 * message.
 *
 * @category type level
 * @since 0.1.0
 */
export type Misshapen<D> = typeof Undetermined extends keyof D ? D
  : Spelt<D> extends infer X extends Definition ? Checked<X>
  : MisshapenParts<Spelt<D>>
type MisshapenParts<D> = {
  readonly [S in keyof D]: S extends "families" ? D[S] extends Bag ? MisshapenFamilies<D[S]> : Misfit.families
    : S extends "readers" ?
      D[S] extends Bag ? MisshapenReaders<D[S]> : D[S] extends undefined ? D[S] : Misfit.section<S>
    : S extends keyof Definition ? D[S] extends Definition[S] ? D[S] : Misfit.section<S>
    : D[S]
}
// An object with named properties, and not a list.
type Bag = { readonly length?: never } & object
// A definition as if it were written in place, because an index signature accepts neither an interface nor a class.
type Spelt<D> = {
  readonly [S in keyof D]: S extends "families" ? SpeltFamilies<D[S]>
    : S extends "layers" | "readers" ? Members<D[S]>
    : D[S]
}
type SpeltFamilies<Fs> = Fs extends Bag ? { readonly [K in keyof Fs]: SpeltFamily<Fs[K]> } : Fs
type SpeltFamily<F> = { readonly [O in keyof F]: O extends "params" ? Members<F[O]> : F[O] }
type Members<X> = X extends Bag ? { readonly [K in keyof X]: X[K] } : X
type MisshapenFamilies<Fs> = {
  readonly [K in keyof Fs]: Fs[K] extends { readonly pattern: unknown } ? {
      readonly [O in keyof Fs[K]]: O extends keyof FamilySpec
        ? Fs[K][O] extends FamilySpec[O] ? Fs[K][O] : misshapenOption<K & string, O, Fs[K][O]>
        : Fs[K][O]
    }
    : Misfit.family<K & string>
}
type MisshapenReaders<Rs> = {
  readonly [K in keyof Rs]: Rs[K] extends ReaderSpec ? Rs[K]
    // A reader without `borrows`, and without an option that may be a misspelt `borrows`.
    : [Exclude<keyof Rs[K], "layer">] extends [never] ? Misfit.section<"readers">
    : Rs[K] extends Bag ? {
        readonly [O in keyof Rs[K]]: O extends keyof ReaderSpec ? misshapenReading<O, Rs[K][O]>
          : Diagnostic.optionUnknown<O & string, `reader '${K & string}'`, keyof ReaderSpec>
      }
    : Misfit.section<"readers">
}
type misshapenReading<O extends keyof ReaderSpec, X> = X extends ReaderSpec[O] ? X
  : O extends "borrows" ? Misfit.patterns
  : string
type misshapenOption<K extends string, O, X> = O extends "value" | "error" ? Misfit.codec
  : O extends "params" ? X extends Bag ? { readonly [N in keyof X]: X[N] extends Typed ? X[N] : Misfit.codec }
    : Misfit.codecs
  : O extends "derives" | "borrows" ? Misfit.patterns
  : O extends "weigher" ? Misfit.weigher<K>
  : Misfit.option<K, O & string, Expected[O & keyof Expected]>

type Time = "a time such as '5 minutes', '1 hour' or 500, in milliseconds"
interface Expected {
  readonly pattern: "a text such as 'user:{id}'"
  readonly layer: "the name of a layer"
  readonly partOf: "the name of a family"
  readonly carvedFrom: "the name of a family"
  readonly fanout: "true, or leave it out"
  readonly sensitive: "true or false"
  readonly version: "a text or a number"
  readonly timeToLive: `${Time}, or 'never', or 'doNotStore'`
  readonly idleTimeToLive: Time
  readonly staleWhileRevalidate: Time
  readonly staleIfError: Time
  readonly jitter: "a number from 0 to 1"
  readonly refreshAhead: "a number from 0 to 1, or 'xfetch'"
  readonly negativeTimeToLive: Time
  readonly softTimeout: Time
  readonly hardTimeout: Time
  readonly loadConcurrency: "a whole number of at least 1"
  readonly loadQueueMax: "a whole number of at least 1"
  readonly retryAfterFailure: Time
  readonly onAbandoned: "'interrupt' or 'finish'"
  readonly freeze: "true or false"
}

/**
 * A definition as rights and accessors see it. A part of another shape is reported once, where it is written; the uses
 * of that part are not reported again.
 *
 * @category type level
 * @since 0.1.0
 */
export type Shaped<D> = D extends Definition ? D
  : Spelt<D> extends infer M extends Definition ? M
  : Mended<Spelt<D>> extends infer M extends Definition ? M
  : never
type Mended<D> = {
  readonly [S in keyof D as S extends "families" ? S : D[S] extends At<Definition, S> ? S : never]: S extends "families"
    ? D[S] extends Bag ? { readonly [K in keyof D[S]]: MendedFamily<D[S][K], PatternOf<D[S][keyof D[S]]>> } : {}
    : D[S]
}
type MendedFamily<F, Patterns> = F extends FamilySpec ? F : {
  readonly [
    O in keyof F | "pattern" as O extends "pattern" | "value" | "error" | "params" | "derives" | "borrows" ? O
      : F[O & keyof F] extends FamilySpec[O & keyof FamilySpec] ? O
      : never
  ]: O extends keyof F ? F[O] extends FamilySpec[O & keyof FamilySpec] ? F[O] : mendedOption<O, F[O], Patterns>
    : string
}
type mendedOption<O, X, Patterns> = O extends "pattern" ? string
  : O extends "value" | "error" ? { readonly Type: any }
  : O extends "params" ? X extends Bag ? { readonly [N in keyof X]: { readonly Type: any } } : {}
  // Any of the patterns may be the one that is meant.
  : ReadonlyArray<X extends string ? X : Patterns>

// The options that the editor offers inside a family. With their types, the compiler would compare them once more, at
// twice the whole cost.
type Offered = { readonly [O in keyof FamilySpec]?: unknown }

// An option that is undefined was not given. If the compiler does not know whether an option is given, some checks
// would see it and others would not, so it is refused.
type Given<Option, X, Checks> = undefined extends X ? [X] extends [undefined] ? X : Opaque.option<Option & string>
  : Checks

// A section with computed names cannot be checked by name.
type Named<Section extends string, X, Checks> = string extends keyof X ? Opaque.names<Section> : Checks

// A family with a malformed pattern is refused for its pattern, and for mistakes that do not concern its pattern.
// Neither type has a name: the compiler prints it for a family that is a constant, and with a name it would print the
// manifest.
type CheckedFamily<D extends Definition, K extends string, F, Whole = F> = F extends unknown
  ? [Whole] extends [F] ? CheckedOptions<D, K, F>
  : [findDiffering<Whole>] extends [never] ? CheckedOptions<D, K, F>
  : undefined extends Whole ? Opaque.option<K>
  : Opaque.choice<`'${K}'`>
  : never
// The options in which the members of a union of families differ; a program gets one of them. They may differ in
// policy.
type findDiffering<F> = {
  [O in Exclude<keyof FamilySpec, keyof FamilyPolicy | "value" | "error">]: isChoice<valueAt<F, O>> extends true ? O
    : never
}[Exclude<keyof FamilySpec, keyof FamilyPolicy | "value" | "error">]
type valueAt<F, O> = F extends unknown ? O extends keyof F ? F[O] : undefined : never
type CheckedOptions<D extends Definition, K extends string, F> = K extends Malformed<D> ?
  undefined extends F ? Opaque.option<K>
  : {
    readonly [O in keyof F]: O extends "pattern" ? literalProblem<PatternOf<F>>
      : O extends "layer" ? CheckedHome<D, F[O]>
      : O extends keyof FamilySpec ? F[O]
      : Diagnostic.optionUnknown<O & string, `family '${K}'`, keyof FamilySpec>
  }
  : {
    readonly [O in keyof F]: O extends "pattern" ?
      F[O] extends string ? orElse<findPatternProblem<D, K, F, F[O]>, F[O]> : string
      : O extends "layer" ? CheckedHome<D, F[O]>
      : O extends "partOf" | "carvedFrom" ? CheckedEncloser<D, K, F, O>
      : O extends "derives" | "borrows" ?
        undefined extends F[O] ? Given<O, F[O], never> : CheckedReferences<D, K, F, O, F[O]>
      : O extends "params" ?
        Given<O, F[O], isChoice<F[O]> extends true ? Opaque.option<O> : CheckedParams<K, PatternOf<F>, F[O]>>
      : O extends "value" | "error" ? Given<O, F[O], F[O]>
      : O extends keyof FamilySpec ? F[O]
      : Diagnostic.optionUnknown<O & string, `family '${K}'`, keyof FamilySpec>
  }

type CheckedReader<D extends Definition, K extends string, F> = K extends FamilyName<D> ? Diagnostic.readerIsFamily<K>
  : undefined extends F ? Opaque.option<K>
  : isChoice<F> extends true ? Opaque.choice<`'${K}'`>
  : {
    readonly [O in keyof F]: O extends "layer" ? CheckedHome<D, F[O]>
      : O extends "borrows" ? CheckedReferences<D, K, F, O, F[O]>
      : Diagnostic.optionUnknown<O & string, `reader '${K}'`, keyof ReaderSpec>
  }

type orElse<A, B> = [A] extends [never] ? B : A

/**
 * Whether a text is still being typed. The language server then asks with `any`, `string` or the empty text in its
 * place, and offers the result. So the result is the valid texts while the user types, and a message otherwise.
 *
 * @category type level
 * @since 0.1.0
 */
export type isUntyped<T> = 0 extends 1 & T ? true : T extends "" ? true : string extends T ? true : false

// --- overlap ---

type findPatternProblem<D extends Definition, K extends string, F, P extends string> = isChoice<P> extends true
  ? Opaque.patternChoice
  : findOverlap<D, K, F, P>
type isChoice<P, All = P> = P extends unknown ? [All] extends [P] ? false : true : never
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
  ? Diagnostic.patternRespelt<P, PatternOf<FamilyOf<D, Other>>, Other>
  : never
type findCross<D extends Definition, P extends string, Q> = Q extends string
  ? nameCross<D, P, findWitness<normalizePattern<P>, Q>, NameOf<D, Q>>
  : never
type nameCross<D extends Definition, P extends string, Key extends string, Other> = Other extends string
  ? Diagnostic.patternsCross<P, PatternOf<FamilyOf<D, Other>>, Other, Key>
  : never
type findOuter<D extends Definition, F, P extends string, Other> = Other extends string
  ? mayNameEncloser<F> extends true ? never : Diagnostic.patternOwned<P, PatternOf<FamilyOf<D, Other>>, Other>
  : never

type CheckedEncloser<D extends Definition, K extends string, F, Option extends "partOf" | "carvedFrom"> = Option extends
  "carvedFrom" ? F extends { readonly partOf: string } ? Given<Option, F[Option & keyof F], Diagnostic.enclosersBoth<K>>
  : findEncloser<D, F, Option>
  : findEncloser<D, F, Option>
type findEncloser<D extends Definition, F, Option extends string> = CheckedNearest<
  D,
  F,
  Option,
  F[Option & keyof F],
  NameOf<D, findNearest<Index<D>, normalizePattern<PatternOf<F>>, normalizePattern<PatternOf<F>>>>
>
type CheckedNearest<D extends Definition, F, Option extends string, Named, Outer> = [Outer] extends [never]
  ? Given<Option, Named, Diagnostic.encloserNone<PatternOf<F>, Option>>
  : [Named] extends [Outer] ? 0 extends 1 & Named ? Outer : Named
  : undefined extends Named ? Given<Option, Named, never>
  : isUntyped<Named> extends true ? Outer
  : Named extends string ? findEncloserWrong<D, F, Named, Outer>
  : Outer
type findEncloserWrong<D extends Definition, F, Named extends string, Outer> = Outer extends string
  ? Diagnostic.encloserWrong<PatternOf<F>, Named, PatternOf<FamilyOf<D, Outer>>, Outer>
  : never

type CheckedParams<K extends string, P extends string, C> = {
  readonly [N in keyof C]: N extends ParamNames<P> ? Given<N, C[N], CheckedCodec<C[N]>>
    : string extends N ? Opaque.names<"parameters">
    : Diagnostic.parameterUnknown<N & string, P, K, ParamNames<P>>
}

// A key holds texts. A codec that is not a Schema does not change them, so its type must be a type of texts.
type CheckedCodec<C> = C extends { readonly Encoded: unknown } ? C
  : C extends { readonly Type: string } ? C
  : Misfit.parameterCodec

// --- references ---

type CheckedReferences<D extends Definition, K extends string, F, Verb extends "derives" | "borrows", T> =
  isKnown<T> extends true ? {
      readonly [I in keyof T]: isUntyped<T[I]> extends true ? DeclaredPattern<D>
        : isChoice<T[I]> extends true ? Opaque.referenceChoice
        : T[I] extends string ? orElse<findReferenceProblem<D, K, F, Verb, T[I]>, T[I]>
        : string
    }
    : Opaque.list<"E0103", "patterns">

// Whether the items of a list are known: it is a single list, and its length is known.
type isKnown<T> = isChoice<T> extends true ? false
  : T extends { readonly length: infer N } ? number extends N ? false : true
  : true

type findReferenceProblem<
  D extends Definition,
  K extends string,
  F,
  Verb extends "derives" | "borrows",
  P extends string
> = [literalProblem<P>] extends [never] ? [Route<D, P>] extends [never]
    // A malformed pattern of a family is already refused, so a reference to it is not reported as well.
    ? P extends MalformedPattern<D> ? never
    : Diagnostic.referenceUnknown<
      K,
      Verb,
      P,
      helpOther<D, K, helpWith<D, P, helpTouched<PatternOf<FamilyOf<D, Exclude<Touching<D, P>, K>>>>>>
    >
  : orElse<
    findOutOfReach<D, K, F, P, Route<D, P>>,
    Verb extends "derives" ? orElse<
        K extends Cyclic<D> ? findCycle<D, K, P> : never,
        orElse<findFanout<K, F, P>, [Coded<D>] extends [never] ? never : findSpeltOtherwise<D, K, F, P, Touching<D, P>>>
      >
      : findTooNarrow<D, P>
  >
  : literalProblem<P>

type Undeclared = "declare a pattern that covers it, or check its spelling"
// For a reference that is wider than a declared pattern: the only pattern that shares keys with it.
// A family cannot derive from itself, so a suggestion of its own pattern does not help.
type helpOther<D extends Definition, K, Help extends string> = Help extends
  `${string}, '${infer P}'` | `${string} '${infer P}'?` ? Route<D, P> extends K ? Undeclared : Help
  : Help
type helpTouched<P> = [P] extends [never] ? Undeclared
  : isChoice<P> extends true ? Undeclared
  : `did you mean '${P & string}'?`

/**
 * The help for a text that no family declares: the pattern of the family with this name, or a similar declared text, or
 * else `Help`. A text with another first segment is suggested if a family covers it; with `Many`, if a family shares
 * keys with it.
 *
 * @category type level
 * @since 0.1.0
 */
export type helpWith<
  D extends Definition,
  P extends string,
  Help extends string = Undeclared,
  Many = false
> = [FamilyOf<D, P>] extends [never] ? helpNear<D, P, Nearest.help<P, DeclaredPattern<D>, Help>, Help, Many>
  : `name its pattern, '${PatternOf<FamilyOf<D, P>>}'`
type helpNear<D extends Definition, P extends string, Near extends string, Help extends string, Many> = Near extends
  Help ? helpRespelt<D, Nearest.respelt<P, DeclaredPattern<D>>, Help, Many>
  : Near
type helpRespelt<D extends Definition, P, Help extends string, Many> = [P] extends [never] ? Help
  : P extends string
    ? [Many extends true ? Touching<D, P> : Route<D, P>] extends [never] ? Help : `did you mean '${P}'?`
  : Help

/**
 * The help for a key that matches no family. It is the help of {@link helpWith}; but for the name of a family, it
 * suggests the accessor.
 *
 * @category type level
 * @since 0.1.0
 */
export type helpWithKey<D extends Definition, K extends string> = [FamilyOf<D, K>] extends [never]
  ? helpWith<D, K, "declare a pattern for it, or check its spelling">
  : `use keys.${K}, or give a key of its pattern '${PatternOf<FamilyOf<D, K>>}'`

/**
 * The help for a name that no family has: the family with this pattern, or a similar name.
 *
 * @category type level
 * @since 0.1.0
 */
export type helpWithName<D extends Definition, K extends string> = [NameOf<D, normalizePattern<K>>] extends [never]
  ? Nearest.help<K, FamilyName<D>, "declare it, or check its spelling">
  : `name the family, '${NameOf<D, normalizePattern<K>> & string}'`

type findTooNarrow<D extends Definition, P extends string> = isDeclared<D, P> extends true ? never
  : Diagnostic.referenceTooNarrow<P, PatternOf<FamilyOf<D, Route<D, P>>>, Route<D, P> & string>

type findOutOfReach<D extends Definition, K extends string, F, P extends string, Owner> = LayerOf<F> extends
  infer Here extends string
  ? LayerOf<FamilyOf<D, Owner>> extends infer Home extends string
    ? Home extends Reachable<D, Here> ? never : Diagnostic.referenceOutOfReach<K, Here, P, Home>
  : never
  : never

// A reference fans out if it has a parameter that the dependent lacks, and the dependent has a parameter that the
// reference lacks. With only the first, many entries make one (a folder from its files). With only the second, one
// entry makes a few (its pages).
type findFanout<K extends string, F, P extends string> = F extends { readonly fanout: true } ? never
  : [Exclude<ParamNames<P>, carriedBy<PatternOf<F>>>] extends [infer Unbound] ? [Unbound] extends [never] ? never
    : [Exclude<ParamNames<PatternOf<F>>, carriedBy<P>>] extends [infer Free] ? [Free] extends [never] ? never
      : Diagnostic.fanoutUnsaid<K, P, firstParam<P, Unbound>, firstParam<PatternOf<F>, Free>>
    : never
  : never
// `*` carries nothing, because its number of segments is not known.
type carriedBy<P extends string> = Exclude<ParamNames<P>, "*">
type firstParam<P extends string, Names> = P extends `${infer H}:${infer T}`
  ? H extends `{${infer N}}` ? N extends Names ? N : firstParam<T, Names> : firstParam<T, Names>
  : P extends `{${infer N}}` ? N
  : "*"

// --- spelling ---

// A change reaches its dependents by the texts of its parameters, so both sides of an edge must spell them alike. Most
// manifests have no codecs, and two questions show it.
type findSpeltOtherwise<D extends Definition, K extends string, F, P extends string, Other> = Other extends string
  ? [Extract<K | Other, Coded<D>>] extends [never] ? never
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
    : Diagnostic.speltOtherwise<K, P, A, Other>
  : never
  : never
// A brand or a check does not change a text.
type coreOf<C> = [C] extends [never] ? "text"
  : C extends { readonly from: unknown; readonly to: unknown } ? C
  : C extends { readonly ast: unknown; readonly schema: infer S } ? coreOf<S>
  : C extends { readonly Encoded: infer E; readonly Type: infer A } ? [A] extends [E] ? "text" : C
  : "text"
type isSpeltAlike<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

// --- layers ---

/**
 * The name of a layer, or a message if the definition has no layer of that name.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedLayerName<D extends Definition, L> = isUntyped<L> extends true ? namesOr<LayerNames<D>>
  : [L] extends [LayerNames<D>] ? L
  : undefined extends L ? Given<"layer", L, never>
  : L extends string ? Diagnostic.layerUnknown<L, LayerNames<D>>
  : namesOr<LayerNames<D>>
type namesOr<Names> = [Names] extends [never] ? Misfit.Otherwise<Opaque.layers> : Names
// The layer of a family or a reader; there can be only one.
type CheckedHome<D extends Definition, L> = isChoice<L> extends true
  ? undefined extends L ? Opaque.option<"layer"> : Opaque.layerChoice
  : CheckedLayerName<D, L>

type Reads<D extends Definition, L> = ListOf<At<D["layers"], L>, "reads">

/**
 * The layers that a program of layer `L` can read, with layer `L` itself.
 *
 * @category type level
 * @since 0.1.0
 */
export type Reachable<D extends Definition, L, Seen = L> = [Exclude<Reads<D, L>, Seen>] extends [never] ? Seen
  : Reachable<D, Exclude<Reads<D, L>, Seen>, Seen | Reads<D, L>>

type CheckedLayer<D extends Definition, L extends string, S> = undefined extends S ? Opaque.option<L>
  : isChoice<S> extends true ? Opaque.choice<`'${L}'`>
  : L extends UsedLayers<D> ? {
      readonly [O in keyof S]: O extends "reads" ? Given<O, S[O], CheckedReads<D, S[O]>>
        : Diagnostic.optionUnknown<O & string, `layer '${L}'`, keyof LayerSpec>
    }
  : Diagnostic.layerUnreachable<L>
type CheckedReads<D extends Definition, T> = isKnown<T> extends true ? { readonly [I in keyof T]: CheckedHome<D, T[I]> }
  : Opaque.list<"E0404", "layers">

// --- cycles ---

// A family with a chain of sources that is longer than any manifest is on a cycle, or above one. Each round doubles the
// length, so a chain of a thousand families takes ten rounds. A graph without a cycle is empty before that.
type findCore<G, Rounds extends ReadonlyArray<unknown> = []> = namesIn<G> extends infer Left
  ? [Left] extends [never] ? never : Rounds["length"] extends 11 ? Left : findCore<twiceAsFar<G>, [...Rounds, 1]>
  : never
type namesIn<G> = { [K in keyof G]: [G[K]] extends [never] ? never : K }[keyof G]
// Keeps the sources that have sources themselves, so that each source is a name of the graph.
type amongThemselves<G> = { readonly [K in keyof G]: Extract<G[K], keyof G> }
type twiceAsFar<G> = { readonly [K in keyof G]: G[G[K] & keyof G] }

// `never` for a family that is above a cycle, and not on one.
type findCycle<D extends Definition, K extends string, P extends string> = K extends Knot<D>
  ? findPathBack<D, Sources<D>, Knot<D>, K, Touching<D, P>, `'${K}'`, K> extends infer Path
    ? Path extends string ? Diagnostic.dependencyCycle<Path> : never
  : never
  : never
// Names ten families of the path, as `Diagnostic.dependencyCycle` does. The compiler would cut a longer path, and each
// family of the cycle would walk the whole path.
type findPathBack<
  D extends Definition,
  G,
  Left,
  Start extends string,
  From,
  Trail extends string,
  Seen,
  Named extends ReadonlyArray<unknown> = []
> = From extends Left ? From extends Start ? `${Trail} -> '${Start}'`
  : From extends Seen ? never
  : Named["length"] extends 10
    // If the cycles are apart, each family of the knot is on a cycle.
    ? isApart<D> extends true ? `${Trail} -> ... -> '${Start}'`
    : isReached<G, Start, From> extends true ? `${Trail} -> ... -> '${Start}'`
    : never
  : findPathBack<D, G, Left, Start, G[From & keyof G], `${Trail} -> '${From & string}'`, Seen | From, [...Named, 1]>
  : never
type isReached<G, Start, From, Seen = From> = Start extends From ? true
  : [Exclude<G[From & keyof G], Seen>] extends [infer Next]
    ? [Next] extends [never] ? false : isReached<G, Start, Next, Seen | Next>
  : never

// --- what a piece of code declares -----------------------------------------------------------------------------------

/**
 * The declaration of a function or a method: the families that it owns, borrows and invalidates, and its layer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declared {
  readonly layer?: string | undefined
  readonly owns?: ReadonlyArray<string> | undefined
  readonly borrows?: ReadonlyArray<string> | undefined
  /** The patterns that the writes invalidate: exactly the families that derive from owned ones, at any distance. */
  readonly invalidates?: ReadonlyArray<string> | undefined
}

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
    : O extends string
      ? string extends O ? Opaque.names<"options"> : Diagnostic.optionUnknown<O, "the declaration", keyof Declared>
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

/**
 * The message why a program of layer `Here` may not use a right; `never` if it may use it. A program writes only its
 * own layer, and reads the layers that it can reach.
 *
 * @category type level
 * @since 0.1.0
 */
export type findLayerProblem<D extends Definition, Here, Option extends "owns" | "borrows", P extends string> =
  Here extends string
    ? LayerOf<FamilyOf<D, Route<D, P>>> extends infer Home extends string
      ? Option extends "owns" ? Home extends Here ? never : Declaring.layerWrite<P, Home, Here>
      : Home extends Reachable<D, Here> ? never
      : Declaring.layerRead<P, Home, Here>
    : never
    : never

type DependentsOf<D extends Definition, Owned> = Downstream<D, Covered<D, Owned>>
type PatternsOf<D extends Definition, K> = PatternOf<FamilyOf<D, K>>

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
