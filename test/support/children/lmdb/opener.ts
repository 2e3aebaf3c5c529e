// Opens one folder after the other, and says what came of each: its number and `opened`, or the reason of the failure.
// The number is said before, so that whoever listens knows which folder has ended this process.
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
