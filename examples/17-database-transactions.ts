/**
 * Inside a database transaction: the body's writes to the cache take effect after the commit, and never after a
 * rollback. A reader in between does not keep the old value.
 *
 * Needs `npm install @effect/sql-pg` and a PostgreSQL: at `DATABASE_URL`, or at 127.0.0.1:5432 for the user who runs
 * it.
 */
import { PgClient } from "@effect/sql-pg"
import { Deferred, Effect, Fiber, Layer, Option, Redacted, Schema } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { SqlClient } from "effect/sql"
import assert from "node:assert/strict"
import { userInfo } from "node:os"

class BankError extends Schema.TaggedError<BankError>()("BankError", { cause: Schema.Unknown }) {}

class Bank extends Manifest.Service<Bank>()("Bank", {
  families: {
    balance: { pattern: "balance:{account}", value: Schema.Int, error: BankError },
    total: { pattern: "total", value: Schema.Int, error: BankError, derives: ["balance:{account}"] }
  }
}) {}
const { balance, total } = Bank.keys

// The example makes a table of its own, and drops it at the end.
const table = `stateless_example_17_${process.pid}`

// A lookup finds the client in its own Context. If a body waits for a lookup, it runs on the transaction's connection.
const find = (account: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ amount: number }>`SELECT amount FROM ${sql(table)} WHERE account = ${account}`
    return rows[0]?.amount ?? 0
  }).pipe(Effect.mapError((cause) => new BankError({ cause })))

const BankLive = Bank.modules({
  balance: Bank.owner("balance", { lookup: ({ account }) => find(account) }),
  total: Bank.owner("total", {
    lookup: () =>
      Effect.map(balance.getMany([{ account: "ann" }, { account: "bob" }]), (all) => all.reduce((a, b) => a + b))
  })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

/** Its type says which families it may write. The transaction adds no requirement. */
const pay = (from: string, to: string, amount: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const add = (account: string, by: number) =>
      Effect.gen(function*() {
        const rows = yield* sql<{ amount: number }>`
          UPDATE ${sql(table)} SET amount = amount + ${by} WHERE account = ${account} RETURNING amount`
        yield* balance.set({ account }, rows[0]!.amount)
      })
    return yield* Bank.transaction(sql.withTransaction)(Effect.gen(function*() {
      yield* add(from, -amount)
      yield* add(to, amount)
      // The body sees what it wrote.
      const left = yield* balance.get({ account: from })
      if (left < 0) yield* Effect.fail("not enough" as const)
      return left
    }))
  })

const program = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE ${sql(table)} (account TEXT PRIMARY KEY, amount INT NOT NULL)`
  yield* sql`INSERT INTO ${sql(table)} VALUES ('ann', 100), ('bob', 0)`
  assert.equal(yield* total.get({}), 100)

  assert.equal(yield* pay("ann", "bob", 30), 70)
  assert.deepEqual(yield* balance.getOption({ account: "bob" }), Option.some(30))
  assert.equal(yield* total.has({}), false)
  console.log("after the commit both balances are held, and the total that derives from them was dropped")

  assert.equal(yield* Effect.flip(pay("ann", "bob", 500)), "not enough")
  assert.deepEqual(yield* balance.getMany([{ account: "ann" }, { account: "bob" }]), [70, 30])
  console.log("after the rollback the cache has the values from before")

  // A reader between the change and the commit gets the old value, and does not keep it.
  const [changed, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
  const slow = yield* Effect.forkChild(
    Bank.transaction(sql.withTransaction)(Effect.gen(function*() {
      yield* sql`UPDATE ${sql(table)} SET amount = 1 WHERE account = 'ann'`
      yield* balance.invalidate({ account: "ann" })
      yield* Deferred.succeed(changed, undefined)
      yield* Deferred.await(go)
    }))
  )
  yield* Deferred.await(changed)
  assert.equal(yield* balance.get({ account: "ann" }), 70)
  yield* Deferred.succeed(go, undefined)
  yield* Fiber.join(slow)
  assert.equal(yield* balance.get({ account: "ann" }), 1)
  console.log("a reader before the commit got 70, a reader after it 1")
}).pipe(Effect.ensuring(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.ignore(sql`DROP TABLE IF EXISTS ${sql(table)}`)
})))

const url = process.env["DATABASE_URL"] ?? `postgres://${userInfo().username}@127.0.0.1:5432/postgres`
const PostgresLive = PgClient.layer({ url: Redacted.make(url), connectTimeout: "3 seconds" })

const reached = await Effect.runPromise(
  Effect.isSuccess(Effect.provide(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`), PostgresLive))
)
if (reached) await Effect.runPromise(Effect.provide(program, BankLive.pipe(Layer.provideMerge(PostgresLive))))
else console.log("DID NOT RUN: no PostgreSQL answers; set DATABASE_URL, or start one at 127.0.0.1:5432")
