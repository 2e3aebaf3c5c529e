/**
 * The rows of the tables in the index of this folder: tests compare them, so that the tables say what a search finds.
 */
import { laws } from "./laws.ts"
import { type Rule, rules } from "./rules.ts"
import type { Budget, Scenario } from "./scenarios.ts"
import type { Law } from "./state.ts"
import { stories } from "./stories.ts"

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

export const lawRow = (law: Law): string => row(`\`${law}\``, laws[law])

export const ruleRow = (rule: Rule): string => {
  const found = stories[rule].map(({ law, scenario, steps }) => `${steps}: \`${law}\` (${scenario})`)
  return row(`\`${rule}\``, rules[rule].says, `${rules[rule].without}. ${found.join("; ")}`)
}

/** What differs from the plainest scenario. */
const describe = ({ left, ...shape }: Scenario): string => {
  const budgets = Object.keys(left).filter((name) => left[name as keyof Budget] > 0)
  const counts = budgets.map((name) => `${name} ${left[name as keyof Budget]}`)
  const { filled, keys, leases, loads, nodes, partitions, skips, strict, suspects, warm } = shape
  const ways = Object.entries({ filled, leases, skips, strict, suspects, warm })
    .flatMap(([name, isOn]) => isOn ? [name] : [])
  const sizes = [
    ...(nodes === 2 ? [] : [`nodes ${nodes}`]),
    ...(keys === 1 ? [] : [`keys ${keys}`]),
    ...(partitions === 1 ? [] : [`partitions ${partitions}`]),
    `loads ${loads}`
  ]
  return [...counts, ...sizes, ...ways].join(", ")
}

export const scenarioRow = (name: string, scenario: Scenario, states: number): string =>
  row(`\`${name}\``, describe(scenario), states.toLocaleString("en-US"))
