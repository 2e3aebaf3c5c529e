/**
 * One family over several tiers: reads that go down, copies that come up, and writes that go from the lowest tier to
 * the fastest.
 *
 * - A copy between tiers never undoes a change that was called after the read began: the `KeyOrder` of the family knows
 *   the changes that are under way.
 * - The partition below memory is another partition of the same tiers, without the first.
 *
 * Not here: how a round of several families is written (`TieredStore.ts`), what one tier does for its share
 * (`tieredTier.ts`), and how pushed-out entries travel down (`demotions.ts`).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Entry, Found } from "../Entry.ts"
import type { Whole } from "../shared/whole.ts"
import {
  type Change,
  type Content,
  type FreshUntilMax,
  type HotPartition,
  type Partition,
  type Prepared,
  type PreparedEntry,
  type Store
} from "../Store.ts"
import type { StoreError } from "../StoreError.ts"
import type { Demotions, Sweeps } from "./demotions.ts"
import type { Departures } from "./departures.ts"
import type { OwnTiers } from "./elsewhere.ts"
import type { KeyOrder, Permit } from "./keyOrder.ts"
import { TieredPages } from "./tieredPages.ts"
import { type Entries, keysOf, type SetMode, type Share, type Tier, type UnderWay } from "./tieredTier.ts"

interface Tiers<V> {
  readonly tiers: ReadonlyArray<Tier<V>>
  readonly mode: SetMode
  readonly order: KeyOrder
  readonly own: OwnTiers
  readonly sweeps: Sweeps
  readonly demotions: Demotions<V>
  readonly underWay: UnderWay
  readonly departures: Departures
  /** Whether the fastest tier is left out: this partition is the one below memory. */
  readonly isBelow: boolean
}

export class TieredPartition<V> implements Whole<Partition<V>> {
  readonly order: KeyOrder
  readonly hot: Partition<V>["hot"]
  readonly page: Partition<V>["page"]
  readonly below: Partition<V> | undefined
  readonly beginLoad: Partition<V>["beginLoad"]
  readonly endLoad: Partition<V>["endLoad"]
  readonly #tiers: ReadonlyArray<Tier<V>>
  readonly #upwards: ReadonlyArray<Tier<V>>
  readonly #mode: SetMode
  readonly #own: OwnTiers
  readonly #sweeps: Sweeps
  readonly #demotions: Demotions<V>
  readonly #underWay: UnderWay
  readonly #isBelow: boolean
  /** The fastest tier, if this partition is the one below it. */
  readonly #above: Partition<V>["hot"]

  constructor(all: Tiers<V>, above?: Partition<V>["hot"]) {
    const { demotions, order, isBelow, mode, own, sweeps, tiers, underWay } = all
    this.#own = own
    this.#above = above
    this.#tiers = tiers
    this.#upwards = tiers.toReversed()
    this.#mode = mode
    this.order = order
    this.#sweeps = sweeps
    this.#demotions = demotions
    this.#underWay = underWay
    this.#isBelow = isBelow
    // A scan is one of the whole family, since an entry does not stay below alone.
    this.page = isBelow ? undefined : new TieredPages(all).page
    // Only memory lies above a tier that processes share.
    const lowest = tiers.at(-1)!.partition
    this.beginLoad = lowest.beginLoad
    this.endLoad = lowest.endLoad
    this.hot = isBelow ? undefined : tiers[0]!.partition.hot
    this.below = this.hot === undefined || tiers.length === 1
      ? undefined
      : new TieredPartition({ ...all, tiers: tiers.slice(1), isBelow: true }, this.hot)
  }

  readonly get = (key: string): Effect.Effect<Found<V> | undefined, StoreError> =>
    Effect.map(this.#read([key], true), (found) => found[0])

  readonly getMany = (keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError> =>
    this.#read(keys, false)

  /** `isSure` says that nothing is answered for a key only if each tier could be read. */
  readonly #read = (
    keys: ReadonlyArray<string>,
    isSure: boolean
  ): Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError> =>
    Effect.flatMap(this.#ask(0, keys), (hottest) => {
      const found = new Map<string, Found<V>>()
      if (Result.isSuccess(hottest)) collect(found, keys, hottest.success)
      const missing = Array.from(new Set(keys)).filter((key) => !found.has(key))
      const answer = () => keys.map((key) => found.get(key))
      if (missing.length === 0) return Effect.succeed(answer())
      return Effect.acquireUseRelease(
        Effect.sync(() => missing.map((key) => this.order.begin(key))),
        (permits) => Effect.map(this.#descend(1, permits, found, hottest, isSure), answer),
        (permits) => Effect.sync(() => permits.forEach((permit) => this.order.end(permit)))
      )
    })

  // Reads a tier, the entries on their way to it, and the memory of other engines that would evict entries to it.
  #ask(
    at: number,
    keys: ReadonlyArray<string>
  ): Effect.Effect<Result.Result<ReadonlyArray<Found<V> | undefined>, StoreError>> {
    const tier = this.#tiers[at]!
    const isHottest = at === 0 && !this.#isBelow
    if (this.#mode === "through" || isHottest) return tier.getMany(keys)
    return Effect.flatMap(this.#knownBeside(at, tier.name, keys), (known) => {
      if (known === undefined) return tier.getMany(keys)
      const missing = keys.filter((_, i) => known[i] === undefined)
      if (missing.length === 0) return Effect.succeed(Result.succeed(known))
      return Effect.map(tier.getMany(missing), (read) => {
        let next = 0
        return Result.isFailure(read) ?
          Result.succeed(known) :
          Result.map(read, (all) => known.map((found) => found ?? all[next++]))
      })
    })
  }

  // What is on its way, or in tiers that another engine has for itself, is looked for once: above the first tier below.
  #knownBeside(at: number, tier: string, keys: ReadonlyArray<string>) {
    const known = this.#demotions.find(tier, keys, this.top)
    const isFirst = at === (this.#isBelow ? 0 : 1)
    if (!isFirst || this.order.apart.size === 0) return known
    return Effect.flatMap(
      known,
      (moving) =>
        Effect.map(this.#own.find(this.order.apart, keys), (kept) =>
          moving === undefined || kept === undefined
            ? moving ?? kept
            : keys.map((_, i) => moving[i] ?? kept[i]))
    )
  }

  // Fails if no tier could be read. Where the answer must be sure, it fails if a key is missing and a tier could not be
  // read.
  #descend(
    at: number,
    missing: ReadonlyArray<Permit>,
    found: Map<string, Found<V>>,
    above: Result.Result<unknown, StoreError>,
    isSure: boolean
  ): Effect.Effect<void, StoreError> {
    if (missing.length === 0) return Effect.void
    if (at === this.#tiers.length) return Result.isFailure(above) ? Effect.fail(above.failure) : Effect.void
    const keys = missing.map((permit) => permit.key)
    return Effect.flatMap(this.#ask(at, keys), (answered) => {
      if (Result.isSuccess(answered)) collect(found, keys, answered.success)
      const [still, here] = partitionBy(missing, (permit) => found.has(permit.key))
      const [better, worse] = Result.isSuccess(answered) ? [answered, above] : [above, answered]
      return Effect.andThen(
        this.#promote(at, here, found),
        this.#descend(at + 1, still, found, isSure ? worse : better, isSure)
      )
    })
  }

  #promote(from: number, permits: ReadonlyArray<Permit>, found: Map<string, Found<V>>): Effect.Effect<void> {
    if (permits.length === 0) return Effect.void
    const above = this.#mode === "through"
      ? this.#tiers.slice(0, from).toReversed()
      : this.#tiers.slice(0, this.#isBelow ? 0 : 1)
    if (above.length === 0) return Effect.void
    return this.order.land(permits, (holding) => {
      const all = holding.map((permit) => [permit.key, found.get(permit.key)!.entry] as const)
      // An entry that a running sweep would change is not copied.
      const entries = all.filter(([key, entry]) => this.#sweeps.judge(key, entry) === entry)
      return entries.length === 0
        ? Effect.void
        : Effect.forEach(above, (tier) => tier.setMany(entries), { discard: true })
    })
  }

  // A tier that gets only evicted entries prepares nothing before. An entry that it cannot take is dropped at eviction.
  readonly #takers = (): ReadonlyArray<Tier<V>> =>
    this.#mode === "through" ? this.#tiers : this.#isBelow ? [] : this.#tiers.slice(0, 1)

  readonly prepare = (key: string, content: Content<V>): Effect.Effect<Prepared<V>, StoreError> => {
    const [only, ...others] = this.#takers()
    if (only === undefined) return Exit.succeed(forms([]))
    return Effect.mapEager(only.prepare(key, content), (form) => forms([form])).pipe((first) =>
      others.reduce(
        (before, tier) =>
          Effect.flatMapEager(before, (all) =>
            Effect.mapEager(tier.prepare(key, content), (form) => forms([...formsOf(all), form]))),
        first
      )
    )
  }

  readonly full = (entries: number, bytes: number): StoreError | undefined => {
    for (const { partition } of this.#takers()) {
      const refusal = partition.full?.(entries, bytes)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  /** The partition of the family in one of the stores. */
  partitionIn(store: Store["Service"]): Partition<V> | undefined {
    return this.#tiers.find((tier) => tier.store === store)?.partition
  }

  /** Returns the share of each tier in a change of this family. It is a property, as the members of `Partition` are. */
  readonly sharesOf = (change: Change<V>): Effect.Effect<ReadonlyArray<Share>> => {
    this.#demotions.began(change.set.map(({ entry }) => entry))
    if (this.#mode === "onEviction" && this.#isBelow) {
      const pushedOut = this.#pushedOut(change.set)
      return Effect.succeed(this.#tiers.map((tier, at) => shareOf(tier, change, at === 0 ? pushedOut : [])))
    }
    const takers = this.#takers()
    return Effect.succeed(this.#tiers.map((tier) => {
      const at = takers.indexOf(tier)
      const own = ({ prepared, ...one }: PreparedEntry<V>) => ({ ...one, prepared: formsOf(prepared)[at]! })
      return shareOf(tier, change, at < 0 ? [] : change.set.map(own))
    }))
  }

  // Entries that the fastest tier holds are not written here. Entries that it has evicted meanwhile are: this change
  // removes the key here after the eviction wrote it, so the entry would be in no tier. A value whose codec is
  // asynchronous does not hold up the round: it follows later, as an evicted entry does.
  #pushedOut(set: Change<V>["set"]): ReadonlyArray<PreparedEntry<V>> {
    const tier = this.#tiers[0]!
    return set.flatMap(({ entry, key }) => {
      if (this.#above?.peek(key) !== undefined) return []
      const made = tier.prepare(key, entry)
      if (Exit.isExit(made) && Exit.isSuccess(made as Exit.Exit<Prepared<V>, StoreError>)) {
        return [{ key, entry, prepared: (made as Exit.Success<Prepared<V>>).value }]
      }
      this.#demotions.add(1, key, entry)
      return []
    })
  }

  /** Removes the keys of a change from the tiers that other engines have for themselves. */
  readonly removeElsewhere = (change: Change<V>): Effect.Effect<StoreError | undefined> =>
    this.#own.forget(this.order.apart, keysOf(change), change.cleared)

  #firstElsewhere(
    keys: ReadonlyArray<string>,
    isCleared: boolean,
    write: Effect.Effect<void, StoreError>
  ): Effect.Effect<void, StoreError> {
    return Effect.flatMap(
      this.#own.forget(this.order.apart, keys, isCleared),
      (kept) => kept === undefined ? write : Effect.andThen(write, Effect.fail(kept))
    )
  }

  /** The fastest tier, which may be above this partition. */
  get top(): HotPartition<V> | undefined {
    return this.#above ?? this.hot
  }

  /** Waits while many entries are on their way to lower tiers. It is a property, as the members of `Partition` are. */
  readonly room = (): Effect.Effect<void> => this.#demotions.room

  readonly set = (key: string, entry: Entry<V>): Effect.Effect<void, StoreError> => this.setMany([[key, entry]])

  readonly setMany = (entries: Entries<V>): Effect.Effect<void, StoreError> => {
    const keys = entries.map(([key]) => key)
    const set = this.#mode === "through"
      ? this.#setAll(entries)
      : this.#isBelow
      ? this.#setBelow(entries)
      : this.#setHot(entries)
    const begun = Effect.suspend(() => {
      this.#demotions.began(entries.map(([, entry]) => entry))
      return set
    })
    const versions = new Map(entries.map(([key, { version }]) => [key, version]))
    const written = this.order.write(keys, this.#firstElsewhere(keys, false, begun), versions, this.top)
    return this.#underWay.run(Effect.andThen(written, this.room()))
  }

  // A tier that did not take the entries must hold nothing of their keys, or the set fails. Otherwise this tier would
  // serve the old values after a restart.
  #setAll(entries: Entries<V>): Effect.Effect<void, StoreError> {
    return Effect.flatMap(Effect.forEach(this.#upwards, (tier) => tier.setMany(entries)), (results) => {
      const owing = results.filter((_, at) => !entries.every(([key]) => this.#upwards[at]!.trusts(key)))
      return firstFailure(results.every(Result.isFailure) ? results.toReversed() : owing)
    })
  }

  // Entries that the fastest tier holds are only removed here. Entries that it has evicted meanwhile are written: this
  // call removes the key here after the eviction wrote it, so the entry would be in no tier.
  #setBelow(entries: Entries<V>): Effect.Effect<void, StoreError> {
    return Effect.suspend(() => {
      const pushedOut = entries.filter(([key]) => this.#above?.peek(key) === undefined)
      const removed = this.#removeAll(entries.map(([key]) => key))
      if (pushedOut.length === 0) return removed
      return Effect.andThen(removed, Effect.flatMap(this.#tiers[0]!.setMany(pushedOut), (set) => firstFailure([set])))
    })
  }

  #setHot(entries: Entries<V>): Effect.Effect<void, StoreError> {
    const keys = entries.map(([key]) => key)
    return Effect.flatMap(
      Effect.forEach(this.#upwards.slice(0, -1), (tier) => tier.remove(keys)),
      (removed) => Effect.flatMap(this.#tiers[0]!.setMany(entries), (result) => firstFailure([result, ...removed]))
    )
  }

  readonly remove = (keys: ReadonlyArray<string>): Effect.Effect<void, StoreError> =>
    this.#underWay.run(
      this.order.write(keys, this.#firstElsewhere(keys, false, this.#removeAll(keys)), undefined, this.top)
    )

  #removeAll(keys: ReadonlyArray<string>): Effect.Effect<void, StoreError> {
    return Effect.flatMap(Effect.forEach(this.#upwards, (tier) => tier.remove(keys)), firstFailure)
  }

  readonly clear: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    const clear = Effect.suspend(() => {
      for (const top of this.order.tops.keys()) if (top !== this.top) top.dropAll()
      return Effect.flatMap(Effect.forEach(this.#upwards, (tier) => tier.clear), firstFailure)
    })
    return this.#underWay.run(this.order.writeAll(this.#firstElsewhere([], true, clear)))
  })

  // An entry that moves between tiers is judged where it arrives. An entry that waits to move is judged before and
  // after the tiers are swept. So no copy escapes the sweep: a copy from before the first barrier has arrived, and a
  // copy from before the second one is void. Entries in the memory of another engine are judged there.
  readonly sweep = (freshUntilMax: FreshUntilMax): Effect.Effect<void, StoreError> => {
    const barrier = Effect.suspend(() =>
      Effect.andThen(
        Effect.asVoid(Effect.exit(this.#underWay.run(this.order.settle))),
        Effect.sync(() => this.order.judge(freshUntilMax))
      )
    )
    const tops = Effect.suspend(() =>
      Effect.forEach(
        Array.from(this.order.tops).filter(([top]) => top !== this.top),
        ([, partition]) => partition.sweep(freshUntilMax),
        { discard: true }
      )
    )
    const tiers = Effect.forEach(this.#tiers, (tier) => tier.attempt("sweep", tier.partition.sweep(freshUntilMax)))
    return this.#sweeps.during(
      freshUntilMax,
      barrier.pipe(
        Effect.andThen(tops),
        Effect.andThen(Effect.suspend(() => this.#own.sweep(this.order.apart, freshUntilMax))),
        Effect.andThen(tiers),
        Effect.flatMap((results) => Effect.andThen(barrier, firstFailure(results)))
      )
    )
  }

  readonly entries: Stream.Stream<readonly [key: string, entry: Entry<V>], StoreError> = Stream.suspend(() => {
    // The keys of all tiers but the lowest, so that no key is emitted twice, and no key that moves meanwhile is missed.
    const seen = new Set<string>()
    return Stream.flatMap(Stream.fromIterable(this.#tiers), (tier) => {
      const isLowest = tier === this.#upwards[0]
      const held = Stream.filter(tier.partition.entries, ([key]) => {
        if (seen.has(key) || !tier.trusts(key)) return false
        if (!isLowest) seen.add(key)
        return true
      })
      const isHottest = tier === this.#tiers[0] && !this.#isBelow
      return isHottest || this.#mode === "through" ? held : Stream.concat(this.#onItsWay(seen), held)
    })
  })

  #onItsWay(seen: Set<string>): Stream.Stream<readonly [key: string, entry: Entry<V>]> {
    return Stream.unwrap(Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const entries: Array<readonly [key: string, entry: Entry<V>]> = []
      for (const { entry, key } of this.order.allCarried()) {
        if (entry.expiresAt <= now || seen.has(key)) continue
        seen.add(key)
        entries.push([key, entry])
      }
      return Effect.succeed(Stream.fromIterable(entries))
    }))
  }

  readonly size: Effect.Effect<number, StoreError> = Effect.suspend(() =>
    Effect.map(
      // To count what lives in memory, one has to look at each entry.
      Effect.forEach(
        this.#tiers,
        ({ partition: { hot, size } }) => hot === undefined ? size : Effect.succeed(hot.count)
      ),
      (sizes) =>
        this.#mode === "through"
          ? Math.max(...sizes)
          : sizes.reduce((sum, size) => sum + size, this.order.carried)
    )
  )
}

/** Makes the change for one tier: it sets the tier's own entries, and removes the keys of all others. */
const shareOf = <V>(
  tier: Tier<V>,
  { cleared, removed, set }: Change<V>,
  own: ReadonlyArray<PreparedEntry<V>>
): Share => {
  const keys = new Set(own.map(({ key }) => key))
  const gone = set.flatMap(({ key }) => keys.has(key) ? [] : [key])
  return { tier, change: { partition: tier.partition, cleared, removed: [...removed, ...gone], set: own } }
}

// The prepared form of an entry: the forms of the tiers that take the entry, in the order of the tiers.
interface Forms<V> extends Prepared<V> {
  readonly all: ReadonlyArray<Prepared<V>>
}
const forms = <V>(all: ReadonlyArray<Prepared<V>>): Forms<V> => ({
  bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
  all
})
const formsOf = <V>(prepared: Prepared<V>): ReadonlyArray<Prepared<V>> => (prepared as Forms<V>).all

const collect = <V>(
  found: Map<string, Found<V>>,
  keys: ReadonlyArray<string>,
  all: ReadonlyArray<Found<V> | undefined>
): void => {
  for (const [at, key] of keys.entries()) {
    const one = all[at]
    if (one !== undefined) found.set(key, one)
  }
}

const partitionBy = <A>(all: ReadonlyArray<A>, holds: (a: A) => boolean): [not: Array<A>, yes: Array<A>] => [
  all.filter((a) => !holds(a)),
  all.filter(holds)
]

/** The failure of the first result that is one. */
export const firstFailure = (
  results: ReadonlyArray<Result.Result<void, StoreError>>
): Effect.Effect<void, StoreError> => {
  const failed = results.find(Result.isFailure)
  return failed === undefined ? Effect.void : Effect.fail(failed.failure)
}
