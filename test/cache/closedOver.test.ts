/**
 * An engine that closes while another one over the same place changes a key: what its memory holds of the key is out of
 * date, and is not pushed down.
 */
import { assert, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { Store } from "../../src/store/Store.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { drive, fork } from "../support/effects.ts"
import { start } from "../support/engine.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { tiersOver } from "../support/tiers.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    note: { pattern: "note:{id}", value: Manifest.type<string>() },
    later: { pattern: "later:{id}", value: Manifest.type<string>() }
  }
}) {}
const { later, note } = App.keys
const id = { id: "1" }

for (const change of ["set", "delete"] as const) {
  it.effect(`an engine that closes does not push down what another one changes meanwhile (${change})`, () =>
    Effect.gen(function*() {
      const place = makePlace()
      const [bottom] = yield* FaultyStore.make(mapStore({ place, name: "file" }), {
        rules: [{ fault: { kind: "slow", delay: 50 }, operations: ["set"] }]
      })
      const open = Effect.gen(function*() {
        const scope = yield* Scope.make()
        const tiers = tiersOver(bottom, { capacity: 2, eviction: "lru", set: "onEviction" })
        const live = Layer.provide(
          App.modules({ note: App.owner("note"), later: App.owner("later") }),
          Layer.effect(Store, tiers)
        )
        return { ...(yield* Scope.provide(start(App, live), scope)), scope }
      })
      const [one, two] = [yield* open, yield* open]
      yield* drive(one.as(Effect.andThen(note.set(id, "old"), later.set(id, "other"))))
      yield* TestClock.adjust(100)
      // Its families close in turn: the last one goes down first, which takes a while.
      const closing = yield* fork(Scope.close(one.scope, Exit.void))
      yield* TestClock.adjust(5)
      yield* drive(two.as<void, unknown>(change === "set" ? note.set(id, "new") : note.delete(id)), 1)
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust(500)
      yield* drive(Scope.close(two.scope, Exit.void))
      const three = yield* open
      const found = yield* drive(three.as(note.getOption(id)))
      assert.strictEqual(Option.getOrUndefined(found), change === "set" ? "new" : undefined)
      yield* drive(Scope.close(three.scope, Exit.void))
    }))
}
