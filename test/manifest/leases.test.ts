/**
 * A lease is enforced: a write that does not carry it is refused, and a write that carries it is refused where its
 * value may be made from a value that is gone.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork } from "../support/effects.ts"
import { engine, type Running } from "../support/engine.ts"
import { mapStore } from "../support/mapStore.ts"

class C extends Manifest.Service<C>()("Leases", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
}) {}
const { user } = C.keys
const id = "1"
const live = Effect.provide(
  C.modules({ user: C.owner("user", { lookup: () => Effect.succeed("Ann") }) }).pipe(
    Layer.provide(MemoryStore.layer({ capacity: 100 }))
  )
)
/** The combinator of a database that always commits. */
const alone = <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => body

describe("lease", () => {
  it.effect("a lease is granted for each key that a write takes, whatever its text", () =>
    Effect.gen(function*() {
      for (const id of [" ", "a ", "\n", "$1", "<a>", "[a]", "a/", "a.", "\u0000", "__proto__"]) {
        yield* user.set({ id }, "Ann")
        const lease = yield* user.lease({ id })
        yield* user.set({ id }, "Bob", { lease })
        assert.strictEqual((yield* Effect.flip(user.set({ id }, "Eve"))).reason._tag, "LeaseRefused", id)
      }
      yield* user.set({ id: "b" }, "Ann")
    }).pipe(Effect.scoped, live))

  it.effect("a pattern to invalidate at run time may have the segment of any key", () =>
    Effect.gen(function*() {
      for (const id of ["$1", "<a>", "[a]", "a/"]) {
        yield* user.set({ id }, "Eve")
        yield* C.invalidate(`user:${id}` as `user:${number}`)
        assert.strictEqual(yield* user.get({ id }), "Ann", id)
      }
    }).pipe(live))

  const modes = ["exclusive", "shared"] as const
  it.effect.each(modes)(
    "a lease (%s) refuses every write of its key that does not carry it",
    (mode) =>
      Effect.gen(function*() {
        yield* user.get({ id })
        const writes: { readonly [door: string]: Effect.Effect<unknown, unknown, any> } = {
          set: user.set({ id }, "Eve"),
          "set on a condition": Effect.flatMap(
            user.getAnswer({ id }),
            ({ version }) => user.set({ id }, "Eve", { ifVersion: version })
          ),
          setMany: user.setMany([[{ id: "2" }, "Eve"], [{ id }, "Eve"]]),
          "a raw key": C.set("user:1", "Eve"),
          batch: C.batch([user.setting({ id: "2" }, "Eve"), user.setting({ id }, "Eve")]),
          update: user.update({ id }, () => Effect.die("it is refused before it runs")),
          patch: user.patch({ id }, () => Effect.die("it is refused before it runs")),
          "a writer": Effect.flatMap(user.writer, (writer) => writer.set({ id }, "Eve")),
          "a transaction": C.transaction(alone)(user.set({ id }, "Eve"))
        }
        const before = yield* user.get({ id: "2" })
        yield* user.lease({ id }, { mode })
        for (const [door, write] of Object.entries(writes)) {
          const error = yield* Effect.flip(write as Effect.Effect<unknown, CacheError>)
          assert.strictEqual(error.reason?._tag, "LeaseRefused", `${door}: ${String(error)}`)
          assert.strictEqual((error.reason as unknown as { error: { why: string } }).error.why, "held", door)
          assert.deepStrictEqual([yield* user.get({ id }), yield* user.get({ id: "2" })], ["Ann", before], door)
        }
        yield* user.set({ id: "2" }, "another key")
      }).pipe(Effect.scoped, live)
  )
  it.effect("a deletion under a lease is made while the lease lasts; after it, the whole batch is refused", () =>
    Effect.gen(function*() {
      const lease = yield* user.lease({ id }, { timeToLive: "1 minute" })
      const batch = C.batch([user.setting({ id: "2" }, "Eve"), user.deleting({ id }, { lease })])
      yield* user.set({ id }, "Bob", { lease })
      yield* batch
      assert.deepStrictEqual([yield* user.has({ id }), yield* user.get({ id: "2" })], [false, "Eve"])
      yield* user.set({ id: "2" }, "Zoe")
      yield* TestClock.adjust("1 minute")
      yield* user.set({ id }, "Bob")
      assert.strictEqual((yield* Effect.flip(batch)).reason._tag, "LeaseRefused")
      assert.deepStrictEqual([yield* user.get({ id }), yield* user.get({ id: "2" })], ["Bob", "Zoe"])
      const other = yield* user.lease({ id: "2" })
      assert.strictEqual(
        (yield* Effect.flip(C.batch([user.deleting({ id }, { lease: other })]))).reason._tag,
        "LeaseRefused"
      )
    }).pipe(Effect.scoped, live))

  it.effect("a lease that has ended refuses no write, though no request has waited for its end", () =>
    Effect.gen(function*() {
      yield* user.lease({ id }, { timeToLive: "1 minute" })
      yield* TestClock.adjust("1 minute")
      yield* user.set({ id }, "Eve")
      yield* Effect.scoped(user.lease({ id }))
      yield* user.set({ id }, "Bob")
      assert.strictEqual(yield* user.get({ id }), "Bob")
    }).pipe(Effect.scoped, live))

  const goThrough: { readonly [door: string]: Effect.Effect<unknown, unknown, any> } = {
    delete: user.delete({ id }),
    deleteMany: user.deleteMany([{ id }]),
    deleting: C.batch([user.deleting({ id })]),
    invalidate: user.invalidate({ id }),
    markStale: user.invalidate({ id }, { mode: "markStale" }),
    invalidateWhere: user.invalidateWhere({ id }),
    invalidateAll: user.invalidateAll(),
    invalidateTag: user.invalidateTag("t"),
    "a pattern": C.invalidate("user:*"),
    "a delete that commits": C.transaction(alone)(user.delete({ id }))
  }
  it.effect.each(Object.keys(goThrough))(
    "a lease lets %s through, and refuses the write that was read before it",
    (door) =>
      Effect.gen(function*() {
        yield* user.set({ id }, "Ann", { tags: ["t"] })
        const lease = yield* user.lease({ id })
        const was = yield* user.get({ id })
        yield* goThrough[door] as Effect.Effect<unknown, CacheError>
        const error = yield* Effect.flip(user.set({ id }, `${was}!`, { lease }))
        assert.strictEqual(error.reason._tag, "LeaseRefused")
        assert.include(error.message, "or give the write the `ifVersion` that was read")
        // What is read after it may be written, by its version or under the next lease.
        const { value, version } = yield* user.getAnswer({ id })
        yield* user.set({ id }, `${value}?`, { lease, ifVersion: version })
        yield* user.set({ id }, `${value}!`, { lease })
        assert.strictEqual(yield* user.get({ id }), "Ann!")
      }).pipe(Effect.scoped, live)
  )
  it.effect("a lease of an absent key allows a write after a load brought the value", () =>
    Effect.gen(function*() {
      const lease = yield* user.lease({ id })
      const was = yield* user.get({ id })
      yield* user.set({ id }, `${was}!`, { lease })
      yield* user.set({ id }, `${yield* user.get({ id })}!`, { lease })
      yield* C.batch([user.setting({ id }, `${yield* user.get({ id })}!`, { lease })])
      yield* C.transaction(alone)(user.set({ id }, "Eve", { lease }))
      yield* user.set({ id }, `${yield* user.get({ id })}!`, { lease })
      assert.strictEqual(yield* user.get({ id }), "Eve!")
    }).pipe(Effect.scoped, live))
})

class Rows extends Manifest.Service<Rows>()("Rows", {
  families: {
    row: {
      pattern: "row:{id}",
      value: Manifest.type<string>(),
      timeToLive: "1 minute",
      staleWhileRevalidate: "1 minute"
    }
  }
}) {}
const { row } = Rows.keys

/** A source that may have no row. */
const rows = (source: { row: string | undefined }) =>
  Effect.provide(
    Rows.modules({ row: Rows.owner("row", { lookup: () => Effect.sync(() => source.row ?? Lookup.absent) }) }).pipe(
      Layer.provide(MemoryStore.layer({ capacity: 100 }))
    )
  )

describe("a lease under which nothing was written", () => {
  const lost: { readonly [way: string]: (lease: any) => Effect.Effect<unknown, unknown, any> } = {
    "a leased write of a batch that removes the key after it": (lease) =>
      C.batch([user.setting({ id }, "Eve", { lease }), user.deleting({ id })]),
    "a leased write of a transaction that drops it": (lease) =>
      C.transaction(alone)(Effect.andThen(user.set({ id }, "Eve", { lease }), user.invalidateAll()))
  }
  for (const [way, leave] of Object.entries(lost)) {
    it.effect(`a write of what was read before ${way} is refused`, () =>
      Effect.gen(function*() {
        const lease = yield* user.lease({ id })
        const was = yield* user.get({ id })
        yield* leave(lease) as Effect.Effect<unknown, CacheError>
        assert.strictEqual((yield* Effect.flip(user.set({ id }, `${was}!`, { lease }))).reason._tag, "LeaseRefused")
      }).pipe(Effect.scoped, live))
  }
})

describe("a lease while its family is swept", () => {
  const sweep = (running: Running) => Effect.orDie(running.cache.families.get("user")!.sweepMarks)
  const definition = {
    families: {
      org: { pattern: "org:{org}", value: Manifest.type<string>() },
      user: { pattern: "user:{org}:{id}", value: Manifest.type<string>(), derives: ["org:{org}"], fanout: true }
    }
  } as const
  const key = { org: "1", id: "1" }
  const changes: ReadonlyArray<
    readonly [change: string, isOwn: boolean, of: (app: any) => Effect.Effect<void, any, any>]
  > = [
    ["another key is deleted", false, (app) => app.keys.user.delete({ org: "1", id: "2" })],
    [
      "another key is marked stale",
      false,
      (app) => app.keys.user.invalidate({ org: "1", id: "2" }, { mode: "markStale" })
    ],
    ["keys of another slice are invalidated", false, (app) => app.keys.user.invalidateWhere({ org: "2" })],
    ["another tag is invalidated", false, (app) => app.keys.user.invalidateTag("other")],
    ["nothing is invalidated", false, () => Effect.void],
    ["the key is marked stale", true, (app) => app.keys.user.invalidate(key, { mode: "markStale" })],
    ["the keys of its slice are invalidated", true, (app) => app.keys.user.invalidateWhere({ org: "1" })],
    ["its source is written", true, (app) => app.keys.org.set({ org: "1" }, "new")],
    ["its tag is invalidated", true, (app) => app.keys.user.invalidateTag("own")],
    ["all are invalidated", true, (app) => app.keys.user.invalidateAll()]
  ]
  for (const [change, isOwn, of] of changes) {
    it.effect(`a write under a lease is ${isOwn ? "refused" : "made"} where ${change} before a sweep`, () =>
      Effect.gen(function*() {
        const running = yield* engine(definition, () => Effect.succeed("loaded"))
        const { app, as } = running
        yield* as(app.keys.user.set(key, "was", { tags: ["own"] }))
        yield* as(app.keys.user.set({ org: "1", id: "2" }, "was", { tags: ["other"] }))
        const lease = yield* as<any, unknown>(app.keys.user.lease(key))
        const was = yield* as(app.keys.user.get(key))
        yield* as(of(app))
        yield* sweep(running)
        const exit = yield* Effect.exit(as<void, unknown>(app.keys.user.set(key, `${was}!`, { lease })))
        assert.strictEqual(exit._tag, isOwn ? "Failure" : "Success")
      }))
  }

  const below = Layer.sync(Store, () => mapStore())
  const arrangements: Record<string, Layer.Layer<Store, any>> = {
    "memory": MemoryStore.layer({ capacity: 100 }),
    "a tier without memory": below,
    "memory over a tier": TieredStore.layer([MemoryStore.layer({ capacity: 100 }), below]),
    "memory for one entry over a tier": TieredStore.layer([MemoryStore.layer({ capacity: 1 }), below]),
    "a tier on eviction": TieredStore.layer([MemoryStore.layer({ capacity: 1 }), below], { set: "onEviction" })
  }
  for (const [arrangement, store] of Object.entries(arrangements)) {
    it.effect(`only what concerns the key of a lease refuses a write, whatever its holder has done: ${arrangement}`, () =>
      Effect.gen(function*() {
        const wrong: Array<string> = []
        for (const [change, isOwn, of] of changes) {
          for (const done of ["nothing", "read", "written", "read twice", "read and written"]) {
            for (const isSwept of [false, true]) {
              const exit = yield* Effect.scoped(Effect.gen(function*() {
                const running = yield* engine(definition, () => Effect.succeed("loaded"), { store })
                const { app, as } = running
                const { user } = app.keys
                yield* as(user.set(key, "was", { tags: ["own"] }))
                yield* as(user.set({ org: "1", id: "2" }, "was", { tags: ["other"] }))
                const lease = yield* as<any, unknown>(user.lease(key))
                if (done.includes("read")) yield* as(user.get(key))
                if (done === "read twice") yield* as(user.get(key))
                if (done.includes("written")) yield* as(user.set(key, "now", { lease, tags: ["own"] }))
                // Where memory has room for one entry, this one takes it.
                yield* as(user.get({ org: "3", id: "3" }))
                yield* as(of(app))
                if (isSwept) yield* sweep(running)
                return yield* Effect.exit(as<void, unknown>(user.set(key, "new", { lease })))
              }))
              if (exit._tag !== (isOwn ? "Failure" : "Success")) {
                wrong.push(`${change}, ${done}${isSwept ? ", swept" : ""}: ${exit._tag}`)
              }
            }
          }
        }
        assert.deepStrictEqual(wrong, [])
      }))
  }
})

describe("a lease of a key that the source has no more", () => {
  for (const wait of ["61 seconds", "3 minutes"] as const) {
    it.effect(`a write under a lease is refused after a load, ${wait} later, has found no value`, () => {
      const source: { row: string | undefined } = { row: "Ann" }
      return Effect.gen(function*() {
        const lease = yield* row.lease({ id }, { timeToLive: "1 hour" })
        const was = yield* row.get({ id })
        source.row = undefined
        yield* TestClock.adjust(wait)
        yield* Effect.exit(row.get({ id }))
        yield* TestClock.adjust(10)
        const { reason } = yield* Effect.flip(row.set({ id }, `${was}!`, { lease }))
        assert.strictEqual(reason._tag, "LeaseRefused")
      }).pipe(Effect.scoped, rows(source))
    })
  }

  it.effect("a write under a lease is refused after its holder has found no value, and a load has brought one", () => {
    const source: { row: string | undefined } = { row: undefined }
    return Effect.gen(function*() {
      const lease = yield* row.lease({ id }, { timeToLive: "1 hour" })
      yield* Effect.exit(row.get({ id }))
      source.row = "Ann"
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* row.get({ id }), "Ann")
      const { reason } = yield* Effect.flip(row.set({ id }, "made of nothing", { lease }))
      assert.strictEqual(reason._tag, "LeaseRefused")
    }).pipe(Effect.scoped, rows(source))
  })

  it.effect("a write under a lease goes through after several loads have found no value", () =>
    Effect.gen(function*() {
      const lease = yield* row.lease({ id }, { timeToLive: "1 hour" })
      for (let i = 0; i < 3; i++) {
        yield* Effect.exit(row.get({ id }))
        yield* TestClock.adjust("1 minute")
      }
      yield* row.set({ id }, "Eve", { lease })
      assert.strictEqual(yield* row.get({ id }), "Eve")
    }).pipe(Effect.scoped, rows({ row: undefined })))
})

describe("a lease of a key that is refreshed", () => {
  const refreshes = [
    ["an equal value", "Ann", "Success"],
    ["another value", "Eve", "Failure"],
    ["no value", undefined, "Failure"]
  ] as const
  for (const [what, next, outcome] of refreshes) {
    it.effect(`a write of what was read before is ${outcome === "Success" ? "made" : "refused"} after ${what} came`, () => {
      const source: { row: string | undefined } = { row: "Ann" }
      return Effect.gen(function*() {
        yield* row.get({ id })
        const lease = yield* row.lease({ id })
        const was = yield* row.get({ id })
        source.row = next
        yield* Effect.exit(row.refresh({ id }))
        assert.strictEqual((yield* Effect.exit(row.set({ id }, `${was}!`, { lease })))._tag, outcome)
      }).pipe(Effect.scoped, rows(source))
    })
  }

  it.effect("a write is refused while a refresh runs, and made after it has brought an equal value", () => {
    const gate = Latch.makeUnsafe(true)
    const source = Effect.as(gate.await, "Ann")
    return Effect.gen(function*() {
      yield* row.get({ id })
      const lease = yield* row.lease({ id })
      gate.closeUnsafe()
      const running = yield* fork(row.refresh({ id }))
      const { reason } = yield* Effect.flip(row.set({ id }, "Ann!", { lease }))
      assert.strictEqual(reason._tag, "LeaseRefused")
      yield* gate.open
      yield* Fiber.join(running)
      yield* row.set({ id }, "Ann!", { lease })
      assert.strictEqual(yield* row.get({ id }), "Ann!")
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Rows.modules({ row: Rows.owner("row", { lookup: () => source }) }).pipe(
          Layer.provide(MemoryStore.layer({ capacity: 100 }))
        )
      )
    )
  })

  it.effect("a write on a condition is made while a refresh runs, because the version says what it is made of", () => {
    const gate = Latch.makeUnsafe(true)
    return Effect.gen(function*() {
      const { version } = yield* row.getAnswer({ id })
      gate.closeUnsafe()
      const running = yield* fork(row.refresh({ id }))
      yield* row.set({ id }, "Ann!", { ifVersion: version })
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(running), "Ann")
      assert.strictEqual(yield* row.get({ id }), "Ann!")
    }).pipe(
      Effect.provide(
        Rows.modules({ row: Rows.owner("row", { lookup: () => Effect.as(gate.await, "Ann") }) }).pipe(
          Layer.provide(MemoryStore.layer({ capacity: 100 }))
        )
      )
    )
  })
})

describe("fencing tokens", () => {
  const token = Effect.scoped(Effect.map(user.lease({ id }), (lease) => lease.token))
  const over = (store: Store["Service"]) =>
    Layer.fresh(C.modules({ user: C.owner("user") }).pipe(Layer.provide(Layer.succeed(Store, store))))

  it.effect("a lease after a restart has a greater token", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_800_000_000_000)
      const tokens: Array<number> = []
      for (let life = 0; life < 3; life++) {
        const store = yield* MemoryStore.make({ capacity: 100 })
        const all = Effect.all([token, token, token])
        tokens.push(...yield* Effect.provide(all, over(store)))
        yield* TestClock.adjust(1)
      }
      assert.deepStrictEqual(tokens, tokens.toSorted((a, b) => a - b))
      assert.strictEqual(new Set(tokens).size, tokens.length)
    }))

  it.effect("a lease has a greater token than one before it in another engine over the same place", () =>
    Effect.gen(function*() {
      const lower = mapStore()
      const engine = Effect.flatMap(
        MemoryStore.make({ capacity: 100 }),
        (memory) => Layer.build(over(TieredStore.make([memory, lower])))
      )
      const [a, b] = [yield* engine, yield* engine]
      const tokens: Array<number> = []
      for (const one of [a, b, a, b, b, a]) tokens.push(yield* Effect.provideContext(token, one))
      assert.deepStrictEqual(tokens, tokens.toSorted((a, b) => a - b))
      assert.strictEqual(new Set(tokens).size, tokens.length)
    }))
})
