/**
 * Rules of the arrangements that no row of the table of options can say: what a lookup receives, what a value is like,
 * what is counted.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { FamilyPolicy } from "../../../src/ownership/FamilyPolicy.ts"
import { fork, reasonOf } from "../effects.ts"
import { type ArrangedWorld, type Arrangement, pass } from "./world.ts"

interface Check {
  readonly policy: FamilyPolicy
  readonly only?: (arrangement: Arrangement) => boolean
  readonly run: (world: ArrangedWorld) => Effect.Effect<unknown, unknown, Scope.Scope>
}

const params = { id: "1" }
const get = (world: ArrangedWorld, id = "1") => world.on<any>(world.user.get({ id }))

/** A read whose lookup takes its time. */
const slowly = Effect.fnUntraced(function*(world: ArrangedWorld, read: Effect.Effect<unknown, unknown>) {
  const reading = yield* fork(read)
  yield* world.settle
  yield* pass(world, world.source.millis)
  return yield* Fiber.join(reading)
})

export const checks: { readonly [what: string]: Check } = {
  "an entry is read back with all its properties": {
    policy: { timeToLive: 1_000, staleWhileRevalidate: 1_000 },
    run: Effect.fnUntraced(function*(world) {
      world.source.millis = 7
      world.source.answer = { timeToLive: 500, tags: ["a", "b"], revision: "r1" }
      const made: any = yield* slowly(world, world.on(world.user.getAnswer(params)))
      assert.deepInclude(made, { tier: "lookup", costMillis: 7, stale: false, tags: ["a", "b"], revision: "r1" })
      assert.deepInclude(made, { freshForMillis: 500, expiresInMillis: 1_500 })
      for (const age of [100, 200]) {
        yield* pass(world, 100)
        yield* world.between
        const now: any = yield* world.on(world.user.getAnswer(params))
        const { costMillis, tags, value, version } = made
        const left = { freshForMillis: 500 - age, expiresInMillis: 1_500 - age, revision: "r1" }
        const same = { costMillis, tags, value, version, ageMillis: age, stale: false, staleMillis: 0, ...left }
        assert.deepInclude(now, same)
        assert.notStrictEqual(now.tier, "lookup")
        const option: any = yield* world.on(world.user.getAnswerOption(params))
        assert.deepInclude(option.value, same)
        const { held }: any = yield* world.on(world.user.explain(params))
        assert.deepInclude(held, same)
        assert.strictEqual(held.tier, option.value.tier)
      }
      yield* pass(world, 350)
      yield* world.between
      const { held }: any = yield* world.on(world.user.explain(params))
      assert.deepInclude(held, { stale: true, staleMillis: 50, version: made.version })
      const stale: any = yield* world.on(world.user.getAnswer(params))
      assert.deepInclude(stale, { stale: true, staleMillis: 50, version: made.version, ageMillis: 550 })
      assert.deepInclude(stale, { freshForMillis: 0, expiresInMillis: 950, revision: "r1" })
      yield* world.settle
      const { cause, previous } = world.source.asked.at(-1)!
      assert.deepStrictEqual({ cause, previous }, {
        cause: "stale",
        previous: { value: { row: 1 }, revision: "r1", ageMillis: 550 }
      })
    })
  },
  "a refresh receives the value that it replaces": {
    policy: {},
    run: Effect.fnUntraced(function*(world) {
      world.source.answer = { revision: "r1" }
      yield* get(world)
      yield* world.between
      world.source.answer = "notModified"
      assert.deepStrictEqual(yield* world.on(world.user.refresh(params)), { row: 1 })
      const { cause, previous } = world.source.asked.at(-1)!
      assert.deepInclude({ cause, ...previous }, { cause: "refresh", revision: "r1" })
    })
  },
  "readers of a fresh value do not wait for a refresh, nor get its failure": {
    policy: { timeToLive: "never", negativeTimeToLive: 1_000 },
    run: Effect.fnUntraced(function*(world) {
      yield* get(world)
      yield* world.between
      Object.assign(world.source, { row: 2, millis: 50, isBroken: true })
      const refreshing = yield* fork(Effect.exit(world.on(world.user.refresh(params))))
      yield* world.settle
      if (world.arrangement.between === "eviction") yield* world.between
      for (let i = 0; i < 2; i++) {
        const reading = yield* fork(get(world))
        yield* world.settle
        assert.deepInclude(reading.pollUnsafe(), { _tag: "Success", value: { row: 1 } })
      }
      yield* pass(world, 50)
      assert.strictEqual((yield* Fiber.join(refreshing))._tag, "Failure")
      assert.strictEqual(world.stats.staleHits, 0)
      assert.deepStrictEqual(yield* get(world), { row: 1 })
    })
  },
  "readers of a fresh value do not wait for a renewal ahead, and its failure makes nothing stale": {
    policy: { timeToLive: 100, refreshAhead: 0.5, negativeTimeToLive: 1_000 },
    run: Effect.fnUntraced(function*(world) {
      yield* get(world)
      yield* pass(world, 50)
      yield* world.between
      Object.assign(world.source, { row: 2, millis: 20, isBroken: true })
      yield* get(world)
      yield* world.settle
      assert.strictEqual(world.source.now, 1)
      if (world.arrangement.between === "eviction") yield* world.between
      const reading = yield* fork(world.on<any>(world.user.getAnswer(params)))
      yield* world.settle
      const read = reading.pollUnsafe()
      assert.deepInclude(read?._tag === "Success" ? read.value : read, { value: { row: 1 }, stale: false })
      yield* pass(world, 20)
      assert.deepStrictEqual(yield* get(world), { row: 1 })
    })
  },
  "a value from every tier is frozen": {
    policy: { freeze: true, timeToLive: 1_000 },
    run: Effect.fnUntraced(function*(world) {
      yield* get(world)
      for (const read of ["get", "getAnswer", "getOption"]) {
        yield* world.between
        const found: any = yield* world.on(world.user[read](params))
        const value = found.value ?? found
        assert.deepStrictEqual(value, { row: 1 })
        assert.isTrue(Object.isFrozen(value))
      }
    })
  },
  "a fresh value is counted once, by the tier that had it": {
    policy: {},
    only: ({ between }) => between !== "restart",
    run: Effect.fnUntraced(function*(world) {
      yield* get(world)
      for (const read of ["get", "getOption", "getAnswer", "getAnswerOption"]) {
        yield* world.between
        yield* world.on(world.user[read](params))
      }
      yield* world.between
      yield* world.on(world.user.getMany([params]))
      const { hits, hitsByTier, loads, misses, staleHits } = world.stats
      const below = Object.entries(hitsByTier as Record<string, number>).filter(([tier]) => tier !== "memory")
      const sum = below.reduce((all, [, n]) => all + n, 0)

      assert.deepStrictEqual({ all: hits + sum, misses }, { all: 5, misses: 1 + sum })
      assert.deepStrictEqual({ loads, staleHits }, { loads: 1, staleHits: 0 })
      if (world.arrangement.inMemory) assert.strictEqual(hits, 5)
    })
  },
  "a stale hit is counted as stale": {
    policy: { timeToLive: 100, staleWhileRevalidate: 1_000, retryAfterFailure: 1_000 },
    only: ({ between }) => between !== "restart",
    run: Effect.fnUntraced(function*(world) {
      yield* get(world)
      world.source.isBroken = true
      yield* pass(world, 100)
      for (let i = 1; i <= 3; i++) {
        yield* world.between
        yield* get(world)
        yield* world.settle
        assert.deepInclude(world.stats, { hits: 0, staleHits: i, loads: 1, loadFailures: 1 })
      }
    })
  },
  "all readers get the stale value while it is renewed": {
    policy: { timeToLive: 100, staleWhileRevalidate: 1_000 },
    run: Effect.fnUntraced(function*(world) {
      yield* get(world)
      yield* pass(world, 100)
      yield* world.between
      Object.assign(world.source, { row: 2, millis: 50 })
      for (let i = 0; i < 3; i++) {
        const reading = yield* fork(get(world))
        yield* world.settle
        assert.deepInclude(reading.pollUnsafe(), { _tag: "Success", value: { row: 1 } })
      }
      assert.strictEqual(world.source.runsOf("1"), 2)
      yield* pass(world, 50)
      yield* world.between
      assert.deepStrictEqual(yield* get(world), { row: 2 })
    })
  },
  "xfetch renews a value by the cost of its load": {
    policy: { timeToLive: 1e6, refreshAhead: "xfetch" },
    run: Effect.fnUntraced(function*(world) {
      world.source.millis = 1e5
      yield* slowly(world, get(world))
      world.source.millis = 0
      yield* pass(world, 1e6 - 1)
      yield* world.between
      yield* get(world)
      yield* world.settle
      assert.strictEqual(world.source.runsOf("1"), 2)
      assert.strictEqual(world.source.asked.at(-1)!.cause, "ahead")
    })
  },
  "lookups keep to the loadConcurrency of their family": {
    policy: { timeToLive: 100, loadConcurrency: 1 },
    run: Effect.fnUntraced(function*(world) {
      const ids = ["1", "2", "3"]
      yield* Effect.forEach(ids, (id) => get(world, id))
      yield* pass(world, 100)
      yield* world.between
      world.source.millis = 10
      const readers = yield* Effect.forEach(ids, (id) => fork(get(world, id)))
      yield* world.settle
      yield* pass(world, 30)
      yield* Fiber.joinAll(readers)
      assert.strictEqual(world.source.atOnce, 1)
    })
  },
  "a lookup beyond the queue is refused": {
    policy: { timeToLive: 100, loadConcurrency: 1, loadQueueMax: 1 },
    run: Effect.fnUntraced(function*(world) {
      world.source.millis = 10
      const readers = yield* Effect.forEach(["1", "2", "3"], (id) => fork(Effect.exit(get(world, id))))
      yield* world.settle
      yield* pass(world, 20)
      const exits: ReadonlyArray<any> = yield* Fiber.joinAll(readers)
      assert.deepStrictEqual(exits.map(({ _tag }) => _tag), ["Success", "Success", "Failure"])
      assert.strictEqual(reasonOf(yield* Effect.flip(exits[2] as Effect.Effect<unknown, unknown>)), "QueueFull")
    })
  },
  "a lookup is interrupted when all its readers have gone": {
    policy: { onAbandoned: "interrupt" },
    run: Effect.fnUntraced(function*(world) {
      world.source.millis = 10
      const reader = yield* fork(get(world))
      yield* world.settle
      yield* Fiber.interrupt(reader)
      assert.strictEqual(world.source.interrupted, 1)
    })
  },
  "a lookup goes on without readers when onAbandoned is finish": {
    policy: { onAbandoned: "finish" },
    run: Effect.fnUntraced(function*(world) {
      world.source.millis = 10
      const reader = yield* fork(get(world))
      yield* world.settle
      yield* Fiber.interrupt(reader)
      yield* pass(world, 10)
      yield* world.between
      assert.isTrue(yield* world.on(world.user.has(params)))
      assert.strictEqual(world.source.interrupted, 0)
    })
  },
  "a condition compares with the held entry in every tier": {
    policy: { timeToLive: 100, staleIfError: 100 },
    run: Effect.fnUntraced(function*(world) {
      yield* world.on(world.user.set(params, { row: 1 }))
      for (const millis of [0, 50, 100]) {
        yield* pass(world, millis)
        yield* world.between
        const refused: any = yield* Effect.flip(world.on(world.user.set(params, { row: 2 }, { ifVersion: null })))
        const { version } = (yield* world.on<any>(world.user.explain(params))).held
        assert.deepStrictEqual(refused.reason.actual, version)
      }
      yield* pass(world, 50)
      yield* world.between
      yield* world.on(world.user.set(params, { row: 2 }, { ifVersion: null }))
    })
  }
}
