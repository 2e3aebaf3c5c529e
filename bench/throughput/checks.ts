/**
 * What the check of a grant costs on a hit: the library as it is, or with the check cut out of it.
 *
 *     node --conditions=@effect-stateless/source bench/throughput/checks.ts checked|unchecked
 *
 * Prints JSON. The check is cut out of the modules' text as they are loaded, and the benchmark fails when the text to cut
 * is not there. Each of the two has processes of its own, by turns (`run.ts`): of two copies of the library in one process
 * the one that is loaded first is faster by more than the check costs.
 */
import * as Effect from "effect/Effect"
import { registerHooks } from "node:module"
import { type Case, inTurns, thorough, workDone } from "./measure.ts"
import { sequenceMask, zipf } from "./workload.ts"

const cuts: { readonly [file: string]: readonly [text: string, unchecked: string] } = {
  "manifest/internal/grants.ts": [
    "if (context === this.readContext && this.readGrant!.active) return this.readFamily",
    "if (this.readFamily !== undefined) return this.readFamily"
  ],
  "manifest/internal/accessor.ts": [
    "grant.active && family.hot !== undefined ? family.hot.hit",
    "family.hot !== undefined ? family.hot.hit"
  ]
}

const uncut = new Set(process.argv[2] === "unchecked" ? Object.keys(cuts) : [])

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    const file = [...uncut].find((file) => url.endsWith(`/src/${file}`))
    if (file === undefined) return loaded
    const [text, unchecked] = cuts[file]!
    const source = String(loaded.source)
    if (!source.includes(text)) throw new Error(`\`${file}\` no longer has the check that is to be cut out`)
    uncut.delete(file)
    return { ...loaded, source: source.replace(text, () => unchecked) }
  }
})

const { fill, runtimeOf, Users } = await import("./stateless.ts")
if (uncut.size > 0) throw new Error(`not loaded: ${[...uncut].join(", ")}`)

const keyCount = 10_000
const { ids, reads } = zipf(keyCount)
const runtime = runtimeOf({ capacity: 2 * keyCount })
await fill(runtime, "plain", ids)
const { plain } = Users.keys
const reader = runtime.runSync(plain.reader)

const cases: ReadonlyArray<Case> = [
  {
    name: "getUnsafe, synchronous",
    work: (count) => {
      let found = 0
      for (let i = 0; i < count; i++) if (reader.getUnsafe({ id: reads[i & sequenceMask]! }) !== undefined) found++
      return found
    }
  },
  {
    name: "get in a generator",
    work: (count) =>
      runtime.runSync(Effect.gen(function*() {
        let found = 0
        for (let i = 0; i < count; i++) {
          if ((yield* plain.get({ id: reads[i & sequenceMask]! })) !== undefined) found++
        }
        return found
      }))
  }
]

const rows = await inTurns(cases, thorough)
console.log(JSON.stringify({ keyCount, rows, workDone: workDone() }))
process.exit(0)
