import { Effect } from "effect"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as RedisStore from "../../src/store/redis/RedisStore.ts"

// Options with the names that other caches have for them, and other unknown ones.
export const unknown = [
  MemoryStore.layer({ maxSize: 10 }),
  MemoryStore.layer({ max: 10 }),
  MemoryStore.layer({ capacity: 10, ttl: 1 }),
  MemoryStore.layer({ capacity: 10, stdTTL: 1 }),
  MemoryStore.layer({ capacity: 10, evictionPolicy: "lru" }),
  MemoryStore.layer({ capacity: 10, other: 1 }),
  MemoryStore.make({ maxEntries: 10 }),
  LmdbStore.layer({ path: "x", durability: "process", maxSize: 1 }),
  LmdbStore.layer({ dir: "x", durability: "process" }),
  LmdbStore.layer({ path: "x", durability: "process", mapSize: 1 }),
  RedisStore.layer({ url: "x", namespace: "x", ttlMs: 1 }),
  RedisStore.layer({ url: "x", keyPrefix: "x" }),
  Lookup.loaded(1, { ttl: 1 }),
  Lookup.loaded(1, { gracePeriod: 1 }),
  Lookup.notModified({ maxAge: 1 })
]

// Two bounds of one store. Other wrong values of known options are in the compiler's own words, which name them.
export const bounds = MemoryStore.layer({ capacity: 10, weightMax: 1 })

// What is known compiles, however it is written.
declare const stored: LmdbStore.Options
declare const size: MemoryStore.Options
declare const given: Lookup.LoadedOptions
interface Own {
  readonly capacity: number
}
declare const own: Own
export const known = [
  LmdbStore.layer(stored),
  LmdbStore.layer({ ...stored, entriesMax: 1 }),
  MemoryStore.layer(size),
  MemoryStore.layer(own),
  MemoryStore.layer({ capacity: 10, weightMax: undefined }),
  Lookup.loaded(1, given),
  Lookup.loaded<number>(1, { timeToLive: "never" }),
  Lookup.notModified(),
  Effect.succeed(Lookup.loaded({ dark: true }, { timeToLive: "5 minutes", tags: ["de"] }))
]

// A store in Redis without its server, and one without a namespace.
export const servers = [RedisStore.layer({ namespace: "app" }), RedisStore.layer({ url: "redis://host" })]
