/**
 * The engine drops old marks, so that nothing grows with the number of invalidations. An entry that a dropped mark had
 * hidden never comes back, wherever it was at that moment.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import { isOfLives } from "../../src/cache/engine/internal/lives.ts"
import { splitScope } from "../../src/cache/internal/family/names.ts"
import { FamilyMarks, TagMarks } from "../../src/cache/internal/marks/familyMarks.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import { everything } from "../../src/cache/shared/slices.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import type * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { after, fork, settle } from "../support/effects.ts"
import { engine, type Running } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"
import { makePlace } from "../support/mapStore.ts"
import { family, tiers } from "../support/source.ts"

const sweepOf = ({ cache }: Running, name = "user") => Effect.orDie(cache.families.get(name)!.sweepMarks)

/** It hides something: it is not one of the two kinds that a store keeps beside them. */
const isMark = (scope: string): boolean => !scope.endsWith("|written") && !isOfLives(splitScope(scope).marked)

describe("entry hidden by a mark that was dropped", () => {
  it.effect("an entry that a dropped mark hid does not come back from a lookup that began before the mark and ended after the sweep", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { get, held, on, running, user } = yield* family({}, (run) => Effect.as(Deferred.await(gate), run))
      const reader = yield* fork(get)
      yield* on(user.invalidateWhere({ id: "1" }))
      yield* sweepOf(running)
      yield* Deferred.done(gate, Exit.void)
      assert.strictEqual(yield* Fiber.join(reader), 1)
      assert.isUndefined(yield* held)
    }))

  it.effect("an entry that a dropped mark hid does not come back from a remembered failure", () =>
    Effect.gen(function*() {
      const { get, on, running, user } = yield* family(
        { negativeTimeToLive: "1 hour" },
        (run) => run === 1 ? Effect.fail("down") : Effect.succeed(run)
      )
      yield* Effect.exit(get)
      yield* on(user.invalidateWhere({ id: "1" }))
      yield* sweepOf(running)
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("an entry that a dropped mark hid does not come back from an update that read it before the mark and wrote after the sweep", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { get, held, on, running, user } = yield* family({}, (run) => Effect.succeed(run))
      yield* get
      const update = yield* fork(
        on(user.update({ id: "1" }, (was: number) => Effect.as(Deferred.await(gate), was + 100)))
      )
      yield* on(user.invalidateWhere({ id: "1" }))
      yield* sweepOf(running)
      yield* Deferred.done(gate, Exit.void)
      assert.strictEqual(yield* Fiber.join(update), 101)
      assert.isUndefined(yield* held)
    }))

  it.effect("an entry that a dropped mark hid does not come back from a patch that read it before the mark and wrote after the sweep", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { get, held, on, running, user } = yield* family({}, (run) => Effect.succeed(run))
      yield* get
      const patch = yield* fork(on(user.patch({ id: "1" }, () => Effect.as(Deferred.await(gate), "patched"))))
      yield* on(user.invalidateWhere({ id: "1" }))
      yield* sweepOf(running)
      yield* Deferred.done(gate, Exit.void)
      yield* Fiber.join(patch)
      assert.isUndefined(yield* held)
    }))

  for (const by of ["where", "tag"] as const) {
    it.effect(`an entry that a dropped mark hid does not replace the failure of a lookup after the sweep, with a mark by ${by}`, () =>
      Effect.gen(function*() {
        const { get, on, running, user } = yield* family(
          { timeToLive: 10, staleIfError: "1 hour" },
          (run) => run === 1 ? Effect.succeed(Lookup.loaded(run, { tags: ["t"] })) : after(10, Effect.fail("down"))
        )
        yield* get
        yield* TestClock.adjust(20)
        const reader = yield* fork(Effect.exit(get))
        yield* on(by === "tag" ? user.invalidateTag("t") : user.invalidateWhere({ id: "1" }))
        yield* sweepOf(running)
        yield* TestClock.adjust(20)
        assert.isTrue(Exit.isFailure(yield* Fiber.join(reader)))
      }))
  }

  it.effect("an entry that a dropped mark hid does not replace the failure of a lookup for a reader that waited for that lookup", () =>
    Effect.gen(function*() {
      const { drop, get, on, running, source, user } = yield* family(
        { timeToLive: 10, staleIfError: "1 hour" },
        (run) => run === 1 ? Effect.succeed(run) : after(10, Effect.fail("down"))
      )
      yield* get
      yield* TestClock.adjust(20)
      yield* fork(Effect.exit(get))
      yield* drop("markStale")
      yield* fork(Effect.exit(get))
      yield* drop("markStale")
      const reader = yield* fork(Effect.exit(get))
      assert.strictEqual(source.runs, 3, "two lookups run, and the third reader waits for the next one")
      yield* on(user.invalidateWhere({ id: "1" }))
      yield* sweepOf(running)
      yield* TestClock.adjust(40)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(reader)))
    }))

  it.effect("an entry that a dropped mark hid does not come back for a reader whose soft timeout is over after the sweep", () =>
    Effect.gen(function*() {
      const { get, on, running, user } = yield* family(
        { timeToLive: 10, staleIfError: "1 hour", softTimeout: 20 },
        (run) => run === 1 ? Effect.succeed(run) : after(100, Effect.succeed(run))
      )
      yield* get
      yield* TestClock.adjust(20)
      const reader = yield* fork(get)
      yield* on(user.invalidateWhere({ id: "1" }))
      yield* sweepOf(running)
      yield* TestClock.adjust(200)
      assert.isAbove((yield* Fiber.join(reader)) as number, 1)
    }))

  it.effect("an entry that a dropped mark hid does not come back from a read below that began before the mark and ended after the sweep", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers(
        [{ fault: { kind: "slowLate", delay: 50 }, operations: ["get"], nth: 2 }]
      )
      const { get, on, running, user } = yield* family({}, (run) => Effect.succeed(run), options)
      yield* get
      yield* settle
      running.cache.families.get("user")!.hot!.drop("1")
      const reader = yield* fork(get)
      yield* on(user.invalidateWhere({ id: "1" }))
      yield* sweepOf(running)
      yield* TestClock.adjust(60)
      assert.strictEqual(yield* Fiber.join(reader), 2)
    }))

  it.effect("an entry that a dropped mark hid does not come back from the queue to a lower tier", () =>
    Effect.gen(function*() {
      const { faults, options } = yield* tiers([{ fault: { kind: "stall" }, operations: ["set"], nth: 1 }])
      const { get, on, running, user } = yield* family({}, (run) => Effect.succeed(run), options)
      yield* get
      yield* settle
      const dropped = yield* fork(on(user.invalidateWhere({ id: "1" })))
      const swept = yield* fork(sweepOf(running))
      yield* settle
      yield* faults.release
      yield* Fiber.join(dropped)
      yield* Fiber.join(swept)
      running.cache.families.get("user")!.hot!.drop("1")
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("an entry that a dropped mark hid does not come back from a record of another schema after a roll-back", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const deployed = (value: Schema.Top, answer: unknown) =>
        engine<"user">({ families: { user: { pattern: "user:{id}", value } } } as never, () => Effect.succeed(answer), {
          store: LmdbStore.layer({ path, durability: "process" }).pipe(Layer.fresh) as never
        })
      const user = (running: Running<"user">) => running.app.keys.user
      yield* Effect.scoped(Effect.gen(function*() {
        const first = yield* deployed(Schema.String, "first")
        yield* first.as(user(first).get({ id: "1" }))
      }))
      yield* Effect.scoped(Effect.gen(function*() {
        const second = yield* deployed(Schema.Struct({ name: Schema.String }), { name: "second" })
        yield* second.as(user(second).invalidateWhere({ id: "1" }))
        yield* sweepOf(second)
      }))
      const third = yield* deployed(Schema.String, "third")
      assert.strictEqual(yield* third.as(user(third).get({ id: "1" })), "third")
    }))
})

describe("mark that makes entries stale", () => {
  for (const below of [false, true]) {
    it.effect(`a sweep of ${below ? "two tiers" : "memory"} leaves the entry as stale as it was`, () =>
      Effect.gen(function*() {
        const place = makePlace()
        const { options } = yield* tiers([], { place, capacity: 1 })
        const { answer, get, of, on, running, source, user } = yield* family(
          { staleWhileRevalidate: 60 },
          (run) => after(run > 2 ? 1_000 : 0, Effect.succeed(run)),
          below ? options : {}
        )
        yield* get
        yield* on(user.invalidateWhere({ id: "1" }, { mode: "markStale" }))
        yield* TestClock.adjust(30)
        yield* sweepOf(running)
        assert.deepStrictEqual([...place.marks.keys()].filter(isMark), [], "no mark is left")
        if (below) yield* of("2").get
        const { stale, staleMillis, value } = yield* answer
        assert.deepStrictEqual({ stale, staleMillis, value }, { stale: true, staleMillis: 30, value: 1 })
        yield* TestClock.adjust(30)
        assert.isAbove(source.runs, 1)
      }))
  }

  it.effect("any number of such marks leaves an entry as stale as the first one that concerns it has made it", () =>
    Effect.gen(function*() {
      const lookup = (run: number) => run === 1 ? Effect.succeed(run) : Effect.never
      const { answer, get, on, user } = yield* family({ staleWhileRevalidate: 60 }, lookup)
      yield* get
      for (let mark = 0; mark < 20; mark++) {
        yield* on(user.invalidateWhere({ id: "1" }, { mode: "markStale" }))
        yield* TestClock.adjust(2)
        const { stale, staleMillis, value } = yield* answer
        assert.deepStrictEqual({ stale, staleMillis, value }, { stale: true, staleMillis: 2 * (mark + 1), value: 1 })
      }
    }))

  it("an entry between two marks whose times were joined ends no later than it had to", () => {
    const marks = new FamilyMarks()
    for (let mark = 1; mark <= 20; mark++) marks.record(everything, "markStale", 10 * mark, mark)
    for (let stamp = 0; stamp < 200; stamp++) {
      assert.isAtMost(marks.staleSince("1", stamp), Math.floor(stamp / 10) + 1)
      assert.strictEqual(marks.judge("1", stamp), "stale")
    }
    // The latest times are exact.
    for (let stamp = 140; stamp < 200; stamp++) {
      assert.strictEqual(marks.staleSince("1", stamp), Math.floor(stamp / 10) + 1)
    }
  })

  it.effect("a sweep removes the entry once it may not be served any more", () =>
    Effect.gen(function*() {
      const { get, on, running, user } = yield* family({ staleWhileRevalidate: 60 }, (run) => Effect.succeed(run))
      yield* get
      yield* on(user.invalidateWhere({ id: "1" }, { mode: "markStale" }))
      yield* TestClock.adjust(60)
      yield* sweepOf(running)
      assert.strictEqual(running.cache.families.get("user")!.hot!.count, 0)
    }))
})

describe("number of marks", () => {
  const many = 30_000
  const boundMax = 10_000

  it.live(
    "a store and memory keep a bounded number of marks for any number of keys and tags, and valid entries stay",
    () =>
      Effect.gen(function*() {
        const place = makePlace()
        const { options } = yield* tiers([], { place })
        const { held, of, on, running, set, user } = yield* family({}, (run) => Effect.succeed(run), options)
        yield* set("kept", { tags: ["kept"] })
        yield* of("2").set("dropped")
        yield* on(user.invalidateWhere({ id: "2" }))
        let most = 0
        for (let i = 0; i < many; i++) {
          yield* on(i % 2 === 0 ? user.invalidateWhere({ id: `other ${i}` }) : user.invalidateTag(`tag ${i}`))
          most = Math.max(most, place.marks.size)
        }
        assert.isBelow(most, boundMax)
        yield* sweepOf(running)
        assert.deepStrictEqual([...place.marks.keys()].filter(isMark), [])
        assert.strictEqual(yield* held, "kept")
        assert.isUndefined(yield* of("2").held)
        const restarted = yield* family({}, (run) => Effect.succeed(run), (yield* tiers([], { place })).options)
        assert.strictEqual(yield* restarted.held, "kept")
        assert.isUndefined(yield* restarted.of("2").held)
      }),
    60_000
  )

  it.live(
    "a mark on the whole family takes the place of its marks when a tier cannot be swept",
    () =>
      Effect.gen(function*() {
        const place = makePlace()
        const rules: ReadonlyArray<FaultyStore.Rule> = [{ fault: { kind: "fail" }, operations: ["sweep"] }]
        const { faults, options } = yield* tiers(rules, { place })
        const { held, of, on, set, user } = yield* family({}, (run) => Effect.succeed(run), options)
        yield* set("before")
        const all = Array.from({ length: 70_000 }, (_, i) => user.invalidateWhere({ id: `other ${i}` }))
        yield* Effect.forEach(all, on, { concurrency: "unbounded", discard: true })
        assert.isAtMost(place.marks.size, 65_539)
        assert.isUndefined(yield* held)
        yield* of("3").set("after")
        assert.strictEqual(yield* of("3").held, "after")
        yield* Effect.sleep(50)
        assert.isAbove((yield* faults.injected).length, 0)
      }),
    60_000
  )

  it("a long slice without room becomes a mark on the whole family", () => {
    const marks = new FamilyMarks()
    const long = (i: number) => ({ positions: [0], values: [`${i}`.padEnd(1_000_000, "x")] })
    const slices = Array.from({ length: 8 }, (_, i) => marks.record(long(i), "hide", i + 1, 0))
    assert.strictEqual(slices.filter((slice) => slice !== everything).length, 5)
    assert.strictEqual(marks.judge("another", 7), "hidden")
    const tags = new TagMarks()
    const kept = Array.from({ length: 8 }, (_, i) => tags.record(`${i}`.padEnd(1_000_000, "x"), "hide", i + 1, 0))
    assert.strictEqual(kept.filter(Boolean).length, 5)
  })
})
