/**
 * Checks the conditions of a write at the moment when it is applied: its lease, and the version of the key.
 */
import * as Exit from "effect/Exit"
import { type Lease, LeaseError } from "../../../capability/Lease.ts"
import type { LeaseTable } from "../../../capability/shared/leaseTable.ts"
import { matches } from "../../../pattern/KeyPattern.ts"
import type { Entry } from "../../../store/Entry.ts"
import { StoreError, TierFailed } from "../../../store/StoreError.ts"
import {
  CacheError,
  LeaseRefused,
  StaleRefused,
  TransactionRefused,
  UpdateRefused,
  VersionConflict
} from "../../CacheError.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { storeFailed } from "../family/storeFailed.ts"
import type { CacheContext } from "./cacheContext.ts"
import { doubtMillis, type Hold } from "./holds.ts"
import type { Served } from "./served.ts"

/** The error where a tier does not say what it holds of a key. */
export const unknownBelow = (
  { cache, lost, spec }: {
    readonly cache: CacheContext
    readonly spec: EngineFamilySpec<any>
    readonly lost: StoreError | undefined
  },
  key: string
): CacheError => {
  const cause = new Error(`what it holds of \`${spec.show(key)}\` is not known, or changes all the time`)
  const error = lost ?? new StoreError({ reason: new TierFailed({ tier: cache.store.name, operation: "get", cause }) })
  return storeFailed(error)
}

/** The error if keys of a family must not be written under a lease. */
export const leaseRefusal = (
  leases: LeaseTable,
  lease: Lease,
  spec: EngineFamilySpec<any>,
  keys: ReadonlyArray<string>
): CacheError | undefined => {
  const isOutside = (key: string): boolean => !lease.patterns.some((pattern) => matches(spec.render(key), pattern))
  const why = whyNotUnder(leases, lease)
  if (why !== undefined) return refused(namesItself(leases, lease, spec) ? lease.shown : keys.map(spec.show), why)
  const outside = keys.filter(isOutside)
  return outside.length === 0 ? undefined : refused(lease.shown, "other key", outside.map(spec.show))
}

/** Why keys within a family must not be written without a lease: another caller has one. */
export const heldRefusal = (
  leases: LeaseTable,
  spec: EngineFamilySpec<any>,
  keys: ReadonlyArray<string>
): CacheError | undefined => {
  const held = keys.filter((key) => leases.isLeased(spec.render(key)))
  return held.length === 0 ? undefined : refused(held.map(spec.show), "held")
}

/** Why a write under a lease must not happen: the value may be made from one that is gone. */
export const overtakenLease = ({ show }: EngineFamilySpec<any>, keys: ReadonlyArray<string>): CacheError =>
  refused(keys.map(show), "overtaken")

/** The error of a collected write. The Scope of its lease may be within the body, which has ended. */
export const beforeCommit = (refusal: CacheError): CacheError => {
  const { reason } = refusal
  return reason instanceof LeaseRefused && reason.error.why === "ended"
    ? refused(reason.error.patterns, "ended before the commit")
    : refusal
}

const refused = (
  patterns: ReadonlyArray<string>,
  why: LeaseError["why"],
  keys?: ReadonlyArray<string>
): CacheError => new CacheError({ reason: new LeaseRefused({ error: new LeaseError({ patterns, why, keys }) }) })

/** Whether an error may show the key that the lease names. A lease that the engine did not grant may name anything. */
const namesItself = (leases: LeaseTable, lease: Lease, { isSensitive }: EngineFamilySpec<any>): boolean => {
  if (leases.isOwn(lease)) return true
  try {
    const shown: unknown = lease.shown
    return !isSensitive && Array.isArray(shown) && shown.every((one) => typeof one === "string")
  } catch {
    return false
  }
}

const whyNotUnder = (leases: LeaseTable, lease: Lease): LeaseError["why"] | undefined => {
  if (!leases.isOwn(lease)) return "other engine"
  if (!lease.isHeldUnsafe()) return "ended"
  return lease.mode === "shared" ? "shared" : undefined
}

/** The error if the version of a key does not allow the write. The key is given as errors show it, with its entry. */
export const versionConflict = (
  key: string,
  ifVersion: number | null,
  held: Entry<unknown> | undefined
): CacheError | undefined => {
  if (held?.version === (ifVersion ?? undefined)) return undefined
  return conflictWith(key, ifVersion ?? undefined, held?.version)
}

/** The error of a write that has met another version than it expects. */
export const conflictWith = (key: string, expected: number | undefined, actual: number | undefined): CacheError =>
  new CacheError({ reason: new VersionConflict({ key, expected, actual }) })

/** The error of a write of a key whose value a transaction forbids to keep. The key is given as errors show it. */
export const closedBy = ({ closedUntil }: Hold, manifest: string, key: string): CacheError => {
  const seconds = doubtMillis / 1_000
  const [why, help] = closedUntil === Infinity
    ? [`a transaction that changes \`${key}\` is about to commit`, "write again when it has ended"]
    : [
      `the answer to a commit that changes \`${key}\` was lost less than ${seconds} s ago, so its value is not known`,
      `write again after ${seconds} s`
    ]
  return new CacheError({ reason: new TransactionRefused({ code: "E0533", manifest, why, help }) })
}

/** The error of an update that would start from a value which the cache does not keep. */
export const unkeptUpdate = (key: string, { isUncertain, stale }: Served<unknown>): CacheError | undefined => {
  if (!stale && isUncertain !== true) return undefined
  return new CacheError({ reason: new UpdateRefused({ key, why: stale ? "stale" : "uncertain" }) })
}

/** The value that was served to a reader who accepts no stale one. */
export const freshOf = <V>(key: string, { stale, value }: Served<V>): Exit.Exit<V, CacheError> =>
  stale ? Exit.fail(new CacheError({ reason: new StaleRefused({ key }) })) : Exit.succeed(value)

/** The error of an update that started from an entry which is gone. An entry that was marked stale counts as gone. */
export const overtakenUpdate = (
  key: string,
  before: Entry<unknown> | undefined,
  held: Entry<unknown> | undefined
): CacheError => {
  const actual = held?.version === before?.version ? undefined : held?.version
  return new CacheError({ reason: new VersionConflict({ key, expected: before?.version, actual }) })
}
