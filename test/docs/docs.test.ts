/**
 * The documents are true: each `ts` block compiles and does what it says, names and links exist, decisions are dated,
 * and the tour has the laws of the README.
 */
import { assert, describe, it } from "@effect/vitest"
import * as effect from "effect"
import * as testing from "effect/testing"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"
import { pathToFileURL } from "node:url"
import * as Docs from "../../.ci/docs.ts"
import { reachedBy } from "../../.ci/docsCheck.ts"
import { readSources } from "../../.ci/source.ts"

const root = join(import.meta.dirname, "../..")
const folder = join(root, ".gen/docs")
const markdown = ["README.md", "bench/README.md"].filter((path) => existsSync(join(root, path)))

const under = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`)
const inSrc = under("src")
const folders = ["test", ".ci", ".github", "bench", "examples", "dtslint"]
const sources = inSrc.filter((path) => path.endsWith(".ts"))
const documents = [
  ...markdown,
  ...inSrc.filter((path) => path.endsWith(".md")),
  "examples/README.md",
  ".ci/README.md",
  ".github/CONTRIBUTING.md",
  ...under("test/support").filter((path) => path.endsWith(".md"))
]
const read = (path: string) => readFileSync(join(root, path), "utf8")
/** The comments of a folder's files, each with the path of its file. */
const commentsIn = (folder: string) =>
  readSources(join(root, folder)).flatMap(({ comments, path }) =>
    comments.map(({ value }) => [`${folder}/${path}`, value] as const)
  )

/** The modules of Effect. */
const effects: { readonly [name: string]: object } = { ...effect, ...testing }

/** What stands between backticks in a text, outside of its blocks. */
const inlineCode = (text: string): ReadonlyArray<string> =>
  [...text.replace(/^( \* )?```[\s\S]*?^( \* )?```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!)

const outsideCode = (text: string): string =>
  text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ""))

/** The relative links of a document. */
const linksIn = (text: string): ReadonlyArray<string> =>
  [...outsideCode(text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target]) => target!)

/** The anchors that GitHub gives to the headings of a document. */
const anchorsOf = (text: string): ReadonlyArray<string> => {
  const seen = new Map<string, number>()
  return [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
    const anchor = heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
}

const blocks = Docs.extractAll(root, markdown)
Docs.writePrograms(root, folder, blocks)
const diagnostics = blocks.length === 0 ? new Map<string, ReadonlyArray<string>>() : Docs.compile(root, folder)

describe("documentation", () => {
  it("the sources compile with the blocks that are compiled against them", () =>
    assert.deepStrictEqual(diagnostics.get("") ?? [], []))

  it("every name of Effect in a sentence exists", () => {
    // A file `definitionFacts.ts` is imported as `DefinitionFacts`.
    const nameOf = (path: string) => path.split("/").at(-1)!.replace(".ts", "")
    const own = new Set(sources.map((path) => nameOf(path).replace(/^./, (letter) => letter.toUpperCase())))
    const texts = documents.map((path) => [path, read(path)] as const)
    const comments = sources.flatMap((path) =>
      (read(path).match(/\/\*\*[\s\S]*?\*\//g) ?? []).map((text) => [path, text] as const)
    )
    const missing = [...texts, ...comments].flatMap(([path, text]) =>
      inlineCode(text).flatMap((code) =>
        [...code.matchAll(/\b([A-Z]\w+)\.(\w+)/g)].flatMap(([name, module, member]) =>
          own.has(module!) || Object.hasOwn(effects[module!] ?? { [member!]: 1 }, member!) ? [] : [`${path}: ${name}`]
        )
      )
    )
    assert.deepStrictEqual(missing, [])
  })

  it("every named file exists", () => {
    const files = [...readdirSync(root), ...inSrc, ...folders.flatMap(under)].map((path) => `/${path}`)
    // The paths in CONTRIBUTING.md have a test of their own, which knows its placeholders.
    const texts = documents.filter((path) => !path.endsWith("CONTRIBUTING.md")).map((path) =>
      [path, read(path)] as const
    )
    const missing = [...texts, ...["src", ...folders].flatMap(commentsIn)].flatMap(([path, text]) =>
      inlineCode(text)
        .filter((code) => code !== ".d.ts" && /^[\w./-]*\w\.(ts|md)$/.test(code))
        .filter((code) => !files.some((file) => file.endsWith(`/${code}`)))
        .map((code) => `${path}: ${code}`)
    )
    assert.deepStrictEqual(missing, [])
  })

  it("every link leads to a file and a heading that exist", () => {
    const broken = documents.flatMap((path) =>
      linksIn(read(path)).filter((target) => {
        const [file, heading] = target.split("#") as [string, string?]
        const linked = file === "" ? path : posix.join(posix.dirname(path), file)
        return !existsSync(join(root, linked)) || heading !== undefined && !anchorsOf(read(linked)).includes(heading)
      }).map((target) => `${path}: ${target}`)
    )
    assert.deepStrictEqual(broken, [])
    assert.deepStrictEqual(linksIn("[a](b.md#c), [d](https://e)"), ["b.md#c"])
    assert.deepStrictEqual(anchorsOf("# A\n## `b.C` and D-e\n## A\n"), ["a", "bc-and-d-e", "a-1"])
  })

  it("the tour of the source has at most 200 lines", () => {
    assert.isAtMost(read("src/README.md").trimEnd().split("\n").length, 200)
  })

  it("each decision has a heading of its own, a date, and an alternative that was rejected", () => {
    const decisions = documents.flatMap((path) => {
      const [, ...sections] = read(path).split(/^## (?=Decisions)/m)
      return sections.flatMap((section) => section.split(/^## /m)[0]!.split(/^### /m).slice(1))
    })
    assert.isAtLeast(decisions.length, 134)
    const dated = /^.+\n\nDecided \d{4}-\d\d-\d\d(?:, amended \d{4}-\d\d-\d\d)?\.\n\n/
    assert.deepStrictEqual(decisions.filter((text) => !dated.test(text)), [])
    const headings = decisions.filter((text) => !/\bRejected:\s/.test(text)).map((text) => text.split("\n")[0])
    assert.deepStrictEqual(headings, [], "decisions that do not say `Rejected: ...`")
  })

  it("the tour has the laws of the README in their order", () => {
    const laws = [...read("README.md").matchAll(/^(\d+)\. \*\*(.+?)\.\*\*/gm)].map(([, at, name]) =>
      `${at} ${name!.toLowerCase()}`
    )
    const kept = [...read("src/README.md").matchAll(/^\| (\d+ [a-z ]+) \|/gm)].map(([, law]) => law!)
    assert.lengthOf(laws, 14)
    assert.deepStrictEqual(kept, laws)
  })

  it("every member that the tour, the decisions and the comments name exists in the source", () => {
    // Comments are left out: a name that only comments have left exists no more.
    const words = new Set(readSources(join(root, "src")).flatMap(({ code }) => code.match(/\w+/g) ?? []))
    const texts = documents.filter((path) => path.startsWith("src/")).map((path) => [path, read(path)] as const)
    const missing = [...texts, ...commentsIn("src")].flatMap(([path, text]) =>
      inlineCode(text).filter((code) => !/\.(ts|md)$/.test(code)).flatMap((code) =>
        [...code.matchAll(/\b([A-Z]\w+)\.(\w+)/g)]
          .filter(([, module]) => !Object.hasOwn(effects, module!))
          .filter(([, owner, member]) => !words.has(owner!) || !words.has(member!))
          .map(([name]) => `${path}: ${name}`)
      )
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
