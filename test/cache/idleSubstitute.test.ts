/**
 * An entry that has ended by idleness while its load ran is not served in place of a failure, nor after the soft
 * timeout: the end of an idle time is the end of the entry.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { after, fork } from "../support/effects.ts"
import { mapStore } from "../support/mapStore.ts"
import { family } from "../support/source.ts"

const below = Layer.sync(Store, () => mapStore())
const places = {
  "memory": MemoryStore.layer({ capacity: 100 }),
  "memory over a tier": TieredStore.layer([MemoryStore.layer({ capacity: 100 }), below]),
  "a tier alone": below
}
const stale = { timeToLive: 100, staleIfError: 60_000 } as const
const policies: { readonly [policy: string]: FamilyPolicy } = {
  "the lookup fails": stale,
  "the soft timeout is over": { ...stale, softTimeout: 1_500 },
  "the hard timeout is over": { ...stale, hardTimeout: 1_500 }
}

for (const [place, store] of Object.entries(places)) {
  for (const [policy, given] of Object.entries(policies)) {
    for (const [idleTimeToLive, isServed] of [[1_000, false], [10_000, true]] as const) {
      it.effect(`a stale entry is ${isServed ? "served" : "gone"} where ${policy}, idle ${idleTimeToLive} ms, ${place}`, () =>
        Effect.gen(function*() {
          const { get } = yield* family(
            { ...given, idleTimeToLive },
            (run) => run === 1 ? Effect.succeed("first") : after(2_000, Effect.fail("the source is down")),
            { store }
          )
          yield* get
          yield* TestClock.adjust(500)
          const reader = yield* fork(Effect.exit(get))
          for (let i = 0; i < 40; i++) yield* TestClock.adjust(100)
          assert.strictEqual((yield* Fiber.join(reader))._tag, isServed ? "Success" : "Failure")
        }))
    }
  }
}
