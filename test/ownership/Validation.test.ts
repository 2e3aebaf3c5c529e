/**
 * A manifest from data gets the findings that the types give to a typed one: one problem for each wrong property. A
 * valid manifest knows its owners, rights and routes.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Diagnostic from "../../src/diagnostic/Diagnostic.ts"
import { type } from "../../src/manifest/Manifest.ts"
import { policyOptions } from "../../src/ownership/FamilyPolicy.ts"
import * as Graph from "../../src/ownership/shared/graph.ts"
import { validate } from "../../src/ownership/shared/validation.ts"
import { valid } from "../support/graphs.ts"

const problemsOf = (definition: unknown): ReadonlyArray<string> =>
  Result.match(validate("AppCache", definition), {
    onSuccess: () => [],
    onFailure: (error) =>
      error.problems.map((problem) => `${problem.path.join(".")} ${Diagnostic.formatAsType(problem)}`)
  })

describe("manifest from data", () => {
  it("overlapping patterns are refused, with one problem for each wrong property", () => {
    assert.deepStrictEqual(
      problemsOf({
        families: {
          user: { pattern: "user:*" },
          undeclared: { pattern: "user:profile" },
          part: { pattern: "user:{id}:posts", partOf: "user" },
          carved: { pattern: "user:{id}:audit", carvedFrom: "user" },
          wrong: { pattern: "user:{id}:x", partOf: "users" },
          orphan: { pattern: "session:{id}", partOf: "user" },
          both: { pattern: "user:{id}:y", carvedFrom: "user", partOf: "user" },
          feed: { pattern: "feed:{a}" },
          twin: { pattern: "feed:{b}" },
          hole: { pattern: "a:{x}:c" },
          across: { pattern: "a:b:*" },
          malformed: { pattern: "x:*:y" }
        }
      }),
      [
        "families.malformed.pattern E0103: the pattern 'x:*:y' has '*' before its last segment; help: write {name} for one segment; '*' stands for the segments that follow",
        "families.undeclared.pattern E0102: 'user:profile' is already owned through 'user:*' of family 'user'; help: add partOf: 'user' (same owner) or carvedFrom: 'user' (an owner of its own)",
        "families.wrong.partOf E0204: 'user:{id}:x' does not lie directly inside family 'users', but in 'user:*' of family 'user'; help: name 'user'",
        "families.orphan.partOf E0202: 'session:{id}' lies inside no other pattern; help: remove partOf, or let it name a family whose pattern covers 'session:{id}', such as 'session:*'",
        "families.both.carvedFrom E0201: family 'both' gives both partOf and carvedFrom; help: keep partOf (same owner) or carvedFrom (an owner of its own)",
        "families.feed.pattern E0104: 'feed:{a}' denotes the same keys as 'feed:{b}' of family 'twin'; help: keep one of the two families",
        "families.twin.pattern E0104: 'feed:{b}' denotes the same keys as 'feed:{a}' of family 'feed'; help: keep one of the two families",
        "families.hole.pattern E0105: 'a:{x}:c' and 'a:b:*' of family 'across' both own 'a:b:c' and neither is more specific; help: change one segment: either no key fits both, or one pattern lies inside the other",
        "families.across.pattern E0105: 'a:b:*' and 'a:{x}:c' of family 'hole' both own 'a:b:c' and neither is more specific; help: change one segment: either no key fits both, or one pattern lies inside the other"
      ]
    )
  })

  it("dangling references and cycles are refused, with the path of the cycle", () => {
    assert.deepStrictEqual(
      problemsOf({
        families: {
          user: { pattern: "user:*" },
          profile: { pattern: "profile:{id}", derives: ["usr:{id}"] },
          a: { pattern: "a:{id}", derives: ["b:{id}"] },
          b: { pattern: "b:{id}", derives: ["c:{id}", "user:{id}"] },
          c: { pattern: "c:{id}", derives: ["a:{id}"] },
          above: { pattern: "above:{id}", derives: ["a:{id}"] },
          self: { pattern: "self:{id}", derives: ["self:{id}"] }
        },
        readers: {
          reports: { borrows: ["user:*", "sales:*"] },
          narrow: { borrows: ["user:{id}"] },
          user: { borrows: [] }
        }
      }),
      [
        "families.profile.derives.0 E0402: 'profile' derives 'usr:{id}', but no family declares it; help: did you mean 'user:{id}'?",
        "readers.reports.borrows.1 E0402: 'reports' borrows 'sales:*', but no family declares it; help: declare a pattern that covers it, or check its spelling",
        "readers.narrow.borrows.0 E0206: 'user:{id}' is only a part of 'user:*' of family 'user', and rights exist for declared patterns; help: name 'user:*', or declare a family for 'user:{id}' with partOf: 'user'",
        "readers.user E0407: 'user' is a family and a reader; help: rename the reader, or list what it reads in borrows of family 'user'",
        "families.a.derives.0 E0401: invalidation never ends: 'a' -> 'b' -> 'c' -> 'a'; help: remove one of these from derives",
        "families.b.derives.0 E0401: invalidation never ends: 'b' -> 'c' -> 'a' -> 'b'; help: remove one of these from derives",
        "families.c.derives.0 E0401: invalidation never ends: 'c' -> 'a' -> 'b' -> 'c'; help: remove one of these from derives",
        "families.self.derives.0 E0401: invalidation never ends: 'self' -> 'self'; help: remove one of these from derives"
      ]
    )
  })

  it("a family that derives from what lies inside it is not taken for one that derives from itself", () => {
    assert.deepStrictEqual(
      problemsOf({
        families: {
          config: { pattern: "config:{tenant}", derives: ["config:default"] },
          standard: { pattern: "config:default", carvedFrom: "config" },
          doc: { pattern: "doc:{id}:{part}", derives: ["index:{id}"] },
          meta: { pattern: "doc:{id}:meta", partOf: "doc" },
          index: { pattern: "index:{id}", derives: ["doc:{id}:meta"] }
        }
      }),
      []
    )
    // A reference that has keys of the family itself is circular.
    assert.deepStrictEqual(
      problemsOf({
        families: {
          all: { pattern: "doc:*" },
          doc: { pattern: "doc:{id}:{part}", partOf: "all", derives: ["doc:{id}:*"], fanout: true }
        }
      }).map((problem) => problem.split(";")[0]),
      ["families.doc.derives.0 E0401: invalidation never ends: 'doc' -> 'doc', and 'doc' lies inside 'all'"]
    )
    // A reference that has them through another family is circular, too, and the message says where they lie.
    const derive = "remove one of these from derives"
    assert.deepStrictEqual(
      problemsOf({
        families: {
          log: { pattern: "log:{id}:*" },
          last: { pattern: "log:{id}:last", carvedFrom: "log", derives: ["sum:{id}"] },
          sum: { pattern: "sum:{id}", derives: ["log:{id}:*"] }
        }
      }),
      [
        `families.last.derives.0 E0401: invalidation never ends: 'last' -> 'sum' -> 'last', and 'last' lies inside 'log'; help: ${derive}; in place of the whole, derive from the families inside it`,
        `families.sum.derives.0 E0401: invalidation never ends: 'sum' -> 'last' -> 'sum'; help: ${derive}`
      ]
    )
  })

  it("wrong layers, options and shapes are refused", () => {
    assert.deepStrictEqual(
      problemsOf({
        layers: { client: { reads: ["server"] }, server: { reads: ["databse"] }, edge: { reads: [] } },
        families: {
          user: { pattern: "user:*", layer: "server", params: { id: Schema.String } },
          draft: { pattern: "draft:{id}", layer: "client", derives: ["user:{id}"] },
          typo: { pattern: "typo:{id}", layer: "srver" },
          upward: { pattern: "upward:{id}", layer: "server", derives: ["draft:{id}"] },
          option: { pattern: "option", ttll: 5, ttl: 5 }
        },
        entries: {}
      }),
      [
        "entries E0406: unknown option 'entries' in the manifest; help: remove it, or check its spelling",
        "families.option.ttll E0406: unknown option 'ttll' in family 'option'; help: remove it, or check its spelling",
        "families.option.ttl E0406: unknown option 'ttl' in family 'option'; help: did you mean 'timeToLive'?",
        "families.user.params.id E0409: params of family 'user' names 'id', which is not a parameter of 'user:*'; help: remove it, or check its spelling",
        "families.upward.derives.0 E0403: 'upward' in deployment layer 'server' cannot reach 'draft:{id}' of 'client', which 'server' does not read; help: add 'client' to reads of layer 'server'",
        "families.typo.layer E0404: no deployment layer is called 'srver'; help: did you mean 'server'?",
        "layers.server.reads.0 E0404: no deployment layer is called 'databse'; help: declare it in layers, or check its spelling",
        "layers.edge E0405: deployment layer 'edge' has no use: it has no family and no reader, reads no layer, and none reads it; help: remove it, or say in its reads which layers its programs may read"
      ]
    )
    assert.deepStrictEqual(problemsOf({ families: { a: { pattern: 1 }, b: 2, c: {} } }), [
      "families.a.pattern E0408: 'families.a.pattern' must be a string; help: see the type 'Definition'",
      "families.b E0408: 'families.b' must be an object; help: see the type 'Definition'",
      "families.c.pattern E0408: 'families.c.pattern' must be a string; help: see the type 'Definition'"
    ])
    for (const wrong of [null, 1, [], {}, { families: null }]) assert.lengthOf(problemsOf(wrong), 1)
  })

  // A family without a codec keeps nothing over a restart, and says so nowhere.
  it("a value, an error or a parameter that no Schema describes is refused where it stands", () => {
    const others = { "a schema of another library": { parse: String }, "a bare AST": Schema.String.ast, "{}": {} }
    const more = { "a type alone": { Type: 1 }, "a list": [Schema.String], "a function": String, "a text": "string" }
    for (const [name, other] of Object.entries({ ...others, ...more, "a number": 5, null: null })) {
      const family = { pattern: "user:{id}", value: other, error: other, params: { id: other } }
      const why = "must be a Schema such as 'Schema.String', or 'Manifest.type<A>()'"
      assert.deepStrictEqual(
        problemsOf({ families: { user: family } }).map((problem) => problem.split(";")[0]),
        ["value", "error", "params.id"].map((at) => `families.user.${at} E0408: 'families.user.${at}' ${why}`),
        name
      )
    }
    for (const given of [Schema.String, Schema.Struct({}), Schema.suspend(() => Schema.String), type<string>()]) {
      const family = { pattern: "user:{id}", value: given, error: given }
      assert.deepStrictEqual(problemsOf({ families: { user: family } }), [])
    }
    assert.deepStrictEqual(
      problemsOf({ families: { user: { pattern: "user:{id}", params: { id: type<"a">() } } } }),
      []
    )
  })

  it("a part is in the layer of its whole, over several levels, and a reference reaches it there", () => {
    const layers = { client: { reads: ["server"] }, server: {} }
    const files = { pattern: "files:*", layer: "server" }
    const facts = { pattern: "files:{id}:*", partOf: "files" }
    const size = { pattern: "files:{id}:size", partOf: "facts" }
    const found = valid({ layers, families: { files, facts, size } })
    assert.deepStrictEqual([...found.families.values()].map(({ layer }) => layer), ["server", "server", "server"])
    assert.deepStrictEqual(Graph.make(found).nodes.map(({ layer }) => layer), ["server", "server", "server"])
    const draft = { pattern: "draft:{id}", layer: "client" }
    const fromBelow = { ...size, derives: ["draft:{id}"] }
    assert.deepStrictEqual(problemsOf({ layers, families: { files, facts, size: fromBelow, draft } }), [
      "families.size.derives.0 E0403: 'size' in deployment layer 'server' cannot reach 'draft:{id}' of 'client', which 'server' does not read; help: add 'client' to reads of layer 'server'"
    ])
    const other = { pattern: "other:{id}", layer: "other", derives: ["files:{id}:size"] }
    assert.deepStrictEqual(problemsOf({ layers: { ...layers, other: {} }, families: { files, facts, size, other } }), [
      "families.other.derives.0 E0403: 'other' in deployment layer 'other' cannot reach 'files:{id}:size' of 'server', which 'other' does not read; help: add 'server' to reads of layer 'other'"
    ])
  })

  it("a part in another layer than its whole is refused", () => {
    const layers = { client: { reads: ["server"] }, server: {} }
    const help =
      "help: remove layer, because a part is in the layer of its whole, or give it an owner of its own: carvedFrom:"
    const facts = { pattern: "files:{id}:*", partOf: "files" }
    const size = { pattern: "files:{id}:size", partOf: "facts", layer: "client" }
    const problemsIn = (files: object, ...parts: ReadonlyArray<object>) =>
      problemsOf({ layers, families: { files: { pattern: "files:*", ...files }, facts: parts[0], size: parts[1] } })
    assert.deepStrictEqual(problemsIn({ layer: "server" }, facts, size), [
      `families.size.layer E0240: part 'size' is in deployment layer 'client', and its whole 'facts' is in layer 'server'; ${help} 'facts'`
    ])
    assert.deepStrictEqual(problemsIn({}, facts, { ...size, carvedFrom: "facts", partOf: undefined }), [])
    assert.deepStrictEqual(problemsIn({}, { ...facts, layer: "client" }, size), [
      `families.facts.layer E0240: part 'facts' is in deployment layer 'client', and its whole 'files' is in no layer; ${help} 'files'`
    ])
    assert.deepStrictEqual(problemsIn({ layer: "client" }, facts, size), [])
  })

  it("a layer that does not exist is refused once, where it is named, and a part and a reference are not", () => {
    const layers = { server: { reads: ["edge"] }, edge: {} }
    const families = {
      doc: { pattern: "doc:{id}:*", layer: "servr" },
      same: { pattern: "doc:{id}:same", layer: "servr", partOf: "doc" },
      other: { pattern: "doc:{id}:other", layer: "edge", partOf: "doc" },
      none: { pattern: "doc:{id}:none", partOf: "doc" },
      apart: {
        pattern: "doc:{id}:apart",
        layer: "egde",
        carvedFrom: "doc",
        derives: ["doc:{id}:other", "doc:{id}:same"]
      },
      above: { pattern: "above:{id}", layer: "edge", derives: ["doc:{id}:none"] }
    }
    assert.deepStrictEqual(problemsOf({ layers, families }), [
      "families.doc.layer E0404: no deployment layer is called 'servr'; help: did you mean 'server'?",
      "families.same.layer E0404: no deployment layer is called 'servr'; help: did you mean 'server'?",
      "families.apart.layer E0404: no deployment layer is called 'egde'; help: did you mean 'edge'?"
    ])
  })

  it("a layer is refused when the manifest declares none", () => {
    assert.deepStrictEqual(
      problemsOf({
        families: { user: { pattern: "user:{id}", layer: "server" } },
        readers: { reports: { layer: "srver", borrows: [] } }
      }),
      [
        "families.user.layer E0404: no deployment layer is called 'server'; help: declare it in layers, or check its spelling",
        "readers.reports.layer E0404: no deployment layer is called 'srver'; help: declare it in layers, or check its spelling"
      ]
    )
  })

  it("a layer whose programs only read needs no family", () => {
    const families = { user: { pattern: "user:{id}", layer: "server" } }
    const reads = {
      server: {},
      web: { reads: ["server"] },
      tests: { reads: ["web"] },
      mirror: { reads: ["store"] },
      store: {}
    }
    assert.deepStrictEqual(problemsOf({ layers: reads, families }), [])
    assert.deepStrictEqual(problemsOf({ layers: { ...reads, web: {}, tests: { reads: ["wep"] } }, families }), [
      "layers.tests.reads.0 E0404: no deployment layer is called 'wep'; help: did you mean 'web'?",
      "layers.web E0405: deployment layer 'web' has no use: it has no family and no reader, reads no layer, and none reads it; help: remove it, or say in its reads which layers its programs may read"
    ])
  })

  it("the Schema of a parameter encodes to a text", () => {
    const refused = {
      struct: Schema.Struct({ a: Schema.String }),
      list: Schema.Array(Schema.String),
      date: Schema.Date,
      unknown: Schema.Unknown,
      inner: Schema.NullOr(Schema.Date)
    }
    const nullable = {
      optional: Schema.optional(Schema.String),
      nullable: Schema.NullOr(Schema.String),
      nested: Schema.Union([Schema.Number, Schema.UndefinedOr(Schema.NullOr(Schema.String))])
    }
    const taken = {
      number: Schema.Number,
      bigint: Schema.BigInt,
      boolean: Schema.Boolean,
      literals: Schema.Literals(["x", 1]),
      date: Schema.DateFromString,
      union: Schema.Union([Schema.String, Schema.Number]),
      any: Schema.Any,
      brand: Schema.String.pipe(Schema.brand("Id"))
    }
    const familiesOf = (schemas: object) =>
      Object.fromEntries(
        Object.entries(schemas).map(([name, id]) => [name, { pattern: `${name}:{id}`, params: { id } }])
      )
    const why = "E0408: a key holds strings, and this Schema does not encode to a string, a number or a boolean"
    assert.deepStrictEqual(
      problemsOf({ families: familiesOf(refused) }).map((problem) => problem.split(";")[0]),
      Object.keys(refused).map((name) => `families.${name}.params.id ${why}`)
    )
    const whyNull = "E0408: a key has no text for null or undefined, and this Schema may encode to one of them"
    assert.deepStrictEqual(
      problemsOf({ families: familiesOf(nullable) }).map((problem) => problem.split(";")[0]),
      Object.keys(nullable).map((name) => `families.${name}.params.id ${whyNull}`)
    )
    assert.deepStrictEqual(problemsOf({ families: familiesOf(taken) }), [])
  })

  it("the error for a family beside the sections of the manifest says to put it under `families`", () => {
    const misplaced = (name: string) =>
      `${name} E0406: family '${name}' is not among the families of the manifest; ` +
      `help: write 'families: { ${name}: { pattern: ... } }'`
    assert.deepStrictEqual(problemsOf({ user: { pattern: "user:{id}" } }), [
      misplaced("user"),
      "families E0408: 'families' must be an object; help: see the type 'Definition'"
    ])
    assert.deepStrictEqual(problemsOf({ families: {}, page: { pattern: "page:{id}" } }), [misplaced("page")])
  })

  it("an option that is undefined counts as not given", () => {
    const options = "layer partOf carvedFrom derives borrows fanout params value error sensitive".split(" ")
    const nothing = Object.fromEntries([...options, ...Object.keys(policyOptions)].map((option) => [option, undefined]))
    const bare = { pattern: "bare:{id}", ...nothing }
    for (
      const definition of [
        { version: undefined, layers: undefined, families: { bare }, readers: undefined },
        {
          layers: { l: { reads: undefined } },
          families: { bare: { ...bare, layer: "l" }, part: { pattern: "bare:1", ...nothing, partOf: "bare" } },
          readers: { r: { layer: undefined, borrows: ["bare:{id}"] } }
        }
      ]
    ) assert.deepStrictEqual(problemsOf(definition), [])
  })

  it("a reference that fans out is refused when the manifest does not say so", () => {
    assert.deepStrictEqual(
      problemsOf({
        families: {
          product: { pattern: "product:{shop}:{sku}" },
          price: { pattern: "price:{shop}:{day}", derives: ["product:{shop}:{sku}"] },
          said: { pattern: "said:{shop}:{day}", derives: ["product:{shop}:{sku}"], fanout: true },
          file: { pattern: "file:*" },
          rest: { pattern: "rest:*", derives: ["file:*"] },
          total: { pattern: "total:{shop}", derives: ["product:{shop}:{sku}"] },
          pages: { pattern: "pages:{sku}:{shop}:{n}", derives: ["product:{shop}:{sku}"] },
          fixed: { pattern: "fixed:{n}", derives: ["product:1:2"] }
        }
      }),
      [
        "families.price.derives.0 E0411: 'price' derives 'product:{shop}:{sku}' without its 'sku': one change there drops 'price' for every 'day'; help: name the parameters alike, or add fanout: true if that is meant",
        "families.rest.derives.0 E0411: 'rest' derives 'file:*' without its '*': one change there drops 'rest' for every '*'; help: name the parameters alike, or add fanout: true if that is meant"
      ]
    )
  })

  it("the error names the first problem, and the number of the others", () => {
    const error = Result.getOrThrow(
      Result.flip(validate("AppCache", { families: { a: { pattern: "" }, b: { pattern: "x::y" } } }))
    )
    assert.strictEqual(error.reason._tag, "PatternMalformed")
    assert.strictEqual(
      error.message,
      "E0103: manifest `AppCache`, families.a.pattern: the pattern `` has an empty segment; help: put one `:` between segments and none at the ends (and 1 more)"
    )
  })

  it("names that every object has cause no problem", () => {
    assert.deepStrictEqual(
      problemsOf({
        families: { constructor: { pattern: "a" }, toString: { pattern: "b", layer: "valueOf" } },
        layers: {}
      }),
      [
        "families.toString.layer E0404: no deployment layer is called 'valueOf'; help: declare it in layers, or check its spelling"
      ]
    )
  })
})

describe("valid manifest", () => {
  const { families, patterns, readers } = Result.getOrThrow(validate("AppCache", {
    families: {
      user: { pattern: "user:*" },
      account: { pattern: "user:{id}", partOf: "user" },
      audit: { pattern: "user:{id}:audit:*", carvedFrom: "user" },
      entry: { pattern: "user:{id}:audit:{n}", partOf: "audit" },
      profile: { pattern: "profile:{id}", derives: ["user:{id}", "user:{id}:posts"], borrows: ["user:*"] }
    },
    readers: { reports: { borrows: ["user:{any}"] } }
  }))

  it("the manifest knows the owner of each key, and a right ends at a carved family", () => {
    const owner = (name: string) => families.get(name)!.owner
    assert.deepStrictEqual(["user", "account", "audit", "entry"].map(owner), ["user", "user", "audit", "audit"])
    assert.deepStrictEqual(families.get("account")!.covering, ["account", "user"])
    assert.deepStrictEqual(families.get("entry")!.covering, ["entry", "audit"])
    assert.deepStrictEqual(families.get("user")!.inner, ["account", "audit", "entry"])
    assert.strictEqual(families.get("entry")!.encloser, "audit")
  })

  it("a lookup may read its declared sources, and a module may also read what it borrows", () => {
    assert.deepStrictEqual(families.get("profile")!.lookupReads, ["account"])
    assert.deepStrictEqual(families.get("profile")!.moduleReads, ["account", "user"])
    assert.deepStrictEqual(readers.get("reports")!.moduleReads, ["account"])
  })

  it("a module may read what is carved out of a source, where all of it is in the reference", () => {
    const { families } = Result.getOrThrow(validate("Carved", {
      families: {
        user: { pattern: "user:*" },
        audit: { pattern: "user:{id}:audit:*", carvedFrom: "user" },
        whole: { pattern: "whole", derives: ["user:*"] },
        after: { pattern: "after", derives: ["whole"] },
        some: { pattern: "some", derives: ["user:{id}:audit:*"] },
        one: { pattern: "one", derives: ["user:1:audit:*"] },
        other: { pattern: "other", derives: ["user:{id}:posts"] }
      }
    }))
    const readsOf = (name: string) => families.get(name)!.moduleReads
    assert.deepStrictEqual(readsOf("whole"), ["user", "audit"])
    assert.deepStrictEqual(readsOf("after"), ["whole", "user", "audit"])
    assert.deepStrictEqual(readsOf("some"), ["audit"])
    assert.deepStrictEqual(readsOf("one"), [])
    assert.deepStrictEqual(readsOf("other"), [])
  })

  it("a module reads no layer that its own may not read, through a wider reference or through a source", () => {
    const { families } = Result.getOrThrow(validate("Layered", {
      layers: { server: {}, client: { reads: ["server"] } },
      families: {
        file: { pattern: "file:*", layer: "server" },
        draft: { pattern: "file:{d}:draft", carvedFrom: "file", layer: "client" },
        menu: { pattern: "menu", layer: "server", derives: ["file:*"] },
        mine: { pattern: "mine", layer: "client", derives: ["file:*"] },
        mid: { pattern: "mid:{d}", derives: ["file:{d}:draft"] },
        top: { pattern: "top:{d}", layer: "server", derives: ["mid:{d}"] },
        free: { pattern: "free:{d}", derives: ["mid:{d}"] }
      }
    }))
    const readsOf = (name: string) => families.get(name)!.moduleReads.toSorted()
    assert.deepStrictEqual(readsOf("menu"), ["file"])
    assert.deepStrictEqual(readsOf("top"), ["mid"])
    assert.deepStrictEqual(readsOf("mine"), ["draft", "file"])
    assert.deepStrictEqual(readsOf("free"), ["draft", "mid"])
  })

  it("a key is routed to its family", () => {
    assert.strictEqual(patterns.route("user:1")?.name, "account")
    assert.strictEqual(patterns.route("user:1:audit:2")?.name, "entry")
    assert.strictEqual(patterns.route("user:1:posts")?.name, "user")
    assert.isUndefined(patterns.route("users:1"))
  })

  it("a misspelt source is never corrected to the family itself", () => {
    const found = problemsOf({
      families: {
        user: { pattern: "user:{id}", derives: ["usr:{id}", "usr:42", "user"], borrows: ["usr:{id}"] },
        page: { pattern: "page:{id}", derives: ["usr:{id}"] }
      }
    })
    assert.strictEqual(found.length, 5)
    for (const problem of found) {
      const help = problem.startsWith("families.user")
        ? "declare a pattern that covers it"
        : "did you mean 'user:{id}'?"
      assert.include(problem, `but no family declares it; help: ${help}`)
    }
  })

  it("the run time does not suggest a malformed pattern for a reference that resembles it, as the types do not", () => {
    const found = problemsOf({
      families: { hole: { pattern: "page:{}" }, menu: { pattern: "menu:{id}", derives: ["page:{x}", "hole"] } }
    })
    assert.deepStrictEqual(found.slice(1), [
      "families.menu.derives.0 E0402: 'menu' derives 'page:{x}', but no family declares it; help: declare a pattern that covers it, or check its spelling",
      "families.menu.derives.1 E0402: 'menu' derives 'hole', but no family declares it; help: name its pattern, 'page:{}'"
    ])
  })

  it("the manifest spells the version of each family that a family derives from, in a fixed order", () => {
    const versionsOf = (version?: number) =>
      [
        ...Result.getOrThrow(validate("Test", {
          version,
          families: {
            b: { pattern: "b:{id}", version: 2 },
            c: { pattern: "c:{id}", derives: ["b:{id}"] },
            a: { pattern: "a:{id}", derives: ["c:{id}"], version: "1" },
            d: { pattern: "d" }
          }
        })).families.values()
      ].map((family) => family.version)
    const [a, b] = [`["family a","1"]`, `["family b","2"]`]
    assert.deepStrictEqual(versionsOf(), [`[${b}]`, `[${b}]`, `[${a},${b}]`, undefined])
    const all = `["manifest","7"]`
    assert.deepStrictEqual(versionsOf(7), [`[${b},${all}]`, `[${b},${all}]`, `[${a},${b},${all}]`, `[${all}]`])
  })
})
