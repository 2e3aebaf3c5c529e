/**
 * Checks the names of families, modules and parts that the compiler did not see, because they were cast or come from
 * data. A layer with a wrong name fails with the message that the compiler would print.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { CacheError, InvalidManifest } from "../../cache/CacheError.ts"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as OwnerFindings from "../../diagnostic/types/ownerFindings.ts"
import { ManifestError } from "../../ownership/ManifestError.ts"
import { textOf } from "../../ownership/shared/texts.ts"
import type { ValidManifest } from "../../ownership/shared/validation.ts"
import { parsePattern } from "../../pattern/KeyPattern.ts"

export type Found = Diagnostic.Diagnostic & { readonly path: ReadonlyArray<string> }

/** Makes the error for mistakes in the wiring of a manifest. */
export const errorOf = (id: string, problems: ReadonlyArray<Found>): CacheError =>
  new CacheError({
    reason: new InvalidManifest({ error: new ManifestError({ manifest: id, reason: problems[0]!, problems }) })
  })

/** Makes a layer that fails with the mistakes in the wiring of a manifest. */
export const refused = (id: string, problems: ReadonlyArray<Found>): Layer.Layer<any, CacheError, any> => {
  const error: Effect.Effect<any, CacheError> = Effect.fail(errorOf(id, problems))
  return Layer.effectContext(error)
}

/** Returns what is wrong with the name of a family to own, to borrow or to delegate. */
export const problemOf = (
  manifest: ValidManifest,
  name: string,
  use: "own" | "borrow" | "delegate"
): Diagnostic.Diagnostic | undefined => {
  const family = manifest.families.get(name)
  // The name may be another value than a text.
  if (family === undefined) return unknown(manifest, textOf(name))
  const { partOf } = family.spec
  if (use === "own" && partOf !== undefined) return OwnerFindings.familyIsPart(name, partOf)
  return use === "delegate" && partOf === undefined ? OwnerFindings.familyIsWhole(name) : undefined
}

const unknown = (manifest: ValidManifest, name: string): Diagnostic.Diagnostic => {
  const problem = OwnerFindings.familyUnknown(manifest.id, name, manifest.families.keys())
  const parsed = parsePattern(name)
  const { normal } = Result.getOrElse(parsed, () => ({ normal: undefined }))
  const meant = [...manifest.families.values()].find(({ pattern }) => pattern.normal === normal)
  return meant === undefined ? problem : { ...problem, help: `name the family, \`${meant.name}\`` }
}
