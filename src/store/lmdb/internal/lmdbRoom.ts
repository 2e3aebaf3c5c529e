/**
 * Whether a batch fits on the disk, asked before the driver is.
 *
 * The driver must not meet a full disk where that can be known before: as it fails to write a page it overruns a buffer
 * of its own (its message has up to 110 bytes in 100), which ends the process some hundreds of failures later. So the
 * space that is left, and the limit on the size of files, are compared with what a batch may need.
 *
 * What removes needs less than what sets, so that a tier that is full can still forget.
 *
 * Not here: quotas, and a disk that others fill in between. There the commit fails, as before.
 */
import type { RootDatabase } from "lmdb"
import * as Fs from "node:fs"
import type { Batch } from "./lmdbBatch.ts"
import type { Databases } from "./lmdbEnvironment.ts"

// Pages that one write may have copied, in the trees of entries and of their order; and those of each transaction.
const pagesPerOp = 8
const pagesPerBatch = 4

/** Pages that only removals and marks may use. */
const pagesReserved = 16

// What a transaction frees, and what a reader still sees, is not there for the next one.
const shareOfFreePages = 0.5

interface Stats {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
  readonly lastPageNumber: number
  readonly free: Omit<Stats, "free">
}

// The driver does not declare what it returns.
const statsOf = (database: { getStats(): {} }): Stats => database.getStats() as Stats

const pagesOf = ({ overflowPages, treeBranchPageCount, treeLeafPageCount }: Omit<Stats, "free">): number =>
  overflowPages + treeBranchPageCount + treeLeafPageCount

/** The most bytes that this process may give a file. */
const fileBytesMax = (): number => {
  try {
    const soft = /^Max file size\s+(\S+)/m.exec(Fs.readFileSync("/proc/self/limits", "latin1"))?.[1]
    return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Says whether a batch fits. */
export const makeRoom = (
  path: string,
  databases: Databases,
  root: RootDatabase<Buffer, string>
): (batch: Batch) => boolean => {
  const bytesMax = fileBytesMax()
  return (batch) => {
    const { bavail, bsize } = Fs.statfsSync(path)
    const left = bavail * bsize
    const own = pagesPerBatch + (batch.bytes > 0 ? pagesReserved : 0)
    const pages = pagesPerOp * batch.ops.size + batch.marks.kept.size + batch.marks.dropped.size + batch.state.size
    // A record lies on pages of its own, or shares one that is split.
    const bytes = 2 * batch.bytes
    const atMost = bytes + (pages + own) * 65_536
    if (bytesMax === Number.POSITIVE_INFINITY && atMost <= left) return true
    const stats = statsOf(root)
    const trees = [databases.entries, databases.order, databases.marks, databases.state].map(statsOf)
    const treePages = trees.reduce((sum, tree) => sum + pagesOf(tree), 0)
    const needed = bytes + (Math.min(pages, treePages + batch.ops.size) + own) * stats.pageSize
    const growth = Math.min(left, bytesMax - (stats.lastPageNumber + 1) * stats.pageSize)
    if (needed <= growth) return true
    // Pages of other namespaces count as free here: what is wrong then fails in the commit.
    const free = stats.lastPageNumber - treePages - pagesOf(stats) - pagesOf(stats.free)
    return needed <= growth + Math.max(0, free) * shareOfFreePages * stats.pageSize
  }
}
