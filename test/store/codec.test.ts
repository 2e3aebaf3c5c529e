/**
 * `Codec.schema` writes values as bytes and reads them back. It refuses a value or a record instead of changing it, and
 * a record of another release is read or absent by fixed rules.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Codec from "effect-stateless/store/Codec"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as fc from "fast-check"

const User = Schema.Struct({
  id: Schema.String,
  age: Schema.Number,
  at: Schema.Date,
  photo: Schema.optionalKey(Schema.Uint8Array),
  tags: Schema.Array(Schema.String)
})

const ada = { id: "ada", age: 36, at: new Date(0), tags: ["x"] }

const roundTrip = <V>(schema: Schema.Codec<V, any>, value: V) => {
  const codec = Codec.schema(schema)
  return Effect.flatMap(codec.encode(value), codec.decode)
}

describe("Codec.schema", () => {
  it("a codec returns any value of its schema", () =>
    fc.assert(fc.property(
      fc.record({
        id: fc.string({ unit: "binary" }),
        age: fc.double(),
        at: fc.date({ noInvalidDate: true }),
        photo: fc.uint8Array(),
        tags: fc.array(fc.string({ unit: "grapheme" }))
      }),
      (user) => assert.deepStrictEqual(Effect.runSync(roundTrip(User, user)), user)
    )))

  it("a codec keeps text that UTF-8 cannot express", () => {
    for (const text of ["\ud800", "a\udfffb", "\ud83d", "\ufffd", "\ufffd\ud800", "ordinary", ""]) {
      assert.strictEqual(Effect.runSync(roundTrip(Schema.String, text)), text)
    }
  })

  it("a codec keeps values that JSON alone cannot express", () => {
    for (const value of [-0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324]) {
      assert.isTrue(Object.is(Effect.runSync(roundTrip(Schema.Number, value)), value))
    }
    assert.strictEqual(Effect.runSync(roundTrip(Schema.BigInt, 10n ** 40n)), 10n ** 40n)
    assert.strictEqual(Effect.runSync(roundTrip(Schema.Undefined, undefined)), undefined)
  })

  it("a codec writes JSON for a schema without a binary layout", () => {
    const untold = Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ b: Schema.String })])
    const bytes = Effect.runSync(Codec.schema(untold).encode({ b: "x" }))
    assert.strictEqual(new TextDecoder().decode(bytes.subarray(13)), `{"b":"x"}`)
    assert.deepStrictEqual(Effect.runSync(Codec.schema(untold).decode(bytes)), { b: "x" })
  })

  it("a codec answers with an Exit when its schema is synchronous", () => {
    const codec = Codec.schema(User)
    const encoded = codec.encode(ada)
    assert.isTrue(Exit.isExit(encoded))
    assert.isTrue(Exit.isExit(codec.decode(Effect.runSync(encoded))))
  })

  it.effect("a codec waits for a schema that waits", () =>
    Effect.gen(function*() {
      const waits = Schema.String.pipe(Schema.decodeTo(Schema.String, {
        decode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.yieldNow, `${text}!`)),
        encode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.yieldNow, text.slice(0, -1)))
      }))
      const codec = Codec.schema(waits)
      for (let n = 0; n < 2; n++) {
        const bytes = yield* codec.encode("hello!")
        assert.strictEqual(yield* codec.decode(bytes), "hello!")
      }
    }))

  it("the bytes and the value share no memory", () => {
    const codec = Codec.schema(User)
    const bytes = Effect.runSync(codec.encode({ ...ada, photo: new Uint8Array([1, 2, 3]) }))
    const user = Effect.runSync(codec.decode(bytes))
    bytes.fill(9)
    assert.deepStrictEqual(user.photo, new Uint8Array([1, 2, 3]))
  })

  it("a codec refuses bytes that are cut at any boundary", () => {
    const codec = Codec.schema(User)
    const bytes = Effect.runSync(codec.encode({ ...ada, photo: new Uint8Array([1, 2, 3]) }))
    for (let length = 0; length < bytes.length; length++) {
      assert.isTrue(Exit.isFailure(Effect.runSyncExit(codec.decode(bytes.slice(0, length)))), `cut to ${length}`)
    }
  })

  it("a codec never throws or dies on flipped bits", () => {
    const codec = Codec.schema(User)
    const bytes = Effect.runSync(codec.encode(ada))
    for (let at = 0; at < bytes.length * 8; at++) {
      const flipped = bytes.slice()
      flipped[at >> 3]! ^= 1 << (at & 7)
      const exit = Effect.runSyncExit(codec.decode(flipped))
      if (Exit.isFailure(exit)) {
        assert.instanceOf(Cause.squash(exit.cause), Schema.SchemaError)
      }
    }
  })

  it("a codec refuses a future format, kind or wire, and does not show the value", () => {
    const codec = Codec.schema(Schema.String)
    for (const at of [0, 1, 2, 3]) {
      const bytes = Effect.runSync(codec.encode("a secret"))
      bytes[at]! += 1
      const exit = Effect.runSyncExit(codec.decode(bytes))
      assert.isTrue(Exit.isFailure(exit))
      assert.notInclude(JSON.stringify(exit), "secret")
    }
  })

  it("a codec refuses a value outside of its schema with a SchemaError", () => {
    const exit = Effect.runSyncExit(Codec.schema(User).encode({ ...ada, age: "36" } as never))
    assert.isTrue(Exit.isFailure(exit))
  })

  it("a codec reads a record from before an optional field, and refuses one of another shape", () => {
    const old = Effect.runSync(Codec.schema(Schema.Struct({ a: Schema.Number })).encode({ a: 1 }))
    const grown = Codec.schema(Schema.Struct({ a: Schema.Number, b: Schema.optionalKey(Schema.String) }))
    const other = Codec.schema(Schema.Struct({ a: Schema.String }))
    assert.deepStrictEqual(Effect.runSync(grown.decode(old)), { a: 1 })
    assert.isTrue(Exit.isFailure(Effect.runSyncExit(other.decode(old))))
  })

  // Bytes of format 2. They are never regenerated: a release that cannot read them loses its users' caches.
  const released: ReadonlyArray<readonly [name: string, schema: Schema.Codec<any, any>, hex: string, value: unknown]> =
    [
      [
        "binary",
        Schema.Struct({
          id: Schema.String,
          age: Schema.Number,
          tags: Schema.Array(Schema.String),
          nick: Schema.optionalKey(Schema.String)
        }),
        "02025d282c0c3b0ae12d19ca017395dd4801291e20e599a99016da050180ae8dce1b0361646180badd857a0602017802797a",
        { id: "ada", age: 36.5, tags: ["x", "yz"] }
      ],
      [
        "JSON",
        Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ b: Schema.String })]),
        "0201000091c6da6b804c376d007b2262223a2278227d",
        { b: "x" }
      ]
    ]

  for (const [name, schema, hex, value] of released) {
    it(`a codec reads what format 2 wrote: ${name}`, () => {
      const bytes = Uint8Array.from(hex.match(/../g)!, (byte) => Number.parseInt(byte, 16))
      assert.deepStrictEqual(Effect.runSync(Codec.schema(schema).decode(bytes)), value)
    })
  }

  it("a codec refuses format 1, which did not name the schema of its writer", () => {
    const bytes = Uint8Array.from("010100007b2262223a2278227d".match(/../g)!, (byte) => Number.parseInt(byte, 16))
    const schema = Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ b: Schema.String })])
    assert.isTrue(Exit.isFailure(Effect.runSyncExit(Codec.schema(schema).decode(bytes))))
  })
})

const refused = <V>(schema: Schema.Codec<V, any>, value: unknown) => {
  const exit = Effect.runSyncExit(Codec.schema(schema).encode(value as V))
  if (Exit.isSuccess(exit)) return false
  assert.instanceOf(Cause.squash(exit.cause), Schema.SchemaError)
  return true
}

describe("Codec.of", () => {
  it("a codec is answered as it is, and one for later is made by `Codec.schema`", () => {
    const codec = Codec.schema(User)
    assert.strictEqual(Codec.of(codec), codec)
    const made = Codec.of<typeof User.Type>({ later: (make) => make(User, { version: "2" }) })
    const bytes = Effect.runSync(made.encode(ada))
    assert.deepStrictEqual(Effect.runSync(Codec.schema(User, { version: "2" }).decode(bytes)), ada)
    assert.isTrue(Exit.isFailure(Effect.runSyncExit(codec.decode(bytes))))
  })
})

describe("value that a codec refuses to keep", () => {
  const Job = Schema.Struct({ payload: Schema.Unknown })

  it("a codec refuses a part that JSON changes, where the schema says Unknown", () => {
    for (
      const payload of [
        new Date(5),
        new Map([["a", 1]]),
        NaN,
        [undefined],
        new Uint8Array([1, 2]),
        undefined,
        10n,
        Symbol.for("a"),
        () => 1,
        Object.create(null),
        new URL("https://a.test"),
        Object.assign([1], { index: 0 }),
        Object.assign([1], { 2: 3 }),
        { toJSON: () => 1 }
      ]
    ) {
      assert.isTrue(refused(Job, { payload }), String(payload?.constructor?.name))
    }
    assert.isFalse(refused(Job, { payload: { a: [1, "x", null, { b: true }], c: -0 } }))
    assert.isTrue(Object.is((Effect.runSync(roundTrip(Job, { payload: -0 }))).payload, -0))
  })

  it("a codec refuses properties, symbols and holes that its schema does not mention", () => {
    const schema = Schema.Struct({ a: Schema.Number })
    assert.isTrue(refused(schema, { a: 1, b: 2 }))
    assert.isTrue(refused(schema, { a: 1, [Symbol.for("s")]: 2 }))
    assert.isTrue(refused(Schema.Struct({ a: Schema.optionalKey(Schema.Number) }), new Map()))
    assert.isTrue(refused(Schema.Array(Schema.UndefinedOr(Schema.Number)), Object.assign([1], { 2: 3 })))
  })

  it("an object of a class is read as a plain one when the schema promises no class", () => {
    class Row {
      readonly a: number
      constructor(a: number) {
        this.a = a
      }
      get double() {
        return this.a * 2
      }
    }
    assert.deepStrictEqual(Effect.runSync(roundTrip(Schema.Struct({ a: Schema.Number }), new Row(1))), { a: 1 })
    // What its prototype computes is not a property, and the schema asks for one.
    assert.isTrue(refused(Schema.Struct({ a: Schema.Number, double: Schema.Number }), new Row(1)))
  })

  it("an instance of a schema class is read as one, and an instance of a subclass is refused", () => {
    class User extends Schema.Class<User>("User")({ id: Schema.String, at: Schema.Date }) {
      get initial() {
        return this.id[0]
      }
    }
    class Admin extends User {}
    const codec = Codec.schema(User)
    for (let n = 0; n < 2; n++) {
      const user = Effect.runSync(Effect.flatMap(codec.encode(new User({ id: "ada", at: new Date(n) })), codec.decode))
      assert.instanceOf(user, User)
      assert.strictEqual(user.initial, "a")
      assert.isTrue(refused(User, new Admin({ id: "ada", at: new Date(n) })))
    }
  })

  it("a Buffer is read as the Uint8Array that the schema promises", () => {
    const schema = Schema.Struct({ bytes: Schema.Uint8Array })
    const { bytes } = Effect.runSync(roundTrip(schema, { bytes: Buffer.from("abc") }))
    assert.strictEqual(Object.getPrototypeOf(bytes), Uint8Array.prototype)
    assert.strictEqual(bytes.buffer.byteLength, 3)
    assert.deepStrictEqual(Array.from(bytes), [97, 98, 99])
  })

  it("a recursive value is read back, and one that is too deep is refused", () => {
    interface Node {
      readonly n: number
      readonly next: Node | null
    }
    const schema: Schema.Codec<Node> = Schema.Struct({
      n: Schema.Number,
      next: Schema.NullOr(Schema.suspend((): Schema.Codec<Node> => schema))
    })
    const list = (length: number) => {
      let node: Node | null = null
      for (let n = 0; n < length; n++) node = { n, next: node }
      return node!
    }
    for (const length of [1, 50, 150]) {
      assert.deepStrictEqual(Effect.runSync(roundTrip(schema, list(length))), list(length))
    }
    assert.isTrue(refused(schema, list(20_000)))
    const cycle: any = { n: 1 }
    cycle.next = cycle
    assert.isTrue(refused(schema, cycle))
  })

  it("an exception in a function of the schema is a SchemaError without the value, in both directions", () => {
    const throws = (to: "decode" | "encode") =>
      Schema.String.pipe(Schema.decodeTo(
        Schema.String,
        SchemaTransformation.transform({
          decode: (text) => {
            if (to === "decode" && armed) throw new Error(text)
            return text
          },
          encode: (text) => {
            if (to === "encode" && armed) throw new Error(text)
            return text
          }
        })
      ))
    let armed = false
    const codec = Codec.schema(throws("decode"))
    const bytes = Effect.runSync(codec.encode("a secret"))
    armed = true
    const exit = Effect.runSyncExit(codec.decode(bytes))
    assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof Schema.SchemaError)
    assert.notInclude(String(exit), "secret")
    assert.isTrue(refused(throws("encode"), "a secret"))
  })

  it("a part without a schema that is too deep for a comparison is refused", () => {
    let deep: unknown = null
    for (let n = 0; n < 5_000; n++) deep = [deep]
    assert.isTrue(refused(Job, { payload: deep }))
  })

  it("a value with getters is read as it is, and a getter that throws is a SchemaError", () => {
    const value = {
      get a() {
        return 1
      }
    }
    assert.deepStrictEqual(Effect.runSync(roundTrip(Schema.Struct({ a: Schema.Number }), value)), { a: 1 })
    const broken = {
      get a(): number {
        throw new Error("no")
      }
    }
    assert.isTrue(refused(Schema.Struct({ a: Schema.Number }), broken))
    assert.isTrue(refused(Schema.Unknown, broken))
  })

  it("data types of Effect are equal after a round trip", () => {
    const equal = <V>(schema: Schema.Codec<V, any>, value: V) =>
      assert.isTrue(Equal.equals(Effect.runSync(roundTrip(schema, value)), value), String(value))
    equal(Schema.Duration, Duration.millis(5))
    equal(Schema.BigDecimal, BigDecimal.make(10n, 1))
    equal(Schema.DateTimeZoned, DateTime.makeZonedUnsafe(0, { timeZone: "Europe/Rome" }))
    equal(Schema.HashMap(Schema.String, Schema.Number), HashMap.make(["a", 1], ["b", NaN]))
    equal(Schema.HashSet(Schema.String), HashSet.make("a", "b"))
    equal(Schema.Chunk(Schema.Number), Chunk.make(1, 2))
    equal(Schema.Exit(Schema.Number, Schema.String, Schema.Defect()), Exit.fail("no"))
    equal(Schema.Exit(Schema.Number, Schema.String, Schema.Defect()), Exit.succeed(1))
    const secret = Effect.runSync(roundTrip(Schema.Redacted(Schema.String), Redacted.make("x")))
    assert.strictEqual(Redacted.value(secret), "x")
  })

  it.effect("a change of bytes during an encoding that waits is not written", () =>
    Effect.gen(function*() {
      const waits = Schema.String.pipe(Schema.decodeTo(Schema.String, {
        decode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.yieldNow, text)),
        encode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.yieldNow, text))
      }))
      const codec = Codec.schema(
        Schema.Struct({ a: waits, bytes: Schema.Uint8Array, list: Schema.Array(Schema.Number) })
      )
      const value = { a: "x", bytes: new Uint8Array([1, 2]), list: [1] }
      const encoding = codec.encode(value)
      value.bytes.fill(9)
      value.list.push(2)
      const found = yield* codec.decode(yield* encoding)
      assert.deepStrictEqual(found, { a: "x", bytes: new Uint8Array([1, 2]), list: [1] })
    }))
})

describe("check that comes or goes with a release", () => {
  type Case = readonly [base: Schema.Codec<any, any>, check: any, value: unknown, misfit?: unknown]
  const [one, nine] = [BigDecimal.make(1n, 0), BigDecimal.make(9n, 0)]
  const dates = { minimum: new Date(1), maximum: new Date(9) }
  const decimals = { minimum: one, maximum: nine }
  const uuid = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
  const Texts = Schema.Array(Schema.String)
  const Record = Schema.Record(Schema.String, Schema.Number)
  const ofNumber = (check: unknown, value = 5, misfit?: number): Case => [Schema.Number, check, value, misfit]
  const ofText = (check: unknown, value = "abc", misfit?: string): Case => [Schema.String, check, value, misfit]
  const ofBigInt = (check: unknown): Case => [Schema.BigInt, check, 5n, 100n]
  const ofDate = (check: unknown): Case => [Schema.Date, check, new Date(5)]
  const ofDecimal = (check: unknown): Case => [Schema.BigDecimal, check, BigDecimal.make(5n, 0)]

  const cases: { readonly [check: string]: Case } = {
    isAscii: ofText(Schema.isAscii(), "abc", "ä"),
    isBase64: ofText(Schema.isBase64(), "YWJj", "?"),
    isBase64Url: ofText(Schema.isBase64Url(), "YWJj", "?"),
    isBetween: ofNumber(Schema.isBetween({ minimum: 1, maximum: 9 }), 5, 10),
    isBetweenBigDecimal: ofDecimal(Schema.isBetweenBigDecimal(decimals)),
    isBetweenBigInt: ofBigInt(Schema.isBetweenBigInt({ minimum: 1n, maximum: 9n })),
    isBetweenCodePoints: ofText(Schema.isBetweenCodePoints(1, 9), "abc", ""),
    isBetweenDate: ofDate(Schema.isBetweenDate(dates)),
    isBetweenLength: [Texts, Schema.isBetweenLength(1, 9), ["a"], []],
    isBetweenProperties: [Record, Schema.isBetweenProperties(1, 9), { a: 1 }, {}],
    isBetweenSize: [Schema.ReadonlySet(Schema.String), Schema.isBetweenSize(1, 9), new Set(["a"]), new Set()],
    isCapitalized: ofText(Schema.isCapitalized(), "Abc", "abc"),
    isEndingWith: ofText(Schema.isEndingWith("c"), "abc", "a"),
    isFinite: ofNumber(Schema.isFinite(), 5, Infinity),
    isGUID: ofText(Schema.isGUID(), uuid, "a"),
    isGreaterThan: ofNumber(Schema.isGreaterThan(0), 5, -1),
    isGreaterThanBigDecimal: ofDecimal(Schema.isGreaterThanBigDecimal(one)),
    isGreaterThanBigInt: [Schema.BigInt, Schema.isGreaterThanBigInt(1n), 5n, 0n],
    isGreaterThanDate: ofDate(Schema.isGreaterThanDate(new Date(1))),
    isGreaterThanOrEqualTo: ofNumber(Schema.isGreaterThanOrEqualTo(0), 5, -1),
    isGreaterThanOrEqualToBigDecimal: ofDecimal(Schema.isGreaterThanOrEqualToBigDecimal(one)),
    isGreaterThanOrEqualToBigInt: [Schema.BigInt, Schema.isGreaterThanOrEqualToBigInt(1n), 5n, 0n],
    isGreaterThanOrEqualToDate: ofDate(Schema.isGreaterThanOrEqualToDate(new Date(1))),
    isIncluding: ofText(Schema.isIncluding("b"), "abc", "a"),
    isInt: ofNumber(Schema.isInt()),
    isInt32: ofNumber(Schema.isInt32()),
    isLessThan: ofNumber(Schema.isLessThan(9), 5, 10),
    isLessThanBigDecimal: ofDecimal(Schema.isLessThanBigDecimal(nine)),
    isLessThanBigInt: ofBigInt(Schema.isLessThanBigInt(9n)),
    isLessThanDate: ofDate(Schema.isLessThanDate(new Date(9))),
    isLessThanOrEqualTo: ofNumber(Schema.isLessThanOrEqualTo(9), 5, 10),
    isLessThanOrEqualToBigDecimal: ofDecimal(Schema.isLessThanOrEqualToBigDecimal(nine)),
    isLessThanOrEqualToBigInt: ofBigInt(Schema.isLessThanOrEqualToBigInt(9n)),
    isLessThanOrEqualToDate: ofDate(Schema.isLessThanOrEqualToDate(new Date(9))),
    isLowercased: ofText(Schema.isLowercased(), "abc", "A"),
    isMaxCodePoints: ofText(Schema.isMaxCodePoints(3), "abc", "abcd"),
    isMaxLength: ofText(Schema.isMaxLength(3), "abc", "abcd"),
    isMaxProperties: [Record, Schema.isMaxProperties(1), { a: 1 }, { a: 1, b: 2 }],
    isMaxSize: [Schema.ReadonlySet(Schema.String), Schema.isMaxSize(1), new Set(["a"]), new Set(["a", "b"])],
    isMinCodePoints: ofText(Schema.isMinCodePoints(3), "abc", "a"),
    isMinLength: ofText(Schema.isMinLength(3), "abc", "a"),
    isMinProperties: [Record, Schema.isMinProperties(1), { a: 1 }, {}],
    isMinSize: [Schema.ReadonlySet(Schema.String), Schema.isMinSize(1), new Set(["a"]), new Set()],
    isMultipleOf: ofNumber(Schema.isMultipleOf(5), 5, 6),
    isNonEmpty: ofText(Schema.isNonEmpty(), "abc", ""),
    isPattern: ofText(Schema.isPattern(/^a/), "abc", "b"),
    isPropertyNames: [Record, Schema.isPropertyNames(Schema.NonEmptyString), { a: 1 }, { "": 1 }],
    isStartingWith: ofText(Schema.isStartingWith("a"), "abc", "b"),
    isStringBigInt: ofText(Schema.isStringBigInt(), "5", "a"),
    isStringFinite: ofText(Schema.isStringFinite(), "5", "a"),
    isStringSymbol: ofText(Schema.isStringSymbol(), "Symbol(a)", "a"),
    isTrimmed: ofText(Schema.isTrimmed(), "abc", " "),
    isULID: ofText(Schema.isULID(), "01ARZ3NDEKTSV4RRFFQ69G5FAV", "a"),
    isUUID: ofText(Schema.isUUID(), uuid, "a"),
    isUint32: ofNumber(Schema.isUint32()),
    isUncapitalized: ofText(Schema.isUncapitalized(), "abc", "Abc"),
    isUnique: [Texts, Schema.isUnique(), ["a"], ["a", "a"]],
    isUniqueKey: [Schema.Array(Schema.Tuple([Schema.String, Schema.Number])), Schema.isUniqueKey(), [["a", 1]]],
    isUppercased: ofText(Schema.isUppercased(), "ABC", "a")
  }

  const places: { readonly [place: string]: readonly [(of: any) => any, (value: any) => unknown] } = {
    "a value": [(of) => of, (value) => value],
    "a field": [(of) => Schema.Struct({ a: of, b: Schema.String }), (a) => ({ a, b: "b" })],
    "an optional field": [(of) => Schema.Struct({ a: Schema.optionalKey(of) }), (a) => ({ a })],
    "an element": [(of) => Schema.Array(of), (value) => [value, value]],
    "a part of a tuple": [(of) => Schema.Tuple([Schema.String, of]), (value) => ["a", value]],
    "a property": [(of) => Schema.Record(Schema.String, of), (a) => ({ a })],
    "a member of a union": [(of) => Schema.NullOr(of), (value) => value],
    "an option": [(of) => Schema.Option(of), (value) => Option.some(value)],
    "a value of a map": [(of) => Schema.HashMap(Schema.String, of), (value) => HashMap.make(["a", value])]
  }
  // Integers have bytes of their own, so a number that becomes an integer has another shape.
  const integers = ["isInt", "isInt32", "isUint32"]
  const reads = (before: Schema.Codec<any, any>, after: Schema.Codec<any, any>, value: unknown) => {
    const exit = Effect.runSyncExit(Effect.flatMap(Codec.schema(before).encode(value), Codec.schema(after).decode))
    if (Exit.isSuccess(exit)) assert.isTrue(Equal.equals(exit.value, value), "another value")
    return Exit.isSuccess(exit)
  }

  it("each check of Effect has a row here", () => {
    const guards = ["isSchema", "isSchemaError"]
    const checks = Object.keys(Schema).filter((name) => /^is[A-Z]/.test(name) && !guards.includes(name))
    assert.sameMembers(Object.keys(cases), checks)
  })

  for (const [name, [base, check, value, misfit]] of Object.entries(cases)) {
    const isInteger = integers.includes(name)
    it(`${name} is ${isInteger ? "another shape" : "read by what passes it, and refuses what does not"}`, () => {
      const checked = base.check(check)
      for (const [place, [of, within]] of Object.entries(places)) {
        const [plain, narrow] = [of(base), of(checked)]
        assert.strictEqual(reads(plain, narrow, within(value)), !isInteger, `${place}: it came`)
        assert.strictEqual(reads(narrow, plain, within(value)), !isInteger, `${place}: it went`)
        assert.isTrue(reads(narrow, narrow, within(value)), place)
        if (misfit !== undefined) assert.isFalse(reads(plain, narrow, within(misfit)), `${place}: does not pass`)
      }
    })
  }

  it("a brand and the order of fields change nothing", () => {
    const [branded, swapped] = [Schema.String.pipe(Schema.brand("Id")), { b: Schema.Number, a: Schema.String }]
    for (const [of, within] of Object.values(places)) {
      assert.isTrue(reads(of(Schema.String), of(branded), within("a")))
      assert.isTrue(reads(of(branded), of(Schema.String), within("a")))
      const fields = Schema.Struct({ a: Schema.String, b: Schema.Number })
      assert.isTrue(reads(of(fields), of(Schema.Struct(swapped)), within({ a: "a", b: 1 })))
    }
  })
})
