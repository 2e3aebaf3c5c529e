/**
 * Declares what a family needs from the cache that it belongs to.
 */
import * as Effect from "effect/Effect"
import type { LeaseTable } from "../../../capability/shared/leaseTable.ts"
import type { Entry } from "../../../store/Entry.ts"
import type { CoarseClock } from "../../../store/shared/coarseClock.ts"
import type { VersionClock } from "../../../store/shared/versionClock.ts"
import type { Store } from "../../../store/Store.ts"
import type { CacheError } from "../../CacheError.ts"
import type { CacheEvent, InvalidationMode } from "../../CacheEvent.ts"
import type { Slice } from "../../Explanation.ts"
import { arrival, type Delivery, noDelivery, type Revocable, type Revoker } from "../below/delivery.ts"
import type { Outbox } from "../below/outbox.ts"
import { storeFailed } from "../family/storeFailed.ts"
import type { Changes } from "./changes.ts"
import type { Holds } from "./holds.ts"
import type { Heard, Swept } from "./peers.ts"

/** Waits until a change has arrived below, and fails with `StoreFailed` if a tier does not take it. */
export const orStoreFailed = (delivery: Delivery): Effect.Effect<void, CacheError> =>
  delivery === noDelivery
    ? Effect.void
    : Effect.mapError(arrival(delivery), storeFailed)

/**
 * For writes: where a tier does not take them, they are taken back, whether or not their caller still waits. A caller
 * who waits gets the failure when the removal has gone below as well, or has failed, too.
 */
export const orTakenBack = (
  delivery: Delivery,
  keys: Iterable<readonly [writer: Revoker, key: string, version: number]>
): Effect.Effect<void, CacheError> => {
  if (delivery === noDelivery) return Effect.void
  revocable(delivery, keys)
  return orRedressed(delivery)
}

/** Notes what is taken back if a tier does not take the writes. */
export const revocable = (
  delivery: Delivery,
  keys: Iterable<readonly [writer: Revoker, key: string, version: number]>
): void => {
  for (const written of writtenWith(delivery)) {
    for (const [writer, key, version] of keys) written.note(writer, key, version)
  }
}

/** Waits until writes have arrived below. If they fail, it also waits for what takes them back. */
export const orRedressed = (delivery: Delivery): Effect.Effect<void, CacheError> =>
  Effect.tapError(
    orStoreFailed(delivery),
    () => Effect.forEach(writtenWith(delivery), ({ redress }) => Effect.ignore(arrival(redress)), { discard: true })
  )

const writtenWith = (delivery: Delivery): ReadonlySet<Revocable> => {
  const all = new Set<Revocable>()
  for (const { written } of delivery) all.add(written)
  return all
}

/** A family that a change reaches. */
export interface Reached {
  readonly name: string
  readonly cache: CacheContext
  readonly entries: { readonly holds: Holds }
  readonly invalidation: { applyDropSlice(slice: Slice, mode: InvalidationMode, stamp: number): Delivery }
}

export interface CacheContext {
  readonly id: string
  readonly store: Store["Service"]
  /** Whether other processes change the lower tiers, too. */
  readonly isShared: boolean
  readonly time: CoarseClock
  readonly versions: VersionClock
  readonly random: { nextDoubleUnsafe(): number }
  /** Hears each change in the step that makes it. */
  readonly changes: Changes
  readonly outbox: Outbox
  readonly leases: LeaseTable
  /** The stamp of the latest invalidation. */
  readonly stamp: number
  /** The version of the latest entry. */
  readonly version: number
  /** Whether events have a listener. */
  readonly hasListeners: boolean
  nextStamp(): number
  /** Runs a step that sets a key, as soon as the outbox has room for it. */
  whenRoom<A, E>(step: () => Effect.Effect<A, E>): Effect.Effect<A, E>
  /** Like `whenRoom`, for a caller that already runs: if there is room, the step runs at once. */
  inRoom<A, E>(step: () => Effect.Effect<A, E>): Effect.Effect<A, E>
  nextVersion(nowMillis: number): number
  /**
   * Notes an entry that was found below. Later versions are greater than its version, even if its clock was ahead.
   */
  saw(entry: Entry<unknown>): void
  /** Entries that the lower tiers held when the engine was opened have smaller stamps; 0 if they held none. */
  readonly openedAt: number
  /** The time at that moment. */
  readonly openedAtMillis: number
  /** Whether an entry was in the lower tiers when the engine was opened. */
  isFromBefore(entry: Entry<unknown>): boolean
  emit(event: CacheEvent): void
  /** Sends a change of a family to the other engines over the same place. */
  tell(family: string, heard: Heard): void
  /** Whether other engines are open over the same place. */
  readonly hasPeers: boolean
  /** Whether a refresh of the key waits or runs in another engine. */
  isRefreshedElsewhere(family: string, key: string): boolean
  /** Starts a sweep in the background, which forgets the marks of a family that no entry needs any more. */
  sweepSoon(family: string): void
  /** Starts such a sweep at a time, or earlier. */
  sweepAt(family: string, atMillis: number): void
  /** What a sweep needs to know about a family, from each engine over the same place, this one included. */
  sweptOf(family: string): ReadonlyArray<Swept>
  /** What drops the keys that a change reaches. */
  readonly spread: Spread
  /** The class of the manifest. Transactions of this class collect the changes of the engine. */
  readonly manifestKey: string
}

/** What drops the keys that a change of a family reaches. The verbs note what happened, and `of…` drops. */
export interface Spread {
  /** Drops what depends on one key of a family. */
  ofKey(family: string, key: string, mode: InvalidationMode): Delivery
  /** Drops what depends on any key of a slice. */
  ofSlice(family: string, slice: Slice, mode: InvalidationMode): Delivery
  /** Drops what was made from a key, except by loads that began at `since` or later, or have not read the key. */
  ofUnseen(family: string, key: string, since: number): Delivery
  /** Drops what was made from a key before the engine was opened, or before it was hidden in this process alone. */
  ofBefore(family: string, key: string): Delivery
  /** An evicted key is not remembered any more. It counts as changed since then, after the next entry is stored. */
  noteForgotten(family: string, key: string, since: number): void
  ofForgotten(): Delivery
  /** An entry is being put into memory. It is not dropped for the entries that it pushes out. */
  beginPut(): void
  endPut(): void
  /** A key has left the last tier. Lookups have read it, or it is from before the engine was opened. */
  noteEvicted(family: string, key: string, wasRead: boolean): void
  /** Drops what was made from the evicted keys, except this one, which pushed them out, and others of its family. */
  ofEvicted(exceptFamily?: string, exceptKey?: string, others?: () => ReadonlySet<string>): Delivery
  /** A change begins that puts several entries. What follows from those that they push out waits for its end. */
  beginChange(): void
  /** The last put has been made. */
  endChange(): void
  /** Drops what was made from the entries that a change has pushed out. What the change wrote stays. */
  ofChange(written: () => ReadonlyArray<readonly [family: string, key: string]>): Delivery
  /** Drops in this process what was made from a family that is hidden here. The lower tiers keep it. */
  ofEnd(family: string): void
  /** Visits what depends on one key of a family. */
  eachOfKey(family: string, key: string, visit: (target: Reached, slice: Slice) => void): void
  /** Visits what depends on any key of a slice. */
  eachOfSlice(family: string, slice: Slice, visit: (target: Reached, slice: Slice) => void): void
}
