/**
 * The promises of `Remote`, on random schemas, values and keys: what travels comes back, an error shows nothing of a
 * value, and each key that is accepted is the only spelling of its parameters.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { inspect } from "node:util"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as Remote from "../../src/manifest/Remote.ts"
import { samples } from "../support/randomSchemas.ts"

const faceOf = (value: unknown, params?: unknown): Remote.Face => {
  const one = { pattern: "one:{id}", value, ...(params === undefined ? {} : { params }) }
  class One extends Manifest.Service<any>()("One", { families: { one } } as any) {}
  return Result.getOrThrow(Remote.of(One as any)).faces[0]!
}

const show = (value: unknown) => inspect(value, { depth: 8 })

// The members of a union may have one text, which then is read as the first of them.
const plain = samples.filter(({ name }) => !name.includes("(") || !name.includes(" | "))

const withValue = plain.chain((sample) => fc.tuple(fc.constant(sample), fc.oneof(sample.ordinary, sample.odd)))

describe("Remote", () => {
  it("what a face encodes, it decodes, and what it has decoded, it encodes and decodes without a change", () =>
    fc.assert(fc.property(withValue, ([{ name, schema }, value]) => {
      const face = faceOf(schema)
      const sent = Effect.runSyncExit(face.encode(value))
      if (Exit.isFailure(sent)) return
      const received = Effect.runSyncExit(face.decode(sent.value))
      if (Exit.isFailure(received)) {
        // A number that JSON cannot say exactly is refused on its way back, and never changed.
        assert.isTrue(/\d{16}|[eE]/.test(String(sent.value)), `${name}: ${show(value)}: ${show(received)}`)
        return
      }
      // `undefined` and `null` are one in JSON, so a value may change once.
      const again = Effect.runSync(face.encode(received.value))
      assert.deepStrictEqual(
        show(Effect.runSync(face.decode(again))),
        show(received.value),
        `${name}: ${show(value)}`
      )
    })))

  it("whatever a face is sent, it answers a value or a Misfit, and the Misfit shows nothing of it", () =>
    fc.assert(fc.property(samples, fc.oneof(fc.json(), fc.string({ unit: "binary" })), ({ name, schema }, sent) => {
      const secret = "s3cret"
      const face = faceOf(schema)
      const text = sent.startsWith("{") ? `{"${secret}":${sent}}` : sent === "" ? secret : `["${secret}",${sent}]`
      for (const received of [text, `"${secret}"`, secret]) {
        const exit = Effect.runSyncExit(face.decode(received))
        if (Exit.isSuccess(exit)) continue
        const misfit = exit.cause.reasons[0]
        assert.isTrue(misfit?._tag === "Fail" && misfit.error instanceof Remote.Misfit, `${name}: ${show(exit)}`)
        if (misfit?._tag !== "Fail") continue
        // The name of a property may be in the path: the client sent it.
        assert.notInclude(misfit.error.expected, secret, name)
      }
    })))

  it("no two keys that a face accepts have the same parameters", () => {
    const codecs = [
      Schema.Int,
      Schema.BigInt,
      Schema.Boolean,
      Schema.NumberFromString,
      Schema.Literals(["a", "b"]),
      Schema.Trim
    ]
    const spellings = fc.oneof(
      fc.constantFrom("7", "07", "+7", "7.0", "7e0", " 7", "-0", "0", "true", "TRUE", "a", "a ", "1e21", "0x7", "7n"),
      fc.string({ maxLength: 4 }),
      fc.integer().map(String)
    )
    fc.assert(fc.property(fc.constantFrom(...codecs), spellings, spellings, (codec, one, other) => {
      const face = faceOf(Schema.String, { id: codec })
      if (one === other || face.keyProblem(one) !== undefined || face.keyProblem(other) !== undefined) return
      const read = Schema.decodeUnknownSync(Schema.toCodecStringTree(codec as Schema.Codec<unknown>))
      assert.notStrictEqual(read(one), read(other), `${one} and ${other}`)
    }))
  })
})
