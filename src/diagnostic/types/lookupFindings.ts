/**
 * Lookups that do what a lookup may not do.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"
import type * as Several from "./several.ts"

/**
 * E0211: a lookup that reads a family that its own family does not derive from.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupReads<Family extends string, Source extends string> = message<
  "E0211",
  `the lookup of family '${Family}' reads '${Source}', which '${Family}' does not derive from`,
  `add '${Source}' to derives of '${Family}', so that its changes reach '${Family}'`
>
export const lookupReads = (family: string, source: string) =>
  finding(
    "E0211",
    "LookupReads",
    say`the lookup of family ${family} reads ${source}, which ${family} does not derive from`,
    say`add ${source} to derives of ${family}, so that its changes reach ${family}`
  )

/**
 * E0211: a lookup that reads its own family. A family cannot derive from itself.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupReadsOwn<Family extends string, Source extends string> = message<
  "E0211",
  `the lookup of family '${Family}' reads '${Source}', its own family, which cannot derive from itself`,
  `read what '${Source}' is made from; the previous value is in the lookup's second argument`
>
export const lookupReadsOwn = (family: string, source: string) =>
  finding(
    "E0211",
    "LookupReads",
    say`the lookup of family ${family} reads ${source}, its own family, which cannot derive from itself`,
    say`read what ${source} is made from; the previous value is in the lookup's second argument`
  )

/**
 * E0211: the load of a `getOr` that reads its own family. It has no arguments, and the family may have no lookup.
 *
 * @category ownership
 * @since 0.1.0
 */
export type loadReadsOwn<Pattern extends string> = message<
  "E0211",
  `this load of a key of '${Pattern}' reads '${Pattern}', its own family, which cannot derive from itself`,
  `read what '${Pattern}' is made from; to make a value of the previous one, use update`
>
export const loadReadsOwn = (pattern: string) =>
  finding(
    "E0211",
    "LookupReads",
    say`this load of a key of ${pattern} reads ${pattern}, its own family, which cannot derive from itself`,
    say`read what ${pattern} is made from; to make a value of the previous one, use update`
  )

/**
 * E0211: a lookup that reads a family that derives from its own family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupReadsBack<Family extends string, Source extends string> = message<
  "E0211",
  `the lookup of family '${Family}' reads '${Source}', which derives from '${Family}' itself`,
  `read what '${Family}' is made from; two families cannot derive from each other`
>

/**
 * E0211: a lookup that reads another manifest. Its family cannot derive from that manifest.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupReadsAbroad<Family extends string, Source extends string> = message<
  "E0211",
  `the lookup of family '${Family}' reads '${Source}' of another manifest, whose changes do not reach '${Family}'`,
  `declare both families in one manifest, or read what '${Source}' is made from`
>

/**
 * E0211 at run time: a lookup that reads another engine, of another manifest or of its own.
 *
 * @category ownership
 * @since 0.1.0
 */
export const lookupReadsElsewhere = (family: string, source: string) =>
  finding(
    "E0211",
    "LookupReads",
    say`the lookup of family ${family} reads ${source} of another engine, whose changes do not reach ${family}`,
    "read by the engine that runs the lookup, or declare both families in one manifest"
  )

/**
 * E0232: a lookup that reads another key than those that its family derives from. Found at run time only: types cannot
 * tell `user:1` from `user:2`.
 *
 * @category ownership
 * @since 0.1.0
 */
export const lookupReadsKey = (family: string, key: string, read: string, source: string) =>
  finding(
    "E0232",
    "LookupReadsKey",
    say`the lookup of ${key} reads ${read}, but a change of ${read} would not reach ${key}`,
    say`read the key of ${source} that the parameters of ${family} bind, ` +
      say`or derive ${family} from ${read} as well, or from every key of ${source}, with other names in its braces`
  )

/**
 * E0212: a lookup that writes.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupWrites<Family extends string, Target extends string> = message<
  "E0212",
  `the lookup of family '${Family}' writes '${Target}', but a lookup only returns its own value`,
  `write '${Target}' where the change happens; what is made from '${Family}' derives from it`
>
export const lookupWrites = (family: string, target: string) =>
  finding(
    "E0212",
    "LookupWrites",
    say`the lookup of family ${family} writes ${target}, but a lookup only returns its own value`,
    say`write ${target} where the change happens; what is made from ${family} derives from it`
  )

/**
 * E0213: a lookup that fails with an error that its family does not declare.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupFails<Family extends string, Failure> = message<
  "E0213",
  `the lookup of family '${Family}' fails with ${named<Failure>} its family does not declare`,
  `give its schema as error of '${Family}', or handle it in the lookup`
>

/**
 * E0213: the load of a `getOr` that fails with an error that the family does not declare.
 *
 * @category ownership
 * @since 0.1.0
 */
export type loadFails<Pattern extends string, Failure> = message<
  "E0213",
  `this load fails with ${named<Failure>} the family of '${Pattern}' does not declare`,
  `give its schema as error of the family of '${Pattern}', or handle it in the load`
>
// The tags of the errors that have one. An error without a tag has no name that a message can give.
type named<Failure> = tagOf<Failure> extends infer Tag ?
  [Tag] extends [never] ? "an error that" : `${Several.enumerate<Tag>}, which`
  : never
type tagOf<Failure> = Failure extends { readonly _tag: infer Tag extends string } ?
  string extends Tag ? never : `'${Tag}'`
  : never
