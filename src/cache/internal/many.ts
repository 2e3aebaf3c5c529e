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
import type { Entry } from "../../store/Entry.ts"
import type { Entries } from "./entries.ts"
import type { AskedOf, Flight, Renewal } from "./flight.ts"
import { memory } from "./judgement.ts"
import type { Loads } from "./loads.ts"
import type { Served } from "./served.ts"

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
): Effect.Effect<ReadonlyArray<Served<V>>, unknown> =>
  distinctly(
    keys,
    (distinct) => serveDistinct(ground, distinct, identity),
    (key, served) => repeat(ground, key, served)
  )

/** Serves keys as `serveMany` does. A key that fails does not fail the others. */
export const serveResults = <V>(
  ground: GroundOfMany<V>,
  keys: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Exit.Exit<Served<V>, unknown>>, unknown> =>
  distinctly(keys, (distinct) => serveDistinct(ground, distinct, Effect.exit), (key, exit) => {
    if (Exit.isSuccess(exit)) repeat(ground, key, exit.value)
  })

/** Each occurrence of a key is a read, and counts as a hit if memory answers. */
const repeat = <V>({ entries }: GroundOfMany<V>, key: string, { stale, tier }: Served<V>): void => {
  if (tier === memory && !stale) entries.countHit(key, memory)
}

/**
 * Asks for each key once, and answers each occurrence of it. `onRepeat` is called for each occurrence after the first.
 */
const distinctly = <A, E>(
  keys: ReadonlyArray<string>,
  ask: (distinct: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<A>, E>,
  onRepeat: (key: string, answer: A) => void
): Effect.Effect<ReadonlyArray<A>, E> => {
  const open = new Set(keys)
  if (open.size === keys.length) return ask(keys)
  const distinct = Array.from(open)
  return Effect.map(ask(distinct), (answers) => {
    const byKey = new Map(distinct.map((key, i) => [key, answers[i]!]))
    return keys.map((key) => {
      const answer = byKey.get(key)!
      if (!open.delete(key)) onRepeat(key, answer)
      return answer
    })
  })
}

const serveDistinct = <V, A>(
  ground: GroundOfMany<V>,
  keys: ReadonlyArray<string>,
  each: Each<V, A>
): Effect.Effect<ReadonlyArray<A>, unknown> => {
  const { loads, serve } = ground
  if (loads.loader?.lookupMany === undefined) return Effect.forEach(keys, (key) => each(serve(key, false)), unbounded)
  return Effect.acquireUseRelease(
    Effect.sync(() => start(ground, keys)),
    ({ served }) => Effect.forEach(keys, (key) => each(served.get(key) ?? serve(key, true)), unbounded),
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
  /** What the keys of all loads that were started are answered. */
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
  loads.refreshManyBehind(behind, now)
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
  entries.countMiss(flight.key)
  const waited = Effect.callback<Served<V>, unknown>((resume) => loads.join(flight, resume))
  return fallback === undefined ? waited : softly(flight.key, fallback, waited)
}
