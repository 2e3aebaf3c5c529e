/** A tier loses its place while it is being read: what it had is not served, and does not come into memory. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store, type StoreFamily } from "../../src/store/Store.ts"
import { StoreError, TierFailed } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { changed } from "../support/changed.ts"
import { fork, settle } from "../support/effects.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { family } from "../support/source.ts"

const lost = new StoreError({
  reason: new TierFailed({ tier: "cold", operation: "get", cause: new Error("another process has the folder") })
})

/** Memory over a tier that has found its answer, and gives it once the gate opens. */
const gatedTier = Effect.gen(function*() {
  const place = makePlace()
  const gate = Deferred.makeUnsafe<void>()
  let families: ReadonlyArray<StoreFamily<any>> = []
  let reads = 0
  const cold = changed(mapStore({ name: "cold", place }), (partition, family) => {
    families = [...families, family]
    const late = <A, E>(read: Effect.Effect<A, E>) => {
      reads++
      return Effect.tap(read, () => Deferred.await(gate))
    }
    return { get: (key) => late(partition.get(key)), getMany: (keys) => late(partition.getMany(keys)) }
  })
  const store = TieredStore.make([yield* MemoryStore.make({ capacity: 10 }), cold])
  return {
    place,
    store: Layer.succeed(Store, store),
    open: Deferred.succeed(gate, undefined),
    lose: Effect.sync(() => families.forEach(({ onPlaceLost }) => onPlaceLost?.(lost))),
    reads: () => reads
  }
})

describe("a tier that loses its place", () => {
  it.effect("what a tier has answered before it lost its place stays out of memory", () =>
    Effect.gen(function*() {
      const tier = yield* gatedTier
      yield* Effect.scoped(
        Effect.flatMap(
          family({}, () => Effect.never, { store: Layer.succeed(Store, mapStore({ place: tier.place })) }),
          ({ set }) => set("old")
        )
      )
      const { get } = yield* family({}, () => Effect.succeed("new"), { store: tier.store })
      const reading = yield* fork(get)
      yield* settle
      assert.isAbove(tier.reads(), 0)
      yield* tier.lose
      yield* tier.open
      assert.strictEqual(yield* Fiber.join(reading), "new")
      assert.strictEqual(yield* get, "new")
    }))
})
