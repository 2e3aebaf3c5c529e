import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as BackgroundTimer from "../../src/store/shared/backgroundTimer.ts"

describe("a pause behind a program", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it("lasts as long as it says, also beyond what one timer can wait", async () => {
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

  it("that is interrupted leaves no timer, in whichever part of it", async () => {
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
