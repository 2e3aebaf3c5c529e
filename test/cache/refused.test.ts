/**
 * A tier cannot take some writes. Such a write fails alone and before anything changes, and the writes of other callers
 * succeed.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import type { Store } from "effect-stateless/store/Store"
import type { StoreError } from "effect-stateless/store/StoreError"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { temporaryFolder } from "../support/folder.ts"
import { mapStore } from "../support/mapStore.ts"
import { entryOf, familyOf, outboxOver } from "../support/partition.ts"

let encoded = 0
/** Integers whose codec waits before it encodes. */
const Waiting = Schema.Number.pipe(Schema.decodeTo(Schema.Int, {
  decode: SchemaGetter.passthrough(),
  encode: SchemaGetter.transformEffect((n: number) =>
    Effect.as(Effect.andThen(Effect.yieldNow, Effect.sync(() => encoded++)), n)
  )
}))

class App extends Manifest.Service<App>()("App", {
  families: {
    now: { pattern: "now:{id}", value: Schema.Int },
    later: { pattern: "later:{id}", value: Waiting },
    text: { pattern: "text:{id}", value: Schema.String },
    struct: { pattern: "struct:{id}", value: Schema.Struct({ a: Schema.Number }) },
    tagged: { pattern: "tagged:{id}", value: Schema.Int },
    of: { pattern: "of:{id}", value: Schema.Int, derives: ["now:{id}", "later:{id}"] }
  }
}) {}
const { later, now, of, struct, tagged, text } = App.keys

const arrangements: Readonly<Record<string, (path: string) => Layer.Layer<Store, StoreError>>> = {
  "memory alone": () => MemoryStore.layer({ capacity: 100 }),
  "LMDB alone": (path) => LmdbStore.layer({ path, durability: "process" }),
  "memory over LMDB": (path) =>
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })])
}

const running = <A, E>(arrangement: string, path: string, program: Effect.Effect<A, E, any>): Effect.Effect<A, E> =>
  Effect.provide(
    program,
    Layer.fresh(
      App.modules({
        now: App.owner("now", { lookup: () => Effect.succeed(7) }),
        later: App.owner("later", { lookup: () => Effect.succeed(7) }),
        text: App.owner("text"),
        struct: App.owner("struct"),
        tagged: App.owner("tagged", {
          lookup: ({ id }) =>
            Effect.sync(() => Lookup.loaded(7, { tags: Array.from({ length: Number(id) }, (_, n) => `tag${n}`) }))
        }),
        of: App.owner("of", { lookup: ({ id }) => now.get({ id }) })
      }).pipe(Layer.provide(arrangements[arrangement]!(path)))
    )
  ) as Effect.Effect<A, E>

/** What a call of a writer throws. */
const thrown = (writer: Effect.Effect<any, unknown, any>, call: (writer: any) => unknown) =>
  Effect.flatMap(writer, (made) => Effect.try({ try: () => call(made), catch: (error) => error }))

for (const arrangement of ["LMDB alone", "memory over LMDB"]) {
  describe(`value that does not fit its schema, ${arrangement}`, () => {
    for (const [name, family] of [["now", now], ["later", later]] as const) {
      it.live(`a set fails and changes nothing when the codec answers ${name}`, () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          const id = { id: "1" }
          const writes = [
            family.set(id, 1.5),
            family.update(id, () => 1.5),
            App.batch([family.setting({ id: "2" }, 2), family.setting(id, 1.5)]),
            family.setMany([[{ id: "2" }, 2], [id, 1.5]] as any),
            // In one step, where the codec can be asked in one.
            ...(name === "now" ? [thrown(family.writer, (writer) => writer.setUnsafe(id, 1.5))] : []),
            ...(name === "now" && arrangement !== "LMDB alone"
              ? [thrown(family.writer, (writer) => writer.patchUnsafe(id, () => 1.5))]
              : [])
          ]
          const seen = yield* running(
            arrangement,
            path,
            Effect.gen(function*() {
              yield* family.set(id, 1)
              yield* of.get(id)
              for (const write of writes) {
                const error = yield* Effect.flip(write as Effect.Effect<unknown, any>)
                assert.strictEqual(error.reason.error.reason._tag, "EncodeFailed")
              }
              return [yield* family.get(id), yield* of.has(id), Option.isSome(yield* family.getOption({ id: "2" }))]
            })
          )
          assert.deepStrictEqual(seen, [1, true, false])
          assert.deepStrictEqual(
            yield* running(arrangement, path, Effect.all([family.getOption(id), family.getOption({ id: "2" })])),
            [Option.some(1), Option.none()]
          )
        }))
    }

    it.live("a property that the schema does not mention is refused by each door for the same reason", () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const [id, extra] = [{ id: "1" }, { a: 1, extra: 5 }]
        const errors = yield* running(
          arrangement,
          path,
          Effect.all([
            Effect.flip(struct.set(id, extra)),
            Effect.flip(App.batch([struct.setting(id, extra)])),
            Effect.flip(thrown(struct.writer, (writer) => writer.setUnsafe(id, extra)))
          ])
        )
        for (const error of errors) assert.include((error as Error).message, "the schema does not mention")
      }))

    it.live("sets of other callers at the same moment succeed, and are on disk when they return", () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const exits = yield* running(
          arrangement,
          path,
          Effect.all([
            Effect.exit(now.set({ id: "a" }, 1)),
            Effect.exit(now.set({ id: "b" }, 1.5)),
            Effect.exit(later.set({ id: "c" }, 2.5)),
            Effect.exit(later.set({ id: "d" }, 2)),
            Effect.exit(now.set({ id: "e".repeat(65_537) }, 1)),
            Effect.exit(text.set({ id: "f" }, "here"))
          ], { concurrency: "unbounded" })
        )
        assert.deepStrictEqual(
          exits.map(({ _tag }) => _tag),
          ["Success", "Failure", "Failure", "Success", "Failure", "Success"]
        )
        const left = yield* running(
          arrangement,
          path,
          Effect.all([now.getOption({ id: "a" }), later.getOption({ id: "d" }), text.getOption({ id: "f" })])
        )
        assert.deepStrictEqual(left.map((one) => one._tag === "Some" ? one.value : undefined), [1, 2, "here"])
      }))

    it.live("a loaded value is served, and no older value stays below", () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const bad = App.modules({
          now: App.owner("now", { lookup: () => Effect.succeed(1.5) }),
          later: App.owner("later"),
          text: App.owner("text"),
          tagged: App.owner("tagged"),
          of: App.owner("of")
        }).pipe(Layer.provide(arrangements[arrangement]!(path)))
        yield* running(arrangement, path, now.set({ id: "1" }, 1))
        yield* Effect.provide(
          Effect.gen(function*() {
            assert.strictEqual(yield* now.refresh({ id: "1" }), 1.5)
            yield* text.set({ id: "1" }, "of the same moment")
          }),
          Layer.fresh(bad)
        ) as Effect.Effect<void>
        const left = yield* running(arrangement, path, Effect.all([now.getOption({ id: "1" }), text.get({ id: "1" })]))
        assert.deepStrictEqual(left, [Option.none(), "of the same moment"])
      }))
  })
}

it.live("a value is encoded once for all tiers", () =>
  Effect.gen(function*() {
    const path = yield* temporaryFolder
    encoded = 0
    yield* running("memory over LMDB", path, later.set({ id: "1" }, 1))
    assert.strictEqual(encoded, 1)
  }))

describe("key of more than 65,536 bytes", () => {
  for (const arrangement of Object.keys(arrangements)) {
    it.live(`every operation refuses the key, ${arrangement}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const doors = (id: string): ReadonlyArray<Effect.Effect<unknown, any, any>> => [
          now.get({ id }),
          now.getMany([{ id }]),
          now.set({ id }, 1),
          now.setMany([[{ id }, 1]] as any),
          now.update({ id }, (n) => n),
          now.refresh({ id }),
          App.batch([now.setting({ id }, 1)])
        ]
        yield* running(
          arrangement,
          path,
          Effect.gen(function*() {
            for (const id of ["x".repeat(65_537), "é".repeat(32_769), "😀".repeat(16_385)]) {
              for (const door of doors(id)) {
                const { reason } = yield* Effect.flip(door as Effect.Effect<unknown, any>)
                assert.strictEqual(reason._tag, "InvalidKey")
                assert.include(reason.message, "now:{id}")
                assert.include(reason.message, "65536")
              }
            }
            for (const id of ["x".repeat(65_536), "é".repeat(32_768), "😀".repeat(16_384)]) {
              yield* now.set({ id }, 1)
              assert.strictEqual(yield* now.get({ id }), 1)
            }
          })
        )
      }))
  }
})

describe("entry with more than 65,535 tags", () => {
  const tags = (count: number) => Array.from({ length: count }, (_, n) => `tag${n}`)
  for (const arrangement of Object.keys(arrangements)) {
    it.live(`every operation refuses the entry and names the option, ${arrangement}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const options = { tags: tags(65_536) }
        const doors: ReadonlyArray<Effect.Effect<unknown, any, any>> = [
          now.set({ id: "1" }, 1, options),
          now.setMany([[{ id: "1" }, 1]] as any, options),
          App.batch([now.setting({ id: "1" }, 1, options)]),
          tagged.get({ id: "65536" }),
          tagged.refresh({ id: "65536" })
        ]
        yield* running(
          arrangement,
          path,
          Effect.gen(function*() {
            for (const door of doors) {
              const { reason } = yield* Effect.flip(door as Effect.Effect<unknown, any>)
              assert.strictEqual(reason._tag, "InvalidOption")
              assert.strictEqual(reason.option, "tags")
              assert.include(["now", "tagged"], reason.family)
              assert.include(reason.message, "65535")
            }
            yield* now.set({ id: "1" }, 1, { tags: tags(65_535) })
            assert.strictEqual(yield* now.get({ id: "1" }), 1)
            assert.strictEqual(yield* tagged.get({ id: "65535" }), 7)
          })
        )
      }), 30_000)
  }
})

it.effect("an entry that is read on its way below keeps its encoded form", () =>
  Effect.gen(function*() {
    const { lane, partition } = yield* outboxOver(mapStore(), familyOf<number>("user"))
    const entry = (version: number, expiresAt: number) => entryOf(1, { version, freshUntil: 10, expiresAt })
    const prepared = yield* partition.prepare("1", entry(1, 10))
    lane.set("1", entry(1, 10), prepared)
    lane.touch("1", entry(1, 20))
    assert.strictEqual(lane.pending("1")?.entry?.expiresAt, 20)
    assert.strictEqual(lane.pending("1")?.prepared, prepared)
    lane.touch("1", entry(2, 30))
    assert.isUndefined(lane.pending("1")?.prepared)
  }))
