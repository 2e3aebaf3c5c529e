/**
 * Tells a store what the marks of a family say of the entries that it keeps: how long they are fresh, for a sweep, and
 * how long a read may serve them, for a store that needs their room.
 */
import type { FreshUntilMax, ServableUntil } from "../../../store/Store.ts"
import * as Expiry from "../family/expiry.ts"
import type { FamilyMarks, TagMarks, Verdict } from "../marks/familyMarks.ts"

/** What it needs of the family. */
interface Ground {
  readonly cache: { readonly time: { readonly ahead: number; now(): number } }
  readonly expiry: Expiry.Expiry
  readonly marks: FamilyMarks
  readonly tags: TagMarks
  judge(key: string, stamp: number, tags: ReadonlyArray<string>): Verdict
  readonly before: { isHiddenHere(stamp: number): boolean }
}

/** When the marks made an entry stale; `Infinity` if they did not. */
const staleSince = (
  { marks, tags: byTag }: Ground,
  key: string,
  stamp: number,
  tags: ReadonlyArray<string>
): number => Math.min(marks.staleSince(key, stamp), byTag.staleSince(tags, stamp))

/**
 * The time until which the marks let an entry count as fresh; `Infinity` if no mark concerns it, `-Infinity` if it is
 * hidden.
 */
export const freshUntilMax = (family: Ground): FreshUntilMax => (key, stamp, tags) => {
  const { cache: { time }, expiry } = family
  const verdict = family.judge(key, stamp, tags)
  if (verdict === "valid") return Infinity
  // Memory cannot store both the end of an entry's idle time and the time since which the entry has been stale.
  if (verdict === "hidden" || expiry.idleTimeToLive !== undefined) return -Infinity
  const since = staleSince(family, key, stamp, tags)
  const age = time.now() - since
  if (age >= Expiry.staleMillisMax(expiry)) return -Infinity
  // A lower tier gets times of the wall clock. If that was set back, the entry counts as stale for longer than it is.
  return since - time.ahead
}

/** The time until which an entry may be served. What an engine hides in this process alone has to stay in all tiers. */
export const servableUntil = (family: Ground): ServableUntil => (key, stamp, tags, freshUntil) => {
  const verdict = family.judge(key, stamp, tags)
  if (verdict === "hidden") return family.before.isHiddenHere(stamp) ? Infinity : -Infinity
  const until = verdict === "stale" ? Math.min(freshUntil, staleSince(family, key, stamp, tags)) : freshUntil
  return until + Expiry.staleMillisMax(family.expiry)
}
