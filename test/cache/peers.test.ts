/**
 * Several engines of one process over one LMDB folder are one cache to every reader: each sees the writes and
 * invalidations of the others.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { type Round, Store } from "effect-stateless/store/Store"
import type { StoreError } from "effect-stateless/store/StoreError"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import { isOfLives } from "../../src/cache/engine/internal/lives.ts"
import { splitScope } from "../../src/cache/internal/family/names.ts"
import { type Engine, engineKey } from "../../src/manifest/internal/grants.ts"
import { fork } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    price: { pattern: "price:{item}", value: Schema.Number },
    page: { pattern: "page:{item}", value: Schema.Number, derives: ["price:{item}"] },
    label: {
      pattern: "label:{item}:{language}",
      value: Schema.Number,
      derives: ["price:{item}"],
      fanout: true
    },
    book: { pattern: "book:{item}", value: Schema.Number, derives: ["page:{item}"] },
    plain: { pattern: "plain:{item}", value: Schema.String }
  }
}) {}
const { book, label, page, plain, price } = App.keys

const arrangements = [
  "memory over LMDB",
  "LMDB alone",
  "two memories over LMDB",
  "two memories over LMDB, on eviction",
  "memory over an own folder over LMDB"
] as const
type Tiers = typeof arrangements[number]

/** Two engines over one folder, and the truth that their lookups see. */
const engines = Effect.fnUntraced(function*(tiers: Tiers) {
  const path = yield* temporaryFolder
  const truth: { price: number | undefined } = { price: 1 }
  const warm = LmdbStore.layer({ path, durability: "process" })
  const memory = (capacity = 100) => MemoryStore.layer({ capacity })
  const tiersOf: { readonly [T in Tiers]: (own: string) => Layer.Layer<Store, StoreError> } = {
    "memory over LMDB": () => TieredStore.layer([memory(), warm]),
    "LMDB alone": () => warm,
    "two memories over LMDB": () => TieredStore.layer([memory(1), memory(), warm]),
    "two memories over LMDB, on eviction": () => TieredStore.layer([memory(1), memory(), warm], { set: "onEviction" }),
    "memory over an own folder over LMDB": (own) =>
      TieredStore.layer([memory(1), LmdbStore.layer({ path: own, durability: "process" }), warm])
  }
  const live = (own: string) =>
    App.modules({
      price: App.owner("price", { lookup: () => Effect.sync(() => truth.price ?? Lookup.absent) }),
      page: App.owner("page", { lookup: ({ item }) => price.get({ item }) }),
      label: App.owner("label", { lookup: ({ item }) => price.get({ item }) }),
      plain: App.owner("plain")
    }).pipe(Layer.provide(tiersOf[tiers](own)))
  const start = Effect.flatMap(temporaryFolder, (own) =>
    Effect.acquireRelease(
      Effect.sync(() => ManagedRuntime.make(Layer.fresh(live(own)))),
      (runtime) => runtime.disposeEffect
    ))
  const as = (runtime: ManagedRuntime.ManagedRuntime<any, any>) => <A, E>(effect: Effect.Effect<A, E, any>) =>
    Effect.promise(() => runtime.runPromise(effect))
  return { truth, a: as(yield* start), b: as(yield* start), start: Effect.map(start, as) }
})

const item = { item: "pen" }
const german = { item: "pen", language: "de" }

const changes: ReadonlyArray<readonly [name: string, change: Effect.Effect<unknown, unknown, any>]> = [
  ["a set", price.set(item, 2)],
  ["a batch", App.batch([price.setting(item, 2)])],
  ["an update", price.update(item, () => 2)],
  ["a deletion", price.delete(item)],
  ["an invalidation of a part", price.invalidateWhere(item)],
  ["an invalidation of the family", price.invalidateAll()],
  ["a refresh", price.refresh(item)]
]

for (const tiers of arrangements) {
  describe("a price that the source no longer has", () => {
    it.live(`a value is served by no engine once one of them has found that the source has none: ${tiers}`, () =>
      Effect.gen(function*() {
        const { a, b, truth } = yield* engines(tiers)
        assert.deepStrictEqual([yield* a(page.get(item)), yield* b(page.get(item))], [1, 1])
        truth.price = undefined
        yield* b(Effect.exit(price.refresh(item)))
        for (const engine of [a, b]) {
          assert.isTrue(Option.isNone(yield* engine(price.getOption(item))))
          assert.isTrue(Option.isNone(yield* engine(page.getOption(item))))
        }
      }))
  })

  describe(`two engines over one folder, ${tiers}`, () => {
    for (const [name, change] of changes) {
      it.live(`an engine never serves a value that ${name} in the other has replaced`, () =>
        Effect.gen(function*() {
          const { a, b, truth } = yield* engines(tiers)
          for (const read of [a, b]) {
            yield* read(price.get(item))
            yield* read(page.get(item))
            yield* read(label.get(german))
          }
          truth.price = 2
          yield* b(change)
          for (const read of [b, a]) {
            assert.deepStrictEqual(
              [yield* read(label.get(german)), yield* read(page.get(item)), yield* read(price.get(item))],
              [2, 2, 2]
            )
          }
        }))
    }

    it.live("an engine never serves a value derived from an owner that left and came back with another value", () =>
      Effect.gen(function*() {
        const { a, b, start, truth } = yield* engines(tiers)
        // The other one has read nothing.
        yield* a(page.get(item))
        yield* a(label.get(german))
        for (const read of [a, b]) {
          const { cache } = (yield* read(Effect.map(
            Effect.context<any>(),
            (context) => Context.get(context, engineKey(App.key) as never)
          ))) as Engine
          const family = cache.families.get("price")!
          const { loader } = family.loads
          family.disown(loader)
          family.own(loader!)
          truth.price = 3
          assert.strictEqual(yield* read(price.get(item)), truth.price)
          for (const other of [yield* start, a, b]) {
            assert.deepStrictEqual(
              [yield* other(price.get(item)), yield* other(page.get(item)), yield* other(label.get(german))],
              [truth.price, truth.price, truth.price]
            )
          }
        }
      }))

    it.live("an engine sees the invalidation of a tag in the other", () =>
      Effect.gen(function*() {
        const { a, b } = yield* engines(tiers)
        yield* a(plain.set(item, "old", { tags: ["tag"] }))
        assert.isTrue(Option.isSome(yield* b(plain.getOption(item))))
        yield* a(plain.invalidateTag("tag"))
        assert.isTrue(Option.isNone(yield* b(plain.getOption(item))))
      }))

    it.live("an engine keeps a value that was set after an invalidation in the other", () =>
      Effect.gen(function*() {
        const { a, b, start } = yield* engines(tiers)
        yield* b(plain.set({ item: "other" }, "x"))
        const late = yield* start
        yield* late(plain.invalidateAll())
        yield* b(plain.set(item, "new"))
        for (const read of [a, b, late, yield* start]) {
          assert.deepStrictEqual(yield* read(plain.getOption(item)), Option.some("new"))
        }
      }))

    it.live("both engines and the folder keep the last of two values that were set at once", () =>
      Effect.gen(function*() {
        const { a, b, start } = yield* engines(tiers)
        for (let round = 0; round < 20; round++) {
          const turns = round % 2 === 0 ? [a, b, a] : [b, a, b, a, b]
          const sets = turns.map((run, at) => run(plain.set(item, `${round} ${at}`)))
          yield* Effect.all(sets, { concurrency: "unbounded" })
          const seen = [yield* a(plain.get(item)), yield* b(plain.get(item))]
          assert.strictEqual(seen[0], seen[1])
          const other = yield* Effect.scoped(Effect.flatMap(start, (read) => read(plain.get(item))))
          assert.strictEqual(other, seen[0])
        }
      }))

    it.live("two engines give different versions, and one of two conditional sets succeeds", () =>
      Effect.gen(function*() {
        const { a, b } = yield* engines(tiers)
        const versions: Array<number> = []
        for (let i = 0; i < 20; i++) {
          for (const run of [a, b]) {
            yield* run(plain.set({ item: `${i}` }, "x"))
            versions.push((yield* run(plain.getAnswer({ item: `${i}` }))).version!)
          }
        }
        assert.strictEqual(new Set(versions).size, versions.length)
        const { version } = yield* a(plain.getAnswer({ item: "0" }))
        yield* b(plain.getAnswer({ item: "0" }))
        const set = (value: string) => Effect.exit(plain.set({ item: "0" }, value, { ifVersion: version! }))
        assert.deepStrictEqual([(yield* a(set("a")))._tag, (yield* b(set("b")))._tag], ["Success", "Failure"])
      }))

    it.live("an engine never loses what the other one wrote, in whatever tier it is", () =>
      Effect.gen(function*() {
        const { a, b } = yield* engines(tiers)
        const add = plain.update(item, (known) => `${known}.`)
        yield* a(plain.set(item, ""))
        for (let i = 1; i <= 6; i++) {
          const [one, other] = i % 2 === 0 ? [a, b] : [b, a]
          yield* one(add)
          // Memory has room for one entry in some arrangements.
          yield* one(plain.set({ item: "other" }, "x"))
          yield* other(plain.set({ item: "other" }, "x"))
          for (const read of [other, one]) assert.strictEqual(yield* read(plain.get(item)), ".".repeat(i))
        }
      }))

    it.live("a sweep in one engine leaves nothing hidden in the tiers of the other", () =>
      Effect.gen(function*() {
        const { a, b } = yield* engines(tiers)
        yield* a(plain.set(item, "old"))
        yield* b(plain.get(item))
        yield* a(plain.invalidateWhere(item))
        const { cache } = (yield* a(Effect.map(
          Effect.context<any>(),
          (context) => Context.get(context, engineKey(App.key) as never)
        ))) as Engine
        yield* a(cache.families.get("plain")!.sweepMarks)
        for (const read of [a, b]) assert.isTrue(Option.isNone(yield* read(plain.getOption(item))))
      }))

    it.live("an engine goes on when the other is closed", () =>
      Effect.gen(function*() {
        const { a, b, start } = yield* engines(tiers)
        yield* Effect.scoped(Effect.gen(function*() {
          const short = yield* start
          yield* short(plain.set(item, "short"))
        }))
        yield* a(plain.set(item, "long"))
        assert.strictEqual(yield* b(plain.get(item)), "long")
      }))
  })
}

describe("engines over one folder", () => {
  const warm = (path: string) => LmdbStore.layer({ path, durability: "process" })
  const over = (path: string, set?: "onEviction") =>
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), warm(path)], { set })

  /** An engine, and its insides. */
  const build = Effect.fnUntraced(function*(store: Layer.Layer<Store, StoreError>) {
    const live = Layer.provide(Layer.provideMerge(App.owner("plain"), App.layer), store)
    const context = yield* Layer.build(Layer.fresh(live) as Layer.Layer<any, any>)
    const { cache } = Context.get(context as Context.Context<any>, engineKey(App.key) as never) as Engine
    return { cache, on: <A, E>(effect: Effect.Effect<A, E, any>) => Effect.provideContext(effect, context) }
  })

  it.live("several engines over one folder log no warning", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const said: Array<unknown> = []
      const logged = Logger.layer([Logger.make(({ message }) => void said.push(message))])
      yield* Effect.provide(Effect.andThen(build(over(path)), build(over(path))), logged)
      assert.deepStrictEqual(said, [])
    }))

  it.live("an engine of another manifest with the same name is refused", () =>
    Effect.gen(function*() {
      class App extends Manifest.Service<App>()("App", { families: { plain: { pattern: "plain:{item}" } } }) {}
      const path = yield* temporaryFolder
      yield* build(over(path))
      const other = Layer.build(Layer.fresh(Layer.provide(App.layer, over(path))))
      const error = yield* Effect.flip(other as Effect.Effect<unknown, any, any>)
      assert.strictEqual(error.reason._tag, "InvalidManifest")
    }))

  for (const set of [undefined, "onEviction"] as const) {
    it.live(`engines drop a mark together, so that no engine brings back what it hid (set: ${set ?? "through"})`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const [a, b] = [yield* build(over(path, set)), yield* build(over(path, set))]
        yield* b.on(plain.set(item, "old"))
        yield* a.on(plain.invalidateWhere(item))
        yield* a.cache.families.get("plain")!.sweepMarks
        for (const { cache } of [a, b]) assert.strictEqual(cache.families.get("plain")!.hot!.peek("pen"), undefined)
        for (const { on } of [a, b]) assert.isTrue(Option.isNone(yield* on(plain.getOption(item))))
        // The marks are gone from the folder as well, and with them nothing that they hid has come back.
        const late = yield* build(over(path, set))
        const { marks } = yield* late.cache.store.loadMarks
        assert.deepStrictEqual(marks.filter(({ scope }) => !isOfLives(splitScope(scope).marked)), [])
        assert.isTrue(Option.isNone(yield* late.on(plain.getOption(item))))
      }))
  }

  it.live("an engine goes on when another closes over a tier that hangs, and does not trust its unfinished writes", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const scope = yield* Scope.make()
      const gate = { shut: false }
      const hanging = Layer.effect(
        Store,
        Effect.map(Store, (store) => ({
          ...store,
          write: (round: Round) => gate.shut ? Effect.never : store.write(round)
        }))
      )
      const a = yield* Scope.provide(build(Layer.provide(hanging, warm(path))), scope)
      const other = yield* Scope.make()
      const b = yield* Scope.provide(build(warm(path)), other)
      yield* b.on(plain.set(item, "old"))
      gate.shut = true
      const set = yield* Effect.forkChild(Effect.flip(a.on(plain.set(item, "new"))), { startImmediately: true })
      yield* Effect.yieldNow
      const closing = yield* fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(closing)
      assert.strictEqual(((yield* Fiber.join(set)) as CacheError).reason._tag, "StoreFailed")
      assert.isTrue(Option.isNone(yield* b.on(plain.getOption(item))))
      // The other one removes what it does not trust before it closes, and gives that up, too.
      const leaving = yield* Effect.forkChild(Scope.close(other, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(leaving)
    }).pipe(Effect.provide(TestClock.layer())))
})

describe("two engines that load a key at once", () => {
  type Gate = Deferred.Deferred<void>
  const places = {
    "LMDB alone": (path: string) => LmdbStore.layer({ path, durability: "process" }),
    through: (path: string) =>
      TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })]),
    "on eviction": (path: string) =>
      TieredStore.layer(
        [MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })],
        { set: "onEviction" }
      )
  }

  /** Two engines; each lookup of a price takes its number, waits for the gates of its engine, and takes the row. */
  const twins = Effect.fnUntraced(function*(place: keyof typeof places) {
    const path = yield* temporaryFolder
    const source = { row: 1, fails: false }
    const open = Effect.fnUntraced(function*() {
      const gates: { before?: Gate | undefined; after?: Gate | undefined; begun: number } = { begun: 0 }
      const wait = (gate: Gate | undefined) => gate === undefined ? Effect.void : Deferred.await(gate)
      const lookup = Effect.fnUntraced(function*() {
        const { after, before } = gates
        gates.begun++
        yield* wait(before)
        const { fails, row } = source
        yield* wait(after)
        return fails ? yield* Effect.die("the source is down") : row
      })
      const live = App.modules({
        price: App.owner("price", { lookup }),
        page: App.owner("page", { lookup: ({ item }) => price.get({ item }) }),
        label: App.owner("label", { lookup: ({ item }) => price.get({ item }) }),
        book: App.owner("book", { lookup: ({ item }) => page.get({ item }) }),
        plain: App.owner("plain")
      }).pipe(Layer.provide(places[place](path)))
      const runtime = yield* Effect.acquireRelease(
        Effect.sync(() => ManagedRuntime.make(Layer.fresh(live))),
        (runtime) => runtime.disposeEffect
      )
      const on = <A, E>(effect: Effect.Effect<A, E, any>) =>
        Effect.promise(() => (runtime as ManagedRuntime.ManagedRuntime<any, any>).runPromise(effect))
      const begins = <A, E>(effect: Effect.Effect<A, E, any>) =>
        Effect.gen(function*() {
          const { begun } = gates
          const fiber = yield* fork(on(effect))
          while (gates.begun === begun) yield* Effect.sleep(1)
          return fiber
        })
      yield* on(plain.set(item, "open"))
      return { gates, on, begins }
    })
    const [a, b] = [yield* open(), yield* open()]
    const all = Effect.gen(function*() {
      const seen: Array<number> = []
      for (const { on } of [a, b]) {
        seen.push(yield* on(price.get(item)), yield* on(page.get(item)), yield* on(label.get(german)))
      }
      return seen
    })
    return { source, a, b, all }
  })

  const twos = [2, 2, 2, 2, 2, 2]
  const gate = () => Deferred.makeUnsafe<void>()
  const asked = { get: price.get, refresh: price.refresh }

  for (const place of ["LMDB alone", "through", "on eviction"] as const) {
    for (const how of ["get", "refresh"] as const) {
      it.live(`the engines keep no load that began first and ended last (${how}, ${place})`, () =>
        Effect.gen(function*() {
          const { a, all, b, source } = yield* twins(place)
          const after = a.gates.after = gate()
          const slow = yield* a.begins(price.get(item))
          source.row = 2
          assert.strictEqual(yield* b.on(asked[how](item)), 2)
          assert.strictEqual(yield* b.on(page.get(item)), 2)
          a.gates.after = undefined
          yield* Deferred.succeed(after, undefined)
          assert.strictEqual(yield* Fiber.join(slow), 1)
          assert.deepStrictEqual(yield* all, twos)
        }))

      it.live(`the engines keep no load that began last, read first and ended last (${how}, ${place})`, () =>
        Effect.gen(function*() {
          const { a, all, b, source } = yield* twins(place)
          const before = a.gates.before = gate()
          const first = yield* a.begins(price.get(item))
          const after = b.gates.after = gate()
          const second = yield* b.begins(asked[how](item))
          source.row = 2
          yield* Deferred.succeed(before, undefined)
          assert.strictEqual(yield* Fiber.join(first), 2)
          assert.strictEqual(yield* a.on(page.get(item)), 2)
          b.gates.after = undefined
          yield* Deferred.succeed(after, undefined)
          assert.strictEqual(yield* Fiber.join(second), 1)
          assert.deepStrictEqual(yield* all, twos)
        }))
    }

    for (const how of ["get", "refresh"] as const) {
      // Of a key that is too long to be remembered as missing, nothing else says that it was read.
      for (const [name, id] of [["a key", item], ["a long key", { item: "x".repeat(20_000) }]] as const) {
        it.live(`a later reader joins neither an overtaken load nor a load that waits for it (${how}, ${name}, ${place})`, () =>
          Effect.gen(function*() {
            const { a, b, source } = yield* twins(place)
            const after = a.gates.after = gate()
            const slow = yield* a.begins(book.get(id))
            source.row = 2
            assert.strictEqual(yield* b.on(asked[how](id)), 2)
            a.gates.after = undefined
            const late = yield* Effect.all([a.on(book.get(id)), a.on(page.get(id)), a.on(price.get(id))], {
              concurrency: 3
            })
            assert.deepStrictEqual(late, [2, 2, 2])
            yield* Deferred.succeed(after, undefined)
            assert.strictEqual(yield* Fiber.join(slow), 1)
            assert.strictEqual(yield* a.on(book.get(id)), 2)
          }))
      }
    }

    it.live(`the engines keep a value that both have loaded, and what derives from it (${place})`, () =>
      Effect.gen(function*() {
        const { a, all, b, source } = yield* twins(place)
        source.row = 2
        const after = a.gates.after = gate()
        const slow = yield* a.begins(page.get(item))
        assert.strictEqual(yield* b.on(price.get(item)), 2)
        yield* Deferred.succeed(after, undefined)
        assert.strictEqual(yield* Fiber.join(slow), 2)
        const begun = a.gates.begun + b.gates.begun
        assert.strictEqual(yield* a.on(page.get(item)), 2)
        assert.strictEqual(a.gates.begun + b.gates.begun, begun)
        assert.deepStrictEqual(yield* all, twos)
      }))

    it.live(`an engine does not repeat its failure when the other has loaded the value (${place})`, () =>
      Effect.gen(function*() {
        const { a, b, source } = yield* twins(place)
        source.fails = true
        assert.strictEqual((yield* a.on(Effect.exit(price.get(item))))._tag, "Failure")
        source.fails = false
        assert.strictEqual(yield* b.on(price.get(item)), 1)
        // At once: the failure is remembered for 200 ms.
        assert.deepStrictEqual((yield* a.on(Effect.exit(price.get(item))))._tag, "Success")
      }))

    it.live(`an engine writes no update that began before a refresh in the other (${place})`, () =>
      Effect.gen(function*() {
        const { a, all, b, source } = yield* twins(place)
        yield* a.on(price.get(item))
        const [reads, goes] = [gate(), gate()]
        const update = yield* Effect.forkChild(
          a.on(
            price.update(
              item,
              (was) => Effect.as(Effect.andThen(Deferred.succeed(reads, undefined), Deferred.await(goes)), was + 10)
            )
          ),
          { startImmediately: true }
        )
        yield* Deferred.await(reads)
        source.row = 2
        const after = b.gates.after = gate()
        const refresh = yield* b.begins(price.refresh(item))
        yield* Deferred.succeed(goes, undefined)
        yield* Fiber.join(update)
        yield* b.on(price.getOption(item))
        b.gates.after = undefined
        yield* Deferred.succeed(after, undefined)
        yield* Fiber.join(refresh)
        assert.deepStrictEqual(yield* all, twos)
      }))
  }
})
