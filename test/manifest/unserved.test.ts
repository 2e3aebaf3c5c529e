/**
 * `modules` looks, when its layer is built, for an owner of everything that a lookup of its families may read. The
 * compiler sees the same, unless the modules are cast or come from data.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { CacheError } from "../../src/cache/CacheError.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { cacheReasonOf } from "../support/effects.ts"

const definition = {
  families: {
    user: { pattern: "user:{id}" },
    file: { pattern: "file:*" },
    facts: { pattern: "file:{id}:facts", partOf: "file" },
    page: { pattern: "page:{id}", derives: ["user:{id}", "file:{id}:facts"] },
    note: { pattern: "note:{id}" }
  }
} as const

const built = (modulesOf: (app: any) => object) =>
  Effect.suspend(() => {
    const app: any = make("Unserved", definition)
    const live = Layer.provide(app.modules(modulesOf(app)), MemoryStore.layer({ capacity: 10 }))
    return Effect.scoped(Layer.build(Layer.fresh(live as Layer.Layer<any, CacheError>)))
  })

const lookup = () => Effect.succeed("value")

describe("modules without the owner of what a lookup reads", () => {
  it.effect("modules are refused when the layer is built, and the error names module, source and owner", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        built((app) => ({ page: app.owner("page", { lookup }), note: app.owner("note") }))
      )
      const reason = cacheReasonOf(error)
      assert.strictEqual(reason._tag, "InvalidManifest")
      if (reason._tag !== "InvalidManifest") return
      assert.deepStrictEqual(reason.error.problems.map(({ code, sentence }) => [code, sentence]), [
        ["E0234", "module `page` reads `user:{id}`, and no module here has the owner of `user`"],
        ["E0234", "module `page` reads `file:{id}:facts`, and no module here has the owner of `file`"]
      ])
      assert.include(reason.message, "add user: owner('user', ...)")
    }))

  it.effect("modules are accepted where the owner is there, in any order, with the parts that it owns", () =>
    built((app) => ({ page: app.owner("page", { lookup }), user: app.owner("user"), file: app.owner("file") })))

  it.effect("modules are accepted where no lookup reads: the family is only written", () =>
    built((app) => ({ page: app.owner("page") })))
})
