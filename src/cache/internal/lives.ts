/**
 * Which families a place knew while others were written, so that what a family has kept from before a time in which it
 * was not open is not served.
 *
 * A change drops what derives from it by the manifest that runs. So what a family keeps is only up to date if it was
 * open, made in the same way, whenever one of its sources was. A store keeps a row for each family: how it is made, and
 * the *life* in which it was open last. A life begins with an engine that opens other families than the one before it,
 * or makes one of them in another way; it is named by a stamp. A row is a mark with a scope that means nothing else, so
 * the greatest stamp of it is kept.
 *
 * Not here: engines of another manifest over the place, which do not write its families. A second manifest of one name
 * is refused for as long as the first one lives.
 */
import type { Mark } from "../../store/Store.ts"
import type { Origin } from "../FamilySpec.ts"
import { markName, splitMark } from "./names.ts"

/** A family of the engine that opens. */
export interface Opened {
  readonly name: string
  /** How a store knows it. */
  readonly storeName: string
  readonly origin: Origin
}

interface Row {
  readonly form: string
  readonly life: number
}

const rowStart = "o|"

/** Whether a mark's scope is a row. */
export const isRow = (scope: string): boolean => scope.startsWith(rowStart)

/** What an engine that opens has to do. */
export interface Life {
  /** The families that may hold what was made from a value that has changed since. */
  readonly missed: ReadonlyArray<string>
  /** The rows of a life of this stamp. */
  rows(stamp: number): ReadonlyArray<Mark>
}

export interface Lives {
  /** Undefined where it is that of the engine before. */
  readonly life: Life | undefined
  /** Rows of which a later one is kept. */
  readonly obsolete: ReadonlyArray<Mark>
}

/** Compares the families with the rows that a store keeps of a manifest; `prefix` begins the names of its families. */
export const lifeOf = (
  families: ReadonlyArray<Opened>,
  kept: ReadonlyArray<Mark>,
  prefix: string
): Lives => {
  const marks = new Map<string, Mark>()
  const rows = new Map<string, Row>()
  const obsolete: Array<Mark> = []
  for (const mark of kept) {
    const { familyName, scope } = splitMark(mark.scope)
    if (!isRow(scope) || !familyName.startsWith(prefix)) continue
    const before = marks.get(familyName)
    // Two are there where the form has changed.
    const [later, earlier] = before === undefined || before.stamp < mark.stamp ? [mark, before] : [before, mark]
    marks.set(familyName, later)
    if (earlier !== undefined) obsolete.push(earlier)
  }
  let last = 0
  for (const [familyName, { scope, stamp }] of marks) {
    rows.set(familyName, { form: splitMark(scope).scope.slice(rowStart.length), life: stamp })
    last = Math.max(last, stamp)
  }
  const isOfLast = ({ origin, storeName }: Opened) => {
    const row = rows.get(storeName)
    return row?.life === last && row.form === origin.form
  }
  const ofLast = Array.from(rows.values()).filter(({ life }) => life === last).length
  if (ofLast === families.length && families.every(isOfLast)) return { life: undefined, obsolete }
  const byName = new Map(families.map((family) => [family.name, family]))
  const life: Life = {
    missed: families.filter((family) => hasMissed(family, byName, rows)).map(({ name }) => name),
    rows: (stamp) =>
      families.map(({ origin, storeName }) => ({ scope: markName(storeName, rowStart + origin.form), stamp }))
  }
  return { life, obsolete }
}

// Each life has compared its families with the one before, so the last one in which a source was open tells enough.
const hasMissed = (
  family: Opened,
  byName: ReadonlyMap<string, Opened>,
  rows: ReadonlyMap<string, Row>
): boolean => {
  const chain = new Set([family])
  let last: number | undefined
  for (const name of family.origin.sources()) {
    const source = byName.get(name)!
    if (source === family) continue
    chain.add(source)
    last = Math.max(last ?? 0, rows.get(source.storeName)?.life ?? 0)
  }
  if (last === undefined) return false
  for (const { origin, storeName } of chain) {
    const row = rows.get(storeName)
    if (row?.life !== last || row.form !== origin.form) return true
  }
  return false
}
