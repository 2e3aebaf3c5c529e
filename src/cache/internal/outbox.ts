/**
 * Changes on their way to the tiers below memory.
 *
 * A change takes effect in memory and is put down here in one synchronous step; a fiber of the cache's own carries it
 * below. So changes of a key arrive in the order in which they took effect, whoever made them, and although he may have
 * left.
 *
 * - What gathers while a round is on its way goes with the next: the last change of each key, the latest stamp of each
 *   mark.
 * - Until its change has arrived, what lies below of a key is out of date: `pending` says what holds instead.
 * - A round is handed over in one step, so that a tier which gathers writes commits it as one.
 * - A key whose change has failed is not read below until a later change of it has arrived: nobody knows what is there.
 * - Beyond `pendingMax` keys, whoever would set one waits for room. A removal never waits: the family that has most of
 *   them is cleared below instead.
 *
 * Not here: memory, and what a failure means to whoever made the change.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import type { CoarseClock } from "../../store/CoarseClock.ts"
import type { Entry, Found } from "../../store/Entry.ts"
import type { Mark, Partition, Store } from "../../store/Store.ts"
import { type Operation, StoreError, TierFailed } from "../../store/StoreError.ts"
import { madeAtMillis } from "../Expiry.ts"

// Keys that gather to be set, and as many to be removed, in all families.
const pendingMax = 65_536

// Keys of a family whose change below has failed; beyond, all of the family that is older counts as changed.
const distrustedMax = 65_536

// A tier ends its own operations; one that does not must not hold up the end of the program: neither while what is left
// is carried, nor while the operation that hangs is interrupted.
const closingMax: Duration.Input = "30 seconds"
export const interruptingMax: Duration.Input = "1 second"

/** Part of a round: the changes of one family, or the marks. */
export interface Parcel {
  /** The whole round has been carried, well or not. */
  readonly arrived: Deferred.Deferred<void>
  failure: StoreError | undefined
}

/** What the tiers below memory still have to take; nothing where all that there is to do is done. */
export type Below = ReadonlySet<Parcel>

export const nothing: Below = new Set()

export const both = (one: Below, other: Below): Below =>
  one === nothing ? other : other === nothing ? one : new Set([...one, ...other])

/** Waits until the changes have arrived; fails when one of them has not been taken. */
export const arrival = (below: Below): Effect.Effect<void, StoreError> => {
  for (const { arrived } of below) {
    // They were made in one step, so one round carries them all.
    return Effect.flatMap(Deferred.await(arrived), () => {
      for (const { failure } of below) if (failure !== undefined) return Effect.fail(failure)
      return Effect.void
    })
  }
  return Effect.void
}

/** A key on its way: with the entry that it will have below, or without one. */
export interface Pending<V> {
  readonly entry: Entry<V> | undefined
}

/** Told of each operation of a tier that has failed. */
export type OnFailure = (operation: Operation, error: StoreError) => void

class Changes<V> implements Parcel {
  readonly arrived: Deferred.Deferred<void>
  readonly keys = new Map<string, Pending<V>>()
  removals = 0
  /** Below, the whole family goes first. */
  cleared = false
  failure: StoreError | undefined = undefined

  constructor(arrived: Deferred.Deferred<void>) {
    this.arrived = arrived
  }
}

const absent: Pending<never> = { entry: undefined }

const shifted = <V>(entry: Entry<V>, millis: number): Entry<V> =>
  millis === 0
    ? entry
    : { ...entry, freshUntil: entry.freshUntil + millis, expiresAt: entry.expiresAt + millis }

/**
 * The changes of one family, and the way to what lies below.
 *
 * The tiers there are told times of the wall clock, of which the engine's time may be ahead: another process may read
 * what is written now. By how much an entry was shifted is known by its version, which says when it was made.
 */
export class Lane<V> {
  private readonly partition: Partition<V>
  private readonly time: CoarseClock
  private readonly outbox: Outbox
  private readonly onFailure: OnFailure
  private readonly onDistrust: () => void
  private gathering: Changes<V> | undefined
  private carried: Changes<V> | undefined
  private readonly distrusted = new Set<string>()

  /** `onDistrust` is told when nothing that is below at the time is to be believed. */
  constructor(
    outbox: Outbox,
    partition: Partition<V>,
    time: CoarseClock,
    onFailure: OnFailure,
    onDistrust: () => void
  ) {
    this.outbox = outbox
    this.time = time
    this.partition = partition
    this.onFailure = onFailure
    this.onDistrust = onDistrust
  }

  get(key: string): Effect.Effect<Found<V> | undefined, StoreError> {
    const found = this.partition.get(key)
    return this.time.ahead === 0 ? found : Effect.map(found, this.inEngineTime)
  }

  getMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError> {
    const found = this.partition.getMany(keys)
    return this.time.ahead === 0 ? found : Effect.map(found, (all) => all.map(this.inEngineTime))
  }

  private readonly inEngineTime = (found: Found<V> | undefined): Found<V> | undefined =>
    found && { ...found, entry: shifted(found.entry, this.time.aheadAt(madeAtMillis(found.entry))) }

  private inWallTime(entry: Entry<V>): Entry<V> {
    return this.time.ahead === 0 ? entry : shifted(entry, -this.time.aheadAt(madeAtMillis(entry)))
  }

  set(key: string, entry: Entry<V>): Below {
    return this.put(key, { entry })
  }

  remove(key: string): Below {
    if (this.outbox.removals >= pendingMax) this.outbox.clearLargest()
    return this.put(key, absent)
  }

  /** What holds below of a key, whatever is there; `undefined` when what is there does. */
  pending(key: string): Pending<V> | undefined {
    if (this.gathering === undefined && this.carried === undefined && this.distrusted.size === 0) return undefined
    return pendingIn(this.gathering, key) ?? pendingIn(this.carried, key) ??
      (this.distrusted.has(key) ? absent : undefined)
  }

  /** What has gathered. */
  get parcel(): Parcel | undefined {
    return this.gathering
  }

  /** How many removals have gathered. */
  get removals(): number {
    return this.gathering?.removals ?? 0
  }

  /** How many keys to be set have gathered. */
  get sets(): number {
    return this.gathering === undefined ? 0 : this.gathering.keys.size - this.gathering.removals
  }

  /** Below, the family goes as a whole, in the place of the removals. */
  clear(): void {
    const parcel = this.gathering
    if (parcel === undefined) return
    for (const [key, { entry }] of parcel.keys) if (entry === undefined) parcel.keys.delete(key)
    this.outbox.removals -= parcel.removals
    parcel.removals = 0
    parcel.cleared = true
  }

  /** Begins to carry what has gathered: what is removed, and what is set. */
  take(): { readonly removals: Effect.Effect<void>; readonly sets: Effect.Effect<void> } {
    const parcel = this.gathering
    this.gathering = undefined
    this.carried = parcel
    if (parcel === undefined) return { removals: Effect.void, sets: Effect.void }
    const sets: Array<readonly [key: string, entry: Entry<V>]> = []
    const removed: Array<string> = []
    for (const [key, { entry }] of parcel.keys) {
      if (entry === undefined) removed.push(key)
      else sets.push([key, this.inWallTime(entry)])
    }
    const { partition } = this
    const removals = removed.length === 0
      ? Effect.void
      : this.into(parcel, "remove", partition.remove(removed), removed)
    return {
      removals: parcel.cleared ? Effect.andThen(this.into(parcel, "clear", partition.clear), removals) : removals,
      sets: sets.length === 0
        ? Effect.void
        : this.into(parcel, "set", partition.setMany(sets), sets.map(([key]) => key))
    }
  }

  /** What a change of some keys, or of all, comes to. */
  private into(
    parcel: Parcel,
    operation: Operation,
    work: Effect.Effect<void, StoreError>,
    keys?: ReadonlyArray<string>
  ): Effect.Effect<void> {
    return into(parcel, operation, work, this.onFailure, (failed) => {
      if (!failed) {
        if (this.distrusted.size === 0) return
        if (keys === undefined) this.distrusted.clear()
        else for (const key of keys) this.distrusted.delete(key)
        return
      }
      for (const key of keys ?? []) this.distrusted.add(key)
      if (keys !== undefined && this.distrusted.size <= distrustedMax) return
      this.distrusted.clear()
      this.onDistrust()
    })
  }

  landed(): void {
    this.carried = undefined
  }

  private put(key: string, change: Pending<V>): Below {
    let parcel = this.gathering
    if (parcel === undefined) {
      this.gathering = parcel = new Changes<V>(this.outbox.depart(this))
      parcel.failure = this.outbox.refusal
    }
    this.count(parcel, parcel.keys.get(key), -1)
    this.count(parcel, change, 1)
    parcel.keys.set(key, change)
    return new Set([parcel])
  }

  private count(parcel: Changes<V>, change: Pending<V> | undefined, by: number): void {
    if (change === undefined) return
    if (change.entry === undefined) {
      parcel.removals += by
      this.outbox.removals += by
    } else this.outbox.sets += by
  }
}

const pendingIn = <V>(parcel: Changes<V> | undefined, key: string): Pending<V> | undefined =>
  parcel === undefined ? undefined : parcel.keys.get(key) ?? (parcel.cleared ? absent : undefined)

const into = (
  parcel: Parcel,
  operation: Operation,
  work: Effect.Effect<void, StoreError>,
  onFailure: OnFailure,
  onEnd: (failed: boolean) => void = () => {}
): Effect.Effect<void> =>
  Effect.matchCause(work, {
    onSuccess: () => onEnd(false),
    onFailure: (cause) => {
      onEnd(true)
      const error = Cause.squash(cause)
      parcel.failure = error instanceof StoreError
        ? error
        : new StoreError({ reason: new TierFailed({ tier: "lower", operation, cause: error }) })
      onFailure(operation, parcel.failure)
    }
  })

// Each is begun in this turn, in this order, as far as it can be.
const together = (all: ReadonlyArray<Effect.Effect<void>>): Effect.Effect<void> => {
  const work = all.filter((effect) => effect !== Effect.void)
  return work.length === 1 ? work[0]! : Effect.all(work, { concurrency: "unbounded", discard: true })
}

interface Marks extends Parcel {
  readonly stamps: Map<string, number>
  /** The families that they are of. */
  readonly told: Set<OnFailure>
}

/** All changes of a cache on their way, and the fiber that carries them. */
export class Outbox {
  /** Keys to be set that have gathered, and keys to be removed. */
  sets = 0
  removals = 0
  private readonly store: Store["Service"]
  private readonly wake = Latch.makeUnsafe(false)
  private lanes = new Set<Lane<any>>()
  private marks: Marks | undefined
  private arrived: Deferred.Deferred<void> | undefined
  private carried: Deferred.Deferred<void> | undefined
  private carriedParcels: ReadonlyArray<Parcel> = []
  /** Why nothing is carried any more. */
  private closed: StoreError | undefined = undefined

  constructor(store: Store["Service"]) {
    this.store = store
  }

  get isFull(): boolean {
    return this.sets >= pendingMax
  }

  /** Waits until a key may be set. */
  readonly room: Effect.Effect<void> = Effect.suspend(() =>
    this.isFull && this.arrived !== undefined ? Effect.andThen(Deferred.await(this.arrived), this.room) : Effect.void
  )

  /** Waits until all that is on its way has arrived. */
  readonly idle: Effect.Effect<void> = Effect.suspend(() => {
    const last = this.arrived ?? this.carried
    return last === undefined ? Effect.void : Effect.andThen(Deferred.await(last), this.idle)
  })

  /** Waits until what has been put down so far has arrived, and for nothing that comes later. */
  readonly settled: Effect.Effect<void> = Effect.suspend(() => {
    const last = this.arrived ?? this.carried
    return last === undefined ? Effect.void : Deferred.await(last)
  })

  mark(scope: string, stamp: number, onFailure: OnFailure): Below {
    const arrived = this.depart()
    this.marks ??= { arrived, stamps: new Map(), told: new Set(), failure: this.closed }
    this.marks.told.add(onFailure)
    this.marks.stamps.set(scope, Math.max(stamp, this.marks.stamps.get(scope) ?? stamp))
    return new Set([this.marks])
  }

  /** The round that something new goes with. */
  depart(lane?: Lane<any>): Deferred.Deferred<void> {
    if (lane !== undefined) this.lanes.add(lane)
    this.wake.openUnsafe()
    this.arrived ??= Deferred.makeUnsafe<void>()
    if (this.closed !== undefined) Deferred.doneUnsafe(this.arrived, Exit.void)
    return this.arrived
  }

  /** Why a change that is put down now does not arrive. */
  get refusal(): StoreError | undefined {
    return this.closed
  }

  clearLargest(): void {
    let largest: Lane<any> | undefined
    for (const lane of this.lanes) if (largest === undefined || lane.removals > largest.removals) largest = lane
    largest?.clear()
  }

  /** Carries rounds until the Scope closes, and then those that are left. */
  readonly run: Effect.Effect<void, never, Scope.Scope> = Effect.suspend(() => {
    const rounds: Effect.Effect<void> = Effect.suspend(() =>
      this.arrived === undefined ? Effect.void : Effect.andThen(this.round(this.arrived), rounds)
    )
    const carry = Effect.forever(Effect.suspend(() => {
      this.wake.closeUnsafe()
      return Effect.andThen(rounds, this.wake.await)
    }))
    return Effect.flatMap(Effect.forkDetach(carry), (fiber) =>
      Effect.addFinalizer(() =>
        Effect.andThen(
          Effect.timeoutOption(this.idle, closingMax),
          Effect.suspend(() => {
            this.close()
            fiber.interruptUnsafe()
            return Effect.timeoutOption(Fiber.await(fiber), interruptingMax)
          })
        )
      ))
  })

  /** All whose changes have not arrived, or are made from now on, are told so. */
  private close(): void {
    const cause = new Error("the cache was closed before the change had arrived")
    const closed = this.closed = new StoreError({ reason: new TierFailed({ tier: "lower", operation: "set", cause }) })
    const gathering = [...Array.from(this.lanes, (lane) => lane.parcel), this.marks]
    for (const parcel of [...this.carriedParcels, ...gathering]) if (parcel !== undefined) parcel.failure ??= closed
    this.sets = 0
    for (const arrived of [this.carried, this.arrived]) {
      if (arrived !== undefined) Deferred.doneUnsafe(arrived, Exit.void)
    }
  }

  private round(arrived: Deferred.Deferred<void>): Effect.Effect<void> {
    const { lanes, marks } = this
    const parcels = [...Array.from(lanes, (lane) => lane.parcel), marks]
    this.carriedParcels = parcels.filter((parcel) => parcel !== undefined)
    this.lanes = new Set()
    this.marks = undefined
    this.arrived = undefined
    this.carried = arrived
    this.sets = 0
    this.removals = 0
    const removals: Array<Effect.Effect<void>> = []
    const sets: Array<Effect.Effect<void>> = []
    for (const lane of lanes) {
      const taken = lane.take()
      removals.push(taken.removals)
      sets.push(taken.sets)
    }
    // What is set is kept once a later mark is: the tier has been given it when the marks are handed over.
    const kept = Effect.andThen(together(sets), marks === undefined ? Effect.void : this.keep(marks))
    return Effect.onExit(together([...removals, kept]), (exit) =>
      Effect.sync(() => {
        for (const lane of lanes) lane.landed()
        this.carried = undefined
        this.carriedParcels = []
        Deferred.doneUnsafe(arrived, exit)
      }))
  }

  private keep(marks: Marks): Effect.Effect<void> {
    const all: ReadonlyArray<Mark> = Array.from(marks.stamps, ([scope, stamp]) => ({ scope, stamp }))
    const onFailure: OnFailure = (operation, error) => marks.told.forEach((tell) => tell(operation, error))
    return into(marks, "recordMarks", this.store.recordMarks(all), onFailure)
  }

  /** Throws when the structure is broken. For tests. */
  checkInvariants({ idle }: { readonly idle: boolean }): void {
    const check = (holds: boolean, rule: string) => {
      if (!holds) throw new Error(`the outbox is broken: ${rule}`)
    }
    const sum = (of: (lane: Lane<any>) => number) => Array.from(this.lanes, of).reduce((all, one) => all + one, 0)
    check(sum((lane) => lane.sets) === this.sets, "keys to be set are counted")
    check(sum((lane) => lane.removals) === this.removals, "keys to be removed are counted")
    check(this.removals <= pendingMax, "removals keep their bound")
    if (idle) check(this.arrived === undefined && this.carried === undefined, "nothing is on its way for ever")
  }
}
