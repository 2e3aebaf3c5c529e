/**
 * `FamilySet` holds the families that were added, one by one or as another set.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { FamilySet } from "../../src/ownership/shared/familySet.ts"

const families = 100
const indices = fc.array(fc.nat({ max: families - 1 }))

const setOf = (members: ReadonlyArray<number>) => {
  const set = new FamilySet(families)
  for (const index of members) set.add(index)
  return set
}

describe("FamilySet", () => {
  it("the set has the added families, and no others", () => {
    fc.assert(fc.property(indices, indices, (own, others) => {
      const set = setOf(own)
      set.addAll(setOf(others))
      const expected = new Set([...own, ...others])
      assert.deepStrictEqual([...set], [...expected].toSorted((a, b) => a - b))
      assert.strictEqual(set.size, expected.size)
      for (let index = 0; index < families; index++) assert.strictEqual(set.has(index), expected.has(index))
    }))
  })
})
