/**
 * Two owners: only the module that owns a family writes it, and other modules read it through borrows.
 *
 * The compiler checks the comments that begin with `@ts-expect-error`: without the error, this file would not compile.
 */
import { Effect, Layer } from "effect"
import { CacheError } from "effect-stateless/cache/CacheError"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Shop extends Manifest.Service<Shop>()("Shop", {
  families: {
    stock: { pattern: "stock:{item}", value: Manifest.type<number>() },
    price: { pattern: "price:{item}", value: Manifest.type<number>() }
  }
}) {}
const { price, stock } = Shop.keys

const StockLive = Shop.owner("stock", { lookup: () => Effect.succeed(10) })
const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })

// The requirement of a function says what it may do: `Owns<"stock:{item}", Shop>` and `Borrows<"price:{item}", Shop>`.
const sell = Effect.fnUntraced(function*(item: string) {
  const left = yield* stock.update({ item }, (n) => n - 1)
  return { left, cost: yield* price.get({ item }) }
})

const ShopLive = Shop.modules({ stock: StockLive, price: PriceLive }).pipe(
  Layer.provide(MemoryStore.layer({ capacity: 1_000 }))
)

const sold = await Effect.runPromise(Effect.provide(sell("pen"), ShopLive))
assert.deepEqual(sold, { left: 9, cost: 3 })
console.log("the owner of `stock` wrote, and read `price`:", sold)

// A borrower cannot write. The compiler refuses the write. After a cast, as here, it fails with a typed error.
const BorrowerOnly = Shop.borrower("price").pipe(
  Layer.provideMerge(Shop.layer),
  Layer.provide(MemoryStore.layer({ capacity: 10 }))
)
const raise = Effect.gen(function*() {
  const prices = yield* price.reader
  // @ts-expect-error E0203: cannot write 'price:{item}' through a borrow; it is owned by family 'price'
  const write: Effect.Effect<void, CacheError> = prices.set({ item: "pen" }, 100)
  return yield* write
})
const refused = await Effect.runPromise(Effect.flip(Effect.provide(raise, BorrowerOnly)))
assert.ok(refused instanceof CacheError && refused.reason._tag === "NotOwner")
console.log(refused.message)

// A family has one owner at a time. At run time this holds even where the compiler cannot see it.
const twice = Effect.gen(function*() {
  yield* Layer.build(Layer.fresh(PriceLive))
  return yield* Effect.flip(Layer.build(Layer.fresh(PriceLive)))
}).pipe(
  Effect.scoped,
  Effect.provide(Shop.layer),
  Effect.provide(MemoryStore.layer({ capacity: 10 }))
)
const error = await Effect.runPromise(twice)
assert.ok(error instanceof CacheError && error.reason._tag === "OwnershipConflict")
console.log(error.message)
