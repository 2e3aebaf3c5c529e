/**
 * Options that throw when they are read, and values of wrong kinds, at every door that takes options: each fails with a
 * typed error which names the place and the option, and nothing is half done.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as CacheError from "../../src/cache/CacheError.ts"
import * as CacheMetrics from "../../src/cache/CacheMetrics.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { policyOptions } from "../../src/ownership/FamilyPolicy.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as RedisStore from "../../src/store/redis/RedisStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as StoreError from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"

const folder = mkdtempSync(join(tmpdir(), "stateless-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// What a program without types may do.
const manifest = Manifest as any
const value = Manifest.type<unknown>()
const memory = MemoryStore.layer({ capacity: 10 })
const id = { id: "1" }

const Plain = manifest.Service()("Unreadable", {
  layers: { server: {} },
  families: {
    user: { pattern: "user:{id}", value, layer: "server" },
    files: { pattern: "files:*", value },
    facts: { pattern: "files:{id}:facts", value, partOf: "files" }
  }
})
class App extends Plain {}
const app = App as any
const owned = (options?: unknown, delegated?: unknown) =>
  app.modules({
    user: app.owner("user", options),
    files: app.owner("files", delegated === undefined ? undefined : { parts: { facts: {} } })
  }).pipe(Layer.provide(memory))

/** Builds a layer and closes it again. */
const built = (layer: Layer.Layer<any, any, any>): Effect.Effect<unknown, unknown, any> =>
  Effect.scoped(Layer.build(layer))

/** Does something in the application, where the key 1 has the value "old", and looks whether it still has. */
const inApp = (act: (user: any) => unknown, options: unknown = {}): Effect.Effect<unknown, unknown, any> =>
  Effect.gen(function*() {
    yield* app.keys.user.set(id, "old") as Effect.Effect<void>
    const exit = yield* Effect.exit(Effect.suspend(() => act(app.keys.user) as Effect.Effect<unknown>))
    if (Exit.isFailure(exit)) {
      assert.strictEqual((yield* app.keys.user.getOption(id) as Effect.Effect<any>).value, "old")
    }
    return yield* exit
  }).pipe(Effect.provide(owned(options)))

interface Door {
  /** Right values. An option that is not named here is not read. */
  readonly options: { readonly [option: string]: unknown }
  /** What the message says of the place. */
  readonly place: string
  readonly open: (options: any) => Effect.Effect<unknown, unknown, any>
}

const defined = (definition: unknown): Effect.Effect<unknown, unknown, any> =>
  Effect.suspend(() => {
    class Made extends manifest.Service()("Made", definition) {}
    return built((Made as any).modules({}).pipe(Layer.provide(memory)))
  })
const familyOptions = {
  pattern: "user:{id}",
  value,
  ...Object.fromEntries(
    ["layer", "partOf", "carvedFrom", "derives", "borrows", "fanout", "params", "error", "sensitive"].map((option) => [
      option,
      undefined
    ])
  ),
  ...Object.fromEntries(Object.keys(policyOptions).map((option) => [option, undefined]))
}

const doors: { readonly [door: string]: Door } = {
  manifest: {
    options: { families: { user: { pattern: "user:{id}", value } }, layers: {}, readers: {}, version: 1 },
    place: "Made",
    open: defined
  },
  family: { options: familyOptions, place: "user", open: (user) => defined({ families: { user } }) },
  "layer of a manifest": {
    options: { reads: [] },
    place: "server",
    open: (server) => defined({ layers: { server }, families: { user: { pattern: "user:{id}", value } } })
  },
  "reader of a manifest": {
    options: { borrows: ["user:{id}"], layer: undefined },
    place: "page",
    open: (page) => defined({ families: { user: { pattern: "user:{id}", value } }, readers: { page } })
  },
  "params of a family": {
    options: { id: Schema.String },
    place: "user",
    open: (params) => defined({ families: { user: { pattern: "user:{id}", value, params } } })
  },
  owner: {
    options: { lookup: () => Effect.succeed(1), lookupMany: undefined, warm: undefined, predict: undefined, parts: {} },
    place: "user",
    open: (options) => built(owned(options))
  },
  "warm of an owner": {
    options: { keys: [], schedule: "1 hour", await: true },
    place: "user",
    open: (warm) => built(owned({ lookup: () => Effect.succeed(1), warm }))
  },
  "predict of an owner": {
    options: { keysMax: 10, interval: "1 hour" },
    place: "user",
    open: (predict) => built(owned({ lookup: () => Effect.succeed(1), predict }))
  },
  "parts of an owner": {
    options: { facts: {} },
    place: "files",
    open: (parts) =>
      built(app.modules({ user: app.owner("user"), files: app.owner("files", { parts }) }).pipe(Layer.provide(memory)))
  },
  delegate: {
    options: { lookup: () => Effect.succeed(1), lookupMany: undefined, warm: undefined, predict: undefined },
    place: "facts",
    open: (options) => built(Layer.provide(app.delegate("facts", options), owned()))
  },
  fn: {
    options: { layer: "server", owns: ["user:{id}"], borrows: [], invalidates: undefined },
    place: "show",
    open: (declared) => Effect.suspend(() => app.fn("show", declared)(function*() {})())
  },
  MemoryStore: {
    options: { capacity: 10, weightMax: undefined, eviction: "lru", shards: 1 },
    place: "memory",
    open: (options) => built((MemoryStore.layer as any)(options))
  },
  LmdbStore: {
    options: {
      path: folder,
      durability: "process",
      namespace: "a",
      entriesMax: 10,
      bytesMax: 2_000_000,
      version: 1,
      sweepInterval: 1_000,
      readersMax: 10
    },
    place: "lmdb",
    // An odd text is the name of a folder, too.
    open: (options) =>
      built((LmdbStore.layer as any)(
        Object.getOwnPropertyDescriptor(Object(options), "path")?.value === "x" ? { ...options, path: folder } : options
      ))
  },
  RedisStore: {
    options: {
      url: undefined,
      client: {},
      namespace: "a",
      version: 1,
      answerTimeout: 1_000,
      loadLease: 1_000,
      recordsMax: 0
    },
    place: "redis",
    open: (options) => built((RedisStore.layer as any)(options))
  },
  "client of RedisStore": {
    options: { host: "127.0.0.1" },
    place: "redis",
    open: (client) => built((RedisStore.layer as any)({ client, namespace: "a", recordsMax: 0 }))
  },
  TieredStore: {
    options: { set: "through", onTierFailure: () => {} },
    place: "tiered",
    open: (options) => built((TieredStore.layer as any)([memory, memory], options))
  },
  "TieredStore.make": {
    options: { set: "through", onTierFailure: () => {} },
    place: "tiered",
    open: (options) =>
      Effect.scoped(Effect.flatMap(MemoryStore.make({ capacity: 10 }), (store) => {
        const tiers = Layer.succeed(Store, TieredStore.make([store, store], options))
        return built(app.modules({ user: app.owner("user"), files: app.owner("files") }).pipe(Layer.provide(tiers)))
      }))
  },
  publish: {
    options: { cache: "app", interval: "1 hour" },
    place: "CacheMetrics.publish",
    open: (options) => Effect.timeoutOption(CacheMetrics.publish(Effect.succeed({}), options), 1)
  },
  "Lookup.loaded": {
    options: { timeToLive: "1 hour", tags: ["a"], revision: "r" },
    place: "user",
    open: (options) =>
      inApp((user) => user.refresh(id), { lookup: () => Effect.succeed((Lookup.loaded as any)("new", options)) })
  },
  "Lookup.notModified": {
    options: { timeToLive: "1 hour", tags: ["a"], revision: "r" },
    place: "user",
    open: (options) =>
      inApp((user) => user.refresh(id), { lookup: () => Effect.succeed((Lookup.notModified as any)(options)) })
  },
  set: {
    options: { timeToLive: "1 hour", tags: ["a"], revision: "r", ifVersion: 0 },
    place: "user",
    open: (options) => inApp((user) => user.set(id, "new", options))
  },
  setMany: {
    options: { timeToLive: "1 hour", tags: ["a"], revision: "r" },
    place: "user",
    open: (options) => inApp((user) => user.setMany([[id, "new"]], options))
  },
  setIfAbsent: {
    options: { timeToLive: "1 hour", tags: ["a"], revision: "r" },
    place: "user",
    open: (options) => inApp((user) => user.setIfAbsent(id, "new", options))
  },
  setting: {
    options: { timeToLive: "1 hour", tags: ["a"], revision: "r" },
    place: "user",
    open: (options) => inApp((user) => app.batch([user.setting(id, "new", options)]))
  },
  get: {
    options: { stale: "allow" },
    place: "user",
    open: (options) => inApp((user) => user.get(id, options))
  },
  invalidate: {
    options: { mode: "hide" },
    place: "user",
    open: (options) => inApp((user) => user.invalidate(id, options))
  },
  lease: {
    options: { mode: "shared", deadline: "1 hour", timeToLive: "1 hour" },
    place: "user",
    open: (options) => inApp((user) => Effect.scoped(user.lease(id, options)))
  },
  warm: {
    options: { concurrency: 1 },
    place: "user",
    open: (options) => inApp((user) => user.warm([id], options))
  }
}

/** The message of a typed error; a defect fails the test. */
const refusalOf = (exit: Exit.Exit<unknown, unknown>, about: string): string => {
  assert.isTrue(Exit.isFailure(exit), `${about} is refused`)
  if (!Exit.isFailure(exit)) return ""
  const [reason] = exit.cause.reasons
  assert.isTrue(reason !== undefined && Cause.isFailReason(reason), `${about}: ${Cause.pretty(exit.cause)}`)
  const error = Cause.squash(exit.cause)
  assert.isTrue(
    error instanceof CacheError.CacheError || error instanceof StoreError.StoreError,
    `${about} is typed: ${String(error)}`
  )
  return (error as Error).message
}

const exitOf = (door: Door, options: unknown): Effect.Effect<Exit.Exit<unknown, unknown>> =>
  Effect.exit(Effect.suspend(() => door.open(options))) as Effect.Effect<Exit.Exit<unknown, unknown>>

const trap = (): never => {
  throw new Error("a secret")
}

const oddities: { readonly [oddity: string]: unknown } = {
  null: null,
  "a number": 5,
  NaN,
  "a text": "x",
  "a list": [1],
  "a function": () => 1,
  "a symbol": Symbol("x"),
  "a bigint": 1n,
  "an object without a prototype": Object.create(null),
  "a Promise": Promise.resolve(1),
  "a Proxy that throws": new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap })
}

describe("options that throw when they are read", () => {
  for (const [name, door] of Object.entries(doors)) {
    for (const option of Object.keys(door.options)) {
      it.live(`${name} names \`${option}\` if it throws`, () =>
        Effect.gen(function*() {
          const options = Object.defineProperty({ ...door.options }, option, { get: trap, enumerable: true })
          const message = refusalOf(yield* exitOf(door, options), name)
          assert.match(message, new RegExp(`[.\`]${option}\``))
          assert.include(message, door.place)
          assert.notInclude(message, "secret")
        }))
    }

    it.live(`${name} refuses a Proxy that throws`, () =>
      Effect.gen(function*() {
        refusalOf(yield* exitOf(door, oddities["a Proxy that throws"]), name)
      }))
  }
})

describe("options of wrong kinds", () => {
  for (const [name, door] of Object.entries(doors)) {
    for (const [oddity, odd] of Object.entries(oddities)) {
      it.live(`${name} refuses or takes options that are ${oddity}`, () =>
        Effect.gen(function*() {
          const exit = yield* exitOf(door, odd)
          if (Exit.isFailure(exit)) refusalOf(exit, name)
        }))
    }
    for (const option of Object.keys(door.options)) {
      it.live(`${name} refuses or takes each odd value of \`${option}\``, () =>
        Effect.gen(function*() {
          for (const [oddity, odd] of Object.entries(oddities)) {
            const exit = yield* exitOf(door, { ...door.options, [option]: odd })
            if (Exit.isFailure(exit)) refusalOf(exit, `${name} with ${oddity}`)
          }
        }))
    }
  }
})
