/**
 * Counts what happens to the entries of one family since its engine was built. `FamilyStats` says what each count
 * means.
 */
import type { HotPartition } from "../../../store/Store.ts"
import type { FamilyStats } from "../../CacheMetrics.ts"
import { memory } from "../family/judgement.ts"

/** The counts of one family. */
export class Counts {
  hits = 0
  staleHits = 0
  misses = 0
  remembered = 0
  loads = 0
  loadFailures = 0
  lookups = 0
  lookupMillis = 0
  coalesced = 0
  refused = 0
  evictions = 0
  expirations = 0
  invalidations = 0
}

/** The counts as callers get them, with those of memory itself. */
export const statsOf = (
  counts: Counts,
  hot: HotPartition<any> | undefined,
  hitsBelow: ReadonlyMap<string, number>
): FamilyStats => {
  const hits = counts.hits + (hot?.hits ?? 0)
  const hitsByTier = { ...(hot === undefined ? {} : { [memory]: hits }), ...Object.fromEntries(hitsBelow) }
  const { count: entries = 0, left: leftMemory = 0, leftUnread } = hot ?? { leftUnread: 0 }
  return { ...counts, hits, hitsByTier, entries, leftMemory, leftUnread }
}
