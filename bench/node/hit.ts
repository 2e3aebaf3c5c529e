/**
 * Compares versions of Node by the speed of a cache. Run it with each version, in turns, on an idle machine.
 *
 *     node bench/node/hit.ts
 *
 * Prints one line: nanoseconds per operation (median of 7 rounds), or milliseconds if the name says so.
 */
import { open } from "lmdb"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const keyCount = 10_000
const sequenceLength = 1 << 16
const operations = 3_000_000
const slowOperations = 300_000
const rounds = 7

const begin = performance.now()
const Effect = await import("effect/Effect")
const importMillis = performance.now() - begin

// A fixed generator, so that every version reads the same keys.
let state = 42
const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32

const keys = Array.from({ length: keyCount }, (_, index) => `user:${index}`)
const cumulative = new Float64Array(keyCount)
for (let index = 0, sum = 0; index < keyCount; index++) cumulative[index] = sum += 1 / (index + 1)
const total = cumulative[keyCount - 1]!
const zipf = Array.from({ length: sequenceLength }, () => {
  const at = random() * total
  return keys[cumulative.findIndex((sum) => sum >= at)]!
})

let found = 0
const nanosPer = (count: number, round: () => void): number => {
  round()
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now()
    round()
    return performance.now() - start
  })
  const median = times.toSorted((a, b) => a - b)[rounds >> 1]!
  return Math.round((median * 1e7) / count) / 10
}

const map = new Map(keys.map((key) => [key, { key }]))
const mapGet = nanosPer(operations, () => {
  for (let index = 0; index < operations; index++) {
    if (map.get(zipf[index & (sequenceLength - 1)]!) !== undefined) found++
  }
})

const inFiber = (read: (key: string) => ReturnType<typeof Effect.succeed>) =>
  nanosPer(slowOperations, () =>
    Effect.runSync(Effect.gen(function*() {
      for (let index = 0; index < slowOperations; index++) {
        if ((yield* read(zipf[index & (sequenceLength - 1)]!)) !== undefined) found++
      }
    })))
const fiberExit = inFiber((key) => Effect.succeed(map.get(key)))
const fiberSync = inFiber((key) => Effect.sync(() => map.get(key)))

const folder = mkdtempSync(join(tmpdir(), "stateless-node-"))
const lmdb = open<Uint8Array, string>({ path: folder, encoding: "binary" })
await lmdb.transaction(() => {
  for (const key of keys) lmdb.putSync(key, Buffer.alloc(200, 1))
})
const lmdbGet = nanosPer(slowOperations, () => {
  for (let index = 0; index < slowOperations; index++) {
    if (lmdb.getBinaryFast(zipf[index & (sequenceLength - 1)]!) !== undefined) found++
  }
})
await lmdb.close()
rmSync(folder, { recursive: true })

const growthStart = performance.now()
const grown = new Map<string, number>()
for (let index = 0; index < 2_000_000; index++) grown.set(`k${index}`, index)
const growthMillis = performance.now() - growthStart

console.log(JSON.stringify({
  node: process.version,
  importEffectMillis: Math.round(importMillis),
  mapGet,
  fiberExit,
  fiberSync,
  lmdbGet,
  grow2MEntriesMillis: Math.round(growthMillis),
  found
}))
