/**
 * Warming: entries are loaded before a reader asks. The owner names keys, which load at the start and on a schedule.
 * Keys that are likely to be read again are loaded before they end.
 */
import { Effect, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { TestClock } from "effect/testing"
import assert from "node:assert/strict"

class Shop extends Manifest.Service<Shop>()("Shop", {
  families: {
    front: { pattern: "front:{language}", value: Manifest.type<string>(), timeToLive: "15 minutes" },
    price: { pattern: "price:{item}", value: Manifest.type<number>(), timeToLive: "1 minute" }
  }
}) {}
const { front, price } = Shop.keys

const languages = Effect.succeed(["de", "en"].map((language) => ({ language })))

const FrontLive = Shop.owner("front", {
  lookup: ({ language }) => Effect.succeed(`the front page in ${language}`),
  // The layer is ready when both pages are loaded. Each round renews the entries that would end before the next round.
  warm: { keys: languages, schedule: "10 minutes", await: true }
})
const PriceLive = Shop.owner("price", {
  lookup: ({ item }) => Effect.succeed(item.length),
  predict: { keysMax: 100 }
})
const ShopLive = Shop.modules({ front: FrontLive, price: PriceLive }).pipe(
  Layer.provide(MemoryStore.layer({ capacity: 100 }))
)

const program = Effect.gen(function*() {
  yield* price.get({ item: "ink" })
  for (let second = 0; second < 3_600; second += 10) {
    yield* front.get({ language: second % 20 === 0 ? "de" : "en" })
    yield* price.get({ item: "pen" })
    yield* TestClock.adjust("10 seconds")
  }
  const stats = yield* Shop.stats
  console.log("front:", stats.front.misses, "misses,", stats.front.loads, "loads")
  console.log("price:", stats.price.misses, "misses,", stats.price.loads, "loads")
  // In an hour, no reader waited for a page. Only the first reader of each price waited.
  assert.equal(stats.front.misses, 0)
  assert.equal(stats.price.misses, 2)
  // No reader asked for ink again, so it was not loaded again.
  assert.equal(yield* price.has({ item: "ink" }), false)
  // An entry that is loaded ahead loses at most a tenth of its lifetime: 60 lifetimes became 67.
  assert.equal(stats.price.loads, 1 + 67)
})

await Effect.runPromise(program.pipe(Effect.provide(ShopLive), Effect.provide(TestClock.layer())))
