/**
 * `KeyGuard` lets operations on one key follow each other, and remembers a key only while an operation is running.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import { KeyGuard } from "../../../src/store/internal/keyGuard.ts"
import { fork } from "../../support/effects.ts"

describe("KeyGuard", () => {
  it.effect("a key is known only while an operation works on it, in whatever way the operation ends", () =>
    Effect.gen(function*() {
      const guard = new KeyGuard()
      const works = [
        guard.write(["1", "2"], Effect.void),
        guard.write(["2", "2"], Effect.fail("no")),
        guard.write(["1"], Effect.die("no")),
        guard.write(["1", "3"], Effect.never),
        guard.write(["3"], Effect.void),
        guard.writeAll(Effect.yieldNow),
        guard.write(["3"], Effect.void)
      ]
      const fibers = yield* Effect.forEach(works, (work) => fork(work))
      const ticket = guard.begin("4")
      assert.strictEqual(guard.busy, 3)
      yield* Fiber.interrupt(fibers[3]!)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, false, false, true, true, true])
      guard.end(ticket)
      guard.end(ticket)
      assert.strictEqual(guard.busy, 0)
    }))

  it.effect("the order stays when a caller gives up while it waits", () =>
    Effect.gen(function*() {
      const guard = new KeyGuard()
      const order: Array<string> = []
      const note = (name: string) => Effect.sync(() => order.push(name))
      const start = <A>(effect: Effect.Effect<A>) => fork(effect)
      const goOn = yield* Latch.make()
      const first = yield* start(guard.write(["1"], Effect.andThen(goOn.await, note("first"))))
      const second = yield* start(guard.write(["1"], note("second")))
      const third = yield* start(guard.write(["1"], note("third")))
      second.interruptUnsafe()
      for (let turn = 0; turn < 5; turn++) yield* Effect.yieldNow
      assert.deepStrictEqual(order, [])
      yield* goOn.open
      yield* Fiber.joinAll([first, third])
      assert.deepStrictEqual(order, ["first", "third"])
      assert.strictEqual(guard.busy, 0)
    }))

  it.effect("the number of tickets that hold is bounded", () =>
    Effect.sync(() => {
      const guard = new KeyGuard()
      const tickets = Array.from({ length: 10_001 }, (_, n) => guard.begin(`${n}`))
      assert.isFalse(tickets[9_999]!.isVoid)
      assert.isTrue(tickets[10_000]!.isVoid)
      for (const ticket of tickets) guard.end(ticket)
      assert.strictEqual(guard.busy, 0)
    }))
})
