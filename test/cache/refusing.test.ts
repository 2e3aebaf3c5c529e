/**
 * A store that refuses evicts nothing: a write beyond its bound fails, whichever operation makes it, and changes
 * nothing. What a lookup brings beyond the bound is answered, and not stored.
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
            weigher: (_: string, value: unknown) => typeof value === "number" ? value : 1,
            ...own
          },
          note: { pattern: "note:{id}" }
        }
      },
      (about) => Effect.succeed(`loaded ${about.key}`),
      { store }
    )
    const { note, user } = running.app.keys
    const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
    const writer = yield* on<any>(user.writer)
    const full = running.cache.families.get("user")!
    return { ...running, running, note, user, on, writer, count: () => full.hot!.count }
  })

const assertFull = (error: unknown): void => {
  const reason = cacheReasonOf(error)
  assert.ok(reason._tag === "StoreFailed" && reason.error.reason._tag === "TierFull", String(error))
}

const fill = ({ on, user }: Effect.Success<ReturnType<typeof world>>) =>
  Effect.forEach(["1", "2", "3"], (id) => on(user.set({ id }, "old")))

describe("a store that refuses", () => {
  const writes: {
    readonly [name: string]: (of: Effect.Success<ReturnType<typeof world>>) => Effect.Effect<unknown, unknown>
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
    "update of what is not held": ({ on, user }) => on(user.update({ id: "4" }, () => "new"))
  }
  const bounds = {
    "its bound": () => world(),
    "the bound of the family": () => world({ capacity: 100 }, undefined, { capacity: 3 })
  }
  const cases = Object.entries(bounds).flatMap(([bound, make]) =>
    Object.entries(writes)
      // Another family has room where the bound is not that of the store.
      .filter(([name]) => bound === "its bound" || name !== "set of another family")
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

  it.effect("memory over a lower tier admits no further value, and the lower tier has it", () =>
    Effect.gen(function*() {
      const store = Layer.effect(
        Store,
        Effect.map(
          MemoryStore.make({ capacity: 3, eviction: "refuse" }),
          (memory) => TieredStore.make([memory, mapStore({ name: "cold" })])
        )
      ) as Layer.Layer<Store, any>
      const of = yield* world(undefined, store)
      yield* fill(of)
      yield* of.on(of.user.set({ id: "4" }, "new"))
      assert.strictEqual((yield* of.on<any>(of.user.getOption({ id: "4" }))).value, "new")
    }))

  it("a store never holds more than its bound, and never loses what it has taken", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("0", "1", "2", "3", "4", "5"), fc.integer({ min: 0, max: 6 })), {
          maxLength: 60
        }),
        (steps) =>
          Effect.runPromise(
            Effect.scoped(Effect.gen(function*() {
              const { on, running, user, writer } = yield* world({ weightMax: 12 })
              const model = new Map<string, number>()
              for (const [id, weight] of steps) {
                if (weight === 0) {
                  yield* on(user.delete({ id }))
                  model.delete(id)
                  continue
                }
                const others = [...model].reduce((sum, [key, own]) => key === id ? sum : sum + own, 0)
                const exit = yield* Effect.exit(on(user.set({ id }, weight)))
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
