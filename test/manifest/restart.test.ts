/**
 * A cache over LMDB after a restart and after `kill -9`: valid entries are there, invalidated ones are not, and no
 * batch is torn.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import { spawn, spawnSync } from "node:child_process"
import { join } from "node:path"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { CrashCache } from "../support/children/manifest/manifest.ts"
import { temporaryFolder } from "../support/folder.ts"

class AppCache extends Manifest.Service<AppCache>()("AppCache", {
  families: {
    user: { pattern: "user:{id}", value: Schema.Struct({ name: Schema.String }), timeToLive: "1 hour" },
    profile: { pattern: "profile:{id}", value: Schema.String, derives: ["user:{id}"] },
    page: { pattern: "page:{id}:{n}", value: Schema.String, derives: ["user:{id}"], fanout: true }
  }
}) {}
const { page, profile, user } = AppCache.keys

/** One life of a process: its loads are told apart from what the tiers still held. */
const life = <A, E>(path: string, loads: Array<string>, program: Effect.Effect<A, E, any>, capacity = 1_000) =>
  Effect.provide(
    program,
    AppCache.modules({
      user: AppCache.owner("user", {
        lookup: ({ id }) =>
          Effect.sync(() => {
            loads.push(`user ${id}`)
            return Lookup.loaded({ name: id }, { tags: ["all"] })
          })
      }),
      profile: AppCache.owner("profile", {
        lookup: ({ id }) =>
          Effect.map(user.get({ id }), ({ name }) => {
            loads.push(`profile ${id}`)
            return name
          })
      }),
      page: AppCache.owner("page", {
        lookup: ({ id, n }) =>
          Effect.map(user.get({ id }), ({ name }) => (loads.push(`page ${id} ${n}`), `${name} ${n}`))
      })
    }).pipe(
      Layer.provide(
        TieredStore.layer([MemoryStore.layer({ capacity }), LmdbStore.layer({ path, durability: "process" })])
      ),
      Layer.fresh
    )
  ) as Effect.Effect<A, unknown>

const survivor = (path: string) =>
  CrashCache.modules({
    user: CrashCache.owner("user"),
    note: CrashCache.owner("note"),
    profile: CrashCache.owner("profile")
  }).pipe(Layer.provide(LmdbStore.layer({ path, durability: "process" })))

/** Kills the writer of batches some time after so many have returned, and answers with the last of which it told. */
const killed = (path: string, acknowledgements: number, laterMillis: number) =>
  Effect.promise(() =>
    new Promise<number>((resolve, reject) => {
      const child = spawn(
        process.execPath,
        [
          "--conditions=@effect-stateless/source",
          join(import.meta.dirname, "../support/children/manifest/batcher.ts"),
          path
        ],
        { stdio: ["ignore", "pipe", "inherit"] }
      )
      let told = ""
      child.stdout.on("data", (chunk) => {
        told += String(chunk)
        if (told.split("\n").length > acknowledgements) setTimeout(() => child.kill("SIGKILL"), laterMillis)
      })
      child.on("close", (_code, signal) => {
        const whole = told.slice(0, told.lastIndexOf("\n")).split("\n")
        if (signal === "SIGKILL") resolve(Number(whole.at(-1)))
        else reject(new Error("the writer ended by itself"))
      })
    })
  )

describe("cache over LMDB", () => {
  it.effect("the cache serves its entries after a restart and loads nothing", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const loads: Array<string> = []
      yield* life(path, loads, profile.get({ id: "1" }))
      assert.deepStrictEqual(loads.splice(0), ["user 1", "profile 1"])
      const answer = yield* life(path, loads, profile.getAnswer({ id: "1" }))
      assert.deepInclude(answer, { value: "1", tier: "lmdb", stale: false })
      assert.deepStrictEqual(loads, [])
    }))

  it.effect("a restart never brings back what was invalidated by key, by pattern or by tag", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const loads: Array<string> = []
      const readAll = Effect.all([
        profile.get({ id: "1" }),
        page.get({ id: "1", n: 1 }),
        page.get({ id: "2", n: 1 }),
        user.get({ id: "3" })
      ])
      yield* life(path, loads, readAll)
      yield* life(path, loads, user.set({ id: "1" }, { name: "new" }))
      loads.length = 0
      assert.deepStrictEqual(yield* life(path, loads, readAll), ["new", "new 1", "2 1", { name: "3" }])
      assert.deepStrictEqual(loads.splice(0).toSorted(), ["page 1 1", "profile 1"])
      // What was set has no tag, so it stays; what derives from it looks like the rest, so it goes.
      yield* life(path, loads, user.invalidateTag("all"))
      yield* life(path, loads, readAll)
      assert.deepStrictEqual(
        loads.splice(0).toSorted(),
        ["page 1 1", "page 2 1", "profile 1", "user 2", "user 3"]
      )
    }))

  it.effect("the cache reads its own writes when memory is too small for them", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const loads: Array<string> = []
      yield* life(
        path,
        loads,
        Effect.gen(function*() {
          for (let i = 0; i < 50; i++) yield* user.set({ id: i }, { name: `v${i}` })
          for (let i = 0; i < 50; i++) assert.strictEqual((yield* user.get({ id: i })).name, `v${i}`)
          yield* TestClock.adjust("1 hour")
          yield* user.get({ id: 1 })
        }),
        4
      )
      assert.deepStrictEqual(loads, ["user 1"])
    }))

  it.effect("kill -9 keeps each write that returned, and no entry that it invalidated", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      for (let round = 0; round < 3; round++) {
        const child = spawnSync(
          process.execPath,
          [
            "--conditions=@effect-stateless/source",
            join(import.meta.dirname, "../support/children/manifest/writer.ts"),
            path
          ],
          { encoding: "utf8" }
        )
        assert.deepStrictEqual([child.stdout, child.signal], ["written\n", "SIGKILL"], child.stderr)
        const { profile, user } = CrashCache.keys
        const held = Effect.all([user.getOption({ id: "1" }), profile.getOption({ id: "1" })])
        assert.deepStrictEqual(yield* Effect.provide(held, survivor(path)), [Option.some("new"), Option.none()])
      }
    }))

  it.effect("kill -9 in the middle of batches keeps all of a batch or nothing of it", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      for (const [acknowledgements, laterMillis] of [[1, 0], [7, 1], [20, 2], [30, 3], [40, 4], [50, 5]] as const) {
        const last = yield* killed(path, acknowledgements, laterMillis)
        const { note, user } = CrashCache.keys
        const held = Effect.all([
          user.getOption({ id: "1" }),
          note.getOption({ id: "1" }),
          user.getOption({ id: "2" })
        ])
        const found = yield* Effect.provide(held, survivor(path))
        const values = found.map(Option.getOrThrow)
        assert.strictEqual(new Set(values).size, 1, "a batch is torn")
        assert.isAtLeast(Number(values[0]), last, "a batch that had returned is lost")
      }
    }))
})
