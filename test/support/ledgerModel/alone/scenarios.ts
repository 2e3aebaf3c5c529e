/**
 * What may happen in a search of values that the cache alone has, and what breaks without each rule.
 */
import { type Rule, rules } from "./rules.ts"
import { type Law, type Left, scenario, type State } from "./state.ts"

export const scenarios = {
  sets: scenario({ set: 2, reads: 2 }),
  setsLate: scenario({ set: 2, reads: 1, doubled: 1 }),
  setsUnknown: scenario({ set: 2, unknown: 1 }),
  setsLost: scenario({ set: 2, doubled: 1, losses: 1 }),
  unknownLost: scenario({ set: 1, unknown: 1, losses: 1 }),
  marks: scenario({ set: 1, mark: 1, reads: 1 }),
  claims: scenario({ claim: 2, take: 1, doubled: 1 }),
  claimsMark: scenario({ set: 1, claim: 1, mark: 1 }),
  claimsUnknown: scenario({ claim: 2, take: 1, doubled: 1, unknown: 1 }),
  takes: scenario({ set: 1, take: 2, reads: 2 }),
  updates: scenario({ set: 1, update: 2, reads: 1 }),
  updatesSet: scenario({ set: 2, update: 1, reads: 1 }),
  updatesMark: scenario({ set: 1, update: 1, mark: 1, reads: 1, doubled: 1 }),
  updatesLate: scenario({ set: 1, update: 2, doubled: 1, unknown: 1 }),
  mixed: scenario({ set: 1, claim: 1, update: 1, reads: 1, doubled: 1 })
} satisfies { readonly [name: string]: State }

export interface Story {
  readonly scenario: keyof typeof scenarios
  readonly law: Law
  readonly steps: number
}

export const stories: { readonly [R in Rule]: Story } = {
  prevails: { scenario: "sets", law: "kept", steps: 4 },
  ownPosition: { scenario: "marks", law: "kept", steps: 4 },
  order: { scenario: "setsLate", law: "once", steps: 5 },
  orderEpoch: { scenario: "setsLost", law: "once", steps: 5 },
  refusedRecord: { scenario: "claims", law: "once", steps: 8 },
  again: { scenario: "setsUnknown", law: "told", steps: 5 },
  repaid: { scenario: "setsUnknown", law: "once", steps: 3 },
  judged: { scenario: "claims", law: "condition", steps: 4 },
  identity: { scenario: "updatesSet", law: "kept", steps: 7 },
  derived: { scenario: "updatesMark", law: "kept", steps: 7 },
  unserved: { scenario: "claimsMark", law: "claimable", steps: 7 },
  contested: { scenario: "sets", law: "memory", steps: 8 }
}

export const ruleRow = (rule: Rule): string => {
  const { law, scenario: name, steps } = stories[rule]
  const { says, without } = rules[rule]
  return `| \`${rule}\` | ${says} | ${without}. ${steps}: \`${law}\` (${name}) |`
}

export const scenarioRow = (name: string, { left }: State, states: number): string => {
  const what = Object.keys(left).flatMap((kind) => {
    const times = left[kind as keyof Left]
    return times === 0 ? [] : [`${kind} ${times}`]
  })
  return `| \`${name}\` | ${what.join(", ")} | ${states.toLocaleString("en-US")} |`
}
