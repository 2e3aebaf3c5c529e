/**
 * From the plan of a manifest, which counts segments of full keys and holes of patterns, to the engine's, which knows
 * keys within families only. What the pattern itself decides (its text segments, its length) is decided here, once.
 */
import type { Dependent, Guard } from "../../cache/FamilySpec.ts"
import type * as DependencyGraph from "../../ownership/DependencyGraph.ts"
import type { ValidFamily } from "../../ownership/Validation.ts"

export const make = (source: ValidFamily, plan: DependencyGraph.Plan): ReadonlyArray<Dependent> =>
  plan.flatMap((step) => {
    const guards = guardsOf(source, step.guards)
    if (guards === undefined) return []
    const bound: Array<readonly [number, number]> = []
    const constants = [...step.constants]
    for (const [hole, segment] of step.bound) {
      const at = positionOf(source, segment)
      if (typeof at === "number") bound.push([hole, at])
      else constants.push([hole, at])
    }
    return [{ family: step.family, bound, constants, guards, exact: step.free === 0 }]
  })

/** The position, in a key within the family, of a segment of the full key; or the segment itself where it is text. */
const positionOf = (source: ValidFamily, segment: number): number | string => {
  const { segments } = source.pattern
  const own = segments[segment]
  if (own?._tag === "Text") return own.text
  const texts = segments.slice(0, segment).filter(({ _tag }) => _tag === "Text").length
  return segment - texts
}

/** The guards that are still open; `undefined` when no key of the family passes. */
const guardsOf = (
  source: ValidFamily,
  guards: ReadonlyArray<DependencyGraph.Guard>
): ReadonlyArray<Guard> | undefined => {
  const { rest, segments } = source.pattern
  const texts = segments.filter(({ _tag }) => _tag === "Text").length
  const open: Array<Guard> = []
  for (const guard of guards) {
    if (guard._tag === "Equals") {
      const at = positionOf(source, guard.segment)
      if (typeof at === "number") open.push({ _tag: "Equals", position: at, text: guard.text })
      else if (at !== guard.text) return undefined
      continue
    }
    const max = guard._tag === "Length" ? guard.segments : Infinity
    if (rest) open.push({ _tag: "Length", min: guard.segments - texts, max: max - texts })
    else if (segments.length < guard.segments || segments.length > max) return undefined
  }
  return open
}
