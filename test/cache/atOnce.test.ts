/**
 * A write without an Effect does what its Effect does, in one step: it has the same conditions, drops the same
 * dependents and overtakes the same loads. Where the Effect would wait, it is refused, and changes nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { loaded } from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { fork, reasonOf, settle } from "../support/effects.ts"
import { engine, type EngineOptions } from "../support/engine.ts"
import { family, gated, tiers } from "../support/source.ts"

/** A source and what is made from it, with a writer for both doors. */
const world = (policy: FamilyPolicy = {}, options?: EngineOptions) =>
  Effect.gen(function*() {
    const runs: { [key: string]: number } = {}
    const running = yield* engine(
      {
        families: {
          user: { pattern: "user:{id}", ...policy },
          page: { pattern: "page:{id}", derives: ["user:{id}"] }
        }
      },
      (about, app) => {
        runs[about.key] = (runs[about.key] ?? 0) + 1
        return about.key.startsWith("page:")
          ? Effect.map(app.keys.user.get({ id: about.key.slice(5) }) as Effect.Effect<unknown>, (user) =>
            `page of ${user}`)
          : Effect.succeed(`loaded ${runs[about.key]}`)
      },
      options
    )
    const { page, user } = running.app.keys
    const on = <A>(effect: unknown) =>
      running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
    const writer = yield* on<any>(user.writer)
    return { runs, running, page, user, on, writer, family: running.cache.families.get("user")! }
  })
type World = Effect.Success<ReturnType<typeof world>>

const id = { id: "1" }

/** The two doors of each write: the Effect, and the step that it is built on. */
const doors = {
  effect: {
    set: ({ on, user }: World, value: unknown, options?: object) => on<unknown>(user.set(id, value, options)),
    delete: ({ on, user }: World) => on<unknown>(user.delete(id)),
    patch: ({ on, user }: World, f: (was: unknown) => unknown) =>
      Effect.map(on<{ readonly _tag: string }>(user.patch(id, f)), ({ _tag }) => _tag === "Some")
  },
  atOnce: {
    set: ({ writer }: World, value: unknown, options?: object) =>
      Effect.try({ try: () => writer.setUnsafe(id, value, options), catch: (error) => error }),
    delete: ({ writer }: World) => Effect.try({ try: () => writer.deleteUnsafe(id), catch: (error) => error }),
    patch: ({ writer }: World, f: (was: unknown) => unknown) =>
      Effect.try({ try: () => writer.patchUnsafe(id, f) !== undefined, catch: (error) => error })
  }
}
type Door = { readonly [Name in keyof typeof doors.effect]: (...args: any) => Effect.Effect<unknown, unknown> }

/** What can be seen of the key and of what is made from it. */
const seen = ({ family: { entries }, on, page, user }: World) =>
  Effect.gen(function*() {
    const answer = yield* on<any>(user.getAnswerOption(id))
    const { freshForMillis, revision, tags, value } = answer._tag === "Some" ? answer.value : {} as any
    const happenings = (yield* on<any>(user.explain(id))).happenings.map(({ what }: { what: string }) => what)
    return { freshForMillis, revision, tags, value, page: yield* on(page.has(id)), happenings, counts: entries.counts }
  })

const stories: {
  readonly [name: string]: {
    readonly policy?: FamilyPolicy
    readonly run: (door: Door, of: World) => Effect.Effect<unknown, unknown>
  }
} = {
  "a write drops what was made from the key": {
    run: (door, of) => Effect.andThen(Effect.exit(of.on(of.page.get(id))), Effect.exit(door.set(of, "new")))
  },
  "a write keeps its lifetime, tags and revision": {
    run: (door, of) => Effect.exit(door.set(of, "new", { timeToLive: "1 minute", tags: ["a"], revision: "r1" }))
  },
  "a write on a version that the key has is made": {
    run: (door, of) =>
      Effect.gen(function*() {
        yield* of.on(of.user.set(id, "old"))
        const { version } = yield* of.on<any>(of.user.getAnswer(id))
        return yield* Effect.exit(door.set(of, "new", { ifVersion: version }))
      })
  },
  "a write on another version is refused": {
    run: (door, of) =>
      Effect.andThen(Effect.exit(of.on(of.user.set(id, "old"))), Effect.exit(door.set(of, "new", { ifVersion: 1 })))
  },
  "a write on no value is refused where there is one": {
    run: (door, of) =>
      Effect.andThen(Effect.exit(of.on(of.user.set(id, "old"))), Effect.exit(door.set(of, "new", { ifVersion: null })))
  },
  "a write without the lease of a leased key is refused": {
    run: (door, of) => Effect.scoped(Effect.andThen(of.on<any>(of.user.lease(id)), Effect.exit(door.set(of, "new"))))
  },
  "a write under a lease is made": {
    run: (door, of) =>
      Effect.scoped(
        Effect.flatMap(of.on<any>(of.user.lease(id)), (lease) => Effect.exit(door.set(of, "new", { lease })))
      )
  },
  "a value that its weigher refuses is refused": {
    policy: {
      weigher: () => {
        throw new Error("no weight")
      }
    },
    run: (door, of) => Effect.exit(door.set(of, "new"))
  },
  "a value that cannot be frozen is refused": {
    policy: { freeze: true },
    run: (door, of) => Effect.exit(door.set(of, new Map()))
  },
  "a Promise is not a value": { run: (door, of) => Effect.exit(door.set(of, Promise.resolve(1))) },
  "an unknown option is refused": { run: (door, of) => Effect.exit(door.set(of, "new", { ttl: 1 })) },
  "a write overtakes a load that runs": {
    run: (door, of) =>
      Effect.gen(function*() {
        const load = yield* fork(of.on(of.user.refresh(id)))
        yield* Effect.exit(door.set(of, "new"))
        return yield* Effect.exit(Fiber.join(load))
      })
  },
  "a deletion drops the key and what was made from it": {
    run: (door, of) => Effect.andThen(Effect.exit(of.on(of.page.get(id))), Effect.exit(door.delete(of)))
  },
  "a patch keeps the lifetime, tags and revision": {
    run: (door, of) =>
      Effect.gen(function*() {
        yield* of.on(of.user.set(id, 1, { timeToLive: "1 minute", tags: ["a"], revision: "r1" }))
        yield* of.on(of.page.get(id))
        yield* TestClock.adjust("10 seconds")
        return yield* Effect.exit(door.patch(of, (was: number) => was + 1))
      })
  },
  "a patch of nothing changes nothing": { run: (door, of) => Effect.exit(door.patch(of, () => 2)) },
  "a patch whose function uses the cache is not made of what is gone": {
    run: (door, of) =>
      Effect.gen(function*() {
        yield* of.on(of.user.set(id, 1))
        return yield* Effect.exit(door.patch(of, (was: number) => {
          of.writer.setUnsafe(id, 10)
          return was + 1
        }))
      })
  }
}

/** What two doors have in common of an outcome: that it succeeded, or why it did not. */
const outcomeOf = (exit: unknown): unknown => {
  const result = exit as Exit.Exit<unknown, unknown>
  if (Exit.isSuccess(result)) return typeof result.value === "boolean" ? result.value : "done"
  const error = result.cause.reasons.find(({ _tag }) => _tag === "Fail") as { readonly error: unknown } | undefined
  return reasonOf(error?.error)
}

describe("a write without an Effect", () => {
  for (const [name, { policy, run }] of Object.entries(stories)) {
    it.effect(`a write without an Effect does what its Effect does: ${name}`, () =>
      Effect.gen(function*() {
        const told: Array<unknown> = []
        for (const door of [doors.effect, doors.atOnce]) {
          const of = yield* world(policy)
          const outcome = outcomeOf(yield* Effect.orDie(run(door as Door, of)))
          told.push([outcome, yield* seen(of)])
        }
        assert.deepStrictEqual(told[1], told[0])
      }))
  }

  it.effect("a write at once is refused in a lookup and in the body of a transaction", () =>
    Effect.gen(function*() {
      const of: World = yield* world()
      const { family, on, running, writer } = of
      const body = Effect.try({ try: () => writer.setUnsafe(id, "new"), catch: (error) => error })
      const within = <A, E, R>(inner: Effect.Effect<A, E, R>) => inner
      const refused = yield* Effect.flip(on(running.app.transaction(within)(body)))
      assert.strictEqual(reasonOf(refused), "TransactionRefused")
      let inLookup: unknown
      const { user } = yield* readBy((writes: any) => {
        try {
          writes.setUnsafe({ id: "2" }, "new")
        } catch (error) {
          inLookup = error
        }
      })
      yield* user
      assert.strictEqual(reasonOf(inLookup), "NotOwner")
      assert.strictEqual(family.hot?.peek("1"), undefined)
    }))

  it.effect("a write at once is refused when its right has ended, or was a borrow", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { on, user, writer } = yield* Scope.provide(world(), scope)
      const reader = yield* on<any>(user.reader)
      assert.strictEqual(reasonOf(thrown(() => reader.setUnsafe(id, 1))), "NotOwner")
      assert.strictEqual(reasonOf(thrown(() => reader.deleteUnsafe(id))), "NotOwner")
      assert.strictEqual(reasonOf(thrown(() => reader.patchUnsafe(id, () => 1))), "NotOwner")
      for (const below of [undefined, writer.setUnsafe(id, 1), {}]) {
        const refused = yield* Effect.promise(() => Promise.resolve(reader.arrived(below)).catch((error) => error))
        assert.strictEqual(reasonOf(refused), "NotOwner")
      }
      yield* Scope.close(scope, Exit.void)
      assert.isUndefined(writer.arrived(undefined))
      assert.strictEqual(reasonOf(thrown(() => writer.setUnsafe(id, 1))), "Revoked")
      assert.strictEqual(reasonOf(thrown(() => writer.patchUnsafe(id, () => 1))), "Revoked")
    }))

  it.effect("a write at once of a text that spells no key is refused", () =>
    Effect.gen(function*() {
      const { writer } = yield* world()
      assert.strictEqual(reasonOf(thrown(() => writer.setUnsafe({ id: "a:b" }, 1))), "InvalidKey")
      assert.strictEqual(reasonOf(thrown(() => writer.deleteUnsafe({}))), "InvalidKey")
      assert.strictEqual(reasonOf(thrown(() => writer.patchUnsafe(id, 5))), "InvalidOption")
    }))

  it.effect("a caller learns when a lower tier has its write", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([])
      const { family, writer } = yield* world({}, options)
      assert.isUndefined(writer.arrived(undefined))
      const below = writer.setUnsafe(id, "new")
      assert.isTrue(family.pending("1"))
      assert.strictEqual(writer.getUnsafe(id), "new")
      yield* Effect.promise(() => writer.arrived(below))
      assert.isFalse(family.pending("1"))
      const refused = yield* Effect.promise(() => Promise.resolve(writer.arrived({})).catch((error: unknown) => error))
      assert.strictEqual(reasonOf(refused), "InvalidOption")
    }))

  it.effect("a write at once is taken back if a lower tier refuses it, whether or not its caller waits", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([{ fault: { kind: "fail" }, operations: ["set"] }])
      const { writer } = yield* world({}, options)
      const below = writer.setUnsafe(id, "new")
      writer.setUnsafe({ id: "2" }, "new")
      const refused = yield* Effect.promise(() =>
        Promise.resolve(writer.arrived(below)).catch((error: unknown) => error)
      )
      assert.strictEqual(reasonOf(refused), "StoreFailed")
      assert.deepStrictEqual([writer.getUnsafe(id), writer.getUnsafe({ id: "2" })], [undefined, undefined])
    }))

  it.effect("a write on a condition that only a lower tier may have is refused, and an Effect waits", () =>
    Effect.gen(function*() {
      const { options } = yield* tiers([])
      const { on, user, writer } = yield* world({}, options)
      const { reason } = thrown(() => writer.setUnsafe(id, "new", { ifVersion: null })) as any
      assert.deepStrictEqual([reason._tag, reason.why], ["WouldWait", "tier"])
      yield* on(user.set(id, "new", { ifVersion: null }))
      assert.strictEqual(writer.getUnsafe(id), "new")
    }))
})

describe("a write by the short way", () => {
  it.effect("a write by the short way overtakes a load that runs", () =>
    Effect.gen(function*() {
      const { ends, get, held, on, user } = yield* gated({})
      const reader = yield* fork(get)
      const writer = yield* on<any>(user.writer)
      writer.setUnsafe(id, "written")
      yield* ends(1, "loaded")
      assert.deepStrictEqual([yield* Fiber.join(reader), yield* held], ["loaded", "written"])
    }))

  it.effect("an update by the short way is not made of a value that its function has replaced", () =>
    Effect.gen(function*() {
      const { on, user, writer } = yield* world()
      yield* on(user.set(id, 1))
      let runs = 0
      const updated = yield* on(user.update(id, (was: number) => {
        if (runs++ === 0) writer.setUnsafe(id, 10)
        return was + 1
      }))
      assert.deepStrictEqual([updated, runs, writer.getUnsafe(id)], [2, 1, undefined])
    }))

  it.effect("a write drops the key that derives from it, where the parameters are in another order", () =>
    Effect.gen(function*() {
      const { app, as } = yield* engine(
        {
          families: {
            seat: { pattern: "seat:{row}:{place}" },
            ticket: { pattern: "ticket:{place}:{row}", derives: ["seat:{row}:{place}"] }
          }
        },
        (about, of) =>
          about.key.startsWith("seat:") ? Effect.succeed("free") : of.keys.seat.get({ row: "a", place: "b" })
      )
      const { seat, ticket } = app.keys
      const at = { row: "a", place: "b" }
      yield* as(ticket.get(at))
      yield* as(seat.set(at, "taken"))
      assert.isFalse(yield* as(ticket.has(at)))
    }))

  it.effect("an entry is freed at its end, where that is earlier than the end of the entry before", () =>
    Effect.gen(function*() {
      const { family, on, user } = yield* world({ timeToLive: "1 minute" })
      yield* on(user.set(id, "old", { timeToLive: "1 hour" }))
      yield* on(user.set(id, "new"))
      yield* TestClock.adjust("2 minutes")
      yield* settle
      assert.strictEqual(family.hot?.count, 0)
    }))
})

describe("a value that was changed in place", () => {
  it.effect("a value that was changed in place drops what was made from it, and has another version", () =>
    Effect.gen(function*() {
      const { family, on, page, user } = yield* world()
      const list = [1]
      yield* on(user.set(id, list, { timeToLive: "1 minute" }))
      yield* on(page.get(id))
      const { version } = yield* on<any>(user.getAnswer(id))
      list.push(2)
      assert.isDefined(family.changedUnsafe("1"))
      assert.isFalse(yield* on(page.has(id)))
      const after = yield* on<any>(user.getAnswer(id))
      assert.isAbove(after.version, version)
      assert.strictEqual(after.freshForMillis, 60_000)
      assert.isUndefined(family.changedUnsafe("2"))
    }))
})

describe("the end of an entry that is moved", () => {
  it.effect("an end that moves to a later time keeps what was made from it; and one that moves to an earlier time drops that", () =>
    Effect.gen(function*() {
      const { family, on, page, user } = yield* world()
      yield* on(user.set(id, "value", { timeToLive: "1 minute", tags: ["a"], revision: "r" }))
      yield* on(page.get(id))
      family.rescheduleUnsafe("1", 120_000)
      assert.isTrue(yield* on(page.has(id)))
      yield* TestClock.adjust("61 seconds")
      const answer = yield* on<any>(user.getAnswer(id))
      assert.deepStrictEqual([answer.value, answer.tags, answer.revision], ["value", ["a"], "r"])
      yield* on(page.get(id))
      family.rescheduleUnsafe("1", 90_000)
      assert.isFalse(yield* on(page.has(id)))
      yield* TestClock.adjust("30 seconds")
      assert.isFalse(yield* on(user.has(id)))
    }))

  it.effect("the end of what derives from another is never moved to a later time", () =>
    Effect.gen(function*() {
      const { on, page, user } = yield* world()
      yield* on(user.set(id, "value", { timeToLive: "1 minute" }))
      yield* on(page.get(id))
      assert.isTrue(yield* on(page.reschedule(id, "1 hour")))
      yield* TestClock.adjust("60 seconds")
      assert.isFalse(yield* on(page.has(id)))
    }))

  it.effect("an end that moves to now deletes the key", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world()
      yield* on(user.set(id, "value"))
      assert.isTrue(yield* on(user.reschedule(id, 0)))
      assert.isFalse(yield* on(user.has(id)))
      assert.isFalse(yield* on(user.reschedule(id, "1 hour")))
    }))

  it.effect("the end is moved in the tiers below as well", () =>
    Effect.gen(function*() {
      const { options, place } = yield* tiers([])
      const first = yield* Scope.make()
      const before = yield* Scope.provide(world({}, options), first)
      yield* before.on(before.user.set(id, "value", { timeToLive: "1 minute" }))
      yield* before.on(before.user.reschedule(id, "1 hour"))
      yield* Scope.close(first, Exit.void)
      yield* TestClock.adjust("10 minutes")
      const next = yield* world({}, (yield* tiers([], { place })).options)
      assert.strictEqual((yield* next.on<any>(next.user.getOption(id))).value, "value")
    }))

  it.effect("a new lifetime of a leased key is refused", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world()
      yield* on(user.set(id, "value"))
      const refused = yield* Effect.scoped(
        Effect.andThen(on<any>(user.lease(id)), Effect.flip(on(user.reschedule(id, "1 hour"))))
      )
      assert.strictEqual(reasonOf(refused), "LeaseRefused")
    }))
})

describe("a key that is watched", () => {
  const changes: {
    readonly [name: string]: readonly [isChange: boolean, (of: World) => Effect.Effect<unknown, unknown>]
  } = {
    "nothing": [false, () => Effect.void],
    "a read": [false, ({ on, user }) => on(user.get(id))],
    "a write": [true, ({ on, user }) => on(user.set(id, "new"))],
    "a deletion": [true, ({ on, user }) => on(user.delete(id))],
    "an invalidation of the family": [true, ({ on, user }) => on(user.invalidateAll())],
    "an invalidation of its tag": [true, ({ on, user }) => on(user.invalidateTag("a"))],
    "an invalidation of another tag": [false, ({ on, user }) => on(user.invalidateTag("b"))],
    "a write of another key": [false, ({ on, user }) => on(user.set({ id: "2" }, "new"))],
    "the end of its lifetime": [true, () => TestClock.adjust("2 minutes")],
    "a refresh that brings another value": [true, ({ on, user }) => on(user.refresh(id))],
    "another lifetime": [true, ({ on, user }) => on(user.reschedule(id, "1 hour"))]
  }
  for (const [name, [isChange, run]] of Object.entries(changes)) {
    it.effect(`a key that is watched has ${isChange ? "" : "not "}changed after ${name}`, () =>
      Effect.gen(function*() {
        const of: World = yield* world()
        yield* of.on(of.user.set(id, "value", { timeToLive: "1 minute", tags: ["a"] }))
        const watch = of.family.watch("1")
        yield* run(of)
        assert.strictEqual(watch.changed, isChange)
        of.family.unwatch(watch)
      }))
  }

  it.effect("a key has not changed when a load fills it, and has when its value is replaced", () =>
    Effect.gen(function*() {
      const { family, on, user } = yield* world()
      const watch = family.watch("1")
      yield* on(user.get(id))
      assert.isFalse(watch.changed)
      yield* on(user.set(id, "new"))
      assert.isTrue(watch.changed)
    }))

  it.effect("a key has changed when the tag of what a load has filled it with is invalidated, until the end of the watch", () =>
    Effect.gen(function*() {
      const { on, running, user } = yield* family({}, (run) => Effect.succeed(loaded(run, { tags: ["a"] })))
      const own = running.cache.families.get("user")!
      const watch = own.watch("1")
      yield* on(user.get(id))
      yield* on(user.invalidateTag("b"))
      assert.isFalse(watch.changed)
      yield* on(user.invalidateTag("a"))
      assert.isTrue(watch.changed)
      const later = own.watch("1")
      yield* on(user.get(id))
      assert.deepStrictEqual([watch.changed, later.changed], [true, false])
    }))

  for (const [held, before] of [["had a value", "1"], ["was absent", "2"]] as const) {
    for (const below of [false, true]) {
      for (const what of ["slice", "tag"] as const) {
        it.effect(`a key that ${held} has changed when the mark of its ${what} is forgotten, below: ${below}`, () =>
          Effect.gen(function*() {
            const lower = below ? yield* tiers([]) : undefined
            const { on, running, user } = yield* family({}, (run) => Effect.succeed(run), lower?.options)
            const own = running.cache.families.get("user")!
            yield* on(user.set(id, "value", { tags: ["a"] }))
            const watch = own.watch(before)
            const other = own.watch("3")
            yield* on(what === "tag" ? user.invalidateTag("a") : user.invalidateWhere({ id: before }))
            // A tag may be one of any value that is watched; a key that was absent has none.
            const isChange = what === "slice" || before === "1"
            assert.strictEqual(watch.changed, isChange)
            yield* Effect.orDie(own.sweepMarks)
            assert.strictEqual(watch.changed, isChange)
            assert.isFalse(other.changed)
            own.unwatch(watch)
            own.unwatch(other)
          }))
      }
    }
  }
})

describe("changes that a listener hears", () => {
  it.effect("a listener hears each change as data, in the step that makes it", () =>
    Effect.gen(function*() {
      const { on, page, running, user } = yield* world()
      yield* on(page.get(id))
      const heard: Array<unknown> = []
      const stop = running.cache.onChange(({ family, mode, target, through, what }) => {
        heard.push([what, family, target, through, mode])
      })
      yield* on(user.set(id, "new"))
      yield* on(user.delete(id))
      yield* on(user.invalidateTag("a"))
      yield* on(user.invalidateAll({ mode: "markStale" }))
      assert.deepStrictEqual(heard, [
        ["Invalidated", "page", "1", "user", "hide"],
        ["Set", "user", "1", undefined, undefined],
        ["Deleted", "user", "1", "user", "hide"],
        ["Invalidated", "page", "1", "user", "hide"],
        ["Invalidated", "user", { tag: "a" }, "user", "hide"],
        ["Invalidated", "page", { positions: [], values: [] }, "user", "hide"],
        ["Invalidated", "user", { positions: [], values: [] }, "user", "markStale"],
        ["Invalidated", "page", { positions: [], values: [] }, "user", "markStale"]
      ])
      stop()
      yield* on(user.set(id, "newer"))
      assert.lengthOf(heard, 8)
    }))

  for (const door of ["setUnsafe", "patchUnsafe", "set", "update"] as const) {
    it.effect(`a listener that has removed itself cannot write: ${door}`, () =>
      Effect.gen(function*() {
        const { as, cache, app } = yield* engine(
          { families: { user: { pattern: "user:{id}" } } },
          () => Effect.succeed("loaded")
        )
        const { user } = app.keys
        const writer = yield* as<any, unknown>(user.writer)
        writer.setUnsafe({ id: "2" }, "other")
        const own = cache.families.get("user")!
        let refused: unknown
        const stop = cache.onChange(() => {
          stop()
          try {
            if (door === "set") refused = Cause.squash((Effect.runSyncExit(as(user.set(id, "inner"))) as any).cause)
            else if (door === "update") {
              refused = Cause.squash((Effect.runSyncExit(as(user.update({ id: "2" }, () => "inner"))) as any).cause)
            } else if (door === "setUnsafe") writer.setUnsafe(id, "inner")
            else writer.patchUnsafe({ id: "2" }, () => "inner")
          } catch (error) {
            refused = error
          }
        })
        writer.setUnsafe(id, "new")
        assert.strictEqual(reasonOf(refused), "WouldWait")
        assert.strictEqual(own.hitUnsafe("1"), "new")
        assert.strictEqual(own.hitUnsafe("2"), "other")
      }))
  }

  it.effect("a listener that throws changes nothing, and the others hear", () =>
    Effect.gen(function*() {
      const { on, running, user, writer } = yield* world()
      let heard = 0
      running.cache.onChange(() => {
        throw new Error("broken")
      })
      running.cache.onChange(() => heard++)
      yield* on(user.set(id, "new"))
      assert.deepStrictEqual([heard, writer.getUnsafe(id)], [2, "new"])
    }))

  it.effect("a listener may not write or load, and the change that it hears is made whole", () =>
    Effect.gen(function*() {
      const { on, page, running, runs, user, writer } = yield* world()
      yield* on(page.get(id))
      let isInside = false
      const told: Array<string> = []
      const say = (exit: Exit.Exit<unknown, unknown>) => {
        const failed = Exit.isFailure(exit) ? exit.cause.reasons[0] as { readonly error: unknown } : undefined
        told.push(failed === undefined ? "done" : reasonOf(failed.error))
      }
      const stop = running.cache.onChange(({ family }) => {
        if (family !== "page" || isInside) return
        isInside = true
        say(Effect.runSyncExit(on(user.set({ id: "2" }, "inside"))))
        say(Effect.runSyncExit(on(user.delete({ id: "2" }))))
        say(Effect.runSyncExit(on(user.invalidateAll())))
        say(Effect.runSyncExit(on(user.get({ id: "3" }))))
        told.push(reasonOf(thrown(() => writer.setUnsafe({ id: "2" }, "inside"))))
        told.push(reasonOf(thrown(() => writer.deleteUnsafe({ id: "2" }))))
      })
      yield* on(user.set(id, "new"))
      stop()
      assert.deepStrictEqual(told, Array.from({ length: 6 }, () => "WouldWait"))
      assert.deepStrictEqual([writer.getUnsafe(id), writer.getUnsafe({ id: "2" }), runs["user:3"]], [
        "new",
        undefined,
        undefined
      ])
      yield* settle
      assert.isFalse(yield* on(page.has(id)))
    }))
})

const thrown = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error("it was not refused")
}

/** A family whose lookup uses a writer. */
const readBy = (use: (writer: any) => void) =>
  Effect.gen(function*() {
    let writer: any
    const made = yield* family({}, () => Effect.sync(() => use(writer)))
    writer = yield* made.on<any>(made.user.writer)
    return { user: made.get }
  })
