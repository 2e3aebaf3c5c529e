/**
 * The checks of a definition, as types.
 *
 * {@link Checked} is a definition in which a message takes the place of each wrong property. So the compiler reports
 * the message there:
 * `Type '"user:profile"' is not assignable to type '"E0102: 'user:profile' is already owned through ..."'`. `validate`
 * (`shared/validation.ts`) finds the same mistakes, with the same words, in manifests that are built from data.
 *
 * The cost grows linearly with the number of families, because:
 *
 * - The facts about a definition are computed once (`definitionFacts.ts`).
 * - A recursive result never meets a constraint. A constraint would make the compiler enumerate the whole recursion.
 * - A message is computed in the failing branch only.
 *
 * @since 0.1.0
 */
import type * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"
import type { ParamNames } from "../../pattern/KeyPattern.ts"
import type { literalProblem } from "../../pattern/types/literals.ts"
import type { Definition, FamilyOptions, FamilySpec, ReaderSpec, Undetermined } from "../Definition.ts"
import type { FamilyPolicy, PolicyOptions } from "../FamilyPolicy.ts"
import type { Malformed } from "./definitionFacts.ts"
import type { CheckedHome, CheckedLayer, CheckedPartHome, isAtHome } from "./definitionLayers.ts"
import type { FamilyName, PatternOf } from "./definitionParts.ts"
import type { Given, Named } from "./given.ts"
import type { CheckedEncloser, findPatternProblem } from "./overlap.ts"
import type { CheckedReferences } from "./references.ts"
import type { isAny, isChoice } from "./typeQuestions.ts"

/**
 * A definition with every wrong property replaced by a message.
 *
 * **Details**
 *
 * Use it as `definition: [D] extends [infer X extends Definition] ? Checked<X> : D`. The compiler infers `D` from the
 * branch that is never taken. `X` keeps the checks out of the contextual type, where they would run once more for each
 * literal.
 *
 * @category type level
 * @since 0.1.0
 */
export type Checked<D extends Definition> = typeof Undetermined extends keyof D ? D
  : isChoice<D> extends true ? Opaque.choice<"the definition">
  : string extends keyof D["families"] ?
    { readonly [Section in keyof D]: Section extends "families" ? Opaque.families : D[Section] }
  : {
    readonly [Section in keyof D]: Section extends "families" ?
      keyof D["families"] extends string
        ? { readonly [K in keyof D["families"]]: CheckedFamily<D, K & string, D["families"][K]> & Offered }
      : { readonly [K in keyof D["families"]]: K extends string ? D["families"][K] : Misfit.familyName }
      : Section extends "layers" ? Given<
          Section,
          D[Section],
          Named<
            Section,
            D[Section],
            { readonly [Layer in keyof D["layers"]]: CheckedLayer<D, Layer & string, D["layers"][Layer]> }
          >
        >
      : Section extends "readers" ? Given<
          Section,
          D[Section],
          Named<
            Section,
            D[Section],
            { readonly [K in keyof D["readers"]]: CheckedReader<D, K & string, D["readers"][K]> }
          >
        >
      : Section extends "version" ? D[Section]
      : unknownSection<Section & string, D[Section]>
  }

/**
 * The message for a section that does not exist.
 *
 * @category type level
 * @since 0.1.0
 */
export type unknownSection<Section extends string, Given> = Given extends { readonly pattern: unknown }
  ? ManifestFindings.familyMisplaced<Section>
  : ManifestFindings.optionUnknown<Section, "the manifest", keyof Definition>

// The options that the editor offers inside a family. With their types, the compiler would compare them once more, at
// twice the whole cost. It is an interface, because a hover shows the docs of its members, and none of a mapped type.
interface Offered extends PolicyOptions, FamilyOptions {}

// A family with a malformed pattern is refused for its pattern, and for mistakes that do not concern its pattern.
// Neither type has a name: the compiler prints it for a family that is a constant, and with a name it would print the
// manifest.
type CheckedFamily<D extends Definition, K extends string, F, Whole = F> = F extends unknown
  ? [Whole] extends [F] ? CheckedOptions<D, K, F>
  : [findDiffering<Whole>] extends [never] ? CheckedOptions<D, K, F>
  : undefined extends Whole ? Opaque.option<K>
  : Opaque.choice<`'${K}'`>
  : never

// The options in which the members of a union of families differ; a program gets one of them. They may differ in
// policy.
type findDiffering<F> = {
  [Option in Exclude<keyof FamilySpec, keyof FamilyPolicy | "value" | "error">]: isChoice<valueAt<F, Option>> extends
    true ? Option
    : never
}[Exclude<keyof FamilySpec, keyof FamilyPolicy | "value" | "error">]

type valueAt<F, Option> = F extends unknown ? Option extends keyof F ? F[Option] : undefined : never

type CheckedOptions<D extends Definition, K extends string, F> = K extends Malformed<D> ?
  undefined extends F ? Opaque.option<K>
  : {
    readonly [Option in keyof F]: Option extends "pattern" ? literalProblem<PatternOf<F>>
      : Option extends "layer" ? CheckedHome<D, F[Option]>
      : Option extends keyof FamilySpec ? F[Option]
      : ManifestFindings.optionUnknown<Option & string, `family '${K}'`, keyof FamilySpec>
  }
  : {
    readonly [Option in keyof F]: Option extends "pattern" ? F[Option] extends string
        // Spelt out, because it is asked for each family: with `orElse` a family costs half a percent more.
        ? [findPatternProblem<D, K, F, F[Option]>] extends [never] ? F[Option] : findPatternProblem<D, K, F, F[Option]>
      : string
      : Option extends "layer" ?
        "partOf" extends keyof F
          ? isAtHome<D, F["partOf"], F[Option]> extends true ? F[Option] : CheckedPartHome<D, K, F["partOf"], F[Option]>
        : CheckedHome<D, F[Option]>
      : Option extends "partOf" | "carvedFrom" ? CheckedEncloser<D, K, F, Option>
      : Option extends "derives" | "borrows" ?
        undefined extends F[Option] ? Given<Option, F[Option], never> : CheckedReferences<D, K, F, Option, F[Option]>
      : Option extends "params" ? Given<
          Option,
          F[Option],
          isChoice<F[Option]> extends true ? Opaque.option<Option> : CheckedParams<K, PatternOf<F>, F[Option]>
        >
      : Option extends "value" | "error" ? Given<Option, F[Option], CheckedSchema<F[Option]>>
      : Option extends Unchecked ? F[Option]
      : Option extends "weightMax" ? "weigher" extends keyof F ? F[Option] : undefined extends F[Option] ? F[Option]
        : Misfit.weightMaxAlone<K>
      : ManifestFindings.optionUnknown<Option & string, `family '${K}'`, keyof FamilySpec>
  }

// The options of which the compiler knows with their shape what there is to know. One word for them costs nothing.
type Unchecked = Exclude<keyof FamilySpec, "weightMax">

type CheckedReader<D extends Definition, K extends string, F> = K extends FamilyName<D> ?
  ManifestFindings.readerIsFamily<K>
  : undefined extends F ? Opaque.option<K>
  : isChoice<F> extends true ? Opaque.choice<`'${K}'`>
  : {
    readonly [Option in keyof F]: Option extends "layer" ? CheckedHome<D, F[Option]>
      : Option extends "borrows" ? CheckedReferences<D, K, F, Option, F[Option]>
      : ManifestFindings.optionUnknown<Option & string, `reader '${K}'`, keyof ReaderSpec>
  }

type CheckedParams<K extends string, P extends string, Codecs> = {
  readonly [Name in keyof Codecs]: Name extends ParamNames<P> ? Given<Name, Codecs[Name], CheckedCodec<Codecs[Name]>>
    : string extends Name ? Opaque.names<"parameters">
    : ManifestFindings.parameterUnknown<Name & string, P, K, ParamNames<P>>
}

// A key holds texts. A codec that is not a Schema does not change them, so its type must be a type of texts.
type CheckedCodec<Codec> = Codec extends { readonly Encoded: infer Encoded }
  ? [Encoded] extends [Spelt] ? CheckedSchema<Codec>
  : [Encoded] extends [Spelt | null | undefined] ? Misfit.parameterNull
  : Misfit.parameterEncoding
  : Codec extends { readonly Type: string } ? Codec
  : Misfit.parameterCodec
type Spelt = string | number | bigint | boolean

// Tiers encode and decode on their own. They have no service of the program, and no caller to require one of.
type CheckedSchema<Codec> = Codec extends
  { readonly DecodingServices: infer Decoding; readonly EncodingServices: infer Encoding }
  ? [Decoding | Encoding] extends [never] ? Codec
  : isAny<Decoding | Encoding> extends true ? Codec
  : Misfit.codecNeeds
  : Codec
