/**
 * Many marks over a tier that processes share: what none of them concerns is served on, in each process, and a claim is
 * given once. Beyond the bound of marks everything is hidden once, and then there is room again.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { Store } from "../../src/store/Store.ts"
import { outlast } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { tiersOver } from "../support/tiers.ts"

/** An engine as of a process of its own. The owner of `note` has no lookup; `page` is loaded. */
const process = Effect.fnUntraced(function*(place: SimPlace) {
  const ledger = yield* LedgerNode.make(over(place, makeLine()), { answerMillis: 10_000 })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger))
  let loads = 0
  const { app, as } = yield* engine(
    { families: { note: { pattern: "note:{tenant}:{id}" }, page: { pattern: "page:{tenant}:{id}" } } },
    () => Effect.sync(() => ++loads),
    { alone: ["note"], store: Layer.succeed(Store, store) }
  )
  const { note, page } = app.keys
  const key = { tenant: "a", id: "1" }
  const marked = { tenant: "tenant 3", id: "1" }
  /** Sets so many marks. One of them concerns an entry. */
  const marks = (from: number, to: number) =>
    Effect.forEach(
      Array.from({ length: to - from }, (_, n) => from + n),
      (n) =>
        as(Effect.all([
          note.invalidateTag(`tag ${n}`),
          note.invalidateWhere({ tenant: `tenant ${n}` }),
          page.invalidateWhere({ tenant: `tenant ${n}` })
        ])),
      { concurrency: 1_000, discard: true }
    )
  return {
    marks,
    loads: () => loads,
    set: as(Effect.all([note.set(key, "kept", { tags: ["other"] }), note.set(marked, "old")])),
    claim: as<boolean, unknown>(note.setIfAbsent(key, "second")),
    value: as<Option.Option<unknown>, unknown>(note.getOption(key)),
    marked: as<Option.Option<unknown>, unknown>(note.getOption(marked)),
    page: as<number, unknown>(page.get(key))
  }
})

describe("many marks", () => {
  it.effect(
    "some thousand tags and slices hide what they name and nothing else, in each process and in later ones",
    () =>
      Effect.gen(function*() {
        const place = yield* SimPlace.make()
        const [a, b] = [yield* process(place), yield* process(place)]
        yield* a.set
        const row = yield* a.page
        yield* a.marks(0, 6_000)
        // A sweep waits for a time when nothing else runs.
        yield* outlast("1 minute")
        for (const each of [a, b, yield* process(place)]) {
          assert.deepStrictEqual(yield* each.value, Option.some("kept"))
          assert.isFalse(yield* each.claim)
          assert.deepStrictEqual(yield* each.marked, Option.none())
          assert.strictEqual(yield* each.page, row)
        }
        assert.strictEqual(a.loads() + b.loads(), 1)
      }),
    60_000
  )
})
