/**
 * Promises of a family of a store about time, and about operations that are under way together.
 *
 * Time is that of `TestClock`, and no test waits for a real clock.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { check, entry, opened, type Promised, same, textOf } from "./promise.ts"

export const time: ReadonlyArray<Promised> = [
  [
    "an entry is there until its time is over, and absent from then on",
    Effect.gen(function*() {
      const users = yield* opened()
      const now = yield* Clock.currentTimeMillis
      yield* users.set("1", entry("one", now + 1_000))
      yield* users.set("2", entry("two"))
      yield* TestClock.adjust(999)
      yield* same(yield* textOf(users, "1"), "one")
      yield* TestClock.adjust(1)
      yield* same(yield* users.getMany(["1", "1"]), [undefined, undefined])
      yield* same((yield* Stream.runCollect(users.entries)).map(([key]) => key), ["2"])
      yield* TestClock.adjust("1 hour")
      yield* same(yield* users.get("1"), undefined)
      yield* same(yield* textOf(users, "2"), "two")
    })
  ],
  [
    "an entry whose time is over when it is set is absent",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* TestClock.adjust(1_000)
      yield* users.set("1", entry("before"))
      yield* users.set("1", entry("over", 1_000))
      yield* same(yield* users.get("1"), undefined)
    })
  ],
  [
    "an entry lives as long as the last set says, longer or shorter",
    Effect.gen(function*() {
      const users = yield* opened()
      const now = yield* Clock.currentTimeMillis
      yield* users.setMany([["longer", entry("old", now + 100)], ["shorter", entry("old", now + 60_000)]])
      yield* users.setMany([["longer", entry("new", now + 60_000)], ["shorter", entry("new", now + 100)]])
      yield* users.set("for ever", entry("old", now + 100))
      yield* users.set("for ever", entry("new"))
      yield* TestClock.adjust(30_000)
      const found = yield* users.getMany(["longer", "shorter", "for ever"])
      yield* same(found.map((found) => found?.entry.value.text), ["new", undefined, "new"])
    })
  ],
  [
    "a key can be set again when the time of its entry is over",
    Effect.gen(function*() {
      const users = yield* opened()
      const now = yield* Clock.currentTimeMillis
      yield* users.set("1", entry("old", now + 10))
      yield* TestClock.adjust(10)
      yield* users.set("1", entry("new", now + 60_000))
      yield* TestClock.adjust(20_000)
      yield* same(yield* textOf(users, "1"), "new")
    })
  ]
]

export const order: ReadonlyArray<Promised> = [
  [
    "a read sees every write that returned before it, however many are under way",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* Effect.forEach(
        Array.from({ length: 50 }, (_, n) => `${n}`),
        Effect.fnUntraced(function*(key) {
          for (let round = 0; round < 10; round++) {
            yield* users.set(key, entry(`${round}`))
            yield* same(yield* textOf(users, key), `${round}`)
            if (round % 3 === 0) yield* Effect.yieldNow
            if (round % 4 === 0) {
              yield* users.remove([key])
              yield* same(yield* users.get(key), undefined)
            }
          }
        }),
        { concurrency: "unbounded", discard: true }
      )
      const found = yield* users.getMany(Array.from({ length: 50 }, (_, n) => `${n}`))
      yield* same(new Set(found.map((found) => found?.entry.value.text)), new Set(["9"]))
    })
  ],
  [
    "writes of a key take effect in the order in which they were called",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* users.set("1", entry("before"))
      const remove = yield* Effect.forkChild(users.remove(["1"]), { startImmediately: true })
      yield* users.set("1", entry("after"))
      yield* Fiber.join(remove)
      yield* same(yield* textOf(users, "1"), "after")
      const set = yield* Effect.forkChild(users.set("1", entry("last")), { startImmediately: true })
      yield* users.remove(["1"])
      yield* Fiber.join(set)
      yield* same(yield* users.get("1"), undefined)
      const clear = yield* Effect.forkChild(users.clear, { startImmediately: true })
      yield* users.set("1", entry("after clear"))
      yield* Fiber.join(clear)
      yield* same(yield* textOf(users, "1"), "after clear")
    })
  ],
  [
    "if several writes of one key run at once, one of them wins, and its value stays",
    Effect.gen(function*() {
      const users = yield* opened()
      const texts = Array.from({ length: 20 }, (_, n) => `${n}`)
      yield* Effect.forEach(texts, (text) => users.set("1", entry(text)), { concurrency: "unbounded", discard: true })
      const won = yield* textOf(users, "1")
      yield* check(won !== undefined && texts.includes(won), `expected one of the values and found ${won}`)
      yield* users.remove(["other"])
      yield* same(yield* textOf(users, "1"), won)
    })
  ]
]
