/**
 * A new value of a source is not pushed down beside an old dependent: what a failed round owed below goes first. The
 * round fails behind a reader, so no caller knows of it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import { StoreError, TierFailed } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"

const value = Manifest.type<string>()
class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value, timeToLive: 1_000, refreshAhead: 0.5 },
    page: { pattern: "page:{id}", value, derives: ["user:{id}"] }
  }
}) {}
const { page, user } = App.keys
const id = { id: "1" }
const refusal = new StoreError({
  reason: new TierFailed({ tier: "cold", operation: "write", cause: new Error("down") })
})

for (const set of ["through", "onEviction"] as const) {
  for (const faulty of [false, true]) {
    it.effect(`a page is not served that is older than its user (${set}, a round fails: ${faulty})`, () =>
      Effect.gen(function*() {
        const place = makePlace()
        let row = 0
        const life = <A, E, R>(fail: boolean, body: (stop: Effect.Effect<void>) => Effect.Effect<A, E, R>) =>
          Effect.gen(function*() {
            const [tier, faults] = yield* FaultyStore.make(mapStore({ name: "cold", place }), {
              rules: fail ? [{ fault: { kind: "fail" }, operations: ["set", "remove", "recordMarks"] }] : []
            })
            const store = Layer.effect(
              Store,
              Effect.map(MemoryStore.make({ capacity: 100 }), (memory) => TieredStore.make([memory, tier], { set }))
            )
            const live = App.modules({
              user: App.owner("user", { lookup: () => Effect.sync(() => `user ${row}`) }),
              page: App.owner("page", { lookup: ({ id }) => Effect.map(user.get({ id }), (made) => `page(${made})`) })
            }).pipe(Layer.provide(store), Layer.fresh)
            return yield* Effect.provide(Effect.tap(body(faults.stop), () => TestClock.adjust(50)), live)
          })
        assert.strictEqual(yield* life(false, () => page.get(id)), "page(user 0)")
        row = 1
        // The user is renewed ahead of its end, behind a reader.
        const seen = yield* life(faulty, (stop) =>
          Effect.gen(function*() {
            yield* TestClock.adjust(700)
            yield* user.get(id)
            yield* TestClock.adjust(20)
            yield* stop
            return yield* user.get(id)
          }))
        assert.strictEqual(seen, "user 1")
        const got = yield* life(false, () => Effect.all([user.get(id), page.get(id)]))
        // An old user may be served until its end; a new user beside the old page may not.
        assert.notDeepEqual(got, ["user 1", "page(user 0)"])
      }))
  }
}

describe("what a failed round was to take away", () => {
  class Board extends Manifest.Service<Board>()("Board", {
    families: {
      user: { pattern: "user:{id}", value },
      page: { pattern: "page:{id}", value, derives: ["user:{id}"] },
      list: { pattern: "list:{of}", value, derives: ["user:{id}"], fanout: true },
      other: { pattern: "other:{id}", value }
    }
  }) {}
  const { list, other, page, user } = Board.keys
  const board = { of: "all" }

  for (const arrangement of ["the tier alone", "through", "onEviction"] as const) {
    for (const next of ["another family", "the close", "some seconds"] as const) {
      it.effect(`what a failed round was to take away goes with ${next} (${arrangement})`, () =>
        Effect.gen(function*() {
          const place = makePlace()
          let row = 0
          const life = <A, E, R>(body: (down: (is: boolean) => Effect.Effect<void>) => Effect.Effect<A, E, R>) =>
            Effect.gen(function*() {
              const tier = mapStore({ name: "cold", place })
              let isDown = false
              const down = Store.of({
                ...tier,
                write: (round) => isDown ? Effect.fail(refusal) : tier.write(round)
              })
              const memory = Effect.map(
                MemoryStore.make({ capacity: 100 }),
                (memory) =>
                  TieredStore.make([memory, down], { set: arrangement === "onEviction" ? "onEviction" : "through" })
              )
              const live = Board.modules({
                user: Board.owner("user", {
                  lookup: () => Effect.sync(() => `user ${row}`)
                }),
                page: Board.owner("page", {
                  lookup: ({ id }) => Effect.map(user.get({ id }), (made) => `page(${made})`)
                }),
                list: Board.owner("list", { lookup: () => Effect.map(user.get(id), (made) => `list(${made})`) }),
                other: Board.owner("other")
              }).pipe(
                Layer.provide(
                  arrangement === "the tier alone" ? Layer.succeed(Store, down) : Layer.effect(Store, memory)
                ),
                Layer.fresh
              )
              const set = (is: boolean) =>
                Effect.sync(() => {
                  isDown = is
                })
              return yield* Effect.provide(Effect.tap(body(set), () => TestClock.adjust(50)), live)
            })
          yield* life(() => Effect.all([page.get(id), list.get(board)]))
          const marks = Array.from(place.marks.keys())
          yield* life((down) =>
            Effect.gen(function*() {
              row = 1
              yield* down(true)
              yield* Effect.flip(user.invalidate(id))
              yield* down(false)
              if (next === "another family") yield* other.set(id, "one")
              if (next === "some seconds") yield* TestClock.adjust("20 seconds")
              if (next !== "the close") assert.deepStrictEqual([...left(place)], [])
            })
          )
          assert.deepStrictEqual([...left(place)], [])
          const added = Array.from(place.marks.keys()).filter((scope) => !marks.includes(scope))
          // A sweep may have freed the list, and forgotten the mark.
          const lists = Array.from(place.families).flatMap(([name, all]) =>
            name.includes("list") ? [...all.keys()] : []
          )
          assert.isTrue(lists.length === 0 || added.some((scope) => scope.includes("list")))
          const got = yield* life(() => Effect.all([user.get(id), page.get(id), list.get(board)]))
          assert.deepStrictEqual(got, ["user 1", "page(user 1)", "list(user 1)"])
        }))
    }
  }

  // Lists are hidden by a mark.
  const left = (place: Place) =>
    Array.from(place.families).flatMap(([name, all]) => /user|page/.test(name) ? Array.from(all.keys()) : [])
})

it.effect("a new source is not pushed down before what a failed round was to take away has gone", () =>
  Effect.gen(function*() {
    const place = makePlace()
    const cold = mapStore({ name: "cold", place })
    let isDown = false
    const tier = Store.of({ ...cold, write: (round) => isDown ? Effect.fail(refusal) : cold.write(round) })
    let row = 0
    const life = <A, E, R>(body: Effect.Effect<A, E, R>) =>
      Effect.gen(function*() {
        const memory = yield* MemoryStore.make({ capacity: 2, eviction: "lru" })
        const live = App.modules({
          user: App.owner("user", { lookup: () => Effect.sync(() => `user ${row}`) }),
          page: App.owner("page", { lookup: ({ id }) => Effect.map(user.get({ id }), (made) => `page(${made})`) })
        }).pipe(
          Layer.provide(Layer.succeed(Store, TieredStore.make([memory, tier], { set: "onEviction" }))),
          Layer.fresh
        )
        return yield* Effect.provide(Effect.tap(body, () => TestClock.adjust(50)), live)
      })
    const onDisk = () =>
      Array.from(place.families.values()).flatMap((all) => Array.from(all.values(), ({ value }) => value))
    yield* life(Effect.forEach(["1", "2", "3"], (id) => page.get({ id })))
    yield* life(Effect.gen(function*() {
      yield* TestClock.adjust(700)
      row = 1
      isDown = true
      // The renewal drops the page, and its round fails.
      yield* Effect.exit(user.refresh(id))
      isDown = false
      // What is read from below pushes the user out of memory.
      for (const id of ["2", "3"]) yield* page.getOption({ id })
      yield* TestClock.adjust(50)
      assert.isFalse(onDisk().includes("user 1") && onDisk().includes("page(user 0)"), String(onDisk()))
    }))
  }))
