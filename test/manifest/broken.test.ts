/**
 * A manifest that was built from data may be wrong. Modules still load without an exception, and each operation fails
 * with the mistakes.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { CacheError } from "../../src/cache/CacheError.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as GraphDrawing from "../../src/ownership/GraphDrawing.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { reasonOf } from "../support/effects.ts"
import { engine } from "../support/engine.ts"

const wrong: Readonly<Record<string, unknown>> = {
  "two families of one pattern": { families: { user: { pattern: "a:{x}" }, other: { pattern: "a:{y}" } } },
  "a pattern that is malformed": { families: { user: { pattern: "user:{id" } } },
  "families that are none": { families: null },
  "a family without a name": { families: { "": { pattern: "user:{id}" } } },
  "a reader without a name": {
    families: { user: { pattern: "user:{id}" } },
    readers: { "": { borrows: ["user:{id}"] } }
  },
  "no families": {},
  "no object": "manifest",
  "nothing": undefined
}

const valid: any = make("Valid", { families: { user: { pattern: "user:{id}" } } })

const params = { id: "1" }
// What an operation is called with where it takes more than parameters.
const inputs: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  getMany: [[params]],
  warm: [[params]],
  deleteMany: [[params]],
  hottest: [3],
  page: [undefined, 3],
  sample: [3],
  invalidateTag: ["tag"],
  setMany: [[[params, 1]]]
}

const refusalOf = (work: unknown) =>
  Effect.map(Effect.flip(Effect.scoped(work as Effect.Effect<unknown, unknown>)), reasonOf)

const refuses = (work: unknown, what: string) =>
  Effect.map(refusalOf(work), (reason) => assert.strictEqual(reason, "InvalidManifest", what))

const build = (layer: Layer.Layer<any, any, any>) =>
  Layer.build(Layer.provide(layer, MemoryStore.layer({ capacity: 1 })))

describe("manifest without a name", () => {
  for (const name of [undefined, null, 5, "", [], {}, Symbol("name")]) {
    it.effect(`the manifest is refused when its layers are built, and not while modules load: ${String(name)}`, () =>
      Effect.gen(function*() {
        const app: any = make(name as never, { families: { user: { pattern: "user:{id}", value: Schema.String } } })
        yield* refuses(build(app.layer), "layer")
        yield* refuses(build(app.modules({ user: app.owner("user") })), "modules")
        yield* refuses(app.keys.user.get({ id: "1" }), "get")
        const error = yield* Effect.flip(Effect.scoped(build(app.layer)) as Effect.Effect<unknown, CacheError>)
        assert.include(error.message, "`the name of the manifest` must be a string that is not empty")
      }))
  }
})

describe("manifest with one call in the place of two", () => {
  for (const given of [["App", { families: { user: { pattern: "user:{id}" } } }], [{ families: {} }]]) {
    it.effect(`the manifest is refused when its layers are built: ${JSON.stringify(given)}`, () =>
      Effect.gen(function*() {
        class App extends (Manifest.Service as any)(...given) {}
        const app = App as any
        yield* refuses(build(app.modules({ user: app.owner("user") })), "modules")
        yield* refuses(app.keys.user.get({ id: "1" }), "get")
        const error = yield* Effect.flip(Effect.scoped(build(app.layer)) as Effect.Effect<unknown, CacheError>)
        assert.match(error.message, /^E0415: .*: the first call of Manifest.Service takes no argument/)
      }))
  }
})

describe("manifest with mistakes", () => {
  for (const [name, definition] of Object.entries(wrong)) {
    it.effect(`each member fails with InvalidManifest: ${name}`, () =>
      Effect.gen(function*() {
        const app: any = make(`Broken ${name}`, definition)
        const used: { readonly [member: string]: () => Effect.Effect<unknown, unknown> } = {
          layer: () => refuses(build(app.layer), "layer"),
          owner: () => refuses(build(app.owner("user", { lookup: () => Effect.succeed(1) })), "owner"),
          borrower: () => refuses(build(app.borrower("user")), "borrower"),
          delegate: () => refuses(build(app.delegate("user")), "delegate"),
          modules: () => refuses(build(app.modules({ user: app.owner("user") })), "modules"),
          get: () => refuses(app.get("user:1"), "get"),
          getOption: () => refuses(app.getOption("user:1"), "getOption"),
          set: () => refuses(app.set("user:1", 1), "set"),
          delete: () => refuses(app.delete("user:1"), "delete"),
          batch: () => refuses(app.batch([app.keys.user.setting(params, 1)]), "batch"),
          invalidate: () => refuses(app.invalidate("user:*"), "invalidate"),
          events: () => refuses(Stream.runDrain(app.events), "events"),
          stats: () => refuses(app.stats, "stats"),
          watermark: () => refuses(app.watermark, "watermark"),
          reach: () => refuses(app.reach(""), "reach"),
          fn: () => refuses(app.fn("f", { owns: ["user:{id}"] })(function*() {})(1), "fn"),
          method: () => refuses(app.method({ borrows: ["user:{id}"] })(() => Effect.void)(), "method"),
          inLayer: () => refuses(app.inLayer("web")(Effect.void), "inLayer"),
          transaction: () => refuses(app.transaction((body: unknown) => body)(Effect.void), "transaction"),
          graph: () => Effect.sync(() => assert.isString(GraphDrawing.toMermaid(app.graph))),
          keys: () => Effect.sync(() => assert.isDefined(app.keys.user)),
          definition: () => Effect.sync(() => assert.strictEqual(app.definition, definition)),
          id: () => Effect.sync(() => assert.strictEqual(app.id, `Broken ${name}`))
        }
        // A member of a manifest that is missing here must be added.
        const plain = Context.Service<any, any>("Plain")
        assert.deepStrictEqual(Object.keys(used).toSorted(), Object.keys(valid).filter((m) => !(m in plain)).toSorted())
        for (const use of Object.values(used)) yield* use()
        const { user } = app.keys
        assert.deepStrictEqual(Object.keys(user).toSorted(), Object.keys(valid.keys.user).toSorted())
        for (const operation of Object.keys(user)) {
          if (["name", "pattern", "parse"].includes(operation)) continue
          const made = typeof user[operation] === "function"
            ? user[operation](...inputs[operation] ?? [params, 1])
            : user[operation]
          const work = made._tag === "Write" ? made.key : Stream.isStream(made) ? Stream.runDrain(made) : made
          yield* refuses(work, operation)
        }
        assert.strictEqual(user.parse("user:1")._tag, "None")
      }))
  }
})

describe("code of InvalidKey", () => {
  const cases: ReadonlyArray<readonly [code: string, work: (app: any) => unknown]> = [
    ["E0101", (app) => app.get("none:1")],
    ["E0101", (app) => app.set("none:1", 1)],
    ["E0101", (app) => app.invalidate("none:{x}")],
    ["E0103", (app) => app.invalidate("user:{x")],
    ["E0103", (app) => app.invalidate("user::x")],
    ["E0106", (app) => app.get("user:{x}")],
    ["E0106", (app) => app.delete("user:")],
    ["E0109", (app) => app.keys.user.get({ id: "a:b" })],
    ["E0109", (app) => app.keys.user.invalidateWhere({ id: "" })],
    ["E0109", (app) => app.get("coded:x")],
    ["E0110", (app) => app.keys.user.get({ id: "me" })]
  ]
  for (const [code, work] of cases) {
    it.effect(`the code of ${String(work).slice(9)} is ${code}`, () =>
      Effect.gen(function*() {
        const { app, as } = yield* engine({
          families: {
            user: { pattern: "user:{id}" },
            me: { pattern: "user:me", carvedFrom: "user" },
            coded: { pattern: "coded:{n}", params: { n: Schema.FiniteFromString } }
          }
        } as never, () => Effect.succeed(1))
        const error = yield* Effect.flip(as(work(app) as Effect.Effect<unknown, any, any>))
        assert.strictEqual(error.reason._tag, "InvalidKey")
        assert.strictEqual(error.reason.code, code)
      }))
  }
})
