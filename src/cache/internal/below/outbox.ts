/**
 * Takes the changes of one engine to the lower tiers.
 *
 * A change takes effect in memory and is put into the outbox in one synchronous step. A fiber carries it below. So
 * changes of a key arrive in the order in which they took effect, even if their callers have left.
 *
 * - A `Lane` has the changes of one family (`lane.ts`), the outbox the marks of all. What is put into them in one step
 *   goes with one round, so a change and the removals that it causes are never seen apart.
 * - Engines over one place share one `Carrier` (`carrier.ts`), so their changes of a key arrive in order as well. A
 *   round is one write of the store.
 * - Marks of a round that has failed go with each round until one has arrived, and so do the rows of the life that
 *   engines of one manifest owe.
 * - An engine that closes waits for its own changes, and for one more round if one that has failed was to take away
 *   something that is still below. If a change does not arrive, its caller gets an error.
 *
 * Not here: memory, and what a failure means for the caller.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as AnswerTime from "../../../store/shared/answerTime.ts"
import type { Mark, Store } from "../../../store/Store.ts"
import { StoreError, TierFailed } from "../../../store/StoreError.ts"
import { splitScope } from "../family/names.ts"
import { type Carrier, settledOf } from "./carrier.ts"
import type { Delivery, Parcel } from "./delivery.ts"
import type { Guard } from "./guard.ts"
import type { Lane } from "./lane.ts"
import { MarksParcel, type OnFailure, OwedMarks, type Sender, type Trip } from "./parcels.ts"
import { Written } from "./written.ts"

/** The changes of one engine. */
export class Outbox implements Sender {
  readonly carrier: Carrier
  readonly store: Store["Service"]
  /**
   * Marks that go with each round until one has arrived. Engines of one manifest owe the same. Where the place keeps
   * entries of an earlier life (`isKnown`), each change takes them below.
   */
  life: { owed: ReadonlyArray<Mark>; readonly isKnown: boolean } = { owed: [], isKnown: false }
  /** Marks of rounds that have failed. */
  readonly owed = new OwedMarks()
  /** The result of a change that is made after the engine was closed. */
  refused: Delivery | undefined = undefined
  /** The guard of the conditional write that is applied in this step. */
  guard: Guard | undefined = undefined
  private readonly closed = Deferred.makeUnsafe<void>()

  constructor(store: Store["Service"], carrier: Carrier) {
    this.store = store
    this.carrier = carrier
  }

  get isFull(): boolean {
    return this.refused === undefined && this.carrier.isFull
  }

  /** Waits until a key may be set, or the engine is closed. */
  get room(): Effect.Effect<void> {
    return Effect.raceFirst(this.carrier.room, Deferred.await(this.closed))
  }

  /** Waits until what all engines have put down so far has arrived, and for nothing that comes later. */
  get settled(): Effect.Effect<void> {
    return this.carrier.settled
  }

  /** Like `settled`, but also waits for the values that wait for a codec. */
  get settledWhole(): Effect.Effect<void> {
    return this.carrier.settledWhole
  }

  /** Waits until every change of this engine has arrived. */
  readonly idle: Effect.Effect<void> = Effect.suspend(() => {
    const last = this.carrier.lastOf(this)
    if (last !== undefined) return Effect.andThen(Deferred.await(last.arrived), this.idle)
    const waiting = this.carrier.preparing(this)
    return waiting.length === 0 ? Effect.void : Effect.andThen(settledOf(waiting), this.idle)
  })

  /** Adds the first change of a lane to a round. */
  depart<P extends Parcel>(lane: Lane<any>, make: (trip: Trip) => P): P {
    const journey = this.carrier.depart(this)
    const parcel = make(journey)
    journey.lanes.add(lane)
    journey.parcels.push(parcel)
    return parcel
  }

  mark(scope: string, stamp: number, onFailure: OnFailure, isSensitive: boolean): Delivery {
    if (this.refused !== undefined) return this.refused
    const marks = this.departingMarks(onFailure, isSensitive)
    marks.stamps.set(scope, Math.max(stamp, marks.stamps.get(scope) ?? stamp))
    const { familyName } = splitScope(scope)
    marks.oldest.set(familyName, Math.min(stamp, marks.oldest.get(familyName) ?? stamp))
    return new Set([marks])
  }

  /** Whether rows of the life are still on their way to a store that keeps something from before. */
  get owesRows(): boolean {
    return this.life.isKnown && this.life.owed.length > 0
  }

  /** Sends the rows that are owed, for a change that leaves the lower tiers as they are. */
  sendOwed(onFailure: OnFailure, isSensitive: boolean): Delivery {
    return this.refused ?? new Set([this.departingMarks(onFailure, isSensitive)])
  }

  private departingMarks(onFailure: OnFailure, isSensitive: boolean): MarksParcel {
    const journey = this.carrier.depart(this)
    let { marks } = journey
    if (marks === undefined) journey.parcels.push(journey.marks = marks = new MarksParcel(journey))
    marks.told.add(onFailure)
    marks.isSensitive ||= isSensitive
    return marks
  }

  /** Carries rounds until the Scope closes, and then the remaining ones. */
  readonly run: Effect.Effect<void, never, Scope.Scope> = Effect.suspend(() =>
    Effect.acquireRelease(
      this.carrier.join,
      () => Effect.andThen(AnswerTime.drained(Effect.andThen(this.idle, this.repay)), this.close)
    )
  )

  /** One more round, if one that has failed was to take away something that is still below. */
  private readonly repay: Effect.Effect<void> = Effect.suspend(() => {
    if (!this.carrier.owes(this)) return Effect.void
    this.carrier.depart(this)
    return this.idle
  })

  /** Fails the callers whose changes have not arrived, and all later changes. */
  private readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const cause = new Error("the cache was closed before the change had arrived")
    const failure = new StoreError({ reason: new TierFailed({ tier: "lower", operation: "write", cause }) })
    const written = new Written(this.carrier)
    written.fail()
    this.refused = new Set([{ arrived: this.closed, failure, written }])
    Deferred.doneUnsafe(this.closed, Exit.void)
    return this.carrier.leave(this, failure)
  })

  /** Throws when the structure is broken. For tests. */
  checkInvariants(options: { readonly idle: boolean }): void {
    this.carrier.checkInvariants(options)
  }
}
