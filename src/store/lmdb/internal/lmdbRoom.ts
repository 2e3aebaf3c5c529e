/**
 * Measures how much a transaction may write: until the disk is full, and until the file has reached its bound.
 *
 * - The driver must not meet a full disk if that is known before. When it fails to write a page, it overruns a buffer
 *   of its own (its message has up to 110 bytes in 100), which ends the process some hundreds of failures later. So the
 *   free space, and the limit on the size of files, are compared with the need of a transaction.
 * - A transaction that only removes, or records marks, needs less than one that sets, so that a full tier can do both.
 * - LMDB writes each changed page to another place, and its file never shrinks. A page that a transaction frees can be
 *   used when the next one was flushed, and no reader sees the state before. So a file that holds `bytesMax` needs more
 *   than that to change: `slackBytes`. What does not fit in there waits until pages can be used again.
 *
 * Not here: what makes room (`lmdbWrites.ts`); quotas, and a disk that other programs fill in between: there the commit
 * fails. Pages of namespaces that only other processes have open count as free here.
 */
import type { RootDatabase } from "lmdb"
import * as Fs from "node:fs"
import { type Plan, rowBytes } from "./lmdbBatch.ts"
import type { Databases, Opened } from "./lmdbEnvironment.ts"

// The pages that one row may copy, in the trees of entries and of their order; those that a mark may copy and fill; and
// those of each transaction.
const pagesPerRow = 4
const pagesPerMark = 2
const pagesPerCommit = 4

/** How many entries share a page of a tree at least, unless their keys are very long. */
const entriesPerPage = 4

/** Pages that only removals and marks may use: of the disk, and under the bound. */
const pagesReserved = 16
const pagesUnderBound = 64

/** Large values need pages side by side, so not all free pages serve them. */
const shareOfFreePages = 0.5

/** The largest page of LMDB. */
const pageBytesMax = 65_536

const slackMin = 4 * 1_048_576
const slackMax = 64 * 1_048_576

/** By how much the file may grow beyond `bytesMax`: half of that, between 4 and 64 MiB. */
export const slackBytes = (bytesMax: number): number => Math.min(slackMax, Math.max(slackMin, bytesMax / 2))

/** States of the file that are remembered, until their free pages can be used. */
const statesMax = 64

interface Stats {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
  readonly lastPageNumber: number
  readonly lastTxnId: number
  readonly free: Omit<Stats, "free">
}

// The driver does not declare what it returns.
const statsOf = (database: { getStats(): {} }): Stats => database.getStats() as Stats

const nodePagesOf = ({ treeBranchPageCount, treeLeafPageCount }: Omit<Stats, "free">): number =>
  treeBranchPageCount + treeLeafPageCount

const pagesOf = (stats: Omit<Stats, "free">): number => stats.overflowPages + nodePagesOf(stats)

/** The largest size that this process may give a file, in bytes. */
const fileBytesMax = (): number => {
  try {
    const soft = /^Max file size\s+(\S+)/m.exec(Fs.readFileSync("/proc/self/limits", "latin1"))?.[1]
    return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** The databases of all namespaces that were opened in a file, by name. */
const opened = new WeakMap<RootDatabase<Buffer, string>, Map<string, Databases>>()

/** The pages that a transaction may take. */
interface Space {
  /** Pages of the trees of the namespace, without those of large values. */
  readonly nodePages: number
  /** New pages, until the disk, or the limit on files, is reached. */
  readonly disk: number
  /** New pages, until the file has reached its bound. */
  readonly bound: number
  /** Free pages that can be used. */
  readonly reusable: number
  /** All free pages. */
  readonly free: number
}

/** A state of the file: how many pages were free in it, and how many may have been taken since. */
interface State {
  readonly transaction: number
  readonly free: number
  taken: number
}

/** What a transaction lacks: space on the disk, or room in the file under its bound. */
export type Lack = "disk" | "bound"

export class Room {
  readonly pageSize: number
  readonly #path: string
  readonly #root: RootDatabase<Buffer, string>
  readonly #databases: Databases
  readonly #opened: Map<string, Databases>
  readonly #bytesMax: number
  readonly #fileBytesMax = fileBytesMax()
  /** From the oldest one; only in the first one all free pages can be used. */
  #states: Array<State>
  #flushed = 0
  #held: number | undefined
  // Whether the last transaction was compared with the pages of the file.
  #isMeasured = false
  // The bytes that are left on the disk, as they were when the last batch began.
  #left: number | undefined
  #fault: Error | undefined

  constructor({ databases, namespace, path, root }: Opened, bytesMax: number) {
    this.#path = path
    this.#root = root
    this.#databases = databases
    this.#bytesMax = bytesMax
    this.#opened = opened.get(root) ?? new Map()
    opened.set(root, this.#opened.set(namespace, databases))
    const { all, free } = this.#trees()
    this.pageSize = all.pageSize
    this.#states = [{ transaction: all.lastTxnId, free, taken: 0 }]
  }

  /** What a transaction lacks, if anything. */
  lackOf(plan: Plan, stateRows: number): Lack | undefined {
    const left = this.#measureDisk()
    const beside = pagesPerMark * plan.marks.length + pagesPerCommit + stateRows + pagesReserved
    const pages = pagesPerRow * plan.steps.length + beside
    const atMost = plan.bytes + bytesOfMarks(plan) + pages * pageBytesMax
    this.#isMeasured = this.#bytesMax !== Number.POSITIVE_INFINITY || !this.#fits(atMost, left)
    if (!this.#isMeasured) return undefined
    const space = this.#measure(left)
    const needed = this.#neededBy(plan, stateRows, space)
    const { bound, disk, reusable } = space
    if (plan.bytes === 0) return needed > disk + reusable ? "disk" : undefined
    if (needed + pagesReserved > disk + reusable * shareOfFreePages) return "disk"
    return needed > bound + reusable ? "bound" : undefined
  }

  /** Whether a transaction lacks nothing any more once all free pages can be used. */
  willFit(plan: Plan, stateRows: number, lack: Lack): boolean {
    const space = this.#measure(this.#measureDisk())
    return this.#neededBy(plan, stateRows, space) <= space[lack] + space.free
  }

  /** The bytes that a transaction has to leave out, so that the file keeps its bound. */
  excessOf(plan: Plan, stateRows: number): number {
    const space = this.#measure(this.#measureDisk())
    return Math.max(0, this.#neededBy(plan, stateRows, space) - space.bound - space.reusable) * this.pageSize
  }

  #neededBy(plan: Plan, stateRows: number, { nodePages }: Space): number {
    const written = Math.ceil((plan.bytes + bytesOfMarks(plan)) / this.pageSize)
    const copied = pagesPerRow * plan.steps.length + pagesPerMark * plan.marks.length
    return written + Math.min(copied, nodePages) + pagesPerCommit + stateRows
  }

  /** Whether the disk has room for so many entries, and some pages beside them. */
  hasRoom(entries: number, bytes: number, pagesBeside: number): boolean {
    // Under a bound, the rest is evicted before it is written.
    const atMost = Math.min(bytes, this.#bytesMax)
    const beside = entries + pagesPerCommit + pagesReserved + pagesBeside
    this.#left ??= this.#measureDisk()
    if (this.#fits(atMost + (pagesPerRow * entries + beside) * pageBytesMax, this.#left)) return true
    const { disk, nodePages, reusable } = this.#measure(this.#left = this.#measureDisk())
    const nodes = nodePages + Math.ceil(entries / entriesPerPage)
    return Math.ceil(atMost / this.pageSize) + Math.min(pagesPerRow * entries, nodes) + beside <=
      disk + reusable * shareOfFreePages
  }

  /** The number of entries that one transaction can evict on a full disk. */
  get evictionsMax(): number {
    const { disk, nodePages, reusable } = this.#measure(this.#measureDisk())
    const pages = disk + reusable - pagesPerCommit - 1
    return pages >= nodePages ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor(pages / pagesPerRow))
  }

  /** Takes note that free pages do not become usable, because a reader sees an old state. */
  hold(): void {
    const oldest = oldestReader(this.#root)
    this.#held = oldest < this.#states.at(-1)!.transaction ? oldest : undefined
  }

  /** Whether the reader is still there that holds free pages. */
  get isHeld(): boolean {
    return this.#held !== undefined && oldestReader(this.#root) === this.#held
  }

  /** Whether some free pages cannot be used yet. */
  get isWaiting(): boolean {
    this.#countReusable()
    return this.#states.length > 1
  }

  /** Takes note of a transaction that has landed, and returns its number. */
  landed(plan: Plan): number {
    const copied = pagesPerRow * plan.steps.length + pagesPerMark * plan.marks.length + pagesPerCommit
    const taken = Math.ceil((plan.bytes + bytesOfMarks(plan)) / this.pageSize) + copied
    for (const state of this.#states) state.taken += taken
    // Where there is room in abundance, it is not known which pages become free.
    if (!this.#isMeasured) return 0
    const { all, free } = this.#trees()
    this.#states.push({ transaction: all.lastTxnId, free, taken: 0 })
    if (this.#states.length > statesMax) this.#states.splice(1, 1)
    return all.lastTxnId
  }

  /** Takes note that a transaction was flushed. */
  flushed(transaction: number): void {
    this.#flushed = Math.max(this.#flushed, transaction)
  }

  /** The disk is measured again for the next batch. */
  forget(): void {
    this.#left = undefined
  }

  /** Why the disk could not be measured; `undefined` if it could. Then it counts as full. */
  get fault(): Error | undefined {
    return this.#fault
  }

  #measureDisk(): number {
    try {
      const { bavail, bsize } = Fs.statfsSync(this.#path)
      this.#fault = undefined
      return bavail * bsize
    } catch (cause) {
      this.#fault = cause instanceof Error ? cause : new Error(String(cause))
      return 0
    }
  }

  #fits(bytes: number, left: number): boolean {
    return this.#fileBytesMax === Number.POSITIVE_INFINITY && bytes <= left
  }

  #measure(left: number): Space {
    const { pageSize } = this
    const { all, free, own } = this.#trees()
    const reusable = this.#countReusable()
    const pageCount = all.lastPageNumber + 1
    const growth = Math.min(left, this.#fileBytesMax - pageCount * pageSize) / pageSize
    const others = pageCount - free - own.reduce((sum, tree) => sum + pagesOf(tree), 0)
    const most = others + (this.#bytesMax + slackBytes(this.#bytesMax)) / pageSize
    return {
      nodePages: own.reduce((sum, tree) => sum + nodePagesOf(tree), 0),
      disk: Math.max(0, growth),
      bound: Math.max(0, most - pagesUnderBound - pageCount),
      reusable,
      free
    }
  }

  #trees(): { readonly all: Stats; readonly own: ReadonlyArray<Stats>; readonly free: number } {
    const all = statsOf(this.#root)
    const own = treesOf(this.#databases).map(statsOf)
    const others = Array.from(this.#opened.values()).filter((databases) => databases !== this.#databases)
    const trees = [all, all.free, ...own, ...others.flatMap(treesOf).map(statsOf)]
    const used = trees.reduce((sum, tree) => sum + pagesOf(tree), 0)
    return { all, own, free: Math.max(0, all.lastPageNumber - 1 - used) }
  }

  /** The free pages that the next transaction can use, at least. */
  #countReusable(): number {
    const oldest = Math.min(this.#flushed, oldestReader(this.#root))
    while (this.#states.length > 1 && this.#states[1]!.transaction < oldest) this.#states.shift()
    const { free, taken, transaction } = this.#states[0]!
    return transaction < oldest ? Math.max(0, free - taken) : 0
  }
}

// The pages of small rows may be half full after a split.
const bytesOfMarks = ({ marks }: Plan): number =>
  marks.reduce((sum, { key, row }) => sum + (row === undefined ? 0 : 2 * (key.length + row.length + rowBytes)), 0)

const treesOf = ({ entries, marks, order, state }: Databases) => [entries, order, marks, state]

// The driver answers lines of three columns: process, thread, and the transaction that the reader sees, if any.
const oldestReader = (root: RootDatabase<Buffer, string>): number => {
  const seen = root.readerList().matchAll(/(\d+)\s*$/gm)
  return Array.from(seen, ([, transaction]) => Number(transaction)).reduce((a, b) => Math.min(a, b), Infinity)
}
