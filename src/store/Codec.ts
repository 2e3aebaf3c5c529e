/**
 * Turns a family's values into bytes and back, for the tiers that keep bytes.
 *
 * - The first byte says the format. Another format is refused, never guessed.
 * - Decoding returns the value that was encoded, or fails. It never returns another value, as long as the bytes are
 *   unchanged; a tier that may return damaged bytes keeps its own checksum.
 * - A value that its bytes would not give back is refused before it is kept: it fails to encode.
 * - Bytes that another schema wrote are refused, unless the schemas differ only in optional fields.
 * - A decoded value shares no memory with its bytes, and bytes share no memory with the value that was encoded.
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
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import { copyOf } from "./internal/copyOf.ts"
import { fidelityOf } from "./internal/fidelity.ts"
import { throwingIn } from "./internal/throwing.ts"
import { admitsKindOf, admitsOf } from "./shared/admits.ts"
import { thrownFor, thrownIn, unmentioned } from "./shared/misfit.ts"
import { parser } from "./shared/parser.ts"
import { type Shape, shapeOf, shapeText } from "./shared/schemaShape.ts"

/**
 * Turns values into bytes and back. A codec of synchronous schemas returns an `Exit`.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Codec<V> {
  /** Encodes a value as it is at the time of the call. Fails when the bytes would not give the value back. */
  readonly encode: (value: V) => Effect.Effect<Uint8Array, Schema.SchemaError>
  /** Fails when the bytes have another shape, or a version that this codec does not read. */
  readonly decode: (bytes: Uint8Array) => Effect.Effect<V, Schema.SchemaError>
  /**
   * Says that a decoded value shares no memory with its bytes. Without it a tier passes a copy of the bytes, since it
   * uses its own bytes again.
   */
  readonly copies?: true | undefined
  /**
   * Whether a value fits the schema, for tiers that keep live objects and encode nothing. Absent where the type of the
   * value already guarantees it: a schema without classes and checks.
   */
  readonly admits?: ((value: V) => boolean) | undefined
  /** Whether a loaded value is of the kind that the schema names, such as a text: its parts are not looked at. */
  readonly admitsKind?: ((value: V) => boolean) | undefined
}

/**
 * A codec that is made when a tier asks for it with {@link of}.
 *
 * **Details**
 *
 * A family with a Schema has this in place of a codec. The tier brings what makes a codec of a schema. So a program
 * whose tiers keep live values links neither the encoder nor the decoder.
 *
 * @see {@link of}, which makes the codec
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Later<V> {
  /** Makes the codec of the family with `make`, which is {@link schema}. */
  readonly later: (make: <A, E>(schema: Schema.Codec<A, E>, options?: Options) => Codec<A>) => Codec<V>
  /** Whether a value fits the schema, as `admits` of a {@link Codec} says. */
  readonly admits?: ((value: V) => boolean) | undefined
  /** Whether a loaded value is of the kind that the schema names, as `admitsKind` of a {@link Codec} says. */
  readonly admitsKind?: ((value: V) => boolean) | undefined
  /** Says where a value does not fit the schema, without anything of the value; `undefined` if it cannot say. */
  readonly misfit?: ((value: V) => string | undefined) | undefined
}

/**
 * The options of a codec, beside the schema.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** A word for the present form of the values. Bytes of another version, or without a version, are refused. */
  readonly version?: string | undefined
}

const formatVersion = 2
const kindJson = 1
const kindBinary = 2
const headBytes = 13
const optionalBytes = 6

/**
 * Derives a codec from a schema.
 *
 * **Details**
 *
 * A head comes first: format version, kind, and an identifier of the wire of that kind (2 bytes), a hash of the
 * schema's shape (8), the number of its optional fields and six bytes for each. The value follows as `SchemaBinary`
 * (0.3 to 0.8 of the time of JSON to decode, 0.4 to 0.8 of its size). It follows as JSON if `SchemaBinary` has no
 * layout for the schema or would not give the same value back. A codec reads both kinds, whichever it writes.
 *
 * Encoding fails for a value that neither kind would give back: a value with a property that the schema does not
 * mention, an `Error` of its own class, a `Date` where the schema says `Unknown`. When the codec is made, it finds out
 * what the schema may leave out. Only where that is not certain, a value is decoded and compared before its bytes are
 * returned.
 *
 * **Gotchas**
 *
 * Between releases, a schema may gain or lose optional fields: bytes written before are read without them. Checks may
 * change, too; decoding runs them. A check that makes a number an integer is the exception, because integers have bytes
 * of their own. Any other change makes another shape, which `decode` refuses. A change that the schema does not show,
 * such as another function in a transformation of the same types, needs another `version`.
 *
 * **When to use**
 *
 * In a tier of your own, or in a test of a schema. A family with a Schema for its value has this codec already.
 *
 * **Example** (A value, its bytes, and the value again)
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Codec } from "effect-stateless"
 *
 * const codec = Codec.schema(Schema.Struct({ name: Schema.String }))
 * const program = Effect.flatMap(codec.encode({ name: "Ann" }), codec.decode)
 * await Effect.runPromise(program) // => { name: "Ann" }
 * ```
 *
 * @see {@link Codec}
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const schema = <V, E>(schema: Schema.Codec<V, E>, options: Options = {}): Codec<V> => {
  const { isSame, isWhole } = fidelityOf(schema.ast)
  const head = headOf(shapeOf(schema, options.version))
  const json = jsonForm(schema, head.bytes(kindJson, 0), isSame)
  const binary = binaryForm(schema, head.bytes(kindBinary, binaryWire()))
  const asJson = (value: V) => json.encode(value)
  const encode = (value: V): Effect.Effect<Uint8Array, Schema.SchemaError> =>
    binary === undefined
      ? asJson(value)
      : Effect.flatMapEager(binary.encode(value), (bytes) => {
        if (keepsTexts(bytes) && isWhole(value)) return Exit.succeed(bytes)
        return Effect.matchCauseEffectEager(binary.decode(bytes), {
          onFailure: () => asJson(value),
          onSuccess: (after) => isSame(value, after) ? Exit.succeed(bytes) : asJson(value)
        })
      })
  return {
    admits: admitsOf(schema),
    admitsKind: admitsKindOf(schema),
    encode: (value) => {
      try {
        const encoded = encode(value)
        // An encoding that waits continues after its caller has continued, and the caller may change the value's
        // arrays.
        if (Exit.isExit(encoded) && Exit.isSuccess(encoded)) return encoded
        const whole = Exit.isExit(encoded) ? encoded : encode(copyOf(value))
        return Effect.mapErrorEager(whole, located(schema.ast, value))
      } catch (error) {
        return thrown(error)
      }
    },
    decode: (bytes) => {
      if (bytes.length < headBytes) return refuse(`an encoded value has at least ${headBytes} bytes`)
      if (bytes[0] !== formatVersion) return refuse(`this version of the library does not read format ${bytes[0]}`)
      const wire = bytes[2]! | bytes[3]! << 8
      const fit = head.fit(bytes)
      if (fit === "other") return refuse("another schema or another version wrote the bytes")
      if (bytes[1] === kindJson && wire === 0 && fit === "same") return json.decode(bytes)
      if (bytes[1] === kindBinary && wire === binaryWire() && binary !== undefined) return binary.decode(bytes)
      return refuse(`this codec does not read kind ${bytes[1]} with wire ${wire}`)
    },
    copies: true
  }
}

/**
 * Returns the codec of a family, and makes it if it was left for later. Throws what a function of the schema throws.
 *
 * **When to use**
 *
 * In a tier of your own that keeps bytes, once for each family that it opens.
 *
 * **Example** (The codec of a family)
 *
 * ```ts
 * import { Codec, type Store } from "effect-stateless"
 *
 * const codecOf = <V>(family: Store.StoreFamily<V>) => family.codec && Codec.of(family.codec)
 * ```
 *
 * @see {@link Later}
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const of = <V>(codec: Codec<V> | Later<V>): Codec<V> => "later" in codec ? codec.later(schema) : codec

/**
 * Writes the shape of a schema as a short text. Two schemas with one text write a value in the same way, if the schemas
 * show everything: see {@link schema} about what they do not show. Checks do not count, optional fields do.
 *
 * **When to use**
 *
 * In a test that pins the shape of stored values, so that a change which forgets them is seen before a release.
 *
 * **Example** (A check does not change the shape, another type does)
 *
 * ```ts
 * import { Schema } from "effect"
 * import { Codec } from "effect-stateless"
 *
 * const before = Codec.shape(Schema.Struct({ age: Schema.Number }))
 * before === Codec.shape(Schema.Struct({ age: Schema.String })) // => false
 * ```
 *
 * @see {@link schema} for what a release may change
 * @stability experimental
 * @category comparing
 * @since 0.1.0
 */
export const shape = (schema: Schema.Constraint): string => shapeText(schema)

const bodyAt = (bytes: Uint8Array): number => headBytes + optionalBytes * bytes[headBytes - 1]!

// Never a `Buffer`: a slice of a `Buffer` is a view of it, a slice of a `Uint8Array` is a copy.
const bodyOf = (bytes: Uint8Array): Uint8Array => {
  const at = bodyAt(bytes)
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at, bytes.length - at)
}

const jsonForm = <V, E>(
  schema: Schema.Codec<V, E>,
  head: Uint8Array,
  isSame: (before: unknown, after: unknown) => boolean
): Codec<V> => {
  const codec = Schema.toCodecJson(schema)
  const encode = parser(Schema.encodeUnknownExit(codec), Schema.encodeUnknownEffect(codec), failed)
  const decodeTree = parser(Schema.decodeUnknownExit(codec), Schema.decodeUnknownEffect(codec), failed)
  const decode = (bytes: Uint8Array) => {
    let tree: unknown
    try {
      tree = JSON.parse(textDecoder.decode(bodyOf(bytes)))
    } catch {
      return refuse("expected JSON in UTF-8")
    }
    return decodeTree(tree)
  }
  const write = (tree: unknown): Uint8Array => frame(head, textEncoder.encode(writeJson(tree)))
  return {
    encode: (value) =>
      Effect.flatMapEager(encode(value), (tree) => {
        const bytes = write(tree)
        return Effect.flatMapEager(decode(bytes), (after) =>
          isSame(value, after)
            ? Exit.succeed(bytes)
            : Exit.fail(new Schema.SchemaError(unmentioned(value, after))))
      }),
    decode
  }
}

// Like `JSON.stringify`, which writes -0 as 0; here -0 stays -0.
const writeJson = (tree: unknown): string => {
  const text = JSON.stringify(tree)
  return holdsMinusZero(tree) ? JSON.stringify(tree, (_, value) => Object.is(value, -0) ? rawMinusZero : value) : text
}

// Node has `rawJSON` since 21; TypeScript's declarations do not have it.
const rawMinusZero: unknown = "rawJSON" in JSON && typeof JSON.rawJSON === "function" ? JSON.rawJSON("-0") : 0

const holdsMinusZero = (tree: unknown): boolean =>
  typeof tree === "object" && tree !== null
    ? Object.values(tree).some(holdsMinusZero)
    : Object.is(tree, -0)

// Absent when the schema has no binary layout; the derivation throws in that case. Examples: a union whose members have
// encoded sides that cannot be distinguished, or a declaration that does not say how it is encoded.
const binaryForm = <V, E>(schema: Schema.Codec<V, E>, head: Uint8Array): Codec<V> | undefined => {
  let codec: Schema.Codec<V, Uint8Array<ArrayBuffer>>
  try {
    codec = SchemaBinary.toCodec(schema)
  } catch {
    return undefined
  }
  const encode = parser(Schema.encodeUnknownExit(codec), Schema.encodeUnknownEffect(codec), failed)
  const decode = parser(Schema.decodeUnknownExit(codec), Schema.decodeUnknownEffect(codec), failed)
  return {
    encode: (value) => Effect.mapEager(encode(value), (bytes) => frame(head, bytes)),
    decode: (bytes) => decode(bodyOf(bytes))
  }
}

const frame = (head: Uint8Array, payload: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(head.length + payload.length)
  bytes.set(head)
  bytes.set(payload, head.length)
  return bytes
}

/**
 * Compares a head with the schema: `same`; `fits` where only optional fields differ, and each is known here or has its
 * own place; `other`.
 */
const headOf = ({ core, optional }: Shape) => {
  const types = new Set(optional.map(({ type }) => type))
  const places = new Set(optional.map(({ place }) => place))
  const own = new Uint8Array(headBytes - 4 + optionalBytes * optional.length)
  const view = new DataView(own.buffer)
  view.setUint32(0, core[0], true)
  view.setUint32(4, core[1], true)
  own[8] = optional.length
  optional.forEach(({ place, type }, i) => {
    view.setUint16(9 + optionalBytes * i, place, true)
    view.setUint32(11 + optionalBytes * i, type, true)
  })
  return {
    bytes: (kind: number, wire: number): Uint8Array =>
      Uint8Array.from([formatVersion, kind, wire & 0xff, wire >>> 8, ...own]),
    fit: (bytes: Uint8Array): "same" | "fits" | "other" => {
      let at = 0
      while (at < own.length && bytes[4 + at] === own[at]) at++
      if (at === own.length) return "same"
      const end = bodyAt(bytes)
      if (at < 8 || bytes.length < end) return "other"
      const theirs = new DataView(bytes.buffer, bytes.byteOffset, end)
      for (let field = headBytes; field < end; field += optionalBytes) {
        if (places.has(theirs.getUint16(field, true)) && !types.has(theirs.getUint32(field + 2, true))) return "other"
      }
      return "fits"
    }
  }
}

// SchemaBinary writes a lone surrogate as U+FFFD (EF BF BD). A value whose bytes hold this sequence may have changed,
// so it is decoded and compared; JSON escapes lone surrogates. For most values the search for EF is one `memchr`.
const keepsTexts = (bytes: Uint8Array): boolean => {
  for (let at = bytes.indexOf(0xef, bodyAt(bytes)); at !== -1; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return false
  }
  return true
}

// An exception from a function of the schema is a failure of the schema; an interruption is not.
const failed = (cause: Cause.Cause<Schema.SchemaError>): Exit.Exit<never, Schema.SchemaError> => {
  const defect = cause.reasons.find(Cause.isDieReason)
  return defect === undefined ? Exit.failCause(cause) : thrown(defect.defect)
}

const thrown = (error: unknown) => Exit.fail(new Schema.SchemaError(thrownFor(error)))

// Names the part of a value at which a function of the schema threw.
const located = (ast: SchemaAST.AST, value: unknown) => (error: Schema.SchemaError): Schema.SchemaError => {
  const name = thrownIn(error.issue)
  const path = name === undefined ? [] : throwingIn(ast, value, name)
  return path.length === 0 ? error : new Schema.SchemaError(new SchemaIssue.Pointer(path, error.issue))
}

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
 * Sixteen bits that identify the wire format of `SchemaBinary` in the installed Effect. Effect does not promise a
 * stable format. So a release of Effect that changes the format gets another number here, and old bytes are refused
 * instead of misread.
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
