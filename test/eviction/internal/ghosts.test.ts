/**
 * `Ghosts` remembers the hashes of evicted keys, like a plain queue of bounded length.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Ghosts } from "../../../src/eviction/internal/ghosts.ts"

describe("Ghosts", () => {
  it("the ghosts are those of a plain queue of the same length, and a recalled ghost is gone", () => {
    const step = fc.record({
      act: fc.constantFrom("add" as const, "add" as const, "recall" as const),
      // Neighbours in all but the highest bits, so that runs of cells collide.
      hash: fc.nat({ max: 300 }).map((n) => n << 22),
      lengthMax: fc.constantFrom(150, 150, 150, 150, 20, 0)
    })
    fc.assert(fc.property(fc.array(step, { maxLength: 1_000, size: "max" }), (history) => {
      const ghosts = new Ghosts()
      let queue: Array<number | undefined> = []
      for (const { act, hash, lengthMax } of history) {
        if (act === "recall") assert.strictEqual(ghosts.recall(hash), queue.includes(hash))
        queue = queue.map((ghost) => ghost === hash ? undefined : ghost)
        if (act === "add") {
          ghosts.add(hash, lengthMax)
          queue = lengthMax === 0 ? [] : [...queue, hash].slice(-lengthMax)
        }
      }
      for (const hash of queue) if (hash !== undefined) assert.isTrue(ghosts.recall(hash))
    }))
  })
})
