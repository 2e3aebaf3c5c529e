/**
 * Types what an owner's options may hold: its lookups, its parts, and what else is let through so that a check can name
 * it.
 *
 * Not here: the checks themselves (`ownerChecks.ts`), and the options that a user reads about (`Owner.ts`).
 */
import type * as Effect from "effect/Effect"
import type * as Types from "effect/Types"
import type * as Lookup from "../../cache/Lookup.ts"
import type { Definition, Undetermined } from "../../ownership/Definition.ts"
import type { CodecsOf, FamilyName, PatternOf, ValueOf } from "../../ownership/types/definitionParts.ts"
import type { isAny } from "../../ownership/types/typeQuestions.ts"
import type { ParsedParams } from "../../pattern/KeyPattern.ts"

// What the type of an Effect says of its answer. Effect itself, with an `any` for the error and the requirements, would
// give that `any` to each type parameter that has only a default, such as those of `Effect.request`. `Lookup.Result`
// would give its unknown errors in the same way.
export interface Answering<out A> {
  readonly [Effect.TypeId]: { readonly _A: Types.Covariant<A> }
}

// A lookup may return anything here, so that a wrong answer gets a message of ours and not a mismatch of the
// compiler's. The type of the value is still part of the union, so that literals in an answer keep their types.
export type LookupOf<F> = (
  params: [F] extends [never] ? any : ParsedParams<PatternOf<F>, CodecsOf<F>>,
  context: Lookup.LookupContext<ValueOf<F>>
) => Answering<ValueOf<F>> | Anything
export type LookupManyOf<F> = (
  params: ReadonlyArray<ParsedParams<PatternOf<F>, CodecsOf<F>>>,
  contexts: ReadonlyArray<Lookup.LookupContext<ValueOf<F>>>
) => Answering<ReadonlyArray<ValueOf<F>>> | Anything
export type AnswerOf<V> = V | Lookup.Result<V>
export type Anything = {} | null | undefined
/** The error in an answer that is a failure. */
export type failedOf<Given> = isAny<Given> extends true ? never : Given extends Lookup.Failed<infer E> ? E : never

/** The names of all parts of family `K`, at any depth. The owner of `K` owns them, too. */
export type PartName<D extends Definition, K extends string> = D extends unknown ? partsOf<D, K> : never
type partsOf<D extends Definition, K> = {
  [Name in FamilyName<D>]: D["families"][Name] extends { readonly partOf: infer Whole } ?
    Whole extends K ? Name | partsOf<D, Name> : never
    : never
}[FamilyName<D>]

/**
 * A type of options that also admits unknown options, so that the check can name them in its message.
 *
 * **Details**
 *
 * An index signature of `any` takes interfaces and classes, too, which have no index signature of their own. The
 * members with symbols keep lists and functions out. Editors do not offer these members.
 */
export interface Open {
  // Only the constraint itself has this member, so the checks can tell it from the type of an argument.
  readonly [Undetermined]?: never
  readonly [Symbol.iterator]?: never
  readonly [Symbol.hasInstance]?: never
  readonly [option: string]: any
}

/** Any function. A parameter of options also admits it, so that the check can say where the function belongs. */
export type AnyFunction = (...args: any) => unknown
