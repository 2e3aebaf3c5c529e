/**
 * What `explain` answers for a text that is not a code.
 */
import { assert, describe, it } from "@effect/vitest"
import { CodeUnknown } from "../../src/cli/explain.ts"

describe("explain", () => {
  it("names the nearest codes, in their order", () => {
    const listed = (code: string) => new CodeUnknown({ code }).message.match(/E\d{4}/g)!.filter((each) => each !== code)
    const near = listed("E0299")
    assert.strictEqual(near.length, 5)
    assert.deepStrictEqual(near, near.toSorted())
    assert.include(near, "E0301")
    assert.deepStrictEqual(listed("E9999"), listed("E9998"))
  })

  it("suggests the code that has the number of the text", () => {
    for (const code of ["211", "0211", "e211", "E00211"]) {
      assert.strictEqual(
        new CodeUnknown({ code }).message,
        `there is no code \`${code}\`; help: did you mean E0211?`
      )
    }
  })

  it("names all codes, in their order, where the text is not a number", () => {
    const all = new CodeUnknown({ code: "leases" }).message.match(/E\d{4}/g)!
    assert.isAbove(all.length, 50)
    assert.deepStrictEqual(all, all.toSorted())
  })
})
