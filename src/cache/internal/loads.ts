/**
 * The loads of a family: at most one per key and epoch, for everyone who asks meanwhile.
 *
 * - A flight that was overtaken by an invalidation of its key answers those who have joined it, and stores nothing.
 * - A failure is remembered for a short while, and answers whoever comes next.
 * - The fiber of a load belongs to the owner, never to a reader; the last reader to leave ends it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import type { Entry, Found } from "../../store/Entry.ts"
import { Absent, CacheError, LoadQueueFull, LoadTimeout, Unowned } from "../CacheError.ts"
import { CacheEvent } from "../CacheEvent.ts"
import type * as Expiry from "../Expiry.ts"
import type { FamilySpec, Loader } from "../FamilySpec.ts"
import * as Lookup from "../Lookup.ts"
import { type Engine, inOrder, nothing } from "./engine.ts"
import { type Entries, noTags } from "./entries.ts"
import { Flight, type Served } from "./flight.ts"

interface Failure {
  readonly exit: Exit.Exit<never, unknown>
  readonly stamp: number
  /** Until then a read without anything to serve gets the same failure. */
  readonly negativeUntil: number
  /** Until then a stale value is served without another try. */
  readonly retryAt: number
}

class BulkMismatch extends Error {
  constructor(asked: number, answered: number) {
    super(`a lookupMany was asked for ${asked} keys and answered ${answered}`)
  }
}

// Failures remembered per family; the oldest is forgotten first.
const failuresMax = 10_000

const noOptions: Lookup.LoadedOptions = {}

export class Loads<V> {
  readonly flights = new Map<string, Flight<V>>()
  readonly failures = new Map<string, Failure>()
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

  joinable(key: string): Flight<V> | undefined {
    const flight = this.flights.get(key)
    return flight !== undefined && !flight.voided && this.entries.judge(key, flight.stamp, noTags) === "valid"
      ? flight
      : undefined
  }

  start(
    key: string,
    cause: Lookup.LookupContext<V>["cause"],
    fallback: Entry<V> | undefined,
    detached: boolean
  ): Flight<V> {
    const flight = new Flight(
      key,
      this.cache.stamp,
      this.cache.time.now(),
      cause,
      fallback,
      detached || this.expiry.onAbandoned === "finish",
      this.abandon
    )
    this.supersede(key)
    this.flights.set(key, flight)
    const run = Effect.runForkWith(this.loader!.context)
    if (this.expiry.hardTimeout !== undefined) flight.timer = run(this.timeOut(flight, this.expiry.hardTimeout))
    const fiber = run(this.load(flight))
    flight.fiber = fiber
    fiber.addObserver((exit) => {
      if (exit._tag === "Failure") this.end(flight, Exit.failCause(exit.cause))
    })
    return flight
  }

  /** One fiber loads all keys. It is interrupted when the last of their flights is abandoned. */
  startMany(keys: ReadonlyArray<string>): void {
    const distinct = [...new Set(keys)]
    if (distinct.length === 0 || this.isQueueFull()) return
    let left = distinct.length
    const abandon = (flight: Flight<V>): void => {
      this.end(flight, Exit.interrupt())
      if (--left === 0) flight.fiber?.interruptUnsafe()
    }
    const now = this.cache.time.now()
    const finish = this.expiry.onAbandoned === "finish"
    const flights = distinct.map((key) => {
      this.supersede(key)
      const flight = new Flight<V>(key, this.cache.stamp, now, "absent", undefined, finish, abandon)
      this.flights.set(key, flight)
      return flight
    })
    const run = Effect.runForkWith(this.loader!.context)
    if (this.expiry.hardTimeout !== undefined) {
      for (const flight of flights) flight.timer = run(this.timeOut(flight, this.expiry.hardTimeout))
    }
    const fiber = run(this.loadMany(flights))
    for (const flight of flights) flight.fiber = fiber
    fiber.addObserver((exit) => {
      if (exit._tag === "Failure") { for (const flight of flights) this.end(flight, Exit.failCause(exit.cause)) }
    })
  }

  private readonly abandon = (flight: Flight<V>): void => {
    this.end(flight, Exit.interrupt())
    flight.fiber?.interruptUnsafe()
  }

  private timeOut(flight: Flight<V>, timeoutMillis: number): Effect.Effect<void> {
    return Effect.andThen(
      Effect.sleep(timeoutMillis),
      Effect.sync(() => {
        const timeout = new LoadTimeout({ key: this.spec.render(flight.key), timeoutMillis })
        this.fail(flight, Cause.fail(new CacheError({ reason: timeout })))
        flight.fiber?.interruptUnsafe()
      })
    )
  }

  private readonly load = Effect.fnUntraced(function*(this: Loads<V>, flight: Flight<V>) {
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
    const exit = yield* Effect.exit(this.permits === undefined ? work : this.inTurn(this.permits, work))
    if (flight.exit !== undefined) return
    if (exit._tag === "Failure") return this.fail(flight, exit.cause, previous)
    yield* this.land(flight, exit.value, previous)
  })

  private readonly loadMany = Effect.fnUntraced(function*(this: Loads<V>, flights: ReadonlyArray<Flight<V>>) {
    const before = new Map<Flight<V>, Entry<V> | undefined>()
    if (this.entries.lower !== undefined) {
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
    const exit = yield* Effect.exit(this.permits === undefined ? work : this.inTurn(this.permits, work))
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
  private takeFound(flight: Flight<V>, found: Found<V> | undefined): Entry<V> | undefined {
    if (found === undefined || flight.voided) return undefined
    const now = this.cache.time.now()
    if (!this.entries.isFresh(flight.key, found.entry, now)) {
      return this.staleFromBelow(flight, found.entry, found.tier, now)
    }
    this.entries.promoted(flight.key, found.entry)
    this.end(flight, Exit.succeed({ value: found.entry.value, tier: found.tier, entry: found.entry, stale: false }))
    return found.entry
  }

  /** A stale entry of a lower tier answers at once where it may; the load goes on. */
  private staleFromBelow(flight: Flight<V>, entry: Entry<V>, tier: string, now: number): Entry<V> | undefined {
    const verdict = this.entries.judge(flight.key, entry.stamp, entry.tags)
    if (verdict === "hidden") return undefined
    const age = now - (verdict === "stale" ? Math.min(now, entry.freshUntil) : entry.freshUntil)
    if (age < this.expiry.staleWhileRevalidate) {
      flight.answerEarly(Exit.succeed({ value: entry.value, tier, entry, stale: true }))
    }
    return age < Math.max(this.expiry.staleWhileRevalidate, this.expiry.staleIfError) ? entry : undefined
  }

  private inTurn<A, E>(permits: Semaphore.Semaphore, work: Effect.Effect<A, E>): Effect.Effect<A, E> {
    this.queued++
    let waiting = true
    const started = Effect.sync(() => {
      waiting = false
      this.queued--
    })
    return Effect.ensuring(
      permits.withPermit(Effect.andThen(started, work)),
      Effect.sync(() => {
        if (waiting) this.queued--
      })
    )
  }

  private contextOf(flight: Flight<V>, previous: Entry<V> | undefined): Lookup.LookupContext<V> {
    const entry = previous ?? this.entries.hot?.peek(flight.key)
    return {
      key: this.spec.render(flight.key),
      cause: flight.cause,
      previous: entry && {
        value: entry.value,
        revision: entry.revision,
        ageMillis: Math.max(0, this.cache.time.now() - entry.version / 1_000)
      }
    }
  }

  /** A lookup has answered. */
  private land(flight: Flight<V>, answer: V | Lookup.Answer<V>, previous: Entry<V> | undefined): Effect.Effect<void> {
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

  private skip(flight: Flight<V>, previous: Entry<V> | undefined): Effect.Effect<void> {
    return Effect.sync(() => {
      this.end(
        flight,
        previous === undefined
          ? Exit.fail(this.absent(flight.key, "skipped"))
          : Exit.succeed({ value: previous.value, tier: "memory", entry: previous, stale: true })
      )
    })
  }

  /** Stores what a lookup brought, unless the flight was overtaken, and ends the flight. */
  private fill(flight: Flight<V>, value: V, options: Lookup.LoadedOptions): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { key } = flight
      const now = this.cache.time.now()
      this.entries.counts.loads++
      this.entries.note("Loaded", key, flight.stamp)
      this.failures.delete(key)
      if (this.cache.observed) {
        this.cache.emit(
          CacheEvent.Load({
            family: this.name,
            key: this.spec.render(key),
            millis: now - flight.startedAt,
            waiters: flight.joined
          })
        )
      }
      const tags = options.tags ?? noTags
      if (flight.voided || this.entries.judge(key, flight.stamp, tags) !== "valid") {
        this.entries.counts.refused++
        this.entries.note("Refused", key, flight.stamp)
        if (this.cache.observed) this.cache.emit(CacheEvent.Refused({ family: this.name, key: this.spec.render(key) }))
        this.end(flight, Exit.succeed({ value, tier: "lookup", entry: undefined, stale: false }))
        return Effect.void
      }
      const entry = this.entries.entryOf(value, options, flight.stamp, now, now - flight.startedAt)
      const before = this.entries.hot?.peek(key) ?? flight.fallback
      const changed = before !== undefined && !Equal.equals(before.value, value)
      const served = Exit.succeed({ value, tier: "lookup", entry, stale: false })
      const spread = changed && this.spec.dependents.length > 0
      if (this.entries.lower === undefined && !spread) {
        this.entries.keep(key, entry, now)
        this.end(flight, served)
        return Effect.void
      }
      const below = this.entries.keepEverywhere(key, entry, now)
      const dependents = spread ? this.cache.spread(this.name, key, "hide") : nothing
      return Effect.andThen(
        Effect.catch(inOrder(dependents, below), (error) => this.entries.tierFailed("set", error)),
        Effect.sync(() => this.end(flight, served))
      )
    })
  }

  /** The load failed: serve what is stale where that is allowed, remember the failure, tell everyone who joined. */
  private fail(flight: Flight<V>, cause: Cause.Cause<unknown>, previous = flight.fallback): void {
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
          key: this.spec.render(key),
          millis: now - flight.startedAt,
          waiters: flight.joined
        })
      )
    }
    if (!flight.voided) this.remember(key, exit, flight.stamp, now)
    const usable = previous !== undefined && this.entries.judge(key, previous.stamp, previous.tags) !== "hidden" &&
      now < previous.freshUntil + Math.max(this.expiry.staleIfError, this.expiry.staleWhileRevalidate)
    this.end(
      flight,
      usable ? Exit.succeed({ value: previous.value, tier: "memory", entry: previous, stale: true }) : exit
    )
  }

  private remember(key: string, exit: Exit.Exit<never, unknown>, stamp: number, now: number): void {
    if (this.failures.size >= failuresMax) {
      for (const oldest of this.failures.keys()) {
        this.failures.delete(oldest)
        break
      }
    }
    const negativeUntil = now + this.expiry.negativeTimeToLive
    this.failures.set(key, { exit, stamp, negativeUntil, retryAt: now + this.expiry.retryAfterFailure })
  }

  end(flight: Flight<V>, exit: Exit.Exit<Served<V>, unknown>): void {
    if (this.flights.get(flight.key) === flight) this.flights.delete(flight.key)
    flight.end(exit)
  }

  supersede(key: string): void {
    const flight = this.flights.get(key)
    if (flight === undefined) return
    flight.voided = true
    this.flights.delete(key)
  }

  /** Whatever is being loaded is answered, and not stored. */
  voidAll(): void {
    for (const flight of this.flights.values()) flight.voided = true
  }

  isQueueFull(): boolean {
    return this.permits !== undefined && this.queued >= this.expiry.loadQueueMax
  }

  refreshBehind(key: string, cause: "ahead" | "stale", entry: Entry<V>, now: number): void {
    if (this.joinable(key) !== undefined || (this.failures.get(key)?.retryAt ?? 0) > now) return
    if (this.loader?.lookup === undefined || this.isQueueFull()) return
    this.start(key, cause, entry, true)
  }

  unowned(): CacheError {
    return new CacheError({ reason: new Unowned({ pattern: this.spec.pattern, family: this.name }) })
  }
  absent(key: string, why: "no lookup" | "skipped"): CacheError {
    return new CacheError({ reason: new Absent({ key: this.spec.render(key), family: this.name, why }) })
  }

  queueFull(key: string): CacheError {
    const reason = new LoadQueueFull({
      key: this.spec.render(key),
      family: this.name,
      queueMax: this.expiry.loadQueueMax
    })
    return new CacheError({ reason })
  }
}
