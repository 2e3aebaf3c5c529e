/**
 * A process whose clock is a year ahead leaves versions that are a year ahead. The next process renews entries ahead of
 * their end nevertheless.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<number>(), timeToLive: 1_000, refreshAhead: 0.5 },
    other: { pattern: "other:{id}", value: Manifest.type<number>() }
  }
}) {}
const { other, user } = App.keys
const id = { id: "1" }
const start = Date.parse("2026-01-01"), year = 365 * 86_400_000

for (const ahead of [0, year]) {
  const place = makePlace()
  let loads = 0
  const life = <A, E, R>(body: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const memory = yield* MemoryStore.make({ capacity: 100 })
      const live = App.modules({
        user: App.owner("user", { lookup: () => Effect.sync(() => ++loads) }),
        other: App.owner("other")
      }).pipe(
        Layer.provide(Layer.succeed(Store, TieredStore.make([memory, mapStore({ place })]))),
        Layer.fresh
      )
      return yield* Effect.provide(Effect.tap(body, () => TestClock.adjust(50)), live)
    })
  // Two tests in order, for a process has a clock of its own.
  it.effect(`a process whose clock is ${ahead} ms ahead`, () =>
    Effect.andThen(TestClock.setTime(start + ahead), life(other.set(id, 1))))
  it.effect(`the next one renews an entry ahead of its end (${ahead})`, () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start)
      yield* life(Effect.gen(function*() {
        yield* other.getOption(id)
        yield* user.get(id)
        yield* TestClock.adjust(600)
        yield* user.get(id)
        yield* TestClock.adjust(10)
        yield* user.get(id)
      }))
      assert.strictEqual(loads, 2)
    }))
}
