/**
 * The times of an entry by two clocks: the engine's time, which never goes back, and the wall clock, which does.
 *
 * Memory has the engine's time. The lower tiers have the time of the wall clock, because another process may read the
 * entries. The version of an entry says when it was made, and so by how much the two times differed then. What takes an
 * entry from memory to a lower tier, or back, moves its times.
 */
import type { Entry } from "../Entry.ts"
import type { CoarseClock } from "./coarseClock.ts"

/** The time at which an entry was made, in milliseconds since the epoch. Its version contains this time. */
export const madeAtMillis = ({ version }: { readonly version: number }): number => Math.floor(version / 1_000)

const shifted = <V>(entry: Entry<V>, millis: number): Entry<V> =>
  millis === 0
    ? entry
    : { ...entry, freshUntil: entry.freshUntil + millis, expiresAt: entry.expiresAt + millis }

/** An entry of memory as a lower tier gets it. */
export const inWallTime = <V>(time: CoarseClock, entry: Entry<V>): Entry<V> =>
  time.ahead === 0 ? entry : shifted(entry, -time.aheadAt(madeAtMillis(entry)))

/** An entry of a lower tier as memory gets it. */
export const inEngineTime = <V>(time: CoarseClock, entry: Entry<V>): Entry<V> =>
  time.ahead === 0 ? entry : shifted(entry, time.aheadAt(madeAtMillis(entry)))
