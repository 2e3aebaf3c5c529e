/**
 * Definitions of another shape than `Definition`: what the compiler reports of them, and what the rest of the program
 * sees of them.
 *
 * @since 0.1.0
 */
import type * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type { Definition, FamilySpec, ReaderSpec, Typed, Undetermined } from "../Definition.ts"
import type { Checked, unknownSection } from "./definitionChecks.ts"
import type { At, PatternOf } from "./definitionParts.ts"

/**
 * A definition that does not extend `Definition`, because a part of it is an interface or a class, or has another
 * shape. A part that is an interface or a class is checked by its properties. A part of another shape is replaced by a
 * message.
 *
 * @category type level
 * @since 0.1.0
 */
export type Misshapen<D> = typeof Undetermined extends keyof D ? D
  : Spelt<D> extends infer Given extends Definition ? Checked<Given>
  : MisshapenParts<Spelt<D>>

type MisshapenParts<D> = [keyof D] extends [never] ? Misfit.Otherwise<Misfit.families> : {
  readonly [Section in keyof D]: Section extends "families" ?
    D[Section] extends Bag ? MisshapenFamilies<D[Section]> : Misfit.families
    : Section extends "readers" ? D[Section] extends Bag ? MisshapenReaders<D[Section]>
      : D[Section] extends undefined ? D[Section]
      : Misfit.section<Section>
    : Section extends keyof Definition ? D[Section] extends Definition[Section] ? D[Section] : Misfit.section<Section>
    : unknownSection<Section & string, D[Section]>
}

// An object with named properties, and not a list.
type Bag = { readonly length?: never } & object

// A definition as if it were written in place, because an index signature accepts neither an interface nor a class.
type Spelt<D> = {
  readonly [Section in keyof D]: Section extends "families" ? SpeltFamilies<D[Section]>
    : Section extends "layers" | "readers" ? Members<D[Section]>
    : D[Section]
}

type SpeltFamilies<Families> = Families extends Bag ? { readonly [K in keyof Families]: SpeltFamily<Families[K]> }
  : Families

type SpeltFamily<F> = { readonly [Option in keyof F]: Option extends "params" ? Members<F[Option]> : F[Option] }

type Members<Given> = Given extends Bag ? { readonly [K in keyof Given]: Given[K] } : Given

type MisshapenFamilies<Families> = {
  readonly [K in keyof Families]: Families[K] extends { readonly pattern: unknown } ? {
      readonly [Option in keyof Families[K]]: Option extends keyof FamilySpec
        ? Families[K][Option] extends FamilySpec[Option] ? offerWhileTyped<Families, Option, Families[K][Option]>
        : misshapenOption<K & string, Option, Families[K][Option]>
        : ManifestFindings.optionUnknown<Option & string, `family '${K & string}'`, keyof FamilySpec>
    }
    : Misfit.family<K & string>
}

// An editor asks with an empty text for what is being typed, also while another option has no value yet.
type offerWhileTyped<Families, Option, Given> = Option extends "derives" | "borrows" ?
  { readonly [Index in keyof Given]: Given[Index] extends "" ? PatternOf<Families[keyof Families]> : Given[Index] }
  : Option extends "partOf" | "carvedFrom" ? Given extends "" ? keyof Families : Given
  : Given

type MisshapenReaders<Readers> = {
  readonly [K in keyof Readers]: Readers[K] extends ReaderSpec ? Readers[K]
    // A reader without `borrows`, and without an option that may be a misspelt `borrows`.
    : [Exclude<keyof Readers[K], "layer">] extends [never] ? Misfit.section<"readers">
    : Readers[K] extends Bag ? {
        readonly [Option in keyof Readers[K]]: Option extends keyof ReaderSpec ?
          misshapenReading<Option, Readers[K][Option]>
          : ManifestFindings.optionUnknown<Option & string, `reader '${K & string}'`, keyof ReaderSpec>
      }
    : Misfit.section<"readers">
}

type misshapenReading<Option extends keyof ReaderSpec, Given> = Given extends ReaderSpec[Option] ? Given
  : Option extends "borrows" ? Misfit.patterns
  : string

type misshapenOption<K extends string, Option, Given> = Option extends "value" | "error" ? Misfit.codec
  : Option extends "params" ?
    Given extends Bag ? { readonly [Name in keyof Given]: Given[Name] extends Typed ? Given[Name] : Misfit.codec }
    : Misfit.codecs
  : Option extends "derives" | "borrows" ? Misfit.patterns
  : Option extends "weigher" ? Misfit.weigher<K>
  : isWidened<Option, Given> extends true ? Misfit.optionText<K, Option & string>
  : Misfit.option<K, Option & string, Expected[Option & keyof Expected]>

// A text of an object that was written apart, whose type is any text.
type isWidened<Option, Given> = string extends Extract<Given, string>
  ? [Extract<FamilySpec[Option & keyof FamilySpec], string>] extends [never] ? false : true
  : false

type Time = "a time such as '5 minutes', '1 hour' or 500, in milliseconds"

interface Expected {
  readonly pattern: "a string such as 'user:{id}'"
  readonly layer: "the name of a layer"
  readonly partOf: "the name of a family"
  readonly carvedFrom: "the name of a family"
  readonly fanout: "true, or leave it out"
  readonly sensitive: "true or false"
  readonly version: "a string or a number"
  readonly timeToLive: `${Time}, or 'never', or 'doNotStore'`
  readonly idleTimeToLive: Time
  readonly staleWhileRevalidate: Time
  readonly staleIfError: Time
  readonly jitter: "a number from 0 to 1"
  readonly refreshAhead: "a number from 0 to 1, or 'xfetch'"
  readonly negativeTimeToLive: Time
  readonly softTimeout: Time
  readonly hardTimeout: Time
  readonly consistency: "'strict', 'eventual', or { bounded: '1 second' }"
  readonly loadConcurrency: "a whole number of at least 1"
  readonly loadQueueMax: "a whole number of at least 1"
  readonly retryAfterFailure: Time
  readonly onAbandoned: "'interrupt' or 'finish'"
  readonly freeze: "true or false"
  readonly capacity: "a whole number of at least 1"
  readonly weightMax: "a whole number of at least 1"
}

/**
 * A definition as rights and accessors see it. A part of another shape is reported once, where it is written; the uses
 * of that part are not reported again.
 *
 * @category type level
 * @since 0.1.0
 */
export type Shaped<D> = D extends Definition ? D
  : "families" extends keyof D ? ShapedFamilies<D>
  // Families that stand beside the sections of the manifest.
  : ShapedFamilies<
    { readonly families: { readonly [K in keyof D as D[K] extends { readonly pattern: unknown } ? K : never]: D[K] } }
  >

type ShapedFamilies<D> = D extends Definition ? D
  : Spelt<D> extends infer Whole extends Definition ? Whole
  : Mended<Spelt<D>> extends infer Whole extends Definition ? Whole
  : never

type Mended<D> = {
  readonly [
    Section in keyof D as Section extends "families" ? Section : D[Section] extends At<Definition, Section> ? Section
    : never
  ]: Section extends "families"
    ? D[Section] extends Bag
      ? { readonly [K in keyof D[Section]]: MendedFamily<D[Section][K], PatternOf<D[Section][keyof D[Section]]>> }
    : {}
    : D[Section]
}

type MendedFamily<F, Patterns> = F extends FamilySpec ? F : {
  readonly [
    Option in keyof F | "pattern" as Option extends "pattern" | "value" | "error" | "params" | "derives" | "borrows" ?
      Option
      : F[Option & keyof F] extends FamilySpec[Option & keyof FamilySpec] ? Option
      : never
  ]: Option extends keyof F ?
    F[Option] extends FamilySpec[Option & keyof FamilySpec] ? F[Option] : mendedOption<Option, F[Option], Patterns>
    : string
}

type mendedOption<Option, Given, Patterns> = Option extends "pattern" ? string
  : Option extends "value" | "error" ? { readonly Type: any }
  : Option extends "params" ? Given extends Bag ? { readonly [Name in keyof Given]: { readonly Type: any } } : {}
  // Any of the patterns may be the one that is meant.
  : ReadonlyArray<Given extends string ? Given : Patterns>
