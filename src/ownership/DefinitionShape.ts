/**
 * Definitions of another shape than `Definition`: what the compiler reports of them, and what the rest of the program
 * sees of them.
 *
 * @since 0.1.0
 */
import type * as ManifestFindings from "../diagnostic/ManifestFindings.ts"
import type * as Misfit from "../diagnostic/Misfit.ts"
import type { Definition, FamilySpec, ReaderSpec, Typed, Undetermined } from "./Definition.ts"
import type { Checked } from "./DefinitionChecks.ts"
import type { At, PatternOf } from "./DefinitionParts.ts"

/**
 * A definition that does not extend `Definition`, because a part of it is an interface or a class, or has another
 * shape. A part that is an interface or a class is checked by its properties. A part of another shape is replaced by a
 * message.
 *
 * @category type level
 * @since 0.1.0
 */
export type Misshapen<D> = typeof Undetermined extends keyof D ? D
  : Spelt<D> extends infer X extends Definition ? Checked<X>
  : MisshapenParts<Spelt<D>>

type MisshapenParts<D> = {
  readonly [S in keyof D]: S extends "families" ? D[S] extends Bag ? MisshapenFamilies<D[S]> : Misfit.families
    : S extends "readers" ?
      D[S] extends Bag ? MisshapenReaders<D[S]> : D[S] extends undefined ? D[S] : Misfit.section<S>
    : S extends keyof Definition ? D[S] extends Definition[S] ? D[S] : Misfit.section<S>
    : D[S]
}

// An object with named properties, and not a list.
type Bag = { readonly length?: never } & object

// A definition as if it were written in place, because an index signature accepts neither an interface nor a class.
type Spelt<D> = {
  readonly [S in keyof D]: S extends "families" ? SpeltFamilies<D[S]>
    : S extends "layers" | "readers" ? Members<D[S]>
    : D[S]
}

type SpeltFamilies<Fs> = Fs extends Bag ? { readonly [K in keyof Fs]: SpeltFamily<Fs[K]> } : Fs

type SpeltFamily<F> = { readonly [O in keyof F]: O extends "params" ? Members<F[O]> : F[O] }

type Members<X> = X extends Bag ? { readonly [K in keyof X]: X[K] } : X

type MisshapenFamilies<Fs> = {
  readonly [K in keyof Fs]: Fs[K] extends { readonly pattern: unknown } ? {
      readonly [O in keyof Fs[K]]: O extends keyof FamilySpec
        ? Fs[K][O] extends FamilySpec[O] ? Fs[K][O] : misshapenOption<K & string, O, Fs[K][O]>
        : Fs[K][O]
    }
    : Misfit.family<K & string>
}

type MisshapenReaders<Rs> = {
  readonly [K in keyof Rs]: Rs[K] extends ReaderSpec ? Rs[K]
    // A reader without `borrows`, and without an option that may be a misspelt `borrows`.
    : [Exclude<keyof Rs[K], "layer">] extends [never] ? Misfit.section<"readers">
    : Rs[K] extends Bag ? {
        readonly [O in keyof Rs[K]]: O extends keyof ReaderSpec ? misshapenReading<O, Rs[K][O]>
          : ManifestFindings.optionUnknown<O & string, `reader '${K & string}'`, keyof ReaderSpec>
      }
    : Misfit.section<"readers">
}

type misshapenReading<O extends keyof ReaderSpec, X> = X extends ReaderSpec[O] ? X
  : O extends "borrows" ? Misfit.patterns
  : string

type misshapenOption<K extends string, O, X> = O extends "value" | "error" ? Misfit.codec
  : O extends "params" ? X extends Bag ? { readonly [N in keyof X]: X[N] extends Typed ? X[N] : Misfit.codec }
    : Misfit.codecs
  : O extends "derives" | "borrows" ? Misfit.patterns
  : O extends "weigher" ? Misfit.weigher<K>
  : Misfit.option<K, O & string, Expected[O & keyof Expected]>

type Time = "a time such as '5 minutes', '1 hour' or 500, in milliseconds"

interface Expected {
  readonly pattern: "a text such as 'user:{id}'"
  readonly layer: "the name of a layer"
  readonly partOf: "the name of a family"
  readonly carvedFrom: "the name of a family"
  readonly fanout: "true, or leave it out"
  readonly sensitive: "true or false"
  readonly version: "a text or a number"
  readonly timeToLive: `${Time}, or 'never', or 'doNotStore'`
  readonly idleTimeToLive: Time
  readonly staleWhileRevalidate: Time
  readonly staleIfError: Time
  readonly jitter: "a number from 0 to 1"
  readonly refreshAhead: "a number from 0 to 1, or 'xfetch'"
  readonly negativeTimeToLive: Time
  readonly softTimeout: Time
  readonly hardTimeout: Time
  readonly loadConcurrency: "a whole number of at least 1"
  readonly loadQueueMax: "a whole number of at least 1"
  readonly retryAfterFailure: Time
  readonly onAbandoned: "'interrupt' or 'finish'"
  readonly freeze: "true or false"
}

/**
 * A definition as rights and accessors see it. A part of another shape is reported once, where it is written; the uses
 * of that part are not reported again.
 *
 * @category type level
 * @since 0.1.0
 */
export type Shaped<D> = D extends Definition ? D
  : Spelt<D> extends infer M extends Definition ? M
  : Mended<Spelt<D>> extends infer M extends Definition ? M
  : never

type Mended<D> = {
  readonly [S in keyof D as S extends "families" ? S : D[S] extends At<Definition, S> ? S : never]: S extends "families"
    ? D[S] extends Bag ? { readonly [K in keyof D[S]]: MendedFamily<D[S][K], PatternOf<D[S][keyof D[S]]>> } : {}
    : D[S]
}

type MendedFamily<F, Patterns> = F extends FamilySpec ? F : {
  readonly [
    O in keyof F | "pattern" as O extends "pattern" | "value" | "error" | "params" | "derives" | "borrows" ? O
      : F[O & keyof F] extends FamilySpec[O & keyof FamilySpec] ? O
      : never
  ]: O extends keyof F ? F[O] extends FamilySpec[O & keyof FamilySpec] ? F[O] : mendedOption<O, F[O], Patterns>
    : string
}

type mendedOption<O, X, Patterns> = O extends "pattern" ? string
  : O extends "value" | "error" ? { readonly Type: any }
  : O extends "params" ? X extends Bag ? { readonly [N in keyof X]: { readonly Type: any } } : {}
  // Any of the patterns may be the one that is meant.
  : ReadonlyArray<X extends string ? X : Patterns>
