/**
 * Who owns, borrows and derives from whom, as a value; and what each write must invalidate, compiled.
 *
 * A reference such as `derives: ["user:{id}"]` of `profile:{id}` says: the entry `profile:7` was computed from
 * `user:7`. A name that both sides have is carried along the edge; a parameter of the dependent that the reference
 * does not name is free; text in the reference is a guard on the source. The plan of a family follows these edges to
 * their end, composing what they carry, so that a write executes a flat list of steps and never matches a pattern.
 *
 * - Completeness: whatever depends on a key, through any chain of references, is in a step of its plan.
 * - Exactness: a step whose parameters are all bound drops one entry. A free parameter drops every value of it, and
 *   is free only if some link of the chain does not carry it.
 * - A step that a wider step of the same family contains is dropped.
 * - A plan is compiled when it is asked for: along a chain of families each is as long as the rest of the chain.
 * - `*` never carries: how many segments it has is not known.
 *
 * @since 0.1.0
 */
import { type KeyPattern, overlaps, parsePatternUnsafe } from "../pattern/KeyPattern.ts"
import { FamilySet } from "./FamilySet.ts"
import type { ValidFamily, ValidManifest } from "./Validation.ts"

// --- models ----------------------------------------------------------------------------------------------------------

/**
 * A manifest as a graph: families and readers, and the edges between them.
 *
 * @category models
 * @since 0.1.0
 */
export interface DependencyGraph {
  readonly id: string
  readonly nodes: ReadonlyArray<Node>
  /** All edges. Those of kind `Invalidates` are as many as the steps of all plans, and are made when asked for. */
  readonly edges: ReadonlyArray<Edge>
  /** The edges that the manifest says: all but those of kind `Invalidates`. */
  readonly declared: ReadonlyArray<Edge>
  /** For each family, by its index in the manifest, what a change of one of its keys drops. */
  readonly plans: ReadonlyArray<Plan>
  /** The families that derive from a family at first hand, by index; each once. */
  dependentsOf(source: number): ReadonlyArray<number>
  /**
   * The plan of a family, compiled anew; or only its steps that concern one target, for which no more is looked at than
   * what lies between the two.
   */
  compile(source: number, target?: number): Plan
  /**
   * The families that a plan concerns, by index, where each of its steps may drop any key: known without the plan.
   * `undefined` where a text of some pattern or reference narrows what a step drops.
   */
  concerned(source: number): ReadonlyArray<number> | undefined
}

/**
 * A family, or a reader, which has no pattern.
 *
 * @category models
 * @since 0.1.0
 */
export interface Node {
  readonly name: string
  readonly kind: "Family" | "Reader"
  readonly pattern: string | undefined
  readonly layer: string | undefined
}

/**
 * - `Owns`: the owner of `from` owns `to`, a part of it.
 * - `Borrows`: `from` may read `to`.
 * - `Derives`: entries of `from` are computed from entries of `to`.
 * - `Invalidates`: a change in `from` drops entries of `to`, directly or through others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Edge {
  readonly kind: EdgeKind
  readonly from: string
  readonly to: string
  /** The reference behind `Borrows` and `Derives`, as the manifest spells it; for `Invalidates`, what is dropped. */
  readonly label: string | undefined
}

/**
 * The kinds of edges.
 *
 * @category models
 * @since 0.1.0
 */
export type EdgeKind = "Owns" | "Borrows" | "Derives" | "Invalidates"

/**
 * What a change of one key drops, nearest dependents first.
 *
 * @category invalidation
 * @since 0.1.0
 */
export type Plan = ReadonlyArray<Step>

/**
 * Drops from one family every entry whose parameters agree with `bound` and `constants`, if the changed key passes all
 * `guards`. Plain data: segments and holes are numbers.
 *
 * @category invalidation
 * @since 0.1.0
 */
export interface Step {
  /** The family that loses entries, by name and by index. */
  readonly family: string
  readonly index: number
  /** Holes of the family that must equal a segment of the changed key. */
  readonly bound: ReadonlyArray<readonly [hole: number, segment: number]>
  /** Holes of the family that must equal a text. */
  readonly constants: ReadonlyArray<readonly [hole: number, text: string]>
  readonly guards: ReadonlyArray<Guard>
  /** How many holes are free: 0 drops one entry, all of them the whole family. */
  readonly free: number
}

/**
 * A condition on the segments of the changed key.
 *
 * @category invalidation
 * @since 0.1.0
 */
export type Guard =
  | { readonly _tag: "Equals"; readonly segment: number; readonly text: string }
  | { readonly _tag: "Length"; readonly segments: number }
  | { readonly _tag: "MinLength"; readonly segments: number }

// --- construction ----------------------------------------------------------------------------------------------------

/**
 * The graph of a valid manifest. Its plans, and the edges that follow from them, are made when they are asked for.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (manifest: ValidManifest): DependencyGraph => {
  const families = [...manifest.families.values()]
  const nodes = [
    ...families.map((family): Node => ({
      name: family.name,
      kind: "Family",
      pattern: family.pattern.source,
      layer: family.spec.layer
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
    compile(families, links, source, target === undefined ? undefined : families[target])
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
    concerned: (source) => links.arePlain ? reachedFrom(source, links) : undefined
  }
}

/** A list of which each item is made when it is asked for, and kept. */
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
  // A borrow names a declared pattern, which is the nearest that covers it.
  (borrows ?? []).map((label) => {
    const to = manifest.patterns.covering(parsePatternUnsafe(label))[0]!.value.name
    return { kind: "Borrows", from, to, label }
  })

const derivesEdges = (manifest: ValidManifest, family: ValidFamily): ReadonlyArray<Edge> =>
  family.derives.flatMap((reference) =>
    manifest.patterns.overlapping(reference).map((member): Edge => ({
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

// What a step drops, written as a pattern: bound holes keep the source's name for the segment, free ones are `*`.
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

// One reference of one family, as an edge of the search.
interface Link {
  readonly dependent: ValidFamily
  readonly reference: KeyPattern
}

interface Links {
  /** By the index of the source: the references that touch it. */
  readonly from: ReadonlyArray<ReadonlyArray<Link>>
  /** The families, each after all that it derives from. */
  readonly order: ReadonlyArray<number>
  /** By the index of a family: its place in that order. */
  readonly places: ReadonlyArray<number>
  /** Each reference has the texts of the pattern that it touches, in their places, and no others. */
  readonly arePlain: boolean
}

const linksOf = (manifest: ValidManifest): Links => {
  let arePlain = true
  const from = Array.from(manifest.families.values(), () => [] as Array<Link>)
  for (const dependent of manifest.families.values()) {
    for (const reference of dependent.derives) {
      for (const { value } of manifest.patterns.overlapping(reference)) {
        from[value.index]!.push({ dependent, reference })
        arePlain &&= !value.pattern.rest && reference.normal === value.pattern.normal
      }
    }
  }
  // More families reach a family than reach any of these.
  const sizes = Array.from(manifest.families.values(), ({ upstream }) => upstream.size)
  const order = [...sizes.keys()].toSorted((a, b) => sizes[a]! - sizes[b]!)
  const places: Array<number> = []
  for (const [place, index] of order.entries()) places[index] = place
  return { from, order, places, arePlain }
}

// What is known about one segment, or one parameter, in terms of the changed key.
type Binding =
  | { readonly _tag: "Free" }
  | { readonly _tag: "Segment"; readonly segment: number }
  | { readonly _tag: "Text"; readonly text: string }

const free: Binding = { _tag: "Free" }

// The entries of a family that a search has reached: its holes, and what the changed key must satisfy.
interface Reached {
  readonly family: ValidFamily
  /** By hole; a last `*` is always free and is not listed. */
  readonly bindings: ReadonlyArray<Binding>
  readonly guards: ReadonlyArray<Guard>
  readonly isSource: boolean
}

/**
 * The most ways to reach one family from another that are kept apart. Beyond it they become one step that drops the
 * whole family, which is complete and less exact.
 *
 * @category invalidation
 * @since 0.1.0
 */
export const stepsPerFamilyMax = 64

const compile = (
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

// All families that a family's changes reach, nearest first.
const reachedFrom = (source: number, { from }: Links): ReadonlyArray<number> => {
  const seen = new FamilySet(from.length)
  const reached = [source]
  // A list is iterated in its order, additions included.
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
  guards: [],
  isSource: true
})

// The entries of the link's dependent that depend on the entries reached; undefined if none does.
const follow = (from: Reached, { dependent, reference }: Link): Reached | undefined => {
  if (!overlaps(from.family.pattern, reference)) return undefined
  const view = segmentsOf(from)
  let guards: ReadonlyArray<Guard> | undefined = from.isSource
    ? lengthGuards(from.family.pattern, reference)
    : from.guards
  const carried = new Map<string, Binding>()
  for (const [index, segment] of reference.segments.entries()) {
    const known = view(index)
    if (segment._tag === "Hole") carried.set(segment.name, known)
    else if (known._tag === "Text") {
      if (known.text !== segment.text) return undefined
    } else if (known._tag === "Segment") {
      guards = withGuard(guards, known.segment, segment.text)
      if (guards === undefined) return undefined
    }
  }
  const bindings = dependent.pattern.segments.flatMap((segment) =>
    segment._tag === "Hole" ? [carried.get(segment.name) ?? free] : []
  )
  // Along a chain it is mostly one list for all families.
  const isAlike = bindings.length === from.bindings.length &&
    bindings.every((each, hole) => each === from.bindings[hole])
  return { family: dependent, bindings: isAlike ? from.bindings : bindings, guards, isSource: false }
}

// What is known about each segment of the keys reached. Behind a `*`, only the changed key itself has known segments.
const segmentsOf = (reached: Reached): (index: number) => Binding => {
  let hole = 0
  const known = reached.family.pattern.segments.map((segment): Binding =>
    segment._tag === "Text" ? { _tag: "Text", text: segment.text } : reached.bindings[hole++]!
  )
  return (index) => known[index] ?? (reached.isSource ? { _tag: "Segment", segment: index } : free)
}

// A family that ends in `*` has keys of many lengths, and a reference may ask for some of them.
const lengthGuards = (source: KeyPattern, reference: KeyPattern): ReadonlyArray<Guard> => {
  if (!source.rest) return []
  if (!reference.rest) return [{ _tag: "Length", segments: reference.segments.length }]
  const least = reference.segments.length + 1
  return least > source.segments.length + 1 ? [{ _tag: "MinLength", segments: least }] : []
}

const withGuard = (guards: ReadonlyArray<Guard>, segment: number, text: string): ReadonlyArray<Guard> | undefined => {
  const known = textDemanded(guards, segment)
  if (known === undefined) return [...guards, { _tag: "Equals", segment, text }]
  return known === text ? guards : undefined
}

const textDemanded = (guards: ReadonlyArray<Guard>, segment: number): string | undefined => {
  for (const guard of guards) if (guard._tag === "Equals" && guard.segment === segment) return guard.text
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
    kept.length <= stepsPerFamilyMax ? kept : [{ ...next, bindings: next.bindings.map(() => free), guards: [] }]
  )
}

// Whether everything that `a` drops is dropped by `b`, too.
const isWithin = (a: Reached, b: Reached): boolean =>
  b.guards.every((guard) => isImplied(guard, a.guards)) &&
  b.bindings.every((binding, hole) => isBoundWithin(a.bindings[hole]!, binding, a.guards))

const isImplied = (guard: Guard, by: ReadonlyArray<Guard>): boolean =>
  by.some((other) =>
    guard._tag === "Equals"
      ? other._tag === "Equals" && other.segment === guard.segment && other.text === guard.text
      : guard._tag === "Length"
      ? other._tag === "Length" && other.segments === guard.segments
      : other._tag !== "Equals" && other.segments >= guard.segments
  )

const isBoundWithin = (a: Binding, b: Binding, guards: ReadonlyArray<Guard>): boolean => {
  if (b._tag === "Free") return true
  if (a._tag === "Free") return false
  if (a._tag === "Segment" && b._tag === "Segment" && a.segment === b.segment) return true
  const [textOfA, textOfB] = [textOf(a, guards), textOf(b, guards)]
  return textOfA !== undefined && textOfA === textOfB
}

const textOf = (binding: Binding, guards: ReadonlyArray<Guard>): string | undefined =>
  binding._tag === "Text"
    ? binding.text
    : binding._tag === "Segment"
    ? textDemanded(guards, binding.segment)
    : undefined

// What a list of bindings comes to, shared by all steps of a plan that have this list.
type Parts = Map<ReadonlyArray<Binding>, Pick<Step, "bound" | "constants" | "free">>

const toStep = (family: ValidFamily, { bindings, guards }: Reached, parts: Parts): Step => {
  let known = parts.get(bindings)
  if (known === undefined) parts.set(bindings, known = partsOf(bindings))
  const { bound, constants, free } = known
  return {
    family: family.name,
    index: family.index,
    bound,
    constants,
    guards,
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
