/**
 * A reader who gets a stale value has read the entry, so its idle time begins again: in each way in which a stale value
 * is served, wherever the entry is. An entry that no reader reads ends nevertheless.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork } from "../support/effects.ts"
import { mapStore } from "../support/mapStore.ts"
import { family } from "../support/source.ts"

const places = {
  "memory": () => MemoryStore.layer({ capacity: 100 }),
  "memory over a tier": () => TieredStore.layer([MemoryStore.layer({ capacity: 100 }), below()]),
  "memory over a tier, which memory has forgotten": () =>
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), below()]),
  "a tier alone": () => below()
}
const below = () => Layer.sync(Store, () => mapStore())

const base = { timeToLive: 20, idleTimeToLive: 30 } as const
const down = Effect.fail("the source is down")

/** The ways in which a stale value is served, and what the source answers meanwhile. */
const ways: { readonly [way: string]: readonly [policy: FamilyPolicy, answer: Effect.Effect<never, string>] } = {
  "while a load renews it": [{ ...base, staleWhileRevalidate: 10_000 }, Effect.never],
  "while each renewal fails": [{ ...base, staleWhileRevalidate: 10_000, retryAfterFailure: 1 }, down],
  "in place of each failure": [{ ...base, staleIfError: 10_000, retryAfterFailure: 1 }, down],
  "in the pause after a failure": [{ ...base, staleIfError: 10_000, retryAfterFailure: 1_000 }, down],
  "after the soft timeout": [{ ...base, staleIfError: 10_000, softTimeout: 2 }, Effect.never],
  "after the hard timeout": [{ ...base, staleIfError: 10_000, hardTimeout: 2, retryAfterFailure: 1 }, Effect.never]
}

for (const [place, store] of Object.entries(places)) {
  for (const [way, [policy, answer]] of Object.entries(ways)) {
    it.effect(`a value that is served stale ${way} does not become idle: ${place}`, () =>
      Effect.gen(function*() {
        const on = yield* family(policy, (run) => run === 1 ? Effect.succeed("kept") : answer, { store: store() })
        const read = Effect.gen(function*() {
          if (place.endsWith("forgotten")) on.running.cache.families.get("user")!.hot!.dropAll()
          const reader = yield* fork(Effect.exit(on.get))
          yield* TestClock.adjust(5)
          return reader.pollUnsafe()
        })
        yield* on.get
        for (let i = 0; i < 8; i++) {
          yield* TestClock.adjust(20)
          assert.deepStrictEqual(yield* read, Exit.succeed(Exit.succeed("kept")), `read ${i}`)
        }
        yield* TestClock.adjust(31)
        assert.notDeepEqual(yield* read, Exit.succeed(Exit.succeed("kept")), "no reader has read it")
      }))
  }
}
