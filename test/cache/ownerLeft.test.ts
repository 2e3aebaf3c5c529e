/**
 * When an owner leaves while its engine runs on, its entries are hidden in that engine alone: other engines over the
 * place go on serving them, and so does the next process. No sweep of marks takes them away.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { settle } from "../support/effects.ts"
import { makePlace } from "../support/mapStore.ts"
import { tiers } from "../support/source.ts"

class App extends Manifest.Service<App>()("App", {
  families: { note: { pattern: "note:{id}", value: Schema.Number } }
}) {}
const { note } = App.keys

const ids = Array.from({ length: 20 }, (_, i) => `a${i}`)

for (const set of ["through", "onEviction"] as const) {
  describe(`an owner that leaves, over memory with set: ${set}`, () => {
    for (const others of [0, 300]) {
      it.effect(`the entries of an engine whose owner has left stay for the others, after ${others} writes`, () =>
        Effect.gen(function*() {
          const place = makePlace()
          const open = Effect.gen(function*() {
            const { options } = yield* tiers([], { capacity: 50, place, set })
            const engine = yield* Scope.make()
            const owner = yield* Scope.make()
            const base = yield* Layer.buildWithScope(Layer.fresh(Layer.provide(App.layer, options.store)), engine)
            const own = yield* Layer.buildWithScope(
              Layer.fresh(Layer.provideMerge(App.owner("note"), Layer.succeedContext(base))),
              owner
            )
            const run = <A, E>(effect: Effect.Effect<A, E, any>) =>
              Effect.provideContext(effect, own as Context.Context<any>) as Effect.Effect<A, E>
            const held = Effect.map(
              Effect.forEach(ids, (id) => run(note.getOption({ id }))),
              (all) => all.filter(Option.isSome).length
            )
            return { engine, held, owner, run }
          })
          const a = yield* open
          const b = yield* open
          for (const [i, id] of ids.entries()) yield* a.run(note.set({ id }, i))
          for (let i = 0; i < others; i++) yield* b.run(note.set({ id: `b${i}` }, i))
          yield* Scope.close(b.owner, Exit.void)
          yield* settle
          yield* TestClock.adjust("1 minute")
          yield* settle
          assert.strictEqual(yield* a.held, ids.length)
          for (const each of [b.engine, a.owner, a.engine]) {
            yield* Scope.close(each, Exit.void)
            yield* TestClock.adjust("1 minute")
          }
          const next = yield* open
          assert.strictEqual(yield* next.held, ids.length)
        }))
    }
  })
}
