/**
 * Compiles and runs the invalidation plan of a family: the steps that say which keys of which families a change drops.
 *
 * - A plan is compiled from the dependency graph of a manifest. The graph counts segments of full keys and holes of
 *   patterns. A plan counts positions in keys within a family, from 0, so the engine never needs a pattern.
 * - What a pattern decides by itself (its text segments, its length) is decided here, once. A condition that always
 *   holds is left out, and so is a step whose conditions never hold.
 * - One plan answers both questions: what a change drops, and whether a lookup may read a key. So the check of reads is
 *   exactly as strong as the invalidation.
 *
 * Not here: the graph (`ownership/DependencyGraph.ts`), and what drops the keys that are reached
 * (`internal/invalidation/spreading.ts`).
 */
import type * as DependencyGraph from "../../ownership/DependencyGraph.ts"
import type { ValidFamily, ValidManifest } from "../../ownership/shared/validation.ts"
import type { Slice } from "../Explanation.ts"
import { end, everything, more } from "./slices.ts"

/** A condition on the changed key. A step is taken only if all of its conditions hold. */
export type CompiledCondition =
  | { readonly _tag: "Equals"; readonly position: number; readonly text: string }
  | { readonly _tag: "Length"; readonly min: number; readonly max: number }

/** The keys that `family` loses when a key of the plan's own family changes. */
export interface CompiledStep {
  readonly family: string
  /** Pairs of positions, one in the key that is dropped and one in the changed key. Their segments must be equal. */
  readonly bound: ReadonlyArray<readonly [target: number, source: number]>
  /** Positions in the key that is dropped, with the text that each must have. */
  readonly constants: ReadonlyArray<readonly [target: number, text: string]>
  readonly conditions: ReadonlyArray<CompiledCondition>
  /** Whether every position is bound or constant, so that the step drops one key. */
  readonly exact: boolean
  /** Whether the key that it drops has the text of the changed key, whatever that is. */
  readonly isSame?: boolean
  /** The positions of the pairs in the key that is dropped, where these are in order and no other position is given. */
  readonly positions?: ReadonlyArray<number> | undefined
}

/**
 * All steps of a family. A chain of 1,000 families has 500,000 of them, so they are compiled at the first change that
 * needs them.
 */
export interface InvalidationPlan {
  /** Whether the plan has no steps. Known before the steps are compiled. */
  readonly isEmpty: boolean
  /**
   * The families of `all`, if no fixed text narrows what they lose; otherwise `undefined`. Known before the steps are
   * compiled.
   */
  readonly whole: ReadonlyArray<string> | undefined
  /** Every step, nearest family first. */
  readonly all: ReadonlyArray<CompiledStep>
  /** The steps that drop keys of one family. This compiles only those. */
  readonly in: (family: string) => ReadonlyArray<CompiledStep>
}

/** Makes a plan of a complete list of steps. */
export const listed = (all: ReadonlyArray<CompiledStep>): InvalidationPlan => ({
  isEmpty: all.length === 0,
  whole: undefined,
  all,
  in: (family) => all.filter((step) => step.family === family)
})

// --- what a change reaches --------------------------------------------------------------------

/** The segments of a changed key; `undefined` for a segment that is not known. */
type Known = ReadonlyArray<string | undefined>

/** Visits each step that a change of a key takes, with the keys that it drops. */
export const eachReached = (
  plan: InvalidationPlan,
  key: string,
  visit: (step: CompiledStep, slice: Slice) => void
): void => {
  const steps = plan.all
  if (steps.length === 0) return
  const segments = key.split(":")
  const { length } = segments
  for (const step of steps) if (holds(step, segments, length, length)) visit(step, sliceOf(step, segments))
}

/**
 * What a step drops when a key with these segments changes: one key, or a slice; `undefined` if the step is not taken.
 * A step that drops the key of the same text (`isSame`) needs no segments, and does not come here.
 */
export const droppedBy = (step: CompiledStep, segments: ReadonlyArray<string>): string | Slice | undefined => {
  if (!holds(step, segments, segments.length, segments.length)) return undefined
  const slice = sliceOf(step, segments)
  return step.exact ? keyOf(slice) : slice
}

/** The segments of a changed key. Most keys have one. */
export const segmentsOf = (key: string): ReadonlyArray<string> => key.includes(":") ? key.split(":") : [key]

/** Visits each step that a change of some key of a slice may take, with the keys that it may drop. */
export const eachReachedFrom = (
  plan: InvalidationPlan,
  { positions, values }: Slice,
  visit: (step: CompiledStep, slice: Slice) => void
): void => {
  const known: Array<string | undefined> = []
  let least = 0
  let most = Infinity
  positions.forEach((position, i) => {
    const value = values[i]!
    least = value === end ? position : position + 1
    if (value === end) most = position
    else if (value !== more) known[position] = value
  })
  for (const step of plan.all) if (holds(step, known, least, most)) visit(step, sliceOf(step, known))
}

/** Visits each family that a change of any key may reach, with the keys that it may drop. */
export const eachReachedFromAll = (plan: InvalidationPlan, visit: (family: string, slice: Slice) => void): void => {
  // Without fixed texts, the families are known before their steps are compiled.
  if (plan.whole !== undefined) { for (const family of plan.whole) visit(family, everything) }
  else for (const step of plan.all) visit(step.family, sliceOf(step, []))
}

/** Whether a change of a key drops one key of a target family. */
export const reaches = (plan: InvalidationPlan, key: string, target: string, targetKey: string): boolean => {
  const segments = key.split(":")
  const own = targetKey.split(":")
  return plan.in(target).some((step) =>
    holds(step, segments, segments.length, segments.length) && agrees(step, segments, own)
  )
}

/** The keys of a target family, among those given, that a change of a key drops. */
export function* reachedAmong(
  plan: InvalidationPlan,
  key: string,
  target: string,
  keys: ReadonlySet<string>
): Iterable<string> {
  const segments = key.split(":")
  for (const step of plan.in(target)) {
    if (!holds(step, segments, segments.length, segments.length)) continue
    if (step.exact) {
      const own = keyOf(sliceOf(step, segments))
      if (keys.has(own)) yield own
    } else for (const own of keys) if (agrees(step, segments, own.split(":"))) yield own
  }
}

/** The one key of a slice in which every position is known. */
export const keyOf = (slice: Slice): string => slice.values.join(":")

/**
 * Whether the conditions of a step may hold for a change of a key that has from `least` to `most` segments. A segment
 * that is not known may have any value.
 */
const holds = ({ conditions }: CompiledStep, known: Known, least: number, most: number): boolean => {
  for (const condition of conditions) if (!mayPass(condition, known, least, most)) return false
  return true
}

const mayPass = (condition: CompiledCondition, known: Known, least: number, most: number): boolean => {
  if (condition._tag === "Length") return least <= condition.max && most >= condition.min
  return known[condition.position] === undefined || known[condition.position] === condition.text
}

/** Whether a step drops one particular key. */
const agrees = (
  { bound, constants }: CompiledStep,
  changed: ReadonlyArray<string>,
  own: ReadonlyArray<string>
): boolean =>
  bound.every(([at, source]) => own[at] === changed[source]) && constants.every(([at, text]) => own[at] === text)

/** The keys that a step drops. A segment that is not known is left open. */
const sliceOf = (step: CompiledStep, known: Known): Slice => {
  const { bound, positions } = step
  if (positions === undefined) return sortedSliceOf(step, known)
  const values: Array<string> = []
  for (const [, source] of bound) {
    const value = known[source]
    if (value === undefined) return sortedSliceOf(step, known)
    values.push(value)
  }
  return { positions, values }
}

const sortedSliceOf = (step: CompiledStep, known: Known): Slice => {
  const values = new Map<number, string>(step.constants)
  for (const [target, source] of step.bound) {
    if (known[source] !== undefined) values.set(target, known[source])
  }
  if (values.size === 0) return everything
  const positions = Array.from(values.keys()).toSorted((a, b) => a - b)
  return { positions, values: positions.map((position) => values.get(position)!) }
}

// --- the compiler ------------------------------------------------------------------------------

/** The plan of a family. A lookup that reads the family asks for the steps to one target, and a change for all. */
export const compile = (
  manifest: ValidManifest,
  graph: DependencyGraph.DependencyGraph,
  source: ValidFamily
): InvalidationPlan => {
  const targets = graph.dependentsOf(source.index)
  if (targets.length === 0) return none
  const byTarget = new Map<number, ReadonlyArray<CompiledStep>>()
  const to = (target: number) => {
    const known = byTarget.get(target) ?? translate(source, graph.compile(source.index, target))
    byTarget.set(target, known)
    return known
  }
  let isEmpty: boolean | undefined
  let all: ReadonlyArray<CompiledStep> | undefined
  return {
    // A family that is further away is reached through one of these.
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

const none: InvalidationPlan = { isEmpty: true, whole: [], all: [], in: () => [] }

const translate = (source: ValidFamily, plan: DependencyGraph.Plan): ReadonlyArray<CompiledStep> => {
  // Most steps of a long plan share their bound positions, and have no conditions.
  const known = new Map<DependencyGraph.Step["bound"], Values>()
  return plan.flatMap((step) => {
    const conditions = step.conditions.length === 0 ? noConditions : conditionsOf(source, step.conditions)
    if (conditions === undefined) return []
    let values = known.get(step.bound)
    if (values === undefined) known.set(step.bound, values = valuesOf(source, step))
    const exact = step.free === 0
    const isSame = exact && conditions.length === 0 && values.constants.length === 0 && !source.pattern.rest &&
      values.bound.length === source.pattern.holes.length && values.bound.every(([target, from]) => target === from)
    const { bound, constants, positions } = values
    return [{ family: step.family, bound, constants, conditions, exact, isSame, positions }]
  })
}

const noConditions: ReadonlyArray<CompiledCondition> = []

/** What a step says of the values in the key that it drops. */
type Values = Pick<CompiledStep, "bound" | "constants" | "positions">

const valuesOf = (source: ValidFamily, step: DependencyGraph.Step): Values => {
  const bound: Array<readonly [number, number]> = []
  const constants = [...step.constants]
  for (const [hole, segment] of step.bound) {
    const at = positionOf(source, segment)
    if (typeof at === "number") bound.push([hole, at])
    else constants.push([hole, at])
  }
  const targets = bound.map(([target]) => target)
  const areSorted = constants.length === 0 && targets.length > 0 &&
    targets.every((target, i) => i === 0 || target > targets[i - 1]!)
  return { bound, constants, positions: areSorted ? targets : undefined }
}

/** The position, in a key within the family, of a segment of the full key; or the segment itself if it is text. */
const positionOf = (source: ValidFamily, segment: number): number | string => {
  const { segments } = source.pattern
  const own = segments[segment]
  if (own?._tag === "Text") return own.text
  const texts = segments.slice(0, segment).filter(({ _tag }) => _tag === "Text").length
  return segment - texts
}

/** The conditions that are still open; `undefined` if no key of the family passes. */
const conditionsOf = (
  source: ValidFamily,
  conditions: ReadonlyArray<DependencyGraph.StepCondition>
): ReadonlyArray<CompiledCondition> | undefined => {
  const { rest, segments } = source.pattern
  const texts = segments.filter(({ _tag }) => _tag === "Text").length
  const open: Array<CompiledCondition> = []
  for (const condition of conditions) {
    if (condition._tag === "Equals") {
      const at = positionOf(source, condition.segment)
      if (typeof at === "number") open.push({ _tag: "Equals", position: at, text: condition.text })
      else if (at !== condition.text) return undefined
      continue
    }
    const max = condition._tag === "Length" ? condition.segments : Infinity
    if (rest) open.push({ _tag: "Length", min: condition.segments - texts, max: max - texts })
    else if (segments.length < condition.segments || segments.length > max) return undefined
  }
  return open
}
