/**
 * Time stands still within one synchronous run of JavaScript, and only for some hits.
 */
import { assert, describe, it, vi } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { CoarseClock } from "../../src/store/shared/coarseClock.ts"
import { entryOf, familyOf } from "../support/partition.ts"

describe("the live time of an engine", () => {
  it("the live time shows a jump within one synchronous run after at most 32 reads, and at once after the run", async () => {
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

  it("memory serves an entry that has ended for at most 256 hits of one synchronous run", async () => {
    const live = Context.get(Context.empty(), Clock.Clock)
    await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
      const store = yield* MemoryStore.make({ capacity: 10 })
      const { hot } = yield* store.open(familyOf<string>("user"))
      vi.useFakeTimers({ toFake: ["Date"] })
      try {
        const end = new CoarseClock(live).now() + 1_000
        hot!.put("1", entryOf("Ann", { freshUntil: end, expiresAt: end }), end, 1)
        assert.strictEqual(hot!.hit("1"), "Ann")
        vi.setSystemTime(end + 1_000)
        const hits = Array.from({ length: 1_000 }, () => hot!.hit("1")).filter((value) => value !== undefined)
        assert.isAtMost(hits.length, 256)
      } finally {
        vi.useRealTimers()
      }
    })))
  })
})
