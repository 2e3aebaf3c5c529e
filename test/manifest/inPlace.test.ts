/**
 * An operation that is done where it is evaluated keeps what the run loop of Effect promises: a fiber lets others run,
 * an interrupted fiber does nothing more, and an operation acts each time that it runs.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

class InPlace extends Manifest.Service<InPlace>()("test/InPlace", {
  families: { count: { pattern: "count:{id}", value: Manifest.type<number>() } }
}) {}

const { count } = InPlace.keys
const Live = Layer.provide(
  InPlace.modules({ count: InPlace.owner("count", {}) }),
  MemoryStore.layer({ capacity: 10 })
)
const Roomy = Layer.provide(
  InPlace.modules({ count: InPlace.owner("count", {}) }),
  MemoryStore.layer({ capacity: 1_000 })
)
const id = { id: "1" }

describe("an operation in place", () => {
  for (
    const [name, operation] of [
      ["set", count.set(id, 1)],
      ["getOption", count.getOption(id)],
      ["batch", InPlace.batch([count.setting(id, 1)])]
    ] as const
  ) {
    it.effect(`a loop of ${name} lets other fibers run as often as the run loop does`, () =>
      Effect.gen(function*() {
        const state = { isOver: false }
        let turns = 0
        const loop = Effect.gen(function*() {
          for (let i = 0; i < 20_000; i++) yield* operation
          state.isOver = true
        })
        const other = Effect.gen(function*() {
          while (!state.isOver) {
            turns++
            yield* Effect.yieldNow
          }
        })
        yield* Effect.all([loop, other], { concurrency: "unbounded" })
        // The scheduler lets a fiber do 2,048 operations at a time.
        assert.isAtLeast(turns, 9)
      }).pipe(Effect.provide(Live)))
  }

  const many = Array.from({ length: 100 }, (_, n) => ({ id: `${n}` }))
  const lists: { readonly [name: string]: Effect.Effect<unknown, unknown, any> } = {
    setMany: count.setMany(many.map((key) => [key, 1])),
    deleteMany: count.deleteMany(many),
    batch: InPlace.batch(many.map((key) => count.setting(key, 1))),
    "getMany of hits": Effect.suspend(() => count.getMany(many)),
    getManyResults: count.getManyResults(many)
  }
  for (const [name, operation] of Object.entries(lists)) {
    it.effect(`a loop of operations on lists counts each key of a list, and lets other fibers run: ${name}`, () =>
      Effect.gen(function*() {
        yield* count.setMany(many.map((key) => [key, 1]))
        const state = { isOver: false }
        let done = 0
        let most = 0
        const loop = Effect.gen(function*() {
          for (let i = 0; i < 400; i++) {
            yield* operation
            done++
          }
          state.isOver = true
        })
        const other = Effect.gen(function*() {
          while (!state.isOver) {
            most = Math.max(most, done)
            done = 0
            yield* Effect.yieldNow
          }
        })
        yield* Effect.all([loop, other], { concurrency: "unbounded" })
        // The scheduler lets a fiber do 2,048 operations at a time.
        assert.isAtMost(most, 21)
        assert.isAtLeast(most, 1, "the other fiber has had turns")
      }).pipe(Effect.provide(Roomy)))
  }

  it.effect("a fiber that is interrupted while it runs writes nothing more", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.gen(function*() {
        yield* count.set(id, 1)
        Fiber.getCurrent()!.interruptUnsafe()
        yield* count.set(id, 2)
      }))
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.strictEqual(yield* count.get(id), 1)
    }).pipe(Effect.provide(Live)))

  it.effect("an update that need not wait leaves its turn, whether it succeeds, fails or throws", () =>
    Effect.gen(function*() {
      yield* count.set(id, 1)
      const failed = yield* Effect.exit(count.update(id, () => Effect.fail("no")))
      assert.isTrue(Exit.hasFails(failed))
      const thrown = yield* Effect.exit(count.update(id, () => {
        throw new Error("no")
      }))
      assert.isTrue(Exit.hasDies(thrown))
      for (let i = 0; i < 3; i++) yield* count.update(id, (was) => was + 1)
      const waited = count.update(id, (was) => Effect.as(Effect.yieldNow, was + 1))
      yield* Effect.all([waited, count.update(id, (was) => was + 1), waited], { concurrency: "unbounded" })
      assert.strictEqual(yield* Effect.timeout(count.get(id), "1 second"), 7)
    }).pipe(Effect.timeout("5 seconds"), Effect.provide(Live), TestClock.withLive))

  it.effect("an operation acts each time that it runs", () =>
    Effect.gen(function*() {
      const read = count.getOption(id)
      assert.deepStrictEqual((yield* read)._tag, "None")
      const write = count.set(id, 1)
      assert.deepStrictEqual((yield* read)._tag, "None")
      yield* write
      assert.deepStrictEqual((yield* read)._tag, "Some")
      yield* count.delete(id)
      yield* write
      assert.strictEqual(yield* count.get(id), 1)
    }).pipe(Effect.provide(Live)))

  it.effect("a failure and a defect are those of the operation", () =>
    Effect.gen(function*() {
      const refused = yield* Effect.flip(Effect.gen(function*() {
        yield* count.set({ id: "a:b" }, 1)
      }))
      assert.strictEqual((refused as { readonly reason: { readonly _tag: string } }).reason._tag, "InvalidKey")
      const unread = yield* Effect.flip(Effect.gen(function*() {
        yield* count.set({
          get id(): string {
            throw new Error("no id")
          }
        }, 1)
      }))
      assert.strictEqual((unread as { readonly reason: { readonly _tag: string } }).reason._tag, "InvalidKey")
      const thrown = yield* Effect.exit(Effect.gen(function*() {
        yield* count.set({ id: "1" }, 1)
        yield* count.update({ id: "1" }, () => {
          throw new Error("no number")
        })
      }))
      assert.isTrue(Exit.hasDies(thrown))
    }).pipe(Effect.provide(Live)))
})
