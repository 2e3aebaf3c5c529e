/**
 * The counts of reads add up: each read is a hit, a stale hit, a miss, or the repetition of a remembered failure or
 * absence, by whichever operation, and a key that `getMany` names twice is read twice.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import { fork, settle } from "../support/effects.ts"
import type { EngineOptions } from "../support/engine.ts"
import { family, tiers } from "../support/source.ts"

const answerOf = (key: string): Effect.Effect<unknown, unknown> =>
  key === "user:absent"
    ? Effect.succeed(Lookup.absent)
    : key === "user:broken"
    ? Effect.fail("broken")
    : Effect.succeed(key)
const later = (key: string) => Effect.andThen(Effect.yieldNow, answerOf(key))
const many: EngineOptions["lookupMany"] = (keys) =>
  Effect.andThen(
    Effect.yieldNow,
    Effect.succeed(
      keys.map((key) => key === "user:absent" ? Lookup.absent : key.includes("b") ? Lookup.failed("b") : key)
    )
  )

const policies = {
  "no stale rule": {},
  staleIfError: { staleIfError: "1 hour" },
  staleWhileRevalidate: { staleWhileRevalidate: "1 hour" },
  refreshAhead: { refreshAhead: 0.5 },
  idle: { idleTimeToLive: "50 seconds" }
} as const

const opened = (policy: object, options: EngineOptions, lookup: (key: string) => Effect.Effect<unknown, unknown>) =>
  Effect.map(
    family(
      { timeToLive: "1 minute", negativeTimeToLive: "10 seconds", ...policy },
      (_, { key }) => lookup(key),
      options
    ),
    (cache) => {
      const stats: Effect.Effect<any, any> = Effect.map(cache.on<any>(cache.running.app.stats), ({ user }) => user)
      const counted = Effect.map(
        stats,
        ({ hits, misses, remembered, staleHits }) => hits + misses + remembered + staleHits
      )
      return { ...cache, stats, counted }
    }
  )

describe("counts of reads", () => {
  for (const [rule, policy] of Object.entries(policies)) {
    for (
      const [owner, { lookup, lookupMany }] of Object.entries({
        "a lookup that answers at once": { lookup: answerOf, lookupMany: undefined },
        "a lookup": { lookup: later, lookupMany: undefined },
        "a lookupMany": { lookup: later, lookupMany: many }
      })
    ) {
      for (const store of ["memory", "tiers"]) {
        it.effect(`each read counts once, with ${rule} and ${owner}, in ${store}`, () =>
          Effect.gen(function*() {
            const below = store === "memory" ? {} : (yield* tiers([])).options
            const cache = yield* opened(policy, { ...below, lookupMany }, lookup)
            const { on, user } = cache
            const refs = (ids: ReadonlyArray<string>) => ids.map((id) => ({ id }))
            const ids = ["1", "2", "1", "absent", "broken", "1", "absent", "broken"]
            const doors: ReadonlyArray<readonly [door: string, reads: number, read: Effect.Effect<any, any, any>]> = [
              ["get", 3, Effect.forEach(["1", "absent", "broken"], (id) => Effect.exit(user.get({ id })))],
              [
                "get at once",
                4,
                Effect.all([1, 2, 3, 4].map(() => user.get({ id: "3" })), { concurrency: "unbounded" })
              ],
              ["getAnswer", 1, user.getAnswer({ id: "1" })],
              ["getOption", 2, Effect.forEach(["1", "none"], (id) => user.getOption({ id }))],
              ["getAnswerOption", 2, Effect.forEach(["1", "none"], (id) => user.getAnswerOption({ id }))],
              ["getManyResults", ids.length, user.getManyResults(refs(ids))],
              ["getMany", 5, user.getMany(refs(["1", "4", "1", "4", "4"]))],
              ["select", 1, user.select({ id: "1" }, String)],
              [
                "has, explain and warm",
                0,
                Effect.all([
                  user.has({ id: "1" }),
                  user.explain({ id: "1" }),
                  user.warm(refs(["1", "2"])),
                  user.count()
                ])
              ]
            ]
            for (const wait of ["0 seconds", "5 seconds", "40 seconds", "30 seconds", "2 minutes"] as const) {
              yield* TestClock.adjust(wait)
              for (const [door, reads, read] of doors) {
                const before = yield* cache.counted
                yield* on(read)
                yield* settle
                assert.strictEqual((yield* cache.counted) - before, reads, `${door} after ${wait}`)
              }
            }
          }))
      }
    }
  }

  it.effect("a key that getMany names several times counts as often, as a miss, a hit or a remembered absence", () =>
    Effect.gen(function*() {
      const { on, stats, user } = yield* opened({}, {}, later)
      const getAll = on(user.getManyResults(["x", "x", "x", "y", "absent", "absent"].map((id) => ({ id }))))
      yield* getAll
      assert.deepInclude(yield* stats, { hits: 0, misses: 6, coalesced: 3, remembered: 0, loads: 3 })
      yield* getAll
      assert.deepInclude(yield* stats, { hits: 4, misses: 6, coalesced: 3, remembered: 2, loads: 3 })
    }))

  it.effect("a reader who gets a stale value after the soft timeout has missed", () =>
    Effect.gen(function*() {
      const policy = { staleIfError: "1 hour", softTimeout: 10 }
      const slow = (key: string) => Effect.delay(answerOf(key), 1_000)
      const { counted, get, on, set, stats, user } = yield* opened(policy, {}, slow)
      yield* set("old")
      yield* TestClock.adjust("2 minutes")
      const one = yield* fork(get)
      const many = yield* fork(on(user.getMany([{ id: "1" }, { id: "1" }])))
      yield* TestClock.adjust(10)
      yield* settle
      assert.strictEqual(yield* Fiber.join(one), "old")
      assert.deepStrictEqual(yield* Fiber.join(many), ["old", "old"])
      assert.strictEqual(yield* counted, 3)
      assert.deepInclude(yield* stats, { misses: 3, staleHits: 0, coalesced: 2 })
    }))
})
