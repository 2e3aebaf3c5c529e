/**
 * The message of a StoreError is one line of bounded length, and contains no value.
 */
import { assert, describe, it } from "@effect/vitest"
import { EncodeFailed, StoreError, TierFailed, TierFull } from "effect-stateless/store/StoreError"

const messages = (cause: unknown): ReadonlyArray<string> =>
  [TierFailed, TierFull].map((Reason) =>
    new StoreError({ reason: new Reason({ tier: "cold", operation: "get", cause }) }).message
  )

describe("message of a StoreError", () => {
  it("the message has the cause, in one line of bounded length", () => {
    const causes: ReadonlyArray<readonly [cause: unknown, said: string]> = [
      [new Error("ENOSPC: no space left on device"), ": ENOSPC: no space left on device"],
      [new Error("  one\r\ntwo"), ": one"],
      [new RangeError(""), ": RangeError"],
      ["refused", ": refused"],
      [new Error("x".repeat(100_000)), `: ${"x".repeat(500)}...`],
      [undefined, ""],
      [null, ""],
      [{ value: "secret" }, ""],
      [42, ""]
    ]
    for (const [cause, said] of causes) {
      assert.deepStrictEqual(messages(cause), [
        `E0302: cold tier failed in \`get\`${said}`,
        `E0305: cold tier has no room left for \`get\`${said}`
      ])
    }
  })

  it("the message is made when the cause throws", () => {
    const cause = new Error("x")
    Object.defineProperty(cause, "message", {
      get() {
        throw new Error("from the getter")
      }
    })
    assert.deepStrictEqual(messages(cause), [
      "E0302: cold tier failed in `get`",
      "E0305: cold tier has no room left for `get`"
    ])
  })

  it("the message contains no value: only the cause has what a schema says of it", () => {
    const reason = new EncodeFailed({ tier: "cold", key: "user:1", cause: new Error("Expected a text, got 4711") })
    assert.notInclude(new StoreError({ reason }).message, "4711")
  })
})
