/**
 * The engine takes back a write that a tier refuses. A later write of the same key stays, even when memory has evicted
 * it meanwhile.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import { fork } from "../support/effects.ts"
import { user, Users, users } from "../support/users.ts"

/** The lower tier takes 10 ms for each write, and refuses the second one. */
const live = (capacity: number) =>
  users().pipe(Layer.provideMerge(TieredStore.layer([
    MemoryStore.layer({ capacity, eviction: "lru" }),
    FaultyStore.layer(
      FaultyStore.layer(MemoryStore.layer({ capacity: 100 }), {
        rules: [{ fault: { kind: "fail" }, operations: ["write"], nth: 2 }]
      }),
      { rules: [{ fault: { kind: "slow", delay: 10 }, operations: ["write"] }] }
    )
  ])))

const go = <A, E, R>(effect: Effect.Effect<A, E, R>) => fork(Effect.exit(effect))

const writes = {
  set: user.set({ id: "1" }, "refused"),
  setMany: user.setMany([[{ id: "1" }, "refused"], [{ id: "3" }, "refused"]]),
  batch: Users.batch([user.setting({ id: "1" }, "refused"), user.setting({ id: "3" }, "refused")]),
  update: user.update({ id: "1" }, () => "refused"),
  patch: user.patch({ id: "1" }, () => "refused")
}

const read = Effect.gen(function*() {
  const reader = yield* Effect.forkChild(user.getOption({ id: "1" }), { startImmediately: true })
  yield* TestClock.adjust(1_000)
  return Option.getOrUndefined(yield* Fiber.join(reader))
})

describe("write that a tier refuses", () => {
  for (const [name, write] of Object.entries(writes)) {
    for (const capacity of [1, 100]) {
      it.effect(`a refused ${name} leaves the value of a later set, with room for ${capacity} in memory`, () =>
        Effect.gen(function*() {
          const before = yield* go(user.set({ id: "1" }, "before"))
          yield* TestClock.adjust(1)
          const refused = yield* go(write)
          yield* TestClock.adjust(10)
          const later = yield* go(user.set({ id: "1" }, "later"))
          const other = yield* go(user.set({ id: "2" }, "other"))
          yield* TestClock.adjust(1_000)
          assert.isTrue(Exit.isFailure(yield* Fiber.join(refused)))
          for (const fiber of [before, later, other]) assert.isTrue(Exit.isSuccess(yield* Fiber.join(fiber)))
          assert.strictEqual(yield* read, "later")
        }).pipe(Effect.provide(live(capacity))))

      it.effect(`a refused ${name} leaves no value behind, with room for ${capacity} in memory`, () =>
        Effect.gen(function*() {
          yield* go(user.set({ id: "1" }, "before"))
          yield* TestClock.adjust(1)
          const refused = yield* go(write)
          yield* TestClock.adjust(1_000)
          assert.isTrue(Exit.isFailure(yield* Fiber.join(refused)))
          assert.isUndefined(yield* read)
        }).pipe(Effect.provide(live(capacity))))
    }
  }
})
