/** The command says in one line that its Node is too old. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import manifest from "../../package.json" with { type: "json" }
import { tooOld } from "../../src/cli/node.ts"

describe("Node of the command", () => {
  it("the command refuses each older Node, says which one it needs, and takes each later one", () => {
    for (const old of ["20.20.2", "22.18.9", "22.0.0", "9.99.99"]) {
      assert.strictEqual(
        tooOld(old, ">=22.19.0"),
        `stateless: this needs Node 22.19.0 or later, and runs on Node ${old}`
      )
    }
    for (const good of ["22.19.0", "22.19.1", "22.20.0", "23.0.0", "100.0.0", "24.0.0-nightly"]) {
      assert.isUndefined(tooOld(good, ">=22.19.0"))
    }
    assert.match(manifest.engines.node, /^>=\d+\.\d+\.\d+$/)
  })

  it("the version of Node is looked at before any other module", () => {
    const [first] = readFileSync(new URL("../../src/cli/main.ts", import.meta.url), "utf8").match(/^import .*$/m) ?? []
    assert.strictEqual(first, "import { version } from \"./node.ts\"")
  })
})
