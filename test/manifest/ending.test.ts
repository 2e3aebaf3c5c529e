/**
 * A process whose runtime is never disposed of ends when it has nothing else to do, and loses no value.
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
import { CrashCache } from "../support/children/manifest/manifest.ts"
import { fork } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"

const leave = (...args: ReadonlyArray<string>) =>
  spawnSync(
    process.execPath,
    [
      "--conditions=@effect-stateless/source",
      join(import.meta.dirname, "../support/children/manifest/leaver.ts"),
      ...args
    ],
    { timeout: 30_000, encoding: "utf8" }
  )

describe("process whose runtime is never disposed of", () => {
  it("the process ends over memory alone", () => {
    const { signal, status, stderr, stdout } = leave("memory")
    assert.deepStrictEqual([stdout, stderr, status, signal], ["loaded last", "", 0, null])
  }, 60_000)

  it.effect("the process ends over memory and LMDB, with its last value on disk", () =>
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

describe("pause of upkeep", () => {
  it.effect("a pause runs on a test clock like any other sleep", () =>
    Effect.gen(function*() {
      const fiber = yield* fork(BackgroundTimer.sleep(1_000))
      yield* TestClock.adjust(999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
    }))

  it.live("a pause lasts its full time, and ends when it is interrupted", () =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      yield* BackgroundTimer.sleep(20)
      assert.isAtLeast((yield* Clock.currentTimeMillis) - before, 19)
      const fiber = yield* fork(BackgroundTimer.sleep("1 hour"))
      yield* Fiber.interrupt(fiber)
    }))
})
