/**
 * Checks the options object of a store: it must be an object, or `undefined` where options may be left out.
 */
import * as Nearest from "../../diagnostic/types/nearest.ts"
import { unreadableOption, whyUnreadable } from "../../ownership/shared/readable.ts"
import { isBag } from "../../ownership/shared/validation.ts"
import { InvalidStoreOptions, StoreError } from "../StoreError.ts"

/** The error for an option of a tier. */
export const refused = (tier: string, option: string, why: string): StoreError =>
  new StoreError({ reason: new InvalidStoreOptions({ tier, option, why }) })

/**
 * The error for options that are not an object, that throw when they are read, or that have an option which is not
 * `known`; else `undefined`. `depth` says how deep they are read.
 */
export const noOptions = (tier: string, given: unknown, known: object, depth = 1): StoreError | undefined => {
  const unreadable = unreadableOption(given, known, depth)
  if (unreadable !== undefined) return refused(tier, unreadable, whyUnreadable)
  if (!isBag(given)) return refused(tier, "options", "must be an object")
  const unknown = Nearest.unknownOption(given, known)
  return unknown && refused(tier, unknown.option, unknown.why)
}
