/**
 * Programs of `children/lmdb` as processes of their own, also in a container: a namespace of processes that begins with
 * its own process 1.
 */
import * as Effect from "effect/Effect"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import * as Path from "node:path"
import * as Readline from "node:readline"

/** The command of a container, which stands before that of a program. */
export const container: ReadonlyArray<string> = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]

/** Whether containers can be made here. If not, it says what is not tested. */
export const canContain = (what: string): boolean => {
  try {
    execFileSync(container[0]!, [...container.slice(1), "true"], { stdio: "ignore" })
    return true
  } catch (error) {
    process.stderr.write(`NOT TESTED: ${what}, for \`unshare\` needs root here (${error})\n`)
    return false
  }
}

/** A process that was started by a command in front of it. */
export class Started {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(command: ReadonlyArray<string>, program: string, path: string) {
    const script = Path.join(import.meta.dirname, "children/lmdb", program)
    const [file, ...args] = [...command, process.execPath, ...process.execArgv, script, path]
    this.process = spawn(file!, args, { stdio: ["pipe", "pipe", "ignore"], detached: true })
    this.#lines = Readline.createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]()
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  /** The next line that it prints. */
  get line(): Effect.Effect<string> {
    return Effect.promise(async () => (await this.#lines.next()).value)
  }

  tell(text: string): void {
    this.process.stdin!.write(`${text}\n`)
  }

  /** To all processes of the command. */
  kill(signal: NodeJS.Signals): void {
    if (!this.hasEnded) process.kill(-this.process.pid!, signal)
  }
}

/** Starts a program with a path, and ends it with the Scope. */
export const started = (command: ReadonlyArray<string>, program: string, path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new Started(command, program, path)),
    (started) =>
      Effect.promise(() =>
        new Promise<void>((resolve) => {
          if (started.hasEnded) return resolve()
          started.process.once("exit", () => resolve())
          started.kill("SIGKILL")
        })
      )
  )
