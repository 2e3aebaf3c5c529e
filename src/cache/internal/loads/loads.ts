/**
 * Starts and joins the loads of a family: at most one for each key and epoch, which all readers of the key join (law
 * 5).
 *
 * - A flight whose key was changed answers the readers who have joined it, and stores nothing (law 2). At most one such
 *   flight of a key runs beside the one that readers join. The next load waits until one of them has ended.
 * - A failure is remembered for a short time, and later readers get it.
 * - The fiber of a load belongs to the owner, never to a reader. The last reader to leave ends it (law 7).
 *
 * Not here: which loads run (`flights.ts`), the states of one load (`flight.ts`), its work (`lookups.ts`), and what
 * happens with its answer (`landing.ts`).
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { outside } from "../../../capability/shared/outside.ts"
import type { Entry } from "../../../store/Entry.ts"
import { Absent, CacheError, LoadTimeout, QueueFull, Unowned } from "../../CacheError.ts"
import type { Loader } from "../../shared/loader.ts"
import * as Pieces from "../../shared/pieces.ts"
import type { CacheContext } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import { fromMemory, type Served } from "../entries/served.ts"
import type * as Expiry from "../family/expiry.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { mayDiffer } from "./differs.ts"
import { Failures } from "./failures.ts"
import { type Asked, type AskedOf, Flight } from "./flight.ts"
import { Flights } from "./flights.ts"
import { Landing } from "./landing.ts"
import { CurrentLoad, currentWork, Load } from "./load.ts"
import { LoadQueue } from "./loadQueue.ts"
import { Lookups } from "./lookups.ts"
import { Offers } from "./offers.ts"
import { Patience } from "./patience.ts"
import { Renewals } from "./renewals.ts"
import * as Stack from "./stack.ts"
import { withoutFrames } from "./stackTraces.ts"
import { substituteOf } from "./substitutes.ts"
import { Turns } from "./turns.ts"
import { type AskedNext, Queued, type Waited, type Waiter, waitersMax, type WantsFresh } from "./waiters.ts"

/** A load of many keys that is being put together. Its flights expect their caller, as those of `startMany`. */
export interface OpenLoad<V> {
  readonly load: Load
  readonly add: (asked: AskedOf<V>) => Flight<V>
  readonly run: () => ReadonlyArray<Flight<V>>
}

export class Loads<V> {
  readonly failures: Failures<V>
  readonly turns: Turns
  /** The turns of patches, which wait for no update: a patch loads nothing. */
  readonly patchTurns: Turns
  readonly expiry: Expiry.Expiry
  loader: Loader<V> | undefined = undefined
  /** Whether an owner has left. */
  hasLeft = false
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  readonly name: string
  private readonly entries: Entries<V>
  readonly flights: Flights<V>
  readonly offers: Offers<V>
  readonly renewals: Renewals<V>
  private readonly lookups: Lookups<V>
  readonly landing: Landing<V>
  readonly loadQueue: LoadQueue
  /** By key, the readers who wait for the next load, which begins when a running one ends. */
  readonly next = new Map<string, Queued<V>>()
  /** Whether loads have no deadline until a second reader shares them. */
  readonly isPatient: boolean
  readonly patience: Patience
  /** Whether memory alone keeps the family, and each lookup may begin at once. */
  private readonly startsInPlace: boolean

  constructor(entries: Entries<V>) {
    this.entries = entries
    this.cache = entries.cache
    this.spec = entries.spec
    this.name = entries.name
    this.expiry = entries.expiry
    this.loadQueue = new LoadQueue(this.expiry)
    this.failures = new Failures(entries, (work) => this.fork(work))
    this.flights = new Flights(entries)
    this.renewals = new Renewals(entries, this)
    this.offers = new Offers(entries, this)
    this.lookups = new Lookups(entries, this)
    this.landing = new Landing(entries, this)
    this.turns = new Turns(this)
    this.patchTurns = new Turns(this, "patch")
    entries.unkept.fork = (work) => this.fork(work)
    this.isPatient = this.expiry.hardTimeout === undefined
    this.patience = new Patience(this)
    this.startsInPlace = entries.hot !== undefined && entries.lane === undefined && this.loadQueue.isOpen
  }

  now(): number {
    return this.cache.time.now()
  }

  show(key: string): string {
    return this.spec.show(key)
  }

  /** Whether a write of a key has nothing to tell them: no load runs or waits, no update runs, no failure is known. */
  get areIdle(): boolean {
    return this.flights.running.size === 0 && this.next.size === 0 && this.turns.areNone &&
      this.failures.isEmpty
  }

  /** Whether a change of a key changes its entry alone: no load, failure, lease, listener or transaction needs it. */
  get isShortWayOpen(): boolean {
    const { cache, entries } = this
    return this.areIdle && entries.isShortWayOpen && cache.leases.isEmpty
  }

  /** Starts a fiber of the engine's own, which belongs to no caller. */
  fork(work: Effect.Effect<void>): Fiber.Fiber<void> {
    return outside(() => this.forkFor(work))
  }

  /** Starts a fiber of the engine's own, for one load. */
  forkFor(work: Effect.Effect<void>): Fiber.Fiber<void> {
    return Effect.runForkWith(this.loader?.context ?? Context.empty())(work)
  }

  /**
   * Whether a new load of the key may begin: a reader can join none, none waits to begin, one more may run, and no
   * listener of changes runs.
   */
  mayStart(key: string): boolean {
    return !this.cache.changes.isTelling && this.flights.joinable(key) === undefined && !this.flights.isCrowded(key) &&
      !this.next.has(key)
  }

  /** Gets the early answer of a load, or waits for its end. The returned Effect leaves again. */
  join({ last: to }: Waited<V>, resume: Waiter<V>, wantsFresh: WantsFresh = false): Effect.Effect<void> | void {
    const now = this.now()
    const isEarly = wantsFresh === false && to.earlyAt(now) !== undefined
    return isEarly ? to.join(resume, now, wantsFresh) : this.wait(to, resume, now, wantsFresh)
  }

  /** Waits for a load. The returned Effect leaves again. A lookup or update that would wait for itself is refused. */
  wait({ last: to }: Waited<V>, resume: Waiter<V>, now: number, wantsFresh: WantsFresh): Effect.Effect<void> | void {
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
   * The load that a refresh waits for: a load that begins now, or the next one, which begins when the running one ends.
   * All callers who ask before it begins share it.
   */
  refresh(loader: Loader<V>, key: string): Waited<V> {
    if (this.flights.joinable(key) === undefined && !this.flights.isCrowded(key)) {
      return this.start(loader, key, { cause: "refresh" })
    }
    this.askedAnew(key)
    return this.queue(key, { isRefresh: true })
  }

  /** Queues the next load of a key for which no further lookup may run. */
  queue(key: string, asked: AskedNext<V>): Queued<V> {
    let queued = this.next.get(key)
    if (queued === undefined) {
      queued = new Queued(key, () => this.flights.loadsOf(key), (queued) => this.forget(queued))
      this.next.set(key, queued)
      for (const load of this.flights.loadsOf(key)) load.isAwaited = true
      if (this.isPatient) { for (const flight of this.flights.of(key)) this.patience.share(flight) }
    }
    queued.ask(asked)
    return queued
  }

  private forget(queued: Queued<V>): void {
    if (this.next.get(queued.key) === queued) this.next.delete(queued.key)
  }

  /** The end of an entry has moved. */
  moved(key: string, entry: Entry<V>): void {
    for (const flight of this.flights.of(key)) flight.moved(entry)
  }

  /** The refresh that waits or runs: its caller knows of a change of the source, which no caller has read yet. */
  refreshOf(key: string): Waited<V> | undefined {
    if (this.next.size === 0 && this.flights.areNone) return undefined
    const queued = this.next.get(key)
    if (queued?.isRefresh === true) return queued
    return this.flights.of(key).find(({ cause, isReplaced }) => cause === "refresh" && !isReplaced)
  }

  /** Whether a refresh of the key waits or runs, here or in a peer. */
  isRefreshing(key: string): boolean {
    return this.refreshOf(key) !== undefined || this.cache.isRefreshedElsewhere(this.name, key)
  }

  /** Begins the next load of a key as soon as it may run. */
  private advance(key: string): void {
    const queued = this.next.get(key)
    if (queued === undefined || this.flights.joinable(key) !== undefined || this.flights.isCrowded(key)) return
    const now = this.now()
    const held = queued.isRefresh ? undefined : this.entries.held(key)
    if (this.loader !== undefined && (held === undefined || !this.entries.isFresh(key, held, now))) {
      const fallback = substituteOf(this.entries, key, now)
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

  /**
   * Whether a load of a key that is not held may start in the step of its reader: nothing waits for the key or is known
   * of it, and nothing has to be done before its lookup.
   */
  mayStartInPlace(key: string): boolean {
    const { cache } = this
    return this.startsInPlace && this.loader?.lookup !== undefined && !cache.hasListeners && !cache.changes.isTelling &&
      this.next.size === 0 && this.flights.hasNone(key) &&
      (this.failures.isEmpty || this.failures.negative(key, this.now()) === undefined) && !Stack.isDeep()
  }

  /**
   * Starts the load of a key in the step of its reader. The function of the lookup is called in the reader's fiber,
   * with the Context of the load. If it returns at once, the load ends here, without a fiber of its own.
   */
  startInPlace(loader: Loader<V>, key: string, reader: Fiber.Fiber<unknown, unknown>): Flight<V> {
    const load = new Load(this.cache, this.spec, [key], loader)
    const flight = this.flightOf(load, key, { cause: "absent" }, undefined, this.cache.version)
    this.flights.beginHere(flight)
    const { context } = reader
    const running = reader as { context: Context.Context<never> }
    let left: Effect.Effect<void>
    Stack.enter()
    running.context = Context.add(loader.context, CurrentLoad, load)
    try {
      left = this.lookups.lookUp(flight)
    } catch (defect) {
      left = Exit.die(defect)
    } finally {
      running.context = context
      Stack.leave()
    }
    if (flight.hasEnded) return flight
    this.flights.goOnBeyond(flight)
    flight.expect()
    this.run(load, [flight], left)
    return flight
  }

  start(loader: Loader<V>, key: string, asked: Asked<V>): Flight<V> {
    const load = new Load(this.cache, this.spec, [key], loader)
    const flight = this.takeOff(load, key, asked)
    this.run(load, [flight], this.lookups.load(flight))
    return flight
  }

  /**
   * One fiber loads all keys, of which none occurs twice, whatever the cause of each is. Without a `lookupMany` there
   * is one key. Each flight expects its caller until it is joined, or over.
   */
  startMany(asked: ReadonlyArray<AskedOf<V>>, until?: number): ReadonlyArray<Flight<V>> {
    const { loader } = this
    if (loader === undefined || asked.length === 0) return []
    const load = new Load(this.cache, this.spec, asked.map(({ key }) => key), loader, until)
    const flights = asked.map((one) => this.takeOff(load, one.key, one))
    for (const flight of flights) flight.expect()
    this.run(
      load,
      flights,
      loader.lookupMany === undefined ? this.lookups.load(flights[0]!) : this.lookups.loadMany(flights)
    )
    return flights
  }

  /**
   * Opens a load of many keys that gets its keys one by one, and then runs; `undefined` without an owner that can load
   * many.
   */
  open(): OpenLoad<V> | undefined {
    const { loader } = this
    if (loader?.lookupMany === undefined) return undefined
    const load = new Load(this.cache, this.spec, [], loader)
    const flights: Array<Flight<V>> = []
    return {
      load,
      add: (asked) => {
        load.add(asked.key)
        const flight = this.takeOff(load, asked.key, asked)
        flight.expect()
        flights.push(flight)
        return flight
      },
      run: () => {
        if (flights.length > 0) this.run(load, flights, this.lookups.loadMany(flights))
        return flights
      }
    }
  }

  /** Registers the flight of a key. Its caller starts the fiber of the load. */
  takeOff(load: Load, key: string, asked: Asked<V>): Flight<V> {
    const queued = this.next.size === 0 ? undefined : this.next.get(key)
    const flight = this.flightOf(load, key, asked, queued)
    const running = this.flights.at(key)
    if (running !== undefined) {
      // The value of a closed flight is judged by its tags when it ends.
      if (!running.isClosed) running.overtake()
      this.flights.setAside(running)
    }
    if (flight.cause === "refresh") this.askedAnew(key)
    this.flights.enter(flight)
    if (queued !== undefined) {
      this.next.delete(key)
      load.isAwaited = true
      queued.moveTo(flight)
    }
    return flight
  }

  /** Makes the flight of a key, for which these readers may have waited. */
  private flightOf(
    load: Load,
    key: string,
    asked: Asked<V>,
    queued: Queued<V> | undefined,
    absentAt?: number
  ): Flight<V> {
    const { fallback, isBehind = false, isDetached, isQuiet, lookup, wantsFresh } = asked
    const cause = queued?.isRefresh === true ? "refresh" : asked.cause
    const brought = lookup ?? queued?.lookup
    if (brought !== undefined) load.isBrought = true
    this.entries.sweepHolds()
    return new Flight<V>({
      key,
      load,
      cause,
      fallback: fallback ?? (cause === "absent" && queued === undefined ? undefined : this.entries.held(key)),
      stamp: this.cache.stamp,
      absentAt,
      startedAt: this.now(),
      isDetached: isDetached === true || this.expiry.onAbandoned === "finish" || queued?.isDetached === true,
      isQuiet: isQuiet === true,
      isBehind,
      wantsFresh: wantsFresh === true,
      lookup: brought,
      onAbandoned: this.abandon
    })
  }

  /** Starts the fiber of a load: at once, or on an empty stack if the stack is deep. */
  run(load: Load, flights: ReadonlyArray<Flight<V>>, work: Effect.Effect<void>): void {
    // Resources that a lookup acquires are released when the lookup ends, and not with its owner's layer.
    const scope = Scope.makeUnsafe()
    const context = Context.add(Context.add(load.loader.context, Scope.Scope, scope), CurrentLoad, load)
    const fork = Effect.runForkWith(context)
    const { hardTimeout } = this.expiry
    const start = Stack.isDeep() ? Effect.andThen(Effect.yieldNow, work) : work
    Stack.enter()
    try {
      if (hardTimeout !== undefined) this.timeOutAll(load, flights, hardTimeout, fork)
      const fiber = fork(start)
      load.runBy(fiber)
      fiber.addObserver((exit) => {
        if (scope.state._tag === "Open") this.forkFor(Scope.close(scope, exit))
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
    this.end(flight, Exit.failCause(Cause.hasInterruptsOnly(cause) ? this.landing.interrupted(flight.key) : cause))
  }

  readonly abandon = (flight: Flight<V>): void => {
    this.end(flight, Exit.interrupt(), true)
  }

  /**
   * A loader has left (law 8). Its readers get the answer of the loader that is left, or an error: in this step, or
   * else by the Effect, if many loads run.
   */
  leave(loader: Loader<V>): Effect.Effect<void> {
    this.failures.clear()
    const flights = Array.from(this.flights.running).filter(({ load }) => load.loader === loader)
    for (const flight of flights) flight.overtake()
    const endOne = (flight: Flight<V>): void => {
      if (flight.hasEnded) return
      if (this.loader !== undefined && (!flight.isEmpty || flight.isExpected)) {
        const { brought, cause, isDetached, key } = flight
        flight.moveTo(this.queue(key, { isRefresh: cause === "refresh", isDetached, lookup: brought }))
      }
      this.end(flight, Exit.fail(this.unowned()), true)
    }
    if (Pieces.isLong(flights)) {
      const end = Pieces.each(flights.length, (at) => endOne(flights[at]!))
      return Effect.flatMap(end, () => {
        const waiting = Array.from(this.next.keys())
        return Pieces.each(waiting.length, (at) => this.advance(waiting[at]!))
      })
    }
    for (const flight of flights) endOne(flight)
    for (const key of Array.from(this.next.keys())) this.advance(key)
    return Exit.void
  }

  // --- deadlines --------------------------------------------------------------------------------

  /** Ends flights whose load takes too long. A long list of them has one timer. */
  private timeOutAll(
    load: Load,
    flights: ReadonlyArray<Flight<V>>,
    timeoutMillis: number,
    fork: (work: Effect.Effect<void>) => Fiber.Fiber<void>
  ): void {
    if (!Pieces.isLong(flights)) {
      for (const flight of flights) flight.endLateBy(fork(this.timeOut(flight, timeoutMillis)))
      return
    }
    const end = Pieces.each(flights.length, (at) => this.endLate(flights[at]!, timeoutMillis))
    const wait = (millis: number): Effect.Effect<void> =>
      Effect.timeoutOrElse(load.whenOver(), {
        duration: millis,
        orElse: () => this.whenLate(flights, timeoutMillis, wait, end)
      })
    fork(wait(timeoutMillis))
  }

  /** Ends a load whose time is over, or waits for the time that is left. */
  private whenLate(
    flights: ReadonlyArray<Flight<V>>,
    timeoutMillis: number,
    wait: (millis: number) => Effect.Effect<void>,
    end: Effect.Effect<void>
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      const now = this.now()
      const { load, startedAt } = flights[0]!
      if (!load.isInLine) {
        const left = load.timeLeft(timeoutMillis, startedAt, now)
        return left > 0 ? wait(left) : end
      }
      const left = load.leftInLine(timeoutMillis, this.loadQueue.turnsGiven, now)
      if (left === 0) return end
      const answer = Pieces.each(flights.length, (at) => this.offers.answerInLine(flights[at]!))
      return Effect.andThen(answer, wait(left))
    })
  }

  boundByLine(flights: Iterable<Flight<V>> = this.flights.running): void {
    if (!this.isPatient) return
    for (const flight of flights) if (flight.load.ticket?.isRunning === true) this.patience.share(flight)
  }

  endLate(flight: Flight<V>, timeoutMillis: number): void {
    // Its frames would be those of a timer.
    const error = withoutFrames(() =>
      new CacheError({ reason: new LoadTimeout({ key: this.spec.show(flight.key), timeoutMillis }) })
    )
    this.landing.fail(flight, Cause.fail(error), true)
  }

  timeOut(flight: Flight<V>, timeoutMillis: number): Effect.Effect<void> {
    const end = Effect.sync(() => this.endLate(flight, timeoutMillis))
    const wait = (millis: number): Effect.Effect<void> =>
      Effect.andThen(Effect.sleep(millis), this.whenLate([flight], timeoutMillis, wait, end))
    return wait(timeoutMillis)
  }

  /**
   * Ends a flight; readers who accept no stale value get `freshExit`. If it is cut short, its fiber is interrupted
   * before the next load begins.
   */
  end(flight: Flight<V>, exit: Exit.Exit<Served<V>, unknown>, isCut = false, freshExit = exit): void {
    const { key } = flight
    const { lane } = this.entries
    this.flights.remove(flight)
    if (this.flights.running.size === 0) this.patience.rest()
    // Its lookup may go on, where no interruption ends it: no other process waits for that.
    if (lane?.takesTurns === true) lane.endLoad(key)
    flight.end(exit, freshExit)
    if (isCut) flight.stop()
    if (this.next.size > 0) this.advance(key)
  }

  /** The key was changed: no load or update that began before may store its value (law 2). */
  overtake(key: string): void {
    const running = this.flights.at(key)
    if (running !== undefined) this.flights.setAside(running)
    for (const flight of this.flights.asideOf(key)) flight.replacedByWrite()
    this.entries.terms.overtake(key)
    this.overtakeUpdate(key)
  }

  /**
   * Another process has changed a key, or loaded another value of it. Unlike a change that is made here, it may be
   * older than what a load of the key brings.
   */
  overtakeElsewhere(key: string): void {
    const running = this.flights.at(key)
    if (running !== undefined) this.flights.setAside(running)
    for (const flight of this.flights.asideOf(key)) flight.overtake()
    this.entries.terms.overtake(key)
    this.overtakeUpdate(key)
  }

  /**
   * The data source has a value that these loads of a key have not seen; what is held of the key, if it is, was made
   * without it as well. An update that has read the key, or waits for such a load, makes its value of the same.
   */
  overtakeUnseen(key: string, behind: ReadonlyArray<Flight<V>>, isHeld: boolean): void {
    for (const flight of behind) {
      if (this.flights.at(key) === flight) this.flights.setAside(flight)
      flight.replacedByWrite()
    }
    if (isHeld || behind.length > 0) this.turns.overtake(key, behind.length > 0)
  }

  /**
   * Overtakes a running update, here and in peers, when a refresh is asked for: the update may not know the change of
   * the state of the data source that the caller of the refresh knows.
   */
  private askedAnew(key: string): void {
    this.cache.tell(this.name, { _tag: "Asked", key })
    this.overtakeUpdate(key)
  }

  /**
   * Another engine has loaded the key; without an entry, it has found no value. A load that runs here may have read the
   * source before that engine or after it, so no later reader joins it. `hear` overtakes the loads that have missed the
   * key.
   */
  meet(key: string, rival: Entry<V> | undefined): void {
    this.failures.forget(key)
    const running = this.flights.of(key)
    for (const flight of running) flight.meetRival(rival)
    const held = this.entries.held(key)
    if (rival === undefined) this.entries.terms.absent(key)
    else this.entries.terms.loaded(key, rival.tags, () => held === undefined || mayDiffer(held.value, rival.value))
    this.turns.overtake(key, running.length > 0)
  }

  overtakeUpdate(key: string): void {
    this.turns.overtake(key, true)
  }

  unowned(): CacheError {
    const { hasLeft, name: family, spec: { pattern } } = this
    return new CacheError({ reason: new Unowned({ pattern, family, hasLeft }) })
  }
  absent(key: string, why: Absent["why"]): CacheError {
    return withoutFrames(() =>
      new CacheError({ reason: new Absent({ key: this.spec.show(key), family: this.name, why }) })
    )
  }
  queueFull(key: string, queueMax: number): CacheError {
    return new CacheError({ reason: new QueueFull({ key: this.spec.show(key), family: this.name, queueMax }) })
  }
}
