/**
 * Writes a value under a limit on the size of files, which a store meets like a full disk, and then more marks than
 * fit. Prints whether they were `refused`, and kills itself.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fs from "node:fs"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import { entryOf, textFamily } from "../../partition.ts"

const work = Effect.gen(function*() {
  const store = yield* LmdbStore.make({ path: process.argv[2]!, durability: "process" })
  const users = yield* store.open(textFamily("user"))
  yield* users.set("1", entryOf("old"))
  const marks = Array.from({ length: 20_000 }, (_, n) => ({ scope: `${n}`.padEnd(100), stamp: n }))
  const marked = yield* Effect.exit(store.recordMarks(marks))
  Fs.writeSync(1, Exit.isFailure(marked) ? "refused" : "taken")
  process.kill(process.pid, "SIGKILL")
})

await Effect.runPromise(Effect.scoped(work))
