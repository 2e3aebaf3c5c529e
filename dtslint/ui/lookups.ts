import { Effect } from "effect"
import type { LookupContext } from "../../src/cache/Lookup.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { AppCache, DbError, type User, type UserId } from "../fixture.ts"

// A lookup reads what its family derives from, writes nothing, and takes the parameters that its family has.
const { feed, prefs, profile, user } = AppCache.keys
declare const ann: User
class Other extends Manifest.Service<Other>()("Other", { families: { other: { pattern: "other:{id}" } } }) {}
const { other } = Other.keys
type ReadsPrefs = Effect.Effect<string, never, Manifest.Borrows<"prefs:{id}", AppCache>>

declare function lastIsClean(params: { readonly id: string }): ReadsPrefs
declare function lastIsClean(params: { readonly id: string }, about?: unknown): Effect.Effect<string>
declare function thirdReads(params: { readonly id: string }): Effect.Effect<string>
declare function thirdReads(params: { readonly id: string }, about: string): Effect.Effect<string>
declare function thirdReads(params: { readonly id: string }, about: number): ReadsPrefs
declare function thirdReads(params: { readonly id: string }, about?: unknown): Effect.Effect<string>
declare const optional: { readonly lookup?: () => ReadsPrefs }
declare const either: (() => ReadsPrefs) | (() => Effect.Effect<string>)
declare const perhaps: (() => ReadsPrefs) | undefined
declare const options: { readonly lookup: () => ReadsPrefs } | { readonly lookup?: never }
declare const numbered: (params: { readonly id: number }) => Effect.Effect<string>
const generator = Effect.fnUntraced(function*(params: { readonly id: number }) {
  return yield* Effect.succeed(`${params.id}`)
})

// A lookup that reads what its family does not derive from is refused, however it is written.
export const no1 = AppCache.owner("profile", { lookup: lastIsClean })
export const no2 = AppCache.owner("profile", { lookup: thirdReads })
export const no3 = AppCache.owner("profile", optional)
export const no4 = AppCache.owner("profile", options)
export const no5 = AppCache.owner("profile", { lookup: either })
export const no6 = AppCache.owner("profile", { lookup: perhaps })
export const no7 = AppCache.owner("profile", { lookup: () => Effect.as(prefs.getOption({ id: 1 }), "x") })
export const no8 = AppCache.owner("profile", {
  lookup: () => Effect.as(Effect.flatMap(prefs.reader, (r) => r.get({ id: 1 })), "x")
})
export const no9 = AppCache.owner("profile", { lookup: () => Effect.as(AppCache.get("prefs:1"), "x") })
export const no10 = AppCache.owner("profile", {
  lookupMany: (all) => Effect.as(prefs.getMany([{ id: 1 }]), all.map(() => "x"))
})
export const no11 = AppCache.owner("files", { parts: { facts: { lookup: () => Effect.as(prefs.get({ id: 1 }), 1) } } })
export const no12 = AppCache.delegate("facts", { lookup: () => Effect.as(prefs.get({ id: 1 }), 1) })

// A lookup that reads another manifest is refused.
export const no13 = AppCache.owner("profile", { lookup: () => Effect.as(other.get({ id: 1 }), "x") })
export const no14 = AppCache.owner("profile", {
  lookup: () => Effect.as(Effect.flatMap(other.reader, (r) => r.get({ id: 1 })), "x")
})
export const no15 = AppCache.owner("profile", { lookup: () => Effect.as(Other.get("other:1"), "x") })
export const no16 = AppCache.owner("profile", {
  lookup: ({ id }) => Effect.as(Effect.andThen(user.get({ id }), other.get({ id })), "x")
})

// A lookup that writes is refused.
export const no17 = AppCache.owner("profile", { lookup: () => Effect.as(prefs.set({ id: 1 }, { dark: true }), "x") })
export const no18 = AppCache.owner("profile", { lookup: ({ id }) => Effect.as(profile.refresh({ id }), "x") })
export const no19 = AppCache.owner("profile", {
  lookup: ({ id }) => Effect.as(AppCache.batch([user.setting({ id }, ann)]), "x")
})
export const no20 = AppCache.owner("profile", { lookup: () => Effect.as(feed.invalidateAll(), "x") })
export const no21 = AppCache.owner("profile", { lookup: () => Effect.as(AppCache.invalidate("prefs:*"), "x") })
export const no22 = AppCache.owner("profile", { lookup: () => Effect.as(other.delete({ id: 1 }), "x") })
export const no23 = AppCache.owner("profile", { lookup: () => Effect.as(Effect.scoped(prefs.lease({ id: 1 })), "x") })
export const no24 = AppCache.owner("profile", {
  lookup: () => Effect.as(Effect.provide(Effect.void, AppCache.owner("prefs")), "x")
})
export const no25 = AppCache.owner("profile", { lookup: () => Effect.as(prefs.writer, "x") })

// A lookup with other parameters than its family has is refused.
export const no26 = AppCache.owner("prefs", { lookup: ({ id }: { id: number }) => Effect.succeed({ dark: id > 1 }) })
export const no27 = AppCache.owner("prefs", {
  lookup: ({ id }: { id: "a" | "b" }) => Effect.succeed({ dark: id === "a" })
})
export const no28 = AppCache.owner("prefs", {
  lookup: ({ page }: { id: string; page: string }) => Effect.succeed({ dark: page === "" })
})
export const no29 = AppCache.owner("prefs", { lookup: (id: string) => Effect.succeed({ dark: id === "" }) })
export const no30 = AppCache.owner("prefs", {
  lookup: (_: unknown, about: LookupContext<string>) => Effect.succeed({ dark: about.key === "" })
})
export const no31 = AppCache.owner("prefs", {
  lookup: (_: unknown, __: unknown, third: number) => Effect.succeed({ dark: third > 1 })
})
export const no32 = AppCache.owner("prefs", {
  lookupMany: (all: ReadonlyArray<{ id: number }>) => Effect.succeed(all.map(() => ({ dark: true })))
})
export const no33 = AppCache.owner("profile", { lookup: numbered })
export const no34 = AppCache.owner("profile", { lookup: generator })
export const no35 = AppCache.owner("profile", {
  lookup(params: { id: number }) {
    return Effect.succeed(`${params.id}`)
  }
})
export const no36 = AppCache.owner("profile", {
  get lookup() {
    return numbered
  }
})
export const no37 = AppCache.owner("files", {
  parts: { facts: { lookup: ({ id }: { id: number }) => Effect.succeed(id) } }
})
export const no38 = AppCache.delegate("facts", { lookup: ({ id }: { id: number }) => Effect.succeed(id) })

// These are right.
export const yes1 = AppCache.owner("profile", { lookup: ({ id }: { readonly id: string }) => Effect.succeed(id) })
export const yes2 = AppCache.owner("profile", {
  lookup: ({ id }: { readonly id: typeof UserId.Type }) => Effect.succeed(id)
})
export const yes3 = AppCache.owner("profile", {
  lookup: <A extends string>({ id }: { readonly id: A }) => Effect.succeed(id)
})
export const yes4 = AppCache.owner("profile", {
  lookup: (params: Record<string, string>) => Effect.succeed(Object.keys(params).join())
})
export const yes5 = AppCache.owner("profile", {
  lookup: (...all: ReadonlyArray<unknown>) => Effect.succeed(`${all.length}`)
})
export const yes6 = AppCache.owner("profile", { lookup: (params: any) => Effect.succeed(`${params.id}`) })
export const yes7 = AppCache.owner("profile", {})
export const yes8 = AppCache.owner("profile", {
  lookupMany: (all) => Effect.succeed(all.map(({ id }) => id === "0" ? Lookup.failed(new DbError()) : id))
})

// A lookup that fails a key with an error that its family does not declare is refused.
export const no39 = AppCache.owner("profile", {
  lookupMany: (all) => Effect.succeed(all.map(({ id }) => id === "0" ? Lookup.failed({ undeclared: true }) : id))
})
export const no40 = AppCache.owner("draft", { lookup: () => Effect.succeed(Lookup.failed("down")) })
