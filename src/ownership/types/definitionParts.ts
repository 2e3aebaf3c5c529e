/**
 * The parts of a definition, by name.
 *
 * {@link At} asks for one property. `K extends keyof T` would list all keys of `T` at every use.
 *
 * @since 0.1.0
 */
import type { Definition } from "../Definition.ts"

/**
 * The type of one property of a type; `never` for a type without that property.
 *
 * @category type level
 * @since 0.1.0
 */
export type At<T, K> = K extends string ? T extends { readonly [_ in K]: infer Property } ? Property : never : never

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
export type ReaderOf<D extends Definition, K> = D extends { readonly readers: infer Readers } ? At<Readers, K> : never

/**
 * The pattern of a family; `string` for a family that may be missing.
 *
 * @category type level
 * @since 0.1.0
 */
export type PatternOf<F> = F extends { readonly pattern: infer P extends string } ? P : F extends undefined ? string
: never

/**
 * The patterns of families, by their names.
 *
 * @category type level
 * @since 0.1.0
 */
export type PatternsOf<D extends Definition, K> = PatternOf<FamilyOf<D, K>>

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
 * Joins a list of strings, in order, to one text for a message: `'a', 'b'`.
 *
 * @category type level
 * @since 0.1.0
 */
export type joinQuoted<T, Trail extends string = ""> = T extends readonly [infer First extends string, ...infer Rest]
  ? joinQuoted<Rest, Trail extends "" ? `'${First}'` : `${Trail}, '${First}'`>
  : Trail

/**
 * The layer of a family or reader.
 *
 * @category type level
 * @since 0.1.0
 */
export type LayerOf<F> = F extends { readonly layer: infer Layer extends string } ? Layer : never

/**
 * The layer of a family or reader, which a part has from its whole if it names none.
 *
 * @category type level
 * @since 0.1.0
 */
export type HomeOf<D extends Definition, F, Seen = never> = F extends { readonly layer: infer Layer extends string } ?
  Layer
  : F extends { readonly partOf: infer Whole extends string }
    ? Whole extends Seen ? never : HomeOf<D, FamilyOf<D, Whole>, Seen | Whole>
  : never

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
export type CodecsOf<F> = F extends { readonly params: infer Codecs extends {} } ? Codecs : {}
