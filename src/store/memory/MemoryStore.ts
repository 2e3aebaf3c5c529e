/**
 * In-memory tier: a hash table per family, over shards that share one bound.
 *
 * - `capacity` bounds the entries of all families together; `weightMax` bounds their weights instead. A family with a
 *   bound of its own has its own shards, and does not count among the others. Each shard has its own share, so a store
 *   whose keys fall unevenly evicts before it is full. The bounds hold after every operation.
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
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import { forkOutside, outside } from "../../capability/shared/outside.ts"
import type * as KnownOptions from "../../diagnostic/types/knownOptions.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import * as EvictionPolicy from "../../eviction/EvictionPolicy.ts"
import { OwnPolicy } from "../../eviction/shared/ownPolicy.ts"
import { Refuse } from "../../eviction/shared/refuse.ts"
import { countMisfit } from "../../ownership/shared/countMisfit.ts"
import { noOptions, refused } from "../internal/given.ts"
import { exempt } from "../shared/checkedStore.ts"
import { CoarseClock } from "../shared/coarseClock.ts"
import * as PatientScheduler from "../shared/patientScheduler.ts"
import { makeCommons, type Mark, type Round, Store, type StoreFamily } from "../Store.ts"
import type { StoreError } from "../StoreError.ts"
import { type Ceiling, MemoryPartition, name } from "./internal/memoryPartition.ts"
import { type MakePolicy, MemoryShard } from "./internal/memoryShard.ts"
import { MemoryUpkeep } from "./internal/memoryUpkeep.ts"

/**
 * The size of a memory store, and the policy by which it evicts when it is full.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Options = Size & {
  /**
   * Chooses the entry to evict when the store is full. `adaptive` by default: never far below the best of the others. A
   * function makes a policy of one's own, once for each shard. Its `weightMax` must be the one that it is given. If it
   * throws later, or names a victim that it does not have, `lru` takes its place, and a log says so.
   *
   * `refuse` evicts nothing: a write beyond the bound fails with `StoreFailed` (`TierFull`), and changes nothing. A
   * transaction fails so before its commit. What no read may serve is freed first. What a lookup returns beyond the
   * bound goes to its readers, and is not stored. Choose it where memory is the only place of a value. Over lower
   * tiers, which have every value, memory admits no further one. As a lower tier it stores what fits, and no write is
   * refused.
   */
  readonly eviction?:
    | EvictionPolicy.EvictionPolicyName
    | "refuse"
    | ((options: EvictionPolicy.Options) => EvictionPolicy.EvictionPolicy)
    | undefined
  /** A power of two. By default, one shard for each 131,072 of `capacity`: that bounds the pause when a table grows. */
  readonly shards?: number | undefined
}

/**
 * How much a store holds: give one of the two.
 *
 * **When to use**
 *
 * `capacity` where values are about as large as each other; `weightMax` where a few of them could fill the memory.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Size =
  | {
    /** The largest number of entries, over all families without a bound of their own; weighers are not called. */
    readonly capacity: number
    readonly weightMax?: undefined
  }
  | {
    /**
     * The largest sum of weights, each rounded up to a whole number of at least 1. An entry of a family without a
     * weigher weighs 1. An entry that is heavier than this, or than 4,294,967,295, is not kept in memory.
     */
    readonly weightMax: number
    readonly capacity?: undefined
  }

// A table of a shard of this many entries grows in about ten milliseconds.
const entriesPerShard = 131_072
const shardsMax = 4_096

const known: { readonly [Option in keyof Required<Options>]: true } = {
  capacity: true,
  weightMax: true,
  eviction: true,
  shards: true
}

const refuse = (option: string, why: string) => refused(name, option, why)

/** A bound, and over how many shards it is divided. */
interface Bound {
  readonly max: number
  readonly count: number
  readonly isWeighed: boolean
}

const boundOf = ({ capacity, shards, weightMax }: Partial<Options>): Effect.Effect<Bound, StoreError> => {
  const isWeighed = weightMax !== undefined
  if (isWeighed === (capacity !== undefined)) {
    return Effect.fail(refuse("capacity", "or `weightMax` must be given, but not both"))
  }
  const option = isWeighed ? "weightMax" : "capacity"
  const max = (isWeighed ? weightMax : capacity)!
  const misfit = countMisfit(max)
  if (misfit !== undefined) return Effect.fail(refuse(option, misfit))
  const byDefault = isWeighed ? 1 : Math.ceil(max / entriesPerShard)
  const count = shards === undefined ? Math.min(shardsMax, 2 ** Math.ceil(Math.log2(byDefault))) : shards
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(Math.log2(count)) || count < 1 || count > shardsMax) {
    return Effect.fail(refuse("shards", `must be a power of two of at most ${shardsMax}`))
  }
  return count > max
    ? Effect.fail(refuse("shards", `must be at most \`${option}\``))
    : Effect.succeed({ max, count, isWeighed })
}

type Eviction = Exclude<Options["eviction"], undefined>

const checked = (options: Options): Effect.Effect<Eviction, StoreError> => {
  const wrong = noOptions(name, options, known)
  if (wrong !== undefined) return Effect.fail(wrong)
  const { eviction } = options
  const all: ReadonlyArray<unknown> = [...EvictionPolicy.names, "refuse"]
  if (eviction !== undefined && typeof eviction !== "function" && !all.includes(eviction)) {
    const names = all.join(", ")
    return Effect.fail(refuse("eviction", `must be one of ${names}, or a function that makes a policy`))
  }
  return Effect.succeed(eviction ?? "adaptive")
}

const isSameBound = (one: StoreFamily<any>, other: StoreFamily<any>): boolean =>
  one.capacity === other.capacity && one.weightMax === other.weightMax

/** Makes the shards of a bound, each with its share and a policy of its own. */
const shardsOf = (
  { count, max }: Bound,
  eviction: Eviction,
  time: CoarseClock,
  alarm: MemoryUpkeep
): Effect.Effect<ReadonlyArray<MemoryShard>, StoreError> =>
  Effect.contextWith((context) => {
    const failed = (name: string) => (why: unknown) => {
      const log = Effect.logWarning(`the eviction policy \`${name}\` failed, and \`lru\` took its place`, why)
      outside(() => Effect.runForkWith(context)(log))
    }
    const makePolicy = (of: EvictionPolicy.Options): EvictionPolicy.EvictionPolicy => {
      if (eviction === "refuse") return new Refuse(of)
      return typeof eviction === "function" ? OwnPolicy.of(eviction(of), failed) : EvictionPolicy.make(eviction, of)
    }
    const shards: Array<MemoryShard> = []
    for (let i = 0; i < count; i++) {
      // The remainder of the division goes to the first shards, so that the shares add up to the bound.
      const share = Math.floor(max / count) + (i < max % count ? 1 : 0)
      const policyOf: MakePolicy = (hashOf) => makePolicy({ weightMax: share, hashOf })
      try {
        shards.push(new MemoryShard(i, policyOf, time, alarm))
      } catch (why) {
        return Effect.fail(
          refuse("eviction", `must make policies, and threw: ${why instanceof Error ? why.message : typeof why}`)
        )
      }
      if (shards[i]!.weightMax !== share) {
        return Effect.fail(refuse("eviction", "must make policies with the `weightMax` that they are given"))
      }
    }
    return Effect.succeed(shards)
  })

/**
 * Makes a store in memory that lives until the Scope ends.
 *
 * **When to use**
 *
 * In tests and tools that use a store without a cache. A program provides `layer`.
 *
 * **Example** (The name of a store)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { MemoryStore } from "effect-stateless"
 *
 * const program = Effect.scoped(Effect.map(MemoryStore.make({ capacity: 100 }), ({ name }) => name))
 * await Effect.runPromise(program) // => "memory"
 * ```
 *
 * @see {@link layer} for the same store as a layer
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const make: <const Given extends KnownOptions.Loose<Options>>(
  // With the type written out, a hover shows the name of the message, and not the message.
  options: [Given] extends [infer Written]
    ? KnownOptions.Checked<Options, Written, "a store in memory", Misfit.Shape<Misfit.storeSize, Options>>
    : Given
) => Effect.Effect<Store["Service"], StoreError, Scope.Scope> = Effect.fnUntraced(function*(given: Options | object) {
  // What the check has let through.
  const options = given as Options
  const eviction = yield* checked(options)
  const bound = yield* boundOf(options)
  const time = new CoarseClock(yield* Clock.Clock)
  const random = yield* Random.Random
  const upkeep = new MemoryUpkeep(time)
  const shared = yield* shardsOf(bound, eviction, time, upkeep)
  // By family, the shards of those that have their own bound.
  const own = new Map<string, ReadonlyArray<MemoryShard>>()
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
  const frees = upkeep.run(() => [shared, ...own.values()].flat(), () => partitions.values())
  Fiber.runIn(yield* forkOutside(Effect.provideService(frees, Scheduler.Scheduler, patient)), yield* Effect.scope)

  return exempt(Store.of({
    name,
    open: Effect.fnUntraced(function*<V>(family: StoreFamily<V>) {
      const { capacity, name, weightMax } = family
      const open: MemoryPartition<V> | undefined = partitions.get(name)
      if (open !== undefined && isSameBound(open.family, family)) return open
      const hasOwn = capacity !== undefined || weightMax !== undefined
      const size = hasOwn ? yield* boundOf({ capacity, weightMax } as Size) : bound
      const shards = hasOwn ? yield* shardsOf(size, eviction, time, upkeep) : shared
      // Another engine has left it, under another bound.
      open?.dropAll()
      if (hasOwn) own.set(name, shards)
      else own.delete(name)
      const partition = new MemoryPartition(family, shards, time, ceiling, size.isWeighed, upkeep, random)
      partitions.set(name, partition)
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
      stampMax: ceiling.stamp,
      keeps: (namePrefix: string) =>
        Array.from(partitions).some(([name, { count }]) => count > 0 && name.startsWith(namePrefix))
    })),
    recordMarks: (recorded: ReadonlyArray<Mark>) => Effect.sync(() => keepMarks(recorded)),
    removeMarks: (removed: ReadonlyArray<Mark>) =>
      Effect.sync(() => {
        for (const { scope, stamp } of removed) if (marks.get(scope) === stamp) marks.delete(scope)
      })
  }))
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
 * - A cache has one store. Build the layer once, and share it: each build is an empty store of its own.
 * - It has no default size: give `capacity` or `weightMax`. How much a process can hold, only its program knows.
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
export const layer = <const Given extends KnownOptions.Loose<Options>>(
  options: [Given] extends [infer Written]
    ? KnownOptions.Checked<Options, Written, "a store in memory", Misfit.Shape<Misfit.storeSize, Options>>
    : Given
): Layer.Layer<Store, StoreError> => Layer.effect(Store, make(options as Options))
