/**
 * Checks the declaration of a function or a method at run time. It reports the same findings as the types, in the same
 * words, at the same properties. It is for declarations that were cast, or built from data.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as Declaring from "../../diagnostic/types/declaring.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import { type KeyPattern, normalizePattern, parsePattern } from "../../pattern/KeyPattern.ts"
import type { Declared } from "../Definition.ts"
import { layersReached } from "../internal/checkLayers.ts"
import { helpWith } from "../internal/checkReferences.ts"
import { isBag, isStrings } from "../internal/checkShape.ts"
import type { ValidFamily, ValidManifest } from "../internal/validManifest.ts"
import type { ManifestProblem } from "../ManifestError.ts"
import { pathText, readable, unreadableIn } from "./readable.ts"
import { textOf } from "./texts.ts"

// The compiler reports an option that is missing here.
const options: { readonly [Option in keyof Declared]-?: true } = {
  layer: true,
  owns: true,
  borrows: true,
  invalidates: true
}

/**
 * Finds the mistakes of a declaration. The list is empty for a declaration that the compiler accepts.
 *
 * @category validation
 * @since 0.1.0
 */
export const findProblems = (manifest: ValidManifest, declared: unknown): ReadonlyArray<ManifestProblem> => {
  const found = findShapeProblems(declared)
  if (found.length > 0) return found
  const { borrows = [], invalidates, layer, owns = [] } = declared as Declared
  const rights = [["owns", owns], ["borrows", borrows]] as const
  return [
    ...at(["layer"], layer === undefined ? undefined : findLayerUnknown(manifest, layer)),
    ...rights.flatMap(([option, patterns]) =>
      patterns.flatMap((source, index) =>
        at([option, String(index)], findRightProblem(manifest, layer, option, source))
      )
    ),
    ...(invalidates === undefined ? [] : findInvalidatesProblems(manifest, owns, invalidates))
  ]
}

/**
 * Finds why a layer cannot be used; `undefined` for a layer that the manifest declares.
 *
 * @category validation
 * @since 0.1.0
 */
export const findLayerUnknown = (manifest: ValidManifest, layer: unknown): Diagnostic.Diagnostic | undefined => {
  const { layers = {} } = manifest.definition
  // In a program built from data it may not be a text.
  const name = textOf(layer)
  return Object.hasOwn(layers, name) ? undefined : ManifestFindings.layerUnknown(name, Object.keys(layers))
}

const at = (
  path: ReadonlyArray<string>,
  problem: Diagnostic.Diagnostic | undefined
): ReadonlyArray<ManifestProblem> => problem === undefined ? [] : [{ ...problem, path }]

const findShapeProblems = (declared: unknown): ReadonlyArray<ManifestProblem> => {
  const unreadable = unreadableIn(declared, 2, Object.keys(options))
  if (unreadable !== undefined) return at(unreadable, shapeWrong(pathText("the declaration", unreadable), readable))
  if (!isBag(declared)) return at([], shapeWrong("the declaration", "an object"))
  return Object.entries(declared).flatMap(([option, value]) => {
    if (!Object.hasOwn(options, option)) {
      return at([option], ManifestFindings.optionUnknown(option, "the declaration", Object.keys(options)))
    }
    if (value === undefined) return []
    return option === "layer"
      ? at([option], typeof value === "string" ? undefined : shapeWrong(option, "a string"))
      : at([option], isStrings(value) ? undefined : shapeWrong(option, "a list of patterns"))
  })
}

const shapeWrong = (what: string, expected: string) => ManifestFindings.shapeWrong(what, expected, "Declared")

const findRightProblem = (
  manifest: ValidManifest,
  here: string | undefined,
  option: "owns" | "borrows",
  source: string
): Diagnostic.Diagnostic | undefined => {
  const parsed = parsePattern(source)
  if (Result.isFailure(parsed)) return parsed.failure
  const family = familyOf(manifest, parsed.success)
  if (family === undefined) {
    return Declaring.rightUnknown(manifest.id, option, source, helpWith(manifest, source))
  }
  const home = family.layer
  if (here !== undefined && home !== undefined) {
    if (option === "owns" && home !== here) return Declaring.layerWrite(source, home, here)
    if (option === "borrows" && !layersReached(manifest.definition, [here]).has(home)) {
      return Declaring.layerRead(source, home, here)
    }
  }
  return family.pattern.normal === parsed.success.normal
    ? undefined
    : ReferenceFindings.referenceTooNarrow(source, family.pattern.source, family.name)
}

// The family that a pattern belongs to: the nearest one that covers it.
const familyOf = (manifest: ValidManifest, pattern: KeyPattern): ValidFamily | undefined =>
  manifest.patterns.covering(pattern)[0]?.value

// Three at most, as a message must not be long.
const enumerate = (families: ReadonlyArray<ValidFamily>): string =>
  families.slice(0, 3).map(({ pattern }) => `\`${pattern.source}\``).join(", ") +
  (families.length > 3 ? " and more" : "")

const findInvalidatesProblems = (
  manifest: ValidManifest,
  owns: ReadonlyArray<string>,
  invalidates: ReadonlyArray<string>
): ReadonlyArray<ManifestProblem> => {
  const families = [...manifest.families.values()]
  const listed = new Set(invalidates.flatMap((source) => touching(manifest, source)))
  const owned = new Set(owns.flatMap((source) => [...coveredBy(manifest, source)]))
  const missing = families.filter((family) => !listed.has(family) && derivesFrom(family, owned))
  if (missing.length > 0) return at(["invalidates"], Declaring.invalidatesIncomplete(enumerate(missing)))
  const described = owns.length === 0 ? "nothing" : owns.map((source) => `\`${source}\``).join(", ")
  return invalidates.flatMap((source, index) => {
    const find = (): Diagnostic.Diagnostic | undefined => {
      const parsed = parsePattern(source)
      if (Result.isFailure(parsed)) return parsed.failure
      const family = familyOf(manifest, parsed.success)
      if (family === undefined) {
        return Declaring.invalidatesUnknown(manifest.id, source, helpWith(manifest, source))
      }
      const touched = touching(manifest, source)
      if (touched.some((each) => derivesFrom(each, owned))) return undefined
      return touched.some((each) => owned.has(each))
        ? Declaring.invalidatesOwned(source)
        : Declaring.invalidatesForeign(source, family.owner, described, family.pattern.source)
    }
    return at(["invalidates", String(index)], find())
  })
}

const derivesFrom = ({ upstream }: ValidFamily, sources: Iterable<ValidFamily>): boolean => {
  for (const { index } of sources) if (upstream.has(index)) return true
  return false
}

const touching = (manifest: ValidManifest, source: string): ReadonlyArray<ValidFamily> => {
  const parsed = parsePattern(source)
  return Result.isFailure(parsed) ? [] : manifest.patterns.touched(parsed.success).map(({ value }) => value)
}

// The families that a right to a declared pattern covers.
const coveredBy = (manifest: ValidManifest, source: string): ReadonlyArray<ValidFamily> => {
  const touched = touching(manifest, source)
  const whole = touched.find(({ pattern }) => pattern.normal === normalizePattern(source))
  return whole === undefined ? [] : touched.filter(({ covering }) => covering.includes(whole.name))
}
