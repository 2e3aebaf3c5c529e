/**
 * Hides entries that missed a change while their family was not open.
 *
 * A change drops a key, and what derives from it, by the manifest that runs. So what a family keeps is only up to date
 * if all changes of its keys and of its sources were made by a manifest that knew it as it is. A store keeps a row for
 * each family: its *form*, its options of lifetime, and the *life* in which it was open last. A life begins with an
 * engine that opens other families than the engine before it, or one of them in another way; it is named by a stamp. A
 * row is a mark with a scope that means nothing else, so the greatest stamp of it is kept.
 *
 * What is kept of a family is hidden when it is opened
 *
 * - if its form has changed: its pattern, the codecs of its parameters, the families inside it, its sources. Then a key
 *   means something else, or another family has written it meanwhile. A family that only memory keeps has another form
 *   than one that is kept below: its changes reach no tier.
 * - if it *moved*: while it was not open, another family had keys of its pattern. The life in which that is so says it
 *   in the row.
 * - if it derives from others, unless it and all its sources were open in the last life of these sources, in their form
 *   of today, and none of them ends earlier by its options of today.
 *
 * A family that was not open meanwhile, and of which none of this is true, keeps its entries.
 *
 * Not here: engines of another manifest over the place, which do not write its families; and releases that do not open
 * the place. A second manifest of one name is refused for as long as the first one lives.
 */
import * as Result from "effect/Result"
import { overlaps, parsePattern } from "../../../pattern/KeyPattern.ts"
import type { Mark } from "../../../store/Store.ts"
import {
  type Limit,
  type LimitedOption,
  limitedOptions,
  type Limits,
  needed,
  noLimits,
  withLimit
} from "../../internal/family/limits.ts"
import { scopeOf, splitScope } from "../../internal/family/names.ts"
import type { Origin } from "../../shared/origin.ts"
import { isOfSession } from "./sessions.ts"

/** A family of the engine that is being opened. */
export interface Opened extends Lifetimes {
  readonly name: string
  /** The name of the family in a store. */
  readonly storeName: string
  readonly pattern: string
  readonly origin: Origin
  /**
   * What of it the tiers below memory keep: nothing, its live values (it has no codec, and a tier that keeps bytes does
   * not have it), or their bytes.
   */
  readonly below: "nothing" | "values" | "bytes"
}

/** Options in milliseconds; `Infinity` means without an end. */
type Lifetimes = { readonly [Option in LimitedOption]: number }

interface Row extends Lifetimes {
  /** Empty if the family has moved. */
  readonly form: string
  readonly pattern: string
  readonly life: number
}

interface Kept {
  readonly rows: ReadonlyMap<string, Row>
  readonly limits: ReadonlyMap<string, Limits>
  /** Marks that other marks make unnecessary. */
  readonly obsolete: ReadonlyArray<Mark>
}

const rowStart = "o|"
const limitStart = "l|"

/** Whether what is marked is a row, a limit, or the name of a session. */
export const isOfLives = (marked: string): boolean =>
  marked.startsWith(rowStart) || marked.startsWith(limitStart) || isOfSession(marked)

/** What an engine has to do when it opens. */
export interface Life {
  /** The families that may hold entries made from a value that has changed since. */
  readonly missed: ReadonlyArray<string>
  /** Rows and limits, which the store has to keep. */
  readonly rows: ReadonlyArray<Mark>
}

export interface Lives {
  /** The life that begins; `undefined` if the life of the engine before goes on, because nothing has changed. */
  readonly life: Life | undefined
  /** The limits of each family, by its name in the store. */
  readonly limits: ReadonlyMap<string, Limits>
  /** Marks that a later one replaces. */
  readonly obsolete: ReadonlyArray<Mark>
  /** Whether the store has rows of the manifest from before. */
  readonly isKnown: boolean
}

/**
 * Compares the families with the rows that a store keeps of a manifest; `prefix` begins the names of its families. A
 * life that begins takes its stamp.
 */
export const lifeOf = (
  families: ReadonlyArray<Opened>,
  marks: ReadonlyArray<Mark>,
  prefix: string,
  nextStamp: () => number
): Lives => {
  const { limits, obsolete, rows } = read(marks, prefix)
  const isKnown = rows.size > 0
  const last = Math.max(0, ...Array.from(rows.values(), ({ life }) => life))
  const isOfLast = (family: Opened) => {
    const row = rows.get(family.storeName)
    return row?.life === last && isAs(family, row) && limitedOptions.every((option) => family[option] === row[option])
  }
  const ofLast = Array.from(rows.values()).filter(({ form, life }) => life === last && form !== "").length
  if (ofLast === families.length && families.every(isOfLast)) return { life: undefined, limits, obsolete, isKnown }
  const stamp = nextStamp()
  const byName = new Map(families.map((family) => [family.name, family]))
  const later = new Map(limits)
  const written: Array<Mark> = []
  for (const family of families) {
    const { storeName } = family
    written.push({ scope: scopeOf(storeName, rowStart + writeRow(family)), stamp })
    const row = rows.get(storeName)
    for (const option of row === undefined ? [] : limitedOptions.filter((one) => family[one] < row[one])) {
      const known = later.get(storeName) ?? noLimits
      const all = withLimit(known[option], { before: stamp, millis: family[option] })
      later.set(storeName, { ...known, [option]: all })
      written.push(...all.map(({ before, millis }) => ({ scope: limitName(storeName, option, millis), stamp: before })))
    }
  }
  for (const storeName of movedIn(rows, families)) written.push({ scope: scopeOf(storeName, rowStart), stamp })
  const missed = families.filter((family) => hasMissed(family, byName, rows)).map(({ name }) => name)
  return { life: { missed, rows: written }, limits: later, obsolete, isKnown }
}

// --- rows and limits as a store keeps them ------------------------------------------------------

const read = (marks: ReadonlyArray<Mark>, prefix: string): Kept => {
  const rows = new Map<string, Row>()
  const rowMarks = new Map<string, Mark>()
  const limitMarks = new Map<string, Array<LimitMark>>()
  const obsolete: Array<Mark> = []
  for (const mark of marks) {
    const { familyName, marked } = splitScope(mark.scope)
    if (!familyName.startsWith(prefix)) continue
    if (marked.startsWith(limitStart)) {
      const [option, millis] = marked.slice(limitStart.length).split("|")
      const known = limitMarks.get(familyName) ?? []
      limitMarks.set(familyName, known)
      known.push([option as LimitedOption, { before: mark.stamp, millis: Number(millis) }, mark])
    }
    if (!marked.startsWith(rowStart)) continue
    const before = rowMarks.get(familyName)
    // A row that has changed has two marks, until the earlier one is removed.
    const [later, earlier] = before === undefined || before.stamp < mark.stamp ? [mark, before] : [before, mark]
    rowMarks.set(familyName, later)
    if (earlier !== undefined) obsolete.push(earlier)
  }
  for (const [familyName, { scope, stamp }] of rowMarks) {
    rows.set(familyName, readRow(splitScope(scope).marked.slice(rowStart.length), stamp))
  }
  const { limits, unneeded } = limitsOf(limitMarks)
  return { rows, limits, obsolete: [...obsolete, ...unneeded] }
}

type LimitMark = readonly [option: LimitedOption, limit: Limit, mark: Mark]

/** The limits of each family, and the marks of those that others make unnecessary. */
const limitsOf = (limitMarks: ReadonlyMap<string, ReadonlyArray<LimitMark>>) => {
  const limits = new Map<string, Limits>()
  const unneeded: Array<Mark> = []
  for (const [familyName, all] of limitMarks) {
    let known = noLimits
    for (const option of limitedOptions) {
      const own = all.filter(([of]) => of === option)
      const kept = needed(own.map(([, limit]) => limit))
      known = { ...known, [option]: kept }
      for (const [, limit, mark] of own) if (!kept.includes(limit)) unneeded.push(mark)
    }
    limits.set(familyName, known)
  }
  return { limits, unneeded }
}

const limitName = (storeName: string, option: LimitedOption, millis: number): string =>
  scopeOf(storeName, `${limitStart}${option}|${millis}`)

/** What makes the keys and values of a family mean something else, or be written by others, when it changes. */
const formOf = ({ below, origin, pattern }: Opened): Form => [below, pattern, origin.form]

type Form = readonly [below: string, pattern: string, origin: string]

const isAs = (family: Opened, { form }: Row): boolean => form === JSON.stringify(formOf(family))

// JSON has no `Infinity`.
const timeOf = (millis: number) => millis === Infinity ? "never" : millis
const millisOf = (time: number | "never") => time === "never" ? Infinity : time

const writeRow = (of: Opened): string =>
  JSON.stringify([...formOf(of), timeOf(of.timeToLive), timeOf(of.idleTimeToLive)])

const moved: Omit<Row, "life"> = { form: "", pattern: "", timeToLive: Infinity, idleTimeToLive: Infinity }

// A row in the form of another version of the library says as little as the row of a family that has moved.
const partsOf = (written: string): ReadonlyArray<any> => {
  try {
    const parts: unknown = JSON.parse(written)
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}

const readRow = (written: string, life: number): Row => {
  const [below, pattern, origin, timeToLive, idleTimeToLive] = partsOf(written)
  if (pattern === undefined) return { ...moved, life }
  const form = JSON.stringify([below, pattern, origin])
  return { form, pattern, timeToLive: millisOf(timeToLive), idleTimeToLive: millisOf(idleTimeToLive), life }
}

// --- what was missed ----------------------------------------------------------------------------

/** The families that are not open, and of whose keys an open family has some now. */
const movedIn = (rows: ReadonlyMap<string, Row>, families: ReadonlyArray<Opened>): ReadonlyArray<string> => {
  const names = new Set(families.map(({ storeName }) => storeName))
  const closed = Array.from(rows).filter(([storeName, { form }]) => form !== "" && !names.has(storeName))
  if (closed.length === 0) return []
  const patterns = families.flatMap(({ pattern }) => parsed(pattern))
  return closed.flatMap(([storeName, { pattern }]) =>
    parsed(pattern).some((own) => patterns.some((other) => overlaps(own, other))) ? [storeName] : []
  )
}

// An engine without a manifest may call its families as it likes.
const parsed = (pattern: string) =>
  Result.match(parsePattern(pattern), { onSuccess: (one) => [one], onFailure: () => [] })

// Each life has compared its families with the one before, so the last one in which a source was open tells enough.
const hasMissed = (
  family: Opened,
  byName: ReadonlyMap<string, Opened>,
  rows: ReadonlyMap<string, Row>
): boolean => {
  const own = rows.get(family.storeName)
  if (own !== undefined && !isAs(family, own)) return true
  const chain = new Set([family])
  let last: number | undefined
  for (const name of family.origin.sources()) {
    const source = byName.get(name)!
    if (source === family) continue
    chain.add(source)
    last = Math.max(last ?? 0, rows.get(source.storeName)?.life ?? 0)
  }
  if (last === undefined) return false
  for (const each of chain) {
    const row = rows.get(each.storeName)
    if (row?.life !== last || !isAs(each, row)) return true
    // What was made from it may be fresh for as long as its source was to be.
    if (each !== family && limitedOptions.some((option) => each[option] < row[option])) return true
  }
  return false
}
