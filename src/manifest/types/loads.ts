/**
 * Checks the load that a caller of `getOr` brings, as the lookup of an owner is checked.
 *
 * - It is asked at the call alone, so a manifest does not pay for it.
 * - A helper that takes a load of any requirements compiles: the compiler asks what a type parameter *cannot* be, and
 *   the run time checks what it is.
 *
 * Not here: which reads are too much (`lookupRights.ts`).
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CacheError } from "../../cache/CacheError.ts"
import type * as Lookup from "../../cache/Lookup.ts"
import type { Appoints, BorrowsCapability, OwnsCapability } from "../../capability/Capability.ts"
import type { BorrowsEach, exceeding } from "../../capability/types/rights.ts"
import type * as LookupFindings from "../../diagnostic/types/lookupFindings.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as Several from "../../diagnostic/types/several.ts"
import type { Route } from "../../ownership/types/definitionFacts.ts"
import type { DefinitionOf } from "../../ownership/types/definitionParts.ts"
import type { isAny } from "../../ownership/types/typeQuestions.ts"
import type { findLookupProblem, SourceOf, undeclared } from "./lookupRights.ts"
import type { Answering, AnyFunction, Anything, failedOf } from "./lookups.ts"

/** Any load. The type of the value is part of it, so that literals in an answer keep their types. */
export type AnyLoad<V> = Answering<V | Lookup.Result<V>> | Anything

/**
 * Checks a load of a key of the pattern `P`: returns it, or a message in its place. `R` is the right that the operation
 * requires, which names the manifest; that of a handle does not.
 */
export type CheckedLoad<P extends string, V, E, R, Load> =
  // The compiler asks with the constraint while it infers the types of the load.
  [AnyLoad<V>] extends [Load] ? unknown extends Load ? isAny<Load> extends true ? Load : LoadFor<P, V, E> : Load
    : Load extends Effect.Effect<infer A, infer E2, infer R2>
      ? holds<Load, "wrong", rightsIn<P, R, R2>> extends true ? Several.one<findLoadProblem<P, R, R2>>
      : holds<Load, "object", rightsIn<P, R, R2>> extends true ? Opaque.objectRequired<`the load of a key of '${P}'`>
      : isAny<E2> extends true ? Opaque.anyFailure<`the load of a key of '${P}'`>
      : holds<Load, "any", failuresIn<A>> extends true ? Opaque.anyFailure<`the load of a key of '${P}'`>
      : holds<Load, "wrong", errorsIn<E, E2 | failedOf<A>>> extends true ?
        LookupFindings.loadFails<P, Exclude<E2 | failedOf<A>, E | CacheError>>
      : Load extends LoadFor<never, V, E> ? Load
      : LoadFor<P, V, E>
    : Load extends AnyFunction ? Misfit.loadFunction<P>
    : Load extends PromiseLike<any> ? Misfit.loadPromise<P>
    : Misfit.loadValue<P>
type LoadFor<P extends string, V, E> = Effect.Effect<
  V | Lookup.Result<V> | ([P] extends [never] ? never : Misfit.OtherwiseEach<Misfit.value<P>, V>),
  E | CacheError,
  any
>

/**
 * What a load requires of its caller. Each load has a Scope of its own. No message refuses an `any`, which is
 * assignable to the message, too; so what it requires is unknown, and no runner takes it.
 */
export type requiredByLoad<Load> = isAny<Load> extends true ? unknown
  : Load extends Effect.Effect<any, any, infer R> ? Exclude<R, Scope.Scope>
  : never

// Whether the answer of a question is this word. The compiler answers it for a type parameter in the load, too: it asks
// with a type like `any` in the place of the parameter, and then the answer is "open", so it is not "wrong". A
// condition on the parameter itself would stay open, and refuse the load. The brackets keep the compiler from ending
// the question there, and `Load` keeps it from answering before there is a load.
type holds<Load, Word, Answer> = [Load, (answer: Answer) => void] extends [unknown, (word: Word) => void] ? true : false
type isOpen<T> = [0] extends [1 & T] ? true : false
type errorsIn<E, E2> = [isOpen<E | E2>] extends [true] ? "open"
  : [Exclude<E2, E | CacheError>] extends [never] ? "fine"
  : "wrong"
// The failures in an answer; the answer itself may be a type parameter.
type failuresIn<A> = [isOpen<A>] extends [true] ? "open" : [isOpen<failedOf<A>>] extends [true] ? "any" : "fine"
type rightsIn<P extends string, R, R2> = [isOpen<R2>] extends [true] ? "open"
  : [object] extends [R2] ? "object"
  : [findLoadProblem<P, R, R2>] extends [never] ? "fine"
  : "wrong"
type findLoadProblem<P extends string, R, R2> = R2 extends OwnsCapability<any, any, any, any> | Appoints<any, any>
  ? findIn<P, [R] extends [never] ? manifestOf<R2> : manifestOf<R>, R2>
  : never
// A manifest without the pattern is not that of the handle. A pattern that is not a literal is of any manifest.
type findIn<P extends string, Self, Right> = string extends P ? never
  : Route<DefinitionOf<Self>, P> extends infer K extends string
    ? [K] extends [never] ? findLookupProblem<P, never, Right>
    : exceeding<Right, BorrowsEach<SourceOf<DefinitionOf<Self>, K>, Self>, any> extends infer Given
      ? [Given] extends [never] ? never
      : findTooMuch<K, P, Self, undeclared<DefinitionOf<Self>, K, Self, Given>>
    : never
  : never
type findTooMuch<K extends string, P extends string, Self, Right> = Right extends
  BorrowsCapability<infer Read, any, any, Self> ? Read extends P ? LookupFindings.loadReadsOwn<P>
  : findLookupProblem<K, Self, Right>
  : findLookupProblem<K, Self, Right>
type manifestOf<R> = R extends OwnsCapability<any, any, any, infer Self> ? Self
  : R extends Appoints<any, infer Self> ? Self
  : never
