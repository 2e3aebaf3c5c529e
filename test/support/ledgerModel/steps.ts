/**
 * Every step that can come next: of the readers and writers in each node, of what travels, and of what fails.
 *
 * A scenario bounds each kind of step by a budget, so that the search ends. Everything else is free: any step that can
 * happen may happen now.
 */
import { commit, commitElsewhere, failOver, grant, put } from "./ledger.ts"
import type { Model } from "./model.ts"
import {
  applyBeyond,
  applyNews,
  applyWrite,
  ask,
  askSuspect,
  commitWrite,
  endLoad,
  isBehind,
  joinStrict,
  judgeSuspect,
  nodeOf,
  restart,
  takeAnswer,
  takeReceipt
} from "./node.ts"
import type { Budget } from "./scenarios.ts"
import {
  copyPartition,
  copyState,
  D,
  emptyPartition,
  type Flight,
  type Kind,
  S,
  type State,
  type Write
} from "./state.ts"
import { bringForward, putWarm } from "./warmTier.ts"

/** Takes a step in a copy of the state. A change that returns `false` cannot happen. */
type Step = (how: string, change: (t: State) => boolean | void, budget?: keyof Budget) => void

const nameOf = (key: number): string => key === S ? "S" : "D"

/** The steps of a load of one key. */
const loadSteps = (m: Model, s: State, i: number, key: number, step: Step): void => {
  const node = nodeOf(s, i)
  const flight = node.flights[key]
  const held = node.memory[key]
  const name = `${i}.${nameOf(key)}`
  const change = (t: State, changed: Partial<Flight>) => {
    nodeOf(t, i).flights[key] = { ...nodeOf(t, i).flights[key]!, ...changed }
  }
  if (flight === undefined) {
    if (node.loads === 0 || held !== undefined && !held.suspect) return
    step(`${name} is asked for`, (t) => {
      nodeOf(t, i).loads--
      return ask(m, t, i, key)
    })
    return
  }
  if (m.scenario.strict && !flight.voided && node.loads > 0 && flight.since < s.committed[key]!) {
    step(`a strict reader joins the load of ${name}`, (t) => joinStrict(m, t, i, key))
  }
  if (flight.phase === "asked") step(`${name} is answered`, (t) => takeAnswer(m, t, i, key))
  else if (flight.phase === "ends") step(`the load of ${name} ends`, (t) => endLoad(m, t, i, key))
  else if (key === S) {
    step(`the lookup of ${name} reads the row`, (t) => change(t, { row: t.row, phase: "ends" }))
    step(
      `the lookup of ${name} reads the row, which drops what depends on it`,
      (t) => change(t, { row: t.row, phase: "ends", changes: true }),
      "changing"
    )
  } else lookupOfD(m, s, i, step, change)
}

/** D is made from S as memory has it, else from the load of S that is under way, else from a new one. */
const lookupOfD = (m: Model, s: State, i: number, step: Step, change: (t: State, to: Partial<Flight>) => void) => {
  const { flights, memory } = nodeOf(s, i)
  const held = memory[S]
  if (held !== undefined && !held.suspect) {
    step(`the lookup of ${i}.D reads S in memory`, (t) => change(t, { row: held.row, phase: "ends", waits: false }))
  } else if (flights[S] === undefined) {
    step(`the lookup of ${i}.D asks for S`, (t) => {
      change(t, { waits: true })
      return ask(m, t, i, S)
    })
  } else if (!flights[S].voided && !flights[D]!.waits) {
    step(`the lookup of ${i}.D joins the load of S`, (t) => change(t, { waits: true }))
  }
}

const kinds = { drops: "drop", marks: "mark", sets: "set" } as const satisfies { readonly [name: string]: Kind }

const begin = (t: State, i: number, kind: Kind, phase: Write["phase"], row: number): Write =>
  nodeOf(t, i).write = {
    kind,
    phase,
    row,
    at: nodeOf(t, i).positions[0]!,
    id: kind === "set" ? ++t.names : 0,
    fence: undefined,
    commits: [],
    again: false,
    voided: false,
    taken: false
  }

/** The steps that begin a write. */
const beginSteps = (m: Model, i: number, step: Step): void => {
  for (const budget of ["drops", "marks", "sets"] as const) {
    step(`${i} writes the row, to ${kinds[budget]} S`, (t) => void begin(t, i, kinds[budget], "row", ++t.row), budget)
  }
  step(`${i} writes another key`, (t) => void begin(t, i, "other", "local", 0), "others")
  step(
    `${i} is granted the lease`,
    (t) => {
      const fence = grant(m, t)
      if (fence === undefined) return false
      nodeOf(t, i).write = { ...begin(t, i, "fenced", "granted", 0), fence }
    },
    "fenced"
  )
}

/** The source takes a row only if its fence is not older than the greatest that it has seen. */
const writeFenced = (m: Model, t: State, i: number): void => {
  const node = nodeOf(t, i)
  const fence = node.write!.fence!
  const seen = t.fence
  const isOlder = seen !== undefined && (m.on("fence") && fence.epoch !== seen.epoch
    ? fence.epoch < seen.epoch
    : fence.stamp < seen.stamp)
  if (isOlder) {
    if (fence.grant > seen.grant) t.wrong = "newest"
    node.write = undefined
    return
  }
  if (seen !== undefined && fence.grant < seen.grant) t.wrong = "older"
  t.fence = fence
  node.write = { ...node.write!, phase: "row", row: ++t.row, at: node.positions[0]! }
}

/** The outcome is unknown: the drops of the write are sent again, and its value is not. */
const sendAgain = (m: Model, t: State, i: number): void => {
  const node = nodeOf(t, i)
  const write = node.write!
  const kind = write.kind === "set" ? "drop" : write.kind
  node.write = m.on("retry") ? { ...write, kind, phase: "local", commits: [], again: true } : undefined
  // Without `retry` the write returns now.
  if (node.write === undefined) t.committed = t.committed.map((row) => Math.max(row, write.row))
}

/** The steps of a write: the row, this node, the ledger, the receipt. */
const writeSteps = (m: Model, s: State, i: number, step: Step): void => {
  const { write } = nodeOf(s, i)
  if (write === undefined) return beginSteps(m, i, step)
  const { phase } = write
  if (phase === "granted") step(`${i} writes the row under its fence`, (t) => writeFenced(m, t, i))
  if (phase === "row") step(`${i} applies its write`, (t) => applyWrite(m, t, i))
  if (phase === "local" || phase === "second") step(`${i} commits`, (t) => commitWrite(m, t, i))
  if (phase === "local") {
    step(`the commit of ${i} is lost`, (t) => sendAgain(m, t, i), "unknown")
    if (!write.again) {
      step(`the commit of ${i} does not arrive in time`, (t) => {
        t.late.push({ write, by: i })
        sendAgain(m, t, i)
      }, "late")
    }
  }
  if (phase === "told") {
    step(`${i} gets its receipt`, (t) => takeReceipt(m, t, i))
    step(`the receipt of ${i} is lost`, (t) => sendAgain(m, t, i), "unknown")
  }
}

/** News of the log, and what follows from it for suspects and for the warm tier. */
const newsSteps = (m: Model, s: State, i: number, step: Step): void => {
  const node = nodeOf(s, i)
  for (const [part, p] of s.partitions.entries()) {
    if (p.epoch === 0 || !isBehind(node, part, p)) continue
    const { epoch, stamp } = node.positions[part]!
    const isOne = s.partitions.length === 1
    step(`${i} applies the next record${isOne ? "" : ` of ${part}`}`, (t) => applyNews(m, t, i, part))
    if (!m.scenario.skips || epoch !== p.epoch) continue
    for (let beyond = Math.max(stamp, p.floor) + 2; beyond <= p.log.length; beyond++) {
      step(
        `record ${beyond}${isOne ? "" : ` of ${part}`} reaches ${i}, and those before it do not`,
        (t) => applyBeyond(m, t, i, part, beyond)
      )
    }
  }
  if (node.owes > 0) step(`${i} brings the warm tier forward`, (t) => bringForward(m, t, nodeOf(t, i)))
  for (const [key, held] of node.memory.entries()) {
    if (held?.suspect === true && node.confirmations[key] === undefined) {
      step(`${i} asks about its suspect ${nameOf(key)}`, (t) => askSuspect(m, t, i, key))
    }
    if (node.confirmations[key] !== undefined) {
      step(`${i} learns about its suspect ${nameOf(key)}`, (t) => judgeSuspect(m, t, i, key))
    }
  }
  step(`${i} ends, and begins as another instance`, (t) => restart(m, t, i), "crashes")
}

/** What travels arrives, in any order. */
const travelSteps = (m: Model, s: State, step: Step): void => {
  for (const [at, travelling] of s.puts.entries()) {
    const name = `the put of ${nameOf(travelling.key)} from row ${travelling.row}`
    step(`${name} arrives at the ${travelling.to === "warm" ? "warm tier" : "ledger"}`, (t) => {
      t.puts.splice(at, 1)
      if (travelling.to === "warm") putWarm(m, t, travelling)
      else put(m, t, travelling)
    })
    step(`${name} is lost`, (t) => void t.puts.splice(at, 1), "lostPuts")
  }
  for (const [at, { by, write }] of s.late.entries()) {
    step(`a late commit arrives`, (t) => {
      t.late.splice(at, 1)
      commit(m, t, 0, write, by, true)
    })
  }
}

/** Whether the holder of a lease is gone, so that only time can end it. */
const isOrphan = (s: State, lease: number): boolean =>
  !s.nodes.some(({ flights }) => flights.some((flight) => flight?.lease === lease)) &&
  !s.puts.some((travelling) => travelling.lease === lease)

const elsewhere = {
  elsewhereDrops: "drop",
  elsewhereMarks: "mark",
  elsewhereOthers: "other",
  elsewhereForeign: "foreign"
} as const

/** What others do to the ledger, and what happens to it. */
const ledgerSteps = (m: Model, s: State, step: Step): void => {
  for (const budget of ["elsewhereDrops", "elsewhereMarks", "elsewhereOthers", "elsewhereForeign"] as const) {
    const kind = elsewhere[budget]
    const what = kind === "other" ? "another key" : kind === "foreign" ? "the row by another plan" : `to ${kind} S`
    step(`elsewhere, a process writes and commits ${what}`, (t) => commitElsewhere(m, t, kind), budget)
  }
  for (const [part, p] of s.partitions.entries()) {
    for (const [key, lease] of p.leases.entries()) {
      if (lease === 0) continue
      const end = (t: State) => void (t.partitions[part]!.leases[key] = 0)
      if (isOrphan(s, lease)) {
        if (m.on("leaseEnds")) step(`the lease of ${nameOf(key)} ends, whose holder is gone`, end)
      } else step(`the lease of ${nameOf(key)} ends by time`, end, "expiries")
    }
    if (p.fence !== undefined) {
      step("the lease on the pattern ends by time", (t) => void (t.partitions[part]!.fence = undefined))
    }
    if (p.log.length > p.floor) {
      step("the log is trimmed", (t) => void (t.partitions[part]!.floor = p.log.length), "trims")
    }
  }
  step("the ledger loses everything", (t) => {
    const { keys } = m.scenario
    t.partitions = t.partitions.map(({ line, run }) => emptyPartition(m.on("epoch") ? 0 : 1, run, line, keys))
  }, "losses")
  step("the replica follows", (t) => void (t.replica = s.partitions.map(copyPartition)), "follows")
  step("the replica takes over", (t) => failOver(t), "failovers")
  if (s.run === 2) {
    step("the old primary, filled from the new one, takes over again", (t) => {
      t.run = 1
      t.line++
    }, "failbacks")
  }
}

/** Calls `found` with each state that one step reaches. */
export const nextStates = (m: Model, s: State, found: (how: string, t: State) => void): void => {
  const step: Step = (how, change, budget) => {
    if (budget !== undefined && s.left[budget] === 0) return
    const t = copyState(s)
    if (budget !== undefined) t.left = { ...s.left, [budget]: s.left[budget] - 1 }
    if (change(t) !== false) found(how, t)
  }
  for (let i = 0; i < s.nodes.length; i++) {
    for (let key = 0; key < m.scenario.keys; key++) loadSteps(m, s, i, key, step)
    writeSteps(m, s, i, step)
    newsSteps(m, s, i, step)
  }
  travelSteps(m, s, step)
  ledgerSteps(m, s, step)
}
