/**
 * What an editor shows: completions, hovers and definitions of manifests and their operations.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Compiler from "../support/compiler.ts"
import { LanguageServer } from "../support/languageServer.ts"

let server: LanguageServer
beforeAll(async () => {
  server = await LanguageServer.start()
})
afterAll(() => server.stop())

const fixture = fs.readFileSync(path.join(Compiler.root, "dtslint/fixture.ts"), "utf8")
const lineOf = (text: string) => fixture.split("\n").findIndex((line) => line.includes(text)) + 1

const manifest = (families: string, rest = "") => `
import * as Manifest from "../src/manifest/Manifest.ts"
export class C extends Manifest.Service<C>()("C", {
  layers: { client: { reads: ["server"] }, server: {} },
  families: {
    user: { pattern: "user:{id}", layer: "server" },
    posts: { pattern: "user:{id}:posts:*", layer: "client" },
    ${families}
  }${rest}
}) {}
`
const program = (body: string) => `
import { Effect } from "effect"
import * as Manifest from "../src/manifest/Manifest.ts"
import { AppCache, Db, User, UserId } from "./fixture.ts"
declare const id: typeof UserId.Type
declare const ann: User
${body}
`

/** The type that a hover shows, without the doc comment below it. */
const signatureOf = (hover: string): string => /```\w*\n([^]*?)```/.exec(hover)?.[1] ?? hover

describe("completion", () => {
  const cases: ReadonlyArray<readonly [what: string, marked: string, expected: ReadonlyArray<string>]> = [
    ["patterns in derives", manifest(`x: { pattern: "x", derives: ["/*|*/"] }`), ["user:{id}", "user:{id}:posts:*"]],
    ["patterns in borrows", manifest(`x: { pattern: "x", borrows: ["/*|*/"] }`), ["user:{id}", "user:{id}:posts:*"]],
    ["patterns to readers", manifest("", `, readers: { r: { borrows: ["/*|*/"] } }`), ["user:{id}"]],
    ["layers to families", manifest(`x: { pattern: "x", layer: "/*|*/" }`), ["client", "server"]],
    ["layers in reads", manifest("", "").replace(`reads: ["server"]`, `reads: ["/*|*/"]`), ["client", "server"]],
    ["the encloser in partOf", manifest(`x: { pattern: "user:{id}:posts:{n}", partOf: "/*|*/" }`), ["posts"]],
    ["the encloser in carvedFrom", manifest(`x: { pattern: "user:{id}:posts:{n}", carvedFrom: "/*|*/" }`), ["posts"]],
    ["families in partOf where none encloses", manifest(`x: { pattern: "x:{id}", partOf: "/*|*/" }`), [
      "user",
      "posts"
    ]],
    ["families in carvedFrom where none encloses", manifest(`x: { pattern: "x", carvedFrom: "/*|*/" }`), ["user"]],
    [
      "patterns in derives while another option has no value yet",
      manifest(`y: { pattern: "y", timeToLive: "" }, x: { pattern: "x", derives: ["/*|*/"] }`),
      ["user:{id}", "user:{id}:posts:*"]
    ],
    [
      "families in partOf while another option has no value yet",
      manifest(`y: { pattern: "y", timeToLive: "" }, x: { pattern: "user:{id}:posts:{n}", partOf: "/*|*/" }`),
      ["posts"]
    ],
    ["options of a family", manifest(`x: { pattern: "x", /*|*/ }`), ["derives", "borrows", "timeToLive", "partOf"]],
    ["families as keys", program("AppCache.keys./*|*/"), ["user", "prefs", "profile", "feed"]],
    ["parameter names", program("AppCache.keys.feed.get({ /*|*/ })"), ["id", "page"]],
    ["patterns in owns", program(`AppCache.fn("f", { owns: ["/*|*/"] })`), ["user:{id}", "files:*"]],
    ["patterns in invalidates", program(`AppCache.fn("f", { invalidates: ["/*|*/"] })`), ["user:{id}", "files:*"]],
    ["layers of a program", program(`AppCache.inLayer("/*|*/")`), ["client", "edge", "server"]],
    ["parts of a value", program(`AppCache.keys.prefs.set({ id }, { /*|*/ })`), ["dark"]],
    ["parts of a change", program(`AppCache.keys.prefs.update({ id }, () => ({ /*|*/ }))`), ["dark"]],
    ["parts of a value, by its key", program(`AppCache.set("prefs:1", { /*|*/ })`), ["dark"]],
    [
      "parts of a lookup's answer",
      program(`AppCache.owner("prefs", { lookup: () => Effect.succeed({ /*|*/ }) })`),
      ["dark"]
    ],
    ["names of modules", program(`AppCache.modules({ /*|*/ })`), ["user", "prefs", "analytics"]],
    [
      "families of a module that owns several",
      program(`AppCache.modules({ users: { owns: ["/*|*/"], layer: AppCache.owner("user") } })`),
      ["user", "prefs"]
    ],
    ["options of a module that owns several", program(`AppCache.modules({ users: { /*|*/ } })`), ["owns", "layer"]],
    [
      "what is left of a module that owns several",
      program(`AppCache.modules({ users: { owns: ["user"], /*|*/ } })`),
      ["layer"]
    ],
    ["families to own", program(`AppCache.owner("/*|*/")`), ["user", "prefs", "files"]],
    ["families to borrow", program(`AppCache.borrower("/*|*/")`), ["user", "prefs", "files"]],
    ["patterns to invalidate", program(`AppCache.invalidate("/*|*/")`), ["user:{id}", "files:*"]],
    ["no keys", program(`AppCache.get("/*|*/")`), []],
    ["options of a manifest", manifest("", ", /*|*/"), ["readers", "version"]],
    ["operations of an engine", program("Effect.map(AppCache, (cache) => cache./*|*/)"), ["keys", "stats"]],
    ["options of an owner", program(`AppCache.owner("user", { /*|*/ })`), ["lookup", "lookupMany"]],
    ["parameters of a lookup", program(`AppCache.owner("feed", { lookup: ({ /*|*/ }) => null! })`), ["id", "page"]]
  ]
  for (const [what, marked, expected] of cases) {
    it(`completion offers ${what}`, async () => {
      const offered = await server.complete(marked)
      for (const one of expected) assert.include(offered, one)
      for (const one of offered) assert.notMatch(one, /^"?(?:E\d{4}:|~(?!effect\/))/, "a message is not a completion")
    })
  }
})

describe("completion of what may be named, and of nothing else", () => {
  it("completion of a family to hand on offers the parts alone", async () => {
    assert.deepStrictEqual(await server.complete(program(`AppCache.delegate("/*|*/")`)), ["facts"])
  })

  it("completion of modules, and of the families of one, offers no part", async () => {
    assert.notInclude(await server.complete(program("AppCache.modules({ /*|*/ })")), "facts")
    const owned = program(`AppCache.modules({ all: { owns: ["/*|*/"], layer: AppCache.owner("user") } })`)
    assert.notInclude(await server.complete(owned), "facts")
  })
})

describe("completion of parameters", () => {
  it("completion of the parameters of a key offers their names, and nothing that tells a text from an object", async () => {
    assert.deepStrictEqual(await server.complete(program("AppCache.keys.feed.get({ /*|*/ })")), ["id", "page"])
  })
})

describe("completion of a reader", () => {
  const handles =
    `const reads = Effect.gen(function*() { const handle = yield* AppCache.keys.user.HANDLE; handle./*|*/ })`
  const writing = (
    "set setMany update patch delete deleteMany refresh " +
    "invalidate invalidateWhere invalidateAll invalidateTag"
  ).split(" ")

  it("completion of a reader does not offer a write, or strikes it out", async () => {
    const offered = await server.completeUsable(program(handles.replace("HANDLE", "reader")))
    for (const one of ["get", "getMany", "getPromise", "has"]) assert.include(offered, one)
    for (const one of writing) assert.notInclude(offered, one)
  })

  it("completion of a writer offers reads and writes", async () => {
    const offered = await server.completeUsable(program(handles.replace("HANDLE", "writer")))
    for (const one of ["get", ...writing]) assert.include(offered, one)
  })
})

describe("hover over an operation, which shows no message", () => {
  const one = "{ id }"
  const calls: ReadonlyArray<readonly [operation: string, given: string]> = [
    ...["get", "getOption", "getAnswer", "has", "delete", "refresh", "invalidate", "explain"].map((name) =>
      [name, one] as const
    ),
    ["getMany", `[${one}]`],
    ["set", `${one}, ann`],
    ["setMany", `[[${one}, ann]]`],
    ["update", `${one}, (was) => was`],
    ["patch", `${one}, (was) => was`],
    ["invalidateWhere", "{}"],
    ["invalidateAll", ""],
    ["setIfAbsent", `${one}, ann`],
    ["getAndDelete", one],
    ["select", `${one}, (user) => user.name`],
    ["warm", `[${one}]`],
    ["setting", `${one}, ann`],
    ["lease", one],
    ["reschedule", `${one}, "1 minute"`]
  ]
  for (const [operation, given] of calls) {
    it(`the hover over ${operation} has no message`, async () => {
      for (const body of [`/*|*/${operation}(${given})`, `/*|*/${operation}`]) {
        const hover = await server.hover(program(`const p = AppCache.keys.user.${body}`))
        assert.include(hover, operation)
        assert.notMatch(hover, /E\d{4}|OtherwiseEach|\bany\b/)
      }
    })
  }

  const uncalled = [
    ...["keys.user.lease", "keys.user.getOr", "owner", "modules", "fn", "delegate"].map((name) => `AppCache.${name}`),
    "TieredStore.layer"
  ]
  for (const name of uncalled) {
    it(`the hover over ${name}, which is not called, has no message`, async () => {
      const imported = `import * as TieredStore from "../src/store/TieredStore.ts"\n`
      const marked = name.replace(/\.(?=\w+$)/, "./*|*/")
      const hover = signatureOf(await server.hover(`${imported}${program(`const p = ${marked}`)}`))
      assert.include(hover, name.split(".").at(-1)!)
      assert.notMatch(hover, /E\d{4}|Otherwise/)
    })
  }

  // What may be called, and where its members are found. A reader's writes are struck out, and say why.
  const holders: ReadonlyArray<readonly [holder: string, without: RegExp]> = [
    ["AppCache.keys.user", /^$/],
    ["reader", /^(?:(?:set|delete|update|patch|invalidate|refresh|reschedule|getOr$|getAndDelete)|arrived)/],
    ["writer", /^$/],
    ["AppCache", /^$/],
    ["engine", /^$/],
    ["MemoryStore", /^$/],
    ["TieredStore", /^$/],
    ["LmdbStore", /^$/],
    ["RedisStore", /^$/],
    ["Lookup", /^$/],
    ["Manifest", /^$/]
  ]
  const declared = ["store/memory/MemoryStore", "store/TieredStore", "store/lmdb/LmdbStore", "store/redis/RedisStore"]
  const opened = `
${
    [...declared, "cache/Lookup"].map((file) => `import * as ${file.split("/").at(-1)} from "../src/${file}.ts"`).join(
      "\n"
    )
  }
${program("")}
declare const reader: Effect.Success<typeof AppCache.keys.user.reader>
declare const writer: Effect.Success<typeof AppCache.keys.user.writer>
declare const engine: Effect.Success<typeof AppCache>
`
  for (const [holder, without] of holders) {
    it(`the hovers over all members of ${holder} have no message`, async () => {
      const members = (await server.complete(`${opened}const p = ${holder}./*|*/`))
        .filter((name) => /^[a-z][\w$]*$/.test(name) && !without.test(name))
      assert.isAbove(members.length, 1)
      const line = opened.split("\n").length - 1
      const hovers = await server.hovers(
        opened + members.map((name) => `void ${holder}.${name}`).join("\n"),
        members.map((_, at) => ({ line: line + at, character: `void ${holder}.`.length }))
      )
      const messages = hovers.map(signatureOf).filter((hover) => hover === "" || /E\d{4}/.test(hover))
      assert.deepStrictEqual(messages, [])
    })
  }

  it("the hovers over the events of a cache and over `provided` are short", async () => {
    const events = signatureOf(await server.hover(program("const p = AppCache./*|*/events")))
    assert.strictEqual(
      events.trim(),
      `(property) Service<AppCache, "AppCache">.events: Stream<CacheEvent, never, AppCache>`
    )
    const provided = signatureOf(await server.hover(program("const p = Manifest./*|*/provided")))
    assert.strictEqual(
      provided.trim(),
      "const provided: <A, E, R>(effect: Provided<A, E, R>) => Effect.Effect<A, E, Needed<R>>"
    )
  })

  const transactions = [
    "AppCache./*|*/transaction(within)",
    "AppCache./*|*/transaction(within)(Effect.succeed(1))",
    "Effect.succeed(1).pipe(AppCache./*|*/transaction(within))",
    "/*|*/runs(Effect.succeed(1))"
  ]
  it("the hovers over a transaction that is called have no message", async () => {
    for (const call of transactions) {
      const hover = await server.hover(program(`
const within = <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E | "sql", R> => body
const runs = AppCache.transaction(within)
export const p = ${call}`))
      assert.include(hover, "Effect")
      assert.notMatch(signatureOf(hover), /E\d{4}|Otherwise/, call)
    }
  })

  it("an option of an owner shows its documentation where it is written", async () => {
    const lookup = await server.hover(program(`AppCache.owner("prefs", { /*|*/lookup: () => Effect.never })`))
    assert.include(lookup, "Loads the value of one key.")
    const predict = await server.hover(program(`AppCache.owner("prefs", { /*|*/predict: { keysMax: 1 } })`))
    assert.include(predict, "Loads keys again shortly before they end")
    const part = await server.hover(program(`AppCache.delegate("facts", { /*|*/lookupMany: () => Effect.never })`))
    assert.include(part, "Loads the values of several keys")
  })

  it("the hovers over `owner` without options and over `modules` have no messages", async () => {
    const owner = await server.hover(program(`const p = AppCache./*|*/owner("user")`))
    assert.include(owner, `Layer<Owns<"user:{id}", AppCache>, CacheError, Appoints<"user:{id}", AppCache>>`)
    const modules = await server.hover(program(`const p = AppCache./*|*/modules({ user: AppCache.owner("user") })`))
    assert.include(modules, `Layer<AppCache | Owns<"user:{id}", AppCache>, CacheError, Store>`)
    for (const hover of [owner, modules].map(signatureOf)) {
      assert.notMatch(hover, /E\d{4}/)
      assert.notInclude(hover, "families:", "the whole manifest is not shown")
    }
  })
})

describe("hover over a capability, which shows no machinery", () => {
  const cases: ReadonlyArray<readonly [name: string, body: string, shown: string]> = [
    [
      "a generator",
      `const /*|*/p = Effect.gen(function*() {
        yield* AppCache.keys.user.set({ id }, ann)
        return yield* AppCache.keys.prefs.get({ id })
      })`,
      `const p: Effect.Effect<{ readonly dark: boolean; }, CacheError, Borrows<"prefs:{id}", AppCache> | Owns<"user:{id}", AppCache>>`
    ],
    [
      "an operation",
      "const /*|*/p = AppCache.keys.user.get({ id })",
      `const p: Effect.Effect<User, CacheError | DbError, Borrows<"user:{id}", AppCache>>`
    ],
    [
      "an owner",
      `const /*|*/p = AppCache.owner("user", { lookup: ({ id }) => Db.use((db) => db.userById(id)) })`,
      `const p: Layer<Owns<"user:{id}", AppCache>, CacheError, Appoints<"user:{id}", AppCache> | Db>`
    ],
    [
      "an owner whose lookup reads",
      `const /*|*/p = AppCache.owner("profile", { lookup: ({ id }) => Effect.map(AppCache.keys.user.get({ id }), (u) => u.name) })`,
      `const p: Layer<Owns<"profile:{id}", AppCache>, CacheError, Appoints<"profile:{id}", AppCache> | Borrows<"user:{id}", AppCache>>`
    ],
    [
      "a declared function",
      `const /*|*/p = AppCache.fn("p", { owns: ["user:{id}"], borrows: ["prefs:{id}"] })(function*<A>(a: A) { return a })`,
      `const p: <A>(a: A) => Effect.Effect<A, never, Borrows<"prefs:{id}", AppCache> | Owns<"user:{id}", AppCache>>`
    ],
    [
      "the families of a manifest",
      "const p = AppCache./*|*/keys",
      `(property) Service<AppCache, "AppCache">.keys: Manifest.Families<AppCache>`
    ],
    [
      "an engine",
      "const p = AppCache./*|*/layer",
      `(property) Service<AppCache, "AppCache">.layer: Layer<AppCache | Appoints<string, AppCache>, CacheError, Store>`
    ],
    [
      "the declaration of a function",
      `const p = AppCache./*|*/fn("p", { owns: ["user:{id}"] })`,
      `(method) Service<AppCache, "AppCache">.fn<{ readonly owns: readonly ["user:{id}"]; }>(name: string, declared: { readonly owns: readonly ["user:{id}"]; } & DeclaredDocs): DeclaredFn<AppCache, { readonly owns: readonly ["user:{id}"]; }>`
    ],
    [
      "a hand-written right",
      `const /*|*/p = Effect.succeed(1) as Effect.Effect<number, never, Manifest.Owns<"user:{id}", AppCache>>`,
      `const p: Effect.Effect<number, never, Manifest.Owns<"user:{id}", AppCache>>`
    ]
  ]
  for (const [name, body, shown] of cases) {
    it(`the hover over ${name} shows no machinery`, async () => {
      const hover = await server.hover(program(`export ${body}`))
      assert.strictEqual(signatureOf(hover).replace(/\s+/g, " ").trim(), shown)
    })
  }
})

describe("hover over an option where it is used, which shows its doc comment", () => {
  const family = (option: string) =>
    manifest(`x: { pattern: "x:{id}", ${option} }`).replace("import", `import { Schema } from "effect"\nimport`)
  const used: ReadonlyArray<readonly [option: string, marked: string, doc: string]> = [
    ["timeToLive of a family", family(`/*|*/timeToLive: "1 minute"`), "How long an entry is fresh"],
    ["staleIfError of a family", family(`/*|*/staleIfError: "1 minute"`), "when its lookup fails"],
    ["derives of a family", family(`/*|*/derives: ["user:{id}"]`), "Patterns whose change invalidates"],
    ["value of a family", family("/*|*/value: Schema.String"), "The schema of the values"],
    ["owns of a function", program(`AppCache.fn("f", { /*|*/owns: ["user:{id}"] })`), "that the body may write"],
    ["borrows of a method", program(`AppCache.method({ /*|*/borrows: ["user:{id}"] })`), "that the body may read"],
    ["layer of a function", program(`AppCache.fn("f", { /*|*/layer: "server" })`), "in which the body runs"],
    [
      "invalidates of a function",
      program(`AppCache.fn("f", { owns: ["prefs:{id}"], /*|*/invalidates: [] })`),
      "exactly the families that derive"
    ],
    ...["owns", "layer"].map((option) =>
      [
        `${option} of a module`,
        program(
          `AppCache.modules({ users: { owns: ["user"], layer: AppCache.owner("user") } })`
            .replace(`${option}:`, `/*|*/${option}:`)
        ),
        option === "owns" ? "whose owners are in the layer" : "that has these owners"
      ] as const
    ),
    ["stale of get", program(`AppCache.keys.user.get({ id }, { /*|*/stale: "refuse" })`), "waits for a fresh value"],
    [
      "mode of an invalidation",
      program(`AppCache.keys.user.invalidate({ id }, { /*|*/mode: "markStale" })`),
      "makes the entries absent"
    ],
    ["concurrency of warm", program("AppCache.keys.user.warm([{ id }], { /*|*/concurrency: 1 })"), "The most lookups"],
    ["mode of a lease", program(`AppCache.keys.user.lease({ id }, { /*|*/mode: "shared" })`), "by default"],
    [
      "ifVersion of a batch",
      program("AppCache.keys.user.deleting({ id }, { /*|*/ifVersion: null })"),
      "has this version"
    ],
    ["lease of a batch", program("AppCache.keys.user.deleting({ id }, { /*|*/lease: null! })"), "only while the lease"],
    ...["set", "setIfAbsent", "setting"].map((name) =>
      [
        `timeToLive of ${name}`,
        program(`AppCache.keys.user.${name}({ id }, ann, { /*|*/timeToLive: "1 minute" })`),
        "How long the value is fresh"
      ] as const
    ),
    ["ifVersion of set", program("AppCache.keys.user.set({ id }, ann, { /*|*/ifVersion: null })"), "has this version"],
    ["lease of setIfAbsent", program("AppCache.keys.user.setIfAbsent({ id }, ann, { /*|*/lease: null! })"), "exclusive"]
  ]
  for (const [option, marked, doc] of used) {
    it(`the hover over ${option} shows its doc comment`, async () => {
      const hover = await server.hover(marked)
      const [, shown] = hover.split(/```\n(?=[^]*$)/)
      assert.include((shown ?? "").replace(/\s+/g, " "), doc)
    })
  }

  it("the hover over MemoryStore.make shows no message", async () => {
    const imported = `import * as MemoryStore from "../src/store/memory/MemoryStore.ts"\n`
    const hover = signatureOf(await server.hover(`${imported}const p = MemoryStore./*|*/make({ capacity: 1 })`))
    assert.include(hover, `=> Effect<Store["Service"], StoreError, Scope>`)
    assert.notMatch(hover, /E\d{4}/)
  })

  it("the hover over ifVersion shows no message", async () => {
    const hover = await server.hover(program("AppCache.keys.user.set({ id }, ann, { /*|*/ifVersion: null })"))
    assert.strictEqual(signatureOf(hover).trim(), "(property) VersionCondition.ifVersion?: number | null | undefined")
  })
})

describe("go to definition", () => {
  it("the definition of an accessor is its family", async () => {
    const places = await server.define(program("AppCache.keys./*|*/user"))
    assert.deepStrictEqual(places, [{ file: "fixture.ts", line: lineOf("    user: {") }])
  })

  it("the definition of a manifest is its class", async () => {
    const places = await server.define(program("/*|*/AppCache.keys"))
    assert.deepStrictEqual(places, [{ file: "fixture.ts", line: lineOf("export class AppCache") }])
  })
})
