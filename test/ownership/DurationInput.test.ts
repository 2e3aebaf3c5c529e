/**
 * Every option that is a duration takes the short texts beside what Effect takes, and both mean the same time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { Lookup, Manifest, MemoryStore } from "../../src/index.ts"
import { type DurationText, millisOf } from "../../src/ownership/DurationInput.ts"

const effectUnits = {
  ms: "millis",
  s: "seconds",
  m: "minutes",
  h: "hours",
  d: "days",
  w: "weeks"
} as const
const units = Object.keys(effectUnits) as ReadonlyArray<keyof typeof effectUnits>

class Shop extends Manifest.Service<Shop>()("Shop", {
  families: {
    price: { pattern: "price:{item}", value: Manifest.type<number>(), timeToLive: "1.5h" },
    stock: { pattern: "stock:{item}", value: Manifest.type<number>(), idleTimeToLive: "90s" },
    offer: { pattern: "offer:{item}", value: Manifest.type<number>(), negativeTimeToLive: "30m" }
  }
}) {}
const { offer, price, stock } = Shop.keys

const ShopLive = Shop.modules({
  price: Shop.owner("price", {
    lookup: ({ item }) => Effect.succeed(item === "bread" ? Lookup.loaded(1, { timeToLive: "500ms" }) : 1)
  }),
  stock: Shop.owner("stock", { lookup: () => Effect.succeed(1) }),
  offer: Shop.owner("offer", { lookup: () => Effect.succeed(Lookup.absent) })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

describe("durations", () => {
  it("a short text is the time that Effect's text of the same number and unit is", () => {
    const amounts = fc.oneof(fc.nat(100_000), fc.nat(100_000).map((n) => n / 100))
    fc.assert(fc.property(amounts, fc.constantFrom(...units), (amount, unit) => {
      const whole = Duration.toMillis(Duration.fromInputUnsafe(`${amount} ${effectUnits[unit]}`))
      for (const text of [`${amount}${unit}`, `${amount} ${unit}`]) {
        assert.closeTo(millisOf(text), whole, whole * 1e-9)
      }
    }))
  })

  it("a text with another unit, a sign, two spaces or an exponent is not a short text", () => {
    const others = [
      "",
      "5",
      "s",
      "5  s",
      "5S",
      "5M",
      "5min",
      "5us",
      "-5s",
      "+5s",
      "1e3s",
      "0x5s",
      ".5h",
      "5.h",
      "1h30m"
    ]
    for (const text of [...others, " 5s", "5s ", "5s\n", "Infinityh", "NaNs", "٥s"]) assert.isNaN(millisOf(text), text)
  })

  it("a number that is too large lasts for ever", () => {
    assert.strictEqual(millisOf(`${"9".repeat(400)}w`), Infinity)
  })

  it.effect("a family, a lookup and a write take short texts as durations", () =>
    Effect.gen(function*() {
      assert.isFalse(yield* price.has({ item: "bread" }))
      yield* price.get({ item: "bread" })
      yield* price.get({ item: "milk" })
      yield* price.set({ item: "tea" }, 2, { timeToLive: "2h" })
      const held = Effect.all(["bread", "milk", "tea"].map((item) => price.has({ item })))
      yield* TestClock.adjust(499)
      assert.deepStrictEqual(yield* held, [true, true, true])
      yield* TestClock.adjust(2)
      assert.deepStrictEqual(yield* held, [false, true, true])
      yield* TestClock.adjust("90 minutes")
      assert.deepStrictEqual(yield* held, [false, false, true])
      yield* TestClock.adjust("30 minutes")
      assert.deepStrictEqual(yield* held, [false, false, false])
    }).pipe(Effect.provide(ShopLive)))

  it.effect("a lease takes short texts as durations", () =>
    Effect.scoped(Effect.gen(function*() {
      const long: DurationText = "10s"
      yield* price.lease({ item: "tea" }, { timeToLive: long })
      const waits = yield* Effect.forkChild(Effect.flip(price.lease({ item: "tea" }, { deadline: "4s" })))
      yield* TestClock.adjust("3 seconds")
      assert.isUndefined(waits.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(waits)).reason._tag, "LeaseRefused")
      yield* TestClock.adjust("6 seconds")
      yield* price.lease({ item: "tea" }, { deadline: "0ms" })
    })).pipe(Effect.provide(ShopLive)))

  it.effect("an idle time and a negative window take short texts as durations", () =>
    Effect.gen(function*() {
      yield* stock.get({ item: "tea" })
      yield* Effect.exit(offer.get({ item: "tea" }))
      yield* TestClock.adjust("89 seconds")
      assert.isTrue(yield* stock.has({ item: "tea" }))
      yield* TestClock.adjust("100 seconds")
      assert.isFalse(yield* stock.has({ item: "tea" }))
      const before = (yield* Shop.stats).offer.misses
      yield* Effect.exit(offer.get({ item: "tea" }))
      assert.strictEqual((yield* Shop.stats).offer.misses, before)
    }).pipe(Effect.provide(ShopLive)))
})
