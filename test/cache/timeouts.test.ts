/**
 * The soft timeout lets a reader go with a stale value, the hard timeout ends a load, and a caller may have a timeout
 * of its own.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import { after, fork, reasonOf, times } from "../support/effects.ts"
import { checkInvariants, engine } from "../support/engine.ts"
import { family, inTurn, tiers } from "../support/source.ts"

const soft = { timeToLive: 100, staleIfError: 10_000, softTimeout: 10, retryAfterFailure: 1_000 }
const then = (millis: number, value: unknown = "new") => (run: number) =>
  run === 1 ? Effect.succeed("old") : after(millis, Effect.succeed(value))

const broken = Effect.fail("broken")

describe("soft timeout", () => {
  it.effect("a soft timeout does not act when there is no stale value", () =>
    Effect.gen(function*() {
      const { get } = yield* family(soft, () => after(50, Effect.succeed("value")))
      const caller = yield* fork(get)
      yield* TestClock.adjust(49)
      assert.isUndefined(caller.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(caller), "value")
    }))

  it.effect("a soft timeout does not act when the lookup answers in time", () =>
    Effect.gen(function*() {
      const { answer, get } = yield* family(soft, then(9))
      yield* get
      yield* TestClock.adjust(100)
      const caller = yield* fork(answer)
      yield* TestClock.adjust(9)
      const { stale, value } = yield* Fiber.join(caller)
      assert.deepStrictEqual([value, stale], ["new", false])
    }))

  it.effect("a soft timeout leaves one load running behind any number of readers", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(soft, then(50))
      yield* get
      yield* TestClock.adjust(100)
      for (let round = 0; round < 3; round++) {
        const callers = yield* times(20, fork(get))
        yield* TestClock.adjust(10)
        assert.deepStrictEqual(new Set(yield* Fiber.joinAll(callers)), new Set(["old"]))
      }
      assert.strictEqual(source.runs, 2)
      yield* TestClock.adjust(20)
      assert.strictEqual(yield* get, "new")
    }))

  it.effect("a soft timeout counts from the call of each reader", () =>
    Effect.gen(function*() {
      const { get } = yield* family(soft, then(50))
      yield* get
      yield* TestClock.adjust(100)
      const first = yield* fork(get)
      yield* TestClock.adjust(5)
      const second = yield* fork(get)
      yield* TestClock.adjust(5)
      assert.strictEqual(yield* Fiber.join(first), "old")
      assert.isUndefined(second.pollUnsafe())
      yield* TestClock.adjust(5)
      assert.strictEqual(yield* Fiber.join(second), "old")
    }))

  it.effect("a soft timeout lets the load run on when its callers give up earlier", () =>
    Effect.gen(function*() {
      const { get, held, source } = yield* family(soft, then(50))
      yield* get
      yield* TestClock.adjust(100)
      yield* Fiber.interrupt(yield* fork(get))
      yield* TestClock.adjust(50)
      assert.deepStrictEqual([yield* held, source.interrupted], ["new", 0])
    }))

  it.effect("a soft timeout does not serve a deleted value to a later reader", () =>
    Effect.gen(function*() {
      const { get, remove } = yield* family(
        soft,
        (run) => run === 1 ? Effect.succeed("old") : after(50, Effect.succeed(run))
      )
      yield* get
      yield* TestClock.adjust(100)
      const before = yield* fork(get)
      yield* TestClock.adjust(5)
      yield* remove
      const caller = yield* fork(get)
      yield* TestClock.adjust(49)
      assert.isUndefined(caller.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(caller), 3)
      yield* Fiber.join(before)
    }))

  it.effect("a reader that comes after a set during the load gets the set value", () =>
    Effect.gen(function*() {
      const { get, set } = yield* family(soft, then(50))
      yield* get
      yield* TestClock.adjust(100)
      const caller = yield* fork(get)
      yield* set("set")
      assert.strictEqual(yield* get, "set")
      yield* TestClock.adjust(50)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* get, "set")
    }))
})

describe("hard timeout", () => {
  it.effect("a hard timeout serves a stale value when the family has staleIfError", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 10_000, hardTimeout: 20 }
      const { answer, get, source } = yield* family(policy, then(1_000))
      yield* get
      yield* TestClock.adjust(100)
      const caller = yield* fork(answer)
      yield* TestClock.adjust(20)
      const { stale, value } = yield* Fiber.join(caller)
      assert.deepStrictEqual([value, stale, source.interrupted], ["old", true, 1])
    }))

  it.effect("a hard timeout is remembered like any failure, so the next caller does not wait as long again", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ hardTimeout: 20, negativeTimeToLive: 100 }, () => Effect.never)
      const caller = yield* fork(Effect.flip(get))
      yield* TestClock.adjust(20)
      assert.strictEqual(reasonOf(yield* Fiber.join(caller)), "LoadTimeout")
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "LoadTimeout")
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("the error of a hard timeout names the key and the duration", () =>
    Effect.gen(function*() {
      const { get } = yield* family({ hardTimeout: 20 }, () => Effect.never)
      const caller = yield* fork(Effect.flip(get))
      yield* TestClock.adjust(20)
      assert.match(String(yield* Fiber.join(caller)), /`user:1` did not end within 20 ms/)
    }))

  it.effect("a hard timeout ends loads behind readers, and begins the back-off", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleWhileRevalidate: 10_000, hardTimeout: 20, retryAfterFailure: 1_000 }
      const { get, running, source } = yield* family(policy, (run) => run === 2 ? Effect.never : Effect.succeed(run))
      yield* get
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* get, 1)
      yield* TestClock.adjust(20)
      assert.deepStrictEqual([source.runs, source.interrupted], [2, 1])
      assert.strictEqual(yield* get, 1)
      checkInvariants(running)
      yield* TestClock.adjust(1_000)
      yield* get
      assert.strictEqual(yield* get, 3)
    }))

  it.effect("a hard timeout does not end a load that answers in its last millisecond", () =>
    Effect.gen(function*() {
      const { get, held } = yield* family({ hardTimeout: 20 }, () => after(19, Effect.succeed("value")))
      const caller = yield* fork(get)
      yield* TestClock.adjust(19)
      assert.strictEqual(yield* Fiber.join(caller), "value")
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* held, "value")
    }))

  it.effect("a hard timeout ends an explicit refresh, and the old value stays", () =>
    Effect.gen(function*() {
      const { get, refresh } = yield* family({ hardTimeout: 20 }, (run) => run === 1 ? Effect.succeed(1) : Effect.never)
      yield* get
      const caller = yield* fork(Effect.flip(refresh))
      yield* TestClock.adjust(20)
      assert.strictEqual(reasonOf(yield* Fiber.join(caller)), "LoadTimeout")
      assert.strictEqual(yield* get, 1)
    }))
})

describe("soft timeout of a reader whose value was removed meanwhile", () => {
  const ends = { fails: broken, "says that nothing has changed": Effect.succeed(Lookup.notModified()) }
  const removals = ["drop", "remove"] as const
  for (const [what, end] of Object.entries(ends)) {
    for (const removal of removals) {
      for (const lower of ["none", "through", "onEviction"] as const) {
        it.effect(`${removal} while a reader waits for a lookup that ${what}: the value does not come back, over ${lower}`, () =>
          Effect.gen(function*() {
            const policy = { ...soft, retryAfterFailure: 0, negativeTimeToLive: 0 }
            const options = lower === "none" ? {} : (yield* tiers([], { set: lower })).options
            const cache = yield* family(policy, (run) => run === 1 ? Effect.succeed("old") : after(50, end), options)
            yield* cache.get
            yield* TestClock.adjust(100)
            const reader = yield* fork(Effect.exit(cache.answer))
            yield* TestClock.adjust(5)
            yield* removal === "drop" ? cache.drop() : cache.remove
            yield* TestClock.adjust(200)
            const exit = yield* Fiber.join(reader)
            assert.isTrue(exit._tag === "Failure" || exit.value.value !== "old", JSON.stringify(exit))
            assert.isUndefined(yield* cache.held)
            checkInvariants(cache.running)
          }))
      }
    }
  }
})

describe("timeout of a caller", () => {
  it.effect("the timeout of its only caller ends a load", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({}, () => Effect.never)
      const caller = yield* fork(Effect.timeoutOption(get, 10))
      yield* TestClock.adjust(10)
      assert.strictEqual((yield* Fiber.join(caller))._tag, "None")
      assert.strictEqual(source.interrupted, 1)
    }))

  it.effect("the timeout of a caller is not remembered as a failure", () =>
    Effect.gen(function*() {
      const { get } = yield* family({}, (run) => run === 1 ? Effect.never : Effect.succeed("value"))
      const caller = yield* fork(Effect.timeoutOption(get, 10))
      yield* TestClock.adjust(10)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("the timeout of a caller does not end a refresh behind a reader", () =>
    Effect.gen(function*() {
      const { get, held, source } = yield* family({ timeToLive: 100, refreshAhead: 0.5 }, then(10))
      yield* get
      yield* TestClock.adjust(60)
      yield* Fiber.interrupt(yield* fork(get))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual([yield* held, source.interrupted], ["new", 0])
    }))
})

describe("load that outlives its soft timeout", () => {
  it.effect("a load that ends after the soft timeout is stored when it succeeds", () =>
    Effect.gen(function*() {
      const { get, held, source } = yield* family(soft, inTurn(Effect.succeed("old"), after(50, Effect.succeed("new"))))
      yield* get
      yield* TestClock.adjust(100)
      const reader = yield* fork(get)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(reader), "old")
      yield* TestClock.adjust(40)
      assert.strictEqual(yield* held, "new")
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a load that ends after the soft timeout is not stored when its key was invalidated meanwhile", () =>
    Effect.gen(function*() {
      const { drop, get, held } = yield* family(soft, inTurn(Effect.succeed("old"), after(50, Effect.succeed("new"))))
      yield* get
      yield* TestClock.adjust(100)
      const reader = yield* fork(get)
      yield* TestClock.adjust(10)
      yield* Fiber.join(reader)
      yield* drop()
      yield* TestClock.adjust(40)
      assert.isUndefined(yield* held)
    }))

  it.effect("a load that ends after the soft timeout begins the back-off when it fails", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(soft, inTurn(Effect.succeed("old"), after(50, broken)))
      yield* get
      yield* TestClock.adjust(100)
      const reader = yield* fork(get)
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* Fiber.join(reader), "old")
      for (let i = 0; i < 20; i++) assert.strictEqual(yield* get, "old")
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a reader does not get a value that is stale beyond its bound at the soft timeout", () =>
    Effect.gen(function*() {
      const policy = { ...soft, staleIfError: 25, softTimeout: 20 }
      const { get } = yield* family(policy, inTurn(Effect.succeed("old"), after(50, Effect.succeed("new"))))
      yield* get
      yield* TestClock.adjust(110)
      const reader = yield* fork(get)
      yield* TestClock.adjust(20)
      assert.isUndefined(reader.pollUnsafe())
      yield* TestClock.adjust(30)
      assert.strictEqual(yield* Fiber.join(reader), "new")
    }))
})

describe("load that outlives its hard timeout", () => {
  it.effect("the load is interrupted and its key is free", () =>
    Effect.gen(function*() {
      const { get, running, source } = yield* family({ hardTimeout: 20, negativeTimeToLive: 0 }, inTurn(Effect.never))
      for (let i = 1; i <= 5; i++) {
        const reader = yield* fork(Effect.flip(get))
        yield* TestClock.adjust(20)
        assert.strictEqual(reasonOf(yield* Fiber.join(reader)), "LoadTimeout")
        assert.deepStrictEqual([source.runs, source.interrupted], [i, i], "never two at once")
        checkInvariants(running)
      }
    }))

  it.effect("a load that cannot be interrupted is not stored when it ends later", () =>
    Effect.gen(function*() {
      const late = Effect.uninterruptible(after(100, Effect.succeed("late")))
      const policy = { hardTimeout: 20, negativeTimeToLive: 0 }
      const { get, held } = yield* family(policy, inTurn(late, Effect.succeed("new")))
      const reader = yield* fork(Effect.flip(get))
      yield* TestClock.adjust(20)
      assert.strictEqual(reasonOf(yield* Fiber.join(reader)), "LoadTimeout")
      assert.strictEqual(yield* get, "new")
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* held, "new")
    }))

  it.effect("the loads of one bulk read end together, and each reader gets its own error", () =>
    Effect.gen(function*() {
      const running = yield* engine(
        { families: { user: { pattern: "user:{id}", hardTimeout: 20 } } },
        () => Effect.never,
        { lookupMany: () => Effect.never }
      )
      const ids = ["1", "2", "3"]
      const readers = yield* Effect.forEach(
        ids,
        (id) => fork(Effect.exit(running.as<unknown, unknown>(running.app.keys.user.get({ id }))))
      )
      const bulk = yield* fork(
        Effect.flip(running.as<unknown, unknown>(running.app.keys.user.getMany([{ id: "4" }, { id: "5" }])))
      )
      const five = yield* fork(Effect.flip(running.as<unknown, unknown>(running.app.keys.user.get({ id: "5" }))))
      yield* TestClock.adjust(20)
      assert.strictEqual(reasonOf(yield* Fiber.join(bulk)), "LoadTimeout")
      assert.strictEqual(reasonOf(yield* Fiber.join(five)), "LoadTimeout")
      for (const exit of yield* Fiber.joinAll(readers)) {
        assert.strictEqual(exit._tag, "Failure")
      }
      checkInvariants(running)
    }))
})
