/**
 * A value of `*` in `invalidateWhere` names every key of the family that begins so, also where the text alone is a key
 * of a part: then the keys of the part stay.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { reasonOf } from "../support/effects.ts"

const value = Manifest.type<string>()
class Docs extends Manifest.Service<Docs>()("Docs", {
  families: {
    doc: { pattern: "doc:{id}:*", value },
    draft: { pattern: "doc:{id}:draft", value, partOf: "doc" },
    note: { pattern: "doc:{id}:note:{n}", value, carvedFrom: "doc" },
    log: { pattern: "doc:{id}:log", value, partOf: "doc" },
    lines: { pattern: "doc:{id}:log:*", value, partOf: "doc" }
  }
}) {}
const { doc, draft, note } = Docs.keys
const live = Docs.modules({ doc: Docs.owner("doc"), note: Docs.owner("note") }).pipe(
  Layer.provide(MemoryStore.layer({ capacity: 100 }))
)

/** The keys of all families that are held after an invalidation of these parameters. */
const heldAfter = (where: object) =>
  Effect.gen(function*() {
    const id = "1"
    for (const rest of ["draft:old", "draft:old:2", "drafts", "note:1:old", "note"]) {
      yield* doc.set({ id, "*": rest }, rest)
    }
    yield* draft.set({ id }, "draft")
    yield* note.set({ id, n: "1" }, "note 1")
    yield* doc.invalidateWhere(where)
    const held: Array<string> = []
    for (const rest of ["draft:old", "draft:old:2", "drafts", "note:1:old", "note"]) {
      if (yield* doc.has({ id, "*": rest })) held.push(rest)
    }
    if (yield* draft.has({ id })) held.push("draft")
    if (yield* note.has({ id, n: "1" })) held.push("note 1")
    return held
  }).pipe(Effect.provide(live))

describe("value of `*` in invalidateWhere", () => {
  it.effect("keys that begin with the text of a part are invalidated, and the part is not", () =>
    Effect.gen(function*() {
      for (const where of [{ id: "1", "*": "draft" }, { "*": "draft" }]) {
        assert.deepStrictEqual(yield* heldAfter(where), ["drafts", "note:1:old", "note", "draft", "note 1"])
      }
    }))

  it.effect("keys that begin with the text of a carved-out family are invalidated, and that family is not", () =>
    Effect.gen(function*() {
      const held = ["draft:old", "draft:old:2", "drafts", "note", "draft", "note 1"]
      assert.deepStrictEqual(yield* heldAfter({ id: "1", "*": "note:1" }), held)
      assert.deepStrictEqual(
        yield* heldAfter({ id: "1", "*": "note" }),
        held.filter((key) => key !== "note")
      )
    }))

  it.effect("a text is refused if other families have every key that begins so", () =>
    Effect.gen(function*() {
      assert.strictEqual(reasonOf(yield* Effect.flip(heldAfter({ id: "1", "*": "log" }))), "InvalidKey")
    }))
})
