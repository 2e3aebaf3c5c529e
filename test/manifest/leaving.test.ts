/**
 * No value of a family is served after its owner has left, whatever was running at that moment. When another owner
 * takes over, its lookup returns.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import type { Explanation } from "../../src/cache/Explanation.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { fork, reasonOf, settle } from "../support/effects.ts"
import { mapStore } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() }
  }
}) {}
const { user } = App.keys

// Memory with room for one entry, over a tier that takes its time.
const store = Layer.effect(
  Store,
  Effect.gen(function*() {
    const [slow] = yield* FaultyStore.make(mapStore({ name: "cold" }), {
      rules: [{ fault: { kind: "slow", delay: 100 }, operations: ["get"] }]
    })
    return TieredStore.make([yield* MemoryStore.make({ capacity: 1 }), slow])
  })
)

const world = Effect.gen(function*() {
  const base = yield* Layer.build(Layer.provideMerge(App.layer, store)) as Effect.Effect<
    Context.Context<any>,
    unknown,
    any
  >
  const build = (layer: unknown, scope: Scope.Scope) =>
    Effect.provideContext(Layer.buildWithScope(layer as Layer.Layer<any, any, any>, scope), base)
  const borrowed = yield* build(App.borrower("user"), yield* Effect.scope)
  const own = Effect.fnUntraced(function*(options: object) {
    const scope = yield* Scope.make()
    const owned = yield* build(App.owner("user", options as any), scope)
    const context = Context.merge(base, Context.merge(borrowed, owned))
    return {
      as: (effect: unknown) => Effect.provideContext(effect as Effect.Effect<unknown, unknown, any>, context),
      leaves: Scope.close(scope, Exit.void)
    }
  })
  const reading = Context.merge(base, borrowed)
  const asReader = (effect: unknown) => Effect.provideContext(effect as Effect.Effect<any, unknown, any>, reading)
  return { own, asReader, reader: yield* asReader(user.reader) }
})

const doors: { readonly [door: string]: unknown } = {
  get: user.get({ id: "1" }),
  getOption: user.getOption({ id: "1" }),
  getAnswer: user.getAnswer({ id: "1" }),
  getAnswerOption: user.getAnswerOption({ id: "1" }),
  getMany: user.getMany([{ id: "1" }, { id: "2" }]),
  getManyResults: Effect.flatMap(
    user.getManyResults([{ id: "1" }]),
    ([result]: ReadonlyArray<Exit.Exit<unknown, unknown>>) => result!
  ),
  has: user.has({ id: "1" }),
  select: user.select({ id: "1" }, (value: string) => value.length),
  getPromise: Effect.flatMap(
    user.reader as any,
    (reader: any) => Effect.tryPromise({ try: () => reader.getPromise({ id: "1" }), catch: (error) => error })
  ),
  patch: user.patch({ id: "1" }, () => "patched"),
  update: user.update({ id: "1" }, () => "updated"),
  "update, waiting": user.update({ id: "1" }, (was: string) => Effect.as(Effect.sleep(50), `${was}!`)),
  "patch, waiting": user.patch({ id: "2" }, (was: string) => Effect.as(Effect.sleep(50), `${was}!`)),
  refresh: user.refresh({ id: "1" }),
  warm: user.warm([{ id: "1" }]),
  "set with a condition": user.set({ id: "1" }, "written", { ifVersion: null }),
  "batch with a condition": App.batch([user.setting({ id: "1" }, "written", { ifVersion: null })]),
  explain: user.explain({ id: "1" })
}

const reads = Object.entries(doors).filter(([name]) => /^(get|has|select|keys|entries|page|count)/.test(name))

describe("a read without an owner", () => {
  for (
    const [name, door] of [...reads, [
      "get of a handle",
      Effect.flatMap(user.reader, ({ get }) => get({ id: "1" }))
    ]]
  ) {
    it.effect(`${name} says whether an owner has left or none has been built`, () =>
      Effect.gen(function*() {
        const { asReader, own } = yield* world
        const why = Effect.map(Effect.flip(asReader(door)), (error) => {
          const { reason } = error as CacheError
          return reason._tag === "Unowned" ? [reason.family, reason.hasLeft] : reason._tag
        })
        assert.deepStrictEqual(yield* why, ["user", false])
        for (let owners = 0; owners < 2; owners++) {
          const { as, leaves } = yield* own({ lookup: () => Effect.succeed("loaded") })
          yield* as(user.set({ id: "1" }, "set"))
          yield* leaves
          assert.deepStrictEqual(yield* why, ["user", true])
        }
      }) as Effect.Effect<void, any, any>)
  }

  it.effect("getUnsafe answers nothing and explain that it is refused, before the first owner and after the last", () =>
    Effect.gen(function*() {
      const { asReader, own, reader } = yield* world
      const seen = Effect.gen(function*() {
        const explaining: Fiber.Fiber<Explanation<string>, unknown> = yield* fork(asReader(user.explain({ id: "1" })))
        yield* TestClock.adjust(1_000)
        const { held, outcome } = yield* Fiber.join(explaining)
        return [reader.getUnsafe({ id: "1" }), held, outcome]
      })
      assert.deepStrictEqual(yield* seen, [undefined, undefined, "refuse"])
      const { as, leaves } = yield* own({ lookup: () => Effect.succeed("loaded") })
      yield* as(user.set({ id: "1" }, "set"))
      yield* leaves
      assert.deepStrictEqual(yield* seen, [undefined, undefined, "refuse"])
    }) as Effect.Effect<void, any, any>)
})

describe("owner that leaves", () => {
  for (const [name, door] of Object.entries(doors)) {
    for (const comesBack of [false, true]) {
      const then = comesBack ? "another owner finds nothing of it in memory" : "memory stays empty"
      it.effect(`no value is served when the owner leaves during ${name}, and ${then}`, () =>
        Effect.gen(function*() {
          const { asReader, own, reader } = yield* world
          const former = yield* own({
            lookup: () => Effect.uninterruptible(Effect.as(Effect.sleep(100), "former"))
          })
          yield* former.as(user.set({ id: "1" }, "secret"))
          yield* former.as(user.set({ id: "2" }, "secret"))
          const running = yield* fork(Effect.exit(former.as(door)))
          yield* TestClock.adjust(30)
          yield* fork(former.leaves)
          yield* settle
          const next = comesBack ? yield* own({ lookup: () => Effect.succeed("next") }) : undefined
          yield* TestClock.adjust(1_000)
          const exit = yield* Fiber.join(running)
          // What came to an end without serving a value may succeed: `warm` counts, `patch` finds nothing.
          const shown = JSON.stringify(Exit.isSuccess(exit) ? exit.value ?? null : null)
          for (const value of ["secret", "former", "patched", "updated"]) {
            // To the owner that came, `explain` shows what its readers would find below.
            if (!(comesBack && name === "explain")) assert.notInclude(shown, value)
          }
          if (next === undefined) {
            if (name !== "warm" && name !== "explain") {
              const { reason } = (yield* Effect.flip(exit)) as CacheError
              assert.deepInclude(reason, { _tag: "Unowned", hasLeft: true })
            }
            for (const id of ["1", "2"]) assert.isUndefined(reader.getUnsafe({ id }))
            assert.strictEqual(reasonOf(yield* Effect.flip(asReader(user.get({ id: "1" })))), "Unowned")
          } else {
            assert.include([undefined, "next"], reader.getUnsafe({ id: "1" }))
            // A write of the owner that left is refused, though the family has an owner again.
            if (name.includes("with a condition")) assert.strictEqual(reasonOf(yield* Effect.flip(exit)), "Unowned")
          }
        }) as Effect.Effect<void, any, any>)
    }
  }

  it.effect("a returning owner does not keep a value from a lookup before it left", () =>
    Effect.gen(function*() {
      const { own, reader } = yield* world
      const former = yield* own({ lookup: () => Effect.uninterruptible(Effect.as(Effect.sleep(100), "former")) })
      const reading = yield* fork(Effect.flip(former.as(user.get({ id: "1" }))))
      yield* fork(former.leaves)
      yield* settle
      assert.strictEqual(reasonOf(yield* Fiber.join(reading)), "Unowned")
      const next = yield* own({ lookup: () => Effect.succeed("next") })
      const read = yield* fork(next.as(user.get({ id: "1" })))
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* Fiber.join(read), "next")
      assert.strictEqual(reader.getUnsafe({ id: "1" }), "next")
    }) as Effect.Effect<void, any, any>)
})

class Docs extends Manifest.Service<Docs>()("Docs", {
  families: {
    doc: { pattern: "doc:{id}:*", value: Manifest.type<string>() },
    draft: { pattern: "doc:{id}:draft", partOf: "doc", value: Manifest.type<string>() }
  }
}) {}
const { draft } = Docs.keys
class Db extends Context.Service<Db, string>()("Db") {}

const slowOwner = Docs.modules({
  doc: Docs.owner("doc", {
    lookup: () => Effect.succeed("a doc"),
    parts: {
      draft: {
        lookup: ({ id }: { id: string }) => Effect.as(Effect.sleep(10), `owner ${id}`),
        lookupMany: (all: ReadonlyArray<{ id: string }>) =>
          Effect.as(Effect.sleep(10), all.map(({ id }) => `owner ${id}`))
      }
    }
  })
} as any) as Layer.Layer<any, any, any>

const delegated = (options: object, scope: Scope.Scope) =>
  Layer.buildWithScope(
    Layer.provide(Docs.delegate("draft", options as any) as any, Layer.succeed(Db, "db")) as any,
    scope
  )

const both = [{ id: "1" }, { id: "2" }]

describe("part that is delegated", () => {
  for (
    const [name, read, answer] of [
      ["one key", draft.get({ id: "1" }), "owner 1"],
      ["many keys", draft.getMany(both), ["owner 1", "owner 2"]]
    ] as const
  ) {
    for (
      const [to, options] of [
        ["another lookup", { lookup: () => Effect.succeed("delegate") }],
        ["a lookup with other requirements", { lookup: () => Effect.map(Db, (db) => `delegate ${db}`) }],
        ["no lookup of one key", {
          lookupMany: (all: ReadonlyArray<unknown>) => Effect.succeed(all.map(() => "delegate"))
        }]
      ] as const
    ) {
      it.effect(`a load of ${name} that looks below ends with the lookup that it began with, when the part is delegated to ${to}`, () =>
        Effect.gen(function*() {
          const reader = yield* fork(read as Effect.Effect<unknown, unknown, any>)
          yield* TestClock.adjust(20)
          yield* delegated(options, yield* Effect.scope)
          yield* TestClock.adjust(200)
          assert.deepStrictEqual(yield* Fiber.join(reader), answer)
          const later = yield* fork(draft.get({ id: "1" }) as Effect.Effect<unknown, unknown, any>)
          yield* TestClock.adjust(200)
          assert.isDefined(yield* Fiber.join(later))
        }).pipe(Effect.provide(Layer.provide(slowOwner, store))) as Effect.Effect<void, any, any>)
    }
  }

  it.effect("a load that a caller brought begins again under the owner of the whole when the part is given back", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      yield* delegated({ lookup: () => Effect.succeed("lent") }, scope)
      const gate = yield* Deferred.make<string>()
      let runs = 0
      const load: Effect.Effect<string> = Effect.suspend(() => {
        runs++
        return Deferred.await(gate)
      })
      const caller = yield* fork(draft.getOr({ id: "1" }, load) as Effect.Effect<unknown, unknown, any>)
      yield* TestClock.adjust(200)
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.succeed(gate, "brought")
      yield* TestClock.adjust(200)
      assert.deepStrictEqual([yield* Fiber.join(caller), runs], ["brought", 2])
    }).pipe(Effect.provide(Layer.provide(slowOwner, store))) as Effect.Effect<void, any, any>)

  it.effect("the owner of the whole answers readers that wait when the part is given back", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const lent = yield* delegated({ lookup: () => Effect.never, lookupMany: () => Effect.never }, scope)
      const as = (effect: unknown) => Effect.provideContext(effect as Effect.Effect<unknown, unknown, any>, lent as any)
      const readers = yield* Effect.forEach(
        [draft.get({ id: "1" }), draft.getMany(both), draft.getAnswer({ id: "2" })],
        (read) => fork(as(read))
      )
      const left = yield* fork(as(draft.get({ id: "3" })))
      yield* TestClock.adjust(200)
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.interrupt(left)
      yield* TestClock.adjust(200)
      const [one, many, answer] = yield* Fiber.joinAll(readers)
      assert.deepStrictEqual([one, many], ["owner 1", ["owner 1", "owner 2"]])
      assert.strictEqual((answer as { value: string }).value, "owner 2")
    }).pipe(Effect.provide(Layer.provide(slowOwner, store))) as Effect.Effect<void, any, any>)
})
