/**
 * Records which keys of a family lookups have read, and which of these keys were missing or have left the last tier
 * since. A later value of such a key cannot be compared with the value before, so it has to count as changed.
 *
 * - A key is known from the time a lookup reads it until it ends: by time, by a write or by an invalidation. Each of
 *   these ends reaches its dependents in another way. A key that is known, has not ended, and is in no tier has gone
 *   unseen.
 * - At most `keysMax` keys of `charactersMax` characters are known of each kind, none longer than `lengthMax`. A filter
 *   takes the other keys that lookups read, each with the latest end of its value; it may take one key for another. Of
 *   missed keys, `missed` returns those for which there is no room: they count as changed at once.
 * - A note says that memory alone holds a key, because no lower tier was to keep it as well.
 *
 * A key is known to be absent if a lookup has said so, what was made from an earlier value was dropped, and the key has
 * had no value since. The same answer again drops nothing.
 *
 * What lookups read before the engine was opened, or before an owner has left, is not known. A key was spread once the
 * values made from it have been dropped. If there is no room to note that, they are dropped again, which may drop too
 * many.
 */

import { keyHash } from "../../../eviction/shared/keyHash.ts"
import type { Slice } from "../../Explanation.ts"
import { goesOn, projectionName, textAt, textOfSlice } from "../../shared/slices.ts"

// Some 60 bytes each.
const keysMax = 65_536

const charactersMax = 4_194_304

// V8 hashes longer texts by their length alone, so a Map would compare all texts of that length.
const lengthMax = 16_383

// The slots of the filter, of 8 bytes each: it takes 8 MB, and is made when it is needed.
const filterSlots = 2 ** 20

export class Sources {
  private readonly known = new KnownKeys()
  private filter: Float64Array | undefined
  private readonly missing = new Keys<number>()
  private readonly alone = new Keys<true>()
  private readonly spread = new Keys<true>()
  private readonly without = new Keys<true>()

  /** A lookup has read the key, which ends at `end` unless it is read again. */
  read(key: string, stamp: number, end: number): void {
    // The key is there after all, and no load has said so. A value that is made from it now may rest on a value that
    // has gone again.
    if (this.missing.get(key) !== undefined) this.missing.set(key, Infinity)
    if (this.known.read(key, stamp, end)) return
    const filter = this.filter ??= new Float64Array(filterSlots)
    const slot = slotOf(key)
    filter[slot] = Math.max(filter[slot]!, end)
  }

  /** Whether another value may be made from the key. */
  wasRead(key: string): boolean {
    return this.known.has(key) || this.filter !== undefined && this.filter[slotOf(key)]! > 0
  }

  /** Whether another value may be made from the key, or from some key of a slice. */
  wasReadIn(slice: string | Slice): boolean {
    if (typeof slice === "string") return this.wasRead(slice)
    return this.filter !== undefined || this.known.hasIn(slice)
  }

  /**
   * Whether a value that has not ended may be made from the key. `isHidden` says whether an entry with that stamp was
   * invalidated since; then the values made from it were dropped, too.
   */
  isNeeded(key: string, now: number, isHidden: (stamp: number) => boolean): boolean {
    const stamp = this.known.get(key)
    if (stamp !== undefined) return this.known.endOf(key) > now && !isHidden(stamp)
    return this.filter !== undefined && this.filter[slotOf(key)]! > now
  }

  /**
   * Notes that the key has left the last tier, or that a lookup has missed it, at `stamp`. Returns the keys that have
   * to count as changed because there is no room for them, each with the stamp since when.
   */
  missed(key: string, stamp: number): ReadonlyArray<readonly [key: string, since: number]> {
    this.known.delete(key)
    const { missing } = this
    missing.delete(key)
    if (key.length > lengthMax) return [[key, stamp]]
    missing.set(key, stamp)
    if (!missing.isOverfull) return none
    const forgotten: Array<readonly [key: string, since: number]> = []
    for (const oldest of missing.all) {
      forgotten.push(oldest)
      missing.delete(oldest[0])
      if (!missing.isOverfull) break
    }
    return forgotten
  }

  /** The stamp since which a key has been missed. */
  missedAt(key: string): number | undefined {
    return this.missing.get(key)
  }

  /** The key has a value again, and what is made from another one knows. */
  kept(key: string): void {
    this.missing.delete(key)
    this.alone.delete(key)
    this.without.delete(key)
  }

  /** The source has no value for the key, and what was made from an earlier one has been dropped. */
  absent(key: string): void {
    if (this.without.fits(key)) this.without.set(key, true)
  }

  /** Nothing is made from a value of the key: it is known to be absent. */
  isAbsent(key: string): boolean {
    return this.without.get(key) === true
  }

  /** Forgets a key that has ended, because the values made from it have ended, too. */
  forget(key: string): void {
    this.known.delete(key)
    this.kept(key)
  }

  /** Notes that memory alone holds the key. If there is no room for the note, a later load of the key finds it out. */
  isAlone(key: string): void {
    if (this.alone.fits(key)) this.alone.set(key, true)
  }

  /** Forgets that note when memory pushes the key out. Returns whether memory alone held it. */
  wasAlone(key: string): boolean {
    return this.alone.delete(key)
  }

  wasSpread(key: string): boolean {
    return this.spread.get(key) === true
  }

  noteSpread(key: string): void {
    if (this.spread.fits(key)) this.spread.set(key, true)
  }

  /** What was made of the keys by now is to be dropped with the next value of each. */
  forgetSpread(): void {
    this.spread.clear()
    this.without.clear()
  }

  /** Empties the filter, because all keys have ended. For known keys, the mark says so. */
  endAll(): void {
    this.filter = undefined
  }
}

const none: ReadonlyArray<never> = []

/** A bounded map of keys, in the order in which they were set. */
class Keys<A> {
  private readonly byKey = new Map<string, A>()
  private characters = 0

  get isOverfull(): boolean {
    return this.byKey.size > keysMax || this.characters > charactersMax
  }

  get all(): Iterable<readonly [key: string, of: A]> {
    return this.byKey
  }

  /** Whether there is room for the key. */
  fits(key: string): boolean {
    const { length } = key
    return length <= lengthMax && this.byKey.size < keysMax && this.characters + length <= charactersMax
  }

  get(key: string): A | undefined {
    return this.byKey.size === 0 || key.length > lengthMax ? undefined : this.byKey.get(key)
  }

  set(key: string, of: A): void {
    const { size } = this.byKey
    this.byKey.set(key, of)
    if (this.byKey.size > size) this.characters += key.length
  }

  delete(key: string): boolean {
    if (this.byKey.size === 0 || key.length > lengthMax || !this.byKey.delete(key)) return false
    this.characters -= key.length
    return true
  }

  clear(): void {
    this.byKey.clear()
    this.characters = 0
  }
}

/** Keys that lookups have read. */
class KnownKeys {
  /** The stamps at which they were read last. */
  private readonly stamps = new Keys<number>()
  /** The times at which keys end, as they were when the keys were read; without a key that does not end. */
  private readonly ends = new Map<string, number>()
  /** The number of keys with equal segments at some positions, by these positions and by a hash of the segments. */
  private readonly counts = new Map<string, Counts>()

  /** Notes a read of the key. Returns whether there was room for it. */
  read(key: string, stamp: number, end: number): boolean {
    const isKnown = this.stamps.get(key) !== undefined
    if (!isKnown && !this.stamps.fits(key)) return false
    const last = Math.max(isKnown ? this.endOf(key) : -Infinity, end)
    this.stamps.set(key, stamp)
    if (last < Infinity) this.ends.set(key, last)
    else this.ends.delete(key)
    if (!isKnown && this.counts.size > 0) this.count(key, 1)
    return true
  }

  has(key: string): boolean {
    return this.stamps.get(key) !== undefined
  }

  /** Whether some key of a slice is known. May be `true` by mistake, because two hashes may be equal. */
  hasIn(slice: Slice): boolean {
    const name = projectionName(slice)
    let counts = this.counts.get(name)
    if (counts === undefined) {
      this.counts.set(name, counts = new Counts(slice))
      for (const [key] of this.stamps.all) counts.add(key.split(":"), 1)
    }
    return counts.has(slice)
  }

  get(key: string): number | undefined {
    return this.stamps.get(key)
  }

  /** The time at which a known key ends. */
  endOf(key: string): number {
    return this.ends.get(key) ?? Infinity
  }

  delete(key: string): void {
    if (!this.stamps.delete(key)) return
    this.ends.delete(key)
    if (this.counts.size > 0) this.count(key, -1)
  }

  private count(key: string, by: number): void {
    const segments = key.split(":")
    for (const counts of this.counts.values()) counts.add(segments, by)
  }
}

class Counts {
  private readonly positions: ReadonlyArray<number>
  private readonly goesOn: boolean
  private readonly byHash = new Map<number, number>()

  constructor(slice: Slice) {
    this.positions = slice.positions
    this.goesOn = goesOn(slice)
  }

  add(segments: ReadonlyArray<string>, by: number): void {
    const text = textAt(this.positions, this.goesOn, segments)
    if (text === undefined) return
    const hash = hashOf(text)
    const count = (this.byHash.get(hash) ?? 0) + by
    if (count > 0) this.byHash.set(hash, count)
    else this.byHash.delete(hash)
  }

  has(slice: Slice): boolean {
    return this.byHash.has(hashOf(textOfSlice(slice)))
  }
}

// All families use one hash function, because each has its own `Sources`.
const hashOf = (text: string): number => keyHash(text, 0)

const slotOf = (key: string): number => hashOf(key) & (filterSlots - 1)
