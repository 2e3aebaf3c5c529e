/**
 * A warm tier: one that all nodes of a machine share, above the ledger. It follows the log, and each node that applies
 * a record owes it to the tier. One key, S.
 */
import type { Model } from "./model.ts"
import type { Answer, Node, Put, State, Warm } from "./state.ts"
import { S } from "./state.ts"

/** Whether the node has to bring each record to the tier that the tier is behind the node's position. */
const owesAll = ({ owes }: Node, { stamp }: Warm): boolean => owes > 0 && owes <= stamp + 1

/** Whether none of the records that the node owes the tier concerns the key. */
const passesOwed = (s: State, { owes, positions }: Node): boolean => {
  const { log } = s.partitions[0]!
  const { stamp } = positions[0]!
  return log.length >= stamp && !log.slice(owes - 1, stamp).some(({ keys, marks }) => marks || keys !== 0)
}

/** What the tier gives to a node, if it may read there. */
export const readWarm = (m: Model, s: State, node: Node): Answer | undefined => {
  const warm = s.warm!
  const position = node.positions[0]!
  if (warm.entry === undefined || warm.epoch !== position.epoch) return undefined
  if (warm.entry.at < Math.max(warm.mark, node.marks[0]!)) return undefined
  const isOwed = owesAll(node, warm)
  if (m.on("behind") && position.stamp > warm.stamp && !isOwed) return undefined
  if (m.on("warmPending") && isOwed && !passesOwed(s, node)) return undefined
  return { from: "warm", epoch: warm.epoch, head: warm.stamp, begin: warm.stamp, found: warm.entry }
}

const apply = (s: State, warm: Warm, stamp: number): Warm => {
  const { keys, marks } = s.partitions[0]!.log[stamp - 1]!
  if (keys !== 0) return { ...warm, stamp: Math.max(warm.stamp, stamp), entry: undefined, last: stamp }
  return { ...warm, stamp: Math.max(warm.stamp, stamp), mark: marks ? stamp : warm.mark }
}

/** One transaction brings the tier to the node's position. Another node may have done it already. */
export const bringForward = (m: Model, s: State, node: Node): void => {
  const { epoch, stamp } = node.positions[0]!
  const { epoch: current, log } = s.partitions[0]!
  let warm = s.warm!
  node.owes = 0
  if (epoch !== current || warm.epoch > epoch) return
  // A tier of another epoch is emptied, and so is one whose records the ledger has lost.
  if (warm.epoch < epoch || log.length < stamp) warm = { epoch, stamp, entry: undefined, last: stamp, mark: stamp }
  if (m.on("warmOrder")) { while (warm.stamp < stamp) warm = apply(s, warm, warm.stamp + 1) }
  else warm = apply(s, warm, stamp)
  s.warm = warm
}

/** A copy or the put of a load arrives. */
export const putWarm = (m: Model, s: State, { at, id, row }: Put): void => {
  const warm = s.warm!
  if (at.epoch !== warm.epoch || m.on("copy") && at.stamp < warm.last) return
  s.warm = { ...warm, entry: { row, at: at.stamp, id } }
}

/** What a load or an answer of the ledger puts into the tier. */
export const copyUp = (s: State, key: number, put: Omit<Put, "to" | "key" | "lease" | "changes" | "by">): void => {
  if (s.warm === undefined || key !== S) return
  s.puts.push({ ...put, to: "warm", key, lease: 0, changes: false, by: -1 })
}
