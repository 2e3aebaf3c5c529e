/**
 * The end of a cache whose lower tier hangs: the Scope closes within a bound, and every caller that waits for the tier
 * gets a result.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { type Partition, Store } from "../../src/store/Store.ts"
import { fork, hasty, outlast, reasonOf, settle } from "../support/effects.ts"
import { mapStore } from "../support/mapStore.ts"
import { family } from "../support/source.ts"

const hung = Effect.uninterruptible(Effect.never)

/** A tier of which some operations hang, and cannot be interrupted. */
const stuck = (hanging: Partial<Partition<any>>, write?: Store["Service"]["write"]): Store["Service"] => {
  const store = mapStore({ name: "stuck" })
  return {
    ...store,
    ...write === undefined ? {} : { write },
    open: <V>(options: Parameters<typeof store.open>[0]) =>
      Effect.map(store.open(options) as Effect.Effect<Partition<V>>, (partition): Partition<V> => ({
        ...partition,
        ...hanging
      }))
  } as Store["Service"]
}

describe("close over a tier that hangs", () => {
  it.effect("the cache closes within a minute, and each writer gets an error", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { drop, of, set } = yield* Scope.provide(
        family({}, () => Effect.succeed("value"), {
          store: Layer.succeed(Store, stuck({}, () => hung))
        }),
        scope
      )
      const writers = [
        yield* fork(Effect.flip(set("one"))),
        yield* fork(Effect.flip(of("2").set("two"))),
        yield* fork(Effect.flip(drop()))
      ]
      yield* settle
      const closing = yield* fork(Scope.close(scope, Exit.void))
      yield* outlast("1 minute")
      assert.isDefined(closing.pollUnsafe())
      for (const writer of writers) assert.strictEqual(reasonOf(yield* Fiber.join(writer)), "StoreFailed")
    }).pipe(hasty))

  it.effect("the cache closes within seconds while a sweep of marks hangs", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { running } = yield* Scope.provide(
        family({}, () => Effect.succeed("value"), { store: Layer.succeed(Store, stuck({ sweep: () => hung })) }),
        scope
      )
      running.cache.sweepSoon("user")
      yield* settle
      const closing = yield* fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("5 seconds")
      assert.isDefined(closing.pollUnsafe())
    }))
})
