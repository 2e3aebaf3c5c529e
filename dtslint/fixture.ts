import { Context, type Effect, Schema } from "effect"
import * as Manifest from "../src/manifest/Manifest.ts"

export const UserId = Schema.String.pipe(Schema.brand("UserId"))
export class User extends Schema.Class<User>("User")({ id: UserId, name: Schema.String }) {}
export class DbError extends Schema.TaggedError<DbError>()("DbError", {}) {}
export class Db extends Context.Service<Db, { readonly userById: (id: string) => Effect.Effect<User, DbError> }>()(
  "Db"
) {}

export class AppCache extends Manifest.Service<AppCache>()("AppCache", {
  layers: { client: { reads: ["edge", "server"] }, edge: { reads: ["server"] }, server: {} },
  families: {
    user: {
      pattern: "user:{id}",
      layer: "server",
      value: User,
      error: DbError,
      params: { id: UserId },
      timeToLive: "5 minutes"
    },
    prefs: { pattern: "prefs:{id}", layer: "server", value: Manifest.type<{ readonly dark: boolean }>() },
    profile: {
      pattern: "profile:{id}",
      layer: "edge",
      value: Manifest.type<string>(),
      error: DbError,
      params: { id: UserId },
      derives: ["user:{id}"]
    },
    feed: {
      pattern: "feed:{id}:{page}",
      layer: "edge",
      value: Manifest.type<ReadonlyArray<string>>(),
      derives: ["profile:{id}"]
    },
    files: { pattern: "files:*", layer: "server" },
    facts: { pattern: "files:{id}:facts", layer: "server", partOf: "files", value: Manifest.type<number>() },
    audit: { pattern: "files:{id}:audit", layer: "server", carvedFrom: "files", value: Manifest.type<boolean>() },
    draft: { pattern: "draft:{id}", layer: "client" }
  },
  readers: { analytics: { layer: "server", borrows: ["user:{id}", "files:*"] } }
}) {}
