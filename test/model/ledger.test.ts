/**
 * The protocol of a shared ledger holds in every state that a small scenario reaches: all orders of its steps, with the
 * losses, crashes and failovers that the scenario allows. `test/support/ledgerModel/README.md` says what the protocol
 * is, and has the number of states.
 *
 * `STATELESS_STATES=1000000 npx vitest run test/model/ledger.test.ts` searches the large scenarios, too, each to so
 * many states.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { explore } from "../support/ledgerModel/explore.ts"
import { large, type Scenario, small } from "../support/ledgerModel/scenarios.ts"
import { search } from "../support/ledgerModel/search.ts"
import { scenarioRow } from "../support/ledgerModel/tables.ts"

const index = readFileSync(join(import.meta.dirname, "../support/ledgerModel/README.md"), "utf8")
const largeStatesMax = Number(process.env["STATELESS_STATES"] ?? 0)

/** Several times what the largest small scenario needs, on a busy machine. */
const smallBounds = { statesMax: 200_000, secondsMax: 60 }
const largeBounds = { statesMax: largeStatesMax, secondsMax: 1_800 }

describe("the ledger protocol with all rules", () => {
  for (const [name, scenario] of Object.entries<Scenario>(small)) {
    it(`every law holds in the scenario \`${name}\`, which is searched to the end`, { timeout: 120_000 }, () => {
      const { end, law, states, story } = explore(scenario, smallBounds)
      assert.deepStrictEqual({ end, law, story }, { end: "complete", law: undefined, story: [] })
      assert.include(index, scenarioRow(name, scenario, states))
    })
  }

  if (largeStatesMax > 0) {
    for (const [name, scenario] of Object.entries<Scenario>(large)) {
      it(`no law breaks in the large scenario \`${name}\``, { timeout: 3_600_000 }, () => {
        const { end, law, seconds, states, story } = explore(scenario, largeBounds)
        console.log(`${scenarioRow(name, scenario, states)} ${end}, ${seconds.toFixed(0)} s`)
        assert.deepStrictEqual({ law, story }, { law: undefined, story: [] })
      })
    }
  }
})

describe("the search", () => {
  // A number grows by 1 or by 3, up to 7.
  const find = (broken: number, stuck: number, statesMax = 100) =>
    search<number, string>({
      initial: 0,
      next: (at, found) => {
        for (const by of [1, 3]) if (at + by <= 7) found(`+${by}`, at + by)
      },
      nameOf: String,
      brokenBy: (at) => at === broken ? "broken" : undefined,
      stuckBy: (at) => at === stuck ? "stuck" : undefined
    }, { statesMax, secondsMax: 10 })

  it("the first story that is found is one of the shortest", () => {
    const { end, law, story } = find(6, -1)
    assert.deepStrictEqual({ end, law, story }, { end: "broken", law: "broken", story: ["+3", "+3"] })
  })

  it("a state that no step leads out of is judged, and others are not", () => {
    assert.deepStrictEqual(find(-1, 7).story, ["+1", "+3", "+3"])
    assert.strictEqual(find(-1, 6).end, "complete")
  })

  it("each state is counted once, and a search that reaches its bound says so", () => {
    assert.strictEqual(find(-1, -1).states, 8)
    assert.strictEqual(find(-1, -1, 4).end, "cut")
  })
})
