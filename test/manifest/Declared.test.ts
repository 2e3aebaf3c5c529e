import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/MemoryStore.ts"

class Shop extends Manifest.Service<Shop>()("Shop", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<number>() },
    page: { pattern: "page:{site}:{id}", value: Manifest.type<number>() },
    list: { pattern: "list:{id}", value: Manifest.type<number>(), derives: ["page:{site}:{id}"] },
    log: { pattern: "log:*", value: Manifest.type<number>() }
  }
}) {}
const { list, log, page, user } = Shop.keys

const Live = Layer.mergeAll(Shop.owner("user"), Shop.owner("page"), Shop.owner("list"), Shop.owner("log")).pipe(
  Layer.provideMerge(Shop.layer),
  Layer.provide(MemoryStore.layer({ capacity: 100 }))
)

const held = Effect.gen(function*() {
  return {
    en: Option.isSome(yield* page.getOption({ site: "en", id: 1 })),
    de: Option.isSome(yield* page.getOption({ site: "de", id: 1 })),
    list: Option.isSome(yield* list.getOption({ id: 1 }))
  }
})
const fill = Effect.all([
  page.set({ site: "en", id: 1 }, 1),
  page.set({ site: "de", id: 1 }, 1),
  list.set({ id: 1 }, 1)
])

describe("a declared function", () => {
  const save = Shop.fn("save", { owns: ["user:{id}"], invalidates: ["page:en:{id}"] })(
    function*<A>(answer: A, fails: boolean) {
      yield* user.set({ id: 1 }, 1)
      if (fails) return yield* Effect.fail("refused" as const)
      return answer
    }
  )

  it.effect("invalidates what it lists, and what depends on that, after success", () =>
    Effect.gen(function*() {
      yield* fill
      const answer: string = yield* save("done", false)
      assert.strictEqual(answer, "done")
      assert.deepStrictEqual(yield* held, { en: false, de: true, list: false })
    }).pipe(Effect.provide(Live)))

  it.effect("invalidates nothing when it fails", () =>
    Effect.gen(function*() {
      yield* fill
      assert.strictEqual(yield* Effect.flip(save("done", true)), "refused")
      assert.deepStrictEqual(yield* held, { en: true, de: true, list: true })
    }).pipe(Effect.provide(Live)))

  it.effect("may invalidate without any other right", () =>
    Effect.gen(function*() {
      const clear = Shop.fn("clear", { invalidates: ["page:{site}:{id}"] })(function*() {})
      yield* fill
      yield* clear()
      assert.deepStrictEqual(yield* held, { en: false, de: false, list: false })
    }).pipe(Effect.provide(Live)))

  it.effect("drops of a family with any number of segments what its text names, and no more", () =>
    Effect.gen(function*() {
      const clear = Shop.fn("clear", { invalidates: ["log:en:*"] })(function*() {})
      yield* log.set({ "*": "en:1" }, 1)
      yield* log.set({ "*": "de:1" }, 1)
      yield* clear()
      assert.isTrue(Option.isNone(yield* log.getOption({ "*": "en:1" })))
      assert.isTrue(Option.isSome(yield* log.getOption({ "*": "de:1" })))
    }).pipe(Effect.provide(Live)))

  it.effect("leaves to the writes what follows from them", () =>
    Effect.gen(function*() {
      const touch = Shop.fn("touch", { owns: ["page:{site}:{id}"], invalidates: ["list:{id}"] })(function*() {
        yield* page.set({ site: "en", id: 2 }, 2)
      })
      yield* fill
      yield* touch()
      assert.deepStrictEqual(yield* held, { en: true, de: true, list: true })
    }).pipe(Effect.provide(Live)))

  it.effect("is refused by a typed error where a cast left no right at all", () =>
    Effect.gen(function*() {
      const clear = Shop.fn("clear", { invalidates: ["page:{site}:{id}"] })(function*() {})
      const error = yield* Effect.flip(clear() as Effect.Effect<void, CacheError>)
      assert.strictEqual(error.reason._tag, "NotOwner")
    }))
})

describe("a declared method", () => {
  it.effect("invalidates what it lists after success, as the object that it belongs to", () =>
    Effect.gen(function*() {
      const decorate = Shop.method({ owns: ["user:{id}"], invalidates: ["page:en:{id}"] })
      const body = function(this: { readonly factor: number }, n: number) {
        return Effect.as(user.set({ id: n }, n), n * this.factor)
      }
      const method = decorate(body, {} as ClassMethodDecoratorContext<{ readonly factor: number }, typeof body>)
      yield* fill
      assert.strictEqual(yield* method.call({ factor: 3 }, 2), 6)
      assert.deepStrictEqual(yield* held, { en: false, de: true, list: false })
    }).pipe(Effect.provide(Live)))
})
