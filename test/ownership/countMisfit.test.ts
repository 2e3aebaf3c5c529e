/**
 * Why a value is not a count, in the words of the errors: what they say is true of the value.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { countMisfit } from "../../src/ownership/shared/countMisfit.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

const small = "must be a whole number of at least 1"
const great = "must be at most 2^53 - 1: greater numbers are not exact"

describe("count", () => {
  it("a whole number of at least 1 is a count, up to the greatest one that is exact", () => {
    for (const count of [1, 2, Number.MAX_SAFE_INTEGER]) assert.isUndefined(countMisfit(count))
  })

  it("the reason why a value is not a count is true of the value", () => {
    for (const count of [0, -1, 0.5, NaN, Infinity, "1", undefined, null]) assert.strictEqual(countMisfit(count), small)
    for (const count of [2 ** 53, 2 ** 60, Number.MAX_VALUE]) assert.strictEqual(countMisfit(count), great)
  })

  it.effect("the error for a bound of a store that is too great says that it is too great", () =>
    Effect.gen(function*() {
      for (const option of ["capacity", "weightMax"] as const) {
        const error = yield* Effect.flip(Effect.scoped(MemoryStore.make({ [option]: 2 ** 53 } as never)))
        assert.include(error.message, `\`${option}\` ${great}`)
      }
    }))
})
