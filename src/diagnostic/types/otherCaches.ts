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
  maxAge: "timeToLive",
  staleTime: "timeToLive",
  expires: "timeToLive",
  expiresIn: "timeToLive",
  expireAfterWrite: "timeToLive",
  cacheTime: "idleTimeToLive",
  gcTime: "idleTimeToLive",
  maxIdle: "idleTimeToLive",
  expireAfterAccess: "idleTimeToLive",
  swr: "staleWhileRevalidate",
  grace: "staleIfError",
  max: "capacity",
  maxEntries: "capacity",
  maxItems: "capacity",
  maxKeys: "capacity",
  maxSize: "weightMax",
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
  strategy: "eviction"
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
  eviction: "a store in memory"
} as const satisfies { readonly [Option in typeof otherNames[keyof typeof otherNames]]: string }
