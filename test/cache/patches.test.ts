/**
 * Patches of one key that run at once take turns, so none of them is lost; and the error of an update that was
 * overtaken names the value that the lower tiers have.
 */
import { assert, describe, it } from "@effect/vitest"
import * as TieredStore from "effect-stateless/store/TieredStore"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { cacheReasonOf, drive, fork, settle } from "../support/effects.ts"
import { mapLayer, mapStore } from "../support/mapStore.ts"
import { family } from "../support/source.ts"

const stores: { readonly [place: string]: () => Layer.Layer<Store, any> } = {
  memory: () => MemoryStore.layer({ capacity: 100 }),
  "a lower tier alone": () => mapLayer(),
  "a slow lower tier alone": () =>
    Layer.effect(
      Store,
      Effect.map(
        FaultyStore.make(mapStore({ name: "cold" }), {
          rules: [{ fault: { kind: "slow", delay: "5 millis" }, operations: ["get"] }]
        }),
        ([faulty]) => faulty
      )
    ),
  through: () => TieredStore.layer([MemoryStore.layer({ capacity: 100 }), mapLayer()])
}

class App extends Manifest.Service<App>()("App", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<number>() } }
}) {}
const { user } = App.keys
const id = { id: "1" }
const bodies = {
  "returns at once": (was: number) => was + 1,
  "takes time": (was: number) => Effect.delay(Effect.succeed(was + 1), 10)
}

describe("patches of one key at once", () => {
  for (const [place, store] of Object.entries(stores)) {
    for (const [body, f] of Object.entries(bodies)) {
      it.effect(`no patch of one key is lost where the function ${body}, over ${place}`, () =>
        Effect.gen(function*() {
          const { on, set, user } = yield* family({ timeToLive: "1 hour" }, () => Effect.succeed(0), { store: store() })
          yield* set(0)
          const all = yield* drive(Effect.all(
            Array.from({ length: 20 }, () => on<Option.Option<number>>(user.patch(id, f))),
            { concurrency: "unbounded" }
          ))
          assert.sameMembers(all.map(Option.getOrUndefined), Array.from({ length: 20 }, (_, i) => i + 1))
        }))
    }
  }

  it.effect("a patch within a patch of its key is refused, and a patch within an update is made", () =>
    Effect.gen(function*() {
      const { on, set, user } = yield* family({}, () => Effect.succeed(0))
      yield* set(0)
      const inner = on<unknown>(user.patch(id, (was: number) => was + 1))
      const refused = yield* Effect.flip(on(user.patch(id, (was: number) => Effect.as(inner, was))))
      assert.strictEqual(cacheReasonOf(refused)._tag, "CircularWait" as string)
      const seen = yield* Effect.exit(on(user.update({ id: "2" }, (was: number) => Effect.as(inner, was))))
      assert.strictEqual(seen._tag, "Success")
    }))

  it.effect("a patch after a write in between is not made", () =>
    Effect.gen(function*() {
      const { on, set, user } = yield* family({}, () => Effect.succeed(0))
      yield* set(0)
      const patch = yield* fork(on<Option.Option<number>>(user.patch(id, bodies["takes time"])))
      yield* settle
      yield* set(7)
      yield* TestClock.adjust(10)
      assert.isTrue(Option.isNone((patch.pollUnsafe() as any).value))
    }))
})

describe("update that was overtaken in a family without a lookup", () => {
  for (const [place, store] of Object.entries(stores)) {
    it.effect(`the error of an update that was overtaken names the version that is there, over ${place}`, () =>
      Effect.gen(function*() {
        const live = Layer.provide(App.modules({ user: App.owner("user") }), store())
        const context = (yield* Layer.build(Layer.fresh(live))) as Context.Context<any>
        const on = <A>(effect: Effect.Effect<A, unknown, any>) => Effect.provideContext(effect, context)
        yield* drive(on(user.set(id, 0)))
        const error = yield* drive(Effect.flip(on(user.update(id, (was) => Effect.as(user.set(id, 5), was + 1)))))
        const reason = cacheReasonOf(error)
        assert.isTrue(reason._tag === "VersionConflict" && reason.actual !== undefined)
      }))
  }
})
