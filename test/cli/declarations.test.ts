/**
 * A finding shows its other party: the line of the manifest that it is about. These tests hold that it is the right
 * line of the right manifest.
 */
import { assert, describe, it } from "@effect/vitest"
import { findOther, withoutComments } from "../../src/cli/declarations.ts"
import { Meanings } from "../../src/cli/meaning.ts"

const one = `class One extends Manifest.Service<One>()("One", {
  families: { user: { pattern: "user:{id}" } }
}) {}`
const two = `class Two extends Manifest.Service<Two>()("Two", {
  families: { user: { pattern: "user:{id}" }, photo: { pattern: "user:{id}" } }
}) {}`

// `|` marks the place of the error; gives the line of the other party.
const lineOf = (
  marked: string,
  sentence: string,
  label?: string,
  more: ReadonlyArray<readonly [string, string]> = []
) => {
  const before = marked.slice(0, marked.indexOf("|")).split("\n")
  const place = { file: "a.ts", line: before.length, column: before.at(-1)!.length + 1 }
  const finding = { ...place, code: "E0000", sentence, help: "", ...(label === undefined ? {} : { label }) }
  const other = findOther(finding, [["a.ts", marked.replace("|", "")], ...more])
  return other && [other.file, other.line]
}

describe("other party of a finding", () => {
  it("the party is in the manifest whose accessor is called", () => {
    const sentence = "these are not the parameters of 'user:{id}'"
    for (
      const call of [
        "Two.keys.user.get({ |x: 1 })",
        "const { user } = Two.keys\nuser.get({ |x: 1 })",
        "const { photo: user } = Two.keys\nuser.get({\n  |x: 1\n})",
        "const user = Two.keys.user\nuser.get({ |x: 1 })"
      ]
    ) {
      assert.deepStrictEqual(lineOf(`${one}\n${two}\n${call}`, sentence), ["a.ts", 5])
      assert.deepStrictEqual(lineOf(call, sentence, undefined, [["one.ts", one], ["two.ts", two]]), ["two.ts", 2])
    }
    assert.deepStrictEqual(lineOf(`${two}\n${one}\nOne.keys.user.get({ |x: 1 })`, sentence), ["a.ts", 5])
  })

  it("the party is in the manifest that contains the finding", () => {
    const clash = two.replace("photo: ", "photo: |").replace("}, photo", "},\n photo")
    assert.deepStrictEqual(lineOf(`${one}\n${clash}`, "'user:{id}' is owned by 'user'"), ["a.ts", 5])
  })

  it("the party is in the manifest of the missing right, and has its pattern when the message names no manifest", () => {
    const code = `${one}\n${two}\nconst run = |program`
    assert.deepStrictEqual(lineOf(code, "this writes", `this requires Owns<"user:{id}", Two>`), ["a.ts", 5])
  })

  it("the party may be in any manifest when the message names none", () => {
    assert.deepStrictEqual(lineOf(`${one}\nrun(|program)`, "'user:{id}' is read"), ["a.ts", 2])
  })

  it("the party is never a family of another manifest than the named one", () => {
    const user = "these are not the parameters of 'user:{id}'"
    for (
      const call of [
        "Far.keys.user.get({ |x: 1 })",
        "const { user } = Far.keys\nuser.get({ |x: 1 })",
        "const user = Far.keys.user\nuser.get({ |x: 1 })"
      ]
    ) assert.isUndefined(lineOf(`${one}\n${call}`, user))
    assert.isUndefined(lineOf(`${one}\nconst run = |program`, "this writes", `this requires Owns<"user:{id}", Far>`))
    const odd = `class Odd extends Manifest.Service<Odd>()("Odd", {\n |user: { pattern: "user:{id}" }\n}) {}`
    assert.isUndefined(lineOf(odd, "'user' is not an option", undefined, [["one.ts", one]]))
  })

  it("the party may be in a text that is spread into the named manifest", () => {
    const families = `const families = {\n user: { pattern: "user:{id}" } }`
    const odd = `class Odd extends Manifest.Service<Odd>()("Odd", {\n families: |families\n}) {}`
    assert.deepStrictEqual(lineOf(`${families}\n${one}\n${odd}`, "'user:{id}' is owned twice"), ["a.ts", 2])
  })

  it("the owner or reader that a name stands for is found when its meaning is certain", () => {
    const files: { readonly [file: string]: string } = {
      "a.ts": `import First from "./one.ts"\nimport * as all from "./two.ts"\n` +
        "First.keys.user.get(1)\nall.Two.keys.user.get(2)",
      "one.ts": `export default ${one}`,
      "two.ts": `export ${two}`
    }
    const meanings = new Meanings({ read: (file) => files[file], resolve: (_, specifier) => specifier.slice(2) })
    const other = (line: number) => {
      const finding = { file: "a.ts", line, column: 21, code: "E0112", sentence: "'user'", help: "" }
      return findOther(finding, Object.entries(files), meanings)?.file
    }
    assert.deepStrictEqual([other(3), other(4)], ["one.ts", "two.ts"])
  })

  it("the party is never an example in a comment", () => {
    const text = `/**\n * ${one.replaceAll("\n", "\n * ")}\n */\nconst url = "http://a/*" // ${
      two.replaceAll("\n", " ")
    }\n`
    assert.strictEqual(withoutComments(text).trim(), `const url = "http://a/*"`)
    assert.strictEqual(withoutComments(text).length, text.length)
  })
})
