/**
 * The typed manifest of most tests that need no family of their own: users, and profiles that derive from them, each
 * with its owner. As layers over a store of the test, or as a running cache with all rights and its internals.
 */
import type * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import type { Store } from "effect-stateless/store/Store"
import type { StoreError } from "effect-stateless/store/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type RunningOf, start } from "./engine.ts"

export class Users extends Manifest.Service<Users>()("Users", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() },
    profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
  }
}) {}

export const { profile, user } = Users.keys

export interface UsersOptions {
  /** The name of a user. Without it, a user is known only after a set. */
  readonly name?: (id: string) => Effect.Effect<string | Lookup.Loaded<string>>
  /** What a profile waits for once it has read the name. */
  readonly pause?: Effect.Effect<unknown>
  /** Keys that the owner warms before the cache is built. */
  readonly warm?: ReadonlyArray<{ readonly id: string }>
}

/** The owners of both families. A profile is made of the user's name. The store is provided by the test. */
export const users = ({ name, pause = Effect.void, warm = [] }: UsersOptions = {}) =>
  Users.modules({
    user: name === undefined
      ? Users.owner("user")
      : Users.owner("user", { lookup: ({ id }) => name(id), warm: { keys: warm, await: true } }),
    profile: Users.owner("profile", {
      lookup: ({ id }) => Effect.map(Effect.tap(user.get({ id }), () => pause), (name) => `profile of ${name}`)
    })
  })

/** A running cache of both families, with the rights of both owners. */
export const runningUsers = (
  { store = MemoryStore.layer({ capacity: 100 }), ...options }: UsersOptions & {
    readonly store?: Layer.Layer<Store, StoreError> | undefined
  } = {}
): Effect.Effect<RunningOf<typeof Users>, any, Scope.Scope> => start(Users, Layer.provide(users(options), store))
