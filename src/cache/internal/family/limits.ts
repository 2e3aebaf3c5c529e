/**
 * Shortens the lifetime of entries that were stored under a longer `timeToLive`, or another option of lifetime.
 *
 * The times of an entry are stored with it. So if a release makes a lifetime shorter, the entries that are kept would
 * live on by the longer lifetime. A *limit* prevents that: an entry with a lesser stamp than the limit lives for at
 * most so many milliseconds, counted from when it was made. A store keeps a limit as a mark with a scope of its own
 * kind.
 *
 * - A limit holds for ever, also when a later release makes the lifetime longer again: what has ended does not come
 *   back.
 * - A longer lifetime needs no limit: the stored times are shorter.
 * - Where the option did not change, a lifetime that a caller chose for one value stays as it is.
 *
 * The same holds for what a life has made while its clock was ahead: its stored end may be a year away. What was made
 * before this engine was opened lives no longer than its lifetime from then on.
 *
 * An entry is compared with the limits when it comes from below. An entry in memory was compared when it came, or was
 * made since, so a hit in memory asks nothing.
 */
import type { Found } from "../../../store/Entry.ts"
import type { VersionClock } from "../../../store/shared/versionClock.ts"
import * as Expiry from "./expiry.ts"

/** An entry with a lesser stamp than `before` lives for so many milliseconds at most. */
export interface Limit {
  readonly before: number
  readonly millis: number
}

/** The options that have limits: how long an entry is fresh, and how long it stays without being read. */
export const limitedOptions = ["timeToLive", "idleTimeToLive"] as const

export type LimitedOption = typeof limitedOptions[number]

/** The limits of a family, in ascending order of both stamps and times. */
export type Limits = { readonly [Option in LimitedOption]: ReadonlyArray<Limit> }

export const noLimits: Limits = { timeToLive: [], idleTimeToLive: [] }

// The most limits of one option. Each needs a release that has made the lifetime shorter than all releases since.
const limitsMax = 16

/** The limits that say something: a later one that is no longer makes an earlier one needless. */
export const needed = (limits: ReadonlyArray<Limit>): ReadonlyArray<Limit> => {
  const found: Array<Limit> = []
  for (const limit of limits.toSorted((a, b) => b.before - a.before || a.millis - b.millis)) {
    if (found.length === 0 || limit.millis < found.at(-1)!.millis) found.push(limit)
  }
  return found.toReversed()
}

/** Adds a limit. Beyond `limitsMax`, the shortest one counts for what was made a little later as well. */
export const withLimit = (limits: ReadonlyArray<Limit>, limit: Limit): ReadonlyArray<Limit> => {
  const all = needed([...limits, limit])
  const [first, second, ...others] = all
  return first === undefined || second === undefined || all.length <= limitsMax
    ? all
    : [{ before: second.before, millis: first.millis }, ...others]
}

/** How far the clock of an earlier life may have been ahead of that of this one, so that its times are believed. */
export const aheadMillisMax = 1_000

/** When this engine was opened: what has a lesser stamp than the first is from an earlier life. */
export interface Opening {
  readonly openedAt: number
  readonly openedAtMillis: number
}

/** What a tier has found. */
export interface Limited<V> extends Found<V> {
  /**
   * Whether the version or the times of the entry are those of a clock that was ahead. The tier does not know yet that
   * it ends earlier.
   */
  readonly wasAhead?: true
}

const longest = (limits: ReadonlyArray<Limit>, stamp: number): number =>
  limits.find(({ before }) => stamp < before)?.millis ?? Infinity

/** When an entry of an earlier life was made: when this engine was opened, at the latest. */
const madeAtMost = (madeAt: number, { openedAtMillis }: Opening): number =>
  madeAt > openedAtMillis + aheadMillisMax ? openedAtMillis : madeAt

/** Compares the entries of one family with its limits. */
export class Limiter {
  private readonly expiry: Expiry.Expiry
  private readonly versions: VersionClock
  private limits = noLimits
  /** An entry with this stamp or a greater one has no limit. */
  before = 0

  constructor(expiry: Expiry.Expiry, versions: VersionClock) {
    this.expiry = expiry
    this.versions = versions
  }

  use(limits: Limits): void {
    this.limits = limits
    this.before = Math.max(0, ...limitedOptions.map((option) => limits[option].at(-1)?.before ?? 0))
  }

  /**
   * What a tier has found, with an entry that lives no longer than its limits allow; `undefined` where it has ended and
   * the tier needs not learn of that. When it was read last is not known, so it counts as read when it was made.
   */
  limited<V>(all: Found<V>, now: number, opening: Opening): Limited<V> | undefined {
    const found = this.believed(all, now, opening)
    const { stamp } = found.entry
    if (stamp >= this.before) return found
    const { idleTimeToLive, timeToLive } = this.limits
    const versionMadeAt = this.versions.madeAt(found.entry)
    const madeAt = madeAtMost(versionMadeAt, opening)
    const fresh = Expiry.endBy(this.expiry, found.entry, madeAt + longest(timeToLive, stamp))
    const expiresAt = Math.min(fresh.expiresAt, madeAt + longest(idleTimeToLive, stamp))
    const entry = { ...fresh, expiresAt }
    const isShorter = entry.freshUntil < found.entry.freshUntil || expiresAt < found.entry.expiresAt
    // The next life would count from its own opening, so the tier has to learn of this end, even if it is over.
    if (found.wasAhead === true || isShorter && madeAt < versionMadeAt) {
      return { ...found, entry, wasAhead: true }
    }
    return expiresAt <= now ? undefined : { ...found, entry }
  }

  /**
   * What an earlier life has made while its clock was ahead, with an end that is believed: it was made, and read last,
   * when this engine was opened, at the latest.
   */
  private believed<V>(found: Found<V>, now: number, opening: Opening): Limited<V> {
    const { entry } = found
    if (entry.stamp >= opening.openedAt) return found
    const { openedAtMillis } = opening
    const { idleTimeToLive, timeToLive } = this.expiry
    const madeAt = this.versions.madeAt(entry)
    const isMadeAhead = madeAt > madeAtMost(madeAt, opening)
    // Versions only grow, so the version of what was made after the clock was set right does not say when.
    const lifetime = entry.freshUntil > madeAt ? entry.freshUntil - madeAt : timeToLive
    const made = isMadeAhead ? Expiry.endBy(this.expiry, entry, openedAtMillis + lifetime) : entry
    const isReadAhead = idleTimeToLive !== undefined && made.expiresAt > now + idleTimeToLive + aheadMillisMax
    const read = isReadAhead ? { ...made, expiresAt: openedAtMillis + idleTimeToLive } : made
    return read === entry ? found : { ...found, entry: read, wasAhead: true }
  }
}
