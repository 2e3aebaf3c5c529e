/**
 * Tracks the keys that open transactions change, by family. It records other changes of these keys, and says whether a
 * loaded value may be kept.
 *
 * A transaction *holds* what it has collected, from the moment it collects it:
 *
 * - Another change of a held key makes it `contended`: the cache does not know which of the two values the database
 *   keeps, so the key is removed after the commit, and not set. A second transaction changes its keys just before its
 *   commit and just after it. While it is open it has committed nothing, so it makes no key contended.
 * - A key is also contended if it, or a key that it depends on, was changed between the beginning of the body and the
 *   moment in which the key was collected: the body may have read the value before that change. So while a body runs in
 *   this process, each family remembers the latest `recentMax` changes.
 * - From just before the commit until its outcome is applied, the hold is *closed*. Reads go on, but the values that
 *   they load are not kept: a load may have read the row before the commit, and after a crash nothing would remove the
 *   old value.
 * - If the outcome is not known, the hold stays closed for `doubtMillis`: a server that lost its connection may still
 *   commit.
 * - What is written while a hold is closed is not kept, either: the next read loads what the data source has. A family
 *   without a lookup is *alone*, because its values have no source. There a write is refused while the hold is sealed.
 *   In the doubt it is kept, and stays afterwards, if the transaction changed the key by name and no slice or tag of it
 *   covers the key. In a family with a lookup, a write that has a condition is refused as well, because the next
 *   caller's condition would not see it.
 *
 * A writer never waits for a hold. While no body runs and no key is held, a write costs one comparison more, and a hit
 * costs nothing more.
 */
import type { Slice } from "../../Explanation.ts"
import { everything, goesOn, isWithin, projectionName, textAt, textOfSlice } from "../../shared/slices.ts"
import type { Judged } from "../family/judgement.ts"

/** How long a commit may take effect after its connection was lost. A server that flushes to disk needs far less. */
export const doubtMillis = 10_000

/**
 * The most transactions without a known outcome for which a family keeps separate holds. With more of them, one hold
 * covers the whole family.
 */
export const doubtsMax = 1_024

// The most changes that a family remembers for running bodies: of single keys, and of slices.
const recentMax = 65_536
const recentSlicesMax = 1_024

/**
 * The bodies of transactions that run in this process, since when one runs, and how many changes there were while one
 * ran. `areLater` says that what happens now does not count as a change for them: it was due before they began.
 */
export const bodies = { open: 0, since: 0, changes: 0, areLater: false }

/** A set of keys of one family: single keys, and slices. */
export class Slices {
  private readonly keys = new Set<string>()
  /** The slices that bind the same positions, by the first of them, with their texts. */
  private readonly wide = new Map<string, { readonly first: Slice; readonly texts: Set<string> }>()

  addKey(key: string): void {
    this.keys.add(key)
  }

  add(slice: Slice): void {
    this.addText(projectionName(slice), slice, textOfSlice(slice))
  }

  private addText(id: string, first: Slice, text: string): void {
    const known = this.wide.get(id)
    if (known === undefined) this.wide.set(id, { first, texts: new Set([text]) })
    else known.texts.add(text)
  }

  addAll(other: Slices): void {
    for (const key of other.keys) this.keys.add(key)
    for (const [id, { first, texts }] of other.wide) for (const text of texts) this.addText(id, first, text)
  }

  covers(key: string): boolean {
    return this.keys.has(key) || this.coversWide(key)
  }

  /** Whether a slice covers the key. */
  coversWide(key: string): boolean {
    if (this.wide.size === 0) return false
    const segments = key.split(":")
    for (const { first, texts } of this.wide.values()) {
      const text = textAt(first.positions, goesOn(first), segments)
      if (text !== undefined && texts.has(text)) return true
    }
    return false
  }
}

/** The change that a transaction makes to one key. Reads within the transaction see it at once. */
export interface KeyState {
  /** The value with its terms; `undefined` for a removal. */
  judged: Judged<any> | undefined
  /** Whether another writer has changed the key meanwhile. */
  contended: boolean
  /** Whether the cache alone has values of the key, and it was changed while the outcome was in doubt. */
  isLater: boolean
}

/** The keys of one family that one transaction holds. */
export class Hold {
  readonly keys = new Map<string, KeyState>()
  /** All keys that a commit would change, including keys that depend on keys of other families. */
  readonly slices = new Slices()
  readonly tags = new Set<string>()
  /** The time until which loaded values are not kept; `undefined` before the hold is closed. */
  closedUntil: number | undefined = undefined

  /**
   * Whether the transaction may have changed a key. After a change of a tag it may have changed any key, because the
   * keys of a tag are not known.
   */
  mayChange(key: string): boolean {
    return this.tags.size > 0 || this.slices.covers(key)
  }

  /** Takes over the keys that a savepoint holds. */
  absorb(inner: Hold): void {
    this.slices.addAll(inner.slices)
    for (const tag of inner.tags) this.tags.add(tag)
    for (const [key, state] of this.keys) if (inner.mayChange(key)) state.judged = undefined
    for (const [key, state] of inner.keys) {
      this.keys.set(key, { ...state, contended: state.contended || this.keys.get(key)?.contended === true })
    }
  }

  closes(key: string, tags: ReadonlyArray<string>, since: number): boolean {
    return this.closedUntil !== undefined && since < this.closedUntil &&
      (this.slices.covers(key) || tags.some((tag) => this.tags.has(tag)))
  }

  get isInDoubt(): boolean {
    return this.closedUntil !== undefined && this.closedUntil !== Infinity
  }

  /**
   * Whether a value that is written now is newer than what the transaction made of the key, whatever its outcome: the
   * transaction changed the row of this key, and has nothing more to say to the cache. A value that depends on another
   * change of it may be made from what was before.
   */
  isBefore(key: string, tags: ReadonlyArray<string>): boolean {
    return this.isInDoubt && this.keys.has(key) && !this.slices.coversWide(key) &&
      !tags.some((tag) => this.tags.has(tag))
  }
}

/** The holds of one family. */
export class Holds {
  private readonly all = new Set<Hold>()
  private readonly doubts = new Map<Hold, () => void>()
  /** The last change of each key, as a number of `bodies.changes`; the oldest change first. */
  private readonly recent = new Map<string, number>()
  private recentSlices: Array<{ readonly slice: Slice; readonly at: number }> = []
  /** Changes up to this number are forgotten, so any key may have been changed by then. */
  private forgottenAt = 0
  /** Whether the cache alone has the values of the family: its owner has no lookup. */
  isAlone = false

  get isEmpty(): boolean {
    return this.all.size === 0
  }

  /** Whether changes of keys have to be recorded. */
  get isWatching(): boolean {
    return this.all.size > 0 || bodies.open > 0
  }

  add(hold: Hold): void {
    this.all.add(hold)
  }

  release(hold: Hold): void {
    this.all.delete(hold)
    this.doubts.delete(hold)
  }

  /**
   * Keeps a closed hold until `closedUntil`; then `onOver` drops what it holds once more. With too many of them, one
   * hold of the whole family takes their place, and `onOverAll` drops the family, so the cost does not grow with them.
   */
  doubt(hold: Hold, onOver: () => void, onOverAll: () => void): void {
    this.doubts.set(hold, onOver)
    if (this.doubts.size <= doubtsMax) return
    const whole = new Hold()
    whole.slices.add(everything)
    for (const one of this.doubts.keys()) {
      whole.closedUntil = Math.max(whole.closedUntil ?? 0, one.closedUntil ?? 0)
      this.all.delete(one)
    }
    this.doubts.clear()
    this.all.add(whole)
    this.doubts.set(whole, onOverAll)
  }

  /** Ends the doubts whose time is over. */
  sweep(now: number): void {
    if (this.doubts.size === 0) return
    for (const [hold, onOver] of Array.from(this.doubts)) {
      if (hold.closedUntil! > now) continue
      this.release(hold)
      bodies.areLater = bodies.since >= hold.closedUntil!
      onOver()
      bodies.areLater = false
    }
  }

  /** Records a change of a key. */
  touch(key: string): void {
    this.remember(() => {
      this.recent.delete(key)
      this.recent.set(key, bodies.changes)
      if (this.recent.size <= recentMax) return
      for (const [oldest, at] of this.recent) {
        this.recent.delete(oldest)
        this.forgottenAt = at
        break
      }
    })
    for (const hold of this.all) {
      const state = hold.keys.get(key)
      if (state === undefined) continue
      state.contended = true
      state.isLater = this.isAlone && hold.isInDoubt
    }
  }

  touchSlice(slice: Slice): void {
    this.remember(() => {
      this.recentSlices.push({ slice, at: bodies.changes })
      if (this.recentSlices.length <= recentSlicesMax) return
      this.forgottenAt = this.recentSlices[recentSlicesMax >> 1]!.at
      this.recentSlices = this.recentSlices.slice((recentSlicesMax >> 1) + 1)
    })
    for (const hold of this.all) {
      for (const [key, state] of hold.keys) {
        if (isWithin(slice, key)) state.contended = true
      }
    }
  }

  /** Whether a key may have been changed since a body began. `changes` is the number of changes at that time. */
  isChangedSince(key: string, changes: number): boolean {
    if (this.forgottenAt > changes || (this.recent.get(key) ?? 0) > changes) return true
    return this.recentSlices.some(({ at, slice }) => at > changes && isWithin(slice, key))
  }

  private remember(change: () => void): void {
    if (bodies.open > 0) {
      if (bodies.areLater) return
      bodies.changes++
      change()
    } else if (this.recent.size > 0 || this.recentSlices.length > 0) {
      // A body that begins later does not need them.
      this.recent.clear()
      this.recentSlices = []
    }
  }

  /** Whether a value of a key that was loaded since a time may not be kept. */
  isClosed(key: string, tags: ReadonlyArray<string>, since: number): boolean {
    for (const hold of this.all) if (hold.closes(key, tags, since)) return true
    return false
  }

  /** The hold because of which a value that is written now is not kept. */
  closing(key: string, tags: ReadonlyArray<string>, now: number): Hold | undefined {
    this.sweep(now)
    for (const hold of this.all) {
      if (hold.closes(key, tags, now) && !(this.isAlone && hold.isBefore(key, tags))) return hold
    }
    return undefined
  }
}
