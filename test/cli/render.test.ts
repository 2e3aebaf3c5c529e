/**
 * The output of `stateless check`: findings are parsed from the output of the compiler, and rendered with both parties.
 */
import { assert, describe, it } from "@effect/vitest"
import { findOther } from "../../src/cli/declarations.ts"
import { parse } from "../../src/cli/findings.ts"
import { plain, render } from "../../src/cli/render.ts"

const source = `class C extends Manifest.Service<C>()("C", {
  families: {
    user: { pattern: "user:*" },

    photo: { pattern: "user:{id}:photo" }
  }
}) {}`
const output = [
  `src/cache.ts(5,23): error TS2322: Type '"user:{id}:photo"' is not assignable to type '"E0102: 'user:{id}:photo' is already owned through 'user:*' of family 'user'; help: add partOf: 'user' (same owner) or carvedFrom: 'user' (an owner of its own)"'.`,
  `src/other.ts(1,1): error TS2304: Cannot find name 'x'.`,
  `  Did you mean 'y'?`,
  ""
].join("\n")
const lineOf = (_: string, line: number) => source.split("\n")[line - 1]!

describe("parse", () => {
  it("parse takes findings of this package out, and leaves other errors as they are", () => {
    const { findings, others } = parse(output)
    assert.deepStrictEqual(findings, [{
      file: "src/cache.ts",
      line: 5,
      column: 23,
      code: "E0102",
      sentence: "'user:{id}:photo' is already owned through 'user:*' of family 'user'",
      help: "add partOf: 'user' (same owner) or carvedFrom: 'user' (an owner of its own)"
    }])
    assert.deepStrictEqual(others, [{
      text: "src/other.ts(1,1): error TS2304: Cannot find name 'x'.\n  Did you mean 'y'?",
      place: { file: "src/other.ts", line: 1, column: 1 }
    }])
    assert.deepStrictEqual(parse(""), { findings: [], others: [] })
  })

  it("parse finds a message in the lines that explain an error", () => {
    const { findings } = parse([
      "a.ts(2,4): error TS1241: Unable to resolve signature of method decorator when called as an expression.",
      `  Argument of type '() => 1' is not assignable to parameter of type '"E0220: the body writes 'a', but declares: nothing; help: declare it, or move it to a function that declares it"'.`
    ].join("\n"))
    assert.deepStrictEqual(findings.map(({ code, column, line }) => [code, line, column]), [["E0220", 2, 4]])
  })
})

describe("render", () => {
  const { findings: [finding] } = parse(output)

  it("render shows both parties in one file, in the order of their lines", () => {
    const other = findOther(finding!, [["src/cache.ts", source]])
    assert.strictEqual(
      render(finding!, other, lineOf, plain),
      `error[E0102]: 'user:{id}:photo' is already owned through 'user:*' of family 'user'
 --> src/cache.ts:5:23
  |
3 |     user: { pattern: "user:*" },
  |     ---- 'user' is declared here
...
5 |     photo: { pattern: "user:{id}:photo" }
  |                       ^^^^^^^^^^^^^^^^^ refused here
  |
  = help: add partOf: 'user' (same owner) or carvedFrom: 'user' (an owner of its own)
  = note: stateless explain E0102 says more`
    )
  })

  it("render shows a party in another file under the name of that file", () => {
    const other = findOther({ ...finding!, file: "src/use.ts" }, [["src/cache.ts", source]])
    const shown = render({ ...finding!, file: "src/use.ts" }, other, lineOf, plain)
    assert.include(shown, " --> src/use.ts:5:23\n")
    assert.include(shown, " ::: src/cache.ts:3:5\n")
  })

  it("render does not mark another place in a line with letters of double width", () => {
    const line = "  名前: Manifest.get(\"ユーザ:1\")"
    const column = line.indexOf("\"") + 1
    const shown = render({ ...finding!, line: 1, column }, undefined, () => line, plain).split("\n")
    const [quoted, marks] = [shown[3]!, shown[4]!]
    const columns = (text: string) => Array.from(text, (letter) => /[名前ユーザ]/u.test(letter) ? 2 : 1)
    const sum = (widths: ReadonlyArray<number>) => widths.reduce((total, width) => total + width, 0)
    assert.strictEqual(marks.indexOf("^"), sum(columns(quoted.slice(0, quoted.indexOf("\"")))))
    assert.strictEqual(marks.lastIndexOf("^") + 1, sum(columns(quoted.slice(0, quoted.lastIndexOf("\"") + 1))))
  })

  it("render shows the refused line alone when it finds no other party", () => {
    assert.isUndefined(findOther(finding!, [["src/empty.ts", "export {}"]]))
    assert.notInclude(render(finding!, undefined, lineOf, plain), "declared here")
  })
})
