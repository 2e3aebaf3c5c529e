/**
 * Compares the LMDB tier with its driver: the cost of a hit, a miss and a write beside `getBinaryFast` and decoding
 * alone.
 *
 * Run it with `node --conditions=@effect-stateless/source bench/throughput/lmdb.ts`, alone on the machine. The two
 * sides take turns, round by round. A figure is the median of the rounds, and a ratio is the ratio of two medians.
 */
import * as Codec from "effect-stateless/store/Codec"
import type { Entry } from "effect-stateless/store/Entry"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import type { Partition } from "effect-stateless/store/Store"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Lmdb from "lmdb"
import { mkdtempSync, rmSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"

const keysMax = 100_000
const readsPerRound = 100_000
const rounds = 9

const User = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  email: Schema.String,
  age: Schema.Int,
  roles: Schema.Array(Schema.String),
  org: Schema.Struct({ id: Schema.Number, title: Schema.String })
})

type User = typeof User.Type

const user = (n: number): User => ({
  id: `${n}`,
  name: "Ada Lovelace",
  email: `ada${n}@example.org`,
  age: 36,
  roles: ["admin", "writer"],
  org: { id: n % 100, title: "Analytical Engines" }
})

const entry = (n: number): Entry<User> => ({
  value: user(n),
  stamp: 1,
  version: n,
  freshUntil: 4e12,
  expiresAt: 4e12 + n,
  costMillis: 1.5,
  tags: [],
  revision: undefined
})

// A seeded sequence like Zipf's: a few keys are read most of the time, as in a cache.
let state = 42
const random = () => {
  state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x6d2b79f5 | 0
  return ((state ^ state >>> 13) >>> 0) / 2 ** 32
}
const reads = Array.from({ length: readsPerRound }, () => `${Math.floor(keysMax ** random())}`)
const absent = reads.map((key) => `absent ${key}`)

const median = (all: ReadonlyArray<number>) => all.toSorted((a, b) => a - b)[all.length >> 1]!
const percentile = (all: ReadonlyArray<number>, share: number) =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length * share)]!

const nanos = () => Number(process.hrtime.bigint())

const codec = Codec.schema(User)
const folder = mkdtempSync(join(tmpdir(), "stateless-bench-"))
const raw = Lmdb.open<Buffer, string>({ path: join(folder, "raw"), noSubdir: false, encoding: "binary" })

const rawGet = (keys: ReadonlyArray<string>) => {
  const start = nanos()
  let found = 0
  for (const key of keys) {
    const bytes = raw.getBinaryFast(key)
    if (bytes === undefined) continue
    const decoded = Effect.runSync(codec.decode(bytes.subarray(0, bytes.length)))
    if (decoded.age === 36) found++
  }
  return { nanos: (nanos() - start) / keys.length, found }
}

const storeGet = (users: Partition<User>, keys: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const start = nanos()
    let found = 0
    for (const key of keys) {
      const one = yield* users.get(key)
      if (one !== undefined && one.entry.value.age === 36) found++
    }
    return { nanos: (nanos() - start) / keys.length, found }
  })

/** Latencies of single reads, while another fiber writes as fast as it can. */
const latencies = (users: Partition<User>) =>
  Effect.gen(function*() {
    const all: Array<number> = []
    const writer = yield* Effect.forkChild(
      Effect.forever(Effect.suspend(() =>
        users.setMany(Array.from({ length: 100 }, () => {
          const n = Math.floor(random() * keysMax)
          return [`${n}`, entry(n)] as const
        }))
      ))
    )
    for (let at = 0; at < 200_000; at++) {
      const start = nanos()
      yield* users.get(reads[at % readsPerRound]!)
      all.push(nanos() - start)
      if (at % 100 === 0) yield* Effect.yieldNow
    }
    writer.interruptUnsafe()
    return all
  })

const rawSets = async (from: number) => {
  const start = nanos()
  const batches: Array<Promise<boolean>> = []
  for (let at = 0; at < keysMax; at += 1_000) {
    const encoded = Array.from({ length: 1_000 }, (_, n) => Effect.runSync(codec.encode(user(from + at + n))))
    batches.push(raw.batch(() => {
      for (const [n, bytes] of encoded.entries()) void raw.put(`${at + n}`, Buffer.from(bytes))
    }))
  }
  await Promise.all(batches)
  return (nanos() - start) / keysMax
}

const storeSets = (users: Partition<User>) =>
  Effect.gen(function*() {
    const start = nanos()
    for (let n = 0; n < keysMax; n++) yield* users.set(`${n}`, entry(n))
    yield* users.remove(["0"])
    yield* users.set("0", entry(0))
    return (nanos() - start) / keysMax
  })

interface Row {
  readonly what: string
  readonly raw: number
  readonly store: number
}

const program = Effect.gen(function*() {
  const store = yield* LmdbStore.make({ path: join(folder, "store"), durability: "process" })
  const users = yield* store.open<User>({
    name: "user",
    render: (key) => `user:${key}`,
    parse: (rendered) => rendered.slice(5),
    codec,
    weigher: undefined,
    onEvict: undefined
  })
  const samples = { rawSet: [], set: [], rawHit: [], hit: [], rawMiss: [], miss: [] } as Record<string, Array<number>>
  for (let round = 0; round < 3; round++) {
    samples.rawSet!.push(yield* Effect.promise(() => rawSets(round)))
    samples.set!.push(yield* storeSets(users))
  }
  for (let round = 0; round < rounds; round++) {
    const [a, b] = [rawGet(reads), yield* storeGet(users, reads)]
    if (a.found !== readsPerRound || b.found !== readsPerRound) {
      throw new Error(`of ${readsPerRound} reads ${a.found} and ${b.found} found a value`)
    }
    samples.rawHit!.push(a.nanos)
    samples.hit!.push(b.nanos)
    samples.rawMiss!.push(rawGet(absent).nanos)
    samples.miss!.push((yield* storeGet(users, absent)).nanos)
  }
  const rows: ReadonlyArray<Row> = [
    { what: "hit, decoded", raw: median(samples.rawHit!), store: median(samples.hit!) },
    { what: "miss", raw: median(samples.rawMiss!), store: median(samples.miss!) },
    { what: "set, batched, encoded", raw: median(samples.rawSet!), store: median(samples.set!) }
  ]
  return { rows, latencies: yield* latencies(users) }
})

const { latencies: all, rows } = await Effect.runPromise(Effect.scoped(program))
await raw.close()
rmSync(folder, { recursive: true, force: true })

console.log(`${cpus()[0]?.model}, Node ${process.version}, ${keysMax} keys, about 110 bytes a value`)
console.table(rows.map(({ raw, store, what }) => ({
  what,
  "driver, ns": Math.round(raw),
  "LmdbStore, ns": Math.round(store),
  ratio: Number((store / raw).toFixed(2))
})))
console.log("a hit while another fiber writes, in microseconds")
console.table([Object.fromEntries([0.5, 0.99, 0.999, 1 - 1e-9].map((share) => [
  share > 0.9999 ? "max" : `p${share * 100}`,
  Number((percentile(all, share) / 1_000).toFixed(1))
]))])
// The last line is for `run.ts`.
console.log(JSON.stringify({
  rows: rows.map((row) => ({ ...row, ratio: row.store / row.raw })),
  hitWhileWriting: Object.fromEntries([0.5, 0.99, 0.999].map((share) => [`p${share * 100}`, percentile(all, share)]))
}))
