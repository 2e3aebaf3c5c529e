/**
 * Opens a folder and holds it. Standard input drives it: `write` writes without a pause from then on, `once` writes one
 * more entry, `close` closes, `again` becomes another program that does the same. Prints `held`, `refused PID THREAD`,
 * `writing`, `written` or `closed`.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as Readline from "node:readline"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import type { FolderHeld } from "../../../../src/store/StoreError.ts"
import { entryOf, textFamily } from "../../partition.ts"

const [path, namespace, startAt] = process.argv.slice(2)
const say = (text: string) => Fs.writeSync(1, `${text}\n`)

// Two that are to start at the same instant begin together.
const startMillis = Number(startAt ?? 0)
while (Date.now() < startMillis);

const scope = Scope.makeUnsafe()
const made = await Effect.runPromise(
  Effect.result(LmdbStore.make({ path: path!, durability: "process", namespace }).pipe(Scope.provide(scope)))
)
if (made._tag === "Failure") {
  const { pid, thread } = made.failure.reason as FolderHeld
  say(`refused ${pid} ${thread}`)
  process.exit(0)
}
say("held")

const users = await Effect.runPromise(
  made.success.open(textFamily("user")).pipe(Scope.provide(scope))
)
const entry = entryOf("x".repeat(2_000))

Readline.createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "close") {
    void Effect.runPromise(Scope.close(scope, Exit.void)).then(() => {
      say("closed")
      process.exit(0)
    })
  } else if (line === "write") {
    const write = Effect.forever(Effect.andThen(users.set("1", entry), users.remove(["1"])))
    void Effect.runPromise(write)
    say("writing")
  } else if (line === "once") {
    void Effect.runPromise(users.set("2", entry)).then(() => say("written"))
  } else if (line === "again") {
    process.execve!(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)])
  }
})
