/**
 * The message of each kind of error names what was refused, and why, in one plain sentence. A change of a sentence is
 * seen here.
 */
import { assert, describe, it } from "@effect/vitest"
import * as CacheError from "../../src/cache/CacheError.ts"

const rows: ReadonlyArray<readonly [reason: CacheError.CacheError["reason"], message: string]> = [
  [
    new CacheError.NotOwner({ verb: "write", pattern: "user:{id}", family: "user", holds: "a lookup" }),
    "E0205: cannot write `user:{id}`: it is owned by `user`, and the caller is a lookup, which may only return its own value"
  ],
  [
    new CacheError.Revoked({ verb: "read", pattern: "user:{id}", token: 7 }),
    "cannot read `user:{id}`: the right to it has ended with the scope that gave it"
  ],
  [
    new CacheError.NotOwner({ verb: "read", pattern: "user:{id}", family: "user", holds: "nothing" }),
    "E0205: cannot read `user:{id}`: it is owned by `user`, and the caller has no right to it; help: provide the layers " +
    "of the manifest, which `modules` makes, around the program; a module that keeps its right to itself passes it on " +
    "with Layer.provideMerge"
  ],
  [
    new CacheError.OwnershipConflict({ pattern: "user:{id}", family: "user", token: 7 }),
    "`user:{id}` of family `user` already has an owner; help: keep the owner's layer in a constant, because a function " +
    "that makes the layer makes a new owner at each call"
  ],
  [
    new CacheError.Unowned({ pattern: "user:{id}", family: "user", hasLeft: true }),
    "cannot read or write `user:{id}`: the owner of `user` has left; help: keep its layer for as long as the program " +
    "uses the family"
  ],
  [
    new CacheError.Unowned({ pattern: "user:{id}", family: "user", hasLeft: false }),
    "cannot read or write `user:{id}`: no owner of `user` has been built; help: provide the layer of its owner"
  ],
  [
    new CacheError.LoadTimeout({ key: "user:1", timeoutMillis: 50 }),
    "the lookup of `user:1` did not end within 50 ms"
  ],
  [
    new CacheError.LookupInterrupted({ key: "user:1" }),
    "the lookup of `user:1` was interrupted, and not by the cache"
  ],
  [
    new CacheError.UpdateTimeout({ key: "user:1", timeoutMillis: 50 }),
    "the update of `user:1` did not get its turn: the update before it did not end within 50 ms"
  ],
  [
    new CacheError.VersionConflict({ key: "user:1", expected: 2, actual: undefined }),
    "`user:1` has no value where version 2 was expected"
  ],
  [
    new CacheError.UpdateRefused({ key: "user:1", why: "stale" }),
    "`user:1` was not updated, because the cache does not keep its value: its lookup read a stale value"
  ],
  [
    new CacheError.UpdateRefused({ key: "user:1", why: "doubtful" }),
    "`user:1` was not updated, because the cache does not keep its value: its lookup found nothing where a tier that failed may hold a value"
  ],
  [
    new CacheError.InvalidOption({ family: "user", option: "jitter", why: "must be from 0 to 1" }),
    "`jitter` of family `user` must be from 0 to 1"
  ]
]

describe("message of a CacheError", () => {
  for (const [reason, message] of rows) {
    it(`${reason._tag} has a message that says what happened`, () => {
      assert.strictEqual(new CacheError.CacheError({ reason }).message, message)
    })
  }
})
