/**
 * Keeps what one engine knows of a ledger: a position in each log, moved by answers and news. It makes a `Ledger` of
 * any place (`LedgerPlace`), so the rules of knowing are written once.
 *
 * - An answer applies its records before anything else. A receipt is returned when its own record is applied.
 * - What was found is returned when all marks that the place knew are applied. If the epoch has changed meanwhile, it
 *   is asked for again, once, and then counts as absent.
 * - When one log becomes unknown, all do. What took its state may have taken that of the others, and a value of one log
 *   is made from values of others: it would be put with the new epoch, and made from what the old one had.
 * - A log that is unknown is asked for its marks, again and again, until it answers.
 * - A commit goes on when its caller has left. One that counts as late is asked again.
 * - Only the answer of a step that proves the head moves `provenAt`, to the time at which its question was sent.
 *
 * Not here: what a record does to a position (`logView.ts`); memory, what is suspect, and the repetition of a commit
 * whose outcome is unknown. The engine has them.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as AnswerTime from "../../shared/answerTime.ts"
import { CoarseClock } from "../../shared/coarseClock.ts"
import type { StoreFamily } from "../../Store.ts"
import { type Operation, StoreError, TierFailed, TierTimeout } from "../../StoreError.ts"
import type {
  Begun,
  Beside,
  Commit,
  Fence,
  Header,
  KeyName,
  Knowledge,
  Ledger,
  News,
  PlacePartition,
  Position,
  Put,
  Receipt,
  SharedPartition
} from "./ledger.ts"
import type { Answer, Asker, LedgerPlace, Outcomes, Placed, PlacedPut, Question } from "./ledgerPlace.ts"
import { LogView, sameEpoch } from "./logView.ts"

export interface Options {
  /** How long the place may take for an answer; then the outcome is unknown. */
  readonly answerMillis: number
}

interface Surroundings {
  readonly writer: number
  readonly time: CoarseClock
  readonly scope: Scope.Scope
  readonly run: (work: Effect.Effect<unknown>) => void
}

/** A log is read in parts. After so many of them it is not reached, because others write faster than it is read. */
const partsMax = 1_000

/** How many times a commit that counts as late is asked again. */
const lateMax = 16

/** The first and the longest pause before an unknown log is asked again. Each pause is twice as long as the last. */
const againMillis = 100
const againMillisMax = 10_000

/** Opens a ledger for one engine. */
export const make = (place: LedgerPlace, options: Options): Effect.Effect<Ledger, never, Scope.Scope> =>
  Effect.gen(function*() {
    const writer = yield* Random.nextIntBetween(1, 2 ** 32 - 1)
    const time = new CoarseClock(yield* Clock.Clock)
    const scope = yield* Effect.scope
    const context = yield* Effect.context<never>()
    return new LedgerNode(place, options, { writer, time, scope, run: Effect.runForkWith(context) })
  })

class LedgerNode implements Ledger {
  private readonly place: LedgerPlace
  private readonly options: Options
  private readonly writer: number
  private readonly time: CoarseClock
  private readonly scope: Scope.Scope
  private readonly run: (work: Effect.Effect<unknown>) => void
  private readonly views: ReadonlyArray<LogView>
  private hear: (news: News) => void = () => undefined
  private readonly pursued = new Set<LogView>()
  private isFollowing = false

  constructor(place: LedgerPlace, options: Options, { run, scope, time, writer }: Surroundings) {
    this.place = place
    this.options = options
    this.writer = writer
    this.time = time
    this.scope = scope
    this.run = run
    this.views = Array.from(
      { length: place.logs },
      (_, log) => new LogView(log, writer, this.told, this.covers)
    )
  }

  private readonly told = (news: News): void => {
    this.hear(news)
    if (news._tag === "Unknown") { for (const view of this.views) this.doubt(view) }
  }

  private doubt(view: LogView): void {
    view.lose()
    if (this.isFollowing) this.settle(view)
  }

  get name(): string {
    return this.place.name
  }

  get logs(): number {
    return this.place.logs
  }

  readonly logOf = (family: string, key: string): number => {
    if (this.views.length === 1) return 0
    const end = key.indexOf(":")
    return hash(key === "" ? family : end < 0 ? key : key.slice(0, end)) % this.views.length
  }

  readonly position = (log: number): Position | undefined => this.views[log]!.position

  readonly covers = (log: number, position: Position): boolean => this.views[log]!.covers(position)

  readonly provenAt = (log: number): number => this.views[log]!.provenAt

  get aheadMillis(): number | undefined {
    return this.place.aheadMillis
  }

  get versionMax(): number {
    return Math.max(...this.views.map((view) => view.versionMax))
  }

  readonly look = (): Knowledge => {
    const { lookNow } = this.place
    let worst: Knowledge = "current"
    for (const view of this.views) {
      if (lookNow !== undefined) this.lookAt(view, lookNow)
      const { knowledge } = view
      if (knowledge === "unknown" || worst === "current") worst = knowledge
    }
    return worst
  }

  // In parts, as long as each part moves the position.
  private lookAt(view: LogView, lookNow: NonNullable<LedgerPlace["lookNow"]>): void {
    for (let part = 0; part < partsMax && view.position !== undefined; part++) {
      const before = view.position
      this.heard(view, lookNow(view.log, this.asker(view)), this.time.now())
      if (view.position === before || view.knowledge !== "behind") return
    }
  }

  follow(hear: (news: News) => void): Effect.Effect<void, never, Scope.Scope> {
    return Effect.gen({ self: this }, function*() {
      this.hear = hear
      this.isFollowing = true
      for (const view of this.views) {
        yield* this.place.listen(
          view.log,
          (epoch, records) => {
            view.apply(epoch, records)
            this.settle(view)
          },
          () => this.run(Effect.forkIn(Effect.ignore(this.reach(view)), this.scope))
        )
        yield* Effect.ignore(this.begin(view))
        this.settle(view)
      }
    })
  }

  catchUp(to?: ReadonlyMap<number, Position>): Effect.Effect<void, StoreError> {
    return Effect.forEach(
      to === undefined ? this.views.map((view) => [view.log, undefined] as const) : to,
      ([log, position]) => this.reach(this.views[log]!, position),
      { discard: true }
    )
  }

  commit(log: number, commit: Commit): Effect.Effect<Receipt, StoreError> {
    const view = this.views[log]!
    const puts = commit.puts.map(placed)
    const guards = commit.guards.map((guard) => ({ ...guard, puts: guard.puts.map(placed) }))
    const committed = Effect.gen({ self: this }, function*() {
      const { heading, outcome } = yield* this.inOrder(view, { _tag: "Commit", ...commit, guards, puts })
      const position = { epoch: heading.epoch, stamp: outcome.stamp! }
      // What cannot be heard is missing. The commit was done nevertheless.
      yield* Effect.catch(this.reach(view, position), () => this.distrust(view))
      return { position, overtaken: outcome.overtaken, isFull: outcome.isFull, refused: outcome.refused }
    })
    return this.whole(committed)
  }

  /** A commit that counts as late, and was not, is asked again as soon as this engine knows the log. */
  private inOrder(
    view: LogView,
    question: Extract<Question, { readonly _tag: "Commit" }>,
    left = lateMax
  ): Effect.Effect<Answer<"Commit">, StoreError> {
    return Effect.flatMap(this.ask(view, question), (answer) => {
      if (!answer.outcome.isLate) return Effect.succeed(answer)
      return left === 0
        ? Effect.fail(unreached(this.name))
        : Effect.andThen(this.reach(view), this.inOrder(view, question, left - 1))
    })
  }

  open<V>(family: StoreFamily<V>): Effect.Effect<SharedPartition<V>, StoreError, Scope.Scope> {
    return Effect.map(this.place.open(family), (partition) => this.partitionOf(family, partition))
  }

  private partitionOf<V>(family: StoreFamily<V>, partition: PlacePartition<V>): SharedPartition<V> {
    const { name } = family
    const viewOf = (key: string) => this.views[this.logOf(name, key)]!
    const shared: SharedPartition<V> = {
      family: name,
      place: partition,
      prepare: partition.prepare,
      begin: (key, leaseMillis, except) =>
        this.beginLoad(viewOf(key), { _tag: "Begin", key: [name, key], partition, leaseMillis, except }),
      getMany: (keys) =>
        this.inLogs(name, keys, (view, some) => this.read(view, some, partition), (placed: Placed) => ({
          found: placed.found!,
          header: placed.header
        })),
      headers: (keys) =>
        this.inLogs(name, keys, (view, some) => this.read(view, some, undefined), ({ header }): Header => header),
      put: (put, beside: Beside = {}) =>
        Effect.map(
          this.ask(viewOf(put.key), {
            _tag: "Put",
            put: placed({ ...put, partition: shared }),
            lease: beside.lease,
            drops: beside.drops
          }),
          ({ outcome }) => outcome
        ),
      abandon: (key, lease: Fence) => Effect.asVoid(this.ask(viewOf(key), { _tag: "Abandon", key: [name, key], lease }))
    }
    return shared
  }

  // The lookup begins after this, so the log is known by then, if it can be. An answer that cannot be used may have
  // brought a lease.
  private beginLoad<V>(
    view: LogView,
    question: Extract<Question, { readonly _tag: "Begin" }>
  ): Effect.Effect<Begun<V>, StoreError> {
    const giveUp = (outcome: Outcomes["Begin"]): void => {
      if (outcome._tag !== "Yours" || outcome.lease === undefined) return
      this.run(Effect.ignore(this.ask(view, { _tag: "Abandon", key: question.key, lease: outcome.lease })))
    }
    return Effect.map(
      this.judged(view, question, giveUp),
      (outcome): Begun<V> => {
        if (outcome === undefined) return { _tag: "Yours", lease: undefined }
        return outcome._tag !== "Found"
          ? outcome
          : { _tag: "Found", found: outcome.placed.found!, header: outcome.placed.header }
      }
    )
  }

  private read(
    view: LogView,
    keys: ReadonlyArray<KeyName>,
    partition: PlacePartition<any> | undefined
  ): Effect.Effect<ReadonlyArray<Placed | undefined>, StoreError> {
    const question: Question = { _tag: "Read", keys, partition }
    return Effect.flatMap(
      this.judged(view, question, constVoid),
      // Nothing says that there is no entry.
      (outcome) => outcome === undefined ? Effect.fail(unreached(this.name)) : Effect.succeed(outcome)
    )
  }

  /**
   * What is found when all marks that the place knew are applied; `undefined` if the epoch goes on changing. `dropped`
   * is called with each outcome that is not returned.
   */
  private judged<Q extends Extract<Question, { readonly _tag: "Begin" | "Read" }>>(
    view: LogView,
    question: Q,
    dropped: (outcome: Answer<Q["_tag"]>["outcome"]) => void,
    isLast = false
  ): Effect.Effect<Answer<Q["_tag"]>["outcome"] | undefined, StoreError> {
    return Effect.flatMap(this.ask(view, question), ({ heading, outcome }) => {
      const { epoch, marksAt } = heading
      const isOf = () => view.position !== undefined && sameEpoch(view.position.epoch, epoch)
      if (isOf() && view.position!.stamp >= marksAt) return Effect.succeed(outcome)
      const reached = this.reach(view, isOf() ? { epoch, stamp: marksAt } : undefined)
      return Effect.flatMap(Effect.onError(reached, () => Effect.sync(() => dropped(outcome))), () => {
        if (isOf() && view.position!.stamp >= marksAt) return Effect.succeed(outcome)
        dropped(outcome)
        return isLast ? Effect.undefined : this.judged(view, question, dropped, true)
      })
    })
  }

  private inLogs<A>(
    family: string,
    keys: ReadonlyArray<string>,
    read: (view: LogView, keys: ReadonlyArray<KeyName>) => Effect.Effect<ReadonlyArray<Placed | undefined>, StoreError>,
    shown: (placed: Placed) => A
  ): Effect.Effect<ReadonlyArray<A | undefined>, StoreError> {
    const indexes = new Map<number, Array<number>>()
    for (const [index, key] of keys.entries()) {
      const log = this.logOf(family, key)
      const known = indexes.get(log)
      if (known === undefined) indexes.set(log, [index])
      else known.push(index)
    }
    const all: Array<A | undefined> = keys.map(() => undefined)
    const parts = Effect.forEach(
      indexes,
      ([log, some]) =>
        Effect.map(read(this.views[log]!, some.map((index): KeyName => [family, keys[index]!])), (answers) => {
          for (const [at, answer] of answers.entries()) if (answer !== undefined) all[some[at]!] = shown(answer)
        }),
      { concurrency: "unbounded", discard: true }
    )
    return Effect.as(parts, all)
  }

  private asker({ position }: LogView): Asker {
    return { writer: this.writer, position }
  }

  private ask<Q extends Question>(view: LogView, question: Q): Effect.Effect<Answer<Q["_tag"]>, StoreError> {
    return Effect.suspend(() => {
      const sentAt = this.time.now()
      const { answerMillis } = this.options
      const answer = AnswerTime.timeoutOrElse(this.place.ask(view.log, this.asker(view), question), {
        duration: answerMillis,
        orElse: () => Effect.fail(timedOut(this.name, question, answerMillis))
      })
      return Effect.map(answer, (answer) => {
        this.heard(view, answer, sentAt)
        return answer
      })
    })
  }

  private heard(view: LogView, { heading, proves, records }: Answer<any>, sentAt: number): void {
    view.apply(heading.epoch, records)
    view.meet(heading)
    if (proves) view.prove(heading, sentAt)
    this.settle(view)
  }

  /** Goes after what is missing, in a fiber of its own: one for each log. */
  private settle(view: LogView): void {
    if (view.isWhole || this.pursued.has(view)) return
    this.pursued.add(view)
    const ended = Effect.ensuring(this.pursue(view, againMillis), Effect.sync(() => this.pursued.delete(view)))
    this.run(Effect.forkIn(ended, this.scope))
  }

  private pursue(view: LogView, millis: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (view.isWhole) return Effect.void
      const later = Effect.andThen(
        Effect.sleep(millis),
        Effect.suspend(() => this.pursue(view, Math.min(2 * millis, againMillisMax)))
      )
      return Effect.matchEffect(this.reach(view), {
        onFailure: () => later,
        onSuccess: () => this.pursue(view, againMillis)
      })
    })
  }

  /** Reads the marks of a log. Returns the head that they belong to; what is known then may be an older one. */
  private begin(view: LogView): Effect.Effect<Position, StoreError> {
    return Effect.map(this.ask(view, { _tag: "Marks" }), ({ heading, outcome }) => {
      view.begin(heading, outcome)
      return { epoch: heading.epoch, stamp: heading.head }
    })
  }

  private distrust(view: LogView): Effect.Effect<void> {
    return Effect.sync(() => {
      view.lose()
      this.settle(view)
    })
  }

  /** Reads the log up to a position, or to its end as of now. */
  private reach(view: LogView, to?: Position): Effect.Effect<void, StoreError> {
    return this.part(view, to, partsMax)
  }

  private part(view: LogView, to: Position | undefined, left: number): Effect.Effect<void, StoreError> {
    return Effect.suspend(() => {
      if (to !== undefined && view.covers(to)) return Effect.void
      if (left === 0) return Effect.fail(unreached(this.name))
      if (view.position === undefined) {
        return Effect.flatMap(this.begin(view), (head) => {
          const end = to ?? head
          return view.covers(end) ? Effect.void : this.part(view, end, left - 1)
        })
      }
      return Effect.flatMap(this.ask(view, { _tag: "Look" }), ({ heading }) => {
        const { waitsFor } = view
        if (waitsFor !== undefined) {
          const other = this.views[waitsFor.log]!
          const reached = Effect.catch(this.reach(other, waitsFor.position), () => this.distrust(other))
          return Effect.andThen(reached, this.part(view, to, left - 1))
        }
        const end = to ?? { epoch: heading.epoch, stamp: heading.head }
        return view.covers(end) ? Effect.void : this.part(view, end, left - 1)
      })
    })
  }

  /** Goes on when its caller has left. */
  private whole<A>(work: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        Effect.forkIn(work, this.scope, { startImmediately: true }),
        (fiber) =>
          restore(
            Effect.flatMap(Fiber.await(fiber), Exit.match({ onFailure: Effect.failCause, onSuccess: Effect.succeed }))
          )
      )
    )
  }
}

const placed = <At extends Position | undefined>(
  { at, entry, identity, key, partition, prepared }: Omit<Put<any>, "at"> & { readonly at: At }
): Omit<PlacedPut, "at"> & { readonly at: At } => ({
  partition: partition.place,
  prepared: { key, entry, prepared },
  identity,
  at
})

const operations: Record<Question["_tag"], Operation> = {
  Read: "get",
  Begin: "get",
  Put: "set",
  Abandon: "remove",
  Commit: "write",
  Marks: "loadMarks",
  Look: "loadMarks"
}

const timedOut = (tier: string, { _tag }: Question, timeoutMillis: number): StoreError =>
  new StoreError({ reason: new TierTimeout({ tier, operation: operations[_tag], timeoutMillis }) })

const unreached = (tier: string): StoreError =>
  new StoreError({
    reason: new TierFailed({ tier, operation: "loadMarks", cause: new Error("the log changes faster than it is read") })
  })

/** FNV-1a over UTF-16, so that all programs of a ledger agree. */
const hash = (text: string): number => {
  let sum = 0x811c9dc5
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193)
  return sum >>> 0
}
