/**
 * Iterating: a scan of all keys misses none that stays, while others are set, deleted, evicted and invalidated. Nothing
 * is kept between two pages, so a caller may come back at any time.
 */
import { Effect, Layer, Schema, Stream } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

class Shop extends Manifest.Service<Shop>()("Shop", {
  families: { price: { pattern: "price:{item}", value: Schema.Number } }
}) {}
const { price } = Shop.keys

const path = mkdtempSync(join(tmpdir(), "iterating-"))
// Memory has room for a few prices only, so they move between memory and the file all the time.
const ShopLive = Shop.modules({ price: Shop.owner("price") }).pipe(
  Layer.provide(TieredStore.layer(
    [MemoryStore.layer({ capacity: 20 }), LmdbStore.layer({ path, durability: "process" })],
    { set: "onEviction" }
  ))
)

const staying = Array.from({ length: 200 }, (_, n) => `item ${n}`)

/** Everything that may happen to a shop between two pages. */
const business = (turn: number) =>
  Effect.gen(function*() {
    yield* price.setMany(Array.from({ length: 10 }, (_, n) => [{ item: `offer ${turn} ${n}` }, n] as const))
    yield* price.deleteMany(Array.from({ length: 5 }, (_, n) => ({ item: `offer ${turn - 1} ${n}` })))
    yield* price.invalidate({ item: `offer ${turn - 1} 9` })
    // A new price of an item that stays moves it to memory; a read copies another one there.
    yield* price.set({ item: `item ${turn * 7 % 200}` }, turn)
    yield* price.getOption({ item: `item ${turn * 11 % 200}` })
  })

const program = Effect.gen(function*() {
  yield* price.setMany(staying.map((item, n) => [{ item }, n] as const))

  // Page by page, as a server answers them: a client keeps the cursor alone.
  const seen = new Set<string>()
  let cursor: string | undefined
  let pages = 0
  do {
    const page = yield* price.page(cursor, 25)
    for (const { params } of page.entries) seen.add(params.item)
    cursor = page.next
    if (pages < 50) yield* business(pages)
    pages++
  } while (cursor !== undefined)
  console.log(`${pages} pages, ${seen.size} keys`)
  assert.ok(staying.every((item) => seen.has(item)))

  // Everything in one go. A key that moves meanwhile may come twice.
  const items = yield* Stream.runCollect(Stream.map(price.keys(), ({ item }) => item))
  assert.ok(staying.every((item) => items.includes(item)))
  assert.ok(!items.includes("offer 0 9"), "what was invalidated is not shown")

  console.log("about", yield* price.count(), "entries; one of them:", (yield* price.sample(1))[0]?.item)

  // A cursor of another family, or a text that is none, is refused.
  const refused = yield* Effect.flip(price.page("not a cursor", 25))
  assert.equal(refused.reason._tag, "CursorRefused")
})

await Effect.runPromise(Effect.provide(program, ShopLive))
rmSync(path, { recursive: true, force: true })
