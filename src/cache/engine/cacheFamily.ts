/**
 * One family of a cache: the façade of its reads, its writes and its invalidation.
 *
 * Keys here are keys *within* the family: the parameters of its pattern, joined by `:`.
 *
 * - One lookup per key and epoch runs at a time; an invalidation of the key starts a new epoch.
 * - A value whose load began before an invalidation of its key is returned to those who had joined the load, and is not
 *   stored.
 * - A change of an entry changes memory and overtakes the running loads of the key in one synchronous step. The tiers
 *   below follow before the operation returns.
 * - A load that brings another value than the one it replaces counts as a write: dependents are dropped.
 * - A value that is computed from a stale value is stale itself: it is returned, and not stored.
 *
 * What each operation looks at, and what it may do:
 *
 * | reads | looks at | may load | may wait for a load | asks lower tiers |
 * | --- | --- | --- | --- | --- |
 * | `hot.hit`, `hot.look`, `hot.peek` | memory, without a second look | no | no | no |
 * | `hitUnsafe` | memory, without a second look; tracked | no | no | no |
 * | `peekUnsafe`, `readUnsafe` | memory, with a second look | no | no | no |
 * | `find`, `has`, `held`, `readHeld`, `answerHeld` | memory, then the tiers | no | no | yes |
 * | `isNothing` | memory, then the tiers; removes what is not served now | no | no | yes |
 * | `page` | all tiers, in pages | no | no | yes |
 * | `count` | the lowest tier, or memory if it is alone | no | no | yes |
 * | `sample` | memory, with a second look | no | no | no |
 * | `explain` | memory, then the tiers, and the history | no | no | yes |
 * | `readPromise` | memory, and the load that runs | no | yes | no |
 * | `read`, `serve`, `answer` | memory, then a load | yes | yes | in the load |
 * | `readOr` | memory, then a load that the caller brings | yes | yes | in the load |
 * | `readMany`, `readResults`, `serveMany`, `serveResults` | memory, then one load for all | yes | yes | in the load |
 * | `readFresh`, `serveNothingStale` | as `serve`, without stale values | yes | yes | in the load |
 * | `refresh` | a load that begins after the call | yes | yes | for what the load replaces |
 * | `warm`, `renew`, `predict` | memory, then loads of their own, and their ends | yes | yes | in the load |
 *
 * `Entries.held` looks at memory alone. `LowerReads` asks the lower tiers.
 *
 * | writes | first reads | returns when |
 * | --- | --- | --- |
 * | `set`, `setMany` | nothing, or the entry for a condition | the lower tiers have it |
 * | `setIfAbsent`, `getAndDelete`, `reschedule`, `patch` | as `find` | the lower tiers have it |
 * | `update` | as `serveNothingStale` | the lower tiers have it |
 * | `setUnsafe`, `deleteUnsafe` | nothing | at once, with a `Delivery` |
 * | `amendUnsafe`, `changedUnsafe`, `rescheduleUnsafe` | memory | at once, with a `Delivery` |
 * | `delete`, `drop`, `dropSlice`, `invalidateTag` | nothing | the lower tiers have it |
 * | `lease` | the entry, for its tags | the lease is held |
 *
 * Not here: who may call (the manifest's accessors), and what depends on what (the plan, given as data).
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Lease, LeaseOptions } from "../../capability/Lease.ts"
import { patternOfKey } from "../../pattern/KeyPattern.ts"
import type { Entry } from "../../store/Entry.ts"
import type { Operation, StoreError } from "../../store/StoreError.ts"
import { CacheError, LeaseRefused } from "../CacheError.ts"
import type { InvalidationMode } from "../CacheEvent.ts"
import type { FamilyStats } from "../CacheMetrics.ts"
import type { Slice } from "../Explanation.ts"
import type { Delivery } from "../internal/below/delivery.ts"
import type { CacheContext } from "../internal/entries/cacheContext.ts"
import type { KeyWatch } from "../internal/entries/keyWatch.ts"
import type { Heard, Swept } from "../internal/entries/peers.ts"
import type { EngineFamilySpec } from "../internal/family/familySpec.ts"
import { FamilyInvalidation } from "../internal/invalidation/familyInvalidation.ts"
import { hear, hearChanged, hearGone, hearMark } from "../internal/invalidation/peerChanges.ts"
import { sweep, sweptOf } from "../internal/invalidation/sweep.ts"
import { currentLookup, forgetIdleContext, loadOf } from "../internal/loads/load.ts"
import { patientOf } from "../internal/loads/loaders.ts"
import { checkLoads } from "../internal/loads/loadsInvariants.ts"
import { FamilyReads } from "../internal/reads/familyReads.ts"
import { FamilyWrites } from "../internal/writes/familyWrites.ts"
import type { LentRight } from "../internal/writes/refusals.ts"
import { beginTerm } from "../internal/writes/terms.ts"
import type { LoadedOptions } from "../Lookup.ts"
import type { KeyLookup, Loader } from "../shared/loader.ts"
import type { SetOptions } from "../types/setOptions.ts"

/**
 * One family of a cache. It inherits its reads, because a hit must not pass through another object.
 *
 * @category models
 * @since 0.1.0
 */
export class CacheFamily<V = unknown> extends FamilyReads<V> {
  /** Deletes and invalidates keys, for the other parts of the engine. */
  declare readonly invalidation: FamilyInvalidation<V>
  /** The phases of a write, for batches and transactions. */
  declare readonly writes: FamilyWrites<V>
  /** The family itself; for its owner's delegate, the family as its owner has it. */
  declare readonly whole: CacheFamily<V>
  /** What a sweep of marks needs to know about the family. */
  declare readonly swept: Swept
  // The last loader runs the loads. When the owner of a delegated part leaves, the loader before it takes over again.
  private loaders: ReadonlyArray<Loader<V>> = []

  constructor(cache: CacheContext, spec: EngineFamilySpec<V>) {
    super(cache, spec)
    this.invalidation = new FamilyInvalidation(this.entries, this.loads)
    this.writes = new FamilyWrites(this, this.invalidation)
    this.swept = sweptOf(this.entries, this.loads)
    this.whole = this
  }

  /** The family as the holder of a lent right writes it: what waits is refused from the end of the right on. */
  lentTo(right: LentRight): CacheFamily<V> {
    // All but its writes is that of the family.
    const lent: CacheFamily<V> = Object.create(this)
    return Object.defineProperty(lent, "writes", { value: this.writes.lentTo(right) })
  }

  override refresh(key: string): Effect.Effect<V, unknown> {
    return this.writes.refusals.whileLent(super.refresh(key))
  }

  override readOr(key: string, lookup: KeyLookup<V>): Effect.Effect<V, unknown> {
    const { refusals } = this.writes
    // What the caller brings is not stored, either. The owner answers the readers who have joined.
    const own: KeyLookup<V> = (of, about) =>
      refusals.unlessEnded(
        lookup(of, about),
        () => this.loads.loader?.lookup?.(of, about) ?? Effect.fail(this.loads.absent(of, "no lookup"))
      )
    return refusals.whileLent(super.readOr(key, own))
  }

  /** Whether a Context belongs to a running lookup. */
  static isLookup(context: Context.Context<never>): boolean {
    return loadOf(context) !== undefined
  }

  /** The name of the family whose lookup a Context belongs to; `undefined` if it belongs to none. */
  static lookupFamily(context: Context.Context<never>): string | undefined {
    return loadOf(context)?.family
  }

  /** Forgets the Context of the last caller, after an engine has ended. */
  static readonly forgetContext = forgetIdleContext

  /** The Context of the lookup that is running at this moment, if one is. */
  static readonly currentLookup = currentLookup

  get stats(): FamilyStats {
    return this.entries.tally.stats
  }

  // --- writes -----------------------------------------------------------------------------------

  /** Writes a value. Fails, and changes nothing, if the caller may not write, or if the value is refused. */
  set(key: string, value: V, options?: SetOptions<Lease>): Effect.Effect<void, CacheError> {
    return this.writes.set(key, value, options)
  }

  /** Writes several values in one step, or none of them. */
  setMany(
    entries: ReadonlyArray<readonly [key: string, value: V]>,
    options?: SetOptions<Lease>
  ): Effect.Effect<void, CacheError> {
    return this.writes.setMany(entries, options)
  }

  /** Reads a value, changes it and writes it. Updates of one key run one after the other. */
  update<E, R>(key: string, f: (was: V) => Effect.Effect<V, E, R>): Effect.Effect<V, unknown, R> {
    return this.writes.updates.update(key, f)
  }

  /**
   * Changes the value that the cache holds. The new value keeps the lifetime, the tags and the revision of the old one.
   */
  patch<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>
  ): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    return this.writes.updates.patch(key, f)
  }

  /** Writes a value if no tier holds one that may be served; whether it was written. */
  setIfAbsent(key: string, value: V, options?: SetOptions<Lease>): Effect.Effect<boolean, CacheError> {
    return this.writes.setIfAbsent(key, value, options)
  }

  /** Deletes a key, and returns the fresh value that a tier held until then. */
  getAndDelete(key: string): Effect.Effect<Option.Option<V>, CacheError> {
    return this.writes.getAndDelete(key)
  }

  /** Gives the fresh value of a key another lifetime; whether there was one. */
  reschedule(key: string, timeToLive: NonNullable<LoadedOptions["timeToLive"]>): Effect.Effect<boolean, CacheError> {
    return this.writes.reschedule(key, timeToLive)
  }

  // --- writes at once, for callers without a fiber ------------------------------------------------

  /** Why no write can be made at once; `undefined` if it can. */
  get closed(): CacheError | "full" | undefined {
    return this.writes.atOnce.closed
  }

  /** Writes a value as `set` does, in this step. Throws the error that refuses it. */
  setUnsafe(key: string, value: V, options?: SetOptions<Lease>): Delivery {
    return this.writes.atOnce.setUnsafe(key, value, options)
  }

  /** Deletes keys as `delete` does, in this step. */
  deleteUnsafe(keys: ReadonlyArray<string>): Delivery {
    return this.invalidation.deleteUnsafe(keys)
  }

  /** Replaces the fresh value that memory holds, as `patch` does, in this step; `undefined` if there is none. */
  amendUnsafe(key: string, f: (was: V) => V): Delivery | undefined {
    return this.writes.atOnce.amendUnsafe(key, f)
  }

  /** Notes that the value in memory was changed in place; `undefined` if there is none. */
  changedUnsafe(key: string): Delivery | undefined {
    return this.writes.atOnce.changedUnsafe(key)
  }

  /** Moves the end of the fresh entry in memory to this time; `undefined` if there is none. */
  rescheduleUnsafe(key: string, freshUntil: number): Delivery | undefined {
    return this.writes.atOnce.rescheduleUnsafe(key, freshUntil)
  }

  /** Whether a change of the key has not arrived in the lower tiers yet. */
  pending(key: string): boolean {
    return this.entries.lane?.pending(key) !== undefined
  }

  /** Learns of each change of a key from now on, until `unwatch`. A load that finds its first value does not count. */
  watch(key: string): KeyWatch {
    return this.entries.watchKey(key)
  }

  unwatch(watch: KeyWatch): void {
    this.entries.unwatchKey(watch)
  }

  /** Takes a lease of a key, which ends with its Scope, or earlier. */
  lease(key: string, options?: LeaseOptions): Effect.Effect<Lease, CacheError, Scope.Scope> {
    const { render, show } = this.spec
    const { refusals } = this.writes
    return Effect.mapError(
      Effect.suspend(() => {
        const { ends } = refusals
        const begin = (lease: Lease) => {
          const begun = beginTerm(this.entries, lease, key)
          // A reader may share a key without an owner.
          return lease.mode === "shared" ? refusals.whileLent(begun) : refusals.whileHeld(ends, begun)
        }
        return this.cache.leases.acquire([patternOfKey(render(key))], options, [show(key)], begin)
      }),
      (error) => error instanceof CacheError ? error : new CacheError({ reason: new LeaseRefused({ error }) })
    )
  }

  // --- invalidation -----------------------------------------------------------------------------

  /** Deletes keys, and drops everything that depends on them. */
  delete(keys: ReadonlyArray<string>): Effect.Effect<void, CacheError> {
    return this.invalidation.delete(keys)
  }

  /** Drops keys, and everything that depends on them. */
  drop(keys: ReadonlyArray<string>, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    return this.invalidation.drop(keys, mode)
  }

  /** Drops every key that has these segments, and everything that depends on them. */
  dropSlice(slice: Slice, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    return this.invalidation.dropSlice(slice, mode)
  }

  /** Invalidates every entry that has the tag, and everything that depends on the family. */
  invalidateTag(tag: string, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    return this.invalidation.invalidateTag(tag, mode)
  }

  // --- its owner --------------------------------------------------------------------------------

  /** Loads by this loader from now on, until it is given back to `disown`. */
  own(loader: Loader<V>): Loader<V> {
    const patient = patientOf(loader)
    this.loaders = [...this.loaders, patient]
    return this.loadBy(patient)!
  }

  private loadBy(loader: Loader<V> | undefined): Loader<V> | undefined {
    this.entries.holds.isAlone = loader?.lookup === undefined
    return this.loads.loader = loader
  }

  /**
   * Ends a loader, because its owner has left. No value that it loaded is served any more, and its running loads are
   * interrupted. If another loader had the family before, that loader takes over, also for the readers who wait.
   * Returns what is left to do: many running loads end in pieces.
   */
  disown(loader: Loader<V> | undefined = this.loads.loader): Effect.Effect<void> {
    if (loader === undefined || !this.loaders.includes(loader)) return Effect.void
    this.loaders = this.loaders.filter((other) => other !== loader)
    this.loadBy(this.loaders.at(-1))
    this.loads.hasLeft = true
    // Where the owner of the whole stays, its right to write has not ended.
    if (this.loads.loader === undefined) this.writes.refusals.end()
    this.entries.abandon()
    // This comes before the readers of the loads get their answer: whatever these readers load next is made after the
    // end.
    this.cache.spread.ofEnd(this.name)
    return this.loads.leave(loader)
  }

  /** Whether the family has an owner with a lookup. */
  get isLoaded(): boolean {
    const { loader } = this.loads
    return loader !== undefined && (loader.lookup !== undefined || loader.lookupMany !== undefined)
  }

  /** Whether the family has an owner. */
  get isOwned(): boolean {
    return this.loads.loader !== undefined
  }

  // --- its tiers, its peers, its listeners ------------------------------------------------------

  /** The tier calls this when it evicts an entry, or when the lifetime of an entry is over. */
  left(key: string, cause: "Evicted" | "Expired", entry: Entry<unknown>): void {
    if (cause === "Evicted") {
      this.entries.counts.evictions++
      const wasRead = this.entries.sources?.wasRead(key) === true
      if (wasRead) this.wasMissed(key)
      if (wasRead || this.entries.before.has(entry)) this.cache.spread.noteEvicted(this.name, key, wasRead)
    } else {
      this.entries.counts.expirations++
      this.entries.sources?.forget(key)
    }
    this.entries.note(cause, key, this.cache.stamp)
  }

  /** The tier calls this when memory has pushed out an entry that the lower tiers should have. */
  pushedDown(key: string, entry: Entry<unknown>): void {
    if (this.entries.sources?.wasAlone(key) === true) this.left(key, "Evicted", entry)
  }

  /** A store calls this when one of its tiers failed. Its other tiers may have continued. */
  tierFailed(operation: Operation, error: StoreError): void {
    this.entries.tierFailed(operation, error)
  }

  /**
   * A tier calls this when it has lost its place to another process, or for good. Nothing that is held is served any
   * more, nor what was made of it, and nothing is stored: reads load, and writes fail.
   */
  placeLost(error: StoreError): void {
    if (this.entries.lost !== undefined) return
    this.entries.placeLost(error)
    for (const flight of this.loads.flights.running) {
      flight.overtake()
      flight.bar()
    }
    this.loads.failures.clear()
    this.cache.spread.ofEnd(this.name)
  }

  /** Restores a mark that a store has kept. */
  restoreMark(written: string, stamp: number): void {
    this.entries.marking.restore(written, stamp)
  }

  /**
   * Forgets the marks that no entry needs any more. The engine runs this when there are many marks. It fails when a
   * tier fails.
   */
  readonly sweepMarks: Effect.Effect<void, StoreError> = Effect.suspend(() => sweep(this.cache.store, this.entries))

  /**
   * Follows a change of the family by another engine over the same place. That engine has already changed the lower
   * tiers.
   */
  hear(heard: Heard): void {
    hear(this.entries, this.loads, heard)
  }

  /** Another process has changed a key. */
  hearChanged(key: string): void {
    hearChanged(this.entries, this.loads, key)
  }

  /** Another process has set a mark, in the words of a store. */
  hearMark(written: string, stamp: number): void {
    hearMark(this.entries, this.loads, written, stamp)
  }

  /** What was held at a stamp is gone, or may be out of date because changes may have been missed. */
  hearGone(stamp: number): void {
    hearGone(this.entries, this.loads, stamp)
  }

  /** While events have a listener, every read takes the second look, which emits the events. */
  noteListeners(hasListeners: boolean): void {
    this.entries.hasListeners = hasListeners
    this.entries.marking.updateHotLimits()
  }

  /** Throws when the structure is broken. `idle` says that no caller reads, loads or updates. For tests. */
  checkInvariants(options: { readonly idle: boolean }): void {
    this.hot?.checkInvariants()
    checkLoads(this.loads, options)
  }
}
