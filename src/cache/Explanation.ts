/**
 * Why a key is a hit, a miss, or stale: what a read would do now, and what happened to the key before.
 *
 * @since 0.1.0
 */
import type { Answer } from "./Answer.ts"
import type { Source, Sources } from "./FamilySpec.ts"
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

// What is remembered of a whole cache, in number and in characters of keys and tags: less than two megabytes.
const happeningsMax = 4_096
const charactersMax = 524_288

/**
 * A happening as it is noted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Noted extends Omit<Happening, "from"> {
  readonly from: Sources | undefined
}

/**
 * The latest happenings of a cache, in a ring.
 *
 * @category models
 * @since 0.1.0
 */
export class History {
  private readonly ring: Array<Noted | undefined> = []
  /** Characters of each: to forget one does not touch it, which memory has long lost sight of. */
  private readonly lengths = new Int32Array(happeningsMax)
  private next = 0
  private size = 0
  private characters = 0

  add(happening: Noted): void {
    const characters = charactersOf(happening)
    // One that is as long as many: to keep it would be to forget those.
    if (characters > charactersMax / 16) return
    while (this.size === happeningsMax || this.characters + characters > charactersMax) this.forgetOldest()
    this.ring[this.next] = happening
    this.lengths[this.next] = characters
    this.next = (this.next + 1) % happeningsMax
    this.size++
    this.characters += characters
  }

  /** What happened to a key, the latest first. */
  of(family: string, key: string, tags: ReadonlyArray<string>): ReadonlyArray<Happening> {
    const segments = key.split(":")
    const found: Array<Happening> = []
    for (let i = 1; i <= this.size; i++) {
      const happening = this.ring[(this.next - i + happeningsMax) % happeningsMax]!
      if (!concerns(happening, family, key, segments, tags)) continue
      // Marks know the scope as well: it is not handed out.
      found.push({ ...happening, scope: copyOf(happening.scope), from: happening.from?.spell() })
    }
    return found
  }

  private forgetOldest(): void {
    const oldest = (this.next - this.size + happeningsMax) % happeningsMax
    this.characters -= this.lengths[oldest]!
    this.ring[oldest] = undefined
    this.size--
  }
}

const copyOf = (scope: Happening["scope"]): Happening["scope"] =>
  typeof scope === "string"
    ? scope
    : "tag" in scope
    ? { ...scope }
    : { positions: [...scope.positions], values: [...scope.values] }

const charactersOf = ({ from, scope }: Noted): number => {
  const own = typeof scope === "string"
    ? scope.length
    : "tag" in scope
    ? scope.tag.length
    : scope.values.reduce((sum, value) => sum + value.length, 0)
  return own + (from?.characters ?? 0)
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
