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
 * - If a tier fails to remove, every other tier is tried, and then the
 *   removal fails. The same holds for a tier that neither takes a new value nor removes the old one. Such a key is not
 *   read from this tier again until the tier has removed it.
 * - Each tier gets its part of a round as a whole, the lowest tier first. A tier that refuses a round holds nothing of
 *   its keys.
 * - Every tier keeps the marks. A mark is known as long as one tier knows it.
 *
 * Not here: circuit breakers and time limits. A tier ends its own operations, and `onTierFailure` gets each failure.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { forkOutside } from "../capability/shared/outside.ts"
import type { Entry, Found } from "./Entry.ts"
import { Demotions, type Lost, Sweeps } from "./internal/demotions.ts"
import { OwnTiers } from "./internal/elsewhere.ts"
import { noOptions, refused as refusedBy } from "./internal/given.ts"
import { KeyGuard, type Ticket, writeTogether } from "./internal/keyGuard.ts"
import { Owing } from "./internal/owing.ts"
import { type Entries, keysOf, type Report, type Share, Tier, UnderWay, writeTo } from "./internal/tieredTier.ts"
import {
  type Change,
  type Content,
  type FreshUntilMax,
  type HotPartition,
  type Mark,
  type MarkLog,
  type Partition,
  type Prepared,
  type PreparedEntry,
  type Round,
  Store,
  type StoreFamily
} from "./Store.ts"
import { InvalidStoreOptions, type Operation, type StoreError } from "./StoreError.ts"

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
   * With `"onEviction"` a crash loses the entries that only memory holds. No older value and no part of a batch takes
   * their place. Reads find an entry while it is on its way to a lower tier. At most 65,536 entries of a family (and
   * 67,108,864 characters of texts) can be on their way; entries beyond that are lost, as if the lowest tier had
   * evicted them. A write waits while 4,096 entries are on their way, so only a larger burst loses entries.
   */
  readonly set?: "through" | "onEviction" | undefined
  /**
   * A function that is called with every failure of a tier, whether or not the whole operation failed. If it throws,
   * that is ignored.
   */
  readonly onTierFailure?: ((failure: TierFailure) => void) | undefined
}

/**
 * Makes one store out of several. The fastest store comes first.
 *
 * **Gotchas**
 *
 * - A family without a codec lives only in the tiers that keep live objects.
 * - `onEvict` of a family is called with the entries that the lowest tier evicts.
 * - If two tiers have the name `memory`, answers and events call the lower one `memory 2`.
 * - `size` is the size of the largest tier (`"through"`), or the sum over the tiers (`"onEviction"`). It is close, and
 *   not exact.
 *
 * @see {@link layer} for the stores of layers
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  stores: NonEmptyReadonlyArray<Store["Service"]>,
  options?: Options
): Store["Service"] => {
  // It is called in the middle of a round, so an exception of the user's function must not end the round.
  const report: Report = (tier, operation, error) => {
    try {
      options?.onTierFailure?.({ tier, operation, error })
    } catch { /* The documentation of the option says so. */ }
  }
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
  const owing = Owing.of(stores.at(-1)!.commons)
  const ground: Ground = { stores, mode: options?.set ?? "through", report, underWay, owing }
  const wrong = invalid(options)
  return Store.of({
    name: stores.map((store) => store.name).join("+"),
    // The lowest tier outlives the others, so its commons do, too.
    commons: stores.at(-1)!.commons,
    write: (round) => underWay.run(write(ground, round)),
    open: (family) => wrong === undefined ? open(ground, family) : Effect.fail(wrong),
    loadMarks: Effect.map(Effect.forEach(stores, (store) => store.loadMarks), mergeLogs),
    recordMarks: (marks) => everywhere("recordMarks", (store) => store.recordMarks(marks)),
    dropMarks: (marks) => everywhere("dropMarks", (store) => store.dropMarks(marks))
  })
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
export const layer = <const Layers extends NonEmptyReadonlyArray<Layer.Layer<Store, any, any>>>(
  layers: Layers,
  options?: Options
): Layer.Layer<Store, Layer.Error<Layers[number]> | StoreError, Layer.Services<Layers[number]>> =>
  Layer.fromBuildMemo((memoMap, scope) => {
    const wrong = invalidTiers(layers, Layer.isLayer, "a list of layers of stores") ?? invalid(options)
    if (wrong !== undefined) return Effect.fail(wrong)
    return Effect.map(
      // Each layer is built separately, because all of them provide the same service.
      Effect.forEach(
        layers as NonEmptyReadonlyArray<Layers[number]>,
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

// A program without types may give another value than a list, or a list of other values.
const invalidTiers = (
  given: unknown,
  isTier: (one: unknown) => boolean,
  expected: string
): StoreError | undefined => {
  if (!Array.isArray(given) || !Array.from(given).every(isTier)) return refused("stores", `must be ${expected}`)
  return given.length === 0 ? refused("stores", "must have at least one store") : undefined
}

const known: { readonly [O in keyof Required<Options>]: true } = { set: true, onTierFailure: true }

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

type Mode = NonNullable<Options["set"]>

const firstFailure = (results: ReadonlyArray<Result.Result<void, StoreError>>): Effect.Effect<void, StoreError> => {
  const failed = results.find(Result.isFailure)
  return failed === undefined ? Effect.void : Effect.fail(failed.failure)
}

const mergeLogs = (logs: ReadonlyArray<MarkLog>): MarkLog => {
  const stamps = new Map<string, number>()
  for (const { scope, stamp } of logs.flatMap((log) => log.marks)) {
    stamps.set(scope, Math.max(stamp, stamps.get(scope) ?? stamp))
  }
  const marks: ReadonlyArray<Mark> = Array.from(stamps, ([scope, stamp]) => ({ scope, stamp }))
  const tiers = logs.flatMap((log) => log.tiers ?? [log])
  return { marks, stampMax: Math.max(...logs.map((log) => log.stampMax)), tiers }
}

/** What the families of one store of several tiers share. */
interface Ground {
  readonly stores: NonEmptyReadonlyArray<Store["Service"]>
  readonly mode: Mode
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
    const guard = KeyGuard.of(stores.at(-1)!.commons, family.name)
    const sweeps = new Sweeps()
    const tiers: Array<Tier<V>> = []
    const lost: Lost<V> = (key, entry) => {
      // The entry may have come back to the fastest tier since.
      if (tiers[0]!.partition.hot?.peek(key) === undefined) family.onEvict?.(key, entry, "Evicted")
    }
    const owed = family.owed ?? (() => [])
    const demotions = new Demotions<V>({ guard, sweeps, tiers, lost, owed, owing })
    let refused: StoreError | undefined
    const reportToBoth: Report = (tier, operation, error) => {
      report(tier, operation, error)
      family.onTierFailure?.(operation, error)
    }
    for (const store of stores) {
      const at = tiers.length
      const partition = yield* Effect.result(store.open({
        ...family,
        onEvict: (key, entry, cause) => {
          const isLowest = at === tiers.length - 1
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
    yield* Effect.acquireRelease(Effect.sync(() => owing.enter(ground)), () => Effect.sync(() => owing.leave(ground)))
    if (mode === "onEviction" && tiers.length > 1) {
      const { hot } = tiers[0]!.partition
      yield* Effect.acquireRelease(
        Effect.sync(() => hot && guard.tops.set(hot, tiers[0]!.partition)),
        () => Effect.sync(() => hot && guard.tops.delete(hot))
      )
      yield* Effect.addFinalizer(() => underWay.lastly(demotions.drain, demotions.progress))
      yield* Effect.acquireRelease(forkOutside(demotions.run), (fiber) => {
        fiber.interruptUnsafe()
        return underWay.lastly(Effect.asVoid(Fiber.await(fiber)), demotions.progress)
      })
    }
    const own = new OwnTiers(tiers, stores.at(-1)!.commons)
    if (!own.isEmpty) {
      yield* Effect.acquireRelease(
        Effect.sync(() => guard.apart.add(own)),
        () => Effect.sync(() => guard.apart.delete(own))
      )
    }
    underWay.begin()
    yield* Effect.addFinalizer(() => underWay.settled)
    return new TieredPartition({ tiers, mode, guard, own, sweeps, demotions, underWay, isBelow: false })
  })

// A tier that keeps bytes refuses a family without a codec.
const isForLackOfCodec = (codec: unknown, error: StoreError): boolean =>
  codec === undefined && error.reason instanceof InvalidStoreOptions

/**
 * Gives each tier its share of a round, the lowest tier first. The round fails if a tier still holds a key that it
 * should have removed, or if the round sets entries and no tier has taken them.
 */
const write = (
  ground: Ground,
  { changes, marks }: Round
): Effect.Effect<void, StoreError> => {
  const { owing, report, stores } = ground
  const shares = Effect.suspend(() =>
    Effect.forEach(changes, (change) => (change.partition as TieredPartition<any>).sharesOf(change))
  )
  const elsewhere = Effect.map(
    Effect.forEach(changes, (change) => (change.partition as TieredPartition<any>).forgetElsewhere(change)),
    (failures) => failures.find((error) => error !== undefined)
  )
  const body = Effect.flatMap(elsewhere, (kept) =>
    Effect.map(
      Effect.flatMap(shares, (all) =>
        Effect.forEach(stores.toReversed(), (store) => {
          const own = all.flat().filter(({ tier }) => tier.store === store)
          if (own.length === 0 && marks.length === 0) return Effect.succeed({ sets: false, refusal: undefined })
          const sets = own.some(({ change }) => change.set.length > 0)
          return Effect.map(writeTo(store, report, own, marks), (refusal) => ({ sets, refusal }))
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
        guard: (change.partition as TieredPartition<any>).guard,
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

// If several tiers have one name, the second and later ones get a number.
const nameOf = (store: Store["Service"], stores: ReadonlyArray<Store["Service"]>): string => {
  const number = stores.slice(0, stores.indexOf(store) + 1).filter(({ name }) => name === store.name).length
  return number === 1 ? store.name : `${store.name} ${number}`
}

interface Tiers<V> {
  readonly tiers: ReadonlyArray<Tier<V>>
  readonly mode: Mode
  readonly guard: KeyGuard
  readonly own: OwnTiers
  readonly sweeps: Sweeps
  readonly demotions: Demotions<V>
  readonly underWay: UnderWay
  /** Whether the fastest tier is left out: this partition is the one below memory. */
  readonly isBelow: boolean
}

class TieredPartition<V> implements Partition<V> {
  readonly guard: KeyGuard
  readonly hot: Partition<V>["hot"]
  readonly below: Partition<V> | undefined
  readonly #tiers: ReadonlyArray<Tier<V>>
  readonly #upwards: ReadonlyArray<Tier<V>>
  readonly #mode: Mode
  readonly #own: OwnTiers
  readonly #sweeps: Sweeps
  readonly #demotions: Demotions<V>
  readonly #underWay: UnderWay
  readonly #isBelow: boolean
  /** The fastest tier, if this partition is the one below it. */
  readonly #above: Partition<V>["hot"]

  constructor(all: Tiers<V>, above?: Partition<V>["hot"]) {
    const { demotions, guard, isBelow, mode, own, sweeps, tiers, underWay } = all
    this.#own = own
    this.#above = above
    this.#tiers = tiers
    this.#upwards = tiers.toReversed()
    this.#mode = mode
    this.guard = guard
    this.#sweeps = sweeps
    this.#demotions = demotions
    this.#underWay = underWay
    this.#isBelow = isBelow
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
        Effect.sync(() => missing.map((key) => this.guard.begin(key))),
        (tickets) => Effect.map(this.#descend(1, tickets, found, hottest, isSure), answer),
        (tickets) => Effect.sync(() => tickets.forEach((ticket) => this.guard.end(ticket)))
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
    if (!isFirst || this.guard.apart.size === 0) return known
    return Effect.flatMap(
      known,
      (moving) =>
        Effect.map(this.#own.find(this.guard.apart, keys), (kept) =>
          moving === undefined || kept === undefined
            ? moving ?? kept
            : keys.map((_, i) => moving[i] ?? kept[i]))
    )
  }

  // Fails if no tier could be read. Where the answer must be sure, it fails if a key is missing and a tier could not be
  // read.
  #descend(
    at: number,
    missing: ReadonlyArray<Ticket>,
    found: Map<string, Found<V>>,
    above: Result.Result<unknown, StoreError>,
    isSure: boolean
  ): Effect.Effect<void, StoreError> {
    if (missing.length === 0) return Effect.void
    if (at === this.#tiers.length) return Result.isFailure(above) ? Effect.fail(above.failure) : Effect.void
    const keys = missing.map((ticket) => ticket.key)
    return Effect.flatMap(this.#ask(at, keys), (answered) => {
      if (Result.isSuccess(answered)) collect(found, keys, answered.success)
      const [still, here] = partitionBy(missing, (ticket) => found.has(ticket.key))
      const [better, worse] = Result.isSuccess(answered) ? [answered, above] : [above, answered]
      return Effect.andThen(
        this.#promote(at, here, found),
        this.#descend(at + 1, still, found, isSure ? worse : better, isSure)
      )
    })
  }

  #promote(from: number, tickets: ReadonlyArray<Ticket>, found: Map<string, Found<V>>): Effect.Effect<void> {
    if (tickets.length === 0) return Effect.void
    const above = this.#mode === "through"
      ? this.#tiers.slice(0, from).toReversed()
      : this.#tiers.slice(0, this.#isBelow ? 0 : 1)
    if (above.length === 0) return Effect.void
    return this.guard.land(tickets, (holding) => {
      const all = holding.map((ticket) => [ticket.key, found.get(ticket.key)!.entry] as const)
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

  /** Answers the share of each tier in a change of this family. It is a property, as the members of `Partition` are. */
  readonly sharesOf = (change: Change<V>): Effect.Effect<ReadonlyArray<Share>> => {
    this.#demotions.began(change.set.map(({ entry }) => entry))
    if (this.#mode === "onEviction" && this.#isBelow) {
      const pushedOut = this.#pushedOut(change.set)
      return Effect.succeed(this.#tiers.map((tier, at) => shareOf(tier, change, at === 0 ? pushedOut : [])))
    }
    const takers = this.#takers()
    return Effect.succeed(this.#tiers.map((tier) => {
      const at = takers.indexOf(tier)
      const own = ({ entry, key, prepared }: PreparedEntry<V>) => ({ key, entry, prepared: formsOf(prepared)[at]! })
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

  /** Has the tiers that other engines have for themselves forget the keys of a change. */
  readonly forgetElsewhere = (change: Change<V>): Effect.Effect<StoreError | undefined> =>
    this.#own.forget(this.guard.apart, keysOf(change), change.cleared)

  #firstElsewhere(
    keys: ReadonlyArray<string>,
    isCleared: boolean,
    write: Effect.Effect<void, StoreError>
  ): Effect.Effect<void, StoreError> {
    return Effect.flatMap(
      this.#own.forget(this.guard.apart, keys, isCleared),
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
    const written = this.guard.write(keys, this.#firstElsewhere(keys, false, begun), versions, this.top)
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
      this.guard.write(keys, this.#firstElsewhere(keys, false, this.#removeAll(keys)), undefined, this.top)
    )

  #removeAll(keys: ReadonlyArray<string>): Effect.Effect<void, StoreError> {
    return Effect.flatMap(Effect.forEach(this.#upwards, (tier) => tier.remove(keys)), firstFailure)
  }

  readonly clear: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    const clear = Effect.suspend(() => {
      for (const top of this.guard.tops.keys()) if (top !== this.top) top.dropAll()
      return Effect.flatMap(Effect.forEach(this.#upwards, (tier) => tier.clear), firstFailure)
    })
    return this.#underWay.run(this.guard.writeAll(this.#firstElsewhere([], true, clear)))
  })

  // An entry that moves between tiers is judged where it arrives. An entry that waits to move is judged before and
  // after the tiers are swept. So no copy escapes the sweep: a copy from before the first barrier has arrived, and a
  // copy from before the second one is void. Entries in the memory of another engine are judged there.
  readonly sweep = (freshUntilMax: FreshUntilMax): Effect.Effect<void, StoreError> => {
    const barrier = Effect.suspend(() =>
      Effect.andThen(
        Effect.asVoid(Effect.exit(this.#underWay.run(this.guard.settle))),
        Effect.sync(() => this.guard.judge(freshUntilMax))
      )
    )
    const tops = Effect.suspend(() =>
      Effect.forEach(
        Array.from(this.guard.tops).filter(([top]) => top !== this.top),
        ([, partition]) => partition.sweep(freshUntilMax),
        { discard: true }
      )
    )
    const tiers = Effect.forEach(this.#tiers, (tier) => tier.attempt("sweep", tier.partition.sweep(freshUntilMax)))
    return this.#sweeps.during(
      freshUntilMax,
      barrier.pipe(
        Effect.andThen(tops),
        Effect.andThen(Effect.suspend(() => this.#own.sweep(this.guard.apart, freshUntilMax))),
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
      for (const { entry, key } of this.guard.allCarried()) {
        if (entry.expiresAt <= now || seen.has(key)) continue
        seen.add(key)
        entries.push([key, entry])
      }
      return Effect.succeed(Stream.fromIterable(entries))
    }))
  }

  readonly size: Effect.Effect<number, StoreError> = Effect.suspend(() =>
    Effect.map(
      Effect.forEach(this.#tiers, (tier) => tier.partition.size),
      (sizes) =>
        this.#mode === "through"
          ? Math.max(...sizes)
          : sizes.reduce((sum, size) => sum + size, this.guard.carried)
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
