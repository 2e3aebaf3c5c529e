/**
 * Accounts in PostgreSQL, with a cache over them: the test and its child process share this manifest.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import { SqlClient } from "effect/sql"
import { userInfo } from "node:os"

export class Failed extends Schema.TaggedError<Failed>()("Failed", { cause: Schema.Unknown }) {}

/** What the killed process and its successor share. */
export class Accounts extends Manifest.Service<Accounts>()("Accounts", {
  families: {
    account: { pattern: "account:{id}", value: Schema.Int, error: Failed },
    statement: { pattern: "statement:{id}", value: Schema.String, error: Failed, derives: ["account:{id}"] },
    line: { pattern: "line:{id}:{n}", value: Schema.String, error: Failed, derives: ["account:{id}"], fanout: true }
  }
}) {}
const { account } = Accounts.keys

export const PostgresLive = PgClient.layer({
  url: Redacted.make(process.env["DATABASE_URL"] ?? `postgres://${userInfo().username}@127.0.0.1:5432/postgres`),
  connectTimeout: "3 seconds",
  maxConnections: 4
})

/** The modules, over a table. */
export const accountsOver = (table: string) =>
  Accounts.modules({
    account: Accounts.owner("account", {
      lookup: ({ id }) =>
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const rows = yield* sql<{ amount: number }>`SELECT amount FROM ${sql(table)} WHERE id = ${id}`
          return rows[0]?.amount ?? 0
        }).pipe(Effect.mapError((cause) => new Failed({ cause })))
    }),
    statement: Accounts.owner("statement", {
      lookup: ({ id }) => Effect.map(account.get({ id }), (amount) => `${amount} left`)
    }),
    line: Accounts.owner("line", {
      lookup: ({ id, n }) => Effect.map(account.get({ id }), (amount) => `${n}: ${amount}`)
    })
  }).pipe(Layer.provideMerge(PostgresLive))

/** Adds to the amount of an account, and tells the cache of it. */
export const add = (table: string, id: string, by: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ amount: number }>`
      UPDATE ${sql(table)} SET amount = amount + ${by} WHERE id = ${id} RETURNING amount`
    yield* account.set({ id }, rows[0]!.amount)
    return rows[0]!.amount
  })
