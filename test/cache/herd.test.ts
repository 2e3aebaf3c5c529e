/**
 * Refreshes of one key, and reads after its invalidation: at most two lookups of the key run at a time, and each caller
 * gets a value whose load began after the call.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as SeededScheduler from "../../src/testing/SeededScheduler.ts"
import { after, drive, fork, reasonOf, times } from "../support/effects.ts"
import { checkInvariants } from "../support/engine.ts"
import { family, tiers } from "../support/source.ts"

/** A family over a row that changes; a lookup reads the row when it begins, and takes 50 ms. */
const overRow = Effect.fnUntraced(function*(policy: FamilyPolicy = {}, options?: Parameters<typeof family>[2]) {
  const row = { value: 0 }
  const made = yield* family(policy, () =>
    Effect.suspend(() => {
      const { value } = row
      return after(50, Effect.succeed(value))
    }), options)
  return { ...made, row }
})

describe("refreshes of one key", () => {
  it.effect("a hundred refreshes at once run one lookup, and refreshes that begin while it runs share a second one", () =>
    Effect.gen(function*() {
      const { refresh, running, source } = yield* overRow()
      const first = yield* times(100, fork(refresh))
      assert.strictEqual(source.runs, 1)
      yield* TestClock.adjust(50)
      yield* TestClock.adjust(50)
      yield* Fiber.joinAll(first)
      assert.deepStrictEqual([source.runs, source.atOnce], [2, 1])
      checkInvariants(running)
    }))

  it.effect("a refresh never returns a value whose load began before the call", () =>
    Effect.gen(function*() {
      const { refresh, row } = yield* overRow()
      const first = yield* fork(refresh)
      yield* TestClock.adjust(25)
      row.value = 1
      const second = yield* fork(refresh)
      yield* TestClock.adjust(75)
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], [0, 1])
    }))

  it.effect("a refresh waits for a load that a reader started, and a reader does not wait for a refresh", () =>
    Effect.gen(function*() {
      const { get, refresh, row, source } = yield* overRow()
      const reader = yield* fork(get)
      row.value = 1
      const refreshed = yield* fork(refresh)
      const later = yield* fork(get)
      yield* TestClock.adjust(50)
      assert.deepStrictEqual([yield* Fiber.join(reader), yield* Fiber.join(later)], [0, 0])
      assert.strictEqual(yield* get, 0)
      yield* TestClock.adjust(50)
      assert.deepStrictEqual([yield* Fiber.join(refreshed), yield* get], [1, 1])
      assert.deepStrictEqual([source.runs, source.atOnce], [2, 1])
    }))

  it.effect("a refresh runs the lookup even when a lower tier holds the key", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([])
      const { get, refresh, row } = yield* overRow({}, options)
      const reader = yield* fork(get)
      row.value = 1
      const refreshed = yield* fork(refresh)
      yield* drive(Fiber.join(reader))
      assert.strictEqual(yield* drive(Fiber.join(refreshed)), 1)
    }))

  it.effect("a refresh whose callers have all left runs no lookup", () =>
    Effect.gen(function*() {
      const { get, refresh, running, source } = yield* overRow()
      const reader = yield* fork(get)
      const refreshed = yield* times(3, fork(refresh))
      for (const fiber of refreshed) yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust(100)
      yield* Fiber.join(reader)
      assert.strictEqual(source.runs, 1)
      checkInvariants(running)
    }))

  it.effect("a refresh begins when the load before it fails, and does not get that failure", () =>
    Effect.gen(function*() {
      const { get, refresh } = yield* family(
        {},
        (run) => after(50, run === 1 ? Effect.fail("broken") : Effect.succeed(run))
      )
      const reader = yield* fork(Effect.flip(get))
      const refreshed = yield* fork(refresh)
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* Fiber.join(reader), "broken")
      assert.strictEqual(yield* Fiber.join(refreshed), 2)
    }))

  it.effect("a refresh ends even when the load before it never ends", () =>
    Effect.gen(function*() {
      const { get, refresh, running } = yield* family({}, (run) => run === 1 ? Effect.never : Effect.succeed(run))
      const reader = yield* fork(Effect.flip(get))
      const refreshed = yield* fork(refresh)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(reasonOf(yield* Fiber.join(reader)), "LoadTimeout")
      assert.strictEqual(yield* Fiber.join(refreshed), 2)
      checkInvariants(running)
    }))

  it.effect("a refresh shares its turn with a read that follows an invalidation", () =>
    Effect.gen(function*() {
      const { drop, get, refresh, row, source } = yield* overRow()
      const reader = yield* fork(get)
      const refreshed = yield* fork(refresh)
      row.value = 1
      yield* drop()
      const later = yield* fork(get)
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(yield* Fiber.joinAll([reader, refreshed, later]), [0, 1, 1])
      assert.deepStrictEqual([source.runs, source.atOnce], [2, 2])
    }))
})

describe("invalidations and reads of one key in turn", () => {
  it.effect("a hundred pairs run two lookups at a time, and each reader gets a valid value", () =>
    Effect.gen(function*() {
      const { drop, get, row, running, source } = yield* overRow({ loadConcurrency: 1_000 })
      const readers: Array<readonly [asked: number, fiber: Fiber.Fiber<unknown, unknown>]> = []
      for (let i = 1; i <= 100; i++) {
        row.value = i
        yield* drop()
        readers.push([i, yield* fork(get)])
        yield* TestClock.adjust(1)
      }
      yield* TestClock.adjust(200)
      for (const [asked, fiber] of readers) assert.isAtLeast((yield* Fiber.join(fiber)) as number, asked)
      assert.strictEqual(source.atOnce, 2)
      assert.isAtMost(source.runs, 8)
      assert.strictEqual(yield* get, 100)
      checkInvariants(running)
    }))

  it.effect("a read that waits for the next load gets a value that was set meanwhile", () =>
    Effect.gen(function*() {
      const { drop, get, set, source } = yield* overRow()
      const readers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (let i = 0; i < 3; i++) {
        yield* drop()
        readers.push(yield* fork(get))
      }
      yield* set("set")
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(yield* Fiber.joinAll(readers), [0, 0, "set"])
      assert.strictEqual(source.runs, 2)
    }))

  for (const bulk of [false, true]) {
    it.live(
      `each mix of operations runs at most two lookups and returns nothing from before its call (${
        bulk ? "bulk" : "single"
      })`,
      () =>
        Effect.gen(function*() {
          for (let seed = 0; seed < 40; seed++) {
            yield* Effect.promise(() =>
              Effect.runPromise(SeededScheduler.run(Effect.scoped(mix(bulk, seed % 2 === 0)), { seed }))
            )
          }
        }),
      60_000
    )
  }
})

const mix = Effect.fnUntraced(function*(bulk: boolean, interrupts: boolean) {
  const row = { value: 0 }
  let now = 0
  const load = Effect.suspend(() => {
    const { value } = row
    // A lookup that is interrupted may still have a step to go, so it is counted only where none is.
    assert.isAtMost(++now, interrupts ? Infinity : 2, "at most two lookups of a key run at a time")
    checkInvariants(running, false)
    return Effect.ensuring(
      Effect.flatMap(Random.nextIntBetween(1, 40), (millis) => after(millis, Effect.succeed(value))),
      Effect.sync(() => now--)
    )
  })
  const { of, on, running, user } = yield* family(
    {},
    () => load,
    bulk
      ? { lookupMany: (keys) => Effect.map(load, (value) => keys.map(() => value)) }
      : undefined
  )
  const one = of("1")
  const seen = (asked: number) => (value: unknown) => {
    const number = Array.isArray(value) ? value[0] : value
    if (number !== undefined) assert.isAtLeast(number as number, asked)
  }
  // A refresh promises what the row was when it was asked for; a read what it was when the key was last invalidated.
  let floor = 0
  const doors: ReadonlyArray<() => Effect.Effect<unknown, unknown>> = [
    () => Effect.map(one.get, seen(floor)),
    () => Effect.map(on(user.getMany([{ id: "1" }])), seen(floor)),
    () => Effect.map(one.held, seen(floor)),
    () => on(user.warm([{ id: "1" }])),
    () => Effect.suspend(() => Effect.map(one.refresh, seen(++row.value))),
    () =>
      Effect.suspend(() => {
        const value = ++row.value
        return Effect.map(one.drop(), () => floor = Math.max(floor, value))
      }),
    () => on(user.update({ id: "1" }, (n: number) => n))
  ]
  const fiber = Effect.gen(function*() {
    for (let i = 0; i < 6; i++) {
      yield* Effect.sleep(yield* Random.nextIntBetween(0, 15))
      const door = doors[yield* Random.nextIntBetween(0, doors.length - 1)]!
      const cut = yield* Random.nextIntBetween(0, 60)
      yield* interrupts && cut < 15 ? Effect.timeoutOption(Effect.suspend(door), cut) : Effect.suspend(door)
    }
  })
  yield* drive(Effect.all(Array.from({ length: 6 }, () => fiber), { concurrency: "unbounded", discard: true }))
  yield* TestClock.adjust(1_000)
  checkInvariants(running)
})
