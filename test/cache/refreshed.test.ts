/**
 * A refresh changes the tiers below memory, and returns when they have taken the change.
 */
import { assert, it } from "@effect/vitest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { Store } from "effect-stateless/store/Store"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { keptIn, makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { profile, user, users } from "../support/users.ts"

const live = (source: { name: string }, place: Place, fault: FaultyStore.Fault, nth?: number) =>
  users({ name: () => Effect.sync(() => source.name) }).pipe(Layer.provide(Layer.effect(
    Store,
    Effect.gen(function*() {
      const [cold] = yield* FaultyStore.make(mapStore({ name: "cold", place }), {
        rules: [{ fault, operations: ["write"], nth }]
      })
      return TieredStore.make([yield* MemoryStore.make({ capacity: 100 }), cold])
    })
  )))

it.effect("a refresh returns when the tiers below have its value and no value derived from the old one", () => {
  const source = { name: "Ann" }
  const place = makePlace()
  return Effect.gen(function*() {
    yield* profile.get({ id: "1" })
    yield* TestClock.adjust(100)
    assert.deepStrictEqual([keptIn(place, "Users/user", "1"), keptIn(place, "Users/profile", "1")], [
      "Ann",
      "profile of Ann"
    ])
    source.name = "Bob"
    const refresh = yield* Effect.forkChild(user.refresh({ id: "1" }), { startImmediately: true })
    yield* TestClock.adjust(5)
    assert.strictEqual(yield* user.get({ id: "1" }), "Bob")
    assert.isUndefined(refresh.pollUnsafe())
    assert.strictEqual(keptIn(place, "Users/profile", "1"), "profile of Ann")
    yield* TestClock.adjust(5)
    assert.strictEqual(yield* Fiber.join(refresh), "Bob")
    assert.deepStrictEqual([keptIn(place, "Users/user", "1"), keptIn(place, "Users/profile", "1")], ["Bob", undefined])
  }).pipe(Effect.provide(live(source, place, { kind: "slow", delay: 10 })))
})

it.effect("a refresh whose change a tier refuses fails, and readers get its value from memory", () => {
  const source = { name: "Ann" }
  return Effect.gen(function*() {
    yield* profile.get({ id: "1" })
    yield* TestClock.adjust(100)
    source.name = "Bob"
    const { reason } = yield* Effect.flip(user.refresh({ id: "1" }))
    assert.strictEqual(reason._tag, "StoreFailed")
    assert.strictEqual(yield* profile.get({ id: "1" }), "profile of Bob")
  }).pipe(Effect.provide(live(source, makePlace(), { kind: "fail" }, 2)))
})

for (const door of ["update", "patch"] as const) {
  for (const isQueued of [false, true]) {
    for (const fails of [false, true]) {
      it.effect(
        `${door} is made from what ${isQueued ? "a refresh that waits for its turn" : "a running refresh"} brings${
          fails ? ", and from what is held if it fails" : ""
        }`,
        () => {
          const source = { name: "Ann" }
          const gate = Deferred.makeUnsafe<void>()
          let isGated = false
          const slow = () =>
            Effect.suspend(() => {
              const { name } = source
              return isGated ?
                Effect.andThen(Deferred.await(gate), fails ? Effect.die("down") : Effect.succeed(name)) :
                Effect.succeed(name)
            })
          const change = (was: string) => Effect.succeed(`${was}!`)
          return Effect.gen(function*() {
            yield* user.get({ id: "1" })
            isGated = true
            const refresh = () => Effect.forkChild(Effect.exit(user.refresh({ id: "1" })), { startImmediately: true })
            const first = isQueued ? yield* refresh() : undefined
            source.name = "Bob"
            const asked = yield* refresh()
            const changed = yield* Effect.forkChild(
              door === "update"
                ? Effect.exit(user.update({ id: "1" }, change))
                : Effect.exit(user.patch({ id: "1" }, change)),
              { startImmediately: true }
            )
            yield* TestClock.adjust(10)
            yield* Deferred.succeed(gate, undefined)
            yield* Fiber.join(asked)
            if (first !== undefined) yield* Fiber.join(first)
            assert.strictEqual((yield* Fiber.join(changed))._tag, "Success")
            isGated = false
            assert.strictEqual(yield* user.get({ id: "1" }), fails ? "Ann!" : "Bob!")
          }).pipe(Effect.provide(Layer.provide(users({ name: slow }), MemoryStore.layer({ capacity: 100 }))))
        }
      )
    }
  }
}
