/**
 * Checks a data file before the driver opens it. The driver trusts its pages, and some damage would end the process.
 *
 * The first two pages are checked at each start. The others are checked if pages are missing at the end, or if the last
 * holder did not end by itself: perhaps the driver met a damaged page.
 */
import * as Fs from "node:fs"
import { faultIn, noRoot } from "./lmdbPages.ts"

// The positions of the checked fields in LMDB's data format 2, within each of the first two pages.
const metaBytes = 160
const flagsAt = 18
const flagsOfMeta = 8
const magicAt = 24
const magic = 0xbe_ef_c0_de
const versionAt = 28
const version = 2
const pageSizeAt = 48
const freeFlagsAt = 52
const rootsAt = [88, 136]
const pageLastAt = 144
const transactionAt = 152

/** Twice the largest page: a file that was only just created is not longer. */
const newBytesMax = 131_072

// The first page of a new file, without the fields that vary: version, sizes, flags.
const newMeta = Buffer.alloc(metaBytes)
newMeta[18] = 8
newMeta.writeUInt32LE(magic, magicAt)
newMeta.fill(0xff, 88, 96).fill(0xff, 136, 144)
newMeta[pageLastAt] = 1

const isNewMeta = (byte: number, at: number): boolean => byte === newMeta[at] || at >= 28 && at < 56

/** Flags that the list of free pages never has: kinds of keys and values, and encryption. */
const freeFlagsNever = 0x2076

/** Whether the file lacks its first two pages, because its first opening was killed or the machine lost power. */
export const isHollow = (file: string): boolean => {
  if (Fs.statSync(file).size > newBytesMax) return false
  const bytes = Fs.readFileSync(file)
  if (bytes.every((byte) => byte === 0)) return true
  if (!bytes.subarray(0, metaBytes).every(isNewMeta)) return false
  const pageSize = bytes.length < metaBytes ? newBytesMax : bytes.readUInt32LE(pageSizeAt)
  const second = bytes.subarray(pageSize, 2 * pageSize)
  return second.length < pageSize || bytes.length === 2 * pageSize && second.every((byte) => byte === 0)
}

/** How many pages of a whole file are looked at after an unclean end: 1 GiB of pages of 4 KiB, in about a second. */
const examinedPagesMax = 262_144

const faultOf = (file: string, examines: boolean): string | undefined => {
  if (!Fs.existsSync(file) || isHollow(file)) return undefined
  const handle = Fs.openSync(file, "r")
  try {
    const first = Buffer.alloc(metaBytes)
    const read = Fs.readSync(handle, first, 0, metaBytes, 0)
    const pageSize = first.readUInt32LE(pageSizeAt)
    if (read < metaBytes || first.readUInt32LE(magicAt) !== magic || pageSize < 512 || pageSize > 65_536) {
      return "data.mdb is not an LMDB file"
    }
    const second = Buffer.alloc(metaBytes)
    if (Fs.readSync(handle, second, 0, metaBytes, pageSize) < metaBytes || second.readUInt32LE(magicAt) !== magic) {
      return "data.mdb has lost its second page"
    }
    // The last flushed state, which is read after a loss of power, lies in the middle of the first page.
    const flushed = Buffer.alloc(metaBytes)
    Fs.readSync(handle, flushed, 0, metaBytes, pageSize / 2)
    const sizes = [flushed.readUInt32LE(pageSizeAt) || pageSize, second.readUInt32LE(pageSizeAt)]
    const fault = metaFault(first) ?? metaFault(second)
    if (fault !== undefined) return fault
    if (sizes.some((size) => size !== pageSize)) return damaged
    const latest = first.readBigUInt64LE(transactionAt) > second.readBigUInt64LE(transactionAt) ? first : second
    const size = Fs.fstatSync(handle).size
    const isShort = BigInt(size) < (latest.readBigUInt64LE(pageLastAt) + 1n) * BigInt(pageSize)
    if (!isShort && !examines) return undefined
    const roots = rootsAt.map((at) => latest.readBigUInt64LE(at))
    const visitsMax = isShort ? Infinity : examinedPagesMax
    const transaction = latest.readBigUInt64LE(transactionAt)
    const found = faultIn(handle, pageSize, Math.floor(size / pageSize), roots, transaction, visitsMax)
    if (found === undefined) return undefined
    return found === "missing" ? `data.mdb was cut to ${size} bytes` : "data.mdb is damaged in a page that is in use"
  } finally {
    Fs.closeSync(handle)
  }
}

const damaged = "data.mdb is damaged in its first two pages"

/** Describes the damage of one of the first two pages. */
const metaFault = (meta: Buffer): string | undefined => {
  const found = meta.readUInt32LE(versionAt)
  if (found !== version) return `data.mdb has LMDB data format ${found}, but this version reads ${version}`
  const last = meta.readBigUInt64LE(pageLastAt)
  const isWhole = meta.readUInt16LE(flagsAt) === flagsOfMeta &&
    (meta.readUInt16LE(freeFlagsAt) & freeFlagsNever) === 0 &&
    rootsAt.every((at) => isRoot(meta.readBigUInt64LE(at), last))
  return isWhole ? undefined : damaged
}

const isRoot = (page: bigint, last: bigint): boolean => page === noRoot || page > 1n && page <= last

/**
 * Describes the damage of a data file, if any. LMDB maps the file unchecked, and a missing page ends the process; so
 * does every failure of the driver to open a file.
 */
export const dataFault = (file: string): string | undefined =>
  // The holder of the folder may write these pages while they are read, so only a repeated fault counts.
  faultOf(file, false) && faultOf(file, false) && faultOf(file, false)

/** As `dataFault`, and looks at the pages in use. No other process may have the file open. */
export const pageFault = (file: string): string | undefined => faultOf(file, true)
