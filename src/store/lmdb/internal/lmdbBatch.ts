/**
 * Writes that go to LMDB in one transaction, and their effect on the stored rows.
 *
 * A batch is planned on the thread, by reading the rows that it replaces, and then handed to the driver's own thread as
 * plain puts and removes. Only one batch at a time is between plan and commit, so the rows that were read are
 * unchanged.
 *
 * Entries are evicted by rank: first entries that are due, then by due time, then the oldest of the entries that are
 * never due. A row of the order index counts only while it fits its record.
 */
import * as Deferred from "effect/Deferred"
import type { RootDatabase } from "lmdb"
import type { Databases } from "./lmdbEnvironment.ts"
import { parseRank, rankKey } from "./lmdbKey.ts"
import { type MarkChanges, type MarkStep, planMarks } from "./lmdbMark.ts"
import { recordExpiresAt, recordVersion } from "./lmdbRecord.ts"

/** The reason why upkeep removed an entry. */
export type Departure = "Evicted" | "Expired"

/** One write of one entry. */
export type Op =
  | { readonly kind: "put"; readonly record: Buffer }
  | { readonly kind: "remove" }
  /** Removes this row of the order index, and the record if it still has this rank. */
  | { readonly kind: "leave"; readonly rank: Buffer; readonly cause: Departure }

/** Gathered writes, the last one of each key. */
export interface Batch {
  readonly ops: Map<string, Op>
  /** Rows of state; `undefined` removes a row. */
  readonly state: Map<string, Buffer | undefined>
  readonly marks: MarkChanges
  bytes: number
  readonly committed: Deferred.Deferred<void, unknown>
  readonly flushed: Deferred.Deferred<void, unknown>
}

export const makeBatch = (): Batch => ({
  ops: new Map(),
  state: new Map(),
  marks: { kept: new Map(), removed: new Map() },
  bytes: 0,
  committed: Deferred.makeUnsafe(),
  flushed: Deferred.makeUnsafe()
})

export const isEmpty = ({ marks, ops, state }: Batch): boolean =>
  ops.size + state.size + marks.kept.size + marks.removed.size === 0

/** The bounds of a namespace. */
export interface Bounds {
  readonly entriesMax: number
  readonly bytesMax: number
}

/** An entry that upkeep removes, and its last bytes. */
export interface Departed {
  readonly entryKey: string
  readonly record: Buffer
  readonly cause: Departure
}

/** What a transaction does with one row of the entries, and with its row in the order index. */
interface Step {
  readonly entryKey: string
  readonly record: Buffer | undefined
  readonly rank: Buffer | undefined
  readonly exists: boolean
  readonly rankBefore: Buffer | undefined
  /** Whether the batch does not ask for it: the entry is evicted to make room. */
  readonly isEviction: boolean
}

/** The steps of a batch, row by row. */
export interface Plan {
  steps: Array<Step>
  readonly marks: ReadonlyArray<MarkStep>
  departed: Array<Departed>
  /** The number of entries by which the namespace grows. */
  growth: number
  /** The most bytes of pages that its records take. */
  bytes: number
  /** The least bytes of pages that become free of the records which it removes or replaces. */
  freed: number
}

/** A plan without steps. */
export const emptyPlan = (marks: ReadonlyArray<MarkStep>): Plan => ({
  steps: [],
  marks,
  departed: [],
  growth: 0,
  bytes: 0,
  freed: 0
})

/** Says whether a listener needs the entry when it is evicted. */
export type Listens = (entryKey: string) => boolean

/** Evictions of one transaction beyond those that make room for its own entries. */
const backlogEvictionsMax = 1_000

/** Plans a batch. */
export const planBatch = (
  databases: Databases,
  batch: Batch,
  bounds: Bounds,
  entryCount: number,
  pageSize: number,
  listens: Listens
): Plan => {
  databases.entries.resetReadTxn()
  const plan = emptyPlan(planMarks(databases, batch.marks))
  for (const [entryKey, op] of batch.ops) planOp(databases, plan, entryKey, op, pageSize, listens)
  makeRoom(databases, batch, bounds, entryCount, plan, pageSize, listens)
  return plan
}

/** Plans the eviction of some entries that a batch does not concern. */
export const planEvictions = (
  databases: Databases,
  batch: Batch,
  rowsMax: number,
  pageSize: number,
  listens: Listens
): Plan => {
  databases.entries.resetReadTxn()
  const plan = emptyPlan([])
  for (const rank of databases.order.getKeys({ start: firstRank, limit: rowsMax + batch.ops.size })) {
    if (plan.steps.length >= rowsMax) break
    evict(databases, batch, plan, rank, pageSize, listens)
  }
  return plan
}

/** The part of a plan that only makes room: its evictions. */
export const evictionsOf = ({ departed, steps }: Plan): Plan => {
  const evictions = steps.filter(({ isEviction }) => isEviction)
  const keys = new Set(evictions.map(({ entryKey }) => entryKey))
  return {
    ...emptyPlan([]),
    steps: evictions,
    departed: departed.filter(({ entryKey }) => keys.has(entryKey)),
    growth: -evictions.filter(({ exists }) => exists).length
  }
}

/** A plan without its evictions. */
export const withoutEvictions = (plan: Plan): Plan => {
  const evictions = evictionsOf(plan)
  const departed = new Set(evictions.departed)
  return {
    ...plan,
    steps: plan.steps.filter(({ isEviction }) => !isEviction),
    departed: plan.departed.filter((one) => !departed.has(one)),
    growth: plan.growth - evictions.growth
  }
}

/** The removal of what the records of a plan replace. */
export const replacedOf = ({ steps }: Plan): Plan => {
  const replaced = steps.filter(({ exists, record }) => exists && record !== undefined)
  return { ...emptyPlan([]), steps: replaced.map(removal), growth: -replaced.length }
}

const removal = (step: Step): Step => ({ ...step, record: undefined, rank: undefined })

const planOp = (
  { entries }: Databases,
  plan: Plan,
  entryKey: string,
  op: Op,
  pageSize: number,
  listens: Listens,
  isEviction = false
): void => {
  const before = entries.getBinaryFast(entryKey)
  const exists = before !== undefined
  const rankBefore = exists ? rankOf(before, entryKey) : undefined
  if (op.kind === "put") {
    plan.steps.push({ entryKey, record: op.record, rank: rankOf(op.record, entryKey), exists, rankBefore, isEviction })
    plan.bytes += bytesTaken(entryKey, op.record.length, pageSize)
    if (exists) plan.freed += bytesFreed(before, pageSize)
    else plan.growth++
    return
  }
  if (op.kind === "leave" && rankBefore?.equals(op.rank) !== true) {
    const { rank } = op
    plan.steps.push({ entryKey, record: undefined, rank: undefined, exists: false, rankBefore: rank, isEviction })
    return
  }
  if (!exists) return
  if (op.kind === "leave" && listens(entryKey)) {
    plan.departed.push({ entryKey, record: copyOf(before), cause: op.cause })
  }
  plan.steps.push({ entryKey, record: undefined, rank: undefined, exists, rankBefore, isEviction })
  plan.freed += bytesFreed(before, pageSize)
  plan.growth--
}

const rankOf = (record: Uint8Array, entryKey: string): Buffer | undefined => {
  const expiresAt = recordExpiresAt(record, record.length)
  return Number.isNaN(expiresAt) ? undefined : rankKey(expiresAt, recordVersion(record), entryKey)
}

// The driver returns its own buffer, whose `length` it sets to that of the value.
const copyOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.subarray(0, bytes.length))

const pageHeaderBytes = 24

/** The bytes of a row beside its key and its value: its node, its offset in the page, and the head of its rank. */
export const rowBytes = 32

/** Whether LMDB gives a value pages of its own: a page has room for two rows at least. */
const isLarge = (bytes: number, pageSize: number): boolean => bytes + rowBytes > (pageSize - pageHeaderBytes) / 2

const pagesOwn = (bytes: number, pageSize: number): number => Math.ceil((pageHeaderBytes + bytes) / pageSize) * pageSize

/** The most bytes of pages that an entry takes. The pages of small rows may be half full after a split. */
const bytesTaken = (entryKey: string, bytes: number, pageSize: number): number => {
  const rows = 2 * (2 * entryKey.length + rowBytes)
  return isLarge(bytes, pageSize) ? pagesOwn(bytes, pageSize) + rows : 2 * bytes + rows
}

/** The least bytes of pages that an entry leaves. The page of a small row stays. */
const bytesFreed = ({ length }: Uint8Array, pageSize: number): number =>
  isLarge(length, pageSize) ? pagesOwn(length, pageSize) : length

/** Adds the entries that must be evicted so that the namespace is within its bounds after this batch. */
const makeRoom = (
  databases: Databases,
  batch: Batch,
  bounds: Bounds,
  entryCount: number,
  plan: Plan,
  pageSize: number,
  listens: Listens
): void => {
  const { bytesMax, entriesMax } = bounds
  const used = bytesMax === Number.POSITIVE_INFINITY ? 0 : bytesUsed(databases)
  const isOver = () => entryCount + plan.growth > entriesMax || used + plan.bytes - plan.freed > bytesMax
  if (!isOver()) return
  const rowsMax = batch.ops.size + Math.max(plan.growth, 0) + backlogEvictionsMax
  let rows = 0
  for (const rank of databases.order.getKeys({ start: firstRank, limit: rowsMax })) {
    if (!isOver()) return
    rows++
    evict(databases, batch, plan, rank, pageSize, listens)
  }
  // If only entries of this batch are left to evict, some of them are not written at all. The next batch evicts a
  // backlog.
  if (rows >= rowsMax) return
  leaveOut(
    plan,
    pageSize,
    listens,
    ({ exists }, isOnly) => entryCount + plan.growth > entriesMax && !exists || plan.bytes > bytesMax && !isOnly
  )
}

const evict = (
  databases: Databases,
  batch: Batch,
  plan: Plan,
  rank: Buffer,
  pageSize: number,
  listens: Listens
): void => {
  const { entryKey } = parseRank(rank)
  if (batch.ops.has(entryKey)) return
  planOp(databases, plan, entryKey, { kind: "leave", rank, cause: "Evicted" }, pageSize, listens, true)
}

/**
 * Leaves entries of the batch itself out, in the order in which entries are evicted. They are evicted before they are
 * written, and what they were to replace is removed. `isLeft` is asked for each entry, and learns which one is the only
 * one that remains.
 */
export const leaveOut = (
  plan: Plan,
  pageSize: number,
  listens: Listens,
  isLeft: (step: Step, isOnly: boolean) => boolean
): void => {
  const newcomers = plan.steps.filter(({ rank }) => rank !== undefined).toSorted((a, b) => a.rank!.compare(b.rank!))
  const left = new Set<Step>()
  for (const step of newcomers) {
    if (!isLeft(step, left.size === newcomers.length - 1)) continue
    left.add(step)
    const { entryKey, record } = step
    plan.bytes -= bytesTaken(entryKey, record!.length, pageSize)
    plan.growth--
    if (listens(entryKey)) plan.departed.push({ entryKey, record: record!, cause: "Evicted" })
  }
  if (left.size === 0) return
  plan.steps = plan.steps.flatMap((step) => !left.has(step) ? [step] : step.exists ? [removal(step)] : [])
}

const firstRank = Buffer.from([0])

/** The bytes of the pages that hold entries and their order. */
export const bytesUsed = ({ entries, order }: Databases): number => pagesBytes(entries) + pagesBytes(order)

const pagesBytes = (database: { getStats(): {} }): number => {
  // The driver does not declare what it returns.
  const stats = database.getStats() as {
    readonly pageSize: number
    readonly treeBranchPageCount: number
    readonly treeLeafPageCount: number
    readonly overflowPages: number
  }
  return (stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages) * stats.pageSize
}

/** Hands the plan to the driver. The promise resolves with the commit, or rejects with the cause of its failure. */
export const applyPlan = (
  databases: Databases,
  root: RootDatabase<Buffer, string>,
  state: Batch["state"],
  plan: Plan
): Promise<unknown> => {
  const written = root.batch(() => {
    for (const step of plan.steps) applyStep(databases, step)
    for (const { key, row } of plan.marks) {
      void (row === undefined ? databases.marks.remove(key) : databases.marks.put(key, row))
    }
    for (const [key, row] of state) {
      void (row === undefined ? databases.state.remove(key) : databases.state.put(key, row))
    }
  })
  return written.then(undefined, rejectWithCause)
}

const applyStep = ({ entries, order }: Databases, step: Step): void => {
  const sameRank = step.rank !== undefined && step.rankBefore?.equals(step.rank)
  if (step.rankBefore !== undefined && !sameRank) void order.remove(step.rankBefore)
  if (step.record !== undefined) {
    void entries.put(step.entryKey, step.record)
    if (!sameRank) void order.put(step.rank!, nothing)
  } else if (step.exists) void entries.remove(step.entryKey)
}

const nothing = Buffer.alloc(0)

/**
 * Rejects with the reason of a failed commit. The driver's error only points to another promise, which the driver
 * rejects with the reason in the same turn; without this handler that rejection would be unhandled.
 */
export const rejectWithCause = (error: unknown): Promise<never> => {
  const reason = error instanceof Error && "commitError" in error ? error.commitError : undefined
  return reason instanceof Promise
    ? Promise.race([reason, Promise.resolve()]).then(() => Promise.reject(error))
    : Promise.reject(error)
}
