/**
 * What a value has beside the content of its class: an own property, a symbol, a getter, a subclass. A codec gives it
 * back, or refuses the value before it is kept, in both of its encodings.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Codec from "effect-stateless/store/Codec"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { isBareBytes } from "../../src/store/shared/bareBytes.ts"

class OwnBytes extends Uint8Array {}
class OwnDate extends Date {}
class OwnMap<K, V> extends Map<K, V> {}
class OwnSet<V> extends Set<V> {}
class OwnUrl extends URL {}

const large = 100_000

const kinds: Record<string, [schema: Schema.Codec<any, any>, make: () => object]> = {
  "Uint8Array": [Schema.Uint8Array, () => new Uint8Array([1, 2])],
  "large Uint8Array": [Schema.Uint8Array, () => new Uint8Array(large)],
  "Date": [Schema.Date, () => new Date(5)],
  "Map": [Schema.ReadonlyMap(Schema.String, Schema.Number), () => new Map([["a", 1]])],
  "Set": [Schema.ReadonlySet(Schema.String), () => new Set(["a"])],
  "URL": [Schema.URL, () => new URL("http://localhost/")],
  "URLSearchParams": [Schema.URLSearchParams, () => new URLSearchParams("a=b")],
  "RegExp": [Schema.RegExp, () => /a/],
  "Option": [Schema.Option(Schema.Number), () => Option.some(1)],
  "Result": [Schema.Result(Schema.Number, Schema.String), () => Result.succeed(1)],
  "Exit": [Schema.Exit(Schema.Number, Schema.String, Schema.Defect()), () => Exit.succeed(1)],
  "Cause": [Schema.Cause(Schema.String, Schema.Defect()), () => Cause.fail("no")],
  "Duration": [Schema.Duration, () => Duration.millis(5)],
  "BigDecimal": [Schema.BigDecimal, () => BigDecimal.normalize(BigDecimal.make(10n, 0))],
  "DateTime.Utc": [Schema.DateTimeUtc, () => DateTime.makeUnsafe(5)],
  "DateTime.Zoned": [Schema.DateTimeZoned, () => {
    const at = DateTime.makeZonedUnsafe(5, { timeZone: "Europe/Berlin" })
    DateTime.toParts(at)
    return at
  }],
  "Chunk": [Schema.Chunk(Schema.Number), () => Chunk.append(Chunk.make(1, 2), 3)],
  "HashMap": [Schema.HashMap(Schema.String, Schema.Number), () => HashMap.make(["a", 1])],
  "HashSet": [Schema.HashSet(Schema.String), () => HashSet.make("a")],
  "Redacted": [Schema.Redacted(Schema.String), () => Redacted.make("a")],
  "array": [Schema.Array(Schema.Number), () => [1, 2]],
  "struct": [Schema.Struct({ a: Schema.Number }), () => ({ a: 1 })]
}

const beside: Record<string, (value: object) => object> = {
  "a property": (value) => Object.assign(value, { beside: "x" }),
  "a symbol": (value) => Object.assign(value, { [Symbol.for("beside")]: "x" }),
  "a getter": (value) => Object.defineProperty(value, "beside", { get: () => "x", enumerable: true }),
  "a property that is undefined": (value) => Object.assign(value, { beside: undefined })
}

// No binary layout can tell the members apart, so all of the value is written as JSON.
const Untold = Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ b: Schema.String })])

const encodings: Record<string, (schema: Schema.Codec<any, any>, value: unknown) => Exit.Exit<unknown, unknown>> = {
  binary: (schema, value) => Effect.runSyncExit(Codec.schema(schema).encode(value)),
  JSON: (schema, value) =>
    Effect.runSyncExit(
      Codec.schema(Schema.Struct({ value: schema, also: Untold })).encode({ value, also: { a: "x" } })
    ),
  "a list of them": (schema, value) => Effect.runSyncExit(Codec.schema(Schema.Array(schema)).encode([value])),
  "a part without a binary layout": (schema, value) =>
    Effect.runSyncExit(Codec.schema(Schema.Union([schema, Schema.Array(schema)])).encode(value))
}

describe("what a value has beside its content", () => {
  for (const [encoding, encode] of Object.entries(encodings)) {
    it(`a codec refuses a value that has something beside its content, and keeps the value without it: ${encoding}`, () => {
      const wrong: Array<string> = []
      for (const [kind, [schema, make]] of Object.entries(kinds)) {
        if (Exit.isFailure(encode(schema, make()))) wrong.push(`${kind}: refused`)
        for (const [what, add] of Object.entries(beside)) {
          if (Object.isExtensible(make()) && Exit.isSuccess(encode(schema, add(make())))) {
            wrong.push(`${kind} with ${what}: kept without it`)
          }
        }
      }
      assert.deepStrictEqual(wrong, [])
    })

    it(`a codec refuses an instance of a subclass, and keeps a Buffer: ${encoding}`, () => {
      const Strings = Schema.ReadonlySet(Schema.String)
      const instances: Record<string, [Schema.Codec<any, any>, object]> = {
        Uint8Array: [Schema.Uint8Array, new OwnBytes([1])],
        "large Uint8Array": [Schema.Uint8Array, new OwnBytes(large)],
        Date: [Schema.Date, new OwnDate(5)],
        Map: [Schema.ReadonlyMap(Schema.String, Schema.Number), new OwnMap([["a", 1]])],
        Set: [Strings, new OwnSet(["a"])],
        URL: [Schema.URL, new OwnUrl("http://localhost/")]
      }
      const kept = Object.entries(instances).filter(([, [schema, value]]) => Exit.isSuccess(encode(schema, value)))
      assert.deepStrictEqual(kept.map(([kind]) => kind), [])
      assert.isTrue(Exit.isSuccess(encode(Schema.Uint8Array, Buffer.from("ab"))))
      assert.isTrue(Exit.isFailure(encode(Schema.Uint8Array, Object.assign(Buffer.from("ab"), { beside: "x" }))))
    })
  }

  it("bytes of every kind and length show whether they have something beside their elements", () => {
    const room = new ArrayBuffer(800)
    const shared = new SharedArrayBuffer(800)
    for (const buffer of [room, shared]) {
      for (const length of [0, 1, 64, 65, 100]) {
        for (
          const view of [
            new Uint8Array(buffer, 8, length),
            new Uint8ClampedArray(buffer, 8, length),
            new Int32Array(buffer, 8, length),
            new Float64Array(buffer, 0, length).fill(Number.NaN),
            new BigInt64Array(buffer, 0, length),
            Reflect.construct(OwnBytes, [buffer, 8, length]) as OwnBytes,
            new DataView(buffer, 8, length)
          ]
        ) {
          assert.isTrue(isBareBytes(view), `${view.constructor.name} of ${length}`)
          for (const add of Object.values(beside)) {
            const other = Reflect.construct(view.constructor, [buffer, view.byteOffset, length]) as ArrayBufferView
            assert.isFalse(isBareBytes(add(other) as ArrayBufferView), `${view.constructor.name} of ${length}`)
          }
        }
      }
    }
  })
})
