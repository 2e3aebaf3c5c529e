/**
 * A `set` that fails leaves nothing in a tier, also if memory pushes its value out before the tier refuses the round.
 */
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import { StoreError, TierFailed } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
}) {}
const { user } = App.keys

it.effect("a set that fails leaves no trace below", () =>
  Effect.gen(function*() {
    const place = makePlace()
    const cold = mapStore({ name: "cold", place })
    const gate = Deferred.makeUnsafe<void>()
    const log: Array<string> = []
    let writes = 0
    let over = false
    const failure = new StoreError({
      reason: new TierFailed({ tier: "cold", operation: "write", cause: new Error("down") })
    })
    const tier = Store.of({
      ...cold,
      write: (round) =>
        Effect.gen(function*() {
          const n = ++writes
          const about = round.changes.map(({ removed, set }) => `-${removed} +${set.map(({ key }) => key)}`).join(";")
          log.push(`write ${n}: ${about}`)
          if (n === 1) {
            yield* Deferred.await(gate)
            return yield* Effect.fail(failure)
          }
          // The tier is slow from then on.
          if (!over) yield* Effect.sleep(10)
          if (n === 2) return yield* Effect.fail(failure)
          yield* cold.write(round)
          log.push(`write ${n} done`)
        })
    })
    const memory = yield* MemoryStore.make({ capacity: 1, eviction: "lru" })
    const live = Layer.provide(
      App.modules({ user: App.owner("user") }),
      Layer.succeed(Store, TieredStore.make([memory, tier], { set: "onEviction" }))
    )
    const onDisk = () => Array.from(place.families.values(), (all) => all.get("1")?.value)
    let atFailure: any
    let later: Array<any> = []
    yield* Effect.gen(function*() {
      yield* Effect.forkChild(
        Effect.catch(user.set({ id: "1" }, "refused"), () =>
          Effect.sync(() => {
            atFailure = onDisk()
            log.push("set 1 failed")
          }))
      )
      yield* TestClock.adjust(1)
      // Pushes it out of memory.
      yield* Effect.forkChild(Effect.exit(user.set({ id: "2" }, "other")))
      yield* TestClock.adjust(1)
      yield* Deferred.succeed(gate, undefined)
      for (let i = 0; i < 100; i++) {
        yield* TestClock.adjust(1)
        if (log.includes("set 1 failed")) later.push(JSON.stringify(onDisk()))
      }
      yield* TestClock.adjust(1_000)
      over = true
    }).pipe(Effect.provide(live))
    assert.isFalse(JSON.stringify([atFailure, later]).includes("refused"))
  }))

for (const set of ["through", "onEviction"] as const) {
  it.effect(`a set that fails after its caller has left leaves no trace in memory (${set})`, () =>
    Effect.gen(function*() {
      const cold = mapStore({ name: "cold" })
      const gate = Deferred.makeUnsafe<void>()
      let writes = 0
      const tier = Store.of({
        ...cold,
        write: (round) =>
          // A round that a tier refuses is tried again as a removal.
          ++writes <= 2
            ? Effect.andThen(
              Deferred.await(gate),
              Effect.fail(
                new StoreError({ reason: new TierFailed({ tier: "cold", operation: "write", cause: "down" }) })
              )
            )
            : cold.write(round)
      })
      const memory = yield* MemoryStore.make({ capacity: 10 })
      const live = Layer.provide(
        App.modules({ user: App.owner("user") }),
        Layer.succeed(Store, TieredStore.make([memory, tier], { set }))
      )
      yield* Effect.gen(function*() {
        const setting = yield* Effect.forkChild(user.set({ id: "1" }, "refused"))
        yield* TestClock.adjust(1)
        yield* Fiber.interrupt(setting)
        yield* Deferred.succeed(gate, undefined)
        yield* TestClock.adjust(1)
        assert.isTrue(Option.isNone(yield* user.getOption({ id: "1" })))
      }).pipe(Effect.provide(live))
    }))
}

it.effect("a set that fails although the tier has taken it answers when the tier has removed it", () =>
  Effect.gen(function*() {
    const place = makePlace()
    const cold = mapStore({ name: "cold", place })
    let writes = 0
    const late = new StoreError({ reason: new TierFailed({ tier: "cold", operation: "write", cause: "down" }) })
    const tier = Store.of({
      ...cold,
      write: (round) =>
        ++writes === 1
          ? Effect.andThen(cold.write(round), Effect.fail(late))
          : Effect.andThen(Effect.sleep(10), cold.write(round))
    })
    const live = Layer.provide(App.modules({ user: App.owner("user") }), Layer.succeed(Store, tier))
    yield* Effect.gen(function*() {
      const setting = yield* Effect.forkChild(Effect.flip(user.set({ id: "1" }, "refused")))
      for (let millis = 0; setting.pollUnsafe() === undefined; millis++) {
        assert.isBelow(millis, 100)
        yield* TestClock.adjust(1)
      }
      const left = Array.from(place.families.values()).flatMap((all) => Array.from(all.keys()))
      assert.deepStrictEqual(left, [])
    }).pipe(Effect.provide(live))
  }))
