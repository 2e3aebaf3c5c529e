/**
 * Checks functions, methods and programs that declare what they do to the cache: a body that does more than its
 * declaration says does not compile.
 *
 * Not here: what a declaration may contain (`Declared` in `ownership/`), and the run time, in `internal/`.
 */
import type * as Effect from "effect/Effect"
import type { Admits, Appoints, Borrows, BorrowsCapability, Owns, OwnsCapability } from "../../capability/Capability.ts"
import type { BorrowsEach, describe, exceeding, OwnsEach } from "../../capability/types/rights.ts"
import type * as Declaring from "../../diagnostic/types/declaring.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as RightFindings from "../../diagnostic/types/rightFindings.ts"
import type * as Several from "../../diagnostic/types/several.ts"
import type * as Wiring from "../../diagnostic/types/wiring.ts"
import type { Definition } from "../../ownership/Definition.ts"
import type { CheckedDeclared } from "../../ownership/types/declarationChecks.ts"
import type { DeclaredPattern, Route } from "../../ownership/types/definitionFacts.ts"
import type { findLayerProblem } from "../../ownership/types/definitionLayers.ts"
import type { DefinitionOf, IdOf, joinQuoted, ListOf, OwnerOf } from "../../ownership/types/definitionParts.ts"
import type { Store } from "../../store/Store.ts"

/**
 * What `AppCache.fn(name, C)` returns: it takes the body, and returns the function.
 *
 * **Details**
 *
 * - The function requires the declared rights, and the services that the body uses.
 * - The check is in the return type of the body, so that a generic body keeps its type parameters.
 */
export interface DeclaredFn<Self, Stated> {
  <Args extends Array<any>, Eff extends Effect.Effect<any, any, any>, A>(
    body: (
      ...args: Args
    ) => CheckedBody<Opaque.body, Generator<Eff, A, any>, Self, Stated, requiredBy<Eff>>
  ): (...args: Args) => Effect.Effect<
    A,
    Eff extends Effect.Effect<any, infer E, any> ? E : never,
    // Spelt out here, because a hover would show a named type by its name and not by its capabilities.
    | { [P in ListOf<Stated, "owns">]: Owns<P, Self> }[ListOf<Stated, "owns">]
    | { [P in ListOf<Stated, "borrows">]: Borrows<P, Self> }[ListOf<Stated, "borrows">]
    | Exclude<requiredBy<Eff>, OwnsCapability<any, any, any, Self>>
  >
}

type requiredBy<Eff> = Eff extends Effect.Effect<any, any, infer R> ? R : never
type grantedBy<Self, Stated> = OwnsEach<ListOf<Stated, "owns">, Self> | BorrowsEach<ListOf<Stated, "borrows">, Self>

// `any`, `unknown`, `object` and `{}` do not say what a body requires, so they are refused. A type parameter leaves the
// check open, and the compiler then prints the name of the check and its arguments: so the message is the first
// argument.
type CheckedBody<Message extends string, F, Self, Stated, R> = object extends R ? Message
  : [exceeding<R, grantedBy<Self, Stated>, Self>] extends [never] ? F
  : Stated extends CheckedDeclared<Self, Stated> ? Declaring.bodyExceeds<
      Several.enumerate<describe<exceeding<R, grantedBy<Self, Stated>, Self>>>,
      describeDeclared<Stated>
    >
  // The declaration itself was refused, and one message is enough.
  : F

type describeDeclared<Stated> = [describeList<Stated, "owns">, describeList<Stated, "borrows">] extends
  [infer Chosen extends string, infer B extends string] ?
  Chosen extends "" ? B extends "" ? "nothing" : B : B extends "" ? Chosen : `${Chosen}, ${B}`
  : never
type describeList<Stated, Option extends string> = Stated extends { readonly [_ in Option]: infer T }
  ? joinQuoted<T> extends infer Other extends string ? Other extends "" ? "" : `${Option} ${Other}` : never
  : ""

/**
 * What `AppCache.method(C)` returns: a standard decorator of methods.
 *
 * **Gotchas**
 *
 * A decorator cannot change the type of a method. So callers see the rights that the body uses.
 */
export interface DeclaredMethod<Self, Stated> {
  <Context extends Pick<DecoratorContext, "kind"> | string | symbol>(
    // The decorators of the compiler's option `experimentalDecorators` get the name of the member.
    method: Context extends string | symbol ? Opaque.methodDecorator : CheckedMethod<Self, Stated, MethodOf<Context>>,
    context: Context
  ): MethodOf<Context>
}

// The type of the method, which the compiler knows from the context of the decorator; `void` for anything else.
type MethodOf<Context> = Context extends ClassMethodDecoratorContext<any, infer Method> ? Method : void
type CheckedMethod<Self, Stated, Method> = Method extends (...args: any) => infer Given
  ? [Given] extends [Effect.Effect<any, any, infer R>] ? CheckedBody<Opaque.methodRights, Method, Self, Stated, R>
  : Opaque.method
  : Opaque.method

/**
 * What `AppCache.inLayer(L)` returns: it takes a program, and refuses one that uses rights which the deployment layer
 * does not have.
 */
export interface InLayer<Self, LayerName extends string> {
  <A, E, R>(
    effect: CheckedProgram<Opaque.program, Effect.Effect<A, E, R>, Self, LayerName, R>
  ): Effect.Effect<A, E, R>
}

type CheckedProgram<Message extends string, P, Self, LayerName, R> = object extends R ? Message
  : [findProgramProblem<Self, DefinitionOf<Self>, LayerName, R>] extends [never] ? P
  : Several.one<findProgramProblem<Self, DefinitionOf<Self>, LayerName, R>>
// A layer that does not exist was refused where it is named.
type findProgramProblem<Self, D extends Definition, LayerName, R> = LayerName extends keyof D["layers"] ?
  findRefused<Self, D, LayerName, R>
  : never
type findRefused<Self, D extends Definition, LayerName, R> = R extends BorrowsCapability<infer P, any, any, Self>
  ? findLayerProblem<D, LayerName, "borrows", P>
  : R extends OwnsCapability<infer P, any, any, Self> ? findLayerProblem<D, LayerName, "owns", P>
  // A program that makes itself an owner or a reader uses that right. Only these requirements show it.
  : R extends Admits<infer P, Self> ? findAppointed<D, LayerName, "borrows", P>
  : R extends Appoints<infer P, Self> ? findAppointed<D, LayerName, "owns", P>
  : never
// Unlike a right, the permission to appoint may be for several patterns: for a union of them, or with `string` for all.
type findAppointed<D extends Definition, LayerName, Option extends "owns" | "borrows", P extends string> =
  string extends P ? findAppointed<D, LayerName, Option, DeclaredPattern<D>>
    : P extends string ? findLayerProblem<D, LayerName, Option, P>
    : never

/** A program that `Manifest.provided` takes: one that requires no right to a cache. Any other one is a message. */
export type Provided<A, E, R> = [findUnprovided<R>] extends [never] ? Effect.Effect<A, E, R>
  : Several.one<findUnprovided<R>>

/**
 * What a program that `Manifest.provided` took still needs. What was refused is not in it, so that the runner does not
 * refuse it once more.
 */
export type Needed<R> = [findUnprovided<R>] extends [never] ? R : allowed<R>

type allowed<R> = R extends unknown ? [findUnprovided<R>] extends [never] ? R : never : never
type findUnprovided<R> = R extends BorrowsCapability<infer P, any, any, infer Self> ? nameUnprovided<Self, "read", P>
  : R extends OwnsCapability<infer P, any, any, infer Self> ? nameUnprovided<Self, "write", P>
  : R extends Admits<infer P, infer Self> ? Wiring.appointmentMissing<IdOf<Self>, "a reader", P>
  : R extends Appoints<infer P, infer Self> ? Wiring.appointmentMissing<IdOf<Self>, "the owner", P>
  : R extends { readonly key: infer Id; readonly "~definition": unknown } ? nameEngineless<Id>
  : R extends { readonly key: infer Key } ? nameStoreless<Key>
  : never
// Conditions on inferred types, because the compiler then accepts a generic function that calls `provided`.
type nameEngineless<Id> = Id extends string ? Wiring.engineMissing<Id> : never
type nameStoreless<Key> = Key extends Store["key"] ? Wiring.storeMissing : never
type nameUnprovided<Self, Verb extends "read" | "write", P extends string> = [
  IdOf<Self>,
  OwnerOf<DefinitionOf<Self>, Route<DefinitionOf<Self>, P>>
] extends [infer Id extends string, infer Owner extends string] ? RightFindings.capabilityUnprovided<Id, Verb, P, Owner>
  : never
