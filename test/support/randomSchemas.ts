/**
 * Random schemas, each with values that it admits: ordinary ones, and unusual ones that encodings often lose.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as fc from "fast-check"

/** A schema and its values. `name` says what the schema looks like, for messages. */
export interface Sample {
  readonly name: string
  readonly schema: Schema.Codec<any, any>
  /** Values of which none may be refused. */
  readonly ordinary: fc.Arbitrary<unknown>
  /** Values that TypeScript lets through as well. Each comes back equal, or is refused. */
  readonly odd: fc.Arbitrary<unknown>
}

const leaf = (
  name: string,
  schema: Schema.Codec<any, any>,
  ordinary: fc.Arbitrary<unknown>,
  odd: fc.Arbitrary<unknown> = ordinary
): Sample => ({ name, schema, ordinary, odd })

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\ud800", "a\udfff", "\ufffd", "__proto__", ""))
const float = fc.oneof(fc.double(), fc.constantFrom(-0, 0, NaN, Infinity, 5e-324, 1e21, 0.1, 2 ** 53))
const integer = fc.oneof(fc.integer(), fc.constantFrom(-0, 0, 2 ** 53 - 1))

class Point {
  readonly x = 1
}

const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.anything({ withMap: true, withSet: true, withDate: true, withTypedArray: true, withSparseArray: true }),
  fc.constantFrom(
    new Date(5),
    new Map([["a", 1]]),
    NaN,
    [undefined],
    new Uint8Array([1, 2]),
    new Point(),
    -0,
    [-0],
    /a/g
  )
)

class Place extends Schema.Class<Place>("Place")({ name: Schema.String, at: Schema.Number }) {}
class Town extends Place {}

const negated = Schema.Number.pipe(
  Schema.decodeTo(Schema.Number, SchemaTransformation.transform({ decode: (n) => -n, encode: (n) => -n }))
)

export const leaves: ReadonlyArray<Sample> = [
  leaf("String", Schema.String, text),
  leaf("Number", Schema.Number, float),
  leaf("Int", Schema.Int, integer),
  leaf("Boolean", Schema.Boolean, fc.boolean()),
  leaf("Null", Schema.Null, fc.constant(null)),
  leaf("Undefined", Schema.Undefined, fc.constant(undefined)),
  leaf("BigInt", Schema.BigInt, fc.bigInt()),
  leaf("Literals", Schema.Literals(["red", 1, true]), fc.constantFrom("red", 1, true)),
  leaf(
    "Date",
    Schema.Date,
    fc.date({ noInvalidDate: true }),
    fc.constantFrom(new Date(NaN), Object.assign(new Date(1), { zone: "x" }))
  ),
  leaf("Uint8Array", Schema.Uint8Array, fc.uint8Array()),
  leaf(
    "Unknown",
    Schema.Unknown,
    fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    anything
  ),
  leaf("Any", Schema.Any, fc.constant("x"), anything),
  leaf("Duration", Schema.Duration, fc.bigInt().map((n) => Duration.nanos(n)), fc.constant(Duration.infinity)),
  leaf("DateTimeUtc", Schema.DateTimeUtc, fc.integer().map((n) => DateTime.makeUnsafe(n))),
  leaf("URL", Schema.URL, fc.constant(new URL("https://a.test/?q=1#x"))),
  leaf("RegExp", Schema.RegExp, fc.constantFrom(/a/gi, /\//u)),
  leaf("NumberFromString", Schema.NumberFromString, fc.integer().filter((n) => !Object.is(n, -0)), float),
  leaf("Trim", Schema.Trim, fc.constant("a"), text),
  leaf("negated", negated, float),
  leaf(
    "Place",
    Place,
    fc.constant(new Place({ name: "a", at: -0 })),
    fc.constantFrom(
      new Town({ name: "a", at: 1 }),
      Object.assign(new Place({ name: "a", at: 1 }), { more: 1 })
    )
  ),
  leaf("Symbol", Schema.Symbol, fc.constant(Symbol.for("a")), fc.constantFrom(Symbol.for("\ud800"), Symbol("own")))
]

const lists = ({ name, odd, ordinary, schema }: Sample): Sample => ({
  name: `Array(${name})`,
  schema: Schema.Array(schema),
  ordinary: fc.array(ordinary, { maxLength: 4 }),
  odd: fc.oneof(
    fc.array(odd, { maxLength: 4 }),
    // A hole; a property beside the elements.
    fc.array(ordinary, { maxLength: 3 }).map((list) => Object.assign([], { length: list.length + 1 }, list)),
    fc.array(ordinary, { maxLength: 3 }).map((list) => Object.assign(list, { index: 1 }))
  )
})

const structs = (samples: ReadonlyArray<Sample>): Sample => {
  const how = (i: number) => i % 3 === 1 ? "optionalKey" : i % 3 === 2 ? "optional" : "required"
  const fieldOf = (i: number, schema: Schema.Codec<any, any>) =>
    how(i) === "optionalKey" ? Schema.optionalKey(schema) : how(i) === "optional" ? Schema.optional(schema) : schema
  const record = (values: (sample: Sample, i: number) => fc.Arbitrary<unknown>) =>
    fc.record(
      Object.fromEntries(samples.map((sample, i) => [`f${i}`, values(sample, i)])),
      { requiredKeys: samples.flatMap((_, i) => how(i) === "required" ? [`f${i}`] : []), noNullPrototype: true }
    )
  const ordinary = record((sample) => sample.ordinary)
  const odd = record((sample, i) =>
    how(i) === "optional" ? fc.oneof(sample.odd, fc.constant(undefined)) : fc.oneof(sample.odd, sample.ordinary)
  )
  return {
    name: `{${samples.map(({ name }, i) => `f${i} ${how(i)} ${name}`).join(", ")}}`,
    schema: Schema.Struct(Object.fromEntries(samples.map(({ schema }, i) => [`f${i}`, fieldOf(i, schema)]))) as any,
    ordinary,
    odd: fc.oneof(
      odd,
      ordinary.map((value) => ({ ...value, extra: 1 })),
      ordinary.map((value) => ({ ...value, [Symbol.for("s")]: 1 })),
      ordinary.map((value) => Object.defineProperty(value, "hidden", { get: () => 1, enumerable: true }))
    )
  }
}

const unions = (samples: ReadonlyArray<Sample>): Sample => ({
  name: `(${samples.map(({ name }) => name).join(" | ")})`,
  schema: Schema.Union(samples.map(({ schema }) => schema)) as any,
  // Which member takes a value, and what that leaves out, is not known here.
  ordinary: fc.constant(undefined),
  odd: fc.oneof(...samples.flatMap(({ odd, ordinary }) => [odd, ordinary]))
})

const tagged = ([a, b]: readonly [Sample, Sample]): Sample => {
  const member = (tag: string, values: fc.Arbitrary<unknown>) => values.map((value) => ({ _tag: tag, value }))
  return {
    name: `A(${a.name}) | B(${b.name})`,
    schema: Schema.TaggedUnion({ A: { value: a.schema }, B: { value: b.schema } }) as any,
    ordinary: fc.oneof(member("A", a.ordinary), member("B", b.ordinary)),
    odd: fc.oneof(
      member("A", a.odd),
      member("B", b.odd),
      member("A", a.ordinary).map((value) => ({ ...value, more: 1 }))
    )
  }
}

const options = ({ name, odd, ordinary, schema }: Sample): Sample => ({
  name: `Option(${name})`,
  schema: Schema.Option(schema),
  ordinary: fc.option(ordinary).map((value) => value === null ? Option.none() : Option.some(value)),
  odd: odd.map(Option.some)
})

const results = ({ name, odd, ordinary, schema }: Sample): Sample => ({
  name: `Result(${name})`,
  schema: Schema.Result(schema, Schema.String),
  ordinary: fc.oneof(ordinary.map(Result.succeed), text.map(Result.fail)),
  odd: odd.map(Result.succeed)
})

const nullable = ({ name, odd, ordinary, schema }: Sample): Sample => ({
  name: `NullOr(${name})`,
  schema: Schema.NullOr(schema),
  ordinary: fc.oneof(ordinary, fc.constant(null)),
  odd
})

const records = ({ name, odd, ordinary, schema }: Sample): Sample => ({
  name: `Record(${name})`,
  schema: Schema.Record(Schema.String, schema),
  ordinary: fc.dictionary(fc.string(), ordinary, { maxKeys: 3, noNullPrototype: true }),
  odd: fc.dictionary(text, odd, { maxKeys: 3, noNullPrototype: true })
})

const maps = ({ name, odd, ordinary, schema }: Sample): Sample => ({
  name: `Map(${name})`,
  schema: Schema.ReadonlyMap(Schema.String, schema),
  ordinary: fc.array(fc.tuple(fc.string(), ordinary), { maxLength: 3 }).map((entries) => new Map(entries)),
  odd: fc.array(fc.tuple(text, odd), { maxLength: 3 }).map((entries) => Object.assign(new Map(entries), { more: 1 }))
})

const sets = ({ name, odd, ordinary, schema }: Sample): Sample => ({
  name: `Set(${name})`,
  schema: Schema.ReadonlySet(schema),
  ordinary: fc.array(ordinary, { maxLength: 3 }).map((values) => new Set(values)),
  odd: fc.array(odd, { maxLength: 3 }).map((values) => new Set(values))
})

const tuples = ([a, b]: readonly [Sample, Sample]): Sample => ({
  name: `[${a.name}, ${b.name}]`,
  schema: Schema.Tuple([a.schema, b.schema]),
  ordinary: fc.tuple(a.ordinary, b.ordinary),
  odd: fc.tuple(a.odd, b.odd)
})

/** Samples of up to three levels. */
export const samples: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...leaves),
    tie("sample").map(lists),
    fc.array(tie("sample"), { minLength: 1, maxLength: 4 }).map(structs),
    fc.array(tie("sample"), { minLength: 2, maxLength: 3 }).map(unions),
    fc.tuple(tie("sample"), tie("sample")).map(tagged),
    fc.tuple(tie("sample"), tie("sample")).map(tuples),
    tie("sample").map(options),
    tie("sample").map(results),
    tie("sample").map(nullable),
    tie("sample").map(records),
    tie("sample").map(maps),
    tie("sample").map(sets)
  )
})).sample
