/**
 * Operations that look and change in one step: of several callers, one writes with `setIfAbsent`, and one gets the
 * value of `getAndDelete`. And a read that refuses stale values.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import { after, fork, reasonOf } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { counted, family, tiers } from "../support/source.ts"

const id = { id: "1" }
const none = () => Effect.succeed(Lookup.absent)

const arrangements = {
  "memory alone": () => Effect.succeed({}),
  "memory over a lower tier": () => Effect.map(tiers([]), ({ options }) => options),
  "memory that holds one entry, over a lower tier": () =>
    Effect.map(tiers([], { capacity: 1 }), ({ options }) => options),
  "memory that pushes down": () => Effect.map(tiers([], { capacity: 1, set: "onEviction" }), ({ options }) => options)
}

for (const [arrangement, options] of Object.entries(arrangements)) {
  describe(`in ${arrangement}`, () => {
    it.effect("one of many callers of setIfAbsent writes", () =>
      Effect.gen(function*() {
        const { held, on, user } = yield* family({}, none, yield* options())
        const all = yield* Effect.forEach(Array.from({ length: 20 }, (_, i) => i), (i) =>
          Effect.andThen(Effect.yieldNow, on<boolean>(user.setIfAbsent(id, i))), { concurrency: "unbounded" })
        assert.deepStrictEqual(
          all.filter((wrote) =>
            wrote
          ),
          [true]
        )
        assert.strictEqual(yield* held, all.indexOf(true))
        yield* on(user.set({ id: "2" }, "pushes out"))
        assert.isFalse(yield* on<boolean>(user.setIfAbsent(id, "again")))
        yield* on(user.delete(id))
        assert.isTrue(yield* on<boolean>(user.setIfAbsent(id, "again")))
      }))

    it.effect("one of many callers of getAndDelete gets the value", () =>
      Effect.gen(function*() {
        const { has, on, user } = yield* family({}, none, yield* options())
        yield* on(user.set(id, "value"))
        yield* on(user.set({ id: "2" }, "pushes out"))
        const taken = yield* Effect.forEach(Array.from({ length: 20 }), () =>
          Effect.andThen(Effect.yieldNow, on<Option.Option<unknown>>(user.getAndDelete(id))), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(taken.flatMap(Option.toArray), ["value"])
        assert.isFalse(yield* has)
      }))
  })
}

describe("setIfAbsent", () => {
  it.effect("setIfAbsent writes where the value has ended, and not where a stale one may be served", () =>
    Effect.gen(function*() {
      const { on, user } = yield* family({ timeToLive: "1 minute", staleIfError: "1 minute" }, none)
      yield* on(user.set(id, "old"))
      yield* TestClock.adjust("90 seconds")
      assert.isFalse(yield* on<boolean>(user.setIfAbsent(id, "new")))
      yield* TestClock.adjust("30 seconds")
      assert.isTrue(yield* on<boolean>(user.setIfAbsent(id, "new")))
    }))

  it.effect("a value that no read may serve any more counts as absent", () =>
    Effect.gen(function*() {
      for (const policy of [{}, { timeToLive: 60_000, staleIfError: 10 }]) {
        const { has, on, user } = yield* family(policy, none)
        for (const write of [user.setIfAbsent(id, "new"), user.set(id, "new", { ifVersion: null })]) {
          yield* on(user.set(id, "old"))
          yield* on(user.invalidate(id, { mode: "markStale" }))
          yield* TestClock.adjust(20)
          assert.isFalse(yield* has)
          assert.notStrictEqual(yield* on(write), false)
          assert.isTrue(yield* has)
        }
      }
    }))

  it.effect("setIfAbsent and getAndDelete fail where a tier does not say what it holds", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([{ fault: { kind: "fail" }, operations: ["get"] }])
      const { on, user } = yield* family({}, none, options)
      assert.strictEqual(reasonOf(yield* Effect.flip(on(user.setIfAbsent(id, "new")))), "StoreFailed")
      assert.strictEqual(reasonOf(yield* Effect.flip(on(user.getAndDelete(id)))), "StoreFailed")
    }))

  it.effect("setIfAbsent takes no version, and is refused in the body of a transaction, as getAndDelete is", () =>
    Effect.gen(function*() {
      const { on, running, user } = yield* family({}, none)
      assert.strictEqual(
        reasonOf(yield* Effect.flip(on(user.setIfAbsent(id, "new", { ifVersion: 1 })))),
        "InvalidOption"
      )
      const within = <A, E, R>(body: Effect.Effect<A, E, R>) => body
      for (const write of [user.setIfAbsent(id, "new"), user.getAndDelete(id), user.reschedule(id, "1 hour")]) {
        const refused = yield* Effect.flip(on(running.app.transaction(within)(write)))
        assert.strictEqual(reasonOf(refused), "TransactionRefused")
      }
    }))
})

describe("a read that refuses stale values", () => {
  it.effect("a read that refuses stale values waits for the load where another read gets the stale value", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family(
        { timeToLive: "1 minute", staleWhileRevalidate: "1 hour" },
        (run) => run === 1 ? Effect.succeed(1) : after(10, Effect.succeed(run))
      )
      yield* get
      assert.strictEqual(yield* on(user.get(id, { stale: "refuse" })), 1)
      yield* TestClock.adjust("2 minutes")
      const strict = yield* fork(on(user.get(id, { stale: "refuse" })))
      const handle = yield* on<any>(user.reader)
      const promised = handle.getPromise(id, { stale: "refuse" }) as Promise<unknown>
      assert.strictEqual(yield* on(user.get(id, { stale: "allow" })), 1)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(strict), 2)
      assert.strictEqual(yield* Effect.promise(() => promised), 2)
    }))

  it.effect("a read that refuses stale values fails as the lookup does where another read gets the stale value for the failure", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family(
        { timeToLive: "1 minute", staleIfError: "1 hour" },
        (run) => run === 1 ? Effect.succeed(1) : Effect.fail("broken")
      )
      yield* get
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* Effect.flip(on(user.get(id, { stale: "refuse" }))), "broken")
      assert.strictEqual(yield* get, 1)
    }))

  it.effect("a read that refuses stale values fails with StaleRefused where its lookup reads a stale value", () =>
    Effect.gen(function*() {
      let runs = 0
      const { app, as } = yield* engine(
        {
          families: {
            user: { pattern: "user:{id}", timeToLive: "1 minute", staleIfError: "1 hour" },
            page: { pattern: "page:{id}", derives: ["user:{id}"] }
          }
        },
        (about, of) =>
          about.key.startsWith("page:")
            ? of.keys.user.get(id)
            : Effect.suspend(() => ++runs === 1 ? Effect.succeed("user") : Effect.fail("broken"))
      )
      yield* as(app.keys.user.get(id))
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* as(app.keys.page.get(id)), "user")
      const refused = yield* Effect.flip(as(app.keys.page.get(id, { stale: "refuse" })))
      assert.strictEqual(reasonOf(refused), "StaleRefused")
    }))

  it.effect("an index in the place of the options of get counts as none, as Effect.forEach gives it", () =>
    Effect.gen(function*() {
      const { on, user } = yield* family({}, counted)
      const reader = yield* on<any>(user.reader)
      const all = [{ id: "1" }, { id: "2" }]
      assert.deepStrictEqual(yield* on(Effect.forEach(all, (one, i) => user.get(one, i))), [1, 2])
      assert.deepStrictEqual(yield* Effect.forEach(all, (one, i) => on(reader.get(one, i))), [1, 2])
    }))
})
