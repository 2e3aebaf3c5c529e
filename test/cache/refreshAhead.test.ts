/**
 * `refreshAhead` is a share of the lifetime that an entry has now: one that begins when the value is made, and again
 * when its end is moved on, by `reschedule` or by a lookup that confirms the value.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import { settle } from "../support/effects.ts"
import { mapStore } from "../support/mapStore.ts"
import { type Answers, family } from "../support/source.ts"

type Cache = Effect.Success<ReturnType<typeof family>>

// Each value lasts a second from when it is made, and is renewed in the second half of its lifetime.
const policy = { timeToLive: 1_000, refreshAhead: 0.5 }

const confirmed: Answers = (_, { previous }) => Effect.succeed(previous === undefined ? "value" : Lookup.notModified())
const ownLifetime: Answers = (_, { previous }) =>
  Effect.succeed(previous === undefined ? Lookup.loaded("value", { timeToLive: 1_000 }) : Lookup.notModified())

/** What gives the entry a whole second again, after 900 ms. */
const moves: { readonly [move: string]: readonly [policy: object, answers: Answers, (cache: Cache) => unknown] } = {
  "was rescheduled": [policy, confirmed, ({ on, user }) => on(user.reschedule({ id: "1" }, 1_000))],
  "was confirmed by its lookup": [policy, confirmed, ({ refresh }) => refresh],
  "was confirmed with a lifetime of its own": [{ ...policy, timeToLive: 60_000 }, ownLifetime, ({ refresh }) => refresh]
}

/** Where reads take the second look, which compares the times of the entry. */
const places: { readonly [place: string]: () => Layer.Layer<Store, StoreError> } = {
  "in memory": () => MemoryStore.layer({ capacity: 10 }),
  "in a tier alone": () => Layer.succeed(Store, mapStore())
}

describe("an entry whose end was moved on", () => {
  for (const [move, [rules, answers, moved]] of Object.entries(moves)) {
    for (const [place, store] of Object.entries(places)) {
      for (const isObserved of [false, true]) {
        it.effect(`what ${move} is renewed ahead in the second half of its new lifetime: ${place}${isObserved ? ", with listeners" : ""}`, () =>
          Effect.gen(function*() {
            const cache = yield* family(rules, answers, { store: store() })
            if (isObserved) yield* Effect.forkScoped(Stream.runDrain(cache.running.cache.events))
            yield* cache.get
            yield* TestClock.adjust(900)
            yield* moved(cache) as Effect.Effect<unknown, unknown>
            const { runs } = cache.source
            for (const millis of [0, 200, 250]) {
              yield* TestClock.adjust(millis)
              yield* cache.get
              yield* settle
              assert.strictEqual(cache.source.runs, runs, "in its first half")
            }
            yield* TestClock.adjust(100)
            yield* cache.get
            yield* settle
            assert.strictEqual(cache.source.runs, runs + 1, "in its second half")
          }))
      }
    }
  }
})
