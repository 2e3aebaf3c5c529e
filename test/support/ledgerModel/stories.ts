/**
 * What breaks without each rule: the law, the length of the shortest story, and the scenario that has it.
 */
import type { Rule } from "./rules.ts"
import type { ScenarioName } from "./scenarios.ts"
import type { Law } from "./state.ts"

export interface Story {
  readonly scenario: ScenarioName
  readonly law: Law
  readonly steps: number
  /** Laws that break earlier, and are not judged in this story. */
  readonly except?: ReadonlyArray<Law>
}

export const stories: { readonly [R in Rule]: ReadonlyArray<Story> } = {
  token: [{ scenario: "loads", law: "ledger", steps: 8 }],
  floor: [{ scenario: "trimOwn", law: "ledger", steps: 9 }],
  pair: [{ scenario: "failoverAlone", law: "ledger", steps: 12 }],
  restamp: [{ scenario: "changing", law: "ledger", steps: 8 }],
  copy: [{ scenario: "warm", law: "warm", steps: 8 }],
  copyJudged: [{ scenario: "warmMarks", law: "warm", steps: 11 }],
  voidFlight: [{ scenario: "loads", law: "position", steps: 8 }, { scenario: "warm", law: "position", steps: 6 }],
  promote: [{ scenario: "loads", law: "own", steps: 9 }],
  gap: [{ scenario: "skipsBoth", law: "position", steps: 10 }],
  trimmed: [{ scenario: "trimOwn", law: "position", steps: 9 }],
  replyGap: [{ scenario: "trimOwn", law: "position", steps: 10 }],
  writer: [{ scenario: "loads", law: "position", steps: 8 }],
  cause: [{ scenario: "twoAgain", law: "position", steps: 13 }],
  pending: [{ scenario: "loads", law: "own", steps: 9 }],
  pendingMark: [{ scenario: "marks", law: "own", steps: 9 }],
  retry: [{ scenario: "unknown", law: "position", steps: 7 }],
  order: [{ scenario: "twoOwn", law: "position", steps: 14 }],
  setIsFill: [{ scenario: "sets", law: "ledger", steps: 6 }],
  setStamp: [{ scenario: "setsMarksOwn", law: "ledger", steps: 6 }],
  setVoid: [{ scenario: "sets", law: "position", steps: 6 }],
  drop: [{ scenario: "fences", law: "ledger", steps: 5 }],
  fence: [
    { scenario: "fences", law: "older", steps: 5 },
    { scenario: "fencesThrice", law: "newest", steps: 8, except: ["older"] }
  ],
  epoch: [{ scenario: "losses", law: "position", steps: 8 }],
  witness: [{ scenario: "failover", law: "position", steps: 8 }],
  replid: [{ scenario: "failbackBoth", law: "position", steps: 9 }],
  unvoid: [{ scenario: "failover", law: "own", steps: 10 }],
  headFirst: [{ scenario: "strict", law: "answer", steps: 10 }],
  lookFirst: [{ scenario: "strict", law: "answer", steps: 8 }],
  proven: [{ scenario: "strictFailover", law: "answer", steps: 7 }],
  idPosition: [{ scenario: "suspectsOwn", law: "position", steps: 12 }],
  idWatch: [{ scenario: "suspectsAgain", law: "position", steps: 13 }],
  spreadMemory: [{ scenario: "plans", law: "position", steps: 6 }],
  spread: [{ scenario: "plans", law: "position", steps: 9 }],
  start: [{ scenario: "plans", law: "position", steps: 9 }],
  unknownSpreads: [
    { scenario: "plansFailover", law: "position", steps: 9 },
    { scenario: "plansTrim", law: "position", steps: 10 }
  ],
  behind: [{ scenario: "warm", law: "position", steps: 9 }],
  warmPending: [{ scenario: "warm", law: "position", steps: 9 }],
  warmOrder: [{ scenario: "warmTwice", law: "warm", steps: 12 }],
  leaseEnds: [{ scenario: "orphan", law: "ends", steps: 4 }],
  lease: [{ scenario: "loads", law: "single", steps: 2 }]
}
