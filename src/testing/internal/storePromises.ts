/**
 * Tests of `StoreSuite` for the promises that concern one family, marks, and restarts.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Codec from "../../store/Codec.ts"
import type { Entry } from "../../store/Entry.ts"
import { type Partition, Store, type StoreFamily } from "../../store/Store.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { PromiseBroken } from "../PromiseBroken.ts"
import { show } from "./shown.ts"

/** A test of a promise on a new store. */
export type Promised = readonly [
  name: string,
  body: Effect.Effect<void, StoreError | PromiseBroken, Store | Scope.Scope>
]

export const check = (kept: boolean, what: string): Effect.Effect<void, PromiseBroken> =>
  kept ? Effect.void : Effect.fail(new PromiseBroken({ what }))

export const same = (found: unknown, expected: unknown): Effect.Effect<void, PromiseBroken> =>
  check(Equal.equals(found, expected), `expected ${show(expected)} and found ${show(found)}`)

const Value = Schema.Struct({ text: Schema.String, n: Schema.Number })

export type Value = typeof Value.Type

export const family = (name: string, onEvict?: StoreFamily<Value>["onEvict"]): StoreFamily<Value> => ({
  name,
  render: (key) => `${name}:${key}`,
  parse: (rendered) => rendered.startsWith(`${name}:`) ? rendered.slice(name.length + 1) : undefined,
  codec: Codec.schema(Value),
  weigher: undefined,
  onEvict
})

export const opened = (name = "user"): Effect.Effect<Partition<Value>, StoreError, Store | Scope.Scope> =>
  Store.use((store) => store.open(family(name)))

const never = Number.POSITIVE_INFINITY

export const entry = (text: string, expiresAt = never): Entry<Value> => ({
  value: { text, n: text.length },
  stamp: 1,
  version: 1,
  freshUntil: expiresAt,
  expiresAt,
  costMillis: 0,
  tags: [],
  revision: undefined
})

export const textOf = (partition: Partition<Value>, key: string): Effect.Effect<string | undefined, StoreError> =>
  Effect.map(partition.get(key), (found) => found?.entry.value.text)

export const numbered = (count: number): ReadonlyArray<readonly [string, Entry<Value>]> =>
  Array.from({ length: count }, (_, n) => [`${n}`, entry(`value ${n}`)] as const)

const basics: ReadonlyArray<Promised> = [
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
        revision: "W/\"1\""
      }
      yield* users.set("full", full)
      yield* users.set("bare", { ...entry("bare"), revision: "" })
      const found = yield* users.get("full")
      yield* same(found?.entry, full)
      yield* same((yield* users.get("bare"))?.entry, { ...entry("bare"), revision: "" })
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

// Names and keys that a tier may confuse by their bytes, separators, object properties or hashes.
export const keys = [
  "",
  " ",
  ":",
  "::",
  ";",
  "<",
  "*",
  "\u0000",
  "\u0001",
  "a\u0000",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\uffff",
  "\ud83d\ude00",
  "\ud83d",
  "\ude00",
  "\ud800",
  "\ud801",
  "\ufffd",
  "__proto__",
  "constructor",
  "1",
  "01",
  "1.0",
  "x".repeat(1_000),
  "x".repeat(3_000),
  "x".repeat(3_001),
  "\u00e9".repeat(1_500),
  `${"x".repeat(3_000)}\ud800`,
  `${"x".repeat(3_000)}\ud801`
]

const oddKeys: ReadonlyArray<Promised> = [
  [
    "a tier never confuses two keys",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* users.setMany(keys.map((key, at) => [key, entry(`${at}`)]))
      const found = yield* users.getMany(keys)
      yield* same(found.map((found) => found?.entry.value.text), keys.map((_, at) => `${at}`))
      const listed = yield* Stream.runCollect(users.entries)
      yield* same(new Set(listed.map(([key]) => key)), new Set(keys))
      for (const [at, key] of keys.entries()) {
        yield* users.remove([key])
        yield* same(yield* users.get(key), undefined)
        const next = keys[at + 1]
        if (next !== undefined) yield* same(yield* textOf(users, next), `${at + 1}`)
      }
    })
  ]
]

const time: ReadonlyArray<Promised> = [
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

const order: ReadonlyArray<Promised> = [
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

export const stamps = (marks: ReadonlyArray<{ readonly scope: string; readonly stamp: number }>) =>
  new Map(marks.map(({ scope, stamp }) => [scope, stamp]))

const marks: ReadonlyArray<Promised> = [
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
    "a mark is dropped only if its stamp is still the given one",
    Effect.gen(function*() {
      const store = yield* Store
      yield* store.recordMarks([{ scope: "old", stamp: 1 }, { scope: "renewed", stamp: 1 }])
      yield* store.recordMarks([{ scope: "renewed", stamp: 2 }])
      yield* store.dropMarks([{ scope: "old", stamp: 1 }, { scope: "renewed", stamp: 1 }, {
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

const sweeps: ReadonlyArray<Promised> = [
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

/** Tests for every tier. */
export const always: ReadonlyArray<Promised> = [...basics, ...oddKeys, ...time, ...order, ...marks, ...sweeps]

/** A test across a restart: the work before it, and the checks after it. */
export interface Restarted {
  readonly name: string
  readonly before: Promised[1]
  readonly after: Promised[1]
}

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
      yield* store.dropMarks([{ scope: "tag", stamp: 8 }])
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
