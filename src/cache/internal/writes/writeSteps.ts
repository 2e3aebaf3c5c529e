/**
 * Applies writes, each in one synchronous step: it drops the dependents, overtakes running loads, and stores the entry
 * in memory and in the outbox (laws 2, 3 and 4). If a tier refuses the value, it is removed from memory, too.
 *
 * Not here: whether the write may happen (`refusals.ts`).
 */
import * as Effect from "effect/Effect"
import type { Lease } from "../../../capability/Lease.ts"
import type { Entry } from "../../../store/Entry.ts"
import type { Prepared } from "../../../store/Store.ts"
import type { CacheError } from "../../CacheError.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import { both, type Delivery, noDelivery, type Revoker } from "../below/delivery.ts"
import { type CacheContext, orRedressed, orTakenBack, revocable } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import * as Expiry from "../family/expiry.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import type { Judged } from "../family/judgement.ts"
import type { FamilyInvalidation } from "../invalidation/familyInvalidation.ts"
import type { Loads } from "../loads/loads.ts"
import { inFreedRoom } from "./room.ts"
import { renewTerm } from "./terms.ts"

export class WriteSteps<V> implements Revoker {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly expiry: Expiry.Expiry
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>
  private readonly invalidation: FamilyInvalidation<V>

  constructor(entries: Entries<V>, loads: Loads<V>, invalidation: FamilyInvalidation<V>) {
    this.cache = entries.cache
    this.spec = entries.spec
    this.expiry = entries.expiry
    this.entries = entries
    this.loads = loads
    this.invalidation = invalidation
  }

  /**
   * Writes a value the short way, if nothing but its entry and its dependents change; `undefined` if the long way has
   * to be taken. Most writes into memory alone come this way: it makes no entry, and asks for all conditions at once.
   * They come after the value was judged, because that may run code of the user.
   */
  writeShort(key: string, value: V): Delivery | undefined {
    return this.admitsShortWay(value) ? this.writeAdmitted(key, value) : undefined
  }

  /** Writes a value the short way that `admitsShortWay` has admitted; `undefined` if the way is not open. */
  writeAdmitted(key: string, value: V): Delivery | undefined {
    if (!this.isShortWayOpen) return undefined
    const stamp = this.cache.nextStamp()
    const dependents = this.invalidation.spread(key, "hide")
    const delivery = both(dependents, this.putShort(key, value, stamp))
    if (delivery !== noDelivery) revocable(delivery, [[this, key, this.cache.version]])
    return delivery
  }

  /** Whether the short way may be taken with a value. */
  admitsShortWay(value: unknown): boolean {
    const { entries } = this
    return entries.hasShortWay && entries.judgement.isStorableAsIs(value as V)
  }

  /** Whether the short way is open now. */
  get isShortWayOpen(): boolean {
    const { loads } = this
    return loads.loader !== undefined && loads.isShortWayOpen
  }

  /** Stores a value the short way, without its dependents. */
  putShort(key: string, value: V, stamp: number): Delivery {
    return this.entries.putShort(key, value, stamp, this.cache.time.now())
  }

  /** Writes several values the short way, all or none; `undefined` if the long way has to be taken. */
  writeManyShort(
    entries: ReadonlyArray<readonly [key: string, value: V]>
  ): Effect.Effect<void, CacheError> | undefined {
    if (!this.admitsAll(entries) || !this.isShortWayOpen) return undefined
    const { spread } = this.cache
    const stamp = this.cache.nextStamp()
    let delivery = this.spreadAll(entries)
    spread.beginChange()
    try {
      delivery = both(delivery, this.putAllShort(entries, stamp))
    } finally {
      spread.endChange()
    }
    delivery = both(delivery, spread.ofChange(() => entries.map(([key]) => [this.entries.name, key])))
    const { version } = this.cache
    return delivery === noDelivery
      ? Effect.void
      : orTakenBack(delivery, entries.map(([key]) => [this, key, version]))
  }

  // Each loop is a function that does nothing after it. Otherwise V8 optimizes the function while a long list is in the
  // loop, and gives that up at its end, again and again (`bench/README.md`).

  private admitsAll(entries: ReadonlyArray<readonly [key: string, value: V]>): boolean {
    for (const entry of entries) if (!this.admitsShortWay(entry[1])) return false
    return true
  }

  /** Drops all dependents. This comes first, so that none of the keys drops another one. */
  private spreadAll(entries: ReadonlyArray<readonly [key: string, value: V]>): Delivery {
    let delivery = noDelivery
    for (const entry of entries) delivery = both(delivery, this.invalidation.spread(entry[0], "hide"))
    return delivery
  }

  private putAllShort(entries: ReadonlyArray<readonly [key: string, value: V]>, stamp: number): Delivery {
    let delivery = noDelivery
    for (const entry of entries) delivery = both(delivery, this.putShort(entry[0], entry[1], stamp))
    return delivery
  }

  /** Waits until the tiers have made what room they can for values. */
  inRoom<A, E>(
    judged: ReadonlyArray<Judged<V>>,
    step: () => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    return inFreedRoom([[this.entries, judged]], () => this.cache.inRoom(step))
  }

  /** Writes a judged value. It is fresh no longer than `freshUntilMax`. */
  applySet(
    judged: Judged<V>,
    options: SetOptions<Lease>,
    freshUntilMax = Infinity
  ): Effect.Effect<void, CacheError> {
    const delivery = this.write(judged, options, freshUntilMax)
    return delivery === noDelivery ? Effect.void : orRedressed(delivery)
  }

  /**
   * Stores a value and drops its dependents, in one synchronous step. If a tier does not take the value, memory does
   * not keep it either.
   */
  write(judged: Judged<V>, options: SetOptions<Lease>, freshUntilMax = Infinity): Delivery {
    const delivery = this.applyWhole(judged, freshUntilMax)
    if (options.lease !== undefined) renewTerm(this.cache, options, judged.tags)
    if (delivery !== noDelivery) revocable(delivery, [[this, judged.key, this.cache.version]])
    return delivery
  }

  /** Writes judged values, all or none of which a tier takes. */
  applySets(all: ReadonlyArray<Judged<V>>, options: SetOptions<Lease>): Effect.Effect<void, CacheError> {
    const { spread } = this.cache
    const stamp = this.cache.nextStamp()
    let delivery = noDelivery
    for (const { key } of all) delivery = both(delivery, this.invalidation.spread(key, "hide"))
    spread.beginChange()
    try {
      for (const judged of all) delivery = both(delivery, this.applyWrite(judged, stamp))
    } finally {
      spread.endChange()
    }
    delivery = both(delivery, spread.ofChange(() => all.map(({ key }) => [this.entries.name, key])))
    if (options.lease !== undefined) renewTerm(this.cache, options, all.flatMap(({ tags }) => tags))
    if (delivery === noDelivery) return Effect.void
    const { version } = this.cache
    return orTakenBack(delivery, all.map(({ key }) => [this, key, version]))
  }

  private applyWhole(judged: Judged<V>, freshUntilMax: number): Delivery {
    const stamp = this.cache.nextStamp()
    const dependents = this.invalidation.spread(judged.key, "hide")
    return both(dependents, this.applyWrite(judged, stamp, freshUntilMax))
  }

  /**
   * Applies a write without its dependents, in one synchronous step. Returns the changes that are on their way below.
   */
  applyWrite(judged: Judged<V>, stamp: number, freshUntilMax = Infinity): Delivery {
    const now = this.cache.time.now()
    const entry = Expiry.endBy(this.expiry, this.entries.entryOf(judged, stamp, now, 0), freshUntilMax)
    return this.keepWritten(judged, entry, now)
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
  amend(judged: Judged<V>, before: Entry<V>, stamp: number, now: number): Delivery {
    const { key, value } = judged
    const dependents = this.invalidation.spread(key, "hide")
    const version = this.cache.nextVersion(now)
    const expiresAt = Expiry.endOf(this.expiry, before.freshUntil, now)
    const own = this.keepWritten(judged, { ...before, value, stamp, version, expiresAt }, now)
    const delivery = both(dependents, own)
    if (delivery !== noDelivery) revocable(delivery, [[this, key, version]])
    return delivery
  }

  /** Moves the end of an entry. `rescheduleUnsafe` says what follows for its dependents. */
  moveEnd(key: string, before: Entry<V>, freshUntil: number, now: number, prepared?: Prepared<V>): Delivery {
    const end = this.spec.isDerived ? Math.min(freshUntil, before.freshUntil) : freshUntil
    if (end <= now) return this.invalidation.deleteUnsafe([key])
    if (end === before.freshUntil) return noDelivery
    const dependents = end < before.freshUntil ? this.endEarlier(key) : noDelivery
    const entry = { ...before, freshUntil: end, expiresAt: Expiry.endOf(this.expiry, end, now) }
    this.loads.moved(key, entry)
    return both(dependents, this.entries.reschedule(key, entry, now, prepared))
  }

  private endEarlier(key: string): Delivery {
    this.cache.nextStamp()
    return this.invalidation.spread(key, "hide")
  }

  /** Removes a value up to this version, because its write failed. A later value stays. */
  takeBack(key: string, version: number): Delivery {
    const { hot, lane } = this.entries
    const held = hot?.peek(key) ?? lane?.pending(key)?.entry
    return held !== undefined && held.version > version
      ? noDelivery
      : this.invalidation.applyDrop(key, "hide", this.cache.nextStamp())
  }
}
