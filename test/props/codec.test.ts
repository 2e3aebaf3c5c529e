/**
 * The promises of `Codec.schema`, on random schemas and values. `npm run test:props -- --runs 10000 --seed 42` looks
 * deeper.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Codec from "effect-stateless/store/Codec"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as SchemaBinary from "effect/encoding/SchemaBinary"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { inspect, isDeepStrictEqual } from "node:util"
import { admitsOf } from "../../src/store/shared/admits.ts"
import { leaves, type Sample, samples } from "../support/randomSchemas.ts"

const show = (value: unknown) => inspect(value, { depth: 8 })

/** A sample and some of its values. */
const withValue = (of: (sample: Sample) => fc.Arbitrary<unknown>) =>
  samples.chain((sample) => fc.tuple(fc.constant(sample), of(sample)))

const encoded = ({ schema }: Sample, value: unknown) => Effect.runSyncExit(Codec.schema(schema).encode(value))

const decoded = ({ schema }: Sample, bytes: Uint8Array) => Effect.runSyncExit(Codec.schema(schema).decode(bytes))

const isSchemaError = (cause: Cause.Cause<unknown>) => Cause.squash(cause) instanceof Schema.SchemaError

describe("codec", () => {
  it("a codec returns the value that it encoded, or refuses the value with a SchemaError before it is kept", () =>
    fc.assert(fc.property(withValue(({ odd }) => odd), ([sample, value]) => {
      const bytes = encoded(sample, value)
      if (Exit.isFailure(bytes)) return assert.isTrue(isSchemaError(bytes.cause), show(bytes.cause))
      const after = decoded(sample, bytes.value)
      assert.isTrue(Exit.isSuccess(after), `${sample.name}: ${show(value)} cannot be read`)
      if (Exit.isFailure(after)) return
      assert.isTrue(isDeepStrictEqual(value, after.value), `${sample.name}: ${show(value)} became ${show(after.value)}`)
    })))

  it("a codec refuses no ordinary value", () =>
    fc.assert(fc.property(
      withValue(({ ordinary }) => ordinary).filter(([{ name }]) => !name.includes("(") || !name.includes(" | ")),
      ([sample, value]) => {
        const bytes = encoded(sample, value)
        assert.isTrue(Exit.isSuccess(bytes), `${sample.name}: ${show(value)} was refused: ${show(bytes)}`)
        if (Exit.isFailure(bytes)) return
        assert.isTrue(
          isDeepStrictEqual(decoded(sample, bytes.value), Exit.succeed(value)),
          `${sample.name}: ${show(value)}`
        )
      }
    )))

  it("memory admits each value that the schema gives, and no value of another kind than the schema's own", () =>
    fc.assert(fc.property(withValue(({ odd }) => odd), fc.anything(), ([{ name, schema }, value], other) => {
      const admits = admitsOf(schema)
      const is = Schema.is(schema)
      for (const one of [value, other]) {
        if (is(one)) assert.isTrue(admits?.(one) ?? true, `${name} refuses ${show(one)}`)
      }
      if (name === "String") assert.strictEqual(admits?.(other), typeof other === "string")
    })))

  for (
    const [name, schema] of Object.entries({
      Void: Schema.Void,
      Undefined: Schema.Undefined,
      Null: Schema.Null,
      String: Schema.String,
      Number: Schema.Number,
      Boolean: Schema.Boolean,
      BigInt: Schema.BigInt,
      Literal: Schema.Literal("x"),
      "a list": Schema.Array(Schema.Unknown),
      "a record": Schema.Record(Schema.String, Schema.Unknown),
      "an object that may be empty": Schema.Struct({ a: Schema.optionalKey(Schema.String) }),
      "an object without properties": Schema.Struct({}),
      "one of two": Schema.Union([Schema.String, Schema.Void]),
      Unknown: Schema.Unknown
    })
  ) {
    it(`memory refuses nothing that ${name} gives`, () => {
      const values = [
        undefined,
        null,
        5,
        NaN,
        "x",
        "",
        true,
        1n,
        [],
        {},
        Object.create(null),
        () => 1,
        new Date(),
        new Map()
      ]
      const admits = admitsOf(schema)
      for (const value of values) {
        if (Schema.is(schema)(value)) assert.isTrue(admits?.(value) ?? true, show(value))
      }
    })
  }

  it("the bytes and values of a codec share no memory", () =>
    fc.assert(fc.property(withValue(({ ordinary }) => ordinary), ([sample, value]) => {
      const bytes = encoded(sample, value)
      if (Exit.isFailure(bytes)) return
      // A driver hands out a `Buffer` over memory of its own.
      const room = Buffer.alloc(bytes.value.length + 16)
      room.set(bytes.value, 8)
      const read = decoded(sample, room.subarray(8, 8 + bytes.value.length))
      const before = decoded(sample, bytes.value)
      room.fill(0xee)
      bytes.value.fill(0xdd)
      assert.isTrue(isDeepStrictEqual(read, before), `${sample.name}: ${show(read)}`)
      assert.isTrue(isDeepStrictEqual(read, Exit.succeed(value)), `${sample.name}: ${show(read)}`)
    })))
})

// --- two releases ----------------------------------------------------------------------------------------------------

type Kind = "required" | "optionalKey" | "optional"
interface Field {
  readonly kind: Kind
  readonly sample: Sample
}
type Fields = { readonly [name: string]: Field }

const few = leaves.filter(({ name }) =>
  ["String", "Number", "Int", "Boolean", "Date", "BigInt", "Uint8Array"].includes(name)
)
const nullable = few.map(({ name, odd, ordinary, schema }): Sample => ({
  name: `NullOr(${name})`,
  schema: Schema.NullOr(schema),
  ordinary: fc.oneof(ordinary, fc.constant(null)),
  odd
}))

const field = (sample: fc.Arbitrary<Sample>): fc.Arbitrary<Field> =>
  fc.record({ kind: fc.constantFrom<Kind>("required", "optionalKey", "optional"), sample })

const structOf = (fields: Fields): Sample => {
  const entries = Object.entries(fields)
  return {
    name: `{${entries.map(([name, { kind, sample }]) => `${name} ${kind} ${sample.name}`).join(", ")}}`,
    schema: Schema.Struct(Object.fromEntries(entries.map(([name, { kind, sample: { schema } }]) => [
      name,
      kind === "required" ? schema : kind === "optional" ? Schema.optional(schema) : Schema.optionalKey(schema)
    ]))) as any,
    ordinary: fc.record(
      Object.fromEntries(entries.map(([name, { sample }]) => [name, sample.ordinary])),
      {
        requiredKeys: entries.flatMap(([name, { kind }]) => kind === "required" ? [name] : []),
        noNullPrototype: true
      }
    ),
    odd: fc.constant(undefined)
  }
}

const flat = fc.dictionary(fc.constantFrom("a", "b", "c"), field(fc.constantFrom(...few, ...nullable)), { minKeys: 1 })
  .map(structOf)

const wrapped = (sample: Sample): fc.Arbitrary<Sample> =>
  fc.constantFrom<Sample>(
    sample,
    {
      ...sample,
      name: `Array(${sample.name})`,
      schema: Schema.Array(sample.schema),
      ordinary: fc.array(sample.ordinary, { maxLength: 3 })
    },
    { ...sample, name: `NullOr(${sample.name})`, schema: Schema.NullOr(sample.schema) }
  )

const release = fc.oneof(
  samples,
  fc.constantFrom(...few, ...nullable),
  flat.chain(wrapped),
  fc.dictionary(fc.constantFrom("a", "b", "d"), field(fc.oneof(fc.constantFrom(...few), flat.chain(wrapped))), {
    minKeys: 1
  })
    .map(structOf)
)

describe("record of an older or newer release", () => {
  it("the record is absent, or has the values that the names of its fields say", () => {
    let read = 0
    fc.assert(
      fc.property(
        release.chain((before) =>
          fc.tuple(fc.constant(before), fc.oneof(release, fc.constant(before)), before.ordinary)
        ),
        ([before, after, value]) => {
          const bytes = encoded(before, value)
          if (Exit.isFailure(bytes)) return
          const found = decoded(after, bytes.value)
          if (Exit.isFailure(found)) return assert.isTrue(isSchemaError(found.cause))
          const byNames = Schema.decodeUnknownExit(Schema.toType(after.schema))(value)
          assert.isTrue(
            isDeepStrictEqual(found, byNames),
            `${before.name} wrote ${show(value)}; ${after.name} read ${show(found)}, and by names it is ${
              show(byNames)
            }`
          )
          read++
        }
      )
    )
    // The property says nothing where all is absent.
    assert.isAbove(read, 0)
  })

  it("the record is read when optional fields came or went, and absent when a field of that name has another type", () => {
    const schema = (fields: Schema.Struct.Fields) => Codec.schema(Schema.Struct({ a: Schema.Number, ...fields }) as any)
    const plain = schema({})
    const texts = schema({ b: Schema.optionalKey(Schema.String), c: Schema.optionalKey(Schema.String) })
    const numbers = schema({ b: Schema.optionalKey(Schema.Number) })
    const read = (from: Codec.Codec<any>, to: Codec.Codec<any>, value: unknown) =>
      Exit.getSuccess(Effect.runSyncExit(Effect.flatMap(from.encode(value), to.decode)))
    assert.deepStrictEqual(read(plain, texts, { a: 1 })._tag, "Some")
    assert.deepStrictEqual(read(texts, plain, { a: 1, b: "x" }), read(plain, plain, { a: 1 }))
    assert.strictEqual(read(texts, numbers, { a: 1, b: "x" })._tag, "None")
    assert.strictEqual(read(texts, numbers, { a: 1 })._tag, "None")
    assert.strictEqual(read(plain, schema({ b: Schema.Number }), { a: 1 })._tag, "None")
  })

  it("the record is absent when a field of another name has the same number", () => {
    const schema = (name: string) =>
      Codec.schema(
        Schema.Struct({
          a: Schema.Number,
          [name]: Schema.optionalKey(Schema.String).pipe(SchemaBinary.fieldId(7))
        }) as any
      )
    const bytes = Effect.runSync(schema("x").encode({ a: 1, x: "of x" }))
    assert.isTrue(Exit.isSuccess(Effect.runSyncExit(schema("x").decode(bytes))))
    assert.isTrue(Exit.isFailure(Effect.runSyncExit(schema("y").decode(bytes))))
  })

  it("the record is absent under another version and without one", () => {
    const codec = (version?: string) => Codec.schema(Schema.String, { version })
    for (const [written, read] of [["1", "2"], ["1", undefined], [undefined, "1"], ["1", "1\n"]] as const) {
      const bytes = Effect.runSync(codec(written).encode("x"))
      assert.isTrue(Exit.isFailure(Effect.runSyncExit(codec(read).decode(bytes))))
      assert.strictEqual(Effect.runSync(codec(written).decode(bytes)), "x")
    }
  })
})
