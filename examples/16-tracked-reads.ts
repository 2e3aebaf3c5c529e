/**
 * Tracked reads: the types check which families a lookup reads, and the engine checks which keys.
 */
import { Effect, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Site extends Manifest.Service<Site>()("Site", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() },
    profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
  }
}) {}
const { profile, user } = Site.keys

const SiteLive = Site.modules({
  user: Site.owner("user", { lookup: ({ id }) => Effect.succeed(`user ${id}`) }),
  profile: Site.owner("profile", {
    lookup: Effect.fnUntraced(function*({ id }) {
      const name = yield* user.get({ id })
      // This compiles, since the family is declared. But a change of user:1 would leave the profile of 2 stale.
      return `${name}, a friend of ${yield* user.get({ id: "1" })}`
    })
  })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

const program = Effect.gen(function*() {
  assert.equal(yield* profile.get({ id: "1" }), "user 1, a friend of user 1")

  const { message, reason } = yield* Effect.flip(profile.get({ id: "2" }))
  console.log(message)
  assert.equal(
    message,
    "E0232: the lookup of `profile:2` reads `user:1`, but a change of `user:1` would not reach `profile:2`; help: read " +
      "the key of `user:{id}` that the parameters of `profile` bind, or derive `profile` from `user:1` as well, or from " +
      "every key of `user:{id}`, with other names in its braces"
  )
  assert.equal(reason._tag, "UndeclaredRead")
  assert.equal(yield* profile.has({ id: "2" }), false)
})

await Effect.runPromise(Effect.provide(program, SiteLive))
