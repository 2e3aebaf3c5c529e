/**
 * Where a value does not fit, as errors say it: the path from the outside to the inside, and never a part of the value.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Codec from "../../src/store/Codec.ts"
import { misfitOf, wordsOfIssue } from "../../src/store/shared/misfit.ts"

/** The words for a value that the codec of a schema refuses. */
const refused = (schema: Schema.Codec<any, any>, value: unknown): string | undefined => {
  const exit = Effect.runSyncExit(Codec.schema(schema).encode(value))
  if (Exit.isSuccess(exit)) return "kept"
  const [reason] = exit.cause.reasons
  return reason?._tag === "Fail" && reason.error instanceof Schema.SchemaError
    ? wordsOfIssue(reason.error.issue, value)
    : undefined
}

const circle: Record<string, unknown> = { deep: {} }
circle["deep"] = { self: circle }

const wide = { list: Array.from({ length: 20_000 }, () => 1), last: 1n }

describe("value under a schema that admits anything", () => {
  for (
    const [title, value, words] of [
      ["a Date in it", { user: { at: new Date(0) } }, `expected a JSON value at ["user","at"]`],
      ["an absent element", { list: [1, undefined] }, `expected a JSON value at ["list",1]`],
      ["a function", { f: () => 1 }, `expected a JSON value at ["f"]`],
      ["NaN", { n: [Number.NaN] }, `expected a finite number at ["n",0]`],
      ["a bigint", { n: 1n }, `expected a JSON value at ["n"]`],
      ["itself", circle, `expected a value that does not contain itself at ["deep","self"]`],
      ["a Map as a whole", new Map(), "expected a JSON value"],
      ["more parts than are looked at", wide, undefined]
    ] as const
  ) {
    it(`the refusal names the place of ${title}`, () => {
      assert.strictEqual(refused(Schema.Unknown, value), words)
      if (words === undefined) return
      const inner = words.includes(" at [") ? words.replace(" at [", ` at ["x",`) : `${words} at ["x"]`
      assert.strictEqual(refused(Schema.Struct({ x: Schema.Unknown }), { x: value }), inner)
    })
  }
})

describe("value with more than its schema mentions", () => {
  const nested = Schema.Struct({ n: Schema.Array(Schema.Struct({ x: Schema.Number })) })
  const words = "expected no content that the schema does not mention"

  it("the refusal names the first further property", () =>
    assert.strictEqual(refused(nested, { n: [{ x: 1 }, { x: 1, secret: 2 }] }), `${words} at ["n",1,"secret"]`))

  it("the refusal names no place where the content is not a property", () =>
    assert.strictEqual(refused(nested, { n: Object.assign([], { [Symbol("tag")]: 1 }) }), words))
})

describe("value on which the codec of its schema throws, or which it changes", () => {
  const text = (decode: (text: string) => string, encode: (text: string) => string) =>
    Schema.String.pipe(Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode, encode })))
  const fail = (value: string): string => {
    throw new RangeError(`a secret: ${value}`)
  }
  const same = (value: string) => value
  const nested = (inner: Schema.Codec<any, any>) => Schema.Struct({ list: Schema.Array(Schema.Struct({ x: inner })) })
  const value = { list: [{ x: "ann" }, { x: "Ann" }] }
  const failsOnAnn = (value: string) => value === "Ann" ? fail(value) : value
  const thrown = "expected a value for which no function of the schema throws RangeError"
  const changed = "expected a value that is the same after it was encoded and decoded"

  it("the refusal names what was thrown, and the part of the value on which it was thrown", () => {
    assert.strictEqual(refused(nested(text(same, failsOnAnn)), value), `${thrown} at ["list",1,"x"]`)
    assert.strictEqual(refused(nested(text(failsOnAnn, same)), value), `${thrown} at ["list",1,"x"]`)
    assert.strictEqual(refused(text(same, fail), "Ann"), thrown)
    const checked = Schema.String.check(Schema.makeFilter((value) => fail(value) === ""))
    assert.strictEqual(refused(nested(checked), value), `${thrown} at ["list",0,"x"]`)
    assert.strictEqual(misfitOf(nested(checked))(value), thrown)
  })

  it("the refusal names no place where a part has no schema of its own", () => {
    interface Tree {
      readonly name: string
      readonly inner: ReadonlyArray<Tree>
    }
    const tree: Schema.Codec<Tree> = Schema.Struct({
      name: text(same, failsOnAnn),
      inner: Schema.Array(Schema.suspend(() => tree))
    })
    const deep = { name: "a", inner: [{ name: "b", inner: [] }, { name: "Ann", inner: [] }] }
    assert.strictEqual(refused(tree, deep), `${thrown} at ["inner",1,"name"]`)
    assert.strictEqual(refused(Schema.Union([nested(text(same, fail)), Schema.Number]), value), thrown)
  })

  it("the refusal names an error by a word alone", () => {
    class Odd extends Error {
      override name = "Ann is a secret"
    }
    const odd = (): string => {
      throw new Odd()
    }
    assert.strictEqual(refused(text(same, odd), "Ann"), thrown.replace("RangeError", "Error"))
  })

  it("the refusal names the first part that another value comes back for", () => {
    const lower = text((value) => value.toLowerCase(), same)
    assert.strictEqual(refused(nested(lower), value), `${changed} at ["list",1,"x"]`)
    assert.strictEqual(refused(lower, "Ann"), changed)
    const day = Schema.Date.pipe(
      Schema.decodeTo(
        Schema.Date,
        SchemaTransformation.transform({ decode: (at) => new Date(at.toDateString()), encode: (at) => at })
      )
    )
    assert.strictEqual(refused(Schema.Struct({ at: day }), { at: new Date(1) }), `${changed} at ["at"]`)
  })
})
