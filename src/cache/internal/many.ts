/**
 * Reads of many keys: those that are missing are loaded together, where the owner can do that; a key that is named
 * several times is served once.
 */
import * as Effect from "effect/Effect"
import type { Entries } from "./entries.ts"
import type { Flight } from "./flight.ts"
import { memory } from "./judgement.ts"
import type { Loads } from "./loads.ts"
import type { Served } from "./served.ts"

/** A family, as far as reads of many keys need it. */
interface Ground<V> {
  readonly entries: Entries<V>
  readonly loads: Loads<V>
  readonly serve: (key: string) => Effect.Effect<Served<V>, unknown>
}

type All<V> = Effect.Effect<ReadonlyArray<Served<V>>, unknown>

/** The values of keys that were no hits, in their order, with where each is from. */
export const serveMany = <V>(ground: Ground<V>, keys: ReadonlyArray<string>): All<V> =>
  // Each mention is a read, and is counted as one where memory answers.
  distinctly(keys, (distinct) => serveDistinct(ground, distinct), (key, { stale, tier }) => {
    if (tier === memory && !stale) ground.entries.countHit(key, memory)
  })

/** Asks for each key once, and answers for each mention of it; `onRepeat` hears of each mention after the first. */
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

const serveDistinct = <V>(ground: Ground<V>, keys: ReadonlyArray<string>): All<V> => {
  const { loads } = ground
  const isOpen = (key: string) => isMissing(ground, key)
  if (loads.loader?.lookupMany === undefined || !keys.some(isOpen)) return serveEach(ground, keys, [])
  return Effect.acquireUseRelease(
    Effect.sync(() => loads.startMany(keys.filter(isOpen))),
    (flights) => serveEach(ground, keys, flights),
    (flights) =>
      Effect.sync(() => {
        for (const flight of flights) flight.letGo()
      })
  )
}

/** Joins the flights of these keys, which may have ended without anything to find; serves the other ones. */
const serveEach = <V>(
  { entries, loads, serve }: Ground<V>,
  keys: ReadonlyArray<string>,
  flights: ReadonlyArray<Flight<V>>
): All<V> => {
  const byKey = new Map(flights.map((flight) => [flight.key, flight]))
  return Effect.forEach(keys, (key) => {
    const flight = byKey.get(key)
    if (flight === undefined) return serve(key)
    entries.countMiss(key)
    return Effect.callback<Served<V>, unknown>((resume) => loads.join(flight, resume))
  }, { concurrency: "unbounded" })
}

/** Nothing that may be served is in memory, no load runs or waits to begin, and no failure is remembered. */
const isMissing = <V>({ entries, loads }: Ground<V>, key: string): boolean => {
  if (!loads.mayStart(key) || loads.failures.negative(key, loads.now()) !== undefined) return false
  const entry = entries.hot?.peek(key)
  return entry === undefined || entries.judge(key, entry.stamp, entry.tags) === "hidden"
}
