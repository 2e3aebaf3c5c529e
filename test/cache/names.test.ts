/**
 * Names of manifests, families, parameters, tags and keys may contain any character. Two different names never share an
 * entry in any tier or file, and each name is found again after a restart.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as fc from "fast-check"
import { familyName, scopeOf, splitScope } from "../../src/cache/internal/family/names.ts"
import { readMarked, writeSlice, writeTag } from "../../src/cache/internal/marks/familyMarks.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import { nameOf } from "../../src/manifest/internal/grants.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { temporaryFolder } from "../support/folder.ts"

// Signs that something joins names with, and names that objects or files may take for something else.
const odd = [
  "",
  " ",
  "/",
  "|",
  "%",
  "%2F",
  "%7C",
  "a|b",
  "a/b",
  "a b",
  ":",
  "a:b",
  "#2",
  "\n",
  "\u0000",
  "\ud800",
  "\ud83d\ude00",
  "__proto__",
  "constructor",
  "toString",
  "x".repeat(3_000)
]
// A manifest and a family have a name.
const named = odd.filter((text) => text !== "")
const name = fc.oneof(
  fc.constantFrom(...odd),
  fc.array(fc.constantFrom("a", "/", "|", "%", "2F", ",", ":")).map((all) => all.join(""))
)

describe("names", () => {
  it("two different pairs of names never have the same text", () =>
    fc.assert(fc.property(name, name, name, name, (a, b, c, d) => {
      assert.strictEqual(familyName(a, b) === familyName(c, d), a === c && b === d)
    })))

  it("the scope of a mark decodes to its family and to what is marked", () =>
    fc.assert(fc.property(name, name, name, (a, b, marked) => {
      assert.deepStrictEqual(splitScope(scopeOf(familyName(a, b), marked)), { familyName: familyName(a, b), marked })
    })))

  it("a written tag or slice decodes to what it was made of", () => {
    const segment = name.filter((text) => !text.includes(":"))
    fc.assert(
      fc.property(
        name,
        fc.array(segment, { maxLength: 3 }),
        fc.constantFrom("hide", "markStale"),
        (tag, values, mode) => {
          assert.deepStrictEqual(readMarked(writeTag(tag, mode)), { _tag: "tag", tag, mode })
          const slice = { positions: values.map((_, i) => i), values }
          assert.deepStrictEqual(readMarked(writeSlice(slice, mode)), { _tag: "keys", slice, mode })
        }
      )
    )
  })

  it("two rights never have the same name", () =>
    fc.assert(fc.property(name, name, name, name, (manifest, pattern, other, otherPattern) => {
      const same = nameOf("own", manifest, pattern) === nameOf("own", other, otherPattern)
      assert.strictEqual(same, manifest === other && pattern === otherPattern)
    })))

  it("a class with a name of its own has a key of its own", () => {
    const keys = ["twin", "twin", "twin#2", "twin", "twin#3"].map((id) =>
      (make(id, { families: { a: { pattern: "a:{id}" } } }) as unknown as { readonly key: string }).key
    )
    assert.strictEqual(new Set(keys).size, keys.length)
  })
})

const storeAt = (path: string) =>
  Layer.fresh(
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })])
  )

const spelt = (name: string): string => Array.from(name, (sign) => sign.codePointAt(0)).join("-")

/** One life of a manifest with two families whose names are given, and whose lookups count. */
const life = (
  path: string,
  id: string,
  families: readonly [string, string],
  body: (app: any) => Effect.Effect<any, any, any>
) => {
  const [one, other] = families
  const app: any = make(id, {
    families: Object.fromEntries([
      // Keys of their own: what one family keeps is not served once another family has had its keys.
      [one, { pattern: `one-${spelt(one)}:{id}`, value: Schema.String }],
      [other, { pattern: `other-${spelt(other)}:{id}`, value: Schema.String }]
    ])
  })
  const lookup = (family: string) => ({
    lookup: ({ id: key }: { readonly id: string }) =>
      Effect.sync(() => Lookup.loaded(`${id}.${family}.${key}.${loads++}`, { tags: [family] }))
  })
  const modules = Object.fromEntries([[one, app.owner(one, lookup(one))], [other, app.owner(other, lookup(other))]])
  return Effect.provide(body(app), Layer.provide(app.modules(modules), storeAt(path)) as Layer.Layer<any>)
}
let loads = 0

describe("families with unusual names in one file", () => {
  const firstOf = (value: string) => value.slice(0, value.lastIndexOf("."))

  it.effect(
    "an invalidated entry stays absent over a restart, and every other entry stays",
    () =>
      Effect.gen(function*() {
        for (const [at, id] of named.entries()) {
          const families = [named[(at + 1) % named.length]!, named[(at + 8) % named.length]!] as const
          const path = yield* temporaryFolder
          const get = (app: any, family: string, key: string) =>
            app.keys[family].get({ id: key }) as Effect.Effect<string>
          const before = yield* life(path, id, families, (app) =>
            Effect.gen(function*() {
              const values = [
                yield* get(app, families[0], "1"),
                yield* get(app, families[1], "1"),
                yield* get(app, families[1], "2")
              ]
              yield* app.keys[families[0]].invalidateAll()
              yield* app.keys[families[1]].invalidateWhere({ id: "2" })
              return values
            }))
          const after = yield* life(
            path,
            id,
            families,
            (app) => Effect.all([get(app, families[0], "1"), get(app, families[1], "1"), get(app, families[1], "2")])
          )
          const label = JSON.stringify([id, families])
          assert.notStrictEqual(after[0], before[0], label)
          assert.strictEqual(after[1], before[1], label)
          assert.notStrictEqual(after[2], before[2], label)
          assert.deepStrictEqual(after.map(firstOf), before.map(firstOf), label)
          yield* life(path, id, families, (app) => app.keys[families[1]].invalidateTag(families[1]))
          const last = yield* life(path, id, families, (app) => get(app, families[1], "1"))
          assert.notStrictEqual(last, after[1], label)
        }
      }),
    60_000
  )

  it.effect("two manifests whose joined names look alike share no entry", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const pairs = [["a/b", "c"], ["a", "b/c"], ["a|b", "c"], ["a", "b|c"], ["a%2Fb", "c"]] as const
      const read = ([id, family]: readonly [string, string]) =>
        life(path, id, [family, "unused"], (app) => app.keys[family].get({ id: "1" }) as Effect.Effect<string>)
      const first = yield* Effect.forEach(pairs, read)
      assert.deepStrictEqual(first.map(firstOf), pairs.map(([id, family]) => `${id}.${family}.1`))
      assert.deepStrictEqual(yield* Effect.forEach(pairs, read), first)
    }))
})

describe("parameters with unusual names", () => {
  it.effect("a parameter with the name of an inherited property reaches the lookup", () =>
    Effect.gen(function*() {
      const app: any = make("Params", {
        families: {
          odd: {
            pattern: "odd:{__proto__}:{constructor}:{toString}",
            value: Schema.String,
            params: { toString: Schema.NumberFromString }
          }
        }
      })
      const params = JSON.parse(`{"__proto__":"a","constructor":"b"}`) as object
      const given = Object.assign(Object.defineProperties({}, Object.getOwnPropertyDescriptors(params)), {
        toString: 1
      })
      const module = app.owner("odd", {
        lookup: (params: object) => Effect.succeed(JSON.stringify(Object.entries(params)))
      })
      const layer = Layer.provide(app.modules({ odd: module }), MemoryStore.layer({ capacity: 10 })) as Layer.Layer<any>
      yield* Effect.provide(
        Effect.gen(function*() {
          assert.strictEqual(yield* app.keys.odd.get(given), `[["__proto__","a"],["constructor","b"],["toString",1]]`)
          // What is inherited is not given: all of the family goes.
          yield* app.keys.odd.invalidateWhere({})
          assert.isTrue(Option.isNone(yield* app.keys.odd.getOption(given)))
        }),
        layer
      ) as Effect.Effect<void, unknown>
    }))

  // The first is the only one of its text that is taken: which one, Effect's codec of the choice decides.
  const choices = {
    "a string or a number": [Schema.Union([Schema.String, Schema.Number]), [1, "a"], ["1"]],
    "a number or a string": [Schema.Union([Schema.Number, Schema.String]), [1, "a"], ["1"]],
    "a text or the same as a number": [Schema.Literals(["1", 1]), ["1"], [1]],
    "one of two texts": [Schema.Literals(["1", "a"]), ["1", "a"], []],
    "a text or a truth": [Schema.Union([Schema.String, Schema.Boolean]), [true, "a"], ["true"]]
  } as const
  for (const [label, [codec, kept, refused]] of Object.entries(choices)) {
    it.effect(`two values of one parameter never share a key: ${label}`, () => {
      const app: any = make(`Choice of ${label}`, {
        families: { one: { pattern: "one:{id}", value: Schema.String, params: { id: codec } } }
      })
      const module = app.owner("one", {
        lookup: ({ id }: { readonly id: unknown }) => Effect.succeed(`${typeof id} ${String(id)}`)
      })
      const layer = Layer.provide(app.modules({ one: module }), MemoryStore.layer({ capacity: 10 })) as Layer.Layer<any>
      return Effect.gen(function*() {
        for (const id of kept) assert.strictEqual(yield* app.keys.one.get({ id }), `${typeof id} ${String(id)}`)
        for (const id of refused) {
          const error: any = yield* Effect.flip(app.keys.one.get({ id }) as Effect.Effect<unknown, unknown>)
          assert.strictEqual(error.reason._tag, "InvalidKey")
        }
      }).pipe(Effect.provide(layer)) as Effect.Effect<void, unknown>
    })
  }

  const Url = Schema.String.pipe(
    Schema.decodeTo(Schema.String, {
      decode: SchemaGetter.transform(decodeURIComponent),
      encode: SchemaGetter.transform(encodeURIComponent)
    })
  )
  it.effect("every operation refuses a parameter whose codec throws", () => {
    const app: any = make("Codecs that throw", {
      families: { p: { pattern: "p:{url}", value: Schema.String, params: { url: Url } } }
    })
    const { p } = app.keys
    const module = app.owner("p", { lookup: () => Effect.succeed("loaded") })
    const layer = Layer.provide(app.modules({ p: module }), MemoryStore.layer({ capacity: 10 })) as Layer.Layer<any>
    const url = "\ud800"
    return Effect.gen(function*() {
      const reader = yield* p.reader
      const doors: ReadonlyArray<Effect.Effect<unknown, any>> = [
        p.get({ url }),
        p.getOption({ url }),
        p.getMany([{ url: "a" }, { url }]),
        p.set({ url }, "a"),
        p.invalidateWhere({ url }),
        app.get("p:%E0%A4%A"),
        app.set("p:%", "a"),
        Effect.tryPromise({ try: () => reader.getPromise({ url }), catch: (error) => error })
      ]
      for (const door of doors) assert.strictEqual((yield* Effect.flip(door)).reason._tag, "InvalidKey")
      assert.isTrue(Option.isNone(p.parse("p:%")))
      assert.isUndefined(reader.getUnsafe({ url }))
    }).pipe(Effect.provide(layer)) as Effect.Effect<void, unknown>
  })

  it.effect("NaN is refused as a parameter, since all callers of it would share a key", () => {
    const app: any = make("Numbers", { families: { n: { pattern: "n:{id}", value: Schema.String } } })
    const { n } = app.keys
    const module = app.owner("n", { lookup: ({ id }: { readonly id: string }) => Effect.succeed(`user ${id}`) })
    const layer = Layer.provide(app.modules({ n: module }), MemoryStore.layer({ capacity: 10 })) as Layer.Layer<any>
    return Effect.gen(function*() {
      assert.strictEqual(yield* n.get({ id: 7 }), "user 7")
      for (const id of [Number("ann"), Infinity, -Infinity]) {
        const error: any = yield* Effect.flip(n.get({ id }) as Effect.Effect<unknown, unknown>)
        assert.strictEqual(error.reason._tag, "InvalidKey")
      }
    }).pipe(Effect.provide(layer)) as Effect.Effect<void, unknown>
  })

  it.effect("an undefined parameter invalidates nothing", () => {
    const app: any = make("Lost parameters", {
      families: { doc: { pattern: "doc:{tenant}:{id}", value: Schema.String } }
    })
    const { doc } = app.keys
    const layer = Layer.provide(
      app.modules({ doc: app.owner("doc") }),
      MemoryStore.layer({ capacity: 10 })
    ) as Layer.Layer<any>
    return Effect.gen(function*() {
      yield* doc.set({ tenant: "a", id: "1" }, "kept")
      for (const lost of [{ tenant: undefined }, { tenant: "a", id: undefined }]) {
        const error: any = yield* Effect.flip(doc.invalidateWhere(lost) as Effect.Effect<unknown, unknown>)
        assert.strictEqual(error.reason._tag, "InvalidKey")
      }
      assert.isTrue(yield* doc.has({ tenant: "a", id: "1" }))
      yield* doc.invalidateWhere({ tenant: "a" })
      assert.isFalse(yield* doc.has({ tenant: "a", id: "1" }))
    }).pipe(Effect.provide(layer)) as Effect.Effect<void, unknown>
  })
})
