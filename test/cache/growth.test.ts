/**
 * Memory, file and start-up time do not grow with the number of invalidations. The run here is short; ten million
 * invalidations take some minutes:
 *
 * STATELESS_INVALIDATIONS=10000000 npx vitest run test/cache/growth.test.ts
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { statSync } from "node:fs"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { engine } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"

const invalidations = Number(process.env["STATELESS_INVALIDATIONS"] ?? 60_000)
const perStep = 1_000

// Beyond what the marks take that wait for a sweep, and the pages that its file has once needed for them.
const heapMax = 10_000_000
const fileMax = 16_000_000
const marksMax = 10_000

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")
const heapUsed = () => {
  collect()
  return process.memoryUsage().heapUsed
}

it.live(
  "heap, file and start-up time stay the same over invalidations of ever new keys and tags",
  () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const store = Layer.fresh(TieredStore.layer([
        MemoryStore.layer({ capacity: 10_000 }),
        LmdbStore.layer({ path, durability: "process" })
      ]))
      const life = engine(
        {
          families: {
            price: { pattern: "price:{item}", value: Schema.Number },
            label: { pattern: "label:{item}:{language}", value: Schema.String, derives: ["price:{item}"], fanout: true }
          }
        },
        () => Effect.succeed(1),
        { store: store as Layer.Layer<any> }
      )
      yield* Effect.scoped(Effect.gen(function*() {
        const { app, as } = yield* life
        const { label, price } = app.keys
        const step = (from: number) => {
          const items = Array.from({ length: perStep }, (_, i) => ({ item: `${from + i}` }))
          const tags = items.slice(0, perStep / 10).map(({ item }) => label.invalidateTag(item))
          return as(Effect.andThen(price.deleteMany(items), Effect.all(tags, { concurrency: "unbounded" })))
        }
        yield* as(label.set({ item: "kept", language: "de" }, "kept"))
        for (let at = 0; at < 10_000; at += perStep) yield* step(at)
        const before = heapUsed()
        for (let at = 0; at < invalidations; at += perStep) yield* step(at)
        assert.isBelow(heapUsed() - before, heapMax)
        assert.isBelow(statSync(join(path, "data.mdb")).size, fileMax)
      }))
      yield* Effect.scoped(Effect.gen(function*() {
        const { marks } = yield* (yield* LmdbStore.make({ path, durability: "process" })).loadMarks
        assert.isBelow(marks.length, marksMax)
      }))
      const { app, as } = yield* life
      assert.deepInclude(yield* as(app.keys.label.getOption({ item: "kept", language: "de" })), { value: "kept" })
    }),
  3_600_000
)
