/**
 * Promises of a store about marks, and about sweeps, which remove what marks hide.
 *
 * A store compares the scopes of marks for equality. It gives them no meaning, so the tests take any text.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Store } from "../../store/Store.ts"
import { check, entry, keys, never, numbered, opened, type Promised, same, stamps, textOf } from "./promise.ts"

export const marks: ReadonlyArray<Promised> = [
  [
    "a new store has no marks, and no stamp above those of its entries",
    Effect.gen(function*() {
      const store = yield* Store
      const log = yield* store.loadMarks
      yield* same(log.marks, [])
      yield* check(log.stampMax >= 0, `a stamp is not below 0: ${log.stampMax}`)
    })
  ],
  [
    "each scope keeps its greatest stamp",
    Effect.gen(function*() {
      const store = yield* Store
      yield* store.recordMarks([{ scope: "user", stamp: 5 }, { scope: "tag:a", stamp: 9 }])
      yield* store.recordMarks([{ scope: "user", stamp: 4 }, { scope: "tag:a", stamp: 10 }])
      yield* store.recordMarks([{ scope: "both", stamp: 3 }, { scope: "both", stamp: 2 }])
      yield* store.recordMarks([])
      yield* same(stamps((yield* store.loadMarks).marks), new Map([["user", 5], ["tag:a", 10], ["both", 3]]))
    })
  ],
  [
    "marks that are recorded at once are all kept, each with its greatest stamp",
    Effect.gen(function*() {
      const store = yield* Store
      yield* Effect.forEach(
        Array.from({ length: 40 }, (_, n) => n + 1),
        (stamp) => store.recordMarks([{ scope: `${stamp % 4}`, stamp }]),
        { concurrency: "unbounded", discard: true }
      )
      yield* same(stamps((yield* store.loadMarks).marks), new Map([["1", 37], ["2", 38], ["3", 39], ["0", 40]]))
    })
  ],
  [
    "a mark is removed only if its stamp is still the given one",
    Effect.gen(function*() {
      const store = yield* Store
      yield* store.recordMarks([{ scope: "old", stamp: 1 }, { scope: "renewed", stamp: 1 }])
      yield* store.recordMarks([{ scope: "renewed", stamp: 2 }])
      yield* store.removeMarks([{ scope: "old", stamp: 1 }, { scope: "renewed", stamp: 1 }, {
        scope: "absent",
        stamp: 1
      }])
      yield* same(stamps((yield* store.loadMarks).marks), new Map([["renewed", 2]]))
    })
  ],
  [
    "a tier never confuses two scopes",
    Effect.gen(function*() {
      const store = yield* Store
      yield* store.recordMarks(keys.map((scope, at) => ({ scope, stamp: at + 1 })))
      yield* same(stamps((yield* store.loadMarks).marks), new Map(keys.map((scope, at) => [scope, at + 1])))
    })
  ],
  [
    "stampMax is never below a stamp of an entry or a mark, nor below itself before",
    Effect.gen(function*() {
      const store = yield* Store
      const users = yield* opened()
      let before = (yield* store.loadMarks).stampMax
      for (const stamp of [3, 70_000, 12, 2 ** 45]) {
        if (stamp === 12) yield* store.recordMarks([{ scope: "s", stamp: 200_000 }])
        yield* users.set("1", { ...entry("one"), stamp })
        const { stampMax } = yield* store.loadMarks
        yield* check(stampMax >= stamp && stampMax >= before, `stampMax is ${stampMax} after a stamp of ${stamp}`)
        before = stampMax
      }
      yield* check(before >= 200_000, `stampMax is ${before} after a mark of 200000`)
    })
  ]
]

export const sweeps: ReadonlyArray<Promised> = [
  [
    "a sweep asks about every entry, with its key, stamp and tags, and follows the answers",
    Effect.gen(function*() {
      const users = yield* opened()
      const others = yield* opened("other")
      const long = "long ".repeat(800)
      const all = ["removed", "limited", "left", long, "again"]
      yield* others.set("removed", entry("other"))
      yield* users.setMany(all.map((key, at) => [key, { ...entry(key), stamp: at + 1, tags: [`tag ${at}`] }]))
      yield* users.set("again", { ...entry("again"), stamp: 9, version: 2, revision: "r" })
      const asked = new Map<string, readonly [number, ReadonlyArray<string>]>()
      const endsAt = 4_102_444_800_000
      yield* users.sweep((key, stamp, tags) => {
        asked.set(key, [stamp, tags])
        return key === "removed" || key === long ? -Infinity : key === "left" ? Infinity : endsAt
      })
      const expected = all.map((key, at) => [key, key === "again" ? [9, []] : [at + 1, [`tag ${at}`]]] as const)
      yield* same(asked, new Map(expected))
      yield* same(yield* textOf(users, "removed"), undefined)
      yield* same(yield* textOf(users, long), undefined)
      yield* same(yield* textOf(others, "removed"), "other")
      const kept = yield* users.getMany(["limited", "left", "again"])
      yield* same(kept.map((found) => found?.entry.freshUntil), [endsAt, never, endsAt])
      yield* same(kept.map((found) => found?.entry.expiresAt), [never, never, never])
      yield* same(kept.map((found) => found?.entry.revision), [undefined, undefined, "r"])
      yield* same(kept.map((found) => found?.entry.value.text), ["limited", "left", "again"])
    })
  ],
  [
    "a sweep changes no value that is set while it runs",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* users.setMany(numbered(2_000))
      const sweep = yield* Effect.forkChild(users.sweep((_key, stamp) => stamp === 1 ? -Infinity : Infinity))
      for (let n = 0; n < 2_000; n += 7) yield* users.set(`${n}`, { ...entry("new"), stamp: 2, version: 2 })
      yield* Fiber.join(sweep)
      const read = yield* users.getMany(numbered(2_000).map(([key]) => key))
      yield* same(read.map((found) => found?.entry.value.text), read.map((_, n) => n % 7 === 0 ? "new" : undefined))
    })
  ]
]
