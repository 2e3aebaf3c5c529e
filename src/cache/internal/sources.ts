/**
 * Which keys of a family lookups have read, and which of those have left the last tier since, or were not there:
 * nothing can compare a later value of theirs with the one before, so that it has to count as changed.
 *
 * - A key is known from when a lookup reads it until it ends: by time, by a write, by an invalidation. All of these
 *   reach what is made from it in other ways. A key that is known, has not ended, and is not to be found has gone
 *   unseen.
 * - At most `keysMax` keys are known of each kind. Of what lookups read beyond, a filter knows until when it lasts at
 *   the latest; it may take one key for another. `missed` gives out the key that has been missed for longest, to be
 *   counted as changed at once.
 * - Some keys are known to be held by memory alone, beyond whatever was to be there below as well.
 *
 * What lookups read before the engine was opened, nobody knows. A key is settled once what was made of it by then has
 * been dropped; beyond the bound that is done again, which loses more than it must.
 */

import { isWithin, type Scope } from "../Invalidation.ts"

// Some 60 bytes each.
const keysMax = 65_536

// Of 8 bytes each: a filter of 8 MB, which is made when it is needed.
const filterSlots = 2 ** 20

export class Sources {
  /** The stamps at which they were read last. */
  private readonly known = new Map<string, number>()
  /** When those of them end that do, as they were when they were read. */
  private readonly ends = new Map<string, number>()
  private filter: Float64Array | undefined
  private readonly missing = new Map<string, number>()
  private readonly alone = new Set<string>()
  private readonly settled = new Set<string>()

  /** A lookup has read the key, which ends at `end` unless it is read again. */
  read(key: string, stamp: number, end: number): void {
    // It is there after all, and nothing said so: what reads it now is made from a value that may have gone again.
    if (this.missing.size > 0 && this.missing.has(key)) this.missing.set(key, Infinity)
    if (this.known.size < keysMax || this.known.has(key)) {
      const before = this.ends.get(key) ?? (this.known.has(key) ? Infinity : -Infinity)
      const last = Math.max(before, end)
      this.known.set(key, stamp)
      if (last < Infinity) this.ends.set(key, last)
      else this.ends.delete(key)
      return
    }
    const filter = this.filter ??= new Float64Array(filterSlots)
    const slot = slotOf(key)
    filter[slot] = Math.max(filter[slot]!, end)
  }

  /** Something may be made from the key. */
  wasRead(key: string): boolean {
    return this.known.has(key) || this.filter !== undefined && this.filter[slotOf(key)]! > 0
  }

  /** Something may be made from the key, or from some key of a scope. */
  wasReadIn(scope: string | Scope): boolean {
    if (typeof scope === "string") return this.wasRead(scope)
    if (this.filter !== undefined) return true
    for (const key of this.known.keys()) if (isWithin(scope, key)) return true
    return false
  }

  /**
   * Something that has not ended may be made from the key. `isHidden` says whether what had a stamp was invalidated
   * since, and with it what was made from it.
   */
  isNeeded(key: string, now: number, isHidden: (stamp: number) => boolean): boolean {
    const stamp = this.known.get(key)
    if (stamp !== undefined) return (this.ends.get(key) ?? Infinity) > now && !isHidden(stamp)
    return this.filter !== undefined && this.filter[slotOf(key)]! > now
  }

  /**
   * The key has left the last tier, or a lookup has missed it, at `stamp`; the key to be counted as changed for lack
   * of room, and since when.
   */
  missed(key: string, stamp: number): readonly [key: string, since: number] | undefined {
    this.unread(key)
    let forgotten: readonly [key: string, since: number] | undefined
    if (this.missing.size >= keysMax) {
      for (forgotten of this.missing) break
      this.missing.delete(forgotten![0])
    }
    this.missing.set(key, stamp)
    return forgotten
  }

  /** Since when a key has been missed. */
  missedAt(key: string): number | undefined {
    return this.missing.get(key)
  }

  /** The key has a value again, and what is made from another one knows. */
  kept(key: string): void {
    this.missing.delete(key)
    this.alone.delete(key)
  }

  /** The key has ended, and what is made from it with it. */
  forget(key: string): void {
    this.unread(key)
    this.kept(key)
  }

  /** Memory alone holds the key. Beyond the bound, it is found out when the key is loaded again. */
  isAlone(key: string): void {
    if (this.alone.size < keysMax) this.alone.add(key)
  }

  /** Memory has pushed the key out; whether it was there alone. */
  wasAlone(key: string): boolean {
    return this.alone.size > 0 && this.alone.delete(key)
  }

  isSettled(key: string): boolean {
    return this.settled.has(key)
  }

  settle(key: string): void {
    if (this.settled.size < keysMax) this.settled.add(key)
  }

  /** All keys have ended: of those that are known, the mark says so. */
  endAll(): void {
    this.filter = undefined
  }

  private unread(key: string): void {
    this.known.delete(key)
    if (this.ends.size > 0) this.ends.delete(key)
  }
}

// FNV-1a.
const slotOf = (key: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash ^ hash >>> 16) & (filterSlots - 1)
}
