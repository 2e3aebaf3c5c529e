/** A codec that reads several texts as one value has one key for them, at every door, for every kind of key. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as fc from "fast-check"
import { engine } from "../support/engine.ts"

const texts = (decode: (text: string) => string, encode: (text: string) => string = (text) => text) =>
  Schema.String.pipe(Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode, encode })))

interface Kind {
  readonly codec: Schema.Top
  /** Two values that the codec takes for one. */
  readonly pair: readonly [unknown, unknown]
  readonly key: string
}

const kinds: { readonly [name: string]: Kind } = {
  "lower case": { codec: texts((text) => text.toLowerCase()), pair: ["Ann", "ann"], key: "ann" },
  "no white space at its ends": { codec: texts((text) => text.trim()), pair: [" ann ", "ann"], key: "ann" },
  "no accents": {
    codec: texts((text) => text.normalize("NFD").replaceAll(/\p{Mn}/gu, "")),
    pair: ["réné", "rene"],
    key: "rene"
  },
  "lower case, written in upper case": {
    codec: texts((text) => text.toLowerCase(), (text) => text.toUpperCase()),
    pair: ["ann", "Ann"],
    key: "ANN"
  },
  "a rounded number": {
    codec: Schema.NumberFromString.pipe(
      Schema.decodeTo(Schema.Number, SchemaTransformation.transform({ decode: Math.round, encode: (value) => value }))
    ),
    pair: [1.2, 1],
    key: "1"
  }
}

const shapes = [
  { pattern: "user:{name}", params: (name: unknown) => ({ name }), key: (text: string) => `user:${text}` },
  {
    pattern: "user:{name}:{n}",
    params: (name: unknown) => ({ name, n: "5" }),
    key: (text: string) => `user:${text}:5`
  },
  { pattern: "user:{name}:*", params: (name: unknown) => ({ name, "*": "a" }), key: (text: string) => `user:${text}:a` }
]

describe("a codec that takes two values for one", () => {
  for (const [name, { codec, key, pair: [one, other] }] of Object.entries(kinds)) {
    for (const shape of shapes) {
      it.effect(`${name}: both values have one key of ${shape.pattern}`, () =>
        Effect.gen(function*() {
          const { app, as } = yield* engine(
            { families: { user: { pattern: shape.pattern, params: { name: codec } as never } } },
            ({ key }) => Effect.succeed(key)
          )
          const user = app.keys.user as any
          const [a, b] = [shape.params(one), shape.params(other)]
          assert.strictEqual(yield* (user.key(a) as Effect.Effect<string>), shape.key(key))
          assert.strictEqual(yield* (user.key(b) as Effect.Effect<string>), shape.key(key))
          assert.strictEqual(yield* as(user.get(a)), shape.key(key))
          yield* as(user.set(b, "new"))
          assert.strictEqual(yield* as(user.get(a)), "new")
          assert.deepStrictEqual(yield* as(user.getMany([a, b])), ["new", "new"])
          yield* as((app as any).invalidate(shape.key(key)))
          assert.isFalse(yield* as(user.has(a)))
          yield* as(user.set(a, "again"))
          yield* as(user.invalidateWhere(a))
          assert.isFalse(yield* as(user.has(b)))
        }))
    }
  }

  it.effect("a derived family with the same codec reads its source under the same key", () =>
    Effect.gen(function*() {
      const codec = kinds["lower case"]!.codec
      const { app, as } = yield* engine(
        {
          families: {
            user: { pattern: "user:{name}", params: { name: codec } as never },
            card: { pattern: "card:{name}", params: { name: codec } as never, derives: ["user:{name}"] }
          }
        },
        ({ key }, app) => {
          const name = key.slice(key.indexOf(":") + 1)
          const source = (app as any).keys.user.get({ name }) as Effect.Effect<string>
          return key.startsWith("user:") ? Effect.succeed("v1") : Effect.map(source, (value) => `card of ${value}`)
        }
      )
      const { card, user } = app.keys as any
      assert.strictEqual(yield* as(card.get({ name: "Ann" })), "card of v1")
      yield* as(user.set({ name: "ANN" }, "v2"))
      assert.strictEqual(yield* as(card.get({ name: "Ann" })), "card of v2")
    }))

  it.effect("a codec that writes another text each time is refused", () =>
    Effect.gen(function*() {
      let count = 0
      const codec = texts((text) => text, (text) => `${text}${++count}`)
      const { app, as } = yield* engine(
        { families: { user: { pattern: "user:{name}", params: { name: codec } as never } } },
        () => Effect.succeed(1)
      )
      const error = (yield* Effect.flip(as((app.keys.user as any).get({ name: "a" })))) as Error
      assert.include(error.message, "E0109")
    }))
})

describe("any texts", () => {
  it.effect("two texts share a key exactly if the codec reads them as one value", () =>
    Effect.gen(function*() {
      const codec = kinds["lower case"]!.codec
      const { app } = yield* engine(
        { families: { user: { pattern: "user:{name}", params: { name: codec } as never } } },
        () => Effect.succeed(1)
      )
      const { key } = app.keys.user as any
      const segment = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom("a", "A", "b", "B", "é", "É") })
      fc.assert(fc.property(segment, segment, (one, other) => {
        const [a, b] = [Effect.runSync(key({ name: one })), Effect.runSync(key({ name: other }))]
        assert.strictEqual(a === b, one.toLowerCase() === other.toLowerCase())
      }))
    }))
})
