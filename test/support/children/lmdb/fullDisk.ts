/**
 * Writes under a limit on the size of files, which a store meets like a full disk. Prints the answers of the store.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import { entryOf, textFamily } from "../../partition.ts"

const work = Effect.gen(function*() {
  const store = yield* LmdbStore.make({ path: process.argv[2]!, durability: "process" })
  const users = yield* store.open(textFamily("user"))
  const valueOf = (key: string) => Effect.map(users.get(key), (found) => found?.entry.value)
  yield* users.setMany([["1", entryOf("old")], ["2", entryOf("old")], ["gone", entryOf("old")]])
  yield* users.size
  const refused = yield* Effect.exit(users.set("1", entryOf("new".repeat(400_000))))
  const removed = yield* Effect.exit(users.remove(["gone"]))
  const found = yield* Effect.forEach(["1", "2", "gone"], valueOf)
  const marks = Array.from({ length: 20_000 }, (_, n) => ({ scope: `${n}`.padEnd(100), stamp: n }))
  const marked = yield* Effect.exit(store.recordMarks(marks))
  const known = (yield* store.loadMarks).marks.length
  yield* users.set("small", entryOf("fits"))
  const later = yield* Effect.exit(users.remove(["2"]))
  return {
    refused: Exit.isFailure(refused),
    removed: Exit.isSuccess(removed),
    found,
    marked: Exit.isSuccess(marked),
    known,
    later: Exit.isSuccess(later),
    afterwards: yield* Effect.forEach(["1", "2", "gone", "small"], (key) => Effect.map(valueOf(key), (v) => v ?? null))
  }
})

const answer = await Effect.runPromise(Effect.scoped(work))
console.log(`answer ${JSON.stringify(answer)}`)
