/**
 * Versions have the time of the place: that of the engine on one machine, that of the server where there is one. When
 * the wall clock is set back, neither versions nor the times of entries in a server go back with it.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Clock from "effect/Clock"
import { CoarseClock } from "../../src/store/shared/coarseClock.ts"
import { VersionClock } from "../../src/store/shared/versionClock.ts"
import { entryOf } from "../support/partition.ts"

const at = (millis: number) => ({
  wall: millis,
  elapsed: 0,
  pass(by: number, wallBy = by) {
    this.elapsed += by
    this.wall += wallBy
  },
  currentTimeMillisUnsafe() {
    return this.wall
  },
  monotonicTimeNanosUnsafe() {
    return BigInt(this.elapsed) * 1_000_000n
  }
})

describe("the clock of versions", () => {
  for (const serverMillis of [undefined, 10_000]) {
    const place = serverMillis === undefined ? "one machine" : "a server"
    it(`versions and ages go on when the wall clock is set back: ${place}`, () => {
      const clock = at(1_000)
      const time = new CoarseClock(clock as unknown as Clock.Clock)
      const commons = {
        stamp: 0,
        version: 0,
        engines: undefined,
        get aheadMillis() {
          return serverMillis === undefined ? undefined : serverMillis + clock.elapsed - clock.wall
        }
      }
      const versions = new VersionClock(commons, time)
      const origin = serverMillis ?? 1_000
      const made = entryOf("made", { version: versions.next(time.now()), freshUntil: 5_000, expiresAt: 6_000 })
      assert.strictEqual(made.version, origin * 1_000)
      const before = versions.inWallTime(made).expiresAt + (commons.aheadMillis ?? 0)
      clock.pass(500, -300)
      assert.strictEqual(time.now(), 1_500)
      assert.strictEqual(versions.next(time.now()), (origin + 500) * 1_000)
      assert.strictEqual(versions.madeAt(made), 1_000)
      // What a server or a file has of an entry stays as it is, so a reader finds the entry as it was.
      const after = versions.inWallTime(made)
      assert.strictEqual(after.expiresAt + (commons.aheadMillis ?? 0), before)
      assert.strictEqual(versions.inEngineTime(after).expiresAt, 6_000)
      assert.strictEqual(versions.inEngineTime(after).freshUntil, 5_000)
    })
  }
})
