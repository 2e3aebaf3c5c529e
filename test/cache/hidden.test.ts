/**
 * What an invalidation by mark hides is freed from a tier that keeps it: in bounded time, in proportion to the writes,
 * and over restarts.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { pauseMillisMin, writesMin } from "../../src/cache/internal/marks/sweepDue.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { settle } from "../support/effects.ts"
import { type App, engine, type Running } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"
import { tiers } from "../support/source.ts"

const definition = {
  families: {
    doc: { pattern: "doc:{id}", value: Schema.String },
    part: { pattern: "part:{id}:{n}", value: Schema.String, derives: ["doc:{id}"], fanout: true },
    hot: { pattern: "hot:{id}", value: Schema.String }
  }
} as const

const start = (path: string, entriesMax?: number) =>
  engine(definition, () => Effect.succeed("loaded"), {
    store: Layer.fresh(TieredStore.layer([
      MemoryStore.layer({ capacity: 10 }),
      LmdbStore.layer({
        path,
        durability: "process",
        sweepInterval: 20,
        ...(entriesMax === undefined ? {} : { entriesMax })
      })
    ]))
  })

const perRound = 400
const text = "x".repeat(200)

/** Writes entries that no round before has written, and invalidates them all. */
const ways: {
  readonly [way: string]: (running: Running<"doc" | "part">, round: number) => Effect.Effect<void, unknown>
} = {}
const docs = (round: number, count = perRound) =>
  Array.from({ length: count }, (_, i) => [{ id: `${round}-${i}` }, text] as const)
const mark =
  (invalidate: (app: App<"doc">) => Effect.Effect<void, unknown, any>) =>
  ({ app, as }: Running<"doc">, round: number) =>
    Effect.andThen(as(app.keys.doc.setMany(docs(round), { tags: ["t"] })), as(invalidate(app))) as Effect.Effect<
      void,
      unknown
    >
Object.assign(ways, {
  "invalidateAll": mark((app) => app.keys.doc.invalidateAll()),
  "invalidateTag": mark((app) => app.keys.doc.invalidateTag("t")),
  "a pattern": mark((app) => app.invalidate("doc:*")),
  "invalidateAll, which marks stale": mark((app) => app.keys.doc.invalidateAll({ mode: "markStale" })),
  "invalidateWhere": ({ app, as }: Running<"doc" | "part">, round: number) =>
    Effect.andThen(
      as(app.keys.part.setMany(Array.from({ length: perRound }, (_, i) => [{ id: "1", n: `${round}-${i}` }, text]))),
      as(app.keys.part.invalidateWhere({ id: "1" }))
    ),
  "a fan-out": ({ app, as }: Running<"doc" | "part">, round: number) =>
    Effect.andThen(
      as(app.keys.part.setMany(Array.from({ length: perRound }, (_, i) => [{ id: "1", n: `${round}-${i}` }, text]))),
      as(app.keys.doc.set({ id: "1" }, text))
    )
})

const bytesOf = (path: string): number =>
  Fs.readdirSync(path).filter((file) => file.endsWith(".mdb"))
    .reduce((sum, file) => sum + Fs.statSync(Path.join(path, file)).size, 0)

/** Entries that the lower tier holds, of all families. */
const heldBelow = ({ cache }: Running) =>
  Effect.map(
    Effect.forEach(cache.families.values(), ({ entries }) => entries.spec.partition.below!.size),
    (sizes) => sizes.reduce((sum, size) => sum + size, 0)
  )

/** Counts the entries that sweeps look at. */
const counting = ({ cache }: Running): { looked: number; sweeps: number } => {
  const count = { looked: 0, sweeps: 0 }
  for (const family of cache.families.values()) {
    const { look } = family.swept
    Object.assign(family.swept, {
      look: Effect.tap(look, ({ looked }) =>
        Effect.sync(() => {
          count.looked += looked
          count.sweeps++
        }))
    })
  }
  return count
}

describe("hidden entries, with writes", () => {
  for (const [way, round] of Object.entries(ways)) {
    it.live(`hidden entries are freed while others are written: ${way}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const running = yield* start(path)
        const count = counting(running)
        let early = 0
        for (let i = 0; i < 20; i++) {
          yield* round(running, i)
          yield* Effect.sleep(50)
          if (i === 4) early = bytesOf(path)
        }
        yield* Effect.sleep(200)
        // A round is larger than `writesMin`, so no more than two of them wait for their sweep.
        assert.isAtMost(yield* heldBelow(running), 2 * perRound + writesMin)
        assert.isAtMost(bytesOf(path), 3 * early)
        assert.isAtMost(count.looked, 6 * 20 * (perRound + 1), "the work is in proportion to what was written")
        assert.isAbove(count.sweeps, 0)
      }), 30_000)
  }

  it.live("hidden entries are freed over many short lives", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const few = writesMin / 2
      let most = 0
      for (let life = 0; life < 40; life++) {
        const scope = yield* Scope.make()
        const running = yield* Effect.provideService(start(path), Scope.Scope, scope)
        yield* running.as(running.app.keys.doc.setMany(docs(life, few)) as Effect.Effect<void, unknown, any>)
        yield* running.as(running.app.keys.doc.invalidateAll() as Effect.Effect<void, unknown, any>)
        yield* Effect.sleep(30)
        most = Math.max(most, yield* heldBelow(running))
        yield* Scope.close(scope, { _tag: "Success" } as never)
      }
      assert.isAtMost(most, 20 * few, "half of the lives free what was left")
    }), 60_000)

  it.live("hidden entries do not push out valid ones", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const running = yield* start(path, 1_000)
      const { app, as } = running
      const hots = Array.from({ length: 400 }, (_, i) => ({ id: String(i) }))
      yield* as(app.keys.hot.setMany(hots.map((params) => [params, "h"])) as Effect.Effect<void, unknown, any>)
      for (let round = 0; round < 20; round++) {
        yield* as(app.keys.doc.setMany(docs(round, 200)) as Effect.Effect<void, unknown, any>)
        yield* as(app.keys.doc.invalidateAll() as Effect.Effect<void, unknown, any>)
        yield* Effect.sleep(20)
      }
      const held = yield* Effect.forEach(hots, (params) => as<boolean, unknown>(app.keys.hot.has(params)))
      assert.strictEqual(held.filter(Boolean).length, 400)
    }), 30_000)
})

/** Memory over another tier, by the clock of the test. */
const byTestClock = Effect.gen(function*() {
  const { options, place } = yield* tiers([])
  const start = engine({ families: { doc: { pattern: "doc:{id}" } } }, () => Effect.succeed("loaded"), options)
  return { start, place }
})

const write = ({ app, as }: Running<"doc">, round: number, count: number) =>
  as(app.keys.doc.setMany(docs(round, count)) as Effect.Effect<void, unknown, any>)
const invalidateAll = ({ app, as }: Running<"doc">) =>
  as(app.keys.doc.invalidateAll() as Effect.Effect<void, unknown, any>)

/** A life of the process in which ten entries are written and hidden, and which ends after `last`. */
const lifeThatHides = (start: Effect.Effect<Running<"doc">, any, any>, last: Effect.Effect<unknown>) =>
  Effect.scoped(
    Effect.flatMap(start, (running) =>
      Effect.andThen(Effect.andThen(write(running, 0, 10), invalidateAll(running)), last))
  )

describe("hidden entries, without writes", () => {
  it.effect("hidden entries are freed after a while", () =>
    Effect.gen(function*() {
      const running = yield* (yield* byTestClock).start
      yield* write(running, 0, 10)
      yield* invalidateAll(running)
      yield* TestClock.adjust(pauseMillisMin - 1)
      yield* settle
      assert.strictEqual(yield* heldBelow(running), 10)
      yield* TestClock.adjust(1)
      yield* settle
      assert.strictEqual(yield* heldBelow(running), 0)
    }))

  it.effect("hidden entries are freed by the next life", () =>
    Effect.gen(function*() {
      const { start } = yield* byTestClock
      yield* lifeThatHides(start, Effect.void)
      const running = yield* start
      assert.strictEqual(yield* heldBelow(running), 10)
      yield* TestClock.adjust(pauseMillisMin)
      yield* settle
      assert.strictEqual(yield* heldBelow(running), 0)
    }))

  it.effect("hidden entries are looked for once, and not again in the next life", () =>
    Effect.gen(function*() {
      const { start } = yield* byTestClock
      yield* lifeThatHides(start, Effect.andThen(TestClock.adjust(pauseMillisMin), settle))
      const running = yield* start
      const count = counting(running)
      yield* write(running, 1, 10)
      yield* TestClock.adjust("1 day")
      yield* settle
      assert.strictEqual(count.sweeps, 0)
      assert.strictEqual(yield* heldBelow(running), 10)
    }))
})

describe("sweeps", () => {
  it.effect("sweeps look at one entry in a millisecond at the most, if a mark is set each second", () =>
    Effect.gen(function*() {
      const running = yield* (yield* byTestClock).start
      const count = counting(running)
      const held = 5_000
      for (let i = 0; i < held / 100; i++) yield* write(running, i, 100)
      const seconds = 120
      for (let i = 0; i < seconds; i++) {
        yield* running.as(running.app.keys.doc.invalidateWhere({ id: `none${i}` }) as Effect.Effect<void, unknown, any>)
        yield* TestClock.adjust(1_000)
        yield* settle
      }
      assert.isAbove(count.sweeps, 1)
      assert.isAtMost(count.looked, seconds * 1_000)
      assert.isAtMost(count.sweeps, 1 + Math.ceil(seconds * 1_000 / (pauseMillisMin + held)))
    }))

  it.effect("sweeps look at few entries for each one that is written, however large the tier is", () =>
    Effect.gen(function*() {
      const running = yield* (yield* byTestClock).start
      yield* write(running, 0, 5_000)
      yield* invalidateAll(running)
      yield* settle
      yield* write(running, 1, 5_000)
      const count = counting(running)
      let written = 0
      for (let i = 2; i < 100; i++) {
        written += 100
        yield* write(running, i, 100)
        yield* running.as(running.app.keys.doc.invalidateTag("none") as Effect.Effect<void, unknown, any>)
        yield* settle
      }
      assert.isAtMost(count.looked, 6 * (written + 5_000))
    }))
})
