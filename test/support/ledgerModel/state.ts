/**
 * What the model of the ledger protocol knows at one moment: the source, the ledger, the nodes, and what travels.
 *
 * A value is the number of the row that it was made from, so an older value is a smaller number. Everything here is
 * small and plain, because a search holds hundreds of thousands of states. Flights, writes, entries and records are
 * never changed in place: a copy of a state shares them with the state that it was copied from.
 */
import type { Budget, Scenario } from "./scenarios.ts"

/** The key whose value is made from the row, and the key whose value is made from that of S. */
export const S = 0
export const D = 1

/** The epoch of a log, and the number of the last record of it that counts. */
export interface Position {
  readonly epoch: number
  readonly stamp: number
}

/** What a tier holds of a key. Its header has `at`; its epoch is that of the partition, which a new epoch empties. */
export interface Entry {
  readonly row: number
  readonly at: number
  readonly id: number
}

/** One change in the log. Its stamp is its place there, counted from 1. */
export interface LogRecord {
  /** The keys that it names, one bit for each. */
  readonly keys: number
  /** Whether it marks the scope that all keys of the partition lie in. */
  readonly marks: boolean
  /** Whether a program with another plan wrote it: it does not name what only this plan makes from the row. */
  readonly foreign: boolean
  /** The node that wrote it, or -1: a process elsewhere, or one that has ended. */
  readonly by: number
  /** The stamp of the other partition that it follows from. */
  readonly cause: number
  /** Not in a real log: the row that every node with this record must have seen. */
  readonly row: number
}

/** A lease on a pattern. `grant` is not in a real ledger: it counts all grants in the order of true time. */
export interface Fence extends Position {
  readonly grant: number
}

export interface Partition {
  /** 0: the ledger has lost everything, and no script has run since. */
  epoch: number
  /** The run and the replication id of the server that has executed all commits of this epoch. */
  run: number
  line: number
  log: ReadonlyArray<LogRecord>
  /** The log, and what it says of keys, is kept after this stamp only. */
  floor: number
  /** The last record of another plan whose missing part a node of this plan has committed. */
  spread: number
  entries: Array<Entry | undefined>
  /** The load that holds the lease of each key, or 0. */
  leases: Array<number>
  fence: Fence | undefined
}

export interface Answer {
  readonly from: "ledger" | "warm"
  readonly epoch: number
  readonly head: number
  /** Where a node begins that did not know the epoch: the head, or the stamp up to which its plan is spread. */
  readonly begin: number
  readonly found: Entry | undefined
}

/** A load of one key in one node. */
export interface Flight {
  /** The answer travels; the lookup runs; the lookup has its value. */
  readonly phase: "asked" | "looks" | "ends"
  readonly lease: number
  readonly at: Position
  readonly answer: Answer | undefined
  readonly row: number
  readonly voided: boolean
  /** The lookup of D waits for the flight of S. */
  readonly waits: boolean
  /** The oldest row that its readers may get: what was committed when the last of them began to read. */
  readonly since: number
  /** Whether its put drops what depends on the value, since the value differs from the one before. */
  readonly changes: boolean
}

export type Kind = "drop" | "mark" | "set" | "other" | "fenced"

export interface Write {
  readonly kind: Kind
  /** Holds a lease, the row is written, this node has applied it, the first partition has it, the receipt travels. */
  readonly phase: "granted" | "row" | "local" | "second" | "told"
  readonly row: number
  /** What the node had applied before the row was written. */
  readonly at: Position
  readonly id: number
  readonly fence: Fence | undefined
  readonly commits: ReadonlyArray<Position | undefined>
  /** Whether the request was sent before, with an unknown outcome. */
  readonly again: boolean
  readonly voided: boolean
  /** Whether the ledger took its value. */
  readonly taken: boolean
}

export interface Held {
  readonly row: number
  readonly id: number
  readonly suspect: boolean
}

/** What the ledger said of a suspect. */
export interface Confirmation {
  readonly epoch: number
  readonly entry: Entry | undefined
  readonly voided: boolean
}

export interface Node {
  positions: Array<Position>
  /** The stamp of the last mark in each partition that this node knows. */
  marks: Array<number>
  memory: Array<Held | undefined>
  flights: Array<Flight | undefined>
  confirmations: Array<Confirmation | undefined>
  write: Write | undefined
  /** The row of its last own write, from the moment at which the node applied it to itself. */
  own: number
  loads: number
  /** The first record that this node still owes the warm tier, or 0. */
  owes: number
}

/** A tier between memory and the ledger that all nodes of the machine share, and that follows the log. */
export interface Warm {
  readonly epoch: number
  readonly stamp: number
  readonly entry: Entry | undefined
  /** The stamp of the last record that names the key, and that of the last mark. */
  readonly last: number
  readonly mark: number
}

/** A value on its way into a tier. */
export interface Put {
  readonly to: "ledger" | "warm"
  readonly key: number
  readonly row: number
  readonly at: Position
  readonly id: number
  readonly lease: number
  readonly changes: boolean
  readonly by: number
}

/** A commit that is on its way for longer than its deadline. */
export interface LateCommit {
  readonly write: Write
  readonly by: number
}

export type Law = "ledger" | "warm" | "position" | "own" | "answer" | "older" | "newest" | "single" | "ends"

export interface State {
  /** The row as the source has it. */
  row: number
  /** For each key the newest row whose commit the ledger has answered. */
  committed: Array<number>
  /** The server that clients reach. */
  run: number
  line: number
  epochs: number
  /** Names for loads and identities: only their equality counts. */
  names: number
  grants: number
  /** The greatest fence that the source has seen. */
  fence: Fence | undefined
  partitions: Array<Partition>
  /** What the replica has. */
  replica: Array<Partition>
  warm: Warm | undefined
  nodes: Array<Node>
  puts: Array<Put>
  late: Array<LateCommit>
  left: Budget
  /** A law that a step broke, rather than a state. */
  wrong: Law | undefined
}

const fill = <A>(length: number, value: A): Array<A> => Array.from({ length }, () => value)

export const emptyPartition = (epoch: number, run: number, line: number, keys: number): Partition => ({
  epoch,
  run,
  line,
  log: [],
  floor: 0,
  spread: 0,
  entries: fill<Entry | undefined>(keys, undefined),
  leases: fill(keys, 0),
  fence: undefined
})

export const freshNode = (keys: number, positions: Array<Position>, marks: Array<number>, loads: number): Node => ({
  positions,
  marks,
  memory: fill<Held | undefined>(keys, undefined),
  flights: fill<Flight | undefined>(keys, undefined),
  confirmations: fill<Confirmation | undefined>(keys, undefined),
  write: undefined,
  own: 0,
  loads,
  owes: 0
})

export const initialState = (scenario: Scenario): State => {
  const { filled, keys, left, loads, nodes, partitions, warm } = scenario
  const start: Position = { epoch: 1, stamp: 0 }
  const state: State = {
    row: 0,
    committed: fill(keys, 0),
    run: 1,
    line: 1,
    epochs: 1,
    names: 0,
    grants: 0,
    fence: undefined,
    partitions: Array.from({ length: partitions }, () => emptyPartition(1, 1, 1, keys)),
    replica: Array.from({ length: partitions }, () => emptyPartition(1, 1, 1, keys)),
    warm: warm ? { epoch: 1, stamp: 0, entry: undefined, last: 0, mark: 0 } : undefined,
    nodes: Array.from({ length: nodes }, () => freshNode(keys, fill(partitions, start), fill(partitions, 0), loads)),
    puts: [],
    late: [],
    left,
    wrong: undefined
  }
  if (filled) state.partitions[0]!.entries[S] = { row: 0, at: 0, id: ++state.names }
  return state
}

export const copyPartition = (p: Partition): Partition => ({
  epoch: p.epoch,
  run: p.run,
  line: p.line,
  log: p.log,
  floor: p.floor,
  spread: p.spread,
  entries: p.entries.slice(),
  leases: p.leases.slice(),
  fence: p.fence
})

const copyNode = (n: Node): Node => ({
  positions: n.positions.slice(),
  marks: n.marks.slice(),
  memory: n.memory.slice(),
  flights: n.flights.slice(),
  confirmations: n.confirmations.slice(),
  write: n.write,
  own: n.own,
  loads: n.loads,
  owes: n.owes
})

export const copyState = (s: State): State => ({
  row: s.row,
  committed: s.committed.slice(),
  run: s.run,
  line: s.line,
  epochs: s.epochs,
  names: s.names,
  grants: s.grants,
  fence: s.fence,
  partitions: s.partitions.map(copyPartition),
  replica: s.replica,
  warm: s.warm,
  nodes: s.nodes.map(copyNode),
  puts: s.puts.slice(),
  late: s.late.slice(),
  left: s.left,
  wrong: s.wrong
})
