import { Effect, Layer, Schema } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type { Writer } from "../src/manifest/Family.ts"
import { Manifest } from "../src/manifest/Manifest.ts"
import * as MemoryStore from "../src/store/memory/MemoryStore.ts"
import type { Store } from "../src/store/Store.ts"
import type { StoreError } from "../src/store/StoreError.ts"
import * as TieredStore from "../src/store/TieredStore.ts"
import { AppCache, Db, type DbError, User, UserId } from "./fixture.ts"

const { facts, prefs, profile, user } = AppCache.keys
const id = UserId.make("1")
const ann = new User({ id, name: "Ann" })
declare const flag: boolean

describe("what is right is not refused", () => {
  class Chain extends Manifest.Service<Chain>()("Chain", {
    families: {
      user: { pattern: "user:{id}", value: Schema.String },
      prefs: { pattern: "prefs:{id}", value: Schema.String },
      profile: { pattern: "profile:{id}", value: Schema.String, derives: ["user:{id}"] },
      page: { pattern: "page:{id}", value: Schema.String, derives: ["profile:{id}"] },
      site: { pattern: "site:{id}", value: Schema.String, derives: ["page:{id}"] }
    },
    readers: { web: { borrows: ["site:{id}"] } }
  }) {}

  test("a lookup that reads what a chain of sources carries is not an undeclared read", () => {
    Chain.owner("page", { lookup: ({ id }) => Chain.keys.user.get({ id }) })
    Chain.owner("site", { lookup: ({ id }) => Chain.keys.user.get({ id }) })
    Chain.owner("site", { lookupMany: (all) => Chain.keys.profile.getMany(all) })
    Chain.owner("page", {
      // @ts-expect-error E0211: the lookup of family 'page' reads 'prefs:{id}', which 'page' does not derive from
      lookup: ({ id }) => Effect.andThen(Chain.keys.user.get({ id }), Chain.keys.prefs.get({ id }))
    })
    // A source is not reached from what derives from it.
    // @ts-expect-error E0211: the lookup of family 'user' reads 'page:{id}', which derives from 'user' itself
    Chain.owner("user", { lookup: ({ id }) => Chain.keys.page.get({ id }) })
  })

  test("a family that derives from a part of itself, or from what is carved out, does not derive from itself", () => {
    class Docs extends Manifest.Service<Docs>()("Docs", {
      families: {
        config: { pattern: "config:{tenant}", value: Schema.String, derives: ["config:default"] },
        standard: { pattern: "config:default", value: Schema.String, carvedFrom: "config" },
        doc: { pattern: "doc:{id}:{part}", value: Schema.String, derives: ["index:{id}"] },
        meta: { pattern: "doc:{id}:meta", value: Schema.String, partOf: "doc" },
        index: { pattern: "index:{id}", value: Schema.String, derives: ["doc:{id}:meta"] }
      }
    }) {}
    Docs.owner("config", { lookup: () => Docs.keys.standard.get({}) })
    Docs.owner("doc", { lookup: ({ id }) => Docs.keys.index.get({ id }) })
    Docs.owner("index", { lookup: ({ id }) => Docs.keys.meta.get({ id }) })
    // Nothing derives from `config`, and `doc` derives from itself nowhere.
    Docs.fn("put", { owns: ["config:{tenant}"], invalidates: [] })(function*(tenant: string) {
      yield* Docs.keys.config.set({ tenant }, "")
    })
    Docs.fn("rule", { owns: ["config:default"], invalidates: ["config:{tenant}"] })(function*() {
      yield* Docs.keys.standard.set({}, "")
    })
  })

  test("a wrapper that is generic over families of one shape is not a family of no pattern", () => {
    const get = <K extends "user" | "prefs">(name: K, id: typeof UserId.Type) => AppCache.keys[name].get({ id })
    const drop = <K extends "user" | "prefs">(name: K, id: typeof UserId.Type) => AppCache.keys[name].delete({ id })
    const dropAll = <K extends keyof typeof AppCache.keys>(name: K) => AppCache.keys[name].invalidateAll()
    expect(get("user", id)).type.toBeAssignableTo<
      Effect.Effect<
        User | { readonly dark: boolean },
        CacheError | DbError,
        Manifest.Borrows<"user:{id}", AppCache> | Manifest.Borrows<"prefs:{id}", AppCache>
      >
    >()
    expect(get("user", id)).type.not.toBeAssignableTo<
      Effect.Effect<unknown, unknown, Manifest.Borrows<"user:{id}", AppCache>>
    >()
    expect(drop("prefs", id)).type.toBeAssignableTo<
      Effect.Effect<void, CacheError, Manifest.Owns<"user:{id}", AppCache> | Manifest.Owns<"prefs:{id}", AppCache>>
    >()
    void dropAll
  })

  test("a family that was renamed does not give errors where its accessor is used", () => {
    // @ts-expect-error Property 'usr' does not exist on type 'Families<AppCache>'
    const { usr } = AppCache.keys
    AppCache.owner("profile", {
      lookup: ({ id }) =>
        Effect.gen(function*() {
          return (yield* usr.get({ id })).name
        })
    })
    // @ts-expect-error E0210: 'AppCache' declares no family 'usr'; help: did you mean 'user'?
    AppCache.owner("usr", { lookup: ({ id }) => Effect.succeed(new User({ id, name: "Ann" })) })
  })

  test("a template of constants is not a text that is not known", () => {
    const prefix = "app"
    class Prefixed extends Manifest.Service<Prefixed>()("Prefixed", {
      families: { user: { pattern: `${prefix}:user:{id}`, value: Schema.String } }
    }) {}
    expect(Prefixed.keys.user.pattern).type.toBe<"app:user:{id}">()
    const families = { user: { pattern: "user:{id}" } } as const
    class Spread
      extends Manifest.Service<Spread>()("Spread", { families: { ...families, b: { pattern: "b:{id}" } } })
    {}
    expect(Spread.keys.user.pattern).type.toBe<"user:{id}">()
  })

  test("the manifest that is imported from its own module is not a type alone", () => {
    class Own extends Manifest.Service<Own>()("Own", { families: { user: { pattern: "user:{id}" } } }) {}
    expect(Own.keys.user.pattern).type.toBe<"user:{id}">()
    expect<Manifest.Owns<"user:{id}", Own>>().type.toBeAssignableTo<Manifest.Owns<"user:{id}", Own>>()
  })
})

describe("what is wrong has one message", () => {
  test("a record whose names are not known is not taken for modules", () => {
    const all: Record<string, Layer.Layer<never>> = { usr: Layer.empty }
    // @ts-expect-error E0414: the names of these modules are not known, so nothing can be checked about them
    AppCache.modules(all)
    const some: { [name: string]: Layer.Layer<never> } = {}
    // @ts-expect-error E0414: the names of these modules are not known, so nothing can be checked about them
    AppCache.modules({ ...some })
    const open: Record<string, unknown> = some
    // @ts-expect-error E0414: the names of these modules are not known, so nothing can be checked about them
    AppCache.modules(open)
    // @ts-expect-error E0414: the names of these modules are not known, so nothing can be checked about them
    AppCache.modules({ [Math.random()]: Layer.empty })
  })

  test("a module that may be missing is not taken for one that is given", () => {
    const perhaps: { readonly user?: Layer.Layer<never> } = {}
    // @ts-expect-error E0417: it is not known whether the module 'user' is given, so nothing can be checked about it
    AppCache.modules(perhaps)
    const either = {} as { readonly user: Layer.Layer<never> } | { readonly prefs: Layer.Layer<never> }
    // @ts-expect-error E0417: it is not known whether the module '
    AppCache.modules(either)
  })

  test("a number is not taken for modules, nor a function or a list for a declaration", () => {
    // @ts-expect-error E0214: this is not an object with a module for each family or reader; help: give an object,
    AppCache.modules(5)
    // @ts-expect-error Argument of type '() => number' is not assignable
    AppCache.fn("f", () => 1)
    // @ts-expect-error Argument of type 'never[]' is not assignable
    AppCache.fn("f", [])
  })

  test("a list, a layer and a text are not taken for modules", () => {
    // @ts-expect-error E0214: this is not an object with a module for each family or reader; help: give an object,
    AppCache.modules([AppCache.owner("user")])
    // @ts-expect-error E0214: this is not an object with a module for each family or reader; help: give an object,
    AppCache.modules(AppCache.owner("user"))
    // @ts-expect-error E0214: module 'user' is not a Layer; help: give a Layer, or { owns: [...], layer }
    AppCache.modules({ user: "user" })
  })

  test("a transaction keeps the type of its body, and names what is not a combinator or not an Effect", () => {
    const within = <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E | "sql", R> => body
    const body = Effect.andThen(Db, Effect.fail("no" as const))
    expect(AppCache.transaction(within)(body)).type.toBe<Effect.Effect<never, CacheError | "no" | "sql", Db>>()
    expect(body.pipe(AppCache.transaction(AppCache.transaction(within))))
      .type.toBe<Effect.Effect<never, CacheError | "no" | "sql", Db>>()
    // @ts-expect-error E0408: this is not the combinator of a database; help: write transaction(sql.withTransaction)(body)
    AppCache.transaction(body)
    // @ts-expect-error E0408: this is not the combinator of a database; help: write transaction(sql.withTransaction)(body)
    AppCache.transaction({ within })
    // @ts-expect-error E0408: the body of a transaction is an Effect, and this is another value; help: give the Effect itself
    AppCache.transaction(within)(() => body)
    // @ts-expect-error E0408: the body of a transaction is an Effect, and this is another value; help: give the Effect itself
    AppCache.transaction(within)(Promise.resolve(1))
  })

  test("a combinator without type parameters is refused where it is written, as it loses the types of its body", () => {
    const within = <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E | "sql", R> => body
    const body = Effect.andThen(Db, Effect.fail("no" as const))
    // @ts-expect-error E0408: this combinator takes a body of unknown types, so the types of the transaction are unknown, too; help: give
    AppCache.transaction((body) => within(body))(body)
    // In a pipe, the compiler knows the body before.
    expect(body.pipe(AppCache.transaction((body) => within(body))))
      .type.toBe<Effect.Effect<never, CacheError | "no" | "sql", Db>>()
    expect(AppCache.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) => within(body))(body))
      .type.toBe<Effect.Effect<never, CacheError | "no" | "sql", Db>>()
    const helper = <A, E, R>(body: Effect.Effect<A, E, R>) => AppCache.transaction(within)(body)
    expect(helper(body)).type.toBe<Effect.Effect<never, CacheError | "no" | "sql", Db>>()
    const loose = (body: Effect.Effect<any, any, any>) => body
    expect(AppCache.transaction(loose)(body)).type.toBe<Effect.Effect<any, any, any>>()
  })

  test("one tier, and tiers without brackets, are not taken for a list of tiers", () => {
    const tier = MemoryStore.layer({ capacity: 1 })
    expect(TieredStore.layer([tier])).type.toBe<Layer.Layer<Store, StoreError>>()
    // @ts-expect-error E0306: a store of tiers takes a list of at least one layer, the fastest first; help: put the layers in
    TieredStore.layer(tier)
    // @ts-expect-error E0306: a store of tiers takes a list of at least one layer, the fastest first; help: put the layers in
    TieredStore.layer(tier, tier)
    // @ts-expect-error E0306: a store of tiers takes a list of at least one layer, the fastest first; help: put the layers in
    TieredStore.layer([])
  })

  test("a pattern whose text is not known does not overlap with itself", () => {
    let prefix = "app"
    prefix = "web"
    class Template extends Manifest.Service<Template>()("Template", {
      // @ts-expect-error E0103: the text of this pattern is not known, so nothing can be checked about it; help: write it
      families: { user: { pattern: `${prefix}:user:{id}` } }
    }) {}
    class Numbered extends Manifest.Service<Numbered>()("Numbered", {
      // @ts-expect-error E0103: the text of this pattern is not known, so nothing can be checked about it; help: write it
      families: { user: { pattern: `user:${Math.random()}:{id}` } }
    }) {}
    const definition = { families: { user: { pattern: "user:{id}" } } }
    // @ts-expect-error E0103: the text of this pattern is not known, so nothing can be checked about it; help: write it
    class Widened extends Manifest.Service<Widened>()("Widened", definition) {}
    const satisfying = { families: { user: { pattern: "user:{id}" } } } satisfies object
    // @ts-expect-error E0103: the text of this pattern is not known, so nothing can be checked about it; help: write it
    class Satisfying extends Manifest.Service<Satisfying>()("Satisfying", satisfying) {}
    void [Template, Numbered, Widened, Satisfying]
  })

  test("white space does not become a part of a parameter's name", () => {
    class Spaced extends Manifest.Service<Spaced>()("Spaced", {
      families: {
        // @ts-expect-error E0103: the pattern 'name:{ id }' has white space in '{ id }'; help: remove
        name: { pattern: "name:{ id }" },
        // @ts-expect-error E0103: the pattern 'text :{id}' has white space in 'text '; help: remove
        text: { pattern: "text :{id}" },
        // @ts-expect-error E0103: '{id?}' in the pattern 'maybe:{id?}' is optional, and a key has all its segments
        maybe: { pattern: "maybe:{id?}" },
        inner: { pattern: "two words:{id}" }
      }
    }) {}
    void Spaced
  })

  test("a class that is not a Schema is not answered with a property that it lacks", () => {
    class Shapes extends Manifest.Service<Shapes>()("Shapes", {
      families: {
        // @ts-expect-error E0408: this is not a Schema, so it names no type; help: give a Schema such as Schema.String
        boxed: { pattern: "boxed:{id}", value: String },
        // @ts-expect-error E0408: this is not a Schema, so it names no type; help: give a Schema such as Schema.String
        text: { pattern: "text:{id}", value: "string" },
        // @ts-expect-error E0408: this is not a Schema, so it names no type; help: give a Schema such as Schema.String
        thrown: { pattern: "thrown:{id}", value: Schema.String, error: Error },
        // @ts-expect-error E0408: this is not a Schema, so it names no type; help: give a Schema such as Schema.String
        coded: { pattern: "coded:{id}", params: { id: Number } },
        // @ts-expect-error E0408: this is not a list of patterns; help: put the patterns in brackets, ['user:{id}']
        single: { pattern: "single:{id}", derives: "boxed:{id}" }
      }
    }) {}
    void Shapes
  })

  test("an option of another shape is not answered with errors where the families are used", () => {
    class Options extends Manifest.Service<Options>()("Options", {
      families: {
        user: { pattern: "user:{id}", value: Schema.String },
        // @ts-expect-error E0408: this is not a valid value for the option 'idleTimeToLive' of family 'idle'; help: give a time such
        idle: { pattern: "idle:{id}", value: Schema.String, idleTimeToLive: "30 min" },
        // @ts-expect-error E0408: this is not a valid value for the option 'loadConcurrency' of family 'loaded'; help: give a whole
        loaded: { pattern: "loaded:{id}", value: Schema.String, loadConcurrency: "8" },
        // @ts-expect-error E0408: this is not a valid value for the option 'onAbandoned' of family 'left'; help: give 'interrupt' or
        left: { pattern: "left:{id}", value: Schema.String, derives: ["user:{id}"], onAbandoned: "keep" },
        // @ts-expect-error E0408: 'patternless' has no pattern; help: give an object with a pattern, { pattern: 'user:{id}'
        patternless: {}
      }
    }) {}
    const { idle, left, user } = Options.keys
    expect(idle.get({ id: 1 })).type.toBe<Effect.Effect<string, CacheError, Manifest.Borrows<"idle:{id}", Options>>>()
    expect(Options.modules).type.toBeCallableWith({
      user: Options.owner("user"),
      left: Options.owner("left", { lookup: ({ id }) => user.get({ id }) })
    })
    void left
  })

  test("a write to a choice of families does not show parts of one beside parts of the other", () => {
    // @ts-expect-error Value<"prefs:{id}", { readonly dark: boolean; }>
    AppCache.keys[flag ? "user" : "prefs"].set({ id }, { dark: true })
    // @ts-expect-error Value<"files:{id}:facts", number>
    const write = (flag ? prefs : facts).setting({ id }, 1)
    void write
  })

  test("a reader is not taken for what writes", () => {
    type UserReader = Effect.Success<typeof user.reader>
    interface Dropper {
      invalidateAll(): Effect.Effect<void, CacheError>
    }
    interface Setter {
      set(params: { readonly id: typeof UserId.Type }, value: User): Effect.Effect<void, CacheError>
    }
    expect<UserReader>().type.not.toBeAssignableTo<Dropper>()
    expect<UserReader>().type.not.toBeAssignableTo<Partial<Dropper>>()
    expect<UserReader>().type.not.toBeAssignableTo<Setter>()
    expect<UserReader>().type.not.toBeAssignableTo<Partial<Setter>>()
    expect<UserReader>().type.not.toBeAssignableTo<Writer<"user:{id}", User, DbError, { readonly id: typeof UserId }>>()
    expect<Effect.Success<typeof user.writer>>().type.toBeAssignableTo<Dropper & Setter>()
    Effect.map(user.reader, (reader) => {
      // @ts-expect-error E0203: cannot write 'user:{id}' through a borrow; it is owned by family 'user'; help: do it in
      reader.set({ id }, ann)
      // @ts-expect-error E0203: cannot write 'user:{id}' through a borrow; it is owned by family 'user'; help: do it in
      reader.invalidateAll()
    })
  })

  test("an accessor is not taken for that of another family because of their parameters", () => {
    const take = (accessor: typeof profile) => accessor
    // @ts-expect-error Type '"user:{id}"' is not assignable to type '"profile:{id}"'
    take(user)
  })

  test("a name that is near to a declared one is not left to be guessed", () => {
    // @ts-expect-error E0210: 'AppCache' declares no family 'user:{id}'; help: name the family, 'user'
    AppCache.owner("user:{id}")
    // @ts-expect-error E0101: no family of 'AppCache' matches the key 'user'; help: use keys.user, or give a key of its
    AppCache.get("user")
    // @ts-expect-error E0101: no family of 'AppCache' matches the key 'usr:*'; help: did you mean 'user:*'?
    AppCache.invalidate("usr:*")
    // @ts-expect-error E0223: no family of 'AppCache' declares 'user' of borrows; help: name its pattern, 'user:{id}'
    AppCache.fn("f", { borrows: ["user"] })
    // @ts-expect-error E0228: 'AppCache' declares no family and no reader 'analytic'; help: did you mean 'analytics'?
    AppCache.modules({ analytic: Layer.empty })
    // @ts-expect-error E0404: no deployment layer is called 'Edge'; help: did you mean 'edge'?
    AppCache.inLayer("Edge")
    // @ts-expect-error E0406: unknown option 'borow' in the declaration; help: remove it, or check its spelling
    AppCache.fn("f", { borow: ["user:{id}"] })
  })

  test("a name that is near to two declared ones, or to none, is not guessed", () => {
    class Two extends Manifest.Service<Two>()("Two", {
      families: {
        cat: { pattern: "cat:{id}" },
        bat: { pattern: "bat:{id}" },
        // @ts-expect-error E0402: 'rat' derives 'hat:{id}', but no family declares it; help: declare a pattern that covers
        rat: { pattern: "rat:{id}", derives: ["hat:{id}"] }
      }
    }) {}
    // @ts-expect-error E0210: 'Two' declares no family 'dog'; help: declare it, or check its spelling
    Two.owner("dog")
  })
})
