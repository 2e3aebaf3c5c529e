/**
 * What a program without types may give to a public function: each such argument meets a typed error, in the error
 * channel or thrown with a code where a class is defined. None becomes a defect, and none is taken for a right one.
 *
 * An argument that throws when it is read meets a typed error as well, at each operation. A function that defines (a
 * class, an owner, a module) is called by the program itself, and throws what its argument has thrown.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"

const text = Manifest.type<string>()
class App extends Manifest.Service<App>()("Garbage", {
  layers: { server: {} },
  families: {
    user: { pattern: "user:{id}", value: text, layer: "server" },
    files: { pattern: "files:*", value: text, layer: "server" },
    facts: { pattern: "files:{id}:facts", value: text, partOf: "files", layer: "server" }
  }
}) {}
const any = { app: App as any, user: App.keys.user as any, manifest: Manifest as any }
const { app, manifest, user } = any
const memory = MemoryStore.layer({ capacity: 100 })
const live = App.modules({
  user: App.owner("user", { lookup: ({ id }) => Effect.succeed(id) }),
  files: App.owner("files")
}).pipe(Layer.provideMerge(memory))

const boom = (): never => {
  throw new RangeError("boom")
}
const throwing = (names: ReadonlyArray<string>): object =>
  Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { get: boom, enumerable: true }])))
const traps = ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor", "set", "defineProperty"] as const
const trapped = (target: object): object => new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, boom])))
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const units = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"]

/** Arguments that throw when they are looked at. */
const hostile: { readonly [what: string]: unknown } = {
  "a parameter that throws": throwing(["id", "*"]),
  "options that throw": throwing(["timeToLive", "tags", "revision", "ifVersion", "lease", "stale", "mode", "deadline"]),
  "an option that throws": throwing(["timeToLive"]),
  "tags that throw": throwing(["tags"]),
  "a guard that throws": throwing(["ifVersion"]),
  "an option of others that throws": throwing(["concurrency", "signal", "lookup", "warm", "keys"]),
  "parts of a manifest that throw": throwing(["families", "layers", "pattern", "value", "owns", "layer", "capacity"]),
  "a duration that throws": throwing(units),
  "a lifetime that throws": { timeToLive: throwing(units) },
  "a lifetime that is trapped": { timeToLive: trapped({}) },
  "tags that are trapped": { tags: trapped([]) },
  "a tag that throws": { tags: Object.defineProperty(["a"], 0, { get: boom, enumerable: true }) },
  "a lease that throws": { lease: throwing(["isHeldUnsafe", "mode", "patterns"]) },
  "a lease that is trapped": { lease: trapped({}) },
  "a text that throws": { toString: boom, valueOf: boom, toJSON: boom, [Symbol.toPrimitive]: boom },
  "a trapped object": trapped({}),
  "a trapped list": trapped([]),
  "a trapped function": trapped(() => 1),
  "a revoked proxy": revoked(),
  "a list that throws": { [Symbol.iterator]: boom },
  "a list whose end throws": { [Symbol.iterator]: () => ({ next: boom }) },
  "a list with an entry that throws": Object.defineProperty([{ id: "1" }], 0, { get: boom, enumerable: true }),
  "a list of what throws": [throwing(["id"])],
  "a list of trapped objects": [trapped({}), trapped([])],
  "a pair with a key that throws": [[throwing(["id"]), 1]]
}

const garbage: { readonly [what: string]: unknown } = {
  "nothing": undefined,
  "null": null,
  "a number": 3,
  "no number": NaN,
  "a bigint": 1n,
  "a truth": true,
  "a text": "x",
  "an empty text": "",
  "a symbol": Symbol("s"),
  "an object": {},
  "an object without a text": Object.create(null),
  "a list": [3, null, undefined],
  "an async function": async () => 1,
  "an arrow": () => 3,
  "a date": new Date(0),
  "an Effect": Effect.succeed(1),
  "a layer": Layer.empty,
  "a Promise": Promise.resolve(1)
}
const body = function*() {
  return 1
}
const method = function save() {
  return Effect.void
}

/** What each function makes of an argument: an Effect, a layer, or another value. */
const calls: { [what: string]: (given: any) => unknown } = {
  "owner, its name": (given) => app.owner(given),
  "owner, its options": (given) => app.owner("user", given),
  "owner, its lookup": (given) => app.owner("user", { lookup: given }),
  "owner, its parts": (given) => app.owner("files", { parts: given }),
  "owner, a part": (given) => app.owner("files", { parts: { facts: given } }),
  "owner, what it warms": (given) => app.owner("user", { lookup: method, warm: given }),
  "borrower": (given) => app.borrower(given),
  "delegate, its name": (given) => app.delegate(given),
  "delegate, its options": (given) => app.delegate("facts", given),
  "modules": (given) => app.modules(given),
  "modules, a module": (given) => app.modules({ user: given }),
  "modules, what a group owns": (given) => app.modules({ user: { owns: given, layer: Layer.empty } }),
  "modules, the layer of a group": (given) => app.modules({ user: { owns: ["user"], layer: given } }),
  "batch": (given) => app.batch(given),
  "batch, a write": (given) => app.batch([given]),
  "transaction, its combinator": (given) => app.transaction(given)(Effect.void),
  "transaction, its body": (given) => app.transaction((body: unknown) => body)(given),
  "invalidate": (given) => app.invalidate(given),
  "invalidate, its options": (given) => app.invalidate("user:1", given),
  "get": (given) => app.get(given),
  "set": (given) => app.set(given, "x"),
  "delete": (given) => app.delete(given),
  "reach": (given) => app.reach(given),
  "fn, its name": (given) => app.fn(given, {})(body)(),
  "fn, its declaration": (given) => app.fn("f", given)(body)(),
  "fn, what it owns": (given) => app.fn("f", { owns: [given] })(body)(),
  "fn, its body": (given) => app.fn("f", {})(given)(),
  "method, its declaration": (given) => app.method(given)(method, { kind: "method", name: "save" })(),
  "method, the method": (given) => app.method({})(given, { kind: "method", name: "save" }),
  "method, its context": (given) => app.method({})(method, given),
  "inLayer, its name": (given) => app.inLayer(given)(Effect.void),
  "inLayer, its program": (given) => app.inLayer("server")(given),
  "mergeOwners": (given) => manifest.mergeOwners(given),
  "mergeOwners, the second": (given) => manifest.mergeOwners(App.owner("user"), given),
  "compose": (given) => manifest.compose(given),
  "Service, its name": (given) => manifest.Service()(given, { families: {} }).layer,
  "Service, its definition": (given) => manifest.Service()("X", given).layer,
  "Service, its families": (given) => manifest.Service()("X", { families: given }).layer,
  "Service, a family": (given) => manifest.Service()("X", { families: { a: given } }).layer,
  "MemoryStore": (given) => (MemoryStore as any).layer(given),
  "TieredStore": (given) => (TieredStore as any).layer(given),
  // A layer without a store is a layer that its program did not finish, as everywhere in Effect.
  "TieredStore, a tier": (given) => (TieredStore as any).layer([Layer.isLayer(given) ? undefined : given])
}
for (const operation of Object.keys(user).filter((name) => typeof user[name] === "function")) {
  calls[`${operation}, its first argument`] = (given) => user[operation](given)
  calls[`${operation}, its second argument`] = (given) => user[operation]({ id: "1" }, given)
  calls[`${operation}, its third argument`] = (given) => user[operation]({ id: "1" }, "x", given)
  calls[`${operation}, a parameter`] = (given) => user[operation]({ id: given }, "x")
}

const isTyped = (error: unknown): boolean => error instanceof CacheError || error instanceof StoreError

describe("argument of any kind", () => {
  for (const [what, call] of Object.entries(calls)) {
    it.effect(`an argument of any kind never becomes a defect, or an error without a code: ${what}`, () =>
      Effect.gen(function*() {
        for (const [kind, given] of Object.entries(garbage)) {
          let made: unknown
          try {
            made = call(given)
          } catch (error) {
            assert.isTrue(isTyped(error), `${kind}: ${error}`)
            continue
          }
          const program: unknown = Layer.isLayer(made)
            ? Layer.build(Layer.fresh(made as Layer.Layer<any, any, any>)).pipe(
              Effect.scoped,
              Effect.provide(Layer.provideMerge(App.layer, memory))
            )
            : made
          if (!Effect.isEffect(program)) continue
          const exit = yield* Effect.exit(Effect.provide(program as Effect.Effect<unknown>, live))
          if (Exit.isSuccess(exit)) continue
          const error = Cause.squash(exit.cause)
          assert.isTrue(isTyped(error), `${kind}: ${error}`)
        }
      }))
  }
})

/** The functions that define, which read their arguments when they are called, and layers. */
const defining = [
  "owner",
  "borrower",
  "delegate",
  "modules",
  "fn",
  "method",
  "inLayer",
  "mergeOwners",
  "compose",
  "Service"
]
const isDefining = (what: string): boolean =>
  [...defining, "MemoryStore", "TieredStore"].some((name) => what === name || what.startsWith(`${name},`))

/** The doors of a handle that need no Effect. */
const handleCalls: { readonly [what: string]: (handle: any, given: any) => unknown } = {
  "getUnsafe": (handle, given) => handle.getUnsafe(given),
  "getPromise": (handle, given) => handle.getPromise(given),
  "getPromise, its options": (handle, given) => handle.getPromise({ id: "1" }, given),
  "setUnsafe": (handle, given) => handle.setUnsafe(given, "x"),
  "setUnsafe, its options": (handle, given) => handle.setUnsafe({ id: "1" }, "x", given),
  "deleteUnsafe": (handle, given) => handle.deleteUnsafe(given),
  "patchUnsafe": (handle, given) => handle.patchUnsafe(given, () => "x"),
  "arrived": (handle, given) => handle.arrived(given)
}

describe("argument that throws when it is read", () => {
  for (const [what, call] of Object.entries(calls)) {
    if (isDefining(what)) continue
    it.effect(`an argument that throws is refused when the operation runs: ${what}`, () =>
      Effect.gen(function*() {
        for (const [kind, given] of Object.entries(hostile)) {
          const made = call(given)
          if (!Effect.isEffect(made)) continue
          const exit = yield* Effect.exit(Effect.provide(made as Effect.Effect<unknown>, live))
          if (Exit.isFailure(exit)) assert.isTrue(isTyped(Cause.squash(exit.cause)), `${kind}: ${exit.cause}`)
        }
      }))
  }

  for (const [what, call] of Object.entries(handleCalls)) {
    it.effect(`an argument that throws is refused by a handle: ${what}`, () =>
      Effect.gen(function*() {
        const handle: unknown = yield* user.writer
        for (const [kind, given] of Object.entries(hostile)) {
          const answer = yield* Effect.exit(
            Effect.tryPromise({ try: async () => call(handle, given), catch: (e) => e })
          )
          if (Exit.isFailure(answer)) assert.isTrue(isTyped(Cause.squash(answer.cause)), `${kind}: ${answer.cause}`)
        }
      }).pipe(Effect.provide(live)) as Effect.Effect<void>)
  }

  for (const [kind, given] of Object.entries(hostile)) {
    it.effect(`options of a loaded value that throw fail the load, and the next load succeeds: ${kind}`, () => {
      let isHostile = true
      const owner = App.owner("user", {
        lookup: ({ id }: { readonly id: string }, { previous }: Lookup.LookupContext<string>) =>
          Effect.sync((): any =>
            isHostile
              ? previous === undefined ? Lookup.loaded(id, given as any) : Lookup.notModified(given as any)
              : id
          )
      } as any)
      return Effect.gen(function*() {
        for (const operation of ["get", "refresh"]) {
          isHostile = true
          const exit = yield* Effect.exit(user[operation]({ id: "1" }))
          if (Exit.isFailure(exit)) assert.isTrue(isTyped(Cause.squash(exit.cause)), `${operation}: ${exit.cause}`)
          isHostile = false
          yield* user.set({ id: "1" }, "1")
          assert.strictEqual(yield* user.get({ id: "1" }), "1")
        }
      }).pipe(
        Effect.provide(App.modules({ user: owner, files: App.owner("files") } as any).pipe(Layer.provide(memory)))
      ) as Effect.Effect<void>
    })
  }
})
