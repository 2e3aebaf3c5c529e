/**
 * Keys of the LMDB tier as bytes.
 *
 * Text is written as UTF-8 extended to lone surrogates (WTF-8), because in plain UTF-8 two keys could become the same
 * bytes. The key of an entry is its family's number in base 36, a colon, and the key within the family. A key that is
 * too long for LMDB is stored under its SHA-256 after a semicolon; its record then holds the whole key.
 */
import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import { keyEncoder, textBytes } from "../../internal/textBytes.ts"

/**
 * LMDB takes 1,978 bytes. The order index puts nine bytes in front of a key, and a family's number has fewer than 16.
 */
const shortKeyBytesMax = 1_900

const rankBytes = 9

/** The range of all keys of a family: from `familyStart` to before `familyEnd`. */
export const familyStart = (id: string): string => `${id}:`
export const familyEnd = (id: string): string => `${id}<`

/** Whether LMDB takes the key unchanged. */
export const isShort = (key: string): boolean =>
  key.length * 3 <= shortKeyBytesMax || textBytes(key).length <= shortKeyBytesMax

/** The key of an entry. The prefix ends in a colon. */
export const entryKey = (prefix: string, key: string): string =>
  isShort(key)
    ? prefix + key
    : `${prefix.slice(0, -1)};${createHash("sha256").update(textBytes(key)).digest("base64url")}`

/** The key of an entry without its family's number. */
export const bookmarkOf = (entryKey: string): string => entryKey.slice(entryKey.search(/[:;]/))

/** Whether a text is the key of an entry without its family's number: a bookmark that stays within the family. */
export const isBookmark = (text: string): boolean =>
  (text[0] === ":" || text[0] === ";") && text.length <= shortKeyBytesMax && isShort(text.slice(1))

/** The key within the family, or `undefined` if only the record holds it. */
export const keyWithin = (entryKey: string): string | undefined => {
  const end = entryKey.search(/[:;]/)
  return entryKey[end] === ":" ? entryKey.slice(end + 1) : undefined
}

/** The number of the family that an entry key belongs to, in base 36. */
export const familyOf = (entryKey: string): string => entryKey.slice(0, entryKey.search(/[:;]/))

/**
 * The key of the order index. Entries that expire first come first; entries that never expire come last, the oldest
 * first among them. Positive doubles in big-endian order compare as numbers do.
 */
export const rankKey = (expiresAt: number, version: number, entryKey: string): Buffer => {
  const key = Buffer.allocUnsafe(rankBytes + entryKey.length * 3)
  const never = expiresAt === Number.POSITIVE_INFINITY
  key[0] = never ? 1 : 0
  key.writeDoubleBE(Math.max(0, never ? version : expiresAt), 1)
  return key.subarray(0, keyEncoder.writeKey(entryKey, key, rankBytes))
}

/** Reads a key of the order index. */
export const parseRank = (rank: Uint8Array): { readonly expiresAt: number; readonly entryKey: string } => ({
  expiresAt: rank[0] === 1
    ? Number.POSITIVE_INFINITY
    : new DataView(rank.buffer, rank.byteOffset).getFloat64(1),
  entryKey: keyEncoder.readKey(rank, rankBytes, rank.length)
})

/** The key behind all entries that are due; an entry is due when its `expiresAt` is not after now. */
export const rankAfter = (nowMillis: number): Buffer => {
  const key = Buffer.alloc(rankBytes + 1, 0xff)
  key[0] = 0
  key.writeDoubleBE(Math.max(0, nowMillis), 1)
  return key
}
