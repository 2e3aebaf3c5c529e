/**
 * A write inside a database transaction that the cache does not know would take effect at once, and a rollback would
 * not undo it. So every operation that writes is refused there, by every face of a family. Reads go on.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as CacheError from "../../src/cache/CacheError.ts"
import { hasConnection } from "../../src/cache/transactions/internal/frame.ts"
import type { Writing } from "../../src/manifest/Family.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Connection, Database } from "../support/database.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    row: { pattern: "row:{id}", value: Manifest.type<number>() },
    view: { pattern: "view:{id}", value: Manifest.type<string>(), derives: ["row:{id}"] }
  }
}) {}
const { row, view } = App.keys

class Other extends Manifest.Service<Other>()("Other", {
  families: { copy: { pattern: "copy:{id}", value: Manifest.type<number>() } }
}) {}
const { copy } = Other.keys

const id = "1"
const one = { id }

const layerOver = (db: Database) =>
  Layer.mergeAll(
    App.modules({
      row: App.owner("row", { lookup: (params) => db.read(params.id) }),
      view: App.owner("view", { lookup: (params) => Effect.map(row.get(params), (value) => `v${value}`) })
    }),
    Other.modules({ copy: Other.owner("copy", { lookup: (params) => db.read(params.id) }) })
  ).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

const within = <A, E>(program: (db: Database) => Effect.Effect<A, E, any>): Effect.Effect<A, unknown> =>
  Effect.suspend(() => {
    const db = new Database(0)
    return Effect.provide(program(db), Layer.fresh(layerOver(db)))
  }) as Effect.Effect<A, unknown>

type Run = (of: any) => Effect.Effect<unknown, unknown, any>

/** Every operation that writes. */
const doors: { readonly [D in Exclude<keyof Writing<any, any, any, any>, "pattern">]: Run } = {
  set: (of) => of.set(one, 5),
  setMany: (of) => of.setMany([[one, 5]]),
  update: (of) => of.update(one, () => 5),
  patch: (of) => of.patch(one, () => 5),
  delete: (of) => of.delete(one),
  deleteMany: (of) => of.deleteMany([one]),
  invalidate: (of) => of.invalidate(one),
  invalidateWhere: (of) => of.invalidateWhere(one),
  invalidateAll: (of) => of.invalidateAll(),
  invalidateTag: (of) => of.invalidateTag("t"),
  getOr: (of) => of.getOr(one, Effect.succeed(5)),
  setIfAbsent: (of) => of.setIfAbsent(one, 5),
  getAndDelete: (of) => of.getAndDelete(one),
  reschedule: (of) => of.reschedule(one, "1 hour"),
  refresh: (of) => of.refresh(one)
}

const ofManifest: Record<string, Effect.Effect<unknown, unknown, any>> = {
  "a batch": App.batch([row.setting(one, 5)]),
  "a deletion in a batch": App.batch([row.deleting(one)]),
  "an invalidation by a pattern": App.invalidate("row:1"),
  "a deletion of a raw key": App.delete("row:1"),
  "a raw key": App.set("row:1", 5)
}

const assertRefused = (error: unknown, what: string, manifest = "App") => {
  assert.ok(error instanceof CacheError.CacheError, `${what}: ${error}`)
  const { reason } = error
  assert.ok(reason._tag === "TransactionRefused" && reason.code === "E0528", `${what}: ${reason.message}`)
  assert.include(reason.message, `${manifest}.transaction(sql.withTransaction)`)
}

const faces = [["accessor", Effect.succeed(row)], ["writer", row.writer]] as const

describe("a transaction of the database that the cache does not know", () => {
  it.effect("every operation that writes is refused in a transaction that the cache does not know, and changes nothing", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* row.set(one, 1, { tags: ["t"] })
        yield* view.get(one)
        for (const [face, make] of faces) {
          const of = yield* make
          for (const [door, run] of Object.entries(doors)) {
            // Once with the Context that wrote before, and twice with one that is new.
            const body = Effect.gen(function*() {
              assertRefused(yield* Effect.flip(run(of)), `${door} of the ${face}`)
              assertRefused(yield* Effect.flip(run(of)), `${door} of the ${face}, again`)
            })
            yield* db.withTransaction()(body)
            assert.deepStrictEqual(yield* row.getOption(one), Option.some(1), door)
            assert.deepStrictEqual(yield* view.getOption(one), Option.some("v1"), door)
          }
        }
        for (const [what, write] of Object.entries(ofManifest)) {
          assertRefused(yield* Effect.flip(db.withTransaction()(write)), what)
          assert.deepStrictEqual(yield* row.getOption(one), Option.some(1), what)
        }
      })
    ))

  it.effect("writes go through before and after a transaction of the database that the cache does not know", () =>
    within((db) =>
      Effect.gen(function*() {
        for (const [face, make] of faces) {
          const of = yield* make
          for (const [door, run] of Object.entries(doors)) {
            yield* row.set(one, 1)
            yield* run(of)
            assertRefused(yield* Effect.flip(db.withTransaction()(run(of))), `${door} of the ${face}`)
            yield* run(of)
          }
        }
      })
    ))

  it.effect("the body of a transaction of one manifest may not write another one", () =>
    within((db) =>
      Effect.gen(function*() {
        const body = Effect.andThen(row.set(one, 5), copy.set(one, 5))
        assertRefused(
          yield* Effect.flip(App.transaction(db.withTransaction())(body)),
          "the other manifest",
          "Other"
        )
        assert.deepStrictEqual([yield* row.has(one), yield* copy.has(one)], [false, false])
        // A database whose connection has no known name in the Context.
        const unnamed = <A, E, R>(attempt: Effect.Effect<A, E, R>) => attempt
        assertRefused(yield* Effect.flip(App.transaction(unnamed)(body)), "without a connection", "Other")
        yield* App.transaction(Other.transaction(db.withTransaction()))(body)
        assert.deepStrictEqual([yield* row.has(one), yield* copy.has(one)], [true, true])
      })
    ))

  it.effect("a fiber that outlives a transaction of the cache may write, and in a new transaction it may not", () =>
    within((db) =>
      Effect.gen(function*() {
        const go = yield* Deferred.make<void>()
        const late = Effect.andThen(
          Deferred.await(go),
          Effect.all([
            row.set(one, 1),
            copy.set(one, 1),
            Effect.flip(Effect.provideService(row.set(one, 2), Connection, {} as never))
          ])
        )
        const fiber = yield* App.transaction(db.withTransaction())(Effect.forkDetach(late))
        yield* Deferred.succeed(go, undefined)
        const [, , refused] = yield* Fiber.join(fiber)
        assertRefused(refused, "a new transaction")
        assert.deepStrictEqual([yield* row.get(one), yield* copy.get(one)], [1, 1])
      })
    ))

  it.effect("a read is allowed in a transaction that the cache does not know, and loads what is committed", () =>
    within((db) =>
      Effect.gen(function*() {
        const writer = yield* row.writer
        yield* db.withTransaction()(Effect.gen(function*() {
          yield* db.write(id, 7)
          assert.strictEqual(yield* db.read(id), 7)
          assert.deepStrictEqual([yield* row.get(one), yield* view.get(one)], [0, "v0"])
          assert.deepStrictEqual([yield* row.getOption(one), writer.getUnsafe(one)], [Option.some(0), 0])
          assert.strictEqual(yield* row.warm([{ id: "2" }]), 1)
        }))
        assert.deepStrictEqual(yield* row.getOption({ id: "2" }), Option.some(0))
      })
    ))

  it.effect("an owner that is built in a transaction that the cache does not know loads what is committed, also afterwards", () =>
    Effect.gen(function*() {
      const db = new Database(0)
      const seen = db.withTransaction()(Effect.gen(function*() {
        yield* db.write(id, 7)
        const read = Effect.all([row.get(one), view.get(one)])
        return yield* Effect.provide(read, Layer.fresh(layerOver(db))) as Effect.Effect<ReadonlyArray<unknown>, unknown>
      }))
      assert.deepStrictEqual(yield* seen, [0, "v0"])
      const known = App.transaction(db.withTransaction())(Effect.gen(function*() {
        yield* db.write(id, 8)
        return yield* Layer.build(Layer.fresh(layerOver(db))) as Effect.Effect<Context.Context<any>, never, any>
      }))
      const context = yield* known as Effect.Effect<Context.Context<any>, unknown, never>
      assert.strictEqual(yield* Effect.provideContext(row.get(one), context), 8)
    }) as Effect.Effect<void, unknown>)

  it("a connection is found wherever Effect keeps it", () => {
    const other = (n: number) => Context.Service<object, object>(`other ${n}`)
    let context: Context.Context<never> = Context.empty()
    const more = (count: number) => {
      for (let i = 0; i < count; i++) context = Context.add(context, other(i), {}) as never
    }
    more(3)
    assert.isFalse(hasConnection(context))
    context = Context.add(context, Connection, {} as never) as never
    // More services than Effect keeps apart; then all of them in one map.
    for (let i = 0; i < 20; i++) {
      assert.isTrue(hasConnection(context), `${i}`)
      more(1)
    }
    void context.mapUnsafe
    assert.isTrue(hasConnection(context))
    assert.isTrue(hasConnection({ mapUnsafe: context.mapUnsafe } as never), "a Context without those parts")
    assert.isFalse(hasConnection(Context.omit(Connection)(context)))
  })

  it.effect("a write takes effect at once where the program takes the transaction out of its Context", () =>
    within((db) =>
      Effect.gen(function*() {
        const apart = <A, E, R>(write: Effect.Effect<A, E, R>) =>
          Effect.updateContext(write, Context.omit(Connection) as any)
        yield* Effect.exit(db.withTransaction()(Effect.andThen(apart(row.set(one, 3)), Effect.fail("no"))))
        assert.strictEqual(yield* row.get(one), 3)
      })
    ))
})

describe("a body that leaves its connection leaves its transaction", () => {
  const off = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.updateContext(self, Context.omit(Connection) as any)
  /** What an Effect off the connection does: its row is written for good, and then the cache learns of it. */
  const tells: Record<string, Effect.Effect<unknown, unknown, any>> = {
    "set": row.set(one, 2),
    "update": row.update(one, () => 2),
    "delete": row.delete(one),
    "invalidate": row.invalidate(one),
    "invalidateAll": row.invalidateAll(),
    "a batch": App.batch([row.setting(one, 2)]),
    "a raw key": App.set("row:1", 2),
    "a writer": Effect.flatMap(row.writer, (writer) => writer.set(one, 2)),
    "a write at once": Effect.flatMap(row.writer, (writer) => Effect.sync(() => writer.setUnsafe(one, 2))),
    "a transaction of its own": App.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) => body)(row.set(one, 2))
  }

  for (const ending of ["commits", "rolls back"] as const) {
    for (const [what, tell] of Object.entries(tells)) {
      it.effect(`${what} off the connection takes effect before the transaction ${ending}`, () =>
        within((db) =>
          Effect.gen(function*() {
            yield* row.set(one, 1)
            yield* view.get(one)
            const body = Effect.gen(function*() {
              yield* off(Effect.andThen(db.write(id, 2), tell))
              assert.deepStrictEqual([yield* off(row.get(one)), yield* off(view.get(one))], [2, "v2"])
              return yield* ending === "commits" ? Effect.void : Effect.fail("no")
            })
            yield* Effect.exit(App.transaction(db.withTransaction())(body))
            assert.deepStrictEqual([yield* row.get(one), yield* view.get(one)], [2, "v2"])
          })
        ))
    }
  }

  it.effect("a read off the connection sees nothing of the transaction, and is shared", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* App.transaction(db.withTransaction())(Effect.gen(function*() {
          yield* db.write(id, 7)
          yield* row.set(one, 7)
          assert.deepStrictEqual([yield* row.get(one), yield* view.get(one)], [7, "v7"])
          assert.deepStrictEqual([yield* off(row.get(one)), yield* off(view.get(one))], [0, "v0"])
        }))
        assert.deepStrictEqual([yield* row.get(one), yield* view.get(one)], [7, "v7"])
      })
    ))

  it.effect("a write on another connection is refused, and one in a savepoint is collected", () =>
    within((db) =>
      Effect.gen(function*() {
        yield* row.set(one, 1)
        const elsewhere = off(db.withTransaction()(row.set(one, 2)))
        const inSavepoint = db.withTransaction()(Effect.andThen(db.write(id, 3), row.set(one, 3)))
        yield* App.transaction(db.withTransaction())(Effect.gen(function*() {
          assertRefused(yield* Effect.flip(elsewhere), "another connection")
          yield* inSavepoint
          assert.deepStrictEqual([yield* row.get(one), yield* off(row.get(one))], [3, 1])
        }))
        assert.strictEqual(yield* row.get(one), 3)
      })
    ))

  it.effect("a transaction by a combinator without a known connection is left with the one around it", () =>
    within((db) =>
      Effect.gen(function*() {
        const unnamed = <A, E, R>(attempt: Effect.Effect<A, E, R>) => attempt
        const body = App.transaction(unnamed)(Effect.gen(function*() {
          yield* off(row.set(one, 2))
          yield* row.set({ id: "2" }, 2)
          return yield* Effect.fail("no")
        }))
        yield* Effect.exit(App.transaction(db.withTransaction())(body))
        assert.deepStrictEqual([yield* row.getOption(one), yield* row.has({ id: "2" })], [Option.some(2), false])
      })
    ))
})
