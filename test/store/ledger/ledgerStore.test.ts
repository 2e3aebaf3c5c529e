/** A store over a ledger: what two processes see of each other's rounds, and what it refuses. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as LedgerNode from "../../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../../src/store/internal/ledger/ledgerStore.ts"
import type { News } from "../../../src/store/Store.ts"
import { makeLine, over, SimPlace } from "../../support/ledger/simPlace.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const process = Effect.fnUntraced(function*(place: SimPlace) {
  const store = yield* LedgerStore.make(yield* LedgerNode.make(over(place, makeLine()), { answerMillis: 1_000 }))
  const users = yield* store.open(textFamily("app/user"))
  const heard: Array<News> = []
  yield* store.news!((news) => heard.push(news))
  const set = (key: string, value: string) => users.set(key, entryOf(value, { stamp: store.commons.stamp }))
  const value = (key: string) => Effect.map(users.get(key), (found) => found?.entry.value)
  return { store, users, heard, set, value }
})

const two = Effect.gen(function*() {
  const place = yield* SimPlace.make()
  return { place, a: yield* process(place), b: yield* process(place) }
})

describe("a store over a ledger", () => {
  it.effect("a round of one process is one piece of news for the other, and none for itself", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two
      const entry = entryOf("one", { stamp: a.store.commons.stamp })
      const prepared = yield* a.users.prepare("1", entry)
      yield* a.store.write({
        changes: [{ partition: a.users, cleared: false, removed: ["2"], set: [{ key: "1", entry, prepared }] }],
        marks: [{ scope: "app/user|m", stamp: ++a.store.commons.stamp }]
      })
      assert.lengthOf(a.heard, 0)
      assert.lengthOf(b.heard, 1)
      const [news] = b.heard
      assert.strictEqual(news!._tag, "Changed")
      if (news!._tag !== "Changed") return
      assert.deepStrictEqual(news!.keys.map(([, key]) => key).toSorted(), ["1", "2"])
      assert.deepStrictEqual(news!.marks.map(({ scope }) => scope), ["app/user|m"])
    }))

  it.effect("a value that replaces nothing is not news", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two
      const entry = entryOf("one", { stamp: a.store.commons.stamp })
      const set = [{ key: "1", entry, prepared: yield* a.users.prepare("1", entry), replaces: false }]
      yield* a.store.write({ changes: [{ partition: a.users, cleared: false, removed: [], set }], marks: [] })
      assert.lengthOf(b.heard, 0)
      assert.strictEqual(yield* b.value("1"), "one")
    }))

  it.effect("a family that one process clears is empty for both, and keeps what is set afterwards", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two
      yield* a.set("1", "one")
      yield* b.set("2", "two")
      yield* a.users.clear
      assert.deepStrictEqual(yield* Effect.all([a.value("1"), b.value("1"), a.value("2"), b.value("2")]), [
        undefined,
        undefined,
        undefined,
        undefined
      ])
      assert.deepStrictEqual(b.heard.at(-1)?._tag, "Changed")
      assert.isTrue(b.heard.some((news) => news._tag === "Cleared" && news.families.includes("app/user")))
      yield* b.set("1", "new")
      assert.strictEqual(yield* a.value("1"), "new")
    }))

  it.effect("a value that is older than a mark of its process is older than it for every process", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two
      const entry = entryOf("old", { stamp: a.store.commons.stamp })
      const prepared = yield* a.users.prepare("1", entry)
      const mark = { scope: "app/user|m", stamp: ++a.store.commons.stamp }
      yield* a.store.recordMarks([mark])
      const set = [{ key: "1", entry, prepared }]
      yield* a.store.write({ changes: [{ partition: a.users, cleared: false, removed: [], set }], marks: [] })
      const here = (yield* a.users.get("1"))!.entry.stamp
      assert.isBelow(here, mark.stamp)
      const [marked] = b.heard.flatMap((news) => news._tag === "Changed" ? news.marks : [])
      assert.isBelow((yield* b.users.get("1"))!.entry.stamp, marked!.stamp)
    }))

  it.effect("a value follows a mark of its round, unless a mark that was heard before concerns it", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two
      const { commons } = a.store
      const write = Effect.fnUntraced(function*(key: string, knownAt: (latest: number) => number) {
        const stamp = ++commons.stamp
        yield* b.store.recordMarks([{ scope: "app/user|m", stamp: ++b.store.commons.stamp }])
        const entry = entryOf("old", { stamp })
        const prepared = yield* a.users.prepare(key, entry)
        const set = [{ key, entry, prepared, replaces: false, knownAt: knownAt(commons.stamp) }]
        const changes = [{ partition: a.users, cleared: false, removed: [], set }]
        yield* a.store.write({ changes, marks: [{ scope: "app/user|other", stamp }] })
      })
      yield* write("1", () => commons.stamp - 1)
      assert.isUndefined(yield* b.value("1"))
      yield* write("2", (latest) => latest)
      assert.strictEqual(yield* b.value("2"), "old")
    }))

  it.effect("a value of whose key news came since its round was made is not kept", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two
      const write = Effect.fnUntraced(function*(key: string, isCurrent: boolean, replaces: boolean) {
        const entry = entryOf("one", { stamp: a.store.commons.stamp })
        const prepared = yield* a.users.prepare(key, entry)
        const set = [{ key, entry, prepared, replaces, isCurrent: () => isCurrent }]
        yield* a.store.write({ changes: [{ partition: a.users, cleared: false, removed: [], set }], marks: [] })
        return yield* b.value(key)
      })
      assert.strictEqual(yield* write("1", true, false), "one")
      assert.isUndefined(yield* write("1", false, true))
      assert.isUndefined(yield* write("2", false, false))
    }))

  it.effect("a place that loses its state takes everything that is held with it", () =>
    Effect.gen(function*() {
      const { a, b, place } = yield* two
      yield* a.set("1", "one")
      const before = b.store.commons.stamp
      place.lose()
      assert.isUndefined(yield* b.value("1"))
      const missed = b.heard.flatMap((news) => news._tag === "Missed" ? [news.stamp] : [])
      assert.isAbove(Math.max(...missed), before)
    }))

  it.effect("marks beyond the bound become one that hides everything", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two
      const marks = Array.from({ length: LedgerStore.marksMax }, (_, n) => ({ scope: `app/user|${n}`, stamp: n + 1 }))
      a.store.commons.stamp = marks.length
      yield* a.set("1", "one")
      yield* a.store.recordMarks(marks)
      assert.isFalse(b.heard.some(({ _tag }) => _tag === "Missed"))
      yield* a.store.recordMarks([{ scope: "app/user|more", stamp: ++a.store.commons.stamp }])
      assert.isTrue(b.heard.some(({ _tag }) => _tag === "Missed"))
      assert.isUndefined(yield* b.value("1"))
      assert.isAtMost((yield* b.store.loadMarks).marks.length, 2)
    }))

  it.effect("a process that starts later learns of the marks after the one that hides everything", () =>
    Effect.gen(function*() {
      const { a, place } = yield* two
      const marks = Array.from(
        { length: LedgerStore.marksMax + 1 },
        (_, n) => ({ scope: `app/user|${n}`, stamp: n + 1 })
      )
      a.store.commons.stamp = marks.length
      yield* a.store.recordMarks(marks)
      // The place has it from before, and so it comes before the mark on everything.
      const again = { scope: "app/user|0", stamp: ++a.store.commons.stamp }
      yield* a.store.recordMarks([again])
      const c = yield* process(place)
      const { marks: known } = yield* c.store.loadMarks
      assert.isTrue(known.some(({ scope }) => scope === again.scope))
    }))

  it.effect("keys are not listed and not counted", () =>
    Effect.gen(function*() {
      const { a } = yield* two
      const refused = /does not list its keys/
      assert.match((yield* Effect.flip(a.users.size)).message, refused)
      assert.match((yield* Effect.flip(Stream.runDrain(a.users.entries))).message, refused)
      assert.isUndefined(a.users.page)
    }))
})
