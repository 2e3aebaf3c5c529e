/**
 * Runs a program once for each of many seeds, which draw the order of its fibers and its chances.
 *
 * `STATELESS_RUNS=10000 npm run test:sim` looks at more seeds, `STATELESS_SEED=42 STATELESS_RUNS=1` repeats one.
 */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as SeededScheduler from "../../src/testing/SeededScheduler.ts"

const runs = Number(process.env["STATELESS_RUNS"] ?? 150)
const first = Number(process.env["STATELESS_SEED"] ?? 0)

export interface SimulateOptions {
  /** A slow program runs with one of so many seeds. */
  readonly oneOf?: number
  /** What a failure says about the seed, beside the command that repeats it. */
  readonly about?: (seed: number) => string
}

/** A test of the program under each seed. A failure names the command that repeats it. */
export const simulate = (
  name: string,
  program: (seed: number) => Effect.Effect<unknown, unknown, any>,
  { about, oneOf = 1 }: SimulateOptions = {}
) =>
  it(name, { timeout: 3_600_000 }, async () => {
    for (let seed = first; seed < first + Math.ceil(runs / oneOf); seed++) {
      try {
        await Effect.runPromise(SeededScheduler.run(program(seed) as Effect.Effect<unknown, unknown>, { seed }))
      } catch (cause) {
        const command = `STATELESS_SEED=${seed} STATELESS_RUNS=1 npm run test:sim -- -t "${name}"`
        const details = about === undefined ? "" : `\n${about(seed)}`
        throw new Error(`seed ${seed}: ${String(cause)}\nrepeat with: ${command}${details}`, { cause })
      }
    }
  })

/** A whole number from 0 to below the end. */
export const below = (end: number): Effect.Effect<number> => Effect.map(Random.next, (share) => Math.floor(share * end))

/** Whether a chance of this share comes true. */
export const chance = (share: number): Effect.Effect<boolean> => Effect.map(Random.next, (drawn) => drawn < share)

/** Sleeps for less than so many milliseconds. */
export const rest = (millis: number): Effect.Effect<void> =>
  Effect.flatMap(below(millis), (drawn) => Effect.sleep(drawn))

/** One of a list, as long as the list is at the moment of the choice. */
export const pick = <A>(all: ReadonlyArray<A>): Effect.Effect<A> =>
  Effect.map(Random.next, (share) => all[Math.floor(share * all.length)]!)
