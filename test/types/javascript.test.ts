/**
 * A manifest in JavaScript that the compiler checks: the form of the README compiles, and its accessors have types.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Explanations from "../../src/diagnostic/Explanations.ts"
import * as Compiler from "../support/compiler.ts"

const readme = fs.readFileSync(path.join(Compiler.root, "README.md"), "utf8")
const [, shown] = /^```mjs\n([^]*?)^```/m.exec(readme) ?? []
const program = (manifest: string, rest = "") => `
import { Effect, Schema } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
${manifest}
const { price } = Shop.keys
export const right = Effect.provide(price.set({ item: "pen" }, 1), Shop.owner("price"))
${rest}
`
const errorsOf = (source: string) =>
  Compiler.runOn("javascript", { "cache.js": source }, ["--allowJs", "--checkJs", "--erasableSyntaxOnly", "false"])

describe("manifest in JavaScript", () => {
  it("the README has a form that compiles, and a wrong value is refused", () => {
    assert.isDefined(shown)
    assert.strictEqual(errorsOf(program(shown!)), "")
    const wrong = errorsOf(program(shown!, `export const wrong = price.set({ item: "pen" }, "1")`))
    assert.match(wrong, /^cache\.js\(\d+,\d+\): error TS2345: Argument of type 'string' is not assignable/)
  })

  it("the manifest without the cast is refused with E0415, whose explanation shows the cast", () => {
    const plain = shown!.replace(/\/\*\* .*? \*\/ \(Manifest\.Service\)/, "Manifest.Service")
    assert.notStrictEqual(plain, shown)
    assert.include(errorsOf(program(plain)), "E0415")
    assert.include(
      Explanations.find("E0415")!.repair,
      "/** @type {typeof Manifest.Service<AppCache>} */ (Manifest.Service)"
    )
  })
})
