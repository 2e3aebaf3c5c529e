/**
 * Values that do not fit: parameters of a key, values of an entry, answers of a lookup. What is a type only is found by
 * the compiler alone.
 *
 * A message that takes the place of a wrong argument needs a type parameter for the argument, and with it literals and
 * callbacks lose the types that they take from their context. So what an operation takes is a union of its type with
 * {@link Otherwise}, which nothing inhabits: the compiler tries what it is given against the type, and where that fails
 * it prints the union, in its own words and at the property that is wrong.
 *
 * @since 0.1.0
 */
import type { message } from "./Diagnostic.ts"
import { finding, say } from "./internal/finding.ts"
import * as Nearest from "./Nearest.ts"

declare const TypeId: unique symbol

/**
 * A member of a union that nothing inhabits, with the message for values that have none of the union's other types.
 *
 * @category type level
 * @since 0.1.0
 */
export interface Otherwise<out Message> {
  // A function, since the compiler takes texts apart: a value for one of two families would be shown as an intersection
  // of every part of the one with every part of the other, and not by the names of both.
  readonly [TypeId]: () => Message
}

/**
 * The message for values that have parts: each part is what it should be or the message, at any depth.
 *
 * @category type level
 * @since 0.1.0
 */
export type OtherwiseEach<Message, V> = {
  readonly [K in keyof V | typeof TypeId]: K extends keyof V ? V[K] | OtherwisePart<Message, V[K]> : () => Message
}
type OtherwisePart<Message, Part> = [Part] extends [object] ? OtherwiseEach<Message, Part> : Otherwise<Message>

/**
 * The message for a value that is a member of a union with others, which lack the value's parts. The compiler then
 * looks into one member alone: of those that are alike the last, and an intersection comes after other types.
 *
 * @category type level
 * @since 0.1.0
 */
export type OtherwiseLast<Message, V> = V extends object
  ? { readonly [K in keyof V]: V[K] | OtherwisePart<Message, V[K]> } & Otherwise<Message>
  : Otherwise<Message>

/**
 * A type with the message for what has another shape. Unlike a union with {@link Otherwise}, it is a subtype of the
 * type.
 *
 * @category type level
 * @since 0.1.0
 */
export type Shape<Message, T> = T | (T & Otherwise<Message>)

/**
 * E0112: parameters of a key that lack one of the pattern's names, or have another one.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type parameters<Pattern extends string> = message<
  "E0112",
  `these are not the parameters of '${Pattern}'`,
  "give a value for each name in its braces, and nothing else"
>

/**
 * E0112 at run time: a name that the pattern does not have, where some of its names may be missing.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterUnknown = (pattern: string, name: string, known: Iterable<string>) =>
  unknownOf(pattern, name, known, "give parameters of the pattern, or an empty object for all of its keys")

const unknownOf = (pattern: string, name: string, known: Iterable<string>, otherwise: string) =>
  finding(
    "E0112",
    "ParametersUnknown",
    say`${pattern} has no parameter ${name}`,
    Nearest.help(name, known, otherwise)
  )

// What to do about the parameters of one key.
const oneKey = "give a value for each name in the braces of the pattern"

/**
 * E0112 at run time: a name that the pattern does not have, among the parameters of one key.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterOfKeyUnknown = (pattern: string, name: string, known: Iterable<string>) =>
  unknownOf(pattern, name, known, oneKey)

/**
 * E0112 at run time: a parameter of one key that is not given.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterMissing = (pattern: string, name: string) =>
  finding("E0112", "ParametersUnknown", say`the parameter ${name} of ${pattern} is not given`, oneKey)

/**
 * E0109 at run time: a parameter that is given, and is nothing that a key can spell. `kind` says what it is.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterNoText = (pattern: string, name: string, kind: string) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${name} of ${pattern} is of the kind ${kind}`,
    "give a text, a number or a bigint, or declare a codec for the parameter in `params` of the family"
  )

/**
 * E0112 at run time: no parameters, where a record of some is expected.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parametersNone = (pattern: string) =>
  finding(
    "E0112",
    "ParametersUnknown",
    say`this is no record of parameters of ${pattern}`,
    "give an object with some of them, or an empty object for all of its keys"
  )

/**
 * E0112 at run time: what was given for the parameters of one key is not an object.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parametersNotObject = (pattern: string, names: ReadonlyArray<string>) =>
  finding(
    "E0112",
    "ParametersUnknown",
    say`the parameters of ${pattern} are not an object`,
    `give an object such as \`{ ${names.map((name) => name === "*" ? "\"*\": ..." : `${name}: ...`).join(", ")} }\``
  )

/**
 * E0112 at run time: no list, where a list of parameters is expected, or of entries.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const listNone = (pattern: string, what: "parameters" | "pairs of parameters and a value") =>
  finding("E0112", "ParametersUnknown", say`this is no list of ${pattern}`, `give a list of ${what}`)

/**
 * E0112 at run time: an item of a list of entries that is none.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const entryNone = (pattern: string, at: number) =>
  finding(
    "E0112",
    "ParametersUnknown",
    say`item ${at} is no entry of ${pattern}`,
    "give a pair of parameters and a value"
  )

/**
 * E0113: a parameter of another type than the manifest declares.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type parameter<Pattern extends string, Name extends string> = message<
  "E0113",
  `this is no value of the parameter '${Name}' of '${Pattern}'`,
  "give the type that params declares, or else a string, a number or a bigint"
>

/**
 * E0114: a value of another type than the manifest declares.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type value<Pattern extends string> = message<
  "E0114",
  `this is no value of '${Pattern}'`,
  "give the type that its family declares as value, or declare another"
>

/**
 * E0114: an update that makes something else of a value.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type change<Pattern extends string> = message<
  "E0114",
  `this function makes no value of '${Pattern}'`,
  "answer with the type that its family declares as value, or with an Effect of it"
>

/**
 * E0114: a lookup that answers with another type than its family's values have, or with no Effect.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookup<Family extends string> = message<
  "E0114",
  `the lookup of family '${Family}' answers with something else than a value of '${Family}'`,
  "give a function that answers with an Effect of the type that its family declares as value"
>
/**
 * E0114 at run time, of a lookup that is no function.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const lookup = (family: string) =>
  finding(
    "E0114",
    "LookupMisfit",
    say`the lookup of family ${family} answers with something else than a value of ${family}`,
    "give a function that answers with an Effect of the type that its family declares as value"
  )

/**
 * E0114: the same of a lookup of many keys.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookupMany<Family extends string> = message<
  "E0114",
  `the lookupMany of family '${Family}' answers with something else than a list of values of '${Family}'`,
  "give a function that answers with an Effect of a list of the type that its family declares as value"
>
/**
 * E0114 at run time, of a lookupMany that is no function.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const lookupMany = (family: string) =>
  finding(
    "E0114",
    "LookupManyMisfit",
    say`the lookupMany of family ${family} answers with something else than a list of values of ${family}`,
    "give a function that answers with an Effect of a list of the type that its family declares as value"
  )

/**
 * E0406: a lookup in the place of an owner's options.
 *
 * @category ownership
 * @since 0.1.0
 */
export type options<Family extends string> = message<
  "E0406",
  `the owner of family '${Family}' takes options, and this is a function`,
  "give it by its name, { lookup: ... }"
>
/**
 * E0406 at run time, of any function.
 *
 * @category ownership
 * @since 0.1.0
 */
export const options = (family: string) =>
  finding(
    "E0406",
    "OptionsMisfit",
    say`the owner of family ${family} takes options, and this is a function`,
    "give it by its name, { lookup: ... }"
  )

/**
 * E0115: something else than a write in a batch, or a write of another manifest.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type write<Id extends string> = message<
  "E0115",
  `this is no write that a batch of '${Id}' could do together with others`,
  `use setting or deleting of an accessor of '${Id}', which say what to write and do not run`
>

/**
 * E0408: keys, or something else, in the place of what warming or predicting is told.
 *
 * @category ownership
 * @since 0.1.0
 */
export type warming<Option extends "warm" | "predict"> = message<
  "E0408",
  `this is no value of the option '${Option}'`,
  Option extends "warm" ? "give an object, { keys: [{ id: '1' }] }" : "give an object, { keysMax: 100 }"
>

/**
 * E0219: a lease of another family, or one that is shared.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lease<Pattern extends string> = message<
  "E0219",
  `this is no lease under which '${Pattern}' could be written`,
  "acquire one of the key itself, and not a shared one"
>

/**
 * E0113: a lookup whose parameters have other types than those of its family.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookupParameters<Family extends string, Pattern extends string> = message<
  "E0113",
  `the lookup of family '${Family}' takes other parameters than '${Pattern}' has`,
  "leave its parameters without types, or give those that params declares, or else string"
>

/**
 * E0408: something else than a codec where a family declares a type.
 *
 * @category manifests
 * @since 0.1.0
 */
export type codec = message<
  "E0408",
  "this is not a Schema, so it names no type",
  "give a Schema such as Schema.String, or Manifest.type<A>()"
>

/**
 * E0408: a parameter of another type than text, and no codec for it.
 *
 * @category manifests
 * @since 0.1.0
 */
export type parameterCodec = message<
  "E0408",
  "a parameter is a text where no Schema makes something else of it",
  "give a Schema, such as Schema.NumberFromString"
>

/**
 * E0408: something else than an object with a codec for each parameter.
 *
 * @category manifests
 * @since 0.1.0
 */
export type codecs = message<
  "E0408",
  "these are not the codecs of parameters",
  "give an object, { id: Schema.NumberFromString }"
>

/**
 * E0408: one pattern, or something else, where a list of patterns is expected.
 *
 * @category manifests
 * @since 0.1.0
 */
export type patterns = message<
  "E0408",
  "this is not a list of patterns",
  "put the patterns in brackets, ['user:{id}']"
>

/**
 * E0408: one name, or something else, where a list of families is expected.
 *
 * @category ownership
 * @since 0.1.0
 */
export type names = message<
  "E0408",
  "this is not a list of families",
  "put their names in brackets, ['user']"
>

/**
 * E0408: something else than an object with a family for each name.
 *
 * @category manifests
 * @since 0.1.0
 */
export type families = message<
  "E0408",
  "these are not families",
  "give an object with a name for each family, { user: { pattern: 'user:{id}' } }"
>

/**
 * E0408: something else than a family's line of the manifest.
 *
 * @category manifests
 * @since 0.1.0
 */
export type family<Family extends string> = message<
  "E0408",
  `'${Family}' has no pattern`,
  "give an object with a pattern, { pattern: 'user:{id}' }"
>

/**
 * E0408: an option of a family that has another shape.
 *
 * @category manifests
 * @since 0.1.0
 */
export type option<Family extends string, Option extends string, Expected extends string> = message<
  "E0408",
  `this is no value of the option '${Option}' of family '${Family}'`,
  `give ${Expected}`
>

/**
 * E0408: something else than a weigher.
 *
 * @category manifests
 * @since 0.1.0
 */
export type weigher<Family extends string> = message<
  "E0408",
  `this is no weigher of family '${Family}'`,
  "give a function from a key and a value to a number, (key, value: string) => value.length"
>

/**
 * E0408: the version, the layers or the readers of a manifest in another shape.
 *
 * @category manifests
 * @since 0.1.0
 */
export type section<Section extends string> = message<
  "E0408",
  `these are not the ${Section} of a manifest`,
  Section extends "version" ? "give a text or a number"
    : Section extends "layers" ? "give an object, { server: {}, client: { reads: ['server'] } }"
    : "give an object, { reports: { borrows: ['user:{id}'] } }"
>

/**
 * E0115: something else than a list in the place of a batch's writes.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type writes = message<"E0115", "a batch takes a list of writes", "put the writes in brackets">
