/**
 * The audit of dependencies: it counts findings in packages that a user installs, and says when it could not run.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Audit from "../../.ci/audit.ts"

const root = join(import.meta.dirname, "../..")
const lock: Audit.Lock = {
  packages: {
    "": { peerDependencies: { effect: "4" } },
    "node_modules/effect": { dependencies: { uuid: "1", fast: "1" } },
    "node_modules/effect/node_modules/uuid": { dependencies: { fast: "1" } },
    "node_modules/uuid": {},
    "node_modules/fast": {},
    "node_modules/vitest": {}
  }
}
const finding = (name: string, node: string): Audit.Report => ({
  vulnerabilities: { [name]: { name, severity: "high", nodes: [node] } }
})

describe("audit", () => {
  it("the audit refuses a finding in a package that a user installs, by its place in the tree and not by its name", () => {
    for (const place of ["node_modules/effect", "node_modules/fast", "node_modules/effect/node_modules/uuid"]) {
      const verdict = Audit.judge(lock, finding("one", place))
      assert.deepStrictEqual(verdict, { ran: true, refused: ["one: high"], others: [] }, place)
    }
    for (const place of ["node_modules/vitest", "node_modules/uuid"]) {
      const verdict = Audit.judge(lock, finding("one", place))
      assert.deepStrictEqual(verdict, { ran: true, refused: [], others: ["one: high"] }, place)
    }
  })

  it("the audit passes without a finding, and says that it did not run when the registry gave no report", () => {
    assert.deepStrictEqual(Audit.judge(lock, { vulnerabilities: {} }), { ran: true, refused: [], others: [] })
    assert.deepStrictEqual(Audit.judge(lock, { message: "405" }), { ran: false, why: "405" })
  })

  it("the audit knows the peer dependencies of this package", () => {
    const places = Audit.installedBy(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")))
    for (const peer of ["effect", "lmdb"]) assert.isTrue(places.has(`node_modules/${peer}`), peer)
    assert.isFalse(places.has("node_modules/vitest"))
  })
})
