import { Effect } from "effect"
import type { Lease } from "../../src/capability/Lease.ts"
import type { KeyPattern } from "../../src/pattern/KeyPattern.ts"
import { AppCache, User, UserId } from "../fixture.ts"

// A write takes an exclusive lease of its own family.
const { prefs, user } = AppCache.keys
const id = UserId.make("1")
const ann = new User({ id, name: "Ann" })
declare const ofPrefs: Lease<"prefs:{id}", "exclusive">
declare const shared: Lease<"user:{id}", "shared">
declare const unsure: Lease<"user:{id}", "shared" | "exclusive">
declare const any: Lease
declare const patterns: ReadonlyArray<KeyPattern>
const forged = {
  patterns,
  mode: "exclusive",
  token: 1,
  expiresAt: Infinity,
  isHeldUnsafe: () => true,
  check: Effect.void
} as const
declare const own: Lease<"user:{id}", "exclusive">

// A lease of another family, one that is shared, and one that no table made are refused.
export const no1 = user.set({ id }, ann, { lease: ofPrefs })
export const no2 = user.set({ id }, ann, { lease: shared })
export const no3 = user.set({ id }, ann, { lease: unsure })
export const no4 = user.set({ id }, ann, { lease: any })
export const no5 = user.set({ id }, ann, { lease: forged })
export const no6 = user.setMany([[{ id }, ann]], { lease: ofPrefs })
export const no7 = user.setting({ id }, ann, { lease: shared })
export const no8 = AppCache.set("user:1", ann, { lease: ofPrefs })
export const no9 = Effect.map(user.writer, (writer) => writer.set({ id }, ann, { lease: ofPrefs }))
export const no10 = Effect.map(user.writer, (writer) => writer.setMany([[{ id }, ann]], { lease: shared }))
export const no11 = Effect.flatMap(prefs.lease({ id: 1 }), (lease) => user.set({ id }, ann, { lease }))
export const no12 = Effect.flatMap(user.lease({ id }, { mode: "shared" }), (lease) => user.set({ id }, ann, { lease }))

// These are right.
export const yes1 = user.set({ id }, ann, { lease: own })
export const yes2 = user.setMany([[{ id }, ann]], { lease: own })
export const yes3 = Effect.flatMap(
  user.lease({ id }),
  (lease) => AppCache.set("user:1", ann, { lease, ifVersion: null })
)
export const lost = user.set({ id }, ann, { lease: undefined })
