/**
 * Carries changes to the lower tiers.
 *
 * A change takes effect in memory and is put into the outbox in one synchronous step. A fiber carries it below. So
 * changes of a key arrive in the order in which they took effect, even if their callers have left.
 *
 * - Changes that are made while a round is on its way go with the next round: the last change of each key, and the
 *   latest stamp of each mark.
 * - A round is one write of the store: all its changes and marks arrive, or none of them. So a change and the removals
 *   that it causes, which are put into the outbox in one step, are never seen apart.
 * - A value that a caller sets was prepared before it took effect, so no mistake of a caller can fail a round. A loaded
 *   value is prepared here, before the round begins. If it does not fit, it is left out, and the other keys of the
 *   round are not affected. If its codec does not answer at once, this round removes its key, and the value follows
 *   with a later round (`preparing.ts`), so that no round waits for a codec.
 * - Until the change of a key has arrived, its entry below is out of date. `pending` answers in its place.
 * - A key whose change has failed is not read below until it is known again: the engine does not know what is there.
 *   Each later round removes it, whatever else the round carries, and takes down the marks of failed rounds. A round
 *   that carries nothing else follows after a while, and before the engine closes. So what a value was to take away is
 *   never below beside a later value.
 * - What callers have written with a round that fails is taken back at once (`written.ts`).
 * - Beyond `pendingMax` keys or `pendingBytesMax` bytes, a caller who sets a key waits for room. A removal never waits:
 *   instead, the family with the most removals is cleared below.
 * - A loaded value that does not fit the bytes of a round follows with the next one; this one removes its key.
 * - Engines over one place share one carrier, so their changes of a key arrive in order as well. An engine that closes
 *   waits for its own changes. If a change does not arrive, its caller gets an error.
 *
 * Not here: memory, and what a failure means for the caller.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { forkOutside } from "../../../capability/shared/outside.ts"
import type { Entry, Found } from "../../../store/Entry.ts"
import * as AnswerTime from "../../../store/shared/answerTime.ts"
import type { CoarseClock } from "../../../store/shared/coarseClock.ts"
import { inEngineTime, inWallTime } from "../../../store/shared/entryTimes.ts"
import type { Change, Mark, Partition, Prepared, PreparedEntry, Store } from "../../../store/Store.ts"
import { StoreError, TierFailed } from "../../../store/StoreError.ts"
import { sealed, unsealed } from "../family/sensitive.ts"
import { type Delivery, noDelivery, type Parcel } from "./delivery.ts"
import { inTime } from "./inTime.ts"
import {
  absent,
  ChangesParcel,
  distrusted,
  errorOf,
  Journey,
  type LaneOptions,
  MarksParcel,
  type OnFailure,
  OwedMarks,
  type Pending,
  pendingIn,
  type Trip
} from "./parcels.ts"
import { Preparing } from "./preparing.ts"
import { Written } from "./written.ts"

// The most keys that wait to be set, and the most that wait to be removed, over all families.
const pendingMax = 65_536

/** The most bytes of values that wait to be set, over all families, and the most of one family in one round. */
export const pendingBytesMax = 67_108_864

// Keys of a family whose change below has failed; beyond, all of the family that is older counts as changed, and is
// removed below.
const distrustedMax = 65_536

// What a failed round was to take away is taken away with the next one, which comes after so long at the latest.
const repayAfter: Duration.Input = "10 seconds"

// A tier should end its own operations. A tier that hangs must not delay the end of the program, neither while the last
// changes are carried (`AnswerTime.drained`) nor while its operation is interrupted.
export const interruptingMax: Duration.Input = "1 second"

/**
 * The changes of one family of one engine, and its reads of the lower tiers.
 *
 * The lower tiers get times of the wall clock (`entryTimes.ts`).
 */
export class Lane<V> {
  readonly outbox: Outbox
  readonly isSensitive: boolean
  private readonly partition: Partition<V>
  private readonly time: CoarseClock
  readonly carrier: Carrier
  /** The lanes of the same family in all engines, including this one. */
  private lanes: Set<Lane<any>>
  private readonly onFailure: OnFailure
  private readonly onDistrust: () => void
  private readonly onAlone: LaneOptions<V>["onAlone"]
  private gathering: ChangesParcel<V> | undefined
  private carried: ChangesParcel<V> | undefined
  private readonly distrusted = new Set<string>()
  /** More keys than are known by name: below, all of the family is to go. */
  private owesAll = false
  /** The distrusted keys that the round removes which is on its way. */
  private repaid: ReadonlyArray<string> = []
  readonly preparing: Preparing<V>

  constructor(outbox: Outbox, { isSensitive, name, onAlone, onDistrust, onFailure, partition, time }: LaneOptions<V>) {
    this.outbox = outbox
    this.carrier = outbox.carrier
    this.isSensitive = isSensitive
    this.partition = partition
    this.time = time
    this.onFailure = onFailure
    this.onDistrust = onDistrust
    this.onAlone = onAlone
    this.preparing = new Preparing(time, this.prepared)
    this.lanes = this.carrier.enter(name, this)
  }

  get(key: string): Effect.Effect<Found<V> | undefined, StoreError> {
    const found = this.partition.get(key)
    return this.time.ahead === 0 ? found : Effect.map(found, this.inEngineTime)
  }

  getMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError> {
    const found = this.partition.getMany(keys)
    return this.time.ahead === 0 ? found : Effect.map(found, (all) => all.map(this.inEngineTime))
  }

  /** Whether values wait for a codec, in any engine: they are in no lower tier. */
  get isWaiting(): boolean {
    return Array.from(this.lanes).some(({ preparing }) => !preparing.isEmpty)
  }

  readonly inEngineTime = (found: Found<V> | undefined): Found<V> | undefined =>
    found && { ...found, entry: inEngineTime(this.time, found.entry) }

  /** Sets a key. `prepared` is the content as the partition prepared it, if that was done before the change. */
  set(key: string, entry: Entry<V>, prepared?: Prepared<V>): Delivery {
    return this.put(key, { entry, prepared })
  }

  /** Moves the end of an entry, because it was read. Its prepared content stays. */
  touch(key: string, entry: Entry<V>): Delivery {
    if (this.preparing.touch(key, entry)) return noDelivery
    const known = this.gathering?.keys.get(key)
    const prepared = known?.entry?.version === entry.version ? known.prepared : undefined
    return this.put(key, { entry, prepared, isTouch: known === undefined || known.isTouch === true })
  }

  remove(key: string): Delivery {
    if (this.carrier.removals >= pendingMax) this.carrier.clearLargest()
    return this.put(key, absent)
  }

  /** The change of a key that is on its way below; `undefined` if the entry below is up to date. */
  pending(key: string): Pending<V> | undefined {
    if (this.lanes.size > 1) return this.pendingOfAll(key)
    if (!this.preparing.isEmpty) {
      const entry = this.preparing.get(key)
      if (entry !== undefined) return { entry, prepared: undefined }
    }
    if (this.gathering === undefined && this.carried === undefined && this.distrusted.size === 0) return undefined
    return pendingIn(this.gathering, key) ?? pendingIn(this.carried, key) ??
      (this.distrusted.has(key) ? distrusted : undefined)
  }

  // At most one lane has the key among the changes that wait or are prepared, and at most one among those that are
  // carried. In a family that is cleared, only later changes count.
  private pendingOfAll(key: string): Pending<V> | undefined {
    const lanes = Array.from(this.lanes)
    for (const { preparing } of lanes) {
      const entry = preparing.get(key)
      if (entry !== undefined) return { entry, prepared: undefined }
    }
    for (const round of [lanes.map((lane) => lane.gathering), lanes.map((lane) => lane.carried)]) {
      for (const parcel of round) {
        const known = parcel?.keys.get(key)
        if (known !== undefined) return known
      }
      if (round.some((parcel) => parcel?.cleared === true)) return absent
    }
    return lanes.some((lane) => lane.distrusted.has(key)) ? distrusted : undefined
  }

  /** Why so many entries do not fit below, beside those that are on their way; `undefined` if they do. */
  full(entries: number, bytes: number): StoreError | undefined {
    const { bytes: waiting, sets, underWay } = this.carrier
    return this.partition.full?.(sets + underWay.sets + entries, waiting + underWay.bytes + bytes)
  }

  /** The number of waiting removals. */
  get removals(): number {
    return this.gathering?.removals ?? 0
  }

  /** The number of keys that wait to be set. */
  get sets(): number {
    return this.gathering === undefined ? 0 : this.gathering.keys.size - this.gathering.removals
  }

  /** The bytes of the waiting values. */
  get bytes(): number {
    let sum = 0
    for (const { prepared } of this.gathering?.keys.values() ?? []) sum += prepared?.bytes ?? 0
    return sum
  }

  /** Clears the whole family below, in place of its removals. */
  clear(): void {
    const parcel = this.gathering
    if (parcel === undefined) return
    for (const [key, { entry }] of parcel.keys) if (entry === undefined) parcel.keys.delete(key)
    this.carrier.removals -= parcel.removals
    parcel.removals = 0
    // Of several lanes, the first one that is carried clears the family, before any of them sets a key.
    parcel.cleared = !Array.from(this.lanes).some((lane) => lane.gathering?.cleared === true)
  }

  /** Whether a failed round was to take away something that is still below. */
  get owes(): boolean {
    return this.owesAll || this.distrusted.size > 0
  }

  /** What has gathered, on its way from now on, with what is owed. */
  take(trip: () => Trip): ChangesParcel<V> | undefined {
    const parcel = this.gathering ?? (this.owes ? new ChangesParcel<V>(trip()) : undefined)
    if (parcel !== undefined && this.owesAll) parcel.cleared = true
    this.gathering = undefined
    this.carried = parcel
    return parcel
  }

  /** The keys that are owed, except those that the round has anyhow. All lanes have been taken. */
  private repay(): ReadonlyArray<string> {
    const { distrusted, lanes } = this
    this.repaid = distrusted.size === 0 ? [] : Array.from(distrusted)
    return this.repaid.filter((key) => !Array.from(lanes).some(({ carried }) => carried?.keys.has(key) === true))
  }

  /**
   * The change of a parcel, as the store takes it. If a value cannot be prepared, its failure is reported, and its key
   * is removed below, because no older value may stay there. If its codec does not answer at once, the key is removed
   * as well, and the value follows later.
   */
  changeOf(parcel: ChangesParcel<V>): Effect.Effect<Change<V>> {
    const { partition } = this
    const removed: Array<string> = [...this.repay()]
    const set: Array<PreparedEntry<V>> = []
    const open: Array<readonly [key: string, entry: Entry<V>, prepare: Effect.Effect<Prepared<V>, StoreError>]> = []
    const later: Array<readonly [key: string, change: Pending<V>]> = []
    let bytes = 0
    const settle = (key: string, entry: Entry<V>, exit: Exit.Exit<Prepared<V>, StoreError>): void => {
      if (Exit.isSuccess(exit)) {
        bytes += exit.value.bytes
        return void set.push({ key, entry: inWallTime(this.time, entry), prepared: exit.value })
      }
      removed.push(key)
      this.unprepared(key, errorOf("prepare", exit.cause))
    }
    for (const [key, pending] of parcel.keys) {
      const { entry, isTouch, prepared } = pending
      if (entry === undefined) removed.push(key)
      else if (prepared !== undefined) settle(key, entry, Exit.succeed(prepared))
      else {
        const made = bytes < pendingBytesMax ? partition.prepare(key, entry) : undefined
        if (made !== undefined && Exit.isExit(made)) {
          const fitting = this.fitting(made as Exit.Exit<Prepared<V>, StoreError>)
          if (Exit.isSuccess(fitting)) this.carrier.underWay.bytes += fitting.value.bytes
          // Where there is no room to move its end, the value below stays as it is.
          if (isTouch !== true || Exit.isSuccess(fitting)) settle(key, entry, fitting)
          continue
        }
        if (isTouch !== true) removed.push(key)
        if (made === undefined) later.push([key, pending])
        else open.push([key, entry, made])
      }
    }
    for (const [key, pending] of later) if (!this.isFollowed(key)) this.put(key, pending)
    const change: Change<V> = { partition: unsealed(partition), cleared: parcel.cleared, removed, set }
    if (open.length === 0) return Exit.succeed(change)
    const values = () => this.outbox.refused === undefined ? open.filter(([key]) => !this.isFollowed(key)) : []
    return Effect.as(this.preparing.add(values), change)
  }

  /** A loaded value, or why there is no room for it below. */
  private fitting(exit: Exit.Exit<Prepared<V>, StoreError>): Exit.Exit<Prepared<V>, StoreError> {
    const refusal = Exit.isSuccess(exit) ? this.full(1, exit.value.bytes) : undefined
    return refusal === undefined ? exit : Exit.fail(refusal)
  }

  /** Whether a later change of the key waits. */
  private isFollowed(key: string): boolean {
    for (const { gathering } of this.lanes) if (gathering?.keys.has(key) === true) return true
    return false
  }

  /** Takes the result of a codec that did not answer at once. */
  private readonly prepared = (key: string, entry: Entry<V>, exit: Exit.Exit<Prepared<V>, StoreError>): void => {
    const fitting = this.fitting(exit)
    if (Exit.isSuccess(fitting)) this.put(key, { entry, prepared: fitting.value })
    else this.unprepared(key, errorOf("prepare", fitting.cause))
  }

  private unprepared(key: string, error: StoreError): void {
    if (!this.isFollowed(key)) this.onAlone(key, "prepare", error)
    this.onFailure("prepare", error)
  }

  /** Notes whether a parcel has arrived. */
  landed(parcel: ChangesParcel<V>, error: StoreError | undefined): void {
    this.carried = undefined
    const { repaid } = this
    this.repaid = []
    if (error === undefined) {
      if (parcel.cleared) this.owesAll = false
      for (const key of repaid) this.distrusted.delete(key)
      // A key that failed in another lane is trusted again, too.
      for (const { distrusted } of this.lanes) {
        if (distrusted.size === 0) continue
        if (parcel.cleared) distrusted.clear()
        else for (const key of parcel.keys.keys()) distrusted.delete(key)
      }
      return
    }
    parcel.failure ??= error
    this.onFailure("write", error)
    for (const [key, { entry }] of parcel.keys) {
      if (entry === undefined || this.preparing.get(key) !== undefined || this.isFollowed(key)) continue
      this.onAlone(key, "write", error)
    }
    this.distrust(parcel.keys.keys(), parcel.cleared)
  }

  /** Notes that the entries of some keys, or of the whole family, cannot be trusted below. */
  private distrust(keys: Iterable<string>, all: boolean): void {
    for (const key of keys) this.distrusted.add(key)
    if (!all && this.distrusted.size <= distrustedMax) return
    this.distrusted.clear()
    // While it owes all, nothing newer has come below.
    if (this.owesAll) return
    this.owesAll = true
    for (const { onDistrust } of this.lanes) onDistrust()
  }

  /**
   * Closes the lane with its engine. Changes on their way are given up, and the remaining engines do not trust their
   * keys.
   */
  close(): void {
    const { carried, gathering, lanes } = this
    this.gathering = undefined
    // The keys of these values were removed below.
    this.preparing.cancelAll()
    for (const parcel of [gathering, carried]) {
      if (parcel !== undefined) this.distrust(parcel.keys.keys(), parcel.cleared)
    }
    if (gathering !== undefined) { for (const change of gathering.keys.values()) this.count(gathering, change, -1) }
    lanes.delete(this)
    this.lanes = new Set([this])
    for (const other of lanes) {
      other.distrust(this.distrusted, this.owesAll)
      break
    }
    // The removals of another lane may depend on this clear.
    const heir = gathering?.cleared === true
      ? Array.from(lanes).find((lane) => lane.gathering !== undefined)
      : undefined
    if (heir?.gathering !== undefined) heir.gathering.cleared = true
  }

  private put(key: string, change: Pending<V>): Delivery {
    const { refused } = this.outbox
    if (refused !== undefined) {
      this.distrust([key], false)
      return refused
    }
    if (this.lanes.size > 1) { for (const lane of this.lanes) if (lane !== this) lane.withdraw(key) }
    if (!this.preparing.isEmpty) this.preparing.cancel(key)
    const parcel = this.gathering ??= this.outbox.depart(this, (trip) => new ChangesParcel<V>(trip))
    this.count(parcel, parcel.keys.get(key), -1)
    this.count(parcel, change, 1)
    parcel.keys.set(key, change)
    return new Set([parcel])
  }

  /** Removes the change of a key that another engine has changed since. */
  private withdraw(key: string): void {
    if (!this.preparing.isEmpty) this.preparing.cancel(key)
    const parcel = this.gathering
    const change = parcel?.keys.get(key)
    if (parcel === undefined || change === undefined) return
    this.count(parcel, change, -1)
    parcel.keys.delete(key)
  }

  private count(parcel: ChangesParcel<V>, change: Pending<V> | undefined, by: number): void {
    if (change === undefined) return
    if (change.entry === undefined) {
      parcel.removals += by
      this.carrier.removals += by
    } else {
      this.carrier.sets += by
      this.carrier.bytes += by * (change.prepared?.bytes ?? 0)
    }
  }
}

/** Waits until the codecs of these lanes have answered. */
const settledOf = (lanes: ReadonlyArray<Lane<any>>): Effect.Effect<void> =>
  Effect.forEach(lanes, ({ preparing }) => preparing.settled, { discard: true })

/** The changes that go below together. */
class Round {
  readonly arrived = Deferred.makeUnsafe<void>()
  readonly journeys = new Map<Outbox, Journey<Lane<any>>>()
  private readonly carrier: Carrier

  constructor(carrier: Carrier) {
    this.carrier = carrier
  }

  journeyOf(outbox: Outbox): Journey<Lane<any>> {
    const journey = this.journeys.get(outbox) ?? new Journey<Lane<any>>(this.carrier)
    this.journeys.set(outbox, journey)
    return journey
  }

  end(exit: Exit.Exit<void>): void {
    for (const { arrived } of this.journeys.values()) Deferred.doneUnsafe(arrived, exit)
    Deferred.doneUnsafe(this.arrived, exit)
  }
}

/** The part of a round for one store. */
interface Load {
  readonly lanes: Array<readonly [lane: Lane<any>, parcel: ChangesParcel<any>]>
  readonly marks: Array<MarksParcel>
  readonly outboxes: Array<Outbox>
  readonly written: Array<Written>
}

/** Carries the changes of all engines over one place. */
export class Carrier {
  /** The number of keys that wait to be set; `removals` counts the keys that wait to be removed. */
  sets = 0
  removals = 0
  /** The bytes of the waiting values that were prepared before they came here. */
  bytes = 0
  /** The keys that the round under way sets, and the bytes of their values. */
  underWay = { sets: 0, bytes: 0 }
  /** Keys that callers have written with what gathers, also of families that only memory keeps. */
  written = 0
  private readonly wake = Latch.makeUnsafe(false)
  private readonly known = new Map<string, Set<Lane<any>>>()
  private gathering: Round | undefined
  private carried: Round | undefined
  private users = 0
  private fiber: Fiber.Fiber<unknown> | undefined

  /** Whether a writer has to wait for the round that gathers. */
  get isFull(): boolean {
    const isFull = this.sets >= pendingMax || this.bytes >= pendingBytesMax || this.written >= pendingMax
    return isFull && this.gathering !== undefined
  }

  /** Waits until a key may be set. */
  readonly room: Effect.Effect<void> = Effect.suspend(() =>
    this.isFull ? Effect.andThen(Deferred.await(this.gathering!.arrived), this.room) : Effect.void
  )

  /** Waits until what has been put down so far has arrived, and for nothing that comes later. */
  readonly settled: Effect.Effect<void> = Effect.suspend(() => {
    const last = this.gathering ?? this.carried
    return last === undefined ? Effect.void : Deferred.await(last.arrived)
  })

  /** Like `settled`, but also waits for the values that wait for a codec. */
  readonly settledWhole: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(
      this.settled,
      Effect.suspend(() => {
        const waiting = this.preparing()
        return waiting.length === 0 ? Effect.void : Effect.andThen(settledOf(waiting), this.settled)
      })
    )
  )

  /** The lanes of one engine, or of all, whose values wait for a codec. */
  preparing(outbox?: Outbox): ReadonlyArray<Lane<any>> {
    return Array.from(this.known.values()).flatMap((lanes) =>
      Array.from(lanes).filter((lane) => (outbox ?? lane.outbox) === lane.outbox && !lane.preparing.isEmpty)
    )
  }

  /** The last round that has a change of an engine. */
  lastOf(outbox: Outbox): Round | undefined {
    return [this.gathering, this.carried].find((round) => round?.journeys.has(outbox))
  }

  /** Adds a lane to the lanes of its family, and returns all of them. */
  enter(name: string, lane: Lane<any>): Set<Lane<any>> {
    const lanes = this.known.get(name) ?? new Set()
    this.known.set(name, lanes.add(lane))
    return lanes
  }

  /** The part of the next round for an engine. */
  depart(outbox: Outbox): Journey<Lane<any>> {
    this.wake.openUnsafe()
    return (this.gathering ??= new Round(this)).journeyOf(outbox)
  }

  clearLargest(): void {
    let largest: Lane<any> | undefined
    for (const lane of this.lanes()) if (largest === undefined || lane.removals > largest.removals) largest = lane
    largest?.clear()
  }

  /** The lanes that have a waiting change. */
  private lanes(): ReadonlyArray<Lane<any>> {
    return Array.from(this.gathering?.journeys.values() ?? []).flatMap(({ lanes }) => Array.from(lanes))
  }

  /** Carries rounds as long as any engine needs it. */
  readonly join: Effect.Effect<void> = Effect.suspend(() => {
    if (this.users++ > 0) return Effect.void
    const rounds: Effect.Effect<void> = Effect.suspend(() =>
      this.gathering === undefined ? Effect.void : Effect.andThen(this.carryAll(this.gathering), rounds)
    )
    const carry = Effect.forever(Effect.suspend(() => {
      this.wake.closeUnsafe()
      return Effect.andThen(rounds, Effect.suspend(() => this.owing.size === 0 ? this.wake.await : this.repaySoon))
    }))
    return Effect.map(forkOutside(carry), (fiber) => {
      this.fiber = fiber
    })
  })

  /** The engines of which a failed round was to take away something that is still below. */
  private get owing(): ReadonlySet<Outbox> {
    const owing = new Set<Outbox>()
    for (const lanes of this.known.values()) {
      for (const { outbox, owes } of lanes) if (owes || outbox.owed.areSome) owing.add(outbox)
    }
    return owing
  }

  private readonly repaySoon: Effect.Effect<void> = Effect.suspend(() =>
    Effect.map(Effect.timeoutOption(this.wake.await, repayAfter), (woken) => {
      if (Option.isNone(woken)) { for (const outbox of this.owing) this.depart(outbox) }
    })
  )

  owes(outbox: Outbox): boolean {
    return this.owing.has(outbox)
  }

  /** Gives up the changes of an engine that are still on their way. The carrier ends with its last engine. */
  leave(outbox: Outbox, refusal: StoreError): Effect.Effect<void> {
    return Effect.suspend(() => {
      const left = [this.carried, this.gathering].flatMap((round) => round?.journeys.get(outbox)?.written ?? [])
      // What a carried round has written is not counted any more.
      this.written -= this.gathering?.journeys.get(outbox)?.written.size ?? 0
      this.carried?.journeys.get(outbox)?.fail(refusal)
      this.gathering?.journeys.get(outbox)?.fail(refusal)
      this.gathering?.journeys.delete(outbox)
      for (const [name, lanes] of this.known) {
        for (const lane of Array.from(lanes)) if (lane.outbox === outbox) lane.close()
        if (lanes.size === 0) this.known.delete(name)
      }
      for (const lanes of this.known.values()) for (const lane of lanes) outbox.owed.passTo(lane.outbox.owed)
      for (const written of left) written.fail()
      const { fiber } = this
      return --this.users > 0 || fiber === undefined ? Effect.void : this.end(fiber)
    })
  }

  private end(fiber: Fiber.Fiber<unknown>): Effect.Effect<void> {
    this.fiber = undefined
    for (const round of [this.carried, this.gathering]) round?.end(Exit.void)
    this.carried = undefined
    this.gathering = undefined
    fiber.interruptUnsafe()
    return Effect.asVoid(Effect.timeoutOption(Fiber.await(fiber), interruptingMax))
  }

  private carryAll(round: Round): Effect.Effect<void> {
    const loads = this.take(round)
    this.carried = round
    const work = loads.length === 1
      ? this.carry(...loads[0]!)
      : Effect.forEach(loads, ([store, load]) => this.carry(store, load), { concurrency: "unbounded", discard: true })
    return Effect.onExit(work, (exit) =>
      Effect.sync(() => {
        if (this.carried === round) this.carried = undefined
        this.underWay = { sets: 0, bytes: 0 }
        round.end(exit)
      }))
  }

  /** Takes every waiting change, by store. Each change of an engine is for one store. */
  private take(round: Round): ReadonlyArray<readonly [store: Store["Service"], load: Load]> {
    const loads = new Map<Store["Service"], Load>()
    for (const outbox of this.owing) round.journeyOf(outbox)
    for (const [outbox, journey] of round.journeys) {
      const load = loads.get(outbox.store) ?? { lanes: [], marks: [], outboxes: [], written: [] }
      loads.set(outbox.store, load)
      load.outboxes.push(outbox)
      load.written.push(journey.written)
      for (const lane of new Set([...journey.lanes, ...this.lanesOf(outbox).filter(({ owes }) => owes)])) {
        const parcel = lane.take(() => journey)
        if (parcel !== undefined) load.lanes.push([lane, parcel])
      }
      if (journey.marks !== undefined) load.marks.push(journey.marks)
    }
    for (const { lanes } of loads.values()) lanes.sort(([, a], [, b]) => Number(b.cleared) - Number(a.cleared))
    this.gathering = undefined
    this.written = 0
    this.underWay = { sets: this.sets, bytes: this.bytes }
    this.sets = 0
    this.removals = 0
    this.bytes = 0
    // A family of several engines is cleared before any of them sets a key of it.
    const clears = ({ lanes }: Load) => lanes.some(([, { cleared }]) => cleared) ? 0 : 1
    return Array.from(loads).toSorted(([, a], [, b]) => clears(a) - clears(b))
  }

  private lanesOf(outbox: Outbox): ReadonlyArray<Lane<any>> {
    return Array.from(this.known.values()).flatMap((lanes) =>
      Array.from(lanes).filter((lane) => lane.outbox === outbox)
    )
  }

  private carry(store: Store["Service"], { lanes, marks, outboxes, written }: Load): Effect.Effect<void> {
    const owed = outboxes.map((outbox) => [outbox, outbox.owed.all] as const)
    const debts = Array.from(new Set(outboxes.map(({ debt }) => debt)), (debt) => [debt, debt.owed] as const)
    const stamps: ReadonlyArray<Mark> = [
      ...owed.flatMap(([, marks]) => marks),
      ...debts.flatMap(([, marks]) => marks),
      ...marks.flatMap(({ stamps }) => Array.from(stamps, ([scope, stamp]) => ({ scope, stamp })))
    ]
    const changes: Array<Change<any>> = []
    const prepared = Effect.forEach(
      lanes,
      ([lane, parcel]) => Effect.map(lane.changeOf(parcel), (change) => void changes.push(change)),
      { discard: true }
    )
    // The error of a tier about a round may contain a value of any of its families.
    const isSensitive = lanes.some(([lane]) => lane.isSensitive) || marks.some((one) => one.isSensitive)
    const land = (failure: StoreError | undefined): void => {
      const error = failure !== undefined && isSensitive ? sealed(failure) : failure
      for (const [lane, parcel] of lanes) lane.landed(parcel, error)
      if (error === undefined) {
        for (const [outbox, marks] of owed) outbox.owed.repaid(marks)
        // What came to be owed while the round was under way goes with the next one.
        for (const [debt, marks] of debts) debt.owed = debt.owed.filter((mark) => !marks.includes(mark))
        return
      }
      for (const one of marks) {
        one.failure ??= error
        for (const tell of one.told) tell("recordMarks", error)
        outboxes[0]!.owed.add(one.stamps)
      }
      for (const one of written) one.fail()
    }
    const write = Effect.suspend(() => inTime(store, "write", store.write({ changes, marks: stamps })))
    return Effect.matchCause(Effect.andThen(prepared, write), {
      onSuccess: () => land(undefined),
      onFailure: (cause) => land(errorOf("write", cause))
    })
  }

  /** Throws when the structure is broken. For tests. */
  checkInvariants({ idle }: { readonly idle: boolean }): void {
    const check = (holds: boolean, rule: string) => {
      if (!holds) throw new Error(`the outbox is broken: ${rule}`)
    }
    const sum = (of: (lane: Lane<any>) => number) => this.lanes().map(of).reduce((all, one) => all + one, 0)
    check(sum((lane) => lane.sets) === this.sets, "keys to be set are counted")
    check(sum((lane) => lane.removals) === this.removals, "keys to be removed are counted")
    check(sum((lane) => lane.bytes) === this.bytes, "bytes to be set are counted")
    check(this.removals <= pendingMax, "removals keep their bound")
    for (const lanes of this.known.values()) for (const lane of lanes) lane.preparing.checkInvariants(check, idle)
    if (idle) check(this.gathering === undefined && this.carried === undefined, "nothing is on its way for ever")
  }
}

/** The changes of one engine. */
export class Outbox {
  readonly carrier: Carrier
  readonly store: Store["Service"]
  /**
   * Marks that go with each round until one has arrived. Engines of one manifest owe the same. Where the place keeps
   * entries of an earlier life (`isKnown`), each change takes them below.
   */
  debt: { owed: ReadonlyArray<Mark>; readonly isKnown: boolean } = { owed: [], isKnown: false }
  /** Marks of rounds that have failed. */
  readonly owed = new OwedMarks()
  /** The result of a change that is made after the engine was closed. */
  refused: Delivery | undefined = undefined
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
    return new Set([marks])
  }

  /** Whether rows of the life are still on their way to a store that keeps something from before. */
  get owesRows(): boolean {
    return this.debt.isKnown && this.debt.owed.length > 0
  }

  /** Sends the rows that are owed, for a change that leaves the lower tiers as they are. */
  settleDebt(onFailure: OnFailure, isSensitive: boolean): Delivery {
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
