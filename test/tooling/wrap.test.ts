/** The formatter of comments: paragraphs are filled, and what is not a paragraph stays as it is. */
import { assert, describe, it } from "@effect/vitest"
import { wrapped } from "../../.ci/wrap.ts"

const words = (count: number): string => Array.from({ length: count }, (_, at) => `word${at % 10}`).join(" ")

describe("comments that are filled", () => {
  it("a paragraph has no line that the next word would have fitted", () => {
    const torn = `/**\n * ${words(5)}\n * ${words(30)}\n * end\n */\nexport const a = 1\n`
    const lines = wrapped("a.ts", torn).split("\n").slice(1, -3)
    assert.strictEqual(lines.map((line) => line.slice(3)).join(" "), `${words(5)} ${words(30)} end`)
    for (const [at, line] of lines.entries()) {
      assert.isAtMost(line.length, 120)
      const next = lines[at + 1]?.slice(3).split(" ")[0]
      if (next !== undefined) assert.isAbove(line.length + 1 + next.length, 120)
    }
  })

  it("line comments are filled, and two that are set in differently are two paragraphs", () => {
    const made = wrapped("a.ts", "// one\n// two\nconst f = () => {\n  // three\n  // four\n}\nf()\n")
    assert.strictEqual(made, "// one two\nconst f = () => {\n  // three four\n}\nf()\n")
  })

  it("an item keeps its place, and its later lines are set in", () => {
    const made = wrapped("a.ts", `/**\n * - ${words(14)}\n *   ${words(14)}\n * - end\n */\nexport const a = 1\n`)
    const [, first, second, third] = made.split("\n")
    assert.match(first!, /^ \* - word0/)
    assert.match(second!, /^ \* {3}word/)
    assert.strictEqual(third, " * - end")
  })

  const kept = {
    "a block of code": "```ts\n * const a = 1\n * const b = 2\n * ```",
    "a table": "| a | b |\n * | --- | --- |\n * | c | d |",
    "tags": "@since 0.1.0\n * @category models",
    "a drawing": "    a --- b\n *     c --- d",
    "a heading in bold": "**Details**\n *\n * Text."
  }
  for (const [what, text] of Object.entries(kept)) {
    it(`${what} stays as it is`, () => {
      const source = `/**\n * ${text}\n */\nexport const a = 1\n`
      assert.strictEqual(wrapped("a.ts", source), source)
    })
  }

  it("code between backticks is not parted", () => {
    const made = wrapped("a.ts", `/**\n * ${words(18)} \`a b c d e f g h\`\n * end\n */\nexport const a = 1\n`)
    assert.include(made, "`a b c d e f g h` end")
  })

  it("a string that looks like a comment is not one", () => {
    const source = "export const a = `\n// one\n// two\n`\n"
    assert.strictEqual(wrapped("a.ts", source), source)
  })
})
