/** What an engine knows of a ledger whose answers and news are late, lost or cut off. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import { TestClock } from "effect/testing"
import type { KeyName, News } from "../../../src/store/internal/ledger/ledger.ts"
import * as LedgerNode from "../../../src/store/internal/ledger/ledgerNode.ts"
import { GraceMillis } from "../../../src/store/shared/answerTime.ts"
import { drive, fork, settle } from "../../support/effects.ts"
import { dropOf } from "../../support/ledger/commits.ts"
import { makeLine, over, SimPlace } from "../../support/ledger/simPlace.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const answerMillis = 250

const connect = Effect.fnUntraced(function*(place: SimPlace) {
  const line = makeLine()
  const ledger = yield* LedgerNode.make(over(place, line), { answerMillis })
  const heard: Array<News> = []
  yield* ledger.follow((news) => heard.push(news))
  const users = yield* ledger.open(textFamily("user"))
  const drop = (keys: ReadonlyArray<string>, scopes: ReadonlyArray<string> = [], log = 0) =>
    ledger.commit(log, dropOf({ keys: keys.map((key): KeyName => ["user", key]), scopes }))
  const put = (key: string, value: string) =>
    Effect.suspend(() =>
      users.put({
        key,
        entry: entryOf(value),
        prepared: { bytes: 0 },
        at: ledger.position(0)!,
        identity: { version: 1, writer: 1 }
      })
    )
  return { line, ledger, heard, users, drop, put }
})

const two = (logs = 1) =>
  Effect.gen(function*() {
    const place = yield* SimPlace.make(logs, { recordsPerAnswer: 2 })
    return { place, a: yield* connect(place), b: yield* connect(place) }
  })

const timely = (name: string, body: () => Effect.Effect<void, unknown, any>) =>
  it.effect(name, () => Effect.provideService(body(), GraceMillis, 0) as Effect.Effect<void, unknown>)

describe("an engine that news does not reach", () => {
  timely("applies all marks before it returns what was found", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two()
      yield* a.put("1", "old")
      b.line.isDeaf = true
      for (let n = 0; n < 5; n++) yield* a.drop([`else ${n}`])
      yield* a.drop([], ["user|all"])
      const before = b.heard.length
      const begun = yield* b.users.begin("1", undefined)
      assert.strictEqual(begun._tag, "Found")
      assert.deepStrictEqual(b.ledger.position(0), a.ledger.position(0))
      assert.isTrue(b.heard.slice(before).some((news) => news._tag === "Dropped" && news.drops.scopes.length === 1))
    }))
  timely("reads on by itself when an answer shows that records are missing", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two()
      b.line.isDeaf = true
      for (let n = 0; n < 9; n++) yield* a.drop([`${n}`])
      assert.strictEqual(b.ledger.look(), "current")
      yield* b.users.begin("7", undefined)
      yield* settle
      assert.strictEqual(b.ledger.look(), "current")
      assert.deepStrictEqual(b.ledger.position(0), a.ledger.position(0))
    }))
  timely(
    "becomes unknown, and known again, when the log has lost what it has not applied",
    () =>
      Effect.gen(function*() {
        const { a, b, place } = yield* two()
        yield* a.drop([], ["user|all"])
        b.line.isDeaf = true
        for (let n = 0; n < 5; n++) yield* a.drop([`${n}`])
        place.trim(0, place.headOf(0) - 1)
        yield* b.ledger.catchUp()
        const tags = b.heard.map(({ _tag }) => _tag)
        assert.deepStrictEqual(tags.slice(-2), ["Unknown", "Known"])
        const known = b.heard.at(-1)
        assert.deepStrictEqual(known?._tag === "Known" && known.marks.map(({ scope }) => scope), ["user|all"])
        assert.deepStrictEqual(b.ledger.position(0), a.ledger.position(0))
      })
  )
  timely("proves that it is current as of the time at which it asked", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two()
      yield* TestClock.adjust(1_000)
      b.line.delayMillisMax = 100
      const asked = yield* Effect.forkChild(b.ledger.catchUp())
      yield* Effect.yieldNow
      yield* TestClock.adjust(500)
      yield* Fiber.join(asked)
      assert.strictEqual(b.ledger.provenAt(0), 1_000)
      yield* a.drop(["1"])
    }))
})

describe("a commit without a caller", () => {
  timely("a commit goes on when its caller leaves, and each engine hears its record", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two()
      a.line.delayMillisMax = 100
      const fiber = yield* Effect.forkChild(a.drop(["1"]), { startImmediately: true })
      fiber.interruptUnsafe()
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(b.heard.map(({ _tag }) => _tag), ["Known", "Dropped"])
    }))

  timely(
    "a commit returns after its record was heard, also if an older answer has made the log known",
    () =>
      Effect.gen(function*() {
        const place = yield* SimPlace.make()
        const way = over(place, makeLine())
        const [before, after] = [yield* Latch.make(true), yield* Latch.make(false)]
        let gate = before
        const ledger = yield* LedgerNode.make({
          ...way,
          ask: (log, asker, question) => {
            const { await: opened } = gate
            const answer = way.ask(log, asker, question)
            return question._tag === "Marks" ? Effect.tap(answer, () => opened) : answer
          }
        }, { answerMillis })
        yield* ledger.follow(() => undefined)
        yield* before.close
        place.lose()
        // The log becomes unknown, and is asked for: an answer of before the commit, and one of after it.
        const looked = yield* fork(ledger.catchUp())
        yield* settle
        gate = after
        const committed = yield* fork(ledger.commit(0, dropOf({ keys: [["user", "1"]] })))
        yield* settle
        yield* before.open
        yield* settle
        yield* after.open
        const { position } = yield* Fiber.join(committed)
        assert.deepStrictEqual(ledger.position(0), position)
        yield* Fiber.join(looked)
      })
  )
})

describe("an engine that is cut off", () => {
  timely("fails in time, and hears what it has missed when the line is whole again", () =>
    Effect.gen(function*() {
      const { a, b } = yield* two()
      b.line.isCut = true
      const failed = yield* Effect.forkChild(Effect.flip(b.ledger.catchUp()))
      yield* Effect.yieldNow
      yield* TestClock.adjust(answerMillis)
      assert.strictEqual((yield* Fiber.join(failed)).reason._tag, "TierTimeout")
      yield* a.drop(["1"])
      b.line.isCut = false
      yield* b.ledger.catchUp()
      assert.isTrue(b.heard.some((news) => news._tag === "Dropped"))
    }))
  timely("begins without the ledger, and knows it when it answers", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const line = makeLine({ isCut: true })
      const ledger = yield* LedgerNode.make(over(place, line), { answerMillis })
      const heard: Array<News> = []
      yield* drive(ledger.follow((news) => heard.push(news)))
      assert.strictEqual(ledger.look(), "unknown")
      assert.isUndefined(ledger.position(0))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(heard, [])
      line.isCut = false
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(heard.map(({ _tag }) => _tag), ["Known"])
      assert.strictEqual(ledger.look(), "current")
    }))
  timely("waits for each record of another log that a record follows from", () =>
    Effect.gen(function*() {
      const { a, b, place } = yield* two(2)
      b.line.isDeaf = true
      const { position } = yield* a.drop(["1"], [], 1)
      yield* a.ledger.commit(0, {
        drops: { keys: [["user", "2"]], scopes: [] },
        puts: [],
        guards: [],
        isInOrder: false,
        after: { log: 1, position: position! }
      })
      yield* b.ledger.catchUp(new Map([[0, { epoch: position!.epoch, stamp: 0 }], [0, a.ledger.position(0)!]]))
      const order = b.heard.flatMap((news) => news._tag === "Dropped" ? [news.log] : [])
      assert.deepStrictEqual(order, [1, 0])
      assert.strictEqual(place.headOf(0), 1)
    }))
  timely(
    "gives up a lease whose answer it cannot use, because it does not reach the marks",
    () =>
      Effect.gen(function*() {
        const place = yield* SimPlace.make(1, { recordsPerAnswer: 1 })
        const a = yield* connect(place)
        const line = makeLine()
        const inner = over(place, line)
        const ledger = yield* LedgerNode.make({
          ...inner,
          ask: (log, asker, question) => question._tag === "Look" ? Effect.never : inner.ask(log, asker, question)
        }, { answerMillis })
        yield* ledger.follow(() => undefined)
        const users = yield* ledger.open(textFamily("user"))
        line.isDeaf = true
        for (let n = 0; n < 3; n++) yield* a.drop([], ["user|all"])
        const begun = yield* fork(Effect.exit(users.begin("1", 10_000)))
        yield* settle
        assert.strictEqual(place.sizes(0).leases, 1)
        yield* TestClock.adjust(answerMillis)
        assert.strictEqual((yield* Fiber.join(begun))._tag, "Failure")
        assert.strictEqual(place.sizes(0).leases, 0)
      })
  )
})
