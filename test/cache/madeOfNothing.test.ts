/**
 * What a lookup makes of a source that failed, or that has no value, is fresh no longer than the failure or the absence
 * counts: another program may have repaired the source, or written its row, and told no cache.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import { Lookup, Manifest, MemoryStore } from "../../src/index.ts"

const App = (policy: object) =>
  class App extends Manifest.Service<App>()("App", {
    families: {
      prefs: { pattern: "prefs:{id}", value: Manifest.type<string>(), error: Schema.String, ...policy },
      page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["prefs:{id}"] },
      site: { pattern: "site:{id}", value: Manifest.type<string>(), derives: ["page:{id}"] }
    }
  }) {}
const id = { id: "1" }

const failing: { readonly [how: string]: Effect.Effect<string | Lookup.AbsentAnswer, string> } = {
  absent: Effect.succeed(Lookup.absent),
  fails: Effect.fail("down"),
  dies: Effect.die(new Error("down")),
  "takes too long": Effect.never
}

/** How long a page lasts that was made while its preferences were so. */
const livesFor = Effect.fnUntraced(function*(policy: object, how: string, door: "get" | "getMany") {
  const app = App(policy)
  const { page, prefs, site } = app.keys
  let isDown = true
  const read = (params: { readonly id: string }) =>
    door === "get" ? prefs.get(params) : Effect.map(prefs.getMany([params]), ([one]) => one!)
  const live = app.modules({
    prefs: app.owner("prefs", { lookup: () => Effect.suspend(() => isDown ? failing[how]! : Effect.succeed("dark")) }),
    page: app.owner("page", { lookup: (params) => Effect.catchCause(read(params), () => Effect.succeed("default")) }),
    site: app.owner("site", { lookup: (params) => page.get(params) })
  }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
  return yield* Effect.gen(function*() {
    const reading = yield* Effect.forkChild(site.get(id))
    yield* TestClock.adjust(10)
    assert.strictEqual(reading.pollUnsafe()?._tag, "Success")
    isDown = false
    let lifetime = 10
    for (; lifetime < 10_000 && (yield* page.has(id)); lifetime += 10) {
      assert.isTrue(yield* site.has(id))
      yield* TestClock.adjust(10)
    }
    assert.strictEqual(yield* site.has(id), yield* page.has(id))
    assert.strictEqual(yield* site.get(id), lifetime < 10_000 ? "dark" : "default")
    return lifetime
  }).pipe(Effect.provide(live))
})

describe("a value made of a failure lasts as long as the failure is remembered", () => {
  for (const how of ["fails", "dies", "takes too long"] as const) {
    for (const door of ["get", "getMany"] as const) {
      it.effect(`a value made of the failure of a lookup that ${how}, read by ${door}, lasts no longer than the failure`, () =>
        Effect.gen(function*() {
          const policy = { hardTimeout: 10 }
          assert.isAtMost(yield* livesFor(policy, how, door), 210)
          assert.isAtMost(yield* livesFor({ ...policy, negativeTimeToLive: 500, timeToLive: 5_000 }, how, door), 510)
          assert.isAtMost(yield* livesFor({ ...policy, negativeTimeToLive: 0 }, how, door), 10)
        }))
    }
  }
})

describe("a value made of an absence lasts as long as a value of the source would", () => {
  for (const door of ["get", "getMany"] as const) {
    it.effect(`a value made of an absence that ${door} has read lasts as long as one of its source`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* livesFor({ timeToLive: 1_000 }, "absent", door), 1_000)
        assert.strictEqual(yield* livesFor({ timeToLive: 100, negativeTimeToLive: 300 }, "absent", door), 300)
        // The cache learns of every change: a write or a load of the row drops the page.
        assert.strictEqual(yield* livesFor({}, "absent", door), 10_000)
      }))
  }
})
