import { Effect, Layer, pipe } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { AppCache, type User, UserId } from "../fixture.ts"

const { files, prefs, profile, user } = AppCache.keys
const id = UserId.make("1")
declare const ann: User

export const lookups = [
  AppCache.owner("profile", { lookup: ({ id }) => Effect.as(prefs.get({ id }), "x") }),
  AppCache.owner("profile", { lookup: ({ id }) => pipe(profile.set({ id }, "x"), Effect.as("x")) }),
  AppCache.owner("prefs", { lookup: () => Effect.fail("down") }),
  AppCache.owner("prefs", { lookup: () => Effect.succeed(1) }),
  AppCache.owner("prefs", { lookup: () => ({ dark: true }) }),
  AppCache.owner("prefs", {
    lookup: Effect.fnUntraced(function*({ id }) {
      return { dark: id }
    })
  }),
  AppCache.owner("prefs", { lookupMany: (all) => Effect.succeed(all.length) }),
  AppCache.owner("files", { parts: { audit: { lookup: () => Effect.succeed(true) } } }),
  AppCache.owner("files", { lookupp: 1 })
]

export const names = [
  AppCache.owner("usr"),
  AppCache.owner("facts"),
  AppCache.delegate("user"),
  AppCache.owner(ann.name === "" ? "user" : "prefs")
]

export const merged = Manifest.mergeOwners(AppCache.owner("user"), AppCache.owner("user"))

export const modules = [
  AppCache.modules({ user: Layer.effectDiscard(user.set({ id }, ann)) }),
  AppCache.modules({ profile: AppCache.owner("user") }),
  AppCache.modules({ analytics: Layer.effectDiscard(files.invalidateAll()) }),
  AppCache.modules({ feed: Layer.effectDiscard(prefs.get({ id })) }),
  AppCache.modules({ nobody: Layer.empty }),
  AppCache.modules({ facts: Layer.empty })
]
