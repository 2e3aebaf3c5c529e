/**
 * Answers a load whose key is found in a lower tier, by the rules that hold for an entry in memory.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Entry, Found } from "../../store/Entry.ts"
import type { Entries } from "./entries.ts"
import * as Expiry from "./expiry.ts"
import type { Failures } from "./failures.ts"
import type { Flight } from "./flight.ts"
import { memory } from "./judgement.ts"
import { unknown } from "./knowing.ts"
import type { Served } from "./served.ts"

/** What it needs from the loads that it answers. */
interface Ground<V> {
  readonly expiry: Expiry.Expiry
  readonly failures: Failures<V>
  forkFor(work: Effect.Effect<void>): Fiber.Fiber<void>
  end(flight: Flight<V>, exit: Exit.Exit<Served<V>, unknown>): void
  refreshAhead(key: string, entry: Entry<V>, now: number): void
  maySubstitute(key: string, entry: Entry<V>, now: number): boolean
}

export class LowerTier<V> {
  private readonly entries: Entries<V>
  private readonly ground: Ground<V>

  constructor(entries: Entries<V>, ground: Ground<V>) {
    this.entries = entries
    this.ground = ground
  }

  /** Ends the flight if what was found is fresh; else returns the entry that may be served if the lookup fails. */
  take(flight: Flight<V>, found: Found<V> | undefined): Entry<V> | undefined {
    const { key, load, isQuiet } = flight
    const now = this.entries.cache.time.now()
    const isFresh = found !== undefined && this.entries.isFresh(key, found.entry, now)
    // To its readers, who came before its key changed, what is fresh is an answer. What is stale is none.
    if (found === undefined || flight.isOvertaken && !isFresh) {
      this.repeatFailure(flight, now)
      return undefined
    }
    const { entry, tier } = found
    if (!isFresh) return this.takeStale(flight, entry, tier, now)
    if (isQuiet && entry.freshUntil - entry.costMillis <= load.until) {
      flight.renews("ahead", entry)
      this.offer(flight, entry, tier)
      return entry
    }
    if (!isQuiet) this.entries.countHit(key, tier)
    // What another engine has loaded since must not be replaced by what was found before.
    const isKept = isQuiet || flight.isOvertaken || flight.rival !== undefined
    const read = isKept ? entry : this.entries.touch(key, entry, now)
    const { stamp } = this.entries.cache
    this.ground.end(flight, Exit.succeed({ value: entry.value, tier, entry: read, stale: false }))
    // The key may have changed since the entry was found, or by a reader who went on at once: then it is not renewed.
    if (isQuiet || flight.isOvertaken || this.entries.cache.stamp !== stamp) return entry
    this.ground.refreshAhead(key, entry, now)
    return entry
  }

  /** Finds what a refresh, or a renewal ahead of the end, replaces. Until then its readers get that, if it is fresh. */
  beforeRenewal(flight: Flight<V>): Effect.Effect<void> {
    const { key } = flight
    const held = this.entries.hot?.peek(key)
    if (held !== undefined) return Effect.sync(() => this.offer(flight, held, memory))
    return Effect.map(this.entries.heldBelow(key), (found) => {
      if (found === unknown) return
      flight.replaces(found?.entry)
      if (found === undefined) flight.foundNothing()
      else this.offer(flight, found.entry, found.tier)
    })
  }

  /**
   * Gives the readers of a load the entry that it renews, if that is fresh: as in memory, they need not wait. Where a
   * reader gets it, its idle time begins again.
   */
  offer(flight: Flight<V>, entry: Entry<V>, tier: string, isRead = !flight.areAllForFresh): void {
    const now = this.entries.cache.time.now()
    const { key } = flight
    if (flight.hasEnded || flight.isOvertaken || flight.isBarred || !this.entries.isFresh(key, entry, now)) return
    const read = isRead && flight.rival === undefined ? this.entries.touch(key, entry, now) : entry
    const fresh = Exit.succeed({ value: read.value, tier, entry: read, stale: false })
    flight.offer(fresh, Math.min(this.entries.freshUntil(key, read, now), read.expiresAt))
  }

  /** One more reader gets the fresh entry that a load has offered. */
  offerAgain(flight: Flight<V>, { entry, tier }: Served<V>): void {
    if (this.ground.expiry.idleTimeToLive !== undefined && entry !== undefined) this.offer(flight, entry, tier, true)
  }

  /** Decides how a stale entry is used: served now, served if the load fails, or not at all. */
  private takeStale(flight: Flight<V>, entry: Entry<V>, tier: string, now: number): Entry<V> | undefined {
    const { key, load, isQuiet } = flight
    const { expiry, failures } = this.ground
    const freshUntil = this.entries.freshUntil(key, entry, now)
    const revalidatedUntil = Math.min(freshUntil + expiry.staleWhileRevalidate, entry.expiresAt)
    const servedUntil = Math.min(freshUntil + Expiry.staleMillisMax(expiry), entry.expiresAt)
    if (this.entries.judge(key, entry.stamp, entry.tags) === "hidden" || now >= servedUntil) {
      flight.foundNothing()
      this.repeatFailure(flight, now)
      return undefined
    }
    flight.renews("stale", entry, tier)
    const stale = Exit.succeed({ value: entry.value, tier, entry, stale: true })
    const isBackingOff = failures.isBackingOff(key, now)
    // A load without readers leaves a stale entry for later readers, unless the entry was to last until the next round.
    const isLeft = isQuiet && (isBackingOff || freshUntil - entry.costMillis > load.until)
    if (isLeft || isBackingOff && !flight.isForFresh) this.ground.end(flight, stale)
    else if (isBackingOff) flight.answerEarly(stale, servedUntil)
    else if (now < revalidatedUntil) flight.answerEarly(stale, revalidatedUntil)
    else if (expiry.softTimeout !== undefined) this.answerAfter(expiry.softTimeout, flight, stale, entry, servedUntil)
    const isServed = isBackingOff || now < revalidatedUntil
    if (isServed && !isQuiet && !flight.wantsFresh) this.entries.countStale(key, tier)
    if (flight.wantsFresh && flight.areAllForFresh) this.repeatFailure(flight, now)
    return entry
  }

  /**
   * After `millis`, answers the readers who still wait with the stale value, if it may be served then. The load goes
   * on.
   */
  private answerAfter(
    millis: number,
    flight: Flight<V>,
    stale: Exit.Exit<Served<V>, unknown>,
    entry: Entry<V>,
    servedUntil: number
  ): void {
    flight.detach()
    const answer = Effect.sync(() => {
      const now = this.entries.cache.time.now()
      if (!flight.isBarred && this.ground.maySubstitute(flight.key, entry, now)) flight.answerEarly(stale, servedUntil)
    })
    flight.answerEarlyBy(this.ground.forkFor(Effect.andThen(Effect.sleep(millis), answer)))
  }

  /** Ends a flight that found no entry to serve, if a failure of its key is remembered. */
  private repeatFailure(flight: Flight<V>, now: number): void {
    const failure = this.ground.failures.remembered(flight.key, now)
    if (failure !== undefined) this.ground.end(flight, failure.exit)
  }
}
