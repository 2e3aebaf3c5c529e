/**
 * The LMDB store: opening, damage, order of writes, streams, upkeep and bounds, each against a real folder.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Codec from "effect-stateless/store/Codec"
import type { Entry } from "effect-stateless/store/Entry"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import { type Partition, Store, type StoreFamily } from "effect-stateless/store/Store"
import { InvalidStoreOptions, type StoreError, TierFailed } from "effect-stateless/store/StoreError"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { crc32 } from "node:zlib"
import { rankKey } from "../../../src/store/lmdb/internal/lmdbKey.ts"
import { fork } from "../../support/effects.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { checkFile, openRaw } from "../../support/lmdbRaw.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const family = (options: Partial<StoreFamily<string>> = {}) => textFamily("user", options)

const start = (path: string, options: Partial<LmdbStore.Options> = {}) =>
  LmdbStore.make({ path, durability: "process", ...options })

/** One life of a store on a folder: opened, used, closed. */
const life = <A, E>(
  path: string,
  body: (users: Partition<string>, store: Store["Service"]) => Effect.Effect<A, E, Scope.Scope>,
  options: Partial<LmdbStore.Options> = {},
  ofFamily: Partial<StoreFamily<string>> = {}
) =>
  Effect.scoped(Effect.gen(function*() {
    const store = yield* start(path, options)
    return yield* body(yield* store.open(family(ofFamily)), store)
  }))

const valueOf = (users: Partition<string>, key: string) => Effect.map(users.get(key), (found) => found?.entry.value)

const numbered = (from: number, to: number, options: Partial<Entry<string>> = {}) =>
  Array.from({ length: to - from }, (_, n) => [`${from + n}`, entryOf(`value ${from + n}`, options)] as const)

// Upkeep runs on its own fiber, and commits on a thread: what they do is waited for in turns, not in time.
const eventually = (holds: Effect.Effect<boolean, StoreError>, millisPerTurn = 1_000) =>
  Effect.gen(function*() {
    for (let turn = 0; turn < 2_000; turn++) {
      yield* TestClock.adjust(millisPerTurn)
      if (yield* holds) return
      // The file needs real time, and more of it on a busy machine.
      if (millisPerTurn === 0) yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
    }
    assert.fail("what was waited for did not happen")
  })

const sizeIs = (users: Partition<string>, size: number) => eventually(Effect.map(users.size, (found) => found === size))

describe("opening a folder", () => {
  const refusal = (path: string, options: Partial<LmdbStore.Options> = {}) =>
    Effect.flip(Effect.scoped(start(path, options)))

  it.effect("the store makes the folder and its parents", () =>
    Effect.gen(function*() {
      const path = Path.join(yield* temporaryFolder, "a", "b.c")
      yield* life(path, (users) => users.set("1", entryOf("one")))
      assert.isTrue(Fs.statSync(Path.join(path, "data.mdb")).isFile())
    }))

  it.effect("a path that is empty, a file, or within a file is refused", () =>
    Effect.gen(function*() {
      const file = Path.join(yield* temporaryFolder, "file")
      Fs.writeFileSync(file, "")
      for (const path of [file, Path.join(file, "below"), ""]) {
        const error = yield* refusal(path)
        assert.instanceOf(error.reason, InvalidStoreOptions)
        assert.match(error.message, /cannot open the lmdb tier: `path` is/)
      }
    }))

  it.effect("a file that LMDB did not write, or that was cut, is refused without the end of the process", () =>
    Effect.gen(function*() {
      const damages: ReadonlyArray<readonly [message: RegExp, damage: (data: string) => void]> = [
        [/is not an LMDB file/, (data) => Fs.writeFileSync(data, Buffer.alloc(20_000, 0x5a))],
        [/is not an LMDB file/, (data) => Fs.truncateSync(data, 100)],
        [/second page/, (data) => Fs.truncateSync(data, 4_200)],
        [/was cut to 12288 bytes/, (data) => Fs.truncateSync(data, 12_288)]
      ]
      for (const [message, damage] of damages) {
        const path = yield* temporaryFolder
        yield* life(path, (users) => users.setMany(numbered(0, 500)))
        damage(Path.join(path, "data.mdb"))
        const error = yield* refusal(path)
        assert.instanceOf(error.reason, TierFailed)
        assert.match(String((error.reason as TierFailed).cause), message)
      }
    }))

  it.effect("a folder in the place of one of its files is refused", () =>
    Effect.gen(function*() {
      for (const name of ["data.mdb", "lock.mdb"]) {
        const path = yield* temporaryFolder
        Fs.mkdirSync(Path.join(path, name))
        assert.match((yield* refusal(path)).message, new RegExp(`holds a ${name} that is not a file`))
      }
    }))

  it.effect("a future format and the environment of another program are refused", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, () => Effect.void)
      yield* Effect.scoped(Effect.flatMap(openRaw(path), (raw) => Effect.promise(() => raw.setFormat(2))))
      assert.match((yield* refusal(path)).message, /holds format 2, and this version reads format 1/)
      const other = yield* temporaryFolder
      yield* Effect.scoped(Effect.map(openRaw(other), (raw) => raw.root.putSync("theirs", Buffer.from("x"))))
      assert.match((yield* refusal(other)).message, /another program/)
    }))

  it.effect("options without a meaning are refused", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const wrong: ReadonlyArray<Partial<LmdbStore.Options>> = [
        { entriesMax: 0 },
        { entriesMax: Number.NaN },
        { bytesMax: 1_000 },
        { namespace: "" },
        { namespace: "a/b" },
        { readersMax: 0.5 },
        { sweepInterval: 0 },
        { sweepInterval: "no time" as never }
      ]
      for (const options of wrong) {
        const error = yield* refusal(path, options)
        assert.include(error.message, `\`${Object.keys(options)[0]}\``)
      }
    }))

  it.effect("the configuration gives the options", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const layer = LmdbStore.layerConfig({
        path: Config.String("CACHE_PATH"),
        durability: Config.succeed("process" as const)
      })
      const provider = ConfigProvider.fromUnknown({ CACHE_PATH: path })
      const store = yield* Store.pipe(
        Effect.provide(layer),
        Effect.provideService(ConfigProvider.ConfigProvider, provider)
      )
      assert.strictEqual(store.name, "lmdb")
      assert.isTrue(Fs.existsSync(Path.join(path, "data.mdb")))
    }))
})

describe("folder that is open already", () => {
  it.effect("two openings of a folder share one store, under any path", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const link = `${path}-link`
      yield* Effect.acquireRelease(
        Effect.sync(() => Fs.symlinkSync(path, link)),
        () => Effect.sync(() => Fs.rmSync(link))
      )
      yield* life(path, (first) =>
        Effect.gen(function*() {
          yield* life(link, (second) =>
            Effect.gen(function*() {
              yield* first.set("1", entryOf("one"))
              assert.strictEqual(yield* valueOf(second, "1"), "one")
              yield* second.set("2", entryOf("two"))
              yield* second.clear
              yield* second.set("3", entryOf("three"))
            }))
          // The other has closed, and this one goes on.
          assert.deepStrictEqual([yield* valueOf(first, "1"), yield* valueOf(first, "3")], [undefined, "three"])
          yield* first.set("4", entryOf("four"))
        }))
      yield* checkFile(path)
      yield* life(path, (users) => Effect.map(valueOf(users, "4"), (value) => assert.strictEqual(value, "four")))
    }))

  it.effect("another namespace is another store", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (first, store) =>
        Effect.gen(function*() {
          yield* first.set("1", entryOf("one"))
          yield* store.recordMarks([{ scope: "s", stamp: 1 }])
          yield* life(path, (second, other) =>
            Effect.gen(function*() {
              assert.isUndefined(yield* second.get("1"))
              assert.deepStrictEqual((yield* other.loadMarks).marks, [])
              yield* second.clear
            }), { namespace: "other" })
          assert.strictEqual(yield* valueOf(first, "1"), "one")
        }))
    }))

  // All handles of one process share one environment, so the raw one shows what the store has asked for.
  it.effect("`readersMax` of the first store that opens the folder bounds its readers, by default 512", () =>
    Effect.gen(function*() {
      const readersOf = (path: string) =>
        Effect.map(openRaw(path), ({ root }) => (root.getStats() as { readonly maxReaders: number }).maxReaders)
      for (const [readersMax, expected] of [[7, 7], [undefined, 512]] as const) {
        const path = yield* temporaryFolder
        yield* life(path, () =>
          Effect.gen(function*() {
            assert.strictEqual(yield* Effect.scoped(readersOf(path)), expected)
            yield* start(path, { namespace: "other", readersMax: 9 })
            assert.strictEqual(yield* Effect.scoped(readersOf(path)), expected)
          }), { readersMax })
      }
    }))

  it.effect("a namespace that is open with other bounds is refused", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Effect.scoped(start(path, { entriesMax: 11 })))
          assert.match(error.message, /must have the values with which this namespace is already open/)
        }), { entriesMax: 10 })
      yield* life(path, () => Effect.void, { entriesMax: 11 })
    }))

  it.effect("a closed store answers with an error", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const [users, store] = yield* life(path, (users, store) =>
        Effect.as(users.set("1", entryOf("one")), [users, store] as const))
      const calls: ReadonlyArray<Effect.Effect<unknown, StoreError>> = [
        users.get("1"),
        users.getMany(["1"]),
        users.set("1", entryOf("two")),
        users.setMany([["1", entryOf("two")]]),
        users.remove(["1"]),
        users.clear,
        users.size,
        Stream.runCollect(users.entries),
        store.loadMarks,
        store.recordMarks([{ scope: "s", stamp: 1 }]),
        store.removeMarks([{ scope: "s", stamp: 1 }])
      ]
      for (const call of calls) {
        const error = yield* Effect.flip(call)
        assert.match(String((error.reason as TierFailed).cause), /the tier is closed/)
      }
    }))
})

describe("damaged record", () => {
  const droppedFor = (reason: string) =>
    Effect.map(
      Metric.value(Metric.withAttributes(LmdbStore.recordsDropped, { reason })),
      (state) => state.count
    )

  it.effect("a damaged record is absent, counted and removed", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (users) => users.setMany(numbered(0, 4)))
      yield* Effect.scoped(Effect.flatMap(openRaw(path), (raw) =>
        Effect.promise(async () => {
          for (const { key, value } of Array.from(raw.entries.getRange({ start: "!", end: "~" }))) {
            if (key.endsWith("1")) value[value.length - 1]! ^= 1
            else if (key.endsWith("2")) value[40]! ^= 0x80
            else if (key.endsWith("3")) value.fill(0)
            await raw.entries.put(key, value)
          }
        })))
      const before = yield* droppedFor("damaged")
      yield* life(path, (users) =>
        Effect.gen(function*() {
          const found = yield* users.getMany(["0", "1", "2", "3"])
          assert.deepStrictEqual(found.map((found) => found?.entry.value), ["value 0", undefined, undefined, undefined])
          yield* users.set("3", entryOf("again"))
          assert.deepStrictEqual((yield* Stream.runCollect(users.entries)).map(([key]) => key), ["0", "3"])
        }))
      assert.strictEqual((yield* droppedFor("damaged")) - before, 3)
      yield* life(path, (users) => Effect.map(users.size, (size) => assert.strictEqual(size, 2)))
    }))

  it.effect("a record of another schema is absent and counted, and a read does not remove it", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const before = yield* droppedFor("undecodable")
      yield* life(
        path,
        (users) => users.setMany([["1", entryOf("one")], ["2", entryOf("two")], ["3", entryOf("three")]])
      )
      const numbers = Codec.schema(Schema.Number) as unknown as StoreFamily<string>["codec"]
      yield* life(
        path,
        (users) =>
          Effect.gen(function*() {
            assert.isUndefined(yield* users.get("1"))
            assert.deepStrictEqual(yield* users.getMany(["1", "2"]), [undefined, undefined])
            assert.deepStrictEqual(yield* Stream.runCollect(users.entries), [])
            // What is removed goes, whichever process wrote it.
            yield* users.remove(["3"])
          }),
        {},
        { codec: numbers }
      )
      assert.strictEqual((yield* droppedFor("undecodable")) - before, 6)
      yield* life(path, (users) =>
        Effect.gen(function*() {
          const found = yield* Effect.forEach(["1", "2", "3"], (key) => valueOf(users, key))
          assert.deepStrictEqual(found, ["one", "two", undefined])
        }))
    }))

  it.effect("a record of a later format is absent, and a read does not remove it", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (users) => users.set("1", entryOf("one")))
      const rewrite = (format: number) =>
        Effect.scoped(Effect.flatMap(openRaw(path), (raw) =>
          Effect.promise(async () => {
            for (const { key, value } of Array.from(raw.entries.getRange({ start: "!", end: "~" }))) {
              value[4] = format
              value.writeUInt32LE(crc32(value.subarray(4)), 0)
              await raw.entries.put(key, value)
            }
          })))
      yield* rewrite(3)
      yield* life(path, (users) => Effect.map(valueOf(users, "1"), (value) => assert.isUndefined(value)))
      yield* rewrite(1)
      yield* life(path, (users) => Effect.map(valueOf(users, "1"), (value) => assert.strictEqual(value, "one")))
    }))

  it.effect("a damaged mark or state hides every entry that it might have hidden", () =>
    Effect.gen(function*() {
      for (const name of ["marks", "state"] as const) {
        const path = yield* temporaryFolder
        yield* life(
          path,
          (users, store) =>
            Effect.andThen(users.set("1", entryOf("one")), store.recordMarks([{ scope: "user", stamp: 5 }]))
        )
        yield* Effect.scoped(Effect.flatMap(openRaw(path), (raw) =>
          Effect.promise(async () => {
            for (const { key, value } of Array.from(raw[name].getRange({ start: "!", end: "~" }))) {
              value[value.length - 1]! ^= 1
              await raw[name].put(key, value)
            }
          })))
        yield* life(path, (users, store) =>
          Effect.gen(function*() {
            assert.isUndefined(yield* users.get("1"))
            assert.deepStrictEqual((yield* store.loadMarks).marks, [])
            yield* users.set("1", entryOf("again"))
          }))
        assert.strictEqual(yield* checkFile(path), 1)
      }
    }))
})

describe("writes on their way", () => {
  it.effect("readers see all of a batch or nothing while others commit", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (users) =>
        Effect.gen(function*() {
          const keys = ["1", "2", "3"]
          const writer = yield* Effect.forkChild(Effect.forEach(
            Array.from({ length: 200 }, (_, round) => round),
            (round) =>
              Effect.andThen(
                users.setMany(keys.map((key) => [key, entryOf(`${round}`)])),
                round % 5 === 0 ? users.remove(keys) : Effect.yieldNow
              ),
            { discard: true }
          ))
          let seen = 0
          while (writer.pollUnsafe() === undefined) {
            const found = (yield* users.getMany(keys)).map((found) => found?.entry.value)
            assert.strictEqual(new Set(found).size, 1, `torn: ${found.join()}`)
            seen++
            yield* Effect.yieldNow
          }
          yield* Fiber.join(writer)
          assert.isAbove(seen, 10)
        }))
      assert.strictEqual(yield* checkFile(path), 3)
    }))

  it.effect("writes wait when there are too many, and keep their order", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (users) =>
        Effect.gen(function*() {
          // More than a batch takes, before the first can commit.
          yield* Effect.forEach(
            Array.from({ length: 12_000 }, (_, n) => n),
            (n) => n % 3 === 2 ? users.remove([`${n % 2_000}`]) : users.set(`${n % 2_000}`, entryOf(`${n}`)),
            { concurrency: "unbounded", discard: true }
          )
          for (const key of [0, 1, 2, 1_998, 1_999]) {
            const last = 10_000 + key
            assert.strictEqual(yield* valueOf(users, `${key}`), last % 3 === 2 ? undefined : `${last}`)
          }
        }))
      assert.strictEqual(yield* checkFile(path), 1_333)
    }))

  it.effect("writes keep their order when a codec makes some of them wait", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      // Waits for values that begin with "slow", and only then looks at them, in both directions.
      const waits = <A>(is: boolean, answer: () => A) =>
        is ? Effect.map(Effect.repeat(Effect.yieldNow, { times: 5 }), answer) : Exit.succeed(answer())
      const slowly: StoreFamily<string>["codec"] = {
        encode: (text) => waits(text.startsWith("slow"), () => Buffer.from(text)),
        decode: (bytes) => waits(bytes[0] === 0x73, () => Buffer.from(bytes).toString())
      }
      yield* life(
        path,
        (users) =>
          Effect.gen(function*() {
            const at = <A, E>(effect: Effect.Effect<A, E>) => fork(effect)
            const fibers = [
              yield* at(users.set("1", entryOf("slow"))),
              yield* at(users.set("1", entryOf("fast"))),
              yield* at(users.set("2", entryOf("slow 2"))),
              yield* at(users.remove(["2"])),
              yield* at(users.setMany([["3", entryOf("slow 3")], ["4", entryOf("four")]])),
              yield* at(users.set("5", entryOf("slow 5"))),
              yield* at(users.set("3", entryOf("three")))
            ]
            yield* Fiber.joinAll(fibers)
            yield* users.size
            // While one read waits, others use the driver's buffer.
            const reads = yield* Effect.forEach(["5", "1", "2", "3", "4"], (key) => valueOf(users, key), {
              concurrency: "unbounded"
            })
            assert.deepStrictEqual(reads, ["slow 5", "fast", undefined, "three", "four"])
          }),
        {},
        { codec: slowly }
      )
    }))

  it.effect("random writes leave the file in order", () =>
    Effect.forEach([1, 2, 3], (seed) =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* life(path, (users) =>
          Effect.gen(function*() {
            for (let step = 0; step < 400; step++) {
              const key = `${yield* Random.nextIntBetween(0, 40)}`
              const expiresAt = (yield* Clock.currentTimeMillis) + (yield* Random.nextIntBetween(1, 5_000))
              const choice = yield* Random.nextIntBetween(0, 20)
              if (choice < 10) yield* users.set(key, entryOf(`${step}`, { version: step, expiresAt }))
              else if (choice < 14) yield* users.set(key, entryOf(`${step}`, { version: step }))
              else if (choice < 17) yield* users.remove([key])
              else if (choice < 19) yield* TestClock.adjust(600)
              else yield* users.clear
            }
          }), { entriesMax: 25 })
        yield* checkFile(path)
      }).pipe(Random.withSeed(seed)), { discard: true }))
})

describe("stream of entries", () => {
  it.effect("a stream ends after the entries that it has read when the family is cleared", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (users) =>
        Effect.gen(function*() {
          yield* users.setMany(numbered(0, 3_000))
          let given = 0
          yield* Stream.runForEachArray(users.entries, (entries) => {
            given += entries.length
            return Effect.andThen(users.clear, users.set("new", entryOf("new")))
          })
          assert.isAtMost(given, 1_000)
        }))
    }))

  it.effect("a waiting stream holds no read transaction, so the file does not grow", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (users) =>
        Effect.gen(function*() {
          yield* users.setMany(numbered(0, 1_500))
          const rounds = Effect.forEach(
            Array.from({ length: 20 }, (_, n) => n),
            () => Effect.andThen(users.setMany(numbered(0, 1_500)), users.size),
            { discard: true }
          )
          yield* Stream.runForEachArray(users.entries, () => rounds)
        }))
      // One copy is 0.4 MB; a snapshot that is held keeps each of the 60 copies.
      assert.isBelow(Fs.statSync(Path.join(path, "data.mdb")).size, 5_000_000)
    }))
})

describe("upkeep", () => {
  it.effect("upkeep removes ended entries with one event each, and cleared ones", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const heard: Array<string> = []
      yield* life(
        path,
        (users) =>
          Effect.gen(function*() {
            const expiresAt = (yield* Clock.currentTimeMillis) + 500
            yield* users.setMany(numbered(0, 1_200, { expiresAt }))
            yield* users.setMany(numbered(1_200, 1_300))
            yield* users.set("0", entryOf("longer"))
            yield* users.remove(["1"])
            yield* TestClock.adjust(500)
            assert.isUndefined(yield* users.get("2"))
            yield* sizeIs(users, 101)
            yield* eventually(Effect.sync(() => heard.length === 1_198))
            assert.strictEqual(new Set(heard).size, 1_198)
            assert.include(heard, "1199 value 1199 Expired")
            yield* users.clear
            yield* users.set("again", entryOf("again"))
            yield* TestClock.adjust(5_000)
            yield* sizeIs(users, 1)
          }),
        {},
        { onEvict: (key, entry, cause) => heard.push(`${key} ${entry.value} ${cause}`) }
      )
      assert.strictEqual(heard.length, 1_198)
      assert.isAtMost(yield* checkFile(path), 101)
      yield* life(path, (users) => Effect.andThen(TestClock.adjust(2_000), sizeIs(users, 1)))
      assert.strictEqual(yield* checkFile(path), 1)
    }))

  it.effect("ended entries are freed once in each `sweepInterval`, and not before", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const heard: Array<string> = []
      yield* life(
        path,
        (users) =>
          Effect.gen(function*() {
            yield* users.set("1", entryOf("one", { expiresAt: (yield* Clock.currentTimeMillis) + 500 }))
            // With a write and its commit in each second: whatever upkeep had begun before has ended.
            for (let second = 1; second < 60; second++) {
              yield* TestClock.adjust("1 second")
              yield* users.set("2", entryOf(`two ${second}`))
            }
            assert.deepStrictEqual([yield* users.size, heard], [2, []])
            yield* TestClock.adjust("1 second")
            yield* eventually(Effect.sync(() => heard.length === 1), 0)
          }),
        { sweepInterval: "1 minute" },
        { onEvict: (key, _, cause) => heard.push(`${key} ${cause}`) }
      )
      assert.deepStrictEqual(heard, ["1 Expired"])
    }))

  it.effect("upkeep goes by the record when the order index differs", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (users) => users.set("1", entryOf("one")))
      yield* Effect.scoped(Effect.flatMap(openRaw(path), (raw) => {
        const [key] = Array.from(raw.entries.getKeys({ start: "!", end: "~" }))
        return Effect.promise(() => raw.order.put(rankKey(5, 1, key!), Buffer.alloc(0)))
      }))
      yield* life(path, (users) =>
        Effect.gen(function*() {
          yield* TestClock.adjust(1_000)
          yield* users.set("2", entryOf("two"))
          yield* sizeIs(users, 2)
          assert.strictEqual(yield* valueOf(users, "1"), "one")
        }))
      assert.strictEqual(yield* checkFile(path), 2)
    }))

  it.effect("upkeep goes on when a listener throws", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(
        path,
        (users) =>
          Effect.gen(function*() {
            yield* users.setMany(numbered(0, 5, { expiresAt: 100 }))
            yield* TestClock.adjust(100)
            yield* sizeIs(users, 0)
            yield* users.set("1", entryOf("one"))
            assert.strictEqual(yield* valueOf(users, "1"), "one")
          }),
        {},
        {
          onEvict: () => {
            throw new Error("not my concern")
          }
        }
      )
    }))
})

describe("bound", () => {
  it.effect("a bound on entries holds after every write: entries with the nearest end leave first, then the oldest", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const heard: Array<string> = []
      yield* life(
        path,
        (users) =>
          Effect.gen(function*() {
            yield* users.set("oldest", entryOf("a", { version: 1 }))
            yield* users.set("older", entryOf("b", { version: 2 }))
            yield* users.set("later", entryOf("d", { version: 3, expiresAt: 2e12 }))
            yield* users.set("soon", entryOf("c", { version: 4, expiresAt: 1e12 }))
            for (let n = 0; n < 4; n++) {
              yield* users.set(`new ${n}`, entryOf("n", { version: 5 + n }))
              assert.isAtMost(yield* users.size, 4)
            }
            yield* eventually(Effect.sync(() => heard.length === 4))
            assert.deepStrictEqual(heard, ["soon Evicted", "later Evicted", "oldest Evicted", "older Evicted"])
            // A write that replaces needs no room.
            yield* users.set("new 0", entryOf("again", { version: 10 }))
            assert.strictEqual(yield* users.size, 4)
            assert.strictEqual(heard.length, 4)
            yield* users.setMany(numbered(0, 9))
            assert.strictEqual(yield* users.size, 4)
            assert.deepStrictEqual(
              (yield* Stream.runCollect(users.entries)).map(([key]) => key),
              ["5", "6", "7", "8"]
            )
          }),
        { entriesMax: 4 },
        { onEvict: (key, _, cause) => heard.push(`${key} ${cause}`) }
      )
      assert.strictEqual(yield* checkFile(path), 4)
    }))

  it.effect("a smaller bound holds soon after the folder is opened", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* life(path, (users) => users.setMany(numbered(0, 2_500)))
      yield* life(path, (users) =>
        Effect.gen(function*() {
          yield* sizeIs(users, 10)
        }), { entriesMax: 10 })
      assert.strictEqual(yield* checkFile(path), 10)
    }))

  it.effect("a bound on bytes keeps the file from growing", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const megabyte = 1_048_576
      yield* life(path, (users) =>
        Effect.gen(function*() {
          for (let round = 0; round < 40; round++) {
            yield* users.setMany(
              Array.from(
                { length: 100 },
                (_, n) => [`${round}/${n}`, entryOf("x".repeat(5_000), { version: round })] as const
              )
            )
            yield* users.size
          }
          const kept = (yield* Stream.runCollect(users.entries)).map(([key]) => key)
          assert.isAtLeast(kept.length, 50)
          assert.isAtMost(kept.length, 210)
          assert.include(kept, "39/99")
        }), { bytesMax: megabyte })
      assert.isBelow(Fs.statSync(Path.join(path, "data.mdb")).size, 6 * megabyte)
    }))
})
