/**
 * The memory of an entry beyond its key and value: the heap after 1,000,000 entries, less the heap with keys and
 * values.
 *
 *     node --expose-gc --conditions=@effect-stateless/source bench/throughput/memory.ts <contestant>
 *
 * One contestant per process. Prints JSON; bytes per entry, array buffers included.
 */
import * as EffectCache from "effect/Cache"
import * as Effect from "effect/Effect"
import { makeRival } from "./rivals.ts"
import { runtimeOf, Users } from "./stateless.ts"
import { type User, userOf } from "./workload.ts"

const entriesMax = 1_000_000
const contestant = process.argv[2] ?? "Map"

const used = (): number => {
  for (let i = 0; i < 4; i++) globalThis.gc!()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const ids = Array.from({ length: entriesMax }, (_, i) => `${1_000_000 + i}`)
const values = ids.map(userOf)

type Put = (id: string, value: User) => void

type StoredFamily = "plain" | "ttl" | "grace" | "tags"

const noOptions = () => ({})

const stateless = (
  family: StoredFamily,
  capacity: number,
  optionsOf: (value: User) => { readonly tags?: ReadonlyArray<string> } = noOptions
): { readonly put: Put; readonly holds: unknown } => {
  const runtime = runtimeOf({ capacity })
  // The writers of these families have the same type for this benchmark.
  const keys = Users.keys[family] as typeof Users.keys.plain
  const writer = runtime.runSync(keys.writer)
  return { put: (id, value) => Effect.runSync(writer.set({ id }, value, optionsOf(value))), holds: runtime }
}

const makers: {
  readonly [name: string]: (capacity: number) => Promise<{ readonly put: Put; readonly holds: unknown }>
} = {
  Map: async () => {
    const map = new Map<string, User>()
    return { put: (id, value) => map.set(id, value), holds: map }
  },
  "lru-cache": async (capacity) => {
    const rival = await makeRival("lru-cache", capacity)
    return { put: (id, value) => rival.set!(id, value), holds: rival }
  },
  "Effect Cache": async (capacity) => {
    const cache = await Effect.runPromise(EffectCache.make({
      capacity,
      timeToLive: "1 hour",
      lookup: (id: string) => Effect.succeed(userOf(id))
    }))
    return { put: (id, value) => Effect.runSync(EffectCache.set(cache, id, value)), holds: cache }
  },
  "stateless, plain": async (capacity) => stateless("plain", capacity),
  "stateless, ttl": async (capacity) => stateless("ttl", capacity),
  "stateless, grace": async (capacity) => stateless("grace", capacity),
  "stateless, tags": async (capacity) => stateless("tags", capacity, () => ({ tags: ["user"] })),
  "stateless, own tag": async (capacity) => stateless("tags", capacity, ({ name }) => ({ tags: [name] })),
  "stateless, two own tags": async (capacity) => stateless("tags", capacity, ({ id, name }) => ({ tags: [id, name] }))
}

const make = makers[contestant]!
// First a small cache, because code that is loaded and compiled once does not belong to an entry.
const small = await make(1_000)
for (let i = 0; i < 1_000; i++) small.put(ids[i]!, values[i]!)
const before = used()
const { holds, put } = await make(entriesMax)
for (let i = 0; i < entriesMax; i++) put(ids[i]!, values[i]!)
// The write path defers only microtasks.
await new Promise((resolve) => setImmediate(resolve))
const after = used()
console.log(JSON.stringify({
  contestant,
  bytesPerEntry: (after - before) / entriesMax,
  // The entries that are read here were alive during the measurement.
  alive: typeof holds === "object" && ids.length + values.length
}))
process.exit(0)
