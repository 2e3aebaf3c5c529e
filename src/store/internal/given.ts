/**
 * Options of stores as a whole: what is no object is refused, and `undefined` is none where there may be none.
 */
import { isBag } from "../../ownership/Validation.ts"
import { InvalidStoreOptions, StoreError } from "../StoreError.ts"

/** The error for an option of a tier. */
export const refused = (tier: string, option: string, why: string): StoreError =>
  new StoreError({ reason: new InvalidStoreOptions({ tier, option, why }) })

/** Why what was given as the options of a tier is none. */
export const noOptions = (tier: string, given: unknown): StoreError | undefined =>
  isBag(given) ? undefined : refused(tier, "options", "must be an object")
