/**
 * Renews the idle time of entries: each read of an entry moves its end, in every tier.
 *
 * The lower tiers learn of it in steps, so that not every read writes there. Where the outbox is full they learn of it
 * with a later read: no reader waits for room.
 *
 * Not here: how long an idle time is, and what else ends an entry (`expiry.ts`).
 */
import type { Entry } from "../../../store/Entry.ts"
import * as Expiry from "../family/expiry.ts"
import type { Entries } from "./entries.ts"

// How often in one idle time the lower tiers learn that an entry is read. If memory has lost the entry, it may end
// early by at most this fraction of its idle time. With a larger number, reads would write more often.
const idleSteps = 16

/** Moves the end of the idle time of an entry that is read now. Returns the entry with its new end. */
export const renewIdleTime = <V>(entries: Entries<V>, key: string, entry: Entry<V>, now: number): Entry<V> => {
  const { expiry, hot, lane, limiter } = entries
  const { idleTimeToLive } = expiry
  if (idleTimeToLive === undefined) return entry
  const expiresAt = Expiry.endOf(expiry, entry.freshUntil, now)
  if (expiresAt === entry.expiresAt) return entry
  hot?.postpone(key, expiresAt)
  // From now on its end is that of today's options, which its stamp says, unless a mark came since it was found.
  const isOfToday = entry.stamp < limiter.before && entries.judge(key, entry.stamp, entry.tags) === "valid"
  const read = { ...entry, expiresAt, stamp: isOfToday ? limiter.before : entry.stamp }
  if (lane === undefined || entries.cache.outbox.isFull) return read
  const step = idleTimeToLive / idleSteps
  const isNoted = Math.floor(now / step) === Math.floor((entry.expiresAt - idleTimeToLive) / step)
  if (!isNoted) lane.touch(key, read)
  return read
}
