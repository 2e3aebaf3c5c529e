/**
 * The errors of the tier, made from errors of the driver and failures of a batch.
 */
import { FolderGone, type Operation, StoreError, TierFailed, TierFull, TierTimeout } from "../../StoreError.ts"
import { tierName } from "./lmdbEnvironment.ts"

/** Makes the error of an operation from its cause. */
export const failure = (operation: Operation, cause: unknown): StoreError => {
  if (cause instanceof StoreError) {
    const { reason } = cause
    if (reason._tag === "TierTimeout") return timedOut(operation, reason.timeoutMillis)
    return reason._tag === "FolderGone" ? fileGone(operation, reason.path) : cause
  }
  const full = cause instanceof Error &&
    /MDB_MAP_FULL|[Nn]o space left|no room left|ENOSPC|EDQUOT|EFBIG|File too large/.test(cause.message)
  return new StoreError({ reason: new (full ? TierFull : TierFailed)({ tier: tierName, operation, cause }) })
}

export const timedOut = (operation: Operation, timeoutMillis: number): StoreError =>
  new StoreError({ reason: new TierTimeout({ tier: tierName, operation, timeoutMillis }) })

export const fileGone = (operation: Operation, path: string): StoreError =>
  new StoreError({ reason: new FolderGone({ tier: tierName, operation, path }) })

export const tierClosed = (operation: Operation): StoreError => failure(operation, new Error("the tier is closed"))

/** Whether an operation changes what the tier holds. */
export const isWrite = (operation: Operation): boolean =>
  operation !== "get" && operation !== "entries" && operation !== "size" && operation !== "loadMarks"

/** Whether an operation takes something away, or replaces it. */
export const takesAway = (operation: Operation): boolean =>
  operation === "write" || operation === "set" || operation === "remove" || operation === "clear" ||
  operation === "recordMarks"
