/**
 * `KeyOrder` lets operations on one key follow each other, and remembers a key only while an operation is running.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import { KeyOrder } from "../../../src/store/internal/keyOrder.ts"
import { fork } from "../../support/effects.ts"

describe("KeyOrder", () => {
  it.effect("a key is known only while an operation works on it, in whatever way the operation ends", () =>
    Effect.gen(function*() {
      const order = new KeyOrder()
      const works = [
        order.write(["1", "2"], Effect.void),
        order.write(["2", "2"], Effect.fail("no")),
        order.write(["1"], Effect.die("no")),
        order.write(["1", "3"], Effect.never),
        order.write(["3"], Effect.void),
        order.writeAll(Effect.yieldNow),
        order.write(["3"], Effect.void)
      ]
      const fibers = yield* Effect.forEach(works, (work) => fork(work))
      const permit = order.begin("4")
      assert.strictEqual(order.busy, 3)
      yield* Fiber.interrupt(fibers[3]!)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, false, false, true, true, true])
      order.end(permit)
      order.end(permit)
      assert.strictEqual(order.busy, 0)
    }))

  it.effect("the order stays when a caller gives up while it waits", () =>
    Effect.gen(function*() {
      const order = new KeyOrder()
      const ran: Array<string> = []
      const note = (name: string) => Effect.sync(() => ran.push(name))
      const start = <A>(effect: Effect.Effect<A>) => fork(effect)
      const goOn = yield* Latch.make()
      const first = yield* start(order.write(["1"], Effect.andThen(goOn.await, note("first"))))
      const second = yield* start(order.write(["1"], note("second")))
      const third = yield* start(order.write(["1"], note("third")))
      second.interruptUnsafe()
      for (let turn = 0; turn < 5; turn++) yield* Effect.yieldNow
      assert.deepStrictEqual(ran, [])
      yield* goOn.open
      yield* Fiber.joinAll([first, third])
      assert.deepStrictEqual(ran, ["first", "third"])
      assert.strictEqual(order.busy, 0)
    }))

  it.effect("the number of permits that hold is bounded", () =>
    Effect.sync(() => {
      const order = new KeyOrder()
      const permits = Array.from({ length: 10_001 }, (_, n) => order.begin(`${n}`))
      assert.isFalse(permits[9_999]!.isVoid)
      assert.isTrue(permits[10_000]!.isVoid)
      for (const permit of permits) order.end(permit)
      assert.strictEqual(order.busy, 0)
    }))
})
