/**
 * Checks a manifest at run time, for manifests that are built from data. It reports the same findings as the types, in
 * the same words.
 *
 * A manifest that passes becomes a {@link ValidManifest}: its patterns are parsed and indexed. For each family it has
 * the same facts as the types: the nearest encloser, the owner, the carve-out, the families that cover it, and the
 * families that it may read.
 *
 * - Every mistake is reported, each once, with the path of the property that the compiler would underline.
 * - A family whose pattern is malformed takes no part in the other checks.
 *
 * Not here: one kind of mistake each, in `ownership/internal/check*.ts`; the checks of what a program declares beside a
 * manifest, such as functions (`declaration.ts`) and the options of an owner (`manifest/internal/`).
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import { checkCycles } from "../internal/checkCycles.ts"
import { checkLayers } from "../internal/checkLayers.ts"
import { checkPattern } from "../internal/checkPatterns.ts"
import { checkFanout, checkReaders, checkReferences } from "../internal/checkReferences.ts"
import { checkShape } from "../internal/checkShape.ts"
import { checkSpelling } from "../internal/checkSpelling.ts"
import { indexPatterns, type Report } from "../internal/draft.ts"
import { sourcesOf } from "../internal/sources.ts"
import { resolve, type ValidManifest } from "../internal/validManifest.ts"
import { ManifestError, type ManifestProblem } from "../ManifestError.ts"
import { pathText, readable, unreadableIn } from "./readable.ts"

export { isBag, isStrings } from "../internal/checkShape.ts"
export type { ValidFamily, ValidManifest } from "../internal/validManifest.ts"

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
  // The definition, its sections, each family, and the lists and the parameters of a family.
  const unreadable = unreadableIn(definition, 4)
  report(unreadable ?? [], unreadable && ManifestFindings.shapeWrong(pathText("definition", unreadable), readable))
  if (unreadable !== undefined || !checkShape(id, definition, report)) {
    return fail(typeof id === "string" ? id : "", found)
  }
  const draft = indexPatterns(definition, report)
  for (const family of draft.families.values()) {
    checkPattern(draft, family, report)
    checkReferences(draft, family.name, ["families", family.name], family.spec, report)
  }
  checkReaders(draft, report)
  checkLayers(draft, report)
  const sources = sourcesOf(draft)
  checkCycles(draft, sources, report)
  // A reference that is wrong in another way is not reported a second time.
  checkFanout(draft, report, pathsOf(found))
  checkSpelling(draft, report, pathsOf(found))
  return found.length === 0 ? Result.succeed(resolve(id, draft, sources)) : fail(id, found)
}

const pathsOf = (problems: ReadonlyArray<ManifestProblem>): ReadonlySet<string> =>
  new Set(problems.map(({ path }) => JSON.stringify(path)))

const fail = (id: string, problems: ReadonlyArray<ManifestProblem>) =>
  Result.fail(new ManifestError({ manifest: id, reason: problems[0]!, problems }))
