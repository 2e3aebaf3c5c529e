/**
 * Records invalidations as numbers, which each read compares with the number of its entry.
 *
 * Each invalidation takes the next number of one counter, a *stamp*. An entry carries the stamp at which its load
 * began. An invalidation of many keys is one *mark*: "in this slice, every entry older than this stamp is invalid". So
 * an invalidation costs the same for one entry and for a million, and their order needs no clock.
 *
 * A slice binds some of the segments of the keys: none (the whole family), the first (`feed:42:*`), or any others. A
 * slice that binds all segments is one key; it needs no mark if the entry itself can be removed. In a family of keys of
 * many lengths, a slice may also say where its keys end, or that they go on (`shared/slices.ts`).
 *
 * - `judge` uses the marks alone, and no time.
 * - Of two stamps for one slice the greater one counts, so marks may be recorded twice, or in any order.
 * - A mark is forgotten when it no longer concerns any entry (`internal/invalidation/sweep.ts`). The marks are bounded
 *   in number and in length nevertheless: if there is no room for a mark, it becomes a mark of the whole family. This
 *   may invalidate too much, and never too little.
 *
 * @since 0.1.0
 */
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { Slice } from "../../Explanation.ts"
import { everything, goesOn, projectionName, separator, textAt, textOfSlice } from "../../shared/slices.ts"

/**
 * The verdict of the marks on an entry: `valid`, `stale` or `hidden`.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "valid" | "stale" | "hidden"

// The most marks on the keys of one family, and the most on its tags: 8 MB of heap each. A sweep forgets marks long
// before this bound, unless a tier cannot be swept.
const marksMax = 65_536

// The most characters in the slices of these marks, since keys and tags may be long.
const charactersMax = 4_194_304

// The number of remembered times of stale marks. Beyond, the two earliest become one, with the earlier time: an entry
// between them ends earlier than it had to, and none later.
const staleTimesMax = 8

class Stamps {
  hidden = 0
  stale = 0
  // The times of the latest stale marks, the earliest first. An entry is stale from the time of its mark on, however
  // late it is read.
  private staleTimes: Array<{ readonly stamp: number; readonly atMillis: number }> | undefined = undefined

  raise(mode: InvalidationMode, stamp: number, atMillis: number): void {
    if (mode === "hide") this.hidden = Math.max(this.hidden, stamp)
    else if (stamp > this.stale) {
      this.stale = stamp
      const times = this.staleTimes ??= []
      times.push({ stamp, atMillis })
      if (times.length > staleTimesMax) {
        const [first, second] = times
        times.splice(0, 2, { stamp: second!.stamp, atMillis: first!.atMillis })
      }
    }
  }

  get latest(): number {
    return Math.max(this.hidden, this.stale)
  }

  judge(stamp: number): Verdict {
    return stamp < this.hidden ? "hidden" : stamp < this.stale ? "stale" : "valid"
  }

  staleSince(stamp: number): number {
    return this.staleTimes?.find((mark) => stamp < mark.stamp)?.atMillis ?? Infinity
  }

  /** The modes that have a mark, each with its stamp. */
  get modes(): ReadonlyArray<readonly [mode: InvalidationMode, stamp: number]> {
    const hidden = this.hidden === 0 ? [] : [["hide", this.hidden] as const]
    return this.stale === 0 ? hidden : [...hidden, ["markStale", this.stale]]
  }
}

/** Marks by name, bounded in number and in characters. */
class BoundedMarks {
  readonly stamps = new Map<string, Stamps>()
  private readonly room: Room

  constructor(room: Room) {
    this.room = room
  }

  /** Raises a mark. A new mark needs room, unless it `must` be kept. Returns whether the mark was raised. */
  raise(name: string, mode: InvalidationMode, stamp: number, atMillis: number, must: boolean): boolean {
    let stamps = this.stamps.get(name)
    if (stamps === undefined) {
      if (this.room.fullness >= 1 && !must) return false
      this.stamps.set(name, stamps = new Stamps())
      this.room.count++
      this.room.characters += name.length
    }
    stamps.raise(mode, stamp, atMillis)
    return true
  }

  /** Forgets the marks that are not later than a stamp. */
  forget(upTo: number): void {
    for (const [name, stamps] of this.stamps) {
      if (stamps.latest > upTo) continue
      this.stamps.delete(name)
      this.room.count--
      this.room.characters -= name.length
    }
  }

  /** The names of the marks that are not later than a stamp, once for each mode, with the stamps that a store keeps. */
  *upTo(stamp: number): Iterable<readonly [name: string, mode: InvalidationMode, stamp: number]> {
    for (const [name, stamps] of this.stamps) {
      if (stamps.latest > stamp) continue
      for (const [mode, own] of stamps.modes) yield [name, mode, own]
    }
  }
}

/** The room that the marks of a family take. */
class Room {
  count = 0
  characters = 0

  /** The share of the room that is taken; from 1 on, there is no room for another mark. */
  get fullness(): number {
    return Math.max(this.count / marksMax, this.characters / charactersMax)
  }
}

/** The marks that bind the same positions, by the values at these positions. */
class Projection extends BoundedMarks {
  readonly positions: ReadonlyArray<number>
  /** Whether the last value of its slices is `more`. */
  readonly goesOn: boolean

  constructor(positions: ReadonlyArray<number>, goesOn: boolean, room: Room) {
    super(room)
    this.positions = positions
    this.goesOn = goesOn
  }

  of(segments: ReadonlyArray<string>): Stamps | undefined {
    const text = textAt(this.positions, this.goesOn, segments)
    return text === undefined ? undefined : this.stamps.get(text)
  }
}

/**
 * The marks of one family.
 *
 * @category models
 * @since 0.1.0
 */
export class FamilyMarks {
  private readonly whole = new Stamps()
  private readonly projections = new Map<string, Projection>()
  private latestProjection: Projection | undefined = undefined
  private readonly room = new Room()
  /** The greatest stamp of any mark: an entry with this stamp or a later one is valid without a look at the marks. */
  latest = 0
  /** Every entry with an older stamp is hidden, whatever its key. */
  get floor(): number {
    return this.whole.hidden
  }

  /** The share of the room for marks on some of the keys that is taken; 1 is all of it. */
  get fullness(): number {
    return this.room.fullness
  }

  /** Records a mark, and returns its slice: the whole family, if there is no room for another mark. */
  record(slice: Slice, mode: InvalidationMode, stamp: number, atMillis: number): Slice {
    return this.raise(slice, mode, stamp, atMillis, false)
  }

  /**
   * Takes over a mark that a store kept, which had room for it. Its time is not stored, so entries that it marks stale
   * count as stale since -Infinity.
   */
  restore(slice: Slice, mode: InvalidationMode, stamp: number): void {
    this.raise(slice, mode, stamp, -Infinity, true)
  }

  private raise(slice: Slice, mode: InvalidationMode, stamp: number, atMillis: number, must: boolean): Slice {
    this.latest = Math.max(this.latest, stamp)
    if (slice.positions.length > 0) {
      if (this.projectionOf(slice).raise(textOfSlice(slice), mode, stamp, atMillis, must)) return slice
    }
    this.whole.raise(mode, stamp, atMillis)
    return everything
  }

  private projectionOf(slice: Slice): Projection {
    const { positions } = slice
    // The marks of one step of a plan share their list of positions, and none of them goes on.
    if (this.latestProjection?.positions === positions && !this.latestProjection.goesOn) return this.latestProjection
    const id = projectionName(slice)
    let projection = this.projections.get(id)
    if (projection === undefined) {
      this.projections.set(id, projection = new Projection(positions, goesOn(slice), this.room))
    }
    return this.latestProjection = projection
  }

  /** The time of the first mark that made an entry stale; `Infinity` if no mark did. */
  staleSince(key: string, stamp: number): number {
    const segments = key.split(separator)
    let since = this.whole.staleSince(stamp)
    for (const projection of this.projections.values()) {
      since = Math.min(since, projection.of(segments)?.staleSince(stamp) ?? Infinity)
    }
    return since
  }

  judge(key: string, stamp: number): Verdict {
    let verdict = this.whole.judge(stamp)
    if (verdict === "hidden" || this.room.count === 0) return verdict
    const segments = key.split(separator)
    for (const projection of this.projections.values()) {
      const own = projection.of(segments)?.judge(stamp)
      if (own === "hidden") return own
      if (own === "stale") verdict = own
    }
    return verdict
  }

  /** Whether one mark hides every entry of a slice that is older than a stamp. */
  hidesAll(slice: Slice, stamp: number): boolean {
    if (this.whole.hidden >= stamp) return true
    const known = this.projections.get(projectionName(slice))?.stamps.get(textOfSlice(slice))
    return known !== undefined && known.hidden >= stamp
  }

  /** The marks that are not later than a stamp. */
  *upTo(upTo: number): Iterable<{ readonly slice: Slice; readonly mode: InvalidationMode; readonly stamp: number }> {
    if (this.whole.latest <= upTo) {
      for (const [mode, stamp] of this.whole.modes) yield { slice: everything, mode, stamp }
    }
    for (const projection of this.projections.values()) {
      for (const [values, mode, stamp] of projection.upTo(upTo)) {
        yield { slice: { positions: projection.positions, values: values.split(separator) }, mode, stamp }
      }
    }
  }

  /**
   * Forgets the marks up to a stamp, when no entry is left that they concern. Marks on the whole family take no room,
   * and stay in memory.
   */
  forget(upTo: number): void {
    for (const [id, projection] of this.projections) {
      projection.forget(upTo)
      if (projection.stamps.size === 0) this.projections.delete(id)
    }
    this.latestProjection = undefined
  }
}

/**
 * The marks of the tags of one family.
 *
 * @category models
 * @since 0.1.0
 */
export class TagMarks {
  private readonly room = new Room()
  private readonly marks = new BoundedMarks(this.room)

  /** The share of the room for marks on tags that is taken; 1 is all of it. */
  get fullness(): number {
    return this.room.fullness
  }

  /** Records a mark. Returns `false` if there is no room for another mark. */
  record(tag: string, mode: InvalidationMode, stamp: number, atMillis: number): boolean {
    return this.marks.raise(tag, mode, stamp, atMillis, false)
  }

  /**
   * Takes over a mark that a store kept, which had room for it. Its time is not stored, so entries that it marks stale
   * count as stale since -Infinity.
   */
  restore(tag: string, mode: InvalidationMode, stamp: number): void {
    this.marks.raise(tag, mode, stamp, -Infinity, true)
  }

  /** The time of the first mark that made an entry stale; `Infinity` if no mark did. */
  staleSince(tags: ReadonlyArray<string>, stamp: number): number {
    return tags.reduce(
      (since, tag) => Math.min(since, this.marks.stamps.get(tag)?.staleSince(stamp) ?? Infinity),
      Infinity
    )
  }

  judge(tags: ReadonlyArray<string>, stamp: number): Verdict {
    let verdict: Verdict = "valid"
    for (const tag of tags) {
      const own = this.marks.stamps.get(tag)?.judge(stamp) ?? "valid"
      if (own === "hidden") return own
      if (own === "stale") verdict = own
    }
    return verdict
  }

  /** The marks that are not later than a stamp. */
  *upTo(upTo: number): Iterable<{ readonly tag: string; readonly mode: InvalidationMode; readonly stamp: number }> {
    for (const [tag, mode, stamp] of this.marks.upTo(upTo)) yield { tag, mode, stamp }
  }

  /** Forgets the marks up to a stamp, when no entry is left that they concern. */
  forget(upTo: number): void {
    this.marks.forget(upTo)
  }
}

const letters = { hide: "h", markStale: "s" } as const

/**
 * Writes a mark on keys as the text that a store keeps.
 *
 * @category encoding
 * @since 0.1.0
 */
export const writeSlice = (slice: Slice, mode: InvalidationMode): string =>
  [letters[mode], "keys", slice.positions.join(","), textOfSlice(slice)].join("|")

/**
 * Writes a mark on a tag as the text that a store keeps.
 *
 * @category encoding
 * @since 0.1.0
 */
export const writeTag = (tag: string, mode: InvalidationMode): string => `${letters[mode]}|tag|${tag}`

/**
 * Reads the text of a stored mark; `undefined` for a text that this version does not know.
 *
 * @category encoding
 * @since 0.1.0
 */
export const readMarked = (written: string):
  | { readonly _tag: "keys"; readonly slice: Slice; readonly mode: InvalidationMode }
  | { readonly _tag: "tag"; readonly tag: string; readonly mode: InvalidationMode }
  | undefined =>
{
  const [letter, kind, ...rest] = written.split("|")
  const mode = letter === "h" ? "hide" : letter === "s" ? "markStale" : undefined
  if (mode === undefined) return undefined
  if (kind === "tag") return { _tag: "tag", tag: rest.join("|"), mode }
  if (kind !== "keys" || rest.length < 2) return undefined
  const positions = rest[0] === "" ? [] : rest[0]!.split(",").map(Number)
  const values = positions.length === 0 ? [] : rest.slice(1).join("|").split(separator)
  return { _tag: "keys", slice: { positions, values }, mode }
}
