/**
 * The cost of a hit, in this library and in other caches, beside `Map.get` of the same keys.
 *
 *     node --conditions=@effect-stateless/source bench/throughput/hits.ts [keyCount] [process] [quick]
 *
 * Prints JSON. The process is one of:
 *
 * - the name of a family: only this family and `Map.get` run in the process;
 * - `shared`: every family and every rival take turns;
 * - `polluted`: like `shared`, after the process used several caches with values of many shapes. As in an application,
 *   call sites have then seen more than one type.
 */
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as EffectCache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { Cache } from "../../src/cache/engine/cache.ts"
import { engineKey as engineKeyOf } from "../../src/manifest/internal/grants.ts"
import { over } from "./loops.ts"
import { type Case, inTurns, quickly, thorough, workDone } from "./measure.ts"
import { installRivals, makeRival, rivalNames } from "./rivals.ts"
import { type BenchRuntime, type FamilyName, familyNames, fill, runtimeOf, Users } from "./stateless.ts"
import { sequenceMask, type User, userOf, zipfReads } from "./workload.ts"

const keyCount = Number(process.argv[2] ?? 10_000)
const kind = process.argv[3] ?? "shared"
const polluted = kind === "polluted"
const quick = process.argv[4] === "quick"
const isSmall = keyCount <= 10_000

const { ids, reads } = zipfReads(keyCount)

const { inGenerator, synchronous } = over(reads)

const inFiber = (runtime: BenchRuntime, family: FamilyName) =>
  inGenerator(`get in a generator, ${family}`, Users.keys[family].get, (body) => runtime.runSync(Effect.gen(body)))

// The service behind the class of a manifest. Reads through it check no right, and this is measured here.
const engineOf = Effect.map(engineKeyOf(Users.key), ({ cache }): Cache => cache)

// The readers of these families have the same type for this benchmark.
const readerOf = (family: FamilyName) => Users.keys[family].reader as typeof Users.keys.plain.reader

const batchSize = 32
const nameLength = ({ name }: User) => name.length
const lengthOf = (name: string | number) => String(name).length

const ours = (runtime: BenchRuntime): ReadonlyArray<Case> => {
  const { plain } = Users.keys
  const reader = runtime.runSync(plain.reader)
  const cases: Array<Case> = [
    synchronous("getUnsafe, synchronous, plain", (id) => reader.getUnsafe({ id })),
    ...familyNames.filter((family) => isSmall || family === "plain" || family === "ttl" || family === "all")
      .map((family) => inFiber(runtime, family))
  ]
  if (!isSmall) return cases
  const all = runtime.runSync(Users.keys.all.reader)
  const hot = runtime.runSync(engineOf).families.get("plain")!.hot!
  return [
    ...cases,
    synchronous("getUnsafe, synchronous, all", (id) => all.getUnsafe({ id })),
    synchronous("the engine's hit, without the reader's grant", (id) => hot.hit(id)),
    synchronous("the same key through the reader", (id) => reader.getUnsafe({ id })),
    {
      name: "get of a reader, in a generator",
      work: (count) =>
        runtime.runSync(Effect.gen(function*() {
          let found = 0
          for (let i = 0; i < count; i++) {
            if ((yield* reader.get({ id: reads[i & sequenceMask]! })) !== undefined) found++
          }
          return found
        }))
    },
    {
      name: "get through map",
      work: (count) =>
        runtime.runSync(Effect.gen(function*() {
          let found = 0
          for (let i = 0; i < count; i++) {
            found += yield* Effect.map(plain.get({ id: reads[i & sequenceMask]! }), ({ name }) => lengthOf(name))
          }
          return found
        }))
    },
    {
      name: "get through flatMap",
      work: (count) =>
        runtime.runSync(Effect.gen(function*() {
          let found = 0
          for (let i = 0; i < count; i++) {
            found += yield* Effect.flatMap(
              plain.get({ id: reads[i & sequenceMask]! }),
              ({ name }) => Effect.succeed(lengthOf(name))
            )
          }
          return found
        }))
    },
    {
      name: "getOption",
      work: (count) =>
        runtime.runSync(Effect.gen(function*() {
          let found = 0
          for (let i = 0; i < count; i++) {
            if ((yield* plain.getOption({ id: reads[i & sequenceMask]! }))._tag === "Some") found++
          }
          return found
        }))
    },
    {
      name: "has, in a generator",
      work: (count) =>
        runtime.runSync(Effect.gen(function*() {
          let found = 0
          for (let i = 0; i < count; i++) if (yield* plain.has({ id: reads[i & sequenceMask]! })) found++
          return found
        }))
    },
    {
      name: "select, in a generator",
      work: (count) =>
        runtime.runSync(Effect.gen(function*() {
          let found = 0
          for (let i = 0; i < count; i++) found += yield* plain.select({ id: reads[i & sequenceMask]! }, nameLength)
          return found
        }))
    },
    {
      name: `getMany, per key of ${batchSize}`,
      countStep: batchSize,
      work: (count) =>
        runtime.runSync(Effect.gen(function*() {
          let found = 0
          for (let i = 0; i < count; i += batchSize) {
            const from = i & sequenceMask
            const wanted = reads.slice(from, from + batchSize).map((id) => ({ id }))
            found += (yield* plain.getMany(wanted)).length
          }
          return found
        }))
    },
    {
      name: "runPromise of get, awaited",
      work: async (count) => {
        let found = 0
        for (let i = 0; i < count; i++) {
          if ((await runtime.runPromise(plain.get({ id: reads[i & sequenceMask]! }))) !== undefined) found++
        }
        return found
      }
    },
    {
      name: "getPromise of a reader, awaited",
      work: async (count) => {
        let found = 0
        for (let i = 0; i < count; i++) {
          if ((await reader.getPromise({ id: reads[i & sequenceMask]! })) !== undefined) found++
        }
        return found
      }
    },
    {
      name: "runPromise of a reader's get, awaited",
      work: async (count) => {
        let found = 0
        for (let i = 0; i < count; i++) {
          if ((await Effect.runPromise(reader.get({ id: reads[i & sequenceMask]! }))) !== undefined) found++
        }
        return found
      }
    }
  ]
}

const baselines = (): ReadonlyArray<Case> => {
  const map = new Map(ids.map((id) => [id, userOf(id)]))
  return [
    {
      name: "Map.get",
      work: (count) => {
        let found = 0
        for (let i = 0; i < count; i++) if (map.get(reads[i & sequenceMask]!) !== undefined) found++
        return found
      }
    },
    {
      name: "Map.get, awaited",
      countMax: 100_000,
      work: async (count) => {
        const get = async (id: string) => map.get(id)
        let found = 0
        for (let i = 0; i < count; i++) if ((await get(reads[i & sequenceMask]!)) !== undefined) found++
        return found
      }
    }
  ]
}

/**
 * The least that every cache needs, in one short function for one family: a `Map` to slots, the end of an entry and the
 * mark of its family in a typed array, a bit for the policy, and a count. The time that a hit of this library takes
 * beyond it is the cost of a general library.
 */
const byHand = (): ReadonlyArray<Case> => {
  const slots = new Map(ids.map((id, slot) => [id, slot]))
  const values = ids.map(userOf)
  const times = new Float64Array(2 * keyCount).map((_, i) => i % 2 === 0 ? Date.now() + 3_600_000 : 1)
  const used = new Uint8Array(keyCount)
  const family = { now: Date.now(), mark: 0, hits: 0 }
  const get = ({ id }: { readonly id: string }): User | undefined => {
    const slot = slots.get(id)
    if (slot === undefined || times[2 * slot]! <= family.now || times[2 * slot + 1]! < family.mark) return undefined
    if (used[slot] === 0) used[slot] = 1
    family.hits++
    return values[slot]
  }
  // The smallest argument of `yield*`: an iterator that is done at once, and is its own result.
  const found = { done: true, value: undefined as User | undefined, next: () => found }
  class Read {
    private readonly params: { readonly id: string }
    constructor(params: { readonly id: string }) {
      this.params = params
    }
    [Symbol.iterator]() {
      found.value = get(this.params)
      return found
    }
  }
  const read = (params: { readonly id: string }) => new Read(params)
  return [
    synchronous("a hit written by hand", (id) => get({ id })),
    inGenerator("a hit written by hand, in a generator", read, (body) => body().next().value)
  ]
}

const effectCache = async (): Promise<Case> => {
  const cache = await Effect.runPromise(EffectCache.make({
    capacity: 2 * keyCount,
    timeToLive: "1 hour",
    lookup: (id: string) => Effect.succeed(userOf(id))
  }))
  await Effect.runPromise(Effect.forEach(ids, (id) => EffectCache.get(cache, id), { discard: true }))
  return {
    name: "Effect Cache.get, in a generator",
    work: (count) =>
      Effect.runSync(Effect.gen(function*() {
        let found = 0
        for (let i = 0; i < count; i++) {
          if ((yield* EffectCache.get(cache, reads[i & sequenceMask]!)) !== undefined) found++
        }
        return found
      }))
  }
}

const rivals = async (): Promise<ReadonlyArray<Case>> => {
  const cases: Array<Case> = [await effectCache()]
  const wanted = quick || !isSmall ? ["lru-cache", "transitory"] : rivalNames
  for (const name of wanted) {
    const { get, peek, set } = await makeRival(name, 2 * keyCount)
    for (const id of ids) await (get !== undefined ? get(id) : set!(id, userOf(id)))
    if (peek !== undefined) {
      cases.push(synchronous(`${name}, synchronous`, peek))
    }
    if (get !== undefined) {
      cases.push({
        name: `${name}, awaited`,
        work: async (count) => {
          let found = 0
          for (let i = 0; i < count; i++) if ((await get(reads[i & sequenceMask]!)) !== undefined) found++
          return found
        }
      })
    }
  }
  return cases
}

// --- pollution ----------------------------------------------------------------------------------

const anything = Manifest.type<unknown>()

class Others extends Manifest.Service<Others>()("bench/Others", {
  families: {
    session: { pattern: "session:{token}", value: anything, timeToLive: "1 minute", idleTimeToLive: "10 seconds" },
    page: { pattern: "page:{site}:{path}", value: anything, staleWhileRevalidate: "1 minute", timeToLive: "1 second" },
    count: { pattern: "count:{day}", value: anything },
    file: { pattern: "file:{user}:*", value: anything, refreshAhead: 0.8, timeToLive: "1 hour" },
    config: { pattern: "config", value: anything }
  }
}) {}

const shapes: ReadonlyArray<(i: number) => unknown> = [
  (i) => i,
  (i) => `text ${i}`,
  (i) => ({ id: i }),
  (i) => ({ name: "n", id: i }),
  (i) => [i],
  (i) => new Map([[i, i]]),
  (i) => i + 0.5,
  (i) => BigInt(i),
  (i) => new Date(i),
  () => null,
  (i) => ({ deep: { deeper: i } }),
  (i) => new Uint8Array(i & 15)
]

const pollute = (options: MemoryStore.Options, rounds: number): Promise<void> => {
  let made = 0
  const lookup = () => Effect.sync(() => shapes[made++ % shapes.length]!(made))
  const runtime = ManagedRuntime.make(
    Others.modules({
      session: Others.owner("session", { lookup }),
      page: Others.owner("page", { lookup }),
      count: Others.owner("count", { lookup }),
      file: Others.owner("file", { lookup }),
      config: Others.owner("config", { lookup })
    }).pipe(Layer.provideMerge(MemoryStore.layer(options)))
  )
  const { config, count, file, page, session } = Others.keys
  return runtime.runPromise(Effect.gen(function*() {
    for (let i = 0; i < rounds; i++) {
      const id = `${i % 700}`
      yield* session.get({ token: id })
      yield* page.get({ site: "a", path: id })
      yield* Effect.map(count.get({ day: id }), String)
      yield* file.get({ user: id, "*": "x:y" })
      yield* config.get({})
      if (i % 16 === 0) yield* count.set({ day: id }, shapes[i % shapes.length]!(i))
      if (i % 256 === 0) yield* page.invalidateWhere({ site: "a" })
    }
  })).finally(() => runtime.dispose())
}

if (polluted) {
  await pollute({ capacity: 2_000 }, 40_000)
  await pollute({ weightMax: 500, shards: 4 }, 40_000)
}

const alone = async (family: FamilyName): Promise<ReadonlyArray<Case>> => {
  const runtime = runtimeOf({ capacity: 2 * keyCount })
  await fill(runtime, family, ids)
  const reader = runtime.runSync(readerOf(family))
  return [
    baselines()[0]!,
    ...byHand(),
    synchronous(`getUnsafe, synchronous, ${family}`, (id) => reader.getUnsafe({ id })),
    inFiber(runtime, family)
  ]
}

const together = async (): Promise<ReadonlyArray<Case>> => {
  installRivals()
  const runtime = runtimeOf({ capacity: 2 * familyNames.length * keyCount })
  for (const family of isSmall ? familyNames : ["plain", "ttl", "all"] as const) await fill(runtime, family, ids)
  return [...baselines(), ...ours(runtime), ...(await rivals())]
}

const family = familyNames.find((name) => name === kind)
const cases = family === undefined ? await together() : await alone(family)
const figures = await inTurns(cases, quick ? quickly : thorough)
const mapGet = figures[0]!.nanos
console.log(JSON.stringify({
  keyCount,
  process: kind,
  rows: figures.map((figure) => ({ ...figure, ratio: figure.nanos / mapGet })),
  workDone: workDone()
}))
process.exit(0)
