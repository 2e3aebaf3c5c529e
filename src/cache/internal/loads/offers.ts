/**
 * Offers the readers of a load what a lower tier holds of the key, by the rules that hold for an entry in memory.
 *
 * - A reader who may be served what is held is served, whatever load of the key runs, and whatever began it.
 * - One read below answers for all who wait.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Entry, Found } from "../../../store/Entry.ts"
import { foundOf, triesMax, unknown } from "../below/whenKnown.ts"
import type { Entries } from "../entries/entries.ts"
import { renewIdleTime } from "../entries/idleTime.ts"
import type { Served } from "../entries/served.ts"
import * as Expiry from "../family/expiry.ts"
import { memory } from "../family/judgement.ts"
import type { Failures } from "./failures.ts"
import { type Flight, type Renewal, renewalOf } from "./flight.ts"
import type { Renewals } from "./renewals.ts"
import { maySubstitute } from "./substitutes.ts"
import type { Queued } from "./waiters.ts"

/** What it needs from the loads that it answers. */
interface Ground<V> {
  readonly expiry: Expiry.Expiry
  readonly failures: Failures<V>
  readonly renewals: Renewals<V>
  forkFor(work: Effect.Effect<void>): Fiber.Fiber<void>
  end(flight: Flight<V>, exit: Exit.Exit<Served<V>, unknown>): void
}

const staleOf = <V>({ entry, tier }: Found<V>): Exit.Exit<Served<V>, never> =>
  Exit.succeed({ value: entry.value, tier, entry, stale: true })

/** What a read below has found, unless an earlier load has stored a later value while the tier answered. */
const laterOf = <V>({ held }: Flight<V>, found: Found<V> | undefined): Found<V> | undefined =>
  held !== undefined && (found === undefined || held.entry.version > found.entry.version) ? held : found

export class Offers<V> {
  private readonly entries: Entries<V>
  private readonly ground: Ground<V>

  constructor(entries: Entries<V>, ground: Ground<V>) {
    this.entries = entries
    this.ground = ground
  }

  /**
   * Ends the flight if what was found is fresh; else notes the entry that may be served while the lookup runs. Returns
   * the renewal that is due behind the readers of a fresh entry.
   */
  take(flight: Flight<V>, read: Found<V> | undefined): Renewal<V> | undefined {
    const { key, load, isQuiet } = flight
    const found = laterOf(flight, read)
    const now = this.entries.cache.time.now()
    const isFresh = found !== undefined && this.entries.isFresh(key, found.entry, now)
    // To its readers, who came before its key changed, what is fresh is an answer. What is stale is none.
    if (found === undefined || flight.isOvertaken && !isFresh) {
      this.repeatFailure(flight, now)
      return undefined
    }
    const { entry, tier } = found
    if (!isFresh) {
      this.takeStale(flight, found, now)
      return undefined
    }
    if (isQuiet && entry.freshUntil - entry.costMillis <= load.until) {
      flight.renews("ahead", found)
      this.offer(flight, now)
      return undefined
    }
    if (!isQuiet) this.entries.tally.countAfterMiss(key, tier, false)
    const { entry: kept } = this.read(flight, found, now, !isQuiet)
    const { stamp } = this.entries.cache
    this.ground.end(flight, Exit.succeed({ value: entry.value, tier, entry: kept, stale: false }))
    // The key may have changed since the entry was found, or by a reader who went on at once: then it is not renewed.
    if (isQuiet || flight.isOvertaken || this.entries.cache.stamp !== stamp) return undefined
    return this.ground.renewals.isDue(entry, now) ? renewalOf(key, "ahead", entry) : undefined
  }

  /** Finds what a refresh, or a renewal ahead of the end, replaces. Until then its readers get that, if they may. */
  beforeRenewal(flight: Flight<V>): Effect.Effect<void> {
    const { key } = flight
    const held = this.entries.held(key)
    const note = (found: Found<V> | undefined): void => {
      flight.replaces(laterOf(flight, found))
      this.offer(flight, this.entries.cache.time.now())
    }
    if (held !== undefined) return Effect.sync(() => note({ entry: held, tier: memory }))
    return Effect.map(this.entries.lowerReads.held(key), (found) => {
      if (found === unknown) return
      if (laterOf(flight, found) === undefined) flight.foundNothing()
      note(found)
    })
  }

  /** What a reader who comes now gets at once from a load that goes on. */
  earlyFor(flight: Flight<V>, now: number, wantsFresh: boolean): Exit.Exit<Served<V>, never> | undefined {
    const { held, key } = flight
    // Where there is only memory, what the load replaces has left the cache if a reader does not find it there.
    const isBelow = held !== undefined && this.entries.lane !== undefined
    if (wantsFresh && !(isBelow && this.entries.isFresh(key, held.entry, now))) return undefined
    const early = flight.earlyAt(now)
    if (early !== undefined || !isBelow) return early
    this.offer(flight, now, false)
    return flight.earlyAt(now)
  }

  /**
   * Gives the readers of a load the entry that it replaces, as memory would, whatever began the load: at once if it is
   * fresh, or if `staleWhileRevalidate` or the pause after a failure allow it, and else after a soft timeout. Where a
   * reader gets the entry, its idle time begins again.
   */
  private offer(flight: Flight<V>, now: number, isRead?: boolean): void {
    const { held, key } = flight
    if (held === undefined || flight.hasEnded || flight.isOvertaken || flight.isBarred) return
    const { entry, tier } = held
    if (!this.entries.isFresh(key, entry, now)) return this.offerStale(flight, held, now, isRead)
    const { entry: read } = this.read(flight, held, now, isRead ?? !flight.areAllForNew)
    const fresh = Exit.succeed({ value: read.value, tier, entry: read, stale: false })
    flight.offer(fresh, Math.min(this.entries.freshUntil(key, read, now), read.expiresAt))
  }

  /** What a load replaces, as it is after readers of the load have got it. */
  read(flight: Flight<V>, held: Found<V>, now: number, isRead: boolean): Found<V> {
    const { entry, tier } = held
    // What was found before a change, or before another engine has loaded, must not be written again.
    const isKept = !isRead || flight.isOvertaken || flight.isContested
    const read = isKept ? entry : renewIdleTime(this.entries, flight.key, entry, now)
    if (read === entry) return held
    const again = { entry: read, tier }
    flight.replaces(again)
    return again
  }

  /** One more reader gets the entry that a load has offered. */
  offerAgain(flight: Flight<V>, { entry, stale }: Served<V>, now: number): void {
    const { held, isTimed } = flight
    if (this.ground.expiry.idleTimeToLive === undefined || entry === undefined || held === undefined) return
    if (!stale) return this.offer(flight, now, true)
    const read = this.read(flight, held, now, true)
    const { servedAtOnceUntil, servedUntil } = this.timesOf(flight.key, read.entry, now)
    flight.offer(staleOf(read), isTimed ? servedUntil : servedAtOnceUntil)
  }

  private offerStale(flight: Flight<V>, held: Found<V>, now: number, isRead = flight.isForStale): void {
    const { servedUntil, servedAtOnceUntil } = this.timesOf(flight.key, held.entry, now)
    if (now >= servedUntil) return
    if (now < servedAtOnceUntil) {
      const read = this.read(flight, held, now, isRead)
      this.answerEarly(flight, staleOf(read), this.timesOf(flight.key, read.entry, now).servedAtOnceUntil)
    } else if (this.ground.expiry.softTimeout !== undefined) {
      this.answerAfter(this.ground.expiry.softTimeout, flight, held)
    }
  }

  /** Until when a stale entry may be served at all, and until when to readers who do not wait for a load. */
  private timesOf(
    key: string,
    entry: Entry<V>,
    now: number
  ): { readonly servedUntil: number; readonly servedAtOnceUntil: number } {
    const { expiry, failures } = this.ground
    const isHidden = this.entries.judge(key, entry.stamp, entry.tags) === "hidden"
    const freshUntil = isHidden ? -Infinity : this.entries.freshUntil(key, entry, now)
    const servedUntil = Math.min(freshUntil + Expiry.staleMillisMax(expiry), entry.expiresAt)
    const revalidatedUntil = Math.min(freshUntil + expiry.staleWhileRevalidate, entry.expiresAt)
    return { servedUntil, servedAtOnceUntil: failures.isBackingOff(key, now) ? servedUntil : revalidatedUntil }
  }

  /** Decides how a stale entry is used: served now, served if the load fails, or not at all. */
  private takeStale(flight: Flight<V>, found: Found<V>, now: number): void {
    const { key, isQuiet } = flight
    const { entry, tier } = found
    const { servedUntil, servedAtOnceUntil } = this.timesOf(key, entry, now)
    if (now >= servedUntil) {
      flight.foundNothing()
      // What is marked stale may be confirmed, even where no rule serves it.
      if (now < entry.expiresAt && this.entries.judge(key, entry.stamp, entry.tags) === "stale") flight.replaces(found)
      return this.repeatFailure(flight, now)
    }
    flight.renews("stale", found)
    const isBackingOff = this.ground.failures.isBackingOff(key, now)
    if (isBackingOff && (isQuiet || !flight.isForFresh)) {
      this.ground.end(flight, staleOf(this.read(flight, found, now, flight.isForStale)))
    } else this.offerStale(flight, found, now)
    if (now < servedAtOnceUntil && !isQuiet && !flight.wantsFresh) this.entries.tally.countAfterMiss(key, tier, true)
    if (flight.wantsFresh && flight.areAllForFresh) this.repeatFailure(flight, now)
  }

  /** Answers with a stale value, and lets the load go on, in a bounded time even if no reader waits for its end. */
  private answerEarly(flight: Flight<V>, stale: Exit.Exit<Served<V>, never>, untilMillis: number): void {
    flight.answerEarly(stale, untilMillis)
    this.ground.renewals.goesOn(flight)
  }

  /**
   * After `millis`, answers the readers who still wait with the stale value, if it may be served then. The load goes
   * on.
   */
  private answerAfter(millis: number, flight: Flight<V>, held: Found<V>): void {
    if (flight.isTimed) return
    flight.detach()
    const answer = Effect.sync(() => {
      if (flight.held?.entry.version === held.entry.version) this.answerInstead(flight, held)
    })
    flight.answerEarlyBy(this.ground.forkFor(Effect.andThen(Effect.sleep(millis), answer)))
  }

  /**
   * Gives the readers who wait the stale value that they may have in place of a failure. The load goes on: it stands in
   * a line, so the source has not failed it yet.
   */
  answerInLine(flight: Flight<V>): void {
    const { held, key } = flight
    if (held === undefined || flight.isEmpty || flight.isOvertaken) return
    if (!this.entries.isFresh(key, held.entry, this.entries.cache.time.now())) this.answerInstead(flight, held)
  }

  /** Answers early with what may be served in place of a failure. */
  private answerInstead(flight: Flight<V>, held: Found<V>): void {
    const now = this.entries.cache.time.now()
    if (flight.isBarred || !maySubstitute(this.entries, flight.key, held.entry, now)) return
    const read = this.read(flight, held, now, flight.isForStale)
    this.answerEarly(flight, staleOf(read), this.timesOf(flight.key, read.entry, now).servedUntil)
  }

  // --- readers who wait for the next load -------------------------------------------------------

  /**
   * Looks for what the readers may be served who wait until a load can begin: no further lookup of their key may run
   * now. One look answers for all who wait then.
   */
  lookFor(queued: Queued<V>): void {
    if (this.entries.lane === undefined || queued.isEmpty || queued.isLooking) return
    queued.lookBy((whenOver) => this.ground.forkFor(Effect.ensuring(this.look(queued), whenOver)))
  }

  private look(queued: Queued<V>, tries = triesMax): Effect.Effect<void> {
    const { key } = queued
    return this.entries.watches.during(key, (watch) => {
      const again = Effect.suspend(() => tries > 0 ? this.look(queued, tries - 1) : Effect.void)
      return Effect.flatMap(this.entries.lowerReads.promote(key), (read) => {
        const found = foundOf(read)
        if (watch.changed) return again
        const now = this.entries.cache.time.now()
        if (found === undefined || this.serveNow(queued, found, now)) return Effect.void
        const { softTimeout } = this.ground.expiry
        if (softTimeout === undefined || !maySubstitute(this.entries, key, found.entry, now)) return Effect.void
        return Effect.flatMap(Effect.sleep(softTimeout), () => {
          if (watch.changed) return again
          const later = this.entries.cache.time.now()
          if (maySubstitute(this.entries, key, found.entry, later)) this.serveStale(queued, found, later)
          return Effect.void
        })
      })
    })
  }

  /** Serves what is fresh, or stale and served at once; whether it does. */
  private serveNow(queued: Queued<V>, found: Found<V>, now: number): boolean {
    const { entry, tier } = found
    const { key } = queued
    if (!this.entries.isFresh(key, entry, now)) {
      const { servedAtOnceUntil } = this.timesOf(key, entry, now)
      if (now < servedAtOnceUntil) this.serveStale(queued, found, now)
      return now < servedAtOnceUntil
    }
    this.entries.tally.countHit(key, tier)
    const read = renewIdleTime(this.entries, key, entry, now)
    queued.serve(Exit.succeed({ value: read.value, tier, entry: read, stale: false }))
    return true
  }

  private serveStale(queued: Queued<V>, { entry, tier }: Found<V>, now: number): void {
    const { key } = queued
    if (queued.areAllForFresh) return
    this.entries.tally.countStale(key, tier)
    queued.serve(staleOf({ entry: renewIdleTime(this.entries, key, entry, now), tier }))
  }

  /** Ends a flight that found no entry to serve, if a failure of its key is remembered. */
  private repeatFailure(flight: Flight<V>, now: number): void {
    const failure = this.ground.failures.remembered(flight.key, now)
    if (failure !== undefined) this.ground.end(flight, failure.exit)
  }
}
