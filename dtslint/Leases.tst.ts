// dprint-ignore-file: an expected error stands above its line
import { Effect, type Scope } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type { Lease, LeaseMode } from "../src/capability/Lease.ts"
import type { Borrows, Owns } from "../src/manifest/Manifest.ts"
import type { KeyPattern } from "../src/pattern/KeyPattern.ts"
import { AppCache, User, UserId } from "./fixture.ts"

// A write takes an exclusive lease of its own family.
const { prefs, user } = AppCache.keys
const id = UserId.make("1")
const ann = new User({ id, name: "Ann" })
declare const ofPrefs: Lease<"prefs:{id}", "exclusive">
declare const shared: Lease<"user:{id}", "shared">
declare const unsure: Lease<"user:{id}", "shared" | "exclusive">
declare const any: Lease
declare const patterns: ReadonlyArray<KeyPattern>
const forged = {
  patterns,
  mode: "exclusive",
  token: 1,
  expiresAt: Infinity,
  isHeldUnsafe: () => true,
  check: Effect.void
} as const
declare const own: Lease<"user:{id}", "exclusive">

describe("leases", () => {
  test("a lease of another family, one that is shared, and one that no table made are refused", () => {
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    user.set({ id }, ann, { lease: ofPrefs })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    user.set({ id }, ann, { lease: shared })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    user.set({ id }, ann, { lease: unsure })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    user.set({ id }, ann, { lease: any })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    user.set({ id }, ann, { lease: forged })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    user.setMany([[{ id }, ann]], { lease: ofPrefs })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    user.setting({ id }, ann, { lease: shared })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    user.deleting({ id }, { lease: ofPrefs })
    // @ts-expect-error 'tags' does not exist in type
    user.deleting({ id }, { lease: own, tags: ["a"] })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    AppCache.set("user:1", ann, { lease: ofPrefs })
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    Effect.map(user.writer, (writer) => writer.set({ id }, ann, { lease: ofPrefs }))
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    Effect.map(user.writer, (writer) => writer.setMany([[{ id }, ann]], { lease: shared }))
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    Effect.flatMap(prefs.lease({ id: 1 }), (lease) => user.set({ id }, ann, { lease }))
    // @ts-expect-error E0219: this lease does not allow a write to 'user:{id}'
    Effect.flatMap(user.lease({ id }, { mode: "shared" }), (lease) => user.set({ id }, ann, { lease }))
  })

  test("a lease is shared only where its options say so", () => {
    type Held<Mode extends LeaseMode, R> = Effect.Effect<Lease<"user:{id}", Mode>, CacheError, R | Scope.Scope>
    const perhaps: { readonly mode?: "shared"; readonly deadline?: "1 second" } = {}
    const given = { mode: "shared", deadline: "1 second" } as { readonly mode: "shared" } | undefined
    const unsaid: { readonly mode: "shared" | undefined } = { mode: undefined }
    const mode = "shared" as LeaseMode
    expect(user.lease({ id }, { mode: "shared", deadline: "1 second" })).type.toBe<Held<"shared", Borrows<"user:{id}", AppCache>>>()
    expect(user.lease({ id })).type.toBe<Held<"exclusive", Owns<"user:{id}", AppCache>>>()
    expect(user.lease({ id }, { mode: "exclusive" })).type.toBe<Held<"exclusive", Owns<"user:{id}", AppCache>>>()
    expect(user.lease({ id }, { deadline: 5 })).type.toBe<Held<"exclusive", Owns<"user:{id}", AppCache>>>()
    // What may be left out may be exclusive.
    expect(user.lease({ id }, perhaps)).type.toBe<Held<LeaseMode, Owns<"user:{id}", AppCache>>>()
    expect(user.lease({ id }, given)).type.toBe<Held<LeaseMode, Owns<"user:{id}", AppCache>>>()
    expect(user.lease({ id }, { mode })).type.toBe<Held<LeaseMode, Owns<"user:{id}", AppCache>>>()
    expect(user.lease<"shared">({ id })).type.toBe<Held<LeaseMode, Owns<"user:{id}", AppCache>>>()
    expect(user.lease({ id }, unsaid)).type.toBe<Held<LeaseMode, Owns<"user:{id}", AppCache>>>()
    // @ts-expect-error No overload matches this call
    user.lease({ id }, { mode: "shared", deadlin: 5 })
  })

  test("leases that are right are accepted", () => {
    expect(user.set({ id }, ann, { lease: own })).type.not.toBe<never>()
    expect(user.setMany([[{ id }, ann]], { lease: own })).type.not.toBe<never>()
    expect(user.deleting({ id }, { lease: own, ifVersion: 1 })).type.not.toBe<never>()
    expect(Effect.flatMap(user.lease({ id }), (lease) => AppCache.set("user:1", ann, { lease, ifVersion: null }))).type.not.toBe<never>()
    // @ts-expect-error Type 'undefined' is not assignable
    user.set({ id }, ann, { lease: undefined })
    // @ts-expect-error Type 'undefined' is not assignable
    user.set({ id }, ann, { ifVersion: undefined })
  })
})
