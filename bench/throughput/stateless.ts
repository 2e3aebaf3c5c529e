/**
 * The library in the benchmarks: one family for each feature that a hit may have to check.
 */
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { type User, userOf } from "./workload.ts"

const value = Manifest.type<User>()

export class Users extends Manifest.Service<Users>()("bench/Users", {
  families: {
    plain: { pattern: "plain:{id}", value },
    ttl: { pattern: "ttl:{id}", value, timeToLive: "1 hour" },
    tags: { pattern: "tags:{id}", value },
    derived: { pattern: "derived:{id}", value, derives: ["plain:{id}"] },
    grace: { pattern: "grace:{id}", value, timeToLive: "1 hour", staleWhileRevalidate: "10 minutes" },
    all: {
      pattern: "all:{id}",
      value,
      timeToLive: "1 hour",
      staleWhileRevalidate: "10 minutes",
      staleIfError: "1 day",
      derives: ["plain:{id}"]
    },
    pages: { pattern: "pages:{id}:{page}", value }
  }
}) {}

const lookup = ({ id }: { readonly id: string }) => Effect.succeed(userOf(id))
const tagged = ({ id }: { readonly id: string }) =>
  Effect.succeed(Lookup.loaded(userOf(id), { tags: [`even:${Number(id) % 2}`, "user"] }))

const owners = {
  plain: Users.owner("plain", { lookup }),
  ttl: Users.owner("ttl", { lookup }),
  tags: Users.owner("tags", { lookup: tagged }),
  derived: Users.owner("derived", { lookup }),
  grace: Users.owner("grace", { lookup }),
  all: Users.owner("all", { lookup: tagged }),
  pages: Users.owner("pages", { lookup })
}

export const familyNames = ["plain", "ttl", "tags", "derived", "grace", "all"] as const
export type FamilyName = typeof familyNames[number]

export const runtimeOf = (options: MemoryStore.Options) =>
  ManagedRuntime.make(
    Users.modules(owners).pipe(Layer.provideMerge(MemoryStore.layer(options)))
  )

export type BenchRuntime = ReturnType<typeof runtimeOf>

/** Loads every id, and invalidates a tag and an unrelated key, as happens in a cache in use. */
export const fill = (runtime: BenchRuntime, family: FamilyName, ids: ReadonlyArray<string>) =>
  runtime.runPromise(Effect.gen(function*() {
    const keys = Users.keys[family]
    yield* keys.get({ id: "other" })
    if (family === "tags" || family === "all") yield* keys.invalidateTag("other")
    yield* keys.invalidate({ id: "other" })
    for (const id of ids) yield* keys.get({ id })
  }))
