/**
 * Law 1: a read or a write needs the right of its own engine. Names, casts, objects made by hand, and leases of other
 * keys do not give a right.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CacheError } from "../../src/cache/CacheError.ts"
import { Appointment, appointmentOf, engineKey, keyOf } from "../../src/manifest/internal/grants.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { validate, type ValidManifest } from "../../src/ownership/shared/validation.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"

const definition = {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() },
    prefs: { pattern: "prefs:{id}", value: Manifest.type<string>() },
    profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] },
    files: { pattern: "files:*" },
    facts: { pattern: "files:{id}:facts", partOf: "files" }
  },
  readers: { web: { borrows: ["user:{id}"] } }
} as const
class C extends Manifest.Service<C>()("Rights", definition) {}
class Twin extends Manifest.Service<Twin>()("Rights", definition) {}
const { prefs, profile, user } = C.keys
const id = "1"

type AnyLayer = Layer.Layer<any, any, any>
type AnyEffect = Effect.Effect<any, any, any>
const memory = MemoryStore.layer({ capacity: 100 })
const userLive = C.owner("user", { lookup: () => Effect.succeed("Ann") })
const prefsLive = C.owner("prefs", { lookup: () => Effect.succeed("dark") })

// What the compiler refuses, as a program built from data would do it.
const as = <A>(value: unknown) => value as A
const modules = (given: unknown): AnyLayer => C.modules(as<{}>(given)) as AnyLayer
const run = (effect: AnyEffect, layer: AnyLayer): Effect.Effect<Exit.Exit<unknown, unknown>> =>
  Effect.exit(Effect.provide(effect, Layer.provide(layer, memory)) as Effect.Effect<unknown, unknown>)
const errorOf = (exit: Exit.Exit<unknown, unknown>): CacheError => {
  assert.isTrue(Exit.isFailure(exit), "it went through")
  return Cause.squash((exit as Exit.Failure<unknown, unknown>).cause) as CacheError
}
const refuses = Effect.fnUntraced(function*(effect: AnyEffect, layer: AnyLayer, message: string) {
  const error = errorOf(yield* run(effect, layer))
  assert.include(error.message, message)
})
const lookup = () => Effect.succeed("Ann")
const build = (layer: AnyLayer) => Effect.asVoid(Effect.scoped(Layer.build(layer)))

describe("two manifest classes of one name", () => {
  const both: AnyLayer = Layer.mergeAll(
    Layer.provide(C.modules({ user: userLive }), memory),
    Layer.provide(
      Twin.modules({ user: Twin.owner("user", { lookup: () => Effect.succeed("Bob") }) }),
      Layer.fresh(memory)
    )
  )

  const ways: { readonly [way: string]: AnyEffect } = {
    get: Twin.keys.user.get({ id }),
    getOption: Twin.keys.user.getOption({ id }),
    "a raw key": Twin.get("user:1"),
    reader: Twin.keys.user.reader,
    set: Twin.keys.user.set({ id }, "Eve"),
    delete: Twin.keys.user.delete({ id }),
    invalidateAll: Twin.keys.user.invalidateAll(),
    writer: Twin.keys.user.writer,
    lease: Effect.scoped(Twin.keys.user.lease({ id })),
    batch: Twin.batch([Twin.keys.user.setting({ id }, "Eve")]),
    invalidate: Twin.invalidate("user:*")
  }
  for (const [way, effect] of Object.entries(ways)) {
    it.effect(`${way} of one class does not use the rights of the other`, () =>
      refuses(
        effect,
        Layer.provideMerge(userLive, C.layer),
        "the caller's right belongs to another manifest class of the same name"
      ))
  }

  it.effect("two manifest classes of one name never read each other's values", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* user.get({ id }), "Ann")
      assert.strictEqual(yield* Twin.keys.user.get({ id }), "Bob")
    }).pipe(Effect.provide(as<Layer.Layer<any>>(both)), (effect) => effect as Effect.Effect<void, unknown>))

  it.effect("the second of two manifest classes of one name is refused over the same store, since its entries have the same names", () =>
    refuses(
      Effect.void,
      Layer.merge(C.layer, Twin.layer),
      "two engines of `Rights` are over one store"
    ))

  it.effect("a class with other families is refused over the same store", () => {
    const Other = as<typeof C>(Manifest.Service<any>()("Rights", { families: { other: { pattern: "other:{id}" } } }))
    return refuses(Effect.void, Layer.merge(C.layer, Other.layer), "two manifests are called `Rights`")
  })

  it.effect("the second of two manifest classes of one name may build its engine after the first is closed", () =>
    Effect.gen(function*() {
      const store = Layer.succeed(Store, Context.get(yield* Layer.build(memory), Store))
      yield* build(Layer.provide(C.layer, store))
      yield* build(Layer.provide(Twin.layer, store))
      yield* build(Layer.provide(C.layer, store))
    }))

  it("two names never give the same Context key", () => {
    const keys = new Set<string>()
    const names = ["K", "K/2", "K#2", "2/K", "effect-stateless/manifest/class/2/K", "K", "2/K", "K", "own/1/K"]
    for (const name of names) keys.add(Manifest.Service<any>()(name, definition).key)
    assert.strictEqual(keys.size, names.length)
    const grants = new Set<string>()
    for (const key of ["a", "a/1/b", "1/a"]) {
      for (const source of ["b", "b/c", "1/b/b"]) {
        const valid = {
          ...(as<{ success: ValidManifest }>(validate("x", { families: { f: { pattern: source } } })).success),
          key
        }
        for (const mode of ["own", "borrow"] as const) grants.add(keyOf(valid, mode, "f").key.key)
      }
    }
    assert.strictEqual(grants.size, 3 * 3 * 2)
  })
})

describe("right of one engine", () => {
  // The profile's owner over another engine than everything else.
  const apart: AnyLayer = Layer.provideMerge(
    Layer.fresh(
      Layer.provide(Layer.provide(C.owner("profile", { lookup: () => Effect.succeed("x") }), C.layer), memory)
    ),
    Layer.provideMerge(Layer.merge(userLive, prefsLive), C.layer)
  )
  const ways: { readonly [way: string]: AnyEffect } = {
    get: Effect.andThen(profile.get({ id }), user.get({ id })),
    set: Effect.andThen(profile.set({ id }, "x"), user.set({ id }, "x")),
    handles: Effect.andThen(profile.writer, user.writer),
    "a batch": C.batch([profile.setting({ id }, "x"), user.setting({ id }, "x")]),
    "a pattern": C.invalidate("*"),
    "a raw key": Effect.andThen(C.get("profile:1"), C.get("user:1")),
    "a lease": Effect.scoped(Effect.andThen(profile.lease({ id }), user.lease({ id })))
  }
  for (const [way, effect] of Object.entries(ways)) {
    it.effect(`${way} does not use the right together with those of another engine`, () =>
      refuses(effect, apart, "another engine"))
  }

  it.effect("the right serves a whole program that is provided within another engine", () =>
    Effect.gen(function*() {
      const inner = Layer.fresh(Layer.provide(Layer.provide(userLive, C.layer), memory))
      const seen = yield* Effect.provide(user.get({ id }), inner)
      assert.strictEqual(seen, "Ann")
    }).pipe(Effect.provide(Layer.provide(Layer.provideMerge(prefsLive, C.layer), memory))))

  it.effect("a second engine over one store is refused", () =>
    Effect.gen(function*() {
      const store = Context.get(yield* Layer.build(memory), Store)
      const over = Layer.provide(C.layer, Layer.succeed(Store, store))
      yield* Layer.build(over)
      const error = yield* Effect.flip(Layer.build(Layer.fresh(over)))
      assert.include((error as CacheError).message, "two engines of `Rights` are over one store")
    }))

  it.effect("engines over several stores are logged at the second one, and again when their number has doubled", () =>
    Effect.gen(function*() {
      class Requests extends Manifest.Service<Requests>()("Requests", {
        families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
      }) {}
      const said: Array<string> = []
      const logged = Logger.layer([Logger.make(({ message }) => void said.push(String(message).slice(0, 2).trim()))])
      const one = Layer.fresh(Layer.provide(Requests.layer, memory))
      const request = <A, E>(within: Effect.Effect<A, E>) => Effect.scoped(Effect.andThen(Layer.build(one), within))
      const nested = (depth: number): Effect.Effect<void, CacheError | StoreError> =>
        depth === 0 ? Effect.void : request(Effect.suspend(() => nested(depth - 1)))
      yield* Effect.gen(function*() {
        yield* nested(1)
        assert.deepStrictEqual(said, [], "one request after another")
        for (let i = 0; i < 100; i++) yield* nested(3)
        assert.deepStrictEqual(said, ["2"], "three requests at a time")
        for (let i = 0; i < 10; i++) yield* nested(20)
        assert.deepStrictEqual(said, ["2", "4", "8", "16"], "more requests at a time than before")
      }).pipe(Effect.provide(logged))
    }))

  it.effect("an engine without a store fails, and the error says which layer to provide", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(as<Layer.Layer<never, CacheError>>(C.layer)))
      assert.include(error.message, "E0233: manifest `Rights`: nothing provides the store")
      assert.include(error.message, "Layer.provide(MemoryStore.layer({ capacity: 1_000 }))")
    }))

  it.effect("a program that asks a missing engine fails, and the error says what to provide", () =>
    Effect.gen(function*() {
      for (const program of [C.stats, Stream.runDrain(C.events)]) {
        const error = yield* Effect.flip(as<Effect.Effect<unknown, CacheError>>(program))
        assert.include(error.message, "E0233: manifest `Rights`: nothing provides the engine of `Rights`")
        assert.include(error.message, "provide modules of `Rights`")
      }
    }))

  it.effect("the store is free again when an engine could not be built", () =>
    Effect.gen(function*() {
      const store = Context.get(yield* Layer.build(memory), Store)
      const broken = { ...store, loadMarks: Effect.die("down") }
      const over = (from: typeof store) => Layer.provide(C.layer, Layer.succeed(Store, from))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(build(over(broken)))))
      yield* Effect.exit(build(over(broken)))
      yield* build(over(store))
    }))
})

describe("module", () => {
  class Did extends Context.Service<Did, unknown>()("Did") {}
  const doing = (effect: AnyEffect): AnyLayer => Layer.effect(Did, effect)
  const self = (given: AnyLayer): AnyLayer => Layer.provide(doing(prefs.delete({ id })), given)
  const engine = Layer.provide(C.layer, memory)

  const appointed: { readonly [what: string]: AnyLayer } = {
    "makes itself the owner": self(C.owner("prefs")),
    "is given an owner that another module shares": self(prefsLive),
    "makes itself a reader": Layer.provide(doing(prefs.get({ id })), C.borrower("prefs") as AnyLayer),
    "makes itself an owner while it runs": doing(Effect.provide(prefs.delete({ id }), C.owner("prefs"))),
    "makes itself an owner by a layer that is made later": Layer.unwrap(Effect.sync(() => self(C.owner("prefs"))))
  }
  for (const [what, layer] of Object.entries(appointed)) {
    it.effect(`a module that ${what} is refused, whatever its type was cast to`, () =>
      refuses(Effect.void, modules({ prefs: prefsLive, web: layer }), "cannot appoint `prefs:{id}`"))
  }

  const building: { readonly [what: string]: AnyLayer } = {
    "builds an engine": self(Layer.provideMerge(C.owner("prefs"), engine)),
    "builds a fresh engine": Layer.fresh(self(Layer.provideMerge(C.owner("prefs"), engine))),
    "builds modules": self(Layer.provide(modules({ prefs: C.owner("prefs") }), memory)),
    "builds an engine while it runs": doing(
      Effect.provide(prefs.delete({ id }), Layer.provideMerge(C.owner("prefs"), engine))
    ),
    "builds a composition": self(
      Layer.provide(
        Manifest.compose(C, as<typeof Manifest>(Manifest.Service<any>()("Beside", { families: {} })) as never),
        memory
      )
    )
  }
  for (const [what, layer] of Object.entries(building)) {
    it.effect(`a module that ${what} is refused, even with a store of its own`, () =>
      refuses(Effect.void, modules({ prefs: prefsLive, web: layer }), "module `web` builds an engine of its own"))
  }

  const everything: AnyLayer = Layer.effectContext(Effect.context<any>())
  const given: { readonly [what: string]: readonly [modules: unknown, stranger: AnyEffect, message: string] } = {
    "the permission to own its family": [
      { user: everything },
      Effect.provide(user.set({ id }, "Eve"), C.owner("user")),
      "cannot appoint `user:{id}`"
    ],
    "the permission to own its family beside its owner": [
      { users: { owns: ["user", "prefs"], layer: Layer.merge(userLive, everything) } },
      Effect.provide(prefs.set({ id }, "Eve"), C.owner("prefs")),
      "cannot appoint `prefs:{id}`"
    ],
    "the permission to read": [
      { user: Layer.provide(Layer.effectDiscard(user.writer), userLive), profile: everything },
      Effect.provide(user.get({ id }), C.borrower("user")),
      "cannot appoint `user:{id}`"
    ],
    "a borrow that it was lent": [
      { user: Layer.provide(Layer.effectDiscard(user.writer), userLive), web: everything },
      user.get({ id }),
      "cannot read `user:{id}`"
    ]
  }
  for (const [what, [all, stranger, message]] of Object.entries(given)) {
    it.effect(`a module that gives away ${what} gives nothing, whatever its type was cast to`, () =>
      refuses(stranger, modules(all), message))
  }

  it.effect("a module gets no engine, even when the root has built one before", () =>
    refuses(
      Effect.void,
      Layer.provide(modules({ prefs: prefsLive, web: self(Layer.provideMerge(C.owner("prefs"), engine)) }), C.layer),
      "module `web` builds an engine of its own"
    ))

  it.effect("a module does not have the rights of the root around it", () =>
    refuses(
      Effect.void,
      Layer.provide(modules({ web: self(C.owner("prefs")) }), Layer.provideMerge(userLive, C.layer)),
      "cannot appoint `prefs:{id}`"
    ))

  it.effect("a module that owns several families writes them in one step", () =>
    Effect.gen(function*() {
      const layer = C.modules({
        people: {
          owns: ["user", "prefs"],
          layer: Layer.provide(
            Layer.effect(
              Did,
              C.batch([user.setting({ id }, "Eve"), prefs.setting({ id }, "light")])
            ),
            Layer.merge(userLive, prefsLive)
          )
        },
        web: Layer.effect(Context.Service<"Seen", string>("Seen"), user.get({ id }))
      })
      const context = yield* Layer.build(Layer.provide(layer, memory))
      assert.strictEqual(Context.get(context as Context.Context<any>, Context.Service<"Seen", string>("Seen")), "Eve")
    }))

  const wrong: { readonly [what: string]: readonly [given: unknown, message: string] } = {
    "an array": [[userLive], "this is not an object with a module for each family or reader"],
    "a layer": [userLive, "this is not an object with a module for each family or reader"],
    "nothing": [null, "this is not an object with a module for each family or reader"],
    "a number": [1, "this is not an object with a module for each family or reader"],
    "a name that is not declared": [{ usr: Layer.empty }, "`Rights` declares no family and no reader `usr`"],
    "a part of another family": [{ facts: Layer.empty }, "family `facts` is part of `files`"],
    "a module that is not a layer": [{ user: Effect.void }, "module `user` is not a Layer"],
    "a module that is undefined": [{ user: undefined }, "module `user` is not a Layer"],
    "a group without a layer": [{ users: { owns: ["user"] } }, "module `users` is not a Layer"],
    "a group of a family that is not declared": [
      { users: { owns: ["usr"], layer: userLive } },
      "`Rights` declares no family `usr`"
    ],
    "a group of a part": [{ users: { owns: ["facts"], layer: Layer.empty } }, "family `facts` is part of `files`"],
    "a group with an unknown option": [
      { users: { owns: ["user"], layer: userLive, layr: 1 } },
      "unknown option `layr` in module `users`"
    ],
    "the options of an owner in its place": [
      { user: { lookup: () => Effect.succeed("Ann") } },
      "module `user` is not a Layer: these are the options of an owner"
    ],
    "a group that names a family twice": [
      { users: { owns: ["user", "prefs", "user"], layer: userLive } },
      "module `users` names `user` twice in `owns`"
    ],
    "a group with the name of a family that it does not own": [
      { prefs: { owns: ["user"], layer: userLive } },
      "module `prefs` does not own the family `prefs`"
    ],
    "a group with the name of a reader": [
      { web: { owns: ["user"], layer: userLive } },
      "module `web` owns families, and `web` is a reader"
    ],
    "two modules of one family": [
      { user: userLive, users: { owns: ["user", "prefs"], layer: prefsLive } },
      "modules `users` and `user` both own `user`"
    ],
    "two groups of one family": [
      { a: { owns: ["user"], layer: userLive }, b: { owns: ["user"], layer: Layer.empty } },
      "modules `b` and `a` both own `user`"
    ]
  }
  for (const [what, [given, message]] of Object.entries(wrong)) {
    it.effect(`a module with ${what} is refused by a typed error`, () => refuses(Effect.void, modules(given), message))
  }
})

describe("name that comes from data", () => {
  const unknown = (name: string, help: string) => `\`Rights\` declares no family \`${name}\`; help: ${help}`
  const wrong: { readonly [what: string]: readonly [code: string, message: string, make: () => unknown] } = {
    "an unknown family to own": ["E0210", unknown("usr", "did you mean `user`?"), () => C.owner(as<never>("usr"))],
    "an unknown family to borrow": [
      "E0210",
      unknown("usr", "did you mean `user`?"),
      () => C.borrower(as<never>("usr"))
    ],
    "an unknown family to delegate": [
      "E0210",
      unknown("fact", "did you mean `facts`?"),
      () => C.delegate(as<never>("fact"))
    ],
    "a name that is near to none": [
      "E0210",
      unknown("constructor", "declare it, or check its spelling"),
      () => C.owner(as<never>("constructor"))
    ],
    "a pattern in the place of a family": [
      "E0210",
      unknown("user:{key}", "name the family, `user`"),
      () => C.owner(as<never>("user:{key}"))
    ],
    "no name": [
      "E0210",
      unknown("undefined", "declare it, or check its spelling"),
      () => C.owner(as<never>(undefined))
    ],
    "no name to borrow": [
      "E0210",
      unknown("null", "declare it, or check its spelling"),
      () => C.borrower(as<never>(null))
    ],
    "a part to own": ["E0208", "family `facts` is part of `files`", () => C.owner(as<never>("facts"))],
    "a whole family to delegate": ["E0209", "family `user` is not part of", () => C.delegate(as<never>("user"))],
    "an unknown part": [
      "E0229",
      "`fact` is not a part of family `files`, so the owner of `files` cannot give its lookup; help: did you mean `facts`?",
      () => C.owner("files", as<never>({ parts: { fact: {} } }))
    ],
    "a misspelt option": [
      "E0406",
      "owner.user.lokup: unknown option `lokup` in the owner of family `user`; help: did you mean `lookup`?",
      () => C.owner("user", as<never>({ lokup: lookup }))
    ],
    "a lookup that is not a function": [
      "E0114",
      "owner.user.lookup: the lookup of family `user` does not return a value of `user`",
      () => C.owner("user", as<never>({ lookup: 5 }))
    ],
    "a lookupMany that is not a function": [
      "E0114",
      "owner.user.lookupMany: the lookupMany of family `user` does not return",
      () => C.owner("user", as<never>({ lookupMany: null }))
    ],
    "a function in the place of options": [
      "E0406",
      "owner.user: the owner of family `user` takes options, and this is a function; help: give it by its name",
      () => C.owner("user", as<never>(lookup))
    ],
    "null in the place of options": [
      "E0408",
      "owner.user: `the options` must be an object; help: see the type `OwnerOptions`",
      () => C.owner("user", as<never>(null))
    ],
    "a text in the place of options": [
      "E0408",
      "`the options` must be an object",
      () => C.owner("user", as<never>("lookup"))
    ],
    "a misspelt option of warm": [
      "E0406",
      "owner.user.warm.every: unknown option `every` in `warm`",
      () => C.owner("user", as<never>({ lookup, warm: { keys: [], every: 1 } }))
    ],
    "keys to warm that are not a list": [
      "E0408",
      "owner.user.warm.keys: `warm.keys` must be a list of parameters, or an Effect that returns such a list",
      () => C.owner("user", as<never>({ lookup, warm: { keys: 5 } }))
    ],
    "no keys to warm": [
      "E0408",
      "`warm.keys` must be a list of parameters",
      () => C.owner("user", as<never>({ lookup, warm: {} }))
    ],
    "a list in the place of warm": [
      "E0408",
      "`warm` must be an object",
      () => C.owner("user", as<never>({ lookup, warm: [] }))
    ],
    "a number in the place of await": [
      "E0408",
      "`warm.await` must be true or false",
      () => C.owner("user", as<never>({ lookup, warm: { keys: [], await: 1 } }))
    ],
    "a misspelt option of predict": [
      "E0406",
      "unknown option `keyMax` in `predict`; help: did you mean `keysMax`?",
      () => C.owner("user", as<never>({ lookup, predict: { keyMax: 1 } }))
    ],
    "a misspelt option of a part": [
      "E0406",
      "owner.files.parts.facts.lokup: unknown option `lokup` in the part `facts`; help: did you mean `lookup`?",
      () => C.owner("files", as<never>({ parts: { facts: { lokup: 1 } } }))
    ],
    "parts that are not an object": [
      "E0408",
      "`parts` must be an object",
      () => C.owner("files", as<never>({ parts: 5 }))
    ],
    "a part without options": ["E0408", "`parts.facts`", () => C.owner("files", as<never>({ parts: { facts: 5 } }))],
    "a misspelt option of a delegate": [
      "E0406",
      "delegate.facts.lokup: unknown option `lokup`",
      () => C.delegate("facts", as<never>({ lokup: 1 }))
    ],
    "parts of a delegate": ["E0406", "unknown option `parts`", () => C.delegate("facts", as<never>({ parts: {} }))],
    "an unknown module": [
      "E0228",
      "declares no family and no reader `wb`; help: did you mean `web`?",
      () => modules({ user: userLive, wb: Layer.empty })
    ],
    "an unknown family of a module": [
      "E0210",
      unknown("usr", "did you mean `user`?"),
      () => modules({ users: { owns: ["usr"], layer: userLive } })
    ]
  }
  for (const [what, [code, message, make]] of Object.entries(wrong)) {
    it.effect(`a layer with a name that comes from data fails with a typed error: ${what}`, () =>
      Effect.gen(function*() {
        const error = errorOf(yield* run(Effect.void, Layer.provideMerge(make() as AnyLayer, C.layer)))
        assert.strictEqual(error.reason._tag, "InvalidManifest")
        assert.strictEqual((error.reason as unknown as { error: { reason: { code: string } } }).error.reason.code, code)
        assert.match(error.message, new RegExp(`^${code}: manifest `))
        assert.include(error.message, message)
      }))
  }
})

describe("argument that was cast", () => {
  const keys: { readonly [what: string]: readonly [AnyEffect, message: string] } = {
    "setMany of a number": [user.setMany(as(5)), "not a key of `user:{id}`"],
    "setMany of no pairs": [user.setMany(as([5])), "not a key of `user:{id}`"],
    "setMany of nothing": [user.setMany(as(undefined)), "not a key of `user:{id}`"],
    "a number for a raw key": [C.get(as<"user:1">(5)), "no family of `Rights` matches the key `5`"],
    "a number for a pattern": [C.invalidate(as<"user:*">(5)), "no family of `Rights` matches the key `5`"]
  }
  for (const [what, [effect, message]] of Object.entries(keys)) {
    it.effect(`${what} is refused by a typed error`, () =>
      refuses(effect, Layer.provideMerge(userLive, C.layer), message))
  }

  it.effect("a function in place of a Schema is refused by a typed error", () =>
    Effect.gen(function*() {
      const families = {
        user: { pattern: "user:{id}", value: as<typeof definition.families.user.value>(String) }
      } as const
      class Wrong extends Manifest.Service<Wrong>()("Wrong", { families }) {}
      const error = errorOf(yield* run(Effect.void, Wrong.layer))
      assert.include(error.message, "`families.user.value` must be a Schema")
    }))
})

describe("module that reads what it derives from", () => {
  const value = Manifest.type<string>()
  class Parts extends Manifest.Service<Parts>()("Parts", {
    families: {
      user: { pattern: "user:{id}", value },
      vip: { pattern: "vip:{id}", value, derives: ["user:42"] },
      after: { pattern: "after:{id}", value, derives: ["vip:{id}"] },
      mid: { pattern: "mid:{id}", value, derives: ["user:{id}"] },
      far: { pattern: "far:{id}", value, derives: ["mid:42"] },
      files: { pattern: "files:*", value },
      facts: { pattern: "files:facts:{id}", value, partOf: "files", derives: ["mid:{id}"] },
      secret: { pattern: "files:secret:{id}", value, carvedFrom: "files" },
      whole: { pattern: "whole:{id}", value, derives: ["files:*"], fanout: true },
      digest: { pattern: "digest:{id}", value, derives: ["files:facts:{id}"] },
      leak: { pattern: "leak:{id}", value, derives: ["files:secret:{id}"] }
    }
  }) {}
  const reads: { readonly [module: string]: ReadonlyArray<string> } = {
    user: [],
    vip: [],
    after: ["vip"],
    mid: ["user"],
    far: [],
    secret: [],
    files: ["mid", "user"],
    whole: ["files", "facts", "mid", "user", "secret"],
    digest: ["facts", "mid", "user"],
    leak: ["secret"]
  }
  const names = Object.keys(Parts.definition.families) as ReadonlyArray<keyof typeof Parts.keys>
  for (const [module, readable] of Object.entries(reads)) {
    it.effect(`${module} reads the families that it has rights for, and no others`, () =>
      Effect.gen(function*() {
        const owners = Object.keys(reads).map((name) =>
          [name, Parts.owner(as<"user">(name), { lookup: () => Effect.succeed("loaded") })] as const
        )
        const exits = new Map<string, Exit.Exit<unknown, unknown>>()
        const reading = Layer.effectDiscard(Effect.gen(function*() {
          for (const name of names) {
            const accessor = Parts.keys[name] as typeof Parts.keys.user
            exits.set(name, yield* Effect.exit(accessor.getOption({ id, "*": "other" } as { id: string })))
          }
        }))
        const others = Object.fromEntries(owners)
        const all = { ...others, [module]: Layer.provideMerge(reading, others[module]!) }
        yield* build(Layer.provide(Parts.modules(as<{}>(all)) as AnyLayer, memory)) as Effect.Effect<void, unknown>
        const own = module === "files" ? ["files", "facts"] : [module]
        for (const [name, exit] of exits) {
          if (own.includes(name) || readable.includes(name)) {
            assert.isTrue(Exit.isSuccess(exit), `${module} reads ${name}`)
          } else assert.include(errorOf(exit).message, `cannot read \`${Parts.keys[as<"user">(name)].pattern}\``)
        }
      }))
  }
})

describe("object that a program makes by hand", () => {
  const valid = { ...as<{ success: ValidManifest }>(validate("Rights", definition)).success, key: C.key as string }
  const live = Layer.provideMerge(userLive, C.layer)
  const at = (mode: "own" | "borrow", family: string) => keyOf(valid, mode, family).key

  const forged: { readonly [what: string]: (context: Context.Context<any>) => Context.Context<any> } = {
    "a service that stands for the right": () =>
      Context.make(Context.Service<Manifest.Owns<"prefs:{id}", C>, string>("mine"), "x") as Context.Context<any>,
    "an object of a grant's shape": (context) =>
      Context.make(at("own", "prefs"), {
        family: "prefs",
        mode: "own",
        engine: Context.get(context, engineKey(valid.key)),
        token: 1,
        active: true
      } as never),
    "a copy of a grant": (context) =>
      Context.make(at("own", "prefs"), { ...Context.get(context, at("own", "user")), family: "prefs" } as never),
    "a grant with another prototype": (context) =>
      Context.make(
        at("own", "prefs"),
        Object.assign(Object.create(Context.get(context, at("own", "user"))), { family: "prefs" })
      ),
    "a grant of another family": (context) => Context.make(at("own", "prefs"), Context.get(context, at("own", "user"))),
    "a borrow in the place of an ownership": (context) =>
      Context.make(at("own", "prefs"), Context.get(context, at("borrow", "prefs")))
  }
  for (const [what, forge] of Object.entries(forged)) {
    it.effect(`${what} gives no right`, () =>
      refuses(
        Effect.flatMap(
          Effect.context<any>(),
          (context) => Effect.provideContext(prefs.set({ id }, "x"), forge(context) as Context.Context<never>)
        ),
        Layer.provideMerge(C.borrower("prefs"), live),
        "cannot write `prefs:{id}`"
      ))
  }

  const words: { readonly [what: string]: (context: Context.Context<any>) => unknown } = {
    "an object of a word's shape": (context) => ({
      engine: Context.get(context, engineKey(valid.key)),
      module: undefined,
      allows: () => true
    }),
    "the engine": (context) => Context.get(context, engineKey(valid.key)),
    "a word with another prototype": (context) =>
      Object.assign(Object.create(Appointment.prototype), { engine: Context.get(context, engineKey(valid.key)) })
  }
  for (const [what, forge] of Object.entries(words)) {
    it.effect(`${what} appoints no owner`, () =>
      Effect.gen(function*() {
        const context: Context.Context<any> = yield* Layer.build(
          Layer.provide(C.modules({ user: userLive }), memory) as AnyLayer
        )
        const forging = Context.add(context, appointmentOf(valid), forge(context) as Appointment)
        const exit = yield* Effect.exit(
          Effect.provideContext(
            Effect.provide(prefs.delete({ id }), C.owner("prefs")),
            forging as Context.Context<never>
          )
        )
        assert.include(errorOf(exit).message, "cannot appoint `prefs:{id}`")
      }) as Effect.Effect<void, unknown>)
  }

  it.effect("a hand-made engine is not used: reads find none, and statistics say what to provide", () =>
    Effect.gen(function*() {
      const fake = as<never>({ cache: {}, keys: {} })
      const provided = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.provideService(effect, C, fake) as Effect.Effect<A, E>
      const read = yield* Effect.exit(provided(user.get({ id })))
      assert.include(errorOf(read).message, "cannot read `user:{id}`")
      const stats = yield* Effect.exit(provided(C.stats))
      assert.include(errorOf(stats).message, "the value that is provided for Rights is not its engine")
    }))

  it.effect("an engine is found in the Context without a hand-made object", () =>
    Effect.gen(function*() {
      const cache = yield* C
      assert.strictEqual(yield* cache.keys.user.get({ id }), "Ann")
      assert.strictEqual(yield* cache.get("user:1"), "Ann")
      assert.strictEqual((yield* cache.stats).user.misses, 1)
      assert.isTrue(Object.isFrozen(cache))
      for (const member of ["cache", "owners", "layer", "owner", "modules"]) assert.notProperty(cache, member)
    }).pipe(Effect.provide(Layer.provide(live, memory))))
})

describe("invalidation by a pattern", () => {
  class Docs extends Manifest.Service<Docs>()("Docs", {
    families: {
      doc: { pattern: "doc:{id}", value: Manifest.type<string>() },
      root: { pattern: "doc:root", value: Manifest.type<string>(), carvedFrom: "doc" },
      secret: { pattern: "doc:{id}:secret", value: Manifest.type<string>() }
    }
  }) {}
  const over = (...owners: ReadonlyArray<AnyLayer>): AnyLayer =>
    Layer.provideMerge(Layer.mergeAll(Layer.empty, ...owners), Docs.layer)
  const invalidate = (text: string): AnyEffect => Docs.invalidate(as<"doc:root">(text))

  it.effect("an invalidation by a pattern needs no right to the family around the one whose keys it names", () =>
    Effect.gen(function*() {
      assert.isTrue(Exit.isSuccess(yield* run(invalidate("doc:root"), over(Docs.owner("root")))))
      yield* refuses(invalidate("doc:root"), over(Docs.owner("doc")), "E0205: cannot write `doc:root`")
      yield* refuses(invalidate("doc:1"), over(Docs.owner("root")), "E0205: cannot write `doc:{id}`")
    }))

  it.effect("an invalidation by a pattern needs the right to each family with a key of it, whatever text the program made", () =>
    Effect.gen(function*() {
      const owners = over(Docs.owner("doc"), Docs.owner("root"))
      for (const text of ["doc:1", "doc:root", "doc:{any}"]) {
        assert.isTrue(Exit.isSuccess(yield* run(invalidate(text), owners)), text)
      }
      for (const text of ["doc:1:secret", "doc:*", "*"]) {
        yield* refuses(invalidate(text), owners, "E0205: cannot write `doc:{id}:secret`")
      }
      yield* refuses(invalidate("doc:{any}"), over(Docs.owner("doc")), "E0205: cannot write `doc:root`")
    }))
})

describe("batch", () => {
  class Other extends Manifest.Service<Other>()("Other", { families: { other: { pattern: "other:{id}" } } }) {}

  it.effect("a batch with a write of another manifest is refused as a whole", () =>
    Effect.gen(function*() {
      const writes = [user.setting({ id }, "Eve"), Other.keys.other.setting({ id }, 1)]
      const error = yield* Effect.flip(C.batch(writes as never) as Effect.Effect<void, CacheError>)
      assert.include(
        (error as CacheError).message,
        "cannot run a batch of `Rights`: `other:{id}` is a pattern of `Other`"
      )
      assert.strictEqual(yield* user.get({ id }), "Ann")
      assert.isFalse(yield* Other.keys.other.has({ id }))
    }).pipe(Effect.provide(
      Layer.mergeAll(userLive, Other.owner("other")).pipe(
        Layer.provideMerge(Manifest.compose(C, Other)),
        Layer.provide(memory)
      )
    )))
})

describe("lease", () => {
  const other = Layer.fresh(Layer.provide(Layer.provideMerge(userLive, C.layer), memory))
  const refusal = (lease: unknown, why: string) =>
    Effect.gen(function*() {
      const options = { lease: as<never>(lease) }
      const writes: ReadonlyArray<Effect.Effect<void, unknown, any>> = [
        user.set({ id }, "Eve", options),
        user.setMany([[{ id }, "Eve"]], options),
        C.set("user:1", "Eve", options),
        C.batch([user.setting({ id }, "Eve", options)]),
        Effect.flatMap(user.writer, (writer) => writer.set({ id }, "Eve", options))
      ]
      for (const write of writes) {
        const error = yield* Effect.flip(write as Effect.Effect<void, CacheError, Manifest.Owns<"user:{id}", C>>)
        assert.strictEqual(error.reason._tag, "LeaseRefused")
        assert.strictEqual((error.reason as unknown as { error: { why: string } }).error.why, why)
      }
      assert.strictEqual(yield* user.get({ id }), "Ann")
    })
  const live = Effect.provide(Layer.provide(Layer.provideMerge(Layer.merge(userLive, prefsLive), C.layer), memory))

  it.effect("a lease of another key does not cover a write", () =>
    Effect.flatMap(user.lease({ id: "2" }), (lease) => refusal(lease, "other key")).pipe(Effect.scoped, live))
  it.effect("a lease of another family does not cover a write", () =>
    Effect.flatMap(prefs.lease({ id }), (lease) => refusal(lease, "other key")).pipe(Effect.scoped, live))
  it.effect("a shared lease does not cover a write", () =>
    Effect.flatMap(user.lease({ id }, { mode: "shared" }), (lease) => refusal(lease, "shared")).pipe(
      Effect.scoped,
      live
    ))
  it.effect("a lease that has ended does not cover a write", () =>
    Effect.flatMap(Effect.scoped(user.lease({ id })), (lease) => refusal(lease, "ended")).pipe(live))
  it.effect("a lease that no table granted does not cover a write", () =>
    Effect.flatMap(user.lease({ id }), (lease) => refusal({ ...lease }, "other engine")).pipe(Effect.scoped, live))
  it.effect("a lease of another engine does not cover a write of the same key", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const elsewhere = yield* Layer.buildWithScope(other, scope)
      const lease = yield* Effect.provideContext(Scope.provide(user.lease({ id }), scope), elsewhere)
      yield* refusal(lease, "other engine")
    }).pipe(live))
  it.effect("a lease of all keys covers a bulk write, and a lease of some keys does not", () =>
    Effect.gen(function*() {
      const lease = yield* user.lease({ id })
      yield* user.set({ id }, "Eve", { lease })
      assert.strictEqual(yield* user.get({ id }), "Eve")
      const error = yield* Effect.flip(user.setMany([[{ id }, "Bob"], [{ id: "2" }, "Bob"]], { lease }))
      assert.include(error.message, "does not cover `user:2`")
      assert.strictEqual(yield* user.get({ id }), "Eve")
    }).pipe(Effect.scoped, live))
})
