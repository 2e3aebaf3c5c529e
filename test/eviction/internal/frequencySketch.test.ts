/**
 * `FrequencySketch` estimates how often a key was read: never too low, seldom too high, and halved from time to time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { FrequencySketch } from "../../../src/eviction/internal/frequencySketch.ts"

describe("FrequencySketch", () => {
  it("an estimate is never below the count since the last ageing, up to 15", () => {
    fc.assert(fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 500, size: "max" }), (hashes) => {
      const sketch = new FrequencySketch()
      const counts = new Map<number, number>()
      for (const hash of hashes) {
        sketch.count(hash)
        counts.set(hash, (counts.get(hash) ?? 0) + 1)
      }
      for (const [hash, count] of counts) assert.isAtLeast(sketch.estimate(hash), Math.min(15, count))
      assert.isAtMost(Math.max(0, ...[...counts.keys()].map((hash) => sketch.estimate(hash))), 15)
    }))
  })

  it("an estimate is seldom too high, even for hashes that differ in few bits", () => {
    for (const spread of [1, 1 << 10, 1 << 19]) {
      const sketch = new FrequencySketch()
      sketch.reserve(4096)
      for (let i = 0; i < 4096; i++) sketch.count(Math.imul(i, spread))
      const absent = Array.from({ length: 4096 }, (_, i) => sketch.estimate(Math.imul(4096 + i, spread)))
      const wrong = absent.filter((estimate) => estimate > 0).length
      assert.isBelow(wrong / 4096, 0.08)
      const exact = Array.from({ length: 4096 }, (_, i) => sketch.estimate(Math.imul(i, spread)))
      assert.isAbove(exact.filter((estimate) => estimate === 1).length / 4096, 0.9)
    }
  })

  it("every count is halved after reads of ten times the capacity", () => {
    const sketch = new FrequencySketch()
    for (let i = 0; i < 12; i++) sketch.count(7)
    const before = sketch.estimate(7)
    assert.strictEqual(before, 12)
    for (let i = 0; i < 10 * sketch.capacity - 12; i++) sketch.count(1_000 + i)
    assert.isBelow(sketch.estimate(7), before)
    assert.isAtLeast(sketch.estimate(7), before / 2)
  })

  it("ageing never mixes two counts", () => {
    const sketch = new FrequencySketch()
    let counted = 0
    let before: Array<number> = []
    const estimates = (): Array<number> => Array.from({ length: 215 }, (_, hash) => sketch.estimate(hash))
    // Odd counts, whose last bit would fall into the neighbour.
    for (let hash = 0; counted < 10 * sketch.capacity; hash = (hash + 1) % 215) {
      for (let i = 0; i < 3 && counted < 10 * sketch.capacity; i++) {
        before = estimates()
        sketch.count(hash)
        counted++
      }
    }
    assert.isBelow(Math.max(...estimates()), Math.max(...before))
    for (const [hash, estimate] of estimates().entries()) assert.isAtMost(estimate, (before[hash]! + 1) / 2)
  })

  it("the sketch drops its counts when it must grow, and keeps them when there is room", () => {
    const sketch = new FrequencySketch()
    sketch.count(7)
    sketch.reserve(sketch.capacity)
    assert.strictEqual(sketch.estimate(7), 1)
    sketch.reserve(sketch.capacity + 1)
    assert.strictEqual(sketch.estimate(7), 0)
  })
})
