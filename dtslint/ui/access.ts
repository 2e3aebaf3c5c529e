import { Effect, Layer, ManagedRuntime, pipe } from "effect"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { AppCache, type Db, User, UserId } from "../fixture.ts"

const { facts, feed, prefs, user } = AppCache.keys
const id = UserId.make("1")
const ann = new User({ id, name: "Ann" })
declare const text: string

export const raw = [
  AppCache.get("usr:42"),
  AppCache.get("user::42"),
  AppCache.get("user:{id}"),
  AppCache.get(text),
  AppCache.get(`draft:${text}`),
  AppCache.set(text === "" ? "user:1" : "prefs:1", ann),
  AppCache.set("prefs:1", { dark: 1 }),
  pipe("user:42", AppCache.get),
  pipe("usr:42" as const, AppCache.get),
  pipe(text, AppCache.delete),
  Effect.forEach(["user:1", "user:2"], (key) => AppCache.get(key))
]

export const params = [
  user.get({}),
  user.get({ id, page: 1 }),
  user.get({ id: "1" }),
  user.get(text),
  feed.get({ id: "1" }),
  feed.get({ id: "1", page: true }),
  feed.get({ id: "1", pages: 1 }),
  user.getMany([{ id: "1" }, {}]),
  user.invalidateWhere({ name: "Ann" }),
  pipe({ id: 1 }, user.get),
  pipe({}, user.delete),
  Effect.all([user.get({ id }), feed.get({ id: 1, page: null })])
]

export const values = [
  user.set({ id }, { name: "Ann" }),
  user.set({ id }, 5),
  prefs.set({ id }, { dark: "yes" }),
  prefs.setMany([[{ id }, { dark: 1 }]]),
  feed.set({ id, page: 1 }, ["a", 1]),
  AppCache.batch([prefs.setting({ id }, { light: true })]),
  prefs.update({ id }, () => Effect.succeed(1)),
  prefs.patch({ id }, (was) => was.dark),
  pipe({ dark: 1 }, (value) => prefs.set({ id }, value)),
  Effect.flatMap(prefs.writer, (writer) => writer.set({ id }, { dark: 1 }))
]

export const borrowed = Effect.gen(function*() {
  const reader = yield* user.reader
  yield* reader.set({ id }, ann)
  yield* pipe({ id }, reader.delete)
  return yield* reader.get({ id })
})

export const unprovided = Effect.runPromise(user.set({ id }, ann))
export const unprovidedPipe = pipe(user.get({ id }), Effect.runPromise)
export const unprovidedAll = Effect.runPromise(Effect.andThen(user.set({ id }, ann), prefs.get({ id })))
export const unprovidedLayer = ManagedRuntime.make(Layer.effectDiscard(prefs.delete({ id })))
export const undeclared = (): Effect.Effect<void, CacheError, Db> => user.delete({ id })
export const named = pipe(user.delete({ id }), Manifest.provided, Effect.runPromise)
export const namedPart = Manifest.provided(facts.get({ id }))
