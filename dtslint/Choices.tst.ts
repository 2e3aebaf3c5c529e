// dprint-ignore-file: an expected error stands above its line
import { Effect, type Layer } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type * as Manifest from "../src/manifest/Manifest.ts"
import { AppCache, Db, type UserId } from "./fixture.ts"

declare const flag: boolean
const lookup = (params: { readonly id: typeof UserId.Type }) => Db.use((db) => db.userById(params.id))
const wrong = () => Effect.succeed(1)
const predict = { keysMax: 5 }
type Made = Layer.Layer<
  Manifest.Owns<"user:{id}", AppCache>,
  CacheError,
  Manifest.Appoints<"user:{id}", AppCache> | Db
>
declare const partial: { readonly lookup?: typeof lookup }
declare const partialUnsaid: { readonly lookup?: typeof lookup | undefined }

describe("options of an owner that are a choice", () => {
  test("a choice that is written in place gives the parameters of a lookup their types, and keeps what it requires", () => {
    expect(AppCache.owner("user", flag ? { lookup } : {})).type.toBe<Made>()
    expect(AppCache.owner("user", flag ? { lookup: (one) => lookup(one) } : {})).type.toBe<Made>()
    expect(AppCache.owner("user", flag ? {} : { lookup: (one) => lookup(one) })).type.toBe<Made>()
    expect(AppCache.owner("user", flag ? { lookup: (one) => lookup(one) } : undefined)).type.toBe<Made>()
    expect(AppCache.owner("user", flag ? { lookup: (one) => lookup(one) } : { predict })).type.toBe<Made>()
    expect(
      AppCache.owner("user", flag ? { lookup } : { lookupMany: (all) => Effect.forEach(all, (one) => lookup(one)) })
    ).type.toBe<Made>()
    expect(AppCache.owner("user", { predict, ...(flag ? { lookup: (one) => lookup(one) } : {}) })).type.toBe<Made>()
    expect(AppCache.owner("user", { ...(flag && { lookup: (one) => lookup(one) }) })).type.toBe<Made>()
    expect(AppCache.owner("user", { lookup: flag ? (one) => lookup(one) : undefined })).type.toBe<Made>()
    const lengths = flag ? { lookup: (one: { readonly id: string }) => Effect.succeed(one.id.length) } : {}
    AppCache.delegate("facts", lengths)
    AppCache.delegate("facts", flag ? { lookup: ({ id: part }) => Effect.succeed(part.length) } : {})
    AppCache.owner("files", flag ? { parts: { facts: { lookup: (one) => Effect.succeed(one.id.length) } } } : {})
    AppCache.owner("files", { parts: flag ? { facts: { lookup: (one) => Effect.succeed(one.id.length) } } : {} })
  })

  test("an option that may be missing keeps what it requires", () => {
    expect(AppCache.owner("user", partial)).type.toBe<Made>()
    expect(AppCache.owner("user", partialUnsaid)).type.toBe<Made>()
    expect(AppCache.owner("user", { ...partial, predict })).type.toBe<Made>()
    expect(AppCache.owner("user", { ...(partial as Partial<{ readonly lookup: typeof lookup }>) })).type.toBe<Made>()
  })

  test("no options are none that are written, none that are given, and an empty object", () => {
    type Plain = Layer.Layer<
      Manifest.Owns<"user:{id}", AppCache>,
      CacheError,
      Manifest.Appoints<"user:{id}", AppCache>
    >
    expect(AppCache.owner("user")).type.toBe<Plain>()
    expect(AppCache.owner("user", undefined)).type.toBe<Plain>()
    expect(AppCache.owner("user", {})).type.toBe<Plain>()
  })

  test("a lookup in a choice is checked as any other", () => {
    // @ts-expect-error E0114: the lookup of family 'user' does not return a value of 'user'
    AppCache.owner("user", flag ? { lookup: wrong } : {})
    // @ts-expect-error E0114: the lookup of family 'user' does not return a value of 'user'
    AppCache.owner("user", flag ? { lookup: () => Effect.succeed(1) } : { predict })
    // @ts-expect-error E0114: the lookup of family 'user' does not return a value of 'user'
    AppCache.owner("user", flag ? { lookup: wrong } : undefined)
    // @ts-expect-error E0406: the owner of family 'user' takes options, and this is a function
    AppCache.owner("user", flag ? { lookup } : lookup)
  })

  test("a choice that has lost which object has an option is refused, so that no lookup goes unchecked", () => {
    const empty = {} as { readonly lookup: typeof wrong } | {}
    // @ts-expect-error E0417: it is not known whether 'lookup' is given to the owner of family 'user'
    AppCache.owner("user", empty)
    const other = {} as { readonly lookup: typeof lookup } | { readonly predict: typeof predict }
    // @ts-expect-error E0417: it is not known whether 'lookup' is given to the owner of family 'user'
    AppCache.owner("user", other)
    const more = {} as { readonly lookup: typeof wrong; readonly predict: typeof predict } | {
      readonly predict: typeof predict
    }
    // @ts-expect-error E0417: it is not known whether 'lookup' is given to the owner of family 'user'
    AppCache.owner("user", more)
    const part = {} as { readonly lookup: typeof wrong } | { readonly predict: typeof predict }
    // @ts-expect-error E0417: it is not known whether 'lookup' is given to the owner of family 'facts'
    AppCache.delegate("facts", part)
  })
})
