/**
 * A process whose runtime is never disposed of ends when it has nothing else to do, and loses nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as BackgroundTimer from "../../src/store/shared/backgroundTimer.ts"
import { temporaryFolder } from "../store/folder.ts"
import { CrashCache } from "./children/manifest.ts"

const leave = (...args: ReadonlyArray<string>) =>
  spawnSync(
    process.execPath,
    ["--conditions=@effect-stateless/source", join(import.meta.dirname, "children", "leaver.ts"), ...args],
    { timeout: 30_000, encoding: "utf8" }
  )

describe("a process whose runtime is never disposed of", () => {
  it("ends when it has nothing else to do, with memory alone", () => {
    const { signal, status, stderr, stdout } = leave("memory")
    assert.deepStrictEqual([stdout, stderr, status, signal], ["loaded last", "", 0, null])
  }, 60_000)

  it.effect("ends with its last value on disk, with memory over LMDB", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const { signal, status, stderr, stdout } = leave("lmdb", path)
      assert.deepStrictEqual([stdout, stderr, status, signal], ["loaded last", "", 0, null])
      const live = CrashCache.modules({
        user: CrashCache.owner("user"),
        note: CrashCache.owner("note"),
        profile: CrashCache.owner("profile")
      }).pipe(Layer.provide(LmdbStore.layer({ path, durability: "process" })))
      const { note, user } = CrashCache.keys
      const held = yield* Effect.provide(
        Effect.all([note.getOption({ id: "first" }), note.getOption({ id: "last" }), user.getOption({ id: "warm" })]),
        live
      )
      assert.deepStrictEqual(held.map(Option.getOrUndefined), ["loaded first", "loaded last", "loaded warm"])
    }), 60_000)
})

describe("a pause of upkeep", () => {
  it.effect("goes by a clock that is not the live one, as any other", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(BackgroundTimer.sleep(1_000), { startImmediately: true })
      yield* TestClock.adjust(999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
    }))

  it.live("lasts as long as it should, and ends when it is interrupted", () =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      yield* BackgroundTimer.sleep(20)
      assert.isAtLeast((yield* Clock.currentTimeMillis) - before, 19)
      const fiber = yield* Effect.forkChild(BackgroundTimer.sleep("1 hour"), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
    }))
})
