/**
 * The tiered store passes the suite of all stores, over several arrangements of tiers.
 */
import { describe, it } from "@effect/vitest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as StoreSuite from "effect-stateless/testing/StoreSuite"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { temporaryFolder } from "../support/folder.ts"
import { makePlace, mapLayer } from "../support/mapStore.ts"

StoreSuite.run({ describe, it }, "TieredStore of one map", TieredStore.layer([mapLayer()]))

StoreSuite.run({ describe, it }, "TieredStore of two maps", TieredStore.layer([mapLayer(), mapLayer()]), {
  restarts: Effect.sync(() => TieredStore.layer([mapLayer(), mapLayer({ place: makePlace() })]))
})

// A hot tier of three entries: nearly every read comes from below, and nearly every write pushes something out.
const onEviction = { set: "onEviction" } as const
StoreSuite.run(
  { describe, it },
  "TieredStore with a tiny hot tier",
  TieredStore.layer([mapLayer({ capacity: 3 }), mapLayer()])
)
StoreSuite.run(
  { describe, it },
  "TieredStore that demotes",
  TieredStore.layer([mapLayer({ capacity: 1_500 }), mapLayer()], onEviction),
  {
    restarts: Effect.sync(() => TieredStore.layer([mapLayer(), mapLayer({ place: makePlace() })], onEviction)),
    sizeIsExact: false
  }
)

const memoryOverLmdb = Effect.map(
  temporaryFolder,
  (path) =>
    TieredStore.layer([MemoryStore.layer({ capacity: 5_000 }), LmdbStore.layer({ path, durability: "process" })])
)
StoreSuite.run({ describe, it }, "TieredStore of memory over LMDB", Layer.unwrap(memoryOverLmdb), {
  restarts: memoryOverLmdb
})

const onto = Effect.map(
  temporaryFolder,
  (path) => TieredStore.layer([mapLayer({ capacity: 4 }), mapLayer(), LmdbStore.layer({ path, durability: "process" })])
)
StoreSuite.run({ describe, it }, "TieredStore of two maps over LMDB", Layer.unwrap(onto), { restarts: onto })
