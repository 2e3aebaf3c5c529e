/**
 * The memory store: entries end on time, capacity and weights are bounded and shared, and upkeep runs in steps.
 */
import { assert, describe, it } from "@effect/vitest"
import * as StoreSuite from "effect-stateless/testing/StoreSuite"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type * as EvictionPolicy from "../../../src/eviction/EvictionPolicy.ts"
import type { Entry } from "../../../src/store/Entry.ts"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"
import { type HotPartition, Store, type StoreFamily } from "../../../src/store/Store.ts"
import { entryOf, familyOf } from "../../support/partition.ts"

StoreSuite.run({ describe, it }, "MemoryStore", MemoryStore.layer({ capacity: 10_000 }))
StoreSuite.run({ describe, it }, "MemoryStore in shards", MemoryStore.layer({ capacity: 40_000, shards: 8 }))
StoreSuite.run({ describe, it }, "MemoryStore bounded by weight", MemoryStore.layer({ weightMax: 10_000 }))

const entry = (value: unknown, expiresAt = Infinity) =>
  entryOf(value, { stamp: 0, version: 0, freshUntil: expiresAt, expiresAt })
const open = (store: Store["Service"], of: StoreFamily<unknown>) =>
  Effect.map(store.open(of), ({ hot }): HotPartition<unknown> => hot!)
const put = <V>(hot: HotPartition<V>, key: string, stored: Entry<V>, dueAt: number) =>
  hot.put(key, stored, dueAt, hot.weigh(key, stored.value))

describe("MemoryStore", () => {
  it.effect("an entry that ends soon is removed within a second, after a sleep for one that ends late", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const a = yield* open(store, familyOf<unknown>("a"))
      const now = yield* Clock.currentTimeMillis
      yield* TestClock.adjust("10 minutes")
      const begun = now + 600_000
      put(a, "late", entry(1, begun + 3_000_000), begun + 3_000_000)
      yield* TestClock.adjust("5 seconds")
      put(a, "soon", entry(1, begun + 7_000), begun + 7_000)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(a.count, 1)
      a.floor = 5
      yield* TestClock.adjust("1 second")
      assert.strictEqual(a.count, 0)
      a.checkInvariants()
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 50 }))))

  it.effect("each entry is removed in the second in which it ends, in any order", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const a = yield* open(store, familyOf<unknown>("a"))
      const ends: Array<number> = []
      for (let i = 0; i < 200; i++) {
        const now = yield* Clock.currentTimeMillis
        const end = now + (yield* Random.nextIntBetween(1, 20_000))
        put(a, `${i}`, entry(i, end), end)
        ends.push(end)
        yield* TestClock.adjust(yield* Random.nextIntBetween(0, 1_500))
        const later = yield* Clock.currentTimeMillis
        assert.isAtMost(a.count, ends.filter((each) => each > later - 1_001).length)
      }
    }).pipe(Random.withSeed("upkeep"), Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 500 }))))

  it.effect("the store does not wake when no entry ends", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const a = yield* open(store, familyOf<unknown>("a"))
      put(a, "for ever", entry(1), Infinity)
      const begin = performance.now()
      yield* TestClock.adjust("365 days")
      assert.isBelow(performance.now() - begin, 5_000)
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 50 }))))

  it.effect("entries that a mark has made dead are evicted before live ones", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const evicted: Array<string> = []
      const a = yield* open(store, familyOf<unknown>("a", { onEvict: (key) => void evicted.push(key) }))
      const b = yield* open(store, familyOf<unknown>("b", { onEvict: (key) => void evicted.push(key) }))
      for (let i = 0; i < 25; i++) {
        put(b, `b${i}`, entry(i), Infinity)
        put(a, `a${i}`, entry(i), Infinity)
      }
      a.floor = 1
      for (let i = 0; i < 25; i++) put(a, `new${i}`, { ...entry(i), stamp: 1 }, Infinity)
      a.checkInvariants()
      assert.deepStrictEqual(evicted, [])
      assert.strictEqual(a.count + b.count, 50)
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 50 }))))

  it.effect("the capacity is shared between families, and never exceeded", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const evicted: Array<string> = []
      const onEvict = (key: string) => void evicted.push(key)
      const [a, b] = [
        yield* open(store, familyOf<unknown>("a", { onEvict })),
        yield* open(store, familyOf<unknown>("b", { onEvict }))
      ]
      for (let i = 0; i < 100; i++) {
        put(a, `a${i}`, entry(i), Infinity)
        put(b, `b${i}`, entry(i), Infinity)
        assert.isAtMost(a.count + b.count, 50)
        a.checkInvariants()
        b.checkInvariants()
      }
      assert.strictEqual(a.count + b.count, 50)
      assert.strictEqual(evicted.length, 150)
      assert.strictEqual(a.hit("a99"), 99)
      assert.strictEqual(a.hit("a0"), undefined)
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 50 }))))

  it.effect("a watcher gets every nth hit, as it asks, and each second look", () =>
    Effect.gen(function*() {
      const users = yield* open(yield* Store, familyOf<unknown>("user"))
      const heard: Array<readonly [string, number]> = []
      for (const key of ["a", "b", "c"]) put(users, key, entry(key), Infinity)
      users.hit("a")
      users.watch((key, reads) => heard.push([key, reads]) < 3 ? 1 : 2)
      for (const key of ["a", "b", "absent", "c", "a", "b", "c"]) users.hit(key)
      assert.deepStrictEqual(heard, [["a", 0], ["b", 0], ["c", 0], ["b", 0]])
      users.touch("c")
      users.touch("absent")
      assert.deepStrictEqual(heard.slice(4), [["c", 1]])
      users.watch(undefined)
      for (let i = 0; i < 1_000; i++) users.hit("a")
      users.touch("a")
      assert.strictEqual(heard.length, 5)
      assert.strictEqual(users.hottest(1)[0]?.key, "a")
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 50 }))))

  it.effect("keys that are read in turns each have their share of the reads", () =>
    Effect.gen(function*() {
      const users = yield* open(yield* Store, familyOf<unknown>("user"))
      for (const key of ["a", "b"]) put(users, key, entry(key), Infinity)
      for (let i = 0; i < 100_000; i++) users.hit(i % 4 === 1 ? "b" : "a")
      const shares = Object.fromEntries(users.hottest(2).map(({ key, share }) => [key, share]))
      assert.closeTo(shares["a"]!, 0.75, 0.1)
      assert.closeTo(shares["b"]!, 0.25, 0.1)
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 50 })), Random.withSeed(1)))

  it.effect("entries are weighed, and one heavier than the maximum is not kept", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const texts = yield* open(store, familyOf<unknown>("text", { weigher: (_, value) => (value as string).length }))
      put(texts, "a", entry("xxxx"), Infinity)
      put(texts, "b", entry("xxxx"), Infinity)
      assert.strictEqual(texts.count, 2)
      put(texts, "c", entry("xxxxxx"), Infinity)
      assert.deepStrictEqual([...texts.keys()], ["b", "c"])
      put(texts, "b", entry("x".repeat(11)), Infinity)
      assert.deepStrictEqual([...texts.keys()], ["c"])
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ weightMax: 10, eviction: "lru" }))))

  it.effect("dead entries are evicted before live ones", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const hot = yield* open(store, familyOf<unknown>("f"))
      put(hot, "old", entry(1), Infinity)
      put(hot, "short", entry(2, 1_000), 1_000)
      yield* TestClock.adjust("900 millis")
      hot.hit("short")
      yield* TestClock.adjust("99 millis")
      assert.strictEqual(hot.hit("short"), 2)
      yield* TestClock.setTime(1_000)
      assert.strictEqual(hot.hit("short"), undefined)
      put(hot, "new", entry(3), Infinity)
      assert.strictEqual(hot.hit("old"), 1)
      assert.strictEqual(hot.hit("new"), 3)
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 2, eviction: "lru" }))))

  it.effect("expired entries and entries below the floor are removed without a read", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const hot = yield* open(store, familyOf<unknown>("f"))
      for (let i = 0; i < 500; i++) put(hot, `${i}`, entry(i, 1_000), 1_000)
      for (let i = 500; i < 900; i++) put(hot, `${i}`, { ...entry(i), stamp: i < 700 ? 1 : 3 }, Infinity)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(hot.count, 400)
      hot.floor = 2
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(hot.count, 200)
      hot.checkInvariants()
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 1_000 }))))

  it.effect("the right entries are found, ended and dropped while tables grow and families mix", () =>
    Effect.gen(function*() {
      const store = yield* Store
      const hots = [yield* open(store, familyOf<unknown>("a")), yield* open(store, familyOf<unknown>("b"))]
      const twins = hots.map(() => new Map<string, { readonly value: number; readonly tags: ReadonlyArray<string> }>())
      for (let i = 0; i < 120_000; i++) {
        const [hot, twin] = [hots[i % 2]!, twins[i % 2]!]
        const key = `${i % 50_000}`
        const tags = i % 3 === 0 ? [`tag ${i}`] : []
        const ends = i % 7 === 0 ? 1_000 : i % 11 === 0 ? 2_000 : Infinity
        put(hot, key, { ...entry(i, ends), tags, costMillis: i % 3 }, ends === 2_000 ? 1_500 : ends)
        twin.set(key, { value: i, tags })
        if (ends === 1_000) twin.delete(key)
        if (i % 13 !== 0) continue
        hot.drop(`${i % 1_000}`)
        twin.delete(`${i % 1_000}`)
      }
      yield* TestClock.adjust("3 seconds")
      for (const [i, hot] of hots.entries()) {
        hot.checkInvariants()
        for (const [key, { tags, value }] of twins[i]!) {
          const held = hot.peek(key)
          if (value % 11 === 0) assert.isUndefined(held)
          else if (held?.value !== value || held.tags[0] !== tags[0] || held.costMillis !== value % 3) assert.fail(key)
        }
        assert.strictEqual(hot.count, [...twins[i]!.values()].filter(({ value }) => value % 11 !== 0).length)
      }
      hots[0]!.dropAll()
      hots[0]!.checkInvariants()
      assert.deepStrictEqual([...hots[0]!.keys()], [])
      assert.isAbove(hots[1]!.count, 16_384)
      hots[1]!.checkInvariants()
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 110_000 }))))

  it.effect("equal lists of tags are kept once, and different ones apart", () =>
    Effect.gen(function*() {
      const hot = yield* open(yield* Store, familyOf<unknown>("f"))
      const lists = [["a", "b"], ["a", "b"], ["a"], ["a"], ["b", "a"], [], ["a"], ["a", "b", "c"]]
      for (const [i, tags] of lists.entries()) put(hot, `${i}`, { ...entry(i), tags }, Infinity)
      const kept = lists.map((_, i) => hot.peek(`${i}`)!.tags)
      assert.deepStrictEqual(kept, lists)
      assert.strictEqual(kept[1], kept[0])
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 10 }))))

  it.effect("invalid options are refused", () =>
    Effect.gen(function*() {
      for (
        const options of [{}, { capacity: 0 }, { capacity: 1.5 }, { capacity: 9, weightMax: 9 }, {
          capacity: 9,
          shards: 3
        }, {
          capacity: 2,
          shards: 4
        }]
      ) {
        const error = yield* Effect.flip(Layer.build(MemoryStore.layer(options as MemoryStore.Options)))
        assert.strictEqual(error.reason._tag, "InvalidStoreOptions")
      }
    }))

  it("other work runs between two steps of upkeep, even when the store was built synchronously", async () => {
    let now = 0
    let sleeps = 0
    const clock: Clock.Clock = {
      currentTimeMillisUnsafe: () => now,
      currentTimeMillis: Effect.sync(() => now),
      currentTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
      monotonicTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
      monotonicTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
      sleep: () => sleeps++ === 0 ? Effect.yieldNow : Effect.never
    }
    const scope = Scope.makeUnsafe()
    const partition = Effect.runSync(
      Effect.gen(function*() {
        const store = yield* MemoryStore.make({ capacity: 10_000 })
        const partition = yield* open(store, familyOf<unknown>("a"))
        for (let i = 0; i < 10_000; i++) put(partition, `${i}`, entry(i, 1_000), 1_000)
        now = 2_000
        return partition
      }).pipe(Effect.provideService(Scope.Scope, scope), Effect.provideService(Clock.Clock, clock))
    )
    let turns = 0
    for (; partition.count > 0 && turns < 1_000; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.strictEqual(partition.count, 0)
    assert.isAbove(turns, 10)
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })
})

describe("entry that may be served stale", () => {
  it.effect("the entry has the times that it was stored with", () =>
    Effect.gen(function*() {
      // The last but one are 30 days and a third of a millisecond apart: more than a `Float32Array` can tell.
      const times = [1_000, 1_000.5, 1_001, 2_000, 2_000.25, 1.7e12, 1.7e12 + 30 * 86_400_000 + 1 / 3, Infinity]
      const partition = yield* open(yield* Store, familyOf<unknown>("a"))
      for (const freshUntil of times) {
        for (const expiresAt of times.filter((time) => time >= freshUntil)) {
          for (const dueAt of [freshUntil, 500]) {
            const key = `${freshUntil} ${expiresAt} ${dueAt}`
            const stored = { ...entry(key, expiresAt), freshUntil }
            put(partition, key, stored, dueAt)
            assert.deepStrictEqual(partition.peek(key), stored)
            partition.postpone(key, 700)
            assert.deepStrictEqual(partition.peek(key), { ...stored, expiresAt: 700 })
            partition.postpone(key, expiresAt)
            assert.deepStrictEqual(partition.peek(key), stored)
            partition.checkInvariants()
          }
        }
      }
    }).pipe(Effect.scoped, Effect.provide(MemoryStore.layer({ capacity: 1_000 }))))
})

/** First in, first out: reads do not matter. */
const firstOut = ({ weightMax }: EvictionPolicy.Options): EvictionPolicy.EvictionPolicy => {
  const weights = new Map<number, number>()
  return {
    name: "firstOut",
    get weight() {
      return Array.from(weights.values()).reduce((sum, weight) => sum + weight, 0)
    },
    weightMax,
    get size() {
      return weights.size
    },
    insert: (slot, weight) => void weights.set(slot, weight),
    hit: () => {},
    update: (slot, weight) => void weights.set(slot, weight),
    remove: (slot) => void weights.delete(slot),
    evict: () => {
      const [slot = -1] = weights.keys()
      weights.delete(slot)
      return slot
    },
    resize: () => {},
    checkInvariants: () => {}
  }
}

describe("a policy of one's own", () => {
  it.effect("memory evicts what the policy says, and keeps its bound", () =>
    Effect.gen(function*() {
      const heard: Array<string> = []
      const store = yield* MemoryStore.make({ capacity: 2, eviction: firstOut })
      const users = yield* store.open({ ...familyOf<number>("user"), onEvict: (key) => void heard.push(key) })
      for (const key of ["1", "2"]) users.hot!.put(key, entryOf(1), Infinity, 1)
      users.hot!.hit("1")
      for (const key of ["3", "4"]) users.hot!.put(key, entryOf(1), Infinity, 1)
      assert.deepStrictEqual(heard, ["1", "2"])
      assert.strictEqual(users.hot!.count, 2)
    }))

  it.effect("a policy with a bound of its own is refused", () =>
    Effect.gen(function*() {
      const eviction = (options: EvictionPolicy.Options) => firstOut({ ...options, weightMax: 100 })
      const error = yield* Effect.flip(MemoryStore.make({ capacity: 2, eviction }))
      assert.include(error.message, "`eviction` must make policies with the `weightMax` that they are given")
    }))

  it.effect("a policy that cannot be made is refused, and the error says why", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<readonly [make: () => unknown, why: string]> = [
        [() => undefined, "the policy has no function `insert`"],
        [() => ({ insert: () => {} }), "the policy has no function `hit`"],
        [
          () => {
            throw new Error("no policy today")
          },
          "no policy today"
        ]
      ]
      for (const [make, why] of wrong) {
        const eviction = make as () => EvictionPolicy.EvictionPolicy
        const error = yield* Effect.flip(MemoryStore.make({ capacity: 2, eviction }))
        assert.include(error.message, why)
      }
    }))

  const failing = () => {
    throw new Error("no victim today")
  }
  const faults: Record<string, Partial<EvictionPolicy.EvictionPolicy>> = {
    "insert throws": { insert: failing },
    "hit throws": { hit: failing },
    "update throws": { update: failing },
    "remove throws": { remove: failing },
    "evict throws": { evict: failing },
    "evict has no victim": { evict: () => -1 },
    "evict returns a text": { evict: (() => "0") as unknown as () => number },
    "evict returns a fraction": { evict: () => 0.5 },
    "evict returns a slot that is free": { evict: () => 1_000 },
    "evict repeats itself": { evict: () => 0 },
    "weight lies": { weight: 0, size: 0 }
  }

  for (const [fault, wrong] of Object.entries(faults)) {
    it.effect(`a policy of which ${fault} leaves each write whole, and a log says so once`, () =>
      Effect.gen(function*() {
        const logged: Array<string> = []
        const logger = Logger.make(({ message }) => void logged.push(String(message)))
        const eviction = (options: EvictionPolicy.Options) =>
          Object.defineProperties(firstOut(options), Object.getOwnPropertyDescriptors(wrong))
        const store = yield* Effect.provide(MemoryStore.make({ weightMax: 6, eviction }), Logger.layer([logger]))
        const users = yield* store.open({ ...familyOf<number>("user"), weigher: (_, value) => value })
        const hot = users.hot!
        for (let i = 0; i < 100; i++) {
          for (const weight of [1 + i % 3, 1 + i % 2]) hot.put(`${i % 7}`, entryOf(weight), Infinity, weight)
          hot.hit(`${i % 5}`)
          if (i % 9 === 0) hot.drop(`${i % 7}`)
          hot.checkInvariants()
        }
        assert.isAbove(hot.count, 0)
        assert.isAtMost(logged.length, 1)
        if (fault !== "weight lies") assert.include(logged[0], "policy `firstOut` failed, and `lru` took its place")
      }))
  }

  it.effect("an entry that is heavier than the bound leaves first, whatever the policy says", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make({ weightMax: 6, eviction: firstOut })
      const hot = (yield* store.open({ ...familyOf<number>("user"), weigher: (_, value) => value })).hot!
      for (const key of ["1", "2", "3"]) hot.put(key, entryOf(2), Infinity, 2)
      hot.put("3", entryOf(7), Infinity, 7)
      assert.deepStrictEqual(["1", "2", "3"].map((key) => hot.peek(key)?.value), [2, 2, undefined])
    }))
})

describe("a memory store that refuses", () => {
  it.effect("a store that refuses looks at each entry once for a mark, whatever is refused after that", () =>
    Effect.gen(function*() {
      const size = 100
      const store = yield* MemoryStore.make({ capacity: size, eviction: "refuse" })
      const users = yield* open(store, familyOf<unknown>("user"))
      const pages = yield* open(store, familyOf<unknown>("page"))
      let looked = 0
      const hidden = new Set<string>()
      for (const hot of [users, pages]) {
        hot.servableUntil = (key) => {
          looked++
          return hidden.has(key) ? -Infinity : Infinity
        }
      }
      for (let i = 0; i < size; i++) put(i % 2 === 0 ? users : pages, `${i}`, entry(i), Infinity)
      const room = users.roomOf("new")!
      const isRefused = () => {
        room.makeRoom(1, Infinity)
        return !room.fits(1)
      }
      looked = 0
      users.marked()
      for (let i = 0; i < 10; i++) assert.isTrue(isRefused())
      assert.strictEqual(looked, size)
      for (const key of ["10", "11", "60"]) hidden.add(key)
      pages.marked()
      looked = 0
      for (const key of ["new", "newer", "newest"]) {
        assert.isFalse(isRefused())
        put(users, key, entry(key), Infinity)
      }
      for (let i = 0; i < 10; i++) assert.isTrue(isRefused())
      assert.isAtMost(looked, size + 3)
      users.checkInvariants()
    }))

  it.effect("a store that refuses keeps reserved room free, and evicts nothing for it", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make({ capacity: 3, eviction: "refuse" })
      const users = yield* open(store, familyOf<unknown>("user"))
      put(users, "1", entry(1), Infinity)
      const room = users.roomOf("2")!
      room.reserve(2)
      assert.isFalse(room.fits(1))
      put(users, "2", entry(2), Infinity)
      assert.deepStrictEqual(Array.from(users.keys()), ["1"])
      users.checkInvariants()
      room.reserve(-2)
      put(users, "2", entry(2), Infinity)
      put(users, "3", entry(3), Infinity)
      assert.strictEqual(users.count, 3)
      users.checkInvariants()
    }))
})
