/**
 * Events and stats: the events of a cache as a Stream, and its counts for each family.
 */
import { Effect, Fiber, Layer, Stream } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Shop extends Manifest.Service<Shop>()("Shop", {
  families: {
    price: { pattern: "price:{item}", value: Manifest.type<number>() },
    label: { pattern: "label:{item}", value: Manifest.type<string>(), derives: ["price:{item}"] }
  }
}) {}
const { label, price } = Shop.keys

const ShopLive = Shop.modules({
  price: Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) }),
  label: Shop.owner("label", { lookup: ({ item }) => Effect.map(price.get({ item }), (n) => `${item}: ${n}`) })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

const program = Effect.gen(function*() {
  // The stream gets the events from its start on. Without a listener, no event is created.
  const listener = yield* Shop.events.pipe(
    Stream.map((event) => "key" in event ? `${event._tag} ${event.key}` : event._tag),
    Stream.takeUntil((text) => text === "Hit label:pen"),
    Stream.runCollect,
    Effect.forkChild({ startImmediately: true })
  )
  yield* label.get({ item: "pen" })
  yield* price.set({ item: "pen" }, 5)
  yield* label.get({ item: "pen" })
  yield* label.get({ item: "pen" })

  const seen = yield* Fiber.join(listener)
  console.log(seen.join("\n"))
  assert.deepEqual(seen.slice(0, 4), ["Miss label:pen", "Miss price:pen", "Load price:pen", "Load label:pen"])
  assert.ok(seen.includes("Set price:pen"))

  const stats = yield* Shop.stats
  console.log("label:", stats.label)
  const { hits, hitsByTier, loads, misses } = stats.label
  assert.deepEqual({ hits, loads, misses }, { hits: 1, loads: 2, misses: 2 })
  // This cache has one tier. With a TieredStore, each tier has its own count.
  assert.deepEqual(hitsByTier, { memory: 1 })
})

await Effect.runPromise(Effect.provide(program, ShopLive))
