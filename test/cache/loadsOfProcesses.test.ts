/** Processes that share a tier load a key once: one runs the lookup, and the others wait for its value. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { MinimumLogLevel } from "effect/References"
import * as Scope from "effect/Scope"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import type { LedgerPlace } from "../../src/store/internal/ledger/ledgerPlace.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { GraceMillis } from "../../src/store/shared/answerTime.ts"
import { Store } from "../../src/store/Store.ts"
import { drive, fork } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { type Above, tiersOver } from "../support/tiers.ts"

const lookupMillis = 100
const leaseMillis = 10_000

interface Arrangement {
  readonly policy?: FamilyPolicy
  readonly above?: Above
  readonly loadLeaseMillis?: number
}

/** Processes that share a place and a source. */
class World {
  readonly place: SimPlace
  private readonly arrangement: Arrangement
  /** Opens the way of commits to the place. */
  readonly commits = Latch.makeUnsafe(true)
  /** Opens the way back, for the answers to those who ask for their turn. */
  readonly turns = Latch.makeUnsafe(true)
  row = 0
  loads = 0
  answer: (row: number) => Effect.Effect<Lookup.Result<number>, string> = (row) =>
    Effect.succeed(Lookup.loaded(row, {}))

  constructor(place: SimPlace, arrangement: Arrangement) {
    this.place = place
    this.arrangement = arrangement
  }

  readonly process = Effect.gen({ self: this }, function*() {
    const { above = "memory", loadLeaseMillis = leaseMillis, policy = {} } = this.arrangement
    const line = makeLine()
    const open = over(this.place, line)
    const gated: LedgerPlace = {
      ...open,
      ask: (log, asker, question) => {
        const asked = open.ask(log, asker, question)
        if (question._tag === "Commit") return Effect.andThen(this.commits.await, asked)
        return question._tag === "Begin" ? Effect.tap(asked, () => this.turns.await) : asked
      }
    }
    const ledger = yield* LedgerNode.make(gated, { answerMillis: 1_000 })
    const store = yield* tiersOver(yield* LedgerStore.make(ledger, { loadLeaseMillis }), { above, capacity: 100 })
    const { app, as } = yield* engine(
      { families: { note: { pattern: "note:{id}", ...policy } } },
      () =>
        Effect.suspend(() => {
          this.loads++
          const { row } = this
          return Effect.andThen(Effect.sleep(lookupMillis), Effect.suspend(() => this.answer(row)))
        }),
      { store: Layer.succeed(Store, store) }
    )
    const { note } = app.keys
    return {
      line,
      get: as(note.get({ id: "1" })),
      getOr: as(
        note.getOr({ id: "1" }, Effect.andThen(Effect.sleep(lookupMillis), Effect.sync(() => ++this.loads)))
      ),
      set: (row: number) => as(note.set({ id: "1" }, row)),
      refresh: as(note.refresh({ id: "1" })),
      invalidate: as(note.invalidate({ id: "1" })),
      invalidateAll: as(note.invalidateAll())
    }
  })

  readonly processes = (count: number) => Effect.all(Array.from({ length: count }, () => this.process))
}

const timed = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, millis: number], E, R> =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    const answer = yield* work
    return [answer, (yield* Clock.currentTimeMillis) - before] as const
  })

const together = <A, E, R>(works: ReadonlyArray<Effect.Effect<A, E, R>>) =>
  Effect.all(works, { concurrency: "unbounded" })

const world = (
  name: string,
  body: (world: World) => Effect.Effect<void, unknown, Scope.Scope>,
  arrangement: Arrangement = {}
) =>
  it.effect(name, () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const scope = yield* Scope.make()
      const exit = yield* Effect.exit(drive(Scope.provide(body(new World(place, arrangement)), scope)))
      yield* drive(Scope.close(scope, exit), 100)
      return yield* exit
    }).pipe(Effect.provideService(MinimumLogLevel, "None"), Effect.provideService(GraceMillis, 0)))

describe("processes that miss one key", () => {
  for (const above of ["memory", "nothing"] as const) {
    world(`run one lookup, and all get its value, with ${above} above`, (world) =>
      Effect.gen(function*() {
        const all = yield* world.processes(8)
        world.row = 7
        const [rows, millis] = yield* timed(together(all.map(({ get }) => get)))
        assert.deepStrictEqual(rows, all.map(() => 7))
        assert.strictEqual(world.loads, 1)
        assert.isBelow(millis, 2 * lookupMillis)
      }), { above })
  }

  world("run one load that callers bring", (world) =>
    Effect.gen(function*() {
      const all = yield* world.processes(4)
      assert.deepStrictEqual(yield* together(all.map(({ getOr }) => getOr)), [1, 1, 1, 1])
    }))

  world("run one lookup each without leases", (world) =>
    Effect.gen(function*() {
      const all = yield* world.processes(4)
      yield* together(all.map(({ get }) => get))
      assert.strictEqual(world.loads, 4)
    }), { loadLeaseMillis: 0 })

  world("run one lookup for a value that a mark hides", (world) =>
    Effect.gen(function*() {
      const all = yield* world.processes(4)
      yield* together(all.map(({ get }) => get))
      world.row = 1
      yield* all[0]!.invalidateAll
      yield* Effect.sleep(10)
      assert.deepStrictEqual(yield* together(all.map(({ get }) => get)), [1, 1, 1, 1])
      assert.strictEqual(world.loads, 2)
    }))

  world("run one lookup for a value that is stale", (world) =>
    Effect.gen(function*() {
      const all = yield* world.processes(4)
      yield* together(all.map(({ get }) => get))
      world.row = 1
      yield* Effect.sleep(1_500)
      assert.deepStrictEqual(yield* together(all.map(({ get }) => get)), [0, 0, 0, 0])
      yield* Effect.sleep(300)
      assert.deepStrictEqual(yield* together(all.map(({ get }) => get)), [1, 1, 1, 1])
      assert.strictEqual(world.loads, 2)
    }), { policy: { timeToLive: "1 second", staleWhileRevalidate: "1 minute" } })

  const valueless: Readonly<Record<string, Effect.Effect<Lookup.Result<number>, string>>> = {
    "a lookup that fails": Effect.fail("down"),
    "an absent key": Effect.succeed(Lookup.absent),
    "a value that is not stored": Effect.succeed(Lookup.loaded(1, { timeToLive: "doNotStore" })),
    "a value without a lifetime": Effect.succeed(Lookup.loaded(1, { timeToLive: 0 }))
  }

  for (const [name, answer] of Object.entries(valueless)) {
    world(`do not wait for one load after another that keeps nothing: ${name}`, (world) =>
      Effect.gen(function*() {
        const all = yield* world.processes(16)
        world.answer = () => answer
        const [, millis] = yield* timed(together(all.map(({ get }) => Effect.exit(get))))
        assert.strictEqual(world.loads, 16)
        // An answer without a value may be a change of the key, after which the count of loads begins again.
        assert.isBelow(millis, 6 * lookupMillis)
      }))
  }

  world("are served by one of them after the first one failed", (world) =>
    Effect.gen(function*() {
      const all = yield* world.processes(8)
      world.answer = (row) => world.loads === 1 ? Effect.fail("down") : Effect.succeed(Lookup.loaded(row, {}))
      const exits = yield* together(all.map(({ get }) => Effect.exit(get)))
      assert.strictEqual(exits.filter(Exit.isFailure).length, 1)
      assert.strictEqual(world.loads, 2)
    }))
})

describe("a process that waits for the load of another", () => {
  world("loads as soon as the other one gives up", (world) =>
    Effect.gen(function*() {
      const [a, b] = yield* world.processes(2)
      const first = yield* fork(a!.get)
      yield* Effect.sleep(20)
      const second = yield* fork(timed(b!.get))
      yield* Effect.sleep(20)
      yield* Fiber.interrupt(first)
      const [, millis] = yield* Fiber.join(second)
      assert.isBelow(millis, 3 * lookupMillis)
      assert.strictEqual(world.loads, 2)
    }))

  world(
    "loads as soon as the other one leaves, which has its turn and does not know it yet",
    (world) =>
      Effect.gen(function*() {
        const [a, b] = yield* world.processes(2)
        yield* world.turns.close
        const first = yield* fork(a!.get)
        yield* Effect.sleep(20)
        yield* Fiber.interrupt(first)
        yield* world.turns.open
        const [, millis] = yield* timed(b!.get)
        assert.isBelow(millis, 3 * lookupMillis)
      })
  )

  world("loads as soon as the other one closes", (world) =>
    Effect.gen(function*() {
      const b = yield* world.process
      const scope = yield* Scope.make()
      const a = yield* Scope.provide(world.process, scope)
      const first = yield* fork(Effect.exit(a.get))
      yield* Effect.sleep(20)
      const second = yield* fork(timed(b.get))
      yield* Effect.sleep(20)
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(first)
      const [, millis] = yield* Fiber.join(second)
      assert.isBelow(millis, 3_000)
    }))

  world("loads when the lease of one that was cut off has ended", (world) =>
    Effect.gen(function*() {
      const [a, b, c] = yield* world.processes(3)
      world.answer = (row) => Effect.as(Effect.sleep(60_000), Lookup.loaded(row, {}))
      yield* fork(a!.get)
      yield* Effect.sleep(20)
      a!.line.isCut = true
      world.answer = (row) => Effect.succeed(Lookup.loaded(row, {}))
      world.row = 3
      const [rows, millis] = yield* timed(together([b!.get, c!.get]))
      assert.deepStrictEqual(rows, [3, 3])
      assert.strictEqual(world.loads, 2)
      assert.isAtLeast(millis, leaseMillis - 100)
      assert.isBelow(millis, leaseMillis + 1_000)
    }))

  world("gets what is written meanwhile", (world) =>
    Effect.gen(function*() {
      const [a, b, c] = yield* world.processes(3)
      world.answer = (row) => Effect.as(Effect.sleep(5_000), Lookup.loaded(row, {}))
      yield* fork(a!.get)
      yield* Effect.sleep(20)
      const waiting = yield* fork(timed(b!.get))
      yield* Effect.sleep(20)
      yield* c!.set(9)
      const [row, millis] = yield* Fiber.join(waiting)
      assert.strictEqual(row, 9)
      assert.isBelow(millis, 500)
      assert.strictEqual(world.loads, 1)
    }))

  world("gets no value from before a change", (world) =>
    Effect.gen(function*() {
      const [a, b, c] = yield* world.processes(3)
      yield* fork(Effect.exit(a!.get))
      yield* Effect.sleep(20)
      const waiting = yield* fork(b!.get)
      yield* Effect.sleep(20)
      world.row = 1
      yield* c!.invalidate
      yield* Fiber.join(waiting)
      for (const { get } of [a!, b!, c!]) assert.strictEqual(yield* get, 1)
    }))

  world("is not held up by its own lease", (world) =>
    Effect.gen(function*() {
      const [a, b] = yield* world.processes(2)
      world.answer = (row) => Effect.as(Effect.sleep(5_000), Lookup.loaded(row, {}))
      const first = yield* fork(Effect.exit(a!.get))
      yield* Effect.sleep(2 * lookupMillis)
      world.answer = (row) => Effect.succeed(Lookup.loaded(row, {}))
      world.row = 1
      // A mark leaves the lease as it is.
      yield* b!.invalidateAll
      yield* Effect.sleep(20)
      const [row, millis] = yield* timed(a!.get)
      assert.strictEqual(row, 1)
      assert.isBelow(millis, 3 * lookupMillis)
      yield* Fiber.join(first)
    }))

  world("does not wait for a refresh that it is asked for", (world) =>
    Effect.gen(function*() {
      const [a, b] = yield* world.processes(2)
      yield* fork(a!.get)
      yield* Effect.sleep(20)
      world.row = 2
      const [, millis] = yield* timed(b!.refresh)
      assert.isBelow(millis, 2 * lookupMillis)
      assert.strictEqual(yield* b!.get, 2)
      assert.strictEqual(world.loads, 2)
    }))

  world("does not get what is there while its own change is on its way", (world) =>
    Effect.gen(function*() {
      const [a] = yield* world.processes(1)
      yield* a!.get
      yield* Effect.sleep(20)
      world.row = 4
      yield* world.commits.close
      const change = yield* fork(a!.invalidate)
      assert.strictEqual(yield* a!.get, 4)
      yield* world.commits.open
      yield* Fiber.join(change)
    }))

  world("loads when the place does not answer", (world) =>
    Effect.gen(function*() {
      const [a] = yield* world.processes(1)
      a!.line.isCut = true
      const [row, millis] = yield* timed(a!.get)
      assert.strictEqual(row, 0)
      assert.isBelow(millis, 3_000)
    }))
})
