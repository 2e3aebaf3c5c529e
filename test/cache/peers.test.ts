/**
 * Several engines of one process over one LMDB folder: they are one cache to whoever reads.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { temporaryFolder } from "../store/folder.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    price: { pattern: "price:{item}", value: Schema.Number },
    page: { pattern: "page:{item}", value: Schema.Number, derives: ["price:{item}"] },
    label: {
      pattern: "label:{item}:{language}",
      value: Schema.Number,
      derives: ["price:{item}"],
      fanout: true
    },
    plain: { pattern: "plain:{item}", value: Schema.String }
  }
}) {}
const { label, page, plain, price } = App.keys

type Tiers = "memory over LMDB" | "LMDB alone"

/** Two engines over one folder, and the truth that their lookups see. */
const engines = Effect.fnUntraced(function*(tiers: Tiers) {
  const path = yield* temporaryFolder
  const truth = { price: 1 }
  const warm = LmdbStore.layer({ path, durability: "process" })
  const Store = tiers === "LMDB alone"
    ? warm
    : TieredStore.layer([MemoryStore.layer({ capacity: 100 }), warm])
  const Live = App.modules({
    price: App.owner("price", { lookup: () => Effect.sync(() => truth.price) }),
    page: App.owner("page", { lookup: ({ item }) => price.get({ item }) }),
    label: App.owner("label", { lookup: ({ item }) => price.get({ item }) }),
    plain: App.owner("plain")
  }).pipe(Layer.provide(Store))
  const start = Effect.acquireRelease(
    Effect.sync(() => ManagedRuntime.make(Layer.fresh(Live))),
    (runtime) => runtime.disposeEffect
  )
  const as = (runtime: ManagedRuntime.ManagedRuntime<any, any>) => <A, E>(effect: Effect.Effect<A, E, any>) =>
    Effect.promise(() => runtime.runPromise(effect))
  return { truth, a: as(yield* start), b: as(yield* start), start: Effect.map(start, as) }
})

const item = { item: "pen" }
const german = { item: "pen", language: "de" }

const changes: ReadonlyArray<readonly [name: string, change: Effect.Effect<unknown, unknown, any>]> = [
  ["a set", price.set(item, 2)],
  ["a batch", App.batch([price.setting(item, 2)])],
  ["an update", price.update(item, () => 2)],
  ["a deletion", price.delete(item)],
  ["an invalidation of a part", price.invalidateWhere(item)],
  ["an invalidation of the family", price.invalidateAll()],
  ["a refresh", price.refresh(item)]
]

for (const tiers of ["memory over LMDB", "LMDB alone"] as const) {
  describe(`two engines over one folder, ${tiers},`, () => {
    for (const [name, change] of changes) {
      it.live(`never serve what ${name} in one of them has replaced`, () =>
        Effect.gen(function*() {
          const { a, b, truth } = yield* engines(tiers)
          for (const read of [a, b]) {
            yield* read(price.get(item))
            yield* read(page.get(item))
            yield* read(label.get(german))
          }
          truth.price = 2
          yield* b(change)
          for (const read of [b, a]) {
            assert.deepStrictEqual(
              [yield* read(label.get(german)), yield* read(page.get(item)), yield* read(price.get(item))],
              [2, 2, 2]
            )
          }
        }))
    }

    it.live("hear of a tag's invalidation", () =>
      Effect.gen(function*() {
        const { a, b } = yield* engines(tiers)
        yield* a(plain.set(item, "old", { tags: ["tag"] }))
        assert.isTrue(Option.isSome(yield* b(plain.getOption(item))))
        yield* a(plain.invalidateTag("tag"))
        assert.isTrue(Option.isNone(yield* b(plain.getOption(item))))
      }))

    it.live("keep what one sets after the other has invalidated", () =>
      Effect.gen(function*() {
        const { a, b, start } = yield* engines(tiers)
        yield* b(plain.set({ item: "other" }, "x"))
        const late = yield* start
        yield* late(plain.invalidateAll())
        yield* b(plain.set(item, "new"))
        for (const read of [a, b, late, yield* start]) {
          assert.deepStrictEqual(yield* read(plain.getOption(item)), Option.some("new"))
        }
      }))

    it.live("keep the last of what both set to a key at once, in the folder as well", () =>
      Effect.gen(function*() {
        const { a, b, start } = yield* engines(tiers)
        for (let round = 0; round < 20; round++) {
          const turns = round % 2 === 0 ? [a, b, a] : [b, a, b, a, b]
          const sets = turns.map((run, at) => run(plain.set(item, `${round} ${at}`)))
          yield* Effect.all(sets, { concurrency: "unbounded" })
          const seen = [yield* a(plain.get(item)), yield* b(plain.get(item))]
          assert.strictEqual(seen[0], seen[1])
          const other = yield* Effect.scoped(Effect.flatMap(start, (read) => read(plain.get(item))))
          assert.strictEqual(other, seen[0])
        }
      }))

    it.live("give no version twice, and let one of two conditional sets through", () =>
      Effect.gen(function*() {
        const { a, b } = yield* engines(tiers)
        const versions: Array<number> = []
        for (let i = 0; i < 20; i++) {
          for (const run of [a, b]) {
            yield* run(plain.set({ item: `${i}` }, "x"))
            versions.push((yield* run(plain.getAnswer({ item: `${i}` }))).version!)
          }
        }
        assert.strictEqual(new Set(versions).size, versions.length)
        const { version } = yield* a(plain.getAnswer({ item: "0" }))
        yield* b(plain.getAnswer({ item: "0" }))
        const set = (value: string) => Effect.exit(plain.set({ item: "0" }, value, { ifVersion: version! }))
        assert.deepStrictEqual([(yield* a(set("a")))._tag, (yield* b(set("b")))._tag], ["Success", "Failure"])
      }))

    it.live("go on when one of them is closed", () =>
      Effect.gen(function*() {
        const { a, b, start } = yield* engines(tiers)
        yield* Effect.scoped(Effect.gen(function*() {
          const short = yield* start
          yield* short(plain.set(item, "short"))
        }))
        yield* a(plain.set(item, "long"))
        assert.strictEqual(yield* b(plain.get(item)), "long")
      }))
  })
}
