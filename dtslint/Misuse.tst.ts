import { Context, Effect, Exit, Layer, pipe, Schema, SchemaGetter } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type { Borrows, Owns } from "../src/capability/Capability.ts"
import * as Manifest from "../src/manifest/Manifest.ts"
import { AppCache, type User, UserId } from "./fixture.ts"

const { draft, facts, files, prefs, user } = AppCache.keys
const id = UserId.make("1")
declare const ann: User
declare const text: string

describe("patterns", () => {
  test("overlap in no other way than one inside the other, which says so", () => {
    Manifest.Service<any>()("C", {
      families: {
        user: { pattern: "user:*" },
        // @ts-expect-error E0104: 'feed:{a}' denotes the same keys as 'feed:{b}' of family 'respelt'; help: keep one of
        feed: { pattern: "feed:{a}" },
        // @ts-expect-error E0104: 'feed:{b}' denotes the same keys as 'feed:{a}' of family 'feed'; help: keep one of the
        respelt: { pattern: "feed:{b}" },
        // @ts-expect-error E0105: 'a:{x}:c' and 'a:b:*' of family 'across' both own 'a:b:c' and neither is more specific
        hole: { pattern: "a:{x}:c" },
        // @ts-expect-error E0105: 'a:b:*' and 'a:{x}:c' of family 'hole' both own 'a:b:c' and neither is more specific
        across: { pattern: "a:b:*" },
        // @ts-expect-error E0201: family 'both' gives both partOf and carvedFrom; help: keep partOf (same owner) or carved
        both: { pattern: "user:{id}", partOf: "user", carvedFrom: "user" },
        // @ts-expect-error E0202: 'outside' lies inside no other pattern; help: remove partOf
        outside: { pattern: "outside", partOf: "user" },
        // @ts-expect-error E0202: 'apart:{id}' lies inside no other pattern; help: remove carvedFrom, or let it name a family whose pattern covers 'apart:{id}', such as 'apart:*'
        apart: { pattern: "apart:{id}", carvedFrom: "user" },
        // @ts-expect-error E0202: 'all:*' lies inside no other pattern; help: remove partOf"
        all: { pattern: "all:*", partOf: "user" },
        // @ts-expect-error E0402: 'page' derives 'pge:{id}', but no family declares it; help: declare a pattern that covers it, or check its spelling"
        page: { pattern: "page:{id}", derives: ["pge:{id}"] },
        // @ts-expect-error E0402: 'pages' derives 'pags:42', but no family declares it; help: declare a pattern that covers it, or check its spelling"
        pages: { pattern: "pages:{id}", derives: ["pags:42"] },
        // @ts-expect-error E0402: 'list' derives 'list', but no family declares it; help: declare a pattern that covers it, or check its spelling"
        list: { pattern: "list:{id}", derives: ["list"] }
      }
    })
  })

  test("a malformed pattern is refused", () => {
    Manifest.Service<any>()("C", {
      families: {
        // @ts-expect-error E0103: the pattern 'a::b' has an empty segment; help: put one ':' between segments and none at
        empty: { pattern: "a::b" },
        // @ts-expect-error E0103: 'b{id}' in the pattern 'b{id}' mixes text with a wildcard; help: a segment is text, {name}
        mixed: { pattern: "b{id}" },
        // @ts-expect-error E0103: the pattern 'c:*:d' has '*' before its last segment; help: write {name} for one segment
        rest: { pattern: "c:*:d" },
        // @ts-expect-error E0103: the pattern 'e:{id}:{id}' names the parameter 'id' twice; help: give each parameter a name
        twice: { pattern: "e:{id}:{id}" },
        // @ts-expect-error E0103: the text of this pattern is not known, so nothing can be checked about it; help: wri
        plain: { pattern: text }
      }
    })
  })
})

describe("parts of a manifest", () => {
  test("parts of a manifest are checked where they are brought in", () => {
    const sources = ["user:{id}"]
    const policy = { timeToLive: "5 minutes", layr: "server" } as const
    Manifest.Service<any>()("C", {
      families: {
        user: { pattern: "user:{id}" },
        // @ts-expect-error E0103: it is not known which patterns this list holds, so nothing can be checked about it; h
        listed: { pattern: "listed:{id}", derives: sources },
        // @ts-expect-error E0406: unknown option 'layr' in family 'spread'; help: did you mean 'layer'?
        spread: { pattern: "spread:{id}", ...policy },
        // @ts-expect-error E0406: unknown option 'maxEntries' in family 'bound'; help: did you mean 'capacity'?
        bound: { pattern: "bound:{id}", maxEntries: 100 },
        // @ts-expect-error E0406: unknown option 'queryFn' in family 'query'; help: 'lookup' is an option of owner
        query: { pattern: "query:{id}", queryFn: () => 1 },
        // @ts-expect-error E0406: unknown option 'ttl' in family 'short'; help: did you mean 'timeToLive'?
        short: { pattern: "short:{id}", ttl: "1 minute" }
      }
    })
  })
})

describe("references and layers", () => {
  test("references and layers are declared, within reach, and used", () => {
    Manifest.Service<any>()("C", {
      layers: {
        client: { reads: ["server"] },
        // @ts-expect-error E0404: no deployment layer is called 'databse'; help: declare it in layers, or check its spelling
        server: { reads: ["databse"] },
        // @ts-expect-error E0405: deployment layer 'edge' has no use: it has no family and no reader, reads no layer, and none reads
        edge: { reads: [] }
      },
      families: {
        files: { pattern: "files:*", layer: "server" },
        draft: { pattern: "draft:{id}", layer: "client" },
        // @ts-expect-error E0402: 'profile' derives 'usr:{id}', but no family declares it; help: declare a pattern that
        profile: { pattern: "profile:{id}", layer: "server", derives: ["usr:{id}"] },
        // @ts-expect-error E0403: 'upward' in deployment layer 'server' cannot reach 'draft:{id}' of 'client', which 'server' does
        upward: { pattern: "upward:{id}", layer: "server", derives: ["draft:{id}"] },
        // @ts-expect-error E0206: 'files:{id}' is only a part of 'files:*' of family 'files', and rights exist for declared
        narrow: { pattern: "narrow:{id}", layer: "server", borrows: ["files:{id}"] },
        // @ts-expect-error E0409: params of family 'named' names 'di', which is not a parameter of 'named:{id}'; help: di
        named: { pattern: "named:{id}", layer: "server", params: { di: Manifest.type<string>() } }
      },
      // @ts-expect-error E0407: 'files' is a family and a reader; help: rename the reader, or list what it reads in borrows
      readers: { files: { borrows: [] } }
    })
  })
})

describe("owners", () => {
  test("a second owner of a key is refused", () => {
    // @ts-expect-error E0215: two owners: 'user:{id}' and 'user:{id}' both own 'user:_'; help: keep one of the two layers
    Manifest.mergeOwners(AppCache.owner("user"), AppCache.owner("user"))
    // @ts-expect-error is not assignable to parameter of type 'Layer<never, any, any>'
    Manifest.mergeOwners([AppCache.owner("user"), AppCache.owner("user")])
    // @ts-expect-error 'lookup' does not exist in type 'Layer<never, any, any>'
    Manifest.mergeOwners(AppCache.owner("user"), AppCache.owner("user"), { lookup: () => 1 })
    // @ts-expect-error is not assignable to parameter of type 'Layer<never, any, any>'
    Manifest.mergeOwners(AppCache.owner("user"), () => AppCache.owner("prefs"))
    // @ts-expect-error is not assignable to parameter of type 'Layer<never, any, any>'
    Manifest.mergeOwners(AppCache.owner("user"), Effect.succeed(AppCache.owner("prefs")))
    // @ts-expect-error is not assignable to parameter of type 'Layer<never, any, any>'
    Manifest.mergeOwners(AppCache.owner("user"), null)
    const users = [AppCache.owner("user"), AppCache.owner("user")]
    const both = [AppCache.owner("user"), AppCache.owner("profile")] as const
    // @ts-expect-error E0215: the compiler cannot tell which owners this list holds; help: give each owner as an argument of
    Manifest.mergeOwners(AppCache.owner("prefs"), ...users)
    expect(Manifest.mergeOwners(AppCache.owner("prefs"), ...both)).type.not.toBe<never>()
    // @ts-expect-error E0215: two owners: 'user:{id}' and 'user:{id}' both own 'user:_'; help: keep one of the two layers
    Manifest.mergeOwners(AppCache.owner("user"), ...both)
    // A layer that a function of Layer makes in place is known, too.
    const made = [AppCache.owner("prefs"), AppCache.owner("profile"), AppCache.owner("draft")] as const
    expect(Manifest.mergeOwners(Layer.merge(made[0], made[1]), made[2])).type.toBe(Manifest.mergeOwners(...made))
    expect(Manifest.mergeOwners(Layer.provideMerge(made[0], made[1]), made[2])).type.not.toBe<never>()
    expect(Manifest.mergeOwners(made[2], Layer.provide(made[0], Layer.empty))).type.toBe(
      Manifest.mergeOwners(made[2], made[0])
    )
    Manifest.mergeOwners(Layer.tap(made[0], () => Effect.log("built")), made[1])
    Manifest.mergeOwners(Layer.catchTag(made[0], "CacheError", () => made[0]), made[1])
    // @ts-expect-error E0215: two owners: 'prefs:{id}' and 'prefs:{id}' both own 'prefs:_'; help: keep one of the two layers
    Manifest.mergeOwners(Layer.merge(made[0], made[1]), made[0])
    // @ts-expect-error E0229: 'audit' is not a part of family 'files', so the owner of 'files' cannot give its lookup; help
    AppCache.owner("files", { parts: { audit: { lookup: () => Effect.succeed(true) } } })
    // @ts-expect-error E0406: unknown option 'lookupp' in the owner of family 'files'; help: did you mean 'lookup'?
    AppCache.owner("files", { lookupp: 1 })
    // @ts-expect-error E0406: unknown option 'loader' in the owner of family 'files'; help: did you mean 'lookup'?
    AppCache.owner("files", { loader: () => Effect.succeed(1) })
    // @ts-expect-error E0406: unknown option 'maxAge' in the owner of family 'files'; help: 'timeToLive' is an option of a
    AppCache.owner("files", { maxAge: 1 })
    // @ts-expect-error E0214: module 'user' is not a Layer; help: give a Layer, or { owns: [...], layer }
    AppCache.modules({ user: Effect.void })
    // @ts-expect-error E0214: module 'feed' reads 'prefs:{id}', but the manifest only lets it borrow 'profile:{id}'
    AppCache.modules({ feed: Layer.effectDiscard(prefs.get({ id })) })
  })

  test("owners are named by a literal, and take options", () => {
    // @ts-expect-error E0406: the owner of family 'prefs' takes options, and this is a function; help: give it by its name
    AppCache.owner("prefs", () => Effect.succeed({ dark: true }))
    // @ts-expect-error E0210: the compiler cannot tell which family this names; help: write its name as a literal;
    AppCache.owner(user)
    // @ts-expect-error E0210: the compiler cannot tell which family this names; help: write its name as a literal;
    pipe("prefs", AppCache.owner)
  })

  test("own for the class that the manifest declares", () => {
    class Copied extends Manifest.Service<AppCache>()("Copied", { families: { all: { pattern: "all:*" } } }) {}
    // @ts-expect-error E0415: the rights of 'Copied' are given to another class; help: write class Copied extends
    Copied.owner("all")
    // @ts-expect-error Property 'user' does not exist on type 'Otherwise<"E0415: the rights of 'Copied' are given to another
    void Copied.keys.user
    // @ts-expect-error E0415: the rights of 'Copied' are given to another class; help: write class Copied extends
    Layer.provide(AppCache.owner("user"), Copied.layer)
    // @ts-expect-error E0415: the rights of 'Copied' are given to another class; help: write class Copied extends
    Copied.modules({ user: AppCache.owner("user") })
    // @ts-expect-error E0415: the rights of 'Copied' are given to another class; help: write class Copied extends
    Manifest.compose(AppCache, Copied)
  })

  test("own for no class at all", () => {
    const Untyped = Manifest.Service<any>()("Untyped", { families: { all: { pattern: "all:*" } } })
    // @ts-expect-error E0415: the rights of 'Untyped' are given to 'any', so to every class; help: write class Untyped
    Untyped.owner("all")
    // @ts-expect-error E0415: the rights of 'Untyped' are given to 'any', so to every class; help: write class Untyped
    Untyped.borrower("all")
    // @ts-expect-error Property 'all' does not exist on type 'Otherwise<"E0415: the rights of 'Untyped' are given to 'any'
    void Untyped.keys.all
    // @ts-expect-error E0415: the rights of 'Untyped' are given to 'any', so to every class; help: write class Untyped
    Layer.provide(AppCache.owner("user"), Untyped.layer)
    // @ts-expect-error E0415: the rights of 'Untyped' are given to 'any', so to every class; help: write class Untyped
    Untyped.modules({})
    const data = Manifest.Service<never>()("Data", { families: {} } as never)
    // @ts-expect-error E0414: this manifest was cast, so its families are not known, and nothing can be checked about this
    data.owner("all")
    // @ts-expect-error E0414: this manifest was cast, so its families are not known, and nothing can be checked about this
    data.modules({ all: Layer.empty })
  })

  test("be known where the compiler knows nothing of it", () => {
    const anything: any = AppCache
    void Manifest.compose(anything, AppCache)
    // @ts-expect-error E0214: module 'user' is not a Layer; help: give a Layer, or { owns: [...], layer }
    AppCache.modules({ user: {} as unknown })
  })
})

describe("access", () => {
  test("a raw key names one key of one family", () => {
    // @ts-expect-error E0106: the key 'user::42' has an empty segment; help: put one ':' between segments and none at the
    AppCache.get("user::42")
    // @ts-expect-error E0106: 'user:{id}' is a pattern, not a key; help: name one key, or use the family's invalidateWhere
    pipe("user:{id}" as const, AppCache.delete)
    // @ts-expect-error E0108: this key may belong to several families; help: handle them one by one, so that each has its
    AppCache.delete(text === "" ? "user:1" : "prefs:1")
    // @ts-expect-error E0107: the compiler does not know the text of this pattern, so it cannot tell which families it concerns; help: write it
    pipe("files:*", AppCache.invalidate)
  })

  test("an operation of a family without parameters takes none", () => {
    class Site extends Manifest.Service<Site>()("Site", { families: { home: { pattern: "home" } } }) {}
    const { home } = Site.keys
    expect(home.get({})).type.toBe<Effect.Effect<unknown, CacheError, Borrows<"home", Site>>>()
    // @ts-expect-error E0112: these are not the parameters of 'home'; help: give a value for each name in its braces, and
    home.get({ id: 1 })
    // @ts-expect-error E0112: these are not the parameters of a key; help: give an object with a value for each name in
    home.get("home")
    // @ts-expect-error E0112: these are not the parameters of 'home'; help: give a value for each name in its braces, and
    home.invalidateWhere({ id: 1 })
    // @ts-expect-error E0112: these are not the parameters of 'home'; help: give a value for each name in its braces, and
    pipe({ id: 1 }, home.get)
  })

  test("an operation is refused once where its manifest is refused", () => {
    const price = { pattern: "price:{id}" }
    // @ts-expect-error E0103: the text of this pattern is not known, so nothing can be checked about it; help: write i
    class Prices extends Manifest.Service<Prices>()("Prices", { families: { price } }) {}
    Prices.keys.price.get({ id: 1 })
  })

  test("a write through a borrow is refused", () => {
    type Reads = Effect.Effect<void, CacheError, Borrows<"user:{id}", AppCache>>
    // @ts-expect-error E0203: this writes, and its type lets it only read; help: require Owns, or do it in the owner
    const drop: Reads = user.delete({ id })
    // @ts-expect-error E0203: this writes, and its type lets it only read; help: require Owns, or do it in the owner
    const dropLater = (): Reads => pipe({ id }, user.delete)
    void [drop, dropLater]
  })

  test("through a borrow has no writes, and a batch has nothing else", () => {
    // @ts-expect-error E0203: cannot write 'user:{id}' through a borrow; it is owned by family 'user'; help: do it in
    Effect.flatMap(user.reader, (reader) => pipe({ id }, reader.delete))
    // @ts-expect-error E0203: cannot write 'user:{id}' through a borrow; it is owned by family 'user'; help: do it in
    Effect.flatMap(user.reader, (reader) => reader.invalidateAll())
    // @ts-expect-error E0115: a batch of 'AppCache' takes writes of its own families as data, and this is something else; help
    AppCache.batch([user.set({ id }, ann)])
  })
})

describe("declarations", () => {
  test("declarations name what exists, in a layer that may", () => {
    // @ts-expect-error E0223: no family of 'AppCache' declares 'usr:*' of owns; help: declare a pattern that covers it
    AppCache.fn("f", { owns: ["usr:*"] })
    // @ts-expect-error E0206: 'files:{id}' is only a part of 'files:*' of family 'files', and rights exist for declared
    AppCache.fn("f", { borrows: ["files:{id}"] })
    // @ts-expect-error E0224: cannot write 'draft:{id}' in deployment layer 'server': layer 'client' owns it; help: move the
    AppCache.fn("f", { layer: "server", owns: ["draft:{id}"] })
    // @ts-expect-error E0221: invalidates lacks families that derive from the owned ones: '
    AppCache.fn("f", { owns: ["user:{id}"], invalidates: [] })
    // @ts-expect-error E0221: invalidates lacks families that derive from the owned ones: 'feed:{id}:{page}'; help: list each of
    AppCache.fn("f", { owns: ["user:{id}"], invalidates: ["profile:{id}"] })
    // @ts-expect-error E0239: the owner of family 'prefs' owns 'prefs:{id}', which does not derive from what this declaration owns: nothing; help
    AppCache.fn("f", { borrows: ["user:{id}"], invalidates: ["prefs:{id}"] })
    // @ts-expect-error E0239: the owner of family 'audit' owns 'files:{id}:audit', which does not derive from what this declaration owns
    AppCache.method({ invalidates: ["files:{id}:audit"] })
    // @ts-expect-error E0239: this declaration owns 'files:{id}:facts', which does not derive from what it owns; help: remove it
    AppCache.fn("f", { owns: ["files:*"], invalidates: ["files:{id}:facts"] })
    // @ts-expect-error owns: 'profile:{id}', 'prefs:{id}'; help: remove it from invalidates, or list 'user:{id}' in owns and drop
    AppCache.fn("f", { owns: ["profile:{id}", "prefs:{id}"], invalidates: ["feed:{id}:{page}", "user:42"] })
    // @ts-expect-error E0222: no family of 'AppCache' declares 'sales:*', so it cannot be invalidated; help: declare a
    AppCache.fn("f", { invalidates: ["sales:*"] })
    // @ts-expect-error E0406: unknown option 'reads' in the declaration; help: did you mean 'borrows'?
    AppCache.fn("f", { reads: ["user:{id}"] })
    // @ts-expect-error E0404: no deployment layer is called 'sever'; help: did you mean 'server'?
    AppCache.inLayer("sever")
  })

  test("hold for Schemas that a key or a tier cannot use", () => {
    class Crypt extends Context.Service<Crypt, (text: string) => Effect.Effect<string>>()("Crypt") {}
    const Secret = Schema.String.pipe(Schema.decodeTo(Schema.String, {
      decode: SchemaGetter.transformEffect((text: string) => Effect.flatten(Crypt.useSync((crypt) => crypt(text)))),
      encode: SchemaGetter.transformEffect((text: string) => Effect.succeed(text))
    }))
    Manifest.Service<never>()("C", {
      families: {
        // @ts-expect-error E0408: this Schema requires a service to encode or decode, and a tier provides none; help: use
        value: { pattern: "value:{id}", value: Secret },
        // @ts-expect-error E0408: this Schema requires a service to encode or decode, and a tier provides none; help: use
        nested: { pattern: "nested:{id}", value: Schema.Array(Secret) },
        // @ts-expect-error E0408: this Schema requires a service to encode or decode, and a tier provides none; help: use
        error: { pattern: "error:{id}", error: Secret },
        // @ts-expect-error E0408: this Schema requires a service to encode or decode, and a tier provides none; help: use
        param: { pattern: "param:{id}", params: { id: Secret } },
        // @ts-expect-error E0408: a key holds strings, and this Schema does not encode to a string, a number or a boolean; help:
        struct: { pattern: "struct:{id}", params: { id: Schema.Struct({ a: Schema.String }) } },
        // @ts-expect-error E0408: a key holds strings, and this Schema does not encode to a string, a number or a boolean; help:
        list: { pattern: "list:{id}", params: { id: Schema.Array(Schema.String) } },
        // @ts-expect-error E0408: a key holds strings, and this Schema does not encode to a string, a number or a boolean; help:
        date: { pattern: "date:{id}", params: { id: Schema.Date } },
        // @ts-expect-error E0408: a key has no text for null or undefined, and this Schema may encode to one of them; help:
        optional: { pattern: "optional:{id}", params: { id: Schema.optional(Schema.String) } },
        // @ts-expect-error E0408: a key has no text for null or undefined, and this Schema may encode to one of them; help:
        nullable: { pattern: "nullable:{id}", params: { id: Schema.NullOr(Schema.String) } },
        // @ts-expect-error E0408: a key holds strings, and this Schema does not encode to a string, a number or a boolean; help:
        unknown: { pattern: "unknown:{id}", params: { id: Schema.Unknown } },
        good: {
          pattern: "good:{a}:{b}:{c}:{d}:{e}:{f}",
          params: {
            a: Schema.Number,
            b: Schema.BigInt,
            c: Schema.Boolean,
            d: Schema.Literals(["x", "y"]),
            e: Schema.DateFromString,
            f: Schema.Union([Schema.String, Schema.Number])
          },
          value: Schema.NullOr(Schema.Date),
          error: Schema.Struct({ at: Schema.Date })
        }
      }
    })
  })

  test("hold for bodies, methods and programs", () => {
    const body = function*() {
      yield* facts.get({ id })
    }
    // @ts-expect-error E0220: the body reads 'files:{id}:facts', but declares: nothing; help: declare it, or
    pipe(body, AppCache.fn("f", {}))
    // @ts-expect-error E0220: this body is not a generator function, or what it requires is not known; help: write function*() { ... }, and yield nothing whose
    AppCache.fn("f", {})(async () => {})
    // @ts-expect-error E0224: cannot write 'draft:{id}' in deployment layer 'server': layer 'client' owns it; help: move the
    AppCache.inLayer("server")(draft.delete({ id }))
    class Service {
      // @ts-expect-error E0220: the body writes 'files:*', but declares: borrows 'user:{id}'; help: declare it, or
      @AppCache.method({ borrows: ["user:{id}"] })
      drop() {
        return files.invalidateAll()
      }
    }
    void Service
  })

  test("hold for what is not a method that returns an Effect", () => {
    class Service {
      // @ts-expect-error E0220: the compiler cannot tell what this method does; help: decorate a method that returns an Effect
      @AppCache.method({ owns: ["user:{id}"] })
      async later() {}

      // @ts-expect-error E0220: the compiler cannot tell what this method does; help: decorate a method that returns an Effect
      @AppCache.method({ borrows: ["user:{id}"] })
      *inTurns() {
        yield* user.get({ id })
      }

      // @ts-expect-error E0220: the compiler cannot tell what this method does; help: decorate a method that returns an Effect
      @AppCache.method({ borrows: ["user:{id}"] })
      readonly field = () => user.get({ id })

      // @ts-expect-error E0220: the compiler cannot tell what this method does; help: decorate a method that returns an Effect
      @AppCache.method({ borrows: ["user:{id}"] })
      get property() {
        return user.get({ id })
      }
    }
    void Service
  })

  test("declarations name several rights in one message", () => {
    // @ts-expect-error , but declares: owns 'prefs:{id}'; help: declare it, or move it to a function that declares it
    AppCache.fn("f", { owns: ["prefs:{id}"] })(function*() {
      yield* user.delete({ id })
      yield* facts.get({ id })
    })
    // @ts-expect-error  and more, but declares: nothing; help: declare it, or move it to a function that declares it
    AppCache.fn("f", {})(function*() {
      yield* user.delete({ id })
      yield* facts.get({ id })
      yield* prefs.get({ id })
      yield* draft.get({ id })
    })
    // @ts-expect-error E0221: invalidates lacks families that derive from the owned ones: '
    AppCache.fn("f", { owns: ["prefs:{id}", "user:{id}"], invalidates: [] })
  })
})

describe("changes", () => {
  test("changes of a family of Exits return no bare Exit, which is run as an Effect", () => {
    const exit = Schema.Exit(Schema.Number, Schema.String, Schema.Defect())
    class Jobs extends Manifest.Service<Jobs>()("Jobs", {
      families: {
        job: { pattern: "job:{id}", value: exit },
        either: { pattern: "either:{id}", value: Schema.Union([Schema.String, exit]) }
      }
    }) {}
    const { either, job } = Jobs.keys
    // @ts-expect-error E0114: this function returns an Exit, which is run as an Effect before 'job:{id}' takes its value; help
    job.update({ id: 1 }, (was) => was)
    // @ts-expect-error E0114: this function returns an Exit, which is run as an Effect before 'job:{id}' takes its value; help
    job.patch({ id: 1 }, () => Exit.succeed(1))
    // @ts-expect-error E0114: this function returns an Exit, which is run as an Effect before 'either:{id}' takes its value
    either.update({ id: 1 }, (was) => was)
    either.update({ id: 1 }, () => "text")
    either.patch({ id: 1 }, (was) => Effect.succeed(was))
    job.patch({ id: 1 }, (was) => Effect.succeed(was))
    type Changed<E> = Effect.Effect<Exit.Exit<number, string>, CacheError | E, Owns<"job:{id}", Jobs>>
    expect(job.update({ id: 1 }, () => Effect.succeed(Exit.succeed(1)))).type.toBe<Changed<never>>()
    // It fails, and holds nothing.
    expect(job.update({ id: 1 }, () => Exit.fail("it failed"))).type.toBe<Changed<string>>()
  })
})
