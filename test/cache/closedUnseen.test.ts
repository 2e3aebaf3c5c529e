/**
 * A value that was made while a source was missing is not served once the source is there: not by a load that a tag has
 * closed, beside which a later load runs, and not by an update that has read such a value.
 *
 * The later load serves no stale value, early, once the load that was closed has brought a newer one.
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
import { mapLayer } from "../support/mapStore.ts"

for (const tagged of [false, true]) {
  it.effect(`a page made without the note is not served once the note is there (tag: ${tagged})`, () => {
    class App extends Manifest.Service<App>()("App", {
      families: {
        note: { pattern: "note:{id}", value: Manifest.type<number>() },
        page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["note:{id}"] }
      }
    }) {}
    const { note, page } = App.keys
    const gates = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
    const fails = Deferred.makeUnsafe<void>()
    let run = 0
    const live = Layer.provide(
      App.modules({
        note: App.owner("note", { lookup: () => Effect.succeed(1) }),
        page: App.owner("page", {
          lookup: ({ id }) =>
            Effect.gen(function*() {
              const mine = run++
              if (tagged && mine === 1) {
                // The later load has not read the note yet, and fails.
                yield* Deferred.await(fails)
                return yield* Effect.die("the database is down")
              }
              const found = yield* note.getOption({ id })
              if (mine === 0) yield* Deferred.await(gates[0]!)
              return `page of ${Option.getOrElse(found, () => "nothing")}`
            })
        })
      }),
      MemoryStore.layer({ capacity: 100 })
    )
    const id = { id: "1" }
    return Effect.gen(function*() {
      const settle = TestClock.adjust(1)
      const first = yield* Effect.forkChild(page.get(id))
      yield* settle
      let second: Fiber.Fiber<any, any> | undefined
      if (tagged) {
        yield* page.invalidateTag("other")
        second = yield* Effect.forkChild(Effect.exit(page.get(id)))
        yield* settle
      }
      // The note is loaded: what was made while it was missing is out of date.
      assert.strictEqual(yield* note.get(id), 1)
      yield* Deferred.succeed(gates[0]!, undefined)
      yield* Fiber.await(first)
      yield* Deferred.succeed(fails, undefined)
      if (second !== undefined) yield* Fiber.await(second)
      yield* TestClock.adjust(1_000)
      const got = yield* page.get(id)
      assert.strictEqual(got, "page of 1")
    }).pipe(Effect.provide(live))
  })
}

it.effect("an update does not build on a page that was made without the note", () => {
  class App extends Manifest.Service<App>()("App", {
    families: {
      note: { pattern: "note:{id}", value: Manifest.type<number>() },
      page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["note:{id}"] }
    }
  }) {}
  const { note, page } = App.keys
  const live = Layer.provide(
    App.modules({
      note: App.owner("note", { lookup: () => Effect.succeed(1) }),
      page: App.owner("page", {
        lookup: ({ id }) =>
          Effect.map(note.getOption({ id }), (found) => `page of ${Option.getOrElse(found, () => "nothing")}`)
      })
    }),
    MemoryStore.layer({ capacity: 100 })
  )
  const id = { id: "1" }
  return Effect.gen(function*() {
    assert.strictEqual(yield* page.get(id), "page of nothing")
    const gate = Deferred.makeUnsafe<void>()
    const updating = yield* Effect.forkChild(
      Effect.exit(page.update(id, (was) => Effect.as(Deferred.await(gate), `${was}, updated`)))
    )
    yield* TestClock.adjust(1)
    assert.strictEqual(yield* note.get(id), 1)
    yield* Deferred.succeed(gate, undefined)
    yield* Fiber.await(updating)
    assert.strictEqual(yield* page.get(id), "page of 1")
  }).pipe(Effect.provide(live))
})

it.effect("a later load does not serve the value from before a refresh that has returned", () => {
  class App extends Manifest.Service<App>()("App", {
    families: {
      user: { pattern: "user:{id}", value: Manifest.type<string>(), timeToLive: 40, staleWhileRevalidate: 10_000 }
    }
  }) {}
  const { user } = App.keys
  const gates = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
  let run = -1
  const lookup = () =>
    Effect.suspend(() => run++ < 0 ? Effect.succeed("old") : Effect.as(Deferred.await(gates[run - 1]!), "new"))
  const live = Layer.provide(App.modules({ user: App.owner("user", { lookup }) }), mapLayer())
  const id = { id: "1" }
  return Effect.gen(function*() {
    assert.strictEqual(yield* user.get(id), "old")
    yield* TestClock.adjust(50)
    const refreshing = yield* Effect.forkChild(user.refresh(id))
    yield* TestClock.adjust(1)
    yield* user.invalidateTag("other")
    assert.strictEqual(yield* user.get(id), "old")
    yield* Deferred.succeed(gates[0]!, undefined)
    assert.strictEqual(yield* Fiber.join(refreshing), "new")
    const reading = yield* Effect.forkChild(user.get(id))
    yield* TestClock.adjust(1)
    yield* Deferred.succeed(gates[1]!, undefined)
    assert.strictEqual(yield* Fiber.join(reading), "new")
  }).pipe(Effect.provide(live))
})
