/**
 * A refresh that finds a row gone removes it at once, and answers when the removal is as durable as a write. Until then
 * no reader gets the removed value, at any door, and nothing is made from it.
 */
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { Lookup, Manifest, MemoryStore, Store, TieredStore } from "../../src/index.ts"
import { settle } from "../support/effects.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"

const App = (policy: object) =>
  class App extends Manifest.Service<App>()("App", {
    families: {
      user: { pattern: "user:{id}", value: Manifest.type<string>(), negativeTimeToLive: 0, ...policy },
      page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
    }
  }) {}
const id = { id: "1" }

const policies = {
  "without options": {},
  "with an idle time": { idleTimeToLive: 10_000 },
  "with stale rules": { timeToLive: 10_000, staleIfError: 60_000, staleWhileRevalidate: 59_000, softTimeout: 1 },
  "with a time-out": { hardTimeout: 50, timeToLive: 10_000, staleIfError: 60_000 }
}

for (const [how, policy] of Object.entries(policies)) {
  for (const above of ["memory", "nothing"] as const) {
    it.effect(`no reader gets a removed value before the removal is durable: ${how}, ${above} above the tier`, () =>
      Effect.gen(function*() {
        const app = App(policy)
        const { page, user } = app.keys
        const rows = new Map([["1", "Ann"]])
        const cold = mapStore({ name: "cold", place: makePlace() })
        let gate: Deferred.Deferred<void> | undefined
        const slow = Store.Store.of({
          ...cold,
          write: (round) => Effect.andThen(gate === undefined ? Effect.void : Deferred.await(gate), cold.write(round))
        })
        const memory = yield* MemoryStore.make({ capacity: 10 })
        const store = above === "memory" ? TieredStore.make([memory, slow]) : slow
        const live = app.modules({
          user: app.owner("user", { lookup: (params) => Effect.sync(() => rows.get(params.id) ?? Lookup.absent) }),
          page: app.owner("page", {
            lookup: (params) =>
              Effect.catch(Effect.map(user.get(params), (name) => `${name}'s page`), () => Effect.succeed("none"))
          })
        }).pipe(Layer.provide(Layer.succeed(Store.Store, store)))
        yield* Effect.gen(function*() {
          assert.strictEqual(yield* page.get(id), "Ann's page")
          yield* settle
          yield* TestClock.adjust(1)
          gate = Deferred.makeUnsafe<void>()
          rows.delete("1")
          const refreshing = yield* Effect.forkChild(Effect.exit(user.refresh(id)))
          yield* TestClock.adjust(1)
          assert.isUndefined(refreshing.pollUnsafe(), "the refresh waits for the tier")
          const seen: Array<unknown> = []
          const note = <A, E, R>(read: Effect.Effect<A, E, R>) =>
            Effect.forkChild(Effect.matchEffect(read, {
              onFailure: () => Effect.sync(() => seen.push("none")),
              onSuccess: (value) => Effect.sync(() => seen.push(value))
            }))
          const reads = [
            yield* note(user.get(id)),
            yield* note(user.getMany([id])),
            yield* note(user.getAnswer(id)),
            yield* note(user.getOption(id)),
            yield* note(page.get(id)),
            yield* note(user.update(id, (was) => `${was}!`))
          ]
          for (let turn = 0; turn < 5; turn++) yield* TestClock.adjust(20)
          yield* Deferred.succeed(gate, undefined)
          yield* settle
          yield* TestClock.adjust(1)
          yield* Fiber.join(refreshing)
          yield* Fiber.joinAll(reads)
          assert.notInclude(JSON.stringify(seen), "Ann")
          yield* TestClock.adjust(1_000)
          assert.strictEqual((yield* Effect.exit(user.get(id)))._tag, "Failure")
          assert.notStrictEqual(yield* page.get(id), "Ann's page")
        }).pipe(Effect.provide(live))
      }))
  }
}
