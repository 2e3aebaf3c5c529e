/**
 * Who holds the namespaces of a folder, as files beside the data file: read and changed before the driver is asked, for
 * the driver waits for locks, and no other file of the folder may be read without it.
 *
 * - The folder `holders` has one edition of the table after the other, each a folder of its own, named by its number.
 *   The highest one holds. A change is the next edition, renamed into its place: that fails when there is one, so of
 *   two that come at the same instant one gets the number, and the other looks again.
 * - The edition before stays, so that who lists the folder finds one that is not far behind. One who is late and takes
 *   a number that was removed meanwhile sees a higher one, and takes it back.
 * - A namespace has one holder. All holders are of one pid namespace: LMDB tells its readers by the numbers of their
 *   processes, which two containers give twice.
 * - An edition is complete before it gets its name. One that cannot be read was damaged by a crash of the machine, of
 *   which nothing runs, or by hand: it counts as one without rows.
 * - A change removes each beat that is not of its rows, and thereby tells a holder that was only stopped, or whose row
 *   was lost, that it does not hold.
 */
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { type Holder, isAlive, isForeign, isOwn, makeHolder, monotonicMillis } from "./lmdbHolder.ts"
import { seal, unseal } from "./lmdbRecord.ts"

/** A namespace that this thread holds. */
export interface Claim {
  /** Nobody else holds a namespace of the folder. */
  readonly isAlone: boolean
  /** False once another one has taken the folder, or a user has given it away by hand. */
  readonly isHeld: () => boolean
  /** Says that the holder lives. */
  readonly beat: () => void
  readonly release: () => void
}

/** Bounds how often one that changes the table is overtaken by others who do. */
const triesMax = 1_000

/** The folder of the table: to delete it gives away all that is held. */
export const tableOf = (folder: string): string => Path.join(folder, "holders")

interface Edition {
  readonly number: number
  readonly holders: ReadonlyArray<Holder>
  /** All that were there when it was the latest: so none is of a later one. */
  readonly beats: ReadonlyArray<string>
}

/** Takes a namespace of the folder whose data file is `of`, or answers with who holds it. */
export const take = (
  folder: string,
  namespace: string,
  of: string,
  nowMillis: number
): { readonly claim: Claim } | { readonly other: Holder } => {
  const table = tableOf(folder)
  const { holder, release } = makeHolder(folder, namespace, of, nowMillis)
  try {
    for (let tries = 0; tries < triesMax; tries++) {
      const edition = read(table)
      const living = livingIn(table, edition, of)
      const others = living.filter((living) => !isOwn(living))
      const other = others.find((other) => other.namespace === namespace || isForeign(other))
      if (other !== undefined) {
        release()
        return { other }
      }
      // One's own row of the same namespace is from an opening that could not be closed.
      const rest = living.filter((living) => living.namespace !== namespace)
      if (!publish(table, edition, [...rest, holder])) continue
      const beat = makeBeat(Path.join(table, holder.beat))
      const free = () => {
        beat.end()
        release()
        withdraw(table, holder)
      }
      return { claim: { isAlone: others.length === 0, isHeld: beat.isHeld, beat: beat.beat, release: free } }
    }
    throw new Error(`${table} changes all the time`)
  } catch (error) {
    release()
    withdraw(table, holder)
    throw error
  }
}

const withdraw = (table: string, { beat, of }: Holder): void => {
  try {
    for (let tries = 0; tries < triesMax && Fs.existsSync(table); tries++) {
      const edition = read(table)
      if (!edition.holders.some((holder) => holder.beat === beat)) return
      if (publish(table, edition, livingIn(table, edition, of).filter((holder) => holder.beat !== beat))) return
    }
  } catch {
    // A full disk: whoever comes next finds that this process has ended, or is this one.
  }
}

const livingIn = (table: string, { holders }: Edition, of: string): ReadonlyArray<Holder> =>
  holders.filter((holder) => holder.of === of && isAlive(holder, lastBeat(table, holder)))

const numberOf = (name: string): number => /^\d{1,15}$/.test(name) ? Number(name) : 0

const highest = (names: ReadonlyArray<string>): number =>
  names.reduce((highest, name) => Math.max(highest, numberOf(name)), 0)

const latest = (table: string): number => highest(Fs.readdirSync(table))

const read = (table: string): Edition => {
  for (let tries = 0; tries < triesMax; tries++) {
    makeTable(table)
    const names = Fs.readdirSync(table)
    const number = highest(names)
    const beats = names.filter((name) => name.startsWith("beat-"))
    if (number === 0) return { number, holders: [], beats }
    const rows = readRows(Path.join(table, String(number), "rows"))
    if (rows !== undefined) return { number, holders: parse(rows), beats }
    // Either a later edition has taken its place, or it has none.
    if (latest(table) === number) return { number, holders: [], beats }
  }
  throw new Error(`${table} changes all the time`)
}

const makeTable = (table: string): void => {
  try {
    Fs.mkdirSync(table)
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
    if (Fs.statSync(table).isDirectory()) return
    throw new Error(`${table} is a file, and must be a folder; delete it`, { cause: error })
  }
}

const readRows = (file: string): Uint8Array | undefined => {
  try {
    return Fs.readFileSync(file)
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(codeOf(error) ?? "")) return undefined
    const table = Path.dirname(Path.dirname(file))
    const help = `delete ${table} once no process uses the folder`
    throw new Error(`${file} cannot be read: ${codeOf(error)}; ${help}`, { cause: error })
  }
}

// What is damaged was written before a crash of the machine: then nobody of it runs.
const parse = (rows: Uint8Array): ReadonlyArray<Holder> => {
  const payload = unseal(rows)
  return payload === undefined ? [] : JSON.parse(payload.toString()) as ReadonlyArray<Holder>
}

/** Makes the next edition; `false` when another one has been made meanwhile. */
const publish = (table: string, before: Edition, holders: ReadonlyArray<Holder>): boolean => {
  const number = before.number + 1
  const place = Path.join(table, String(number))
  const draft = Path.join(table, `${number}-${randomUUID()}`)
  try {
    Fs.mkdirSync(draft)
    Fs.writeFileSync(Path.join(draft, "rows"), seal(Buffer.from(JSON.stringify(holders))))
    Fs.renameSync(draft, place)
  } catch (error) {
    discard(draft)
    if (codeOf(error) === "ENOENT" || Fs.existsSync(place)) return false
    throw error
  }
  if (latest(table) !== number) {
    discard(place)
    return false
  }
  for (const name of Fs.readdirSync(table)) {
    if (/^\d/.test(name) && Number.parseInt(name) < before.number) discard(Path.join(table, name))
  }
  const kept = new Set(holders.map(({ beat }) => beat))
  for (const beat of before.beats) if (!kept.has(beat)) discard(Path.join(table, beat))
  return true
}

const discard = (path: string): void => Fs.rmSync(path, { recursive: true, force: true })

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error ? String(error.code) : undefined

// Of one length, so that it is overwritten in one step.
const beatText = (): string => String(monotonicMillis()).padStart(16, "0")

/** The beat of a holder, in a file that stays open, so that no other file has its inode. */
const makeBeat = (file: string) => {
  const handle = Fs.openSync(file, "wx")
  const beat = () => {
    try {
      Fs.writeSync(handle, beatText(), 0)
    } catch {
      // A full disk. Who has lost the folder by it finds that out before the next commit.
    }
  }
  beat()
  const { ino } = Fs.fstatSync(handle, { bigint: true })
  return {
    isHeld: () => Fs.statSync(file, { bigint: true, throwIfNoEntry: false })?.ino === ino,
    beat,
    end: () => Fs.closeSync(handle)
  }
}

const lastBeat = (table: string, { beat, beganMillis }: Holder): number => {
  try {
    return Math.max(beganMillis, Number(Fs.readFileSync(Path.join(table, beat), "latin1")))
  } catch {
    return beganMillis
  }
}
