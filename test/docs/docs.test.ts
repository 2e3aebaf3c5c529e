import { assert, describe, it } from "@effect/vitest"
import * as effect from "effect"
import * as testing from "effect/testing"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Docs from "../../.ci/docs.ts"
import { reachedBy } from "../../.ci/docsCheck.ts"

const root = join(import.meta.dirname, "../..")
const folder = join(root, ".gen/docs")
const markdown = ["README.md", "bench/README.md"].filter((path) => existsSync(join(root, path)))

const under = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`)
const sources = under("src").filter((path) => path.endsWith(".ts"))
const read = (path: string) => readFileSync(join(root, path), "utf8")

/** What stands between backticks in a text, outside of its blocks. */
const inlineCode = (text: string): ReadonlyArray<string> =>
  [...text.replace(/^( \* )?```[\s\S]*?^( \* )?```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!)

const blocks = Docs.extractAll(root, markdown)
Docs.writePrograms(root, folder, blocks)
const diagnostics = blocks.length === 0 ? new Map<string, ReadonlyArray<string>>() : Docs.compile(root, folder)

describe("documentation", () => {
  it("is compiled against sources without errors", () => assert.deepStrictEqual(diagnostics.get("") ?? [], []))

  it("names nothing of Effect in a sentence that Effect does not have", () => {
    const modules: { readonly [name: string]: object } = { ...effect, ...testing }
    const own = new Set(sources.map((path) => path.split("/").at(-1)!.replace(".ts", "")))
    const texts = [...markdown, "src/README.md"].map((path) => [path, read(path)] as const)
    const comments = sources.flatMap((path) =>
      (read(path).match(/\/\*\*[\s\S]*?\*\//g) ?? []).map((text) => [path, text] as const)
    )
    const missing = [...texts, ...comments].flatMap(([path, text]) =>
      inlineCode(text).flatMap((code) =>
        [...code.matchAll(/\b([A-Z]\w+)\.(\w+)/g)].flatMap(([name, module, member]) =>
          own.has(module!) || Object.hasOwn(modules[module!] ?? { [member!]: 1 }, member!) ? [] : [`${path}: ${name}`]
        )
      )
    )
    assert.deepStrictEqual(missing, [])
  })

  it("names no file that is not there", () => {
    const files = [...sources, ...["test", ".ci", ".github", "bench", "examples", "dtslint"].flatMap(under)].map((
      path
    ) => `/${path}`)
    const missing = [...markdown, "src/README.md"].flatMap((path) =>
      inlineCode(read(path))
        .filter((code) => code !== ".d.ts" && /^[\w./-]*\w\.(ts|md)$/.test(code))
        .filter((code) => !files.some((file) => file.endsWith(`/${code}`)))
        .map((code) => `${path}: ${code}`)
    )
    assert.deepStrictEqual(missing, [])
  })

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
