import { Context, Effect, Layer, pipe } from "effect"
import type { CacheError } from "../../src/cache/CacheError.ts"
import type { Reader } from "../../src/manifest/Family.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { AppCache, UserId } from "../fixture.ts"

const { audit, draft, facts, feed, files, prefs, user } = AppCache.keys
const id = UserId.make("1")

// --- manifests in pieces ---------------------------------------------------------------------------------------------

const home = { pattern: "home", value: Manifest.type<string>() } as const
export class Site extends Manifest.Service<Site>()("Site", {
  families: { home, page: { pattern: "page:{id}", value: Manifest.type<string>() } }
}) {}
const price = { pattern: "price:{id}" }
export class Widened extends Manifest.Service<Widened>()("Widened", { families: { price } }) {}
export const notRefusedAgain = Widened.keys.price.get({ id: 1 })
const cyclic = {
  families: { a: { pattern: "a:{id}", derives: ["b:{id}"] }, b: { pattern: "b:{id}", derives: ["a:{id}"] } }
} as const
export class Constant extends Manifest.Service<Constant>()("Constant", cyclic) {}
export class Constants extends Manifest.Service<Constants>()("Constants", { families: cyclic.families }) {}
const policy = { timeToLive: "5 minutes", layr: "server" } as const
export class Policies extends Manifest.Service<Policies>()("Policies", {
  families: { post: { pattern: "post:{id}", ...policy } }
}) {}
const sources = ["a:{id}"]
export class Listed extends Manifest.Service<Listed>()("Listed", {
  families: { a: { pattern: "a:{id}" }, b: { pattern: "b:{id}", derives: sources, borrows: sources } }
}) {}
export class Flat extends Manifest.Service<Flat>()("Flat", { user: { pattern: "user:{id}" } }) {}
export class Keyed extends Manifest.Service<Keyed>()("Keyed", { families: { user: { key: "user:{id}" } } }) {}

// --- keys without parameters -----------------------------------------------------------------------------------------

export const one = [
  Site.keys.home.get({ id: 1 }),
  Site.keys.home.get("home"),
  Site.keys.home.getMany([{}, { id: 1 }]),
  Site.keys.home.invalidateWhere({ id: 1 }),
  pipe({ id: 1 }, Site.keys.home.get),
  Site.keys.hme.get({})
]

// --- parts of a change -----------------------------------------------------------------------------------------------

export const changes = [
  prefs.update({ id }, (was) => ({ ...was, dark: "no" })),
  user.patch({ id }, (was) => ({ ...was, name: 1 })),
  feed.update({ id, page: 1 }, (was) => [...was, 1]),
  user.update({ id }, ({ name }) => ({ name }))
]

// --- rights written by hand ------------------------------------------------------------------------------------------

type Reads = Effect.Effect<void, CacheError, Manifest.Borrows<"user:{id}", AppCache>>
export const renamed: Reads = user.delete({ id })
export const rename = (): Reads => pipe({ id }, user.delete)
export class Users extends Context.Service<Users, { readonly drop: Reads }>()("Users") {
  static readonly layer = Layer.succeed(this, { drop: user.invalidateAll() })
}
export const destructured = Effect.flatMap(prefs.reader, ({ set }) => set({ id }, { dark: true }))
export const unnamed = (reader: Reader<"prefs:{id}", { readonly dark: boolean }, never, {}>) => reader.delete({ id })

// --- owners ----------------------------------------------------------------------------------------------------------

export const owners = [
  AppCache.owner("prefs", () => Effect.succeed({ dark: true })),
  AppCache.delegate("facts", () => Effect.succeed(1)),
  AppCache.owner(user),
  pipe("prefs", AppCache.owner),
  <F extends "user">(family: F) => AppCache.owner(family),
  <P extends "user:*">(pattern: P) => AppCache.invalidate(pattern),
  AppCache.owner("feed", {
    lookup: ({ id, page }) => Effect.zipWith(prefs.get({ id }), feed.set({ id, page }, []), () => [])
  })
]

// --- several rights too many -----------------------------------------------------------------------------------------

export const bodies = [
  AppCache.fn("two", { owns: ["user:{id}"] })(function*() {
    yield* prefs.set({ id }, { dark: true })
    yield* facts.get({ id })
  }),
  AppCache.fn("many", {})(function*() {
    yield* prefs.get({ id })
    yield* facts.get({ id })
    yield* audit.get({ id })
    yield* feed.get({ id, page: 1 })
    yield* draft.get({ id })
  }),
  AppCache.fn("lists", { owns: ["user:{id}", "prefs:{id}"], invalidates: [] }),
  AppCache.fn("option", { reads: ["user:{id}"] }),
  Manifest.provided(Effect.zip(user.delete({ id }), prefs.get({ id }))),
  AppCache.inLayer("edge")(Effect.zip(files.invalidateAll(), draft.get({ id }))),
  AppCache.modules({ analytics: Layer.effectDiscard(Effect.zip(prefs.get({ id }), user.delete({ id }))) })
]

// --- methods ---------------------------------------------------------------------------------------------------------

@AppCache.method({ owns: ["user:{id}"] })
export class Service {
  @AppCache.method({ owns: ["user:{id}"] })
  async later() {}

  @AppCache.method({ borrows: ["user:{id}"] })
  *inTurns() {
    yield* user.get({ id })
  }

  @AppCache.method({ borrows: ["user:{id}"] })
  readonly field = () => user.get({ id })

  @AppCache.method({ borrows: ["user:{id}"] })
  get property() {
    return user.get({ id })
  }

  @AppCache.method({ borrow: ["user:{id}"] })
  misspelt() {
    return Effect.void
  }

  @AppCache.method({ borrows: ["prefs:{id}"] })
  both() {
    return Effect.zip(user.get({ id }), facts.get({ id }))
  }
}
