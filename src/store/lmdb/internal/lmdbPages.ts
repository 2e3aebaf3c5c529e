/**
 * Looks for damage in the pages of a data file that are in use: those that the trees lead to.
 *
 * - A file may be shorter than its last page says, and whole: pages at its end that were freed by the transaction that
 *   took them were never written. It was cut only if a page that is in use is missing.
 * - A page is damaged if it does not have its own number, or is not a page of a tree at its depth, or names what is not
 *   there. A process that reads such a page ends by a signal of the driver.
 *
 * LMDB's data format 2: a page begins with a header of 24 bytes, its number first, then the offsets of its nodes. A
 * tree has branch pages, which name other pages, and leaf pages, all at one depth, whose values may lie in overflow
 * pages or be trees themselves.
 *
 * Not here: damage inside a value. Each record has a checksum (`lmdbRecord`).
 */
import * as Fs from "node:fs"

const headerBytes = 24
const writtenAt = 8
const flagsAt = 18
const lowerAt = 20
const upperAt = 22
const branch = 0x01
const leaf = 0x02
const overflow = 0x04
const fixed = 0x20

const nodeHeaderBytes = 8
const overflowing = 0x01
const isTree = 0x02

/** Where the record of a tree names its root, and where a node of a large value names the number of its pages. */
const rootAt = 40
const overflowPagesAt = 16

/** Where a tree without entries has its root. */
export const noRoot = 0xff_ff_ff_ff_ff_ff_ff_ffn

/** A tree while it is looked at; the first leaf page tells the depth of all. */
interface Tree {
  leafDepth: number | undefined
}

/** Pages to look at: one of a tree, or those of a large value. */
interface Open {
  readonly page: bigint
  readonly pages: bigint
  readonly tree: Tree | undefined
  readonly depth: number
}

/** What is wrong with a page: it lies beyond the end of the file, or it is not the page that belongs there. */
export type PageFault = "missing" | "damaged"

/**
 * What is wrong in a file of `pageCount` whole pages with the pages that these roots lead to; `undefined` if nothing
 * is, or nothing with the first `visitsMax` pages. It reads each of them once, and of large values the first page; a
 * file whose pages lead around in circles is damaged.
 */
export const faultIn = (
  handle: number,
  pageSize: number,
  pageCount: number,
  roots: ReadonlyArray<bigint>,
  transaction: bigint,
  visitsMax: number
): PageFault | undefined => {
  const bytes = Buffer.alloc(pageSize)
  const open: Array<Open> = roots.filter((root) => root !== noRoot).map(rootOf)
  for (let visits = 0; open.length > 0 && visits < visitsMax; visits++) {
    const next = open.pop()!
    if (next.page + next.pages > BigInt(pageCount)) return "missing"
    if (visits >= pageCount) return "damaged"
    if (Fs.readSync(handle, bytes, 0, pageSize, Number(next.page) * pageSize) < pageSize) return "missing"
    // The driver takes a page of a later transaction for one that it has copied already.
    if (bytes.readBigUInt64LE(0) !== next.page || bytes.readBigUInt64LE(writtenAt) > transaction) return "damaged"
    if (!follow(bytes, next, open)) return "damaged"
  }
  return undefined
}

const rootOf = (page: bigint): Open => ({ page, pages: 1n, tree: { leafDepth: undefined }, depth: 0 })

/** Adds the pages that a page leads to; false if it does not belong there. */
const follow = (bytes: Buffer, { depth, pages, tree }: Open, open: Array<Open>): boolean => {
  const kind = bytes.readUInt16LE(flagsAt)
  if (tree === undefined) return kind === overflow && BigInt(bytes.readUInt32LE(lowerAt)) === pages
  if (kind === branch) {
    if (tree.leafDepth !== undefined && depth >= tree.leafDepth) return false
  } else if (kind === leaf || kind === (leaf | fixed)) {
    tree.leafDepth ??= depth
    if (depth !== tree.leafDepth) return false
    if (kind === (leaf | fixed)) return true
  } else return false
  const lower = bytes.readUInt16LE(lowerAt)
  const upper = bytes.readUInt16LE(upperAt)
  if (lower > upper || headerBytes + upper > bytes.length) return false
  const count = lower >> 1
  for (let i = 0; i < count; i++) {
    const offset = bytes.readUInt16LE(headerBytes + 2 * i)
    const at = offset + headerBytes
    if (offset < upper || at + nodeHeaderBytes > bytes.length) return false
    const flags = bytes.readUInt16LE(at + 4)
    const value = at + nodeHeaderBytes + bytes.readUInt16LE(at + 6)
    if (value > bytes.length) return false
    if (kind === branch) {
      const page = BigInt(bytes.readUInt32LE(at)) + (BigInt(flags) << 32n)
      open.push({ page, pages: 1n, tree, depth: depth + 1 })
    } else if ((flags & overflowing) !== 0) {
      if (value + overflowPagesAt + 8 > bytes.length) return false
      const page = bytes.readBigUInt64LE(value)
      open.push({ page, pages: bytes.readBigUInt64LE(value + overflowPagesAt), tree: undefined, depth: 0 })
    } else if ((flags & isTree) !== 0) {
      if (value + rootAt + 8 > bytes.length) return false
      const root = bytes.readBigUInt64LE(value + rootAt)
      if (root !== noRoot) open.push(rootOf(root))
    } else if (value + bytes.readUInt32LE(at) > bytes.length) return false
  }
  return true
}
