/**
 * One search of the model: a scenario, and the rules that are switched on.
 */
import { type Rule, ruleNames } from "./rules.ts"
import type { Scenario } from "./scenarios.ts"

export interface Model {
  readonly scenario: Scenario
  readonly on: (rule: Rule) => boolean
  /** Whether anything depends on the identity of an entry. */
  readonly isNamed: boolean
  /** S and D lie in one partition, or in two. */
  readonly partitionOf: (key: number) => number
  /** The keys of a partition, one bit for each. */
  readonly keysOf: (part: number) => number
}

export const makeModel = (scenario: Scenario, off: ReadonlyArray<Rule> = []): Model => {
  const switches = new Map(ruleNames.map((rule) => [rule, !off.includes(rule)]))
  const isOne = scenario.partitions === 1
  const all = (1 << scenario.keys) - 1
  return {
    scenario,
    on: (rule) => switches.get(rule)!,
    isNamed: scenario.suspects || scenario.left.sets > 0,
    partitionOf: (key) => isOne ? 0 : key,
    keysOf: (part) => isOne ? all : 1 << part
  }
}
