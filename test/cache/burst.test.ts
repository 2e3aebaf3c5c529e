/**
 * Time stands still within one synchronous run of JavaScript, and only for some hits.
 */
import { assert, describe, it, vi } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import { CoarseClock } from "../../src/store/shared/coarseClock.ts"

describe("the live time of an engine", () => {
  it("shows a jump within one synchronous run after at most 32 reads, and at once after the run", async () => {
    const clock = new CoarseClock(Context.get(Context.empty(), Clock.Clock))
    vi.useFakeTimers({ toFake: ["Date"] })
    try {
      const before = clock.now()
      vi.setSystemTime(before + 10_000)
      const seen = Array.from({ length: 32 }, () => clock.now())
      assert.isAtLeast(seen.at(-1)!, before + 10_000)
      vi.setSystemTime(before + 20_000)
      await Promise.resolve()
      assert.isAtLeast(clock.now(), before + 20_000)
    } finally {
      vi.useRealTimers()
    }
  })
})
