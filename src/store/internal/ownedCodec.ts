/**
 * Codecs for a tier whose bytes lie in a driver's buffer.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Codec } from "../Codec.ts"
import { hash } from "../shared/schemaShape.ts"

/**
 * The codec itself, if it says that it copies; else one that copies in both directions. So a value that was read does
 * not change with the next read, and bytes on their way do not change with the value that was encoded.
 */
export const owned = <V>(codec: Codec<V>): Codec<V> =>
  codec.copies === true ? codec : {
    encode: (value) => Effect.mapEager(codec.encode(value), (bytes) => new Uint8Array(bytes)),
    decode: (bytes) => codec.decode(new Uint8Array(bytes)),
    copies: true
  }

const headBytes = 4

/** Puts a hash of the store's version before the bytes, and refuses bytes with another hash. */
export const versioned = <V>(codec: Codec<V>, version: string | number | undefined): Codec<V> => {
  if (version === undefined) return codec
  const head = new Uint8Array(headBytes)
  new DataView(head.buffer).setUint32(0, hash(String(version)), true)
  return {
    encode: (value) =>
      Effect.mapEager(codec.encode(value), (body) => {
        const bytes = new Uint8Array(headBytes + body.length)
        bytes.set(head)
        bytes.set(body, headBytes)
        return bytes
      }),
    decode: (bytes) =>
      head.every((byte, i) => bytes[i] === byte) ? codec.decode(bytes.subarray(headBytes)) : otherVersion,
    copies: true
  }
}

const otherVersion = Exit.fail(
  new Schema.SchemaError(new SchemaIssue.InvalidValue({ message: "another version of the store wrote the bytes" }))
)
