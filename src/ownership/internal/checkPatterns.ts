/**
 * Checks the place of a family among the others, and its codecs: two patterns that share keys, `partOf` and
 * `carvedFrom`, which say who owns the shared keys, and `params`.
 *
 * Not here: how a pattern is read (`pattern/KeyPattern.ts`). The types of these checks are in `overlap.ts`.
 */
import * as OverlapFindings from "../../diagnostic/types/overlapFindings.ts"
import * as KeyPattern from "../../pattern/KeyPattern.ts"
import { homeOf, isLayer } from "./checkLayers.ts"
import { type Draft, type DraftFamily, outerOf, type Report } from "./draft.ts"
import { findParamProblems } from "./params.ts"

/** Reports what is wrong with the pattern of a family, with its encloser, and with its codecs. */
export const checkPattern = (draft: Draft, family: DraftFamily, report: Report): void => {
  checkOverlaps(draft, family, report)
  checkEncloser(draft, family, report)
  checkHome(draft, family, report)
  checkParams(family, report)
}

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

const checkHome = ({ definition }: Draft, { name, spec: { layer, partOf } }: DraftFamily, report: Report): void => {
  const { families, layers = {} } = definition
  if (layer === undefined || partOf === undefined) return
  if (!Object.hasOwn(families, partOf) || !Object.hasOwn(layers, layer)) return
  const home = homeOf(definition, families[partOf]!)
  // A layer that does not exist was refused where it is named.
  if (home !== undefined && !isLayer(definition, home)) return
  if (home !== layer) report(["families", name, "layer"], OverlapFindings.partElsewhere(name, layer, partOf, home))
}

const checkParams = (family: DraftFamily, report: Report): void => {
  for (const [param, problem] of findParamProblems(family)) report(["families", family.name, "params", param], problem)
}
