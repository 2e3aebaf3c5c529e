/**
 * What a lookup may do: it reads the families that it derives from, through any read operation, and it writes nothing.
 * A mistake of a lookup or an option is named in the error.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import { openWork } from "../../src/cache/internal/loads/load.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { cacheReasonOf } from "../support/effects.ts"
import { engine } from "../support/engine.ts"

const definition = {
  families: {
    user: { pattern: "user:{id}", timeToLive: "1 minute" },
    prefs: { pattern: "prefs:{id}" },
    profile: { pattern: "profile:{id}", derives: ["user:{id}"] },
    page: { pattern: "page:{id}", derives: ["profile:{id}"] }
  }
} as const

type AnyEffect = Effect.Effect<any, any, any>

/** A cache in which `f` is the lookup of `profile`; the others answer with their keys. */
const running = Effect.fnUntraced(function*(f: (app: any, handles: any) => AnyEffect) {
  const handles: any = {}
  const made = yield* engine(
    definition,
    ({ key }, app) => key.startsWith("profile:") ? Effect.as(f(app, handles), key) : Effect.succeed(key)
  )
  const { app, as } = made
  for (const family of ["user", "prefs", "profile"] as const) {
    handles[family] = { reader: yield* as(app.keys[family].reader), writer: yield* as(app.keys[family].writer) }
  }
  yield* as(app.keys.prefs.set({ id: "1" }, "kept") as AnyEffect)
  yield* as(app.keys.user.set({ id: "1" }, "kept") as AnyEffect)
  return made
})
describe("lookup that writes", () => {
  const ways: { readonly [way: string]: (app: any, handles: any) => AnyEffect } = {
    "by a captured writer's set": (_, { prefs }) => prefs.writer.set({ id: "1" }, "changed"),
    "by setMany": (_, { prefs }) => prefs.writer.setMany([[{ id: "1" }, "changed"]]),
    "by update": (_, { prefs }) => prefs.writer.update({ id: "1" }, () => "changed"),
    "by patch": (_, { prefs }) => prefs.writer.patch({ id: "1" }, () => "changed"),
    "by delete": (_, { prefs }) => prefs.writer.delete({ id: "1" }),
    "by deleteMany": (_, { prefs }) => prefs.writer.deleteMany([{ id: "1" }]),
    "by invalidate": (_, { prefs }) => prefs.writer.invalidate({ id: "1" }),
    "by invalidateWhere": (_, { prefs }) => prefs.writer.invalidateWhere({}),
    "by invalidateAll": (_, { prefs }) => prefs.writer.invalidateAll(),
    "by invalidateTag": (_, { prefs }) => prefs.writer.invalidateTag("any"),
    "by refresh": (_, { prefs }) => prefs.writer.refresh({ id: "1" }),
    "to what it derives from": (_, { user }) => user.writer.set({ id: "1" }, "changed"),
    "to its own key": (_, { profile }) => profile.writer.set({ id: "1" }, "changed"),
    "in a fiber of its own": (_, { prefs }) =>
      Effect.flatMap(Effect.forkChild(prefs.writer.delete({ id: "1" }) as AnyEffect), Fiber.join),
    "beside others at once": (_, { prefs }) =>
      Effect.all([Effect.void, prefs.writer.delete({ id: "1" })], { concurrency: 2 }),
    "in a generator": (_, { prefs }) =>
      Effect.gen(function*() {
        yield* prefs.writer.delete({ id: "1" })
      }),
    "in a finalizer": (_, { prefs }) => Effect.ensuring(Effect.void, Effect.orDie(prefs.writer.delete({ id: "1" }))),
    "by the accessor": (app) => app.keys.prefs.delete({ id: "1" }),
    "by a raw key": (app) => app.delete("prefs:1"),
    "by a raw key's set": (app) => app.set("prefs:1", "changed"),
    "by a batch": (app) => app.batch([app.keys.prefs.setting({ id: "1" }, "changed")]),
    "by a pattern": (app) => app.invalidate("prefs:*"),
    "by a declared function": (app) =>
      app.fn("f", { owns: ["prefs:{id}"] })(() =>
        Effect.gen({ self: app.keys.prefs }, function*() {
          yield* this.delete({ id: "1" })
        })
      )(),
    "by a writer that it resolves": (app) =>
      Effect.flatMap(app.keys.prefs.writer as AnyEffect, (writer) => writer.delete({ id: "1" })),
    "by a lease": (app) => Effect.scoped(app.keys.prefs.lease({ id: "1" }) as AnyEffect)
  }
  for (const [way, write] of Object.entries(ways)) {
    it.effect(`a write ${way} is refused and changes nothing`, () =>
      Effect.gen(function*() {
        const rights: { context?: Context.Context<never> } = {}
        const { app, as, context } = yield* running((app, handles) =>
          Effect.provideContext(write(app, handles), rights.context!)
        )
        // Every right of the root lies around the lookup: what refuses the write is that a lookup makes it.
        rights.context = context as Context.Context<never>
        const error = yield* Effect.flip(
          Effect.catchDefect(as(app.keys.profile.get({ id: "1" }) as AnyEffect), Effect.fail)
        )
        assert.deepInclude(cacheReasonOf(error), { _tag: "NotOwner", holds: "a lookup" })
        assert.strictEqual(yield* as(app.keys.prefs.get({ id: "1" }) as AnyEffect), "kept")
        assert.strictEqual(yield* as(app.keys.user.get({ id: "1" }) as AnyEffect), "kept")
      }))
  }

  it.effect("the work that a lookup left behind may write once the lookup is over", () =>
    Effect.gen(function*() {
      const latch = yield* Latch.make()
      const { app, as } = yield* running((_, { prefs }) =>
        Effect.forkDetach(Effect.andThen(latch.await, prefs.writer.set({ id: "1" }, "changed") as AnyEffect))
      )
      yield* as(app.keys.profile.get({ id: "1" }) as AnyEffect)
      yield* latch.open
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      assert.strictEqual(yield* as(app.keys.prefs.get({ id: "1" }) as AnyEffect), "changed")
    }))
})

describe("lookup that reads by an accessor", () => {
  it.effect("the error of a read of the lookup's own family differs from that of another family", () =>
    Effect.gen(function*() {
      for (const [family, holds] of [["profile", "its own lookup"], ["prefs", "a lookup"]] as const) {
        const { app, as } = yield* running((app) => app.keys[family].get({ id: "2" }))
        const error = yield* Effect.flip(as(app.keys.profile.get({ id: "1" }) as AnyEffect))
        assert.deepInclude(cacheReasonOf(error), { _tag: "NotOwner", verb: "read", holds })
      }
    }))
})

describe("lookup that asks about keys without a read", () => {
  const one = { id: "1" }
  const prefsOf = { _tag: "UndeclaredRead", source: "prefs:{id}" }
  const ofLookup = { _tag: "NotOwner", verb: "list", pattern: "user:{id}", family: "user", holds: "a lookup" }
  const listings: { readonly [name: string]: (of: any) => AnyEffect } = {
    keys: (of) => Stream.runCollect(of.keys()),
    entries: (of) => Stream.runCollect(of.entries()),
    page: (of) => of.page(undefined, 10),
    sample: (of) => of.sample(1),
    count: (of) => of.count()
  }
  const ways: {
    readonly [way: string]: readonly [ask: (app: any, handles: any) => AnyEffect, reason: object | undefined]
  } = {
    "warm of a captured reader": [(_, { prefs }) => prefs.reader.warm([one]), prefsOf],
    "warm of a captured writer": [(_, { prefs }) => prefs.writer.warm([one]), prefsOf],
    "warm of an accessor": [(app) => app.keys.prefs.warm([one]), prefsOf],
    "hottest of a captured reader": [(_, { prefs }) => prefs.reader.hottest(3), {
      _tag: "NotOwner",
      holds: "a lookup"
    }],
    "hottest of an accessor": [(app) => app.keys.prefs.hottest(3), { _tag: "NotOwner", holds: "a lookup" }],
    "hottest of what it derives from": [
      (_, { user }) => user.reader.hottest(3),
      { _tag: "NotOwner", verb: "list", holds: "a lookup" }
    ],
    ...Object.fromEntries(
      Object.entries(listings).flatMap(([name, list]) =>
        [
          [`${name} of a captured reader`, [(_: any, { user }: any) => list(user.reader), ofLookup]],
          [`${name} of an accessor`, [(app: any) => list(app.keys.user), ofLookup]]
        ] as const
      )
    ),
    "warm of what it derives from": [(_, { user }) => user.reader.warm([one]), undefined]
  }
  for (const [way, [ask, reason]] of Object.entries(ways)) {
    it.effect(`${way} in a lookup is refused without a declared source`, () =>
      Effect.gen(function*() {
        const rights: { context?: Context.Context<never> } = {}
        const { app, as, context } = yield* running((app, handles) =>
          Effect.provideContext(ask(app, handles), rights.context!)
        )
        rights.context = context as Context.Context<never>
        const read = as(app.keys.profile.get(one) as AnyEffect)
        if (reason === undefined) assert.strictEqual(yield* read, "profile:1")
        else assert.deepInclude(cacheReasonOf(yield* Effect.flip(read)), reason)
      }))
  }
})

describe("lookup that reads outside of Effect", () => {
  const outside: { readonly [way: string]: (handle: any, id: string) => AnyEffect } = {
    getUnsafe: (handle, id) => Effect.sync(() => handle.getUnsafe({ id })),
    "getUnsafe of a writer's neighbour in a callback": (handle, id) =>
      Effect.map(Effect.void, () => [1, 2].map(() => handle.getUnsafe({ id }))),
    getPromise: (handle, id) => Effect.promise(() => handle.getPromise({ id })),
    "getPromise in an async function": (handle, id) => Effect.promise(async () => await handle.getPromise({ id })),
    "getPromise of several": (handle, id) =>
      Effect.promise(() => Promise.all([1, 2].map(() => handle.getPromise({ id }))))
  }
  for (const [way, read] of Object.entries(outside)) {
    for (const [handle, of] of [["reader", "prefs"], ["writer", "prefs"]] as const) {
      it.effect(`${way} of a ${handle} is refused, and the value of the lookup is not stored`, () =>
        Effect.gen(function*() {
          const { app, as } = yield* running((_, handles) => read(handles[of][handle], "1"))
          const reason = cacheReasonOf(
            yield* Effect.flip(Effect.catchDefect(as(app.keys.profile.get({ id: "1" }) as AnyEffect), Effect.fail))
          )
          assert.deepInclude(reason, { _tag: "UndeclaredRead", code: "E0211", read: "prefs:1" })
          assert.isFalse(yield* as(app.keys.profile.has({ id: "1" }) as AnyEffect))
        }))
    }

    it.effect(`${way} of another key of its own family is refused`, () =>
      Effect.gen(function*() {
        const { app, as } = yield* running((_, { user }) => read(user.reader, "2"))
        yield* as(app.keys.user.set({ id: "2" }, "kept") as AnyEffect)
        const reason = cacheReasonOf(
          yield* Effect.flip(Effect.catchDefect(as(app.keys.profile.get({ id: "1" }) as AnyEffect), Effect.fail))
        )
        assert.deepInclude(reason, { _tag: "UndeclaredRead", code: "E0232", read: "user:2" })
      }))

    it.effect(`${way} returns a family that the lookup derives from, and the entry ends with it`, () =>
      Effect.gen(function*() {
        const { app, as } = yield* running((_, { user }) => read(user.reader, "1"))
        yield* as(app.keys.profile.get({ id: "1" }) as AnyEffect)
        const { happenings } = (yield* as(app.keys.profile.explain({ id: "1" }) as AnyEffect)) as any
        assert.deepStrictEqual(happenings[0].from.map(({ key }: { key: string }) => key), ["user:1"])
        yield* TestClock.adjust("2 minutes")
        assert.isFalse(yield* as(app.keys.profile.has({ id: "1" }) as AnyEffect))
      }))
  }

  describe("getUnsafe of an entry that memory must check again", () => {
    const twice = {
      families: {
        user: { pattern: "user:{id}", timeToLive: "1 minute", idleTimeToLive: "1 hour" },
        prefs: { pattern: "prefs:{id}", idleTimeToLive: "1 hour" },
        profile: { pattern: "profile:{id}", derives: ["user:{id}"] }
      }
    } as const
    const reading = Effect.fnUntraced(function*(of: "user" | "prefs", seen: Array<unknown>) {
      const readers: any = {}
      const made = yield* engine(twice, ({ key }) =>
        Effect.sync(() => {
          if (key.startsWith("profile:")) seen.push(readers[of].getUnsafe({ id: "1" }))
          return key
        }))
      for (const name of ["user", "prefs"] as const) {
        readers[name] = yield* made.as(made.app.keys[name].reader as AnyEffect)
      }
      const { as, app: { keys } } = made
      return {
        set: as(keys[of].set({ id: "1" }, "kept") as AnyEffect),
        get: as(keys.profile.get({ id: "1" }) as AnyEffect),
        has: as(keys.profile.has({ id: "1" }) as AnyEffect)
      }
    })

    it.effect("getUnsafe returns a family that the lookup derives from, and the entry ends with it", () =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        const { get, has, set } = yield* reading("user", seen)
        yield* set
        yield* get
        assert.deepStrictEqual(seen, ["kept"])
        yield* TestClock.adjust("2 minutes")
        assert.isFalse(yield* has)
      }))

    it.effect("getUnsafe refuses a family that the lookup may not read", () =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        const { get, has, set } = yield* reading("prefs", seen)
        yield* set
        const reason = cacheReasonOf(yield* Effect.flip(get))
        assert.deepInclude(reason, { _tag: "UndeclaredRead", code: "E0211", read: "prefs:1" })
        assert.deepStrictEqual(seen, [undefined])
        assert.isFalse(yield* has)
      }))
  })

  it.effect("getUnsafe returns nothing for a family that the lookup may not read", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const { app, as } = yield* running((_, { prefs }) =>
        Effect.sync(() => void seen.push(prefs.reader.getUnsafe({ id: "1" })))
      )
      yield* Effect.exit(as(app.keys.profile.get({ id: "1" }) as AnyEffect))
      assert.deepStrictEqual(seen, [undefined])
    }))

  it.effect("a lookup does not keep other fibers from reads that it may not do", () =>
    Effect.gen(function*() {
      const latch = yield* Latch.make()
      const { app, as } = yield* running(() => latch.await)
      const reader: any = yield* as(app.keys.prefs.reader as AnyEffect)
      const loading = yield* Effect.forkChild(as(app.keys.profile.get({ id: "1" }) as AnyEffect))
      yield* Effect.yieldNow
      assert.strictEqual(reader.getUnsafe({ id: "1" }), "kept")
      assert.strictEqual(yield* Effect.promise(() => reader.getPromise({ id: "1" })), "kept")
      yield* latch.open
      yield* Fiber.join(loading)
      assert.strictEqual(reader.getUnsafe({ id: "1" }), "kept")
    }))

  it.effect("a lookup counts as running until it ends, in whatever way it ends", () =>
    Effect.gen(function*() {
      for (const end of [Effect.void, Effect.fail("down"), Effect.die("down"), Effect.interrupt]) {
        const { app, as } = yield* running(() => end as AnyEffect)
        const { count: open } = openWork
        yield* Effect.exit(as(app.keys.profile.get({ id: "1" }) as AnyEffect))
        yield* Effect.exit(as(app.keys.page.getMany([{ id: "1" }, { id: "2" }]) as AnyEffect))
        assert.strictEqual(openWork.count, open)
      }
    }))
})

describe("errors for mistakes that the types refuse", () => {
  class Notes extends Manifest.Service<Notes>()("Notes", {
    families: { note: { pattern: "note:{id}", value: Manifest.type<any>(), freeze: true } }
  }) {}
  const { note } = Notes.keys
  const legacy: { readonly [name: string]: (id: unknown) => Effect.Effect<any> } = {
    load: (id: any): any => Promise.resolve(id),
    plain: (id: any): any => id
  }
  const told = (owner: typeof Owner, run: Effect.Effect<unknown, unknown, Manifest.Owns<"note:{id}", Notes>>) =>
    Effect.flip(run).pipe(
      Effect.provide(Layer.provide(Notes.modules({ note: owner }), MemoryStore.layer({ capacity: 10 }))),
      Effect.map((error) => String((error as CacheError).message))
    )
  const Owner = Notes.owner("note")

  it.effect("an error names a lookup that does not return an Effect, its family, and its Promise", () =>
    Effect.gen(function*() {
      const one = yield* told(Notes.owner("note", { lookup: ({ id }) => legacy["load"]!(id) }), note.get({ id: "1" }))
      const promise = "returned a Promise: make it an Effect, by Effect.promise or Effect.tryPromise"
      assert.strictEqual(one, `E0507: \`lookup\` of family \`note\` ${promise}`)
      const many = { lookupMany: (all: ReadonlyArray<{ id: string }>) => legacy["load"]!(all) }
      const several = yield* told(Notes.owner("note", many), note.getMany([{ id: "1" }, { id: "2" }]))
      assert.strictEqual(several, `E0507: \`lookupMany\` of family \`note\` ${promise}`)
      const plain = yield* told(
        Notes.owner("note", { lookup: ({ id }) => legacy["plain"]!(id) }),
        note.get({ id: "1" })
      )
      assert.strictEqual(plain, "E0507: `lookup` of family `note` must return an Effect")
    }))

  class Plain extends Manifest.Service<Plain>()("Plain", {
    families: {
      any: { pattern: "any:{id}" },
      kept: { pattern: "kept:{id}", value: Schema.Any }
    }
  }) {}
  const at = { id: "1" }
  class Query {
    // oxlint-disable-next-line unicorn/no-thenable
    then(): never {
      throw new Error("the query was run")
    }
  }
  const unrun: { readonly [what: string]: () => unknown } = {
    "a Promise": () => Promise.resolve(1),
    "a Promise that rejects": () => Promise.reject(new Error("an unhandled rejection ends the process")),
    "a query that runs by its `then`": () => new Query(),
    "an Effect": () => Effect.succeed(1)
  }
  const doors: { readonly [door: string]: (of: any, make: () => unknown) => Effect.Effect<unknown, unknown, any> } = {
    set: (of, make) => of.set(at, make()),
    "set that is not stored": (of, make) => of.set(at, make(), { timeToLive: "doNotStore" }),
    setMany: (of, make) => of.setMany([[{ id: "2" }, 1], [at, make()]]),
    setting: (of, make) => Plain.batch([of.setting({ id: "2" }, 1), of.setting(at, make())]) as any,
    "a writer": (of, make) => Effect.flatMap(of.writer, (writer: any) => writer.set(at, make())),
    "a transaction": (of, make) => Plain.transaction((body: any) => body)(of.set(at, make())) as any,
    update: (of, make) => of.update(at, () => Effect.sync(make)),
    "update with a plain function": (of, make) => of.update(at, () => Promise.resolve(make())),
    patch: (of, make) => of.patch(at, () => Effect.sync(make)),
    "patch with a plain function": (of, make) => of.patch(at, () => Promise.resolve(make())),
    select: (of, make) => of.select(at, make)
  }
  const loads: { readonly [form: string]: (make: () => unknown) => object } = {
    lookup: (make) => ({ lookup: () => Effect.sync(make) }),
    "lookup with options": (make) => ({ lookup: () => Effect.sync(() => Lookup.loaded(make(), { tags: ["t"] })) }),
    lookupMany: (make) => ({
      lookupMany: (all: ReadonlyArray<unknown>) => Effect.sync(() => all.map(() => make()))
    })
  }
  for (const [what, make] of Object.entries(unrun)) {
    const refuses = (name: "any" | "kept", options: object, run: (of: any) => Effect.Effect<unknown, unknown, any>) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(run(Plain.keys[name]))
        const { reason } = error as CacheError
        assert.strictEqual(reason?._tag, "InvalidOption", String(error))
        assert.match(reason.message, /`(value|select|update|patch)` of family `(any|kept)` (is|returned) an? /)
        assert.match(reason.message, /: (run it first|make it an Effect|read the value first)/)
      }).pipe(
        Effect.provide(Layer.provide(
          Plain.modules({
            any: Plain.owner("any", (name === "any" ? options : {}) as {}),
            kept: Plain.owner("kept", (name === "kept" ? options : {}) as {})
          }),
          MemoryStore.layer({ capacity: 10 })
        ))
      ) as Effect.Effect<void>
    for (const name of ["any", "kept"] as const) {
      for (const [door, open] of Object.entries(doors)) {
        it.effect(`${what} does not become the value of \`${name}\` by ${door}`, () =>
          refuses(name, { lookup: () => Effect.succeed(0) }, (of) =>
            Effect.andThen(
              Effect.andThen(of.get(at) as Effect.Effect<unknown>, open(of, make)),
              Effect.die("it went through")
            ).pipe(
              Effect.ensuring(Effect.map(of.get(at), (value) => assert.strictEqual(value, 0)) as Effect.Effect<void>)
            )))
      }
      for (const [form, options] of Object.entries(loads)) {
        it.effect(`${what} does not become the value of \`${name}\` by ${form}`, () =>
          refuses(name, options(make), (of) => of.get(at)))
      }
    }
  }
  class Exits extends Manifest.Service<Exits>()("Exits", {
    families: {
      exit: { pattern: "exit:{id}", value: Schema.Exit(Schema.Number, Schema.String, Schema.Defect()) },
      either: {
        pattern: "either:{id}",
        value: Schema.Union([Schema.String, Schema.Exit(Schema.Number, Schema.String, Schema.Defect())])
      },
      inner: {
        pattern: "inner:{id}",
        value: Schema.Struct({ exit: Schema.Exit(Schema.Number, Schema.String, Schema.Defect()) })
      }
    }
  }) {}
  const failed: Exit.Exit<number, string> = Exit.fail("down")
  for (const name of ["exit", "either"] as const) {
    const of = Exits.keys[name] as typeof Exits.keys.exit
    const live = Layer.provide(
      Exits.modules({
        exit: Exits.owner("exit", { lookup: () => Effect.succeed(failed) }),
        either: Exits.owner("either", { lookup: () => Effect.succeed(failed) }),
        inner: Exits.owner("inner")
      }),
      MemoryStore.layer({ capacity: 10 })
    )
    it.effect(`the family \`${name}\`, whose Schema is of Exits, takes Exits by every door`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* of.get(at), failed)
        yield* of.set(at, Exit.succeed(1))
        assert.deepStrictEqual(yield* of.get(at), Exit.succeed(1))
        yield* of.setMany([[at, failed]])
        yield* Exits.batch([of.setting({ id: "2" }, Exit.succeed(2))])
        assert.deepStrictEqual(yield* of.getMany([at, { id: "2" }]), [failed, Exit.succeed(2)])
        const updated = yield* of.update(at, (was) => Effect.succeed(Exit.isFailure(was) ? Exit.succeed(3) : was))
        assert.deepStrictEqual(updated, Exit.succeed(3))
      }).pipe(Effect.provide(live)) as Effect.Effect<void>)

    for (
      const [what, make] of [["a Promise", () => Promise.resolve(1)], [
        "an Effect",
        () => Effect.sync(() => 1)
      ]] as const
    ) {
      it.effect(`${what} does not become a value of \`${name}\`, whose Schema is of Exits`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(of.set(at, make() as never))
          assert.match(error.message, / is an? (Promise|Effect): run it first/)
        }).pipe(Effect.provide(live)) as Effect.Effect<void>)
    }
  }
  it.effect("an Exit does not become the value of a family whose Schema has Exits inside its values only", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Exits.keys.inner.set(at, failed as never))
      assert.include(error.message, "is an Effect: run it first")
    }).pipe(Effect.provide(Layer.provide(
      Exits.modules({ inner: Exits.owner("inner") }),
      MemoryStore.layer({ capacity: 10 })
    ))) as Effect.Effect<void>)

  it.effect("an error for a lookup that is a generator function says how to make it an Effect", () =>
    Effect.gen(function*() {
      const live = Layer.provide(
        Plain.modules({ any: Plain.owner("any", { lookup: function*() {} } as {}), kept: Plain.owner("kept") }),
        MemoryStore.layer({ capacity: 10 })
      )
      const error = yield* Effect.flip(Effect.provide(Plain.keys.any.get(at), live))
      assert.include(String((error as CacheError).message), "wrap the function in Effect.fnUntraced")
    }) as Effect.Effect<void>)

  it.effect("an error says why a value cannot be frozen", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* told(Owner, note.set({ id: "1" }, { at: new URL("http://a") })),
        "E0307: cannot store `note:1`: `freeze` of family `note` cannot make a URL immutable: its content can always be changed"
      )
    }))

  it.effect("an error says what to do about a layer that is made twice, and about an update within itself", () =>
    Effect.gen(function*() {
      const owner = () => Notes.owner("note")
      const twice = Layer.provide(Layer.mergeAll(owner(), owner()), Notes.layer)
      const error = yield* Effect.flip(
        Effect.scoped(Layer.build(Layer.provide(twice, MemoryStore.layer({ capacity: 10 }))))
      )
      assert.include(error.message, "already has an owner")
      assert.include(error.message, "; help: keep the owner's layer in a constant")
      const within = note.update({ id: "1" }, () => note.update({ id: "1" }, (was) => was))
      const circular = yield* told(Owner, Effect.andThen(note.set({ id: "1" }, 1), within))
      assert.include(circular, "it would wait for itself; help: return the value from the function that runs already")
    }))

  it.effect("an error for two manifests of one name has no empty path", () =>
    Effect.gen(function*() {
      const Twin = Manifest.Service<any>()("Notes", { families: { other: { pattern: "other:{id}" } } })
      const both = Manifest.compose(Notes, Twin as never) as Layer.Layer<any, CacheError, any>
      const error = yield* Effect.flip(
        Effect.scoped(Layer.build(Layer.provide(both, MemoryStore.layer({ capacity: 10 }))))
      )
      assert.match(error.message, /^E0413: manifest `Notes`: two manifests are called/)
    }))
})

describe("options that are an instance of a class", () => {
  class Site extends Manifest.Service<Site>()("Site", {
    families: {
      page: { pattern: "page:{id}", value: Manifest.type<string>() },
      files: { pattern: "files:*" },
      facts: { pattern: "files:{id}", partOf: "files", value: Manifest.type<string>() }
    }
  }) {}
  class Pages {
    private readonly prefix: string
    constructor(prefix: string) {
      this.prefix = prefix
    }
    lookup({ id }: { readonly id: string }) {
      return Effect.succeed(`${this.prefix} ${id}`)
    }
  }
  class Many {
    readonly #prefix = "many"
    lookupMany(all: ReadonlyArray<{ readonly id: string }>) {
      return Effect.succeed(all.map(({ id }) => `${this.#prefix} ${id}`))
    }
  }

  it.effect("options that are an instance of a class keep the methods that their lookups use, and may have other fields", () => {
    const live = Site.modules({
      page: Site.owner("page", new Pages("page")),
      files: Site.owner("files", { parts: { facts: new Many() } })
    })
    return Effect.gen(function*() {
      assert.strictEqual(yield* Site.keys.page.get({ id: 1 }), "page 1")
      assert.strictEqual(yield* Site.keys.facts.get({ id: 2 }), "many 2")
    }).pipe(Effect.provide(Layer.provide(live, MemoryStore.layer({ capacity: 10 }))))
  })
})
