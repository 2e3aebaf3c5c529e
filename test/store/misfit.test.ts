/**
 * Where a value does not fit, as errors say it: the path from the outside to the inside, and never a part of the value.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Codec from "../../src/store/Codec.ts"
import { wordsOfIssue } from "../../src/store/shared/misfit.ts"

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
