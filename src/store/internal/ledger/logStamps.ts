/**
 * Translates positions in one log into stamps of this process, and back.
 *
 * An engine judges entries by stamps of one counter of its own (`Commons`). An entry of a ledger carries a position in
 * its place: who made it knew all records up to there. So an entry gets a stamp under which the marks of this process
 * say of it what the records say: it is older than exactly those marks of its family whose records come after its
 * position.
 *
 * - Only a record with marks of the family makes a difference, or one with a mark on everything. Such a record has
 *   a *row*: its stamp in the log, and the stamp of its marks in this process. A mark of another process takes its
 *   stamp when its record is heard. A mark of this process had its stamp before, and its record came later; other
 *   records may lie between.
 * - Where the order of two rows of a family differs in the log and in the process, each translation takes the bound
 *   that hides more, and never less.
 * - Beyond `rowsMax` rows, the older half is joined in pairs, which may hide more, too. Beyond `familiesMax` families,
 *   the marks of the others count as marks on everything.
 * - A stamp from before the log was known has no position, and a position of another epoch has no stamp.
 */
import type { Epoch, Position } from "./ledger.ts"
import { sameEpoch } from "./logView.ts"

export const rowsMax = 4_096

/** The families that are told apart. */
export const familiesMax = 4_096

/** The marks of one family in one record; `family` is empty for marks on everything. */
export interface FamilyMark {
  readonly family: string
  /** The stamp of the record. */
  readonly stamp: number
}

/** The marks of one record, or of some that follow each other. */
interface Row {
  /** The first and the last record. */
  readonly first: number
  readonly last: number
  /** No later row has marks with a lesser stamp. */
  least: number
  /** No earlier row has marks with a greater stamp. */
  greatest: number
}

class Rows {
  private all: Array<Row> = []

  add(record: number, least: number, greatest: number): void {
    const { all } = this
    for (let at = all.length - 1; at >= 0 && all[at]!.least > least; at--) all[at]!.least = least
    const latest = all.at(-1)
    if (latest?.last === record) {
      latest.greatest = Math.max(greatest, latest.greatest)
      return
    }
    all.push({ first: record, last: record, least, greatest: Math.max(greatest, latest?.greatest ?? 0) })
    if (all.length > rowsMax) this.join()
  }

  private join(): void {
    const half = this.all.length >> 1
    const joined: Array<Row> = []
    for (let at = 0; at < half; at += 2) {
      const one = this.all[at]!
      const next = at + 1 < half ? this.all[at + 1]! : one
      joined.push({ first: one.first, last: next.last, least: one.least, greatest: next.greatest })
    }
    this.all = [...joined, ...this.all.slice(half)]
  }

  /** The first row of which something holds that holds of all later ones, too. */
  find(holds: (row: Row) => boolean): Row | undefined {
    let from = 0
    let to = this.all.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (holds(this.all[middle]!)) to = middle
      else from = middle + 1
    }
    return this.all[from]
  }
}

export class LogStamps {
  private epoch: Epoch | undefined
  private base = 0
  /** Of marks on everything. */
  private common = new Rows()
  private readonly rows = new Map<string, Rows>()

  /** The log is known up to a position. Returns the stamp in this process of a mark from before. */
  begin({ epoch }: Position, base: number, marks: ReadonlyArray<FamilyMark>): (stamp: number) => number {
    this.epoch = epoch
    this.base = base
    this.common = new Rows()
    this.rows.clear()
    for (const { family, stamp } of marks.toSorted((a, b) => a.stamp - b.stamp)) {
      this.add(family, stamp, base + stamp, base + stamp)
    }
    return (stamp) => base + stamp
  }

  /** A record has marks of a family with these stamps in this process; several calls for one record are joined. */
  add(family: string, record: number, least: number, greatest: number): void {
    this.rowsOf(family).add(record, least, greatest)
  }

  private rowsOf(family: string): Rows {
    if (family === "") return this.common
    const known = this.rows.get(family)
    if (known !== undefined) return known
    if (this.rows.size >= familiesMax) return this.common
    const rows = new Rows()
    this.rows.set(family, rows)
    return rows
  }

  /**
   * The stamp of what was made of a family at a position, if it is `now`; `undefined` if the position is of another
   * epoch.
   */
  stampOf(family: string, { epoch, stamp }: Position, now: number): number | undefined {
    if (this.epoch === undefined || !sameEpoch(this.epoch, epoch)) return undefined
    let found = now
    for (const rows of [this.common, this.rows.get(family)]) {
      const row = rows?.find(({ last }) => last > stamp)
      if (row !== undefined) found = Math.min(found, row.least - 1)
    }
    return found
  }

  /**
   * The latest position at which all marks of a family were known at a stamp; `undefined` if the log was not known
   * then. `end` is the end of the log as it is known.
   */
  positionOf(family: string, stamp: number, end: Position): Position | undefined {
    if (this.epoch === undefined || !sameEpoch(this.epoch, end.epoch) || stamp < this.base) return undefined
    let found = end.stamp
    for (const rows of [this.common, this.rows.get(family)]) {
      const row = rows?.find(({ greatest }) => greatest > stamp)
      if (row !== undefined) found = Math.min(found, row.first - 1)
    }
    return { epoch: end.epoch, stamp: found }
  }
}
