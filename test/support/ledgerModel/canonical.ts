/**
 * The text that names a state. Two states with one name differ in nothing that a later step or a law depends on:
 *
 * - Nodes are equal to each other, so their order does not count, and the order of what travels does not, either.
 * - Of the names of loads and identities only their equality counts, so they are numbered again by first use.
 *
 * Nodes are put in the order of what can be said of them without names. Two that are equal there may be named either
 * way, and then one state has two names: the search sees it twice, and misses nothing.
 */
import type { Budget } from "./scenarios.ts"
import type { Confirmation, Entry, Fence, Flight, Node, Partition, Position, Put, State, Write } from "./state.ts"

/** Small numbers, one byte each: joining hundreds of short texts for each state takes most of a search. */
const bytes = Buffer.alloc(4_096)
let used = 0
const take = (): string => {
  const text = bytes.toString("latin1", 0, used)
  used = 0
  return text
}

/** A number from -1 to 253. */
const number = (value: number): void => {
  bytes[used++] = value + 1
}
const flag = (value: boolean): void => number(value ? 1 : 0)
const nothing = (): void => number(254)

const position = ({ epoch, stamp }: Position): void => {
  number(epoch)
  number(stamp)
}

const entry = (e: Entry | undefined): void => {
  if (e === undefined) return nothing()
  number(e.row)
  number(e.at)
}

const fence = (f: Fence | undefined): void => {
  if (f === undefined) return nothing()
  position(f)
  number(f.grant)
}

const flight = (f: Flight | undefined): void => {
  if (f === undefined) return nothing()
  bytes[used++] = f.phase.charCodeAt(0)
  position(f.at)
  number(f.row)
  number((f.voided ? 1 : 0) + (f.waits ? 2 : 0) + (f.changes ? 4 : 0))
  number(f.since)
  if (f.answer === undefined) return nothing()
  flag(f.answer.from === "warm")
  number(f.answer.epoch)
  number(f.answer.head)
  number(f.answer.begin)
  entry(f.answer.found)
}

const write = (w: Write | undefined): void => {
  if (w === undefined) return nothing()
  bytes[used++] = w.kind.charCodeAt(0)
  bytes[used++] = w.phase.charCodeAt(0)
  number(w.row)
  position(w.at)
  fence(w.fence)
  number((w.again ? 1 : 0) + (w.voided ? 2 : 0) + (w.taken ? 4 : 0))
  for (const commit of w.commits) {
    if (commit === undefined) nothing()
    else position(commit)
  }
}

const confirmation = (c: Confirmation | undefined): void => {
  if (c === undefined) return nothing()
  number(c.epoch)
  flag(c.voided)
  entry(c.entry)
}

/** A node without names. */
const textOfNode = (n: Node): string => {
  number(n.own)
  number(n.loads)
  number(n.owes)
  write(n.write)
  for (let part = 0; part < n.positions.length; part++) {
    position(n.positions[part]!)
    number(n.marks[part]!)
  }
  for (let key = 0; key < n.memory.length; key++) {
    const held = n.memory[key]
    if (held === undefined) nothing()
    else {
      number(held.row)
      flag(held.suspect)
    }
    flight(n.flights[key])
    confirmation(n.confirmations[key])
  }
  return take()
}

const textOfPut = (p: Put): string => {
  flag(p.to === "warm")
  number(p.key)
  number(p.row)
  position(p.at)
  flag(p.changes)
  return take()
}

/** The places of some texts in the order of the texts. */
const orderOf = (texts: ReadonlyArray<string>): ReadonlyArray<number> => {
  const order = texts.map((_, at) => at)
  return texts.length < 2 ? order : order.toSorted((a, b) => texts[a]! < texts[b]! ? -1 : texts[a]! > texts[b]! ? 1 : 0)
}

/** Whether each node has applied the record, so that none asks any more who wrote it. */
const isKnown = (s: State, part: number, epoch: number, stamp: number): boolean =>
  s.nodes.every(({ positions }) => positions[part]!.epoch === epoch && positions[part]!.stamp >= stamp)

export const nameOf = (s: State, budgets: ReadonlyArray<keyof Budget>): string => {
  const nodes = s.nodes.map(textOfNode)
  const puts = s.puts.map(textOfPut)
  const order = orderOf(nodes)
  const names: Array<number> = [0]
  const name = (of: number): void => {
    const at = names.indexOf(of)
    number(at >= 0 ? at : names.push(of) - 1)
  }
  const by = (i: number): void => number(i < 0 ? -1 : order.indexOf(i))
  const partition = (p: Partition, part: number): void => {
    for (const value of [p.epoch, p.run, p.line, p.floor, p.spread]) number(value)
    fence(p.fence)
    for (const e of p.entries) {
      entry(e)
      if (e !== undefined) name(e.id)
    }
    for (const lease of p.leases) name(lease)
    number(p.log.length)
    for (const [at, r] of p.log.entries()) {
      number((r.keys << 2) + (r.marks ? 1 : 0) + (r.foreign ? 2 : 0))
      by(isKnown(s, part, p.epoch, at + 1) ? -1 : r.by)
      number(r.cause)
      number(r.row)
    }
  }
  for (const i of order) namesOfNode(s.nodes[i]!, name)
  for (const value of [s.row, s.run, s.line, s.epochs, ...s.committed]) number(value)
  fence(s.fence)
  for (const budget of budgets) number(s.left[budget])
  for (let part = 0; part < s.partitions.length; part++) {
    partition(s.partitions[part]!, part)
    // A replica that will not take over does not count.
    if (s.left.failovers > 0) partition(s.replica[part]!, part)
  }
  if (s.warm !== undefined) {
    for (const value of [s.warm.epoch, s.warm.stamp, s.warm.last, s.warm.mark]) number(value)
    entry(s.warm.entry)
    name(s.warm.entry?.id ?? 0)
  }
  for (const late of s.late) {
    write(late.write)
    name(late.write.id)
    by(late.by)
  }
  const putOrder = orderOf(puts)
  for (const at of putOrder) {
    name(s.puts[at]!.lease)
    name(s.puts[at]!.id)
    by(s.puts[at]!.by)
  }
  let text = take()
  for (const i of order) text += nodes[i]!
  for (const at of putOrder) text += puts[at]!
  return text
}

/** The names that a node knows. */
const namesOfNode = ({ confirmations, flights, memory, write }: Node, name: (of: number) => void): void => {
  if (write !== undefined) name(write.id)
  for (let key = 0; key < memory.length; key++) {
    const held = memory[key]
    const flight = flights[key]
    const confirmed = confirmations[key]?.entry
    if (held !== undefined) name(held.id)
    if (flight !== undefined) name(flight.lease)
    if (flight?.answer?.found !== undefined) name(flight.answer.found.id)
    if (confirmed !== undefined) name(confirmed.id)
  }
}
