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
  marks: { kept: new Map(), dropped: new Map() },
  bytes: 0,
  committed: Deferred.makeUnsafe(),
  flushed: Deferred.makeUnsafe()
})

export const isEmpty = ({ marks, ops, state }: Batch): boolean =>
  ops.size + state.size + marks.kept.size + marks.dropped.size === 0

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

interface Step {
  readonly entryKey: string
  readonly record: Buffer | undefined
  readonly rank: Buffer | undefined
  readonly exists: boolean
  readonly rankBefore: Buffer | undefined
}

/** The steps of a batch, row by row. */
export interface Plan {
  steps: Array<Step>
  readonly marks: ReadonlyArray<MarkStep>
  readonly departed: Array<Departed>
  /** The number of entries by which the namespace grows. */
  growth: number
}

/** Evictions of one transaction beyond those that make room for its own entries. */
const backlogEvictionsMax = 1_000

/** Plans a batch. `listens` says whether a listener needs the entry when it is evicted. */
export const planBatch = (
  databases: Databases,
  batch: Batch,
  bounds: Bounds,
  entryCount: number,
  listens: (entryKey: string) => boolean
): Plan => {
  databases.entries.resetReadTxn()
  const plan: Plan = { steps: [], marks: planMarks(databases, batch.marks), departed: [], growth: 0 }
  for (const [entryKey, op] of batch.ops) planOp(databases, plan, entryKey, op, listens)
  makeRoom(databases, batch, bounds, entryCount, plan, listens)
  return plan
}

const planOp = (
  { entries }: Databases,
  plan: Plan,
  entryKey: string,
  op: Op,
  listens: (entryKey: string) => boolean
): void => {
  const before = entries.getBinaryFast(entryKey)
  const exists = before !== undefined
  const rankBefore = exists ? rankOf(before, entryKey) : undefined
  if (op.kind === "put") {
    plan.steps.push({ entryKey, record: op.record, rank: rankOf(op.record, entryKey), exists, rankBefore })
    if (!exists) plan.growth++
  } else if (op.kind === "remove") {
    if (!exists) return
    plan.steps.push({ entryKey, record: undefined, rank: undefined, exists, rankBefore })
    plan.growth--
  } else if (rankBefore?.equals(op.rank)) {
    if (listens(entryKey)) plan.departed.push({ entryKey, record: copyOf(before!), cause: op.cause })
    plan.steps.push({ entryKey, record: undefined, rank: undefined, exists, rankBefore })
    plan.growth--
  } else {
    plan.steps.push({ entryKey, record: undefined, rank: undefined, exists: false, rankBefore: op.rank })
  }
}

const rankOf = (record: Uint8Array, entryKey: string): Buffer | undefined => {
  const expiresAt = recordExpiresAt(record, record.length)
  return Number.isNaN(expiresAt) ? undefined : rankKey(expiresAt, recordVersion(record), entryKey)
}

// The driver returns its own buffer, whose `length` it sets to that of the value.
const copyOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.subarray(0, bytes.length))

/** Adds the entries that must be evicted so that the namespace is within its bounds after this batch. */
const makeRoom = (
  databases: Databases,
  batch: Batch,
  bounds: Bounds,
  entryCount: number,
  plan: Plan,
  listens: (entryKey: string) => boolean
): void => {
  let bytesOver = bounds.bytesMax === Number.POSITIVE_INFINITY
    ? 0
    : bytesUsed(databases) + batch.bytes - bounds.bytesMax
  const over = () => entryCount + plan.growth > bounds.entriesMax || bytesOver > 0
  if (!over()) return
  const rowsMax = batch.ops.size + Math.max(plan.growth, 0) + backlogEvictionsMax
  let rows = 0
  for (const rank of databases.order.getKeys({ start: firstRank, limit: rowsMax })) {
    if (!over()) return
    rows++
    const { entryKey } = parseRank(rank)
    if (batch.ops.has(entryKey)) continue
    bytesOver -= databases.entries.getBinaryFast(entryKey)?.length ?? 0
    planOp(databases, plan, entryKey, { kind: "leave", rank, cause: "Evicted" }, listens)
  }
  // If only entries of this batch are left to evict, some of them are not written at all. The next batch evicts a
  // backlog.
  const excess = entryCount + plan.growth - bounds.entriesMax
  if (excess > 0 && rows < rowsMax) dropNewcomers(plan, excess, listens)
}

const dropNewcomers = (plan: Plan, count: number, listens: (entryKey: string) => boolean): void => {
  const newcomers = plan.steps.filter((step) => step.rank !== undefined && !step.exists)
  const dropped = new Set(newcomers.toSorted((a, b) => a.rank!.compare(b.rank!)).slice(0, count))
  for (const { entryKey, record } of dropped) {
    if (listens(entryKey)) plan.departed.push({ entryKey, record: record!, cause: "Evicted" })
  }
  plan.steps = plan.steps.filter((step) => !dropped.has(step))
  plan.growth -= dropped.size
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
  batch: Batch,
  plan: Plan
): Promise<unknown> => {
  const written = root.batch(() => {
    for (const step of plan.steps) applyStep(databases, step)
    for (const { key, row } of plan.marks) {
      void (row === undefined ? databases.marks.remove(key) : databases.marks.put(key, row))
    }
    for (const [key, row] of batch.state) {
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
