/**
 * The operations of a manifest as a user calls them, each in one story: writes, updates, batches, invalidations,
 * statistics, and the rights that an owner and a reader need.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as CacheMetrics from "../../src/cache/CacheMetrics.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

interface User {
  readonly name: string
  readonly mail: string
}

class AppCache extends Manifest.Service<AppCache>()("AppCache", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<User>(), timeToLive: "1 hour", freeze: true },
    profile: { pattern: "profile:{id}", value: Schema.String, derives: ["user:{id}"] },
    feed: { pattern: "feed:{id}:{page}", value: Schema.String, derives: ["profile:{id}"], fanout: true },
    count: { pattern: "count:{day}", params: { day: Schema.Number }, value: Schema.Number }
  },
  readers: { web: { borrows: ["profile:{id}"] } }
}) {}
const { count, feed, profile, user } = AppCache.keys

class Log extends Context.Service<Log, Array<string>>()("test/Log") {}
const note = (line: string) => Log.useSync((log) => void log.push(line))

const UserLive = AppCache.owner("user", {
  lookup: ({ id }) =>
    Effect.as(note(`user ${id}`), Lookup.loaded<User>({ name: id, mail: "m" }, { tags: [`odd:${Number(id) % 2}`] }))
})
const ProfileLive = AppCache.owner("profile", {
  lookup: Effect.fnUntraced(function*({ id }) {
    yield* note(`profile ${id}`)
    return `<${(yield* user.get({ id })).name}>`
  })
})
const FeedLive = AppCache.owner("feed", {
  lookup: ({ id, page }) =>
    Effect.andThen(note(`feed ${id} ${page}`), Effect.map(profile.get({ id }), (shown) => `${shown} page ${page}`))
})
const CountLive = AppCache.owner("count", {
  lookupMany: (all) =>
    Effect.as(note(`count ${all.map(({ day }) => day + 0).join(" ")}`), all.map(({ day }) => day * 2))
})

const live = Layer.suspend(() =>
  AppCache.modules({ user: UserLive, profile: ProfileLive, feed: FeedLive, count: CountLive }).pipe(
    Layer.provideMerge(MemoryStore.layer({ capacity: 1_000 })),
    Layer.provideMerge(Layer.sync(Log, () => []))
  )
)
const drain = Log.useSync((log) => log.splice(0).toSorted())

describe("manifest", () => {
  it.effect("a write drops what derives from it, and nothing else", () =>
    Effect.gen(function*() {
      yield* feed.get({ id: "1", page: 1 })
      yield* feed.get({ id: "1", page: 2 })
      yield* feed.get({ id: "2", page: 1 })
      yield* drain
      yield* user.set({ id: "1" }, { name: "Ann", mail: "a" })
      assert.strictEqual(yield* feed.get({ id: "1", page: 1 }), "<Ann> page 1")
      assert.strictEqual(yield* feed.get({ id: "2", page: 1 }), "<2> page 1")
      assert.deepStrictEqual(yield* drain, ["feed 1 1", "profile 1"])
    }).pipe(Effect.provide(live)))

  it.effect("an update reads, changes and writes, and changes nothing when it fails", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* user.update({ id: "1" }, (was) => ({ ...was, name: "Bob" })), {
        name: "Bob",
        mail: "m"
      })
      const failed = yield* Effect.exit(user.update({ id: "1" }, () => Effect.fail("no" as const)))
      assert.isTrue(Exit.isFailure(failed))
      assert.strictEqual((yield* user.get({ id: "1" })).name, "Bob")
    }).pipe(Effect.provide(live)))

  it.effect("a patch keeps the time to live of the entry", () =>
    Effect.gen(function*() {
      assert.isTrue(Option.isNone(yield* user.patch({ id: "1" }, (was) => ({ ...was, mail: "new" }))))
      yield* user.get({ id: "1" })
      yield* profile.get({ id: "1" })
      yield* TestClock.adjust("40 minutes")
      yield* user.patch({ id: "1" }, (was) => ({ ...was, mail: "new" }))
      assert.strictEqual(yield* user.select({ id: "1" }, ({ mail }) => mail), "new")
      yield* drain
      yield* profile.get({ id: "1" })
      assert.deepStrictEqual(yield* drain, ["profile 1"])
      yield* TestClock.adjust("20 minutes")
      assert.strictEqual(yield* user.select({ id: "1" }, ({ mail }) => mail), "m")
    }).pipe(Effect.provide(live)))

  it.effect("getMany loads many missing keys together, each once", () =>
    Effect.gen(function*() {
      const [first, second] = yield* Effect.all([
        count.getMany([{ day: 1 }, { day: 2 }, { day: 1 }]),
        count.getMany([{ day: 2 }, { day: 3 }])
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual(first, [2, 4, 2])
      assert.deepStrictEqual(second, [4, 6])
      assert.deepStrictEqual(yield* drain, ["count 1 2", "count 3"])
      assert.strictEqual(yield* count.warm([{ day: 3 }, { day: 4 }]), 1)
    }).pipe(Effect.provide(live)))

  it.effect("invalidateTag drops its entries and what derives from them", () =>
    Effect.gen(function*() {
      for (const id of ["1", "2", "3"]) yield* profile.get({ id })
      yield* drain
      yield* user.invalidateTag("odd:1")
      yield* user.get({ id: "2" })
      assert.deepStrictEqual(yield* drain, [])
      yield* user.get({ id: "1" })
      yield* profile.get({ id: "3" })
      assert.deepStrictEqual(yield* drain, ["profile 3", "user 1", "user 3"])
    }).pipe(Effect.provide(live)))

  it.effect("an invalidated pattern drops entries of every family that it touches", () =>
    Effect.gen(function*() {
      for (const page of [1, 2]) yield* feed.get({ id: "1", page })
      yield* feed.get({ id: "2", page: 1 })
      yield* drain
      yield* AppCache.invalidate("feed:1:*")
      for (const page of [1, 2]) yield* feed.get({ id: "1", page })
      yield* feed.get({ id: "2", page: 1 })
      assert.deepStrictEqual(yield* drain, ["feed 1 1", "feed 1 2"])
      yield* feed.invalidateWhere({ page: 1 })
      assert.isFalse(yield* feed.has({ id: "2", page: 1 }))
      assert.isTrue(yield* feed.has({ id: "1", page: 2 }))
    }).pipe(Effect.provide(live)))

  it.effect("a batch happens as a whole or not at all", () =>
    Effect.gen(function*() {
      yield* count.set({ day: 1 }, 10)
      const { version } = yield* count.getAnswer({ day: 1 })
      yield* count.set({ day: 1 }, 11)
      const stale = AppCache.batch([
        count.setting({ day: 2 }, 20),
        count.setting({ day: 1 }, 12, { ifVersion: version })
      ])
      const error = yield* Effect.flip(stale)
      assert.strictEqual(error.reason._tag, "VersionConflict")
      assert.isFalse(yield* count.has({ day: 2 }))
      yield* AppCache.batch([count.setting({ day: 2 }, 20), count.deleting({ day: 1 })])
      assert.isTrue(yield* count.has({ day: 2 }))
      assert.isFalse(yield* count.has({ day: 1 }))
    }).pipe(Effect.provide(live)))

  it.effect("a write under a lease that has ended is refused", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const lease = yield* Scope.provide(scope)(count.lease({ day: 1 }, { timeToLive: "1 minute" }))
      yield* count.set({ day: 1 }, 5, { lease })
      const second = yield* Effect.forkChild(Effect.scoped(count.lease({ day: 1 }, { deadline: "2 minutes" })))
      yield* TestClock.adjust("1 minute")
      assert.isAbove((yield* Fiber.join(second)).token, lease.token)
      const late = yield* Effect.flip(count.set({ day: 1 }, 6, { lease }))
      assert.strictEqual(late.reason._tag, "LeaseRefused")
      assert.strictEqual(yield* count.get({ day: 1 }), 5)
      yield* Scope.close(scope, Exit.void)
    }).pipe(Effect.provide(live)))

  it.effect("explain says why a key is a miss, and through which family", () =>
    Effect.gen(function*() {
      yield* profile.get({ id: "1" })
      yield* user.set({ id: "1" }, { name: "x", mail: "y" })
      const { happenings, outcome } = yield* profile.explain({ id: "1" })
      assert.strictEqual(outcome, "load")
      assert.deepStrictEqual(happenings.map(({ through, what }) => [what, through]), [
        ["Invalidated", "user"],
        ["Loaded", undefined]
      ])
    }).pipe(Effect.provide(live)))

  it.effect("a listener receives an event for each thing that happens", () =>
    Effect.gen(function*() {
      const events = yield* Effect.forkChild(Stream.runCollect(Stream.take(AppCache.events, 4)), {
        startImmediately: true
      })
      yield* Effect.yieldNow
      yield* count.get({ day: 1 })
      yield* count.get({ day: 1 })
      yield* count.set({ day: 1 }, 3)
      assert.deepStrictEqual((yield* Fiber.join(events)).map(({ _tag }) => _tag), ["Miss", "Load", "Hit", "Set"])
    }).pipe(Effect.provide(live)))

  it.effect("the statistics count, and are published as metrics", () =>
    Effect.gen(function*() {
      for (let i = 0; i < 3; i++) yield* count.get({ day: 1 })
      const stats = yield* AppCache.stats
      assert.deepInclude(stats.count, { hits: 2, misses: 1, loads: 1, entries: 1 })
      yield* Effect.forkChild(CacheMetrics.publish(AppCache.stats, { cache: "metrics-test" }), {
        startImmediately: true
      })
      yield* count.get({ day: 1 })
      yield* TestClock.adjust("10 seconds")
      const published = (yield* Metric.snapshot).filter(({ attributes }) => attributes?.["cache"] === "metrics-test")
      assert.includeMembers(published.map(({ id }) => id), ["cache.hits", "cache.tier.hits", "cache.entries"])
      const hits = published.find(({ attributes, id }) => id === "cache.hits" && attributes?.["family"] === "count")
      assert.deepInclude(hits?.state, { count: 3 })
      // What only grows says so to exporters; how many entries there are goes up and down.
      for (const { id, state, type } of published) {
        if (id === "cache.entries") assert.strictEqual(type, "Gauge")
        else assert.deepInclude(state, { incremental: true }, id)
      }
    }).pipe(Effect.provide(live)))

  it.effect("hottest returns the keys with the most reads", () =>
    Effect.gen(function*() {
      for (let i = 0; i < 6_400; i++) yield* count.get({ day: i % 10 === 0 ? i : 7 })
      const [first] = yield* count.hottest(1)
      assert.deepStrictEqual(first?.params, { day: 7 })
      assert.isAbove(first!.share, 0.8)
    }).pipe(Effect.provide(live)))

  it.effect("a reader cannot change a value of a family with `freeze`", () =>
    Effect.gen(function*() {
      const value = yield* user.get({ id: "1" })
      assert.throws(() => Object.assign(value, { name: "changed" }))
    }).pipe(Effect.provide(live)))
})

describe("right", () => {
  const cast = <A, E>(effect: Effect.Effect<A, E, any>) => effect as Effect.Effect<A, E>
  const engine = AppCache.layer.pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })))

  it.effect("a read or write without its right fails, even when the types were cast", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(cast(count.set({ day: 1 }, 1)))
      assert.strictEqual(error.reason._tag, "NotOwner")
      const borrowed = yield* Effect.flip(
        Effect.provide(cast(count.set({ day: 1 }, 1)), Layer.provide(AppCache.borrower("count"), engine))
      )
      assert.strictEqual(
        borrowed.message,
        "E0205: cannot write `count:{day}`: it is owned by `count`, and the caller only borrows it"
      )
    }))

  it.effect("a right is given once", () =>
    Effect.gen(function*() {
      const two = Layer.mergeAll(AppCache.owner("count"), AppCache.owner("count")).pipe(Layer.provide(engine))
      const error = yield* Effect.flip(Layer.build(two))
      assert.strictEqual(error.reason._tag, "OwnershipConflict")
    }))

  it.effect("a right ends with its scope, and its entries are not served afterwards", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Layer.provideMerge(AppCache.owner("count"), engine), scope)
      const writer = yield* Effect.provideContext(count.writer, context)
      yield* writer.set({ day: 1 }, 1)
      assert.strictEqual(writer.getUnsafe({ day: 1 }), 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(writer.getUnsafe({ day: 1 }), undefined)
      assert.strictEqual((yield* Effect.flip(writer.get({ day: 1 }))).reason._tag, "Revoked")
    }))

  it.live("getPromise returns a hit, a loaded value or a failure, and fails after the end of the right", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      let loads = 0
      const lookup = ({ day }: { readonly day: number }) =>
        Effect.suspend(() =>
          day < 0 ? Effect.die("no such day") : day === 2 ? Effect.never : Effect.succeed(10 * day + loads++)
        )
      const owner = AppCache.owner("count", { lookup })
      const context = yield* Layer.buildWithScope(Layer.provideMerge(owner, engine), scope)
      const reader = yield* Effect.provideContext(count.reader, context)
      const settled = (promise: Promise<unknown>) =>
        Effect.promise(() => promise.then((value) => ({ value }), (error) => ({ error })))
      assert.deepStrictEqual(yield* settled(reader.getPromise({ day: 1 })), { value: 10 })
      assert.deepStrictEqual(yield* settled(reader.getPromise({ day: 1 })), { value: 10 })
      assert.strictEqual(loads, 1)
      assert.deepStrictEqual(yield* settled(reader.getPromise({ day: -1 })), { error: "no such day" })
      const stop = new AbortController()
      const endless = reader.getPromise({ day: 2 }, { signal: stop.signal })
      stop.abort()
      assert.property(yield* settled(endless), "error")
      // A signal that has aborted starts nothing, and gives not even a hit.
      const before = loads
      for (const day of [1, 3]) {
        const late = yield* settled(reader.getPromise({ day }, { signal: AbortSignal.abort("too late") }))
        assert.deepStrictEqual(late, { error: "too late" })
      }
      assert.strictEqual(loads, before)
      yield* Scope.close(scope, Exit.void)
      const ended = yield* settled(reader.getPromise({ day: 1 }))
      assert.strictEqual((ended as any).error.reason._tag, "Revoked")
    }))

  it.live("Promises share a load, each gets its value or failure, and the last one to leave ends the load", () =>
    Effect.gen(function*() {
      let loads = 0
      let ended = 0
      const gate = Latch.makeUnsafe()
      const lookup = ({ day }: { readonly day: number }) =>
        Effect.suspend(() => {
          loads++
          const answer = day < 0 ? Effect.die("no such day") : Effect.succeed(day)
          return Effect.onInterrupt(Effect.andThen(gate.await, answer), () => Effect.sync(() => ended++))
        })
      const context = yield* Layer.build(Layer.provideMerge(AppCache.owner("count", { lookup }), engine))
      const reader = yield* Effect.provideContext(count.reader, context)
      const settled = (promises: ReadonlyArray<Promise<number>>) => Effect.promise(() => Promise.allSettled(promises))
      const { stats } = AppCache

      const good = Array.from({ length: 10 }, () => reader.getPromise({ day: 1 }))
      const bad = Array.from({ length: 10 }, () => reader.getPromise({ day: -1 }))
      const impatient = new AbortController()
      const gone = reader.getPromise({ day: 1 }, { signal: impatient.signal })
      impatient.abort()
      assert.strictEqual((yield* settled([gone]))[0]!.status, "rejected")
      yield* gate.open
      for (const each of yield* settled(good)) assert.deepStrictEqual(each, { status: "fulfilled", value: 1 })
      for (const each of yield* settled(bad)) {
        assert.deepStrictEqual(each, { status: "rejected", reason: "no such day" })
      }
      assert.deepStrictEqual([loads, ended], [2, 0])
      const { count: { coalesced, misses } } = yield* Effect.provideContext(stats, context)
      assert.deepStrictEqual([misses, coalesced], [21, 19])

      yield* gate.close
      const two = [new AbortController(), new AbortController()]
      const left = two.map(({ signal }) => reader.getPromise({ day: 3 }, { signal }))
      two[0]!.abort()
      yield* settled([left[0]!])
      assert.strictEqual(ended, 0)
      two[1]!.abort()
      const both = yield* settled(left)
      assert.deepStrictEqual(both.map(({ status }) => status), ["rejected", "rejected"])
      const whys = both.map((each) => each.status === "rejected" && each.reason)
      assert.deepStrictEqual(whys[1], whys[0])
      assert.strictEqual(ended, 1)
    }))

  it.effect("the value `undefined` is held like any other, and not loaded twice", () =>
    Effect.gen(function*() {
      class Maybe extends Manifest.Service<Maybe>()("Maybe", {
        families: { user: { pattern: "user:{id}", value: Manifest.type<string | undefined>() } }
      }) {}
      let loads = 0
      const lookup = () => Effect.sync(() => void loads++)
      const live = Maybe.modules({ user: Maybe.owner("user", { lookup }) })
      yield* Effect.gen(function*() {
        for (let i = 0; i < 3; i++) assert.isUndefined(yield* Maybe.keys.user.get({ id: "1" }))
        assert.deepStrictEqual(yield* Maybe.keys.user.getMany([{ id: "1" }, { id: "1" }]), [undefined, undefined])
        assert.deepStrictEqual(yield* Maybe.keys.user.getOption({ id: "1" }), Option.some(undefined))
        const reader = yield* Maybe.keys.user.reader
        assert.isUndefined(yield* Effect.promise(() => reader.getPromise({ id: "1" })))
        assert.strictEqual(loads, 1)
        const { user } = yield* Maybe.stats
        assert.strictEqual(user.hits, 6)
      }).pipe(Effect.provide(Layer.provide(live, MemoryStore.layer({ capacity: 10 }))))
    }))

  it.effect("a manifest with mistakes is refused with all of them", () =>
    Effect.gen(function*() {
      const definition: any = { families: { a: { pattern: "a:{x}" }, b: { pattern: "a:{y}" } } }
      class Broken extends Manifest.Service<Broken>()("Broken", definition) {}
      const error = yield* Effect.flip(Layer.build(Layer.provide(Broken.layer, MemoryStore.layer({ capacity: 1 }))))
      assert.strictEqual((error as { reason: { _tag: string } }).reason._tag, "InvalidManifest")
    }))

  it.effect("an engine within another of the same manifest reads its own entries only", () =>
    Effect.gen(function*() {
      class Inner extends Manifest.Service<Inner>()("Inner", {
        families: {
          source: { pattern: "source:{id}", value: Manifest.type<string>() },
          copy: { pattern: "copy:{id}", value: Manifest.type<string>(), derives: ["source:{id}"] }
        }
      }) {}
      const { copy, source } = Inner.keys
      const app = (text: string) =>
        Inner.modules({
          source: Inner.owner("source", { lookup: () => Effect.succeed(text) }),
          copy: Inner.owner("copy", { lookup: ({ id }) => source.get({ id }) })
        }).pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })), Layer.fresh)
      const both = Effect.gen(function*() {
        const outer = yield* copy.get({ id: "1" })
        const inner = yield* Effect.provide(copy.get({ id: "1" }), app("inner"))
        return [outer, inner, yield* copy.get({ id: "1" })]
      })
      assert.deepStrictEqual(yield* Effect.provide(both, app("outer")), ["outer", "inner", "outer"])
    }))

  it.effect("a parameter without a codec reaches its lookup as a text, even when its type says number", () =>
    Effect.gen(function*() {
      const families = { user: { pattern: "user:{id}", params: { id: Manifest.type<number>() } } }
      const app = Manifest.Service<never>()("Numbers", { families } as never) as any
      const live: Layer.Layer<never> = app.modules({
        user: app.owner("user", { lookup: ({ id }: { readonly id: unknown }) => Effect.succeed(typeof id) })
      }).pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })))
      const read = (id: unknown) => Effect.provide(app.keys.user.get({ id }) as Effect.Effect<string, Error>, live)
      assert.include((yield* Effect.flip(read(1))).message, "not a key of `user:{id}`")
      assert.strictEqual(yield* read("1"), "string")
    }))

  it.effect("the codec of a parameter spells the key, and its lookup gets the decoded parameter, even when both are texts", () =>
    Effect.gen(function*() {
      const escaped = Schema.String.pipe(
        Schema.decodeTo(
          Schema.String,
          SchemaTransformation.transform({ decode: decodeURIComponent, encode: encodeURIComponent })
        )
      )
      class Paths extends Manifest.Service<Paths>()("Paths", {
        families: {
          one: { pattern: "one:{path}", params: { path: escaped }, value: Manifest.type<string>() },
          two: {
            pattern: "two:{path}:{name}",
            params: { path: escaped, name: escaped },
            value: Manifest.type<string>()
          }
        }
      }) {}
      const { one, two } = Paths.keys
      const app = Paths.modules({
        one: Paths.owner("one", { lookup: ({ path }, { key }) => Effect.succeed(`${path} ${key}`) }),
        two: Paths.owner("two", { lookup: ({ name, path }, { key }) => Effect.succeed(`${path} ${name} ${key}`) })
      }).pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })))
      const read = Effect.gen(function*() {
        assert.strictEqual(yield* one.get({ path: "a:b" }), "a:b one:a%3Ab")
        assert.strictEqual(yield* Paths.get("one:a%3Ab"), "a:b one:a%3Ab")
        assert.strictEqual(yield* one.get({ path: "a%3Ab" }), "a%3Ab one:a%253Ab")
        assert.strictEqual(yield* two.get({ path: ":", name: "%" }), ": % two:%3A:%25")
      })
      yield* Effect.provide(read, app)
    }))
})
