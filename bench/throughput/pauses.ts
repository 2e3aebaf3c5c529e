/**
 * How long one operation can take: percentiles and the longest time, while a store grows, expires or is invalidated.
 *
 *     node --max-old-space-size=6144 --conditions=@effect-stateless/source bench/throughput/pauses.ts [scenario]
 *
 * One scenario per process. Time is wall-clock time, so it contains the work of the machine for other processes.
 * `nothing` is the same loop without a cache. `longestCpu` counts only the process's own time, in the system's steps of
 * up to 4 ms.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { SetOptions } from "../../src/cache/types/setOptions.ts"
import { cpuMillis, percentile } from "./measure.ts"
import { installRivals, makeRival } from "./rivals.ts"
import { runtimeOf, Users } from "./stateless.ts"
import { type User, userOf } from "./workload.ts"

const grownMax = 5_000_000
const million = 1_000_000
const ada: User = userOf("ada")
const scenario = process.argv[2] ?? "nothing"

const groupSize = 1_000

const nowNanos = (): number => Number(process.hrtime.bigint())

interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly longest: number
  /** The most CPU time of a turn, or of 1,000 operations. It contains each pause that the process itself causes. */
  readonly longestCpu: number
}

/** Nanoseconds of each of `count` operations. */
const each = (count: number, operation: (i: number) => unknown): Percentiles => {
  const nanos = new Float64Array(count)
  let longestCpu = 0
  for (let from = 0; from < count; from += groupSize) {
    const cpuBefore = cpuMillis()
    let before = nowNanos()
    for (let i = from; i < Math.min(count, from + groupSize); i++) {
      operation(i)
      const after = nowNanos()
      nanos[i] = after - before
      before = after
    }
    longestCpu = Math.max(longestCpu, cpuMillis() - cpuBefore)
  }
  return percentiles(nanos, longestCpu)
}

const percentiles = (nanos: Float64Array, longestCpu: number): Percentiles => {
  const sorted = nanos.toSorted()
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    longest: sorted[sorted.length - 1]!,
    longestCpu: longestCpu * 1e6
  }
}

const turnsMillis = 4_000

/** Nanoseconds of each turn of the event loop. A turn does 100 reads, while the store does its upkeep. */
const turns = async (read: (i: number) => unknown): Promise<Percentiles> => {
  const nanos: Array<number> = []
  let longestCpu = 0
  const end = performance.now() + turnsMillis
  let i = 0
  while (performance.now() < end) {
    const cpuBefore = cpuMillis()
    const before = nowNanos()
    await new Promise((resolve) => setImmediate(resolve))
    for (let k = 0; k < 100; k++) read(i++)
    nanos.push(nowNanos() - before)
    longestCpu = Math.max(longestCpu, cpuMillis() - cpuBefore)
  }
  return percentiles(Float64Array.from(nanos), longestCpu)
}

const filled = (optionsOf: () => SetOptions) => {
  const runtime = runtimeOf({ capacity: 2 * million })
  const writer = runtime.runSync(Users.keys.plain.writer)
  for (let i = 0; i < million; i++) Effect.runSync(writer.set({ id: `${i}` }, ada, optionsOf()))
  return { writer, read: (i: number) => writer.getUnsafe({ id: `${i % million}` }) }
}

const noOptions: SetOptions = {}
const tagged: SetOptions = { tags: ["user"] }

const scenarios: { readonly [name: string]: () => Promise<Percentiles> } = {
  nothing: async () => each(grownMax, (i) => `${i}`),
  "grow Map": async () => {
    const map = new Map<string, User>()
    return each(grownMax, (i) => map.set(`${i}`, ada))
  },
  "grow lru-cache": async () => {
    installRivals()
    const rival = await makeRival("lru-cache", grownMax)
    return each(grownMax, (i) => rival.set!(`${i}`, ada))
  },
  "grow stateless": async () => {
    const runtime = runtimeOf({ capacity: grownMax })
    const writer = runtime.runSync(Users.keys.ttl.writer)
    return each(grownMax, (i) => Effect.runSync(writer.set({ id: `${i}` }, ada)))
  },
  "read stateless": async () => {
    const { read } = filled(() => noOptions)
    return each(million, read)
  },
  "a million expire": async () => {
    // All entries end at the same time, however long it takes to write them.
    const end = Date.now() + 15_000
    const { read } = filled(() => ({ timeToLive: Math.max(1, end - Date.now()) }))
    await new Promise((resolve) => setTimeout(resolve, end - Date.now() - 100))
    return turns(read)
  },
  "a family of a million is invalidated": async () => {
    const { read, writer } = filled(() => tagged)
    Effect.runSync(writer.invalidateAll())
    return turns(read)
  },
  "a family of a million is listed": async () => {
    const { read, writer } = filled(() => noOptions)
    Effect.runFork(Effect.forever(Stream.runDrain(writer.entries())))
    return turns(read)
  },
  "invalidateAll of a million, each call": async () => {
    const { writer } = filled(() => tagged)
    return each(1_000, () => Effect.runSync(writer.invalidateAll()))
  },
  "invalidateTag of a million, each call": async () => {
    const { writer } = filled(() => tagged)
    return each(1_000, () => Effect.runSync(writer.invalidateTag("user")))
  },
  "invalidateWhere of a million, each call": async () => {
    const runtime = runtimeOf({ capacity: 2 * million })
    const writer = runtime.runSync(Users.keys.pages.writer)
    for (let i = 0; i < million; i++) Effect.runSync(writer.set({ id: "one", page: `${i}` }, ada))
    return each(1_000, () => Effect.runSync(writer.invalidateWhere({ id: "one" })))
  }
}

if (scenario === "list") console.log(JSON.stringify(Object.keys(scenarios)))
else console.log(JSON.stringify({ scenario, ...(await scenarios[scenario]!()) }))
process.exit(0)
