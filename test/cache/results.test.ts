/**
 * `getManyResults` answers each key in its place: a key that fails fails alone, whatever makes it fail, and the others
 * are served, loaded together and kept as by `getMany`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import { type CacheError, Lookup, Manifest, MemoryStore } from "../../src/index.ts"
import { after, fork } from "../support/effects.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>(), error: Schema.String, negativeTimeToLive: 0 },
    row: { pattern: "row:{id}", value: Manifest.type<string>(), error: Schema.String, hardTimeout: 500 },
    view: { pattern: "view:{id}", value: Manifest.type<ReadonlyArray<string>>(), derives: ["row:{row}"], fanout: true }
  }
}) {}
const { row, user, view } = App.keys

const answerOf = (id: string): Effect.Effect<string | Lookup.AbsentAnswer, string> => {
  if (id.startsWith("absent")) return Effect.succeed(Lookup.absent)
  if (id.startsWith("failed")) return Effect.fail(`no ${id}`)
  if (id.startsWith("died")) return Effect.die(new Error(id))
  return id.startsWith("never") ? Effect.never : Effect.succeed(id)
}

const shown = (exits: ReadonlyArray<Exit.Exit<unknown, unknown>>) =>
  exits.map((exit) =>
    Exit.match(exit, {
      onSuccess: (value) => value,
      onFailure: ({ reasons: [reason] }) => {
        if (reason?._tag !== "Fail") return reason?._tag
        return typeof reason.error === "string" ? reason.error : (reason.error as CacheError.CacheError).reason._tag
      }
    })
  )
const results = (...ids: ReadonlyArray<string>) => Effect.map(user.getManyResults(ids.map((id) => ({ id }))), shown)

const running = Effect.fnUntraced(function*(kind: "lookup" | "lookupMany") {
  const asked: Array<ReadonlyArray<string>> = []
  const came = new Set<string>()
  const single = {
    lookup: ({ id }: { readonly id: string }) => Effect.suspend(() => came.has(id) ? Effect.succeed(id) : answerOf(id))
  }
  const many = {
    lookupMany: (all: ReadonlyArray<{ readonly id: string }>) => {
      asked.push(all.map(({ id }) => id))
      return Effect.succeed(
        all.map(({ id }) =>
          id.startsWith("failed") ? Lookup.failed(`no ${id}`) : id.startsWith("absent") ? Lookup.absent : id
        )
      )
    }
  }
  const live = App.modules({
    user: kind === "lookup" ? App.owner("user", single) : App.owner("user", many),
    row: App.owner("row", single),
    view: App.owner("view", {
      lookup: () =>
        Effect.map(
          Effect.orDie(row.getManyResults([{ id: "a" }, { id: "absent" }])),
          (exits) => shown(exits) as Array<string>
        )
    })
  })
  const context = yield* Layer.build(Layer.fresh(Layer.provide(live, MemoryStore.layer({ capacity: 100 }))))
  const on = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.provide(work, context) as Effect.Effect<A, E>
  return { asked, came, on }
})

describe("getManyResults", () => {
  for (const kind of ["lookup", "lookupMany"] as const) {
    it.effect(`every key answers in its place, with a ${kind}`, () =>
      Effect.gen(function*() {
        const { on } = yield* running(kind)
        const ids = ["a", "failed 1", "b", "absent", "x:y", "a", "failed 1"]
        const expected = ["a", "no failed 1", "b", "Absent", "InvalidKey", "a", "no failed 1"]
        assert.deepStrictEqual(yield* on(results(...ids)), expected)
        // Again, with the values in memory.
        assert.deepStrictEqual(yield* on(results(...ids)), expected)
        assert.deepStrictEqual([yield* on(user.has({ id: "a" })), yield* on(user.has({ id: "b" }))], [true, true])
        assert.deepStrictEqual(
          yield* on(App.transaction((body: Effect.Effect<unknown>) => body)(results(...ids) as never)),
          expected
        )
      }))
  }

  it.effect("absent keys are loaded by one lookupMany, each key once", () =>
    Effect.gen(function*() {
      const { asked, on } = yield* running("lookupMany")
      yield* on(user.set({ id: "held" }, "here"))
      assert.deepStrictEqual(yield* on(results("b", "held", "a", "b")), ["b", "here", "a", "b"])
      assert.deepStrictEqual(asked, [["b", "a"]])
    }))

  it.effect("a lookup that dies fails its key alone", () =>
    Effect.gen(function*() {
      const { on } = yield* running("lookup")
      assert.deepStrictEqual(yield* on(results("a", "died", "b")), ["a", "Die", "b"])
    }))

  it.effect("getManyResults of no keys returns an empty list, and of no list it fails with InvalidKey", () =>
    Effect.gen(function*() {
      const { on } = yield* running("lookup")
      assert.deepStrictEqual(yield* on(results()), [])
      const error = yield* Effect.flip(on(user.getManyResults(5 as never)))
      assert.strictEqual(error.reason._tag, "InvalidKey")
    }))

  it.effect("a key that fails at once does not end the load of another key", () =>
    Effect.gen(function*() {
      const { on } = yield* running("lookup")
      const slow = yield* fork(
        on(Effect.map(row.getManyResults([{ id: "failed" }, { id: "never" }, { id: "c" }]), shown))
      )
      yield* TestClock.adjust(499)
      assert.isUndefined(slow.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* Fiber.join(slow), ["no failed", "LoadTimeout", "c"])
    }))

  it.effect("a caller who is interrupted leaves all its loads", () =>
    Effect.gen(function*() {
      const { on } = yield* running("lookup")
      const reading = yield* fork(on(user.getManyResults([{ id: "never 1" }, { id: "never 2" }])))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(reading)
      assert.strictEqual(Exit.hasInterrupts(yield* Fiber.await(reading)), true)
      // The loads have ended: a later caller starts its own.
      const later = yield* fork(on(user.getManyResults([{ id: "never 1" }])))
      yield* after(10, Effect.void).pipe(Effect.forkChild, Effect.andThen(TestClock.adjust(10)))
      assert.isUndefined(later.pollUnsafe())
      yield* Fiber.interrupt(later)
    }))

  it.effect("what a lookup makes of a key without a value is dropped when a load brings one", () =>
    Effect.gen(function*() {
      const { came, on } = yield* running("lookup")
      assert.deepStrictEqual(yield* on(view.get({ id: "1" })), ["a", "Absent"])
      assert.isTrue(yield* on(view.has({ id: "1" })))
      came.add("absent")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* on(row.get({ id: "absent" })), "absent")
      assert.isFalse(yield* on(view.has({ id: "1" })))
      assert.deepStrictEqual(yield* on(view.get({ id: "1" })), ["a", "absent"])
    }))
})
