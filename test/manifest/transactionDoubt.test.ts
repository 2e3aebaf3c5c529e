/**
 * Each write of a key that a transaction has sealed, or whose commit is in doubt, beside each read that follows it: a
 * write that answers is seen, and any other write is refused with an error.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { doubtMillis } from "../../src/cache/internal/entries/holds.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { cacheReasonOf } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"

class App extends Manifest.Service<App>()("Doubt", {
  families: {
    row: { pattern: "row:{id}", value: Manifest.type<number>() },
    lock: { pattern: "lock:{id}", value: Manifest.type<number>() },
    made: { pattern: "made:{id}", value: Manifest.type<number>(), derives: ["row:{id}"] },
    page: { pattern: "page:{id}:{n}", value: Manifest.type<number>(), derives: ["lock:{id}"], fanout: true }
  }
}) {}
const { lock, made, page, row } = App.keys
const one = { id: "1" }
const first = { id: "1", n: "1" }

/** The rows of the source. `row` alone has a lookup. */
let source = 0
let paging: Effect.Effect<number> = Effect.succeed(0)

const live = App.modules({
  row: App.owner("row", { lookup: () => Effect.sync(() => source) }),
  lock: App.owner("lock"),
  made: App.owner("made"),
  page: App.owner("page", { lookup: () => paging })
})

const memory = MemoryStore.layer({ capacity: 100 })
const stores = {
  "memory alone": Effect.succeed(memory),
  "memory over LMDB": Effect.map(
    temporaryFolder,
    (path) => TieredStore.layer([memory, LmdbStore.layer({ path, durability: "process" })])
  )
}

const over = <A>(
  store: keyof typeof stores,
  program: Effect.Effect<A, unknown, any>
): Effect.Effect<A, unknown> =>
  Effect.scoped(Effect.gen(function*() {
    source = 0
    const layer = Layer.fresh(Layer.provide(live, yield* stores[store]))
    return yield* Effect.provide(Effect.scoped(program), layer)
  })) as Effect.Effect<A, unknown>

type Within = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.Effect<A, E | string, R>

const losing: Within = (body) => Effect.andThen(body, Effect.fail("its answer was lost"))

/** From now on, a transaction that has made a change does not know whether it is committed. */
const lose = (change: Effect.Effect<unknown, any, any>) =>
  Effect.map(Effect.flip(App.transaction(losing)(change)), (error) => assert.strictEqual(error, "its answer was lost"))

/** A transaction that has made a change, and waits for the answer to its commit until it is let go. */
const seal = (change: Effect.Effect<unknown, any, any>) =>
  Effect.gen(function*() {
    const [sent, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
    const slowly: Within = (body) =>
      Effect.tap(body, () => Effect.andThen(Deferred.succeed(sent, undefined), Deferred.await(go)))
    const fiber = yield* Effect.forkScoped(App.transaction(slowly)(change))
    yield* Deferred.await(sent)
    return Effect.andThen(Deferred.succeed(go, undefined), Fiber.join(fiber))
  })

const situations = {
  "whose commit is in doubt": lose,
  "that a transaction has sealed": seal
} as const
type Situation = keyof typeof situations

/** What holds the key, and which family of it is written. */
const holders = {
  "of a family with a lookup": { of: row, change: row.set(one, 1) },
  "of a family without a lookup": { of: lock, change: lock.set(one, 1) },
  "that a family without a lookup derives": { of: made, change: row.set(one, 1) },
  "that a family without a lookup derives, and changed by its name": {
    of: made,
    change: Effect.andThen(row.set(one, 1), made.set(one, 1))
  },
  "of a family without a lookup, held with all others": { of: lock, change: lock.invalidateAll() },
  "of a family without a lookup, held by its name and a tag": {
    of: lock,
    change: Effect.andThen(lock.set(one, 1), lock.invalidateTag("t"))
  },
  "of a family without a lookup, held by a tag": { of: lock, change: lock.invalidateTag("t") }
} as const
type Holder = keyof typeof holders

// The rows are written before the cache learns of it.
const written = (of: any) => Effect.sync(() => of === row ? void (source = 7) : undefined)
const options = { tags: ["t"] }
const absent = { ...options, ifVersion: null }

type Run = (of: any) => Effect.Effect<unknown, unknown, any>

/** Writes of 7. */
const plain: Record<string, Run> = {
  set: (of) => of.set(one, 7, options),
  setMany: (of) => of.setMany([[one, 7]], options),
  batch: (of) => App.batch([of.setting(one, 7, options)]),
  "set under a lease": (of) =>
    Effect.scoped(Effect.flatMap(of.lease(one), (lease) => of.set(one, 7, { ...options, lease }))),
  setUnsafe: (of) =>
    Effect.flatMap(of.writer, (writer: any) =>
      Effect.flatMap(
        Effect.try({ try: () => writer.setUnsafe(one, 7, options), catch: (error) => error }),
        (below) => Effect.promise(() => Promise.resolve(writer.arrived(below)))
      ))
}

/** Writes of 7 to a key that has no value. */
const conditional: Record<string, Run> = {
  setIfAbsent: (of) => Effect.map(of.setIfAbsent(one, 7, options), (isFirst) => assert.strictEqual(isFirst, true)),
  "set, if absent": (of) => of.set(one, 7, absent),
  "setMany, if absent": (of) => of.setMany([[one, 7]], absent),
  "batch, if absent": (of) => App.batch([of.setting(one, 7, absent)]),
  "set in a transaction, if absent": (of) => App.transaction((body: any) => body)(of.set(one, 7, absent)) as any
}

/** Reads that load, and what they answer. */
const loading: Record<string, Run> = {
  get: (of) => of.get(one),
  getMany: (of) => of.getMany([one]),
  getManyResults: (of) => Effect.flatMap(of.getManyResults([one]), ([result]: any) => result),
  getAnswer: (of) => Effect.map(of.getAnswer(one), ({ value }: any) => value),
  select: (of) => of.select(one, (value: number) => value),
  getPromise: (of) =>
    Effect.flatMap(
      of.reader,
      (reader: any) => Effect.tryPromise({ try: () => reader.getPromise(one), catch: (error) => error })
    ),
  // Last, because what it brings has no tag, so it is kept where a tag holds the key.
  getOr: (of) => of.getOr(one, Effect.succeed(of === row ? source : -1))
}

/** Reads of what is held. */
const holding: Record<string, Run> = {
  getOption: (of) => of.getOption(one),
  getAnswerOption: (of) => Effect.map(of.getAnswerOption(one), Option.map(({ value }: any) => value)),
  has: (of) => of.has(one),
  explain: (of) => Effect.map(of.explain(one), ({ held, outcome }: any) => outcome === "hit" ? held.value : undefined),
  getUnsafe: (of) => Effect.map(of.reader, (reader: any) => reader.getUnsafe(one))
}

const valueOf = (answer: unknown): unknown =>
  Option.isOption(answer)
    ? Option.getOrUndefined(answer)
    : Array.isArray(answer)
    ? answer[0]
    : answer === false
    ? undefined
    : answer === true
    ? 7
    : answer

/** What every read finds: a value, or nothing. */
const checkReads = (of: any, held: number | undefined, loaded: number | undefined, what: string) =>
  Effect.gen(function*() {
    for (const [door, read] of Object.entries({ ...holding, ...loading })) {
      const exit = yield* Effect.exit(read(of))
      const found = Exit.isSuccess(exit) ? valueOf(exit.value) : undefined
      const brought = door === "getOr" && of !== row ? -1 : undefined
      const expected = (door in holding ? held : held ?? loaded) ?? brought
      assert.strictEqual(found, expected, `${door} after ${what}`)
    }
  })

const reasonOf = (effect: Effect.Effect<unknown, unknown, any>): Effect.Effect<any, unknown, any> =>
  Effect.map(Effect.flip(effect), cacheReasonOf)

/** Whether the cache keeps what is written. */
const keeps = (situation: Situation, holder: Holder): boolean =>
  situation === "whose commit is in doubt" && holder === "of a family without a lookup"

describe("a write beside a commit", () => {
  for (const store of Object.keys(stores) as ReadonlyArray<keyof typeof stores>) {
    for (const situation of Object.keys(situations) as ReadonlyArray<Situation>) {
      for (const holder of Object.keys(holders) as ReadonlyArray<Holder>) {
        const { change, of } = holders[holder]
        const inSituation = (program: Effect.Effect<unknown, unknown, any>) =>
          over(
            store,
            Effect.andThen(
              situations[situation](change) as Effect.Effect<unknown, unknown, any>,
              Effect.andThen(written(of), program)
            )
          )

        it.live(`a write of a key ${situation} (${holder}, ${store}) is seen by each read, or refused`, () =>
          Effect.gen(function*() {
            const isSourced = of === row
            const isKept = keeps(situation, holder)
            for (const [door, write] of Object.entries({ ...plain, ...conditional })) {
              yield* inSituation(Effect.gen(function*() {
                if (isKept || isSourced && door in plain) {
                  yield* write(of)
                  yield* checkReads(of, isKept ? 7 : undefined, 7, door)
                } else {
                  assert.strictEqual((yield* reasonOf(write(of))).code, "E0533", door)
                  yield* checkReads(of, undefined, isSourced ? 7 : undefined, door)
                }
              }))
            }
          }))

        it.live(`two writes of an absent key ${situation} (${holder}, ${store}) are not both made`, () =>
          Effect.gen(function*() {
            for (const write of Object.values(conditional)) {
              yield* inSituation(Effect.gen(function*() {
                const exits = yield* Effect.forEach([1, 2], () => Effect.exit(write(of)))
                assert.strictEqual(exits.filter(Exit.isSuccess).length, keeps(situation, holder) ? 1 : 0)
              }))
            }
          }))

        it.live(`a key ${situation} (${holder}, ${store}) is not held, so nothing of it is changed`, () =>
          inSituation(Effect.gen(function*() {
            assert.deepStrictEqual(yield* of.patch(one, (was: number) => was + 1), Option.none())
            assert.deepStrictEqual(yield* of.reschedule(one, "1 hour"), false)
            assert.deepStrictEqual(yield* of.getAndDelete(one), Option.none())
            let calls = 0
            const reason = yield* reasonOf(of.update(one, (was: number) => was + ++calls))
            assert.strictEqual(reason._tag, of === row ? "TransactionRefused" : "Absent")
            assert.strictEqual(calls, 0)
            const conflict = yield* reasonOf(of.set(one, 8, { ifVersion: 1 }))
            assert.strictEqual(conflict._tag, "VersionConflict")
            if (of === row) assert.strictEqual(yield* row.refresh(one), 7)
            yield* of.delete(one)
            yield* of.invalidate(one)
            yield* checkReads(of, undefined, of === row ? 7 : undefined, "the removals")
          })))
      }
    }

    it.effect(`a value that was written in the doubt (${store}) is a value as any other, and stays`, () =>
      over(
        store,
        Effect.gen(function*() {
          yield* lose(lock.set(one, 1))
          yield* lock.set(one, 2)
          assert.strictEqual(yield* lock.update(one, (was) => was + 1), 3)
          assert.deepStrictEqual(yield* lock.patch(one, (was) => was + 1), Option.some(4))
          assert.strictEqual(yield* lock.reschedule(one, "1 hour"), true)
          const { version } = yield* lock.getAnswer(one)
          yield* lock.set(one, 6, { ifVersion: version! })
          assert.deepStrictEqual(yield* lock.getAndDelete(one), Option.some(6))
          assert.strictEqual(yield* lock.setIfAbsent(one, 7), true)
          yield* TestClock.adjust(doubtMillis)
          yield* Effect.exit(lock.get({ id: "2" }))
          assert.strictEqual(yield* lock.setIfAbsent(one, 8), false)
          assert.strictEqual(yield* lock.get(one), 7)
        })
      ))

    it.effect(`a transaction that follows one in doubt (${store}) sets what the cache alone has`, () =>
      over(
        store,
        Effect.gen(function*() {
          yield* lose(lock.set(one, 1))
          yield* App.transaction((body: any) => body)(lock.set(one, 2)) as Effect.Effect<void, unknown>
          assert.strictEqual(yield* lock.get(one), 2)
          yield* TestClock.adjust(doubtMillis)
          yield* Effect.exit(lock.get({ id: "2" }))
          assert.strictEqual(yield* lock.get(one), 2)
        })
      ))
  }

  it.effect("a load that began in the doubt is not kept when it ends afterwards, although the key was written", () =>
    over(
      "memory alone",
      Effect.gen(function*() {
        yield* lose(lock.set(one, 1))
        yield* lock.set(one, 2, { timeToLive: "1 second" })
        yield* TestClock.adjust("2 seconds")
        const open = yield* Deferred.make<void>()
        paging = Effect.as(Deferred.await(open), 3)
        const reader = yield* Effect.forkScoped(lock.getOr(one, paging), { startImmediately: true })
        const other = yield* Effect.forkScoped(page.get(first), { startImmediately: true })
        yield* TestClock.adjust(doubtMillis)
        yield* Effect.exit(lock.getOr({ id: "2" }, Effect.succeed(0)))
        yield* Deferred.succeed(open, undefined)
        assert.deepStrictEqual([yield* Fiber.join(reader), yield* Fiber.join(other)], [3, 3])
        assert.deepStrictEqual([yield* lock.has(one), yield* page.has(first)], [false, false])
      })
    ))

  it.effect("what was written in the doubt and removed again does not come back from a load of that time", () =>
    over(
      "memory alone",
      Effect.gen(function*() {
        for (const remove of [lock.delete(one), lock.invalidateAll()]) {
          yield* lose(lock.set(one, 1))
          yield* lock.set(one, 2)
          yield* remove
          assert.strictEqual(yield* lock.getOr(one, Effect.succeed(3)), 3)
          assert.strictEqual(yield* lock.has(one), false)
          yield* TestClock.adjust(doubtMillis)
          assert.strictEqual(yield* lock.getOr(one, Effect.succeed(4)), 4)
          assert.strictEqual(yield* lock.has(one), true)
        }
      })
    ))

  it.effect("what another writer sets while a body runs is removed by the commit, although no lookup has it", () =>
    over(
      "memory alone",
      Effect.gen(function*() {
        const slowly: Within = (body) =>
          Effect.tap(body, () => Effect.map(lock.has(one), (isHeld) => assert.strictEqual(isHeld, false)) as any)
        const [set, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const body = Effect.andThen(
          lock.set(one, 1),
          Effect.andThen(Deferred.succeed(set, undefined), Deferred.await(go))
        )
        const fiber = yield* Effect.forkScoped(App.transaction(slowly)(body))
        yield* Deferred.await(set)
        yield* lock.set(one, 2)
        assert.strictEqual(yield* lock.get(one), 2)
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(fiber)
        assert.strictEqual(yield* lock.has(one), false)
      })
    ))

  for (const by of ["a write", "a transaction"]) {
    it.effect(`what ${by} sets when a doubt of the whole family is over is kept`, () =>
      over(
        "memory alone",
        Effect.gen(function*() {
          for (const  of of[lock, row]) {
            const write = of.set(one, 2)
            yield* lose(Effect.andThen(lock.invalidateAll(), row.invalidateAll()))
            yield* TestClock.adjust(doubtMillis)
            yield* (by === "a write" ? write : App.transaction((body: any) => body)(write)) as Effect.Effect<
              void,
              unknown
            >
            assert.strictEqual(yield* of.get(one), 2)
          }
        })
      ))
  }

  it.effect("a value that is written beside a sealed transaction is refused alone, and the transaction is kept", () =>
    over(
      "memory alone",
      Effect.gen(function*() {
        const commit = yield* seal(lock.set(one, 1))
        const reason = yield* reasonOf(lock.set(one, 2))
        assert.strictEqual(
          reason.message,
          "E0533: a write of `Doubt` is refused: a transaction that changes `lock:1` is about to commit; help: write again " +
            "when it has ended"
        )
        yield* lock.set({ id: "2" }, 2)
        assert.strictEqual(yield* lock.get({ id: "2" }), 2)
        yield* commit
        assert.strictEqual(yield* lock.get(one), 1)
        yield* lock.set(one, 2)
        assert.strictEqual(yield* lock.get(one), 2)
      })
    ))
})
