/**
 * Readers and writers over memory and a lower tier with faults, under a scheduler with seeds.
 *
 * - No read fails, and none waits for ever, whatever the lower tier does.
 * - A write that has returned holds in this process, even when it failed because of a tier.
 * - A write that succeeded holds after a restart and after a crash.
 * - A crash at any moment leaves changes whole below: a batch entirely or not at all, and no set beside an older value
 *   that was made from the one before.
 * - One lookup of a key runs at a time, except after a change or an interruption.
 */
import { assert, describe } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"
import { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import type { Entry } from "../../src/store/Entry.ts"
import { Store } from "../../src/store/Store.ts"
import type { Operation } from "../../src/store/StoreError.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { Arrivals, doorOf, heldOr } from "../support/atOnce.ts"
import { drive } from "../support/effects.ts"
import { type App, engine, type Running } from "../support/engine.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { Floors, rowDrops, rowReads, see } from "../support/rows.ts"
import { below, chance, pick, simulate } from "../support/simulate.ts"
import { SimulatedWorld } from "../support/simulatedWorld.ts"
import { type Above, type TiersOptions, tiersOver } from "../support/tiers.ts"
import { policies } from "../support/world.ts"

const ids = ["1", "2"] as const
const families = ["user", "profile"] as const
const names: ReadonlyArray<string> = families
const reads = ["get", "getUnsafe", "getOption", "getAnswer", "getMany", "has"] as const
const writes = [
  "delete",
  "invalidate",
  "where",
  "all",
  "tag",
  "set",
  "patch",
  "reschedule",
  "update",
  "batch",
  "refresh"
] as const

type Id = typeof ids[number]

interface Plan {
  readonly operations: ReadonlyArray<Operation>
  readonly kinds: ReadonlyArray<FaultyStore.Fault["kind"]>
  /** Fibers may be interrupted after some milliseconds. */
  readonly interrupts?: boolean
  readonly capacities?: ReadonlyArray<number>
  readonly under?: Above
  readonly set?: TiersOptions["set"]
  /** The process ends while the tier still fails: what memory pushes down as it closes may not arrive. */
  readonly endsInFaults?: boolean
}

const fibersMin = 2
const fibersMax = 8
const stepsMax = 12
const releaseMillis = 40
const lookMillis = 3
const movedMillis = 25

const ruleOf = (kind: FaultyStore.Fault["kind"], operations: ReadonlyArray<Operation>): FaultyStore.Rule => ({
  fault: kind === "slow" || kind === "slowLate" ? { kind, delay: 30 } : { kind },
  operations,
  probability: 0.4
})

class FaultyWorld extends SimulatedWorld<App<typeof families[number]>> {
  private readonly plan: Plan
  private readonly seed: number
  // What the last write of an id said that did not fail.
  private readonly durable = new Floors()
  private readonly turns = new Map<Id, Semaphore.Semaphore>(ids.map((id) => [id, Semaphore.makeUnsafe(1)]))
  private epochs = 0
  private doSourcesEnd = false
  // What batches wrote.
  private readonly batches = new Set<number>()
  private readonly arrivals = new Arrivals()
  private torn: string | undefined = undefined
  private running!: Running<typeof families[number]>

  constructor(plan: Plan, seed: number) {
    super()
    this.plan = plan
    this.seed = seed
  }

  private readonly lookup = (
    { key }: Lookup.LookupContext<unknown>,
    app: App<typeof families[number]>
  ): Effect.Effect<unknown, unknown, any> =>
    this.lookups.run(key, () => this.load(key, app), {
      begins: (others) => {
        // What a lookup has read may end while it runs: then later readers do not join it.
        const ended = this.doSourcesEnd && key.startsWith("profile:") ? 1 : 0
        assert.isAtMost(others, this.epochs + ended, `one lookup of \`${key}\` runs at a time`)
      },
      ends: () => {
        if (this.writes > 0) this.epochs++
      }
    })

  private readonly load = Effect.fnUntraced(
    function*(this: FaultyWorld, key: string, app: App<typeof families[number]>) {
      const [family, id] = key.split(":") as [string, Id]
      // So that a value that was loaded has a cost.
      yield* Effect.sleep(1 + (yield* below(10)))
      const n: number = family === "user" ? this.rowOf(id) : yield* app.keys.user.get({ id })
      yield* Effect.sleep(yield* below(10))
      return Lookup.loaded(n, { tags: [`t${id}`] })
    }
  )

  // --- one step -----------------------------------------------------------------------------------

  private readonly read = Effect.fnUntraced(function*(this: FaultyWorld) {
    const [kind, name, id] = [yield* pick(reads), yield* pick(families), yield* pick(ids)]
    const of = this.running.app.keys[name]
    const floors = new Map(ids.map((id) => [id, this.floors.of(id)]))
    const askedOf = (id: Id) => ({ id, params: { id } })
    const further = ids.filter((other) => other !== id)
    const read = kind === "getAnswer"
      ? Effect.map(of.getAnswer({ id }), ({ value }) => [[id, value] as const])
      : kind === "getUnsafe"
      ? Effect.map(heldOr(this.running, name, { id }), (value) => [[id, value] as const])
      : rowReads[kind](of, askedOf(id), further.map(askedOf))
    for (const [id, row] of yield* this.running.as(read)) see(id, row, floors.get(id as Id)!, `${kind} ${name}`)
  })

  private apply(kind: typeof writes[number], id: Id, n: number, isAtOnce: boolean): Effect.Effect<unknown, unknown> {
    const { app } = this.running
    const { user } = app.keys
    const door = doorOf(isAtOnce, this.running, "user", { id }, this.arrivals)
    const write = (): Effect.Effect<unknown, unknown, any> => {
      switch (kind) {
        case "delete":
          return door.delete
        case "set":
          return door.set(n, { tags: [`t${id}`] })
        case "patch":
          return door.patch(() => n)
        case "reschedule":
          // The row is new, so its value goes, whatever has become of its end.
          return Effect.flatMap(Effect.exit(door.reschedule(movedMillis)), (exit) => {
            if (exit._tag === "Failure" && !failedTier(exit)) return exit
            return door.delete
          })
        case "update":
          return user.update({ id }, () => n)
        case "batch":
          return app.batch(ids.map((id) => user.setting({ id }, n, { tags: [`t${id}`] })))
        default:
          return rowDrops[kind](app.keys, id)
      }
    }
    return this.running.as(write())
  }

  /** Writers of one id follow each other: a cache cannot order values that are written at once. */
  private readonly change = Effect.fnUntraced(function*(this: FaultyWorld) {
    const [kind, id, isAtOnce] = [yield* pick(writes), yield* pick(ids), yield* chance(0.5)]
    const concerned: ReadonlyArray<Id> = kind === "all" || kind === "batch" ? ids : [id]
    const work = Effect.suspend(() => {
      const n = this.write(...concerned)
      if (kind === "batch") this.batches.add(n)
      this.epochs++
      return Effect.flatMap(Effect.exit(this.apply(kind, id, n, isAtOnce)), (exit) =>
        Effect.sync(() => {
          this.epochs++
          if (exit._tag === "Failure" && !failedTier(exit)) throw new Error(`${kind}: ${Cause.pretty(exit.cause)}`)
          for (const id of concerned) {
            this.floors.raise(id, n)
            if (exit._tag === "Success") this.durable.raise(id, n)
          }
        }))
    })
    yield* concerned.reduceRight((inner, id) => this.turns.get(id)!.withPermit(inner), work)
  })

  private readonly step = Effect.fnUntraced(function*(this: FaultyWorld) {
    yield* Effect.sleep(yield* below(30))
    const work = (yield* Random.nextBoolean) ? this.read() : this.change()
    if (this.plan.interrupts === true && (yield* below(4)) === 0) {
      this.epochs++
      yield* Effect.timeoutOption(work, yield* below(20))
    } else yield* work
  })

  // --- a life, and another after it -----------------------------------------------------------------

  private readonly life = (
    capacity: number,
    rules: ReadonlyArray<FaultyStore.Rule>,
    policy: FamilyPolicy,
    place: Place
  ) =>
    Effect.gen({ self: this }, function*() {
      const cold = mapStore({ name: "cold", place })
      const [faulty, faults] = yield* FaultyStore.make(cold, { seed: this.seed, rules })
      const { set, under } = this.plan
      const store = yield* tiersOver(faulty, { above: under, capacity, set })
      this.running = yield* engine(
        {
          families: {
            user: { pattern: "user:{id}", ...policy },
            profile: { pattern: "profile:{id}", derives: ["user:{id}"], ...policy }
          }
        },
        this.lookup,
        { store: Layer.succeed(Store, store) }
      )
      return faults
    })

  readonly run: Effect.Effect<void, unknown> = Effect.gen({ self: this }, function*() {
    yield* this.lives
    yield* this.arrivals.check
  })

  private readonly lives: Effect.Effect<void, unknown> = Effect.gen({ self: this }, function*() {
    const { capacities = [100], kinds, operations } = this.plan
    const [capacity, policy, place] = [yield* pick(capacities), yield* pick(policies), makePlace()]
    this.doSourcesEnd = policy.timeToLive !== undefined || policy.idleTimeToLive !== undefined
    let crashed = place
    yield* Effect.scoped(Effect.gen({ self: this }, function*() {
      const faults = yield* this.life(capacity, kinds.map((kind) => ruleOf(kind, operations)), policy, place)
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(releaseMillis), faults.release)))
      const look = Effect.sync(() => this.torn ??= this.tornIn(place))
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(lookMillis), look)))
      const fibers = Array.from(
        { length: fibersMin + (yield* below(1 + fibersMax - fibersMin)) },
        () =>
          Effect.flatMap(below(stepsMax), (steps) => Effect.forEach(Array.from({ length: steps }), () => this.step()))
      )
      yield* this.together(fibers, 5)
      crashed = copyOf(place)
      assert.isUndefined(this.torn)
      if (this.plan.endsInFaults === true) return
      yield* faults.stop
      yield* this.quiet(this.running)
      yield* this.look(this.floors, "the end")
    }))
    for (const [how, left] of [["a restart", place], ["a crash", crashed]] as const) {
      yield* Effect.scoped(Effect.andThen(this.life(capacity, [], policy, left), this.look(this.durable, how)))
    }
  })

  /** What a crash at this moment would leave behind that no moment should. */
  private tornIn({ families }: Place): string | undefined {
    const [users, profiles] = names.map((name) => families.get(`Test/${name}`)) as ReadonlyArray<
      ReadonlyMap<string, Entry<number>> | undefined
    >
    for (const [id, user] of users ?? []) {
      // What was loaded says nothing of what was made before: it was never written.
      if (user.costMillis > 0) continue
      const profile = profiles?.get(id)
      if (profile !== undefined && profile.value < user.value && profile.stamp < user.stamp) {
        return `user:${id} is ${user.value}, beside a profile that was made of ${profile.value}`
      }
      if (!this.batches.has(user.value)) continue
      for (const [otherId, other] of users!) {
        if (other.value < user.value && other.stamp < user.stamp) {
          return `a batch wrote ${user.value} to user:${id}, and user:${otherId} is ${other.value}`
        }
      }
    }
    return undefined
  }

  private look(floors: Floors, how: string): Effect.Effect<void, unknown> {
    const keys = families.flatMap((name) => ids.map((id) => [name, id] as const))
    return drive(Effect.forEach(keys, ([name, id]) =>
      Effect.map(
        this.running.as(this.running.app.keys[name].get({ id }) as Effect.Effect<unknown, unknown>),
        (n) => see(id, n, floors.of(id), `${how}: ${name}`)
      ), { discard: true }))
  }
}

/** What a process leaves behind that ends here and now. */
const copyOf = ({ families, marks, stampMax, versionMax }: Place): Place => ({
  families: new Map(Array.from(families, ([name, entries]) => [name, new Map(entries)])),
  marks: new Map(marks),
  stampMax,
  versionMax
})

const failedTier = ({ cause }: Exit.Failure<unknown, unknown>): boolean =>
  cause.reasons.every((reason) =>
    Cause.isFailReason(reason) && reason.error instanceof CacheError && reason.error.reason._tag === "StoreFailed"
  )

const changes = ["set", "remove", "recordMarks", "clear"] as const

const story = (name: string, plan: Plan) => simulate(name, (seed) => new FaultyWorld(plan, seed).run)

describe("lower tier with faults", () => {
  story("the promises hold on eviction, over a tier without faults", {
    operations: [],
    kinds: [],
    capacities: [1, 2],
    set: "onEviction"
  })
  story("the promises hold on eviction, over a tier with all kinds of faults", {
    operations: ["get", ...changes],
    kinds: ["fail", "failLate", "slow", "slowLate", "double", "corrupt"],
    capacities: [1, 2],
    set: "onEviction"
  })
  story("the promises hold on eviction, over a tier that fails to the end of the process", {
    operations: ["get", ...changes],
    kinds: ["fail", "failLate"],
    capacities: [1, 2],
    set: "onEviction",
    endsInFaults: true
  })
  story("the promises hold over a tier without faults", { operations: [], kinds: [], capacities: [1, 2, 100] })
  story("the promises hold over a tier that fails some reads", {
    operations: ["get"],
    kinds: ["fail"],
    capacities: [1, 2, 100]
  })
  story("the promises hold over a slow tier", {
    operations: ["get", ...changes],
    kinds: ["slow", "slowLate"],
    capacities: [1, 2, 100]
  })
  story("the promises hold over a tier that answers late", {
    operations: ["get"],
    kinds: ["slowLate"],
    capacities: [1, 2]
  })
  for (const under of ["two tiers", "nothing"] as const) {
    story(`the promises hold under ${under}, over a tier without faults`, {
      operations: [],
      kinds: [],
      under,
      capacities: [1, 2]
    })
    story(`the promises hold under ${under}, over a tier with all kinds of faults`, {
      operations: ["get", ...changes],
      kinds: ["fail", "failLate", "slow", "slowLate", "double", "corrupt"],
      interrupts: true,
      under,
      capacities: [1, 2]
    })
    story(`the promises hold under ${under}, over a tier that fails some writes`, {
      operations: changes,
      kinds: ["fail"],
      under,
      capacities: [1, 2]
    })
  }
  story("the promises hold over a tier that fails some removals", {
    operations: ["remove"],
    kinds: ["fail", "failLate"],
    capacities: [1, 100]
  })
  story("the promises hold over a tier that fails some writes", {
    operations: changes,
    kinds: ["fail", "failLate"],
    capacities: [1, 2, 100]
  })
  story("the promises hold over a tier that does operations twice and finds unreadable entries", {
    operations: ["get", ...changes],
    kinds: ["double", "corrupt"],
    capacities: [1, 100]
  })
  story("the promises hold over a tier that stalls", {
    operations: ["get", ...changes],
    kinds: ["stall"],
    capacities: [1, 100]
  })
  story("the promises hold for interrupted readers and writers, over a tier with all kinds of faults", {
    operations: ["get", ...changes],
    kinds: ["fail", "failLate", "slow", "slowLate", "stall", "double", "corrupt"],
    interrupts: true,
    capacities: [1, 2, 100]
  })
})
