/**
 * Opening an LMDB folder in any state: a damaged file is refused with advice and never ends the process, and one folder
 * under two names is one store.
 */
import { assert, describe, it } from "@effect/vitest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import { FolderHeld, InvalidStoreOptions } from "effect-stateless/store/StoreError"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as Lmdb from "lmdb"
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { type Holder, monotonicMillis, tableOf } from "../../../src/store/lmdb/internal/lmdbHolder.ts"
import { seal, unseal } from "../../../src/store/lmdb/internal/lmdbRecord.ts"
import { canContain, container, type Started, started } from "../../support/container.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const start = (path: string, namespace?: string) => LmdbStore.make({ path, durability: "process", namespace })
const refusal = (path: string) => Effect.map(Effect.flip(Effect.scoped(start(path))), ({ reason }) => reason)
const life = (path: string) =>
  Effect.scoped(Effect.flatMap(start(path), (store) => store.recordMarks([{ scope: "scope", stamp: 1 }])))

const child = (name: string) => Path.join(import.meta.dirname, "../../support/children/lmdb", name)

/** Opens each folder of one in a process of its own; what became of each, by its name. */
const openAll = (parent: string): ReadonlyMap<string, string> => {
  const { signal, stdout } = spawnSync(process.execPath, [...process.execArgv, child("opener.ts"), parent], {
    encoding: "utf8"
  })
  const said = stdout.trim().split("\n").map((line) => line.split(" "))
  assert.isNull(signal, `opening ${said.at(-1)![0]} ended the process`)
  return new Map(said.map(([name, outcome]) => [name!, outcome!]))
}

/** The data file as a first opening writes it, and as a first life leaves it. */
const samples = Effect.gen(function*() {
  const path = yield* temporaryFolder
  const data = Path.join(path, "data.mdb")
  const root = Lmdb.open({ path, noSubdir: false })
  const fresh = Fs.readFileSync(data)
  yield* Effect.promise(() => root.close())
  Fs.rmSync(path, { recursive: true })
  yield* life(path)
  return { fresh, used: Fs.readFileSync(data) }
})

describe("file descriptors", () => {
  it.live.skipIf(process.platform === "win32")(
    "an opening with few free descriptors fails with advice, ends no process, and spoils no later opening",
    () =>
      Effect.gen(function*() {
        const parent = yield* temporaryFolder
        const command = `ulimit -n 128; exec "$0" "$@"`
        const program = [process.execPath, ...process.execArgv, child("fewHandles.ts"), parent]
        const { signal, stdout } = spawnSync("bash", ["-c", command, ...program], { encoding: "utf8" })
        const lines = stdout.trim().split("\n")
        assert.isNull(signal, `${lines.at(-1)} ended the process`)
        const said = new Map(lines.map((line) => {
          const [name, ...rest] = line.split(" ")
          return [name!, rest.join(" ")]
        }))
        assert.strictEqual(said.size, 2 * 13 + 2)
        for (const name of ["all", "again"]) assert.strictEqual(said.get(name), "opened")
        for (const [name, outcome] of said) {
          if (outcome !== "opened") assert.match(outcome, /^TierFailed .*file descriptors are free; help: /, name)
        }
      }),
    30_000
  )
})

describe("data file of any length", () => {
  const page = 4_096
  const lengths = new Set([
    ...Array.from({ length: 33 }, (_, n) => n * 256),
    ...Array.from({ length: 22 }, (_, n) => n * 8),
    1,
    18,
    19,
    28,
    95,
    97,
    145,
    159,
    161,
    ...[page, page + 28, page + 160, 2 * page].flatMap((edge) => [edge - 1, edge, edge + 1])
  ])

  it.live(
    "an empty file opens, every other one opens or is refused, and the process never ends",
    () =>
      Effect.gen(function*() {
        const parent = yield* temporaryFolder
        const { fresh, used } = yield* samples
        const contents = { zeros: Buffer.alloc(3 * page), fresh, used, foreign: Buffer.alloc(3 * page, 0x5a) }
        for (const [kind, bytes] of Object.entries(contents)) {
          for (const length of lengths) {
            if (length > bytes.length) continue
            const path = Path.join(parent, `${kind}-${length}`)
            Fs.mkdirSync(path)
            Fs.writeFileSync(Path.join(path, "data.mdb"), bytes.subarray(0, length))
          }
        }
        for (const [name, outcome] of openAll(parent)) {
          const [kind, length] = name.split("-")
          const isHollow = kind === "zeros" || Number(length) === 0 || kind === "fresh"
          if (isHollow) assert.strictEqual(outcome, "opened", name)
          else if (kind === "foreign") assert.strictEqual(outcome, "TierFailed", name)
          else assert.include(["opened", "TierFailed"], outcome, name)
        }
      }),
    120_000
  )

  it.live(
    "a file with damage in its first two pages is refused, and the process never ends",
    () =>
      Effect.gen(function*() {
        const parent = yield* temporaryFolder
        const { used } = yield* samples
        const never = [0x7777_7777, 0xffff_ffff]
        const damages: ReadonlyArray<readonly [at: number, bytes: number, values: ReadonlyArray<number>]> = [
          [18, 2, [0, 1, 0x7777, 0xffff]],
          [24, 4, [0, ...never]],
          [28, 4, [0, 1, 3, 999, ...never]],
          [48, 4, [0, ...never]],
          [52, 2, [0x2000, 4, 0x7777, 0xffff]],
          [88, 6, [0, 1, 0x7777_7777]],
          [136, 6, [0, 1, 0x7777_7777]]
        ]
        for (const [at, length, values] of damages) {
          for (const value of values) {
            for (
              const [which, pages] of Object.entries({
                first: [0],
                second: [page],
                both: [0, page],
                flushed: [page / 2]
              })
            ) {
              const bytes = Buffer.from(used)
              for (const start of pages) bytes.writeUIntLE(value, start + at, length)
              // Of what was flushed, the driver trusts the size of pages alone.
              if (which === "flushed" && (at !== 48 || value === 0)) continue
              const path = Path.join(parent, `${at}-${value}-${which}`)
              Fs.mkdirSync(path)
              Fs.writeFileSync(Path.join(path, "data.mdb"), bytes)
            }
          }
        }
        for (const [name, outcome] of openAll(parent)) assert.strictEqual(outcome, "TierFailed", name)
      }),
    120_000
  )

  it.live("the error of a damaged file names the file and what to delete", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const { used } = yield* samples
      used.writeUInt32LE(1, 28)
      Fs.writeFileSync(Path.join(path, "data.mdb"), used)
      const { message } = yield* Effect.flip(Effect.scoped(start(path)))
      const why = "data.mdb has LMDB data format 1, but this version reads 2"
      const help = `delete ${Fs.realpathSync(path)} to start with an empty tier`
      assert.strictEqual(message, `E0302: lmdb tier failed in \`open\`: ${why}; help: ${help}`)
    }))

  it.live("a folder opens beside a lock file of any content", () =>
    Effect.gen(function*() {
      const parent = yield* temporaryFolder
      const { used } = yield* samples
      for (const length of [0, 1, 7, 8, 63, 64, 200, 4_095, 4_096, 32_976, 100_000]) {
        for (const byte of [0, 1, 0x5a, 0xff]) {
          for (const data of [used, undefined]) {
            const path = Path.join(parent, `${length}-${byte}-${data?.length ?? 0}`)
            Fs.mkdirSync(path)
            Fs.writeFileSync(Path.join(path, "lock.mdb"), Buffer.alloc(length, byte))
            if (data !== undefined) Fs.writeFileSync(Path.join(path, "data.mdb"), data)
          }
        }
      }
      for (const [name, outcome] of openAll(parent)) assert.strictEqual(outcome, "opened", name)
    }), 120_000)
})

describe("folder", () => {
  it.live.skipIf(process.platform !== "linux")(
    "a folder that the system does not make is refused after a bounded number of attempts",
    () =>
      Effect.gen(function*() {
        for (
          const path of ["/proc/none", "/proc/none/cache", "/proc/self/none/cache", "/dev/null/cache", "/dev/null"]
        ) {
          const opened = yield* contained([], path)
          assert.strictEqual(yield* Effect.timeout(opened.line, "20 seconds"), "refused undefined undefined", path)
        }
      }),
    120_000
  )

  it.live("a folder within missing folders is made with them", () =>
    Effect.gen(function*() {
      const parent = yield* temporaryFolder
      yield* life(Path.join(parent, "a", "b", "c"))
      yield* life(`${parent}/d/../e/./f/`)
      assert.deepStrictEqual(Fs.readdirSync(Path.join(parent, "e", "f")).toSorted(), [
        "data.mdb",
        "holders",
        "lock.mdb",
        "trust"
      ])
    }))
})

describe("table of holders", () => {
  const newest = (table: string) =>
    Path.join(table, String(Math.max(...Fs.readdirSync(table).filter((name) => /^\d+$/.test(name)).map(Number))))

  const damages: Readonly<Record<string, (edition: string) => void>> = {
    "is empty": (edition) => Fs.rmSync(Path.join(edition, "rows")),
    "has a folder for its rows": (edition) => {
      Fs.rmSync(Path.join(edition, "rows"))
      Fs.mkdirSync(Path.join(edition, "rows"))
    },
    "is a file": (edition) => {
      Fs.rmSync(edition, { recursive: true })
      Fs.writeFileSync(edition, "")
    },
    "was cut": (edition) => Fs.truncateSync(Path.join(edition, "rows"), 3),
    "is of zeros": (edition) => Fs.writeFileSync(Path.join(edition, "rows"), Buffer.alloc(100))
  }
  for (const [damage, harm] of Object.entries(damages)) {
    it.live(
      `a table whose latest edition ${damage} does not block the folder, and its holder learns of the loss`,
      () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          yield* life(path)
          harm(newest(tableOf(path)))
          yield* life(path)
          yield* Effect.scoped(Effect.gen(function*() {
            const store = yield* start(path)
            harm(newest(tableOf(path)))
            const other = yield* contained([], path)
            assert.strictEqual(yield* other.line, "held")
            const { reason } = yield* Effect.flip(store.recordMarks([{ scope: "scope", stamp: 2 }]))
            assert.strictEqual(reason._tag, "FolderGone")
            assert.instanceOf(yield* refusal(path), FolderHeld)
          }))
        }),
      30_000
    )
  }

  it.live("a file in the place of the table is named in the error, with advice", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      Fs.writeFileSync(tableOf(path), "")
      const { message } = yield* Effect.flip(Effect.scoped(start(path)))
      assert.match(message, /holders is a file, but must be a folder; help: delete it$/)
      Fs.rmSync(tableOf(path))
      yield* life(path)
    }))

  it.effect("a holder beats by the time of the machine, whatever a test does with its clock", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* start(path)
      const [beat] = Fs.readdirSync(tableOf(path)).filter((name) => name.startsWith("beat"))
      const read = () => Fs.readFileSync(Path.join(tableOf(path), beat!), "latin1")
      const before = read()
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(read(), before)
    }))

  it.live("the table keeps no beat of a process that does not hold a folder", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path)
      Fs.writeFileSync(Path.join(tableOf(path), "beat-left"), "")
      yield* life(path)
      assert.deepStrictEqual(Fs.readdirSync(tableOf(path)).filter((name) => name.startsWith("beat")), [])
    }))
})

describe("one folder under two names", () => {
  const family = textFamily("user")
  const entry = entryOf("one")

  /** Whether what is set under one name is there, at once, under the other. */
  const isOne = (one: string, other: string) =>
    Effect.scoped(Effect.gen(function*() {
      const users = yield* Effect.flatMap(start(one), (store) => store.open(family))
      const same = yield* Effect.flatMap(start(other), (store) => store.open(family))
      yield* users.set("1", entry)
      return (yield* same.get("1")) !== undefined
    }))

  it.live("a folder or data file behind a symbolic link is one store", () =>
    Effect.gen(function*() {
      const parent = yield* temporaryFolder
      const [one, folder, file] = ["one", "folder", "file"].map((name) => Path.join(parent, name)) as [
        string,
        string,
        string
      ]
      yield* life(one)
      Fs.symlinkSync(one, folder)
      Fs.mkdirSync(file)
      Fs.symlinkSync(Path.join(one, "data.mdb"), Path.join(file, "data.mdb"))
      for (const other of [folder, file]) {
        assert.isTrue(yield* isOne(one, other))
        assert.isTrue(yield* isOne(other, one))
      }
      assert.isFalse(Fs.existsSync(Path.join(file, "lock.mdb")))
      const held = yield* contained([], one)
      assert.strictEqual(yield* held.line, "held")
      assert.instanceOf(yield* refusal(file), FolderHeld)
    }), 30_000)

  it.live("a name is refused when its lock cannot be found: a hard link, a link to another name, a dangling link", () =>
    Effect.gen(function*() {
      const parent = yield* temporaryFolder
      const one = Path.join(parent, "one")
      yield* life(one)
      const other = (name: string, link: (data: string) => void) => {
        const path = Path.join(parent, name)
        Fs.mkdirSync(path)
        link(Path.join(path, "data.mdb"))
        return path
      }
      const renamed = Path.join(parent, "renamed")
      Fs.copyFileSync(Path.join(one, "data.mdb"), renamed)
      const nowhere = other("nowhere", (data) => Fs.symlinkSync(Path.join(parent, "none"), data))
      const elsewhere = other("elsewhere", (data) => Fs.symlinkSync(renamed, data))
      const hard = other("hard", (data) => Fs.linkSync(Path.join(one, "data.mdb"), data))
      for (const path of [nowhere, elsewhere, hard, one]) {
        assert.instanceOf(yield* refusal(path), InvalidStoreOptions)
      }
      // An engine joins one that has it open already.
      Fs.rmSync(Path.join(hard, "data.mdb"))
      yield* Effect.scoped(Effect.gen(function*() {
        yield* start(one)
        Fs.linkSync(Path.join(one, "data.mdb"), Path.join(hard, "data.mdb"))
        assert.isTrue(yield* isOne(one, hard))
      }))
    }))

  it.live("a new folder in the place of an old one is a second store", () =>
    Effect.gen(function*() {
      const path = Path.join(yield* temporaryFolder, "one")
      const users = yield* Effect.flatMap(start(path), (store) => store.open(family))
      Fs.renameSync(path, `${path}.old`)
      yield* Effect.flatMap(start(path), (store) => store.recordMarks([{ scope: "scope", stamp: 1 }]))
      assert.strictEqual(
        (yield* Effect.flip(Effect.andThen(users.set("1", entry), users.clear))).reason._tag,
        "FolderGone"
      )
    }))
})

describe("copy of a folder", () => {
  it.live("a copy can be opened while another process holds the original", () =>
    Effect.gen(function*() {
      const parent = yield* temporaryFolder
      const [one, copy] = [Path.join(parent, "one"), Path.join(parent, "copy")]
      const holder = yield* contained([], one)
      assert.strictEqual(yield* holder.line, "held")
      // A copy that is made within a write is damaged.
      const data = Path.join(one, "data.mdb")
      while (Date.now() - Fs.statSync(data).mtimeMs < 500) yield* Effect.sleep(50)
      Fs.cpSync(one, copy, { recursive: true })
      yield* life(copy)
      assert.instanceOf(yield* refusal(one), FolderHeld)
    }), 30_000)
})

describe("package lmdb", () => {
  it.effect("a program without lmdb fails where it builds the layer, and the error says what to install", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const { stderr, stdout } = spawnSync(process.execPath, [...process.execArgv, child("withoutDriver.ts"), path], {
        encoding: "utf8"
      })
      assert.strictEqual(
        stdout.trim(),
        "E0306: cannot open the lmdb tier: `lmdb` is a package that is not installed; help: npm install lmdb@3",
        stderr
      )
    }))
})

/** A process that holds the folder, started by a command in front of it. */
const contained = (command: ReadonlyArray<string>, path: string) => started(command, "holder.ts", path)

const beatsOf = (path: string): ReadonlyArray<string> =>
  Fs.readdirSync(tableOf(path)).filter((name) => name.startsWith("beat-")).map((name) => Path.join(tableOf(path), name))

/** Changes the table of a folder as if its holders had been silent for a time. They may not run meanwhile. */
const silentFor = (path: string, millis: number) =>
  Effect.sync(() => {
    const table = tableOf(path)
    const edition = Math.max(...Fs.readdirSync(table).filter((name) => /^\d+$/.test(name)).map(Number))
    const rows = Path.join(table, String(edition), "rows")
    const holders: ReadonlyArray<Holder> = JSON.parse(unseal(Fs.readFileSync(rows))!.toString())
    Fs.writeFileSync(rows, seal(Buffer.from(JSON.stringify(holders.map((row) => ({ ...row, beganMillis: 0 }))))))
    const text = String(monotonicMillis() - millis).padStart(16, "0")
    for (const beat of beatsOf(path)) Fs.writeFileSync(beat, text)
  })

/** Kills a process, and waits until it has ended. */
const endedBy = (started: Started, signal: NodeJS.Signals) =>
  Effect.promise(async () => {
    const ended = once(started.process, "exit")
    started.kill(signal)
    await ended
  })

describe.skipIf(!canContain("containers over one LMDB folder"))("folder that another container holds", () => {
  it.live(
    "process 1 of a second container is refused at once, under any namespace, until the folder is closed",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const first = yield* contained(container, path)
        assert.strictEqual(yield* first.line, "held")
        const second = yield* contained(container, path)
        assert.strictEqual(yield* Effect.timeout(second.line, "10 seconds"), "refused 1 0")
        const { message, reason } = yield* Effect.flip(Effect.scoped(start(path, "other")))
        assert.instanceOf(reason, FolderHeld)
        assert.deepInclude(reason, { pid: 1, namespace: "default", table: tableOf(Fs.realpathSync(path)) })
        assert.match(
          message,
          /held by process 1, in another container, on .*, with namespace `default`; help: .* delete .*holders$/
        )
        first.process.stdin!.write("close\n")
        assert.strictEqual(yield* first.line, "closed")
        yield* life(path)
      }),
    30_000
  )

  it.live(
    "the folder is free when its holder was killed and silent for 30 seconds, and held until then",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const killed = yield* contained(container, path)
        assert.strictEqual(yield* killed.line, "held")
        yield* endedBy(killed, "SIGKILL")
        yield* silentFor(path, 25_000)
        assert.instanceOf(yield* refusal(path), FolderHeld)
        yield* silentFor(path, 31_000)
        yield* life(path)
      }),
    30_000
  )

  it.live("a holder that runs is not silent: it says again and again that it lives", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const running = yield* contained(container, path)
      assert.strictEqual(yield* running.line, "held")
      yield* silentFor(path, 60_000)
      const [beat] = beatsOf(path)
      while (monotonicMillis() - Number(Fs.readFileSync(beat!, "latin1")) > 30_000) yield* Effect.sleep(50)
      assert.instanceOf(yield* refusal(path), FolderHeld)
    }), 30_000)

  it.live(
    "the folder of a holder that is frozen for more than 30 seconds stays held, and the holder goes on",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const frozen = yield* contained(container, path)
        assert.strictEqual(yield* frozen.line, "held")
        frozen.tell("write")
        assert.strictEqual(yield* frozen.line, "writing")
        frozen.kill("SIGSTOP")
        yield* silentFor(path, 60_000)
        // Process 1 of its container, as the frozen one is, and a process of another number.
        assert.strictEqual(yield* (yield* contained(container, path)).line, "refused 1 0")
        assert.instanceOf(yield* refusal(path), FolderHeld)
        frozen.kill("SIGCONT")
        frozen.tell("once")
        assert.strictEqual(yield* frozen.line, "written")
      }),
    30_000
  )

  it.live("the folder of a frozen and silent holder is free once the holder was killed", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const frozen = yield* contained(container, path)
      assert.strictEqual(yield* frozen.line, "held")
      frozen.kill("SIGSTOP")
      yield* silentFor(path, 60_000)
      assert.strictEqual(yield* (yield* contained(container, path)).line, "refused 1 0")
      yield* endedBy(frozen, "SIGKILL")
      assert.strictEqual(yield* (yield* contained(container, path)).line, "held")
    }), 30_000)

  it.live("the folder is free at once when a user deletes the table of holders", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const first = yield* contained(container, path)
      assert.strictEqual(yield* first.line, "held")
      first.kill("SIGKILL")
      yield* Effect.sleep(100)
      assert.instanceOf(yield* refusal(path), FolderHeld)
      Fs.rmSync(tableOf(path), { recursive: true })
      yield* life(path)
    }), 30_000)

  it.live("a stopped holder that lost the folder does not write when it goes on", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* Effect.scoped(Effect.gen(function*() {
        const store = yield* start(path)
        // As if another container had found this one silent.
        for (const name of Fs.readdirSync(tableOf(path))) {
          Fs.rmSync(Path.join(tableOf(path), name), { recursive: true })
        }
        const other = yield* contained(container, path)
        assert.strictEqual(yield* other.line, "held")
        const { reason } = yield* Effect.flip(store.recordMarks([{ scope: "scope", stamp: 2 }]))
        assert.strictEqual(reason._tag, "FolderGone")
        assert.instanceOf(yield* refusal(path), FolderHeld)
      }))
    }), 30_000)

  it.live(
    "the folder is one store under a mounted path, and a data file that is mounted alone is refused",
    () =>
      Effect.gen(function*() {
        const [one, other] = [yield* temporaryFolder, yield* temporaryFolder]
        const holder = yield* contained([], one)
        assert.strictEqual(yield* holder.line, "held")
        const under = (mount: string) =>
          contained(["unshare", "--mount", "sh", "-c", `${mount} && exec "$@"`, "sh"], other)
        const mounted = yield* under(`mount --bind ${one} ${other}`)
        assert.strictEqual(yield* mounted.line, `refused ${holder.process.pid} 0`)
        Fs.writeFileSync(Path.join(other, "data.mdb"), "")
        const alone = yield* under(`mount --bind ${one}/data.mdb ${other}/data.mdb`)
        assert.strictEqual(yield* alone.line, "refused undefined undefined")
      }),
    30_000
  )
})
