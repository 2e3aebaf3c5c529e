/**
 * The loads of a family: at most one per key and epoch, for everyone who asks meanwhile.
 *
 * - A flight that was overtaken by a change of its key answers those who have joined it, and stores nothing.
 * - A failure is remembered for a short while, and answers whoever comes next.
 * - The fiber of a load belongs to the owner, never to a reader; the last reader to leave ends it.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import type { Entry, Found } from "../../store/Entry.ts"
import { Absent, CacheError, LoadQueueFull, LoadTimeout, Unowned } from "../CacheError.ts"
import { CacheEvent } from "../CacheEvent.ts"
import * as Expiry from "../Expiry.ts"
import type { FamilySpec, Loader } from "../FamilySpec.ts"
import * as Lookup from "../Lookup.ts"
import type { Engine } from "./engine.ts"
import { type Entries, fromMemory, noTags } from "./entries.ts"
import { type Failure, Failures } from "./failures.ts"
import { CurrentLoad, Flight, Load, type Served } from "./flight.ts"

/** The updates of one key, one of which runs. */
export interface Update {
  readonly turn: Semaphore.Semaphore
  users: number
  reading: boolean
  /** The key has changed since the one that runs began to read it. */
  overtaken: boolean
}

class BulkMismatch extends Error {
  constructor(asked: number, answered: number) {
    super(`a lookupMany was asked for ${asked} keys and answered ${answered}`)
  }
}

/** The lookup was not even tried: nothing is known of its source. */
const isShed = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) =>
    Cause.isFailReason(reason) && reason.error instanceof CacheError && reason.error.reason instanceof LoadQueueFull
  )

const noOptions: Lookup.LoadedOptions = {}

export class Loads<V> {
  /** The loads that a reader may join. */
  readonly flights = new Map<string, Flight<V>>()
  /** These, and those that were overtaken and still have to answer whoever had joined them. */
  readonly running = new Set<Flight<V>>()
  readonly failures = new Failures()
  /** One for each key that some fiber is updating. */
  readonly updates = new Map<string, Update>()
  loader: Loader<V> | undefined = undefined
  private readonly cache: Engine
  private readonly spec: FamilySpec<V>
  private readonly name: string
  private readonly expiry: Expiry.Expiry
  private readonly entries: Entries<V>
  private readonly permits: Semaphore.Semaphore | undefined
  private queued = 0

  constructor(entries: Entries<V>) {
    this.entries = entries
    this.cache = entries.cache
    this.spec = entries.spec
    this.name = entries.name
    this.expiry = entries.expiry
    const { loadConcurrency } = this.expiry
    this.permits = loadConcurrency === Infinity ? undefined : Semaphore.makeUnsafe(loadConcurrency)
  }

  refreshBehind(key: string, cause: "ahead" | "stale", entry: Entry<V>, now: number): void {
    if (this.joinable(key) !== undefined || this.isBackingOff(key, now)) return
    if (this.loader?.lookup === undefined || this.isQueueFull()) return
    this.start(this.loader, key, cause, entry, true)
  }

  joinable(key: string): Flight<V> | undefined {
    const flight = this.flights.get(key)
    return flight !== undefined && !flight.voided && this.entries.judge(key, flight.stamp, noTags) === "valid"
      ? flight
      : undefined
  }

  start(
    loader: Loader<V>,
    key: string,
    cause: Lookup.LookupContext<V>["cause"],
    fallback: Entry<V> | undefined,
    detached: boolean
  ): Flight<V> {
    const load = new Load(this.cache, this.spec, [key])
    const flight = this.takeOff(key, cause, fallback, detached, load)
    this.run(loader, load, [flight], this.load(flight))
    return flight
  }

  /** One fiber loads all keys. Who asked for them holds each flight until they are joined. */
  startMany(keys: ReadonlyArray<string>): ReadonlyArray<Flight<V>> {
    const { loader } = this
    if (loader === undefined) return []
    const distinct = [...new Set(keys)]
    const load = new Load(this.cache, this.spec, distinct)
    const flights = distinct.map((key) => this.takeOff(key, "absent", undefined, false, load))
    for (const flight of flights) flight.held = true
    if (flights.length > 0) this.run(loader, load, flights, this.loadMany(flights))
    return flights
  }

  takeOff(
    key: string,
    cause: Lookup.LookupContext<V>["cause"],
    fallback: Entry<V> | undefined,
    detached: boolean,
    load: Load
  ): Flight<V> {
    const outlives = detached || this.expiry.onAbandoned === "finish"
    const { stamp, time, version } = this.cache
    const flight = new Flight(key, stamp, version, time.now(), cause, fallback, outlives, load, this.abandon)
    flight.replaces = this.joinable(key) !== undefined
    this.supersede(key)
    // Whoever refreshes knows of a change of the source that an update which is under way may not have seen.
    const update = cause === "refresh" ? this.updates.get(key) : undefined
    if (update !== undefined) update.overtaken = true
    this.flights.set(key, flight)
    this.running.add(flight)
    return flight
  }

  run(loader: Loader<V>, load: Load, flights: ReadonlyArray<Flight<V>>, work: Effect.Effect<void>): void {
    const fork = Effect.runForkWith(Context.add(loader.context, CurrentLoad, load))
    const { hardTimeout } = this.expiry
    if (hardTimeout !== undefined) {
      for (const flight of flights) flight.timer = fork(this.timeOut(flight, hardTimeout))
    }
    const fiber = fork(work)
    load.fiber = fiber
    fiber.addObserver((exit) => {
      if (exit._tag === "Failure") { for (const flight of flights) this.end(flight, Exit.failCause(exit.cause)) }
    })
  }

  /** Interrupts the fiber behind a flight that has ended, unless others need it. */
  stop({ load }: Flight<V>): void {
    if (load.open === 0) load.fiber?.interruptUnsafe()
  }

  readonly abandon = (flight: Flight<V>): void => {
    this.end(flight, Exit.interrupt())
    this.stop(flight)
  }

  timeOut(flight: Flight<V>, timeoutMillis: number): Effect.Effect<void> {
    return Effect.andThen(
      Effect.sleep(timeoutMillis),
      Effect.sync(() => {
        const timeout = new LoadTimeout({ key: this.spec.show(flight.key), timeoutMillis })
        this.fail(flight, Cause.fail(new CacheError({ reason: timeout })))
        this.stop(flight)
      })
    )
  }

  readonly load = Effect.fnUntraced(function*(this: Loads<V>, flight: Flight<V>) {
    const { key } = flight
    let previous = flight.fallback
    if (this.entries.lower !== undefined && flight.cause === "absent") {
      previous = this.takeFound(flight, yield* this.entries.fromBelow(key))
      if (flight.exit !== undefined) return
    }
    const { lookup } = this.loader ?? {}
    if (lookup === undefined) return this.end(flight, Exit.fail(this.absent(key, "no lookup")))
    // `start` runs the load in the owner's context, which has all that the lookup needs.
    const work = Effect.suspend(() =>
      lookup(key, this.contextOf(flight, previous)) as Effect.Effect<V | Lookup.Answer<V>, unknown>
    )
    const exit = yield* Effect.exit(this.inTurn(flight, work))
    if (flight.exit !== undefined) return
    if (exit._tag === "Failure") return this.fail(flight, exit.cause, previous)
    yield* this.land(flight, exit.value, previous)
  })

  readonly loadMany = Effect.fnUntraced(function*(this: Loads<V>, flights: ReadonlyArray<Flight<V>>) {
    const before = new Map<Flight<V>, Entry<V> | undefined>()
    if (this.entries.lower !== undefined && flights[0]!.cause === "absent") {
      const found = yield* this.entries.manyFromBelow(flights.map(({ key }) => key))
      flights.forEach((flight, i) => before.set(flight, this.takeFound(flight, found[i])))
    }
    const open = flights.filter(({ exit }) => exit === undefined)
    const { lookupMany } = this.loader ?? {}
    if (open.length === 0 || lookupMany === undefined) return
    const contexts = open.map((flight) => this.contextOf(flight, before.get(flight)))
    // `startMany` runs the load in the owner's context, which has all that the lookup needs.
    const work = Effect.suspend(() =>
      lookupMany(open.map(({ key }) => key), contexts) as Effect.Effect<ReadonlyArray<V | Lookup.Answer<V>>, unknown>
    )
    const exit = yield* Effect.exit(this.inTurn(open[0]!, work))
    const answers = exit._tag === "Success" ? exit.value : []
    const cause = exit._tag === "Failure" ? exit.cause : Cause.die(new BulkMismatch(open.length, answers.length))
    for (const [i, flight] of open.entries()) {
      if (flight.exit !== undefined) continue
      if (answers.length === open.length) yield* this.land(flight, answers[i]!, before.get(flight))
      else this.fail(flight, cause, before.get(flight))
    }
  })

  /**
   * What a lower tier held of a key: ends the flight if it is fresh; else what may be served should the lookup fail.
   */
  takeFound(flight: Flight<V>, found: Found<V> | undefined): Entry<V> | undefined {
    if (found === undefined || flight.voided) return undefined
    const now = this.cache.time.now()
    if (!this.entries.isFresh(flight.key, found.entry, now)) {
      return this.staleFromBelow(flight, found.entry, found.tier, now)
    }
    if (!flight.quiet) this.entries.countHit(flight.key, found.tier)
    this.end(flight, Exit.succeed({ value: found.entry.value, tier: found.tier, entry: found.entry, stale: false }))
    return found.entry
  }

  /** A stale entry of a lower tier answers at once where it may; the load goes on. */
  staleFromBelow(flight: Flight<V>, entry: Entry<V>, tier: string, now: number): Entry<V> | undefined {
    const verdict = this.entries.judge(flight.key, entry.stamp, entry.tags)
    if (verdict === "hidden") return undefined
    const age = now - this.entries.freshUntil(flight.key, entry, now)
    if (age < this.expiry.staleWhileRevalidate) {
      if (!flight.quiet) this.entries.tellHit(flight.key, tier, true)
      flight.answerEarly(Exit.succeed({ value: entry.value, tier, entry, stale: true }))
    }
    return age < Math.max(this.expiry.staleWhileRevalidate, this.expiry.staleIfError) ? entry : undefined
  }

  inTurn<A, E>({ key, quiet }: Flight<V>, work: Effect.Effect<A, E>): Effect.Effect<A, E | CacheError> {
    const { permits } = this
    if (permits === undefined) return work
    if (quiet) return permits.withPermit(work)
    return Effect.acquireUseRelease(
      Effect.suspend(() => {
        if (this.isQueueFull()) return Effect.fail(this.queueFull(key, this.expiry.loadQueueMax))
        this.queued++
        return Effect.succeed({ waits: true })
      }),
      (turn) =>
        permits.withPermit(Effect.suspend(() => {
          turn.waits = false
          this.queued--
          return work
        })),
      (turn) =>
        Effect.sync(() => {
          if (turn.waits) this.queued--
        })
    )
  }

  contextOf(flight: Flight<V>, previous: Entry<V> | undefined): Lookup.LookupContext<V> {
    const entry = previous ?? this.entries.hot?.peek(flight.key)
    return {
      key: this.spec.render(flight.key),
      cause: flight.cause,
      previous: entry && {
        value: entry.value,
        revision: entry.revision,
        ageMillis: Math.max(0, this.cache.time.now() - Expiry.madeAtMillis(entry))
      }
    }
  }

  /** A lookup has answered. */
  land(flight: Flight<V>, answer: V | Lookup.Answer<V>, previous: Entry<V> | undefined): Effect.Effect<void> {
    const { refused } = flight.load
    if (refused !== undefined) return Effect.sync(() => this.fail(flight, Cause.fail(refused), previous))
    if (!Lookup.isAnswer(answer)) return this.fill(flight, answer, noOptions)
    const before = previous ?? this.entries.hot?.peek(flight.key)
    return Lookup.match(answer as Lookup.Answer<V>, {
      Loaded: (loaded) => this.fill(flight, loaded.value, loaded.options),
      NotModified: ({ options }) =>
        before === undefined
          ? this.skip(flight, previous)
          : this.fill(flight, before.value, { revision: before.revision, tags: before.tags, ...options }),
      Skip: () => this.skip(flight, previous),
      Failed: ({ error }) => Effect.sync(() => this.fail(flight, Cause.fail(error), previous))
    })
  }

  skip(flight: Flight<V>, previous: Entry<V> | undefined): Effect.Effect<void> {
    return Effect.sync(() => {
      this.endWith(flight, previous, this.cache.time.now(), () => Exit.fail(this.absent(flight.key, "skipped")))
    })
  }

  /** Stores what a lookup brought, unless the flight was overtaken, and ends the flight. */
  fill(flight: Flight<V>, value: V, options: Lookup.LoadedOptions): Effect.Effect<void> {
    return this.cache.whenRoom(() => {
      if (flight.exit === undefined) this.end(flight, Exit.succeed(this.fillUnsafe(flight, value, options)))
      return Effect.void
    })
  }

  private fillUnsafe(flight: Flight<V>, value: V, options: Lookup.LoadedOptions): Served<V> {
    const { key } = flight
    const now = this.cache.time.now()
    this.entries.counts.loads++
    this.entries.note("Loaded", key, flight.stamp, undefined, undefined, flight.load.sourcesOf(key))
    this.failures.delete(key)
    if (this.cache.observed) {
      this.cache.emit(
        CacheEvent.Load({
          family: this.name,
          key: this.spec.show(key),
          millis: now - flight.startedAt,
          waiters: flight.joined
        })
      )
    }
    const update = this.updates.get(key)
    if (update?.reading === false) update.overtaken = true
    const before = this.entries.held(key) ?? flight.fallback
    const changed = flight.replaces ||
      (before === undefined ? flight.cause === "refresh" : !Equal.equals(before.value, value))
    const tags = options.tags ?? noTags
    const { readStale } = flight.load
    if (flight.voided || this.entries.judge(key, flight.stamp, tags) !== "valid") {
      this.entries.counts.refused++
      this.entries.note("Refused", key, flight.stamp)
      if (this.cache.observed) this.cache.emit(CacheEvent.Refused({ family: this.name, key: this.spec.show(key) }))
      if (changed) this.disprove(flight)
    } else if (!readStale) {
      if (changed) this.spreadChange(key)
      const own = this.entries.entryOf(value, options, flight.stamp, now, now - flight.startedAt)
      const entry = Expiry.endBy(this.expiry, own, flight.load.freshUntilMax(key))
      // No reader waits for the tiers below: until they have it, the outbox answers in their place.
      this.entries.keep(key, entry, now)
      return { value, tier: "lookup", entry, stale: false }
    }
    return { value, tier: "lookup", entry: undefined, tags, stale: readStale }
  }

  /** What a refused load brought may be out of date, but shows that all that is older than the load is so, too. */
  private disprove({ key, versionBefore }: Flight<V>): void {
    this.spreadChange(key)
    const held = this.entries.hot?.peek(key) ?? this.entries.lower?.pending(key)?.entry
    if (held === undefined || held.version <= versionBefore) this.entries.forget(key)
  }

  /** A load that brings another value is a write to those who depend on it, with a stamp of its own. */
  private spreadChange(key: string): void {
    this.cache.nextStamp()
    this.cache.spread(this.name, key, "hide")
  }

  /** The load failed: serve what is stale where that is allowed, remember the failure, tell everyone who joined. */
  fail(flight: Flight<V>, cause: Cause.Cause<unknown>, previous = flight.fallback): void {
    if (flight.exit !== undefined) return
    const { key } = flight
    const exit = Exit.failCause(cause)
    if (Cause.hasInterruptsOnly(cause)) return this.end(flight, exit)
    const now = this.cache.time.now()
    this.entries.counts.loadFailures++
    if (this.cache.observed) {
      this.cache.emit(
        CacheEvent.LoadFailed({
          family: this.name,
          key: this.spec.show(key),
          millis: now - flight.startedAt,
          waiters: flight.joined
        })
      )
    }
    if (!flight.voided && !isShed(cause)) this.remember(key, exit, flight.stamp, now)
    this.endWith(flight, previous, now, () => exit)
  }

  /** Ends a flight that brings no value: with the stale entry where it may be served, else with what came of it. */
  endWith(
    flight: Flight<V>,
    previous: Entry<V> | undefined,
    now: number,
    otherwise: () => Exit.Exit<never, unknown>
  ): void {
    this.end(
      flight,
      previous !== undefined && !flight.barred && this.maySubstitute(flight.key, previous, now)
        ? Exit.succeed(fromMemory(previous, true))
        : otherwise()
    )
  }

  /** Whether an entry, fresh or stale, may be served in place of a failure. */
  maySubstitute(key: string, entry: Entry<V>, now: number): boolean {
    const verdict = this.entries.judge(key, entry.stamp, entry.tags)
    const freshUntil = this.entries.freshUntil(key, entry, now)
    return verdict !== "hidden" &&
      now < freshUntil + Math.max(this.expiry.staleIfError, this.expiry.staleWhileRevalidate)
  }

  remember(key: string, exit: Exit.Exit<never, unknown>, stamp: number, now: number): void {
    const negativeUntil = now + this.expiry.negativeTimeToLive
    const retryAt = now + this.expiry.retryAfterFailure
    this.failures.remember(key, { exit, stamp, at: now, negativeUntil, retryAt }, now)
  }

  /** Marks are about to be forgotten: what is under way, and older than they are, learns of them now. */
  heed(): void {
    for (const flight of this.running) {
      if (this.entries.judge(flight.key, flight.stamp, noTags) !== "valid") flight.voided = true
      // What may be served in place of a failure is older than the load, and may have any tags.
      if (this.entries.tags.fullness > 0 || this.entries.judge(flight.key, 0, noTags) === "hidden") flight.barred = true
    }
    for (const [key, { stamp }] of this.failures.entries()) {
      if (this.entries.judge(key, stamp, noTags) !== "valid") this.failures.delete(key)
    }
    for (const [key, update] of this.updates) {
      if (this.entries.judge(key, 0, noTags) !== "valid") update.overtaken = true
    }
  }

  /** The failure that a read without anything to serve repeats. */
  negative(key: string, now: number): Failure | undefined {
    const failure = this.failures.get(key)
    return failure !== undefined && failure.at <= now && now < failure.negativeUntil &&
        failure.stamp >= this.entries.tagMark &&
        this.entries.judge(key, failure.stamp, noTags) === "valid"
      ? failure
      : undefined
  }

  /** A refresh failed so recently that the next one has to wait. */
  isBackingOff(key: string, now: number): boolean {
    const failure = this.failures.get(key)
    return failure !== undefined && failure.at <= now && now < failure.retryAt
  }

  end(flight: Flight<V>, exit: Exit.Exit<Served<V>, unknown>): void {
    if (this.flights.get(flight.key) === flight) this.flights.delete(flight.key)
    this.running.delete(flight)
    flight.end(exit)
  }

  /** The key has another value now: what is being loaded or computed from the one before is not to be stored. */
  overtake(key: string): void {
    this.supersede(key)
    const update = this.updates.get(key)
    if (update !== undefined) update.overtaken = true
  }

  supersede(key: string): void {
    const flight = this.flights.get(key)
    if (flight === undefined) return
    flight.voided = true
    this.flights.delete(key)
  }

  isQueueFull(): boolean {
    return this.permits !== undefined && this.queued >= this.expiry.loadQueueMax
  }

  unowned(): CacheError {
    return new CacheError({ reason: new Unowned({ pattern: this.spec.pattern, family: this.name }) })
  }
  absent(key: string, why: "no lookup" | "skipped"): CacheError {
    return new CacheError({ reason: new Absent({ key: this.spec.show(key), family: this.name, why }) })
  }
  queueFull(key: string, queueMax: number): CacheError {
    return new CacheError({ reason: new LoadQueueFull({ key: this.spec.show(key), family: this.name, queueMax }) })
  }

  /** Throws when the structure is broken. `idle` says that nobody reads, loads or updates. For tests. */
  checkInvariants({ idle }: { readonly idle: boolean }): void {
    const check = (holds: boolean, rule: string) => {
      if (!holds) throw new Error(`the loads of \`${this.name}\` are broken: ${rule}`)
    }
    for (const [key, flight] of this.flights) {
      check(flight.key === key && this.running.has(flight), "a load that may be joined runs")
    }
    for (const flight of this.running) check(flight.exit === undefined, "a load that runs has not ended")
    check(this.queued >= 0 && this.queued <= this.expiry.loadQueueMax, "the queue of loads keeps its bound")
    this.failures.checkInvariants()
    for (const update of this.updates.values()) check(update.users > 0, "a key that nobody updates has no turn")
    if (!idle) return
    check(this.running.size === 0, "no load runs for nobody")
    check(this.queued === 0, "no load waits for its turn for nobody")
    check(this.updates.size === 0, "no update has lost its turn")
  }
}
