/**
 * Makes the graph of a manifest, and compiles the plan of each family: the entries that a write must invalidate.
 *
 * The reference `derives: ["user:{id}"]` of `profile:{id}` says that the entry `profile:7` was computed from `user:7`.
 * A parameter name that both sides have is carried along the edge. A parameter of the dependent that the reference does
 * not name is free. A text in the reference is a condition on the source. The plan of a family follows these edges to
 * their end, and composes the parameters that they carry. So a write executes a flat list of steps, and never matches a
 * pattern.
 *
 * - Completeness: every entry that depends on a key, through any chain of references, is in a step of the key's plan.
 * - Exactness: a step whose parameters are all bound drops one entry. A step with a free parameter drops the entries
 *   for every value of it. A parameter is free only if a link of the chain does not carry it.
 * - A step that a wider step of the same family contains is dropped.
 * - A plan is compiled at its first use: in a chain of families, each plan is as long as the rest of the chain.
 * - `*` is never carried, because its number of segments is not known.
 */
import { type KeyPattern, overlaps, parsePatternUnsafe } from "../../pattern/KeyPattern.ts"
import { FamilySet } from "./familySet.ts"
import type { ValidFamily, ValidManifest } from "./validation.ts"

import type { DependencyGraph, Edge, Node, Plan, Step, StepCondition } from "../DependencyGraph.ts"

// --- construction ----------------------------------------------------------------------------------------------------

/**
 * Makes the graph of a valid manifest. Its plans, and the edges that follow from them, are made at their first use.
 */
export const make = (manifest: ValidManifest): DependencyGraph => {
  const families = [...manifest.families.values()]
  const nodes = [
    ...families.map((family): Node => ({
      name: family.name,
      kind: "Family",
      pattern: family.pattern.source,
      layer: family.layer
    })),
    ...[...manifest.readers.values()].map((reader): Node => ({
      name: reader.name,
      kind: "Reader",
      pattern: undefined,
      layer: reader.spec.layer
    }))
  ]
  const declared = [
    ...families.flatMap(ownsEdges),
    ...families.flatMap((family) => borrowsEdges(manifest, family.name, family.spec.borrows)),
    ...[...manifest.readers.values()].flatMap((reader) => borrowsEdges(manifest, reader.name, reader.spec.borrows)),
    ...families.flatMap((family) => derivesEdges(manifest, family))
  ]
  const links = linksOf(manifest)
  const compiled = (source: number, target?: number) =>
    stepsOf(families, links, source, target === undefined ? undefined : families[target])
  const plans = madeWhenAsked(families.length, (index) => compiled(index))
  let edges: ReadonlyArray<Edge> | undefined
  return {
    id: manifest.id,
    nodes,
    get edges() {
      return edges ??= [
        ...declared,
        ...families.flatMap((family) => invalidatesEdges(family, families, plans[family.index]!))
      ]
    },
    declared,
    plans,
    dependentsOf: (source) => [...new Set(links.from[source]!.map(({ dependent }) => dependent.index))],
    compile: compiled,
    concerned: (source) => links.areExact ? reachedFrom(source, links) : undefined
  }
}

/** A list whose items are made at their first use, and kept. */
const madeWhenAsked = <A>(length: number, make: (index: number) => A): ReadonlyArray<A> => {
  const list: Array<A> = []
  for (let index = 0; index < length; index++) {
    const get = () => {
      const value = make(index)
      Object.defineProperty(list, index, { value, enumerable: true })
      return value
    }
    Object.defineProperty(list, index, { get, enumerable: true, configurable: true })
  }
  return list
}

const ownsEdges = (family: ValidFamily): ReadonlyArray<Edge> =>
  family.owner === family.name
    ? []
    : [{ kind: "Owns", from: family.owner, to: family.name, label: family.pattern.source }]

const borrowsEdges = (
  manifest: ValidManifest,
  from: string,
  borrows: ReadonlyArray<string> | undefined
): ReadonlyArray<Edge> =>
  // A borrow names a declared pattern, so the nearest pattern that covers it is that pattern.
  (borrows ?? []).map((label) => {
    const to = manifest.patterns.covering(parsePatternUnsafe(label))[0]!.value.name
    return { kind: "Borrows", from, to, label }
  })

const derivesEdges = (manifest: ValidManifest, family: ValidFamily): ReadonlyArray<Edge> =>
  family.derives.flatMap((reference) =>
    manifest.patterns.touched(reference).map((member): Edge => ({
      kind: "Derives",
      from: family.name,
      to: member.value.name,
      label: reference.source
    }))
  )

const invalidatesEdges = (
  family: ValidFamily,
  families: ReadonlyArray<ValidFamily>,
  plan: Plan
): ReadonlyArray<Edge> =>
  plan.map((step) => ({
    kind: "Invalidates",
    from: family.name,
    to: step.family,
    label: describe(family, families, step)
  }))

// Spells the entries that a step drops as a pattern: a bound hole has the source's name for the segment, a free hole is
// `*`.
const describe = (source: ValidFamily, families: ReadonlyArray<ValidFamily>, step: Step): string => {
  const { pattern } = families[step.index]!
  const values = new Map<number, string>(step.constants)
  for (const [hole, segment] of step.bound) values.set(hole, nameOfSegment(source.pattern, segment))
  let hole = 0
  const parts = pattern.segments.map((segment) => segment._tag === "Text" ? segment.text : values.get(hole++) ?? "*")
  return [...parts, ...(pattern.rest ? ["*"] : [])].join(":")
}

const nameOfSegment = (pattern: KeyPattern, index: number): string => {
  const segment = pattern.segments[index]
  return segment === undefined ? `{#${index}}` : segment._tag === "Text" ? segment.text : `{${segment.name}}`
}

// --- the invalidation plan -------------------------------------------------------------------------------------------

// One reference of one family: an edge that the search follows.
interface Link {
  readonly dependent: ValidFamily
  readonly reference: KeyPattern
}

interface Links {
  /** The references that touch a family, by the index of that family. */
  readonly from: ReadonlyArray<ReadonlyArray<Link>>
  /** The families, each after every family that it derives from. */
  readonly order: ReadonlyArray<number>
  /** The place of each family in that order, by the index of the family. */
  readonly places: ReadonlyArray<number>
  /** Whether each reference has exactly the texts of the pattern that it touches, in the same places. */
  readonly areExact: boolean
}

const linksOf = (manifest: ValidManifest): Links => {
  let areExact = true
  const from = Array.from(manifest.families.values(), () => [] as Array<Link>)
  for (const dependent of manifest.families.values()) {
    for (const reference of dependent.derives) {
      for (const { value } of manifest.patterns.touched(reference)) {
        from[value.index]!.push({ dependent, reference })
        areExact &&= !value.pattern.rest && reference.normal === value.pattern.normal
      }
    }
  }
  // A family has more sources, near and far, than any of its sources has. So this order is by number of sources.
  const sizes = Array.from(manifest.families.values(), ({ upstream }) => upstream.size)
  const order = [...sizes.keys()].toSorted((a, b) => sizes[a]! - sizes[b]!)
  const places: Array<number> = []
  for (const [place, index] of order.entries()) places[index] = place
  return { from, order, places, areExact }
}

// The value of one segment, or of one parameter, in terms of the changed key.
type Binding =
  | { readonly _tag: "Free" }
  | { readonly _tag: "Segment"; readonly segment: number }
  | { readonly _tag: "Text"; readonly text: string }

const free: Binding = { _tag: "Free" }

// The entries of a family that a search has reached: the bindings of its holes, and the conditions on the changed key.
interface Reached {
  readonly family: ValidFamily
  /** One binding for each hole. A `*` at the end is always free, and is not listed. */
  readonly bindings: ReadonlyArray<Binding>
  readonly conditions: ReadonlyArray<StepCondition>
  readonly isSource: boolean
}

/**
 * The most steps of one plan that concern the same family. More steps than this become one step that drops the whole
 * family: complete, and less exact.
 */
export const stepsPerFamilyMax = 64

const stepsOf = (
  families: ReadonlyArray<ValidFamily>,
  { from, order, places }: Links,
  source: number,
  target: ValidFamily | undefined
): Plan => {
  const start = families[source]!
  const reached = new Map<number, Array<Reached>>()
  let last = places[source]!
  for (let place = last; place <= last; place++) {
    const index = order[place]!
    const states = index === source ? [startAt(start)] : reached.get(index) ?? []
    if (states.length === 0) continue
    for (const link of from[index]!) {
      const { dependent } = link
      if (target !== undefined && dependent !== target && !target.upstream.has(dependent.index)) continue
      for (const state of states) {
        const next = follow(state, link)
        if (next === undefined) continue
        add(reached, next)
        last = Math.max(last, places[dependent.index]!)
      }
    }
  }
  const concerned = target === undefined ? [...reached] : [...reached].filter(([index]) => index === target.index)
  const parts: Parts = new Map()
  return concerned.flatMap(([index, states]) => states.map((state) => toStep(families[index]!, state, parts)))
}

// Every family that a family's changes reach, nearest first.
const reachedFrom = (source: number, { from }: Links): ReadonlyArray<number> => {
  const seen = new FamilySet(from.length)
  const reached = [source]
  // The loop also visits the items that are added while it runs.
  for (const index of reached) {
    for (const { dependent } of from[index]!) {
      if (seen.has(dependent.index)) continue
      seen.add(dependent.index)
      reached.push(dependent.index)
    }
  }
  return reached.slice(1)
}

const startAt = (family: ValidFamily): Reached => ({
  family,
  bindings: family.pattern.segments.flatMap((segment, index): ReadonlyArray<Binding> =>
    segment._tag === "Hole" ? [{ _tag: "Segment", segment: index }] : []
  ),
  conditions: [],
  isSource: true
})

// The entries of the link's dependent that depend on the entries reached; undefined if there are none.
const follow = (from: Reached, { dependent, reference }: Link): Reached | undefined => {
  if (!overlaps(from.family.pattern, reference)) return undefined
  const view = segmentsOf(from)
  let conditions: ReadonlyArray<StepCondition> | undefined = from.isSource
    ? lengthConditions(from.family.pattern, reference)
    : from.conditions
  const carried = new Map<string, Binding>()
  for (const [index, segment] of reference.segments.entries()) {
    const known = view(index)
    if (segment._tag === "Hole") carried.set(segment.name, known)
    else if (known._tag === "Text") {
      if (known.text !== segment.text) return undefined
    } else if (known._tag === "Segment") {
      conditions = withCondition(conditions, known.segment, segment.text)
      if (conditions === undefined) return undefined
    }
  }
  const bindings = dependent.pattern.segments.flatMap((segment) =>
    segment._tag === "Hole" ? [carried.get(segment.name) ?? free] : []
  )
  // Along a chain, most families can share one list.
  const isAlike = bindings.length === from.bindings.length &&
    bindings.every((each, hole) => each === from.bindings[hole])
  return { family: dependent, bindings: isAlike ? from.bindings : bindings, conditions, isSource: false }
}

// The binding of each segment of the keys reached. Behind a `*`, only the changed key itself has known segments.
const segmentsOf = (reached: Reached): (index: number) => Binding => {
  let hole = 0
  const known = reached.family.pattern.segments.map((segment): Binding =>
    segment._tag === "Text" ? { _tag: "Text", text: segment.text } : reached.bindings[hole++]!
  )
  return (index) => known[index] ?? (reached.isSource ? { _tag: "Segment", segment: index } : free)
}

// A family that ends in `*` has keys of many lengths, and a reference may name only some of these lengths.
const lengthConditions = (source: KeyPattern, reference: KeyPattern): ReadonlyArray<StepCondition> => {
  if (!source.rest) return []
  if (!reference.rest) return [{ _tag: "Length", segments: reference.segments.length }]
  const least = reference.segments.length + 1
  return least > source.segments.length + 1 ? [{ _tag: "MinLength", segments: least }] : []
}

const withCondition = (
  conditions: ReadonlyArray<StepCondition>,
  segment: number,
  text: string
): ReadonlyArray<StepCondition> | undefined => {
  const known = textDemanded(conditions, segment)
  if (known === undefined) return [...conditions, { _tag: "Equals", segment, text }]
  return known === text ? conditions : undefined
}

const textDemanded = (conditions: ReadonlyArray<StepCondition>, segment: number): string | undefined => {
  for (const condition of conditions) {
    if (condition._tag === "Equals" && condition.segment === segment) return condition.text
  }
  return undefined
}

// --- merging ---

const add = (reached: Map<number, Array<Reached>>, next: Reached): void => {
  const { index } = next.family
  const known = reached.get(index) ?? []
  if (known.some((other) => isWithin(next, other))) return
  const kept = known.filter((other) => !isWithin(other, next))
  kept.push(next)
  reached.set(
    index,
    kept.length <= stepsPerFamilyMax ? kept : [{ ...next, bindings: next.bindings.map(() => free), conditions: [] }]
  )
}

// Whether `b` drops every entry that `a` drops.
const isWithin = (a: Reached, b: Reached): boolean =>
  b.conditions.every((condition) => isImplied(condition, a.conditions)) &&
  b.bindings.every((binding, hole) => isBoundWithin(a.bindings[hole]!, binding, a.conditions))

const isImplied = (condition: StepCondition, by: ReadonlyArray<StepCondition>): boolean =>
  by.some((other) =>
    condition._tag === "Equals"
      ? other._tag === "Equals" && other.segment === condition.segment && other.text === condition.text
      : condition._tag === "Length"
      ? other._tag === "Length" && other.segments === condition.segments
      : other._tag !== "Equals" && other.segments >= condition.segments
  )

const isBoundWithin = (a: Binding, b: Binding, conditions: ReadonlyArray<StepCondition>): boolean => {
  if (b._tag === "Free") return true
  if (a._tag === "Free") return false
  if (a._tag === "Segment" && b._tag === "Segment" && a.segment === b.segment) return true
  const [textOfA, textOfB] = [textOf(a, conditions), textOf(b, conditions)]
  return textOfA !== undefined && textOfA === textOfB
}

const textOf = (binding: Binding, conditions: ReadonlyArray<StepCondition>): string | undefined =>
  binding._tag === "Text"
    ? binding.text
    : binding._tag === "Segment"
    ? textDemanded(conditions, binding.segment)
    : undefined

// The parts of a step that follow from its bindings. All steps of a plan with the same list of bindings share them.
type Parts = Map<ReadonlyArray<Binding>, Pick<Step, "bound" | "constants" | "free">>

const toStep = (family: ValidFamily, { bindings, conditions }: Reached, parts: Parts): Step => {
  let known = parts.get(bindings)
  if (known === undefined) parts.set(bindings, known = partsOf(bindings))
  const { bound, constants, free } = known
  return {
    family: family.name,
    index: family.index,
    bound,
    constants,
    conditions,
    free: family.pattern.rest ? free + 1 : free
  }
}

const partsOf = (bindings: ReadonlyArray<Binding>): Pick<Step, "bound" | "constants" | "free"> => {
  const bound: Array<readonly [number, number]> = []
  const constants: Array<readonly [number, string]> = []
  bindings.forEach((binding, hole) => {
    if (binding._tag === "Segment") bound.push([hole, binding.segment])
    if (binding._tag === "Text") constants.push([hole, binding.text])
  })
  return { bound, constants, free: bindings.length - bound.length - constants.length }
}
