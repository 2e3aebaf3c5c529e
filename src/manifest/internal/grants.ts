/**
 * The run-time side of capabilities: where grants come from, how they are found, when they end.
 *
 * A Context holds grants by declared pattern and mode. An accessor knows the names of all grants that cover its
 * family, and takes the first active one. It remembers the last Context that it saw: nearly every operation comes
 * from the same one.
 */
import * as Context from "effect/Context"
import type * as Latch from "effect/Latch"
import type { Cache } from "../../cache/Cache.ts"
import { CacheError, NotOwner, Revoked, type Verb } from "../../cache/CacheError.ts"
import { CacheFamily } from "../../cache/CacheFamily.ts"
import { appointKey, type Grant, grantKey } from "../../capability/Capability.ts"
import type { LeaseTable } from "../../capability/Lease.ts"
import type { ValidFamily, ValidManifest } from "../../ownership/Validation.ts"
import type { HotPartition } from "../../store/Store.ts"

/** A running cache and who owns what in it. */
export interface Runtime {
  readonly cache: Cache
  readonly owners: Map<string, CacheGrant>
  readonly leases: LeaseTable
  /** By family: open while it has an owner who loads it. */
  readonly loadable: Map<string, Latch.Latch>
  /** The token of the latest grant. */
  tokens: number
}

/** The reading operations of a family, as the Context of a fiber decides them. */
export type Reads = ReturnType<CacheFamily["readsOf"]>
export type CacheGrant = Grant<Runtime>
export type GrantKey = Context.Service<any, CacheGrant>

export const keyOf = (manifest: ValidManifest, mode: Grant["mode"], family: string): GrantKey =>
  Context.Service<any, CacheGrant>(grantKey(manifest.key, mode, manifest.families.get(family)!.pattern.source))

/** Where the manifest's word is found: that of the composition root, or for one family. */
export const wordOf = (manifest: ValidManifest, mode?: Grant["mode"], family?: string): Context.Service<any, Runtime> =>
  Context.Service<any, Runtime>(
    appointKey(manifest.id, mode, family === undefined ? undefined : manifest.families.get(family)!.pattern.source)
  )

/** The way from the Context of a fiber to one family of a running cache. */
export class Access {
  declare private readonly family: ValidFamily
  declare private readonly engine: Context.Service<any, Runtime>
  declare private readonly own: ReadonlyArray<GrantKey>
  declare private readonly read: ReadonlyArray<GrantKey>
  private readContext: Context.Context<never> | undefined = undefined
  private readGrant: CacheGrant | undefined = undefined
  private readFamily: CacheFamily | undefined = undefined
  private readHot: HotPartition<unknown> | undefined = undefined

  constructor(manifest: ValidManifest, family: ValidFamily) {
    this.family = family
    this.engine = Context.Service<any, Runtime>(manifest.key)
    this.own = family.covering.map((name) => keyOf(manifest, "own", name))
    this.read = [...this.own, ...family.covering.map((name) => keyOf(manifest, "borrow", name))]
  }

  /** The family in memory, if the Context may read it without a second look; what a lookup reads has to be observed. */
  readable(context: Context.Context<never>): HotPartition<unknown> | undefined {
    return context === this.readContext && this.readGrant!.active ? this.readHot : this.resolve(context)
  }

  /** Looks for the right to read, and remembers where it was found. */
  private resolve(context: Context.Context<never>): HotPartition<unknown> | undefined {
    if (CacheFamily.isLookup(context)) return undefined
    const grant = this.grantToRead(context)
    if (grant === undefined) return undefined
    this.readContext = context
    this.readGrant = grant
    this.readFamily = this.familyOf(grant)
    return this.readHot = this.readFamily.hot
  }

  /** The reading operations of the family, if the Context may read it. */
  readsOf(context: Context.Context<never>): Reads | undefined {
    if (context === this.readContext && this.readGrant!.active) return this.readFamily
    const grant = this.grantToRead(context)
    return grant && this.familyOf(grant).readsOf(context)
  }

  /** The grant by which the Context may write the family. */
  writable(context: Context.Context<never>): CacheGrant | undefined {
    const grant = find(context, this.engine, this.own)
    return grant?.active ? grant : undefined
  }

  familyOf(grant: CacheGrant): CacheFamily {
    return grant.engine.cache.families.get(this.family.name)!
  }

  grantToRead(context: Context.Context<never>): CacheGrant | undefined {
    const grant = find(context, this.engine, this.read)
    return grant?.active ? grant : undefined
  }

  /** Why the Context was refused. */
  refusal(context: Context.Context<never>, verb: Verb): CacheError {
    const { pattern: { source: pattern } } = this.family
    const ended = find(context, this.engine, verb === "read" ? this.read : this.own)
    if (ended !== undefined) return this.ended(verb, ended, "write")
    const holds = find(context, this.engine, this.read) === undefined ? "nothing" : "a borrow"
    return new CacheError({ reason: new NotOwner({ verb, pattern, family: this.family.owner, holds }) })
  }

  /** A lookup only answers, whatever right it brings along. */
  refusalToLookup(): CacheError {
    const { owner, pattern: { source: pattern } } = this.family
    return new CacheError({ reason: new NotOwner({ verb: "write", pattern, family: owner, holds: "a lookup" }) })
  }

  /** Why a grant that was given is of no use: it has ended, or it is a borrow and the operation writes. */
  ended(verb: Verb, grant: CacheGrant, as: Verb): CacheError {
    const { owner, pattern: { source: pattern } } = this.family
    return new CacheError({
      reason: grant.active && as === "read"
        ? new NotOwner({ verb, pattern, family: owner, holds: "a borrow" })
        : new Revoked({ verb, pattern, token: grant.token })
    })
  }
}

/**
 * The first active grant under these names, or else one that has ended.
 *
 * Where one engine of the manifest is built inside another, the Context holds grants of both. Those of its own engine
 * come first, be they borrows: else a lookup would read the other engine through an `Owns` that lies around it.
 */
export const find = (
  context: Context.Context<never>,
  engine: Context.Service<any, Runtime>,
  keys: ReadonlyArray<GrantKey>
): CacheGrant | undefined => {
  const own = Context.getOrUndefined(context, engine)
  let other: CacheGrant | undefined
  let ended: CacheGrant | undefined
  for (const key of keys) {
    const grant = Context.getOrUndefined(context, key)
    if (grant?.active && (own === undefined || grant.engine === own)) return grant
    if (grant?.active) other ??= grant
    else ended ??= grant
  }
  return other ?? ended
}
