/**
 * The keys that are read most, in bounded space: the Space-Saving sketch.
 *
 * A key that was seen more often than one time in `countersMax` is in it, and no count is too low.
 *
 * Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams (ICDT 2005).
 */
const countersMax = 256

export class TopKeys {
  private readonly counts = new Map<string, number>()
  private total = 0

  add(key: string): void {
    this.total++
    const count = this.counts.get(key)
    if (count !== undefined || this.counts.size < countersMax) {
      this.counts.set(key, (count ?? 0) + 1)
      return
    }
    let least = key
    let leastCount = Infinity
    for (const [other, otherCount] of this.counts) {
      if (otherCount < leastCount) {
        least = other
        leastCount = otherCount
      }
    }
    this.counts.delete(least)
    this.counts.set(key, leastCount + 1)
  }

  /** The `max` keys seen most, with their share of all that was seen, the greatest first. */
  top(max: number): ReadonlyArray<{ readonly key: string; readonly share: number }> {
    return Array.from(this.counts, ([key, count]) => ({ key, share: count / this.total }))
      .toSorted((a, b) => b.share - a.share)
      .slice(0, max)
  }
}
