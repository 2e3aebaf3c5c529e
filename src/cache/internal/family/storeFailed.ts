/** The error of an operation whose tier has failed. */
import type { StoreError } from "../../../store/StoreError.ts"
import { CacheError, StoreFailed } from "../../CacheError.ts"

/** Says as an error of the cache that a tier has failed. */
export const storeFailed = (error: StoreError): CacheError => new CacheError({ reason: new StoreFailed({ error }) })
