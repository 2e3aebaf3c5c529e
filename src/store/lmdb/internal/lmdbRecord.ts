/**
 * One entry as the bytes that LMDB keeps.
 *
 * ```
 *  0  crc32 of all bytes after    4  format   5  flags   6  tags, count (u16: `tagsMax`)
 *  8  stamp  16  version  24  freshUntil  32  expiresAt  40  costMillis   (doubles)
 * 48  offset of the value (u32)
 * 52  the value's own lifetime (double), if it has one: then the format is 2, and else 1
 *     key (if hashed), revision (if any), tags: each a length (u32) and its bytes;  then the value
 * ```
 *
 * Little-endian throughout. Bytes of another format, bytes that were cut short, and bytes with a wrong checksum are not
 * a record: they are read as absent. The checksum costs 0.1 us at 200 bytes and 0.35 us at 2,000.
 */
import { crc32 } from "node:zlib"
import type { Entry } from "../../Entry.ts"
import { keyEncoder, textBytes } from "./lmdbKey.ts"

// Most records have no lifetime of their own. So they keep the format that earlier versions of the library read.
const format = 1
const formatOwnLife = 2
const headBytes = 52
const ownLifeBytes = 8
const isOfThisFormat = (byte: number | undefined): boolean => byte === format || byte === formatOwnLife
const flagKey = 1
const flagRevision = 2

/** The largest number of bytes that a record may need: three for each unit of a text. */
export const recordBytes = (
  { revision, tags }: Pick<Entry<unknown>, "revision" | "tags">,
  value: Uint8Array,
  hashedKey: string | undefined
): number => {
  let bytes = headBytes + ownLifeBytes + value.length
  if (hashedKey !== undefined) bytes += 4 + hashedKey.length * 3
  if (revision !== undefined) bytes += 4 + revision.length * 3
  for (const tag of tags) bytes += 4 + tag.length * 3
  return bytes
}

/** Encodes an entry whose value is already bytes. */
export const encodeRecord = (
  entry: Entry<unknown>,
  value: Uint8Array,
  hashedKey: string | undefined
): Buffer => {
  const texts: Array<Buffer> = []
  if (hashedKey !== undefined) texts.push(textBytes(hashedKey))
  if (entry.revision !== undefined) texts.push(textBytes(entry.revision))
  for (const tag of entry.tags) texts.push(textBytes(tag))
  const { ownLifetimeMillis } = entry
  const textsAt = headBytes + (ownLifetimeMillis === undefined ? 0 : ownLifeBytes)
  let valueAt = textsAt
  for (const text of texts) valueAt += 4 + text.length

  const record = Buffer.allocUnsafe(valueAt + value.length)
  record[4] = ownLifetimeMillis === undefined ? format : formatOwnLife
  record[5] = (hashedKey === undefined ? 0 : flagKey) | (entry.revision === undefined ? 0 : flagRevision)
  record.writeUInt16LE(entry.tags.length, 6)
  record.writeDoubleLE(entry.stamp, 8)
  record.writeDoubleLE(entry.version, 16)
  record.writeDoubleLE(entry.freshUntil, 24)
  record.writeDoubleLE(entry.expiresAt, 32)
  record.writeDoubleLE(entry.costMillis, 40)
  record.writeUInt32LE(valueAt, 48)
  if (ownLifetimeMillis !== undefined) record.writeDoubleLE(ownLifetimeMillis, headBytes)
  let at = textsAt
  for (const text of texts) {
    at = record.writeUInt32LE(text.length, at)
    record.set(text, at)
    at += text.length
  }
  record.set(value, valueAt)
  record.writeUInt32LE(crc32(record.subarray(4)), 0)
  return record
}

/** A whole record. `value` is a view of the bytes it was read from. */
export interface LmdbRecord {
  readonly entry: Entry<undefined>
  readonly hashedKey: string | undefined
  readonly value: Uint8Array
}

/**
 * Whether another version of the library wrote the bytes: they are whole, and in a format that this version does not
 * read.
 */
export const isOfOtherFormat = (bytes: Uint8Array, size: number): boolean =>
  size > 4 && !isOfThisFormat(bytes[4]) &&
  crc32(bytes.subarray(4, size)) === viewOf(bytes).getUint32(bytes.byteOffset, true)

/** Reads a record; `undefined` when the bytes are not a record. */
export const decodeRecord = (bytes: Uint8Array, size: number): LmdbRecord | undefined => {
  if (size < headBytes || !isOfThisFormat(bytes[4])) return undefined
  const view = viewOf(bytes)
  const start = bytes.byteOffset
  if (crc32(bytes.subarray(4, size)) !== view.getUint32(start, true)) return undefined
  const flags = bytes[5]!
  const tagCount = view.getUint16(start + 6, true)
  const valueAt = view.getUint32(start + 48, true)
  let hashedKey: string | undefined
  let revision: string | undefined
  let tags: ReadonlyArray<string> = noTags
  const hasOwnLife = bytes[4] === formatOwnLife
  const textsAt = headBytes + (hasOwnLife ? ownLifeBytes : 0)
  if (valueAt > textsAt) {
    const texts = readTexts(bytes, view, textsAt, valueAt)
    if (flags & flagKey) hashedKey = texts.shift()
    if (flags & flagRevision) revision = texts.shift()
    if (tagCount > 0) tags = Object.freeze(texts)
  }
  const own = hasOwnLife ? { ownLifetimeMillis: view.getFloat64(start + headBytes, true) } : undefined
  return {
    entry: {
      value: undefined,
      stamp: view.getFloat64(start + 8, true),
      version: view.getFloat64(start + 16, true),
      freshUntil: view.getFloat64(start + 24, true),
      expiresAt: view.getFloat64(start + 32, true),
      costMillis: view.getFloat64(start + 40, true),
      tags,
      revision,
      ...own
    },
    hashedKey,
    value: bytes.subarray(valueAt, size)
  }
}

// Frozen, as every list of tags: entries in memory share it, and callers receive it.
const noTags: ReadonlyArray<string> = Object.freeze([])

const readTexts = (bytes: Uint8Array, view: DataView, start: number, end: number): Array<string> => {
  const texts: Array<string> = []
  for (let at = start; at < end;) {
    const from = at + 4
    at = from + view.getUint32(bytes.byteOffset + at, true)
    texts.push(keyEncoder.readKey(bytes, from, at))
  }
  return texts
}

/** When the entry ends, or `NaN` when these bytes are not a record. Makes no checksum, so the rest may be damaged. */
export const recordExpiresAt = (bytes: Uint8Array, size: number): number =>
  size < headBytes || !isOfThisFormat(bytes[4]) ? Number.NaN : viewOf(bytes).getFloat64(bytes.byteOffset + 32, true)

/** The version of the entry. Call it only after `recordExpiresAt` showed that these bytes are a record. */
export const recordVersion = (bytes: Uint8Array): number => viewOf(bytes).getFloat64(bytes.byteOffset + 16, true)

// The driver reads into one buffer again and again, so the last view nearly always fits.
let lastView: DataView = new DataView(new ArrayBuffer(0))
const viewOf = (bytes: Uint8Array): DataView => {
  if (lastView.buffer !== bytes.buffer) lastView = new DataView(bytes.buffer)
  return lastView
}

/** Makes a small row of the tier's own state: a checksum, then the bytes. */
export const seal = (payload: Uint8Array): Buffer => {
  const row = Buffer.allocUnsafe(4 + payload.length)
  row.set(payload, 4)
  row.writeUInt32LE(crc32(payload), 0)
  return row
}

/** Returns a copy of the bytes in a sealed row, or `undefined` when the row is damaged. */
export const unseal = (row: Uint8Array): Buffer | undefined => {
  if (row.length < 4) return undefined
  const payload = Buffer.from(row.subarray(4))
  return crc32(payload) === (row[0]! | row[1]! << 8 | row[2]! << 16 | row[3]! << 24) >>> 0 ? payload : undefined
}
