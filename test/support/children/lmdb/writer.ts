/**
 * Writes until it is killed. Prints what was acknowledged: `r KEY VERSION` for a removal, `m STAMP` for a mark,
 * `c VERSION` for a clear.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import { entryOf, textFamily } from "../../partition.ts"

const [path, durability, first, last, kind] = process.argv.slice(2)

// Of many sizes, so that pages split and overflow.
const entry = (version: number) =>
  entryOf(`${version} `.padEnd(version % 7 === 0 ? 9_000 : 20 + version % 500, "x"), {
    stamp: version,
    version,
    expiresAt: version % 3 === 0 ? Infinity : 4e12 + version,
    tags: [`${version}`]
  })

// Not through a stream: what was acknowledged must have left this process when it is killed. It may have to end itself
// with one acknowledgement of a kind: then no time is left for what was acknowledged too early.
let acknowledged = 0
const acknowledge = (what: string) =>
  Effect.sync(() => {
    Fs.writeSync(1, `${what}\n`)
    if (++acknowledged >= Number(last) && what.startsWith(kind!)) process.kill(process.pid, "SIGKILL")
  })

const work = Effect.gen(function*() {
  const store = yield* LmdbStore.make({
    path: path!,
    durability: durability as "process" | "flushed",
    entriesMax: 5_000
  })
  const users = yield* store.open(textFamily("user"))
  const groups = yield* store.open(textFamily("group"))
  const sweep = yield* store.open(textFamily("sweep"))
  let version = Number(first)
  const one = (worker: number) =>
    Effect.forever(Effect.gen(function*() {
      const mine = ++version
      const key = `${worker}/${mine % 20}`
      yield* users.set(key, entry(mine))
      if (mine % 2 === 0) {
        yield* users.remove([key, `${worker}/absent`])
        yield* acknowledge(`r ${key} ${mine}`)
      } else if (mine % 5 === 0) {
        yield* store.recordMarks([{ scope: `s${worker}`, stamp: mine }, { scope: "all", stamp: mine }])
        yield* acknowledge(`m ${worker} ${mine}`)
      } else if (mine % 11 === 0) {
        yield* groups.setMany(["a", "b", "c", "d"].map((key) => [key, entry(mine)] as const))
        if (mine % 3 === 0) yield* groups.remove(["a", "b", "c", "d"])
      } else if (mine % 101 === 0) {
        yield* sweep.clear
        yield* acknowledge(`c ${mine}`)
      } else yield* sweep.set(`${mine % 50}`, entry(mine))
    }))
  yield* Effect.forEach([0, 1, 2, 3, 4, 5], one, { concurrency: "unbounded", discard: true })
})

await Effect.runPromise(Effect.scoped(work))
