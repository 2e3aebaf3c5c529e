/**
 * The plainest store that keeps the contract: a map for each family. Tests put it below memory, or compare with it.
 */
import type { Entry } from "effect-stateless/store/Entry"
import {
  type Change,
  makeCommons,
  type Mark,
  type Partition,
  type Prepared,
  Store,
  type StoreFamily
} from "effect-stateless/store/Store"
import { BookmarkLost, StoreError } from "effect-stateless/store/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** What lives as long as the value does, and so outlives the layers that are built onto it. */
export interface Place {
  readonly families: Map<string, Map<string, Entry<any>>>
  readonly marks: Map<string, number>
  stampMax: number
  versionMax: number
}

/**
 * The value that a place holds for a key of a family, such as `user` of the manifest `Test`:
 * `keptIn(place, "Test/user", "1")`.
 */
export const keptIn = (place: Place, family: string, key: string): unknown =>
  place.families.get(family)?.get(key)?.value

export const makePlace = (): Place => ({ families: new Map(), marks: new Map(), stampMax: 0, versionMax: 0 })

/** A store that is a map for each family: the plainest one that keeps the contract. Pushes out the oldest when full. */
export const mapStore = (
  options: { readonly place?: Place; readonly name?: string; readonly capacity?: number } = {}
): Store["Service"] => {
  const place = options.place ?? makePlace()
  const name = options.name ?? "map"
  const capacity = options.capacity ?? Number.POSITIVE_INFINITY
  const keepMarks = (marks: ReadonlyArray<Mark>) => {
    for (const { scope, stamp } of marks) {
      place.marks.set(scope, Math.max(stamp, place.marks.get(scope) ?? stamp))
      place.stampMax = Math.max(place.stampMax, stamp)
    }
  }
  return Store.of({
    name,
    open: (family) => Effect.sync(() => open(place, name, capacity, family)),
    loadMarks: Effect.sync(() => ({
      marks: Array.from(place.marks, ([scope, stamp]) => ({ scope, stamp })),
      stampMax: place.stampMax,
      versionMax: place.versionMax
    })),
    recordMarks: (marks) => Effect.sync(() => keepMarks(marks)),
    commons: makeCommons(),
    write: ({ changes, marks }) =>
      Effect.sync(() => {
        for (const change of changes) (change.partition as MapPartition<any>)[apply](change)
        keepMarks(marks)
      }),
    removeMarks: (marks) =>
      Effect.sync(() => {
        for (const { scope, stamp } of marks) if (place.marks.get(scope) === stamp) place.marks.delete(scope)
      })
  })
}

// A property, so that a test may spread a partition to change a part of it.
const apply = Symbol("apply")

interface MapPartition<V> extends Partition<V> {
  readonly [apply]: (change: Change<V>) => void
}

const lost = (tier: string) => new StoreError({ reason: new BookmarkLost({ tier, why: "malformed" }) })

const open = <V>(place: Place, tier: string, capacity: number, family: StoreFamily<V>): Partition<V> => {
  const entries: Map<string, Entry<V>> = place.families.get(family.name) ?? new Map()
  place.families.set(family.name, entries)
  const find = (key: string, now: number) => {
    const entry = entries.get(key)
    return entry === undefined || entry.expiresAt <= now ? undefined : { entry, tier }
  }
  const set = (key: string, entry: Entry<V>) => {
    entries.delete(key)
    entries.set(key, entry)
    place.stampMax = Math.max(place.stampMax, entry.stamp)
    place.versionMax = Math.max(place.versionMax, entry.version)
    for (const [oldest, evicted] of entries) {
      if (entries.size <= capacity) break
      entries.delete(oldest)
      family.onEvict?.(oldest, evicted, "Evicted")
    }
  }
  const partition: MapPartition<V> = {
    [apply]: ({ cleared, removed, set: all }) => {
      if (cleared) entries.clear()
      for (const key of removed) entries.delete(key)
      for (const { entry, key } of all) set(key, entry)
    },
    prepare: () => Effect.succeed<Prepared<V>>({ bytes: 0 }),
    get: (key) => Effect.map(Clock.currentTimeMillis, (now) => find(key, now)),
    getMany: (keys) => Effect.map(Clock.currentTimeMillis, (now) => keys.map((key) => find(key, now))),
    set: (key, entry) => Effect.sync(() => set(key, entry)),
    setMany: (all) => Effect.sync(() => all.forEach(([key, entry]) => set(key, entry))),
    remove: (keys) => Effect.sync(() => keys.forEach((key) => entries.delete(key))),
    clear: Effect.sync(() => entries.clear()),
    entries: Stream.unwrap(
      Effect.map(Clock.currentTimeMillis, (now) =>
        Stream.fromIterable(
          Array.from(entries).filter(([, entry]) => entry.expiresAt > now)
        ))
    ),
    // A key that is set again goes to the end of the map, so pages are in the order of the keys.
    page: (after, max) =>
      after !== undefined && after[0] !== "=" ? Effect.fail(lost(tier)) : Effect.map(Clock.currentTimeMillis, (now) => {
        const keys = Array.from(entries.keys()).toSorted().filter((key) => after === undefined || key > after.slice(1))
        const some = keys.slice(0, max)
        const found = some.flatMap((key) => {
          const one = find(key, now)
          return one === undefined ? [] : [[key, one.entry] as const]
        })
        return { entries: found, next: some.length < keys.length ? `=${some.at(-1)}` : undefined }
      }),
    sweep: (freshUntilMax) =>
      Effect.sync(() => {
        for (const [key, entry] of entries) {
          const max = freshUntilMax(key, entry.stamp, entry.tags)
          if (max === -Infinity) entries.delete(key)
          else if (max < entry.freshUntil) entries.set(key, { ...entry, freshUntil: max })
        }
      }),
    size: Effect.sync(() => entries.size),
    hot: undefined
  }
  return partition
}

export const mapLayer = (options?: Parameters<typeof mapStore>[0]): Layer.Layer<Store> =>
  Layer.sync(Store, () => mapStore(options))
