/**
 * A lookup may confirm the value that the cache has. Where the value was made from others, a confirmation by a lookup
 * that has read none of them does not make the value live longer: what it was made from may have changed unseen.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import { engine } from "../support/engine.ts"
import { tiers } from "../support/source.ts"

const id = { id: "1" }

const world = (reads: boolean, options?: object) =>
  Effect.gen(function*() {
    const source = { value: "old" }
    let runs = 0
    const running = yield* engine(
      {
        families: {
          user: { pattern: "user:{id}", timeToLive: "1 minute" },
          page: { pattern: "page:{id}", derives: ["user:{id}"], timeToLive: "1 hour", refreshAhead: 0.001 }
        }
      },
      (about, app) => {
        if (about.key.startsWith("user:")) return Effect.sync(() => source.value)
        runs++
        const user = app.keys.user.get(id) as Effect.Effect<string>
        if (about.previous === undefined) {
          return Effect.map(user, (name) => Lookup.loaded(`page of ${name}`, { revision: "1" }))
        }
        return reads
          ? Effect.map(user, (name) =>
            about.previous?.value === `page of ${name}` ? Lookup.notModified() : `page of ${name}`)
          : Effect.succeed(Lookup.notModified())
      },
      options
    )
    const { page, user } = running.app.keys
    return {
      source,
      page,
      user,
      as: running.as,
      runs: () =>
        runs
    }
  })

for (
  const [arrangement, options] of [
    ["memory alone", Effect.succeed({})],
    ["memory over a lower tier", Effect.map(tiers([]), ({ options }) => options)]
  ] as const
) {
  describe(`a value that its lookup confirms, in ${arrangement}`, () => {
    it.effect("a confirmed value lives no longer than its sources did, if the lookup has read none of them", () =>
      Effect.gen(function*() {
        const { as, page, source } = yield* world(false, yield* options)
        assert.strictEqual(yield* as(page.get(id)), "page of old")
        yield* TestClock.adjust("30 seconds")
        yield* as(page.refresh(id))
        source.value = "new"
        yield* TestClock.adjust("31 seconds")
        assert.isFalse(yield* as(page.has(id)))
      }))

    it.effect("a confirmed value lives on if the lookup has read its sources", () =>
      Effect.gen(function*() {
        const { as, page, runs } = yield* world(true, yield* options)
        yield* as(page.get(id))
        yield* TestClock.adjust("61 seconds")
        yield* as(page.refresh(id))
        assert.strictEqual(runs(), 2)
        yield* TestClock.adjust("59 seconds")
        assert.isTrue(yield* as(page.has(id)))
      }))
  })
}
