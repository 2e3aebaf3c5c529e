/**
 * Builds the engines of several manifests over one store, after a check that no key belongs to two of them.
 */
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { CacheError } from "../../cache/CacheError.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import { validate, type ValidManifest } from "../../ownership/shared/validation.ts"
import { findWitness } from "../../pattern/KeyPattern.ts"
import type { AnyManifest } from "../types/composition.ts"
import { type Found, refused } from "./names.ts"

type AnyLayer = Layer.Layer<any, CacheError, any>

export const compose = (manifests: ReadonlyArray<AnyManifest>): AnyLayer => {
  if (manifests.length === 0) return refusedAt("", "the composition", "of at least one manifest")
  const wrong = manifests.findIndex((manifest) => !isManifest(manifest))
  if (wrong >= 0) return refusedAt(String(wrong), `argument ${wrong}`, "a manifest")
  const earlier: Array<ValidManifest> = []
  for (const { definition, id } of manifests as ReadonlyArray<AnyManifest & { readonly id: string }>) {
    const valid = validate(id, definition)
    // The layer of a manifest with mistakes fails itself, and names these.
    if (Result.isFailure(valid)) continue
    const problems = earlier.flatMap((other) => findClashes(other, valid.success))
    if (problems.length > 0) return refused(id, problems)
    earlier.push(valid.success)
  }
  return Layer.mergeAll(...manifests.map((manifest) => manifest.layer) as [AnyLayer])
}

/** Merges layers of owners, once each of them is a layer. */
export const mergeOwners = (layers: ReadonlyArray<unknown>): AnyLayer => {
  const wrong = layers.findIndex((layer) => !Layer.isLayer(layer))
  if (wrong < 0) return Layer.mergeAll(...layers as [AnyLayer])
  const found = ManifestFindings.shapeWrong(`argument ${wrong}`, "a layer that an owner makes", "mergeOwners")
  return refused("mergeOwners", [{ ...found, path: [String(wrong)] }])
}

/** Whether a value is the class of a manifest. A program without types may give other values. */
export const isManifest = (u: unknown): boolean =>
  (typeof u === "function" || typeof u === "object") && u !== null && "definition" in u && "id" in u && "layer" in u &&
  Layer.isLayer(u.layer)

const refusedAt = (at: string, what: string, expected: string): AnyLayer =>
  refused("compose", [{ ...ManifestFindings.shapeWrong(what, expected, "AnyManifest"), path: at === "" ? [] : [at] }])

const findClashes = (earlier: ValidManifest, manifest: ValidManifest): ReadonlyArray<Found> => {
  if (earlier.id === manifest.id) return [{ ...ManifestFindings.manifestsAlike(manifest.id), path: [] }]
  return [...manifest.families.values()].flatMap(({ name, pattern }) =>
    earlier.patterns.touched(pattern).map((other) => ({
      ...ManifestFindings.manifestsOverlap(
        manifest.id,
        pattern.source,
        earlier.id,
        other.pattern.source,
        findWitness(pattern, other.pattern)
      ),
      path: ["families", name, "pattern"]
    }))
  )
}
