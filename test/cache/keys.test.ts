/**
 * A parameter may be any text, even one that looks like a separator, a slice or a tag. Families and caches that share a
 * store never share an entry.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Opening from "../../src/cache/engine/opening.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import { reasonOf, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { family, tiers } from "../support/source.ts"

const odd = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "0",
  "-0",
  "1e3",
  "NaN",
  "null",
  "undefined",
  " ",
  "a b",
  "a/b",
  "a|b",
  "ä",
  "a\u0308",
  "😀",
  "\ud800",
  "\u0000",
  "x".repeat(5_000)
]

describe("parameter with unusual characters", () => {
  it.effect("each text is a key of its own, in memory and below", () =>
    Effect.gen(function*() {
      const { place, options } = yield* tiers([])
      const { of, source } = yield* family({}, (_, { key }) => Effect.succeed(key), options)
      for (const id of odd) assert.strictEqual(yield* of(id).get, `user:${id}`)
      for (const id of odd) assert.strictEqual(yield* of(id).held, `user:${id}`)
      assert.strictEqual(source.runs, odd.length)
      yield* settle
      assert.strictEqual(place.families.get("Test/user")!.size, odd.length)
      yield* of("__proto__").remove
      assert.isUndefined(yield* of("__proto__").held)
      assert.strictEqual(yield* of("constructor").held, "user:constructor")
    }))

  it.effect("getMany returns each value in its place, and invalidateWhere drops the right key", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family({}, () => Effect.die("not used"), {
        lookupMany: (keys) => Effect.succeed(keys)
      })
      const keys = odd.map((id) => `user:${id}`)
      assert.deepStrictEqual(yield* on(user.getMany(odd.map((id) => ({ id })))), keys)
      for (const id of odd) {
        yield* on(user.invalidateWhere({ id }))
        assert.isFalse(yield* of(id).has)
      }
    }))

  it.effect("invalidateTag with such a text drops the entries of that tag alone", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family({}, (_, { key }) => Effect.succeed(Lookup.loaded(key, { tags: [key] })))
      for (const id of odd) yield* of(id).get
      yield* on(user.invalidateTag("user:__proto__"))
      const left = yield* Effect.filter(odd, (id) => of(id).has)
      assert.deepStrictEqual(left, odd.filter((id) => id !== "__proto__"))
    }))

  it.effect("every operation refuses a text that would spell another key", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family({}, () => Effect.succeed("value"))
      for (const id of ["", "a:b", ":", "{id}", "*"]) {
        const { answer, get, has, held, refresh, remove, set } = of(id)
        const all = [get, held, answer, has, refresh, remove, set("value"), on(user.getMany([{ id }]))]
        for (const operation of all) {
          assert.strictEqual(reasonOf(yield* Effect.flip(operation as typeof get)), "InvalidKey")
        }
      }
    }))
})

describe("families of one store", () => {
  it.effect("two families with equal parameters have separate entries, and each clears only its own", () =>
    Effect.gen(function*() {
      const { app, as } = yield* engine(
        {
          families: {
            user: { pattern: "user:{id}" },
            team: { pattern: "team:{id}" },
            posts: { pattern: "user:{id}:posts" }
          }
        },
        ({ key }) => Effect.succeed(key)
      )
      const { posts, team, user } = app.keys
      const has = (of: any) => as<boolean, unknown>(of.has({ id: "1" }))
      for (const  of of[user, team, posts]) yield* as(of.get({ id: "1" }))
      yield* as(user.invalidateAll())
      assert.deepStrictEqual([yield* has(user), yield* has(team), yield* has(posts)], [false, true, true])
      yield* as(posts.delete({ id: "1" }))
      assert.deepStrictEqual([yield* has(team), yield* has(posts)], [true, false])
    }))
})

describe("caches that share a store", () => {
  const users = Effect.fnUntraced(function*(id: string) {
    const cache = yield* Opening.make(id, [{
      name: "user",
      pattern: "user:{id}",
      render: (key) => `user:${key}`,
      parse: (rendered) => rendered.slice(5),
      codec: undefined,
      weigher: undefined,
      policy: {},
      plan: []
    }])
    const user = cache.families.get("user")!
    user.own({
      lookup: () => Effect.succeed(`loaded in ${id}`),
      lookupMany: undefined,
      context: yield* Effect.context<any>()
    })
    return user
  })

  it.effect("a cache sees neither the entries nor the invalidations of another cache", () =>
    Effect.gen(function*() {
      const stores = [MemoryStore.layer({ capacity: 100 }), Layer.succeed(Store, mapStore({ place: makePlace() }))]
      for (const store of stores) {
        yield* Effect.scoped(
          Effect.gen(function*() {
            const [one, other] = [yield* users("one"), yield* users("other")]
            assert.deepStrictEqual([yield* one.read("1"), yield* other.read("1")], ["loaded in one", "loaded in other"])
            yield* one.dropSlice({ positions: [], values: [] }, "hide")
            assert.isUndefined(yield* one.find("1"))
            assert.strictEqual((yield* other.find("1"))?.value, "loaded in other")
          }).pipe(Effect.provide(store))
        )
      }
    }))
})
