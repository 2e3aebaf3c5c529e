// dprint-ignore-file: an expected error stands above its line
import { Context, Effect, Layer, type Option, pipe, Schema } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type { Borrows, Owns } from "../src/capability/Capability.ts"
import * as Manifest from "../src/manifest/Manifest.ts"
import * as MemoryStore from "../src/store/memory/MemoryStore.ts"
import * as RedisStore from "../src/store/redis/RedisStore.ts"
import { AppCache } from "./fixture.ts"

// What the compiler does not know. It may not count as known, nor as everything that it may be.
declare const flag: boolean
declare const anything: any
declare const some: Array<"user:{id}">
declare const template: `user:${string}`
declare const text: string
declare const opaque: Effect.Effect<string, never, unknown>
declare const loose: Effect.Effect<string, never, any>
const either = flag ? "user:{id}" : "prefs:{id}"
const eitherList = flag ? ["user:{id}"] as const : ["prefs:{id}"] as const
class Db extends Context.Service<Db, string>()("Db") {}
class Shop extends Manifest.Service<Shop>()("Shop", {
  layers: { client: { reads: ["server"] }, server: {} },
  families: {
    user: { pattern: "user:{id}", layer: "server", value: Schema.String },
    prefs: { pattern: "prefs:{id}", layer: "client", value: Schema.String },
    profile: { pattern: "profile:{id}", layer: "server", derives: ["user:{id}"] }
  }
}) {}
class Bare extends Manifest.Service<Bare>()("Bare", { families: { user: { pattern: "user:{id}", value: Schema.String } } }) {}
const { user } = Shop.keys

describe("a reference counts for certain", () => {
  test("a choice in a family's list is not all of them", () => {
    Manifest.Service<any>()("C", {
      families: {
        user: { pattern: "user:{id}" },
        prefs: { pattern: "prefs:{id}" },
        // @ts-expect-error E0103: this is a union of patterns, and it is not known which of them holds; help: list each
        one: { pattern: "one:{id}", derives: [either] },
        // @ts-expect-error E0103: this is a union of patterns, and it is not known which of them holds; help: list each
        hidden: { pattern: "hidden:{id}", derives: [flag ? "stranger:{id}" : "user:{id}"] },
        // @ts-expect-error E0103: this is a union of patterns, and it is not known which of them holds; help: list each
        borrowed: { pattern: "borrowed:{id}", borrows: ["user:{id}", either] },
        // @ts-expect-error E0103: it is not known which patterns this list holds, so nothing can be checked about it; help
        list: { pattern: "list:{id}", derives: some },
        // @ts-expect-error E0103: it is not known which patterns this list holds, so nothing can be checked about it; help
        lists: { pattern: "lists:{id}", derives: eitherList },
        // @ts-expect-error E0103: it is not known which patterns this list holds, so nothing can be checked about it; help
        tail: { pattern: "tail:{id}", derives: ["user:{id}", ...([] as Array<"prefs:{id}">)] },
        // @ts-expect-error E0103: the text of this pattern is not known, so nothing can be checked about it; help: write it
        hole: { pattern: "hole:{id}", derives: [template] },
        // @ts-expect-error E0417: 'each' is a union, so the compiler cannot check it; help: write one value
        each: flag ? { pattern: "each:{id}", derives: ["user:{id}"] } as const : { pattern: "each:{id}" } as const,
        policy: { pattern: "policy:{id}", ...(flag ? { timeToLive: "1 minute" } as const : { jitter: 1 }) },
        both: { pattern: "both:{id}", derives: ["user:{id}", "prefs:{id}"] }
      },
      readers: {
        // @ts-expect-error E0103: this is a union of patterns, and it is not known which of them holds; help: list each
        reports: { borrows: [either] },
        // @ts-expect-error E0103: it is not known which patterns this list holds, so nothing can be checked about it; help
        charts: { borrows: some },
        // @ts-expect-error E0417: 'eachOne' is a union, so the compiler cannot check it; help: write one value
        eachOne: flag ? { borrows: ["user:{id}"] } as const : { borrows: ["prefs:{id}"] } as const
      }
    })
  })

  test("a choice in what a function declares is not all of them", () => {
    // @ts-expect-error E0103: this is a union of patterns, and it is not known which of them holds; help: list each
    Shop.fn("f", { owns: [either] })
    // @ts-expect-error E0103: it is not known which patterns this list holds, so nothing can be checked about it; help
    Shop.fn("f", { borrows: some })
    // @ts-expect-error E0103: it is not known which patterns this list holds, so nothing can be checked about it; help
    Shop.fn("f", { borrows: eitherList })
    // @ts-expect-error E0103: this is a union of patterns, and it is not known which of them holds; help: list each
    Shop.fn("f", { owns: ["prefs:{id}"], invalidates: [either] })
    // @ts-expect-error E0103: it is not known which patterns this list holds, so nothing can be checked about it; help
    Shop.fn("f", { owns: ["user:{id}"], invalidates: [] as Array<"profile:{id}"> })
    // @ts-expect-error E0417: it is not known whether 'owns' is given, so nothing can be checked about it; help: give it
    Shop.fn("f", { owns: flag ? ["user:{id}"] as const : undefined })
    // @ts-expect-error E0417: the declaration is a union, so the compiler cannot check it; help: write one value
    Shop.fn("f", flag ? { owns: ["user:{id}"] } as const : { borrows: ["user:{id}"] } as const)
    // @ts-expect-error E0103: this is a union of patterns, and it is not known which of them holds; help: list each
    Shop.method({ owns: [either] })
    expect(Shop.fn).type.toBeCallableWith("f", { owns: ["user:{id}", "prefs:{id}"] })
  })
})

describe("a layer", () => {
  test("the name of a layer is refused where it may be one of several", () => {
    Manifest.Service<any>()("C", {
      layers: {
        // @ts-expect-error E0404: this is a union of deployment layers, and it is not known which of them is meant; help: name one
        a: { reads: [flag ? "b" : "c"] },
        // @ts-expect-error E0404: it is not known which deployment layers this list holds, so nothing can be checked about it; help
        b: { reads: [] as Array<"c"> },
        // @ts-expect-error E0417: 'c' is a union, so the compiler cannot check it; help: write one value
        c: flag ? { reads: ["a"] } as const : {} as const
      },
      families: {
        a: { pattern: "a", layer: "a" },
        b: { pattern: "b", layer: "b" },
        c: { pattern: "c", layer: "c" },
        // @ts-expect-error E0404: this is a union of deployment layers, and it is not known which of them is meant; help: name one
        one: { pattern: "one:{id}", layer: flag ? "a" : "b" }
      },
      // @ts-expect-error E0404: this is a union of deployment layers, and it is not known which of them is meant; help: name one
      readers: { reports: { layer: flag ? "a" : "b", borrows: [] } }
    })
  })

  test("the name of a layer is refused where the manifest declares none", () => {
    // @ts-expect-error E0404: no deployment layer is called 'server'; help: declare it in layers, or check its spelling
    Manifest.Service<any>()("C", { families: { user: { pattern: "user:{id}", layer: "server" } } })
    // @ts-expect-error E0404: no deployment layer is called 'server'; help: declare it in layers, or check its spelling
    Manifest.Service<any>()("C", { families: {}, readers: { r: { layer: "server", borrows: [] } } })
    // @ts-expect-error E0404: no deployment layer is called 'server'; help: declare it in layers, or check its spelling
    Bare.inLayer("server")
    // @ts-expect-error E0404: this manifest declares no deployment layers; help: declare them, layers: { server: {}, client: { reads
    Bare.inLayer(text)
    // @ts-expect-error E0404: no deployment layer is called 'server'; help: declare it in layers, or check its spelling
    Bare.fn("f", { layer: "server" })
  })

  test("a layer takes no program that may do anything", () => {
    // @ts-expect-error E0220: the compiler cannot tell what this program does: its requirements are any, unknown, object or a type parameter
    Shop.inLayer("client")(opaque)
    // @ts-expect-error E0220: the compiler cannot tell what this program does: its requirements are any, unknown, object or a type parameter
    Shop.inLayer("client")(loose)
    // @ts-expect-error CheckedProgram<"E0220: the compiler cannot tell what this program does: its requirements are any, unknown, object
    const generic = <R>(effect: Effect.Effect<string, CacheError, R>) => Shop.inLayer("client")(effect)
    void generic
    Shop.inLayer("client")(Effect.andThen(user.get({ id: "1" }), Effect.as(Db, 1)))
  })
})

describe("a body that may do anything is refused", () => {
  test("the body of a function that may do anything is refused", () => {
    // @ts-expect-error E0220: this body is not a generator function, or what it requires is not known; help: write function*() { ... }, and yield nothing whose
    Shop.fn("f", { borrows: ["user:{id}"] })(function*() { yield* anything })
    // @ts-expect-error E0220: this body is not a generator function, or what it requires is not known; help: write function*() { ... }, and yield nothing whose
    Shop.fn("f", { borrows: ["user:{id}"] })(function*() { yield* opaque; yield* user.get({ id: "1" }) })
    // @ts-expect-error E0220: this body is not a generator function, or what it requires is not known; help: write function*() { ... }, and yield nothing whose
    Shop.fn("f", { borrows: ["user:{id}"] })(function*() { yield* loose })
    // What a bound allows, the bound itself allows, too.
    const bounded = Shop.fn("f", { borrows: ["user:{id}"] })(function*<A>(effect: Effect.Effect<A, never, Db>) {
      return yield* effect
    })
    expect(bounded(Effect.succeed("a" as const))).type.toBe<Effect.Effect<"a", never, Borrows<"user:{id}", Shop> | Db>>()
    // @ts-expect-error unknown, object or a type parameter; for R extends Db write Db
    Shop.fn("f", {})(function*<R extends Db>(effect: Effect.Effect<void, never, R>) { yield* effect })
    // @ts-expect-error CheckedBody<"E0220: this body is not a generator function, or what it requires is not known; help: write function*() { ... }, and yield
    Shop.fn("f", { borrows: ["user:{id}"] })(function*<R>(first: Effect.Effect<void, never, R>) { yield* first })
    Shop.fn("f", { borrows: ["user:{id}"] })(function*<A>(a: A, first: Effect.Effect<void, never, Db>) {
      yield* first
      return [a, yield* user.get({ id: "1" })]
    })
  })

  test("the body of a method that may do anything is refused", () => {
    class Users {
      // @ts-expect-error E0220: the compiler cannot tell what this method does: its requirements are any, unknown, object or a type parameter; help
      @Shop.method({ borrows: ["user:{id}"] }) after<R>(first: Effect.Effect<void, never, R>) { return Effect.andThen(first, user.set({ id: "1" }, "x")) }
      // @ts-expect-error E0220: the compiler cannot tell what this method does: its requirements are any, unknown, object or a type parameter; help
      @Shop.method({ borrows: ["user:{id}"] }) opaque() { return opaque }
      // @ts-expect-error E0220: the compiler cannot tell what this method does: its requirements are any, unknown, object or a type parameter; help
      @Shop.method({ borrows: ["user:{id}"] }) any() { return anything }
      // @ts-expect-error E0220: the body writes 'user:{id}', but declares: borrows 'user:{id}'; help: declare it, or
      @Shop.method({ borrows: ["user:{id}"] }) bad<R extends Db>(first: Effect.Effect<void, never, R>) { return Effect.andThen(first, user.set({ id: "1" }, "x")) }
      @Shop.method({ borrows: ["user:{id}"] }) known<R extends Db>(first: Effect.Effect<void, never, R>) { return Effect.andThen(first, user.get({ id: "1" })) }
      @Shop.method({ borrows: ["user:{id}"] }) fine<A>(a: A) { return Effect.as(user.get({ id: "1" }), a) }
    }
    expect(Users).type.toBeConstructableWith()
  })

  test("a body that may do anything is not refused beside a declaration that was refused already", () => {
    // @ts-expect-error E0223: no family of 'Shop' declares 'user' of borrows; help: name its pattern, 'user:{id}'
    Shop.fn("f", { borrows: ["user"] })(function*() { yield* user.get({ id: "1" }) })
    // @ts-expect-error E0406: unknown option 'reads' in the declaration; help: did you mean 'borrows'?
    Shop.fn("f", { reads: ["user:{id}"] })(function*() { yield* user.get({ id: "1" }) })
  })
})

describe("a parameter", () => {
  test("a parameter without a codec is a text", () => {
    Manifest.Service<any>()("C", {
      families: {
        // @ts-expect-error E0408: without a Schema, a parameter is a string; help: give a Schema
        number: { pattern: "number:{id}", params: { id: Manifest.type<number>() } },
        // @ts-expect-error E0408: without a Schema, a parameter is a string; help: give a Schema
        flag: { pattern: "flag:{on}", params: { on: Manifest.type<boolean>() } },
        // @ts-expect-error E0408: without a Schema, a parameter is a string; help: give a Schema
        mixed: { pattern: "mixed:{id}", params: { id: Manifest.type<string | number>() } },
        // @ts-expect-error E0408: without a Schema, a parameter is a string; help: give a Schema
        parts: { pattern: "parts:{a}:{b}", params: { a: Schema.Int, b: Manifest.type<Date>() } },
        // @ts-expect-error E0408: without a Schema, a parameter is a string; help: give a Schema
        other: { pattern: "other:{id}", params: { id: { Type: 5 } } },
        texts: { pattern: "texts:{id}:{at}", params: { id: Manifest.type<"a" | "b">(), at: Schema.NumberFromString } }
      }
    })
  })
})

describe("the module of a family", () => {
  test("owns it, and does not lend it in the owner's place", () => {
    const Owner = Shop.owner("user", { lookup: () => Effect.succeed("Ann") })
    // @ts-expect-error E0226: module 'user' provides a borrow of 'user:{id}' to all others; help: keep it within the module
    Shop.modules({ user: Shop.borrower("user") })
    // @ts-expect-error E0226: module 'users' provides a borrow of 'user:{id}' to all others; help: keep it within the module
    Shop.modules({ users: { owns: ["user"], layer: Shop.borrower("user") } })
    expect(Shop.modules).type.toBeCallableWith({ user: Owner })
    expect(Shop.modules).type.toBeCallableWith({
      user: Layer.provideMerge(Owner, Layer.provide(Layer.effectDiscard(user.get({ id: "1" })), [Owner, Shop.borrower("user")]))
    })
  })
})

describe("a misuse has one message, and a code:", () => {
  test("a lookup in the place of an owner's options", () => {
    // @ts-expect-error E0406: the owner of family 'user' takes options, and this is a function; help: give it by its name
    Shop.owner("user", ({ id }) => Effect.succeed(id))
    // @ts-expect-error E0406: the owner of family 'user' takes options, and this is a function; help: give it by its name
    Shop.owner("user", (params, about) => Effect.succeed([params, about]))
    // @ts-expect-error E0406: the owner of family 'user' takes options, and this is a function; help: give it by its name
    Shop.owner("user", () => Effect.succeed("Ann"))
  })

  test("keys in the place of the options of warming", () => {
    // @ts-expect-error E0408: this is not a valid value for the option 'warm'; help: give an object, { keys: [{ id: '1' }] }
    Shop.owner("user", { warm: [{ id: "1" }] })
    // @ts-expect-error E0408: this is not a valid value for the option 'predict'; help: give an object, { keysMax: 100 }
    Shop.owner("user", { predict: true })
    expect(Shop.owner).type.toBeCallableWith("user", { warm: { keys: [{ id: "1" }] }, predict: { keysMax: 1 } })
  })

  test("readers of another shape", () => {
    Manifest.Service<any>()("C", {
      families: { user: { pattern: "user:{id}" } },
      readers: {
        // @ts-expect-error E0406: unknown option 'reads' in reader 'reports'; help: did you mean 'borrows'?
        reports: { reads: ["user:{id}"] },
        // @ts-expect-error E0408: this is not a list of patterns; help: put the patterns in brackets, ['user:{id}']
        charts: { borrows: "user:{id}" },
        // @ts-expect-error E0408: these are not the readers of a manifest; help: give an object, { reports: { borrows: [
        empty: {},
        fine: { borrows: ["user:{id}"] }
      }
    })
  })

  test("a write of another manifest in a batch, which names both", () => {
    const { user: foreign } = Bare.keys
    // @ts-expect-error E0115: a batch of 'Shop' takes writes of its own families as data, and this is something else; help
    Shop.batch([user.setting({ id: "1" }, "Ann"), foreign.setting({ id: "1" }, "Ann")])
  })

  test("a lookup whose requirements are a type parameter", () => {
    const owner = <R>(lookup: (params: { readonly id: string }) => Effect.Effect<string, never, R>) =>
      // @ts-expect-error CheckedAnswer<"E0211: the compiler cannot tell what this lookup reads: its requirements are a type parameter;
      Shop.owner("user", { lookup })
    void owner
  })

  test("a mistake beside a function without types is reported once, and not at each lookup", () => {
    class Weighed extends Manifest.Service<Weighed>()("Weighed", {
      families: {
        // @ts-expect-error E0408: this is not a valid value for the option 'timeToLive' of family 'user'
        user: { pattern: "user:{id}", timeToLive: "5 minuts", weigher: (_, value) => JSON.stringify(value).length },
        files: { pattern: "files:*" },
        facts: { pattern: "files:{id}:facts", partOf: "files" }
      }
    }) {}
    const { user } = Weighed.keys
    Weighed.owner("user", { lookup: ({ id }) => Effect.succeed(id) })
    Weighed.owner("user", { lookup: Effect.fn("lookup")(function*({ id }) { return yield* Effect.succeed(id) }) })
    Weighed.owner("files", { lookup: (one) => Effect.succeed(one), parts: { facts: { lookup: ({ id }) => Effect.succeed(id) } } })
    Weighed.delegate("user", { lookup: (one, was) => Effect.succeed([one, was]) })
    Weighed.modules({ user: Weighed.owner("user", { lookupMany: (all) => Effect.succeed(all) }) })
    Weighed.fn("rename", { owns: ["user:{id}"] })(function*(id: string) { yield* user.set({ id }, id) })
    expect(Effect.gen(function*() { return (yield* Weighed).keys })).type.not.toBe<never>()
    const live = Weighed.modules({ user: Weighed.owner("user", { lookup: ({ id }) => Effect.succeed(id) }) })
      .pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })))
    void Effect.runPromise(Effect.provide(Effect.map(Weighed.get("user:1"), (text) => text.length), live))
    void Effect.runPromise(Effect.provide(Effect.map(Weighed.stats, (stats) => stats.user.hits), live))
    Weighed.getOption("user:1").pipe(Effect.catchTag("CacheError", () => Effect.succeed(1)))
    Weighed.transaction((self) => self)(user.set({ id: "1" }, "a"))
    Weighed.batch([user.setting({ id: "1" }, "a")])
    Manifest.compose(Weighed, AppCache)
    const reads: Effect.Effect<string, CacheError, Manifest.Borrows<"user:{id}", Weighed>> = user.get({ id: "1" })
    void reads
  })

  test("a class of which the compiler knows nothing has each member of a manifest class", () => {
    expect<keyof Manifest.UncheckedClass>().type.toBe<keyof Manifest.ManifestClass<any, never, any>>()
  })

  test("an Effect that a change answers keeps its errors and requirements, also where the value may be anything", () => {
    class Wide extends Manifest.Service<Wide>()("Wide", {
      layers: { client: { reads: ["server"] }, server: {} },
      families: {
        left: { pattern: "left:{id}", layer: "client" },
        unknown: { pattern: "unknown:{id}", layer: "client", value: Schema.Unknown },
        any: { pattern: "any:{id}", layer: "client", value: Schema.Any },
        typed: { pattern: "typed:{id}", layer: "client", value: Manifest.type<any>() },
        object: { pattern: "object:{id}", layer: "client", value: Manifest.type<object>() },
        count: { pattern: "count:{id}", layer: "client", value: Manifest.type<number>() },
        other: { pattern: "other:{id}", layer: "server", value: Manifest.type<number>() }
      }
    }) {}
    const { any, count, left, object, other, typed, unknown } = Wide.keys
    const params = { id: 1 }
    const change = () => flag ? Effect.fail("late" as const) : flag ? Effect.fail(1 as const) : Effect.as(Db, 1)
    type Changed<P extends string, V> = Effect.Effect<V, CacheError | "late" | 1, Owns<P, Wide> | Db>
    expect(left.update(params, change)).type.toBe<Changed<"left:{id}", unknown>>()
    expect(unknown.update(params, change)).type.toBe<Changed<"unknown:{id}", unknown>>()
    expect(any.update(params, change)).type.toBe<Changed<"any:{id}", any>>()
    expect(typed.update(params, change)).type.toBe<Changed<"typed:{id}", any>>()
    expect(object.update(params, () => flag ? Effect.fail("late" as const) : flag ? Effect.fail(1 as const) : Effect.andThen(Db, Effect.succeed({})))).type
      .toBe<Changed<"object:{id}", object>>()
    expect(count.update(params, change)).type.toBe<Changed<"count:{id}", number>>()
    expect(left.patch(params, change)).type.toBe<Changed<"left:{id}", Option.Option<unknown>>>()
    expect(any.patch(params, change)).type.toBe<Changed<"any:{id}", Option.Option<any>>>()
    expect(Effect.flatMap(left.writer, (writer) => writer.update(params, change))).type.toBe<Changed<"left:{id}", unknown>>()
    expect(Effect.flatMap(left.writer, (writer) => writer.patch(params, change))).type.toBe<Changed<"left:{id}", Option.Option<unknown>>>()
    // A value that may be anything is taken for a value.
    type Kept<P extends string, V> = Effect.Effect<V, CacheError, Owns<P, Wide>>
    expect(left.update(params, (was) => was)).type.toBe<Kept<"left:{id}", unknown>>()
    expect(any.update(params, (was) => was.name)).type.toBe<Kept<"any:{id}", any>>()
    // A generic function around it keeps them, too.
    const wrapped = <E, R>(f: (was: number) => Effect.Effect<number, E, R>) => count.update(params, f)
    expect(wrapped(() => Effect.andThen(Db, Effect.fail(1 as const)))).type.toBe<Effect.Effect<number, CacheError | 1, Owns<"count:{id}", Wide> | Db>>()

    Wide.fn("write", { owns: ["left:{id}"] })(
      // @ts-expect-error E0220: the body writes 'other:{id}', but declares: owns 'left:{id}'
      function*() { yield* left.update(params, () => other.set(params, 1)) }
    )
    class Methods {
      // @ts-expect-error E0220: the body writes 'other:{id}', but declares: owns 'left:{id}'
      @Wide.method({ owns: ["left:{id}"] })
      write() { return left.patch(params, () => other.set(params, 1)) }
    }
    void Methods
    // @ts-expect-error E0224: cannot write 'other:{id}' in deployment layer 'client': layer 'server' owns it; help: move the
    pipe(left.update(params, () => other.set(params, 1)), Wide.inLayer("client"))
  })

  test("a store of memory has one size, one in Redis a server, and a batch of no writes requires nothing", () => {
    // @ts-expect-error E0306: a store in memory has one bound, 'capacity' or 'weightMax'; help: give the largest number of
    MemoryStore.layer({})
    // @ts-expect-error E0306: a store in memory has one bound, 'capacity' or 'weightMax'; help: give the largest number of
    MemoryStore.layer({ eviction: "lru" })
    // @ts-expect-error E0306: a store in memory has one bound, 'capacity' or 'weightMax'; help: give the largest number of
    MemoryStore.layer({ capacity: 1, weightMax: 1 })
    expect(MemoryStore.layer).type.toBeCallableWith({ capacity: 1, weightMax: undefined })
    expect(MemoryStore.layer).type.toBeCallableWith({ weightMax: 1, eviction: "lru", shards: 2 })
    // @ts-expect-error E0306: a store in Redis has a 'namespace', and a server, by 'url' or 'client'; help: give { url:
    RedisStore.layer({ namespace: "app" })
    // @ts-expect-error E0306: a store in Redis has a 'namespace', and a server, by 'url' or 'client'; help: give { url:
    RedisStore.layer({ url: "redis://host" })
    expect(RedisStore.layer).type.toBeCallableWith({ url: "redis://host", namespace: "app", client: undefined })
    expect(RedisStore.layer).type.toBeCallableWith({ client: { host: "host" }, namespace: "app" })

    expect(AppCache.batch([])).type.toBe<Effect.Effect<void, CacheError>>()
    expect(AppCache.batch([AppCache.keys.draft.deleting({ id: 1 })])).type.toBe<Effect.Effect<void, CacheError, Manifest.Owns<"draft:{id}", AppCache>>>()
  })
})
