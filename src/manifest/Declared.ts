/**
 * Functions, methods and programs that say what they do to the cache, as types: a body may do no more than it declares.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type {
  Admits,
  Appoints,
  Borrows,
  BorrowsCapability,
  BorrowsEach,
  describe,
  exceeding,
  Owns,
  OwnsCapability,
  OwnsEach
} from "../capability/Capability.ts"
import type * as Declaring from "../diagnostic/Declaring.ts"
import type * as Opaque from "../diagnostic/Opaque.ts"
import type * as RightFindings from "../diagnostic/RightFindings.ts"
import type * as Several from "../diagnostic/Several.ts"
import type * as Wiring from "../diagnostic/Wiring.ts"
import type { CheckedDeclared } from "../ownership/DeclarationChecks.ts"
import type { Definition } from "../ownership/Definition.ts"
import type { DeclaredPattern, Route } from "../ownership/DefinitionFacts.ts"
import type { findLayerProblem } from "../ownership/DefinitionLayers.ts"
import type { DefinitionOf, IdOf, joinQuoted, ListOf, OwnerOf } from "../ownership/DefinitionParts.ts"

/**
 * Takes the body of a function that declares `C`. The function requires what is declared, and what else the body needs.
 *
 * **Details**
 *
 * The check sits in the body's return type, so that a generic body keeps its type parameters.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeclaredFn<Self, C> {
  <Args extends Array<any>, Eff extends Effect.Effect<any, any, any>, A>(
    body: (
      ...args: Args
    ) => CheckedBody<Opaque.body, Generator<Eff, A, any>, Self, C, requiredBy<Eff>>
  ): (...args: Args) => Effect.Effect<
    A,
    Eff extends Effect.Effect<any, infer E, any> ? E : never,
    // Spelled out rather than named, so that hovers show the capabilities.
    | { [P in ListOf<C, "owns">]: Owns<P, Self> }[ListOf<C, "owns">]
    | { [P in ListOf<C, "borrows">]: Borrows<P, Self> }[ListOf<C, "borrows">]
    | Exclude<requiredBy<Eff>, OwnsCapability<any, any, any, Self>>
  >
}

type requiredBy<Eff> = Eff extends Effect.Effect<any, any, infer R> ? R : never
type grantedBy<Self, C> = OwnsEach<ListOf<C, "owns">, Self> | BorrowsEach<ListOf<C, "borrows">, Self>

// Of `any` and `unknown` nothing is known. A type parameter leaves the check open, and the compiler then prints the
// check's name and its arguments: so the message is the first of them.
type CheckedBody<Message extends string, F, Self, C, R> = unknown extends R ? Message
  : [exceeding<R, grantedBy<Self, C>, Self>] extends [never] ? F
  : C extends CheckedDeclared<Self, C>
    ? Declaring.bodyExceeds<Several.enumerate<describe<exceeding<R, grantedBy<Self, C>, Self>>>, describeDeclared<C>>
  // What is declared was refused, and reason enough.
  : F

type describeDeclared<C> = [describeList<C, "owns">, describeList<C, "borrows">] extends
  [infer O extends string, infer B extends string] ?
  O extends "" ? B extends "" ? "nothing" : B : B extends "" ? O : `${O}, ${B}`
  : never
type describeList<C, Option extends string> = C extends { readonly [_ in Option]: infer T }
  ? joinQuoted<T> extends infer J extends string ? J extends "" ? "" : `${Option} ${J}` : never
  : ""

/**
 * Decorates a method that declares `C`. A decorator cannot change the method's type, so callers see what the body uses.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeclaredMethod<Self, C> {
  <Context extends Pick<DecoratorContext, "kind">>(
    method: CheckedMethod<Self, C, MethodOf<Context>>,
    context: Context
  ): MethodOf<Context>
}

// What is decorated, if it is a method; the compiler knows it by the context.
type MethodOf<Context> = Context extends ClassMethodDecoratorContext<any, infer M> ? M : void
type CheckedMethod<Self, C, M> = M extends (...args: any) => infer X
  ? [X] extends [Effect.Effect<any, any, infer R>] ? CheckedBody<Opaque.methodRights, M, Self, C, R>
  : Opaque.method
  : Opaque.method

/**
 * Takes a program of one layer, and refuses one that uses what that layer cannot.
 *
 * @category models
 * @since 0.1.0
 */
export interface InLayer<Self, L extends string> {
  <A, E, R>(
    effect: CheckedProgram<Opaque.program, Effect.Effect<A, E, R>, Self, L, R>
  ): Effect.Effect<A, E, R>
}

type CheckedProgram<Message extends string, P, Self, L, R> = unknown extends R ? Message
  : [findProgramProblem<Self, DefinitionOf<Self>, L, R>] extends [never] ? P
  : Several.one<findProgramProblem<Self, DefinitionOf<Self>, L, R>>
// A layer that does not exist is refused where it is named.
type findProgramProblem<Self, D extends Definition, L, R> = L extends keyof D["layers"] ? findRefused<Self, D, L, R>
  : never
type findRefused<Self, D extends Definition, L, R> = R extends BorrowsCapability<infer P, any, any, Self>
  ? findLayerProblem<D, L, "borrows", P>
  : R extends OwnsCapability<infer P, any, any, Self> ? findLayerProblem<D, L, "owns", P>
  // A program that makes itself an owner or a reader uses that right, and no other requirement shows it.
  : R extends Admits<infer P, Self> ? findAppointed<D, L, "borrows", P>
  : R extends Appoints<infer P, Self> ? findAppointed<D, L, "owns", P>
  : never
// Unlike a right, this word may be for several patterns: a choice of them, or with `string` for all.
type findAppointed<D extends Definition, L, Option extends "owns" | "borrows", P extends string> = string extends P
  ? findAppointed<D, L, Option, DeclaredPattern<D>>
  : P extends string ? findLayerProblem<D, L, Option, P>
  : never

/**
 * Takes a program that is ready to run, and refuses one that requires a right to a cache.
 *
 * @category models
 * @since 0.1.0
 */
export interface Provided {
  <A, E, R>(
    effect: [findUnprovided<R>] extends [never] ? Effect.Effect<A, E, R> : Several.one<findUnprovided<R>>
  ): Effect.Effect<A, E, R>
}

type findUnprovided<R> = R extends BorrowsCapability<infer P, any, any, infer Self> ? nameUnprovided<Self, "read", P>
  : R extends OwnsCapability<infer P, any, any, infer Self> ? nameUnprovided<Self, "write", P>
  : R extends Admits<infer P, infer Self> ? Wiring.appointmentMissing<IdOf<Self>, "a reader", P>
  : R extends Appoints<infer P, infer Self> ? Wiring.appointmentMissing<IdOf<Self>, "the owner", P>
  : never
type nameUnprovided<Self, Verb extends "read" | "write", P extends string> = [
  IdOf<Self>,
  OwnerOf<DefinitionOf<Self>, Route<DefinitionOf<Self>, P>>
] extends [infer Id extends string, infer Owner extends string] ? RightFindings.capabilityUnprovided<Id, Verb, P, Owner>
  : never
