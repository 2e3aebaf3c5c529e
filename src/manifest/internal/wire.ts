/**
 * Turns the values of a family into what a connection carries, and back: a text, bytes, or JSON.
 *
 * - The form is decided once per family, by the encoded side of its schema, and never by a value.
 * - What does not fit is refused with its place and with what is expected there. A refusal never contains the value. So
 *   it has no message of a check that the user wrote, because the message may quote the value.
 * - A schema that answers at once makes an `Exit`, so a server needs no fiber for a command.
 * - Bytes are copied both ways, so a value shares no memory with a connection.
 *
 * Not here: the bytes of tiers (`store/Codec.ts`). Their format may change with each release, so no client sees it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { type Mismatch, mismatchOf } from "../../store/shared/misfit.ts"
import { parser } from "../../store/shared/parser.ts"
import { somePart } from "../../store/shared/schemaParts.ts"
import { idOf } from "../../store/shared/schemaShape.ts"
import { readJson, writeJson } from "./jsonText.ts"

/** How many bytes, or UTF-16 units, a value may have on its way. */
const lengthMax = 2 ** 26

/** How values travel; `none` if the family declares a type alone, which cannot encode. */
export type Form = "text" | "bytes" | "json" | "none"

/** A family's values as a connection carries them. */
interface Wire {
  readonly form: Form
  readonly encode: (value: unknown) => Effect.Effect<string | Uint8Array, Mismatch>
  readonly decode: (received: unknown) => Effect.Effect<unknown, Mismatch>
}

/** Makes the wire of a schema. */
export const make = (schema: unknown): Wire => {
  if (!Schema.isSchema(schema)) return { form: "none", encode: () => noForm, decode: () => noForm }
  const codec = schema as Schema.Codec<unknown, any>
  const form = formOf(AST.toEncoded(codec.ast))
  if (form === "json") return jsonWire(Schema.toCodecJson(codec))
  const encode = encoder(codec)
  const decode = decoder(codec)
  const own = form === "text"
    ? (given: unknown) => typeof given === "string" && isWellFormed(given) ? given : undefined
    : (given: unknown) => given instanceof Uint8Array ? Uint8Array.from(given) : undefined
  const refused = refuse(form === "text" ? "a text without lone surrogates" : "bytes")
  const checked = (given: unknown) => {
    const taken = own(given)
    return taken === undefined ? refused : Exit.succeed(taken)
  }
  return {
    form,
    encode: (value) => Effect.flatMapEager(encode(value), checked),
    decode: (received) => isTooLong(received) ? tooLong : Effect.flatMapEager(checked(received), decode)
  }
}

/** The JSON schema of a family's values, if they travel as a text or as JSON. */
export const jsonSchemaOf = (form: Form, schema: unknown): JsonSchema.Document<"draft-2020-12"> | undefined => {
  if (form === "text") return Schema.toJsonSchemaDocument(Schema.toEncoded(schema as Schema.Codec<unknown>))
  return form === "json" ? Schema.toJsonSchemaDocument(schema as Schema.Codec<unknown>) : undefined
}

const jsonWire = (codec: Schema.Codec<unknown, unknown>): Wire => {
  const encode = encoder(codec)
  const decode = decoder(codec)
  const isOpen = somePart(AST.toEncoded(codec.ast), saysNothing)
  return {
    form: "json",
    encode: (value) =>
      Effect.flatMapEager(encode(value), (tree) => {
        if (isOpen && !isJson(tree)) return refuse("a value that JSON can say")
        const written = writeJson(tree)
        return "expected" in written ? refuse(written.expected) : Exit.succeed(written.value as string)
      }),
    decode: (received) => {
      if (typeof received !== "string") return refuse("a JSON text")
      if (isTooLong(received)) return tooLong
      const read = readJson(received)
      return "expected" in read ? refuse(read.expected) : decode(read.value)
    }
  }
}

const isJson = Schema.is(Schema.Json)

/** Whether a schema takes values of which it does not say what they are. JSON would lose a part of some of them. */
const saysNothing = ({ _tag }: AST.AST): boolean =>
  _tag === "Any" || _tag === "Unknown" || _tag === "ObjectKeyword" || _tag === "Declaration"

const formOf = (encoded: AST.AST): Form =>
  isText(encoded)
    ? "text"
    : idOf(encoded.annotations) === "effect/schema/Uint8Array"
    ? "bytes"
    : "json"

const isText = (ast: AST.AST): boolean =>
  ast._tag === "String" || ast._tag === "TemplateLiteral" ||
  (ast._tag === "Literal" && typeof ast.literal === "string") ||
  (ast._tag === "Enum" && ast.enums.every(([, value]) => typeof value === "string")) ||
  (ast._tag === "Union" && ast.types.length > 0 && ast.types.every(isText))

/** Whether UTF-8 can say a text: each surrogate has its other half. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)

const options = { onExcessProperty: "error" } as const

const encoder = (codec: Schema.Codec<unknown, unknown>) =>
  parser(Schema.encodeUnknownExit(codec), Schema.encodeUnknownEffect(codec), failed)

const decoder = (codec: Schema.Codec<unknown, unknown>) =>
  parser(Schema.decodeUnknownExit(codec, options), Schema.decodeUnknownEffect(codec, options), failed)

const refuse = (expected: string, path: Mismatch["path"] = []): Exit.Exit<never, Mismatch> =>
  Exit.fail({ path, expected })

const isTooLong = (received: unknown): boolean =>
  (typeof received === "string" || received instanceof Uint8Array) && received.length > lengthMax

const tooLong = refuse(`at most ${lengthMax} bytes or characters`)

const noForm = refuse("a family whose value is a schema")

const failed = (cause: Cause.Cause<Schema.SchemaError>): Exit.Exit<never, Mismatch> => {
  if (Cause.hasInterruptsOnly(cause)) return Exit.failCause(cause as Cause.Cause<never>)
  const found = cause.reasons.find(Cause.isFailReason)
  return found === undefined
    ? refuse("a value that the functions of the schema accept")
    : Exit.fail(mismatchOf(found.error.issue))
}
