/**
 * A watermark that one service gives out after a write, and another one reaches, lets the other one see the write: with
 * lost news, slow lines, and after the server has lost its state.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { cacheReasonOf, drive, fork, reasonOf } from "../support/effects.ts"
import { engine, type EngineOptions } from "../support/engine.ts"
import { type Line, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { family } from "../support/source.ts"
import { tiersOver } from "../support/tiers.ts"

/** A service as a process of its own. The owner of `note` has no lookup; `page` shows the row of the data source. */
const service = Effect.fnUntraced(function*(place: SimPlace, row: { now: number }, line: Line = makeLine()) {
  const ledger = yield* LedgerNode.make(over(place, line), { answerMillis: 1_000 })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger))
  const options: EngineOptions = { alone: ["note"], store: Layer.succeed(Store, store) }
  const { app, as } = yield* engine(
    { families: { note: { pattern: "note:{id}" }, page: { pattern: "page:{id}" } } },
    () => Effect.sync(() => row.now),
    options
  )
  const { note, page } = app.keys
  const id = { id: "1" }
  const manifest = app as any
  return {
    line,
    set: (value: number) => as<void, unknown>(note.set(id, value)),
    writer: as<any, unknown>(note.writer),
    note: as<Option.Option<unknown>, unknown>(note.getOption(id)),
    page: as<unknown, unknown>(page.get(id)),
    invalidate: as<void, unknown>(page.invalidate(id)),
    tag: as<void, unknown>(page.invalidateTag("none")),
    watermark: as<string, unknown>(manifest.watermark),
    reach: (watermark: string) => as<void, unknown>(manifest.reach(watermark))
  }
})

describe("a watermark", () => {
  it.effect("a service that has reached it serves nothing that was replaced before, whatever news is lost", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const row = { now: 1 }
      const writer = yield* service(place, row)
      // No news arrives by itself.
      const reader = yield* service(place, row, makeLine({ isDeaf: true }))
      yield* writer.set(1)
      assert.deepStrictEqual([yield* reader.note, yield* reader.page], [Option.some(1), 1])
      for (let turn = 2; turn < 6; turn++) {
        row.now = turn
        yield* writer.set(turn)
        yield* writer.invalidate
        const watermark = yield* writer.watermark
        assert.strictEqual(yield* reader.page, turn - 1, "it has heard nothing")
        yield* reader.reach(watermark)
        assert.deepStrictEqual([yield* reader.note, yield* reader.page], [Option.some(turn), turn])
        yield* reader.reach(watermark)
      }
    }))

  it.effect("a watermark names the writes that were made without an Effect", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const row = { now: 1 }
      const [writer, reader] = [yield* service(place, row), yield* service(place, row, makeLine({ isDeaf: true }))]
      yield* writer.set(1)
      assert.deepStrictEqual(yield* reader.note, Option.some(1))
      const unsafe = yield* writer.writer
      unsafe.setUnsafe({ id: "1" }, 2)
      yield* reader.reach(yield* writer.watermark)
      assert.deepStrictEqual(yield* reader.note, Option.some(2))
      unsafe.deleteUnsafe({ id: "1" })
      yield* reader.reach(yield* writer.watermark)
      assert.deepStrictEqual(yield* reader.note, Option.none())
    }))

  it.effect("a service waits for a watermark on a slow line, and asks nothing where it has reached it", () =>
    drive(Effect.scoped(Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const row = { now: 1 }
      const writer = yield* service(place, row)
      const reader = yield* service(place, row, makeLine({ isDeaf: true }))
      yield* reader.page
      row.now = 2
      yield* writer.invalidate
      const watermark = yield* writer.watermark
      reader.line.delayMillisMax = 500
      yield* reader.reach(watermark)
      reader.line.delayMillisMax = 0
      assert.strictEqual(yield* reader.page, 2)
      reader.line.isCut = true
      yield* reader.reach(watermark)
      reader.line.isCut = false
    }))))

  it.effect("each process over a place reaches the watermarks of all others, and one that comes later does, too", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const row = { now: 1 }
      const [a, b] = [yield* service(place, row), yield* service(place, row)]
      yield* a.tag
      const first = yield* a.watermark
      yield* b.tag
      const second = yield* b.watermark
      assert.notStrictEqual(first, second)
      for (const each of [a, b, yield* service(place, row)]) {
        yield* each.reach(first)
        yield* each.reach(second)
      }
      assert.match(second, /^[0-9a-z.]{1,35}$/)
    }))

  it.effect("a watermark from before the server lost its state counts as reached", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const row = { now: 1 }
      const [a, b] = [yield* service(place, row), yield* service(place, row)]
      yield* a.tag
      const watermark = yield* a.watermark
      place.lose()
      yield* b.reach(watermark)
      yield* a.tag
      yield* b.reach(watermark)
      assert.notStrictEqual(yield* a.watermark, watermark)
    }))

  it.effect("reaching a watermark fails with StoreFailed where the server does not answer", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const row = { now: 1 }
      const writer = yield* service(place, row)
      const reader = yield* service(place, row, makeLine({ isDeaf: true }))
      yield* writer.tag
      const watermark = yield* writer.watermark
      reader.line.isCut = true
      const exit = yield* fork(Effect.flip(reader.reach(watermark)))
      for (let i = 0; i < 20 && exit.pollUnsafe() === undefined; i++) {
        yield* TestClock.adjust(1_000)
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 60)))
      }
      assert.strictEqual(reasonOf(yield* Fiber.join(exit)), "StoreFailed")
    }))

  it.effect("each text that is not a watermark is refused, and without a shared tier each text but the empty one", () =>
    Effect.gen(function*() {
      const shared = yield* service(yield* SimPlace.make(), { now: 1 })
      yield* shared.tag
      // Texts that look like one, beyond the end of the log and of an epoch that has not begun.
      const [number, nonce, stamp] = (yield* shared.watermark).split(".")
      const beyond = [`${number}.${nonce}.${stamp}0`, `${number}.${nonce}.zzzzzzzzzz`, `z${number}.${nonce}.1`]
      for (const text of beyond) {
        const reason = cacheReasonOf(yield* Effect.flip(shared.reach(text)))
        assert.deepInclude(reason, { _tag: "WatermarkRefused", isShared: true }, text)
      }
      for (const text of ["", "x", "1.2", "1.2.3.4", "1.2.-3", "01.2.3", "1..2", "zzzzzzzzzzzz.1.1", " 1.2.3"]) {
        const reason = cacheReasonOf(yield* Effect.flip(shared.reach(text)))
        assert.deepInclude(reason, { _tag: "WatermarkRefused", code: "E0534", isShared: true }, text)
      }
      const alone = yield* family({}, (run) => Effect.succeed(run))
      const { app, as } = alone.running
      const { reach, watermark } = app as any
      assert.strictEqual(yield* as<string, unknown>(watermark), "")
      yield* as<void, unknown>(reach(""))
      const refused = cacheReasonOf(yield* Effect.flip(as<void, unknown>(reach("1.2.3"))))
      assert.deepInclude(refused, { _tag: "WatermarkRefused", isShared: false })
    }))
})
