/**
 * A family with a bound of its own in memory: it pushes out none of the others, they push out none of it, and each
 * bound holds after each write.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { reasonOf } from "../support/effects.ts"
import { checkInvariants, engine } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"
import { mapStore } from "../support/mapStore.ts"
import { watch } from "../support/source.ts"

const weigher = (_: string, value: unknown) => typeof value === "number" ? value : 1

const world = (own: FamilyPolicy, store: Layer.Layer<Store, any> = MemoryStore.layer({ capacity: 3 })) =>
  Effect.gen(function*() {
    const families = { user: { pattern: "user:{id}", ...own }, note: { pattern: "note:{id}", ...written } }
    const running = yield* engine({ families }, (about) => Effect.succeed(`loaded ${about.key}`), { store })
    const { note, user } = running.app.keys
    const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
    const count = (family: string) => running.cache.families.get(family)!.hot!.count
    return { on, note, user, running, count }
  })

// A file keeps values with a Schema only.
const written: object = { value: Schema.String }

const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => ({ id: `${from + n}` }))

describe("family with a bound of its own", () => {
  it.effect("the family and the others push out their own entries only", () =>
    Effect.gen(function*() {
      const { count, note, on, running, user } = yield* world({ capacity: 5 })
      yield* Effect.forEach(ids(0, 5), (id) => on(user.set(id, "user")))
      yield* Effect.forEach(ids(0, 50), (id) => on(note.set(id, "note")))
      assert.deepStrictEqual([count("user"), count("note")], [5, 3])
      yield* Effect.forEach(ids(0, 50), (id) => on(user.set(id, "user")))
      assert.deepStrictEqual([count("user"), count("note")], [5, 3])
      const { note: notes, user: users } = running.cache.stats
      assert.deepStrictEqual([users!.evictions, notes!.evictions], [45, 47])
      checkInvariants(running)
    }))

  it.effect("a capacity counts entries in a store that weighs, and a weightMax weighs in a store that counts", () =>
    Effect.gen(function*() {
      const counted = yield* world(
        { capacity: 2, weigher: () => assert.fail("asked") },
        MemoryStore.layer({ weightMax: 9 })
      )
      yield* Effect.forEach(ids(0, 5), (id) => counted.on(counted.user.set(id, 7)))
      assert.strictEqual(counted.count("user"), 2)
      const weighed = yield* world({ weightMax: 10, weigher })
      yield* Effect.forEach(ids(0, 5), (id) => weighed.on(weighed.user.set(id, 4)))
      assert.strictEqual(weighed.count("user"), 2)
      // Heavier than the bound of the family.
      yield* weighed.on(weighed.user.set({ id: "9" }, 11))
      assert.isFalse(weighed.running.cache.families.get("user")!.hot!.look("9") !== undefined)
    }))

  it.effect("entries of the family end in time, and are freed", () =>
    Effect.gen(function*() {
      const { count, on, running, user } = yield* world({ capacity: 5, timeToLive: "1 minute" })
      const events = yield* watch(running.cache.events)
      yield* Effect.forEach(ids(0, 5), (id) => on(user.set(id, "user")))
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(count("user"), 0)
      yield* Effect.forEach(ids(0, 6), (id) => on(user.set(id, "user")))
      yield* TestClock.adjust(1)
      const causes = events.flatMap((event) => event._tag === "Removed" ? [event.cause] : [])
      assert.deepStrictEqual(causes, [...Array.from({ length: 5 }, () => "Expired"), "Evicted"])
    }))

  it.effect("what memory pushes out of the family is below, where the bound of the family does not count", () =>
    Effect.gen(function*() {
      for (const lower of [mapStore({ name: "below" }), yield* MemoryStore.make({ capacity: 1_000 })]) {
        const store = Layer.effect(
          Store,
          Effect.map(MemoryStore.make({ capacity: 3 }), (memory) => TieredStore.make([memory, lower]))
        )
        const { count, on, user } = yield* world({ capacity: 2 }, store)
        yield* Effect.forEach(ids(0, 20), (id) => on(user.set(id, id.id)))
        assert.strictEqual(count("user"), 2)
        const found: any = yield* on(user.getMany(ids(0, 20)))
        assert.deepStrictEqual(found, ids(0, 20).map(({ id }) => id))
      }
    }))

  it.effect("a store without memory refuses the bound, and says so", () =>
    Effect.gen(function*() {
      for (const bound of [{ capacity: 5 }, { weightMax: 5, weigher }]) {
        const path = yield* temporaryFolder
        const store = LmdbStore.layer({ path, durability: "process" })
        const error: any = yield* Effect.flip(Effect.asVoid(world({ ...bound, ...written }, store)))
        const [option] = Object.keys(bound)
        assert.deepInclude(error.reason, { _tag: "InvalidOption", family: "user", option })
        assert.match(error.message, /the store has no memory/)
      }
    }))

  it.effect("both bounds at once are refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.asVoid(world({ capacity: 5, weightMax: 5 })))
      assert.strictEqual(reasonOf(error), "InvalidOption")
    }))

  it.effect("an engine with another bound finds the store without the entries of the family, and its bound holds", () =>
    Effect.gen(function*() {
      const memory = yield* MemoryStore.make({ capacity: 10 })
      const store = Layer.succeed(Store, memory)
      for (const capacity of [undefined, 4, 2, undefined, 3]) {
        yield* Effect.scoped(Effect.gen(function*() {
          const { count, on, running, user } = yield* world({ capacity }, store)
          assert.strictEqual(count("user"), 0)
          yield* Effect.forEach(ids(0, 20), (id) => on(user.set(id, "user")))
          assert.strictEqual(count("user"), capacity ?? 10)
          checkInvariants(running)
        }))
      }
    }))

  it("all bounds hold after each write, whatever is written", () => {
    const write = fc.record({
      family: fc.constantFrom("user", "note"),
      id: fc.nat({ max: 30 }),
      value: fc.constantFrom(1, 2, 3, "deleted")
    })
    return fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom("lru", "adaptive", "s3Fifo", "refuse" as const),
        fc.array(write, { maxLength: 120 }),
        (weightMax, eviction, writes) =>
          Effect.runPromise(Effect.scoped(Effect.gen(function*() {
            const { count, on, running } = yield* world(
              { weightMax, weigher },
              MemoryStore.layer({ capacity: 4, eviction })
            )
            const held = new Map<string, number>()
            for (const { family, id, value } of writes) {
              const accessor = running.app.keys[family as "user"]
              const done = yield* Effect.exit(
                on(value === "deleted" ? accessor.delete({ id: `${id}` }) : accessor.set({ id: `${id}` }, value))
              )
              if (family === "user" && done._tag === "Success") {
                held.set(`${id}`, value === "deleted" ? 0 : Number(value))
              }
              const { hot } = running.cache.families.get("user")!
              const weight = [...held].reduce((sum, [key, each]) => sum + (hot!.look(key) === undefined ? 0 : each), 0)
              assert.isAtMost(weight, weightMax)
              assert.isAtMost(count("note"), 4)
            }
            checkInvariants(running)
          })))
      ),
      { numRuns: 60 }
    )
  })
})
