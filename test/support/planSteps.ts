/**
 * What a step of a compiled plan drops, read off its fields one by one: the engine compiles the same into positions.
 */
import type { Step } from "../../src/ownership/DependencyGraph.ts"

/** Whether a changed key, given by its segments, passes the conditions of a step. */
export const applies = (step: Step, key: ReadonlyArray<string>): boolean =>
  step.conditions.every((condition) =>
    condition._tag === "Equals"
      ? key[condition.segment] === condition.text
      : condition._tag === "Length"
      ? key.length === condition.segments
      : key.length >= condition.segments
  )

/** For each hole of the family its text, or `undefined` where every value goes, as for a last `*`. */
export const dropped = (step: Step, key: ReadonlyArray<string>): ReadonlyArray<string | undefined> => {
  const length = step.bound.length + step.constants.length + step.free
  const values = Array.from({ length }, (): string | undefined => undefined)
  for (const [hole, segment] of step.bound) values[hole] = key[segment]
  for (const [hole, text] of step.constants) values[hole] = text
  return values
}
