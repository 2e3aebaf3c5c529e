/**
 * Marks as rows of LMDB: a stamp and the scope, since a long scope is hashed in the key.
 */
import type { Mark } from "../Store.ts"
import type { Databases } from "./lmdbEnvironment.ts"
import { entryKey, keyEncoder, textBytes } from "./lmdbKey.ts"
import { seal, unseal } from "./lmdbRecord.ts"

const markKey = (scope: string): string => entryKey(":", scope)

const markRow = ({ scope, stamp }: Mark): Buffer => {
  const text = textBytes(scope)
  const payload = Buffer.allocUnsafe(8 + text.length)
  payload.writeDoubleLE(stamp, 0)
  payload.set(text, 8)
  return seal(payload)
}

/** What a row says; `undefined` when it is damaged. */
export const parseMark = (row: Uint8Array): Mark | undefined => {
  const payload = unseal(row)
  return payload === undefined || payload.length < 8
    ? undefined
    : { stamp: payload.readDoubleLE(0), scope: keyEncoder.readKey(payload, 8, payload.length) }
}

const stampOf = ({ marks }: Databases, scope: string): number | undefined => {
  const row = marks.getBinary(markKey(scope))
  return row === undefined ? undefined : parseMark(row)?.stamp
}

/** Keeps the greater stamp. Within a write transaction. */
export const keepMark = (databases: Databases, mark: Mark): void => {
  const before = stampOf(databases, mark.scope)
  if (before === undefined || before < mark.stamp) void databases.marks.put(markKey(mark.scope), markRow(mark))
}

/** Drops a mark whose stamp is still the given one. Within a write transaction. */
export const dropMark = (databases: Databases, { scope, stamp }: Mark): void => {
  if (stampOf(databases, scope) === stamp) void databases.marks.remove(markKey(scope))
}
