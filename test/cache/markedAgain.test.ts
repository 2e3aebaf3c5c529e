/**
 * A key is marked stale again while its renewal runs: readers still get the stale value that the stale rules allow,
 * unless a reader has got the refused value of the renewal, which is newer.
 */
import { assert, describe, it } from "@effect/vitest"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { fork, settle } from "../support/effects.ts"
import { mapLayer } from "../support/mapStore.ts"
import { family } from "../support/source.ts"

const stores = {
  memory: () => MemoryStore.layer({ capacity: 100 }),
  "a lower tier alone": () => mapLayer(),
  through: () => TieredStore.layer([MemoryStore.layer({ capacity: 100 }), mapLayer()]),
  "on eviction": () => TieredStore.layer([MemoryStore.layer({ capacity: 100 }), mapLayer()], { set: "onEviction" })
}

const id = { id: "1" }
const policy = { timeToLive: "1 hour", staleWhileRevalidate: "1 hour" } as const
const pass = (millis: number) => Effect.andThen(TestClock.adjust(millis), settle)

const marks: { readonly [mark: string]: (user: any, mode: string) => Effect.Effect<unknown, unknown, any> } = {
  key: (user, mode) => user.invalidate(id, { mode }),
  slice: (user, mode) => user.invalidateWhere(id, { mode }),
  family: (user, mode) => user.invalidateAll({ mode }),
  tag: (user, mode) => user.invalidateTag("a", { mode })
}

/** Readers who get the value of a load that runs. */
const seers: { readonly [seer: string]: (user: any) => unknown } = {
  "a refresh": (user) => user.refresh(id),
  "a reader of nothing stale": (user) => user.get(id, { stale: "refuse" })
}

/** A renewal takes five seconds, and begins at once; the data source changes with each mark. */
const world = (store: keyof typeof stores, rules: FamilyPolicy = policy) =>
  Effect.gen(function*() {
    const source = { row: 0 }
    const { get, on, set, source: lookups, user } = yield* family(
      rules,
      () => Effect.suspend(() => Effect.delay(Effect.succeed(source.row), 5_000)),
      { store: stores[store]() }
    )
    yield* set(0, { tags: ["a"] })
    const mark = (how: string, mode: string) => {
      source.row++
      return on(marks[how]!(user, mode))
    }
    /** What a reader gets without waiting. */
    const read = Effect.gen(function*() {
      const reader = yield* fork(Effect.exit(get))
      yield* settle
      const exit = reader.pollUnsafe()
      return exit === undefined ? "waits" : (exit as any).value.value
    })
    /** What a reader gets in this time. */
    const waited = (millis: number) =>
      Effect.gen(function*() {
        const reader = yield* fork(Effect.exit(get))
        yield* pass(millis)
        const exit = reader.pollUnsafe()
        return exit === undefined ? "waits" : (exit as any).value.value
      })
    return { lookups, mark, on, read, user, waited }
  })

describe("a key that is marked stale again while its renewal runs", () => {
  for (const store of Object.keys(stores) as ReadonlyArray<keyof typeof stores>) {
    for (const how of Object.keys(marks)) {
      it.effect(`readers get the stale value until a renewal is kept, ${how}, over ${store}`, () =>
        Effect.gen(function*() {
          const { mark, read } = yield* world(store)
          yield* mark(how, "markStale")
          assert.strictEqual(yield* read, 0)
          yield* pass(3_000)
          yield* mark(how, "markStale")
          for (let second = 3; second < 8; second++) {
            assert.strictEqual(yield* read, 0, `after ${second} s`)
            yield* pass(1_000)
          }
          // The renewal that the second mark let begin.
          yield* pass(5_000)
          assert.strictEqual(yield* read, 2)
        }))

      it.effect(`no reader gets the stale value after a mark that hides, ${how}, over ${store}`, () =>
        Effect.gen(function*() {
          const { mark, read } = yield* world(store)
          yield* mark(how, "markStale")
          assert.strictEqual(yield* read, 0)
          yield* pass(3_000)
          yield* mark(how, "hide")
          yield* mark(how, "markStale")
          for (let second = 3; second < 8; second++) {
            assert.strictEqual(yield* read, "waits", `after ${second} s`)
            yield* pass(1_000)
          }
          yield* pass(5_000)
          assert.strictEqual(yield* read, 3)
        }))
    }

    for (const [seer, see] of Object.entries(seers)) {
      it.effect(`no reader gets a value that is older than what ${seer} has got, over ${store}`, () =>
        Effect.gen(function*() {
          const { mark, on, read, user } = yield* world(store)
          yield* mark("key", "markStale")
          const seen = yield* fork(on<number>(see(user)))
          yield* settle
          yield* pass(3_000)
          yield* mark("key", "markStale")
          yield* pass(2_000)
          assert.strictEqual(yield* Fiber.join(seen), 1)
          assert.strictEqual(yield* read, "waits")
          yield* pass(5_000)
          assert.strictEqual(yield* read, 2)
        }))
    }

    it.effect(`readers who were answered after a soft timeout have seen nothing newer, over ${store}`, () =>
      Effect.gen(function*() {
        const { mark, read, waited } = yield* world(store, {
          timeToLive: "1 hour",
          staleIfError: "1 hour",
          softTimeout: 100
        })
        yield* mark("key", "markStale")
        assert.strictEqual(yield* waited(100), 0)
        yield* pass(2_900)
        yield* mark("key", "markStale")
        assert.strictEqual(yield* waited(100), 0)
        yield* pass(2_000)
        assert.strictEqual(yield* waited(100), 0)
        yield* pass(5_000)
        assert.strictEqual(yield* read, 2)
      }))
  }
})
