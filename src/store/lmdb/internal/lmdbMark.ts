/**
 * Marks as rows of LMDB: a stamp and the scope. The row holds the scope because the key hashes a long one.
 */
import { keyEncoder, textBytes } from "../../internal/textBytes.ts"
import type { Mark } from "../../Store.ts"
import type { Databases } from "./lmdbEnvironment.ts"
import { entryKey } from "./lmdbKey.ts"
import { seal, unseal } from "./lmdbRecord.ts"

const markKey = (scope: string): string => entryKey(":", scope)

const markRow = ({ scope, stamp }: Mark): Buffer => {
  const text = textBytes(scope)
  const payload = Buffer.allocUnsafe(8 + text.length)
  payload.writeDoubleLE(stamp, 0)
  payload.set(text, 8)
  return seal(payload)
}

/** Reads a row; `undefined` when it is damaged. */
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

/** Gathered marks: the greatest stamp of each scope, and the stamps of the marks to remove. */
export interface MarkChanges {
  readonly kept: Map<string, number>
  readonly removed: Map<string, number>
}

/** Gathers a mark to keep. */
export const keepMark = ({ removed, kept }: MarkChanges, { scope, stamp }: Mark): void => {
  kept.set(scope, Math.max(stamp, kept.get(scope) ?? stamp))
  removed.delete(scope)
}

/** Gathers a mark to remove, unless a later one of its scope has been gathered. */
export const removeMark = ({ removed, kept }: MarkChanges, { scope, stamp }: Mark): void => {
  const gathered = kept.get(scope)
  if (gathered !== undefined && gathered !== stamp) return
  kept.delete(scope)
  removed.set(scope, stamp)
}

/** A row of a mark to write or to remove. */
export interface MarkStep {
  readonly key: string
  readonly row: Buffer | undefined
}

/** The rows to write for the changes: the greatest stamp of each scope is kept. */
export const planMarks = (databases: Databases, { removed, kept }: MarkChanges): Array<MarkStep> => {
  const steps: Array<MarkStep> = []
  for (const [scope, stamp] of kept) {
    const before = stampOf(databases, scope)
    if (before === undefined || before < stamp) steps.push({ key: markKey(scope), row: markRow({ scope, stamp }) })
  }
  for (const [scope, stamp] of removed) {
    if (stampOf(databases, scope) === stamp) steps.push({ key: markKey(scope), row: undefined })
  }
  return steps
}
