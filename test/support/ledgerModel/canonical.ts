/**
 * The text that names a state. Two states with one name differ in nothing that a later step or a law depends on:
 * nodes are equal to each other, so their order does not count; nor does the order of what travels; of the names of
 * loads and identities only their equality counts, so they are numbered again by first use.
 */
import type { Budget } from "./scenarios.ts"
import type { Confirmation, Entry, Fence, Flight, Node, Partition, Position, Put, State, Write } from "./state.ts"

/** A small number as one character. -1 is the smallest. */
const chars = Array.from({ length: 200 }, (_, at) => String.fromCharCode(at + 47))
const char = (value: number): string => chars[value + 1]!
const flag = (value: boolean): string => value ? "t" : "f"
const phases = { asked: "a", looks: "l", ends: "e", granted: "g", row: "r", local: "c", second: "s", told: "t" }
const none = "-"

const position = ({ epoch, stamp }: Position): string => char(epoch) + char(stamp)
const entry = (e: Entry | undefined): string => e === undefined ? none : char(e.row) + char(e.at)
const fence = (f: Fence | undefined): string => f === undefined ? none : position(f) + char(f.grant)

const flight = (f: Flight | undefined): string => {
  if (f === undefined) return none
  const { answer } = f
  const answered = answer === undefined
    ? none
    : (answer.from === "warm" ? "w" : "l") + char(answer.epoch) + char(answer.head) + entry(answer.found)
  return phases[f.phase] + position(f.at) + char(f.row) + flag(f.voided) + flag(f.waits) + char(f.since) +
    flag(f.changes) + answered
}

const write = (w: Write | undefined): string => {
  if (w === undefined) return none
  const commits = w.commits.map((commit) => commit === undefined ? none : position(commit)).join("")
  return w.kind[0]! + phases[w.phase] + char(w.row) + position(w.at) + fence(w.fence) + flag(w.again) +
    flag(w.voided) + flag(w.taken) + commits
}

const confirmation = (c: Confirmation | undefined): string =>
  c === undefined ? none : char(c.epoch) + flag(c.voided) + entry(c.entry)

/** A node without names: what the order of nodes is made by. */
const node = (n: Node): string => {
  let text = char(n.own) + char(n.loads) + char(n.owes) + write(n.write)
  for (let part = 0; part < n.positions.length; part++) text += position(n.positions[part]!) + char(n.marks[part]!)
  for (let key = 0; key < n.memory.length; key++) {
    const held = n.memory[key]
    text += held === undefined ? none : char(held.row) + flag(held.suspect)
    text += flight(n.flights[key]) + confirmation(n.confirmations[key])
  }
  return text
}

const put = (p: Put): string =>
  (p.to === "warm" ? "w" : "l") + char(p.key) + char(p.row) + position(p.at) + flag(p.changes)

/** Sorts the places of some texts by the texts. */
const orderOf = (texts: ReadonlyArray<string>): ReadonlyArray<number> =>
  texts.map((_, at) => at).sort((a, b) => texts[a]! < texts[b]! ? -1 : texts[a]! > texts[b]! ? 1 : 0)

export const nameOf = (s: State, budgets: ReadonlyArray<keyof Budget>): string => {
  const nodes = s.nodes.map(node)
  const order = orderOf(nodes)
  const puts = s.puts.map(put)
  const putOrder = orderOf(puts)
  const names: Array<number> = [0]
  const name = (of: number): string => {
    const at = names.indexOf(of)
    return char(at >= 0 ? at : names.push(of) - 1)
  }
  const by = (i: number): string => i < 0 ? none : char(order.indexOf(i))
  const partition = (p: Partition): string => {
    let text = char(p.epoch) + char(p.run) + char(p.line) + char(p.floor) + char(p.spread) + fence(p.fence)
    for (const e of p.entries) text += entry(e) + (e === undefined ? "" : name(e.id))
    for (const lease of p.leases) text += name(lease)
    for (const r of p.log) {
      text += char(r.keys) + flag(r.marks) + flag(r.foreign) + by(r.by) + char(r.cause) + char(r.row)
    }
    return text + "/"
  }
  let text = char(s.row) + char(s.run) + char(s.line) + char(s.epochs) + fence(s.fence)
  for (const row of s.committed) text += char(row)
  for (const budget of budgets) text += char(s.left[budget])
  for (const i of order) {
    text += nodes[i]! + "|"
    const { confirmations, flights, memory, write } = s.nodes[i]!
    if (write !== undefined) text += name(write.id)
    for (let key = 0; key < memory.length; key++) {
      const held = memory[key]
      const flight = flights[key]
      const confirmed = confirmations[key]?.entry
      if (held !== undefined) text += name(held.id)
      if (flight !== undefined) text += name(flight.lease)
      if (flight?.answer?.found !== undefined) text += name(flight.answer.found.id)
      if (confirmed !== undefined) text += name(confirmed.id)
    }
  }
  for (const p of s.partitions) text += partition(p)
  if (budgets.includes("failovers") && s.left.failovers > 0) { for (const p of s.replica) text += partition(p) }
  if (s.warm !== undefined) {
    const { epoch, entry: held, last, mark, stamp } = s.warm
    text += char(epoch) + char(stamp) + entry(held) + char(last) + char(mark)
    if (held !== undefined) text += name(held.id)
  }
  for (const at of putOrder) text += puts[at]! + name(s.puts[at]!.lease) + name(s.puts[at]!.id) + by(s.puts[at]!.by)
  for (const late of s.late) text += "%" + write(late.write) + name(late.write.id) + by(late.by)
  return text
}
