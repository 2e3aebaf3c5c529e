/**
 * A tier that is down owes removals. These tests hold how many are remembered, and how long the end of the store waits
 * for them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Tier } from "../../../src/store/internal/tieredTier.ts"
import { StoreError, TierFailed } from "../../../src/store/StoreError.ts"
import * as TieredStore from "../../../src/store/TieredStore.ts"
import * as FaultyStore from "../../../src/testing/FaultyStore.ts"
import { changed } from "../../support/changed.ts"
import { fork, hasty, outlast } from "../../support/effects.ts"
import { makePlace, mapStore } from "../../support/mapStore.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const family = textFamily("user")

const failed = new StoreError({ reason: new TierFailed({ tier: "cold", operation: "remove", cause: "down" }) })

describe("tier that is down", () => {
  it.effect("the tier remembers 1,000 owed keys by name, and clears everything when there are more", () =>
    Effect.gen(function*() {
      const store = mapStore()
      let isDown = true
      const partition = yield* changed(store, ({ clear, remove }) => ({
        remove: (keys) => isDown ? Effect.fail(failed) : remove(keys),
        clear: Effect.suspend(() => isDown ? Effect.fail(failed) : clear)
      })).open(family)
      const tier = new Tier<string>("cold", store, partition, () => {})
      for (let i = 0; i < 10; i++) {
        yield* tier.remove(Array.from({ length: 1_000 }, (_, at) => `${i}-${at}`))
        assert.isAtMost(tier.distrustedCount, 1_000)
        assert.isFalse(tier.trusts(`${i}-0`))
      }
      assert.isFalse(tier.trusts("other"))
      for (let i = 0; i < 10; i++) tier.distrust({ partition, cleared: true, removed: ["1"], set: [] }, failed)
      assert.isAtMost(tier.distrustedCount, 1_000)
      isDown = false
      yield* tier.setMany([["other", entryOf("back")]])
      assert.isTrue(tier.trusts("other"))
      assert.isTrue(tier.trusts("9-0"))
    }))

  for (const set of ["through", "onEviction"] as const) {
    it.effect(`the end of the store waits for the tier once, for any number of families (set: ${set})`, () =>
      Effect.gen(function*() {
        const [cold] = yield* FaultyStore.make(mapStore(), {
          rules: [{ fault: { kind: "stall" }, operations: set === "through" ? ["set"] : ["write"] }]
        })
        const store = TieredStore.make([mapStore(), cold], { set })
        const scope = yield* Scope.make()
        for (let i = 0; i < 8; i++) {
          const users = yield* Scope.provide(store.open({ ...family, name: `user${i}` }), scope)
          yield* Effect.forkDetach(users.set("1", entryOf("one")), { startImmediately: true })
        }
        const closing = yield* fork(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("29 seconds")
        assert.isUndefined(closing.pollUnsafe())
        for (let i = 0; i < 4; i++) yield* outlast("30 seconds")
        assert.isDefined(closing.pollUnsafe())
        yield* Fiber.interrupt(closing)
      }).pipe(hasty))
  }

  it.effect("the end of the store waits as long as the tier makes progress", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const [cold] = yield* FaultyStore.make(mapStore({ place }), {
        rules: [{ fault: { kind: "slow", delay: 20_000 }, operations: ["write"] }]
      })
      const store = TieredStore.make([mapStore(), cold], { set: "onEviction" })
      const scope = yield* Scope.make()
      const users = yield* Scope.provide(store.open(family), scope)
      // Each write below takes 256 of them.
      yield* users.setMany(Array.from({ length: 1_000 }, (_, i) => [`${i}`, entryOf(`${i}`)] as const))
      const closing = yield* fork(Scope.close(scope, Exit.void))
      for (let i = 0; i < 7; i++) yield* TestClock.adjust("10 seconds")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(closing)
      assert.strictEqual(place.families.get("user")?.size, 1_000)
    }))
})
