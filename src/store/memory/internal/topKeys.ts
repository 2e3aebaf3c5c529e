/**
 * The keys that are read most, in bounded space: the Space-Saving sketch.
 *
 * A key that was seen more often than once in `countersMax` times is in it, and no count is too low. Keys longer than
 * `keyLengthMax` are not counted.
 *
 * Counters are sorted, the greatest first. A count grows by one, so its counter moves to the front of the counters that
 * had the same count, and the smallest is always the last: no step inspects all of them.
 *
 * Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams (ICDT 2005).
 */
import { invariant } from "../../../eviction/shared/invariant.ts"

const countersMax = 256

// In characters, so that the keys of a sketch take at most half a megabyte.
const keyLengthMax = 1_024

export class TopKeys {
  private readonly keys: Array<string> = []
  private readonly counts = new Float64Array(countersMax)
  private readonly places = new Map<string, number>()
  private total = 0

  add(key: string): void {
    if (key.length > keyLengthMax) return
    this.total++
    const place = this.places.get(key) ?? this.placeForNew(key)
    const count = this.counts[place]!
    const first = this.firstWith(count)
    const moved = this.keys[first]!
    this.keys[place] = moved
    this.places.set(moved, place)
    this.keys[first] = key
    this.places.set(key, first)
    this.counts[first] = count + 1
  }

  /** The `max` keys seen most, with their share of all counted reads, the greatest first. */
  top(max: number): ReadonlyArray<{ readonly key: string; readonly share: number }> {
    return this.keys.slice(0, max).map((key, place) => ({ key, share: this.counts[place]! / this.total }))
  }

  /** Throws when the structure is broken. For tests. */
  checkInvariants(): void {
    invariant(this.keys.length <= countersMax, "TopKeys", "the bound holds", this.keys.length)
    invariant(this.places.size === this.keys.length, "TopKeys", "a key has one counter", this.places.size)
    let sum = 0
    for (const [place, key] of this.keys.entries()) {
      invariant(this.places.get(key) === place, "TopKeys", "a key leads to its counter", place)
      invariant(place === 0 || this.counts[place - 1]! >= this.counts[place]!, "TopKeys", "counts descend", place)
      sum += this.counts[place]!
    }
    invariant(sum === this.total, "TopKeys", "the counts add up to what was seen", sum)
  }

  /** A new key takes an unused counter, or else the smallest one with its count: so no count is too low. */
  private placeForNew(key: string): number {
    if (this.keys.length < countersMax) return this.keys.push(key) - 1
    const last = countersMax - 1
    this.places.delete(this.keys[last]!)
    this.keys[last] = key
    return last
  }

  /** The first place with a count that some place has. */
  private firstWith(count: number): number {
    let low = 0
    let high = this.keys.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.counts[middle]! > count) low = middle + 1
      else high = middle
    }
    return low
  }
}
