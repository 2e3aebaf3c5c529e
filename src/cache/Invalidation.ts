/**
 * What has been invalidated, in numbers that are compared on read.
 *
 * Each invalidation takes the next number of one counter, a *stamp*; an entry carries the stamp at which its load
 * began. An invalidation of many keys is one *mark*: "in this scope, whatever is older than this stamp is gone". So
 * it costs the same for one entry and for a million, and order needs no clock.
 *
 * The scope of a mark is a family and some of the segments of its keys: none (the whole family), the first
 * (`feed:42:*`), or any others. All segments is one key, and needs no mark where the entry itself can be removed.
 *
 * - `judge` answers from the marks alone; it knows nothing of time.
 * - Stamps combine by maximum, so marks may be recorded twice, or in any order.
 * - A mark is forgotten once no entry is left that it concerns (`internal/sweep.ts`). Marks are bounded in number and
 *   length nevertheless: one that finds no room marks the family as a whole. Too much is lost, never too little.
 *
 * @since 0.1.0
 */
/**
 * How an invalidated entry is treated: never served again, or like one whose time is over, which the family may allow
 * to be served as stale.
 *
 * @category models
 * @since 0.1.0
 */
export type Mode = "hide" | "markStale"

/**
 * What the marks say of an entry.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "valid" | "stale" | "hidden"

/**
 * The segments that a mark binds: their positions in the key within the family, ascending, and their values.
 *
 * @category models
 * @since 0.1.0
 */
export interface Scope {
  readonly positions: ReadonlyArray<number>
  readonly values: ReadonlyArray<string>
}

/**
 * Every key of the family.
 *
 * @category constants
 * @since 0.1.0
 */
export const everything: Scope = { positions: [], values: [] }

/**
 * Whether a scope names a key.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isWithin = ({ positions, values }: Scope, key: string): boolean => {
  if (positions.length === 0) return true
  const segments = key.split(separator)
  return positions.every((position, i) => segments[position] === values[i])
}

// Marks on keys of one family, and on its tags: 8 MB of heap each. A sweep forgets them long before there are so many,
// unless a tier cannot be swept.
const marksMax = 65_536

// Characters in the scopes of these marks, since keys and tags may be long.
const charactersMax = 4_194_304

// An entry that was marked stale this often and never renewed since is hidden: how long it has been stale is forgotten.
const staleTimesMax = 8

class Stamps {
  hidden = 0
  stale = 0
  // An earlier mark that made entries stale at a time that is forgotten; older ones are hidden.
  private timeless = 0
  // When the latest marks were set, the earliest first: what a mark finds stale is stale since then, however late it
  // is read.
  private staleTimes: Array<{ readonly stamp: number; readonly atMillis: number }> | undefined = undefined

  raise(mode: Mode, stamp: number, atMillis: number): void {
    if (mode === "hide") this.hidden = Math.max(this.hidden, stamp)
    else if (stamp > this.stale) {
      this.stale = stamp
      const times = this.staleTimes ??= []
      times.push({ stamp, atMillis })
      if (times.length > staleTimesMax) this.timeless = Math.max(this.timeless, times.shift()!.stamp)
    }
  }

  /** What is older is hidden. */
  get floor(): number {
    return Math.max(this.hidden, this.timeless)
  }

  get latest(): number {
    return Math.max(this.hidden, this.stale)
  }

  judge(stamp: number): Verdict {
    return stamp < this.hidden || stamp < this.timeless ? "hidden" : stamp < this.stale ? "stale" : "valid"
  }

  staleSince(stamp: number): number {
    return this.staleTimes?.find((mark) => stamp < mark.stamp)?.atMillis ?? Infinity
  }

  /** Each mode in which there is a mark, with its stamp. */
  get modes(): ReadonlyArray<readonly [mode: Mode, stamp: number]> {
    const hidden = this.hidden === 0 ? [] : [["hide", this.hidden] as const]
    return this.stale === 0 ? hidden : [...hidden, ["markStale", this.stale]]
  }
}

/** Marks by name, within the bounds. */
class BoundedMarks {
  readonly stamps = new Map<string, Stamps>()
  private readonly room: Room

  constructor(room: Room) {
    this.room = room
  }

  /** Raises a mark; a new one only where there is room, unless it must be kept. Whether it was raised. */
  raise(name: string, mode: Mode, stamp: number, atMillis: number, must: boolean): boolean {
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

  /** Forgets the marks that are no later than a stamp. */
  forget(upTo: number): void {
    for (const [name, stamps] of this.stamps) {
      if (stamps.latest > upTo) continue
      this.stamps.delete(name)
      this.room.count--
      this.room.characters -= name.length
    }
  }

  /** The names of the marks that are no later than a stamp, once for each mode, and the stamps that a store has. */
  *upTo(stamp: number): Iterable<readonly [name: string, mode: Mode, stamp: number]> {
    for (const [name, stamps] of this.stamps) {
      if (stamps.latest > stamp) continue
      for (const [mode, own] of stamps.modes) yield [name, mode, own]
    }
  }
}

/** What the marks of a family take. */
class Room {
  count = 0
  characters = 0

  /** From 1 on, there is no room for another mark. */
  get fullness(): number {
    return Math.max(this.count / marksMax, this.characters / charactersMax)
  }
}

const separator = ":"

/** The marks of one choice of positions, by the values there. */
class Projection extends BoundedMarks {
  readonly positions: ReadonlyArray<number>

  constructor(positions: ReadonlyArray<number>, room: Room) {
    super(room)
    this.positions = positions
  }

  of(segments: ReadonlyArray<string>): Stamps | undefined {
    let values = ""
    for (let i = 0; i < this.positions.length; i++) {
      const segment = segments[this.positions[i]!]
      if (segment === undefined) return undefined
      values = i === 0 ? segment : values + separator + segment
    }
    return this.stamps.get(values)
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
  private readonly room = new Room()
  /** The greatest stamp of any mark: an entry with this stamp or a later one is valid without a look at the marks. */
  latest = 0
  /** What is older is hidden, whatever its key. */
  get floor(): number {
    return this.whole.floor
  }

  /** How much of the room for marks on some of the keys is taken: 1 is all of it. */
  get fullness(): number {
    return this.room.fullness
  }

  /** Records a mark; the answer is its scope, which is the whole family where there is no room for another mark. */
  record(scope: Scope, mode: Mode, stamp: number, atMillis: number): Scope {
    return this.raise(scope, mode, stamp, atMillis, false)
  }

  /** Takes over a mark that a store kept, where there was room for it. What it marked stale has been so for ever. */
  restore(scope: Scope, mode: Mode, stamp: number): void {
    this.raise(scope, mode, stamp, -Infinity, true)
  }

  private raise(scope: Scope, mode: Mode, stamp: number, atMillis: number, must: boolean): Scope {
    this.latest = Math.max(this.latest, stamp)
    if (scope.positions.length > 0) {
      const id = scope.positions.join(separator)
      let projection = this.projections.get(id)
      if (projection === undefined) this.projections.set(id, projection = new Projection(scope.positions, this.room))
      if (projection.raise(scope.values.join(separator), mode, stamp, atMillis, must)) return scope
    }
    this.whole.raise(mode, stamp, atMillis)
    return everything
  }

  /** The time of the first mark that made an entry stale; `Infinity` where none did. */
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

  /** Whether one mark hides all of a scope that is older than a stamp. */
  hidesAll({ positions, values }: Scope, stamp: number): boolean {
    if (this.whole.floor >= stamp) return true
    const known = this.projections.get(positions.join(separator))?.stamps.get(values.join(separator))
    return known !== undefined && known.hidden >= stamp
  }

  /** The marks on some of the keys that are no later than a stamp. */
  *upTo(upTo: number): Iterable<{ readonly scope: Scope; readonly mode: Mode; readonly stamp: number }> {
    for (const projection of this.projections.values()) {
      for (const [values, mode, stamp] of projection.upTo(upTo)) {
        yield { scope: { positions: projection.positions, values: values.split(separator) }, mode, stamp }
      }
    }
  }

  /** Forgets them: no entry is left that they concern. Marks on the whole family take no room, and stay. */
  forget(upTo: number): void {
    for (const [id, projection] of this.projections) {
      projection.forget(upTo)
      if (projection.stamps.size === 0) this.projections.delete(id)
    }
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

  /** How much of the room for marks on tags is taken: 1 is all of it. */
  get fullness(): number {
    return this.room.fullness
  }

  /** Records a mark; `false` where there is no room for another one. */
  record(tag: string, mode: Mode, stamp: number, atMillis: number): boolean {
    return this.marks.raise(tag, mode, stamp, atMillis, false)
  }

  /** Takes over a mark that a store kept, where there was room for it. What it marked stale has been so for ever. */
  restore(tag: string, mode: Mode, stamp: number): void {
    this.marks.raise(tag, mode, stamp, -Infinity, true)
  }

  /** The time of the first mark that made an entry stale; `Infinity` where none did. */
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

  /** The marks that are no later than a stamp. */
  *upTo(upTo: number): Iterable<{ readonly tag: string; readonly mode: Mode; readonly stamp: number }> {
    for (const [tag, mode, stamp] of this.marks.upTo(upTo)) yield { tag, mode, stamp }
  }

  /** Forgets them: no entry is left that they concern. */
  forget(upTo: number): void {
    this.marks.forget(upTo)
  }
}

const letters = { hide: "h", markStale: "s" } as const

/**
 * How a mark on keys is written in a store.
 *
 * @category encoding
 * @since 0.1.0
 */
export const writeScope = (scope: Scope, mode: Mode): string =>
  [letters[mode], "keys", scope.positions.join(","), scope.values.join(separator)].join("|")

/**
 * How a mark on a tag is written in a store.
 *
 * @category encoding
 * @since 0.1.0
 */
export const writeTag = (tag: string, mode: Mode): string => `${letters[mode]}|tag|${tag}`

/**
 * What a stored mark says; `undefined` for one that this version does not know.
 *
 * @category encoding
 * @since 0.1.0
 */
export const readScope = (written: string):
  | { readonly _tag: "keys"; readonly scope: Scope; readonly mode: Mode }
  | { readonly _tag: "tag"; readonly tag: string; readonly mode: Mode }
  | undefined =>
{
  const [letter, kind, ...rest] = written.split("|")
  const mode = letter === "h" ? "hide" : letter === "s" ? "markStale" : undefined
  if (mode === undefined) return undefined
  if (kind === "tag") return { _tag: "tag", tag: rest.join("|"), mode }
  if (kind !== "keys" || rest.length < 2) return undefined
  const positions = rest[0] === "" ? [] : rest[0]!.split(",").map(Number)
  const values = positions.length === 0 ? [] : rest.slice(1).join("|").split(separator)
  return { _tag: "keys", scope: { positions, values }, mode }
}
