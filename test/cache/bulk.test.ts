/**
 * Reads and writes of many keys at once: which tier or lookup is asked for which key, the order of the results, and
 * that the failure of one key does not touch the others.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { after, fork, reasonOf, settle } from "../support/effects.ts"
import { checkInvariants, type EngineOptions } from "../support/engine.ts"
import { makePlace } from "../support/mapStore.ts"
import { family, tiers } from "../support/source.ts"

type Many = (keys: ReadonlyArray<string>, call: number) => Effect.Effect<ReadonlyArray<unknown>, unknown>

const bulk = Effect.fnUntraced(function*(policy: FamilyPolicy, many: Many, options?: EngineOptions) {
  const asked: Array<ReadonlyArray<string>> = []
  const cache = yield* family(policy, (_, { key }) => Effect.succeed(`single ${key}`), {
    ...options,
    lookupMany: (keys) => Effect.suspend(() => many(keys, asked.push(keys)))
  })
  const getMany = (...ids: ReadonlyArray<string>) =>
    cache.on<ReadonlyArray<unknown>>(cache.user.getMany(ids.map((id) => ({ id }))))
  return { ...cache, asked, getMany }
})

const echo: Many = (keys) => Effect.succeed(keys)
const slowly = (millis: number): Many => (keys) => after(millis, Effect.succeed(keys))

describe("getMany", () => {
  it.effect("a lookupMany whose array has holes is refused like one with too few answers, and nothing is kept", () =>
    Effect.gen(function*() {
      for (const length of [2, 3]) {
        const holes: ReadonlyArray<unknown> = Object.assign(Array(length), ["1"])
        const { getMany, on, running: { app, as }, user } = yield* bulk({}, () => Effect.succeed(holes))
        const error: any = yield* Effect.flip(getMany("1", "2"))
        assert.deepInclude(error.reason, { _tag: "BulkMiscounted", asked: 2, answered: length === 2 ? 1 : 3 })
        assert.deepStrictEqual([yield* on(user.has({ id: "1" })), yield* on(user.has({ id: "2" }))], [false, false])
        const inBody: Effect.Effect<unknown, any> = as(
          app.transaction((body: any) => body)(user.getMany([{ id: "1" }, { id: "2" }]))
        )
        assert.strictEqual((yield* Effect.flip(inBody)).reason._tag, "BulkMiscounted")
      }
    }))

  it.effect("getMany without keys asks no tier and no lookup", () =>
    Effect.gen(function*() {
      const { asked, getMany } = yield* bulk({}, echo)
      assert.deepStrictEqual(yield* getMany(), [])
      assert.deepStrictEqual(asked, [])
    }))

  it.effect("getMany returns values in the order of its keys, wherever each value was", () =>
    Effect.gen(function*() {
      const { asked, getMany, of } = yield* bulk({}, echo)
      yield* of("2").set("two")
      yield* of("4").set("four")
      assert.deepStrictEqual(yield* getMany("3", "2", "1", "4"), ["user:3", "two", "user:1", "four"])
      assert.deepStrictEqual(asked, [["user:3", "user:1"]])
    }))

  it.effect("getMany asks once for a key that it names twice", () =>
    Effect.gen(function*() {
      const { asked, getMany } = yield* bulk({}, echo)
      assert.deepStrictEqual(yield* getMany("1", "2", "1", "2"), ["user:1", "user:2", "user:1", "user:2"])
      assert.deepStrictEqual(asked, [["user:1", "user:2"]])
    }))

  it.effect("getMany asks no lookup when memory has every key", () =>
    Effect.gen(function*() {
      const { asked, getMany } = yield* bulk({}, echo)
      yield* getMany("1", "2")
      yield* getMany("2", "1")
      assert.strictEqual(asked.length, 1)
    }))

  it.effect("getMany keeps a falsy value apart from an absent one", () =>
    Effect.gen(function*() {
      const values = [undefined, null, 0, "", false]
      const { asked, getMany } = yield* bulk({}, () => Effect.succeed(values))
      const ids = ["1", "2", "3", "4", "5"]
      assert.deepStrictEqual(yield* getMany(...ids), values)
      assert.deepStrictEqual(yield* getMany(...ids), values)
      assert.strictEqual(asked.length, 1)
    }))

  it.effect("getMany of values that are not stored runs one bulk load, and not one load more for each key", () =>
    Effect.gen(function*() {
      const { asked, getMany, source } = yield* bulk({ timeToLive: "doNotStore" }, echo)
      assert.deepStrictEqual(yield* getMany("1", "2"), ["user:1", "user:2"])
      assert.deepStrictEqual([asked.length, source.runs], [1, 0])
    }))

  it.effect("getMany does not load a key that another caller is loading", () =>
    Effect.gen(function*() {
      const { asked, getMany } = yield* bulk({}, slowly(10))
      const first = yield* fork(getMany("1", "2"))
      const second = yield* fork(getMany("2", "3"))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.join(first), ["user:1", "user:2"])
      assert.deepStrictEqual(yield* Fiber.join(second), ["user:2", "user:3"])
      assert.deepStrictEqual(asked, [["user:1", "user:2"], ["user:3"]])
    }))

  it.effect("getMany joins the load of a single read, and a single read joins a load of getMany", () =>
    Effect.gen(function*() {
      const { asked, getMany, of } = yield* bulk({}, slowly(10))
      const many = yield* fork(getMany("1", "2"))
      const one = yield* fork(of("2").get)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(one), "user:2")
      yield* Fiber.join(many)
      assert.strictEqual(asked.length, 1)
    }))

  it.effect("getMany fails for an invalid key before it asks a tier", () =>
    Effect.gen(function*() {
      const { asked, getMany } = yield* bulk({}, echo)
      assert.strictEqual(reasonOf(yield* Effect.flip(getMany("1", "a:b"))), "InvalidKey")
      assert.deepStrictEqual(asked, [])
    }))

  it.effect("getMany asks a lower tier for all keys at once, and the lookup only for the missing ones", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const kept = yield* tiers([], { place })
      yield* Effect.scoped(Effect.flatMap(bulk({}, echo, kept.options), ({ getMany }) => getMany("1", "2")))
      const { faults, options } = yield* tiers([], { place })
      const { asked, getMany } = yield* bulk({}, echo, options)
      const before = yield* faults.calls
      assert.deepStrictEqual(yield* getMany("1", "2", "3"), ["user:1", "user:2", "user:3"])
      assert.deepStrictEqual(asked, [["user:3"]])
      yield* settle
      assert.strictEqual((yield* faults.calls) - before, 2, "one read, one write")
    }))

  it.effect("getMany serves stale values of a lower tier at once, and renews them with one load", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const policy = { timeToLive: 100, staleWhileRevalidate: 1_000 }
      const kept = yield* tiers([], { place })
      yield* Effect.scoped(Effect.flatMap(bulk(policy, echo, kept.options), ({ getMany }) => getMany("1", "2")))
      yield* TestClock.adjust(100)
      const { options } = yield* tiers([], { place })
      const renewed: Many = (keys) => after(10, Effect.succeed(keys.map((key) => `new ${key}`)))
      const { asked, getMany } = yield* bulk(policy, renewed, options)
      assert.deepStrictEqual(yield* getMany("1", "2", "1"), ["user:1", "user:2", "user:1"])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* getMany("1", "2"), ["new user:1", "new user:2"])
      assert.deepStrictEqual(asked, [["user:1", "user:2"]])
    }))

  it.effect("getMany serves stale values at once when the family allows it", () =>
    Effect.gen(function*() {
      const { asked, getMany } = yield* bulk({ timeToLive: 100, staleWhileRevalidate: 1_000 }, echo)
      yield* getMany("1", "2")
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* getMany("1", "2"), ["user:1", "user:2"])
      assert.strictEqual(asked.length, 2)
    }))
})

describe("bulk load", () => {
  it.effect("a bulk load that fails fails each key and stores nothing", () =>
    Effect.gen(function*() {
      const { getMany, has, of, running } = yield* bulk({ negativeTimeToLive: 0 }, () => Effect.fail("broken"))
      assert.strictEqual(yield* Effect.flip(getMany("1", "2")), "broken")
      assert.deepStrictEqual([yield* has, yield* of("2").has], [false, false])
      checkInvariants(running)
    }))

  for (const [what, change] of [["few", -1], ["many", 1]] as const) {
    it.effect(`a bulk load with too ${what} results stores nothing under a wrong key`, () =>
      Effect.gen(function*() {
        const { getMany, of, running } = yield* bulk(
          {},
          (keys) => Effect.succeed(change < 0 ? keys.slice(0, -1) : [...keys, "more"])
        )
        const error = (yield* Effect.flip(getMany("1", "2", "3"))) as CacheError
        assert.strictEqual(error.reason._tag, "BulkMiscounted")
        assert.include(error.message, `the lookupMany of \`user\` was asked for 3 keys and returned ${3 + change}`)
        for (const id of ["1", "2", "3"]) assert.isFalse(yield* of(id).has)
        checkInvariants(running)
      }))
  }

  const broken: { readonly [what: string]: Many } = {
    "throws instead of answering": () => {
      throw new Error("broken")
    },
    "answers nothing at all": () => Effect.succeed(undefined as any),
    "answers something that is not a list": () => Effect.succeed({ length: 2 } as any),
    "interrupts itself": () => Effect.interrupt
  }
  for (const [what, many] of Object.entries(broken)) {
    it.effect(`a bulk load whose lookup ${what} fails without an interruption and leaves no load behind`, () =>
      Effect.gen(function*() {
        const { getMany, of, running } = yield* bulk({ negativeTimeToLive: 0 }, many)
        const exit = yield* Effect.exit(getMany("1", "2"))
        assert.isTrue(Exit.isFailure(exit) && !Cause.hasInterrupts(exit.cause))
        checkInvariants(running)
        assert.strictEqual(yield* of("1").get, "single user:1")
      }))
  }

  for (const [policy, millis] of [[{ hardTimeout: "1 second" }, 1_000], [{}, 300_000]] as const) {
    it.effect(`a bulk load whose lookup never answers ends after ${millis} ms, for its first caller and for callers that joined`, () =>
      Effect.gen(function*() {
        const { getMany, of, running } = yield* bulk(policy, () => Effect.never)
        const first = yield* fork(Effect.flip(getMany("1", "2")))
        const second = yield* fork(Effect.flip(getMany("2", "1")))
        const one = yield* fork(Effect.flip(of("1").get))
        yield* TestClock.adjust(millis)
        const errors = yield* Fiber.joinAll([first, second, one])
        assert.deepStrictEqual(errors.map(reasonOf), ["LoadTimeout", "LoadTimeout", "LoadTimeout"])
        yield* settle
        checkInvariants(running)
      }))
  }

  it.effect("a bulk load remembers the failure of one key for that key alone", () =>
    Effect.gen(function*() {
      const { asked, getMany, of } = yield* bulk(
        { negativeTimeToLive: 1_000 },
        (keys) => Effect.succeed(keys.map((key) => key === "user:2" ? Lookup.failed("broken") : key))
      )
      yield* Effect.flip(getMany("1", "2", "3"))
      assert.strictEqual(yield* Effect.flip(of("2").get), "broken")
      assert.deepStrictEqual(yield* getMany("1", "3"), ["user:1", "user:3"])
      assert.strictEqual(asked.length, 1)
    }))

  it.effect("a bulk load can leave one key absent and store the others", () =>
    Effect.gen(function*() {
      const { getMany, held } = yield* bulk(
        {},
        (keys) => Effect.succeed(keys.map((key) => key === "user:2" ? Lookup.absent : key))
      )
      assert.strictEqual(reasonOf(yield* Effect.flip(getMany("1", "2"))), "Absent")
      assert.strictEqual(yield* held, "user:1")
    }))

  it.effect("a bulk load gives each key the time to live that its result chose", () =>
    Effect.gen(function*() {
      const { getMany, of } = yield* bulk(
        {},
        (keys) => Effect.succeed(keys.map((key, i) => Lookup.loaded(key, { timeToLive: 100 * (i + 1) })))
      )
      yield* getMany("1", "2")
      yield* TestClock.adjust(100)
      assert.deepStrictEqual([yield* of("1").held, yield* of("2").held], [undefined, "user:2"])
    }))

  it.effect("a bulk load does not store a key that was deleted meanwhile, and stores the others", () =>
    Effect.gen(function*() {
      const { getMany, of } = yield* bulk({}, slowly(10))
      const caller = yield* fork(getMany("1", "2", "3"))
      yield* of("2").remove
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.join(caller), ["user:1", "user:2", "user:3"])
      assert.deepStrictEqual(
        [yield* of("1").held, yield* of("2").held, yield* of("3").held],
        ["user:1", undefined, "user:3"]
      )
    }))

  it.effect("a bulk load leaves the value of a key that was set meanwhile", () =>
    Effect.gen(function*() {
      const { getMany, of } = yield* bulk({}, slowly(10))
      const caller = yield* fork(getMany("1", "2"))
      yield* of("2").set("set")
      yield* TestClock.adjust(10)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* of("2").held, "set")
    }))

  it.effect("a bulk load goes on for a caller of one key when its first caller leaves", () =>
    Effect.gen(function*() {
      const { getMany, of, source } = yield* bulk({}, slowly(10))
      const first = yield* fork(getMany("1", "2"))
      const second = yield* fork(of("2").get)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(second), "user:2")
      assert.strictEqual(source.runs, 0)
    }))

  it.effect("a bulk load stops when all its callers have gone", () =>
    Effect.gen(function*() {
      let interrupted = 0
      const { getMany, of, running } = yield* bulk(
        {},
        () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      )
      const callers = [yield* fork(getMany("1", "2")), yield* fork(of("2").get)]
      for (const caller of callers) yield* Fiber.interrupt(caller as Fiber.Fiber<unknown, unknown>)
      assert.strictEqual(interrupted, 1)
      checkInvariants(running)
    }))

  it.effect("a bulk load takes one permit of loadConcurrency", () =>
    Effect.gen(function*() {
      const { getMany } = yield* bulk({ loadConcurrency: 1 }, slowly(10))
      const ids = Array.from({ length: 50 }, (_, n) => `${n}`)
      const caller = yield* fork(getMany(...ids))
      yield* TestClock.adjust(10)
      assert.strictEqual((yield* Fiber.join(caller)).length, 50)
    }))

  it.effect("a bulk load waits for a slow lower tier once, and not once for each key", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([{ fault: { kind: "slow", delay: 50 }, operations: ["set"] }])
      const { getMany } = yield* bulk({}, echo, options)
      const ids = Array.from({ length: 20 }, (_, n) => `${n}`)
      const caller = yield* fork(getMany(...ids))
      yield* TestClock.adjust(50)
      assert.isDefined(caller.pollUnsafe())
    }))
})

describe("warm", () => {
  it.effect("warm loads the missing keys and returns their number", () =>
    Effect.gen(function*() {
      const { of, on, source, user } = yield* family({}, (_, { key }) => Effect.succeed(key))
      yield* of("1").get
      assert.strictEqual(yield* on(user.warm([{ id: "1" }, { id: "2" }, { id: "3" }])), 2)
      assert.strictEqual(source.runs, 3)
    }))

  it.effect("warm goes on after a key that fails", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family(
        {},
        (_, { key }) => key === "user:2" ? Effect.fail("broken") : Effect.succeed(key)
      )
      assert.strictEqual(yield* on(user.warm(["1", "2", "3"].map((id) => ({ id })))), 2)
      assert.isTrue(yield* of("3").has)
    }))

  it.effect("warm runs no more loads than its concurrency, so readers find permits", () =>
    Effect.gen(function*() {
      const { on, source, user } = yield* family({}, () => after(10, Effect.succeed("value")))
      const ids = Array.from({ length: 20 }, (_, n) => ({ id: `${n}` }))
      const warmer = yield* fork(on(user.warm(ids, { concurrency: 4 })))
      for (let i = 0; i < 5; i++) yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(warmer), 20)
      assert.strictEqual(source.atOnce, 4)
    }))
})

describe("writes of many keys", () => {
  it.effect("deleteMany removes all its keys, held or not", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family({}, (run) => Effect.succeed(run))
      for (const id of ["1", "2", "3"]) yield* of(id).set(id)
      yield* on(user.deleteMany([{ id: "1" }, { id: "3" }, { id: "9" }]))
      assert.deepStrictEqual(
        [yield* of("1").held, yield* of("2").held, yield* of("3").held],
        [undefined, "2", undefined]
      )
    }))

  it.effect("setMany stores all its values with its options", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family({}, (run) => Effect.succeed(run))
      yield* on(user.setMany([[{ id: "1" }, "one"], [{ id: "2" }, "two"]], { timeToLive: 100, tags: ["tag"] }))
      assert.deepStrictEqual((yield* of("2").answer).tags, ["tag"])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual([yield* of("1").held, yield* of("2").held], [undefined, undefined])
    }))

  it.effect("a batch with two writes of one key ends with the last one", () =>
    Effect.gen(function*() {
      const { held, on, running: { app }, user } = yield* family({}, () => Effect.succeed("loaded"))
      yield* on(app.batch([user.setting({ id: "1" }, "first"), user.setting({ id: "1" }, "second")]))
      assert.strictEqual(yield* held, "second")
    }))
})

describe("absent key in a bulk load", () => {
  const answers = {
    "fails": Lookup.failed("broken"),
    "is absent": Lookup.absent,
    "has options that are refused": Lookup.loaded("x", { timeToLive: "wrong" as never })
  }
  for (const [name, answer] of Object.entries(answers)) {
    for (const [when, millis] of [["at once", 0], ["later", 10]] as const) {
      for (const at of [0, 1, 2]) {
        it.effect(`a key that ${name} ${when} leaves the other keys: ${at} of 3`, () =>
          Effect.gen(function*() {
            const keys = ["1", "2", "3"]
            const all = keys.map((key, i) => i === at ? answer : key)
            const { getMany, of, running } = yield* bulk(
              {},
              () => millis === 0 ? Effect.succeed(all) : after(millis, Effect.succeed(all))
            )
            const reading = yield* fork(Effect.exit(getMany(...keys)))
            yield* TestClock.adjust(millis)
            assert.strictEqual((yield* Fiber.join(reading))._tag, "Failure")
            yield* settle
            for (const [i, key] of keys.entries()) {
              assert.strictEqual(yield* of(key).held, i === at ? undefined : key, key)
            }
            checkInvariants(running)
          }))
      }
    }
  }
})
