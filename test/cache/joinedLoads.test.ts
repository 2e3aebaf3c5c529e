/**
 * A reader who comes while a load of the key runs is answered by the rules of the reader, and not by those of the load:
 * whatever began the load, whether it hangs or fails, and wherever the entry is.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { Store } from "../../src/store/Store.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { reads } from "../support/arrangements/doors.ts"
import { type ArrangedWorld, arrangements, drop, inEach, pass, read, tell } from "../support/arrangements/world.ts"
import { fork, settle } from "../support/effects.ts"
import { mapLayer, mapStore } from "../support/mapStore.ts"
import { gated } from "../support/source.ts"

type On = (world: ArrangedWorld, id: string) => Effect.Effect<unknown, unknown, Scope.Scope>

const doors = Object.entries(reads)
const ids = doors.map(([name]) => name)
const hanging = 1e9

const refresh: On = (world, id) => fork(Effect.exit(world.on(world.user.refresh({ id }))))
const refuse: On = (world, id) => fork(Effect.exit(world.on(world.user.get({ id }, { stale: "refuse" }))))
const update: On = (world, id) => fork(Effect.exit(world.on(world.user.update({ id }, (was: unknown) => was))))
const get: On = (world, id) => fork(Effect.exit(world.on(world.user.get({ id }))))
/** The entry may leave memory, and the load goes on. */
const evict: On = (world) => world.arrangement.between === "eviction" ? world.between : world.settle
const mark: On = (world, id) => drop("markStale")(world, [id])

/** What begins the load that runs when the readers come, and when: the entry is fresh for 100 milliseconds. */
const begun: { readonly [load: string]: { readonly at: number; readonly by: ReadonlyArray<On> } } = {
  "a renewal ahead": { at: 60, by: [get] },
  "a refresh of a fresh value": { at: 10, by: [refresh] },
  "a refresh of a stale value": { at: 110, by: [refresh] },
  "a read that refuses what is stale": { at: 110, by: [refuse] },
  "an update of a stale value": { at: 110, by: [update] },
  "a renewal behind a reader": { at: 110, by: [get] },
  "two loads that marks have overtaken": { at: 60, by: [refresh, mark, refresh, mark] }
}

interface Row {
  readonly story: string
  readonly policy: FamilyPolicy
  /** When the readers come, counted from the load of the entry. */
  readonly at: number
  /** How long they wait; at once, unless given. */
  readonly waits?: number
  /** The loads beside which this is so, if it is not all of them. */
  readonly only?: ReadonlyArray<string>
}

const ahead = { timeToLive: 100, refreshAhead: 0.5 } as const

const rows: ReadonlyArray<Row> = [
  {
    story: "gets the fresh value at once",
    policy: ahead,
    at: 90,
    only: ["a renewal ahead", "a refresh of a fresh value"]
  },
  {
    story: "gets at once what staleWhileRevalidate allows",
    policy: { ...ahead, staleWhileRevalidate: 400 },
    at: 300
  },
  {
    story: "gets it after the soft timeout when staleWhileRevalidate is over",
    policy: { ...ahead, staleWhileRevalidate: 60, staleIfError: 400, softTimeout: 10 },
    at: 300,
    waits: 10
  },
  {
    story: "gets what staleIfError allows when the load takes too long",
    policy: { ...ahead, staleIfError: 1_000, hardTimeout: 400, negativeTimeToLive: 0 },
    at: 300,
    waits: 600
  }
]

/** Loads the keys, and lets a load of each begin. */
const begin = Effect.fnUntraced(function*(
  world: ArrangedWorld,
  { at, by }: { readonly at: number; readonly by: ReadonlyArray<On> }
) {
  yield* tell(world, ids, [read])
  yield* pass(world, at)
  Object.assign(world.source, { row: 2, millis: hanging })
  for (const id of ids) {
    for (const one of by) {
      yield* one(world, id)
      yield* world.settle
    }
  }
})

for (const arrangement of arrangements) {
  describe.concurrent(`reader beside a load that hangs: ${arrangement.name}`, () => {
    for (const { at, only = Object.keys(begun), policy, story, waits = 0 } of rows) {
      for (const load of only) {
        it.effect(`a reader beside ${load} ${story}: ${arrangement.name}`, () =>
          inEach(
            policy,
            arrangement,
            Effect.fnUntraced(function*(world) {
              const before = begun[load]!
              yield* begin(world, before)
              yield* pass(world, at - before.at)
              const asked: Array<readonly [string, Fiber.Fiber<unknown, unknown>, Fiber.Fiber<unknown, unknown>]> = []
              for (const [id, ask] of doors) {
                // A Promise of a read that must wait is of a fiber that waits by the clock on the wall.
                if (waits > 0 && id === "reader.getPromise") continue
                yield* evict(world, id)
                const refusing = yield* fork(Effect.exit(world.on(world.user.get({ id }, { stale: "refuse" }))))
                const asking = yield* fork(world.on(ask(world, id)))
                yield* world.settle
                if (waits > 0) assert.isUndefined(asking.pollUnsafe(), `${id} waits`)
                asked.push([id, asking, refusing])
              }
              if (waits > 0) yield* pass(world, waits)
              yield* world.settle
              for (const [id, asking, refusing] of asked) {
                assert.deepInclude(asking.pollUnsafe(), { _tag: "Success", value: 1 }, id)
                if (at < 100) {
                  assert.deepInclude(refusing.pollUnsafe(), { _tag: "Success" }, `${id} accepts what is fresh`)
                }
                if (at > 100 && waits < 100) {
                  assert.isUndefined(refusing.pollUnsafe(), `${id} accepts nothing stale`)
                }
              }
            })
          ))
      }
    }
  })
}

describe.concurrent("reader beside a load that fails", () => {
  for (const arrangement of arrangements) {
    for (const [load, before] of Object.entries(begun)) {
      if (load === "two loads that marks have overtaken") continue
      it.effect(`a reader beside ${load} that fails gets the stale value: ${arrangement.name}`, () =>
        inEach(
          { ...ahead, staleIfError: 1_000, negativeTimeToLive: 0, retryAfterFailure: 0 },
          arrangement,
          Effect.fnUntraced(function*(world) {
            yield* tell(world, ids, [read])
            yield* pass(world, before.at)
            Object.assign(world.source, { isBroken: true, millis: 200 })
            const running: Array<any> = []
            for (const id of ids) {
              for (const one of before.by) running.push(yield* one(world, id))
              yield* world.settle
            }
            yield* pass(world, 120)
            const asking: Array<Fiber.Fiber<unknown, unknown>> = []
            for (const [id, ask] of doors) {
              if (id === "reader.getPromise") continue
              yield* evict(world, id)
              asking.push(yield* fork(world.on(ask(world, id))))
            }
            yield* world.settle
            const lookups = world.source.asked.length
            yield* pass(world, 80)
            yield* world.settle
            for (const one of asking) assert.deepInclude(one.pollUnsafe(), { _tag: "Success", value: 1 })
            assert.strictEqual(world.source.asked.length, lookups, "all have joined the load")
            const isStrict = before.by[0] !== get
            for (const one of running) {
              const exit: any = yield* Fiber.join(one)
              assert.strictEqual(exit._tag, isStrict ? "Failure" : "Success", "the caller of the load")
            }
          })
        ))
    }
  }
})

describe.concurrent("reader beside a renewal that hangs for minutes", () => {
  for (const arrangement of arrangements) {
    it.effect(`a load that has answered with a stale value is given up after five minutes: ${arrangement.name}`, () =>
      inEach(
        { timeToLive: 100, staleWhileRevalidate: "30 days" },
        arrangement,
        Effect.fnUntraced(function*(world) {
          yield* tell(world, ["get"], [read])
          yield* pass(world, 100)
          yield* world.between
          world.source.millis = hanging
          for (let minute = 0; minute < 6; minute++) {
            assert.deepStrictEqual(yield* world.on(world.user.get({ id: "get" })), { row: 1 })
            yield* evict(world, "get")
            yield* pass(world, 60_000)
          }
          assert.strictEqual(world.source.interrupted, 1)
        })
      ))
  }
})

describe("reader of a lower tier beside two loads", () => {
  const below = () => gated({}, { store: mapLayer() })

  it.effect("a reader beside a load that hangs gets what a load that began earlier has stored", () =>
    Effect.gen(function*() {
      const { ends, get, on, user } = yield* below()
      const first = yield* fork(get)
      yield* on(user.invalidateTag("other"))
      const second = yield* fork(get)
      yield* settle
      yield* ends(1, "one")
      assert.strictEqual(yield* Fiber.join(first), "one")
      const reading = yield* fork(get)
      yield* settle
      assert.deepInclude(reading.pollUnsafe(), { _tag: "Success", value: "one" })
      yield* ends(2, "two")
      assert.include(["one", "two"], yield* Fiber.join(second))
      assert.strictEqual(yield* get, "two")
    }))

  it.effect("a load that a write has overtaken takes the written value from no reader of the next load", () =>
    Effect.gen(function*() {
      const { ends, get, refresh, set } = yield* below()
      const first = yield* fork(get)
      yield* settle
      yield* set("written")
      const refreshing = yield* fork(refresh)
      yield* settle
      yield* ends(1, "old")
      assert.strictEqual(yield* Fiber.join(first), "old")
      const reading = yield* fork(get)
      yield* settle
      assert.deepInclude(reading.pollUnsafe(), { _tag: "Success", value: "written" })
      yield* ends(2, "new")
      assert.deepStrictEqual([yield* Fiber.join(refreshing), yield* get], ["new", "new"])
    }))

  it.effect("a read below that ends late brings back nothing older than what an earlier load has stored", () =>
    Effect.gen(function*() {
      const rules = [{ fault: { kind: "slowLate", delay: 10 }, operations: ["get"] }] as const
      const [store, faults] = yield* FaultyStore.make(mapStore(), { rules })
      const { ends, get, on, refresh, set, user } = yield* gated({}, { store: Layer.succeed(Store, store) })
      yield* set("old")
      yield* settle
      const first = yield* fork(refresh)
      yield* TestClock.adjust(10)
      yield* on(user.invalidateTag("other"))
      const second = yield* fork(refresh)
      yield* settle
      yield* ends(1, "one")
      yield* TestClock.adjust(10)
      yield* settle
      assert.strictEqual(yield* Fiber.join(first), "one")
      yield* faults.stop
      assert.strictEqual(yield* get, "one")
      yield* ends(2, "two")
      assert.deepStrictEqual([yield* Fiber.join(second), yield* get], ["two", "two"])
    }))
})
