/**
 * A schema without a class or a check is not asked about the parts of a value before a write, but its kind is tested:
 * over memory alone as over a file, and through every operation that writes. The kind of a loaded value is tested as
 * well, before a reader gets it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { temporaryFolder } from "../support/folder.ts"

interface Tree {
  readonly nodes: ReadonlyArray<Tree>
}
const tree = Schema.Struct({
  nodes: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => tree))
})

/** A schema, a value of its kind, and values of another kind. */
const kinds: { readonly [kind: string]: readonly [Schema.Codec<any, any>, right: unknown, ...wrong: Array<unknown>] } =
  {
    "bytes": [Schema.Uint8Array, new Uint8Array([1]), "AQ==", [1], new ArrayBuffer(1)],
    "bytes from a text": [Schema.Uint8ArrayFromBase64, new Uint8Array([1]), "AQ=="],
    "a date": [Schema.Date, new Date(0), 0, "1970-01-01", {}],
    "a date from a text": [Schema.DateFromString, new Date(0), "1970-01-01"],
    "a URL": [Schema.URL, new URL("https://a.example"), "https://a.example"],
    "an expression": [Schema.RegExp, /a/, "a"],
    "a duration": [Schema.Duration, Duration.seconds(1), 1000],
    "an option": [Schema.Option(Schema.String), Option.some("a"), "a", null],
    "a map": [Schema.ReadonlyMap(Schema.String, Schema.Number), new Map([["a", 1]]), { a: 1 }, [["a", 1]]],
    "a set": [Schema.ReadonlySet(Schema.String), new Set(["a"]), ["a"]],
    "a chunk": [Schema.Chunk(Schema.String), Chunk.make("a"), ["a"]],
    "JSON": [Schema.Json, { a: [1, null] }, 1n, () => 1],
    "a text from a template": [Schema.TemplateLiteral(["a", Schema.Number]), "a1", "b1", 1],
    "a recursive value": [Schema.suspend(() => tree), { nodes: [] }, [], "a"],
    "a choice with bytes": [Schema.NullOr(Schema.Uint8Array), null, "AQ==", 5],
    "a choice with a date": [Schema.Union([Schema.Date, Schema.String]), "a", 5, {}],
    "an object": [Schema.Struct({ n: Schema.Number }), { n: 1 }, [], new Set().size],
    "a list": [Schema.Array(Schema.Number), [1], { 0: 1 }, "a"],
    "a number": [Schema.Number, 1, "1", 1n],
    "a big number": [Schema.BigInt, 1n, 1],
    "true or false": [Schema.Boolean, true, 1],
    "a secret text": [Schema.Redacted(Schema.String), Redacted.make("a"), "a"]
  }

// A file keeps a duration in other units, and a chunk in another shape of the same class.
const assertSame = (found: unknown, right: unknown) => {
  if (!Equal.equals(found, right)) assert.deepStrictEqual(found, right)
}

const id = { id: "1" }
const there = { id: "2" }
const doors: { readonly [door: string]: (app: any, value: unknown) => Effect.Effect<unknown, CacheError, any> } = {
  set: ({ keys }, value) => keys.one.set(id, value),
  "set with a tag": ({ keys }, value) => keys.one.set(id, value, { tags: ["a"] }),
  setIfAbsent: ({ keys }, value) => keys.one.setIfAbsent(id, value),
  setMany: ({ keys }, value) => keys.one.setMany([[id, value]]),
  batch: (app, value) => app.batch([app.keys.one.setting(id, value)]),
  update: ({ keys }, value) => keys.one.update(there, () => Effect.succeed(value)),
  patch: ({ keys }, value) => keys.one.patch(there, () => value)
}
const arrangements = {
  memory: () => MemoryStore.layer({ capacity: 10 }),
  "a file": (path: string) => LmdbStore.layer({ path, durability: "process" })
}

for (const [arrangement, store] of Object.entries(arrangements)) {
  describe(`write of a value of another kind than its schema, over ${arrangement}`, () => {
    for (const [kind, [value, right, ...wrong]] of Object.entries(kinds)) {
      // A secret is not written to a file.
      if (kind === "a secret text" && arrangement === "a file") continue
      it.live(`a family of ${kind} refuses ${wrong.length + 1} other kinds through each door, and changes nothing`, () =>
        Effect.gen(function*() {
          class App extends Manifest.Service<App>()("Kinds", { families: { one: { pattern: "one:{id}", value } } }) {}
          const path = yield* temporaryFolder
          const live = App.modules({ one: App.owner("one") }).pipe(Layer.provide(store(path)))
          yield* Effect.gen(function*() {
            yield* App.keys.one.set(there, right)
            for (const [door, write] of Object.entries(doors)) {
              for (const other of [...wrong, undefined]) {
                const { reason } = yield* Effect.flip(write(App, other))
                const found = reason._tag === "StoreFailed" ? reason.error.reason._tag : reason._tag
                assert.strictEqual(found, "EncodeFailed", `${door} of ${String(other)}`)
                assert.deepStrictEqual(yield* App.keys.one.getOption(id), Option.none())
                assertSame(yield* App.keys.one.get(there), right)
              }
              if (door.startsWith("set") || door === "batch") {
                yield* write(App, right)
                assertSame(yield* App.keys.one.get(id), right)
                yield* App.keys.one.delete(id)
              }
            }
          }).pipe(Effect.provide(live))
        }) as Effect.Effect<void>)
    }
  })
}

const reads: { readonly [read: string]: (app: any, value: unknown) => Effect.Effect<unknown, CacheError, any> } = {
  get: ({ keys }) => keys.one.get(id),
  getAnswer: ({ keys }) => keys.one.getAnswer(id),
  getMany: ({ keys }) => keys.one.getMany([id]),
  "getMany of two": ({ keys }) => keys.one.getMany([id, { id: "3" }]),
  select: ({ keys }) => keys.one.select(id, () => "selected"),
  refresh: ({ keys }) => keys.one.refresh(id),
  update: ({ keys }, value) => keys.one.update(id, () => Effect.succeed(value)),
  getOr: ({ keys }, value) => keys.one.getOr(id, Effect.succeed(value)),
  "a read in a transaction": (app) =>
    app.transaction((body: Effect.Effect<unknown>) => body)(
      Effect.andThen(app.keys.one.set(there, app.right), app.keys.one.get(id))
    )
}

for (const [arrangement, store] of Object.entries(arrangements)) {
  describe(`load of a value of another kind than its schema, over ${arrangement}`, () => {
    for (const [kind, [value, right, ...wrong]] of Object.entries(kinds)) {
      if (kind === "a secret text" && arrangement === "a file") continue
      it.live(`a family of ${kind} refuses ${wrong.length + 1} other kinds through each read, and keeps nothing`, () =>
        Effect.gen(function*() {
          class App extends Manifest.Service<App>()("Loaded", {
            families: { one: { pattern: "one:{id}", value, negativeTimeToLive: 0 } }
          }) {
            static readonly right = right
          }
          let answer: unknown = right
          const path = yield* temporaryFolder
          const owners = {
            lookup: App.owner("one", { lookup: () => Effect.succeed(answer as never) }),
            lookupMany: App.owner("one", {
              lookup: () => Effect.succeed(answer as never),
              lookupMany: (all) => Effect.succeed(all.map(() => Lookup.loaded(answer as never, { tags: ["a"] })))
            }),
            "a lookup whose values are not kept": App.owner("one", {
              lookup: () => Effect.succeed(Lookup.loaded(answer as never, { timeToLive: "doNotStore" }))
            })
          }
          for (const [how, owner] of Object.entries(owners)) {
            yield* Effect.gen(function*() {
              yield* App.keys.one.set(there, right)
              for (const [read, run] of Object.entries(reads)) {
                for (const other of [...wrong, undefined]) {
                  answer = other
                  const { message, reason } = yield* Effect.flip(run(App, other))
                  assert.strictEqual(reason._tag, "InvalidOption", `${how}, ${read} of ${String(other)}`)
                  assert.include(message, "E0507: `value` of family `one` does not admit what was loaded for `one:")
                  answer = right
                  assert.strictEqual(yield* App.keys.one.has(id), false)
                }
              }
              assertSame(yield* App.keys.one.get(id), right)
            }).pipe(Effect.provide(Layer.provide(App.modules({ one: owner }), store(path)))) as Effect.Effect<void>
            yield* Effect.provide(
              App.keys.one.delete(id),
              Layer.provide(App.modules({ one: owner }), store(path))
            ) as Effect.Effect<void>
          }
        }) as Effect.Effect<void>)
    }
  })
}

describe("error of a load whose value is of another kind", () => {
  class App extends Manifest.Service<App>()("Named", {
    families: {
      count: { pattern: "count:{id}", value: Schema.Number },
      secret: { pattern: "secret:{id}", value: Schema.Number, sensitive: true },
      kept: { pattern: "kept:{id}", value: Schema.Number, timeToLive: "20 millis", staleIfError: "1 hour" },
      whole: { pattern: "whole:{id}", value: Schema.Struct({ n: Schema.Int }) }
    }
  }) {}
  const { count, kept, secret, whole } = App.keys
  let answer: unknown = "4711"
  const lookup = () => Effect.sync(() => answer as never)
  const live = App.modules({
    count: App.owner("count", { lookup }),
    secret: App.owner("secret", { lookup }),
    kept: App.owner("kept", { lookup }),
    whole: App.owner("whole", { lookup })
  }).pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })))

  it.effect("the error names family, key and what is expected, and shows nothing of the value", () =>
    Effect.gen(function*() {
      answer = "4711"
      const { message } = yield* Effect.flip(count.get(id))
      assert.strictEqual(
        message,
        "E0507: `value` of family `count` does not admit what was loaded for `count:1`: expected number; " +
          "help: decode what the source gives"
      )
      const hidden = (yield* Effect.flip(secret.get(id))).message
      assert.include(hidden, "`value` of family `secret` does not admit what was loaded for `secret:")
      assert.notInclude(hidden, "secret:1`")
      assert.notInclude(hidden, "4711")
      answer = Effect.succeed(1)
      assert.include((yield* Effect.flip(count.get({ id: "2" }))).message, "Effect")
    }).pipe(Effect.provide(live)))

  it.effect("a reader gets the value before, where staleIfError allows it", () =>
    Effect.gen(function*() {
      answer = 1
      yield* kept.get(id)
      yield* TestClock.adjust("30 millis")
      answer = "2"
      assert.strictEqual(yield* kept.get(id), 1)
    }).pipe(Effect.provide(live)))

  it.effect("a part of a loaded value is not looked at", () =>
    Effect.gen(function*() {
      answer = { n: "4711" }
      assert.deepStrictEqual(yield* whole.get(id), answer as never)
    }).pipe(Effect.provide(live)))
})
