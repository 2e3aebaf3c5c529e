/**
 * Opens one folder after the other. Prints the number of each before it opens it, so that the test knows which folder
 * ended this process; then `opened`, or the reason of the failure.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"

const [parent] = process.argv.slice(2)
for (const name of Fs.readdirSync(parent!)) {
  Fs.writeSync(1, `${name} `)
  const opening = Effect.scoped(Effect.andThen(
    LmdbStore.make({ path: Path.join(parent!, name), durability: "process" }),
    (store) => store.recordMarks([{ scope: "scope", stamp: 1 }])
  ))
  const result = await Effect.runPromise(Effect.result(opening))
  Fs.writeSync(1, `${result._tag === "Success" ? "opened" : result.failure.reason._tag}\n`)
}
