/**
 * Questions that the checks ask about any type.
 */

/**
 * Whether a text is still being typed. The language server then asks with `any`, `string` or the empty text in its
 * place, and offers the result. So the result is the valid texts while the user types, and a message otherwise.
 */
export type isUntyped<T> = 0 extends 1 & T ? true : T extends "" ? true : string extends T ? true : false

export type isChoice<P, All = P> = P extends unknown ? [All] extends [P] ? false : true : never

// Whether the items of a list are known: it is a single list, and its length is known.
export type isKnown<T> = isChoice<T> extends true ? false
  : T extends { readonly length: infer N } ? number extends N ? false : true
  : true

export type orElse<A, B> = [A] extends [never] ? B : A
