/**
 * The runner of documentation finds blocks with their marks, and fails a block that does not do what it says.
 */
import { assert, describe, it } from "@effect/vitest"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Docs from "../../.ci/docs.ts"
import { reachedBy } from "../../.ci/docsCheck.ts"

const root = join(import.meta.dirname, "../..")
const fence = "```"

const ts = (info: string, ...lines: ReadonlyArray<string>) => `${fence}ts${info}\n${lines.join("\n")}\n${fence}\n`
const only = (text: string) => Docs.extract("README.md", text).at(-1)!

describe("extraction", () => {
  it("the runner takes `ts` blocks with their marks and lines, and leaves other languages out", () => {
    const text = `# A\n${ts("", "1 // => 1")}${fence}sh\nls\n${fence}\n${ts(" no-run", "f()")}`
    assert.deepStrictEqual(Docs.extract("README.md", text), [
      { path: "README.md", line: 2, kind: "run", code: "1 // => 1\n", message: [] },
      { path: "README.md", line: 8, kind: "no-run", code: "f()\n", message: [] }
    ])
  })

  it("the runner reads the expected error from the comment at the end, or from the `text` block that follows", () => {
    assert.deepStrictEqual(only(ts(" error", "// why", "f(1)", "// E0101: no", "//   help: ask")).message, [
      "E0101: no",
      "help: ask"
    ])
    assert.deepStrictEqual(only(`${ts(" error", "f(1)")}\n${fence}text\nE0101: no\n${fence}\n`).message, ["E0101: no"])
  })

  it("the runner refuses an unknown mark, another name of the language, an error without a message, and a continuation of nothing", () => {
    for (
      const text of [ts(" norun", "1"), `${fence}typescript\n1\n${fence}`, ts(" error", "f()"), ts(" continued", "1")]
    ) {
      assert.throws(() => Docs.extract("README.md", text), /^README\.md:1: /)
    }
  })

  it("the runner joins a block with the one that it continues", () => {
    assert.strictEqual(
      only(`${ts("", "const a = 1")}${ts(" continued", "a // => 1")}`).code,
      "const a = 1\na // => 1\n"
    )
  })

  it("the runner refuses `// =>` after something without a value", () => {
    assert.throws(() => Docs.toProgram(only(ts("", "if (a) {} // => 1")), "./check.ts"), /README\.md:2: /)
  })
})

describe("run", () => {
  const folder = join(root, ".gen/docs-runner")
  const sources = {
    right: ts(
      "",
      "import { Effect, Option } from \"effect\"",
      "",
      "1 + 1 // => 2",
      "const a = { b: [1] } // => { b: [1] }",
      "export const c = a.b[0]! + 1; // => 2",
      "const program = Effect.gen(function*() {",
      "  const x = yield* Effect.succeed(3) // => 3",
      "  return x + 1 // => 4",
      "})",
      "await Effect.runPromise(program) // => 4",
      "Option.some(1) // => Option.some(1)"
    ),
    wrong: ts("", "1 + 1 // => 3"),
    unreached: ts("", "const f = () => {", "  return 1 // => 1", "}", "void f"),
    ill: ts("", "const n: number = \"1\""),
    refused: ts(
      " error",
      "const n: number = \"1\"",
      "// error TS2322: Type 'string' is not assignable to type 'number'."
    ),
    otherwise: ts(" error", "const n: number = \"1\"", "// Type 'boolean'"),
    accepted: ts(" error", "const n = 1", "// error TS2322"),
    twice: ts(" error", "const n: number = \"1\"", "const m: number = \"1\"", "// error TS2322"),
    self: ts("", "import * as Stateless from \"effect-stateless\"", "", "typeof Stateless // => \"object\"")
  }
  const blocks = Object.fromEntries(
    Object.entries(sources).map(([name, text]) => [name, { ...only(text), path: `${name}.md` }])
  ) as Record<keyof typeof sources, Docs.Block>
  Docs.writePrograms(root, folder, Object.values(blocks))
  const diagnostics = Docs.compile(root, folder)
  const judge = (name: keyof typeof sources) =>
    Docs.judge(blocks[name], diagnostics.get(Docs.fileOf(blocks[name])) ?? [])
  const href = (name: keyof typeof sources) => pathToFileURL(join(folder, Docs.fileOf(blocks[name]))).href
  const run = (name: keyof typeof sources) => import(/* @vite-ignore */ href(name))
  const missed = (name: keyof typeof sources) =>
    Docs.assertionsOf(blocks[name]).filter((line) => !reachedBy(href(name)).has(line))

  it("a block passes when its assertions hold, in generators, in declarations and on structural values", async () => {
    assert.isUndefined(judge("right"))
    await run("right")
    assert.lengthOf(Docs.assertionsOf(blocks.right), 7)
    assert.deepStrictEqual(missed("right"), [])
  })

  it("a block finds the package by its own name", async () => {
    assert.isUndefined(judge("self"))
    await run("self")
  })

  it("a block fails when its value differs", async () => {
    assert.isUndefined(judge("wrong"))
    let failure: unknown
    await run("wrong").catch((error: unknown) => failure = error)
    assert.include(String(failure), "the value differs from the comment")
  })

  it("a block fails when an assertion is never reached", async () => {
    await run("unreached")
    assert.deepStrictEqual(missed("unreached"), [2])
  })

  it("a block fails when it does not compile", () => assert.include(judge("ill"), "does not compile"))

  it("a refused block passes when its message is that of the compiler", () => assert.isUndefined(judge("refused")))

  it("a refused block fails when it compiles, has another message, or has a second error", () => {
    assert.include(judge("accepted"), "compiles, but is marked as an error")
    assert.include(judge("otherwise"), "the compiler does not say: Type 'boolean'")
    assert.include(judge("twice"), "has other errors than the one that it shows")
  })
})
