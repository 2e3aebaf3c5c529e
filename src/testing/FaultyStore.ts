/**
 * A store in front of another that misbehaves as planned, for simulations and for tests of what stands on a store.
 *
 * - A plan with the same seed and the same calls gives the same faults.
 * - Without rules, or once it was stopped, it does what the store behind it does.
 * - `fail`, `failLate`, `slow`, `slowLate`, `stall`, `corrupt` and `double` stay within the contract of a store:
 *   whoever stands on one must cope. `lose` does not; it shows what a broken tier would do.
 *
 * Not here: faults of the synchronous door. A faulty store has none.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as Nearest from "../diagnostic/Nearest.ts"
import { millisOf } from "../ownership/FamilyPolicy.ts"
import { isBag, isStrings } from "../ownership/Validation.ts"
import { type Partition, type Round, Store } from "../store/Store.ts"
import { InvalidStoreOptions, type Operation, StoreError, TierFailed } from "../store/StoreError.ts"

/**
 * What goes wrong with one call.
 *
 * - `fail`: nothing is done, and the call fails.
 * - `failLate`: it is done, and the call fails nevertheless.
 * - `slow`: it begins after a delay. `slowLate`: it is done, and answers after a delay.
 * - `stall`: it begins when `release` runs, or the faults stop.
 * - `corrupt`: what is found is unreadable, hence absent, and is removed. Reads only.
 * - `lose`: nothing is done, and the call succeeds. Writes only.
 * - `double`: it is done twice. Writes only.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault =
  | { readonly kind: "fail" | "failLate" | "stall" | "corrupt" | "lose" | "double" }
  | { readonly kind: "slow" | "slowLate"; readonly delay: Duration.Input }

/**
 * When a fault happens. A call meets the first rule that applies.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  readonly fault: Fault
  /**
   * The operations concerned; `get` and `set` stand for their batches, too. A round (`write`) is concerned by each
   * operation that it has part of. All unless given.
   */
  readonly operations?: ReadonlyArray<Operation> | undefined
  /** The keys concerned: a call with any of them. All calls unless given. */
  readonly keys?: ReadonlyArray<string> | undefined
  /** One call only, counted from 1 among those that the rule concerns. */
  readonly nth?: number | undefined
  /** The share of the calls concerned that meet the fault. 1 unless given. */
  readonly probability?: number | undefined
}

/**
 * Everything that goes wrong with a store.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  readonly seed?: number | undefined
  readonly rules: ReadonlyArray<Rule>
}

/**
 * The faults of a store while it runs.
 *
 * @category services
 * @since 0.1.0
 */
export class Faults extends Context.Service<Faults, {
  /** Each fault so far: the operation and the kind, in order. */
  readonly injected: Effect.Effect<ReadonlyArray<readonly [operation: Operation, kind: Fault["kind"]]>>
  /** How many calls there were. */
  readonly calls: Effect.Effect<number>
  /** Lets those go on that stall now. */
  readonly release: Effect.Effect<void>
  /** No faults from now on; those that stall go on. */
  readonly stop: Effect.Effect<void>
}>()("effect-stateless/testing/FaultyStore/Faults") {}

/**
 * A faulty store in front of another, and its faults. Fails with `InvalidStoreOptions` where a rule cannot act.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  store: Store["Service"],
  plan: Plan
): Effect.Effect<readonly [store: Store["Service"], faults: Faults["Service"]], StoreError> => {
  const wrong = invalid(plan)
  if (wrong !== undefined) return Effect.fail(wrong)
  return Effect.map(Random.withSeed(Random.Random, plan.seed ?? 1), (random) => {
    const injector = new Injector(store.name, plan, random)
    return [
      Store.of({
        name: store.name,
        commons: store.commons,
        open: (family) =>
          injector.read("open", [], Effect.map(store.open(family), (partition) => faulty(partition, injector))),
        write: (round) => {
          const changes = round.changes.map((change) => ({ ...change, partition: behind.get(change.partition)! }))
          const keys = round.changes.flatMap(({ removed, set }) => [...removed, ...set.map(({ key }) => key)])
          return injector.write(operationsOf(round), keys, store.write({ ...round, changes }))
        },
        loadMarks: injector.read("loadMarks", [], store.loadMarks),
        recordMarks: (marks) => injector.write(["recordMarks"], [], store.recordMarks(marks)),
        dropMarks: (marks) => injector.write(["dropMarks"], [], store.dropMarks(marks))
      }),
      injector.faults
    ]
  })
}

/**
 * A faulty store in front of another, as a layer.
 *
 * **Example** (Failing one write in ten)
 *
 * ```ts
 * import * as MemoryStore from "effect-stateless/store/MemoryStore"
 * import * as FaultyStore from "effect-stateless/testing/FaultyStore"
 *
 * const Flaky = FaultyStore.layer(MemoryStore.layer({ capacity: 1_000 }), {
 *   seed: 7,
 *   rules: [{ fault: { kind: "fail" }, operations: ["set"], probability: 0.1 }]
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <E, R>(
  inner: Layer.Layer<Store, E, R>,
  plan: Plan
): Layer.Layer<Store | Faults, E | StoreError, R> =>
  Layer.effectContext(
    Effect.flatMap(
      Store,
      (store) =>
        Effect.map(make(store, plan), ([store, faults]) => Context.make(Store, store).pipe(Context.add(Faults, faults)))
    )
  ).pipe(Layer.provide(inner))

// What lies behind each faulty partition.
const behind = new WeakMap<Partition<any>, Partition<any>>()

const faulty = <V>(partition: Partition<V>, injector: Injector): Partition<V> => {
  const inFront = inFrontOf(partition, injector)
  behind.set(inFront, partition)
  return inFront
}

/** A round, and what it has part of. */
const operationsOf = ({ changes, marks }: Round): ReadonlyArray<Operation> => [
  "write",
  ...(changes.some(({ cleared }) => cleared) ? ["clear" as const] : []),
  ...(changes.some(({ removed }) => removed.length > 0) ? ["remove" as const] : []),
  ...(changes.some(({ set }) => set.length > 0) ? ["set" as const] : []),
  ...(marks.length > 0 ? ["recordMarks" as const] : [])
]

const inFrontOf = <V>(partition: Partition<V>, injector: Injector): Partition<V> => ({
  prepare: partition.prepare,
  get: (key) => injector.read("get", [key], partition.get(key), damage(partition, [key], undefined)),
  getMany: (keys) =>
    injector.read("get", keys, partition.getMany(keys), damage(partition, keys, keys.map(() => undefined))),
  set: (key, entry) => injector.write(["set"], [key], partition.set(key, entry)),
  setMany: (entries) => injector.write(["set"], entries.map(([key]) => key), partition.setMany(entries)),
  remove: (keys) => injector.write(["remove"], keys, partition.remove(keys)),
  clear: Effect.suspend(() => injector.write(["clear"], [], partition.clear)),
  entries: Stream.unwrap(injector.read("entries", [], Effect.succeed(partition.entries))),
  sweep: (freshUntilMax) => injector.write(["sweep"], [], partition.sweep(freshUntilMax)),
  size: injector.read("size", [], partition.size),
  hot: undefined
})

const damage = <A>(
  partition: Pick<Partition<never>, "remove">,
  keys: ReadonlyArray<string>,
  answer: A
): Effect.Effect<A, StoreError> => Effect.as(partition.remove(keys), answer)

class Injector {
  readonly #tier: string
  readonly #plan: Plan
  readonly #random: typeof Random.Random.Service
  readonly #seen = new Map<Rule, number>()
  readonly #injected: Array<readonly [Operation, Fault["kind"]]> = []
  #gate = Latch.makeUnsafe(false)
  #calls = 0
  #stopped = false

  constructor(tier: string, plan: Plan, random: typeof Random.Random.Service) {
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
        return Effect.delay(effect, fault.delay)
      case "slowLate":
        return Effect.tap(effect, Effect.sleep(fault.delay))
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

const planKnown: { readonly [O in keyof Required<Plan>]: true } = { seed: true, rules: true }
const ruleKnown: { readonly [O in keyof Required<Rule>]: true } = {
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

const invalid = (plan: Plan): StoreError | undefined => {
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
  if (!writes.has(fault.kind) && !reads.has(fault.kind)) return refused("fault", `is of no kind: ${fault.kind}`)
  const isSlow = fault.kind === "slow" || fault.kind === "slowLate"
  if (isSlow && !(millisOf(fault.delay) >= 0)) return refused("delay", "must be a duration that is not negative")
  if (keys !== undefined && !(isStrings(keys) && keys.length > 0)) {
    return refused("keys", "must be a list of one key at least")
  }
  if (nth !== undefined && !(Number.isSafeInteger(nth) && nth >= 1)) {
    return refused("nth", "must be a whole number of at least 1")
  }
  if (probability !== undefined && !(typeof probability === "number" && probability >= 0 && probability <= 1)) {
    return refused("probability", "must be a number from 0 to 1")
  }
  if (operations === undefined) return undefined
  if (!isStrings(operations)) return refused("operations", "must be a list of operations")
  const unknown = operations.find((operation) => !Object.hasOwn(kindsOf, operation))
  if (unknown !== undefined) return refused("operations", `has one that no store has: ${unknown}`)
  return operations.some((operation) => kindsOf[operation].has(fault.kind))
    ? undefined
    : refused("operations", `has none that can meet ${fault.kind}`)
}

const none: ReadonlySet<Fault["kind"]> = new Set()
const delays: ReadonlySet<Fault["kind"]> = new Set(["fail", "failLate", "slow", "slowLate", "stall"])
const reads: ReadonlySet<Fault["kind"]> = new Set([...delays, "corrupt"])
const writes: ReadonlySet<Fault["kind"]> = new Set([...delays, "lose", "double"])

/** The faults that an operation can meet. What a partition prepares is asked without a fault. */
const kindsOf: { readonly [_ in Operation]: ReadonlySet<Fault["kind"]> } = {
  prepare: none,
  get: reads,
  open: delays,
  loadMarks: delays,
  entries: delays,
  size: delays,
  write: writes,
  set: writes,
  remove: writes,
  clear: writes,
  sweep: writes,
  recordMarks: writes,
  dropMarks: writes
}
