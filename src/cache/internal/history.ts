/**
 * Keeps the latest happenings of a cache, for `explain`.
 */
import type { Happening } from "../Explanation.ts"
import type { Sources } from "../shared/familySpec.ts"

// The bounds of one cache's history, in happenings and in characters of keys and tags: less than two megabytes.
const happeningsMax = 4_096
const charactersMax = 524_288

/** A happening as the history keeps it: its sources are spelt out only when a caller asks. */
export interface Noted extends Omit<Happening, "from"> {
  readonly from: Sources | undefined
}

/** The latest happenings of a cache, in a ring of bounded size. */
export class History {
  private readonly ring: Array<Noted | undefined> = []
  /** The characters of each happening. Kept apart, so that forgetting an old happening does not read it from memory. */
  private readonly lengths = new Int32Array(happeningsMax)
  private next = 0
  private size = 0
  private characters = 0

  add(happening: Noted): void {
    const characters = charactersOf(happening)
    // A happening of this length would push out too many others.
    if (characters > charactersMax / 16) return
    while (this.size === happeningsMax || this.characters + characters > charactersMax) this.forgetOldest()
    this.ring[this.next] = happening
    this.lengths[this.next] = characters
    this.next = (this.next + 1) % happeningsMax
    this.size++
    this.characters += characters
  }

  /** The happenings that concern a key, the latest first. */
  of(family: string, key: string, tags: ReadonlyArray<string>): ReadonlyArray<Happening> {
    const segments = key.split(":")
    const found: Array<Happening> = []
    for (let i = 1; i <= this.size; i++) {
      const happening = this.ring[(this.next - i + happeningsMax) % happeningsMax]!
      if (!concerns(happening, family, key, segments, tags)) continue
      // The marks share this scope, so the caller gets a copy.
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
