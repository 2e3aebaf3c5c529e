/**
 * The cost of every operation but a hit: misses, writes, invalidation, many callers of one key.
 *
 *     node --conditions=@effect-stateless/source bench/throughput/work.ts [quick]
 *
 * Prints JSON; nanoseconds per operation.
 */
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as EffectCache from "effect/Cache"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { type Case, inTurns, quickly, thorough, workDone } from "./measure.ts"
import { installRivals, makeRival, rivalNames } from "./rivals.ts"
import { type User, userOf } from "./workload.ts"

const quick = process.argv[2] === "quick"
const value = Manifest.type<User>()

class Work extends Manifest.Service<Work>()("bench/Work", {
  families: {
    plain: { pattern: "plain:{id}", value },
    promised: { pattern: "promised:{id}", value },
    source: { pattern: "source:{id}", value, timeToLive: "1 hour" },
    first: { pattern: "first:{id}", value, derives: ["source:{id}"] },
    second: { pattern: "second:{id}", value, derives: ["source:{id}"] },
    pages: { pattern: "pages:{id}:{page}", value, derives: ["source:{id}"], fanout: true },
    gate: { pattern: "gate:{id}", value },
    stale: { pattern: "stale:{id}", value, timeToLive: "1 millis", staleWhileRevalidate: "1 hour" }
  }
}) {}

const { first, gate, pages, plain, promised, second, source, stale } = Work.keys
const lookup = ({ id }: { readonly id: string }) => Effect.succeed(userOf(id))

let opened = Deferred.makeUnsafe<void>()
const makeRuntime = () =>
  ManagedRuntime.make(
    Work.modules({
      plain: Work.owner("plain", { lookup }),
      promised: Work.owner("promised", { lookup: ({ id }) => Effect.promise(() => Promise.resolve(userOf(id))) }),
      source: Work.owner("source", { lookup }),
      first: Work.owner("first", { lookup }),
      second: Work.owner("second", { lookup }),
      pages: Work.owner("pages", { lookup }),
      stale: Work.owner("stale", {
        lookup: ({ id }) => id === "slow" ? Effect.as(Deferred.await(opened), userOf(id)) : lookup({ id })
      }),
      gate: Work.owner("gate", { lookup: ({ id }) => Effect.as(Deferred.await(opened), userOf(id)) })
    }).pipe(Layer.provideMerge(MemoryStore.layer({ capacity: 100_000 })))
  )
const runtime = makeRuntime()
await runtime.context()
const plainWriter = runtime.runSync(plain.writer)
const gateReader = runtime.runSync(gate.reader)

const callers = 1_000
let serial = 0
const ada = userOf("ada")
const known = Array.from({ length: 10_000 }, (_, i) => `${i}`)
const batchSize = 10
// In a store of its own, because the misses of the other cases would push it out, and `invalidate` would remove it.
const aside = makeRuntime()
await aside.context()
const staleReader = aside.runSync(stale.reader)
Deferred.doneUnsafe(opened, Effect.void)
for (const id of ["slow", ...known]) await staleReader.getPromise({ id })
const pageSize = 100
aside.runSync(plain.setMany(known.map((id) => [{ id }, ada] as const)))
opened = Deferred.makeUnsafe()
await new Promise((resolve) => setTimeout(resolve, 10))

const ours: ReadonlyArray<Case> = [
  {
    name: "miss, in a generator",
    work: (count) =>
      runtime.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* plain.get({ id: `${serial++}` })
        return count
      }))
  },
  {
    name: "miss of a Promise, in a generator",
    work: (count) =>
      runtime.runPromise(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* promised.get({ id: `${serial++}` })
        return count
      }))
  },
  {
    name: "set, in a generator",
    work: (count) =>
      runtime.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* plain.set({ id: known[i % 10_000]! }, ada)
        return count
      }))
  },
  {
    name: "setUnsafe",
    work: (count) => {
      for (let i = 0; i < count; i++) plainWriter.setUnsafe({ id: known[i % 10_000]! }, ada)
      return count
    }
  },
  {
    name: "set that invalidates 3 dependents",
    work: (count) =>
      runtime.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* source.set({ id: known[i % 10_000]! }, ada)
        return count
      }))
  },
  {
    name: "the same, the dependents held and read again",
    work: (count) =>
      runtime.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) {
          const id = known[i % 10_000]!
          yield* source.set({ id }, ada)
          yield* first.get({ id })
          yield* second.get({ id })
          yield* pages.get({ id, page: 1 })
        }
        return count
      }))
  },
  {
    name: "invalidate, in a generator",
    work: (count) =>
      runtime.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* plain.invalidate({ id: known[i % 10_000]! })
        return count
      }))
  },
  {
    name: "a stale value while its refresh runs, in a generator",
    work: (count) =>
      aside.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* stale.get({ id: "slow" })
        return count
      }))
  },
  {
    // Each entry is stale again at its next turn, because the loop over all entries takes longer than they are fresh.
    name: "a stale value and its whole refresh, awaited",
    work: async (count) => {
      for (let i = 0; i < count; i++) await staleReader.getPromise({ id: known[i % 10_000]! })
      return count
    }
  },
  {
    name: `setMany, per key of ${batchSize}`,
    countStep: batchSize,
    work: (count) =>
      aside.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i += batchSize) {
          yield* plain.setMany(
            Array.from({ length: batchSize }, (_, k) => [{ id: known[(i + k) % 10_000]! }, ada] as const)
          )
        }
        return count
      }))
  },
  {
    name: `batch, per write of ${batchSize}`,
    countStep: batchSize,
    work: (count) =>
      aside.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i += batchSize) {
          yield* Work.batch(
            Array.from({ length: batchSize }, (_, k) => plain.setting({ id: known[(i + k) % 10_000]! }, ada))
          )
        }
        return count
      }))
  },
  {
    name: `page of ${pageSize}, per entry`,
    countStep: pageSize,
    work: (count) =>
      aside.runSync(Effect.gen(function*() {
        let cursor: string | undefined
        for (let i = 0; i < count; i += pageSize) cursor = (yield* plain.page(cursor, pageSize)).next
        return count
      }))
  },
  {
    name: "update, in a generator",
    work: (count) =>
      aside.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* plain.update({ id: known[i % 10_000]! }, (was) => was)
        return count
      }))
  },
  {
    name: `${callers} callers of one key, per caller`,
    countStep: callers,
    work: async (count) => {
      for (let i = 0; i < count; i += callers) {
        opened = Deferred.makeUnsafe()
        const id = `${serial++}`
        const waiting = Array.from({ length: callers }, () => runtime.runPromise(gate.get({ id })))
        Deferred.doneUnsafe(opened, Effect.void)
        await Promise.all(waiting)
      }
      return count
    }
  },
  {
    name: `${callers} callers of one key through a reader's getPromise, per caller`,
    countStep: callers,
    work: async (count) => {
      for (let i = 0; i < count; i += callers) {
        opened = Deferred.makeUnsafe()
        const id = `${serial++}`
        const waiting = Array.from({ length: callers }, () => gateReader.getPromise({ id }))
        Deferred.doneUnsafe(opened, Effect.void)
        await Promise.all(waiting)
      }
      return count
    }
  },
  {
    name: `${callers} fibers of one key, per fiber`,
    countStep: callers,
    work: (count) =>
      runtime.runPromise(Effect.gen(function*() {
        for (let i = 0; i < count; i += callers) {
          opened = Deferred.makeUnsafe()
          const id = `${serial++}`
          const get = gate.get({ id })
          const fibers: Array<Fiber.Fiber<User, unknown>> = []
          for (let caller = 0; caller < callers; caller++) {
            fibers.push(yield* Effect.forkChild(get, { startImmediately: true }))
          }
          Deferred.doneUnsafe(opened, Effect.void)
          yield* Fiber.awaitAll(fibers)
        }
        return count
      }))
  }
]

const rivalsOf = async (name: string): Promise<ReadonlyArray<Case>> => {
  const { get, set } = await makeRival(name, 100_000)
  const cases: Array<Case> = []
  if (get !== undefined) {
    cases.push({
      name: `${name}: miss, awaited`,
      work: async (count) => {
        for (let i = 0; i < count; i++) await get(`${serial++}`)
        return count
      }
    }, {
      // The lookup returns in a later turn, so all callers have asked before it ends.
      name: `${name}: ${callers} callers of one key, per caller`,
      countStep: callers,
      work: async (count) => {
        for (let i = 0; i < count; i += callers) {
          const id = `${serial++}`
          await Promise.all(Array.from({ length: callers }, () => get(id)))
        }
        return count
      }
    })
  }
  if (set !== undefined) {
    cases.push({
      name: `${name}: set`,
      work: async (count) => {
        for (let i = 0; i < count; i++) {
          const done = set(known[i % 10_000]!, ada)
          if (done instanceof Promise) await done
        }
        return count
      }
    })
  }
  return cases
}

const effectCache = async (): Promise<ReadonlyArray<Case>> => {
  const cache = await Effect.runPromise(EffectCache.make({
    capacity: 100_000,
    timeToLive: "1 hour",
    lookup: (id: string) => Effect.succeed(userOf(id))
  }))
  return [{
    name: "Effect Cache: miss, in a generator",
    work: (count) =>
      Effect.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* EffectCache.get(cache, `${serial++}`)
        return count
      }))
  }, {
    name: "Effect Cache: set, in a generator",
    work: (count) =>
      Effect.runSync(Effect.gen(function*() {
        for (let i = 0; i < count; i++) yield* EffectCache.set(cache, known[i % 10_000]!, ada)
        return count
      }))
  }]
}

installRivals()
const map = new Map<string, User>()
const baseline: Case = {
  name: "Map.set",
  work: (count) => {
    for (let i = 0; i < count; i++) map.set(known[i % 10_000]!, ada)
    return count
  }
}
const cases = [baseline, ...ours, ...(await effectCache())]
for (const name of quick ? ["lru-cache"] : rivalNames) cases.push(...(await rivalsOf(name)))
const figures = await inTurns(cases, quick ? quickly : thorough)
const mapSet = figures[0]!.nanos
console.log(JSON.stringify({
  rows: figures.map((figure) => ({ ...figure, ratio: figure.nanos / mapSet })),
  workDone: workDone()
}))
process.exit(0)
