/**
 * Reads many keys. Missing keys are loaded together if the owner has a `lookupMany`. A key that occurs several times is
 * served once.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type { Entries } from "./entries.ts"
import type { Flight } from "./flight.ts"
import { memory } from "./judgement.ts"
import type { Loads } from "./loads.ts"
import type { Served } from "./served.ts"

/** The parts of a family that reads of many keys need. */
interface Ground<V> {
  readonly entries: Entries<V>
  readonly loads: Loads<V>
  readonly serve: (key: string) => Effect.Effect<Served<V>, unknown>
}

/** What becomes of the read of one key: the value, which fails all if it fails, or an Exit. */
export type Each<V, A> = (read: Effect.Effect<Served<V>, unknown>) => Effect.Effect<A, unknown>

/** Serves keys that were not hits, in their order, each with the tier of its value. */
export const serveMany = <V>(
  ground: Ground<V>,
  keys: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Served<V>>, unknown> =>
  distinctly(
    keys,
    (distinct) => serveDistinct(ground, distinct, identity),
    (key, served) => repeat(ground, key, served)
  )

/** Serves keys as `serveMany` does. A key that fails does not fail the others. */
export const serveResults = <V>(
  ground: Ground<V>,
  keys: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Exit.Exit<Served<V>, unknown>>, unknown> =>
  distinctly(keys, (distinct) => serveDistinct(ground, distinct, Effect.exit), (key, exit) => {
    if (Exit.isSuccess(exit)) repeat(ground, key, exit.value)
  })

/** Each occurrence of a key is a read, and counts as a hit if memory answers. */
const repeat = <V>({ entries }: Ground<V>, key: string, { stale, tier }: Served<V>): void => {
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
  ground: Ground<V>,
  keys: ReadonlyArray<string>,
  each: Each<V, A>
): Effect.Effect<ReadonlyArray<A>, unknown> => {
  const { loads } = ground
  const isOpen = (key: string) => isMissing(ground, key)
  if (loads.loader?.lookupMany === undefined || !keys.some(isOpen)) return serveEach(ground, keys, [], each)
  return Effect.acquireUseRelease(
    Effect.sync(() => loads.startMany(keys.filter(isOpen))),
    (flights) => serveEach(ground, keys, flights, each),
    (flights) =>
      Effect.sync(() => {
        for (const flight of flights) flight.letGo()
      })
  )
}

/** Joins the flights of these keys, even if they have ended and stored no value; serves the other keys. */
const serveEach = <V, A>(
  { entries, loads, serve }: Ground<V>,
  keys: ReadonlyArray<string>,
  flights: ReadonlyArray<Flight<V>>,
  each: Each<V, A>
): Effect.Effect<ReadonlyArray<A>, unknown> => {
  const byKey = new Map(flights.map((flight) => [flight.key, flight]))
  return Effect.forEach(keys, (key) => {
    const flight = byKey.get(key)
    if (flight === undefined) return each(serve(key))
    entries.countMiss(key)
    return each(Effect.callback<Served<V>, unknown>((resume) => loads.join(flight, resume)))
  }, { concurrency: "unbounded" })
}

/**
 * Whether a load of the key has to start: memory has no value that may be served, no load runs or waits to begin, and
 * no failure is remembered.
 */
const isMissing = <V>({ entries, loads }: Ground<V>, key: string): boolean => {
  if (!loads.mayStart(key) || loads.failures.negative(key, loads.now()) !== undefined) return false
  const entry = entries.hot?.peek(key)
  return entry === undefined || entries.judge(key, entry.stamp, entry.tags) === "hidden"
}
