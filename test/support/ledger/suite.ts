/**
 * The laws of a ledger (`ledger.ts`) as tests for any place: one test for each promise.
 *
 * A test gets engines, as many as it connects, each with what it has heard. Each test has a new place, which says how
 * its time passes. A place that cannot lose its state, or cannot trim its log on command, leaves these tests out.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Entry } from "effect-stateless/store/Entry"
import type { StoreError } from "effect-stateless/store/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type {
  Begun,
  Commit,
  Condition,
  Drops,
  Guard,
  Identity,
  KeyName,
  Ledger,
  News,
  Position,
  Put,
  SharedPartition
} from "../../../src/store/internal/ledger/ledger.ts"
import { entryOf, textFamily } from "../partition.ts"
import { nothing } from "./commits.ts"

/** A place, new for each test. */
export interface Ground {
  /** Lets the time of the place pass. */
  readonly pass: (millis: number) => Effect.Effect<void>
  /** A time that is short for the place, and long for everything that runs beside it. */
  readonly shortMillis: number
  readonly connect: Effect.Effect<Ledger, StoreError, Scope.Scope>
  /** Forgets everything. */
  readonly lose?: Effect.Effect<void> | undefined
  /** Keeps only the records after a stamp. */
  readonly trim?: ((log: number, floor: number) => Effect.Effect<void>) | undefined
}

/** An engine that knows a ledger, with the records that it has received. */
interface Engine {
  readonly ledger: Ledger
  readonly heard: Array<News>
  readonly users: SharedPartition<string>
  readonly others: SharedPartition<string>
}

const engine = ({ connect }: Ground): Effect.Effect<Engine, StoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const ledger = yield* connect
    const heard: Array<News> = []
    yield* ledger.follow((news) => heard.push(news))
    return {
      ledger,
      heard,
      users: yield* ledger.open(textFamily("user")),
      others: yield* ledger.open(textFamily("other"))
    }
  })

let versions = 0

const entryUntil = (value: string, expiresAt = Infinity): Entry<string> =>
  entryOf(value, { version: ++versions, freshUntil: expiresAt, expiresAt })

const positionOf = ({ ledger }: Engine, log = 0): Position => {
  const position = ledger.position(log)
  assert.isDefined(position, "the log is known")
  return position!
}

const putOf = (
  partition: SharedPartition<string>,
  key: string,
  value: string,
  at: Position,
  options: { readonly expiresAt?: number; readonly identity?: Identity } = {}
): Effect.Effect<Put<string>, StoreError> =>
  Effect.map(partition.prepare(key, entryUntil(value)), (prepared) => {
    const entry = entryUntil(value, options.expiresAt)
    return { partition, key, entry, prepared, at, identity: options.identity ?? { version: entry.version, writer: 7 } }
  })

/** A guard of a value that prevails. */
const guardOf = (
  of: Engine,
  key: string,
  value: string,
  expected: Partial<Condition>
): Effect.Effect<Guard, StoreError> =>
  Effect.map(putOf(of.users, key, value, positionOf(of)), (made) => ({
    conditions: [{
      key: user(key),
      version: undefined,
      at: positionOf(of),
      orAbsent: false,
      since: 0,
      ...expected
    }],
    keys: [],
    puts: [{ ...made, at: undefined }]
  }))

const put = (
  partition: SharedPartition<string>,
  key: string,
  value: string,
  at: Position,
  beside?: Parameters<SharedPartition<string>["put"]>[1],
  options?: Parameters<typeof putOf>[4]
) => Effect.flatMap(putOf(partition, key, value, at, options), (made) => partition.put(made, beside))

const drop = ({ ledger }: Engine, drops: Partial<Drops>, commit: Partial<Commit> = {}, log = 0) =>
  ledger.commit(log, { ...nothing, ...commit, drops: { keys: [], scopes: [], ...drops } })

const user = (key: string): KeyName => ["user", key]

const valueOf = (begun: Begun<string>): string | undefined =>
  begun._tag === "Found" ? begun.found.entry.value : undefined

const read = ({ users }: Engine, key: string) => Effect.map(users.begin(key, undefined), valueOf)

const dropped = ({ heard }: Engine) =>
  heard.flatMap((news) => news._tag === "Dropped" ? [[news.position.stamp, news.drops.keys, news.isOwn] as const] : [])

type Body = (ground: Ground) => Effect.Effect<void, StoreError, Scope.Scope>

const order: ReadonlyArray<readonly [name: string, body: Body]> = [
  ["the first news of a log is that it is known", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      assert.deepStrictEqual(a.heard.map(({ _tag }) => _tag), Array.from({ length: a.ledger.logs }, () => "Known"))
      assert.strictEqual(a.ledger.look(), "current")
    })],
  [
    "each record has the next stamp, and each engine hears all of them in that order",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const first = positionOf(a).stamp
        yield* drop(a, { keys: [user("1")] })
        yield* drop(b, { keys: [user("2")] })
        yield* drop(a, { keys: [user("3")] })
        yield* a.ledger.catchUp()
        yield* b.ledger.catchUp()
        const expected = (isA: boolean) =>
          ["1", "2", "3"].map((key, at) => [first + at + 1, [user(key)], isA === (key !== "2")] as const)
        assert.deepStrictEqual(dropped(a), expected(true))
        assert.deepStrictEqual(dropped(b), expected(false))
      })
  ],
  ["a commit returns when its own record, and each one before it, is heard", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      for (let n = 0; n < 200; n++) yield* drop(b, { keys: [user(`${n}`)] })
      const receipt = yield* drop(a, { keys: [user("own")] })
      assert.deepStrictEqual(receipt.position, positionOf(a))
      assert.strictEqual(dropped(a).length, 201)
      assert.deepStrictEqual(dropped(a).at(-1)?.[1], [user("own")])
    })],
  [
    "commits of several engines at once get different stamps, and each engine hears each record once",
    (ground) =>
      Effect.gen(function*() {
        const engines = [yield* engine(ground), yield* engine(ground), yield* engine(ground)]
        const first = positionOf(engines[0]!).stamp
        const all = engines.flatMap((each, at) => Array.from({ length: 10 }, (_, n) => [each, `${at}-${n}`] as const))
        const receipts = yield* Effect.forEach(all, ([each, key]) => drop(each, { keys: [user(key)] }), {
          concurrency: "unbounded"
        })
        const stamps = receipts.map(({ position }) => position!.stamp).toSorted((a, b) => a - b)
        assert.deepStrictEqual(stamps, Array.from({ length: 30 }, (_, n) => first + n + 1))
        for (const each of engines) {
          yield* each.ledger.catchUp()
          assert.deepStrictEqual(dropped(each).map(([stamp]) => stamp), stamps)
          assert.strictEqual(dropped(each).filter(([, , isOwn]) => isOwn).length, 10)
        }
      })
  ],
  [
    "an engine that begins later knows the marks of all records before it, and hears none of them",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        yield* drop(a, { scopes: ["user|all", "user|tag x"] })
        yield* drop(a, { scopes: ["user|all"] })
        const b = yield* engine(ground)
        const { stamp } = positionOf(a)
        assert.deepStrictEqual(dropped(b), [])
        assert.deepStrictEqual(positionOf(b), positionOf(a))
        const [known] = b.heard
        assert.strictEqual(known?._tag, "Known")
        const marks = known?._tag === "Known" ? known.marks.toSorted((x, y) => x.stamp - y.stamp) : []
        assert.deepStrictEqual(marks, [{ scope: "user|tag x", stamp: stamp - 1 }, { scope: "user|all", stamp }])
      })
  ]
]

const puts: ReadonlyArray<readonly [name: string, body: Body]> = [
  ["a put is found by each engine, with the position that it came with", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      const at = positionOf(a)
      yield* drop(b, { keys: [user("else")] })
      assert.strictEqual(yield* put(a.users, "1", "one", at), "kept")
      const begun = yield* b.users.begin("1", undefined)
      assert.strictEqual(valueOf(begun), "one")
      assert.deepStrictEqual(begun._tag === "Found" && begun.header.at, at)
    })],
  ["a put is refused when a later record names its key", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      const at = positionOf(a)
      yield* drop(b, { keys: [user("1")] })
      assert.strictEqual(yield* put(a.users, "1", "old", at), "overtaken")
      assert.isUndefined(yield* read(b, "1"))
      assert.strictEqual(yield* put(a.others, "1", "of another family", at), "kept")
      assert.strictEqual(yield* put(a.users, "1", "new", positionOf(b)), "kept")
      assert.strictEqual(yield* read(a, "1"), "new")
    })],
  [
    "a put under a later mark is kept, and its header shows that it is older than the mark",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const at = positionOf(a)
        yield* drop(b, { scopes: ["user|all"] })
        assert.strictEqual(yield* put(a.users, "1", "old", at), "kept")
        const [placed] = yield* b.users.headers(["1"])
        assert.isBelow(placed!.at.stamp, positionOf(b).stamp)
      })
  ],
  [
    "a put that drops what depends on it keeps its position, and each engine receives its key and the others",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const at = positionOf(a)
        yield* put(a.others, "1", "made from the old one", at)
        yield* drop(b, { scopes: ["user|all"] })
        const drops = { keys: [["other", "1"] as const], scopes: ["other|all"] }
        assert.strictEqual(yield* put(a.users, "1", "another", at, { drops }), "kept")
        const [header] = yield* a.users.headers(["1"])
        assert.deepStrictEqual(header?.at, at)
        yield* b.ledger.catchUp()
        assert.deepStrictEqual(dropped(b).at(-1)?.[1], [user("1"), ["other", "1"]])
        assert.deepStrictEqual(yield* b.others.getMany(["1"]), [undefined])
        assert.strictEqual(yield* put(b.users, "1", "before that", at), "overtaken")
      })
  ],
  ["a put that is refused drops nothing", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      const at = positionOf(a)
      yield* drop(b, { keys: [user("1")] })
      yield* put(b.others, "1", "kept", positionOf(b))
      const count = dropped(b).length
      yield* put(a.users, "1", "old", at, { drops: { keys: [["other", "1"]], scopes: [] } })
      yield* b.ledger.catchUp()
      assert.strictEqual(dropped(b).length, count)
      assert.strictEqual((yield* b.others.getMany(["1"]))[0]?.found.entry.value, "kept")
    })],
  ["an entry ends at its time", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const now = yield* Clock.currentTimeMillis
      yield* put(a.users, "1", "one", positionOf(a), {}, { expiresAt: now + ground.shortMillis })
      assert.strictEqual(yield* read(a, "1"), "one")
      yield* ground.pass(ground.shortMillis)
      assert.isUndefined(yield* read(a, "1"))
      assert.deepStrictEqual(yield* a.users.headers(["1"]), [undefined])
    })],
  ["no two names of families, keys and scopes are confused", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const names = [
        "",
        ":",
        "|",
        "/",
        "1:2",
        "12",
        "1",
        "2",
        "\u0000",
        "a\u0000",
        "__proto__",
        "\ud800",
        "\ufffd",
        "é"
      ]
      for (const key of names) yield* put(a.users, key, `user ${key}`, positionOf(a))
      for (const key of names) yield* put(a.others, key, `other ${key}`, positionOf(a))
      const users = yield* a.users.getMany(names)
      const others = yield* a.others.getMany(names)
      assert.deepStrictEqual(users.map((found) => found?.found.entry.value), names.map((key) => `user ${key}`))
      assert.deepStrictEqual(others.map((found) => found?.found.entry.value), names.map((key) => `other ${key}`))
      yield* drop(a, { keys: [user("1")], scopes: names })
      assert.deepStrictEqual(
        (yield* a.users.getMany(names)).map((found) => found !== undefined),
        names.map((key) => key !== "1")
      )
      const b = yield* engine(ground)
      const [known] = b.heard
      const marks = known?._tag === "Known" ? known.marks.map(({ scope }) => scope) : []
      assert.deepStrictEqual(marks.toSorted(), names.toSorted())
    })],
  ["an entry that was read and changed by its reader is unchanged in the ledger", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      yield* put(a.users, "1", "one", positionOf(a))
      const [first] = yield* a.users.getMany(["1"])
      Reflect.set(first!.found.entry, "value", "changed")
      assert.strictEqual(yield* read(a, "1"), "one")
    })]
]

const commits: ReadonlyArray<readonly [name: string, body: Body]> = [
  ["a commit drops the entries of its keys, and no others", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      for (const key of ["1", "2"]) yield* put(a.users, key, key, positionOf(a))
      yield* put(a.others, "1", "1", positionOf(a))
      yield* drop(b, { keys: [user("1")] })
      assert.deepStrictEqual(
        (yield* a.users.getMany(["1", "2", "3"])).map((found) => found?.found.entry.value),
        [undefined, "2", undefined]
      )
      assert.isDefined((yield* a.others.getMany(["1"]))[0])
    })],
  [
    "the value of a commit is judged by the records before it, and its key is dropped if it is refused",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const at = positionOf(a)
        const first = yield* drop(b, {}, { puts: [yield* putOf(b.users, "1", "of b", positionOf(b))] })
        assert.deepStrictEqual(first.overtaken, [])
        assert.strictEqual(yield* read(a, "1"), "of b")
        const second = yield* drop(a, {}, { puts: [yield* putOf(a.users, "1", "of a", at)] })
        assert.deepStrictEqual(second.overtaken, [user("1")])
        assert.isUndefined(yield* read(b, "1"))
        yield* b.ledger.catchUp()
        assert.deepStrictEqual(dropped(b).map(([, keys]) => keys), [[user("1")], [user("1")]])
      })
  ],
  [
    "the header of a committed value has the position from before its source was written",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const at = positionOf(a)
        const receipt = yield* drop(a, {}, { puts: [yield* putOf(a.users, "1", "one", at)] })
        const [header] = yield* a.users.headers(["1"])
        assert.deepStrictEqual(header?.at, at)
        assert.isAbove(receipt.position!.stamp, at.stamp)
      })
  ],
  [
    "a committed value that prevails is kept whatever records came before, with the position of its own record",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        yield* drop(b, { keys: [user("1")], scopes: ["user|all"] })
        const made = yield* putOf(a.users, "1", "of a", positionOf(a))
        const receipt = yield* drop(a, { scopes: ["user|other"] }, { puts: [{ ...made, at: undefined }] })
        assert.deepStrictEqual(receipt.overtaken, [])
        const [header] = yield* b.users.headers(["1"])
        assert.deepStrictEqual(header?.at, receipt.position)
        assert.strictEqual(yield* read(b, "1"), "of a")
      })
  ],
  ["commits in order that one engine makes at once are all done", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const commit = (key: string) => drop(a, { keys: [user(key)] }, { isInOrder: true })
      yield* Effect.all(["1", "2", "3"].map(commit), { concurrency: "unbounded" })
      assert.strictEqual(dropped(a).length, 3)
    })],
  [
    "a guard whose condition does not hold does nothing, and leaves the rest of its commit in place",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        yield* put(a.users, "1", "one", positionOf(a), {}, { identity: { version: 5, writer: 6 } })
        yield* put(a.others, "1", "other", positionOf(a))
        const refused = yield* guardOf(a, "1", "two", { version: 4 })
        const kept = yield* guardOf(a, "2", "two", { orAbsent: true })
        const receipt = yield* drop(a, { keys: [["other", "1"]] }, {
          guards: [{ ...refused, keys: [user("3")] }, kept]
        })
        assert.deepStrictEqual(receipt.refused, [[{ version: 5, holds: false }], undefined])
        assert.deepStrictEqual(yield* Effect.forEach(["1", "2"], (key) => read(a, key)), ["one", "two"])
        assert.deepStrictEqual(yield* a.others.getMany(["1"]), [undefined])
        assert.deepStrictEqual(dropped(a).at(-1)?.[1], [user("2"), ["other", "1"]])
        const [header] = yield* a.users.headers(["2"])
        assert.deepStrictEqual(header?.at, receipt.position)
      })
  ],
  [
    "a commit of which no guard holds changes nothing, and has a record of which no engine hears",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const { stamp } = positionOf(a)
        yield* put(a.users, "1", "one", positionOf(a))
        const receipt = yield* drop(a, {}, { guards: [yield* guardOf(a, "1", "two", { orAbsent: true })] })
        assert.strictEqual(receipt.position.stamp, stamp + 1)
        assert.strictEqual(yield* read(a, "1"), "one")
        assert.deepStrictEqual(dropped(a), [])
        assert.deepStrictEqual(positionOf(a), receipt.position)
      })
  ],
  [
    "a guard holds as a whole or not at all, and the next one sees what it has done",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const guard = (key: string, value: string) => guardOf(a, key, value, { orAbsent: true })
        yield* put(a.users, "2", "two", positionOf(a))
        const [one, two] = [yield* guard("1", "of both"), yield* guard("2", "of both")]
        const both = { conditions: [...one.conditions, ...two.conditions], keys: [], puts: [...one.puts, ...two.puts] }
        const receipt = yield* drop(a, {}, { guards: [both, yield* guard("1", "first"), yield* guard("1", "second")] })
        assert.deepStrictEqual(receipt.refused.map((held) => held !== undefined), [true, false, true])
        assert.deepStrictEqual(yield* Effect.forEach(["1", "2"], (key) => read(a, key)), ["first", "two"])
      })
  ],
  [
    "a guard does not hold for another value of the same version, and not for one that has ended",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const identity = { version: 5, writer: 6 }
        yield* put(a.users, "1", "one", positionOf(a), {}, { identity })
        const guard = yield* guardOf(a, "1", "two", { version: 5 })
        const made = yield* putOf(b.users, "1", "of b", positionOf(b), { identity: { version: 5, writer: 7 } })
        yield* drop(b, {}, { puts: [made] })
        assert.deepStrictEqual((yield* drop(a, {}, { guards: [guard] })).refused, [[{ version: 5, holds: false }]])
        const again = yield* guardOf(a, "1", "three", { version: 5 })
        assert.deepStrictEqual((yield* drop(a, {}, { guards: [again] })).refused, [undefined])
        assert.strictEqual(yield* read(b, "1"), "three")
        const gone = yield* guardOf(a, "9", "x", { version: 5 })
        assert.deepStrictEqual((yield* drop(a, {}, { guards: [gone] })).refused, [[{
          version: undefined,
          holds: false
        }]])
      })
  ],
  [
    "a guard that expects nothing holds for a hidden entry of its version, and for one from before a position",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        for (const key of ["1", "2"]) {
          yield* put(a.users, key, "one", positionOf(a), {}, { identity: { version: 5, writer: 6 } })
        }
        yield* drop(a, { scopes: ["user|all"] })
        const hidden = yield* guardOf(a, "1", "two", { version: 5, orAbsent: true })
        const cleared = yield* guardOf(a, "2", "two", { orAbsent: true, since: positionOf(a).stamp })
        assert.deepStrictEqual((yield* drop(a, {}, { guards: [hidden, cleared] })).refused, [undefined, undefined])
        assert.deepStrictEqual(yield* Effect.forEach(["1", "2"], (key) => read(a, key)), ["two", "two"])
      })
  ],
  [
    "who has heard a record, or has got an answer, knows the greatest version of all values before it",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const withVersion = (version: number) => ({ identity: { version, writer: 7 } })
        const before = b.ledger.versionMax
        const made = yield* putOf(a.users, "1", "given", positionOf(a), withVersion(before + 1_000))
        yield* drop(a, {}, { puts: [made] })
        yield* b.ledger.catchUp()
        assert.strictEqual(b.ledger.versionMax, before + 1_000)
        yield* put(a.users, "2", "loaded", positionOf(a), {}, withVersion(before + 2_000))
        yield* read(b, "9")
        assert.strictEqual(b.ledger.versionMax, before + 2_000)
        // One that is smaller, and a value that goes, change nothing.
        yield* put(a.users, "3", "loaded", positionOf(a), {}, withVersion(before + 3))
        yield* drop(a, { keys: [user("1"), user("2"), user("3")] })
        yield* b.ledger.catchUp()
        assert.strictEqual(b.ledger.versionMax, before + 2_000)
        const late = yield* engine(ground)
        assert.strictEqual(late.ledger.versionMax, before + 2_000)
      })
  ],
  ["a commit goes on when its caller has left", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      yield* put(a.users, "1", "one", positionOf(a))
      const fiber = yield* Effect.forkChild(drop(a, { keys: [user("1")] }), { startImmediately: true })
      fiber.interruptUnsafe()
      yield* ground.pass(ground.shortMillis)
      yield* b.ledger.catchUp()
      assert.isUndefined(yield* read(b, "1"))
      assert.strictEqual(dropped(b).length, 1)
    })],
  ["a commit of many keys is one record", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const before = positionOf(a).stamp
      const keys = Array.from({ length: 1_000 }, (_, n) => user(`${n}`))
      yield* drop(a, { keys })
      assert.deepStrictEqual(dropped(a), [[before + 1, keys, true]])
    })]
]

const millis = 10_000

const leases: ReadonlyArray<readonly [name: string, body: Body]> = [
  [
    "one engine gets the lease of an absent key, and the others learn how long it lasts",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const mine = yield* a.users.begin("1", millis)
        assert.isDefined(mine._tag === "Yours" && mine.lease)
        const theirs = yield* b.users.begin("1", millis)
        assert.strictEqual(theirs._tag, "Theirs")
        assert.closeTo(theirs._tag === "Theirs" ? theirs.millis : 0, millis, ground.shortMillis)
        assert.strictEqual((yield* b.users.begin("2", millis))._tag, "Yours")
        assert.deepStrictEqual(yield* b.users.begin("1", undefined), { _tag: "Yours", lease: undefined })
      })
  ],
  ["a put ends its lease, and those who wait for it hear that", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      const mine = yield* a.users.begin("1", millis)
      const lease = mine._tag === "Yours" ? mine.lease : undefined
      yield* b.users.begin("1", millis)
      yield* put(a.users, "1", "one", positionOf(a), { lease })
      yield* b.ledger.catchUp()
      assert.deepStrictEqual(
        b.heard.flatMap((news) => news._tag === "Moved" ? [news.keys] : []),
        [[user("1")]]
      )
      assert.strictEqual(yield* read(b, "1"), "one")
    })],
  [
    "a put that ends a lease and drops what depends on it tells of both in one record",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const mine = yield* a.users.begin("1", millis)
        yield* b.users.begin("1", millis)
        const before = positionOf(a).stamp
        const lease = mine._tag === "Yours" ? mine.lease : undefined
        yield* put(a.users, "1", "one", positionOf(a), { lease, drops: { keys: [["other", "1"]], scopes: [] } })
        yield* b.ledger.catchUp()
        assert.deepStrictEqual(b.heard.slice(-2).map(({ _tag }) => _tag), ["Dropped", "Moved"])
        assert.strictEqual(positionOf(b).stamp, before + 1)
      })
  ],
  ["a put whose lease has no waiting engine appends no record", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const before = positionOf(a)
      const mine = yield* a.users.begin("1", millis)
      yield* put(a.users, "1", "one", before, { lease: mine._tag === "Yours" ? mine.lease : undefined })
      yield* a.ledger.catchUp()
      assert.deepStrictEqual(positionOf(a), before)
    })],
  ["a lease that is given up is free, and those who wait for it hear that", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      const mine = yield* a.users.begin("1", millis)
      yield* b.users.begin("1", millis)
      yield* a.users.abandon("1", (mine._tag === "Yours" ? mine.lease : undefined)!)
      yield* b.ledger.catchUp()
      assert.deepStrictEqual(b.heard.at(-1)?._tag, "Moved")
      assert.strictEqual((yield* b.users.begin("1", millis))._tag, "Yours")
    })],
  [
    "a lease ends by time, and a put under it is refused once the key has a value of a later lease",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        const at = positionOf(a)
        const first = yield* a.users.begin("1", ground.shortMillis)
        yield* ground.pass(ground.shortMillis)
        const second = yield* b.users.begin("1", millis)
        assert.strictEqual(second._tag, "Yours")
        yield* put(b.users, "1", "of b", positionOf(b), { lease: second._tag === "Yours" ? second.lease : undefined })
        const late = yield* put(a.users, "1", "of a", at, { lease: first._tag === "Yours" ? first.lease : undefined })
        assert.strictEqual(late, "overtaken")
        assert.strictEqual(yield* read(a, "1"), "of b")
      })
  ],
  [
    "a commit of a key ends its lease, so that a load can begin that knows the change",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        yield* a.users.begin("1", millis)
        yield* drop(b, { keys: [user("1")] })
        assert.strictEqual((yield* b.users.begin("1", millis))._tag, "Yours")
      })
  ],
  ["an entry of the version that is to be replaced counts as absent", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      yield* put(a.users, "1", "one", positionOf(a))
      const found = yield* b.users.begin("1", millis)
      const { version } = (found as Extract<typeof found, { readonly _tag: "Found" }>).header.identity
      assert.strictEqual((yield* b.users.begin("1", millis, version + 1))._tag, "Found")
      assert.strictEqual((yield* b.users.begin("1", millis, version))._tag, "Yours")
      assert.strictEqual((yield* a.users.begin("1", millis, version))._tag, "Theirs")
    })],
  ["giving up a lease of another engine does nothing", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      yield* a.users.begin("1", millis)
      yield* b.users.abandon("1", "0.0.0")
      assert.strictEqual((yield* b.users.begin("1", millis))._tag, "Theirs")
    })]
]

const losing = (lose: NonNullable<Ground["lose"]>): ReadonlyArray<readonly [name: string, body: Body]> => [
  [
    "after a loss of everything each engine hears that the log is unknown, and then the new epoch",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        yield* drop(a, { keys: [user("1")], scopes: ["user|all"] })
        const before = positionOf(a)
        yield* lose
        yield* a.ledger.catchUp()
        const tags = a.heard.map(({ _tag }) => _tag)
        assert.deepStrictEqual(tags.slice(-2), ["Unknown", "Known"])
        assert.notDeepEqual(positionOf(a).epoch, before.epoch)
        assert.isAbove(positionOf(a).epoch.number, before.epoch.number)
        const known = a.heard.at(-1)
        assert.deepStrictEqual(known?._tag === "Known" && known.marks, [])
      })
  ],
  ["a put of an epoch that has passed is refused", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const at = positionOf(a)
      yield* lose
      assert.strictEqual(yield* put(a.users, "1", "old", at), "overtaken")
      yield* a.ledger.catchUp()
      const { epoch } = positionOf(a)
      const sameNumber = { epoch: { number: epoch.number, nonce: epoch.nonce ^ 1 }, stamp: 1_000 }
      assert.strictEqual(yield* put(a.users, "1", "of another epoch", sameNumber), "overtaken")
      assert.isUndefined(yield* read(a, "1"))
    })],
  [
    "a commit into a lost ledger is done, and its engine knows the new epoch when it returns",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        yield* drop(a, { keys: [user("1")] })
        yield* lose
        const receipt = yield* drop(a, { keys: [user("2")] })
        assert.deepStrictEqual(positionOf(a).epoch, receipt.position!.epoch)
        assert.isAtLeast(positionOf(a).stamp, receipt.position!.stamp)
      })
  ],
  ["a wait for a position of an epoch that has passed ends", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      const { position } = yield* drop(a, { keys: [user("1")] })
      yield* lose
      yield* b.ledger.catchUp(new Map([[0, position!]]))
      yield* b.ledger.catchUp()
      yield* b.ledger.catchUp(new Map([[0, position!]]))
      assert.notDeepEqual(positionOf(b).epoch, position!.epoch)
    })],
  [
    "an answer of another epoch is asked for again, and leases of the lost ledger are gone",
    (ground) =>
      Effect.gen(function*() {
        const a = yield* engine(ground)
        const b = yield* engine(ground)
        yield* a.users.begin("1", millis)
        yield* lose
        assert.strictEqual((yield* b.users.begin("1", millis))._tag, "Yours")
        assert.isTrue(b.heard.some(({ _tag }) => _tag === "Unknown"))
        assert.isDefined(b.ledger.position(0))
      })
  ]
]

const trimming = (trim: NonNullable<Ground["trim"]>): ReadonlyArray<readonly [name: string, body: Body]> => [
  ["a put from before the first record that is kept is refused", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      const b = yield* engine(ground)
      const at = positionOf(a)
      yield* drop(b, { keys: [user("1")] })
      yield* drop(b, { keys: [user("2")] })
      yield* trim(0, positionOf(b).stamp)
      assert.strictEqual(yield* put(a.users, "1", "old", at), "overtaken")
      assert.strictEqual(yield* put(b.users, "1", "new", positionOf(b)), "kept")
    })],
  ["a trimmed log keeps all marks", (ground) =>
    Effect.gen(function*() {
      const a = yield* engine(ground)
      yield* drop(a, { scopes: ["user|all"] })
      yield* drop(a, { keys: [user("2")] })
      yield* trim(0, positionOf(a).stamp)
      const b = yield* engine(ground)
      const [known] = b.heard
      assert.deepStrictEqual(known?._tag === "Known" && known.marks.map(({ scope }) => scope), ["user|all"])
    })]
]

/** Registers all tests for one kind of place. */
export const run = (
  name: string,
  make: Effect.Effect<Ground, unknown, Scope.Scope>,
  runner: typeof it.effect | typeof it.live = it.effect
): void => {
  describe(`${name} keeps the laws of a ledger`, () => {
    const tests = (all: ReadonlyArray<readonly [name: string, body: Body]>) => {
      for (const [title, body] of all) runner(title, () => Effect.flatMap(make, body))
    }
    describe("order", () => tests(order))
    describe("puts", () => tests(puts))
    describe("commits", () => tests(commits))
    describe("leases", () => tests(leases))
    describe("losses", () =>
      tests(
        losing(Effect.void).map(([title], at) =>
          [title, (ground) => ground.lose === undefined ? Effect.void : losing(ground.lose)[at]![1](ground)] as const
        )
      ))
    describe("trims", () =>
      tests(
        trimming(() => Effect.void).map(([title], at) =>
          [title, (ground) => ground.trim === undefined ? Effect.void : trimming(ground.trim)[at]![1](ground)] as const
        )
      ))
  })
}
