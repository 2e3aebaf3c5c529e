import { Effect, Option, Schema } from "effect"
import { Manifest } from "../../src/manifest/Manifest.ts"
import { AppCache, type User } from "../fixture.ts"

// What a manifest says in another shape, each in a family of its own.
declare let prefix: string
export class Shapes extends Manifest.Service<Shapes>()("Shapes", {
  families: {
    user: { pattern: "user:{id}", value: Schema.String },
    boxed: { pattern: "boxed:{id}", value: String },
    named: { pattern: "named:{id}", value: "string" },
    uncalled: { pattern: "uncalled:{id}", value: Manifest.type },
    thrown: { pattern: "thrown:{id}", value: Schema.String, error: Error },
    several: { pattern: "several:{id}", error: [Error] },
    coded: { pattern: "coded:{id}", params: { id: Number } },
    listed: { pattern: "listed:{id}", params: ["id"] },
    single: { pattern: "single:{id}", derives: "user:{id}" },
    lent: { pattern: "lent:{id}", borrows: "user:{id}" }
  }
}) {}

export class Listed extends Manifest.Service<Listed>()("Listed", { families: [{ pattern: "user:{id}" }] }) {}

export class Patterns extends Manifest.Service<Patterns>()("Patterns", {
  families: {
    spaced: { pattern: "spaced:{ id }" },
    inside: { pattern: "inside:{user id}" },
    before: { pattern: "before: {id}" },
    after: { pattern: "after :{id}" },
    text: { pattern: "a text with spaces inside:{id}" },
    optional: { pattern: "optional:{id?}" },
    rest: { pattern: "rest:{...path}" },
    template: { pattern: `${prefix}:user:{id}` },
    dollar: { pattern: "dollar:${id}" }
  }
}) {}

// Names that are near to declared ones.
export class Names extends Manifest.Service<Names>()("Names", {
  layers: { server: {} },
  families: {
    user: { pattern: "user:{id}", layer: "sever" },
    account: { pattern: "account:{id}", layer: "server", params: { ID: Schema.String } },
    exact: { pattern: "exact:{id}", derives: ["usr:{id}"] },
    renamed: { pattern: "renamed:{key}", derives: ["usr:{key}"] },
    byName: { pattern: "byName:{id}", derives: ["user"] },
    optioned: { pattern: "optioned:{id}", derive: ["user:{id}"] },
    far: { pattern: "far:{id}", derives: ["nothing:{id}"] }
  },
  reader: {}
}) {}

const { user } = AppCache.keys
declare const ann: User
export const near = [
  AppCache.owner("usr"),
  AppCache.owner("user:{id}"),
  AppCache.borrower("usre"),
  AppCache.delegate("fact"),
  AppCache.owner("files", { parts: { fact: { lookup: () => Effect.succeed(1) } } }),
  AppCache.owner("user", { lookUp: () => Effect.succeed(ann) }),
  AppCache.owner("user", { warm: { key: [] } }),
  AppCache.modules({ usr: AppCache.owner("user") }),
  AppCache.modules({ users: { owns: ["usr"], layer: AppCache.owner("user") } }),
  AppCache.get("user"),
  AppCache.get("usr:1"),
  AppCache.invalidate("usr:*"),
  AppCache.invalidate("user"),
  AppCache.fn("f", { owns: ["usr:{id}"] }),
  AppCache.fn("f", { borrows: ["user"] }),
  AppCache.fn("f", { invalidates: ["fles:*"] }),
  AppCache.inLayer("Server"),
  AppCache.keys.usr
]
export type Unknown = [Manifest.Owns<"usr:{id}", AppCache>, Manifest.Borrows<"user", AppCache>]
export type Narrower = [Manifest.Owns<"user:1", AppCache>, Manifest.Appoints<"files:1:fact", AppCache>]
export type Wider = [Manifest.Borrows<"user:*", AppCache>, Manifest.Admits<"*", AppCache>]
export type Malformed = Manifest.Borrows<"user:", AppCache>
export type Several = Manifest.Owns<"user:{id}" | "profile:{id}", AppCache>
export const options = [
  user.set({ id: ann.id }, ann, { ttl: "1 minute" }),
  user.setMany([{ id: ann.id }, ann]),
  user.update({ id: ann.id }, ann),
  AppCache.batch(user.setting({ id: ann.id }, ann)),
  AppCache.modules([AppCache.owner("user")]),
  AppCache.modules(AppCache.owner("user"))
]
export const changes = [
  user.update({ id: ann.id }, async (was) => was),
  user.patch({ id: ann.id }, (was) => Promise.resolve(was)),
  user.update({ id: ann.id }, (was) => {
    void was.name
  }),
  user.patch({ id: ann.id }, (was) => Option.some(was)),
  user.update({ id: ann.id }, () => 1)
]

// An option that is written apart, without `as const`.
const apart = { timeToLive: "5 minutes" }
export class Apart extends Manifest.Service<Apart>()("Apart", {
  families: { page: { ...apart, pattern: "page:{id}" } }
}) {}

// An option of no text at all, and a bound of weights that are all 1.
export class Released extends Manifest.Service<Released>()("Released", {
  families: { page: { pattern: "page:{id}", version: {} } }
}) {}
export class Weighed extends Manifest.Service<Weighed>()("Weighed", {
  families: {
    page: { pattern: "page:{id}", weightMax: 100 },
    none: { pattern: "none:{id}", weightMax: undefined },
    text: {
      pattern: "text:{id}",
      value: Schema.String,
      weightMax: 100,
      weigher: (_: string, text: string) => text.length
    }
  }
}) {}
