/**
 * The keys of a family, listed: what `keys`, `entries`, `page`, `sample` and `count` show, which callers they refuse,
 * and that a scan misses no key that stays.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { changed } from "../support/changed.ts"
import { cacheReasonOf, drive, fork, settle } from "../support/effects.ts"
import { engine, type EngineOptions } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { tiers } from "../support/source.ts"

type AnyEffect = Effect.Effect<any, any>
interface Shown {
  readonly params: { readonly id: string }
  readonly value: unknown
}

/** A family with a policy, one that derives from it, and a sensitive one; lookups return their key. */
const world = Effect.fnUntraced(function*(policy: FamilyPolicy = {}, options?: EngineOptions) {
  const running = yield* engine(
    {
      families: {
        user: { pattern: "user:{id}", value: Schema.Unknown, ...policy },
        profile: { pattern: "profile:{id}", value: Schema.Unknown, derives: ["user:{id}"] },
        token: { pattern: "token:{id}", value: Schema.Unknown, sensitive: true }
      }
    },
    ({ key }, app) => {
      const [family, id] = key.split(":")
      return family === "profile" ? Effect.as(app.keys.user.get({ id }), key) : Effect.succeed(key)
    },
    options
  )
  const { profile, token, user } = running.app.keys
  const on = (effect: unknown) => running.as(effect as AnyEffect)
  const ids = (of: any): AnyEffect =>
    Effect.map(on(Stream.runCollect(of.keys())), (all) => all.map(({ id }: { id: string }) => id).toSorted())
  const pages = Effect.fnUntraced(function*(of: any, max: number, between?: (at: number) => unknown) {
    const all: Array<Shown> = []
    let cursor: string | undefined
    let count = 0
    do {
      const page: any = yield* on(of.page(cursor, max))
      assert.isAtMost(page.entries.length, max)
      all.push(...page.entries)
      cursor = page.next
      if (cursor !== undefined && between !== undefined) yield* on(between(count))
      count++
    } while (cursor !== undefined)
    return { all, count, ids: all.map(({ params }) => params.id) }
  })
  const fill = (from: number, to: number) =>
    on(user.setMany(Array.from({ length: to - from }, (_, n) => [{ id: `${from + n}` }, from + n])))
  return { ...running, fill, ids, on, pages, profile, token, user }
})

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`)

describe("scan over memory", () => {
  it.effect("each key is in one page, while the tables grow and other keys come and go", () =>
    Effect.gen(function*() {
      const { fill, on, pages, user } = yield* world({}, { shards: 4, capacity: 100_000 })
      yield* fill(0, 1_000)
      const { ids } = yield* pages(user, 50, (at) =>
        Effect.gen(function*() {
          yield* user.setMany(
            Array.from({ length: 900 }, (_, n) => [{ id: `new ${at} ${n}` }, n]).slice(0, at < 40 ? 900 : 0)
          )
          if (at > 0 && at < 40) {
            yield* user.deleteMany(Array.from({ length: 450 }, (_, n) => ({ id: `new ${at - 1} ${2 * n}` })))
          }
          yield* user.set({ id: `${at % 1_000}` }, "again")
        }))
      const stayed = new Set(numbers(1_000))
      const seen = ids.filter((id) => stayed.has(id))
      assert.sameMembers(seen, numbers(1_000), "each once")
      assert.strictEqual(yield* on(user.count()), 1_000 + 40 * 900 - 39 * 450)
    }))

  it.effect("a small family is found in a large store, and no page looks at more than its share of slots", () =>
    Effect.gen(function*() {
      const { fill, on, pages, profile, user } = yield* world({}, { capacity: 100_000 })
      yield* fill(0, 35_000)
      yield* on(profile.set({ id: "one" }, 1))
      yield* on(user.deleteMany(numbers(10).map((id) => ({ id }))))
      const { count, ids } = yield* pages(profile, 10)
      assert.deepStrictEqual(ids, ["one"])
      assert.isAtLeast(count, 4, "a page inspects at most 10,000 slots")
    }))

  it.effect("entries answer the values and versions that are held", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world()
      yield* on(user.set({ id: "1" }, "one"))
      const [one] = yield* on(Stream.runCollect(user.entries()))
      assert.deepInclude(one, { params: { id: "1" }, value: "one" })
      yield* on(user.set({ id: "1" }, "two", { ifVersion: one.version }))
    }))

  for (const door of ["accessor", "reader", "writer"] as const) {
    it.effect(`the ${door} lists keys`, () =>
      Effect.gen(function*() {
        const { fill, ids, on, pages, user } = yield* world()
        yield* fill(0, 3)
        const of = door === "accessor" ? user : yield* on(user[door])
        assert.deepStrictEqual(yield* ids(of), ["0", "1", "2"])
        assert.sameMembers((yield* pages(of, 1)).ids, ["0", "1", "2"])
        assert.strictEqual(yield* on(of.count()), 3)
        assert.lengthOf(yield* on(of.sample(1)), 1)
      }))
  }
})

const through = (set: "through" | "onEviction", capacity = 4) =>
  Effect.map(tiers([], { capacity, set }), ({ options }) => options)
const stores: { readonly [name: string]: Effect.Effect<EngineOptions, unknown, any> } = {
  "memory alone": Effect.succeed({}),
  "memory and a tier below": through("through"),
  "memory and a tier that gets what is evicted": through("onEviction"),
  "a tier below alone": Effect.sync(() => ({ store: Layer.succeed(Store, mapStore({ place: makePlace() })) })),
  "memory and a file": Effect.map(temporaryFolder, (path) => ({
    store: TieredStore.layer([MemoryStore.layer({ capacity: 4 }), LmdbStore.layer({ path, durability: "process" })])
  })),
  "a file alone": Effect.map(temporaryFolder, (path) => ({ store: LmdbStore.layer({ path, durability: "process" }) }))
}

for (const [name, store] of Object.entries(stores)) {
  describe(`listed keys over ${name}`, () => {
    const over = (policy?: FamilyPolicy) =>
      Effect.flatMap(store as Effect.Effect<EngineOptions, never, Scope.Scope>, (options) => world(policy, options))

    it.effect("listed keys are those that `has` finds: nothing that is hidden, stale, ended or deleted", () =>
      Effect.gen(function*() {
        const { fill, ids, on, pages, user } = yield* over({ timeToLive: "1 hour", staleWhileRevalidate: "1 hour" })
        yield* fill(0, 20)
        yield* on(user.delete({ id: "0" }))
        yield* on(user.invalidate({ id: "1" }))
        yield* on(user.invalidate({ id: "2" }, { mode: "markStale" }))
        yield* on(user.set({ id: "3" }, 3, { timeToLive: "1 second" }))
        yield* on(user.set({ id: "4" }, 4, { tags: ["red"] }))
        yield* on(user.invalidateTag("red"))
        yield* on(user.invalidateWhere({ id: "5" }))
        yield* TestClock.adjust("2 seconds")
        const expected: Array<string> = []
        for (const id of numbers(20)) if (yield* on(user.has({ id }))) expected.push(id)
        assert.sameMembers(expected, numbers(20).slice(6))
        assert.sameMembers(yield* ids(user), expected)
        for (const max of [1, 3, 100]) assert.sameMembers(Array.from(new Set((yield* pages(user, max)).ids)), expected)
        yield* on(user.invalidateAll())
        assert.deepStrictEqual(yield* ids(user), [])
      }))

    it.effect("a derived entry is listed until its source changes", () =>
      Effect.gen(function*() {
        const { ids, on, profile, user } = yield* over()
        yield* on(Effect.forEach(["1", "2"], (id) => profile.get({ id })))
        assert.deepStrictEqual(yield* ids(profile), ["1", "2"])
        yield* on(user.set({ id: "1" }, "changed"))
        assert.deepStrictEqual(yield* ids(profile), ["2"])
      }))

    it.effect("a scan does not count as a read: nothing is counted, copied, loaded or prolonged", () =>
      Effect.gen(function*() {
        const { cache, fill, ids, on, pages, user } = yield* over({ idleTimeToLive: "1 minute" })
        yield* fill(0, 10)
        const before = cache.families.get("user")!.stats
        yield* ids(user)
        yield* pages(user, 3)
        assert.deepStrictEqual(cache.families.get("user")!.stats, before)
        yield* TestClock.adjust("59 seconds")
        assert.lengthOf(yield* ids(user), 10)
        yield* TestClock.adjust("2 seconds")
        assert.lengthOf(yield* ids(user), 0)
        assert.isFalse(yield* on(user.has({ id: "1" })))
      }))

    it.effect("a key that lies only below is found by `has`, and is counted", () =>
      Effect.gen(function*() {
        const { fill, on, user } = yield* over()
        yield* fill(0, 10)
        for (const id of numbers(10)) assert.isTrue(yield* on(user.has({ id })))
        assert.isAtLeast(yield* on(user.count()), 10)
        yield* on(user.delete({ id: "0" }))
        assert.isFalse(yield* on(user.has({ id: "0" })))
      }))
  })
}

describe("scan whose tiers are slow", () => {
  for (const how of ["set", "reschedule"] as const) {
    it.effect(`a key whose value ends while its page is read is in the page, if a ${how} has given it a longer lifetime`, () =>
      Effect.gen(function*() {
        const reading = Latch.makeUnsafe(true)
        const cold = mapStore({ place: makePlace() })
        const held = changed(cold, ({ page }) => ({
          page: (after, max) => Effect.tap(page!(after, max), () => reading.await)
        }))
        const { on, user } = yield* world({}, { store: Layer.succeed(Store, held) })
        yield* on(user.set({ id: "a" }, "first", { timeToLive: 400 }))
        reading.closeUnsafe()
        const scan = yield* fork(on(user.page(undefined, 8)))
        yield* settle
        yield* on(how === "set" ? user.set({ id: "a" }, "second") : user.reschedule({ id: "a" }, "1 hour"))
        yield* TestClock.adjust(500)
        reading.openUnsafe()
        const { entries } = yield* Fiber.join(scan)
        assert.deepStrictEqual(entries.map(({ value }: Shown) => value), [how === "set" ? "second" : "first"])
      }))
  }

  it.effect("a key that goes up and down again while it is looked for is in the page", () =>
    Effect.gen(function*() {
      const reading = Latch.makeUnsafe(true)
      const writing = Latch.makeUnsafe(true)
      const cold = mapStore({ place: makePlace() })
      const held = changed(
        cold,
        ({ get, getMany }) => ({
          get: (key) => Effect.andThen(reading.await, get(key)),
          getMany: (keys) => Effect.andThen(reading.await, getMany(keys))
        }),
        { write: (round) => Effect.andThen(writing.await, cold.write(round)) }
      )
      const store = Layer.effect(
        Store,
        Effect.map(MemoryStore.make({ capacity: 1 }), (hot) => TieredStore.make([hot, held], { set: "onEviction" }))
      )
      const { on, user } = yield* world({}, { store })
      for (const id of ["c", "d", "a"]) yield* Effect.andThen(on(user.set({ id }, id)), settle)
      const first = yield* on(user.page(undefined, 1))
      // Now `a` leaves memory, so the next page looks for it below.
      yield* Effect.andThen(on(user.set({ id: "e" }, "e")), settle)
      reading.closeUnsafe()
      const second = yield* fork(on(user.page(first.next, 8)))
      yield* settle
      // It comes back to memory, which takes it from below, and leaves memory again: it is on its way down.
      yield* Effect.andThen(on(user.set({ id: "a" }, "again")), settle)
      writing.closeUnsafe()
      const third = yield* fork(on(user.set({ id: "f" }, "f")))
      yield* settle
      reading.openUnsafe()
      const { entries } = yield* Fiber.join(second)
      writing.openUnsafe()
      yield* Fiber.join(third)
      assert.include(entries.map(({ value }: Shown) => value), "again")
    }))
})

describe("scan over a file whose codec takes its time", () => {
  it.effect("a loaded value that waits for its codec is in a page, and no page has more entries than it was asked for", () =>
    Effect.gen(function*() {
      const slow = changed(mapStore({ place: makePlace() }), () => ({
        prepare: () => Effect.as(Effect.sleep("10 millis"), { bytes: 0 })
      }))
      const { as, user } = yield* world({}, { store: Layer.succeed(Store, slow) })
      const ids = numbers(20)
      yield* drive(Effect.forEach(ids, (id) => as(user.get({ id }) as AnyEffect), { concurrency: "unbounded" }))
      yield* TestClock.adjust("1 second")
      const again = Effect.forEach(ids, (id) => as(user.refresh({ id }) as AnyEffect), { concurrency: "unbounded" })
      const first = yield* as(user.page(undefined, 7) as AnyEffect)
      const refreshes = yield* fork(again)
      yield* settle
      const seen = new Set<string>(first.entries.map(({ params }: Shown) => params.id))
      let cursor = first.next
      while (cursor !== undefined) {
        const page: any = yield* drive(as(user.page(cursor, 7) as AnyEffect), 3)
        assert.isAtMost(page.entries.length, 7)
        for (const { params } of page.entries) seen.add(params.id)
        cursor = page.next
      }
      assert.sameMembers(Array.from(seen), ids)
      yield* drive(Fiber.join(refreshes))
      yield* TestClock.adjust("1 second")
    }))
})

describe("cursor that is refused", () => {
  const refusedWith = (of: any, cursor: unknown, on: (effect: unknown) => AnyEffect) =>
    Effect.map(Effect.flip(on(of.page(cursor, 1))), cacheReasonOf)

  for (const [name, store] of Object.entries(stores)) {
    it.effect(`a text that no page gave, and a cursor of another family, are refused over ${name}`, () =>
      Effect.gen(function*() {
        const options = yield* store as Effect.Effect<EngineOptions, never, Scope.Scope>
        const { fill, ids, on, profile, user } = yield* world({}, options)
        yield* fill(0, 9)
        const { next } = yield* on(user.page(undefined, 2))
        for (const cursor of ["", "x", "~", `${next}~${next}~`.replace("~", "~\ud800"), next.replace("~", "~~")]) {
          assert.deepInclude(yield* refusedWith(user, cursor, on), { _tag: "CursorRefused", family: "user" }, cursor)
        }
        assert.deepInclude(yield* refusedWith(profile, next, on), { family: "profile", why: "another family" })
        assert.lengthOf((yield* on(user.page(next, 1))).entries.concat([0]).slice(0, 1), 1)
        assert.lengthOf(yield* ids(user), 9, "nothing is lost")
      }))
  }

  it.effect("a cursor of memory is refused after a restart, also over a file, and a cursor of a file alone goes on", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const file = LmdbStore.layer({ path, durability: "process" })
      const arrangements = [
        [MemoryStore.layer({ capacity: 100 }), "restarted"],
        [TieredStore.layer([MemoryStore.layer({ capacity: 100 }), file]), "restarted"],
        [file, undefined]
      ] as const
      for (const [store, why] of arrangements) {
        const first = yield* Scope.make()
        const before = yield* Scope.provide(world({}, { store }), first)
        yield* before.fill(0, 10)
        const page = yield* before.on(before.user.page(undefined, 4))
        yield* Scope.close(first, Exit.void)
        const second = yield* Scope.make()
        const { on, user } = yield* Scope.provide(world({}, { store }), second)
        const exit = yield* Effect.exit(on(user.page(page.next, 100)))
        if (why === undefined) {
          assert.isTrue(Exit.isSuccess(exit))
          const rest = Exit.isSuccess(exit) ? exit.value.entries : []
          assert.sameMembers([...page.entries, ...rest].map(({ params }: any) => params.id), numbers(10))
        } else assert.deepInclude(yield* refusedWith(user, page.next, on), { _tag: "CursorRefused", why })
        yield* Scope.close(second, Exit.void)
      }
    }))

  it.effect("a cursor is refused when more has left memory since than is remembered, and a new scan goes through", () =>
    Effect.gen(function*() {
      const { ids, on, user } = yield* world({}, yield* through("through", 10))
      yield* on(user.setMany(numbers(20).map((id) => [{ id }, id])))
      const { next } = yield* on(user.page(undefined, 2))
      const some = numbers(1_000).map((id) => [{ id: `other ${id}` }, 1])
      for (let round = 0; round < 140; round++) yield* on(user.setMany(some))
      assert.deepInclude(yield* refusedWith(user, next, on), { _tag: "CursorRefused", why: "overtaken" })
      assert.includeMembers(yield* ids(user), numbers(20))
    }))

  it.effect("a cursor is refused when another engine that pushes down to the same place starts or stops, and says so", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const layer = () =>
        TieredStore.layer([MemoryStore.layer({ capacity: 4 }), LmdbStore.layer({ path, durability: "process" })], {
          set: "onEviction"
        })
      const { fill, ids, on, user } = yield* world({}, { store: layer() })
      yield* fill(0, 10)
      const first = yield* on(user.page(undefined, 2))
      const other = yield* Scope.make()
      yield* Scope.provide(world({}, { store: layer() }), other)
      assert.deepInclude(yield* refusedWith(user, first.next, on), { _tag: "CursorRefused", why: "other engines" })
      const second = yield* on(user.page(undefined, 2))
      yield* Scope.close(other, Exit.void)
      const error: any = yield* Effect.flip(on(user.page(second.next, 2)))
      assert.match(error.message, /another engine .* has started or stopped .*; help: begin the scan again/)
      assert.sameMembers(yield* ids(user), numbers(10))
    }))
})

describe("caller who may not list keys", () => {
  it.effect("a sensitive family is refused, since its keys are secrets, and may be counted", () =>
    Effect.gen(function*() {
      const { on, token } = yield* world()
      yield* on(token.set({ id: "secret" }, 1))
      for (const work of [token.page(undefined, 1), token.sample(1), Stream.runDrain(token.keys())]) {
        const reason = cacheReasonOf(yield* Effect.flip(on(work)))
        assert.deepInclude(reason, { _tag: "NotIterable", family: "token", why: "sensitive" })
      }
      assert.strictEqual(yield* on(token.count()), 1)
    }))

  it.effect("a scan fails when the owner leaves, and so does its stream", () =>
    Effect.gen(function*() {
      const { cache, fill, on, user } = yield* world()
      yield* fill(0, 600)
      const { next } = yield* on(user.page(undefined, 1))
      const drained = Stream.runForEach(user.keys() as Stream.Stream<unknown>, () =>
        Effect.sync(() => cache.families.get("user")!.disown()))
      assert.strictEqual(cacheReasonOf(yield* Effect.flip(on(drained)))._tag, "Unowned")
      for (const work of [user.page(next, 1), user.page(undefined, 1), user.sample(1), user.count()]) {
        assert.strictEqual(cacheReasonOf(yield* Effect.flip(on(work)))._tag, "Unowned")
      }
    }))

  it.effect("a family over a tier without pages is refused, and a store without memory draws no samples", () =>
    Effect.gen(function*() {
      const without = changed(mapStore({ place: makePlace() }), () => ({ page: undefined }))
      const bare = yield* world({}, { store: Layer.succeed(Store, without) })
      const tiered = yield* world({}, {
        store: Layer.effect(
          Store,
          Effect.map(MemoryStore.make({ capacity: 9 }), (hot) => TieredStore.make([hot, without]))
        )
      })
      for (const { fill, on, user } of [bare, tiered]) {
        yield* fill(0, 3)
        const reason = cacheReasonOf(yield* Effect.flip(on(user.page(undefined, 1))))
        assert.deepInclude(reason, { _tag: "NotIterable", family: "user", why: "tier" })
        assert.isTrue(yield* on(user.has({ id: "1" })))
      }
      const noMemory = cacheReasonOf(yield* Effect.flip(bare.on(bare.user.sample(1))))
      assert.deepInclude(noMemory, { _tag: "NotIterable", why: "no memory" })
      assert.lengthOf(yield* tiered.on(tiered.user.sample(3)), 3)
    }))

  it.effect("a tier that fails fails the page, and the same cursor goes on when it works again", () =>
    Effect.gen(function*() {
      const { faults, options } = yield* tiers(
        [{ fault: { kind: "fail" }, operations: ["page"], nth: 2 }],
        { capacity: 3 }
      )
      const { fill, on, user } = yield* world({}, options)
      yield* fill(0, 10)
      const first = yield* on(user.page(undefined, 4))
      assert.strictEqual(cacheReasonOf(yield* Effect.flip(on(user.page(first.next, 4))))._tag, "StoreFailed")
      const seen = first.entries.map(({ params }: Shown) => params.id)
      let cursor = first.next
      while (cursor !== undefined) {
        const page = yield* on(user.page(cursor, 4))
        for (const { params } of page.entries) seen.push(params.id)
        cursor = page.next
      }
      assert.includeMembers(seen, numbers(10))
      assert.lengthOf(yield* faults.injected, 1)
    }))
})

describe("sample", () => {
  it.effect("each key in memory has the same chance, however the shards are filled, and Random draws", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world({}, { shards: 8 })
      yield* on(user.setMany(numbers(20).map((id) => [{ id }, id])))
      yield* on(user.deleteMany(numbers(10).map((id) => ({ id }))))
      yield* on(user.invalidate({ id: "10" }))
      const draws = 9_000
      const counts = new Map<string, number>()
      const draw = Effect.gen(function*() {
        const drawn: Array<string> = []
        for (let n = 0; n < draws; n++) drawn.push((yield* on(user.sample(1)))[0].id)
        return drawn
      })
      const drawn = yield* Random.withSeed(draw, 1)
      for (const id of drawn) counts.set(id, (counts.get(id) ?? 0) + 1)
      assert.sameMembers(Array.from(counts.keys()), numbers(20).slice(11))
      for (const [id, count] of counts) assert.closeTo(count, draws / 9, 150, id)
      assert.deepStrictEqual(yield* Random.withSeed(draw, 1), drawn)
    }))

  it.effect("a sample answers no key twice, and ends where there are fewer keys than it is asked for", () =>
    Effect.gen(function*() {
      const { fill, on, user } = yield* world()
      assert.deepStrictEqual(yield* on(user.sample(5)), [])
      yield* fill(0, 3)
      const all = yield* on(user.sample(10_000))
      assert.sameMembers(all.map(({ id }: { id: string }) => id), numbers(3))
    }))
})
