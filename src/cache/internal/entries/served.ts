/**
 * Describes a value on its way to a reader. Every kind of read passes it on, and `getAnswer` returns it with its facts.
 */
import type { Entry } from "../../../store/Entry.ts"
import type { VersionClock } from "../../../store/shared/versionClock.ts"
import type { Answer } from "../../Answer.ts"
import type { Delivery } from "../below/delivery.ts"
import { memory } from "../family/judgement.ts"

/** A value that is served, with its tier and its entry. */
export interface Served<out V> {
  readonly value: V
  /** The tier that held it; `lookup` for a value that was just loaded. */
  readonly tier: string
  /** Absent when the value was loaded and not stored. */
  readonly entry: Entry<V> | undefined
  /** The tags of a value that was not stored. */
  readonly tags?: ReadonlyArray<string> | undefined
  readonly stale: boolean
  /** The value was made from a nothing that may be a value: a tier could not say what it holds. */
  readonly isUncertain?: boolean
  /** The changes of its load that are still on their way to the lower tiers. */
  readonly delivery?: Delivery
}

/** An entry of memory, as it is served. */
export const fromMemory = <V>(entry: Entry<V>, stale: boolean): Served<V> => ({
  value: entry.value,
  tier: memory,
  entry,
  stale
})

/**
 * Makes the answer for a value that was served at `nowMillis`. From `freshUntil` on, its entry is not fresh, and may be
 * served for `staleMillisMax`: a mark may have made it stale before its own time.
 */
export const answerOf = <V>(
  { entry, stale, tags, tier, value }: Served<V>,
  versions: VersionClock,
  nowMillis: number,
  freshUntil: number,
  staleMillisMax: number
): Answer<V> => ({
  value,
  tier,
  stale,
  ageMillis: entry === undefined ? 0 : Math.max(0, nowMillis - versions.madeAt(entry)),
  staleMillis: stale ? Math.max(0, nowMillis - freshUntil) : 0,
  freshForMillis: entry === undefined || stale ? 0 : Math.max(0, Math.min(freshUntil, entry.expiresAt) - nowMillis),
  expiresInMillis: entry === undefined
    ? 0
    : Math.max(0, Math.min(entry.expiresAt, freshUntil + staleMillisMax) - nowMillis),
  stamp: entry?.stamp,
  version: entry?.version ?? 0,
  costMillis: entry?.costMillis ?? 0,
  tags: entry?.tags ?? tags ?? [],
  revision: entry?.revision
})
