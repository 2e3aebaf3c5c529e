/**
 * What a write asks of the moment in which it is applied: the lease that it names, and the version that the key has.
 */
import { type Lease, LeaseError, type LeaseTable } from "../../capability/Lease.ts"
import { matches } from "../../pattern/KeyPattern.ts"
import type { Entry } from "../../store/Entry.ts"
import { CacheError, LeaseRefused, VersionConflict } from "../CacheError.ts"

/** Why full keys must not be written under a lease. */
export const leaseRefusal = (
  leases: LeaseTable,
  lease: Lease,
  keys: ReadonlyArray<string>
): CacheError | undefined => {
  const why = whyNotUnder(leases, lease, keys)
  if (why === undefined) return undefined
  const patterns = lease.patterns.map(({ source }) => source)
  return new CacheError({ reason: new LeaseRefused({ error: new LeaseError({ patterns, why }) }) })
}

const whyNotUnder = (leases: LeaseTable, lease: Lease, keys: ReadonlyArray<string>): LeaseError["why"] | undefined => {
  if (!leases.isOwn(lease)) return "other engine"
  if (!lease.isHeldUnsafe()) return "ended"
  if (lease.mode === "shared") return "shared"
  const isCovered = (key: string) => lease.patterns.some((pattern) => matches(key, pattern))
  return keys.every(isCovered) ? undefined : "other key"
}

/** Why a full key must not be written for its version, given what is held of it, as far as that is known. */
export const versionConflict = (
  key: string,
  ifVersion: number | null,
  held: Entry<unknown> | undefined,
  isKnown: boolean
): CacheError | undefined => {
  if (isKnown && held?.version === (ifVersion ?? undefined)) return undefined
  return new CacheError({
    reason: new VersionConflict({ key, expected: ifVersion ?? undefined, actual: held?.version })
  })
}
