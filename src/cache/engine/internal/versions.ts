/**
 * Counts the versions of the engines over one place, which grow over restarts, too.
 */
import type { Commons } from "../../../store/Store.ts"

// Versions are exact up to 2^53 microseconds, in the year 2255. From a hundred days before that time on, the clock does
// not count any more, so that the versions of a hundred days are left.
const clockVersionMax = Number.MAX_SAFE_INTEGER - 2 ** 43

/** Versions and the tokens of leases are numbers of one counter. */
export const nextVersionOf = (commons: Commons, nowMillis: number): number => {
  const byClock = Math.floor(nowMillis * 1_000)
  return commons.version = Math.max(commons.version + 1, byClock <= clockVersionMax ? byClock : 0)
}

/** Later versions are greater. One that is not exact is not taken over. */
export const sawVersion = (commons: Commons, version: number): void => {
  if (version <= Number.MAX_SAFE_INTEGER) commons.version = Math.max(commons.version, version)
}
