/**
 * Reads many keys. A key that occurs several times is served once.
 *
 * If the owner has a `lookupMany`, it is asked once for the keys that their reader waits for, missing and stale, and
 * once more for those that are renewed behind the reader. Each key keeps its own rules: it is answered as a read of it
 * alone would be.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type { Entry } from "../../../store/Entry.ts"
import type { Entries } from "../entries/entries.ts"
import type { Served } from "../entries/served.ts"
import { memory } from "../family/judgement.ts"
import type { AskedOf, Flight, Renewal } from "../loads/flight.ts"
import type { Loads } from "../loads/loads.ts"

/** The parts of a family that reads of many keys need. */
export interface GroundOfMany<V> {
  readonly entries: Entries<V>
  readonly loads: Loads<V>
  /** Serves one key. `isRenewed` says that what has to be renewed behind its reader is. */
  readonly serve: (key: string, isRenewed: boolean) => Effect.Effect<Served<V>, unknown>
  /** The load that a read of the key would begin: one that the reader waits for, or a renewal behind the reader. */
  readonly loadFor: (key: string, now: number) => AskedOf<V> | Renewal<V> | undefined
  /** Waits for a load, and for no longer than `softTimeout` where a stale entry may be served. */
  readonly softly: (
    key: string,
    entry: Entry<V>,
    waited: Effect.Effect<Served<V>, unknown>
  ) => Effect.Effect<Served<V>, unknown>
}

/** What becomes of the read of one key: the value, which fails all if it fails, or an Exit. */
export type Each<V, A> = (read: Effect.Effect<Served<V>, unknown>) => Effect.Effect<A, unknown>

/** Serves keys that were not hits, in their order, each with the tier of its value. */
export const serveMany = <V>(
  ground: GroundOfMany<V>,
  keys: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Served<V>>, unknown> => serveAll(ground, keys, identity)

/** Serves keys as `serveMany` does. A key that fails does not fail the others. */
export const serveResults = <V>(
  ground: GroundOfMany<V>,
  keys: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Exit.Exit<Served<V>, unknown>>, unknown> => serveAll(ground, keys, Effect.exit)

/** Asks for each key once, and returns the result for each occurrence of it. */
const serveAll = <V, A>(
  ground: GroundOfMany<V>,
  keys: ReadonlyArray<string>,
  each: Each<V, A>
): Effect.Effect<ReadonlyArray<A>, unknown> => {
  const occurrences = new Map<string, number>()
  for (const key of keys) occurrences.set(key, (occurrences.get(key) ?? 0) + 1)
  if (occurrences.size === keys.length) return serveDistinct(ground, keys, each)
  const distinct = Array.from(occurrences.keys())
  const counting: Counting<V> = (key, read) => countRepeats(ground, key, read, occurrences.get(key)! - 1)
  return Effect.map(serveDistinct(ground, distinct, each, counting), (answers) => {
    const byKey = new Map(distinct.map((key, i) => [key, answers[i]!]))
    return keys.map((key) => byKey.get(key)!)
  })
}

/** Learns how each key is read. */
type Counting<V> = (key: string, read: Effect.Effect<Served<V>, unknown>) => void

/** Each occurrence of a key is a read, and counts as the first one does. A read that waits joins the load. */
const countRepeats = <V>(
  { entries, loads }: GroundOfMany<V>,
  key: string,
  read: Effect.Effect<Served<V>, unknown>,
  repeats: number
): void => {
  for (let i = 0; i < repeats && loads.loader !== undefined; i++) {
    if (!Exit.isExit(read)) {
      entries.tally.countMiss(key)
      entries.counts.coalesced++
    } else if (Exit.isFailure(read)) entries.counts.remembered++
    else if ((read.value as Served<V>).stale) entries.tally.countStale(key, memory)
    else entries.tally.countHit(key, memory)
  }
}

const serveDistinct = <V, A>(
  ground: GroundOfMany<V>,
  keys: ReadonlyArray<string>,
  each: Each<V, A>,
  counting?: Counting<V>
): Effect.Effect<ReadonlyArray<A>, unknown> => {
  const { loads, serve } = ground
  const readAll = (serveOne: (key: string) => Effect.Effect<Served<V>, unknown>) =>
    Effect.forEach(keys, (key) => {
      const read = serveOne(key)
      counting?.(key, read)
      return each(read)
    }, unbounded)
  if (loads.loader?.lookupMany === undefined) return readAll((key) => serve(key, false))
  return Effect.acquireUseRelease(
    Effect.sync(() => start(ground, keys)),
    ({ served }) => readAll((key) => served.get(key) ?? serve(key, true)),
    ({ flights }) =>
      Effect.sync(() => {
        for (const flight of flights) flight.letGo()
      })
  )
}

const unbounded = { concurrency: "unbounded" } as const

interface Started<V> {
  /** The loads that the reader waits for. */
  readonly flights: ReadonlyArray<Flight<V>>
  /** What all loads that were started bring for their keys. */
  readonly served: ReadonlyMap<string, Effect.Effect<Served<V>, unknown>>
}

/** Starts one load for the keys that the reader waits for, and one for those that are renewed behind the reader. */
const start = <V>(ground: GroundOfMany<V>, keys: ReadonlyArray<string>): Started<V> => {
  const { loadFor, loads, serve } = ground
  const now = loads.now()
  const served = new Map<string, Effect.Effect<Served<V>, unknown>>()
  const awaited: Array<AskedOf<V>> = []
  const behind: Array<Renewal<V>> = []
  for (const key of keys) {
    const asked = loadFor(key, now)
    if (asked === undefined) continue
    if (isRenewal(asked)) {
      behind.push(asked)
      // Before the renewal, which may end at once.
      served.set(key, serve(key, true))
    } else awaited.push(asked)
  }
  loads.renewals.beginMany(behind, now)
  const flights = loads.startMany(awaited)
  for (const [i, flight] of flights.entries()) served.set(flight.key, join(ground, flight, awaited[i]!.fallback))
  return { flights, served }
}

const isRenewal = <V>(asked: AskedOf<V> | Renewal<V>): asked is Renewal<V> => asked.isBehind === true

/** Joins a flight, even if it has ended and stored no value. */
const join = <V>(
  { entries, loads, softly }: GroundOfMany<V>,
  flight: Flight<V>,
  fallback: Entry<V> | undefined
): Effect.Effect<Served<V>, unknown> => {
  entries.tally.countMiss(flight.key)
  const waited = Effect.callback<Served<V>, unknown>((resume) => loads.join(flight, resume))
  return fallback === undefined ? waited : softly(flight.key, fallback, waited)
}
