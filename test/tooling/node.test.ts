import { assert, it } from "@effect/vitest"
import manifest from "../../package.json" with { type: "json" }

it("the tests run on the Node that package.json names, not on the machine's own", () => {
  assert.strictEqual(process.version, `v${manifest.devDependencies.node}`)
})
