/**
 * The tiered store: reads copy entries up, writes reach every tier, and the tiers agree in the end, whatever the order
 * of answers and failures.
 */
import { assert, describe, it } from "@effect/vitest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { type Partition, Store, type StoreFamily } from "effect-stateless/store/Store"
import type { StoreError } from "effect-stateless/store/StoreError"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { type Change, changed } from "../support/changed.ts"
import { fork, hasty, outlast } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { entryOf, textFamily } from "../support/partition.ts"

const family = (onEvict?: StoreFamily<string>["onEvict"]) => textFamily("user", { onEvict })
const entry = (value: string, version = 1) => entryOf(value, { stamp: version, version })

const peek = (store: Store["Service"], key: string) =>
  Effect.scoped(
    Effect.flatMap(store.open(family()), (users) => Effect.map(users.get(key), (found) => found?.entry.value))
  )

describe("read", () => {
  it.effect("a read copies up an entry from below, and names the tier that had it", () =>
    Effect.gen(function*() {
      const [hot, warm, cold] = [mapStore({ name: "hot" }), mapStore({ name: "warm" }), mapStore({ name: "cold" })]
      const users = yield* TieredStore.make([hot, warm, cold]).open(family())
      const below = yield* cold.open(family())
      yield* below.setMany([["1", entry("one")], ["2", entry("two")], ["3", entry("three")]])
      assert.strictEqual((yield* users.get("1"))?.tier, "cold")
      assert.strictEqual((yield* users.get("1"))?.tier, "hot")
      assert.strictEqual(yield* peek(warm, "1"), "one")
      const many = yield* users.getMany(["2", "absent", "1", "2"])
      assert.deepStrictEqual(many.map((found) => found?.tier), ["cold", undefined, "hot", "cold"])
      assert.strictEqual(yield* peek(hot, "2"), "two")
      assert.isUndefined(yield* peek(hot, "3"))
    }))

  it.effect("a read asks each lower tier once, for the missing keys only", () =>
    Effect.gen(function*() {
      const asked: Array<ReadonlyArray<string>> = []
      const spy: Change = (partition) => ({
        get: (key) => Effect.andThen(Effect.sync(() => asked.push([key])), partition.get(key)),
        getMany: (keys) => Effect.andThen(Effect.sync(() => asked.push(keys)), partition.getMany(keys))
      })
      const [hot, warm, cold] = [mapStore(), mapStore(), mapStore()]
      const users = yield* TieredStore.make([hot, changed(warm, spy), changed(cold, spy)]).open(family())
      yield* (yield* hot.open(family())).set("1", entry("one"))
      yield* (yield* warm.open(family())).set("2", entry("two"))
      yield* users.getMany(["1", "2", "3", "4"])
      assert.deepStrictEqual(asked, [["2", "3", "4"], ["3", "4"]])
    }))

  it.effect("a read goes past a tier that fails, and calls onTierFailure", () =>
    Effect.gen(function*() {
      const failures: Array<TieredStore.TierFailure> = []
      const [warm, cold] = [mapStore({ name: "warm" }), mapStore({ name: "cold" })]
      const [faulty] = yield* FaultyStore.make(warm, { rules: [{ fault: { kind: "fail" }, operations: ["get"] }] })
      const tiers = TieredStore.make([mapStore({ name: "hot" }), faulty, cold], {
        onTierFailure: (failure) => failures.push(failure)
      })
      const users = yield* tiers.open(family())
      yield* (yield* cold.open(family())).set("1", entry("one"))
      assert.strictEqual((yield* users.get("1"))?.entry.value, "one")
      // The tier that fails may have it. Reads of many keys come before a load, which needs no such answer.
      assert.strictEqual((yield* Effect.flip(users.get("2"))).reason._tag, "TierFailed")
      assert.deepStrictEqual(yield* users.getMany(["2"]), [undefined])
      const told = failures.map(({ operation, tier }) => [tier, operation])
      assert.deepStrictEqual(told, Array.from({ length: 3 }, () => ["warm", "get"]))
    }))

  it.effect("a read fails when every tier fails", () =>
    Effect.gen(function*() {
      const plan: FaultyStore.FaultPlan = { rules: [{ fault: { kind: "fail" }, operations: ["get"] }] }
      const [[hot], [cold]] = [yield* FaultyStore.make(mapStore(), plan), yield* FaultyStore.make(mapStore(), plan)]
      const users = yield* TieredStore.make([hot, cold]).open(family())
      assert.isTrue(Exit.isFailure(yield* Effect.exit(users.get("1"))))
    }))
})

/** What may come between the read of a lower tier and the copy to the hot one, and what must be there afterwards. */
const writes: ReadonlyArray<
  readonly [name: string, write: (users: Partition<string>) => Effect.Effect<void, unknown>, after: string | undefined]
> = [
  ["remove", (users) => users.remove(["1"]), undefined],
  ["remove of many", (users) => users.remove(["0", "1", "2"]), undefined],
  ["set", (users) => users.set("1", entry("new", 2)), "new"],
  ["setMany", (users) => users.setMany([["0", entry("new")], ["1", entry("new", 2)]]), "new"],
  ["clear", (users) => users.clear, undefined]
]

describe("write between a read below and its copy up", () => {
  for (const [name, write, after] of writes) {
    for (const reader of ["get", "getMany"] as const) {
      it.effect(`${name} wins against ${reader}`, () =>
        Effect.gen(function*() {
          const [hot, cold] = [mapStore({ name: "hot" }), mapStore({ name: "cold" })]
          const [read, goOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
          const pause = <A, E>(get: Effect.Effect<A, E>) =>
            Effect.tap(get, () => Effect.andThen(Deferred.succeed(read, undefined), Deferred.await(goOn)))
          const slow = changed(cold, (partition) => ({
            get: (key) => pause(partition.get(key)),
            getMany: (keys) => pause(partition.getMany(keys))
          }))
          const users = yield* TieredStore.make([hot, slow]).open(family())
          yield* (yield* cold.open(family())).setMany([["1", entry("old")], ["9", entry("old")]])
          const got = yield* fork(
            reader === "get" ? Effect.asVoid(users.get("1")) : Effect.asVoid(users.getMany(["1", "9"]))
          )
          yield* Deferred.await(read)
          yield* write(users)
          yield* Deferred.succeed(goOn, undefined)
          yield* Fiber.join(got)
          assert.strictEqual(yield* peek(hot, "1"), after)
          assert.strictEqual((yield* users.get("1"))?.entry.value, after)
        }))
    }

    it.effect(`${name} wins while the copy is being written`, () =>
      Effect.gen(function*() {
        const [hot, cold] = [mapStore(), mapStore()]
        const [writing, goOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const pause = (set: Effect.Effect<void, any>) =>
          Effect.flatMap(Deferred.isDone(writing), (done) =>
            done
              ? set
              : Effect.andThen(Deferred.succeed(writing, undefined), Effect.andThen(Deferred.await(goOn), set)))
        const slow = changed(hot, (partition) => ({
          set: (key, entry) => pause(partition.set(key, entry)),
          setMany: (entries) => pause(partition.setMany(entries))
        }))
        const users = yield* TieredStore.make([slow, cold]).open(family())
        yield* (yield* cold.open(family())).set("1", entry("old"))
        const got = yield* fork(users.get("1"))
        yield* Deferred.await(writing)
        const written = yield* fork(write(users))
        yield* Effect.yieldNow
        yield* Deferred.succeed(goOn, undefined)
        yield* Fiber.joinAll([got, written])
        assert.strictEqual(yield* peek(hot, "1"), after)
        assert.strictEqual(yield* peek(cold, "1"), after)
      }))
  }

  it.effect("a write that waits for another wins against a read that begins in between", () =>
    Effect.gen(function*() {
      const [hot, cold] = [mapStore(), mapStore()]
      const goOn = yield* Deferred.make<void>()
      // The removal below takes its time: the read begins, finds the old value there, and must not copy it.
      const slow = changed(cold, (partition) => ({
        remove: (keys) => Effect.andThen(Deferred.await(goOn), partition.remove(keys))
      }))
      const users = yield* TieredStore.make([hot, slow]).open(family())
      yield* (yield* cold.open(family())).set("1", entry("old"))
      const removed = yield* fork(users.remove(["1"]))
      assert.strictEqual((yield* users.get("1"))?.entry.value, "old")
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(removed)
      assert.isUndefined(yield* peek(hot, "1"))
    }))
})

describe("two stores over one place", () => {
  it.effect("an entry that one store pushes down does not undo a write of the other", () =>
    Effect.gen(function*() {
      const cold = mapStore({ name: "cold" })
      const [writing, goOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const held = Effect.andThen(Deferred.succeed(writing, undefined), Deferred.await(goOn))
      const slow = Store.of({ ...cold, write: (round) => Effect.andThen(held, cold.write(round)) })
      const one = yield* TieredStore.make([mapStore({ capacity: 1 }), slow], { set: "onEviction" }).open(family())
      const two = yield* TieredStore.make([mapStore(), cold], { set: "onEviction" }).open(family())
      yield* one.set("1", entry("old"))
      yield* one.set("2", entry("other"))
      yield* Deferred.await(writing)
      const removed = yield* fork(two.remove(["1"]))
      yield* Effect.yieldNow
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(removed)
      assert.isUndefined(yield* peek(cold, "1"))
    }))
})

describe("tiers that answer in any order", () => {
  /** Lets other fibers run, some times, before and after each operation. */
  const jittery = (store: Store["Service"]): Store["Service"] => {
    const jitter = Effect.flatMap(Random.nextIntBetween(0, 3), (times) => Effect.repeat(Effect.yieldNow, { times }))
    const around = <A, E>(effect: Effect.Effect<A, E>) => Effect.andThen(jitter, Effect.tap(effect, () => jitter))
    return changed(store, (partition) => ({
      get: (key) => around(partition.get(key)),
      getMany: (keys) => around(partition.getMany(keys)),
      set: (key, entry) => around(partition.set(key, entry)),
      setMany: (entries) => around(partition.setMany(entries)),
      remove: (keys) => around(partition.remove(keys)),
      clear: around(partition.clear)
    }))
  }

  const story = (mode: "through" | "onEviction", seed: number) =>
    Effect.gen(function*() {
      const [hot, cold] = [mapStore({ name: "hot", capacity: 2 }), mapStore({ name: "cold" })]
      const tiers = TieredStore.make([jittery(hot), jittery(cold)], { set: mode })
      const users = yield* tiers.open(family())
      const keys = ["1", "2", "3", "4"]
      // One writer for each key: what it wrote last is what every later read must give, or nothing.
      const last = new Map<string, number>()
      const write = Effect.fnUntraced(function*(key: string) {
        for (let version = 1; version <= 8; version++) {
          if (yield* Random.nextBoolean) {
            yield* users.set(key, entry(`${version}`, version))
            last.set(key, version)
          } else {
            yield* users.remove([key])
            last.set(key, -version)
          }
          const found = (yield* users.get(key))?.entry.version
          const wrote = last.get(key)!
          assert.isTrue(found === undefined || found === wrote, `${key}: found ${found} after writing ${wrote}`)
        }
      })
      const read = Effect.fnUntraced(function*(key: string) {
        for (let round = 0; round < 12; round++) {
          const before = last.get(key) ?? 0
          const found = (yield* users.getMany([key, keys[round % 4]!]))[0]?.entry.version ?? 0
          assert.isTrue(found === 0 || found >= Math.abs(before), `${key}: found ${found} after ${before} was written`)
        }
      })
      yield* Effect.forEach([...keys.map(write), ...keys.map(read)], (work) => work, { concurrency: "unbounded" })
      for (const key of keys) {
        const [above, below] = [yield* peek(hot, key), yield* peek(cold, key)]
        const wrote = last.get(key)!
        const allowed = [undefined, wrote > 0 ? `${wrote}` : undefined]
        assert.include(allowed, above)
        assert.include(allowed, below)
      }
    }).pipe(Effect.scoped, Random.withSeed(seed))

  for (const mode of ["through", "onEviction"] as const) {
    it.effect(`reads are never older than the last write, and the tiers agree in the end (set: ${mode})`, () =>
      Effect.forEach(Array.from({ length: 150 }, (_, n) => n), (seed) => story(mode, seed), { discard: true }))
  }

  it.effect("two sets of one key leave the later one in every tier", () =>
    Effect.forEach(Array.from({ length: 50 }, (_, n) => n), (seed) =>
      Effect.gen(function*() {
        const [hot, cold] = [mapStore(), mapStore()]
        const users = yield* TieredStore.make([jittery(hot), jittery(cold)]).open(family())
        const first = yield* fork(users.set("1", entry("first")))
        const second = yield* fork(users.set("1", entry("second")))
        yield* Fiber.joinAll([first, second])
        assert.deepStrictEqual([yield* peek(hot, "1"), yield* peek(cold, "1")], ["second", "second"])
      }).pipe(Effect.scoped, Random.withSeed(seed)), { discard: true }))

  it.effect("a write goes from the lowest tier to the hottest", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const spied = (name: string) => {
        const note = <A, E>(operation: string, effect: Effect.Effect<A, E>) =>
          Effect.andThen(Effect.sync(() => order.push(`${operation} ${name}`)), effect)
        const store = changed(mapStore(), (partition) => ({
          set: (key, entry) => note("set", partition.set(key, entry)),
          remove: (keys) => note("remove", partition.remove(keys)),
          clear: note("clear", partition.clear)
        }))
        return { ...store, recordMarks: () => note("recordMarks", Effect.void) }
      }
      const tiers = TieredStore.make([spied("hot"), spied("warm"), spied("cold")])
      const users = yield* tiers.open(family())
      yield* users.set("1", entry("one"))
      yield* users.remove(["1"])
      yield* users.clear
      yield* tiers.recordMarks([{ scope: "s", stamp: 1 }])
      assert.deepStrictEqual(
        order,
        ["set", "remove", "clear", "recordMarks"].flatMap((operation) =>
          ["cold", "warm", "hot"].map((tier) => `${operation} ${tier}`)
        )
      )
    }))

  it.effect("a set whose caller gives up is in every tier or in none", () =>
    Effect.gen(function*() {
      const goOn = yield* Deferred.make<void>()
      const [hot, cold] = [mapStore(), mapStore()]
      const slow = changed(hot, (partition) => ({
        set: (key, entry) => Effect.andThen(Deferred.await(goOn), partition.set(key, entry))
      }))
      const users = yield* TieredStore.make([slow, cold]).open(family())
      yield* (yield* hot.open(family())).set("1", entry("old"))
      yield* (yield* cold.open(family())).set("1", entry("old"))
      const set = yield* fork(users.set("1", entry("new")))
      yield* Fiber.interrupt(set)
      yield* Deferred.succeed(goOn, undefined)
      yield* users.remove(["other"])
      yield* Effect.yieldNow
      assert.deepStrictEqual([yield* peek(hot, "1"), yield* peek(cold, "1")], ["new", "new"])
    }))
})

describe("tier that fails to write", () => {
  const setUp = (rules: ReadonlyArray<FaultyStore.Rule>) =>
    Effect.gen(function*() {
      const failures: Array<string> = []
      const [hot, cold] = [mapStore({ name: "hot" }), mapStore({ name: "cold" })]
      const [faulty, faults] = yield* FaultyStore.make(cold, { rules })
      const tiers = TieredStore.make([hot, faulty], {
        onTierFailure: ({ operation, tier }) => failures.push(`${tier} ${operation}`)
      })
      const users = yield* tiers.open(family())
      return { hot, cold, faults, users, failures, tiers, hottest: yield* hot.open(family()) }
    })

  it.effect("a failed removal fails after the others were tried, and the tier is not asked for the key again", () =>
    Effect.gen(function*() {
      const { cold, failures, faults, hot, users } = yield* setUp([{ fault: { kind: "fail" }, operations: ["remove"] }])
      yield* users.setMany([["1", entry("one")], ["2", entry("two")]])
      const error = yield* Effect.flip(users.remove(["1"]))
      assert.match(error.message, /cold tier failed in `remove`/)
      assert.isUndefined(yield* peek(hot, "1"))
      assert.strictEqual(yield* peek(cold, "1"), "one")
      assert.isUndefined(yield* users.get("1"))
      assert.deepStrictEqual(yield* users.getMany(["1"]), [undefined])
      assert.deepStrictEqual((yield* Stream.runCollect(users.entries)).map(([key]) => key), ["2"])
      assert.deepStrictEqual(failures, ["cold remove"])
      // Once it takes writes again it makes good for what it owes.
      yield* faults.stop
      yield* users.set("3", entry("three"))
      assert.isUndefined(yield* peek(cold, "1"))
      yield* users.set("1", entry("again"))
      assert.strictEqual((yield* users.get("1"))?.entry.value, "again")
    }))

  it.effect("a failed clear keeps every key from being asked for until a later clear succeeds", () =>
    Effect.gen(function*() {
      const { cold, faults, users } = yield* setUp([{ fault: { kind: "fail" }, operations: ["clear"] }])
      yield* users.setMany([["1", entry("one")], ["2", entry("two")]])
      yield* Effect.flip(users.clear)
      assert.strictEqual(yield* peek(cold, "2"), "two")
      assert.deepStrictEqual(yield* users.getMany(["1", "2"]), [undefined, undefined])
      yield* faults.stop
      yield* users.set("3", entry("three"))
      assert.isUndefined(yield* peek(cold, "2"))
    }))

  it.effect("a failed set does not return the value before, once the other tiers have lost the new one", () =>
    Effect.gen(function*() {
      for (const operations of [["set"], ["set", "remove"]] as const) {
        const { cold, failures, hottest, users } = yield* setUp([{ fault: { kind: "fail" }, operations, keys: ["1"] }])
        yield* (yield* cold.open(family())).set("1", entry("old"))
        const set = yield* Effect.exit(users.set("1", entry("new")))
        assert.strictEqual(Exit.isFailure(set), operations.length === 2, "told when the value before may come back")
        assert.strictEqual((yield* users.get("1"))?.entry.value, "new")
        assert.deepStrictEqual(failures, operations.map((operation) => `cold ${operation}`))
        yield* hottest.remove(["1"])
        assert.isUndefined(yield* users.get("1"))
      }
    }))

  it.effect("a failed set fails when there is no other tier", () =>
    Effect.gen(function*() {
      const [faulty] = yield* FaultyStore.make(mapStore(), {
        rules: [{ fault: { kind: "fail" }, operations: ["set"] }]
      })
      const users = yield* TieredStore.make([faulty]).open(family())
      yield* Effect.flip(users.set("1", entry("one")))
    }))

  it.effect("a tier that owes more removals than are counted is not asked at all", () =>
    Effect.gen(function*() {
      const { cold, faults, users } = yield* setUp([{ fault: { kind: "fail" }, operations: ["remove"] }])
      const keys = Array.from({ length: 1_100 }, (_, n) => `${n}`)
      yield* users.setMany([...keys.map((key) => [key, entry(key)] as const), ["other", entry("other")]])
      yield* Effect.flip(users.remove(keys))
      yield* (yield* cold.open(family())).set("below", entry("below"))
      assert.strictEqual((yield* Effect.flip(users.get("below"))).reason._tag, "TierFailed")
      yield* faults.stop
      yield* users.set("1", entry("again"))
      assert.isUndefined(yield* peek(cold, "7"))
      yield* (yield* cold.open(family())).set("below", entry("below"))
      assert.strictEqual((yield* users.get("below"))?.entry.value, "below")
    }))
})

describe("marks", () => {
  it.effect("every tier keeps marks, and they are known as long as one tier knows them", () =>
    Effect.gen(function*() {
      const [hot, cold] = [mapStore(), mapStore()]
      const tiers = TieredStore.make([hot, cold])
      yield* tiers.recordMarks([{ scope: "s", stamp: 5 }])
      yield* cold.recordMarks([{ scope: "s", stamp: 7 }, { scope: "t", stamp: 1 }])
      const log = yield* tiers.loadMarks
      assert.sameDeepMembers(Array.from(log.marks), [{ scope: "s", stamp: 7 }, { scope: "t", stamp: 1 }])
      assert.strictEqual(log.stampMax, 7)
      assert.deepStrictEqual((yield* hot.loadMarks).marks, [{ scope: "s", stamp: 5 }])
    }))

  it.effect("a mark that a tier fails to record fails the call, after every tier was tried", () =>
    Effect.gen(function*() {
      for (const at of [0, 1]) {
        const stores = [mapStore(), mapStore()] as const
        const [faulty] = yield* FaultyStore.make(stores[at]!, {
          rules: [{ fault: { kind: "fail" }, operations: ["recordMarks"] }]
        })
        const tiers = TieredStore.make(at === 0 ? [faulty, stores[1]] : [stores[0], faulty])
        yield* Effect.flip(tiers.recordMarks([{ scope: "s", stamp: 5 }]))
        assert.deepStrictEqual((yield* stores[1 - at]!.loadMarks).marks, [{ scope: "s", stamp: 5 }])
      }
    }))
})

describe("set: onEviction", () => {
  for (const isRefused of [false, true]) {
    it.effect(
      isRefused
        ? "memory takes nothing down while the lowest tier does not learn what is owed"
        : "an entry takes what is owed down, into each tier that lies lower",
      () =>
        Effect.gen(function*() {
          const [warm, cold] = [mapStore({ name: "warm" }), mapStore({ name: "cold" })]
          const rules = isRefused ? [{ fault: { kind: "fail" }, operations: ["recordMarks"] } as const] : []
          const [lowest] = yield* FaultyStore.make(cold, { rules })
          const lost: Array<string> = []
          const owed = [{ scope: "row", stamp: 7 }]
          const tiers = TieredStore.make([mapStore({ capacity: 1 }), warm, lowest], { set: "onEviction" })
          const users = yield* tiers.open({ ...family((key) => lost.push(key)), owed: () => owed })
          const below = yield* warm.open(family())
          yield* below.set("1", entry("old"))
          yield* users.set("1", entry("one", 2))
          yield* users.set("2", entry("two", 3))
          yield* Effect.repeat(Effect.yieldNow, { times: 50 })
          assert.strictEqual(yield* peek(warm, "1"), isRefused ? undefined : "one")
          assert.deepStrictEqual(lost, isRefused ? ["1"] : [])
          assert.deepStrictEqual((yield* warm.loadMarks).marks, isRefused ? [] : owed)
          assert.deepStrictEqual((yield* cold.loadMarks).marks, isRefused ? [] : owed)
        })
    )
  }

  it.effect("a set writes to the hottest tier only, and its evictions go below", () =>
    Effect.gen(function*() {
      const heard: Array<string> = []
      const [hot, cold] = [mapStore({ name: "hot", capacity: 2 }), mapStore({ name: "cold", capacity: 2 })]
      const tiers = TieredStore.make([hot, cold], { set: "onEviction" })
      const users = yield* tiers.open(family((key, entry, cause) => heard.push(`${key} ${entry.value} ${cause}`)))
      yield* users.setMany([["1", entry("one")], ["2", entry("two")]])
      assert.isUndefined(yield* peek(cold, "1"))
      yield* users.set("3", entry("three"))
      yield* Effect.yieldNow
      assert.deepStrictEqual([yield* peek(hot, "1"), yield* peek(cold, "1")], [undefined, "one"])
      assert.strictEqual((yield* users.get("1"))?.tier, "cold")
      yield* users.setMany([["4", entry("four")], ["5", entry("five")]])
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      assert.isAtLeast(heard.length, 1)
      assert.match(heard[0]!, /^\d \w+ Evicted$/)
    }))

  it.effect("an evicted entry that was removed or replaced on its way does not come back below", () =>
    Effect.gen(function*() {
      const [hot, cold] = [mapStore({ capacity: 1 }), mapStore()]
      const users = yield* TieredStore.make([hot, cold], { set: "onEviction" }).open(family())
      yield* users.set("1", entry("one"))
      yield* users.set("2", entry("two"))
      yield* users.remove(["1"])
      yield* users.set("2", entry("new"))
      yield* users.set("3", entry("three"))
      yield* users.set("2", entry("newest"))
      for (let turn = 0; turn < 5; turn++) yield* Effect.yieldNow
      assert.isUndefined(yield* peek(cold, "1"))
      assert.isUndefined(yield* users.get("1"))
      assert.isUndefined(yield* peek(cold, "2"))
      assert.strictEqual((yield* users.get("2"))?.entry.value, "newest")
    }))

  it.effect("a set fails when a lower tier keeps an older value, and that value is not read", () =>
    Effect.gen(function*() {
      const [hot, cold] = [mapStore({ name: "hot" }), mapStore({ name: "cold" })]
      const [faulty] = yield* FaultyStore.make(cold, { rules: [{ fault: { kind: "fail" }, operations: ["remove"] }] })
      const users = yield* TieredStore.make([hot, faulty], { set: "onEviction" }).open(family())
      yield* (yield* cold.open(family())).set("1", entry("old"))
      const error = yield* Effect.flip(users.set("1", entry("new")))
      assert.match(error.message, /cold tier failed in `remove`/)
      yield* (yield* hot.open(family())).remove(["1"])
      assert.isUndefined(yield* users.get("1"))
    }))

  /** Two tiers, the lower one of which takes nothing until it is released. */
  const stalled = Effect.fnUntraced(function*(capacity: number, onEvict?: StoreFamily<string>["onEvict"]) {
    const rules = [{ fault: { kind: "stall" }, operations: ["write"] }] as const
    const [slow, faults] = yield* FaultyStore.make(mapStore({ name: "cold" }), { rules })
    const tiers = TieredStore.make([mapStore({ name: "hot", capacity }), slow], { set: "onEviction" })
    const users = yield* tiers.open(family(onEvict))
    // What is left is written when the family is closed.
    yield* Effect.addFinalizer(() => Effect.andThen(faults.stop, faults.release))
    return { users, faults }
  })

  it.effect("an entry on its way below is found by every read until it is removed", () =>
    Effect.gen(function*() {
      const { users, faults } = yield* stalled(1)
      for (const key of ["1", "2", "3"]) yield* users.set(key, entry(key))
      for (let turn = 0; turn < 5; turn++) yield* Effect.yieldNow
      const found = yield* users.get("1")
      assert.deepStrictEqual([found?.entry.value, found?.tier], ["1", "cold"])
      const values = () => Effect.map(users.getMany(["1", "2", "4"]), (all) => all.map((one) => one?.entry.value))
      assert.deepStrictEqual(yield* values(), ["1", "2", undefined])
      const streamed = yield* Stream.runCollect(users.entries)
      assert.deepStrictEqual(streamed.map(([key]) => key).toSorted(), ["1", "2", "3"])
      const removed = yield* fork(users.remove(["1", "2"]))
      yield* faults.release
      yield* Fiber.join(removed)
      assert.deepStrictEqual(yield* values(), [undefined, undefined, undefined])
    }))

  it.effect("an entry without room on its way is dropped, and onEvict is called", () =>
    Effect.gen(function*() {
      const lost: Array<string> = []
      const { users } = yield* stalled(1, (key) => lost.push(key))
      const all = Array.from({ length: 65_536 + 1 + 3 }, (_, n) => [`${n}`, entry("v")] as const)
      yield* fork(users.setMany(all))
      assert.deepStrictEqual(lost, ["65536", "65537", "65538"])
      assert.strictEqual((yield* users.get("65535"))?.entry.value, "v")
    }))

  it.effect("texts without room on their way are dropped", () =>
    Effect.gen(function*() {
      const lost: Array<string> = []
      const { users } = yield* stalled(1, (key) => lost.push(key))
      const half = "x".repeat(67_108_864 / 2)
      yield* fork(users.setMany(["1", "2", "3", "4"].map((key) => [key, entry(half)] as const)))
      assert.deepStrictEqual(lost, ["3"])
    }))

  it.effect("a writer waits while there is much on its way", () =>
    Effect.gen(function*() {
      const { users, faults } = yield* stalled(1)
      const first = yield* fork(
        users.setMany(Array.from({ length: 4_096 }, (_, n) => [`${n}`, entry("v")] as const))
      )
      assert.isDefined(first.pollUnsafe())
      const second = yield* fork(users.set("last", entry("v")))
      for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
      assert.isUndefined(second.pollUnsafe())
      yield* faults.stop
      yield* faults.release
      yield* Fiber.join(second)
    }))

  it.effect("no value waits for the codec of another, and one that takes too long is lost", () =>
    Effect.gen(function*() {
      const lost: Array<string> = []
      let isOpen = true
      const cold = mapStore({ name: "cold" })
      const hanging = changed(cold, (partition) => ({
        prepare: (key, content) => isOpen && content.value === "hangs" ? Effect.never : partition.prepare(key, content)
      }))
      const tiers = TieredStore.make([mapStore({ capacity: 1 }), hanging], { set: "onEviction" })
      const users = yield* tiers.open(family((key) => lost.push(key)))
      yield* Effect.addFinalizer(() => Effect.sync(() => isOpen = false))
      yield* users.setMany([["1", entry("hangs")], ["2", entry("two")], ["3", entry("three")]])
      for (let turn = 0; turn < 5; turn++) yield* Effect.yieldNow
      assert.strictEqual(yield* peek(cold, "2"), "two")
      assert.strictEqual((yield* users.getMany(["1"]))[0]?.entry.value, "hangs")
      yield* TestClock.adjust("29 seconds")
      assert.deepStrictEqual(lost, [])
      yield* outlast("2 seconds")
      assert.deepStrictEqual(lost, ["1"])
    }).pipe(hasty))

  it.effect("a sweep leaves valid entries that are on their way", () =>
    Effect.gen(function*() {
      const { users, faults } = yield* stalled(1)
      for (const [n, key] of ["1", "2", "3"].entries()) yield* users.set(key, entry(key, n + 1))
      const sweep = yield* fork(users.sweep((_key, stamp) => stamp === 2 ? -Infinity : Infinity))
      for (let turn = 0; turn < 5; turn++) yield* Effect.yieldNow
      yield* faults.stop
      yield* faults.release
      yield* Fiber.join(sweep)
      const found = yield* users.getMany(["1", "2", "3"])
      assert.deepStrictEqual(found.map((one) => one?.entry.value), ["1", undefined, "3"])
    }))

  it.effect("the end of a family writes its remaining entries below", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const cold = mapStore({ place })
      const tiers = TieredStore.make([mapStore(), cold], { set: "onEviction" })
      yield* Effect.scoped(
        Effect.flatMap(tiers.open(family()), (users) => users.setMany([["1", entry("one")], ["2", entry("two")]]))
      )
      assert.deepStrictEqual([yield* peek(cold, "1"), yield* peek(cold, "2")], ["one", "two"])
    }))
})

describe("family", () => {
  it.effect("a family without a codec is kept in tiers that keep live objects", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const warm = yield* LmdbStore.make({ path, durability: "process" })
      const { codec: _, ...bare } = family()
      const users = yield* TieredStore.make([mapStore({ name: "hot" }), warm]).open({ ...bare, codec: undefined })
      yield* users.set("1", entry("one"))
      assert.strictEqual((yield* users.get("1"))?.tier, "hot")
      const error = yield* Effect.flip(TieredStore.make([warm]).open({ ...bare, codec: undefined }))
      assert.match(
        error.message,
        /`codec` is missing from family `user`; help: give its value as a Schema, or put memory/
      )
    }))

  it.effect("a codec is made where a tier keeps bytes, and a schema that throws meanwhile is refused by `open`", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const warm = yield* LmdbStore.make({ path, durability: "process" })
      const broken = {
        ...family(),
        codec: {
          later: () => {
            throw new TypeError("secret")
          }
        }
      }
      const hot = yield* MemoryStore.make({ weightMax: 10 })
      yield* hot.open(broken)
      for (const store of [warm, TieredStore.make([hot, warm])]) {
        const error = yield* Effect.flip(store.open(broken))
        assert.match(error.message, /`codec` of family `user` cannot be made: a function of its schema threw TypeError/)
      }
    }))

  it.effect("a sweep finds an entry whose copy was on its way up when the sweep began", () =>
    Effect.gen(function*() {
      const [hot, cold] = [mapStore({ name: "hot" }), mapStore({ name: "cold" })]
      const rules = [{ fault: { kind: "stall" }, operations: ["set"] }] as const
      const [slow, faults] = yield* FaultyStore.make(hot, { rules })
      const users = yield* TieredStore.make([slow, cold]).open(family())
      yield* (yield* cold.open(family())).set("1", entry("dead"))
      yield* fork(users.get("1"))
      const sweep = yield* fork(users.sweep(() => -Infinity))
      yield* Effect.yieldNow
      yield* faults.release
      yield* Fiber.join(sweep)
      assert.isUndefined(yield* users.get("1"))
    }))

  it.effect("an entry that a sweep removes is not copied up again", () =>
    Effect.gen(function*() {
      const [hot, cold] = [mapStore({ name: "hot" }), mapStore({ name: "cold" })]
      const rules = [{ fault: { kind: "stall" }, operations: ["sweep"] }] as const
      const [slow, faults] = yield* FaultyStore.make(cold, { rules })
      const users = yield* TieredStore.make([hot, slow]).open(family())
      yield* (yield* cold.open(family())).set("1", entry("dead"))
      const sweep = yield* fork(users.sweep(() => -Infinity))
      yield* Effect.yieldNow
      yield* users.get("1")
      yield* faults.release
      yield* Fiber.join(sweep)
      assert.isUndefined(yield* users.get("1"))
    }))

  it.effect("an entry that a sweep removes is not pushed down again", () =>
    Effect.gen(function*() {
      const [hot, cold] = [mapStore({ name: "hot", capacity: 1 }), mapStore({ name: "cold" })]
      const rules = [{ fault: { kind: "stall" }, operations: ["sweep"] }] as const
      const [slow, faults] = yield* FaultyStore.make(hot, { rules })
      const users = yield* TieredStore.make([slow, cold], { set: "onEviction" }).open(family())
      yield* users.set("1", entry("dead"))
      const sweep = yield* fork(users.sweep((_key, stamp) => stamp === 1 ? -Infinity : Infinity))
      yield* Effect.yieldNow
      yield* users.set("2", entry("alive", 2))
      yield* Effect.repeat(Effect.yieldNow, { times: 20 })
      yield* faults.release
      yield* Fiber.join(sweep)
      assert.isUndefined(yield* users.get("1"))
      assert.strictEqual((yield* users.get("2"))?.entry.value, "alive")
    }))

  it.effect("a sweep fails when one tier fails, after it has swept the others", () =>
    Effect.gen(function*() {
      const rules = [{ fault: { kind: "fail" }, operations: ["sweep"] }] as const
      const [hot, cold] = [mapStore({ name: "hot" }), mapStore({ name: "cold" })]
      const [faulty] = yield* FaultyStore.make(hot, { rules })
      const users = yield* TieredStore.make([faulty, cold]).open(family())
      yield* users.set("1", entry("dead"))
      const error = yield* Effect.flip(users.sweep(() => -Infinity))
      assert.match(error.message, /^E0302: hot tier failed in `sweep`/)
      assert.isUndefined(yield* peek(cold, "1"))
    }))

  it.effect("a family receives evictions of the lowest tier, and none of entries that are still below", () =>
    Effect.gen(function*() {
      const heard: Array<string> = []
      const tiers = TieredStore.make([mapStore({ capacity: 1 }), mapStore({ capacity: 2 })])
      const users = yield* tiers.open(family((key) => heard.push(key)))
      yield* users.set("1", entry("one"))
      yield* users.set("2", entry("two"))
      assert.deepStrictEqual(heard, [])
      yield* users.set("3", entry("three"))
      assert.deepStrictEqual(heard, ["1"])
    }))
})

describe("TieredStore.layer", () => {
  it.effect("tiers that are given upside down are refused, and the error says the order", () =>
    Effect.gen(function*() {
      const file = LmdbStore.layer({ path: yield* temporaryFolder, durability: "process" })
      const memory = MemoryStore.layer({ capacity: 10 })
      const opened = (tiers: typeof TieredStore.layer extends (layers: infer L, ...rest: any) => any ? L : never) =>
        Effect.flatMap(Store, (store) => store.open(textFamily("user"))).pipe(
          Effect.provide(TieredStore.layer(tiers)),
          Effect.scoped
        ) as Effect.Effect<unknown, StoreError>
      const error = yield* Effect.flip(opened([file, memory]))
      assert.strictEqual(error.reason._tag, "InvalidStoreOptions")
      assert.include(error.message, "must begin with the fastest: `memory` goes above `lmdb`")
      yield* opened([memory, file])
    }))

  it.effect("the layer builds each tier, and its name is made of theirs", () =>
    Effect.gen(function*() {
      const tier = (name: string) => Layer.sync(Store, () => mapStore({ name }))
      const store = yield* Effect.provide(Store, TieredStore.layer([tier("hot"), tier("cold")]))
      assert.strictEqual(store.name, "hot+cold")
    }))
})
