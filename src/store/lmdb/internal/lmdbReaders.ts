/**
 * Finds out which processes read an LMDB folder, from the locks of its lock file.
 *
 * LMDB gives each process that reads a lock on `lock.mdb`, at the number of the process. The system releases the lock
 * when the process ends, and only then: not while the process is stopped. The lock is seen from every container of the
 * machine, but Node cannot ask for it, and `/proc/locks` hides the locks of other containers. So the driver is asked.
 *
 * A child process asks it, for two reasons. LMDB takes a process of the same number for its own process, and the first
 * process of each container has the number 1. And LMDB waits for a holder that was stopped inside a transaction: then
 * this process would wait with it.
 *
 * The child process opens the folder, and an opening may take back a commit that another process makes in the same
 * instant (ITS#9496 of LMDB). So it opens only while the holder is silent, and looks at the beat once more as its last
 * step before: a holder that runs has renewed it, and a process that has taken the folder meanwhile has removed it
 * before it opened. Not covered: a commit within the instant of the opening itself, or before the first beat of a
 * holder that goes on.
 */
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import * as Path from "node:path"

/** After this long, the child process waits for a stopped process, which therefore lives. */
const millisMax = 5_000

// `readerCheck` removes the rows of processes whose lock is gone.
const script = `
  const [, driver, path, pid, file, millis] = process.argv
  const lmdb = require(driver)
  if (Number(require("node:fs").readFileSync(file, "latin1")) > Number(millis)) {
    process.stdout.write(pid)
    process.exit(0)
  }
  const root = lmdb.open({ path, noSubdir: false, readOnly: true })
  root.readerCheck()
  process.stdout.write(root.readerList())
`

/**
 * Whether a process of another container has the folder open, or has renewed its last beat by now. It is `undefined`
 * where this cannot be found out: the beat was removed, the data file is damaged or not written yet, or no process can
 * be started.
 */
export const isReader = (
  folder: string,
  pid: number,
  beat: { readonly file: string; readonly millis: number }
): boolean | undefined => {
  // A program in one file with Node starts itself again, whatever its arguments are.
  if (!/^node(js)?$/.test(Path.basename(process.execPath))) return undefined
  const lmdb = createRequire(import.meta.url).resolve("lmdb")
  const args = ["--eval", script, lmdb, folder, String(pid), beat.file, String(beat.millis)]
  const { error, status, stdout } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: millisMax,
    killSignal: "SIGKILL"
  })
  if (error !== undefined && "code" in error && error.code === "ETIMEDOUT") return true
  if (status !== 0) return undefined
  return stdout.split("\n").some((row) => row.trim().split(/\s+/)[0] === String(pid))
}
