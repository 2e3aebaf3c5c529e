/**
 * A tag is invalidated while a load or an update runs. The invalidation drops values that have the tag, and no others.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { Store } from "../../src/store/Store.ts"
import { fork, settle } from "../support/effects.ts"
import type { EngineOptions } from "../support/engine.ts"
import { checkInvariants } from "../support/engine.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { family, gated, tiers } from "../support/source.ts"

const answer = (run: number) => Lookup.loaded(run, { tags: [`run${run}`, "all"] })

/** Lookups that wait for their end, except for the runs in `atOnce`. A value has a tag of its run, and one of all. */
const tagged = (policy: FamilyPolicy, options: EngineOptions, atOnce: ReadonlyArray<number> = []) =>
  Effect.map(gated(policy, options, (run) => atOnce.includes(run) ? answer(run) : undefined), (cache) => ({
    ...cache,
    ends: (run: number, value: unknown = answer(run)) => cache.ends(run, value)
  }))
type Tagged = Effect.Success<ReturnType<typeof tagged>>

const arrangements: ReadonlyArray<readonly [name: string, options: Effect.Effect<EngineOptions, any, Scope.Scope>]> = [
  ["memory", Effect.succeed({})],
  ["memory over a lower tier", Effect.map(tiers([]), ({ options }) => options)],
  ["a lower tier alone", Effect.sync(() => ({ store: Layer.succeed(Store, mapStore({ place: makePlace() })) }))]
]

/** What runs while the tag is invalidated; `brings` names the tags of its value, `began` those of the one before. */
interface Running {
  readonly name: string
  readonly policy?: FamilyPolicy
  readonly atOnce?: ReadonlyArray<number>
  readonly begin: (on: Tagged) => Effect.Effect<Fiber.Fiber<unknown, unknown>, unknown, any>
  readonly end: (on: Tagged) => Effect.Effect<unknown, unknown>
  readonly value: unknown
  readonly brings: string
  readonly began?: string
}

const stale = { timeToLive: 100, staleWhileRevalidate: 1_000 }
const gate = Deferred.makeUnsafe<void>

const loads: ReadonlyArray<Running> = [
  { name: "a load", begin: ({ get }) => fork(get), end: (on) => on.ends(1), value: 1, brings: "run1" },
  {
    name: "a refresh of what is absent",
    begin: (on) => fork(on.refresh),
    end: (on) => on.ends(1),
    value: 1,
    brings: "run1"
  },
  {
    name: "a refresh",
    atOnce: [1],
    begin: (on) => Effect.andThen(on.get, fork(on.refresh)),
    end: (on) => on.ends(2),
    value: 2,
    brings: "run2",
    began: "run1"
  },
  {
    name: "a renewal behind a reader",
    policy: stale,
    atOnce: [1],
    begin: (on) => Effect.andThen(on.get, Effect.andThen(TestClock.adjust(150), fork(on.get))),
    end: (on) => on.ends(2),
    value: 2,
    brings: "run2",
    began: "run1"
  },
  {
    name: "a renewal ahead",
    policy: { timeToLive: 100, refreshAhead: 0.5 },
    atOnce: [1],
    begin: (on) => Effect.andThen(on.get, Effect.andThen(TestClock.adjust(60), fork(on.get))),
    end: (on) => on.ends(2),
    value: 2,
    brings: "run2",
    began: "run1"
  },
  {
    name: "warming",
    begin: (on) => fork(on.on(on.user.warm([{ id: "1" }]))),
    // Where it was overtaken, it loads once more.
    end: (on) => on.ends(1),
    value: 1,
    brings: "run1"
  }
]

const tagsOf = ({ began, brings }: Running) =>
  [[brings, true], ...began === undefined ? [] : [[began, true] as const], ["foreign", false]] as const

for (const [tiersName, options] of arrangements) {
  describe(`tag that is invalidated during a load or an update, over ${tiersName}`, () => {
    for (const running of loads) {
      for (const [tag, isConcerned] of tagsOf(running)) {
        for (const mode of ["hide", "markStale"] as const) {
          it.effect(`an invalidation ${isConcerned ? "drops" : "leaves"} the value while ${running.name} runs (${tag}, ${mode})`, () =>
            Effect.gen(function*() {
              const { atOnce, begin, end, policy = {}, value } = running
              const on = yield* tagged(policy, yield* options, atOnce)
              yield* begin(on)
              yield* settle
              yield* on.on(on.user.invalidateTag(tag, { mode }))
              yield* end(on)
              assert.strictEqual((yield* on.held) === value, !isConcerned)
            }))
        }
      }
    }

    for (const [tag, isConcerned] of [["mine", true], ["foreign", false]] as const) {
      for (const mode of ["hide", "markStale"] as const) {
        it.effect(`an invalidation ${isConcerned ? "overtakes" : "does not concern"} an update that runs (${tag}, ${mode})`, () =>
          Effect.gen(function*() {
            const on = yield* tagged({}, yield* options)
            yield* on.set(5, { tags: ["mine"] })
            const hold = gate()
            const updating = yield* fork(
              on.on<number>(on.user.update({ id: "1" }, (n: number) => Effect.as(Deferred.await(hold), n + 1)))
            )
            yield* settle
            yield* on.on(on.user.invalidateTag(tag, { mode }))
            yield* Deferred.succeed(hold, undefined)
            assert.strictEqual(yield* Fiber.join(updating), 6)
            assert.strictEqual(yield* on.held, isConcerned ? undefined : 6)
            checkInvariants(on.running)
          }))

        it.effect(`an invalidation ${isConcerned ? "overtakes" : "does not concern"} a patch that runs (${tag}, ${mode})`, () =>
          Effect.gen(function*() {
            const on = yield* tagged({}, yield* options)
            yield* on.set(5, { tags: ["mine"] })
            const hold = gate()
            const patching = yield* fork(
              on.on(on.user.patch({ id: "1" }, (n: number) => Effect.as(Deferred.await(hold), n + 1)))
            )
            yield* settle
            yield* on.on(on.user.invalidateTag(tag, { mode }))
            yield* Deferred.succeed(hold, undefined)
            yield* Fiber.join(patching)
            assert.strictEqual(yield* on.held, isConcerned ? undefined : 6)
          }))
      }
    }

    it.effect("an invalidation of a tag leaves an update that is reading its value", () =>
      Effect.gen(function*() {
        const on = yield* tagged({}, yield* options)
        const updating = yield* fork(on.on<number>(on.user.update({ id: "1" }, (n: number) => n + 1)))
        yield* settle
        yield* on.on(on.user.invalidateTag("foreign"))
        yield* on.ends(1)
        assert.strictEqual(yield* Fiber.join(updating), 2)
        assert.strictEqual(yield* on.held, 2)
      }))

    it.effect("invalidations of a tag without entries cause no load of a key that is read", () =>
      Effect.gen(function*() {
        const on = yield* family(
          {},
          (run) => Effect.as(Effect.sleep(200), Lookup.loaded(run, { tags: ["mine"] })),
          yield* options
        )
        const readers = yield* fork(Effect.forever(Effect.andThen(fork(on.get), Effect.sleep(10))))
        yield* Effect.forEach(
          Array.from({ length: 30 }),
          () => Effect.andThen(on.on(on.user.invalidateTag("foreign")), TestClock.adjust(50))
        )
        assert.isAtMost(on.source.runs, 2)
        assert.isTrue(yield* on.has)
        yield* Fiber.interrupt(readers)
        yield* TestClock.adjust(1_000)
        checkInvariants(on.running)
      }))
  })
}

describe("two loads with an invalidation of a tag between them", () => {
  const two = Effect.fnUntraced(function*() {
    const on = yield* tagged({}, {})
    const early = yield* fork(on.get)
    yield* settle
    yield* on.on(on.user.invalidateTag("foreign"))
    const late = yield* fork(on.get)
    yield* settle
    assert.strictEqual(on.source.runs, 2, "a reader who comes after the invalidation does not join")
    return { ...on, early, late }
  })

  it.effect("the value of the earlier load is kept until the later load ends", () =>
    Effect.gen(function*() {
      const { early, ends, held, late, running } = yield* two()
      yield* ends(1)
      assert.deepStrictEqual([yield* Fiber.join(early), yield* held], [1, 1])
      yield* ends(2)
      assert.deepStrictEqual([yield* Fiber.join(late), yield* held], [2, 2])
      checkInvariants(running)
    }))

  it.effect("the value of the earlier load is not kept after the later load has succeeded", () =>
    Effect.gen(function*() {
      const { early, ends, held, running } = yield* two()
      yield* ends(2)
      yield* ends(1)
      assert.deepStrictEqual([yield* Fiber.join(early), yield* held], [1, 2])
      checkInvariants(running)
    }))

  it.effect("the value of the earlier load is not kept after the later load has failed or found nothing", () =>
    Effect.gen(function*() {
      for (const answer of [Lookup.absent, Lookup.failed("broken")]) {
        const { early, ends, held, late, running } = yield* two()
        const ended = yield* fork(Effect.exit(Fiber.join(late)))
        yield* ends(2, answer)
        assert.strictEqual((yield* Fiber.join(ended))._tag, "Failure")
        yield* ends(1)
        assert.deepStrictEqual([yield* Fiber.join(early), yield* held], [1, undefined])
        checkInvariants(running)
      }
    }))

  it.effect("no value of either load is kept after a set or a deletion", () =>
    Effect.gen(function*() {
      for (const change of ["set", "delete"] as const) {
        const { ends, held, remove, running, set } = yield* two()
        yield* change === "set" ? set("set") : remove
        for (const run of [1, 2]) {
          yield* ends(run)
          assert.strictEqual(yield* held, change === "set" ? "set" : undefined)
        }
        checkInvariants(running)
      }
    }))

  it.effect("no value is kept whose tag a sweep of marks may have dropped", () =>
    Effect.gen(function*() {
      const { ends, held, on, running, user } = yield* two()
      yield* on(user.invalidateTag("run2"))
      yield* running.cache.families.get("user")!.sweepMarks
      yield* ends(2)
      assert.isUndefined(yield* held)
    }))
})

describe("NotModified", () => {
  it.effect("NotModified is refused when the confirmed value had a tag that was invalidated, whatever its new tags are", () =>
    Effect.gen(function*() {
      for (const tag of ["run1", "foreign"]) {
        const { ends, get, held, on, refresh, user } = yield* tagged({}, {}, [1])
        yield* get
        const refreshing = yield* fork(refresh)
        yield* settle
        yield* on(user.invalidateTag(tag))
        yield* ends(2, Lookup.notModified({ tags: [] }))
        assert.strictEqual(yield* Fiber.join(refreshing), 1)
        assert.strictEqual(yield* held, tag === "run1" ? undefined : 1)
      }
    }))
})

describe("a refresh that a tag meets", () => {
  for (const [name, options] of arrangements) {
    it.effect(`a refresh whose value is refused for its tag leaves no older value in any tier (${name})`, () =>
      Effect.gen(function*() {
        const { ends, get, held, on, refresh, user } = yield* gated(
          {},
          yield* options,
          (run) => run === 1 ? "old" : undefined
        )
        yield* get
        const refreshing = yield* fork(refresh)
        yield* settle
        yield* on(user.invalidateTag("new"))
        yield* ends(2, Lookup.loaded("new", { tags: ["new"] }))
        assert.strictEqual(yield* Fiber.join(refreshing), "new")
        assert.isUndefined(yield* held)
      }))

    it.effect(`an update that has read the value before a refresh does not write over what the refresh brings (${name})`, () =>
      Effect.gen(function*() {
        const { ends, held, on, refresh, user } = yield* gated({}, yield* options)
        const updating = yield* fork(on<string>(user.update({ id: "1" }, (was: string) => `${was}!`)))
        yield* settle
        yield* on(user.invalidateTag("foreign"))
        const refreshing = yield* fork(refresh)
        yield* settle
        yield* ends(2, "new")
        assert.strictEqual(yield* Fiber.join(refreshing), "new")
        yield* ends(1, "old")
        assert.strictEqual(yield* Fiber.join(updating), "old!")
        assert.notStrictEqual(yield* held, "old!")
      }))
  }
})
