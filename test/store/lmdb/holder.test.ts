/**
 * One process holds an LMDB folder, and one thread each namespace. Another process or program is refused under any
 * namespace while the holder lives, and another thread under the same one. They may open the folder afterwards.
 */
import { assert, describe, it } from "@effect/vitest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import type { FolderHeld } from "effect-stateless/store/StoreError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import { hostname, tmpdir } from "node:os"
import * as Path from "node:path"
import * as Readline from "node:readline"
import { Worker } from "node:worker_threads"
import { type Holder, isAlive, makeHolder, monotonicMillis } from "../../../src/store/lmdb/internal/lmdbHolder.ts"
import { isReader } from "../../../src/store/lmdb/internal/lmdbReaders.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

class Child {
  readonly process: ChildProcess
  readonly #lines: Array<string> = []
  readonly #waiting: Array<(line: string) => void> = []

  constructor(path: string, ...args: ReadonlyArray<string>) {
    const file = Path.join(import.meta.dirname, "../../support/children/lmdb", "holder.ts")
    this.process = spawn(process.execPath, [...process.execArgv, file, path, ...args], {
      stdio: ["pipe", "pipe", "inherit"]
    })
    Readline.createInterface({ input: this.process.stdout! }).on("line", (line) => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#lines.push(line)
      else next(line)
    })
  }

  get line(): Effect.Effect<string> {
    return Effect.promise(() => {
      const line = this.#lines.shift()
      return line === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(line)
    })
  }

  tell(text: string): Effect.Effect<string> {
    return Effect.andThen(Effect.sync(() => this.process.stdin!.write(`${text}\n`)), this.line)
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  get gone(): Effect.Effect<void> {
    return Effect.promise(() =>
      this.process.exitCode !== null || this.process.signalCode !== null
        ? Promise.resolve()
        : new Promise((resolve) => this.process.once("exit", () => resolve()))
    )
  }
}

const child = (path: string, ...args: ReadonlyArray<string>): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Child(path, ...args)),
    (child) => Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), child.gone)
  )

const opening = (path: string, namespace?: string) =>
  Effect.result(Effect.scoped(LmdbStore.make({ path, durability: "process", namespace })))

const refusal = (path: string, namespace?: string): Effect.Effect<FolderHeld | undefined> =>
  Effect.map(
    opening(path, namespace),
    (opened) => opened._tag === "Success" ? undefined : opened.failure.reason as FolderHeld
  )

const thread = (path: string, namespace?: string) =>
  new Worker(Path.join(import.meta.dirname, "../../support/children/lmdb", "holderThread.ts"), {
    workerData: { path, namespace },
    execArgv: ["--conditions=@effect-stateless/source"]
  })

const answer = (worker: Worker) => Effect.promise(() => new Promise<any>((resolve) => worker.once("message", resolve)))

describe("LMDB folder that a process holds", () => {
  it.live.runIf(process.platform === "linux")(
    "the lock file shows the process, also after a thread was refused",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const file = Path.join(yield* temporaryFolder, "beat")
        Fs.writeFileSync(file, "0000000000001000")
        const isShown = (pid: number) => isReader(path, pid, { file, millis: 1_000 })
        assert.isUndefined(isShown(process.pid))
        yield* Effect.scoped(Effect.gen(function*() {
          yield* LmdbStore.make({ path, durability: "process" })
          assert.strictEqual((yield* answer(thread(path))).pid, process.pid)
          assert.isTrue(isShown(process.pid))
          assert.isFalse(isShown(process.pid + 1))
        }))
        assert.isFalse(isShown(process.pid))
      }),
    30_000
  )

  it.live.runIf(process.platform === "linux")(
    "the lock file is not asked after the holder has renewed its beat, or after its beat was removed",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const file = Path.join(yield* temporaryFolder, "beat")
        Fs.writeFileSync(file, "0000000000001001")
        assert.isUndefined(isReader(path, process.pid, { file, millis: 1_001 }))
        assert.isTrue(isReader(path, process.pid, { file, millis: 1_000 }))
        Fs.rmSync(path, { recursive: true })
        assert.isTrue(isReader(path, process.pid, { file, millis: 1_000 }))
        Fs.rmSync(file)
        assert.isUndefined(isReader(path, process.pid, { file, millis: 1_000 }))
        assert.isFalse(Fs.existsSync(path))
      }),
    30_000
  )

  for (const namespace of ["default", "other"]) {
    const which = namespace === "default" ? "the same namespace" : "another namespace"

    it.live(
      `another process that opens ${which} is refused, until the holder has closed each of its namespaces`,
      () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          const said = () => Effect.flatMap(child(path, namespace), ({ line }) => line)
          yield* Effect.scoped(Effect.gen(function*() {
            yield* LmdbStore.make({ path, durability: "process", namespace: "second" })
            yield* Effect.scoped(LmdbStore.make({ path, durability: "process" }))
            assert.strictEqual(yield* said(), `refused ${process.pid} 0`)
          }))
          assert.strictEqual(yield* said(), "held")
          const refused = yield* refusal(path)
          assert.strictEqual(refused?.namespace, namespace)
          assert.match(
            refused!.message,
            /is held by process \d+ on .* since .*, with namespace `\w+`; help: open a folder in one process and a/
          )
        }),
      30_000
    )

    it.live(
      `another thread of the process that opens ${which} ${
        namespace === "default" ? "is refused" : "shares the folder"
      }`,
      () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          yield* LmdbStore.make({ path, durability: "process" })
          const worker = thread(path, namespace)
          const expected = namespace === "default" ? { pid: process.pid, thread: 0 } : "held"
          assert.deepStrictEqual(yield* answer(worker), expected)
          yield* Effect.promise(() => worker.terminate())
        }),
      30_000
    )

    it.live(`the same thread opens ${which} beside the first store`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* LmdbStore.make({ path, durability: "process" })
        assert.isUndefined(yield* refusal(path, namespace))
      }))
  }

  it.live("another process is refused, with the holder and the time in the error", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const before = Date.now()
      const holder = yield* child(path)
      assert.strictEqual(yield* holder.line, "held")
      const refused = yield* refusal(path)
      assert.strictEqual(refused?._tag, "FolderHeld")
      assert.deepStrictEqual([refused?.pid, refused?.thread, refused?.host], [holder.process.pid, 0, hostname()])
      assert.isAtLeast(refused!.sinceMillis, before)
      assert.include(refused!.message, `held by process ${holder.process.pid}`)
    }), 30_000)

  it.live(
    "another process may open the folder after the holder has closed it",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const holder = yield* child(path)
        yield* holder.line
        assert.strictEqual(yield* holder.tell("close"), "closed")
        assert.isUndefined(yield* refusal(path))
      }),
    30_000
  )

  const torn: { readonly [what: string]: (path: string) => void } = {
    "its data file was removed": (path) => Fs.rmSync(Path.join(path, "data.mdb")),
    "its data file was replaced": (path) => replaced(path, "data.mdb"),
    "its lock file was removed": (path) => Fs.rmSync(Path.join(path, "lock.mdb")),
    "its lock file was replaced": (path) => replaced(path, "lock.mdb")
  }
  const replaced = (path: string, name: string) => {
    Fs.copyFileSync(Path.join(path, name), Path.join(path, "copy"))
    Fs.renameSync(Path.join(path, "copy"), Path.join(path, name))
  }

  for (const [what, tear] of Object.entries(torn)) {
    it.live(
      `no other opens the folder while its holder lives, in any namespace, after ${what}`,
      () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          const holder = yield* child(path)
          assert.strictEqual(yield* holder.line, "held")
          tear(path)
          for (const namespace of ["default", "other"]) {
            const opened = yield* opening(path, namespace)
            const reason = opened._tag === "Failure" ? opened.failure.reason as FolderHeld : undefined
            assert.deepStrictEqual([reason?._tag, reason?.pid], ["FolderHeld", holder.process.pid], namespace)
          }
          // It may log before that it has lost its files.
          let said = yield* holder.tell("close")
          while (said !== "closed") said = yield* holder.line
          assert.isUndefined(yield* refusal(path))
        }),
      30_000
    )

    it.live(
      `a store of the same thread fails with FolderGone, and holds the folder until it closes, after ${what}`,
      () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          yield* Effect.scoped(Effect.gen(function*() {
            const store = yield* LmdbStore.make({ path, durability: "process" })
            const users = yield* store.open(textFamily("user"))
            yield* users.set("1", entryOf("Ann"))
            tear(path)
            const refused = yield* Effect.flip(users.remove(["1"]))
            assert.strictEqual(refused.reason._tag, "FolderGone")
            assert.strictEqual((yield* refusal(path))?._tag, "FolderHeld")
          }))
          assert.isUndefined(yield* refusal(path))
        }),
      30_000
    )
  }

  it.live(
    "another process may open the folder after the holder was killed at any moment",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        for (const command of [undefined, "write"]) {
          const holder = yield* child(path)
          assert.strictEqual(yield* holder.line, "held")
          if (command !== undefined) yield* holder.tell(command)
          holder.kill("SIGKILL")
          yield* holder.gone
          assert.isUndefined(yield* refusal(path))
        }
      }),
    30_000
  )

  it.live(
    "another process is refused at once while the holder is stopped, even within a commit",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const holder = yield* child(path)
        yield* holder.line
        yield* holder.tell("write")
        for (let i = 0; i < 10; i++) {
          yield* Effect.sleep(7)
          holder.kill("SIGSTOP")
          const refused = yield* Effect.timeoutOrElse(refusal(path), {
            duration: "10 seconds",
            orElse: () => Effect.die(new Error("the folder was waited for"))
          })
          assert.strictEqual(refused?.pid, holder.process.pid)
          holder.kill("SIGCONT")
        }
      }),
    60_000
  )

  it.live(
    "one of two processes that open the folder at the same moment gets it, with equal and with other namespaces",
    () =>
      Effect.gen(function*() {
        for (let round = 0; round < 4; round++) {
          const path = yield* temporaryFolder
          const startAt = `${Date.now() + 1_500}`
          const children = [
            yield* child(path, "default", startAt),
            yield* child(path, round % 2 === 0 ? "default" : "other", startAt)
          ]
          const said = yield* Effect.forEach(children, ({ line }) => line, { concurrency: "unbounded" })
          assert.deepStrictEqual(said.map((line) => line.split(" ")[0]).toSorted(), ["held", "refused"])
          const winner = children[said.indexOf("held")]!
          assert.include(said, `refused ${winner.process.pid} 0`)
        }
      }),
    60_000
  )

  it.live(
    "another thread is refused, and may open the folder after the thread of the holder has ended",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* Effect.scoped(Effect.gen(function*() {
          yield* LmdbStore.make({ path, durability: "process" })
          const worker = thread(path)
          const said = yield* answer(worker)
          assert.deepStrictEqual([said.pid, said.thread], [process.pid, 0])
          yield* Effect.promise(() => worker.terminate())
        }))
        const worker = thread(path)
        assert.strictEqual(yield* answer(worker), "held")
        const refused = yield* refusal(path)
        assert.deepStrictEqual([refused?.pid, refused?.thread], [process.pid, worker.threadId])
        yield* Effect.promise(() => worker.terminate())
        assert.isUndefined(yield* refusal(path))
      }),
    30_000
  )

  it.live(
    "a terminated thread does not hold the folder, even when the next one gets the numbers of its files",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        for (let round = 0; round < 6; round++) {
          const worker = thread(path)
          assert.strictEqual(yield* answer(worker), "held", `thread ${round}`)
          yield* Effect.promise(() => worker.terminate())
        }
      }),
    120_000
  )

  it.live.skipIf(process.execve === undefined)(
    "a process that runs another program does not hold the folder any more",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const holder = yield* child(path)
        assert.strictEqual(yield* holder.line, "held")
        assert.strictEqual(yield* holder.tell("again"), "held")
      }),
    30_000
  )
})

describe("holder of an LMDB folder", () => {
  const files = { data: "1:1", lock: "1:2" }
  const own = makeHolder("/tmp", "default", files, 0).holder
  const alive = (holder: Partial<Holder>, beat = 0) => isAlive(tmpdir(), { ...own, ...holder }, beat)

  it("the holder lives as long as its process does", () => {
    assert.isTrue(alive({}))
    assert.isFalse(alive({ pid: 2 ** 22 + 1 }))
  })

  it("another process with the same number is not the holder", () => {
    assert.strictEqual(alive({ startTicks: "1" }), own.startTicks === undefined)
  })

  it("a file with the number of the holder's file is not the holder", () => {
    const folder = Fs.mkdtempSync(Path.join(tmpdir(), "stateless-"))
    const { holder: ended, release } = makeHolder(folder, "default", files, 0)
    assert.isTrue(isAlive(tmpdir(), ended, 0))
    release()
    assert.isFalse(isAlive(tmpdir(), ended, 0))
    const next = makeHolder(folder, "default", files, 0)
    const file = Fs.openSync(Path.join(folder, "unreadable"), "w")
    for (const handle of [ended.sign.handle, next.holder.sign.handle, file, 0, 2, 1_000_000, -1]) {
      assert.isFalse(isAlive(tmpdir(), { ...ended, sign: { ...ended.sign, handle } }, 0), `${handle}`)
    }
    assert.isTrue(isAlive(tmpdir(), next.holder, 0))
    next.release()
    Fs.closeSync(file)
    assert.deepStrictEqual(Fs.readdirSync(folder), ["unreadable"])
    Fs.rmSync(folder, { recursive: true })
  })

  it("a holder from before a boot of the machine is gone", () => {
    assert.isFalse(alive({ boot: "another" }))
  })

  it("a holder of another pid namespace lives until it was silent for 30 seconds, with any process number", () => {
    for (const pid of [process.pid, 2 ** 22 + 1]) {
      assert.isTrue(alive({ space: "pid:[1]", pid }, monotonicMillis() - 29_000))
      assert.isFalse(alive({ space: "pid:[1]", pid }, monotonicMillis() - 31_000))
    }
  })
})
