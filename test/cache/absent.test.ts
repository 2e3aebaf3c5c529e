/**
 * A lookup that answers `Lookup.absent`: the source has no value for the key. That is an answer and no failure: what is
 * held is removed, what derives from it is dropped, and the answer is remembered.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { after, fork, reasonOf, settle, times } from "../support/effects.ts"
import { checkInvariants, engine, type EngineOptions } from "../support/engine.ts"
import { family, tiers, watch } from "../support/source.ts"

/** The first lookup finds a value, and later ones find none. */
const once = (run: number): Effect.Effect<unknown> =>
  Effect.succeed(run === 1 ? Lookup.loaded("Ann", { tags: ["t"] }) : Lookup.absent)

const reasonsOf = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> =>
  exit._tag === "Success" ? [] : exit.cause.reasons.map((reason: any) => reasonOf(reason.error))

const isAbsent = (exit: Exit.Exit<unknown, unknown>) => assert.deepStrictEqual(reasonsOf(exit), ["Absent"])

const stores: ReadonlyArray<readonly [name: string, options: Effect.Effect<EngineOptions, any, any>]> = [
  ["memory", Effect.succeed({})],
  ["memory over another tier", Effect.map(tiers([]), ({ options }) => options)],
  ["memory for one entry over another tier", Effect.map(tiers([], { capacity: 1 }), ({ options }) => options)]
]

/** How the source is asked again, for a key that has a value. */
const ways: {
  readonly [way: string]: { readonly policy: FamilyPolicy; readonly ask: (on: any) => Effect.Effect<any, any, any> }
} = {
  "a refresh": { policy: {}, ask: (on) => Effect.exit(on.refresh) },
  "a read after the lifetime": {
    policy: { timeToLive: 100 },
    ask: (on) => Effect.andThen(TestClock.adjust(100), Effect.exit(on.get))
  },
  "a renewal behind a reader": {
    policy: { timeToLive: 100, staleWhileRevalidate: 1_000 },
    ask: (on) => Effect.andThen(TestClock.adjust(100), Effect.exit(on.get))
  },
  "a read that an error would leave its stale value": {
    policy: { timeToLive: 100, staleIfError: 1_000 },
    ask: (on) => Effect.andThen(TestClock.adjust(100), Effect.exit(on.get))
  },
  "a read with a soft timeout": {
    policy: { timeToLive: 100, staleIfError: 1_000, softTimeout: 10 },
    ask: (on) => Effect.andThen(TestClock.adjust(100), Effect.exit(on.get))
  },
  "a renewal ahead": {
    policy: { timeToLive: 100, refreshAhead: 0.5 },
    ask: (on) => Effect.andThen(TestClock.adjust(60), Effect.exit(on.get))
  },
  "a read after a mark": {
    policy: { staleIfError: 1_000 },
    ask: (on) => Effect.andThen(on.drop("markStale"), Effect.exit(on.get))
  }
}

describe("a value that the source says is gone", () => {
  for (const [way, { ask, policy }] of Object.entries(ways)) {
    for (const [tier, options] of stores) {
      for (const answer of ["absent", "notModified"] as const) {
        it.effect(`a value is removed by ${way}, in ${tier}, with the answer ${answer}`, () =>
          Effect.gen(function*() {
            const rules = { ...policy, negativeTimeToLive: 50 }
            // Without the value that it was given, "not modified" says the same.
            const on = yield* family(rules, (run, { previous }) =>
              run > 1 && answer === "notModified" && previous === undefined
                ? Effect.succeed(Lookup.notModified())
                : once(run), yield* options)
            yield* on.get
            yield* settle
            yield* on.of("other").set("x")
            yield* settle
            yield* ask(on)
            yield* settle
            assert.isUndefined(yield* on.held)
            assert.strictEqual((yield* on.explain).outcome, "fail")
            assert.isUndefined((yield* on.explain).held)
            for (let i = 0; i < 20; i++) {
              isAbsent(yield* Effect.exit(on.get))
            }
            assert.strictEqual(on.source.runs, 2, "the answer is remembered")
            yield* TestClock.adjust(50)
            isAbsent(yield* Effect.exit(on.get))
            assert.strictEqual(on.source.runs, 3, "for `negativeTimeToLive`")
            yield* settle
            checkInvariants(on.running)
          }))
      }
    }
  }

  it.effect("a value is removed below, so that the next process does not find it", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([])
      yield* Effect.scoped(Effect.gen(function*() {
        const on = yield* family({}, once, options)
        yield* on.get
        isAbsent(yield* Effect.exit(on.refresh))
      }))
      const next = yield* family({}, () => Effect.succeed(Lookup.absent), options)
      assert.isUndefined(yield* next.held)
    }))

  it.effect("a value is removed below even if the tier could not be read", () =>
    Effect.gen(function*() {
      const rules = [{ fault: { kind: "fail" }, operations: ["get"], nth: 2 }] as const
      const { options } = yield* tiers(rules)
      const on = yield* family({ negativeTimeToLive: 0 }, once, options)
      yield* on.get
      yield* settle
      on.running.cache.families.get("user")!.hot!.drop("1")
      isAbsent(yield* Effect.exit(on.get))
      yield* settle
      assert.isUndefined(yield* on.held)
    }))
})

describe("a load that finds no value", () => {
  it.effect("a load without a value leaves what was written while it ran", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const on = yield* family({}, () => Effect.as(Deferred.await(gate), Lookup.absent))
      const reader = yield* fork(Effect.exit(on.get))
      yield* on.set("written")
      yield* Deferred.done(gate, Exit.void)
      isAbsent(yield* Fiber.join(reader))
      assert.strictEqual(yield* on.held, "written")
      assert.strictEqual(yield* on.get, "written")
    }))

  it.effect("an answer is not remembered if the key was invalidated while the lookup ran", () =>
    Effect.gen(function*() {
      for (const change of ["drop", "all", "tag"] as const) {
        const gate = yield* Deferred.make<void>()
        const on = yield* family(
          { negativeTimeToLive: "1 hour" },
          (run) => run === 1 ? Effect.as(Deferred.await(gate), Lookup.absent) : Effect.succeed("Bob")
        )
        const reader = yield* fork(Effect.exit(on.get))
        const { invalidateAll, invalidateTag } = on.user
        yield* change === "drop" ? on.drop() : on.on(change === "all" ? invalidateAll() : invalidateTag("t"))
        yield* Deferred.done(gate, Exit.void)
        isAbsent(yield* Fiber.join(reader))
        assert.strictEqual(yield* on.get, "Bob", change)
      }
    }))

  it.effect("an answer is forgotten with a write or an invalidation of its key", () =>
    Effect.gen(function*() {
      const changes = {
        set: (on: any) => on.set("Bob"),
        drop: (on: any) => on.drop(),
        remove: (on: any) => on.remove,
        where: (on: any) => on.on(on.user.invalidateWhere({ id: "1" })),
        refresh: (on: any) => on.refresh
      }
      for (const [name, change] of Object.entries(changes)) {
        const on = yield* family(
          { negativeTimeToLive: "1 hour" },
          (run) => Effect.succeed(run === 1 ? Lookup.absent : "Bob")
        )
        isAbsent(yield* Effect.exit(on.get))
        yield* change(on) as Effect.Effect<unknown, unknown>
        assert.strictEqual(yield* on.get, "Bob", name)
      }
    }))

  it.effect("an update that has read the key before is not written", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const on = yield* family({}, once)
      yield* on.get
      const update = yield* fork(on.on(on.user.update({ id: "1" }, () => Effect.as(Deferred.await(gate), "Bob"))))
      isAbsent(yield* Effect.exit(on.refresh))
      yield* Deferred.done(gate, Exit.void)
      yield* Fiber.join(update)
      assert.isUndefined(yield* on.held)
    }))

  it.effect("an update of an absent key fails", () =>
    Effect.gen(function*() {
      const on = yield* family({}, () => Effect.succeed(Lookup.absent))
      isAbsent(yield* Effect.exit(on.on(on.user.update({ id: "1" }, (was: unknown) => was))))
    }))

  it.effect("an answer is counted, told to listeners, and explained", () =>
    Effect.gen(function*() {
      const on = yield* family({ negativeTimeToLive: 0 }, once)
      const events = yield* watch(on.running.cache.events)
      yield* on.get
      yield* Effect.exit(on.refresh)
      yield* Effect.exit(on.get)
      yield* settle
      const { loadFailures, loads } = on.running.cache.stats["user"]!
      assert.deepStrictEqual({ loads, loadFailures }, { loads: 3, loadFailures: 0 })
      assert.deepStrictEqual(
        events.flatMap((event) => event._tag === "Load" ? [event.absent] : []),
        [false, true, true]
      )
      const { happenings } = yield* on.explain
      assert.deepStrictEqual(happenings.map(({ what }) => what), ["Absent", "Absent", "Loaded"])
    }))

  it.effect("a refresh in the body of a transaction removes the value with the commit, and not without it", () =>
    Effect.gen(function*() {
      for (const isCaught of [true, false]) {
        const on = yield* family({}, once)
        yield* on.get
        const refresh = on.user.refresh({ id: "1" })
        const body = isCaught ? Effect.exit(refresh) : refresh
        const { app } = on.running
        const commit = on.on(app.transaction((body: Effect.Effect<unknown, unknown, any>) => body)(body))
        assert.strictEqual((yield* Effect.exit(commit))._tag, isCaught ? "Success" : "Failure")
        assert.strictEqual(yield* on.held, isCaught ? undefined : "Ann")
      }
    }))

  it.effect("a herd is answered by one lookup", () =>
    Effect.gen(function*() {
      const on = yield* family({}, () => after(10, Effect.succeed(Lookup.absent)))
      const readers = yield* times(20, fork(Effect.exit(on.get)))
      yield* TestClock.adjust(10)
      for (const exit of yield* Fiber.joinAll(readers)) isAbsent(exit)
      isAbsent(yield* Effect.exit(on.get))
      assert.strictEqual(on.source.runs, 1)
    }))

  it.effect("an answer for one of many keys is remembered for that key", () =>
    Effect.gen(function*() {
      let runs = 0
      const on = yield* family({}, () => Effect.die("one"), {
        lookupMany: (keys) => Effect.sync(() => (runs++, keys.map((key) => key === "user:1" ? Lookup.absent : key)))
      })
      for (let i = 0; i < 20; i++) {
        isAbsent(yield* Effect.exit(on.on(on.user.getMany([{ id: "1" }, { id: "2" }]))))
      }
      assert.strictEqual(runs, 1)
    }))
})

/** `page:{id}` is made from `user:{id}`, with its value or without one. */
const derived = Effect.fnUntraced(function*(rows: Map<string, string>, policy: FamilyPolicy = {}) {
  const runs = { user: 0, page: 0 }
  const running = yield* engine({
    families: {
      user: { pattern: "user:{id}", negativeTimeToLive: 10, ...policy },
      page: { pattern: "page:{id}", derives: ["user:{id}"] }
    }
  }, ({ key }, app) => {
    const [name, id] = key.split(":") as ["user" | "page", string]
    runs[name]++
    if (name === "user") return Effect.sync(() => rows.get(id) ?? Lookup.absent)
    const user: Effect.Effect<string, unknown, any> = app.keys.user.get({ id })
    return Effect.match(user, { onSuccess: (name) => `Hi ${name}`, onFailure: () => "Who?" })
  })
  const { page, user } = running.app.keys
  const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
  return {
    page: on<string>(page.get({ id: "1" })),
    user: on<string>(user.get({ id: "1" })),
    on,
    runs,
    running,
    of: user
  }
})

describe("what derives from a key without a value", () => {
  it.effect("a derived value is dropped when its source goes away, and again when it comes back by a load", () =>
    Effect.gen(function*() {
      const rows = new Map([["1", "Ann"]])
      const { of, on, page, runs, user } = yield* derived(rows)
      assert.strictEqual(yield* page, "Hi Ann")
      rows.delete("1")
      isAbsent(yield* Effect.exit(on(of.refresh({ id: "1" }))))
      assert.strictEqual(yield* page, "Who?")
      assert.strictEqual(yield* page, "Who?")
      assert.strictEqual(runs.page, 2)
      rows.set("1", "Bob")
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* user, "Bob")
      assert.strictEqual(yield* page, "Hi Bob")
    }))

  it.effect("a derived value is kept when the source says again that there is no value", () =>
    Effect.gen(function*() {
      const { page, runs, user } = yield* derived(new Map())
      assert.strictEqual(yield* page, "Who?")
      for (let i = 0; i < 3; i++) {
        yield* TestClock.adjust(10)
        isAbsent(yield* Effect.exit(user))
        assert.strictEqual(yield* page, "Who?")
      }
      assert.deepStrictEqual(runs, { user: 4, page: 1 })
    }))

  it.effect("a derived value is dropped if memory has pushed its source out before", () =>
    Effect.gen(function*() {
      const rows = new Map([["1", "Ann"]])
      const { page, running, user } = yield* derived(rows)
      yield* page
      const family = running.cache.families.get("user")!
      const entry = family.hot!.peek("1")!
      family.hot!.drop("1")
      family.left("1", "Evicted", entry)
      rows.delete("1")
      isAbsent(yield* Effect.exit(user))
      assert.strictEqual(yield* page, "Who?")
    }))

  it.effect("a derived key is not absent any more when its source has a value again", () =>
    Effect.gen(function*() {
      const rows = new Map<string, string>()
      const running = yield* engine({
        families: {
          user: { pattern: "user:{id}", negativeTimeToLive: 10 },
          page: { pattern: "page:{id}", derives: ["user:{id}"], negativeTimeToLive: "1 hour" },
          part: { pattern: "part:{id}:{n}", derives: ["user:{id}"], fanout: true, negativeTimeToLive: "1 hour" }
        }
      }, ({ key }, app) => {
        const [name, id] = key.split(":") as [string, string]
        if (name === "user") return Effect.sync(() => rows.get(id) ?? Lookup.absent)
        return Effect.match(app.keys.user.get({ id }) as Effect.Effect<string, unknown, any>, {
          onSuccess: (name) => `Hi ${name}`,
          onFailure: () => Lookup.absent
        })
      })
      const get = (name: "page" | "part" | "user", params: object) =>
        Effect.exit(running.as<any, any>(running.app.keys[name].get(params)))
      isAbsent(yield* get("page", { id: "1" }))
      isAbsent(yield* get("part", { id: "1", n: "1" }))
      rows.set("1", "Bob")
      yield* TestClock.adjust(10)
      yield* get("user", { id: "1" })
      assert.deepStrictEqual(yield* get("page", { id: "1" }), Exit.succeed("Hi Bob"))
      assert.deepStrictEqual(yield* get("part", { id: "1", n: "1" }), Exit.succeed("Hi Bob"))
    }))
})

describe("a refresh that finds no value", () => {
  it.effect("a refresh returns when the lower tier has removed the old value, and fails if it could not", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([{ fault: { kind: "fail" }, operations: ["remove"] }])
      const on = yield* family({}, once, options)
      yield* on.get
      yield* settle
      assert.deepStrictEqual(reasonsOf(yield* Effect.exit(on.refresh)), ["StoreFailed"])
      assert.isUndefined(yield* on.held)
    }))
})

const nothing = (policy: FamilyPolicy) =>
  Effect.gen(function*() {
    const on = yield* family(policy, () => Effect.succeed(Lookup.absent))
    return (yield* Effect.flip(on.get)) as Error
  })

describe("error of an absent key", () => {
  for (const negativeTimeToLive of [0, "1 hour"] as const) {
    it.effect(`the error has its message and no frames, with a negativeTimeToLive of ${negativeTimeToLive}`, () =>
      Effect.gen(function*() {
        const { stackTraceLimit } = Error
        const error = yield* nothing({ negativeTimeToLive })
        assert.match(error.message, /^E0501: .* is absent: its lookup returned `Lookup.absent`$/)
        assert.strictEqual(error.stack, `CacheError: ${error.message}`)
        assert.strictEqual(Error.stackTraceLimit, stackTraceLimit)
        assert.match(new Error("another").stack!, /\n {4}at /)
      }))
  }

  it.effect("the error has frames where the process has frozen the limit of frames", () =>
    Effect.gen(function*() {
      const { stackTraceLimit } = Error
      yield* Effect.acquireRelease(
        Effect.sync(() => Object.defineProperty(Error, "stackTraceLimit", { writable: false })),
        () => Effect.sync(() => Object.defineProperty(Error, "stackTraceLimit", { writable: true }))
      )
      const error = yield* nothing({ negativeTimeToLive: 0 })
      assert.match(error.stack!, /\n {4}at /)
      assert.strictEqual(Error.stackTraceLimit, stackTraceLimit)
    }))
})
