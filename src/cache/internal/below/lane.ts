/**
 * The part of the outbox for one family of one engine: its changes that wait or are under way, and its reads of the
 * lower tiers.
 *
 * - Of each key, the last change counts. Until it has arrived, the entry below is out of date: `pending` returns what
 *   holds instead. Engines over one place have a lane each for the family, which know each other: at most one of them
 *   has a change of a key that waits.
 * - A value that a caller sets was prepared before it took effect, so no mistake of a caller can fail a round. A loaded
 *   value is prepared here, before the round begins. If it does not fit, it is left out, and the other keys of the
 *   round are not affected. If its codec does not answer at once, this round removes its key, and the value follows
 *   with a later round (`preparing.ts`), so that no round waits for a codec.
 * - A loaded value that does not fit the bytes of a round follows with the next one; this one removes its key.
 * - A key whose change has failed is not read below until it is known again: the engine does not know what is there.
 *   Each later round removes it, whatever else the round carries. Beyond `distrustedMax` keys, the family is cleared.
 * - A tier that processes share may have no room for a value. Its round arrives without it: a value that a caller gave
 *   is taken back, and the caller gets the error; a value that was loaded stays in memory alone.
 * - Where other processes change the lower tiers, too, their change of a key takes back what is on its way here, except
 *   what a caller gave to a family without a lookup: that prevails. If they change it while its round is under way,
 *   their change may be the later one, so the next read asks below. What is found below counts as older than each mark
 *   that is still on its way.
 * - The lower tiers get times of the wall clock (`versionClock.ts`).
 *
 * Not here: when a round begins, and what it writes beside the family (`carrier.ts`).
 */
import type * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Entry, Found } from "../../../store/Entry.ts"
import type { CoarseClock } from "../../../store/shared/coarseClock.ts"
import type { VersionClock } from "../../../store/shared/versionClock.ts"
import type { Change, Partition, Prepared, PreparedEntry } from "../../../store/Store.ts"
import type { StoreError } from "../../../store/StoreError.ts"
import { unsealed } from "../family/sensitive.ts"
import { type Delivery, noDelivery, type Parcel } from "./delivery.ts"
import type { Guard, GuardedChange, GuardedLane } from "./guard.ts"
import {
  absent,
  ChangesParcel,
  distrusted,
  errorOf,
  GivenParcel,
  type LaneOptions,
  type OnFailure,
  type Pending,
  pendingBytesMax,
  pendingIn,
  pendingMax,
  type Sender,
  type Trip
} from "./parcels.ts"
import { Preparing } from "./preparing.ts"

// Keys of a family whose change below has failed; beyond, all of the family that is older counts as changed, and is
// removed below.
const distrustedMax = 65_536

/** What a lane needs of the outbox of its engine. */
interface Ground extends Sender {
  /** What waits and what is under way, over all families. */
  readonly carrier: {
    sets: number
    removals: number
    bytes: number
    readonly underWay: { readonly sets: number; bytes: number }
    oldestMarkOf(family: string): number
    clearLargest(): void
    enter(name: string, lane: Lane<any>): Set<Lane<any>>
  }
  /** The result of a change that is made after the engine was closed. */
  readonly refused: Delivery | undefined
  /** The guard of the write that is applied in this step. */
  readonly guard: Guard | undefined
  /** Adds the first change of a lane to a round. */
  depart<P extends Parcel>(lane: Lane<any>, make: (trip: Trip) => P): P
}

/** The changes of one family of one engine, and its reads of the lower tiers. */
export class Lane<V> implements GuardedLane {
  readonly outbox: Ground
  readonly isSensitive: boolean
  private readonly name: string
  private readonly partition: Partition<V>
  private readonly isShared: boolean
  private readonly isAlone: () => boolean
  private readonly time: CoarseClock
  private readonly versions: VersionClock
  readonly carrier: Ground["carrier"]
  /** The lanes of the same family in all engines, including this one. */
  private lanes: Set<Lane<any>>
  private readonly onFailure: OnFailure
  private readonly onDistrust: () => void
  private readonly onAlone: LaneOptions<V>["onAlone"]
  private readonly onLost: LaneOptions<V>["onLost"]
  private readonly validAt: LaneOptions<V>["validAt"]
  private gathering: ChangesParcel<V> | undefined
  private carried: ChangesParcel<V> | undefined
  private readonly distrusted = new Set<string>()
  /** More keys than are known by name: below, all of the family is to go. */
  private owesAll = false
  /** The distrusted keys that the round removes which is on its way. */
  private repaid: ReadonlyArray<string> = []
  readonly preparing: Preparing<V>
  /** The keys whose load has ended while a value of them was on its way. */
  private readonly loaded = new Set<string>()

  constructor(outbox: Ground, options: LaneOptions<V>) {
    const { isAlone, isSensitive, isShared, name, onAlone, onDistrust, onFailure, partition, time, validAt } = options
    this.outbox = outbox
    this.onLost = options.onLost
    this.isAlone = isAlone
    this.isShared = isShared
    this.carrier = outbox.carrier
    this.isSensitive = isSensitive
    this.name = name
    this.partition = partition
    this.time = time
    this.versions = options.versions
    this.onFailure = onFailure
    this.onDistrust = onDistrust
    this.onAlone = onAlone
    this.validAt = validAt
    this.preparing = new Preparing(time, this.prepared)
    this.lanes = this.carrier.enter(name, this)
  }

  get(key: string): Effect.Effect<Found<V> | undefined, StoreError> {
    const found = this.partition.get(key)
    return this.time.ahead === 0 && !this.isShared ? found : Effect.map(found, this.asHere)
  }

  getMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError> {
    const found = this.partition.getMany(keys)
    return this.time.ahead === 0 && !this.isShared ? found : Effect.map(found, (all) => all.map(this.asHere))
  }

  /** Whether processes take turns to load a key. */
  get takesTurns(): boolean {
    return this.isShared && this.partition.beginLoad !== undefined
  }

  /** Waits for the turn to load a key. Returns an entry of another version, if there is one. */
  beginLoad(key: string, version: number | undefined): Effect.Effect<Found<V> | undefined, StoreError> {
    return Effect.map(this.partition.beginLoad!(key, version), this.asHere)
  }

  /** A load has ended. Its turn ends with its value, if that is on its way, or as soon as it is not. */
  endLoad(key: string): void {
    if (this.pending(key)?.entry === undefined) this.partition.endLoad?.(key)
    else this.loaded.add(key)
  }

  // What has arrived has ended its turn. It may also have been left out, refused or overtaken, or its round has failed.
  private endLoads(): void {
    for (const key of this.loaded) {
      if (this.pending(key)?.entry !== undefined) continue
      this.loaded.delete(key)
      this.partition.endLoad?.(key)
    }
  }

  /** Whether values wait for a codec, in any engine: they are in no lower tier. */
  get isWaiting(): boolean {
    return Array.from(this.lanes).some(({ preparing }) => !preparing.isEmpty)
  }

  /** What was found below, as this engine sees it. */
  readonly asHere = (found: Found<V> | undefined): Found<V> | undefined => {
    if (found === undefined) return undefined
    const entry = this.versions.inEngineTime(found.entry)
    const stamp = this.isShared ? Math.min(entry.stamp, this.carrier.oldestMarkOf(this.name) - 1) : entry.stamp
    return { ...found, entry: stamp === entry.stamp ? entry : { ...entry, stamp } }
  }

  /**
   * Sets a key to the value of a lookup, or to what was stored before. `prepared` is the content as the partition
   * prepared it, if that was done before the change. `replaces` says whether other processes may hold another value of
   * the key.
   */
  set(key: string, entry: Entry<V>, prepared?: Prepared<V>, replaces = true): Delivery {
    return this.put(key, { entry, prepared, replaces })
  }

  /** Sets a key to the value that a caller gave. */
  give(key: string, entry: Entry<V>, prepared: Prepared<V> | undefined): Delivery {
    if (!this.isShared) return this.put(key, { entry, prepared, replaces: true })
    const given = { entry, prepared, replaces: true, givenAt: this.time.now() }
    const delivery = this.put(key, this.isAlone() ? { ...given, prevails: true } : given)
    return this.outbox.refused === undefined ? new Set([new GivenParcel(this.gathering!, key)]) : delivery
  }

  /** Raises the stamp of a value that is on its way. */
  confirm(key: string, entry: Entry<V>, pending: Pending<V>): Delivery {
    return this.put(key, { ...pending, entry })
  }

  /** Whether a change of a key, or a mark of its family, has not arrived below. What is there may be out of date. */
  isUnderWay(key: string): boolean {
    const pending = this.pending(key)
    return pending !== undefined && pending !== distrusted || this.carrier.oldestMarkOf(this.name) < Infinity
  }

  /** Moves the end of an entry, because it was read. Its prepared content stays. */
  touch(key: string, entry: Entry<V>): Delivery {
    if (this.preparing.touch(key, entry)) return noDelivery
    const known = this.gathering?.keys.get(key)
    // Its end is moved by a later read.
    if (known?.guard !== undefined) return noDelivery
    const isSame = known?.entry?.version === entry.version
    const isTouch = known === undefined || known.isTouch === true
    const prepared = isSame ? known.prepared : undefined
    return this.put(key, { entry, prepared, isTouch, replaces: false, ...(isSame ? prevailing(known) : undefined) })
  }

  /** Takes back what is on its way below of a key that another process has changed. */
  overtaken(key: string): void {
    if (!this.preparing.isEmpty) this.preparing.cancel(key)
    const { carried, gathering } = this
    for (const guard of gathering?.guards ?? []) guard.overtaken(this, key)
    for (const guard of carried?.guards ?? []) guard.heard(this, key)
    if (isOvertaken(gathering?.keys.get(key))) this.replace(gathering!, key, absent)
    const change = carried?.keys.get(key)
    // Whether the tier takes it is decided there. Here it does not count any more.
    if (isOvertaken(change)) carried!.keys.set(key, absent)
    else if (change?.entry !== undefined) carried!.contested.add(key)
    this.endLoads()
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
    if (this.gathering === undefined && this.carried === undefined && !this.owes) return undefined
    return pendingIn(this.gathering, key) ?? pendingIn(this.carried, key) ??
      (this.distrusts(key) ? distrusted : undefined)
  }

  // What other processes put below after this one has failed may be made from what was to go.
  private distrusts(key: string): boolean {
    return this.distrusted.has(key) || this.owesAll && this.isShared
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
    return lanes.some((lane) => lane.distrusts(key)) ? distrusted : undefined
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
   * as well, and the value follows later. `context` has the services of codecs that do not answer at once.
   */
  changeOf(parcel: ChangesParcel<V>, context: Context.Context<never>): Change<V> {
    const { partition } = this
    const removed: Array<string> = [...this.repay()]
    const set: Array<PreparedEntry<V>> = []
    const open: Array<readonly [key: string, entry: Entry<V>, prepare: Effect.Effect<Prepared<V>, StoreError>]> = []
    const later: Array<readonly [key: string, change: Pending<V>]> = []
    let bytes = 0
    const take = (
      key: string,
      entry: Entry<V>,
      exit: Exit.Exit<Prepared<V>, StoreError>,
      pending: Pending<V>
    ): void => {
      const { prevails, replaces: isReplacing } = pending
      if (Exit.isSuccess(exit)) {
        bytes += exit.value.bytes
        const replaces = isReplacing !== false ||
          this.isShared && Array.from(this.lanes).some((lane) => lane.distrusted.has(key))
        const knownAt = this.isShared ? this.validAt(key, entry) : undefined
        const one = { key, entry: this.versions.inWallTime(entry), prepared: exit.value, replaces, knownAt }
        if (!this.isShared) return void set.push(one)
        const refused = (error: StoreError) => void parcel.refusals.set(key, error)
        return void set.push({ ...one, prevails, refused, isCurrent: () => parcel.keys.get(key) === pending })
      }
      removed.push(key)
      this.unprepared(key, errorOf("prepare", exit.cause))
    }
    for (const [key, pending] of parcel.keys) {
      const { entry, guard, isTouch, prepared } = pending
      if (guard !== undefined) continue
      if (entry === undefined) removed.push(key)
      else if (prepared !== undefined) take(key, entry, Exit.succeed(prepared), pending)
      else {
        const made = bytes < pendingBytesMax ? partition.prepare(key, entry) : undefined
        if (made !== undefined && Exit.isExit(made)) {
          const fitting = this.fitting(made as Exit.Exit<Prepared<V>, StoreError>)
          if (Exit.isSuccess(fitting)) this.carrier.underWay.bytes += fitting.value.bytes
          // Where there is no room to move its end, the value below stays as it is.
          if (isTouch !== true || Exit.isSuccess(fitting)) take(key, entry, fitting, pending)
          continue
        }
        if (isTouch !== true) removed.push(key)
        if (made === undefined) later.push([key, pending])
        else open.push([key, entry, made])
      }
    }
    // It may be older than a mark of this round.
    for (const [key, pending] of later) if (!this.isFollowed(key)) this.put(key, { ...pending, prevails: false })
    const change: Change<V> = { partition: unsealed(partition), cleared: parcel.cleared, removed, set }
    if (open.length > 0 && this.outbox.refused === undefined) {
      this.preparing.add(open.filter(([key]) => !this.isFollowed(key)), context)
    }
    return change
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
    // An earlier round has removed what the tiers held of the key.
    if (Exit.isSuccess(fitting)) this.put(key, { entry, prepared: fitting.value, replaces: false })
    else this.unprepared(key, errorOf("prepare", fitting.cause))
    this.endLoads()
  }

  private unprepared(key: string, error: StoreError): void {
    if (!this.isFollowed(key)) this.onAlone(key, "prepare", error)
    this.onFailure("prepare", error)
  }

  /** Notes whether a parcel has arrived. */
  landed(parcel: ChangesParcel<V>, error: StoreError | undefined): void {
    this.carried = undefined
    this.arrived(parcel, error)
    for (const lane of this.lanes) lane.endLoads()
  }

  private arrived(parcel: ChangesParcel<V>, error: StoreError | undefined): void {
    const { repaid } = this
    this.repaid = []
    if (error === undefined) {
      if (parcel.cleared) this.owesAll = false
      // What is there may still be what was to go.
      const trusted = (key: string) => !parcel.refusals.has(key)
      for (const key of repaid) if (trusted(key)) this.distrusted.delete(key)
      // A key that failed in another lane is trusted again, too.
      for (const { distrusted } of this.lanes) {
        if (distrusted.size === 0) continue
        if (parcel.cleared) distrusted.clear()
        else for (const key of parcel.keys.keys()) if (trusted(key)) distrusted.delete(key)
      }
      return this.lose(parcel)
    }
    parcel.failure ??= error
    this.onFailure("write", error)
    for (const [key, { entry }] of parcel.keys) {
      if (entry === undefined || this.preparing.get(key) !== undefined || this.isFollowed(key)) continue
      this.onAlone(key, "write", error)
    }
    this.distrust(parcel.keys.keys(), parcel.cleared)
  }

  /** Drops the values of a parcel which the tiers may not have, although it has arrived. */
  private lose({ contested, given, keys, refusals, written }: ChangesParcel<V>): void {
    const lose = (key: string) => this.onLost(key, keys.get(key)?.entry?.version)
    for (const [key, error] of refusals) {
      if (!this.isFollowed(key)) this.onAlone(key, "write", error)
      if (given.has(key)) written.redressed(lose(key))
    }
    for (const error of new Set(refusals.values())) this.onFailure("write", error)
    // The change of the other process may come after the one that has arrived.
    for (const key of contested) void lose(key)
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
    for (const key of this.loaded) this.partition.endLoad?.(key)
    this.loaded.clear()
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
    let isNew = change.replaces === false
    if (this.lanes.size > 1) {
      for (const lane of this.lanes) if (lane !== this && lane.withdraw(key)) isNew = false
    }
    if (!this.preparing.isEmpty) this.preparing.cancel(key)
    const { parcel } = this
    const before = parcel.keys.get(key)
    if (before !== undefined && before.replaces !== false) isNew = false
    const whole = isNew || change.replaces !== false ? change : { ...change, replaces: true }
    const { guard } = this.outbox
    this.replace(parcel, key, guard?.takes(this, key, whole) === true ? { ...whole, guard } : whole)
    return new Set([parcel])
  }

  private get parcel(): ChangesParcel<V> {
    return this.gathering ??= this.outbox.depart(this, (trip) => new ChangesParcel<V>(trip))
  }

  /** A conditional write of this step goes with the changes that gather. Returns when they have arrived. */
  enter(guard: Guard): Deferred.Deferred<void> {
    const { refused } = this.outbox
    for (const { arrived } of refused ?? []) return arrived
    const { arrived, guards } = this.parcel
    guards.add(guard)
    return arrived
  }

  get storePartition(): Partition<V> {
    return unsealed(this.partition)
  }

  /** The changes of a guard, as the store takes them. */
  changeUnder(changes: ReadonlyMap<string, GuardedChange>): Change<V> {
    const removed: Array<string> = []
    const set: Array<PreparedEntry<V>> = []
    for (const [key, { entry, prepared, prevails }] of changes) {
      if (entry === undefined || prepared === undefined) {
        removed.push(key)
        continue
      }
      const knownAt = this.validAt(key, entry)
      set.push({ key, entry: this.versions.inWallTime(entry), prepared, prevails, knownAt })
    }
    return { partition: this.storePartition, cleared: false, removed, set }
  }

  refused(guard: Guard): void {
    const { carried } = this
    for (const [key, change] of carried?.keys ?? []) if (change.guard === guard) carried!.keys.delete(key)
  }

  /** Throws when the structure is broken. For tests. */
  checkInvariants(check: (holds: boolean, rule: string) => void, idle: boolean): void {
    this.preparing.checkInvariants(check, idle)
    if (idle) check(this.loaded.size === 0, "no load that has ended keeps its turn")
  }

  private replace(parcel: ChangesParcel<V>, key: string, change: Pending<V>): void {
    this.count(parcel, parcel.keys.get(key), -1)
    this.count(parcel, change, 1)
    parcel.keys.set(key, change)
  }

  /**
   * Removes the change of a key that another engine has changed since. Returns whether it was to replace what other
   * processes hold.
   */
  private withdraw(key: string): boolean {
    if (!this.preparing.isEmpty) this.preparing.cancel(key)
    const parcel = this.gathering
    const change = parcel?.keys.get(key)
    if (parcel === undefined || change === undefined) return false
    this.count(parcel, change, -1)
    parcel.keys.delete(key)
    return change.replaces !== false
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

/** Whether a change of another process takes back a change that is on its way. */
const isOvertaken = (change: Pending<unknown> | undefined): boolean =>
  change?.entry !== undefined && change.prevails !== true && change.guard === undefined

/** What a change keeps of the one whose value it only moves. */
const prevailing = ({ prevails }: Pending<unknown>): { readonly prevails?: true } =>
  prevails === true ? { prevails } : {}
