/**
 * Keeps commits and openings of one LMDB folder apart, over all its processes.
 *
 * When a process opens an environment, the driver (lmdb 3.5) writes the number of the last transaction into memory that
 * all processes share. It has read that number before, so a commit in between is lost, or every later commit fails. No
 * option avoids this. So no process commits while another one opens.
 *
 * - Each process is a member: a file whose first byte says whether it commits. Before a commit, it sets the byte, and
 *   then looks for an opening; if there is one, it clears the byte and waits. An opening is announced, and then waits
 *   until no living member commits. Whichever came first, one of the two sees the other.
 * - One process opens or closes at a time: the last one to close destroys the locks that an opening one waits for.
 * - A process that was killed counts for nothing. One that was stopped within a commit makes an opening fail after
 *   `waitMillisMax`, and never an opening go on.
 * - A commit without an opening costs one write of a byte, and one look for a file, before and after.
 */
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { type Holder, isAlive, makeHolder } from "../../../src/store/lmdb/internal/lmdbHolder.ts"
import { take } from "../../../src/store/lmdb/internal/lmdbHolders.ts"

const committing = "1"
const idle = "0"
const pauseMillis = 1

/** How long an opening waits for commits and for other openings. */
const waitMillisMax = 10_000

/** A process that has the folder open. */
export interface Member {
  /** Runs a commit while no process opens the folder. */
  readonly commit: <A>(run: () => Promise<A>) => Promise<A>
  /** Closes the folder for this process. */
  readonly leave: (close: () => Promise<void>) => Promise<void>
}

/** Opens the folder by `open`, while no process commits; `open` may commit. */
export const enter = async <A>(
  folder: string,
  open: () => A
): Promise<{ readonly opened: A; readonly member: Member }> => {
  const gate = Path.join(folder, "gate")
  Fs.mkdirSync(Path.join(gate, "members"), { recursive: true })
  const me = makeHolder(gate, "gate", files, Date.now())
  const leaveTurn = await turn(gate)
  try {
    const opening = openingOf(gate)
    const draft = `${opening}-${randomUUID()}`
    Fs.writeFileSync(draft, JSON.stringify(me.holder))
    Fs.renameSync(draft, opening)
    try {
      await until(() => !aProcessCommits(gate), "a process is within a commit, and does not go on")
      const opened = open()
      return { opened, member: join(gate, me) }
    } finally {
      Fs.rmSync(opening, { force: true })
    }
  } catch (error) {
    me.release()
    throw error
  } finally {
    leaveTurn()
  }
}

const files = { data: "gate", lock: "gate" }
const openingOf = (gate: string) => Path.join(gate, "opening")

/** Waits for the turn to open or to close; returns what ends it. */
const turn = async (gate: string): Promise<() => void> => {
  let taken = take(gate, "turn", files, Date.now())
  await until(() => {
    if (!("claim" in taken)) taken = take(gate, "turn", files, Date.now())
    return "claim" in taken
  }, "another process opens or closes the folder, and does not go on")
  return () => "claim" in taken && taken.claim.release()
}

const join = (gate: string, { holder, release }: ReturnType<typeof makeHolder>): Member => {
  const file = Path.join(gate, "members", randomUUID())
  Fs.writeFileSync(`${file}-draft`, `${idle}${JSON.stringify(holder)}`)
  Fs.renameSync(`${file}-draft`, file)
  const handle = Fs.openSync(file, "r+")
  const say = (what: string) => void Fs.writeSync(handle, what, 0)
  return {
    commit: async (run) => {
      for (say(committing); isOpening(gate); say(committing)) {
        say(idle)
        await pause()
      }
      try {
        return await run()
      } finally {
        say(idle)
      }
    },
    leave: async (close) => {
      const leaveTurn = await turn(gate)
      try {
        await close()
      } finally {
        Fs.closeSync(handle)
        Fs.rmSync(file, { force: true })
        release()
        leaveTurn()
      }
    }
  }
}

const isOpening = (gate: string): boolean => {
  const opening = openingOf(gate)
  if (!Fs.existsSync(opening)) return false
  const text = readText(opening)
  return text !== undefined && lives(gate, text)
}

const aProcessCommits = (gate: string): boolean => {
  const members = Path.join(gate, "members")
  return Fs.readdirSync(members).some((name) => {
    if (name.endsWith("-draft")) return false
    const text = readText(Path.join(members, name))
    if (text === undefined) return false
    if (lives(gate, text.slice(1))) return text[0] === committing
    Fs.rmSync(Path.join(members, name), { force: true })
    return false
  })
}

const lives = (gate: string, text: string): boolean => {
  const holder = JSON.parse(text) as Holder
  return isAlive(gate, holder, holder.beganMillis)
}

const readText = (file: string): string | undefined => {
  try {
    return Fs.readFileSync(file, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMillis))

const until = async (holds: () => boolean, why: string): Promise<void> => {
  const end = performance.now() + waitMillisMax
  while (!holds()) {
    if (performance.now() > end) throw new Error(`the folder was not opened or closed in ${waitMillisMax} ms: ${why}`)
    await pause()
  }
}
