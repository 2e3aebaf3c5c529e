/**
 * No caller waits for ever: updates and loads that would wait for themselves, long chains of loads, and loads whose
 * fiber never ran. The tests use the engine alone, without a manifest.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import { TestClock } from "effect/testing"
import type { CacheFamily } from "../../src/cache/engine/cacheFamily.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { after, fork, reasonOf, settle, times } from "../support/effects.ts"
import { make } from "../support/plainEngine.ts"

const counter = (policy: FamilyPolicy = {}) =>
  make({ count: () => Effect.succeed(0), other: () => Effect.succeed(0) }, policy)
const plus = (family: CacheFamily<any>, key: string, then: Effect.Effect<unknown, unknown> = Effect.void) =>
  family.update(key, (n: number) => Effect.as(then, n + 1))
const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.map(Effect.flip(effect), reasonOf)

describe("update within an update", () => {
  it.effect("an update within an update of the same key is refused at once, and the next update of the key runs", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* counter()
      const count = families("count")
      assert.strictEqual(yield* failureOf(plus(count, "a", plus(count, "a"))), "CircularWait")
      assert.strictEqual(yield* plus(count, "a"), 1)
      checkIdle()
    }))

  it.effect("an update within an update of the same key is refused in a fiber that the outer one waits for", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* counter()
      const count = families("count")
      const inFiber = Effect.timeout(Effect.all([plus(count, "b"), plus(count, "a")], { concurrency: 2 }), "1 hour")
      assert.strictEqual(yield* failureOf(plus(count, "a", inFiber)), "CircularWait")
      assert.strictEqual(yield* plus(count, "a"), 1)
      checkIdle()
    }))

  it.effect("an update within an update of the same key is refused through updates of other keys and families", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* counter()
      const [count, other] = [families("count"), families("other")]
      const error = yield* Effect.flip(plus(count, "a", plus(other, "a", plus(count, "b", plus(count, "a")))))
      assert.strictEqual(reasonOf(error), "CircularWait")
      assert.include(String(error), "the update of `count:a` cannot wait for `count:a`")
      checkIdle()
    }))

  it.effect("an update may recover from the refusal of an inner one", () =>
    Effect.gen(function*() {
      const { families } = yield* counter()
      const count = families("count")
      assert.strictEqual(yield* plus(count, "a", Effect.exit(plus(count, "a"))), 1)
    }))

  it.effect("an update within an update of another key succeeds", () =>
    Effect.gen(function*() {
      const { families } = yield* counter()
      const count = families("count")
      assert.strictEqual(yield* plus(count, "a", plus(count, "b", plus(count, "c"))), 1)
      assert.deepStrictEqual(yield* count.readMany(["a", "b", "c"]), [1, 1, 1])
    }))

  it.effect("an update that an ended update left behind waits for its turn", () =>
    Effect.gen(function*() {
      const { families } = yield* counter()
      const count = families("count")
      let left: Fiber.Fiber<unknown, unknown> | undefined
      yield* plus(count, "a", Effect.map(Effect.forkDetach(after(10, plus(count, "a"))), (fiber) => left = fiber))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(left!), 2)
    }))
})

describe("updates that need each other's keys", () => {
  for (const second of ["count", "other"]) {
    it.effect(`two updates of the families \`count\` and \`${second}\` end, one of them with an error`, () =>
      Effect.gen(function*() {
        const { checkIdle, families } = yield* counter()
        const [one, two] = [families("count"), families(second)]
        const x = yield* fork(plus(one, "x", after(1_000, plus(two, "y"))))
        const y = yield* fork(plus(two, "y", after(1_000, plus(one, "x"))))
        yield* TestClock.adjust("1 second")
        const exits = [yield* Fiber.await(x), yield* Fiber.await(y)]
        assert.deepStrictEqual(exits.map(({ _tag }) => _tag).toSorted(), ["Failure", "Success"])
        const failed = exits.find(Exit.isFailure)!
        assert.strictEqual(yield* failureOf(failed), "CircularWait")
        checkIdle()
      }))
  }

  it.effect("three updates in a ring end, one of them with an error", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* counter()
      const count = families("count")
      const ring = yield* Effect.forEach(["a", "b", "c"], (key, i) =>
        fork(plus(count, key, after(1_000, plus(count, "bca"[i]!)))))
      yield* TestClock.adjust("1 second")
      const exits = yield* Effect.forEach(ring, Fiber.await)
      assert.deepStrictEqual(
        exits.map(({ _tag }) =>
          _tag
        ).toSorted(),
        ["Failure", "Success", "Success"]
      )
      checkIdle()
    }))

  it.effect("updates that take keys in the same order follow each other", () =>
    Effect.gen(function*() {
      const { families } = yield* counter()
      const count = families("count")
      const all = yield* times(10, fork(plus(count, "x", after(10, plus(count, "y")))))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* Fiber.joinAll(all), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    }))
})

describe("update that waits for its turn", () => {
  const throughPromise = (families: (name: string) => CacheFamily<any>) =>
    plus(families("count"), "a", Effect.promise(() => Effect.runPromiseExit(plus(families("count"), "a"))))

  for (const [policy, millis] of [[{ hardTimeout: "1 second" }, 1_000], [{}, 300_000]] as const) {
    it.effect(`an update behind one that never ends fails after ${millis} ms`, () =>
      Effect.gen(function*() {
        const { checkIdle, families } = yield* counter(policy)
        const first = yield* fork(plus(families("count"), "a", Effect.never))
        yield* TestClock.adjust(500)
        const second = yield* fork(failureOf(plus(families("count"), "a")))
        const third = yield* fork(failureOf(plus(families("count"), "a")))
        yield* TestClock.adjust(millis - 1)
        assert.isUndefined(second.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* Fiber.joinAll([second, third]), ["UpdateTimeout", "UpdateTimeout"])
        yield* Fiber.interrupt(first)
        assert.strictEqual(yield* plus(families("count"), "a"), 1)
        checkIdle()
      }))
  }

  it.effect("an update waits as long as the updates before it make progress", () =>
    Effect.gen(function*() {
      const { families } = yield* counter({ hardTimeout: 100 })
      const all = yield* times(20, fork(plus(families("count"), "a", Effect.sleep(90))))
      yield* TestClock.adjust(20 * 90)
      assert.strictEqual((yield* Fiber.joinAll(all)).at(-1), 20)
    }))

  it.effect("an update that waits for itself outside the engine's view ends", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* counter({ hardTimeout: 50 })
      const first = yield* fork(throughPromise(families))
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* Fiber.join(first), 1)
      checkIdle()
    }))

  it.effect("an update that is interrupted gives way to those behind it", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* counter()
      const count = families("count")
      const first = yield* fork(plus(count, "a", Effect.sleep(10)))
      const [second, third] = [yield* fork(plus(count, "a")), yield* fork(plus(count, "a"))]
      yield* Fiber.interrupt(second)
      yield* TestClock.adjust(10)
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(third)], [1, 2])
      checkIdle()
    }))

  it.effect("a queue of ten thousand updates does not overflow the stack", () =>
    Effect.gen(function*() {
      const { families } = yield* counter()
      const gate = yield* Deferred.make<void>()
      const first = yield* fork(plus(families("count"), "a", Deferred.await(gate)))
      const all = yield* times(10_000, fork(plus(families("count"), "a")))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      assert.strictEqual((yield* Fiber.joinAll(all)).at(-1), 10_001)
    }))
})

describe("lookup that waits for itself", () => {
  it.effect("a lookup that reads its own key with getPromise is refused at once", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* make({
        user: (key, families) =>
          Effect.tryPromise({
            try: () => families("user").readPromise(key, undefined)!,
            catch: (error) => error
          })
      })
      const error = yield* Effect.flip(families("user").read("1"))
      assert.strictEqual(reasonOf(error), "CircularWait")
      assert.include(String(error), "the lookup of `user:1` cannot wait for `user:1`")
      checkIdle()
    }))

  it.effect("a lookup that refreshes its own key is refused when the refresh would wait for it", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* make({ user: (key, families) => families("user").refresh(key) })
      assert.strictEqual(yield* failureOf(families("user").read("1")), "CircularWait")
      checkIdle()
    }))

  it.effect("a lookup that waits for itself through another family is refused at once", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* make({
        a: (key, families) => Effect.all([families("b").read(key)], { concurrency: "unbounded" }),
        b: (key, families) => Effect.timeout(families("c").readMany([key, "other"]), "1 hour"),
        c: (key, families) => key === "other" ? Effect.succeed(1) : families("a").read(key)
      })
      assert.strictEqual(yield* failureOf(families("a").read("1")), "CircularWait")
      checkIdle()
    }))

  it.effect("a refusal is not remembered, and the next reader loads", () =>
    Effect.gen(function*() {
      let runs = 0
      const { families } = yield* make({
        user: (key, families) => Effect.suspend(() => ++runs === 1 ? families("user").read(key) : Effect.succeed(runs))
      })
      assert.strictEqual(yield* failureOf(families("user").read("1")), "CircularWait")
      assert.strictEqual(yield* families("user").read("1"), 2)
    }))

  for (
    const [policy, millis] of [[{ hardTimeout: "1 second" }, 1_000], [{}, 300_000]] as const
  ) {
    it.effect(`a lookup that waits for itself outside the engine's view ends after ${millis} ms`, () =>
      Effect.gen(function*() {
        const unseen = (name: string, key: string, families: (name: string) => CacheFamily<any>) =>
          Effect.promise(() => Effect.runPromise(families(name).read(key)))
        const { checkIdle, families } = yield* make({
          a: (key, families) => unseen("b", key, families),
          b: (key, families) => unseen("a", key, families)
        }, policy)
        const first = yield* fork(Effect.exit(families("a").read("1")))
        yield* settle
        yield* TestClock.adjust(millis)
        assert.isTrue(Exit.isFailure(yield* Fiber.join(first)))
        yield* settle
        checkIdle()
      }))
  }

  it.effect("a long load without a second reader has no deadline, so it does not count as a circle", () =>
    Effect.gen(function*() {
      const { families } = yield* make({ user: () => after(3_600_000, Effect.succeed("late")) })
      const reader = yield* fork(families("user").read("1"))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* Fiber.join(reader), "late")
    }))
})

describe("chain of ten thousand loads", () => {
  const length = 10_000
  const chain = (bottom: Effect.Effect<unknown, unknown>, policy?: FamilyPolicy) =>
    make({ step: (key, families) => key === "0" ? bottom : families("step").read(String(Number(key) - 1)) }, policy)
  const top = String(length - 1)

  it.effect("the chain answers when its last lookup ends at once", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* chain(Effect.succeed("bottom"))
      assert.strictEqual(yield* families("step").read(top), "bottom")
      checkIdle()
      assert.strictEqual(families("step").hot!.count, length)
    }))

  it.effect("the chain answers when its last lookup takes its time", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<string>()
      const { checkIdle, families } = yield* chain(Deferred.await(gate))
      const reader = yield* fork(families("step").read(top))
      yield* times(length / 10, Effect.yieldNow)
      yield* Deferred.succeed(gate, "bottom")
      assert.strictEqual(yield* Fiber.join(reader), "bottom")
      checkIdle()
    }))

  it.effect("a chain of lookups fails when its last lookup fails", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* chain(Effect.fail("broken"))
      assert.strictEqual(yield* Effect.flip(families("step").read(top)), "broken")
      checkIdle()
    }))

  it.effect("the chain ends when its only reader leaves", () =>
    Effect.gen(function*() {
      let ended = 0
      const { checkIdle, families } = yield* chain(Effect.onInterrupt(Effect.never, () => Effect.sync(() => ended++)))
      const reader = yield* fork(families("step").read(top))
      yield* times(length / 10, Effect.yieldNow)
      yield* Fiber.interrupt(reader)
      yield* times(length / 10, Effect.yieldNow)
      assert.strictEqual(ended, 1)
      checkIdle()
    }))

  it.effect("the chain is refused when its last lookup asks for its first key", () =>
    Effect.gen(function*() {
      const { checkIdle, families } = yield* make({
        step: (key, families) => families("step").read(key === "0" ? "4999" : String(Number(key) - 1))
      })
      assert.strictEqual(yield* failureOf(families("step").read("4999")), "CircularWait")
      yield* settle
      checkIdle()
    }))
})

describe("load whose fiber does not run to its end", () => {
  const broken: any = {
    recordFiberStart() {
      throw new Error("no fiber today")
    },
    recordFiberEnd() {}
  }

  it.effect("a load that could not be started fails its readers, and the next reader starts another one", () =>
    Effect.gen(function*() {
      const { checkIdle, context, families } = yield* make({ user: () => Effect.succeed("value") })
      const user = families("user")
      const lookup = () => Effect.sync(() => "value")
      const lame = user.own({
        lookup,
        lookupMany: undefined,
        context: Context.add(context, Metric.FiberRuntimeMetrics, broken) as Context.Context<any>
      })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(user.read("1"))))
      checkIdle()
      user.disown(lame)
      assert.strictEqual(yield* user.read("1"), "value")
    }))

  it.effect("a load that another fiber interrupted fails its readers with an error", () =>
    Effect.gen(function*() {
      let fiber: Fiber.Fiber<unknown, unknown> | undefined
      let runs = 0
      const { checkIdle, families } = yield* make({
        user: () =>
          Effect.suspend(() => {
            fiber = Fiber.getCurrent()
            return ++runs === 1 ? Effect.never : Effect.succeed("value")
          })
      })
      const reader = yield* fork(failureOf(families("user").read("1")))
      fiber!.interruptUnsafe()
      assert.strictEqual(yield* Fiber.join(reader), "LookupInterrupted")
      checkIdle()
      assert.strictEqual(yield* families("user").read("1"), "value")
    }))
})
