/**
 * The other caches, each with its best settings: values are kept as they are, without statistics, without a hash for
 * keys that are already texts, and with timers only if the cache cannot work without them.
 *
 * If they are missing, they are installed into `bench/rivals/node_modules`: a folder of its own, because one with a
 * `package.json` cannot import `effect-stateless` by name.
 */
import * as EffectCache from "effect/Cache"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { load } from "../rivals/load.ts"
import { type User, userOf } from "./workload.ts"

const folder = fileURLToPath(new URL("../rivals", import.meta.url))

/** Installs the packages of the lockfile of `bench/rivals`, once. */
export const installRivals = (): void => {
  if (existsSync(`${folder}/node_modules/lru-cache`)) return
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--omit=optional"], { cwd: folder, stdio: "inherit" })
}

export const rivalVersions = (): { readonly [name: string]: string } =>
  JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).dependencies

export interface Rival {
  readonly name: string
  /** A read that answers at once. */
  readonly peek?: (id: string) => unknown
  /** A read that loads an absent key. */
  readonly get?: (id: string) => Promise<unknown>
  readonly set?: (id: string, value: User) => unknown
}

const hour = 3_600_000
const loaded = async (id: string): Promise<User> => userOf(id)

const makers: { readonly [name: string]: (entriesMax: number) => Promise<Rival> } = {
  "lru-cache": async (max) => {
    const { LRUCache } = await load("lru-cache")
    const cache = new LRUCache({ max, ttl: hour, fetchMethod: loaded })
    return {
      name: "lru-cache",
      peek: (id) => cache.get(id),
      get: (id) => cache.fetch(id),
      set: (id, value) => cache.set(id, value)
    }
  },
  transitory: async (max) => {
    const { newCache } = await load("transitory")
    const cache = newCache().maxSize(max).build()
    return { name: "transitory", peek: (id) => cache.getIfPresent(id), set: (id, value) => cache.set(id, value) }
  },
  "layered-loader": async (max) => {
    const { Loader } = await load("layered-loader")
    const cache = new Loader({
      inMemoryCache: { cacheType: "lru-object", ttlInMsecs: hour, maxItems: max },
      dataSources: [{ name: "source", get: loaded }]
    })
    return {
      name: "layered-loader",
      peek: (id) => cache.getInMemoryOnly(id),
      get: (id) => cache.get(id)
    }
  },
  "async-cache-dedupe": async (max) => {
    const { createCache } = await load("async-cache-dedupe")
    const cache = createCache({ ttl: 3_600, storage: { type: "memory", options: { size: max } } })
    cache.define("user", { serialize: (id: string) => id }, loaded)
    return { name: "async-cache-dedupe", get: (id) => cache.user(id) }
  },
  "cache-manager": async (max) => {
    const { createCache } = await load("cache-manager")
    const { createKeyv } = await load("cacheable")
    const cache = createCache({ ttl: hour, stores: [createKeyv({ useClone: false, lruSize: max })] })
    return {
      name: "cache-manager",
      get: (id) => cache.wrap(id, () => loaded(id)),
      set: (id, value) => cache.set(id, value)
    }
  },
  cacheable: async (max) => {
    const { Cacheable, createKeyv } = await load("cacheable")
    const cache = new Cacheable({ ttl: hour, stats: false })
    // Its constructor does not accept a store of its own package, because there is a second copy of Keyv. Its setter
    // does.
    cache.primary = createKeyv({ useClone: false, lruSize: max })
    return {
      name: "cacheable",
      get: (id) => cache.getOrSet(id, () => loaded(id)),
      set: (id, value) => cache.set(id, value)
    }
  },
  bentocache: async (max) => {
    const { BentoCache, bentostore } = await load("bentocache")
    const { memoryDriver } = await load("bentocache/drivers/memory")
    const bento = new BentoCache({
      default: "memory",
      ttl: "1h",
      stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: max, serialize: false })) }
    })
    return {
      name: "bentocache",
      get: (id) => bento.getOrSet({ key: id, factory: () => loaded(id) }),
      set: (id, value) => bento.set({ key: id, value })
    }
  },
  cachified: async (max) => {
    const { cachified, lruCacheAdapter } = await load("@epic-web/cachified")
    const { LRUCache } = await load("lru-cache")
    const cache = lruCacheAdapter?.(new LRUCache({ max })) ?? new LRUCache({ max })
    return {
      name: "cachified",
      get: (id) => cachified({ key: id, cache, ttl: hour, getFreshValue: () => loaded(id) })
    }
  },
  "Effect Cache": async (max) => {
    const cache = await Effect.runPromise(EffectCache.make({
      capacity: max,
      timeToLive: "1 hour",
      lookup: (id: string) => Effect.succeed(userOf(id))
    }))
    return {
      name: "Effect Cache",
      get: (id) => Effect.runPromise(EffectCache.get(cache, id)),
      set: (id, value) => Effect.runSync(EffectCache.set(cache, id, value))
    }
  }
}

export const rivalNames = Object.keys(makers)

export const makeRival = (name: string, entriesMax: number): Promise<Rival> => makers[name]!(entriesMax)
