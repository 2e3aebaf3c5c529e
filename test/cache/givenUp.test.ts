/**
 * A lookup that gives up a read and goes on makes a value without it: a time-out, a race, a failure beside it. Its
 * readers get that value, and no tier keeps it or anything made from it, because the read may yet bring a value.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { Manifest, MemoryStore, Store, TieredStore } from "../../src/index.ts"
import { settle } from "../support/effects.ts"
import { mapStore } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    prefs: { pattern: "prefs:{id}", value: Manifest.type<string>() },
    page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["prefs:{id}"] },
    site: { pattern: "site:{id}", value: Manifest.type<string>(), derives: ["page:{id}"] }
  }
}) {}
const { page, prefs, site } = App.keys
const id = { id: "1" }
type Read = Effect.Effect<unknown, unknown, any>
const otherwise = Effect.succeed("default")

const ways: { readonly [way: string]: (read: Read) => Read } = {
  "with a time limit": (read) => Effect.timeoutOrElse(read, { duration: 50, orElse: () => otherwise }),
  "in a race with the clock": (read) => Effect.race(read, Effect.as(Effect.sleep(50), "default")),
  "beside a failure": (read) =>
    Effect.catch(
      Effect.map(
        Effect.all([read, Effect.andThen(Effect.sleep(50), Effect.fail("no"))], { concurrency: 2 }),
        ([value]) => value
      ),
      () => otherwise
    ),
  "in a fiber that it interrupts": (read) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(read)
      yield* Effect.sleep(50)
      yield* Fiber.interrupt(fiber)
      return "default"
    })
}

const reads: { readonly [door: string]: Read } = {
  get: prefs.get(id),
  select: prefs.select(id, (value) => value),
  getAnswer: Effect.map(prefs.getAnswer(id), ({ value }) => value),
  getMany: Effect.map(prefs.getMany([id]), ([value]) => value),
  getManyResults: Effect.flatMap(prefs.getManyResults([id]), ([exit]) => exit!)
}

const stores = {
  "memory": MemoryStore.make({ capacity: 100 }),
  "memory over a tier": Effect.map(
    MemoryStore.make({ capacity: 100 }),
    (memory) => TieredStore.make([memory, mapStore({ name: "cold" })])
  ),
  "a tier alone": Effect.sync(() => mapStore({ name: "cold" }))
}

for (const [where, store] of Object.entries(stores)) {
  describe(`read that a lookup gives up, over ${where}`, () => {
    for (const [way, giveUp] of Object.entries(ways)) {
      for (const [door, read] of Object.entries(reads)) {
        it.effect(`${door} ${way}: the value that is made without it is answered and not kept`, () =>
          Effect.gen(function*() {
            let slow = 1_000
            const live = App.modules({
              prefs: App.owner("prefs", { lookup: () => Effect.suspend(() => Effect.as(Effect.sleep(slow), "dark")) }),
              page: App.owner("page", {
                lookup: () => (slow > 0 ? giveUp(read) : read) as Effect.Effect<string, never>
              }),
              site: App.owner("site", { lookup: (params) => page.get(params) })
            }).pipe(Layer.provide(Layer.effect(Store.Store, store)))
            yield* Effect.gen(function*() {
              const first = yield* Effect.forkChild(site.get(id))
              yield* TestClock.adjust(50)
              yield* settle
              assert.strictEqual(yield* Fiber.join(first), "default")
              assert.deepStrictEqual([yield* page.has(id), yield* site.has(id)], [false, false])
              slow = 0
              const later = yield* Effect.forkChild(site.get(id))
              yield* TestClock.adjust(1_000)
              assert.strictEqual(yield* Fiber.join(later), "dark")
              assert.deepStrictEqual([yield* page.has(id), yield* site.has(id)], [true, true])
            }).pipe(Effect.provide(live))
          }))
      }
    }
  })
}
