/**
 * A read that prolongs an idle entry does so in a later step than the one that found the entry. A write in between
 * stays.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SeededScheduler from "effect-stateless/testing/SeededScheduler"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork } from "../support/effects.ts"
import { mapStore } from "../support/mapStore.ts"
import { family } from "../support/source.ts"

const seeds = Array.from({ length: 150 }, (_, i) => i + 1)

const stores: { readonly [arrangement: string]: () => Layer.Layer<Store, any> } = {
  "a tier below alone": () => Layer.succeed(Store, mapStore({ name: "cold" })),
  "memory over a tier": () =>
    Layer.effect(
      Store,
      Effect.map(MemoryStore.make({ capacity: 1 }), (hot) => TieredStore.make([hot, mapStore({ name: "cold" })]))
    )
}
const writes: { readonly [write: string]: (user: any) => Effect.Effect<unknown> } = {
  set: (user) => user.set({ id: "1" }, "new"),
  delete: (user) => user.delete({ id: "1" }),
  invalidate: (user) => user.invalidate({ id: "1" }),
  patch: (user) => user.patch({ id: "1" }, () => "new"),
  batch: (user) => user.setMany([[{ id: "1" }, "new"]])
}
const reads = ["getOption", "getAnswerOption", "get", "getAnswer", "getMany"] as const

describe("read that prolongs an idle entry", () => {
  for (const [arrangement, store] of Object.entries(stores)) {
    for (const [write, run] of Object.entries(writes)) {
      it.live(
        `the read does not undo ${write} that came in between, over ${arrangement}`,
        () =>
          Effect.forEach(seeds, (seed) =>
            SeededScheduler.run(
              Effect.gen(function*() {
                const { held, of, on, user } = yield* family(
                  { idleTimeToLive: 1_600 },
                  () => Effect.succeed("loaded"),
                  {
                    store: store()
                  }
                )
                yield* on(user.set({ id: "1" }, "old"))
                yield* TestClock.adjust(400)
                const read = reads[seed % reads.length]!
                const reader = yield* fork(on(user[read](read === "getMany" ? [{ id: "1" }] : { id: "1" })))
                // Some steps of the reader, or none.
                for (let i = 0; i < seed % 7; i++) {
                  yield* Effect.yieldNow
                }
                yield* on(run(user))
                yield* Fiber.await(reader)
                // Memory forgets the key.
                yield* of("2").set("other")
                const after = yield* held
                assert.notStrictEqual(after, "old", `seed ${seed}`)
              }).pipe(Effect.scoped),
              { seed, yields: 0.4 }
            ), { discard: true }),
        60_000
      )
    }
  }
})
