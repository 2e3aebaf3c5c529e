/**
 * The table of the holders of a folder, as files beside the data file. It is read and changed before the driver is
 * called: the driver waits for locks, and no other file of the folder may be read without it.
 *
 * - The folder `holders` has successive editions of the table, each in its own folder, named by its number. The highest
 *   edition is valid. A change renames the next edition into its place. That fails when the edition exists, so of two
 *   processes that come at the same instant one gets the number, and the other reads again.
 * - The previous edition stays, so that a process that lists the folder finds a recent one. A slow process may take a
 *   number that was removed meanwhile; it sees a higher one, and removes its own.
 * - A holder of the same data file with another lock file, or the other way round, keeps every other process out: one
 *   of the two was removed or replaced under it.
 * - A namespace has one holder, and all holders are threads of one process: a process that opens the environment while
 *   another one commits may take back what that one has committed (ITS#9496 of LMDB).
 * - An edition is complete before it gets its name. An unreadable edition was damaged by hand, or by a crash of the
 *   machine, which no process survives: it counts as an edition without rows.
 * - A row whose holder has ended was left by a crash. The file `unexamined` says so until the data file was examined.
 * - A change removes each beat that does not belong to its rows. A holder that was only stopped, or whose row was lost,
 *   thus learns that it does not hold any more.
 */
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import {
  type Files,
  type Holder,
  isAlive,
  isOfProcess,
  isOwn,
  makeHolder,
  monotonicMillis,
  tableOf
} from "./lmdbHolder.ts"
import { seal, unseal } from "./lmdbRecord.ts"

/** A namespace that this thread holds. */
export interface Claim {
  /** Whether no other thread holds a namespace of the folder. */
  readonly isAlone: boolean
  /**
   * Whether a holder ended without giving the folder back, and the file was not examined since. Only if no holder is
   * left, since a file that changes cannot be examined.
   */
  readonly isUnexamined: boolean
  /** The file was examined, and is whole. */
  readonly examined: () => void
  /** False after another process has taken the folder, or a user has released it by hand. */
  readonly isHeld: () => boolean
  /** Renews the sign that the holder lives. */
  readonly beat: () => void
  readonly release: () => void
}

/** Bounds how often other processes may overtake a change of the table. */
const triesMax = 1_000

/** Marks a folder that a holder has left without giving it back. */
const unexaminedName = "unexamined"

interface Edition {
  readonly number: number
  readonly holders: ReadonlyArray<Holder>
  /** All beats that existed when it was the latest edition: so none of them belongs to a later one. */
  readonly beats: ReadonlyArray<string>
}

/** Takes a namespace of the folder, or returns its holder. */
export const take = (
  folder: string,
  namespace: string,
  files: Files,
  nowMillis: number
): { readonly claim: Claim } | { readonly other: Holder } => {
  const table = tableOf(folder)
  const { holder, release } = makeHolder(folder, namespace, files, nowMillis)
  try {
    for (let tries = 0; tries < triesMax; tries++) {
      const edition = read(table)
      const living = livingIn(table, edition, files)
      const others = living.filter((living) => !isOwn(living))
      const other = living.find((living) => isTorn(living, files)) ??
        others.find((other) => other.namespace === namespace || !isOfProcess(other))
      if (other !== undefined) {
        release()
        return { other }
      }
      // This thread's own row of the same namespace is from an opening that could not be closed.
      const rest = living.filter((living) => living.namespace !== namespace)
      const mark = Path.join(table, unexaminedName)
      // Before the rows that say so are gone.
      if (living.length < edition.holders.length) Fs.writeFileSync(mark, "")
      if (!publish(table, edition, [...rest, holder])) continue
      const beat = makeBeat(Path.join(table, holder.beat))
      const free = () => {
        beat.end()
        release()
        withdraw(table, holder)
      }
      return {
        claim: {
          isAlone: others.length === 0,
          isUnexamined: living.length === 0 && Fs.existsSync(mark),
          examined: () => discard(mark),
          isHeld: beat.isHeld,
          beat: beat.beat,
          release: free
        }
      }
    }
    throw new Error(`${table} was changed by others at each of ${triesMax} tries`)
  } catch (error) {
    release()
    withdraw(table, holder)
    throw error
  }
}

const withdraw = (table: string, { beat, lock, of }: Holder): void => {
  try {
    for (let tries = 0; tries < triesMax && Fs.existsSync(table); tries++) {
      const edition = read(table)
      if (!edition.holders.some((holder) => holder.beat === beat)) return
      if (
        publish(
          table,
          edition,
          livingIn(table, edition, { data: of, lock }).filter((holder) => holder.beat !== beat)
        )
      ) return
    }
  } catch {
    // The disk is full. The next process finds that this one has ended, or it is this one.
  }
}

const livingIn = (table: string, { holders }: Edition, { data, lock }: Files): ReadonlyArray<Holder> =>
  holders.filter((holder) =>
    (holder.of === data || holder.lock === lock) &&
    isAlive(Path.dirname(table), holder, lastBeat(table, holder))
  )

// Such a holder and this thread would write one file under two locks, or two files under one lock.
const isTorn = (holder: Holder, { data, lock }: Files): boolean => (holder.of === data) !== (holder.lock === lock)

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
  throw new Error(`${table} was changed by others at each of ${triesMax} tries`)
}

const makeTable = (table: string): void => {
  try {
    Fs.mkdirSync(table)
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
    if (Fs.statSync(table).isDirectory()) return
    throw new Error(`${table} is a file, but must be a folder; help: delete it`, { cause: error })
  }
}

const readRows = (file: string): Uint8Array | undefined => {
  try {
    return Fs.readFileSync(file)
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(codeOf(error) ?? "")) return undefined
    const table = Path.dirname(Path.dirname(file))
    const help = `delete ${table} once no process uses the folder`
    throw new Error(`${file} cannot be read: ${codeOf(error)}; help: ${help}`, { cause: error })
  }
}

// Damage is from before a crash of the machine, which no process survived.
const parse = (rows: Uint8Array): ReadonlyArray<Holder> => {
  const payload = unseal(rows)
  return payload === undefined ? [] : JSON.parse(payload.toString()) as ReadonlyArray<Holder>
}

/** Makes the next edition; returns `false` when another process has made it meanwhile. */
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

// Of constant length, so that it is overwritten in one step.
const beatText = (): string => String(monotonicMillis()).padStart(16, "0")

/** The beat of a holder, in a file that stays open, so that no other file has its inode. */
const makeBeat = (file: string) => {
  const handle = Fs.openSync(file, "wx")
  const beat = () => {
    try {
      Fs.writeSync(handle, beatText(), 0)
    } catch {
      // The disk is full. A holder that lost the folder by it finds that out before the next commit.
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
