/**
 * A caller may give any iterable as a list, even an iterator, which can be read only once. The operation may still run
 * again.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { user, users } from "../support/users.ts"

const live = (loaded: Array<string> = []) =>
  users({ name: (id) => Effect.sync(() => (loaded.push(id), `loaded ${id}`)) }).pipe(
    Layer.provideMerge(MemoryStore.layer({ capacity: 100 }))
  )

describe("item of a list that is not a pair", () => {
  it.effect("setMany refuses an item that is not a pair, and sets no other item", () =>
    Effect.gen(function*() {
      for (const item of [[{ id: "2" }], [], [{ id: "2" }, "b", { tags: ["t"] }], "pair", undefined]) {
        const untyped: any = [[{ id: "1" }, "a"], item]
        const error = yield* Effect.flip(user.setMany(untyped))
        assert.include(error.message, "item 1 is not an entry of `user:{id}`")
        assert.isTrue(Option.isNone(yield* user.getOption({ id: "1" })))
      }
    }).pipe(Effect.provide(live())))

  it.effect("setMany keeps a value that is undefined", () =>
    Effect.gen(function*() {
      const untyped: any = [[{ id: "1" }, undefined]]
      yield* user.setMany(untyped)
      assert.deepStrictEqual(yield* user.getOption({ id: "1" }), Option.some<any>(undefined))
    }).pipe(Effect.provide(live())))
})

const ids = () => ["1", "2"].map((id) => ({ id })).values()
const values = Effect.map(
  Effect.forEach(["1", "2"], (id) => user.getOption({ id })),
  (found) => found.map(Option.getOrUndefined)
)

describe("operation that runs twice with one iterator", () => {
  it.effect("setMany that runs twice with one iterator sets all values again", () =>
    Effect.gen(function*() {
      const set = user.setMany(ids().map((params) => [params, "set"] as const))
      yield* set
      yield* user.invalidateAll()
      yield* set
      assert.deepStrictEqual(yield* values, ["set", "set"])
    }).pipe(Effect.provide(live())))

  it.effect("deleteMany that runs twice with one iterator deletes all keys again", () =>
    Effect.gen(function*() {
      const untyped: any = ids()
      const remove = user.deleteMany(untyped)
      yield* remove
      yield* user.setMany([[{ id: "1" }, "a"], [{ id: "2" }, "b"]])
      yield* remove
      assert.deepStrictEqual(yield* values, [undefined, undefined])
    }).pipe(Effect.provide(live())))

  it.effect("getMany and warm that run twice with one iterator load all keys again", () =>
    Effect.gen(function*() {
      const untyped: any = ids()
      const get = user.getMany(untyped)
      yield* get
      assert.deepStrictEqual(yield* get, ["loaded 1", "loaded 2"])
      const warm = user.warm(ids())
      yield* user.invalidateAll()
      assert.strictEqual(yield* warm, 2)
      yield* user.invalidateAll()
      assert.strictEqual(yield* warm, 2)
    }).pipe(Effect.provide(live())))
})
