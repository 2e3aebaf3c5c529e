/**
 * The Node of the project runs the tests.
 */
import { assert, it } from "@effect/vitest"
import manifest from "../../package.json" with { type: "json" }

it("the tests run on the Node of package.json, and not on that of the machine", () => {
  assert.strictEqual(process.version, `v${manifest.devDependencies.node}`)
})
