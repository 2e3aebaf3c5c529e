/**
 * What a write asks of the moment in which it is applied: the lease that it names, and the version that the key has.
 */
import { type Lease, LeaseError } from "../../capability/Lease.ts"
import { matches } from "../../pattern/KeyPattern.ts"
import { CacheError, LeaseRefused } from "../CacheError.ts"

/** Why full keys must not be written under a lease. */
export const leaseRefusal = (lease: Lease, keys: ReadonlyArray<string>): CacheError | undefined => {
  const why = whyNotUnder(lease, keys)
  if (why === undefined) return undefined
  const patterns = lease.patterns.map(({ source }) => source)
  return new CacheError({ reason: new LeaseRefused({ error: new LeaseError({ patterns, why }) }) })
}

const whyNotUnder = (lease: Lease, keys: ReadonlyArray<string>): LeaseError["why"] | undefined => {
  if (!lease.isHeldUnsafe()) return "ended"
  if (lease.mode === "shared") return "shared"
  const isCovered = (key: string) => lease.patterns.some((pattern) => matches(key, pattern))
  return keys.every(isCovered) ? undefined : "other key"
}
