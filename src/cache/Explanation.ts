/**
 * Why a key is a hit, a miss, or stale: what a read would do now, and what happened to the key before.
 *
 * @since 0.1.0
 */
import type { Answer } from "./Answer.ts"
import type { Source } from "./FamilySpec.ts"
import type { Mode, Scope } from "./Invalidation.ts"

/**
 * What a read of the key would do now.
 *
 * - `hit`: serve what is held. `staleHit`: serve it, and renew it behind the reader.
 * - `join`: wait for the load that is under way. `load`: start one. `fail`: repeat a failure that is remembered.
 * - `refuse`: fail, because the family has no owner.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "hit" | "staleHit" | "join" | "load" | "fail" | "refuse"

/**
 * Something that happened to a key, or to many keys among which it is.
 *
 * @category models
 * @since 0.1.0
 */
export interface Happening {
  readonly what: "Set" | "Loaded" | "Refused" | "Invalidated" | "Evicted" | "Expired"
  readonly family: string
  /** The key within the family, the segments that it has in common with the others, or the tag. */
  readonly scope: string | Scope | { readonly tag: string }
  /** For `Invalidated`: the family whose change did it, itself where it was invalidated directly. */
  readonly through: string | undefined
  readonly mode: Mode | undefined
  readonly stamp: number
  readonly atMillis: number
  /** For `Loaded`: what its lookup read of this cache, in that order, the first 32 of it. */
  readonly from: ReadonlyArray<Source> | undefined
}

/**
 * The answer of `explain`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation<out V> {
  readonly family: string
  readonly key: string
  readonly outcome: Outcome
  /** What is held, fresh or not; without it, nothing that may ever be served is. */
  readonly held: Answer<V> | undefined
  /** The latest first; older ones are forgotten. */
  readonly happenings: ReadonlyArray<Happening>
}

// What is remembered of a whole cache: at some hundred bytes each, less than half a megabyte.
const happeningsMax = 4_096

/**
 * A happening as it is noted: what it was made from is spelt out when somebody asks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Noted extends Omit<Happening, "from"> {
  readonly from: (() => ReadonlyArray<Source>) | undefined
}

/**
 * The latest happenings of a cache, in a ring.
 *
 * @category models
 * @since 0.1.0
 */
export class History {
  private readonly ring: Array<Noted> = []
  private next = 0

  add(happening: Noted): void {
    this.ring[this.next] = happening
    this.next = (this.next + 1) % happeningsMax
  }

  /** What happened to a key, the latest first. */
  of(family: string, key: string, tags: ReadonlyArray<string>): ReadonlyArray<Happening> {
    const segments = key.split(":")
    const found: Array<Happening> = []
    for (let i = 1; i <= this.ring.length; i++) {
      const happening = this.ring[(this.next - i + this.ring.length) % this.ring.length]!
      if (!concerns(happening, family, key, segments, tags)) continue
      found.push({ ...happening, from: happening.from?.() })
    }
    return found
  }
}

const concerns = (
  { family: of, scope }: Noted,
  family: string,
  key: string,
  segments: ReadonlyArray<string>,
  tags: ReadonlyArray<string>
): boolean => {
  if (of !== family) return false
  if (typeof scope !== "string" && "tag" in scope) return tags.includes(scope.tag)
  if (typeof scope === "string") return scope === key
  return scope.positions.every((position, i) => segments[position] === scope.values[i])
}
