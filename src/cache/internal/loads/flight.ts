/**
 * Answers the readers of one key while its load runs. A flight is one key of a running load, with the readers who wait
 * for it.
 *
 * A flight is four state machines that change apart from each other. Only the methods of this class change them, and
 * each method says what has happened. The laws are those of `src/README.md`.
 *
 * **Progress**: what its readers have got. Laws 5, 6 and 7.
 *
 * | state | meaning | next | by |
 * | --- | --- | --- | --- |
 * | `Running` | no reader has an answer | `AnsweredEarly` | `answerEarly`, `offer`: a tier has a value |
 * | `AnsweredEarly` | readers got that value; the load goes on | | |
 * | `Ended` | all readers have their answer | | |
 *
 * `end` ends a flight in any state, once. `Loads.end` alone calls it: the lookup has returned or failed, or its time is
 * over, or its readers or its owner have left. A later answer of the lookup is dropped.
 *
 * **Standing**: who may join it, and whether its value may be stored. Laws 2 and 5.
 *
 * | state | readers join | value is stored | next | by |
 * | --- | --- | --- | --- | --- |
 * | `Current` | yes | yes | `Closed` | `close`: a tag was invalidated (`Flights.closeAll`) |
 * | `Closed` | no | if it has other tags | | |
 * | `Overtaken` | no | no | | |
 *
 * Three methods overtake a flight in any state: `overtake` (its value is out of date, by a mark or by a load that has
 * begun since), `replacedByWrite` (its key was written or invalidated, here or by another engine), and `outrun` (a load
 * that began later has ended).
 *
 * **Key**: what is known of other values of its key since it began. Law 2, where several engines share a place: of two
 * loads that overlap, the engine cannot know which one read the data source last.
 *
 * | state | meaning | next | by |
 * | --- | --- | --- | --- |
 * | `Unchanged` | what is held of the key is older | `Contested` | `meetRival`: another engine has loaded it |
 * | `Contested` | no reader joins it; `rival` is the other answer | `Replaced` | `replacedByWrite`, `outrun` |
 * | `Replaced` | what is held of the key may be newer | | |
 *
 * `replacedByWrite` and `replacedByLoad` lead from `Unchanged` to `Replaced`, and so does `meetRival` if the flight is
 * overtaken. A contested flight that `overtake` meets stays contested: its rival judges it when it ends.
 *
 * **Interest**: why it goes on. Law 7. The flight is abandoned, and its load interrupted, when no reason is left.
 *
 * | reason | begins | ends |
 * | --- | --- | --- |
 * | awaited | a reader joins | the last reader leaves |
 * | expected | `expect`: a caller is about to join, or waits for the load | `letGo` |
 * | detached | `detach`, `answerEarly`, or from the start: it needs no reader | never |
 *
 * Apart from these, `bar` says that it serves no stale value, early or in place of a failure: a mark that hid the value
 * may have been forgotten meanwhile (`sweep.ts`), or another load of the key, here or in a peer, has ended.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Entry, Found } from "../../../store/Entry.ts"
import type { LookupContext } from "../../Lookup.ts"
import type { KeyLookup } from "../../shared/loader.ts"
import type { Served } from "../entries/served.ts"
import { memory } from "../family/judgement.ts"
import type { Load } from "./load.ts"
import { shallow } from "./stack.ts"
import { isStale, Waited, type Waiter, type WantsFresh } from "./waiters.ts"
import type { Awaited } from "./waits.ts"

type Progress = "Running" | "AnsweredEarly" | "Ended"
type Standing = "Current" | "Closed" | "Overtaken"
type KeyState = "Unchanged" | "Contested" | "Replaced"

/** How a load is asked for. */
export interface Asked<V> {
  readonly cause: LookupContext<V>["cause"]
  /** What memory holds of the key, and may be served while the load runs, or if it fails. */
  readonly fallback?: Entry<V> | undefined
  /** Whether it runs to its end even if no reader waits. */
  readonly isDetached?: boolean
  /** Whether its caller accepts no stale value. */
  readonly wantsFresh?: boolean
  /** Whether no reader asked for it. Such a load takes no place in the queue of those that readers asked for. */
  readonly isQuiet?: boolean
  /** Whether it renews an entry that its reader has got already. */
  readonly isBehind?: boolean
  /** The load that a caller brings; the lookup of the owner unless given. */
  readonly lookup?: KeyLookup<V> | undefined
}

/** One key of a load of many. */
export interface AskedOf<V> extends Asked<V> {
  readonly key: string
}

/** A renewal of an entry behind its reader. */
export interface Renewal<V> extends AskedOf<V> {
  readonly cause: "ahead" | "stale"
  readonly fallback: Entry<V>
  readonly isBehind: true
  readonly isDetached: true
}

export const renewalOf = <V>(key: string, cause: Renewal<V>["cause"], fallback: Entry<V>): Renewal<V> => ({
  key,
  cause,
  fallback,
  isDetached: true,
  isBehind: true
})

export interface FlightOptions<V> extends Asked<V> {
  readonly key: string
  readonly load: Load
  /** The latest invalidation when it begins. */
  readonly stamp: number
  /** The latest version, where nothing is held of the key when it begins. */
  readonly absentAt?: number | undefined
  readonly startedAt: number
  /** Is called when no reason is left for which it goes on. */
  readonly onAbandoned: (flight: Flight<V>) => void
}

/** One key of a running load, with the readers who wait for it. */
export class Flight<V> extends Waited<V> {
  readonly load: Load
  readonly startedAt: number
  readonly wantsFresh: boolean
  readonly isQuiet: boolean
  private lookupNow: KeyLookup<V> | undefined
  private readonly beginsBehind: boolean
  private readonly onAbandoned: (flight: Flight<V>) => void
  private progress: Progress = "Running"
  private standing: Standing = "Current"
  private knownOfKey: KeyState = "Unchanged"
  private isBarredNow = false
  private detached: boolean
  private stampNow: number
  private causeNow: LookupContext<V>["cause"]
  /** The latest version when nothing was held of the key. Until the next one, nothing is. -1 if that is not known. */
  readonly absentAt: number
  private rivalNow: Entry<V> | undefined = undefined
  private givenNow: Entry<V> | undefined = undefined
  private heldNow: Found<V> | undefined
  private hasFoundNothing = false
  private hardTimer: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private softTimer: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private finalExit: Exit.Exit<Served<V>, unknown> | undefined = undefined
  /** The final answer for readers who accept no stale value. */
  private freshExit: Exit.Exit<Served<V>, unknown> | undefined = undefined
  private earlyExit: Exit.Exit<Served<V>, never> | undefined = undefined
  private earlyUntilMillis = -Infinity

  constructor(options: FlightOptions<V>) {
    super(options.key)
    this.load = options.load
    this.startedAt = options.startedAt
    this.heldNow = options.fallback && { entry: options.fallback, tier: memory }
    this.wantsFresh = options.wantsFresh === true
    this.isQuiet = options.isQuiet === true
    this.beginsBehind = this.isQuiet || options.isBehind === true
    this.onAbandoned = options.onAbandoned
    this.detached = options.isDetached === true
    this.stampNow = options.stamp
    this.causeNow = options.cause
    this.absentAt = options.absentAt ?? -1
    this.lookupNow = options.lookup
  }

  /** The lookup that it runs: the one that a caller brought, or that of the owner. */
  get lookup(): KeyLookup<V> | undefined {
    return this.lookupNow ?? this.load.loader.lookup as KeyLookup<V> | undefined
  }

  /** The load that a caller brought; `undefined` if it runs the lookup of the owner. */
  get brought(): KeyLookup<V> | undefined {
    return this.lookupNow
  }

  /** A caller who joins brings a load, for a flight that has none. */
  bring(lookup: KeyLookup<V> | undefined): void {
    this.lookupNow ??= lookup
  }

  get subject(): Awaited {
    return this.load
  }

  /** The stamp up to which the values that it reads are known to be valid. */
  get stamp(): number {
    return this.stampNow
  }

  /** `absent`, until a lower tier is found to hold a value that the load renews. */
  get cause(): LookupContext<V>["cause"] {
    return this.causeNow
  }

  /** The entry that the lookup was given. */
  get given(): Entry<V> | undefined {
    return this.givenNow
  }

  /**
   * What memory held of the key when the load began, or else what a lower tier is found to hold. The load replaces it.
   * Until then each reader gets it whose rules allow that, and so does each reader whose load fails.
   */
  get held(): Found<V> | undefined {
    return this.heldNow
  }

  /** Notes the entry that the lookup gets. */
  give(entry: Entry<V> | undefined): void {
    this.givenNow = entry
  }

  /** A lower tier holds an entry that the load renews. */
  renews(cause: "ahead" | "stale", held: Found<V>): void {
    this.causeNow = cause
    this.heldNow = held
  }

  /** Notes what is held of the key. */
  replaces(held: Found<V> | undefined): void {
    this.heldNow = held
  }

  /** The value of a load of its key that began earlier is kept: this is what the flight replaces from now on. */
  meetKept(held: Found<V>): void {
    this.heldNow = held
    this.hasFoundNothing = false
    this.isBarredNow = false
    this.earlyUntilMillis = -Infinity
  }

  /** The end of what is held has moved. What was offered is judged again. */
  moved(entry: Entry<V>): void {
    if (this.heldNow?.entry.version !== entry.version) return
    this.heldNow = { ...this.heldNow, entry }
    this.earlyUntilMillis = -Infinity
  }

  /** No tier holds a value of the key that may be served. */
  foundNothing(): void {
    this.hasFoundNothing = true
  }

  /** Whether it is known that no tier holds a value of the key that may be served. */
  get isAlone(): boolean {
    return this.hasFoundNothing && !this.isBarredNow && !this.isContested
  }

  /** The values that the load has read are known to be valid up to this stamp. */
  confirmUpTo(stamp: number): void {
    this.stampNow = stamp
  }

  // --- standing ---------------------------------------------------------------------------------

  get isCurrent(): boolean {
    return this.standing === "Current"
  }

  /** Whether a tag was invalidated since it began, and nothing else has happened to its key. */
  get isClosed(): boolean {
    return this.standing === "Closed"
  }

  /** Whether its value is out of date. */
  get isOvertaken(): boolean {
    return this.standing === "Overtaken"
  }

  /** A tag was invalidated, and its value may have that tag. */
  close(): void {
    if (this.standing === "Current") this.standing = "Closed"
  }

  /** Notes that the value of the flight is out of date. */
  overtake(): void {
    this.standing = "Overtaken"
  }

  /** Notes that the key was written or invalidated. */
  replacedByWrite(): void {
    this.standing = "Overtaken"
    this.knownOfKey = "Replaced"
    this.rivalNow = undefined
  }

  /** A load of its key that began later has ended. */
  outrun(): void {
    this.standing = "Overtaken"
    if (this.knownOfKey !== "Contested") return
    this.knownOfKey = "Replaced"
    this.rivalNow = undefined
  }

  // --- the key ----------------------------------------------------------------------------------

  /** Whether another engine over the place has loaded its key since it began. Either answer may be the newer one. */
  get isContested(): boolean {
    return this.knownOfKey === "Contested"
  }

  /** The entry of that other load; `undefined` if that load has found no value. */
  get rival(): Entry<V> | undefined {
    return this.rivalNow
  }

  /** Whether what is held of its key may be newer than what it brings. */
  get isReplaced(): boolean {
    return this.knownOfKey !== "Unchanged"
  }

  /** Another engine over the same place has loaded its key; without an entry, it has found no value. */
  meetRival(rival: Entry<V> | undefined): void {
    this.bar()
    if (this.standing !== "Overtaken") {
      this.knownOfKey = "Contested"
      this.rivalNow = rival
    } else this.replacedByLoad()
  }

  /** The value of another load of its key is stored. */
  replacedByLoad(): void {
    if (this.knownOfKey === "Unchanged") this.knownOfKey = "Replaced"
  }

  // --- interest ---------------------------------------------------------------------------------

  get isDetached(): boolean {
    return this.detached
  }

  /** Lets the flight run to its end even if no reader waits. */
  detach(): void {
    this.detached = true
  }

  abandonIfAlone(): void {
    if (!this.isEmpty || this.isExpected || this.hasEnded) return
    if (this.detached) this.rest()
    else this.onAbandoned(this)
  }

  /** Whether its readers have their answer, or it never had one, so that other lookups may run first. */
  get isInBackground(): boolean {
    return this.isEmpty && !this.isForFresh && (this.beginsBehind || this.progress === "AnsweredEarly")
  }

  /** Whether no reader gets its answer: none waits, and none is about to. Its first reader may join after its end. */
  get isUnseen(): boolean {
    return this.isEmpty && !this.isExpected && (this.beginsBehind || this.joinedCount > 0)
  }

  /** Whether a reader gets its answer who accepts a stale value. */
  get isForStale(): boolean {
    return this.isEmpty ? !this.isUnseen && !this.isQuiet && !this.wantsFresh : !this.areAllForFresh
  }

  /** No reader waits for it: its lookup waits behind those that readers wait for. */
  private rest(): void {
    if (this.load.open === 1) this.load.ticket?.loseReaders()
  }

  get wasAbandoned(): boolean {
    if (this.movedTo !== undefined) return this.movedTo.wasAbandoned
    return this.finalExit?._tag === "Failure" && Cause.hasInterruptsOnly(this.finalExit.cause)
  }

  /** Interrupts the fiber of its load, unless other flights need the load. */
  stop(): void {
    const { fiber, open } = this.load
    if (open === 0 && fiber !== undefined) shallow(() => fiber.interruptUnsafe())
  }

  // --- readers ----------------------------------------------------------------------------------

  /** Whether its caller, or a reader who waits, accepts no stale value. */
  get isForFresh(): boolean {
    return this.wantsFresh || this.strict !== undefined && this.strict.size > 0
  }

  /**
   * Waits for the end. The returned Effect leaves again; the last reader to leave abandons the flight. A reader who
   * accepts the early answer gets it at once, if it may be served at `nowMillis`.
   */
  override join(resume: Waiter<V>, nowMillis: number, wantsFresh: WantsFresh): Effect.Effect<void> | void {
    if (this.movedTo !== undefined) return this.movedTo.join(resume, nowMillis, wantsFresh)
    this.joinedCount++
    // A tier that answers at once does so before the reader who started the load can wait for it.
    const isFirst = this.isExpected || this.joinedCount === 1
    const offered = wantsFresh === "new" ? undefined : this.earlyAt(nowMillis)
    const early = wantsFresh === true && isStale(offered) ? undefined : offered
    const exit = wantsFresh !== false
      ? early ?? this.freshExit
      : isFirst
      ? early ?? this.finalExit
      : this.finalExit ?? early
    if (exit !== undefined) return resume(exit)
    const leave = this.add(resume, wantsFresh)
    // The lookup may begin now, and end at once.
    this.load.ticket?.meetReader()
    return leave
  }

  protected override receive(
    waiters: ReadonlySet<Waiter<V>>,
    strict: ReadonlySet<Waiter<V>> | undefined,
    renewing: ReadonlySet<Waiter<V>> | undefined
  ): void {
    this.joinedCount += waiters.size
    for (const { work } of waiters) if (work !== undefined) this.load.lead(work)
    super.receive(waiters, strict, renewing)
    if (!this.isEmpty) this.load.ticket?.meetReader()
  }

  // --- progress ---------------------------------------------------------------------------------

  get hasEnded(): boolean {
    return this.progress === "Ended"
  }

  /** The final answer; `undefined` while it runs. */
  get exit(): Exit.Exit<Served<V>, unknown> | undefined {
    return this.finalExit
  }

  /** Whether no stale value may take the place of a failure. */
  get isBarred(): boolean {
    return this.isBarredNow
  }

  /** A stale value may be hidden by a mark that was forgotten, or replaced by another load: none is served any more. */
  bar(): void {
    this.isBarredNow = true
  }

  override earlyAt(nowMillis: number): Exit.Exit<Served<V>, never> | undefined {
    if (this.movedTo !== undefined) return this.movedTo.earlyAt(nowMillis)
    if (this.progress === "Running" || this.isBarredNow || nowMillis >= this.earlyUntilMillis) return undefined
    return this.earlyExit
  }

  /** This fiber ends the flight when its time is over. */
  endLateBy(timer: Fiber.Fiber<unknown, unknown>): void {
    this.hardTimer = timer
  }

  /** This fiber answers early with a stale value, when readers have waited for long enough. The load goes on. */
  answerEarlyBy(timer: Fiber.Fiber<unknown, unknown>): void {
    this.softTimer = timer
  }

  /** Whether that fiber has been started. */
  get isTimed(): boolean {
    return this.softTimer !== undefined
  }

  /** Offers a stale value. The load goes on, even if no reader waits any more. */
  answerEarly(exit: Exit.Exit<Served<V>, never>, untilMillis: number): void {
    this.detached = true
    this.offer(exit, untilMillis)
  }

  /** Answers the readers who wait now, and those who come before `untilMillis`, while the load goes on. */
  offer(exit: Exit.Exit<Served<V>, never>, untilMillis: number): void {
    if (this.progress === "Running") this.progress = "AnsweredEarly"
    this.earlyExit = exit
    this.earlyUntilMillis = untilMillis
    if (this.answerBy(exit) && this.isEmpty && !this.wantsFresh) this.rest()
  }

  /** Ends the flight. Readers who accept no stale value get `freshExit`. A second end does nothing. */
  end(exit: Exit.Exit<Served<V>, unknown>, freshExit = exit): void {
    if (this.progress === "Ended") return
    this.progress = "Ended"
    this.finalExit = exit
    this.freshExit = freshExit
    this.load.close()
    this.hardTimer?.interruptUnsafe()
    this.softTimer?.interruptUnsafe()
    this.answer(exit, freshExit)
  }
}
