/**
 * An engine is closed while its tier hangs and many written keys wait. What waited does not count for the next engine
 * over the place, whose writers and loads would otherwise wait for a room that never comes.
 */
import { assert, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { Store } from "effect-stateless/store/Store"
import * as TieredStore from "effect-stateless/store/TieredStore"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { hasty, outlast } from "../support/effects.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
}) {}
const { user } = App.keys

for (const count of [10, 65_536]) {
  it.effect(
    `an engine writes after another one was closed over a hanging tier while ${count} keys waited`,
    () =>
      hasty(Effect.gen(function*() {
        const cold = mapStore({ name: "cold", place: makePlace() })
        let hangs = true
        const slow = Store.of({ ...cold, write: (round) => hangs ? Effect.never : cold.write(round) })
        const engine = Effect.fnUntraced(function*(scope: Scope.Scope) {
          const memory = yield* MemoryStore.make({ capacity: 100_000 })
          const live = Layer.provide(
            App.modules({ user: App.owner("user", { lookup: () => Effect.succeed("loaded") }) }),
            Layer.succeed(Store, TieredStore.make([memory, slow]))
          )
          const context = yield* Layer.buildWithScope(Layer.fresh(live), scope)
          return <A, E>(effect: Effect.Effect<A, E, any>) =>
            Effect.provideContext(effect, context as Context.Context<any>)
        })
        const scope = yield* Scope.make()
        const one = yield* engine(scope)
        yield* Effect.forkChild(Effect.exit(one(user.set({ id: "a" }, "v"))), { startImmediately: true })
        yield* TestClock.adjust(10)
        yield* Effect.forkChild(
          Effect.exit(one(user.setMany(Array.from({ length: count }, (_, i) => [{ id: `${i}` }, "v"] as const)))),
          { startImmediately: true }
        )
        yield* TestClock.adjust(10)
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
        for (let i = 0; i < 10; i++) yield* outlast("31 seconds")
        yield* Fiber.join(closing)
        hangs = false
        const scope2 = yield* Scope.make()
        const two = yield* engine(scope2)
        const set = yield* Effect.forkChild(two(user.set({ id: "b" }, "v")), { startImmediately: true })
        yield* TestClock.adjust(1000)
        const got = yield* Effect.forkChild(two(user.get({ id: "c" })), { startImmediately: true })
        yield* TestClock.adjust(1000)
        const read = got.pollUnsafe() !== undefined
        const done = set.pollUnsafe() !== undefined
        yield* Fiber.interrupt(set)
        yield* Fiber.interrupt(got)
        yield* Scope.close(scope2, Exit.void)
        assert.deepStrictEqual([done, read], [true, true])
      })) as Effect.Effect<void, any, any> as any,
    40_000
  )
}
