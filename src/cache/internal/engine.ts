/**
 * What a family needs of the cache that it belongs to.
 */
import * as Effect from "effect/Effect"
import type { LeaseTable } from "../../capability/shared/leaseTable.ts"
import type { Entry } from "../../store/Entry.ts"
import type { CoarseClock } from "../../store/shared/coarseClock.ts"
import type { Store } from "../../store/Store.ts"
import { CacheError, StoreFailed } from "../CacheError.ts"
import type { CacheEvent } from "../CacheEvent.ts"
import type { History } from "../Explanation.ts"
import type { Mode, Scope } from "../Invalidation.ts"
import { arrival, type Below, nothing } from "./below.ts"
import type { Plan } from "./flight.ts"
import type { Holds } from "./holds.ts"
import type { Outbox } from "./outbox.ts"
import type { Heard, Swept } from "./peers.ts"

/** For operations that must not be lost. */
export const orStoreFailed = (below: Below): Effect.Effect<void, CacheError> =>
  below === nothing
    ? Effect.void
    : Effect.mapError(arrival(below), (error) => new CacheError({ reason: new StoreFailed({ error }) }))

/** For writes: where a tier does not take one, `takeBack` removes it from memory, too. */
export const orTakenBack = (below: Below, takeBack: () => Effect.Effect<void>): Effect.Effect<void, CacheError> =>
  below === nothing ? Effect.void : Effect.tapError(orStoreFailed(below), takeBack)

/** A family that a change reaches. */
export interface Reached {
  readonly name: string
  readonly cache: Engine
  readonly entries: { readonly holds: Holds }
}

export interface Engine extends Plan {
  readonly id: string
  readonly store: Store["Service"]
  readonly time: CoarseClock
  readonly random: { nextDoubleUnsafe(): number }
  readonly history: History
  readonly outbox: Outbox
  readonly leases: LeaseTable
  /** The stamp of the latest invalidation. */
  readonly stamp: number
  /** The version of the latest entry. */
  readonly version: number
  /** Somebody listens to events. */
  readonly observed: boolean
  nextStamp(): number
  /** Runs what sets a key, once there is room for it on the way to the tiers below. */
  whenRoom<A, E>(step: () => Effect.Effect<A, E>): Effect.Effect<A, E>
  /** Like `whenRoom`, for a caller that runs already: the step is taken at once where there is room. */
  inRoom<A, E>(step: () => Effect.Effect<A, E>): Effect.Effect<A, E>
  nextVersion(nowMillis: number): number
  /**
   * An entry was found below. Versions from now on are greater than its own, whatever the clock was when it was made.
   */
  saw(entry: Entry<unknown>): void
  /** Entries that the tiers below held when the engine was opened have lesser stamps; 0 where they held none. */
  readonly openedAt: number
  /** Whether an entry that was found below, or made since, is one of those. */
  isFromBefore(entry: Entry<unknown>): boolean
  emit(event: CacheEvent): void
  /** Tells the other engines over the same place what happens to a family. */
  tell(family: string, heard: Heard): void
  /** Has the marks of a family forgotten that no entry needs any more, behind the caller. */
  sweepSoon(family: string): void
  /** What a sweep asks of a family, in each engine over the same place; this one is among them. */
  sweptOf(family: string): ReadonlyArray<Swept>
  /** Drops what depends on one key of a family. */
  spread(family: string, key: string, mode: Mode): Below
  /** Drops what depends on any key of a scope. */
  spreadScope(family: string, scope: Scope, mode: Mode): Below
  /** Drops what was made from a key, but for loads that began at `since` or later, or have not read it. */
  spreadUnseen(family: string, key: string, since: number): void
  /** Drops what was made from a key before the engine was opened, or before it was hidden in this process alone. */
  spreadBefore(family: string, key: string): void
  /**
   * Evicted keys that nothing remembers any more, and since when: they count as changed after the next entry is stored.
   */
  readonly forgotten: Array<readonly [family: string, key: string, since: number]>
  spreadForgotten(): void
  /** An entry is being put into memory, and is not pushed out for what it pushes out. */
  isPutting: boolean
  /**
   * Drops what was made from a key that has left the last tier, or what was so before the engine was opened; while an
   * entry is being put, that follows.
   */
  sourceEvicted(family: string, key: string, wasRead: boolean): void
  /** Drops what was made from the keys that were pushed out meanwhile, but for this one, which pushed them out. */
  spreadEvicted(exceptFamily?: string, exceptKey?: string): void
  /** Drops in this process what was made from a family that is hidden here; the tiers below keep it. */
  spreadEnd(family: string): void
  /** Whose transactions collect its changes: the manifest's class. */
  readonly realm: string
  /** What depends on one key of a family. */
  reachOf(family: string, key: string): Iterable<readonly [Reached, Scope]>
  /** What depends on any key of a scope. */
  reachOfScope(family: string, scope: Scope): Iterable<readonly [Reached, Scope]>
}
