/**
 * The part of the reads that a lookup and the body of a transaction have in common: neither may list the keys of a
 * family.
 */
import * as Effect from "effect/Effect"
import type { CacheError } from "../../CacheError.ts"
import type { Served } from "../entries/served.ts"

export abstract class UnlistedReads<V> {
  abstract find(key: string): Effect.Effect<Served<V> | undefined, CacheError>

  /** The error of an operation that lists keys. */
  protected abstract listingRefused(): CacheError

  has(key: string): Effect.Effect<boolean, CacheError> {
    return Effect.map(this.find(key), (found) => found !== undefined)
  }

  page(): Effect.Effect<never, CacheError> {
    return Effect.fail(this.listingRefused())
  }

  sample(): Effect.Effect<never, CacheError> {
    return Effect.fail(this.listingRefused())
  }

  count(): Effect.Effect<never, CacheError> {
    return Effect.fail(this.listingRefused())
  }
}
