/** Deliveries that are joined, one after the other, are each kept once, at a cost that does not grow by the square. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import { both, type Delivery, noDelivery, type Parcel } from "../../src/cache/internal/below/delivery.ts"

const parcel = (): Parcel => ({
  arrived: Deferred.makeUnsafe<void>(),
  failure: undefined,
  written: { note: () => undefined, redress: noDelivery }
})

describe("deliveries that are joined", () => {
  it("each parcel is there once, in the order in which it came", () => {
    const [a, b, c] = [parcel(), parcel(), parcel()]
    const joined = both(both(new Set([a]), new Set([b])), both(new Set([b]), both(new Set([c]), new Set([a]))))
    assert.deepStrictEqual(Array.from(joined), [a, b, c])
    assert.strictEqual(both(joined, joined), joined)
    assert.strictEqual(both(noDelivery, joined), joined)
    assert.strictEqual(both(joined, noDelivery), joined)
    assert.strictEqual(joined.size, 3)
  })

  it("a long list of writes costs one look at each of its parcels", () => {
    let looks = 0
    const counted = (of: Parcel): Delivery => ({
      size: 1,
      [Symbol.iterator]: () => {
        looks++
        return [of][Symbol.iterator]()
      }
    })
    let all: Delivery = noDelivery
    for (let i = 0; i < 20_000; i++) all = both(all, counted(parcel()))
    assert.strictEqual(all.size, 20_000)
    assert.strictEqual(all.size, 20_000)
    assert.strictEqual(looks, 20_000)
    // Of one round, nothing is made.
    const one = new Set([parcel()])
    assert.strictEqual(both(one, new Set(one)), one)
  })
})
