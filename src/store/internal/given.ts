/**
 * Options of stores as a whole: what is no object is refused, and `undefined` is none where there may be none.
 */
import * as Nearest from "../../diagnostic/Nearest.ts"
import { isBag } from "../../ownership/Validation.ts"
import { InvalidStoreOptions, StoreError } from "../StoreError.ts"

/** The error for an option of a tier. */
export const refused = (tier: string, option: string, why: string): StoreError =>
  new StoreError({ reason: new InvalidStoreOptions({ tier, option, why }) })

/** Why what was given cannot be the options of a tier: it is not an object, or it has an option that is not `known`. */
export const noOptions = (tier: string, given: unknown, known: object): StoreError | undefined => {
  if (!isBag(given)) return refused(tier, "options", "must be an object")
  const unknown = Nearest.unknownOption(given, known)
  return unknown && refused(tier, unknown.option, unknown.why)
}
