/**
 * Values that the cache alone has, over a shared ledger: the laws hold in every state that a scenario reaches, and each
 * rule is needed. `test/support/ledgerModel/README.md` says what the rules are, and has the number of states.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { laws, type Rule, ruleNames } from "../support/ledgerModel/alone/rules.ts"
import { ruleRow, scenarioRow, scenarios, stories } from "../support/ledgerModel/alone/scenarios.ts"
import type { Law, State } from "../support/ledgerModel/alone/state.ts"
import { brokenBy, isStuck, nextStates } from "../support/ledgerModel/alone/steps.ts"
import { search } from "../support/ledgerModel/search.ts"

const index = readFileSync(join(import.meta.dirname, "../support/ledgerModel/README.md"), "utf8")
const lawNames = Object.keys(laws) as ReadonlyArray<Law>

/** Several times what the largest scenario needs, on a busy machine. */
const bounds = { statesMax: 200_000, secondsMax: 60 }

const explore = (initial: State, off?: Rule) =>
  search<State, Law>({
    initial,
    next: (state, found) => nextStates((rule) => rule !== off, state, found),
    nameOf: (state) => JSON.stringify(state),
    brokenBy,
    stuckBy: (state) => isStuck(state) ? "ends" : undefined
  }, bounds)

describe("values that the cache alone has", () => {
  for (const [name, scenario] of Object.entries<State>(scenarios)) {
    it(`every law holds in the scenario \`${name}\`, which is searched to the end`, { timeout: 120_000 }, () => {
      const { end, law, states, story } = explore(scenario)
      assert.deepStrictEqual({ end, law, story }, { end: "complete", law: undefined, story: [] })
      assert.include(index, scenarioRow(name, scenario, states))
    })
  }

  for (const rule of ruleNames) {
    it(`a law breaks without the rule \`${rule}\``, { timeout: 120_000 }, () => {
      const { law, scenario, steps } = stories[rule]
      const found = explore(scenarios[scenario], rule)
      assert.deepStrictEqual({ law: found.law, steps: found.story.length }, { law, steps }, found.story.join("\n"))
      assert.include(index, ruleRow(rule))
    })
  }

  it("each law but that of ends is broken by the absence of some rule", () => {
    const broken = new Set(Object.values(stories).map(({ law }) => law))
    assert.sameMembers([...broken, "ends"], [...lawNames])
    for (const law of lawNames) assert.include(index, `| \`${law}\` | ${laws[law]} |`)
  })
})
