/**
 * What must hold in every state, whatever has happened before.
 */
import { isBelieved, servedOf } from "./ledger.ts"
import type { Model } from "./model.ts"
import { type Law, type Node, type Partition, type State } from "./state.ts"

export const laws: { readonly [L in Law]: string } = {
  ledger: "the ledger serves nothing that is older than the last commit that it has answered",
  warm: "a warm tier serves nothing that is older than its position says",
  position: "the memory of a node is at least as new as its position says",
  own: "a node reads its own writes, from the moment at which it applied them",
  answer: "a strict reader gets nothing that is older than what was committed when it began to read",
  older: "the source takes no write of an older holder of a lease after one of a newer holder",
  newest: "the source does not refuse the write of the newest holder of a lease",
  single: "one load of a key runs under a lease, until a change, a fault or time ends the lease",
  ends: "every load and every write ends"
}

/** The row that each node at this position must have seen. */
const rowAt = (p: Partition, stamp: number): number => {
  let row = 0
  for (let at = Math.min(stamp, p.log.length) - 1; at >= 0; at--) row = Math.max(row, p.log[at]!.row)
  return row
}

const judgeNode = (m: Model, s: State, node: Node): Law | undefined => {
  for (let key = 0; key < node.memory.length; key++) {
    const held = node.memory[key]
    if (held === undefined || held.suspect) continue
    if (held.row < node.own) return "own"
    const part = m.partitionOf(key)
    const p = s.partitions[part]!
    const { epoch, stamp } = node.positions[part]!
    if (!isBelieved(m, s, p) || epoch !== p.epoch) continue
    if (held.row < rowAt(p, stamp)) return "position"
    if (stamp === p.log.length && held.row < s.committed[key]!) return "position"
  }
  return undefined
}

const judgeWarm = (s: State): Law | undefined => {
  const { warm } = s
  const p = s.partitions[0]!
  if (warm?.entry === undefined || warm.epoch !== p.epoch || warm.entry.at < warm.mark) return undefined
  return warm.entry.row < rowAt(p, warm.stamp) ? "warm" : undefined
}

/** What ends a lease, beside the end of its load and a change of its key. */
const endings = ["expiries", "crashes", "failovers", "losses"] as const

const judgeLeases = ({ scenario }: Model, s: State): Law | undefined => {
  const isQuiet = endings.every((budget) => s.left[budget] === scenario.left[budget]) &&
    s.partitions.every(({ log }) => log.length === 0)
  if (!isQuiet) return undefined
  for (let key = 0; key < scenario.keys; key++) {
    if (s.nodes.filter(({ flights }) => (flights[key]?.lease ?? 0) !== 0).length > 1) return "single"
  }
  return undefined
}

/** The law that a state breaks. */
export const brokenBy = (m: Model, s: State): Law | undefined => {
  if (s.wrong !== undefined) return s.wrong
  for (let key = 0; key < m.scenario.keys; key++) {
    const p = s.partitions[m.partitionOf(key)]!
    const served = isBelieved(m, s, p) ? servedOf(p, key) : undefined
    if (served !== undefined && served.row < s.committed[key]!) return "ledger"
  }
  for (const node of s.nodes) {
    const law = judgeNode(m, s, node)
    if (law !== undefined) return law
  }
  return judgeWarm(s) ?? (m.scenario.leases ? judgeLeases(m, s) : undefined)
}

/** Where no step is left, no load and no write may be left. */
export const isStuck = ({ nodes }: State): boolean =>
  nodes.some(({ flights, write }) => write !== undefined || flights.some((flight) => flight !== undefined))
