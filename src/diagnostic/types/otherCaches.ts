/**
 * The names that other caches have for our options, so that a message says what was meant.
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
  tags: "tags",
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
  timeToLive: "a family",
  idleTimeToLive: "a family",
  staleWhileRevalidate: "a family",
  staleIfError: "a family",
  refreshAhead: "a family",
  capacity: "a store, or of a family",
  weightMax: "a store, or of a family",
  weigher: "a family",
  lookup: "owner",
  lookupMany: "owner",
  warm: "owner",
  pattern: "a family",
  value: "a family",
  derives: "a family",
  tags: "set, and of Lookup.loaded",
  eviction: "a store in memory",
  path: "LmdbStore",
  bytesMax: "LmdbStore",
  namespace: "LmdbStore and RedisStore",
  client: "RedisStore"
} as const satisfies { readonly [Option in typeof otherNames[keyof typeof otherNames]]: string }
