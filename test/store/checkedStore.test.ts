/**
 * A store of the user's own that breaks the contract: an operation throws, dies, fails with another error, or answers
 * nonsense. The engine takes each of these for a tier that failed: typed errors, and reads go on without the tier. A
 * row for each operation of the contract.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as CacheError from "../../src/cache/CacheError.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { checked, exempt } from "../../src/store/shared/checkedStore.ts"
import { type Partition, Store } from "../../src/store/Store.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { mapStore } from "../support/mapStore.ts"

const boom = new RangeError("boom")

/** What an operation does in place of its work. */
const ways: Record<string, () => any> = {
  "throws": () => {
    throw boom
  },
  "answers undefined": () => undefined,
  "answers a Promise": () => Promise.resolve(),
  "dies": () => Effect.die(boom),
  "dies later": () => Effect.andThen(Effect.yieldNow, Effect.die(boom)),
  "fails with another error": () => Effect.fail(boom)
}

const ofStore = ["open", "loadMarks", "recordMarks", "removeMarks", "write"] as const
const ofPartition = ["prepare", "get", "getMany", "set", "setMany", "remove", "clear", "sweep", "size", "page"] as const
type Broken = typeof ofStore[number] | typeof ofPartition[number] | "entries"
const operations: ReadonlyArray<Broken> = [...ofStore, ...ofPartition, "entries"]

// Properties that are an Effect or a Stream, and no function. A getter of a class may throw, too.
const properties = new Set<Broken>(["loadMarks", "clear", "size", "entries"])

const put = (target: object, name: Broken, way: () => unknown, isOn: () => boolean): void => {
  const own = (target as any)[name]
  if (properties.has(name)) Object.defineProperty(target, name, { get: () => isOn() ? way() : own })
  else (target as any)[name] = (...args: ReadonlyArray<unknown>) => isOn() ? way() : own(...args)
}

/** A map of which one operation is broken while `isOn`. */
const broken = (operation: Broken, way: () => unknown, isOn: () => boolean): Store["Service"] => {
  const store = { ...mapStore({ name: "own" }) }
  if ((ofStore as ReadonlyArray<string>).includes(operation)) put(store, operation, way, isOn)
  else {
    const { open } = store
    store.open = (family) =>
      Effect.map(open(family), (partition) => {
        // Own properties, in place of the methods of a class.
        const names = [...ofPartition, "entries"] as const
        const own: any = { hot: partition.hot }
        for (const name of names) {
          const member = partition[name] as any
          own[name] = typeof member === "function" ? member.bind(partition) : member
        }
        own.real = partition
        put(own, operation, way, isOn)
        return own
      }) as never
    const { write } = store
    store.write = ({ changes, marks }) =>
      write({ changes: changes.map((one) => ({ ...one, partition: (one.partition as any).real })), marks })
  }
  return Store.of(store)
}

class App extends Manifest.Service<App>()("Test", {
  families: {
    user: { pattern: "user:{id}", value: Schema.String },
    page: { pattern: "page:{id}", value: Schema.String, derives: ["user:{id}"] }
  }
}) {}
const { page, user } = App.keys

const over: Record<string, (store: Store["Service"]) => Effect.Effect<Store["Service"], unknown, Scope.Scope>> = {
  "alone": Effect.succeed,
  "below memory": (store) =>
    Effect.map(MemoryStore.make({ capacity: 100 }), (memory) => TieredStore.make([memory, store])),
  "below memory, on eviction": (store) =>
    Effect.map(MemoryStore.make({ capacity: 1 }), (memory) => TieredStore.make([memory, store], { set: "onEviction" }))
}

const layerOf = (store: Store["Service"]) =>
  App.modules({
    user: App.owner("user", { lookup: ({ id }) => Effect.succeed(`user ${id}`) }),
    page: App.owner("page", { lookup: ({ id }) => user.get({ id }) })
  }).pipe(Layer.provide(Layer.succeed(Store, store)))

const works: Record<string, Effect.Effect<unknown, unknown, any>> = {
  "get": user.get({ id: "1" }),
  "get of another": user.get({ id: "3" }),
  "get of a dependent": page.get({ id: "10" }),
  "getMany": user.getMany([{ id: "7" }, { id: "8" }]),
  "getOption": user.getOption({ id: "11" }),
  "explain": user.explain({ id: "13" }),
  "refresh": user.refresh({ id: "1" }),
  "set": user.set({ id: "1" }, "new"),
  "set of a version": user.set({ id: "4" }, "new", { ifVersion: null }),
  "setMany": user.setMany([[{ id: "5" }, "new"], [{ id: "6" }, "new"]]),
  "update": user.update({ id: "1" }, (was) => was),
  "delete": user.delete({ id: "9" }),
  "invalidate": user.invalidate({ id: "1" }),
  "invalidateAll": user.invalidateAll(),
  "invalidateTag": user.invalidateTag("t"),
  "page": user.page(undefined, 10),
  "count": user.count()
}
const loading = ["get", "get of another", "get of a dependent", "getMany"]

const assertTyped = (exit: Exit.Exit<unknown, unknown>, what: string) => {
  if (Exit.isSuccess(exit)) return
  for (const reason of exit.cause.reasons) {
    assert.ok(Cause.isFailReason(reason), `${what}: ${Cause.pretty(exit.cause)}`)
    const { error } = reason
    assert.ok(error instanceof CacheError.CacheError, `${what}: ${error}`)
    // The cache cannot know what a tier that fails to read has.
    if (error.reason._tag === "UpdateRefused" || error.reason._tag === "VersionConflict") continue
    assert.ok(error.reason._tag === "StoreFailed", `${what}: ${error}`)
    assert.strictEqual(error.reason.error.reason._tag, "TierFailed", what)
    assert.include(error.message, "own", what)
  }
}

describe("a store that breaks the contract", () => {
  for (const operation of operations) {
    for (const [way, act] of Object.entries(ways)) {
      for (const [where, above] of Object.entries(over)) {
        it.effect(`each operation returns, or fails with TierFailed: ${operation} ${way}, ${where}`, () =>
          Effect.gen(function*() {
            let isOn = false
            const store = yield* above(broken(operation, act, () => isOn))
            yield* Effect.gen(function*() {
              for (const id of ["1", "2", "9"]) yield* user.set({ id }, "old", { tags: ["t"] })
              isOn = true
              for (const [name, work] of Object.entries(works)) {
                const exit = yield* Effect.exit(work)
                assertTyped(exit, name)
                if (loading.includes(name)) assert.ok(Exit.isSuccess(exit), `${name} goes on without the tier`)
              }
              yield* TestClock.adjust("1 minute")
            }).pipe(Effect.provide(Layer.fresh(layerOf(store))))
            // Another engine opens over the broken store.
            const opening = Effect.exit(Effect.scoped(Layer.build(Layer.fresh(layerOf(store)))))
            assertTyped(yield* opening, "the next opening")
          }) as Effect.Effect<void, unknown, Scope.Scope>)
      }
    }
  }

  const partitionOf = (operation: Broken, way: () => unknown) =>
    Effect.flatMap(
      checked(broken(operation, way, () => true)).open<string>({ name: "f", render: (key: string) => key } as never),
      (partition: Partition<string>) => Effect.succeed(partition)
    )
  const nonsense: ReadonlyArray<
    readonly [Broken, unknown, (of: Partition<string>) => Effect.Effect<unknown, unknown>]
  > = [
    ["get", null, (of) => of.get("1")],
    ["get", 5, (of) => of.get("1")],
    ["getMany", [], (of) => of.getMany(["1"])],
    ["getMany", undefined, (of) => of.getMany(["1"])],
    ["prepare", undefined, (of) => of.prepare("1", { value: "", tags: [], revision: undefined })],
    ["size", "many", (of) => of.size],
    ["page", { entries: 5, next: undefined }, (of) => of.page!(undefined, 10)],
    ["page", { entries: [], next: 5 }, (of) => of.page!(undefined, 10)]
  ]
  for (const [operation, answer, run] of nonsense) {
    it.effect(`an answer of ${operation} that is ${JSON.stringify(answer)} is a failed tier`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(run(yield* partitionOf(operation, () => Effect.succeed(answer))))
        assert.ok(error instanceof StoreError && error.reason._tag === "TierFailed")
      }))
  }

  it.effect("entries that are not a Stream, or die while they run, are a failed tier", () =>
    Effect.gen(function*() {
      for (const entries of [undefined, 5, Stream.die(boom), Stream.fail(boom)]) {
        const { entries: seen } = yield* partitionOf("entries", () => entries)
        const error = yield* Effect.flip(Stream.runCollect(seen))
        assert.ok(error instanceof StoreError && error.reason._tag === "TierFailed", String(entries))
      }
    }))

  it("a store has one guard, and the stores of the package have none", () => {
    const own = mapStore()
    assert.strictEqual(checked(own), checked(own))
    assert.strictEqual(checked(checked(own)), checked(own))
    assert.notStrictEqual(checked(own), own)
    const kept = exempt(mapStore())
    assert.strictEqual(checked(kept), kept)
  })
})
