/**
 * How far behind other processes a family may be, by its `consistency`: what a process serves whose connection, or
 * whose news, is cut while another one writes; and what that costs while nothing is cut.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import type { LedgerPlace } from "../../src/store/internal/ledger/ledgerPlace.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { fork, hasty, reasonOf, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { type Line, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { tiersOver } from "../support/tiers.ts"

const id = { id: "1" }
const answerMillis = 50

/** The row that each lookup returns. */
interface Source {
  row: string
  loads: number
}

/** An engine as of a process of its own. */
const process = Effect.fnUntraced(function*(
  source: Source,
  place: LedgerPlace,
  policy: FamilyPolicy = {},
  patience = answerMillis
) {
  const ledger = yield* LedgerNode.make(place, { answerMillis: patience })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger))
  const { app, as } = yield* engine(
    { families: { note: { pattern: "note:{id}", ...policy } } },
    () =>
      Effect.sync(() => {
        source.loads++
        return source.row
      }),
    { store: Layer.succeed(Store, store) }
  )
  const { note } = app.keys
  /** Runs a read for as long as it may wait for the place. */
  const run = <A>(read: Effect.Effect<A, unknown, any>) =>
    Effect.gen(function*() {
      const fiber = yield* fork(as(read))
      for (let i = 0; i < 100 && fiber.pollUnsafe() === undefined; i++) {
        yield* TestClock.adjust(answerMillis / 10)
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))
      }
      return yield* Fiber.join(fiber)
    })
  return { note, as, run, get: run(note.get(id)) }
})

/** What is cut between a process and the place. */
const cuts: { readonly [cut: string]: (line: Line & { isUnproven: boolean }) => void } = {
  "all": (line) => {
    line.isCut = true
  },
  "all news": (line) => {
    line.isDeaf = true
  },
  "all news, by a server that was replaced,": (line) => {
    line.isDeaf = true
    line.isUnproven = true
  }
}

type Note = Effect.Success<ReturnType<typeof process>>["note"]

const doors: { readonly [door: string]: (note: Note) => Effect.Effect<unknown, unknown, any> } = {
  get: (note) => note.get(id),
  getOption: (note) => note.getOption(id),
  getMany: (note) => note.getMany([id]),
  getManyResults: (note) => note.getManyResults([id]),
  getAnswer: (note) => note.getAnswer(id),
  getAnswerOption: (note) => note.getAnswerOption(id),
  "get of nothing stale": (note) => note.get(id, { stale: "refuse" }),
  select: (note) => note.select(id, (value: unknown) => value),
  update: (note) => note.update(id, (was: unknown) => was),
  patch: (note) => note.patch(id, (was: unknown) => was),
  getOr: (note) => note.getOr(id, Effect.succeed("new")),
  getAndDelete: (note) => note.getAndDelete(id),
  getUnsafe: (note) => Effect.map(note.reader, (reader: any) => reader.getUnsafe(id)),
  getPromise: (note) => Effect.flatMap(note.reader, (reader: any) => Effect.promise(() => reader.getPromise(id))),
  explain: (note) =>
    Effect.map(note.explain(id), ({ held }: any) => held === undefined || held.stale ? undefined : held.value)
}

/** Two processes of which the second one holds a row; then it is cut off, and the first one changes the row. */
const story = Effect.fnUntraced(function*(cut: string, policy: FamilyPolicy) {
  const place = yield* SimPlace.make()
  const line = { ...makeLine(), isUnproven: false }
  const way = over(place, line)
  // A server that was replaced answers from what it has, and takes no write.
  const old: LedgerPlace = {
    ...way,
    ask: (log, asker, question) =>
      Effect.map(way.ask(log, asker, question), (answer) => line.isUnproven ? { ...answer, proves: false } : answer)
  }
  const source: Source = { row: "old", loads: 0 }
  const a = yield* process(source, over(place, makeLine()), policy)
  const b = yield* process(source, old, policy)
  assert.strictEqual(yield* b.get, "old")
  yield* TestClock.adjust("5 seconds")
  // It is read, so it asks whether it misses a change.
  assert.strictEqual(yield* b.get, "old")
  assert.strictEqual(source.loads, 1)
  cuts[cut]!(line)
  source.row = "new"
  yield* a.as(a.note.invalidate(id))
  const heal = Effect.sync(() => Object.assign(line, { isCut: false, isDeaf: false, isUnproven: false }))
  return { a, b, heal, source }
})

describe("consistency", () => {
  for (const cut of Object.keys(cuts)) {
    it.effect(`a bounded family from which ${cut} is cut serves the old value no longer than the bound`, () =>
      Effect.gen(function*() {
        const { b, heal } = yield* story(cut, { consistency: { bounded: "500 millis" } })
        // At once, the old value is allowed, and needs no load.
        assert.strictEqual(yield* b.as(b.note.get(id)), "old")
        yield* TestClock.adjust("400 millis")
        yield* TestClock.adjust("200 millis")
        assert.strictEqual(yield* b.get, "new")
        yield* heal
        yield* TestClock.adjust("20 seconds")
        assert.strictEqual(yield* b.get, "new")
      }).pipe(Effect.scoped, hasty))

    it.effect(`an eventual family from which ${cut} is cut serves the old value until it hears the change`, () =>
      Effect.gen(function*() {
        const { b, heal } = yield* story(cut, { consistency: "eventual" })
        yield* TestClock.adjust("4 seconds")
        assert.strictEqual(yield* b.as(b.note.get(id)), "old")
        yield* heal
        // It looks for what it has missed from time to time.
        yield* TestClock.adjust("20 seconds")
        assert.strictEqual(yield* b.get, "new")
      }).pipe(Effect.scoped, hasty))

    it.effect(`no door serves the old value after the bound, where ${cut} is cut`, () =>
      Effect.gen(function*() {
        for (const [door, read] of Object.entries(doors)) {
          const { b } = yield* story(cut, {})
          yield* TestClock.adjust("1001 millis")
          const exit = yield* Effect.exit(b.run(read(b.note)))
          assert.notInclude(JSON.stringify(exit), "old", door)
        }
      }).pipe(Effect.scoped, hasty))
  }

  it.effect("what a server that was replaced still has is not served to a process that holds nothing", () =>
    Effect.gen(function*() {
      const { a, b, source } = yield* story("all news, by a server that was replaced,", {})
      source.row = "old"
      yield* a.run(a.note.get({ id: "2" }))
      source.row = "new"
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* b.run(b.note.get({ id: "2" })), "new")
    }).pipe(Effect.scoped, hasty))

  it.effect("a bounded family that is read again and again loads once, and its hits do not wait", () =>
    Effect.gen(function*() {
      const source: Source = { row: "old", loads: 0 }
      const line = makeLine()
      const b = yield* process(source, over(yield* SimPlace.make(), line), { consistency: { bounded: "400 millis" } })
      yield* b.get
      line.delayMillisMax = 20
      for (let i = 0; i < 200; i++) {
        yield* TestClock.adjust("50 millis")
        const read = yield* fork(b.as(b.note.get(id)))
        assert.isDefined(read.pollUnsafe(), `read ${i} waits`)
      }
      assert.strictEqual(source.loads, 1)
    }).pipe(Effect.scoped, hasty))

  it.effect("a bounded family that was idle asks the place, and does not load again", () =>
    Effect.gen(function*() {
      const source: Source = { row: "old", loads: 0 }
      const b = yield* process(source, over(yield* SimPlace.make(), makeLine()))
      yield* b.get
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* b.get, "old")
      assert.strictEqual(source.loads, 1)
    }).pipe(Effect.scoped, hasty))

  it.effect("a bounded family that was idle does not miss what was changed meanwhile", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const source: Source = { row: "old", loads: 0 }
      const line = makeLine()
      const a = yield* process(source, over(place, makeLine()))
      const b = yield* process(source, over(place, line))
      yield* b.get
      line.isDeaf = true
      yield* TestClock.adjust("1 hour")
      source.row = "new"
      yield* a.as(a.note.invalidate(id))
      yield* TestClock.adjust("1001 millis")
      assert.strictEqual(yield* b.get, "new")
    }).pipe(Effect.scoped, hasty))

  it.effect("a process that is cut off keeps what it loads for the bound, and asks no read to wait again", () =>
    Effect.gen(function*() {
      const { b, source } = yield* story("all", { consistency: { bounded: "1 second" } })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* b.get, "new")
      const { loads } = source
      yield* TestClock.adjust("900 millis")
      assert.strictEqual(yield* b.as(b.note.get(id)), "new")
      assert.strictEqual(source.loads, loads)
      source.row = "newest"
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(yield* b.get, "newest")
    }).pipe(Effect.scoped, hasty))

  it.effect("the stale rules go on from the end of the bound", () =>
    Effect.gen(function*() {
      const { b } = yield* story("all", { consistency: { bounded: "1 second" }, staleWhileRevalidate: "1 minute" })
      yield* TestClock.adjust("10 seconds")
      const answer = yield* b.run(b.note.getAnswer(id))
      assert.strictEqual(answer.value, "old")
      assert.isTrue(answer.stale)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* b.get, "new")
    }).pipe(Effect.scoped, hasty))

  it.effect("a fresh answer says how long it is fresh by itself", () =>
    Effect.gen(function*() {
      const source: Source = { row: "old", loads: 0 }
      const b = yield* process(source, over(yield* SimPlace.make(), makeLine()), { timeToLive: "1 hour" })
      yield* b.get
      const { freshForMillis } = yield* b.run(b.note.getAnswer(id))
      assert.isAbove(freshForMillis, 3_500_000)
    }).pipe(Effect.scoped, hasty))

  for (const how of ["refresh", "set"] as const) {
    it.effect(`what a ${how} brings is served for the bound, also while it is on its way for longer`, () =>
      Effect.gen(function*() {
        const place = yield* SimPlace.make()
        const line = makeLine()
        const source: Source = { row: "1", loads: 0 }
        const a = yield* process(source, over(place, makeLine()))
        const b = yield* process(source, over(place, line), {}, 5_000)
        yield* b.get
        line.isCut = true
        source.row = "2"
        yield* fork(Effect.exit(b.as(how === "set" ? b.note.set(id, "2") : b.note.refresh(id))))
        yield* settle
        assert.strictEqual(yield* b.as(b.note.get(id)), "2")
        source.row = "3"
        yield* a.as(a.note.invalidate(id))
        yield* TestClock.adjust("1001 millis")
        const read = yield* fork(b.as(b.note.get(id)))
        for (let i = 0; i < 30; i++) {
          yield* TestClock.adjust(250)
          yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))
        }
        assert.strictEqual(yield* Fiber.join(read), "3")
      }).pipe(hasty))
  }

  it.effect("what is made from a value is as far behind as its own bound allows, whatever that of the value is", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const line = makeLine()
      let row = "old"
      const start = Effect.fnUntraced(function*(way: LedgerPlace) {
        const ledger = yield* LedgerNode.make(way, { answerMillis })
        const store = yield* tiersOver(yield* LedgerStore.make(ledger))
        return yield* engine(
          {
            families: {
              user: { pattern: "user:{id}", consistency: "eventual" },
              page: { pattern: "page:{id}", derives: ["user:{id}"], consistency: { bounded: 200 } }
            }
          },
          ({ key }, app) => key.startsWith("user") ? Effect.sync(() => row) : app.keys.user.get(id) as any,
          { store: Layer.succeed(Store, store) }
        )
      })
      const a = yield* start(over(place, makeLine()))
      const b = yield* start(over(place, line))
      assert.strictEqual(yield* b.as(b.app.keys.user.get(id)), "old")
      line.isCut = true
      row = "new"
      yield* a.as(a.app.keys.user.invalidate(id))
      yield* TestClock.adjust(201)
      const read = yield* fork(b.as(b.app.keys.page.get(id)))
      for (let i = 0; i < 40; i++) {
        yield* TestClock.adjust(answerMillis)
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))
      }
      assert.strictEqual(yield* Fiber.join(read), "new")
    }).pipe(hasty))

  it.effect("a strict family is refused over a tier that other processes change, and taken over memory alone", () =>
    Effect.gen(function*() {
      const place = over(yield* SimPlace.make(), makeLine())
      const error = yield* Effect.flip(process({ row: "", loads: 0 }, place, { consistency: "strict" }))
      assert.strictEqual(reasonOf(error), "InvalidOption")
      assert.include(String(error), "cannot be \"strict\" over `memory+sim`")
      const { app, as } = yield* engine(
        { families: { note: { pattern: "note:{id}", consistency: "strict" } } },
        () => Effect.succeed("row")
      )
      assert.strictEqual(yield* as(app.keys.note.get(id)), "row")
    }))
})
