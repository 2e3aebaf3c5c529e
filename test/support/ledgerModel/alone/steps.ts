/**
 * What a ledger and its nodes do with values that the cache alone has, and every step that can come next.
 */
import type { Rule } from "./rules.ts"
import type { Answer, Entry, Kind, Law, Left, LogRecord, Node, Op, Position, Request, State } from "./state.ts"

export type Rules = (rule: Rule) => boolean

const withNode = (s: State, i: number, changed: Partial<Node>): State => ({
  ...s,
  nodes: s.nodes.map((node, at) => at === i ? { ...node, ...changed } : node)
})

const broken = (s: State, wrong: Law): State => ({ ...s, wrong: s.wrong ?? wrong })

// --- the ledger ------------------------------------------------------------------------------------

const lastStamp = (log: ReadonlyArray<LogRecord>, does: LogRecord["does"]): number =>
  log.findLastIndex((record) => record.does === does) + 1

export const servedBy = ({ entry, epoch, log }: State): Entry | undefined =>
  epoch !== 0 && entry !== undefined && entry.at >= lastStamp(log, "marks") ? entry : undefined

/** Each step of the ledger begins so: after a loss, a new epoch begins. */
const enter = (s: State): State => s.epoch !== 0 ? s : { ...s, epoch: s.epochs + 1, epochs: s.epochs + 1, log: [] }

const isLate = (on: Rules, { epoch, log }: State, by: number, { sentAt }: Op): boolean =>
  sentAt.epoch !== epoch
    ? on("orderEpoch")
    : on("order") && log.some((record, at) => record.by === by && at + 1 > sentAt.stamp)

/** Whether a record that drops the key comes after a position. */
const isOvertaken = ({ epoch, log }: State, at: Position): boolean =>
  at.epoch !== epoch || lastStamp(log, "drops") > at.stamp

const isGuard = (kind: Kind): boolean => kind === "claim" || kind === "update" || kind === "take"

const holds = (on: Rules, s: State, { at, kind, version }: Op): boolean => {
  if (!isGuard(kind) || !on("judged")) return true
  const { entry } = s
  if (entry === undefined) return kind === "claim"
  if (kind === "claim" && !on("unserved")) return false
  return version === entry.version && (!on("identity") || !isOvertaken(s, at))
}

/** Whether the ghost lets a request change something: its write is under way, and was not judged in this epoch. */
const isDue = ({ epoch, nodes }: State, { by, op }: Request): boolean => {
  const current = nodes[by]!.op
  return current !== undefined && current.judgedIn !== epoch && (current.id === op.id || current.repays === op.id)
}

/** The position of the entry that a commit keeps; `undefined` if it keeps none. */
const keptAt = (on: Rules, s: State, { at, kind, value }: Op, own: number): number | undefined => {
  if (value === undefined) return undefined
  const known = at.epoch === s.epoch ? at.stamp : -1
  if (kind === "update") return !on("derived") ? own : known
  if (!on("prevails") && isOvertaken(s, at)) return undefined
  return on("ownPosition") ? own : known
}

/** What is right after a write that is due was judged. */
const judgedTruth = (
  s: State,
  { at, kind, read, value }: Op,
  isDone: boolean
): { readonly truth: number; readonly wrong: Law | undefined } => {
  const { truth } = s
  if (!isDone) {
    const isClaimable = kind === "claim" && truth === 0 && !isOvertaken(s, at)
    return { truth, wrong: isClaimable ? "claimable" : undefined }
  }
  if (kind === "claim" && truth !== 0) return { truth, wrong: "condition" }
  if (kind === "take" && truth !== read) return { truth, wrong: "condition" }
  // What was read may be hidden by a mark: then what was made from it is hidden, too.
  if (kind === "update") return truth === read ? { truth: value!.id, wrong: undefined } : { truth, wrong: undefined }
  return { truth: value?.id ?? 0, wrong: undefined }
}

const answered = (s: State, { by, op }: Request, answer: Answer): State => {
  const current = s.nodes[by]!.op
  const isAwaited = current?.id === op.id && current.sent === op.sent && current.answer === undefined
  return isAwaited ? withNode(s, by, { op: { ...current, answer } }) : s
}

/** A request arrives: one atomic step of the ledger. */
const execute = (on: Rules, before: State, request: Request): State => {
  let s = enter(before)
  const { by, op } = request
  const end = (): Position => ({ epoch: s.epoch, stamp: s.log.length })
  if (isLate(on, s, by, op)) return answered(s, request, { outcome: "late", position: end() })
  const isHeld = holds(on, s, op)
  const due = isDue(s, request)
  const was = servedBy(s)?.id ?? 0
  const does = !isHeld ? "nothing" : op.kind === "mark" ? "marks" : "drops"
  const right = judgedTruth(s, op, isHeld)
  if (isHeld || on("refusedRecord")) {
    const at = isHeld ? keptAt(on, s, op, s.log.length + 1) : undefined
    const entry = isHeld && op.kind !== "mark" ? undefined : s.entry
    s = { ...s, log: [...s.log, { by, does }], entry: at === undefined ? entry : { ...op.value!, at } }
  }
  const current = s.nodes[by]!.op
  if (due && current!.id === op.id) {
    s = withNode(s, by, { op: { ...current!, judgedIn: s.epoch } })
    s = { ...s, truth: right.truth }
    if (right.wrong !== undefined) s = broken(s, right.wrong)
  } else if (due) s = { ...s, truth: servedBy(s)?.id ?? 0 }
  else if (was !== (servedBy(s)?.id ?? 0)) s = broken(s, "once")
  return answered(s, request, { outcome: isHeld ? "done" : "refused", position: end() })
}

// --- a node ----------------------------------------------------------------------------------------

/** A change of another node is heard: memory drops its value, and a write under way may be out of date. */
const touched = (node: Node): Node => ({
  ...node,
  memory: undefined,
  op: node.op && { ...node.op, isContested: true }
})

const applied = (s: State, i: number, upTo: Position): State => {
  let node = s.nodes[i]!
  if (node.position.epoch !== upTo.epoch) {
    node = { ...touched(node), position: upTo }
    return withNode(s, i, node)
  }
  for (let at = node.position.stamp; at < upTo.stamp; at++) {
    const { by, does } = s.log[at]!
    if (by !== i && does !== "nothing") node = touched(node)
    node = { ...node, position: { ...node.position, stamp: at + 1 } }
  }
  return withNode(s, i, node)
}

const endOf = (s: State): Position => ({ epoch: s.epoch, stamp: s.log.length })

const sent = (s: State, by: number, op: Op): State => ({
  ...withNode(s, by, { op }),
  requests: [...s.requests, { by, op }]
})

const begin = (s: State, i: number, kind: Kind, given: Partial<Op> = {}): State => {
  const { memory, position } = s.nodes[i]!
  const id = s.ids + 1
  const isValue = kind === "set" || kind === "claim" || kind === "update"
  const value = isValue ? { id, version: (memory?.version ?? 0) + 1 } : undefined
  const op: Op = {
    id,
    kind,
    value,
    version: memory?.version,
    at: position,
    sentAt: position,
    sent: 1,
    read: memory?.id ?? 0,
    judgedIn: 0,
    repays: 0,
    isContested: false,
    answer: undefined,
    ...given
  }
  return sent(withNode({ ...s, ids: id }, i, { memory: value }), i, op)
}

/** Memory has no value: the node looks below first, and claims the key if it is served no value there. */
const beginClaim = (before: State, i: number): State | undefined => {
  const s = applied(enter(before), i, endOf(enter(before)))
  if (servedBy(s) !== undefined || s.nodes[i]!.memory !== undefined) return undefined
  return begin(s, i, "claim", { version: s.entry?.version })
}

const received = (on: Rules, before: State, i: number): State => {
  const { answer, id } = before.nodes[i]!.op!
  const { outcome, position } = answer!
  // A position of an epoch that has passed is not reached any more.
  const s = position.epoch === before.epoch
    ? applied(before, i, outcome === "late" ? endOf(before) : position)
    : before
  const { memory, op } = s.nodes[i]!
  if (outcome === "late" && on("again")) {
    return sent(s, i, { ...op!, sentAt: s.nodes[i]!.position, sent: op!.sent + 1, answer: undefined })
  }
  const told = outcome !== "refused" && op!.judgedIn === 0 ? broken(s, "told") : s
  const isDropped = outcome === "refused" || op!.isContested && on("contested")
  const isOwn = memory?.id === id
  return withNode(told, i, { op: undefined, memory: isOwn && isDropped ? undefined : memory })
}

/** The outcome of a write is unknown: its writer goes on, and a drop of the key is owed. */
const givenUp = (on: Rules, s: State, i: number): State => {
  const { id } = s.nodes[i]!.op!
  const left = withNode(s, i, { op: undefined, memory: undefined })
  return on("repaid") ? begin(left, i, "drop", { repays: id }) : left
}

// --- steps -----------------------------------------------------------------------------------------

type Found = (how: string, next: State) => void

const spend = (s: State, budget: keyof Left): State => ({ ...s, left: { ...s.left, [budget]: s.left[budget] - 1 } })

const nodeSteps = (on: Rules, s: State, i: number, found: Found): void => {
  const { memory, op, position } = s.nodes[i]!
  const step = (how: string, next: () => State | undefined, budget?: keyof Left): void => {
    if (budget !== undefined && s.left[budget] === 0) return
    const state = next()
    if (state !== undefined) found(how, budget === undefined ? state : spend(state, budget))
  }
  const isBehind = position.epoch !== s.epoch || position.stamp < s.log.length
  if (s.epoch !== 0 && isBehind) {
    const isNext = position.epoch === s.epoch
    const next = isNext ? { ...position, stamp: position.stamp + 1 } : endOf(s)
    step(`${i} applies the next record`, () => applied(s, i, next))
  }
  if (op === undefined) {
    step(`${i} sets a value`, () => begin(s, i, "set"), "set")
    step(`${i} claims the key`, () => beginClaim(s, i), "claim")
    step(`${i} marks`, () => begin(s, i, "mark"), "mark")
    if (memory !== undefined) {
      step(`${i} updates the value`, () => begin(s, i, "update"), "update")
      step(`${i} takes the value`, () => begin(s, i, "take"), "take")
      return
    }
    step(`${i} reads below`, () => {
      const known = applied(enter(s), i, endOf(enter(s)))
      const entry = servedBy(known)
      return entry && withNode(known, i, { memory: { id: entry.id, version: entry.version } })
    }, "reads")
    return
  }
  if (op.answer !== undefined) step(`${i} gets its answer`, () => received(on, s, i))
  // A reader is given what is on its way, and memory keeps it.
  if (op.value !== undefined && memory === undefined) {
    step(`${i} reads what it has under way`, () => withNode(s, i, { memory: op.value }), "reads")
  }
  if (op.repays === 0) step(`${i} gives up`, () => givenUp(on, s, i), "unknown")
}

/** Calls `found` with each state that one step reaches. */
export const nextStates = (on: Rules, s: State, found: Found): void => {
  for (let i = 0; i < s.nodes.length; i++) nodeSteps(on, s, i, found)
  for (const [at, request] of s.requests.entries()) {
    const { by, op } = request
    const rest = s.requests.filter((_, other) => other !== at)
    found(`the ${op.kind} of ${by} arrives`, execute(on, { ...s, requests: rest }, request))
    if (s.left.doubled > 0) {
      found(`the ${op.kind} of ${by} arrives, and comes again`, execute(on, spend(s, "doubled"), request))
    }
    const isAwaited = s.nodes[by]!.op?.id === op.id && s.nodes[by]!.op?.sent === op.sent
    if (!isAwaited) found(`the ${op.kind} of ${by} is lost`, { ...s, requests: rest })
  }
  if (s.left.losses > 0 && s.epoch !== 0) {
    found("the ledger loses everything", spend({ ...s, epoch: 0, entry: undefined, log: [], truth: 0 }, "losses"))
  }
}

/** The law that a state breaks. */
export const brokenBy = (s: State): Law | undefined => {
  if (s.wrong !== undefined) return s.wrong
  if (s.epoch === 0) return undefined
  if ((servedBy(s)?.id ?? 0) !== s.truth) return "kept"
  for (const { memory, op, position } of s.nodes) {
    const isCurrent = position.epoch === s.epoch && position.stamp === s.log.length
    if (isCurrent && op === undefined && memory !== undefined && memory.id !== s.truth) return "memory"
  }
  return undefined
}

/** Where no step is left, no write may be left. */
export const isStuck = ({ nodes }: State): boolean => nodes.some(({ op }) => op !== undefined)
