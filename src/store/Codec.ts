/**
 * How a family's values become bytes, for the tiers that keep bytes.
 *
 * - What one released version wrote, every later one reads. The first byte says the format; a format from the future
 *   is refused, never guessed at.
 * - Decoding gives back the value that was encoded, or fails. It never gives another value, as long as the bytes are
 *   those that were written; a tier that may hand out damaged bytes keeps a checksum of its own.
 * - A decoded value shares no memory with the bytes.
 *
 * Not here: the entry around the value, compression, encryption.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as SchemaBinary from "effect/encoding/SchemaBinary"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

/**
 * Turns values into bytes and back. A codec of synchronous schemas answers with an `Exit`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Codec<V> {
  readonly encode: (value: V) => Effect.Effect<Uint8Array, Schema.SchemaError>
  /** Fails when the bytes are of another shape, or of a version that this codec does not read. */
  readonly decode: (bytes: Uint8Array) => Effect.Effect<V, Schema.SchemaError>
}

const formatVersion = 1
const kindJson = 1
const kindBinary = 2
const headerBytes = 4

/**
 * Derives a codec from a schema.
 *
 * **Details**
 *
 * Four bytes come first: format version, kind, and two bytes that identify the wire of that kind. Values follow as
 * `SchemaBinary` (0.3 to 0.8 of the time of JSON to decode, 0.4 to 0.8 of its size), or as JSON where `SchemaBinary`
 * has no layout for the schema or would not give the same value back. A codec reads both kinds, whichever it writes.
 *
 * **Gotchas**
 *
 * A schema may change between releases as `SchemaBinary` allows: fields may come and go, as long as those that are new
 * are optional or have a decoding default. Anything else is refused by `decode`.
 *
 * @see {@link Codec}
 * @category constructors
 * @since 0.1.0
 */
export const schema = <V, E>(schema: Schema.Codec<V, E>): Codec<V> => {
  const json = jsonForm(schema)
  const binary = binaryForm(schema)
  return {
    encode: (value) =>
      binary === undefined
        ? json.encode(value)
        : Effect.flatMapEager(
          binary.encode(value),
          (bytes) => lossless(bytes) ? Exit.succeed(bytes) : json.encode(value)
        ),
    decode: (bytes) => {
      if (bytes.length < headerBytes) return refuse("an encoded value has at least four bytes")
      if (bytes[0] !== formatVersion) return refuse(`format ${bytes[0]} is not one that this version reads`)
      const wire = bytes[2]! | bytes[3]! << 8
      if (bytes[1] === kindJson && wire === 0) return json.decode(bytes)
      if (bytes[1] === kindBinary && wire === binaryWire() && binary !== undefined) return binary.decode(bytes)
      return refuse(`kind ${bytes[1]} with wire ${wire} is not one that this codec reads`)
    }
  }
}

const jsonForm = <V, E>(schema: Schema.Codec<V, E>): Codec<V> => {
  const codec = Schema.toCodecJson(schema)
  const encode = run(Schema.encodeUnknownExit(codec), Schema.encodeUnknownEffect(codec))
  const decode = run(Schema.decodeUnknownExit(codec), Schema.decodeUnknownEffect(codec))
  return {
    encode: (value) =>
      Effect.mapEager(encode(value), (tree) => frame(kindJson, 0, textEncoder.encode(JSON.stringify(tree)))),
    decode: (bytes) => {
      let tree: unknown
      try {
        tree = JSON.parse(textDecoder.decode(bytes.subarray(headerBytes)))
      } catch {
        return refuse("expected JSON in UTF-8")
      }
      return decode(tree)
    }
  }
}

// Absent when the schema has no binary layout, which the derivation tells by throwing: a union whose members cannot be
// told apart by their encoded side, or a declaration that says nothing of how it is encoded.
const binaryForm = <V, E>(schema: Schema.Codec<V, E>): Codec<V> | undefined => {
  let codec: Schema.Codec<V, Uint8Array<ArrayBuffer>>
  try {
    codec = SchemaBinary.toCodec(schema)
  } catch {
    return undefined
  }
  const encode = run(Schema.encodeUnknownExit(codec), Schema.encodeUnknownEffect(codec))
  const decode = run(Schema.decodeUnknownExit(codec), Schema.decodeUnknownEffect(codec))
  return {
    encode: (value) => Effect.mapEager(encode(value), (bytes) => frame(kindBinary, binaryWire(), bytes)),
    decode: (bytes) => decode(bytes.subarray(headerBytes))
  }
}

const frame = (kind: number, wire: number, payload: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(headerBytes + payload.length)
  bytes[0] = formatVersion
  bytes[1] = kind
  bytes[2] = wire & 0xff
  bytes[3] = wire >>> 8
  bytes.set(payload, headerBytes)
  return bytes
}

// SchemaBinary writes a lone surrogate as U+FFFD (EF BF BD). Where those bytes occur the value may not be what was
// encoded; JSON escapes lone surrogates, so it is written instead. The search for EF is one `memchr` on most values.
const lossless = (bytes: Uint8Array): boolean => {
  for (let at = bytes.indexOf(0xef, headerBytes); at !== -1; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return false
  }
  return true
}

/**
 * Runs a parser without a fiber as long as it answers at once. The first answer that needs to wait turns it into an
 * ordinary effect for good.
 */
const run = <A>(
  now: (input: unknown) => Exit.Exit<A, Schema.SchemaError>,
  later: (input: unknown) => Effect.Effect<A, Schema.SchemaError>
): (input: unknown) => Effect.Effect<A, Schema.SchemaError> => {
  let waits = false
  return (input) => {
    if (waits) return later(input)
    const exit = now(input)
    if (Exit.isSuccess(exit) || !exit.cause.reasons.some(isWaiting)) return exit
    waits = true
    return later(input)
  }
}

const isWaiting = (reason: Cause.Reason<unknown>) => Cause.isDieReason(reason) && Cause.isAsyncFiberError(reason.defect)

// The message says what was expected, and never the bytes: a value must not appear in an error.
const refuse = (message: string) => Exit.fail(new Schema.SchemaError(new SchemaIssue.InvalidValue({ message })))

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder("utf-8", { fatal: true })

const Probe = Schema.Struct({
  text: Schema.String,
  number: Schema.Number,
  flag: Schema.Boolean,
  at: Schema.Date,
  bytes: Schema.Uint8Array,
  big: Schema.BigInt,
  list: Schema.Array(Schema.Struct({ a: Schema.String, b: Schema.optionalKey(Schema.Number) })),
  pair: Schema.Tuple([Schema.String, Schema.NullOr(Schema.Number)]),
  record: Schema.Record(Schema.String, Schema.Int),
  union: Schema.Array(Schema.TaggedUnion({ A: { a: Schema.String }, B: { b: Schema.Number } })),
  literal: Schema.Literals(["red", "green"])
})

let probed: number | undefined

/**
 * Sixteen bits that stand for the wire of `SchemaBinary` as the installed Effect writes it. Its format is not promised
 * to be stable, so a release of Effect that changes it must not read old bytes as something else: it gets another
 * number here, and refuses them.
 */
const binaryWire = (): number => {
  if (probed !== undefined) return probed
  const bytes = Schema.encodeSync(SchemaBinary.toCodec(Probe))({
    text: "text",
    number: 0.5,
    flag: true,
    at: new Date(0),
    bytes: new Uint8Array([1, 2]),
    big: 3n,
    list: [{ a: "x", b: 1 }, { a: "x" }],
    pair: ["p", null],
    record: { k: -1 },
    union: [{ _tag: "A", a: "a" }, { _tag: "B", b: 2 }],
    literal: "green"
  })
  // FNV-1a, folded to 16 bits.
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  probed = (hash ^ hash >>> 16) & 0xffff
  return probed
}
