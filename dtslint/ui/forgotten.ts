import { Effect, Layer, Schema } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { AppCache, UserId } from "../fixture.ts"

const { feed, prefs, user } = AppCache.keys
const id = UserId.make("1")
declare const wide: { readonly id: string; readonly other: number }

export const modules = [
  AppCache.modules({ user: { lookup: () => Effect.succeed(1) } }),
  AppCache.modules({ user: {} }),
  AppCache.modules({ user: { layer: Layer.empty } })
]

export const lookups = [
  AppCache.owner("prefs", { lookup: async ({ id }) => ({ dark: id === "1" }) }),
  AppCache.owner("prefs", {
    lookup: function*({ id }) {
      return yield* Effect.succeed({ dark: id === "1" })
    }
  }),
  AppCache.owner("prefs", { lookupMany: async (all) => all.map(() => ({ dark: true })) }),
  AppCache.owner("files", { parts: { facts: { lookup: async () => 1 } } })
]

const Live = AppCache.modules({ prefs: AppCache.owner("prefs") })
export const withoutStore = AppCache.stats.pipe(Effect.asVoid, Effect.provide(Live))
export const run = [
  Effect.runPromise(Manifest.provided(withoutStore)),
  Effect.runPromise(Manifest.provided(prefs.get({ id }))),
  Effect.runPromise(withoutStore)
]
export const stores = [
  MemoryStore.layer({}),
  MemoryStore.layer({ capactiy: 10 }),
  MemoryStore.layer({ eviction: "lru" })
]

export class Top extends Manifest.Service<Top>()("Top", { user: { pattern: "user:{id}" } }) {}
export class Both extends Manifest.Service<Both>()("Both", {
  families: { user: { pattern: "user:{id}" } },
  page: { pattern: "page:{id}" }
}) {}
export class Nothing extends Manifest.Service<Nothing>()("Nothing", {}) {}
export class Misspelt extends Manifest.Service<Misspelt>()("Misspelt", {
  familes: { user: { pattern: "user:{id}" } }
}) {}
export class Several extends Manifest.Service<Several>()("Several", {
  families: { user: { pattern: "user:{id}", value: String, ttl: 1 } },
  reders: {}
}) {}
export const top = Top.keys.user.get({ id: 1 })

export class Once extends Manifest.Service<Once>("Once", { families: { user: { pattern: "user:{id}" } } }) {}
export class Bare extends Manifest.Service<Bare>({ families: { user: { pattern: "user:{id}" } } }) {}
export const once = Once.owner("user", { lookup: ({ id }) => Effect.succeed(id) })
export class Other extends Manifest.Service<AppCache>()("Other", { families: { all: { pattern: "all:*" } } }) {}
export const other = [Other.keys.all, Other.owner("all"), Other.modules({}), Other.layer]

export const warmed = [
  prefs.warm({ id }),
  prefs.warm("1"),
  user.warm(Effect.succeed([{ id }])),
  prefs.getMany("1"),
  prefs.setMany({ id }),
  prefs.deleteMany({ id }),
  AppCache.owner("prefs", { warm: { keys: () => [{ id }] } }),
  AppCache.owner("prefs", { warm: { keys: { id } } }),
  AppCache.owner("prefs", { warm: { keys: [{ id }], await: 1 } }),
  AppCache.owner("prefs", { warm: { keys: [{ id }], schedule: "often" } }),
  AppCache.owner("prefs", { warm: { await: true } }),
  AppCache.owner("prefs", { warm: true }),
  AppCache.owner("prefs", { predict: () => [{ id }] }),
  AppCache.owner("prefs", { predict: { keysMax: "10" } }),
  AppCache.owner("prefs", { predict: { keysMax: 10, interval: "often" } }),
  AppCache.owner("prefs", { predict: { keys: [] } }),
  AppCache.owner("files", { parts: { facts: { warm: { keys: 1 } } } })
]

export class Numbers extends Manifest.Service<Numbers>()("Numbers", { families: { 1: { pattern: "all:*" } } }) {}
export class Null extends Manifest.Service<Null>()("Null", {
  families: { user: { pattern: "user:{id}", params: { id: Schema.NullOr(Schema.String) } } }
}) {}

export const some = [
  feed.invalidateWhere({ pge: 1 }),
  feed.invalidateWhere("1"),
  AppCache.keys.draft.invalidateWhere({ ...wide }),
  user.invalidateWhere(wide.other)
]

// Owners that a module forgot: of its family, of the whole of a part, of one family of several, beside another mistake.
const reads = Layer.effectDiscard(prefs.get({ id }))
const part = Layer.effectDiscard(AppCache.keys.facts.get({ id: "1" }))
export const ownerless = [
  AppCache.modules({ prefs: reads }),
  AppCache.modules({ prefs: Layer.effectDiscard(prefs.delete({ id })) }),
  AppCache.modules({ prefs: Layer.effectDiscard(prefs.reader) }),
  AppCache.modules({ prefs: Layer.merge(reads, AppCache.owner("prefs")) }),
  AppCache.modules({ files: part }),
  AppCache.modules({ both: { owns: ["prefs", "user"], layer: Layer.merge(reads, AppCache.owner("user")) } }),
  AppCache.modules({
    user: AppCache.owner("user"),
    prefs: Layer.effectDiscard(Effect.all([user.count(), prefs.count()]))
  })
]

// What is provided after `Manifest.provided` comes too late for it.
export const tooLate = [
  prefs.get({ id }).pipe(Manifest.provided, Effect.provide(Live)),
  Effect.provide(Manifest.provided(AppCache.stats), Live),
  Effect.provide(Manifest.provided(withoutStore), MemoryStore.layer({ capacity: 1 })),
  Effect.provide(Manifest.provided(Effect.provide(Effect.void, AppCache.owner("prefs"))), AppCache.layer)
]
