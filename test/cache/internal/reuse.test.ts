/**
 * `Reuse` estimates how often a key is read, for the prediction of hot keys. It counts exactly while reads are few,
 * samples when they are many, and remembers a bounded number of keys.
 */
import { assert, describe, it } from "@effect/vitest"
import { Reuse } from "../../../src/cache/internal/reuse.ts"
import { xorshift } from "../../../src/eviction/internal/xorshift.ts"

const window = 1_000
const make = () => {
  const next = xorshift(7)
  return new Reuse(window, { nextDoubleUnsafe: () => next() / 2 ** 32 }, 0)
}

/** Reads of keys as a partition tells them: one of them, and then as many pass as it was told. */
const tell = (reuse: Reuse, keys: ReadonlyArray<string>, now: number) => {
  let told = 0
  let at = 0
  for (const [i, key] of keys.entries()) {
    if (i < at) continue
    told++
    at = i + reuse.note(key, 0, now)
  }
  return told
}

describe("Reuse", () => {
  it("Reuse counts every read while reads are few", () => {
    const reuse = make()
    tell(reuse, ["a", "b", "a", "a"], 10)
    assert.strictEqual(reuse.rate("a", 0, 20), 3 / window)
    assert.strictEqual(reuse.rate("b", 0, 20), 1 / window)
    assert.strictEqual(reuse.rate("c", 0, 20), 0)
  })

  it("Reuse estimates from fewer samples when reads are many, and also for keys that are read in turns", () => {
    const reuse = make()
    const keys = Array.from({ length: 1_000_000 }, (_, i) => `${i % 8}`)
    const told = tell(reuse, keys, 10)
    assert.isBelow(told, 50_000)
    for (let i = 0; i < 8; i++) assert.closeTo(reuse.rate(`${i}`, 0, 20) * window, 125_000, 12_500)
  })

  it("Reuse samples more when reads are few again", () => {
    const reuse = make()
    tell(reuse, Array.from({ length: 100_000 }, () => "a"), 10)
    for (let i = 1; i <= 20; i++) reuse.turn(i * window)
    tell(reuse, ["b", "b", "b"], 20 * window)
    assert.strictEqual(reuse.rate("b", 0, 20 * window) * window, 3)
  })

  it("Reuse expects no read of a key without a read since its value was made or renewed", () => {
    const reuse = make()
    tell(reuse, ["a", "a", "a"], 10)
    assert.isAbove(reuse.rate("a", 10, 20), 0)
    assert.strictEqual(reuse.rate("a", 11, 20), 0)
    reuse.renewed("a", 15)
    assert.strictEqual(reuse.rate("a", 0, 20), 0)
    tell(reuse, ["a"], 16)
    assert.isAbove(reuse.rate("a", 0, 20), 0)
  })

  it("Reuse drops a key that was not read in two windows", () => {
    const reuse = make()
    tell(reuse, ["a", "b"], 10)
    reuse.turn(window)
    tell(reuse, ["b"], window + 1)
    assert.strictEqual(reuse.rate("a", 0, window * 2), 1 / (window * 2))
    reuse.turn(window * 2)
    assert.deepStrictEqual([...reuse.keys()], ["b"])
    reuse.turn(window * 3)
    assert.deepStrictEqual([...reuse.keys()], [])
  })

  it("Reuse ends a window when the clock is set back", () => {
    const reuse = make()
    reuse.turn(window * 100)
    tell(reuse, ["a"], window * 100)
    reuse.turn(0)
    reuse.turn(window)
    assert.deepStrictEqual([...reuse.keys()], [])
  })

  it("Reuse remembers a bounded number of keys, those with the latest reads", () => {
    const reuse = make()
    tell(reuse, ["first"], 1)
    for (let i = 0; i < 10_000; i++) {
      reuse.note(`${i}`, 1, 2)
      if (i % 1_000 === 0) reuse.note("first", 1, 2)
    }
    const keys = [...reuse.keys()]
    assert.strictEqual(keys.length, 8_192)
    assert.include(keys, "first")
    assert.notInclude(keys, "0")
  })
})
