import { Effect } from "effect"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { AppCache, DbError } from "../fixture.ts"

// The load of a `getOr` keeps the rules of a lookup.
const { prefs, profile, user } = AppCache.keys
class Other extends Manifest.Service<Other>()("Other", { families: { other: { pattern: "other:{id}" } } }) {}
const key = { id: 1 } as any

export const no1 = profile.getOr(key, Effect.as(prefs.get(key), "x"))
export const no2 = profile.getOr(key, Effect.as(prefs.set(key, { dark: true }), "x"))
export const no3 = profile.getOr(key, profile.get(key))
export const no4 = prefs.getOr(key, Effect.as(Other.keys.other.has(key), { dark: true }))
export const no5 = Effect.flatMap(profile.writer, (writer) => writer.getOr(key, Effect.as(prefs.get(key), "x")))
export const no6 = user.getOr(key, Effect.as(profile.get(key), null as never))

// It is an Effect, with the value and the errors of the family.
export const no7 = profile.getOr(key, () => Effect.succeed("x"))
export const no8 = profile.getOr(key, Promise.resolve("x"))
export const no9 = profile.getOr(key, "x")
export const no10 = profile.getOr(key, Effect.fail(new Error("down")))
export const no11 = profile.getOr(key, Effect.succeed(Lookup.failed(new Error("down"))))
export const no12 = profile.getOr(key, Effect.succeed(1))
export const no13 = prefs.getOr(key, Effect.succeed({ dark: 1 }))
export const no14 = prefs.getOr(key, Effect.fail(new DbError()))
