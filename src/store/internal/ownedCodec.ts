/**
 * A codec as a tier may use it whose bytes lie in a driver's buffer.
 */
import * as Effect from "effect/Effect"
import type { Codec } from "../Codec.ts"

/**
 * The codec itself, if it says that it copies; else one that hands over copies, in both directions. So no value that was
 * read changes with the next read, and no bytes on their way change with the value that they were made of.
 */
export const owned = <V>(codec: Codec<V>): Codec<V> =>
  codec.copies === true ? codec : {
    encode: (value) => Effect.mapEager(codec.encode(value), (bytes) => new Uint8Array(bytes)),
    decode: (bytes) => codec.decode(new Uint8Array(bytes)),
    copies: true
  }
