/**
 * Checks whether a batch fits on the disk, before the driver writes it.
 *
 * The driver must not meet a full disk if that is known before. When it fails to write a page, it overruns a buffer of
 * its own (its message has up to 110 bytes in 100), which ends the process some hundreds of failures later. So the free
 * space, and the limit on the size of files, are compared with the need of a batch.
 *
 * A batch that only removes needs less than one that sets, so that a full tier can still remove.
 *
 * Not here: quotas, and a disk that other programs fill in between. In these cases the commit fails.
 */
import type { RootDatabase } from "lmdb"
import * as Fs from "node:fs"
import type { Batch } from "./lmdbBatch.ts"
import type { Databases } from "./lmdbEnvironment.ts"

// The pages that one write may copy, in the trees of entries and of their order; and those of each transaction.
const pagesPerOp = 8
const pagesPerBatch = 4

/** Pages that only removals and marks may use. */
const pagesReserved = 16

// The next transaction cannot use pages that this one frees, nor pages that a reader still sees.
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

/** The largest size that this process may give a file, in bytes. */
const fileBytesMax = (): number => {
  try {
    const soft = /^Max file size\s+(\S+)/m.exec(Fs.readFileSync("/proc/self/limits", "latin1"))?.[1]
    return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Whether a batch fits. */
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
    // A record has its own pages, or shares a page that is split.
    const bytes = 2 * batch.bytes
    const atMost = bytes + (pages + own) * 65_536
    if (bytesMax === Number.POSITIVE_INFINITY && atMost <= left) return true
    const stats = statsOf(root)
    const trees = [databases.entries, databases.order, databases.marks, databases.state].map(statsOf)
    const treePages = trees.reduce((sum, tree) => sum + pagesOf(tree), 0)
    const needed = bytes + (Math.min(pages, treePages + batch.ops.size) + own) * stats.pageSize
    const growth = Math.min(left, bytesMax - (stats.lastPageNumber + 1) * stats.pageSize)
    if (needed <= growth) return true
    // Pages of other namespaces count as free here; if that is wrong, the commit fails.
    const free = stats.lastPageNumber - treePages - pagesOf(stats) - pagesOf(stats.free)
    return needed <= growth + Math.max(0, free) * shareOfFreePages * stats.pageSize
  }
}
