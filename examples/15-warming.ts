/**
 * Warming: what is loaded before anybody asks. Keys that the owner names, at start and on a schedule; and those that are
 * likely to be read again, before they end.
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
  // The layer is built when both pages are there; each round renews what would end before the next one.
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
  // In an hour no reader had to wait for a page, and only the first reader of each price did.
  assert.equal(stats.front.misses, 0)
  assert.equal(stats.price.misses, 2)
  // Nobody asked for ink again, so it was not loaded again.
  assert.equal(yield* price.has({ item: "ink" }), false)
  // What is loaded ahead loses at most a tenth of its life: 60 lives became 67.
  assert.equal(stats.price.loads, 1 + 67)
})

await Effect.runPromise(program.pipe(Effect.provide(ShopLive), Effect.provide(TestClock.layer())))
