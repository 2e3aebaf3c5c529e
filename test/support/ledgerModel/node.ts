/**
 * What a node does with what it learns: records, receipts, answers. Each function is local to the node and happens at
 * once.
 */
import { commit, enter, markAt, type Receipt, spread, startOf, unspreadAt } from "./ledger.ts"
import type { Model } from "./model.ts"
import {
  type Answer,
  D,
  type Flight,
  freshNode,
  type Node,
  type Partition,
  type Position,
  S,
  type State
} from "./state.ts"
import { copyUp, readWarm } from "./warmTier.ts"

export const nodeOf = (s: State, i: number): Node => s.nodes[i]!

/** A change of the keys is applied: what the node has of them, and what is under way for them, is void. */
const touch = (m: Model, node: Node, keys: number): void => {
  for (let key = 0; key < node.memory.length; key++) {
    if ((keys & 1 << key) === 0) continue
    node.memory[key] = undefined
    voidUnderWay(node, key, m.on("voidFlight"))
  }
}

const voidUnderWay = (node: Node, key: number, flights: boolean): void => {
  const flight = node.flights[key]
  const confirmation = node.confirmations[key]
  if (flight !== undefined && flights) node.flights[key] = { ...flight, voided: true }
  if (confirmation !== undefined) node.confirmations[key] = { ...confirmation, voided: true }
  if (key === S && node.write !== undefined) node.write = { ...node.write, voided: true }
}

/**
 * Records of the partition may be missing. Its marks are read again, with the head that they belong to. What memory
 * holds is suspect; a scenario that confirms no suspects drops them at once.
 */
const distrust = (m: Model, s: State, i: number, part: number, position: Position): void => {
  const node = nodeOf(s, i)
  const p = s.partitions[part]!
  for (let key = 0; key < node.memory.length; key++) {
    if (m.partitionOf(key) !== part) continue
    const held = node.memory[key]
    node.memory[key] = held !== undefined && m.scenario.suspects ? { ...held, suspect: true } : undefined
    voidUnderWay(node, key, m.on("voidFlight"))
  }
  const isReadable = p.epoch === position.epoch
  const stamp = isReadable ? spreadUnread(m, s, i, part, position.stamp) : position.stamp
  node.positions[part] = { epoch: position.epoch, stamp }
  node.marks[part] = isReadable ? markAt(p, stamp) : 0
  if (s.warm !== undefined && node.owes === 0) node.owes = stamp + 1
}

/** The position of a node that distrusts what it holds. */
const beginOf = (m: Model, p: Partition): number => m.on("unknownSpreads") ? unspreadAt(p) : p.log.length

/** Where the log no longer says what waits to be spread, the node drops everything that its plan could add. */
const spreadUnread = (m: Model, s: State, i: number, part: number, begin: number): number => {
  const p = s.partitions[part]!
  if (!m.on("unknownSpreads") || unspreadAt(p) >= p.floor) return begin
  spread(m, s, part, p.log.length, i)
  return p.log.length
}

const applyNext = (m: Model, s: State, i: number, part: number): void => {
  const node = nodeOf(s, i)
  const position = node.positions[part]!
  const stamp = position.stamp + 1
  const { by, cause, foreign, keys, marks } = s.partitions[part]!.log[stamp - 1]!
  if (part === 1 && m.on("cause")) catchUp(m, s, i, 0, cause)
  if (foreign && m.on("spread")) spread(m, s, part, stamp, i)
  node.positions[part] = { epoch: position.epoch, stamp }
  if (marks) node.marks[part] = stamp
  if (s.warm !== undefined && node.owes === 0) node.owes = stamp
  // The node changed its memory when it wrote the row.
  if (by >= 0 && (by === i || !m.on("writer"))) return
  touch(m, node, marks || foreign && m.on("spreadMemory") ? m.keysOf(part) : keys)
}

/** Reads the log from the position on. */
export const catchUp = (m: Model, s: State, i: number, part: number, upTo = Infinity): void => {
  const p = s.partitions[part]!
  const node = nodeOf(s, i)
  const { epoch, stamp } = node.positions[part]!
  const begin = (): Position => ({ epoch: p.epoch, stamp: beginOf(m, p) })
  if (m.on("epoch") && epoch !== p.epoch) return distrust(m, s, i, part, begin())
  if (stamp < p.floor) {
    if (m.on("trimmed")) return distrust(m, s, i, part, begin())
    node.positions[part] = { epoch, stamp: p.floor }
  }
  const end = Math.min(p.log.length, upTo)
  while (node.positions[part]!.stamp < end) applyNext(m, s, i, part)
}

export const isBehind = (node: Node, part: number, { epoch, log }: Partition): boolean => {
  const position = node.positions[part]!
  return position.epoch !== epoch || position.stamp < log.length
}

/** The next record is applied, or the node learns that it cannot have it. */
export const applyNews = (m: Model, s: State, i: number, part: number): void => {
  const { log } = enter(m, s, part)
  catchUp(m, s, i, part, Math.min(nodeOf(s, i).positions[part]!.stamp + 1, log.length))
}

/** A record arrives, and those before it did not. */
export const applyBeyond = (m: Model, s: State, i: number, part: number, stamp: number): void => {
  if (m.on("gap")) return catchUp(m, s, i, part, stamp)
  const node = nodeOf(s, i)
  node.positions[part] = { ...node.positions[part]!, stamp: stamp - 1 }
  applyNext(m, s, i, part)
}

/** Whether an own change of the key, whose outcome is not known yet, answers for the tiers below: nothing is there. */
const isOwed = (m: Model, { write }: Node): boolean => {
  if (write === undefined || write.kind === "other" || write.phase === "granted" || write.phase === "row") return false
  return m.on("pending") && (write.kind !== "mark" || m.on("pendingMark"))
}

/** The position of a load whose lookup has not begun: it takes one when it begins. */
const start: Position = { epoch: 0, stamp: 0 }

/** A read of a key that memory does not have. `false`: another node loads it, and this one waits for news. */
export const ask = (m: Model, s: State, i: number, key: number): boolean => {
  const node = nodeOf(s, i)
  const part = m.partitionOf(key)
  const since = m.scenario.strict ? Math.max(node.own, s.committed[key]!) : 0
  const asked: Flight = {
    phase: "asked",
    lease: 0,
    at: m.on("pair") ? start : node.positions[part]!,
    answer: undefined,
    row: -1,
    voided: false,
    waits: false,
    since,
    changes: false
  }
  if (isOwed(m, node)) return node.flights[key] = { ...asked, phase: "looks", at: node.positions[part]! }, true
  const warm = s.warm === undefined ? undefined : readWarm(m, s, node)
  if (warm !== undefined) return node.flights[key] = { ...asked, answer: warm }, true
  const p = enter(m, s, part)
  const found = p.entries[key]
  const leases = m.scenario.leases && found === undefined
  if (leases && p.leases[key] !== 0 && m.on("lease")) return false
  const lease = leases ? ++s.names : 0
  if (leases) p.leases[key] = lease
  const answer: Answer = { from: "ledger", epoch: p.epoch, head: p.log.length, begin: beginOf(m, p), found }
  node.flights[key] = { ...asked, lease, answer }
  return true
}

/** A strict reader joins the load that is under way, if it still is after a look. */
export const joinStrict = (m: Model, s: State, i: number, key: number): void => {
  const node = nodeOf(s, i)
  const part = m.partitionOf(key)
  if (m.on("lookFirst")) {
    if (m.on("proven")) enter(m, s, part)
    catchUp(m, s, i, part)
  }
  const flight = node.flights[key]!
  if (flight.voided) return
  node.loads--
  node.flights[key] = { ...flight, since: Math.max(node.own, s.committed[key]!) }
}

/** The load ends with a value, for its readers and for the lookup of D that waits for it. */
const finish = (m: Model, s: State, i: number, key: number, row: number): void => {
  const node = nodeOf(s, i)
  if (m.scenario.strict && row < node.flights[key]!.since) s.wrong = "answer"
  node.flights[key] = undefined
  const dependent = key === S ? node.flights[D] : undefined
  if (dependent?.waits === true) node.flights[D] = { ...dependent, row, phase: "ends", waits: false }
}

/** An answer that shows another epoch: the partition is unknown, and the load takes the new position. */
const meetEpoch = (m: Model, s: State, i: number, key: number): boolean => {
  const node = nodeOf(s, i)
  const part = m.partitionOf(key)
  const { answer, voided } = node.flights[key]!
  const { begin, epoch, head } = answer!
  const known = node.positions[part]!.epoch
  if (!m.on("epoch") || epoch === known) return true
  if (epoch < known) return false
  distrust(m, s, i, part, { epoch, stamp: begin })
  node.flights[key] = { ...node.flights[key]!, voided: voided && m.on("unvoid"), at: node.positions[part]! }
  // What was found is older than what the node has just spread, if the position is beyond the answer.
  return node.positions[part]!.stamp <= head
}

/** A strict reader applies the log up to the head of its answer. Where it cannot, the answer does not count. */
const reachHead = (m: Model, s: State, i: number, key: number): boolean => {
  const node = nodeOf(s, i)
  const part = m.partitionOf(key)
  const { epoch, head } = node.flights[key]!.answer!
  if (!m.scenario.strict || !m.on("headFirst")) return true
  if (m.on("proven")) enter(m, s, part)
  catchUp(m, s, i, part, head)
  const position = node.positions[part]!
  return position.epoch === epoch && position.stamp >= head || !m.on("proven")
}

/** What was asked for is answered: a value, or the duty to run the lookup. */
export const takeAnswer = (m: Model, s: State, i: number, key: number): void => {
  const node = nodeOf(s, i)
  const part = m.partitionOf(key)
  const { epoch, found, from, head } = node.flights[key]!.answer!
  const counts = meetEpoch(m, s, i, key) && reachHead(m, s, i, key)
  const flight = node.flights[key]!
  const position = node.positions[part]!
  if (counts && found !== undefined && found.at >= node.marks[part]!) {
    const { id, row } = found
    if (!flight.voided || !m.on("promote")) node.memory[key] = { row, id, suspect: false }
    if (from === "ledger") {
      copyUp(s, key, { row, id, at: { epoch, stamp: m.on("copyJudged") ? Math.min(head, position.stamp) : head } })
    }
    return finish(m, s, i, key, row)
  }
  // The lookup begins now. Without `pair` the stamp is that of the question, and the epoch that of the answer.
  const at = m.on("pair") ? position : { epoch, stamp: flight.at.stamp }
  node.flights[key] = { ...flight, phase: "looks", at, answer: undefined }
}

/** The lookup has its value. The put of a voided load travels as well: the ledger must be able to refuse it. */
export const endLoad = (m: Model, s: State, i: number, key: number): void => {
  const node = nodeOf(s, i)
  const { at, changes, lease, row, voided } = node.flights[key]!
  const id = m.isNamed ? ++s.names : 0
  if (!voided) node.memory[key] = { row, id, suspect: false }
  s.puts.push({ to: "ledger", key, row, at, id, lease, changes, by: changes ? i : -1 })
  copyUp(s, key, { row, id, at })
  finish(m, s, i, key, row)
}

/** The node's own write takes effect in its memory, before the ledger knows of it. */
export const applyWrite = (m: Model, s: State, i: number): void => {
  const node = nodeOf(s, i)
  const write = node.write!
  for (let key = 0; key < node.memory.length; key++) {
    node.memory[key] = undefined
    voidUnderWay(node, key, true)
  }
  node.own = Math.max(node.own, write.row)
  node.write = { ...write, phase: "local" }
  const isKept = write.kind === "set" && !(write.voided && m.on("setVoid"))
  if (isKept) node.memory[S] = { row: write.row, id: write.id, suspect: false }
}

/** The partition of the source first, then that of what depends on it. */
export const commitWrite = (m: Model, s: State, i: number): void => {
  const node = nodeOf(s, i)
  const write = node.write!
  const { partitions } = m.scenario
  const isFirst = write.phase === "local"
  const part = partitions === 2 && isFirst !== m.on("order") ? 1 : 0
  const { position, taken }: Receipt = commit(m, s, part, write, i)
  const commits = write.commits.slice()
  commits[part] = position
  const isLast = !isFirst || partitions === 1 || write.kind === "other"
  node.write = { ...node.write!, commits, taken: write.taken || taken, phase: isLast ? "told" : "second" }
}

/** The receipt brings the records between the position and the own one. */
export const takeReceipt = (m: Model, s: State, i: number): void => {
  const node = nodeOf(s, i)
  for (const [part, committed] of node.write!.commits.entries()) {
    if (committed === undefined) continue
    const { epoch, stamp } = node.positions[part]!
    if (m.on("epoch") && committed.epoch !== epoch) {
      if (committed.epoch > epoch) catchUp(m, s, i, part)
    } else if (!m.on("replyGap")) node.positions[part] = { epoch, stamp: Math.max(stamp, committed.stamp) }
    else if (s.partitions[part]!.epoch === committed.epoch) catchUp(m, s, i, part, committed.stamp)
  }
  const { again, id, kind, taken } = node.write!
  const isRefused = kind === "set" && !taken || again
  if (m.on("setVoid") && id !== 0 && node.memory[S]?.id === id && isRefused) node.memory[S] = undefined
  node.write = undefined
}

/** What the ledger has of a suspect is asked for. */
export const askSuspect = (m: Model, s: State, i: number, key: number): void => {
  const { entries, epoch } = enter(m, s, m.partitionOf(key))
  nodeOf(s, i).confirmations[key] = { epoch, entry: entries[key], voided: false }
}

/** A suspect is confirmed, or dropped. */
export const judgeSuspect = (m: Model, s: State, i: number, key: number): void => {
  const node = nodeOf(s, i)
  const { entry, epoch, voided } = node.confirmations[key]!
  const held = node.memory[key]
  const part = m.partitionOf(key)
  node.confirmations[key] = undefined
  if (held === undefined || !held.suspect || voided && m.on("idWatch")) return
  const isSame = entry?.id === held.id && epoch === node.positions[part]!.epoch
  const passes = isSame && (entry.at >= node.marks[part]! || !m.on("idPosition"))
  node.memory[key] = passes ? { ...held, suspect: false } : undefined
}

/** The process ends and another one begins in its place, as another instance. */
export const restart = (m: Model, s: State, i: number): void => {
  const parts = s.partitions.map((_, part) => enter(m, s, part))
  const positions = parts.map((p) => ({ epoch: p.epoch, stamp: startOf(m, p) }))
  const marks = parts.map((p, part) => markAt(p, positions[part]!.stamp))
  s.nodes[i] = freshNode(m.scenario.keys, positions, marks, 1)
  // Records of the ended instance are not the new one's own.
  for (const p of parts) p.log = p.log.map((record) => record.by === i ? { ...record, by: -1 } : record)
  s.puts = s.puts.map((put) => put.by === i ? { ...put, by: -1 } : put)
  s.replica = s.replica.map((p) => ({
    ...p,
    log: p.log.map((record) => record.by === i ? { ...record, by: -1 } : record)
  }))
  s.late = s.late.map((late) => late.by === i ? { ...late, by: -1 } : late)
}
