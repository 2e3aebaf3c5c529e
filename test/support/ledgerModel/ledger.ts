/**
 * What a ledger does. Each function here is one atomic step: a transaction of LMDB, or a script of Redis.
 */
import type { Model } from "./model.ts"
import { copyPartition, type Entry, type Fence, type LogRecord, type Partition, type Position } from "./state.ts"
import { emptyPartition, type Put, S, type State, type Write } from "./state.ts"

/** Whether the server that clients reach has executed all commits of the partition. */
const isStrange = (m: Model, s: State, p: Partition): boolean =>
  m.on("witness") && (p.run !== s.run || m.on("replid") && p.line !== s.line)

/** Whether a script would go on with what the partition has. */
export const isBelieved = (m: Model, s: State, p: Partition): boolean => p.epoch !== 0 && !isStrange(m, s, p)

/** Each script begins so: a ledger that lost state begins a new epoch, with nothing in it. */
export const enter = (m: Model, s: State, part: number): Partition => {
  const p = s.partitions[part]!
  if (isBelieved(m, s, p)) return p
  const epoch = m.on("epoch") ? ++s.epochs : 1
  return s.partitions[part] = emptyPartition(epoch, s.run, s.line, m.scenario.keys)
}

/** The stamp of the last record that names the key, among those that are kept. */
const lastNaming = (p: Partition, key: number): number => {
  for (let stamp = p.log.length; stamp > p.floor; stamp--) {
    if ((p.log[stamp - 1]!.keys & 1 << key) !== 0) return stamp
  }
  return 0
}

/** The stamp of the last mark up to a stamp. Marks are state of their own: a trimmed log does not lose them. */
export const markAt = (p: Partition, upTo: number): number => {
  for (let stamp = Math.min(upTo, p.log.length); stamp > 0; stamp--) if (p.log[stamp - 1]!.marks) return stamp
  return 0
}

/** The stamp before the first record of another plan that no node of this plan has spread, or the head. */
export const unspreadAt = (p: Partition): number => {
  const waits = p.log.findIndex(({ foreign }, at) => foreign && at + 1 > p.spread)
  return waits < 0 ? p.log.length : waits
}

/** The stamp at which a node of this plan begins. */
export const startOf = (m: Model, p: Partition): number => m.on("start") ? unspreadAt(p) : p.log.length

const append = (p: Partition, record: LogRecord): number => {
  p.log = [...p.log, record]
  return p.log.length
}

/** Drops the keys of a record, and ends their leases. */
const remove = (p: Partition, keys: number): void => {
  for (let key = 0; key < p.entries.length; key++) {
    if ((keys & 1 << key) === 0) continue
    p.entries[key] = undefined
    p.leases[key] = 0
  }
}

/** The rule of puts, for what is already judged to be of this epoch. */
const isOvertaken = (m: Model, p: Partition, key: number, at: number): boolean =>
  m.on("floor") && at < p.floor || m.on("token") && at < lastNaming(p, key)

/** A put of a load arrives. Nothing is answered: a load does not wait for its put. */
export const put = (m: Model, s: State, { at, by, changes, id, key, lease, row }: Put): void => {
  const part = m.partitionOf(key)
  const p = enter(m, s, part)
  if (m.on("epoch") && at.epoch !== p.epoch) return
  if (lease !== 0 && p.leases[key] === lease) p.leases[key] = 0
  if (isOvertaken(m, p, key, at.stamp)) return
  let stamp = at.stamp
  if (changes) {
    const keys = m.keysOf(part)
    const record = append(p, { keys, marks: false, foreign: false, by, cause: 0, row: s.committed[key]! })
    remove(p, keys)
    if (!m.on("restamp")) stamp = record
  }
  p.entries[key] = { row, at: stamp, id }
}

/** The value of a commit is judged against the records before its own. */
const takesValue = (m: Model, p: Partition, { at, kind }: Write): boolean => {
  if (kind !== "set") return false
  if (!m.on("setIsFill")) return true
  return at.epoch === p.epoch && at.stamp >= p.floor && at.stamp >= lastNaming(p, S)
}

const holds = (m: Model, p: Partition, { stamp, epoch }: Fence): boolean =>
  p.fence !== undefined && p.fence.stamp === stamp && (!m.on("fence") || p.fence.epoch === epoch)

export interface Receipt {
  readonly position: Position
  readonly taken: boolean
}

/**
 * One commit of a write to one partition. What a commit says is dropped, is dropped: a condition gates values alone.
 * `repeated` is the late arrival of a request that was sent again meanwhile; it promises nothing to its writer.
 */
export const commit = (m: Model, s: State, part: number, write: Write, by: number, repeated = false): Receipt => {
  const p = enter(m, s, part)
  const { at, fence, id, kind, row } = write
  const named = m.keysOf(part)
  if (kind !== "other" && !repeated) promise(s, named, row)
  const refused = fence !== undefined && !holds(m, p, fence)
  if (refused && !m.on("drop")) return { position: { epoch: p.epoch, stamp: p.log.length }, taken: false }
  const taken = part === m.partitionOf(S) && takesValue(m, p, write)
  if (fence !== undefined && !refused) p.fence = undefined
  const keys = kind === "mark" || kind === "other" ? 0 : named
  const first = write.commits.find((position) => position !== undefined)
  const cause = part === 0 ? 0 : first?.stamp ?? s.partitions[0]!.log.length
  const seen = kind === "other" ? 0 : row
  remove(p, keys)
  const stamp = append(p, { keys, marks: kind === "mark", foreign: false, by, cause, row: seen })
  if (taken) p.entries[S] = { row, at: m.on("setStamp") ? at.stamp : stamp, id }
  return { position: { epoch: p.epoch, stamp }, taken }
}

/** From here on no reader may get an older value of the keys from the ledger. */
const promise = (s: State, keys: number, row: number): void => {
  for (let key = 0; key < s.committed.length; key++) {
    if ((keys & 1 << key) !== 0) s.committed[key] = Math.max(s.committed[key]!, row)
  }
}

/** A process that holds nothing writes the row, and commits, while no other step happens. */
export const commitElsewhere = (m: Model, s: State, kind: "drop" | "mark" | "other" | "foreign"): void => {
  const row = kind === "other" ? 0 : ++s.row
  for (let part = 0; part < s.partitions.length; part++) {
    const p = enter(m, s, part)
    const named = m.keysOf(part)
    const keys = kind === "drop" ? named : 0
    if (kind === "drop" || kind === "mark") promise(s, named, row)
    remove(p, keys)
    const cause = part === 0 ? 0 : s.partitions[0]!.log.length
    append(p, { keys, marks: kind === "mark", foreign: kind === "foreign", by: -1, cause, row })
  }
}

/** Commits what this plan adds to a record of another plan, once for all nodes of this plan. */
export const spread = (m: Model, s: State, part: number, stamp: number, by: number): void => {
  const p = s.partitions[part]!
  if (p.spread >= stamp) return
  const keys = m.keysOf(part)
  const row = Math.max(...p.log.slice(0, stamp).map((record) => record.row))
  p.spread = stamp
  promise(s, keys, row)
  remove(p, keys)
  append(p, { keys, marks: false, foreign: false, by, cause: 0, row })
}

/** Grants the lease on the pattern of all keys. A grant takes a stamp, since waiters wait for the log to move. */
export const grant = (m: Model, s: State): Fence | undefined => {
  const p = enter(m, s, 0)
  if (p.fence !== undefined) return undefined
  const stamp = append(p, { keys: 0, marks: false, foreign: false, by: -1, cause: 0, row: 0 })
  return p.fence = { epoch: p.epoch, stamp, grant: ++s.grants }
}

/** What a reader could get of a key that passes the marks of the ledger. */
export const servedOf = (p: Partition, key: number): Entry | undefined => {
  const entry = p.entries[key]
  return entry !== undefined && entry.at >= markAt(p, p.log.length) ? entry : undefined
}

/** The replica takes over with the state that it has: a server of its own, with another run and replication id. */
export const failOver = (s: State): void => {
  s.run++
  s.line++
  s.partitions = s.replica.map(copyPartition)
}
