/**
 * Forecasts which keys will be read again, from a bounded count of recent reads by key.
 *
 * - The forecast is that reads go on as they did in the last window or two, of one lifetime each. A key that was not
 *   read since its value was made is not expected to be read again, however often it was read before.
 * - While there are few reads, every read is counted. When there are many, only some are counted, and each stands for
 *   several. The distance between two counted reads is random: at regular distances, keys that are read in turns would
 *   hide each other.
 * - At most `watchedMax` keys are watched; the key whose last read is longest ago is forgotten first. A key longer than
 *   `keyLengthMax` characters is never watched.
 */
interface Watched {
  /** The reads in this window; `before` counts those in the window before. */
  reads: number
  before: number
  lastAt: number
  /**
   * How long the values of this key live; `undefined` if that is not known, so that the lifetime of the family counts.
   */
  lifetimeMillis: number | undefined
  /** When this forecast last caused a load of it. */
  renewedAt: number
}

const watchedMax = 8_192

// Longer keys are not watched, so the watched keys take at most sixteen megabytes.
const keyLengthMax = 1_024

// How far a forecast looks back in a family without a lifetime.
const windowMillisDefault = 600_000

// After this many counted reads, the distance between them doubles. So counting takes about half a millisecond per
// window.
const looksPerGap = 4_096

export class ReadForecast {
  private readonly watched = new Map<string, Watched>()
  private readonly lifetimeMillis: number
  private readonly windowMillis: number
  private readonly random: { nextDoubleUnsafe(): number }
  private since: number
  private begun: number
  private looks = 0
  private gap = 1

  constructor(lifetimeMillis: number, random: { nextDoubleUnsafe(): number }, now: number) {
    this.lifetimeMillis = lifetimeMillis
    this.windowMillis = lifetimeMillis > 0 && lifetimeMillis < Infinity ? lifetimeMillis : windowMillisDefault
    this.random = random
    this.since = now
    this.begun = now
  }

  /**
   * Counts a read and the reads for which it stands. Returns the number of reads until the next one that is counted.
   */
  note(key: string, reads: number, now: number): number {
    if (key.length > keyLengthMax) return 1
    const known = this.watched.get(key)
    const watched = known ?? { reads: 0, before: 0, lastAt: now, lifetimeMillis: undefined, renewedAt: -Infinity }
    if (known !== undefined) this.watched.delete(key)
    else if (this.watched.size >= watchedMax) this.forgetOldest()
    this.watched.set(key, watched)
    watched.reads += reads === 0 ? this.gap : reads
    watched.lastAt = now
    if (++this.looks === looksPerGap) {
      this.looks = 0
      this.gap *= 2
    }
    return this.gap === 1 ? 1 : 1 + Math.floor(this.random.nextDoubleUnsafe() * (2 * this.gap - 1))
  }

  /** Begins the next window when this one is over, and forgets the keys without a read in this window. */
  nextWindow(now: number): void {
    // If the clock was set back, a new window begins at once. Otherwise this window would last too long.
    if (now - this.begun < this.windowMillis && now >= this.begun) return
    this.since = this.begun
    this.begun = now
    if (this.looks * 2 < looksPerGap && this.gap > 1) this.gap /= 2
    this.looks = 0
    for (const [key, watched] of this.watched) {
      watched.before = watched.reads
      watched.reads = 0
      if (watched.before === 0) this.watched.delete(key)
    }
  }

  /**
   * The expected reads per millisecond; 0 for a key that was not read since `madeAt`, or since this forecast last
   * renewed it.
   */
  rate(key: string, madeAt: number, now: number): number {
    const watched = this.watched.get(key)
    if (watched === undefined || watched.lastAt < madeAt || watched.lastAt < watched.renewedAt) return 0
    return (watched.reads + watched.before) / Math.max(this.windowMillis, now - this.since)
  }

  /** How long the next value of a key will live. `known` is the lifetime of the value that the cache holds. */
  lifetime(key: string, known: number | undefined): number {
    const watched = this.watched.get(key)
    if (watched !== undefined && known !== undefined) watched.lifetimeMillis = known
    return known ?? watched?.lifetimeMillis ?? this.lifetimeMillis
  }

  renewed(key: string, now: number): void {
    const watched = this.watched.get(key)
    if (watched !== undefined) watched.renewedAt = now
  }

  keys(): Iterable<string> {
    return this.watched.keys()
  }

  private forgetOldest(): void {
    for (const oldest of this.watched.keys()) {
      this.watched.delete(oldest)
      return
    }
  }
}
