/**
 * A refresh changes what the tiers below memory hold, and answers when they have taken that.
 */
import { assert, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { Store } from "effect-stateless/store/Store"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() },
    page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
  }
}) {}
const { page, user } = App.keys

const live = (source: { name: string }, place: Place, fault: FaultyStore.Fault, nth?: number) =>
  App.modules({
    user: App.owner("user", { lookup: () => Effect.sync(() => source.name) }),
    page: App.owner("page", { lookup: ({ id }) => Effect.map(user.get({ id }), (name) => `page of ${name}`) })
  }).pipe(Layer.provide(Layer.effect(
    Store,
    Effect.gen(function*() {
      const [cold] = yield* FaultyStore.make(mapStore({ name: "cold", place }), {
        rules: [{ fault, operations: ["write"], nth }]
      })
      return TieredStore.make([yield* MemoryStore.make({ capacity: 100 }), cold])
    })
  )))

const heldOf = (place: Place, family: string) => place.families.get(`App/${family}`)?.get("1")?.value

it.effect("a refresh answers when the tiers below have its value, and nothing that was made from the one before", () => {
  const source = { name: "Ann" }
  const place = makePlace()
  return Effect.gen(function*() {
    yield* page.get({ id: "1" })
    yield* TestClock.adjust(100)
    assert.deepStrictEqual([heldOf(place, "user"), heldOf(place, "page")], ["Ann", "page of Ann"])
    source.name = "Bob"
    const refresh = yield* Effect.forkChild(user.refresh({ id: "1" }), { startImmediately: true })
    yield* TestClock.adjust(5)
    assert.strictEqual(yield* user.get({ id: "1" }), "Bob")
    assert.isUndefined(refresh.pollUnsafe())
    assert.strictEqual(heldOf(place, "page"), "page of Ann")
    yield* TestClock.adjust(5)
    assert.strictEqual(yield* Fiber.join(refresh), "Bob")
    assert.deepStrictEqual([heldOf(place, "user"), heldOf(place, "page")], ["Bob", undefined])
  }).pipe(Effect.provide(live(source, place, { kind: "slow", delay: 10 })))
})

it.effect("a refresh whose change a tier refuses fails, and its value is read from memory", () => {
  const source = { name: "Ann" }
  return Effect.gen(function*() {
    yield* page.get({ id: "1" })
    yield* TestClock.adjust(100)
    source.name = "Bob"
    const { reason } = yield* Effect.flip(user.refresh({ id: "1" }))
    assert.strictEqual(reason._tag, "StoreFailed")
    assert.strictEqual(yield* page.get({ id: "1" }), "page of Bob")
  }).pipe(Effect.provide(live(source, makePlace(), { kind: "fail" }, 2)))
})
