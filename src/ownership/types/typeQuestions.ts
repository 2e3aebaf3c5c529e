/**
 * Questions that the checks ask about any type.
 *
 * @since 0.1.0
 */

/**
 * Whether a type is `any`, which is the only type that contains `0` after an intersection with `1`.
 *
 * @category type level
 * @since 0.1.0
 */
export type isAny<T> = 0 extends 1 & T ? true : false

/**
 * Whether a text is still being typed. The language server then asks with `any`, `string` or the empty text in its
 * place, and offers the result. So the result is the valid texts while the user types, and a message otherwise.
 *
 * **Details**
 *
 * It looks for `any` itself. This question is asked for each text, and with `isAny` a manifest costs 0.2 % more.
 *
 * @category type level
 * @since 0.1.0
 */
export type isUntyped<T> = 0 extends 1 & T ? true : T extends "" ? true : string extends T ? true : false

/**
 * Whether a type is a union of several.
 *
 * @category type level
 * @since 0.1.0
 */
export type isChoice<T, All = T> = T extends unknown ? [All] extends [T] ? false : true : never

/**
 * Whether a type is a union of several. Unlike {@link isChoice}, it returns `false` for `never`.
 *
 * @category type level
 * @since 0.1.0
 */
export type isUnion<T, All = T> = [T] extends [never] ? false
  : T extends unknown ? [All] extends [T] ? false : true
  : never

/**
 * Whether the items of a list are known: it is a single list, and its length is known.
 *
 * @category type level
 * @since 0.1.0
 */
export type isKnown<T> = isChoice<T> extends true ? false
  : T extends { readonly length: infer Length } ? number extends Length ? false : true
  : true

/**
 * The first of two results, or the second if the first is `never`.
 *
 * @category type level
 * @since 0.1.0
 */
export type orElse<A, B> = [A] extends [never] ? B : A
