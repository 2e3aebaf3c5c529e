/**
 * Translates the invalidation plan of a manifest for the engine.
 *
 * The plan of the manifest counts the segments of full keys. The engine knows keys within families only, so it needs
 * positions in these. Guards that the pattern itself decides, by its text segments or its length, are decided here,
 * once.
 */
import type { Dependent, Dependents, Guard, Origin } from "../../cache/FamilySpec.ts"
import type * as DependencyGraph from "../../ownership/DependencyGraph.ts"
import type { ValidFamily, ValidManifest } from "../../ownership/Validation.ts"
import type { KeyPattern } from "../../pattern/KeyPattern.ts"

/** Answers what depends on a family: on one target, for a lookup that reads it, and on all targets, for a change. */
export const make = (
  manifest: ValidManifest,
  graph: DependencyGraph.DependencyGraph,
  source: ValidFamily
): Dependents => {
  const targets = graph.dependentsOf(source.index)
  if (targets.length === 0) return none
  const byTarget = new Map<number, ReadonlyArray<Dependent>>()
  const to = (target: number) => {
    const known = byTarget.get(target) ?? translate(source, graph.compile(source.index, target))
    byTarget.set(target, known)
    return known
  }
  let isEmpty: boolean | undefined
  let all: ReadonlyArray<Dependent> | undefined
  return {
    // Every dependent further away is reached through one of these.
    get isEmpty() {
      return isEmpty ??= targets.every((target) => to(target).length === 0)
    },
    get whole() {
      return graph.concerned(source.index)?.map((index) => graph.nodes[index]!.name)
    },
    get all() {
      return all ??= translate(source, graph.compile(source.index))
    },
    in: (family) => {
      const target = manifest.families.get(family)!
      return target.upstream.has(source.index) ? to(target.index) : []
    }
  }
}

/**
 * Answers how a family is made: its pattern, and the patterns that it derives from. Parameters are numbered and not
 * named, because their names only say which of them are equal.
 */
export const originOf = (family: ValidFamily, graph: DependencyGraph.DependencyGraph): Origin => {
  const names = new Map<string, number>()
  const spell = ({ segments, rest }: KeyPattern): string => {
    const spelt = segments.map((segment) => {
      if (segment._tag === "Text") return segment.text
      if (!names.has(segment.name)) names.set(segment.name, names.size)
      return `{${names.get(segment.name)}}`
    })
    return [...spelt, ...(rest ? ["*"] : [])].join(":")
  }
  const own = spell(family.pattern)
  return {
    form: [own, ...family.derives.map(spell).toSorted()].join(" "),
    sources: function*() {
      for (const index of family.upstream) yield graph.nodes[index]!.name
    }
  }
}

const none: Dependents = { isEmpty: true, whole: [], all: [], in: () => [] }

const translate = (source: ValidFamily, plan: DependencyGraph.Plan): ReadonlyArray<Dependent> => {
  // Most steps of a long plan have the same bindings, and no guards.
  const known = new Map<DependencyGraph.Step["bound"], Pick<Dependent, "bound" | "constants">>()
  return plan.flatMap((step) => {
    const guards = step.guards.length === 0 ? noGuards : guardsOf(source, step.guards)
    if (guards === undefined) return []
    let values = known.get(step.bound)
    if (values === undefined) known.set(step.bound, values = valuesOf(source, step))
    return [{ family: step.family, bound: values.bound, constants: values.constants, guards, exact: step.free === 0 }]
  })
}

const noGuards: ReadonlyArray<Guard> = []

const valuesOf = (source: ValidFamily, step: DependencyGraph.Step): Pick<Dependent, "bound" | "constants"> => {
  const bound: Array<readonly [number, number]> = []
  const constants = [...step.constants]
  for (const [hole, segment] of step.bound) {
    const at = positionOf(source, segment)
    if (typeof at === "number") bound.push([hole, at])
    else constants.push([hole, at])
  }
  return { bound, constants }
}

/** Answers the position in the key within the family of a segment of the full key, or the text of a text segment. */
const positionOf = (source: ValidFamily, segment: number): number | string => {
  const { segments } = source.pattern
  const own = segments[segment]
  if (own?._tag === "Text") return own.text
  const texts = segments.slice(0, segment).filter(({ _tag }) => _tag === "Text").length
  return segment - texts
}

/** Answers the guards that the pattern does not decide, or `undefined` when no key of the family can pass. */
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
