/**
 * `sensitive: true`: no key and no value of such a family is shown in an error, log, trace, metric or event. A table
 * has every operation of a manifest, an accessor and a handle; an operation without a row makes a test fail.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as LeaseTable from "../../src/capability/shared/leaseTable.ts"
import { type Engine, engineKey } from "../../src/manifest/internal/grants.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import { sipHash } from "../../src/pattern/internal/sipHash.ts"
import { parsePatternUnsafe } from "../../src/pattern/KeyPattern.ts"
import * as SensitiveKey from "../../src/pattern/SensitiveKey.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import { type Operation, StoreError, TierFailed } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { changed } from "../support/changed.ts"
import { drive } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"
import { watch } from "../support/source.ts"

const canary = "078-05-1120"
const id = `id ${canary}`
const value = { name: `value ${canary}` }
const misfit = { name: 1, canary }
const tag = `tag ${canary}`
const key = `user:${id}`
const long = `${canary} `.repeat(200_000)
const digits = canary.replaceAll("-", "")

const definition = {
  families: {
    user: { pattern: "user:{id}", value: Schema.Struct({ name: Schema.String }), sensitive: true, hardTimeout: 50 },
    pair: { pattern: "pair:{a}:{b}", value: Schema.String, sensitive: true, loadConcurrency: 1, loadQueueMax: 1 },
    rest: { pattern: "rest:*", value: Schema.String, sensitive: true },
    coded: { pattern: "coded:{n}", value: Schema.String, sensitive: true, params: { n: Schema.NumberFromString } },
    derived: { pattern: "derived:{id}", value: Schema.String, derives: ["user:{id}"] },
    further: { pattern: "further:{id}", value: Schema.String, derives: ["derived:{id}"] },
    within: { pattern: "rest:{id}:within", value: Schema.String, partOf: "rest" },
    carved: { pattern: "rest:{id}:carved", value: Schema.String, carvedFrom: "rest" },
    listed: { pattern: "listed:{id}:{page}", value: Schema.String, derives: ["rest:{id}:carved"] },
    thrown: {
      pattern: "thrown:{id}",
      value: Schema.Struct({ name: Schema.String }),
      sensitive: true,
      weigher: (key: string, { name }: { readonly name: string }) => {
        throw new Error(`${key} ${name}`)
      }
    },
    answered: {
      pattern: "answered:{id}",
      value: Schema.Struct({ name: Schema.String }),
      sensitive: true,
      weigher: () => -Number(`1${digits}`)
    },
    frozen: { pattern: "frozen:{id}", value: Schema.Unknown, sensitive: true, freeze: true },
    old: { pattern: "old:{id}", value: Schema.Unknown, sensitive: true, staleWhileRevalidate: "1 hour" },
    ofOld: { pattern: "ofOld:{id}", value: Schema.Unknown, sensitive: true, derives: ["old:{id}"] },
    open: { pattern: "open:{id}", value: Schema.String }
  }
} as const

/** Everything that a program might print, in every way of printing it. */
class Seen {
  readonly shown: Array<string> = []
  /** The reasons of all errors, and the logs. */
  readonly reasons = new Set<string>()
  readonly logs: Array<string> = []

  see(what: string, thing: unknown): void {
    const texts = [inspect(thing, { depth: 12, maxArrayLength: null, maxStringLength: null }), String(thing)]
    try {
      texts.push(JSON.stringify(thing) ?? "")
    } catch {
      // What has cycles is not printed so.
    }
    if (thing instanceof Error) texts.push(thing.message, thing.stack ?? "")
    for (const text of texts) {
      if (text.includes(canary) || text.includes(digits)) this.shown.push(`${what}: ${text.slice(0, 2_000)}`)
    }
  }
}

const isFailing = (key: string): boolean => key.includes("fails")

/** Keys and values that a tier's driver prints in its errors. */
const leaky = (store: Store["Service"]): Store["Service"] => {
  const fail = (operation: Operation) =>
    Effect.fail(new StoreError({ reason: new TierFailed({ tier: "leaky", operation, cause: new Error(long) }) }))
  return changed(
    store,
    (partition) => ({
      prepare: (key, content) => isFailing(key) ? fail("prepare") : partition.prepare(key, content),
      get: (key) => isFailing(key) ? fail("get") : partition.get(key),
      setMany: (entries) => entries.some(([key]) => isFailing(key)) ? fail("set") : partition.setMany(entries),
      remove: (keys) => keys.some(isFailing) ? fail("remove") : partition.remove(keys)
    }),
    {
      write: (round) =>
        round.changes.some(({ removed, set }) => [...removed, ...set.map(({ key }) => key)].some(isFailing))
          ? fail("write")
          : store.write(round)
    }
  )
}

const lookup = (_params: unknown, about: { readonly key: string }): Effect.Effect<unknown> =>
  about.key.includes("absent")
    ? Effect.succeed(Lookup.absent)
    : about.key.includes("hang")
    ? Effect.never
    : about.key.includes("interrupt")
    ? Effect.interrupt
    : Effect.succeed(Lookup.loaded(value, { tags: [tag], revision: canary }))

const failing = { id: `fails ${canary}` }

const program = (seen: Seen, visit: (app: any) => ReadonlyArray<readonly [door: string, work: unknown]>) =>
  Effect.gen(function*() {
    const path = yield* temporaryFolder
    const app: any = make(`Sensitive ${Math.floor(performance.now() * 1_000)}`, definition)
    const tiers = Layer.effect(
      Store,
      Effect.gen(function*() {
        const memory = yield* MemoryStore.make({ weightMax: 100 })
        return TieredStore.make([memory, leaky(yield* LmdbStore.make({ path, durability: "process" }))])
      })
    )
    const derived = (_params: unknown, { key }: { readonly key: string }) =>
      Effect.map(
        key.includes("itself")
          ? app.keys.derived.get({ id: `itself ${canary}` })
          : isFailing(key)
          ? app.keys.user.getOption(failing)
          : app.keys.user.get({ id: key.includes("undeclared") ? "other" : id }),
        () => "made"
      )
    let runs = 0
    // The first value ends soon, and no later one comes.
    const aging = () =>
      Effect.suspend(() => runs++ === 0 ? Effect.succeed(Lookup.loaded(value, { timeToLive: 1 })) : Effect.never)
    const options: Readonly<Record<string, object>> = {
      old: { lookup: aging },
      derived: { lookup: derived },
      ofOld: { lookup: (params: object) => app.keys.old.get(params) },
      user: { lookup, warm: { keys: [{ id: `{${canary}}` }, { id: `hang ${canary}` }] } },
      pair: { lookup, warm: { keys: Effect.fail(new Error(canary)) } }
    }
    const modules = Object.fromEntries(
      Object.keys(definition.families).filter((name) => name !== "within").map((
        name
      ) => [name, app.owner(name, options[name] ?? { lookup })])
    )
    const context: Context.Context<any> = yield* Layer.build(
      Layer.provide(app.modules(modules), tiers) as Layer.Layer<any, unknown>
    )
    const as = (work: unknown) =>
      Effect.provideContext(work as Effect.Effect<any, unknown, any>, context) as Effect.Effect<any, unknown>
    const { cache } = Context.get(context, engineKey(app.key) as never) as Engine
    const events = yield* watch(cache.events)
    for (const [door, work] of visit(app)) {
      seen.see(`the operation ${door}`, work)
      const exit = yield* Effect.exit(drive(Effect.scoped(as(work)), 20))
      if (Exit.isFailure(exit)) {
        seen.see(`the failure of ${door}`, exit)
        for (const reason of exit.cause.reasons) {
          const error = (reason as any).error ?? (reason as any).defect
          seen.reasons.add(error?.reason?._tag)
          seen.see(`the error of ${door}`, error)
        }
      } else if (printed.has(door.split(" ")[0]!)) seen.see(`the answer of ${door}`, exit.value)
    }
    yield* TestClock.adjust(1_000)
    for (const [name, of] of Object.entries<any>(app.keys)) {
      seen.see(`the accessor of ${name}`, of)
      if (name === "open") continue
      seen.see(`the hottest of ${name}`, yield* as(of.hottest(100)))
    }
    for (const params of [{ id }, failing]) seen.see("the explanation", yield* as(app.keys.user.explain(params)))
    seen.see("the statistics", yield* as(app.stats))
    for (const event of events) if (event._tag === "Lagged" || event.family !== "open") seen.see("an event", event)
    seen.see("a drawing", app.graph)
    seen.see("metrics", yield* Metric.snapshot)
    assert.isAbove(events.length, 0)
  })

/** Answers that are made to be printed; of the others the caller asks for a key or a value. */
const printed = new Set(["explain", "hottest", "lease", "reader", "writer", "warm", "stats"])

const foreignLease = Effect.flatMap(LeaseTable.make(() => 1), (table) => table.acquire([parsePatternUnsafe(key)]))
const unfreezable = new Proxy({}, {
  preventExtensions: () => {
    throw new Error(canary)
  }
})

// Every operation of an accessor: the ways to call it, those that fail among them.
const params = { id }
const doors: Readonly<Record<string, (of: any) => ReadonlyArray<unknown>>> = {
  name: () => [],
  pattern: () => [],
  get: (
    of
  ) => [
    of.get(params),
    of.get({ id: `${canary}:x` }),
    of.get({ id: `absent ${canary}` }),
    of.get({ id: `hang ${canary}` }),
    of.get({ id: `interrupt ${canary}` })
  ],
  getOption: (of) => [of.getOption(params), of.getOption({ id: `${canary}:x` }), of.getOption(failing)],
  getMany: (of) => [of.getMany([params, { id: `absent ${canary}` }]), of.getMany([params, { id: `{${canary}}` }])],
  getManyResults: (of) =>
    [{ id: `absent ${canary}` }, { id: `{${canary}}` }, failing].map((wrong) =>
      Effect.flatMap(of.getManyResults([params, wrong]), ([, result]: any) => result)
    ),
  getAnswer: (of) => [of.getAnswer(params), of.getAnswer({ id: `absent ${canary}` })],
  getAnswerOption: (of) => [of.getAnswerOption(params), of.getAnswerOption({ id: `*${canary}` })],
  explain: (of) => [of.explain(params), of.explain({ id: `${canary}:x` })],
  has: (of) => [of.has(params), of.has(failing)],
  select: (of) => [of.select({ id: `absent ${canary}` }, () => 1)],
  warm: (of) => [of.warm([params, failing, { id: `hang ${canary}` }])],
  hottest: (of) => [
    Effect.tap(
      Effect.andThen(Effect.repeat(of.get(params) as Effect.Effect<unknown>, { times: 1_000 }), of.hottest(10)),
      (hottest: any) => Effect.sync(() => assert.include(hottest[0]?.key, "#"))
    )
  ],
  keys: (of) => [Stream.runCollect(of.keys())],
  entries: (of) => [Stream.runCollect(of.entries())],
  page: (of) => [of.page(undefined, 10), of.page(`${canary}~1`, 10), of.page(canary, 10), of.page(undefined, canary)],
  sample: (of) => [of.sample(10)],
  count: (of) => [of.count()],
  set: (of) => [
    of.set(params, value, { tags: [tag] }),
    of.set(params, misfit),
    of.set(failing, value),
    of.set({ id: long }, value),
    of.set(params, value, { ifVersion: 7 }),
    Effect.flatMap(of.lease({ id: `other ${canary}` }), (lease) => of.set(params, value, { lease })),
    Effect.flatMap(of.lease(params, { mode: "shared" }), (lease) => of.set(params, value, { lease })),
    Effect.flatMap(Effect.scoped(of.lease(params)), (lease) => of.set(params, value, { lease })),
    Effect.flatMap(of.lease(params), (lease: any) => of.set(params, value, { lease: { ...lease } })),
    Effect.flatMap(foreignLease, (lease) => of.set(params, value, { lease })),
    of.set(params, value, { tags: canary }),
    of.set(params, value, { lease: canary }),
    of.set(params, value, { timeToLive: canary })
  ],
  setMany: (of) => [of.setMany([[params, value], [failing, value]]), of.setMany([[params, misfit]])],
  update: (of) => [
    of.update(params, () => misfit),
    of.update({ id: `absent ${canary}` }, () => value),
    of.update(params, () => of.update(params, () => value)),
    Effect.all([Effect.timeoutOption(of.update(params, () => Effect.never), 200), of.update(params, () => value)], {
      concurrency: "unbounded"
    })
  ],
  patch: (of) => [of.patch(params, () => value), of.patch(params, () => misfit)],
  delete: (of) => [of.delete(params), of.delete(failing)],
  deleteMany: (of) => [of.deleteMany([params, failing])],
  invalidate: (of) => [of.invalidate(params), of.invalidate(params, { mode: "markStale" }), of.invalidate(failing)],
  invalidateWhere: (of) => [of.invalidateWhere(params), of.invalidateWhere({ id: `${canary}:x` })],
  invalidateAll: (of) => [of.invalidateAll()],
  invalidateTag: (of) => [of.invalidateTag(tag), of.invalidateTag(tag, { mode: "markStale" })],
  getOr: (of) => [
    of.getOr({ id: `absent ${canary}` }, Effect.succeed(misfit)),
    of.getOr({ id: `or ${canary}` }, Effect.succeed(Lookup.absent)),
    of.getOr(params, canary)
  ],
  setIfAbsent: (of) => [of.setIfAbsent(params, misfit), of.setIfAbsent(failing, value)],
  getAndDelete: (of) => [of.getAndDelete(failing), of.getAndDelete(params)],
  reschedule: (of) => [of.reschedule(params, "1 hour"), of.reschedule(failing, canary)],
  refresh: (of) => [of.refresh(params), of.refresh({ id: `absent ${canary}` }), of.refresh({ id: `hang ${canary}` })],
  setting: (of) => [of.setting(params, value).key],
  deleting: (of) => [of.deleting(params).key],
  lease: (of) => [
    of.lease(params),
    Effect.andThen(of.lease(params), of.lease(params, { deadline: 10 })),
    Effect.flatMap(Effect.scoped(of.lease(params)), (lease: any) => lease.check)
  ],
  key: (of) => [of.key({ id: `${canary}:x` })],
  parse: () => [],
  reader: (of) => [
    of.reader,
    Effect.flatMap(of.reader, (handle: any) => {
      const missing = Object.keys(handle).filter((name) =>
        !(name in doors || name === "getPromise" || name === "arrived" || name.endsWith("Unsafe"))
      )
      assert.deepStrictEqual(missing, [], "a handle has no door that an accessor has not")
      return Effect.tryPromise({ try: () => handle.getPromise({ id: `absent ${canary}` }), catch: (error) => error })
    }),
    Effect.flatMap(of.reader, (handle: any) => handle.get({ id: `absent ${canary}` }))
  ],
  writer: (of) => [
    of.writer,
    Effect.flatMap(of.writer, (handle: any) => handle.set(params, misfit)),
    ...[
      (handle: any) => handle.setUnsafe(params, misfit),
      (handle: any) => handle.setUnsafe({ id: `at once ${canary}` }, value, { ifVersion: null }),
      (handle: any) => handle.deleteUnsafe({ id: `${canary}:x` }),
      (handle: any) => handle.patchUnsafe(params, () => misfit)
    ].map((write) =>
      Effect.flatMap(of.writer, (handle) => Effect.try({ try: () => write(handle), catch: (error) => error }))
    )
  ]
}

// Every operation of a manifest.
const statics: Readonly<Record<string, (app: any) => ReadonlyArray<unknown>>> = {
  definition: () => [],
  id: () => [],
  keys: () => [],
  graph: () => [],
  layer: () => [],
  owner: () => [],
  borrower: () => [],
  delegate: () => [],
  modules: () => [],
  get: (
    app
  ) => [
    app.get(key),
    app.get(`user:${canary}:x`),
    app.get(`usr:${canary}`),
    app.get(`user:{${canary}}`),
    app.get(`coded:${canary}`)
  ],
  getOption: (app) => [app.getOption(key), app.getOption(`user::${canary}`)],
  set: (app) => [app.set(key, misfit), app.set(`us:${canary}`, value)],
  delete: (app) => [app.delete(`user:fails ${canary}`), app.delete(`${canary}`)],
  batch: (app) => [
    app.batch([app.keys.user.setting(params, misfit), app.keys.open.setting({ id: "1" }, "one")]),
    app.batch([app.keys.user.setting(failing, value)]),
    app.batch([app.keys.user.setting(params, value, { ifVersion: 3 })]),
    app.batch([app.keys.user.setting(params, value), {
      ...app.keys.user.setting(params, value),
      manifest: { id: "Other" }
    }]),
    app.batch([app.keys.user.setting(params, value), { key }]),
    app.batch([app.keys.thrown.setting(params, value), app.keys.answered.setting(params, value)])
  ],
  invalidate: (app) => [app.invalidate(key), app.invalidate(`user:${canary}:{`), app.invalidate(`none:${canary}`)],
  events: () => [],
  stats: (app) => [app.stats],
  watermark: (app) => [app.watermark],
  reach: (app) => [app.reach(canary)],
  fn: () => [],
  method: () => [],
  inLayer: () => [],
  transaction: (app) => {
    const within = app.transaction((body: unknown) => body)
    return [
      within(app.keys.user.set(params, misfit)),
      within(app.keys.user.update(params, (was: unknown) => was)),
      within(app.keys.user.patch(params, (was: unknown) => was)),
      within(app.keys.user.set(params, value, { ifVersion: 3 })),
      within(app.keys.user.refresh(failing)),
      within(app.keys.user.getMany([params, failing]))
    ]
  }
}

const errorsWithKeys = [
  "UndeclaredRead",
  "InvalidKey",
  "Absent",
  "LoadTimeout",
  "QueueFull",
  "CircularWait",
  "UpdateTimeout",
  "LookupInterrupted",
  "VersionConflict",
  "UpdateRefused",
  "StaleRefused",
  "WouldWait",
  "StoreFailed",
  "LeaseRefused",
  "FunctionFailed",
  "InvalidBatch",
  "InvalidOption"
]

const others = (app: any): ReadonlyArray<readonly [door: string, work: unknown]> => [
  ["get of a derived key", app.keys.derived.get({ id })],
  ["get of a lookup that reads what it may not", app.keys.derived.get({ id: `undeclared ${canary}` })],
  ["explain of a derived key", app.keys.derived.explain({ id })],
  ...["further", "within", "carved", "listed"].flatMap((name): ReadonlyArray<readonly [string, unknown]> => {
    const of = app.keys[name]
    const at = name === "listed" ? { id, page: canary } : { id }
    return [
      [`set of ${name}`, of.set(at, "one", { tags: [tag] })],
      [`explain of ${name}`, of.explain(at)],
      [`set of a misfit in ${name}`, of.set(at, misfit)],
      [`set on a condition in ${name}`, of.set(at, "one", { ifVersion: 7 })],
      [`a raw key of ${name}`, Effect.flatMap(of.key(at), (raw: any) => app.set(raw, misfit))],
      [`invalidateTag of ${name}`, of.invalidateTag(tag)],
      [`a write of what ${name} is made from`, app.keys.user.set({ id }, value)],
      [`a write of what ${name} lies in`, app.keys.carved.set({ id }, "two")]
    ]
  }),
  [
    "get of what is made from a stale value",
    Effect.gen(function*() {
      yield* app.keys.old.get(params)
      yield* Effect.sleep(20)
      yield* app.keys.ofOld.get(params, { stale: "refuse" })
    })
  ],
  ["get of a lookup that reads its own key", app.keys.derived.get({ id: `itself ${canary}` })],
  ["set of a value whose weigher throws", app.keys.thrown.set(params, value)],
  ["get of a value whose weigher throws", app.keys.thrown.get(params)],
  ["setMany of values whose weigher answers no weight", app.keys.answered.setMany([[params, value]])],
  ["update of a value that a failing tier may contradict", app.keys.derived.update(failing, () => value)],
  ["patch of a value whose weigher answers no weight", app.keys.answered.update(params, () => value)],
  ["set of a value that cannot be frozen", app.keys.frozen.set(params, unfreezable)],
  [
    "a second engine",
    Layer.build(
      Layer.fresh(Layer.provide(app.layer, Layer.fresh(MemoryStore.layer({ capacity: 1 })))) as Layer.Layer<any, any>
    )
  ],
  ["get of two parameters", app.keys.pair.get({ a: canary, b: `absent ${canary}` })],
  ["explain of two parameters", app.keys.pair.explain({ a: canary, b: `absent ${canary}` })],
  [
    "get of a full queue",
    Effect.all(
      Array.from(
        { length: 5 },
        (_, i) => Effect.timeoutOption(app.keys.pair.get({ a: canary, b: `hang ${i}` }) as Effect.Effect<unknown>, 10)
      ),
      { concurrency: "unbounded" }
    )
  ],
  ["invalidateWhere of one of two", app.keys.pair.invalidateWhere({ a: canary })],
  ["explain of one of two", app.keys.pair.explain({ a: canary, b: "x" })],
  ["get of a rest", app.keys.rest.get({ "*": `absent ${canary}:${canary}` })],
  ["explain of a rest", app.keys.rest.explain({ "*": `${canary}:${canary}` })]
]

describe("sensitive family", () => {
  it.effect("no operation shows a key or a value", () =>
    Effect.gen(function*() {
      const seen = new Seen()
      const logger = Logger.make((entry) => {
        seen.logs.push(String(entry.message))
        seen.see("a log", [entry.message, entry.cause, String(entry.cause)])
      })
      yield* program(seen, (app) => [
        ...Object.entries(doors).flatMap(([name, of]) => of(app.keys.user).map((work) => [name, work] as const)),
        ...Object.entries(statics).flatMap(([name, of]) => of(app).map((work) => [name, work] as const)),
        ...others(app)
      ]).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(seen.shown, [])
      // Every error that may name a key was among them, and every log.
      assert.includeMembers([...seen.reasons], errorsWithKeys)
      for (const log of ["cannot be warmed", "were not warmed", "2 engines"]) {
        assert.isDefined(seen.logs.find((text) => text.includes(log)), log)
      }
    }), 120_000)

  it("the table has a test for every door", () => {
    const app: any = make("Doors", definition)
    assert.deepStrictEqual(Object.keys(app.keys.user).toSorted(), Object.keys(doors).toSorted())
    const own = Object.keys(app).filter((name) => !(name in Context.Service<any, any>("Plain")))
    assert.deepStrictEqual(own.toSorted(), Object.keys(statics).toSorted())
  })

  it.effect("every operation shows the same hash for a key, and a user can compute it", () =>
    Effect.gen(function*() {
      const shown = `user:${SensitiveKey.hash(id)}`
      const errors: Array<string> = []
      const seen = new Seen()
      yield* program(seen, (app) => [
        [
          "get",
          Effect.tapError(
            app.keys.user.get({ id: `absent ${canary}` }) as Effect.Effect<unknown, Error>,
            (error) => Effect.sync(() => errors.push(error.message))
          )
        ],
        [
          "explain",
          Effect.tap(
            app.keys.user.explain({ id }) as Effect.Effect<any>,
            ({ key }) => Effect.sync(() => assert.strictEqual(key, shown))
          )
        ],
        [
          "getAnswer",
          Effect.tap(
            app.keys.user.getAnswer({ id }) as Effect.Effect<any>,
            ({ value }) => Effect.sync(() => assert.include(value, canary))
          )
        ]
      ])
      assert.deepStrictEqual(errors, [
        `E0501: \`user:${SensitiveKey.hash(`absent ${canary}`)}\` is absent: its lookup returned \`Lookup.absent\``
      ])
    }))

  it.effect("an error shows a text that is spelt like a key of another family", () =>
    Effect.gen(function*() {
      const families = {
        user: { pattern: "user:{id}" },
        card: { pattern: "card:{number}", sensitive: true },
        both: { pattern: "both:{id}" },
        secret: { pattern: "both:{id}:secret", sensitive: true }
      }
      const messageOf = (more: object, key: string) =>
        Effect.map(
          Effect.flip(
            (make("Hides", { families: { ...families, ...more } }) as any).get(key) as Effect.Effect<never, Error>
          ),
          (error) => error.message
        )
      const shown = [["user:", "has an empty segment"], [`user:${canary}:x`, canary], [
        `user:{${canary}}`,
        canary
      ]] as const
      for (const [key, text] of shown) assert.include(yield* messageOf({}, key), text)
      for (const key of [`card:${canary}:x`, `card:{${canary}}`, `crd:${canary}`, `both:${canary}:x`, canary]) {
        assert.notInclude(yield* messageOf({}, key), canary)
      }
      const any = { any: { pattern: "{kind}:{id}:deep:{x}", sensitive: true } }
      assert.notInclude(yield* messageOf(any, `user:${canary}:deep`), canary)
    }))

  it("the hash is SipHash-2-4, with the results that its authors give", () => {
    const key = new Uint32Array(Uint8Array.from({ length: 16 }, (_, i) => i).buffer)
    const hashOf = (length: number) =>
      sipHash(key, Uint8Array.from({ length }, (_, i) => i)).map((word) => word.toString(16))
    assert.deepStrictEqual(hashOf(0), ["dd0e0e31", "726fdb47"])
    assert.deepStrictEqual(hashOf(1), ["93dc67fd", "74f839c5"])
    assert.deepStrictEqual(hashOf(15), ["49be45e5", "a129ca61"])
  })
})
