/**
 * A store that wraps another store and fails as planned. For simulations, and for tests of programs that use a store.
 *
 * - A plan with the same seed and the same calls gives the same faults.
 * - Without rules, or after `stop`, it does the same as the store behind it.
 * - `fail`, `failLate`, `slow`, `slowLate`, `stall`, `corrupt` and `double` stay within the contract of a store, so
 *   every user of a store must handle them. `lose` breaks the contract; it shows the effect of a broken tier.
 *
 * Not here: faults of synchronous reads. A faulty store has no synchronous reads. So around memory over a tier that
 * other processes change, it leaves memory out: put it around the lower tier.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as Nearest from "../diagnostic/types/nearest.ts"
import { type DurationInput, millisOf } from "../ownership/DurationInput.ts"
import { countMisfit } from "../ownership/shared/countMisfit.ts"
import { isBag, isStrings } from "../ownership/shared/validation.ts"
import type { Whole } from "../store/shared/whole.ts"
import { type Change, type Partition, type Round, Store } from "../store/Store.ts"
import { InvalidStoreOptions, type Operation, StoreError, TierFailed } from "../store/StoreError.ts"

/**
 * The fault of one call.
 *
 * - `fail`: the call does nothing, and fails.
 * - `failLate`: the call does its work, and fails after it.
 * - `slow`: the call begins after a delay. `slowLate`: the call does its work, and answers after a delay.
 * - `stall`: the call begins when `release` runs, or when the faults stop.
 * - `corrupt`: the entry is unreadable, so it is absent, and is removed. Reads only.
 * - `lose`: the call does nothing, and succeeds. Writes only.
 * - `double`: the call does its work twice. Writes only.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Fault =
  | { readonly kind: "fail" | "failLate" | "stall" | "corrupt" | "lose" | "double" }
  | { readonly kind: "slow" | "slowLate"; readonly delay: DurationInput }

/**
 * A fault, and the calls that meet it. A call meets the first rule that applies.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  readonly fault: Fault
  /**
   * The operations that can meet the fault; all operations by default. `get` and `set` also stand for their batches,
   * and `get` for the turn to load a key. A round (`write`) meets the rules of each operation that it contains.
   */
  readonly operations?: ReadonlyArray<Operation> | undefined
  /** The keys whose calls can meet the fault: a call with any of these keys. All calls by default. */
  readonly keys?: ReadonlyArray<string> | undefined
  /** The only call that meets the fault, counted from 1 among the calls that the rule concerns. */
  readonly nth?: number | undefined
  /** The share, from 0 to 1, of the calls concerned that meet the fault. 1 by default. */
  readonly probability?: number | undefined
}

/**
 * The plan of a faulty store: a seed, and the rules of its faults.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface FaultPlan {
  readonly seed?: number | undefined
  readonly rules: ReadonlyArray<Rule>
}

/**
 * The faults of a running store: what has happened so far, and the controls to release stalled calls and to stop.
 *
 * **When to use**
 *
 * In a test, to see which faults have happened, and to end them before the test looks at what is left.
 *
 * @see {@link layer}, which provides it, for an example
 * @stability experimental
 * @category services
 * @since 0.1.0
 */
export class Faults extends Context.Service<Faults, {
  /** Each fault so far: the operation and the kind, in order. */
  readonly injected: Effect.Effect<ReadonlyArray<readonly [operation: Operation, kind: Fault["kind"]]>>
  /** The number of calls so far. */
  readonly calls: Effect.Effect<number>
  /** Lets the calls continue that are stalled now. */
  readonly release: Effect.Effect<void>
  /** Ends all faults. Calls that are stalled continue. */
  readonly stop: Effect.Effect<void>
}>()("effect-stateless/testing/FaultyStore/Faults") {}

/**
 * Makes a faulty store that wraps another store, and returns it with its faults. Fails with `InvalidStoreOptions` if a
 * rule cannot have an effect.
 *
 * **When to use**
 *
 * In a test that builds its tiers by hand, for example to put a faulty tier under memory with `TieredStore.make`.
 *
 * **Example** (A write that fails)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { MemoryStore } from "effect-stateless"
 * import { FaultyStore } from "effect-stateless/testing"
 *
 * const program = Effect.scoped(Effect.gen(function*() {
 *   const memory = yield* MemoryStore.make({ capacity: 100 })
 *   const rules = [{ fault: { kind: "fail" }, operations: ["recordMarks"] }] as const
 *   const [store, faults] = yield* FaultyStore.make(memory, { rules })
 *   yield* Effect.ignore(store.recordMarks([{ scope: "all", stamp: 1 }]))
 *   return yield* faults.injected
 * }))
 * await Effect.runPromise(program) // => [["recordMarks", "fail"]]
 * ```
 *
 * @see {@link layer} for a store of a layer
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  store: Store["Service"],
  plan: FaultPlan
): Effect.Effect<readonly [store: Store["Service"], faults: Faults["Service"]], StoreError> => {
  const wrong = invalid(plan)
  if (wrong !== undefined) return Effect.fail(wrong)
  return Effect.map(Random.withSeed(Random.Random, plan.seed ?? 1), (random) => {
    const injector = new Injector(store.name, plan, random)
    const front: Whole<Store["Service"]> = {
      name: store.name,
      commons: store.commons,
      open: (family) =>
        injector.read("open", [], Effect.map(store.open(family), (partition) => faulty(store, partition, injector))),
      write: (round) => {
        const keys = changesOf(round).flatMap(({ removed, set }) => [...removed, ...set.map(({ key }) => key)])
        const own = <A extends { readonly partition: Partition<any> }>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
          all.map((one) => ({ ...one, partition: behind.get(one.partition)! }))
        const guards = round.guards?.map((guard) => ({
          ...guard,
          conditions: own(guard.conditions),
          changes: own(guard.changes)
        }))
        return injector.write(
          operationsOf(round),
          keys,
          store.write({ ...round, changes: own(round.changes), guards })
        )
      },
      loadMarks: injector.read("loadMarks", [], store.loadMarks),
      recordMarks: (marks) => injector.write(["recordMarks"], [], store.recordMarks(marks)),
      removeMarks: (marks) => injector.write(["removeMarks"], [], store.removeMarks(marks)),
      news: store.news,
      knowing: store.knowing
    }
    return [Store.of(front), injector.faults]
  })
}

/**
 * A layer with a faulty store that wraps the store of another layer, and with its faults.
 *
 * **When to use**
 *
 * In a test that shows what a program does when a tier is slow, fails or stalls.
 *
 * **Example** (Reading while the tier is slow)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 * import { FaultyStore } from "effect-stateless/testing"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 * const { price } = Shop.keys
 * const Slow = FaultyStore.layer(MemoryStore.layer({ capacity: 100 }), {
 *   rules: [{ fault: { kind: "slow", delay: "5 millis" }, operations: ["get"], nth: 1 }]
 * })
 * const PriceLive = Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length) })
 * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provideMerge(Slow))
 *
 * const program = Effect.gen(function*() {
 *   yield* price.get({ item: "pen" })
 *   return yield* (yield* FaultyStore.Faults).injected
 * })
 * await Effect.runPromise(Effect.provide(program, ShopLive)) // => [["get", "slow"]]
 * ```
 *
 * @see {@link make} for a store that is built already
 * @stability experimental
 * @category layers
 * @since 0.1.0
 */
export const layer = <E, R>(
  inner: Layer.Layer<Store, E, R>,
  plan: FaultPlan
): Layer.Layer<Store | Faults, E | StoreError, R> =>
  Layer.effectContext(
    Effect.flatMap(
      Store,
      (store) =>
        Effect.map(make(store, plan), ([store, faults]) => Context.make(Store, store).pipe(Context.add(Faults, faults)))
    )
  ).pipe(Layer.provide(inner))

// The real partition behind each faulty partition.
const behind = new WeakMap<Partition<any>, Partition<any>>()

const faulty = <V>(store: Store["Service"], partition: Partition<V>, injector: Injector): Partition<V> => {
  // The engine keeps memory in step with the changes of other processes. It does not see the memory behind this store.
  const own = store.news === undefined ? partition : partition.below ?? partition
  const inFront = inFrontOf(own, injector)
  behind.set(inFront, own)
  return inFront
}

const changesOf = ({ changes, guards = [] }: Round): ReadonlyArray<Change<any>> => [
  ...changes,
  ...guards.flatMap((guard) => guard.changes)
]

/** The operations that a round consists of, with the round itself. */
const operationsOf = (round: Round): ReadonlyArray<Operation> => {
  const changes = changesOf(round)
  return [
    "write",
    ...(changes.some(({ cleared }) => cleared) ? ["clear" as const] : []),
    ...(changes.some(({ removed }) => removed.length > 0) ? ["remove" as const] : []),
    ...(changes.some(({ set }) => set.length > 0) ? ["set" as const] : []),
    ...(round.marks.length > 0 ? ["recordMarks" as const] : [])
  ]
}

const inFrontOf = <V>(partition: Partition<V>, injector: Injector): Whole<Partition<V>> => ({
  prepare: partition.prepare,
  full: partition.full && ((entries, bytes) => partition.full!(entries, bytes)),
  get: (key) => injector.read("get", [key], partition.get(key), damage(partition, [key], undefined)),
  getMany: (keys) =>
    injector.read("get", keys, partition.getMany(keys), damage(partition, keys, keys.map(() => undefined))),
  beginLoad: partition.beginLoad &&
    ((key, version) => injector.read("get", [key], partition.beginLoad!(key, version))),
  endLoad: partition.endLoad && ((key) => partition.endLoad!(key)),
  set: (key, entry) => injector.write(["set"], [key], partition.set(key, entry)),
  setMany: (entries) => injector.write(["set"], entries.map(([key]) => key), partition.setMany(entries)),
  remove: (keys) => injector.write(["remove"], keys, partition.remove(keys)),
  clear: Effect.suspend(() => injector.write(["clear"], [], partition.clear)),
  entries: Stream.unwrap(injector.read("entries", [], Effect.succeed(partition.entries))),
  page: partition.page && ((after, max) => injector.read("page", [], partition.page!(after, max))),
  sweep: (freshUntilMax) => injector.write(["sweep"], [], partition.sweep(freshUntilMax)),
  size: injector.read("size", [], partition.size),
  hot: undefined,
  below: undefined
})

const damage = <A>(
  partition: Pick<Partition<never>, "remove">,
  keys: ReadonlyArray<string>,
  answer: A
): Effect.Effect<A, StoreError> => Effect.as(partition.remove(keys), answer)

class Injector {
  readonly #tier: string
  readonly #plan: FaultPlan
  readonly #random: typeof Random.Random.Service
  readonly #seen = new Map<Rule, number>()
  readonly #injected: Array<readonly [Operation, Fault["kind"]]> = []
  #gate = Latch.makeUnsafe(false)
  #calls = 0
  #stopped = false

  constructor(tier: string, plan: FaultPlan, random: typeof Random.Random.Service) {
    this.#tier = tier
    this.#plan = plan
    this.#random = random
  }

  readonly #release = Effect.sync(() => {
    this.#gate.openUnsafe()
    this.#gate = Latch.makeUnsafe(false)
  })

  readonly faults = Faults.of({
    injected: Effect.sync(() => this.#injected.slice()),
    calls: Effect.sync(() => this.#calls),
    release: this.#release,
    stop: Effect.andThen(Effect.sync(() => this.#stopped = true), this.#release)
  })

  read<A, R>(
    operation: Operation,
    keys: ReadonlyArray<string>,
    effect: Effect.Effect<A, StoreError, R>,
    damaged?: Effect.Effect<A, StoreError>
  ): Effect.Effect<A, StoreError, R> {
    return Effect.suspend(() => {
      const fault = this.#next([operation], keys, damaged === undefined ? delays : reads)
      return fault?.kind === "corrupt" ? damaged! : this.#bear(operation, fault, effect)
    })
  }

  write(
    operations: ReadonlyArray<Operation>,
    keys: ReadonlyArray<string>,
    effect: Effect.Effect<void, StoreError>
  ): Effect.Effect<void, StoreError> {
    return Effect.suspend(() => {
      const fault = this.#next(operations, keys, writes)
      if (fault?.kind === "lose") return Effect.void
      return fault?.kind === "double" ? Effect.andThen(effect, effect) : this.#bear(operations[0]!, fault, effect)
    })
  }

  #bear<A, R>(
    operation: Operation,
    fault: Fault | undefined,
    effect: Effect.Effect<A, StoreError, R>
  ): Effect.Effect<A, StoreError, R> {
    switch (fault?.kind) {
      case "fail":
        return this.#failure(operation)
      case "failLate":
        return Effect.andThen(effect, this.#failure(operation))
      case "slow":
        return Effect.delay(effect, millisOf(fault.delay))
      case "slowLate":
        return Effect.tap(effect, Effect.sleep(millisOf(fault.delay)))
      case "stall":
        return Effect.andThen(this.#gate.await, effect)
      default:
        return effect
    }
  }

  #failure(operation: Operation): Effect.Effect<never, StoreError> {
    const cause = new Error(`planned fault in call ${this.#calls}`)
    return Effect.fail(new StoreError({ reason: new TierFailed({ tier: this.#tier, operation, cause }) }))
  }

  #next(
    operations: ReadonlyArray<Operation>,
    keys: ReadonlyArray<string>,
    kinds: ReadonlySet<Fault["kind"]>
  ): Fault | undefined {
    this.#calls++
    if (this.#stopped) return undefined
    const rule = this.#plan.rules.find((rule) => this.#applies(rule, operations, keys, kinds))
    if (rule === undefined) return undefined
    this.#injected.push([operations[0]!, rule.fault.kind])
    return rule.fault
  }

  #applies(
    rule: Rule,
    operations: ReadonlyArray<Operation>,
    keys: ReadonlyArray<string>,
    kinds: ReadonlySet<Fault["kind"]>
  ): boolean {
    if (!kinds.has(rule.fault.kind)) return false
    if (rule.operations?.some((operation) => operations.includes(operation)) === false) return false
    if (rule.keys !== undefined && !rule.keys.some((key) => keys.includes(key))) return false
    const seen = (this.#seen.get(rule) ?? 0) + 1
    this.#seen.set(rule, seen)
    if (rule.nth !== undefined && rule.nth !== seen) return false
    return rule.probability === undefined || this.#random.nextDoubleUnsafe() < rule.probability
  }
}

const refused = (option: string, why: string) =>
  new StoreError({ reason: new InvalidStoreOptions({ tier: "faulty", option, why }) })

const planKnown: { readonly [Option in keyof Required<FaultPlan>]: true } = { seed: true, rules: true }
const ruleKnown: { readonly [Option in keyof Required<Rule>]: true } = {
  fault: true,
  operations: true,
  keys: true,
  nth: true,
  probability: true
}

const unknownOf = (given: object, known: object): StoreError | undefined => {
  const unknown = Nearest.unknownOption(given, known)
  return unknown && refused(unknown.option, unknown.why)
}

const invalid = (plan: FaultPlan): StoreError | undefined => {
  if (!isBag(plan as unknown)) return refused("options", "must be an object")
  const unknown = unknownOf(plan, planKnown)
  if (unknown !== undefined) return unknown
  const { rules, seed } = plan
  if (seed !== undefined && !Number.isFinite(seed)) return refused("seed", "must be a finite number")
  if (!Array.isArray(rules)) return refused("rules", "must be a list of rules")
  for (const rule of rules) {
    const found = isBag(rule) ? invalidRule(rule as unknown as Rule) : refused("rules", "must be a list of rules")
    if (found !== undefined) return found
  }
  return undefined
}

const invalidRule = (rule: Rule): StoreError | undefined => {
  const { fault, keys, nth, operations, probability } = rule
  const wrong = unknownOf(rule, ruleKnown)
  if (wrong !== undefined) return wrong
  if (!isBag(fault)) return refused("fault", "must be an object with a kind")
  if (!writes.has(fault.kind) && !reads.has(fault.kind)) return refused("fault", `has an unknown kind: ${fault.kind}`)
  const isSlow = fault.kind === "slow" || fault.kind === "slowLate"
  if (isSlow && !(millisOf(fault.delay) >= 0)) return refused("delay", "must be a duration that is not negative")
  if (keys !== undefined && !(isStrings(keys) && keys.length > 0)) {
    return refused("keys", "must be a list of at least one key")
  }
  const misfit = nth === undefined ? undefined : countMisfit(nth)
  if (misfit !== undefined) return refused("nth", misfit)
  if (probability !== undefined && !(typeof probability === "number" && probability >= 0 && probability <= 1)) {
    return refused("probability", "must be a number from 0 to 1")
  }
  if (operations === undefined) return undefined
  if (!isStrings(operations)) return refused("operations", "must be a list of operations")
  const unknown = operations.find((operation) => !Object.hasOwn(kindsOf, operation))
  if (unknown !== undefined) return refused("operations", `has an unknown operation: ${unknown}`)
  return operations.some((operation) => kindsOf[operation].has(fault.kind))
    ? undefined
    : refused("operations", `has no operation that can meet ${fault.kind}`)
}

const none: ReadonlySet<Fault["kind"]> = new Set()
const delays: ReadonlySet<Fault["kind"]> = new Set(["fail", "failLate", "slow", "slowLate", "stall"])
const reads: ReadonlySet<Fault["kind"]> = new Set([...delays, "corrupt"])
const writes: ReadonlySet<Fault["kind"]> = new Set([...delays, "lose", "double"])

/** The faults that each operation can meet. `prepare` never meets a fault. */
const kindsOf: { readonly [_ in Operation]: ReadonlySet<Fault["kind"]> } = {
  prepare: none,
  get: reads,
  open: delays,
  loadMarks: delays,
  entries: delays,
  page: delays,
  size: delays,
  write: writes,
  set: writes,
  remove: writes,
  clear: writes,
  sweep: writes,
  recordMarks: writes,
  removeMarks: writes
}
