/**
 * What the model of values without a source knows at one moment. There is one key. Its values are given by callers, so
 * each has a name of its own, and the last write that was done says which one is right (`truth`).
 */

export interface Position {
  readonly epoch: number
  readonly stamp: number
}

/** A value, with the version that its engine gave it. Two engines may give one version. */
export interface Value {
  readonly id: number
  readonly version: number
}

export interface Entry extends Value {
  readonly at: number
}

export interface LogRecord {
  readonly by: number
  readonly does: "drops" | "marks" | "nothing"
}

export type Kind = "set" | "claim" | "update" | "take" | "mark" | "drop"

/** A write under way. The condition of a guard is a version with a position, or absence, or both. */
export interface Op {
  readonly id: number
  readonly kind: Kind
  readonly value: Value | undefined
  readonly version: number | undefined
  /** The position that was known when the write left its engine, and that of the latest request. */
  readonly at: Position
  readonly sentAt: Position
  readonly sent: number
  /** Not in a real ledger: the value that its engine has read. */
  readonly read: number
  /** Not in a real ledger: the epoch in which it was judged; the write before, whose outcome is unknown. */
  readonly judgedIn: number
  readonly repays: number
  readonly isContested: boolean
  readonly answer: Answer | undefined
}

export interface Answer {
  readonly outcome: "done" | "refused" | "late"
  readonly position: Position
}

export interface Node {
  readonly position: Position
  readonly memory: Value | undefined
  readonly op: Op | undefined
}

/** A request on its way. */
export interface Request {
  readonly by: number
  readonly op: Op
}

export interface Left {
  readonly set: number
  readonly claim: number
  readonly update: number
  readonly take: number
  readonly mark: number
  readonly reads: number
  /** Requests that arrive twice; writers that give up a request, which arrives later or never; losses of the ledger. */
  readonly doubled: number
  readonly unknown: number
  readonly losses: number
}

export type Law = "kept" | "once" | "told" | "condition" | "claimable" | "memory" | "ends"

export interface State {
  readonly epoch: number
  readonly log: ReadonlyArray<LogRecord>
  readonly entry: Entry | undefined
  /** The name of the value that is right; 0 for none. */
  readonly truth: number
  readonly epochs: number
  readonly ids: number
  readonly nodes: ReadonlyArray<Node>
  readonly requests: ReadonlyArray<Request>
  readonly left: Left
  readonly wrong: Law | undefined
}

const nothing: Left = {
  set: 0,
  claim: 0,
  update: 0,
  take: 0,
  mark: 0,
  reads: 0,
  doubled: 0,
  unknown: 0,
  losses: 0
}

/** Two nodes and what may happen. */
export const scenario = (left: Partial<Left>): State => ({
  epoch: 1,
  log: [],
  entry: undefined,
  truth: 0,
  epochs: 1,
  ids: 0,
  nodes: [0, 1].map(() => ({ position: { epoch: 1, stamp: 0 }, memory: undefined, op: undefined })),
  requests: [],
  left: { ...nothing, ...left },
  wrong: undefined
})
