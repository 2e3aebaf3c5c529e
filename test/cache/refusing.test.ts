/**
 * A store that refuses evicts nothing: a write beyond its bound fails, whichever operation makes it, and changes
 * nothing. What a lookup brings beyond the bound is answered, and not stored. What no read may serve takes no room.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { cacheReasonOf } from "../support/effects.ts"
import { checkInvariants, engine } from "../support/engine.ts"
import { mapStore } from "../support/mapStore.ts"

const weigher = (_: string, value: unknown) => typeof value === "number" ? value : 1

const world = (
  size: MemoryStore.Size = { capacity: 3 },
  store: Layer.Layer<Store, any> = MemoryStore.layer({ ...size, eviction: "refuse" }),
  own: FamilyPolicy = {}
) =>
  Effect.gen(function*() {
    const running = yield* engine(
      {
        families: {
          user: {
            pattern: "user:{id}",
            weigher,
            ...own
          },
          note: { pattern: "note:{id}" },
          page: { pattern: "page:{id}:{n}", derives: ["note:{id}"], fanout: true, weigher, ...own }
        }
      },
      (about) => Effect.succeed(`loaded ${about.key}`),
      { store }
    )
    const { note, page, user } = running.app.keys
    const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
    const writer = yield* on<any>(user.writer)
    const full = running.cache.families.get("user")!
    return { ...running, running, note, page, user, on, writer, count: () => full.hot!.count }
  })

const assertFull = (error: unknown): void => {
  const reason = cacheReasonOf(error)
  assert.ok(reason._tag === "StoreFailed" && reason.error.reason._tag === "TierFull", String(error))
}

/** A database that commits what the body has done. */
const committing = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.tap(body, Effect.die("it was committed"))

type World = Effect.Success<ReturnType<typeof world>>

const fill = ({ on, user }: World) => Effect.forEach(["1", "2", "3"], (id) => on(user.set({ id }, "old")))

describe("a store that refuses", () => {
  const writes: {
    readonly [name: string]: (of: World) => Effect.Effect<unknown, unknown>
  } = {
    "set": ({ on, user }) => on(user.set({ id: "4" }, "new")),
    "set of another family": ({ note, on }) => on(note.set({ id: "4" }, "new")),
    "set with options": ({ on, user }) => on(user.set({ id: "4" }, "new", { timeToLive: "1 hour", tags: ["a"] })),
    "set on a condition": ({ on, user }) => on(user.set({ id: "4" }, "new", { ifVersion: null })),
    "setMany": ({ on, user }) => on(user.setMany([[{ id: "1" }, "new"], [{ id: "4" }, "new"]])),
    "setIfAbsent": ({ on, user }) => on(user.setIfAbsent({ id: "4" }, "new")),
    "setUnsafe": ({ writer }) =>
      Effect.try({ try: () => writer.setUnsafe({ id: "4" }, "new"), catch: (error) => error }),
    "batch": ({ app, note, on, user }) =>
      on(app.batch([note.setting({ id: "1" }, "new"), user.setting({ id: "4" }, "new")])),
    "transaction": ({ app, on, user }) => on(app.transaction(committing)(user.set({ id: "4" }, "new"))),
    "update of what is not held": ({ on, user }) => on(user.update({ id: "4" }, () => "new"))
  }
  const bounds = {
    "the bound of the store": () => world(),
    "the bound of the family": () => world({ capacity: 100 }, undefined, { capacity: 3 })
  }
  const cases = Object.entries(bounds).flatMap(([bound, make]) =>
    Object.entries(writes)
      // Another family has room where the bound is not that of the store.
      .filter(([name]) => bound === "the bound of the store" || name !== "set of another family")
      .map(([name, write]) => ({ bound, make, name, write }))
  )
  for (const { bound, make, name, write } of cases) {
    it.effect(`a store refuses a ${name} beyond ${bound}, and nothing changes`, () =>
      Effect.gen(function*() {
        const of = yield* make()
        yield* fill(of)
        assertFull(yield* Effect.flip(write(of)))
        for (const id of ["1", "2", "3"]) assert.strictEqual(of.writer.getUnsafe({ id }), "old")
        assert.strictEqual(of.count(), 3)
        checkInvariants(of.running)
      }))
  }

  const searchers: { readonly [name: string]: (of: World) => Effect.Effect<unknown, unknown> } = {
    ...writes,
    "transaction": ({ app, on, user }) => on(app.transaction((body) => body)(user.set({ id: "4" }, "new"))),
    "patch": ({ on, user }) => on(user.patch({ id: "0" }, () => 2))
  }
  const atOnce = new Set(["setUnsafe", "set of another family", "update of what is not held", "setMany"])
  for (const [name, write] of Object.entries(searchers).filter(([name]) => !atOnce.has(name))) {
    it.effect(`a ${name} finds the only hidden entry among many, and other work runs in the meantime`, () =>
      Effect.gen(function*() {
        const size = 5_000
        const of = yield* world({ weightMax: size })
        const { note, on, user } = of
        yield* on(user.setMany(Array.from({ length: size - 2 }, (_, i) => [{ id: `old ${i}` }, "old"])))
        yield* on(user.set({ id: "0" }, 1))
        yield* on(note.set({ id: "hidden" }, "old", { tags: ["hidden"] }))
        assertFull(yield* Effect.flip(on(note.set({ id: "new" }, "new"))))
        yield* on(note.invalidateTag("hidden"))
        // A batch writes a second value.
        if (name === "batch") yield* on(user.delete({ id: "0" }))
        let turns = 0
        const other = Effect.forever(Effect.andThen(Effect.sync(() => turns++), Effect.yieldNow))
        yield* Effect.forkScoped(other)
        yield* Effect.yieldNow
        const before = turns
        yield* write(of)
        assert.isAtLeast(turns - before, 2)
        assertFull(yield* Effect.flip(on(note.set({ id: "newest" }, "new"))))
      }))
  }

  it.effect("a store takes a value in place of another one, and one in the place of what was deleted or has ended", () =>
    Effect.gen(function*() {
      const of = yield* world()
      const { on, user } = of
      yield* fill(of)
      yield* on(user.set({ id: "1" }, "new"))
      yield* on(user.setMany([[{ id: "2" }, "new"], [{ id: "2" }, "newer"]]))
      yield* on(user.delete({ id: "3" }))
      yield* on(user.set({ id: "4" }, "new", { timeToLive: 10 }))
      yield* TestClock.adjust(10)
      yield* on(user.set({ id: "5" }, "new"))
      yield* on(user.invalidateAll())
      yield* on(user.setMany(["6", "7", "8"].map((id) => [{ id }, "new"])))
      assert.deepStrictEqual(["6", "7", "8"].map((id) => of.writer.getUnsafe({ id })), ["new", "new", "new"])
    }))

  it.effect("a store refuses a heavier value in place of a light one", () =>
    Effect.gen(function*() {
      const { on, user, writer } = yield* world({ weightMax: 10 })
      yield* on(user.set({ id: "1" }, 5))
      yield* on(user.set({ id: "2" }, 4))
      assertFull(yield* Effect.flip(on(user.set({ id: "2" }, 6))))
      assertFull(yield* Effect.flip(on(user.patch({ id: "2" }, () => 6))))
      assertFull(yield* Effect.flip(on(user.update({ id: "2" }, () => 6))))
      assert.strictEqual(writer.getUnsafe({ id: "2" }), 4)
      yield* on(user.set({ id: "2" }, 5))
    }))

  it.effect("a read answers what a lookup brings beyond the bound, and keeps what it has", () =>
    Effect.gen(function*() {
      const of = yield* world()
      yield* fill(of)
      assert.strictEqual(yield* of.on(of.user.get({ id: "4" })), "loaded user:4")
      assert.strictEqual(of.writer.getUnsafe({ id: "4" }), undefined)
      assert.strictEqual(of.count(), 3)
    }))

  for (const set of ["through", "onEviction"] as const) {
    it.effect(`memory over a lower tier admits no further value, and the lower tier has it with \`${set}\``, () =>
      Effect.gen(function*() {
        const store = Layer.effect(
          Store,
          Effect.map(
            MemoryStore.make({ capacity: 3, eviction: "refuse" }),
            (memory) => TieredStore.make([memory, mapStore({ name: "cold" })], { set })
          )
        ) as Layer.Layer<Store, any>
        const of = yield* world(undefined, store)
        yield* fill(of)
        yield* of.on(of.user.set({ id: "4" }, "new"))
        assert.strictEqual((yield* of.on<any>(of.user.getOption({ id: "4" }))).value, "new")
      }))
  }

  const endings: { readonly [name: string]: (of: World) => Effect.Effect<unknown, unknown> } = {
    "a tag": ({ on, user }) => on(user.invalidateTag("all")),
    "a mark on a part of the family": ({ on, page }) => on(page.invalidateWhere({ id: "1" })),
    "a change of the source": ({ note, on }) => on(note.set({ id: "1" }, "new")),
    "a mark that makes stale": ({ on, user }) => on(user.invalidateAll({ mode: "markStale" })),
    "a mark on the whole family": ({ on, user }) => on(user.invalidateAll())
  }
  const inPages = new Set(["a mark on a part of the family", "a change of the source"])
  const rooms = {
    "the store": () => world({ capacity: 21 }),
    "the family": () => world({ capacity: 100 }, undefined, { capacity: 20 })
  }
  for (const [ending, end] of Object.entries(endings)) {
    for (const [room, make] of Object.entries(rooms)) {
      it.effect(`entries that ${ending} hides take no room of ${room}`, () =>
        Effect.gen(function*() {
          const of = yield* make()
          const { note, on, page, user } = of
          const family = inPages.has(ending) ? page : user
          const write = (n: number, id: string) =>
            on(family.set(family === page ? { id, n } : { id: `${id}.${n}` }, "old", { tags: ["all"] }))
          yield* on(note.set({ id: "1" }, "old"))
          for (let n = 0; n < 20; n++) yield* write(n, "1")
          assertFull(yield* Effect.flip(write(0, "2")))
          yield* end(of)
          for (let n = 0; n < 20; n++) yield* write(n, "2")
          assertFull(yield* Effect.flip(write(20, "2")))
          checkInvariants(of.running)
        }))
    }

    it.effect(`entries that ${ending} hides take no room from another family, nor from what lookups bring`, () =>
      Effect.gen(function*() {
        const of = yield* world({ capacity: 4 })
        const { note, on, page, user, writer } = of
        yield* on(note.set({ id: "1" }, "old"))
        for (let n = 0; n < 3; n++) {
          yield* on(
            inPages.has(ending) ? page.set({ id: "1", n }, "old") : user.set({ id: n }, "old", { tags: ["all"] })
          )
        }
        assertFull(yield* Effect.flip(on(note.set({ id: "2" }, "old"))))
        yield* end(of)
        yield* on(note.set({ id: "2" }, "new"))
        yield* on(user.get({ id: "4" }))
        yield* on(user.get({ id: "5" }))
        assert.deepStrictEqual(["4", "5"].map((id) => writer.getUnsafe({ id })), ["loaded user:4", "loaded user:5"])
        assertFull(yield* Effect.flip(on(note.set({ id: "3" }, "old"))))
      }))
  }

  it.effect("a stale entry that may still be served keeps its room for that time", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world(undefined, undefined, { staleIfError: "1 minute" })
      for (const id of ["1", "2", "3"]) yield* on(user.set({ id }, "old"))
      yield* TestClock.adjust("10 seconds")
      yield* on(user.invalidateAll({ mode: "markStale" }))
      yield* TestClock.adjust("59 seconds")
      assertFull(yield* Effect.flip(on(user.set({ id: "4" }, "new"))))
      yield* TestClock.adjust("1 second")
      for (const id of ["4", "5", "6"]) yield* on(user.set({ id }, "new"))
      assertFull(yield* Effect.flip(on(user.set({ id: "7" }, "new"))))
    }))

  for (const ending of ["time", "a mark"]) {
    it.effect(`a store does not count the weight of an entry twice that ${ending} has ended`, () =>
      Effect.gen(function*() {
        const { on, user, writer } = yield* world({ weightMax: 10 })
        yield* on(user.set({ id: "1" }, 5, ending === "time" ? { timeToLive: 10 } : { tags: ["all"] }))
        yield* on(user.set({ id: "2" }, 5))
        if (ending === "time") yield* TestClock.adjust(10)
        else yield* on(user.invalidateTag("all"))
        // At once, so that nothing is freed before the step of the write.
        const write = Effect.try({ try: () => writer.setUnsafe({ id: "1" }, 6), catch: (error) => error })
        assertFull(yield* Effect.flip(write))
        assertFull(yield* Effect.flip(on(user.set({ id: "1" }, 6))))
        yield* on(user.set({ id: "1" }, 5))
        assert.deepStrictEqual(["1", "2"].map((id) => writer.getUnsafe({ id })), [5, 5])
      }))
  }

  it("a store that takes several values loses none of them, whatever their order, families and weights", () => {
    const write = fc.record({
      at: fc.constantFrom("user", "page"),
      id: fc.constantFrom("0", "1", "2"),
      weight: fc.integer({ min: 0, max: 7 })
    })
    return fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(write, { minLength: 1, maxLength: 5 }), { maxLength: 12 }),
        (batches) =>
          Effect.runPromise(
            Effect.scoped(Effect.gen(function*() {
              const { app, on, page, running, user } = yield* world({ weightMax: 12 })
              const model = new Map<string, number>()
              for (const batch of batches) {
                const exit = yield* Effect.exit(on(app.batch(batch.map(({ at, id, weight }) => {
                  const family = at === "user" ? user : page
                  const key = at === "user" ? { id } : { id, n: 1 }
                  return weight === 0 ? family.deleting(key) : family.setting(key, weight)
                }))))
                if (exit._tag === "Success") {
                  for (const { at, id, weight } of batch) {
                    if (weight === 0) model.delete(at + id)
                    else model.set(at + id, weight)
                  }
                }
                for (const at of ["user", "page"]) {
                  for (const id of ["0", "1", "2"]) {
                    const held: any = yield* on(at === "user" ? user.getOption({ id }) : page.getOption({ id, n: 1 }))
                    assert.strictEqual(held.value, model.get(at + id))
                  }
                }
              }
              checkInvariants(running)
            })).pipe(Effect.provide(TestClock.layer()))
          )
      ),
      { numRuns: 200 }
    )
  })

  const outcomes: {
    readonly [name: string]: (
      meanwhile: Effect.Effect<void>
    ) => <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.Effect<A, E | "rolled back", R>
  } = {
    "is committed": (meanwhile) => (body) => Effect.tap(body, meanwhile),
    "is rolled back": (meanwhile) => (body) =>
      Effect.andThen(Effect.tap(body, meanwhile), Effect.fail("rolled back" as const)),
    "is run again": (meanwhile) => (body) => Effect.andThen(body, Effect.tap(body, meanwhile))
  }
  for (const [outcome, make] of Object.entries(outcomes)) {
    it.effect(`what a transaction has sealed keeps its room until it ${outcome}`, () =>
      Effect.gen(function*() {
        const { app, count, on, running, user, writer } = yield* world()
        yield* on(user.set({ id: "1" }, "old"))
        const meanwhile = Effect.gen(function*() {
          assertFull(yield* Effect.flip(on(user.setMany(["4", "5"].map((id) => [{ id }, "new"])))))
          yield* on(user.set({ id: "4" }, "new"))
          assert.strictEqual(yield* on(user.get({ id: "5" })), "loaded user:5")
          assert.strictEqual(writer.getUnsafe({ id: "5" }), undefined)
          checkInvariants(running)
        })
        const body = on(user.setMany(["1", "2"].map((id) => [{ id }, "of the transaction"])))
        const outside = Effect.provideContext(meanwhile, running.context) as Effect.Effect<void>
        const exit = yield* Effect.exit(on(app.transaction(make(outside))(body)))
        assert.strictEqual(exit._tag === "Success", outcome !== "is rolled back", String(exit))
        const isWritten = outcome === "is committed"
        const held = ["1", "2", "4"].map((id) => writer.getUnsafe({ id }))
        const own = isWritten ? "of the transaction" : undefined
        assert.deepStrictEqual(held, [own, own, "new"])
        assert.strictEqual(count(), isWritten ? 3 : 1)
        if (!isWritten) yield* on(user.setMany(["5", "6"].map((id) => [{ id }, "new"])))
        assertFull(yield* Effect.flip(on(user.set({ id: "7" }, "new"))))
        checkInvariants(running)
      }))
  }

  it("a store never holds more than its bound, and never loses what it has taken", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("0", "1", "2", "3", "4", "5"), fc.integer({ min: -1, max: 6 })), {
          maxLength: 60
        }),
        (steps) =>
          Effect.runPromise(
            Effect.scoped(Effect.gen(function*() {
              const { on, running, user, writer } = yield* world({ weightMax: 12 })
              const model = new Map<string, number>()
              for (const [id, weight] of steps) {
                const tag = Number(id) % 2 === 0 ? "even" : "odd"
                if (weight === -1) {
                  yield* on(user.invalidateTag(tag))
                  for (const key of model.keys()) if (Number(key) % 2 === Number(id) % 2) model.delete(key)
                  continue
                }
                if (weight === 0) {
                  yield* on(user.delete({ id }))
                  model.delete(id)
                  continue
                }
                const others = [...model].reduce((sum, [key, own]) => key === id ? sum : sum + own, 0)
                const exit = yield* Effect.exit(on(user.set({ id }, weight, { tags: [tag] })))
                assert.strictEqual(exit._tag === "Success", others + weight <= 12)
                if (exit._tag === "Success") model.set(id, weight)
                for (const [key, value] of model) assert.strictEqual(writer.getUnsafe({ id: key }), value)
              }
              checkInvariants(running)
            })).pipe(Effect.provide(TestClock.layer()))
          )
      ),
      { numRuns: 100 }
    ))
})
