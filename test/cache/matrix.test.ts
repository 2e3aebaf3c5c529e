/**
 * What happens when failure, timeouts and other callers meet: each rule by name.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { checkInvariants, engine } from "../support/engine.ts"

interface Source {
  runs: number
  interrupted: number
  /** What the next runs do; the last one stays. */
  answers: Array<Effect.Effect<unknown, unknown>>
}

const family = Effect.fnUntraced(function*(policy: FamilyPolicy, ...answers: Array<Effect.Effect<unknown, unknown>>) {
  const source: Source = { runs: 0, interrupted: 0, answers }
  const running = yield* engine(
    { families: { user: { pattern: "user:{id}", ...policy } } },
    () =>
      Effect.suspend(() => {
        const answer = source.answers[Math.min(source.runs++, source.answers.length - 1)]!
        return Effect.onInterrupt(answer, () => Effect.sync(() => source.interrupted++))
      })
  )
  const { user } = running.app.keys
  const get = running.as<unknown, unknown>(user.get({ id: "1" }))
  const answer = running.as<any, unknown>(user.getAnswer({ id: "1" }))
  const held = Effect.map(running.as<any, unknown>(user.getOption({ id: "1" })), (found) => found.value)
  const drop = (mode?: "hide" | "markStale") => running.as<void, unknown>(user.invalidate({ id: "1" }, { mode }))
  const set = (value: unknown, options?: object) => running.as<void, unknown>(user.set({ id: "1" }, value, options))
  return { running, user, source, get, answer, held, drop, set }
})

const many = <A, E>(n: number, effect: Effect.Effect<A, E>) =>
  Effect.forEach(Array.from({ length: n }), () => Effect.forkChild(Effect.exit(effect), { startImmediately: true }))
const fork = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })
const after = <A, E>(millis: number, effect: Effect.Effect<A, E>) => Effect.andThen(Effect.sleep(millis), effect)
const broken = Effect.fail("broken")
const isTimeout = (error: unknown) => (error as CacheError).reason._tag === "LoadTimeout"

describe("rules", () => {
  it.effect("a failed load fails all who joined it, and later callers wait a short negative window", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({ negativeTimeToLive: 200 }, after(10, broken))
      const waiters = yield* many(200, get)
      yield* TestClock.adjust(10)
      for (const exit of yield* Fiber.joinAll(waiters)) assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(yield* Effect.flip(get), "broken")
      assert.strictEqual(source.runs, 1)
      yield* TestClock.adjust(200)
      yield* fork(Effect.exit(get))
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("back-off after a failure holds for readers who wait", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 10_000, retryAfterFailure: 1_000 }
      const { answer, get, source } = yield* family(policy, Effect.succeed("old"), broken)
      yield* get
      yield* TestClock.adjust(100)
      for (let i = 0; i < 20; i++) {
        const { stale, staleMillis, value } = yield* answer
        assert.deepStrictEqual({ stale, staleMillis, value }, { stale: true, staleMillis: 0, value: "old" })
      }
      assert.strictEqual(source.runs, 2)
      yield* TestClock.adjust(1_000)
      assert.strictEqual((yield* answer).staleMillis, 1_000)
      assert.strictEqual(source.runs, 3)
    }))

  it.effect("back-off after a failure holds behind the reader as well", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleWhileRevalidate: 10_000, retryAfterFailure: 1_000 }
      const { get, source } = yield* family(policy, Effect.succeed("old"), broken)
      yield* get
      yield* TestClock.adjust(100)
      for (let i = 0; i < 20; i++) assert.strictEqual(yield* get, "old")
      assert.strictEqual(source.runs, 2)
    }))

  const soft = { timeToLive: 100, staleIfError: 10_000, softTimeout: 10, retryAfterFailure: 1_000 }

  it.effect("a load that outlives its soft timeout is stored when it succeeds", () =>
    Effect.gen(function*() {
      const { get, held, source } = yield* family(soft, Effect.succeed("old"), after(50, Effect.succeed("new")))
      yield* get
      yield* TestClock.adjust(100)
      const reader = yield* fork(get)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(reader), "old")
      yield* TestClock.adjust(40)
      assert.strictEqual(yield* held, "new")
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a load that outlives its soft timeout is not stored when its key was invalidated meanwhile", () =>
    Effect.gen(function*() {
      const { drop, get, held } = yield* family(soft, Effect.succeed("old"), after(50, Effect.succeed("new")))
      yield* get
      yield* TestClock.adjust(100)
      const reader = yield* fork(get)
      yield* TestClock.adjust(10)
      yield* Fiber.join(reader)
      yield* drop()
      yield* TestClock.adjust(40)
      assert.isUndefined(yield* held)
    }))

  it.effect("a load that outlives its soft timeout and fails begins the back-off", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(soft, Effect.succeed("old"), after(50, broken))
      yield* get
      yield* TestClock.adjust(100)
      const reader = yield* fork(get)
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* Fiber.join(reader), "old")
      for (let i = 0; i < 20; i++) assert.strictEqual(yield* get, "old")
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a soft timeout serves nothing that is stale beyond its bound", () =>
    Effect.gen(function*() {
      const policy = { ...soft, staleIfError: 25, softTimeout: 20 }
      const { get } = yield* family(policy, Effect.succeed("old"), after(50, Effect.succeed("new")))
      yield* get
      yield* TestClock.adjust(110)
      const reader = yield* fork(get)
      yield* TestClock.adjust(20)
      assert.isUndefined(reader.pollUnsafe())
      yield* TestClock.adjust(30)
      assert.strictEqual(yield* Fiber.join(reader), "new")
    }))

  it.effect("a hard timeout interrupts the load and frees its key", () =>
    Effect.gen(function*() {
      const { get, running, source } = yield* family({ hardTimeout: 20, negativeTimeToLive: 0 }, Effect.never)
      for (let i = 1; i <= 5; i++) {
        const reader = yield* fork(Effect.flip(get))
        yield* TestClock.adjust(20)
        assert.isTrue(isTimeout(yield* Fiber.join(reader)))
        assert.deepStrictEqual([source.runs, source.interrupted], [i, i], "never two at once")
        checkInvariants(running)
      }
    }))

  it.effect("the result of a load that cannot be stopped is fenced off", () =>
    Effect.gen(function*() {
      const late = Effect.uninterruptible(after(100, Effect.succeed("late")))
      const policy = { hardTimeout: 20, negativeTimeToLive: 0 }
      const { get, held } = yield* family(policy, late, Effect.succeed("new"))
      const reader = yield* fork(Effect.flip(get))
      yield* TestClock.adjust(20)
      assert.isTrue(isTimeout(yield* Fiber.join(reader)))
      assert.strictEqual(yield* get, "new")
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* held, "new")
    }))

  it.effect("a load whose callers have all gone is interrupted", () =>
    Effect.gen(function*() {
      const { get, running, source } = yield* family({}, Effect.never)
      const [first, second] = yield* many(2, get)
      yield* Fiber.interrupt(first!)
      assert.strictEqual(source.interrupted, 0)
      yield* Fiber.interrupt(second!)
      assert.strictEqual(source.interrupted, 1)
      checkInvariants(running)
    }))

  it.effect("a load whose callers have all gone runs to its end where the family says so", () =>
    Effect.gen(function*() {
      const { get, held } = yield* family({ onAbandoned: "finish" }, after(10, Effect.succeed("value")))
      yield* Fiber.interrupt(yield* fork(get))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* held, "value")
    }))

  it.effect("the first caller's interruption is not the others'", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({}, after(10, Effect.succeed("value")))
      const first = yield* fork(get)
      const second = yield* fork(get)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(second), "value")
      assert.strictEqual(source.runs, 1)
    }))

  const during = [
    ["delete", (user: any) => user.delete({ id: "1" })],
    ["invalidate", (user: any) => user.invalidate({ id: "1" })],
    ["markStale", (user: any) => user.invalidate({ id: "1" }, { mode: "markStale" })],
    ["invalidateWhere", (user: any) => user.invalidateWhere({ id: "1" })],
    ["invalidateAll", (user: any) => user.invalidateAll()],
    ["invalidateTag", (user: any) => user.invalidateTag("tag")]
  ] as const
  for (const [name, act] of during) {
    it.effect(`a value loaded during ${name} goes to those who wait, and is not stored`, () =>
      Effect.gen(function*() {
        const loaded = (value: string) => Effect.succeed(Lookup.loaded(value, { tags: ["tag"] }))
        const { get, held, running, user } = yield* family({}, after(10, loaded("old")), loaded("new"))
        const reader = yield* fork(get)
        yield* running.as(act(user) as Effect.Effect<void, unknown>)
        assert.strictEqual(yield* get, "new")
        yield* TestClock.adjust(10)
        assert.strictEqual(yield* Fiber.join(reader), "old")
        assert.strictEqual(yield* held, "new")
      }))
  }

  it.effect("an explicit set wins over a load that runs", () =>
    Effect.gen(function*() {
      const { get, held, set } = yield* family({}, after(10, Effect.succeed("loaded")))
      const reader = yield* fork(get)
      yield* set("set")
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(reader), "loaded")
      assert.strictEqual(yield* held, "set")
    }))

  it.effect("zero means do not store, never is a word of its own", () =>
    Effect.gen(function*() {
      const { held, set } = yield* family({}, Effect.succeed("loaded"))
      yield* set("kept", { timeToLive: "never" })
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* held, "kept")
      yield* set("gone", { timeToLive: 0 })
      assert.isUndefined(yield* held)
      yield* set("gone", { timeToLive: "doNotStore" })
      assert.isUndefined(yield* held)
    }))

  it.effect("what is stale beyond its bound is not served, and what is served states its age", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 50, retryAfterFailure: 0 }
      const { answer, get } = yield* family(policy, Effect.succeed("old"), broken)
      yield* get
      yield* TestClock.adjust(149)
      const { ageMillis, stale, staleMillis } = yield* answer
      assert.deepStrictEqual({ ageMillis, stale, staleMillis }, { ageMillis: 149, stale: true, staleMillis: 49 })
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("what was marked stale is served no longer than its bound after the mark", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: "never", staleIfError: 50, retryAfterFailure: 0 } as const
      const { drop, get } = yield* family(policy, Effect.succeed("old"), broken)
      yield* get
      yield* drop("markStale")
      yield* TestClock.adjust(49)
      assert.strictEqual(yield* get, "old")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("the loads of one bulk read time out together, each with its own error", () =>
    Effect.gen(function*() {
      const running = yield* engine(
        { families: { user: { pattern: "user:{id}", hardTimeout: 20 } } },
        () => Effect.never,
        { lookupMany: () => Effect.never }
      )
      const ids = ["1", "2", "3"]
      const readers = yield* Effect.forEach(ids, (id) =>
        fork(Effect.exit(running.as<unknown, unknown>(running.app.keys.user.get({ id })))))
      const bulk = yield* fork(
        Effect.flip(running.as<unknown, unknown>(running.app.keys.user.getMany([{ id: "4" }, { id: "5" }])))
      )
      const five = yield* fork(Effect.flip(running.as<unknown, unknown>(running.app.keys.user.get({ id: "5" }))))
      yield* TestClock.adjust(20)
      assert.isTrue(isTimeout(yield* Fiber.join(bulk)))
      assert.isTrue(isTimeout(yield* Fiber.join(five)))
      for (const exit of yield* Fiber.joinAll(readers)) {
        assert.strictEqual(exit._tag, "Failure")
      }
      checkInvariants(running)
    }))

  it.effect("an entry that is read lives on, though its idle time is shorter than its refresh", () =>
    Effect.gen(function*() {
      const policy = { idleTimeToLive: 30, timeToLive: 200, refreshAhead: 0.5 }
      const { get, source } = yield* family(policy, Effect.succeed("value"))
      yield* get
      for (let i = 0; i < 4; i++) {
        yield* TestClock.adjust(20)
        yield* get
      }
      assert.strictEqual(source.runs, 1)
      yield* TestClock.adjust(20)
      yield* get
      assert.strictEqual(source.runs, 2, "refreshed ahead, not dropped")
      yield* TestClock.adjust(30)
      yield* get
      assert.strictEqual(source.runs, 3, "dropped when idle")
    }))

  it.effect("nothing is left behind by a gate that opens after everyone has gone", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<string>()
      const { get, running } = yield* family({}, Deferred.await(gate))
      for (const reader of yield* many(50, get)) yield* Fiber.interrupt(reader)
      yield* Deferred.succeed(gate, "late")
      checkInvariants(running)
    }))
})
