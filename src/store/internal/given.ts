/**
 * Checks the options object of a store: it must be an object, or `undefined` where options may be left out.
 */
import { isBag } from "../../ownership/Validation.ts"
import { InvalidStoreOptions, StoreError } from "../StoreError.ts"

/** The error for an option of a tier. */
export const refused = (tier: string, option: string, why: string): StoreError =>
  new StoreError({ reason: new InvalidStoreOptions({ tier, option, why }) })

/** The error for options that are not an object, else `undefined`. */
export const noOptions = (tier: string, given: unknown): StoreError | undefined =>
  isBag(given) ? undefined : refused(tier, "options", "must be an object")
