/**
 * Many writes at once, over a file with a bound, and over a disk that has no room for all of them: the file keeps its
 * bound, and each write ends for itself.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { execFile, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Readline from "node:readline"
import { fileURLToPath } from "node:url"
import { slackBytes } from "../../../src/store/lmdb/internal/lmdbRoom.ts"
import * as LmdbStore from "../../../src/store/lmdb/LmdbStore.ts"
import type { Partition } from "../../../src/store/Store.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { checkFile } from "../../support/lmdbRaw.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const megabyte = 1_048_576

const child = (name: string) => fileURLToPath(new URL(`../../support/children/lmdb/${name}.ts`, import.meta.url))

/** Runs a program under a limit on the size of files, in blocks of the shell; it sees an error instead of a signal. */
const limited = <A>(blocks: number | "unlimited", name: string, args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    new Promise<A>((resolve, reject) => {
      const command = `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`
      const all = ["-c", command, process.execPath, child(name), ...args]
      execFile("/bin/sh", all, { timeout: 60_000, maxBuffer: 1e9 }, (error, stdout, stderr) => {
        const line = stdout.split("\n").find((line) => line.startsWith("answer "))
        if (line === undefined || error !== null) reject(new Error(`${error}${stderr.slice(-2_000)}`))
        else resolve(JSON.parse(line.slice("answer ".length)))
      })
    })
  )

interface Answer {
  readonly became: ReadonlyArray<readonly [key: string, result: string]>
  readonly served: ReadonlyArray<readonly [key: string, value: string]>
  readonly size: number
}

describe("LmdbStore under a burst of writes", () => {
  const bursts = [
    { count: 600, bytes: 300_000, bytesMax: 8 * megabyte },
    { count: 600, bytes: 300_000, bytesMax: megabyte },
    { count: 3_000, bytes: 3_000, bytesMax: 4 * megabyte },
    { count: 40, bytes: 6_000_000, bytesMax: 32 * megabyte }
  ]
  for (const { bytes, bytesMax, count } of bursts) {
    for (const arrangement of ["lmdb", "tiered"]) {
      it.live(
        `the file keeps its bound of ${bytesMax}, and no write fails: ${count} of ${bytes} bytes (${arrangement})`,
        () =>
          Effect.gen(function*() {
            const path = yield* temporaryFolder
            const args = [path, bytesMax, count, bytes, arrangement].map(String)
            const first = yield* limited<Answer>("unlimited", "burst", args)
            assert.deepStrictEqual(first.became.filter(([, result]) => result !== "written"), [])
            assert.isAtMost(first.size, bytesMax + slackBytes(bytesMax))
            const later = yield* limited<Answer>("unlimited", "burst", [...args, "read"])
            const wrong = later.served.filter(([key, value]) => value !== "" && value !== `new ${key}`)
            assert.deepStrictEqual(wrong, [])
            const found = later.served.filter(([, value]) => value !== "").length
            assert.isAtLeast(found * bytes, Math.min(bytesMax, count * bytes) / 4)
            yield* checkFile(path)
          }),
        90_000
      )
    }
  }

  const limits = [
    { blocks: 16_000, count: 600, bytes: 300_000, bytesMax: "none" },
    { blocks: 8_000, count: 2_000, bytes: 3_000, bytesMax: "none" },
    { blocks: 4_000, count: 60, bytes: 1_500_000, bytesMax: "none" },
    { blocks: 8_000, count: 600, bytes: 300_000, bytesMax: `${64 * megabyte}` }
  ]
  for (const { blocks, bytes, bytesMax, count } of limits) {
    for (const arrangement of ["lmdb", "tiered"]) {
      it.live(
        `a full disk refuses some writes of a burst, and no other one: ${count} of ${bytes} bytes, bound ${bytesMax} ` +
          `(${arrangement})`,
        () =>
          Effect.gen(function*() {
            const path = yield* temporaryFolder
            const args = [path, bytesMax, count, bytes, arrangement].map(String)
            const first = yield* limited<Answer>(blocks, "burst", args)
            const results = new Map(first.became)
            assert.strictEqual(results.get("mark"), "written")
            assert.strictEqual(results.get("gone"), "written")
            const all = Array.from(results.values())
            assert.includeMembers(all, ["written", "TierFull"])
            assert.deepStrictEqual(all.filter((result) => result !== "written" && result !== "TierFull"), [])
            // What was refused has changed nothing.
            const expected = first.served.map(([key]) => {
              if (results.get(key) === "written") return [key, `new ${key}`]
              const hadOld = key.startsWith("user:") && Number(key.slice("user:".length)) % 10 === 0
              return [key, hadOld ? `old ${key}` : ""]
            })
            assert.deepStrictEqual(first.served, expected as Array<[string, string]>)
            const later = yield* limited<Answer>("unlimited", "burst", [...args, "read"])
            assert.deepStrictEqual(later.served, expected as Array<[string, string]>)
            yield* checkFile(path)
          }),
        90_000
      )
    }
  }

  it.live("marks that a full disk has no room for evict entries", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const { known, marked, taken } = yield* limited<{ known: number; marked: boolean; taken: number }>(
        8_000,
        "fullMarks",
        [path]
      )
      assert.isAbove(taken, 100)
      assert.deepStrictEqual([marked, known], [true, 2_000])
      assert.isAtLeast(yield* checkFile(path), 1)
    }), 90_000)

  it.live(
    "the file keeps its bound while a stopped reader of another process holds its pages",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const bytesMax = 4 * megabyte
        const store = yield* LmdbStore.make({ path, durability: "process", bytesMax })
        const users = yield* store.open(textFamily("user"))
        const write = (rounds: number) =>
          Effect.forEach(Array.from({ length: rounds }), (_, round) =>
            Effect.andThen(
              users.setMany(
                Array.from({ length: 10 }, (_, n) => [`${round}/${n}`, entryOf("x".repeat(100_000))] as const)
              ),
              users.size
            ))
        yield* write(10)
        const reader = yield* Effect.acquireRelease(
          Effect.sync(() =>
            spawn(process.execPath, [child("holder"), path, "other"], { stdio: ["pipe", "pipe", "inherit"] })
          ),
          (reader) => Effect.sync(() => reader.kill("SIGKILL"))
        )
        const lines = Readline.createInterface({ input: reader.stdout })[Symbol.asyncIterator]()
        yield* Effect.promise(() => lines.next())
        reader.stdin.write("read\n")
        yield* Effect.promise(() => lines.next())
        reader.kill("SIGSTOP")
        yield* write(40)
        yield* users.remove(["39/9"])
        assert.isAtMost(Fs.statSync(Path.join(path, "data.mdb")).size, bytesMax + slackBytes(bytesMax))
      }),
    60_000
  )

  it.live(
    "the file keeps its bound under any rounds, and holds the last value of each key or none",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.integer({ min: 1, max: 16 }),
            fc.array(
              fc.record({
                keys: fc.integer({ min: 1, max: 60 }),
                from: fc.integer({ min: 0, max: 80 }),
                bytes: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 3_000, max: 250_000 })),
                ending: fc.boolean(),
                removed: fc.integer({ min: 0, max: 5 })
              }),
              { minLength: 5, maxLength: 30 }
            ),
            (megabytes, rounds) =>
              Effect.runPromise(Effect.scoped(Effect.gen(function*() {
                const path = yield* temporaryFolder
                const bytesMax = megabytes * megabyte
                const last = new Map<string, string | undefined>()
                const check = (users: Partition<string>) =>
                  Effect.forEach(last, ([key, value]) =>
                    Effect.map(users.get(key), (found) => {
                      if (found !== undefined) assert.isTrue(found.entry.value === value, `${key} has another value`)
                      return found !== undefined
                    }))
                const open = Effect.gen(function*() {
                  const store = yield* LmdbStore.make({ path, durability: "process", bytesMax })
                  return { store, users: yield* store.open(textFamily("user")) }
                })
                yield* Effect.scoped(Effect.gen(function*() {
                  const { store, users } = yield* open
                  let version = 0
                  for (const { bytes, ending, from, keys, removed } of rounds) {
                    const set = []
                    for (let n = from; n < from + keys; n++) {
                      const value = `${++version} `.padEnd(1 + (bytes * (1 + n % 3)) / 3, "x")
                      const times = ending ? { expiresAt: Date.now() + 1_000_000 + version } : {}
                      const entry = entryOf(value, { version, ...times })
                      set.push({ key: `${n}`, entry, prepared: yield* users.prepare(`${n}`, entry) })
                      last.set(`${n}`, value)
                    }
                    const gone = Array.from({ length: removed }, (_, n) => `${from + keys + n}`)
                    for (const key of gone) last.set(key, undefined)
                    yield* store.write({
                      changes: [{ partition: users, cleared: false, removed: gone, set }],
                      marks: []
                    })
                    // The list of free pages needs some itself.
                    const most = bytesMax + slackBytes(bytesMax) + 64 * 4_096
                    assert.isAtMost(Fs.statSync(Path.join(path, "data.mdb")).size, most)
                  }
                  yield* check(users)
                }))
                const found = yield* Effect.scoped(Effect.flatMap(open, ({ users }) => check(users)))
                assert.include(found, true)
                yield* checkFile(path)
              })))
          ),
          { numRuns: 40, interruptAfterTimeLimit: 60_000 }
        )
      ),
    120_000
  )
})
