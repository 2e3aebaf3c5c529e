/**
 * Pages over several tiers, where more leaves memory during the read of a tier than is remembered.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../../src/store/TieredStore.ts"
import { changed } from "../../support/changed.ts"
import { fork, settle } from "../../support/effects.ts"
import { makePlace, mapStore } from "../../support/mapStore.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

describe("page over several tiers", () => {
  it.effect("a page is refused if its numbers lose their meaning while a tier is read, also beside a new scan", () =>
    Effect.gen(function*() {
      const reading = Latch.makeUnsafe(true)
      const cold = mapStore({ place: makePlace() })
      const slow = changed(cold, ({ page }) => ({
        page: (after, max) => Effect.andThen(reading.await, page!(after, max))
      }))
      const users = yield* TieredStore.make([yield* MemoryStore.make({ capacity: 100 }), slow]).open(textFamily("user"))
      yield* users.setMany(["a", "b", "c"].map((key) => [key, entryOf(key)]))
      const { next } = yield* users.page!(undefined, 1)
      reading.closeUnsafe()
      const late = yield* fork(Effect.flip(users.page!(next, 1)))
      yield* settle
      const hot = users.hot!
      for (let n = 0; n < 131_100; n++) {
        hot.put("k", entryOf("k"), Infinity, 1)
        hot.drop("k")
      }
      // Another scan begins, and memory is listened to again.
      yield* users.page!(undefined, 0)
      reading.openUnsafe()
      assert.deepInclude((yield* Fiber.join(late)).reason, { _tag: "BookmarkLost", why: "overtaken" })
    }))
})
