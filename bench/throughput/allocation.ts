/**
 * The bytes that a write allocates: the growth of the heap while no collection runs, over writes of keys that are held.
 *
 *     node --expose-gc --min-semi-space-size=256 --max-semi-space-size=256 \\
 *       --conditions=@effect-stateless/source bench/throughput/allocation.ts <contestant>
 *
 * One contestant per process. Prints JSON. The young generation is larger than what one run allocates. A run in which
 * the collector ran nevertheless is not counted.
 */
import * as Effect from "effect/Effect"
import { PerformanceObserver } from "node:perf_hooks"
import { getHeapStatistics } from "node:v8"
import { median } from "./measure.ts"
import { installRivals, makeRival } from "./rivals.ts"
import { runtimeOf, Users } from "./stateless.ts"
import { userOf } from "./workload.ts"

const keyCount = 10_000
const writes = 100_000
const runs = 31
// V8 compiles the functions, and allocates for that, in the first runs.
const warmUps = 20

const ids = Array.from({ length: keyCount }, (_, i) => `${i}`)
const values = ids.map(userOf)

const runtime = runtimeOf({ capacity: 2 * keyCount })
const { plain, ttl } = Users.keys

const writeAll = (write: (id: string, at: number) => unknown) => () => {
  for (let i = 0; i < writes; i++) write(ids[i % keyCount]!, i % keyCount)
}

const inGenerator = (family: typeof plain | typeof ttl) => () =>
  runtime.runSync(Effect.gen(function*() {
    for (let i = 0; i < writes; i++) yield* family.set({ id: ids[i % keyCount]! }, values[i % keyCount]!)
  }))

const makers: { readonly [name: string]: () => Promise<() => unknown> } = {
  "nothing": async () => writeAll(() => undefined),
  "Map.set": async () => {
    const map = new Map<string, unknown>()
    return writeAll((id, at) => map.set(id, values[at]))
  },
  "lru-cache: set": async () => {
    const { set } = await makeRival("lru-cache", 2 * keyCount)
    return writeAll((id, at) => set!(id, values[at]!))
  },
  "set, in a generator": async () => inGenerator(ttl),
  "set of a source of 2 families, in a generator": async () => inGenerator(plain),
  "setUnsafe": async () => {
    const writer = runtime.runSync(ttl.writer)
    return writeAll((id, at) => writer.setUnsafe({ id }, values[at]!))
  }
}

const contestant = process.argv[2] ?? "setUnsafe"
installRivals()
await runtime.context()
const run = await makers[contestant]!()

let collections = 0
new PerformanceObserver((list) => collections += list.getEntries().length).observe({ entryTypes: ["gc"] })
// Node tells of a collection some turns of the loop later.
const observed = () => new Promise((resolve) => setTimeout(resolve, 10))

for (let i = 0; i < warmUps; i++) run()
const grown: Array<number> = []
for (let i = 0; i < runs; i++) {
  globalThis.gc!()
  await observed()
  const seen = collections
  const before = getHeapStatistics().used_heap_size
  run()
  const bytes = getHeapStatistics().used_heap_size - before
  await observed()
  if (collections === seen) grown.push(bytes / writes)
}
if (grown.length < runs / 2) throw new Error(`the collector ran in ${runs - grown.length} of ${runs} runs`)
console.log(JSON.stringify({ contestant, bytesPerWrite: median(grown), runs: grown.length }))
process.exit(0)
