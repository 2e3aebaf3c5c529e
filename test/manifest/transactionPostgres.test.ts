/**
 * Transactions on a real PostgreSQL, at `DATABASE_URL` or at 127.0.0.1:5432. Without a server these tests do not run,
 * and say so.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { join } from "node:path"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import type { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { Accounts, accountsOver, add, PostgresLive } from "../support/children/manifest/accounts.ts"
import { temporaryFolder } from "../support/folder.ts"

const { account, line, statement } = Accounts.keys
const table = `stateless_test_${process.pid}`
const id = "1"
const one = { id }

const isReached = await Effect.runPromise(
  Effect.isSuccess(Effect.provide(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`), PostgresLive))
)
if (!isReached) console.error("DID NOT RUN: no PostgreSQL answers; set DATABASE_URL, or start one at 127.0.0.1:5432")

const memory = MemoryStore.layer({ capacity: 100 })

/** Runs a program over a table of its own with two accounts. */
const within = <A, E>(program: Effect.Effect<A, E, any>, store: Layer.Layer<Store, StoreError> = memory) =>
  Effect.provide(
    Effect.scoped(Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* Effect.acquireRelease(
        sql`CREATE TABLE ${sql(table)} (id TEXT PRIMARY KEY, amount INT NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED)`,
        () => Effect.orDie(sql`DROP TABLE ${sql(table)}`)
      )
      yield* sql`INSERT INTO ${sql(table)} VALUES ('1', 10), ('2', 20)`
      return yield* program
    })),
    Layer.fresh(Layer.provide(accountsOver(table), store))
  ) as Effect.Effect<A, unknown>

const amountOf = (of: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ amount: number }>`SELECT amount FROM ${sql(table)} WHERE id = ${of}`
    return rows[0]!.amount
  })

const inTransaction = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Accounts.transaction(sql.withTransaction)(body))

/** Kills the payer where it has stopped, and answers with what it had read before. */
const killed = (path: string, point: "before" | "after") =>
  Effect.promise(() =>
    new Promise<string>((resolve, reject) => {
      const child = spawn(
        process.execPath,
        [
          "--conditions=@effect-stateless/source",
          join(import.meta.dirname, "../support/children/manifest/payer.ts"),
          path,
          table,
          point
        ],
        { stdio: ["ignore", "pipe", "inherit"] }
      )
      let told = ""
      child.stdout.on("data", (chunk) => {
        told += String(chunk)
        // Some milliseconds later, so that readers have loaded what they may keep.
        if (told.includes("stopped")) setTimeout(() => child.kill("SIGKILL"), 50)
      })
      child.on("close", (_code, signal) =>
        signal === "SIGKILL" ? resolve(told.split("\n")[0]!) : reject(new Error("the payer ended by itself")))
    })
  )

describe.skipIf(!isReached)("transaction of PostgreSQL", () => {
  it.live("a value that the body set is held after the commit, and what derives from it is loaded again", () =>
    within(Effect.gen(function*() {
      yield* statement.get(one)
      assert.strictEqual(yield* inTransaction(add(table, id, 5)), 15)
      assert.deepStrictEqual(yield* account.getOption(one), Option.some(15))
      assert.strictEqual(yield* statement.get(one), "15 left")
    })))

  it.live("a value that the body set is never seen after a rollback", () =>
    within(Effect.gen(function*() {
      yield* statement.get(one)
      assert.strictEqual(yield* Effect.flip(inTransaction(Effect.andThen(add(table, id, 5), Effect.fail("no")))), "no")
      assert.deepStrictEqual([yield* account.get(one), yield* statement.get(one)], [10, "10 left"])
    })))

  it.live("a value that the body set is never seen when PostgreSQL refuses the commit", () =>
    within(Effect.gen(function*() {
      yield* account.get(one)
      const exit = yield* Effect.exit(inTransaction(add(table, id, 10)))
      assert.ok(Exit.isFailure(exit))
      assert.deepStrictEqual([yield* account.get(one), yield* statement.get(one)], [10, "10 left"])
      assert.strictEqual(yield* amountOf(id), 10)
    })))

  it.live("a reader between an invalidation in the body and the commit does not keep the old value", () =>
    within(Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [told, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const fiber = yield* Effect.forkScoped(inTransaction(Effect.gen(function*() {
        yield* sql`UPDATE ${sql(table)} SET amount = 11 WHERE id = ${id}`
        yield* account.invalidate(one)
        assert.deepStrictEqual([yield* account.get(one), yield* statement.get(one)], [11, "11 left"])
        yield* Deferred.succeed(told, undefined)
        yield* Deferred.await(go)
      })))
      yield* Deferred.await(told)
      assert.deepStrictEqual([yield* account.get(one), yield* statement.get(one)], [10, "10 left"])
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([yield* account.get(one), yield* statement.get(one)], [11, "11 left"])
    })))

  it.live("a savepoint that is rolled back drops what it collected, and no more", () =>
    within(Effect.gen(function*() {
      yield* inTransaction(Effect.gen(function*() {
        yield* add(table, id, 1)
        yield* Effect.flip(inTransaction(Effect.andThen(add(table, "2", 1), Effect.fail("no"))))
        assert.deepStrictEqual(yield* account.getMany([one, { id: "2" }]), [11, 20])
      }))
      assert.deepStrictEqual(yield* account.getMany([one, { id: "2" }]), [11, 20])
    })))

  it.live("a write in a transaction of the client alone is refused, and done after its commit or outside of it", () =>
    within(Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const write = account.set(one, 77)
      const error = yield* Effect.flip(sql.withTransaction(write))
      assert.ok(error._tag === "CacheError" && error.reason._tag === "TransactionRefused", error._tag)
      assert.strictEqual(error.reason.code, "E0528")
      assert.ok(Option.isNone(yield* account.getOption(one)))
      const afterwards = sql.afterCommit(Effect.orDie(write))
      yield* Effect.flip(sql.withTransaction(Effect.andThen(afterwards, Effect.fail("no"))))
      assert.ok(Option.isNone(yield* account.getOption(one)))
      yield* sql.withTransaction(afterwards)
      assert.deepStrictEqual(yield* account.getOption(one), Option.some(77))
      const apart = Effect.updateContext(account.delete(one), Context.omit(sql.transactionService))
      yield* Effect.flip(sql.withTransaction(Effect.andThen(apart, Effect.fail("no"))))
      assert.ok(Option.isNone(yield* account.getOption(one)))
    })))

  it.live("as many bodies as the pool has connections load their values without waiting for each other", () =>
    within(Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const body = Effect.gen(function*() {
        yield* sql`SELECT pg_sleep(0.05)`
        yield* statement.warm([one])
        yield* account.getMany([one, { id: "2" }])
        yield* statement.explain(one)
        return yield* statement.get(one)
      })
      const read = yield* Effect.all(Array.from({ length: 4 }, () => inTransaction(body)), { concurrency: "unbounded" })
      assert.deepStrictEqual(read, Array.from({ length: 4 }, () => "10 left"))
    })))

  it.live("racing writers and readers leave the cache equal to the database", () =>
    within(Effect.gen(function*() {
      const readers = yield* Effect.forkScoped(Effect.forever(
        Effect.andThen(Effect.all([account.get(one), statement.get(one)]), Effect.sleep("1 millis"))
      ))
      for (let round = 0; round < 30; round++) {
        const writer = (by: number) => Effect.exit(inTransaction(add(table, id, by)))
        yield* Effect.all([writer(100), writer(1_000), inTransaction(Effect.exit(account.get(one)))], {
          concurrency: "unbounded"
        })
        const amount = yield* amountOf(id)
        assert.deepStrictEqual([yield* account.get(one), yield* statement.get(one)], [amount, `${amount} left`])
      }
      assert.strictEqual(yield* amountOf(id), 10 + 30 * 1_100)
      yield* Fiber.interrupt(readers)
    })))

  for (const [point, amount] of [["after", 11], ["before", 10]] as const) {
    it.live(`a process that is killed just ${point} the commit leaves only values of the database in its file`, () =>
      within(Effect.gen(function*() {
        const path = yield* temporaryFolder
        assert.strictEqual(yield* killed(path, point), "10, 10 left, 1: 10")
        // PostgreSQL ends what the killed process left open.
        const sql = yield* SqlClient.SqlClient
        yield* sql`SELECT amount FROM ${sql(table)} WHERE id = ${id} FOR UPDATE`
        assert.strictEqual(yield* amountOf(id), amount)
        const seen = yield* Effect.provide(
          Effect.all([account.get(one), statement.get(one), line.get({ id, n: "1" })]),
          Layer.fresh(Layer.provide(
            accountsOver(table),
            TieredStore.layer([memory, LmdbStore.layer({ path, durability: "process" })])
          ))
        )
        assert.deepStrictEqual(seen, [amount, `${amount} left`, `1: ${amount}`])
      })))
  }
})
