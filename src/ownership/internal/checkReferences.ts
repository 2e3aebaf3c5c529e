/**
 * Checks what `derives` and `borrows` list: each is a pattern that a family covers and that the layer may read, and a
 * reference that drops many entries says so.
 *
 * - A reference is reported once: the checks of `fanout` and of spelling leave out one that is wrong in another way.
 * - The family itself is never suggested for a reference of its own, and neither is a malformed pattern.
 *
 * Not here: circles (`checkCycles.ts`) and codecs (`checkSpelling.ts`). The types of these checks are in
 * `references.ts`.
 */
import * as Result from "effect/Result"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import * as Nearest from "../../diagnostic/types/nearest.ts"
import * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import * as KeyPattern from "../../pattern/KeyPattern.ts"
import type * as PatternSet from "../../pattern/types/patternSet.ts"
import type { Definition } from "../Definition.ts"
import { homeOf, isLayer, layersReached } from "./checkLayers.ts"
import { type Draft, type Report, touching } from "./draft.ts"

interface Referring {
  readonly layer?: string | undefined
  readonly partOf?: string | undefined
  readonly derives?: ReadonlyArray<string> | undefined
  readonly borrows?: ReadonlyArray<string> | undefined
}

/** Reports what is wrong with the lists of a family or a reader that stands at this path. */
export const checkReferences = (
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

/** What is wrong with one reference by itself, apart from circles, `fanout` and spelling. */
export const findReferenceProblem = (
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
  const here = homeOf(draft.definition, spec)
  // A layer that does not exist was refused where it is named.
  if (here !== undefined && isLayer(draft.definition, here)) {
    const reached = layersReached(draft.definition, [here])
    for (const twin of draft.twins.get(owner.pattern.normal)!) {
      const home = homeOf(draft.definition, twin.spec)
      if (home !== undefined && !reached.has(home) && isLayer(draft.definition, home)) {
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
 * pattern is similar. If the family `own` is the most similar one, nothing is suggested, since it cannot derive from
 * itself. A malformed pattern is not suggested either.
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
    .filter(([family, pattern]) => family === source || isWellFormed(pattern))
  // Two families of one pattern are a mistake of their own, and both are named.
  const covering = (text: string): ReadonlyArray<string> =>
    Result.match(KeyPattern.parsePattern(text), {
      onFailure: () => [],
      onSuccess: (pattern) => {
        const normal = patterns.covering(pattern)[0]?.pattern.normal
        return declared.flatMap(([family, other]) => KeyPattern.normalizePattern(other) === normal ? [family] : [])
      }
    })
  const help = Nearest.helpWith(source, declared, (text) => covering(text).length > 0, otherwise)
  const suggested = suggestion.exec(help)?.[1]
  if (own === undefined || suggested === undefined) return help
  const families = covering(suggested)
  return families.length === 1 && families[0] === own ? undeclared : help
}

// What a help suggests, at its end.
const suggestion = / `([^`]*)`\??$/

/** Reports readers with the name of a family, and what is wrong with the lists of the others. */
export const checkReaders = (draft: Draft, report: Report): void => {
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

/**
 * Reports the references that drop many entries and do not say so. `wrong` has the paths of mistakes that are found, as
 * JSON.
 */
export const checkFanout = (draft: Draft, report: Report, wrong: ReadonlySet<string>): void => {
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
