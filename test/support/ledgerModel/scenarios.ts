/**
 * What may happen in a search, as data.
 */
/** How often each kind of step may happen in a story. */
export interface Budget {
  /** Writes of the row by a node that holds keys: the commit drops, marks, or brings a value. */
  readonly drops: number
  readonly marks: number
  readonly sets: number
  /** Writes under the lease on the pattern. */
  readonly fenced: number
  /** Commits of a key that the scenario does not read. */
  readonly others: number
  /** Writes and commits by a process that holds nothing, in one step. */
  readonly elsewhereDrops: number
  readonly elsewhereMarks: number
  readonly elsewhereOthers: number
  readonly elsewhereForeign: number
  /** Puts that append a record, since the value differs from the one before. */
  readonly changing: number
  /** Requests or receipts of commits that are lost; requests that arrive after they were sent again. */
  readonly unknown: number
  readonly late: number
  readonly lostPuts: number
  /** Leases of loads that end while their holder lives. */
  readonly expiries: number
  readonly crashes: number
  readonly trims: number
  readonly losses: number
  /** How often the replica copies the primary, takes over, and gives back. */
  readonly follows: number
  readonly failovers: number
  readonly failbacks: number
}

const nothing: Budget = {
  drops: 0,
  marks: 0,
  sets: 0,
  fenced: 0,
  others: 0,
  elsewhereDrops: 0,
  elsewhereMarks: 0,
  elsewhereOthers: 0,
  elsewhereForeign: 0,
  changing: 0,
  unknown: 0,
  late: 0,
  lostPuts: 0,
  expiries: 0,
  crashes: 0,
  trims: 0,
  losses: 0,
  follows: 0,
  failovers: 0,
  failbacks: 0
}

export interface Shape {
  readonly nodes: number
  /** S alone, or S and D, which is made from it. */
  readonly keys: 1 | 2
  /** Two: S and D lie in partitions of their own. */
  readonly partitions: 1 | 2
  /** Loads that each node may start for a reader. */
  readonly loads: number
  /** Loads take a lease, so that one runs at a time. */
  readonly leases: boolean
  /** Readers are strict: what they get is judged, not only what memory holds. */
  readonly strict: boolean
  /** Suspects are confirmed by their identity; else a node drops them. */
  readonly suspects: boolean
  /** A record may reach a node without those before it. */
  readonly skips: boolean
  readonly warm: boolean
  /** The ledger has the value of the first row at the start. */
  readonly filled: boolean
}

export interface Scenario extends Shape {
  readonly left: Budget
}

const plain: Shape = {
  nodes: 2,
  keys: 1,
  partitions: 1,
  loads: 1,
  leases: false,
  strict: false,
  suspects: false,
  skips: false,
  warm: false,
  filled: false
}

/** A scenario from what differs from the plainest one: two nodes, one key, one load each, and no change. */
export const scenario = (left: Partial<Budget>, shape: Partial<Shape> = {}): Scenario => ({
  ...plain,
  ...shape,
  left: { ...nothing, ...left }
})
