/**
 * Opens new folders with each number of free file descriptors, from none to twelve: before the driver was loaded, then
 * with all descriptors free, which loads it, then with few again. Prints each name before it opens, so that the test
 * knows what ended this process; then `opened`, or the reason and its cause.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import { entryOf, textFamily } from "../../partition.ts"

const [parent] = process.argv.slice(2)

const opening = (name: string) =>
  Effect.scoped(Effect.gen(function*() {
    const store = yield* LmdbStore.make({ path: Path.join(parent!, name), durability: "process" })
    const users = yield* store.open(textFamily("user"))
    yield* users.set("1", entryOf("one"))
    return "opened"
  }))

const outcomeOf = (name: string) =>
  Effect.runPromise(Effect.match(opening(name), {
    onSuccess: (outcome) => outcome,
    onFailure: ({ reason }) => `${reason._tag} ${"cause" in reason ? String(reason.cause) : ""}`
  }))

/** Takes every free descriptor. */
const takeAll = (): Array<number> => {
  const taken: Array<number> = []
  try {
    for (;;) taken.push(Fs.openSync("/dev/null", "r"))
  } catch {
    return taken
  }
}

const withFew = async (state: string) => {
  for (let free = 0; free <= 12; free++) {
    Fs.writeSync(1, `${state}-${free} `)
    const taken = takeAll()
    for (const handle of taken.splice(0, free)) Fs.closeSync(handle)
    const outcome = await outcomeOf(`${state}-${free}`)
    for (const handle of taken) Fs.closeSync(handle)
    Fs.writeSync(1, `${outcome}\n`)
  }
}

await withFew("cold")
Fs.writeSync(1, `all ${await outcomeOf("all")}\n`)
await withFew("warm")
Fs.writeSync(1, `again ${await outcomeOf("again")}\n`)
