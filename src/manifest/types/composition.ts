/**
 * Checks several manifests over one store, for the person who calls `Manifest.compose`: no key may belong to two of
 * them, and no two of them may have one name.
 */
import type * as Context from "effect/Context"
import type * as Layer from "effect/Layer"
import type { CacheError } from "../../cache/CacheError.ts"
import type * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type * as Several from "../../diagnostic/types/several.ts"
import type { Definition } from "../../ownership/Definition.ts"
import type { Touching } from "../../ownership/types/definitionFacts.ts"
import type { FamilyName, FamilyOf, PatternOf } from "../../ownership/types/definitionParts.ts"
import type { findWitness, normalizePattern } from "../../pattern/KeyPattern.ts"
import type { Store } from "../../store/Store.ts"

/** Any manifest class: its definition, and the layer of its engine. */
export interface AnyManifest extends Context.Key<any, unknown> {
  readonly definition: Definition
  // The layer of a class that gives its rights to another class is a message.
  readonly layer: Layer.Layer<any, CacheError, Store> | Misfit.Otherwise<string>
}

/**
 * Checks a list of manifests: returns it, with a message in place of each that shares a key or a name with an earlier
 * one.
 */
export type CheckedComposition<Ms extends ReadonlyArray<unknown>> = checkEach<Ms>

type checkEach<Ms, Earlier = never, Out extends ReadonlyArray<unknown> = []> = Ms extends
  readonly [infer Last, ...infer Rest] ? checkEach<
    Rest,
    Earlier | Last,
    [
      ...Out,
      Last extends { readonly layer: Misfit.Otherwise<infer Message> } ? Message
        : [findClash<Earlier, Last>] extends [never] ? Last
        : Several.one<findClash<Earlier, Last>>
    ]
  >
  : Out

type findClash<Earlier, Last> = Earlier extends Named<infer EarlierId, infer A>
  ? Last extends Named<infer Id, infer B> ? Id extends EarlierId
      // The name of a manifest from data, or of `any`, is not known: the run time compares it.
      ? string extends EarlierId ? never : ManifestFindings.manifestsAlike<Id>
    : findSharing<EarlierId, A, Id, B>
  : never
  : never
interface Named<Id extends string, D extends Definition> {
  readonly key: Id
  readonly definition: D
}

type findSharing<EarlierId extends string, A extends Definition, Id extends string, B extends Definition> = {
  [K in FamilyName<B>]: nameSharing<
    EarlierId,
    A,
    Id,
    PatternOf<B["families"][K]>,
    Touching<A, PatternOf<B["families"][K]>>
  >
}[FamilyName<B>]
type nameSharing<EarlierId extends string, A extends Definition, Id extends string, P extends string, Other> =
  Other extends string ? ManifestFindings.manifestsOverlap<
      Id,
      P,
      EarlierId,
      PatternOf<FamilyOf<A, Other>>,
      findWitness<normalizePattern<P>, normalizePattern<PatternOf<FamilyOf<A, Other>>>>
    >
    : never
