/**
 * Several engines, as of several processes, over one ledger, under a scheduler with seeds: requests, answers and news
 * are lost, doubled and late, lines are cut, and the place loses its state, its log, or goes back.
 *
 * - An engine never shows a row from before its own last write of it.
 * - Over lines without faults, no engine shows a row from before a write that has returned, whichever engine made it.
 * - Whatever the faults, no engine shows a row from before a write that has returned earlier than the bound of the
 *   family, if it has one, and no stale rules.
 * - When faults have stopped, every engine shows the newest row of every key, derived ones too.
 */
import { describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MinimumLogLevel } from "effect/References"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { GraceMillis } from "../../src/store/shared/answerTime.ts"
import { Store } from "../../src/store/Store.ts"
import { Arrivals, doorOf, heldOr } from "../support/atOnce.ts"
import { drive } from "../support/effects.ts"
import { type App, engine, type Running } from "../support/engine.ts"
import { faults } from "../support/ledger/faults.ts"
import { type Line, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { Floors, rowDrops, rowReads, see } from "../support/rows.ts"
import { below, chance, pick, rest, simulate } from "../support/simulate.ts"
import { type Above, tiersOver } from "../support/tiers.ts"
import { policies } from "../support/world.ts"

const ids = ["1", "2", "3"] as const
type Id = typeof ids[number]

const families = ["user", "profile", "page"] as const
type Name = typeof families[number]

const reads = ["get", "getUnsafe", "getOption", "getMany", "has"] as const
const writes = ["delete", "invalidate", "where", "all", "tag", "set", "patch", "update", "batch", "refresh"] as const

const paramsOf = (name: Name, id: Id) => name === "page" ? { id, n: "0" } : { id }

interface Plan {
  readonly engines: number
  readonly above: Above
  readonly capacities: ReadonlyArray<number>
  readonly line: Partial<Line>
  /** Lines are cut and deaf for some time. */
  readonly cuts?: boolean
  /** The place loses its state, its log, or goes back. */
  readonly losses?: boolean
}

/** How long a process waits for the load of another one; with 0, it does not. */
const leases = [0, 30, 500] as const

const consistencies = ["eventual", { bounded: 1_000 }, { bounded: 150 }, { bounded: 40 }] as const

const steps = 14
const fibers = 2

/** One process. */
interface Node {
  readonly line: Line
  readonly running: Running<Name>
  /** What its own writes have promised to it. */
  readonly own: Floors
}

class SharedWorld {
  private readonly plan: Plan
  private readonly rows = new Map<Id, number>()
  private readonly floors = new Floors()
  private readonly turns = new Map(ids.map((id) => [id, Semaphore.makeUnsafe(1)]))
  private readonly nodes: Array<Node> = []
  private readonly arrivals = new Arrivals()
  private count = 0
  private policy: FamilyPolicy = {}
  /** How far behind an engine may be; `Infinity` if the stale rules, or no bound, allow more. */
  private boundMillis = Infinity
  /** What each write that has returned promises, with its time. */
  private readonly returned: Array<{ readonly id: Id; readonly row: number; readonly at: number }> = []

  constructor(plan: Plan) {
    this.plan = plan
  }

  private readonly lookup = Effect.fnUntraced(
    function*(this: SharedWorld, { key }: Lookup.LookupContext<unknown>, app: App<Name>) {
      const [name, id] = key.split(":") as [Name, Id]
      yield* Effect.sleep(1 + (yield* below(10)))
      const row: number = name === "user" ? this.rows.get(id) ?? 0 : yield* app.keys.user.get({ id })
      yield* Effect.sleep(yield* below(10))
      return Lookup.loaded(row, { tags: [`t${id}`] })
    }
  )

  private readonly start = Effect.fnUntraced(function*(this: SharedWorld, place: SimPlace) {
    const line = makeLine(this.plan.line)
    const ledger = yield* LedgerNode.make(over(place, line), { answerMillis: 100 })
    const capacity = yield* pick(this.plan.capacities)
    const shared = yield* LedgerStore.make(ledger, { loadLeaseMillis: yield* pick(leases) })
    const store = yield* tiersOver(shared, { above: this.plan.above, capacity })
    const running = yield* engine(
      {
        families: {
          user: { pattern: "user:{id}", ...this.policy },
          profile: { pattern: "profile:{id}", derives: ["user:{id}"], ...this.policy },
          page: { pattern: "page:{id}:{n}", derives: ["user:{id}"], ...this.policy }
        }
      },
      (about, app) => this.lookup(about, app),
      { store: Layer.succeed(Store, store) }
    )
    this.nodes.push({ line, running, own: new Floors() })
  })

  private floorOf({ own }: Node, id: Id): number {
    const { cuts, line, losses } = this.plan
    const isWhole = cuts !== true && losses !== true && Object.keys(line).length === 0
    return isWhole ? this.floors.of(id) : own.of(id)
  }

  /** The least row that a read may show which begins now, by the bound of the family. */
  private boundOf(id: Id, now: number): number {
    const before = now - this.boundMillis
    return Math.max(0, ...this.returned.flatMap((one) => one.id === id && one.at < before ? [one.row] : []))
  }

  private readonly read = Effect.fnUntraced(function*(this: SharedWorld, node: Node) {
    const [kind, name, id] = [yield* pick(reads), yield* pick(families), yield* pick(ids)]
    const now = yield* Clock.currentTimeMillis
    const floors = new Map(ids.map((id) => [id, Math.max(this.floorOf(node, id), this.boundOf(id, now))]))
    const askedOf = (id: Id) => ({ id, params: paramsOf(name, id) })
    const further = ids.filter((other) => other !== id)
    const { running } = node
    const read = kind === "getUnsafe"
      ? Effect.map(heldOr(running, name, paramsOf(name, id)), (row) => [[id, row] as const])
      : rowReads[kind](running.app.keys[name], askedOf(id), further.map(askedOf))
    for (const [id, row] of yield* running.as(read)) see(id, row, floors.get(id as Id)!, `${kind} ${name}`)
  })

  private readonly apply = Effect.fnUntraced(function*(
    this: SharedWorld,
    { running }: Node,
    kind: typeof writes[number],
    id: Id,
    n: number
  ) {
    const { app } = running
    const { user } = app.keys
    const door = doorOf(yield* chance(0.5), running, "user", { id }, this.arrivals)
    const write = (): Effect.Effect<unknown, unknown, any> => {
      switch (kind) {
        case "delete":
          return door.delete
        case "set":
          return door.set(n, { tags: [`t${id}`] })
        case "patch":
          return door.patch(() => n)
        case "update":
          return user.update({ id }, () => n)
        case "batch":
          return app.batch(ids.map((id) => user.setting({ id }, n, { tags: [`t${id}`] })))
        default:
          return rowDrops[kind](app.keys as never, id)
      }
    }
    return yield* running.as(write())
  })

  /** Writers of one id follow each other: a cache cannot order values that are written at once. */
  private readonly change = Effect.fnUntraced(function*(this: SharedWorld, node: Node) {
    const [kind, id] = [yield* pick(writes), yield* pick(ids)]
    const concerned: ReadonlyArray<Id> = kind === "all" || kind === "batch" ? ids : [id]
    const work = Effect.suspend(() => {
      const n = ++this.count
      for (const one of concerned) this.rows.set(one, n)
      return Effect.flatMap(
        Effect.exit(this.apply(node, kind, id, n)),
        (exit) =>
          Effect.map(Clock.currentTimeMillis, (at) => {
            for (const one of concerned) {
              node.own.raise(one, n)
              if (exit._tag === "Failure") continue
              this.floors.raise(one, n)
              this.returned.push({ id: one, row: n, at })
            }
          })
      )
    })
    yield* concerned.reduceRight((inner, one) => this.turns.get(one)!.withPermit(inner), work)
  })

  private readonly live = (node: Node) =>
    Effect.forEach(Array.from({ length: steps }), () =>
      Effect.gen({ self: this }, function*() {
        yield* rest(40)
        yield* (yield* chance(0.6)) ? this.read(node) : this.change(node)
      }), { discard: true })

  private faults(place: SimPlace): Effect.Effect<void> {
    const { cuts, losses } = this.plan
    if (cuts !== true && losses !== true) return Effect.void
    return faults(place, this.nodes.map(({ line }) => line), { loses: losses === true })
  }

  readonly run = Effect.gen({ self: this }, function*() {
    const place = yield* SimPlace.make(1, { recordsMax: 16, recordsPerAnswer: 3 })
    const consistency = yield* pick(consistencies)
    this.policy = { ...yield* pick(policies), consistency }
    const { staleIfError, staleWhileRevalidate } = this.policy
    const isFreshOnly = staleIfError === undefined && staleWhileRevalidate === undefined
    if (isFreshOnly && typeof consistency === "object") this.boundMillis = consistency.bounded
    for (let n = 0; n < this.plan.engines; n++) yield* drive(this.start(place))
    const lives = this.nodes.flatMap((node) => Array.from({ length: fibers }, () => this.live(node)))
    yield* drive(Effect.all([this.faults(place), ...lives], { concurrency: "unbounded", discard: true }), 10)
    for (const { line } of this.nodes) Object.assign(line, makeLine())
    yield* TestClock.adjust("1 minute")
    for (const { running } of this.nodes) {
      for (const name of families) {
        for (const id of ids) {
          const row = yield* drive(running.as(running.app.keys[name].get(paramsOf(name, id))))
          see(id, row, this.rows.get(id) ?? 0, `the end: ${name}`)
        }
      }
    }
    yield* this.arrivals.check
  })
}

// What an engine waits for when it closes needs the clock, also after a law was broken.
const closed = (run: Effect.Effect<void, unknown, Scope.Scope>) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const exit = yield* Effect.exit(Scope.provide(run, scope))
    yield* drive(Scope.close(scope, exit), 100)
    return yield* exit
  })

const story = (name: string, plan: Plan) =>
  simulate(
    name,
    () =>
      closed(new SharedWorld(plan).run).pipe(
        Effect.provideService(GraceMillis, 0),
        // A tier that fails is logged.
        Effect.provideService(MinimumLogLevel, "None")
      ),
    { oneOf: 3 }
  )

describe("several engines over one ledger", () => {
  const whole: Plan = { engines: 3, above: "memory", capacities: [1, 2, 100], line: {} }
  story("a read sees every write that has returned, over lines without faults", whole)
  story("a read sees every write that has returned, without memory", { ...whole, above: "nothing" })
  const network: Plan = { ...whole, line: { loss: 0.05, late: 0.1, delayMillisMax: 20 } }
  story("a read sees its own writes over slow lines, and all writes in the end", {
    ...whole,
    line: { delayMillisMax: 20 }
  })
  story("a read sees its own writes while requests, answers and news are lost, and all writes in the end", network)
  story("a read sees its own writes while lines are cut, and all writes in the end", { ...network, cuts: true })
  story("a read sees its own writes while the place loses its state, and all writes in the end", {
    ...network,
    cuts: true,
    losses: true
  })
})
