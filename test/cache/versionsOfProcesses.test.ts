/**
 * Versions over a ledger grow from process to process, whatever the clocks of their machines show: a process gives no
 * version that is not above all of which it has heard.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Answer } from "../../src/cache/Answer.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { aheadBy, reasonOf } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { tiersOver } from "../support/tiers.ts"

/** An engine as of a process on a machine of its own. Its owner has a lookup or gives all values. */
const machine = (place: SimPlace, aheadMillis: number, alone: boolean) =>
  aheadBy(
    aheadMillis,
    Effect.gen(function*() {
      const ledger = yield* LedgerNode.make(over(place, makeLine()), { answerMillis: 10_000 })
      const store = yield* tiersOver(yield* LedgerStore.make(ledger))
      const { app, as } = yield* engine(
        { families: { note: { pattern: "note:{id}" } } },
        () => Effect.succeed("loaded"),
        { alone: alone ? ["note"] : [], store: Layer.succeed(Store, store) }
      )
      const { note } = app.keys
      const id = { id: "1" }
      return {
        set: (value: string, options?: object) => as<void, unknown>(note.set(id, value, options)),
        invalidate: as<void, unknown>(note.invalidate(id)),
        answer: as<Answer<unknown>, unknown>(note.getAnswer(id))
      }
    })
  )

const hour = 3_600_000

describe("versions of machines whose clocks differ", () => {
  for (const alone of [true, false]) {
    const of = alone ? "without a lookup" : "with a lookup"
    for (const [name, clocks] of Object.entries({ ahead: [0, hour], behind: [hour, 0], equal: [0, 0] })) {
      it.effect(`a value has a greater version than those that another machine, ${name}, has read: ${of}`, () =>
        Effect.gen(function*() {
          const place = yield* SimPlace.make()
          const machines = [yield* machine(place, clocks[0]!, alone), yield* machine(place, clocks[1]!, alone)]
          let last = 0
          for (let turn = 0; turn < 6; turn++) {
            const [writer, reader] = [machines[turn % 2]!, machines[(turn + 1) % 2]!]
            // The key was not read before, so only what the machine has heard can tell it.
            yield* writer.set(`${turn}`)
            const { value, version } = yield* reader.answer
            assert.strictEqual(value, `${turn}`)
            assert.isAbove(version, last)
            last = version
            if (alone) continue
            yield* reader.invalidate
            const loaded = yield* reader.answer
            assert.isAbove(loaded.version, last)
            last = loaded.version
          }
        }))
    }
    it.effect(`a condition on the version of an earlier value is refused on each machine: ${of}`, () =>
      Effect.gen(function*() {
        const place = yield* SimPlace.make()
        const [a, b] = [yield* machine(place, 0, alone), yield* machine(place, 0, alone)]
        yield* a.set("of a")
        const { version } = yield* a.answer
        // In the same millisecond of both clocks.
        yield* b.set("of b")
        for (const each of [a, b]) {
          assert.strictEqual(reasonOf(yield* Effect.flip(each.set("late", { ifVersion: version }))), "VersionConflict")
        }
      }))
  }

  it.effect("a machine that comes later goes on above the versions of those before it", () =>
    Effect.gen(function*() {
      const place = yield* SimPlace.make()
      const first = yield* machine(place, hour, true)
      yield* first.set("one")
      const { version } = yield* first.answer
      yield* first.invalidate
      const later = yield* machine(place, 0, true)
      yield* later.set("two")
      assert.isAbove((yield* later.answer).version, version)
    }))
})
