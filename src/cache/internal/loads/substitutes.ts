/**
 * Says which entry readers may get in place of a failure.
 */
import type { Entry } from "../../../store/Entry.ts"
import type { Entries } from "../entries/entries.ts"
import * as Expiry from "../family/expiry.ts"

/** Whether an entry, fresh or stale, may be served in place of a failure. */
export const maySubstitute = <V>(entries: Entries<V>, key: string, entry: Entry<V>, now: number): boolean => {
  const freshUntil = entries.freshUntil(key, entry, now)
  const held = entries.hot?.peek(key)
  // A read since the load began has moved the end of its idle time.
  const expiresAt = held?.version === entry.version ? held.expiresAt : entry.expiresAt
  const servedUntil = Math.min(freshUntil + Expiry.staleMillisMax(entries.expiry), expiresAt)
  return unlessHidden(entries, key, entry) !== undefined && now < servedUntil
}

export const unlessHidden = <V>(entries: Entries<V>, key: string, entry: Entry<V>): Entry<V> | undefined =>
  entries.judge(key, entry.stamp, entry.tags) === "hidden" ? undefined : entry

/** The stale entry of a key that may be served if the load that begins now fails. */
export const substituteOf = <V>(entries: Entries<V>, key: string, now: number): Entry<V> | undefined => {
  const held = entries.held(key)
  const isStale = held !== undefined && !entries.isFresh(key, held, now)
  return isStale && maySubstitute(entries, key, held, now) ? held : undefined
}
