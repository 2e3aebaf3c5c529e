/**
 * A process whose clock is a year ahead leaves versions and ends that are a year ahead. The next process renews entries
 * ahead of their end nevertheless, and ends them after their lifetime.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { lifeOf } from "../support/life.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<number>(), timeToLive: 1_000, refreshAhead: 0.5 },
    other: { pattern: "other:{id}", value: Manifest.type<number>() }
  }
}) {}
const { other, user } = App.keys
const id = { id: "1" }
const start = Date.parse("2026-01-01"), year = 365 * 86_400_000

for (const ahead of [0, year]) {
  const place = makePlace()
  let loads = 0
  const life = <A, E, R>(body: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const memory = yield* MemoryStore.make({ capacity: 100 })
      const live = App.modules({
        user: App.owner("user", { lookup: () => Effect.sync(() => ++loads) }),
        other: App.owner("other")
      }).pipe(
        Layer.provide(Layer.succeed(Store, TieredStore.make([memory, mapStore({ place })]))),
        Layer.fresh
      )
      return yield* Effect.provide(Effect.tap(body, () => TestClock.adjust(50)), live)
    })
  // Two tests in order, for a process has a clock of its own.
  it.effect(`a process whose clock is ${ahead} ms ahead writes an entry`, () =>
    Effect.andThen(TestClock.setTime(start + ahead), life(other.set(id, 1))))
  it.effect(`the process after one whose clock was ${ahead} ms ahead renews an entry ahead of its end`, () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start)
      yield* life(Effect.gen(function*() {
        yield* other.getOption(id)
        yield* user.get(id)
        yield* TestClock.adjust(600)
        yield* user.get(id)
        yield* TestClock.adjust(10)
        yield* user.get(id)
      }))
      assert.strictEqual(loads, 2)
    }))
}

class Limited extends Manifest.Service<Limited>()("Limited", {
  families: {
    timed: { pattern: "timed:{id}", value: Manifest.type<number>(), timeToLive: "1 minute" },
    idle: { pattern: "idle:{id}", value: Manifest.type<number>(), idleTimeToLive: "1 minute" },
    stale: { pattern: "stale:{id}", value: Manifest.type<number>(), timeToLive: 1_000, staleIfError: "1 minute" },
    lasting: { pattern: "lasting:{id}", value: Manifest.type<number>() }
  }
}) {}
const { idle, lasting, stale, timed } = Limited.keys

describe("what was made while the clock was ahead", () => {
  /** A life that begins at a time, over a place; the tier is alone, or below memory. */
  const story = (isAlone: boolean) => {
    const place = makePlace()
    return <A, E>(atMillis: number, body: Effect.Effect<A, E, any>) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(atMillis)
        const lower = mapStore({ place })
        const store = isAlone ? lower : TieredStore.make([yield* MemoryStore.make({ capacity: 100 }), lower])
        const live = Limited.modules({
          timed: Limited.owner("timed"),
          idle: Limited.owner("idle"),
          stale: Limited.owner("stale"),
          lasting: Limited.owner("lasting")
        }).pipe(Layer.provide(Layer.succeed(Store, store)), Layer.fresh)
        return yield* Effect.provide(Effect.tap(body, () => TestClock.adjust(50)), live) as Effect.Effect<A, E>
      }).pipe(Effect.provide(TestClock.layer()))
  }
  const fill = Effect.all([
    timed.set(id, 1),
    timed.set({ id: "chosen" }, 1, { timeToLive: "1 hour" }),
    idle.set(id, 1),
    stale.set(id, 1),
    lasting.set(id, 1)
  ])
  const held = Effect.all([timed.has(id), timed.has({ id: "chosen" }), idle.has(id), lasting.has(id)])
  for (const isAlone of [true, false]) {
    const where = isAlone ? "alone" : "below memory"
    it.effect(`an entry of a process whose clock was ahead lives no longer than its lifetime in the next process (${where})`, () =>
      Effect.gen(function*() {
        const life = story(isAlone)
        yield* life(start + year, fill)
        yield* life(
          start,
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* held, [true, true, true, true])
            yield* TestClock.adjust("61 seconds")
            assert.deepStrictEqual(yield* timed.has(id), false)
            yield* TestClock.adjust("1 hour")
            assert.deepStrictEqual(yield* held, [false, false, false, true])
            // What is written now has a later version, and lives as long as it says.
            yield* timed.set(id, 2)
            yield* TestClock.adjust("59 seconds")
            assert.isTrue(yield* timed.has(id))
          })
        )
      }))
    it.effect(`an entry of a process whose clock was ahead has ended although no read has asked for it (${where})`, () =>
      Effect.gen(function*() {
        const life = story(isAlone)
        yield* life(start + year, fill)
        yield* life(
          start,
          Effect.andThen(
            TestClock.adjust("2 hours"),
            Effect.gen(function*() {
              assert.deepStrictEqual(yield* held, [false, false, false, true])
              assert.isTrue(Option.isNone(yield* stale.getOption(id)))
            })
          )
        )
      }))
    it.effect(`an ended entry of a process whose clock was ahead does not come back with a later process (${where})`, () =>
      Effect.gen(function*() {
        const life = story(isAlone)
        yield* life(start + year, fill)
        yield* life(start, Effect.andThen(held, TestClock.adjust("30 seconds")))
        yield* life(
          start + 7_200_000,
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* held, [false, false, false, true])
          })
        )
        const { version } = yield* life(
          start + 7_300_000,
          Effect.andThen(
            Effect.andThen(lasting.getAnswer(id), lasting.set(id, 2)),
            lasting.getAnswer(id)
          )
        )
        assert.isAbove(version!, (start + year) * 1_000)
      }))
  }
})

describe("a shorter lifetime, after a clock that was ahead", () => {
  for (const isAlone of [true, false]) {
    for (
      const [option, before, after] of [
        ["timeToLive", "1 day", "1 minute"],
        ["timeToLive", "never", "1 minute"],
        ["idleTimeToLive", "1 day", "1 minute"]
      ] as const
    ) {
      for (const isMadeAhead of [true, false]) {
        const where = isAlone ? "alone" : "below memory"
        const when = isMadeAhead ? "while the clock was ahead" : "since the clock was set right"
        const story = `${option} from ${before} to ${after}: what was made ${when}`
        const stories = () => {
          const place = makePlace()
          /** A life that begins at a time, with a value for this option. */
          return (atMillis: number, value: string, body: (of: any) => Effect.Effect<unknown, any, any>) =>
            Effect.andThen(
              TestClock.setTime(atMillis),
              lifeOf({
                place,
                isAlone,
                families: { user: { pattern: "user:{id}", value: Schema.Number, [option]: value } },
                owners: (app) => ({ user: app.owner("user") })
              }, ([one]) => Effect.tap(one!.run(body(one!.app.keys.user)), () => TestClock.adjust(50)))
            ).pipe(Effect.provide(TestClock.layer()))
        }
        const make = (life: ReturnType<typeof stories>) =>
          Effect.gen(function*() {
            yield* life(start + year, before, (user) => user.set({ id: isMadeAhead ? "1" : "other" }, 1))
            // A process that has seen a version ahead makes versions that are ahead.
            if (isMadeAhead) return
            yield* life(start, before, (user) => Effect.andThen(user.getOption({ id: "other" }), user.set(id, 1)))
          })
        it.effect(`${story} ends after the shorter time (${where})`, () =>
          Effect.gen(function*() {
            const life = stories()
            yield* make(life)
            const held = yield* life(start + 1_000, after, (user) =>
              Effect.gen(function*() {
                const atOnce = yield* user.has(id)
                yield* TestClock.adjust("61 seconds")
                return [atOnce, yield* user.has(id)]
              }))
            assert.deepStrictEqual(held, [true, false])
          }))
        it.effect(`${story} does not come back with a later process (${where})`, () =>
          Effect.gen(function*() {
            const life = stories()
            yield* make(life)
            // It is not read until its time is over.
            const late = yield* life(start + 1_000, after, (user) =>
              Effect.andThen(TestClock.adjust("61 seconds"), user.has(id)))
            const later = yield* life(start + 100_000, after, (user) =>
              user.has(id))
            assert.deepStrictEqual([late, later], [false, false])
          }))
      }
    }
  }
})
