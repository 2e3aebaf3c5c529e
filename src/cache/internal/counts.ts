/**
 * The counts of one family since its engine was built. `FamilyStats` says what each of them means.
 */
export class Counts {
  hits = 0
  staleHits = 0
  misses = 0
  loads = 0
  loadFailures = 0
  loadMillis = 0
  coalesced = 0
  refused = 0
  evictions = 0
  expirations = 0
  invalidations = 0
}
