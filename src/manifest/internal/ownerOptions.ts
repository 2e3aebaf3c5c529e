/**
 * Checks the options of owners and delegates that the compiler did not see, because they were cast or come from data. A
 * layer with wrong options fails with the message that the compiler would print.
 *
 * Not here: the times and numbers of `warm` and `predict`, which `warm.ts` reads when the layer is built.
 */
import * as Effect from "effect/Effect"
import type { LookupContext } from "../../cache/Lookup.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import * as Misfit from "../../diagnostic/types/misfit.ts"
import * as OwnerFindings from "../../diagnostic/types/ownerFindings.ts"
import { pathText, readable, unreadableIn } from "../../ownership/shared/readable.ts"
import { isBag, type ValidManifest } from "../../ownership/shared/validation.ts"
import type { PredictOptions, WarmOptions } from "../Owner.ts"
import type { Params } from "./keys.ts"
import type { Found } from "./names.ts"
import type { Known } from "./options.ts"
import type { Warming } from "./warm.ts"

export interface Lookups extends Warming {
  readonly lookup?:
    | ((params: Params, about: LookupContext<unknown>) => Effect.Effect<unknown, unknown, any>)
    | undefined
  readonly lookupMany?:
    | ((
      params: ReadonlyArray<Params>,
      about: ReadonlyArray<LookupContext<unknown>>
    ) => Effect.Effect<ReadonlyArray<unknown>, unknown, any>)
    | undefined
}

export interface OwnerOptions extends Lookups {
  readonly parts?: { readonly [part: string]: Lookups } | undefined
}

const lookupsKnown: Known<Lookups> = { lookup: true, lookupMany: true, warm: true, predict: true }
const warmKnown: Known<WarmOptions<Params>> = { keys: true, schedule: true, await: true }
const predictKnown: Known<PredictOptions> = { keysMax: true, interval: true }

/** Returns what is wrong with the options of an owner or a delegate; nothing if none were given. */
export const findProblems = (
  { families }: ValidManifest,
  method: "owner" | "delegate",
  name: string,
  options: unknown
): ReadonlyArray<Found> => {
  if (options === undefined) return []
  const path = [method, name]
  // Their lookups, `parts`, `warm` and `predict`, and those of each part.
  const unreadable = unreadableIn(options, 4, [...Object.keys(lookupsKnown), "parts"])
  if (unreadable !== undefined) {
    return [{ ...shapeWrong(pathText("the options", unreadable), readable), path: [...path, ...unreadable] }]
  }
  if (typeof options === "function") return [{ ...Misfit.options(name), path }]
  if (!isBag(options)) return [{ ...shapeWrong("the options", "an object"), path }]
  if (method === "delegate") return inLookups(path, name, `the owner of family \`${name}\``, options)
  const known = [...Object.keys(lookupsKnown), "parts"]
  const { parts } = options
  return [
    ...inLookups(path, name, `the owner of family \`${name}\``, options, known),
    ...(parts === undefined ? [] : inParts([...path, "parts"], families, name, parts))
  ]
}

const inParts = (
  path: ReadonlyArray<string>,
  families: ValidManifest["families"],
  name: string,
  parts: unknown
): ReadonlyArray<Found> => {
  if (!isBag(parts)) return [{ ...shapeWrong("parts", "an object"), path }]
  const known = [...families.values()].filter(({ owner }) => owner === name).map((each) => each.name)
  return Object.entries(parts).flatMap(([part, lookups]) => {
    const at = [...path, part]
    if (!known.includes(part)) return [{ ...OwnerFindings.partUnknown(name, part, known), path: at }]
    return isBag(lookups)
      ? inLookups(at, part, `the part \`${part}\``, lookups)
      : lookups === undefined
      ? []
      : [{ ...shapeWrong(`parts.${part}`, "an object"), path: at }]
  })
}

const inLookups = (
  path: ReadonlyArray<string>,
  family: string,
  place: string,
  options: object,
  known: ReadonlyArray<string> = Object.keys(lookupsKnown)
): ReadonlyArray<Found> =>
  shownBy(options, known).flatMap(([option, value]): ReadonlyArray<Found> => {
    const at = [...path, option]
    if (!known.includes(option)) return [{ ...ManifestFindings.optionUnknown(option, place, known), path: at }]
    if (value === undefined || option === "parts") return []
    if (option === "warm") return inWarm(at, value)
    if (option === "predict") return inRecord(at, value, predictKnown)
    if (typeof value === "function") return []
    return [{ ...(option === "lookup" ? Misfit.lookup(family) : Misfit.lookupMany(family)), path: at }]
  })

// An instance of a class may have properties besides the options. These belong to the class, and are not checked.
const shownBy = (options: object, known: ReadonlyArray<string>): ReadonlyArray<[string, unknown]> => {
  const prototype: unknown = Object.getPrototypeOf(options)
  const isInstance = prototype !== null && prototype !== Object.prototype
  return Object.entries(options).filter(([option]) => !isInstance || known.includes(option))
}

const inWarm = (path: ReadonlyArray<string>, warm: unknown): ReadonlyArray<Found> => {
  const found = inRecord(path, warm, warmKnown)
  if (!isBag(warm)) return found
  const { await: waits, keys } = warm
  const isList = typeof keys === "object" && keys !== null && Symbol.iterator in keys
  return [
    ...found,
    ...(isList || Effect.isEffect(keys)
      ? []
      : [{
        ...shapeWrong("warm.keys", "a list of parameters, or an Effect that returns such a list"),
        path: [...path, "keys"]
      }]),
    ...(waits === undefined || typeof waits === "boolean"
      ? []
      : [{ ...shapeWrong("warm.await", "true or false"), path: [...path, "await"] }])
  ]
}

const inRecord = (path: ReadonlyArray<string>, value: unknown, known: object): ReadonlyArray<Found> => {
  const option = path.at(-1)!
  if (!isBag(value)) return [{ ...shapeWrong(option, "an object"), path }]
  const names = Object.keys(known)
  return Object.keys(value).filter((name) => !names.includes(name)).map((name) => ({
    ...ManifestFindings.optionUnknown(name, `\`${option}\``, names),
    path: [...path, name]
  }))
}

const shapeWrong = (what: string, expected: string) => ManifestFindings.shapeWrong(what, expected, "OwnerOptions")
