/**
 * `getAnswer` says for how long its value will be fresh, and when the cache forgets it: what an HTTP cache, a browser
 * or a response needs to know.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { Lookup, Manifest, MemoryStore } from "../../src/index.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    plain: { pattern: "plain:{id}", value: Manifest.type<string>() },
    timed: { pattern: "timed:{id}", value: Manifest.type<string>(), timeToLive: 1_000, staleIfError: 500 },
    idle: { pattern: "idle:{id}", value: Manifest.type<string>(), timeToLive: 1_000, idleTimeToLive: 100 },
    token: { pattern: "token:{id}", value: Manifest.type<string>(), sensitive: true }
  }
}) {}
const { idle, plain, timed, token } = App.keys
const id = { id: "1" }

const AppLive = App.modules({
  plain: App.owner("plain", { lookup: () => Effect.succeed(Lookup.loaded("v", { timeToLive: "doNotStore" })) }),
  timed: App.owner("timed", { lookup: () => Effect.succeed(Lookup.loaded("v", { revision: "etag" })) }),
  idle: App.owner("idle", { lookup: () => Effect.succeed("v") }),
  token: App.owner("token", { lookup: () => Effect.succeed(Lookup.loaded("v", { revision: "secret" })) })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

const timesOf = (answer: { readonly freshForMillis: number; readonly expiresInMillis: number }) => [
  answer.freshForMillis,
  answer.expiresInMillis
]

describe("the times of an answer", () => {
  it.effect("a value that does not expire is fresh for ever, and one that was not stored is not kept at all", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(timesOf(yield* plain.getAnswer(id)), [0, 0])
      yield* plain.set(id, "v", { revision: "r" })
      const answer = yield* plain.getAnswer(id)
      assert.deepStrictEqual(timesOf(answer), [Infinity, Infinity])
      assert.strictEqual(answer.revision, "r")
    }).pipe(Effect.provide(AppLive)))

  it.effect("the times of an answer count down, and a mark ends the first at once and moves the second", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(timesOf(yield* timed.getAnswer(id)), [1_000, 1_500])
      yield* TestClock.adjust(400)
      const held = yield* timed.getAnswer(id)
      assert.deepStrictEqual(timesOf(held), [600, 1_100])
      assert.strictEqual(held.revision, "etag")
      yield* timed.invalidate(id, { mode: "markStale" })
      const { held: marked } = yield* timed.explain(id)
      // From here on it may be served stale for half a second, and not until its own end.
      assert.deepStrictEqual(marked && timesOf(marked), [0, 500])
      yield* TestClock.adjust(499)
      assert.deepStrictEqual(yield* Effect.map(timed.explain(id), ({ held }) => held && timesOf(held)), [0, 1])
    }).pipe(Effect.provide(AppLive)))

  it.effect("an idle time may end a value before its lifetime", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(timesOf(yield* idle.getAnswer(id)), [100, 100])
      yield* TestClock.adjust(50)
      const { held } = yield* idle.explain(id)
      assert.isAtMost(held?.freshForMillis ?? Infinity, 100)
    }).pipe(Effect.provide(AppLive)))

  it.effect("the body of a transaction sees no times of what it has written", () =>
    Effect.gen(function*() {
      const written = App.transaction((body: Effect.Effect<unknown>) => body)(
        Effect.andThen(timed.set(id, "w"), timed.getAnswer(id)) as Effect.Effect<any>
      )
      assert.deepStrictEqual(timesOf((yield* written) as never), [0, 0])
    }).pipe(Effect.provide(AppLive)))

  it.effect("an explanation of a sensitive family shows no revision", () =>
    Effect.gen(function*() {
      yield* token.get(id)
      const explanation = yield* token.explain(id)
      assert.notInclude(JSON.stringify(explanation), "secret")
    }).pipe(Effect.provide(AppLive)))
})
