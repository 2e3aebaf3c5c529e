/**
 * Memory over a lower tier that is slow or fails: what each caller gets, which error it gets, and which promises still
 * hold.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { Store } from "../../src/store/Store.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { after, drive, fork, reasonOf, settle, times } from "../support/effects.ts"
import { checkInvariants } from "../support/engine.ts"
import { keptIn, makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { type Answers, family, tiers, watch } from "../support/source.ts"
import { profile, runningUsers, user } from "../support/users.ts"

const failing = (...operations: ReadonlyArray<NonNullable<FaultyStore.Rule["operations"]>[number]>) => [
  { fault: { kind: "fail" }, operations } as const
]
const down = failing("get", "set", "remove", "recordMarks")

const over = Effect.fnUntraced(function*(
  rules: ReadonlyArray<FaultyStore.Rule>,
  policy: FamilyPolicy,
  answers: Answers,
  place?: Place
) {
  const { faults, options, place: kept } = yield* tiers(rules, place === undefined ? {} : { place })
  return { ...(yield* family(policy, answers, options)), faults, place: kept }
})

const evict = ({ running }: { readonly running: { readonly cache: any } }, key: string): boolean =>
  running.cache.families.get("user").hot.drop(key)

describe("slow lower tier with a stale value", () => {
  it.effect("a reader gets the stale value, and an update that joined meanwhile begins with the loaded value", () =>
    Effect.gen(function*() {
      const { get, running } = yield* over(
        [{ fault: { kind: "slow", delay: 10 }, operations: ["get"] }],
        { timeToLive: 100, staleIfError: 1_000, retryAfterFailure: 1_000, negativeTimeToLive: 0 },
        (run) => run === 2 ? Effect.fail("broken") : Effect.succeed(run === 1 ? "old" : "new")
      )
      const { app, as } = running
      const slowly = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.gen(function*() {
          const fiber = yield* fork(effect)
          yield* settle
          yield* TestClock.adjust(10)
          return yield* Fiber.join(fiber)
        })
      yield* slowly(get)
      yield* TestClock.adjust(100)
      evict({ running }, "1")
      assert.strictEqual(yield* slowly(get), "old")
      evict({ running }, "1")
      const seen: Array<unknown> = []
      const update = as(
        app.keys.user.update({ id: "1" }, (was: unknown) =>
          Effect.sync(() => {
            seen.push(was)
            return "changed"
          })) as Effect.Effect<unknown, unknown>
      )
      const both = yield* slowly(Effect.all([get, update], { concurrency: 2 }))
      assert.deepStrictEqual([both, seen], [["old", "changed"], ["new"]])
    }))
})

describe("lower tier that cannot be read", () => {
  it.effect("a read gets what the lookup returns when the lower tier fails", () =>
    Effect.gen(function*() {
      const { answer, source } = yield* over(failing("get"), {}, () => Effect.succeed("value"))
      const { tier, value } = yield* answer
      assert.deepStrictEqual([value, tier, source.runs], ["value", "lookup", 1])
      assert.strictEqual((yield* answer).tier, "memory")
    }))

  it.effect("a listener receives the failure as an event", () =>
    Effect.gen(function*() {
      const { get, running } = yield* over(failing("get"), {}, () => Effect.succeed("value"))
      const events = yield* watch(running.cache.events)
      yield* get
      yield* settle
      const failed = events.filter((event) => event._tag === "TierFailed")
      assert.deepStrictEqual(
        failed.map(({ error, family, operation }) => [family, operation, (error.reason as any).tier]),
        [["user", "get", "cold"]]
      )
    }))

  it.effect("a stale value in memory is served when the lower tier and the lookup fail", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 1_000 }
      const { answer, get } = yield* over(
        failing("get"),
        policy,
        (run) => run === 1 ? Effect.succeed("old") : Effect.fail("broken")
      )
      yield* get
      yield* TestClock.adjust(100)
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], ["old", true])
    }))

  it.effect("callers share one load when the lower tier fails, so the source sees no herd", () =>
    Effect.gen(function*() {
      const { get, source } = yield* over(failing("get"), {}, () => after(10, Effect.succeed("value")))
      const callers = yield* times(200, fork(get))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(new Set(yield* Fiber.joinAll(callers)), new Set(["value"]))
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("loads keep to loadConcurrency and its queue when the lower tier fails", () =>
    Effect.gen(function*() {
      const policy = { loadConcurrency: 4, loadQueueMax: 10 }
      const { of, running, source } = yield* over(failing("get"), policy, () => after(10, Effect.succeed("value")))
      const callers = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, n) => `${n}`),
        (id) => fork(Effect.result(of(id).get))
      )
      for (let i = 0; i < 4; i++) yield* TestClock.adjust(10)
      const results = yield* Fiber.joinAll(callers)
      assert.strictEqual(source.atOnce, 4)
      const refused = results.flatMap((result) => result._tag === "Failure" ? [reasonOf(result.failure)] : [])
      assert.deepStrictEqual(new Set(refused), new Set(["QueueFull"]))
      assert.strictEqual(results.length - refused.length, source.runs)
      assert.isAtMost(source.runs, 4 + 10)
      checkInvariants(running)
    }))

  it.effect("a hit in memory does not ask the failing tier", () =>
    Effect.gen(function*() {
      const { answer, get, has, held, source } = yield* over(failing("get"), {}, () => Effect.succeed("value"))
      yield* get
      assert.deepStrictEqual([yield* has, yield* held, (yield* answer).tier], [true, "value", "memory"])
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("`has` returns false and getOption returns None when the lower tier fails", () =>
    Effect.gen(function*() {
      const { has, held } = yield* over(failing("get"), {}, () => Effect.succeed("value"))
      assert.deepStrictEqual([yield* has, yield* held], [false, undefined])
    }))

  it.effect("getMany loads each key once when the lower tier fails", () =>
    Effect.gen(function*() {
      const { on, source, user } = yield* over(failing("get"), {}, (_, { key }) => Effect.succeed(key))
      const ids = ["1", "2", "3"].map((id) => ({ id }))
      assert.deepStrictEqual(yield* on(user.getMany(ids)), ["user:1", "user:2", "user:3"])
      assert.strictEqual(source.runs, 3)
    }))

  it.effect("the engine asks the lower tier again when it has recovered", () =>
    Effect.gen(function*() {
      const place = makePlace()
      yield* Effect.scoped(Effect.flatMap(over([], {}, () => Effect.succeed("kept"), place), ({ get }) => get))
      const { answer, faults, of, source } = yield* over(failing("get"), {}, () => Effect.succeed("loaded"), place)
      yield* of("2").get
      yield* faults.stop
      const { tier, value } = yield* answer
      assert.deepStrictEqual([value, tier, source.runs], ["kept", "cold", 1])
    }))
})

describe("failure that is remembered while a lower tier may hold a value", () => {
  it.effect("a remembered failure hides nothing of a tier that could not be read when the lookup failed", () =>
    Effect.gen(function*() {
      const place = makePlace()
      yield* Effect.scoped(Effect.flatMap(over([], {}, () => Effect.succeed("kept"), place), ({ get }) => get))
      const policy = { negativeTimeToLive: 1_000 }
      const { faults, get, source } = yield* over(failing("get"), policy, () => Effect.fail("broken"), place)
      assert.strictEqual(yield* Effect.flip(get), "broken")
      yield* faults.stop
      assert.deepStrictEqual([yield* get, source.runs], ["kept", 1])
    }))

  it.effect("a remembered failure is repeated without a look below if the load has found nothing there", () =>
    Effect.gen(function*() {
      const { faults, get, source } = yield* over([], { negativeTimeToLive: 1_000 }, () => Effect.fail("broken"))
      yield* Effect.flip(get)
      const before = yield* faults.calls
      yield* times(10, Effect.flip(get))
      assert.deepStrictEqual([yield* faults.calls, source.runs], [before, 1])
    }))
})

describe("slow lower tier", () => {
  it.effect("many callers of one key ask the slow tier once", () =>
    Effect.gen(function*() {
      const place = makePlace()
      yield* Effect.scoped(Effect.flatMap(over([], {}, () => Effect.succeed("kept"), place), ({ get }) => get))
      const slow = [{ fault: { kind: "slow", delay: 50 }, operations: ["get"] }] as const
      const { faults, get, source } = yield* over(slow, {}, () => Effect.succeed("loaded"), place)
      const before = yield* faults.calls
      const callers = yield* times(50, fork(get))
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(new Set(yield* Fiber.joinAll(callers)), new Set(["kept"]))
      assert.strictEqual((yield* faults.calls) - before, 1)
      assert.strictEqual(source.runs, 0)
    }))

  it.effect("a slow read below ends at the hard timeout of its caller", () =>
    Effect.gen(function*() {
      const stalled = [{ fault: { kind: "stall" }, operations: ["get"] }] as const
      const { get, running } = yield* over(stalled, { hardTimeout: 100 }, () => Effect.succeed("value"))
      const caller = yield* fork(Effect.flip(get))
      yield* TestClock.adjust(100)
      assert.strictEqual(reasonOf(yield* Fiber.join(caller)), "LoadTimeout")
      checkInvariants(running)
    }))

  it.effect("a slow read below does not bring back a key that was deleted meanwhile (in BentoCache it does)", () =>
    Effect.gen(function*() {
      const place = makePlace()
      yield* Effect.scoped(Effect.flatMap(over([], {}, () => Effect.succeed("old"), place), ({ get }) => get))
      const slow = [{ fault: { kind: "slow", delay: 50 }, operations: ["get"], nth: 1 }] as const
      const { get, held, remove } = yield* over(slow, {}, () => Effect.succeed("new"), place)
      const caller = yield* fork(get)
      yield* remove
      yield* TestClock.adjust(50)
      yield* Fiber.join(caller)
      assert.notStrictEqual(yield* held, "old")
      assert.strictEqual(yield* get, "new")
    }))

  it.effect("a slow read below does not bring back a key whose tag was invalidated meanwhile (in BentoCache it does)", () =>
    Effect.gen(function*() {
      const place = makePlace()
      const tagged = (value: string) => () => Effect.succeed(Lookup.loaded(value, { tags: ["tag"] }))
      yield* Effect.scoped(Effect.flatMap(over([], {}, tagged("old"), place), ({ get }) => get))
      const slow = [{ fault: { kind: "slow", delay: 50 }, operations: ["get"], nth: 1 }] as const
      const { get, on, user } = yield* over(slow, {}, tagged("new"), place)
      const caller = yield* fork(get)
      yield* on(user.invalidateTag("tag"))
      yield* TestClock.adjust(50)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* get, "new")
    }))

  it.effect("a slow write below does not delay readers of the value", () =>
    Effect.gen(function*() {
      const slow = [{ fault: { kind: "slow", delay: 50 }, operations: ["set"] }] as const
      const { get, set } = yield* over(slow, {}, () => Effect.succeed("loaded"))
      const writer = yield* fork(set("value"))
      assert.strictEqual(yield* get, "value")
      yield* TestClock.adjust(50)
      yield* Fiber.join(writer)
    }))

  it.effect("a slow write below does not time out a load whose lookup has returned", () =>
    Effect.gen(function*() {
      const slow = [{ fault: { kind: "slow", delay: 500 }, operations: ["set"] }] as const
      const { get, place, running } = yield* over(slow, { hardTimeout: 100 }, (run) => Effect.succeed(run))
      const caller = yield* fork(get)
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* get, 1, "a later reader finds it in memory")
      yield* TestClock.adjust(400)
      assert.strictEqual(yield* Fiber.join(caller), 1)
      assert.deepStrictEqual([running.cache.stats["user"]!.loadFailures, keptIn(place, "Test/user", "1")], [0, 1])
      checkInvariants(running)
    }))

  it.effect("a key is not read below while its removal is on its way", () =>
    Effect.gen(function*() {
      const slow = [{ fault: { kind: "slow", delay: 50 }, operations: ["remove"] }] as const
      const { get, remove, source } = yield* over(slow, {}, (run) => Effect.succeed(run))
      yield* get
      const remover = yield* fork(remove)
      const reader = yield* fork(get)
      yield* TestClock.adjust(50)
      yield* Fiber.join(remover)
      assert.strictEqual(yield* Fiber.join(reader), 2)
      assert.strictEqual(yield* get, 2)
      assert.strictEqual(source.runs, 2)
    }))
})

describe("value computed before the lower tier has removed its source", () => {
  const changes = [
    ["delete", user.delete({ id: "1" })],
    ["set", user.set({ id: "1" }, "Bob")]
  ] as const
  for (const [name, change] of changes) {
    it.effect(`the value does not count as new after ${name}`, () =>
      Effect.gen(function*() {
        let name = "Ann"
        const slow = [{ fault: { kind: "slow", delay: 50 }, operations: ["remove", "set"] }] as const
        const { faults, options: { store } } = yield* tiers(slow)
        const { as, cache } = yield* runningUsers({
          name: () => Effect.sync(() => name),
          pause: Effect.sleep(80),
          store
        })
        const loader = yield* fork(as(user.get({ id: "1" })))
        yield* TestClock.adjust(50)
        yield* Fiber.join(loader)
        name = "Bob"
        const writer = yield* fork(as(change))
        // Memory has no room for it.
        cache.families.get("user")!.hot!.drop("1")
        const reader = yield* fork(as(profile.get({ id: "1" })))
        yield* drive(Fiber.joinAll([writer, reader]))
        yield* faults.stop
        assert.strictEqual(yield* drive(as(profile.get({ id: "1" }))), "profile of Bob")
        yield* TestClock.adjust(500)
      }))
  }
})

describe("lower tier that cannot be written", () => {
  it.effect("a read whose value the tier refuses succeeds, and a listener receives an event", () =>
    Effect.gen(function*() {
      const { answer, get, running } = yield* over(failing("set"), {}, () => Effect.succeed("value"))
      const events = yield* watch(running.cache.events)
      assert.strictEqual(yield* get, "value")
      assert.strictEqual((yield* answer).tier, "memory")
      yield* settle
      const failed = events.filter((event) => event._tag === "TierFailed")
      assert.deepStrictEqual(failed.map(({ operation }) => operation), ["write"])
    }))

  it.effect("no older value stays below for a key that was set", () =>
    Effect.gen(function*() {
      const fails = [{ fault: { kind: "fail" }, operations: ["set"], nth: 2 }] as const
      const cache = yield* over(fails, {}, () => Effect.succeed("loaded"))
      yield* cache.set("old")
      assert.strictEqual(reasonOf(yield* Effect.flip(cache.set("new"))), "StoreFailed")
      assert.strictEqual(yield* cache.get, "loaded")
      evict(cache, "1")
      assert.strictEqual(yield* cache.get, "loaded")
      assert.notStrictEqual(keptIn(cache.place, "Test/user", "1"), "old")
    }))

  it.effect("a set fails, and memory does not serve its value", () =>
    Effect.gen(function*() {
      const { answer, get, set, source } = yield* over(down, {}, () => Effect.succeed("loaded"))
      assert.strictEqual(reasonOf(yield* Effect.flip(set("value"))), "StoreFailed")
      assert.strictEqual(yield* get, "loaded")
      assert.deepStrictEqual([(yield* answer).tier, source.runs], ["memory", 1])
    }))

  it.effect("a deletion fails, and memory drops the key", () =>
    Effect.gen(function*() {
      const { faults, get, held, remove, source } = yield* over(
        failing("remove"),
        {},
        (run) => Effect.succeed(run)
      )
      yield* get
      assert.strictEqual(reasonOf(yield* Effect.flip(remove)), "StoreFailed")
      assert.isUndefined(yield* held)
      assert.strictEqual(yield* get, 2)
      yield* faults.stop
      assert.deepStrictEqual([yield* held, source.runs], [2, 2])
    }))

  it.effect("an invalidation of a tag fails, and memory drops its entries", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* over(
        failing("recordMarks"),
        {},
        (run) => Effect.succeed(Lookup.loaded(run, { tags: ["tag"] }))
      )
      yield* get
      assert.strictEqual(reasonOf(yield* Effect.flip(on(user.invalidateTag("tag")))), "StoreFailed")
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("a batch fails, and memory keeps none of its values", () =>
    Effect.gen(function*() {
      const { held, of, on, running: { app }, set, user } = yield* over(
        failing("set"),
        {},
        () => Effect.succeed("loaded")
      )
      yield* Effect.flip(set("before"))
      yield* Effect.flip(on(app.batch([user.setting({ id: "1" }, "one"), user.setting({ id: "2" }, "two")])))
      assert.deepStrictEqual([yield* held, yield* of("2").held], [undefined, undefined])
    }))

  it.effect("a set after the tier has recovered succeeds, and its value is held", () =>
    Effect.gen(function*() {
      const cache = yield* over(down, {}, () => Effect.succeed("loaded"))
      yield* Effect.flip(cache.set("lost"))
      yield* cache.faults.stop
      yield* cache.set("kept")
      evict(cache, "1")
      assert.strictEqual((yield* cache.answer).tier, "cold")
      assert.strictEqual(yield* cache.get, "kept")
    }))
})

describe("loaded value on its way to a lower tier", () => {
  const onItsWay = Effect.fnUntraced(function*() {
    const slow = [{ fault: { kind: "slow", delay: 50 }, operations: ["remove"] }] as const
    const { options: { store } } = yield* tiers(slow)
    let name = "Ann"
    const { as, cache } = yield* runningUsers({ name: () => Effect.sync(() => name), store })
    yield* as(profile.get({ id: "1" }))
    name = "Bob"
    // It has to drop the profile below first.
    const refresh = yield* fork(as(user.refresh({ id: "1" })))
    const fromBelow = Effect.suspend(() => {
      cache.families.get("user")!.hot!.drop("1")
      return as(user.getAnswer({ id: "1" }))
    })
    return { as, refresh, fromBelow }
  })

  it.effect("the loaded value does not replace a value that was set meanwhile", () =>
    Effect.gen(function*() {
      const { as, fromBelow, refresh } = yield* onItsWay()
      const set = yield* fork(as(user.set({ id: "1" }, "Cleo")))
      yield* drive(Fiber.joinAll([refresh, set]))
      const { tier, value } = yield* fromBelow
      assert.deepStrictEqual([value, tier], ["Cleo", "cold"])
    }))

  it.effect("the loaded value does not bring back a key that was deleted meanwhile", () =>
    Effect.gen(function*() {
      const { as, fromBelow, refresh } = yield* onItsWay()
      const remove = yield* fork(as(user.delete({ id: "1" })))
      yield* drive(Fiber.joinAll([refresh, remove]))
      assert.strictEqual((yield* fromBelow).tier, "lookup")
    }))

  it.effect("the loaded value arrives below after its caller has left", () =>
    Effect.gen(function*() {
      const { fromBelow, refresh } = yield* onItsWay()
      yield* Fiber.interrupt(refresh)
      yield* TestClock.adjust(50)
      const { tier, value } = yield* fromBelow
      assert.deepStrictEqual([value, tier], ["Bob", "cold"])
    }))
})

describe("lower tier that fails once", () => {
  it.effect("a tier that failed to remove a key removes it with the next write, and every key that it owes", () =>
    Effect.gen(function*() {
      const fails = [{ fault: { kind: "fail" }, operations: ["remove"], nth: 1 }] as const
      const { faults, of, on, place, user } = yield* over(fails, {}, (run) => Effect.succeed(run))
      yield* of("1").get
      yield* of("2").get
      yield* on(user.deleteMany([{ id: "1" }, { id: "2" }]))
      assert.deepStrictEqual(yield* faults.injected, [["write", "fail"]])
      assert.deepStrictEqual([keptIn(place, "Test/user", "1"), keptIn(place, "Test/user", "2")], [undefined, undefined])
    }))

  it.effect("a set fails when the tier neither stores the new value nor removes the old one", () =>
    Effect.gen(function*() {
      const fails = [{ fault: { kind: "fail" }, operations: ["set", "remove"], keys: ["1"] }] as const
      const place = makePlace()
      yield* Effect.scoped(Effect.flatMap(over([], {}, () => Effect.succeed("old"), place), ({ get }) => get))
      const { get, set } = yield* over(fails, {}, () => Effect.succeed("loaded"), place)
      assert.strictEqual(reasonOf(yield* Effect.flip(set("new"))), "StoreFailed")
      assert.strictEqual(yield* get, "loaded")
      assert.strictEqual(keptIn(place, "Test/user", "1"), "old")
    }))
})

describe("refresh whose value is refused", () => {
  it.effect("the refresh removes the old value from the lower tier", () =>
    Effect.gen(function*() {
      const loaded = (value: string) => Lookup.loaded(value, { tags: [value] })
      const cache = yield* over([], {}, (run) =>
        run === 2 ? after(10, Effect.succeed(loaded("new"))) : Effect.succeed(loaded(run === 1 ? "old" : "newest")))
      yield* cache.get
      // Memory has no room for it.
      evict(cache, "1")
      const refresh = yield* fork(cache.refresh)
      yield* cache.on(cache.user.invalidateTag("new"))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(refresh), "new")
      assert.strictEqual(yield* cache.get, "newest")
    }))
})

describe("single tier without memory", () => {
  it.effect("the tier returns no value that it failed to remove or to replace", () =>
    Effect.gen(function*() {
      for (const change of ["remove", "set"] as const) {
        const [store, faults] = yield* FaultyStore.make(mapStore(), { rules: failing(change, "recordMarks") })
        const { get, remove, set } = yield* family({}, (run) => Effect.succeed(`loaded ${run}`), {
          store: Layer.succeed(Store, store)
        })
        yield* get
        assert.strictEqual(reasonOf(yield* Effect.flip(change === "set" ? set("set") : remove)), "StoreFailed")
        yield* faults.stop
        assert.strictEqual(yield* get, "loaded 2")
        assert.strictEqual(yield* get, "loaded 2")
      }
    }))

  it.effect("a listener receives each failure once", () =>
    Effect.gen(function*() {
      const [store] = yield* FaultyStore.make(mapStore({ name: "cold" }), { rules: failing("get", "set") })
      const { get, running } = yield* family({}, () => Effect.succeed("value"), { store: Layer.succeed(Store, store) })
      const events = yield* watch(running.cache.events)
      yield* get
      yield* settle
      const failed = events.flatMap((event) => event._tag === "TierFailed" ? [event.operation] : [])
      assert.deepStrictEqual(failed, ["get", "write"])
    }))
})

describe("mark in the lower tier", () => {
  const tagged: Answers = (run) => Effect.succeed(Lookup.loaded(`value ${run}`, { tags: ["tag"] }))
  const marks = [
    ["invalidateTag", (user: any) => user.invalidateTag("tag")],
    ["invalidateAll", (user: any) => user.invalidateAll()],
    ["invalidateWhere", (user: any) => user.invalidateWhere({ id: "1" })],
    ["invalidate", (user: any) => user.invalidate({ id: "1" })],
    ["delete", (user: any) => user.delete({ id: "1" })]
  ] as const
  for (const [name, mark] of marks) {
    it.effect(`an engine that starts later drops the entry: ${name} before a restart`, () =>
      Effect.gen(function*() {
        const place = makePlace()
        yield* Effect.scoped(Effect.gen(function*() {
          const { get, on, user } = yield* over([], {}, tagged, place)
          yield* get
          yield* on(mark(user))
        }))
        const { get, source } = yield* over([], {}, tagged, place)
        yield* get
        assert.strictEqual(source.runs, 1, "not from the lower tier")
      }))
  }

  it.effect("an entry that was not invalidated is there after a restart", () =>
    Effect.gen(function*() {
      const place = makePlace()
      yield* Effect.scoped(Effect.gen(function*() {
        const { get, on, user } = yield* over([], {}, tagged, place)
        yield* get
        yield* on(user.invalidateTag("another"))
      }))
      const { answer, source } = yield* over([], {}, tagged, place)
      assert.deepStrictEqual([(yield* answer).value, source.runs], ["value 1", 0])
    }))

  it.effect("an invalidation fails when only memory could keep its mark", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* over(failing("recordMarks"), {}, tagged)
      yield* get
      assert.strictEqual(reasonOf(yield* Effect.flip(on(user.invalidateAll()))), "StoreFailed")
    }))
})

describe("refresh after a restart", () => {
  for (const isRead of [true, false]) {
    for (const isRefused of [true, false]) {
      const story = `whose value is ${isRefused ? "refused" : "kept"}, while a reader ${
        isRead ? "finds" : "does not look for"
      } the old one`
      it.effect(`a refresh ${story}, leaves no older value in the file or in memory`, () =>
        Effect.gen(function*() {
          const place = makePlace()
          const answer = (value: string) => Effect.succeed(Lookup.loaded(value, { tags: [value] }))
          // The clock shows a later time, so the versions of the file are greater than those of the next process.
          yield* TestClock.adjust(1_000)
          yield* Effect.scoped(Effect.flatMap(over([], {}, () => answer("old"), place), ({ get }) => get))
          yield* TestClock.setTime(0)
          const next = yield* over([], {}, (run) => run === 1 ? after(10, answer("new")) : answer("newest"), place)
          const refresh = yield* fork(next.refresh)
          yield* settle
          if (isRead) assert.strictEqual(yield* next.held, "old")
          yield* next.on(next.user.invalidateTag(isRefused ? "new" : "foreign"))
          yield* TestClock.adjust(10)
          assert.strictEqual(yield* Fiber.join(refresh), "new")
          assert.strictEqual(yield* next.held, isRefused ? undefined : "new")
          assert.strictEqual(yield* next.get, isRefused ? "newest" : "new")
          yield* settle
          assert.strictEqual(keptIn(place, "Test/user", "1"), isRefused ? "newest" : "new")
        }))
    }
  }
})

describe("value of a lower tier while its renewal runs", () => {
  // The second run of the lookup takes longer than the story.
  const slow: Answers = (run) => run === 1 ? Effect.succeed("old") : after(100_000, Effect.succeed("new"))
  const start = (policy: FamilyPolicy, begin: "refresh" | "get") =>
    Effect.gen(function*() {
      const { answer, get, refresh, running } = yield* over([], policy, slow)
      yield* get
      yield* TestClock.adjust(100)
      evict({ running }, "1")
      yield* fork({ refresh, get }[begin])
      yield* settle
      return Effect.gen(function*() {
        const reader = yield* fork(answer)
        yield* settle
        const exit = reader.pollUnsafe()
        yield* Fiber.interrupt(reader)
        return exit?._tag === "Success" ? [exit.value.value, exit.value.stale] : "waits"
      })
    })

  it.effect("a refresh serves no value whose idle time is over", () =>
    Effect.gen(function*() {
      const read = yield* start({ idleTimeToLive: 1_000 }, "refresh")
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* read, "waits")
    }))

  it.effect("a refresh serves the value for as long as readers read it within its idle time", () =>
    Effect.gen(function*() {
      const read = yield* start({ idleTimeToLive: 1_000 }, "refresh")
      for (let i = 0; i < 5; i++) {
        yield* TestClock.adjust(800)
        assert.deepStrictEqual(yield* read, ["old", false])
      }
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* read, "waits")
    }))

  it.effect("a renewal behind its readers serves no stale value whose idle time is over", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, idleTimeToLive: 1_000, staleWhileRevalidate: 50_000 }
      const read = yield* start(policy, "get")
      assert.deepStrictEqual(yield* read, ["old", true])
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* read, "waits")
    }))
})

describe("read of a slow lower tier", () => {
  const late = { fault: { kind: "slowLate", delay: 10 }, operations: ["get"], keys: ["1"] } as const
  const changes = [
    ["a set", "new", (on: any) => on.set("new")],
    [
      "a set of which memory has pushed the value out again",
      "new",
      (on: any) => Effect.andThen(on.set("new"), Effect.sync(() => evict(on, "1")))
    ],
    ["an invalidation of another tag", "old", (on: any) => on.on(on.user.invalidateTag("foreign"))],
    ["a deletion", "looked up", (on: any) => on.remove]
  ] as const
  const reads = {
    get: (on: any) => on.get,
    getMany: (on: any) => Effect.map(on.on(on.user.getMany([{ id: "1" }, { id: "2" }])), ([one]: any) => one),
    getOption: (on: any) => on.held
  }
  for (const [name, right, change] of changes) {
    for (const [read, door] of Object.entries(reads)) {
      const found = read === "getOption" && right === "looked up" ? undefined : right
      it.effect(`${read} finds the valid value beside ${name}`, () =>
        Effect.gen(function*() {
          const on = yield* over([late], {}, () => Effect.succeed("looked up"))
          yield* on.set("old")
          yield* on.of("2").set("two")
          evict(on, "1")
          const reader = yield* fork(door(on) as Effect.Effect<unknown, unknown>)
          yield* settle
          yield* change(on) as Effect.Effect<void, unknown>
          yield* TestClock.adjust(10)
          yield* TestClock.adjust(10)
          assert.strictEqual(yield* Fiber.join(reader), found)
          assert.strictEqual(on.source.runs, found === "looked up" ? 1 : 0)
          checkInvariants(on.running)
        }))
    }
  }
})

describe("NotModified", () => {
  it.effect("NotModified confirms the value that the lookup received, even when memory has evicted it meanwhile", () =>
    Effect.gen(function*() {
      const { get, held, refresh, running } = yield* family(
        {},
        (run) => run === 1 ? Effect.succeed("value") : after(10, Effect.succeed(Lookup.notModified()))
      )
      yield* get
      const refreshing = yield* fork(refresh)
      yield* settle
      evict({ running }, "1")
      yield* TestClock.adjust(10)
      assert.deepStrictEqual([yield* Fiber.join(refreshing), yield* held], ["value", "value"])
    }))
})
