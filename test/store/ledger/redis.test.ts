/** A ledger in Redis whose server is flushed, restarted, replaced, stopped, or loses a part of its keys. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Redis } from "ioredis"
import type { KeyName, News, Position } from "../../../src/store/internal/ledger/ledger.ts"
import * as LedgerNode from "../../../src/store/internal/ledger/ledgerNode.ts"
import type { PlacedGuard } from "../../../src/store/internal/ledger/ledgerPlace.ts"
import * as RedisPlace from "../../../src/store/redis/internal/redisPlace.ts"
import { dropOf } from "../../support/ledger/commits.ts"
import { Node, World } from "../../support/ledger/nodes.ts"
import { entryOf, textFamily } from "../../support/partition.ts"
import { adminOf, live, type RedisServer, whereServed } from "../../support/redisServer.ts"

const answerMillis = 500

const placeOver = (server: RedisServer, recordsMax = 10_000, logs = 1, bytesMax = 1_000_000) =>
  RedisPlace.make({
    connect: (options) => server.connect({ ...options, retryStrategy: () => 20 }),
    cache: "place",
    logs,
    recordsMax,
    bytesMax,
    recordsPerAnswer: 64,
    answerMillis: 5_000
  })

const engine = Effect.fnUntraced(function*(server: RedisServer, recordsMax?: number, bytesMax?: number) {
  const ledger = yield* LedgerNode.make(yield* placeOver(server, recordsMax, 1, bytesMax), { answerMillis })
  const heard: Array<News> = []
  yield* ledger.follow((news) => heard.push(news))
  const users = yield* ledger.open(textFamily("user"))
  const put = (key: string, value: string, at?: Position) =>
    Effect.gen(function*() {
      const entry = entryOf(value, { tags: ["a", "\ud800"], revision: "r", ownLifetimeMillis: Infinity })
      const prepared = yield* users.prepare(key, entry)
      return yield* users.put({
        key,
        entry,
        prepared,
        at: at ?? ledger.position(0)!,
        identity: { version: 1, writer: 1 }
      })
    })
  const drop = (...keys: ReadonlyArray<string>) =>
    ledger.commit(0, dropOf({ keys: keys.map((key): KeyName => ["user", key]) }))
  const has = (key: string) => Effect.map(users.getMany([key]), ([found]) => found !== undefined)
  return { ledger, heard, users, put, drop, has, tags: () => heard.map(({ _tag }) => _tag) }
})

/** A place with one entry, and the engine that has put it there. */
const oneThere = Effect.fnUntraced(function*(server: RedisServer) {
  const place = yield* placeOver(server)
  const a = yield* engine(server)
  yield* a.put("1", "one")
  return { a, place, known: a.ledger.position(0)! }
})

const ask = (redis: Redis, command: string, ...args: ReadonlyArray<string>) =>
  Effect.promise(() => redis.call(command, ...args))

const until = (holds: () => boolean, left = 250): Effect.Effect<void> =>
  Effect.suspend(() => holds() || left === 0 ? Effect.void : Effect.andThen(Effect.sleep(20), until(holds, left - 1)))

const tests = () => {
  live("an entry comes back with its times, tags, revision and lifetime", (server) =>
    Effect.gen(function*() {
      const a = yield* engine(server)
      yield* a.put("1", "one")
      const [found] = yield* a.users.getMany(["1"])
      const { entry } = found!.found
      assert.deepStrictEqual(entry, {
        value: "one",
        stamp: 0,
        version: 1,
        freshUntil: Infinity,
        expiresAt: Infinity,
        costMillis: 0,
        tags: ["a", "\ud800"],
        revision: "r",
        ownLifetimeMillis: Infinity
      })
    }))
  live(
    "what was dropped after a snapshot is not served by the server that starts from the snapshot",
    (server) =>
      Effect.gen(function*() {
        const a = yield* engine(server)
        const redis = yield* adminOf(server)
        yield* a.put("1", "old")
        yield* ask(redis, "SAVE")
        yield* a.drop("1")
        yield* server.restart
        yield* until(() => redis.status === "ready")
        assert.notStrictEqual(yield* ask(redis, "EXISTS", "{place.0}:e:4:user:1"), 0)
        yield* until(() => a.tags().includes("Unknown") && a.ledger.look() === "current")
        assert.isFalse(yield* a.has("1"))
        const b = yield* engine(server)
        assert.isFalse(yield* b.has("1"))
        assert.deepStrictEqual(a.tags().slice(-2), ["Unknown", "Known"])
      })
  )
  live(
    "a server that was filled by another one begins a new epoch, under the same run id",
    (server) =>
      Effect.gen(function*() {
        const a = yield* engine(server)
        const redis = yield* adminOf(server)
        yield* a.put("1", "old")
        yield* ask(redis, "DEBUG", "CHANGE-REPL-ID")
        yield* a.ledger.catchUp()
        assert.deepStrictEqual(a.tags().slice(-2), ["Unknown", "Known"])
        assert.isFalse(yield* a.has("1"))
      }),
    "--enable-debug-command",
    "yes"
  )
  for (const [lost, name] of [["h", "head"], ["t", "names"], ["m", "marks"]] as const) {
    live(`a server that has lost the ${name} of a log begins a new epoch`, (server) =>
      Effect.gen(function*() {
        const a = yield* engine(server)
        const redis = yield* adminOf(server)
        yield* a.put("1", "old")
        yield* a.drop("2")
        yield* ask(redis, "DEL", `{place.0}:${lost}`)
        yield* a.ledger.catchUp()
        assert.deepStrictEqual(a.tags().slice(-2), ["Unknown", "Known"])
        assert.isFalse(yield* a.has("1"))
      }))
  }
  live(
    "a server that has lost the records of a log says so to the engine that needs them",
    (server) =>
      Effect.gen(function*() {
        const a = yield* engine(server)
        const redis = yield* adminOf(server)
        const { epoch, stamp } = a.ledger.position(0)!
        yield* ask(redis, "CLIENT", "PAUSE", "300", "ALL")
        yield* ask(redis, "DEL", "{place.0}:l")
        yield* a.drop("1")
        assert.deepStrictEqual(a.ledger.position(0), { epoch, stamp: stamp + 1 })
      })
  )
  live(
    "a log keeps no more bytes than its bound, and no tombstone of a record that has left",
    (server) =>
      Effect.gen(function*() {
        const a = yield* engine(server, 10_000, 20_000)
        const b = yield* engine(server, 10_000, 20_000)
        const admin = yield* adminOf(server)
        for (let n = 0; n < 60; n++) {
          yield* a.drop(...Array.from({ length: 20 }, (_, key) => `${n}:${key}:${"x".repeat(40)}`))
        }
        yield* b.ledger.catchUp()
        const length = Number(yield* ask(admin, "XLEN", "{place.0}:l"))
        assert.isAbove(length, 5)
        assert.isBelow(length, 20)
        assert.isAtMost(Number(yield* ask(admin, "ZCARD", "{place.0}:t")), 20 * length + 1)
        // Who keeps up misses nothing, and the log begins no epoch.
        assert.notInclude(b.tags(), "Unknown")
        assert.strictEqual(b.ledger.position(0)!.stamp, 60)
      })
  )

  live(
    "a log that was put back from a copy, while its server lives, begins a new epoch",
    (server) =>
      Effect.gen(function*() {
        const a = yield* engine(server)
        const redis = yield* adminOf(server)
        yield* a.put("1", "old")
        yield* a.drop("2")
        const names = ["h", "l", "t", "m", "e:4:user:1"].map((name) => `{place.0}:${name}`)
        const copies = yield* Effect.forEach(names, (name) => Effect.promise(() => redis.dumpBuffer(name)))
        yield* a.drop("1")
        yield* Effect.forEach(names, (name, at) => Effect.promise(() => redis.restore(name, 0, copies[at]!, "REPLACE")))
        assert.isFalse(yield* a.has("1"))
        assert.deepStrictEqual(a.tags().slice(-2), ["Unknown", "Known"])
      })
  )
  live("a put from before the first record that is kept is refused", (server) =>
    Effect.gen(function*() {
      const a = yield* engine(server, 4)
      const at = a.ledger.position(0)!
      for (let n = 0; n < 20; n++) yield* a.drop(`${n}`)
      assert.strictEqual(yield* a.put("0", "old", at), "overtaken")
      assert.strictEqual(yield* a.put("0", "new"), "kept")
    }))
  live(
    "an engine that does not know the log, or knows another epoch, gets the entries that are there",
    (server) =>
      Effect.gen(function*() {
        const { known, place } = yield* oneThere(server)
        const partition = yield* place.open(textFamily("user"))
        const question = { _tag: "Read", keys: [["user", "1"]], partition } as const
        const before = { epoch: { ...known.epoch, number: known.epoch.number - 1 }, stamp: 0 }
        for (const position of [undefined, before, known]) {
          const { heading, outcome } = yield* place.ask(0, { writer: 7, position }, question)
          assert.deepStrictEqual(heading.epoch, known.epoch)
          assert.strictEqual(outcome[0]?.found?.entry.value, "one")
        }
      })
  )
  live("a commit in order does nothing once a later one of its engine was done", (server) =>
    Effect.gen(function*() {
      const place = yield* placeOver(server)
      const a = yield* engine(server)
      const commit = (stamp: number, writer: number, keys: ReadonlyArray<string>) => {
        const drops = { keys: keys.map((key): KeyName => ["user", key]), scopes: [] }
        const position = { ...a.ledger.position(0)!, stamp }
        const question = { _tag: "Commit", ...dropOf(drops), guards: [], puts: [], isInOrder: true } as const
        return Effect.map(place.ask(0, { writer, position }, question), ({ outcome }) => outcome)
      }
      assert.strictEqual((yield* commit(0, 7, ["1"])).stamp, 1)
      assert.deepStrictEqual(yield* commit(0, 7, ["2"]), {
        stamp: undefined,
        overtaken: [],
        isFull: false,
        refused: [],
        isLate: true
      })
      assert.strictEqual((yield* commit(0, 8, ["3"])).stamp, 2)
      assert.strictEqual((yield* commit(1, 7, ["4"])).stamp, 3)
      for (let n = 0; n < 1_001; n++) yield* commit(3 + n, 8, ["5"])
      assert.isTrue((yield* commit(3, 7, ["6"])).isLate)
    }))
  live(
    "a commit in order does nothing if its engine does not know the epoch, or none of its guards held before",
    (server) =>
      Effect.gen(function*() {
        const { a, known, place } = yield* oneThere(server)
        const ask = (position: Position | undefined, guards: ReadonlyArray<PlacedGuard> = []) => {
          const question = {
            _tag: "Commit",
            ...dropOf({ keys: [], scopes: [] }),
            guards,
            puts: [],
            isInOrder: true
          } as const
          return Effect.map(place.ask(0, { writer: 7, position }, question), ({ outcome }) => outcome)
        }
        assert.isTrue((yield* ask(undefined)).isLate)
        assert.isTrue((yield* ask({ ...known, epoch: { ...known.epoch, nonce: known.epoch.nonce + 1 } })).isLate)
        const key: KeyName = ["user", "1"]
        const condition = { key, version: undefined, at: undefined, orAbsent: true, since: 0 }
        const guard = { conditions: [condition], keys: [key], puts: [] }
        const { refused, stamp } = yield* ask(known, [guard])
        assert.deepStrictEqual([refused.length, stamp], [1, known.stamp + 1])
        yield* a.drop("1")
        assert.isTrue((yield* ask(known, [guard])).isLate)
        const next = { ...known, stamp: known.stamp + 2 }
        assert.isFalse((yield* ask(next)).isLate)
        assert.isTrue((yield* ask(next)).isLate)
      })
  )
  live("a lease of an epoch that has passed holds nothing", (server) =>
    Effect.gen(function*() {
      const a = yield* engine(server)
      const redis = yield* adminOf(server)
      yield* a.users.begin("1", 10_000)
      yield* ask(redis, "DEL", "{place.0}:h")
      assert.strictEqual((yield* a.users.begin("1", 10_000))._tag, "Yours")
    }))
  live("a log and its names stay within their bound", (server) =>
    Effect.gen(function*() {
      const a = yield* engine(server, 20)
      const b = yield* engine(server, 20)
      const redis = yield* adminOf(server)
      for (let n = 0; n < 200; n++) yield* a.drop(`${n}`)
      assert.isAtMost(Number(yield* ask(redis, "XLEN", "{place.0}:l")), 41)
      assert.isAtMost(Number(yield* ask(redis, "ZCARD", "{place.0}:t")), 42)
      yield* b.ledger.catchUp()
      assert.deepStrictEqual(b.ledger.position(0), a.ledger.position(0))
    }))
  live("scripts that the server has forgotten are sent again", (server) =>
    Effect.gen(function*() {
      const a = yield* engine(server)
      const redis = yield* adminOf(server)
      yield* a.put("1", "one")
      yield* ask(redis, "SCRIPT", "FLUSH")
      yield* a.drop("1")
      assert.isFalse(yield* a.has("1"))
    }))
  live("a stopped server fails calls in time, and news goes on when it does", (server) =>
    Effect.gen(function*() {
      const a = yield* engine(server)
      const b = yield* engine(server)
      yield* server.signal("SIGSTOP")
      const error = yield* Effect.flip(b.drop("1"))
      assert.strictEqual(error.reason._tag, "TierTimeout")
      yield* server.signal("SIGCONT")
      yield* a.drop("2")
      yield* until(() => b.heard.filter(({ _tag }) => _tag === "Dropped").length === 2)
      assert.deepStrictEqual(b.ledger.position(0), a.ledger.position(0))
    }))
  live("a server that ends fails calls, and is known again when it is back", (server) =>
    Effect.gen(function*() {
      const a = yield* engine(server)
      yield* a.drop("1")
      const stopped = yield* Effect.forkChild(server.restart)
      const outcome = yield* Effect.exit(a.drop("2"))
      assert.isTrue(outcome._tag === "Success" || outcome._tag === "Failure")
      yield* Effect.sleep(50)
      yield* until(() => stopped.pollUnsafe() !== undefined)
      yield* until(() => a.tags().at(-1) === "Known" && a.tags().length > 2)
      yield* a.put("3", "three")
      assert.isTrue(yield* a.has("3"))
    }))
  live(
    "no law breaks for engines at work while the server is flushed, stopped and replaced",
    (server) =>
      Effect.gen(function*() {
        const redis = yield* adminOf(server)
        const world = new World(2)
        const engines = yield* Effect.forEach(Array.from({ length: 3 }, (_, n) => n), (n) =>
          Effect.gen(function*() {
            const ledger = yield* LedgerNode.make(yield* placeOver(server, 8, 2), { answerMillis: 200 })
            return yield* Node.start(`node ${n}`, ledger, world, n + 1)
          }))
        const faults = Effect.gen(function*() {
          for (let n = 0; n < 10; n++) {
            yield* Effect.sleep(150)
            if (n % 3 === 0) yield* ask(redis, "FLUSHALL")
            if (n % 3 === 1) yield* ask(redis, "DEBUG", "CHANGE-REPL-ID")
            if (n % 3 === 2) {
              yield* server.signal("SIGSTOP")
              yield* Effect.sleep(250)
              yield* server.signal("SIGCONT")
            }
          }
        })
        const lives = engines.flatMap((node) => Array.from({ length: 3 }, () => node.live(20)))
        yield* Effect.all([faults, ...lives], { concurrency: "unbounded", discard: true })
        for (const node of engines) yield* node.audit()
      }),
    "--enable-debug-command",
    "yes"
  )
}

whereServed("a ledger in Redis", () => describe("a ledger in Redis", tests))
