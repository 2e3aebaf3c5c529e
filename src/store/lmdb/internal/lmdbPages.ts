/**
 * Finds the pages of a data file that are in use: those that the trees lead to.
 *
 * A file may be shorter than its last page says, and whole: pages at its end that were freed by the transaction that
 * took them were never written. It was cut only if a page that is in use is missing. A process that reads such a page
 * ends.
 *
 * LMDB's data format 2: a page begins with a header of 24 bytes, then the offsets of its nodes. A tree has branch
 * pages, which name other pages, and leaf pages, whose values may lie in overflow pages or be trees themselves.
 */
import * as Fs from "node:fs"

const headerBytes = 24
const flagsAt = 18
const lowerAt = 20
const branch = 0x01
const leaf = 0x02
const fixed = 0x20

const nodeHeaderBytes = 8
const overflowing = 0x01
const isTree = 0x02

/** Where the record of a tree names its root, and where a node of a large value names the number of its pages. */
const rootAt = 40
const overflowPagesAt = 16

/** Where a tree without entries has its root. */
export const noRoot = 0xff_ff_ff_ff_ff_ff_ff_ffn

/**
 * Whether a file of `pageCount` whole pages has all pages that these roots lead to. It reads each of them once, but for
 * those of large values; a file whose pages lead around in circles is not whole.
 */
export const areWithin = (
  handle: number,
  pageSize: number,
  pageCount: number,
  roots: ReadonlyArray<bigint>
): boolean => {
  const page = Buffer.alloc(pageSize)
  const open = roots.filter((root) => root !== noRoot)
  for (let visits = 0; open.length > 0; visits++) {
    const at = open.pop()!
    if (at >= BigInt(pageCount) || visits >= pageCount) return false
    if (Fs.readSync(handle, page, 0, pageSize, Number(at) * pageSize) < pageSize) return false
    if (!follow(page, BigInt(pageCount), open)) return false
  }
  return true
}

/** Adds the pages that a page leads to; false if a page does not belong to a tree, or names pages beyond the end. */
const follow = (page: Buffer, pageCount: bigint, open: Array<bigint>): boolean => {
  const kind = page.readUInt16LE(flagsAt) & (branch | leaf | fixed)
  if (kind === (leaf | fixed)) return true
  if (kind !== branch && kind !== leaf) return false
  const count = page.readUInt16LE(lowerAt) >> 1
  if (headerBytes + 2 * count > page.length) return false
  for (let i = 0; i < count; i++) {
    const at = page.readUInt16LE(headerBytes + 2 * i) + headerBytes
    if (at + nodeHeaderBytes > page.length) return false
    const flags = page.readUInt16LE(at + 4)
    if (kind === branch) {
      open.push(BigInt(page.readUInt32LE(at)) + (BigInt(flags) << 32n))
      continue
    }
    const value = at + nodeHeaderBytes + page.readUInt16LE(at + 6)
    if ((flags & overflowing) !== 0) {
      if (value + overflowPagesAt + 8 > page.length) return false
      if (page.readBigUInt64LE(value) + page.readBigUInt64LE(value + overflowPagesAt) > pageCount) return false
    } else if ((flags & isTree) !== 0) {
      if (value + rootAt + 8 > page.length) return false
      const root = page.readBigUInt64LE(value + rootAt)
      if (root !== noRoot) open.push(root)
    }
  }
  return true
}
