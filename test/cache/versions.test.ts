/**
 * Versions are exact whole numbers that only grow, whatever the clock shows, and from process to process over a place
 * that outlives them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Fs from "node:fs"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { reasonOf } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { family, tiers } from "../support/source.ts"

// The latest time that a Date can show, and the year in which microseconds cease to be exact.
const endOfDates = 8_640_000_000_000_000
const year2255 = 9_007_199_254_740
const soonBefore = year2255 - 1

/** A clock that shows the time that it is given, at once, and under which upkeep never runs. */
class Shown {
  now: number
  readonly currentTimeMillis = Effect.sync(() => this.now)
  readonly currentTimeNanos = Effect.succeed(0n)
  readonly sleep = () => Effect.never

  constructor(now: number) {
    this.now = now
  }

  currentTimeMillisUnsafe(): number {
    return this.now
  }

  currentTimeNanosUnsafe(): bigint {
    return 0n
  }

  monotonicTimeNanosUnsafe(): bigint {
    return 0n
  }
}
const under = <A, E, R>(clock: Shown, program: Effect.Effect<A, E, R>) =>
  Effect.provideService(program, Clock.Clock, clock as unknown as Clock.Clock)

describe("version", () => {
  for (const [name, future] of Object.entries({ endOfDates, year2255, soonBefore })) {
    it.effect(`each value gets a new version, under a clock far in the future that is set back: ${name}`, () =>
      Effect.gen(function*() {
        const clock = new Shown(1_000)
        const { answer, set } = yield* under(clock, family({}, (run) => Effect.succeed(run)))
        const seen: Array<number> = []
        for (const time of [1_000, future, future, 1_000, 2_000, future, 3_000]) {
          clock.now = time
          for (let i = 0; i < 3; i++) {
            const before = seen.at(-1) ?? null
            yield* set(`value ${seen.length}`, { ifVersion: before })
            const { value, version } = yield* answer
            assert.strictEqual(value, `value ${seen.length}`)
            seen.push(version!)
            assert.strictEqual(reasonOf(yield* Effect.flip(set("late", { ifVersion: before }))), "VersionConflict")
          }
        }
        assert.deepStrictEqual(
          seen,
          [...new Set(seen)].toSorted((a, b) => a - b),
          "each is greater than the one before"
        )
        assert.isTrue(seen.every(Number.isSafeInteger))
      }))
  }

  it.effect("a version is the time in microseconds under a present-day clock", () =>
    Effect.gen(function*() {
      const clock = new Shown(1_800_000_000_000)
      const { answer, set } = yield* under(clock, family({}, (run) => Effect.succeed(run)))
      yield* set("value")
      assert.strictEqual((yield* answer).version, 1_800_000_000_000_000)
    }))

  it.effect("a version is exact even when a tier holds an entry with an inexact one", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const { options } = yield* tiers([], { place })
      const { answer, of, set } = yield* family({}, (run) => Effect.succeed(run), options)
      yield* of("2").set("stored")
      const stored = place.families.get("Test/user")!
      const entry = stored.get("2")!
      const again = yield* family({}, (run) => Effect.succeed(run), (yield* tiers([], { place })).options)
      stored.set("2", { ...entry, version: 2 ** 60 })
      yield* again.of("2").get
      for (const one of [{ answer, set }, again]) {
        yield* one.set("a")
        const first = (yield* one.answer).version!
        yield* one.set("b")
        assert.isAbove((yield* one.answer).version!, first)
      }
    }))
})

class App extends Manifest.Service<App>()("App", {
  families: { user: { pattern: "user:{id}", value: Schema.String } }
}) {}
const { user } = App.keys
const [id, other] = [{ id: "1" }, { id: "2" }]

/** One engine over the stores, as in a process of its own. */
const engineOver = (store: Layer.Layer<Store, any>) =>
  Effect.map(
    Layer.build(Layer.fresh(App.modules({ user: App.owner("user") }).pipe(Layer.provide(store)))),
    (context) => <A, E>(body: Effect.Effect<A, E, any>) => Effect.provide(body, context) as Effect.Effect<A, E>
  )

const memory = MemoryStore.layer({ capacity: 100 })
const lmdb = (path: string) => LmdbStore.layer({ path, durability: "process" })

/** Over LMDB in a folder. */
const folders: { readonly [name: string]: (path: string) => Layer.Layer<Store, any> } = {
  "LMDB": lmdb,
  "memory over LMDB": (path) => TieredStore.layer([memory, lmdb(path)]),
  "memory over LMDB, with set: onEviction": (path) => TieredStore.layer([memory, lmdb(path)], { set: "onEviction" })
}

/** Over a place that keeps no more than the contract wants. */
const places: { readonly [name: string]: (place: Place) => Layer.Layer<Store, any> } = {
  "a map": (place) => Layer.sync(Store, () => mapStore({ place })),
  "memory over a map": (place) => TieredStore.layer([memory, Layer.sync(Store, () => mapStore({ place }))])
}

const minutes = 60_000
const begins = 10 * minutes

/** Real time, in which the driver commits. */
const aWhile = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 100)))

const givenOver = Effect.gen(function*() {
  const seen: Array<number> = []
  for (const value of ["a", "b", "c"]) {
    yield* user.set(id, value)
    seen.push((yield* user.getAnswer(id)).version)
  }
  yield* user.delete(id)
  yield* user.set(other, "never read again")
  seen.push((yield* user.getAnswer(other)).version)
  return seen
})

describe("version after a restart with the clock set back", () => {
  const lateWrites = (before: ReadonlyArray<number>) =>
    Effect.gen(function*() {
      for (const version of before) {
        yield* user.set(id, `after ${version}`)
        assert.isAbove((yield* user.getAnswer(id)).version, Math.max(...before))
        assert.strictEqual(
          reasonOf(yield* Effect.flip(user.set(id, "late", { ifVersion: version }))),
          "VersionConflict"
        )
      }
    })

  for (const behind of [0, 3 * minutes]) {
    for (const [name, storeOf] of Object.entries(places)) {
      it.effect(`a version is above those of the process before: over ${name}, ${behind} ms behind`, () =>
        Effect.gen(function*() {
          const place = makePlace()
          yield* TestClock.setTime(begins)
          const seen = yield* Effect.scoped(Effect.flatMap(engineOver(storeOf(place)), (run) => run(givenOver)))
          yield* TestClock.setTime(begins - behind)
          yield* Effect.scoped(Effect.flatMap(engineOver(storeOf(place)), (run) => run(lateWrites(seen))))
        }))
    }

    for (const [name, storeOf] of Object.entries(folders)) {
      it.effect(`a version is above those of the process before: over ${name}, ${behind} ms behind`, () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          let all: Array<number> = []
          for (let life = 0; life < 3; life++) {
            yield* TestClock.setTime(begins - life * behind)
            yield* Effect.scoped(Effect.gen(function*() {
              const [one, two] = [yield* engineOver(storeOf(path)), yield* engineOver(storeOf(path))]
              if (life > 0) yield* one(lateWrites(all))
              all = [...all, ...yield* one(givenOver), ...yield* two(givenOver)]
            }))
          }
          assert.deepStrictEqual(all, [...new Set(all)].toSorted((a, b) => a - b))
        }))

      // A copy of an open folder is what a process leaves that is killed.
      it.effect(`a version and a token are above those of a killed process: over ${name}, ${behind} ms behind`, () =>
        Effect.gen(function*() {
          const [path, copy] = [yield* temporaryFolder, yield* temporaryFolder]
          yield* TestClock.setTime(begins)
          const killed = yield* Scope.make()
          const run = yield* Scope.provide(engineOver(storeOf(path)), killed)
          const seen = yield* run(Effect.gen(function*() {
            const given = yield* givenOver
            yield* TestClock.adjust(minutes)
            yield* user.set(id, "late")
            given.push((yield* user.getAnswer(id)).version)
            yield* TestClock.adjust(minutes)
            const lease = yield* Effect.scoped(user.lease(id, { timeToLive: "1 second" }))
            return [...given, lease.token]
          }))
          yield* aWhile
          Fs.cpSync(path, copy, { recursive: true })
          yield* Scope.close(killed, Exit.void)
          yield* TestClock.setTime(begins - behind)
          yield* Effect.scoped(Effect.gen(function*() {
            const run = yield* engineOver(storeOf(copy))
            yield* run(Effect.gen(function*() {
              const { token } = yield* Effect.scoped(user.lease(id, { timeToLive: "1 second" }))
              assert.isAbove(token, Math.max(...seen))
              yield* lateWrites(seen)
            }))
          }))
        }))
    }
  }
})
