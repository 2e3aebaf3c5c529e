/**
 * Checks a manifest at run time, for manifests that are built from data. It reports the same findings as the types, in
 * the same words.
 *
 * A manifest that passes becomes a {@link ValidManifest}: its patterns are parsed and indexed. For each family it has
 * the same facts as the types: the nearest encloser, the owner, the realm, the families that cover it, and the families
 * that it may read.
 *
 * - Every mistake is reported, each once, with the path of the property that the compiler would underline.
 * - A family whose pattern is malformed takes no part in the other checks.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import * as Nearest from "../../diagnostic/types/nearest.ts"
import * as OverlapFindings from "../../diagnostic/types/overlapFindings.ts"
import * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import * as KeyPattern from "../../pattern/KeyPattern.ts"
import * as PatternSet from "../../pattern/types/patternSet.ts"
import type { Definition, FamilySpec, LayerSpec, ReaderSpec } from "../Definition.ts"
import { policyOptions } from "../FamilyPolicy.ts"
import { findParamProblems } from "../internal/params.ts"
import { sensitiveOf } from "../internal/sensitive.ts"
import { versionOf, versionsOf } from "../internal/versions.ts"
import { FamilySet } from "../types/familySet.ts"

// --- models ----------------------------------------------------------------------------------------------------------

/**
 * One mistake of a manifest, with the path of the wrong property, such as `["families", "profile", "derives", "0"]`.
 *
 * @category errors
 * @since 0.1.0
 */
export interface ManifestProblem extends Diagnostic.Diagnostic {
  readonly path: ReadonlyArray<string>
}

const ManifestProblem = Schema.Struct({
  _tag: Schema.String,
  code: Schema.String,
  sentence: Schema.String,
  help: Schema.String,
  path: Schema.Array(Schema.String)
})

/**
 * The error for a manifest that cannot be used. `reason` is the first mistake, and `problems` is the list of all
 * mistakes.
 *
 * @category errors
 * @since 0.1.0
 */
export class ManifestError extends Schema.TaggedError<ManifestError>()("ManifestError", {
  manifest: Schema.String,
  reason: ManifestProblem,
  problems: Schema.Array(ManifestProblem)
}) {
  override get message() {
    const others = this.problems.length - 1
    const more = others === 0 ? "" : ` (and ${others} more)`
    const place = this.reason.path.length === 0 ? "" : `, ${this.reason.path.join(".")}`
    return `manifest \`${this.manifest}\`${place}: ${this.reason.code}: ${Diagnostic.format(this.reason)}${more}`
  }
}

/**
 * A family of a valid manifest, with the facts that follow from its place among the other families.
 *
 * @category models
 * @since 0.1.0
 */
export interface ValidFamily {
  readonly name: string
  /** Its position in the manifest, from 0. */
  readonly index: number
  readonly spec: FamilySpec
  readonly pattern: KeyPattern.KeyPattern
  /**
   * Whether its keys, tags and values are hidden: its declaration says so, or it derives from such a family, at any
   * distance, or it lies inside one.
   */
  readonly isSensitive: boolean
  /** The nearest family around it. */
  readonly encloser: string | undefined
  /** The family whose owner owns this family: the family itself, unless it is a part. */
  readonly owner: string
  /** The name of the carved-out family that contains this family. Rights do not cross the border of a carve-out. */
  readonly realm: string | undefined
  /** The families whose rights cover this family, the most specific first. This family is one of them. */
  readonly covering: ReadonlyArray<string>
  /**
   * The versions of this family, and of all families that it derives from. They tell its entries from entries of other
   * versions. The text is made at its first use.
   */
  readonly version: string | undefined
  /** The families inside this family, at any depth. Their keys are not keys of this family. */
  readonly inner: ReadonlyArray<string>
  readonly derives: ReadonlyArray<KeyPattern.KeyPattern>
  /** The families whose changes reach this family, at any distance. */
  readonly upstream: FamilySet
  /** The families that its lookup may read: the families that `derives` names exactly. */
  readonly lookupReads: ReadonlyArray<string>
  /** The families that its declaration names: first those of `lookupReads`, then those of `borrows`. */
  readonly statedReads: ReadonlyArray<string>
  /** The families that its module may read: those of `statedReads`, and the families that they lead to. */
  readonly readable: FamilySet
  /** The names of the families that its module may read. Made at the first use, because a long chain has many. */
  readonly moduleReads: ReadonlyArray<string>
}

/**
 * A reader of a valid manifest, and the families that it may read.
 *
 * @category models
 * @since 0.1.0
 */
export interface ValidReader {
  readonly name: string
  readonly spec: ReaderSpec
  readonly moduleReads: ReadonlyArray<string>
}

/**
 * A manifest without mistakes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ValidManifest {
  readonly id: string
  /** The name of the manifest's class in a Context: `id`, unless another class has that name. */
  readonly key: string
  readonly definition: Definition
  readonly families: ReadonlyMap<string, ValidFamily>
  readonly readers: ReadonlyMap<string, ValidReader>
  /** Finds the family of a key or pattern. */
  readonly patterns: PatternSet.PatternSet<ValidFamily>
}

/**
 * The most families that a manifest may declare.
 *
 * @category models
 * @since 0.1.0
 */
export const familiesMax = 10_000

// --- validation ------------------------------------------------------------------------------------------------------

/**
 * Checks a manifest and indexes it.
 *
 * **Details**
 *
 * `definition` may be any value: its shape is checked, too.
 *
 * @category validation
 * @since 0.1.0
 */
export const validate = (id: string, definition: unknown): Result.Result<ValidManifest, ManifestError> => {
  const found: Array<ManifestProblem> = []
  const report: Report = (path, problem) => {
    if (problem !== undefined) found.push({ ...problem, path })
  }
  if (!checkShape(id, definition, report)) return fail(id, found)
  const draft = indexPatterns(definition, report)
  for (const family of draft.families.values()) {
    checkOverlaps(draft, family, report)
    checkEncloser(draft, family, report)
    checkParams(family, report)
    checkReferences(draft, family.name, ["families", family.name], family.spec, report)
  }
  checkReaders(draft, report)
  checkLayers(draft, report)
  const sources = sourcesOf(draft)
  checkCycles(draft, sources, report)
  checkFanout(draft, report, new Set(found.map((problem) => JSON.stringify(problem.path))))
  checkSpelling(draft, report, new Set(found.map((problem) => JSON.stringify(problem.path))))
  return found.length === 0 ? Result.succeed(resolve(id, draft, sources)) : fail(id, found)
}

type Report = (path: ReadonlyArray<string>, problem: Diagnostic.Diagnostic | undefined) => void

const fail = (id: string, problems: ReadonlyArray<ManifestProblem>) =>
  Result.fail(new ManifestError({ manifest: id, reason: problems[0]!, problems }))

interface DraftFamily {
  readonly name: string
  readonly spec: FamilySpec
  readonly pattern: KeyPattern.KeyPattern
}

interface Draft {
  readonly definition: Definition
  readonly families: ReadonlyMap<string, DraftFamily>
  readonly patterns: PatternSet.PatternSet<DraftFamily>
  /** The families by normal form. Two families with the same normal form are a mistake. */
  readonly twins: ReadonlyMap<string, ReadonlyArray<DraftFamily>>
}

// --- shape ---

type Bag = { readonly [name: string]: unknown }
/**
 * Whether a value is an object with named properties, and not a list.
 *
 * @category shapes
 * @since 0.1.0
 */
export const isBag = (u: unknown): u is Bag => typeof u === "object" && u !== null && !Array.isArray(u)
/**
 * Whether a value is a list of texts.
 *
 * @category shapes
 * @since 0.1.0
 */
export const isStrings = (u: unknown): boolean => Array.isArray(u) && u.every((item) => typeof item === "string")
// A Schema may be a class, which is a function. A function such as `String` is not a Schema.
const isTyped = (u: unknown): boolean => Schema.isSchema(u) || isBag(u)

const aName = "a text that is not empty"
const isVersion = (u: unknown): boolean => typeof u === "string" || typeof u === "number" && Number.isFinite(u)

const shapes: { readonly [option: string]: readonly [test: (u: unknown) => boolean, expected: string] } = {
  pattern: [(u) => typeof u === "string", "a text"],
  layer: [(u) => typeof u === "string", "a text"],
  partOf: [(u) => typeof u === "string", "a text"],
  carvedFrom: [(u) => typeof u === "string", "a text"],
  derives: [isStrings, "a list of patterns"],
  borrows: [isStrings, "a list of patterns"],
  reads: [isStrings, "a list of layers"],
  fanout: [(u) => u === true, "true, or left out"],
  params: [(u) => isBag(u) && Object.values(u).every(isTyped), "a record of codecs"],
  value: [isTyped, "a codec"],
  error: [isTyped, "a codec"],
  sensitive: [(u) => typeof u === "boolean", "true or false"],
  version: [isVersion, "a text or a finite number"]
}

const checkShape = (id: unknown, definition: unknown, report: Report): definition is Definition => {
  let ok = true
  const wrong = (path: ReadonlyArray<string>, expected: string) => {
    ok = false
    report(path, ManifestFindings.shapeWrong(path.join("."), expected))
  }
  if (typeof id !== "string" || id === "") report([], ManifestFindings.shapeWrong("the name of the manifest", aName))
  if (!isBag(definition)) {
    wrong(["definition"], "an object")
    return false
  }
  for (const option of Object.keys(definition)) {
    if (!sections.has(option) && option !== "version") {
      report([option], ManifestFindings.optionUnknown(option, "the manifest", [...sections.keys(), "version"]))
    }
  }
  if (definition["version"] !== undefined && !isVersion(definition["version"])) {
    wrong(["version"], "a text or a finite number")
  }
  for (const [section, known] of sections) {
    const members = definition[section]
    if (!isBag(members)) {
      if (members !== undefined || section === "families") wrong([section], "an object")
      continue
    }
    for (const [name, spec] of Object.entries(members)) {
      if (name === "") report([section, name], ManifestFindings.shapeWrong(`a name in ${section}`, aName))
      if (isBag(spec)) checkOptions([section, name], spec, known, report, wrong)
      else wrong([section, name], "an object")
    }
  }
  const count = isBag(definition["families"]) ? Object.keys(definition["families"]).length : 0
  if (count > familiesMax) report(["families"], ManifestFindings.familiesTooMany(count, familiesMax))
  return ok && count <= familiesMax
}

// The compiler reports an option that is missing here.
const familyOptions: { readonly [Option in keyof FamilySpec]-?: true } = {
  pattern: true,
  layer: true,
  partOf: true,
  carvedFrom: true,
  derives: true,
  borrows: true,
  fanout: true,
  params: true,
  value: true,
  error: true,
  sensitive: true,
  ...policyOptions
}

const sections: ReadonlyMap<
  string,
  { readonly place: string; readonly known: ReadonlySet<string>; readonly needed: string | undefined }
> = new Map([
  ["layers", { place: "layer", known: new Set(["reads"]), needed: undefined }],
  ["families", { place: "family", known: new Set(Object.keys(familyOptions)), needed: "pattern" }],
  ["readers", { place: "reader", known: new Set(["layer", "borrows"]), needed: "borrows" }]
])

const checkOptions = (
  path: readonly [section: string, name: string],
  spec: Bag,
  section: { readonly place: string; readonly known: ReadonlySet<string>; readonly needed: string | undefined },
  report: Report,
  wrong: (path: ReadonlyArray<string>, expected: string) => void
): void => {
  for (const [option, value] of Object.entries(spec)) {
    const shape = shapes[option]
    if (!section.known.has(option)) {
      report(
        [...path, option],
        ManifestFindings.optionUnknown(option, `${section.place} \`${path[1]}\``, section.known)
      )
    } else if (value !== undefined && shape !== undefined && !shape[0](value)) {
      wrong([...path, option], shape[1])
    }
  }
  if (section.needed !== undefined && spec[section.needed] === undefined) {
    wrong([...path, section.needed], shapes[section.needed]![1])
  }
}

// --- overlap ---

const indexPatterns = (definition: Definition, report: Report): Draft => {
  const families = new Map<string, DraftFamily>()
  const twins = new Map<string, Array<DraftFamily>>()
  for (const [name, spec] of Object.entries(definition.families)) {
    const parsed = KeyPattern.parsePattern(spec.pattern)
    if (Result.isFailure(parsed)) {
      report(["families", name, "pattern"], parsed.failure)
      continue
    }
    const family = { name, spec, pattern: parsed.success }
    families.set(name, family)
    const same = twins.get(family.pattern.normal)
    if (same === undefined) twins.set(family.pattern.normal, [family])
    else same.push(family)
  }
  const patterns = PatternSet.make([...families.values()].map((family) => [family.pattern, family] as const))
  return { definition, families, patterns, twins }
}

const outerOf = (draft: Draft, pattern: KeyPattern.KeyPattern): DraftFamily | undefined =>
  draft.patterns.covering(pattern).find((member) => member.pattern.normal !== pattern.normal)?.value

const checkOverlaps = (draft: Draft, family: DraftFamily, report: Report): void => {
  const { pattern } = family
  const path = ["families", family.name, "pattern"]
  const twin = draft.twins.get(pattern.normal)!.find((other) => other !== family)
  if (twin !== undefined) {
    return report(path, OverlapFindings.patternRespelt(pattern.source, twin.pattern.source, twin.name))
  }
  const cross = draft.patterns.crossing(pattern)[0]?.value
  if (cross !== undefined) {
    const witness = KeyPattern.findWitness(pattern, cross.pattern)
    return report(path, OverlapFindings.patternsCross(pattern.source, cross.pattern.source, cross.name, witness))
  }
  const outer = outerOf(draft, pattern)
  if (outer !== undefined && family.spec.partOf === undefined && family.spec.carvedFrom === undefined) {
    report(path, OverlapFindings.patternOwned(pattern.source, outer.pattern.source, outer.name))
  }
}

const checkEncloser = (draft: Draft, family: DraftFamily, report: Report): void => {
  const { name, pattern, spec } = family
  const outer = outerOf(draft, pattern)
  for (const option of ["partOf", "carvedFrom"] as const) {
    const named = spec[option]
    if (named === undefined) continue
    const path = ["families", name, option]
    if (option === "carvedFrom" && spec.partOf !== undefined) report(path, OverlapFindings.enclosersBoth(name))
    else if (outer === undefined) report(path, OverlapFindings.encloserNone(pattern.source, option))
    else if (!draft.twins.get(outer.pattern.normal)!.some((twin) => twin.name === named)) {
      report(path, OverlapFindings.encloserWrong(pattern.source, named, outer.pattern.source, outer.name))
    }
  }
}

const checkParams = (family: DraftFamily, report: Report): void => {
  for (const [param, problem] of findParamProblems(family)) report(["families", family.name, "params", param], problem)
}

// --- references ---

interface Referring {
  readonly layer?: string | undefined
  readonly derives?: ReadonlyArray<string> | undefined
  readonly borrows?: ReadonlyArray<string> | undefined
}

const checkReferences = (
  draft: Draft,
  name: string,
  path: ReadonlyArray<string>,
  spec: Referring,
  report: Report
): void => {
  for (const verb of ["derives", "borrows"] as const) {
    spec[verb]?.forEach((source, index) =>
      report([...path, verb, String(index)], findReferenceProblem(draft, name, spec, verb, source))
    )
  }
}

const findReferenceProblem = (
  draft: Draft,
  name: string,
  spec: Referring,
  verb: "derives" | "borrows",
  source: string
): Diagnostic.Diagnostic | undefined => {
  const parsed = KeyPattern.parsePattern(source)
  if (Result.isFailure(parsed)) return parsed.failure
  const owner = draft.patterns.covering(parsed.success)[0]?.value
  if (owner === undefined) {
    const help = helpWith(draft, source, helpTouched(draft, name, source), name)
    return ReferenceFindings.referenceUnknown(name, verb, source, help)
  }
  const here = spec.layer
  if (here !== undefined) {
    const reached = layersReached(draft.definition, [here])
    for (const { spec: { layer: home } } of draft.twins.get(owner.pattern.normal)!) {
      if (home !== undefined && !reached.has(home)) {
        return ReferenceFindings.referenceOutOfReach(name, here, source, home)
      }
    }
  }
  if (verb === "borrows" && !draft.twins.has(parsed.success.normal)) {
    return ReferenceFindings.referenceTooNarrow(source, owner.pattern.source, owner.name)
  }
  return undefined
}

const undeclared = "declare a pattern that covers it, or check its spelling"
const isWellFormed = (pattern: string): boolean => Result.isSuccess(KeyPattern.parsePattern(pattern))

/**
 * The help for a pattern that no family covers, in the words of the types. `otherwise` is the help if no declared
 * pattern is similar. The family `own` is not suggested, since it cannot derive from itself. A malformed pattern is not
 * suggested either.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const helpWith = (
  { definition, patterns }: {
    readonly definition: Definition
    readonly patterns: PatternSet.PatternSet<{ readonly name: string }>
  },
  source: string,
  otherwise = undeclared,
  own?: string
): string => {
  const declared = Object.entries(definition.families)
    .map(([family, { pattern }]) => [family, pattern] as const)
    .filter(([family, pattern]) => family !== own && (family === source || isWellFormed(pattern)))
  const isCovered = (text: string) =>
    Result.match(KeyPattern.parsePattern(text), {
      onFailure: () => false,
      onSuccess: (pattern) => {
        const nearest = patterns.covering(pattern)[0]?.value
        return nearest !== undefined && nearest.name !== own
      }
    })
  return Nearest.helpWith(source, declared, isCovered, otherwise)
}

const checkReaders = (draft: Draft, report: Report): void => {
  for (const [name, spec] of Object.entries(draft.definition.readers ?? {})) {
    if (Object.hasOwn(draft.definition.families, name)) report(["readers", name], ManifestFindings.readerIsFamily(name))
    else checkReferences(draft, name, ["readers", name], spec, report)
  }
}

// For a reference that is wider than a declared pattern: the only pattern that shares keys with it.
const helpTouched = (draft: Draft, name: string, source: string): string => {
  const others = touching(draft, source).filter((family) => family !== name)
  const [touched, ...more] = new Set(others.map((family) => draft.families.get(family)!.spec.pattern))
  return touched === undefined || more.length > 0 ? undeclared : `did you mean \`${touched}\`?`
}

// --- layers ---

const readsOf = (definition: Definition, layer: string): ReadonlyArray<string> =>
  ownValue<LayerSpec>(definition.layers, layer)?.reads ?? []

const ownValue = <A>(record: { readonly [name: string]: A } | undefined, name: string): A | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined

/**
 * The layers that programs of these layers can read, with these layers themselves.
 *
 * @category validation
 * @since 0.1.0
 */
export const layersReached = (definition: Definition, from: Iterable<string>): ReadonlySet<string> => {
  const seen = new Set(from)
  // The loop also visits the layers that are added while it runs.
  for (const layer of seen) for (const next of readsOf(definition, layer)) seen.add(next)
  return seen
}

const checkLayers = (draft: Draft, report: Report): void => {
  const { families, layers = {}, readers } = draft.definition
  const check = (path: ReadonlyArray<string>, layer: string | undefined) => {
    if (layer !== undefined && !Object.hasOwn(layers, layer)) {
      report(path, ManifestFindings.layerUnknown(layer, Object.keys(layers)))
    }
  }
  const programs = [
    ...Object.entries(families).map(([name, spec]) => ["families", name, spec.layer] as const),
    ...Object.entries(readers ?? {}).map(([name, spec]) => ["readers", name, spec.layer] as const)
  ]
  for (const [section, name, layer] of programs) check([section, name, "layer"], layer)
  const used = layersReached(draft.definition, programs.flatMap(([, , layer]) => layer === undefined ? [] : [layer]))
  for (const name of Object.keys(layers)) {
    if (used.has(name)) {
      readsOf(draft.definition, name).forEach((layer, index) => check(["layers", name, "reads", String(index)], layer))
    } else {
      report(["layers", name], ManifestFindings.layerUnreachable(name))
    }
  }
}

// --- cycles ---

// Family -> for each of its references, the families that share a key with the reference.
type Sources = ReadonlyMap<string, ReadonlyArray<ReadonlyArray<string>>>

const sourcesOf = (draft: Draft): Sources =>
  new Map(Array.from(
    draft.families.values(),
    ({ name, spec }) => [name, (spec.derives ?? []).map((source) => touching(draft, source))]
  ))

const checkCycles = (draft: Draft, sources: Sources, report: Report): void => {
  const cyclic = findCyclic(sources)
  for (const name of cyclic) {
    sources.get(name)!.forEach((touched, index) => {
      const path = findPathBack(name, touched, sources, cyclic)
      if (path === undefined || !isSound(draft, name, index)) return
      report(["families", name, "derives", String(index)], ReferenceFindings.dependencyCycle([name, ...path]))
    })
  }
}

// A reference that is wrong in another way is reported for that, and not a second time.
const isSound = (draft: Draft, name: string, index: number): boolean => {
  const { spec } = draft.families.get(name)!
  return findReferenceProblem(draft, name, spec, "derives", spec.derives![index]!) === undefined
}

const touching = (draft: Draft, source: string): ReadonlyArray<string> => {
  const parsed = KeyPattern.parsePattern(source)
  if (Result.isFailure(parsed)) return []
  return draft.patterns.touched(parsed.success).flatMap((member) =>
    draft.twins.get(member.pattern.normal)!.map((twin) => twin.name)
  )
}

// The families on a cycle, or above one.
const findCyclic = (sources: Sources): ReadonlySet<string> => {
  const cyclic = new Set(sources.keys())
  for (const name of inOrder(sources)) cyclic.delete(name)
  return cyclic
}

// Kahn's algorithm: each family after every family that it derives from. Families on a cycle, or above one, are left
// out.
const inOrder = (sources: Sources): ReadonlyArray<string> => {
  const pending = new Map<string, number>()
  const dependents = new Map<string, Array<string>>()
  const order: Array<string> = []
  for (const [name, references] of sources) {
    const distinct = new Set(references.flat())
    pending.set(name, distinct.size)
    if (distinct.size === 0) order.push(name)
    for (const source of distinct) {
      const known = dependents.get(source)
      if (known === undefined) dependents.set(source, [name])
      else known.push(name)
    }
  }
  // The loop also visits the items that are added while it runs.
  for (const name of order) {
    for (const dependent of dependents.get(name) ?? []) {
      const left = pending.get(dependent)! - 1
      pending.set(dependent, left)
      if (left === 0) order.push(dependent)
    }
  }
  return order
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

// --- fan-out ---

// A reference that is wrong in another way is reported for that, and not a second time.
const checkFanout = (draft: Draft, report: Report, wrong: ReadonlySet<string>): void => {
  for (const { name, pattern, spec } of draft.families.values()) {
    spec.derives?.forEach((source, index) => {
      const path = ["families", name, "derives", String(index)]
      const reference = KeyPattern.parsePattern(source)
      if (spec.fanout === true || Result.isFailure(reference) || wrong.has(JSON.stringify(path))) return
      const unbound = findMissing(reference.success, pattern)
      const free = findMissing(pattern, reference.success)
      if (unbound !== undefined && free !== undefined) {
        report(path, ReferenceFindings.fanoutUnsaid(name, source, unbound, free))
      }
    })
  }
}

// The first parameter of a pattern whose value the other pattern does not carry. `*` carries nothing.
const findMissing = (of: KeyPattern.KeyPattern, by: KeyPattern.KeyPattern): string | undefined =>
  of.holes.find((name) => name === "*" || !by.holes.includes(name))

// --- spelling ---

// Both sides of an edge must spell their parameters alike. The compiler asks for codecs of the same type. Here the
// codecs must also do the same: the same transformations of the same texts.
const checkSpelling = (draft: Draft, report: Report, wrong: ReadonlySet<string>): void => {
  for (const { name, pattern, spec } of draft.families.values()) {
    spec.derives?.forEach((source, index) => {
      const path = ["families", name, "derives", String(index)]
      const reference = KeyPattern.parsePattern(source)
      if (Result.isFailure(reference) || wrong.has(JSON.stringify(path))) return
      for (const { value: other } of draft.patterns.touched(reference.success)) {
        const at = reference.success.segments.findIndex((segment, i) => {
          const there = other.pattern.segments[i]
          return segment._tag === "Hole" && there?._tag === "Hole" && pattern.holes.includes(segment.name) &&
            !isSpeltAlike(spec.params?.[segment.name], other.spec.params?.[there.name])
        })
        const segment = reference.success.segments[at]
        if (segment?._tag === "Hole") {
          return report(path, ReferenceFindings.speltOtherwise(name, source, segment.name, other.name))
        }
      }
    })
  }
}

const isSpeltAlike = (a: unknown, b: unknown): boolean => {
  const [here, there] = [spellingOf(a), spellingOf(b)]
  return here.length === there.length && here.every((step, i) => step === there[i])
}

const spellingOf = (codec: unknown): ReadonlyArray<unknown> => Schema.isSchema(codec) ? stepsOf(codec.ast) : []

// The transformations from a value to a text, in their order; those of a union under the index of its member.
const stepsOf = (ast: AST.AST): ReadonlyArray<unknown> => {
  const own = ast.encoding?.flatMap(({ to, transformation }) => [transformation, ...stepsOf(to)]) ?? []
  if (!AST.isUnion(ast)) return own
  const members = ast.types.flatMap((member, place) => {
    const steps = stepsOf(member)
    return steps.length === 0 ? [] : [place, ...steps]
  })
  return [...own, ...members]
}

// --- resolution ---

// For each family, the families that its sources lead to, at any distance. The sets of its sources are computed first.
const reachedBy = (sources: Sources, indexOf: ReadonlyMap<string, number>): ReadonlyMap<string, FamilySet> => {
  const found = new Map<string, FamilySet>()
  for (const name of inOrder(sources)) {
    const upstream = new FamilySet(sources.size)
    for (const source of new Set(sources.get(name)!.flat())) {
      upstream.add(indexOf.get(source)!)
      upstream.addAll(found.get(source)!)
    }
    found.set(name, upstream)
  }
  return found
}

const readersOf = (
  { definition }: Draft,
  declared: (patterns: ReadonlyArray<string> | undefined) => ReadonlyArray<string>
) =>
  new Map(
    Object.entries(definition.readers ?? {}).map(([name, spec]) =>
      [name, { name, spec, moduleReads: [...new Set(declared(spec.borrows))] }] as const
    )
  )

const resolve = (id: string, draft: Draft, sources: Sources): ValidManifest => {
  const drafts = [...draft.families.values()]
  const indexOf = new Map(drafts.map(({ name }, index) => [name, index]))
  const upstreams = reachedBy(sources, indexOf)
  const versions = versionsOf(draft)
  const sensitive = sensitiveOf(drafts, ({ pattern }) => outerOf(draft, pattern)?.name, upstreams)
  const realmOf = (pattern: KeyPattern.KeyPattern) =>
    draft.patterns.covering(pattern).find((member) => member.value.spec.carvedFrom !== undefined)?.value.name
  const ownerOf = (family: DraftFamily): string =>
    family.spec.partOf === undefined ? family.name : ownerOf(draft.families.get(family.spec.partOf)!)
  const inner = new Map(drafts.map((family) => [family.name, [] as Array<string>]))
  for (const family of drafts) {
    for (const member of draft.patterns.covering(family.pattern)) {
      if (member.value !== family) inner.get(member.value.name)!.push(family.name)
    }
  }
  const declared = (patterns: ReadonlyArray<string> | undefined) =>
    (patterns ?? []).flatMap((source) =>
      draft.twins.get(KeyPattern.normalizePattern(source))?.map((twin) => twin.name) ?? []
    )
  const coveringOf = ({ pattern }: DraftFamily) => {
    const realm = realmOf(pattern)
    return draft.patterns.covering(pattern).filter((member) => realmOf(member.pattern) === realm).map(({ value }) =>
      value.name
    )
  }
  const covering = new Map(drafts.map((family) => [family.name, coveringOf(family)]))
  const covered = new Map(drafts.map(({ name }) => [name, [] as Array<string>]))
  for (const [name, rights] of covering) for (const right of rights) covered.get(right)!.push(name)
  // Family -> for each of its references that has rights, the families that these rights cover.
  const readSources = new Map(
    drafts.map(({ name, spec }) => [name, declared(spec.derives).map((source) => covered.get(source)!)])
  )
  const readables = reachedBy(readSources, indexOf)
  const families = new Map(drafts.map((family, index): readonly [string, ValidFamily] => {
    const realm = realmOf(family.pattern)
    const upstream = upstreams.get(family.name)!
    const lookupReads = declared(family.spec.derives)
    const statedReads = [...new Set([...lookupReads, ...declared(family.spec.borrows)])]
    const readable = readables.get(family.name)!
    for (const name of statedReads) readable.add(indexOf.get(name)!)
    return [family.name, {
      name: family.name,
      index,
      spec: family.spec,
      pattern: family.pattern,
      isSensitive: sensitive.has(family.name),
      encloser: outerOf(draft, family.pattern)?.name,
      owner: ownerOf(family),
      realm,
      covering: covering.get(family.name)!,
      get version() {
        return versionOf(versions, (at) => at === index || upstream.has(at))
      },
      inner: inner.get(family.name)!,
      derives: (family.spec.derives ?? []).map(KeyPattern.parsePatternUnsafe),
      upstream,
      lookupReads,
      statedReads,
      readable,
      get moduleReads() {
        return [...new Set([...statedReads, ...Array.from(readable, (at) => drafts[at]!.name)])]
      }
    }]
  }))
  const readers = readersOf(draft, declared)
  const patterns = PatternSet.make([...families.values()].map((family) => [family.pattern, family] as const))
  return { id, key: id, definition: draft.definition, families, readers, patterns }
}
