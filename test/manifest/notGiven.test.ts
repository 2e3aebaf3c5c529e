/**
 * An option that is `undefined` was not given, at each door: a definition, an owner, a delegate, a declared function, a
 * batch, a handle. The guards of an operation are refused by their names instead.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { policyOptions } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

const manifest = Manifest as any
const without = (names: ReadonlyArray<string>) => Object.fromEntries(names.map((name) => [name, undefined]))

/** A manifest whose definition has each option that may be left out, or has none of them. */
const define = (isGiven: boolean): any => {
  const rest = ["layer", "partOf", "carvedFrom", "derives", "borrows", "fanout", "params", "error", "sensitive"]
  const more = isGiven ? without([...rest, ...Object.keys(policyOptions)]) : {}
  const sections = isGiven ? without(["layers", "version"]) : {}
  const value = Manifest.type<string>()
  return class App extends manifest.Service()("NotGiven", {
    ...sections,
    families: {
      user: { pattern: "user:{id}", value, ...more },
      files: { pattern: "files:*", value, ...more },
      facts: { pattern: "files:{id}:facts", value, ...more, partOf: "files" }
    }
  }) {}
}

const ownerOptions = ["lookupMany", "warm", "predict", "parts"]
const one = { id: "1" }

interface World {
  readonly app: any
  readonly live: Layer.Layer<any, any, any>
}

const world = (isGiven: boolean, lookup: () => Effect.Effect<unknown> = () => Effect.succeed("loaded")): World => {
  const app = define(isGiven)
  const more = isGiven ? without(ownerOptions) : {}
  const live = app.modules({
    user: app.owner("user", { lookup, ...more }),
    files: app.owner("files", {
      ...more,
      ...(isGiven ? { lookup: undefined } : {}),
      parts: { facts: isGiven ? { lookup: undefined, lookupMany: undefined, warm: undefined, predict: undefined } : {} }
    })
  }).pipe(
    Layer.provide(MemoryStore.layer({
      capacity: 100,
      ...(isGiven ? { weightMax: undefined, eviction: undefined, shards: undefined, onFull: undefined } as any : {})
    }))
  )
  return { app, live }
}

const stored = without(["timeToLive", "tags", "revision"])
const guards = ["ifVersion", "lease"]

/** What each door does with options, of which all but the guards are `undefined`. */
const doors: { readonly [door: string]: (app: any, options: object | undefined) => Effect.Effect<any, any, any> } = {
  "setting": (app, options) => app.batch([app.keys.user.setting(one, "new", options)]),
  "deleting": (app, options) =>
    app.batch([app.keys.user.deleting(one, options === undefined ? undefined : only(options, guards))]),
  "set by a raw key": (app, options) => app.set("user:1", "new", options),
  "setUnsafe": (app, options) =>
    Effect.map(app.keys.user.writer, (writer: any) => {
      writer.setUnsafe(one, "new", options)
    }),
  "set of a handle": (app, options) => Effect.flatMap(app.keys.user.writer, (own: any) => own.set(one, "new", options)),
  "setMany of a handle": (app, options) =>
    Effect.flatMap(app.keys.user.writer, (own: any) => own.setMany([[one, "new"]], options)),
  "setIfAbsent of a handle": (app, options) =>
    Effect.flatMap(
      app.keys.user.writer,
      (own: any) => own.setIfAbsent(one, "new", options === undefined ? undefined : except(options, "ifVersion"))
    ),
  "set in a transaction": (app, options) =>
    app.transaction((body: unknown) => body)(app.keys.user.set(one, "new", options)),
  "setMany in a transaction": (app, options) =>
    app.transaction((body: unknown) => body)(app.keys.user.setMany([[one, "new"]], options))
}
const only = (options: object, names: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)))
const except = (options: object, other: string) =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name !== other))

const outcome = (effect: Effect.Effect<any, any, any>, { app, live }: World) =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(effect)
    const held = yield* app.keys.user.getOption(one) as Effect.Effect<any>
    if (Exit.isSuccess(exit)) return { exit: exit.value, held: held.value }
    const error = Cause.squash(exit.cause)
    assert.instanceOf(error, CacheError)
    return { exit: (error as CacheError).message, held: held.value }
  }).pipe(Effect.provide(live)) as Effect.Effect<{ readonly exit: unknown; readonly held: unknown }>

describe("option that is undefined", () => {
  it.effect("a definition, owners and a store whose options are all undefined act as without them", () =>
    Effect.gen(function*() {
      for (const isGiven of [false, true]) {
        const { app, live } = world(isGiven)
        const { facts, user } = app.keys
        const seen = yield* Effect.provide(
          Effect.gen(function*() {
            const first = yield* user.get(one) as Effect.Effect<string>
            yield* facts.set(one, "fact") as Effect.Effect<void>
            return [first, yield* facts.get(one) as Effect.Effect<string>]
          }),
          live
        )
        assert.deepStrictEqual(seen, ["loaded", "fact"])
      }
    }) as Effect.Effect<void, any>)

  it.effect("a delegate and a declared function whose options are undefined act as without them", () =>
    Effect.gen(function*() {
      const { app, live } = world(true)
      const declared = app.fn("read", without(["layer", "owns", "borrows", "invalidates"]))(function*() {
        return 1
      })
      assert.strictEqual(yield* Effect.provide(declared(), live) as Effect.Effect<number>, 1)
      const delegated = app.delegate("facts", without(["lookup", "lookupMany", "warm", "predict"]))
      const exit = yield* Effect.exit(
        Effect.provide(app.keys.facts.getOption(one), Layer.provideMerge(delegated, live)) as Effect.Effect<unknown>
      )
      assert.isTrue(Exit.isSuccess(exit), String(exit))
    }))

  for (const [door, run] of Object.entries(doors)) {
    it.effect(`${door} with undefined options acts as without options`, () =>
      Effect.gen(function*() {
        const plain = world(false)
        const given = door === "deleting" ? {} : stored
        assert.deepStrictEqual(
          yield* outcome(run(plain.app, given), plain),
          yield* outcome(run(plain.app, undefined), plain)
        )
      }))

    for (const guard of guards) {
      if (door === "setIfAbsent of a handle" && guard === "ifVersion") continue
      it.effect(`${door} refuses a ${guard} that is undefined, and nothing changes`, () =>
        Effect.gen(function*() {
          const plain = world(false)
          assert.deepStrictEqual(yield* outcome(run(plain.app, { [guard]: undefined }), plain), {
            exit: `E0507: \`${guard}\` of family \`user\` is undefined, so the write would have no such condition; ` +
              "help: leave it out, or give it",
            held: undefined
          })
        }))
    }
  }

  it.effect("loaded and notModified with undefined options act as without them", () =>
    Effect.gen(function*() {
      for (const options of [undefined, stored]) {
        let run = 0
        const { app, live } = world(false, () =>
          Effect.sync(() =>
            (run++ === 0 ? Lookup.loaded("loaded", options as any) : Lookup.notModified(options as any)) as unknown
          ))
        const seen = yield* Effect.provide(
          Effect.all([app.keys.user.get(one), app.keys.user.refresh(one)]),
          live
        ) as Effect.Effect<unknown>
        assert.deepStrictEqual(seen, ["loaded", "loaded"])
      }
    }))
})
