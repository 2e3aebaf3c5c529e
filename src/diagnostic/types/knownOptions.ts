/**
 * Options objects that have only known options. The compiler's own words for another one
 * (`'ttl' does not exist in type 'Options'`) do not say what was meant; these messages name the option of ours.
 *
 * The options are a type parameter, so that the compiler does not refuse an unknown one itself. Where all names are
 * known, they are compared with the options as they are declared, so wrong values get the compiler's own words.
 *
 * @since 0.1.0
 */
import type { optionUnknown } from "./manifestFindings.ts"

/**
 * The constraint of a type parameter for options: those that are known, each of which may be missing, and any other.
 *
 * **Details**
 *
 * An index signature of `any` takes interfaces and classes, too, which have no index signature of their own.
 *
 * @category type level
 * @since 0.1.0
 */
export type Loose<Known> =
  & { readonly [Name in keyOfEach<Known>]?: Known extends { readonly [_ in Name]?: infer Value } ? Value : never }
  & { readonly [option: string]: any }
type keyOfEach<Known> = Known extends unknown ? keyof Known : never

/**
 * The options, or a message in place of each that does not exist. `Place` says where they are given, and `Refused` is
 * what other options are compared with, such as options with a message.
 *
 * @category type level
 * @since 0.1.0
 */
export type Checked<Known, Given, Place extends string, Refused = Known> = string extends keyof Given ? Known
  : [Exclude<keyof Given, keyOfEach<Known>>] extends [never] ? [Given] extends [Known] ? Known : Refused
  : {
    readonly [Name in keyof Given]: Name extends keyOfEach<Known> ? Loose<Known>[Name]
      : optionUnknown<Name & string, Place, keyOfEach<Known> & string>
  }
