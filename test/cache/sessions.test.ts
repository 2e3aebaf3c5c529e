/**
 * What a process finds again depends on whether all tiers were there: entries beside which another manifest has begun
 * are kept, and those of a tier that missed changes are not.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork, settle } from "../support/effects.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"

const family = <P extends string>(pattern: P) => ({ pattern, value: Schema.String })
class One extends Manifest.Service<One>()("One", { families: { a: family("a:{id}") } }) {}
class Two extends Manifest.Service<Two>()("Two", { families: { z: family("z:{id}") } }) {}
class App extends Manifest.Service<App>()("App", {
  families: { a: family("a:{id}"), b: { ...family("b:{id}"), derives: ["a:{id}"] } }
}) {}
const id = "1"

const over = <A, E, R>(layer: Layer.Layer<A, E, R>, store: Store["Service"]) =>
  Layer.fresh(layer.pipe(Layer.provide(Layer.succeed(Store, store))))

describe("two manifests over one tiered store", () => {
  for (const set of ["through", "onEviction"] as const) {
    it.effect(`the manifest that is opened second finds what it has kept (${set})`, () => {
      const place = makePlace()
      let loads = 0
      const load = () => Effect.sync(() => `${++loads}`)
      const process = Effect.gen(function*() {
        const store = TieredStore.make([yield* MemoryStore.make({ capacity: 100 }), mapStore({ place })], { set })
        const two = yield* Layer.build(over(Two.modules({ z: Two.owner("z", { lookup: load }) }), store))
        yield* Effect.provideContext(Two.keys.z.set({ id }, "z"), two)
        const one = yield* Layer.build(over(One.modules({ a: One.owner("a", { lookup: load }) }), store))
        return yield* Effect.provideContext(One.keys.a.get({ id }), one)
      }).pipe(Effect.scoped)
      return Effect.gen(function*() {
        for (let n = 0; n < 3; n++) assert.strictEqual(yield* process, "1")
        assert.strictEqual(loads, 1)
      })
    })
  }
})

describe("engines over one place with tiers of their own", () => {
  const cases = [false, true].flatMap((isUnderWay) =>
    (["through", "onEviction"] as const).map((set) => [isUnderWay, set] as const)
  )
  for (const [isUnderWay, set] of cases) {
    const when = isUnderWay ? "while a round of another one is under way" : "between rounds"
    it.effect(`a tier of an engine that leaves ${when} serves nothing from before (${set})`, () =>
      Effect.gen(function*() {
        let [row, millis] = ["old", 0]
        const places: { readonly [name: string]: Place } = { A: makePlace(), B: makePlace(), C: makePlace() }
        const lower = (name: string) => mapStore({ place: places[name]!, name })
        const shared = lower("B")
        const slow = Store.of({
          ...shared,
          write: (round) =>
            Effect.andThen(Effect.suspend(() => millis > 0 ? Effect.sleep(millis) : Effect.void), shared.write(round))
        })
        const open = (own: string, last: Store["Service"]) =>
          Effect.gen(function*() {
            const scope = yield* Scope.make()
            const store = TieredStore.make([yield* MemoryStore.make({ capacity: 100 }), lower(own), last], { set })
            const layer = App.modules({
              a: App.owner("a", { lookup: () => Effect.sync(() => row) }),
              b: App.owner("b", { lookup: (params) => Effect.map(App.keys.a.get(params), (was) => `of ${was}`) })
            })
            const context = yield* Layer.buildWithScope(over(layer, store), scope)
            return { context, close: Scope.close(scope, Exit.void) }
          })
        const run = <A, E, R>(
          { context }: { readonly context: Context.Context<any> },
          effect: Effect.Effect<A, E, R>
        ) => Effect.provideContext(effect as Effect.Effect<A, E, any>, context)
        const first = yield* open("A", slow)
        const second = yield* open("C", slow)
        yield* run(first, App.keys.a.set({ id }, "old"))
        yield* run(first, App.keys.b.get({ id }))
        yield* run(second, App.keys.a.set({ id: "9" }, "other"))
        if (isUnderWay) millis = 300
        const write = yield* fork(run(second, App.keys.a.set({ id: "2" }, "other")))
        yield* settle
        const closing = yield* fork(first.close)
        yield* settle
        yield* TestClock.adjust("1 second")
        millis = 0
        yield* Fiber.joinAll([write, closing])
        row = "new"
        yield* run(second, App.keys.a.set({ id }, "new"))
        yield* second.close
        const third = yield* open("A", lower("B"))
        assert.strictEqual(yield* run(third, App.keys.a.get({ id })), "new")
        assert.strictEqual(yield* run(third, App.keys.b.get({ id })), "of new")
        yield* third.close
      }))
  }
})
