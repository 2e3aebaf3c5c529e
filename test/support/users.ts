/**
 * The typed manifest that most tests of callers need: users, and profiles that derive from them, each with its owner.
 */
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as Effect from "effect/Effect"

export class Users extends Manifest.Service<Users>()("Users", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() },
    profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
  }
}) {}

export const { profile, user } = Users.keys

export interface UsersOptions {
  /** The name of a user. Without it, a user is known only after a set. */
  readonly name?: (id: string) => Effect.Effect<string>
  /** Keys that the owner warms before the cache is built. */
  readonly warm?: ReadonlyArray<{ readonly id: string }>
}

/** The owners of both families. A profile is made of the user's name. The store is provided by the test. */
export const users = ({ name, warm = [] }: UsersOptions = {}) =>
  Users.modules({
    user: name === undefined
      ? Users.owner("user")
      : Users.owner("user", { lookup: ({ id }) => name(id), warm: { keys: warm, await: true } }),
    profile: Users.owner("profile", {
      lookup: ({ id }) => Effect.map(user.get({ id }), (name) => `profile of ${name}`)
    })
  })
