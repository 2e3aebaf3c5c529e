/**
 * Who holds a namespace of a folder: one process, and in it one thread.
 *
 * Entries are judged by a counter of invalidations that lives in the holder, so a second one would serve what the first
 * has invalidated. The holder's row lies in the folder itself (`lmdbHolders`).
 *
 * A row outlives a holder that was killed. Whether the holder lives is asked of the operating system:
 *
 * - A row of another data file is nobody's: it came with a copy of the folder, or its file was removed.
 * - The same boot and the same pid namespace: the process of that number lives, is no zombie, and began when the row
 *   says. So a number that was given to another process is not taken for the holder, and a process that is stopped
 *   still holds. Where the system does not tell when a process began, its number alone decides.
 * - The same boot and another pid namespace (two containers on one machine): the system tells nothing of the other's
 *   processes. So each holder renews a beat, and one that was silent for 30 seconds is gone. It may have been stopped
 *   for so long, so it looks whether it still holds before and after each commit.
 * - Another boot: the holder is gone. A folder belongs to one machine at a time; LMDB does not work over a network.
 * - This process, whichever thread: it lives as long as a file that it holds open. Numbers of files and inodes are
 *   given again at once, so the file holds a word of its own, and only a file with that word is taken for it. So the
 *   program before does not hold either, once a process runs another (`execve`); to other processes it still does.
 */
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import { hostname } from "node:os"
import * as Path from "node:path"
import { threadId } from "node:worker_threads"

/** A holder as its row says. What the system does not tell is absent. */
export interface Holder {
  /** Of the module's registry: all that one thread opens is held by one. */
  readonly token: string
  readonly namespace: string
  /** The data file that it holds, by device and inode. */
  readonly of: string
  /** The name of the file that holds its latest beat, and the first one. */
  readonly beat: string
  readonly beganMillis: number
  readonly pid: number
  readonly thread: number
  readonly host: string
  readonly sinceMillis: number
  readonly boot?: string | undefined
  readonly space?: string | undefined
  readonly startTicks?: string | undefined
  /** A file that the thread keeps open, and what is in it. */
  readonly sign: Sign
}

interface Sign {
  readonly handle: number
  readonly word: string
}

const token = randomUUID()

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

/** Whether a process runs, and when it began, in ticks since the boot, where the system tells. */
const processOf = (pid: number): { readonly isAlive: boolean; readonly startTicks?: string | undefined } => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // One that may not be asked runs all the same.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return { isAlive: false }
  }
  // After the name, in parentheses, that may hold anything: the state, and nineteen fields later the start.
  const fields = readText(`/proc/${pid}/stat`)?.replace(/^.*\) /s, "").split(" ")
  if (fields === undefined) return { isAlive: true }
  return { isAlive: fields[0] !== "Z" && fields[0] !== "X", startTicks: fields[19] }
}

const boot = readText("/proc/sys/kernel/random/boot_id")
const space = readLink("/proc/self/ns/pid")

/** How often a holder says that it lives. */
export const beatMillis = 5_000

/** How long one of another pid namespace is believed to live without a beat. */
export const silenceMillisMax = 30_000

/** By a clock that all processes of a boot share, and that nobody sets. */
export const monotonicMillis = (): number => Number(process.hrtime.bigint() / 1_000_000n)

/** This thread, as a holder of a namespace; `release` gives back what says that it lives. */
export const makeHolder = (folder: string, namespace: string, of: string, nowMillis: number): {
  readonly holder: Holder
  readonly release: () => void
} => {
  const { release, sign } = giveSign(folder)
  const { startTicks } = processOf(process.pid)
  return {
    holder: {
      token,
      namespace,
      of,
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

// Node closes what a thread has opened when the thread ends, however it does. The file loses its name at once, so no
// other handle of the process is of it.
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
    // By now the number may be a socket's, of which nothing may be read.
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

/** Whether the holder is in another pid namespace, of which nothing can be asked. */
export const isForeign = (holder: Holder): boolean => holder.space !== space

/** Whether a holder still runs, that was last heard of at `beat` of the clock above. */
export const isAlive = (holder: Holder, beat: number): boolean => {
  if (holder.boot !== boot) return false
  if (isForeign(holder)) return monotonicMillis() - beat <= silenceMillisMax
  const { isAlive, startTicks } = processOf(holder.pid)
  if (!isAlive || startTicks !== holder.startTicks) return false
  return holder.pid !== process.pid || isSigned(holder.sign)
}
