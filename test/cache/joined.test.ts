/**
 * A reader does not join a running load when a source that the load has read has ended in the meantime.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { fork } from "../support/effects.ts"
import { checkInvariants, engine, type Running } from "../support/engine.ts"
import { mapLayer } from "../support/mapStore.ts"

const places = {
  memory: () => MemoryStore.layer({ capacity: 100 }),
  "a lower tier alone": () => mapLayer(),
  through: () => TieredStore.layer([MemoryStore.layer({ capacity: 100 }), mapLayer()]),
  "on eviction": () => TieredStore.layer([MemoryStore.layer({ capacity: 100 }), mapLayer()], { set: "onEviction" })
}

const doors: Readonly<Record<string, (family: any, id: { readonly id: string }) => Effect.Effect<any, unknown, any>>> =
  {
    get: (family, id) => family.get(id),
    getAnswer: (family, id) => Effect.map(family.getAnswer(id), (answer: any) => answer.value),
    getMany: (family, id) => Effect.map(family.getMany([id]), ([value]: any) => value)
  }

const slow = 700
const id = { id: "1" }

/** `user` ends soon; `profile` is made of it and `page` of that, and both take their time once they have read. */
const world = Effect.fnUntraced(function*(place: keyof typeof places, end: object) {
  const source = { row: 1 }
  const runs: Record<string, { now: number; most: number; all: number }> = {}
  const counted = <A, E, R>(family: string, work: Effect.Effect<A, E, R>) => {
    const run = runs[family] ??= { now: 0, most: 0, all: 0 }
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        run.all++
        run.most = Math.max(run.most, ++run.now)
      }),
      () => work,
      () => Effect.sync(() => run.now--)
    )
  }
  const { app, as, cache } = yield* engine(
    {
      families: {
        user: { pattern: "user:{id}", ...end },
        profile: { pattern: "profile:{id}", derives: ["user:{id}"] },
        page: { pattern: "page:{id}", derives: ["profile:{id}"] }
      }
    },
    ({ key }, app) => {
      const [family, id] = key.split(":") as [string, string]
      const { profile, user } = app.keys
      return counted(
        family,
        family === "user"
          ? Effect.sync(() => source.row)
          : family === "profile"
          ? Effect.tap(user.get({ id }), () => Effect.sleep(slow))
          : profile.get({ id })
      )
    },
    { store: places[place]() }
  )
  const on = (effect: Effect.Effect<any, unknown, any>) => as<any, unknown>(effect)
  const begin = (effect: Effect.Effect<any, unknown, any>) => fork(on(effect))
  return { app, begin, cache, on, runs, source }
})

describe("reader that comes after the end of a source", () => {
  for (const place of ["memory", "a lower tier alone", "through", "on eviction"] as const) {
    for (const end of [{ timeToLive: 50 }, { idleTimeToLive: 50 }]) {
      for (const [door, read] of Object.entries(doors)) {
        for (const family of ["profile", "page"] as const) {
          it.effect(`a reader of ${family} by ${door} does not join the load that read the source, ${JSON.stringify(end)}, ${place}`, () =>
            Effect.gen(function*() {
              const { app, begin, cache, on, runs, source } = yield* world(place, end)
              const target = app.keys[family]
              const first = yield* begin(read(target, id))
              yield* TestClock.adjust(40)
              const second = yield* begin(read(target, id))
              yield* TestClock.adjust(160)
              source.row = 2
              assert.strictEqual(yield* on(read(app.keys.user, id)), 2)
              const late = yield* begin(read(target, id))
              yield* TestClock.adjust(slow * 2)
              assert.deepStrictEqual(yield* Fiber.joinAll([first, second, late]), [1, 1, 2])
              assert.strictEqual(runs[family]!.all, 2)
              checkInvariants({ cache } as any)
            }))
        }
      }
    }
  }
})

describe("source that ends before the load of a derived value does", () => {
  for (const family of ["profile", "page"] as const) {
    it.effect(`every reader of ${family} gets an answer, and at most two lookups of a key run`, () =>
      Effect.gen(function*() {
        const { app, begin, cache, runs, source } = yield* world("through", { timeToLive: 50 })
        const readers: Array<readonly [row: number, reader: Fiber.Fiber<any, unknown>]> = []
        for (let i = 0; i < 40; i++) {
          readers.push([source.row, yield* begin(app.keys[family].get(id))])
          yield* TestClock.adjust(60)
          source.row++
        }
        yield* TestClock.adjust(slow * 4)
        for (const [row, reader] of readers) assert.isAtLeast(yield* Fiber.join(reader), row - 1)
        assert.isAtMost(runs[family]!.most, 2)
        checkInvariants({ cache } as any)
      }))
  }
})

describe("bulk load with a source that has ended", () => {
  it.effect("a reader joins the bulk load for a key whose sources last, and not for a key whose source has ended", () =>
    Effect.gen(function*() {
      const runs: Array<string> = []
      const { app, as }: Running<"profile" | "user"> = yield* engine(
        {
          families: {
            user: { pattern: "user:{id}" },
            profile: { pattern: "profile:{id}", derives: ["user:{id}"] }
          }
        },
        ({ key }) => {
          runs.push(key)
          return Effect.succeed(`${key} again`)
        },
        {
          lookupMany: (keys): Effect.Effect<ReadonlyArray<unknown>, unknown> => {
            const ids = keys.map((key) => ({ id: key.split(":")[1]! }))
            return Effect.as(Effect.andThen(app.keys.user.getMany(ids), Effect.sleep(slow)), keys) as any
          }
        }
      )
      const { profile, user } = app.keys
      const on = (effect: unknown) => as<any, unknown>(effect as Effect.Effect<any, unknown, any>)
      yield* on(user.set({ id: "1" }, 1, { timeToLive: 50 }))
      yield* on(user.set({ id: "2" }, 2))
      const all = yield* Effect.forkChild(on(profile.getMany([{ id: "1" }, { id: "2" }])), { startImmediately: true })
      yield* TestClock.adjust(60)
      assert.strictEqual(yield* on(profile.get({ id: "1" })), "profile:1 again")
      const other = yield* Effect.forkChild(on(profile.get({ id: "2" })), { startImmediately: true })
      yield* TestClock.adjust(slow)
      assert.strictEqual(yield* Fiber.join(other), "profile:2")
      assert.deepStrictEqual(yield* Fiber.join(all), ["profile:1", "profile:2"])
      assert.deepStrictEqual(runs, ["profile:1"])
    }))
})
