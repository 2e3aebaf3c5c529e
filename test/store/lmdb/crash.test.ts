/**
 * A writer on an LMDB folder is killed, or its disk is full. The file keeps what was acknowledged, tears no batch and
 * brings nothing back.
 */
import { assert, describe, it } from "@effect/vitest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import type { Store } from "effect-stateless/store/Store"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import { execFile, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Readline from "node:readline"
import { temporaryFolder } from "../../support/folder.ts"
import { checkFile } from "../../support/lmdbRaw.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const child = (name: string) => Path.join(import.meta.dirname, "../../support/children/lmdb", `${name}.ts`)

/**
 * Killed by us the writer may be in the midst of anything; by itself, it has no time left after an acknowledged removal
 * (`r`), mark (`m`) or clear (`c`).
 */
type Killer = "us" | "r" | "m" | "c"

/** Lets the writer run until it has acknowledged so many writes, kills it, and answers with these writes. */
const runAndKill = (
  path: string,
  options: {
    readonly durability: string
    readonly first: number
    readonly acknowledgements: number
    readonly by: Killer
  }
) =>
  Effect.promise(() =>
    new Promise<ReadonlyArray<string>>((resolve, reject) => {
      const { acknowledgements, by, durability, first } = options
      const args = [path, durability, `${first}`, ...(by === "us" ? [] : [`${acknowledgements}`, by])]
      const writer = spawn(process.execPath, [child("writer"), ...args], {
        stdio: ["ignore", "pipe", "pipe"]
      })
      const lines: Array<string> = []
      let complaints = ""
      writer.stderr.on("data", (chunk) => complaints += String(chunk))
      Readline.createInterface({ input: writer.stdout }).on("line", (line) => {
        if (lines.push(line) === acknowledgements && by === "us") writer.kill("SIGKILL")
      })
      // Not before its process is gone: until then it holds the folder.
      writer.on("close", () => {
        if (lines.length < acknowledgements) reject(new Error(`the writer ended by itself: ${complaints}`))
        // The last line may be cut: then its write was not acknowledged.
        else resolve(lines.filter((line) => /^[rmc]( [^ ]+)* \d+$/.test(line)))
      })
    })
  )

/** What must hold when the writer was killed and its folder is opened again. */
const verify = (path: string, durability: "process" | "flushed", acknowledged: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.flatMap(
      LmdbStore.make({ path, durability, entriesMax: 5_000 }),
      (store) => verifyIn(store, acknowledged)
    )
  )

const verifyIn = (store: Store["Service"], acknowledged: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const [users, groups, sweep] = [
      yield* store.open(textFamily("user")),
      yield* store.open(textFamily("group")),
      yield* store.open(textFamily("sweep"))
    ]
    const removed = new Map<string, number>()
    const marked = new Map<string, number>()
    let cleared = 0
    let last = 0
    for (const line of acknowledged) {
      const [kind, name, at] = line.split(" ") as [string, string, string | undefined]
      if (kind === "r") removed.set(name, Number(at))
      else if (kind === "m") marked.set(`s${name}`, Number(at))
      else cleared = Math.max(cleared, Number(name))
      last = Math.max(last, Number(at ?? name))
    }
    for (const [key, version] of removed) {
      const found = yield* users.get(key)
      assert.isTrue(found === undefined || found.entry.version > version, `${key} came back after a removal`)
    }
    const log = yield* store.loadMarks
    const stamps = new Map(log.marks.map(({ scope, stamp }) => [scope, stamp]))
    for (const [scope, stamp] of marked) {
      assert.isAtLeast(stamps.get(scope) ?? 0, stamp, `the mark of ${scope} was lost`)
    }
    const group = yield* groups.getMany(["a", "b", "c", "d"])
    assert.strictEqual(new Set(group.map((found) => found?.entry.version)).size, 1, "a batch is torn")
    let version = last
    for (const partition of [users, groups, sweep]) {
      yield* Stream.runForEach(partition.entries, ([key, entry]) =>
        Effect.sync(() => {
          assert.strictEqual(entry.value.split(" ")[0], `${entry.version}`, `${key} has another value`)
          assert.isAtMost(entry.stamp, log.stampMax)
          version = Math.max(version, entry.version)
        }))
    }
    for (const stamp of stamps.values()) assert.isAtMost(stamp, log.stampMax)
    // What was set before a clear began has a smaller version than the clear's own.
    yield* Stream.runForEach(
      sweep.entries,
      ([key, entry]) => Effect.sync(() => assert.isAbove(entry.version, cleared - 50, `${key} came back after a clear`))
    )
    return Math.max(version, ...stamps.values())
  })

describe("LmdbStore of a process that is killed", () => {
  for (const durability of ["process", "flushed"] as const) {
    it.effect(
      `the file has each acknowledged write after a crash, no part of a batch, and nothing that was removed (${durability})`,
      () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          const dropped = Metric.withAttributes(LmdbStore.recordsDropped, { reason: "damaged" })
          const before = (yield* Metric.value(dropped)).count
          let first = 0
          for (const by of ["us", "r", "m", "us", "c"] as const) {
            const acknowledgements = yield* Random.nextIntBetween(1, 500)
            const acknowledged = yield* runAndKill(path, { durability, first, acknowledgements, by })
            first = yield* verify(path, durability, acknowledged)
            yield* checkFile(path)
          }
          assert.strictEqual((yield* Metric.value(dropped)).count, before)
        }).pipe(Random.withSeed(durability)),
      60_000
    )
  }
})

// Reads, and holds its turn: the driver lets go of what it read when a turn ends.
const reading = `
  const root = require("lmdb").open({ path: process.argv[1], noSubdir: false, readOnly: true })
  root.getKeysCount()
  process.stdout.write("reading\\n", () => { for (;;); })
`

describe("LmdbStore beside a process that reads its file by the driver", () => {
  it.live(
    "the file stays as small as before when another process is killed while it reads the file",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const file = Path.join(path, "data.mdb")
        const store = yield* LmdbStore.make({ path, durability: "process", sweepInterval: 100 })
        const users = yield* store.open(textFamily("user"))
        const write = Effect.fnUntraced(function*(times: number) {
          for (let round = 0; round < times; round++) {
            yield* users.setMany(Array.from({ length: 50 }, (_, n) => [`${n}`, entryOf("x".repeat(2_000))] as const))
            yield* users.remove(["0"])
          }
        })
        yield* write(50)
        const reader = spawn(process.execPath, ["--eval", reading, path], { stdio: ["ignore", "pipe", "inherit"] })
        const lines = Readline.createInterface({ input: reader.stdout })[Symbol.asyncIterator]()
        yield* Effect.promise(() => lines.next())
        yield* write(50)
        const before = Fs.statSync(file).size
        yield* Effect.promise(() =>
          new Promise((resolve) => {
            reader.once("exit", resolve)
            reader.kill("SIGKILL")
          })
        )
        yield* Effect.sleep(500)
        yield* write(400)
        const grown = Fs.statSync(file).size - before
        assert.isAtMost(grown, before, `the file grew by ${grown} bytes over ${before}`)
      }),
    60_000
  )
})

describe("LmdbStore that cannot write", () => {
  it.effect(
    "callers of a store that cannot write get errors and no older values, and it goes on when it can write again",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        // The shell has the child see an error instead of a signal when a file would grow beyond 512 blocks of 512
        // bytes (or 1,024, as the shell counts).
        const command = `trap '' XFSZ; ulimit -f 512; exec "$0" "$@"`
        const answer = yield* Effect.promise(() =>
          new Promise<string>((resolve, reject) => {
            execFile("/bin/sh", ["-c", command, process.execPath, child("fullDisk"), path], (error, stdout, stderr) => {
              const line = stdout.split("\n").find((line) => line.startsWith("answer "))
              if (line === undefined || error !== null) reject(new Error(`${stdout}${stderr}`))
              else resolve(line.slice("answer ".length))
            })
          })
        )
        assert.deepStrictEqual(JSON.parse(answer), {
          refused: true,
          removed: true,
          found: [null, "old", null],
          marked: false,
          known: 0,
          later: true,
          afterwards: [null, null, null, "fits"]
        })
        yield* checkFile(path)
      }),
    60_000
  )

  it.live(
    "a store that cannot write still removes entries, and closes at once after a failed write",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const command = `trap '' XFSZ; ulimit -f 8000; exec "$0" "$@"`
        const answer = yield* Effect.promise(() =>
          new Promise<string>((resolve, reject) => {
            const args = ["-c", command, process.execPath, child("fullClose"), path]
            execFile("/bin/sh", args, { timeout: 40_000, maxBuffer: 1e9 }, (error, stdout, stderr) => {
              const line = stdout.split("\n").find((line) => line.startsWith("closed "))
              if (line === undefined || error !== null) reject(new Error(`${error}${stderr.slice(-2_000)}`))
              else resolve(line.slice("closed ".length))
            })
          })
        )
        const [millis, taken, forgotten] = answer.split(" ").map(Number)
        assert.isAtMost(millis!, 5_000)
        assert.isAbove(taken!, 100)
        assert.strictEqual(forgotten, 3)
        yield* checkFile(path)
      }),
    60_000
  )
})
