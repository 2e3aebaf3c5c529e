/**
 * Leases: the right to one key for a time. Several callers share a lease, or one caller has it alone. It ends with its
 * Scope.
 *
 * A lease is for work outside the cache that must not run twice at the same time, such as a payment. With the token,
 * the outside system can refuse a caller whose lease has ended unnoticed.
 */
import { Effect, Fiber, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Shop extends Manifest.Service<Shop>()("Shop", {
  families: { cart: { pattern: "cart:{id}", value: Manifest.type<number>() } }
}) {}
const { cart } = Shop.keys

const ShopLive = Shop.modules({ cart: Shop.owner("cart") }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

const log: Array<string> = []
const say = (text: string) => Effect.sync(() => void log.push(text))

const pay = (who: string) =>
  Effect.gen(function*() {
    const lease = yield* cart.lease({ id: "1" }, { deadline: "5 seconds", timeToLive: "30 seconds" })
    yield* say(`${who} begins`)
    yield* Effect.sleep("20 millis")
    yield* lease.check
    yield* say(`${who} ends`)
    return lease.token
  }).pipe(Effect.scoped)

const program = Effect.gen(function*() {
  const [first, second] = yield* Effect.all([pay("Ann"), pay("Bob")], { concurrency: 2 })
  assert.deepEqual(log, ["Ann begins", "Ann ends", "Bob begins", "Bob ends"])
  assert.ok(second > first)
  console.log(log.join(", "))

  // Readers share a lease. A borrow is enough for a shared lease; an exclusive lease needs `Owns`.
  const looking = cart.lease({ id: "1" }, { mode: "shared" }).pipe(
    Effect.andThen(Effect.sleep("20 millis")),
    Effect.scoped
  )
  const begin = performance.now()
  yield* Effect.all(Array.from({ length: 20 }, () => looking), { concurrency: "unbounded" })
  assert.ok(performance.now() - begin < 20 * 20)
  console.log("twenty readers held it at once")

  // No caller waits for ever: a request ends at its own deadline.
  const holder = yield* Effect.forkChild(Effect.scoped(Effect.andThen(cart.lease({ id: "1" }), Effect.never)), {
    startImmediately: true
  })
  const error = yield* Effect.flip(Effect.scoped(cart.lease({ id: "1" }, { deadline: "20 millis" })))
  console.log(error.message)
  assert.equal(error.reason._tag, "LeaseRefused")
  yield* Fiber.interrupt(holder)
  yield* Effect.scoped(cart.lease({ id: "1" }, { deadline: "20 millis" }))
})

await Effect.runPromise(Effect.provide(program, ShopLive))
