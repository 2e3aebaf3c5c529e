/**
 * Explain: why the cache can or cannot answer for a key, what happened to the key, when, and through which edge.
 */
import { Effect, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { TestClock } from "effect/testing"
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
  profile: Site.owner("profile", { lookup: ({ id }) => Effect.map(user.get({ id }), (name) => `profile of ${name}`) })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

const explain = Effect.fnUntraced(function*(id: string) {
  const { happenings, held, key, outcome } = yield* profile.explain({ id })
  console.log(`${key}: a read would ${outcome}; held: ${held === undefined ? "nothing" : `\`${held.value}\``}`)
  for (const { atMillis, from = [], through, what } of happenings) {
    const sources = from.map(({ key, stamp }) => ` from \`${key}\` at stamp ${stamp}`)
    console.log(
      `  at ${atMillis} ms: ${what}${through === undefined ? "" : ` through \`${through}\``}${sources.join(",")}`
    )
  }
  return { outcome, latest: happenings[0] }
})

const program = Effect.gen(function*() {
  assert.deepEqual(yield* explain("1"), { outcome: "load", latest: undefined })

  yield* profile.get({ id: "1" })
  const loaded = yield* explain("1")
  assert.deepEqual([loaded.outcome, loaded.latest?.what], ["hit", "Loaded"])
  assert.deepEqual(loaded.latest?.from?.map(({ key }) => key), ["user:1"])

  yield* TestClock.adjust("1 second")
  yield* user.set({ id: "1" }, "Ann")
  const dropped = yield* explain("1")
  assert.equal(dropped.outcome, "load")
  assert.deepEqual([dropped.latest?.what, dropped.latest?.through], ["Invalidated", "user"])
  assert.equal(dropped.latest?.atMillis, 1_000)
})

await Effect.runPromise(program.pipe(Effect.provide(SiteLive), Effect.provide(TestClock.layer())))
