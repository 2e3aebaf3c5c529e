/** Processes that share a tier write one key at the same time, in a family whose values the cache alone has. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import type { LedgerPlace } from "../../src/store/internal/ledger/ledgerPlace.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { cacheReasonOf, fork, hasty, reasonOf, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { held, type Line, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { tiersOver } from "../support/tiers.ts"

/** An engine as of a process of its own, with the gates of its commits and of their answers, and its line. */
const process = Effect.fnUntraced(function*(place: SimPlace, line: Line = makeLine()) {
  const commits = yield* Latch.make(true)
  const answers = yield* Latch.make(true)
  const reached = held(over(place, line), commits.await, answers.await)
  const ledger = yield* LedgerNode.make(reached, { answerMillis: 10_000 })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger))
  const { app, as } = yield* engine(
    { families: { session: { pattern: "session:{id}" }, note: { pattern: "note:{id}" } } },
    () => Effect.succeed(Lookup.absent),
    { store: Layer.succeed(Store, store), alone: ["session"] }
  )
  const { note, session } = app.keys
  return {
    commits,
    answers,
    line,
    as,
    session,
    note,
    set: (id: string, value: unknown) => as(session.set({ id }, value)),
    value: (id: string) => as(session.getOption({ id }))
  }
})

type Process = Effect.Success<ReturnType<typeof process>>

const setup = Effect.gen(function*() {
  const place = yield* SimPlace.make()
  return { place, a: yield* process(place), b: yield* process(place) }
})

/** Two processes over a place, and the last commit of the first one, as a request that arrives once more. */
const repeated = Effect.gen(function*() {
  const place = yield* SimPlace.make()
  const a = yield* process(place)
  const b = yield* process(place)
  let again = () => undefined as unknown
  let first: number | undefined
  const { step } = place
  place.step = (log, asker, question) => {
    first ??= asker.writer
    if (question._tag === "Commit" && asker.writer === first) again = () => step.call(place, log, asker, question)
    return step.call(place, log, asker, question)
  }
  yield* a.set("first", "of a")
  return { place, a, b, lastOf: () => again }
})

/** What each process reads, and reads again from below. */
const seenBy = (id: string, ...processes: ReadonlyArray<Process>) =>
  Effect.flatMap(settle, () => Effect.forEach(processes, ({ value }) => value(id)))

describe("a value that was given", () => {
  for (const isHeard of [true, false]) {
    for (const last of ["a", "b"] as const) {
      const how = isHeard ? "heard" : "not heard"
      it.effect(`the last commit of two that race prevails: that of ${last}, where the other one was ${how}`, () =>
        Effect.gen(function*() {
          const { a, b } = yield* setup
          const [first, second] = last === "a" ? [b, a] : [a, b]
          yield* first.commits.close
          yield* second.commits.close
          const works = [yield* fork(first.set("1", "first")), yield* fork(second.set("1", "second"))]
          yield* settle
          second.line.isDeaf = !isHeard
          yield* first.commits.open
          yield* Fiber.join(works[0]!)
          assert.deepStrictEqual(yield* second.value("1"), Option.some("second"))
          yield* second.commits.open
          yield* Fiber.join(works[1]!)
          second.line.isDeaf = false
          const expected = Option.some("second")
          assert.deepStrictEqual(yield* seenBy("1", first, second), [expected, expected])
        }))
    }
  }

  it.effect("a given value that waits for its round prevails over a change that is heard meanwhile", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.commits.close
      const underWay = yield* fork(a.set("other", "x"))
      yield* settle
      const waiting = yield* fork(a.set("1", "of a"))
      yield* settle
      yield* b.set("1", "of b")
      assert.deepStrictEqual(yield* a.value("1"), Option.some("of a"))
      yield* a.commits.open
      yield* Fiber.join(underWay)
      yield* Fiber.join(waiting)
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("of a"), Option.some("of a")])
    }))

  for (const kind of ["set", "setIfAbsent", "update"] as const) {
    it.effect(`a value of ${kind} that was replaced before its answer came is not read any more`, () =>
      Effect.gen(function*() {
        const { a, b } = yield* setup
        if (kind === "update") yield* a.set("1", "before")
        const params = { id: "1" }
        const write = {
          set: a.session.set(params, "of a"),
          setIfAbsent: a.session.setIfAbsent(params, "of a"),
          update: a.session.update(params, () => "of a")
        }[kind]
        yield* a.answers.close
        const writing = yield* fork(a.as(write))
        yield* settle
        yield* b.set("1", "of b")
        assert.deepStrictEqual(yield* a.value("1"), Option.some("of a"))
        yield* a.answers.open
        yield* Fiber.join(writing)
        assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("of b"), Option.some("of b")])
      }))
  }

  it.effect("each of several values that were set together prevails over a change that is heard meanwhile", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.commits.close
      const underWay = yield* fork(a.set("other", "x"))
      yield* settle
      const waiting = yield* fork(a.as(a.session.setMany([[{ id: "1" }, "of a"], [{ id: "2" }, "of a"]])))
      yield* settle
      yield* b.set("1", "of b")
      yield* a.commits.open
      yield* Fiber.join(underWay)
      yield* Fiber.join(waiting)
      for (const id of ["1", "2"]) {
        assert.deepStrictEqual(yield* seenBy(id, a, b), [Option.some("of a"), Option.some("of a")])
      }
    }))

  it.effect("a given value that follows a mark of its round prevails over a mark that another process sets meanwhile", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.set("1", "before")
      yield* a.commits.close
      const works = [yield* fork(a.set("other", "x"))]
      yield* settle
      works.push(yield* fork(a.as(a.session.invalidateAll())))
      yield* settle
      works.push(yield* fork(a.set("1", "of a")))
      yield* settle
      yield* b.as(b.session.invalidateAll())
      yield* a.commits.open
      for (const work of works) yield* Fiber.join(work)
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("of a"), Option.some("of a")])
    }))

  it.effect("a given value that is older than a mark of its own round is not kept", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.commits.close
      const works = [yield* fork(a.set("other", "x"))]
      yield* settle
      works.push(yield* fork(a.set("1", "of a")))
      yield* settle
      works.push(yield* fork(a.as(a.session.invalidateAll())))
      yield* settle
      yield* a.commits.open
      for (const work of works) yield* Fiber.join(work)
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
    }))

  it.effect("a mark of another process that comes after a given value hides the value", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.set("1", "of a")
      yield* b.as(b.session.invalidateAll())
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
      yield* a.set("1", "again")
      yield* b.as(b.session.delete({ id: "1" }))
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
    }))

  it.effect("a request that arrives once more, and late, brings no older value back", () =>
    Effect.gen(function*() {
      const { a, b, lastOf } = yield* repeated
      yield* a.set("1", "old")
      const late = lastOf()
      yield* a.set("1", "new")
      yield* settle
      late()
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("new"), Option.some("new")])
      yield* b.set("1", "newer")
      late()
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("newer"), Option.some("newer")])
    }))

  it.effect("a request of a past epoch that arrives once more brings nothing back", () =>
    Effect.gen(function*() {
      const { a, b, lastOf, place } = yield* repeated
      yield* a.set("1", "old")
      const late = lastOf()
      place.lose()
      yield* b.set("2", "x")
      late()
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
      yield* b.set("1", "new")
      late()
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("new"), Option.some("new")])
    }))

  it.effect("a request that was made while the log was not known is not repeated either", () =>
    Effect.gen(function*() {
      const { a, b, lastOf, place } = yield* repeated
      place.lose()
      yield* a.set("1", "old")
      const late = lastOf()
      yield* b.set("1", "new")
      late()
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some("new"), Option.some("new")])
    }))

  it.effect("a claim that was refused is not made when its request arrives once more", () =>
    Effect.gen(function*() {
      const { a, b, lastOf } = yield* repeated
      yield* a.commits.close
      const claim = yield* fork(a.as(a.session.setIfAbsent({ id: "1" }, "of a")))
      yield* settle
      yield* b.set("1", "of b")
      yield* a.commits.open
      assert.isFalse(yield* Fiber.join(claim))
      const late = lastOf()
      yield* b.as(b.session.delete({ id: "1" }))
      late()
      assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.none(), Option.none()])
    }))

  for (const kind of ["update", "patch", "setIfAbsent", "reschedule", "set with a version"] as const) {
    it.effect(`a value that is set all the time is not lost to ${kind}, which gives up`, () =>
      Effect.gen(function*() {
        const { a, b } = yield* setup
        const params = { id: "1" }
        const writes: Record<typeof kind, Effect.Effect<unknown, CacheError, any>> = {
          "update": a.session.update(params, (was: number) => was + 0.5),
          "patch": a.session.patch(params, (was: number) => Effect.succeed(was + 0.5)),
          "setIfAbsent": a.session.setIfAbsent(params, 0.5),
          "reschedule": a.session.reschedule(params, "1 hour"),
          "set with a version": Effect.flatMap(
            a.session.getAnswer(params),
            ({ version }: { version: number }) => a.session.set(params, 0.5, { ifVersion: version })
          )
        }
        // While the round of one is under way, the other one waits for the next.
        let n = 0
        let isOver = false
        const setting: Effect.Effect<void, any> = Effect.suspend(() =>
          isOver || n > 400 ? Effect.void : Effect.andThen(a.set("1", ++n), setting)
        )
        yield* a.set("1", ++n)
        const setters = [yield* fork(setting), yield* fork(setting)]
        const exit: Exit.Exit<unknown, CacheError> = yield* Effect.exit(a.as(writes[kind]))
        isOver = true
        yield* Fiber.joinAll(setters)
        assert.strictEqual(exit._tag === "Failure" ? cacheReasonOf(Cause.squash(exit.cause))._tag : "", "StoreFailed")
        assert.deepStrictEqual(yield* seenBy("1", a, b), [Option.some(n), Option.some(n)])
      }))
  }

  it.effect("the last of two commits that race is dropped in a family with a lookup, and the next read loads", () =>
    Effect.gen(function*() {
      const { a, b } = yield* setup
      yield* a.commits.close
      const racing = yield* fork(a.as(a.note.set({ id: "1" }, "of a")))
      yield* settle
      yield* b.as(b.note.set({ id: "1" }, "of b"))
      yield* a.commits.open
      yield* Fiber.join(racing)
      yield* settle
      for (const each of [a, b]) assert.deepStrictEqual(yield* each.as(each.note.getOption({ id: "1" })), Option.none())
    }))
})

describe("a read of a value that the cache alone has", () => {
  it.effect("a reader gets a value of a key that another process changes during each look", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const b = yield* process(place)
      yield* b.set("1", 0)
      let changes = 0
      // What the other process does is not done by the load of this one.
      const run = Effect.runForkWith(yield* Effect.context<never>())
      const way = over(place, makeLine())
      const changing: LedgerPlace = {
        ...way,
        ask: (log, asker, question) => {
          const answer = way.ask(log, asker, question)
          return question._tag !== "Read" || changes >= 40
            ? answer
            : Effect.tap(answer, () => Effect.andThen(Fiber.join(run(b.set("1", ++changes))), settle))
        }
      }
      const ledger = yield* LedgerNode.make(changing, { answerMillis: 10_000 })
      const store = yield* tiersOver(yield* LedgerStore.make(ledger))
      const { app, as } = yield* engine(
        { families: { session: { pattern: "session:{id}" }, note: { pattern: "note:{id}" } } },
        () => Effect.succeed(Lookup.absent),
        { store: Layer.succeed(Store, store), alone: ["session"] }
      )
      const before = changes
      const value = yield* as(app.keys.session.get({ id: "1" }))
      assert.isAtLeast(value as number, before)
      assert.isAbove(changes, 16)
      assert.isTrue(Option.isSome(yield* as(app.keys.session.getOption({ id: "1" }))))
    }))

  it.effect("a reader whose tier does not answer gets that failure, and not `Absent`", () =>
    Effect.gen(function*() {
      const { b } = yield* setup
      yield* b.set("1", "here")
      b.line.isCut = true
      yield* TestClock.adjust("1 minute")
      const read = yield* fork(Effect.flip(b.as(b.session.get({ id: "2" }))))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(reasonOf(yield* Fiber.join(read)), "StoreFailed")
    }).pipe(hasty))
})
