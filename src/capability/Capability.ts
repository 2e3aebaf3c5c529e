/**
 * Capabilities: the rights that a program needs to read or to write keys, as services in the requirements of its
 * Effect.
 *
 * Providing a service removes from `R` every requirement that is a subtype of it. A capability carries the region of
 * its pattern, covariant, so the ownership of `user:*` removes a requirement for `user:{id}`. A borrow is a subtype of
 * the same ownership, so an owner may read, and a borrow never removes an ownership.
 *
 * - Capabilities exist for declared patterns only, so the run time knows which grants cover a family.
 * - Keys that are carved out of a pattern belong to their carve-out: the owner of the rest does not discharge them.
 * - The cache is part of a capability: the ownership of one cache gives no right in another.
 *
 * Not here: exclusion in time. Types cannot end; {@link Lease} and scopes do.
 *
 * @since 0.1.0
 */
import type { normalizePattern } from "../pattern/KeyPattern.ts"
import type { findNearest, Trie } from "../pattern/types/patternSet.ts"
import type { Head, Tail } from "../pattern/types/region.ts"

declare const TypeId: unique symbol
declare const HeadId: unique symbol
declare const AppointId: unique symbol

/**
 * The shape behind {@link Owns}. It is exported for declaration files only: requirements use the alias, which prints as
 * `Owns<"user:{id}", AppCache>` and has one identity per pattern and cache.
 *
 * **Details**
 *
 * The region must have its own type arguments. If it were computed inside from `Pattern`, the compiler would measure it
 * as invariant, and nothing would be discharged. The pattern itself is a label: the compiler shows it, and does not
 * compare it.
 *
 * The first segment is an argument of its own, before the rest. The compiler compares the requirements of a generator
 * in pairs, and finds two types different as soon as they have different literals at a property or as an argument.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface OwnsCapability<_Pattern extends string, out Head, out Rest, Self> {
  readonly [HeadId]: Head
  readonly [TypeId]: { readonly rest: Rest; readonly cache: (_: Self) => Self }
}

/**
 * The shape behind {@link Borrows}: a subtype of the same ownership.
 *
 * **Details**
 *
 * `Borrows` has one more property than `Owns`, and its name is the error message: the compiler prints it where a
 * program that writes is given to a type that only reads. The type of the property is not a literal, because the
 * compiler would compare two requirements by a literal.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface BorrowsCapability<Pattern extends string, out Head, out Rest, Self>
  extends OwnsCapability<Pattern, Head, Rest, Self>
{
  readonly "E0203: this writes, and its type lets it only read; help: require Owns, or do it in the owner": unknown
}

/**
 * The right to write, and to read, every key of `Pattern` in the cache `Self`.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Owns<Pattern extends string, Self> = OwnsCapability<Pattern, Head<Pattern>, restIn<Pattern, Self>, Self>

/**
 * The right to read every key of `Pattern` in the cache `Self`.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Borrows<Pattern extends string, Self> = BorrowsCapability<
  Pattern,
  Head<Pattern>,
  restIn<Pattern, Self>,
  Self
>

/**
 * The permission of the manifest `Self` to become the owner of a pattern. `modules` gives it to the module of that
 * family. `layer`, the composition root, gives it to all code that it provides for. Nothing else gives it.
 *
 * **When to use**
 *
 * In the annotation of an exported layer that has an owner in it:
 * `Layer<Users, CacheError, Appoints<"user:{id}", AppCache>>`.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Appoints<out Pattern extends string, Self> {
  readonly [AppointId]: { readonly pattern: Pattern; readonly cache: (_: Self) => Self }
}

/**
 * The permission of the manifest `Self` to become a borrower of a pattern. Code that may appoint the owner may also
 * admit a borrower.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Admits<out Pattern extends string, Self> extends Appoints<Pattern, Self> {
  readonly "E0203: this makes itself an owner, and its type lets it only read; help: require Appoints": unknown
}

// The region of a pattern after its first segment, marked with the carve-out that it belongs to.
type restIn<P extends string, Self> = Self extends { readonly "~carved": infer Carved extends string }
  ? [Carved] extends [never] ? Tail<P>
  : findNearest<Trie<Carved>, normalizePattern<P>> extends infer CarveOut
    ? [CarveOut] extends [never] ? Tail<P> : readonly [{ readonly carved: CarveOut }, ...Tail<P>]
  : never
  : Tail<P>
