/**
 * In-memory tier: a hash table per family, over shards that share one bound.
 *
 * - `capacity` bounds the entries of all families together; `weightMax` bounds their weights instead. Each shard has
 *   its own share, so a store whose keys fall unevenly evicts before it is full. The bound holds after every operation.
 * - An expired entry is invisible at once, leaves before a live one is evicted, and is freed within about a second.
 * - Values are kept as they are: a reader gets the very object that was stored.
 * - `hit`, the synchronous read, allocates nothing.
 *
 * Not here: loading, dependencies between keys, anything that outlives the process.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { forkOutside } from "../../capability/shared/outside.ts"
import * as EvictionPolicy from "../../eviction/EvictionPolicy.ts"
import { invariant } from "../../eviction/shared/invariant.ts"
import { spreadHash } from "../../eviction/shared/keyHash.ts"
import { entryWeightMax } from "../../eviction/shared/slotWeights.ts"
import type { Entry, Found } from "../Entry.ts"
import { noOptions, refused } from "../internal/given.ts"
import { CoarseClock } from "../shared/coarseClock.ts"
import * as PatientScheduler from "../shared/patientScheduler.ts"
import {
  type Change,
  type Content,
  type FreshUntilMax,
  type HotPartition,
  makeCommons,
  type Mark,
  type Partition,
  type Prepared,
  type ReadWatcher,
  type Round,
  Store,
  type StoreFamily
} from "../Store.ts"
import { FunctionFailed, StoreError } from "../StoreError.ts"
import { type Alarm, type MakePolicy, MemoryShard, type ShardFamily } from "./internal/memoryShard.ts"
import { MemoryUpkeep } from "./internal/memoryUpkeep.ts"
import type { SlotRecords } from "./internal/slotRecords.ts"
import { SlotTable } from "./internal/slotTable.ts"
import { TopKeys } from "./internal/topKeys.ts"

/**
 * The size of a memory store, and the policy by which it evicts when it is full.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Options = Size & {
  /**
   * Chooses the entry to evict when the store is full. `adaptive` by default: never far below the best of the others.
   */
  readonly eviction?: EvictionPolicy.EvictionPolicyName | undefined
  /** A power of two. By default, one shard for each 131,072 of `capacity`: that bounds the pause when a table grows. */
  readonly shards?: number | undefined
}

/**
 * How much a store holds: give one of the two.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Size =
  | {
    /** The largest number of entries, over all families; weighers are not called. */
    readonly capacity: number
    readonly weightMax?: undefined
  }
  | {
    /**
     * The largest sum of weights, as the families' weighers return them; an entry of a family without a weigher weighs
     * 1. An entry that is heavier than this, or than 4,294,967,295, is not kept in memory.
     */
    readonly weightMax: number
    readonly capacity?: undefined
  }

// One hit in 256 is counted in the sketch of hot keys: less than a nanosecond per hit.
const hotGap = 256

const name = "memory"

// A table of a shard of this many entries grows in about ten milliseconds.
const entriesPerShard = 131_072
const shardsMax = 4_096

// The slots that a new entry inspects while its family has dead entries, so that dead entries leave before live ones.
const collectedPerPutMax = 16

// The slots that a sweep inspects before it lets other work run: half a millisecond's work.
const sweptPerPassMax = 1_024

/** The greatest stamp that a store has seen. */
interface Ceiling {
  stamp: number
}

/** The progress of upkeep that inspects every slot. */
interface Sweep {
  view: number
  slot: number
}

/** A family's entries in one shard. */
interface ShardView {
  readonly shard: MemoryShard
  // The same object as `shard.records`, one step nearer for a hit.
  readonly records: SlotRecords
  readonly policy: EvictionPolicy.EvictionPolicy
  readonly table: SlotTable
  /** The number of the family in the shard. */
  readonly familyNumber: number
}

// The prepared form of a value in a memory tier.
interface Weighed<V> extends Prepared<V> {
  readonly weight: number
}

// The lower bits of a hash choose the chain in a table.
const shardBits = 20

/**
 * One family in a memory store, with a synchronous form of each operation.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export class MemoryPartition<V> implements Partition<V>, HotPartition<V>, ShardFamily {
  declare readonly family: StoreFamily<V>
  declare readonly wantsEvicted: boolean
  mark = 0
  private dead = 0
  declare private readonly weigher: StoreFamily<V>["weigher"]
  declare private readonly time: CoarseClock
  declare private readonly ceiling: Ceiling
  declare private readonly views: ReadonlyArray<ShardView>
  declare private readonly only: ShardView | undefined
  declare private readonly shardMask: number
  declare private readonly alarm: Alarm
  private readonly topKeys = new TopKeys()
  // The number of the next hit to note: for the sketch (`hotAt`) or for the watcher (`watchAt`, -1 without one).
  // Each hit counts `untilNote` down.
  private noteAt = hotGap
  private untilNote = hotGap
  private hotAt = hotGap
  private watchAt = -1
  private watcher: ReadWatcher | undefined = undefined
  private collecting: Sweep | undefined = undefined
  private sweptFloor = 0

  constructor(
    family: StoreFamily<V>,
    shards: ReadonlyArray<MemoryShard>,
    time: CoarseClock,
    ceiling: Ceiling,
    isWeighed: boolean,
    alarm: Alarm
  ) {
    this.alarm = alarm
    this.ceiling = ceiling
    this.family = family
    this.weigher = isWeighed ? family.weigher : undefined
    this.wantsEvicted = family.onEvict !== undefined
    this.time = time
    this.views = shards.map((shard): ShardView => ({
      shard,
      records: shard.records,
      policy: shard.policy,
      table: new SlotTable(shard.records),
      familyNumber: shard.enroll(this)
    }))
    this.only = this.views.length === 1 ? this.views[0] : undefined
    this.shardMask = shards.length - 1
  }

  get floor(): number {
    return this.dead
  }

  /** Entries with a smaller stamp are dead, and are freed soon. */
  set floor(floor: number) {
    if (floor === this.dead) return
    this.dead = floor
    this.alarm.ring()
  }

  hit(key: string): V | undefined {
    const spread = this.spreadOf(key)
    const { policy, records, table } = this.only ?? this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot < 0 || records.stampOf(slot) < this.mark) return undefined
    const due = records.dueAt(slot)
    if (due < this.time.next && due <= this.time.now()) return undefined
    const value = records.valueAt(slot) as V | undefined
    if (value === undefined) return undefined
    policy.hit(slot)
    if (--this.untilNote === 0) this.note(key)
    return value
  }

  peek(key: string): Entry<V> | undefined {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    return slot < 0 || shard.endsAt(slot) <= this.time.now() ? undefined : shard.entryAt(slot) as Entry<V>
  }

  dueAt(key: string): number | undefined {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    return slot < 0 ? undefined : shard.records.dueAt(slot)
  }

  touch(key: string): void {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot < 0) return
    shard.policy.hit(slot)
    this.watcher?.(key, 1)
  }

  confirm(key: string, stamp: number): void {
    const spread = this.spreadOf(key)
    const { shard: { records }, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot >= 0 && records.stampOf(slot) < stamp) records.setStamp(slot, stamp)
  }

  postpone(key: string, expiresAt: number): void {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot >= 0) shard.postpone(slot, expiresAt)
  }

  weigh(key: string, value: V): number {
    const { family, weigher } = this
    return weigher === undefined ? 1 : weightOf(weigher, family, key, value)
  }

  put(key: string, entry: Entry<V>, dueAt: number, weight: number): void {
    if (entry.stamp > this.ceiling.stamp) this.ceiling.stamp = entry.stamp
    const spread = this.spreadOf(key)
    const { familyNumber, shard, table } = this.viewOf(spread)
    let slot = table.find(key, spread)
    if (slot >= 0 && weight > shard.weightMax) {
      shard.remove(slot)
      slot = -1
    }
    if (slot < 0) {
      this.collect(collectedPerPutMax)
      slot = shard.insert(familyNumber, key, weight, this.time.now())
      if (slot < 0) {
        this.family.onEvict?.(key, entry, "Evicted")
        return
      }
      table.add(slot, key, spread)
    } else shard.policy.update(slot, weight)
    shard.write(slot, entry, dueAt)
    shard.settle()
  }

  drop(key: string): boolean {
    const spread = this.spreadOf(key)
    const { shard, table } = this.viewOf(spread)
    const slot = table.find(key, spread)
    if (slot < 0) return false
    shard.remove(slot)
    return true
  }

  dropAll(): void {
    for (const { familyNumber, shard } of this.views) {
      for (let slot = 0; slot < shard.records.used; slot++) if (shard.isOf(slot, familyNumber)) shard.remove(slot)
    }
    this.collecting = undefined
  }

  get count(): number {
    let count = 0
    for (const { table } of this.views) count += table.size
    return count
  }

  hottest(max: number): ReadonlyArray<{ readonly key: string; readonly share: number }> {
    return this.topKeys.top(max)
  }

  watch(watcher: ReadWatcher | undefined): void {
    this.watcher = watcher
    const { hits } = this
    this.watchAt = watcher === undefined ? -1 : hits + 1
    this.setNoteAt(hits)
  }

  get hits(): number {
    return this.noteAt - this.untilNote
  }

  private note(key: string): void {
    const { hits } = this
    if (hits === this.hotAt) {
      this.topKeys.add(key)
      this.hotAt += hotGap
      // Bounds the error of the time in a burst that never yields.
      this.time.expire()
    }
    if (hits === this.watchAt) this.watchAt += this.watcher!(key, 0)
    this.setNoteAt(hits)
  }

  private setNoteAt(hits: number): void {
    this.noteAt = this.watchAt < 0 ? this.hotAt : Math.min(this.hotAt, this.watchAt)
    this.untilNote = this.noteAt - hits
  }

  /** Walks by slot, not by chain: so the table may change while the caller inspects a key. */
  *keys(): IterableIterator<string> {
    for (const { familyNumber, shard } of this.views) {
      for (let slot = 0; slot < shard.records.used; slot++) {
        if (shard.isOf(slot, familyNumber)) yield shard.records.keyAt(slot)!
      }
    }
  }

  /** Frees entries below `floor`. It inspects at most `max` slots, and returns whether there are more to inspect. */
  collect(max: number): boolean {
    if (this.sweptFloor === this.floor && this.collecting === undefined) return false
    if (this.collecting === undefined) {
      this.sweptFloor = this.floor
      this.collecting = { view: 0, slot: 0 }
    }
    const { collecting: sweep } = this
    for (let looked = 0; looked < max; looked++) {
      const { familyNumber, shard } = this.views[sweep.view]!
      if (sweep.slot < shard.records.used) {
        const slot = sweep.slot++
        if (shard.isOf(slot, familyNumber) && shard.records.stampOf(slot) < this.floor) shard.remove(slot)
      } else if (sweep.view + 1 < this.views.length) {
        sweep.view++
        sweep.slot = 0
      } else {
        this.collecting = undefined
        return this.sweptFloor !== this.floor
      }
    }
    return true
  }

  /** Passes an entry that a shard evicts to the family's `onEvict`. The shard calls it. */
  evicted(shard: MemoryShard, slot: number, cause: "Evicted" | "Expired"): void {
    this.family.onEvict!(shard.records.keyAt(slot)!, shard.entryAt(slot) as Entry<V>, cause)
  }

  /** Removes the key of an entry that leaves. The shard calls it. */
  forgotten(shard: MemoryShard, slot: number): void {
    this.views[shard.index]!.table.remove(slot, shard.records.keyAt(slot)!)
  }

  /** Throws when the structure is broken. For tests: its cost grows with the size of the store. */
  checkInvariants(): void {
    for (const { familyNumber, shard, table } of this.views) {
      shard.checkInvariants()
      table.checkInvariants()
      let count = 0
      for (let slot = 0; slot < shard.records.used; slot++) {
        if (!shard.isOf(slot, familyNumber)) continue
        const key = shard.records.keyAt(slot)!
        const found = table.find(key, this.spreadOf(key)) === slot
        invariant(found, "MemoryPartition", "an entry can be found by its key", slot)
        count++
      }
      invariant(count === table.size, "MemoryPartition", "a table finds its own entries only", count)
    }
  }

  private spreadOf(key: string): number {
    return this.only === undefined ? spreadHash(key) : 0
  }

  private viewOf(spread: number): ShardView {
    return this.views[(spread >>> shardBits) & this.shardMask]!
  }

  // --- the contract of a tier -------------------------------------------------------------------

  readonly get = (key: string): Effect.Effect<Found<V> | undefined> => Effect.sync(() => this.find(key))

  readonly getMany = (keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>> =>
    Effect.sync(() => keys.map((key) => this.find(key)))

  /** A live object needs no other form: only its weight is prepared. */
  readonly prepare = (key: string, { value }: Content<V>): Effect.Effect<Prepared<V>, StoreError> => {
    try {
      const weighed: Weighed<V> = { bytes: 0, weight: this.weigh(key, value) }
      return Exit.succeed(weighed)
    } catch (error) {
      if (error instanceof FunctionFailed) return Exit.fail(new StoreError({ reason: error }))
      throw error
    }
  }

  /** Applies the changes of a round to this family. */
  readonly apply = ({ cleared, removed, set }: Change<V>): void => {
    if (cleared) this.dropAll()
    for (const key of removed) this.drop(key)
    for (const { entry, key, prepared } of set) {
      this.put(key, entry, entry.freshUntil, (prepared as Weighed<V>).weight)
    }
  }

  readonly set = (key: string, entry: Entry<V>): Effect.Effect<void, StoreError> => this.setMany([[key, entry]])

  readonly setMany = (
    entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>
  ): Effect.Effect<void, StoreError> =>
    Effect.suspend(() => {
      let weights: ReadonlyArray<number>
      try {
        weights = entries.map(([key, { value }]) => this.weigh(key, value))
      } catch (error) {
        if (error instanceof FunctionFailed) return Effect.fail(new StoreError({ reason: error }))
        throw error
      }
      for (const [i, [key, entry]] of entries.entries()) this.put(key, entry, entry.freshUntil, weights[i]!)
      return Effect.void
    })

  readonly remove = (keys: ReadonlyArray<string>): Effect.Effect<void> =>
    Effect.sync(() => {
      for (const key of keys) this.drop(key)
    })

  readonly clear: Effect.Effect<void> = Effect.sync(() => this.dropAll())

  readonly entries: Stream.Stream<readonly [key: string, entry: Entry<V>]> = Stream.suspend(() =>
    Stream.fromIterable(this.live())
  )

  readonly sweep = (freshUntilMax: FreshUntilMax): Effect.Effect<void> =>
    Effect.suspend(() => {
      // An entry stays in its slot while it lives, so changes between two passes do not matter.
      const progress: Sweep = { view: 0, slot: 0 }
      const pass: Effect.Effect<void> = Effect.suspend(() =>
        this.sweepSome(progress, freshUntilMax) ? Effect.andThen(Effect.yieldNow, pass) : Effect.void
      )
      return pass
    })

  private sweepSome(progress: Sweep, freshUntilMax: FreshUntilMax): boolean {
    for (let looked = 0; looked < sweptPerPassMax; looked++) {
      const view = this.views[progress.view]
      if (view === undefined) return false
      const { familyNumber, shard } = view
      if (progress.slot >= shard.records.used) {
        progress.view++
        progress.slot = 0
        continue
      }
      const slot = progress.slot++
      if (!shard.isOf(slot, familyNumber)) continue
      const max = freshUntilMax(shard.records.keyAt(slot)!, shard.records.stampOf(slot), shard.tagsAt(slot))
      if (max === -Infinity) shard.remove(slot)
      else if (max !== Infinity) shard.limit(slot, max)
    }
    return true
  }

  readonly size: Effect.Effect<number> = Effect.sync(() => {
    let size = 0
    for (const _ of this.live()) size++
    return size
  })

  readonly hot = this

  private find(key: string): Found<V> | undefined {
    const entry = this.peek(key)
    if (entry === undefined) return undefined
    this.touch(key)
    return { entry, tier: name }
  }

  private *live(): IterableIterator<readonly [key: string, entry: Entry<V>]> {
    for (const key of this.keys()) {
      const entry = this.peek(key)
      if (entry !== undefined) yield [key, entry]
    }
  }
}

/** The result of a weigher as a weight. Throws if the weigher throws, or if its result is not a weight. */
const weightOf = <V>(
  weigher: (key: string, value: V) => unknown,
  { name: family, render }: StoreFamily<V>,
  key: string,
  value: V
): number => {
  const failed = (why: string, cause?: unknown) =>
    new FunctionFailed({ family, option: "weigher", key: render(key), why, cause })
  let answer: unknown
  try {
    answer = weigher(key, value)
  } catch (cause) {
    throw failed("threw an error", cause)
  }
  // The rejection of a Promise that is refused must not end the process.
  if (answer instanceof Promise) answer.then(undefined, () => {})
  if (typeof answer !== "number") throw failed(`returned ${typeof answer}, but a weight is a number`)
  if (!(answer >= 0)) throw failed(`returned ${answer}, but a weight is at least 0`)
  const weight = Math.max(1, Math.ceil(answer))
  return weight <= entryWeightMax ? weight : Infinity
}

const known: { readonly [O in keyof Required<Options>]: true } = {
  capacity: true,
  weightMax: true,
  eviction: true,
  shards: true
}

const refuse = (option: string, why: string) => refused(name, option, why)

const bounds = (options: Options): Effect.Effect<{ readonly max: number; readonly count: number }, StoreError> => {
  const wrong = noOptions(name, options, known)
  if (wrong !== undefined) return Effect.fail(wrong)
  const given = (["capacity", "weightMax"] as const).filter((option) => options[option] !== undefined)
  if (given.length !== 1) return Effect.fail(refuse("capacity", "or `weightMax` must be given, but not both"))
  if (options.eviction !== undefined && !EvictionPolicy.names.includes(options.eviction)) {
    return Effect.fail(refuse("eviction", `must be one of ${EvictionPolicy.names.join(", ")}`))
  }
  const max = options[given[0]!]!
  if (!Number.isSafeInteger(max) || max < 1) {
    return Effect.fail(refuse(given[0]!, "must be a whole number of at least 1"))
  }
  const byDefault = options.capacity === undefined ? 1 : Math.ceil(options.capacity / entriesPerShard)
  const count = options.shards === undefined
    ? Math.min(shardsMax, 2 ** Math.ceil(Math.log2(byDefault)))
    : options.shards
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(Math.log2(count)) || count < 1 || count > shardsMax) {
    return Effect.fail(refuse("shards", `must be a power of two of at most ${shardsMax}`))
  }
  return count > max ? Effect.fail(refuse("shards", `must be at most \`${given[0]}\``)) : Effect.succeed({ max, count })
}

/**
 * Makes a store in memory that lives until the Scope ends.
 *
 * @see {@link layer} for the same store as a layer
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: Options) {
  const { count, max } = yield* bounds(options)
  const time = new CoarseClock(yield* Clock.Clock)
  const policyName = options.eviction ?? "adaptive"
  const upkeep = new MemoryUpkeep(time)
  const shards = Array.from({ length: count }, (_, i) => {
    // The remainder of the division goes to the first shards, so that the shares add up to the bound.
    const share = Math.floor(max / count) + (i < max % count ? 1 : 0)
    const policyOf: MakePolicy = (hashOf) => EvictionPolicy.make(policyName, { weightMax: share, hashOf })
    return new MemoryShard(i, policyOf, time.now(), upkeep)
  })
  const partitions = new Map<string, MemoryPartition<any>>()
  const marks = new Map<string, number>()
  const ceiling: Ceiling = { stamp: 0 }
  const keepMarks = (recorded: ReadonlyArray<Mark>): void => {
    for (const { scope, stamp } of recorded) {
      marks.set(scope, Math.max(stamp, marks.get(scope) ?? 0))
      ceiling.stamp = Math.max(ceiling.stamp, stamp)
    }
  }

  const patient = PatientScheduler.from(yield* Scheduler.Scheduler)
  const frees = upkeep.run(shards, () => partitions.values())
  Fiber.runIn(yield* forkOutside(Effect.provideService(frees, Scheduler.Scheduler, patient)), yield* Effect.scope)

  return Store.of({
    name,
    open: <V>(family: StoreFamily<V>): Effect.Effect<Partition<V>, never, Scope.Scope> =>
      Effect.sync(() => {
        const open = partitions.get(family.name)
        if (open !== undefined) return open
        const partition = new MemoryPartition(family, shards, time, ceiling, options.weightMax !== undefined, upkeep)
        partitions.set(family.name, partition)
        return partition
      }),
    commons: makeCommons(),
    write: ({ changes, marks }: Round) =>
      Effect.sync(() => {
        for (const change of changes) (change.partition as MemoryPartition<any>).apply(change)
        keepMarks(marks)
      }),
    loadMarks: Effect.sync(() => ({
      marks: Array.from(marks, ([scope, stamp]) => ({ scope, stamp })),
      stampMax: ceiling.stamp
    })),
    recordMarks: (recorded: ReadonlyArray<Mark>) => Effect.sync(() => keepMarks(recorded)),
    dropMarks: (dropped: ReadonlyArray<Mark>) =>
      Effect.sync(() => {
        for (const { scope, stamp } of dropped) if (marks.get(scope) === stamp) marks.delete(scope)
      })
  })
})

/**
 * A layer with a store in memory.
 *
 * **When to use**
 *
 * For every cache: alone, or as the first tier of a `TieredStore`.
 *
 * **Details**
 *
 * - Values are kept as they are: a reader gets the very object that was stored.
 * - When the store is full, it evicts entries. Entries whose time is over leave first.
 * - It fails with `InvalidStoreOptions` for options that cannot be right.
 *
 * **Gotchas**
 *
 * A cache has one store. Build the layer once, and share it: each build is an empty store of its own.
 *
 * **Example** (Keeping at most 10,000 entries)
 *
 * ```ts
 * import { MemoryStore } from "effect-stateless"
 *
 * const StoreLive = MemoryStore.layer({ capacity: 10_000, eviction: "lru" })
 * ```
 *
 * @stability stable
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Store, StoreError> => Layer.effect(Store, make(options))
