/**
 * A reader or a listener may change each object that it gets, without types. The change touches no entry and no other
 * caller.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import type { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"
import { family } from "../support/source.ts"

class App extends Manifest.Service<App>()("HandedOut", {
  families: {
    a: { pattern: "a:{id}", value: Schema.String },
    b: { pattern: "b:{id}", value: Schema.String }
  }
}) {}
const { a, b } = App.keys

const memory = MemoryStore.layer({ capacity: 10 })
const stores: { readonly [arrangement: string]: (path: string) => Layer.Layer<Store, any> } = {
  memory: () => memory,
  "a file": (path) => LmdbStore.layer({ path, durability: "process" }),
  "memory over a file": (path) => TieredStore.layer([memory, LmdbStore.layer({ path, durability: "process" })])
}
const live = (store: Layer.Layer<Store, any>) =>
  App.modules({ a: App.owner("a"), b: App.owner("b") }).pipe(Layer.provide(store))

/** What a careless program does to a list. */
const spoil = (list: unknown): void => {
  const all = list as Array<string>
  for (const change of [() => all.push("hot"), () => all.length = 0, () => all[0] = "hot"]) {
    try {
      change()
    } catch (error) {
      assert.instanceOf(error, TypeError)
    }
  }
}

describe("tags of getAnswer", () => {
  for (const [arrangement, store] of Object.entries(stores)) {
    it.effect(`a change of the tags by a reader leaves the entry as it was: ${arrangement}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* Effect.provide(
          Effect.gen(function*() {
            const id = { id: "1" }
            const tags = ["t", "u"]
            yield* a.set(id, "tagged", { tags })
            yield* b.set(id, "tagged", { tags })
            yield* a.set({ id: "2" }, "plain")
            yield* b.set({ id: "2" }, "plain")
            for (const one of ["1", "2"]) {
              spoil((yield* a.getAnswer({ id: one })).tags)
              const option = yield* a.getAnswerOption({ id: one })
              if (option._tag === "Some") spoil(option.value.tags)
              spoil((yield* a.explain({ id: one })).held?.tags)
            }
            yield* b.set({ id: "3" }, "later")
            yield* b.invalidateTag("hot")
            assert.isTrue(yield* b.has({ id: "2" }))
            assert.isTrue(yield* b.has({ id: "3" }))
            yield* a.patch(id, () => "patched")
            for (const each of [a, b]) yield* each.invalidateTag("t")
            assert.deepStrictEqual([yield* a.has(id), yield* b.has(id)], [false, false])
          }),
          live(store(path))
        )
      }))
  }
})

describe("objects of explain, events and leases", () => {
  it.effect("a change of the events of explain does not change what the cache does", () =>
    Effect.gen(function*() {
      yield* a.set({ id: "1" }, "old")
      yield* a.invalidateWhere({ id: "1" }, { mode: "markStale" })
      for (const { target } of (yield* a.explain({ id: "1" })).happenings) {
        if (typeof target !== "string" && "values" in target) spoil(target.values)
      }
      const again = (yield* a.explain({ id: "1" })).happenings
      assert.isTrue(
        again.some(({ target }) => typeof target !== "string" && "values" in target && target.values[0] === "1")
      )
    }).pipe(Effect.provide(live(memory))))

  it.effect("a change of an event by one listener does not reach the others", () =>
    Effect.gen(function*() {
      const { on, running, user } = yield* family({}, Effect.succeed)
      const seen: Array<string> = []
      const listen = (spoils: boolean) =>
        Stream.runForEach(running.cache.events, (event) =>
          Effect.sync(() => {
            if ("key" in event) seen.push(event.key)
            if (spoils) assert.throws(() => Object.assign(event, { key: "another" }), TypeError)
          }))
      yield* fork(listen(true))
      yield* fork(listen(false))
      yield* on(user.set({ id: "1" }, 1))
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(seen, ["user:1", "user:1"])
    }))

  it.effect("what an invalidation concerns cannot be changed by a listener", () =>
    Effect.gen(function*() {
      const { on, running, user } = yield* family({}, Effect.succeed)
      const seen: Array<unknown> = []
      yield* fork(Stream.runForEach(running.cache.events, (event) =>
        Effect.sync(() => {
          if (event._tag !== "Invalidated") return
          const { target } = event
          seen.push(target)
          assert.throws(() => Object.assign(target, { _tag: "Tag" }), TypeError)
          if (target._tag === "Keys") assert.throws(() => (target.values as Array<string>).push("2"), TypeError)
        })))
      yield* on(user.invalidate({ id: "1" }))
      yield* on(user.invalidate({ id: "1" }, { mode: "markStale" }))
      yield* on(user.invalidateWhere({ id: "1" }))
      yield* on(user.invalidateTag("a"))
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(seen, [
        { _tag: "Key", key: "user:1" },
        { _tag: "Key", key: "user:1" },
        { _tag: "Keys", positions: [0], values: ["1"] },
        { _tag: "Tag", tag: "a" }
      ])
    }))

  it.effect("a change of a shared lease does not make it exclusive, nor a lease of another key", () =>
    Effect.gen(function*() {
      const lease = yield* a.lease({ id: "1" }, { mode: "shared" })
      assert.throws(() => Object.assign(lease, { mode: "exclusive" }), TypeError)
      assert.throws(() => (lease.patterns as Array<unknown>).push({}), TypeError)
    }).pipe(Effect.scoped, Effect.provide(live(memory))))
})

describe("patch", () => {
  it.effect("a listener receives a patch like any other write", () =>
    Effect.gen(function*() {
      const { on, running, user } = yield* family({}, Effect.succeed)
      const seen: Array<string> = []
      yield* fork(Stream.runForEach(running.cache.events, ({ _tag }) => Effect.sync(() => seen.push(_tag))))
      yield* on(user.set({ id: "1" }, 1))
      yield* on(user.patch({ id: "1" }, () => 2))
      yield* on(user.update({ id: "1" }, () => 3))
      yield* TestClock.adjust(1)
      assert.lengthOf(seen.filter((tag) => tag === "Set"), 3)
    }))
})
