/**
 * What a step of a compiled plan drops, read off its fields one by one: the engine compiles the same into positions.
 */
import type { Step } from "../../src/ownership/DependencyGraph.ts"

/** Whether a changed key, given by its segments, passes the guards of a step. */
export const applies = (step: Step, key: ReadonlyArray<string>): boolean =>
  step.guards.every((guard) =>
    guard._tag === "Equals"
      ? key[guard.segment] === guard.text
      : guard._tag === "Length"
      ? key.length === guard.segments
      : key.length >= guard.segments
  )

/** For each hole of the family its text, or `undefined` where every value goes, as for a last `*`. */
export const dropped = (step: Step, key: ReadonlyArray<string>): ReadonlyArray<string | undefined> => {
  const length = step.bound.length + step.constants.length + step.free
  const values = Array.from({ length }, (): string | undefined => undefined)
  for (const [hole, segment] of step.bound) values[hole] = key[segment]
  for (const [hole, text] of step.constants) values[hole] = text
  return values
}
