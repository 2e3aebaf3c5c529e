/**
 * A value can have the right type and still fail its schema: a plain object in place of a class, or a number that a
 * check refuses. A write of such a value fails in every arrangement of tiers, through every operation, and changes
 * nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { temporaryFolder } from "../support/folder.ts"

class User extends Schema.Class<User>("User")({ id: Schema.String, age: Schema.Int }) {}
const small = Schema.Number.check(Schema.makeFilter((n: number) => n < 10 || `${n} is too large`))
class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: User },
    team: { pattern: "team:{id}", value: Schema.Struct({ lead: Schema.NullOr(User), all: Schema.Array(User) }) },
    count: { pattern: "count:{id}", value: Schema.Int },
    plain: { pattern: "plain:{id}", value: Schema.Struct({ n: Schema.Number }) },
    text: { pattern: "text:{id}", value: Schema.String },
    deep: { pattern: "deep:{id}", value: Schema.Struct({ tags: Schema.Array(Schema.Struct({ w: Schema.Int })) }) },
    quoting: { pattern: "quoting:{id}", value: Schema.Struct({ n: small }) },
    secret: { pattern: "secret:{id}", value: Schema.Struct({ n: Schema.Int }), sensitive: true }
  }
}) {}
const { count, deep, plain, quoting, secret, team, text, user } = App.keys
const id = { id: "1" }
const ann = new User({ id: "1", age: 40 })
const spread = { ...ann } as User

const memory = MemoryStore.layer({ capacity: 10 })
const arrangements = {
  memory: () => memory,
  "memory over memory": () => TieredStore.layer([memory, MemoryStore.layer({ capacity: 20 })]),
  "a file": (path: string) => LmdbStore.layer({ path, durability: "process" }),
  "memory over a file": (path: string) => TieredStore.layer([memory, LmdbStore.layer({ path, durability: "process" })])
}
const live = (store: ReturnType<typeof arrangements[keyof typeof arrangements]>) =>
  App.modules({
    user: App.owner("user"),
    team: App.owner("team"),
    count: App.owner("count"),
    plain: App.owner("plain"),
    text: App.owner("text"),
    deep: App.owner("deep"),
    quoting: App.owner("quoting"),
    secret: App.owner("secret")
  }).pipe(Layer.provide(store))

const doors: { readonly [door: string]: Effect.Effect<unknown, unknown, any> } = {
  "set of a plain object for a class": user.set(id, spread),
  "setMany of a plain object for a class": user.setMany([[id, spread]]),
  "a batch with a plain object for a class": App.batch([user.setting(id, spread), count.setting(id, 3)]),
  "an update to a plain object for a class": user.update(id, (was) => ({ ...was, age: 41 }) as User),
  "a patch to a plain object for a class": user.patch(id, (was) => ({ ...was, age: 41 }) as User),
  "set of a plain object deep in a value": team.set(id, { lead: null, all: [ann, spread] }),
  "set of a number that a check refuses": count.set(id, 1.5),
  "set of nothing": plain.set(id, undefined as never),
  "set of a list for an object": plain.set(id, [] as never),
  "set of a number for a text": text.set(id, 5 as never),
  "setMany of nothing for a text": text.setMany([[id, undefined as never]]),
  "a patch to nothing for a text": text.patch({ id: "0" }, () => undefined as never)
}

/** Writes that are refused, and what the error says of the place. */
const places: ReadonlyArray<readonly [write: Effect.Effect<unknown, unknown, any>, where: string | undefined]> = [
  [count.set(id, 1.5), "expected an integer"],
  [
    team.set(id, { lead: null, all: [ann, { ...ann, age: 4711.5 } as User] }),
    `expected an instance of User (made with new) at ["all",1]`
  ],
  [deep.set(id, { tags: [{ w: 1 }, { w: 4711.5 }] }), `expected an integer at ["tags",1,"w"]`],
  [quoting.set(id, { n: 4711 }), `expected a value that passes the check of the schema at ["n"]`],
  [secret.set(id, { n: 4711.5 }), undefined]
]

for (const [arrangement, store] of Object.entries(arrangements)) {
  describe(`write of a value that its schema refuses, over ${arrangement}`, () => {
    it.live("the error says what is expected at which place, and contains nothing of the value", () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        for (const [write, where] of places) {
          const { message, reason } = (yield* Effect.provide(Effect.flip(write), live(store(path)))) as CacheError
          assert.ok(reason._tag === "StoreFailed" && reason.error.reason._tag === "EncodeFailed")
          assert.strictEqual(reason.error.reason.where, where)
          const fits = `does not fit the family's schema${where === undefined ? "" : `: ${where}`}`
          assert.isTrue(message.endsWith(`${fits}; help: store a value of the type that the family declares`), message)
          assert.notInclude(JSON.stringify({ ...reason.error.reason, cause: undefined }) + message, "4711")
        }
      }) as Effect.Effect<void>)

    for (const [door, write] of Object.entries(doors)) {
      it.live(`${door} refuses the value and changes nothing`, () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          yield* Effect.gen(function*() {
            yield* user.set(id, ann)
            yield* text.set({ id: "0" }, "zero")
            const { reason } = (yield* Effect.flip(write)) as CacheError
            assert.ok(reason._tag === "StoreFailed" && reason.error.reason._tag === "EncodeFailed")
            assert.deepStrictEqual(yield* user.get(id), ann)
            assert.instanceOf(yield* user.get(id), User)
            assert.strictEqual(yield* text.get({ id: "0" }), "zero")
            for (const family of [team, count, plain, text]) {
              assert.deepStrictEqual(yield* (family as typeof text).getOption(id), Option.none())
            }
          }).pipe(Effect.provide(live(store(path))))
        }) as Effect.Effect<void>)
    }

    it.live("each write takes a value for which the type promises everything that the schema checks", () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* Effect.gen(function*() {
          yield* plain.set(id, { n: 1.5 })
          yield* team.set(id, { lead: ann, all: [ann] })
          assert.deepStrictEqual(yield* plain.get(id), { n: 1.5 })
          assert.instanceOf((yield* team.get(id)).lead, User)
        }).pipe(Effect.provide(live(store(path))))
      }) as Effect.Effect<void>)
  })
}
