/** Engines of several processes share a real `redis-server`, which is away, stopped, emptied, or cannot be used. */
import { assert, describe, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as RedisStore from "effect-stateless/store/RedisStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { CacheError } from "../../../src/cache/CacheError.ts"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"
import { Store } from "../../../src/store/Store.ts"
import { aheadBy } from "../../support/effects.ts"
import { start } from "../../support/engine.ts"
import { mapLayer } from "../../support/mapStore.ts"
import { adminOf, live, start as startServer, whereServed } from "../../support/redisServer.ts"

const value = Schema.Struct({ row: Schema.Number, bytes: Schema.Uint8Array })
class App extends Manifest.Service<App>()("Shared", {
  families: {
    user: { pattern: "user:{id}", value },
    profile: { pattern: "profile:{id}", value: Schema.Number, derives: ["user:{id}"] },
    list: { pattern: "list:{id}:{page}", value: Schema.Number, derives: ["user:{id}"] },
    note: { pattern: "note:{id}", value: Schema.String },
    lasting: { pattern: "lasting:{id}", value: Schema.Number, consistency: "eventual" }
  }
}) {}
const { lasting, list, note, profile, user } = App.keys

/** The source that all processes have. */
class Rows {
  private readonly rows = new Map<string, number>()
  loads = 0
  lookupMillis = 0

  of(id: string): number {
    return this.rows.get(id) ?? 0
  }

  set(id: string, row: number): void {
    this.rows.set(id, row)
  }
}

const bytes = new Uint8Array([1, 2, 3])

/** Which tier failed, and how. */
const tierOf = (reason: CacheError["reason"]) =>
  reason._tag === "StoreFailed" && "tier" in reason.error.reason
    ? [reason.error.reason._tag, reason.error.reason.tier]
    : [reason._tag]

const ownersOver = (rows: Rows) =>
  App.modules({
    user: App.owner("user", {
      lookup: ({ id }) =>
        Effect.delay(
          Effect.sync(() => {
            rows.loads++
            return { row: rows.of(id), bytes }
          }),
          rows.lookupMillis
        )
    }),
    profile: App.owner("profile", { lookup: ({ id }) => Effect.map(user.get({ id }), ({ row }) => row) }),
    list: App.owner("list", { lookup: ({ id }) => Effect.map(user.get({ id }), ({ row }) => row) }),
    note: App.owner("note"),
    lasting: App.owner("lasting", { lookup: ({ id }) => Effect.succeed(rows.of(id)) })
  })

/** For rounds that a busy machine does not end in the short time of the other tests. */
const long: Partial<RedisStore.Options> = { answerTimeout: "10 seconds" }

const optionsOf = (port: number): RedisStore.Options => ({
  url: `redis://127.0.0.1:${port}`,
  namespace: "shared.test",
  answerTimeout: "300 millis"
})

/** An engine as of a process of its own: with memory of its own, and its own connections. */
const engine = (port: number, rows: Rows, options: Partial<Omit<RedisStore.Options, "url" | "client">> = {}) =>
  start(
    App,
    Layer.provide(
      ownersOver(rows),
      TieredStore.layer([
        MemoryStore.layer({ capacity: 1_000 }),
        RedisStore.layer({ ...optionsOf(port), ...options })
      ])
    )
  )

const until = <E>(holds: Effect.Effect<boolean, E>, left = 200): Effect.Effect<void, E> =>
  Effect.flatMap(
    holds,
    (isSo) =>
      isSo ? Effect.void : left === 0 ? Effect.die(new Error("it never came true")) : Effect.andThen(
        Effect.sleep(20),
        until(holds, left - 1)
      )
  )

const tests = () => {
  live(
    "a write of one process is heard by another, which drops what depends on it",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const [a, b] = [yield* engine(port, rows), yield* engine(port, rows)]
        const seen = Effect.all([profile.get({ id: "1" }), list.get({ id: "1", page: "7" })])
        assert.deepStrictEqual(yield* a.as(seen), [0, 0])
        assert.deepStrictEqual(yield* b.as(seen), [0, 0])
        assert.strictEqual(rows.loads, 1)
        rows.set("1", 5)
        yield* a.as(user.set({ id: "1" }, { row: 5, bytes }))
        yield* until(Effect.map(b.as(seen), (rows) => rows.every((row) => row === 5)))
        assert.deepStrictEqual(yield* b.as(user.get({ id: "1" })), { row: 5, bytes })
        // The value came with the change: no lookup ran for it.
        assert.strictEqual(rows.loads, 1)
      })
  )

  live(
    "values that processes give to one key at once, in a family without a lookup, leave the last of them",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const engines = [yield* engine(port, rows, long), yield* engine(port, rows, long)]
        const ids = Array.from({ length: 200 }, (_, n) => `${n}`)
        const set = ({ as }: typeof engines[number], n: number) =>
          as(Effect.forEach(ids, (id) => note.set({ id }, `of ${n}`), { concurrency: 16, discard: true }))
        yield* Effect.all(engines.map(set), { concurrency: "unbounded" })
        const read = ({ as }: typeof engines[number]) =>
          as(Effect.forEach(ids, (id) => Effect.map(note.getOption({ id }), Option.getOrUndefined)))
        const seen = yield* Effect.forEach([...engines, yield* engine(port, rows, long)], read)
        assert.notInclude(seen[2], undefined)
        yield* until(Effect.map(Effect.forEach(engines, read), (all) =>
          all.every((values) =>
            values.every((value, at) => value === seen[2]![at])
          )))
      })
  )

  live(
    "processes that claim keys at once get each of them once, and take each value once",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const engines = [yield* engine(port, rows, long), yield* engine(port, rows, long)]
        const ids = Array.from({ length: 200 }, (_, n) => `${n}`)
        const each = <A, E>(work: (id: string, n: number) => Effect.Effect<A, E, any>) =>
          Effect.forEach(
            engines,
            ({ as }, n) =>
              as(Effect.forEach(ids, (id) => work(id, n), { concurrency: 16 }) as Effect.Effect<Array<A>, E>),
            { concurrency: "unbounded" }
          )
        const claims = yield* each((id, n) => note.setIfAbsent({ id }, `of ${n}`))
        const owners = ids.map((_, at) => claims.flatMap((own, n) => own[at] === true ? [`of ${n}`] : []))
        assert.deepStrictEqual(owners.map(({ length }) => length), ids.map(() => 1))
        const seen = yield* each((id) => Effect.map(note.getOption({ id }), Option.getOrUndefined))
        for (const values of seen) assert.deepStrictEqual(values, owners.map(([owner]) => owner))
        const taken = yield* each((id) => Effect.map(note.getAndDelete({ id }), Option.toArray))
        assert.deepStrictEqual(ids.map((_, at) => taken.flatMap((own) => own[at]!)), owners)
      })
  )

  live(
    "processes that miss keys at once run one lookup for each",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        rows.lookupMillis = 200
        const all = yield* Effect.all(Array.from({ length: 4 }, () => engine(port, rows, long)))
        const ids = Array.from({ length: 20 }, (_, n) => `${n}`)
        const reads = all.flatMap(({ as }) => ids.map((id) => as(profile.get({ id }))))
        yield* Effect.all(reads, { concurrency: "unbounded" })
        assert.strictEqual(rows.loads, ids.length)
        yield* all[0]!.as(user.invalidateAll())
        yield* Effect.all(reads, { concurrency: "unbounded" })
        assert.isAtMost(rows.loads, 2 * ids.length + 2)
      })
  )

  live(
    "a process that closes while it loads leaves the load to another one at once",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const b = yield* engine(port, rows, long)
        const scope = yield* Scope.make()
        const a = yield* Scope.provide(engine(port, rows, long), scope)
        rows.lookupMillis = 20_000
        yield* Effect.forkChild(Effect.exit(a.as(user.get({ id: "1" }))))
        yield* Effect.sleep(300)
        rows.lookupMillis = 0
        yield* Scope.close(scope, Exit.void)
        const got = yield* Effect.timeoutOption(b.as(profile.get({ id: "1" })), "5 seconds")
        assert.deepStrictEqual(got, Option.some(0))
      })
  )

  live(
    "every kind of change is heard: of a key, of a pattern, of a tag, of a family, in a batch",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const [a, b] = [yield* engine(port, rows), yield* engine(port, rows)]
        const changes: ReadonlyArray<Effect.Effect<unknown, unknown, any>> = [
          user.invalidate({ id: "1" }),
          user.invalidate({ id: "1" }, { mode: "markStale" }),
          user.delete({ id: "1" }),
          user.invalidateAll(),
          user.refresh({ id: "1" }),
          App.invalidate("user:1"),
          Effect.suspend(() => App.batch([user.setting({ id: "1" }, { row: rows.of("1"), bytes })]))
        ]
        let row = 0
        for (const change of changes) {
          yield* b.as(profile.get({ id: "1" }))
          rows.set("1", ++row)
          yield* a.as(change as Effect.Effect<unknown, unknown, never>)
          yield* until(Effect.map(b.as(profile.get({ id: "1" })), (seen) => seen === row))
          yield* until(Effect.map(a.as(profile.get({ id: "1" })), (seen) => seen === row))
        }
      })
  )

  live("a process that starts later finds what others have stored", ({ port }) =>
    Effect.gen(function*() {
      const rows = new Rows()
      yield* Effect.scoped(Effect.gen(function*() {
        const a = yield* engine(port, rows)
        yield* a.as(note.set({ id: "ä" }, "first"))
        yield* a.as(user.get({ id: "1" }))
      }))
      const b = yield* engine(port, rows)
      assert.deepStrictEqual(yield* b.as(note.getOption({ id: "ä" })), Option.some("first"))
      yield* b.as(user.get({ id: "1" }))
      assert.strictEqual(rows.loads, 1)
    }))

  live(
    "a later value of another version of the store is absent, and nothing is deleted by reading it",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const a = yield* engine(port, rows, { version: 1 })
        const b = yield* engine(port, rows, { version: 2 })
        yield* a.as(note.set({ id: "1" }, "one"))
        assert.deepStrictEqual(yield* b.as(note.getOption({ id: "1" })), Option.none())
        const c = yield* engine(port, rows, { version: 1 })
        assert.deepStrictEqual(yield* c.as(note.getOption({ id: "1" })), Option.some("one"))
      })
  )

  live(
    "a stopped server holds up no hit, and a read that misses asks the lookup",
    ({ port, signal }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const a = yield* engine(port, rows)
        yield* a.as(user.get({ id: "1" }))
        yield* signal("SIGSTOP")
        const begun = performance.now()
        for (let n = 0; n < 100; n++) yield* a.as(user.get({ id: "1" }))
        // One call of the server would take longer: its deadline, and the time that the machine gets.
        assert.isBelow(performance.now() - begun, 1_000)
        assert.strictEqual((yield* a.as(user.get({ id: "2" }))).row, 0)
        assert.strictEqual((yield* Effect.flip(a.as(note.set({ id: "1" }, "x"))))._tag, "CacheError")
        assert.deepStrictEqual(yield* a.as(note.getOption({ id: "1" })), Option.none())
        yield* signal("SIGCONT")
        yield* until(Effect.map(Effect.exit(a.as(note.set({ id: "1" }, "y"))), ({ _tag }) => _tag === "Success"))
        assert.deepStrictEqual(yield* a.as(note.getOption({ id: "1" })), Option.some("y"))
      })
  )

  live(
    "a family over a tier that processes share is not listed, and not counted",
    ({ port }) =>
      Effect.gen(function*() {
        const a = yield* engine(port, new Rows())
        for (
          const read of [note.page(undefined, 10), note.count()] as ReadonlyArray<Effect.Effect<any, any, any>>
        ) {
          const error = yield* Effect.flip(a.as(read))
          assert.strictEqual((error as CacheError).reason._tag, "NotIterable")
        }
      })
  )

  live(
    "a lifetime is that of its writer, on machines whose clocks differ",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const right = yield* engine(port, rows)
        for (const [n, ahead] of [3_600_000, -3_600_000, -3_000].entries()) {
          const id = { id: `${n}` }
          const other = yield* aheadBy(ahead, engine(port, rows))
          for (const [writer, reader] of [[other, right], [right, other]] as const) {
            yield* writer.as(note.set(id, "kept", { timeToLive: "2 seconds" }))
            const { freshForMillis, value } = yield* reader.as(note.getAnswer(id))
            assert.strictEqual(value, "kept", `${ahead}`)
            assert.isAtMost(freshForMillis, 2_050)
            assert.isAbove(freshForMillis, 1_000)
            yield* writer.as(note.delete(id))
          }
        }
      })
  )

  live(
    "a service that has reached the watermark of another one sees its writes",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const [writer, reader] = [yield* engine(port, rows), yield* engine(port, rows)]
        for (let turn = 0; turn < 50; turn++) {
          yield* writer.as(note.set({ id: "1" }, `${turn}`))
          yield* reader.as(App.reach(yield* writer.as(App.watermark)))
          assert.strictEqual(yield* reader.as(note.get({ id: "1" })), `${turn}`)
        }
      })
  )

  live(
    "an answer says how old a value is, and versions grow, on machines whose clocks differ",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const right = yield* engine(port, rows)
        let last = 0
        for (const [n, ahead] of [3_600_000, -3_600_000].entries()) {
          const other = yield* aheadBy(ahead, engine(port, rows))
          for (const [turn, [writer, reader]] of [[other, right], [right, other]].entries()) {
            const id = { id: `${n} ${turn}` }
            yield* writer!.as(note.set(id, "kept"))
            yield* Effect.sleep(100)
            for (const each of [writer!, reader!]) {
              const { ageMillis, version } = yield* each.as(note.getAnswer(id))
              assert.isAtLeast(ageMillis, 90, `${ahead}`)
              assert.isBelow(ageMillis, 2_000, `${ahead}`)
              assert.isAtLeast(version, last)
              last = version
            }
          }
        }
      })
  )

  live(
    "a lifetime that a server cannot count keeps its value, and fails no other write of its round",
    ({ port }) =>
      Effect.gen(function*() {
        const [a, b] = [yield* engine(port, new Rows(), long), yield* engine(port, new Rows(), long)]
        const lifetimes = [1e15, 1e17, 1e19, Number.MAX_VALUE, 60_000]
        const sets = lifetimes.map((timeToLive, n) => note.set({ id: `${n}` }, "kept", { timeToLive }))
        yield* a.as(Effect.all([...sets, note.delete({ id: "x" })], { concurrency: "unbounded" }))
        for (const n of lifetimes.keys()) assert.strictEqual(yield* b.as(note.get({ id: `${n}` })), "kept")
      })
  )

  live(
    "bytes that another program has cut, or put under a key, are absent, and no write fails",
    ({ connect, port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const a = yield* engine(port, rows, long)
        const admin = yield* adminOf({ connect })
        const id = { id: "1" }
        yield* a.as(user.get(id))
        yield* a.as(note.setIfAbsent({ id: "lease" }, "x"))
        const all = yield* Effect.promise(() => admin.keysBuffer("{shared.test.0}:e:*"))
        const at = all.find((key) => key.toString().includes("user:1"))!
        const whole = (yield* Effect.promise(() => admin.getBuffer(at)))!
        for (let end = 0; end < whole.length; end += 5) {
          yield* Effect.promise(() => admin.set(at, whole.subarray(0, end)))
          const b = yield* engine(port, rows, long)
          assert.strictEqual((yield* b.as(user.get(id))).row, 0, `${end}`)
        }
        const others = all.find((key) => key.toString().includes("lease"))!
        yield* Effect.promise(() => admin.del(others))
        yield* Effect.promise(() => admin.lpush(others, "a list"))
        const b = yield* engine(port, rows, long)
        const works = [note.setIfAbsent({ id: "lease" }, "y"), note.set({ id: "2" }, "z"), note.get({ id: "2" })]
        const [claimed] = yield* b.as(Effect.all(works as any, { concurrency: 1 }) as Effect.Effect<Array<unknown>>)
        assert.isTrue(claimed)
        assert.strictEqual(yield* a.as(note.get({ id: "lease" })), "y")
      })
  )

  live(
    "a process that is cut off serves its memory for a second, and one of an eventual family until it hears",
    ({ port, signal }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const a = yield* engine(port, rows)
        yield* Effect.all([a.as(user.get({ id: "1" })), a.as(lasting.get({ id: "1" }))])
        // While the server answers, nothing is loaded again.
        const { loads } = rows
        yield* Effect.sleep(1_500)
        assert.strictEqual((yield* a.as(user.get({ id: "1" }))).row, 0)
        assert.strictEqual(rows.loads, loads)
        yield* signal("SIGSTOP")
        rows.set("1", 6)
        assert.strictEqual((yield* a.as(user.get({ id: "1" }))).row, 0)
        const begun = performance.now()
        yield* until(Effect.map(a.as(user.get({ id: "1" })), ({ row }) => row === 6))
        // The bound, and the answer that a read has waited for.
        assert.isBelow(performance.now() - begun, 3_000)
        assert.strictEqual(yield* a.as(lasting.get({ id: "1" })), 0)
        yield* signal("SIGCONT")
      })
  )

  live(
    "a server that is emptied takes nothing of what was dropped back, in any process",
    ({ connect, port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const [a, b] = [yield* engine(port, rows), yield* engine(port, rows)]
        yield* b.as(profile.get({ id: "1" }))
        const admin = yield* Effect.acquireRelease(
          Effect.sync(() => connect()),
          (redis) => Effect.sync(() => redis.disconnect())
        )
        yield* Effect.promise(() => admin.flushall())
        rows.set("1", 9)
        yield* a.as(user.invalidate({ id: "1" }))
        yield* until(Effect.map(b.as(profile.get({ id: "1" })), (row) => row === 9))
      })
  )

  live(
    "a server that ends and starts again is used again, and old values are not",
    ({ port, restart }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const [a, b] = [yield* engine(port, rows), yield* engine(port, rows)]
        yield* Effect.all([a.as(profile.get({ id: "1" })), b.as(profile.get({ id: "1" }))])
        yield* restart
        rows.set("1", 3)
        yield* until(Effect.map(Effect.exit(a.as(user.invalidate({ id: "1" }))), ({ _tag }) => _tag === "Success"))
        yield* until(Effect.map(b.as(profile.get({ id: "1" })), (row) => row === 3))
        yield* a.as(note.set({ id: "1" }, "kept"))
        const c = yield* engine(port, rows)
        assert.deepStrictEqual(yield* c.as(note.getOption({ id: "1" })), Option.some("kept"))
      })
  )

  it.live("a layer is built while no server is there, and reads load", () =>
    Effect.gen(function*() {
      const rows = new Rows()
      const port = yield* Effect.scoped(Effect.map(startServer(), ({ port }) => port))
      const a = yield* engine(port, rows)
      rows.set("1", 4)
      assert.strictEqual(yield* a.as(profile.get({ id: "1" })), 4)
      assert.strictEqual(yield* a.as(profile.get({ id: "1" })), 4)
    }), 30_000)

  const refusalOf = (options: RedisStore.Options) =>
    Effect.map(Effect.flip(Effect.scoped(RedisStore.make(options))), ({ message }) => message)

  live(
    "a wrong password is refused when the tier is opened",
    ({ port }) =>
      Effect.gen(function*() {
        const url = `redis://:wrong@127.0.0.1:${port}`
        assert.match(yield* refusalOf({ url, namespace: "a" }), /E0306.*`url` was refused by the server: WRONGPASS/)
        assert.match(yield* refusalOf({ ...optionsOf(port) }), /E0306.*NOAUTH/)
        const right = { ...optionsOf(port), url: Redacted.make(`redis://:right@127.0.0.1:${port}`) }
        yield* Effect.scoped(RedisStore.make(right))
        assert.match(yield* refusalOf({ ...right, client: { db: 99 } }), /E0306.*DB index/)
      }),
    "--requirepass",
    "right"
  )

  live(
    "a cluster is refused when the tier is opened",
    ({ port }) =>
      Effect.gen(function*() {
        assert.match(yield* refusalOf(optionsOf(port)), /E0306.*`url` leads to a cluster/)
      }),
    "--cluster-enabled",
    "yes"
  )

  live(
    "a layer takes its address from the configuration, and options of the client as they are",
    ({ port }) =>
      Effect.gen(function*() {
        const layer = RedisStore.layerConfig({
          url: Config.succeed(Redacted.make(`redis://127.0.0.1:${port}`)),
          namespace: Config.succeed("shared.test"),
          client: { connectionName: "of-the-test" }
        })
        const store = Context.get(yield* Layer.build(layer), Store)
        assert.strictEqual(store.name, "redis")
        assert.isDefined(store.news)
        const wrong = RedisStore.layerConfig({ url: Config.succeed("redis://x"), namespace: Config.succeed("") })
        assert.match((yield* Effect.flip(Layer.build(wrong))).message, /`namespace` must be/)
      })
  )

  live("changes of many keys at once arrive, and so does what comes after them", ({ port }) =>
    Effect.gen(function*() {
      const rows = new Rows()
      const [a, b] = [yield* engine(port, rows, long), yield* engine(port, rows, long)]
      const ids = Array.from({ length: 40_000 }, (_, n) => ({ id: `${n}` }))
      yield* a.as(note.setMany(ids.slice(0, 12_000).map((params) => [params, "x"] as const)))
      assert.deepStrictEqual(yield* b.as(note.getOption({ id: "11999" })), Option.some("x"))
      yield* a.as(Effect.forEach(ids, (params) => note.invalidate(params), { concurrency: "unbounded", discard: true }))
      yield* until(Effect.map(b.as(note.getOption({ id: "11999" })), Option.isNone))
      yield* a.as(note.set({ id: "1" }, "y"))
      yield* until(Effect.map(b.as(note.getOption({ id: "1" })), Option.isSome))
    }))

  live(
    "a log that a server has evicted is noticed, and no process stays behind",
    ({ connect, port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const [a, b] = [yield* engine(port, rows), yield* engine(port, rows)]
        const admin = yield* adminOf({ connect })
        for (const value of [undefined, "another type"]) {
          yield* b.as(profile.get({ id: "1" }))
          const row = rows.of("1") + 1
          rows.set("1", row)
          yield* Effect.promise(() => admin.del("{shared.test.0}:l"))
          if (value !== undefined) yield* Effect.promise(() => admin.set("{shared.test.0}:l", value))
          yield* a.as(user.invalidate({ id: "1" }))
          yield* until(Effect.map(b.as(profile.get({ id: "1" })), (seen) => seen === row))
        }
      })
  )

  live(
    "a server without room refuses values, and takes what drops them",
    ({ connect, port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const [a, b] = [yield* engine(port, rows, long), yield* engine(port, rows, long)]
        const admin = yield* adminOf({ connect })
        const bound = (bytes: number) => Effect.promise(() => admin.config("SET", "maxmemory", `${bytes}`))
        const noteOf = (id: string) => b.as(note.getOption({ id }))
        for (const policy of ["noeviction", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]) {
          yield* bound(0)
          yield* Effect.promise(() => admin.config("SET", "maxmemory-policy", policy))
          yield* a.as(note.set({ id: "1" }, "kept"))
          yield* b.as(profile.get({ id: "1" }))
          yield* bound(1)
          const refused = [
            note.set({ id: "1" }, "x"),
            note.update({ id: "1" }, (was) => `${was}x`),
            note.setIfAbsent({ id: "2" }, "x"),
            note.setMany([[{ id: "1" }, "x"], [{ id: "2" }, "x"]]),
            user.set({ id: "1" }, { row: 9, bytes })
          ]
          for (const write of refused) {
            const { reason } = yield* Effect.flip(a.as(write as Effect.Effect<unknown, CacheError>))
            assert.deepStrictEqual(tierOf(reason), ["TierFull", "redis"])
          }
          const row = rows.of("1") + 1
          rows.set("1", row)
          yield* a.as(user.invalidateAll())
          yield* a.as(user.invalidate({ id: "1" }))
          yield* until(Effect.map(b.as(profile.get({ id: "1" })), (seen) => seen === row))
          assert.deepStrictEqual([yield* noteOf("1"), yield* noteOf("2")], [Option.some("kept"), Option.none()])
          assert.deepStrictEqual(yield* a.as(note.getAndDelete({ id: "1" })), Option.some("kept"))
          yield* until(Effect.map(noteOf("1"), Option.isNone))
        }
        yield* bound(0)
        yield* a.as(note.set({ id: "2" }, "again"))
        yield* until(Effect.map(noteOf("2"), Option.isSome))
      })
  )

  live(
    "a server that evicts everything loses values, and serves none that is out of date",
    ({ connect, port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const [a, b] = [yield* engine(port, rows, long), yield* engine(port, rows, long)]
        const admin = yield* adminOf({ connect })
        for (const policy of ["allkeys-lru", "allkeys-lfu", "allkeys-random"]) {
          yield* Effect.promise(() => admin.config("SET", "maxmemory-policy", policy))
          const used = Number(/used_memory:(\d+)/.exec(yield* Effect.promise(() => admin.info("memory")))![1])
          yield* Effect.promise(() => admin.config("SET", "maxmemory", `${used + 300_000}`))
          for (let n = 0; n < 100; n++) {
            const set = yield* Effect.exit(a.as(note.set({ id: `${n}` }, "x".repeat(10_000))))
            if (Exit.isFailure(set)) {
              assert.strictEqual(Option.getOrThrow(Exit.findErrorOption(set)).reason._tag, "StoreFailed")
            }
          }
          yield* b.as(profile.get({ id: "1" }))
          const row = rows.of("1") + 1
          rows.set("1", row)
          // Where the log is gone each time, it fails, and is repeated.
          yield* Effect.exit(a.as(user.invalidate({ id: "1" })))
          yield* until(Effect.map(b.as(profile.get({ id: "1" })), (seen) => seen === row))
          yield* Effect.promise(() => admin.config("SET", "maxmemory", "0"))
          yield* until(Effect.map(Effect.exit(a.as(note.set({ id: "1" }, policy))), Exit.isSuccess))
        }
      })
  )

  it.effect("an option that cannot be right is refused by its name", () =>
    Effect.gen(function*() {
      const right: RedisStore.Options = { url: "redis://127.0.0.1:1", namespace: "a" }
      const wrong: ReadonlyArray<readonly [options: unknown, why: RegExp]> = [
        [undefined, /`options` must be an object/],
        [{ namespace: "a" }, /`url` or `client` must be given/],
        [{ ...right, url: "http://x" }, /`url` must be `redis/],
        [{ ...right, url: "redis://127.0.0.1:1/abc" }, /`url` must be `redis/],
        [{ ...right, url: "redis://127.0.0.1:1?enableOfflineQueue=true" }, /`url` must be `redis/],
        [{ ...right, url: 5 }, /`url` must be `redis/],
        [{ ...right, namespace: "" }, /`namespace` must be/],
        [{ ...right, namespace: "a b" }, /`namespace` must be/],
        [{ ...right, client: "x" }, /`client` must be an object/],
        [{ ...right, version: Number.NaN }, /`version` must be/],
        [{ ...right, recordsMax: 0 }, /`recordsMax` must be/],
        [{ ...right, answerTimeout: 0 }, /`answerTimeout` must be/],
        [{ ...right, answerTimeout: Infinity }, /`answerTimeout` must be/],
        [{ ...right, loadLease: -1 }, /`loadLease` must be/],
        [{ ...right, loadLease: "2 hours" }, /`loadLease` must be/],
        [{ ...right, ttl: 5 }, /`ttl`/]
      ]
      for (const [options, why] of wrong) assert.match(yield* refusalOf(options as RedisStore.Options), why)
    }))

  live(
    "a shared tier is the lowest, has only memory above it, and gets every value",
    ({ port }) =>
      Effect.gen(function*() {
        const rows = new Rows()
        const redis = RedisStore.layer(optionsOf(port))
        const refusal = (tiers: ReturnType<typeof TieredStore.layer>) =>
          Effect.map(
            Effect.flip(start(App, Layer.provide(ownersOver(rows), tiers))),
            (error) => String((error as { readonly message: string }).message)
          )
        const memory = MemoryStore.layer({ capacity: 10 })
        assert.match(yield* refusal(TieredStore.layer([redis, memory])), /`stores` must end with `redis`/)
        assert.match(
          yield* refusal(TieredStore.layer([memory, mapLayer({ name: "file" }), redis])),
          /`stores` must have only memory above `redis`/
        )
        assert.match(
          yield* refusal(TieredStore.layer([memory, redis], { set: "onEviction" })),
          /`set` must be "through" over `redis`/
        )
      })
  )
}

whereServed("a tier in Redis", () => describe("a tier in Redis", tests))
