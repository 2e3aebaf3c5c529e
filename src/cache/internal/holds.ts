/**
 * The keys that open transactions change, by family: who else touches them, and whether what is loaded may be kept.
 *
 * A transaction *holds* what it has collected, from the moment it collects it:
 *
 * - Another change of a held key makes it `contended`: which of both the database keeps is not known, so after the
 *   commit the key is removed and not set. Another transaction changes its keys twice, just before its commit and just
 *   after it; one that is still open has committed nothing, and does not contend.
 * - A key is contended as well where another change met it, or what it is made from, between the beginning of the body
 *   and the moment in which it was collected: the body may have read what was there before. While a body runs anywhere
 *   in the process, each family therefore remembers what was changed, up to `recentMax` changes.
 * - From just before the commit until its outcome is applied, the hold is *closed*. Reads go on, but what they load
 *   meanwhile is not kept: a load may have seen the row before the commit, and nothing would remove it after a crash.
 * - Where the outcome is not known, the hold stays closed for `doubtMillis`: a server that was cut off may commit yet.
 *
 * A hold makes no writer wait. Where no body runs and nothing is held, a write pays one comparison, and a hit nothing.
 */
import { everything, type Scope } from "../Invalidation.ts"
import type { Judged } from "./judgement.ts"

/** How long a commit may take effect after its connection was lost. A server that flushes to disk needs far less. */
export const doubtMillis = 10_000

// Transactions without a known outcome that a family keeps apart; beyond, the family as a whole is not kept meanwhile.
const doubtsMax = 1_024

// Changes that a family remembers for the bodies that run: of single keys, and of scopes.
const recentMax = 65_536
const recentScopesMax = 1_024

/** The bodies of transactions that run in this process, and how many changes there were while one ran. */
export const bodies = { open: 0, changes: 0 }

/** A set of keys of one family: single ones, and all that have some segments. */
export class Scopes {
  private readonly keys = new Set<string>()
  private readonly wide = new Map<string, { readonly positions: ReadonlyArray<number>; readonly values: Set<string> }>()

  addKey(key: string): void {
    this.keys.add(key)
  }

  add({ positions, values }: Scope): void {
    const id = positions.join(":")
    const known = this.wide.get(id)
    if (known === undefined) this.wide.set(id, { positions, values: new Set([values.join(":")]) })
    else known.values.add(values.join(":"))
  }

  addAll(other: Scopes): void {
    for (const key of other.keys) this.keys.add(key)
    for (const { positions, values } of other.wide.values()) {
      for (const text of values) this.add({ positions, values: positions.length === 0 ? [] : text.split(":") })
    }
  }

  covers(key: string): boolean {
    if (this.keys.has(key)) return true
    if (this.wide.size === 0) return false
    const segments = key.split(":")
    for (const { positions, values } of this.wide.values()) {
      if (values.has(positions.map((position) => segments[position]).join(":"))) return true
    }
    return false
  }
}

/** Whether a key has the segments of a scope. */
export const isWithin = (key: string, { positions, values }: Scope): boolean => {
  const segments = key.split(":")
  return positions.every((position, i) => segments[position] === values[i])
}

/** What a transaction will do to one key, or has done already should it be read there. */
export interface HeldKey {
  /** The value with its terms; `undefined` for a removal. */
  judged: Judged<any> | undefined
  /** Another change of the key met this one. */
  contended: boolean
}

/** What one transaction holds of one family. */
export class Hold {
  readonly keys = new Map<string, HeldKey>()
  /** All keys that a commit would change, dependents of other families' keys among them. */
  readonly scopes = new Scopes()
  readonly tags = new Set<string>()
  /** Until when what is loaded is not kept; `undefined` before the hold is closed. */
  closedUntil: number | undefined = undefined

  /** Whether the transaction may have changed a key. Which keys have a tag is not known. */
  mayChange(key: string): boolean {
    return this.tags.size > 0 || this.scopes.covers(key)
  }

  /** Takes over what another one holds of the family. */
  absorb(inner: Hold): void {
    this.scopes.addAll(inner.scopes)
    for (const tag of inner.tags) this.tags.add(tag)
    for (const [key, held] of this.keys) if (inner.mayChange(key)) held.judged = undefined
    for (const [key, held] of inner.keys) {
      this.keys.set(key, { ...held, contended: held.contended || this.keys.get(key)?.contended === true })
    }
  }

  closes(key: string, tags: ReadonlyArray<string>, since: number): boolean {
    return this.closedUntil !== undefined && since < this.closedUntil &&
      (this.scopes.covers(key) || tags.some((tag) => this.tags.has(tag)))
  }
}

/** The holds of one family. */
export class Holds {
  private readonly all = new Set<Hold>()
  private readonly doubts = new Map<Hold, () => void>()
  /** When keys were changed last, by `bodies.changes`; the oldest first. */
  private readonly recent = new Map<string, number>()
  private recentScopes: Array<{ readonly scope: Scope; readonly at: number }> = []
  /** What was changed up to then may be any key. */
  private forgottenAt = 0

  get isEmpty(): boolean {
    return this.all.size === 0
  }

  /** A change of a key has to be told. */
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

  /** Keeps a closed hold until `closedUntil`; then `onOver` drops what it holds once more. */
  doubt(hold: Hold, onOver: () => void): void {
    this.doubts.set(hold, onOver)
    if (this.doubts.size <= doubtsMax) return
    const whole = new Hold()
    whole.scopes.add(everything)
    const ends = [...this.doubts.values()]
    for (const one of this.doubts.keys()) {
      whole.closedUntil = Math.max(whole.closedUntil ?? 0, one.closedUntil ?? 0)
      this.all.delete(one)
    }
    this.doubts.clear()
    this.all.add(whole)
    this.doubts.set(whole, () => ends.forEach((end) => end()))
  }

  /** Ends the doubts whose time is over. */
  sweep(now: number): void {
    if (this.doubts.size === 0) return
    for (const [hold, onOver] of Array.from(this.doubts)) {
      if (hold.closedUntil! > now) continue
      this.release(hold)
      onOver()
    }
  }

  /** A key is changed. */
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
      const held = hold.keys.get(key)
      if (held !== undefined) held.contended = true
    }
  }

  touchScope(scope: Scope): void {
    this.remember(() => {
      this.recentScopes.push({ scope, at: bodies.changes })
      if (this.recentScopes.length <= recentScopesMax) return
      this.forgottenAt = this.recentScopes[recentScopesMax >> 1]!.at
      this.recentScopes = this.recentScopes.slice((recentScopesMax >> 1) + 1)
    })
    for (const hold of this.all) {
      for (const [key, held] of hold.keys) if (isWithin(key, scope)) held.contended = true
    }
  }

  /** Whether a key may have been changed since a body began, when there had been so many changes. */
  isChangedSince(key: string, changes: number): boolean {
    if (this.forgottenAt > changes || (this.recent.get(key) ?? 0) > changes) return true
    return this.recentScopes.some(({ at, scope }) => at > changes && isWithin(key, scope))
  }

  private remember(change: () => void): void {
    if (bodies.open > 0) {
      bodies.changes++
      change()
    } else if (this.recent.size > 0 || this.recentScopes.length > 0) {
      // No body that runs later asks for them.
      this.recent.clear()
      this.recentScopes = []
    }
  }

  /** Whether what was loaded or written of a key since a time may not be kept. */
  isClosed(key: string, tags: ReadonlyArray<string>, since: number): boolean {
    for (const hold of this.all) if (hold.closes(key, tags, since)) return true
    return false
  }
}
