/**
 * Keeps the latest happenings of a cache, for `explain`.
 */
import type { Happening } from "../../Explanation.ts"
import { hasSegments } from "../../shared/slices.ts"
import type { Sources } from "../family/familySpec.ts"

// The bounds of one cache's history, in happenings and in characters of keys and tags: less than two megabytes.
const happeningsMax = 4_096
const charactersMax = 524_288

/** A happening as the history keeps it: its sources are spelt out only when a caller asks. */
export interface Noted extends Omit<Happening, "from"> {
  readonly from: Sources | undefined
}

// A forgotten happening keeps a text of at most so many characters until another one is written over it.
const textKept = 64

// The places of a happening in the two columns.
const cellsEach = 6
const familyAt = 1
const targetAt = 2
const fromAt = 5
const numbersEach = 2

/**
 * The latest happenings of a cache, in a ring of bounded size.
 *
 * Every write of a key comes here. So a happening is written over the oldest one, and the ring is columns and not
 * objects: a write then touches one line of memory of each column, and makes nothing.
 */
export class History {
  /** Of each happening: what, family, target, through, mode, from. */
  private readonly cells: Array<unknown> = []
  /** Of each happening: stamp, time. */
  private readonly numbers = new Float64Array(numbersEach * happeningsMax)
  /** The characters of each happening. */
  private readonly lengths = new Int32Array(happeningsMax)
  private next = 0
  private size = 0
  private characters = 0

  add(
    what: Noted["what"],
    family: string,
    target: Noted["target"],
    stamp: number,
    atMillis: number,
    through: string | undefined,
    mode: Noted["mode"],
    from: Sources | undefined
  ): void {
    const characters = charactersOf(target, from)
    // A happening of this length would push out too many others.
    if (characters > charactersMax / 16) return
    const { cells, lengths, next, numbers } = this
    if (this.size === happeningsMax) this.leaveOut(next)
    if (characters > charactersMax - this.characters) this.makeRoom(characters)
    const cell = cellsEach * next
    cells[cell] = what
    cells[cell + familyAt] = family
    cells[cell + targetAt] = target
    cells[cell + 3] = through
    cells[cell + 4] = mode
    cells[cell + fromAt] = from
    numbers[numbersEach * next] = stamp
    numbers[numbersEach * next + 1] = atMillis
    lengths[next] = characters
    this.next = next + 1 === happeningsMax ? 0 : next + 1
    this.size++
    this.characters += characters
  }

  /** The happenings that concern a key, the latest first. */
  of(family: string, key: string, tags: ReadonlyArray<string>): ReadonlyArray<Happening> {
    const segments = key.split(":")
    const found: Array<Happening> = []
    for (let i = 1; i <= this.size; i++) {
      const place = (this.next - i + happeningsMax) % happeningsMax
      // Most happenings are of other families, and are not read any further.
      if (this.cells[cellsEach * place + familyAt] !== family) continue
      const happening = this.at(place)
      if (!concerns(happening.target, key, segments, tags)) continue
      // The marks share this target, so the caller gets a copy.
      found.push({ ...happening, target: copyOf(happening.target), from: happening.from?.spell() })
    }
    return found
  }

  private at(place: number): Noted {
    const [what, family, target, through, mode, from] = this.cells.slice(cellsEach * place, cellsEach * (place + 1))
    const stamp = this.numbers[numbersEach * place]
    const atMillis = this.numbers[numbersEach * place + 1]
    return { what, family, target, through, mode, stamp, atMillis, from } as Noted
  }

  private makeRoom(characters: number): void {
    while (this.characters + characters > charactersMax) this.forgetOldest()
  }

  /** Takes the oldest happening out of the counts. */
  private leaveOut(oldest: number): void {
    this.characters -= this.lengths[oldest]!
    this.size--
  }

  private forgetOldest(): void {
    const oldest = (this.next - this.size + happeningsMax) % happeningsMax
    this.leaveOut(oldest)
    // What its cells lead to is freed; the cells themselves are written over later.
    const { cells } = this
    const cell = cellsEach * oldest
    const isText = typeof cells[cell + targetAt] === "string" && cells[cell + fromAt] === undefined
    if (isText && this.lengths[oldest]! <= textKept) return
    cells[cell + targetAt] = ""
    cells[cell + fromAt] = undefined
  }
}

const copyOf = (target: Happening["target"]): Happening["target"] =>
  typeof target === "string"
    ? target
    : "tag" in target
    ? { ...target }
    : { positions: [...target.positions], values: [...target.values] }

const charactersOf = (target: Noted["target"], from: Sources | undefined): number => {
  const own = typeof target === "string" ? target.length : lengthOfTarget(target)
  return from === undefined ? own : own + from.characters
}

const lengthOfTarget = (target: Exclude<Happening["target"], string>): number =>
  "tag" in target ? target.tag.length : lengthOf(target.values)

const lengthOf = (values: ReadonlyArray<string>): number => {
  let length = 0
  for (const value of values) length += value.length
  return length
}

const concerns = (
  target: Noted["target"],
  key: string,
  segments: ReadonlyArray<string>,
  tags: ReadonlyArray<string>
): boolean => {
  if (typeof target === "string") return target === key
  if ("tag" in target) return tags.includes(target.tag)
  return hasSegments(target, segments)
}
