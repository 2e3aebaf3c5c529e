/**
 * `ReadForecast` estimates how often a key is read, for the prediction of hot keys. It counts exactly while reads are
 * few, samples when they are many, and remembers a bounded number of keys.
 */
import { assert, describe, it } from "@effect/vitest"
import { ReadForecast } from "../../../src/cache/internal/loads/readForecast.ts"
import { xorshift } from "../../../src/eviction/internal/xorshift.ts"

const window = 1_000
const make = () => {
  const next = xorshift(7)
  return new ReadForecast(window, { nextDoubleUnsafe: () => next() / 2 ** 32 }, 0)
}

/** Reads of keys as a partition tells them: one of them, and then as many pass as the answer says. */
const tell = (forecast: ReadForecast, keys: ReadonlyArray<string>, now: number) => {
  let told = 0
  let at = 0
  for (const [i, key] of keys.entries()) {
    if (i < at) continue
    told++
    at = i + forecast.note(key, 0, now)
  }
  return told
}

describe("ReadForecast", () => {
  it("ReadForecast counts every read while reads are few", () => {
    const forecast = make()
    tell(forecast, ["a", "b", "a", "a"], 10)
    assert.strictEqual(forecast.rate("a", 0, 20), 3 / window)
    assert.strictEqual(forecast.rate("b", 0, 20), 1 / window)
    assert.strictEqual(forecast.rate("c", 0, 20), 0)
  })

  it("ReadForecast estimates from fewer samples when reads are many, and also for keys that are read in turns", () => {
    const forecast = make()
    const keys = Array.from({ length: 1_000_000 }, (_, i) => `${i % 8}`)
    const told = tell(forecast, keys, 10)
    assert.isBelow(told, 50_000)
    for (let i = 0; i < 8; i++) assert.closeTo(forecast.rate(`${i}`, 0, 20) * window, 125_000, 12_500)
  })

  it("ReadForecast samples more when reads are few again", () => {
    const forecast = make()
    tell(forecast, Array.from({ length: 100_000 }, () => "a"), 10)
    for (let i = 1; i <= 20; i++) forecast.nextWindow(i * window)
    tell(forecast, ["b", "b", "b"], 20 * window)
    assert.strictEqual(forecast.rate("b", 0, 20 * window) * window, 3)
  })

  it("ReadForecast expects no read of a key without a read since its value was made or renewed", () => {
    const forecast = make()
    tell(forecast, ["a", "a", "a"], 10)
    assert.isAbove(forecast.rate("a", 10, 20), 0)
    assert.strictEqual(forecast.rate("a", 11, 20), 0)
    forecast.renewed("a", 15)
    assert.strictEqual(forecast.rate("a", 0, 20), 0)
    tell(forecast, ["a"], 16)
    assert.isAbove(forecast.rate("a", 0, 20), 0)
  })

  it("ReadForecast drops a key that was not read in two windows", () => {
    const forecast = make()
    tell(forecast, ["a", "b"], 10)
    forecast.nextWindow(window)
    tell(forecast, ["b"], window + 1)
    assert.strictEqual(forecast.rate("a", 0, window * 2), 1 / (window * 2))
    forecast.nextWindow(window * 2)
    assert.deepStrictEqual([...forecast.keys()], ["b"])
    forecast.nextWindow(window * 3)
    assert.deepStrictEqual([...forecast.keys()], [])
  })

  it("ReadForecast ends a window when the clock is set back", () => {
    const forecast = make()
    forecast.nextWindow(window * 100)
    tell(forecast, ["a"], window * 100)
    forecast.nextWindow(0)
    forecast.nextWindow(window)
    assert.deepStrictEqual([...forecast.keys()], [])
  })

  it("ReadForecast remembers a bounded number of keys, those with the latest reads", () => {
    const forecast = make()
    tell(forecast, ["first"], 1)
    for (let i = 0; i < 10_000; i++) {
      forecast.note(`${i}`, 1, 2)
      if (i % 1_000 === 0) forecast.note("first", 1, 2)
    }
    const keys = [...forecast.keys()]
    assert.strictEqual(keys.length, 8_192)
    assert.include(keys, "first")
    assert.notInclude(keys, "0")
  })
})
