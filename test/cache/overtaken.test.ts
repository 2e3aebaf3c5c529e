/**
 * Loads, refreshes, updates and writes of one key overtake each other. The value of the latest change stays.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { after, fork, reasonOf } from "../support/effects.ts"
import { checkInvariants } from "../support/engine.ts"
import { family, gated, inTurn } from "../support/source.ts"

describe("refresh that a set overtook", () => {
  it.effect("a refresh that a set overtook does not replace the value of a later refresh", () =>
    Effect.gen(function*() {
      const { ends, held, refresh, running, set } = yield* gated({})
      yield* set("first")
      const early = yield* fork(refresh)
      yield* set("second")
      const late = yield* fork(refresh)
      yield* ends(1, "early")
      assert.strictEqual(yield* held, "second")
      yield* ends(2, "late")
      assert.deepStrictEqual([yield* Fiber.join(early), yield* Fiber.join(late), yield* held], [
        "early",
        "late",
        "late"
      ])
      checkInvariants(running)
    }))

  it.effect("a refresh that a set overtook does not replace the value of a later refresh ahead", () =>
    Effect.gen(function*() {
      const { ends, get, held, running, set, source } = yield* gated({ timeToLive: 100, refreshAhead: 0.5 })
      yield* set("first")
      yield* TestClock.adjust(60)
      yield* get
      yield* set("second")
      yield* TestClock.adjust(60)
      yield* get
      assert.strictEqual(source.runs, 2)
      yield* ends(1, "early")
      assert.strictEqual(yield* held, "second")
      yield* ends(2, "late")
      assert.strictEqual(yield* held, "late")
      checkInvariants(running)
    }))

  it.effect("a refresh that a set overtook is not stored, even when the same value was set", () =>
    Effect.gen(function*() {
      const value = { n: 1 }
      const { ends, held, refresh, set } = yield* gated({})
      yield* set(value)
      const refreshing = yield* fork(refresh)
      yield* set(value)
      yield* ends(1, { n: 2 })
      yield* Fiber.join(refreshing)
      assert.strictEqual(yield* held, value)
    }))
})

describe("load that a set overtook", () => {
  it.effect("a load that a set overtook leaves the set value when it fails, and its failure is not remembered", () =>
    Effect.gen(function*() {
      const { fails, get, held, remove, set, source } = yield* gated({ negativeTimeToLive: 1_000 })
      const caller = yield* fork(Effect.flip(get))
      yield* set("set")
      yield* fails(1)
      assert.strictEqual(yield* Fiber.join(caller), "broken")
      assert.strictEqual(yield* held, "set")
      yield* remove
      yield* fork(get)
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a load that a set overtook leaves the set value when its caller gives up", () =>
    Effect.gen(function*() {
      const { get, held, running, set, source } = yield* gated({})
      const caller = yield* fork(get)
      yield* set("set")
      yield* Fiber.interrupt(caller)
      assert.deepStrictEqual([yield* held, source.interrupted], ["set", 1])
      checkInvariants(running)
    }))

  it.effect("a reader does not join a load that a set overtook after the set value has gone", () =>
    Effect.gen(function*() {
      const { ends, get, set, source } = yield* gated({})
      const early = yield* fork(get)
      yield* set("set", { timeToLive: 10 })
      yield* TestClock.adjust(10)
      const late = yield* fork(get)
      assert.strictEqual(source.runs, 2)
      yield* ends(2, "late")
      yield* ends(1, "early")
      assert.deepStrictEqual([yield* Fiber.join(early), yield* Fiber.join(late)], ["early", "late"])
      assert.strictEqual(yield* get, "late")
    }))
})

describe("refresh", () => {
  it.effect("readers wait for a refresh of an absent key", () =>
    Effect.gen(function*() {
      const { ends, get, refresh, source } = yield* gated({})
      const refreshing = yield* fork(refresh)
      const reader = yield* fork(get)
      yield* ends(1, "value")
      assert.deepStrictEqual([yield* Fiber.join(refreshing), yield* Fiber.join(reader)], ["value", "value"])
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("a refresh ahead stores its value when the old one was evicted meanwhile", () =>
    Effect.gen(function*() {
      const { ends, get, held, running, set } = yield* gated({ timeToLive: 100, refreshAhead: 0.5 })
      yield* set("old")
      yield* TestClock.adjust(60)
      yield* get
      running.cache.families.get("user")!.hot!.drop("1")
      yield* ends(1, "new")
      assert.strictEqual(yield* held, "new")
    }))

  it.effect("a refresh ahead stores its value when the old one expired meanwhile", () =>
    Effect.gen(function*() {
      const { ends, get, held, set } = yield* gated({ timeToLive: 100, refreshAhead: 0.5 })
      yield* set("old")
      yield* TestClock.adjust(60)
      yield* get
      yield* TestClock.adjust(100)
      assert.isUndefined(yield* held)
      yield* ends(1, "new")
      assert.strictEqual(yield* held, "new")
    }))

  const drops = [
    ["delete", ({ remove }: any) => remove],
    ["invalidateAll", ({ on, user }: any) => on(user.invalidateAll())],
    ["invalidateTag", ({ on, user }: any) => on(user.invalidateTag("any"))]
  ] as const
  for (const [name, drop] of drops) {
    it.effect(`a refresh of an absent key does not bring it back after ${name}`, () =>
      Effect.gen(function*() {
        const cache = yield* gated({})
        const refreshing = yield* fork(cache.refresh)
        yield* drop(cache) as Effect.Effect<void, unknown>
        yield* cache.ends(1, Lookup.loaded("value", { tags: ["any"] }))
        assert.strictEqual(yield* Fiber.join(refreshing), "value")
        assert.isUndefined(yield* cache.held)
      }))
  }
})

describe("update", () => {
  it.effect("an update sees the result of the update before it", () =>
    Effect.gen(function*() {
      const { held, on, set, user } = yield* gated({})
      yield* set(0)
      const add = on(user.update({ id: "1" }, (was: number) => Effect.as(Effect.yieldNow, was + 1)))
      yield* Effect.all(Array.from({ length: 50 }, () => add), { concurrency: "unbounded" })
      assert.strictEqual(yield* held, 50)
    }))

  it.effect("an update that fails changes nothing, and the next one begins", () =>
    Effect.gen(function*() {
      const { held, on, running, set, user } = yield* gated({})
      yield* set(1)
      assert.strictEqual(yield* Effect.flip(on(user.update({ id: "1" }, () => Effect.fail("no")))), "no")
      assert.strictEqual(yield* held, 1)
      yield* on(user.update({ id: "1" }, (was: number) => was + 1))
      assert.strictEqual(yield* held, 2)
      checkInvariants(running)
    }))

  it.effect("an update that is interrupted changes nothing, and the next one begins", () =>
    Effect.gen(function*() {
      const { held, on, running, set, user } = yield* gated({})
      yield* set(1)
      const stuck = yield* fork(on(user.update({ id: "1" }, () => Effect.never)))
      const next = yield* fork(on(user.update({ id: "1" }, (was: number) => was + 1)))
      yield* Fiber.interrupt(stuck)
      yield* Fiber.join(next)
      assert.strictEqual(yield* held, 2)
      checkInvariants(running)
    }))

  it.effect("updates that wait for an absent key load it once", () =>
    Effect.gen(function*() {
      const { ends, held, on, source, user } = yield* gated({})
      const add = on(user.update({ id: "1" }, (was: number) => was + 1))
      const both = [yield* fork(add), yield* fork(add)]
      yield* ends(1, 10)
      yield* Fiber.joinAll(both)
      assert.deepStrictEqual([yield* held, source.runs], [12, 1])
    }))

  it.effect("an update does not begin with a stale value", () =>
    Effect.gen(function*() {
      const { ends, on, set, user } = yield* gated({ timeToLive: 100, staleWhileRevalidate: 1_000 })
      yield* set(1)
      yield* TestClock.adjust(100)
      const update = yield* fork(on<number>(user.update({ id: "1" }, (was: number) => was + 1)))
      yield* ends(1, 10)
      assert.strictEqual(yield* Fiber.join(update), 11)
    }))
})

describe("invalidation", () => {
  it.effect("an invalidation of an absent key succeeds", () =>
    Effect.gen(function*() {
      const { drop, held, remove } = yield* gated({})
      yield* remove
      yield* drop("hide")
      yield* drop("markStale")
      assert.isUndefined(yield* held)
    }))

  it.effect("an invalidation of a key leaves keys that begin with the same text", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* gated({})
      for (const id of ["1", "10", "11"]) yield* of(id).set(id)
      yield* on(user.invalidateWhere({ id: "1" }))
      assert.deepStrictEqual(
        [yield* of("1").held, yield* of("10").held, yield* of("11").held],
        [undefined, "10", "11"]
      )
    }))
})

describe("update of a value without a source", () => {
  class App extends Manifest.Service<App>()("AloneInTheCache", {
    families: {
      count: { pattern: "count:{id}", value: Manifest.type<number>() },
      double: { pattern: "double:{id}", value: Manifest.type<number>(), derives: ["count:{id}"] }
    }
  }) {}
  const { count, double } = App.keys
  const live = App.modules({ count: App.owner("count"), double: App.owner("double") }).pipe(
    Layer.provide(MemoryStore.layer({ capacity: 100 }))
  )
  const id = { id: "1" }
  const between: {
    readonly [what: string]: readonly [
      change: Effect.Effect<unknown, unknown, Manifest.Owns<"count:{id}", App> | Manifest.Owns<"double:{id}", App>>,
      left: ReadonlyArray<number | undefined>
    ]
  } = {
    "a set": [count.set(id, 10), [10, undefined]],
    "a set on a condition": [
      Effect.flatMap(count.getAnswer(id), ({ version }) => count.set(id, 10, { ifVersion: version })),
      [10, undefined]
    ],
    "a patch": [count.patch(id, (was) => was + 9), [10, undefined]],
    "a deletion": [count.delete(id), [undefined, undefined]],
    "an invalidation of all": [count.invalidateAll(), [undefined, undefined]],
    "a mark": [count.invalidate(id, { mode: "markStale" }), [undefined, undefined]]
  }
  for (const [what, [change, left]] of Object.entries(between)) {
    it.effect(`an update fails with VersionConflict and leaves the value that came in between: ${what}`, () =>
      Effect.gen(function*() {
        yield* count.set(id, 1)
        const error = yield* Effect.flip(count.update(id, (was) => Effect.as(change, was + 1)))
        assert.strictEqual(reasonOf(error), "VersionConflict")
        const held = [yield* count.getOption(id), yield* double.getOption(id)].map(Option.getOrUndefined)
        assert.deepStrictEqual(held, left)
        if (left[0] !== undefined) assert.strictEqual(yield* count.update(id, (was) => was + 1), 11)
      }).pipe(Effect.provide(live)))
  }

  it.effect("a source that was written meanwhile makes the update begin with a new value", () =>
    Effect.gen(function*() {
      yield* count.set(id, 1)
      yield* double.set(id, 2)
      const update = double.update(id, () => Effect.flatMap(count.get(id), (n) => Effect.as(count.set(id, 5), n * 2)))
      assert.strictEqual(reasonOf(yield* Effect.flip(update)), "VersionConflict")
      assert.isTrue(Option.isNone(yield* double.getOption(id)))
    }).pipe(Effect.provide(live)))
})

describe("load that a change overtook", () => {
  const during = [
    ["delete", (user: any) => user.delete({ id: "1" })],
    ["invalidate", (user: any) => user.invalidate({ id: "1" })],
    ["markStale", (user: any) => user.invalidate({ id: "1" }, { mode: "markStale" })],
    ["invalidateWhere", (user: any) => user.invalidateWhere({ id: "1" })],
    ["invalidateAll", (user: any) => user.invalidateAll()],
    ["invalidateTag", (user: any) => user.invalidateTag("tag")]
  ] as const
  for (const [name, act] of during) {
    it.effect(`a load answers its reader and is not stored when ${name} ran meanwhile`, () =>
      Effect.gen(function*() {
        const loaded = (value: string) => Effect.succeed(Lookup.loaded(value, { tags: ["tag"] }))
        const { get, held, running, user } = yield* family({}, inTurn(after(10, loaded("old")), loaded("new")))
        const reader = yield* fork(get)
        yield* running.as(act(user) as Effect.Effect<void, unknown>)
        assert.strictEqual(yield* get, "new")
        yield* TestClock.adjust(10)
        assert.strictEqual(yield* Fiber.join(reader), "old")
        assert.strictEqual(yield* held, "new")
      }))
  }

  it.effect("a load answers its reader and leaves the value that was set meanwhile", () =>
    Effect.gen(function*() {
      const { get, held, set } = yield* family({}, inTurn(after(10, Effect.succeed("loaded"))))
      const reader = yield* fork(get)
      yield* set("set")
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(reader), "loaded")
      assert.strictEqual(yield* held, "set")
    }))
})
