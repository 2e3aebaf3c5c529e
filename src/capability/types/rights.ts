/**
 * Questions about the rights in the requirements of an Effect or a layer, for the checks of `manifest/`.
 */
import type { Admits, Appoints, Borrows, BorrowsCapability, Owns, OwnsCapability } from "../Capability.ts"

/** Any capability of any cache; for matching. */
export type AnyCapability = OwnsCapability<any, any, any, any>

/** Any borrow of any cache; for matching. */
export type AnyBorrow = BorrowsCapability<any, any, any, any>

/** The ownership of each pattern of a union. */
export type OwnsEach<Ps, Self> = Ps extends string ? Owns<Ps, Self> : never

/** The borrow of each pattern of a union. */
export type BorrowsEach<Ps, Self> = Ps extends string ? Borrows<Ps, Self> : never

/**
 * The capabilities of the cache `Self` in `R`, and its permissions to appoint, that `Allowed` does not discharge. With
 * `any` for `Self`, those of all caches.
 */
export type exceeding<R, Allowed, Self> = Exclude<
  Extract<R, OwnsCapability<any, any, any, Self> | Appoints<any, Self>>,
  Allowed
>

/** Describes capabilities in words: `reads 'user:{id}'`, `writes 'user:{id}'`. */
export type describe<R> = R extends BorrowsCapability<infer P, any, any, any> ? `reads '${P}'`
  : R extends OwnsCapability<infer P, any, any, any> ? `writes '${P}'`
  : R extends Admits<infer P, any> ? `makes itself a reader of '${P}'`
  : R extends Appoints<infer P, any> ? `makes itself the owner of '${P}'`
  : never
