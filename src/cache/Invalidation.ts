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
 * - Marks are bounded. When there are too many, the family is marked as a whole: too much is lost, never too little.
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

// A family with this many marks that still matter is invalidated so often that losing it whole costs little.
const marksMax = 65_536

// An entry that was marked stale this often and never renewed since is hidden: how long it has been stale is forgotten.
const staleTimesMax = 8

class Stamps {
  hidden = 0
  stale = 0
  // When the latest marks were set, the earliest first: what a mark finds stale is stale since then, however late it
  // is read.
  private staleTimes: Array<{ readonly stamp: number; readonly atMillis: number }> | undefined = undefined

  raise(mode: Mode, stamp: number, atMillis: number): void {
    if (mode === "hide") this.hidden = Math.max(this.hidden, stamp)
    else if (stamp > this.stale) {
      this.stale = stamp
      const times = this.staleTimes ??= []
      times.push({ stamp, atMillis })
      if (times.length > staleTimesMax) this.hidden = Math.max(this.hidden, times.shift()!.stamp)
    }
  }

  judge(stamp: number): Verdict {
    return stamp < this.hidden ? "hidden" : stamp < this.stale ? "stale" : "valid"
  }

  staleSince(stamp: number): number {
    return this.staleTimes?.find((mark) => stamp < mark.stamp)?.atMillis ?? Infinity
  }
}

const separator = ":"

/** The marks of one choice of positions, by the values there. */
class Projection {
  readonly positions: ReadonlyArray<number>
  readonly marks = new Map<string, Stamps>()

  constructor(positions: ReadonlyArray<number>) {
    this.positions = positions
  }

  of(segments: ReadonlyArray<string>): Stamps | undefined {
    let values = ""
    for (let i = 0; i < this.positions.length; i++) {
      const segment = segments[this.positions[i]!]
      if (segment === undefined) return undefined
      values = i === 0 ? segment : values + separator + segment
    }
    return this.marks.get(values)
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
  private count = 0
  /** The greatest stamp of any mark: an entry with this stamp or a later one is valid without a look at the marks. */
  latest = 0
  /** What is older is hidden, whatever its key. */
  get floor(): number {
    return this.whole.hidden
  }

  record(scope: Scope, mode: Mode, stamp: number, atMillis: number): void {
    this.latest = Math.max(this.latest, stamp)
    if (scope.positions.length === 0) {
      this.whole.raise(mode, stamp, atMillis)
      if (mode === "hide") this.forget(stamp)
      return
    }
    const id = scope.positions.join(separator)
    let projection = this.projections.get(id)
    if (projection === undefined) this.projections.set(id, projection = new Projection(scope.positions))
    const values = scope.values.join(separator)
    let stamps = projection.marks.get(values)
    if (stamps === undefined) {
      if (this.count >= marksMax) {
        this.whole.raise("hide", this.latest, atMillis)
        this.forget(this.latest)
        return
      }
      projection.marks.set(values, stamps = new Stamps())
      this.count++
    }
    stamps.raise(mode, stamp, atMillis)
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
    if (verdict === "hidden" || this.count === 0) return verdict
    const segments = key.split(separator)
    for (const projection of this.projections.values()) {
      const own = projection.of(segments)?.judge(stamp)
      if (own === "hidden") return own
      if (own === "stale") verdict = own
    }
    return verdict
  }

  /** Drops marks that a mark on the whole family, as late as `stamp`, says already. */
  private forget(stamp: number): void {
    for (const projection of this.projections.values()) {
      for (const [values, stamps] of projection.marks) {
        if (stamps.hidden > stamp || stamps.stale > stamp) continue
        projection.marks.delete(values)
        this.count--
      }
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
  private readonly marks = new Map<string, Stamps>()
  private readonly forgotten = new Stamps()

  record(tag: string, mode: Mode, stamp: number, atMillis: number): void {
    let stamps = this.marks.get(tag)
    if (stamps === undefined) {
      if (this.marks.size >= marksMax) this.forgetOldest()
      this.marks.set(tag, stamps = new Stamps())
    }
    stamps.raise(mode, stamp, atMillis)
  }

  /** The time of the first mark that made an entry stale; `Infinity` where none did. */
  staleSince(tags: ReadonlyArray<string>, stamp: number): number {
    return tags.reduce((since, tag) => Math.min(since, this.marks.get(tag)?.staleSince(stamp) ?? Infinity), Infinity)
  }

  judge(tags: ReadonlyArray<string>, stamp: number): Verdict {
    if (tags.length === 0) return "valid"
    let verdict = this.forgotten.judge(stamp)
    for (const tag of tags) {
      const own = this.marks.get(tag)?.judge(stamp) ?? "valid"
      if (own === "hidden") return own
      if (own === "stale" && verdict === "valid") verdict = own
    }
    return verdict
  }

  /** A tag whose mark is lost may have been invalidated: everything tagged that is older than the lost mark is gone. */
  private forgetOldest(): void {
    for (const [tag, stamps] of this.marks) {
      this.forgotten.raise("hide", Math.max(stamps.hidden, stamps.stale), 0)
      this.marks.delete(tag)
      return
    }
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
