/**
 * Makes one store out of several tiers, for an application that keeps entries in memory and in a slower place. The
 * fastest tier comes first.
 *
 * - A read asks one tier after the other until a tier has the key. The entry is then copied to the faster tiers. A copy
 *   never undoes a `set`, a `remove` or a `clear` that was called after the read began.
 * - A write goes from the lowest tier to the fastest. If it ends midway, no lower tier holds a key that a faster tier
 *   has lost. Writes of one key take turns.
 * - If a tier fails to read, the next tier is asked. A `get` of a key that no other tier has fails then, because the
 *   tier may have it.
 * - If a tier fails to remove, every other tier is tried, and then the removal fails. The same holds for a tier that
 *   neither takes a new value nor removes the old one. Such a key is not read from this tier again until the tier has
 *   removed it.
 * - Each tier gets its part of a round as a whole, the lowest tier first. A tier that refuses a round holds nothing of
 *   its keys.
 * - Every tier keeps the marks. A mark is known as long as one tier knows it.
 *
 * Not here: circuit breakers and time limits. A tier ends its own operations, and `onTierFailure` gets each failure.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { forkOutside } from "../capability/shared/outside.ts"
import type * as Misfit from "../diagnostic/types/misfit.ts"
import { Demotions, type Lost, Sweeps } from "./internal/demotions.ts"
import { Departures } from "./internal/departures.ts"
import { OwnTiers } from "./internal/elsewhere.ts"
import { noOptions, refused as refusedBy } from "./internal/given.ts"
import { KeyOrder, writeTogether } from "./internal/keyOrder.ts"
import { Owing } from "./internal/owing.ts"
import { firstFailure, TieredPartition } from "./internal/tieredPartition.ts"
import { keysOf, type Report, type SetMode, Tier, UnderWay, writeTo } from "./internal/tieredTier.ts"
import { telling } from "./internal/told.ts"
import { checked, exempt } from "./shared/checkedStore.ts"
import { CoarseClock } from "./shared/coarseClock.ts"
import { VersionClock } from "./shared/versionClock.ts"
import type { Whole } from "./shared/whole.ts"
import { type Guard, type Mark, type MarkLog, type Partition, type Round, Store, type StoreFamily } from "./Store.ts"
import { InvalidStoreOptions, type Operation, type StoreError } from "./StoreError.ts"
import type { Unused } from "./types/unused.ts"

/**
 * The failure of one tier, as `onTierFailure` gets it: which tier, in which operation, and the error.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface TierFailure {
  readonly tier: string
  readonly operation: Operation
  readonly error: StoreError
}

/**
 * The options of a store of several tiers: which tiers get a new value, and what happens when a tier fails.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Which tiers get a new value. `"through"` is the default.
   *
   * - `"through"`: every tier gets each value when it is set.
   * - `"onEviction"`: the fastest tier gets each value when it is set. A lower tier gets an entry when the tier above
   *   evicts it, and gets all others when the family is closed.
   *
   * Choose `"onEviction"` where writes are many and a crash may lose values that a lookup can load again.
   *
   * With `"onEviction"` a crash loses the entries that only memory holds. No older value and no part of a batch takes
   * their place. Reads find an entry while it is on its way to a lower tier. At most 65,536 entries of a family (and
   * 67,108,864 characters of texts) can be on their way; entries beyond that are lost, as if the lowest tier had
   * evicted them. A write waits while 4,096 entries are on their way, so only a larger burst loses entries.
   */
  readonly set?: "through" | "onEviction" | undefined
  /**
   * A function that is called with every failure of a tier, whether or not the whole operation failed. If it throws,
   * that is ignored. Its answer is not used, so its type refuses an `async` function and an Effect. If it returns one
   * nevertheless, a log says so, and the rejection of its Promise is ignored.
   */
  readonly onTierFailure?: ((failure: TierFailure) => Unused) | undefined
}

/**
 * Makes one store out of several. The fastest store comes first.
 *
 * **Gotchas**
 *
 * - Opening a family fails with `InvalidStoreOptions` if memory is below a slower store.
 * - A family without a codec lives only in the tiers that keep live objects.
 * - `onEvict` of a family is called with the entries that the lowest tier evicts.
 * - If two tiers have the name `memory`, answers and events call the lower one `memory 2`.
 * - `size` is the size of the largest tier (`"through"`), or the sum over the tiers (`"onEviction"`). It is close, and
 *   not exact.
 *
 * **When to use**
 *
 * In a test with stores that are built already, such as a `FaultyStore`. A program provides `layer`.
 *
 * **Example** (Memory over a slower tier)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { MemoryStore, TieredStore } from "effect-stateless"
 *
 * const program = Effect.scoped(Effect.gen(function*() {
 *   const fast = yield* MemoryStore.make({ capacity: 100 })
 *   const large = yield* MemoryStore.make({ capacity: 10_000 })
 *   return TieredStore.make([fast, large], { set: "onEviction" }).name
 * }))
 * await Effect.runPromise(program) // => "memory+memory"
 * ```
 *
 * @see {@link layer} for the stores of layers
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  given: Arr.NonEmptyReadonlyArray<Store["Service"]>,
  options?: Options
): Store["Service"] => {
  const stores = Arr.map(given, checked)
  const wrong = invalid(options) ?? misshared(stores, options)
  // What is wrong is refused when a family is opened.
  const { onTierFailure, set = "through" } = wrong === undefined && options !== undefined ? options : {}
  // It is called in the middle of a round, so an exception of the user's function must not end the round.
  const tell = onTierFailure && telling("onTierFailure", onTierFailure)
  const report: Report = (tier, operation, error) => tell?.({ tier, operation, error })
  const everywhere = (operation: Operation, act: (store: Store["Service"]) => Effect.Effect<void, StoreError>) =>
    Effect.flatMap(
      Effect.forEach(
        stores.toReversed(),
        (store) =>
          Effect.result(Effect.tapError(act(store), (error) => Effect.sync(() => report(store.name, operation, error))))
      ),
      firstFailure
    )
  const underWay = new UnderWay()
  const lowest = stores.at(-1)!
  const owing = Owing.of(lowest.commons)
  const ground: Ground = { stores, mode: set, report, underWay, owing }
  const tiered: Whole<Store["Service"]> = {
    name: stores.map((store) => store.name).join("+"),
    // The lowest tier outlives the others, so its commons do, too.
    commons: lowest.commons,
    write: (round) => underWay.run(write(ground, round)),
    open: (family) => wrong === undefined ? open(ground, family) : Effect.fail(wrong),
    loadMarks: Effect.map(Effect.forEach(stores, (store) => store.loadMarks), mergeLogs),
    recordMarks: (marks) => everywhere("recordMarks", (store) => store.recordMarks(marks)),
    removeMarks: (marks) => everywhere("removeMarks", (store) => store.removeMarks(marks)),
    news: lowest.news,
    knowing: lowest.knowing
  }
  return exempt(Store.of(tiered))
}

/**
 * A layer that makes one store out of the stores of several layers. The fastest tier comes first.
 *
 * **When to use**
 *
 * For memory over a file, so that a restart finds the entries again.
 *
 * **Details**
 *
 * It fails as the given layers do, and with `InvalidStoreOptions` for options or a list that cannot be right.
 *
 * **Example** (Keeping entries in memory, and in a file)
 *
 * ```ts no-run
 * import * as LmdbStore from "effect-stateless/store/LmdbStore"
 * import * as MemoryStore from "effect-stateless/store/MemoryStore"
 * import * as TieredStore from "effect-stateless/store/TieredStore"
 *
 * const Tiers = TieredStore.layer([
 *   MemoryStore.layer({ capacity: 100_000 }),
 *   LmdbStore.layer({ path: ".cache", durability: "process" })
 * ])
 * ```
 *
 * @see {@link make} for stores that are built already
 * @stability stable
 * @category layers
 * @since 0.1.0
 */
export const layer = <
  const Layers extends Misfit.Shape<Misfit.tiers, Arr.NonEmptyReadonlyArray<Layer.Layer<Store, any, any>>>
>(
  layers: Layers,
  options?: Options
): Layer.Layer<Store, Layer.Error<Layers[number]> | StoreError, Layer.Services<Layers[number]>> =>
  Layer.fromBuildMemo((memoMap, scope) => {
    const wrong = invalidTiers(layers, Layer.isLayer, "a list of layers of stores") ?? invalid(options)
    if (wrong !== undefined) return Effect.fail(wrong)
    return Effect.map(
      // Each layer is built separately, because all of them provide the same service.
      Effect.forEach(
        layers as Arr.NonEmptyReadonlyArray<Layers[number]>,
        (layer) => Layer.buildWithMemoMap(layer, memoMap, scope)
      ),
      (contexts) => {
        // There are as many contexts as layers, and at least one.
        const stores = contexts.map((context) => Context.get(context, Store)) as [Store["Service"]]
        return Context.make(Store, make(stores, options))
      }
    )
  })

const refused = (option: string, why: string) => refusedBy("tiered", option, why)

/** The error if memory is below a slower tier, where each read of it would wait for that tier. */
const misplaced = (tiers: ReadonlyArray<Tier<any>>): StoreError | undefined => {
  const slow = tiers.findIndex(({ partition }) => partition.hot === undefined)
  const below = slow < 0 ? undefined : tiers.slice(slow).find(({ partition }) => partition.hot !== undefined)
  if (below === undefined) return undefined
  return refused("stores", `must begin with the fastest: \`${below.name}\` goes above \`${tiers[slow]!.name}\``)
}

/** The error for options that do not fit a tier that other processes change. */
const misshared = (stores: ReadonlyArray<Store["Service"]>, options: Options | undefined): StoreError | undefined => {
  const at = stores.findIndex(({ news }) => news !== undefined)
  if (at < 0) return undefined
  const { name } = stores[at]!
  if (at < stores.length - 1) return refused("stores", `must end with \`${name}\`, which other processes change`)
  return options?.set === "onEviction"
    ? refused("set", `must be "through" over \`${name}\`, which other processes change`)
    : undefined
}

/** The error if a tier above one that other processes change does not learn of a change in its step. */
const outOfStep = (lowest: Store["Service"], tiers: ReadonlyArray<Tier<any>>): StoreError | undefined => {
  if (lowest.news === undefined) return undefined
  const other = tiers.find(({ partition, store }) => store !== lowest && partition.hot === undefined)
  return other && refused("stores", `must have only memory above \`${lowest.name}\`, which other processes change`)
}

// A program without types may give another value than a list, or a list of other values.
const invalidTiers = (
  given: unknown,
  isTier: (one: unknown) => boolean,
  expected: string
): StoreError | undefined => {
  if (!Array.isArray(given) || !Array.from(given).every(isTier)) return refused("stores", `must be ${expected}`)
  return given.length === 0 ? refused("stores", "must have at least one store") : undefined
}

const known: { readonly [Option in keyof Required<Options>]: true } = { set: true, onTierFailure: true }

const invalid = (options: Options | undefined): StoreError | undefined => {
  if (options === undefined) return undefined
  const wrong = noOptions("tiered", options, known)
  if (wrong !== undefined) return wrong
  const { onTierFailure, set } = options
  if (set !== undefined && set !== "through" && set !== "onEviction") {
    return refused("set", "must be \"through\" or \"onEviction\"")
  }
  return onTierFailure === undefined || typeof onTierFailure === "function"
    ? undefined
    : refused("onTierFailure", "must be a function")
}

const mergeLogs = (logs: ReadonlyArray<MarkLog>): MarkLog => {
  const stamps = new Map<string, number>()
  for (const { scope, stamp } of logs.flatMap((log) => log.marks)) {
    stamps.set(scope, Math.max(stamp, stamps.get(scope) ?? stamp))
  }
  const marks: ReadonlyArray<Mark> = Array.from(stamps, ([scope, stamp]) => ({ scope, stamp }))
  const tiers = logs.flatMap((log) => log.tiers ?? [log])
  const stampMax = Math.max(...logs.map((log) => log.stampMax))
  const versionMax = Math.max(0, ...logs.map((log) => log.versionMax ?? 0))
  return { marks, stampMax, versionMax, tiers }
}

/** What the families of one store of several tiers share. */
interface Ground {
  readonly stores: Arr.NonEmptyReadonlyArray<Store["Service"]>
  readonly mode: SetMode
  readonly report: Report
  readonly underWay: UnderWay
  readonly owing: Owing
}

const open = <V>(
  ground: Ground,
  family: StoreFamily<V>
): Effect.Effect<Partition<V>, StoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const { mode, owing, report, stores, underWay } = ground
    const order = KeyOrder.of(stores.at(-1)!.commons, family.name)
    const sweeps = new Sweeps()
    const tiers: Array<Tier<V>> = []
    const lost: Lost<V> = (key, entry) => {
      // The entry may have come back to the fastest tier since.
      if (tiers[0]!.partition.hot?.peek(key) === undefined) family.onEvict?.(key, entry, "Evicted")
    }
    const owed = family.owed ?? (() => [])
    const demotions = new Demotions<V>({
      order,
      sweeps,
      tiers,
      lost,
      owed,
      owing,
      versions: new VersionClock(stores.at(-1)!.commons, new CoarseClock(yield* Clock.Clock))
    })
    const departures = yield* Departures.scoped
    let refused: StoreError | undefined
    const reportToBoth: Report = (tier, operation, error) => {
      report(tier, operation, error)
      family.onTierFailure?.(operation, error)
    }
    for (const store of stores) {
      const at = tiers.length
      const partition = yield* Effect.result(store.open({
        ...family,
        // The bound of a family is one of memory: the tiers below have their own.
        ...(at === 0 ? {} : { capacity: undefined, weightMax: undefined }),
        onEvict: (key, entry, cause) => {
          const isLowest = at === tiers.length - 1
          if (cause === "Evicted" && !isLowest) departures.add(key)
          if (mode === "onEviction" && cause === "Evicted" && !isLowest) demotions.offer(at, key, entry)
          else if (mode === "onEviction" || isLowest) family.onEvict?.(key, entry, cause)
          else if (at === 0 && cause === "Evicted") family.onPushedDown?.(key, entry)
        }
      }))
      if (Result.isSuccess(partition)) {
        tiers.push(new Tier(nameOf(store, stores), store, partition.success, reportToBoth))
      } else if (isForLackOfCodec(family.codec, partition.failure)) refused ??= partition.failure
      else return yield* Effect.fail(partition.failure)
    }
    if (tiers.length === 0) return yield* Effect.fail(refused!)
    const upsideDown = misplaced(tiers) ?? outOfStep(stores.at(-1)!, tiers)
    if (upsideDown !== undefined) return yield* Effect.fail(upsideDown)
    yield* Effect.acquireRelease(Effect.sync(() => owing.enter(ground)), () => Effect.sync(() => owing.leave(ground)))
    if (mode === "onEviction" && tiers.length > 1) {
      const { hot } = tiers[0]!.partition
      yield* Effect.acquireRelease(
        Effect.sync(() => hot && order.tops.set(hot, tiers[0]!.partition)),
        () => Effect.sync(() => hot && order.tops.delete(hot))
      )
      yield* Effect.addFinalizer(() => underWay.lastly(demotions.drain, demotions.progress))
      yield* Effect.acquireRelease(forkOutside(demotions.run), (fiber) => {
        fiber.interruptUnsafe()
        return underWay.lastly(Effect.asVoid(Fiber.await(fiber)), demotions.progress)
      })
    }
    const own = new OwnTiers(tiers, stores.at(-1)!.commons)
    if (!own.isEmpty) yield* enter(order.apart, own)
    underWay.begin()
    yield* Effect.addFinalizer(() => underWay.settled)
    return new TieredPartition({ tiers, mode, order, own, sweeps, demotions, underWay, departures, isBelow: false })
  })

/** Adds a member until the Scope ends. */
const enter = <A>(all: Set<A>, one: A): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(Effect.sync(() => all.add(one)), () => Effect.sync(() => all.delete(one))))

// A tier that keeps bytes refuses a family without a codec.
const isForLackOfCodec = (codec: unknown, error: StoreError): boolean =>
  codec === undefined && error.reason instanceof InvalidStoreOptions

/**
 * Gives each tier its share of a round, the lowest tier first. The round fails if a tier still holds a key that it
 * should have removed, or if the round sets entries and no tier has taken them.
 */
const write = (
  ground: Ground,
  { changes, guards = [], marks }: Round
): Effect.Effect<void, StoreError> => {
  const { owing, report, stores } = ground
  const shares = Effect.suspend(() =>
    Effect.forEach(changes, (change) => (change.partition as TieredPartition<any>).sharesOf(change))
  )
  const elsewhere = Effect.map(
    Effect.forEach(changes, (change) => (change.partition as TieredPartition<any>).removeElsewhere(change)),
    (failures) => failures.find((error) => error !== undefined)
  )
  const body = Effect.flatMap(elsewhere, (kept) =>
    Effect.map(
      Effect.flatMap(shares, (all) =>
        Effect.forEach(stores.toReversed(), (store) => {
          const own = all.flat().filter(({ tier }) => tier.store === store)
          // Only the lowest tier has news, and other processes.
          const judged = store === stores.at(-1) && guards.length > 0
            ? Effect.forEach(guards, (guard) => guardOf(store, guard))
            : Effect.succeed([])
          const isIdle = own.length === 0 && marks.length === 0 && guards.length === 0
          if (isIdle) return Effect.succeed({ sets: false, refusal: undefined })
          const sets = own.some(({ change }) => change.set.length > 0)
          return Effect.flatMap(judged, (guards) =>
            Effect.map(writeTo(store, report, own, marks, guards), (refusal) => ({
              sets: sets || guards.length > 0,
              refusal
            })))
        })),
      (all) => {
        const takers = all.filter(({ sets }) => sets)
        const isRefused = takers.length > 0 && takers.every(({ refusal }) => refusal !== undefined)
        const error = kept ??
          (isRefused ? takers.at(-1) : all.find(({ refusal }) => refusal?.isOwed === true))?.refusal?.error
        if (error === undefined) owing.arrived(ground)
        else owing.failed(ground)
        return error
      }
    ))
  return Effect.flatMap(
    writeTogether(
      changes.map((change) => ({
        order: (change.partition as TieredPartition<any>).order,
        keys: keysOf(change),
        all: change.cleared,
        versions: new Map(change.set.map(({ entry, key }) => [key, entry.version])),
        from: (change.partition as TieredPartition<any>).top
      })),
      body
    ),
    (error) =>
      error === undefined
        ? Effect.forEach(changes, (change) => (change.partition as TieredPartition<any>).room(), { discard: true })
        : Effect.fail(error)
  )
}

/** A guard, for the tier that judges it. */
const guardOf = (store: Store["Service"], { changes, conditions, failed, refused }: Guard): Effect.Effect<Guard> =>
  Effect.map(
    Effect.forEach(changes, (change) => (change.partition as TieredPartition<any>).sharesOf(change)),
    (shares) => ({
      conditions: conditions.map((one) => ({
        ...one,
        partition: (one.partition as TieredPartition<any>).partitionIn(store) ?? one.partition
      })),
      changes: shares.flat().flatMap(({ change, tier }) => tier.store === store ? [change] : []),
      refused,
      failed
    })
  )

// If several tiers have one name, the second and later ones get a number.
const nameOf = (store: Store["Service"], stores: ReadonlyArray<Store["Service"]>): string => {
  const number = stores.slice(0, stores.indexOf(store) + 1).filter(({ name }) => name === store.name).length
  return number === 1 ? store.name : `${store.name} ${number}`
}
