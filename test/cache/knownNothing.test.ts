/**
 * A lookup that finds nothing makes a value that is kept, wherever the cache can know that there is nothing: beside an
 * entry that is stale, where memory alone was asked, and where a tier answers again. What is kept is dropped when the
 * key has a value. An update of a value that is not kept fails, and is never lost.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { cacheReasonOf } from "../support/effects.ts"
import { lifeOf } from "../support/life.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { tiersOver } from "../support/tiers.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: {
      pattern: "user:{id}",
      value: Manifest.type<number>(),
      timeToLive: "1 second",
      staleWhileRevalidate: "1 hour"
    },
    page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
  }
}) {}
const { page, user } = App.keys
const id = { id: "1" }

const updated = (was: string) => `${was}, updated`

/** An update fails, and its function does not run. */
const updateIsRefused = Effect.gen(function*() {
  let runs = 0
  const update = page.update(id, (was) => {
    runs++
    return updated(was)
  })
  const reason = cacheReasonOf(yield* Effect.flip(update))
  assert.strictEqual(reason._tag, "UpdateRefused")
  assert.strictEqual(runs, 0, "runs of the function")
})

/** The ways in which a lookup may find that there is no user. */
const doors: { readonly [door: string]: Effect.Effect<boolean, unknown, any> } = {
  getOption: Effect.map(user.getOption(id), Option.isSome),
  getAnswerOption: Effect.map(user.getAnswerOption(id), Option.isSome),
  has: user.has(id),
  getUnsafe: Effect.map(user.reader, (reader) => reader.getUnsafe(id) !== undefined)
}

const arrangements: {
  readonly [arrangement: string]: (tier: Store["Service"]) => Effect.Effect<Store["Service"], unknown, Scope.Scope>
} = {
  "memory alone": () => MemoryStore.make({ capacity: 100 }),
  "the tier alone": (tier) => tiersOver(tier, { above: "nothing" }),
  "memory over it": (tier) => tiersOver(tier),
  "a tier between both": (tier) => tiersOver(tier, { above: "two tiers" })
}

interface Told {
  /** How often the lookup of a page ran. */
  readonly runs: () => number
  readonly stop: Effect.Effect<void>
}

/** One life of a process over a place. */
const life = <A, E, R>(
  place: Place,
  over: (tier: Store["Service"]) => Effect.Effect<Store["Service"], unknown, Scope.Scope>,
  isThere: Effect.Effect<boolean, unknown, any>,
  body: (told: Told) => Effect.Effect<A, E, R>,
  fails = false
) =>
  Effect.gen(function*() {
    const [tier, faults] = yield* FaultyStore.make(mapStore({ name: "cold", place }), {
      rules: fails ? [{ fault: { kind: "fail" }, operations: ["get"] }] : []
    })
    let runs = 0
    // The Context of the owner has the right to read users.
    const found = Effect.orDie(isThere) as Effect.Effect<boolean>
    const lookup = () =>
      Effect.map(found, (is) => {
        runs++
        return is ? "page of a user" : "page of nothing"
      })
    const live = App.modules({
      user: App.owner("user", { lookup: () => Effect.succeed(1) }),
      page: App.owner("page", { lookup })
    }).pipe(Layer.provide(Layer.effect(Store, over(tier))), Layer.fresh)
    return yield* Effect.provide(
      Effect.tap(body({ runs: () => runs, stop: faults.stop }), () => TestClock.adjust(50)),
      live
    )
  })

for (const [arrangement, over] of Object.entries(arrangements)) {
  describe(arrangement, () => {
    for (const [door, isThere] of Object.entries(doors)) {
      const stale = Effect.andThen(user.set(id, 1), TestClock.adjust("2 seconds"))
      const situations: { readonly [situation: string]: Effect.Effect<void, unknown, any> } = {
        "nothing": Effect.void,
        "a stale entry": stale
      }
      for (const [situation, before] of Object.entries(situations)) {
        it.effect(`${door} finds nothing beside ${situation}: the value is kept, with its update, until there is one`, () =>
          life(makePlace(), over, isThere, ({ runs }) =>
            Effect.gen(function*() {
              yield* before
              assert.strictEqual(yield* page.get(id), "page of nothing")
              assert.strictEqual(yield* page.get(id), "page of nothing")
              assert.strictEqual(runs(), 1, "runs")
              yield* page.update(id, updated)
              assert.strictEqual(yield* page.get(id), "page of nothing, updated")
              // What is loaded is equal to what is stale.
              yield* user.refresh(id)
              yield* user.get(id)
              const isUnsafe = door === "getUnsafe" && arrangement === "the tier alone"
              assert.strictEqual(yield* page.get(id), isUnsafe ? "page of nothing" : "page of a user")
            })))
        if (arrangement === "memory alone") continue
        it.effect(`${door} finds nothing beside ${situation}: the next process drops what was made of it`, () =>
          Effect.gen(function*() {
            const place = makePlace()
            yield* life(place, over, isThere, () => Effect.andThen(before, page.get(id)))
            yield* life(place, over, isThere, ({ runs }) =>
              Effect.gen(function*() {
                assert.strictEqual(yield* page.get(id), "page of nothing")
                assert.strictEqual(runs(), 0, "runs")
                yield* user.refresh(id)
                yield* user.get(id)
                const isUnsafe = door === "getUnsafe" && arrangement === "the tier alone"
                assert.strictEqual(yield* page.get(id), isUnsafe ? "page of nothing" : "page of a user")
              }))
          }))
      }
      if (arrangement === "memory alone") continue
      it.effect(`${door}: an update of what a failing tier may contradict fails before its function runs`, () =>
        life(makePlace(), over, isThere, ({ runs, stop }) =>
          Effect.gen(function*() {
            yield* updateIsRefused
            yield* stop
            const before = runs()
            yield* page.update(id, updated)
            assert.strictEqual(yield* page.get(id), "page of nothing, updated")
            assert.strictEqual(runs(), before + 1, "runs of the lookup")
          }), true))
    }

    it.effect("an update fails, and does not call its function, if the value was made from a stale one", () =>
      life(makePlace(), over, Effect.map(user.get(id), () => true), () =>
        Effect.gen(function*() {
          yield* user.set(id, 1)
          yield* TestClock.adjust("2 seconds")
          yield* updateIsRefused
          yield* TestClock.adjust(1)
          yield* page.update(id, updated)
          assert.strictEqual(yield* page.get(id), "page of a user, updated")
        })))
  })
}

describe("an entry that is hidden in this process alone", () => {
  it.effect("what a lookup makes of an entry that is hidden in this process alone, and so not found, is kept", () =>
    Effect.gen(function*() {
      let runs = 0
      const story = {
        place: makePlace(),
        families: {
          // Memory alone keeps a type, so what is made of it is hidden after a restart.
          base: { pattern: "base:{id}", value: Manifest.type<number>() },
          user: { pattern: "user:{id}", value: Schema.Number, derives: ["base:{id}"] },
          page: { pattern: "page:{id}", value: Schema.String, derives: ["user:{id}"] }
        },
        owners: (app: any) => ({
          base: app.owner("base", { lookup: () => Effect.succeed(1) }),
          user: app.owner("user", { lookup: () => app.keys.base.get(id) }),
          page: app.owner("page", {
            lookup: () =>
              Effect.map(app.keys.user.getOption(id), (found: Option.Option<number>) => {
                runs++
                return Option.isSome(found) ? "page of a user" : "page of nothing"
              })
          })
        })
      }
      yield* lifeOf(story, ([one]) => one!.run(one!.app.keys.user.get(id)))
      yield* lifeOf(story, ([one]) =>
        Effect.gen(function*() {
          const { app, run } = one!
          yield* run(app.keys.page.get(id))
          assert.strictEqual(yield* run(app.keys.page.get(id)), "page of nothing")
          assert.strictEqual(runs, 1)
          yield* run(app.keys.user.get(id))
          assert.strictEqual(yield* run(app.keys.page.get(id)), "page of a user")
        }))
    }))
})
