/**
 * Reads the tiers below memory, and promotes what they hold into memory.
 *
 * - A change that is on its way below is returned in place of what the tiers hold (`onItsWay`).
 * - What a tier answers for a key that was changed meanwhile is out of date: the entry that holds now is returned, or
 *   the tier is asked again, at most `triesMax` times (law 2).
 * - Where a tier fails, or has lost its place, nothing is known of the key: `unknown`, of which no value may be stored.
 *
 * Not here: whether an entry may be served (`familyReads.ts`, `offers.ts`), and writes of lower tiers (`outbox.ts`).
 */
import * as Effect from "effect/Effect"
import type { Entry, Found } from "../../../store/Entry.ts"
import type { HotPartition } from "../../../store/Store.ts"
import { StoreError, TierFailed } from "../../../store/StoreError.ts"
import type { Delivery } from "../below/delivery.ts"
import type { Lane } from "../below/lane.ts"
import { distrusted, type OnFailure, type Pending } from "../below/parcels.ts"
import { triesMax, unknown, type Watch } from "../below/whenKnown.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { freezeFound } from "../family/freeze.ts"
import { type Judge, memory } from "../family/judgement.ts"
import type { Limited, Limiter } from "../family/limits.ts"
import { sealed } from "../family/sensitive.ts"
import type { Verdict } from "../marks/familyMarks.ts"
import type { CacheContext } from "./cacheContext.ts"
import type { LeaseTerms } from "./leaseTerms.ts"
import type { Watches } from "./watches.ts"

// The result of a read below for a key that was changed meanwhile, if neither memory nor the outbox has it any more.
const changed = Symbol("changed")

/** The entry in memory, in the form of a tier's answer. */
export const foundIn = <V>(entry: Entry<V> | undefined): Found<V> | undefined =>
  entry === undefined ? undefined : { entry, tier: memory }

/** What it needs of the entries of the family. */
interface Ground<V> {
  readonly cache: CacheContext
  readonly spec: EngineFamilySpec<V>
  readonly hot: HotPartition<V> | undefined
  readonly lane: Lane<V> | undefined
  readonly judgement: Judge<V>
  readonly limiter: Limiter
  readonly terms: LeaseTerms
  readonly watches: Watches
  /** Whether some entry may have a tag. */
  tagged: boolean
  /** A tier has lost its place. */
  readonly lost: StoreError | undefined
  readonly tierFailed: OnFailure
  judge(key: string, stamp: number, tags: ReadonlyArray<string>): Verdict
  readonly before: { isHiddenHere(stamp: number): boolean }
  /** Puts an entry that a lower tier holds into memory. */
  putFound(key: string, entry: Entry<V>, weight: number): void
  sendOwed(): Delivery
}

/** What a read of the lower tiers brings. */
type Read<V> = Effect.Effect<Found<V> | typeof unknown | undefined>

export class LowerReads<V> {
  private readonly ground: Ground<V>

  constructor(ground: Ground<V>) {
    this.ground = ground
  }

  /**
   * Reads a key, and copies it to memory unless the key is changed meanwhile. Where other processes change it all the
   * time, the reader gets what the tier had while it waited, and memory does not.
   */
  promote(key: string, tries = triesMax): Read<V> {
    const look = this.ground.watches.during(
      key,
      (watch) =>
        Effect.map(this.look(key), (found) => {
          const current = this.promoted(key, found, watch)
          return current === changed && tries === 0 ? this.passing(key, found) : current
        })
    )
    return Effect.flatMap(look, (found) => found === changed ? this.promote(key, tries - 1) : Effect.succeed(found))
  }

  /** The entry that was found, unless an own change hides it. Other processes have changed the key since. */
  private passing(key: string, found: Found<V> | typeof unknown | undefined): Found<V> | typeof unknown {
    if (!this.ground.cache.isShared || found === undefined || found === unknown) return unknown
    const { expiresAt, stamp, tags } = found.entry
    const isServed = expiresAt > this.ground.cache.time.now() && this.ground.judge(key, stamp, tags) !== "hidden"
    return isServed ? found : unknown
  }

  /**
   * Waits for the turn to load a key, and returns what another process has loaded meanwhile, promoted: an entry of
   * another version than the given one. `undefined` says that the caller loads.
   */
  beginLoad(key: string, version: number | undefined, tries = triesMax): Read<V> {
    const lane = this.ground.lane!
    // What is hidden is not what the caller may get, and it would be found again.
    let met: number | undefined
    const look = this.ground.watches.during(key, (watch) => {
      // What is there of the key is what this process has changed, until the change has arrived.
      if (lane.pending(key) !== undefined) return Effect.undefined
      return Effect.map(this.orUnknown(Effect.map(lane.beginLoad(key, version), this.whole)), (found) => {
        met = found === unknown ? undefined : found?.entry.version
        return this.promoted(key, found, watch, version)
      })
    })
    return Effect.flatMap(look, (found): Read<V> => {
      const isHidden = found === undefined && met !== undefined && met !== version
      if (found !== changed && !isHidden) return Effect.succeed(found)
      return tries > 0 ? this.beginLoad(key, isHidden ? met : version, tries - 1) : Effect.succeed(unknown)
    })
  }

  promoteMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | typeof unknown | undefined>> {
    const { lost, watches } = this.ground
    const lane = this.ground.lane!
    if (lost !== undefined) return Effect.succeed(keys.map(() => unknown))
    const look = Effect.acquireUseRelease(
      Effect.sync(() => keys.map((key) => ({ key, watch: watches.begin(key), pending: lane.pending(key) }))),
      (reads) =>
        Effect.map(
          this.orUnknown(lane.getMany(keys)),
          (all) =>
            reads.map(({ key, pending, watch }, at) => {
              const found = all === unknown ? unknown : this.whole(all[at])
              return this.promoted(key, pending === undefined ? found : this.onItsWay(pending), watch)
            })
        ),
      (reads) => Effect.sync(() => reads.forEach(({ key, watch }) => watches.end(key, watch)))
    )
    return Effect.flatMap(
      look,
      (all) => Effect.forEach(all, (found, at) => found === changed ? this.promote(keys[at]!) : Effect.succeed(found))
    )
  }

  /**
   * The entry of a key, fresh or stale, unless it is invalid. It is not copied to memory. `met` gets the version of
   * what was found, valid or not.
   */
  held(key: string, met?: (version: number) => void): Read<V> {
    const { cache } = this.ground
    return Effect.map(this.look(key), (found) => {
      if (found === unknown || found === undefined) return found
      met?.(found.entry.version)
      const { expiresAt, stamp, tags } = found.entry
      cache.saw(found.entry)
      return expiresAt > cache.time.now() && this.ground.judge(key, stamp, tags) !== "hidden" ? found : undefined
    })
  }

  /** Reads a key, without a copy to memory. */
  look(key: string): Effect.Effect<Limited<V> | typeof unknown | undefined> {
    return Effect.suspend((): Effect.Effect<Limited<V> | typeof unknown | undefined> => {
      if (this.ground.lost !== undefined) return Effect.succeed(unknown)
      const pending = this.ground.lane!.pending(key)
      if (pending !== undefined) return Effect.succeed(this.onItsWay(pending))
      return this.orUnknown(Effect.map(this.ground.lane!.get(key), this.whole))
    })
  }

  /** An entry that a lower tier has found, in the form of an entry in memory. */
  readonly whole = (found: Found<V> | undefined): Limited<V> | undefined => {
    const { cache, limiter, spec } = this.ground
    if (found !== undefined && spec.expiry.freeze) freezeFound(found.entry.value)
    const limited = found && limiter.limited(found, cache.time.now(), cache)
    // What has ended does not come back with a later life, even if this one writes nothing else.
    if (limited !== found) void this.ground.sendOwed()
    return limited
  }

  /** An entry that has not arrived in the lower tiers yet. Without memory, the store answers in their place. */
  onItsWay(pending: Pending<V>): Found<V> | typeof unknown | undefined {
    const { cache, hot } = this.ground
    if (pending === distrusted) return unknown
    const { entry } = pending
    if (entry === undefined || entry.expiresAt <= cache.time.now()) return undefined
    return { entry, tier: hot === undefined ? cache.store.name : memory }
  }

  /** Succeeds with `unknown` if the tier cannot be read. Listeners learn of the failure. */
  private orUnknown<A>(read: Effect.Effect<A, StoreError>): Effect.Effect<A | typeof unknown> {
    return Effect.catch(read, (error) => {
      this.ground.tierFailed("get", error)
      return Effect.succeed(unknown)
    })
  }

  /**
   * The entry that a read has found, promoted; if it is out of date by now, the current one. In memory it takes the
   * place of an older version, and of the one that it replaces.
   */
  private promoted(
    key: string,
    found: Limited<V> | typeof unknown | undefined,
    watch: Watch,
    replaced?: number
  ): Found<V> | typeof unknown | typeof changed | undefined {
    const { ground } = this
    // The weigher may throw, and may change the key.
    const weight = found === undefined || found === unknown ? undefined : this.weightOf(key, found.entry.value)
    if (watch.changed) return this.instead(key, watch)
    if (found === undefined || found === unknown) return found
    const { entry } = found
    const isHidden = ground.judge(key, entry.stamp, entry.tags) === "hidden"
    const isKept = !isHidden || ground.before.isHiddenHere(entry.stamp)
    // The next life believes it, too. What a mark hides must not come back after a sweep that forgets the mark.
    if (found.wasAhead === true && isKept && !ground.cache.outbox.isFull) ground.lane!.touch(key, entry)
    ground.cache.saw(entry)
    ground.terms.seen(key, entry.tags)
    if (weight === undefined) return unknown
    if (entry.tags.length > 0) ground.tagged = true
    if (ground.hot === undefined || entry.expiresAt <= ground.cache.time.now()) return found
    if (isHidden) return isKept ? unknown : undefined
    const inMemory = ground.hot.peek(key)
    if (inMemory === undefined || inMemory.version < entry.version || inMemory.version === replaced) {
      ground.putFound(key, entry, weight)
    }
    return found
  }

  /** The current entry of a key that was changed while it was read below. */
  private instead(key: string, { isGone }: Watch): Found<V> | typeof unknown | typeof changed | undefined {
    const inMemory = foundIn(this.ground.hot?.peek(key))
    if (inMemory !== undefined) return inMemory
    const pending = this.ground.lane!.pending(key)
    if (pending !== undefined) return this.onItsWay(pending)
    return isGone ? undefined : changed
  }

  /**
   * The weight in memory of a value from below. A value that cannot be weighed counts as not found, so it is loaded.
   */
  private weightOf(key: string, value: V): number | undefined {
    const { judgement, spec, tierFailed } = this.ground
    try {
      return judgement.weigh(key, value)
    } catch (cause) {
      const error = new StoreError({ reason: new TierFailed({ tier: memory, operation: "get", cause }) })
      tierFailed("get", spec.isSensitive ? sealed(error) : error)
      return undefined
    }
  }
}
