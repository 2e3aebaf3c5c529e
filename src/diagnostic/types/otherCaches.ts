/**
 * The names that other caches have for our options, and where our options are given, so that a message says what was
 * meant.
 *
 * Each name means one option. A name that means different things in different caches, such as `timeout`, is not here.
 *
 * @since 0.1.0
 */

/**
 * From the name of an option in other caches to our name for it.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const otherNames = {
  ttl: "timeToLive",
  ttlMs: "timeToLive",
  ttlSeconds: "timeToLive",
  stdTTL: "timeToLive",
  defaultTtl: "timeToLive",
  lifetime: "timeToLive",
  expiry: "timeToLive",
  expiration: "timeToLive",
  maxAge: "timeToLive",
  staleTime: "timeToLive",
  expires: "timeToLive",
  expiresIn: "timeToLive",
  expireAfterWrite: "timeToLive",
  cacheTime: "idleTimeToLive",
  gcTime: "idleTimeToLive",
  maxIdle: "idleTimeToLive",
  expireAfterAccess: "idleTimeToLive",
  tti: "idleTimeToLive",
  timeToIdle: "idleTimeToLive",
  swr: "staleWhileRevalidate",
  staleTtl: "staleWhileRevalidate",
  staleWhileRevalidateTtl: "staleWhileRevalidate",
  grace: "staleIfError",
  gracePeriod: "staleIfError",
  staleIfErrorTtl: "staleIfError",
  refreshThreshold: "refreshAhead",
  earlyRefresh: "refreshAhead",
  max: "capacity",
  maximumSize: "capacity",
  maxLength: "capacity",
  maxEntries: "capacity",
  maxItems: "capacity",
  maxKeys: "capacity",
  maxSize: "capacity",
  maxBytes: "weightMax",
  maxWeight: "weightMax",
  maximumWeight: "weightMax",
  sizeCalculation: "weigher",
  load: "lookup",
  loader: "lookup",
  fetch: "lookup",
  fetcher: "lookup",
  fetchMethod: "lookup",
  queryFn: "lookup",
  loadMany: "lookupMany",
  batchLoader: "lookupMany",
  preload: "warm",
  prefetch: "warm",
  key: "pattern",
  cacheKey: "pattern",
  queryKey: "pattern",
  schema: "value",
  dependsOn: "derives",
  strategy: "eviction",
  policy: "eviction",
  evictionPolicy: "eviction",
  dir: "path",
  directory: "path",
  folder: "path",
  mapSize: "bytesMax",
  keyPrefix: "namespace",
  prefix: "namespace",
  redis: "client",
  connection: "client"
} as const

/**
 * What our option is called where a tier on disk has it.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const onDisk = {
  capacity: "entriesMax",
  weightMax: "bytesMax"
} as const

/**
 * Where each of our options is given.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const placeOf = {
  pattern: "a family",
  layer: "a family",
  partOf: "a family",
  carvedFrom: "a family",
  derives: "a family",
  borrows: "a family, and of fn",
  fanout: "a family",
  params: "a family",
  value: "a family",
  error: "a family",
  sensitive: "a family",
  timeToLive: "a family",
  idleTimeToLive: "a family",
  staleWhileRevalidate: "a family",
  staleIfError: "a family",
  jitter: "a family",
  refreshAhead: "a family",
  negativeTimeToLive: "a family",
  softTimeout: "a family",
  hardTimeout: "a family",
  consistency: "a family",
  loadConcurrency: "a family",
  loadQueueMax: "a family",
  retryAfterFailure: "a family",
  onAbandoned: "a family",
  freeze: "a family",
  weigher: "a family",
  capacity: "a store, or of a family",
  weightMax: "a store, or of a family",
  version: "a manifest, a family or a store",
  tags: "set, and of Lookup.loaded",
  lookup: "owner",
  lookupMany: "owner",
  warm: "owner",
  predict: "owner",
  parts: "owner",
  owns: "fn",
  invalidates: "fn; a family lists its sources in derives",
  eviction: "a store in memory",
  shards: "a store in memory",
  path: "LmdbStore",
  durability: "LmdbStore",
  entriesMax: "LmdbStore",
  bytesMax: "LmdbStore",
  namespace: "LmdbStore and RedisStore",
  client: "RedisStore",
  url: "RedisStore"
} as const satisfies
  & { readonly [option: string]: string }
  & {
    readonly [Option in typeof otherNames[keyof typeof otherNames]]: string
  }

/**
 * What to do instead of an option that we do not have, because its name stands for something else here.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const insteadOf = {
  store: "a store is a layer that the program provides, such as MemoryStore.layer({ capacity: 1_000 })",
  owner: "an owner is a layer that the program provides, and that owner of the manifest makes",
  stale: "stale is an option of reads; a family has staleWhileRevalidate and staleIfError"
} as const

/**
 * Parts of the address of a server, which `client` has.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const inClient = { host: true, port: true, username: true, password: true, db: true } as const
