/**
 * Each rule of the ledger protocol is needed: without it a law breaks, and the shortest story is as long as pinned. A
 * rule that can be left out unnoticed is a failure here.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { explore } from "../support/ledgerModel/explore.ts"
import { laws } from "../support/ledgerModel/laws.ts"
import { ruleNames } from "../support/ledgerModel/rules.ts"
import { scenarios } from "../support/ledgerModel/scenarios.ts"
import type { Law } from "../support/ledgerModel/state.ts"
import { stories } from "../support/ledgerModel/stories.ts"
import { lawRow, ruleRow } from "../support/ledgerModel/tables.ts"

const index = readFileSync(join(import.meta.dirname, "../support/ledgerModel/README.md"), "utf8")
const bounds = { statesMax: 300_000, secondsMax: 60 }
const lawNames = Object.keys(laws) as ReadonlyArray<Law>

describe("the ledger protocol without a rule", () => {
  for (const rule of ruleNames) {
    it(`a law breaks without the rule \`${rule}\``, { timeout: 120_000 }, () => {
      assert.isAbove(stories[rule].length, 0)
      for (const { except = [], law, scenario, steps } of stories[rule]) {
        const found = explore(scenarios[scenario], bounds, { off: [rule], except })
        assert.deepStrictEqual({ law: found.law, steps: found.story.length }, { law, steps }, found.story.join("\n"))
      }
      assert.include(index, ruleRow(rule))
    })
  }

  it(
    "no value is old without leases: they spare loads, and freshness does not depend on them",
    { timeout: 120_000 },
    () => {
      const { end, law } = explore(scenarios.crash, bounds, { off: ["lease"], except: ["single"] })
      assert.deepStrictEqual({ end, law }, { end: "complete", law: undefined })
    }
  )

  it("each law is broken by the absence of some rule", () => {
    const broken = new Set(Object.values(stories).flatMap((list) => list.map(({ law }) => law)))
    assert.sameMembers([...broken], [...lawNames])
    for (const law of lawNames) assert.include(index, lawRow(law))
  })
})
