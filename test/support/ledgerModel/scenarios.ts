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

const both: Partial<Shape> = { keys: 2, leases: true }
const two: Partial<Shape> = { keys: 2, partitions: 2, leases: true }

/** Scenarios that are searched to the end in each run. */
export const small = {
  loads: scenario({ drops: 1, expiries: 1 }, both),
  orphan: scenario({ crashes: 1, lostPuts: 1 }, both),
  races: scenario({ drops: 1, elsewhereDrops: 1 }, { leases: true }),
  skips: scenario({ elsewhereDrops: 1, others: 1 }, { skips: true }),
  trim: scenario({ elsewhereDrops: 1, elsewhereOthers: 1, trims: 1 }),
  crash: scenario({ drops: 1, crashes: 1, lostPuts: 1 }, { leases: true }),
  unknown: scenario({ drops: 1, unknown: 1 }, { leases: true }),
  losses: scenario({ drops: 1, losses: 1 }),
  failover: scenario({ drops: 1, failovers: 1, follows: 1 }),
  failoverAlone: scenario({ drops: 1, elsewhereOthers: 1, failovers: 1 }, { nodes: 1 }),
  failback: scenario({ elsewhereDrops: 1, failovers: 1, failbacks: 1 }),
  two: scenario({ elsewhereDrops: 1 }, two),
  marks: scenario({ marks: 1 }, { loads: 2 }),
  marksKeys: scenario({ marks: 1, elsewhereDrops: 1 }),
  marksTwo: scenario({ elsewhereMarks: 1 }, { keys: 2, partitions: 2 }),
  marksFailover: scenario({ marks: 1, failovers: 1 }),
  changing: scenario({ marks: 1, changing: 1 }),
  changingBoth: scenario({ elsewhereDrops: 1, changing: 1 }, both),
  strict: scenario({ marks: 1 }, { loads: 2, strict: true }),
  strictKeys: scenario({ drops: 1 }, { loads: 2, strict: true }),
  strictFailover: scenario({ elsewhereMarks: 1, failovers: 1 }, { loads: 2, strict: true }),
  suspects: scenario({ elsewhereMarks: 1, elsewhereOthers: 1, trims: 1 }, { suspects: true }),
  suspectsAgain: scenario({ elsewhereDrops: 1, elsewhereOthers: 1, trims: 2 }, { nodes: 1, suspects: true }),
  sets: scenario({ sets: 2 }),
  setsKeys: scenario({ sets: 1, elsewhereDrops: 1 }),
  setsMarks: scenario({ sets: 1, elsewhereMarks: 1 }),
  setsUnknown: scenario({ sets: 1, unknown: 1 }),
  setsFailover: scenario({ sets: 1, failovers: 1 }),
  setsTwo: scenario({ sets: 1 }, two),
  late: scenario({ sets: 1, drops: 1, late: 1 }, { loads: 0 }),
  lateSets: scenario({ sets: 1, late: 1 }),
  lateMarks: scenario({ marks: 1, late: 1 }),
  lateTrim: scenario({ sets: 1, late: 1, trims: 1 }),
  fences: scenario({ fenced: 2, losses: 1 }, { filled: true, loads: 0 }),
  plans: scenario({ elsewhereForeign: 1, crashes: 1 }, { loads: 2 }),
  plansTrim: scenario({ elsewhereForeign: 1, elsewhereOthers: 1, trims: 1 }),
  plansFailover: scenario({ elsewhereForeign: 1, failovers: 1 }),
  warm: scenario({ elsewhereDrops: 1, crashes: 1 }, { warm: true }),
  warmTwice: scenario({ elsewhereDrops: 2 }, { warm: true }),
  warmMarks: scenario({ elsewhereMarks: 1 }, { loads: 2, warm: true }),
  warmWrites: scenario({ drops: 1 }, { warm: true }),
  warmFailover: scenario({ elsewhereDrops: 1, failovers: 1 }, { warm: true })
} satisfies { readonly [name: string]: Scenario }

/** Scenarios that are searched to the end, or to a bound, on demand; some of them show what a rule is for. */
export const large = {
  racesBoth: scenario({ drops: 2 }, both),
  skipsBoth: scenario({ drops: 1, others: 1 }, { ...both, skips: true }),
  trimOwn: scenario({ drops: 1, others: 1, trims: 1 }),
  trimBoth: scenario({ drops: 1, others: 1, trims: 1 }, both),
  again: scenario({ drops: 1 }, { ...both, loads: 2 }),
  three: scenario({ drops: 1 }, { ...both, nodes: 3 }),
  crashBoth: scenario({ drops: 1, crashes: 1, lostPuts: 1 }, both),
  unknownBoth: scenario({ drops: 1, unknown: 1 }, both),
  lossesOther: scenario({ drops: 1, others: 1, losses: 1 }, both),
  failoverOther: scenario({ drops: 1, elsewhereOthers: 1, failovers: 1 }),
  failoverBoth: scenario({ drops: 1, others: 1, failovers: 1, follows: 9 }, both),
  failbackBoth: scenario({ drops: 1, failovers: 1, failbacks: 1 }, both),
  failbackTwice: scenario({ drops: 1, elsewhereOthers: 1, failovers: 1, failbacks: 1, follows: 2 }),
  twoOwn: scenario({ drops: 1 }, two),
  twoAgain: scenario({ drops: 1 }, { ...two, loads: 2 }),
  twoSkips: scenario({ drops: 1, elsewhereOthers: 1 }, { ...two, skips: true }),
  twoCrash: scenario({ drops: 1, crashes: 1 }, two),
  twoUnknown: scenario({ drops: 1, unknown: 1 }, two),
  twoLosses: scenario({ drops: 1, losses: 1 }, two),
  twoFailover: scenario({ drops: 1, failovers: 1, follows: 1 }, two),
  marksKeysOwn: scenario({ marks: 1, drops: 1 }),
  changingKeys: scenario({ marks: 1, drops: 1, changing: 1 }),
  changingFailover: scenario({ drops: 1, changing: 1, failovers: 1 }),
  strictFailovers: scenario({ drops: 1, failovers: 1, follows: 1 }, { loads: 2, strict: true }),
  suspectsOwn: scenario({ marks: 1, others: 1, trims: 1 }, { suspects: true }),
  suspectsKeys: scenario({ drops: 1, others: 1, trims: 2 }, { suspects: true }),
  suspectsTwice: scenario({ marks: 2, trims: 1 }, { suspects: true }),
  suspectsFailover: scenario({ elsewhereDrops: 1, failovers: 1, follows: 1 }, { loads: 2, suspects: true }),
  setsKeysOwn: scenario({ sets: 1, drops: 1 }),
  setsMarksOwn: scenario({ sets: 1, marks: 1 }),
  lateKeys: scenario({ drops: 2, late: 1 }),
  lateMarksKeys: scenario({ marks: 1, drops: 1, late: 1 }),
  lateFailover: scenario({ sets: 1, late: 1, failovers: 1, follows: 1 }),
  lateCrash: scenario({ sets: 1, late: 1, crashes: 1 }),
  fencesThrice: scenario({ fenced: 3, losses: 1 }, { filled: true, loads: 0 }),
  fencesLoads: scenario({ fenced: 2, losses: 1 }, { filled: true }),
  plansTwice: scenario({ elsewhereForeign: 2, crashes: 1 }, { loads: 2 }),
  plansFailovers: scenario({ elsewhereForeign: 1, failovers: 1, follows: 1 }, { loads: 2 }),
  warmAll: scenario({ elsewhereDrops: 1, elsewhereOthers: 1, crashes: 1 }, { loads: 2, warm: true }),
  warmMarksKeys: scenario({ elsewhereDrops: 1, elsewhereMarks: 1 }, { loads: 2, warm: true }),
  warmMarksFailover: scenario({ elsewhereMarks: 1, failovers: 1, follows: 1 }, { loads: 2, warm: true }),
  everything: scenario({ drops: 1, marks: 1, sets: 1, changing: 1, trims: 1 })
} satisfies { readonly [name: string]: Scenario }

export const scenarios = { ...small, ...large }
export type ScenarioName = keyof typeof scenarios
