/**
 * A loaded value that no tier below memory keeps shows in a log, rarely, and in the explanation of its key.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { restMillis } from "../../src/store/shared/rareLog.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { settle } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"
import { mapStore } from "../support/mapStore.ts"

// A file refuses a value that the schema's check refuses.
const row = Schema.Struct({ name: Schema.String.check(Schema.isMaxLength(3)) })
class App extends Manifest.Service<App>()("Unkept", {
  families: {
    row: { pattern: "row:{id}", value: row },
    other: { pattern: "other:{id}", value: row },
    secret: { pattern: "secret:{id}", value: row, sensitive: true }
  }
}) {}
const long = "a long name"

const stores = {
  "a file alone": (path: string) => LmdbStore.layer({ path, durability: "process" }),
  "memory over a file": (path: string) =>
    TieredStore.layer([MemoryStore.layer({ capacity: 10 }), LmdbStore.layer({ path, durability: "process" })])
}

const world = (store: keyof typeof stores) =>
  Effect.gen(function*() {
    const said: Array<string> = []
    let loads = 0
    const lookup = () =>
      Effect.sync(() => {
        loads++
        return { name: long }
      })
    const logged = Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])
    const live = App.modules({
      row: App.owner("row", { lookup }),
      other: App.owner("other", { lookup }),
      secret: App.owner("secret", { lookup })
    }).pipe(Layer.provide(stores[store](yield* temporaryFolder)), Layer.provideMerge(logged))
    const context = yield* Layer.build(live)
    const on = <A>(effect: Effect.Effect<A, any, any>): Effect.Effect<A, any> =>
      Effect.provideContext(effect, context as Context.Context<any>)
    const told = () => said.filter((text) => text.includes("did not keep"))
    return { on, told, loads: () => loads }
  })

/** Lets a round arrive in a file. */
const arrived = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 40)))

describe("value that no tier below memory keeps", () => {
  for (const store of Object.keys(stores) as ReadonlyArray<keyof typeof stores>) {
    it.effect(`the refusal is logged once in a while for each family: ${store}`, () =>
      Effect.gen(function*() {
        const { loads, on, told } = yield* world(store)
        for (let i = 0; i < 3; i++) {
          for (const id of ["1", "2"]) {
            yield* on(App.keys.row.get({ id }))
            yield* arrived
          }
        }
        assert.strictEqual(loads(), store === "a file alone" ? 6 : 2)
        assert.deepStrictEqual(told(), [
          "E0303: the lmdb tier did not keep the value of `row:1` (EncodeFailed); what memory does not hold is loaded " +
          "again by each read"
        ])
        yield* on(App.keys.other.get({ id: "1" }))
        yield* arrived
        assert.strictEqual(told().length, 2, "another family")
        yield* TestClock.adjust(restMillis)
        yield* on(App.keys.row.get({ id: "3" }))
        yield* arrived
        const left = store === "a file alone" ? 5 : 1
        assert.match(told()[2]!, new RegExp(`\`row:3\`.*each read, and ${left} times more since the last message$`))
        for (const text of told()) assert.notInclude(text, long)
      }))

    it.effect(`the log has no key of a sensitive family: ${store}`, () =>
      Effect.gen(function*() {
        const { on, told } = yield* world(store)
        yield* on(App.keys.secret.get({ id: "anna" }))
        yield* arrived
        assert.deepStrictEqual(told(), [
          "E0303: the lmdb tier did not keep values of family `secret` (EncodeFailed); what memory does not hold is " +
          "loaded again by each read"
        ])
      }))

    it.effect(`explain shows that the value was refused: ${store}`, () =>
      Effect.gen(function*() {
        const { on } = yield* world(store)
        yield* on(App.keys.row.get({ id: "1" }))
        yield* arrived
        const { happenings } = yield* on(App.keys.row.explain({ id: "1" }))
        assert.deepStrictEqual(happenings.map(({ what }) => what), ["Unkept", "Loaded"])
        const other = yield* on(App.keys.row.explain({ id: "2" }))
        assert.deepStrictEqual(other.happenings, [])
      }))
  }

  it.effect("a round that failed with loaded values is logged once in a while", () =>
    Effect.gen(function*() {
      const rules = [{ fault: { kind: "fail" }, operations: ["set"] }] as const
      const [store] = yield* FaultyStore.make(mapStore({ name: "cold" }), { rules })
      const said: Array<string> = []
      const logged = Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])
      const live = App.modules({
        row: App.owner("row", { lookup: () => Effect.succeed({ name: "one" }) }),
        other: App.owner("other"),
        secret: App.owner("secret")
      }).pipe(Layer.provide(Layer.succeed(Store, store)), Layer.provideMerge(logged))
      yield* Effect.provide(
        Effect.forEach(["1", "2", "1"], (id) => Effect.andThen(App.keys.row.get({ id }), settle)),
        live
      )
      assert.deepStrictEqual(said, [
        "E0302: the cold tier did not keep values of family `row` (TierFailed); what memory does not hold is loaded " +
        "again by each read"
      ])
    }))
})
