/**
 * Reads many keys. A key that occurs several times is served once.
 *
 * If the owner has a `lookupMany`, it is asked once for the keys that their reader waits for, missing and stale, and
 * once more for those that are renewed behind the reader. Each key keeps its own rules: it is answered as a read of it
 * alone would be.
 *
 * A long list is worked in pieces, and others run in between. Its keys are still loaded together.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type { Entry } from "../../../store/Entry.ts"
import * as Pieces from "../../shared/pieces.ts"
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
  if (Pieces.isLong(keys)) return serveLong(ground, keys, each)
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

/** Serves the keys of a long list, in pieces. */
const serveLong = Effect.fnUntraced(
  function*<V, A>(ground: GroundOfMany<V>, keys: ReadonlyArray<string>, each: Each<V, A>) {
    const occurrences = new Map<string, number>()
    yield* Pieces.each(keys.length, (at) => occurrences.set(keys[at]!, (occurrences.get(keys[at]!) ?? 0) + 1))
    if (occurrences.size === keys.length) return yield* serveDistinct(ground, keys, each)
    const distinct = Array.from(occurrences.keys())
    const answers = yield* serveDistinct(
      ground,
      distinct,
      each,
      (key, read) => countRepeats(ground, key, read, occurrences.get(key)! - 1)
    )
    const places = new Map<string, number>()
    yield* Pieces.each(distinct.length, (at) => places.set(distinct[at]!, at))
    const all: Array<A> = []
    yield* Pieces.each(keys.length, (at) => all.push(answers[places.get(keys[at]!)!]!))
    return all
  }
)

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
  const readAll = (serveOne: (key: string) => Effect.Effect<Served<V>, unknown>) => {
    const readOne = (key: string): Effect.Effect<A, unknown> => {
      const read = serveOne(key)
      counting?.(key, read)
      return each(read)
    }
    return Pieces.isLong(keys)
      ? Pieces.gather(keys.length, (at) => readOne(keys[at]!))
      : Effect.forEach(keys, readOne, unbounded)
  }
  if (loads.loader?.lookupMany === undefined) return readAll((key) => serve(key, false))
  return Effect.acquireUseRelease(
    Pieces.isLong(keys) ? startLong(ground, keys) : Effect.sync(() => start(ground, keys)),
    ({ served }) => readAll((key) => served.get(key) ?? serve(key, true)),
    ({ flights }) => Pieces.each(flights.length, (at) => flights[at]!.letGo())
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

/**
 * Starts the loads of a long list. Each load is put together in pieces, and runs when it has all of its keys: until
 * then readers join its flights.
 */
const startLong = <V>(ground: GroundOfMany<V>, keys: ReadonlyArray<string>): Effect.Effect<Started<V>> =>
  Effect.suspend(() => {
    const { loadFor, loads, serve } = ground
    const served = new Map<string, Effect.Effect<Served<V>, unknown>>()
    const awaited = loads.open()
    const behind = loads.open()
    const loader = awaited?.load.loader
    const startOne = (at: number): void => {
      const key = keys[at]!
      // Without its owner, or with another one, the key is read by itself.
      const asked = loader === undefined || loads.loader !== loader ? undefined : loadFor(key, loads.now())
      if (asked === undefined) return
      if (!isRenewal(asked)) {
        const flight = awaited!.add(asked)
        served.set(key, join(ground, flight, asked.fallback))
      } else if (loads.renewals.mayBegin(key, loads.now())) {
        served.set(key, serve(key, true))
        behind!.add(asked)
      }
    }
    return Effect.map(Pieces.each(keys.length, startOne), (): Started<V> => {
      if (behind !== undefined) loads.renewals.goOn(behind.run())
      return { flights: awaited?.run() ?? [], served }
    })
  })

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
