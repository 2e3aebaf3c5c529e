/**
 * Raw keys and raw patterns are spelt by the codecs of the parameters, at each door that takes one: what a program has
 * written or read under a text, it can invalidate by this text.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as Remote from "../../src/manifest/Remote.ts"
import * as Key from "../../src/pattern/Key.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { engine } from "../support/engine.ts"

const small = (text: string) => text.toLowerCase()
const Lower = Schema.String.pipe(
  Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode: small, encode: small }))
)

interface Kind {
  readonly codec: Schema.Top | undefined
  readonly value: unknown
  /** The text of the value, as the codec writes it. */
  readonly text: string
  /** Texts that the codec reads as the value. */
  readonly spellings: ReadonlyArray<string>
  readonly refused?: string
}
const kinds: { readonly [name: string]: Kind } = {
  "a number": { codec: Schema.Number, value: 7, text: "7", spellings: ["7", "007", "7.0"], refused: "abc" },
  "a codec that makes letters small": { codec: Lower, value: "ann", text: "ann", spellings: ["ann", "Ann", "ANN"] },
  "a brand": {
    codec: Schema.String.check(Schema.isMinLength(2)).pipe(Schema.brand("Name")),
    value: "ann",
    text: "ann",
    spellings: ["ann"],
    refused: "a"
  },
  "a parameter without a codec": { codec: undefined, value: "007", text: "007", spellings: ["007"] }
}

interface Form {
  readonly pattern: string
  readonly params: (value: unknown) => { readonly [name: string]: unknown }
  readonly raw: (text: string) => string
  /** Whether `raw` spells one key. */
  readonly isKey: boolean
}
const forms: { readonly [name: string]: Form } = {
  "a full key": { pattern: "s:{x}", params: (x) => ({ x }), raw: (text) => `s:${text}`, isKey: true },
  "a full key of two parameters": {
    pattern: "s:{a}:{x}",
    params: (x) => ({ a: "A", x }),
    raw: (text) => `s:A:${text}`,
    isKey: true
  },
  "a full key with a rest": {
    pattern: "s:{x}:*",
    params: (x) => ({ x, "*": "B:C" }),
    raw: (text) => `s:${text}:B:C`,
    isKey: true
  },
  "`*` at the end": {
    pattern: "s:{x}:{a}",
    params: (x) => ({ x, a: "A" }),
    raw: (text) => `s:${text}:*`,
    isKey: false
  },
  "`*` at the end of a rest": {
    pattern: "s:{x}:*",
    params: (x) => ({ x, "*": "B:C" }),
    raw: (text) => `s:${text}:B:*`,
    isKey: false
  },
  "a parameter in the middle": {
    pattern: "s:{a}:{x}",
    params: (x) => ({ a: "A", x }),
    raw: (text) => `s:{any}:${text}`,
    isKey: false
  }
}

const world = ({ pattern }: Form, codec: Schema.Top | undefined) =>
  Effect.gen(function*() {
    const params = codec === undefined ? {} : { x: codec }
    const running = yield* engine<"s" | "d">(
      {
        families: {
          s: { pattern, params, staleWhileRevalidate: "1 hour", timeToLive: "1 minute" },
          d: { pattern: `d:${pattern.slice(2)}`, params, derives: [pattern], fanout: true }
        }
      } as never,
      () => Effect.succeed("loaded")
    )
    const on = <A = unknown>(effect: unknown) => running.as<A, CacheError>(effect as Effect.Effect<A, CacheError, any>)
    return { on, app: running.app as any, s: running.app.keys.s, d: running.app.keys.d }
  })

const modes = { "at once": undefined, "as stale": { mode: "markStale" } } as const
const places = {
  outside: (_app: any, effect: unknown) => effect,
  "in a transaction": (app: any, effect: unknown) => app.transaction((body: unknown) => body)(effect)
}

describe("a raw text by its codec", () => {
  for (const [kindName, kind] of Object.entries(kinds)) {
    for (const [formName, form] of Object.entries(forms)) {
      for (const [place, inside] of Object.entries(places)) {
        for (const [modeName, mode] of Object.entries(modes)) {
          it.effect(`${kindName}, ${formName}, ${place}: an invalidation drops the key ${modeName}`, () =>
            Effect.gen(function*() {
              for (const spelling of kind.spellings) {
                const { app, d, on, s } = yield* world(form, kind.codec)
                const params = form.params(kind.value)
                yield* on(s.set(params, "old"))
                yield* on(d.get(params))
                yield* on(inside(app, app.invalidate(form.raw(spelling), mode)))
                assert.isFalse(yield* on(s.has(params)), spelling)
                assert.isFalse(yield* on(d.has(params)), `what derives from it, by ${spelling}`)
                assert.strictEqual(yield* on(s.get(params)), mode === undefined ? "loaded" : "old")
              }
            }))
        }
      }

      const { refused } = kind
      if (refused !== undefined) {
        it.effect(`${kindName}, ${formName}: a text that no codec accepts is refused as a read refuses it`, () =>
          Effect.gen(function*() {
            const { app, on } = yield* world(form, kind.codec)
            const why = (effect: unknown) => Effect.map(Effect.flip(on(effect)), ({ message }) => message)
            const raw = form.raw(refused)
            const refusal = yield* why(app.invalidate(raw))
            assert.include(refusal, "E0109")
            assert.include(refusal, `the parameter \`x\` of \`${form.pattern}\` does not fit its codec`)
            assert.strictEqual(yield* why(places["in a transaction"](app, app.invalidate(raw))), refusal)
            if (form.isKey) {
              for (const door of [app.get(raw), app.getOption(raw), app.set(raw, "new"), app.delete(raw)]) {
                assert.strictEqual(yield* why(door), refusal)
              }
            }
          }))
      }

      if (form.isKey) {
        it.effect(`${kindName}, ${formName}: each door reaches the key by each spelling`, () =>
          Effect.gen(function*() {
            for (const spelling of kind.spellings) {
              const { app, on, s } = yield* world(form, kind.codec)
              const params = form.params(kind.value)
              const raw = form.raw(spelling)
              yield* on(app.set(raw, "one"))
              assert.strictEqual(yield* on(s.get(params)), "one")
              assert.strictEqual(yield* on(app.get(raw)), "one")
              assert.deepStrictEqual(yield* on(app.getOption(raw)), Option.some("one"))
              yield* on(app.delete(raw))
              assert.isFalse(yield* on(s.has(params)))
            }
          }))
      }
    }
  }
})

describe("a raw text in several families", () => {
  const families = {
    tenant: { pattern: "tenant:{id}:*", params: { id: Lower } },
    part: { pattern: "tenant:{number}:part", partOf: "tenant", params: { number: Schema.Number } },
    vip: { pattern: "tenant:vip:page:{page}", carvedFrom: "tenant" }
  }
  const several = Effect.gen(function*() {
    const running = yield* engine<"tenant" | "part" | "vip">({ families } as never, () => Effect.succeed("loaded"))
    const on = <A = unknown>(effect: unknown) => running.as<A, CacheError>(effect as Effect.Effect<A, CacheError, any>)
    return { on, app: running.app as any, ...running.app.keys }
  })

  it.effect("a text that one family refuses is invalidated in the others", () =>
    Effect.gen(function*() {
      const { app, on, tenant } = yield* several
      yield* on(tenant.set({ id: "ann", "*": "a:b" }, "old"))
      yield* on(app.invalidate("tenant:Ann:*"))
      assert.isFalse(yield* on(tenant.has({ id: "ann", "*": "a:b" })))
    }))

  it.effect("a text that a codec turns into the fixed text of another family reaches it", () =>
    Effect.gen(function*() {
      const { app, on, vip } = yield* several
      yield* on(vip.set({ page: "1" }, "old"))
      yield* on(app.invalidate("tenant:VIP:*"))
      assert.isFalse(yield* on(vip.has({ page: "1" })))
    }))

  it.effect("a full key that a codec turns into a key of another family is refused as a read refuses it", () =>
    Effect.gen(function*() {
      const { app, on } = yield* several
      const refusal = yield* Effect.flip(on(app.invalidate("tenant:VIP:page:1")))
      assert.include(refusal.message, "E0110")
      assert.strictEqual((yield* Effect.flip(on(app.get("tenant:VIP:page:1")))).message, refusal.message)
    }))
})

class Typed extends Manifest.Service<Typed>()("Typed", {
  families: {
    tenant: { pattern: "tenant:{id}:*", value: Manifest.type<string>(), params: { id: Lower } },
    vip: { pattern: "tenant:vip:{page}", value: Manifest.type<string>(), carvedFrom: "tenant" },
    count: { pattern: "count:{id}", value: Manifest.type<string>(), params: { id: Schema.Number } }
  }
}) {}

describe("a raw text of a typed manifest", () => {
  it.effect("a template with a segment is spelt by the codec", () =>
    Effect.gen(function*() {
      const { tenant } = Typed.keys
      yield* tenant.set({ id: "ann", "*": "a" }, "old")
      yield* Typed.invalidate(`tenant:${Key.segmentUnsafe("Ann")}:*`)
      assert.isFalse(yield* tenant.has({ id: "ann", "*": "a" }))
    }).pipe(Effect.provide(
      Typed.modules({ tenant: Typed.owner("tenant"), vip: Typed.owner("vip"), count: Typed.owner("count") }).pipe(
        Layer.provide(MemoryStore.layer({ capacity: 10 }))
      )
    )))

  it.effect("a text that a codec turns into the fixed text of another family needs the right to that family", () =>
    Effect.gen(function*() {
      const { tenant } = Typed.keys
      yield* tenant.set({ id: "vip", "*": "a:b" }, "old")
      const error = yield* Effect.flip(Typed.invalidate("tenant:VIP:*"))
      assert.strictEqual((error as CacheError).reason._tag, "NotOwner")
      assert.isTrue(yield* tenant.has({ id: "vip", "*": "a:b" }))
    }).pipe(Effect.provide(
      Typed.owner("tenant").pipe(Layer.provideMerge(Typed.layer), Layer.provide(MemoryStore.layer({ capacity: 10 })))
    )))

  it("a remote names the families that an invalidation reaches", () => {
    const remote = Result.getOrThrow(Remote.of(Typed))
    const names = (pattern: string) =>
      Result.map(remote.overlapping(pattern), (faces) => faces.map((face) => face.name))
    assert.deepStrictEqual(Result.getOrThrow(names("tenant:VIP:*")), ["vip", "tenant"])
    assert.deepStrictEqual(Result.getOrThrow(names("tenant:Ann:*")), ["tenant"])
    assert.include(Result.getOrThrow(Result.flip(names("count:abc"))).code, "E0109")
  })
})
