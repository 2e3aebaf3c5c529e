/**
 * A load that a caller brings is a load like any other: callers of one key share it, its value follows the rules of the
 * family, and what was changed meanwhile is not overwritten.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { fork, reasonOf, settle } from "../support/effects.ts"
import { engine, type EngineOptions } from "../support/engine.ts"
import { tiers } from "../support/source.ts"

const id = { id: "1" }

/** Responses, whose owner has no lookup, and pages made of them. */
const world = (policy: FamilyPolicy = {}, options?: EngineOptions) =>
  Effect.gen(function*() {
    const running = yield* engine(
      {
        families: {
          source: { pattern: "source:{id}" },
          response: { pattern: "response:{id}", derives: ["source:{id}"], ...policy }
        }
      },
      () => Effect.succeed(Lookup.absent),
      options
    )
    const { app } = running
    const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
    const { response, source } = app.keys
    const or = (load: Effect.Effect<unknown, unknown, any>, at: object = id) => on<unknown>(response.getOr(at, load))
    return { app, on, or, response, source, family: running.cache.families.get("response")! }
  })

describe("a load that a caller brings", () => {
  it.effect("a load runs once for all callers of a key, and not at all while its value is fresh", () =>
    Effect.gen(function*() {
      const { or } = yield* world({ timeToLive: "1 minute" })
      let runs = 0
      const load = Effect.andThen(Effect.sleep(10), Effect.sync(() => ++runs))
      const all = yield* fork(Effect.all(Array.from({ length: 50 }, () => or(load)), { concurrency: "unbounded" }))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(new Set(yield* Fiber.join(all)), new Set([1]))
      assert.strictEqual(yield* or(load), 1)
      yield* TestClock.adjust("1 minute")
      const later = yield* fork(or(load))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(later), 2)
    }))

  it.effect("a load has the services of its caller, and a scope that ends with it", () =>
    Effect.gen(function*() {
      class Request extends Context.Service<Request, string>()("Request") {}
      const { or } = yield* world()
      let isOpen = false
      const load = Effect.gen(function*() {
        yield* Effect.acquireRelease(Effect.sync(() => isOpen = true), () => Effect.sync(() => isOpen = false))
        assert.isTrue(isOpen)
        return yield* Request
      })
      assert.strictEqual(yield* Effect.provideService(or(load), Request, "of this caller"), "of this caller")
      assert.isFalse(isOpen)
    }))

  it.effect("a load goes on for the others when the caller who brought it leaves", () =>
    Effect.gen(function*() {
      const { or } = yield* world()
      const gate = yield* Deferred.make<string>()
      const first = yield* fork(or(Deferred.await(gate)))
      const second = yield* fork(or(Effect.die("a second load")))
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, "value")
      assert.strictEqual(yield* Fiber.join(second), "value")
    }))

  it.effect("a load is interrupted when its last caller leaves", () =>
    Effect.gen(function*() {
      const { or } = yield* world()
      let wasInterrupted = false
      const load = Effect.onInterrupt(Effect.never, () => Effect.sync(() => wasInterrupted = true))
      yield* Fiber.interrupt(yield* fork(or(load)))
      yield* settle
      assert.isTrue(wasInterrupted)
    }))

  it.effect("a load may answer a lifetime, tags, or that there is no value", () =>
    Effect.gen(function*() {
      const { on, or, response } = yield* world()
      yield* or(Effect.succeed(Lookup.loaded("value", { timeToLive: "5 seconds", tags: ["a"] })))
      assert.deepStrictEqual((yield* on<any>(response.getAnswer(id))).tags, ["a"])
      yield* on(response.invalidateTag("a"))
      assert.isFalse(yield* on(response.has(id)))
      assert.strictEqual(reasonOf(yield* Effect.flip(or(Effect.succeed(Lookup.absent)))), "Absent")
    }))

  it.effect("a load that fails fails its callers, and is remembered for a short time", () =>
    Effect.gen(function*() {
      const { or } = yield* world({ negativeTimeToLive: "1 second" })
      assert.strictEqual(yield* Effect.flip(or(Effect.fail("broken"))), "broken")
      assert.strictEqual(yield* Effect.flip(or(Effect.succeed("value"))), "broken")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* or(Effect.succeed("value")), "value")
    }))

  it.effect("a load renews a stale value behind its caller, and answers when no value may be served", () =>
    Effect.gen(function*() {
      const { on, or, response } = yield* world({ timeToLive: "1 minute", staleWhileRevalidate: "1 minute" })
      yield* or(Effect.succeed("old"))
      yield* TestClock.adjust("90 seconds")
      assert.strictEqual(yield* or(Effect.succeed("new")), "old")
      yield* settle
      assert.strictEqual(yield* on(response.get(id)), "new")
    }))

  it.effect("a loaded value is not stored when the key was changed while it ran", () =>
    Effect.gen(function*() {
      const { on, or, response } = yield* world()
      const gate = yield* Deferred.make<string>()
      const first = yield* fork(or(Deferred.await(gate)))
      yield* on(response.set(id, "written"))
      yield* Deferred.succeed(gate, "loaded")
      assert.strictEqual(yield* Fiber.join(first), "loaded")
      assert.strictEqual(yield* on(response.get(id)), "written")
    }))

  it.effect("a load may read what the family derives from, and is dropped when that changes", () =>
    Effect.gen(function*() {
      const { on, or, response, source } = yield* world()
      yield* on(source.set(id, "one"))
      const load = Effect.map(source.get(id) as Effect.Effect<string>, (value) => `made of ${value}`)
      assert.strictEqual(yield* or(load), "made of one")
      yield* on(source.set(id, "two"))
      assert.isFalse(yield* on(response.has(id)))
      assert.strictEqual(yield* or(load), "made of two")
      yield* on(source.set({ id: "2" }, "other"))
      yield* on(response.delete(id))
      assert.strictEqual(reasonOf(yield* Effect.flip(or(source.get({ id: "2" })))), "UndeclaredRead")
      const own = yield* Effect.flip(or(response.get(id), { id: "4" }))
      assert.match(String(own), /E0211: this load of a key of `.*` reads `.*`, its own family/)
      assert.strictEqual(reasonOf(yield* Effect.flip(or(source.set(id, "written"), { id: "3" }))), "NotOwner")
    }))

  it.effect("a load is joined by a get, and takes over from a get that found no lookup and looks below", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([{ fault: { kind: "slow", delay: 10 }, operations: ["get"] }])
      const { on, or, response } = yield* world({}, options)
      const plain = yield* fork(Effect.exit(on(response.get(id))))
      const brought = yield* fork(or(Effect.succeed("value")))
      yield* TestClock.adjust(10)
      yield* settle
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(brought), "value")
      yield* Fiber.join(plain)
    }))

  it.effect("a load waits for its turn behind loads of the key that were overtaken, and then runs", () =>
    Effect.gen(function*() {
      const { on, or, response } = yield* world()
      const gates = [yield* Deferred.make<string>(), yield* Deferred.make<string>(), yield* Deferred.make<string>()]
      const callers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const gate of gates) {
        callers.push(yield* fork(or(Deferred.await(gate))))
        yield* on(response.invalidate(id))
      }
      for (const [i, gate] of gates.entries()) yield* Deferred.succeed(gate, `value ${i}`)
      yield* settle
      assert.deepStrictEqual(yield* Effect.forEach(callers, Fiber.join), ["value 0", "value 1", "value 2"])
    }))

  it.effect("a load ends with the owner of the family", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { or } = yield* Scope.provide(world(), scope)
      const waiting = yield* fork(Effect.exit(or(Effect.never)))
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(waiting)))
    }))

  it.effect("a load in the body of a transaction sees what the body has written, and is not stored", () =>
    Effect.gen(function*() {
      const { app, on, or, response } = yield* world()
      const within = <A, E, R>(body: Effect.Effect<A, E, R>) => body
      const body = Effect.gen(function*() {
        const first = yield* response.getOr(id, Effect.succeed("in the body"))
        yield* response.set(id, "written")
        return [first, yield* response.getOr(id, Effect.die("not asked"))]
      })
      assert.deepStrictEqual(yield* on(app.transaction(within)(body)), ["in the body", "written"])
      assert.strictEqual(yield* or(Effect.die("not asked")), "written")
    }))

  it.effect("a load that is not an Effect is refused", () =>
    Effect.gen(function*() {
      const { or } = yield* world()
      assert.strictEqual(reasonOf(yield* Effect.flip(or((() => 1) as never))), "InvalidOption")
    }))
})
