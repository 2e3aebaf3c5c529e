/**
 * A refresh does not answer before the tier has taken what it changed, also where its own value is refused. Two engines
 * over one place load a key at once, and bring two values: neither is kept, and the removal is awaited.
 */
import { assert, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import { StoreError, TierFailed } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
}) {}
const { user } = App.keys
const id = { id: "1" }
const refusal = new StoreError({
  reason: new TierFailed({ tier: "cold", operation: "write", cause: new Error("down") })
})

// What comes between: another engine loads the key as well, or a caller sets it.
for (const [between, refuses] of [["nothing", false], ["load", false], ["load", true], ["set", false]] as const) {
  it.effect(`a refresh answers when the tier has taken what it changed (${between}, refuses: ${refuses})`, () =>
    Effect.gen(function*() {
      const place = makePlace()
      const cold = mapStore({ name: "cold", place })
      let gate: Deferred.Deferred<void> | undefined
      // Writes that are slow: they begin when the gate opens.
      const slow = Store.of({
        ...cold,
        write: (round) =>
          Effect.andThen(
            gate === undefined ? Effect.void : Deferred.await(gate),
            gate !== undefined && refuses ? Effect.fail(refusal) : cold.write(round)
          )
      })
      const engine = Effect.fnUntraced(function*(lookup: () => Effect.Effect<string>) {
        const memory = yield* MemoryStore.make({ capacity: 10 })
        const live = Layer.provide(
          App.modules({ user: App.owner("user", { lookup }) }),
          Layer.succeed(Store, TieredStore.make([memory, slow]))
        )
        const context = yield* Layer.build(Layer.fresh(live))
        return <A, E>(effect: Effect.Effect<A, E, any>) =>
          Effect.provideContext(effect, context as Context.Context<any>)
      })
      let gate1: Deferred.Deferred<void> | undefined
      let row = "old"
      const one = yield* engine(() =>
        gate1 === undefined ? Effect.sync(() => row) : Effect.as(Deferred.await(gate1), "new")
      )
      const two = yield* engine(() => Effect.succeed("newer"))
      yield* one(user.get(id))
      yield* TestClock.adjust(10)
      gate1 = Deferred.makeUnsafe<void>()
      gate = Deferred.makeUnsafe<void>()
      const refreshing = yield* Effect.forkChild(one(user.refresh(id)))
      yield* TestClock.adjust(1)
      if (between === "load") yield* Effect.forkChild(Effect.exit(two(user.refresh(id))))
      if (between === "set") yield* Effect.forkChild(one(user.set(id, "set")))
      yield* TestClock.adjust(1)
      yield* Deferred.succeed(gate1, undefined)
      yield* TestClock.adjust(1)
      const answered = refreshing.pollUnsafe() !== undefined
      const onDisk = Array.from(place.families.values(), (all) => all.get("1")?.value)
      yield* Deferred.succeed(gate, undefined)
      const exit = yield* Fiber.await(refreshing)
      assert.deepStrictEqual([answered, onDisk], [false, ["old"]])
      assert.strictEqual(exit._tag, refuses ? "Failure" : "Success")
    }))
}
