import { Effect, pipe } from "effect"
import { AppCache, User, UserId } from "../fixture.ts"

const { user } = AppCache.keys
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
  pipe("usr:42", AppCache.get),
  pipe(text, AppCache.delete)
]

export const params = [
  user.get({}),
  user.get({ id, page: 1 }),
  user.get({ id: "1" }),
  user.set({ id }, { name: "Ann" }),
  pipe({ id: 1 }, user.get)
]

export const borrowed = Effect.gen(function*() {
  const reader = yield* user.reader
  yield* reader.set({ id }, ann)
  yield* pipe({ id }, reader.delete)
  return yield* reader.get({ id })
})

export const unprovided = Effect.runPromise(user.set({ id }, ann))
export const unprovidedPipe = pipe(user.get({ id }), Effect.runPromise)
