/**
 * Pages of the LMDB tier: they hold no read transaction open, end at a number of bytes, and see what is not committed.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Codec from "../../../src/store/Codec.ts"
import * as LmdbStore from "../../../src/store/lmdb/LmdbStore.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { entryOf, familyOf, textFamily } from "../../support/partition.ts"

const opened = Effect.gen(function*() {
  const path = yield* temporaryFolder
  const store = yield* LmdbStore.make({ path, durability: "process" })
  const bytes = () => Fs.readdirSync(path).reduce((sum, name) => sum + Fs.statSync(Path.join(path, name)).size, 0)
  return { bytes, store }
})

describe("page of the LMDB tier", () => {
  it.effect("a scan that stops half-way keeps no page of the file: the file does not grow while entries are replaced", () =>
    Effect.gen(function*() {
      const { bytes, store } = yield* opened
      const users = yield* store.open(textFamily("user"))
      const all = (round: number) =>
        Array.from({ length: 200 }, (_, n) => [`${n}`, entryOf(`${round} ${"x".repeat(1_000)}`)] as const)
      for (let round = 0; round < 5; round++) yield* users.setMany(all(round))
      const { next } = yield* users.page!(undefined, 50)
      assert.isDefined(next)
      const before = bytes()
      for (let round = 0; round < 60; round++) {
        yield* users.setMany(all(round))
        // The driver ends a read transaction a turn of the event loop later.
        yield* Effect.promise(() => new Promise((resume) => setImmediate(resume)))
      }
      assert.isBelow(bytes(), 3 * before, "60 rounds of 200 KB would be 12 MB, if old pages were kept")
      assert.lengthOf((yield* users.page!(next, 512)).entries, 150)
    }))

  it.effect("a page ends after some megabytes of values, and the next one goes on there", () =>
    Effect.gen(function*() {
      const { store } = yield* opened
      const users = yield* store.open(textFamily("user"))
      for (let n = 0; n < 20; n++) yield* users.set(`${n}`, entryOf("x".repeat(1_000_000)))
      const seen: Array<string> = []
      let pages = 0
      let after: string | undefined
      do {
        const page = yield* users.page!(after, 100)
        assert.isAtMost(page.entries.length, 6)
        for (const [key] of page.entries) seen.push(key)
        after = page.next
        pages++
      } while (after !== undefined)
      assert.isAbove(pages, 3)
      assert.sameMembers(seen, Array.from({ length: 20 }, (_, n) => `${n}`))
    }))

  it.effect("values whose codec takes its time are in the pages, in their places", () =>
    Effect.gen(function*() {
      const { store } = yield* opened
      const texts = Codec.schema(Schema.String)
      const later: Codec.Codec<string> = {
        ...texts,
        encode: (value) => Effect.andThen(Effect.yieldNow, texts.encode(value)),
        decode: (bytes) => Effect.andThen(Effect.yieldNow, texts.decode(bytes))
      }
      const users = yield* store.open(familyOf("user", { codec: later }))
      yield* Effect.forEach(["b", "a", "c"], (key) => users.set(key, entryOf(`of ${key}`)))
      const { entries, next } = yield* users.page!(undefined, 3)
      assert.deepStrictEqual(entries.map(([key, { value }]) => [key, value]), [["a", "of a"], ["b", "of b"], [
        "c",
        "of c"
      ]])
      assert.deepStrictEqual(yield* users.page!(next, 3), { entries: [], next: undefined })
    }))

  it.effect("a bookmark of another family, or beyond the end, leads to no entry of another family", () =>
    Effect.gen(function*() {
      const { store } = yield* opened
      const [users, posts] = [yield* store.open(textFamily("user")), yield* store.open(textFamily("post"))]
      yield* users.set("u", entryOf("user"))
      yield* posts.set("p", entryOf("post"))
      for (const after of [":", ":~", ";", ";zzzz", ":u", ":p"]) {
        for (const [of, own] of [[users, "u"], [posts, "p"]] as const) {
          const { entries } = yield* of.page!(after, 10)
          for (const [key] of entries) assert.strictEqual(key, own)
        }
      }
    }))
})
