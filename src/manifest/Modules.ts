/**
 * The application as types: one layer per family or reader, each given exactly what the manifest grants it.
 *
 * An object literal has one value per name, so a family has one owner by construction, and a module that needs more
 * than its borrows, or gives away what it does not own, does not compile.
 *
 * @since 0.1.0
 */
import type * as Layer from "effect/Layer"
import type {
  BorrowsCapability,
  BorrowsEach,
  describe,
  exceeding,
  Owns,
  OwnsCapability
} from "../capability/Capability.ts"
import type * as Diagnostic from "../diagnostic/Diagnostic.ts"
import type * as Opaque from "../diagnostic/Opaque.ts"
import type * as Several from "../diagnostic/Several.ts"
import type {
  Definition,
  DefinitionOf,
  FamilyName,
  FamilyOf,
  IdOf,
  joinQuoted,
  ListOf,
  PatternOf,
  ReaderOf
} from "../ownership/Definition.ts"
import type { SourceOf } from "./Owner.ts"

/**
 * Modules by name, each that does too much replaced by a message.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedModules<Self, M> = {
  readonly [K in keyof M]: K extends FamilyName<DefinitionOf<Self>>
    ? CheckedFamilyModule<Self, DefinitionOf<Self>, K, M[K]>
    : [ReaderOf<DefinitionOf<Self>, K>] extends [never] ? Diagnostic.moduleUnknown<IdOf<Self>, K & string>
    : CheckedReaderModule<Self, DefinitionOf<Self>, K & string, M[K]>
}

type CheckedFamilyModule<Self, D extends Definition, K extends FamilyName<D>, L> = D["families"][K] extends
  { readonly partOf: infer Whole extends string } ? Diagnostic.familyIsPart<K, Whole>
  : L extends Layer.Layer<infer Out, any, infer R> ? 0 extends 1 & R ? Opaque.module : orElse<
      findProvidesProblem<K, exceeding<Out, Owns<PatternOf<FamilyOf<D, K>>, Self>, Self>>,
      orElse<
        findRequiresProblem<
          D,
          K,
          PatternOf<FamilyOf<D, K>>,
          exceeding<R, BorrowsEach<SourceOf<D, K> | ListOf<FamilyOf<D, K>, "borrows">, Self>, Self>
        >,
        L
      >
    >
  : Layer.Layer<any, any, any>

type CheckedReaderModule<Self, D extends Definition, K extends string, L> = L extends
  Layer.Layer<infer Out, any, infer R> ? 0 extends 1 & R ? Opaque.module : orElse<
    findProvidesProblem<K, exceeding<Out, never, Self>>,
    orElse<
      findRequiresProblem<D, K, never, exceeding<R, BorrowsEach<ListOf<ReaderOf<D, K>, "borrows">, Self>, Self>>,
      L
    >
  >
  : Layer.Layer<any, any, any>

type orElse<Problems, L> = [Problems] extends [never] ? L : Several.one<Problems>

type findProvidesProblem<K extends string, Out> = Out extends OwnsCapability<infer P, any, any, any>
  ? Diagnostic.moduleProvides<K, P>
  : never

type findRequiresProblem<D extends Definition, K extends string, Own, R> = R extends
  BorrowsCapability<any, any, any, any> ? Diagnostic.moduleExceeds<K, describe<R>, describeBorrows<D, K>>
  : R extends OwnsCapability<infer P, any, any, any> ? P extends Own ? Diagnostic.moduleOwnerMissing<K, P>
    : Diagnostic.moduleExceeds<K, describe<R>, describeBorrows<D, K>>
  : never

type describeBorrows<D extends Definition, K extends string> = orNothing<
  joinQuoted<
    [
      ...tupleOf<FamilyOf<D, K>, "derives">,
      ...tupleOf<FamilyOf<D, K>, "borrows">,
      ...tupleOf<ReaderOf<D, K>, "borrows">
    ]
  >
>
type orNothing<T extends string> = T extends "" ? "nothing" : T
type tupleOf<F, Option extends string> = [F] extends [never] ? []
  : F extends { readonly [_ in Option]: infer T extends ReadonlyArray<unknown> } ? T
  : []
