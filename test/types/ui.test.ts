/**
 * The exact errors that tsc 7 prints for misuses are pinned in `dtslint/ui`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Compiler from "../support/compiler.ts"

// Each file of misuses has its exact errors beside it. `npx vitest run test/types/ui.test.ts -u` writes them again.
const folder = path.join(Compiler.root, "dtslint/ui")
const files = fs.readdirSync(folder).filter((name) => name.endsWith(".ts"))
const output = Compiler.run(path.join(folder, "tsconfig.json"), ["--pretty", "false"])

// An error's first line starts with its file, the lines that explain it are indented.
const errorsOf = (file: string): string => {
  const errors = output.split(/\n(?=\S)/).filter((error) => error.startsWith(`dtslint/ui/${file}(`))
  return `${errors.map((error) => error.trimEnd().slice("dtslint/ui/".length)).join("\n")}\n`
}

describe("misuses in tsc 7", () => {
  it.for(files)("%s has exactly the pinned errors", async (file, { expect }) => {
    await expect(errorsOf(file)).toMatchFileSnapshot(path.join(folder, file.replace(/\.ts$/, ".stderr")))
  })

  it("the project has no other errors, and no message that the compiler cuts", () => {
    const elsewhere = output.split("\n").filter((line) => /^\S/.test(line) && !line.startsWith("dtslint/ui/"))
    assert.deepStrictEqual(elsewhere, [])
    for (const [message] of output.matchAll(/"E\d{4}: [^"]*"/g)) {
      assert.notInclude(message, "...'")
      assert.isAtMost(message.length, 302, message)
    }
  })
})
