/**
 * The layers of a deployment: which of them a program can read, and what may stand where a layer is named.
 *
 * @since 0.1.0
 */
import type * as Declaring from "../diagnostic/Declaring.ts"
import type * as ManifestFindings from "../diagnostic/ManifestFindings.ts"
import type * as Misfit from "../diagnostic/Misfit.ts"
import type * as Opaque from "../diagnostic/Opaque.ts"
import type { Definition, LayerSpec } from "./Definition.ts"
import type { Route } from "./DefinitionFacts.ts"
import type { At, FamilyName, FamilyOf, LayerOf, ListOf } from "./DefinitionParts.ts"
import type { Given } from "./internal/given.ts"
import type { isChoice, isKnown, isUntyped } from "./TypeQuestions.ts"

/**
 * The layers that a program of layer `L` can read, with layer `L` itself.
 *
 * @category type level
 * @since 0.1.0
 */
export type Reachable<D extends Definition, L, Seen = L> = [Exclude<Reads<D, L>, Seen>] extends [never] ? Seen
  : Reachable<D, Exclude<Reads<D, L>, Seen>, Seen | Reads<D, L>>

type Reads<D extends Definition, L> = ListOf<At<D["layers"], L>, "reads">

type LayerNames<D extends Definition> = D extends { readonly layers: infer L extends {} } ? keyof L & string : never

type ReaderLayers<D extends Definition> = D extends { readonly readers: infer Rs } ? LayerOf<Rs[keyof Rs]> : never

type UsedLayers<D extends Definition> = D extends unknown
  ? Reachable<D, LayerOf<D["families"][FamilyName<D>]> | ReaderLayers<D>>
  : never

/**
 * The name of a layer, or a message if the definition has no layer of that name.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedLayerName<D extends Definition, L> = isUntyped<L> extends true ? namesOr<LayerNames<D>>
  : [L] extends [LayerNames<D>] ? L
  : undefined extends L ? Given<"layer", L, never>
  : L extends string ? ManifestFindings.layerUnknown<L, LayerNames<D>>
  : namesOr<LayerNames<D>>

type namesOr<Names> = [Names] extends [never] ? Misfit.Otherwise<Opaque.layers> : Names

/**
 * The layer of a family or a reader; there can be only one.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedHome<D extends Definition, L> = isChoice<L> extends true
  ? undefined extends L ? Opaque.option<"layer"> : Opaque.layerChoice
  : CheckedLayerName<D, L>

/**
 * The declaration of a layer with a message in the place of each wrong property.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedLayer<D extends Definition, L extends string, S> = undefined extends S ? Opaque.option<L>
  : isChoice<S> extends true ? Opaque.choice<`'${L}'`>
  : L extends UsedLayers<D> ? {
      readonly [O in keyof S]: O extends "reads" ? Given<O, S[O], CheckedReads<D, S[O]>>
        : ManifestFindings.optionUnknown<O & string, `layer '${L}'`, keyof LayerSpec>
    }
  : ManifestFindings.layerUnreachable<L>

type CheckedReads<D extends Definition, T> = isKnown<T> extends true ? { readonly [I in keyof T]: CheckedHome<D, T[I]> }
  : Opaque.list<"E0404", "layers">

/**
 * The message why a program of layer `Here` may not use a right; `never` if it may use it. A program writes only its
 * own layer, and reads the layers that it can reach.
 *
 * @category type level
 * @since 0.1.0
 */
export type findLayerProblem<D extends Definition, Here, Option extends "owns" | "borrows", P extends string> =
  Here extends string
    ? LayerOf<FamilyOf<D, Route<D, P>>> extends infer Home extends string
      ? Option extends "owns" ? Home extends Here ? never : Declaring.layerWrite<P, Home, Here>
      : Home extends Reachable<D, Here> ? never
      : Declaring.layerRead<P, Home, Here>
    : never
    : never
