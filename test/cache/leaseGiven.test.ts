/**
 * A lease over a tier that answers late: between the grant and the moment when the caller gets the lease, the engine
 * asks the tier for the tags of the value. The deadline bounds that too, the time to live begins after it, and a caller
 * who gives up there leaves no lease.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { Lease } from "../../src/capability/Lease.ts"
import { fork, settle } from "../support/effects.ts"
import { counted, family, tiers } from "../support/source.ts"

const id = { id: "1" }

/** The tier takes three seconds for a read. */
const world = Effect.gen(function*() {
  const { options } = yield* tiers([{ fault: { kind: "slow", delay: "3 seconds" }, operations: ["get"] }])
  const { on, running: { leases }, set, user } = yield* family({}, counted, options)
  return {
    isLeased: () => leases.isLeased("user:1"),
    lease: (options: object) => on<Lease>(user.lease(id, options)),
    set
  }
})

const pass = (millis: number) => Effect.andThen(TestClock.adjust(millis), settle)

describe("lease over a tier that answers late", () => {
  it.effect("a request that is interrupted after the grant keeps no lease, though its Scope stays open", () =>
    Effect.gen(function*() {
      const { isLeased, lease } = yield* world
      const request = yield* fork(lease({}))
      yield* pass(100)
      assert.isTrue(isLeased())
      yield* Fiber.interrupt(request)
      assert.isFalse(isLeased())
      const late = yield* fork(Effect.exit(Effect.timeout(lease({}), 200)))
      yield* pass(300)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(late)))
      assert.isFalse(isLeased())
    }))

  it.effect("the deadline of a request bounds the look at a slow tier, and the lease is given", () =>
    Effect.gen(function*() {
      const { lease, set } = yield* world
      const request = yield* fork(lease({ deadline: "100 millis" }))
      yield* pass(101)
      const given = request.pollUnsafe()
      assert.isTrue(given !== undefined && Exit.isSuccess(given))
      yield* set("new", { lease: yield* Fiber.join(request) })
    }))

  it.effect("the time to live of a lease begins when the caller gets the lease", () =>
    Effect.gen(function*() {
      const { isLeased, lease } = yield* world
      const request = yield* fork(lease({ timeToLive: "1 second" }))
      yield* pass(3_000)
      const given = yield* Fiber.join(request)
      assert.isTrue(given.isHeldUnsafe())
      assert.strictEqual(given.expiresAt, 4_000)
      assert.isTrue(Object.isFrozen(given))
      yield* pass(1_000)
      assert.isFalse(given.isHeldUnsafe())
      assert.isFalse(isLeased())
    }))

  it.effect("a request behind a lease waits no longer than the time to live from the moment when the lease was given", () =>
    Effect.gen(function*() {
      const { lease } = yield* world
      yield* fork(lease({ timeToLive: "1 second" }))
      yield* pass(1)
      const next = yield* fork(Effect.scoped(lease({ deadline: "1 hour" })))
      yield* pass(2_999)
      yield* pass(999)
      yield* pass(2_000)
      assert.isUndefined(next.pollUnsafe())
      yield* pass(2_000)
      assert.isDefined(next.pollUnsafe())
    }))
})
