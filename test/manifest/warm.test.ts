/**
 * Owners that warm their keys or predict reads: what they load, when, and how they leave room for readers.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import { engineKey } from "../../src/manifest/internal/grants.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { mapStore } from "../support/mapStore.ts"
import { entryOf, familyOf } from "../support/partition.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>(), timeToLive: "1 minute" },
    profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] },
    slow: { pattern: "slow:{id}", value: Manifest.type<string>(), loadConcurrency: 2, loadQueueMax: 1 },
    many: { pattern: "many:{id}", value: Manifest.type<string>(), timeToLive: "1 minute" },
    lasting: { pattern: "lasting:{id}", value: Manifest.type<string>(), staleIfError: "1 hour" },
    bound: { pattern: "bound:{id}", value: Manifest.type<string>(), timeToLive: "1 minute", hardTimeout: "5 seconds" }
  }
}) {}
const { lasting, profile, slow, user } = App.keys

class Log extends Context.Service<Log, Array<string>>()("test/warm/Log") {}
const note = (line: string) => Log.useSync((log) => void log.push(line))
const drain = Log.useSync((log) => log.splice(0).toSorted())
const noted = ({ id }: { readonly id: string }) => Effect.as(note(id), id)

const base = Layer.suspend(() =>
  Layer.mergeAll(App.layer, Layer.sync(Log, (): Array<string> => [])).pipe(
    Layer.provideMerge(MemoryStore.layer({ capacity: 1_000 }))
  )
)
const keys = [{ id: "a" }, { id: "b" }]

describe("owner that warms", () => {
  it.effect("the keys are loaded without a reader, and the layer does not wait for them", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      yield* Layer.build(
        App.owner("user", { lookup: (params) => Effect.andThen(Deferred.await(gate), noted(params)), warm: { keys } })
      )
      assert.deepStrictEqual(yield* drain, [])
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* drain, ["a", "b"])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the layer waits for the first round with `await: true`", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(App.owner("user", { lookup: noted, warm: { keys, await: true } }))
      assert.deepStrictEqual(yield* drain, ["a", "b"])
      yield* Effect.provideContext(user.get({ id: "a" }), context)
      assert.deepInclude((yield* App.stats).user, { misses: 0, hits: 1, loads: 2 })
    }).pipe(Effect.scoped, Effect.provide(base)))

  const failing: { readonly [what: string]: any } = {
    "finding the keys fails": Effect.fail("the table is locked"),
    "many keys are refused": Array.from({ length: 3 }, () => ({ id: "a:b" }))
  }
  for (const [what, keys] of Object.entries(failing)) {
    it.effect(`rounds that follow each other without a pause log one warning in ten seconds where ${what}`, () => {
      const said: Array<string> = []
      const logged = Logger.layer([Logger.make(({ message }) => void said.push(String([message].flat()[0])))])
      return Effect.gen(function*() {
        const schedule = Schedule.spaced("10 millis")
        yield* Layer.build(App.owner("user", { lookup: noted, warm: { keys: keys as Effect.Effect<[]>, schedule } }))
        for (let i = 0; i < 500; i++) yield* TestClock.adjust(10)
        assert.strictEqual(said.length, 1)
        for (let i = 0; i < 700; i++) yield* TestClock.adjust(10)
        assert.strictEqual(said.length, 2)
        assert.match(said[1]!, /, and \d+ times more since the last message$/)
      }).pipe(Effect.scoped, Effect.provide(base), Effect.provide(logged))
    })
  }

  it.effect("each round asks for the keys again, and loads what would end before the next round", () =>
    Effect.gen(function*() {
      let found = ["a"]
      const find = Effect.suspend(() => Effect.as(note("find"), found.map((id) => ({ id }))))
      const context = yield* Layer.build(
        App.owner("user", { lookup: noted, warm: { keys: find, schedule: "40 seconds", await: true } })
      )
      const get = (id: string) => Effect.provideContext(user.get({ id }), context)
      assert.deepStrictEqual(yield* drain, ["a", "find"])
      found = ["a", "b"]
      yield* TestClock.adjust("39 seconds")
      yield* get("b")
      assert.deepStrictEqual(yield* drain, ["b"])
      // `a` ends at 60 seconds, before the round at 80; `b` ends at 99.
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(yield* drain, ["a", "find"])
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(yield* drain, ["a", "b", "find"])
      yield* TestClock.adjust("39 seconds")
      const before = (yield* App.stats).user.misses
      yield* get("a")
      yield* get("b")
      assert.strictEqual((yield* App.stats).user.misses, before)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("a round over values that never end loads only what was dropped", () =>
    Effect.gen(function*() {
      const warm = { keys, schedule: "10 minutes" } as const
      const context = yield* Layer.build(App.owner("slow", { lookup: noted, warm }))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* drain, ["a", "b"])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* drain, [])
      yield* Effect.provideContext(slow.invalidate({ id: "b" }), context)
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* drain, ["b"])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("a Schedule may end the warming", () =>
    Effect.gen(function*() {
      yield* Layer.build(
        App.owner("user", {
          lookup: noted,
          warm: {
            keys: Effect.as(note("find"), []),
            schedule: Schedule.fixed("1 minute").pipe(Schedule.upTo({ times: 2 }))
          }
        })
      )
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* drain, ["find", "find", "find"])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the warming goes on when a lookup, the list of keys or one key fails", () =>
    Effect.gen(function*() {
      let runs = 0
      const find = Effect.suspend(() => ++runs === 1 ? Effect.fail("no") : Effect.succeed([{ id: "a:b" }, ...keys]))
      const lookup = ({ id }: { readonly id: string }) => id === "a" ? Effect.die("broken") : noted({ id })
      yield* Layer.build(App.owner("user", { lookup, warm: { keys: find, schedule: "1 minute", await: true } }))
      assert.deepStrictEqual(yield* drain, [])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* drain, ["b"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* drain, ["b"])
      assert.strictEqual(runs, 3)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the warming waits for the owners of what its lookup reads", () =>
    Effect.gen(function*() {
      const slowly = Layer.unwrap(Effect.as(Effect.sleep("3 seconds"), App.owner("user", { lookup: noted })))
      const derived = App.owner("profile", { lookup: ({ id }) => user.get({ id }), warm: { keys, await: true } })
      const built = yield* Effect.forkChild(Layer.build(
        App.modules({ user: slowly, profile: derived }).pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })))
      ))
      yield* TestClock.adjust("3 seconds")
      const context = yield* Fiber.join(built)
      assert.deepStrictEqual(yield* drain, ["a", "b"])
      assert.isTrue(yield* Effect.provideContext(profile.has({ id: "a" }), context))
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the layer is built when the sources of the lookup never have an owner", () =>
    Effect.gen(function*() {
      const borrowed = App.owner("profile", { lookup: ({ id }) => user.get({ id }), warm: { keys, await: true } })
      const built = yield* Effect.forkChild(Layer.build(Layer.provide(borrowed, App.borrower("user"))))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(built.pollUnsafe())
      yield* TestClock.adjust("1 seconds")
      assert.isTrue(Exit.isSuccess(built.pollUnsafe()!))
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the warming loads the sources of its lookup again when these would end before the next round", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(Layer.provideMerge(
        App.owner("profile", {
          lookup: ({ id }) => Effect.andThen(note(`profile ${id}`), user.get({ id })),
          warm: { keys: [{ id: "a" }], schedule: "40 seconds", await: true }
        }),
        App.owner("user", { lookup: noted })
      ))
      assert.deepStrictEqual(yield* drain, ["a", "profile a"])
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(yield* drain, ["a", "profile a"])
      yield* TestClock.adjust("39 seconds")
      assert.isTrue(yield* Effect.provideContext(profile.has({ id: "a" }), context))
      assert.deepStrictEqual(yield* drain, [])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the warming loads many keys with one lookupMany", () =>
    Effect.gen(function*() {
      const all = Array.from({ length: 150 }, (_, i) => ({ id: `${i}` }))
      yield* Layer.build(
        App.owner("many", {
          lookupMany: (params) => Effect.as(note(`${params.length}`), params.map(({ id }) => id)),
          warm: { keys: all, schedule: "50 seconds", await: true }
        })
      )
      assert.deepStrictEqual(yield* drain, ["100", "50"])
      yield* TestClock.adjust("50 seconds")
      assert.deepStrictEqual(yield* drain, ["100", "50"])
      assert.strictEqual((yield* App.stats).many.loads, 300)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the warming takes what a lower tier has, and loads the rest", () =>
    Effect.gen(function*() {
      const below = mapStore({ name: "below" })
      const partition = yield* below.open(familyOf<string>("App/user"))
      yield* partition.set("a", entryOf("from below", { stamp: 0, freshUntil: 60_000, expiresAt: 60_000 }))
      const tiers = TieredStore.layer([MemoryStore.layer({ capacity: 10 }), Layer.succeed(Store, below)])
      const live = App.owner("user", { lookup: noted, warm: { keys, await: true } }).pipe(
        Layer.provideMerge(App.layer),
        Layer.provide(tiers)
      )
      const context = yield* Layer.build(live)
      assert.deepStrictEqual(yield* drain, ["b"])
      assert.strictEqual(yield* Effect.provideContext(user.get({ id: "a" }), context), "from below")
    }).pipe(Effect.scoped, Effect.provide(Layer.sync(Log, (): Array<string> => []))))

  it.effect("the warming renews an entry that would end, even when a lower tier still has it", () =>
    Effect.gen(function*() {
      const tiers = TieredStore.layer([MemoryStore.layer({ capacity: 10 }), Layer.succeed(Store, mapStore())])
      const live = Layer.mergeAll(
        App.owner("many", {
          lookupMany: (all) => Effect.as(note(`${all.length}`), all.map(({ id }) => id)),
          warm: { keys, schedule: "50 seconds", await: true }
        }),
        App.owner("user", { lookup: noted, warm: { keys, schedule: "50 seconds", await: true } })
      )
      yield* Layer.build(Layer.provide(live, Layer.provide(App.layer, tiers)))
      assert.deepStrictEqual(yield* drain, ["2", "a", "b"])
      yield* TestClock.adjust("50 seconds")
      assert.deepStrictEqual(yield* drain, ["2", "a", "b"])
    }).pipe(Effect.scoped, Effect.provide(Layer.sync(Log, (): Array<string> => []))))

  it.effect("a key whose renewal failed rests for the retryAfterFailure of its family", () =>
    Effect.gen(function*() {
      let tries = 0
      const lookup = () => Effect.suspend(() => ++tries === 1 ? Effect.succeed("value") : Effect.die("broken"))
      const warm = { keys: [{ id: "a" }], schedule: "2 seconds", await: true } as const
      const context = yield* Layer.build(App.owner("lasting", { lookup, warm }))
      yield* Effect.provideContext(lasting.invalidate({ id: "a" }, { mode: "markStale" }), context)
      yield* TestClock.adjust("59 seconds")
      assert.isAtLeast(tries, 1 + 5)
      assert.isAtMost(tries, 1 + 6)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the warming leaves one permit and the whole queue to readers", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const lookup = ({ id }: { readonly id: string }) => Effect.andThen(note(id), Effect.as(Deferred.await(gate), id))
      const all = [..."abcdef"].map((id) => ({ id }))
      const context = yield* Layer.build(App.owner("slow", { lookup, warm: { keys: all } }))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* drain, ["a"])
      const readers = yield* Effect.forEach(["x", "y"], (id) =>
        Effect.forkChild(Effect.provideContext(slow.get({ id }), context), { startImmediately: true }))
      assert.deepStrictEqual(yield* drain, ["x"])
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Fiber.joinAll(readers), ["x", "y"])
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* drain, ["b", "c", "d", "e", "f", "y"])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("a key that was invalidated meanwhile is loaded once more, and counts once", () =>
    Effect.gen(function*() {
      const gates = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      let runs = 0
      const lookup = () => Effect.suspend(() => Effect.as(Deferred.await(gates[runs]!), `${runs++}`))
      const context = yield* Layer.build(App.owner("user", { lookup }))
      const as = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideContext(effect, context)
      const warmed = yield* Effect.forkChild(as(user.warm([{ id: "a" }])), { startImmediately: true })
      yield* as(user.invalidate({ id: "a" }))
      for (const gate of gates) yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(warmed), 1)
      assert.strictEqual(runs, 2)
      assert.isTrue(yield* as(user.has({ id: "a" })))
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the warming does not load a key that a reader is loading", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const lookup = ({ id }: { readonly id: string }) => Effect.andThen(note(id), Effect.as(Deferred.await(gate), id))
      const context = yield* Layer.build(App.owner("user", { lookup, warm: { keys, schedule: "1 second" } }))
      const reader = yield* Effect.forkChild(Effect.provideContext(user.get({ id: "a" }), context), {
        startImmediately: true
      })
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* drain, ["a", "b"])
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(reader), "a")
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the warming stops when its Scope closes, within a load and between rounds", () =>
    Effect.gen(function*() {
      for (const wait of [0, 30]) {
        let interrupted = 0
        const lookup = ({ id }: { readonly id: string }) =>
          Effect.andThen(
            note(id),
            Effect.onInterrupt(Effect.as(Effect.sleep("10 seconds"), id), () => Effect.sync(() => void interrupted++))
          )
        const scope = yield* Scope.make()
        yield* Layer.buildWithScope(
          App.owner("user", { lookup, warm: { keys, schedule: "1 minute" }, predict: { keysMax: 10 } }),
          scope
        )
        yield* TestClock.adjust(`${wait} seconds`)
        assert.deepStrictEqual(yield* drain, ["a", "b"])
        yield* Scope.close(scope, Exit.void)
        yield* TestClock.adjust("5 minutes")
        assert.deepStrictEqual(yield* drain, [])
        assert.strictEqual(interrupted, wait === 0 ? 2 : 0)
      }
    }).pipe(Effect.provide(base)))

  it.effect("options out of range are refused", () =>
    Effect.gen(function*() {
      const refused = (layer: Layer.Layer<any, any, any>) =>
        Effect.map(Effect.flip(Layer.build(layer as Layer.Layer<any, CacheError>)), ({ message }) => message)
      assert.strictEqual(
        yield* refused(App.owner("user", { lookup: noted, predict: { keysMax: 0 } })),
        "E0507: `predict.keysMax` of family `user` must be a whole number of at least 1"
      )
      assert.strictEqual(
        yield* refused(App.owner("user", { lookup: noted, warm: { keys, schedule: 0 } })),
        "E0507: `warm.schedule` of family `user` must be a duration above zero"
      )
    }).pipe(Effect.scoped, Effect.provide(base)))
})

describe("owner that predicts", () => {
  const owner = (more: object = {}) => App.owner("user", { lookup: noted, predict: { keysMax: 2 }, ...more })
  const seconds = (count: number, each: Effect.Effect<unknown, unknown, any>) =>
    Effect.gen(function*() {
      for (let second = 0; second < count; second++) {
        yield* each
        yield* TestClock.adjust("1 second")
      }
    })
  const missed = Effect.map(App.stats, ({ user }) => user.misses)

  it.effect("a hot key is ready for each reader, and a cold one is not loaded", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(owner())
      const get = (id: string) => Effect.provideContext(user.get({ id }), context)
      yield* get("cold")
      yield* seconds(300, get("hot"))
      assert.strictEqual(yield* missed, 2)
      const loads = yield* drain
      assert.deepStrictEqual(loads.filter((id) => id === "cold"), ["cold"])
      assert.isAtLeast(loads.length, 6)
      assert.isAtMost(loads.length, 8)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("a hot key is ready that brings its own lifetime, in a family without one", () =>
    Effect.gen(function*() {
      class Own extends Manifest.Service<Own>()("Own", {
        families: { row: { pattern: "row:{id}", value: Manifest.type<number>() } }
      }) {}
      let run = 0
      const live = Own.modules({
        row: Own.owner("row", {
          lookup: () => Effect.sync(() => Lookup.loaded(++run, { timeToLive: "1 minute" })),
          predict: { keysMax: 2 }
        })
      })
      const context = yield* Layer.build(Layer.provide(live, MemoryStore.layer({ capacity: 10 })))
      yield* seconds(300, Effect.provideContext(Own.keys.row.get({ id: "hot" }), context))
      const { row } = yield* Effect.provideContext(Own.stats, context)
      assert.strictEqual(row.misses, 1)
      assert.isAtLeast(run, 4)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("a derived hot key is ready when its unread sources end", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(Layer.provideMerge(
        App.owner("profile", {
          lookup: ({ id }) => Effect.map(user.getMany([{ id }]), ([name]) => name!),
          predict: { keysMax: 9 }
        }),
        App.owner("user", { lookup: noted })
      ))
      yield* seconds(300, Effect.provideContext(profile.get({ id: "hot" }), context))
      const stats = yield* App.stats
      assert.deepStrictEqual([stats.profile.misses, stats.user.misses], [1, 1])
      const loads = yield* drain
      assert.isAtLeast(loads.length, 6)
      assert.isAtMost(loads.length, 8)
      assert.strictEqual(stats.profile.loads, loads.length)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("a derived hot key is ready when its sources change", () =>
    Effect.gen(function*() {
      let row = 0
      const context = yield* Layer.build(Layer.provideMerge(
        App.owner("profile", { lookup: ({ id }) => user.get({ id }), predict: { keysMax: 9 } }),
        App.owner("user", { lookup: () => Effect.sync(() => `${++row}`) })
      ))
      const seen = new Set<string>()
      const get = Effect.map(profile.get({ id: "hot" }), (value) => seen.add(value))
      yield* seconds(300, Effect.provideContext(get, context))
      assert.strictEqual((yield* App.stats).profile.misses, 1)
      assert.isAtLeast(seen.size, row - 1)
      assert.isAtMost(row, 8)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the prediction stops for a key without reads", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(owner())
      yield* seconds(100, Effect.provideContext(user.get({ id: "hot" }), context))
      yield* drain
      yield* TestClock.adjust("2 minutes")
      assert.isAtMost((yield* drain).length, 1)
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* drain, [])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the prediction takes the keys with the most reads first, up to its bound", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(owner())
      const get = (id: string) => Effect.provideContext(user.get({ id }), context)
      for (const [id, reads] of [["a", 3], ["b", 9], ["c", 6], ["d", 2]] as const) {
        for (let i = 0; i < reads; i++) yield* get(id)
      }
      yield* drain
      // One round before the end: the interval is 6 seconds, the lifetime a minute.
      yield* TestClock.adjust("54 seconds")
      assert.deepStrictEqual(yield* drain, ["b", "c"])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the prediction looks once in each `interval`, for what ends before the next look", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(owner({ predict: { keysMax: 2, interval: "20 seconds" } }))
      for (let i = 0; i < 3; i++) yield* Effect.provideContext(user.get({ id: "hot" }), context)
      yield* drain
      yield* TestClock.adjust("39 seconds")
      assert.deepStrictEqual(yield* drain, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* drain, ["hot"])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("a hot key is loaded again after an invalidation, once for each time it was read", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(owner())
      const as = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideContext(effect, context)
      yield* seconds(10, as(user.get({ id: "hot" })))
      yield* drain
      yield* as(user.invalidate({ id: "hot" }))
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(yield* drain, ["hot"])
      assert.isTrue(yield* as(user.has({ id: "hot" })))
      yield* as(user.invalidate({ id: "hot" }))
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(yield* drain, [])
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the prediction counts readers that memory sends to the full check", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(owner())
      const get = Effect.provideContext(user.get({ id: "hot" }), context)
      yield* Effect.forkScoped(Effect.provideContext(Effect.never, context))
      const { cache } = yield* engineKey(App.key)
      cache.families.get("user")!.noteListeners(true)
      yield* seconds(120, get)
      assert.strictEqual(yield* missed, 1)
    }).pipe(Effect.scoped, Effect.provide(base)))

  it.effect("the prediction gives up a load that hangs, and goes on with other keys", () =>
    Effect.gen(function*() {
      for (const [name, patience] of [["bound", 5], ["user", 60]] as const) {
        let hang = false
        let ended = 0
        const lookup = ({ id }: { readonly id: string }) =>
          Effect.suspend(() =>
            hang && id !== "ready"
              ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended++))
              : noted({ id })
          )
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(
          App.owner(name as "user", { lookup, predict: { keysMax: 100 } }),
          scope
        )
        const get = (id: string) =>
          Effect.provideContext((App.keys[name] as typeof user).get({ id }), context as Context.Context<any>)
        const hanging = Array.from({ length: 16 }, (_, i) => `hung${i}`)
        for (const id of [...hanging, "ready"]) {
          for (let i = 0; i < (id === "ready" ? 2 : 9); i++) yield* get(id)
        }
        yield* drain
        hang = true
        yield* TestClock.adjust(`${54 + patience - 1} seconds`)
        assert.deepStrictEqual(yield* drain, [])
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* drain, ["ready"])
        assert.strictEqual(ended, 16)
        yield* Scope.close(scope, Exit.void)
      }
    }).pipe(Effect.provide(base)))

  it.effect("the prediction expects fewer reads within a shorter lifetime", () =>
    Effect.gen(function*() {
      const lookup = ({ id }: { readonly id: string }) =>
        Effect.as(note(id), Lookup.loaded(id, { timeToLive: id === "short" ? "10 seconds" : "1 minute" }))
      const context = yield* Layer.build(owner({ lookup }))
      for (const id of ["short", "long"]) {
        for (let i = 0; i < 3; i++) yield* Effect.provideContext(user.get({ id }), context)
      }
      yield* drain
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(yield* drain, ["long"])
    }).pipe(Effect.scoped, Effect.provide(base)))
})
