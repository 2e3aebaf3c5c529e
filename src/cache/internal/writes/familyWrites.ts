/**
 * Writes a family. Each write has two phases.
 *
 * 1. **Judging** (`judgement.ts`): everything that can refuse the value is checked. Nothing has changed yet. The writer
 *    may wait here, for a codec or for room in the outbox.
 * 2. **Applying**: the conditions are compared. Then one synchronous step drops the dependents, overtakes running
 *    loads, and stores the entry in memory and in the outbox (laws 2, 3 and 4). `set` returns when the lower tiers have
 *    the change. If a tier refuses it, the value is removed from memory, too.
 *
 * A writer may wait between the phases, so the right to write is checked again in the second one.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Lease } from "../../../capability/Lease.ts"
import type { Entry } from "../../../store/Entry.ts"
import { StoreError, TierFailed } from "../../../store/StoreError.ts"
import { CacheError, InvalidOption, StoreFailed, WouldWait } from "../../CacheError.ts"
import type { LoadedOptions } from "../../Lookup.ts"
import type { EngineFamilySpec } from "../../shared/familySpec.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import { both, type Delivery, noDelivery, type Writer } from "../below/delivery.ts"
import { type Holding, knowing, unknown } from "../below/knowing.ts"
import { type CacheContext, orRedressed, orStoreFailed, orTakenBack, revocable } from "../entries/cacheContext.ts"
import {
  closedBy,
  heldRefusal,
  leaseRefusal,
  overtakenLease,
  overtakenUpdate,
  unkeptUpdate,
  versionConflict
} from "../entries/conditions.ts"
import type { Entries } from "../entries/entries.ts"
import { isMarkedSince } from "../entries/leaseTerms.ts"
import * as Expiry from "../family/expiry.ts"
import { isJudged, type Judged, type Judging, noOptions, noTags, whenJudged } from "../family/judgement.ts"
import type { FamilyInvalidation } from "../invalidation/familyInvalidation.ts"
import type { Loads } from "../loads/loads.ts"
import { maySubstitute } from "../loads/substitutes.ts"
import { type Updating, working } from "../loads/turns.ts"
import type { FamilyReads } from "../reads/familyReads.ts"
import { inFreedRoom, roomRefusal } from "./room.ts"

// The terms of the entry stay, whatever the family's policy is for new values.
const asHeld = ({ revision, tags }: Entry<unknown>): LoadedOptions => ({ timeToLive: "never", tags, revision })

type Lifetime = NonNullable<LoadedOptions["timeToLive"]>

// The keys of a write. They are needed only if some key of the cache has a lease, or the write carries one.
const keysOf = (written: string | ReadonlyArray<readonly [key: string, value: unknown]>): ReadonlyArray<string> =>
  typeof written === "string" ? [written] : written.map(([key]) => key)

export class FamilyWrites<V> implements Writer {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly expiry: Expiry.Expiry
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>
  private readonly reads: FamilyReads<V>
  private readonly invalidation: FamilyInvalidation<V>
  private endCount = 0

  constructor(reads: FamilyReads<V>, invalidation: FamilyInvalidation<V>) {
    this.cache = reads.cache
    this.spec = reads.spec
    this.expiry = reads.spec.expiry
    this.entries = reads.entries
    this.loads = reads.loads
    this.reads = reads
    this.invalidation = invalidation
  }

  /** How often an owner has left. A writer that waits compares it with the count before. */
  get ends(): number {
    return this.endCount
  }

  /** An owner has left: writers that wait may not write any more. */
  end(): void {
    this.endCount++
  }

  set(key: string, value: V, options: SetOptions<Lease> = noOptions): Effect.Effect<void, CacheError> {
    const plain = options === noOptions ? this.writePlain(key, value) : undefined
    if (plain !== undefined) return plain === noDelivery ? Effect.void : orRedressed(plain)
    return this.setLong(key, value, options)
  }

  private setLong(key: string, value: V, options: SetOptions<Lease>): Effect.Effect<void, CacheError> {
    const { ends } = this
    const refusal = this.refusalOf(options, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    const judging = this.judge(key, value, options)
    // If there is nothing to wait for, this makes no closure, because every write comes this way.
    return isJudged(judging) && !this.cache.outbox.isFull && this.entries.hot?.isRefusing !== true
      ? this.applyIf(judging, options, ends)
      : whenJudged(judging, (judged) => this.inRoom([judged], () => this.applyIf(judged, options, ends)))
  }

  // --- at once, without an Effect ------------------------------------------------------------------

  /**
   * Why no write can be made at once: the family has no owner, or the outbox is full. Then `set` is used in its place.
   */
  get closed(): CacheError | "full" | undefined {
    if (this.loads.loader === undefined) return this.loads.unowned()
    return this.cache.outbox.isFull ? "full" : undefined
  }

  /** Writes a value as `set` does, in this step. Throws the `CacheError` that refuses it, and changes nothing then. */
  setUnsafe(key: string, value: V, options: SetOptions<Lease> = noOptions): Delivery {
    const plain = options === noOptions ? this.writePlain(key, value) : undefined
    return plain ?? this.setLongUnsafe(key, value, options)
  }

  private setLongUnsafe(key: string, value: V, options: SetOptions<Lease>): Delivery {
    const { ends } = this
    const refusal = this.refusalOf(options, key)
    if (refusal !== undefined) throw refusal
    const judged = this.judgedNow(key, this.judge(key, value, options))
    const held = options.ifVersion === undefined ? undefined : this.heldNow(key)
    const refused = this.goneSince(ends) ?? this.conflictOf(key, options, held, true) ??
      this.unkept([judged], options.ifVersion !== undefined)
    if (refused !== undefined) throw refused
    return this.write(judged, options)
  }

  /**
   * Replaces the fresh value that memory holds, as `patch` does, in this step. The entry keeps its lifetime, tags and
   * revision. Answers `undefined`, and changes nothing, where `patch` answers `None`. Throws as `setUnsafe` does.
   */
  amendUnsafe(key: string, f: (was: V) => V): Delivery | undefined {
    const { ends } = this
    const before = this.heldToChange(key)
    // What a refresh brings must not be replaced.
    if (before === undefined || this.loads.isRefreshing(key)) return undefined
    const judged = this.judgedNow(key, this.judge(key, f(before.value), asHeld(before)))
    const left = this.goneSince(ends) ?? this.unkept([judged], true)
    if (left !== undefined) throw left
    // The function, or a weigher, may have used the cache.
    if (this.heldToChange(key)?.version !== before.version || this.loads.isRefreshing(key)) return undefined
    return this.amend(judged, before, this.cache.nextStamp(), this.cache.time.now())
  }

  /**
   * Notes that the value of a key was changed in place: its entry gets a new version, running loads are overtaken, and
   * dependents are dropped. Answers `undefined` if memory holds no fresh value.
   */
  changedUnsafe(key: string): Delivery | undefined {
    return this.amendUnsafe(key, (was) => was)
  }

  /**
   * Moves the end of the fresh entry that memory holds to a time in milliseconds since the epoch; the entry is removed
   * if that time is over. Answers `undefined` if memory holds no fresh value.
   *
   * What was made from the entry may last as long as the entry was to last, so it is dropped if the entry ends earlier.
   * In a family that derives from others the end is never moved to a later time: the entry is fresh no longer than what
   * it was made from.
   */
  rescheduleUnsafe(key: string, freshUntil: number): Delivery | undefined {
    const before = this.heldToChange(key)
    return before && this.moveEnd(key, before, freshUntil, this.cache.time.now())
  }

  private moveEnd(key: string, before: Entry<V>, freshUntil: number, now: number): Delivery {
    const end = this.spec.isDerived ? Math.min(freshUntil, before.freshUntil) : freshUntil
    if (end <= now) return this.invalidation.deleteUnsafe([key])
    if (end === before.freshUntil) return noDelivery
    const dependents = end < before.freshUntil ? this.endEarlier(key) : noDelivery
    const entry = { ...before, freshUntil: end, expiresAt: Expiry.endOf(this.expiry, end, now) }
    this.loads.moved(key, entry)
    return both(dependents, this.entries.reschedule(key, entry, now))
  }

  private endEarlier(key: string): Delivery {
    this.cache.nextStamp()
    return this.invalidation.spread(key, "hide")
  }

  /** The fresh entry in memory of a key that the caller may write now. */
  private heldToChange(key: string): Entry<V> | undefined {
    const refusal = this.refusalOf(noOptions, key)
    if (refusal !== undefined) throw refusal
    if (this.cache.outbox.isFull) throw this.wouldWait(key, "outbox")
    const held = this.entries.hot?.peek(key)
    return held !== undefined && this.entries.isFresh(key, held, this.cache.time.now()) ? held : undefined
  }

  private judgedNow(key: string, judging: Judging<Judged<V>>): Judged<V> {
    if (isJudged(judging)) {
      if (this.cache.outbox.isFull) throw this.wouldWait(key, "outbox")
      return judging
    }
    if (Exit.isExit(judging) && Exit.isFailure(judging)) throw Cause.squash(judging.cause)
    throw this.wouldWait(key, "codec")
  }

  /** The entry of a key, for the condition of a write that cannot wait for a tier. */
  private heldNow(key: string): Entry<V> | undefined {
    const held = this.entries.held(key)
    const { lane } = this.entries
    if (held !== undefined || lane === undefined) return held
    const pending = lane.pending(key)
    if (pending?.entry === undefined) throw this.wouldWait(key, "tier")
    return this.entries.judge(key, pending.entry.stamp, pending.entry.tags) === "hidden" ? undefined : pending.entry
  }

  private wouldWait(key: string, why: WouldWait["why"]): CacheError {
    return new CacheError({ reason: new WouldWait({ key: this.spec.show(key), why }) })
  }

  /**
   * Writes a value the short way, if nothing but its entry and its dependents change; `undefined` if the long way has
   * to be taken. Most writes into memory alone come this way: it makes no entry, and asks for all conditions at once.
   * They come after the value was judged, because that may run code of the user.
   */
  private writePlain(key: string, value: V): Delivery | undefined {
    if (!this.admitsPlain(value) || !this.arePlain) return undefined
    const stamp = this.cache.nextStamp()
    const dependents = this.invalidation.spread(key, "hide")
    const delivery = both(dependents, this.putPlain(key, value, stamp))
    if (delivery !== noDelivery) revocable(delivery, [[this, key, this.cache.version]])
    return delivery
  }

  /** Whether the short way may be taken with a value. */
  admitsPlain(value: unknown): boolean {
    const { entries } = this
    return entries.hasPlainEntries && entries.judgement.isPlain(value as V)
  }

  /** Whether the short way is open now. */
  get arePlain(): boolean {
    const { cache, entries, loads } = this
    return loads.loader !== undefined && loads.areIdle && entries.arePlain && cache.leases.isEmpty
  }

  /** Stores a value the short way, without its dependents. */
  putPlain(key: string, value: V, stamp: number): Delivery {
    return this.entries.putPlain(key, value, stamp, this.cache.time.now())
  }

  /** Writes several values the short way, all or none; `undefined` if the long way has to be taken. */
  private writeManyPlain(
    entries: ReadonlyArray<readonly [key: string, value: V]>
  ): Effect.Effect<void, CacheError> | undefined {
    for (const [, value] of entries) if (!this.admitsPlain(value)) return undefined
    if (!this.arePlain) return undefined
    let delivery = noDelivery
    for (const [key, value] of entries) {
      const stamp = this.cache.nextStamp()
      const dependents = this.invalidation.spread(key, "hide")
      delivery = both(delivery, both(dependents, this.putPlain(key, value, stamp)))
    }
    const { version } = this.cache
    return delivery === noDelivery
      ? Effect.void
      : orTakenBack(delivery, entries.map(([key]) => [this, key, version]))
  }

  /** Judges a write: checks everything that can refuse it, before anything changes. */
  judge(key: string, value: V, options: LoadedOptions): Judging<Judged<V>> {
    return this.entries.judgement.judge(key, value, options)
  }

  /** Applies a judged write, if the caller may still write, and the key has the expected version. */
  private applyIf(judged: Judged<V>, options: SetOptions<Lease>, ends: number): Effect.Effect<void, CacheError> {
    const { key } = judged
    if (options.ifVersion === undefined) {
      const refusal = this.goneSince(ends) ?? this.refusalOf(options, key) ?? this.unkept([judged], false)
      return refusal === undefined ? this.applySet(judged, options) : Effect.fail(refusal)
    }
    return knowing([this.holding(key)], (held) => {
      const conflict = this.goneSince(ends) ?? this.conflictOf(key, options, held?.[0], held !== undefined) ??
        this.unkept([judged], true)
      return conflict === undefined ? this.applySet(judged, options) : Effect.fail(conflict)
    })
  }

  /** The error of a writer that has waited, if an owner has left since `ends` was read. */
  goneSince(ends: number): CacheError | undefined {
    return this.endCount === ends ? undefined : this.loads.unowned()
  }

  /**
   * Why values are not written now: a transaction forbids to keep one that must stay, or there is no room. Where a
   * write has a condition, its value must stay, because the conditions of later writes are compared with it.
   */
  private unkept(all: ReadonlyArray<Judged<V>>, isConditional: boolean): CacheError | undefined {
    for (const judged of all) {
      const refusal = this.closedRefusal(judged, isConditional)
      if (refusal !== undefined) return refusal
    }
    return roomRefusal(this.entries, all)
  }

  /**
   * The error if a value must stay that a transaction forbids to keep now. Without a condition, only a family without a
   * lookup is concerned: in any other one the next read loads what the source has by then.
   */
  closedRefusal(
    { key, lifeMillis, tags }: Pick<Judged<V>, "key" | "lifeMillis" | "tags">,
    isConditional: boolean
  ): CacheError | undefined {
    const { cache, entries: { holds }, spec } = this
    if (holds.isEmpty) return undefined
    // The doubts that are over end here, before the write gets its stamp.
    const hold = holds.closing(key, tags, cache.time.now())
    const mustStay = lifeMillis !== 0 && (isConditional || holds.isAlone)
    return mustStay && hold !== undefined ? closedBy(hold, cache.id, spec.show(key)) : undefined
  }

  /** The entry of a key, for conditions. */
  holding(key: string): Holding {
    return this.entries.holding(key)
  }

  /** The error if the condition of a write does not hold for the key. */
  conflictOf(
    key: string,
    options: SetOptions<Lease>,
    held: Entry<V> | undefined,
    isKnown: boolean,
    isDeletion = false
  ): CacheError | undefined {
    const refusal = this.refusalOf(options, key, isDeletion)
    if (refusal !== undefined || options.ifVersion === undefined) return refusal
    const counted = options.ifVersion === null ? this.servable(key, held) : held
    return versionConflict(this.spec.show(key), options.ifVersion, counted, isKnown)
  }

  /** The entry of a key, unless no read may serve it any more, not even as a stale one. */
  private servable(key: string, held: Entry<V> | undefined): Entry<V> | undefined {
    return held !== undefined && maySubstitute(this.entries, key, held, this.cache.time.now()) ? held : undefined
  }

  /**
   * Why a caller may not write now: the family has no owner, its lease does not allow it, or another caller has a lease
   * of the key. A deletion says that the source has changed, so a lease of another caller does not refuse it.
   */
  refusalOf(
    { ifVersion, lease }: SetOptions<Lease>,
    written: string | ReadonlyArray<readonly [key: string, value: V]>,
    isDeletion = false
  ): CacheError | undefined {
    if (this.loads.loader === undefined) return this.loads.unowned()
    const { changes, leases } = this.cache
    if (changes.isTelling) return changes.refusal(this.spec.pattern)
    if (lease === undefined) {
      return leases.isEmpty || isDeletion ? undefined : heldRefusal(leases, this.spec, keysOf(written))
    }
    const keys = keysOf(written)
    const refusal = leaseRefusal(leases, lease, this.spec, keys)
    // A version says what the value is made from.
    if (refusal !== undefined || ifVersion !== undefined || isDeletion) return refusal
    const term = leases.termOf(lease)
    const isOvertaken = term.isOvertaken ||
      keys.some((one) => isMarkedSince(this.entries, one, term) || this.loads.isRefreshing(one))
    return isOvertaken ? overtakenLease(this.spec, keys) : undefined
  }

  /**
   * A lease of a key was granted. If the value is below memory, its tags are asked for, so that a write under the lease
   * is refused in the same cases as if the value were in memory.
   */
  beginTerm(lease: Lease, key: string): Effect.Effect<void> {
    const { lane } = this.entries
    const inMemory = this.entries.held(key)
    this.restart(lease, inMemory !== undefined, inMemory?.tags ?? noTags)
    if (inMemory !== undefined || lane === undefined) return Effect.void
    const term = this.cache.leases.termOf(lease)
    // Until the tier has answered, any tag may be one of the value.
    Object.assign(term, { wasSeen: true, tags: undefined })
    const { stamp } = term
    return Effect.map(this.holding(key).current, (held) => {
      if (term.stamp !== stamp || term.tags !== undefined || held === unknown) return
      if (held !== undefined) term.tags = held.tags
      else if (stamp >= this.entries.tagMark) Object.assign(term, { wasSeen: false, tags: noTags })
    })
  }

  /** A write under a lease has happened: the holder knows the value, so what came before it does not matter. */
  renewTerm({ lease }: SetOptions<Lease>, tags: ReadonlyArray<string>): void {
    if (lease === undefined || !this.cache.leases.isOwn(lease)) return
    this.restart(lease, true, tags)
  }

  private restart(lease: Lease, wasSeen: boolean, tags: ReadonlyArray<string>): void {
    const { stamp } = this.cache
    Object.assign(this.cache.leases.termOf(lease), { stamp, isOvertaken: false, wasSeen, tags, absentKey: undefined })
  }

  /** Waits until the tiers have made what room they can for values. */
  private inRoom<A, E>(
    judged: ReadonlyArray<Judged<V>>,
    step: () => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    return inFreedRoom([[this.entries, judged]], () => this.cache.inRoom(step))
  }

  private applySet(judged: Judged<V>, options: SetOptions<Lease>): Effect.Effect<void, CacheError> {
    const delivery = this.write(judged, options)
    return delivery === noDelivery ? Effect.void : orRedressed(delivery)
  }

  /**
   * Stores a value and drops its dependents, in one synchronous step. If a tier does not take the value, memory does
   * not keep it either.
   */
  private write(judged: Judged<V>, options: SetOptions<Lease>): Delivery {
    const delivery = this.applyWhole(judged)
    if (options.lease !== undefined) this.renewTerm(options, judged.tags)
    if (delivery !== noDelivery) revocable(delivery, [[this, judged.key, this.cache.version]])
    return delivery
  }

  private applySets(all: ReadonlyArray<Judged<V>>, options: SetOptions<Lease>): Effect.Effect<void, CacheError> {
    let delivery = noDelivery
    for (const judged of all) delivery = both(delivery, this.applyWhole(judged))
    if (options.lease !== undefined) this.renewTerm(options, all.flatMap(({ tags }) => tags))
    if (delivery === noDelivery) return Effect.void
    const { version } = this.cache
    return orTakenBack(delivery, all.map(({ key }) => [this, key, version]))
  }

  private applyWhole(judged: Judged<V>): Delivery {
    const stamp = this.cache.nextStamp()
    const dependents = this.invalidation.spread(judged.key, "hide")
    return both(dependents, this.applyWrite(judged, stamp))
  }

  /**
   * Applies a write without its dependents, in one synchronous step. Returns the changes that are on their way below.
   */
  applyWrite(judged: Judged<V>, stamp: number): Delivery {
    const now = this.cache.time.now()
    return this.keepWritten(judged, this.entries.entryOf(judged, stamp, now, 0), now)
  }

  /** Stores the entry of a write. Running loads and updates, remembered failures and peers learn of it. */
  private keepWritten({ key, prepared, weight }: Judged<V>, entry: Entry<V>, now: number): Delivery {
    this.loads.overtake(key)
    this.loads.failures.forget(key)
    this.entries.note("Set", key, entry.stamp)
    return this.entries.keep(key, entry, now, weight, prepared)
  }

  /**
   * Stores a new value in place of an entry, whose lifetime, tags and revision it keeps. Its dependents are dropped.
   */
  private amend(judged: Judged<V>, before: Entry<V>, stamp: number, now: number): Delivery {
    const { key, value } = judged
    const dependents = this.invalidation.spread(key, "hide")
    const version = this.cache.nextVersion(now)
    const expiresAt = Expiry.endOf(this.expiry, before.freshUntil, now)
    const own = this.keepWritten(judged, { ...before, value, stamp, version, expiresAt }, now)
    const delivery = both(dependents, own)
    if (delivery !== noDelivery) revocable(delivery, [[this, key, version]])
    return delivery
  }

  /** Removes a value up to this version, because its write failed. A later value stays. */
  takeBack(key: string, version: number): Delivery {
    const { hot, lane } = this.entries
    const held = hot?.peek(key) ?? lane?.pending(key)?.entry
    return held !== undefined && held.version > version
      ? noDelivery
      : this.invalidation.applyDrop(key, "hide", this.cache.nextStamp())
  }

  /** Writes a value if no tier holds one that may be served, fresh or stale; whether it was written. */
  setIfAbsent(key: string, value: V, options: SetOptions<Lease> = noOptions): Effect.Effect<boolean, CacheError> {
    const { ends } = this
    const refusal = this.refusalOf(options, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    return whenJudged(
      this.judge(key, value, options),
      (judged) =>
        this.inRoom([judged], () =>
          this.knowingOf(key, (held) => {
            const refused = this.goneSince(ends) ?? this.refusalOf(options, key)
            if (refused !== undefined) return Effect.fail(refused)
            if (this.servable(key, held) !== undefined) return Effect.succeed(false)
            const unkept = this.unkept([judged], true)
            return unkept === undefined ? Effect.as(this.applySet(judged, options), true) : Effect.fail(unkept)
          }))
    )
  }

  /** Deletes a key, and answers the fresh value that a tier held until then. Both are one step. */
  getAndDelete(key: string): Effect.Effect<Option.Option<V>, CacheError> {
    const { ends } = this
    const refusal = this.refusalOf(noOptions, key, true)
    if (refusal !== undefined) return Effect.fail(refusal)
    return this.knowingOf(key, (held) => {
      const refused = this.goneSince(ends) ?? this.refusalOf(noOptions, key, true)
      if (refused !== undefined) return Effect.fail(refused)
      const isFresh = held !== undefined && this.entries.isFresh(key, held, this.cache.time.now())
      return Effect.as(this.invalidation.delete([key]), isFresh ? Option.some(held.value) : Option.none())
    })
  }

  /** Runs a step with what is held of a key at that moment. Fails if a tier does not say what it holds. */
  private knowingOf<A>(
    key: string,
    step: (held: Entry<V> | undefined) => Effect.Effect<A, CacheError>
  ): Effect.Effect<A, CacheError> {
    if (this.entries.lane === undefined) return step(this.entries.held(key))
    return knowing([this.holding(key)], (held) => held === undefined ? Effect.fail(this.unknown(key)) : step(held[0]))
  }

  private unknown(key: string): CacheError {
    const cause = new Error(`what it holds of \`${this.spec.show(key)}\` is not known, or changes all the time`)
    const reason = new TierFailed({ tier: this.cache.store.name, operation: "get", cause })
    const error = this.entries.lost ?? new StoreError({ reason })
    return new CacheError({ reason: new StoreFailed({ error }) })
  }

  /**
   * Gives the fresh value of a key another lifetime, counted from now; whether there was one. The value keeps its
   * version, tags and revision. `rescheduleUnsafe` says what follows for its dependents.
   */
  reschedule(key: string, timeToLive: Lifetime): Effect.Effect<boolean, CacheError> {
    const lifeMillis = Expiry.lifeMillis(timeToLive)
    if (!(lifeMillis >= 0)) {
      const reason = new InvalidOption({ family: this.spec.name, option: "timeToLive", why: Expiry.lifeMisfit })
      return Effect.fail(new CacheError({ reason }))
    }
    return this.entries.watching(key, (watch) => {
      const { ends } = this
      const refusal = this.refusalOf(noOptions, key)
      if (refusal !== undefined) return Effect.fail(refusal)
      return Effect.flatMap(this.reads.find(key), (served) =>
        this.cache.whenRoom(() => {
          const now = this.cache.time.now()
          const refused = this.goneSince(ends) ?? this.refusalOf(noOptions, key)
          if (refused !== undefined) return Effect.fail(refused)
          const before = served?.entry
          if (before === undefined || watch.changed || !this.entries.isFresh(key, before, now)) {
            return Effect.succeed(false)
          }
          return Effect.as(orStoreFailed(this.moveEnd(key, before, now + lifeMillis, now)), true)
        }))
    })
  }

  setMany(
    entries: ReadonlyArray<readonly [key: string, value: V]>,
    options: SetOptions<Lease> = noOptions
  ): Effect.Effect<void, CacheError> {
    const plain = options === noOptions ? this.writeManyPlain(entries) : undefined
    if (plain !== undefined) return plain
    const { ends } = this
    const isConditional = options.ifVersion !== undefined
    const refusal = this.refusalOf(options, entries)
    if (refusal !== undefined) return Effect.fail(refusal)
    return whenJudged(
      this.entries.judgement.judgeMany(entries, options),
      (judged) =>
        this.inRoom(judged, () =>
          knowing(isConditional ? entries.map(([key]) => this.holding(key)) : [], (held) => {
            const conflict = this.goneSince(ends) ?? (isConditional
              ? entries.map(([key], i) => this.conflictOf(key, options, held?.[i], held !== undefined))
                .find((one) => one !== undefined)
              : this.refusalOf(options, entries)) ??
              this.unkept(judged, isConditional)
            return conflict === undefined ? this.applySets(judged, options) : Effect.fail(conflict)
          }))
    )
  }

  /**
   * Reads a value, changes it and writes it. Updates of one key run one after the other. If `f` fails, nothing changes.
   * The entry keeps its tags.
   *
   * If the key was changed or invalidated meanwhile, the new value was made from a value that is gone. If the owner has
   * a lookup, the key is then left absent, because the engine does not know which value the source has. If the cache
   * alone has the value, the update fails with `VersionConflict`, and the other change stays.
   */
  update<E, R>(key: string, f: (was: V) => Effect.Effect<V, E, R>): Effect.Effect<V, unknown, R> {
    const { cache, entries, loads } = this
    const isPlain = entries.hasPlainEntries && !entries.tagged && loads.areIdle && cache.leases.isEmpty
    const was = isPlain ? entries.hot!.look(key) : undefined
    if (was === undefined || loads.loader === undefined) {
      return loads.turns.take(key, (updating) => this.updateInTurn(key, f, updating))
    }
    // The short way: the value is held, and no other update of the family runs.
    const { stamp, version } = cache
    const made = f(was)
    if (Exit.isExit(made) && stamp === cache.stamp && version === cache.version) {
      const exit = made as Exit.Exit<V, E>
      const delivery = Exit.isSuccess(exit) ? this.writePlain(key, exit.value) : noDelivery
      if (delivery !== undefined) {
        entries.counts.hits++
        return delivery === noDelivery ? exit : Effect.andThen(orRedressed(delivery), exit)
      }
    }
    // The function has been called, so its answer is used if it is an answer to the value that the update starts from.
    let isUsed = false
    const again = (now: V): Effect.Effect<V, E, R> => {
      if (isUsed || !Object.is(now, was)) return f(now)
      isUsed = true
      return made
    }
    return loads.turns.take(key, (updating) => this.updateInTurn(key, again, updating))
  }

  private updateInTurn<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>,
    updating: Updating
  ): Effect.Effect<V, unknown, R> {
    const { ends } = this
    const { turn } = updating
    const refusal = this.refusalOf(noOptions, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    return Effect.flatMapEager(
      working(
        updating,
        this.afterRefresh(key, () => {
          turn.readsFrom(this.cache.stamp)
          return this.reads.serveNothingStale(key)
        })
      ),
      (served) => {
        const { entry, tags = entry?.tags, value: was } = served
        const unkept = unkeptUpdate(this.spec.show(key), served) ??
          this.closedRefusal({ key, tags: tags ?? noTags, lifeMillis: Infinity }, true)
        if (unkept !== undefined) return Effect.fail(unkept)
        turn.hasRead(entry, tags)
        const write = (value: V) =>
          whenJudged(this.judge(key, value, { tags }), (judged) =>
            this.inRoom([judged], () => {
              const left = this.goneSince(ends) ?? this.refusalOf(noOptions, key)
              if (left !== undefined) return Effect.fail(left)
              const full = roomRefusal(this.entries, [judged])
              if (full !== undefined) return Effect.fail(full)
              const overtaken = turn.overtaken || this.loads.isRefreshing(key) ||
                this.entries.judge(key, turn.stamp, turn.tags) !== "valid"
              if (!overtaken) return this.applySet(judged, noOptions)
              return this.loads.loader?.lookup === undefined
                ? Effect.fail(overtakenUpdate(this.spec.show(key), entry, this.entries.held(key)))
                : this.invalidation.drop([key], "hide")
            }))
        return Effect.flatMapEager(
          working(updating, f(was)),
          (value) => Effect.mapEager(working(updating, write(value)), () => value)
        )
      }
    )
  }

  /**
   * Reads a key after the refresh that was asked for before, whether or not it succeeds. The caller of the refresh
   * knows of a change of the source. A value that is made from the one before would take the place of what the refresh
   * brings.
   */
  private afterRefresh<A, E, R>(key: string, read: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const refresh = this.loads.refreshOf(key)
    if (refresh === undefined) return read()
    const ended = Effect.callback<unknown, unknown>((resume) => this.loads.join(refresh, resume, "new"))
    return Effect.flatMap(Effect.exit(ended), read)
  }

  /**
   * Changes a part of the value that the cache holds. The value keeps its lifetime, tags and revision, and nothing is
   * loaded. The answer is `None` if the cache holds no fresh value, if the key changed while `f` ran, or if a refresh
   * of the key still runs at its end.
   */
  patch<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>
  ): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    return this.afterRefresh(key, () => this.patchNow(key, f))
  }

  private patchNow<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>
  ): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    return this.entries.watching(key, (watch) => {
      const { ends } = this
      const refusal = this.refusalOf(noOptions, key)
      if (refusal !== undefined) return Effect.fail(refusal)
      return Effect.flatMap(this.reads.find(key), (held) => {
        const before = held?.entry
        if (before === undefined) return Effect.succeed(Option.none())
        const write = (judged: Judged<V>) => {
          const now = this.cache.time.now()
          const left = this.goneSince(ends) ?? this.refusalOf(noOptions, key)
          const full = left ?? this.unkept([judged], true)
          if (full !== undefined) return Effect.fail(full)
          const stamp = this.cache.nextStamp()
          // What a refresh brings must not be replaced by a value that is made of the one before.
          const isOvertaken = watch.changed || this.loads.isRefreshing(key)
          if (isOvertaken || !this.entries.isFresh(key, before, now)) return Effect.succeed(Option.none())
          const delivery = this.amend(judged, before, stamp, now)
          return Effect.as(delivery === noDelivery ? Effect.void : orRedressed(delivery), Option.some(judged.value))
        }
        const options = asHeld(before)
        return Effect.flatMap(
          f(before.value),
          (value) =>
            whenJudged(
              this.judge(key, value, options),
              (judged) => inFreedRoom([[this.entries, [judged]]], () => this.cache.whenRoom(() => write(judged)))
            )
        )
      })
    })
  }
}
