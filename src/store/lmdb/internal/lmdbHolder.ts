/**
 * The holder of a namespace of a folder: one thread of the process that has the folder.
 *
 * A counter of invalidations in the holder decides whether entries are valid, so a second holder would serve what the
 * first has invalidated. The holder's row lies in the folder itself (`lmdbHolders`).
 *
 * A row outlives a holder that was killed. The operating system shows whether the holder lives:
 *
 * - A row of another data file and another lock file has no holder here: it came with a copy of the folder, or its
 *   files were removed.
 * - With the same boot and the same pid namespace, the holder lives if the process of that number runs, is not a
 *   zombie, and began when the row says. So a number that was given to another process does not count as the holder,
 *   and a stopped process still holds. Where the system does not show when a process began, its number alone decides.
 * - With the same boot and another pid namespace (two containers on one machine), the system does not show the
 *   processes of the other container. So each holder renews a beat, and a holder that was silent for 30 seconds is
 *   gone, unless the lock file shows that it still has the folder open (`lmdbReaders`). Where the lock file shows
 *   nothing, a holder that was stopped loses the folder, so it checks before and after each commit whether it still
 *   holds.
 * - With another boot, the holder is gone. A folder belongs to one machine at a time; LMDB does not work over a
 *   network.
 * - In this process, on any thread, a holder lives as long as a file that it keeps open. The system soon reuses numbers
 *   of files and inodes, so the file contains a unique word, and only a file with that word counts. So after a process
 *   runs another program (`execve`), the earlier program does not hold any more for the process itself; for others it
 *   still does.
 */
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import { hostname } from "node:os"
import * as Path from "node:path"
import { threadId } from "node:worker_threads"
import { isReader } from "./lmdbReaders.ts"

/** The two files of an environment, each by device and inode. */
export interface Files {
  readonly data: string
  readonly lock: string
}

/** A holder, as its row describes it. Facts that the system does not show are absent. */
export interface Holder {
  /** From the module's registry: one token for everything that a thread opens. */
  readonly token: string
  readonly namespace: string
  /** The data file that it holds, by device and inode. */
  readonly of: string
  /** The lock file, by device and inode. */
  readonly lock: string
  /** The name of the file with its latest beat; `beganMillis` is the first beat. */
  readonly beat: string
  readonly beganMillis: number
  readonly pid: number
  readonly thread: number
  readonly host: string
  readonly sinceMillis: number
  readonly boot?: string | undefined
  readonly space?: string | undefined
  readonly startTicks?: string | undefined
  /** A file that the thread keeps open, and its content. */
  readonly sign: Sign
}

interface Sign {
  readonly handle: number
  readonly word: string
}

const token = randomUUID()

/** The folder of the table of holders. Deleting it releases every namespace. */
export const tableOf = (folder: string): string => Path.join(folder, "holders")

const readText = (file: string): string | undefined => {
  try {
    return Fs.readFileSync(file, "latin1").trim()
  } catch {
    return undefined
  }
}

const readLink = (file: string): string | undefined => {
  try {
    return Fs.readlinkSync(file)
  } catch {
    return undefined
  }
}

/** Whether a process runs, and when it began, in ticks since the boot, if the system shows it. */
const processOf = (pid: number): { readonly isAlive: boolean; readonly startTicks?: string | undefined } => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // A process that may not be signalled runs, too.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return { isAlive: false }
  }
  // The fields follow the name in parentheses, which may hold anything: first the state, nineteen fields later the
  // start.
  const fields = readText(`/proc/${pid}/stat`)?.replace(/^.*\) /s, "").split(" ")
  if (fields === undefined) return { isAlive: true }
  return { isAlive: fields[0] !== "Z" && fields[0] !== "X", startTicks: fields[19] }
}

const boot = readText("/proc/sys/kernel/random/boot_id")
const space = readLink("/proc/self/ns/pid")

/** How often a holder renews its beat. */
export const beatMillis = 5_000

/** After this much silence, a holder in another pid namespace counts as gone, unless its lock shows that it lives. */
export const silenceMillisMax = 30_000

/** The time of a clock that all processes of a boot share, and that cannot be set. */
export const monotonicMillis = (): number => Number(process.hrtime.bigint() / 1_000_000n)

/** Makes this thread a holder of a namespace; `release` closes the file that shows that it lives. */
export const makeHolder = (folder: string, namespace: string, { data, lock }: Files, nowMillis: number): {
  readonly holder: Holder
  readonly release: () => void
} => {
  const { release, sign } = giveSign(folder)
  const { startTicks } = processOf(process.pid)
  return {
    holder: {
      token,
      namespace,
      of: data,
      lock,
      beat: `beat-${randomUUID()}`,
      beganMillis: monotonicMillis(),
      pid: process.pid,
      thread: threadId,
      host: hostname(),
      sinceMillis: nowMillis,
      boot,
      space,
      startTicks,
      sign
    },
    release
  }
}

// Node closes the files of a thread when the thread ends, for any reason. The file loses its name at once, so no other
// handle of the process leads to it.
const giveSign = (folder: string): { readonly sign: Sign; readonly release: () => void } => {
  const word = randomUUID()
  const name = Path.join(folder, `thread-${word}`)
  const handle = Fs.openSync(name, "wx+")
  try {
    Fs.writeSync(handle, word, 0)
  } catch (error) {
    Fs.closeSync(handle)
    throw error
  } finally {
    Fs.rmSync(name, { force: true })
  }
  return { sign: { handle, word }, release: () => Fs.closeSync(handle) }
}

const isSigned = ({ handle, word }: Sign): boolean => {
  try {
    // By now the number may be that of a socket, which must not be read.
    if (!Fs.fstatSync(handle).isFile()) return false
    const found = Buffer.alloc(word.length)
    Fs.readSync(handle, found, 0, word.length, 0)
    return found.toString("latin1") === word
  } catch {
    return false
  }
}

/** Whether the row is this thread's own. */
export const isOwn = (holder: Holder): boolean => holder.token === token

/** Whether the holder is a thread of this process. Two containers may both use its number. */
export const isOfProcess = (holder: Holder): boolean => holder.pid === process.pid && !isForeign(holder)

/** Whether the holder is in another pid namespace, whose processes the system does not show. */
export const isForeign = (holder: Holder): boolean => holder.space !== space

/** Whether a holder of the folder still runs. `beat` is the time of its last beat, by the clock above. */
export const isAlive = (folder: string, holder: Holder, beat: number): boolean => {
  if (holder.boot !== boot) return false
  if (isForeign(holder)) {
    const file = Path.join(tableOf(folder), holder.beat)
    return monotonicMillis() - beat <= silenceMillisMax || isReader(folder, holder.pid, { file, millis: beat }) === true
  }
  const { isAlive, startTicks } = processOf(holder.pid)
  if (!isAlive || startTicks !== holder.startTicks) return false
  return holder.pid !== process.pid || isSigned(holder.sign)
}
