/**
 * The clock of versions. A version contains the time at which its value was made, and is greater than those before it.
 *
 * - Where the tiers are on one machine, versions have the engine's time, which never goes back. Lower tiers have the
 *   time of the wall clock, which does, because another process may read the entries. The version of an entry says when
 *   it was made, and so by how much the two times differed then.
 * - A place with a clock of its own, as of a server, gives versions the time of that clock, since the clocks of the
 *   machines may differ. Entries there have times of that clock, too, so what a process finds has times of its wall
 *   clock as of now.
 *
 * What takes an entry from memory to a lower tier, or back, moves its times.
 */
import type { Entry } from "../Entry.ts"
import type { Commons } from "../Store.ts"
import type { CoarseClock } from "./coarseClock.ts"

// Versions are exact up to 2^53 microseconds, in the year 2255. From a hundred days before that time on, the clock does
// not count any more, so that the versions of a hundred days are left.
const clockVersionMax = Number.MAX_SAFE_INTEGER - 2 ** 43

type Versioned = Pick<Entry<unknown>, "version">

export class VersionClock {
  private readonly commons: Commons
  private readonly time: CoarseClock

  constructor(commons: Commons, time: CoarseClock) {
    this.commons = commons
    this.time = time
  }

  /** The next number of the one counter of versions and of the tokens of leases. */
  next(nowMillis: number): number {
    const byClock = Math.floor((nowMillis - this.behind) * 1_000)
    const { commons } = this
    return commons.version = Math.max(commons.version + 1, byClock <= clockVersionMax ? byClock : 0)
  }

  /** Later versions are greater. One that is not exact is not taken over. */
  saw(version: number): void {
    const { commons } = this
    if (version > commons.version && version <= Number.MAX_SAFE_INTEGER) commons.version = version
  }

  /** When an entry was made, in milliseconds of the engine's time. */
  madeAt({ version }: Versioned): number {
    return Math.floor(version / 1_000) + this.behind
  }

  /** An entry of memory as a lower tier gets it. */
  inWallTime<V>(entry: Entry<V>): Entry<V> {
    return this.time.ahead === 0 ? entry : shifted(entry, -this.aheadOf(entry))
  }

  /** An entry of a lower tier as memory gets it. */
  inEngineTime<V>(entry: Entry<V>): Entry<V> {
    return this.time.ahead === 0 ? entry : shifted(entry, this.aheadOf(entry))
  }

  /** By how much the clock of versions is behind the engine's time. */
  private get behind(): number {
    const { aheadMillis } = this.commons
    return aheadMillis === undefined ? 0 : this.time.ahead - aheadMillis
  }

  /** By how much the engine's time is ahead of the times that the lower tiers have of an entry. */
  private aheadOf(entry: Versioned): number {
    return this.commons.aheadMillis === undefined ? this.time.aheadAt(this.madeAt(entry)) : this.time.ahead
  }
}

const shifted = <V>(entry: Entry<V>, millis: number): Entry<V> =>
  millis === 0
    ? entry
    : { ...entry, freshUntil: entry.freshUntil + millis, expiresAt: entry.expiresAt + millis }
