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
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope_ from "effect/Scope"
import type { Entry } from "../../store/Entry.ts"
import { Absent, CacheError, LoadQueueFull, LoadTimeout, LookupInterrupted, Unowned } from "../CacheError.ts"
import { CacheEvent } from "../CacheEvent.ts"
import * as Expiry from "../Expiry.ts"
import type { FamilySpec, Loader } from "../FamilySpec.ts"
import * as Lookup from "../Lookup.ts"
import { type Below, both, nothing } from "./below.ts"
import { mayDiffer } from "./differs.ts"
import type { Engine } from "./engine.ts"
import { type Entries, fromMemory } from "./entries.ts"
import { Failures, isShed, miscounted } from "./failures.ts"
import { type Asked, Flight } from "./flight.ts"
import { isJudged, type Judged, memory, noOptions, noTags, renewed } from "./judgement.ts"
import { CurrentLoad, currentWork, Load } from "./load.ts"
import { LoadQueue } from "./loadQueue.ts"
import { LowerTier } from "./lowerTier.ts"
import { Patience } from "./patience.ts"
import type { Served } from "./served.ts"
import * as Stack from "./stack.ts"
import { Turns } from "./turns.ts"
import { type AskedNext, Queued, type Waited, type Waiter, waitersMax } from "./waiters.ts"

// Lookups of one key that run at a time: one that was overtaken and still has to answer those who joined it, and one
// whose value will hold.
export const lookupsPerKeyMax = 2

// 1 for an answer without a value.
const failsOf = (answer: unknown): number =>
  !Lookup.isAnswer(answer)
    ? 0
    : Lookup.match(answer, { Loaded: () => 0, NotModified: () => 0, Skip: () => 1, Failed: () => 1 })

export class Loads<V> {
  /** The loads that a reader may join. */
  readonly flights = new Map<string, Flight<V>>()
  /** These, and those that were overtaken and still have to answer the readers who had joined them. */
  readonly running = new Set<Flight<V>>()
  readonly failures: Failures<V>
  readonly turns: Turns
  readonly expiry: Expiry.Expiry
  loader: Loader<V> | undefined = undefined
  private readonly cache: Engine
  private readonly spec: FamilySpec<V>
  readonly name: string
  private readonly entries: Entries<V>
  private readonly lower: LowerTier<V>
  readonly lookups: LoadQueue
  /** Those that run and that no reader joins any more, since a later one runs or the key has changed, by key. */
  readonly overtaken = new Map<string, Set<Flight<V>>>()
  /** The next load of a key, where it has to wait for one that runs. */
  readonly next = new Map<string, Queued<V>>()
  /** Loads have no deadline until others share them. */
  private readonly isPatient: boolean
  readonly patience: Patience

  constructor(entries: Entries<V>) {
    this.entries = entries
    this.cache = entries.cache
    this.spec = entries.spec
    this.name = entries.name
    this.expiry = entries.expiry
    this.lookups = new LoadQueue(this.expiry)
    this.failures = new Failures(entries, (work) => this.fork(work))
    this.lower = new LowerTier(entries, this)
    this.turns = new Turns(this)
    this.isPatient = this.expiry.hardTimeout === undefined
    this.patience = new Patience(this)
  }

  now(): number {
    return this.cache.time.now()
  }

  show(key: string): string {
    return this.spec.show(key)
  }

  /** Starts a fiber of the engine's own. */
  fork(work: Effect.Effect<void>): Fiber.Fiber<void> {
    return Effect.runForkWith(this.loader?.context ?? Context.empty())(work)
  }

  /** Renews a fresh entry behind its reader, if that is due. */
  refreshAhead(key: string, entry: Entry<V>, now: number): void {
    if (Expiry.isRefreshDue(this.expiry, now, entry, this.cache.random.nextDoubleUnsafe())) {
      this.refreshBehind(key, "ahead", entry, now)
    }
  }

  refreshBehind(key: string, cause: "ahead" | "stale", entry: Entry<V>, now: number): void {
    if (!this.mayStart(key) || this.failures.isBackingOff(key, now)) return
    if (this.loader?.lookup === undefined || this.lookups.isFull) return
    const flight = this.start(this.loader, key, { cause, fallback: entry, isDetached: true })
    // Readers are served the stale value in the meantime: a renewal that hangs would keep them so.
    if (!this.isPatient || flight.hasEnded) return
    flight.renewBehind()
    this.patience.share(flight)
  }

  joinable(key: string): Flight<V> | undefined {
    const flight = this.flights.get(key)
    return flight !== undefined && flight.rival === undefined && this.isOpen(flight) && this.rests(flight)
      ? flight
      : undefined
  }

  /** Nothing that it has read has ended: who comes now may get what it makes. */
  private rests({ key, load }: Flight<V>): boolean {
    return load.restsUntil === Infinity || this.now() < load.joinableUntil(key)
  }

  /** It was not overtaken, and no tag was invalidated meanwhile: what it brings may be kept, whatever its tags. */
  isOpen({ isCurrent, key, stamp }: Flight<V>): boolean {
    return isCurrent && this.entries.judge(key, stamp, noTags) === "valid"
  }

  /** No load of the key runs that a reader may join, none waits to begin, and one more may run. */
  mayStart(key: string): boolean {
    return this.joinable(key) === undefined && !this.isCrowded(key) && !this.next.has(key)
  }

  /** As many lookups of the key run as may. */
  isCrowded(key: string): boolean {
    return this.overtaken.size > 0 &&
      (this.overtaken.get(key)?.size ?? 0) + (this.flights.has(key) ? 1 : 0) >= lookupsPerKeyMax
  }

  /** Takes what a load answers early, or waits for its end: what it returns leaves again. */
  join(to: Waited<V>, resume: Waiter<V>, wantsFresh = false): Effect.Effect<void> | void {
    const now = this.now()
    const isEarly = !wantsFresh && to.earlyAt(now) !== undefined
    return isEarly ? to.join(resume, now, wantsFresh) : this.wait(to, resume, now, wantsFresh)
  }

  /**
   * Waits for a load: what it returns leaves again. A lookup or an update that the load waits for itself is refused.
   */
  wait(to: Waited<V>, resume: Waiter<V>, now: number, wantsFresh: boolean): Effect.Effect<void> | void {
    const work = currentWork()
    const refusal = to.isFull ? this.queueFull(to.key, waitersMax) : work?.circularWait(to.subject, this.show(to.key))
    if (refusal !== undefined) {
      if (to instanceof Queued) to.abandonIfAlone()
      return resume(Exit.fail(refusal))
    }
    if (this.isPatient && to.isNewlyShared) {
      to.meetReader()
      this.patience.share(to)
    }
    if (work === undefined) return to.join(resume, now, wantsFresh)
    const { subject } = to
    work.waitFor(subject)
    const goOn: Waiter<V> = (exit) => {
      work.goOn(subject)
      resume(exit)
    }
    goOn.work = work
    const leave = to.join(goOn, now, wantsFresh)
    return leave && Effect.ensuring(leave, Effect.sync(() => work.goOn(subject)))
  }

  /**
   * The load that a refresh waits for: one that begins now; or the next one, which begins when the one that runs ends.
   * All who ask until it begins share it.
   */
  refresh(loader: Loader<V>, key: string): Waited<V> {
    if (this.joinable(key) === undefined && !this.isCrowded(key)) {
      return this.start(loader, key, { cause: "refresh" })
    }
    this.askedAnew(key)
    return this.queue(key, { isRefresh: true })
  }

  /** The next load of a key, of which as many run as may. */
  queue(key: string, asked: AskedNext): Queued<V> {
    let queued = this.next.get(key)
    if (queued === undefined) {
      queued = new Queued(key, () => this.loadsOf(key), (queued) => this.forget(queued))
      this.next.set(key, queued)
      for (const load of this.loadsOf(key)) load.isAwaited = true
      if (this.isPatient) { for (const flight of this.flightsOf(key)) this.patience.share(flight) }
    }
    queued.ask(asked)
    return queued
  }

  private forget(queued: Queued<V>): void {
    if (this.next.get(queued.key) === queued) this.next.delete(queued.key)
  }

  private flightsOf(key: string): ReadonlyArray<Flight<V>> {
    const current = this.flights.get(key)
    return [...this.asideOf(key), ...current === undefined ? [] : [current]]
  }

  private asideOf(key: string): Iterable<Flight<V>> {
    return this.overtaken.size === 0 ? [] : this.overtaken.get(key) ?? []
  }

  loadsOf(key: string): ReadonlyArray<Load> {
    return this.flightsOf(key).map(({ load }) => load)
  }

  /** Begins the next load of a key, once it may. */
  private advance(key: string): void {
    const queued = this.next.get(key)
    if (queued === undefined || this.joinable(key) !== undefined || this.isCrowded(key)) return
    const now = this.now()
    const held = queued.isRefresh ? undefined : this.entries.held(key)
    if (this.loader !== undefined && (held === undefined || !this.entries.isFresh(key, held, now))) {
      const fallback = this.substituteOf(key, now)
      this.start(this.loader, key, { cause: fallback === undefined ? "absent" : "stale", fallback })
      return
    }
    this.next.delete(key)
    queued.end(
      this.loader === undefined || held === undefined
        ? Exit.fail(this.unowned())
        : Exit.succeed(fromMemory(held, false))
    )
  }

  start(loader: Loader<V>, key: string, asked: Asked<V>): Flight<V> {
    const load = new Load(this.cache, this.spec, [key], loader)
    const flight = this.takeOff(load, key, asked)
    this.run(load, [flight], this.load(flight))
    return flight
  }

  /** One fiber loads all keys. The caller who asked for them holds each flight until they are joined. */
  startMany(keys: ReadonlyArray<string>): ReadonlyArray<Flight<V>> {
    const { loader } = this
    if (loader === undefined) return []
    const distinct = [...new Set(keys)]
    const load = new Load(this.cache, this.spec, distinct, loader)
    const flights = distinct.map((key) => this.takeOff(load, key, { cause: "absent" }))
    for (const flight of flights) flight.hold()
    if (flights.length > 0) this.run(load, flights, this.loadMany(flights))
    return flights
  }

  /** Registers the flight of a key. Its caller starts the fiber of the load. */
  takeOff(load: Load, key: string, { cause: asked, fallback, isDetached, isQuiet, wantsFresh }: Asked<V>): Flight<V> {
    const queued = this.next.size === 0 ? undefined : this.next.get(key)
    const cause = queued?.isRefresh === true ? "refresh" : asked
    this.entries.sweepHolds()
    const now = this.now()
    const flight = new Flight<V>({
      key,
      load,
      cause,
      fallback: queued === undefined ? fallback : fallback ?? this.substituteOf(key, now),
      stamp: this.cache.stamp,
      startedAt: now,
      isDetached: isDetached === true || this.expiry.onAbandoned === "finish" || queued?.isDetached === true,
      isQuiet: isQuiet === true,
      wantsFresh: wantsFresh === true,
      onAbandoned: this.abandon
    })
    const running = this.flights.size === 0 ? undefined : this.flights.get(key)
    if (running !== undefined) {
      // The value of a closed one is judged by its tags when it ends.
      if (!running.isClosed) running.supersede()
      this.setAside(running)
    }
    if (cause === "refresh") this.askedAnew(key)
    this.running.add(flight)
    this.flights.set(key, flight)
    if (queued !== undefined) {
      this.next.delete(key)
      load.isAwaited = true
      queued.moveTo(flight)
    }
    return flight
  }

  /** Starts the fiber of a load: at once, or on an empty stack where the stack is deep. */
  run(load: Load, flights: ReadonlyArray<Flight<V>>, work: Effect.Effect<void>): void {
    // What a lookup acquires is released when it ends, and not with its owner's layer.
    const scope = Scope_.makeUnsafe()
    const context = Context.add(Context.add(load.loader.context, Scope_.Scope, scope), CurrentLoad, load)
    const fork = Effect.runForkWith(context)
    const { hardTimeout } = this.expiry
    const start = Stack.isDeep() ? Effect.andThen(Effect.yieldNow, work) : work
    Stack.enter()
    try {
      if (hardTimeout !== undefined) {
        for (const flight of flights) flight.endLateBy(fork(this.timeOut(flight, hardTimeout)))
      }
      const fiber = fork(start)
      load.fiber = fiber
      fiber.addObserver((exit) => {
        if (scope.state._tag === "Open") this.fork(Scope_.close(scope, exit))
        if (exit._tag === "Failure") { for (const flight of flights) this.lose(flight, exit.cause) }
      })
    } catch (cause) {
      // The stack may have ended in the caller, or a service of the owner's Context threw.
      for (const flight of flights) this.lose(flight, Cause.die(cause))
    } finally {
      Stack.leave()
    }
  }

  /** Ends a flight whose fiber ended before it did. */
  private lose(flight: Flight<V>, cause: Cause.Cause<unknown>): void {
    if (flight.hasEnded) return
    this.end(flight, Exit.failCause(Cause.hasInterruptsOnly(cause) ? this.interrupted(flight.key) : cause))
  }

  readonly abandon = (flight: Flight<V>): void => {
    this.end(flight, Exit.interrupt(), true)
  }

  /** A loader is gone: those who wait for what it loads get the answer of the one that is left, or an error. */
  leave(loader: Loader<V>): void {
    this.failures.clear()
    for (const flight of Array.from(this.running)) {
      if (flight.load.loader !== loader) continue
      flight.supersede()
      if (this.loader !== undefined && !flight.isEmpty) {
        const { cause, isDetached, key } = flight
        flight.moveTo(this.queue(key, { isRefresh: cause === "refresh", isDetached }))
      }
      this.end(flight, Exit.fail(this.unowned()), true)
    }
    for (const key of Array.from(this.next.keys())) this.advance(key)
  }

  // --- deadlines --------------------------------------------------------------------------------

  endLate(flight: Flight<V>, timeoutMillis: number): void {
    const timeout = new LoadTimeout({ key: this.spec.show(flight.key), timeoutMillis })
    this.fail(flight, Cause.fail(new CacheError({ reason: timeout })), flight.substitute, true)
  }

  timeOut(flight: Flight<V>, timeoutMillis: number): Effect.Effect<void> {
    return Effect.andThen(
      Effect.sleep(timeoutMillis),
      Effect.sync(() => this.endLate(flight, timeoutMillis))
    )
  }

  readonly load = Effect.fnUntraced(function*(this: Loads<V>, flight: Flight<V>) {
    const { key } = flight
    let previous = flight.fallback
    if (this.entries.lower !== undefined && flight.cause === "absent") {
      previous = this.lower.take(flight, yield* this.entries.fromBelow(key))
      if (flight.hasEnded) return
    } else if (this.entries.lower !== undefined && flight.cause === "refresh") {
      if (this.entries.hot?.peek(key) === undefined) flight.replaces(yield* this.entries.heldBelow(key))
    }
    // Its own loader, also where the family was delegated meanwhile: the load runs in the Context of that owner.
    const { lookup }: Loader<V> = flight.load.loader
    if (lookup === undefined) return this.end(flight, Exit.fail(this.absent(key, "no lookup")))
    // `start` runs the load in the owner's context, which has all that the lookup needs.
    const work = Effect.suspend(() =>
      lookup(key, this.contextOf(flight, previous)) as Effect.Effect<V | Lookup.Answer<V>, unknown>
    )
    const exit = yield* Effect.exit(this.inTurn(flight, work))
    if (flight.hasEnded) return
    if (exit._tag === "Failure") return this.fail(flight, exit.cause, previous)
    yield* this.land(flight, exit.value, previous)
  })

  readonly loadMany = Effect.fnUntraced(function*(this: Loads<V>, flights: ReadonlyArray<Flight<V>>) {
    const before = new Map<Flight<V>, Entry<V> | undefined>()
    if (this.entries.lower !== undefined && flights[0]!.cause === "absent") {
      const found = yield* this.entries.manyFromBelow(flights.map(({ key }) => key))
      flights.forEach((flight, i) => before.set(flight, this.lower.take(flight, found[i])))
    }
    const open = flights.filter(({ hasEnded }) => !hasEnded)
    const { lookupMany }: Loader<V> = flights[0]!.load.loader
    if (open.length === 0 || lookupMany === undefined) return
    const contexts = open.map((flight) => this.contextOf(flight, before.get(flight)))
    // `startMany` runs the load in the owner's context, which has all that the lookup needs.
    const work = Effect.suspend(() =>
      lookupMany(open.map(({ key }) => key), contexts) as Effect.Effect<ReadonlyArray<V | Lookup.Answer<V>>, unknown>
    )
    const exit = yield* Effect.exit(this.inTurn(open[0]!, work))
    // A cast may bring anything.
    const answers = exit._tag === "Success" && Array.isArray(exit.value) ? exit.value : []
    const cause = exit._tag === "Failure" ? exit.cause : miscounted(this.name, open.length, answers.length)
    if (answers.length !== open.length) {
      for (const flight of open) this.fail(flight, cause, before.get(flight))
      return
    }
    // Readers of all keys leave with the first one that fails: values come first, and are kept without a reader.
    for (const flight of open) flight.detach()
    const landing = open.map((flight, i) => ({ flight, answer: answers[i]! }))
    for (const { answer, flight } of landing.toSorted((a, b) => failsOf(a.answer) - failsOf(b.answer))) {
      if (!flight.hasEnded) yield* this.land(flight, answer, before.get(flight))
    }
  })

  private inTurn<A, E>({ isQuiet, key }: Flight<V>, work: Effect.Effect<A, E>): Effect.Effect<A, E | CacheError> {
    return this.lookups.inTurn(isQuiet, work, (waitingMax) => this.queueFull(key, waitingMax))
  }

  contextOf(flight: Flight<V>, previous: Entry<V> | undefined): Lookup.LookupContext<V> {
    const entry = previous ?? this.entries.hot?.peek(flight.key) ?? flight.before
    flight.give(entry)
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
    if (!Lookup.isAnswer(answer)) return this.fill(flight, answer, noOptions, previous)
    const before = flight.given
    return Lookup.match(answer as Lookup.Answer<V>, {
      Loaded: (loaded) => this.fill(flight, loaded.value, loaded.options, previous),
      NotModified: ({ options }) =>
        before === undefined
          ? this.skip(flight, previous)
          : this.fill(flight, before.value, renewed(before, options), previous),
      Skip: () => this.skip(flight, previous),
      Failed: ({ error }) => Effect.sync(() => this.fail(flight, Cause.fail(error), previous))
    })
  }

  skip(flight: Flight<V>, previous: Entry<V> | undefined): Effect.Effect<void> {
    return Effect.sync(() => {
      this.precede(flight)
      this.endWith(flight, previous, this.cache.time.now(), () => Exit.fail(this.absent(flight.key, "skipped")))
    })
  }

  /** Stores what a lookup brought, unless the flight was overtaken, and ends the flight; fails it if it is refused. */
  fill(
    flight: Flight<V>,
    value: V,
    options: Lookup.LoadedOptions,
    previous: Entry<V> | undefined
  ): Effect.Effect<void> {
    const judging = this.entries.judgement.judgeLoaded(flight.key, value, options)
    return isJudged(judging) ? this.store(flight, judging) : Effect.matchCauseEffect(judging, {
      onFailure: (cause) => Effect.sync(() => this.fail(flight, cause, previous)),
      onSuccess: (judged) => this.store(flight, judged)
    })
  }

  private store(flight: Flight<V>, judged: Judged<V>): Effect.Effect<void> {
    return this.cache.inRoom(() => {
      if (!flight.hasEnded) this.end(flight, Exit.succeed(this.fillUnsafe(flight, judged)))
      return Effect.void
    })
  }

  private fillUnsafe(flight: Flight<V>, judged: Judged<V>): Served<V> {
    const { key } = flight
    const { tags, value } = judged
    const now = this.cache.time.now()
    this.entries.counts.loads++
    this.entries.note("Loaded", key, flight.stamp, undefined, undefined, flight.load.sourcesOf(key))
    this.failures.forget(key)
    this.precede(flight)
    if (this.cache.hasListeners) {
      this.cache.emit(
        CacheEvent.Load({
          family: this.name,
          key: this.spec.show(key),
          millis: now - flight.startedAt,
          waiters: flight.joined
        })
      )
    }
    const turn = this.turns.byKey.get(key)
    if (turn?.reading === false) turn.overtaken = true
    const { rival } = flight
    if (rival !== undefined && mayDiffer(rival.value, value)) return this.yieldTo(flight, judged)
    const before = this.entries.held(key) ?? rival ?? flight.fallback ?? flight.before
    const isChanged = () => before === undefined ? flight.cause === "refresh" : mayDiffer(before.value, value)
    // Asked only where something follows from it; before the marks are, since a class may have an equality of its own.
    const isSource = !this.spec.plan.isEmpty
    const changed = isSource && isChanged()
    const { readRefused, readStale } = flight.load
    const isClosed = this.entries.isClosed(key, tags, flight.startedAt)
    // What it may have been made from had tags, too.
    const { given } = flight
    const isOutOfDate = flight.isSuperseded || this.entries.judge(key, flight.stamp, tags) !== "valid" ||
      given !== undefined && this.entries.judge(key, flight.stamp, given.tags) !== "valid"
    if (isOutOfDate) flight.supersede()
    if (isOutOfDate || readRefused || isClosed) {
      this.refuse(flight)
      if (changed || !isSource && isChanged()) this.disprove(flight)
    } else if (!readStale) {
      const missedAt = this.entries.sources?.missedAt(key)
      let below = nothing
      if (changed) below = this.spreadChange(key)
      // What it replaces is gone, or never was, so nothing can tell whether it has changed.
      else if (missedAt !== undefined) this.cache.spread.ofUnseen(this.name, key, missedAt)
      else if (isSource && before === undefined) this.spreadUnknown(key, now)
      const own = this.entries.entryOf(judged, flight.stamp, now, now - flight.startedAt)
      const entry = Expiry.endBy(this.expiry, own, flight.load.freshUntilMax(key))
      for (const older of this.before(flight)) older.replacedByLoad()
      // No reader waits for the tiers below: until they have it, the outbox answers in their place. A refresh waits.
      below = both(below, this.entries.keepLoaded(key, entry, now, judged.weight, before === undefined))
      return { value, tier: "lookup", entry, stale: false, below }
    }
    return { value, tier: "lookup", entry: undefined, tags, stale: readStale }
  }

  private refuse({ key, stamp }: Flight<V>): void {
    this.entries.counts.refused++
    this.entries.note("Refused", key, stamp)
    if (this.cache.hasListeners) this.cache.emit(CacheEvent.Refused({ family: this.name, key: this.spec.show(key) }))
  }

  /** Two engines have loaded two values, and nothing tells which is newer: none is kept, nor what was made from it. */
  private yieldTo(flight: Flight<V>, { tags, value }: Judged<V>): Served<V> {
    this.refuse(flight)
    this.spreadChange(flight.key)
    this.overtake(flight.key)
    this.entries.forget(flight.key)
    return { value, tier: "lookup", entry: undefined, tags, stale: flight.load.readStale }
  }

  /** What a refused load brought may be out of date, but shows that all that is older than the load is so, too. */
  private disprove({ isReplaced, key }: Flight<V>): void {
    this.spreadChange(key)
    if (!isReplaced) this.entries.forget(key)
  }

  /** A load that brings another value is a write to those who depend on it, with a stamp of its own. */
  private spreadChange(key: string): Below {
    this.cache.nextStamp()
    return this.cache.spread.ofKey(this.name, key, "hide")
  }

  /** A load of which nothing tells whether its value is the one before, or whether there was one. */
  private spreadUnknown(key: string, now: number): void {
    if (this.entries.isGoneUnseen(key, now)) this.cache.spread.ofUnseen(this.name, key, Infinity)
    else this.cache.spread.ofBefore(this.name, key)
  }

  /** The load failed: serve what is stale where that is allowed, remember the failure, tell everyone who joined. */
  fail(flight: Flight<V>, cause: Cause.Cause<unknown>, previous = flight.substitute, isCut = false): void {
    if (flight.hasEnded) return
    const { key } = flight
    // Only an interruption by the lookup itself comes here: the engine ends a flight before it interrupts its fiber.
    if (Cause.hasInterruptsOnly(cause)) cause = this.interrupted(key)
    const exit = Exit.failCause(cause)
    const now = this.cache.time.now()
    this.precede(flight)
    this.entries.counts.loadFailures++
    if (this.cache.hasListeners) {
      this.cache.emit(
        CacheEvent.LoadFailed({
          family: this.name,
          key: this.spec.show(key),
          millis: now - flight.startedAt,
          waiters: flight.joined
        })
      )
    }
    if (!flight.isSuperseded && !isShed(cause)) this.failures.remember(key, exit, flight.stamp, now, previous)
    this.endWith(flight, previous, now, () => exit, isCut)
  }

  /** Ends a flight that brings no value: with the stale entry where it may be served, else with what came of it. */
  endWith(
    flight: Flight<V>,
    previous: Entry<V> | undefined,
    now: number,
    otherwise: () => Exit.Exit<never, unknown>,
    isCut = false
  ): void {
    const failed = otherwise()
    if (previous === undefined || flight.isBarred || !this.maySubstitute(flight.key, previous, now)) {
      return this.end(flight, failed, isCut)
    }
    const stale = Exit.succeed({ ...fromMemory(previous, true), tier: flight.tierBefore ?? memory })
    this.end(flight, stale, isCut, failed)
  }

  /** Whether an entry, fresh or stale, may be served in place of a failure. */
  maySubstitute(key: string, entry: Entry<V>, now: number): boolean {
    const verdict = this.entries.judge(key, entry.stamp, entry.tags)
    const freshUntil = this.entries.freshUntil(key, entry, now)
    return verdict !== "hidden" &&
      now < freshUntil + Expiry.staleMillisMax(this.expiry)
  }

  /** What is held of a key, is stale, and may be served should the load that begins now fail. */
  private substituteOf(key: string, now: number): Entry<V> | undefined {
    const held = this.entries.held(key)
    const isStale = held !== undefined && !this.entries.isFresh(key, held, now)
    return isStale && this.maySubstitute(key, held, now) ? held : undefined
  }

  /**
   * Ends a flight, for those who take nothing stale with `freshExit`; one that is cut short still has a fiber, which is
   * interrupted before the next load begins.
   */
  end(flight: Flight<V>, exit: Exit.Exit<Served<V>, unknown>, isCut = false, freshExit = exit): void {
    const { key } = flight
    if (this.flights.get(key) === flight) this.flights.delete(key)
    else if (this.overtaken.size > 0) {
      const others = this.overtaken.get(key)
      others?.delete(flight)
      if (others?.size === 0) this.overtaken.delete(key)
    }
    this.running.delete(flight)
    if (this.running.size === 0) this.patience.rest()
    flight.end(exit, freshExit)
    if (isCut) flight.stop()
    if (this.next.size > 0) this.advance(key)
  }

  /** The key has another value now: what is being loaded or computed from the one before is not to be stored. */
  overtake(key: string): void {
    const running = this.flights.size === 0 ? undefined : this.flights.get(key)
    if (running !== undefined) this.setAside(running)
    for (const flight of this.asideOf(key)) flight.replacedByWrite()
    this.overtakeUpdate(key)
  }

  /** A caller who refreshes knows of a change of the source that an update may not have seen, here or there. */
  private askedAnew(key: string): void {
    this.cache.tell(this.name, { _tag: "Asked", key })
    this.overtakeUpdate(key)
  }

  /**
   * Another engine has loaded the key. A load that runs here may have read the source before that one or after it, so
   * no later reader joins it. What waits for it was told that the key was missing, and is overtaken by `hear`.
   */
  meet(key: string, rival: Entry<V>): void {
    this.failures.forget(key)
    const flight = this.flights.get(key)
    for (const one of this.flightsOf(key)) one.meetRival(rival)
    const turn = this.turns.byKey.get(key)
    if (turn !== undefined && (flight !== undefined || !turn.reading)) turn.overtaken = true
  }

  overtakeUpdate(key: string): void {
    if (this.turns.byKey.size === 0) return
    const turn = this.turns.byKey.get(key)
    if (turn !== undefined) turn.overtaken = true
  }

  /**
   * A tag was invalidated. Which tags a load brings is known when it ends: then its value is judged by them. Until then
   * no further reader joins it.
   */
  closeAll(): void {
    for (const flight of this.running) flight.close()
  }

  /** The loads of a key that began before this one. */
  private before(flight: Flight<V>): ReadonlyArray<Flight<V>> {
    const all = Array.from(this.asideOf(flight.key))
    const at = all.indexOf(flight)
    return at < 0 ? all : all.slice(0, at)
  }

  /** A load has an answer: what those that began before it bring is older. */
  private precede(flight: Flight<V>): void {
    if (this.overtaken.size === 0) return
    for (const older of this.before(flight)) older.outrun()
  }

  /** No reader joins the flight any more, but it still has to answer the readers who have joined it. */
  private setAside(flight: Flight<V>): void {
    const { key } = flight
    this.flights.delete(key)
    const others = this.overtaken.get(key)
    if (others === undefined) this.overtaken.set(key, new Set([flight]))
    else others.add(flight)
  }

  unowned(): CacheError {
    return new CacheError({ reason: new Unowned({ pattern: this.spec.pattern, family: this.name }) })
  }
  private interrupted(key: string): Cause.Cause<CacheError> {
    return Cause.fail(new CacheError({ reason: new LookupInterrupted({ key: this.spec.show(key) }) }))
  }
  absent(key: string, why: "no lookup" | "skipped"): CacheError {
    return new CacheError({ reason: new Absent({ key: this.spec.show(key), family: this.name, why }) })
  }
  queueFull(key: string, queueMax: number): CacheError {
    return new CacheError({ reason: new LoadQueueFull({ key: this.spec.show(key), family: this.name, queueMax }) })
  }
}
