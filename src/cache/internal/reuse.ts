/**
 * Which keys are likely to be read again: a count of recent reads by key, in bounded space.
 *
 * - The forecast is that reads go on as they did in the last window or two, of one lifetime each. A key that was not
 *   read since its value was made is expected to be read no more, however often it was read before.
 * - Every read counts while reads are few. When they are many, each that is looked at stands for several, drawn at
 *   random distances: at regular ones, keys that are read in turns would hide each other.
 * - At most `watchedMax` keys are known; the one whose last read is longest ago is forgotten first. A key longer than
 *   `keyLengthMax` characters is never known.
 */
interface Watched {
  /** In this window, and in the one before it. */
  reads: number
  before: number
  lastAt: number
  /** How long its values live, as far as that is known of this key; else what the family says. */
  lifeMillis: number | undefined
  /** When it was last loaded on account of this forecast. */
  renewedAt: number
}

const watchedMax = 8_192

// Longer keys are not foreseen: those that are known take sixteen megabytes at most.
const keyLengthMax = 1_024

// How far a forecast looks back where the family names no lifetime.
const windowMillisDefault = 600_000

// So many reads are looked at before the distance between them doubles: half a millisecond's work in a window.
const looksPerGap = 4_096

export class Reuse {
  private readonly watched = new Map<string, Watched>()
  private readonly lifeMillis: number
  private readonly windowMillis: number
  private readonly random: { nextDoubleUnsafe(): number }
  private since: number
  private begun: number
  private looks = 0
  private gap = 1

  constructor(lifeMillis: number, random: { nextDoubleUnsafe(): number }, now: number) {
    this.lifeMillis = lifeMillis
    this.windowMillis = lifeMillis > 0 && lifeMillis < Infinity ? lifeMillis : windowMillisDefault
    this.random = random
    this.since = now
    this.begun = now
  }

  /** Counts a read, and all for which it stands; after how many others the next one is looked at. */
  note(key: string, reads: number, now: number): number {
    if (key.length > keyLengthMax) return 1
    const known = this.watched.get(key)
    const watched = known ?? { reads: 0, before: 0, lastAt: now, lifeMillis: undefined, renewedAt: -Infinity }
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

  /** Begins the next window when this one is over, and forgets what was read in neither. */
  turn(now: number): void {
    // A clock that was set back begins anew, or this window would last for longer than it should.
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
   * Reads a millisecond, if they go on; 0 for a key that was not read since `madeAt`, nor since it was last renewed on
   * account of this.
   */
  rate(key: string, madeAt: number, now: number): number {
    const watched = this.watched.get(key)
    if (watched === undefined || watched.lastAt < madeAt || watched.lastAt < watched.renewedAt) return 0
    return (watched.reads + watched.before) / Math.max(this.windowMillis, now - this.since)
  }

  /** How long the next value of a key will live; `known` is how long the one that is held lives. */
  life(key: string, known: number | undefined): number {
    const watched = this.watched.get(key)
    if (watched !== undefined && known !== undefined) watched.lifeMillis = known
    return known ?? watched?.lifeMillis ?? this.lifeMillis
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
