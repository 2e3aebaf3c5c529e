/**
 * Surviving a restart: memory over a file. The second start finds the entries that the first one loaded, and the
 * entries that the first one invalidated stay invalidated.
 *
 * Needs `npm install lmdb`.
 */
import { Effect, Layer, Schema } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

// A Schema, so that values become bytes and are checked when they are read back.
class City extends Schema.Class<City>("City")({ name: Schema.String, people: Schema.Int }) {}

class Atlas extends Manifest.Service<Atlas>()("Atlas", {
  families: { city: { pattern: "city:{name}", value: City } }
}) {}
const { city } = Atlas.keys

let loaded = 0
const CityLive = Atlas.owner("city", {
  lookup: ({ name }) => Effect.sync(() => new City({ name, people: ++loaded * 1_000 }))
})

const folder = mkdtempSync(join(tmpdir(), "stateless-example-"))

/** One start of the application: a new engine, and a memory with nothing in it. */
const start = <A, E>(program: Effect.Effect<A, E, Layer.Success<ReturnType<typeof atlasLayer>>>) =>
  Effect.runPromise(Effect.provide(program, atlasLayer()))
const atlasLayer = () =>
  Atlas.modules({ city: CityLive }).pipe(
    Layer.provide(TieredStore.layer([
      MemoryStore.layer({ capacity: 1_000 }),
      LmdbStore.layer({ path: folder, durability: "process" })
    ]))
  )

try {
  await start(Effect.gen(function*() {
    yield* city.getMany([{ name: "Oslo" }, { name: "Rome" }, { name: "Lima" }])
    yield* city.invalidate({ name: "Rome" })
  }))
  assert.equal(loaded, 3)

  await start(Effect.gen(function*() {
    const oslo = yield* city.getAnswer({ name: "Oslo" })
    assert.deepEqual([oslo.tier, loaded], ["lmdb", 3])
    assert.ok(oslo.value instanceof City)
    console.log(`after a restart, Oslo came from tier \`${oslo.tier}\`; now it is in memory, too`)
    assert.equal((yield* city.getAnswer({ name: "Oslo" })).tier, "memory")

    const rome = yield* city.getAnswer({ name: "Rome" })
    assert.deepEqual([rome.tier, loaded], ["lookup", 4])
    console.log("Rome was invalidated before the restart, and had to be loaded again")
  }))
} finally {
  rmSync(folder, { recursive: true })
}
