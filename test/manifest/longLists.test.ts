/**
 * Long lists of keys: they are worked in pieces, so that timers, sockets and other fibers get their turn, and they
 * bring what short lists bring.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Pieces from "../../src/cache/shared/pieces.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

class C extends Manifest.Service<C>()("Long", {
  families: {
    many: { pattern: "many:{id}", value: Manifest.type<number>(), error: Manifest.type<string>() },
    one: { pattern: "one:{id}", value: Manifest.type<number>() },
    none: { pattern: "none:{id}", value: Manifest.type<number>() },
    old: {
      pattern: "old:{id}",
      value: Manifest.type<number>(),
      timeToLive: 1,
      staleWhileRevalidate: "1 hour"
    },
    slow: { pattern: "slow:{id}", value: Manifest.type<number>() },
    endless: { pattern: "endless:{id}", value: Manifest.type<number>() },
    timed: { pattern: "timed:{id}", value: Manifest.type<number>(), hardTimeout: 20 }
  }
}) {}
const { endless, many, none, old, one, slow, timed } = C.keys

const setup = () => {
  const asked: Array<number> = []
  const ids: Array<string> = []
  const gate = Deferred.makeUnsafe<void>()
  const owned = Layer.mergeAll(
    C.owner("many", {
      lookupMany: (all) => {
        asked.push(all.length)
        return Effect.succeed(all.map(({ id }) => id === "bad" ? Lookup.failed("bad") : Number(id)))
      }
    }),
    C.owner("one", { lookup: ({ id }) => Effect.succeed(Number(id)) }),
    C.owner("none", { lookupMany: (all) => Effect.succeed(all.map(() => Lookup.absent)) }),
    C.owner("old", { lookupMany: (all) => Effect.succeed(all.map(({ id }) => Number(id))) }),
    C.owner("slow", {
      lookupMany: (all) => {
        for (const { id } of all) ids.push(id)
        return Effect.as(Deferred.await(gate), all.map(({ id }) => Number(id)))
      }
    }),
    C.owner("endless", { lookup: () => Effect.never }),
    C.owner("timed", { lookupMany: () => Effect.never })
  )
  const live = owned.pipe(
    Layer.provideMerge(C.layer),
    Layer.provide(MemoryStore.layer({ capacity: 1_000_000 }))
  )
  return { asked, gate, ids, live }
}

const list = (count: number, from = 0) => Array.from({ length: count }, (_, at) => ({ id: String(from + at) }))
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at)
const long = 2_000

describe("the event loop during a long list", () => {
  const count = 20_000
  // Time of the processor, so that other programs on the machine do not count.
  const now = (): number => {
    const { system, user } = process.threadCpuUsage()
    return (user + system) / 1_000
  }
  type Work = Effect.Effect<unknown, unknown, any>
  const works: { readonly [operation: string]: readonly [before: Work, work: Work] } = {
    "getMany of absent keys, by lookupMany": [Effect.void, many.getMany(list(count))],
    "getManyResults of absent keys, by lookupMany": [Effect.void, many.getManyResults(list(count))],
    "getMany of absent keys, by a lookup": [Effect.void, one.getMany(list(count))],
    "getMany of keys without values": [Effect.void, Effect.exit(none.getMany(list(count)))],
    "getManyResults of keys without values": [Effect.void, none.getManyResults(list(count))],
    "getMany of stale keys": [Effect.andThen(old.getMany(list(count)), Effect.sleep(5)), old.getMany(list(count))],
    "getMany of hits": [one.getMany(list(count)), one.getMany(list(count))],
    "getMany of repeated keys": [Effect.void, many.getMany([...list(count / 2), ...list(count / 2)])],
    "warm, by a lookup": [Effect.void, one.warm(list(count))],
    "warm, by lookupMany": [Effect.void, many.warm(list(count))],
    "a long list that is timed out": [Effect.void, Effect.exit(timed.getMany(list(count)))],
    "a long list that is interrupted": [Effect.void, Effect.timeoutOption(slow.getMany(list(count)), 300)]
  }
  for (const [operation, [before, work]] of Object.entries(works)) {
    it.live(`${operation} lets others run all the time`, () =>
      Effect.gen(function*() {
        yield* before
        let isOn = true
        let turns = 0
        const worst: Array<number> = []
        let last = now()
        const begun = last
        const turn = (): void => {
          turns++
          worst.push(now() - last)
          last = now()
          if (isOn) setImmediate(turn)
        }
        setImmediate(turn)
        yield* work
        isOn = false
        const all = now() - begun
        assert.isAtLeast(turns, count / Pieces.pieceMax / 2)
        // What the collector of garbage takes at once is left out, by leaving out the longest turn.
        const [, second] = worst.toSorted((a, b) => b - a)
        assert.isBelow(second!, Math.max(20, all / 5), `${all} ms in all`)
      }).pipe(Effect.provide(setup().live)), 60_000)
  }

  it.live("the end of an owner with many running loads lets others run", () =>
    Effect.gen(function*() {
      const { live } = setup()
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(live, scope)
      const reading = list(count).map((key) => Effect.runForkWith(context)(endless.get(key)))
      yield* Effect.yieldNow
      let turns = 0
      let isOn = true
      const turn = (): void => {
        turns++
        if (isOn) setImmediate(turn)
      }
      setImmediate(turn)
      yield* Scope.close(scope, Exit.void)
      isOn = false
      assert.isAtLeast(turns, count / Pieces.pieceMax / 2)
      const exits = yield* Effect.forEach(reading, Fiber.await)
      for (const exit of exits) assert.isTrue(Exit.isFailure(exit))
    }), 60_000)
})

describe("a long list", () => {
  const run = <A, E, R>(body: (given: ReturnType<typeof setup>) => Effect.Effect<A, E, R>) => () => {
    const given = setup()
    return Effect.provide(body(given), given.live) as Effect.Effect<A, E>
  }

  it.live(
    "the values come in the order of the keys, and lookupMany is asked once",
    run(({ asked }) =>
      Effect.gen(function*() {
        yield* many.getMany(list(10, 500))
        assert.deepStrictEqual(yield* many.getMany(list(long)), numbers(long))
        assert.deepStrictEqual(asked, [10, long - 10])
        assert.deepStrictEqual(yield* many.getMany(list(long)), numbers(long))
        assert.deepStrictEqual(asked, [10, long - 10])
      })
    )
  )

  it.live(
    "a key that occurs again is loaded once, and answered in each place",
    run(({ asked }) =>
      Effect.gen(function*() {
        const twice = [...list(long), ...list(long).toReversed()]
        assert.deepStrictEqual(yield* many.getMany(twice), [...numbers(long), ...numbers(long).toReversed()])
        assert.deepStrictEqual(asked, [long])
        const { hits, misses } = (yield* C.stats).many
        assert.strictEqual(hits + misses, 2 * long)
      })
    )
  )

  it.live(
    "a key that fails fails the list, and keeps the values of the others",
    run(() =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(many.getMany([...list(long), { id: "bad" }]))
        assert.strictEqual(error, "bad")
        assert.strictEqual(yield* many.count(), long)
      })
    )
  )

  it.live(
    "each key has a result of its own, and one that is not a key takes no place from the others",
    run(() =>
      Effect.gen(function*() {
        const results = yield* many.getManyResults([...list(long), { id: "bad" }, { id: "" }, { id: "7" }])
        assert.deepStrictEqual(results.slice(0, long), numbers(long).map((value) => Exit.succeed(value)))
        assert.deepStrictEqual(results[long], Exit.fail("bad"))
        assert.isTrue(Exit.isFailure(results[long + 1]!))
        assert.deepStrictEqual(results[long + 2], Exit.succeed(7))
      })
    )
  )

  it.live(
    "a list with an item that is not a key, or that throws, is refused",
    run(({ asked }) =>
      Effect.gen(function*() {
        const thrower = {
          get id(): string {
            throw new Error("no")
          }
        }
        for (const wrong of [{ id: "" }, thrower]) {
          const error = yield* Effect.flip(many.getMany([...list(long), wrong, ...list(long)]))
          assert.include(String((error as Error).message), "E01")
        }
        assert.deepStrictEqual(asked, [])
      })
    )
  )

  it.live(
    "readers who come while the load is put together join it, or it joins theirs",
    run(({ gate, ids }) =>
      Effect.gen(function*() {
        const whole = yield* Effect.forkChild(slow.getMany(list(long)))
        // The keys are spelled, looked up in memory, counted and loaded, each in pieces.
        yield* Effect.repeat(Effect.yieldNow, { times: Math.round(3.5 * long / Pieces.pieceMax) })
        const others = yield* Effect.forkChild(Effect.forEach(list(long), (key) => slow.get(key), {
          concurrency: "unbounded"
        }))
        yield* Effect.sleep(20)
        yield* Deferred.succeed(gate, undefined)
        assert.deepStrictEqual(yield* Fiber.join(whole), numbers(long))
        assert.deepStrictEqual(yield* Fiber.join(others), numbers(long))
        assert.strictEqual(new Set(ids).size, long)
        assert.strictEqual(ids.length, long, "no key is loaded twice")
      })
    )
  )

  it.live(
    "a key that is written while the load is put together keeps the written value",
    run(({ gate }) =>
      Effect.gen(function*() {
        const whole = yield* Effect.forkChild(slow.getMany(list(long)))
        for (const key of [{ id: "0" }, { id: String(long - 1) }]) {
          yield* Effect.yieldNow
          yield* slow.set(key, -1)
        }
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(whole)
        assert.strictEqual(yield* slow.get({ id: "0" }), -1)
        assert.strictEqual(yield* slow.get({ id: String(long - 1) }), -1)
      })
    )
  )

  it.live(
    "a list that is interrupted ends its load",
    run(() =>
      Effect.gen(function*() {
        const whole = yield* Effect.forkChild(slow.getMany(list(long)))
        yield* Effect.sleep(20)
        yield* Fiber.interrupt(whole)
        assert.isTrue(Cause.hasInterruptsOnly((yield* Fiber.await(whole) as Exit.Exit<never, never> as any).cause))
        const again = yield* Effect.timeoutOption(slow.getMany(list(long)), 20)
        assert.strictEqual(again._tag, "None")
      })
    )
  )

  for (const door of ["getMany", "getManyResults"] as const) {
    it.live(
      `${door} of keys in memory sees all of a change of several keys, or nothing of it`,
      run(() =>
        Effect.gen(function*() {
          const keys = list(long)
          const [first, last] = [keys[0]!, keys[long - 1]!]
          yield* one.setMany(keys.map((key) => [key, 0]))
          for (let value = 1; value <= 30; value++) {
            const reading: Effect.Effect<ReadonlyArray<unknown>, unknown, any> = one[door](keys)
            const fiber = yield* Effect.forkChild(reading)
            yield* Effect.repeat(Effect.yieldNow, { times: value })
            yield* C.batch([one.setting(first, value), one.setting(last, value)])
            const values = yield* Fiber.join(fiber)
            assert.deepStrictEqual(values[0], values[long - 1])
          }
        })
      )
    )
  }

  const changes = {
    setMany: one.setMany(list(long).map((key) => [key, -1])),
    deleteMany: one.deleteMany(list(long)),
    warm: one.warm(list(long))
  }
  for (const [operation, work] of Object.entries(changes)) {
    it.live(`a ${operation} whose owner leaves meanwhile changes nothing of the next owner`, () =>
      Effect.gen(function*() {
        const root = yield* Layer.build(Layer.provide(C.layer, MemoryStore.layer({ capacity: 10_000 })))
        const owned = (value: number, scope: Scope.Scope) => {
          const owner = C.owner("one", { lookup: () => Effect.succeed(value) })
          return Effect.map(
            Effect.provideContext(Layer.buildWithScope(Layer.fresh(owner), scope), root),
            (context) => Context.merge(root, context)
          )
        }
        const before = yield* Scope.make()
        const first = yield* owned(1, before)
        const fiber = yield* Effect.forkChild(Effect.provideContext(work, first))
        yield* Effect.yieldNow
        yield* Effect.yieldNow
        assert.isUndefined(fiber.pollUnsafe())
        yield* Scope.close(before, Exit.void)
        const second = yield* owned(2, yield* Effect.scope)
        yield* Effect.provideContext(one.set({ id: "1" }, 2), second)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(yield* Effect.provideContext(one.getOption({ id: "1" }), second), Option.some(2))
      }))
  }

  it.live(
    "the time of a load ends all of its keys",
    run(() =>
      Effect.gen(function*() {
        const results = yield* timed.getManyResults(list(long))
        for (const result of results) {
          assert.isTrue(Exit.isFailure(result) && String(Cause.squash(result.cause)).includes("20"))
        }
      })
    )
  )
})
