/**
 * The rows of a namespace's state: the ceilings of stamps and versions, the next family number, families by name,
 * numbers of cleared families, and a row that upkeep writes when it has nothing else to write.
 */
import { keyEncoder, textBytes } from "../../internal/textBytes.ts"
import { entryKey } from "./lmdbKey.ts"
import { seal } from "./lmdbRecord.ts"

/** Stamps or versions that a restart may skip; one row is written for each step. */
export const ceilingStep = 65_536

/** The keys of all rows lie between these two. */
export const stateStart = "a"
export const stateEnd = "{"

export const ceilingKey = "stampMax"
export const versionKey = "versionMax"
export const numberKey = "numberNext"
export const upkeepKey = "upkeep"
export const deadPrefix = "dead:"
const familyPrefix = "family:"

export const familyKey = (name: string): string => entryKey(familyPrefix, name)

export const familyRow = (id: string, name: string): Buffer => seal(textBytes(`${id} ${name}`))

/** The row of a cleared family's number. */
export const deadRow = (id: string): Buffer => seal(textBytes(id))

/** The number at the beginning of the row of a family, or of a cleared family. */
export const idOf = (payload: Buffer): string => keyEncoder.readKey(payload, 0, payload.length).split(" ", 1)[0]!

export const numberRow = (n: number): Buffer => {
  const payload = Buffer.allocUnsafe(8)
  payload.writeDoubleLE(n, 0)
  return seal(payload)
}

export const numberOf = (payload: Buffer): number => payload.readDoubleLE(0)

export const upkeepRow = (): Buffer => seal(textBytes(""))
