/** Conditions hold across processes that share a tier, which judges conditional writes in the order of the commits. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { cacheReasonOf, fork, reasonOf, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { held, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { tiersOver } from "../support/tiers.ts"

/** An engine as of a process of its own, with the gate through which its commits go. */
const process = Effect.fnUntraced(function*(place: SimPlace) {
  const line = makeLine()
  const commits = yield* Latch.make(true)
  const ledger = yield* LedgerNode.make(held(over(place, line), commits.await), { answerMillis: 10_000 })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger))
  const { app, as } = yield* engine(
    {
      families: {
        session: { pattern: "session:{id}" },
        page: { pattern: "page:{id}", derives: ["session:{id}"] },
        note: { pattern: "note:{id}" }
      }
    },
    ({ key }, app) =>
      key.startsWith("page")
        ? Effect.map(app.keys.session.getOption({ id: key.slice("page:".length) }), (found) => ({ found }))
        : Effect.succeed(Lookup.absent),
    { store: Layer.succeed(Store, store), alone: ["session"] }
  )
  const { note, page, session } = app.keys
  return {
    app,
    commits,
    line,
    as,
    note,
    session,
    page: (id: string) => as(page.get({ id })),
    set: (id: string, value: unknown) => as(session.set({ id }, value)),
    add: (id: string, value: unknown) => as(session.setIfAbsent({ id }, value)),
    take: (id: string) => as(session.getAndDelete({ id })),
    value: (id: string) => as(session.getOption({ id })),
    version: (id: string) => Effect.map(as(session.getAnswer({ id })), ({ version }: { version: number }) => version)
  }
})

const setup = Effect.gen(function*() {
  const place = yield* SimPlace.make()
  return { place, a: yield* process(place), b: yield* process(place) }
})

type Process = Effect.Success<ReturnType<typeof process>>

const seenBy = (id: string, ...processes: ReadonlyArray<Process>) =>
  Effect.flatMap(settle, () => Effect.forEach(processes, ({ value }) => value(id)))

describe("a conditional write of two processes at once", () => {
  for (const isHeard of [true, false]) {
    const how = isHeard ? "heard" : "not heard"
    it.effect(`setIfAbsent is true for the first commit alone, which the other process has ${how}`, () =>
      Effect.gen(function*() {
        const { a, b } = yield* setup
        yield* a.commits.close
        yield* b.commits.close
        const works = [yield* fork(a.add("1", "of a")), yield* fork(b.add("1", "of b"))]
        yield* settle
        assert.deepStrictEqual(yield* a.value("1"), Option.some("of a"))
        a.line.isDeaf = !isHeard
        yield* b.commits.open
        assert.isTrue(yield* Fiber.join(works[1]!))
        yield* a.commits.open
        assert.isFalse(yield* Fiber.join(works[0]!))
        a.line.isDeaf = false
        assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("of b"), Option.some("of b")])
        assert.isFalse(yield* a.add("1", "again"))
      }))
  }

  it.effect("setIfAbsent that waits for its round is false after a set that is heard meanwhile", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.commits.close
      const underWay = yield* fork(a.set("other", "x"))
      yield* settle
      const waiting = yield* fork(a.add("1", "of a"))
      yield* settle
      yield* b.set("1", "of b")
      yield* a.commits.open
      yield* Fiber.join(underWay)
      assert.isFalse(yield* Fiber.join(waiting))
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("of b"), Option.some("of b")])
    }))

  it.effect("setIfAbsent is true again where a mark hides the value, or its time is over", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.set("1", "hidden")
      yield* a.as(a.session.set({ id: "2" }, "short", { timeToLive: "1 second" }))
      yield* b.as(b.session.invalidateAll())
      assert.isTrue(yield* a.add("1", "new"))
      assert.isFalse(yield* b.add("1", "newer"))
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(yield* b.add("2", "new"))
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("new"), Option.some("new")])
      yield* b.as(b.session.delete({ id: "1" }))
      assert.isTrue(yield* a.add("1", "once more"))
    }))

  it.effect("reschedule does not bring an older value back, and patchUnsafe over a shared tier fails with WouldWait", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.set("1", "old")
      yield* settle
      a.line.isDeaf = true
      yield* b.set("1", "new")
      // It meets the newer value, and moves the end of that one.
      assert.isTrue(yield* a.as(a.session.reschedule({ id: "1" }, "1 hour")))
      a.line.isDeaf = false
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("new"), Option.some("new")])
      assert.isTrue(yield* a.as(a.session.reschedule({ id: "1" }, "1 hour")))
      yield* TestClock.adjust("59 minutes")
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("new"), Option.some("new")])
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
      yield* a.set("2", "held")
      const writer: any = yield* a.as(a.session.writer)
      const error = yield* Effect.flip(Effect.try({
        try: () => writer.patchUnsafe({ id: "2" }, () => "later"),
        catch: (thrown) => thrown as CacheError
      }))
      assert.strictEqual(error.reason._tag, "WouldWait")
    }))

  for (const isOvertaken of [true, false]) {
    const [what, value] = isOvertaken ? ["fails before its commit", "new"] : ["writes", "written"]
    it.effect(`a transaction with a condition ${what} if another process has ${isOvertaken ? "" : "not "}written`, () =>
      Effect.gen(function*() {
        const { a, b } = yield* setup
        yield* a.set("1", "old")
        const ifVersion = yield* a.version("1")
        a.line.isDeaf = true
        if (isOvertaken) yield* b.set("1", "new")
        let committed = false
        const through = <A, E, R>(body: Effect.Effect<A, E, R>) =>
          Effect.tap(body, () =>
            Effect.sync(() => {
              committed = true
            }))
        const write = a.session.set({ id: "1" }, "written", { ifVersion })
        const exit = yield* Effect.exit(a.as(a.app.transaction(through as never)(write)))
        if (isOvertaken) assert.strictEqual(reasonOf(yield* Effect.flip(exit)), "VersionConflict")
        else assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(committed, !isOvertaken)
        a.line.isDeaf = false
        assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some(value), Option.some(value)])
      }))
  }

  it.effect("getAndDelete of two processes at once gives the value to one of them", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.set("1", "one")
      yield* b.value("1")
      yield* a.commits.close
      yield* b.commits.close
      const works = [yield* fork(a.take("1")), yield* fork(b.take("1"))]
      yield* settle
      yield* b.commits.open
      yield* settle
      yield* a.commits.open
      const taken = yield* Effect.forEach(works, Fiber.join)
      assert.deepStrictEqual(taken, [Option.none(), Option.some("one")])
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
    }))

  it.effect("getAndDelete that comes after a set takes the value of this set", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.set("1", "one")
      yield* a.commits.close
      const taking = yield* fork(a.take("1"))
      yield* settle
      yield* b.set("1", "two")
      yield* a.commits.open
      assert.deepStrictEqual(yield* Fiber.join(taking), Option.some("two"))
    }))

  it.effect("set and delete with a version succeed once for each version", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.set("1", "one")
      yield* b.value("1")
      const ifVersion = yield* a.version("1")
      for (const second of ["set", "delete"] as const) {
        yield* a.set("1", "one")
        const version = yield* a.version("1")
        assert.strictEqual(yield* b.version("1"), version)
        assert.isAtLeast(version, ifVersion)
        yield* a.commits.close
        const change = second === "set"
          ? a.session.set({ id: "1" }, "of a", { ifVersion: version })
          : a.app.batch([a.session.deleting({ id: "1" }, { ifVersion: version })])
        const changing = yield* fork(Effect.flip(a.as(change)))
        yield* settle
        yield* b.as(b.session.set({ id: "1" }, "of b", { ifVersion: version }))
        yield* a.commits.open
        const reason = cacheReasonOf(yield* Fiber.join(changing))
        assert.strictEqual(reason._tag, "VersionConflict")
        assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("of b"), Option.some("of b")])
      }
    }))

  it.effect("update of a family without a lookup loses no update of the other process", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      const add = ({ as, session }: Process) => as(session.update({ id: "1" }, (n: number) => n + 1))
      yield* a.set("1", 0)
      yield* b.value("1")
      yield* a.commits.close
      yield* b.commits.close
      const works = [yield* fork(Effect.exit(add(a))), yield* fork(Effect.exit(add(b)))]
      yield* settle
      yield* b.commits.open
      yield* settle
      yield* a.commits.open
      const exits = yield* Effect.forEach(works, Fiber.join)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [false, true])
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some(1), Option.some(1)])
      assert.strictEqual(yield* add(a), 2)
    }))

  it.effect("a batch and a setMany of two keys change neither where one was changed", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      const options = { ifVersion: null }
      const both = [["1", "of a"], ["2", "of a"]] as const
      const writes = [
        () => a.app.batch(both.map(([id, value]) => a.session.setting({ id }, value, options))),
        () => a.session.setMany(both.map(([id, value]) => [{ id }, value]), options)
      ]
      for (const write of writes) {
        yield* a.commits.close
        const writing = yield* fork(Effect.flip(a.as(write())))
        yield* settle
        yield* b.set("2", "of b")
        yield* a.commits.open
        assert.strictEqual(reasonOf(yield* Fiber.join(writing)), "VersionConflict")
        assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
        assert.deepStrictEqual(yield* seenBy("2", a, b), [Option.some("of b"), Option.some("of b")])
        yield* b.as(b.session.delete({ id: "2" }))
        yield* settle
      }
      yield* a.as(writes[0]!())
      assert.deepStrictEqual(yield* seenBy("2", a, b), [Option.some("of a"), Option.some("of a")])
    }))

  it.effect("a conditional write that is refused leaves the other changes of its round, and a later change of its key", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.commits.close
      const underWay = yield* fork(a.set("other", "x"))
      yield* settle
      const adding = yield* fork(a.add("1", "of a"))
      yield* settle
      const others = [yield* fork(a.set("2", "two"))]
      yield* b.set("1", "of b")
      yield* b.set("3", "of b")
      const third = yield* fork(a.add("3", "of a"))
      yield* settle
      others.push(yield* fork(a.set("1", "later")))
      yield* settle
      yield* a.commits.open
      yield* Fiber.join(underWay)
      assert.deepStrictEqual([yield* Fiber.join(adding), yield* Fiber.join(third)], [false, false])
      for (const work of others) yield* Fiber.join(work)
      for (const [id, value] of [["1", "later"], ["2", "two"], ["3", "of b"]] as const) {
        assert.deepStrictEqual(yield* seenBy(id, a, b), [Option.some(value), Option.some(value)])
      }
    }))

  it.effect("a conditional write that is refused drops what was made from its value", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.commits.close
      const adding = yield* fork(a.add("1", "of a"))
      yield* settle
      const made = yield* fork(a.page("1"))
      yield* settle
      yield* b.set("1", "of b")
      yield* a.commits.open
      assert.isFalse(yield* Fiber.join(adding))
      yield* Fiber.join(made)
      yield* settle
      for (const each of [a, b]) assert.deepStrictEqual(yield* each.page("1"), { found: Option.some("of b") })
    }))

  it.effect("a conditional write at once is refused, because it cannot wait for the tier that judges it", () =>
    Effect.gen(function*() {
      const { a } = yield* setup
      const writer = yield* a.as(a.session.writer as Effect.Effect<any, unknown>)
      const exit = yield* Effect.exit(Effect.try({
        try: () => writer.setUnsafe({ id: "1" }, "x", { ifVersion: null }),
        catch: (error) => error
      }))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(reasonOf(yield* Effect.flip(Effect.suspend(() => exit))), "WouldWait")
    }))
})
