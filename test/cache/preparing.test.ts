/**
 * A codec may take its time with a loaded value, or never end. No other caller waits for it, and no older value stays
 * below.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import type { Store } from "effect-stateless/store/Store"
import type { StoreError } from "effect-stateless/store/StoreError"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { TestClock } from "effect/testing"
import { changed } from "../support/changed.ts"
import { fork, hasty, outlast } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"
import { mapStore } from "../support/mapStore.ts"
import { entryOf, familyOf, outboxOver } from "../support/partition.ts"

const codec = { gate: Deferred.makeUnsafe<void>(), atOnce: 0, most: 0 }
/** Texts whose codec waits for the gate: with `slow` before, for as long as it is shut; `never`, for ever. */
const Slow = Schema.String.pipe(Schema.decodeTo(Schema.String, {
  decode: SchemaGetter.passthrough(),
  encode: SchemaGetter.transformEffect((text: string) =>
    Effect.as(text.startsWith("never") ? Effect.never : text.startsWith("slow") ? passing : Effect.void, text)
  )
}))
const passing = Effect.acquireUseRelease(
  Effect.sync(() => codec.most = Math.max(codec.most, ++codec.atOnce)),
  () => Effect.suspend(() => Deferred.await(codec.gate)),
  () => Effect.sync(() => codec.atOnce--)
)

class App extends Manifest.Service<App>()("App", {
  families: {
    slow: { pattern: "slow:{id}", value: Slow },
    good: { pattern: "good:{id}", value: Schema.String },
    made: { pattern: "made:{id}", value: Schema.String, derives: ["slow:{id}"] }
  }
}) {}
const { good, made, slow } = App.keys
const id = { id: "1" }
const other = { id: "2" }

const arrangements: Readonly<Record<string, (path: string) => Layer.Layer<Store, StoreError>>> = {
  "LMDB alone": (path) => LmdbStore.layer({ path, durability: "process" }),
  "memory over LMDB": (path) =>
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })])
}

const running = <A, E>(place: string, path: string, row: { value: string }, program: Effect.Effect<A, E, any>) =>
  Effect.provide(
    program,
    Layer.fresh(
      App.modules({
        slow: App.owner("slow", { lookup: () => Effect.sync(() => row.value) }),
        good: App.owner("good", { lookup: () => Effect.succeed("loaded") }),
        made: App.owner("made", { lookup: ({ id }) => slow.get({ id }) })
      }).pipe(Layer.provide(arrangements[place]!(path)))
    )
  ) as Effect.Effect<A, E>

const shut = Effect.sync(() => {
  codec.gate = Deferred.makeUnsafe<void>()
  codec.most = 0
})
const opened = Effect.suspend(() => Deferred.succeed(codec.gate, undefined))
const soon = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.timeout(effect, "5 seconds")

for (const place of ["LMDB alone", "memory over LMDB"]) {
  describe(`loaded value whose codec never ends, ${place}`, () => {
    it.live("a write, a removal or a mark of any family does not wait for the codec", () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* Effect.forkChild(running(
          place,
          path,
          { value: "never" },
          Effect.gen(function*() {
            assert.strictEqual(yield* slow.get(id), "never")
            yield* soon(good.set(id, "set"))
            yield* soon(good.delete(id))
            yield* soon(good.invalidateAll())
            yield* soon(slow.set(other, "set"))
            yield* soon(slow.invalidateWhere(other))
            yield* soon(App.batch([good.setting(id, "batch"), slow.setting(other, "batch")]))
            assert.strictEqual(yield* slow.get(id), "never")
            assert.deepStrictEqual(yield* slow.getOption(id), Option.some("never"))
            yield* soon(slow.set(id, "mine"))
            assert.strictEqual(yield* slow.get(id), "mine")
            yield* opened
          })
        )).pipe(Effect.flatMap(Fiber.join))
        assert.strictEqual(yield* running(place, path, { value: "again" }, slow.get(id)), "mine")
      }))
  })

  describe(`loaded value whose codec takes its time, ${place}`, () => {
    it.live("the value is served meanwhile, and arrives below in the end", () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* shut
        yield* running(
          place,
          path,
          { value: "slow" },
          Effect.gen(function*() {
            assert.strictEqual(yield* slow.get(id), "slow")
            assert.strictEqual(yield* made.get(id), "slow")
            yield* soon(good.set(id, "set"))
            assert.deepStrictEqual(yield* slow.getOption(id), Option.some("slow"))
            yield* opened
          })
        )
        assert.strictEqual(yield* running(place, path, { value: "again" }, slow.get(id)), "slow")
      }))

    it.live("the value does not replace a later change", () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* shut
        const row = { value: "slow" }
        yield* running(
          place,
          path,
          row,
          Effect.gen(function*() {
            for (const key of [id, other]) yield* slow.get(key)
            yield* soon(good.set(id, "set"))
            row.value = "new"
            yield* soon(slow.set(id, "mine"))
            yield* soon(slow.delete(other))
            yield* opened
            yield* soon(good.set(id, "after"))
            assert.strictEqual(yield* slow.get(id), "mine")
            assert.isTrue(Option.isNone(yield* slow.getOption(other)))
          })
        )
        yield* running(
          place,
          path,
          { value: "again" },
          Effect.gen(function*() {
            assert.strictEqual(yield* slow.get(id), "mine")
            assert.isTrue(Option.isNone(yield* slow.getOption(other)))
          })
        )
      }))
  })
}

describe("codecs of one family", () => {
  const lane = Effect.gen(function*() {
    const count = { now: 0, most: 0 }
    const store = changed(mapStore(), ({ prepare }) => ({
      prepare: (key, content) =>
        content.value === "now" ? prepare(key, content) : Effect.acquireUseRelease(
          Effect.sync(() => count.most = Math.max(count.most, ++count.now)),
          () => content.value === "never" ? Effect.never : Effect.andThen(Effect.sleep(50), prepare(key, content)),
          () => Effect.sync(() => count.now--)
        )
    }))
    const told: Array<string> = []
    const alone: Array<string> = []
    const { lane, outbox, partition } = yield* outboxOver(store, familyOf<string>("slow"), {
      onFailure: (_, error) => void told.push(error.reason._tag),
      onAlone: (key) => void alone.push(key)
    })
    yield* outbox.run
    return {
      lane,
      outbox,
      told,
      alone,
      count,
      get: (key: string) => Effect.map(partition.get(key), (found) => found?.entry.value)
    }
  })

  it.effect("sixteen codecs run at once, and none delays the round of the others", () =>
    Effect.gen(function*() {
      const { count, get, lane: own, outbox } = yield* lane
      for (let i = 0; i < 64; i++) own.set(`${i}`, entryOf("slow"))
      own.set("now", entryOf("now"))
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* get("now"), "now")
      assert.isUndefined(yield* get("0"))
      for (let i = 0; i < 64; i++) assert.strictEqual(own.pending(`${i}`)?.entry?.value, "slow")
      yield* TestClock.adjust(200)
      for (let i = 0; i < 64; i++) assert.strictEqual(yield* get(`${i}`), "slow")
      assert.strictEqual(count.most, 16)
      outbox.checkInvariants({ idle: true })
    }))

  it.effect("codecs that hang end after 30 seconds, each with a failure for the listener", () =>
    Effect.gen(function*() {
      const { alone, get, lane: own, outbox, told } = yield* lane
      own.set("0", entryOf("now"))
      yield* TestClock.adjust(0)
      for (let i = 0; i < 40; i++) own.set(`${i}`, entryOf("never"))
      yield* TestClock.adjust(0)
      assert.isUndefined(yield* get("0"), "nor does the older value stay")
      const settled = yield* fork(outbox.settledWhole)
      yield* TestClock.adjust("31 seconds")
      yield* Fiber.join(settled)
      assert.deepStrictEqual([...new Set(told)], ["TierTimeout"])
      assert.strictEqual(told.length, 40)
      assert.strictEqual(new Set(alone).size, 40)
      assert.isUndefined(own.pending("0"))
      outbox.checkInvariants({ idle: true })
    }))

  it.effect("codecs receive at most 4,096 values", () =>
    Effect.gen(function*() {
      const { alone, lane: own, outbox, told } = yield* lane
      for (let i = 0; i < 5_000; i++) own.set(`${i}`, entryOf("never"))
      yield* TestClock.adjust(0)
      assert.strictEqual(told.length, 5_000 - 4_096)
      assert.strictEqual(alone.length, 5_000 - 4_096)
      outbox.checkInvariants({ idle: false })
      yield* outlast("31 seconds")
      outbox.checkInvariants({ idle: true })
    }).pipe(hasty))

  it.effect("a codec starts again for a value that changes, and not for one that is read", () =>
    Effect.gen(function*() {
      const { count, get, lane: own } = yield* lane
      own.set("1", entryOf("slow"))
      yield* TestClock.adjust(20)
      own.touch("1", { ...entryOf("slow"), expiresAt: 90_000 })
      yield* TestClock.adjust(30)
      assert.strictEqual(yield* get("1"), "slow")
      own.set("2", entryOf("slow"))
      yield* TestClock.adjust(20)
      own.set("2", { ...entryOf("slow then"), version: 2 })
      yield* TestClock.adjust(30)
      assert.isUndefined(yield* get("2"))
      yield* TestClock.adjust(20)
      assert.strictEqual(yield* get("2"), "slow then")
      assert.strictEqual(count.now, 0)
    }))
})
