/**
 * Leases: a shared and an exclusive lease of one key exclude each other, waiting requests are served in their order,
 * and waiting costs little.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { DeadlineHeap, type Ending } from "../../src/capability/internal/deadlineHeap.ts"
import { LeaseQueues, type Request } from "../../src/capability/internal/leaseQueues.ts"
import type * as Lease from "../../src/capability/Lease.ts"
import * as LeaseTable from "../../src/capability/shared/leaseTable.ts"
import { overlaps, parsePatternUnsafe } from "../../src/pattern/KeyPattern.ts"
import { fork } from "../support/effects.ts"

let tokens = 0
const newTable = LeaseTable.make(() => ++tokens)

const patterns = ["a:1", "a:2", "a:{x}", "a:*", "b:1", "b:{y}"].map(parsePatternUnsafe)

describe("queues of leases", () => {
  it("a request waits exactly for earlier requests with a common key, and a lease that ends names all requests that it blocked", () => {
    const step = fc.record({
      leaves: fc.option(fc.nat(20), { nil: undefined }),
      isExclusive: fc.boolean(),
      of: fc.uniqueArray(fc.nat(patterns.length - 1), { minLength: 1, maxLength: 3 })
    })
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queues = new LeaseQueues()
      const there: Array<Request> = []
      const blocked = () =>
        there.filter((request, at) =>
          there.slice(0, at).some((earlier) =>
            (request.isExclusive || earlier.isExclusive) &&
            request.patterns.some((p) => earlier.patterns.some((q) => overlaps(p, q)))
          )
        )
      for (const { isExclusive, leaves, of } of steps) {
        if (leaves === undefined || there.length === 0) {
          const request = { isExclusive, patterns: of.map((at) => patterns[at]!) }
          queues.join(request)
          there.push(request)
        } else {
          const before = blocked()
          const [left] = there.splice(leaves % there.length, 1)
          const freed = queues.leave(left!)
          const now = new Set(blocked())
          for (const request of before) {
            if (request !== left && !now.has(request)) assert.include(freed, request)
          }
          const order = freed.map((request) => there.indexOf(request))
          assert.deepStrictEqual(order, order.toSorted((a, b) => a - b))
        }
        const expected = new Set(blocked())
        for (const request of there) assert.strictEqual(queues.isBlocked(request), expected.has(request))
      }
      for (const request of there) queues.leave(request)
      assert.deepStrictEqual([queues["lines"].size, queues["wide"].size, queues["links"].size], [0, 0, 0])
    }))
  })

  it("the queues know which lease ends first, in any order of requests and ends", () =>
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean())), (steps) => {
      const heap = new DeadlineHeap<Ending>()
      const there: Array<Ending> = []
      for (const [n, leaves] of steps) {
        if (leaves && there.length > 0) heap.remove(there.splice(n % there.length, 1)[0]!)
        else {
          const one: Ending = { endsAt: n, heapAt: -1 }
          heap.add(one)
          there.push(one)
        }
        assert.strictEqual(heap.first?.endsAt, there.length === 0 ? undefined : Math.min(...there.map((o) => o.endsAt)))
      }
    })))
})

describe("waiting leases", () => {
  const key = parsePatternUnsafe("user:1")
  const long = { deadline: "1 hour", timeToLive: "1 hour" } as const

  // Time of the processor, since the machine may be busy.
  const cpuMillis = <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const before = process.cpuUsage()
      return Effect.map(work, () => {
        const { system, user } = process.cpuUsage(before)
        return (system + user) / 1_000
      })
    })

  const waitersOf = (table: LeaseTable.LeaseTable, n: number, mode: Lease.LeaseMode) =>
    Effect.forEach(
      Array.from({ length: n }),
      () => Effect.forkChild(Effect.scoped(table.acquire([key], { ...long, mode })), { startImmediately: true })
    )

  const stories: Readonly<Record<string, (n: number) => Effect.Effect<unknown, unknown>>> = {
    "who wait are interrupted together": (n) =>
      Effect.gen(function*() {
        const table = yield* newTable
        yield* table.acquire([key], long)
        yield* Fiber.interruptAll(yield* waitersOf(table, n, "exclusive"))
      }).pipe(Effect.scoped),
    "who wait go one after the other": (n) =>
      Effect.gen(function*() {
        const table = yield* newTable
        const waiters = yield* Effect.scoped(
          Effect.andThen(table.acquire([key], long), waitersOf(table, n, "exclusive"))
        )
        yield* Fiber.awaitAll(waiters)
      }),
    "shared ones wait behind an exclusive one, and go together": (n) =>
      Effect.gen(function*() {
        const table = yield* newTable
        const waiters = yield* Effect.scoped(Effect.andThen(table.acquire([key], long), waitersOf(table, n, "shared")))
        yield* Fiber.awaitAll(waiters)
      }),
    "exclusive ones behind many shared ones give up": (n) =>
      Effect.gen(function*() {
        const table = yield* newTable
        yield* Effect.forEach(Array.from({ length: n }), () => table.acquire([key], { ...long, mode: "shared" }))
        yield* Fiber.interruptAll(yield* waitersOf(table, n, "exclusive"))
      }).pipe(Effect.scoped),
    "many keys are held": (n) =>
      Effect.gen(function*() {
        const table = yield* newTable
        yield* Effect.forEach(Array.from({ length: n }, (_, i) => i), (i) =>
          table.acquire([parsePatternUnsafe(`user:${i}`)], long))
      }).pipe(Effect.scoped)
  }
  for (const [name, story] of Object.entries(stories)) {
    it.live(`the cost grows with the number of leases, and not with its square: ${name}`, () =>
      Effect.gen(function*() {
        yield* story(500)
        const few = yield* cpuMillis(story(1_000))
        const many = yield* cpuMillis(story(16_000))
        // The square would be 256 times as much.
        assert.isBelow(many, Math.max(20, few) * 80)
      }), 120_000)
  }

  it.effect("a lost lease goes to the waiting requests in their order, each after its time", () =>
    Effect.gen(function*() {
      const table = yield* newTable
      const order: Array<number> = []
      yield* table.acquire([key], { timeToLive: 100 })
      for (let i = 0; i < 3; i++) {
        const lost = table.acquire([key], { deadline: "1 hour", timeToLive: 100 })
        yield* Effect.forkChild(Effect.scoped(Effect.andThen(
          lost,
          Effect.andThen(
            Effect.sync(() => order.push(i)),
            Effect.never
          )
        )))
      }
      yield* TestClock.adjust(99)
      assert.deepStrictEqual(order, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(order, [0])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(order, [0, 1])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(order, [0, 1, 2])
    }))

  it.effect("a short lease that was granted after a long one ends at its own time", () =>
    Effect.gen(function*() {
      const table = yield* newTable
      const other = parsePatternUnsafe("user:2")
      yield* table.acquire([other], { timeToLive: "50 seconds" })
      yield* Effect.forkChild(Effect.scoped(table.acquire([other], { deadline: "1 hour" })))
      yield* table.acquire([key], { timeToLive: 20 })
      const waiter = yield* Effect.forkChild(Effect.scoped(table.acquire([key])))
      yield* TestClock.adjust(20)
      assert.isDefined(waiter.pollUnsafe())
    }))

  it.effect("the patterns that wait are bounded in length", () =>
    Effect.gen(function*() {
      const table = yield* newTable
      const long = parsePatternUnsafe(`user:${"x".repeat(3_000_000)}`)
      yield* table.acquire([long])
      for (let i = 0; i < 6; i++) {
        yield* fork(Effect.scoped(table.acquire([long])))
      }
      const refused = yield* Effect.exit(table.acquire([long]))
      assert.deepStrictEqual(Exit.isFailure(refused) && refused.cause.reasons.map((reason: any) => reason.error.why), [
        "queue full"
      ])
    }))
})
