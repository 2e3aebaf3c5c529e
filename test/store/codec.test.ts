import { assert, describe, it } from "@effect/vitest"
import * as Codec from "effect-stateless/store/Codec"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
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
  it("gives back any value of its schema", () =>
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

  it("keeps text that UTF-8 cannot express", () => {
    for (const text of ["\ud800", "a\udfffb", "\ud83d", "\ufffd", "\ufffd\ud800", "ordinary", ""]) {
      assert.strictEqual(Effect.runSync(roundTrip(Schema.String, text)), text)
    }
  })

  it("keeps values that JSON alone cannot express", () => {
    for (const value of [-0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324]) {
      assert.isTrue(Object.is(Effect.runSync(roundTrip(Schema.Number, value)), value))
    }
    assert.strictEqual(Effect.runSync(roundTrip(Schema.BigInt, 10n ** 40n)), 10n ** 40n)
    assert.strictEqual(Effect.runSync(roundTrip(Schema.Undefined, undefined)), undefined)
  })

  it("writes JSON for a schema that has no binary layout", () => {
    const untold = Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ b: Schema.String })])
    const bytes = Effect.runSync(Codec.schema(untold).encode({ b: "x" }))
    assert.strictEqual(new TextDecoder().decode(bytes.subarray(4)), `{"b":"x"}`)
    assert.deepStrictEqual(Effect.runSync(Codec.schema(untold).decode(bytes)), { b: "x" })
  })

  it("answers with an Exit when the schema is synchronous", () => {
    const codec = Codec.schema(User)
    const encoded = codec.encode(ada)
    assert.isTrue(Exit.isExit(encoded))
    assert.isTrue(Exit.isExit(codec.decode(Effect.runSync(encoded))))
  })

  it.effect("waits for a schema that waits", () =>
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

  it("shares no memory between the bytes and the value", () => {
    const codec = Codec.schema(User)
    const bytes = Effect.runSync(codec.encode({ ...ada, photo: new Uint8Array([1, 2, 3]) }))
    const user = Effect.runSync(codec.decode(bytes))
    bytes.fill(9)
    assert.deepStrictEqual(user.photo, new Uint8Array([1, 2, 3]))
  })

  it("refuses bytes cut at any boundary", () => {
    const codec = Codec.schema(User)
    const bytes = Effect.runSync(codec.encode({ ...ada, photo: new Uint8Array([1, 2, 3]) }))
    for (let length = 0; length < bytes.length; length++) {
      assert.isTrue(Exit.isFailure(Effect.runSyncExit(codec.decode(bytes.slice(0, length)))), `cut to ${length}`)
    }
  })

  it("never throws and never dies on flipped bits", () => {
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

  it("refuses a format, a kind or a wire of the future, without showing the value", () => {
    const codec = Codec.schema(Schema.String)
    for (const at of [0, 1, 2, 3]) {
      const bytes = Effect.runSync(codec.encode("a secret"))
      bytes[at]! += 1
      const exit = Effect.runSyncExit(codec.decode(bytes))
      assert.isTrue(Exit.isFailure(exit))
      assert.notInclude(JSON.stringify(exit), "secret")
    }
  })

  it("refuses a value that its schema does not admit, as a SchemaError", () => {
    const exit = Effect.runSyncExit(Codec.schema(User).encode({ ...ada, age: "36" } as never))
    assert.isTrue(Exit.isFailure(exit))
  })

  it("reads a record written before an optional field was added, and refuses one of another shape", () => {
    const old = Effect.runSync(Codec.schema(Schema.Struct({ a: Schema.Number })).encode({ a: 1 }))
    const grown = Codec.schema(Schema.Struct({ a: Schema.Number, b: Schema.optionalKey(Schema.String) }))
    const other = Codec.schema(Schema.Struct({ a: Schema.String }))
    assert.deepStrictEqual(Effect.runSync(grown.decode(old)), { a: 1 })
    assert.isTrue(Exit.isFailure(Effect.runSyncExit(other.decode(old))))
  })

  // Bytes of release 0.1. They are never regenerated: a release that cannot read them loses its users' caches.
  const released: ReadonlyArray<readonly [name: string, schema: Schema.Codec<any, any>, hex: string, value: unknown]> =
    [
      [
        "binary",
        Schema.Struct({ id: Schema.String, age: Schema.Number, tags: Schema.Array(Schema.String) }),
        "01025d281e20e599a99016da050180ae8dce1b0361646180badd857a0602017802797a",
        { id: "ada", age: 36.5, tags: ["x", "yz"] }
      ],
      [
        "JSON",
        Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ b: Schema.String })]),
        "010100007b2262223a2278227d",
        { b: "x" }
      ]
    ]

  for (const [name, schema, hex, value] of released) {
    it(`reads what release 0.1 wrote: ${name}`, () => {
      const bytes = Uint8Array.from(hex.match(/../g)!, (byte) => Number.parseInt(byte, 16))
      assert.deepStrictEqual(Effect.runSync(Codec.schema(schema).decode(bytes)), value)
    })
  }
})
