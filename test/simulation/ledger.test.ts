/**
 * Small engines over a simulated ledger, under a scheduler with seeds: requests, answers and news are lost, doubled,
 * late and reordered, lines are cut, and the place loses its state, its log, or goes back to an earlier state.
 */
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import { GraceMillis } from "../../src/store/shared/answerTime.ts"
import { drive } from "../support/effects.ts"
import { faults } from "../support/ledger/faults.ts"
import { Node, World } from "../support/ledger/nodes.ts"
import { type Line, makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { simulate } from "../support/simulate.ts"

const nodes = 3
const numbers = 2
/** Each engine does so many things at once. */
const fibers = 3
const steps = 10

interface Faults {
  readonly logs: number
  readonly loss: number
  readonly late: number
  readonly delayMillisMax: number
  /** What happens to the place. */
  readonly place: boolean
}

const told = Effect.fnUntraced(function*({ delayMillisMax, late, logs, loss, place: isPlace }: Faults) {
  const place = yield* SimPlace.make(logs, { recordsMax: 8, recordsPerAnswer: 3 })
  const world = new World(numbers)
  const lines: Array<Line> = []
  const engines: Array<Node> = []
  for (let n = 0; n < nodes; n++) {
    const line = makeLine({ delayMillisMax, loss, late })
    lines.push(line)
    const ledger = yield* LedgerNode.make(over(place, line), { answerMillis: 100 })
    engines.push(yield* drive(Node.start(`node ${n}`, ledger, world, n + 1)))
  }
  const trouble = Effect.andThen(
    faults(place, lines, { loses: isPlace }),
    Effect.sync(() => lines.forEach((line) => Object.assign(line, makeLine())))
  )
  const lives = Effect.all([
    trouble,
    ...engines.flatMap((node) => Array.from({ length: fibers }, () => node.live(steps)))
  ], {
    concurrency: "unbounded",
    discard: true
  })
  yield* drive(lives, 10)
  yield* TestClock.adjust("2 minutes")
  for (const node of engines) yield* drive(node.audit(), 10)
})

const story = (faults: Faults) => Effect.scoped(Effect.provideService(told(faults), GraceMillis, 0))

describe("small engines over one ledger", () => {
  const network: Faults = { logs: 1, loss: 0.1, late: 0.2, delayMillisMax: 40, place: false }
  const place: Faults = { ...network, loss: 0.05, late: 0.1, place: true }
  simulate("no law breaks while requests, answers and news are lost and late", () => story(network))
  simulate("no law breaks while the place loses its state, its log, or goes back", () => story(place))
  simulate("no law breaks over several logs", () => story({ ...place, logs: 3 }))
})
