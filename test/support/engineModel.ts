/**
 * The engine as a plain model: two maps, a number for the clock, and the rules of freshness.
 * `test/model/engine.test.ts` compares each operation with it.
 */
import type * as Effect from "effect/Effect"
import * as fc from "fast-check"
import type { InvalidationMode } from "../../src/cache/CacheEvent.ts"
import type { LeaseMode } from "../../src/capability/Lease.ts"

export type Name = "user" | "profile"
export const names: ReadonlyArray<Name> = ["user", "profile"]
export const ids = ["0", "1"]

export interface Policy {
  readonly timeToLive: number | "never"
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  readonly refreshAhead: number | undefined
  readonly idleTimeToLive: number | undefined
  readonly negativeTimeToLive: number
  readonly retryAfterFailure: number
}

// Times that no sum of steps of the clock meets exactly, so that `<` and `<=` need no thought.
export const policy: fc.Arbitrary<Policy> = fc.record({
  timeToLive: fc.constantFrom("never" as const, 50, 120),
  staleWhileRevalidate: fc.constantFrom(0, 40),
  staleIfError: fc.constantFrom(0, 90),
  refreshAhead: fc.constantFrom(undefined, 0.5),
  idleTimeToLive: fc.constantFrom(undefined, 30),
  negativeTimeToLive: fc.constantFrom(0, 20),
  retryAfterFailure: fc.constantFrom(0, 60)
})
export const tick = 7

interface Held {
  readonly value: unknown
  readonly madeAt: number
  readonly freshUntil: number
  readonly tags: ReadonlyArray<string>
  touchedAt: number
  markedAt: number | undefined
}

/** A key that is watched: what was held of it then, and whether it has changed since. */
interface Watched {
  readonly held: Held | undefined
  readonly epoch: number | undefined
  /** How often a value was kept since. The first value of a key that had none does not count as a change. */
  kept: number
  changed: boolean
}

interface Failed {
  readonly at: number
  readonly error: unknown
  negative: boolean
}

/** `until` is when the entry that was served ends: what is made from it ends then, too. */
export type Answered = { readonly value: unknown; readonly stale: boolean; readonly until: number } | {
  readonly error: unknown
}

export class Model {
  now = 0
  source = 0
  broken = false
  loads = 0
  readonly policy: Policy
  readonly held = new Map<string, Held>()
  readonly failed = new Map<string, Failed>()
  readonly epochs = new Map<string, number>()
  readonly leases: Array<{ readonly id: number; readonly mode: LeaseMode; readonly close: Effect.Effect<void> }> = []
  readonly watched = new Map<string, Watched>()

  constructor(policy: Policy) {
    this.policy = policy
  }

  private freshUntil(held: Held): number {
    return Math.min(held.freshUntil, held.markedAt ?? Infinity)
  }

  /** When a fresh entry that nothing reads any more ends: what is made from it is fresh no longer. */
  private endOf({ freshUntil, touchedAt }: Held): number {
    return Math.min(freshUntil, touchedAt + (this.policy.idleTimeToLive ?? Infinity))
  }

  /** What may be served of a key, fresh or stale. */
  usable(at: string): Held | undefined {
    const held = this.held.get(at)
    if (held === undefined) return undefined
    const { idleTimeToLive, staleIfError, staleWhileRevalidate } = this.policy
    const window = Math.max(staleIfError, staleWhileRevalidate)
    const isOver = this.now >= held.freshUntil + window || this.now >= held.touchedAt + (idleTimeToLive ?? Infinity)
    if (isOver) this.held.delete(at)
    return isOver || this.now >= this.freshUntil(held) + window ? undefined : held
  }

  isBackingOff(at: string): boolean {
    const failed = this.failed.get(at)
    return failed !== undefined && this.now < failed.at + this.policy.retryAfterFailure
  }

  negative(at: string): Failed | undefined {
    const failed = this.failed.get(at)
    return failed?.negative && this.now < failed.at + this.policy.negativeTimeToLive ? failed : undefined
  }

  outcome(at: string): string {
    const held = this.usable(at)
    const age = held === undefined ? Infinity : this.now - this.freshUntil(held)
    if (age < 0) return "hit"
    if (age < this.policy.staleWhileRevalidate) return "staleHit"
    if (held !== undefined) return this.isBackingOff(at) ? "staleHit" : "load"
    return this.negative(at) === undefined ? "load" : "fail"
  }

  read(name: Name, id: string): Answered {
    const at = `${name}:${id}`
    const held = this.usable(at)
    const { refreshAhead, staleWhileRevalidate } = this.policy
    if (held !== undefined) {
      const age = this.now - this.freshUntil(held)
      if (age < 0) {
        const isDue = refreshAhead !== undefined && held.freshUntil !== Infinity &&
          this.now > held.madeAt + (held.freshUntil - held.madeAt) * refreshAhead
        held.touchedAt = this.now
        if (isDue && !this.isBackingOff(at)) this.load(name, id, held, false)
        return { value: held.value, stale: false, until: this.endOf(held) }
      }
      if (age < staleWhileRevalidate || this.isBackingOff(at)) {
        if (!this.isBackingOff(at)) this.load(name, id, held, false)
        return { value: held.value, stale: true, until: held.freshUntil }
      }
      return this.load(name, id, held, false)
    }
    const negative = this.negative(at)
    return negative === undefined ? this.load(name, id, undefined, false) : { error: negative.error }
  }

  /** What an update begins with: nothing stale. */
  readFresh(name: Name, id: string): Answered {
    if (this.outcome(`${name}:${id}`) === "hit") return this.read(name, id)
    const negative = this.negative(`${name}:${id}`)
    return negative === undefined ? this.load(name, id, undefined, false) : { error: negative.error }
  }

  load(name: Name, id: string, fallback: Held | undefined, isRefresh: boolean): Answered {
    const at = `${name}:${id}`
    this.loads++
    const epoch = this.epochs.get(at)
    const loaded = this.lookup(name, id)
    if ("error" in loaded) {
      if (this.epochs.get(at) === epoch) this.failed.set(at, { at: this.now, error: loaded.error, negative: true })
      return fallback === undefined ? loaded : { value: fallback.value, stale: true, until: fallback.freshUntil }
    }
    this.failed.delete(at)
    // A source that it read was loaded for it, and had changed: that made a new epoch of this key.
    if (this.epochs.get(at) !== epoch || loaded.stale) return loaded
    const before = this.held.get(at)
    const changed = before === undefined ? isRefresh : before.value !== loaded.value
    // What was made from it could last as long as it did.
    const endsEarlier = before !== undefined && this.endOfLoaded(loaded.until) < before.freshUntil
    if (changed || endsEarlier) this.spread(name, id, "hide")
    return { ...loaded, until: this.endOf(this.keep(at, loaded.value, [`t${id}`], loaded.until)) }
  }

  private lookup(name: Name, id: string): Answered {
    if (this.broken) return { error: "broken" }
    if (name === "user") return { value: `${id}=${this.source}`, stale: false, until: Infinity }
    const user = this.read("user", id)
    return "error" in user ? user : { ...user, value: `(${String(user.value)})` }
  }

  private endOfLoaded(until: number): number {
    const { timeToLive } = this.policy
    return Math.min(until, timeToLive === "never" ? Infinity : this.now + timeToLive)
  }

  keep(at: string, value: unknown, tags: ReadonlyArray<string>, until = Infinity): Held {
    const watched = this.watched.get(at)
    if (watched !== undefined) watched.kept++
    const freshUntil = this.endOfLoaded(until)
    const held = { value, madeAt: this.now, freshUntil, tags, touchedAt: this.now, markedAt: undefined }
    this.held.set(at, held)
    return held
  }

  write(name: Name, id: string, value: unknown, tags: ReadonlyArray<string>, until = Infinity): void {
    const at = `${name}:${id}`
    this.changed(at)
    this.spread(name, id, "hide")
    this.failed.delete(at)
    this.keep(at, value, tags, until)
  }

  /** Another value in the place of the one that is held, whose lifetime and tags it keeps. */
  amend(name: Name, id: string, held: Held, value: unknown): void {
    const at = `${name}:${id}`
    this.changed(at)
    this.failed.delete(at)
    this.held.set(at, { ...held, value, madeAt: this.now, touchedAt: this.now })
    this.spread(name, id, "hide")
  }

  /** Another end of what is held. What derives from another ends no later than before. */
  reschedule(name: Name, id: string, held: Held, until: number): void {
    const freshUntil = name === "user" ? until : Math.min(until, held.freshUntil)
    if (freshUntil <= this.now) return this.delete(name, id)
    if (freshUntil === held.freshUntil) return
    this.changed(`${name}:${id}`)
    this.held.set(`${name}:${id}`, { ...held, freshUntil })
    if (freshUntil < held.freshUntil) this.spread(name, id, "hide")
  }

  delete(name: Name, id: string): void {
    this.drop(name, id, "hide", true)
    this.spread(name, id, "hide")
  }

  watch(at: string): void {
    this.usable(at)
    const held = this.held.get(at)
    this.watched.set(at, { held, epoch: this.epochs.get(at), kept: 0, changed: false })
  }

  /** Whether a watch of a key must show a change; `undefined` if it may. */
  watchShows(at: string): boolean | undefined {
    const { changed, epoch, held, kept } = this.watched.get(at)!
    if (changed) return true
    const isSame = kept <= 1 && this.epochs.get(at) === epoch && this.held.get(at) === held &&
      (held === undefined || this.outcome(at) === "hit")
    return isSame ? false : undefined
  }

  private changed(at: string): void {
    const watched = this.watched.get(at)
    if (watched !== undefined) watched.changed = true
  }

  spread(name: Name, id: string, mode: InvalidationMode): void {
    if (name === "user") this.drop("profile", id, mode, true)
  }

  /** `exact` is one key, whose failure is forgotten with its entry. */
  drop(name: Name, id: string, mode: InvalidationMode, exact: boolean): void {
    const at = `${name}:${id}`
    this.epochs.set(at, 1 + (this.epochs.get(at) ?? 0))
    if (exact || this.held.has(at)) this.changed(at)
    const failed = this.failed.get(at)
    if (failed !== undefined) failed.negative = false
    if (mode === "hide") {
      this.held.delete(at)
      if (exact) this.failed.delete(at)
      return
    }
    const held = this.held.get(at)
    if (held !== undefined) held.markedAt ??= this.now
  }

  dropAll(name: Name, mode: InvalidationMode): void {
    for (const family of name === "user" ? names : [name]) for (const id of ids) this.drop(family, id, mode, false)
  }

  dropTag(name: Name, tag: string): void {
    for (const id of ids) {
      const failed = this.failed.get(`${name}:${id}`)
      if (failed !== undefined) failed.negative = false
      if (this.held.get(`${name}:${id}`)?.tags.includes(tag) !== true) continue
      this.held.delete(`${name}:${id}`)
      this.changed(`${name}:${id}`)
    }
  }
}
