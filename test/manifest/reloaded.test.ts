/**
 * A module of a manifest that is loaded again in one process, as in watch mode: its class is another one, with rights
 * of its own. Over one folder it is the same cache if its families are the same, and it is refused if they differ.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { temporaryFolder } from "../support/folder.ts"

type Changes = { readonly [what: string]: { readonly families: Record<string, object> } }

const price = () => ({ pattern: "price:{item}", value: Schema.Number })
const page = () => ({ pattern: "page:{item}", value: Schema.Number, derives: ["price:{item}"] })

/** Loads the module once more. Its Schemas are other objects, too. */
const load = (families: object = { price: price(), page: page() }) =>
  Manifest.Service<any>()("Reloaded", { families } as never) as any

type App = ReturnType<typeof load>

const liveOf = (app: App): Layer.Layer<any, any, Store> =>
  app.modules(Object.fromEntries(
    Object.keys(app.keys).map((name) =>
      [
        name,
        app.owner(name, {
          lookup: ({ item }: { item: string }) => name === "page" ? app.keys.price.get({ item }) : Effect.succeed(1)
        })
      ] as const
    )
  ))

const over = (path: string) =>
  TieredStore.layer([MemoryStore.layer({ capacity: 10 }), LmdbStore.layer({ path, durability: "process" })])

/** Builds the application in the Scope, and answers how to run an Effect in it. */
const running = Effect.fnUntraced(function*(app: App, store: Layer.Layer<Store, any>) {
  const context = yield* Layer.build(Layer.fresh(Layer.provide(liveOf(app), Layer.fresh(store))))
  return <A>(effect: Effect.Effect<A, any, any>) => Effect.provideContext(effect, context) as Effect.Effect<A, any>
})

const item = { item: "pen" }

describe("module of a manifest that is loaded again", () => {
  it.live("the class of a module that is loaded again is the same cache over one folder, and each sees the other's changes", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const [older, newer] = [load(), load()]
      const asOlder = yield* running(older, over(path))
      const asNewer = yield* running(newer, over(path))
      assert.strictEqual(yield* asNewer(newer.keys.page.get(item)), 1)
      yield* asOlder(older.keys.price.set(item, 2))
      assert.strictEqual(yield* asNewer(newer.keys.page.get(item)), 2)
      yield* asNewer(newer.keys.price.set(item, 3))
      assert.strictEqual(yield* asOlder(older.keys.page.get(item)), 3)
    }))

  it.live("the rights of a manifest class do not count for the class of a second load of its module", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const [older, newer] = [load(), load()]
      const asOlder = yield* running(older, over(path))
      yield* running(newer, over(path))
      for (const operation of [newer.keys.price.get(item), newer.keys.price.set(item, 2), newer.keys.price.writer]) {
        const error = yield* Effect.flip(asOlder(operation))
        assert.include(error.message, "the caller's right belongs to another manifest class of the same name")
      }
    }))

  const changed: Changes = {
    "another pattern": { families: { price: { ...price(), pattern: "price:{item}:{shop}" } } },
    "another family": { families: { price: price(), page: page(), other: { pattern: "other" } } },
    "another Schema": { families: { price: { ...price(), value: Schema.String }, page: page() } },
    "another source": { families: { price: price(), page: { pattern: "page:{item}", value: Schema.Number } } },
    "another version": { families: { price: { ...price(), version: 2 }, page: page() } },
    "another Schema of a parameter": {
      families: { price: { ...price(), params: { item: Schema.NumberFromString } } }
    },
    "another owner": {
      families: {
        price: price(),
        page: page(),
        inner: { pattern: "page:{item}:inner", value: Schema.Number }
      }
    }
  }
  for (const [what, { families }] of Object.entries(changed)) {
    it.live(`the class of a module that is loaded again is refused over one folder beside the old one, with ${what}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const scope = yield* Scope.make()
        yield* Effect.provideService(running(load(), over(path)), Scope.Scope, scope)
        const error = yield* Effect.flip(running(load(families), over(path)))
        assert.match(
          error.message,
          /^E0413: manifest `Reloaded`: two manifests are called `Reloaded` and have other families/
        )
        assert.include(error.message, "in watch mode, dispose the old runtime before the new one is built")
        yield* Scope.close(scope, Exit.void)
        yield* running(load(families), over(path))
      }))
  }

  it.live("the class of a module that is loaded again is refused over the very store of the old one until that is disposed", () =>
    Effect.gen(function*() {
      const store = Layer.succeed(Store, Context.get(yield* Layer.build(MemoryStore.layer({ capacity: 10 })), Store))
      const scope = yield* Scope.make()
      yield* Effect.provideService(running(load(), store), Scope.Scope, scope)
      const error = yield* Effect.flip(running(load(), store))
      assert.match(error.message, /^E0413: manifest `Reloaded`: two engines of `Reloaded`/)
      assert.include(error.message, "in watch mode, dispose the old runtime first")
      yield* Scope.close(scope, Exit.void)
      yield* running(load(), store)
    }))
})
