/**
 * Promises of a store across a restart, for a tier that outlives its process.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Store } from "../../store/Store.ts"
import { check, entry, numbered, opened, type Restarted, same, stamps } from "./promise.ts"

/** Tests for a tier that outlives its process. */
export const restarted: ReadonlyArray<Restarted> = [
  {
    name: "entries that were set are there after a restart, and removed and cleared entries are not",
    before: Effect.gen(function*() {
      const [users, posts] = [yield* opened(), yield* opened("post")]
      yield* users.setMany(numbered(100))
      yield* posts.setMany(numbered(100))
      yield* users.remove(["1"])
      yield* posts.clear
      yield* posts.set("5", entry("after clear"))
      yield* users.set("2", entry("replaced"))
    }),
    after: Effect.gen(function*() {
      const [posts, users] = [yield* opened("post"), yield* opened()]
      const found = yield* users.getMany(["0", "1", "2", "99"])
      yield* same(found.map((found) => found?.entry.value.text), ["value 0", undefined, "replaced", "value 99"])
      yield* same((yield* Stream.runCollect(posts.entries)).map(([key]) => key), ["5"])
    })
  },
  {
    name: "marks are there after a restart, and stampMax is not below them",
    before: Effect.gen(function*() {
      const store = yield* Store
      yield* store.recordMarks([{ scope: "user", stamp: 100_000 }, { scope: "tag", stamp: 8 }])
      yield* store.recordMarks([{ scope: "user", stamp: 7 }])
      yield* store.removeMarks([{ scope: "tag", stamp: 8 }])
    }),
    after: Effect.gen(function*() {
      const log = yield* Store.use((store) => store.loadMarks)
      yield* same(stamps(log.marks), new Map([["user", 100_000]]))
      yield* check(log.stampMax >= 100_000, `stampMax is ${log.stampMax}`)
    })
  },
  {
    name: "stampMax is not below the stamp of an entry after a restart",
    before: Effect.gen(function*() {
      const users = yield* opened()
      yield* users.set("1", { ...entry("one"), stamp: 100_000 })
    }),
    after: Effect.gen(function*() {
      const { stampMax } = yield* Store.use((store) => store.loadMarks)
      yield* check(stampMax >= 100_000, `stampMax is ${stampMax}`)
    })
  },
  {
    name: "versionMax is not below the version of an entry after a restart, even if the entry was removed",
    before: Effect.gen(function*() {
      // Where several tiers push down, the lowest one gets it when the family is closed.
      yield* Effect.scoped(Effect.flatMap(opened(), (users) =>
        Effect.andThen(
          users.set("1", { ...entry("one"), version: 200_000 }),
          users.setMany([["2", { ...entry("two"), version: 100_000 }]])
        )))
      const users = yield* opened()
      yield* users.remove(["1"])
    }),
    after: Effect.gen(function*() {
      const { versionMax } = yield* Store.use((store) => store.loadMarks)
      yield* check(versionMax !== undefined && versionMax >= 200_000, `versionMax is ${versionMax}`)
    })
  },
  {
    name: "an entry whose time was over before the restart is absent after it",
    before: Effect.gen(function*() {
      const users = yield* opened()
      const now = yield* Clock.currentTimeMillis
      yield* users.set("1", entry("one", now + 1_000))
      yield* users.set("2", entry("two", now + 100_000))
      yield* TestClock.adjust(1_000)
    }),
    after: Effect.gen(function*() {
      const users = yield* opened()
      const found = yield* users.getMany(["1", "2"])
      yield* same(found.map((found) => found?.entry.value.text), [undefined, "two"])
    })
  }
]
