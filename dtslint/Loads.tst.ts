import { Context, Effect } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import * as Lookup from "../src/cache/Lookup.ts"
import * as Manifest from "../src/manifest/Manifest.ts"
import { AppCache, DbError, UserId } from "./fixture.ts"

// The load that a caller brings to `getOr` keeps the rules of a lookup.
const { prefs, profile, user } = AppCache.keys
const id = UserId.make("1")
class Mail extends Context.Service<Mail, { readonly name: string }>()("Mail") {}
interface Traffic {
  readonly light: "red" | "green"
}
class Other extends Manifest.Service<Other>()("Other", {
  families: {
    other: { pattern: "other:{id}" },
    light: { pattern: "light:{id}", value: Manifest.type<Traffic>() }
  }
}) {}

describe("loads", () => {
  test("a load that reads what its family does not derive from, or writes, is refused", () => {
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.as(prefs.get({ id: 1 }), "x"))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.as(prefs.has({ id: 1 }), "x"))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.as(prefs.delete({ id: 1 }), "x"))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.as(user.delete({ id }), "x"))
    // @ts-expect-error E0211: this load of a key of 'profile:{id}' reads 'profile:{id}', its own family
    profile.getOr({ id }, profile.get({ id }))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.as(Other.keys.other.has({ id: 1 }), "x"))
    expect(profile.getOr).type.not.toBeCallableWith(
      { id },
      Effect.as(Effect.andThen(Mail, () => prefs.get({ id: 1 })), "x")
    )
  })

  test("a load of a writer keeps the same rules", () => {
    Effect.gen(function*() {
      const writer = yield* profile.writer
      expect(writer.getOr).type.toBeCallableWith({ id }, Effect.as(user.get({ id }), "x"))
      expect(writer.getOr).type.not.toBeCallableWith({ id }, Effect.as(prefs.get({ id: 1 }), "x"))
      expect(writer.getOr).type.not.toBeCallableWith({ id }, Effect.as(user.delete({ id }), "x"))
    })
  })

  test("a load may read what its family derives from, and use the services of its caller", () => {
    expect(profile.getOr({ id }, Effect.map(user.get({ id }), (user) => user.name))).type.toBe<
      Effect.Effect<
        string,
        CacheError | DbError,
        Manifest.Owns<"profile:{id}", AppCache> | Manifest.Borrows<"user:{id}", AppCache>
      >
    >()
    expect(profile.getOr({ id }, Effect.map(Mail, (mail) => mail.name))).type.toBe<
      Effect.Effect<string, CacheError | DbError, Manifest.Owns<"profile:{id}", AppCache> | Mail>
    >()
    expect(profile.getOr({ id }, Effect.as(Effect.acquireRelease(Effect.void, () => Effect.void), "x"))).type.toBe<
      Effect.Effect<string, CacheError | DbError, Manifest.Owns<"profile:{id}", AppCache>>
    >()
  })

  test("a load that is not an Effect, or has another value or error, is refused", () => {
    expect(profile.getOr).type.not.toBeCallableWith({ id }, () => Effect.succeed("x"))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Promise.resolve("x"))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, "x")
    expect(profile.getOr).type.not.toBeCallableWith({ id }, null as unknown)
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.succeed(1))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.fail(new Error("down")))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.succeed(Lookup.failed(new Error("down"))))
    expect(profile.getOr).type.toBeCallableWith({ id }, Effect.fail(new DbError()))
    expect(profile.getOr).type.toBeCallableWith({ id }, Effect.succeed(Lookup.failed(new DbError())))
  })

  test("a load that fails with any, or may require any right, is refused", () => {
    const anyError = (cause: any) => cause
    const hidden: Effect.Effect<string, never, object> = Effect.as(Effect.orDie(prefs.get({ id: 1 })), "x")
    const emptied: Effect.Effect<string, never, {}> = hidden
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.fail(anyError(1)))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, Effect.succeed(Lookup.failed(anyError(1))))
    expect(profile.getOr).type.not.toBeCallableWith({ id }, hidden)
    expect(profile.getOr).type.not.toBeCallableWith({ id }, emptied)
    expect(profile.getOr({ id }, anyError(1))).type.toBe<Effect.Effect<string, CacheError | DbError, unknown>>()
    expect(profile.getOr).type.toBeCallableWith({ id }, Effect.succeed(anyError(1)))
  })

  test("literals in a load keep their types", () => {
    Other.keys.light.getOr({ id: 1 }, Effect.succeed({ light: "red" }))
    Other.keys.light.getOr({ id: 1 }, Effect.succeed(Lookup.loaded({ light: "green" }, { tags: ["a"] })))
  })

  test("a helper may take a load of any requirements and of any value of the family, and not of any error", () => {
    const valued = <V extends string>(load: Effect.Effect<V, DbError>) => profile.getOr({ id }, load)
    expect(valued).type.toBeCallableWith(Effect.succeed("x"))
    // @ts-expect-error isAny<E> extends true ? "E0213: the compiler cannot tell with what the load of a key of 'profile:{id}' fails
    const erring = <E>(load: Effect.Effect<string, E>) => profile.getOr({ id }, load)
    void erring
    const cached = <R>(load: Effect.Effect<string, DbError, R>) => profile.getOr({ id }, load)
    expect(cached(Effect.map(Mail, (mail) => mail.name))).type.toBe<
      Effect.Effect<string, CacheError | DbError, Manifest.Owns<"profile:{id}", AppCache> | Mail>
    >()
  })
})
