/**
 * Reads a family: for fibers and for callers without a fiber, one key or many, with or without a load.
 *
 * The caller takes the first look at memory (`hot.hit`). This module takes the second look, which compares the entry
 * with the marks and the clock.
 *
 * - A fresh value is served. A stale value is served if the stale rules of the family allow it (law 6).
 * - Otherwise the reader joins the load of the key, or starts one (law 5).
 * - The reads of a lookup are tracked: see `trackedReads.ts`.
 *
 * `engine/cacheFamily.ts` has a table of all verbs.
 */
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Entry } from "../../../store/Entry.ts"
import type { HotPartition } from "../../../store/Store.ts"
import type { Answer } from "../../Answer.ts"
import type { CacheError } from "../../CacheError.ts"
import type { Explanation } from "../../Explanation.ts"
import type { KeyLookup } from "../../shared/loader.ts"
import { noDelivery } from "../below/delivery.ts"
import { unknown, unlessLate } from "../below/whenKnown.ts"
import { type CacheContext, orStoreFailed } from "../entries/cacheContext.ts"
import { freshOf } from "../entries/conditions.ts"
import { Entries } from "../entries/entries.ts"
import { renewIdleTime } from "../entries/idleTime.ts"
import { answerOf, fromMemory, type Served } from "../entries/served.ts"
import * as Expiry from "../family/expiry.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { memory } from "../family/judgement.ts"
import { atOnce } from "../loads/atOnce.ts"
import { type AskedOf, type Flight, type Renewal, renewalOf } from "../loads/flight.ts"
import { currentLookup, currentWork, loadOf, openWork, valueExit, valueOf } from "../loads/load.ts"
import { Loads } from "../loads/loads.ts"
import { maySubstitute } from "../loads/substitutes.ts"
import { joinPromise, type Waiter } from "../loads/waiters.ts"
import { explain } from "./explaining.ts"
import { FamilyPages, type KeysPage } from "./familyPages.ts"
import { type GroundOfMany, serveMany, serveResults } from "./many.ts"
import { type Reads, TrackedReads } from "./trackedReads.ts"
import { type Prediction, Warming } from "./warming.ts"

/** The reads of one family, and the parts of the engine that they need. */
export class FamilyReads<V> implements Reads<V> {
  declare readonly cache: CacheContext
  declare readonly spec: EngineFamilySpec<V>
  declare readonly name: string
  declare readonly hot: HotPartition<V> | undefined
  declare readonly entries: Entries<V>
  declare readonly loads: Loads<V>
  /** Whether memory knows everything that is held of a key. */
  declare readonly isWholeInMemory: boolean
  declare private readonly expiry: Expiry.Expiry
  declare private readonly warming: Warming<V>
  declare private readonly pages: FamilyPages<V>

  constructor(cache: CacheContext, spec: EngineFamilySpec<V>) {
    this.cache = cache
    this.spec = spec
    this.name = spec.name
    this.expiry = spec.expiry
    this.entries = new Entries(cache, spec)
    this.loads = new Loads(this.entries)
    this.warming = new Warming(this.entries, this.loads)
    this.pages = new FamilyPages(this.entries, this.loads)
    this.hot = this.entries.hot
    this.isWholeInMemory = this.entries.lane === undefined
  }

  /** The value if it is in memory and fresh. A lookup's reads are tracked; it gets only what it may read. */
  hitUnsafe(key: string): V | undefined {
    return openWork.count === 0 ? this.hot?.hit(key) : this.hitTracked(key)
  }

  private hitTracked(key: string): V | undefined {
    const context = currentLookup()
    const load = context && loadOf(context)
    return load === undefined ? this.hot?.hit(key) : new TrackedReads(this, load).hitUnsafe(key)
  }

  /** The family as a fiber with this Context reads it: the reads of a lookup are tracked. */
  readsOf(context: Context.Context<never>): Reads<V> {
    const load = loadOf(context)
    return load === undefined ? this : new TrackedReads(this, load)
  }

  /** The value of a key: held, or loaded. `isMissed` says that the caller knows that it is not a hit. */
  read(key: string, isMissed = false): Effect.Effect<V, unknown> {
    const value = isMissed ? undefined : this.hot?.hit(key)
    if (value !== undefined) return Exit.succeed(value)
    if (this.loads.mayStartInPlace(key) && this.hot?.peek(key) === undefined && currentWork() === undefined) {
      return this.loadInPlace(key)
    }
    const running = this.awaited(key)
    return running === undefined
      ? Effect.mapEager(this.serve(key), valueOf)
      : Effect.callback((resume) => this.join(running, (exit) => resume(valueExit(exit))))
  }

  /** Loads a key of which nothing is held, in the step of the reader. */
  private loadInPlace(key: string): Effect.Effect<V, unknown> {
    const reader = Fiber.getCurrent()!
    this.entries.tally.countMiss(key)
    const flight = this.loads.startInPlace(this.loads.loader!, key, reader)
    if (flight.exit !== undefined) return valueExit(flight.exit)
    // A reader that is interrupted before it has joined lets go of the load.
    const forget = reader.addObserver(() => flight.letGo())
    return Effect.callback((resume) => {
      forget()
      const leave = this.loads.wait(flight, (exit) => resume(valueExit(exit)), this.cache.time.now(), false)
      flight.letGo()
      return leave
    })
  }

  /**
   * Joins the running load of a key, for a caller without a fiber; `undefined` if waiting for that load is not enough.
   */
  readPromise(key: string, signal: AbortSignal | undefined): Promise<V> | undefined {
    const running = this.awaited(key)
    if (running === undefined) return undefined
    return joinPromise(this.joining, running, signal)
  }

  /** The running load of a key, if a read has nothing to do but to wait for it. */
  private awaited(key: string): Flight<V> | undefined {
    const running = this.loads.flights.joinable(key)
    if (running === undefined || this.hot?.peek(key) !== undefined) return undefined
    return this.loads.failures.negative(key, this.cache.time.now()) === undefined ? running : undefined
  }

  // One function for all Promises, because a thousand of them may wait for one load.
  private readonly joining = (running: Flight<V>, resume: Waiter<V>) => this.join(running, resume)

  private join(
    running: Flight<V>,
    resume: Waiter<V>,
    wantsFresh = false,
    lookup?: KeyLookup<V>
  ): Effect.Effect<void> | void {
    // This reader may come after the other readers have left and ended the load. The reader must not share that end.
    if (running.wasAbandoned) return this.joinOrStart(running.key, undefined, wantsFresh, resume, lookup)
    const now = this.cache.time.now()
    const early = this.loads.offers.earlyFor(running, now, wantsFresh)
    if (early?._tag === "Success") this.serveEarly(running, early.value, now)
    else {
      this.entries.tally.countMiss(running.key)
      this.entries.counts.coalesced++
    }
    if (early !== undefined) return running.join(resume, now, wantsFresh)
    return this.loads.wait(running, resume, now, wantsFresh)
  }

  private serveEarly(running: Flight<V>, served: Served<V>, now: number): void {
    const { stale, tier } = served
    // What memory had when the load began is a hit, although memory may have lost it since.
    if (tier !== memory) this.entries.tally.countMiss(running.key)
    if (stale) this.entries.tally.countStale(running.key, tier)
    else this.entries.tally.countHit(running.key, tier)
    this.loads.offers.offerAgain(running, served, now)
  }

  /** The value of a key: held, or else made by the load that the caller brings, which all readers of the key share. */
  readOr(key: string, lookup: KeyLookup<V>): Effect.Effect<V, unknown> {
    const value = this.hot?.hit(key)
    return value === undefined ? Effect.mapEager(this.serve(key, lookup), valueOf) : Exit.succeed(value)
  }

  /** The value of a key, as `read` returns it, but never a stale one. */
  readFresh(key: string): Effect.Effect<V, unknown> {
    const value = this.hot?.hit(key)
    if (value !== undefined) return Exit.succeed(value)
    return Effect.flatMapEager(this.serveNothingStale(key), (served) => freshOf(this.spec.show(key), served))
  }

  /**
   * Serves a key, with the tier that its value is from. `lookup` is the load that a caller brings; `isRenewed` says
   * that the caller has begun the renewal behind the reader.
   */
  serve(key: string, lookup?: KeyLookup<V>, isRenewed = false): Effect.Effect<Served<V>, unknown> {
    return this.trusted(() => this.serveNow(key, lookup, isRenewed))
  }

  /** Reads when the tier has shown, within the bound of the family, that no change is missing; or could not. */
  private trusted<A>(read: () => Effect.Effect<A, unknown>): Effect.Effect<A, unknown> {
    const asking = this.entries.trust?.asking(this.cache.time.now())
    return asking === undefined ? read() : Effect.andThen(Effect.ignore(asking), Effect.suspend(read))
  }

  private serveNow(
    key: string,
    lookup: KeyLookup<V> | undefined,
    isRenewed: boolean
  ): Effect.Effect<Served<V>, unknown> {
    if (this.loads.loader === undefined) return Effect.fail(this.loads.unowned())
    const now = this.cache.time.now()
    const entry = this.hot?.peek(key)
    if (entry !== undefined) {
      const verdict = this.entries.judge(key, entry.stamp, entry.tags)
      const freshUntil = this.entries.freshUntil(key, entry, now)
      if (verdict === "hidden") this.hot!.drop(key)
      else if (now < freshUntil) return Exit.succeed(this.serveFresh(key, entry, now, lookup, isRenewed))
      else {
        const stale = this.serveStale(key, entry, freshUntil, now, lookup, isRenewed)
        if (stale !== undefined) return stale
      }
    }
    return this.serveMissing(key, now, undefined, false, lookup)
  }

  /** The values of many keys, in their order. Missing keys are loaded together if the owner has a `lookupMany`. */
  readMany(keys: ReadonlyArray<string>, hits: ReadonlyArray<V> = []): Effect.Effect<ReadonlyArray<V>, unknown> {
    const { open, values } = this.hitsOf(keys, hits)
    if (open === undefined) return Exit.succeed(values)
    return Effect.map(this.serveMany(open.map((i) => keys[i]!)), (served) => {
      for (const [at, i] of open.entries()) values[i] = valueOf(served[at]!)
      return values
    })
  }

  /**
   * The values that are hits, in the places of their keys, and the places that are open, if any is. A long list is one
   * step as well, so that a reader sees all of a batch, or nothing of it (law 10).
   */
  private hitsOf(
    keys: ReadonlyArray<string>,
    hits: ReadonlyArray<V> = []
  ): { readonly values: Array<V>; readonly open: Array<number> | undefined } {
    const { hot } = this
    const values = hits.slice()
    let open: Array<number> | undefined
    for (let i = values.length; i < keys.length; i++) {
      const value = hot?.hit(keys[i]!)
      if (value === undefined) (open ??= []).push(i)
      values.push(value as V)
    }
    return { values, open }
  }

  /** Reads many keys as `readMany` does, with an Exit for each: a key that fails does not fail the others. */
  readResults(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Exit.Exit<V, unknown>>, unknown> {
    const { open, values } = this.hitsOf(keys)
    const all: Array<Exit.Exit<V, unknown>> = values.map((value) => Exit.succeed(value))
    if (open === undefined) return Exit.succeed(all)
    return Effect.map(this.serveResults(open.map((i) => keys[i]!)), (exits) => {
      for (const [at, i] of open.entries()) all[i] = Exit.map(exits[at]!, valueOf)
      return all
    })
  }

  /** Serves keys as `serveMany` does, with an Exit for each. */
  serveResults(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Exit.Exit<Served<V>, unknown>>, unknown> {
    return this.trusted(() => serveResults(this.groundOfMany, keys))
  }

  /** Serves keys that were not hits, each with the tier of its value. A key that occurs twice is served once. */
  serveMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Served<V>>, unknown> {
    return this.trusted(() => serveMany(this.groundOfMany, keys))
  }

  private get groundOfMany(): GroundOfMany<V> {
    const { entries, loads } = this
    return {
      entries,
      loads,
      serve: (key, isRenewed) => atOnce(() => this.serve(key, undefined, isRenewed)),
      loadFor: (key, now) => this.loadFor(key, now),
      softly: (key, entry, waited) => this.softly(key, entry, waited)
    }
  }

  /** The load that a read of the key would begin, as `serve` does: the reader waits for it, or is answered before. */
  private loadFor(key: string, now: number): AskedOf<V> | Renewal<V> | undefined {
    const { failures } = this.loads
    if (!this.loads.mayStart(key)) return undefined
    const entry = this.entries.held(key)
    const age = entry === undefined ? Infinity : now - this.entries.freshUntil(key, entry, now)
    if (entry === undefined || age >= Expiry.staleMillisMax(this.expiry)) {
      return failures.negative(key, now) === undefined ? { key, cause: "absent" } : undefined
    }
    if (age < 0) return this.loads.renewals.isDue(entry, now) ? renewalOf(key, "ahead", entry) : undefined
    if (age < this.expiry.staleWhileRevalidate) return renewalOf(key, "stale", entry)
    if (failures.isBackingOff(key, now)) return undefined
    return { key, cause: "stale", fallback: entry, isDetached: this.expiry.softTimeout !== undefined }
  }

  /** The value of a key, with its facts: tier, age, version and others. */
  answer(key: string): Effect.Effect<Answer<V>, unknown> {
    return Effect.map(Effect.suspend(() => this.serve(key)), (served) => {
      valueOf(served)
      return this.answerOf(key, served)
    })
  }

  /** The value of a key if a tier holds a fresh one. Loads nothing. */
  readHeld(key: string): Effect.Effect<Option.Option<V>, CacheError> {
    const value = this.hot?.hit(key)
    if (value !== undefined) return Exit.succeed(Option.some(value))
    return Effect.mapEager(this.held(key), (served) => served === undefined ? Option.none() : Option.some(served.value))
  }

  /** The value of a key, with its facts, if a tier holds a fresh one. Loads nothing. */
  answerHeld(key: string): Effect.Effect<Option.Option<Answer<V>>, CacheError> {
    return Effect.map(
      this.held(key),
      (served) => served === undefined ? Option.none() : Option.some(this.answerOf(key, served))
    )
  }

  /** When it was shown that no change of what is served of a key is missing; `Infinity` if none can be. */
  shownSince(key: string): number {
    return this.entries.shownSince(key, this.cache.time.now())
  }

  /** Until when a value may be fresh that a lookup has made of the failed read of a key. */
  nothingUntil(key: string, cause: Cause.Cause<unknown>): number {
    return this.loads.failures.countsUntil(key, cause, this.cache.time.now())
  }

  /** The answer for a value that was served. */
  answerOf(key: string, served: Served<V>): Answer<V> {
    const { time, versions } = this.cache
    const now = time.now()
    const { entry } = served
    const freshUntil = entry === undefined ? Infinity : this.entries.freshUntil(key, entry, now)
    return answerOf(served, versions, now, freshUntil, Expiry.staleMillisMax(this.expiry))
  }

  /** Finds the fresh entry of a key in any tier. This counts as a read, so the idle time of the entry begins again. */
  held(key: string, onUnknown?: () => void): Effect.Effect<Served<V> | undefined, CacheError> {
    const find = () => Effect.mapEager(this.find(key, onUnknown), (served) => this.entries.tally.countHeld(key, served))
    if (this.expiry.idleTimeToLive === undefined) return find()
    // The run loop may yield between two steps. The entry may have been removed or replaced by then, and must not come
    // back.
    return this.entries.watches.during(
      key,
      (watch) =>
        Effect.map(find(), (served) =>
          served?.entry === undefined || watch.changed
            ? served
            : { ...served, entry: renewIdleTime(this.entries, key, served.entry, this.cache.time.now()) })
    )
  }

  /** Whether `find` would return an entry. */
  has(key: string): Effect.Effect<boolean, CacheError> {
    if (this.loads.loader !== undefined && this.hot?.look(key) !== undefined) return Exit.succeed(true)
    return Effect.mapEager(this.find(key), (found) => found !== undefined)
  }

  /**
   * The fresh entry of a key, if a tier holds one. Loads nothing. `onUnknown` is called if there may still be one: a
   * tier cannot say what it holds, or the entry is stale, or hidden in this process alone.
   */
  find(key: string, onUnknown?: () => void): Effect.Effect<Served<V> | undefined, CacheError> {
    if (this.loads.loader === undefined) return Effect.fail(this.loads.unowned())
    const now = this.cache.time.now()
    const entry = this.hot?.peek(key)
    if (entry !== undefined && this.entries.isFresh(key, entry, now)) {
      return Effect.succeed<Served<V> | undefined>(fromMemory(entry, false))
    }
    if (this.entries.lane === undefined) return Effect.succeed(undefined)
    if (entry !== undefined && this.entries.judge(key, entry.stamp, entry.tags) === "hidden") this.hot!.drop(key)
    const read = unlessLate(this.entries.lowerReads.promote(key))
    return Effect.flatMap(read, (found): Effect.Effect<Served<V> | undefined, CacheError> => {
      // The owner may have left while the tier looked for the entry.
      if (this.loads.loader === undefined) return Effect.fail(this.loads.unowned())
      if (found === undefined) return Exit.succeed(undefined)
      if (found !== unknown && this.entries.isFresh(key, found.entry, this.cache.time.now())) {
        return Exit.succeed({ value: found.entry.value, tier: found.tier, entry: found.entry, stale: false })
      }
      if (found === unknown || this.mayBeServedLater(key, found.entry)) onUnknown?.()
      return Exit.succeed(undefined)
    })
  }

  /** Whether a tier may still give an entry that is not served now: a stale one, or one that is hidden here alone. */
  private mayBeServedLater(key: string, entry: Entry<V>): boolean {
    return this.entries.judge(key, entry.stamp, entry.tags) !== "hidden" ||
      this.entries.before.isHiddenHere(entry.stamp)
  }

  /**
   * Whether it is known now that the key has no value. An entry that may be served later, but not now, is removed from
   * every tier, so that the next value of the key is news in this process and in the next one.
   */
  isNothing(key: string): Effect.Effect<boolean> {
    return this.entries.watches.during(key, (watch) =>
      Effect.matchEffect(Effect.suspend(() => this.find(key)), {
        onFailure: () => Effect.succeed(false),
        onSuccess: (served) => {
          if (served !== undefined || this.isWholeInMemory) return Effect.succeed(served === undefined)
          return Effect.map(unlessLate(this.entries.lowerReads.look(key)), (found) => {
            if (watch.changed || found === unknown) return false
            if (found === undefined || !this.mayBeServedLater(key, found.entry)) return true
            // Another engine may serve it.
            if (this.cache.hasPeers) return false
            this.entries.removeFromMemory(key)
            // What is made of nothing goes below in the same round, or later.
            void this.entries.lane!.remove(key)
            return true
          })
        }
      }))
  }

  private serveFresh(key: string, entry: Entry<V>, now: number, lookup?: KeyLookup<V>, isRenewed = false): Served<V> {
    const hot = this.hot!
    this.entries.tally.countHit(key, memory)
    this.entries.trustAgain(key, entry, now)
    hot.confirm(key, this.cache.stamp)
    hot.touch(key)
    if (!isRenewed && this.loads.renewals.isDue(entry, now)) this.loads.renewals.begin(key, "ahead", entry, now, lookup)
    return fromMemory(renewIdleTime(this.entries, key, entry, now), false)
  }

  /**
   * Takes the second look for callers without a fiber, after `hitUnsafe` found no hit. The reads of a lookup are
   * tracked.
   */
  readUnsafe(key: string): V | undefined {
    const context = currentLookup()
    const load = context && loadOf(context)
    return load === undefined ? this.peekUnsafe(key)?.value : new TrackedReads(this, load).readUnsafe(key)
  }

  /** The entry of a key, if memory holds a fresh one. This counts as a read. */
  peekUnsafe(key: string): Served<V> | undefined {
    if (this.loads.loader === undefined) return undefined
    const now = this.cache.time.now()
    const entry = this.hot?.peek(key)
    if (entry !== undefined && this.entries.isFresh(key, entry, now)) return this.serveFresh(key, entry, now)
    this.entries.tally.countMiss(key)
    return undefined
  }

  /** Serves a fresh value, or else the answer of the lookup. */
  serveNothingStale(key: string): Effect.Effect<Served<V>, unknown> {
    return this.trusted(() => this.serveNothingStaleNow(key))
  }

  private serveNothingStaleNow(key: string): Effect.Effect<Served<V>, unknown> {
    const now = this.cache.time.now()
    const entry = this.entries.held(key)
    if (entry === undefined) return this.serveMissing(key, now, undefined, true)
    if (this.entries.isFresh(key, entry, now)) return Exit.succeed(this.serveFresh(key, entry, now))
    return this.serveMissing(key, now, maySubstitute(this.entries, key, entry, now) ? entry : undefined, true)
  }

  /** Serves a stale entry; `undefined` if the stale rules do not allow it. */
  private serveStale(
    key: string,
    entry: Entry<V>,
    freshUntil: number,
    now: number,
    lookup: KeyLookup<V> | undefined,
    isRenewed: boolean
  ): Effect.Effect<Served<V>, unknown> | undefined {
    const age = now - freshUntil
    if (age >= Expiry.staleMillisMax(this.expiry)) return undefined
    if (age < this.expiry.staleWhileRevalidate) {
      if (!isRenewed) this.loads.renewals.begin(key, "stale", entry, now, lookup)
      return this.answerStale(key, entry, now)
    }
    if (this.loads.failures.isBackingOff(key, now)) return this.answerStale(key, entry, now)
    return this.softly(key, entry, this.serveMissing(key, now, entry, false, lookup))
  }

  /** Waits for a load, and for no longer than `softTimeout` where a stale entry may be served. */
  private softly(
    key: string,
    entry: Entry<V>,
    waited: Effect.Effect<Served<V>, unknown>
  ): Effect.Effect<Served<V>, unknown> {
    const { softTimeout } = this.expiry
    if (softTimeout === undefined) return waited
    return this.entries.watches.during(key, (watch) =>
      Effect.timeoutOrElse(waited, {
        duration: softTimeout,
        orElse: () =>
          !watch.changed && maySubstitute(this.entries, key, entry, this.cache.time.now())
            ? this.answerStaleLate(key, entry)
            : waited
      }))
  }

  /** The reader has waited, which was counted as a miss. */
  private answerStaleLate(key: string, entry: Entry<V>): Effect.Effect<Served<V>> {
    this.entries.tally.tellHit(key, memory, true)
    return Exit.succeed(fromMemory(renewIdleTime(this.entries, key, entry, this.cache.time.now()), true))
  }

  private answerStale(key: string, entry: Entry<V>, now: number): Effect.Effect<Served<V>> {
    this.entries.tally.countStale(key, memory)
    return Exit.succeed(fromMemory(renewIdleTime(this.entries, key, entry, now), true))
  }

  /** Joins the load of the key or starts one, because memory has no value that may be served. */
  private serveMissing(
    key: string,
    now: number,
    fallback: Entry<V> | undefined,
    wantsFresh = false,
    lookup?: KeyLookup<V>
  ): Effect.Effect<Served<V>, unknown> {
    const failed = this.failureOf(key, now, fallback, wantsFresh)
    if (failed !== undefined) {
      this.entries.counts.remembered++
      return failed
    }
    return Effect.callback((resume) => this.joinOrStart(key, fallback, wantsFresh, resume, lookup))
  }

  /** The failure that a reader repeats at once; `undefined` if the reader asks for a load, or may get what is stale. */
  private failureOf(
    key: string,
    now: number,
    fallback: Entry<V> | undefined,
    wantsFresh: boolean
  ): Exit.Exit<never, unknown> | undefined {
    const { failures } = this.loads
    if (fallback === undefined) return failures.negative(key, now)?.exit
    // What memory holds is stale, so no tier below has a fresh value.
    return wantsFresh ? failures.remembered(key, now)?.exit : undefined
  }

  private joinOrStart(
    key: string,
    before: Entry<V> | undefined,
    wantsFresh: boolean,
    resume: Waiter<V>,
    lookup?: KeyLookup<V>
  ): Effect.Effect<void> | void {
    // The reader may have waited since it saw the entry. A key that is removed leaves no mark that would tell.
    const fallback = before !== undefined && this.entries.held(key)?.version === before.version ? before : undefined
    if (this.loads.loader === undefined) return resume(Exit.fail(this.loads.unowned()))
    const refusal = this.cache.changes.refusal(this.spec.pattern)
    if (refusal !== undefined) return resume(Exit.fail(refusal))
    const running = this.loads.flights.joinable(key)
    if (running !== undefined) {
      if (lookup !== undefined) running.bring(lookup)
      return this.join(running, resume, wantsFresh, lookup)
    }
    this.entries.tally.countMiss(key)
    // A load may have ended while this reader was on the way. The reader must not repeat it.
    const ended = this.endedMeanwhile(key, fallback, wantsFresh)
    if (ended !== undefined) return resume(ended)
    // The load is started and joined in one step. If a reader were interrupted in between, a load without readers would
    // remain.
    const outlivesReader = fallback !== undefined && this.expiry.softTimeout !== undefined && !wantsFresh
    if (this.loads.flights.isCrowded(key)) {
      const queued = this.loads.queue(key, { isDetached: outlivesReader, lookup })
      const leave = this.loads.join(queued, resume, wantsFresh)
      this.loads.offers.lookFor(queued)
      return leave
    }
    const cause = fallback === undefined ? "absent" : "stale"
    const asked = { cause, fallback, isDetached: outlivesReader, wantsFresh, lookup } as const
    const flight = this.loads.start(this.loads.loader, key, asked)
    return this.loads.join(flight, resume, wantsFresh)
  }

  private endedMeanwhile(
    key: string,
    fallback: Entry<V> | undefined,
    wantsFresh: boolean
  ): Exit.Exit<Served<V>, unknown> | undefined {
    const now = this.cache.time.now()
    const entry = this.hot?.peek(key)
    if (entry !== undefined && this.entries.isFresh(key, entry, now)) return Exit.succeed(fromMemory(entry, false))
    return this.failureOf(key, now, fallback, wantsFresh)
  }

  /** What a read would do now, and what happened to the key before. */
  explain(
    key: string,
    onHeld?: (served: Served<V> | undefined, isKnown: boolean) => void
  ): Effect.Effect<Explanation<V>> {
    return explain(this.entries, this.loads, key, onHeld)
  }

  /** A part of the fresh entries that the tiers hold. Loads nothing, and does not count as a read. */
  page(cursor: string | undefined, max: number): Effect.Effect<KeysPage<V>, CacheError> {
    return this.pages.page(cursor, max)
  }

  /** Keys of fresh entries in memory that chance selects, at most `max`. */
  sample(max: number, random: () => number): Effect.Effect<ReadonlyArray<string>, CacheError> {
    return this.pages.sample(max, random)
  }

  /** About how many entries the tiers hold. */
  count(): Effect.Effect<number, CacheError> {
    return this.pages.count()
  }

  /** Loads those of the keys that are missing; how many were loaded. A key that fails is left for its readers. */
  warm(keys: ReadonlyArray<string>, concurrency: number): Effect.Effect<number, CacheError> {
    return this.loads.loader === undefined
      ? Effect.fail(this.loads.unowned())
      : this.warming.renew(keys, -Infinity, concurrency)
  }

  /** Loads those of the keys that are missing or end before `untilMillis`; how many were loaded. */
  renew(keys: ReadonlyArray<string>, untilMillis: number): Effect.Effect<number> {
    return this.warming.renew(keys, untilMillis)
  }

  /** Loads, for as long as it runs, what is likely to be read again and would be missed. */
  predict(options: Prediction): Effect.Effect<void> {
    return this.warming.predict(options)
  }

  /** The value of a load that begins after it was asked for; all who ask until it begins share it. */
  refresh(key: string): Effect.Effect<V, unknown> {
    return Effect.flatMap(
      Effect.callback<Served<V>, unknown>((resume) => {
        const { loader } = this.loads
        const refusal = loader === undefined ? this.loads.unowned() : this.cache.changes.refusal(this.spec.pattern)
        return loader === undefined || refusal !== undefined
          ? resume(Exit.fail(refusal!))
          : this.loads.join(this.loads.refresh(loader, key), resume, "new")
      }),
      // What it changed is as durable as what a write changes. Where another change came before its own, which is why
      // its value is not stored, that one is on its way.
      (served) => {
        const own = orStoreFailed(served.delivery ?? noDelivery)
        const all = served.entry === undefined ? Effect.andThen(own, this.cache.outbox.settled) : own
        return Effect.as(all, valueOf(served))
      }
    )
  }

  /** A lookup has read the key: something may be made from it. */
  wasRead(key: string, entry: Entry<V> | undefined): void {
    const { lane, sources } = this.entries
    if (sources === undefined) return
    // Memory may have pushed it out at once.
    if (lane === undefined && this.hot?.peek(key) === undefined) this.wasMissed(key)
    else sources.read(key, this.cache.stamp, entry === undefined ? Infinity : Expiry.endsAt(entry))
  }

  /**
   * A lookup has found nothing under the key, or something is made from an entry that is gone: its next value is news.
   */
  wasMissed(key: string): void {
    const forgotten = this.entries.sources?.missed(key, this.cache.nextStamp()) ?? []
    for (const one of forgotten) this.cache.spread.noteForgotten(this.name, ...one)
  }
}
