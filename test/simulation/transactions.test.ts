/**
 * Transactions, readers and plain writers under a scheduler with seeds, over a database whose commits may lose their
 * answer, and in processes that end in the middle.
 *
 * A reader never gets a value that was not committed. A reader that begins after a change returned gets it or a newer
 * one. At rest the cache has what the database has, also after a crash.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as References from "effect/References"
import * as Scope from "effect/Scope"

import { doubtMillis } from "../../src/cache/internal/entries/holds.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { changed } from "../support/changed.ts"
import { Database, type Fate } from "../support/database.ts"
import { drive } from "../support/effects.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { chance, pick, rest, simulate } from "../support/simulate.ts"
import { slow, tiersOver } from "../support/tiers.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    row: { pattern: "row:{id}", value: Manifest.type<number>() },
    view: { pattern: "view:{id}", value: Manifest.type<number>(), derives: ["row:{id}"] },
    list: { pattern: "list:{id}:{n}", value: Manifest.type<number>(), derives: ["row:{id}"], fanout: true },
    page: { pattern: "page:{id}", value: Manifest.type<number>(), derives: ["view:{id}"] }
  }
}) {}
const { list, page, row, view } = App.keys

const layerOver = (db: Database) =>
  App.modules({
    row: App.owner("row", { lookup: ({ id }) => db.read(id) }),
    view: App.owner("view", { lookup: ({ id }) => row.get({ id }) }),
    list: App.owner("list", { lookup: ({ id }) => row.get({ id }) }),
    page: App.owner("page", { lookup: ({ id }) => view.get({ id }) })
  })

type Tiers = "memory" | "through" | "slow" | "lower"
const ids = ["1", "2"] as const
type Id = typeof ids[number]

interface Setting {
  readonly tiers: Tiers
  readonly fates: ReadonlyArray<Fate>
  readonly crash: boolean
}

const pause = rest(21)

/** A store whose operations do not return any more once its process has ended. */
const mortal = (place: Place, process: { isAlive: boolean }): Store["Service"] => {
  const store = mapStore({ place })
  const alive = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => process.isAlive ? work : Effect.never)
  return changed(
    store,
    (partition) => ({
      get: (key) => alive(partition.get(key)),
      getMany: (keys) => alive(partition.getMany(keys)),
      setMany: (entries) => alive(partition.setMany(entries)),
      remove: (keys) => alive(partition.remove(keys)),
      clear: alive(partition.clear)
    }),
    {
      write: (round) => alive(store.write(round)),
      recordMarks: (marks) => alive(store.recordMarks(marks))
    }
  )
}

class BankWorld {
  private db = new Database(12)
  private readonly setting: Setting
  private readonly seed: number
  private readonly place = makePlace()
  private value = 0
  /** By row: the index in its history of the latest value that a writer knows to be committed. */
  private readonly told = new Map<string, number>()

  constructor(setting: Setting, seed: number) {
    this.setting = setting
    this.seed = seed
  }

  private store(process: { isAlive: boolean }): Layer.Layer<Store, StoreError> {
    const { seed, setting: { tiers } } = this
    if (tiers === "memory") return MemoryStore.layer({ capacity: 100 })
    return Layer.effect(
      Store,
      Effect.gen({ self: this }, function*() {
        const rules = tiers === "through" ? [] : slow({}, [25, 0.3], [15, 0.3])
        const [lower] = yield* FaultyStore.make(mortal(this.place, process), { seed, rules })
        return yield* tiersOver(lower, { above: tiers === "lower" ? "nothing" : "memory" })
      })
    )
  }

  private newest(id: Id): number {
    return (this.db.history.get(id)?.length ?? 0) - 1
  }

  // --- readers ------------------------------------------------------------------------------------------------------

  private readonly doors = [
    (id: Id) => row.get({ id }),
    (id: Id) => view.get({ id }),
    (id: Id) => page.get({ id }),
    (id: Id) => list.get({ id, n: "1" }),
    (id: Id) => Effect.map(row.getMany([{ id }]), ([value]) => value!),
    (id: Id) => Effect.map(view.getAnswer({ id }), ({ value }) => value),
    (id: Id) => row.getOption({ id })
  ] as ReadonlyArray<(id: Id) => Effect.Effect<number | Option.Option<number>, unknown, any>>

  private readonly reading = Effect.suspend(() =>
    Effect.gen({ self: this }, function*() {
      const id = yield* pick(ids)
      const door = yield* pick(this.doors)
      const floor = this.told.get(id) ?? -1
      const answer = yield* door(id)
      const value = Option.isOption(answer) ? Option.getOrUndefined(answer) : answer
      if (value === undefined) return
      const at = value === 0 ? -1 : (this.db.history.get(id) ?? []).indexOf(value)
      assert.ok(value === 0 || at >= 0, `a reader of ${id} got ${value}, which was never committed`)
      assert.ok(at >= floor, `a reader of ${id} got ${value}, older than a change that had returned`)
    })
  )

  // --- writers ------------------------------------------------------------------------------------------------------

  private tell(id: Id, value: number): Effect.Effect<unknown, unknown, any> {
    return Effect.flatMap(Random.nextIntBetween(0, 6), (drawn): Effect.Effect<unknown, unknown, any> => {
      switch (drawn) {
        case 0:
          return row.set({ id }, value)
        case 1:
          return App.batch([row.setting({ id }, value), view.setting({ id }, value)])
        case 2:
          return row.invalidate({ id })
        case 3:
          return row.delete({ id })
        case 4:
          return row.invalidateWhere({ id })
        case 5:
          return row.refresh({ id })
        default:
          return Effect.andThen(row.set({ id }, value), view.set({ id }, value))
      }
    })
  }

  /** Writes a row and tells the cache, in either order, and reads it back. */
  private change(id: Id, mine: Map<string, number>): Effect.Effect<void, unknown, any> {
    return Effect.gen({ self: this }, function*() {
      const value = ++this.value
      if (yield* chance(0.2)) yield* row.invalidate({ id })
      yield* this.db.write(id, value)
      mine.set(id, value)
      yield* pause
      yield* this.tell(id, value)
      yield* pause
      const door = yield* pick([row.get({ id }), view.get({ id }), page.get({ id })])
      assert.strictEqual(yield* door, value, "the body reads what it wrote")
    })
  }

  private readonly transacting = Effect.suspend(() =>
    Effect.gen({ self: this }, function*() {
      const mine = new Map<string, number>()
      const changed = (yield* chance(0.4)) ? ids : [yield* pick(ids)]
      const isSaved = yield* chance(0.2)
      const isFailing = yield* chance(0.25)
      const body = Effect.gen({ self: this }, function*() {
        for (const id of changed) {
          yield* this.change(id, mine)
          if (!isSaved) continue
          const before = new Map(mine)
          const inner = Effect.andThen(
            this.change(id, mine),
            (yield* chance(0.5)) ? Effect.fail("savepoint") : Effect.void
          )
          const exit = yield* Effect.exit(App.transaction(this.db.withTransaction())(inner))
          if (Exit.isFailure(exit)) {
            assert.ok(String(exit.cause).includes("savepoint"), String(exit.cause))
            mine.set(id, before.get(id)!)
          }
        }
        if (isFailing) yield* Effect.fail("rolled back")
      })
      const run = App.transaction(this.db.withTransaction(pick(this.setting.fates)))(body)
      const isCut = yield* chance(0.15)
      const exit = yield* Effect.exit(isCut ? Effect.timeoutOption(run, 30) : Effect.asSome(run))
      if (Exit.isFailure(exit)) {
        const text = String(exit.cause)
        assert.ok(/rolled back|DatabaseError|lost|refused|object/.test(text) && !text.includes("Assertion"), text)
      } else if (Option.isSome(exit.value)) {
        for (const [id, value] of mine) {
          const at = this.db.history.get(id)!.indexOf(value)
          assert.ok(at >= 0, `${value} of ${id} was committed`)
          this.told.set(id, Math.max(at, this.told.get(id) ?? -1))
        }
      }
    })
  )

  private readonly writing = Effect.suspend(() =>
    Effect.gen({ self: this }, function*() {
      const id = yield* pick(ids)
      const value = ++this.value
      yield* this.db.write(id, value)
      const at = this.newest(id)
      yield* row.invalidate({ id })
      this.told.set(id, Math.max(at, this.told.get(id) ?? -1))
    })
  )

  private readonly actor = Effect.suspend(() =>
    Effect.gen({ self: this }, function*() {
      const steps = yield* Random.nextIntBetween(2, 7)
      for (let step = 0; step < steps; step++) {
        yield* pause
        const drawn = yield* Random.next
        // A writer without a transaction leaves the old value where it ends between its two changes.
        const isPlain = drawn >= 0.9 && !this.setting.crash
        yield* drawn < 0.55 ? this.reading : isPlain ? this.writing : this.transacting
      }
    })
  )

  private readonly quiet = Effect.suspend(() =>
    Effect.gen({ self: this }, function*() {
      for (const id of ids) {
        const value = this.db.rows.get(id) ?? 0
        for (const door of this.doors) {
          const answer = yield* door(id)
          const got = Option.isOption(answer) ? Option.getOrElse(answer, () => value) : answer
          assert.strictEqual(got, value, `the cache of ${id} agrees with the database`)
        }
      }
    })
  )

  get run(): Effect.Effect<void, unknown> {
    return Effect.gen({ self: this }, function*() {
      const process = { isAlive: true }
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Layer.provide(layerOver(this.db), this.store(process)), scope)
      const actors = yield* Random.nextIntBetween(2, 6)
      const fibers: Array<Fiber.Fiber<void, unknown>> = []
      for (let i = 0; i < actors; i++) {
        const actor = Effect.provideContext(this.actor as Effect.Effect<void, unknown>, context as never)
        fibers.push(yield* Effect.forkDetach(actor as Effect.Effect<void, unknown>))
      }
      if (this.setting.crash) yield* this.crash(process)
      else {
        for (const fiber of fibers) yield* Fiber.join(fiber)
        while (this.db.late > 0) yield* Effect.sleep(100)
        const quiet = Effect.provideContext(this.quiet as Effect.Effect<void, unknown>, context as never)
        yield* quiet as Effect.Effect<void, unknown>
        yield* Effect.sleep(doubtMillis)
        yield* quiet as Effect.Effect<void, unknown>
        yield* quiet as Effect.Effect<void, unknown>
        yield* Scope.close(scope, Exit.void)
      }
    }) as Effect.Effect<void, unknown>
  }

  /** The process ends at some moment, and none of its finalizers runs; another one starts with what the tier holds. */
  private crash(process: { isAlive: boolean }): Effect.Effect<void, unknown> {
    return Effect.gen({ self: this }, function*() {
      yield* Effect.sleep(yield* Random.nextIntBetween(1, 120))
      process.isAlive = false
      this.db = this.db.crash()
      const quiet = Effect.provide(
        this.quiet as Effect.Effect<void, unknown>,
        Layer.fresh(Layer.provide(layerOver(this.db), this.store({ isAlive: true })))
      )
      yield* quiet as Effect.Effect<void, unknown>
    })
  }
}

// A process that ends never closes its engine, and each later engine would log a warning about it.
const story = (name: string, setting: Setting) =>
  simulate(
    `the cache agrees with the database after ${name}`,
    (seed) => Effect.provideService(drive(new BankWorld(setting, seed).run), References.MinimumLogLevel, "Error")
  )

const lost = ["done", "done", "done", "refused", "lostAfter", "lostBefore", "lostLate"] as const

describe("transactions", () => {
  story("transactions, readers and writers in memory", { tiers: "memory", fates: ["done"], crash: false })
  story("transactions over a tier below memory", { tiers: "through", fates: ["done"], crash: false })
  story("transactions over a slow tier", { tiers: "slow", fates: ["done"], crash: false })
  story("transactions in a tier without memory", { tiers: "lower", fates: ["done"], crash: false })
  story("commits whose answer is lost, in memory", { tiers: "memory", fates: lost, crash: false })
  story("commits whose answer is lost, over a slow tier", { tiers: "slow", fates: lost, crash: false })
  story("a process that ends in the middle of transactions", { tiers: "through", fates: ["done"], crash: true })
  story("a process that ends, over a slow tier", { tiers: "slow", fates: ["done"], crash: true })
})
