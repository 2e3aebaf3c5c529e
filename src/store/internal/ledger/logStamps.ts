/**
 * Translates positions in one log into stamps of this process, and back.
 *
 * An engine judges entries by stamps of one counter of its own (`Commons`). An entry of a ledger carries a position in
 * its place: who made it knew all records up to there. So an entry gets a stamp under which the marks of this process
 * say of it what the records say: it is older than exactly those marks whose records come after its position.
 *
 * - Only a record with marks makes a difference. Such a record has a *row*: its stamp in the log, and the stamp of its
 *   marks in this process. A mark of another process takes its stamp when its record is heard. A mark of this process
 *   had its stamp before, and its record came later; other records may lie between.
 * - Where the order of two rows differs in the log and in the process, each translation takes the bound that hides
 *   more, and never less.
 * - Beyond `rowsMax` rows, the older half is joined in pairs, which may hide more, too.
 * - A stamp from before the log was known has no position, and a position of another epoch has no stamp.
 */
import type { Epoch, LogMark, Position } from "./ledger.ts"
import { sameEpoch } from "./logView.ts"

export const rowsMax = 4_096

/** The marks of one record, or of some that follow each other. */
interface Row {
  /** The first and the last record. */
  readonly first: number
  readonly last: number
  /** No later row has marks with a lesser stamp. */
  least: number
  /** No earlier row has marks with a greater stamp. */
  readonly greatest: number
}

export class LogStamps {
  private epoch: Epoch | undefined
  private base = 0
  private rows: Array<Row> = []

  /** The log is known up to a position. Returns the stamp in this process of a mark from before. */
  begin({ epoch }: Position, base: number, marks: ReadonlyArray<LogMark>): (stamp: number) => number {
    this.epoch = epoch
    this.base = base
    this.rows = []
    const stamps = Array.from(new Set(marks.map(({ stamp }) => stamp))).toSorted((a, b) => a - b)
    for (const stamp of stamps) this.add(stamp, base + stamp, base + stamp)
    return (stamp) => base + stamp
  }

  /** A record has marks with these stamps in this process. */
  add(record: number, least: number, greatest: number): void {
    const { rows } = this
    for (let at = rows.length - 1; at >= 0 && rows[at]!.least > least; at--) rows[at]!.least = least
    rows.push({ first: record, last: record, least, greatest: Math.max(greatest, rows.at(-1)?.greatest ?? 0) })
    if (rows.length > rowsMax) this.join()
  }

  private join(): void {
    const half = this.rows.length >> 1
    const joined: Array<Row> = []
    for (let at = 0; at < half; at += 2) {
      const one = this.rows[at]!
      const next = at + 1 < half ? this.rows[at + 1]! : one
      joined.push({ first: one.first, last: next.last, least: one.least, greatest: next.greatest })
    }
    this.rows = [...joined, ...this.rows.slice(half)]
  }

  /** The stamp of what was made at a position, if it is `now`; `undefined` if the position is of another epoch. */
  stampOf({ epoch, stamp }: Position, now: number): number | undefined {
    if (this.epoch === undefined || !sameEpoch(this.epoch, epoch)) return undefined
    const row = this.rows[this.find(({ last }) => last > stamp)]
    return row === undefined ? now : Math.min(now, row.least - 1)
  }

  /**
   * The latest position all of whose marks were known at a stamp; `undefined` if the log was not known then. `end` is
   * the end of the log as it is known.
   */
  positionOf(stamp: number, end: Position): Position | undefined {
    if (this.epoch === undefined || !sameEpoch(this.epoch, end.epoch) || stamp < this.base) return undefined
    const row = this.rows[this.find(({ greatest }) => greatest > stamp)]
    return row === undefined ? end : { epoch: end.epoch, stamp: Math.min(end.stamp, row.first - 1) }
  }

  /** The first row of which something holds that holds of all later ones, too. */
  private find(holds: (row: Row) => boolean): number {
    let from = 0
    let to = this.rows.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (holds(this.rows[middle]!)) to = middle
      else from = middle + 1
    }
    return from
  }
}
