/**
 * The time in which a lookup waits for its turn under `loadConcurrency` counts for no deadline of its own: what holds
 * it up are the lookups before it. They have deadlines, so the line goes on.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { after, drive, fork, reasonOf, settle } from "../support/effects.ts"
import { checkInvariants } from "../support/engine.ts"
import { family } from "../support/source.ts"

const ids = Array.from({ length: 8 }, (_, id) => `${id}`)
const minute = 60_000

/** Deadlines, and how long a lookup takes: it has time, and two of them do not. */
const deadlines: { readonly [name: string]: readonly [policy: FamilyPolicy, lookupMillis: number] } = {
  "a hardTimeout": [{ hardTimeout: 100 }, 60],
  "the five minutes": [{}, 3 * minute]
}

for (const [name, [policy, lookupMillis]] of Object.entries(deadlines)) {
  describe(`lookups that wait for their turns, and ${name}`, () => {
    const timeToLive = 80 * lookupMillis
    const one = { timeToLive, loadConcurrency: 1, ...policy }
    // Without a hardTimeout warming gives a lookup a minute.
    const longer = policy.hardTimeout === undefined ? { hardTimeout: 4 * minute } : {}
    const slow = (run: number) => after(lookupMillis, Effect.succeed(run))
    const wait = TestClock.adjust(8 * lookupMillis)

    it.effect(`each of eight readers gets a value: ${name}`, () =>
      Effect.gen(function*() {
        const { of, running } = yield* family(one, slow)
        // Two readers for each key, since a second one is what the five minutes wait for.
        const readers = yield* Effect.forEach([...ids, ...ids], (id) => fork(of(id).get))
        yield* wait
        for (const reader of readers) assert.isNumber(yield* Fiber.join(reader))
        checkInvariants(running)
      }))

    it.effect(`a list that waits for its turn gets all of its values: ${name}`, () =>
      Effect.gen(function*() {
        const lookupMany = (keys: ReadonlyArray<string>) => after(lookupMillis, Effect.succeed(keys))
        const { on, of, running, user } = yield* family(one, slow, { lookupMany })
        const first = yield* fork(Effect.all([of("first").get, of("second").get], { concurrency: 2 }))
        const many = Array.from({ length: 600 }, (_, id) => ({ id: `${id}` }))
        const lists = Effect.forEach(
          [many, many.slice(0, 3)],
          (list) => on<ReadonlyArray<unknown>>(user.getMany(list)),
          {
            concurrency: 2
          }
        )
        const values = yield* drive(lists, lookupMillis / 6)
        assert.deepStrictEqual(values.map(({ length }) => length), [600, 3])
        yield* Fiber.join(first)
        checkInvariants(running)
      }))

    it.effect(`eight renewals behind readers bring new values, and none counts as a failure: ${name}`, () =>
      Effect.gen(function*() {
        let isSlow = false
        const on = yield* family(
          { ...one, staleWhileRevalidate: 100 * 8 * lookupMillis },
          (run) => isSlow ? slow(run) : Effect.succeed(run)
        )
        yield* Effect.forEach(ids, (id) => on.of(id).get)
        yield* TestClock.adjust(timeToLive)
        isSlow = true
        yield* Effect.forEach(ids, (id) => on.of(id).get)
        yield* wait
        yield* settle
        for (const id of ids) assert.isFalse((yield* on.of(id).answer).stale)
        assert.strictEqual(on.running.cache.stats["user"]!.loadFailures, 0)
        checkInvariants(on.running)
      }))

    it.effect(`a lookup that hangs does not hold up the lookups behind it beyond its timeout: ${name}`, () =>
      Effect.gen(function*() {
        const { of, running, source } = yield* family(one, (run) => run === 1 ? Effect.never : slow(run))
        const hanging = yield* fork(Effect.exit(of("hangs").get))
        const next = yield* fork(of("next").get)
        yield* TestClock.adjust(policy.hardTimeout === undefined ? 5 * minute : 100)
        assert.strictEqual(reasonOf(yield* Effect.flip(yield* Fiber.join(hanging))), "LoadTimeout")
        yield* TestClock.adjust(lookupMillis)
        assert.isNumber(yield* Fiber.join(next))
        assert.isTrue(Exit.isSuccess(yield* Effect.exit(of("next").get)))
        assert.strictEqual(source.runs, 2)
        checkInvariants(running)
      }))

    it.effect(`those in line behind a lookup that cannot be interrupted end, too: ${name}`, () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<number>()
        const stuck = Effect.uninterruptible(Deferred.await(gate))
        const { of, running } = yield* family(one, (run) => run === 1 ? stuck : slow(run))
        const readers = yield* Effect.forEach(
          ["stuck", "stuck", ...ids, ...ids],
          (id) => fork(Effect.exit(of(id).get))
        )
        for (let i = 0; i < 4; i++) yield* TestClock.adjust(policy.hardTimeout === undefined ? 5 * minute : 100)
        for (const reader of readers) {
          assert.strictEqual(reasonOf(yield* Effect.flip(yield* Fiber.join(reader))), "LoadTimeout")
        }
        yield* Deferred.succeed(gate, 1)
        yield* settle
        checkInvariants(running)
      }))

    it.effect(`warming loads each key, whose lookups wait for their turns: ${name}`, () =>
      Effect.gen(function*() {
        const { on, running, user } = yield* family({ ...one, ...longer }, slow)
        const warmed = yield* fork(on<number>(user.warm(ids.map((id) => ({ id })))))
        yield* wait
        assert.strictEqual(yield* Fiber.join(warmed), ids.length)
        checkInvariants(running)
      }))

    it.effect(`readers in line who may have a stale value get it when a lookup would have no time left: ${name}`, () =>
      Effect.gen(function*() {
        let isDown = false
        const on = yield* family(
          { ...one, timeToLive: lookupMillis, staleIfError: 1_000 * lookupMillis },
          (run) => isDown ? Effect.never : Effect.succeed(run)
        )
        yield* Effect.forEach(ids, (id) => on.of(id).get)
        yield* TestClock.adjust(2 * lookupMillis)
        isDown = true
        // Two readers for each key, since a second one is what the five minutes wait for.
        const readers = yield* Effect.forEach([...ids, ...ids], (id) => fork(on.of(id).answer))
        // The second one gets its turn when the first one is cut, and has its own time from then on.
        for (let i = 0; i < 2; i++) yield* TestClock.adjust(policy.hardTimeout === undefined ? 5 * minute : 100)
        yield* settle
        assert.deepStrictEqual(readers.filter((reader) => reader.pollUnsafe() === undefined), [])
        for (const reader of readers) assert.isTrue((yield* Fiber.join(reader)).stale)
      }))

    it.effect(`a lookup that hangs once its turn has come ends in time: ${name}`, () =>
      Effect.gen(function*() {
        const { of, running } = yield* family(one, (run) => run === 2 ? Effect.never : slow(run))
        const first = yield* fork(of("first").get)
        const readers = yield* Effect.forEach(["hangs", "hangs"], (id) => fork(Effect.exit(of(id).get)))
        yield* TestClock.adjust(lookupMillis)
        assert.isNumber(yield* Fiber.join(first))
        yield* TestClock.adjust((policy.hardTimeout === undefined ? 5 * minute : 100) - 1)
        assert.isUndefined(readers[0]!.pollUnsafe())
        yield* TestClock.adjust(1)
        for (const reader of readers) {
          assert.strictEqual(reasonOf(yield* Effect.flip(yield* Fiber.join(reader))), "LoadTimeout")
        }
        checkInvariants(running)
      }))
  })
}
