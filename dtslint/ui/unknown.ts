import { Effect, Schema } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { AppCache, UserId } from "../fixture.ts"

const { prefs, user } = AppCache.keys
const id = UserId.make("1")
declare const flag: boolean
declare const some: Array<"user:{id}">
declare const opaque: Effect.Effect<string, never, unknown>

// What the compiler does not know counts neither as known, nor as everything that it may be.
export class Chosen extends Manifest.Service<Chosen>()("Chosen", {
  layers: { client: { reads: [flag ? "server" : "edge"] }, edge: {}, server: {} },
  families: {
    user: { pattern: "user:{id}", layer: flag ? "server" : "client" },
    prefs: { pattern: "prefs:{id}", layer: "edge" },
    one: { pattern: "one:{id}", derives: [flag ? "user:{id}" : "prefs:{id}"] },
    list: { pattern: "list:{id}", layer: "server", derives: some },
    each: flag ? { pattern: "each:{id}", derives: ["user:{id}"] } as const : { pattern: "each:{id}" } as const
  },
  readers: { reports: { borrows: some } }
}) {}
export class Typed extends Manifest.Service<Typed>()("Typed", {
  families: { user: { pattern: "user:{id}", params: { id: Manifest.type<number>() }, value: Schema.String } }
}) {}
export class Layered extends Manifest.Service<Layered>()("Layered", {
  families: { user: { pattern: "user:{id}", layer: "server" } }
}) {}

export const declared = [
  AppCache.fn("f", { owns: [flag ? "user:{id}" : "prefs:{id}"] }),
  AppCache.fn("f", { borrows: some }),
  AppCache.fn("f", flag ? { owns: ["user:{id}"] } as const : { borrows: ["user:{id}"] } as const)
]
export const body = AppCache.fn("f", { borrows: ["user:{id}"] })(function*<R>(first: Effect.Effect<void, never, R>) {
  yield* first
})
export const opaqueBody = AppCache.fn("f", { borrows: ["user:{id}"] })(function*() {
  yield* opaque
})
export class Users {
  @AppCache.method({ borrows: ["user:{id}"] })
  after<R>(first: Effect.Effect<void, never, R>) {
    return Effect.andThen(first, user.delete({ id }))
  }
}
export const program = AppCache.inLayer("client")(opaque)
export const generic = <R>(effect: Effect.Effect<string, never, R>) => AppCache.inLayer("client")(effect)

export const lent = AppCache.modules({ user: AppCache.borrower("user") })

export const owners = [
  AppCache.owner("prefs", ({ id }) => Effect.succeed({ dark: id === "" })),
  AppCache.owner("prefs", { warm: [{ id: "1" }] }),
  AppCache.owner("prefs", { predict: true })
]
export const helper = <R>(lookup: (params: { readonly id: string }) => Effect.Effect<{ dark: boolean }, never, R>) =>
  AppCache.owner("prefs", { lookup })
export class Read extends Manifest.Service<Read>()("Read", {
  families: { user: { pattern: "user:{id}", value: Schema.String } },
  readers: { reports: { reads: ["user:{id}"] } }
}) {}
class Other extends Manifest.Service<Other>()("Other", {
  families: { user: { pattern: "user:{id}", value: Schema.String } }
}) {}
export const both = AppCache.batch([prefs.deleting({ id }), Other.keys.user.deleting({ id })])

// A type parameter in the place of a name or a pattern.
export const owned = <N extends "user" | "prefs">(name: N) => AppCache.owner(name)
export const lending = <N extends "user" | "prefs">(name: N) => AppCache.borrower(name)
export const right = <P extends string>(given: Manifest.Owns<P, AppCache>) => given
export const appoint = <P extends "user:{id}">(given: Manifest.Appoints<P, AppCache>) => given
