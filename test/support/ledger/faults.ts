/** What happens to the lines and to the place of a simulated ledger while engines are at work. */
import * as Effect from "effect/Effect"
import { below, chance, pick, rest } from "../simulate.ts"
import type { Line, SimPlace } from "./simPlace.ts"

/** How many faults come, one after the other. */
const faultsMax = 14

/** Cuts lines, and makes them deaf. If it `loses`, the place also loses its state or its log, or goes back. */
export const faults = (
  place: SimPlace,
  lines: ReadonlyArray<Line>,
  { loses }: { readonly loses: boolean }
): Effect.Effect<void> =>
  Effect.gen(function*() {
    let restore = place.snapshot()
    for (let n = 0; n < faultsMax; n++) {
      yield* rest(120)
      const line = yield* pick(lines)
      switch (yield* below(loses ? 6 : 2)) {
        case 0:
          line.isCut = !line.isCut
          break
        case 1:
          line.isDeaf = !line.isDeaf
          break
        case 2:
          place.lose()
          break
        case 3:
          restore = place.snapshot()
          break
        case 4:
          if (yield* chance(0.5)) restore()
          break
        case 5: {
          const log = yield* below(place.logs)
          place.trim(log, place.headOf(log))
        }
      }
    }
  })
