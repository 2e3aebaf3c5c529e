import { Effect } from "effect"
import type { CacheError } from "../../src/cache/CacheError.ts"
import type { Writer } from "../../src/manifest/Family.ts"
import { AppCache, type DbError, User, UserId } from "../fixture.ts"

const { facts, feed, prefs, profile, user } = AppCache.keys
const id = UserId.make("1")
const ann = new User({ id, name: "Ann" })
declare const flag: boolean

// One of several families.
export const ofSeveral = [
  AppCache.keys[flag ? "user" : "prefs"].set({ id }, { dark: true }),
  (flag ? user : prefs).set({ id }, ann),
  (flag ? prefs : facts).setting({ id }, 1),
  (flag ? user : profile).update({ id }, (was) => was),
  (flag ? user : feed).get({ id })
]
export const generic = <K extends "user" | "prefs">(name: K) => AppCache.keys[name].set({ id }, ann)
export const other = <K extends "user" | "feed">(name: K) => AppCache.keys[name].get({ id })
export const named = <K extends "user" | "prefs">(name: K) => AppCache.owner(name)

// A reader in the place of a writer.
interface Dropper {
  invalidateAll(): Effect.Effect<void, CacheError>
}
interface MaybeDropper {
  readonly invalidateAll?: () => Effect.Effect<void, CacheError>
}
interface Setter {
  readonly set: (params: { readonly id: typeof UserId.Type }, value: User) => Effect.Effect<void, CacheError>
}
declare const write: (writer: Writer<"user:{id}", User, DbError, { readonly id: typeof UserId }>) => void
export const handed = Effect.map(user.reader, (reader) => {
  const dropper: Dropper = reader
  const maybe: MaybeDropper = reader
  const setter: Setter = reader
  write(reader)
  return [dropper, maybe, setter, reader.setMany([]), reader.invalidateAll(), reader.refresh({ id })]
})
