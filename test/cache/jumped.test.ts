/**
 * The clock of a test jumps while the tiers, which need time of the machine, still work on what a caller has left to
 * them. Nothing of it fails or is taken back, and nothing ends that has no lifetime.
 */
import { assert, describe, it } from "@effect/vitest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { Store } from "effect-stateless/store/Store"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { TestClock } from "effect/testing"
import { fork } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"

const file = Effect.flatMap(
  temporaryFolder,
  (path) => LmdbStore.make({ path, durability: "process", sweepInterval: "10 days" })
)
const memory = (capacity: number) => MemoryStore.make({ capacity })

const stores = {
  "a file": file,
  "memory over a file": Effect.flatMap(
    Effect.all([memory(100), file]),
    ([hot, cold]) => Effect.succeed(TieredStore.make([hot, cold]))
  ),
  "memory for one entry, which pushes down into a file": Effect.flatMap(
    Effect.all([memory(1), file]),
    ([hot, cold]) => Effect.succeed(TieredStore.make([hot, cold], { set: "onEviction" }))
  )
}

const soon = <A>(value: A) => Effect.promise(() => new Promise<A>((resolve) => setTimeout(() => resolve(value), 20)))
/** A codec that takes time of the machine, as one that encrypts. */
const slow = Schema.String.pipe(Schema.decodeTo(Schema.String, {
  decode: SchemaGetter.transformEffect(soon),
  encode: SchemaGetter.transformEffect(soon)
}))

for (const [where, store] of Object.entries(stores)) {
  for (const [codec, value] of [["a codec at once", Schema.String], ["a slow codec", slow]] as const) {
    describe(`clock of a test that jumps over ${where}, with ${codec}`, () => {
      it.effect("writes and loads that are on their way arrive", () =>
        Effect.gen(function*() {
          let loads = 0
          const lookup = () => Effect.sync(() => `loaded ${++loads}`)
          const made = Layer.succeed(Store, yield* store as Effect.Effect<Store["Service"], unknown, any>)
          const { app, as } = yield* engine({ families: { user: { pattern: "user:{id}", value } } }, lookup, {
            store: made
          })
          const { user } = app.keys
          for (const jump of ["6 minutes", "1 day"] as const) {
            const calls = [
              yield* fork(as(user.set({ id: "set" }, "written"))),
              yield* fork(as(user.update({ id: "update" }, () => Effect.succeed("written")))),
              yield* fork(as(user.getMany(Array.from({ length: 40 }, (_, i) => ({ id: `${i}` }))))),
              yield* fork(as(user.invalidate({ id: "gone" })))
            ]
            yield* TestClock.adjust(jump)
            yield* Fiber.joinAll(calls)
            yield* TestClock.adjust(jump)
            const held = yield* as(user.getOption({ id: "set" }))
            assert.deepStrictEqual(held, Option.some("written"))
            assert.deepStrictEqual(yield* as(user.getOption({ id: "update" })), Option.some("written"))
            yield* as(user.getMany(Array.from({ length: 40 }, (_, i) => ({ id: `${i}` }))))
          }
          assert.strictEqual(loads, 41)
        }))
    })
  }
}
