/**
 * A tier of which one operation never answers, and cannot be interrupted. Each wait for it ends within ten minutes:
 * with a typed error, or the engine goes on without the tier. A row for each operation of a tier; `waits` says what is
 * held up by it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { type Commons, makeCommons, type Partition, Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork, hasty, outlast, settle } from "../support/effects.ts"
import { start } from "../support/engine.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"

const hung = Effect.uninterruptible(Effect.never)

const ofStore = ["open", "loadMarks", "recordMarks", "removeMarks", "write"] as const
const ofPartition = ["get", "getMany", "set", "setMany", "remove", "clear", "sweep", "size"] as const
type Hanging = typeof ofStore[number] | typeof ofPartition[number] | "entries" | undefined

/** A map whose operation hangs once `hangs.now` is set. */
const stuck = (operation: Hanging, hangs: { now: boolean }, place: Place, commons: Commons) => {
  const store = { ...mapStore({ name: "stuck", place }), commons }
  const or = <A, E, R>(name: Hanging, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    name === operation ? Effect.suspend(() => hangs.now ? hung : effect) : effect
  return Store.of({
    ...store,
    open: (options) =>
      or(
        "open",
        Effect.map(store.open(options), (partition): Partition<any> => ({
          ...partition,
          get: (key) => or("get", partition.get(key)),
          getMany: (keys) => or("getMany", partition.getMany(keys)),
          set: (key, entry) => or("set", partition.set(key, entry)),
          setMany: (entries) => or("setMany", partition.setMany(entries)),
          remove: (keys) => or("remove", partition.remove(keys)),
          clear: or("clear", partition.clear),
          sweep: (judge) => or("sweep", partition.sweep(judge)),
          size: or("size", partition.size),
          entries: Stream.unwrap(or("entries", Effect.succeed(partition.entries)))
        }))
      ),
    write: (round) => or("write", store.write(round)),
    loadMarks: or("loadMarks", store.loadMarks),
    recordMarks: (marks) => or("recordMarks", store.recordMarks(marks)),
    removeMarks: (marks) => or("removeMarks", store.removeMarks(marks))
  })
}

const over: Record<string, (store: Store["Service"]) => Effect.Effect<Store["Service"], unknown, Scope.Scope>> = {
  "alone": Effect.succeed,
  "below memory": (store) =>
    Effect.map(MemoryStore.make({ capacity: 100 }), (memory) => TieredStore.make([memory, store])),
  "below memory, on eviction": (store) =>
    Effect.map(MemoryStore.make({ capacity: 1 }), (memory) => TieredStore.make([memory, store], { set: "onEviction" })),
  "between memory and another tier": (store) =>
    Effect.map(
      MemoryStore.make({ capacity: 100 }),
      (memory) => TieredStore.make([memory, store, { ...mapStore({ name: "last" }), commons: store.commons }])
    )
}

class App extends Manifest.Service<App>()("Test", {
  families: {
    user: { pattern: "user:{id}", value: Schema.String, hardTimeout: "1 minute" },
    page: { pattern: "page:{id}", value: Schema.String, derives: ["user:{id}"], hardTimeout: "1 minute" }
  }
}) {}

const { user } = App.keys

const begin = (store: Store["Service"]) =>
  start(
    App,
    App.modules({
      user: App.owner("user", { lookup: () => Effect.succeed("value") }),
      page: App.owner("page", { lookup: ({ id }) => user.get({ id }) })
    }).pipe(Layer.provideMerge(App.layer), Layer.provide(Layer.succeed(Store, store)))
  )

const isTyped = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) || exit.cause.reasons.every(Cause.isFailReason)

describe("a tier that hangs", () => {
  for (const operation of [...ofStore, ...ofPartition, "entries"] as const) {
    for (const [where, above] of Object.entries(over)) {
      it.effect(`each operation ends, or the engine goes on: ${operation}, ${where}`, () =>
        Effect.gen(function*() {
          const hangs = { now: false }
          const scope = yield* Scope.make()
          const place = makePlace()
          const commons = makeCommons()
          const open = above(stuck(operation, hangs, place, commons))
          const { as, cache } = yield* Scope.provide(Effect.flatMap(open, begin), scope)
          for (const id of ["1", "2", "9"]) yield* as(user.set({ id }, "old"))
          hangs.now = true
          cache.sweepSoon("user")
          const works: Record<string, Effect.Effect<unknown, unknown, any>> = {
            "get": user.get({ id: "1" }),
            "get of another": user.get({ id: "3" }),
            "get of a dependent": App.keys.page.get({ id: "10" }),
            "getMany": user.getMany([{ id: "7" }, { id: "8" }]),
            "getOption": user.getOption({ id: "11" }),
            "has": user.has({ id: "12" }),
            "explain": user.explain({ id: "13" }),
            "refresh": user.refresh({ id: "1" }),
            "warm": user.warm([{ id: "14" }]),
            "set": user.set({ id: "1" }, "new"),
            "set of a version": user.set({ id: "4" }, "new", { ifVersion: null }),
            "set while reads are kept": user.set({ id: "2" }, "newer"),
            "delete": user.delete({ id: "9" }),
            "invalidate": user.invalidate({ id: "1" }),
            "mark stale": user.invalidate({ id: "2" }, { mode: "markStale" }),
            "invalidateAll": user.invalidateAll(),
            "update": user.update({ id: "5" }, () => "new"),
            "patch": user.patch({ id: "6" }, () => "new"),
            "join": Effect.scoped(Effect.flatMap(open, begin))
          }
          const fibers = new Map<string, Effect.Success<ReturnType<typeof fork<unknown, unknown, never>>>>()
          for (const [name, work] of Object.entries(works)) {
            fibers.set(name, yield* fork(as(work)))
            yield* settle
          }
          for (let minute = 0; minute < 20; minute++) yield* outlast("1 minute")
          const waits = Array.from(fibers).flatMap(([name, fiber]) => {
            const exit = fiber.pollUnsafe()
            return exit === undefined ? [`${name} waits`] : isTyped(exit) ? [] : [`${name}: ${String(exit)}`]
          })
          const closing = yield* fork(Scope.close(scope, Exit.void))
          for (let minute = 0; minute < 5; minute++) yield* outlast("1 minute")
          if (closing.pollUnsafe() === undefined) waits.push("close waits")
          assert.deepStrictEqual(waits, [])
        }).pipe(hasty))
    }
  }
})

describe("a caller who gives up on a tier that hangs", () => {
  for (const [where, above] of Object.entries(over)) {
    it.effect(`a caller of a tier that hangs waits no longer than its own limit: ${where}`, () =>
      Effect.gen(function*() {
        const hangs = { now: false }
        const store = yield* above(stuck("get", hangs, makePlace(), makeCommons()))
        const { as } = yield* begin(store)
        hangs.now = true
        const id = { id: "left" }
        const works = {
          getOption: user.getOption(id),
          getAnswerOption: user.getAnswerOption(id),
          has: user.has(id),
          explain: user.explain(id),
          get: user.get(id),
          ifVersion: user.set(id, "new", { ifVersion: 1 }),
          patch: user.patch(id, (was) => was)
        }
        for (const [name, work] of Object.entries(works)) {
          const waiting = yield* fork(Effect.timeoutOption(as(work as Effect.Effect<unknown, unknown>), "1 second"))
          yield* TestClock.adjust("1 second")
          yield* settle
          assert.isDefined(waiting.pollUnsafe(), name)
        }
      }))

    for (const operation of ["open", "loadMarks", "recordMarks"] as const) {
      it.effect(`a caller waits no longer for a layer whose tier hangs: ${operation}, ${where}`, () =>
        Effect.gen(function*() {
          const store = yield* above(stuck(operation, { now: true }, makePlace(), makeCommons()))
          const building = yield* fork(Effect.timeoutOption(Effect.scoped(begin(store)), "1 second"))
          yield* TestClock.adjust("1 second")
          yield* settle
          assert.isDefined(building.pollUnsafe())
        }))
    }
  }
})
