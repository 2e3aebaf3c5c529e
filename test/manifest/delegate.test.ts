/**
 * A delegate owns a part of a family. When it closes, the owner of the whole loads the part again; when the owner
 * closes, the delegate ends.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

class Docs extends Manifest.Service<Docs>()("Docs", {
  families: {
    doc: { pattern: "doc:{id}:*", value: Manifest.type<string>() },
    draft: { pattern: "doc:{id}:draft", partOf: "doc", value: Manifest.type<string>() }
  }
}) {}
const { draft } = Docs.keys

it.effect("the owner of the whole loads a delegated part again when the delegate has closed", () =>
  Effect.gen(function*() {
    const read = draft.get({ id: "1" })
    assert.strictEqual(yield* read, "of the whole")
    const lent = Docs.delegate("draft", { lookup: () => Effect.succeed("of the delegate") })
    const meanwhile = Effect.gen(function*() {
      yield* draft.invalidate({ id: "1" })
      return yield* read
    })
    assert.strictEqual(yield* Effect.provide(meanwhile, lent), "of the delegate")
    assert.strictEqual(yield* read, "of the whole")
  }).pipe(Effect.provide(
    Docs.modules({
      doc: Docs.owner("doc", {
        lookup: () => Effect.succeed("a doc"),
        parts: { draft: { lookup: () => Effect.succeed("of the whole") } }
      })
    }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
  )))

for (const lookup of [undefined, () => Effect.succeed("of the delegate")]) {
  it.effect(`a delegate ${lookup === undefined ? "without" : "with"} a lookup ends with the owner that has lent the part`, () =>
    Effect.gen(function*() {
      const doc = (by: string) => Docs.owner("doc", { parts: { draft: { lookup: () => Effect.succeed(by) } } })
      const lent = Docs.delegate("draft", lookup === undefined ? {} : { lookup })
      const [whole, part, later] = [yield* Scope.make(), yield* Scope.make(), yield* Scope.make()]
      const wholeContext = yield* Layer.buildWithScope(doc("first"), whole)
      const partContext = yield* Effect.provideContext(Layer.buildWithScope(lent, part), wholeContext)
      const writer = yield* Effect.provideContext(draft.writer, partContext)
      yield* writer.set({ id: "1" }, "written by the delegate")
      yield* Scope.close(whole, Exit.void)
      for (
        const write of [
          writer.set({ id: "1" }, "late"),
          Effect.provideContext(draft.set({ id: "1" }, "late"), partContext)
        ]
      ) {
        assert.strictEqual((yield* Effect.flip(write)).reason._tag, "Revoked")
      }
      const laterContext = yield* Layer.buildWithScope(doc("second"), later)
      assert.strictEqual(yield* Effect.provideContext(draft.get({ id: "1" }), laterContext), "second")
      // Its own Scope is closed later, and takes nothing from the owner that came after.
      yield* Scope.close(part, Exit.void)
      yield* Effect.provideContext(draft.invalidate({ id: "1" }), laterContext)
      assert.strictEqual(yield* Effect.provideContext(draft.get({ id: "1" }), laterContext), "second")
      yield* Scope.close(later, Exit.void)
    }).pipe(Effect.provide(Docs.layer.pipe(Layer.provide(MemoryStore.layer({ capacity: 100 }))))))
}
