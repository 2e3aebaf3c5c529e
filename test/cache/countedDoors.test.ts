/**
 * Each read of a key counts once, by every door and in every state of the key: as a hit, as a stale hit, as a miss, or
 * as the repetition of a remembered failure. A stale value from below memory is a stale hit and a miss.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { fork, settle } from "../support/effects.ts"
import { gated, tiers } from "../support/source.ts"

type Cache = Effect.Success<ReturnType<typeof gated>>

const id = "1"

/** What reads the key 1, and how often it reads it. */
const doors: Readonly<
  Record<string, readonly [reads: number, read: (cache: Cache) => Effect.Effect<unknown, unknown>]>
> = {
  get: [1, ({ get }) => get],
  "get, fresh": [1, ({ on, user }) => on(user.get({ id }, { stale: "refuse" }))],
  "get of a handle": [1, (cache) => reader(cache, (user) => user.get({ id }))],
  getOption: [1, ({ option }) => option],
  getAnswer: [1, ({ answer }) => answer],
  getAnswerOption: [1, ({ on, user }) => on(user.getAnswerOption({ id }))],
  getMany: [1, ({ on, user }) => on(user.getMany([{ id }]))],
  "getMany, twice": [2, ({ on, user }) => on(user.getMany([{ id }, { id }]))],
  getManyResults: [1, ({ on, user }) => on(user.getManyResults([{ id }]))],
  select: [1, ({ on, user }) => on(user.select({ id }, String))],
  getOr: [1, ({ on, user }) => on(user.getOr({ id }, Effect.succeed("brought")))],
  getUnsafe: [1, (cache) => reader(cache, (user) => Effect.sync(() => user.getUnsafe({ id })))],
  getPromise: [1, (cache) => reader(cache, (user) => Effect.tryPromise(() => user.getPromise({ id })))],
  has: [0, ({ has }) => has],
  explain: [0, ({ explain }) => explain],
  warm: [0, ({ on, user }) => on(user.warm([{ id }]))],
  refresh: [0, ({ refresh }) => refresh]
}

const reader = (
  { on, user }: Cache,
  read: (handle: any) => Effect.Effect<unknown, unknown>
): Effect.Effect<unknown, unknown> => Effect.flatMap(on<any>(user.reader), read)

/** How the key came to be as it is. */
const states: Readonly<Record<string, (cache: Cache) => Effect.Effect<unknown, unknown, any>>> = {
  held: ({ set }) => set("held"),
  absent: () => Effect.void,
  stale: ({ set }) => Effect.andThen(set("old"), TestClock.adjust("61 seconds")),
  "marked stale": ({ drop, set }) => Effect.andThen(set("old"), drop("markStale")),
  "a load under way": ({ get }) => fork(Effect.exit(get)),
  "a refresh under way": ({ refresh, set }) => Effect.andThen(set("held"), fork(Effect.exit(refresh))),
  "a refresh under way, nothing held": ({ refresh }) => fork(Effect.exit(refresh)),
  "a refresh under way, stale": ({ refresh, set }) =>
    Effect.andThen(Effect.andThen(set("old"), TestClock.adjust("61 seconds")), fork(Effect.exit(refresh))),
  "a refresh waits for a load": ({ get, refresh }) =>
    Effect.andThen(fork(Effect.exit(get)), fork(Effect.exit(refresh))),
  "a remembered failure": ({ fails, get }) => Effect.andThen(fork(Effect.exit(get)), Effect.suspend(() => fails(1)))
}

/** Other keys push the key 1 out of memory. */
const pushedOut = ({ on, user }: Cache) =>
  on<void>(Effect.forEach(["2", "3", "4", "5"], (other) => user.set({ id: other }, other), { discard: true }))

const stores = {
  memory: { capacity: undefined, isPushedOut: false },
  tiers: { capacity: 100, isPushedOut: false },
  "tiers, and the key is below memory": { capacity: 1, isPushedOut: true }
}

const policies: Readonly<Record<string, FamilyPolicy>> = {
  "no stale rule": {},
  staleWhileRevalidate: { staleWhileRevalidate: "1 hour" },
  staleIfError: { staleIfError: "1 hour" },
  softTimeout: { staleIfError: "1 hour", softTimeout: 10 }
}

const countsOf = ({ running }: Cache) => {
  const { hits, hitsByTier, misses, remembered, staleHits } = running.cache.stats["user"]!
  return { hits, misses, remembered, staleHits, byTier: { ...hitsByTier } }
}

const readsOf = ({ hits, misses, remembered, staleHits }: ReturnType<typeof countsOf>) =>
  hits + misses + remembered + staleHits

/** Reads the key by a door, and lets all loads end that run by then. */
const counted = (cache: Cache, read: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function*() {
    const before = countsOf(cache)
    const reading = yield* fork(Effect.exit(read))
    yield* settle
    yield* TestClock.adjust(20)
    for (let run = 1; run <= cache.source.runs; run++) yield* cache.ends(run, `run ${run}`)
    yield* settle
    for (let run = 1; run <= cache.source.runs; run++) yield* cache.ends(run, `run ${run}`)
    yield* Fiber.join(reading)
    return [before, countsOf(cache)] as const
  })

describe("counts of reads by each door", () => {
  for (const [store, { capacity, isPushedOut }] of Object.entries(stores)) {
    for (const [rule, policy] of Object.entries(policies)) {
      for (const [owner, isMany] of [["lookup", false], ["lookupMany", true]] as const) {
        for (const [state, prepare] of Object.entries(states)) {
          it.effect(`each read counts once of a key that is ${state}, with ${rule}, in ${store}, by a ${owner}`, () =>
            Effect.gen(function*() {
              const wrong: Array<string> = []
              for (const [door, [reads, read]] of Object.entries(doors)) {
                const below = capacity === undefined ? {} : (yield* tiers([], { capacity })).options
                const cache = yield* gated({ timeToLive: "1 minute", negativeTimeToLive: "10 seconds", ...policy }, {
                  ...below,
                  ...(isMany && {
                    lookupMany: (keys: ReadonlyArray<string>) => Effect.as(Effect.yieldNow, keys)
                  })
                })
                yield* prepare(cache)
                yield* settle
                if (isPushedOut) yield* pushedOut(cache)
                const [before, after] = yield* counted(cache, read(cache))
                // A refresh has what memory had when it began: from there, a stale hit does not count as a miss.
                const isBelow = isPushedOut && !state.startsWith("a refresh under way")
                const stalesBelow = isBelow ? after.staleHits - before.staleHits : 0
                const counts = readsOf(after) - readsOf(before) - stalesBelow
                if (counts !== reads) wrong.push(`${door}: ${JSON.stringify([before, after]).replaceAll("\"", "")}`)
              }
              assert.deepStrictEqual(wrong, [])
            }))
        }
      }
    }
  }
})
