/**
 * A manifest as servers see it: which family has a key, which texts are keys, how values travel, and what an error says
 * of a value that does not fit. Nothing here needs an engine.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as Remote from "../../src/manifest/Remote.ts"

const secret = "s3cret"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Schema.Struct({ name: Schema.String }), params: { id: Schema.Int } },
    posts: { pattern: "user:{id}:posts", value: Schema.Array(Schema.Int), params: { id: Schema.Int } },
    file: { pattern: "file:{disk}:*", value: Schema.Uint8Array },
    mode: { pattern: "mode", value: Schema.Literals(["day", "night"]) },
    note: { pattern: "note:{id}", value: Schema.String },
    view: { pattern: "view:{id}", value: Manifest.type<number>(), derives: ["note:{id}"] },
    token: { pattern: "token:{id}", value: Schema.Struct({ key: Schema.String }), sensitive: true }
  }
}) {}

const remote = Result.getOrThrow(Remote.of(App))
const face = (name: string): Remote.Face => remote.faces.find((one) => one.name === name)!

const valueOf = <A>(effect: Effect.Effect<A, unknown>): A => {
  assert.isTrue(Exit.isExit(effect), "a schema that need not wait answers at once")
  return Effect.runSync(effect as Effect.Effect<A>)
}
const misfitOf = (effect: Effect.Effect<unknown, Remote.Misfit>): Remote.Misfit => Effect.runSync(Effect.flip(effect))

describe("Remote.of", () => {
  it("the faces are the families in their order", () => {
    assert.deepStrictEqual(remote.faces.map(({ index, name }) => [name, index]), [
      ["user", 0],
      ["posts", 1],
      ["file", 2],
      ["mode", 3],
      ["note", 4],
      ["view", 5],
      ["token", 6]
    ])
    assert.strictEqual(Remote.of(App), Remote.of(App))
    assert.strictEqual(remote.id, "App")
    assert.deepStrictEqual(remote.graph.declared, App.graph.declared)
  })

  it("a manifest with mistakes fails with all of them", () => {
    const wrong = { families: { a: { pattern: "a:{", value: 1 } } }
    const made = Remote.of(Manifest.Service<any>()("Wrong", wrong as any) as any)
    assert.isTrue(Result.isFailure(made))
    assert.isTrue(Result.isFailure(made) && made.failure._tag === "ManifestError")
  })

  it("what is not a manifest fails with a typed error", () => {
    const { user } = App.keys
    for (const given of [user, App.keys, App.layer, {}, () => App, null, undefined, 5, "App", Object.create(null)]) {
      const made = Remote.of(given as never)
      assert.isTrue(Result.isFailure(made))
      if (Result.isFailure(made)) {
        assert.strictEqual(made.failure._tag, "ManifestError")
        assert.include(made.failure.message, "E0408: manifest `Remote.of`: `the argument` must be a manifest")
      }
    }
  })
})

describe("Remote.route", () => {
  it("a key is led to its family, and back to the same key", () => {
    const keys = {
      user: "user:7",
      posts: "user:7:posts",
      file: "file:c:a:b",
      mode: "mode",
      note: "note:1",
      token: "token:x"
    }
    for (const [name, key] of Object.entries(keys)) {
      const found = remote.route(key)
      assert.strictEqual(found?.name, name)
      assert.strictEqual(found!.keyOf(found!.keyWithin(key)), key)
      assert.isUndefined(found!.keyProblem(found!.keyWithin(key)), key)
      assert.isTrue(Result.isSuccess(found!.paramsOf(found!.keyWithin(key))), key)
    }
    assert.deepStrictEqual(["7", "7", "c:a:b", ""], [
      face("user").keyWithin("user:7"),
      face("posts").keyWithin("user:7:posts"),
      face("file").keyWithin("file:c:a:b"),
      face("mode").keyWithin("mode")
    ])
    assert.deepStrictEqual(face("file").parameters, ["disk", "*"])
    assert.deepStrictEqual(
      [face("user").paramsOf("7"), face("file").paramsOf("c:a:b"), face("mode").paramsOf("")],
      [Result.succeed({ id: 7 }), Result.succeed({ disk: "c", "*": "a:b" }), Result.succeed({})]
    )
    assert.isTrue(Result.isFailure(face("user").paramsOf("07")))
  })

  it("a text of no family, and what is not a text, has no face", () => {
    const others = ["", "user", "user:", "users:7", "user:7:likes", "mode:1", "file:c", undefined, null, {}, 7]
    for (const other of others) assert.isUndefined(remote.route(other as string), String(other))
  })

  it("the families that share a key with a pattern are found, and a malformed pattern is refused", () => {
    const names = (pattern: string) => Result.getOrThrow(remote.overlapping(pattern)).map(({ name }) => name).toSorted()
    assert.deepStrictEqual(names("user:{id}"), ["user"])
    assert.deepStrictEqual(names("user:*"), ["posts", "user"])
    assert.deepStrictEqual(names("nothing"), [])
    const malformed = remote.overlapping("user:{")
    assert.isTrue(Result.isFailure(malformed) && malformed.failure.code.startsWith("E01"))
  })
})

describe("a key within a family", () => {
  it("another spelling of a codec's value is refused", () => {
    for (const text of ["007", "+7", "7.0", "7e0", " 7", "0x7", "seven", "", "7:", "7:1", "{id}", "*"]) {
      const problem = face("user").keyProblem(text)
      assert.strictEqual(problem?.code, "E0109", text)
      assert.isFalse(text.length > 1 && problem!.sentence.includes(text) && text !== "{id}", text)
    }
    assert.include(face("user").keyProblem("007")!.sentence, "not spelt as its codec spells it")
  })

  it("a text that UTF-8 cannot say is refused", () => {
    for (const text of ["\ud800", "a\udfff", "\udc00\ud800"]) {
      assert.include(face("note").keyProblem(text)!.sentence, "lone surrogate")
      assert.include(face("file").keyProblem(`c:d:${text}`)!.sentence, "`*`")
    }
    for (const text of ["\u{1f600}", "é", "e\u0301", "\ufeffx", "\ufffd"]) {
      assert.isUndefined(face("note").keyProblem(text))
    }
  })

  it("a key of another family, or one that is too long, is refused", () => {
    const wide = class extends Manifest.Service<any>()("Wide", {
      families: {
        all: { pattern: "a:*", value: Schema.String },
        own: { pattern: "a:b", value: Schema.String, carvedFrom: "all" }
      }
    } as any) {} as any
    const all = Result.getOrThrow(Remote.of(wide)).faces[0]!
    assert.isUndefined(all.keyProblem("c"))
    assert.isDefined(all.keyProblem("b"))
    assert.isDefined(face("note").keyProblem("x".repeat(70_000)))
  })

  it("a key of a sensitive family is shown as hashes, and no problem contains it", () => {
    assert.notInclude(face("token").show(secret), secret)
    assert.notInclude(JSON.stringify(face("token").keyProblem(`${secret}:x`)), secret)
    assert.strictEqual(face("note").show("1"), "note:1")
  })
})

describe("how values travel", () => {
  const form = (schema: unknown): Remote.Form => {
    class One extends Manifest.Service<any>()("One", { families: { one: { pattern: "one", value: schema } } } as any) {}
    return Result.getOrThrow(Remote.of(One as any)).faces[0]!.form
  }

  it("the form follows from the encoded side of the schema", () => {
    const forms: ReadonlyArray<readonly [Remote.Form, unknown]> = [
      ["text", Schema.String],
      ["text", Schema.NumberFromString],
      ["text", Schema.Literals(["a", "b"])],
      ["text", Schema.TemplateLiteral(["a", Schema.Number])],
      ["text", Schema.Uint8ArrayFromBase64],
      ["text", Schema.String.pipe(Schema.brand("Name"))],
      ["bytes", Schema.Uint8Array],
      ["json", Schema.Number],
      ["json", Schema.Date],
      ["json", Schema.Unknown],
      ["json", Schema.Literals(["a", 1])],
      ["json", Schema.Option(Schema.String)],
      ["json", Schema.Struct({})],
      ["json", Schema.Union([Schema.String, Schema.Uint8Array])],
      ["none", Manifest.type<string>()]
    ]
    for (const [expected, schema] of forms) assert.strictEqual(form(schema), expected, JSON.stringify(schema))
  })

  it("a text travels without quotes, and JSON with the schema's own names", () => {
    assert.strictEqual(valueOf(face("note").encode("say \"hi\"")), "say \"hi\"")
    assert.strictEqual(valueOf(face("note").decode("say \"hi\"")), "say \"hi\"")
    assert.strictEqual(valueOf(face("mode").decode("day")), "day")
    assert.strictEqual(valueOf(face("user").encode({ name: "Ann" })), "{\"name\":\"Ann\"}")
    assert.deepStrictEqual(valueOf(face("user").decode("{\"name\":\"Ann\"}")), { name: "Ann" })
    assert.strictEqual(valueOf(face("posts").encode([1, -0])), "[1,0]")
  })

  it("bytes are copied on their way in and out", () => {
    const bytes = new Uint8Array([1, 2, 3])
    const value = valueOf(face("file").decode(bytes)) as Uint8Array
    const out = valueOf(face("file").encode(value)) as Uint8Array
    bytes.fill(9)
    assert.deepStrictEqual([...value], [1, 2, 3])
    value.fill(8)
    assert.deepStrictEqual([...out], [1, 2, 3])
    assert.notStrictEqual(out.buffer, value.buffer)
    // A Buffer is a view of a pool that Node uses again.
    assert.strictEqual((valueOf(face("file").decode(Buffer.from("abc"))) as Uint8Array).constructor, Uint8Array)
  })

  it("a value of another kind than the form is refused", () => {
    assert.strictEqual(misfitOf(face("user").decode(new Uint8Array(1))).expected, "a JSON text")
    assert.strictEqual(misfitOf(face("note").decode(new Uint8Array(1))).expected, "a text without lone surrogates")
    assert.strictEqual(misfitOf(face("note").decode("\ud800")).expected, "a text without lone surrogates")
    assert.strictEqual(misfitOf(face("note").encode("\ud800")).expected, "a text without lone surrogates")
    assert.strictEqual(misfitOf(face("file").decode("abc")).expected, "bytes")
    assert.strictEqual(misfitOf(face("view").decode("1")).expected, "a family whose value is a schema")
    assert.strictEqual(misfitOf(face("view").encode(1)).expected, "a family whose value is a schema")
    for (const one of [undefined, null, 7, {}]) assert.isDefined(misfitOf(face("user").decode(one as never)))
  })

  it("the JSON schema is that of what travels", () => {
    assert.deepInclude(face("user").jsonSchema!.schema, { type: "object", required: ["name"] })
    assert.deepStrictEqual(face("mode").jsonSchema!.schema, { type: "string", enum: ["day", "night"] })
    assert.deepStrictEqual([face("file").jsonSchema, face("view").jsonSchema], [undefined, undefined])
    assert.strictEqual(face("user").jsonSchema, face("user").jsonSchema)
  })

  it("a schema that waits answers by an Effect that waits", () => {
    const later = Schema.String.pipe(Schema.decodeTo(Schema.String, {
      decode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.yieldNow, `${text}!`)),
      encode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.yieldNow, text.slice(0, -1)))
    }))
    class Late
      extends Manifest.Service<any>()("Late", { families: { one: { pattern: "one", value: later } } } as any)
    {}
    const one = Result.getOrThrow(Remote.of(Late as any)).faces[0]!
    return Effect.runPromise(Effect.gen(function*() {
      for (let i = 0; i < 2; i++) {
        assert.strictEqual(yield* one.decode("a"), "a!")
        assert.strictEqual(yield* one.encode("a!"), "a")
      }
    }))
  })
})

describe("what does not fit", () => {
  const faceFor = (schema: unknown, sensitive = false): Remote.Face => {
    const families = { one: { pattern: "one:{id}", value: schema, sensitive } }
    class One extends Manifest.Service<any>()("One", { families } as any) {}
    return Result.getOrThrow(Remote.of(One as any)).faces[0]!
  }
  const throwing = Schema.String.pipe(Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transform((text: string): string => {
      throw new Error(`cannot read ${text}`)
    }),
    encode: SchemaGetter.transform((text: string): string => {
      throw new Error(`cannot write ${text}`)
    })
  }))
  const quoting = Schema.String.check(Schema.makeFilter((text: string) => text === "ok" || `${text} is wrong`))
  const cases: ReadonlyArray<
    readonly [what: string, schema: unknown, received: string, path: ReadonlyArray<string | number>, expected: string]
  > = [
    ["a type", Schema.Struct({ a: Schema.Boolean }), `{"a":"${secret}"}`, ["a"], "boolean"],
    [
      "a type in a list",
      Schema.Array(Schema.Struct({ a: Schema.Boolean })),
      `[{"a":true},{"a":"${secret}"}]`,
      [1, "a"],
      "boolean"
    ],
    ["a missing property", Schema.Struct({ a: Schema.String }), `{}`, ["a"], "a value here"],
    [
      "a property too many",
      Schema.Struct({ a: Schema.Int }),
      `{"a":1,"b":"${secret}"}`,
      ["b"],
      "no property of this name"
    ],
    ["a check", Schema.Int, `1.5`, [], "an integer"],
    [
      "a check that quotes",
      Schema.Struct({ a: quoting }),
      `{"a":"${secret}"}`,
      ["a"],
      "a value that passes the check of the schema"
    ],
    ["a text that quotes", quoting, secret, [], "a value that passes the check of the schema"],
    [
      "a codec that throws",
      Schema.Struct({ a: throwing }),
      `{"a":"${secret}"}`,
      [],
      "a value that the functions of the schema accept"
    ],
    ["not JSON", Schema.Struct({}), `{${secret}`, [], "a JSON text"],
    ["nothing", Schema.Struct({}), "", [], "a JSON text"],
    ["two texts", Schema.Struct({}), "{}{}", [], "a JSON text"]
  ]

  for (const [what, schema, received, path, expected] of cases) {
    it(`${what} is refused with its place, and without the value`, () => {
      const misfit = misfitOf(faceFor(schema).decode(received))
      assert.deepStrictEqual([misfit.path, misfit.expected], [path, expected])
      assert.notInclude(JSON.stringify(misfit) + misfit.message + String(misfit.stack), secret)
      const hidden = misfitOf(faceFor(schema, true).decode(received))
      assert.deepStrictEqual(hidden.path, [])
    })
  }

  it("a value of the program that does not fit is refused without the value", () => {
    const one = faceFor(Schema.Struct({ a: Schema.Boolean }))
    const misfit = misfitOf(one.encode({ a: secret }))
    assert.deepStrictEqual([misfit.path, misfit.expected], [["a"], "boolean"])
    assert.notInclude(JSON.stringify(misfit) + misfit.message, secret)
    assert.isDefined(misfitOf(faceFor(throwing).encode(secret)))
    assert.isDefined(misfitOf(faceFor(Schema.Struct({})).encode(undefined)))
  })

  it("a value that JSON would lose a part of is refused where the schema says nothing about it", () => {
    const faces = [Schema.Unknown, Schema.Any, Schema.NullOr(Schema.Any)].map((a) => faceFor(Schema.Struct({ a })))
    for (const any of faces) {
      for (const a of [undefined, NaN, 1n, new Map([["b", 1]]), new Date(0), [undefined], { b: undefined }, () => 1]) {
        assert.isDefined(misfitOf(any.encode({ a })), String(a))
      }
      for (const a of [null, 1, "x", [1, { b: [null] }], {}]) {
        assert.deepStrictEqual(valueOf(any.decode(valueOf(any.encode({ a })))), { a })
      }
    }
  })

  it("the message names code, place, family and pattern", () => {
    assert.strictEqual(
      misfitOf(face("user").decode("{\"name\":1}")).message,
      "E0320: expected string at [\"name\"]; family `user` owns `user:{id}`"
    )
  })

  it("JSON beyond the bounds is refused before it is parsed", () => {
    const any = faceFor(Schema.Unknown)
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels)
    assert.isDefined(valueOf(any.decode(nested(128))))
    assert.include(misfitOf(any.decode(nested(129))).expected, "128 levels")
    const begun = performance.now()
    assert.include(misfitOf(any.decode(nested(4_000_000))).expected, "128 levels")
    assert.isBelow(performance.now() - begun, 200)
    assert.deepStrictEqual(valueOf(any.decode(`[${JSON.stringify(nested(500))},"\\\\","\\"${nested(200)}"]`)), [
      nested(500),
      "\\",
      `"${nested(200)}`
    ])
  })

  it("a number that a double does not hold is refused, and every other one is kept", () => {
    const any = faceFor(Schema.Unknown)
    for (
      const text of ["9007199254740993", "-9007199254740993", "1e400", "[1,[18446744073709551615]]", "{\"a\":-1E999}"]
    ) {
      assert.include(misfitOf(any.decode(text)).expected, "a double", text)
    }
    for (
      const text of [
        "9007199254740991",
        "9007199254740992",
        "123456789012345680000",
        "-0",
        "0.1",
        "1e21",
        "5e-324",
        "123456789012345.678",
        "\"9007199254740993\""
      ]
    ) {
      assert.deepStrictEqual(valueOf(any.decode(text)), JSON.parse(text))
    }
  })

  it("a property that would set a prototype is refused, however it is spelt", () => {
    const any = faceFor(Schema.Unknown)
    for (const name of ["__proto__", "\\u005f_proto__", "__prot\\u006F__"]) {
      const misfit = misfitOf(any.decode(`[{"a":{"${name}":{"isAdmin":true}}}]`))
      assert.include(misfit.expected, "__proto__", name)
    }
    assert.deepStrictEqual(valueOf(any.decode("[\"__proto__\",\"\\u0041\"]")), ["__proto__", "A"])
  })

  it("a value that the bounds of JSON refuse on its way in is refused on its way out", () => {
    const any = faceFor(Schema.Unknown)
    const nested = (levels: number): unknown => levels === 0 ? 1 : [nested(levels - 1)]
    assert.isString(valueOf(any.encode(nested(128))))
    assert.include(misfitOf(any.encode(nested(129))).expected, "128 levels")
    assert.include(misfitOf(any.encode(JSON.parse(`{"__proto__":1}`))).expected, "__proto__")
    assert.isString(valueOf(any.encode(["__proto__"])))
  })

  it("a text that is longer than the bound is refused", () => {
    const any = faceFor(Schema.Unknown)
    assert.include(misfitOf(any.decode(`"${"x".repeat(2 ** 26)}"`)).expected, "67108864")
    assert.include(misfitOf(faceFor(Schema.String).decode("x".repeat(2 ** 26 + 1))).expected, "67108864")
    assert.include(misfitOf(faceFor(Schema.Uint8Array).decode(new Uint8Array(2 ** 26 + 1))).expected, "67108864")
  })
})
