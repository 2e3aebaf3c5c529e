/**
 * Keeps the latest happenings of a cache, for `explain`.
 */
import type { Happening } from "../../Explanation.ts"
import type { Sources } from "../../shared/familySpec.ts"

// The bounds of one cache's history, in happenings and in characters of keys and tags: less than two megabytes.
const happeningsMax = 4_096
const charactersMax = 524_288

/** A happening as the history keeps it: its sources are spelt out only when a caller asks. */
export interface Noted extends Omit<Happening, "from"> {
  readonly from: Sources | undefined
}

// A text of a forgotten happening that is no longer than this stays until its record is written over.
const textKept = 64

/** A record of the history, which is written over. */
type Recorded = { -readonly [Part in keyof Noted]: Noted[Part] }

/** The latest happenings of a cache, in a ring of bounded size. */
export class History {
  private readonly ring: Array<Recorded> = []
  /** The characters of each happening. Kept apart, so that forgetting an old happening does not read it from memory. */
  private readonly lengths = new Int32Array(happeningsMax)
  private next = 0
  private size = 0
  private characters = 0

  /** Adds a copy of a happening. The copy is written over the oldest one, because every write of a key comes here. */
  add(happening: Noted): void {
    const characters = charactersOf(happening)
    // A happening of this length would push out too many others.
    if (characters > charactersMax / 16) return
    const { next, ring } = this
    if (this.size === happeningsMax) this.leaveOut(next)
    if (characters > charactersMax - this.characters) this.makeRoom(characters)
    const over = ring[next]
    if (over === undefined) ring[next] = { ...happening }
    else writeOver(over, happening)
    this.lengths[next] = characters
    this.next = next + 1 === happeningsMax ? 0 : next + 1
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

  private makeRoom(characters: number): void {
    while (this.characters + characters > charactersMax) this.forgetOldest()
  }

  /** Counts the oldest happening no more. */
  private leaveOut(oldest: number): void {
    this.characters -= this.lengths[oldest]!
    this.size--
  }

  private forgetOldest(): void {
    const oldest = (this.next - this.size + happeningsMax) % happeningsMax
    this.leaveOut(oldest)
    // What the record leads to is freed; the record itself is written over later.
    const record = this.ring[oldest]!
    if (record.from === undefined && typeof record.scope === "string" && this.lengths[oldest]! <= textKept) return
    record.scope = ""
    record.from = undefined
  }
}

const writeOver = (over: Recorded, { atMillis, family, from, mode, scope, stamp, through, what }: Noted): void => {
  over.what = what
  over.family = family
  over.scope = scope
  over.through = through
  over.mode = mode
  over.stamp = stamp
  over.atMillis = atMillis
  over.from = from
}

const copyOf = (scope: Happening["scope"]): Happening["scope"] =>
  typeof scope === "string"
    ? scope
    : "tag" in scope
    ? { ...scope }
    : { positions: [...scope.positions], values: [...scope.values] }

const charactersOf = ({ from, scope }: Noted): number => {
  const own = typeof scope === "string" ? scope.length : scopeLength(scope)
  return from === undefined ? own : own + from.characters
}

const scopeLength = (scope: Exclude<Happening["scope"], string>): number =>
  "tag" in scope ? scope.tag.length : lengthOf(scope.values)

const lengthOf = (values: ReadonlyArray<string>): number => {
  let length = 0
  for (const value of values) length += value.length
  return length
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
