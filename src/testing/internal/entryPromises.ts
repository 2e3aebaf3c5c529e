/**
 * Promises of a family of a store about one entry and about many: reads, writes, removal, and its size.
 *
 * Not here: time, races, marks and restarts, which have files of their own beside this one.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Entry } from "../../store/Entry.ts"
import { Store } from "../../store/Store.ts"
import { check, entry, family, never, numbered, opened, type Promised, same, textOf, type Value } from "./promise.ts"

export const basics: ReadonlyArray<Promised> = [
  [
    "a key that was never set is absent",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* same(yield* users.get("1"), undefined)
      yield* same(yield* users.getMany([]), [])
    })
  ],
  [
    "a get returns every part of the entry that was set",
    Effect.gen(function*() {
      const users = yield* opened()
      const full: Entry<Value> = {
        value: { text: "ada \ud83d\ude00 \ud800", n: -0.5 },
        stamp: 2 ** 40 + 1,
        version: 1_700_000_000_000_123,
        freshUntil: 2 ** 41,
        expiresAt: 2 ** 42,
        costMillis: 12.25,
        tags: ["", "tag", "\u00e9", "\udfff"],
        revision: "W/\"1\"",
        ownLifetimeMillis: 2 ** 41 + 0.5
      }
      yield* users.set("full", full)
      yield* users.set("bare", { ...entry("bare"), revision: "" })
      yield* users.set("for ever", { ...entry("for ever"), ownLifetimeMillis: never })
      const found = yield* users.get("full")
      yield* same(found?.entry, full)
      yield* same((yield* users.get("bare"))?.entry, { ...entry("bare"), revision: "" })
      yield* same((yield* users.get("for ever"))?.entry, { ...entry("for ever"), ownLifetimeMillis: never })
      yield* check(found !== undefined && found.tier.length > 0, "a found entry must say its tier")
    })
  ],
  [
    "a family without a codec keeps live values, or is refused with `InvalidStoreOptions`",
    Effect.gen(function*() {
      const opening = Store.use((store) => store.open({ ...family("live"), codec: undefined }))
      const users = yield* Effect.result(opening)
      if (users._tag === "Failure") {
        return yield* same(users.failure.reason._tag, "InvalidStoreOptions")
      }
      const live = entry("live")
      yield* users.success.set("1", live)
      const found = yield* users.success.get("1")
      yield* check(found?.entry.value === live.value, "a tier without a codec must return the value that it was given")
    })
  ],
  [
    "a set replaces what was there",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* users.set("1", entry("old"))
      yield* users.set("1", entry("new"))
      yield* same(yield* textOf(users, "1"), "new")
    })
  ],
  [
    "a removed key is absent, and can be set again",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* users.setMany([["1", entry("one")], ["2", entry("two")], ["3", entry("three")]])
      yield* users.remove(["1", "2", "absent"])
      yield* same(yield* users.getMany(["1", "2"]), [undefined, undefined])
      yield* same(yield* textOf(users, "3"), "three")
      yield* users.remove([])
      yield* users.set("1", entry("again"))
      yield* same(yield* textOf(users, "1"), "again")
    })
  ],
  [
    "getMany answers each key in its place, absent and repeated keys too",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* users.setMany([["1", entry("one")], ["2", entry("two")]])
      const found = yield* users.getMany(["2", "absent", "1", "2"])
      yield* same(found.map((found) => found?.entry.value.text), ["two", undefined, "one", "two"])
    })
  ],
  [
    "if setMany names a key twice, the last entry stays",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* users.setMany([["1", entry("first")], ["2", entry("two")], ["1", entry("last")]])
      yield* same(yield* textOf(users, "1"), "last")
      yield* users.setMany([])
    })
  ],
  [
    "clear empties its family, and does not change another one",
    Effect.gen(function*() {
      const [users, posts] = [yield* opened(), yield* opened("post")]
      yield* users.setMany(numbered(600))
      yield* posts.set("1", entry("post"))
      yield* users.clear
      yield* same(yield* users.getMany(["0", "599"]), [undefined, undefined])
      yield* same(yield* Stream.runCollect(users.entries), [])
      yield* same(yield* textOf(posts, "1"), "post")
      yield* users.set("0", entry("again"))
      yield* same(yield* textOf(users, "0"), "again")
    })
  ],
  [
    "families with the same keys do not share entries",
    Effect.gen(function*() {
      const names = ["a", "b", "a:b", "1", "1:"]
      const partitions = yield* Effect.forEach(names, opened)
      const keys = ["b:x", "x", ":x", ""]
      for (const [at, partition] of partitions.entries()) {
        for (const key of keys) yield* partition.set(key, entry(`${names[at]}/${key}`))
      }
      for (const [at, partition] of partitions.entries()) {
        for (const key of keys) yield* same(yield* textOf(partition, key), `${names[at]}/${key}`)
      }
    })
  ],
  [
    "a family that is opened twice has the same entries both times",
    Effect.gen(function*() {
      const [first, second] = [yield* opened(), yield* opened()]
      yield* first.set("1", entry("one"))
      yield* same(yield* textOf(second, "1"), "one")
      yield* second.remove(["1"])
      yield* same(yield* textOf(first, "1"), undefined)
    })
  ],
  [
    "entries survive when a family is closed and opened again",
    Effect.gen(function*() {
      yield* Effect.scoped(Effect.flatMap(opened(), (users) => users.set("1", entry("one"))))
      yield* same(yield* textOf(yield* opened(), "1"), "one")
    })
  ],
  [
    "entries gives each entry once",
    Effect.gen(function*() {
      const [users, posts] = [yield* opened(), yield* opened("post")]
      yield* posts.set("0", entry("post"))
      yield* users.setMany(numbered(1_300))
      yield* users.remove(["7", "700"])
      const found = yield* Stream.runCollect(users.entries)
      yield* same(found.length, 1_298)
      const texts = new Map(found.map(([key, entry]) => [key, entry.value.text]))
      yield* same(texts.size, 1_298)
      for (const [key, text] of texts) yield* same(text, `value ${key}`)
    })
  ],
  [
    "onEvict is not called for removals",
    Effect.gen(function*() {
      const store = yield* Store
      const heard: Array<string> = []
      const users = yield* store.open(family("user", (key) => heard.push(key)))
      yield* users.setMany(numbered(3))
      yield* users.set("0", entry("replaced"))
      yield* users.remove(["0"])
      yield* users.clear
      yield* TestClock.adjust("1 minute")
      yield* same(heard, [])
    })
  ]
]

/** Tests for a tier with an exact `size`. */
export const sizes: ReadonlyArray<Promised> = [
  [
    "size is the number of entries",
    Effect.gen(function*() {
      const [users, posts] = [yield* opened(), yield* opened("post")]
      yield* same(yield* users.size, 0)
      yield* users.setMany(numbered(700))
      yield* posts.setMany(numbered(3))
      yield* users.set("0", entry("replaced"))
      yield* same(yield* users.size, 700)
      yield* users.remove(["1", "2", "absent"])
      yield* same(yield* users.size, 698)
      yield* users.clear
      yield* same(yield* users.size, 0)
      yield* same(yield* posts.size, 3)
    })
  ]
]
