/**
 * Fills a folder under a limit on the size of files until the tier takes nothing more. Then it records marks that need
 * more pages than are left. Prints `answer`, whether they were taken, and how many of them are known.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import { entryOf, textFamily } from "../../partition.ts"

const work = Effect.gen(function*() {
  const store = yield* LmdbStore.make({ path: process.argv[2]!, durability: "process" })
  const users = yield* store.open(textFamily("user"))
  const write = (key: string) => Effect.andThen(users.set(key, entryOf("x".repeat(5_000))), users.remove(["none"]))
  let taken = 0
  let refusals = 0
  while (refusals < 20) {
    if (Exit.isSuccess(yield* Effect.exit(write(`${taken + refusals}`)))) taken++
    else refusals++
    yield* users.size
  }
  const marks = Array.from({ length: 2_000 }, (_, n) => ({ scope: `${n}`.padEnd(100), stamp: n + 1 }))
  const marked = Exit.isSuccess(yield* Effect.exit(store.recordMarks(marks)))
  return { taken, marked, known: (yield* store.loadMarks).marks.length }
})

console.log(`answer ${JSON.stringify(await Effect.runPromise(Effect.scoped(work)))}`)
