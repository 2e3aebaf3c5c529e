/**
 * Several engines, as of several processes, race over one ledger for the keys of a family without a lookup: the cache
 * alone has the values.
 *
 * - A key that was set is never absent, while nothing removes it.
 * - Each engine in the end, and each read over lines without faults, has a value that no later write has replaced: one
 *   that began after the write of the value had ended, and that had ended before the read began.
 * - A key is claimed once. A counter has the number of the updates that succeeded. Each value is taken once.
 */
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { Arrivals, doorOf } from "../support/atOnce.ts"
import { drive } from "../support/effects.ts"
import { engine, type Running } from "../support/engine.ts"
import { type Line, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { chance, pick, rest, simulate } from "../support/simulate.ts"
import { type Above, tiersOver } from "../support/tiers.ts"

const ids = ["1", "2"] as const
type Id = typeof ids[number]

const steps = 16
const fibers = 2

interface Plan {
  readonly engines: number
  readonly above: Above
  readonly line: Partial<Line>
}

/** One process. */
type Node = Running<"session">

const start = Effect.fnUntraced(function*(place: SimPlace, plan: Plan) {
  const ledger = yield* LedgerNode.make(over(place, makeLine(plan.line)), { answerMillis: 10_000 })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger), {
    above: plan.above,
    capacity: yield* pick([1, 100])
  })
  return yield* engine(
    { families: { session: { pattern: "session:{id}" } } },
    () => Effect.die("it has no lookup"),
    { store: Layer.succeed(Store, store), alone: ["session"] }
  )
})

const startAll = Effect.fnUntraced(function*(plan: Plan) {
  const place = yield* SimPlace.make(1, { recordsMax: 64, recordsPerAnswer: 3 })
  return yield* Effect.forEach(Array.from({ length: plan.engines }), () => drive(start(place, plan)))
})

/** Runs some fibers of each process to their end. */
const run = <E>(nodes: ReadonlyArray<Node>, life: (node: Node) => Effect.Effect<void, E, any>) =>
  Effect.andThen(
    drive(
      Effect.all(nodes.flatMap((node) => Array.from({ length: fibers }, () => life(node))), {
        concurrency: "unbounded",
        discard: true
      })
    ),
    TestClock.adjust("1 minute")
  )

/** A write, with the moments at which it began and ended. */
interface Write {
  readonly id: Id
  readonly n: number
  readonly began: number
  ended: number
}

class Writers {
  private readonly writes: Array<Write> = []
  private moment = 0
  private readonly arrivals = new Arrivals()
  private readonly isWhole: boolean

  constructor({ line }: Plan) {
    this.isWhole = Object.keys(line).length === 0
  }

  private readonly read = Effect.fnUntraced(function*(
    this: Writers,
    { app, as }: Node,
    id: Id,
    isLast = this.isWhole
  ) {
    const began = ++this.moment
    const read: Option.Option<number> = yield* as(app.keys.session.getOption({ id }))
    const before = this.writes.filter((write) => write.id === id && write.ended < began)
    if (read._tag === "None") {
      return before.length === 0 ? undefined : yield* Effect.die(new Error(`${id} is absent, and was set`))
    }
    const found = this.writes.find(({ n }) => n === read.value)!
    const later = before.find((write) => write.began > found.ended)
    if (isLast && later !== undefined) {
      return yield* Effect.die(new Error(`${id} has ${found.n} after ${later.n} was set`))
    }
    return read.value
  })

  private readonly write = Effect.fnUntraced(function*(this: Writers, node: Node, all: ReadonlyArray<Id>) {
    const { app, as } = node
    const own = all.map((id): Write => ({ id, n: this.writes.length, began: ++this.moment, ended: Infinity }))
    const n = this.writes.length
    this.writes.push(...own.map((write, at) => ({ ...write, n: n + at })))
    const mine = this.writes.slice(n, n + own.length)
    const { session } = app.keys
    yield* as(
      mine.length === 1
        ? doorOf(yield* chance(0.5), node, "session", { id: mine[0]!.id }, this.arrivals).set(n)
        : session.setMany(mine.map(({ id, n }) => [{ id }, n]))
    )
    this.moment++
    for (const write of mine) write.ended = this.moment
  })

  readonly live = (node: Node) =>
    Effect.forEach(Array.from({ length: steps }), () =>
      Effect.gen({ self: this }, function*() {
        yield* rest(20)
        if (yield* chance(0.5)) yield* this.read(node, yield* pick(ids))
        else yield* this.write(node, (yield* chance(0.3)) ? ids : [yield* pick(ids)])
      }), { discard: true })

  readonly end = Effect.fnUntraced(function*(this: Writers, nodes: ReadonlyArray<Node>) {
    for (const id of ids) {
      const values = yield* Effect.forEach(nodes, (node) => drive(this.read(node, id, true)))
      if (new Set(values).size > 1) yield* Effect.die(new Error(`the engines have ${values.join(", ")} of ${id}`))
    }
    yield* this.arrivals.check
  })
}

/** A conditional write does nothing if its key changes all the time, so that its condition cannot be judged. */
const unlessUnknown = <A>(write: Effect.Effect<A, CacheError>): Effect.Effect<A | undefined, CacheError> =>
  Effect.catch(
    write,
    (error) => /or changes all the time/.test(error.message) ? Effect.undefined : Effect.fail(error)
  )

/** Claims, counters, and values that are taken: what the conditions of writes promise to several processes. */
class Claims {
  private readonly claimed = new Map<string, Array<number>>()
  private readonly taken: Array<number> = []
  private readonly given: Array<number> = []
  private added = 0
  private count = 0

  private readonly step = Effect.fnUntraced(function*(this: Claims, { app, as }: Node) {
    const { session } = app.keys
    const n = ++this.count
    const kind = yield* pick(["claim", "add", "take", "give"] as const)
    if (kind === "claim") {
      const id = `claim${yield* pick([1, 2, 3, 4])}`
      if (yield* unlessUnknown(as(session.setIfAbsent({ id }, n)))) {
        this.claimed.set(id, [...this.claimed.get(id) ?? [], n])
      }
    } else if (kind === "add") {
      const exit = yield* Effect.exit(as(session.update({ id: "counter" }, (was: number) => was + 1)))
      if (exit._tag === "Success") this.added++
    } else if (kind === "give") {
      if (yield* unlessUnknown(as(session.setIfAbsent({ id: "taken" }, n)))) this.given.push(n)
    } else {
      const taken: Option.Option<number> | undefined = yield* unlessUnknown(as(session.getAndDelete({ id: "taken" })))
      if (taken?._tag === "Some") this.taken.push(taken.value)
    }
  })

  readonly live = (node: Node) =>
    Effect.forEach(
      Array.from({ length: steps }),
      () => Effect.andThen(rest(20), this.step(node)),
      { discard: true }
    )

  readonly end = Effect.fnUntraced(function*(this: Claims, nodes: ReadonlyArray<Node>) {
    const see = (what: string, is: unknown, wanted: unknown) =>
      is === wanted ? Effect.void : Effect.die(new Error(`${what}: ${String(is)} in place of ${String(wanted)}`))
    for (const { app, as } of nodes) {
      const value = (id: string) =>
        Effect.map(
          drive(as(app.keys.session.getOption({ id }))),
          (found: Option.Option<number>) => found._tag === "Some" ? found.value : undefined
        )
      for (const [id, claims] of this.claimed) {
        yield* see(`claims of ${id}`, claims.length, 1)
        yield* see(id, yield* value(id), claims[0])
      }
      yield* see("the counter", yield* value("counter"), this.added)
      const left = yield* value("taken")
      const all = [...this.taken, ...(left === undefined ? [] : [left])]
      yield* see("what was taken", all.toSorted((a, b) => a - b).join(), this.given.toSorted((a, b) => a - b).join())
    }
  })
}

const claims = Effect.fnUntraced(function*(plan: Plan) {
  const nodes = yield* startAll(plan)
  const world = new Claims()
  yield* drive(nodes[0]!.as(nodes[0]!.app.keys.session.set({ id: "counter" }, 0)))
  yield* run(nodes, world.live)
  yield* world.end(nodes)
})

const story = (name: string, plan: Plan, program: (plan: Plan) => Effect.Effect<unknown, unknown, any>) =>
  simulate(name, () => Effect.scoped(program(plan)), { oneOf: 2 })

const writers = Effect.fnUntraced(function*(plan: Plan) {
  const nodes = yield* startAll(plan)
  const world = new Writers(plan)
  yield* run(nodes, world.live)
  yield* world.end(nodes)
})

describe("engines that race over one ledger", () => {
  const whole: Plan = { engines: 3, above: "memory", line: {} }
  story("a key that was set has one of the values that were last set", whole, writers)
  story("a key that was set has one of the values that were last set, without memory", {
    ...whole,
    above: "nothing",
    line: { delayMillisMax: 5 }
  }, writers)
  story("a key that was set is there in the end, over slow lines and lines that repeat requests late", {
    ...whole,
    line: { delayMillisMax: 20, late: 0.1 }
  }, writers)
  story("a key is claimed once, no update is lost, and each value is taken once", {
    ...whole,
    line: { delayMillisMax: 10 }
  }, claims)
  story("a key is claimed once, no update is lost, and each value is taken once, where requests are repeated late", {
    ...whole,
    above: "nothing",
    line: { delayMillisMax: 10, late: 0.1 }
  }, claims)
})
