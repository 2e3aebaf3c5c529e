/**
 * A manifest while it is checked: its patterns are parsed and indexed, and nothing is decided about them.
 *
 * - A family whose pattern is malformed is not in the draft, so no other check sees it.
 * - Two families with the same normal form are a mistake, and both are in the draft: `twins` has both.
 *
 * Not here: what is known of a manifest without mistakes (`validManifest.ts`).
 */
import * as Result from "effect/Result"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as KeyPattern from "../../pattern/KeyPattern.ts"
import * as PatternSet from "../../pattern/types/patternSet.ts"
import type { Definition, FamilySpec } from "../Definition.ts"

/** Reports a mistake at the property with this path; `undefined` is not a mistake. */
export type Report = (path: ReadonlyArray<string>, problem: Diagnostic.Diagnostic | undefined) => void

export interface DraftFamily {
  readonly name: string
  readonly spec: FamilySpec
  readonly pattern: KeyPattern.KeyPattern
}

export interface Draft {
  readonly definition: Definition
  readonly families: ReadonlyMap<string, DraftFamily>
  readonly patterns: PatternSet.PatternSet<DraftFamily>
  /** The families by normal form. Two families with the same normal form are a mistake. */
  readonly twins: ReadonlyMap<string, ReadonlyArray<DraftFamily>>
}

/** Parses and indexes the patterns of a definition, and reports those that are malformed. */
export const indexPatterns = (definition: Definition, report: Report): Draft => {
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

/** The nearest family around a pattern. */
export const outerOf = (draft: Draft, pattern: KeyPattern.KeyPattern): DraftFamily | undefined =>
  draft.patterns.covering(pattern).find((member) => member.pattern.normal !== pattern.normal)?.value

/** The families that share a key with a pattern; none if the pattern is malformed. */
export const touching = (draft: Draft, source: string): ReadonlyArray<string> => {
  const parsed = KeyPattern.parsePattern(source)
  if (Result.isFailure(parsed)) return []
  return draft.patterns.touched(parsed.success).flatMap((member) =>
    draft.twins.get(member.pattern.normal)!.map((twin) => twin.name)
  )
}
