/**
 * Values of a wrong type: parameters of a key, values of an entry, results of a lookup, options. Only the compiler
 * finds those that have no function here.
 *
 * A message in the place of a wrong argument would need a type parameter for the argument. With a type parameter,
 * literals and callbacks lose the types that they take from their context. So a parameter of an operation is a union of
 * its type with {@link Otherwise}, and no value has the type `Otherwise`. The compiler compares the argument with the
 * type. If that fails, it prints the union, in its own words and at the property that is wrong.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"
import * as Nearest from "./nearest.ts"

declare const TypeId: unique symbol

/**
 * A member of a union that no value has. It holds the message for values that do not have another type of the union.
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
 * The message for values with parts: each part has its type or is the message, at any depth.
 *
 * @category type level
 * @since 0.1.0
 */
export type OtherwiseEach<Message, Value> = {
  readonly [Part in keyof Value | typeof TypeId]: Part extends keyof Value
    ? Value[Part] | OtherwisePart<Message, Value[Part]>
    : () => Message
}
type OtherwisePart<Message, Part> = [Part] extends [object] ? OtherwiseEach<Message, Part> : Otherwise<Message>

/**
 * The message for a value in a union whose other members lack the parts of the value. The compiler looks into only one
 * member of such a union: the last of those that are alike. An intersection comes after other types.
 *
 * @category type level
 * @since 0.1.0
 */
export type OtherwiseLast<Message, Value> = Value extends object
  ? { readonly [Part in keyof Value]: Value[Part] | OtherwisePart<Message, Value[Part]> } & Otherwise<Message>
  : Otherwise<Message>

/**
 * A type with the message for values of another shape. Unlike a union with {@link Otherwise}, it is a subtype of the
 * type.
 *
 * @category type level
 * @since 0.1.0
 */
export type Shape<Message, T> = T | (T & Otherwise<Message>)

/**
 * A part of an intersection that every value has. With it, the compiler says which other part a value lacks, and prints
 * the arguments of that one's name, also for a text, about which it says nothing more otherwise.
 *
 * @category type level
 * @since 0.1.0
 */
export interface Anything {
  // Editors do not offer what only a symbol names.
  readonly [TypeId]?: never
}

/**
 * E0112: something else in the place of the parameters of a key, such as a text, or parameters without one of the
 * names.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type notParameters = message<
  "E0112",
  "these are not the parameters of a key",
  "give an object with a value for each name in the braces, { id: '1' }; a whole key is for get of the manifest"
>

/**
 * E0112: parameters of a key that lack a name of the pattern, or have a name that the pattern does not have.
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
 * E0112 at run time: a name that the pattern does not have, in parameters of which some may be missing.
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
    kind === "NaN" || kind.endsWith("Infinity")
      ? "give a finite number; check a number that was read from a string before it is a parameter"
      : "give a string, a number or a bigint, or declare a codec for the parameter in `params` of the family"
  )

/**
 * E0112 at run time: a value that is not an object with parameters.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parametersNone = (pattern: string) =>
  finding(
    "E0112",
    "ParametersUnknown",
    say`this is not an object with parameters of ${pattern}`,
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
 * E0112 at run time: parameters that throw when they are read, by a getter or a Proxy.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parametersThrow = (pattern: string) =>
  finding(
    "E0112",
    "ParametersUnknown",
    say`the parameters of ${pattern} throw when they are read`,
    "give a plain object"
  )

/**
 * E0112 at run time: a list of parameters or of entries that throws when it is read.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const listThrows = (pattern: string) =>
  finding("E0112", "ParametersUnknown", say`this list of ${pattern} throws when it is read`, "give a plain list")

/**
 * E0112 at run time: a value that is not a list of parameters or of entries.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const listNone = (pattern: string, what: "parameters" | "pairs of parameters and a value") =>
  finding("E0112", "ParametersUnknown", say`this is not a list of ${pattern}`, `give a list of ${what}`)

/**
 * E0112 at run time: an item of a list of entries that is not an entry.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const entryNone = (pattern: string, at: number) =>
  finding(
    "E0112",
    "ParametersUnknown",
    say`item ${at} is not an entry of ${pattern}`,
    "give a pair of parameters and a value"
  )

/**
 * E0113: a parameter of another type than the manifest declares. `IsDeclared` says whether `params` declares its type.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type parameter<Pattern extends string, Name extends string, IsDeclared extends boolean> = message<
  "E0113",
  `this is not a valid value for the parameter '${Name}' of '${Pattern}'`,
  IsDeclared extends true ? "give the type that params of its family declares"
    : "give a string, a number or a bigint, or declare another type in params of its family"
>

/**
 * E0114: a value of another type than the manifest declares.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type value<Pattern extends string> = message<
  "E0114",
  `this is not a valid value for '${Pattern}'`,
  "give the type that its family declares as value, or declare another"
>

/**
 * E0114: an update whose function does not return a value of the family.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type change<Pattern extends string> = message<
  "E0114",
  `this function does not return a valid value for '${Pattern}'`,
  "return the type that its family declares as value, or an Effect of it"
>

/**
 * E0114: the function of an `update` or a `patch` that returns a bare Exit, in a family of Exits.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type changeExit<Pattern extends string> = message<
  "E0114",
  `this function returns an Exit, which is run as an Effect before '${Pattern}' takes its value`,
  "return Effect.succeed(exit)"
>

/**
 * E0114: a lookup that does not return a value of its family, or does not return an Effect.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookup<Family extends string> = message<
  "E0114",
  `the lookup of family '${Family}' does not return a value of '${Family}'`,
  "give a function that returns an Effect of the type that its family declares as value, or of Lookup.absent"
>
export const lookup = (family: string) =>
  finding(
    "E0114",
    "LookupMisfit",
    say`the lookup of family ${family} does not return a value of ${family}`,
    "give a function that returns an Effect of the type that its family declares as value, or of Lookup.absent"
  )

/**
 * E0114: a `lookupMany` that does not return a list of the family's values, or does not return an Effect.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookupMany<Family extends string> = message<
  "E0114",
  `the lookupMany of family '${Family}' does not return a list of values of '${Family}'`,
  "give a function that returns an Effect of a list: for each key, the type of its family, or Lookup.absent"
>
export const lookupMany = (family: string) =>
  finding(
    "E0114",
    "LookupManyMisfit",
    say`the lookupMany of family ${family} does not return a list of values of ${family}`,
    "give a function that returns an Effect of a list: for each key, the type of its family, or Lookup.absent"
  )

/**
 * E0114: a lookup that returns a Promise, such as an async function.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookupPromise<Family extends string, Option extends "lookup" | "lookupMany"> = message<
  "E0114",
  `the ${Option} of family '${Family}' returns a Promise, and must return an Effect`,
  "return Effect.tryPromise(() => ...), in a function without async"
>

/**
 * E0114: a lookup that returns a value, and not an Effect of it.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookupPlain<Family extends string, Option extends "lookup" | "lookupMany"> = message<
  "E0114",
  `the ${Option} of family '${Family}' returns a value, and must return an Effect`,
  "return Effect.succeed(...) of it, or Effect.sync(() => ...)"
>

/**
 * E0114: a lookup that is a generator function.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookupGenerator<Family extends string, Option extends "lookup" | "lookupMany"> = message<
  "E0114",
  `the ${Option} of family '${Family}' returns a generator, and must return an Effect`,
  "wrap the function, Effect.fnUntraced(function*(params) { ... }), or return Effect.gen(function*() { ... })"
>

/**
 * E0114: the load of a `getOr` that is a function. A lookup is one, since it runs for any key; a load is for one.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type loadFunction<Pattern extends string> = message<
  "E0114",
  `the load of a key of '${Pattern}' is a function, and must be an Effect`,
  "give the Effect that the function returns, or Effect.suspend(() => ...)"
>

/**
 * E0114: the function of `update` or `patch` that returns a Promise, such as an async function.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type changePromise<Pattern extends string> = message<
  "E0114",
  `this function returns a Promise, and not a value of '${Pattern}'`,
  "return a value, or Effect.tryPromise(() => ...), in a function without async"
>

/**
 * E0114: the function of `update` or `patch` that returns nothing, as where `return` was forgotten.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type changeNothing<Pattern extends string> = message<
  "E0114",
  `this function returns nothing, and a change of '${Pattern}' returns the new value`,
  "return the new value; an object in an arrow function stands in parentheses, (was) => ({ ...was })"
>

/**
 * E0114: the function of `update` or `patch` that returns an Option.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type changeOption<Pattern extends string> = message<
  "E0114",
  `this function returns an Option, and a change of '${Pattern}' returns the new value itself`,
  "return the value; to change nothing, return the old one, or fail with an Effect"
>

/**
 * E0114: the load of a `getOr` that is a Promise.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type loadPromise<Pattern extends string> = message<
  "E0114",
  `the load of a key of '${Pattern}' is a Promise, which already runs, and must be an Effect`,
  "give Effect.tryPromise(() => ...), which runs if the key has no value"
>

/**
 * E0114: the load of a `getOr` that is a value.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type loadValue<Pattern extends string> = message<
  "E0114",
  `the load of a key of '${Pattern}' is a value, and must be an Effect`,
  "give Effect.succeed(...) of it"
>

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
export const options = (family: string) =>
  finding(
    "E0406",
    "OptionsMisfit",
    say`the owner of family ${family} takes options, and this is a function`,
    "give it by its name, { lookup: ... }"
  )

/**
 * E0115: an item of a batch that is not a write of the same manifest.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type write<Id extends string> = message<
  "E0115",
  `a batch of '${Id}' takes writes of its own families as data, and this is something else`,
  `use setting or deleting of an accessor of '${Id}'; a family of another manifest needs a batch of that one`
>

/**
 * E0408: a value that is not the option `warm` or `predict`, such as a list of keys.
 *
 * @category ownership
 * @since 0.1.0
 */
export type warming<Option extends "warm" | "predict"> = message<
  "E0408",
  `this is not a valid value for the option '${Option}'`,
  Option extends "warm" ? "give an object, { keys: [{ id: '1' }] }" : "give an object, { keysMax: 100 }"
>

/**
 * E0408: a part of the option `warm` or `predict` with a value of another type.
 *
 * @category ownership
 * @since 0.1.0
 */
export type warmingPart<Option extends "warm" | "predict", Part extends keyof WarmingParts> = message<
  "E0408",
  `this is not a valid value for '${Part}' in the option '${Option}'`,
  `give ${WarmingParts[Part]}`
>
interface WarmingParts {
  readonly keys: "a list of parameters, [{ id: '1' }], or an Effect that returns such a list"
  readonly schedule: "a time such as '5 minutes', or a Schedule"
  readonly await: "true or false"
  readonly keysMax: "a whole number of at least 1"
  readonly interval: "a time such as '5 seconds'"
}

/**
 * E0219: a lease of another family, or one that is shared.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lease<Pattern extends string> = message<
  "E0219",
  `this lease does not allow a write to '${Pattern}'`,
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
 * E0408: a value that is not a codec, where a family declares a type.
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
 * E0408: a parameter that is not a text and has no codec.
 *
 * @category manifests
 * @since 0.1.0
 */
export type parameterCodec = message<
  "E0408",
  "without a Schema, a parameter is a string",
  "give a Schema, such as Schema.NumberFromString"
>

/**
 * E0408: a parameter whose codec encodes to an object, a list, `null` or `undefined`.
 *
 * @category manifests
 * @since 0.1.0
 */
export type parameterEncoding = message<
  "E0408",
  "a key holds strings, and this Schema does not encode to a string, a number or a boolean",
  "give one parameter for each part, or a Schema that encodes to a string"
>
/**
 * E0408 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const parameterEncoding = () =>
  finding(
    "E0408",
    "ParameterEncoding",
    "a key holds strings, and this Schema does not encode to a string, a number or a boolean",
    "give one parameter for each part, or a Schema that encodes to a string"
  )

/**
 * E0408: a parameter whose codec may encode to `null` or `undefined`.
 *
 * @category manifests
 * @since 0.1.0
 */
export type parameterNull = message<
  "E0408",
  "a key has no text for null or undefined, and this Schema may encode to one of them",
  "declare a family for the keys without this parameter, or encode null to a string that no other value has"
>
export const parameterNull = () =>
  finding(
    "E0408",
    "ParameterEncoding",
    "a key has no text for null or undefined, and this Schema may encode to one of them",
    "declare a family for the keys without this parameter, or encode null to a string that no other value has"
  )

/**
 * E0408: a Schema that requires services. Only the compiler finds it, because a Schema does not list them at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export type codecNeeds = message<
  "E0408",
  "this Schema requires a service to encode or decode, and a tier provides none",
  "use the service in the lookup, and give a Schema without requirements"
>

/**
 * E0408: a value that is not an object with a codec for each parameter.
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
 * E0408: a value that is not a list of patterns, such as one pattern.
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
 * E0408: a value that is not a list of families, such as one name.
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
 * E0408: a value that is not an object with a family for each name.
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
 * E0408: a value that is not the declaration of a family.
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
 * E0408: a family whose name is a number or a symbol.
 *
 * @category manifests
 * @since 0.1.0
 */
export type familyName = message<
  "E0408",
  "the name of a family is a string, and this is a number or a symbol",
  "begin it with a letter, such as 'user'"
>

/**
 * E0408: an option of a family with a value of another type.
 *
 * @category manifests
 * @since 0.1.0
 */
export type option<Family extends string, Option extends string, Expected extends string> = message<
  "E0408",
  `this is not a valid value for the option '${Option}' of family '${Family}'`,
  `give ${Expected}`
>

/**
 * E0408: a bound of weights for a family whose entries all weigh 1.
 *
 * @category manifests
 * @since 0.1.0
 */
export type weightMaxAlone<Family extends string> = message<
  "E0408",
  `'weightMax' of family '${Family}' does nothing that 'capacity' does not: without 'weigher' each entry weighs 1`,
  "give a weigher, (key: string, value: V) => number, or give capacity, the largest number of entries"
>

/**
 * E0408: an option of a family that is a text, and whose text the compiler does not know.
 *
 * @category manifests
 * @since 0.1.0
 */
export type optionText<Family extends string, Option extends string> = message<
  "E0408",
  `the text of the option '${Option}' of family '${Family}' is not known: its type is string`,
  "write it in place, or put 'as const' after the object that holds it"
>

/**
 * E0408: a value that is not a weigher.
 *
 * @category manifests
 * @since 0.1.0
 */
export type weigher<Family extends string> = message<
  "E0408",
  `this is not a weigher of family '${Family}'`,
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
  Section extends "version" ? "give a string or a number"
    : Section extends "layers" ? "give an object, { server: {}, client: { reads: ['server'] } }"
    : "give an object, { reports: { borrows: ['user:{id}'] } }"
>

/**
 * E0115: a batch whose writes are not a list.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type writes = message<"E0115", "a batch takes a list of writes", "put the writes in brackets">

/**
 * E0306: the options of a store in memory without its bound. At run time the store itself reports it.
 *
 * @category stores
 * @since 0.1.0
 */
export type storeSize = message<
  "E0306",
  "a store in memory has one bound, 'capacity' or 'weightMax'",
  "give the largest number of entries, { capacity: 10_000 }, or their largest weight, { weightMax: 1_000_000 }"
>

/**
 * E0306: the options of a store in Redis that do not say where the server is. At run time the store itself reports it.
 *
 * @category stores
 * @since 0.1.0
 */
export type storeServer = message<
  "E0306",
  "a store in Redis has a 'namespace', and a server, by 'url' or 'client'",
  "give { url: \"redis://host:6379\", namespace: \"app\" }, or the options of ioredis as 'client' in place of 'url'"
>

/**
 * E0408: an argument of `transaction` that is not the combinator of a database. At run time it is an `InvalidOption`.
 *
 * @category manifests
 * @since 0.1.0
 */
export type transactionWithin = message<
  "E0408",
  "this is not the combinator of a database",
  "write transaction(sql.withTransaction)(body), where body is the Effect to run"
>

/**
 * E0408: the body of a transaction that is not an Effect. At run time it is an `InvalidOption`.
 *
 * @category manifests
 * @since 0.1.0
 */
export type transactionBody = message<
  "E0408",
  "the body of a transaction is an Effect, and this is another value",
  "give the Effect itself: call the function that makes it, or wrap a Promise in Effect.promise"
>

/**
 * E0306: tiers that are not a list. At run time the store itself reports it.
 *
 * @category stores
 * @since 0.1.0
 */
export type tiers = message<
  "E0306",
  "a store of tiers takes a list of at least one layer, the fastest first",
  "put the layers in brackets: TieredStore.layer([MemoryStore.layer({ capacity: 1_000 }), LmdbStore.layer(...)])"
>
