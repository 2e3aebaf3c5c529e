/**
 * `TopKeys` counts reads with a bounded number of counters, and finds every key that was read often enough.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { TopKeys } from "../../../../src/store/memory/internal/topKeys.ts"

const countersMax = 256

// Few keys are read often and many rarely, so that counters are taken over all the time.
const reads = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 7 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 2_000 }) }
  ),
  { minLength: 600, maxLength: 3_000, size: "max" }
)

describe("TopKeys", () => {
  it("no count is too low, and every key that was read often enough is there", () => {
    fc.assert(
      fc.property(reads, (read) => {
        const keys = new TopKeys()
        const exact = new Map<string, number>()
        for (const each of read) {
          keys.add(`${each}`)
          exact.set(`${each}`, (exact.get(`${each}`) ?? 0) + 1)
        }
        keys.checkInvariants()
        const shares = new Map(keys.top(countersMax).map(({ key, share }) => [key, share]))
        for (const [key, count] of exact) {
          const share = shares.get(key)
          if (share !== undefined) assert.isAtLeast(share, count / read.length)
          else assert.isAtMost(count, read.length / countersMax)
        }
      }),
      { numRuns: 50 }
    )
  })

  it("counts are exact while there is a counter for each key", () => {
    const keys = new TopKeys()
    for (const key of ["a", "b", "c", "b", "c", "c"]) keys.add(key)
    keys.checkInvariants()
    assert.deepStrictEqual(keys.top(2), [{ key: "c", share: 3 / 6 }, { key: "b", share: 2 / 6 }])
  })
})
