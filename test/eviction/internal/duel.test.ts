/**
 * `Duel` decides whether popularity or recency leads, from a sample of the keys.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Duel } from "../../../src/eviction/internal/duel.ts"
import type { Shape } from "../../../src/eviction/internal/twoQueues.ts"

const recency: Shape = { windowShare: 1, admission: "none" }
const popularity: Shape = { windowShare: 0.01, admission: "popular" }

const hashOf = (key: number): number => Math.imul(key + 1, 0x9e3779b1) | 0

/** Shows the duel what a cache of this size would, and gives the share of the accesses that were sampled. */
const play = (duel: Duel, keys: Iterable<number>, size: number): number => {
  let sampled = 0
  let count = 0
  for (const key of keys) {
    count++
    if (!duel.isSampled(hashOf(key))) continue
    sampled++
    duel.observe(hashOf(key), 1, size, false)
  }
  return sampled / count
}

function* loop(length: number, rounds: number): Generator<number> {
  for (let round = 0; round < rounds; round++) for (let key = 0; key < length; key++) yield key
}

/** Each key is read again soon after it is new, and never later. */
function* echoes(count: number, distance: number): Generator<number> {
  for (let key = distance; key < count; key++) {
    yield key
    yield key - distance
  }
}

describe("Duel", () => {
  it.each([200, 20_000])("popularity leads on a loop and recency on echoes, at a size of %i", (size) => {
    const duel = new Duel([recency, popularity], size)
    play(duel, loop(2 * size, 12), size)
    assert.strictEqual(duel.leader, 1)
    play(duel, echoes(30 * size, size >> 2), size)
    assert.strictEqual(duel.leader, 0)
    play(duel, loop(2 * size, 60), size)
    assert.strictEqual(duel.leader, 1)
    duel.checkInvariants()
  })

  it("the leader stays when the others are not better", () => {
    const duel = new Duel([popularity, popularity], 100)
    play(duel, loop(400, 20), 100)
    assert.strictEqual(duel.leader, 0)
  })

  it("the sample has all keys of a small cache, few of a large one, and more again when the cache shrinks", () => {
    const duel = new Duel([recency, popularity], 100)
    assert.strictEqual(play(duel, loop(200, 50), 100), 1)
    duel.resize(100_000)
    play(duel, loop(200_000, 2), 100_000)
    const share = play(duel, loop(200_000, 1), 100_000)
    assert.isBelow(share, 256 / 100_000 * 1.5)
    duel.resize(100)
    play(duel, loop(200_000, 20), 100)
    assert.strictEqual(play(duel, loop(200, 1), 100), 1)
    duel.checkInvariants()
  })

  it("the structure stays valid through any reads, removals and resizes, at every size of the sample", () => {
    const step = fc.record({
      act: fc.constantFrom("observe" as const, "observe" as const, "observe" as const, "forget" as const),
      key: fc.nat({ max: 2_000 }),
      weight: fc.integer({ min: 1, max: 8 }),
      size: fc.constantFrom(10, 300, 5_000)
    })
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 500, maxLength: 3_000, size: "max" }),
        fc.nat({ max: 400 }),
        (history, max) => {
          const duel = new Duel([recency, popularity], 200)
          for (const [at, { act, key, weight, size }] of history.entries()) {
            if (at === history.length >> 1) duel.resize(max)
            const hash = hashOf(key)
            if (act === "forget") duel.forget(hash)
            else if (duel.isSampled(hash)) duel.observe(hash, weight, size, at % 3 === 0)
            if (at % 100 === 0) duel.checkInvariants()
          }
          duel.checkInvariants()
        }
      ),
      { numRuns: 30 }
    )
  })
})
