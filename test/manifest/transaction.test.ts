/**
 * Transactions: the cache takes the writes of a body when the database commits, and drops them when it rolls back. No
 * reader gets a value that was not committed, whatever happens to the commit.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import { doubtMillis, doubtsMax } from "../../src/cache/internal/entries/holds.ts"
import { openWork } from "../../src/cache/internal/loads/load.ts"
import { CurrentTransaction as noTransaction } from "../../src/cache/transactions/internal/frame.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import { StoreError, TierFailed } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { Database, type DatabaseError, type Fate } from "../support/database.ts"
import { makePlace, mapLayer, mapStore, type Place } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    row: { pattern: "row:{id}", value: Manifest.type<number>() },
    view: { pattern: "view:{id}", value: Manifest.type<string>(), derives: ["row:{id}"] },
    list: { pattern: "list:{id}:{n}", value: Manifest.type<string>(), derives: ["row:{id}"], fanout: true },
    note: { pattern: "note:{id}", value: Manifest.type<number>() }
  }
}) {}
const { list, note, row, view } = App.keys

class Other extends Manifest.Service<Other>()("Other", {
  families: { copy: { pattern: "copy:{id}", value: Manifest.type<number>() } }
}) {}
const { copy } = Other.keys

let loads: Array<string> = []
let gate: Effect.Effect<void> = Effect.void

const appOver = (db: Database) =>
  App.modules({
    row: App.owner("row", {
      lookup: ({ id }) => {
        loads.push(`row:${id}`)
        return db.read(id)
      }
    }),
    view: App.owner("view", {
      lookup: ({ id }) => {
        loads.push(`view:${id}`)
        return Effect.map(row.get({ id }), (value) => `v${value}`)
      }
    }),
    list: App.owner("list", { lookup: ({ id, n }) => Effect.map(row.get({ id }), (value) => `${n}.${value}`) }),
    note: App.owner("note", { lookup: ({ id }) => Effect.tap(db.read(`note ${id}`), () => gate) })
  })

const over = (place: Place): Layer.Layer<Store, StoreError> =>
  TieredStore.layer([MemoryStore.layer({ capacity: 100 }), mapLayer({ place })])

let isBroken = false
const broken = Effect.suspend(() =>
  isBroken
    ? Effect.fail(new StoreError({ reason: new TierFailed({ tier: "map", operation: "set", cause: "no room" }) }))
    : Effect.void
)

/** Takes no change any more once it is broken. */
const breaking = Layer.sync(Store, () => {
  const store = mapStore()
  return Store.of({ ...store, write: (round) => Effect.andThen(broken, store.write(round)) })
})

const memory = MemoryStore.layer({ capacity: 100 })

const id = "1"
const one = { id }

const within = <A, E>(
  program: (db: Database) => Effect.Effect<A, E, any>,
  store: Layer.Layer<Store, StoreError> = memory
): Effect.Effect<A, unknown> =>
  Effect.suspend(() => {
    const db = new Database(0)
    loads = []
    const layer = Layer.merge(
      appOver(db),
      Other.modules({ copy: Other.owner("copy", { lookup: ({ id: of }) => db.read(of) }) })
    )
    return Effect.ensuring(
      Effect.provide(Effect.scoped(program(db)), Layer.fresh(Layer.provide(layer, store))),
      Effect.sync(() => assert.strictEqual(openWork.count, 0, "no body is open for ever"))
    )
  }) as Effect.Effect<A, unknown>

const fated = (db: Database, fate: Fate = "done") => App.transaction(db.withTransaction(Effect.succeed(fate)))

const refusalOf = <A, R>(effect: Effect.Effect<A, CacheError | DatabaseError | string, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.ok(typeof error === "object" && error._tag === "CacheError", String(error))
    return error.reason
  })

/** Runs a body that fails in the end, so that what it asserts before is not lost in its failure. */
const rolledBack = (db: Database, body: Effect.Effect<unknown, CacheError | DatabaseError, any>) =>
  Effect.map(
    Effect.flip(fated(db)(Effect.andThen(body, Effect.fail("no")))),
    (error) => assert.strictEqual(error, "no")
  )

/** A body that writes a row, tells the cache by `tell`, and stays open until it is let go. */
const opened = (
  db: Database,
  value: number,
  tell: Effect.Effect<void, CacheError, any>,
  end: Effect.Effect<any, any>
) =>
  Effect.gen(function*() {
    const told = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkScoped(
      fated(db)(Effect.gen(function*() {
        yield* db.write(id, value)
        yield* tell
        yield* Deferred.succeed(told, undefined)
        yield* end
      }))
    )
    yield* Deferred.await(told)
    return fiber
  })

/** An ordinary function of a repository, which fails in the end, or does not. */
const paidOnly = (db: Database) => Effect.andThen(db.write(id, 5), row.set(one, 5))
const paid = (db: Database) => Effect.andThen(paidOnly(db), Effect.fail("no"))

describe("transaction", () => {
  it.effect("a reader between an invalidation in the body and the commit does not keep the old value", () =>
    within((db) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* row.get(one), 0)
        const go = yield* Deferred.make<void>()
        const fiber = yield* opened(db, 1, row.invalidate(one), Deferred.await(go))
        assert.strictEqual(yield* row.get(one), 0)
        assert.strictEqual(yield* view.get(one), "v0")
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(fiber)
        assert.strictEqual(yield* row.get(one), 1)
        assert.strictEqual(yield* view.get(one), "v1")
      })
    ))

  it.effect("a value that was set is held after the commit, and no reader sees it before", () =>
    within((db) =>
      Effect.gen(function*() {
        const go = yield* Deferred.make<void>()
        const fiber = yield* opened(db, 1, row.set(one, 1), Deferred.await(go))
        assert.deepStrictEqual(yield* row.getOption(one), Option.none())
        assert.strictEqual(yield* row.get(one), 0)
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(fiber)
        loads = []
        assert.strictEqual(yield* row.get(one), 1)
        assert.deepStrictEqual(loads, [])
      })
    ))

  for (
    const [how, end] of [["a failure", Effect.fail("no")], ["a defect", Effect.die("no")], [
      "an interruption",
      Effect.interrupt
    ]] as const
  ) {
    it.effect(`a value that was set is never seen after ${how} of the body, and the held value stays`, () =>
      within((db) =>
        Effect.gen(function*() {
          yield* row.get(one)
          loads = []
          const exit = yield* Effect.exit(
            fated(db)(Effect.gen(function*() {
              yield* db.write(id, 1)
              yield* row.set(one, 1)
              yield* end
            }))
          )
          assert.ok(Exit.isFailure(exit))
          assert.strictEqual(yield* row.get(one), 0)
          assert.deepStrictEqual(loads, [])
        })
      ))
  }

  it.effect("the body reads its own writes, and a deleted key is absent there", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* row.set({ id: "2" }, 7)
        yield* fated(db)(Effect.gen(function*() {
          yield* row.set(one, 5)
          const writer = yield* row.writer
          assert.strictEqual(yield* row.get(one), 5)
          assert.strictEqual(writer.getUnsafe(one), 5)
          assert.strictEqual(yield* Effect.promise(() => writer.getPromise(one)), 5)
          assert.deepStrictEqual(yield* row.getMany([one, { id: "2" }]), [5, 7])
          assert.strictEqual((yield* row.getAnswer(one)).tier, "transaction")
          assert.strictEqual(yield* view.get(one), "v5")
          yield* row.delete({ id: "2" })
          assert.strictEqual(yield* row.has({ id: "2" }), false)
          assert.strictEqual(writer.getUnsafe({ id: "2" }), undefined)
        }))
        assert.strictEqual(yield* view.has(one), false)
      })
    ))

  it.effect("a load of the body runs on the connection of the transaction, and its value is not kept", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* view.get(one)
        const body = Effect.gen(function*() {
          yield* db.write(id, 1)
          yield* row.invalidate(one)
          assert.strictEqual(yield* row.get(one), 1)
          assert.strictEqual(yield* view.get(one), "v1")
          assert.strictEqual(yield* list.get({ id, n: "3" }), "3.1")
          assert.strictEqual(yield* row.refresh(one), 1)
        })
        yield* rolledBack(db, body)
        assert.strictEqual(yield* row.get(one), 0)
        assert.strictEqual(yield* view.get(one), "v0")
        assert.strictEqual(yield* list.get({ id, n: "3" }), "3.0")
      })
    ))

  it.effect("the body does not join a load that waits for a connection", () =>
    within((db) =>
      Effect.gen(function*() {
        const go = yield* Deferred.make<void>()
        const fiber = yield* opened(db, 1, row.invalidate(one), Deferred.await(go))
        const reader = yield* Effect.forkScoped(row.get(one), { startImmediately: true })
        assert.strictEqual(yield* fated(db)(row.get(one)), 0)
        yield* Fiber.join(reader)
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(fiber)
      })
    ))

  it.effect("an update and a patch in the body are refused, and the error says what to do", () =>
    within((db) =>
      Effect.gen(function*() {
        const refused = [
          yield* refusalOf(fated(db)(row.update(one, (was) => was + 1))),
          yield* refusalOf(fated(db)(row.patch(one, (was) => was + 1))),
          yield* refusalOf(fated(db)(Effect.flatMap(row.writer, (writer) => writer.update(one, (was) => was + 1))))
        ]
        for (const reason of refused) {
          assert.ok(reason._tag === "TransactionRefused" && reason.code === "E0524", reason._tag)
          assert.include(reason.message, "row:1")
          assert.include(reason.message, "`set` the new value")
        }
      })
    ))

  it.effect("a condition that fails at the end of the body rolls the database back", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* row.set(one, 0)
        const { version } = yield* row.getAnswer(one)
        const reason = yield* refusalOf(
          fated(db)(Effect.gen(function*() {
            yield* db.write(id, 1)
            yield* row.set(one, 1, { ifVersion: version! + 1 })
          }))
        )
        assert.strictEqual(reason._tag, "VersionConflict")
        assert.strictEqual(db.rows.get(id), undefined)
        yield* fated(db)(Effect.andThen(db.write(id, 2), row.set(one, 2, { ifVersion: version! })))
        assert.strictEqual(yield* row.get(one), 2)
      })
    ))

  it.effect("a lease that ends before the body does rolls the database back", () =>
    within((db) =>
      Effect.gen(function*() {
        const reason = yield* refusalOf(
          fated(db)(Effect.gen(function*() {
            yield* db.write(id, 1)
            yield* Effect.scoped(Effect.flatMap(row.lease(one), (lease) => row.set(one, 1, { lease })))
          }))
        )
        assert.ok(reason._tag === "LeaseRefused")
        assert.strictEqual(reason.error.why, "ended before the commit")
        assert.include(reason.message, "around the transaction")
        assert.strictEqual(db.rows.get(id), undefined)
      })
    ))

  it.effect("an invalid option fails in the body, where it is given", () =>
    within((db) =>
      Effect.gen(function*() {
        const caught = yield* fated(db)(refusalOf(row.set(one, 1, { timeToLive: -1 })))
        assert.strictEqual(caught._tag, "InvalidOption")
      })
    ))

  it.effect("a tier that refuses the removals before the commit rolls the database back", () =>
    within(
      (db) =>
        Effect.gen(function*() {
          const reason = yield* refusalOf(fated(db)(Effect.andThen(db.write(id, 1), row.set(one, 1))))
          assert.strictEqual(reason._tag, "StoreFailed")
          assert.strictEqual(db.rows.get(id), undefined)
        }),
      TieredStore.layer([
        memory,
        FaultyStore.layer(mapLayer({}), { seed: 1, rules: [{ fault: { kind: "fail" }, operations: ["remove"] }] })
      ])
    ))

  it.effect("a tier that fails after the commit does not fail the transaction, and no old value stays", () =>
    within(
      (db) =>
        Effect.gen(function*() {
          isBroken = false
          yield* row.get(one)
          const breakLast = Effect.sync(() => void (isBroken = true))
          yield* App.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) =>
            db.withTransaction()(Effect.tap(body, breakLast))
          )(Effect.andThen(db.write(id, 1), row.set(one, 1)))
          assert.strictEqual(yield* row.get(one), 1)
          assert.ok(loads.length > 1)
        }),
      TieredStore.layer([memory, breaking])
    ))

  it.effect("the body is refused more changes than a transaction collects, and may name the family instead", () =>
    within((db) =>
      Effect.gen(function*() {
        const many = Array.from({ length: 10_001 }, (_, i) => [{ id: String(i) }, i] as const)
        const reason = yield* refusalOf(fated(db)(note.setMany(many)))
        assert.ok(reason._tag === "TransactionRefused" && reason.code === "E0525")
        assert.include(reason.message, "it makes more than 10000 changes, the most that a transaction collects")
        yield* fated(db)(note.invalidateAll())
      })
    ))

  it.effect("a value that another writer set meanwhile is removed, since the order of commits is unknown", () =>
    within((db) =>
      Effect.gen(function*() {
        const go = yield* Deferred.make<void>()
        const fiber = yield* opened(db, 1, row.set(one, 1), Deferred.await(go))
        yield* row.set(one, 8)
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(fiber)
        assert.strictEqual(yield* row.has(one), false)
        assert.strictEqual(yield* row.get(one), 1)
      })
    ))

  // What another one changes between the beginning of the body and a `set` in it.
  const changes: ReadonlyArray<
    { readonly by: string; readonly change: (db: Database) => Effect.Effect<void, any, any> }
  > = [
    { by: "a transaction", change: (db) => fated(db)(Effect.andThen(db.write(id, 7), row.set(one, 7))) },
    { by: "a set", change: (db) => Effect.andThen(db.write(id, 7), row.set(one, 7)) },
    { by: "an invalidation", change: (db) => Effect.andThen(db.write(id, 7), row.invalidate(one)) },
    { by: "a pattern", change: (db) => Effect.andThen(db.write(id, 7), row.invalidateAll()) },
    { by: "a batch", change: (db) => Effect.andThen(db.write(id, 7), App.batch([row.setting(one, 7)])) },
    { by: "a refresh", change: (db) => Effect.andThen(db.write(id, 7), Effect.asVoid(row.refresh(one))) }
  ]
  for (const { by, change } of changes) {
    for (const read of ["a hit", "a load", "by SQL"] as const) {
      it.effect(`a value that the body set for a row that ${by} changed after it was read is not kept (${read})`, () =>
        within((db) =>
          Effect.gen(function*() {
            if (read === "a hit") yield* row.get(one)
            const [seen, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
            const fiber = yield* Effect.forkScoped(
              fated(db)(Effect.gen(function*() {
                const was = read === "by SQL" ? yield* db.read(id) : yield* row.get(one)
                yield* Deferred.succeed(seen, undefined)
                yield* Deferred.await(go)
                yield* view.set(one, `v${was}`)
                yield* list.set({ id, n: "1" }, `1.${was}`)
                yield* note.set(one, was)
              }))
            )
            yield* Deferred.await(seen)
            yield* change(db)
            yield* Deferred.succeed(go, undefined)
            yield* Fiber.join(fiber)
            const got = [yield* row.get(one), yield* view.get(one), yield* list.get({ id, n: "1" })]
            assert.deepStrictEqual(got, [7, "v7", "1.7"])
            assert.strictEqual(Option.getOrUndefined(yield* note.getOption(one)), 0, "what depends on nothing is kept")
          })
        ))
    }
  }

  it.effect("a transaction that overlaps the commit of another does not set a key that both change", () =>
    within((db) =>
      Effect.gen(function*() {
        const [go, come] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const first = yield* opened(db, 1, row.set(one, 1), Deferred.await(go))
        const second = yield* Effect.forkScoped(
          fated(db)(Effect.andThen(row.set(one, 2), Effect.andThen(Deferred.await(come), db.write(id, 2)))),
          { startImmediately: true }
        )
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(first)
        assert.deepStrictEqual(yield* row.getOption(one), Option.some(1))
        yield* Deferred.succeed(come, undefined)
        yield* Fiber.join(second)
        assert.strictEqual(yield* row.has(one), false)
        assert.strictEqual(yield* row.get(one), 2)
      })
    ))

  it.effect("two transactions whose commits overlap do not set a key that both change", () =>
    within((db) =>
      Effect.gen(function*() {
        const [sent, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const slowly = <A, E, R>(body: Effect.Effect<A, E, R>) =>
          db.withTransaction()(body).pipe(
            Effect.tap(() => Deferred.succeed(sent, undefined)),
            Effect.tap(() => Deferred.await(go))
          )
        const first = yield* Effect.forkScoped(
          App.transaction(slowly)(Effect.andThen(db.write(id, 1), row.set(one, 1)))
        )
        yield* Deferred.await(sent)
        yield* fated(db)(Effect.andThen(db.write(id, 2), row.set(one, 2)))
        assert.strictEqual(yield* row.has(one), false)
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(first)
        assert.strictEqual(yield* row.has(one), false)
        assert.strictEqual(yield* row.get(one), 2)
      })
    ))

  it.effect("no writer or reader waits for a commit that hangs, and no reader keeps a value meanwhile", () =>
    within(() =>
      Effect.gen(function*() {
        const sent = yield* Deferred.make<void>()
        const hung = yield* Effect.forkScoped(
          App.transaction((body) =>
            Effect.andThen(body, Effect.andThen(Deferred.succeed(sent, undefined), Effect.never))
          )(
            row.set(one, 1)
          )
        )
        yield* Deferred.await(sent)
        yield* row.set(one, 3)
        assert.strictEqual(yield* row.has(one), false)
        assert.strictEqual(yield* row.get(one), 0)
        assert.strictEqual(yield* row.has(one), false)
        yield* row.set({ id: "2" }, 3)
        assert.strictEqual(yield* row.has({ id: "2" }), true)
        yield* Fiber.interrupt(hung)
        yield* TestClock.adjust(doubtMillis)
        yield* row.get(one)
        assert.strictEqual(yield* row.has(one), true)
      })
    ))

  for (const fate of ["lostAfter", "lostBefore", "lostLate"] as const) {
    it.effect(`a commit whose answer is lost (${fate}) sets nothing, and no old value stays once its time is over`, () =>
      within((db) =>
        Effect.gen(function*() {
          yield* view.get(one)
          const exit = yield* Effect.exit(fated(db, fate)(Effect.andThen(db.write(id, 1), row.set(one, 1))))
          assert.ok(Exit.isFailure(exit))
          const read = Effect.all([row.get(one), view.get(one)])
          yield* read
          assert.strictEqual(yield* row.has(one), false)
          yield* TestClock.adjust(doubtMillis)
          const value = db.rows.get(id) ?? 0
          assert.deepStrictEqual(yield* read, [value, `v${value}`])
          assert.strictEqual(yield* row.has(one), true)
        })
      ))
  }

  it.effect("what commits in doubt cost, once their time is over, does not grow with their number", () =>
    within((db) =>
      Effect.gen(function*() {
        const lost = (i: number) => Effect.exit(fated(db, "lostBefore")(row.set({ id: `lost ${i}` }, 1)))
        yield* view.get(one)
        yield* Effect.forEach(Array.from({ length: 3 * doubtsMax }), (_, i) => lost(i), { discard: true })
        db.rows.set(id, 1)
        yield* row.invalidate(one)
        yield* TestClock.adjust(doubtMillis)
        const drops = Effect.map(App.stats, (stats) => stats.row.invalidations)
        const before = yield* drops
        assert.strictEqual(yield* row.get(one), 1)
        assert.strictEqual(yield* view.get(one), "v1")
        assert.strictEqual(yield* row.has(one), true)
        assert.isAtMost((yield* drops) - before, doubtsMax)
      })
    ))

  it.effect("a load that began while a commit was in doubt is not kept when it ends afterwards", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* Effect.exit(fated(db, "lostLate")(Effect.andThen(note.set(one, 1), db.write("note 1", 1))))
        const open = yield* Deferred.make<void>()
        gate = Deferred.await(open)
        const reader = yield* Effect.forkScoped(note.get(one), { startImmediately: true })
        yield* TestClock.adjust(doubtMillis)
        gate = Effect.void
        assert.strictEqual(yield* note.get({ id: "2" }), 0)
        yield* Deferred.succeed(open, undefined)
        assert.strictEqual(yield* Fiber.join(reader), 0)
        assert.strictEqual(yield* note.get(one), 1)
      })
    ))

  it.effect("a savepoint that is rolled back drops what it collected, and no more", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* fated(db)(Effect.gen(function*() {
          yield* db.write(id, 1)
          yield* row.set(one, 1)
          const inner = Effect.gen(function*() {
            yield* db.write(id, 2)
            yield* row.set(one, 2)
            yield* row.set({ id: "2" }, 2)
            assert.strictEqual(yield* row.get(one), 2)
          })
          yield* rolledBack(db, inner)
          assert.strictEqual(yield* row.get(one), 1)
          yield* fated(db)(Effect.andThen(db.write("3", 3), row.set({ id: "3" }, 3)))
          assert.strictEqual(yield* row.get({ id: "3" }), 3)
        }))
        loads = []
        assert.deepStrictEqual(yield* row.getMany([one, { id: "3" }]), [1, 3])
        assert.deepStrictEqual(loads, [])
        assert.strictEqual(yield* row.has({ id: "2" }), false)
      })
    ))

  for (
    const { how, pay } of [
      {
        how: "the database alone set",
        pay: (db: Database) => db.withTransaction()(paid(db))
      },
      {
        how: "the database set around a savepoint of the cache",
        pay: (db: Database) => db.withTransaction()(Effect.andThen(fated(db)(paidOnly(db)), Effect.fail("no")))
      },
      {
        how: "the database set around a transaction of another manifest",
        pay: (db: Database) =>
          db.withTransaction()(Effect.andThen(
            Other.transaction(db.withTransaction())(Effect.andThen(db.write(id, 5), copy.set(one, 5))),
            Effect.fail("no")
          ))
      }
    ]
  ) {
    it.effect(`a value that was set within a savepoint that ${how} is not kept when it is rolled back`, () =>
      within((db) =>
        Effect.gen(function*() {
          yield* fated(db)(Effect.gen(function*() {
            yield* db.write("2", 2)
            yield* row.set({ id: "2" }, 2)
            yield* Effect.ignore(pay(db) as Effect.Effect<any, any, any>)
            assert.strictEqual(yield* row.get(one), 0, "the body reads what the database has")
          }))
          assert.deepStrictEqual([yield* row.get(one), yield* view.get(one), yield* copy.get(one)], [0, "v0", 0])
          assert.strictEqual(Option.getOrUndefined(yield* row.getOption({ id: "2" })), 2, "the rest is held")
        })
      ))
  }

  it.effect("a value that was set within a savepoint of the database alone is not held, since its end is unknown", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* fated(db)(db.withTransaction()(paidOnly(db)))
        assert.ok(Option.isNone(yield* row.getOption(one)))
        assert.strictEqual(yield* row.get(one), 5)
      })
    ))

  it.effect("the changes of a savepoint are dropped with the transaction around it", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* rolledBack(db, fated(db)(Effect.andThen(db.write(id, 1), row.set(one, 1))))
        assert.strictEqual(yield* row.has(one), false)
        assert.strictEqual(yield* row.get(one), 0)
      })
    ))

  it.effect("a fiber that outlives the body writes directly", () =>
    within((db) =>
      Effect.gen(function*() {
        const go = yield* Deferred.make<void>()
        const late = yield* fated(db)(
          Effect.forkDetach(Effect.andThen(Deferred.await(go), row.set(one, 4)))
        )
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(late)
        assert.strictEqual(yield* row.has(one), true)
      })
    ))

  it.effect("a second run of the body keeps nothing of the first one", () =>
    within((db) =>
      Effect.gen(function*() {
        let runs = 0
        yield* App.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) =>
          Effect.retry(db.withTransaction()(body), Schedule.recurs(3))
        )(
          Effect.gen(function*() {
            runs++
            yield* db.write(id, runs)
            yield* row.set(one, runs)
            yield* row.set({ id: String(10 + runs) }, runs)
            if (runs < 3) return yield* Effect.fail("again")
          })
        )
        loads = []
        assert.strictEqual(yield* row.get(one), 3)
        assert.deepStrictEqual(loads, [], "the value of the run that was committed is held")
        assert.strictEqual(yield* row.has({ id: "11" }), false)
      })
    ))

  it.effect("a savepoint whose combinator runs it again hands on what the last run set", () =>
    within((db) =>
      Effect.gen(function*() {
        let runs = 0
        const again = Effect.gen(function*() {
          yield* db.write(id, ++runs)
          yield* row.set(one, runs)
          if (runs === 1) return yield* Effect.fail("again")
        })
        yield* fated(db)(
          App.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) =>
            Effect.retry(db.withTransaction()(body), Schedule.recurs(1))
          )(again)
        )
        loads = []
        assert.strictEqual(yield* row.get(one), 2)
        assert.deepStrictEqual(loads, [])
      })
    ))

  it.effect("a run before the last one whose commit failed leaves both in doubt, since they may be in any order", () =>
    within((db) =>
      Effect.gen(function*() {
        let runs = 0
        const within = (body: Effect.Effect<any, any, any>) =>
          Effect.retry(
            db.withTransaction(Effect.sync(() => runs === 1 ? "lostBefore" : "done"))(body),
            Schedule.recurs(1)
          )
        yield* App.transaction(within)(Effect.suspend(() => Effect.andThen(db.write(id, ++runs), row.set(one, runs))))
        loads = []
        assert.strictEqual(yield* row.get(one), 2)
        assert.deepStrictEqual(loads, ["row:1"])
      })
    ))

  it.effect("a combinator that turns a failure into a success sets nothing", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* App.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) =>
          db.withTransaction()(Effect.exit(body)) as typeof body
        )(
          Effect.andThen(db.write(id, 1), Effect.andThen(row.set(one, 9), Effect.fail("no")))
        )
        assert.strictEqual(yield* row.has(one), false)
        assert.strictEqual(yield* row.get(one), 1)
      })
    ))

  it.effect("a transaction within one that the cache does not know is refused, since a savepoint is not a commit", () =>
    within((db) =>
      Effect.gen(function*() {
        const reason = yield* refusalOf(db.withTransaction()(fated(db)(row.set(one, 1))))
        assert.ok(reason._tag === "TransactionRefused" && reason.code === "E0526", reason._tag)
        assert.include(reason.message, "App.transaction(sql.withTransaction)")
      })
    ))

  it.effect("transactions of two manifests take effect together, and neither does when the database rolls back", () =>
    within((db) =>
      Effect.gen(function*() {
        const both = App.transaction(Other.transaction(db.withTransaction()))
        const change = Effect.all([db.write(id, 1), row.set(one, 1), copy.set(one, 1)])
        yield* Effect.exit(both(Effect.andThen(change, Effect.fail("no"))))
        assert.deepStrictEqual([yield* row.has(one), yield* copy.has(one)], [false, false])
        yield* both(change)
        assert.deepStrictEqual([yield* row.get(one), yield* copy.get(one)], [1, 1])
        assert.deepStrictEqual(loads, [])
      })
    ))

  it.effect("a transaction of another manifest in the body waits for the outer commit", () =>
    within((db) =>
      Effect.gen(function*() {
        const inner = Other.transaction(db.withTransaction())(Effect.andThen(db.write(id, 1), copy.set(one, 1)))
        const seen = Effect.provideService(copy.has(one), noTransaction, undefined)
        yield* fated(db)(Effect.andThen(inner, Effect.map(seen, (has) => assert.strictEqual(has, false))))
        assert.strictEqual(yield* copy.has(one), true)
        yield* copy.delete(one)
        yield* rolledBack(db, inner)
        assert.strictEqual(yield* copy.has(one), false)
      })
    ))

  it.effect("the body collects writes by batches, patterns, tags, raw keys and handles like those by accessors", () =>
    within((db) =>
      Effect.gen(function*() {
        const fill = Effect.all([
          row.get(one),
          view.get(one),
          list.get({ id, n: "1" }),
          row.set(one, 0, { tags: ["t"] })
        ])
        const held = Effect.all([row.has(one), view.has(one)])
        const tells: ReadonlyArray<Effect.Effect<unknown, CacheError, any>> = [
          row.invalidateAll(),
          row.invalidateWhere({}),
          row.invalidateTag("t"),
          row.deleteMany([one]),
          App.invalidate("row:1"),
          App.delete("row:1"),
          App.batch([row.deleting(one)]),
          Effect.flatMap(row.writer, (writer) => writer.delete(one)),
          row.refresh(one) as Effect.Effect<unknown, CacheError, any>
        ]
        for (const tell of tells) {
          yield* fill
          yield* view.get(one)
          yield* rolledBack(db, tell)
          assert.deepStrictEqual(yield* held, [true, true])
          yield* fated(db)(tell)
          assert.deepStrictEqual(yield* held, [false, false])
        }
        const sets = [row.setMany([[one, 6]]), App.set("row:1", 6), App.batch([row.setting(one, 6)])]
        for (const tell of sets as ReadonlyArray<Effect.Effect<unknown, CacheError, any>>) {
          yield* row.delete(one)
          yield* rolledBack(db, tell)
          assert.strictEqual(yield* row.has(one), false)
          yield* fated(db)(tell)
          assert.deepStrictEqual(yield* row.getOption(one), Option.some(6))
        }
      })
    ))

  it.effect("a derived value that was set before its source is not kept, and one that was set with it is", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* fated(db)(Effect.andThen(view.set(one, "old"), row.set(one, 1)))
        assert.strictEqual(yield* view.has(one), false)
        yield* fated(db)(App.batch([view.setting(one, "new"), row.setting(one, 2)]))
        assert.deepStrictEqual(yield* view.getOption(one), Option.some("new"))
      })
    ))

  it.effect("a crash at the commit leaves no old value below memory", () => {
    const place = makePlace()
    const keysBelow = () => [...place.families.values()].flatMap((entries) => [...entries.keys()])
    return within(
      (db) =>
        Effect.gen(function*() {
          yield* row.get(one)
          yield* view.get(one)
          yield* row.delete({ id: "9" })
          assert.include(keysBelow(), id)
          yield* App.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) =>
            Effect.tap(
              db.withTransaction()(Effect.tap(body, () => {
                assert.deepStrictEqual(keysBelow(), [])
                // A reader between here and the commit reads the row from before it.
                return Effect.andThen(row.get(one), Effect.sync(() => assert.deepStrictEqual(keysBelow(), [])))
              })),
              () => Effect.void
            )
          )(Effect.andThen(db.write(id, 1), row.invalidate(one)))
          assert.strictEqual(yield* row.get(one), 1)
        }),
      over(place)
    )
  })

  it.effect("an owner that leaves before the end of the body rolls the database back", () =>
    Effect.gen(function*() {
      const db = new Database(0)
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Layer.provide(appOver(db), memory), scope)
      const reason = yield* refusalOf(Effect.provideContext(
        fated(db)(Effect.gen(function*() {
          yield* db.write(id, 1)
          yield* row.set(one, 1)
          yield* Scope.close(scope, Exit.void)
        })) as Effect.Effect<void, CacheError | DatabaseError>,
        context as never
      ))
      assert.strictEqual(reason._tag, "Unowned")
      assert.strictEqual(db.rows.get(id), undefined)
    }))
})
