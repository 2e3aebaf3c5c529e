/**
 * Does the work of a load: it asks the tiers below for what its cause needs, runs the lookup in its turn, and gives the
 * answer to the landing.
 *
 * Not here: how a load begins (`loads.ts`), and what happens with its answer (`landing.ts`).
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Found } from "../../../store/Entry.ts"
import type { Absent, CacheError } from "../../CacheError.ts"
import * as Lookup from "../../Lookup.ts"
import * as Defects from "../../shared/defects.ts"
import type { Loader } from "../../shared/loader.ts"
import * as Pieces from "../../shared/pieces.ts"
import { foundOf, unknown } from "../below/whenKnown.ts"
import type { CacheContext } from "../entries/cacheContext.ts"
import { unknownBelow } from "../entries/conditions.ts"
import type { Entries } from "../entries/entries.ts"
import type { Served } from "../entries/served.ts"
import { atOnce } from "./atOnce.ts"
import { miscounted } from "./failures.ts"
import type { Flight, Renewal } from "./flight.ts"
import type { Landing } from "./landing.ts"
import type { LoadQueue } from "./loadQueue.ts"
import type { Offers } from "./offers.ts"
import type { Renewals } from "./renewals.ts"
import { unlessHidden } from "./substitutes.ts"

/** What it needs from the loads whose work it does. */
interface Ground<V> {
  readonly landing: Landing<V>
  readonly loadQueue: LoadQueue
  readonly offers: Offers<V>
  readonly renewals: Renewals<V>
  absent(key: string, why: Absent["why"]): CacheError
  /** Bounds the time of these flights, or of each that runs, because other lookups wait for their turns. */
  boundByLine(flights?: Iterable<Flight<V>>): void
  end(flight: Flight<V>, exit: Exit.Exit<Served<V>, unknown>): void
  queueFull(key: string, queueMax: number): CacheError
}

/** How often a load waits for its turn: each time, another process has brought a value that is out of date by now. */
const turnsMax = 4

/** Whether an answer has no value. */
const isNone = (answer: unknown): boolean => Lookup.isAnswer(answer) && Lookup.match(answer, kinds)
const kinds = { Loaded: () => false, NotModified: () => false, Absent: () => true, Failed: () => true }

export class Lookups<V> {
  private readonly cache: CacheContext
  private readonly entries: Entries<V>
  private readonly name: string
  private readonly ground: Ground<V>

  constructor(entries: Entries<V>, ground: Ground<V>) {
    this.cache = entries.cache
    this.entries = entries
    this.name = entries.name
    this.ground = ground
  }

  /**
   * The work of a load. Over memory alone it has no step of its own, because most misses take this way: a lookup that
   * returns at once ends in the same step.
   */
  load(flight: Flight<V>): Effect.Effect<void> {
    const { lane } = this.entries
    if (lane === undefined) return Effect.suspend(() => this.lookUp(flight))
    const work = this.askTiersThenLookUp(flight)
    return lane.takesTurns ? Effect.ensuring(work, Effect.sync(() => lane.endLoad(flight.key))) : work
  }

  private readonly askTiersThenLookUp = Effect.fnUntraced(function*(this: Lookups<V>, flight: Flight<V>) {
    let isKnown = true
    if (flight.cause === "absent") {
      const found = yield* this.entries.lowerReads.promote(flight.key)
      if (found === undefined) flight.foundNothing()
      isKnown = found !== unknown
      this.take(flight, foundOf(found))
      if (flight.hasEnded) return
      // A family without a lookup has the value there, or nowhere: that it is absent is not known.
      if (!isKnown && flight.lookup === undefined) {
        return this.ground.end(flight, Exit.fail(unknownBelow(this.entries, flight.key)))
      }
    } else if (flight.cause !== "stale") {
      // What was found when the load was asked for may be out of date when it begins: it may have waited for its turn.
      yield* this.ground.offers.beforeRenewal(flight)
    }
    // A refresh has been asked for here, and a renewal ahead of the end is drawn by chance: they wait for no process.
    const isCommon = flight.cause === "absent" || flight.cause === "stale"
    yield* this.lookUp(flight, isKnown && isCommon && this.entries.lane!.takesTurns)
  })

  private take(flight: Flight<V>, found: Found<V> | undefined): void {
    const { offers, renewals } = this.ground
    const due = offers.take(flight, found)
    if (due !== undefined) renewals.begin(due.key, due.cause, due.fallback, this.cache.time.now())
  }

  /** Waits while another process loads the key. What it has brought ends the flight, if it is fresh. */
  private readonly awaitTurn = Effect.fnUntraced(function*(this: Lookups<V>, flight: Flight<V>) {
    let version = flight.held?.entry.version
    for (let turn = 0; turn < turnsMax; turn++) {
      const found = foundOf(yield* this.entries.lowerReads.beginLoad(flight.key, version))
      if (found === undefined) return
      this.take(flight, found)
      if (flight.hasEnded) return
      version = found.entry.version
    }
  })

  /**
   * Runs the lookup in its turn, and takes its answer. With `isCommon`, the processes take turns, too: a load asks for
   * that turn when the one of its own process has come, because other processes wait for it from then on.
   */
  lookUp(flight: Flight<V>, isCommon = false): Effect.Effect<void> {
    // The load keeps its own loader, even if the family was delegated meanwhile, because it runs in the Context of that
    // owner.
    const { key, lookup } = flight
    if (lookup === undefined) {
      this.ground.end(flight, Exit.fail(this.ground.absent(key, "no lookup")))
      return Exit.void
    }
    // `start` runs the load in the owner's Context, which has everything that the lookup needs.
    const own = () => lookup(key, this.contextOf(flight)) as Effect.Effect<V | Lookup.Result<V>, unknown>
    const never = Effect.undefined as Effect.Effect<any>
    const run = isCommon ? () => Effect.flatMap(this.awaitTurn(flight), () => flight.hasEnded ? never : own()) : own
    const work = this.ground.loadQueue.isOpen ? atOnce(run) : this.inTurn([flight], Effect.suspend(run))
    return Exit.isExit(work) ?
      this.answered(flight, work as Exit.Exit<V | Lookup.Result<V>, unknown>) :
      Effect.matchCauseEffect(work, {
        onFailure: (cause) => this.answered(flight, Exit.failCause(cause)),
        onSuccess: (answer) => this.answered(flight, Exit.succeed(answer))
      })
  }

  private answered(flight: Flight<V>, exit: Exit.Exit<V | Lookup.Result<V>, unknown>): Effect.Effect<void> {
    return exit._tag === "Success" && flight.load.isUncertain
      ? Effect.flatMap(flight.load.askAgain(), () => this.landed(flight, exit))
      : this.landed(flight, exit)
  }

  private landed(flight: Flight<V>, exit: Exit.Exit<V | Lookup.Result<V>, unknown>): Effect.Effect<void> {
    if (flight.hasEnded) return Exit.void
    if (exit._tag === "Success") return this.ground.landing.land(flight, exit.value)
    this.ground.landing.fail(flight, this.named(exit.cause, flight))
    return Exit.void
  }

  readonly loadMany = Effect.fnUntraced(function*(this: Lookups<V>, flights: ReadonlyArray<Flight<V>>) {
    if (this.entries.lane !== undefined) yield* this.lookBelow(flights)
    const open = flights.filter(({ hasEnded }) => !hasEnded)
    const { lookupMany }: Loader<V> = flights[0]!.load.loader
    if (open.length === 0 || lookupMany === undefined) return
    const contexts: Array<Lookup.LookupContext<V>> = []
    yield* Pieces.each(open.length, (at) => contexts.push(this.contextOf(open[at]!)))
    // `startMany` runs the load in the owner's Context, which has everything that the lookup needs.
    const work = Effect.suspend(() =>
      lookupMany(open.map(({ key }) => key), contexts) as Effect.Effect<ReadonlyArray<V | Lookup.Result<V>>, unknown>
    )
    const exit = yield* Effect.exit(this.inTurn(open, work))
    if (exit._tag === "Success" && open[0]!.load.isUncertain) yield* open[0]!.load.askAgain()
    const answers = exit._tag === "Success" ? exit.value : []
    const wrong = miscounted(this.name, open.length, answers)
    if (wrong !== undefined) {
      const cause = exit._tag === "Failure" ? Defects.named(exit.cause, "lookupMany", this.name) : Cause.fail(wrong)
      return yield* Pieces.each(open.length, (at) => this.ground.landing.fail(open[at]!, cause))
    }
    // The readers of all keys leave when the first key fails. So the values are handled first, and are kept without a
    // reader.
    for (const flight of open) flight.detach()
    yield* this.landAll(open, answers, false)
    yield* this.landAll(open, answers, true)
  })

  /** Lands those answers that are a value, or those that are none. */
  private readonly landAll = Effect.fnUntraced(
    function*(
      this: Lookups<V>,
      flights: ReadonlyArray<Flight<V>>,
      answers: ReadonlyArray<V | Lookup.Result<V>>,
      isFailing: boolean
    ) {
      for (let at = 0; at < flights.length; at++) {
        const flight = flights[at]!
        if (!flight.hasEnded && isNone(answers[at]!) === isFailing) {
          yield* this.ground.landing.land(flight, answers[at]!)
        }
        if ((at + 1) % Pieces.pieceMax === 0) yield* Effect.yieldNow
      }
    }
  )

  /**
   * Looks below for what each of these flights needs from there, by its cause, as `askTiersThenLookUp` does for one.
   */
  private readonly lookBelow = Effect.fnUntraced(function*(this: Lookups<V>, flights: ReadonlyArray<Flight<V>>) {
    const absent = flights.filter(({ cause }) => cause === "absent")
    const renewed = flights.filter(({ cause }) => cause !== "absent" && cause !== "stale")
    if (renewed.length > 0) {
      const look = (flight: Flight<V>) => this.ground.offers.beforeRenewal(flight)
      yield* Pieces.isLong(renewed)
        ? Pieces.gather(renewed.length, (at) => look(renewed[at]!))
        : Effect.forEach(renewed, look, { concurrency: "unbounded", discard: true })
    }
    if (absent.length === 0) return
    const found = yield* this.entries.lowerReads.promoteMany(absent.map(({ key }) => key))
    const due: Array<Renewal<V>> = []
    const { stamp } = this.cache
    yield* Pieces.each(absent.length, (at) => {
      const flight = absent[at]!
      if (found[at] === undefined) flight.foundNothing()
      const renewal = this.ground.offers.take(flight, foundOf(found[at]))
      if (renewal !== undefined) due.push(renewal)
    })
    // A reader who went on at once may have changed a key: the renewals are left to the next reader.
    if (this.cache.stamp === stamp) this.ground.renewals.beginMany(due, this.cache.time.now())
  })

  private named(cause: Cause.Cause<unknown>, { brought, key, load }: Flight<V>): Cause.Cause<unknown> {
    const name = brought === undefined ? load.loader.named ?? "lookup" : "getOr"
    return Defects.named(cause, name, this.name, this.entries.spec.show(key))
  }

  private inTurn<A, E>(flights: ReadonlyArray<Flight<V>>, work: Effect.Effect<A, E>): Effect.Effect<A, E | CacheError> {
    const { key, load } = flights[0]!
    const { time } = this.cache
    const begin = Effect.suspend(() => {
      // How long a load may take says nothing about the loads before it.
      const now = time.now()
      const waited = load.leaveLine(now)
      if (waited > 0) { for (const flight of flights) flight.excuse(waited, now) }
      if (this.ground.loadQueue.waiting > 0) this.ground.boundByLine(flights)
      return work
    })
    return this.ground.loadQueue.inTurn(
      flights.every(({ isInBackground }) => isInBackground),
      begin,
      (waitingMax) => this.ground.queueFull(key, waitingMax),
      (ticket) => {
        load.enterLine(ticket, time.now())
        // Those that run now hold up this load, and a load that begins later finds it in the line.
        if (load.isInLine && this.ground.loadQueue.waiting === 1) this.ground.boundByLine()
      }
    )
  }

  /**
   * What a lookup gets. An entry that is hidden, or that a change has replaced since, is not what the load replaces:
   * `notModified` would revive it.
   */
  contextOf(flight: Flight<V>): Lookup.LookupContext<V> {
    if (flight.absentAt === this.cache.version) {
      return { key: this.entries.spec.render(flight.key), cause: flight.cause, previous: undefined }
    }
    const { held, isReplaced, key } = flight
    const before = isReplaced || held === undefined ? undefined : unlessHidden(this.entries, key, held.entry)
    const entry = this.entries.held(key) ?? before
    flight.give(entry)
    return {
      key: this.entries.spec.render(flight.key),
      cause: flight.cause,
      previous: entry && {
        value: entry.value,
        revision: entry.revision,
        ageMillis: Math.max(0, this.cache.time.now() - this.cache.versions.madeAt(entry))
      }
    }
  }
}
