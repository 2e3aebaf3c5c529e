/**
 * Tests of `StoreSuite` for rounds: changes of several families that belong together.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { Entry } from "../../store/Entry.ts"
import { type Partition, Store } from "../../store/Store.ts"
import { entry, numbered, opened, type Promised, type Restarted, same, stamps, textOf, type Value } from "./promise.ts"

/** The part of a round that concerns one family. */
const changeOf = Effect.fnUntraced(function*(
  partition: Partition<Value>,
  set: ReadonlyArray<readonly [key: string, entry: Entry<Value>]>,
  removed: ReadonlyArray<string> = [],
  cleared = false
) {
  const prepared = yield* Effect.forEach(
    set,
    ([key, entry]) => Effect.map(partition.prepare(key, entry), (prepared) => ({ key, entry, prepared }))
  )
  return { partition, cleared, removed, set: prepared }
})

export const rounds: ReadonlyArray<Promised> = [
  [
    "a round changes several families, and keeps its marks",
    Effect.gen(function*() {
      const store = yield* Store
      const [users, posts] = [yield* opened(), yield* opened("post")]
      yield* users.setMany([["1", entry("old")], ["2", entry("two")], ["3", entry("three")]])
      yield* posts.setMany([["1", entry("old")], ["2", entry("gone")]])
      yield* store.write({
        changes: [
          yield* changeOf(users, [["1", entry("new")], ["4", entry("four")]], ["2", "absent"]),
          yield* changeOf(posts, [["1", entry("new")]], [], true)
        ],
        marks: [{ scope: "user", stamp: 7 }]
      })
      const found = yield* users.getMany(["1", "2", "3", "4"])
      yield* same(found.map((found) => found?.entry.value.text), ["new", undefined, "three", "four"])
      const left = yield* posts.getMany(["1", "2"])
      yield* same(left.map((found) => found?.entry.value.text), ["new", undefined])
      yield* same(stamps((yield* store.loadMarks).marks).get("user"), 7)
    })
  ],
  [
    "a round without changes and marks does nothing",
    Effect.gen(function*() {
      const store = yield* Store
      yield* store.write({ changes: [], marks: [] })
      const users = yield* opened()
      yield* store.write({ changes: [yield* changeOf(users, [])], marks: [] })
      yield* same(yield* Stream.runCollect(users.entries), [])
    })
  ],
  [
    "preparing a value changes nothing, and its entry may be made later",
    Effect.gen(function*() {
      const store = yield* Store
      const users = yield* opened()
      yield* users.set("1", entry("old"))
      const change = yield* changeOf(users, [["1", entry("new")]])
      yield* same(yield* textOf(users, "1"), "old")
      const later = { ...entry("new"), stamp: 9, version: 9 }
      yield* store.write({ changes: [{ ...change, set: [{ ...change.set[0]!, entry: later }] }], marks: [] })
      yield* same((yield* users.get("1"))?.entry, later)
    })
  ],
  [
    "reads see every entry of a large round as soon as it returns",
    Effect.gen(function*() {
      const store = yield* Store
      const users = yield* opened()
      const many = numbered(600)
      yield* store.write({ changes: [yield* changeOf(users, many)], marks: [] })
      const found = yield* users.getMany(many.map(([key]) => key))
      for (const [at, [, { value }]] of many.entries()) yield* same(found[at]?.entry.value, value)
    })
  ],
  [
    "rounds and other writes of a family take effect in the order in which they were called",
    Effect.gen(function*() {
      const store = yield* Store
      const users = yield* opened()
      const round = { changes: [yield* changeOf(users, [["1", entry("round")]])], marks: [] }
      const set = yield* Effect.forkChild(users.set("1", entry("set")), { startImmediately: true })
      const first = yield* Effect.forkChild(store.write(round), { startImmediately: true })
      yield* Fiber.join(set)
      yield* Fiber.join(first)
      yield* same(yield* textOf(users, "1"), "round")
      const second = yield* Effect.forkChild(store.write(round), { startImmediately: true })
      yield* users.set("1", entry("last"))
      yield* Fiber.join(second)
      yield* same(yield* textOf(users, "1"), "last")
    })
  ]
]

/** The test of a round across a restart. */
export const restarted: ReadonlyArray<Restarted> = [
  {
    name: "a round that returned, and its marks, are there after a restart",
    before: Effect.gen(function*() {
      const store = yield* Store
      const [users, posts] = [yield* opened(), yield* opened("post")]
      yield* users.setMany([["1", entry("old")], ["2", entry("gone")]])
      yield* posts.setMany(numbered(10))
      yield* store.write({
        changes: [
          yield* changeOf(users, [["1", entry("new")]], ["2"]),
          yield* changeOf(posts, [["5", entry("after clear")]], [], true)
        ],
        marks: [{ scope: "user", stamp: 7 }]
      })
    }),
    after: Effect.gen(function*() {
      const [posts, users] = [yield* opened("post"), yield* opened()]
      yield* same((yield* users.getMany(["1", "2"])).map((found) => found?.entry.value.text), ["new", undefined])
      yield* same((yield* Stream.runCollect(posts.entries)).map(([key]) => key), ["5"])
      yield* same(stamps((yield* Store.use((store) => store.loadMarks)).marks).get("user"), 7)
    })
  }
]
