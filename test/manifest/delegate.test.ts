import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

class Docs extends Manifest.Service<Docs>()("Docs", {
  families: {
    doc: { pattern: "doc:{id}:*", value: Manifest.type<string>() },
    draft: { pattern: "doc:{id}:draft", partOf: "doc", value: Manifest.type<string>() }
  }
}) {}
const { draft } = Docs.keys

it.effect("a part that was delegated is loaded by the owner of the whole again, when the delegate has closed", () =>
  Effect.gen(function*() {
    const read = draft.get({ id: "1" })
    assert.strictEqual(yield* read, "of the whole")
    const lent = Docs.delegate("draft", { lookup: () => Effect.succeed("of the delegate") })
    const meanwhile = Effect.gen(function*() {
      yield* draft.invalidate({ id: "1" })
      return yield* read
    })
    assert.strictEqual(yield* Effect.scoped(Effect.provide(meanwhile, lent)), "of the delegate")
    assert.strictEqual(yield* read, "of the whole")
  }).pipe(Effect.provide(
    Docs.modules({
      doc: Docs.owner("doc", {
        lookup: () => Effect.succeed("a doc"),
        parts: { draft: { lookup: () => Effect.succeed("of the whole") } }
      })
    }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
  )))
