/**
 * The manifest can be imported by name. A default import gets one error, which names the right import.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Compiler from "../support/compiler.ts"

// Whether another form of import works where a default import was tried, and whether the compiler says which.
const entries = ["effect-stateless", "effect-stateless/manifest/Manifest"] as const
const use = `export class A extends Manifest.Service<A>()("A", { families: { user: { pattern: "user:{id}" } } }) {}`
const sources = Object.fromEntries(entries.flatMap((entry, at) => [
  [`default${at}.ts`, `import Manifest from "${entry}"\n${use}\n`],
  [`named${at}.ts`, `import { Manifest } from "${entry}"\n${use}\n`]
]))
const lines = Compiler.runOn("imports", sources).split("\n")
const errorsIn = (file: string) => lines.filter((line) => line.startsWith(`${file}(`))

describe("import of the manifest", () => {
  for (const [at, entry] of entries.entries()) {
    it(`a default import from ${entry} has one error, which names the right import`, () => {
      const errors = errorsIn(`default${at}.ts`)
      assert.lengthOf(errors, 1)
      assert.match(
        errors[0]!,
        /has no default export\. Did you mean to use 'import \{ Manifest \} from "[^"]+"' instead\?$/
      )
    })

    it(`a named import from ${entry} has no error`, () => assert.deepStrictEqual(errorsIn(`named${at}.ts`), []))
  }
})
