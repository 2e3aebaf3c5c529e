import { assert, describe, it } from "@effect/vitest"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Docs from "../../.ci/docs.ts"
import { reachedBy } from "../../.ci/docsCheck.ts"

const root = join(import.meta.dirname, "../..")
const folder = join(root, ".gen/docs")
const markdown = ["README.md", "bench/README.md"].filter((path) => existsSync(join(root, path)))

const blocks = Docs.extractAll(root, markdown)
Docs.writePrograms(root, folder, blocks)
const diagnostics = blocks.length === 0 ? new Map<string, ReadonlyArray<string>>() : Docs.compile(root, folder)

describe("documentation", () => {
  it("is compiled against sources without errors", () => assert.deepStrictEqual(diagnostics.get("") ?? [], []))

  for (const block of blocks) {
    it(`${block.path}:${block.line} ${block.kind === "error" ? "is refused as it says" : "does what it says"}`, async () => {
      assert.isUndefined(Docs.judge(block, diagnostics.get(Docs.fileOf(block)) ?? []))
      if (block.kind !== "run") return
      const program = pathToFileURL(join(folder, Docs.fileOf(block))).href
      await import(/* @vite-ignore */ program)
      const missed = Docs.assertionsOf(block).filter((line) => !reachedBy(program).has(line))
      assert.deepStrictEqual(missed, [], "assertions that the block never reached, by line")
    })
  }
})
