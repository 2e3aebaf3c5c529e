/**
 * Fills the cache, changes a row in a transaction, and stops at the given point: just before or just after the commit.
 */
import { Effect, Layer } from "effect"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import { SqlClient } from "effect/sql"
import { Accounts, accountsOver, add } from "./accounts.ts"

const [path, table, point] = process.argv.slice(2) as [string, string, "before" | "after"]
const { account, line, statement } = Accounts.keys
const say = (text: string) => Effect.sync(() => process.stdout.write(`${text}\n`))
const stop = Effect.andThen(say("stopped"), Effect.never)

const program = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const read = Effect.all([account.get({ id: "1" }), statement.get({ id: "1" }), line.get({ id: "1", n: "1" })])
  yield* say((yield* read).join(", "))
  // A mark of another key, which is on disk when it returns, and with it what was loaded before.
  yield* account.invalidate({ id: "none" })
  const stopping = <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    point === "before"
      ? sql.withTransaction(Effect.andThen(body, stop)) as Effect.Effect<A, E, R>
      : Effect.andThen(sql.withTransaction(body), stop) as Effect.Effect<A, E, R>
  const paying = Accounts.transaction(stopping)(add(table, "1", 1))
  // Readers who load while the commit is under way.
  const reading = Effect.forever(Effect.andThen(Effect.ignore(read), Effect.sleep("1 millis")))
  yield* Effect.all([paying, reading], { concurrency: "unbounded" })
})

Effect.runFork(Effect.provide(
  program,
  accountsOver(table).pipe(
    Layer.provide(
      TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })])
    )
  )
))
