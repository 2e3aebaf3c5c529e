/**
 * Many callers of one key at once: how often its lookup runs, in which context, and how each caller gets the result.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { after, fork, reasonOf, times } from "../support/effects.ts"
import { checkInvariants, engine } from "../support/engine.ts"
import { family, inTurn } from "../support/source.ts"

const broken = Effect.fail("broken")

describe("callers of an absent key", () => {
  it.effect("callers of all read operations share one load", () =>
    Effect.gen(function*() {
      const { answer, get, on, source, user } = yield* family({}, () => after(10, Effect.succeed("value")))
      const many = on<ReadonlyArray<unknown>>(user.getMany([{ id: "1" }, { id: "1" }]))
      const part = on<unknown>(user.select({ id: "1" }, (value: string) => value.length))
      const warmed = on<number>(user.warm([{ id: "1" }]))
      const callers = [yield* fork(get), yield* fork(Effect.map(answer, ({ value }) => value))]
      const [manyOf, partOf, warmedOf] = [yield* fork(many), yield* fork(part), yield* fork(warmed)]
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.joinAll(callers), ["value", "value"])
      assert.deepStrictEqual(yield* Fiber.join(manyOf), ["value", "value"])
      assert.strictEqual(yield* Fiber.join(partOf), 5)
      yield* Fiber.join(warmedOf)
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("callers of one key do not wait for those of another key", () =>
    Effect.gen(function*() {
      const { of, source } = yield* family(
        {},
        (_, { key }) => key === "user:1" ? Effect.never : Effect.succeed(key)
      )
      yield* fork(of("1").get)
      assert.strictEqual(yield* of("2").get, "user:2")
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("all callers get the same defect when the lookup dies, and the next caller loads", () =>
    Effect.gen(function*() {
      const { get, running, source } = yield* family(
        { negativeTimeToLive: 50 },
        (run) => run === 1 ? after(10, Effect.die("bug")) : Effect.succeed("value")
      )
      const callers = yield* times(20, fork(Effect.exit(get)))
      yield* TestClock.adjust(10)
      for (const exit of yield* Fiber.joinAll(callers)) {
        assert.isTrue(exit._tag === "Failure" && Cause.hasDies(exit.cause))
      }
      assert.strictEqual(source.runs, 1)
      checkInvariants(running)
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("all callers get the same defect when the lookup throws before it makes an Effect", () =>
    Effect.gen(function*() {
      const { get, running } = yield* family({ negativeTimeToLive: 0 }, (run) => {
        if (run === 1) throw new Error("bug")
        return Effect.succeed("value")
      })
      const exit = yield* Effect.exit(get)
      assert.isTrue(exit._tag === "Failure" && Cause.hasDies(exit.cause))
      checkInvariants(running)
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("all callers get an error and no interruption when the lookup interrupts itself, and the next caller loads", () =>
    Effect.gen(function*() {
      const { get, running } = yield* family({}, (run) => run === 1 ? Effect.interrupt : Effect.succeed("value"))
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "LookupInterrupted")
      checkInvariants(running)
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("callers during a load that fails share it, and callers after it share one more", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(
        { negativeTimeToLive: 100 },
        (run) => after(10, run === 1 ? Effect.fail("broken") : Effect.succeed("value"))
      )
      const first = yield* times(50, fork(Effect.exit(get)))
      yield* TestClock.adjust(10)
      yield* Fiber.joinAll(first)
      yield* TestClock.adjust(100)
      const second = yield* times(50, fork(get))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(new Set(yield* Fiber.joinAll(second)), new Set(["value"]))
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("callers that give up one by one leave the load to the last of them", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({}, () => after(100, Effect.succeed("value")))
      const callers = yield* times(10, fork(Effect.timeoutOption(get, 50)))
      const patient = yield* fork(get)
      yield* TestClock.adjust(50)
      for (const found of yield* Fiber.joinAll(callers)) assert.strictEqual(found._tag, "None")
      assert.strictEqual(source.interrupted, 0)
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* Fiber.join(patient), "value")
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("a caller after all others have left begins a new load", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({}, (run) => after(10, Effect.succeed(run)))
      yield* Fiber.interrupt(yield* fork(get))
      const next = yield* fork(get)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(next), 2)
      assert.deepStrictEqual([source.runs, source.interrupted], [2, 1])
    }))

  it.effect("a caller after an invalidation does not join the load from before", () =>
    Effect.gen(function*() {
      const { drop, get, source } = yield* family({}, (run) => after(10, Effect.succeed(run)))
      const early = yield* fork(get)
      yield* drop()
      const late = yield* times(10, fork(get))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(early), 1)
      assert.deepStrictEqual(new Set(yield* Fiber.joinAll(late)), new Set([2]))
      assert.strictEqual(source.runs, 2)
    }))
})

describe("lookup", () => {
  it.effect("a lookup runs in the context of its owner, and not in that of its first caller", () =>
    Effect.gen(function*() {
      const Tenant = Context.Reference<string>("test/Tenant", { defaultValue: () => "owner" })
      const { get } = yield* family({}, () => Tenant)
      assert.strictEqual(yield* Effect.provideService(get, Tenant, "caller"), "owner")
    }))

  it.effect("a lookup is not interrupted with the scope of its first caller", () =>
    Effect.gen(function*() {
      const { get } = yield* family({}, () => after(10, Effect.succeed("value")))
      const second = yield* Effect.scoped(Effect.gen(function*() {
        yield* Effect.forkScoped(get, { startImmediately: true })
        return yield* fork(get)
      }))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(second), "value")
    }))

  it.effect("a lookup receives its full key and the cause of the load", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleWhileRevalidate: 100, refreshAhead: 0.5 }
      const { drop, get, refresh, source } = yield* family(policy, (run) => Effect.succeed(run))
      yield* get
      yield* TestClock.adjust(60)
      yield* get
      yield* refresh
      yield* TestClock.adjust(110)
      yield* get
      yield* drop()
      yield* get
      assert.deepStrictEqual(source.asked.map(({ cause }) => cause), ["absent", "ahead", "refresh", "stale", "absent"])
      assert.deepStrictEqual(new Set(source.asked.map(({ key }) => key)), new Set(["user:1"]))
    }))

  it.effect("a lookup that waits in a queue serves all callers of its key", () =>
    Effect.gen(function*() {
      const { of, source } = yield* family({ loadConcurrency: 1 }, (_, { key }) => after(10, Effect.succeed(key)))
      const first = yield* fork(of("1").get)
      const queued = yield* times(20, fork(of("2").get))
      yield* TestClock.adjust(10)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(first), "user:1")
      assert.deepStrictEqual(new Set(yield* Fiber.joinAll(queued)), new Set(["user:2"]))
      assert.deepStrictEqual([source.runs, source.atOnce], [2, 1])
    }))

  it.effect("a lookup whose caller leaves the queue gives its place to the next", () =>
    Effect.gen(function*() {
      const policy = { loadConcurrency: 1, loadQueueMax: 1 }
      const { of, running, source } = yield* family(policy, (_, { key }) => after(10, Effect.succeed(key)))
      const first = yield* fork(of("1").get)
      yield* Fiber.interrupt(yield* fork(of("2").get))
      const third = yield* fork(of("3").get)
      yield* TestClock.adjust(10)
      yield* TestClock.adjust(10)
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(third)], ["user:1", "user:3"])
      assert.strictEqual(source.runs, 2)
      checkInvariants(running)
    }))

  it.effect("a lookup that a full queue refused is tried again by the next caller", () =>
    Effect.gen(function*() {
      const policy = { loadConcurrency: 1, loadQueueMax: 1 }
      const { of } = yield* family(policy, (_, { key }) => after(10, Effect.succeed(key)))
      const callers = [yield* fork(of("1").get), yield* fork(of("2").get)]
      yield* Effect.flip(of("3").get)
      yield* TestClock.adjust(10)
      yield* TestClock.adjust(10)
      yield* Fiber.joinAll(callers)
      const again = yield* fork(of("3").get)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(again), "user:3")
    }))

  it.effect("a lookup may not read its own family, so it does not wait for itself", () =>
    Effect.gen(function*() {
      const { app, as } = yield* engine(
        { families: { user: { pattern: "user:{id}" } } },
        (_, app) => app.keys.user.get({ id: "1" })
      )
      assert.strictEqual(reasonOf(yield* Effect.flip(as<unknown, unknown>(app.keys.user.get({ id: "1" })))), "NotOwner")
    }))

  it.effect("a lookup may read other keys of the families that it derives from, with other lookups", () =>
    Effect.gen(function*() {
      let runs = 0
      const { app, as } = yield* engine(
        {
          families: { user: { pattern: "user:{id}" }, feed: { pattern: "feed:{id}:{page}", derives: ["user:{id}"] } }
        },
        ({ key }, app) => key.startsWith("user") ? after(10, Effect.sync(() => ++runs)) : app.keys.user.get({ id: "1" })
      )
      const feeds = yield* Effect.forEach(
        ["a", "b", "c"],
        (page) => fork(as<number, unknown>(app.keys.feed.get({ id: "1", page })))
      )
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.joinAll(feeds), [1, 1, 1])
    }))
})

describe("load with many callers", () => {
  it.effect("a load that fails fails all its callers, and callers within the negative time to live", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ negativeTimeToLive: 200 }, inTurn(after(10, broken)))
      const waiters = yield* times(200, fork(Effect.exit(get)))
      yield* TestClock.adjust(10)
      for (const exit of yield* Fiber.joinAll(waiters)) assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(yield* Effect.flip(get), "broken")
      assert.strictEqual(source.runs, 1)
      yield* TestClock.adjust(200)
      yield* fork(Effect.exit(get))
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a load is interrupted when all its callers have gone", () =>
    Effect.gen(function*() {
      const { get, running, source } = yield* family({}, inTurn(Effect.never))
      const [first, second] = yield* times(2, fork(Effect.exit(get)))
      yield* Fiber.interrupt(first!)
      assert.strictEqual(source.interrupted, 0)
      yield* Fiber.interrupt(second!)
      assert.strictEqual(source.interrupted, 1)
      checkInvariants(running)
    }))

  it.effect("a load runs to its end when all its callers have gone and `onAbandoned` is finish", () =>
    Effect.gen(function*() {
      const { get, held } = yield* family({ onAbandoned: "finish" }, inTurn(after(10, Effect.succeed("value"))))
      yield* Fiber.interrupt(yield* fork(get))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* held, "value")
    }))

  it.effect("a load answers its second caller when the first one is interrupted", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({}, inTurn(after(10, Effect.succeed("value"))))
      const first = yield* fork(get)
      const second = yield* fork(get)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(second), "value")
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("a load leaves nothing behind when it ends after all its callers have gone", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<string>()
      const { get, running } = yield* family({}, inTurn(Deferred.await(gate)))
      for (const reader of yield* times(50, fork(Effect.exit(get)))) yield* Fiber.interrupt(reader)
      yield* Deferred.succeed(gate, "late")
      checkInvariants(running)
    }))
})
