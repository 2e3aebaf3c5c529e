/**
 * Decides what happens with the answer of a lookup at the end of a load.
 *
 * A value is decided on in this order. The numbers are those in the code below. Question 1 is asked before `land` is
 * called (`lookups.ts`, `loads.ts`), and again in `storeNow`, after a wait for room. So `land` begins with 2.
 *
 * 1. **Has the flight ended?** Its time is over, or its readers or its owner have left. Then the answer is dropped.
 *    (Laws 7 and 8.)
 * 2. **Did the lookup read a key that it may not read?** Then the load fails, whatever it returned. (Law 4.)
 * 3. **May memory hold the value?** It is weighed, checked and frozen. If it is refused, the load fails.
 * 4. **Is there room in the outbox?** The load waits for room, and asks 1 again. The rest is one synchronous step.
 * 5. **What is older?** Loads of the key that began before are outrun, and an update that has read the key is
 *    overtaken: none of them may store what it makes of an older value. A load that began later, after a tag has closed
 *    this one, serves no stale value from now on: that is older than this value, unless this value is refused and no
 *    reader sees it, as 8 says. (Laws 2 and 6.)
 * 6. **Has another engine got another answer meanwhile?** The engine cannot know which of the two is newer. Neither is
 *    kept, nor what was made from them. (Law 2.)
 * 7. **Is it another value than the one before?** This is asked before the marks are compared, because a class may have
 *    an equality of its own, which may invalidate. The holder of a lease on the key learns of the change, too.
 * 8. **Is the value out of date?** The flight was overtaken, or a mark of the key or of a tag is newer than its stamp,
 *    or a transaction is about to commit another value, or the lookup has read a value that was not stored, or has
 *    found nothing where a tier may hold a value, or a tier has lost its place. Then the value is refused: the readers
 *    who have joined get it, and it is not stored. If it differs from the value before, it proves that everything older
 *    is out of date as well, unless it was made of what is not known. But what a mark says is stale is known to be so:
 *    it stays for its stale rules if no reader sees the refused value, as that of a renewal behind the readers. If a
 *    reader sees it, as the caller of a refresh does, no later reader gets an older one. (Laws 2, 3, 4, 6 and 14.)
 * 9. **Was it made from a stale value?** Then it is stale itself: readers get it as stale, and it is not stored. (Law
 *    6.)
 * 10. **It is kept.** If it is another value, or ends earlier than the value before, dependents are dropped, with a
 *     stamp of their own: they may last as long as the value before was to last. If the engine cannot know whether it
 *     is, what was made from the value before is dropped. The entry ends no later than the first value that the lookup
 *     has read. It is stored in memory and in the outbox. (Laws 3, 4 and 8.)
 *
 * Then all readers are answered.
 *
 * "The key has no value" is an answer of the data source as well, and is decided on in the same order, without 3 and 4.
 * If it is kept, the value that is held is removed, its dependents are dropped, and the answer is remembered. No stale
 * value takes its place. (Laws 2, 4, 5 and 6.)
 *
 * A load that failed outruns earlier loads as well. The failure is remembered, unless the flight was overtaken, another
 * engine has got an answer meanwhile, or the lookup could not run. A stale value is served in its place if that is
 * allowed; readers who accept no stale value get the failure. (Laws 5 and 6.)
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Entry } from "../../../store/Entry.ts"
import { CacheError, LookupInterrupted } from "../../CacheError.ts"
import { CacheEvent } from "../../CacheEvent.ts"
import * as Lookup from "../../Lookup.ts"
import { both, type Delivery, noDelivery } from "../below/delivery.ts"
import { type CacheContext, orStoreFailed } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import type { Served } from "../entries/served.ts"
import * as Expiry from "../family/expiry.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { isJudged, type Judged, memory, noOptions, noTags, renewed } from "../family/judgement.ts"
import { mayDiffer } from "./differs.ts"
import { type Failures, isShed } from "./failures.ts"
import type { Flight } from "./flight.ts"
import type { Flights } from "./flights.ts"
import type { Offers } from "./offers.ts"
import { maySubstitute } from "./substitutes.ts"
import type { Turns } from "./turns.ts"

/** What it needs from the loads that end. */
interface Ground<V> {
  readonly expiry: Expiry.Expiry
  readonly failures: Failures<V>
  readonly flights: Flights<V>
  readonly offers: Offers<V>
  readonly turns: Turns
  overtake(key: string): void
  absent(key: string, why: "no value" | "nothing to renew"): CacheError
  end(
    flight: Flight<V>,
    exit: Exit.Exit<Served<V>, unknown>,
    isCut?: boolean,
    freshExit?: Exit.Exit<never, unknown>
  ): void
}

export class Landing<V> {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly name: string
  private readonly entries: Entries<V>
  private readonly ground: Ground<V>

  constructor(entries: Entries<V>, ground: Ground<V>) {
    this.cache = entries.cache
    this.spec = entries.spec
    this.name = entries.name
    this.entries = entries
    this.ground = ground
  }

  /** Takes the answer of a lookup. */
  land(flight: Flight<V>, answer: V | Lookup.Result<V>): Effect.Effect<void> {
    // 2.
    const { refused } = flight.load
    if (refused !== undefined) return Effect.sync(() => this.fail(flight, Cause.fail(refused)))
    if (!Lookup.isAnswer(answer)) return this.fill(flight, answer, noOptions)
    const before = flight.given
    return Lookup.match(answer as Lookup.Result<V>, {
      Loaded: (loaded) => this.fill(flight, loaded.value, loaded.options),
      NotModified: ({ options }) =>
        before === undefined
          ? this.absent(flight, "nothing to renew")
          : this.fill(flight, before.value, renewed(before, options), this.renewableUntil(flight, before)),
      Absent: () => this.absent(flight),
      Failed: ({ error }) => Effect.sync(() => this.fail(flight, Cause.fail(error)))
    })
  }

  /** Takes away what is held of a key that has no value, unless the answer is out of date, and ends the flight. */
  private absent(flight: Flight<V>, why: "no value" | "nothing to renew" = "no value"): Effect.Effect<void> {
    return Effect.suspend(() => {
      // 1.
      if (flight.hasEnded) return Effect.void
      const absent = Exit.fail(this.ground.absent(flight.key, why))
      const delivery = this.absentUnsafe(flight, absent)
      if (flight.cause !== "refresh" || delivery === noDelivery) {
        return Effect.sync(() => this.ground.end(flight, absent))
      }
      // What the flight offered is removed: readers who come before its end wait for it.
      flight.bar()
      // A refresh returns when what it changed is as durable as what a write changes.
      const arrived = Effect.match(orStoreFailed(delivery), { onFailure: Exit.fail, onSuccess: () => absent })
      return Effect.map(arrived, (forFresh) => {
        if (!flight.hasEnded) this.ground.end(flight, absent, false, forFresh)
      })
    })
  }

  private absentUnsafe(flight: Flight<V>, absent: Exit.Exit<never, unknown>): Delivery {
    const { key } = flight
    const now = this.cache.time.now()
    this.loaded(flight, "Absent", now, noTags)
    // 6.
    const { isUncertain } = flight.load
    if (flight.rival !== undefined && !isUncertain) return this.yieldTo(flight)
    // 7.
    const { sources } = this.entries
    const before = this.valueBefore(flight)
    const changed = before !== undefined || flight.cause === "refresh"
    this.entries.terms.absent(key)
    // 8.
    if (this.isOutOfDate(flight, noTags)) {
      this.refuse(flight)
      return changed && !isUncertain ? this.dropOlder(flight, before) : noDelivery
    }
    // 9.
    if (flight.load.readStale) return noDelivery
    // 10. If it was absent before and has had no value since, nothing is made from another answer.
    const isNews = before !== undefined || sources?.isAbsent(key) !== true
    const spread = isNews ? this.spreadLoaded(key, now, changed, !this.spec.plan.isEmpty && !changed) : noDelivery
    for (const older of this.ground.flights.before(flight)) older.replacedByLoad()
    // The removal goes below even if no tier was seen to hold the key. One of several tiers may not have been readable,
    // a limit may have ended what is there, and the round takes along what this life owes to the next one.
    const delivery = both(spread, this.entries.foundAbsent(key, isNews || changed))
    sources?.absent(key)
    this.ground.failures.rememberAbsent(flight, absent, now)
    return delivery
  }

  /**
   * Until when a value may be fresh that its lookup has confirmed. A lookup that has not read a source does not know
   * whether it has changed since, so the bound of the entry before stays.
   */
  private renewableUntil({ key, load }: Flight<V>, before: Entry<V>): number {
    const { direct, isDerived } = this.spec
    return isDerived && (direct === undefined || !load.hasReadAll(direct, key)) ? before.freshUntil : Infinity
  }

  /**
   * Stores the value that a lookup brought, unless it is out of date, and ends the flight. It is fresh no longer than
   * `freshUntilMax`.
   */
  fill(
    flight: Flight<V>,
    value: V,
    options: Lookup.LoadedOptions,
    freshUntilMax = Infinity
  ): Effect.Effect<void> {
    // 3.
    const judging = this.entries.judgement.judgeLoaded(flight.key, value, options)
    return isJudged(judging) ? this.store(flight, judging, freshUntilMax) : Effect.matchCauseEffect(judging, {
      onFailure: (cause) => Effect.sync(() => this.fail(flight, cause)),
      onSuccess: (judged) => this.store(flight, judged, freshUntilMax)
    })
  }

  private store(flight: Flight<V>, judged: Judged<V>, freshUntilMax: number): Effect.Effect<void> {
    // 4.
    return this.cache.outbox.isFull
      ? this.cache.whenRoom(() => this.storeNow(flight, judged, freshUntilMax))
      : this.storeNow(flight, judged, freshUntilMax)
  }

  private storeNow(flight: Flight<V>, judged: Judged<V>, freshUntilMax: number): Effect.Effect<void> {
    // 1.
    if (!flight.hasEnded) this.ground.end(flight, Exit.succeed(this.fillUnsafe(flight, judged, freshUntilMax)))
    return Effect.void
  }

  private fillUnsafe(flight: Flight<V>, judged: Judged<V>, freshUntilMax: number): Served<V> {
    const { key } = flight
    const { tags, value } = judged
    const now = this.cache.time.now()
    this.loaded(flight, "Loaded", now, tags)
    // 6.
    const { isContested, rival } = flight
    const { isUncertain, readStale } = flight.load
    if (isContested && !isUncertain && (rival === undefined || mayDiffer(rival.value, value))) {
      const delivery = this.yieldTo(flight)
      return { value, tier: "lookup", entry: undefined, tags, stale: readStale, delivery }
    }
    // 7. Without dependents, the values are compared only if the answer matters.
    const before = this.valueBefore(flight)
    // What other processes hold may have been made from another value than the one that is held here.
    const isAsked = flight.cause === "refresh" && (before === undefined || this.cache.isShared)
    const isChanged = () => isAsked || before !== undefined && mayDiffer(before.value, value)
    this.entries.terms.loaded(key, tags, () => before === undefined || mayDiffer(before.value, value))
    const isSource = !this.spec.plan.isEmpty
    const changed = isSource && isChanged()
    // 8.
    if (this.isOutOfDate(flight, tags)) {
      this.refuse(flight)
      const isProof = !isUncertain && (changed || !isSource && isChanged())
      const delivery = isProof ? this.dropOlder(flight, before) : noDelivery
      return { value, tier: "lookup", entry: undefined, tags, stale: readStale, delivery, isUncertain }
    }
    // 9.
    if (readStale) return { value, tier: "lookup", entry: undefined, tags, stale: true }
    // 10.
    const own = this.entries.entryOf(judged, flight.stamp, now, now - flight.startedAt)
    const entry = Expiry.endBy(this.ground.expiry, own, Math.min(freshUntilMax, flight.load.freshUntilMax(key)))
    const isShorter = isSource && before !== undefined && entry.freshUntil < before.freshUntil
    const spread = this.spreadLoaded(key, now, changed || isShorter, isSource && before === undefined)
    for (const older of this.ground.flights.before(flight)) older.replacedByLoad()
    // No reader waits for the lower tiers: until they have it, reads find it in the outbox. A refresh waits.
    const isNews = before === undefined
    // What other processes hold, or load, may be from before the refresh was asked for.
    const replaces = changed || flight.cause === "refresh"
    const others = this.keptWith(flight, entry)
    const shownSince = Math.min(flight.startedAt, flight.load.shownSince)
    const delivery = both(
      spread,
      this.entries.keepLoaded(key, entry, now, judged.weight, { isNews, replaces, others, shownSince })
    )
    const tier = this.entries.hot === undefined ? this.cache.store.name : memory
    for (const later of this.ground.flights.after(flight)) later.meetKept({ entry, tier })
    return { value, tier: "lookup", entry, stale: false, delivery }
  }

  /** The keys of the same load whose values have been kept before this one, and are fresh as they were loaded. */
  private keptWith({ key, load }: Flight<V>, { version }: Entry<V>): (() => ReadonlySet<string>) | undefined {
    const kept = load.keep(key, version)
    return kept && (() => {
      const now = this.cache.time.now()
      const fresh = new Set<string>()
      for (const [other, version] of kept) {
        const held = other === key ? undefined : this.entries.held(other)
        if (held?.version === version && this.entries.isFresh(other, held, now)) fresh.add(other)
      }
      return fresh
    })
  }

  /** A lookup has returned, with or without a value: the load is counted, and what is older knows of it. */
  private loaded(flight: Flight<V>, what: "Loaded" | "Absent", now: number, tags: ReadonlyArray<string>): void {
    const { joined: waiters, key, load, stamp, startedAt } = flight
    this.entries.counts.loads++
    this.countLookup(flight, now)
    this.entries.note(what, key, stamp, undefined, undefined, load.sourcesOf(key))
    this.ground.failures.forget(key)
    // 5.
    this.precede(flight)
    if (!flight.isReplaced) this.barBeside(flight, tags)
    if (this.cache.hasListeners) {
      const millis = now - startedAt
      this.cache.emit(CacheEvent.Load({ ...this.named(key), millis, waiters, absent: what === "Absent" }))
    }
    this.ground.turns.overtake(key, false)
  }

  /** What other loads of the key would serve as stale is older than the answer of this one, which a reader may see. */
  private barBeside(flight: Flight<V>, tags: ReadonlyArray<string>): void {
    const isRefused = !flight.isContested && this.isHidden(flight, tags)
    for (const other of this.ground.flights.beside(flight)) {
      if (!isRefused || !this.staysStale(flight, other.held?.entry)) other.bar()
    }
  }

  /** Counts the lookup of a flight, once for all keys that it was asked for. */
  private countLookup({ load, startedAt }: Flight<V>, now: number): void {
    if (load.isCounted) return
    load.isCounted = true
    this.entries.counts.lookups++
    this.entries.counts.lookupMillis += now - startedAt
  }

  /** The value that the load replaces. */
  private valueBefore(flight: Flight<V>): Entry<V> | undefined {
    if (flight.absentAt === this.cache.version) return undefined
    const { held, isContested, key, rival } = flight
    return this.entries.held(key) ?? (isContested ? rival : held?.entry)
  }

  /** Whether the value may not be stored. A flight whose marks say so is overtaken. */
  private isOutOfDate(flight: Flight<V>, tags: ReadonlyArray<string>): boolean {
    const isClosed = this.entries.isClosed(flight.key, tags, flight.startedAt)
    const isHidden = this.isHidden(flight, tags)
    if (isHidden) flight.overtake()
    return isHidden || flight.load.readRefused || flight.load.isUncertain || isClosed || this.entries.lost !== undefined
  }

  /** Whether the flight was overtaken, or a mark is newer than its value. */
  private isHidden({ given, isOvertaken, key, stamp }: Flight<V>, tags: ReadonlyArray<string>): boolean {
    // The entry that the value may have been made from had tags, too.
    return isOvertaken || this.entries.judge(key, stamp, tags) !== "valid" ||
      given !== undefined && this.entries.judge(key, stamp, given.tags) !== "valid"
  }

  /** Drops the dependents of a value that is about to be stored. */
  private spreadLoaded(key: string, now: number, changed: boolean, isUnknown: boolean): Delivery {
    const missedAt = this.entries.sources?.missedAt(key)
    if (changed) return this.spreadChange(key)
    // The value before is gone, or never was, so the engine cannot know whether it has changed.
    if (missedAt !== undefined) return this.cache.spread.ofUnseen(this.name, key, missedAt)
    return isUnknown ? this.spreadUnknown(key, now) : noDelivery
  }

  /** For its dependents, a load that brings another value is a write, with a stamp of its own. */
  private spreadChange(key: string): Delivery {
    this.cache.nextStamp()
    return this.cache.spread.ofKey(this.name, key, "hide")
  }

  /** Drops dependents because the engine cannot know whether there was a value before, or whether it has changed. */
  private spreadUnknown(key: string, now: number): Delivery {
    return this.entries.isGoneUnseen(key, now)
      ? this.cache.spread.ofUnseen(this.name, key, Infinity)
      : this.cache.spread.ofBefore(this.name, key)
  }

  private refuse({ key, stamp }: Flight<V>): void {
    this.entries.counts.refused++
    this.entries.note("Refused", key, stamp)
  }

  private named(key: string): { readonly family: string; readonly key: string } {
    return { family: this.name, key: this.spec.show(key) }
  }

  /**
   * A refused value may be out of date, but it proves that everything older than its load is so, too. What a mark says
   * is stale may stay.
   */
  private dropOlder(flight: Flight<V>, before: Entry<V> | undefined): Delivery {
    const { isReplaced, key } = flight
    const dependents = this.spreadChange(key)
    return isReplaced || this.staysStale(flight, before) ? dependents : both(dependents, this.entries.remove(key))
  }

  /**
   * Whether an entry stays beside a refused answer: a mark says already that it is stale, and no reader sees the answer
   * (law 3).
   */
  private staysStale(flight: Flight<V>, entry: Entry<V> | undefined): boolean {
    return entry !== undefined && flight.isUnseen &&
      this.entries.judge(flight.key, entry.stamp, entry.tags) === "stale"
  }

  /** Keeps neither of two values that two engines have loaded, nor the values made from them. */
  private yieldTo(flight: Flight<V>): Delivery {
    this.refuse(flight)
    const dependents = this.spreadChange(flight.key)
    this.ground.overtake(flight.key)
    return both(dependents, this.entries.remove(flight.key))
  }

  /** Ends a failed load. The failure is remembered, and the readers get it, or a stale value in its place. */
  fail(flight: Flight<V>, cause: Cause.Cause<unknown>, isCut = false): void {
    if (flight.hasEnded) return
    const { key } = flight
    // Only an interruption by the lookup itself comes here: the engine ends a flight before it interrupts its fiber.
    if (Cause.hasInterruptsOnly(cause)) cause = this.interrupted(key)
    const exit = Exit.failCause(cause)
    const now = this.cache.time.now()
    this.precede(flight)
    const { joined: waiters, startedAt } = flight
    this.entries.counts.loadFailures++
    if (!isShed(cause)) this.countLookup(flight, now)
    if (this.cache.hasListeners) {
      this.cache.emit(CacheEvent.LoadFailed({ ...this.named(key), millis: now - startedAt, waiters }))
    }
    // A peer has got an answer, and the engine cannot know which of the two lookups read the data source last.
    const isLast = !flight.isOvertaken && !flight.isContested
    if (isLast && !isShed(cause)) this.ground.failures.remember(flight, exit, now)
    this.endWithout(flight, exit, now, isCut)
  }

  /**
   * Ends a flight that failed. Each reader is answered by the rules of the reader: with what is held if that may be
   * served, and with the failure where the reader accepts nothing stale, as the caller of a refresh does.
   */
  private endWithout(flight: Flight<V>, failed: Exit.Exit<never, unknown>, now: number, isCut: boolean): void {
    const { held, isBarred, key } = flight
    if (held === undefined || isBarred || !maySubstitute(this.entries, key, held.entry, now)) {
      return this.ground.end(flight, failed, isCut)
    }
    // Readers who accept nothing stale get the failure.
    const { entry, tier } = this.ground.offers.read(flight, held, now, flight.isForStale)
    const stale = !this.entries.isFresh(key, entry, now)
    this.ground.end(flight, Exit.succeed({ value: entry.value, tier, entry, stale }), isCut, failed)
  }

  /** Outruns the loads of the key that began before this one, because their values are older. */
  private precede(flight: Flight<V>): void {
    for (const older of this.ground.flights.before(flight)) older.outrun()
  }

  /** The failure of a lookup that interrupted itself. */
  interrupted(key: string): Cause.Cause<CacheError> {
    return Cause.fail(new CacheError({ reason: new LookupInterrupted({ key: this.spec.show(key) }) }))
  }
}
