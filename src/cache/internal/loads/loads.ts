/**
 * Starts and joins the loads of a family: at most one for each key and epoch, which all readers of the key join (law
 * 5).
 *
 * - A flight whose key was changed answers the readers who have joined it, and stores nothing (law 2). At most one such
 *   flight of a key runs beside the one that readers join. The next load waits until one of them has ended.
 * - A failure is remembered for a short time, and answers later readers.
 * - The fiber of a load belongs to the owner, never to a reader. The last reader to leave ends it (law 7).
 *
 * Not here: the states of one load (`flight.ts`), and what happens with its answer (`landing.ts`).
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope_ from "effect/Scope"
import { outside } from "../../../capability/shared/outside.ts"
import type { Entry } from "../../../store/Entry.ts"
import { madeAtMillis } from "../../../store/shared/entryTimes.ts"
import { Absent, CacheError, LoadQueueFull, LoadTimeout, Unowned } from "../../CacheError.ts"
import * as Lookup from "../../Lookup.ts"
import * as Defects from "../../shared/defects.ts"
import type { EngineFamilySpec, KeyLookup, Loader } from "../../shared/familySpec.ts"
import { foundOf } from "../below/knowing.ts"
import type { CacheContext } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import { fromMemory, type Served } from "../entries/served.ts"
import * as Expiry from "../family/expiry.ts"
import { noTags } from "../family/judgement.ts"
import { mayDiffer } from "./differs.ts"
import { Failures, miscounted } from "./failures.ts"
import { type Asked, type AskedOf, Flight, type Renewal, renewalOf } from "./flight.ts"
import { Landing } from "./landing.ts"
import { CurrentLoad, currentWork, Load } from "./load.ts"
import { LoadQueue } from "./loadQueue.ts"
import { Offers } from "./offers.ts"
import { Patience } from "./patience.ts"
import * as Stack from "./stack.ts"
import { Turns } from "./turns.ts"
import { type AskedNext, Queued, type Waited, type Waiter, waitersMax, type WantsFresh } from "./waiters.ts"

// The most lookups of one key at a time: one that was overtaken and still has to answer the readers who joined it, and
// one whose value may be stored.
export const lookupsPerKeyMax = 2

// 1 for an answer without a value.
const failsOf = (answer: unknown): number =>
  !Lookup.isAnswer(answer)
    ? 0
    : Lookup.match(answer, { Loaded: () => 0, NotModified: () => 0, Absent: () => 1, Failed: () => 1 })

/** Calls a function now. What it throws is a defect, as in an Effect. */
export const atOnce = <A, E>(run: () => Effect.Effect<A, E>): Effect.Effect<A, E> => {
  try {
    return run()
  } catch (defect) {
    return Exit.die(defect)
  }
}

export class Loads<V> {
  private readonly joinables = new Map<string, Flight<V>>()
  private readonly all = new Set<Flight<V>>()
  /**
   * The load whose lookup is being called in the turn of its reader. It is entered in `flights` and `running` only if
   * some other step asks for them meanwhile: most lookups answer before any can.
   */
  private here: Flight<V> | undefined = undefined
  readonly failures: Failures<V>
  readonly turns: Turns
  readonly expiry: Expiry.Expiry
  loader: Loader<V> | undefined = undefined
  /** Whether an owner has left. */
  hasLeft = false
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  readonly name: string
  private readonly entries: Entries<V>
  readonly offers: Offers<V>
  private readonly landing: Landing<V>
  readonly loadQueue: LoadQueue
  /** By key, the loads that no reader joins any more, because the key has changed or a later load runs. */
  readonly overtaken = new Map<string, Set<Flight<V>>>()
  /** By key, the readers who wait for the next load, which begins when a running one ends. */
  readonly next = new Map<string, Queued<V>>()
  /** Whether loads have no deadline until a second reader shares them. */
  private readonly isPatient: boolean
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
    this.offers = new Offers(entries, this)
    this.landing = new Landing(entries, this)
    this.turns = new Turns(this)
    this.isPatient = this.expiry.hardTimeout === undefined
    this.patience = new Patience(this)
    this.startsInPlace = entries.hot !== undefined && entries.lane === undefined && this.loadQueue.isOpen
  }

  /** The loads that a reader may join. */
  get flights(): Map<string, Flight<V>> {
    if (this.here !== undefined) this.enter(this.here)
    return this.joinables
  }

  /** All loads that run: those that a reader may join, and those that still have to answer the readers who joined. */
  get running(): Set<Flight<V>> {
    if (this.here !== undefined) this.enter(this.here)
    return this.all
  }

  private enter(flight: Flight<V>): void {
    if (this.here === flight) this.here = undefined
    this.all.add(flight)
    this.joinables.set(flight.key, flight)
  }

  now(): number {
    return this.cache.time.now()
  }

  show(key: string): string {
    return this.spec.show(key)
  }

  /** Whether a write of a key has nothing to tell them: no load runs or waits, no update runs, no failure is known. */
  get areIdle(): boolean {
    return this.running.size === 0 && this.next.size === 0 && this.turns.byKey.size === 0 && this.failures.isEmpty
  }

  /** Starts a fiber of the engine's own, which belongs to no caller. */
  fork(work: Effect.Effect<void>): Fiber.Fiber<void> {
    return outside(() => this.forkFor(work))
  }

  /** Starts a fiber of the engine's own, for one load. */
  forkFor(work: Effect.Effect<void>): Fiber.Fiber<void> {
    return Effect.runForkWith(this.loader?.context ?? Context.empty())(work)
  }

  /** Whether a reader of a fresh entry should have it renewed behind. Each call draws its own random number. */
  isRefreshDue(entry: Entry<V>, now: number): boolean {
    return Expiry.isRefreshDue(this.expiry, now, entry, this.cache.random.nextDoubleUnsafe())
  }

  refreshBehind(key: string, cause: "ahead" | "stale", entry: Entry<V>, now: number, lookup?: KeyLookup<V>): void {
    // Beyond the bound of background loads, the renewal is left to the next reader.
    if (this.loader === undefined || this.loadQueue.isBackgroundFull || !this.mayRenew(key, now)) return
    if (lookup === undefined && this.loader.lookup === undefined) return
    this.goesOnBehind(this.start(this.loader, key, { ...renewalOf(key, cause, entry), lookup }))
  }

  /** Renews entries behind the reader of all of them: by one `lookupMany`, if the owner has one. */
  refreshManyBehind(renewals: ReadonlyArray<Renewal<V>>, now: number): void {
    const wanted = renewals.filter(({ key }) => this.mayRenew(key, now))
    if (wanted.length < 2 || this.loader?.lookupMany === undefined) {
      for (const { cause, fallback, key } of wanted) this.refreshBehind(key, cause, fallback, now)
    } else if (!this.loadQueue.isBackgroundFull) {
      for (const flight of this.startMany(wanted)) {
        flight.letGo()
        this.goesOnBehind(flight)
      }
    }
  }

  private mayRenew(key: string, now: number): boolean {
    return this.mayStart(key) && !this.failures.isBackingOff(key, now)
  }

  /** A load goes on behind readers who have their answer. If it hung, they would get that all the time. */
  goesOnBehind(flight: Flight<V>): void {
    if (!this.isPatient || flight.hasEnded || flight.sharedSince !== undefined) return
    if (flight.isEmpty) flight.renewBehind()
    this.patience.share(flight)
  }

  joinable(key: string): Flight<V> | undefined {
    const flight = this.flights.get(key)
    return flight !== undefined && !flight.isContested && this.isOpen(flight) && this.rests(flight)
      ? flight
      : undefined
  }

  /** Whether a reader who comes now may get its value: no source that it has read has ended. */
  private rests({ key, load }: Flight<V>): boolean {
    return load.restsUntil === Infinity || this.now() < load.joinableUntil(key)
  }

  /**
   * The loads whose value may still be stored, of one key or of all: those that readers join, and those that a tag has
   * closed, beside which a later load may run.
   */
  mayStore(key?: string): ReadonlyArray<Flight<V>> {
    const all = key === undefined ? Array.from(this.running) : this.flightsOf(key)
    return all.filter(({ isOvertaken }) => !isOvertaken)
  }

  /** Whether its value may be stored, whatever the tags of the value will be. */
  isOpen({ isCurrent, key, stamp }: Flight<V>): boolean {
    return isCurrent && this.entries.judge(key, stamp, noTags) === "valid"
  }

  /**
   * Whether a new load of the key may begin: a reader can join none, none waits to begin, one more may run, and no
   * listener of changes runs.
   */
  mayStart(key: string): boolean {
    return !this.cache.changes.isTelling && this.joinable(key) === undefined && !this.isCrowded(key) &&
      !this.next.has(key)
  }

  /** Whether no further lookup of the key may run. */
  isCrowded(key: string): boolean {
    return this.overtaken.size > 0 &&
      (this.overtaken.get(key)?.size ?? 0) + (this.flights.has(key) ? 1 : 0) >= lookupsPerKeyMax
  }

  /** Gets the early answer of a load, or waits for its end. The returned Effect leaves again. */
  join(to: Waited<V>, resume: Waiter<V>, wantsFresh: WantsFresh = false): Effect.Effect<void> | void {
    const now = this.now()
    const isEarly = wantsFresh === false && to.earlyAt(now) !== undefined
    return isEarly ? to.join(resume, now, wantsFresh) : this.wait(to, resume, now, wantsFresh)
  }

  /** Waits for a load. The returned Effect leaves again. A lookup or update that would wait for itself is refused. */
  wait(to: Waited<V>, resume: Waiter<V>, now: number, wantsFresh: WantsFresh): Effect.Effect<void> | void {
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
    if (this.joinable(key) === undefined && !this.isCrowded(key)) {
      return this.start(loader, key, { cause: "refresh" })
    }
    this.askedAnew(key)
    return this.queue(key, { isRefresh: true })
  }

  /** Queues the next load of a key for which no further lookup may run. */
  queue(key: string, asked: AskedNext<V>): Queued<V> {
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

  /** The end of an entry has moved. */
  moved(key: string, entry: Entry<V>): void {
    for (const flight of this.flightsOf(key)) flight.moved(entry)
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

  /** The refresh that waits or runs: its caller knows of a change of the source, which no caller has read yet. */
  refreshOf(key: string): Waited<V> | undefined {
    if (this.next.size === 0 && this.flights.size === 0 && this.overtaken.size === 0) return undefined
    const queued = this.next.get(key)
    if (queued?.isRefresh === true) return queued
    return this.flightsOf(key).find(({ cause, isReplaced }) => cause === "refresh" && !isReplaced)
  }

  /** Whether a refresh of the key waits or runs, here or in a peer. */
  isRefreshing(key: string): boolean {
    return this.refreshOf(key) !== undefined || this.cache.isRefreshedElsewhere(this.name, key)
  }

  /** Begins the next load of a key as soon as it may run. */
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

  /**
   * Whether a load of a key that is not held may start in the turn of its reader: nothing waits for the key or is known
   * of it, and nothing has to be done before its lookup.
   */
  mayStartInPlace(key: string): boolean {
    const { cache } = this
    return this.startsInPlace && this.loader?.lookup !== undefined && !cache.hasListeners && !cache.changes.isTelling &&
      this.next.size === 0 && this.overtaken.size === 0 && (this.flights.size === 0 || !this.flights.has(key)) &&
      (this.failures.isEmpty || this.failures.negative(key, this.now()) === undefined) && !Stack.isDeep()
  }

  /**
   * Starts the load of a key in the turn of its reader. The function of the lookup is called in the reader's fiber,
   * with the Context of the load. If it answers at once, the load ends here, without a fiber of its own.
   */
  startInPlace(loader: Loader<V>, key: string, reader: Fiber.Fiber<unknown, unknown>): Flight<V> {
    const load = new Load(this.cache, this.spec, [key], loader)
    const flight = this.flightOf(load, key, { cause: "absent" }, undefined, this.cache.version)
    this.here = flight
    const { context } = reader
    const running = reader as { context: Context.Context<never> }
    let left: Effect.Effect<void>
    Stack.enter()
    running.context = Context.add(loader.context, CurrentLoad, load)
    try {
      left = this.lookUp(flight)
    } catch (defect) {
      left = Exit.die(defect)
    } finally {
      running.context = context
      Stack.leave()
    }
    if (flight.hasEnded) return flight
    if (this.here === flight) this.enter(flight)
    flight.expect()
    this.run(load, [flight], left)
    return flight
  }

  start(loader: Loader<V>, key: string, asked: Asked<V>): Flight<V> {
    const load = new Load(this.cache, this.spec, [key], loader)
    const flight = this.takeOff(load, key, asked)
    this.run(load, [flight], this.load(flight))
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
    this.run(load, flights, loader.lookupMany === undefined ? this.load(flights[0]!) : this.loadMany(flights))
    return flights
  }

  /** Registers the flight of a key. Its caller starts the fiber of the load. */
  takeOff(load: Load, key: string, asked: Asked<V>): Flight<V> {
    const queued = this.next.size === 0 ? undefined : this.next.get(key)
    const flight = this.flightOf(load, key, asked, queued)
    const running = this.flights.size === 0 ? undefined : this.flights.get(key)
    if (running !== undefined) {
      // The value of a closed flight is judged by its tags when it ends.
      if (!running.isClosed) running.overtake()
      this.setAside(running)
    }
    if (flight.cause === "refresh") this.askedAnew(key)
    this.enter(flight)
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
      lookup: lookup ?? queued?.lookup,
      onAbandoned: this.abandon
    })
  }

  /** Starts the fiber of a load: at once, or on an empty stack if the stack is deep. */
  run(load: Load, flights: ReadonlyArray<Flight<V>>, work: Effect.Effect<void>): void {
    // Resources that a lookup acquires are released when the lookup ends, and not with its owner's layer.
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
      load.runBy(fiber)
      fiber.addObserver((exit) => {
        if (scope.state._tag === "Open") this.forkFor(Scope_.close(scope, exit))
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

  /** A loader has left (law 8). Its readers get the answer of the loader that is left, or an error. */
  leave(loader: Loader<V>): void {
    this.failures.clear()
    for (const flight of Array.from(this.running)) {
      if (flight.load.loader !== loader) continue
      flight.overtake()
      if (this.loader !== undefined && !flight.isEmpty) {
        const { brought, cause, isDetached, key } = flight
        flight.moveTo(this.queue(key, { isRefresh: cause === "refresh", isDetached, lookup: brought }))
      }
      this.end(flight, Exit.fail(this.unowned()), true)
    }
    for (const key of Array.from(this.next.keys())) this.advance(key)
  }

  // --- deadlines --------------------------------------------------------------------------------

  endLate(flight: Flight<V>, timeoutMillis: number): void {
    const timeout = new LoadTimeout({ key: this.spec.show(flight.key), timeoutMillis })
    this.landing.fail(flight, Cause.fail(new CacheError({ reason: timeout })), true)
  }

  timeOut(flight: Flight<V>, timeoutMillis: number): Effect.Effect<void> {
    return Effect.andThen(
      Effect.sleep(timeoutMillis),
      Effect.sync(() => this.endLate(flight, timeoutMillis))
    )
  }

  /**
   * The work of a load. Over memory alone it has no step of its own, because most misses take this way: a lookup that
   * answers at once ends in the same step.
   */
  load(flight: Flight<V>): Effect.Effect<void> {
    return this.entries.lane === undefined ? Effect.suspend(() => this.lookUp(flight)) : this.loadBelow(flight)
  }

  private readonly loadBelow = Effect.fnUntraced(function*(this: Loads<V>, flight: Flight<V>) {
    if (flight.cause === "absent") {
      const found = yield* this.entries.fromBelow(flight.key)
      if (found === undefined) flight.foundNothing()
      const due = this.offers.take(flight, foundOf(found))
      if (due !== undefined) this.refreshBehind(due.key, due.cause, due.fallback, this.now())
      if (flight.hasEnded) return
    } else if (flight.cause !== "stale") {
      // What was found when the load was asked for may be out of date when it begins: it may have waited for its turn.
      yield* this.offers.beforeRenewal(flight)
    }
    yield* this.lookUp(flight)
  })

  /** Runs the lookup in its turn, and takes its answer. */
  private lookUp(flight: Flight<V>): Effect.Effect<void> {
    // The load keeps its own loader, even if the family was delegated meanwhile, because it runs in the Context of that
    // owner.
    const { key, lookup } = flight
    if (lookup === undefined) {
      this.end(flight, Exit.fail(this.absent(key, "no lookup")))
      return Exit.void
    }
    // `start` runs the load in the owner's Context, which has everything that the lookup needs.
    const run = () => lookup(key, this.contextOf(flight)) as Effect.Effect<V | Lookup.Result<V>, unknown>
    const work = this.loadQueue.isOpen ? atOnce(run) : this.inTurn([flight], Effect.suspend(run))
    return Exit.isExit(work) ?
      this.answered(flight, work as Exit.Exit<V | Lookup.Result<V>, unknown>) :
      Effect.matchCauseEffect(work, {
        onFailure: (cause) => this.answered(flight, Exit.failCause(cause)),
        onSuccess: (answer) => this.answered(flight, Exit.succeed(answer))
      })
  }

  private answered(flight: Flight<V>, exit: Exit.Exit<V | Lookup.Result<V>, unknown>): Effect.Effect<void> {
    return exit._tag === "Success" && flight.load.isDoubtful
      ? Effect.flatMap(flight.load.settle(), () => this.landed(flight, exit))
      : this.landed(flight, exit)
  }

  private landed(flight: Flight<V>, exit: Exit.Exit<V | Lookup.Result<V>, unknown>): Effect.Effect<void> {
    if (flight.hasEnded) return Exit.void
    if (exit._tag === "Success") return this.landing.land(flight, exit.value)
    this.landing.fail(flight, this.named(exit.cause, flight))
    return Exit.void
  }

  readonly loadMany = Effect.fnUntraced(function*(this: Loads<V>, flights: ReadonlyArray<Flight<V>>) {
    if (this.entries.lane !== undefined) yield* this.lookBelow(flights)
    const open = flights.filter(({ hasEnded }) => !hasEnded)
    const { lookupMany }: Loader<V> = flights[0]!.load.loader
    if (open.length === 0 || lookupMany === undefined) return
    const contexts = open.map((flight) => this.contextOf(flight))
    // `startMany` runs the load in the owner's Context, which has everything that the lookup needs.
    const work = Effect.suspend(() =>
      lookupMany(open.map(({ key }) => key), contexts) as Effect.Effect<ReadonlyArray<V | Lookup.Result<V>>, unknown>
    )
    const exit = yield* Effect.exit(this.inTurn(open, work))
    if (exit._tag === "Success" && open[0]!.load.isDoubtful) yield* open[0]!.load.settle()
    const answers = exit._tag === "Success" ? exit.value : []
    const wrong = miscounted(this.name, open.length, answers)
    if (wrong !== undefined) {
      const cause = exit._tag === "Failure" ? Defects.named(exit.cause, "lookupMany", this.name) : Cause.fail(wrong)
      for (const flight of open) this.landing.fail(flight, cause)
      return
    }
    // The readers of all keys leave when the first key fails. So the values are handled first, and are kept without a
    // reader.
    for (const flight of open) flight.detach()
    const landing = open.map((flight, i) => ({ flight, answer: answers[i]! }))
    for (const { answer, flight } of landing.toSorted((a, b) => failsOf(a.answer) - failsOf(b.answer))) {
      if (!flight.hasEnded) yield* this.landing.land(flight, answer)
    }
  })

  /** Looks below for what each of these flights needs from there, by its cause, as `loadBelow` does for one. */
  private readonly lookBelow = Effect.fnUntraced(function*(this: Loads<V>, flights: ReadonlyArray<Flight<V>>) {
    const absent = flights.filter(({ cause }) => cause === "absent")
    const renewed = flights.filter(({ cause }) => cause !== "absent" && cause !== "stale")
    if (renewed.length > 0) {
      const look = (flight: Flight<V>) => this.offers.beforeRenewal(flight)
      yield* Effect.forEach(renewed, look, { concurrency: "unbounded", discard: true })
    }
    if (absent.length === 0) return
    const found = yield* this.entries.manyFromBelow(absent.map(({ key }) => key))
    const due: Array<Renewal<V>> = []
    const { stamp } = this.cache
    for (const [i, flight] of absent.entries()) {
      if (found[i] === undefined) flight.foundNothing()
      const renewal = this.offers.take(flight, foundOf(found[i]))
      if (renewal !== undefined) due.push(renewal)
    }
    // A reader who went on at once may have changed a key: the renewals are left to the next reader.
    if (this.cache.stamp === stamp) this.refreshManyBehind(due, this.now())
  })

  private named(cause: Cause.Cause<unknown>, { brought, key, load }: Flight<V>): Cause.Cause<unknown> {
    const name = brought === undefined ? load.loader.named ?? "lookup" : "getOr"
    return Defects.named(cause, name, this.name, this.spec.show(key))
  }

  private inTurn<A, E>(flights: ReadonlyArray<Flight<V>>, work: Effect.Effect<A, E>): Effect.Effect<A, E | CacheError> {
    const { key, load } = flights[0]!
    return this.loadQueue.inTurn(
      flights.every(({ isInBackground }) => isInBackground),
      work,
      (waitingMax) => this.queueFull(key, waitingMax),
      (ticket) => load.ticket = ticket
    )
  }

  /**
   * What a lookup gets. An entry that is hidden, or that a change has replaced since, is not what the load replaces:
   * `notModified` would revive it.
   */
  contextOf(flight: Flight<V>): Lookup.LookupContext<V> {
    if (flight.absentAt === this.cache.version) {
      return { key: this.spec.render(flight.key), cause: flight.cause, previous: undefined }
    }
    const { held, isReplaced, key } = flight
    const before = isReplaced || held === undefined ? undefined : this.unlessHidden(key, held.entry)
    const entry = this.entries.held(key) ?? before
    flight.give(entry)
    return {
      key: this.spec.render(flight.key),
      cause: flight.cause,
      previous: entry && {
        value: entry.value,
        revision: entry.revision,
        ageMillis: Math.max(0, this.cache.time.now() - madeAtMillis(entry))
      }
    }
  }

  /** Whether an entry, fresh or stale, may be served in place of a failure. */
  maySubstitute(key: string, entry: Entry<V>, now: number): boolean {
    const freshUntil = this.entries.freshUntil(key, entry, now)
    const held = this.entries.hot?.peek(key)
    // A read since the load began has moved the end of its idle time.
    const expiresAt = held?.version === entry.version ? held.expiresAt : entry.expiresAt
    const servedUntil = Math.min(freshUntil + Expiry.staleMillisMax(this.expiry), expiresAt)
    return this.unlessHidden(key, entry) !== undefined && now < servedUntil
  }

  private unlessHidden(key: string, entry: Entry<V>): Entry<V> | undefined {
    return this.entries.judge(key, entry.stamp, entry.tags) === "hidden" ? undefined : entry
  }

  /** The stale entry of a key that may be served if the load that begins now fails. */
  private substituteOf(key: string, now: number): Entry<V> | undefined {
    const held = this.entries.held(key)
    const isStale = held !== undefined && !this.entries.isFresh(key, held, now)
    return isStale && this.maySubstitute(key, held, now) ? held : undefined
  }

  /**
   * Ends a flight; readers who accept no stale value get `freshExit`. If it is cut short, its fiber is interrupted
   * before the next load begins.
   */
  end(flight: Flight<V>, exit: Exit.Exit<Served<V>, unknown>, isCut = false, freshExit = exit): void {
    const { key } = flight
    if (this.here === flight) this.here = undefined
    else this.strike(flight)
    flight.end(exit, freshExit)
    if (isCut) flight.stop()
    if (this.next.size > 0) this.advance(key)
  }

  private strike(flight: Flight<V>): void {
    const { key } = flight
    if (this.flights.get(key) === flight) this.flights.delete(key)
    else if (this.overtaken.size > 0) {
      const others = this.overtaken.get(key)
      others?.delete(flight)
      if (others?.size === 0) this.overtaken.delete(key)
    }
    this.running.delete(flight)
    if (this.running.size === 0) this.patience.rest()
  }

  /** The key was changed: no load or update that began before may store its value (law 2). */
  overtake(key: string): void {
    const running = this.flights.size === 0 ? undefined : this.flights.get(key)
    if (running !== undefined) this.setAside(running)
    for (const flight of this.asideOf(key)) flight.replacedByWrite()
    this.entries.terms.overtake(key)
    this.overtakeUpdate(key)
  }

  /**
   * A source has a value that these loads of a key have not seen; what is held of the key, if it is, was made without
   * it as well. An update that has read the key, or waits for such a load, makes its value of the same.
   */
  overtakeUnseen(key: string, behind: ReadonlyArray<Flight<V>>, isHeld: boolean): void {
    for (const flight of behind) {
      if (this.flights.get(key) === flight) this.setAside(flight)
      flight.replacedByWrite()
    }
    const turn = this.turns.byKey.get(key)
    if (turn !== undefined && (behind.length > 0 || isHeld && !turn.reading)) turn.overtake()
  }

  /**
   * Overtakes a running update, here and in peers, when a refresh is asked for: the update may not know the change of
   * the source that the caller of the refresh knows.
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
    const running = this.flightsOf(key)
    for (const flight of running) flight.meetRival(rival)
    const held = this.entries.held(key)
    if (rival === undefined) this.entries.terms.absent(key)
    else this.entries.terms.loaded(key, rival.tags, () => held === undefined || mayDiffer(held.value, rival.value))
    const turn = this.turns.byKey.get(key)
    if (turn !== undefined && (running.length > 0 || !turn.reading)) turn.overtake()
  }

  overtakeUpdate(key: string): void {
    if (this.turns.byKey.size === 0) return
    const turn = this.turns.byKey.get(key)
    if (turn !== undefined) turn.overtake()
  }

  /**
   * A tag was invalidated. The tags of a loaded value are known only when its load ends, so the value is judged then.
   * Until then no further reader joins the load.
   */
  closeAll(): void {
    for (const flight of this.running) flight.close()
  }

  beside(flight: Flight<V>): ReadonlyArray<Flight<V>> {
    return this.overtaken.size === 0 ? [] : this.flightsOf(flight.key).filter((other) => other !== flight)
  }

  /** The loads of a key that began before this one. */
  before(flight: Flight<V>): ReadonlyArray<Flight<V>> {
    if (this.overtaken.size === 0) return []
    const all = Array.from(this.asideOf(flight.key))
    const at = all.indexOf(flight)
    return at < 0 ? all : all.slice(0, at)
  }

  after(flight: Flight<V>): ReadonlyArray<Flight<V>> {
    const before = this.before(flight)
    return this.beside(flight).filter((other) => !other.isOvertaken && !before.includes(other))
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
    const { hasLeft, name: family, spec: { pattern } } = this
    return new CacheError({ reason: new Unowned({ pattern, family, hasLeft }) })
  }
  absent(key: string, why: Absent["why"]): CacheError {
    return new CacheError({ reason: new Absent({ key: this.spec.show(key), family: this.name, why }) })
  }
  queueFull(key: string, queueMax: number): CacheError {
    return new CacheError({ reason: new LoadQueueFull({ key: this.spec.show(key), family: this.name, queueMax }) })
  }
}
