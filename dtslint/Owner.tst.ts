import { Context, Effect, Layer, Schedule, Stream } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type { Appoints } from "../src/capability/Capability.ts"
import type { Borrows, Owns } from "../src/manifest/Manifest.ts"
import * as Manifest from "../src/manifest/Manifest.ts"
import type { Store } from "../src/store/Store.ts"
import { AppCache, Db, type DbError, User, UserId } from "./fixture.ts"

const { files, prefs, profile, user } = AppCache.keys
const id = UserId.make("1")
const ann = new User({ id, name: "Ann" })

const UserLive = AppCache.owner("user", { lookup: ({ id }) => Db.use((db) => db.userById(id)) })
const ProfileLive = AppCache.owner("profile", {
  lookup: Effect.fnUntraced(function*({ id }) {
    return (yield* user.get({ id })).name
  })
})
const PrefsLive = AppCache.owner("prefs")

describe("owner", () => {
  test("an owner requires what its lookup requires, beside the engine", () => {
    expect(UserLive).type.toBe<
      Layer.Layer<Owns<"user:{id}", AppCache>, CacheError, Appoints<"user:{id}", AppCache> | Db>
    >()
    expect(ProfileLive).type.toBe<
      Layer.Layer<
        Owns<"profile:{id}", AppCache>,
        CacheError,
        Appoints<"profile:{id}", AppCache> | Borrows<"user:{id}", AppCache>
      >
    >()
    expect(PrefsLive).type.toBe<
      Layer.Layer<Owns<"prefs:{id}", AppCache>, CacheError, Appoints<"prefs:{id}", AppCache>>
    >()
  })

  test("an owner gives a lookup its parameters, decoded, through a function and through fnUntraced", () => {
    AppCache.owner("user", {
      lookup: (params, context) => {
        expect(params).type.toBe<{ readonly id: typeof UserId.Type }>()
        expect(context.previous?.value).type.toBe<User | undefined>()
        return Effect.succeed(ann)
      }
    })
    AppCache.owner("files", {
      lookup: (params) => Effect.succeed(params["*"].length),
      parts: { facts: { lookup: ({ id }) => Effect.succeed(id.length) } }
    })
  })

  test("an owner requires what it takes to find the keys that it warms, and when", () => {
    const found = Db.use((db) => Effect.as(db.userById(id), [{ id }]))
    const warmed = AppCache.owner("user", { lookup: () => Effect.succeed(ann), warm: { keys: found } })
    expect(warmed).type.toBe<
      Layer.Layer<Owns<"user:{id}", AppCache>, CacheError, Appoints<"user:{id}", AppCache> | Db>
    >()
    class Hours extends Context.Service<Hours, boolean>()("Hours") {}
    const open = Schedule.spaced("1 minute").pipe(Schedule.while(() => Hours))
    const scheduled = AppCache.owner("prefs", { warm: { keys: [{ id: "1" }], schedule: open } })
    expect(scheduled).type.toBe<
      Layer.Layer<Owns<"prefs:{id}", AppCache>, CacheError, Appoints<"prefs:{id}", AppCache> | Hours>
    >()
    expect(AppCache.owner("prefs", { warm: { keys: [{ id: "1" }], schedule: "1 minute" }, predict: { keysMax: 9 } }))
      .type
      .toBe<Layer.Layer<Owns<"prefs:{id}", AppCache>, CacheError, Appoints<"prefs:{id}", AppCache>>>()
  })

  test("an owner takes keys to warm with the types of the parameters, and options that exist", () => {
    // @ts-expect-error E0113: this is not a valid value for the parameter 'id' of 'user:{id}'; help: give the type that params
    AppCache.owner("user", { warm: { keys: [{ id: "1" }] } })
    // @ts-expect-error 'it' does not exist in type 'KeyParams<"user:{id}"
    AppCache.owner("user", { warm: { keys: [{ it: id }] } })
    // @ts-expect-error E0406: unknown option 'shedule' in 'warm'; help: did you mean 'schedule'?
    AppCache.owner("user", { warm: { keys: [{ id }], shedule: "1 minute" } })
    // @ts-expect-error E0408: this is not a valid value for the option 'predict'; help: give an object, { keysMax: 100 }
    AppCache.owner("user", { predict: {} })
    AppCache.owner("files", { parts: { facts: { warm: { keys: [{ id: "1" }] }, predict: { keysMax: 9 } } } })
  })

  test("an owner refuses a lookup that reads what the family does not derive from", () => {
    AppCache.owner("profile", {
      // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
      lookup: Effect.fnUntraced(function*({ id }) {
        yield* prefs.get({ id })
        return (yield* user.get({ id })).name
      })
    })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'prefs:{id}', which 'profile' does not derive from
    AppCache.owner("profile", { lookup: ({ id }) => Effect.as(prefs.get({ id }), "x") })
    // @ts-expect-error E0211: the lookup of family 'files' reads 'files:{id}:audit', which 'files' does not derive from
    AppCache.owner("files", { lookup: (params) => AppCache.keys.audit.get({ id: params["*"] }) })
  })

  test("an owner refuses a lookup that writes, fails otherwise, or does too much in a part", () => {
    // @ts-expect-error E0212: the lookup of family 'profile' writes 'profile:{id}', but a lookup only
    AppCache.owner("profile", { lookup: ({ id }) => Effect.as(profile.set({ id }, "x"), "x") })
    // @ts-expect-error E0213: the lookup of family 'prefs' fails with 'DbError', which its family does not declare
    AppCache.owner("prefs", { lookup: ({ id }) => Effect.as(Db.use((db) => db.userById(id)), { dark: true }) })
    // @ts-expect-error E0211: the lookup of family 'facts' reads 'prefs:{id}', which 'facts' does not derive from
    AppCache.owner("files", { parts: { facts: { lookup: ({ id }) => Effect.as(prefs.get({ id }), 1) } } })
  })

  test("an owner names one family that has an owner of its own", () => {
    // @ts-expect-error E0208: family 'facts' is part of 'files', whose owner owns it, too; help: use delegate('facts')
    AppCache.owner("facts")
    // @ts-expect-error E0209: family 'user' is not part of another family, so it cannot be delegated
    AppCache.delegate("user")
    // @ts-expect-error E0210: 'AppCache' declares no family 'usr'; help: did you mean 'user'?
    AppCache.owner("usr")
    const either = Math.random() < 0.5 ? "user" as const : "prefs" as const
    // @ts-expect-error E0207: this names one of several families (a union type), and would promise the rights of each
    AppCache.owner(either)
  })
})

describe("modules", () => {
  test("modules may read what the parts of their family derive from", () => {
    const text = Manifest.type<string>()
    class Docs extends Manifest.Service<Docs>()("Docs", {
      families: {
        user: { pattern: "user:{id}", value: text },
        doc: { pattern: "doc:{id}:*", value: text },
        meta: { pattern: "doc:{id}:meta", partOf: "doc", value: text },
        summary: {
          pattern: "doc:{id}:summary",
          partOf: "doc",
          value: text,
          derives: ["doc:{id}:meta", "user:{id}"]
        }
      }
    }) {}
    const { meta, user } = Docs.keys
    const lookup = ({ id }: { readonly id: string }) => Effect.andThen(user.get({ id }), meta.get({ id }))
    const parts = { meta: { lookup: () => Effect.succeed("meta") }, summary: { lookup } }
    expect(Docs.modules({ user: Docs.owner("user"), doc: Docs.owner("doc", { parts }) })).type.not.toBe<never>()
    // @ts-expect-error E0211: the lookup of family 'doc' reads
    Docs.owner("doc", { lookup: ({ id }) => user.get({ id }) })
  })

  class Users extends Context.Service<Users, { readonly save: Effect.Effect<void, CacheError> }>()("Users") {}
  class Reports extends Context.Service<Reports, { readonly run: Effect.Effect<User, CacheError | DbError> }>()(
    "Reports"
  ) {}
  const users = Layer.effect(Users, Effect.map(user.writer, (writer) => ({ save: writer.set({ id }, ann) })))
  const reports = Layer.effect(Reports, Effect.map(user.reader, (reader) => ({ run: reader.get({ id }) })))
  const greedy = Layer.effectDiscard(files.invalidateAll())

  test("modules are one layer over one engine, which needs a store", () => {
    expect(AppCache.modules({ user: UserLive, profile: ProfileLive, prefs: PrefsLive, analytics: reports })).type.toBe<
      Layer.Layer<
        | AppCache
        | Owns<"user:{id}", AppCache>
        | Owns<"profile:{id}", AppCache>
        | Owns<"prefs:{id}", AppCache>
        | Reports,
        CacheError,
        Db | Store
      >
    >()
    expect(AppCache.modules({ user: users.pipe(Layer.provide(UserLive)) })).type.toBe<
      Layer.Layer<AppCache | Users, CacheError, Db | Store>
    >()
  })

  test("a module that gives no service has its requirements and its errors in the application", () => {
    class Hours extends Context.Service<Hours, boolean>()("Hours") {}
    const started = Layer.effectDiscard(Effect.andThen(Hours, user.get({ id })))
    expect(AppCache.modules({ user: UserLive, analytics: started })).type.toBe<
      Layer.Layer<AppCache | Owns<"user:{id}", AppCache>, CacheError | DbError, Db | Hours | Store>
    >()
    const alone = Layer.effectDiscard(Layer.build(PrefsLive)).pipe(Layer.merge(Layer.effectDiscard(Hours)))
    expect(AppCache.modules({ settings: { owns: ["prefs"], layer: alone } })).type.toBe<
      Layer.Layer<AppCache, CacheError, Hours | Store>
    >()
    expect(Manifest.mergeOwners(PrefsLive, started)).type.toBe<
      Layer.Layer<
        Owns<"prefs:{id}", AppCache>,
        CacheError | DbError,
        Appoints<"prefs:{id}", AppCache> | Borrows<"user:{id}", AppCache> | Hours
      >
    >()
  })

  test("a module that gives no service serves the readers of the family that it owns", () => {
    const kept = Layer.effectDiscard(Layer.build(UserLive))
    expect(AppCache.modules({ user: kept, profile: ProfileLive })).type.toBe<
      Layer.Layer<AppCache | Owns<"profile:{id}", AppCache>, CacheError, Db | Store>
    >()
  })

  test("modules may not do more than the manifest grants them", () => {
    // @ts-expect-error E0227: module 'user' writes 'user:{id}' without the owner of 'user'
    AppCache.modules({ user: users })
    // @ts-expect-error E0226: module 'profile' provides the ownership of 'user:{id}', which is not its own
    AppCache.modules({ profile: UserLive })
    // @ts-expect-error E0214: module 'analytics' writes 'files:*', but the manifest only lets it borrow 'user:{id}', 'f
    AppCache.modules({ analytics: greedy })
    // @ts-expect-error E0228: 'AppCache' declares no family and no reader 'stranger'
    AppCache.modules({ stranger: reports })
    // @ts-expect-error E0208: family 'facts' is part of 'files', whose owner owns it, too
    AppCache.modules({ facts: Layer.empty })
  })
})

describe("access", () => {
  test("reads and writes have the types of the family", () => {
    expect(user.get({ id })).type.toBe<Effect.Effect<User, CacheError | DbError, Borrows<"user:{id}", AppCache>>>()
    expect(user.set({ id }, ann)).type.toBe<Effect.Effect<void, CacheError, Owns<"user:{id}", AppCache>>>()
    expect(user.keys()).type.toBe<
      Stream.Stream<{ readonly id: typeof UserId.Type }, CacheError, Borrows<"user:{id}", AppCache>>
    >()
    expect(
      Effect.map(
        user.page(undefined, 10),
        ({ entries, next }) => [entries[0]!.params.id, entries[0]!.value, next] as const
      )
    )
      .type.toBe<
      Effect.Effect<
        readonly [typeof UserId.Type, User, string | undefined],
        CacheError,
        Borrows<"user:{id}", AppCache>
      >
    >()
    expect(Stream.map(user.entries(), ({ value }) => value)).type.toBe<
      Stream.Stream<User, CacheError, Borrows<"user:{id}", AppCache>>
    >()
    expect(Effect.flatMap(user.reader, (reader) => reader.sample(3))).type.toBe<
      Effect.Effect<ReadonlyArray<{ readonly id: typeof UserId.Type }>, CacheError, Borrows<"user:{id}", AppCache>>
    >()
    expect(user.count()).type.toBe<Effect.Effect<number, CacheError, Borrows<"user:{id}", AppCache>>>()
    // @ts-expect-error Argument of type '{ stale: undefined; }' is not assignable to parameter of type 'number | ReadOptions | undefined'
    user.get({ id }, { stale: undefined })
    // @ts-expect-error Expected 2 arguments, but got 1
    user.page(undefined)
    // @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'string'
    user.page(1, 10)
    // @ts-expect-error Argument of type 'string' is not assignable to parameter of type 'number'
    user.sample("3")
    expect(AppCache.get("files:1:facts")).type.toBe<
      Effect.Effect<number, CacheError, Borrows<"files:{id}:facts", AppCache>>
    >()
    expect(AppCache.delete(`draft:${ann.name.length}`)).type.toBe<
      Effect.Effect<void, CacheError, Owns<"draft:{id}", AppCache>>
    >()
    expect(user.update({ id }, (was) => Db.use((db) => db.userById(was.id)))).type.toBe<
      Effect.Effect<User, CacheError | DbError, Owns<"user:{id}", AppCache> | Db>
    >()
    // @ts-expect-error E0113: this is not a valid value for the parameter 'id' of 'user:{id}'; help: give the type that params
    user.get({ id: "1" })
    // @ts-expect-error E0101: no family of 'AppCache' matches the key 'usr:1'; help: did you mean 'user:1'?
    AppCache.get("usr:1")
    // @ts-expect-error E0107: the text of this key is not known, so its owner is not known; help: use the accessors of
    AppCache.get(ann.name)
  })

  test("through a borrow has no writes", () => {
    // @ts-expect-error E0203: cannot write 'user:{id}' through a borrow; it is owned by family 'user'; help: do it in
    Effect.map(user.reader, (reader) => reader.set({ id }, ann))
    // @ts-expect-error E0203: cannot write 'user:{id}' through a borrow; it is owned by family 'user'; help: do it in
    Effect.map(user.reader, (reader) => reader.arrived(undefined))
  })
})
