/**
 * `BackgroundTimer` pauses without keeping the process alive.
 */
import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as BackgroundTimer from "../../src/store/shared/backgroundTimer.ts"

describe("pause of BackgroundTimer", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it("a pause lasts its full time, even longer than one timer can wait", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    const day = 86_400_000
    for (const days of [1, 24, 25, 30, 60]) {
      let isOver = false
      const ended = Effect.runPromise(BackgroundTimer.sleep(days * day)).then(() => isOver = true)
      await vi.advanceTimersByTimeAsync(days * day - 1)
      assert.isFalse(isOver, `${days} days`)
      await vi.advanceTimersByTimeAsync(1)
      assert.isTrue(await ended)
    }
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("an interrupted pause leaves no timer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    for (const waited of [0, 2 ** 31 + 1_000]) {
      const stop = Effect.runCallback(BackgroundTimer.sleep("60 days"))
      await vi.advanceTimersByTimeAsync(waited)
      stop()
      await vi.advanceTimersByTimeAsync(0)
      assert.strictEqual(vi.getTimerCount(), 0)
    }
  })
})
