/**
 * `FaultyStore` does each kind of fault as planned, passes the suite of stores without faults, and repeats its faults
 * with a seed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Store } from "effect-stateless/store/Store"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import * as StoreSuite from "effect-stateless/testing/StoreSuite"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { fork } from "../support/effects.ts"
import { mapLayer } from "../support/mapStore.ts"
import { entryOf, familyOf } from "../support/partition.ts"

StoreSuite.run({ describe, it }, "FaultyStore without faults", FaultyStore.layer(mapLayer(), { rules: [] }))

const family = familyOf<string>("user")

const test = (
  name: string,
  rules: ReadonlyArray<FaultyStore.Rule>,
  body: Effect.Effect<void, unknown, any>
) => it.effect(name, () => Effect.provide(body, FaultyStore.layer(mapLayer(), { rules })))

const opened = Store.use((store) => store.open(family))

describe("FaultyStore", () => {
  test(
    "a `fail` fails the n-th call and no other, and does nothing of it",
    [
      { fault: { kind: "fail" }, operations: ["set"], nth: 2 }
    ],
    Effect.gen(function*() {
      const users = yield* opened
      yield* users.set("1", entryOf("a"))
      const error = yield* Effect.flip(users.set("1", entryOf("b")))
      assert.match(error.message, /map tier failed in `set`/)
      yield* users.setMany([["2", entryOf("c")]])
      assert.strictEqual((yield* users.get("1"))?.entry.value, "a")
      assert.deepStrictEqual(yield* FaultyStore.Faults.use((faults) => faults.injected), [["set", "fail"]])
    })
  )

  test(
    "a `failLate` does the write and fails",
    [{ fault: { kind: "failLate" }, operations: ["remove"] }],
    Effect.gen(function*() {
      const users = yield* opened
      yield* users.set("1", entryOf("a"))
      yield* Effect.flip(users.remove(["1"]))
      assert.isUndefined(yield* users.get("1"))
    })
  )

  test(
    "a `lose` acknowledges a write and does not do it",
    [{ fault: { kind: "lose" }, operations: ["remove"], keys: ["1"] }],
    Effect.gen(function*() {
      const users = yield* opened
      yield* users.setMany([["1", entryOf("a")], ["2", entryOf("b")]])
      yield* users.remove(["1"])
      yield* users.remove(["2"])
      assert.isDefined(yield* users.get("1"))
      assert.isUndefined(yield* users.get("2"))
    })
  )

  test(
    "a `slow` delays the call",
    [{ fault: { kind: "slow", delay: "1 second" }, operations: ["get"] }],
    Effect.gen(function*() {
      const users = yield* opened
      const get = yield* fork(users.get("1"))
      yield* TestClock.adjust(999)
      assert.isUndefined(get.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* Fiber.join(get))
    })
  )

  test(
    "a `slowLate` does the call and delays its answer",
    [{ fault: { kind: "slowLate", delay: "1 second" }, operations: ["get"] }],
    Effect.gen(function*() {
      const users = yield* opened
      const get = yield* fork(users.get("1"))
      yield* users.set("1", entryOf("late"))
      yield* TestClock.adjust(999)
      assert.isUndefined(get.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* Fiber.join(get))
    })
  )

  test(
    "a `stall` holds calls until they are released, or until the faults stop",
    [
      { fault: { kind: "stall" }, operations: ["set"] }
    ],
    Effect.gen(function*() {
      const users = yield* opened
      const faults = yield* FaultyStore.Faults
      const set = (key: string) => fork(users.set(key, entryOf(key)))
      const first = yield* set("1")
      yield* TestClock.adjust("1 day")
      assert.isUndefined(yield* users.get("1"))
      yield* faults.release
      yield* Fiber.join(first)
      assert.isDefined(yield* users.get("1"))
      const second = yield* set("2")
      yield* faults.stop
      yield* Fiber.join(second)
      yield* users.set("3", entryOf("3"))
      assert.isDefined(yield* users.get("3"))
    })
  )

  test(
    "a `corrupt` entry is reported once, and is absent afterwards",
    [{ fault: { kind: "corrupt" }, nth: 1 }],
    Effect.gen(function*() {
      const users = yield* opened
      yield* users.set("1", entryOf("a"))
      assert.isUndefined(yield* users.get("1"))
      assert.isUndefined(yield* users.get("1"))
    })
  )

  it.effect("equal seeds give equal faults, and different seeds different ones", () =>
    Effect.gen(function*() {
      const faultsOf = (seed: number) =>
        Effect.gen(function*() {
          const users = yield* opened
          const failed: Array<number> = []
          for (let n = 0; n < 100; n++) {
            yield* Effect.catch(users.set("1", entryOf("a")), () => Effect.sync(() => failed.push(n)))
          }
          return failed
        }).pipe(
          Effect.scoped,
          Effect.provide(
            FaultyStore.layer(mapLayer(), {
              seed,
              rules: [{ fault: { kind: "fail" }, operations: ["set"], probability: 0.3 }]
            })
          )
        )
      const first = yield* faultsOf(1)
      assert.deepStrictEqual(yield* faultsOf(1), first)
      assert.notDeepEqual(yield* faultsOf(2), first)
      assert.isTrue(first.length > 10 && first.length < 60)
    }))
})
