/**
 * Lookups of a family with a `loadConcurrency`: readers come first, and background loads take no place in their queue.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { CacheError, QueueFull } from "../../src/cache/CacheError.ts"
import * as Expiry from "../../src/cache/internal/family/expiry.ts"
import { backgroundMax, LoadQueue } from "../../src/cache/internal/loads/loadQueue.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { after, fork, reasonOf, settle } from "../support/effects.ts"
import { checkInvariants } from "../support/engine.ts"
import { family, tiers } from "../support/source.ts"

const slow = { timeToLive: 1_000, loadConcurrency: 1, loadQueueMax: 10 }

const waysBehind: {
  readonly [way: string]: { readonly policy: FamilyPolicy; readonly age: number; readonly below?: true }
} = {
  "staleWhileRevalidate": { policy: { ...slow, staleWhileRevalidate: 1e9 }, age: 1_000 },
  "refreshAhead": { policy: { ...slow, refreshAhead: 0.1 }, age: 950 },
  "staleWhileRevalidate of what a lower tier holds": {
    policy: { ...slow, staleWhileRevalidate: 1e9 },
    age: 1_000,
    below: true
  }
}

/** So many keys have a value, whose renewals are due; a lookup takes 100 ms from now on. */
const due = Effect.fnUntraced(function*(policy: FamilyPolicy, count: number, age: number, isBelow = false) {
  let millis = 0
  const options = isBelow ? (yield* tiers([], { capacity: 10_000 })).options : { capacity: 10_000 }
  const on = yield* family(
    policy,
    (run) => millis === 0 ? Effect.succeed(run) : after(millis, Effect.succeed(run)),
    options
  )
  const ids = Array.from({ length: count }, (_, i) => `old${i}`)
  yield* Effect.forEach(ids, (id) => on.of(id).get)
  yield* settle
  if (isBelow) on.running.cache.families.get("user")!.hot!.dropAll()
  millis = 100
  yield* TestClock.adjust(age)
  const runs = on.source.runs
  const renew = Effect.forEach(ids, (id) => isBelow ? fork(Effect.exit(on.of(id).get)) : on.of(id).get, {
    discard: true
  })
  const hasten = () => {
    millis = 0
  }
  return { ...on, hasten, ids, renew, lookups: () => on.source.runs - runs }
})

describe("renewals behind readers", () => {
  for (const [way, { age, below, policy }] of Object.entries(waysBehind)) {
    for (const count of [8, 30]) {
      it.effect(`renewals do not hold up a reader of a new key: ${count} by ${way}`, () =>
        Effect.gen(function*() {
          const { of, renew, running, source } = yield* due(policy, count, age, below)
          yield* renew
          yield* settle
          const reader = yield* fork(of("new").get)
          yield* TestClock.adjust(199)
          assert.isUndefined(reader.pollUnsafe())
          yield* TestClock.adjust(1)
          assert.isNumber(yield* Fiber.join(reader))
          assert.strictEqual(source.atOnce, 1)
          yield* TestClock.adjust(100 * count)
          checkInvariants(running)
        }))
    }
  }

  it.effect("renewals do not refuse readers, who fill their own queue", () =>
    Effect.gen(function*() {
      const { of, renew, running } = yield* due(waysBehind["staleWhileRevalidate"]!.policy, 30, 1_000)
      yield* renew
      const readers = yield* Effect.forEach(Array.from({ length: 11 }), (_, i) => fork(Effect.exit(of(`new${i}`).get)))
      yield* settle
      assert.strictEqual(reasonOf(yield* Effect.flip(of("one more").get)), "QueueFull")
      yield* TestClock.adjust(10_000)
      const exits = yield* Fiber.joinAll(readers)
      assert.strictEqual(exits.filter(({ _tag }) => _tag === "Success").length, 10)
      checkInvariants(running)
    }))

  it.effect("renewals beyond their bound are left to the next reader", () =>
    Effect.gen(function*() {
      const count = backgroundMax + 10
      const { lookups, of, renew, running } = yield* due(waysBehind["staleWhileRevalidate"]!.policy, count, 1_000)
      yield* renew
      checkInvariants(running, false)
      yield* TestClock.adjust(100 * count)
      assert.strictEqual(lookups(), backgroundMax + 1, "one runs, and the others wait")
      yield* of(`old${count - 1}`).get
      yield* TestClock.adjust(100)
      assert.strictEqual(lookups(), backgroundMax + 2)
      checkInvariants(running)
    }))

  it.effect("a renewal moves up with the first reader who waits for it", () =>
    Effect.gen(function*() {
      const policy = { ...slow, staleWhileRevalidate: 1_000 }
      const { of, renew, running } = yield* due(policy, 30, 1_999)
      yield* renew
      // What is stale may not be served any more, so a reader joins the renewal.
      yield* TestClock.adjust(1)
      const reader = yield* fork(of("old29").get)
      yield* TestClock.adjust(199)
      assert.isNumber(reader.pollUnsafe()?._tag === "Success" ? yield* Fiber.join(reader) : undefined)
      yield* TestClock.adjust(5_000)
      checkInvariants(running)
    }))

  it.effect("a renewal that begins and ends at once when a reader joins it answers that reader", () =>
    Effect.gen(function*() {
      // The third load is in the background, and waits behind the second one, for the one turn that readers leave.
      const policy = { ...slow, loadConcurrency: 2, staleWhileRevalidate: 1_000 }
      const { hasten, of, running, source } = yield* due(policy, 2, 1_999)
      yield* of("old0").get
      yield* of("old1").get
      yield* TestClock.adjust(1)
      assert.strictEqual(source.now, 1)
      const runs = source.runs
      hasten()
      const reader = yield* fork(of("old1").get)
      yield* settle
      assert.strictEqual(source.runs, runs + 1)
      assert.isNumber(yield* Fiber.join(reader))
      yield* TestClock.adjust(1_000)
      checkInvariants(running)
    }))

  it.effect("renewals leave a turn to readers, where there are several", () =>
    Effect.gen(function*() {
      const policy = { ...slow, loadConcurrency: 3, staleWhileRevalidate: 1e9 }
      const { of, renew, running, source } = yield* due(policy, 8, 1_000)
      yield* renew
      assert.strictEqual(source.now, 2)
      const reader = yield* fork(of("new").get)
      yield* TestClock.adjust(100)
      assert.isNumber(yield* Fiber.join(reader))
      yield* TestClock.adjust(1_000)
      checkInvariants(running)
    }))
})

it.effect("both lines keep their bound together when readers join background loads", () =>
  Effect.gen(function*() {
    const queue = new LoadQueue(yield* Expiry.make({ loadConcurrency: 1, loadQueueMax: 1 }, "user"))
    const count = 3 * backgroundMax
    let refused = 0
    const full = (queueMax: number) => {
      refused++
      return new CacheError({ reason: new QueueFull({ key: "user:1", family: "user", queueMax }) })
    }
    for (let i = 0; i < count; i++) {
      yield* fork(Effect.exit(queue.inTurn(true, Effect.never, full, (place) => place.meetReader())))
    }
    assert.strictEqual(count - refused, 1 + 1 + backgroundMax, "one runs, and the others wait")
    queue.checkInvariants((holds, rule) => assert.isTrue(holds, rule), false)
  }))

describe("a load whose readers have left", () => {
  it.effect("a load whose readers have left goes on behind those that have readers", () =>
    Effect.gen(function*() {
      const on = yield* family(
        { loadConcurrency: 1, loadQueueMax: 1, onAbandoned: "finish" },
        (run) => after(100, Effect.succeed(run))
      )
      const first = yield* fork(on.of("1").get)
      const left = yield* fork(on.of("2").get)
      yield* settle
      yield* Fiber.interrupt(left)
      const reader = yield* fork(on.of("3").get)
      yield* TestClock.adjust(200)
      yield* Fiber.join(first)
      assert.strictEqual(yield* Fiber.join(reader), 2)
      assert.isFalse(yield* on.of("2").has)
      yield* TestClock.adjust(100)
      assert.isTrue(yield* on.of("2").has)
      checkInvariants(on.running)
    }))
})
