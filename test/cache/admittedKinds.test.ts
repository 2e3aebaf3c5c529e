/**
 * A schema without a class or a check is not asked about the parts of a value before a write, but its kind is tested:
 * over memory alone as over a file, and through every operation that writes.
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
import type { CacheError } from "../../src/cache/CacheError.ts"
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
