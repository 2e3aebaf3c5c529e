/**
 * Measures the cost of one part of a hit: the library as it is, and the library without that part.
 *
 *     node --conditions=@effect-stateless/source bench/throughput/checks.ts nothing|grant|time|tags|stats
 *
 * Prints JSON. The part is cut out of the text of the modules when they are loaded, and the benchmark fails if that
 * text is missing. Each variant has processes of its own, in turns (`run.ts`). With two copies of the library in one
 * process, the copy that is loaded first is faster, by more than the cost of a part. The family that is read has a
 * lifetime and tags.
 */
import * as Effect from "effect/Effect"
import { registerHooks } from "node:module"
import { parts } from "./cuts.ts"
import { over } from "./loops.ts"
import { type Case, inTurns, thorough, workDone } from "./measure.ts"
import { zipfReads } from "./workload.ts"

const cuts = parts[process.argv[2] ?? "nothing"]!
const uncut = new Set(cuts)

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    const cut = cuts.find(([file]) => url.endsWith(`/src/${file}`))
    if (cut === undefined) return loaded
    const [file, text, without] = cut
    const source = String(loaded.source)
    if (!source.includes(text)) throw new Error(`\`${file}\` no longer has what is to be cut out`)
    uncut.delete(cut)
    return { ...loaded, source: source.replace(text, () => without) }
  }
})

const { fill, runtimeOf, Users } = await import("./stateless.ts")
if (uncut.size > 0) throw new Error(`not loaded: ${[...uncut].map(([file]) => file).join(", ")}`)

const keyCount = 10_000
const { ids, reads } = zipfReads(keyCount)
const runtime = runtimeOf({ capacity: 2 * keyCount })
await fill(runtime, "all", ids)
const { all } = Users.keys
const reader = runtime.runSync(all.reader)

const { inGenerator, synchronous } = over(reads)
const cases: ReadonlyArray<Case> = [
  synchronous("getUnsafe, synchronous", (id) => reader.getUnsafe({ id })),
  inGenerator("get in a generator", all.get, (body) => runtime.runSync(Effect.gen(body)))
]

const rows = await inTurns(cases, thorough)
console.log(JSON.stringify({ keyCount, rows, workDone: workDone() }))
process.exit(0)
