/**
 * Deployment layers: which of them a program can read, and what may stand where one is named. Here they are called
 * layers; Effect's `Layer` does not occur in this file.
 *
 * @since 0.1.0
 */
import type * as Declaring from "../../diagnostic/types/declaring.ts"
import type * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type * as OverlapFindings from "../../diagnostic/types/overlapFindings.ts"
import type { Definition, LayerSpec } from "../Definition.ts"
import type { Route, WhollySourced } from "./definitionFacts.ts"
import type { At, FamilyName, FamilyOf, HomeOf, LayerOf, ListOf } from "./definitionParts.ts"
import type { Given } from "./given.ts"
import type { isChoice, isKnown, isUntyped } from "./typeQuestions.ts"

/**
 * The layers that a program of a layer can read, with this layer itself.
 *
 * @category type level
 * @since 0.1.0
 */
export type Reachable<D extends Definition, Layer, Seen = Layer> = [Exclude<Reads<D, Layer>, Seen>] extends [never] ?
  Seen
  : Reachable<D, Exclude<Reads<D, Layer>, Seen>, Seen | Reads<D, Layer>>

/**
 * The families that a family may read because it derives from them, at any distance. A family in a layer reads only the
 * layers that this layer can reach, although a wider reference, and the sources of a source, contain others.
 *
 * @category type level
 * @since 0.1.0
 */
export type Readable<D extends Definition, K> = D extends unknown
  ? K extends unknown ?
    D extends { readonly layers: {} } ? withinReach<D, HomeOf<D, FamilyOf<D, K>>, WhollySourced<D, K>>
    : WhollySourced<D, K>
  : never
  : never
type withinReach<D extends Definition, Here, K> = [Here] extends [never] ? K
  : K extends unknown ? [HomeOf<D, FamilyOf<D, K>>] extends [Reachable<D, Here>] ? K : never
  : never

type Reads<D extends Definition, Layer> = ListOf<At<D["layers"], Layer>, "reads">

type LayerNames<D extends Definition> = D extends { readonly layers: infer Layers extends {} } ? keyof Layers & string
  : never

type ReaderLayers<D extends Definition> = D extends { readonly readers: infer Readers }
  ? LayerOf<Readers[keyof Readers]>
  : never

// A layer that reads is used by the programs of `inLayer`, which no definition names.
type ReadingLayers<D extends Definition> = {
  readonly [Layer in LayerNames<D>]: [Reads<D, Layer>] extends [never] ? never : Layer | Reads<D, Layer>
}[LayerNames<D>]

type UsedLayers<D extends Definition> = D extends unknown
  ? LayerOf<D["families"][FamilyName<D>]> | ReaderLayers<D> | ReadingLayers<D>
  : never

/**
 * The name of a layer, or a message if the definition has no layer of that name.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedLayerName<D extends Definition, Layer> = isUntyped<Layer> extends true ? namesOr<LayerNames<D>>
  : [Layer] extends [LayerNames<D>] ? Layer
  : undefined extends Layer ? Given<"layer", Layer, never>
  : Layer extends string ? ManifestFindings.layerUnknown<Layer, LayerNames<D>>
  : namesOr<LayerNames<D>>

type namesOr<Names> = [Names] extends [never] ? Misfit.Otherwise<Opaque.layers> : Names

/**
 * The layer of a family or a reader; there can be only one.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedHome<D extends Definition, Layer> = isChoice<Layer> extends true
  ? undefined extends Layer ? Opaque.option<"layer"> : Opaque.layerChoice
  : CheckedLayerName<D, Layer>

/**
 * Whether a part names the layer that its whole names, as most parts do. It is asked once for each whole and layer.
 *
 * @category type level
 * @since 0.1.0
 */
export type isAtHome<D extends Definition, Whole, Layer> = [isChoice<Layer> | isUntyped<Layer>] extends [false]
  ? [Layer] extends [LayerNames<D>]
    ? D["families"] extends { readonly [_ in Whole & string]: { readonly layer: Layer } } ? true : false
  : false
  : false

/**
 * The layer of a part, which is the layer of its whole.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedPartHome<D extends Definition, K extends string, Whole, Layer> = Whole extends FamilyName<D>
  ? [isChoice<Layer> | isUntyped<Layer>] extends [false]
    ? Layer extends LayerNames<D> ? [Layer] extends [HomeOf<D, FamilyOf<D, Whole>>] ? Layer
        // A layer that does not exist was refused where it is named.
      : [HomeOf<D, FamilyOf<D, Whole>>] extends [LayerNames<D>] ?
        OverlapFindings.partElsewhere<K, Layer, Whole, HomeOf<D, FamilyOf<D, Whole>>>
      : Layer
    : CheckedHome<D, Layer>
  : CheckedHome<D, Layer>
  : CheckedHome<D, Layer>

/**
 * The declaration of a layer with a message in the place of each wrong property.
 *
 * @category type level
 * @since 0.1.0
 */
export type CheckedLayer<D extends Definition, Layer extends string, Settings> = undefined extends Settings ?
  Opaque.option<Layer>
  : isChoice<Settings> extends true ? Opaque.choice<`'${Layer}'`>
  : Layer extends UsedLayers<D> ? {
      readonly [Option in keyof Settings]: Option extends "reads" ?
        Given<Option, Settings[Option], CheckedReads<D, Settings[Option]>>
        : ManifestFindings.optionUnknown<Option & string, `layer '${Layer}'`, keyof LayerSpec>
    }
  : ManifestFindings.layerUnreachable<Layer>

type CheckedReads<D extends Definition, T> = isKnown<T> extends true ?
  { readonly [Index in keyof T]: CheckedHome<D, T[Index]> }
  : Opaque.list<"E0404", "deployment layers">

/**
 * The message why a program of layer `Here` may not use a right; `never` if it may use it. A program writes only its
 * own layer, and reads the layers that it can reach.
 *
 * @category type level
 * @since 0.1.0
 */
export type findLayerProblem<D extends Definition, Here, Option extends "owns" | "borrows", P extends string> =
  Here extends string
    ? HomeOf<D, FamilyOf<D, Route<D, P>>> extends infer Home extends string
      ? Option extends "owns" ? Home extends Here ? never : Declaring.layerWrite<P, Home, Here>
      : Home extends Reachable<D, Here> ? never
      : Declaring.layerRead<P, Home, Here>
    : never
    : never
