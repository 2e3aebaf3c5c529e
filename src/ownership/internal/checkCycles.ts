/**
 * Checks that no family derives from itself, directly or through other families.
 *
 * - Each reference that lies on a circle is reported, with the shortest circle through it.
 * - A family that is only above a circle is not reported.
 *
 * The types of this check are in `cycles.ts`.
 */
import * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import { findReferenceProblem } from "./checkReferences.ts"
import type { Draft, Report } from "./draft.ts"
import { inOrder, type Sources } from "./sources.ts"

/** Reports each reference that leads back to its own family. */
export const checkCycles = (draft: Draft, sources: Sources, report: Report): void => {
  const cyclic = findCyclic(sources)
  for (const name of cyclic) {
    sources.get(name)!.forEach((touched, index) => {
      const path = findPathBack(name, touched, sources, cyclic)
      if (path === undefined || !isSound(draft, name, index)) return
      const { carvedFrom, partOf: whole = carvedFrom } = draft.families.get(name)!.spec
      report(
        ["families", name, "derives", String(index)],
        whole === undefined
          ? ReferenceFindings.dependencyCycle([name, ...path])
          : ReferenceFindings.dependencyCycleInside([name, ...path], name, whole)
      )
    })
  }
}

// A reference that is wrong in another way is reported for that, and not a second time.
const isSound = (draft: Draft, name: string, index: number): boolean => {
  const { spec } = draft.families.get(name)!
  return findReferenceProblem(draft, name, spec, "derives", spec.derives![index]!) === undefined
}

// The families on a cycle, or above one.
const findCyclic = (sources: Sources): ReadonlySet<string> => {
  const cyclic = new Set(sources.keys())
  for (const name of inOrder(sources)) cyclic.delete(name)
  return cyclic
}

// The shortest path from one of `from` back to `start`, as names; undefined for a family that is only above a cycle.
const findPathBack = (
  start: string,
  from: ReadonlyArray<string>,
  sources: Sources,
  cyclic: ReadonlySet<string>
): ReadonlyArray<string> | undefined => {
  const cameFrom = new Map<string, string | undefined>(
    from.filter((name) => cyclic.has(name)).map((name) => [name, undefined])
  )
  for (const name of cameFrom.keys()) {
    if (name === start) {
      const path: Array<string> = []
      for (let at: string | undefined = name; at !== undefined; at = cameFrom.get(at)) path.push(at)
      return path.toReversed()
    }
    for (const next of sources.get(name)!.flat()) {
      if (cyclic.has(next) && !cameFrom.has(next)) cameFrom.set(next, name)
    }
  }
  return undefined
}
