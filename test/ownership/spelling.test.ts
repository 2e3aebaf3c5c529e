/**
 * A family and the families that derive from it must spell a common parameter in the same way. Otherwise an
 * invalidation would not find the derived keys.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { type } from "../../src/manifest/Manifest.ts"
import { validate } from "../../src/ownership/shared/validation.ts"

const coded = (of: Schema.Codec<string>, encode: (text: string) => string, decode: (text: string) => string) =>
  of.pipe(Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode, encode })))
const Url = coded(Schema.String, encodeURIComponent, decodeURIComponent)
const Upper = coded(Schema.String, (text) => text.toUpperCase(), (text) => text.toLowerCase())
const UpperOfUrl = coded(Url, (text) => text.toUpperCase(), (text) => text.toLowerCase())
// Of one type as Url, and spells otherwise.
const Cast = Upper as unknown as typeof Url

const codecs: { readonly [name: string]: unknown } = {
  none: undefined,
  typeOnly: type<string>(),
  text: Schema.String,
  brand: Schema.String.pipe(Schema.brand("Id")),
  check: Schema.String.check(Schema.isMinLength(1)),
  literals: Schema.Literals(["a b", "x"]),
  url: Url,
  urlBrand: Url.pipe(Schema.brand("Id")),
  urlCheck: Url.check(Schema.isMinLength(1)),
  urlAnnotated: Url.annotate({ title: "a link" }),
  urlAsText: Url as Schema.Codec<string>,
  cast: Cast,
  upper: Upper,
  upperOfUrl: UpperOfUrl,
  trim: Schema.Trim,
  union: Schema.Union([Url, Schema.Number]),
  unionOfText: Schema.Union([Schema.String, Schema.Number]),
  unionOfUpper: Schema.Union([Upper, Schema.Number]),
  number: Schema.Number,
  int: Schema.Int,
  numberFromString: Schema.NumberFromString,
  finiteFromString: Schema.FiniteFromString,
  date: Schema.DateFromString,
  separate: coded(Schema.String, encodeURIComponent, decodeURIComponent)
}
// What is spelt with the same transformations, or with none.
const alike: ReadonlyArray<ReadonlyArray<string>> = [
  ["none", "typeOnly", "text", "brand", "check", "literals", "number", "int", "unionOfText"],
  ["url", "urlBrand", "urlCheck", "urlAnnotated", "urlAsText"],
  ["cast", "upper"],
  ["numberFromString", "finiteFromString"]
]
const values = ["a b", "x", "A", "a/b", " x ", "ä", 1, 1.5]

const findsOtherwise = (source: unknown, dependent: unknown): boolean => {
  const params = (codec: unknown) => codec === undefined ? {} : { params: { at: codec } }
  const found = validate("C", {
    families: {
      src: { pattern: "src:{at}", ...params(source) },
      view: { pattern: "view:{at}", derives: ["src:{at}"], ...params(dependent) }
    }
  })
  return Result.match(found, {
    onSuccess: () => false,
    onFailure: ({ problems }) => {
      assert.deepStrictEqual(problems.map(({ code, path }) => [code, path.join(".")]), [[
        "E0416",
        "families.view.derives.0"
      ]])
      return true
    }
  })
}

const spell = (codec: unknown, value: unknown): string | undefined => {
  if (!Schema.isSchema(codec)) return String(value)
  const encoded = Schema.encodeUnknownOption(codec as Schema.Codec<unknown>)(value)
  return encoded._tag === "Some" ? String(encoded.value) : undefined
}

describe("parameter of a family and of what derives from it", () => {
  for (const [source, a] of Object.entries(codecs)) {
    it(`a parameter that is spelt as ${source} meets an equal spelling, and every other one is refused`, () => {
      for (const [dependent, b] of Object.entries(codecs)) {
        const isAlike = source === dependent ||
          alike.some((group) => group.includes(source) && group.includes(dependent))
        assert.strictEqual(findsOtherwise(a, b), !isAlike, dependent)
        for (const value of isAlike ? values : []) {
          const [here, there] = [spell(a, value), spell(b, value)]
          if (here !== undefined && there !== undefined) assert.strictEqual(here, there, "the keys do not meet")
        }
      }
    })
  }

  it("a parameter is compared under different names and along a chain, and does not count when the derived family lacks it", () => {
    const codesOf = (families: object) =>
      Result.match(validate("C", { families }), {
        onSuccess: () => [],
        onFailure: ({ problems }) => problems.map(({ code, path }) => `${code} ${path[1]}`)
      })
    const src = { pattern: "src:{a}:{b}", params: { b: Url } }
    assert.deepStrictEqual(codesOf({ src, v: { pattern: "v:{x}:{y}", derives: ["src:{x}:{y}"] } }), ["E0416 v"])
    assert.deepStrictEqual(codesOf({ src, v: { pattern: "v:{y}:{x}", derives: ["src:{y}:{x}"] } }), ["E0416 v"])
    assert.deepStrictEqual(
      codesOf({
        src,
        mid: { pattern: "mid:{a}:{b}", params: { b: Url }, derives: ["src:{a}:{b}"] },
        v: { pattern: "v:{a}:{b}", derives: ["mid:{a}:{b}"] }
      }),
      ["E0416 v"]
    )
    assert.deepStrictEqual(codesOf({ src, v: { pattern: "v:{a}", derives: ["src:{a}:{b}"] } }), [])
    assert.deepStrictEqual(codesOf({ src, v: { pattern: "v:{a}", derives: ["src:{a}:fixed"] } }), [])
    assert.deepStrictEqual(
      codesOf({
        one: { pattern: "s:{a}:x" },
        two: { pattern: "s:{a}:y", params: { a: Url } },
        v: { pattern: "v:{a}", derives: ["s:{a}:x", "s:{a}:y"] }
      }),
      ["E0416 v"]
    )
  })
})
