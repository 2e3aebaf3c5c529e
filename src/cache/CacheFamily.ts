/**
 * The engine of one family: how its entries are served, loaded, written and dropped.
 *
 * Keys here are keys *within* the family: the parameters of its pattern, joined by `:`.
 *
 * - One lookup per key and epoch runs at a time; an invalidation of the key starts a new epoch.
 * - A value whose load began before an invalidation of its key is returned to those who had joined the load, and is not
 *   stored.
 * - Whatever changes an entry changes memory, and supersedes the loads under way, in one synchronous step. The tiers
 *   below follow before the operation returns.
 * - A load that brings another value than the one it replaces counts as a write: dependents are dropped.
 * - What is computed from a value that was served stale is stale itself: it is returned, and not stored.
 *
 * Not here: who may call (the manifest's accessors), and what depends on what (the plan, given as data).
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Lease } from "../capability/Lease.ts"
import type { Entry } from "../store/Entry.ts"
import type { HotPartition } from "../store/Store.ts"
import type { Operation, StoreError } from "../store/StoreError.ts"
import * as Answer from "./Answer.ts"
import type { CacheError } from "./CacheError.ts"
import { CacheEvent, type RemovalCause } from "./CacheEvent.ts"
import * as Expiry from "./Expiry.ts"
import type { Explanation } from "./Explanation.ts"
import type { FamilySpec, FamilyStats, Loader, SetOptions } from "./FamilySpec.ts"
import { type Below, both, nothing } from "./internal/below.ts"
import { leaseRefusal, overtakenUpdate, versionConflict } from "./internal/conditions.ts"
import { type Engine, orStoreFailed, orTakenBack } from "./internal/engine.ts"
import { Entries, fromMemory, type Holding, knowing } from "./internal/entries.ts"
import { explain } from "./internal/explaining.ts"
import type { Flight } from "./internal/flight.ts"
import { hear } from "./internal/hear.ts"
import { isJudged, type Judged, type Judging, memory, noOptions, whenJudged } from "./internal/judgement.ts"
import { isLaterThan } from "./internal/later.ts"
import { forgetPlain, lookups, valueExit, valueOf } from "./internal/load.ts"
import { currentLookup, loadOf } from "./internal/load.ts"
import { patientOf } from "./internal/loaders.ts"
import { Loads } from "./internal/loads.ts"
import { checkLoads } from "./internal/loadsInvariants.ts"
import { serveMany } from "./internal/many.ts"
import type { Heard, Swept } from "./internal/peers.ts"
import type { Served } from "./internal/served.ts"
import { sweep, sweptOf } from "./internal/sweep.ts"
import { type Reads, TrackedReads } from "./internal/trackedReads.ts"
import type { Turn } from "./internal/turns.ts"
import { joinPromise, type Waited, type Waiter } from "./internal/waiters.ts"
import { CurrentUpdate } from "./internal/waits.ts"
import { type PredictOptions, Warming } from "./internal/warming.ts"
import { everything, type Mode, type Scope } from "./Invalidation.ts"
import type { LoadedOptions } from "./Lookup.ts"

// What is held is kept, whatever its family says of new values.
const asHeld = ({ revision, tags }: Entry<unknown>): LoadedOptions => ({ timeToLive: "never", tags, revision })

/**
 * One family of a cache.
 *
 * @category models
 * @since 0.1.0
 */
export class CacheFamily<V = unknown> {
  declare readonly cache: Engine
  declare readonly spec: FamilySpec<V>
  declare readonly name: string
  declare readonly hot: HotPartition<V> | undefined
  declare private readonly expiry: Expiry.Expiry
  /** For the parts of the engine that lie outside of this class, such as transactions. */
  declare readonly entries: Entries<V>
  declare readonly loads: Loads<V>
  declare private readonly warming: Warming<V>
  /** What a sweep of marks asks of it. */
  declare readonly swept: Swept
  // The latest loads; a part that is delegated goes back to the one before.
  private loaders: ReadonlyArray<Loader<V>> = []
  /** How often an owner has left. */
  ends = 0

  constructor(cache: Engine, spec: FamilySpec<V>) {
    this.cache = cache
    this.spec = spec
    this.name = spec.name
    this.expiry = spec.expiry
    this.entries = new Entries(cache, spec)
    this.loads = new Loads(this.entries)
    this.warming = new Warming(this.entries, this.loads)
    this.swept = sweptOf(this.entries, this.loads)
    this.hot = this.entries.hot
  }

  /** Takes over a mark that a store kept. */
  restoreMark(written: string, stamp: number): void {
    this.entries.restoreMark(written, stamp)
  }

  /** Forgets the marks that no entry needs any more; it is run when there are many. Fails when a tier does. */
  readonly sweepMarks: Effect.Effect<void, StoreError> = Effect.suspend(() => sweep(this.cache.store, this.entries))

  get stats(): FamilyStats {
    return this.entries.stats
  }

  /** Whether a Context is that of a lookup which runs. */
  static isLookup(context: Context.Context<never>): boolean {
    return loadOf(context) !== undefined
  }

  /** An engine has ended: the Context of whoever used it last may go. */
  static readonly forgetContext = forgetPlain

  /** The Context of the lookup that is running at this moment, if one is. */
  static readonly currentLookup = currentLookup

  /** The value if it is in memory and fresh. A lookup's reads are tracked; it gets only what it may read. */
  hitUnsafe(key: string): V | undefined {
    return lookups.open === 0 ? this.hot?.hit(key) : this.hitTracked(key)
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

  /** The value of a key: held, or loaded. Callers try `hot.hit` first. */
  read(key: string): Effect.Effect<V, unknown> {
    const running = this.awaited(key)
    return running === undefined
      ? Effect.mapEager(this.serve(key), valueOf)
      : Effect.callback((resume) => this.join(running, (exit) => resume(valueExit(exit))))
  }

  /** Joins a load for a caller that is not a fiber; `undefined` where there is more to do than to wait. */
  readPromise(key: string, signal: AbortSignal | undefined): Promise<V> | undefined {
    const running = this.awaited(key)
    if (running === undefined || signal?.aborted === true) return undefined
    return joinPromise(this.joining, running, signal)
  }

  /** The load under way, where all that a read has to do is to wait for it. */
  private awaited(key: string): Flight<V> | undefined {
    const running = this.loads.joinable(key)
    if (running === undefined || this.hot?.peek(key) !== undefined) return undefined
    return this.loads.failures.negative(key, this.cache.time.now()) === undefined ? running : undefined
  }

  // One for all Promises: a thousand may wait for one load.
  private readonly joining = (running: Waited<V>, resume: Waiter<V>) => this.join(running, resume)

  private join(running: Waited<V>, resume: Waiter<V>, wantsFresh = false): Effect.Effect<void> | void {
    // A reader who was held up on the way here does not share the end of those who have left.
    if (running.wasAbandoned) return this.joinOrStart(running.key, undefined, wantsFresh, resume)
    const now = this.cache.time.now()
    const early = wantsFresh ? undefined : running.earlyAt(now)
    this.entries.countMiss(running.key)
    if (early?._tag === "Success") this.entries.countStale(running.key, early.value.tier)
    else this.entries.counts.coalesced++
    if (early !== undefined) return running.join(resume, now, wantsFresh)
    return this.loads.wait(running, resume, now, wantsFresh)
  }

  /** Serves a key, with the tier that its value is from. */
  serve(key: string): Effect.Effect<Served<V>, unknown> {
    if (this.loads.loader === undefined) return Effect.fail(this.loads.unowned())
    const now = this.cache.time.now()
    const entry = this.hot?.peek(key)
    if (entry !== undefined) {
      const verdict = this.entries.judge(key, entry.stamp, entry.tags)
      const freshUntil = this.entries.freshUntil(key, entry, now)
      if (verdict === "hidden") this.hot!.drop(key)
      else if (now < freshUntil) return Exit.succeed(this.serveFresh(key, entry, now))
      else {
        const stale = this.serveStale(key, entry, freshUntil, now)
        if (stale !== undefined) return stale
      }
    }
    return this.serveMissing(key, now, undefined)
  }

  /**
   * The values of many keys, in their order. Keys that are missing are loaded together, where the owner can do that.
   */
  readMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<V>, unknown> {
    return Effect.suspend(() => {
      const values: Array<V> = []
      const open: Array<number> = []
      for (const [i, key] of keys.entries()) {
        const value = this.hot?.hit(key)
        if (value === undefined) open.push(i)
        else values[i] = value
      }
      if (open.length === 0) return Exit.succeed(values)
      return Effect.map(this.serveMany(open.map((i) => keys[i]!)), (served) => {
        for (const [at, i] of open.entries()) values[i] = valueOf(served[at]!)
        return values
      })
    })
  }

  /** Serves keys that were no hits, each with the tier of its value. A key that is named twice is served once. */
  serveMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Served<V>>, unknown> {
    const { entries, loads } = this
    return serveMany({ entries, loads, serve: (key) => this.serve(key) }, keys)
  }

  /** The value of a key with all that is known about it. */
  answer(key: string): Effect.Effect<Answer.Answer<V>, unknown> {
    return Effect.map(Effect.suspend(() => this.serve(key)), (served) => {
      valueOf(served)
      return this.answerOf(key, served)
    })
  }

  /** The value that is held and fresh, if there is one. Loads nothing. */
  readHeld(key: string): Effect.Effect<Option.Option<V>, CacheError> {
    return Effect.map(this.held(key), (served) => served === undefined ? Option.none() : Option.some(served.value))
  }

  /** Reads a key, with all that is known about its entry. */
  answerHeld(key: string): Effect.Effect<Option.Option<Answer.Answer<V>>, CacheError> {
    return Effect.map(
      this.held(key),
      (served) => served === undefined ? Option.none() : Option.some(this.answerOf(key, served))
    )
  }

  /** What is told of what was served. */
  answerOf(key: string, served: Served<V>): Answer.Answer<V> {
    const now = this.cache.time.now()
    const { entry } = served
    return Answer.make(served, now, entry === undefined ? Infinity : this.entries.freshUntil(key, entry, now))
  }

  /** Finds what is held of a key, with the tier that it is from; a read of it puts off the end of its idle time. */
  held(key: string): Effect.Effect<Served<V> | undefined, CacheError> {
    const found = Effect.map(this.find(key), (served) => this.entries.countHeld(key, served))
    if (this.expiry.idleTimeToLive === undefined) return found
    // The run loop may yield between two steps: what was found may be gone, and must not replace what is there.
    return this.entries.watching(
      key,
      (watch) =>
        Effect.map(found, (served) =>
          served?.entry === undefined || watch.changed
            ? served
            : { ...served, entry: this.entries.touch(key, served.entry, this.cache.time.now()) })
    )
  }

  /** The fresh entry of a key, if a tier holds one. Loads nothing. */
  find(key: string): Effect.Effect<Served<V> | undefined, CacheError> {
    return Effect.suspend(() => {
      if (this.loads.loader === undefined) return Effect.fail(this.loads.unowned())
      const now = this.cache.time.now()
      const entry = this.hot?.peek(key)
      if (entry !== undefined && this.entries.isFresh(key, entry, now)) {
        return Effect.succeed<Served<V> | undefined>(fromMemory(entry, false))
      }
      if (this.entries.lower === undefined) return Effect.succeed(undefined)
      if (entry !== undefined && this.entries.judge(key, entry.stamp, entry.tags) === "hidden") this.hot!.drop(key)
      return Effect.flatMap(this.entries.fromBelow(key), (found): Effect.Effect<Served<V> | undefined, CacheError> => {
        // The owner may have left while the tier was asked.
        if (this.loads.loader === undefined) return Effect.fail(this.loads.unowned())
        return Exit.succeed(
          found !== undefined && this.entries.isFresh(key, found.entry, this.cache.time.now())
            ? { value: found.entry.value, tier: found.tier, entry: found.entry, stale: false }
            : undefined
        )
      })
    })
  }

  private serveFresh(key: string, entry: Entry<V>, now: number): Served<V> {
    const hot = this.hot!
    this.entries.countHit(key, memory)
    hot.confirm(key, this.cache.stamp)
    hot.touch(key)
    this.loads.refreshAhead(key, entry, now)
    return fromMemory(this.entries.touch(key, entry, now), false)
  }

  /** The second look of callers without a fiber, who try `hitUnsafe` first. The reads of a lookup are tracked. */
  readUnsafe(key: string): V | undefined {
    const context = CacheFamily.currentLookup()
    const load = context && loadOf(context)
    return load === undefined ? this.freshUnsafe(key)?.value : new TrackedReads(this, load).readUnsafe(key)
  }

  /** What memory holds of a key, if it is fresh. */
  freshUnsafe(key: string): Served<V> | undefined {
    const now = this.cache.time.now()
    const entry = this.loads.loader === undefined ? undefined : this.hot?.peek(key)
    return entry === undefined || !this.entries.isFresh(key, entry, now) ? undefined : this.serveFresh(key, entry, now)
  }

  /** What is held and fresh, or else what the lookup gives. */
  private serveNothingStale(key: string): Effect.Effect<Served<V>, unknown> {
    const now = this.cache.time.now()
    const entry = this.hot?.peek(key)
    return entry !== undefined && this.entries.isFresh(key, entry, now)
      ? Exit.succeed(this.serveFresh(key, entry, now))
      : this.serveMissing(key, now, undefined, true)
  }

  /** A stale entry, where it may be served; `undefined` where it may not. */
  private serveStale(
    key: string,
    entry: Entry<V>,
    freshUntil: number,
    now: number
  ): Effect.Effect<Served<V>, unknown> | undefined {
    const age = now - freshUntil
    const { softTimeout, staleWhileRevalidate } = this.expiry
    if (age >= Expiry.staleMillisMax(this.expiry)) return undefined
    if (age < staleWhileRevalidate) {
      this.loads.refreshBehind(key, "stale", entry, now)
      return this.answerStale(key, entry)
    }
    if (this.loads.failures.isBackingOff(key, now)) return this.answerStale(key, entry)
    const waited = this.serveMissing(key, now, entry)
    if (softTimeout === undefined) return waited
    return this.entries.watching(key, (watch) =>
      Effect.timeoutOrElse(waited, {
        duration: softTimeout,
        orElse: () =>
          !watch.changed && this.loads.maySubstitute(key, entry, this.cache.time.now())
            ? this.answerStale(key, entry)
            : waited
      }))
  }

  private answerStale(key: string, entry: Entry<V>): Effect.Effect<Served<V>> {
    this.entries.countStale(key, memory)
    return Exit.succeed(fromMemory(entry, true))
  }

  /** Nothing may be served as it is: join the load, or start one. */
  private serveMissing(
    key: string,
    now: number,
    fallback: Entry<V> | undefined,
    wantsFresh = false
  ): Effect.Effect<Served<V>, unknown> {
    const failure = fallback === undefined ? this.loads.failures.negative(key, now) : undefined
    if (failure !== undefined) return failure.exit
    return Effect.callback((resume) => this.joinOrStart(key, fallback, wantsFresh, resume))
  }

  private joinOrStart(
    key: string,
    fallback: Entry<V> | undefined,
    wantsFresh: boolean,
    resume: Waiter<V>
  ): Effect.Effect<void> | void {
    if (this.loads.loader === undefined) return resume(Exit.fail(this.loads.unowned()))
    const running = this.loads.joinable(key)
    if (running !== undefined) return this.join(running, resume, wantsFresh)
    this.entries.countMiss(key)
    // A reader who was held up on the way here must not repeat a load that has ended meanwhile.
    const ended = this.endedMeanwhile(key, fallback)
    if (ended !== undefined) return resume(ended)
    // Started where it is joined: a reader who is interrupted in between would leave a load that nobody waits for.
    const outlivesReader = fallback !== undefined && this.expiry.softTimeout !== undefined
    if (this.loads.isCrowded(key)) {
      return this.loads.join(this.loads.queue(key, { isDetached: outlivesReader }), resume, wantsFresh)
    }
    const cause = fallback === undefined ? "absent" : "stale"
    const asked = { cause, fallback, isDetached: outlivesReader, wantsFresh } as const
    const flight = this.loads.start(this.loads.loader, key, asked)
    return this.loads.join(flight, resume, wantsFresh)
  }

  private endedMeanwhile(key: string, fallback: Entry<V> | undefined): Exit.Exit<Served<V>, unknown> | undefined {
    const now = this.cache.time.now()
    const entry = this.hot?.peek(key)
    if (entry !== undefined && this.entries.isFresh(key, entry, now)) return Exit.succeed(fromMemory(entry, false))
    return fallback === undefined ? this.loads.failures.negative(key, now)?.exit : undefined
  }

  /** What a read would do now, and what happened to the key before. */
  explain(key: string, onHeld?: (served: Served<V> | undefined) => void): Effect.Effect<Explanation<V>> {
    return explain(this.entries, this.loads, key, onHeld)
  }

  set(key: string, value: V, options: SetOptions<Lease> = noOptions): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => {
      const { ends } = this
      const refusal = this.refusalOf(options, key)
      if (refusal !== undefined) return Effect.fail(refusal)
      const judging = this.judge(key, value, options)
      // Without a closure where there is nothing to wait for: every write comes this way.
      return isJudged(judging) && !this.cache.outbox.isFull
        ? this.applyIf(judging, options, ends)
        : whenJudged(judging, (judged) => this.cache.inRoom(() => this.applyIf(judged, options, ends)))
    })
  }

  /** All that can refuse a write, before anything changes. */
  judge(key: string, value: V, options: LoadedOptions): Judging<Judged<V>> {
    return this.entries.judgement.judge(key, value, options)
  }

  /** Applies what was judged, if the caller may still write it and the key has the version that it should have. */
  private applyIf(judged: Judged<V>, options: SetOptions<Lease>, ends: number): Effect.Effect<void, CacheError> {
    const { key } = judged
    if (options.ifVersion === undefined) {
      const refusal = this.goneSince(ends) ?? this.refusalOf(options, key)
      return refusal === undefined ? this.applySet(judged) : Effect.fail(refusal)
    }
    return knowing([this.holding(key)], (held) => {
      const conflict = this.goneSince(ends) ?? this.conflictOf(key, options, held?.[0], held !== undefined)
      return conflict === undefined ? this.applySet(judged) : Effect.fail(conflict)
    })
  }

  /** For what waits before it writes: why it may not write any more, if an owner has left since `ends` was read. */
  goneSince(ends: number): CacheError | undefined {
    return this.ends === ends ? undefined : this.loads.unowned()
  }

  /** For conditions on what is held. */
  holding(key: string): Holding {
    return this.entries.holding(key)
  }

  /** A value with its dependents, in one synchronous step. What a tier does not take is not left in memory either. */
  private applySet(judged: Judged<V>): Effect.Effect<void, CacheError> {
    const below = this.applyWhole(judged)
    const { version } = this.cache
    return below === nothing ? Effect.void : orTakenBack(below, () => this.takeBack(judged.key, version))
  }

  private applySets(all: ReadonlyArray<Judged<V>>): Effect.Effect<void, CacheError> {
    let below = nothing
    for (const judged of all) below = both(below, this.applyWhole(judged))
    const { version } = this.cache
    return orTakenBack(below, () => Effect.forEach(all, ({ key }) => this.takeBack(key, version), { discard: true }))
  }

  private applyWhole(judged: Judged<V>): Below {
    const stamp = this.cache.nextStamp()
    const dependents = this.spread(judged.key, "hide")
    return both(dependents, this.applyWrite(judged, stamp))
  }

  /** The synchronous part of a write, without its dependents; what is returned is left to do below. */
  applyWrite(judged: Judged<V>, stamp: number): Below {
    const now = this.cache.time.now()
    return this.keepWritten(judged, this.entries.entryOf(judged, stamp, now, 0), now)
  }

  /** A write brought this entry: its key has it from now on, and all that was before is told so. */
  private keepWritten({ key, prepared, weight }: Judged<V>, entry: Entry<V>, now: number): Below {
    this.loads.overtake(key)
    this.loads.failures.forget(key)
    this.entries.note("Set", key, entry.stamp)
    if (this.cache.hasListeners) this.cache.emit(CacheEvent.Set({ family: this.name, key: this.spec.show(key) }))
    return this.entries.keep(key, entry, now, weight, prepared)
  }

  /** Removes a value that was written up to this version, where the write failed as a whole. A later value stays. */
  takeBack(key: string, version: number): Effect.Effect<void> {
    return Effect.map(isLaterThan(this.entries, key, version), (isLater) => {
      if (!isLater) this.applyDelete(key, "hide", this.cache.nextStamp())
    })
  }

  /** The synchronous part of a deletion, its dependents included. */
  applyDelete(key: string, mode: Mode, stamp: number): Below {
    return both(this.dropKey(key, mode, stamp, this.name), this.spread(key, mode))
  }

  /** Drops all that depends on a key. */
  private spread(key: string, mode: Mode): Below {
    return this.spec.plan.isEmpty ? nothing : this.cache.spread.ofKey(this.name, key, mode)
  }

  setMany(
    entries: ReadonlyArray<readonly [key: string, value: V]>,
    options: SetOptions<Lease> = noOptions
  ): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => {
      const { ends } = this
      const isConditional = options.ifVersion !== undefined
      const keys = isConditional || options.lease !== undefined ? entries.map(([key]) => key) : []
      const refusal = this.refusalOf(options, keys)
      if (refusal !== undefined) return Effect.fail(refusal)
      return whenJudged(
        this.entries.judgement.judgeMany(entries, options),
        (judged) =>
          this.cache.inRoom(() =>
            knowing(isConditional ? keys.map((key) => this.holding(key)) : [], (held) => {
              const conflict = this.goneSince(ends) ?? (isConditional
                ? keys.map((key, i) => this.conflictOf(key, options, held?.[i], held !== undefined))
                  .find((one) => one !== undefined)
                : this.refusalOf(options, keys))
              return conflict === undefined ? this.applySets(judged) : Effect.fail(conflict)
            })
          )
      )
    })
  }

  /**
   * Reads, changes and writes; updates of one key follow each other. Nothing changes when `f` fails. The entry keeps
   * its tags.
   *
   * Where the key was changed or invalidated meanwhile, the new value is made from one that is gone. The key is left
   * absent, if its owner can load it: nobody knows which value the source has. Where the cache alone has the value, the
   * update fails with `VersionConflict`, and what came in between stays.
   */
  update<E, R>(key: string, f: (was: V) => Effect.Effect<V, E, R>): Effect.Effect<V, unknown, R> {
    return this.loads.turns.take(
      key,
      (updating) => Effect.provideService(this.updateInTurn(key, f, updating.turn), CurrentUpdate, updating)
    )
  }

  private updateInTurn<E, R>(key: string, f: (was: V) => Effect.Effect<V, E, R>, turn: Turn) {
    const { ends } = this
    turn.readsFrom(this.cache.stamp)
    return Effect.flatMap(this.serveNothingStale(key), ({ entry, stale, tags = entry?.tags, value: was }) => {
      turn.hasRead(entry, tags)
      const write = (value: V) =>
        whenJudged(this.judge(key, value, { tags }), (judged) =>
          this.cache.whenRoom(() => {
            const left = this.goneSince(ends)
            if (left !== undefined) return Effect.fail(left)
            const overtaken = stale || turn.overtaken || this.entries.judge(key, turn.stamp, turn.tags) !== "valid"
            if (!overtaken) return this.applySet(judged)
            return this.loads.loader?.lookup === undefined
              ? Effect.fail(overtakenUpdate(this.spec.show(key), entry, this.hot?.peek(key)))
              : this.drop([key], "hide")
          }))
      return Effect.flatMap(f(was), (value) => Effect.as(write(value), value))
    })
  }

  /**
   * Changes a part of what is held, which keeps its lifetime, tags and revision. Nothing is loaded; the answer is
   * nothing when nothing fresh is held, or when the key changed while `f` ran.
   */
  patch<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>
  ): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    return this.entries.watching(key, (watch) => {
      const { ends } = this
      return Effect.flatMap(this.find(key), (held) => {
        const before = held?.entry
        if (before === undefined) return Effect.succeed(Option.none())
        const write = (judged: Judged<V>) => {
          const now = this.cache.time.now()
          const left = this.goneSince(ends)
          if (left !== undefined) return Effect.fail(left)
          const stamp = this.cache.nextStamp()
          if (watch.changed || !this.entries.isFresh(key, before, now)) return Effect.succeed(Option.none())
          const { value } = judged
          const dependents = this.spread(key, "hide")
          const version = this.cache.nextVersion(now)
          const expiresAt = Expiry.endOf(this.expiry, before.freshUntil, now)
          const below = this.keepWritten(judged, { ...before, value, stamp, version, expiresAt }, now)
          return Effect.as(
            orTakenBack(both(dependents, below), () => this.takeBack(key, version)),
            Option.some(value)
          )
        }
        const options = asHeld(before)
        return Effect.flatMap(
          f(before.value),
          (value) => whenJudged(this.judge(key, value, options), (judged) => this.cache.whenRoom(() => write(judged)))
        )
      })
    })
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
  predict(options: PredictOptions): Effect.Effect<void> {
    return this.warming.predict(options)
  }

  /** Why a write on a condition must not happen, given what is held of the key, as far as that is known. */
  conflictOf(
    key: string,
    options: SetOptions<Lease>,
    held: Entry<V> | undefined,
    isKnown: boolean
  ): CacheError | undefined {
    const refusal = this.refusalOf(options, key)
    if (refusal !== undefined || options.ifVersion === undefined) return refusal
    return versionConflict(this.spec.show(key), options.ifVersion, held, isKnown)
  }

  /** Why a caller may not write now: the family has no owner, or the lease does not allow it. */
  refusalOf({ lease }: SetOptions<Lease>, key: string | ReadonlyArray<string>): CacheError | undefined {
    if (this.loads.loader === undefined) return this.loads.unowned()
    return lease === undefined ? undefined : leaseRefusal(this.cache.leases, lease, this.spec, [key].flat())
  }

  /** Drops keys, and all that depends on them. */
  drop(keys: ReadonlyArray<string>, mode: Mode): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => {
      const stamp = this.cache.nextStamp()
      let work = nothing
      for (const key of keys) work = both(work, this.applyDelete(key, mode, stamp))
      return orStoreFailed(work)
    })
  }

  /** Drops every key that has these segments, and all that depends on them. */
  dropScope(scope: Scope, mode: Mode): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => orStoreFailed(this.applyDropScope(scope, mode, this.cache.nextStamp())))
  }

  /** The synchronous part of it; what is returned is left to do below. */
  applyDropScope(scope: Scope, mode: Mode, stamp: number): Below {
    return both(this.markScope(scope, mode, stamp, this.name), this.cache.spread.ofScope(this.name, scope, mode))
  }

  /** The synchronous part of dropping one key; the Effect is what is left to do below. */
  dropKey(key: string, mode: Mode, stamp: number, through: string): Below {
    if (mode === "markStale") {
      const values = key.split(":")
      const name = this.cache.hasListeners ? this.spec.show(key) : undefined
      return this.markScope({ positions: values.map((_, i) => i), values }, mode, stamp, through, name)
    }
    this.entries.invalidated(key, mode, stamp, through)
    this.loads.overtake(key)
    this.loads.failures.forget(key)
    return this.entries.forget(key)
  }

  /** The synchronous part of invalidating a scope; the Effect is what is left to do below. */
  markScope(scope: Scope, mode: Mode, stamp: number, through: string, key?: string): Below {
    this.entries.invalidated(scope, mode, stamp, through, key)
    return this.entries.markKeys(scope, mode, stamp, this.cache.time.now())
  }

  /** Drops keys in this process, and leaves them to what opens the tiers below next. */
  hideHere(scope: Scope, stamp: number, through: string): void {
    this.entries.invalidated(scope, "hide", stamp, through)
    this.entries.hideHere(scope, stamp, this.cache.time.now())
  }

  /**
   * Invalidates every entry that has the tag, and everything that depends on the family: what has the tag need not be
   * held.
   */
  invalidateTag(tag: string, mode: Mode): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => orStoreFailed(this.applyDropTag(tag, mode, this.cache.nextStamp())))
  }

  /** The synchronous part of invalidating a tag; what is returned is left to do below. */
  applyDropTag(tag: string, mode: Mode, stamp: number): Below {
    this.entries.counts.invalidations++
    this.entries.note("Invalidated", { tag }, stamp, this.name, mode)
    this.loads.closeAll()
    if (this.cache.hasListeners) {
      const scope = this.spec.hide(tag)
      this.cache.emit(CacheEvent.Invalidated({ family: this.name, scope, through: this.name, mode, stamp }))
    }
    const own = this.entries.markTag(tag, mode, stamp, this.cache.time.now())
    return both(own, this.cache.spread.ofScope(this.name, everything, mode))
  }

  /** Another engine over the same place did something to the family: nothing is left to do below. */
  hear(heard: Heard): void {
    hear(this.entries, this.loads, heard)
  }

  /** While events have a listener, every read takes the second look, which emits the events. */
  noteListeners(hasListeners: boolean): void {
    this.entries.hasListeners = hasListeners
    this.entries.lookTwice()
  }

  /** Throws when the structure is broken. `idle` says that nobody reads, loads or updates. For tests. */
  checkInvariants(options: { readonly idle: boolean }): void {
    this.hot?.checkInvariants()
    checkLoads(this.loads, options)
  }

  /** Loads by this loader from now on, until it is given back to `disown`. */
  own(loader: Loader<V>): Loader<V> {
    const patient = patientOf(loader)
    this.loaders = [...this.loaders, patient]
    return this.loads.loader = patient
  }

  /**
   * A loader's owner is gone: nothing that it loaded is served, and what it was loading is interrupted. Where it had
   * the family from another one, that one loads again, also for the readers who wait.
   */
  disown(loader: Loader<V> | undefined = this.loads.loader): void {
    if (loader === undefined || !this.loaders.includes(loader)) return
    this.loaders = this.loaders.filter((other) => other !== loader)
    this.loads.loader = this.loaders.at(-1)
    this.ends++
    this.entries.abandon()
    // Before those who wait for the loads are told: what they load in turn is made after the end.
    this.cache.spread.ofEnd(this.name)
    this.loads.leave(loader)
  }

  /** Somebody owns the family. */
  get isOwned(): boolean {
    return this.loads.loader !== undefined
  }

  /** A lookup has read the key: something may be made from it. */
  wasRead(key: string, entry: Entry<V> | undefined): void {
    const { lower, sources } = this.entries
    if (sources === undefined) return
    // Memory may have pushed it out at once.
    if (lower === undefined && this.hot?.peek(key) === undefined) this.wasMissed(key)
    else sources.read(key, this.cache.stamp, entry === undefined ? Infinity : Expiry.endsAt(entry))
  }

  /**
   * A lookup has found nothing under the key, or something is made from an entry that is gone: its next value is news.
   */
  wasMissed(key: string): void {
    const forgotten = this.entries.sources?.missed(key, this.cache.nextStamp()) ?? []
    for (const one of forgotten) this.cache.spread.forget(this.name, ...one)
  }

  /** Called by the tier when an entry leaves for lack of room or time. */
  left(key: string, cause: "Evicted" | "Expired", entry: Entry<unknown>): void {
    if (cause === "Evicted") {
      this.entries.counts.evictions++
      const wasRead = this.entries.sources?.wasRead(key) === true
      if (wasRead) this.wasMissed(key)
      if (wasRead || this.entries.isFromBefore(entry)) this.cache.spread.evict(this.name, key, wasRead)
    } else {
      this.entries.counts.expirations++
      this.entries.sources?.forget(key)
    }
    this.entries.note(cause, key, this.cache.stamp)
    this.removed(key, cause)
  }

  /** Called by the tier when memory has pushed an entry out, which the tiers below should have. */
  pushedDown(key: string, entry: Entry<unknown>): void {
    if (this.entries.sources?.wasAlone(key) === true) this.left(key, "Evicted", entry)
  }

  /** Called by a store when one of its tiers failed, and the others may have gone on. */
  tierFailed(operation: Operation, error: StoreError): void {
    this.entries.tierFailed(operation, error)
  }

  private removed(key: string, cause: RemovalCause): void {
    if (this.cache.hasListeners) {
      this.cache.emit(CacheEvent.Removed({ family: this.name, key: this.spec.show(key), cause }))
    }
  }

  /** The value of a load that begins after it was asked for; all who ask until it begins share it. */
  refresh(key: string): Effect.Effect<V, unknown> {
    return Effect.flatMap(
      Effect.callback<Served<V>, unknown>((resume) => {
        const { loader } = this.loads
        return loader === undefined
          ? resume(Exit.fail(this.loads.unowned()))
          : this.loads.join(this.loads.refresh(loader, key), resume, true)
      }),
      // What it changed is as durable as what a write changes.
      (served) => Effect.as(orStoreFailed(served.below ?? nothing), valueOf(served))
    )
  }
}
