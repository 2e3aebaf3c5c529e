/**
 * Capabilities: what a program must hold to read or to write keys, as services in the requirements of its Effect.
 *
 * Providing a service removes from `R` every requirement that is a subtype of it. A capability carries the region of
 * its pattern, covariant, so the ownership of `user:*` removes a requirement for `user:{id}`; a borrow is a subtype of
 * the same ownership, so an owner may read; and a borrow never removes an ownership.
 *
 * - Capabilities exist for declared patterns only, so the run time knows which grants cover a family.
 * - Keys that are carved out of a pattern live in a realm of their own: the owner of the rest does not discharge them.
 * - The cache is part of a capability: another cache's ownership is worth nothing here.
 *
 * Not here: exclusion in time. Types cannot end; {@link Lease} and scopes do.
 *
 * @since 0.1.0
 */
import type { Head, normalizePattern, Tail } from "../pattern/KeyPattern.ts"
import type { findNearest, Trie } from "../pattern/PatternSet.ts"

declare const TypeId: unique symbol
declare const HeadId: unique symbol
declare const AppointId: unique symbol

/**
 * The shape behind {@link Owns}. It is exported for declaration files only: requirements name the alias, which prints
 * as
 * `Owns<"user:{id}", AppCache>` and has one identity per pattern and cache.
 *
 * **Details**
 *
 * The region must be type arguments of its own. Computed inside from `Pattern` it would be measured as invariant, and
 * nothing would be discharged. The pattern itself is a label: it is shown, and plays no part in comparisons.
 *
 * Its first segment stands apart from the rest, and first: the compiler compares the requirements of a generator in
 * pairs, and two types that have different literals at a property, or as an argument, are told apart there.
 *
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
 * What an ownership lacks to be a borrow is a property whose name is a message: the compiler prints it where a program
 * that writes is given to a type that says that it reads. Its type is no literal, or the compiler would look there for
 * what tells two requirements apart.
 *
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
 * @category models
 * @since 0.1.0
 */
export type Owns<Pattern extends string, Self> = OwnsCapability<Pattern, Head<Pattern>, restIn<Pattern, Self>, Self>

/**
 * The right to read every key of `Pattern` in the cache `Self`.
 *
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
 * The manifest's word that a piece of code may make itself the owner of a pattern. Only `modules` gives it, to the
 * module of that family, and the composition root, to all: `layer`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Appoints<out Pattern extends string, Self> {
  readonly [AppointId]: { readonly pattern: Pattern; readonly cache: (_: Self) => Self }
}

/**
 * The same for a borrower. Who may appoint an owner may let somebody read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Admits<out Pattern extends string, Self> extends Appoints<Pattern, Self> {
  readonly "E0203: this makes itself an owner, and its type lets it only read": unknown
}

/**
 * Any capability of any cache; for matching.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyCapability = OwnsCapability<any, any, any, any>

/**
 * Any borrow of any cache; for matching.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyBorrow = BorrowsCapability<any, any, any, any>

/**
 * The region of a pattern after its first segment, marked with the carve-out that it belongs to.
 *
 * @category type level
 * @since 0.1.0
 */
export type restIn<P extends string, Self> = Self extends { readonly "~carved": infer C extends string }
  ? [C] extends [never] ? Tail<P>
  : findNearest<Trie<C>, normalizePattern<P>> extends infer Realm
    ? [Realm] extends [never] ? Tail<P> : readonly [{ readonly carved: Realm }, ...Tail<P>]
  : never
  : Tail<P>

// --- capabilities of a program ---------------------------------------------------------------------------------------

/**
 * The ownership of each pattern of a union.
 *
 * @category type level
 * @since 0.1.0
 */
export type OwnsEach<Ps, Self> = Ps extends string ? Owns<Ps, Self> : never

/**
 * The borrow of each pattern of a union.
 *
 * @category type level
 * @since 0.1.0
 */
export type BorrowsEach<Ps, Self> = Ps extends string ? Borrows<Ps, Self> : never

/**
 * The capabilities of the cache `Self` in `R` that `Allowed` does not discharge. Another cache's are none of its
 * business.
 *
 * @category type level
 * @since 0.1.0
 */
export type exceeding<R, Allowed, Self> = Exclude<
  Extract<R, OwnsCapability<any, any, any, Self> | Appoints<any, Self>>,
  Allowed
>

/**
 * What the capabilities do, in words: `reads 'user:{id}'`, `writes 'user:{id}'`.
 *
 * @category type level
 * @since 0.1.0
 */
export type describe<R> = R extends BorrowsCapability<infer P, any, any, any> ? `reads '${P}'`
  : R extends OwnsCapability<infer P, any, any, any> ? `writes '${P}'`
  : R extends Admits<infer P, any> ? `makes itself a reader of '${P}'`
  : R extends Appoints<infer P, any> ? `makes itself the owner of '${P}'`
  : never

// --- run time --------------------------------------------------------------------------------------------------------

/**
 * The value behind a capability: one per acquisition. It carries the engine that it speaks for, so an operation
 * requires the capability and nothing else.
 *
 * @category models
 * @since 0.1.0
 */
export interface Grant<out Engine = unknown> {
  readonly family: string
  readonly mode: "own" | "borrow"
  /** Grows with every change of owner: the fencing token. */
  readonly token: number
  readonly engine: Engine
  /** Ends for good when the scope that acquired it closes. */
  active: boolean
}

/**
 * The name under which a grant is found in a Context.
 *
 * @category getters
 * @since 0.1.0
 */
export const grantKey = (manifest: string, mode: Grant["mode"], pattern: string): string =>
  `effect-stateless/capability/Capability/${escapeName(manifest)}/${mode}/${pattern}`

// A manifest's name may hold the sign that ends it here.
const escapeName = (name: string): string => name.replaceAll("%", "%25").replaceAll("/", "%2F")

/**
 * The name under which the manifest's word is found in a Context; without a pattern, that of the composition root.
 *
 * @category getters
 * @since 0.1.0
 */
export const appointKey = (manifest: string, mode?: Grant["mode"], pattern?: string): string =>
  `effect-stateless/capability/Capability/${escapeName(manifest)}/appoint/${mode ?? "*"}/${pattern ?? "*"}`
