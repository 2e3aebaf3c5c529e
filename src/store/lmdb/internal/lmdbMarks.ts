/**
 * The marks of a namespace, and its stamp ceiling: no stamp in the database is above it.
 *
 * - Marks are gathered in a batch, with the entries that belong to them: the greatest stamp of each scope is kept.
 * - The ceiling is raised in steps, together with the first stamp above it.
 */
import type { Mark } from "../../Store.ts"
import type { Batch } from "./lmdbBatch.ts"
import type { Databases } from "./lmdbEnvironment.ts"
import { familyEnd, familyStart } from "./lmdbKey.ts"
import { keepMark, parseMark, removeMark } from "./lmdbMark.ts"
import { ceilingKey, ceilingStep, numberOf, numberRow } from "./lmdbState.ts"

/** Rows that are read without a pause. */
const rowsPerTurnMax = 4_096

export class LmdbMarks {
  readonly #databases: Databases
  #ceiling = 0
  #ceilingStored = 0

  constructor(databases: Databases) {
    this.#databases = databases
  }

  get ceiling(): number {
    return this.#ceiling
  }

  /** Reads the ceiling from a row of state, if it is that row. */
  restore(key: string, payload: Buffer): void {
    if (key === ceilingKey) this.#ceiling = this.#ceilingStored = numberOf(payload)
  }

  /** Whether every mark can be read. */
  areWhole(): boolean {
    for (const { value } of this.#databases.marks.getRange({ start: familyStart(""), end: familyEnd("") })) {
      if (parseMark(value) === undefined) return false
    }
    return true
  }

  /** Raises the ceiling if the stamp is above it: here at once, and in the database together with the stamp. */
  reserve(stamp: number): void {
    if (stamp > this.#ceiling) this.#ceiling = (Math.floor(stamp / ceilingStep) + 1) * ceilingStep
  }

  /** Adds the ceiling to a batch if the database has a lower one, and returns it. */
  gatherCeiling(batch: Batch): number {
    if (this.#ceiling > this.#ceilingStored) batch.state.set(ceilingKey, numberRow(this.#ceiling))
    return this.#ceiling
  }

  /** Records that the database has this ceiling. */
  stored(ceiling: number): void {
    this.#ceilingStored = ceiling
  }

  /** Gathers marks to keep. */
  record(batch: Batch, marks: ReadonlyArray<Mark>): void {
    for (const mark of marks) {
      this.reserve(mark.stamp)
      keepMark(batch.marks, mark)
    }
  }

  /** Gathers marks to remove, if their stamps are still the given ones. */
  remove(batch: Batch, marks: ReadonlyArray<Mark>): void {
    for (const mark of marks) removeMark(batch.marks, mark)
  }

  /** Reads one turn's marks into `marks`. Returns the last key of a full turn, or `undefined` after the last mark. */
  readSome(from: string | undefined, marks: Array<Mark>): string | undefined {
    let last: string | undefined
    let rows = 0
    const range = { start: from ?? familyStart(""), end: familyEnd(""), exclusiveStart: from !== undefined }
    for (const { key, value } of this.#databases.marks.getRange({ ...range, limit: rowsPerTurnMax })) {
      const mark = parseMark(value)
      if (mark === undefined) throw new Error("a mark is damaged; help: open the tier again, which empties it")
      marks.push(mark)
      last = key
      rows++
    }
    return rows < rowsPerTurnMax ? undefined : last
  }
}
