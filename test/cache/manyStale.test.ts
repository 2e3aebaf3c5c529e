/**
 * Reads of many keys of which memory, or a tier below, holds stale values, or values that are due: one `lookupMany` for
 * those that the reader waits for, one for those that are renewed behind, and each key by its own rules (laws 5 and 6).
 * A warming loads stale keys like absent ones.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { Store } from "../../src/store/Store.ts"
import { after, fork, settle } from "../support/effects.ts"
import { checkInvariants, type EngineOptions } from "../support/engine.ts"
import { mapStore } from "../support/mapStore.ts"
import { family, tiers } from "../support/source.ts"

type Many = (keys: ReadonlyArray<string>, call: number) => Effect.Effect<ReadonlyArray<unknown>, unknown>

const stale: FamilyPolicy = { timeToLive: 100, staleIfError: 1_000 }
const ids = ["1", "2", "3"]

// Each call answers its number for each key.
const numbered: Many = (keys, call) => Effect.succeed(keys.map(() => call))

const bulk = Effect.fnUntraced(function*(policy: FamilyPolicy, many: Many = numbered, options?: EngineOptions) {
  const asked: Array<ReadonlyArray<string>> = []
  const cache = yield* family(policy, () => Effect.succeed("single"), {
    ...options,
    lookupMany: (keys) => Effect.suspend(() => many(keys, asked.push(keys.map((key) => key.replace("user:", "")))))
  })
  const refs = (all: ReadonlyArray<string>) => all.map((id) => ({ id }))
  const getMany = (...all: ReadonlyArray<string>) => cache.on<ReadonlyArray<unknown>>(cache.user.getMany(refs(all)))
  const getResults = (...all: ReadonlyArray<string>) =>
    Effect.map(
      cache.on<ReadonlyArray<Exit.Exit<unknown, unknown>>>(cache.user.getManyResults(refs(all))),
      (exits) => exits.map((exit) => Exit.isSuccess(exit) ? exit.value : "failed")
    )
  return { ...cache, asked, getMany, getResults }
})

const stores = {
  memory: Effect.succeed<EngineOptions>({}),
  tiers: Effect.map(tiers([]), ({ options }): EngineOptions => options),
  "push down on eviction": Effect.map(tiers([], { set: "onEviction" }), ({ options }): EngineOptions => options),
  "a tier alone": Effect.sync((): EngineOptions => ({ store: Layer.sync(Store, () => mapStore({ name: "cold" })) }))
}

describe("getMany of stale keys", () => {
  for (const [store, optionsOf] of Object.entries(stores)) {
    const name = (text: string) => `${text}: ${store}`

    for (const [rule, policy] of Object.entries({ "no stale rule": { timeToLive: 100 }, staleIfError: stale })) {
      it.effect(
        name(`values whose lifetime is over are loaded by one lookupMany, with ${rule}`),
        () =>
          Effect.gen(function*() {
            const { asked, getMany, getResults, source } = yield* bulk(policy, numbered, yield* optionsOf)
            assert.deepStrictEqual(yield* getMany(...ids), [1, 1, 1])
            yield* settle
            yield* TestClock.adjust(200)
            assert.deepStrictEqual(yield* getMany(...ids), [2, 2, 2])
            yield* settle
            yield* TestClock.adjust(200)
            assert.deepStrictEqual(yield* getResults(...ids, "4"), [3, 3, 3, 3])
            assert.deepStrictEqual(asked, [ids, ids, [...ids, "4"]])
            assert.strictEqual(source.runs, 0)
          })
      )

      it.effect(
        name(`values that are marked stale are loaded by one lookupMany, with ${rule}`),
        () =>
          Effect.gen(function*() {
            const { asked, getMany, on, source, user } = yield* bulk(policy, numbered, yield* optionsOf)
            yield* getMany(...ids)
            yield* settle
            yield* on(user.invalidateAll({ mode: "markStale" }))
            assert.deepStrictEqual(yield* getMany("new", ...ids), [2, 2, 2, 2])
            assert.deepStrictEqual([asked.length, source.runs], [2, 0])
          })
      )
    }

    it.effect(
      name("stale values answer at once, and one lookupMany renews them behind the reader"),
      () =>
        Effect.gen(function*() {
          const policy = { timeToLive: 100, staleWhileRevalidate: 1_000 }
          const { asked, getMany, source } = yield* bulk(policy, numbered, yield* optionsOf)
          yield* getMany(...ids)
          yield* settle
          yield* TestClock.adjust(200)
          assert.deepStrictEqual(yield* getMany(...ids), [1, 1, 1])
          yield* settle
          assert.deepStrictEqual(yield* getMany(...ids), [2, 2, 2])
          assert.deepStrictEqual([asked, source.runs], [[ids, ids], 0])
        })
    )

    it.effect(
      name("fresh values that are due are renewed behind the reader by one lookupMany"),
      () =>
        Effect.gen(function*() {
          const policy = { timeToLive: 100, refreshAhead: 0.5 }
          const { asked, getMany, getResults, source } = yield* bulk(policy, numbered, yield* optionsOf)
          yield* getMany(...ids)
          yield* settle
          yield* TestClock.adjust(60)
          assert.deepStrictEqual(yield* getResults(...ids), [1, 1, 1])
          yield* settle
          assert.deepStrictEqual(yield* getMany(...ids), [2, 2, 2])
          assert.deepStrictEqual([asked, source.runs], [[ids, ids], 0])
        })
    )

    it.effect(
      name("a lookupMany that fails leaves each key its stale value, and fails the keys without one"),
      () =>
        Effect.gen(function*() {
          const many: Many = (keys, call) => call === 1 ? numbered(keys, 1) : Effect.fail("broken")
          const { asked, getMany, getResults, running, source } = yield* bulk(stale, many, yield* optionsOf)
          yield* getMany("1", "2")
          yield* settle
          yield* TestClock.adjust(200)
          assert.deepStrictEqual(yield* getResults("1", "2", "new"), [1, 1, "failed"])
          assert.deepStrictEqual([asked.length, source.runs], [2, 0])
          // The pause after a failure: stale values without another try.
          assert.deepStrictEqual(yield* getMany("1", "2"), [1, 1])
          assert.deepStrictEqual([asked.length, source.runs], [2, 0])
          yield* settle
          checkInvariants(running)
        })
    )

    it.effect(
      name("a lookupMany that is slow leaves each key its stale value after the soft timeout, and goes on"),
      () =>
        Effect.gen(function*() {
          const many: Many = (keys, call) => call === 1 ? numbered(keys, 1) : after(50, numbered(keys, call))
          const { asked, getMany, source } = yield* bulk({ ...stale, softTimeout: 10 }, many, yield* optionsOf)
          yield* getMany(...ids)
          yield* settle
          yield* TestClock.adjust(200)
          const reader = yield* fork(getMany(...ids))
          yield* TestClock.adjust(10)
          yield* settle
          assert.deepStrictEqual(reader.pollUnsafe()?._tag, "Success")
          assert.deepStrictEqual(yield* Fiber.join(reader), [1, 1, 1])
          yield* TestClock.adjust(40)
          yield* settle
          assert.deepStrictEqual(yield* getMany(...ids), [2, 2, 2])
          assert.deepStrictEqual([asked.length, source.runs], [2, 0])
        })
    )

    it.effect(name("readers of one key and of many share the load of a stale key"), () =>
      Effect.gen(function*() {
        const many: Many = (keys, call) => call === 1 ? numbered(keys, 1) : after(50, numbered(keys, call))
        const { asked, getMany, of, source } = yield* bulk(stale, many, yield* optionsOf)
        yield* getMany(...ids)
        yield* settle
        yield* TestClock.adjust(200)
        const readers = yield* Effect.forEach([getMany("1", "2"), of("2").get, getMany("2", "3")], fork)
        yield* settle
        yield* TestClock.adjust(50)
        yield* settle
        assert.deepStrictEqual(yield* Effect.forEach(readers, Fiber.join), [[2, 2], 2, [2, 3]])
        assert.deepStrictEqual([asked.slice(1), source.runs], [[["1", "2"], ["3"]], 0])
      }))
  }

  it.effect("stale values that are not stored any more are asked for once", () =>
    Effect.gen(function*() {
      const broken: Many = (keys, call) => call === 1 ? numbered(keys, 1) : Effect.fail("broken")
      const policy = { ...stale, retryAfterFailure: 0, negativeTimeToLive: 0 }
      for (const rule of [{}, { staleWhileRevalidate: 500 }]) {
        const { asked, getMany, source } = yield* bulk({ ...policy, ...rule }, broken)
        yield* getMany(...ids)
        yield* TestClock.adjust(200)
        assert.deepStrictEqual(yield* getMany(...ids), [1, 1, 1])
        yield* settle
        assert.deepStrictEqual([asked.length, source.runs], [2, 0])
      }
    }))

  it.effect("each key tells the lookupMany its own cause and its own value before", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      const cache = yield* family({ timeToLive: 100, staleIfError: 1_000 }, () => Effect.succeed(0), {
        lookupMany: (_, contexts) =>
          Effect.sync(() => contexts.map(({ cause, previous }) => (told.push([cause, previous?.value]), 7)))
      })
      yield* cache.of("1").set(1)
      yield* TestClock.adjust(200)
      yield* cache.on(cache.user.getMany([{ id: "1" }, { id: "2" }]))
      assert.deepStrictEqual(told, [["stale", 1], ["absent", undefined]])
    }))

  it.effect("a reader who leaves ends the load of keys that no other reader waits for", () =>
    Effect.gen(function*() {
      const many: Many = (keys, call) => call === 1 ? numbered(keys, 1) : Effect.never
      const { getMany, running } = yield* bulk(stale, many)
      yield* getMany(...ids)
      yield* TestClock.adjust(200)
      const reader = yield* fork(getMany(...ids))
      yield* settle
      yield* Fiber.interrupt(reader)
      yield* settle
      checkInvariants(running)
    }))
})

describe("warm of stale keys", () => {
  const rules: { readonly [rule: string]: FamilyPolicy } = {
    "no stale rule": { timeToLive: 100 },
    staleIfError: stale,
    staleWhileRevalidate: { timeToLive: 100, staleWhileRevalidate: 1_000 }
  }
  for (const [store, optionsOf] of Object.entries(stores)) {
    for (const [rule, policy] of Object.entries(rules)) {
      for (const end of ["over", "marked stale"]) {
        const name = `values that are ${end} are fresh after a warming, with ${rule}: ${store}`
        it.effect(name, () =>
          Effect.gen(function*() {
            const { asked, getMany, of, on, source, user } = yield* bulk(policy, numbered, yield* optionsOf)
            yield* getMany(...ids)
            yield* settle
            if (end === "over") yield* TestClock.adjust(200)
            else yield* on(user.invalidateAll({ mode: "markStale" }))
            yield* of("4").set(4)
            yield* settle
            const warmed = on<number>(user.warm([...ids, "4"].map((id) => ({ id }))))
            assert.strictEqual(yield* warmed, 3)
            yield* settle
            for (const id of ids) assert.strictEqual(yield* of(id).held, 2)
            assert.strictEqual(yield* warmed, 0)
            assert.deepStrictEqual([asked, source.runs], [[ids, ids], 0])
          }))
      }
    }
  }

  it.effect("a stale key is left out while it is in the pause after a failure", () =>
    Effect.gen(function*() {
      const cache = yield* family(stale, (run) => run === 2 ? Effect.fail("broken") : Effect.succeed(run))
      const warm = cache.on<number>(cache.user.warm([{ id: "1" }]))
      assert.strictEqual(yield* warm, 1)
      yield* TestClock.adjust(200)
      assert.strictEqual(yield* warm, 0)
      assert.strictEqual(yield* warm, 0)
      assert.strictEqual(cache.source.runs, 2)
      assert.deepStrictEqual(cache.source.asked.map(({ cause }) => cause), ["absent", "stale"])
    }))
})
