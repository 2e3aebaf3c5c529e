// dprint-ignore-file: an expected error stands above its line
import { Cause, Context, Effect, Layer, Request, RequestResolver, Schedule, type Scope } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type { LookupContext } from "../src/cache/Lookup.ts"
import * as Lookup from "../src/cache/Lookup.ts"
import type { Appoints } from "../src/capability/Capability.ts"
import * as Manifest from "../src/manifest/Manifest.ts"
import type { DelegateOptions, OwnerOptions, WarmOptions } from "../src/manifest/Owner.ts"
import type { Store } from "../src/store/Store.ts"
import { AppCache, Db, DbError, type User, type UserId } from "./fixture.ts"

// A lookup reads what its family derives from, writes nothing, and takes the parameters that its family has.
const { feed, prefs, profile, user } = AppCache.keys
declare const ann: User
class Other extends Manifest.Service<Other>()("Other", { families: { other: { pattern: "other:{id}" } } }) {}
const { other } = Other.keys
type ReadsPrefs = Effect.Effect<string, never, Manifest.Borrows<"prefs:{id}", AppCache>>

declare const loose: Effect.Effect<ReadonlyArray<{ readonly id: string }>, never, any>
declare const looseSchedule: Schedule.Schedule<number, unknown, never, any>

declare function lastIsClean(params: { readonly id: string }): ReadsPrefs
declare function lastIsClean(params: { readonly id: string }, about?: unknown): Effect.Effect<string>
declare function thirdReads(params: { readonly id: string }): Effect.Effect<string>
declare function thirdReads(params: { readonly id: string }, about: string): Effect.Effect<string>
declare function thirdReads(params: { readonly id: string }, about: number): ReadsPrefs
declare function thirdReads(params: { readonly id: string }, about?: unknown): Effect.Effect<string>
declare const optional: { readonly lookup?: () => ReadsPrefs }
declare const either: (() => ReadsPrefs) | (() => Effect.Effect<string>)
declare const perhaps: (() => ReadsPrefs) | undefined
declare const options: { readonly lookup: () => ReadsPrefs } | { readonly lookup?: never }
declare const numbered: (params: { readonly id: number }) => Effect.Effect<string>
const generator = Effect.fnUntraced(function*(params: { readonly id: number }) {
  return yield* Effect.succeed(`${params.id}`)
})

const plain = AppCache.owner("user", { lookup: () => Effect.succeed(ann) })

describe("lookups", () => {
  test("a lookup that reads what its family does not derive from is refused, however it is written", () => {
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookup: lastIsClean })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookup: thirdReads })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", optional)
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", options)
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookup: either })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookup: perhaps })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookup: () => Effect.as(prefs.getOption({ id: 1 }), "x") })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookup: () => Effect.as(Effect.flatMap(prefs.reader, (r) => r.get({ id: 1 })), "x") })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookup: () => Effect.as(AppCache.get("prefs:1"), "x") })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookupMany: (all) => Effect.as(prefs.getMany([{ id: 1 }]), all.map(() => "x")) })
    // @ts-expect-error E0211: the lookup of family 'facts' reads 'prefs:{id}', which 'facts' does not derive from
    AppCache.owner("files", { parts: { facts: { lookup: () => Effect.as(prefs.get({ id: 1 }), 1) } } })
    // @ts-expect-error E0211: the lookup of family 'facts' reads 'prefs:{id}', which 'facts' does not derive from
    AppCache.delegate("facts", { lookup: () => Effect.as(prefs.get({ id: 1 }), 1) })
  })

  test("a lookup in place infers type parameters that have a default as it does anywhere else", () => {
    class Names extends Manifest.Service<Names>()("Names", {
      families: {
        name: { pattern: "name:{id}", value: Manifest.type<string>(), error: DbError },
        bare: { pattern: "bare:{id}", value: Manifest.type<string>() },
        whole: { pattern: "whole:*" },
        part: { pattern: "whole:{id}:part", value: Manifest.type<"day" | "night">(), partOf: "whole" }
      }
    }) {}
    class GetName extends Request.TaggedClass("GetName")<{ readonly id: string }, string, never> {}
    const resolver = RequestResolver.make<GetName>(() => Effect.void)
    const byDefault = <R = never, E = never>(id: string, first?: Effect.Effect<string, E, R>): Effect.Effect<string, E, R> =>
      first ?? Effect.succeed(id) as Effect.Effect<never>
    const failing = <E = never>(id: string, first?: Effect.Effect<string, E>): Effect.Effect<string, DbError | E> =>
      first ?? Effect.succeed(id)
    const request = Names.owner("bare", { lookup: ({ id }) => Effect.request(new GetName({ id }), resolver) })
    const requests = Names.owner("bare", {
      lookupMany: (all) => Effect.forEach(all, ({ id }) => Effect.request(new GetName({ id }), resolver))
    })
    const helper = Names.owner("bare", { lookup: ({ id }) => byDefault(id) })
    const callback = Names.owner("bare", { lookup: () => Effect.callback((resume) => resume(Effect.succeed("x"))) })
    const whole = Names.owner("whole", { parts: { part: { lookup: () => Effect.succeed("day") } } })
    for (const bare of [request, requests, helper, callback]) {
      Names.modules({ name: Names.owner("name", { lookup: ({ id }) => failing(id) }), bare, whole })
    }
    // @ts-expect-error E0213: the lookup of family 'bare' fails with 'DbError', which its family does not declare
    Names.owner("bare", { lookup: ({ id }) => failing(id) })
    // @ts-expect-error E0213: the lookup of family 'bare' fails with 'DbError', which its family does not declare
    Names.owner("bare", { lookupMany: (all) => Effect.forEach(all, ({ id }) => failing(id)) })
    // @ts-expect-error E0213: the lookup of family 'part' fails with 'DbError', which its family does not declare
    Names.owner("whole", { parts: { part: { lookup: ({ id }) => Effect.as(failing(id), "day" as const) } } })
    // @ts-expect-error E0213: the lookup of family 'part' fails with 'DbError', which its family does not declare
    Names.delegate("part", { lookup: ({ id }) => Effect.as(failing(id), "day" as const) })
  })

  test("the options of an owner in place require what they require anywhere else, and never any", () => {
    class Tenant extends Context.Service<Tenant, string>()("Tenant") {}
    class Keys extends Request.TaggedClass("Keys")<{}, ReadonlyArray<{ readonly id: string }>, DbError, Tenant> {}
    class Count extends Request.TaggedClass("Count")<{}, number, never, Tenant> {}
    const resolver = RequestResolver.make<Keys>(() => Effect.void)
    const counts = RequestResolver.make<Count>(() => Effect.void)
    type Prefs<R> = Layer.Layer<Manifest.Owns<"prefs:{id}", AppCache>, CacheError, Appoints<"prefs:{id}", AppCache> | R>
    type Files<R> = Layer.Layer<Manifest.Owns<"files:*", AppCache>, CacheError, Appoints<"files:*", AppCache> | R>

    const requested = AppCache.owner("prefs", { warm: { keys: Effect.request(new Keys(), resolver) } })
    expect(requested).type.toBe<Prefs<Tenant>>()
    expect(AppCache.owner("prefs", { warm: { keys: Effect.callback((resume) => resume(Effect.succeed([]))) } }))
      .type.toBe<Prefs<never>>()
    expect(AppCache.owner("prefs", {
      lookup: () => Effect.as(Tenant, { dark: true }),
      warm: { keys: Effect.request(new Keys(), resolver), schedule: Schedule.while(Schedule.forever, () => Effect.as(Db, true)) }
    })).type.toBe<Prefs<Tenant | Db>>()
    const part = { lookup: () => Effect.request(new Count(), counts) }
    expect(AppCache.owner("files", { parts: { facts: { ...part, warm: { keys: Effect.request(new Keys(), resolver) } } } }))
      .type.toBe<Files<Tenant>>()
    expect(AppCache.delegate("facts", { warm: { keys: Effect.request(new Keys(), resolver) } })).type.toBe<
      Layer.Layer<
        Manifest.Owns<"files:{id}:facts", AppCache>,
        CacheError,
        AppCache | Manifest.Owns<"files:{id}:facts", AppCache> | Tenant
      >
    >()
    type Live = Layer.Layer<AppCache | Manifest.Owns<"prefs:{id}", AppCache>, CacheError, Store | Tenant>
    expect(AppCache.modules({ prefs: AppCache.owner("prefs", { warm: { keys: Effect.request(new Keys(), resolver) } }) }))
      .type.toBe<Live>()
    const group = {
      owns: ["prefs"],
      layer: AppCache.owner("prefs", { warm: { keys: Effect.request(new Keys(), resolver) } })
    } as const
    expect(AppCache.modules({ settings: group })).type.toBe<Live>()
    expect(AppCache.inLayer("server")(Effect.scoped(Layer.build(
      AppCache.owner("prefs", { warm: { keys: Effect.request(new Keys(), resolver) } })
    )))).type.toBe<
      Effect.Effect<
        Context.Context<Manifest.Owns<"prefs:{id}", AppCache>>,
        CacheError,
        Appoints<"prefs:{id}", AppCache> | Tenant
      >
    >()
    const owned = AppCache.fn("owned", {})(function*() {
      yield* Effect.asVoid(Layer.build(Layer.provide(
        AppCache.owner("prefs", { warm: { keys: Effect.request(new Keys(), resolver) } }),
        AppCache.layer
      )))
    })
    expect(owned()).type.toBe<Effect.Effect<void, CacheError, Scope.Scope | Store | Tenant>>()
  })

  test("the options of an owner whose requirements are any are refused", () => {
    const written: WarmOptions<{ readonly id: string }> = { keys: [] }
    // @ts-expect-error E0220: the compiler cannot tell what the option 'warm' requires: it is any; help: name the requirements
    AppCache.owner("prefs", { warm: written })
    // @ts-expect-error E0220: the compiler cannot tell what the option 'warm' requires: it is any; help: name the requirements
    AppCache.owner("files", { parts: { facts: { warm: { keys: loose } } } })
    // @ts-expect-error E0220: the compiler cannot tell what the option 'warm' requires: it is any; help: name the requirements
    AppCache.owner("prefs", { warm: { keys: [], schedule: looseSchedule } })
    // @ts-expect-error E0220: the compiler cannot tell what the lookup of family 'facts' requires: it is any; help: name the
    AppCache.delegate("facts", { lookup: () => Effect.as(loose, 1) })
    AppCache.owner("prefs", { warm: { keys: [] } satisfies WarmOptions<{ readonly id: string }> })
  })

  test("a lookup reads no layer that its own may not read, through a wider reference or through a source", () => {
    class Docs extends Manifest.Service<Docs>()("Docs", {
      layers: { server: {}, client: { reads: ["server"] } },
      families: {
        file: { pattern: "file:*", layer: "server" },
        draft: { pattern: "file:{d}:draft", carvedFrom: "file", layer: "client" },
        menu: { pattern: "menu:{d}", value: Manifest.type<string>(), layer: "server", derives: ["file:*"], fanout: true },
        mine: { pattern: "mine:{d}", value: Manifest.type<string>(), layer: "client", derives: ["file:*"], fanout: true },
        mid: { pattern: "mid:{d}", derives: ["file:{d}:draft"] },
        top: { pattern: "top:{d}", value: Manifest.type<string>(), layer: "server", derives: ["mid:{d}"] },
        free: { pattern: "free:{d}", value: Manifest.type<string>(), derives: ["mid:{d}"] }
      }
    }) {}
    const { draft, file, mid } = Docs.keys
    // @ts-expect-error E0403: 'menu' in deployment layer 'server' cannot reach 'file:{d}:draft' of 'client', which 'server' does
    Docs.owner("menu", { lookup: ({ d }) => Effect.as(draft.get({ d }), "x") })
    // @ts-expect-error E0403: 'top' in deployment layer 'server' cannot reach 'file:{d}:draft' of 'client', which 'server' does
    Docs.owner("top", { lookup: ({ d }) => Effect.as(draft.get({ d }), "x") })
    Docs.owner("menu", { lookup: ({ d }) => Effect.as(file.get({ "*": d }), "x") })
    Docs.owner("top", { lookup: ({ d }) => Effect.as(mid.get({ d }), "x") })
    Docs.owner("mine", { lookup: ({ d }) => Effect.as(draft.get({ d }), "x") })
    Docs.owner("free", { lookup: ({ d }) => Effect.as(draft.get({ d }), "x") })
  })

  test("a lookup that is yet to be written is accepted, and requires nothing", () => {
    const owner = AppCache.owner("user", { lookup: () => { throw new Error("to be written") } })
    expect(AppCache.modules).type.toBeCallableWith({ user: owner })
    expect(owner).type.toBe<typeof plain>()
  })

  test("a lookup that reads another manifest is refused", () => {
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'other:{id}' of another manifest, whose changes do not r
    AppCache.owner("profile", { lookup: () => Effect.as(other.get({ id: 1 }), "x") })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'other:{id}' of another manifest, whose changes do not r
    AppCache.owner("profile", { lookup: () => Effect.as(Effect.flatMap(other.reader, (r) => r.get({ id: 1 })), "x") })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'other:{id}' of another manifest, whose changes do not r
    AppCache.owner("profile", { lookup: () => Effect.as(Other.get("other:1"), "x") })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'other:{id}' of another manifest, whose changes do not r
    AppCache.owner("profile", { lookup: ({ id }) => Effect.as(Effect.andThen(user.get({ id }), other.get({ id })), "x") })
  })

  test("a lookup that writes is refused", () => {
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'prefs:{id}', but a lookup only
    AppCache.owner("profile", { lookup: () => Effect.as(prefs.set({ id: 1 }, { dark: true }), "x") })
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'profile:{id}', but a lookup only
    AppCache.owner("profile", { lookup: ({ id }) => Effect.as(profile.refresh({ id }), "x") })
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'user:{id}', but a lookup only
    AppCache.owner("profile", { lookup: ({ id }) => Effect.as(AppCache.batch([user.setting({ id }, ann)]), "x") })
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'feed:{id}:{page}', but a lookup only
    AppCache.owner("profile", { lookup: () => Effect.as(feed.invalidateAll(), "x") })
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'prefs:{id}', but a lookup only
    AppCache.owner("profile", { lookup: () => Effect.as(AppCache.invalidate("prefs:*"), "x") })
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'other:{id}', but a lookup only
    AppCache.owner("profile", { lookup: () => Effect.as(other.delete({ id: 1 }), "x") })
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'prefs:{id}', but a lookup only
    AppCache.owner("profile", { lookup: () => Effect.as(Effect.scoped(prefs.lease({ id: 1 })), "x") })
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'prefs:{id}', but a lookup only
    AppCache.owner("profile", { lookup: () => Effect.as(Effect.provide(Effect.void, AppCache.owner("prefs")), "x") })
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'prefs:{id}', but a lookup only
    AppCache.owner("profile", { lookup: () => Effect.as(prefs.writer, "x") })
  })

  test("a lookup with other parameters than its family has is refused", () => {
    // @ts-expect-error E0113: the lookup of family 'prefs' takes other parameters than 'prefs:{id}' has
    AppCache.owner("prefs", { lookup: ({ id }: { id: number }) => Effect.succeed({ dark: id > 1 }) })
    // @ts-expect-error E0113: the lookup of family 'prefs' takes other parameters than 'prefs:{id}' has
    AppCache.owner("prefs", { lookup: ({ id }: { id: "a" | "b" }) => Effect.succeed({ dark: id === "a" }) })
    // @ts-expect-error E0113: the lookup of family 'prefs' takes other parameters than 'prefs:{id}' has
    AppCache.owner("prefs", { lookup: ({ page }: { id: string; page: string }) => Effect.succeed({ dark: page === "" }) })
    // @ts-expect-error E0113: the lookup of family 'prefs' takes other parameters than 'prefs:{id}' has
    AppCache.owner("prefs", { lookup: (id: string) => Effect.succeed({ dark: id === "" }) })
    // @ts-expect-error E0113: the lookup of family 'prefs' takes other parameters than 'prefs:{id}' has
    AppCache.owner("prefs", { lookup: (_: unknown, about: LookupContext<string>) => Effect.succeed({ dark: about.key === "" }) })
    // @ts-expect-error E0113: the lookup of family 'prefs' takes other parameters than 'prefs:{id}' has
    AppCache.owner("prefs", { lookup: (_: unknown, __: unknown, third: number) => Effect.succeed({ dark: third > 1 }) })
    // @ts-expect-error E0113: the lookup of family 'prefs' takes other parameters than 'prefs:{id}' has
    AppCache.owner("prefs", { lookupMany: (all: ReadonlyArray<{ id: number }>) => Effect.succeed(all.map(() => ({ dark: true }))) })
    // @ts-expect-error E0113: the lookup of family 'profile' takes other parameters than 'profile:{id}' has
    AppCache.owner("profile", { lookup: numbered })
    // @ts-expect-error E0113: the lookup of family 'profile' takes other parameters than 'profile:{id}' has
    AppCache.owner("profile", { lookup: generator })
    // @ts-expect-error E0113: the lookup of family 'profile' takes other parameters than 'profile:{id}' has
    AppCache.owner("profile", { lookup(params: { id: number }) { return Effect.succeed(`${params.id}`) } })
    // @ts-expect-error E0113: the lookup of family 'profile' takes other parameters than 'profile:{id}' has
    AppCache.owner("profile", { get lookup() { return numbered } })
    // @ts-expect-error E0113: the lookup of family 'facts' takes other parameters than 'files:{id}:facts' has
    AppCache.owner("files", { parts: { facts: { lookup: ({ id }: { id: number }) => Effect.succeed(id) } } })
    // @ts-expect-error E0113: the lookup of family 'facts' takes other parameters than 'files:{id}:facts' has
    AppCache.delegate("facts", { lookup: ({ id }: { id: number }) => Effect.succeed(id) })
  })

  test("a lookup that fails a key with an error that its family does not declare is refused", () => {
    // @ts-expect-error E0213: the lookup of family 'profile' fails with an error that its family does not declare
    AppCache.owner("profile", { lookupMany: (all) => Effect.succeed(all.map(() => Lookup.failed({ undeclared: true }))) })
    // @ts-expect-error E0213: the lookup of family 'profile' fails with an error that its family does not declare
    AppCache.owner("profile", { lookupMany: (all) => Effect.succeed(all.map(({ id }) => id === "0" ? Lookup.failed("down") : id)) })
    // @ts-expect-error E0213: the lookup of family 'profile' fails with an error that its family does not declare
    AppCache.owner("profile", { lookup: ({ id }) => Effect.succeed(id === "0" ? Lookup.failed(new Error()) : id) })
    // @ts-expect-error E0213: the lookup of family 'prefs' fails with 'DbError', which its family does not declare
    AppCache.owner("prefs", { lookup: () => Effect.succeed(Lookup.failed(new DbError())) })
    // @ts-expect-error E0213: the lookup of family 'prefs' fails with '
    AppCache.owner("prefs", { lookup: () => Effect.andThen(Effect.fail(new DbError()), Effect.fail(new Cause.NoSuchElementError())) })
    // @ts-expect-error E0213: this load fails with 'DbError', which the family of 'prefs:{id}' does not declare
    prefs.getOr({ id: 1 }, Effect.fail(new DbError()))
    // @ts-expect-error E0213: the lookup of family 'draft' fails with an error that its family does not declare
    AppCache.owner("draft", { lookup: () => Effect.succeed(Lookup.failed("down")) })
    // @ts-expect-error E0213: the lookup of family 'facts' fails with an error that its family does not declare
    AppCache.delegate("facts", { lookupMany: (all) => Effect.succeed(all.map(() => Lookup.failed("down"))) })
    // @ts-expect-error E0213: the lookup of family 'facts' fails with an error that its family does not declare
    AppCache.owner("files", { parts: { facts: { lookup: () => Effect.succeed(Lookup.failed("down")) } } })
    const failing = { lookupMany: (all: ReadonlyArray<unknown>) => Effect.succeed(all.map(() => Lookup.failed(new DbError()))) }
    expect(AppCache.owner("profile", failing)).type.not.toBe<never>()
    expect(AppCache.owner("profile", { lookup: () => Effect.catch(Effect.succeed("x"), (e) => Effect.succeed(Lookup.failed(e))) })).type.not.toBe<never>()
  })

  test("a lookup that fails with any is refused, as its readers would get an error that their types deny", () => {
    const anyError = (cause: any) => cause
    const failing = Effect.tryPromise({ try: async () => "x", catch: anyError })
    // @ts-expect-error E0213: the compiler cannot tell with what the lookup of family 'profile' fails: it is any; help: give the error a type
    AppCache.owner("profile", { lookup: () => failing })
    // @ts-expect-error E0213: the compiler cannot tell with what the lookup of family 'draft' fails: it is any
    AppCache.owner("draft", { lookup: () => Effect.fail(anyError(1)) })
    // @ts-expect-error E0213: the compiler cannot tell with what the lookup of family 'profile' fails: it is any
    AppCache.owner("profile", { lookupMany: (all) => Effect.forEach(all, () => failing) })
    // @ts-expect-error E0213: the compiler cannot tell with what the lookup of family 'profile' fails: it is any
    AppCache.owner("profile", { lookupMany: (all) => Effect.succeed(all.map(() => Lookup.failed(anyError(1)))) })
    // @ts-expect-error E0213: the compiler cannot tell with what the lookup of family 'profile' fails: it is any
    AppCache.owner("profile", { lookup: () => Effect.succeed(Lookup.failed(JSON.parse("0"))) })
    // @ts-expect-error E0213: the compiler cannot tell with what the lookup of family 'facts' fails: it is any
    AppCache.owner("files", { parts: { facts: { lookup: () => Effect.as(failing, 1) } } })
    // @ts-expect-error E0213: the compiler cannot tell with what the lookup of family 'facts' fails: it is any
    AppCache.delegate("facts", { lookup: () => Effect.as(failing, 1) })
    const typed = Effect.tryPromise({ try: async () => "x", catch: () => new DbError() })
    expect(AppCache.owner("profile", { lookup: () => typed })).type.not.toBe<never>()
    expect(AppCache.owner("profile", { lookup: () => Effect.as(typed, anyError(1) as any) })).type.not.toBe<never>()
  })

  test("a lookup that returns any, or requires a type without members, is refused", () => {
    // @ts-expect-error E0220: the compiler cannot tell what the lookup of family 'profile' does: its type is any; help: give it the
    AppCache.owner("profile", { lookup: () => JSON.parse("0") })
    const hidden: Effect.Effect<string, never, object> = prefs.getOption({ id: 1 }).pipe(Effect.orDie, Effect.as("x"))
    const emptied: Effect.Effect<string, never, {}> = hidden
    // @ts-expect-error E0220: the compiler cannot tell what the lookup of family 'profile' requires: it is object, {} or a type without
    AppCache.owner("profile", { lookup: () => hidden })
    // @ts-expect-error E0220: the compiler cannot tell what the lookup of family 'profile' requires: it is object, {} or a type without
    AppCache.owner("profile", { lookup: () => emptied })
    // @ts-expect-error E0220: the compiler cannot tell what the lookup of family 'profile' requires: it is object, {} or a type without
    AppCache.owner("profile", { lookup: () => Effect.andThen(Db, hidden) })
  })

  test("a lookup that may be anything is not taken for one that requires nothing", () => {
    const annotated: OwnerOptions<AppCache, "prefs"> = { lookup: () => Effect.succeed({ dark: true }) }
    // @ts-expect-error E0220: the compiler cannot tell what the lookup of family 'prefs' does; help: write 'satisfies OwnerOptions
    AppCache.owner("prefs", annotated)
    const delegated: DelegateOptions<AppCache, "facts"> = { lookup: () => Effect.succeed(1) }
    // @ts-expect-error E0220: the compiler cannot tell what the lookup of family 'facts' does; help: write 'satisfies OwnerOptions
    AppCache.delegate("facts", delegated)
    // @ts-expect-error E0220: the compiler cannot tell what the lookup of family 'facts' does; help: write 'satisfies OwnerOptions
    AppCache.owner("files", { parts: { facts: delegated } })
    // @ts-expect-error E0114: the lookup of family 'prefs' does not return a value of 'prefs'
    AppCache.owner("prefs", { lookup: (): unknown => 1 })
    const kept = { lookup: () => Effect.succeed({ dark: true }) } satisfies OwnerOptions<AppCache, "prefs">
    expect(AppCache.owner("prefs", kept)).type.not.toBe<never>()
  })

  test("lookups that are right are accepted", () => {
    expect(AppCache.owner("profile", { lookup: ({ id }: { readonly id: string }) => Effect.succeed(id) })).type.not.toBe<never>()
    expect(AppCache.owner("profile", { lookup: ({ id }: { readonly id: typeof UserId.Type }) => Effect.succeed(id) })).type.not.toBe<never>()
    expect(AppCache.owner("profile", { lookup: <A extends string>({ id }: { readonly id: A }) => Effect.succeed(id) })).type.not.toBe<never>()
    expect(AppCache.owner("profile", { lookup: (params: Record<string, string>) => Effect.succeed(Object.keys(params).join()) })).type.not.toBe<never>()
    expect(AppCache.owner("profile", { lookup: (...all: ReadonlyArray<unknown>) => Effect.succeed(`${all.length}`) })).type.not.toBe<never>()
    expect(AppCache.owner("profile", { lookup: (params: any) => Effect.succeed(`${params.id}`) })).type.not.toBe<never>()
    expect(AppCache.owner("profile", {})).type.not.toBe<never>()
  })
})
