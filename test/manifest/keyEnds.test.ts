/**
 * A family whose pattern ends in `*` has keys of many lengths: every way to drop one key leaves the longer keys that
 * begin with it, in each arrangement of tiers and after a restart. A family without a lookup shows it, because there a
 * dropped value is lost.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { CacheEvent } from "../../src/cache/CacheEvent.ts"
import type { Slice } from "../../src/cache/Explanation.ts"
import { FamilyMarks, readMarked, writeSlice } from "../../src/cache/internal/marks/familyMarks.ts"
import { isWithin } from "../../src/cache/shared/slices.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as SensitiveKey from "../../src/pattern/SensitiveKey.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork, settle } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    note: { pattern: "w:{id}:*", value: Schema.String },
    // What is made from the notes with one segment after the id.
    title: { pattern: "title:{id}:{name}", value: Schema.String, derives: ["w:{id}:{name}"] },
    // What is made from the notes with more segments.
    index: { pattern: "index:{id}:{name}", value: Schema.String, derives: ["w:{id}:{name}:*"] },
    secret: { pattern: "secret:{id}:*", value: Schema.String, sensitive: true }
  }
}) {}
const { index, note, secret, title } = App.keys

const live = App.modules({
  note: App.owner("note"),
  title: App.owner("title"),
  index: App.owner("index"),
  secret: App.owner("secret")
})

const tiers = {
  memory: () => MemoryStore.layer({ capacity: 100 }),
  LMDB: (path: string) => LmdbStore.layer({ path, durability: "process" }),
  "memory over LMDB": (path: string) =>
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })])
}

const rests = ["q", "q:z", "q:z:y", "p"]

const keys = ["1", "2"].flatMap((id) => rests.map((rest) => ({ id, "*": rest })))

const titles = ["1", "2"].flatMap((id) => ["q", "p"].map((name) => ({ id, name })))

const write = Effect.andThen(
  Effect.forEach(keys, (key) => note.set(key, "written")),
  Effect.forEach(titles, (key) => Effect.andThen(title.set(key, "written"), index.set(key, "written")))
)

const held = Effect.gen(function*() {
  const notes = yield* Effect.filter(keys, (key) => Effect.map(note.getOption(key), (found) => found._tag === "Some"))
  const made = yield* Effect.filter(titles, (key) => Effect.map(title.getOption(key), (found) => found._tag === "Some"))
  const listed = yield* Effect.filter(titles, (key) => Effect.map(index.getOption(key), (one) => one._tag === "Some"))
  return [
    ...notes.map((key) => `${key.id}:${key["*"]}`),
    ...made.map(({ id, name }) => `title ${id}:${name}`),
    ...listed.map(({ id, name }) => `index ${id}:${name}`)
  ]
})

const indexes = ["index 1:q", "index 1:p", "index 2:q", "index 2:p"]

const all = [
  "1:q",
  "1:q:z",
  "1:q:z:y",
  "1:p",
  "2:q",
  "2:q:z",
  "2:q:z:y",
  "2:p",
  "title 1:q",
  "title 1:p",
  "title 2:q",
  "title 2:p",
  ...indexes
]

const without = (...dropped: ReadonlyArray<string>) => all.filter((key) => !dropped.includes(key))

const key = { id: "1", "*": "q" }
const longer = { id: "1", "*": "q:z" }
const within = App.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) => body)
const stale = { mode: "markStale" } as const

/** Each way to drop keys, with what it drops. */
const doors: Record<string, readonly [drop: Effect.Effect<unknown, unknown, any>, dropped: ReadonlyArray<string>]> = {
  "`delete`": [note.delete(key), ["1:q", "title 1:q"]],
  "`deleteMany`": [note.deleteMany([key]), ["1:q", "title 1:q"]],
  "`invalidate`": [note.invalidate(key), ["1:q", "title 1:q"]],
  "`invalidate` with `markStale`": [note.invalidate(key, stale), ["1:q", "title 1:q"]],
  "`invalidate` of a longer key": [note.invalidate(longer), ["1:q:z", "index 1:q"]],
  "`invalidate` of a longer key with `markStale`": [note.invalidate(longer, stale), ["1:q:z", "index 1:q"]],
  "`App.invalidate` of a key": [App.invalidate("w:1:q"), ["1:q", "title 1:q"]],
  "`App.invalidate` of a key with `markStale`": [App.invalidate("w:1:q", stale), ["1:q", "title 1:q"]],
  "`App.invalidate` of a longer key": [App.invalidate("w:1:q:z"), ["1:q:z", "index 1:q"]],
  "`App.invalidate` of a longer key with `markStale`": [App.invalidate("w:1:q:z", stale), ["1:q:z", "index 1:q"]],
  "`App.invalidate` of a pattern of one length": [
    App.invalidate("w:{id}:q"),
    ["1:q", "2:q", "title 1:q", "title 2:q"]
  ],
  "`App.invalidate` of all keys of one length": [
    App.invalidate("w:{id}:{a}:{b}"),
    ["1:q:z", "2:q:z", ...indexes]
  ],
  "`App.invalidate` of what lies under a key": [App.invalidate("w:1:q:*"), ["1:q:z", "1:q:z:y", "index 1:q"]],
  "`App.invalidate` of what lies under a key, with `markStale`": [
    App.invalidate("w:1:q:*", stale),
    ["1:q:z", "1:q:z:y", "index 1:q"]
  ],
  "`App.invalidate` of all keys from a length on": [
    App.invalidate("w:{id}:{a}:{b}:*"),
    ["1:q:z:y", "2:q:z:y", ...indexes]
  ],
  "`invalidateWhere` with all segments of a key, which are a prefix,": [
    note.invalidateWhere(key),
    ["1:q", "1:q:z", "1:q:z:y", "title 1:q", "index 1:q"]
  ],
  "`invalidate` in a transaction": [within(note.invalidate(key)), ["1:q", "title 1:q"]],
  "`invalidate` in a transaction with `markStale`": [within(note.invalidate(key, stale)), ["1:q", "title 1:q"]],
  "`delete` in a transaction": [within(note.delete(key)), ["1:q", "title 1:q"]],
  "`App.invalidate` in a transaction": [within(App.invalidate("w:1:q")), ["1:q", "title 1:q"]],
  "`App.invalidate` in a transaction, of what lies under a key,": [
    within(App.invalidate("w:1:q:*")),
    ["1:q:z", "1:q:z:y", "index 1:q"]
  ]
}

describe("a key of a family that ends in `*`", () => {
  for (const [arrangement, store] of Object.entries(tiers)) {
    for (const [door, [drop, dropped]] of Object.entries(doors)) {
      it.effect(`${door} drops no other key in ${arrangement}`, () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          const life = <A>(body: Effect.Effect<A, unknown, any>) =>
            Effect.provide(body, live.pipe(Layer.provide(store(path)), Layer.fresh)) as Effect.Effect<A, unknown>
          const before = yield* life(Effect.gen(function*() {
            yield* write
            assert.deepStrictEqual(yield* held, all)
            yield* drop
            return yield* held
          }))
          assert.deepStrictEqual(before, without(...dropped))
          if (arrangement !== "memory") assert.deepStrictEqual(yield* life(held), without(...dropped))
        }))
    }
  }

  it.effect("a transaction that has dropped it still reads the longer keys", () =>
    Effect.gen(function*() {
      yield* write
      for (const drop of [note.invalidate(key), note.invalidate(key, stale), App.invalidate("w:1:q")]) {
        yield* within(Effect.gen(function*() {
          yield* drop
          assert.deepStrictEqual(yield* held, without("1:q", "title 1:q"))
        }))
        yield* note.set(key, "written")
        yield* title.set({ id: "1", name: "q" }, "written")
      }
    }).pipe(Effect.provide(live.pipe(Layer.provide(tiers.memory())))) as Effect.Effect<void>)

  it.effect("events and histories say where the dropped keys end, also those of a sensitive family", () =>
    Effect.gen(function*() {
      const events: Array<CacheEvent> = []
      yield* fork(Stream.runForEach(App.events, (event) => Effect.sync(() => events.push(event))))
      yield* settle
      yield* App.invalidate("secret:1:q")
      yield* App.invalidate("secret:1:q:*")
      yield* settle
      const hidden = ["1", "q"].map(SensitiveKey.hash)
      assert.deepStrictEqual(
        events.flatMap((event) => event._tag === "Invalidated" ? [[event.scope, event.target]] : []),
        [
          [hidden.join(":"), { _tag: "Keys", positions: [0, 1, 2], values: [...hidden, ""] }],
          [`${hidden.join(":")}:*`, { _tag: "Keys", positions: [0, 1, 2], values: [...hidden, "*"] }]
        ]
      )
      const targetsOf = (key: typeof longer) =>
        Effect.map(secret.explain(key), ({ happenings }) => happenings.map(({ target }) => target))
      assert.deepStrictEqual(yield* targetsOf(key), [{ positions: [0, 1, 2], values: [...hidden, ""] }])
      assert.deepStrictEqual(yield* targetsOf(longer), [{ positions: [0, 1, 2], values: [...hidden, "*"] }])
    }).pipe(Effect.provide(live.pipe(Layer.provide(tiers.memory())))) as Effect.Effect<void>)
})

describe("the slice of a mark", () => {
  const slices: ReadonlyArray<readonly [slice: Slice, within: ReadonlyArray<string>]> = [
    [{ positions: [], values: [] }, ["", "1", "1:q", "1:q:z", "1:q:z:y"]],
    [{ positions: [0], values: ["1"] }, ["1", "1:q", "1:q:z", "1:q:z:y"]],
    [{ positions: [0, 1], values: ["1", "q"] }, ["1:q", "1:q:z", "1:q:z:y"]],
    [{ positions: [0, 1, 2], values: ["1", "q", ""] }, ["1:q"]],
    [{ positions: [0, 1, 2], values: ["1", "q", "*"] }, ["1:q:z", "1:q:z:y"]],
    [{ positions: [1, 2], values: ["q", ""] }, ["1:q"]],
    [{ positions: [2], values: [""] }, ["1:q"]],
    [{ positions: [3], values: [""] }, ["1:q:z"]],
    [{ positions: [2], values: ["*"] }, ["1:q:z", "1:q:z:y"]],
    // The only key of a family without parameters.
    [{ positions: [0], values: [""] }, [""]]
  ]
  const candidates = ["", "1", "1:q", "1:q:z", "1:q:z:y", "2"]

  for (const [slice, inside] of slices) {
    const spelt = writeSlice(slice, "hide")
    it(`${spelt} says where a key ends, for the key and for the marks, and when it is read again`, () => {
      const read = readMarked(spelt)
      assert.deepStrictEqual(read, { _tag: "keys", slice, mode: "hide" })
      const expected = slice.positions.length === 0 ? candidates : inside
      assert.deepStrictEqual(candidates.filter((one) => isWithin(slice, one)), expected)
      const marks = new FamilyMarks()
      marks.record(slice, "hide", 5, 0)
      assert.deepStrictEqual(candidates.filter((one) => marks.judge(one, 1) === "hidden"), expected)
      assert.isTrue(marks.hidesAll(slice, 5))
      assert.deepStrictEqual(Array.from(marks.upTo(5)), [{ slice, mode: "hide", stamp: 5 }])
    })
  }

  it("two slices of the same positions do not share a mark", () => {
    const marks = new FamilyMarks()
    marks.record({ positions: [0, 1, 2], values: ["1", "q", ""] }, "hide", 5, 0)
    marks.record({ positions: [0, 1, 2], values: ["1", "q", "z"] }, "hide", 4, 0)
    marks.record({ positions: [0, 1, 2], values: ["1", "q", "*"] }, "hide", 3, 0)
    assert.deepStrictEqual(
      ["1:q", "1:q:z", "1:q:y"].map((one) => [2, 3, 4, 5].find((stamp) => marks.judge(one, stamp) === "valid")),
      [5, 4, 3]
    )
  })
})
