/**
 * Each operation with each option that it takes: a wrong option is refused before anything changes, and `undefined`
 * means "not given", except for an option that guards. An operation or an option without a row here makes a test or the
 * compiler fail.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as CacheMetrics from "../../src/cache/CacheMetrics.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { SetOptions } from "../../src/cache/types/setOptions.ts"
import type { LeaseOptions } from "../../src/capability/Lease.ts"
import type { Family, InvalidateOptions, Reading, Refused, Writer, Writing } from "../../src/manifest/Family.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork, reasonOf, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"
import { mapStore } from "../support/mapStore.ts"
import { familyOf } from "../support/partition.ts"
import { family } from "../support/source.ts"

/** Wrong values of an option; the compiler demands a list for each option of the type. */
type Wrong<O> = { readonly [Option in keyof Required<O>]: ReadonlyArray<unknown> }

const durations = [
  "5 minuts",
  "5min",
  "5 min",
  "m",
  "-5m",
  "1e3s",
  "0x1s",
  "5m30s",
  Number.NaN,
  -1,
  -Infinity,
  -1n,
  "-1 seconds",
  "-Infinity",
  "",
  Duration.negativeInfinity,
  Duration.millis(-1),
  { seconds: -1 },
  { seconds: 1, minutes: -1 },
  { seconds: Number.NaN },
  [-1, 0],
  [1],
  new Date(0),
  true,
  null,
  {},
  { minuts: 5 },
  () => 5,
  Promise
]
const setWrong: Wrong<SetOptions<unknown>> = {
  timeToLive: durations,
  tags: ["abc", [1], null, new Set(["a"])],
  revision: [3, null, {}],
  ifVersion: ["1", Number.NaN, -1, {}, undefined],
  lease: [null, {}, "lease", undefined]
}
const { ifVersion, ...claimWrong } = setWrong
const { lease } = setWrong
const modeWrong: Wrong<InvalidateOptions> = { mode: ["stale", null, 1, {}] }
const leaseWrong: Wrong<LeaseOptions> = {
  mode: ["both", null],
  deadline: durations,
  timeToLive: [...durations, 0]
}

const pageSizes = [0, -1, 1.5, Number.NaN, Infinity, 10_001, "2", null]

const id = { id: "1" }
type Row = readonly [
  run: (of: any, options: any, app: any) => unknown,
  wrong: { readonly [option: string]: ReadonlyArray<unknown> }
]
const plain: Row = [() => undefined, {}]

// The compiler sees to it that each operation has a row, and the first test that each row is an operation.
const reading: { readonly [O in Exclude<keyof Reading<any, any, any, any>, "pattern">]: Row } = {
  get: [(of, options) => of.get(id, options), { stale: ["refused", null, true, 1, {}, undefined] }],
  getOption: plain,
  getMany: plain,
  getManyResults: plain,
  getAnswer: plain,
  getAnswerOption: plain,
  explain: plain,
  has: plain,
  select: plain,
  warm: [(of, options) => of.warm([id], options), { concurrency: [0, -1, 1.5, Number.NaN, Infinity, "2", null] }],
  hottest: [(of, { max }) => of.hottest(max), { max: [0, -1, 1.5, Number.NaN, Infinity, "2", null] }],
  keys: plain,
  entries: plain,
  page: [(of, { cursor, max }) => of.page(cursor, max), { max: pageSizes, cursor: [null, 1, {}, ["a"]] }],
  sample: [(of, { max }) => of.sample(max), { max: pageSizes }],
  count: plain
}
// These take their options one by one.
const oneByOne: ReadonlySet<string> = new Set(["hottest", "page", "sample", "reschedule"])
const writing: { readonly [O in Exclude<keyof Writing<any, any, any, any>, "pattern">]: Row } = {
  set: [(of, options) => of.set(id, "new", options), setWrong],
  setMany: [(of, options) => of.setMany([[id, "new"]], options), setWrong],
  update: plain,
  patch: plain,
  delete: plain,
  deleteMany: plain,
  invalidate: [(of, options) => of.invalidate(id, options), modeWrong],
  invalidateWhere: [(of, options) => of.invalidateWhere(id, options), modeWrong],
  invalidateAll: [(of, options) => of.invalidateAll(options), modeWrong],
  invalidateTag: [(of, { tag = "a", ...options }) => of.invalidateTag(tag, options), {
    ...modeWrong,
    tag: [null, 1, {}]
  }],
  getOr: plain,
  setIfAbsent: [(of, options) => of.setIfAbsent(id, "new", options), claimWrong],
  getAndDelete: plain,
  reschedule: [(of, { timeToLive = "1 minute" }) => of.reschedule(id, timeToLive), { timeToLive: durations }],
  refresh: plain
}
// What a writer does, a reader refuses by name.
const refused: ReadonlyArray<keyof Refused<any, any>> = Object.keys(writing) as ReadonlyArray<keyof typeof writing>
void refused

const accessor: { readonly [O in Exclude<keyof Family<any, any, any, any, any>, "name" | "pattern">]: Row } = {
  ...reading,
  ...writing,
  setting: [(of, options, app) => app.batch([of.setting(id, "new", options)]), setWrong],
  deleting: [(of, options, app) => app.batch([of.deleting(id, options)]), { ifVersion, lease }],
  lease: [(of, options) => Effect.scoped(of.lease(id, options)), leaseWrong],
  key: plain,
  parse: plain,
  reader: plain,
  writer: plain
}
const handle: { readonly [O in Exclude<keyof Writer<any, any, any, any>, "pattern">]: Row } = {
  ...reading,
  ...writing,
  getUnsafe: plain,
  getPromise: plain,
  setUnsafe: plain,
  deleteUnsafe: plain,
  patchUnsafe: plain,
  arrived: plain
}

const world = Effect.fnUntraced(function*() {
  const made = yield* family({}, (run) => Effect.succeed(`loaded ${run}`))
  yield* made.on(made.user.set({ id: "1" }, "old", { tags: ["a"] }))
  return made
})

describe("option of a call", () => {
  it.effect("each operation of an accessor, a reader and a writer has a row here", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world()
      assert.sameMembers(Object.keys(user), ["name", "pattern", ...Object.keys(accessor)])
      for (const door of ["reader", "writer"] as const) {
        assert.sameMembers(Object.keys(yield* on<object>(user[door])), Object.keys(handle))
      }
    }))

  for (const [operation, [run, wrong]] of Object.entries(accessor)) {
    for (const [option, all] of Object.entries(wrong)) {
      it.effect(`${option} of ${operation} is refused when it cannot act, and nothing changes`, () =>
        Effect.gen(function*() {
          const { held, on, running, user } = yield* world()
          const doors = operation in handle ? [user, yield* on<any>(user.writer)] : [user]
          for (const value of all) {
            for (const door of doors) {
              const error = yield* Effect.flip(on(run(door, { [option]: value }, running.app)))
              const { reason } = error as CacheError
              assert.strictEqual(reason._tag, "InvalidOption", `${option}: ${String(value)}`)
              if (reason._tag === "InvalidOption") {
                assert.deepStrictEqual([reason.family, reason.option], ["user", option])
              }
            }
          }
          assert.strictEqual(yield* held, "old")
          assert.strictEqual(running.cache.families.get("user")!.stats.invalidations, 0)
        }))

      // A guard that was lost on its way must not leave the operation unguarded.
      if (option === "ifVersion" || option === "lease" || option === "stale") continue
      it.effect(`${option} of ${operation} may be undefined, which means not given`, () =>
        Effect.gen(function*() {
          const one = yield* world()
          const other = yield* world()
          const seen = (made: typeof one, options: object | undefined) =>
            Effect.gen(function*() {
              const given = oneByOne.has(operation) ? { max: 1 } : options
              const exit = yield* Effect.exit(made.on(run(made.user, given ?? {}, made.running.app)))
              return [exit._tag, yield* made.held, made.running.cache.families.get("user")!.stats]
            })
          assert.deepStrictEqual(yield* seen(one, { [option]: undefined }), yield* seen(other, undefined))
        }))
    }
  }

  const takers = Object.entries(accessor).filter(([operation, [, wrong]]) =>
    !oneByOne.has(operation) && Object.keys(wrong).length > 0
  )
  for (const [operation, [run, wrong]] of takers) {
    it.effect(`${operation} refuses an unknown option, and suggests the nearest name`, () =>
      Effect.gen(function*() {
        const { held, on, running, user } = yield* world()
        const doors = operation in handle ? [user, yield* on<any>(user.writer)] : [user]
        for (const option of Object.keys(wrong).filter((name) => name !== "tag")) {
          for (const door of doors) {
            const misspelt = `${option}s`
            const { reason } = (yield* Effect.flip(on(run(door, { [misspelt]: 1 }, running.app)))) as CacheError
            assert.strictEqual(reason._tag, "InvalidOption", misspelt)
            if (reason._tag !== "InvalidOption") return
            assert.deepStrictEqual([reason.family, reason.option], ["user", misspelt])
            assert.strictEqual(reason.why, `is not an option; did you mean \`${option}\`?`)
            const other = (yield* Effect.flip(on(run(door, { zzzzzz: 1 }, running.app)))) as CacheError
            assert.include(other.message, `\`zzzzzz\` of family \`user\` is not an option; the options are `)
          }
        }
        assert.strictEqual(yield* held, "old")
        // What was not given, and what is inherited from a class, is not refused.
        class Mine {
          readonly zzzzzz = 1
        }
        yield* on(run(user, { zzzzzz: undefined }, running.app))
        if (operation !== "invalidateTag") yield* on(run(user, new Mine(), running.app))
      }))
  }

  it.effect("an error lists every form of timeToLive, in a family, a write and a lookup", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world()
      const lookup = yield* family({}, () => Effect.succeed(Lookup.loaded(1, { timeToLive: "5min" as never })))
      for (
        const made of [
          Effect.asVoid(family({ timeToLive: "5min" as never }, Effect.succeed)),
          on(user.set(id, "new", { timeToLive: "5min" })),
          lookup.get
        ]
      ) {
        const { message } = (yield* Effect.flip(made as Effect.Effect<unknown, CacheError, Scope.Scope>)) as CacheError
        assert.include(message, `must be a duration that is not negative, "never" or "doNotStore"`)
      }
    }))

  it.effect("an option that does not exist is refused when the family takes none", () =>
    Effect.gen(function*() {
      const { on, running, user } = yield* world()
      const path = yield* temporaryFolder
      const memory = yield* MemoryStore.make({ capacity: 1 })
      const answering = (answer: (options: any) => unknown) =>
        Effect.gen(function*() {
          const made = yield* family(
            {},
            (run) => Effect.succeed(run === 1 ? Lookup.loaded(1, {}) : answer({ tagz: [] }))
          )
          yield* made.get
          yield* made.refresh
        })
      const rows: ReadonlyArray<readonly [option: string, meant: string, made: Effect.Effect<unknown, unknown, any>]> =
        [
          ["concurency", "concurrency", on(user.warm([id], { concurency: 1 }))],
          ["moode", "mode", on(running.app.invalidate("user:1", { moode: "hide" } as object))],
          ["tagz", "tags", on(running.app.set("user:1", "v", { tagz: [] } as object))],
          ["tagz", "tags", answering((options) => Lookup.loaded(2, options))],
          ["tagz", "tags", answering((options) => Lookup.notModified(options))],
          ["ifVersion", "", answering(() => Lookup.loaded(2, { ifVersion: 3 } as {}))],
          ["lease", "", answering(() => Lookup.loaded(2, { lease: {} } as {}))],
          ["ttl", "timeToLive", answering(() => Lookup.loaded(2, { ttl: 3 } as {}))],
          [
            "signall",
            "signal",
            Effect.flatMap(
              on<any>(user.reader),
              (reader) =>
                Effect.tryPromise({ try: () => reader.getPromise(id, { signall: 1 }), catch: (error) => error })
            )
          ],
          ["intervall", "interval", CacheMetrics.publish(Effect.succeed({}), { cache: "c", intervall: 1 } as any)],
          ["max", "capacity", MemoryStore.make({ max: 1 } as any)],
          ["maxSize", "capacity", MemoryStore.make({ maxSize: 1 } as any)],
          ["swr", "?`staleWhileRevalidate` is an option of a family", MemoryStore.make({ capacity: 1, swr: 1 } as any)],
          ["capacityy", "capacity", MemoryStore.make({ capacity: 1, capacityy: 1 } as any)],
          ["bytesmax", "bytesMax", LmdbStore.make({ path, durability: "process", bytesmax: 1 } as any)],
          ["sett", "set", TieredStore.make([memory], { sett: "through" } as any).open(familyOf<unknown>("user"))],
          ["seeed", "seed", FaultyStore.make(mapStore(), { rules: [], seeed: 1 } as any)],
          ["nht", "nth", FaultyStore.make(mapStore(), { rules: [{ fault: { kind: "fail" }, nht: 1 }] } as any)]
        ]
      for (const [option, meant, made] of rows) {
        const { reason } = (yield* Effect.flip(Effect.asVoid(made))) as CacheError | StoreError
        assert.include(["InvalidOption", "InvalidStoreOptions"], reason._tag, option)
        const help = meant === ""
          ? "the options are `timeToLive`, `tags`, `revision`"
          : meant.startsWith("?")
          ? meant.slice(1)
          : `did you mean \`${meant}\`?`
        assert.deepInclude(reason, { option, why: `is not an option; ${help}` })
      }
    }))

  it.effect("setMany compares ifVersion with each key, and writes nothing when one has another version", () =>
    Effect.gen(function*() {
      const { held, of, on, user } = yield* world()
      const absent = user.setMany([[{ id: "2" }, "new"], [{ id: "1" }, "new"]], { ifVersion: null })
      assert.strictEqual(reasonOf(yield* Effect.flip(on(absent))), "VersionConflict")
      assert.deepStrictEqual([yield* held, yield* of("2").held], ["old", undefined])
      yield* on(user.setMany([[{ id: "2" }, "new"], [{ id: "3" }, "new"]], { ifVersion: null }))
      assert.deepStrictEqual([yield* of("2").held, yield* of("3").held], ["new", "new"])
    }))

  it.effect("an invalidation by pattern refuses an unknown mode", () =>
    Effect.gen(function*() {
      const { held, on, running } = yield* world()
      for (const mode of modeWrong.mode) {
        const error = yield* Effect.flip(on(running.app.invalidate("user:1", { mode } as object)))
        assert.strictEqual(reasonOf(error), "InvalidOption")
      }
      assert.strictEqual(yield* held, "old")
    }))
})

describe("option of a lookup result", () => {
  it.effect("notModified keeps tags and revision that are undefined", () =>
    Effect.gen(function*() {
      const { get, of, on, refresh, source, user } = yield* family({}, (run) =>
        Effect.succeed(
          run === 2
            ? Lookup.notModified({ tags: undefined, revision: undefined, timeToLive: undefined })
            : Lookup.loaded(run, { tags: ["a"], revision: "r" })
        ))
      yield* get
      yield* refresh
      yield* on(user.invalidateTag("a"))
      assert.isUndefined(yield* of("1").held)
      yield* get
      yield* refresh
      assert.deepStrictEqual(source.asked.map(({ previous }) => previous?.revision), [undefined, "r", undefined, "r"])
    }))
})

describe("version of a value that was not stored", () => {
  it.effect("a conditional write with the version of a value that was not stored conflicts with every entry", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family({}, () => Effect.delay(Effect.succeed(10), 30))
      const reading = yield* Effect.forkChild(on<any>(user.getAnswer({ id: "1" })), { startImmediately: true })
      yield* TestClock.adjust(10)
      yield* on(user.invalidate({ id: "1" }))
      yield* TestClock.adjust(30)
      const { value, version } = yield* Fiber.join(reading)
      assert.deepStrictEqual([value, version], [10, 0])
      const write = (held: number | undefined) =>
        Effect.gen(function*() {
          if (held !== undefined) yield* of("1").set(held)
          const error = yield* Effect.flip(on(user.set({ id: "1" }, value - 1, { ifVersion: version })))
          assert.strictEqual(reasonOf(error), "VersionConflict")
        })
      yield* write(undefined)
      yield* write(500)
      assert.strictEqual(yield* of("1").get, 500)
    }))
})

describe("option of a family", () => {
  const shares = [-0.1, 1.1, Number.NaN, "0.5", null]
  const counts = [0, -1, 1.5, Number.NaN, Infinity, "2", null]
  // `version` is a part of the manifest, and is checked with it.
  const wrong: Wrong<Omit<FamilyPolicy, "version">> = {
    timeToLive: durations,
    idleTimeToLive: durations,
    staleWhileRevalidate: durations,
    staleIfError: durations,
    jitter: shares,
    refreshAhead: [...shares, "xfetsh"],
    negativeTimeToLive: durations,
    softTimeout: durations,
    hardTimeout: durations,
    consistency: ["weak", 5, null, {}, { bounded: 0 }, { bounded: "1 sec" }, { bounded: 5, other: 1 }],
    loadConcurrency: counts,
    loadQueueMax: counts,
    retryAfterFailure: durations,
    onAbandoned: ["stop", null, true],
    freeze: ["yes", null, 1],
    weigher: [1, null, "one"],
    capacity: counts,
    weightMax: counts
  }
  for (const [option, all] of Object.entries(wrong)) {
    it.effect(`${option} is refused when the layer is built, and undefined means not given`, () =>
      Effect.gen(function*() {
        for (const value of all) {
          const error = yield* Effect.flip(Effect.asVoid(family({ [option]: value }, Effect.succeed)))
          const { reason } = error as CacheError
          assert.strictEqual(reason._tag, "InvalidOption", `${option}: ${String(value)}`)
          if (reason._tag === "InvalidOption") assert.deepStrictEqual([reason.family, reason.option], ["user", option])
        }
        const { get } = yield* family({ [option]: undefined }, Effect.succeed)
        assert.strictEqual(yield* get, 1)
      }))
  }

  it.effect("an idleTimeToLive that is longer than timeToLive ends what lives longer than its family says", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family({ timeToLive: "1 minute", idleTimeToLive: "1 hour" }, Effect.succeed)
      yield* of("plain").set(0)
      yield* on(user.set({ id: "own" }, 0, { timeToLive: "1 day" }))
      const held = Effect.map(
        Effect.all([of("plain").held, of("own").held]),
        (values) => values.map((value) => value !== undefined)
      )
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(yield* held, [true, true])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* held, [false, true])
      yield* TestClock.adjust("59 minutes")
      assert.deepStrictEqual(yield* held, [false, true])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* held, [false, false])
    }))

  it.effect("staleIfError and idleTimeToLive act beside doNotStore, on a value that brings its own lifetime", () =>
    Effect.gen(function*() {
      const kept = (run: number) =>
        run === 1 ? Effect.succeed(Lookup.loaded("kept", { timeToLive: 100 })) : Effect.fail("down")
      const stale = yield* family({ timeToLive: "doNotStore", staleIfError: "1 minute" }, kept as never)
      assert.strictEqual(yield* stale.get, "kept")
      yield* TestClock.adjust(200)
      assert.strictEqual(yield* stale.get, "kept")
      const idle = yield* family({ timeToLive: "doNotStore", idleTimeToLive: 50 }, kept as never)
      assert.strictEqual(yield* idle.get, "kept")
      yield* TestClock.adjust(60)
      assert.strictEqual(yield* idle.held, undefined)
    }))

  it.effect("an option that would do nothing beside the others is refused when the layer is built", () =>
    Effect.gen(function*() {
      const idle = {
        softTimeout: [
          ["staleIfError", { softTimeout: 5 }],
          ["staleIfError", { softTimeout: 5, staleWhileRevalidate: 10, staleIfError: 10 }],
          ["hardTimeout", { softTimeout: 5, staleIfError: 10, hardTimeout: 5 }],
          ["hardTimeout", { softTimeout: "1 minute", staleIfError: 10, hardTimeout: 5 }]
        ],
        loadQueueMax: [["loadConcurrency", { loadQueueMax: 5 }]],
        weightMax: [["weigher", { weightMax: 5 }], ["weigher", { weightMax: 5, weigher: undefined }]]
      } as const
      for (const [option, rows] of Object.entries(idle)) {
        for (const [other, policy] of rows) {
          const { reason } = (yield* Effect.flip(Effect.asVoid(family(policy, Effect.succeed)))) as CacheError
          assert.ok(reason._tag === "InvalidOption" && reason.option === option, reason.message)
          assert.include(reason.message, "does nothing")
          assert.include(reason.message, `\`${other}\``)
          assert.include(reason.message, "family `user`")
        }
      }
      const acting: ReadonlyArray<FamilyPolicy> = [
        { softTimeout: 5, staleIfError: 10 },
        { softTimeout: 5, staleIfError: 10, hardTimeout: 6 },
        { softTimeout: 5, staleIfError: 10, hardTimeout: Infinity },
        { loadQueueMax: 5, loadConcurrency: 1 },
        { weightMax: 5, weigher: () => 1 }
      ]
      for (const policy of acting) {
        assert.strictEqual(yield* (yield* family(policy, Effect.succeed)).get, 1)
      }
    }))

  for (const option of ["warm", "predict"]) {
    it.effect(`${option} of an owner without a lookup is refused when the layer is built`, () =>
      Effect.gen(function*() {
        const app: any = make(`Idle ${option}`, { families: { user: { pattern: "user:{id}", value: Schema.String } } })
        const module = app.owner("user", { [option]: option === "warm" ? { keys: [id] } : {} })
        const layer: Layer.Layer<any, any> = Layer.provide(
          app.modules({ user: module }),
          MemoryStore.layer({ capacity: 10 })
        )
        const { reason } = (yield* Effect.flip(Layer.build(layer))) as CacheError
        assert.strictEqual(reason._tag, "InvalidOption")
        if (reason._tag === "InvalidOption") assert.deepStrictEqual([reason.family, reason.option], ["user", option])
      }))
  }

  it.effect("a misspelt option is refused in a manifest built from data", () =>
    Effect.gen(function*() {
      const definition = { families: { user: { pattern: "user:{id}", timeToLife: 5 } } }
      const error = yield* Effect.flip(Effect.asVoid(engine(definition, () => Effect.succeed(1))))
      assert.strictEqual(reasonOf(error), "InvalidManifest")
    }))
})

describe("option of a memory store", () => {
  const wrong: Wrong<MemoryStore.Options> = {
    capacity: [0, -1, 1.5, Number.NaN, Infinity, "5", null],
    weightMax: [0, -1, 1.5, Number.NaN, Infinity, "5", null],
    eviction: ["fifo", null, 1],
    shards: [0, 3, -2, Number.NaN, Infinity, "2", null]
  }
  for (const [option, all] of Object.entries(wrong)) {
    it.effect(`${option} is refused when the store is made`, () =>
      Effect.gen(function*() {
        const others = option === "capacity" || option === "weightMax" ? {} : { capacity: 10 }
        for (const value of all) {
          const { reason } = yield* Effect.flip(Effect.asVoid(MemoryStore.make({ ...others, [option]: value } as any)))
          assert.strictEqual(reason._tag, "InvalidStoreOptions", `${option}: ${String(value)}`)
        }
        yield* MemoryStore.make({ capacity: 10, ...(option === "capacity" ? {} : { [option]: undefined }) })
      }))
  }
})

describe("option of a store", () => {
  const refuses = (make: Effect.Effect<unknown, unknown, any>, what: string) =>
    Effect.map(Effect.flip(Effect.asVoid(make as Effect.Effect<unknown, StoreError, Scope.Scope>)), ({ reason }) => {
      assert.strictEqual(reason._tag, "InvalidStoreOptions", what)
      if (reason._tag === "InvalidStoreOptions") assert.include(what, reason.option)
    })

  const lmdbWrong: Wrong<LmdbStore.Options> = {
    path: ["", 1, null, undefined],
    durability: ["fsync", null, undefined],
    namespace: ["", "a/b", "a".repeat(65), 1, null],
    entriesMax: [0, -1, Number.NaN, "5", null],
    bytesMax: [0, 1_048_575, Number.NaN, "1048576", null],
    version: [Number.NaN, Infinity, null, {}],
    sweepInterval: [...durations, 0],
    readersMax: [0, -1, 1.5, Number.NaN, "5", null]
  }
  for (const [option, all] of Object.entries(lmdbWrong)) {
    it.effect(`${option} of a file is refused when the store is made, and undefined means not given`, () =>
      Effect.gen(function*() {
        const given = { path: yield* temporaryFolder, durability: "process" } as const
        for (const value of all) {
          yield* refuses(LmdbStore.make({ ...given, [option]: value } as any), `${option}: ${String(value)}`)
        }
        yield* LmdbStore.make(option in given ? given : { ...given, [option]: undefined })
      }))
  }

  const tieredWrong: Wrong<TieredStore.Options> = { set: ["both", null, 1], onTierFailure: ["log", null, {}] }
  for (const [option, all] of Object.entries(tieredWrong)) {
    it.effect(`${option} of tiers is refused when they are built, and undefined means not given`, () =>
      Effect.gen(function*() {
        const tier = MemoryStore.layer({ capacity: 1 })
        for (const value of all) {
          const options = { [option]: value } as any
          const what = `${option}: ${String(value)}`
          yield* refuses(Layer.build(TieredStore.layer([tier], options)), what)
          yield* refuses(
            TieredStore.make([yield* MemoryStore.make({ capacity: 1 })], options).open(familyOf<unknown>("user")),
            what
          )
        }
        yield* Layer.build(TieredStore.layer([tier], { [option]: undefined }))
      }))
  }

  it.effect("a tiered store without tiers is refused when it is built", () =>
    refuses(Layer.build(TieredStore.layer([] as any)), "stores"))

  it.effect("a write succeeds when onTierFailure throws", () =>
    Effect.gen(function*() {
      let told = 0
      const [cold] = yield* FaultyStore.make(mapStore({ name: "cold" }), {
        rules: [{ fault: { kind: "fail" }, operations: ["write", "get"] }]
      })
      const store = TieredStore.make([yield* MemoryStore.make({ capacity: 10 }), cold], {
        onTierFailure: () => {
          told++
          throw new Error("of the listener")
        }
      })
      const { on, user } = yield* family({}, Effect.succeed, { store: Layer.succeed(Store, store) })
      assert.strictEqual(yield* on(user.get({ id: "1" })), 1)
      assert.strictEqual(reasonOf(yield* Effect.flip(on(user.set({ id: "1" }, 2)))), "StoreFailed")
      assert.isAbove(told, 1)
    }))

  it.effect("an onTierFailure that answers with a Promise or an Effect does not compile, and ends nothing", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const rejected: Array<unknown> = []
      const note = (reason: unknown) => void rejected.push(reason)
      process.on("unhandledRejection", note)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.off("unhandledRejection", note)))
      const rules = [{ fault: { kind: "fail" }, operations: ["get"] }] as const
      const over = Effect.fnUntraced(function*(options: TieredStore.Options) {
        const [cold] = yield* FaultyStore.make(mapStore({ name: "cold" }), { rules })
        const store = TieredStore.make([yield* MemoryStore.make({ capacity: 10 }), cold], options)
        const { on, user } = yield* family({}, Effect.succeed, { store: Layer.succeed(Store, store) })
        assert.strictEqual(yield* on(user.get({ id: "1" })), 1)
      })
      // @ts-expect-error A Promise is not waited for.
      const later: TieredStore.Options = { onTierFailure: () => Promise.reject(new Error("of the listener")) }
      // @ts-expect-error An Effect is not run.
      const unrun: TieredStore.Options = { onTierFailure: () => Effect.sync(() => logged.push("run")) }
      yield* over(later)
      yield* over(unrun)
      yield* Effect.promise(() => new Promise((resume) => setTimeout(resume, 20)))
      assert.deepStrictEqual([rejected, logged], [[], []])
    }))

  it.effect("onTierFailure is called with each loaded or written value that a tier refuses", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const told: Array<string> = []
      const store = TieredStore.layer(
        [MemoryStore.layer({ capacity: 10 }), LmdbStore.layer({ path, durability: "process" })],
        { onTierFailure: ({ operation, tier }) => void told.push(`${tier} ${operation}`) }
      )
      const app: any = make("Told", {
        families: { user: { pattern: "user:{id}", value: Schema.Struct({ a: Schema.String }) } }
      })
      const more = { a: "a", more: 1 }
      const module = app.owner("user", { lookup: () => Effect.succeed(more) })
      yield* Effect.provide(
        Effect.gen(function*() {
          yield* app.keys.user.get({ id: "1" })
          yield* Effect.exit(app.keys.user.set({ id: "2" }, more))
        }) as Effect.Effect<void, unknown>,
        Layer.provide(app.modules({ user: module }), store) as Layer.Layer<any>
      )
      assert.deepStrictEqual(told, ["lmdb prepare", "lmdb prepare"])
    }))

  const faultyWrong: Wrong<FaultyStore.Rule & { readonly seed?: number }> = {
    seed: [Number.NaN, Infinity, "1", null],
    fault: [undefined, null, "fail", { kind: "crash" }, { kind: "slow", delay: "soon" }, {
      kind: "slowLate",
      delay: -1
    }, { kind: "slow" }],
    operations: [["prepare"], [], ["nope"], ["get", "nope"], "get", [1], null],
    keys: ["user:1", null, [], [1]],
    nth: [0, -1, 1.5, Number.NaN, "1", null],
    probability: [-0.1, 1.1, Number.NaN, "1", null]
  }
  for (const [option, all] of Object.entries(faultyWrong)) {
    it.effect(`${option} of planned faults is refused when the store is made`, () =>
      Effect.gen(function*() {
        const rule = { fault: { kind: "fail" } }
        for (const value of all) {
          const plan = option === "seed" ? { seed: value, rules: [rule] } : { rules: [{ ...rule, [option]: value }] }
          const what = `${option}, delay: ${JSON.stringify(value)}`
          yield* refuses(FaultyStore.make(mapStore(), plan as any), what)
        }
      }))
  }

  it.effect("a planned fault without an operation that it can meet is refused", () =>
    Effect.gen(function*() {
      const rules: ReadonlyArray<FaultyStore.Rule> = [
        { fault: { kind: "lose" }, operations: ["get"] },
        { fault: { kind: "corrupt" }, operations: ["set", "size"] },
        { fault: { kind: "double" }, operations: ["loadMarks"] }
      ]
      for (const rule of rules) yield* refuses(FaultyStore.make(mapStore(), { rules: [rule] }), "operations")
    }))

  it.effect("the interval of published metrics is refused unless it is a duration above zero", () =>
    Effect.gen(function*() {
      for (const interval of [...durations, 0]) {
        const error = yield* Effect.flip(CacheMetrics.publish(Effect.succeed({}), { cache: "c", interval } as any))
        assert.strictEqual(reasonOf(error), "InvalidOption", String(interval))
      }
    }))
})

describe("options that are not an object", () => {
  const noObject: ReadonlyArray<unknown> = [null, 5, "text", [], () => 5] // 5 may be an index

  // A loop over keys or tags gives an index in the place of their options.
  const index = 5
  const takesIndex = new Set([
    "get",
    "invalidate",
    "invalidateWhere",
    "invalidateTag",
    "deleting",
    "lease",
    "getPromise"
  ])

  const calls: { readonly [operation: string]: (of: any, options: any, app: any) => unknown } = {
    get: (of, options) => of.get(id, options),
    warm: (of, options) => of.warm([id], options),
    setIfAbsent: (of, options) => of.setIfAbsent(id, "new", options),
    set: (of, options) => of.set(id, "new", options),
    setMany: (of, options) => of.setMany([[id, "new"]], options),
    invalidate: (of, options) => of.invalidate(id, options),
    invalidateWhere: (of, options) => of.invalidateWhere(id, options),
    invalidateAll: (of, options) => of.invalidateAll(options),
    invalidateTag: (of, options) => of.invalidateTag("a", options),
    setting: (of, options, app) => app.batch([of.setting(id, "new", options)]),
    deleting: (of, options, app) => app.batch([of.deleting(id, options)]),
    lease: (of, options) => Effect.scoped(of.lease(id, options)),
    getPromise: (of, options) => Effect.tryPromise({ try: () => of.getPromise(id, options), catch: (it) => it }),
    "set by a raw key": (_, options, app) => app.set("user:1", "new", options),
    "invalidate by a pattern": (_, options, app) => app.invalidate("user:1", options)
  }

  it("each operation with options has a row here", () => {
    const taking = Object.entries(accessor).filter(([operation, [, wrong]]) =>
      Object.keys(wrong).length > 0 && !oneByOne.has(operation)
    )
    for (const [operation] of taking) assert.property(calls, operation)
  })

  for (const [operation, run] of Object.entries(calls)) {
    it.effect(`${operation} refuses options that are not an object when it runs, and nothing changes`, () =>
      Effect.gen(function*() {
        const { held, on, running, user } = yield* world()
        const writer = yield* on<any>(user.writer)
        const doors = operation in handle ? [user, writer].filter((door) => operation in door) : [user]
        for (const door of doors) {
          for (const given of noObject.filter((one) => one !== index || !takesIndex.has(operation))) {
            const { reason } = (yield* Effect.flip(on(run(door, given, running.app)))) as CacheError
            assert.strictEqual(reason._tag, "InvalidOption", JSON.stringify(given))
            if (reason._tag !== "InvalidOption") continue
            const family = operation === "invalidate by a pattern" ? undefined : "user"
            assert.deepStrictEqual([reason.family, reason.option], [family, "options"])
          }
        }
        assert.strictEqual(yield* held, "old")
        assert.strictEqual(running.cache.families.get("user")!.stats.invalidations, 0)
        for (const door of doors) yield* on(run(door, undefined, running.app))
      }))
  }

  const tier = MemoryStore.layer({ capacity: 1 })
  const layers: { readonly [layer: string]: (options: any) => Layer.Layer<Store, unknown> } = {
    MemoryStore: (options) => MemoryStore.layer(options),
    LmdbStore: (options) => LmdbStore.layer(options),
    "LmdbStore, from a configuration": (options) => LmdbStore.layerConfig(options),
    TieredStore: (options) => TieredStore.layer([tier], options),
    FaultyStore: (options) => FaultyStore.layer(tier, options)
  }
  for (const [layer, make] of Object.entries(layers)) {
    it.effect(`${layer} refuses options that are not an object when the layer is built`, () =>
      Effect.gen(function*() {
        for (const given of [...noObject, ...(layer === "TieredStore" ? [] : [undefined])]) {
          const error = yield* Effect.flip(Effect.asVoid(Layer.build(make(given))))
          const { reason } = error as StoreError
          assert.strictEqual(reason._tag, "InvalidStoreOptions", JSON.stringify(given))
          if (reason._tag === "InvalidStoreOptions") assert.strictEqual(reason.option, "options")
        }
      }))
  }

  it.effect("a tiered store refuses tiers that are not a list of layers", () =>
    Effect.gen(function*() {
      for (const given of [undefined, ...noObject, {}, [undefined], [tier, 5], [MemoryStore]]) {
        const layer = TieredStore.layer(given as any) as Layer.Layer<Store, StoreError>
        const { reason } = yield* Effect.flip(Effect.asVoid(Layer.build(layer)))
        assert.strictEqual(reason._tag, "InvalidStoreOptions")
        if (reason._tag === "InvalidStoreOptions") assert.strictEqual(reason.option, "stores")
      }
    }))

  it.effect("a faulty store refuses rules that are not rules", () =>
    Effect.gen(function*() {
      for (const rules of [undefined, null, 5, "text", {}, [null], [5], [{}]]) {
        const { reason } = (yield* Effect.flip(FaultyStore.make(mapStore(), { rules } as any))) as StoreError
        assert.strictEqual(reason._tag, "InvalidStoreOptions", JSON.stringify(rules))
      }
    }))

  it.effect("an owner, a delegate and a declared function fail with InvalidManifest for options that are not an object", () =>
    Effect.gen(function*() {
      const app: any = make("Options of layers", {
        families: { user: { pattern: "user:*" }, part: { pattern: "user:{id}", partOf: "user" } }
      })
      const store = MemoryStore.layer({ capacity: 10 })
      for (const given of noObject) {
        const works: ReadonlyArray<Effect.Effect<unknown, any, any>> = [
          Layer.build(Layer.provide(Layer.provide(app.owner("user", given), app.layer), store)),
          Layer.build(Layer.provide(Layer.provide(app.delegate("part", given), app.layer), store)),
          app.fn("f", given)(function*() {})(),
          app.method(given)(() => Effect.void)()
        ]
        for (const work of works) {
          assert.strictEqual(
            reasonOf(yield* Effect.flip(work as Effect.Effect<unknown, unknown, Scope.Scope>)),
            "InvalidManifest"
          )
        }
      }
    }))

  it.effect("a publisher of metrics refuses its options, and statistics that are not an Effect", () =>
    Effect.gen(function*() {
      const stats = Effect.succeed({})
      const wrong: ReadonlyArray<readonly [option: string, work: Effect.Effect<never, unknown>]> = [
        ...[undefined, ...noObject].map((given) => ["options", CacheMetrics.publish(stats, given as any)] as const),
        ...["", 1, null, undefined, {}].map((cache) =>
          ["cache", CacheMetrics.publish(stats, { cache } as any)] as const
        ),
        ["stats", CacheMetrics.publish(5 as any, { cache: "c" })]
      ]
      for (const [option, work] of wrong) {
        const { reason } = (yield* Effect.flip(work)) as CacheError
        assert.strictEqual(reason._tag, "InvalidOption")
        if (reason._tag === "InvalidOption") assert.strictEqual(reason.option, option)
      }
    }))

  it.effect("a read fails when its lookup returns options that are not an object, and missing options are allowed", () =>
    Effect.gen(function*() {
      for (const given of noObject) {
        const { get, refresh } = yield* family({}, (run) =>
          Effect.succeed(
            run === 1
              ? (Lookup.loaded as any)("one")
              : run === 2
              ? Lookup.loaded("x", given as any)
              : Lookup.notModified(given as any)
          ) as any)
        assert.strictEqual(yield* get, "one")
        for (let run = 0; run < 2; run++) {
          const { reason } = (yield* Effect.flip(refresh)) as CacheError
          assert.strictEqual(reason._tag, "InvalidOption")
          if (reason._tag === "InvalidOption") {
            assert.deepStrictEqual([reason.family, reason.option], ["user", "options"])
          }
        }
      }
    }))
})

describe("index in the place of options", () => {
  class Shop extends Manifest.Service<Shop>()("Index", {
    families: { price: { pattern: "price:{item}", value: Schema.Number } }
  }) {}
  const { price } = Shop.keys
  const all = [{ item: "pen" }, { item: "ink" }]
  // Says which keys are left, and writes all of them.
  const left = Effect.tap(
    Effect.forEach(all, price.has),
    () => price.setMany([[all[0]!, 1], [all[1]!, 2]], { tags: ["a", "b"] })
  )
  const none = [false, false]
  const program = Effect.gen(function*() {
    yield* left
    yield* Effect.forEach(all, price.get)
    yield* Effect.forEach(all, price.invalidate)
    assert.deepStrictEqual(yield* left, none)
    yield* Effect.forEach(all, price.invalidateWhere)
    assert.deepStrictEqual(yield* left, none)
    yield* Effect.forEach(["a", "b"], price.invalidateTag)
    assert.deepStrictEqual(yield* left, none)
    yield* Shop.batch(all.map(price.deleting))
    assert.deepStrictEqual(yield* left, none)
    const leases = yield* Effect.scoped(Effect.forEach(all, price.lease))
    assert.deepStrictEqual(leases.map(({ mode }) => mode), ["exclusive", "exclusive"])
    const writer = yield* price.writer
    yield* Effect.forEach(all, writer.invalidate)
    assert.deepStrictEqual(yield* left, none)
    assert.deepStrictEqual(yield* Effect.promise(() => Promise.all(all.map(writer.getPromise))), [1, 2])
  })

  it.effect("each operation on one key or tag takes the index that a loop gives, and does what it does without", () =>
    Effect.provide(
      program,
      Shop.modules({ price: Shop.owner("price") }).pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })))
    ))
})

describe("argument that is not a function", () => {
  it.effect("select, update and patch refuse an argument that is not a function, and name themselves", () =>
    Effect.gen(function*() {
      const { held, on, user } = yield* world()
      for (const door of [user, yield* on<any>(user.writer)]) {
        for (const operation of ["select", "update", "patch"]) {
          for (const given of [undefined, null, 5, "text", {}, Effect.void]) {
            const error = (yield* Effect.flip(on(door[operation](id, given)))) as CacheError
            assert.strictEqual(error.reason._tag, "InvalidOption")
            assert.strictEqual(
              error.message,
              `E0507: \`${operation}\` of family \`user\` takes a function of the value`
            )
          }
        }
      }
      assert.strictEqual(yield* held, "old")
    }))

  it.effect("transaction refuses an argument that is not a function, and a body or the result of a combinator that is not an Effect", () =>
    Effect.gen(function*() {
      const { held, on, running: { app }, user } = yield* world()
      const write = user.set(id, "new")
      const wrong: ReadonlyArray<readonly [option: string, within: unknown, body: unknown]> = [
        ...[undefined, null, 5, {}].map((within) => ["within", within, write] as const),
        ...[undefined, () => undefined, () => Promise.resolve(1)].map((answer) =>
          ["within", answer ?? (() => 5), write] as const
        ),
        ...[undefined, 5, () => write, Promise.resolve(1)].map((body) => ["body", (it: unknown) => it, body] as const)
      ]
      for (const [option, within, body] of wrong) {
        const { reason } = (yield* Effect.flip(on(app.transaction(within as never)(body as never)))) as CacheError
        assert.strictEqual(reason._tag, "InvalidOption")
        if (reason._tag === "InvalidOption") assert.strictEqual(reason.option, option)
        assert.strictEqual(yield* held, "old")
      }
    }))
})

describe("signal of getPromise", () => {
  const rejected = (promise: Promise<unknown>) =>
    Effect.promise(() => promise.then((value) => [value], (error) => error))
  const reason = new Error("the caller left")

  it.effect("an aborted signal rejects with its reason, whether the read began the load, joined it, or comes too late", () =>
    Effect.gen(function*() {
      const { on, source, user } = yield* family({}, () => Effect.never)
      const reader = yield* on<any>(user.reader)
      const first = new AbortController()
      const second = new AbortController()
      const began = rejected(reader.getPromise(id, { signal: first.signal }))
      const joined = rejected(reader.getPromise(id, { signal: second.signal }))
      const all = yield* fork(Effect.all([began, joined], { concurrency: "unbounded" }))
      yield* settle
      second.abort(reason)
      first.abort(reason)
      assert.deepStrictEqual(yield* Fiber.join(all), [reason, reason])
      assert.strictEqual(yield* rejected(reader.getPromise(id, { signal: AbortSignal.abort(reason) })), reason)
      yield* settle
      assert.strictEqual(source.interrupted, source.runs)
    }))

  it.effect("stale of getPromise is refused when it cannot act, and when it is undefined", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world()
      const reader = yield* on<any>(user.reader)
      for (const stale of [undefined, null, "refused", 1]) {
        const error = yield* rejected(reader.getPromise(id, { stale }))
        assert.strictEqual(reasonOf(error), "InvalidOption")
        assert.include((error as CacheError).message, "`stale` of family `user`")
      }
    }))

  it.effect("an argument of getPromise that is not a signal is refused", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world()
      const reader = yield* on<any>(user.reader)
      for (const signal of [null, 5, {}]) {
        const error = yield* rejected(reader.getPromise(id, { signal }))
        assert.strictEqual(reasonOf(error), "InvalidOption")
      }
      assert.deepStrictEqual(yield* rejected(reader.getPromise(id, { signal: undefined })), ["old"])
    }))
})

describe("value that looks like an absent one", () => {
  const odd: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ["undefined", undefined],
    ["null", null],
    ["-0", -0],
    ["NaN", Number.NaN],
    ["false", false],
    ["an empty text", ""],
    ["a function", () => 1]
  ]
  for (const [name, value] of odd) {
    it.effect(`${name} is the same through every operation, loaded and written`, () =>
      Effect.gen(function*() {
        const { of, on, running, source, user } = yield* family({}, () => Effect.succeed(value))
        const { app } = running
        const writes: ReadonlyArray<unknown> = [
          user.get({ id: "1" }),
          user.set({ id: "1" }, value),
          user.setMany([[{ id: "1" }, value]]),
          app.batch([user.setting({ id: "1" }, value)]),
          user.update({ id: "1" }, () => value),
          user.patch({ id: "1" }, () => value),
          app.set("user:1", value)
        ]
        for (const write of writes) {
          yield* on(write)
          const runs = source.runs
          const seen = [
            yield* of("1").get,
            (yield* on<any>(user.getOption({ id: "1" }))).value,
            (yield* of("1").answer).value,
            (yield* on<any>(user.getAnswerOption({ id: "1" }))).value.value,
            (yield* on<ReadonlyArray<unknown>>(user.getMany([{ id: "1" }])))[0],
            yield* on(user.select({ id: "1" }, (found: unknown) => found)),
            (yield* of("1").explain).held?.value,
            (yield* on<any>(user.reader)).getUnsafe({ id: "1" }),
            yield* on(app.get("user:1"))
          ]
          for (const one of seen) assert.isTrue(Object.is(one, value), String(one))
          assert.isTrue(yield* of("1").has)
          assert.strictEqual(source.runs, runs)
        }
      }))
  }

  it.effect("update runs an Effect that its function returns, and set refuses one", () =>
    Effect.gen(function*() {
      const { get, on, set, user } = yield* family({}, () => Effect.succeed(1))
      assert.strictEqual(yield* on(user.update({ id: "1" }, () => Effect.succeed(2))), 2)
      assert.strictEqual(yield* get, 2)
      assert.strictEqual(reasonOf(yield* Effect.flip(set(Effect.succeed(3)))), "InvalidOption")
      assert.strictEqual(yield* get, 2)
    }))
})
