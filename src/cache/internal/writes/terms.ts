/**
 * Begins the term of a lease when the lease is granted, and again with each write under it.
 */
import * as Effect from "effect/Effect"
import type { Lease } from "../../../capability/Lease.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import { unknown } from "../below/whenKnown.ts"
import type { CacheContext } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import { noTags } from "../family/judgement.ts"

/**
 * A lease of a key was granted. If the value is below memory, its tags are asked for, so that a write under the lease
 * is refused in the same cases as if the value were in memory.
 */
export const beginTerm = <V>(entries: Entries<V>, lease: Lease, key: string): Effect.Effect<void> => {
  const { cache, lane } = entries
  const inMemory = entries.held(key)
  restart(cache, lease, inMemory !== undefined, inMemory?.tags ?? noTags)
  if (inMemory !== undefined || lane === undefined) return Effect.void
  const term = cache.leases.termOf(lease)
  // Until the tier has answered, any tag may be one of the value.
  Object.assign(term, { wasSeen: true, tags: undefined })
  const { stamp } = term
  return Effect.map(entries.holding(key).current, (held) => {
    if (term.stamp !== stamp || term.tags !== undefined || held === unknown) return
    if (held !== undefined) term.tags = held.tags
    else if (stamp >= entries.marking.tagMark) Object.assign(term, { wasSeen: false, tags: noTags })
  })
}

/** A write under a lease has happened: the holder knows the value, so what came before it does not matter. */
export const renewTerm = (cache: CacheContext, { lease }: SetOptions<Lease>, tags: ReadonlyArray<string>): void => {
  if (lease !== undefined && cache.leases.isOwn(lease)) restart(cache, lease, true, tags)
}

const restart = (cache: CacheContext, lease: Lease, wasSeen: boolean, tags: ReadonlyArray<string>): void => {
  const { stamp } = cache
  Object.assign(cache.leases.termOf(lease), { stamp, isOvertaken: false, wasSeen, tags, absentKey: undefined })
}
