/**
 * Each read operation in the body of a transaction: on which connection its load runs, and which value it returns.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { openWork } from "../../src/cache/internal/loads/load.ts"
import type { Readable, Reading } from "../../src/manifest/Family.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Connection, Database } from "../support/database.ts"
import { cacheReasonOf, settle } from "../support/effects.ts"
import { atEachStep } from "../support/yieldOnce.ts"

const staleWhileRevalidate = "1 hour"

class App extends Manifest.Service<App>()("Doors", {
  families: {
    row: { pattern: "row:{id}", value: Manifest.type<number>(), timeToLive: "1 minute", staleWhileRevalidate },
    view: { pattern: "view:{id}", value: Manifest.type<number>(), derives: ["row:{id}"] },
    secret: { pattern: "secret:{id}", value: Manifest.type<number>(), sensitive: true }
  }
}) {}
const { row, secret, view } = App.keys
const one = { id: "1" }

/** The connections on which lookups ran, `undefined` for one of their own. */
let ranOn: Array<unknown> = []

const reading = (db: Database, id: string) =>
  Effect.flatMap(Effect.serviceOption(Connection), (level) => {
    ranOn.push(Option.getOrUndefined(level)?.[0])
    return db.read(id)
  })

const layerOver = (db: Database) =>
  App.modules({
    row: App.owner("row", { lookup: ({ id }) => reading(db, id) }),
    view: App.owner("view", { lookup: ({ id }) => Effect.map(row.get({ id }), (value) => value * 100) }),
    secret: App.owner("secret", { lookup: ({ id }) => reading(db, id) })
  }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

// What each read answers, as a value or as nothing. What has no value to tell answers how often it loaded.
type Run = (of: any) => Effect.Effect<unknown, unknown, any>
type Listing = "keys" | "entries" | "page" | "sample" | "count"
type Door = Exclude<keyof Reading<any, any, any, any>, "pattern" | "hottest" | Listing>
const doors: { readonly [D in Door]: Run } = {
  get: (of) => of.get(one),
  getOption: (of) => Effect.map(of.getOption(one), (option: any) => Option.getOrUndefined(option)),
  getMany: (of) => Effect.map(of.getMany([one, one]), ([value]: any) => value),
  getManyResults: (of) => Effect.flatMap(of.getManyResults([one, one]), ([result]: any) => result),
  getAnswer: (of) => Effect.map(of.getAnswer(one), ({ value }: any) => value),
  getAnswerOption: (of) =>
    Effect.map(of.getAnswerOption(one), (answer: any) => Option.getOrUndefined<any>(answer)?.value),
  explain: (of) => Effect.map(of.explain(one), ({ held, outcome }: any) => outcome === "hit" ? held.value : outcome),
  has: (of) => of.has(one),
  select: (of) => of.select(one, (value: number) => value),
  warm: (of) => of.warm([one])
}
const ofHandle: {
  readonly [D in Exclude<keyof Readable<any, any, any, any>, keyof Reading<any, any, any, any>>]: Run
} = {
  getUnsafe: (of) => Effect.sync(() => of.getUnsafe(one)),
  getPromise: (of) => Effect.promise(() => of.getPromise(one))
}

/** What the body does first; the value that a read in it gives then, and whether that has to be loaded. */
const situations: ReadonlyArray<{
  readonly what: string
  readonly of: any
  readonly before: Effect.Effect<unknown, unknown, any>
  readonly first: (db: Database) => Effect.Effect<unknown, unknown, any>
  readonly value: number
  readonly isHeld: boolean
}> = [
  { what: "held", of: row, before: row.get(one), first: () => Effect.void, value: 0, isHeld: true },
  { what: "absent", of: row, before: Effect.void, first: () => Effect.void, value: 0, isHeld: false },
  {
    what: "stale",
    of: row,
    before: Effect.andThen(row.get(one), TestClock.adjust("2 minutes")),
    first: (db) => db.write("1", 7),
    value: 7,
    isHeld: false
  },
  { what: "set", of: row, before: row.get(one), first: () => row.set(one, 5), value: 5, isHeld: true },
  { what: "set, absent before", of: row, before: Effect.void, first: () => row.set(one, 5), value: 5, isHeld: true },
  {
    what: "deleted",
    of: row,
    before: row.get(one),
    first: (db) => Effect.andThen(db.write("1", 7), row.delete(one)),
    value: 7,
    isHeld: false
  },
  {
    what: "set and deleted",
    of: row,
    before: row.get(one),
    first: () => Effect.andThen(row.set(one, 5), row.delete(one)),
    value: 0,
    isHeld: false
  },
  {
    what: "invalidated by its slice",
    of: row,
    before: row.get(one),
    first: (db) => Effect.andThen(db.write("1", 7), row.invalidateAll()),
    value: 7,
    isHeld: false
  },
  {
    what: "made from what was set",
    of: view,
    before: view.get(one),
    first: () => row.set(one, 5),
    value: 500,
    isHeld: false
  },
  {
    what: "made from what was changed",
    of: view,
    before: view.get(one),
    first: (db) => Effect.andThen(db.write("1", 7), row.invalidate(one)),
    value: 700,
    isHeld: false
  }
]

const expected = (door: string, value: number, isHeld: boolean): unknown => {
  switch (door) {
    case "getOption":
    case "getAnswerOption":
    case "getUnsafe":
      return isHeld ? value : undefined
    case "explain":
      return isHeld ? value : "load"
    case "has":
      return isHeld
    case "warm":
      return 0
    default:
      return value
  }
}

const within = (program: (db: Database) => Effect.Effect<unknown, unknown, any>) =>
  Effect.suspend(() => {
    const db = new Database(0)
    return Effect.provide(program(db), Layer.fresh(layerOver(db)))
  }) as Effect.Effect<void, unknown>

const bodyOf = <A>(db: Database, body: Effect.Effect<A, unknown, any>) => App.transaction(db.withTransaction())(body)

describe("read in the body of a transaction", () => {
  for (const { before, first, isHeld, of, value, what } of situations) {
    it.effect(`every read of a key that is ${what} returns what the body sees, and loads on the connection of the body`, () =>
      Effect.gen(function*() {
        const faces = [["accessor", Effect.succeed(of)], ["reader", of.reader], ["writer", of.writer]] as const
        for (const [face, make] of faces) {
          const all: Record<string, Run> = face === "accessor" ? doors : { ...doors, ...ofHandle }
          for (const [door, read] of Object.entries(all)) {
            yield* within((db) =>
              Effect.gen(function*() {
                yield* before
                const own = yield* make as Effect.Effect<any, unknown, any>
                ranOn = []
                yield* bodyOf(
                  db,
                  Effect.gen(function*() {
                    const [session] = yield* Connection
                    yield* first(db)
                    assert.deepStrictEqual(yield* read(own), expected(door, value, isHeld), `${door} of the ${face}`)
                    for (const on of ranOn) assert.strictEqual(on, session, `${door} of the ${face}`)
                  })
                )
              })
            )
          }
        }
      }))
  }

  it.effect("a read of a raw key is a read of the accessor", () =>
    within((db) =>
      bodyOf(
        db,
        Effect.gen(function*() {
          yield* row.set(one, 5)
          assert.strictEqual(yield* App.get("row:1"), 5)
          assert.deepStrictEqual(yield* App.getOption("row:1"), Option.some(5))
          yield* row.delete(one)
          assert.deepStrictEqual(yield* App.getOption("row:1"), Option.none())
          ranOn = []
          yield* App.get("row:1")
          assert.deepStrictEqual(ranOn, [(yield* Connection)[0]])
        })
      )
    ))

  const listings: { readonly [L in Listing]: Run } = {
    keys: (of) => Stream.runCollect(of.keys()),
    entries: (of) => Stream.runCollect(of.entries()),
    page: (of) => of.page(undefined, 10),
    sample: (of) => of.sample(1),
    count: (of) => of.count()
  }
  for (const [name, list] of Object.entries(listings)) {
    it.effect(`${name} is refused in the body, whose changes no tier knows`, () =>
      within((db) =>
        Effect.gen(function*() {
          yield* row.set(one, 5)
          for (const  of of[row, yield* row.reader, yield* row.writer]) {
            const reason = cacheReasonOf(yield* Effect.flip(bodyOf(db, list(of))))
            assert.deepInclude(reason, { _tag: "NotIterable", family: "row", why: "transaction" })
          }
        })
      ))
  }

  it.effect("a read of the body does not count in `stats` and `hottest`", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* bodyOf(db, Effect.andThen(row.invalidate(one), row.get(one)))
        assert.strictEqual((yield* App.stats).row.loads, 0)
        assert.deepStrictEqual(yield* bodyOf(db, row.hottest(1)), [])
      })
    ))

  it.effect("explain of a sensitive family does not print its value", () =>
    within((db) =>
      bodyOf(
        db,
        Effect.gen(function*() {
          yield* secret.set(one, 4711, { tags: ["mine"] })
          const explanation = yield* secret.explain(one)
          assert.deepStrictEqual([explanation.outcome, explanation.held?.value], ["hit", 4711])
          assert.notInclude(JSON.stringify(explanation), "4711")
          assert.notInclude(JSON.stringify(explanation), "mine")
        })
      )
    ))
})

describe("a read in the body of a transaction that is interrupted", () => {
  it.live("a read in the body of a transaction leaves no load open, at whatever step its reader leaves", () =>
    atEachStep((begin, at) =>
      Effect.scoped(Effect.gen(function*() {
        const db = new Database(0)
        const context = yield* Layer.build(Layer.fresh(layerOver(db)))
        const open = openWork.count
        const body = Effect.andThen(begin, row.get(one))
        const reader = yield* Effect.forkChild(
          Effect.provideContext(App.transaction(<A, E, R>(inner: Effect.Effect<A, E, R>) => inner)(body), context)
        )
        yield* Effect.forkChild(Fiber.interrupt(reader))
        yield* settle
        yield* settle
        assert.strictEqual(openWork.count, open, `yields at ${at}`)
      }))
    ))
})
