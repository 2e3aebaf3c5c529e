/**
 * Which keys of a family lookups have read, and which of those have left the last tier since, or were not there:
 * nothing can compare a later value of theirs with the one before, so that it has to count as changed.
 *
 * - A key is known from when a lookup reads it until it ends: by time, by a write, by an invalidation. All of these
 *   reach what is made from it in other ways.
 * - At most `keysMax` keys are known of each kind. Beyond, what lookups read is not told apart from what they do not,
 *   and `missed` gives out the key that has been missed for longest, to be counted as changed at once.
 */

// Some 60 bytes each.
const keysMax = 65_536

export class Sources {
  private readonly known = new Set<string>()
  private isFull = false
  private readonly missing = new Map<string, number>()

  /** A lookup has read the key. */
  read(key: string): void {
    if (this.isFull || this.known.has(key)) return
    if (this.known.size >= keysMax) {
      this.isFull = true
      this.known.clear()
    } else this.known.add(key)
  }

  /** Something may be made from the key. */
  wasRead(key: string): boolean {
    return this.isFull || this.known.has(key)
  }

  /**
   * The key has left the last tier, or a lookup has missed it, at `stamp`; the key to be counted as changed for lack
   * of room, and since when.
   */
  missed(key: string, stamp: number): readonly [key: string, since: number] | undefined {
    this.known.delete(key)
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
  }

  /** The key has ended, and what is made from it with it. */
  forget(key: string): void {
    this.known.delete(key)
    this.missing.delete(key)
  }
}
