/** What another process has changed takes back what this one has on its way to the tier that they share. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import type { LedgerPlace } from "../../src/store/internal/ledger/ledgerPlace.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { fork, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { held, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { tiersOver } from "../support/tiers.ts"

/** An engine as of a process of its own. */
const process = Effect.fnUntraced(function*(place: LedgerPlace) {
  const ledger = yield* LedgerNode.make(place, { answerMillis: 10_000 })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger))
  const { app, as } = yield* engine(
    { families: { note: { pattern: "note:{id}" } } },
    () => Effect.succeed(Lookup.absent),
    { store: Layer.succeed(Store, store) }
  )
  const { note } = app.keys
  return {
    set: (id: string, value: string, tag = "none") => as(note.set({ id }, value, { tags: [tag] })),
    invalidateTag: (tag: string) => as(note.invalidateTag(tag)),
    invalidate: (id: string) => as(note.invalidate({ id })),
    invalidateAll: as(note.invalidateAll()),
    value: (id: string) => as(note.getOption({ id }))
  }
})

describe("a change of another process", () => {
  for (const how of ["set", "invalidate"] as const) {
    it.effect(`a value that waits for its round is not put after a later ${how}`, () =>
      Effect.gen(function*() {
        const place = yield* SimPlace.make()
        const line = over(place, makeLine())
        const commits = yield* Latch.make(true)
        const slow = held(line, commits.await)
        const a = yield* process(slow)
        const b = yield* process(line)
        yield* commits.close
        const underWay = yield* fork(a.set("other", "x"))
        yield* settle
        const waiting = yield* fork(a.set("1", "old"))
        yield* settle
        yield* how === "set" ? b.set("1", "new") : b.invalidate("1")
        yield* commits.open
        yield* Fiber.join(underWay)
        yield* Fiber.join(waiting)
        for (const each of [a, b]) assert.notDeepEqual(yield* each.value("1"), Option.some("old"))
      }))
  }

  it.effect("a value that follows its own mark is not put if records were missed meanwhile", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const line = makeLine()
      const open = over(place, line)
      const gates = [yield* Latch.make(true), yield* Latch.make(false), yield* Latch.make(false)]
      let commits = 0
      const slow = held(open, Effect.suspend(() => gates[Math.min(commits++, 2)]!.await))
      const a = yield* process(slow)
      const b = yield* process(over(place, makeLine()))
      yield* a.set("before", "x")
      const underWay = yield* fork(a.set("other", "x"))
      yield* settle
      const marked = yield* fork(a.invalidateAll)
      yield* settle
      const waiting = yield* fork(a.set("1", "old"))
      yield* gates[1]!.open
      yield* Fiber.join(underWay)
      yield* settle
      line.isDeaf = true
      yield* b.invalidateAll
      place.trim(0, place.headOf(0))
      yield* gates[2]!.open
      yield* Fiber.join(marked)
      yield* Fiber.join(waiting)
      assert.notDeepEqual(yield* b.value("1"), Option.some("old"))
    }))

  it.effect("a value between two marks of its round is served only if the later mark does not concern it", () =>
    Effect.gen(function*() {
      const open = over(yield* SimPlace.make(), makeLine())
      const commits = yield* Latch.make(true)
      const slow = held(open, commits.await)
      const a = yield* process(slow)
      const b = yield* process(open)
      yield* commits.close
      const works = [
        a.set("other", "x"),
        a.invalidateTag("a"),
        a.set("1", "dropped", "b"),
        a.set("2", "kept", "c"),
        a.invalidateTag("b")
      ]
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const work of works) {
        fibers.push(yield* fork(work))
        yield* settle
      }
      yield* commits.open
      for (const fiber of fibers) yield* Fiber.join(fiber)
      yield* settle
      for (const each of [a, b]) {
        assert.deepStrictEqual(yield* each.value("1"), Option.none())
        assert.deepStrictEqual(yield* each.value("2"), Option.some("kept"))
      }
    }))
})
