/**
 * Which codes `explain` finds in a text, and what it answers where there are none.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestConsole } from "effect/testing"
import { codesIn, CodeUnknown, explain } from "../../src/cli/explain.ts"

describe("explain", () => {
  it("explain names the codes that are nearest to an unknown one, in their order", () => {
    const listed = (code: string) => new CodeUnknown({ code }).message.match(/E\d{4}/g)!.filter((each) => each !== code)
    const near = listed("E0299")
    assert.strictEqual(near.length, 5)
    assert.deepStrictEqual(near, near.toSorted())
    assert.include(near, "E0301")
    assert.deepStrictEqual(listed("E9999"), listed("E9998"))
  })

  it("explain takes a code as it comes: in lower case, as a number, within a message", () => {
    for (
      const text of ["E0211", "e0211", "211", "0211", "e211", "E00211", " E0211: ", "211.", "error E0211: the lookup"]
    ) {
      assert.deepStrictEqual(codesIn(text), ["E0211"], text)
    }
    assert.deepStrictEqual(codesIn("E0211, e0232"), ["E0211", "E0232"])
    for (const text of ["", "leases", "21100", "e", "x211"]) assert.deepStrictEqual(codesIn(text), [text])
  })

  const printed = (texts: ReadonlyArray<string>, isJson = false) =>
    Effect.gen(function*() {
      yield* explain(texts, isJson)
      return String((yield* TestConsole.logLines).at(-1))
    })

  it.effect("explain explains several codes, each once", () =>
    Effect.gen(function*() {
      const text = yield* printed(["E0211", "502", "E0211: the lookup"])
      assert.deepStrictEqual(text.match(/^E\d{4}, found by/gm), ["E0211, found by", "E0502, found by"])
      const codes = (json: string) => [JSON.parse(json)].flat().map(({ code }: { readonly code: string }) => code)
      assert.deepStrictEqual(codes(yield* printed(["E0211", "E0502"], true)), ["E0211", "E0502"])
      const one = JSON.parse(yield* printed(["E0211"], true))
      assert.strictEqual(one.code, "E0211")
    }))

  it.effect("explain explains no code where one of the texts has none", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(explain(["E0211", "9999"], false))
      assert.include(error.message, "there is no code `E9999`; help: the nearest codes are ")
      assert.deepStrictEqual(yield* TestConsole.logLines, [])
    }))

  it("explain names all codes, in their order, where the text is not a number", () => {
    const all = new CodeUnknown({ code: "leases" }).message.split("the codes are ")[1]!.match(/E\d{4}/g)!
    assert.isAbove(all.length, 50)
    assert.deepStrictEqual(all, all.toSorted())
  })
})
