/**
 * The texts and bytes that a ledger keeps in Redis, and how they are read back.
 *
 * `c` is the name of the cache and `p` the log; the braces put all keys of a log into one slot of a cluster.
 *
 * | key | type | content |
 * | --- | --- | --- |
 * | `{c.p}:h` | string | epoch, nonce, witness, head, floor, marks, link, lease, bytes, trimmed, version; by `\|` |
 * | `{c.p}:l` | stream | records, with ids `epoch-stamp` |
 * | `{c.p}:t` | sorted set | names of keys, by the stamp of the last record that names them; and `\0` by the head |
 * | `{c.p}:m` | hash | scopes of marks to stamps; and `\0` to the stamp of the last one |
 * | `{c.p}:b` | string | what a look writes, so that its answer proves that the server may write |
 * | `{c.p}:e:<name>` | string | an entry: its header, its times and texts as JSON, a line feed, and its value |
 * | `{c.p}:w:<name>` | string | a lease: epoch, nonce, number, end, and whether another engine waits |
 *
 * A name is the length of the family's name, the family's name and the key, so two names never meet. Text is written as
 * UTF-8 extended to lone surrogates, because in plain UTF-8 two keys could become the same bytes.
 */
import { Buffer } from "node:buffer"
import { isStrings } from "../../../ownership/shared/validation.ts"
import type { Entry } from "../../Entry.ts"
import type { Drops, Epoch, Header, KeyName, Position } from "../../internal/ledger/ledger.ts"
import type { Heading, LogRecord } from "../../internal/ledger/ledgerPlace.ts"
import { textBytes } from "../../internal/textBytes.ts"

/** The keys of one log. */
export interface LogKeys {
  readonly prefix: string
  /** Head, log, tombstones and marks: each script names all of them. */
  readonly control: ReadonlyArray<string>
  readonly beat: string
}

export const logKeys = (cache: string, log: number): LogKeys => {
  const prefix = `{${cache}.${log}}:`
  return { prefix, control: ["h", "l", "t", "m"].map((name) => prefix + name), beat: `${prefix}b` }
}

export const nameOf = ([family, key]: KeyName): string => `${family.length}:${family}:${key}`

export const entryKey = ({ prefix }: LogKeys, name: string): Buffer => textBytes(`${prefix}e:${name}`)

export const leaseKey = ({ prefix }: LogKeys, name: string): Buffer => textBytes(`${prefix}w:${name}`)

// --- the head ----------------------------------------------------------------------------------

/** Reads what `{c.p}:h` holds; `undefined` if it is not a head. */
export const readHead = (text: string): Heading | undefined => {
  const parts = text.split("|")
  const [number, nonce, , head, floor, marksAt, link, , , , versionMax] = parts.map(Number)
  const numbers = [number, nonce, head, floor, marksAt, link, versionMax]
  if (parts.length !== 11 || numbers.some((part) => !Number.isSafeInteger(part))) return undefined
  const epoch = { number: number!, nonce: nonce! }
  return { epoch, head: head!, floor: floor!, marksAt: marksAt!, link: link!, versionMax: versionMax! }
}

// --- records -----------------------------------------------------------------------------------

type Body = readonly [
  keys: Drops["keys"],
  scopes: Drops["scopes"],
  moved: ReadonlyArray<KeyName>,
  after: readonly [log: number, epoch: number, nonce: number, stamp: number] | 0
]

/** What a record says, beside its place in the log. */
export const writeBody = (
  { keys, scopes }: Drops,
  moved: ReadonlyArray<KeyName>,
  after: LogRecord["after"]
): string => {
  const { epoch, stamp } = after?.position ?? { epoch: undefined, stamp: 0 }
  const cause = after === undefined || epoch === undefined ? 0 : [after.log, epoch.number, epoch.nonce, stamp] as const
  const body: Body = [keys, scopes, moved, cause]
  return JSON.stringify(body)
}

/** The keys of a record that a script puts together, without the brackets of their list. */
export const keysOfBody = (keys: Drops["keys"]): string => JSON.stringify(keys).slice(1, -1)

/** What such a record says after the list of its keys. */
export const restOfBody = (scopes: Drops["scopes"], after: LogRecord["after"]): string =>
  writeBody({ keys: [], scopes }, [], after).slice("[[]".length)

/** A record of a stream: its id, and its fields and values in turn. */
export type StreamRow = readonly [id: Buffer, fields: ReadonlyArray<Buffer>]

/** Reads a record with the epoch that it belongs to. Throws what is not a record. */
export const readRecord = ([id, fields]: StreamRow): { readonly epoch: Epoch; readonly record: LogRecord } => {
  const [number, stamp] = id.toString().split("-").map(Number)
  const values = new Map<string, string>()
  for (let at = 0; at < fields.length; at += 2) values.set(fields[at]!.toString(), fields[at + 1]!.toString())
  const [keys, scopes, moved, after] = JSON.parse(values.get("b")!) as Body
  return {
    epoch: { number: number!, nonce: Number(values.get("n")) },
    record: {
      stamp: stamp!,
      link: Number(values.get("k")),
      tail: Number(values.get("t")),
      writer: Number(values.get("w")),
      drops: { keys, scopes },
      moved,
      after: after === 0
        ? undefined
        : { log: after[0], position: { epoch: { number: after[1], nonce: after[2] }, stamp: after[3] } },
      versionMax: Number(values.get("v"))
    }
  }
}

// --- entries -----------------------------------------------------------------------------------

/** The header of an entry has at most so many bytes. */
export const headerBytesMax = 128

const lineFeed = 0x0a

// JSON has no `Infinity`.
const timeOf = (millis: number): number | null => millis === Infinity ? null : millis
const millisOf = (time: number | null): number => time ?? Infinity

type Texts = readonly [
  freshUntil: number | null,
  expiresAt: number | null,
  costMillis: number,
  tags: ReadonlyArray<string>,
  revision: string | 0,
  ownLifetimeMillis: number | null | 0
]

/** An entry as its bytes. Its header ends before them: the script writes the number of the lease. */
export const writeEntry = (entry: Entry<unknown>, value: Uint8Array): Buffer => {
  const { costMillis, expiresAt, freshUntil, ownLifetimeMillis, revision, tags } = entry
  const texts: Texts = [
    timeOf(freshUntil),
    timeOf(expiresAt),
    costMillis,
    tags,
    revision ?? 0,
    ownLifetimeMillis === undefined ? 0 : timeOf(ownLifetimeMillis)
  ]
  return Buffer.concat([Buffer.from(`${JSON.stringify(texts)}\n`), value])
}

/** What an entry's header says, in the order of its parts. */
export const writePosition = ({ epoch, stamp }: Position): string => `${epoch.number}|${epoch.nonce}|${stamp}`

/** Reads the header of an entry; `undefined` if the bytes are not an entry. */
export const readHeader = (
  bytes: Buffer
): { readonly header: Header; readonly lease: number; readonly length: number } | undefined => {
  const parts = bytes.subarray(0, headerBytesMax).toString("latin1").split("|", 6)
  const [number, nonce, stamp, version, writer, lease] = parts.map(Number)
  if (parts.length !== 6 || [number, nonce, stamp, version, writer, lease].some((part) => Number.isNaN(part))) {
    return undefined
  }
  const length = parts.reduce((sum, part) => sum + part.length + 1, 0)
  const at = { epoch: { number: number!, nonce: nonce! }, stamp: stamp! }
  return { header: { identity: { version: version!, writer: writer! }, at }, lease: lease!, length }
}

const isTime = (part: unknown): boolean => part === null || typeof part === "number"

const textsIn = (written: string): Texts | undefined => {
  try {
    const parts: unknown = JSON.parse(written)
    if (!Array.isArray(parts) || parts.length !== 6) return undefined
    const [freshUntil, expiresAt, costMillis, tags, revision, ownLifetimeMillis] = parts as ReadonlyArray<unknown>
    const isWhole = isTime(freshUntil) && isTime(expiresAt) && typeof costMillis === "number" && isStrings(tags) &&
      (revision === 0 || typeof revision === "string") && isTime(ownLifetimeMillis)
    return isWhole ? parts as unknown as Texts : undefined
  } catch {
    return undefined
  }
}

/** Reads what follows the header; `undefined` if the bytes are not an entry, such as one that was cut. */
export const readEntry = (
  bytes: Buffer,
  start: number,
  version: number
): { readonly entry: Entry<undefined>; readonly value: Uint8Array } | undefined => {
  const end = bytes.indexOf(lineFeed, start)
  const texts = end < 0 ? undefined : textsIn(bytes.subarray(start, end).toString())
  if (texts === undefined) return undefined
  const [freshUntil, expiresAt, costMillis, tags, revision, ownLifetimeMillis] = texts
  return {
    entry: {
      value: undefined,
      stamp: 0,
      version,
      freshUntil: millisOf(freshUntil),
      expiresAt: millisOf(expiresAt),
      costMillis,
      tags: Object.freeze([...tags]),
      revision: revision === 0 ? undefined : revision,
      ...(ownLifetimeMillis === 0 ? undefined : { ownLifetimeMillis: millisOf(ownLifetimeMillis) })
    },
    value: bytes.subarray(end + 1)
  }
}
