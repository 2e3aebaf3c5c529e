/**
 * The limits that shorter options of lifetime have left for kept entries: few are kept, and they say no more than all
 * of them did.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { type Limit, needed, withLimit } from "../../src/cache/internal/family/limits.ts"
import { lifeOf } from "../support/life.ts"
import { makePlace } from "../support/mapStore.ts"

/** What an entry with a stamp may live for, by all limits there have been. */
const longest = (limits: ReadonlyArray<Limit>, stamp: number): number =>
  Math.min(Infinity, ...limits.filter(({ before }) => stamp < before).map(({ millis }) => millis))

const series = fc.array(fc.nat(1_000), { maxLength: 60, size: "max" }).map((all) =>
  all.map((millis, at): Limit => ({ before: at + 1, millis }))
)

describe("the limits of a family", () => {
  it("the limits that are kept say the same as all limits, in any order of the store", () =>
    fc.assert(fc.property(series, fc.nat(60), (all, stamp) => {
      assert.strictEqual(longest(needed(all), stamp), longest(all, stamp))
      assert.deepStrictEqual(needed(all.toReversed()), needed(all))
    })))

  it("the limits that are kept are 16 at most, and never say more than all limits", () =>
    fc.assert(fc.property(series, fc.boolean(), fc.nat(60), (all, ascending, stamp) => {
      // A longer option after each shorter one forgets nothing.
      const given = ascending ? all.map(({ before }) => ({ before, millis: before })) : all
      const kept = given.reduce<ReadonlyArray<Limit>>((known, limit) => withLimit(known, limit), [])
      assert.isAtMost(kept.length, 16)
      assert.isAtMost(longest(kept, stamp), longest(given, stamp))
    })))
})

describe("a shorter lifetime", () => {
  it.effect("what a shorter lifetime has ended does not come back, even if its process writes nothing", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const life = (timeToLive: string, lookup: Effect.Effect<number, string>) =>
        lifeOf({
          place,
          families: { user: { pattern: "user:{id}", value: Schema.Number, error: Schema.String, timeToLive } },
          owners: (app) => ({ user: app.owner("user", { lookup: () => lookup }) })
        }, ([one]) => Effect.exit(one!.run(one!.app.keys.user.get({ id: "1" }))))
      yield* life("1 hour", Effect.succeed(1))
      yield* TestClock.adjust("2 minutes")
      yield* life("1 minute", Effect.fail("down"))
      assert.deepStrictEqual(yield* life("1 hour", Effect.succeed(2)), Exit.succeed(2))
    }))

  it.effect("what a mark hides is not written again with its shorter lifetime, since a sweep may forget the mark", () =>
    Effect.gen(function*() {
      const place = makePlace()
      // The clock of an earlier process was ahead by ten seconds.
      place.versionMax = 10_000_000
      const id = { id: "1" }
      const life = (timeToLive: string, act: (user: any) => Effect.Effect<unknown>) =>
        lifeOf({
          place,
          families: { user: { pattern: "user:{id}", value: Schema.Number, timeToLive } },
          owners: (app) => ({ user: app.owner("user") })
        }, ([one]) => one!.run(act(one!.app.keys.user)))
      yield* life("1 day", (user) => user.set(id, 1, { tags: ["new"] }))
      yield* life("1 day", (user) => user.invalidateTag("new"))
      const rows = () => Array.from(place.families.values(), (family) => Array.from(family.values()))
      const before = rows()
      const read = yield* life("1 hour", (user) => user.getOption(id))
      assert.deepStrictEqual(read, Option.none())
      assert.deepStrictEqual(rows(), before)
    }))
})
