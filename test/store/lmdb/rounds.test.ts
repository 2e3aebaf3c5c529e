/**
 * A round of an LMDB folder is on disk as a whole or not at all, even when the process is killed within it.
 *
 * `STATELESS_KILLS=200 npx vitest run test/store/lmdb/rounds.test.ts` kills the writer more often.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Codec from "effect-stateless/store/Codec"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import type { Partition, Round } from "effect-stateless/store/Store"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Readline from "node:readline"
import { temporaryFolder } from "../../support/folder.ts"
import { checkFile } from "../../support/lmdbRaw.ts"
import { entryOf, familyOf } from "../../support/partition.ts"

const kills = Number(process.env["STATELESS_KILLS"] ?? 5)
const keysPerRound = 10_000

const family = <V>(name: string, codec: Codec.Codec<V>) => familyOf<V>(name, { codec })
const entry = <V>(value: V, version = 1) => entryOf(value, { stamp: version, version })

const texts = Codec.schema(Schema.String)

/** Lets the writer begin its second round or a later one, kills it some milliseconds later; the last that returned. */
const writeAndKill = (path: string, first: number, afterMillis: number) =>
  Effect.promise(() =>
    new Promise<number>((resolve) => {
      const file = Path.join(import.meta.dirname, "../../support/children/lmdb", "rounds.ts")
      const writer = spawn(process.execPath, [file, path, `${keysPerRound}`, `${first}`], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      let last = first
      Readline.createInterface({ input: writer.stdout }).on("line", (line) => {
        if (last === first) setTimeout(() => writer.kill("SIGKILL"), afterMillis)
        last = Number(line)
      })
      // Not before its process is gone: until then it holds the folder.
      writer.on("close", () => resolve(last))
    })
  )

describe("round of 10,000 entries, removals and a mark", () => {
  it.live(
    "a round is on disk as a whole or not at all when its process is killed at any moment",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        let last = 0
        for (let kill = 0; kill < kills; kill++) {
          const returned = yield* writeAndKill(path, last, yield* Random.nextIntBetween(0, 400))
          last = yield* Effect.scoped(Effect.gen(function*() {
            const store = yield* LmdbStore.make({ path, durability: "process" })
            const seen = new Set<number>()
            for (const name of ["many", "some", "trail"]) {
              const partition = yield* store.open(family(name, texts))
              let count = 0
              yield* Stream.runForEach(partition.entries, ([key, { value, version }]) =>
                Effect.sync(() => {
                  count++
                  seen.add(version)
                  assert.strictEqual(value.split(" ")[0], `${version}`)
                  if (name === "trail") assert.strictEqual(key, `${version}`)
                }))
              assert.strictEqual(count, { many: keysPerRound, some: 2, trail: 1 }[name])
            }
            for (const { stamp } of (yield* store.loadMarks).marks) seen.add(stamp)
            assert.strictEqual(seen.size, 1, `rounds ${Array.from(seen).join(" and ")} are mixed`)
            return Math.max(...seen)
          }))
          assert.isAtLeast(last, returned, "a round that returned is there")
        }
        yield* checkFile(path)
      }).pipe(Random.withSeed("rounds")),
    30_000 + kills * 10_000
  )
})

const changeOf = <V>(partition: Partition<V>, all: ReadonlyArray<readonly [string, V]>) =>
  Effect.map(
    Effect.forEach(all, ([key, value]) =>
      Effect.map(partition.prepare(key, entry(value)), (prepared) => ({ key, entry: entry(value), prepared }))),
    (set) => ({ partition, cleared: false, removed: [], set })
  )

describe("prepare", () => {
  const store = Effect.gen(function*() {
    const path = yield* temporaryFolder
    const store = yield* LmdbStore.make({ path, durability: "process", bytesMax: 1_048_576 })
    return { path, store }
  })

  it.live("prepare fails for an invalid key or value, and changes nothing", () =>
    Effect.gen(function*() {
      const { store: { open } } = yield* store
      const thrown = new Error("an encoder that throws")
      const broken: Codec.Codec<string> = {
        ...texts,
        encode: () => {
          throw thrown
        }
      }
      const [users, ints, odd] = [
        yield* open(family("user", texts)),
        yield* open(family("int", Codec.schema(Schema.Int))),
        yield* open(family("odd", broken))
      ]
      yield* users.set("1", entry("before"))
      const storeReasonOf = (prepared: Effect.Effect<unknown, any>) =>
        Effect.map(Effect.flip(prepared), ({ reason }) => reason)
      const tooLong = yield* storeReasonOf(users.prepare("é".repeat(32_769), entry("value")))
      assert.deepStrictEqual([tooLong._tag, tooLong.bytes, tooLong.bytesMax], ["KeyTooLong", 65_538, 65_536])
      const tooLarge = yield* storeReasonOf(users.prepare("1", entry("x".repeat(1_048_576))))
      assert.deepStrictEqual([tooLarge._tag, tooLarge.key, tooLarge.bytesMax], ["ValueTooLarge", "user:1", 1_048_576])
      assert.strictEqual((yield* storeReasonOf(ints.prepare("1", entry(1.5))))._tag, "EncodeFailed")
      const refused = yield* storeReasonOf(odd.prepare("1", entry("value")))
      assert.deepStrictEqual([refused._tag, refused.key, refused.cause], ["EncodeFailed", "odd:1", thrown])
      assert.strictEqual((yield* users.get("1"))?.entry.value, "before")
    }))

  it.live("prepare is the only call that encodes, and a round encodes nothing", () =>
    Effect.gen(function*() {
      const { store: { open, write } } = yield* store
      let encoded = 0
      const counted: Codec.Codec<string> = {
        ...texts,
        encode: (value) => {
          encoded++
          return texts.encode(value)
        }
      }
      const users = yield* open(family("user", counted))
      yield* write({ changes: [yield* changeOf(users, [["1", "one"], ["2", "two"]])], marks: [] })
      assert.strictEqual(encoded, 2)
      assert.strictEqual((yield* users.get("2"))?.entry.value, "two")
    }))
})

describe("LMDB folder that goes away while it is open", () => {
  const ways = {
    "is removed": (path: string) => Fs.rmSync(path, { recursive: true }),
    "loses its file": (path: string) => Fs.rmSync(Path.join(path, "data.mdb")),
    "gets another file": (path: string) => {
      const file = Path.join(path, "data.mdb")
      Fs.copyFileSync(file, `${file}.copy`)
      Fs.renameSync(`${file}.copy`, file)
    }
  }
  for (const [name, take] of Object.entries(ways)) {
    it.live(`each write and read fails, and the next store opens the folder again: ${name}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const scope = yield* Scope.make()
        const lost = yield* LmdbStore.make({ path, durability: "process" }).pipe(Scope.provide(scope))
        const users = yield* lost.open(family("user", texts)).pipe(Scope.provide(scope))
        const round: Round = { changes: [yield* changeOf(users, [["2", "lost"]])], marks: [] }
        yield* users.set("1", entry("one"))
        yield* users.size
        take(path)
        for (
          const operation of [users.remove(["1"]), lost.write(round), lost.recordMarks([{ scope: "a", stamp: 1 }])]
        ) {
          assert.strictEqual((yield* Effect.flip(operation)).reason._tag, "FolderGone")
        }
        assert.strictEqual((yield* Effect.flip(users.get("1"))).reason._tag, "FolderGone")
        // While one of the two files is still that of the store, the next one waits for its end.
        if (name !== "is removed") {
          const next = yield* Effect.flip(Effect.scoped(LmdbStore.make({ path, durability: "process" })))
          assert.strictEqual(next.reason._tag, "FolderHeld")
          yield* Scope.close(scope, Exit.void)
        }
        const anew = yield* LmdbStore.make({ path, durability: "process" })
        const others = yield* anew.open(family("user", texts))
        yield* others.set("3", entry("three"))
        yield* others.remove(["1"])
        assert.strictEqual((yield* others.get("3"))?.entry.value, "three")
        if (name !== "is removed") return
        assert.strictEqual((yield* Effect.flip(lost.write(round))).reason._tag, "FolderGone")
        yield* Scope.close(scope, Exit.void)
      }))
  }
})
