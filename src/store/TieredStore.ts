/**
 * Several tiers that act as one store, hottest first.
 *
 * - A read walks down until a tier has the key, and what it finds is copied up. A write of the key that comes between
 *   wins: a copy never undoes a `set`, a `remove` or a `clear` that was called after the read began.
 * - A write goes from the lowest tier to the hottest, so that whatever ends it midway leaves nothing below that is gone
 *   above. Writes of one key take turns.
 * - A tier that fails to read is passed over. A tier that fails to remove makes the removal fail, once every tier was
 *   tried, and so does one that neither takes what is set nor removes what was there; what it should have forgotten is
 *   not read from it again until it has.
 * - Marks are kept by every tier; a mark is known as long as one tier knows it.
 *
 * Not here: breakers and time limits. A tier ends its own operations; each of its failures is told to `onTierFailure`.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Entry, Found } from "./Entry.ts"
import { KeyGuard, type Ticket } from "./internal/keyGuard.ts"
import { type FreshUntilMax, type Mark, type MarkLog, type Partition, Store, type StoreFamily } from "./Store.ts"
import { InvalidStoreOptions, type Operation, type StoreError } from "./StoreError.ts"

/**
 * A tier that failed while others went on.
 *
 * @category models
 * @since 0.1.0
 */
export interface TierFailure {
  readonly tier: string
  readonly operation: Operation
  readonly error: StoreError
}

/**
 * How the tiers work together.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * `"through"`: every tier gets what is set. `"onEviction"`: only the hottest does, and a lower tier gets what the one
   * above pushes out, and the rest when the family is closed. `"through"` unless given.
   */
  readonly set?: "through" | "onEviction" | undefined
  /** Told of every failure of a tier, whether or not the operation as a whole failed. */
  readonly onTierFailure?: ((failure: TierFailure) => void) | undefined
}

/** Entries pushed out that may wait to be written below; those beyond are forgotten. */
const demotionsMax = 4_096

/** Entries that one write below carries. */
const demotionsPerWriteMax = 256

/** Keys that a tier may owe a removal; beyond, it owes the removal of all. */
const suspectsMax = 1_000

/** Owed removals that follow one write that the tier took. */
const repaymentsPerWriteMax = 64

/**
 * One store out of several, hottest first.
 *
 * **Gotchas**
 *
 * A family without a codec lives in those tiers alone that keep live objects. `onEvict` of a family hears what the
 * lowest tier pushes out. Of two tiers that are called `memory`, answers and events call the lower one `memory 2`.
 * `size` is that of the largest tier (`"through"`), or the sum over the tiers (`"onEviction"`): near the truth, not
 * exact.
 *
 * @see {@link layer}
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  stores: NonEmptyReadonlyArray<Store["Service"]>,
  options?: Options
): Store["Service"] => {
  const report: Report = (tier, operation, error) => options?.onTierFailure?.({ tier, operation, error })
  const everywhere = (operation: Operation, act: (store: Store["Service"]) => Effect.Effect<void, StoreError>) =>
    Effect.flatMap(
      Effect.forEach(
        stores.toReversed(),
        (store) =>
          Effect.result(Effect.tapError(act(store), (error) => Effect.sync(() => report(store.name, operation, error))))
      ),
      firstFailure
    )
  return Store.of({
    name: stores.map((store) => store.name).join("+"),
    open: (family) => open(stores, options?.set ?? "through", report, family),
    loadMarks: Effect.map(Effect.forEach(stores, (store) => store.loadMarks), mergeLogs),
    recordMarks: (marks) => everywhere("recordMarks", (store) => store.recordMarks(marks)),
    dropMarks: (marks) => everywhere("dropMarks", (store) => store.dropMarks(marks))
  })
}

/**
 * One store out of several layers, hottest first.
 *
 * **Example** (Keeping a hot tier in memory and a warm one in a file)
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
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Layers extends NonEmptyReadonlyArray<Layer.Layer<Store, any, any>>>(
  layers: Layers,
  options?: Options
): Layer.Layer<Store, Layer.Error<Layers[number]>, Layer.Services<Layers[number]>> =>
  Layer.fromBuildMemo((memoMap, scope) =>
    Effect.map(
      // Each on its own: all of them provide the same service.
      Effect.forEach(layers as NonEmptyReadonlyArray<Layers[number]>, (layer) =>
        Layer.buildWithMemoMap(layer, memoMap, scope)),
      (contexts) => {
        // As many contexts as layers, of which there is at least one.
        const stores = contexts.map((context) =>
          Context.get(context, Store)
        ) as [Store["Service"]]
        return Context.make(Store, make(stores, options))
      }
    )
  )

type Mode = NonNullable<Options["set"]>

type Report = (tier: string, operation: Operation, error: StoreError) => void

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
  return { marks, stampMax: Math.max(...logs.map((log) => log.stampMax)) }
}

const open = <V>(
  stores: NonEmptyReadonlyArray<Store["Service"]>,
  mode: Mode,
  report: Report,
  family: StoreFamily<V>
): Effect.Effect<Partition<V>, StoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const guard = new KeyGuard()
    const sweeps = new Sweeps()
    const tiers: Array<Tier<V>> = []
    const demotions = new Demotions<V>(guard, sweeps, tiers)
    let refused: StoreError | undefined
    const tell: Report = (tier, operation, error) => {
      report(tier, operation, error)
      family.onTierFailure?.(operation, error)
    }
    for (const store of stores) {
      const at = tiers.length
      const partition = yield* Effect.result(store.open({
        ...family,
        onEvict: (key, entry, cause) => {
          const isLowest = at === tiers.length - 1
          if (mode === "onEviction" && cause === "Evicted" && !isLowest) demotions.offer(at + 1, key, entry)
          else if (mode === "onEviction" || isLowest) family.onEvict?.(key, entry, cause)
        }
      }))
      if (Result.isSuccess(partition)) tiers.push(new Tier(nameOf(store, stores), store.name, partition.success, tell))
      else if (isForLackOfCodec(family.codec, partition.failure)) refused ??= partition.failure
      else return yield* Effect.fail(partition.failure)
    }
    if (tiers.length === 0) return yield* Effect.fail(refused!)
    if (mode === "onEviction" && tiers.length > 1) {
      yield* Effect.addFinalizer(() => demotions.drain)
      yield* Effect.forkScoped(demotions.run)
    }
    const writes = new Set<Fiber.Fiber<void, StoreError>>()
    yield* Effect.addFinalizer(() => Fiber.awaitAll(writes))
    return new TieredPartition({ tiers, mode, guard, sweeps, writes, isBelow: false })
  })

// A tier that keeps bytes refuses a family that does not say how its values become bytes.
const isForLackOfCodec = (codec: unknown, error: StoreError): boolean =>
  codec === undefined && error.reason instanceof InvalidStoreOptions

// Several tiers of one name are told apart by number, from the second on.
const nameOf = (store: Store["Service"], stores: ReadonlyArray<Store["Service"]>): string => {
  const number = stores.slice(0, stores.indexOf(store) + 1).filter(({ name }) => name === store.name).length
  return number === 1 ? store.name : `${store.name} ${number}`
}

/** One tier of a family, and the removals that it owes. */
class Tier<V> {
  readonly name: string
  readonly #ownName: string
  readonly partition: Partition<V>
  readonly #report: Report
  // Keys that this tier may still hold although they were removed or replaced, and when that came to be so, counted in
  // writes: what a tier did before a key became suspect does not clear it.
  readonly #suspects = new Map<string, number>()
  #allSuspect: number | undefined
  #writes = 0

  constructor(name: string, ownName: string, partition: Partition<V>, report: Report) {
    this.name = name
    this.#ownName = ownName
    this.partition = partition
    this.#report = report
  }

  trusts(key: string): boolean {
    return this.#allSuspect === undefined && !this.#suspects.has(key)
  }

  /** Runs an operation, and tells of its failure. */
  attempt<A>(operation: Operation, effect: Effect.Effect<A, StoreError>): Effect.Effect<Result.Result<A, StoreError>> {
    return Effect.map(Effect.result(effect), (result) => {
      if (Result.isFailure(result)) this.#report(this.name, operation, result.failure)
      return result
    })
  }

  /** What this tier has of the keys; nothing of those that it was not, or is no longer, to be trusted with. */
  getMany(keys: ReadonlyArray<string>): Effect.Effect<Result.Result<ReadonlyArray<Found<V> | undefined>, StoreError>> {
    return Effect.suspend(() => {
      const trusted = keys.map((key) => this.trusts(key))
      const read = keys.length === 1
        ? Effect.map(this.partition.get(keys[0]!), (found) => [found])
        : this.partition.getMany(keys)
      return Effect.map(
        this.attempt("get", read),
        Result.map((all) =>
          all.map((found, at) => trusted[at] && this.trusts(keys[at]!) ? this.#named(found) : undefined)
        )
      )
    })
  }

  #named(found: Found<V> | undefined): Found<V> | undefined {
    return found === undefined || this.name === this.#ownName ? found : { ...found, tier: this.name }
  }

  /** A tier that does not take a value must not keep the one before. */
  setMany(entries: Entries<V>): Effect.Effect<Result.Result<void, StoreError>> {
    const keys = entries.map(([key]) => key)
    const write = entries.length === 1 ? this.partition.set(...entries[0]!) : this.partition.setMany(entries)
    return this.#write("set", write, keys, (failed) => Effect.as(this.remove(keys), failed))
  }

  remove(keys: ReadonlyArray<string>): Effect.Effect<Result.Result<void, StoreError>> {
    return this.#write("remove", this.partition.remove(keys), keys, (failed) => {
      for (const key of keys) this.#suspects.set(key, this.#writes)
      if (this.#suspects.size > suspectsMax) this.#allSuspect = this.#writes
      return Effect.succeed(failed)
    })
  }

  get clear(): Effect.Effect<Result.Result<void, StoreError>> {
    return Effect.suspend(() => {
      const write = ++this.#writes
      return Effect.map(this.attempt("clear", this.partition.clear), (cleared) => {
        if (Result.isFailure(cleared)) this.#allSuspect = this.#writes
        else {
          if (this.#allSuspect !== undefined && this.#allSuspect < write) this.#allSuspect = undefined
          this.#acquit(Array.from(this.#suspects.keys()), write)
        }
        return cleared
      })
    })
  }

  #write(
    operation: Operation,
    effect: Effect.Effect<void, StoreError>,
    keys: ReadonlyArray<string>,
    onFailure: (failed: Result.Result<void, StoreError>) => Effect.Effect<Result.Result<void, StoreError>>
  ): Effect.Effect<Result.Result<void, StoreError>> {
    return Effect.suspend(() => {
      const write = ++this.#writes
      return Effect.flatMap(this.attempt(operation, effect), (result) => {
        if (Result.isFailure(result)) return onFailure(result)
        if (this.#allSuspect === undefined && this.#suspects.size === 0) return Effect.succeed(result)
        this.#acquit(keys, write)
        return Effect.as(this.#repay, result)
      })
    })
  }

  #acquit(keys: ReadonlyArray<string>, write: number): void {
    for (const key of keys) if (this.#suspects.get(key)! < write) this.#suspects.delete(key)
  }

  // A tier that just took a write may take the removals that it owes, too.
  get #repay(): Effect.Effect<void> {
    if (this.#allSuspect !== undefined) return Effect.asVoid(this.clear)
    const owed = Array.from(this.#suspects.keys()).slice(0, repaymentsPerWriteMax)
    if (owed.length === 0) return Effect.void
    const write = ++this.#writes
    return Effect.map(this.attempt("remove", this.partition.remove(owed)), (removed) => {
      if (Result.isSuccess(removed)) this.#acquit(owed, write)
    })
  }
}

/** The sweeps of a family that run: an entry that one of them would change is not copied from tier to tier. */
class Sweeps {
  readonly #running = new Set<FreshUntilMax>()

  /** Runs with every copy judged that lands from now on. */
  during<A, E>(freshUntilMax: FreshUntilMax, use: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.#running.add(freshUntilMax)),
      () => use,
      () => Effect.sync(() => this.#running.delete(freshUntilMax))
    )
  }

  spares(key: string, { stamp, tags }: Entry<unknown>): boolean {
    for (const freshUntilMax of this.#running) if (freshUntilMax(key, stamp, tags) !== Infinity) return false
    return true
  }
}

/** Entries on their way from a tier that pushed them out to the one below. */
class Demotions<V> {
  readonly #guard: KeyGuard
  readonly #sweeps: Sweeps
  readonly #tiers: ReadonlyArray<Tier<V>>
  readonly #wake = Latch.makeUnsafe(false)
  #waiting: Array<{ readonly to: number; readonly ticket: Ticket; readonly entry: Entry<V> }> = []

  constructor(guard: KeyGuard, sweeps: Sweeps, tiers: ReadonlyArray<Tier<V>>) {
    this.#guard = guard
    this.#sweeps = sweeps
    this.#tiers = tiers
  }

  offer(to: number, key: string, entry: Entry<V>): void {
    if (this.#waiting.length >= demotionsMax) return
    this.#waiting.push({ to, ticket: this.#guard.begin(key), entry })
    this.#wake.openUnsafe()
  }

  readonly run: Effect.Effect<never> = Effect.forever(Effect.suspend(() => {
    this.#wake.closeUnsafe()
    return Effect.andThen(this.#writeWaiting, this.#wake.await)
  }))

  readonly #writeWaiting: Effect.Effect<void> = Effect.suspend(() => {
    const to = this.#waiting[0]?.to
    if (to === undefined) return Effect.void
    const batch = this.#waiting.filter((demotion) => demotion.to === to).slice(0, demotionsPerWriteMax)
    this.#waiting = this.#waiting.filter((demotion) => !batch.includes(demotion))
    const entries = new Map(batch.map(({ entry, ticket }) => [ticket, entry]))
    const land = this.#guard.land(batch.map(({ ticket }) => ticket), (holding) => {
      const all = holding.map((ticket) => [ticket.key, entries.get(ticket)!] as const)
      const spared = all.filter(([key, entry]) => this.#sweeps.spares(key, entry))
      return spared.length === 0 ? Effect.void : Effect.asVoid(this.#tiers[to]!.setMany(spared))
    })
    return Effect.andThen(
      Effect.ensuring(land, Effect.sync(() => batch.forEach(({ ticket }) => this.#guard.end(ticket)))),
      this.#writeWaiting
    )
  })

  /** Writes below what waits, and then what the tiers above the lowest still hold. */
  readonly drain: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(
      this.#writeWaiting,
      Effect.forEach(this.#tiers.slice(0, -1).toReversed(), (tier) => {
        const below = this.#tiers[this.#tiers.indexOf(tier) + 1]!
        const push = Stream.runForEachArray(tier.partition.entries, (entries) => below.setMany(entries))
        return tier.attempt("entries", push)
      }, { discard: true })
    )
  )
}

type Entries<V> = ReadonlyArray<readonly [key: string, entry: Entry<V>]>

interface Tiers<V> {
  readonly tiers: ReadonlyArray<Tier<V>>
  readonly mode: Mode
  readonly guard: KeyGuard
  readonly sweeps: Sweeps
  /** Those that have begun. */
  readonly writes: Set<Fiber.Fiber<void, StoreError>>
  /** The hottest tier of all is not among them. */
  readonly isBelow: boolean
}

class TieredPartition<V> implements Partition<V> {
  readonly hot: Partition<V>["hot"]
  readonly below: Partition<V> | undefined
  readonly #tiers: ReadonlyArray<Tier<V>>
  readonly #upwards: ReadonlyArray<Tier<V>>
  readonly #mode: Mode
  readonly #guard: KeyGuard
  readonly #sweeps: Sweeps
  readonly #writes: Set<Fiber.Fiber<void, StoreError>>
  readonly #isBelow: boolean
  /** The hottest tier, where this is what lies below it. */
  readonly #above: Partition<V>["hot"]

  constructor(all: Tiers<V>, above?: Partition<V>["hot"]) {
    const { guard, isBelow, mode, sweeps, tiers, writes } = all
    this.#above = above
    this.#tiers = tiers
    this.#upwards = tiers.toReversed()
    this.#mode = mode
    this.#guard = guard
    this.#sweeps = sweeps
    this.#writes = writes
    this.#isBelow = isBelow
    this.hot = isBelow ? undefined : tiers[0]!.partition.hot
    this.below = this.hot === undefined || tiers.length === 1
      ? undefined
      : new TieredPartition({ ...all, tiers: tiers.slice(1), isBelow: true }, this.hot)
  }

  readonly get = (key: string): Effect.Effect<Found<V> | undefined, StoreError> =>
    Effect.map(this.getMany([key]), (found) => found[0])

  readonly getMany = (keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError> =>
    Effect.flatMap(this.#tiers[0]!.getMany(keys), (hottest) => {
      const found = new Map<string, Found<V>>()
      if (Result.isSuccess(hottest)) collect(found, keys, hottest.success)
      const missing = Array.from(new Set(keys)).filter((key) => !found.has(key))
      const answer = () => keys.map((key) => found.get(key))
      if (missing.length === 0) return Effect.succeed(answer())
      return Effect.acquireUseRelease(
        Effect.sync(() => missing.map((key) => this.#guard.begin(key))),
        (tickets) => Effect.map(this.#descend(1, tickets, found, hottest), answer),
        (tickets) => Effect.sync(() => tickets.forEach((ticket) => this.#guard.end(ticket)))
      )
    })

  // Fails only if no tier could be read: one that could, and has nothing, is a miss.
  #descend(
    at: number,
    missing: ReadonlyArray<Ticket>,
    found: Map<string, Found<V>>,
    above: Result.Result<unknown, StoreError>
  ): Effect.Effect<void, StoreError> {
    const tier = this.#tiers[at]
    if (tier === undefined) return Result.isFailure(above) ? Effect.fail(above.failure) : Effect.void
    if (missing.length === 0) return Effect.void
    const keys = missing.map((ticket) => ticket.key)
    return Effect.flatMap(tier.getMany(keys), (answered) => {
      if (Result.isSuccess(answered)) collect(found, keys, answered.success)
      const [still, here] = partitionBy(missing, (ticket) => found.has(ticket.key))
      return Effect.andThen(
        this.#promote(at, here, found),
        this.#descend(at + 1, still, found, Result.isSuccess(answered) ? answered : above)
      )
    })
  }

  #promote(from: number, tickets: ReadonlyArray<Ticket>, found: Map<string, Found<V>>): Effect.Effect<void> {
    if (tickets.length === 0) return Effect.void
    const above = this.#mode === "through"
      ? this.#tiers.slice(0, from).toReversed()
      : this.#tiers.slice(0, this.#isBelow ? 0 : 1)
    if (above.length === 0) return Effect.void
    return this.#guard.land(tickets, (holding) => {
      const all = holding.map((ticket) => [ticket.key, found.get(ticket.key)!.entry] as const)
      const entries = all.filter(([key, entry]) => this.#sweeps.spares(key, entry))
      return entries.length === 0
        ? Effect.void
        : Effect.forEach(above, (tier) => tier.setMany(entries), { discard: true })
    })
  }

  readonly set = (key: string, entry: Entry<V>): Effect.Effect<void, StoreError> => this.setMany([[key, entry]])

  readonly setMany = (entries: Entries<V>): Effect.Effect<void, StoreError> => {
    const keys = entries.map(([key]) => key)
    const set = this.#mode === "through"
      ? this.#setAll(entries)
      : this.#isBelow
      ? this.#setBelow(entries)
      : this.#setHot(entries)
    return this.#write(this.#guard.write(keys, set))
  }

  // A tier that did not take the entries holds nothing of their keys, or else the set fails: though not asked for them
  // here, it would give the value before to whoever opens it next.
  #setAll(entries: Entries<V>): Effect.Effect<void, StoreError> {
    return Effect.flatMap(Effect.forEach(this.#upwards, (tier) => tier.setMany(entries)), (results) => {
      const owing = results.filter((_, at) => !entries.every(([key]) => this.#upwards[at]!.trusts(key)))
      return firstFailure(results.every(Result.isFailure) ? results.toReversed() : owing)
    })
  }

  // What the hottest tier holds need not be here. What it has pushed out since, is: this write comes after the one that
  // took it down, and would leave it nowhere.
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
    this.#write(this.#guard.write(keys, this.#removeAll(keys)))

  #removeAll(keys: ReadonlyArray<string>): Effect.Effect<void, StoreError> {
    return Effect.flatMap(Effect.forEach(this.#upwards, (tier) => tier.remove(keys)), firstFailure)
  }

  readonly clear: Effect.Effect<void, StoreError> = Effect.suspend(() =>
    this.#write(this.#guard.writeAll(Effect.flatMap(Effect.forEach(this.#upwards, (tier) => tier.clear), firstFailure)))
  )

  // An entry that moves from tier to tier is judged where it lands. So no copy that was judged by nobody is under way
  // while the tiers are looked at, nor after: one before the first barrier has landed, one before the second is void.
  readonly sweep = (freshUntilMax: FreshUntilMax): Effect.Effect<void, StoreError> => {
    const barrier = Effect.suspend(() => this.#write(this.#guard.writeAll(Effect.void)))
    const tiers = Effect.forEach(this.#tiers, (tier) => tier.attempt("sweep", tier.partition.sweep(freshUntilMax)))
    return this.#sweeps.during(
      freshUntilMax,
      Effect.andThen(barrier, Effect.flatMap(tiers, (results) => Effect.andThen(barrier, firstFailure(results))))
    )
  }

  // A caller that gives up must not leave the tiers at odds: the write goes on without it.
  #write(write: Effect.Effect<void, StoreError>): Effect.Effect<void, StoreError> {
    return Effect.flatMap(
      Effect.forkDetach(write, { startImmediately: true, uninterruptible: true }),
      (fiber) => {
        this.#writes.add(fiber)
        fiber.addObserver(() => this.#writes.delete(fiber))
        return Fiber.join(fiber)
      }
    )
  }

  readonly entries: Stream.Stream<readonly [key: string, entry: Entry<V>], StoreError> = Stream.suspend(() => {
    // The keys of all tiers but the lowest, so that none is given twice, and none that moves meanwhile is missed.
    const seen = new Set<string>()
    return Stream.flatMap(Stream.fromIterable(this.#tiers), (tier) => {
      const isLowest = tier === this.#upwards[0]
      return Stream.filter(tier.partition.entries, ([key]) => {
        if (seen.has(key) || !tier.trusts(key)) return false
        if (!isLowest) seen.add(key)
        return true
      })
    })
  })

  readonly size: Effect.Effect<number, StoreError> = Effect.suspend(() =>
    Effect.map(
      Effect.forEach(this.#tiers, (tier) => tier.partition.size),
      (sizes) => this.#mode === "through" ? Math.max(...sizes) : sizes.reduce((sum, size) => sum + size, 0)
    )
  )
}

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
