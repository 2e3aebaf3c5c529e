/**
 * Odd values at doors without types: a plain object with a `then`, a set that no write has answered, and a segment that
 * is not a text; and `patchUnsafe` whose function gives the key another lifetime.
 */
import { assert, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as Key from "../../src/pattern/Key.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { reasonOf } from "../support/effects.ts"

class App extends Manifest.Service<App>()("App", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<any>(), timeToLive: "1 hour" } }
}) {}
const { user } = App.keys
const id = { id: "1" }

const world = Effect.gen(function*() {
  const live = Layer.provide(App.modules({ user: App.owner("user") }), MemoryStore.layer({ capacity: 10 }))
  const context = (yield* Layer.build(Layer.fresh(live))) as Context.Context<any>
  const on = <A>(effect: Effect.Effect<A, unknown, any>) => Effect.provideContext(effect, context)
  return { on, writer: yield* on(user.writer) }
})

it.effect("a plain object with a `then` is refused as a value, as any other object with one is", () =>
  Effect.gen(function*() {
    const { on } = yield* world
    // oxlint-disable-next-line unicorn/no-thenable
    const value = { data: 1, then: () => {} }
    assert.strictEqual(reasonOf(yield* Effect.flip(on(user.set(id, value)))), "InvalidOption")
    // oxlint-disable-next-line unicorn/no-thenable
    yield* on(user.set(id, { data: 1, then: "later" }))
  }))

it.effect("`arrived` refuses a set that no write has answered", () =>
  Effect.gen(function*() {
    const { writer } = yield* world
    for (const given of [["x"], [1], [{}], [null]]) {
      const error = yield* Effect.flip(Effect.tryPromise({
        try: () => writer.arrived(new Set<any>(given) as any)!,
        catch: (error) => error
      }))
      assert.strictEqual(reasonOf(error), "InvalidOption")
    }
  }))

it("a value that is not a text is refused as a segment", () => {
  for (const given of [null, undefined, 1, {}]) {
    assert.isTrue(Option.isNone(Key.segment(given as any)))
    assert.isFalse(Key.isSegment(given as any))
  }
})

it.effect("`patchUnsafe` does not undo another lifetime that its function gives the key", () =>
  Effect.gen(function*() {
    const { on, writer } = yield* world
    writer.setUnsafe(id, 1)
    const patched = writer.patchUnsafe(id, (was) => {
      Effect.runSync(on(user.reschedule(id, "1 second")) as Effect.Effect<boolean>)
      return was + 1
    })
    assert.isUndefined(patched)
    const answer = yield* on(user.getAnswerOption(id))
    assert.isTrue(Option.isSome(answer) && answer.value.value === 1 && answer.value.freshForMillis === 1_000)
  }))
