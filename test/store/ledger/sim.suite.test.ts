/** The simulated place of a ledger keeps the laws, as one engine sees it. */
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as LedgerNode from "../../../src/store/internal/ledger/ledgerNode.ts"
import { makeLine, over, SimPlace } from "../../support/ledger/simPlace.ts"
import { run } from "../../support/ledger/suite.ts"

run(
  "SimPlace",
  Effect.map(SimPlace.make(), (place) => ({
    pass: TestClock.adjust,
    shortMillis: 1_000,
    connect: LedgerNode.make(over(place, makeLine()), { answerMillis: 250 }),
    lose: Effect.sync(() => place.lose()),
    trim: (log, floor) => Effect.sync(() => place.trim(log, floor))
  }))
)
