/**
 * A tier that processes share has no room for values: their callers learn of it, nothing that no source has is lost,
 * and everything else goes on. Where such a tier cannot judge a condition, nothing is lost, or called a conflict.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { TierFull } from "../../src/store/StoreError.ts"
import { cacheReasonOf, fork, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { held, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { entryOf, textFamily } from "../support/partition.ts"
import { tiersOver } from "../support/tiers.ts"

/** The source of the family with a lookup. */
type Rows = Map<string, number>

const process = Effect.fnUntraced(function*(place: SimPlace, rows: Rows) {
  const commits = yield* Latch.make(true)
  const ledger = yield* LedgerNode.make(held(over(place, makeLine()), commits.await), { answerMillis: 10_000 })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger))
  const { app, as, cache } = yield* engine(
    {
      families: {
        session: { pattern: "session:{id}" },
        page: { pattern: "page:{id}", derives: ["session:{id}"] },
        row: { pattern: "row:{id}" }
      }
    },
    ({ key }, app) =>
      key.startsWith("page")
        ? Effect.map(app.keys.session.getOption({ id: key.slice("page:".length) }), (found) => ({ found }))
        : Effect.sync(() => rows.get(key.slice("row:".length)) ?? 0),
    { store: Layer.succeed(Store, store), alone: ["session"] }
  )
  const { page, row, session } = app.keys
  return {
    app,
    as,
    events: cache.events,
    commits,
    ledger,
    row,
    session,
    set: (id: string, value: unknown) => as(session.set({ id }, value)),
    value: (id: string) => as(session.getOption({ id })),
    version: (id: string) => Effect.map(as(session.getAnswer({ id })), ({ version }: { version: number }) => version),
    page: (id: string) => as(page.get({ id }))
  }
})

type Process = Effect.Success<ReturnType<typeof process>>

const setup = Effect.gen(function*() {
  const place = yield* SimPlace.make()
  const rows: Rows = new Map()
  return { place, rows, a: yield* process(place, rows), b: yield* process(place, rows) }
})

const seenBy = (id: string, ...processes: ReadonlyArray<Process>) =>
  Effect.flatMap(settle, () => Effect.forEach(processes, ({ value }) => value(id)))

/** The tier that has no room. */
const fullTier = (write: Effect.Effect<unknown, unknown>): Effect.Effect<string | undefined, unknown> =>
  Effect.map(Effect.flip(write), (error) => {
    const reason = cacheReasonOf(error)
    return reason._tag === "StoreFailed" && reason.error.reason instanceof TierFull
      ? reason.error.reason.tier
      : undefined
  })

/** Why a write has failed that another attempt may do. */
const failure = (write: Effect.Effect<unknown, unknown>): Effect.Effect<string, unknown> =>
  Effect.map(Effect.flip(write), (error) => `${cacheReasonOf(error)._tag}: ${String((error as Error).message)}`)

const writes: ReadonlyArray<readonly [name: string, write: (of: Process) => Effect.Effect<unknown, unknown>]> = [
  ["set", ({ set }) => set("1", "new")],
  [
    "set with a version",
    ({ as, session, version }) =>
      Effect.flatMap(version("1"), (ifVersion) => as(session.set({ id: "1" }, "new", { ifVersion })))
  ],
  ["setMany", ({ as, session }) => as(session.setMany([[{ id: "1" }, "new"], [{ id: "2" }, "new"]]))],
  ["update", ({ as, session }) => as(session.update({ id: "1" }, () => "new"))],
  ["patch", ({ as, session }) => as(session.patch({ id: "1" }, () => Effect.succeed("new")))],
  ["reschedule", ({ as, session }) => as(session.reschedule({ id: "1" }, "1 hour"))],
  ["setIfAbsent", ({ as, session }) => as(session.setIfAbsent({ id: "2" }, "new"))],
  [
    "batch",
    ({ app, as, session }) => as(app.batch([session.setting({ id: "1" }, "new"), session.deleting({ id: "3" })]))
  ],
  [
    "a batch with a condition",
    ({ app, as, session }) =>
      as(app.batch([session.setting({ id: "2" }, "new", { ifVersion: null }), session.deleting({ id: "3" })]))
  ]
]

describe("a shared tier without room", () => {
  for (const [name, write] of writes) {
    it.effect(`${name} fails with the name of the full tier, and a value that no source has stays`, () =>
      Effect.gen(function*() {
        const { a, b, place } = yield* setup
        for (const id of ["1", "3"]) yield* a.set(id, "old")
        yield* settle
        place.fill(true)
        assert.strictEqual(yield* fullTier(write(a)), "sim")
        assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("old"), Option.some("old")])
        assert.deepStrictEqual(yield* seenBy("2", a, b), [Option.none(), Option.none()])
        place.fill(false)
        yield* write(a)
        const id = name === "setIfAbsent" || name === "a batch with a condition" ? "2" : "1"
        const value = Option.some(name === "reschedule" ? "old" : "new")
        assert.deepStrictEqual(yield* seenBy(id, a, b), [value, value])
      }))
  }

  it.effect("a batch with a condition deletes nothing where its values have no room", () =>
    Effect.gen(function*() {
      const { a, b, place } = yield* setup
      yield* a.set("3", "old")
      place.fill(true)
      yield* Effect.flip(writes.at(-1)![1](a))
      assert.deepStrictEqual(yield* seenBy("3", a, b), [Option.some("old"), Option.some("old")])
    }))

  for (const options of [undefined, { ifVersion: null }]) {
    const how = options === undefined ? "" : " with a condition"
    it.effect(`set${how} in a family with a lookup fails, and all processes load what the source has`, () =>
      Effect.gen(function*() {
        const { a, b, place, rows } = yield* setup
        const read = ({ as, row }: Process) => as(row.get({ id: "1" }))
        if (options === undefined) assert.deepStrictEqual([yield* read(a), yield* read(b)], [0, 0])
        place.fill(true)
        rows.set("1", 5)
        assert.strictEqual(yield* fullTier(a.as(a.row.set({ id: "1" }, 5, options))), "sim")
        yield* settle
        rows.set("1", 6)
        assert.deepStrictEqual([yield* read(a), yield* read(b)], [6, 6])
      }))
  }

  it.effect("a full tier takes removals, also those of a round whose values it refuses", () =>
    Effect.gen(function*() {
      const { a, b, place, rows } = yield* setup
      for (const id of ["1", "2", "4"]) yield* a.set(id, "old")
      yield* Effect.forEach([a, b], ({ as, row }) => as(row.get({ id: "1" })))
      place.fill(true)
      yield* a.commits.close
      const first = yield* fork(a.as(a.session.delete({ id: "4" })))
      yield* settle
      const refused = yield* fork(Effect.flip(a.set("1", "new")))
      const works = [
        yield* fork(a.as(a.session.delete({ id: "2" }))),
        yield* fork(a.as(a.row.invalidateAll()))
      ]
      yield* settle
      rows.set("1", 7)
      yield* a.commits.open
      for (const work of [first, ...works]) yield* Fiber.join(work)
      yield* Fiber.join(refused)
      assert.deepStrictEqual(yield* seenBy("2", a, b), [Option.none(), Option.none()])
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("old"), Option.some("old")])
      assert.deepStrictEqual(yield* Effect.forEach([a, b], ({ as, row }) => as(row.get({ id: "1" }))), [7, 7])
      assert.deepStrictEqual(yield* a.as(a.session.getAndDelete({ id: "1" })), Option.some("old"))
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
    }))

  it.effect("what was made from a refused value goes with it", () =>
    Effect.gen(function*() {
      const { a, b, place } = yield* setup
      yield* a.set("1", "old")
      place.fill(true)
      yield* a.commits.close
      const setting = yield* fork(Effect.flip(a.set("1", "new")))
      yield* settle
      assert.deepStrictEqual(yield* a.page("1"), { found: Option.some("new") })
      yield* a.commits.open
      yield* Fiber.join(setting)
      yield* settle
      for (const each of [a, b]) assert.deepStrictEqual(yield* each.page("1"), { found: Option.some("old") })
    }))

  it.effect("a later value of the key stays when a full tier refuses the one before", () =>
    Effect.gen(function*() {
      const { a, b, place } = yield* setup
      place.fill(true)
      yield* a.commits.close
      const refused = yield* fork(Effect.flip(a.set("1", "one")))
      yield* settle
      const later = yield* fork(a.set("1", "two"))
      yield* settle
      const { step } = place
      place.step = (log, asker, question) => {
        const answer = step.call(place, log, asker, question)
        if (question._tag === "Commit") place.fill(false)
        return answer as never
      }
      yield* a.commits.open
      yield* Fiber.join(refused)
      yield* Fiber.join(later)
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("two"), Option.some("two")])
    }))

  it.effect("a read over a full tier gets what it loads, memory keeps it, and listeners learn which tier failed", () =>
    Effect.gen(function*() {
      const { a, place, rows } = yield* setup
      const heard: Array<string> = []
      yield* fork(Stream.runForEach(a.events, (event) =>
        Effect.sync(() => {
          if (event._tag === "TierFailed") heard.push(event.error.reason._tag)
        })))
      yield* settle
      place.fill(true)
      rows.set("1", 3)
      assert.strictEqual(yield* a.as(a.row.get({ id: "1" })), 3)
      yield* settle
      rows.set("1", 4)
      assert.strictEqual(yield* a.as(a.row.get({ id: "1" })), 3)
      assert.deepStrictEqual(heard, ["TierFull"])
      yield* Effect.flip(a.set("1", "new"))
      yield* settle
      assert.deepStrictEqual(heard, ["TierFull", "TierFull"])
    }))

  it.effect("a write to the store of a full tier fails, also without an engine", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const store = yield* LedgerStore.make(
        yield* LedgerNode.make(over(place, makeLine()), { answerMillis: 10_000 })
      )
      const users = yield* store.open(textFamily("user"))
      place.fill(true)
      const error = yield* Effect.flip(users.set("1", entryOf("one", { stamp: store.commons.stamp })))
      assert.instanceOf(error.reason, TierFull)
    }))
})

describe("a condition that a shared tier cannot judge", () => {
  it.effect("an update fails with StoreFailed if the latest changes are not known, and the next attempt succeeds", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.set("1", 1)
      const add = a.as(a.session.update({ id: "1" }, (was: number) => was + 1))
      yield* a.commits.close
      const underWay = yield* fork(a.set("2", "x"))
      yield* settle
      const adding = yield* fork(failure(add))
      yield* settle
      const { position } = a.ledger
      Object.assign(a.ledger, { position: () => undefined })
      yield* a.commits.open
      yield* Fiber.join(underWay)
      assert.match(yield* Fiber.join(adding), /^StoreFailed: E0302: .*could not be judged/)
      Object.assign(a.ledger, { position })
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some(1), Option.some(1)])
      yield* add
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some(2), Option.some(2)])
    }))
})
