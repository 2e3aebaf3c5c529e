/**
 * Functions and methods that declare what they own, read and invalidate. At run time they invalidate exactly that, and
 * a declaration that was cast or comes from data is checked.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

const text = Manifest.type<string>()

class Shop extends Manifest.Service<Shop>()("Shop", {
  layers: { client: { reads: ["server"] }, server: {} },
  families: {
    user: { pattern: "user:{id}", value: text, layer: "server" },
    profile: { pattern: "profile:{id}", value: text, derives: ["user:{id}"] },
    feed: { pattern: "feed:{id}:{page}", value: text, derives: ["profile:{id}"] },
    prefs: { pattern: "prefs:{id}", value: text },
    draft: { pattern: "draft:{id}", value: text, layer: "client" },
    files: { pattern: "files:*", value: text },
    facts: { pattern: "files:facts:{id}", value: text, partOf: "files" },
    secret: { pattern: "files:secret:{id}", value: text, carvedFrom: "files" },
    digest: { pattern: "digest:{id}", value: text, derives: ["files:facts:{id}"] },
    report: { pattern: "report:{id}", value: text, derives: ["files:secret:{id}"] }
  },
  readers: { web: { borrows: ["user:{id}"] } }
}) {}
const { feed, prefs, profile, secret, user } = Shop.keys
const id = "1"

const memory = MemoryStore.layer({ capacity: 100 })
const lookup = () => Effect.succeed("loaded")
const Live = Layer.mergeAll(
  Shop.owner("user", { lookup }),
  Shop.owner("profile", { lookup }),
  Shop.owner("feed", { lookup }),
  Shop.owner("prefs"),
  Shop.owner("files")
).pipe(Layer.provideMerge(Shop.layer), Layer.provide(memory))

// What is cast, or comes from data.
const untyped = Shop as unknown as {
  readonly fn: (name: string, declared: unknown) => (body: () => Generator) => () => Effect.Effect<unknown, CacheError>
  readonly method: (declared: unknown) => (
    method: () => Effect.Effect<unknown>
  ) => () => Effect.Effect<unknown, CacheError>
  readonly inLayer: (layer: unknown) => (effect: Effect.Effect<unknown>) => Effect.Effect<unknown, CacheError>
}

describe("declared function", () => {
  it.effect("a declared function invalidates what it lists and what derives from it, and no other key", () =>
    Effect.gen(function*() {
      const save = Shop.fn("save", { owns: ["user:{id}"], invalidates: ["profile:{id}", "feed:{id}:{page}"] })(
        function*<A>(answer: A) {
          yield* user.set({ id }, "Ann")
          return answer
        }
      )
      for (const each of [id, "2"]) {
        yield* profile.get({ id: each })
        yield* feed.get({ id: each, page: 1 })
      }
      const answer: string = yield* save("done")
      assert.strictEqual(answer, "done")
      assert.isFalse(yield* profile.has({ id }))
      assert.isFalse(yield* feed.has({ id, page: 1 }))
      assert.isTrue(yield* profile.has({ id: "2" }))
    }).pipe(Effect.provide(Live)))

  // Who may read one family, or has the engine alone, may not empty another.
  const foreign: { readonly [what: string]: readonly [declared: {}, as: Effect.Effect<boolean, CacheError, any>] } = {
    "with a mere borrow": [{ borrows: ["user:{id}"], invalidates: ["prefs:{id}"] }, prefs.has({ id })],
    "with the engine alone": [{ invalidates: ["files:secret:{id}"] }, secret.has({ id })]
  }
  for (const [what, [declared, has]] of Object.entries(foreign)) {
    it.effect(`a declared function of a module never invalidates a family that the module does not own: ${what}`, () =>
      Effect.gen(function*() {
        const drop = untyped.fn("drop", declared)(function*() {})
        let refusal: CacheError | undefined
        const web = Layer.effectDiscard(Effect.map(Effect.flip(drop()), (error) => void (refusal = error)))
        const keeping = <A, E, R>(write: Effect.Effect<void, CacheError, R>, owner: Layer.Layer<A, E, any>) =>
          Layer.effectDiscard(write).pipe(Layer.provideMerge(owner)) as Layer.Layer<A, E, never>
        const app = Shop.modules({
          user: Shop.owner("user"),
          prefs: keeping(prefs.set({ id }, "kept"), Shop.owner("prefs")),
          secret: keeping(secret.set({ id }, "kept"), Shop.owner("secret")),
          web: web as Layer.Layer<never>
        })
        assert.isTrue(yield* Effect.provide(has, app) as Effect.Effect<boolean, CacheError, never>)
        assert.strictEqual(refusal?.reason._tag, "InvalidManifest")
        assert.include(refusal?.message, "which does not derive from what this declaration owns: nothing")
      }).pipe(Effect.provide(memory)))
  }
})

describe("declaration that was cast or comes from data", () => {
  const list = "must be a list of patterns; help: see the type `Declared`"
  const wrong: { readonly [what: string]: readonly [declared: unknown, code: string, message: string] } = {
    "an unknown pattern": [{ owns: ["zz:{id}"] }, "E0223", "owns.0: no family of `Shop` declares `zz:{id}` of owns"],
    "a name in the place of a pattern": [{ borrows: ["user"] }, "E0223", "help: name its pattern, `user:{id}`"],
    "a part of a pattern": [{ owns: ["user:1"] }, "E0206", "`user:1` is only a part of `user:{id}` of family `user`"],
    "a malformed pattern": [{ owns: ["user:{id}", "user:{id"] }, "E0103", "owns.1: `{id` in the pattern `user:{id`"],
    "a malformed pattern to invalidate": [{ invalidates: ["user:{id"] }, "E0103", "invalidates.0: `{id` in the"],
    "an unknown option": [
      { own: ["user:{id}"] },
      "E0406",
      "own: unknown option `own` in the declaration; help: did you"
    ],
    "an unknown layer": [
      { layer: "zz" },
      "E0404",
      "layer: no deployment layer is called `zz`; help: declare it in layers"
    ],
    "another layer's write": [
      { layer: "server", owns: ["draft:{id}"] },
      "E0224",
      "cannot write `draft:{id}` in deployment layer `server`: layer `client` owns it; help: move the write to layer `client`"
    ],
    "a read out of reach": [
      { layer: "server", borrows: ["draft:{id}"] },
      "E0225",
      "cannot read `draft:{id}` in deployment layer `server`: it is in layer `client`, which `server` does not read; help: add"
    ],
    "a text in the place of a list": [{ owns: "user:{id}" }, "E0408", `owns: \`owns\` ${list}`],
    "a list of other things": [{ borrows: [5] }, "E0408", list],
    "a number in the place of a layer": [{ layer: 5 }, "E0408", "`layer` must be a string"],
    "nothing": [null, "E0408", "`the declaration` must be an object"],
    "a list": [["user:{id}"], "E0408", "`the declaration` must be an object"],
    "a list without what derives": [
      { owns: ["user:{id}"], invalidates: ["feed:{id}:{page}"] },
      "E0221",
      "invalidates: invalidates lacks families that derive from the owned ones: `profile:{id}`; help: list each of"
    ],
    "a list without what derives further away": [
      { owns: ["user:{id}"], invalidates: ["profile:{id}"] },
      "E0221",
      "derive from the owned ones: `feed:{id}:{page}`; help"
    ],
    "a list without what derives from a part": [
      { owns: ["files:*"], invalidates: ["report:{id}"] },
      "E0221",
      "derive from the owned ones: `digest:{id}`; help"
    ],
    "a list without what derives from several": [
      { owns: ["user:{id}", "files:*", "files:secret:{id}"], invalidates: [] },
      "E0221",
      "derive from the owned ones: `profile:{id}`, `feed:{id}:{page}`, `digest:{id}` and more; help"
    ],
    "an unknown pattern to invalidate": [
      { invalidates: ["zz:*"] },
      "E0222",
      "invalidates.0: no family of `Shop` declares `zz:*`, so it cannot be invalidated; help: declare a pattern that"
    ],
    "what nothing that is owned leads to": [
      { owns: ["user:{id}", "draft:{id}"], invalidates: ["profile:{id}", "feed:{id}:{page}", "prefs:7"] },
      "E0239",
      "invalidates.2: the owner of family `prefs` owns `prefs:7`, which does not derive from what this declaration " +
      "owns: `user:{id}`, `draft:{id}`; help: remove it from invalidates, or list `prefs:{id}` in owns and drop its keys"
    ],
    "a carved-out family, from its whole": [
      { owns: ["files:facts:{id}"], invalidates: ["digest:{id}", "files:secret:{id}"] },
      "E0239",
      "the owner of family `secret` owns `files:secret:{id}`, which does not derive from what this declaration owns"
    ],
    "what is owned itself": [
      { owns: ["prefs:{id}"], invalidates: ["prefs:{id}"] },
      "E0239",
      "this declaration owns `prefs:{id}`, which does not derive from what it owns; help: remove it from invalidates"
    ]
  }
  for (const [what, [declared, code, message]] of Object.entries(wrong)) {
    it.effect(`the call refuses ${what}`, () =>
      Effect.gen(function*() {
        let isRun = false
        const run = Effect.sync(() => {
          isRun = true
        })
        const calls = {
          f: untyped.fn("f", declared)(function*() {
            yield* run
          }),
          run: untyped.method(declared)({ run: () => run }.run)
        }
        for (const [name, call] of Object.entries(calls)) {
          const { message: told, reason } = yield* Effect.flip(call())
          if (reason._tag !== "InvalidManifest") return assert.fail(reason._tag)
          assert.strictEqual(reason.error.reason.code, code)
          assert.include(told, message)
          assert.match(told, new RegExp(`^${code}: manifest \`Shop\`, ${name}[.\\w]*: `))
        }
        assert.isFalse(isRun)
      }))
  }

  for (const layer of ["zz", 5, undefined]) {
    it.effect(`the call refuses a program of a layer that does not exist, ${layer}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(untyped.inLayer(layer)(Effect.void))
        assert.include(
          error.message,
          `E0404: manifest \`Shop\`, inLayer.${layer}: no deployment layer is called \`${layer}\``
        )
      }))
  }

  it.effect("the call refuses a layer when the manifest declares none", () =>
    Effect.gen(function*() {
      class Bare extends Manifest.Service<Bare>()("Bare", { families: { user: { pattern: "user:{id}" } } }) {}
      const bare = Bare as unknown as typeof untyped
      const told = [
        yield* Effect.flip(bare.inLayer("server")(Effect.void)),
        yield* Effect.flip(bare.fn("f", { layer: "server" })(function*() {})())
      ]
      for (const { message } of told) {
        assert.match(message, /^E0404: manifest .*: no deployment layer is called `server`/)
      }
    }))

  it.effect("the call accepts a valid declaration", () =>
    Effect.gen(function*() {
      for (
        const declared of [
          {},
          { owns: undefined, layer: undefined },
          { layer: "client", owns: ["draft:{key}"], borrows: ["user:{id}", "prefs:{id}"], invalidates: [] },
          { owns: ["user:{id}"], invalidates: ["profile:42", "feed:{id}:1"] },
          { owns: ["files:*"], invalidates: ["digest:{id}"] },
          { owns: ["files:secret:{id}"], invalidates: ["report:{id}"] },
          { owns: ["user:{id}", "profile:{id}"], invalidates: ["profile:{id}", "feed:{id}:{page}"] }
        ]
      ) {
        assert.strictEqual(
          yield* untyped.fn("f", declared)(function*() {
            return 1
          })(),
          1
        )
      }
      assert.strictEqual(yield* untyped.inLayer("server")(Effect.succeed(1)), 1)
    }))
})

describe("declared method", () => {
  it.effect("a declared method is the method itself, on its own object", () =>
    Effect.gen(function*() {
      const decorate = Shop.method({ owns: ["user:{id}"], invalidates: ["profile:{id}", "feed:{id}:{page}"] })
      const body = function(this: { readonly factor: number }, n: number) {
        return Effect.as(user.set({ id: `${n}` }, "Ann"), n * this.factor)
      }
      const method = decorate(body, {} as ClassMethodDecoratorContext<{ readonly factor: number }, typeof body>)
      yield* profile.get({ id: "2" })
      assert.strictEqual(yield* method.call({ factor: 3 }, 2), 6)
      assert.isFalse(yield* profile.has({ id: "2" }))
    }).pipe(Effect.provide(Live)))

  const others: { readonly [what: string]: readonly [member: unknown, context: unknown, message: string] } = {
    "a field": [undefined, { kind: "field", name: "save" }, "`the decorated field save` must be a method that returns"],
    "a getter": [
      () => 1,
      { kind: "getter", name: "save" },
      "`the decorated getter save` must be a method that returns"
    ],
    "a member of experimentalDecorators": [
      {},
      "save",
      "the option `experimentalDecorators` makes others, so turn it off"
    ]
  }
  for (const [what, [member, context, message]] of Object.entries(others)) {
    it(`the decorator of ${what} is not silently without effect: it throws where the class is defined`, () => {
      const decorate = Shop.method({ owns: ["user:{id}"] }) as unknown as (member: unknown, context: unknown) => unknown
      assert.throws(() => decorate(member, context), message)
    })
  }
})

describe("body that was cast", () => {
  const bodies: { readonly [what: string]: unknown } = {
    "an async function": async () => 1,
    "an arrow": () => 1,
    "a function that answers a list": () => [1],
    "a number": 3,
    "nothing": undefined
  }
  for (const [what, body] of Object.entries(bodies)) {
    it.effect(`the call fails with a typed error and not with a defect: ${what}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(untyped.fn("save", { owns: ["user:{id}"] })(body as () => Generator)())
        assert.strictEqual(error.reason._tag, "InvalidManifest")
        assert.include(
          error.message,
          "E0408: manifest `Shop`, save: `the body of save` must be a generator function, `function*() { ... }`"
        )
      }))
  }

  for (const name of ["", 5, null, undefined]) {
    it.effect(`the call fails with a typed error for a wrong name: ${JSON.stringify(name)}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(untyped.fn(name as string, {})(function*() {})())
        assert.strictEqual(error.reason._tag, "InvalidManifest")
        assert.include(error.message, "`the name of a function` must be a string that is not empty")
      }))
  }

  it.effect("a generator function that was compiled to another function is a body", () =>
    Effect.gen(function*() {
      const generator = function*(): Generator<never, number> {
        return 1
      }
      assert.strictEqual(yield* untyped.fn("save", {})(() => generator())(), 1)
    }))
})
