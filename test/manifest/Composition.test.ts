/**
 * `compose` puts manifests over one store. It refuses manifests that share a key or a name.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

class Users extends Manifest.Service<Users>()("Users", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<number>() } }
}) {}
class Sales extends Manifest.Service<Sales>()("Sales", {
  families: { sale: { pattern: "sale:{id}", value: Manifest.type<number>() } }
}) {}

const data = (id: string, pattern: string) => Manifest.Service<any>()(id, { families: { any: { pattern } } } as never)

const refusal = (layer: Layer.Layer<any, { readonly message: string }, any>) =>
  Effect.map(
    Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer, MemoryStore.layer({ capacity: 10 }))))) as Effect.Effect<
      { readonly message: string }
    >,
    (error) => error.message
  )

describe("compose", () => {
  it.effect("compose gives one engine to each of several manifests without a common key, over one store", () =>
    Effect.gen(function*() {
      yield* Users.keys.user.set({ id: 1 }, 1)
      yield* Sales.keys.sale.set({ id: 1 }, 2)
      assert.strictEqual(yield* Users.get("user:1"), 1)
      assert.strictEqual(yield* Sales.get("sale:1"), 2)
    }).pipe(Effect.provide(
      Layer.mergeAll(Users.owner("user"), Sales.owner("sale")).pipe(
        Layer.provide(Manifest.compose(Users, Sales)),
        Layer.provide(MemoryStore.layer({ capacity: 10 }))
      )
    )))

  it.effect("compose refuses manifests with a common key, and names both patterns and the key", () =>
    Effect.gen(function*() {
      assert.include(
        yield* refusal(Manifest.compose(Users, data("Other", "user:*") as never)),
        "`Other` and `Users` both own `user:_`: by `user:*` and by `user:{id}`"
      )
    }))

  it.effect("compose refuses two manifests of one name", () =>
    Effect.gen(function*() {
      assert.include(
        yield* refusal(Manifest.compose(Users, data("Users", "other:*") as never)),
        "two manifests are called `Users`"
      )
    }))

  it.effect("compose refuses an argument that is not a manifest, and an empty list, when the layer is built", () =>
    Effect.gen(function*() {
      const compose: any = Manifest.compose
      assert.include(yield* refusal(compose()), "`the composition` must be of at least one manifest")
      for (const other of [5, undefined, null, "Users", {}, () => Users, Users.layer, Users.keys]) {
        assert.include(yield* refusal(compose(Users, other)), "`argument 1` must be a manifest")
        assert.include(yield* refusal(compose(other, Users)), "`argument 0` must be a manifest")
      }
    }))
})
