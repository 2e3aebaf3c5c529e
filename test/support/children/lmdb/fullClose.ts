/**
 * Fills a folder under a limit on the size of files until the tier takes nothing more. Then it removes a few keys,
 * which a full tier can, and closes after a failed write. Prints `closed MILLIS TAKEN FORGOTTEN`.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import { entryOf, textFamily } from "../../partition.ts"

let closingAt = 0
const { forgotten, taken } = await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
  const store = yield* LmdbStore.make({ path: process.argv[2]!, durability: "process" })
  const users = yield* store.open(textFamily("user"))
  const write = (key: string) =>
    Effect.gen(function*() {
      const value = entryOf("x".repeat(5_000))
      const prepared = yield* users.prepare(key, value)
      const set = [{ key, entry: value, prepared }]
      return yield* store.write({ changes: [{ partition: users, cleared: false, removed: [], set }], marks: [] })
    })
  let taken = 0
  while (Exit.isSuccess(yield* Effect.exit(write(`${taken}`)))) taken++
  let forgotten = 0
  for (const key of ["0", "1", "2"]) if (Exit.isSuccess(yield* Effect.exit(users.remove([key])))) forgotten++
  for (let i = 0; i < 500; i++) yield* Effect.exit(write("big".repeat(i)))
  yield* Effect.exit(write("last"))
  closingAt = performance.now()
  return { taken, forgotten }
})))
console.log(`closed ${performance.now() - closingAt} ${taken} ${forgotten}`)
